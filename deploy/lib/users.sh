# shellcheck shell=bash
# The users that the parts run as. Sourced; needs say.sh.
#
# Root: USER_SERVER, USER_ISSUING, USER_STATUS are the users of the design, USER_DATABASE is
# PostgreSQL's own. Anybody else: all four are who we are, and nothing is made.

PATH=$PATH:/usr/sbin:/sbin # useradd is not in everybody's

users_choose() {
    if ((EUID == 0)); then
        USER_SERVER=signet USER_ISSUING=signet-signer USER_STATUS=signet-status
        USER_DATABASE=postgres
    else
        USER_SERVER=$(id -un)
        USER_ISSUING=$USER_SERVER USER_STATUS=$USER_SERVER USER_DATABASE=$USER_SERVER
    fi
}

users_separate() { [[ $USER_SERVER != "$USER_ISSUING" ]]; }

# Makes the users of the design where they are missing (root only).
users_prepare() {
    local user
    users_separate || return 0
    id -u "$USER_DATABASE" >/dev/null 2>&1 ||
        fail "there is no user $USER_DATABASE" "install the package postgresql"
    for user in "$USER_SERVER" "$USER_ISSUING" "$USER_STATUS"; do
        id -u "$user" >/dev/null 2>&1 && continue
        useradd --system --user-group --no-create-home --home-dir /nonexistent \
            --shell /usr/sbin/nologin "$user"
    done
}

# as_user USER COMMAND... - in the root folder, since ours may be closed to that user.
as_user() {
    local user=$1
    shift
    if [[ $user == "$(id -un)" ]]; then
        (cd / && exec "$@")
    else
        (cd / && exec setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups -- "$@")
    fi
}
