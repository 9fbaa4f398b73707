# shellcheck shell=bash
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

# authority_arguments STATE TRUST_DOMAIN ADMIN - those of the ceremony that do not tell of the root,
# in AUTHORITY_ARGUMENTS.
authority_arguments() {
    AUTHORITY_ARGUMENTS=(--state "$1" --trust-domain "$2" --admin "$3"
        --database "host=$STATE_SOCKET dbname=signet" --module "$TOKENS_MODULE"
        --token-issuing 'pkcs11:token=signet%20issuing'
        --token-status 'pkcs11:token=signet%20status')
    if users_separate; then
        AUTHORITY_ARGUMENTS+=(--user-server "$USER_SERVER" --user-issuing "$USER_ISSUING"
            --user-status "$USER_STATUS")
    fi
}

# authority_init STATE TRUST_DOMAIN ADMIN [OPTION...] - the ceremony.
authority_init() {
    authority_arguments "$1" "$2" "$3"
    "$1/bin/signet" init "${AUTHORITY_ARGUMENTS[@]}" --token-root 'pkcs11:token=signet%20root' "${@:4}"
}

# authority_start STATE HEALTH-URL - signetd in a session of its own, so that Ctrl-C on our terminal
# does not reach it: it is stopped once, by us. Returns when /readyz says so.
authority_start() {
    local state=$1 health=$2 waited
    AUTHORITY_LOG=$state/log/signetd.log
    ulimit -S -n "$(ulimit -H -n)" 2>/dev/null || true
    setsid "$state/bin/signetd" --config "$state/signet.conf" </dev/null >>"$AUTHORITY_LOG" 2>&1 9>&- &
    AUTHORITY_PID=$!
    printf '%s\n' "$AUTHORITY_PID" >"$state/signetd.pid"
    for ((waited = 0; waited < 150; waited++)); do
        if curl --silent --fail --max-time 2 --output /dev/null "$health/readyz"; then
            say_good "signetd is ready (process $AUTHORITY_PID)"
            return 0
        fi
        kill -0 "$AUTHORITY_PID" 2>/dev/null || break
        sleep 0.1
    done
    tail -n 5 "$AUTHORITY_LOG" >&2
    curl --silent --max-time 2 "$health/readyz" >&2 || true
    fail "signetd is not ready; its last words stand above" "log: $AUTHORITY_LOG"
}

authority_stop() {
    [[ -n ${AUTHORITY_PID:-} ]] || return 0
    kill -TERM "$AUTHORITY_PID" 2>/dev/null || true
    wait "$AUTHORITY_PID" 2>/dev/null || true
    AUTHORITY_PID=''
}

# Stays until signetd ends by itself; a signal to us ends the wait through its trap.
authority_wait() {
    wait "$AUTHORITY_PID" || fail "signetd ended by itself" "log: $AUTHORITY_LOG"
}

# authority_stop_left STATE - a signetd that outlived its quickstart (killed hard) still has the ports.
authority_stop_left() {
    local pid
    pid=$(cat "$1/signetd.pid" 2>/dev/null) || return 0
    [[ -n $pid && $(readlink "/proc/$pid/exe" 2>/dev/null) == "$1/bin/signetd"* ]] || return 0
    say_note "A signetd of this state folder still runs (process $pid); stopping it first."
    kill -TERM "$pid"
    while [[ -d /proc/$pid && $(readlink "/proc/$pid/exe" 2>/dev/null) == "$1/bin/signetd"* ]]; do
        sleep 0.1
    done
}
