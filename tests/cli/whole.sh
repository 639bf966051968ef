# A run from nothing to result.json: resumed, repeated, refused, the same for any number of threads.
digest() { sed -n 's/.*"run_digest": "\(.*\)".*/\1/p' "$1/result.json"; }
set -- run --task ecg --method random --space linear --budget 3trials
ok "$@" --out a --threads 1
says "run digest"
says "generated data (stand-in)"
[ -s a/result.json ] && [ -s a/predictions.h5 ] && [ -s a/journal.jsonl ] || die "$last: files are missing"
fails 2 "$@" --out a
says "--resume"
ok "$@" --out a --resume
says "this run is finished"
fails 2 "$@" --out a --resume --seed 1
says "seed 0, now 1 is asked for"
ok "$@" --out b --threads 2 --json
says '"run_digest"'
[ "$(digest a)" = "$(digest b)" ] || die "$last: the number of threads changed the result"
ok "$@" --out c --seed 1
[ "$(digest a)" != "$(digest c)" ] || die "$last: another seed gave the same result"
rm a/result.json
ok "$@" --out a --resume
[ "$(digest a)" = "$(digest b)" ] || die "$last: a resumed run ended differently"
ok "$@" --resume
[ -s runs/ecg-tiny-random-linear-3trials-s0/result.json ] || die "$last: not in its default directory"
ok run --task ecg --method constant --out d
fails 1 run --task ecg --method random --budget 1flop --out e
says "budget 1flop: not one trial"
# Shared weights: a step is enough, nothing is too little, and only some spaces can.
ok run --task darcy --method darts --budget 2epochs --out f
says "darts on nb201"
fails 2 run --task darcy --method darts --budget 2epochs --out f
says "--resume"
ok run --task darcy --method darts --budget 2epochs --out f --resume
ok run --task darcy --method darts --set batch=8 --budget 0.03x --out g
fails 1 run --task darcy --method darts --budget 1flop --out h
says "budget 1flop: not one step"
fails 2 run --task darcy --method darts --budget 3trials --out i
says "makes no trials"
fails 2 run --task darcy --method darts --space wrn --out i
says "has no supernet"
