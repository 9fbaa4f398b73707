# Shared by the witnesses. Sourced. The environment has SIGNET_SERVER, SIGNET_ROOT, SIGNET_CERT and
# SIGNET_KEY of the administrator, PUBLISH (base URL) and STATE (folder of the authority).
set -euo pipefail

say() { printf '%s\n' "$*"; }
fail() {
    printf 'FAILED: %s\n' "$*"
    exit 1
}

# enroll NAME [EXTRA NAME] - NAME.pem (leaf and chain) and NAME.key of the workload interop/NAME.
enroll() {
    signet identity create "interop/$1" --owner tests ${2:+--name "$2"} >/dev/null
    signet token create "interop/$1" >"$1.token"
    signet enroll --token-file "$1.token" --key "$1.key" --cert "$1.pem" >/dev/null
    openssl x509 -in "$1.pem" -out "$1.leaf.pem"
}

# crls FILE - the CRLs of root and issuing key as PEM, as a relying party fetches them.
crls() {
    local name
    : >"$1"
    for name in root issuing-1; do
        curl -sSf "$PUBLISH/crl/$name.crl" | openssl crl -inform DER >>"$1"
    done
}

# revoke NAME REASON - and waits until the CRL has it (at most ten seconds).
revoke() {
    local serial
    serial=$(openssl x509 -in "$1.pem" -noout -serial | cut -d= -f2)
    signet revoke --certificate "$1.pem" --reason "$2" --yes >/dev/null
    for _ in $(seq 100); do
        curl -sSf "$PUBLISH/crl/issuing-1.crl" | openssl crl -inform DER -noout -text |
            grep -q "Serial Number: $serial" && return 0
        sleep 0.1
    done
    fail "the CRL does not list $serial ten seconds after its revocation"
}

# refused WANTED COMMAND... - the command fails and says WANTED.
refused() {
    local wanted=$1 out
    shift
    if out=$("$@" 2>&1); then fail "$* succeeded: $out"; fi
    grep -q -- "$wanted" <<<"$out" || fail "$*: wanted \"$wanted\", got: $out"
}
