# Everything that exists, for people and for scripts.
ok list
for name in darcy ecg satellite ninapro spherical nb201 random regularized_evolution local_search successive_halving asha hyperband best_of darts wrn linear f1_macro relative_l2 conv reference; do
    says "$name"
done
ok list tasks
says "darcy"
ok list --json
says '"searchers"'
if command -v python3 >/dev/null; then
    python3 -m json.tool "$out" >/dev/null || die "$last: not valid JSON"
fi
