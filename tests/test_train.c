/* Training as a function: every task at tiny trains, costs exactly what was predicted, repeats bit
 * for bit, and goes on from a checkpoint as if nothing had happened. Iterates the tasks of the
 * registry. */
#include <math.h>
#include <stdio.h>
#include "core/base/alloc.h"
#include "core/registry.h"
#include "core/train/train.h"
#include "tests/aid/work.h"

typedef struct scene {
    const af_task *task;
    af_dataset *data, *held_out;
    af_graph *graph;
    af_training t;
} scene;

static void open_scene(scene *s, const af_task *task, int epochs)
{
    char directory[AF_PATH_MAX], path[AF_PATH_MAX];
    const af_space *space = af_find_space("nb201");
    af_config c;
    *s = (scene){.task = task};
    assert_ok(af_path_join(directory, work_dir, "tiny"));
    assert_ok(af_mkdirs(directory));
    assert_ok(af_dataset_path(path, directory, task->name, AF_MAIN));
    if (!af_file_exists(path)) {
        af_prep_request r = {.task = task, .size = AF_TINY, .directory = directory};
        assert_ok(af_find_prep(task->name)->generate(&r));
    }
    assert_ok(af_dataset_open(&s->data, directory, task, AF_MAIN));
    assert_ok(af_dataset_open(&s->held_out, directory, task, AF_HELD_OUT));
    af_io io = af_dataset_io(s->data);
    assert_ok(af_space_parse(
        space, &c,
        "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"));
    assert_ok(af_space_build(space, &c, &io, &s->graph));
    s->t = (af_training){.task = task,
                         .metric = af_find_metric(task->metric),
                         .data = s->data,
                         .graph = s->graph,
                         .backend = af_default_backend(),
                         .recipe = task->recipe[AF_TINY],
                         .epochs = epochs,
                         .seed = 5,
                         .trial = 9,
                         .validate = true,
                         .every_epoch = true};
}

static void close_scene(scene *s)
{
    af_graph_free(s->graph);
    af_dataset_close(s->data);
    af_dataset_close(s->held_out);
}

static void learns_at_the_predicted_cost(void **state)
{
    scene s;
    af_trained out;
    af_spend predicted;
    open_scene(&s, *state, 3);
    assert_ok(af_train_predict(&predicted, &s.t));
    assert_ok(af_train(&out, &s.t));
    assert_true(predicted.flops == out.outcome.spend.flops);
    assert_true(predicted.epochs == 3 && out.outcome.spend.epochs == 3);
    assert_true(out.curve[4] < 0.9 * out.curve[0]); /* the training loss fell */
    assert_true(isfinite(out.outcome.error) &&
                out.outcome.error == out.curve[2 * out.outcome.best_epoch + 1]);
    for (int e = 0; e < 3; e++) assert_true(out.curve[2 * e + 1] >= out.outcome.error);
    af_trained_close(&out);
    close_scene(&s);
}

static void chosen_weights_are_the_best_epochs(void **state)
{
    scene s;
    af_trained out;
    double score, flops = 0;
    float *pred;
    open_scene(&s, *state, 3);
    assert_ok(af_train(&out, &s.t));
    const af_indices *valid = &s.data->split[AF_CLEAN][AF_VALID];
    assert_ok(af_train_infer(&pred, &out, &s.t, s.data, valid, &flops));
    assert_ok(af_score(&score, s.task, s.t.metric, s.data, s.t.protocol, valid, pred));
    assert_true(af_metric_error(s.t.metric, score) == out.outcome.error);
    assert_true(flops > 0);
    af_free(pred);
    af_trained_close(&out);
    close_scene(&s);
}

typedef struct stop {
    int after;
} stop;
static af_status stop_after(void *payload, int epoch, double loss, double error)
{
    (void)loss, (void)error;
    return epoch + 1 == ((stop *)payload)->after ? af_fail(AF_EINTERRUPTED, "stopped by the test")
                                                 : AF_OK;
}

static void resumes_from_a_checkpoint(void **state)
{
    scene s;
    af_trained whole, resumed;
    char path[AF_PATH_MAX];
    open_scene(&s, *state, 4);
    assert_ok(af_train(&whole, &s.t));
    assert_ok(af_path_format(path, "%s/%s.ckpt", work_dir, s.task->name));
    s.t.checkpoint = path;
    for (int after = 1; after < 4; after++) {
        af_file_remove(path);
        s.t.on_epoch = stop_after;
        s.t.payload = &(stop){after};
        assert_int_equal(af_train(&resumed, &s.t), AF_EINTERRUPTED);
        assert_null(resumed.plan);
        s.t.on_epoch = NULL;
        assert_ok(af_train(&resumed, &s.t));
        assert_string_equal(resumed.outcome.digest, whole.outcome.digest);
        assert_true(resumed.outcome.error == whole.outcome.error);
        assert_true(resumed.outcome.spend.flops == whole.outcome.spend.flops);
        assert_memory_equal(resumed.curve, whole.curve, 8 * sizeof(double));
        af_trained_close(&resumed);
    }
    af_trained_close(&whole);
    close_scene(&s);
}

static void checkpoints_are_checked(void **state)
{
    scene s;
    af_trained out;
    char path[AF_PATH_MAX], *text;
    size_t size;
    open_scene(&s, *state, 2);
    assert_ok(af_path_format(path, "%s/damaged.ckpt", work_dir));
    s.t.checkpoint = path;
    s.t.on_epoch = stop_after;
    s.t.payload = &(stop){1};
    assert_int_equal(af_train(&out, &s.t), AF_EINTERRUPTED);
    s.t.on_epoch = NULL;
    assert_ok(af_file_read(&text, &size, path, (size_t)1 << 30));
    text[size / 2] ^= 1;
    assert_ok(af_file_write(path, text, size));
    assert_int_equal(af_train(&out, &s.t), AF_EFORMAT);
    assert_says("damaged");
    text[size / 2] ^= 1;
    assert_ok(af_file_write(path, text, size));
    s.t.seed = 6; /* another training: the file is ignored */
    af_trained fresh;
    assert_ok(af_train(&out, &s.t));
    s.t.checkpoint = NULL;
    assert_ok(af_train(&fresh, &s.t));
    assert_string_equal(out.outcome.digest, fresh.outcome.digest);
    af_trained_close(&out);
    af_trained_close(&fresh);
    af_free(text);
    close_scene(&s);
}

static void seed_trial_and_schedule_matter(void **state)
{
    scene s;
    af_trained a, b;
    open_scene(&s, *state, 1);
    s.t.every_epoch = false;
    assert_ok(af_train(&a, &s.t));
    for (int what = 0; what < 4; what++) {
        af_training t = s.t;
        if (what == 1) t.seed++;
        if (what == 2) t.trial++;
        if (what == 3)
            t.schedule = AF_PREFIX; /* one epoch of the long cosine is another learning rate */
        assert_ok(af_train(&b, &t));
        bool same = strcmp(a.outcome.digest, b.outcome.digest) == 0;
        assert_int_equal(same, what == 0);
        af_trained_close(&b);
    }
    af_trained_close(&a);
    close_scene(&s);
}

int main(void)
{
    static const struct {
        const char *name;
        CMUnitTestFunction run;
    } checks[] = {
        {"learns_at_the_predicted_cost", learns_at_the_predicted_cost},
        {"chosen_weights_are_the_best_epochs", chosen_weights_are_the_best_epochs},
        {"resumes_from_a_checkpoint", resumes_from_a_checkpoint},
        {"checkpoints_are_checked", checkpoints_are_checked},
        {"seed_trial_and_schedule_matter", seed_trial_and_schedule_matter},
    };
    static struct CMUnitTest tests[256];
    static char names[256][96];
    size_t n = 0;
    for (size_t t = 0; af_builtin.task[t]; t++)
        for (size_t c = 0; c < LENGTH(checks) && n < LENGTH(tests); c++, n++) {
            snprintf(names[n], sizeof names[n], "%s: %s", af_builtin.task[t]->name, checks[c].name);
            tests[n].name = names[n];
            tests[n].test_func = checks[c].run;
            tests[n].initial_state = (void *)(uintptr_t)af_builtin.task[t];
        }
    return _cmocka_run_group_tests("train", tests, n, work_make, work_remove);
}
