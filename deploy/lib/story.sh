# shellcheck shell=bash
# The story: what an authority does, shown with the commands that people would type. Each is printed
# before it runs, and its answer is checked. Sourced; needs say.sh.

# story_run COMMAND - prints and runs it; its output, indented on the terminal, stands in STORY_OUT,
# its status in STORY_STATUS.
story_run() {
    printf '  %s$ %s%s\n' "$SAY_BOLD" "$1" "$SAY_PLAIN"
    STORY_STATUS=0
    STORY_OUT=$(bash -c "set -o pipefail; $1" 2>&1 </dev/null) || STORY_STATUS=$?
    [[ -z $STORY_OUT ]] || printf '    %s\n' "${STORY_OUT//$'\n'/$'\n'    }"
}

story_wrong() {
    fail "unexpected answer: $1" "status $STORY_STATUS, wanted: $2" "log: $AUTHORITY_LOG"
}

# expect_done [PATTERN] - the last command succeeded and said so.
expect_done() {
    ((STORY_STATUS == 0)) || story_wrong "the command failed" "success"
    [[ -z ${1:-} || $STORY_OUT =~ $1 ]] || story_wrong "its words do not fit" "$1"
    say_good "as expected"
}

# expect_refused PATTERN - the last command failed and said why.
expect_refused() {
    ((STORY_STATUS != 0)) || story_wrong "the command succeeded" "a refusal"
    [[ $STORY_OUT =~ $1 ]] || story_wrong "it failed for another reason" "$1"
    say_good "refused, as expected"
}

# Each telling has names of its own, so that it can be told again on the same state.
story_begin() {
    local number=1
    # Tokens lie here until they are used: nobody else may read them.
    mkdir -p "$1/demo"
    chmod 0700 "$1/demo"
    while ! mkdir "$1/demo/$number" 2>/dev/null; do
        number=$((number + 1))
    done
    STORY_SHOP=shop-$number
    cd "$1/demo/$number" || fail "the folder $1/demo/$number cannot be entered"
    say "(in $PWD, with the settings of $1/client.env and $1/bin in PATH)"
    # shellcheck source=/dev/null
    . "$1/client.env"
    PATH=$1/bin:$PATH
}

story_enroll() {
    say_title "1. Two workloads get their first certificates, each with a one-time token"
    story_run "signet identity create $STORY_SHOP/web --owner shop-team --name dns:web.$STORY_DOMAIN"
    expect_done
    story_run "signet identity create $STORY_SHOP/api --owner shop-team"
    expect_done
    local name
    for name in web api; do
        story_run "signet token create $STORY_SHOP/$name > $name.token"
        expect_done
        story_run "signet enroll --token-file $name.token --key $name.key --cert $name.pem"
        expect_done
    done
}

story_verify() {
    say_title "2. OpenSSL accepts the chain"
    story_run "openssl verify -x509_strict -CAfile $STORY_PKI/roots.pem -untrusted web.pem web.pem"
    expect_done 'web\.pem: OK'
    story_run "openssl x509 -in web.pem -noout -ext subjectAltName"
    expect_done "URI:spiffe://$STORY_DOMAIN/$STORY_SHOP/web"
}

# Below the range from which outgoing connections take theirs.
story_free_port() {
    STORY_PORT=$((20000 + RANDOM % 12000))
    while (exec 3<>"/dev/tcp/127.0.0.1/$STORY_PORT") 2>/dev/null; do
        STORY_PORT=$((20000 + RANDOM % 12000))
    done
}

# story_serve - the web workload as a TLS server in the background; STORY_SERVER is its process.
story_serve() {
    local waited
    story_free_port
    local command="openssl s_server -accept 127.0.0.1:$STORY_PORT -www -cert web.pem -cert_chain web.pem -key web.key -CAfile $STORY_PKI/chain.pem -Verify 3 -verify_return_error"
    printf '  %s$ %s &%s\n' "$SAY_BOLD" "$command" "$SAY_PLAIN"
    $command >s_server.log 2>&1 </dev/null 9>&- &
    STORY_SERVER=$!
    for ((waited = 0; waited < 100; waited++)); do
        grep -q '^ACCEPT' s_server.log && return 0
        kill -0 "$STORY_SERVER" 2>/dev/null || break
        sleep 0.1
    done
    cat s_server.log >&2
    fail "openssl s_server does not accept connections; its words stand above"
}

story_mtls() {
    local url
    say_title "3. The two speak mutual TLS"
    story_serve
    url="--resolve web.$STORY_DOMAIN:$STORY_PORT:127.0.0.1 https://web.$STORY_DOMAIN:$STORY_PORT/"
    story_run "curl --silent --show-error --cacert $STORY_PKI/roots.pem --cert api.pem --key api.key $url | grep -a -o -e 'Cipher is .*' -e 'URI:spiffe:.*'"
    expect_done "Cipher is .*URI:spiffe://$STORY_DOMAIN/$STORY_SHOP/api"
    story_run "curl --silent --show-error --cacert $STORY_PKI/roots.pem $url"
    expect_refused 'certificate required|alert|reset|eof|SSL'
    kill "$STORY_SERVER" 2>/dev/null || true
    wait "$STORY_SERVER" 2>/dev/null || true
}

story_ocsp() {
    story_run "openssl ocsp -issuer $STORY_PKI/issuing.pem -cert api.pem -url $STORY_PUBLISH/ocsp -CAfile $STORY_PKI/chain.pem"
    expect_done "$1"
}

# The CRL is rebuilt after a revocation, at most once a second.
story_crl() {
    local serial command waited
    serial=$(openssl x509 -in api.pem -noout -serial)
    serial=${serial#serial=}
    command="curl --silent --fail $STORY_PUBLISH/crl/issuing-1.crl | openssl crl -inform DER -noout -text | grep -A 4 $serial"
    for ((waited = 0; waited < 30; waited++)); do
        bash -c "set -o pipefail; $command" >/dev/null 2>&1 && break
        sleep 0.1
    done
    story_run "$command"
    expect_done 'Key Compromise'
}

# story_tell STATE TRUST-DOMAIN PUBLISH-URL
story_tell() {
    STORY_DOMAIN=$2 STORY_PUBLISH=$3 STORY_PKI=$1/pki
    say_title "What it does"
    story_begin "$1"
    story_enroll
    story_verify
    story_mtls
    say_title "4. OCSP says good"
    story_ocsp 'api\.pem: good'
    say_title "5. The api's key is stolen: an administrator revokes the certificate"
    story_run "signet revoke --certificate api.pem --reason keyCompromise --yes"
    expect_done
    say_title "6. OCSP says revoked, and so does the CRL"
    story_ocsp 'api\.pem: revoked'
    story_crl
    say_title "7. Whoever holds the stolen key cannot renew it"
    story_run "signet renew --cert api.pem --key api.key"
    expect_refused 'revoked'
    say_title "Every step gave the expected answer."
}
