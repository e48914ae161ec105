"""Certificates for the tests, made with the openssl command and gone after the test."""

import pathlib
import subprocess
import tempfile

NAMES = "DNS:localhost,IP:127.0.0.1"
ELLIPTIC = ("ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")


def openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


class Authority:
    """A certificate authority that nobody knows, and what it has certified."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self._folder.name)
        self.certificate, self._key = self.folder / "ca.pem", self.folder / "ca.key"
        openssl("req", "-x509", *self._new_key(self._key), "-out", self.certificate, "-days", 2, "-subj", "/CN=Test CA")

    @staticmethod
    def _new_key(path, kind=ELLIPTIC):
        return ("-newkey", *kind, "-nodes", "-keyout", path)

    def certify(self, name, alternatives=NAMES, days=2, key=ELLIPTIC, issuer=None, extensions=""):
        """A chain and a key: (paths). With days below 0 it has expired; without `alternatives` only its common name is a
        name; `issuer` is another pair of the same kind than this authority's own."""
        request, extension = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        chain, own_key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        extension.write_text((f"subjectAltName={alternatives}\n" if alternatives else "") + extensions)
        openssl("req", *self._new_key(own_key, key), "-out", request, "-subj", f"/CN={name}")
        certificate, issuer_key = issuer or (self.certificate, self._key)
        openssl("x509", "-req", "-in", request, "-CA", certificate, "-CAkey", issuer_key, "-CAcreateserial",
                "-days", days, "-extfile", extension, "-out", chain)
        return chain, own_key

    def bundle(self, chain, key, password):
        """The same as a PKCS#12 file."""
        bundle = chain.with_suffix(".p12")
        openssl("pkcs12", "-export", "-in", chain, "-inkey", key, "-out", bundle, "-passout", f"pass:{password}")
        return bundle

    def file(self, name, *parts):
        """A file of the parts, texts or the contents of other files, one after the other."""
        path = self.folder / name
        path.write_text("".join(part if isinstance(part, str) else part.read_text() for part in parts))
        return path

    def close(self):
        self._folder.cleanup()
