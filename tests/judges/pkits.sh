# NIST PKITS against our own verification of client certificates. This authority does not build
# paths: a client certificate is good when it is a row of our own database, byte for byte. So every
# PKITS certificate, shown with its own key, must be refused, valid path or not; and our parsers must
# have read each without harm, with the verdicts that docs/conformance.md lists.
. "$(dirname "$0")/lib.sh"
need "$JUDGES/cryptography-vectors.made" "cryptography-vectors (PKITS)"
python=$JUDGES/venv/bin/python
data=$("$python" -c 'import cryptography_vectors, os
print(os.path.join(os.path.dirname(cryptography_vectors.__file__), "x509", "PKITS_data"))')

enroll own
verdicts=$(dirname "$JUDGES")/tests/pkits_verdicts
"$verdicts" "$data" >verdicts.txt || fail "the parsers: $(cat verdicts.txt)"
"$python" "$judges_source/pkits_clients.py" "$data/pkcs12" "$SIGNET_SERVER" "$SIGNET_ROOT" own.pem own.key >clients.txt ||
    fail "$(cat clients.txt)"
cat verdicts.txt clients.txt
cat verdicts.txt clients.txt | explained pkits
