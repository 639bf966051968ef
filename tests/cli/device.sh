# Where to compute: the CPU on request, contradictions, what a card is missing; suites say it too. The result names
# the kernels. --fast and tf32 mean nothing to a CPU. cuda_host stands in for a card where it is about devices.
ok run --task ecg --method linear --budget 1trials --device cpu --out r --json
says '"kernels"'
says '"reproducible": true'
fails 2 run --task ecg --method linear --device gpu
says "gpu"
fails 2 run --task ecg --method linear --device cuda --backend reference
says "contradict"
fails 2 run --task ecg --method linear --device cpu --fast
says "computes on the CPU"
fails 2 run --task ecg --method linear --device cpu --precision tf32
says "no precision 'tf32'"
fails 2 plan linear --input 3x8x8 --outputs 5 --device cpu --fast
ok plan linear --input 3x8x8 --outputs 5 --device cpu --batch 8 --seconds 0.1 --json
ok describe ecg --cost --device cpu
if ! "$AFIELD" describe backend cuda --json 2>/dev/null | grep -q '"usable": true'; then
    fails 1 run --task ecg --method linear --device cuda
    says "CUDA"
    fails 1 run --task ecg --method linear --backend cuda
    says "CUDA"
    ok describe reference --json # auto finds no card
fi
cat >cuda.yaml <<'END'
tasks: [ecg]
methods:
  - method: linear
device: cpu
fast: true
END
fails 2 bench cuda.yaml
says "computes on the CPU"
ok run --task ecg --method linear --budget 1trials --backend cuda_host --fast --out f --json
says '"fast": true'
says '"reproducible": false'
ok run --task ecg --method random --space linear --budget 4trials --workers 4 --jobs 4 --backend cuda_host --fast --out j --json
says '"fast": true'
ok run --task ecg --method linear --budget 1trials --backend cuda_host --out s --json
says '"reproducible": true'
fails 2 run --task ecg --method linear --budget 1trials --backend cuda_host --out f --resume
says "fast"
ok report f s
says "linear fast"
