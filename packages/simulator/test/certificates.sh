#!/bin/sh
# Writes src/network/certificates.ts: the certificates of the TLS faults, made anew. Wants OpenSSL 3.
#
#   sh packages/simulator/test/certificates.sh
#
# They are good from 2020 to 2126, whatever the clock of a test says, but for the one that ran out in 2021. Their keys
# are public and protect nothing.
set -eu
out="$(cd "$(dirname "$0")/.." && pwd)/src/network/certificates.ts"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"

names='DNS:localhost,DNS:provider.test,IP:127.0.0.1,IP:127.0.0.2,IP:::1'
cat > ca.cnf <<END
[ca]
default_ca = test
[test]
database = index.txt
new_certs_dir = .
serial = serial
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
[right]
subjectAltName = $names
[wrong]
subjectAltName = DNS:another-host.test
[req]
distinguished_name = subject
[subject]
END
: > index.txt
echo 01 > serial

key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" 2> /dev/null; }
# sign NAME COMMON-NAME EXTENSIONS LAST-DAY [OPTIONS]: makes NAME.pem
sign() {
  name=$1 cn=$2 extensions=$3 end=$4
  shift 4
  openssl req -new -config ca.cnf -key "$name.key" -subj "/CN=$cn" -out "$name.csr"
  openssl ca -batch -notext -config ca.cnf -extensions "$extensions" -startdate 20200101000000Z -enddate "$end" \
    "$@" -in "$name.csr" -out "$name.pem" 2> /dev/null
}

for name in authority right expired wrong self; do key "$name"; done
sign authority 'Simulator test authority' authority 21260101000000Z -selfsign -keyfile authority.key
sign right localhost right 21260101000000Z -cert authority.pem -keyfile authority.key
sign expired localhost right 20210101000000Z -cert authority.pem -keyfile authority.key
sign wrong another-host.test wrong 21260101000000Z -cert authority.pem -keyfile authority.key
sign self localhost right 21260101000000Z -selfsign -keyfile self.key

{
  echo '/** The certificates of the TLS faults, made by `test/certificates.sh`, with their keys, which protect nothing. */'
  echo
  echo '/** A certificate and its key, in PEM. */'
  echo 'export interface Certificate {'
  echo '  readonly cert: string;'
  echo '  readonly key: string;'
  echo '}'
  echo
  echo '/** The authority that signs the certificates of the TLS faults, in PEM; clients that trust it see the other faults. */'
  echo "export const testAuthority: string = \`$(cat authority.pem)"
  echo '`;'
  echo
  echo '/** By fault, what a server shows. */'
  echo "export const certificates = {"
  for pair in tls-private-ca:right tls-self-signed:self tls-expired:expired tls-wrong-host:wrong; do
    file="${pair#*:}"
    echo "  '${pair%%:*}': {"
    echo "    cert: \`$(cat "$file.pem")"
    echo '`,'
    echo "    key: \`$(cat "$file.key")"
    echo '`,'
    echo '  },'
  done
  echo '} as const satisfies Readonly<Record<string, Certificate>>;'
} > "$out"
