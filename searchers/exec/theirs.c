/* What the other program says while an ask is open: an answer, which ends it, or a request, which
 * is answered from the ask's own random stream. Everything is checked: the type, the members, what
 * they hold. */
#include <inttypes.h>
#include <string.h>
#include "core/base/alloc.h"
#include "searchers/exec/protocol.h"

enum { MAX_MEMBERS = 8 };

typedef struct heard { /* a line, taken apart */
    af_exec_talk *talk;
    const json_t *message;
    af_proposal *out;
    af_answer *answer;
    json_t **reply;
} heard;

void af_exec_open(af_exec_talk *t, int64_t number)
{
    t->number = number;
    t->rng = af_search_rng(t->ctx, number);
}

/* ---- answers ---- */

static af_status read_integer(int64_t *out, bool *there, const json_t *message, const char *key,
                              int64_t low, int64_t high)
{
    const json_t *value = json_object_get(message, key);
    *there = value != NULL;
    if (!value) return AF_OK;
    *out = json_integer_value(value);
    if (json_is_integer(value) && *out >= low && *out <= high) return AF_OK;
    return af_fail(AF_EFORMAT, "'%s' is no whole number from %" PRId64 " to %" PRId64, key, low,
                   high);
}

/* An answer may name its ask; then mistakes of order are found at once. */
static af_status check_number(const heard *h)
{
    int64_t number;
    bool there;
    AF_TRY(read_integer(&number, &there, h->message, "number", 0, INT64_MAX));
    if (!there || number == h->talk->number) return AF_OK;
    return af_fail(AF_EFORMAT,
                   "an answer to ask %" PRId64 ", but ask %" PRId64
                   " is open; each ask wants one answer, in order",
                   number, h->talk->number);
}

static af_status read_schedule(af_proposal *p, const json_t *message)
{
    const json_t *value = json_object_get(message, "schedule");
    const char *text = json_string_value(value);
    if (p->continues) p->schedule = AF_PREFIX;
    if (!value) return AF_OK;
    if (text && !strcmp(text, "prefix")) {
        p->schedule = AF_PREFIX;
        return AF_OK;
    }
    if (!text || strcmp(text, "own"))
        return af_fail(AF_EFORMAT, "'schedule' is neither \"own\" nor \"prefix\"");
    if (p->continues)
        return af_fail(AF_EFORMAT,
                       "'from' with schedule \"own\"; only a \"prefix\" can be continued");
    p->schedule = AF_OWN;
    return AF_OK;
}

static af_status hear_trial(const heard *h)
{
    af_proposal p = *h->out;
    int64_t epochs;
    bool there;
    AF_TRY(check_number(h));
    AF_TRY(
        af_exec_read_config(h->talk->ctx->space, &p.config, json_object_get(h->message, "config")));
    if (h->talk->number == 0 && json_object_get(h->message, "from"))
        return af_fail(AF_EFORMAT, "'from' in trial 0, which no trial precedes");
    AF_TRY(read_integer(&p.from, &p.continues, h->message, "from", 0, h->talk->number - 1));
    AF_TRY(read_schedule(&p, h->message));
    int most = p.schedule == AF_PREFIX ? h->talk->ctx->full_epochs : INT32_MAX;
    AF_TRY(read_integer(&epochs, &there, h->message, "epochs", 1, most));
    if (there) p.epochs = (int)epochs;
    *h->out = p;
    *h->answer = AF_PROPOSE;
    return AF_OK;
}

static af_status hear_wait(const heard *h)
{
    *h->answer = AF_WAIT;
    return check_number(h);
}

static af_status hear_done(const heard *h)
{
    *h->answer = AF_DONE;
    return check_number(h);
}

static af_status hear_error(const heard *h)
{
    const char *message = json_string_value(json_object_get(h->message, "message"));
    if (!message) return af_fail(AF_EFORMAT, "'message' is missing or no text");
    return af_fail(AF_EIO, "it gives up: %.1000s", message);
}

/* ---- requests ---- */

static af_status reply_with(const heard *h, const char *type, const char *key, json_t *value)
{
    *h->reply = json_pack("{ss so}", "type", type, key, value);
    return *h->reply ? AF_OK : af_fail(AF_ENOMEM, "no memory for an answer");
}

static af_status read_config(const heard *h, af_config *out, const char *key)
{
    af_status st = af_exec_read_config(h->talk->ctx->space, out, json_object_get(h->message, key));
    return st == AF_OK || !strcmp(key, "config") ? st : af_prefix(st, "'%s'", key);
}

static af_status hear_sample(const heard *h)
{
    const af_space *s = h->talk->ctx->space;
    af_config c = af_space_sample(s, &h->talk->rng);
    return reply_with(h, "sample", "config", af_exec_config(s, &c));
}

static af_status hear_mutate(const heard *h)
{
    const af_space *s = h->talk->ctx->space;
    af_config c;
    AF_TRY(read_config(h, &c, "config"));
    af_space_mutate(s, &c, &h->talk->rng);
    return reply_with(h, "mutate", "config", af_exec_config(s, &c));
}

static af_status hear_crossover(const heard *h)
{
    const af_space *s = h->talk->ctx->space;
    af_config a, b;
    AF_TRY(read_config(h, &a, "config"));
    AF_TRY(read_config(h, &b, "with"));
    af_config c = af_space_crossover(s, &a, &b, &h->talk->rng);
    return reply_with(h, "crossover", "config", af_exec_config(s, &c));
}

static af_status hear_neighbours(const heard *h)
{
    const af_space *s = h->talk->ctx->space;
    af_config c;
    AF_TRY(read_config(h, &c, "config"));
    int n = af_space_neighbours(s, &c, NULL, 0);
    af_config *all = af_calloc((size_t)n + 1, sizeof *all);
    if (!all) return AF_ENOMEM;
    af_space_neighbours(s, &c, all, n);
    json_t *list = json_array();
    for (int i = 0; i < n; i++) json_array_append_new(list, af_exec_config(s, &all[i]));
    af_free(all);
    return reply_with(h, "neighbours", "configs", list);
}

static af_status hear_canonical(const heard *h)
{
    char text[AF_CONFIG_TEXT];
    af_config c;
    AF_TRY(read_config(h, &c, "config"));
    af_space_canonical(h->talk->ctx->space, &c, text);
    return reply_with(h, "canonical", "text", json_string(text));
}

/* ---- lines ---- */

static const struct kind {
    const char *type;
    af_status (*hear)(const heard *h);
    const char *members[MAX_MEMBERS];
} known[] = {
    {"trial", hear_trial, {"type", "number", "config", "epochs", "schedule", "from"}},
    {"wait", hear_wait, {"type", "number"}},
    {"done", hear_done, {"type", "number"}},
    {"error", hear_error, {"type", "message"}},
    {"sample", hear_sample, {"type"}},
    {"mutate", hear_mutate, {"type", "config"}},
    {"neighbours", hear_neighbours, {"type", "config"}},
    {"crossover", hear_crossover, {"type", "config", "with"}},
    {"canonical", hear_canonical, {"type", "config"}},
};
enum { KNOWN = sizeof known / sizeof *known };

static af_status unknown_type(const char *type)
{
    char shown[AF_EXEC_SHOWN], list[256] = "";
    const char *names[KNOWN + 1] = {NULL};
    for (size_t i = 0; i < KNOWN; i++) {
        size_t used = strlen(list);
        names[i] = known[i].type;
        snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", names[i]);
    }
    if (!type) return af_fail(AF_EFORMAT, "no text 'type'; want one of: %s", list);
    const char *near = af_nearest(type, names);
    return af_fail(AF_EFORMAT, "unknown type '%s'%s%s%s; want one of: %s",
                   af_exec_shown(shown, type), near ? ", did you mean '" : "", near ? near : "",
                   near ? "'?" : "", list);
}

static af_status take(const heard *h)
{
    const char *type = json_string_value(json_object_get(h->message, "type"));
    for (size_t i = 0; type && i < KNOWN; i++) {
        if (strcmp(type, known[i].type)) continue;
        AF_TRY(af_exec_members(h->message, type, known[i].members));
        af_status st = known[i].hear(h);
        return st == AF_EFORMAT ? af_prefix(st, "%s", type) : st;
    }
    return unknown_type(type);
}

static af_status not_an_object(const char *line, const char *why)
{
    char shown[AF_EXEC_SHOWN];
    return af_fail(AF_EFORMAT,
                   "\"%s\" is %s, want one JSON object in one line, such as {\"type\": \"trial\", "
                   "\"config\": {}}; what is meant for people belongs on standard error",
                   af_exec_shown(shown, line), why);
}

af_status af_exec_hear(af_exec_talk *t, const char *line, size_t length, af_proposal *out,
                       af_answer *answer, json_t **reply)
{
    json_error_t error;
    *reply = NULL;
    t->lines++;
    json_t *message = json_loadb(line, length, JSON_REJECT_DUPLICATES, &error);
    if (!message) {
        bool twice = json_error_code(&error) == json_error_duplicate_key;
        return not_an_object(line, twice ? "an object with a member twice" : "no JSON");
    }
    heard h = {t, message, out, answer, reply};
    af_status st = json_is_object(message) ? take(&h) : not_an_object(line, "no object");
    json_decref(message);
    return st;
}
