#!/bin/sh
# compare.sh NETWORK [--device cuda]: times the engine and PyTorch in turns (A B A B ...), so that quiet and busy
# moments of the machine meet both, and prints the minimum and median of each with the ratios.
# Settings are environment variables, below with their defaults; MODE is one of step.py's, f32 or
# f32-cl against fp32, bf16 or bf16-cl against bf16, on a card tf32 or tf32-cl against tf32.
set -eu
here=$(dirname "$0")
NETWORK=${1:-}
DEVICE=cpu
case "${2:-} ${3:-}" in
" ") ;;
"--device cuda" | "--device cpu") DEVICE=$3 ;;
*) echo "compare.sh: want NETWORK [--device cuda], not '${2:-}'" >&2; exit 2 ;;
esac
ROUNDS=${ROUNDS:-5}
SECONDS_EACH=${SECONDS_EACH:-3} # of a round, for each side
THREADS=${THREADS:-1}
BATCH=${BATCH:-0}               # 0: the network's own
MODE=${MODE:-f32}
PRECISION=${PRECISION:-$(case $MODE in bf16*) echo bf16 ;; tf32*) echo tf32 ;; *) echo fp32 ;; esac)}
PYTHON=${PYTHON:-python3}
# shellcheck disable=SC2012
ENGINE=${ENGINE:-$(ls -t "$here"/../build/release*/bench/engine 2>/dev/null | head -n 1)}
step=$here/torch/step.py

[ -n "$ENGINE" ] || { echo "compare.sh: no engine; run  make bench  first, or set ENGINE" >&2; exit 1; }
if [ -z "$NETWORK" ]; then
    echo "usage: compare.sh NETWORK, one of:" >&2
    "$ENGINE" --list | sed 's/ .*//; s/^/    /' >&2
    exit 2
fi
"$PYTHON" -c 'import torch' || { echo "compare.sh: $PYTHON has no torch; set PYTHON (see bench/README.md)" >&2; exit 1; }
ours=$("$ENGINE" --list --only "$NETWORK")
theirs=$("$PYTHON" "$step" --list --only "$NETWORK")
[ "$ours" = "$theirs" ] || {
    echo "compare.sh: not the same network (name, parameters, MACs):" >&2
    echo "    engine:  $ours" >&2
    echo "    PyTorch: $theirs" >&2
    exit 1
}

rows=$(mktemp)
trap 'rm -f "$rows"' EXIT
trap 'exit 130' INT TERM
round=0
while [ "$round" -lt "$ROUNDS" ]; do
    round=$((round + 1))
    [ ! -t 2 ] || printf '\rround %d of %d ' "$round" "$ROUNDS" >&2
    row=$("$ENGINE" --only "$NETWORK" --threads "$THREADS" --precision "$PRECISION" --batch "$BATCH" \
        --device "$DEVICE" --seconds "$SECONDS_EACH")
    printf '%s\n' "$row" | tail -n 1 | awk -F, '{ print "ours", $5, $6, $9, $4 }' >>"$rows"
    row=$("$PYTHON" "$step" --only "$NETWORK" --threads "$THREADS" --modes "$MODE" --batch "$BATCH" \
        --device "$DEVICE" --seconds "$SECONDS_EACH")
    printf '%s\n' "$row" | tail -n 1 | awk -F, '{ print "torch", $5, $6, $8, $4, $9 }' >>"$rows"
done
[ ! -t 2 ] || printf '\r' >&2

# The minimum is the least step of all rounds, the median the middle one of the rounds' medians.
sort -k1,1 -k3,3n "$rows" | awk -v device="$DEVICE" -v network="$NETWORK" -v threads="$THREADS" -v precision="$PRECISION" -v mode="$MODE" '
{ n[$1]++; median[$1, n[$1]] = $3
  if (!($1 in least) || $2 < least[$1]) least[$1] = $2
  if ($4 > peak[$1]) peak[$1] = $4
  batch = $5; if ($1 == "torch") version = $6 }
function middle(side) { return median[side, int(n[side] / 2) + 1] }
END {
    printf "%s, " (device == "cpu" ? "" : "on a card, ") "%d thread%s, batch %d, %d rounds\n", network, threads, threads == 1 ? "" : "s", batch, n["ours"]
    printf "%-24s %10s %10s %10s\n", "", "ms min", "ms median", "peak MB"
    printf "%-24s %10.2f %10.2f %10.1f\n", "engine " precision, least["ours"], middle("ours"), peak["ours"]
    printf "%-24s %10.2f %10.2f %10.1f\n", "torch " version " " mode, least["torch"], middle("torch"), peak["torch"]
    printf "%-24s %10.2f %10.2f %10.2f\n", "torch / engine", least["torch"] / least["ours"], middle("torch") / middle("ours"), peak["torch"] / peak["ours"]
}'
