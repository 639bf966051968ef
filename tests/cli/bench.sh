# Suites and reports.
cat >suite.yaml <<'YAML'
title: four small runs
tasks: [ecg]
methods:
  - method: constant
  - method: random
    space: linear
seeds: [0, 1]
budget: 2trials
YAML
ok bench suite.yaml --out all
says "[4/4] ecg-random-linear-s1"
says "four small runs"
says "try next"
says "random / linear"
says "(2)"
says "* generated stand-in data"
fails 2 bench suite.yaml --out all
says "--resume"
ok bench suite.yaml --out all --resume
says "this run is finished"

# what else lies there is not this suite's
ok run --task ecg --method linear --out all/left-over
ok bench suite.yaml --out all --resume
grep -q '^linear ' "$out" && die "$last: the table holds a run of nobody's"
says "constant"
rm -r all/left-over

# a run that fails does not end the suite
cat >failing.yaml <<'YAML'
tasks: [ecg]
methods:
  - method: random
    space: linear
  - method: constant
budget: 1flop
YAML
fails 1 bench failing.yaml --out 'with blank'
says "[2/2] ecg-constant-s0"
says "failed:"
says "run 1 of 2, with blank/ecg-random-linear-s0: budget 1flop"
says "error: 1 of 2 runs failed"
grep -q '^constant ' "$out" || die "$last: no table of the run that ended well"
sed -i 's/1flop/1trials/' failing.yaml
ok bench failing.yaml --out 'another blank'
says "afield report 'another blank' --csv"

ok report all --csv all.csv
[ "$(wc -l <all.csv)" = 5 ] || die "$last: want one line a run and a head"
ok report all --json
says '"rank"'
ok report all/ecg-constant-s0/result.json
ok run --task ecg --method linear --size tiny --protocol paper --out paper
fails 1 report all paper
says "do not belong in one table"
says 'protocol ("clean", "paper")'
fails 1 report all all
says "with the same seed"
mkdir none
fails 1 report none
says "no result.json there"
sed 's/"score": [0-9.][0-9.]*/"score": "high"/' all/ecg-constant-s0/result.json >none/result.json
fails 1 report none
says "none/result.json: field 'metric.score' is not a number or null"
echo '{' >none/result.json
fails 1 report none
says "none/result.json:"

sed 's/budget/bugdet/' suite.yaml >bad.yaml
fails 2 bench bad.yaml --out bad
says "bad.yaml:8: unknown key 'bugdet', did you mean 'budget'?"
sed 's/2trials/2/' suite.yaml >bad.yaml
fails 2 bench bad.yaml --out bad
says "bad.yaml: budget '2'"
fails 1 bench none.yaml
says "none.yaml"
[ ! -e bad ] || die "a refused suite left a directory"
