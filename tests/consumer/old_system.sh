# Run by `cargo xtask dist` inside an old distribution: the unpacked archive is all there is of stepwire.
# In /stepwire: archive, consumer, certificate.pem, key.pem.
cd /stepwire
for library in /lib /usr/lib; do
  if find $library -name 'libssl.so*' | grep -q .; then
    echo "this system has an OpenSSL: it would prove nothing" >&2
    exit 1
  fi
done
ldd --version | head -n 1

export PKG_CONFIG_PATH=/stepwire/archive/lib/pkgconfig
mkdir -p out
make -C consumer/pkg_config OUT=/stepwire/out
out/shared
out/static

# Encrypted, with the authorities where the system is told that they are.
cc $(pkg-config --cflags stepwire) consumer/encrypted.c -o out/encrypted $(pkg-config --libs stepwire) \
  -Wl,-rpath,/stepwire/archive/lib
encrypted() {
  out/encrypted certificate.pem key.pem
}
refused() {
  if encrypted 2>out/refusal; then
    echo "a certificate of nobody was accepted" >&2
    exit 1
  fi
  grep -q "unknown issuer" out/refusal
}

export SSL_CERT_FILE=/stepwire/certificate.pem
encrypted
export SSL_CERT_FILE=/nowhere
refused
# Where distributions have them: Debian, Red Hat, Fedora, openSUSE, Alpine.
unset SSL_CERT_FILE SSL_CERT_DIR
refused
for file in /etc/ssl/certs/ca-certificates.crt /etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem \
  /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem; do
  mkdir -p "${file%/*}"
  cp certificate.pem $file
  echo "authorities in $file"
  encrypted
  rm $file
done
