# shellcheck shell=bash
# The state folder of one installation. Sourced; needs say.sh and users.sh.
#
#   signet.conf  permits/  pki/  transcript.json  client.env  admin/   the authority, by the ceremony
#   tokens/{root,issuing,status}/  pins/                               SoftHSM tokens and their PINs
#   pg/  run/                                                          PostgreSQL and its socket
#   tls/  signer/{issuing,status}/  log/  bin/

# state_folder PATH MODE OWNER
state_folder() {
    [[ -d $1 ]] || mkdir -p "$1"
    chmod "$2" "$1"
    if ((EUID == 0)); then
        chown "$3:$(id -gn "$3")" "$1"
    fi
}

# Makes the folders that are missing; harmless on existing ones.
state_prepare() {
    local state=$1 me
    me=$(id -un)
    mkdir -p "$state" || fail "the state folder $state cannot be made" "choose another with --state DIR"
    if users_separate; then
        state_folder "$state" 0755 "$me"
    else
        state_folder "$state" 0700 "$me"
    fi
    state_reachable "$state"
    state_folder "$state/pki" 0755 "$me"
    state_folder "$state/permits" 0755 "$me"
    state_folder "$state/admin" 0700 "$me"
    state_folder "$state/pins" 0700 "$me"
    state_folder "$state/log" 0755 "$me"
    state_folder "$state/tokens" 0755 "$me"
    state_folder "$state/tokens/root" 0700 "$me"
    state_folder "$state/tokens/issuing" 0700 "$USER_ISSUING"
    state_folder "$state/tokens/status" 0700 "$USER_STATUS"
    state_folder "$state/tls" 0700 "$USER_SERVER"
    state_folder "$state/signer" 0755 "$me"
    state_folder "$state/signer/issuing" 0700 "$USER_ISSUING"
    state_folder "$state/signer/status" 0700 "$USER_STATUS"
}

# The users of the parts must be able to get there: a folder above that only root may enter is the
# usual trap (a clone below /root, say).
state_reachable() {
    local user folder
    for user in "$USER_DATABASE" "$USER_SERVER" "$USER_ISSUING" "$USER_STATUS"; do
        as_user "$user" test -x "$1" && continue
        folder=$(readlink -f "$1")
        while ! as_user "$user" test -x "$(dirname "$folder")"; do
            folder=$(dirname "$folder")
        done
        fail "user $user cannot enter $1, because of the rights of $folder" \
            "choose a state folder that every user can reach: --state /var/lib/signet-quickstart"
    done
}

# The folder for PostgreSQL's socket in STATE_SOCKET: run/ when the path of the socket stays within
# the 107 octets of a Unix address, otherwise a short one under /tmp, remembered in STATE/socket.
state_socket() {
    local state=$1 name=/.s.PGSQL.5432
    STATE_SOCKET=$state/run
    if ((${#STATE_SOCKET} + ${#name} > 107)); then
        if [[ -f $state/socket ]]; then
            STATE_SOCKET=$(<"$state/socket")
            state_socket_again
        else
            STATE_SOCKET=$(mktemp -d /tmp/signet-run-XXXXXX)
            printf '%s\n' "$STATE_SOCKET" >"$state/socket"
            say_note "The path of the state folder is long for a Unix socket; PostgreSQL's stands in $STATE_SOCKET."
        fi
    fi
    state_folder "$STATE_SOCKET" 0755 "$USER_DATABASE"
}

# The remembered folder, whose name stands in signet.conf. /tmp may have been emptied since, and
# anybody may have put something of that name there: a link, say, that chown would follow.
state_socket_again() {
    mkdir -m 0755 "$STATE_SOCKET" 2>/dev/null && return 0
    [[ -d $STATE_SOCKET && ! -L $STATE_SOCKET && $(stat -c %U "$STATE_SOCKET") == "$USER_DATABASE" ]] ||
        fail "$STATE_SOCKET, PostgreSQL's socket folder of this state, is not a folder of $USER_DATABASE any more" \
            "remove it, or begin a new authority with --state DIR"
}

# state_log_file PATH OWNER - an empty log that this user may append to.
state_log_file() {
    [[ -f $1 ]] || : >"$1"
    chmod 0644 "$1"
    if ((EUID == 0)); then
        chown "$2" "$1"
    fi
}
