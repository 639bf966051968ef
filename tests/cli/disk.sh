# Places that cannot be written, and disks that are full.
set -- run --task ecg --method random --space linear --budget 3trials
ok "$@" --out good
: >file
fails 1 "$@" --out file/below
says "file"
fails 1 "$@" --out /proc/afield
says "/proc/afield"
if [ "$(id -u)" != 0 ]; then
    mkdir closed
    chmod a-w closed
    fails 1 "$@" --out closed/run
    says "closed/run"
fi
if [ -e /dev/full ]; then
    for words in "list" "list --json" "report good" "describe ecg"; do
        code=0
        # shellcheck disable=SC2086
        "$AFIELD" $words >/dev/full 2>"$err" || code=$?
        [ "$code" = 1 ] || die "$words to a full device: exit code $code, want 1"
        grep -q "standard output: cannot write" "$err" || die "$words to a full device: no clear error"
    done
    fails 1 report good --csv /dev/full
    says "/dev/full"
fi

# a real full disk where that can be had, else a limit on the size of files
mkdir small
if mount -t tmpfs -o size=8k tmpfs small 2>/dev/null; then
    trap 'umount small' EXIT
    fails 1 "$@" --out small/run
    says "small/run"
    says "No space left on device"
    mount -o remount,size=1m small
    ok "$@" --out small/run --resume
else
    (
        trap '' XFSZ
        ulimit -f 2
        "$AFIELD" "$@" --out small/run >"$out" 2>"$err"
    ) && die "a full disk was not noticed"
    grep -q '^error: .*small/run' "$err" || die "a full disk: no clear error"
    ok "$@" --out small/run --resume
fi
[ "$(grep '"run_digest"' good/result.json)" = "$(grep '"run_digest"' small/run/result.json)" ] ||
    die "a run that met a full disk ended differently"
