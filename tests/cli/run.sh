#!/bin/sh
# Runs the program as people do. Every other file here is a case: a shell script that is read by its own
# shell, in an empty directory, with an empty data directory, and these words:
#
#   ok ARGS...          afield ARGS ends with 0
#   fails CODE ARGS...  afield ARGS ends with CODE and says exactly one "error: ..." line
#   says TEXT           what the last one printed, on either stream, contains TEXT
#   silent              it printed nothing on standard output
#
# AFIELD names the program; arguments of this script choose cases by name.
set -u
AFIELD=${AFIELD:-$PWD/afield}
cases=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/afield-cli-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
export AFIELD NO_COLOR=1

die() {
    printf '%s\n' "$*" "--- standard output" >&2
    head -c 2000 "$out" >&2
    printf '%s\n' "--- standard error" >&2
    head -c 2000 "$err" >&2
    exit 1
}
call() {
    last="afield $(printf '%.200s' "$*")"
    code=0
    "$AFIELD" "$@" >"$out" 2>"$err" || code=$?
}
ok() {
    call "$@"
    [ "$code" = 0 ] || die "$last: exit code $code, want 0"
}
fails() {
    want=$1
    shift
    call "$@"
    [ "$code" = "$want" ] || die "$last: exit code $code, want $want"
    [ "$(grep -c '^error: ' "$err")" = 1 ] || die "$last: want exactly one error"
}
says() { grep -qF -- "$1" "$out" "$err" || die "$last: does not say \"$1\""; }
silent() { [ ! -s "$out" ] || die "$last: standard output is not empty"; }

failed=0 count=0
for case in "$cases"/*.sh; do
    name=$(basename "$case" .sh)
    [ "$name" != run ] || continue
    case " ${*:-$name} " in *" $name "*) ;; *) continue ;; esac
    mkdir -p "$work/$name/here" "$work/$name/data"
    (
        out=$work/$name/stdout err=$work/$name/stderr
        AFIELD_DATA=$work/$name/data
        export AFIELD_DATA
        cd "$work/$name/here" || exit 1
        . "$case"
    ) || {
        echo "  FAIL  cli/$name" >&2
        failed=$((failed + 1))
    }
    count=$((count + 1))
done
[ "$count" -gt 0 ] || { echo "no such case" >&2; exit 1; }
echo "  cli: $((count - failed)) of $count cases passed"
[ "$failed" = 0 ]
