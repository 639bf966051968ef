# A run in bf16: recorded, with keys of its own, refused when it is continued in another precision.
ok run --task ecg --method linear --budget 1trials --precision bf16 --out r --json
says '"precision": "bf16"'
fails 2 run --task ecg --method linear --budget 1trials --precision fp32 --out r --resume
says 'precision "bf16"'
fails 2 run --task ecg --method linear --precision fp16
says "no precision 'fp16'"
ok run --task ecg --method linear --budget 1trials --precision fp32 --out s
ok report . --csv both.csv
says "linear bf16"
says "linear fp32"
