# openssl ocsp: POST by its own client, GET by curl; SHA-1 and SHA-256; nonce; two in one request.
. "$(dirname "$0")/lib.sh"

enroll first
enroll second
issuer=$STATE/pki/issuing.pem chain=$STATE/pki/chain.pem
ask() { openssl ocsp -issuer "$issuer" -CAfile "$chain" -url "$PUBLISH/ocsp" "$@" 2>&1; }
expect() { # WANTED COMMAND...
    local wanted=$1 out
    shift
    out=$("$@") || fail "$*: $out"
    grep -q 'Response verify OK' <<<"$out" || fail "$*: not verified: $out"
    grep -q -- "$wanted" <<<"$out" || fail "$*: wanted \"$wanted\": $out"
}

expect 'first.leaf.pem: good' ask -cert first.leaf.pem
expect 'first.leaf.pem: good' ask -sha256 -cert first.leaf.pem
expect 'first.leaf.pem: good' ask -no_nonce -cert first.leaf.pem
expect 'second.leaf.pem: good' ask -cert first.leaf.pem -cert second.leaf.pem
ask -cert first.leaf.pem | grep -q 'WARNING: no nonce' && fail "no nonce in the answer"
expect '0x51ffffff000000000000000000000000000000: unknown' ask -serial 0x51ffffff000000000000000000000000000000

openssl ocsp -issuer "$issuer" -cert first.leaf.pem -no_nonce -reqout request.der >/dev/null
path=$(base64 -w0 request.der | sed 's/+/%2B/g; s|/|%2F|g; s/=/%3D/g')
get() { curl -sSf -o answer.der "$PUBLISH/ocsp/$path" && openssl ocsp -respin answer.der -issuer "$issuer" -cert first.leaf.pem -CAfile "$chain" -no_nonce 2>&1; }
expect 'first.leaf.pem: good' get

revoke first superseded
expect 'first.leaf.pem: revoked' get
expect 'Reason: superseded' ask -cert first.leaf.pem
expect 'second.leaf.pem: good' ask -cert second.leaf.pem
