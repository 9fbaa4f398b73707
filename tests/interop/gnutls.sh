# GnuTLS: certtool verifies chain and CRL, ocsptool asks the responder.
. "$(dirname "$0")/lib.sh"

enroll gnutls dns:gnutls.example.internal
certtool --verify --load-ca-certificate "$SIGNET_ROOT" --infile gnutls.pem --verify-hostname gnutls.example.internal |
    grep -q 'Chain verification output: Verified' || fail "certtool does not verify the chain"

curl -sSf "$PUBLISH/crl/issuing-1.crl" | openssl crl -inform DER -out issuing.crl.pem
certtool --verify-crl --load-ca-certificate "$STATE/pki/issuing.pem" --infile issuing.crl.pem |
    grep -q 'Verified' || fail "certtool does not verify the CRL"

ask() { ocsptool --ask="$PUBLISH/ocsp" --load-cert gnutls.leaf.pem --load-issuer "$STATE/pki/issuing.pem" --load-trust "$STATE/pki/issuing.pem"; }
ask >ocsp.txt || fail "ocsptool: $(cat ocsp.txt)"
grep -q 'Certificate Status: good' ocsp.txt || fail "ocsptool: $(cat ocsp.txt)"
grep -q 'Verification: Success' ocsp.txt || grep -qi 'success' ocsp.txt || fail "ocsptool did not verify: $(cat ocsp.txt)"

revoke gnutls keyCompromise
ask >ocsp.txt || true
grep -q 'Certificate Status: revoked' ocsp.txt || fail "ocsptool: $(cat ocsp.txt)"
crls crls.pem
certtool --verify --load-ca-certificate "$SIGNET_ROOT" --load-crl crls.pem --infile gnutls.pem >verify.txt 2>&1 || true
grep -qi 'revoked' verify.txt || fail "certtool takes a revoked certificate: $(cat verify.txt)"
