# A shorter training than the task's recipe: it is in the result, never beside the whole one in a
# row, the same with workers, and no other number of epochs continues it.
ok run --task ecg --method linear --epochs 2 --out short --json
says '"epochs": 2'
ok run --task ecg --method linear --out whole --json
says '"epochs": null'
fails 2 run --task ecg --method linear --epochs 3 --out short --resume
says 'this run was started with epochs 2, now 3'
fails 2 run --task ecg --method linear --epochs -1 --out none
ok report short whole
says 'linear epochs=2'

ok run --task ecg --method random --space linear --budget 6trials --epochs 10 --out one
ok run --task ecg --method random --space linear --budget 6trials --epochs 10 --jobs 2 --out two
grep -o '"run_digest":[^,]*' one/result.json >one.digest
grep -o '"run_digest":[^,]*' two/result.json >two.digest
[ -s one.digest ] && cmp one.digest two.digest || die "--jobs changes a run of --epochs"
