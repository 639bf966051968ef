# Datasets: made, checked, missing, cut short.
fails 1 data check ecg
says "afield data generate ecg --size tiny"
ok data generate ecg
says "generated"
says "splits are disjoint by group"
says "input 1 x 1 x 250, output 4 x 1 x 1"
cp "$AFIELD_DATA/tiny/ecg.test.h5" first.test.h5
ok data check ecg --json
says '"sha256"'
before=$(cksum <"$AFIELD_DATA/tiny/ecg.h5")
ok data generate ecg
[ "$before" = "$(cksum <"$AFIELD_DATA/tiny/ecg.h5")" ] || die "$last: the same seed gave another file"
ok data generate ecg --seed 1
[ "$before" != "$(cksum <"$AFIELD_DATA/tiny/ecg.h5")" ] || die "$last: another seed gave the same file"
fails 2 data generate ecg --seed 9300000000000000000
cp "$AFIELD_DATA/tiny/ecg.test.h5" second.test.h5
cp first.test.h5 "$AFIELD_DATA/tiny/ecg.test.h5"
fails 1 data check ecg
says "ecg.test.h5: does not belong to"
says "afield data generate ecg --size tiny"
fails 1 run --task ecg --method linear --out mixed
says "ecg.test.h5: does not belong to"
cp second.test.h5 "$AFIELD_DATA/tiny/ecg.test.h5"
ok data check ecg
dd if="$AFIELD_DATA/tiny/ecg.h5" of=cut.h5 bs=1000 count=20 2>/dev/null
cp cut.h5 "$AFIELD_DATA/tiny/ecg.h5"
fails 1 data check ecg
says "tiny/ecg.h5"
says "afield data generate ecg --size tiny"
fails 1 run --task ecg --method linear --out one
says "tiny/ecg.h5"
fails 1 run --task ecg --method linear --size full --out one
says "afield data import ecg PATH --size full"
fails 1 data import ecg nowhere
says "nowhere"

# where raw files are, and arrays for other programs
for task in $("$AFIELD" list tasks --json | sed -n 's/.*"name": "\([a-z0-9_]*\)".*/\1/p'); do
    ok data where "$task"
    says "afield data import $task PATH"
    ok data where "$task" --json
    says '"sources"'
done
ok data where darcy
says "sha256: not known"
fails 2 data fetch ecg --from ftp://example.org/x
says "begins with https://"
fails 2 data fetch ecg --sha256 abc
says "name it with --from URL"
fails 1 data fetch darcy
says "afield data where darcy"
fails 2 data export ecg
says "--to DIR is missing"
ok data generate ecg
ok data export ecg --to arrays
says "arrays/dataset.json"
[ -s arrays/clean/train_x.npy ] && [ -s arrays/clean/test_x.npy ] || die "no arrays"
ok data export ecg --to arrays --format hdf5
[ -s arrays/clean.h5 ] && [ -s arrays/clean.test.h5 ] || die "no HDF5 files"
fails 2 data exprot ecg
says "did you mean 'export'?"
