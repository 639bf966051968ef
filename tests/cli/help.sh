# Help for every command, on standard output; usage errors are 2.
ok help
says "Exit codes: 0 ok, 1 failed, 2 usage, 3 stopped by a signal."
ok --version
says "afield 0."
for command in list describe data arch run serve bench report; do
    ok "$command" --help
    says "usage: afield $command"
    ok help "$command"
    says "usage: afield $command"
done
ok run --help
says "--budget"
says "600s or 1e15flop"
call
[ "$code" = 2 ] || die "without a command: exit code $code, want 2"
silent
