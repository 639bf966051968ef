# A dataset of one's own: from a manifest to a report, in every command, also in worker processes.
{
    echo 'patient,a,b,c,kind'
    i=0
    while [ $i -lt 60 ]; do
        echo "p$((i % 15)),$((i % 3 * 40 + i * 7 % 9)),$((i * 5 % 11)),$((i % 3 * 9)),$((i % 3))"
        i=$((i + 1))
    done
} >table.csv
cat >mine.yaml <<'EOF'
task: my_task
title: A table of mine
objective: single_label
aggregate: majority
size: tiny
recipe: {epochs: 3, batch: 8}
data:
  x: {file: table.csv, columns: [a, b, c]}
  y: {file: table.csv, columns: kind}
  group: {file: table.csv, columns: patient}
split: {valid: 0.2, test: 0.2, seed: 3}
EOF
fails 2 run --task my_task --method linear --out none
says "no task 'my_task'"
ok data import-own mine.yaml
says "tiny, own, 48 samples"
says "splits are disjoint by group"
fails 2 data import-own mine.yaml
says "was imported before"
ok data import-own mine.yaml --force
fails 2 data import-own mine.yaml --size full
says "the manifest's"
ok list tasks
says "A table of mine"
ok list tasks --json
says '"my_task"'
ok describe my_task --cost
says "provenance own"
says "majority of a group"
ok data check my_task
ok plan wrn --task my_task
ok arch linear --task my_task
fails 2 data generate my_task
says "is your own dataset"
fails 2 data where my_task
fails 2 data fetch my_task
fails 2 run --task my_task --method linear --size full --out none
says "leave --size out"
ok run --task my_task --method linear --out runs/linear
says "my_task, tiny, own data"
ok run --task my_task --method random --space linear --budget 3trials --out runs/one
ok run --task my_task --method random --space linear --budget 3trials --jobs 2 --out runs2/two
[ "$(grep '"run_digest"' runs/one/result.json)" = "$(grep '"run_digest"' runs2/two/result.json)" ] ||
    die "worker processes gave another result"
ok report runs
says "my_task‡ accuracy"
says "with no published figures"
ok report runs --html page.html
grep -q "a variant of a task (‡)" page.html || die "the page does not tell own data apart"
printf 'tasks: [my_task]\nmethods: [{method: linear}]\n' >suite.yaml
ok bench suite.yaml --out bench
fails 2 run --task my_task --method linear --protocol paper --out none
says "no publication has a protocol for your own dataset"
printf 'task: ecg\n' >bad.yaml
fails 2 data import-own bad.yaml
says "bad.yaml:1: task: 'ecg' is a built-in task"
rm "$AFIELD_DATA/tiny/my_task.test.h5"
fails 1 run --task my_task --method linear --out none
says "data import-own MANIFEST --force"
printf 'task: [' >"$AFIELD_DATA/own/my_task.yaml"
ok list tasks
says "not usable: "
fails 2 run --task my_task --method linear --out none
says "own/my_task.yaml:"

# many labels, whose networks end in one value each
{
    i=0
    while [ $i -lt 40 ]; do
        echo "$((i % 2)),$((i % 3 / 2)),$((i % 5)),1,2,3"
        i=$((i + 1))
    done
} >many.csv
cat >many.yaml <<'EOF'
task: many
objective: multi_label
loss: mse
metric: mse
size: tiny
recipe: {epochs: 1}
data: {x: {file: many.csv, columns: 1-6}, y: {file: many.csv, columns: [1, 2]}}
EOF
ok data import-own many.yaml
says "output 2 x 1 x 1"
ok run --task many --method wrn --out many

# the official files of a real dataset, by the manifest that is shipped
fashion=${AFIELD_TESTDATA:-}/fashion_mnist
if [ -e "$fashion/t10k-labels-idx1-ubyte.gz" ]; then
    mkdir fashion
    cp "$fashion"/*.gz fashion
    sed 's/epochs: 15/epochs: 2/' "$cases/../../examples/fashion_mnist.yaml" >fashion/fashion_mnist.yaml
    ok data import-own fashion/fashion_mnist.yaml
    says "input 1 x 28 x 28, output 10 x 1 x 1"
    ok run --task fashion_mnist --method wrn --out real/wrn
    ok run --task fashion_mnist --method random --budget 2trials --out real/random
    ok report real
    says "fashion_mnist‡ accuracy"
    says "random / nb201"
else
    echo "  cli/own: without Fashion-MNIST; set AFIELD_TESTDATA to a directory with fashion_mnist/" >&2
fi
