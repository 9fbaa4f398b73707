# shellcheck shell=bash
# SoftHSM tokens for the root, issuing and OCSP keys, each in a folder of its own. Sourced; needs
# say.sh, users.sh, state.sh.
#
# A key's file belongs to whoever made it, so each token is made by the user that signs with it.

tokens_module() {
    local path
    for path in "${SIGNET_SOFTHSM:-}" /usr/lib/softhsm/libsofthsm2.so /usr/lib64/pkcs11/libsofthsm2.so \
        /usr/local/lib/softhsm/libsofthsm2.so; do
        if [[ -n $path && -r $path ]]; then
            TOKENS_MODULE=$path
            return 0
        fi
    done
    fail "SoftHSM's module libsofthsm2.so is not installed" "install the package softhsm2"
}

# tokens_pin FILE - a random PIN, readable by its owner only.
tokens_pin() {
    [[ -s $1 ]] && return 0
    (umask 077 && od -An -N12 -tx1 /dev/urandom | tr -d ' \n' >"$1" && printf '\n' >>"$1")
}

# tokens_make STATE ROLE USER BIN - one token with its softhsm2.conf and PINs.
tokens_make() {
    local state=$1 role=$2 user=$3 bin=$4 folder=$1/tokens/$2
    as_user "$user" test -f "$folder/made" && return 0
    rm -rf "${folder:?}"/* # one that was never finished
    tokens_pin "$state/pins/$role.pin"
    tokens_pin "$state/pins/$role.so-pin"
    printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n' \
        "$folder" | as_user "$user" tee "$folder/softhsm2.conf" >/dev/null
    as_user "$user" env SOFTHSM2_CONF="$folder/softhsm2.conf" "$bin/signet-ceremony" token \
        --module "$TOKENS_MODULE" --label "signet $role" --so-pin-fd 3 --pin-fd 4 \
        3<"$state/pins/$role.so-pin" 4<"$state/pins/$role.pin" ||
        fail "the token for the $role key could not be made in $folder"
    as_user "$user" touch "$folder/made"
}

# tokens_prepare STATE BIN - all three; those that are there stay.
tokens_prepare() {
    tokens_module
    tokens_make "$1" root "$(id -un)" "$2"
    tokens_make "$1" issuing "$USER_ISSUING" "$2"
    tokens_make "$1" status "$USER_STATUS" "$2"
}
