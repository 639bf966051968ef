/* Searches that share weights, on twelve samples and a space of two small edges: every such
 * searcher resumes from any instant, in any state of its files, to the digests of an undisturbed
 * run; lengths follow from budgets; evaluating and saving leave no trace; what breaks the rules is
 * named. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/registry.h"
#include "core/search/supernet_inside.h"
#include "tests/aid/toy.h"
#include "tests/aid/work.h"

#define EACH_SHARING(s)                                                                            \
    for (const af_searcher *const *s##_at = af_builtin.searcher, *s; (s = *s##_at) != NULL;        \
         s##_at++)                                                                                 \
        if (s->search)

/* ---- a small space, a small task ---- */

static const char *const ops[] = {"none", "skip", "conv", NULL};
static const af_knob knobs[] = {{"a", AF_CATEGORICAL, ops, 0, 0, 1},
                                {"depth", AF_INTEGER, NULL, 1, 3, 1},
                                {"b", AF_CATEGORICAL, ops, 0, 0, 2}};

static void supernet(const af_io *io, af_graph *g)
{
    af_id x = af_conv(g, af_input(g, io->input), af_conv_attrs_2d(4, 1, 1, 1, 1));
    for (int edge = 0; edge < 2; edge++) {
        af_id y = af_conv(g, af_relu(g, x), af_conv_attrs_2d(4, 1, 3, 1, 1));
        x = af_add(
            g, (af_id[]){x, af_mix(g, (af_id[]){x, af_batch_norm_plain(g, y)}, 2, 3 * edge + 1)},
            2);
    }
    x = af_batch_norm(g, x);
    af_output(g, af_linear(g, af_global_pool(g, x), io->output.c, true));
}
static const af_space space = {.name = "small", .knobs = knobs, .count = 3, .supernet = supernet};

static af_task task;
static af_dataset *data;
static af_workbench bench;

static int make(void **state)
{
    if (work_make(state)) return -1;
    task = toy_labels;
    task.aggregate = AF_PER_SAMPLE;
    task.loss = "cross_entropy";
    task.metric = "accuracy";
    toy_write(&task, AF_MAIN);
    assert_ok(af_dataset_open(&data, work_dir, &task, AF_MAIN));
    bench = (af_workbench){.task = &task,
                           .metric = af_find_metric("accuracy"),
                           .data = data,
                           .protocol = AF_CLEAN,
                           .space = &space,
                           .backend = af_find_backend("reference"),
                           .io = af_dataset_io(data),
                           .threads = 1};
    return 0;
}

static int clean(void **state)
{
    af_dataset_close(data);
    return work_remove(state);
}

/* ---- a search ---- */

enum { X_FLOPS = 100000 };

typedef struct setup {
    const af_searcher *searcher;
    const char *budget;
    uint64_t seed;
    double checkpoint_seconds; /* 0: a checkpoint before every step */
    int batch;                 /* 0: 1, which makes 3 steps an epoch */
    int stop_after;            /* an epoch after which this process gets `signal` */
    int signal;
    bool fast; /* says the header */
    af_ledger ledger;
} setup;

static af_status at_epoch(void *payload, int epoch, int epochs, double loss, const af_ledger *l)
{
    const setup *u = payload;
    assert_true(epoch < epochs && isfinite(loss) && l->search.flops > 0);
    if (u->signal && epoch == u->stop_after) raise(u->signal);
    return AF_OK;
}

static af_status go(af_found *found, setup *u)
{
    char checkpoint[AF_PATH_MAX], journal[AF_PATH_MAX];
    assert_ok(af_path_join(checkpoint, work_dir, "supernet.bin"));
    assert_ok(af_path_join(journal, work_dir, "journal"));
    bench.seed = u->seed;
    u->ledger = (af_ledger){.x_flops = X_FLOPS};
    assert_ok(af_budget_parse(&u->ledger.budget, u->budget));
    void *options = af_calloc(1, u->searcher->options_size + 1);
    if (!options) return AF_ENOMEM;
    if (u->searcher->options) {
        char text[16];
        snprintf(text, sizeof text, "%d", u->batch ? u->batch : 1);
        af_options_default(u->searcher->options, options);
        if (af_options_find(u->searcher->options, "batch", 5))
            assert_ok(af_options_set(u->searcher->options, options, "batch", text));
    }
    json_t *header = json_pack("{ss}", "method", u->searcher->name);
    if (u->fast) json_object_set_new(header, "fast", json_true());
    const af_share share = {.searcher = u->searcher,
                            .options = options,
                            .context = {.space = &space, .seed = u->seed, .workers = 1},
                            .bench = &bench,
                            .ledger = &u->ledger,
                            .journal = journal,
                            .checkpoint = checkpoint,
                            .checkpoint_seconds = u->checkpoint_seconds,
                            .header = header,
                            .resume = true,
                            .on_epoch = at_epoch,
                            .payload = u};
    af_status st = af_share_run(found, &share);
    json_decref(header);
    af_free(options);
    return st;
}

static void forget(void)
{
    af_file_remove(work_at("supernet.bin"));
    af_file_remove(work_at("journal"));
}

static void assert_same(const af_found *a, const af_found *b)
{
    assert_string_equal(a->proposal_digest, b->proposal_digest);
    assert_string_equal(a->outcome_digest, b->outcome_digest);
    assert_string_equal(a->outcome.digest, b->outcome.digest);
    assert_memory_equal(&a->best.proposal.config, &b->best.proposal.config, sizeof(af_config));
}

static af_found fresh(const af_searcher *s, const char *budget, uint64_t seed)
{
    af_found found;
    setup u = {.searcher = s, .budget = budget, .seed = seed, .checkpoint_seconds = 1e9};
    forget();
    assert_ok(go(&found, &u));
    assert_ok(af_space_check(&space, &found.best.proposal.config));
    return found;
}

/* ---- every searcher that shares weights ---- */

static void every_one_follows_its_seed(void **state)
{
    (void)state;
    int n = 0;
    EACH_SHARING(s)
    {
        af_found a = fresh(s, "4epochs", 1), b = fresh(s, "4epochs", 1), c = fresh(s, "4epochs", 2);
        assert_same(&a, &b);
        assert_string_not_equal(a.proposal_digest, c.proposal_digest);
        assert_string_not_equal(a.outcome_digest, c.outcome_digest);
        assert_true(a.shared && a.any && a.trials == 0 && strlen(a.outcome.digest) == 64);
        n++;
    }
    assert_true(n >= 1);
}

/* A child runs the search and dies or stops; the status is what it ended with. */
static int in_child(setup *u)
{
    pid_t child = fork();
    int status;
    assert_true(child >= 0);
    if (child == 0) {
        af_found found;
        af_catch_signals();
        _exit(-go(&found, u));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? -WEXITSTATUS(status) : AF_EINTERNAL;
}

static void every_one_survives_kills_and_signals(void **state)
{
    (void)state;
    EACH_SHARING(s)
    for (int every_step = 0; every_step < 2; every_step++) {
        const int signals[] = {SIGKILL, SIGTERM, SIGINT};
        af_found want = fresh(s, "5epochs", 3), found;
        for (size_t k = 0; k < LENGTH(signals); k++) {
            forget();
            setup u = {.searcher = s, .budget = "5epochs", .seed = 3, .signal = signals[k]};
            u.checkpoint_seconds = every_step ? 0 : 1e9;
            for (u.stop_after = 0; u.stop_after < 4; u.stop_after++) /* dies in the same run */
                assert_int_equal(in_child(&u),
                                 signals[k] == SIGKILL ? AF_EINTERNAL : AF_EINTERRUPTED);
            assert_true(af_file_exists(work_at("supernet.bin")) ==
                        (every_step || signals[k] != SIGKILL));
            u.signal = 0;
            assert_ok(go(&found, &u));
            assert_same(&found, &want);
            assert_ok(go(&found, &u)); /* a finished one stays */
            assert_same(&found, &want);
        }
    }
}

/* At instants that nobody chose, with a checkpoint for each step. */
static void every_one_survives_any_instant(void **state)
{
    (void)state;
    EACH_SHARING(s)
    {
        af_found want = fresh(s, "40epochs", 3), found;
        forget();
        setup u = {.searcher = s, .budget = "40epochs", .seed = 3};
        int killed = 0;
        for (int i = 0; i < 25; i++) {
            pid_t child = fork();
            int status;
            if (child == 0) _exit(-go(&found, &u));
            usleep((useconds_t)(2000 + 1300 * i));
            kill(child, SIGKILL);
            assert_int_equal(waitpid(child, &status, 0), child);
            killed += !WIFEXITED(status);
            if (WIFEXITED(status)) assert_int_equal(WEXITSTATUS(status), 0);
        }
        print_message("  %s: killed %d times\n", s->name, killed);
        assert_true(killed >= 3);
        assert_ok(go(&found, &u));
        assert_same(&found, &want);
    }
}

static void every_one_reports_short_memory(void **state)
{
    (void)state;
    EACH_SHARING(s)
    {
        af_found want = fresh(s, "2epochs", 1), found;
        setup u = {.searcher = s, .budget = "2epochs", .seed = 1, .checkpoint_seconds = 1e9};
        unsigned long k = 1;
        for (;; k++) {
            forget();
            af_alloc_fail_at(k);
            af_status st = go(&found, &u);
            af_alloc_fail_at(0);
            if (st == AF_OK) break;
            assert_int_equal(st, AF_ENOMEM);
        }
        assert_true(k > 20);
        assert_same(&found, &want);
    }
}

/* ---- journals and checkpoints ---- */

/* Without waiting for the disk. */
static void put_journal(const char *text, size_t size)
{
    FILE *f = fopen(work_at("journal"), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

static void damaged_journals_are_refused(void **state)
{
    (void)state;
    EACH_SHARING(s)
    {
        af_found want = fresh(s, "3epochs", 1), found;
        setup u = {.searcher = s, .budget = "3epochs", .seed = 1, .checkpoint_seconds = 1e9};
        char *text;
        size_t size;
        assert_ok(af_file_read(&text, &size, work_at("journal"), 1 << 20));
        assert_true(size > 1000);
        for (size_t n = 0; n < size - 1; n++) {
            text[n] ^= 1;
            put_journal(text, size);
            text[n] ^= 1;
            assert_int_equal(go(&found, &u), AF_EFORMAT);
            assert_says("journal:");
        }
        for (size_t n = 0; n < size; n += 61) {
            put_journal(text, n);
            assert_ok(go(&found, &u));
            assert_same(&found, &want);
        }
        af_free(text);
    }
}

/* Cuts the journal before the line of the which-th `what`. */
static void cut_journal_at(const char *what, int which)
{
    char *text = work_get("journal"), *at = text;
    for (int i = 0; i <= which; i++) {
        at = strstr(at + 1, what);
        assert_non_null(at);
    }
    while (at > text && at[-1] != '\n') at--;
    assert_ok(af_file_write(work_at("journal"), text, (size_t)(at - text)));
    af_free(text);
}

static void lines_that_are_missing_are_noticed(void **state)
{
    (void)state;
    const af_searcher *s = af_find_searcher("darts");
    setup u = {.searcher = s, .budget = "5epochs", .seed = 3, .signal = SIGTERM, .stop_after = 3};
    af_found found;
    forget();
    assert_int_equal(in_child(&u), AF_EINTERRUPTED);
    cut_journal_at("\"record\":\"epoch\"", 1);
    u.signal = 0;
    assert_int_equal(go(&found, &u), AF_EFORMAT);
    assert_says("ends after epoch 1, but");
}

static void other_bits_are_noticed(void **state)
{
    (void)state;
    const af_searcher *s = af_find_searcher("darts");
    af_found found = fresh(s, "3epochs", 1);
    setup u = {.searcher = s, .budget = "3epochs", .seed = 2, .checkpoint_seconds = 1e9};
    cut_journal_at("\"record\":\"derive\"", 0);
    assert_int_equal(go(&found, &u), AF_EFORMAT); /* another seed, by a header that hides it */
    assert_says("epoch 0 comes out differently");
    u.seed = 1;
    u.budget = "4epochs";
    assert_int_equal(go(&found, &u), AF_EFORMAT);
    assert_says("was to take 3 epochs of 3 steps");
}

/* As a fast run's own bits may be, on a device: what stands in the journal stays. */
static void other_bits_are_taken_where_they_may_differ(void **state)
{
    (void)state;
    setup u = {.searcher = af_find_searcher("darts"),
               .budget = "3epochs",
               .seed = 1,
               .checkpoint_seconds = 1e9,
               .fast = true};
    af_found found;
    forget();
    assert_ok(go(&found, &u));
    cut_journal_at("\"record\":\"derive\"", 0);
    u.seed = 2;
    assert_ok(go(&found, &u));
    assert_int_equal(found.best.proposal.epochs, 3);
}

static void damaged_checkpoints_are_named(void **state)
{
    (void)state;
    const af_searcher *s = af_find_searcher("darts");
    af_found want = fresh(s, "5epochs", 3), found;
    setup u = {.searcher = s, .budget = "5epochs", .seed = 3, .signal = SIGTERM, .stop_after = 2};
    forget();
    assert_int_equal(in_child(&u), AF_EINTERRUPTED);
    char *bytes;
    size_t size;
    assert_ok(af_file_read(&bytes, &size, work_at("supernet.bin"), 1 << 24));
    bytes[size / 2] ^= 1;
    assert_ok(af_file_write(work_at("supernet.bin"), bytes, size));
    u.signal = 0;
    assert_int_equal(go(&found, &u), AF_EFORMAT);
    assert_says("delete it to start over");
    af_file_remove(work_at("supernet.bin"));
    assert_ok(go(&found, &u));
    assert_same(&found, &want);
    af_free(bytes);
}

/* ---- budgets ---- */

static void budgets_decide_the_length(void **state)
{
    (void)state;
    const af_searcher *s = af_find_searcher("darts");
    setup u = {.searcher = s, .budget = "4epochs", .seed = 1, .checkpoint_seconds = 1e9};
    af_found found;
    char text[64];
    forget();
    assert_ok(go(&found, &u));
    assert_true(u.ledger.search.epochs == 4 && found.best.proposal.epochs == 4);
    double step = u.ledger.search.flops / 12;
    const struct {
        double steps;
        const char *unit;
        double scale, epochs;
    } rows[] = {{12, "flop", 1, 4},
                {11.9, "flop", 1, 3},
                {3, "x", X_FLOPS, 1},
                {2.99, "x", X_FLOPS, 2. / 3},
                {1.01, "flop", 1, 1. / 3}};
    for (size_t i = 0; i < LENGTH(rows); i++) {
        snprintf(text, sizeof text, "%.17g%s", rows[i].steps * step / rows[i].scale, rows[i].unit);
        u.budget = text;
        forget();
        assert_ok(go(&found, &u));
        assert_true(fabs(u.ledger.search.epochs - rows[i].epochs) < 1e-12);
        assert_true(u.ledger.search.flops <= rows[i].steps * step * (1 + 1e-9));
        assert_ok(af_space_check(&space, &found.best.proposal.config));
    }
    snprintf(text, sizeof text, "%.17gflop", 0.99 * step);
    forget();
    assert_int_equal(go(&found, &u), AF_EBUDGET);
    assert_says("not one step of the supernet fits");
    u.budget = "7trials";
    assert_int_equal(go(&found, &u), AF_EUSAGE);
    assert_says("makes no trials");
    u.budget = "0.05s";
    forget();
    assert_ok(go(&found, &u));
    af_found again;
    assert_ok(go(&again, &u));
    assert_same(&found, &again);
}

/* ---- searchers of a test ---- */

static int extra_passes, evaluations;
static bool save_first, end_early;
static double errors[2];

static af_status plain_search(const af_search_context *ctx, af_supernet *s, const void *options,
                              af_config *out)
{
    (void)options;
    double state[1] = {0}, c[6] = {0.3, 0.3, 0.4, 0.2, 0.2, 0.6}, loss;
    const af_sharing how = {.batch = 1,
                            .lr = 0.1,
                            .momentum = 0.9,
                            .passes = 2,
                            .evaluations = 2,
                            .recalibrate = 4,
                            .state = state,
                            .state_count = 1};
    AF_TRY(af_supernet_begin(s, &how));
    for (bool more;;) {
        AF_TRY(af_supernet_next(s, c, &more));
        if (!more || end_early) break;
        if (save_first) {
            AF_TRY(af_supernet_save(s));
            AF_TRY(af_supernet_weights_step(s, c, &loss));
            af_supernet_restore(s);
        }
        AF_TRY(af_supernet_weights_step(s, c, &loss));
        for (int i = 0; i < extra_passes; i++) AF_TRY(af_supernet_weights_step(s, c, &loss));
        state[0]++;
    }
    *out = af_space_default(ctx->space);
    for (int i = 0; i < evaluations; i++) AF_TRY(af_supernet_evaluate(s, out, &errors[i]));
    return AF_OK;
}
static const af_searcher plain = {.name = "plain", .search = plain_search};

static void evaluating_leaves_no_trace(void **state)
{
    (void)state;
    af_found without = fresh(&plain, "4epochs", 1), with;
    setup u = {.searcher = &plain, .budget = "4epochs", .seed = 1, .checkpoint_seconds = 1e9};
    forget();
    assert_ok(go(&with, &u));
    double flops = u.ledger.search.flops;
    evaluations = 2;
    forget();
    assert_ok(go(&with, &u));
    evaluations = 0;
    assert_string_equal(with.outcome.digest, without.outcome.digest);
    assert_string_equal(with.proposal_digest, without.proposal_digest);
    assert_memory_equal(&errors[0], &errors[1], sizeof errors[0]);
    assert_true(errors[0] >= 0 && errors[0] <= 1);
    /* three validation samples and four calibration batches of one, of the default's branches */
    af_graph *g;
    af_plan *p;
    af_plan_options o = af_plan_options_default();
    double one[6];
    const af_config c = af_space_default(&space);
    o.batch = 1;
    assert_ok(af_space_supernet(&space, &bench.io, &g));
    assert_ok(af_plan_new(&p, g, bench.backend, &o));
    af_space_one_hot(&space, &c, one);
    af_plan_set_coefficients(p, one);
    double want = 2 * 7 * af_plan_active_cost(p).forward;
    assert_true(fabs(u.ledger.search.flops - flops - want) < 1e-6 * want);
    af_plan_free(p);
    af_graph_free(g);
}

static void restoring_undoes_a_step(void **state)
{
    (void)state;
    af_found without = fresh(&plain, "4epochs", 1);
    save_first = true;
    af_found with = fresh(&plain, "4epochs", 1);
    save_first = false;
    assert_string_equal(with.outcome.digest, without.outcome.digest);
}

static void rules_are_kept(void **state)
{
    (void)state;
    setup u = {.searcher = &plain, .budget = "4epochs", .seed = 1, .checkpoint_seconds = 1e9};
    af_found found;
    forget();
    extra_passes = 40;
    assert_int_equal(go(&found, &u), AF_EINTERNAL);
    extra_passes = 0;
    assert_says("more passes or evaluations than it announced");
    forget();
    end_early = true;
    assert_int_equal(go(&found, &u), AF_EINTERNAL);
    end_early = false;
    assert_says("ended before its search did");
}

/* ---- streams ---- */

static void halves_share_no_group(void **state)
{
    (void)state;
    const af_share share = {.bench = &bench};
    bool differ = false;
    for (uint64_t seed = 0; seed < 8; seed++) {
        af_supernet s;
        bench.seed = seed;
        assert_ok(af_supernet_open(&s, &share));
        const af_indices *a = &s.weights.half, *b = &s.other.half;
        assert_int_equal(a->count + b->count, data->split[AF_CLEAN][AF_TRAIN].count);
        assert_true(a->count == 3 && b->count == 3);
        for (int64_t i = 0; i < a->count; i++)
            for (int64_t k = 0; k < b->count; k++)
                assert_true(data->group[a->i[i]] != data->group[b->i[k]]);
        differ |= a->i[0] != 0;
        af_supernet_close(&s);
    }
    assert_true(differ);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_one_follows_its_seed),
        cmocka_unit_test(every_one_survives_kills_and_signals),
        cmocka_unit_test(every_one_survives_any_instant),
        cmocka_unit_test(every_one_reports_short_memory),
        cmocka_unit_test(damaged_journals_are_refused),
        cmocka_unit_test(lines_that_are_missing_are_noticed),
        cmocka_unit_test(other_bits_are_noticed),
        cmocka_unit_test(other_bits_are_taken_where_they_may_differ),
        cmocka_unit_test(damaged_checkpoints_are_named),
        cmocka_unit_test(budgets_decide_the_length),
        cmocka_unit_test(evaluating_leaves_no_trace),
        cmocka_unit_test(restoring_undoes_a_step),
        cmocka_unit_test(rules_are_kept),
        cmocka_unit_test(halves_share_no_group),
    };
    af_log_set(AF_LOG_ERROR);
    return cmocka_run_group_tests(tests, make, clean);
}
