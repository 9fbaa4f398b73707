# shellcheck shell=bash
# A private PostgreSQL cluster on a Unix socket only. Sourced; needs say.sh, users.sh, state.sh.
#
# cluster_use sets where it is. Two settings are for tests: CLUSTER_FSYNC=off, and CLUSTER_EVERYBODY=1
# by which the user who runs the script may take every role.

CLUSTER_ROLES_SQL=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/db/roles.sql

cluster_find() {
    CLUSTER_BIN=$(pg_config --bindir 2>/dev/null || true)
    if [[ ! -x $CLUSTER_BIN/initdb ]]; then
        CLUSTER_BIN=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
    fi
    [[ -x $CLUSTER_BIN/initdb ]] || fail "PostgreSQL's programs are not installed" \
        "install the package postgresql (13 or newer)"
}

# cluster_use STATE
cluster_use() {
    cluster_find
    CLUSTER_DATA=$1/pg
    CLUSTER_LOG=$1/log/postgresql.log
    state_socket "$1"
}

cluster_exists() { as_user "$USER_DATABASE" test -f "$CLUSTER_DATA/PG_VERSION"; }

# The process that postmaster.pid names, when it is a postmaster of this cluster: the number may
# belong to another program by now, or to a dead process that nobody waited for.
cluster_pid() {
    local pid
    pid=$(as_user "$USER_DATABASE" head -n 1 "$CLUSTER_DATA/postmaster.pid" 2>/dev/null) || return 1
    [[ -n $pid && $(readlink "/proc/$pid/cwd" 2>/dev/null) == "$(readlink -f "$CLUSTER_DATA")" ]] || return 1
    printf '%s\n' "$pid"
}

cluster_runs() { cluster_pid >/dev/null; }

# cluster_write FILE - stdin becomes that file of the cluster.
cluster_write() { as_user "$USER_DATABASE" tee "$CLUSTER_DATA/$1" >/dev/null; }

# cluster_make - a cluster with the roles and the empty database "signet", stopped. Anything
# unfinished from before is thrown away. Nothing in it is worth anything before it is whole, so it is
# made durable once, at the end, which takes a tenth of the time.
cluster_make() {
    rm -rf "$CLUSTER_DATA"
    state_folder "$CLUSTER_DATA" 0700 "$USER_DATABASE"
    as_user "$USER_DATABASE" "$CLUSTER_BIN/initdb" --pgdata="$CLUSTER_DATA" --username=postgres \
        --auth=peer --encoding=UTF8 --locale=C --no-sync >/dev/null ||
        fail "initdb could not make a cluster in $CLUSTER_DATA"
    as_user "$USER_DATABASE" tee -a "$CLUSTER_DATA/postgresql.conf" >/dev/null <<<"include 'signet.conf'"
    CLUSTER_FSYNC=off cluster_start
    cluster_superuser postgres --quiet --file - <"$CLUSTER_ROLES_SQL"
    cluster_superuser postgres --quiet --command 'CREATE DATABASE signet OWNER signet_owner'
    cluster_superuser postgres --quiet --command 'REVOKE ALL ON DATABASE signet FROM PUBLIC' \
        --command 'GRANT CONNECT ON DATABASE signet TO signet_server, signet_signer, signet_status'
    cluster_stop fast
    sync --file-system "$CLUSTER_DATA"
}

# cluster_copy TEMPLATE - a cluster that cluster_make made before, copied (for tests).
cluster_copy() {
    rm -rf "$CLUSTER_DATA"
    cp -a --reflink=auto "$1" "$CLUSTER_DATA"
}

# Who may be whom: written at each start, because the users are those of today.
cluster_write_settings() {
    {
        printf "listen_addresses = ''\n"
        printf "unix_socket_directories = '%s'\n" "$STATE_SOCKET"
        printf "unix_socket_permissions = 0777\n" # peer authentication decides, not the socket
        printf "max_connections = 100\n"
        printf "shared_buffers = '128MB'\n"
        printf "fsync = %s\n" "${CLUSTER_FSYNC:-on}"
        printf "log_line_prefix = '%%m [%%p] %%u '\n"
    } | cluster_write signet.conf
    cluster_write pg_hba.conf <<<'local all all peer map=signet'
    cluster_ident | cluster_write pg_ident.conf
}

cluster_ident() {
    local role
    printf 'signet %s postgres\n' "$USER_DATABASE"
    printf 'signet %s signet_owner\n' "$(id -un)"
    printf 'signet %s signet_server\n' "$USER_SERVER"
    printf 'signet %s signet_signer\n' "$USER_ISSUING"
    printf 'signet %s signet_status\n' "$USER_STATUS"
    if [[ ${CLUSTER_EVERYBODY:-} == 1 ]]; then
        for role in postgres signet_server signet_signer signet_status; do
            printf 'signet %s %s\n' "$(id -un)" "$role"
        done
    fi
}

# PostgreSQL would refuse for ever when the number in a left postmaster.pid is some other process.
cluster_clear_stale_pid() {
    local file=$CLUSTER_DATA/postmaster.pid
    as_user "$USER_DATABASE" test -f "$file" || return 0
    say_note "PostgreSQL did not stop cleanly the last time (stale $file); it recovers by itself."
    as_user "$USER_DATABASE" rm -f "$file" "$STATE_SOCKET/.s.PGSQL.5432.lock"
}

cluster_start() {
    cluster_runs && return 0
    cluster_clear_stale_pid
    cluster_write_settings
    state_log_file "$CLUSTER_LOG" "$USER_DATABASE"
    # Descriptors 8 and 9 are locks of the callers, which must end with them.
    as_user "$USER_DATABASE" "$CLUSTER_BIN/pg_ctl" --pgdata="$CLUSTER_DATA" --log="$CLUSTER_LOG" \
        --silent --wait --timeout=60 start </dev/null >/dev/null 2>&1 8>&- 9>&- || {
        tail -n 5 "$CLUSTER_LOG" >&2 || true
        fail "PostgreSQL did not start; its last words stand above" "log: $CLUSTER_LOG"
    }
}

# cluster_stop fast|immediate
cluster_stop() {
    cluster_runs || return 0
    as_user "$USER_DATABASE" "$CLUSTER_BIN/pg_ctl" --pgdata="$CLUSTER_DATA" --silent --wait \
        --mode="$1" stop >/dev/null
}

# cluster_superuser DATABASE PSQL-ARGUMENT...
cluster_superuser() {
    local database=$1
    shift
    as_user "$USER_DATABASE" "$CLUSTER_BIN/psql" --no-psqlrc --set=ON_ERROR_STOP=1 \
        --host="$STATE_SOCKET" --username=postgres --dbname="$database" "$@"
}
