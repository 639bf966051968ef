#!/bin/sh
# pack-gpu-kit.sh FILE.tar.gz "PKG-CONFIG NAMES": packs what a bare GPU machine needs, one that has the CUDA
# toolkit, gcc, g++ and make, but neither network nor our libraries. In it: src/ (what git lists),
# prefix/ (headers and libraries of this system, flat, with .pc files that find themselves), testdata/
# (from AFIELD_TESTDATA, if set), gpu-kit.sh, which builds and runs there.
set -eu
out=$1 names=$2
LIMIT_MB=60
work=$(mktemp -d "${TMPDIR:-/tmp}/afield-kit-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
kit=$work/afield-gpu-kit
prefix=$kit/prefix
mkdir -p "$kit/src" "$prefix/include" "$prefix/lib/pkgconfig" "$prefix/spare"

# ---- sources ----
git ls-files -z | tar --null -T - -cf - | tar -C "$kit/src" -xf -
cp tests/aid/gpu-kit.sh "$kit/"

# ---- headers: those that ours include, and all that these include ----
# `gcc -M` of every source names them; system headers of the C library and the compiler stay behind.
c_library=$(dpkg -L libc6-dev linux-libc-dev libcrypt-dev 2>/dev/null | sort -u)
flags=$(pkg-config --cflags $names | tr ' ' '\n' | sed -n 's/^-I/-isystem /p' | tr '\n' ' ')
for f in $(git ls-files '*.c' '*.h'); do
    # shellcheck disable=SC2086
    gcc -std=c11 -D_GNU_SOURCE -I. -include stdarg.h -include stddef.h -include stdint.h -include setjmp.h $flags -M -MG "$f" 2>/dev/null || true
done | tr ' \\' '\n\n' | grep '^/usr/include/' | sort -u >"$work/headers"
echo "$c_library" | grep '^/usr/include/' | sort >"$work/libc-headers"
for h in $(comm -23 "$work/headers" "$work/libc-headers"); do
    case $h in */c++/*) continue ;; esac
    to=$(echo "$h" | sed 's|^/usr/include/||; s|^x86_64-linux-gnu/||; s|^aarch64-linux-gnu/||; s|^hdf5/serial/||')
    mkdir -p "$prefix/include/$(dirname "$to")"
    cp -L "$h" "$prefix/include/$to"
done

# ---- libraries: what ours link with, under that name; what these need, under theirs ----
directories=$(pkg-config --libs-only-L $names | tr ' ' '\n' | sed -n 's/^-L//p')
for l in $(pkg-config --libs-only-l $names) -ldnnl; do
    file=lib${l#-l}.so
    path=$(gcc -print-file-name="$file")
    for d in $directories; do [ ! -e "$d/$file" ] || path=$d/$file; done
    [ "$path" != "$file" ] || { echo "pack-gpu-kit.sh: no $file on this system; run  make deps" >&2; exit 1; }
    path=$(readlink -f "$path")
    soname=$(readelf -d "$path" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')
    cp -L "$path" "$prefix/lib/$soname"
    [ "$soname" = "$file" ] || ln -sf "$soname" "$prefix/lib/$file"
    ldd "$path" | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p'
done >"$work/needed"
sort -u "$work/needed" >"$work/sorted"
while read -r path; do
    case $(basename "$path") in
    libc.so* | libm.so* | libdl.so* | libpthread.so* | librt.so* | libresolv.so* | libmvec.so* | ld-linux*) ;;
    libstdc++.so* | libgomp.so* | libgcc_s.so*) cp -L "$path" "$prefix/spare/" ;; # the compiler's, where older
    *) cp -L "$path" "$prefix/lib/" ;;
    esac
done <"$work/sorted"
for n in $names; do
    cat >"$prefix/lib/pkgconfig/$n.pc" <<PC
prefix=\${pcfiledir}/../..
Name: $n
Description: $n as packed in this kit
Version: $(pkg-config --modversion "$n")
Cflags: -I\${prefix}/include
Libs: -L\${prefix}/lib $(pkg-config --libs-only-l "$n")
PC
done

# ---- data ----
if [ -n "${AFIELD_TESTDATA:-}" ]; then
    for d in darcy cifar10 ecg/cinc2017_validation; do
        [ -d "$AFIELD_TESTDATA/$d" ] || continue
        mkdir -p "$kit/testdata/$d"
        cp -rL "$AFIELD_TESTDATA/$d/." "$kit/testdata/$d/"
    done
    chmod -R u+w "$kit/testdata"
fi

mkdir -p "$(dirname "$out")"
tar -C "$work" -czf "$out" afield-gpu-kit
size=$(($(wc -c <"$out") / 1000000))
echo "$out: $size MB; on the GPU machine: tar xzf $(basename "$out") && sh afield-gpu-kit/gpu-kit.sh"
[ "$size" -le $LIMIT_MB ] || { echo "pack-gpu-kit.sh: larger than $LIMIT_MB MB; unset AFIELD_TESTDATA" >&2; exit 1; }
