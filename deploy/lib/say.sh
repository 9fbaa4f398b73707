# shellcheck shell=bash
# What the scripts say to people. Sourced.

if [[ -t 1 ]]; then
    SAY_BOLD=$'\e[1m' SAY_DIM=$'\e[2m' SAY_RED=$'\e[31m' SAY_GREEN=$'\e[32m' SAY_PLAIN=$'\e[0m'
else
    SAY_BOLD='' SAY_DIM='' SAY_RED='' SAY_GREEN='' SAY_PLAIN=''
fi

say() { printf '%s\n' "$*"; }
say_title() { printf '\n%s%s%s\n' "$SAY_BOLD" "$*" "$SAY_PLAIN"; }
say_note() { printf '%s%s%s\n' "$SAY_DIM" "$*" "$SAY_PLAIN"; }
say_good() { printf '%s  %s%s\n' "$SAY_GREEN" "$*" "$SAY_PLAIN"; }

# fail MESSAGE [HINT...] - one line what is wrong, then one line each what to do; ends the script.
fail() {
    printf '%serror: %s%s\n' "$SAY_RED" "$1" "$SAY_PLAIN" >&2
    shift
    local hint
    for hint in "$@"; do
        printf '  %s\n' "$hint" >&2
    done
    exit 1
}
