/* A whole run on small generated data: the same bits whatever the threads and whenever it is
 * killed, the held-out file untouched until the end, diverging recipes, one x. Everything that
 * computes is done in a child process, which can be killed, and because threads do not survive a
 * fork. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/jsonl.h"
#include "core/base/log.h"
#include "core/registry.h"
#include "core/search/run.h"
#include "tests/aid/work.h"

static const uint64_t SEED = 11;

/* ---- children ---- */

typedef struct job { /* what a child does, and what it left in the file "error" if it failed */
    const char *out;
    const af_task *task;
    int threads;
    bool resume;
    af_protocol protocol;
} job;

static af_status generate(const job *j)
{
    const af_prep_request r = {j->task, AF_TINY, NULL, 3, work_dir};
    return af_find_prep("darcy")->generate(&r);
}

static af_status run(const job *j)
{
    char out[AF_PATH_MAX];
    AF_TRY(af_path_join(out, work_dir, j->out));
    const af_run_options o = {.task = j->task,
                              .metric = af_find_metric(j->task->metric),
                              .searcher = af_find_searcher("random"),
                              .space = af_find_space("nb201"),
                              .wrn = af_find_space("wrn"),
                              .backend = af_default_backend(),
                              .budget = {5, AF_UNIT_TRIALS},
                              .seed = SEED,
                              .size = AF_TINY,
                              .protocol = j->protocol,
                              .workers = 2,
                              .threads = j->threads,
                              .data_directory = work_dir,
                              .out = out,
                              .resume = j->resume,
                              .quiet = true};
    af_catch_signals();
    return af_run(&o);
}

static pid_t begin(af_status (*what)(const job *), const job *j)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child > 0) return child;
    af_status st = what(j);
    if (st != AF_OK) work_put("error", af_error());
    _exit(-st);
}

/* The status the child ended with; its message becomes this process's. */
static af_status end(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status)) return AF_EINTERNAL;
    if (WEXITSTATUS(status) == 0) return AF_OK;
    char *message = work_get("error");
    af_status st = af_fail((af_status)-WEXITSTATUS(status), "%s", message);
    af_free(message);
    return st;
}

/* ---- results ---- */

static json_t *result_of(const char *out)
{
    char path[AF_PATH_MAX];
    json_t *result = NULL;
    assert_ok(af_path_format(path, "%s/%s/result.json", work_dir, out));
    assert_ok(af_json_load(&result, path));
    return result;
}

static void assert_same_digests(const char *out)
{
    json_t *a = result_of("whole"), *b = result_of(out);
    const char *const names[] = {"proposal_digest", "run_digest", "config"};
    for (size_t i = 0; i < LENGTH(names); i++)
        assert_string_equal(json_string_value(json_object_get(a, names[i])),
                            json_string_value(json_object_get(b, names[i])));
    json_decref(a);
    json_decref(b);
}

static double seconds_of_whole;

static int make(void **state)
{
    if (work_make(state)) return -1;
    const job whole = {"whole", af_find_task("darcy"), 2, false, AF_CLEAN};
    assert_ok(end(begin(generate, &whole)));
    double started = af_clock();
    assert_ok(end(begin(run, &whole)));
    seconds_of_whole = af_clock() - started;
    return 0;
}

/* ---- tests ---- */

static void result_is_complete(void **state)
{
    (void)state;
    const char *const names[] = {"format",
                                 "afield",
                                 "task",
                                 "size",
                                 "method",
                                 "space",
                                 "seed",
                                 "searcher_options",
                                 "protocol",
                                 "budget",
                                 "workers",
                                 "config",
                                 "canonical",
                                 "metric",
                                 "spent",
                                 "x_flops",
                                 "keys",
                                 "environment",
                                 "proposal_digest",
                                 "run_digest",
                                 "data",
                                 "curve"};
    json_t *r = result_of("whole"), *spent = json_object_get(r, "spent");
    for (size_t i = 0; i < LENGTH(names); i++)
        if (!json_object_get(r, names[i])) fail_msg("result.json lacks '%s'", names[i]);
    double trials, flops = 0, total;
    const char *const parts[] = {"search", "retrain", "score"};
    for (size_t i = 0; i < LENGTH(parts); i++) {
        double part;
        assert_ok(af_json_real(&part, json_object_get(spent, parts[i]), "flops"));
        assert_true(part > 0);
        flops += part;
    }
    assert_ok(af_json_real(&total, json_object_get(spent, "total"), "flops"));
    assert_true(fabs(total - flops) <= 1e-12 * flops);
    assert_ok(af_json_real(&trials, json_object_get(spent, "search"), "trials"));
    assert_true(trials == 5);
    const struct {
        const char *name;
        double most;
    } shares[] = {{"waiting_for_data", 1}, {"loading", 2}}; /* two threads may make batches */
    for (size_t i = 0; i < LENGTH(shares); i++) {
        double share;
        assert_ok(af_json_real(&share, json_object_get(r, "retrain"), shares[i].name));
        assert_true(share >= 0 && share <= shares[i].most);
    }
    const int epochs = af_find_task("darcy")->recipe[AF_TINY].epochs;
    assert_int_equal(json_array_size(json_object_get(r, "curve")), epochs);
    json_decref(r);
    assert_true(af_file_exists(work_at("whole/predictions.h5")));
    assert_false(af_file_exists(work_at("whole/checkpoint.bin")));
}

static void threads_decide_nothing(void **state)
{
    (void)state;
    const job one = {"one", af_find_task("darcy"), 1, false, AF_CLEAN};
    assert_ok(end(begin(run, &one)));
    assert_same_digests("one");
}

/* Killed at ten instants, asked to stop at three; what comes too late finds a finished run. */
static void stopped_runs_resume(void **state)
{
    (void)state;
    int stopped = 0;
    for (int i = 0; i < 13; i++) {
        char out[16];
        snprintf(out, sizeof out, "stop%d", i);
        const job first = {out, af_find_task("darcy"), 2, false, AF_CLEAN};
        const job again = {out, af_find_task("darcy"), 1, true, AF_CLEAN};
        pid_t child = begin(run, &first);
        usleep((useconds_t)(1e6 * seconds_of_whole * (i + 0.5) / 13));
        kill(child, i % 4 == 2 ? SIGTERM : SIGKILL);
        stopped += end(child) != AF_OK;
        assert_ok(end(begin(run, &again)));
        assert_same_digests(out);
    }
    assert_true(stopped >= 6);
}

/* A held-out file that nobody could read does not disturb the search or the retraining. */
static void held_out_file_is_opened_last(void **state)
{
    (void)state;
    const job first = {"sealed", af_find_task("darcy"), 2, false, AF_CLEAN};
    const job again = {"sealed", af_find_task("darcy"), 2, true, AF_CLEAN};
    char *kept, *journal;
    size_t size;
    assert_ok(af_file_read(&kept, &size, work_at("darcy.test.h5"), (size_t)1 << 30));
    work_put("darcy.test.h5", "sealed");
    assert_true(end(begin(run, &first)) != AF_OK);
    assert_says("darcy.test.h5");
    journal = work_get("sealed/journal.jsonl");
    assert_non_null(strstr(journal, "{\"record\":\"end\",\"trials\":5"));
    assert_false(af_file_exists(work_at("sealed/result.json")));
    af_file_remove(work_at("darcy.test.h5"));
    assert_int_equal(end(begin(run, &again)), AF_ENOTFOUND);
    assert_says("darcy.test.h5: missing");
    assert_ok(af_file_write(work_at("darcy.test.h5"), kept, size));
    assert_ok(end(begin(run, &again)));
    assert_same_digests("sealed");
    af_free(kept);
    af_free(journal);
}

static void finished_runs_say_so(void **state)
{
    (void)state;
    const job again = {"whole", af_find_task("darcy"), 2, true, AF_CLEAN};
    const job anew = {"whole", af_find_task("darcy"), 2, false, AF_CLEAN};
    const job other = {"whole", af_find_task("darcy"), 2, true, AF_PAPER};
    char *before = work_get("whole/result.json");
    assert_ok(end(begin(run, &again)));
    assert_int_equal(end(begin(run, &anew)), AF_EUSAGE);
    assert_says("--resume");
    assert_int_equal(end(begin(run, &other)), AF_EUSAGE);
    assert_says("protocol \"clean\", now \"paper\"");
    work_holds("whole/result.json", before);
    af_free(before);
}

/* Published protocol: training and validation merged, the last epoch counts. */
static void paper_protocol_takes_the_last_epoch(void **state)
{
    (void)state;
    const job paper = {"paper", af_find_task("darcy"), 2, false, AF_PAPER};
    int64_t best;
    assert_ok(end(begin(run, &paper)));
    json_t *r = result_of("paper");
    assert_ok(af_json_int(&best, json_object_get(r, "retrain"), "best_epoch"));
    assert_int_equal(best, paper.task->recipe[AF_TINY].epochs - 1);
    assert_true(json_is_null(json_object_get(json_object_get(r, "metric"), "validation_error")));
    json_decref(r);
}

static void diverging_recipes_are_named(void **state)
{
    (void)state;
    af_task wild = *af_find_task("darcy");
    wild.recipe[AF_TINY].lr = 1e38;
    const job j = {"wild", &wild, 2, false, AF_CLEAN};
    assert_int_equal(end(begin(run, &j)), AF_EDIVERGED);
    assert_says("all 5 trials diverged");
    char *journal = work_get("wild/journal.jsonl");
    assert_non_null(strstr(journal, "\"error\":\"inf\""));
    af_free(journal);
}

/* One x is what training the Wide ResNet once is charged. */
static void one_x_is_one_training(void **state)
{
    (void)state;
    const af_task *t = af_find_task("darcy");
    const af_space *wrn = af_find_space("wrn");
    af_dataset *d;
    af_training training;
    af_graph *graph;
    af_spend spend;
    double x;
    assert_ok(af_dataset_open(&d, work_dir, t, AF_MAIN));
    af_workbench w = {.task = t,
                      .data = d,
                      .space = wrn,
                      .backend = af_find_backend("reference"),
                      .io = af_dataset_io(d),
                      .recipe = t->recipe[AF_TINY]};
    const af_proposal plain = {.config = af_space_default(wrn), .epochs = w.recipe.epochs};
    assert_ok(af_workbench_job(&training, &graph, &w, &plain, 0));
    training.validate = false;
    for (int batch = 1; batch < 200; batch = batch * 2 + 1) {
        af_task other = *t;
        other.recipe[AF_TINY].batch = training.recipe.batch = batch;
        assert_ok(af_train_predict(&spend, &training));
        assert_ok(af_x_flops(&x, &other, wrn, AF_TINY, &w.io, d->split[AF_CLEAN][AF_TRAIN].count));
        assert_true(x > 1e6 && fabs(spend.flops - x) <= 1e-12 * x);
    }
    af_graph_free(graph);
    af_dataset_close(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(result_is_complete),
        cmocka_unit_test(threads_decide_nothing),
        cmocka_unit_test(stopped_runs_resume),
        cmocka_unit_test(held_out_file_is_opened_last),
        cmocka_unit_test(finished_runs_say_so),
        cmocka_unit_test(paper_protocol_takes_the_last_epoch),
        cmocka_unit_test(diverging_recipes_are_named),
        cmocka_unit_test(one_x_is_one_training),
    };
    af_log_set(AF_LOG_ERROR);
    return cmocka_run_group_tests(tests, make, work_remove);
}
