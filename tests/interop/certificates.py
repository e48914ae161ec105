"""Certificates for the tests, made with the openssl command and gone after the test."""

import pathlib
import subprocess
import tempfile

NAMES = "DNS:localhost,IP:127.0.0.1"


def _openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


class Authority:
    """A certificate authority that nobody knows, and what it has certified."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self._folder.name)
        self.certificate, self._key = self.folder / "ca.pem", self.folder / "ca.key"
        _openssl("req", "-x509", *self._new_key(self._key), "-out", self.certificate, "-days", 2, "-subj", "/CN=Test CA")

    @staticmethod
    def _new_key(path):
        return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", path)

    def certify(self, name, alternatives=NAMES, days=2):
        """A chain and a key: (paths). With days below 0 it has expired."""
        request, extension = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        chain, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        extension.write_text(f"subjectAltName={alternatives}\n")
        _openssl("req", *self._new_key(key), "-out", request, "-subj", f"/CN={name}")
        _openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key, "-CAcreateserial",
                 "-days", days, "-extfile", extension, "-out", chain)
        return chain, key

    def bundle(self, chain, key, password):
        """The same as a PKCS#12 file."""
        bundle = chain.with_suffix(".p12")
        _openssl("pkcs12", "-export", "-in", chain, "-inkey", key, "-out", bundle, "-passout", f"pass:{password}")
        return bundle

    def close(self):
        self._folder.cleanup()
