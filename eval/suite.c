/* Suite files, read by libcyaml against a schema. All values are texts to the schema and are then
 * set through the option table of `afield run`, so both accept the same values and complain alike.
 * libcyaml tells where an error is only in its log, which is therefore listened to. */
#include "eval/suite.h"
#include <cyaml/cyaml.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "eval/cli.h"

enum { MAX_FILE = 1 << 20, MAX_NAME = 200, MAX_ENTRIES = 1000 };

#define TEXT(key, flags, type) CYAML_FIELD_STRING_PTR(#key, flags, type, key, 0, MAX_NAME)
static const cyaml_schema_value_t text_schema = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 1, MAX_NAME)};
static const cyaml_schema_field_t method_fields[] = {
    TEXT(method, CYAML_FLAG_POINTER, af_suite_method),
    TEXT(space, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, af_suite_method),
    TEXT(set, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, af_suite_method),
    TEXT(name, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, af_suite_method), CYAML_FIELD_END};
static const cyaml_schema_value_t method_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, af_suite_method, method_fields)};
static const cyaml_schema_field_t suite_fields[] = {
    TEXT(title, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, af_suite),
    CYAML_FIELD_SEQUENCE("tasks", CYAML_FLAG_POINTER, af_suite, tasks, &text_schema, 1,
                         MAX_ENTRIES),
    CYAML_FIELD_SEQUENCE("methods", CYAML_FLAG_POINTER, af_suite, methods, &method_schema, 1,
                         MAX_ENTRIES),
    CYAML_FIELD_SEQUENCE("seeds", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, af_suite, seeds,
                         &text_schema, 1, MAX_ENTRIES),
    TEXT(size, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, af_suite),
    TEXT(budget, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, af_suite),
    TEXT(protocol, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, af_suite),
    TEXT(epochs, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, af_suite),
    TEXT(workers, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, af_suite),
    TEXT(device, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, af_suite),
    TEXT(backend, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, af_suite),
    TEXT(precision, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, af_suite),
    TEXT(fast, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, af_suite),
    CYAML_FIELD_END};
static const cyaml_schema_value_t suite_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, af_suite, suite_fields)};
static const char *const keys[] = {
    "title",  "tasks",  "methods",  "method",  "space",  "set",     "name",      "seeds", "size",
    "budget", "epochs", "protocol", "workers", "device", "backend", "precision", "fast",  NULL};

/* ---- libcyaml's side ---- */

typedef struct complaint { /* of libcyaml: what is wrong, and the innermost place it names */
    char what[160], place[160];
    size_t line;
} complaint;

static void listen(cyaml_log_t level, void *ctx, const char *fmt, va_list args) AF_PRINTF(3, 0);
static void listen(cyaml_log_t level, void *ctx, const char *fmt, va_list args)
{
    complaint *c = ctx;
    char text[160];
    (void)level;
    vsnprintf(text, sizeof text, fmt, args);
    text[strcspn(text, "\n")] = '\0';
    const char *line = strstr(text, "(line: ");
    if (line && !c->line) {
        const char *place = text + strspn(text, " ");
        c->line = (size_t)strtoul(line + 7, NULL, 10);
        snprintf(c->place, sizeof c->place, "%.*s", (int)(line - place) - 1, place);
    } else if (!line && strncmp(text, "Load: ", 6) == 0 && !strstr(text, "Backtrace")) {
        snprintf(c->what, sizeof c->what, "%s", text + 6);
    }
}

static void *allocate(void *ctx, void *p, size_t size)
{
    (void)ctx;
    if (size) return af_realloc(p, size);
    af_free(p);
    return NULL;
}

static cyaml_config_t config_of(complaint *c)
{
    return (cyaml_config_t){.log_fn = listen,
                            .log_ctx = c,
                            .mem_fn = allocate,
                            .log_level = CYAML_LOG_ERROR,
                            .flags = CYAML_CFG_NO_ALIAS};
}

void af_suite_free(af_suite *s)
{
    complaint ignored = {0};
    cyaml_config_t config = config_of(&ignored);
    if (s) cyaml_free(&config, &suite_schema, s, 0);
}

/* libcyaml gives the line before an unknown key; 0 when the key is not found. */
static size_t line_of_key(const char *text, const char *key)
{
    size_t line = 1, length = strlen(key);
    for (; text; line++) {
        const char *at = text + strspn(text, " -{");
        if (strncmp(at, key, length) == 0 && at[length + strspn(at + length, " ")] == ':')
            return line;
        text = strchr(text, '\n');
        if (text) text++;
    }
    return 0;
}

static af_status refuse_key(const char *path, const char *text, const char *key, size_t line)
{
    const char *near = af_nearest(key, keys);
    size_t found = line_of_key(text, key);
    return af_fail(AF_EUSAGE, "%s:%zu: unknown key '%.60s'%s%s%s", path, found ? found : line, key,
                   near ? ", did you mean '" : "; `afield bench --help` shows a suite",
                   near ? near : "", near ? "'?" : "");
}

static af_status refuse(const char *path, const char *text, const complaint *c, cyaml_err_t error)
{
    static const char unexpected[] = "Unexpected key: ";
    char where[32] = "";
    if (strncmp(c->what, unexpected, strlen(unexpected)) == 0)
        return refuse_key(path, text, c->what + strlen(unexpected), c->line);
    if (c->line) snprintf(where, sizeof where, ":%zu", c->line);
    if (strcmp(c->what, "Expecting MAPPING, got event: SCALAR") == 0 && /* of all sequences, */
        strncmp(c->place, "in sequence entry", 17) == 0) /* only methods hold these */
        return af_fail(AF_EUSAGE, "%s%s: %s, %s; write a method as `- method: NAME`", path, where,
                       c->what, c->place);
    return af_fail(AF_EUSAGE, "%s%s: %s%s%s; `afield bench --help` shows a suite", path, where,
                   *c->what ? c->what : cyaml_strerror(error), *c->place ? ", " : "", c->place);
}

/* ---- what the schema cannot check ---- */

static af_status set(af_job *j, const char *key, const char *value)
{
    return value ? af_options_set(af_job_options, j, key, value) : AF_OK;
}

size_t af_suite_count(const af_suite *s)
{
    return (size_t)s->tasks_count * s->methods_count * (s->seeds_count ? s->seeds_count : 1);
}

af_status af_suite_job(af_job *out, char name[256], const af_suite *s, size_t index)
{
    size_t seeds = s->seeds_count ? s->seeds_count : 1;
    const af_suite_method *m = &s->methods[index / seeds % s->methods_count];
    af_options_default(af_job_options, out);
    out->task = s->tasks[index / seeds / s->methods_count];
    out->method = m->method;
    out->space = m->space;
    out->set = m->set;
    AF_TRY(set(out, "seed", s->seeds_count ? s->seeds[index % seeds] : NULL));
    AF_TRY(set(out, "size", s->size));
    AF_TRY(set(out, "budget", s->budget));
    AF_TRY(set(out, "protocol", s->protocol));
    AF_TRY(set(out, "epochs", s->epochs));
    AF_TRY(set(out, "workers", s->workers));
    AF_TRY(set(out, "device", s->device));
    AF_TRY(set(out, "backend", s->backend));
    AF_TRY(set(out, "precision", s->precision));
    AF_TRY(set(out, "fast", s->fast));
    char method[64];
    af_job_method_name(method, m->method);
    snprintf(name, 256, "%.40s-%.120s%s%.40s-s%" PRIu64, out->task, m->name ? m->name : method,
             m->space && !m->name ? "-" : "", m->space && !m->name ? m->space : "", out->seed);
    return AF_OK;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Two jobs in one directory would be one run. */
static af_status check_names(char (*names)[256], size_t count)
{
    qsort(names, count, sizeof *names, by_text);
    for (size_t i = 1; i < count; i++)
        if (strcmp(names[i - 1], names[i]) == 0)
            return af_fail(AF_EUSAGE,
                           "'%s' comes twice; remove one, or give the methods different names "
                           "(name: ...)",
                           names[i]);
    return AF_OK;
}

static af_status check(const af_suite *s)
{
    size_t count = af_suite_count(s);
    if (count > 100000) return af_fail(AF_EUSAGE, "%zu runs, want at most 100000", count);
    char(*names)[256] = af_calloc(count, sizeof *names);
    af_status st = names ? AF_OK : AF_ENOMEM;
    for (size_t i = 0; st == AF_OK && i < count; i++) {
        af_job job;
        st = af_suite_job(&job, names[i], s, i);
        if (st == AF_OK) st = af_job_check(&job);
        if (st == AF_OK && (strchr(names[i], '/') || names[i][0] == '.'))
            st = af_fail(AF_EUSAGE, "name '%.40s' cannot be a directory's", names[i]);
    }
    if (st == AF_OK) st = check_names(names, count);
    af_free(names);
    return st;
}

af_status af_suite_parse(af_suite **out, const char *text, size_t size, const char *path)
{
    complaint c = {0};
    cyaml_config_t config = config_of(&c);
    void *loaded = NULL;
    cyaml_err_t error =
        cyaml_load_data((const uint8_t *)text, size, &config, &suite_schema, &loaded, NULL);
    if (error == CYAML_ERR_OOM) return af_fail(AF_ENOMEM, "%s: no memory to read it", path);
    if (error != CYAML_OK) return refuse(path, text, &c, error);
    if (!loaded) return af_fail(AF_EUSAGE, "%s: empty; `afield bench --help` shows a suite", path);
    af_status st = check(loaded);
    if (st == AF_OK) {
        *out = loaded;
        return AF_OK;
    }
    af_suite_free(loaded);
    return af_prefix(st, "%s", path);
}

af_status af_suite_load(af_suite **out, const char *path)
{
    char *text;
    size_t size;
    AF_TRY(af_file_read(&text, &size, path, MAX_FILE));
    af_status st = af_suite_parse(out, text, size, path);
    af_free(text);
    return st;
}
