#!/bin/sh
# Trials an hour with 1 and 2 jobs, and what a trial costs beside its own training:
#     (wall-clock seconds of the search x jobs - seconds inside trainings) / trials
# The networks of space `linear` train in a few milliseconds, so there that is nearly all of it; the
# start of the workers and their waiting at the end are in it.
#     sh bench/search.sh [afield] [task]
set -e
afield=${1:-./afield} task=${2:-darcy}
work=$(mktemp -d "${TMPDIR:-/tmp}/afield-bench-XXXXXX")
trap 'rm -rf "$work"' EXIT
one() { # name jobs threads, then arguments of run
    name=$1 jobs=$2 threads=$3
    shift 3
    "$afield" run --task "$task" --method random --jobs "$jobs" --threads "$threads" --json \
        --out "$work/$name-$jobs-$threads" "$@" > "$work/result" 2> "$work/log"
    wall=$(sed -n 's/^search: .*, \([0-9.]*\) s$/\1/p' "$work/log")
    python3 - "$work/result" "$name" "$jobs" "$threads" "$wall" <<'EOF'
import json, sys
r, name, jobs, threads, wall = json.load(open(sys.argv[1])), *sys.argv[2:5], float(sys.argv[5])
s = r["spent"]["search"]
print(f"{name:8} jobs {jobs} threads {threads}: {s['trials']:.0f} trials in {wall:.1f} s, "
      f"{3600 * s['trials'] / wall:.0f} an hour, "
      f"{1e3 * (wall * int(jobs) - s['seconds']) / s['trials']:.2f} ms beside each")
EOF
}
one nb201 1 1 --space nb201 --budget 100trials
one nb201 1 2 --space nb201 --budget 100trials
one nb201 2 2 --space nb201 --budget 100trials
one linear 1 1 --space linear --budget 1000trials
one linear 2 2 --space linear --budget 1000trials
