# The authority itself: programs, ceremony, signetd. Sourced; needs the other files of this folder.

# authority_install STATE BUILD - the programs into STATE/bin, where every user can run them: below a
# closed folder they could not be started by the users of the parts.
authority_install() {
    local program
    state_folder "$1/bin" 0755 "$(id -un)"
    for program in signet signetd signet-server signet-signer signet-ceremony; do
        [[ -x $2/bin/$program ]] || fail "$2/bin/$program is not built"
        cmp -s "$2/bin/$program" "$1/bin/$program" && continue
        install -m 0755 "$2/bin/$program" "$1/bin/.$program.new"
        mv -f "$1/bin/.$program.new" "$1/bin/$program"
    done
}

authority_exists() { [[ -f $1/signet.conf ]]; }

# authority_init STATE TRUST_DOMAIN ADMIN [OPTION...] - the ceremony.
authority_init() {
    local state=$1 domain=$2 admin=$3 users=()
    shift 3
    if users_separate; then
        users=(--user-server "$USER_SERVER" --user-issuing "$USER_ISSUING" --user-status "$USER_STATUS")
    fi
    "$state/bin/signet" init --state "$state" --trust-domain "$domain" --admin "$admin" \
        --database "host=$STATE_SOCKET dbname=signet" --module "$TOKENS_MODULE" \
        --token-root 'pkcs11:token=signet%20root' \
        --token-issuing 'pkcs11:token=signet%20issuing' \
        --token-status 'pkcs11:token=signet%20status' \
        "${users[@]}" "$@"
}
