/* Fuzzes what another program may say: every line of the bytes goes to the state machine that the
 * searcher `exec` reads with, ask after ask. What it accepts must be a proposal that the space
 * holds; what it refuses must leave a message; what it replies must be JSON that is understood when
 * it comes back. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "searchers/exec/protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const words[] = {"a", "b", NULL};
static const af_knob knobs[] = {
    {.name = "word", .kind = AF_CATEGORICAL, .choices = words},
    {.name = "n", .kind = AF_INTEGER, .low = 0, .high = 9},
    {.name = "x", .kind = AF_FLOAT, .low = -1, .high = 1},
    {.name = "lr", .kind = AF_LOG_FLOAT, .low = 1e-3, .high = 1, .def = NAN},
};
static const af_space space = {.name = "fuzz", .knobs = knobs, .count = 4};
static const af_search_context context = {
    .space = &space, .seed = 1, .epochs = 2, .full_epochs = 20, .workers = 2};

static void check_config(json_t *value)
{
    af_config c, again;
    if (af_exec_read_config(&space, &c, value) != AF_OK) abort();
    if (af_space_check(&space, &c) != AF_OK) abort();
    json_t *back = af_exec_config(&space, &c);
    char *text = json_dumps(back, 0);
    json_t *read = text ? json_loads(text, 0, NULL) : NULL;
    if (!read || af_exec_read_config(&space, &again, read) != AF_OK) abort();
    for (int i = 0; i < space.count; i++)
        if (!(c.v[i] == again.v[i] || (isnan(c.v[i]) && isnan(again.v[i])))) abort();
    json_decref(read);
    json_decref(back);
    free(text);
}

static void check_reply(json_t *reply)
{
    size_t i;
    json_t *one, *config = json_object_get(reply, "config");
    if (!json_string_value(json_object_get(reply, "type"))) abort();
    if (config) check_config(config);
    json_array_foreach(json_object_get(reply, "configs"), i, one) check_config(one);
    json_decref(reply);
}

/* One line; whether the next ask is opened. */
static bool say(af_exec_talk *t, const char *line, size_t length)
{
    af_proposal p = {.epochs = context.epochs};
    af_answer answer = (af_answer)-1;
    json_t *reply = NULL;
    af_status st = af_exec_hear(t, line, length, &p, &answer, &reply);
    if (st != AF_OK) {
        if (reply || !*af_error() || (st != AF_EFORMAT && st != AF_EIO)) abort();
        return true;
    }
    if (reply) {
        check_reply(reply);
        return false;
    }
    if (answer != AF_PROPOSE) return answer == AF_WAIT || answer == AF_DONE ? true : (abort(), 0);
    if (af_space_check(&space, &p.config) != AF_OK || p.epochs < 1) abort();
    if (p.schedule == AF_PREFIX && p.epochs > context.full_epochs) abort();
    if (p.continues && (p.from < 0 || p.from >= t->number || p.schedule != AF_PREFIX)) abort();
    af_trial trial = {.number = t->number, .proposal = p};
    const af_outcome o = {.error = p.continues ? INFINITY : 0.5};
    json_t *told = af_exec_told(&context, &trial, &o), *shown = af_exec_proposed(&context, &trial);
    if (!told || !shown) abort();
    json_decref(told);
    json_decref(shown);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    af_exec_talk t = {.ctx = &context};
    af_exec_open(&t, 0);
    for (size_t start = 0; start < size;) {
        const uint8_t *end = memchr(data + start, '\n', size - start);
        size_t length = end ? (size_t)(end - data) - start : size - start;
        char *line = af_alloc(length + 1); /* its own block: reading beyond it is seen */
        if (!line) return 0;
        memcpy(line, data + start, length);
        line[length] = '\0';
        if (say(&t, line, length)) af_exec_open(&t, t.number + 1);
        af_free(line);
        start += length + 1;
    }
    return 0;
}
