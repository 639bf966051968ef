/* A training that is paused and goes on, as successive halving does with those it promotes: its
 * weights, its error and its bill are those of one training without a pause; with its checkpoint,
 * without it, and after being stopped on the way. */
#include <math.h>
#include "core/base/alloc.h"
#include "core/registry.h"
#include "core/search/evaluator.h"
#include "tests/aid/work.h"

enum { LADDER = 3, LAST = 4 };
static const int ladder[LADDER] = {1, 3, LAST}; /* epochs at the pauses */

typedef struct scene {
    af_dataset *data;
    af_workbench bench;
    af_evaluator evaluator;
} scene;

static void open_scene(scene *s, const af_task *task, const char *trials)
{
    char directory[AF_PATH_MAX], path[AF_PATH_MAX];
    assert_ok(af_path_join(directory, work_dir, "tiny"));
    assert_ok(af_mkdirs(directory));
    assert_ok(af_dataset_path(path, directory, task->name, AF_MAIN));
    if (!af_file_exists(path)) {
        af_prep_request r = {.task = task, .size = AF_TINY, .directory = directory};
        assert_ok(af_find_prep(task->name)->generate(&r));
    }
    assert_ok(af_dataset_open(&s->data, directory, task, AF_MAIN));
    s->bench = (af_workbench){.task = task,
                              .metric = af_find_metric(task->metric),
                              .data = s->data,
                              .space = af_find_space("nb201"),
                              .backend = af_default_backend(),
                              .io = af_dataset_io(s->data),
                              .recipe = task->recipe[AF_TINY],
                              .seed = 3,
                              .trials = trials,
                              .checkpoint_seconds = 1e9};
    assert_true(s->bench.recipe.epochs > LAST);
    s->evaluator = af_evaluator_train(&s->bench, 1);
}

static af_trial trial_of(int64_t number, int epochs)
{
    af_trial t = {.number = number, .root = number};
    assert_ok(af_space_parse(
        af_find_space("nb201"), &t.proposal.config,
        "|nor_conv_3x3~0|+|none~0|nor_conv_1x1~1|+|skip_connect~0|none~1|avg_pool_3x3~2|"));
    t.proposal.epochs = epochs;
    t.proposal.schedule = AF_PREFIX;
    return t;
}

static af_outcome run(scene *s, const af_trial *t)
{
    af_outcome o;
    af_spend predicted;
    assert_ok(s->evaluator.predict(&s->bench, t, &predicted));
    assert_ok(s->evaluator.run(&s->bench, t, &o));
    assert_true(o.spend.flops == predicted.flops && o.spend.epochs == predicted.epochs);
    return o;
}

/* Trial 0 to the first pause, 1 goes on to the second, 2 to the end; `between` disturbs. */
static af_outcome climb(scene *s, double *flops, void (*between)(scene *))
{
    af_outcome o = {0};
    *flops = 0;
    for (int i = 0; i < LADDER; i++) {
        af_trial t = trial_of(i, ladder[i]);
        t.root = 0;
        t.proposal.continues = i > 0;
        t.proposal.from = i - 1;
        t.epochs_done = i > 0 ? ladder[i - 1] : 0;
        if (i > 0 && between) between(s);
        o = run(s, &t);
        assert_true(o.spend.epochs == t.proposal.epochs - t.epochs_done);
        *flops += o.spend.flops;
    }
    return o;
}

static void assert_same(const af_outcome *a, const af_outcome *b)
{
    assert_string_equal(a->digest, b->digest);
    assert_memory_equal(&a->error, &b->error, sizeof a->error);
    assert_memory_equal(&a->loss, &b->loss, sizeof a->loss);
    assert_int_equal(a->best_epoch, b->best_epoch);
}

static void lose_checkpoint(scene *s)
{
    char path[AF_PATH_MAX];
    assert_ok(af_path_join(path, s->bench.trials, "0.bin"));
    assert_true(af_file_exists(path));
    af_file_remove(path);
}

/* Another training to the pause after the next, stopped after one epoch. */
static af_status stop_at_once(void *payload, int epoch, double loss, double error)
{
    (void)payload, (void)epoch, (void)loss, (void)error;
    return af_fail(AF_EINTERRUPTED, "stopped by the test");
}

static void stop_on_the_way(scene *s)
{
    char path[AF_PATH_MAX];
    af_training job;
    af_trained trained;
    af_graph *graph;
    af_trial t = trial_of(0, LAST);
    assert_ok(af_path_join(path, s->bench.trials, "0.bin"));
    assert_ok(af_workbench_job(&job, &graph, &s->bench, &t.proposal, 0));
    job.checkpoint = path;
    job.on_epoch = stop_at_once;
    assert_int_equal(af_train(&trained, &job), AF_EINTERRUPTED);
    af_graph_free(graph);
}

static void pauses_change_nothing(void **state)
{
    void (*const disturbances[])(scene *) = {NULL, lose_checkpoint, stop_on_the_way};
    char trials[AF_PATH_MAX], apart[AF_PATH_MAX];
    scene s;
    double once, flops;
    const af_trial whole = trial_of(0, LAST);
    assert_ok(af_path_join(trials, work_dir, "trials"));
    assert_ok(af_path_join(apart, work_dir, "apart"));
    open_scene(&s, *state, apart);
    const af_outcome want = run(&s, &whole);
    once = want.spend.flops;
    double validation = 0;
    for (size_t i = 0; i < LENGTH(disturbances); i++) {
        s.bench.trials = trials;
        const af_outcome got = climb(&s, &flops, disturbances[i]);
        assert_same(&want, &got);
        /* the same epochs, and a validation at each pause */
        if (i == 0) validation = (flops - once) / (LADDER - 1);
        assert_true(validation > 0 && fabs(flops - once - (LADDER - 1) * validation) < 1e-9 * once);
        lose_checkpoint(&s);
    }
    af_trial other = trial_of(1, LAST);
    const af_outcome unlike = run(&s, &other);
    assert_string_not_equal(unlike.digest, want.digest);
    af_dataset_close(s.data);
}

/* A checkpoint is kept only where a longer training may go on from it. */
static void what_is_over_leaves_nothing(void **state)
{
    char trials[AF_PATH_MAX];
    scene s;
    assert_ok(af_path_join(trials, work_dir, "over"));
    open_scene(&s, *state, trials);
    af_trial t = trial_of(0, 2);
    s.bench.recipe.epochs = 2;
    run(&s, &t);
    t.number = t.root = 1;
    t.proposal.schedule = AF_OWN;
    run(&s, &t);
    char **names;
    size_t count;
    assert_ok(af_dir_list(&names, &count, trials));
    assert_int_equal(count, 0);
    af_free(names);
    s.bench.recipe.epochs = 3;
    t.number = t.root = 2;
    t.proposal.schedule = AF_PREFIX;
    run(&s, &t);
    assert_true(af_file_exists(work_at("over/2.bin")));
    af_dataset_close(s.data);
}

/* The bill of one that diverges after a pause holds only epochs after it. */
static void divergence_after_a_pause_is_charged(void **state)
{
    char trials[AF_PATH_MAX];
    scene s;
    assert_ok(af_path_join(trials, work_dir, "wild"));
    open_scene(&s, *state, trials);
    s.bench.recipe.lr = 1e38;
    af_trial t = trial_of(1, LAST);
    t.root = 0;
    t.epochs_done = 2;
    t.proposal.continues = true;
    af_outcome o;
    af_spend predicted;
    assert_ok(s.evaluator.predict(&s.bench, &t, &predicted));
    assert_ok(s.evaluator.run(&s.bench, &t, &o));
    assert_true(isinf(o.error) && o.spend.epochs >= 1 && o.spend.epochs <= LAST - 2);
    assert_true(o.spend.flops > 0 && o.spend.flops <= predicted.flops);
    af_dataset_close(s.data);
}

static af_status stop_after_two(void *payload, int epoch, double loss, double error)
{
    (void)payload, (void)loss, (void)error;
    return epoch == 1 ? af_fail(AF_EINTERRUPTED, "stopped by the test") : AF_OK;
}

/* The learning rate explodes in the third epoch; whether the first two were done before the run was
 * stopped shows nowhere. */
static void divergence_after_a_stop_is_charged(void **state)
{
    char trials[AF_PATH_MAX], path[AF_PATH_MAX];
    scene s;
    af_training job;
    af_trained trained;
    af_graph *graph;
    af_outcome want, got;
    assert_ok(af_path_join(trials, work_dir, "later"));
    open_scene(&s, *state, trials);
    s.bench.recipe.schedule = (af_schedule){.kind = AF_STEP, .milestones = {0.5}, .factor = 1e36f};
    af_trial t = trial_of(0, LAST);
    t.proposal.schedule = AF_OWN;
    assert_ok(s.evaluator.run(&s.bench, &t, &want));
    assert_true(isinf(want.error) && want.spend.epochs == 3);
    assert_ok(af_workbench_job(&job, &graph, &s.bench, &t.proposal, 0));
    assert_ok(af_path_join(path, trials, "0.bin"));
    job.checkpoint = path;
    job.on_epoch = stop_after_two;
    assert_int_equal(af_train(&trained, &job), AF_EINTERRUPTED);
    assert_true(af_file_exists(path));
    assert_ok(s.evaluator.run(&s.bench, &t, &got));
    assert_true(isinf(got.error) && got.spend.epochs == want.spend.epochs &&
                got.spend.flops == want.spend.flops);
    s.evaluator.forget(&s.bench, &t);
    assert_false(af_file_exists(path));
    af_graph_free(graph);
    af_dataset_close(s.data);
}

int main(void)
{
    enum { MAX = 64 };
    struct CMUnitTest tests[MAX];
    size_t n = 0;
    for (const af_task *const *t = af_builtin.task; *t && n < MAX - 3; t++)
        tests[n++] = (struct CMUnitTest){(*t)->name, pauses_change_nothing, NULL, NULL,
                                         (void *)(uintptr_t)*t};
    void *darcy = (void *)(uintptr_t)af_find_task("darcy");
    tests[n++] = (struct CMUnitTest){"what_is_over_leaves_nothing", what_is_over_leaves_nothing,
                                     NULL, NULL, darcy};
    tests[n++] = (struct CMUnitTest){"divergence_after_a_pause_is_charged",
                                     divergence_after_a_pause_is_charged, NULL, NULL, darcy};
    tests[n++] = (struct CMUnitTest){"divergence_after_a_stop_is_charged",
                                     divergence_after_a_stop_is_charged, NULL, NULL, darcy};
    return _cmocka_run_group_tests("pause", tests, n, work_make, work_remove);
}
