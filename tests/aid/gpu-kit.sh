#!/bin/sh
# gpu-kit.sh [OUT]: on a GPU machine that has the CUDA toolkit, gcc, g++ and make: builds the sources
# of this kit against its own libraries, runs make test-gpu and make bench-gpu, and leaves their output,
# the figures and what the machine is in OUT (./out). Every stage has a time limit, in seconds:
# BUILD_LIMIT (900), TEST_LIMIT (1500), BENCH_LIMIT (900). JOBS: compilers at once. CUDA_ARCH: "80 90".
set -u
kit=$(cd "$(dirname "$0")" && pwd)
out=${1:-./out}
mkdir -p "$out"
out=$(cd "$out" && pwd)
p=$kit/prefix
jobs=${JOBS:-$(nproc)}

# ---- the kit's libraries; PKG_CONFIG_LIBDIR hides the system's ----
export PKG_CONFIG_LIBDIR="$p/lib/pkgconfig"
export CPPFLAGS="-isystem $p/include ${CPPFLAGS:-}"
libraries=$p/lib
export LD_LIBRARY_PATH="$p/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
if ldd "$p/lib/libdnnl.so" 2>&1 | grep -q 'not found'; then # this machine's compiler is older
    libraries=$p/lib:$p/spare
    LD_LIBRARY_PATH="$p/spare:$LD_LIBRARY_PATH"
fi
export LDFLAGS="-L$p/lib -Wl,-rpath,$libraries -Wl,-rpath-link,$libraries ${LDFLAGS:-}"
if ! command -v pkg-config >/dev/null 2>&1; then
    mkdir -p "$kit/bin"
    cat >"$kit/bin/pkg-config" <<'SHIM'
#!/bin/sh
# As much of pkg-config as our Makefile asks for: --exists, --cflags-only-I, --libs-only-L, --libs-only-l.
want=$1
shift
for n in "$@"; do
    f=$PKG_CONFIG_LIBDIR/$n.pc
    [ -e "$f" ] || exit 1
    case $want in --cflags*) key=Cflags sort=I ;; --libs-only-L) key=Libs sort=L ;; *) key=Libs sort=l ;; esac
    for flag in $(sed -n "s|^$key: *||p" "$f" | sed "s|[$]{prefix}|${PKG_CONFIG_LIBDIR%/lib/pkgconfig}|g"); do
        case $want$flag in --exists*) ;; *-$sort*) case $flag in -$sort*) printf '%s ' "$flag" ;; esac ;; esac
    done
done
SHIM
    chmod +x "$kit/bin/pkg-config"
    PATH=$kit/bin:$PATH
    export PATH
fi
[ ! -d "$kit/testdata" ] || export AFIELD_TESTDATA="$kit/testdata"
export AFIELD_DATA="$out/data"
command -v nvcc >/dev/null 2>&1 || PATH=$PATH:/usr/local/cuda/bin
export PATH

stage() { # name, limit, command: its output goes to OUT/name.log, its end to the screen
    name=$1 limit=$2
    shift 2
    started=$(date +%s)
    timeout -k 15 "$limit" "$@" >"$out/$name.log" 2>&1
    code=$?
    [ $code != 124 ] || echo "stopped after $limit seconds" >>"$out/$name.log"
    tail -n 3 "$out/$name.log"
    echo "$name: status $code, $(($(date +%s) - started)) s" | tee -a "$out/summary.txt"
    return $code
}

: >"$out/summary.txt"
{
    date -u
    uname -a
    gcc --version | head -n 1
    nvcc --version | tail -n 2
    nvidia-smi
    nvidia-smi -q
    ldd --version | head -n 1
} >"$out/machine.txt" 2>&1
cd "$kit/src" || exit 1
status=0
stage build "${BUILD_LIMIT:-900}" make -j"$jobs" JOBS="$jobs" ${CUDA_ARCH:+CUDA_ARCH="$CUDA_ARCH"} all || exit 1
stage describe 120 ./afield describe backend cuda
stage test-gpu "${TEST_LIMIT:-1500}" make JOBS="$jobs" ${CUDA_ARCH:+CUDA_ARCH="$CUDA_ARCH"} test-gpu || status=1
stage bench-gpu "${BENCH_LIMIT:-900}" make JOBS="$jobs" ${CUDA_ARCH:+CUDA_ARCH="$CUDA_ARCH"} bench-gpu || status=1
cp tests/bench/*.csv "$out/" 2>/dev/null
rm -rf "$out/data"
exit $status
