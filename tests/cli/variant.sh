# Data in a task's layout that are another dataset: a task of another name, in every command.
image() { # label, byte
    printf "\\$(printf %03o "$1")"
    head -c 3072 /dev/zero | tr '\0' "\\$(printf %03o "$2")"
}
i=0
while [ $i -lt 40 ]; do
    image $((i % 10)) $((i * 6)) >&3
    [ $((i % 4)) != 0 ] || image $((i % 10)) $((250 - i)) >&4
    i=$((i + 1))
done 3>data_batch_1.bin 4>test_batch.bin
mkdir hundred
i=0
while [ $i -lt 12 ]; do
    printf '\001' >&3
    image $((i % 3)) $i >&3
    i=$((i + 1))
done 3>hundred/train.bin
cp hundred/train.bin hundred/test.bin
ok data import cifar100 hundred --size tiny
before=$(cksum <"$AFIELD_DATA/tiny/cifar100.h5")
fails 2 run --task cifar10 --method linear --out none
ok data import cifar100 . --size tiny
says "CIFAR-10, 10 classes: not the task cifar100; imported as the task cifar10"
says "tiny, own, 40 samples"
says "output 10 x 1 x 1"
[ "$before" = "$(cksum <"$AFIELD_DATA/tiny/cifar100.h5")" ] || die "the parent's data were touched"
fails 2 data import cifar100 . --size tiny
says "'cifar10' was imported before"
ok data import cifar100 . --size tiny --force
ok list tasks --json
says '"cifar10"'
ok describe cifar10
says "variant_of  cifar100"
says "Not the task cifar100"
says "provenance own"
says "airplane"
ok data check cifar10
# the name is taken by data of the user's own
sed 's/"variant_of": *"cifar100"/"variant_of": "ecg"/' "$AFIELD_DATA/own/cifar10.yaml" >taken.yaml
grep -q '"ecg"' taken.yaml || die "the manifest does not name its parent so"
cp "$AFIELD_DATA/own/cifar10.yaml" kept.yaml
cp taken.yaml "$AFIELD_DATA/own/cifar10.yaml"
fails 2 data import cifar100 . --size tiny --force
says "'cifar10' is a variant of ecg, which a variant of cifar100 would replace"
printf 'a,b\n%s' "$(seq 40 | sed 's/$/,0/; 1~2s/0$/1/')" >two.csv
cat >two.yaml <<'END'
task: cifar10
objective: single_label
size: tiny
data: {x: {file: two.csv, columns: [a], header: true}, y: {file: two.csv, columns: b, header: true}}
split: {valid: 0.2, test: 0.2, seed: 1}
END
ok data import-own two.yaml --force
mine=$(cksum <"$AFIELD_DATA/tiny/cifar10.h5")
fails 2 data import cifar100 . --size tiny --force
says "'cifar10' is data of your own"
says "import it under another name"
fails 2 data import cifar100 . --size tiny
says "'cifar10' is data of your own"
[ "$mine" = "$(cksum <"$AFIELD_DATA/tiny/cifar10.h5")" ] || die "the user's own data were touched"
cmp two.yaml "$AFIELD_DATA/own/cifar10.yaml" || die "the user's manifest was touched"
rm "$AFIELD_DATA/own/cifar10.yaml"
ok data import cifar100 . --size tiny --force
cmp kept.yaml "$AFIELD_DATA/own/cifar10.yaml" || die "not the same variant as before"
ok plan linear --task cifar10
ok data export cifar10 --to arrays
[ -s arrays/clean/train_x.npy ] && [ ! -e arrays/paper ] || die "not the clean arrays alone"
fails 2 data import cifar10 .
says "afield data import cifar100 PATH --size tiny"
fails 2 data generate cifar10
fails 2 data where cifar10
says "afield data where cifar100"
fails 2 data fetch cifar10
fails 2 data import-own "$AFIELD_DATA/own/cifar10.yaml" --force
says "names no data"
fails 2 run --task cifar10 --method linear --protocol paper --out none
fails 2 run --task cifar10 --method linear --size full --out none
ok run --task cifar10 --method linear --out runs/one
ok run --task cifar10 --method random --space linear --budget 3trials --out runs/two
ok run --task cifar10 --method random --space linear --budget 3trials --jobs 2 --out other/two
[ "$(grep '"run_digest"' runs/two/result.json)" = "$(grep '"run_digest"' other/two/result.json)" ] ||
    die "worker processes gave another result"
# beside its parent: two tasks, two marks, no published figures
ok data generate cifar100 --force
ok run --task cifar100 --method linear --out runs/parent
ok report runs
says "cifar10‡ accuracy"
says "cifar100* accuracy"
ok report runs --html page.html
grep -q "a variant of a task (‡)" page.html || die "the page does not tell variants apart"
rm "$AFIELD_DATA/tiny/cifar10.h5"
fails 1 run --task cifar10 --method linear --out none
says "afield data import cifar100 PATH --size tiny --force"
ok data import cifar100 . --size small --force
says "small, own"
ok data check cifar10
