/* From libyaml's events to a tree. No recursion over the input: the way back is kept in a stack as
 * deep as is allowed. */
#include "core/base/yaml.h"
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>
#include "core/base/options.h"

enum { MAX_DEPTH = 8, MAX_NODES = 1 << 20, MAX_KEYS = 256, SHOWN = 60, CHOICES_TEXT = 256 };

typedef struct builder {
    af_yaml *y;
    af_yaml_node *open[MAX_DEPTH], *last[MAX_DEPTH]; /* unfinished ones, and their last members */
    int depth, nodes;
    const char *key; /* read, its value is due */
} builder;

static af_status fail_at(const af_yaml *y, size_t line, const char *what)
{
    return af_fail(AF_EUSAGE, "%s:%zu: %s", y->path, line + 1, what);
}

static af_yaml_node *in_map(const builder *b)
{
    af_yaml_node *n = b->depth ? b->open[b->depth - 1] : NULL;
    return n && n->kind == AF_YAML_MAP ? n : NULL;
}

static af_status add(builder *b, af_yaml_kind kind, size_t line, const char *text)
{
    af_yaml_node *n = af_arena_alloc(b->y->arena, sizeof *n);
    if (!n) return AF_ENOMEM;
    if (++b->nodes > MAX_NODES)
        return fail_at(b->y, line, "more than a million values; put them into a file");
    af_yaml_node *up = b->depth ? b->open[b->depth - 1] : NULL;
    *n = (af_yaml_node){.kind = kind, .line = (int)line + 1, .text = text, .of = b->y};
    n->name = in_map(b) ? b->key : up ? up->name : "";
    b->key = NULL;
    if (!up)
        b->y->root = n;
    else if (b->last[b->depth - 1])
        b->last[b->depth - 1]->next = n;
    else
        up->first = n;
    if (up) b->last[b->depth - 1] = n;
    if (kind == AF_YAML_TEXT) return AF_OK;
    if (b->depth == MAX_DEPTH) return fail_at(b->y, line, "too deep");
    b->open[b->depth] = n;
    b->last[b->depth++] = NULL;
    return AF_OK;
}

static af_status add_key(builder *b, size_t line, const char *text)
{
    const af_yaml_node *before = af_yaml_get(in_map(b), text);
    if (before)
        return af_fail(AF_EUSAGE, "%s:%zu: '%.60s' is given twice, first in line %d", b->y->path,
                       line + 1, text, before->line);
    if (af_yaml_count(in_map(b)) >= MAX_KEYS) return fail_at(b->y, line, "too many keys");
    b->key = text;
    return AF_OK;
}

static af_status add_scalar(builder *b, const yaml_event_t *e)
{
    const size_t line = e->start_mark.line, size = e->data.scalar.length;
    const char *value = (const char *)e->data.scalar.value;
    if (memchr(value, '\0', size)) return fail_at(b->y, line, "a text with a NUL inside");
    const char *text = af_arena_strdup(b->y->arena, value);
    if (!text) return AF_ENOMEM;
    return in_map(b) && !b->key ? add_key(b, line, text) : add(b, AF_YAML_TEXT, line, text);
}

/* A tag such as !!int, or an anchor. */
static bool adorned(const yaml_event_t *e)
{
    switch (e->type) {
    case YAML_SCALAR_EVENT:
        return e->data.scalar.anchor || e->data.scalar.tag;
    case YAML_SEQUENCE_START_EVENT:
        return e->data.sequence_start.anchor || e->data.sequence_start.tag;
    case YAML_MAPPING_START_EVENT:
        return e->data.mapping_start.anchor || e->data.mapping_start.tag;
    default:
        return e->type == YAML_ALIAS_EVENT;
    }
}

static af_status take(builder *b, const yaml_event_t *e)
{
    const size_t line = e->start_mark.line;
    const bool list = e->type == YAML_SEQUENCE_START_EVENT,
               map = e->type == YAML_MAPPING_START_EVENT;
    if (adorned(e))
        return fail_at(b->y, line,
                       "anchors, aliases and tags are not read; write the value itself");
    if (e->type == YAML_DOCUMENT_START_EVENT && b->y->root)
        return fail_at(b->y, line, "a second document; want one");
    if (e->type == YAML_SCALAR_EVENT && !b->depth)
        return fail_at(b->y, line, "no `key: value` lines");
    if (e->type == YAML_SCALAR_EVENT) return add_scalar(b, e);
    if ((list || map) && in_map(b) && !b->key) return fail_at(b->y, line, "a key that is no text");
    if (list && !b->depth) return fail_at(b->y, line, "a list, want `key: value` lines");
    if (list || map) return add(b, list ? AF_YAML_LIST : AF_YAML_MAP, line, NULL);
    if (e->type == YAML_SEQUENCE_END_EVENT || e->type == YAML_MAPPING_END_EVENT) b->depth--;
    return AF_OK;
}

static af_status read_events(builder *b, yaml_parser_t *parser)
{
    for (bool more = true; more;) {
        yaml_event_t e;
        if (!yaml_parser_parse(parser, &e)) {
            if (parser->error == YAML_MEMORY_ERROR) return af_fail(AF_ENOMEM, "out of memory");
            return af_fail(AF_EUSAGE, "%s:%zu: no YAML: %s", b->y->path,
                           parser->problem_mark.line + 1,
                           parser->problem ? parser->problem : "unreadable");
        }
        more = e.type != YAML_STREAM_END_EVENT;
        af_status st = take(b, &e);
        yaml_event_delete(&e);
        if (st != AF_OK) return st;
    }
    return b->y->root ? AF_OK : af_fail(AF_EUSAGE, "%s: empty", b->y->path);
}

af_status af_yaml_parse(af_yaml **out, const char *text, size_t size, const char *path)
{
    yaml_parser_t parser;
    builder b = {.y = af_calloc(1, sizeof *b.y)};
    *out = NULL;
    if (!b.y) return AF_ENOMEM;
    b.y->arena = af_arena_new();
    b.y->path = b.y->arena ? af_arena_strdup(b.y->arena, path) : NULL;
    af_status st = b.y->path ? AF_OK : AF_ENOMEM;
    if (st == AF_OK && !yaml_parser_initialize(&parser)) st = af_fail(AF_ENOMEM, "out of memory");
    if (st == AF_OK) {
        yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
        st = read_events(&b, &parser);
        yaml_parser_delete(&parser);
    }
    if (st == AF_OK)
        *out = b.y;
    else
        af_yaml_free(b.y);
    return st;
}

void af_yaml_free(af_yaml *y)
{
    if (!y) return;
    if (y->arena) af_arena_free(y->arena);
    af_free(y);
}

/* ---- looking ---- */

af_status af_yaml_fail(const af_yaml_node *n, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return af_fail(AF_EUSAGE, "%s:%d: %.60s%s%s", n->of->path, n->line, n->name,
                   *n->name ? ": " : "", text);
}

af_status af_yaml_keys(const af_yaml_node *map, const char *const *names)
{
    if (map->kind != AF_YAML_MAP) return af_yaml_fail(map, "want `key: value` lines");
    for (const af_yaml_node *n = map->first; n; n = n->next) {
        int k = 0;
        while (names[k] && strcmp(names[k], n->name)) k++;
        if (names[k]) continue;
        char list[CHOICES_TEXT] = "";
        const char *near = af_nearest(n->name, names);
        for (k = 0; names[k] && !near; k++) {
            const size_t used = strlen(list);
            snprintf(list + used, sizeof list - used, "%s%s", k ? ", " : "", names[k]);
        }
        return af_yaml_fail(n, "unknown key; %s%s%s",
                            near ? "did you mean '" : "want one of: ", near ? near : list,
                            near ? "'?" : "");
    }
    return AF_OK;
}

const af_yaml_node *af_yaml_get(const af_yaml_node *map, const char *name)
{
    const af_yaml_node *n = map && map->kind == AF_YAML_MAP ? map->first : NULL;
    while (n && strcmp(n->name, name)) n = n->next;
    return n;
}

int af_yaml_count(const af_yaml_node *n)
{
    int count = 0;
    for (const af_yaml_node *m = n->first; m; m = m->next) count++;
    return count;
}

static af_status want_text(const af_yaml_node *n, const char *what)
{
    return n->kind == AF_YAML_TEXT ? AF_OK : af_yaml_fail(n, "want %s", what);
}

af_status af_yaml_text(const char **out, const af_yaml_node *map, const char *name)
{
    const af_yaml_node *n = af_yaml_get(map, name);
    if (!n) return AF_OK;
    AF_TRY(want_text(n, "a text"));
    for (const char *c = n->text; *c; c++)
        if ((unsigned char)*c < ' ' && *c != '\n')
            return af_yaml_fail(n, "a control character; want text");
    *out = n->text;
    return AF_OK;
}

af_status af_yaml_flag(bool *out, const af_yaml_node *map, const char *name)
{
    static const char *const choices[] = {"false", "true", NULL};
    int value = *out;
    AF_TRY(af_yaml_choice(&value, map, name, choices));
    *out = value;
    return AF_OK;
}

af_status af_yaml_real_of(double *out, const af_yaml_node *n, double low, double high)
{
    char *end;
    AF_TRY(want_text(n, "a number"));
    const double v = strtod(n->text, &end);
    if (end == n->text || *end || !isfinite(v) || v < low || v > high)
        return af_yaml_fail(n, "'%.*s', want a number from %g to %g", SHOWN, n->text, low, high);
    *out = v;
    return AF_OK;
}

af_status af_yaml_int_of(int64_t *out, const af_yaml_node *n, int64_t low, int64_t high)
{
    char *end;
    AF_TRY(want_text(n, "an integer"));
    errno = 0;
    const long long v = strtoll(n->text, &end, 10);
    if (end == n->text || *end || errno || v < low || v > high)
        return af_yaml_fail(n, "'%.*s', want an integer from %lld to %lld", SHOWN, n->text,
                            (long long)low, (long long)high);
    *out = v;
    return AF_OK;
}

af_status af_yaml_real(double *out, const af_yaml_node *map, const char *name, double low,
                       double high)
{
    const af_yaml_node *n = af_yaml_get(map, name);
    return n ? af_yaml_real_of(out, n, low, high) : AF_OK;
}

af_status af_yaml_int(int64_t *out, const af_yaml_node *map, const char *name, int64_t low,
                      int64_t high)
{
    const af_yaml_node *n = af_yaml_get(map, name);
    return n ? af_yaml_int_of(out, n, low, high) : AF_OK;
}

af_status af_yaml_choice(int *out, const af_yaml_node *map, const char *name,
                         const char *const *choices)
{
    char list[CHOICES_TEXT] = "";
    const af_yaml_node *n = af_yaml_get(map, name);
    if (!n) return AF_OK;
    for (int k = 0; choices[k]; k++) {
        if (n->kind == AF_YAML_TEXT && !strcmp(choices[k], n->text)) {
            *out = k;
            return AF_OK;
        }
        const size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", k ? ", " : "", choices[k]);
    }
    return af_yaml_fail(n, "'%.*s', want one of: %s", SHOWN,
                        n->kind == AF_YAML_TEXT ? n->text : "(no text)", list);
}
