/* afield serve: Afield as the evaluator of somebody else's optimiser. The search method is whoever
 * is at the other end of our standard input and output, which carry nothing but the lines of
 * docs/protocol.md; at the end a line with result.json, or one with the error. */
#include "core/base/child.h"
#include "core/base/jsonl.h"
#include "core/search/stop.h"
#include "eval/cli.h"
#include "eval/job.h"

static const double PATIENCE = 60; /* seconds for a driver to take the last line */

/* Takes `message` over. */
static af_status say(json_t *message)
{
    af_child *us;
    af_status st = af_child_ourselves(&us);
    if (st == AF_OK) {
        st = af_child_send(us, message, PATIENCE, NULL);
        af_child_stop(us, 0, NULL);
    } else {
        json_decref(message);
    }
    return st == AF_OK ? st : af_prefix(st, "standard output");
}

static af_status serve(const af_job *job)
{
    char directory[AF_PATH_MAX], path[AF_PATH_MAX];
    af_job j = *job;
    json_t *result;
    j.method = "exec:-";
    AF_TRY(af_job_check(&j));
    if (!j.out) {
        AF_TRY(af_job_directory(directory, &j));
        j.out = directory;
    }
    AF_TRY(af_job_run(&j));
    AF_TRY(af_path_join(path, j.out, "result.json"));
    AF_TRY(af_json_load(&result, path));
    return say(json_pack("{ss so}", "type", "result", "result", result));
}

/* The driver learns of an error too; if it is gone, the error itself is still ours to report. */
static af_status run(const void *values, const char *const *words, int count)
{
    (void)words;
    (void)count;
    af_status st = serve(values);
    if (st == AF_OK) return AF_OK;
    char message[2048];
    snprintf(message, sizeof message, "%s", af_error());
    if (say(json_pack("{ss so}", "type", "error", "message", af_json_text(message))) != AF_OK) {}
    return af_fail(st, "%s", message);
}

const af_cmd af_cmd_serve = {
    .name = "serve",
    .usage = "--task TASK [options]",
    .summary = "evaluate what another program proposes, over standard input and output",
    .order = 6,
    .more = "Lines of JSON go both ways; docs/protocol.md describes them, examples/drive.py uses "
            "them:\n"
            "  > {\"type\": \"trial\", \"config\": {}}           written at any time\n"
            "  < {\"type\": \"tell\", \"number\": 0, \"error\": 0.25, ...}\n"
            "The end of the input ends the search; a line with the result is the last one.",
    .options = af_serve_options,
    .options_size = sizeof(af_job),
    .run = run,
};
