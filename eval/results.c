/* Reading result.json. One table says which members there must be, of which type, and where they
 * go; texts may hold no control characters, so that a foreign file cannot steer a terminal. */
#include "eval/results.h"
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/jsonl.h"
#include "core/base/sha256.h"
#include "eval/anytime.h"

enum { FORMAT = 2, MAX_TEXT = 4096 };

const char *const af_spent_names[AF_SPENT_PARTS] = {"search", "retrain", "score", "total"};

typedef enum kind {
    INTEGER, /* int64_t, not negative */
    COUNT,   /* double, not negative */
    COUNT_OR_NULL,
    REAL_OR_NULL, /* null: not a finite number */
    TEXT,
    DIGEST, /* 64 hexadecimal digits */
    OBJECT, /* must be there; not copied */
} kind;

typedef struct field {
    const char *path; /* members joined by dots */
    kind kind;
    size_t offset;
} field;

#define AT(member) offsetof(af_result, member)
#define SPENT(part, index)                                                                         \
    {"spent." part ".trials", COUNT, AT(spent[index][AF_TRIALS])},                                 \
        {"spent." part ".epochs", COUNT, AT(spent[index][AF_EPOCHS])},                             \
        {"spent." part ".seconds", COUNT, AT(spent[index][AF_SECONDS])},                           \
        {"spent." part ".flops", COUNT, AT(spent[index][AF_FLOPS])},                               \
    {                                                                                              \
        "spent." part ".x", COUNT_OR_NULL, AT(spent[index][AF_X])                                  \
    }
enum { NOT_COPIED = -1 };
#define NOWHERE ((size_t)NOT_COPIED)

static const field fields[] = {
    {"format", INTEGER, AT(format)},
    {"afield", TEXT, NOWHERE},
    {"task", TEXT, AT(task)},
    {"size", TEXT, AT(size)},
    {"protocol", TEXT, AT(protocol)},
    {"method", TEXT, AT(method)},
    {"space", TEXT, AT(space)},
    {"searcher_options", OBJECT, NOWHERE},
    {"seed", INTEGER, AT(seed)},
    {"budget", TEXT, AT(budget)},
    {"workers", INTEGER, AT(workers)},
    {"backend", TEXT, AT(backend)},
    {"precision", TEXT, AT(precision)},
    {"config", TEXT, AT(config)},
    {"canonical", TEXT, AT(canonical)},
    {"metric.name", TEXT, AT(metric)},
    {"metric.version", INTEGER, NOWHERE},
    {"metric.score", REAL_OR_NULL, AT(score)},
    {"metric.error", REAL_OR_NULL, AT(error)},
    {"metric.validation_error", REAL_OR_NULL, AT(validation_error)},
    SPENT("search", AF_SEARCH),
    SPENT("retrain", AF_RETRAIN),
    SPENT("score", AF_SCORE),
    SPENT("total", AF_TOTAL),
    {"x_flops", COUNT, AT(x_flops)},
    {"data.provenance", TEXT, AT(provenance)},
    {"data.sha256", DIGEST, NOWHERE},
    {"data.test_sha256", DIGEST, NOWHERE},
    {"keys.task", DIGEST, AT(task_key)},
    {"keys.method", DIGEST, AT(method_key)},
    {"keys.task_of", OBJECT, NOWHERE},
    {"keys.method_of", OBJECT, NOWHERE},
    {"proposal_digest", DIGEST, AT(proposal_digest)},
    {"run_digest", DIGEST, AT(run_digest)},
};
enum { FIELDS = sizeof fields / sizeof *fields };

const char *af_result_field(int i)
{
    return i < FIELDS ? fields[i].path : NULL;
}

static json_t *lookup(json_t *object, const char *path)
{
    char part[64];
    while (object && *path) {
        size_t n = strcspn(path, ".");
        snprintf(part, sizeof part, "%.*s", (int)n, path);
        object = json_object_get(object, part);
        path += n + (path[n] == '.');
    }
    return object;
}

json_t *af_result_member(const af_result *r, const char *path)
{
    return lookup(r->json, path);
}

static bool is_plain(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f) return false;
    return true;
}

static bool all_plain(json_t *value)
{
    const char *key;
    json_t *member;
    size_t i;
    json_object_foreach(value, key, member) if (!is_plain(key) || !all_plain(member)) return false;
    json_array_foreach(value, i, member) if (!all_plain(member)) return false;
    return !json_is_string(value) || is_plain(json_string_value(value));
}

static bool is_digest(const char *s)
{
    return strlen(s) == 64 && strspn(s, "0123456789abcdef") == 64;
}

/* What a value of the kind looks like, when `value` is none; NULL when it is one. */
static const char *objection(kind k, const json_t *value)
{
    const char *text = json_string_value(value);
    double number = json_number_value(value);
    bool is_number = json_is_number(value) && isfinite(number);
    switch (k) {
    case INTEGER:
        return json_is_integer(value) && json_integer_value(value) >= 0
                   ? NULL
                   : "a whole number, not negative";
    case REAL_OR_NULL:
        return is_number || json_is_null(value) ? NULL : "a number or null";
    case COUNT:
        return is_number && number >= 0 ? NULL : "a number, not negative";
    case COUNT_OR_NULL:
        return json_is_null(value) || (is_number && number >= 0)
                   ? NULL
                   : "a number, not negative, or null";
    case TEXT:
        return text && *text && strlen(text) <= MAX_TEXT ? NULL : "a text of 1 to 4096 bytes";
    case DIGEST:
        return text && is_digest(text) ? NULL : "64 hexadecimal digits";
    case OBJECT:
        return json_is_object(value) ? NULL : "an object";
    }
    return "nothing";
}

static void store(af_result *r, const field *f, const json_t *value)
{
    void *at = (char *)r + f->offset;
    if (f->offset == NOWHERE) return;
    if (f->kind == INTEGER)
        *(int64_t *)at = json_integer_value(value);
    else if (f->kind == TEXT || f->kind == DIGEST)
        *(const char **)at = json_string_value(value);
    else
        *(double *)at = json_is_null(value) ? NAN : json_number_value(value);
}

/* Ingredients that the file also tells elsewhere: both must say the same. */
static const struct {
    const char *ingredient, *member;
} twins[] = {
    {"keys.task_of.task", "task"},
    {"keys.task_of.size", "size"},
    {"keys.task_of.protocol", "protocol"},
    {"keys.task_of.metric", "metric.name"},
    {"keys.task_of.metric_version", "metric.version"},
    {"keys.task_of.sha256", "data.sha256"},
    {"keys.task_of.test_sha256", "data.test_sha256"},
    {"keys.task_of.x_flops", "x_flops"},
    {"keys.method_of.afield", "afield"},
    {"keys.method_of.space", "space"},
    {"keys.method_of.backend", "backend"},
    {"keys.method_of.precision", "precision"},
};
static const char *const ingredients[] = {"keys.task_of.splits", "keys.task_of.aggregate",
                                          "keys.task_of.sampler", "keys.method_of.recipe",
                                          "keys.method_of.loss"};

/* Numbers may stand as texts among the ingredients. */
static bool same_value(const json_t *ingredient, const json_t *member)
{
    if (!json_is_string(ingredient) || !json_is_number(member))
        return json_equal(ingredient, member);
    char *end;
    double value = strtod(json_string_value(ingredient), &end);
    return !*end && value == json_number_value(member);
}

static af_status lacks(const af_result *r, const char *ingredient)
{
    return af_fail(AF_EFORMAT,
                   "%s: field '%s' is missing: another version of afield wrote this; run it again, "
                   "or leave it out",
                   r->path, ingredient);
}

static af_status edited(const af_result *r, const char *ingredient, const char *member)
{
    return af_fail(AF_EFORMAT,
                   "%s: %s is not what '%s' says: this file was edited; run it again, or leave it "
                   "out",
                   r->path, ingredient, member);
}

static af_status check_ingredients(const af_result *r)
{
    for (size_t i = 0; i < sizeof ingredients / sizeof *ingredients; i++)
        if (!lookup(r->json, ingredients[i])) return lacks(r, ingredients[i]);
    for (size_t i = 0; i < sizeof twins / sizeof *twins; i++) {
        const json_t *ingredient = lookup(r->json, twins[i].ingredient);
        if (!ingredient) return lacks(r, twins[i].ingredient);
        if (!same_value(ingredient, lookup(r->json, twins[i].member)))
            return edited(r, twins[i].ingredient, twins[i].member);
    }
    const json_t *fast = lookup(r->json, "keys.method_of.fast"), *told = lookup(r->json, "fast");
    if (json_is_true(fast) != json_is_true(told)) return edited(r, "keys.method_of.fast", "fast");
    return AF_OK;
}

/* A key is the SHA-256 of its ingredients as compact JSON with sorted keys. */
static af_status check_key(const af_result *r, const char *name, const char *key)
{
    char path[32], hex[AF_SHA256_HEX];
    snprintf(path, sizeof path, "keys.%s_of", name);
    char *text = json_dumps(lookup(r->json, path), JSON_COMPACT | JSON_SORT_KEYS);
    if (!text) return af_fail(AF_ENOMEM, "no memory to check keys");
    af_sha256_of(text, strlen(text), hex);
    free(text);
    if (strcmp(hex, key) == 0) return AF_OK;
    return af_fail(AF_EFORMAT,
                   "%s: keys.%s does not belong to %s: this file was edited; run it again, "
                   "or leave it out",
                   r->path, name, path);
}

static af_status read_fields(af_result *r)
{
    if (!all_plain(r->json))
        return af_fail(AF_EFORMAT, "%s: a text in it holds control characters; afield writes none",
                       r->path);
    for (int i = 0; i < FIELDS; i++) {
        const field *f = &fields[i];
        const json_t *value = lookup(r->json, f->path);
        const char *want = value ? objection(f->kind, value) : "it";
        if (!value)
            return af_fail(AF_EFORMAT, "%s: field '%s' is missing; is this a result of afield?",
                           r->path, f->path);
        if (want) return af_fail(AF_EFORMAT, "%s: field '%s' is not %s", r->path, f->path, want);
        store(r, f, value);
    }
    if (r->format != FORMAT)
        return af_fail(AF_EFORMAT, "%s: format %lld, this version reads %d", r->path,
                       (long long)r->format, FORMAT);
    r->searched = strcmp(r->method, r->space) != 0;
    const json_t *sealed = json_object_get(r->json, "sealed");
    if (sealed && !json_is_boolean(sealed))
        return af_fail(AF_EFORMAT, "%s: field 'sealed' is not true or false", r->path);
    r->sealed = !json_is_false(sealed);
    AF_TRY(af_anytime_check(r));
    AF_TRY(check_key(r, "task", r->task_key));
    AF_TRY(check_key(r, "method", r->method_key));
    return check_ingredients(r);
}

af_status af_result_load(af_result *out, const char *path)
{
    af_result r = {0};
    AF_TRY(af_json_load(&r.json, path));
    r.path = af_strdup(path);
    af_status st = r.path ? read_fields(&r) : AF_ENOMEM;
    if (st == AF_OK)
        *out = r;
    else
        af_result_close(&r);
    return st;
}

void af_result_close(af_result *r)
{
    json_decref(r->json);
    af_free(r->path);
    *r = (af_result){0};
}
