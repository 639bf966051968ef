#!/bin/sh
# What `make test-gpu` and `make bench-gpu` do on a machine with a card, and say on one without.
#
#   gpu.sh present                 0 when a card is usable; else says why not
#   gpu.sh test TEST...            the test programs, the sanitizer, the same runs twice
#   gpu.sh bench FILE.csv          appends the card's figures; FILE.csv "": tests/bench/<card>.csv
#
# BUILD is the build directory; AFIELD_DEVICE another backend than cuda, such as cuda_host: slow, but it
# shows without a card that this script works. Every test and run ends after LIMIT seconds.
set -u
here=$(cd "$(dirname "$0")" && pwd)
BUILD=${BUILD:?the build directory}
backend=${AFIELD_DEVICE:-cuda}
LIMIT=${LIMIT:-600}
afield=$BUILD/afield
export NO_COLOR=1

described() { # a member of what the backend says of itself
    "$afield" describe backend "$backend" --json 2>/dev/null | sed -n "s/^ *\"$1\": \"*\([^\"]*[^\",]\)\"*,*$/\1/p"
}
here_is=$(described here)

present() {
    [ "$(described usable)" != true ] || return 0
    echo "${here_is:-no CUDA device: this build has no CUDA backend}; skipped"
    return 1
}

limited() {
    timeout -k 10 "$LIMIT" "$@"
}

failed=0
fails() {
    echo "  FAILED  $*" >&2
    failed=$((failed + 1))
}

digest_of() { # the run's digest; arguments: directory, then those of run
    to=$1
    shift
    limited "$afield" run "$@" --seed 1 --backend "$backend" --out "$to" --json >"$to.json" 2>"$to.log" || {
        tail -n 3 "$to.log" >&2
        return 1
    }
    sed -n 's/^ *"run_digest": "\(.*\)",*$/\1/p' "$to.json"
}

# The same run twice, the second time four trials side by side: every reproducible bit must agree.
twice() {
    echo "  TWICE   $*"
    one=$(digest_of "$work/one" "$@") || { fails "run $*"; return; }
    two=$(digest_of "$work/two" "$@" --jobs 4) || { fails "run $* --jobs 4"; return; }
    [ -n "$one" ] && [ "$one" = "$two" ] || fails "run $*: digests $one and $two"
    sed -n '/^ *"conv": {/,/}/s/^ *"\(.*\)": \([0-9]*\),*$/          \2 x \1/p' "$work/one.json"
    rm -rf "$work/one" "$work/two"
}

tests() {
    for t in "$@"; do
        echo "  TEST    $t"
        limited "$BUILD/tests/test_$t" >"$work/log" 2>&1 || { cat "$work/log" >&2; fails "test_$t"; }
        sed -n "/$backend/p" "$work/log"
    done
}

sanitizer() {
    for s in compute-sanitizer /usr/local/cuda/bin/compute-sanitizer "${CUDA_HOME:-/usr/local/cuda}/bin/compute-sanitizer"; do
        command -v "$s" >/dev/null 2>&1 || continue
        echo "  MEMCHECK test_backend"
        for tool in "memcheck --report-api-errors no" synccheck racecheck; do
            limited "$s" --tool $tool --error-exitcode 99 "$BUILD/tests/test_backend" >"$work/log" 2>&1 || {
                tail -n 40 "$work/log" >&2
                fails "compute-sanitizer $tool test_backend"
            }
            tail -n 1 "$work/log"
        done
        return
    done
    echo "  MEMCHECK no compute-sanitizer here; skipped"
}

finish() {
    [ "$failed" = 0 ] || { echo "$failed failed" >&2; return 1; }
    echo "all tests passed on $here_is"
}

run_tests() {
    echo "$here_is"
    export AFIELD_TEST_BACKEND="$backend"
    tests "$@"
    [ "$backend" != cuda ] || sanitizer
    export AFIELD_DATA="$work/data"
    [ "$backend" = cuda ] || { # what stands in for a card is slow
        twice --task ecg --method random --space linear --budget 4trials --workers 4 --precision bf16
        finish
        return
    }
    twice --task ecg --method random --budget 8trials --workers 4 --precision fp32
    twice --task darcy --method random --budget 8trials --workers 4 --precision bf16
    twice --task cifar100 --method darts --budget 1x
    finish
}

# ---- figures ----

driver() {
    v=$(nvidia-smi --query-gpu=driver_version --format=csv,noheader 2>/dev/null | head -n 1)
    [ -n "$v" ] || v=$(sed -n 's/^NVRM version:.*Module  *\([0-9.]*\).*/\1/p' /proc/driver/nvidia/version 2>/dev/null)
    echo "driver ${v:-unknown}"
}

row() { # network batch precision [gang]
    line=$(limited "$BUILD/bench/engine" --backend "$backend" --only "$1" --batch "$2" --precision "$3" --threads 1 \
        --gang "${4:-1}" --seconds "${BENCH_SECONDS:-5}" | tail -n +2) && [ -n "$line" ] || { fails "$1, batch $2, $3"; return; }
    echo "$line" | awk -F, -v date="$(date -u +%F)" -v card="$card" -v software="$software" -v gang="${4:-1}" -v OFS=, \
        '{ print date, card, software, $1, $4, $2, gang, $6, $7 }' | tee -a "$csv"
}

bench() {
    card=${here_is%%,*}
    software="$(driver);$(echo "${here_is#*,}" | tr , ';')"
    csv=${1:-$here/../bench/$(echo "$card" | tr -s ' /' '--').csv}
    mkdir -p "$(dirname "$csv")"
    [ -s "$csv" ] || echo "date,device,software,network,batch,precision,gang,ms_per_step,samples_per_s" >"$csv"
    for batch in 64 256; do
        for precision in fp32 tf32 bf16; do
            [ "$backend" != cuda_host ] || [ $precision != tf32 ] || continue
            row nb201-all-3x3-c16-n5 $batch $precision
            row nb201-supernet-c16-n5 $batch $precision
        done
    done
    row nb201-all-3x3-c16-n5 64 bf16 8
    echo "written to $csv"
    [ "$failed" = 0 ]
}

what=${1:-}
[ $# = 0 ] || shift
present || { [ "$what" != present ]; exit; }
work=$(mktemp -d "${TMPDIR:-/tmp}/afield-gpu-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
case $what in
present) ;;
test) run_tests "$@" ;;
bench) bench "$@" ;;
*) echo "gpu.sh: want present, test or bench" >&2; exit 2 ;;
esac
