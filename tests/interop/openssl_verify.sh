# openssl verify -x509_strict -crl_check_all: chain, purposes, both CRLs; then the same revoked.
. "$(dirname "$0")/lib.sh"

enroll strict dns:strict.example.internal
crls crls.pem
verify() { openssl verify -x509_strict -crl_check_all -CAfile "$SIGNET_ROOT" -untrusted strict.pem -CRLfile crls.pem "$@" strict.leaf.pem; }

verify -purpose sslserver -verify_hostname strict.example.internal
verify -purpose sslclient
refused 'hostname mismatch' verify -verify_hostname other.example.internal
openssl x509 -in strict.leaf.pem -noout -ext subjectAltName,keyUsage,extendedKeyUsage,basicConstraints

# An intermediate alone is not a client, and a leaf does not sign.
openssl x509 -in strict.leaf.pem -noout -purpose | grep -q 'SSL server CA : No' || fail "the leaf may sign"

revoke strict keyCompromise
crls crls.pem
refused 'certificate revoked' verify

# The CRL itself: signature, number, dates.
curl -sSf "$PUBLISH/crl/issuing-1.crl" -o issuing.crl
openssl crl -inform DER -in issuing.crl -noout -CAfile "$STATE/pki/chain.pem" 2>&1 | grep -q 'verify OK' ||
    fail "openssl crl does not verify the CRL"
openssl crl -inform DER -in issuing.crl -noout -crlnumber | grep -q 'crlNumber=0x' || fail "no CRL number"
