# Plugins: built against the installed headers alone, checked when they are loaded.
root=$(cd "$cases/../.." && pwd)
command -v pkg-config >/dev/null || { echo "  cli/plugin: skipped, no pkg-config" >&2 && return; }
make -C "$root" install PREFIX="$PWD/installed" >"$out" 2>"$err" || die "make install failed"
flags=$(PKG_CONFIG_PATH=$PWD/installed/lib/pkgconfig pkg-config --cflags afield) || die "no afield.pc"
case $flags in *"$PWD/installed/include"*) ;; *) die "pkg-config says '$flags'" ;; esac

# every installed header compiles alone
(cd installed/include/afield && find . -name '*.h') >headers
[ "$(wc -l <headers)" -gt 40 ] || die "few headers are installed"
while read -r header; do
    echo "#include \"$header\"" >one.c
    # shellcheck disable=SC2086
    ${CC:-cc} -Wall -Wextra -Werror $flags -fsyntax-only one.c 2>"$err" || die "$header does not compile alone"
done <headers

# make SOURCE.c into NAME.so
build() {
    # shellcheck disable=SC2086
    ${CC:-cc} -shared -fPIC -Wall -Wextra -Werror ${3-} $flags "$1" -o "$2" 2>"$err" || die "cannot build $1"
}
build "$root/examples/plugin.c" mine.so
set -- run --task ecg --space linear --budget 3trials
ok "$@" --method ./mine.so --out a
says "one_plus_one on linear"
says "runs foreign code"
ok "$@" --method ./mine.so --set restart=20 --out b --json
says '"plugin_sha256": "'
says '"restart": "20"'
says '"sealed": false'
digest() { sed -n 's/.*"run_digest": "\(.*\)".*/\1/p' "$1/result.json"; }
[ "$(digest a)" = "$(digest b)" ] || die "$last: the same plugin gave another result"
rm b/result.json
ok "$@" --method ./mine.so --out b --resume
[ "$(digest a)" = "$(digest b)" ] || die "$last: a resumed run ended differently"
ok "$@" --method ./mine.so --resume
[ -s runs/ecg-tiny-mine-linear-3trials-s0/result.json ] || die "$last: not in its default directory"
fails 2 "$@" --method ./mine.so --set restrat=3 --out c
says "unknown option restrat; did you mean restart?"
sed 's/failures == c->o.restart/failures >= c->o.restart/; s/(1+1) evolution/another/' "$root/examples/plugin.c" >changed.c
build changed.c mine.so
fails 2 "$@" --method ./mine.so --out b --resume
says "searcher_options.plugin_sha256"

# what is no plugin
fails 2 "$@" --method mine.so --out c
says "./mine.so"
fails 1 "$@" --method ./none.so --out c
says "none.so"
echo 'int main;' >text.so
fails 1 "$@" --method ./text.so --out c
says "./text.so: no shared object"
size=$(wc -c <mine.so)
for part in 4 64 1000 $((size / 2)) $((size * 3 / 4)); do
    head -c "$part" mine.so >cut.so
    fails 1 "$@" --method ./cut.so --out c
done
# SED TEXT: the example with a mistake is refused with the text
try() {
    sed "$1" "$root/examples/plugin.c" >wrong.c
    cmp -s wrong.c "$root/examples/plugin.c" && die "'$1' changes nothing"
    rm -f wrong.so
    build wrong.c wrong.so "-Wno-error -Wno-unused-function"
    fails 1 run --task ecg --space linear --budget 3trials --method ./wrong.so --out c
    says "./wrong.so"
    says "$2"
}
try '/^AF_PLUGIN/d' "exports no searcher"
try 's/^AF_PLUGIN.*/extern const int af_plugin_searcher; const int af_plugin_searcher = 3;/' "exports no searcher"
try 's/^AF_PLUGIN.*/int af_plugin_searcher(void); int af_plugin_searcher(void) { return 0; }/' "exports no searcher"
try 's/^AF_PLUGIN.*/extern const char af_plugin_searcher[400]; const char af_plugin_searcher[400] = "x";/' "not made by AF_PLUGIN"
try 's/"one_plus_one"/"random"/' "is a method of Afield's own"
try 's/"one_plus_one"/"One plus one"/' "want 1 to 40 of a-z, 0-9 and _"
try 's/\.ask = ask,//' "want open, ask, tell and close"
try 's/\.cite = /.cite = 0 ? "" : (void *)0 ? /; s/^\( *"Theoretical.*\),$/\1 : 0,/' "name, title, summary and cite"
try 's/"20", 1, 1e6/"0", 1, 1e6/' "option 'restart' has a default out of range"
try 's/offsetof(options, restart)/4096/' "option 'restart' has an offset outside"
try 's/    {0},$/    {"again", AF_OPT_CHOICE, 0, "a", 0, 0, "help", NULL, NULL}, {0},/' "choices where none belong"
try 's/return AF_OK;/return af_no_such_function();/; s/^typedef struct options {/extern int af_no_such_function(void);\n&/' "undefined symbol"

# built against another version
cp -r installed/include other
sed -i 's/AF_VERSION "[^"]*"/AF_VERSION "0.0.9"/' other/afield/core/base/version.h
flags=$(echo "$flags" | sed "s|$PWD/installed/include|$PWD/other|")
build "$root/examples/plugin.c" old.so
fails 1 run --task ecg --method ./old.so --out c
says "was built against other headers, of Afield 0.0.9"
