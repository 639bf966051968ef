# Methods from outside: other programs, another program's evaluator, plugins.
root=$(cd "$cases/../.." && pwd)
examples=$root/examples
proposals() { sed -n 's/.*"record":"propose".*"text":"\([^"]*\)".*/\1/p' "$1/journal.jsonl"; }
digest() { sed -n 's/.*"proposal_digest": "\(.*\)".*/\1/p' "$1/result.json"; }
same_proposals() {
    [ "$(proposals "$1")" = "$(proposals "$2")" ] || die "$last: other proposals than $2"
    [ "$(digest "$1")" = "$(digest "$2")" ] || die "$last: another digest of the proposals than $2"
}
set -- --task ecg --space linear --budget 3trials
ok run "$@" --method random --out random --json
says '"sealed": true'

# a program that answers with its first sample is random search
ok run "$@" --method exec:"sh $examples/random_search.sh" --out shell
says "unsealed"
says "runs foreign code"
same_proposals shell random
ok run "$@" --method exec --set command="sh $examples/random_search.sh" --out option --json
says '"sealed": false'
same_proposals option random
ok run "$@" --method exec:"sh $examples/random_search.sh" --resume
ls runs | grep -q '^ecg-tiny-exec-[0-9a-f]*-linear-3trials-s0$' || die "$last: not in its default directory"
if command -v python3 >/dev/null; then
    for jobs in 1 2; do
        ok run "$@" --method exec:"python3 '$examples/random_search.py'" --jobs $jobs --out python$jobs
        same_proposals python$jobs random
    done
    # commas and quotes belong to the command
    ok run "$@" --method exec:"A='1, 2'; python3 \"$examples/hill_climb.py\" 2>log; echo \"\$A\" >>log" --out climb
    grep -q '^trial 0: error ' log || die "$last: it learned nothing"
    grep -q '^1, 2$' log || die "$last: its command was cut"
else
    echo "  cli/method: skipped what needs python3" >&2
fi

# one that draws by itself is told its history: what was proposed stays, however often it is killed
cat >own.sh <<'SH'
read -r hello
echo "$hello" >>hellos
while read -r line; do
    case $line in '{"type":"ask"'*)
        n=${line##*:} n=${n%\}}
        [ "$n" != 2 ] || [ ! -e hang ] || { : >hanging; exec sleep 1000; }
        lr=0.0$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')1
        echo '{"type":"trial","config":{"lr":'$lr'}}'
    esac
done
SH
for signal in INT TERM KILL; do
    rm -rf own hellos hanging
    : >hang
    last="afield run exec:'sh own.sh', $signal"
    "$AFIELD" run "$@" --method exec:'sh own.sh' --workers 2 --out own >"$out" 2>"$err" &
    pid=$!
    tries=0
    while [ ! -e hanging ] && [ $((tries += 1)) -lt 600 ]; do sleep 0.1; done
    kill -$signal $pid
    code=0
    { wait $pid || code=$?; } 2>/dev/null
    if [ $signal = KILL ]; then
        [ $code = 137 ] || die "$last: exit code $code, want 137"
    else
        [ $code = 3 ] || die "$last: exit code $code, want 3"
        says "stopped by a signal"
        says "--resume continues"
    fi
    rm hang
    before=$(proposals own)
    [ "$(echo "$before" | wc -l)" = 2 ] || die "$last: want two proposals in the journal"
    ok run "$@" --method exec:'sh own.sh' --workers 2 --out own --resume
    [ "$(proposals own | head -n 2)" = "$before" ] || die "$last: proposals of the journal were lost"
    [ "$(wc -l <hellos)" = 2 ] || die "$last: started more than twice"
    tail -n 1 hellos | grep -q '"history":\[{"type":"trial","number":0,.*"type":"trial","number":1,' ||
        die "$last: it was not told its history"
done

# programs that do not know what to say
fails 1 run "$@" --method exec:'echo hello; sleep 1000' --out talker
says "line 1 of its output: \"hello\" is no JSON"
fails 1 run "$@" --method exec:'exit 3' --out gone
says "(exit code 3)"
fails 1 run "$@" --method exec:'sleep 1000' --set timeout=0.3 --out mute
says "within 0.3 s"
fails 1 run "$@" --method exec:'sleep 1000' --set timeout=0.4 --out mute --resume
says "within 0.4 s"
fails 2 run "$@" --method exec:'sleep 999' --out mute --resume
says "searcher_options.command"
fails 2 run "$@" --method exec --out none
says "--method exec:'COMMAND'"
fails 2 run "$@" --method exec:"$(printf 'a\nb')" --out none
says "command: want text in UTF-8 and in one line"
fails 2 run "$@" --method "$(printf 'exec:\377')" --out none
says "command: want text in UTF-8 and in one line"

# the other way round: lines written ahead, nothing else on standard output, a result at the end
serve() {
    last="afield serve $*"
    code=0
    "$AFIELD" serve "$@" <input >"$out" 2>"$err" || code=$?
}
printf '%s\n' '{"type":"trial","config":{"lr":0.1}}' '{"type":"trial","config":"lr=0.05"}' >input
serve --task ecg --space linear --budget 10trials --out served
[ $code = 0 ] || die "$last: exit code $code"
[ "$(grep -c '^{"type":"tell","number":[01],"config":{"lr":0' "$out")" = 2 ] || die "$last: want two tells"
[ "$(tail -n 1 "$out" | cut -c 1-26)" = '{"type":"result","result":' ] || die "$last: want a result at the end"
grep -v '^{"type":"' "$out" && die "$last: something else on standard output"
serve --task ecg --space linear --budget 10trials --out served --resume
tail -n 1 "$out" | grep -q '"sealed":false' || die "$last: no result"
echo '{"type":"trial","config":{"lr":7}}' >input
serve --task ecg --space linear --out wrong
[ $code = 1 ] || die "$last: exit code $code, want 1"
says "error: standard input: line 1: trial: linear: 'lr' is 7, want 0.0001 to 0.1"
tail -n 1 "$out" | grep -q '^{"type":"error","message":"standard input: ' || die "$last: the driver was told no error"
serve --task ecgg
[ $code = 2 ] || die "$last: exit code $code, want 2"
ok serve --help
says "docs/protocol.md"
if command -v python3 >/dev/null; then
    last="examples/drive.py"
    python3 "$examples/drive.py" "$AFIELD" serve --task ecg --budget 2trials --out driven >"$out" 2>"$err" ||
        die "$last failed"
    says "test score: "
    [ "$(proposals driven | wc -l)" = 2 ] || die "$last: want two trials"
fi

# in a suite
cat >suite.yaml <<YAML
tasks: [ecg]
methods:
  - method: "exec:sh '$examples/random_search.sh'"
    space: linear
  - method: random
    space: linear
budget: 2trials
YAML
ok bench suite.yaml --out suite
says "exec / linear"
[ "$(ls -d suite/ecg-exec-*-linear-s0)" ] || die "$last: not in its directory"

# a trial that continues another is charged for the rest
printf '%s\n' '{"type":"trial","config":{"lr":0.1},"epochs":2,"schedule":"prefix"}' \
    '{"type":"trial","config":{"lr":0.1},"epochs":5,"from":0}' >input
serve --task ecg --space linear --budget 10trials --out continued
[ $code = 0 ] || die "$last: exit code $code"
says '"epochs":5,"error":'
says '"spent":{"epochs":3.0,'
cp input again && cat again >>input
serve --task ecg --space linear --budget 10trials --out twice
[ $code = 1 ] || die "$last: exit code $code, want 1: a trial is continued once"
says "trial 3"
