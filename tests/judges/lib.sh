# Shared by the judges. Sourced. The environment is that of tests/interop/lib.sh, and JUDGES, the
# folder below the build folder where `tools` put what comes from registries.
. "$(dirname "${BASH_SOURCE[0]}")/../interop/lib.sh"
PATH=$PATH:/usr/sbin
judges_source=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
conformance=$judges_source/../../docs/conformance.md

# need FILE WHAT - a judge that is not there is a loud skip, never a pass.
need() {
    [[ -e $1 ]] && return 0
    printf 'SKIPPED: %s is not to be had here; what it would judge is NOT judged\n' "$2"
    exit 77
}

# ask FILE OPENSSL-OCSP-OPTION... - a request made by openssl, the answer of our responder in FILE.
ask() {
    local out=$1
    shift
    openssl ocsp -issuer "$STATE/pki/issuing.pem" "$@" -reqout request.der >/dev/null
    curl -sSf -H 'Content-Type: application/ocsp-request' --data-binary @request.der -o "$out" "$PUBLISH/ocsp"
}

# revoke_since NAME TIME - with an invalidity date.
revoke_since() {
    jq -n --rawfile pem "$1.leaf.pem" --arg since "$2" '{certificate: $pem, reason: "superseded", invalidity_date: $since}' |
        curl -sSf --cacert "$SIGNET_ROOT" --cert "$SIGNET_CERT" --key "$SIGNET_KEY" -H 'Content-Type: application/json' \
            --data-binary @- "$SIGNET_SERVER/v1/revocations" >/dev/null
}

# enroll_typed NAME TYPE - as enroll, with a key of another type than the usual one.
enroll_typed() {
    signet identity create "interop/$1" --owner tests >/dev/null
    signet token create "interop/$1" >"$1.token" 2>/dev/null
    signet enroll --token-file "$1.token" --key-type "$2" --key "$1.key" --cert "$1.pem" >/dev/null
    openssl x509 -in "$1.pem" -out "$1.leaf.pem"
}

# A serial of our shape that no row has.
unknown_serial=0x51ffffff000000000000000000000000000000

# collect FOLDER - one of every kind of object that we emit: NAME.pem, NAME.crl and NAME.ocsp (DER).
collect() {
    local at=$1
    mkdir -p "$at"
    curl -sSf "$PUBLISH/crl/issuing-1.crl" -o "$at/empty.crl"
    curl -sSf "$PUBLISH/crl/root.crl" -o "$at/root.crl"
    curl -sSf "$PUBLISH/roots.pem" -o "$at/root.pem"
    curl -sSf "$PUBLISH/issuers/issuing-1.cer" | openssl x509 -inform DER -out "$at/intermediate.pem"
    enroll plain
    enroll named dns:named.example.internal
    enroll addressed ip:10.1.2.3
    enroll_typed p384 P-384
    enroll_typed rsa RSA
    enroll_typed ed25519 Ed25519
    for leaf in plain named addressed p384 rsa ed25519; do cp "$leaf.leaf.pem" "$at/workload-$leaf.pem"; done
    openssl x509 -in "$SIGNET_CERT" -out "$at/admin.pem"
    openssl s_client -connect "${SIGNET_SERVER#https://}" </dev/null 2>/dev/null | openssl x509 -out "$at/server.pem"

    ask "$at/good.ocsp" -no_nonce -cert plain.leaf.pem
    ask "$at/good-sha256.ocsp" -no_nonce -sha256 -cert plain.leaf.pem
    ask "$at/good-nonce.ocsp" -cert plain.leaf.pem
    ask "$at/good-two.ocsp" -no_nonce -cert plain.leaf.pem -cert named.leaf.pem
    ask "$at/unknown.ocsp" -no_nonce -serial "$unknown_serial"
    openssl ocsp -issuer "$SIGNET_ROOT" -no_nonce -serial 1 -reqout request.der >/dev/null
    curl -sSf --data-binary @request.der -H 'Content-Type: application/ocsp-request' -o "$at/unauthorized.ocsp" "$PUBLISH/ocsp"
    openssl ocsp -respin "$at/good.ocsp" -noverify -resp_text | openssl x509 -out "$at/responder.pem"

    openssl crl -inform DER -in "$at/empty.crl" -noout -text | grep -q 'No Revoked Certificates' ||
        fail "the first CRL is not empty"
    enroll lost
    enroll dated
    enroll spoilt
    revoke lost unspecified
    revoke_since dated "$(date -u -d '-1 hour' +%Y-%m-%dT%H:%M:%SZ)"
    revoke spoilt keyCompromise
    ask "$at/revoked.ocsp" -no_nonce -cert lost.leaf.pem
    ask "$at/revoked-reason.ocsp" -no_nonce -cert spoilt.leaf.pem
    curl -sSf "$PUBLISH/crl/issuing-1.crl" -o "$at/full.crl"
    [[ $(openssl crl -inform DER -in "$at/full.crl" -noout -text | grep -Ec 'Serial Number:|Invalidity Date') == 4 ]] ||
        fail "the CRL has not three entries, one of them with an invalidity date"
}

# explained JUDGE - reads "object: finding" lines and compares them with the table of findings in
# docs/conformance.md: each finding stands there, and each row of the table was found.
explained() {
    local status=0 line
    sort -u >found.txt
    awk -F ' *[|] *' -v judge="$1" '$2 == judge && NF > 5 {
        gsub(/`/, "", $3)
        count = split($4, objects, / *, */)
        for (i = 1; i <= count; i++) print objects[i] ": " $3
    }' "$conformance" | sort -u >wanted.txt
    while read -r line; do
        [[ -z $line ]] || { say "not explained in docs/conformance.md: $line" && status=1; }
    done < <(comm -23 found.txt wanted.txt)
    while read -r line; do
        [[ -z $line ]] || { say "explained in docs/conformance.md and not found any more: $line" && status=1; }
    done < <(comm -13 found.txt wanted.txt)
    return "$status"
}
