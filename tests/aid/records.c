/* Made-up results. What was spent is 1x for the search and 2x for the retraining. */
#include "tests/aid/records.h"
#include <stdlib.h>
#include "core/base/jsonl.h"
#include "core/base/sha256.h"
#include "tests/aid/work.h"

static json_t *spent(double x)
{
    return json_pack("{sf sf sf sf sf}", "trials", 2 * x, "epochs", 3 * x, "seconds", 4 * x,
                     "flops", 1e9 * x, "x", x);
}

static json_t *hash_of(const json_t *ingredients)
{
    char hex[AF_SHA256_HEX], *text = json_dumps(ingredients, JSON_COMPACT | JSON_SORT_KEYS);
    af_sha256_of(text, strlen(text), hex);
    free(text);
    return json_string(hex);
}

json_t *result_make(const char *task, const char *method, const char *space, int seed, double score,
                    const char *data, const char *recipe)
{
    char digest[AF_SHA256_HEX];
    af_sha256_of(data, strlen(data), digest);
    json_t *task_of =
        json_pack("{ss ss ss ss ss ss ss ss ss si s{ss}}", "task", task, "size", "tiny", "protocol",
                  "clean", "aggregate", "majority", "sampler", "all", "x_flops", "1000000000",
                  "sha256", digest, "test_sha256", digest, "metric", "f1_macro", "metric_version",
                  1, "splits", "score", "clean/test");
    json_t *method_of =
        json_pack("{ss ss ss ss ss ss}", "afield", "0.1.0", "space", space, "recipe", recipe,
                  "loss", "cross_entropy", "precision", "fp32", "backend", "onednn");
    return json_pack("{si ss ss ss ss ss ss s{ss} si ss si ss ss ss ss s{ss si sf sf sf} s{so so "
                     "so so} sf s{ss ss "
                     "ss}"
                     " s{so so so so} ss ss}",
                     "format", 2, "afield", "0.1.0", "task", task, "size", "tiny", "protocol",
                     "clean", "method", method, "space", space, "searcher_options", "note",
                     "a, \"b\"", "seed", seed, "budget", "4x", "workers", 4, "backend", "onednn",
                     "precision", "fp32", "config", "c", "canonical", "c", "metric", "name",
                     "f1_macro", "version", 1, "score", score, "error", 1 - score,
                     "validation_error", 0.25, "spent", "search", spent(1), "retrain", spent(2),
                     "score", spent(0), "total", spent(3), "x_flops", 1e9, "data", "provenance",
                     "generated", "sha256", digest, "test_sha256", digest, "keys", "task",
                     hash_of(task_of), "method", hash_of(method_of), "task_of", task_of,
                     "method_of", method_of, "proposal_digest", digest, "run_digest", digest);
}

json_t *result_plain(void)
{
    return result_make("ecg", "random", "nb201", 0, 0.75, "data", "recipe");
}

void result_set_budget(json_t *result, const char *budget, int workers)
{
    json_object_set_new(result, "budget", json_string(budget));
    json_object_set_new(result, "workers", json_integer(workers));
}

void result_rekey(json_t *result)
{
    json_t *keys = json_object_get(result, "keys");
    json_object_set_new(keys, "task", hash_of(json_object_get(keys, "task_of")));
    json_object_set_new(keys, "method", hash_of(json_object_get(keys, "method_of")));
}

void result_put(const char *directory, json_t *result)
{
    char path[AF_PATH_MAX];
    assert_non_null(result);
    assert_ok(af_mkdirs(work_at(directory)));
    assert_ok(af_path_join(path, work_at(directory), "result.json"));
    assert_ok(af_json_save(result, path));
    json_decref(result);
}

void result_put_run(const char *directory, const char *task, const char *method, const char *space,
                    int seed, double score)
{
    result_put(directory, result_make(task, method, space, seed, score, task, "recipe"));
}
