/* Everything a space gets for free from its table of parameters: sampling, mutation, crossover,
 * neighbours, encoding, checks, text. Numbers drawn here are rounded to six significant digits, so
 * that their texts are short and do not depend on the last bit of a machine's exp and log.
 * NAN stands for "the recipe's own value" where a parameter's default is NAN; it is never drawn. */
#include "core/space.h"
#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/options.h"

static const char UNSET[] = "recipe"; /* the text of NAN */
enum { VALUE_TEXT = 64 };

const char *const af_size_names[AF_SIZES + 1] = {"tiny", "small", "full", NULL};

af_status af_size_find(af_size *out, const char *name)
{
    for (int i = 0; i < AF_SIZES; i++) {
        if (strcmp(name, af_size_names[i])) continue;
        *out = (af_size)i;
        return AF_OK;
    }
    return af_fail(AF_EUSAGE, "unknown size '%.40s', want tiny, small or full", name);
}

/* ---- one parameter ---- */

static int count_choices(const af_knob *k)
{
    int n = 0;
    while (k->choices[n]) n++;
    return n;
}

/* How many values can be drawn. */
static double count_values(const af_knob *k)
{
    if (k->kind == AF_CATEGORICAL) return count_choices(k);
    if (k->kind == AF_INTEGER) return k->high - k->low + 1;
    return k->low < k->high ? HUGE_VAL : 1;
}

static bool is_discrete(const af_knob *k)
{
    return k->kind == AF_CATEGORICAL || k->kind == AF_INTEGER;
}

static double first_value(const af_knob *k)
{
    return k->kind == AF_INTEGER ? k->low : 0;
}

/* Where a number lies in its range, and back: 0 at low, 1 at high. */
static double to_unit(const af_knob *k, double v)
{
    if (!(k->low < k->high)) return 0;
    if (k->kind == AF_LOG_FLOAT) return log(v / k->low) / log(k->high / k->low);
    return (v - k->low) / (k->high - k->low);
}

static double from_unit(const af_knob *k, double t)
{
    char text[VALUE_TEXT];
    double v = k->kind == AF_LOG_FLOAT ? k->low * exp(t * log(k->high / k->low))
                                       : k->low + t * (k->high - k->low);
    snprintf(text, sizeof text, "%.6g", v);
    return fmax(k->low, fmin(k->high, strtod(text, NULL)));
}

static double draw(const af_knob *k, af_rng *r)
{
    if (is_discrete(k)) return first_value(k) + (double)af_rng_below(r, (uint64_t)count_values(k));
    return from_unit(k, af_rng_unit(r));
}

/* Uniform over the values that are not `old`; there is at least one. */
static double draw_other(const af_knob *k, double old, af_rng *r)
{
    if (is_discrete(k) && !isnan(old)) {
        double v = first_value(k) + (double)af_rng_below(r, (uint64_t)count_values(k) - 1);
        return v + (v >= old);
    }
    double v = draw(k, r);
    while (v == old) v = draw(k, r);
    return v;
}

/* ---- configurations ---- */

af_config af_space_default(const af_space *s)
{
    af_config c = {{0}};
    for (int i = 0; i < s->count; i++) c.v[i] = s->knobs[i].def;
    return c;
}

af_config af_space_sample(const af_space *s, af_rng *r)
{
    af_config c = {{0}};
    for (int i = 0; i < s->count; i++) c.v[i] = draw(&s->knobs[i], r);
    return c;
}

void af_space_mutate(const af_space *s, af_config *c, af_rng *r)
{
    if (s->mutate) {
        s->mutate(c, r);
        return;
    }
    int free_knobs[AF_MAX_KNOBS], n = 0;
    for (int i = 0; i < s->count; i++)
        if (count_values(&s->knobs[i]) > 1) free_knobs[n++] = i;
    if (n == 0) return;
    int i = free_knobs[af_rng_below(r, (uint64_t)n)];
    c->v[i] = draw_other(&s->knobs[i], c->v[i], r);
}

af_config af_space_crossover(const af_space *s, const af_config *a, const af_config *b, af_rng *r)
{
    af_config c = {{0}};
    for (int i = 0; i < s->count; i++) c.v[i] = af_rng_below(r, 2) ? b->v[i] : a->v[i];
    return c;
}

/* Fills `out` with the values one step away from `old`; returns how many. An unset parameter has
 * the choices, or the middle of the range, one step away. */
static int steps(const af_knob *k, double old, int i, double *out)
{
    if (k->kind == AF_CATEGORICAL) {
        *out = i;
        return i < count_choices(k) && i != old;
    }
    if (isnan(old)) {
        *out = k->kind == AF_INTEGER ? floor((k->low + k->high) / 2) : from_unit(k, 0.5);
        return i == 0;
    }
    double way = i == 0 ? -1 : 1;
    if (i > 1 || old == (i == 0 ? k->low : k->high)) return 0;
    *out = k->kind == AF_INTEGER ? old + way : from_unit(k, to_unit(k, old) + 0.1 * way);
    return *out != old;
}

int af_space_neighbours(const af_space *s, const af_config *c, af_config *out, int max)
{
    int n = 0;
    for (int i = 0; i < s->count; i++) {
        const af_knob *k = &s->knobs[i];
        int tries = k->kind == AF_CATEGORICAL ? count_choices(k) : 2;
        for (int j = 0; j < tries; j++) {
            double v;
            if (!steps(k, c->v[i], j, &v)) continue;
            if (out && n < max) {
                out[n] = *c;
                out[n].v[i] = v;
            }
            n++;
        }
    }
    return n;
}

double af_space_size(const af_space *s)
{
    double n = 1;
    for (int i = 0; i < s->count; i++) n *= count_values(&s->knobs[i]);
    return n;
}

int af_space_encode(const af_space *s, const af_config *c, double *out, int max)
{
    int n = 0;
    for (int i = 0; i < s->count; i++) {
        const af_knob *k = &s->knobs[i];
        double v = c->v[i];
        int width = k->kind == AF_CATEGORICAL ? count_choices(k) : 1;
        for (int j = 0; j < width; j++, n++) {
            if (!out || n >= max) continue;
            out[n] = k->kind == AF_CATEGORICAL ? v == j : isnan(v) ? 0.5 : to_unit(k, v);
        }
    }
    return n;
}

/* ---- text ---- */

static void value_text(const af_knob *k, double v, char out[VALUE_TEXT])
{
    if (isnan(v)) {
        snprintf(out, VALUE_TEXT, "%s", UNSET);
    } else if (k->kind == AF_CATEGORICAL && v >= 0 && v < count_choices(k) && v == floor(v)) {
        snprintf(out, VALUE_TEXT, "%s", k->choices[(int)v]);
    } else {
        for (int digits = 15; digits <= 17; digits++) {
            snprintf(out, VALUE_TEXT, "%.*g", digits, v);
            if (strtod(out, NULL) == v) return;
        }
    }
}

af_status af_space_check(const af_space *s, const af_config *c)
{
    for (int i = 0; i < s->count; i++) {
        const af_knob *k = &s->knobs[i];
        double v = c->v[i];
        char text[VALUE_TEXT];
        if (isnan(v) && isnan(k->def)) continue;
        value_text(k, v, text);
        if (k->kind == AF_CATEGORICAL && !(v >= 0 && v < count_choices(k) && v == floor(v)))
            return af_fail(AF_EINVAL, "%s: '%s' is choice %s, want a whole number from 0 to %d",
                           s->name, k->name, text, count_choices(k) - 1);
        if (k->kind != AF_CATEGORICAL && !(v >= k->low && v <= k->high))
            return af_fail(AF_EINVAL, "%s: '%s' is %s, want %.15g to %.15g", s->name, k->name, text,
                           k->low, k->high);
        if (k->kind == AF_INTEGER && v != floor(v))
            return af_fail(AF_EINVAL, "%s: '%s' is %s, want a whole number", s->name, k->name,
                           text);
    }
    return AF_OK;
}

void af_space_print(const af_space *s, const af_config *c, char out[AF_CONFIG_TEXT])
{
    if (s->print) {
        s->print(c, out);
        return;
    }
    int used = snprintf(out, AF_CONFIG_TEXT, "%s", s->count ? "" : "default");
    for (int i = 0; i < s->count; i++) {
        char text[VALUE_TEXT];
        value_text(&s->knobs[i], c->v[i], text);
        used += snprintf(out + used, AF_CONFIG_TEXT - (size_t)used, "%s%s=%s", i ? "," : "",
                         s->knobs[i].name, text);
        assert(used < AF_CONFIG_TEXT && "the space's names are too long");
    }
}

void af_space_canonical(const af_space *s, const af_config *c, char out[AF_CONFIG_TEXT])
{
    if (s->canonical)
        s->canonical(c, out);
    else
        af_space_print(s, c, out);
}

static const char *choices_or_names(char *buf, size_t size, const char *const *list)
{
    size_t used = 0;
    buf[0] = '\0';
    for (; *list && used < size; list++) {
        int n = snprintf(buf + used, size - used, "%s%s", used ? ", " : "", *list);
        used += n > 0 ? (size_t)n : 0;
    }
    return buf;
}

/* Copies what a name or value may consist of into `out` (size VALUE_TEXT). */
static size_t take(char *out, const char *text, const char *stop)
{
    size_t n = 0;
    while (n < VALUE_TEXT - 1 && text[n] && !strchr(stop, text[n]) &&
           isgraph((unsigned char)text[n]))
        n++;
    memcpy(out, text, n);
    out[n] = '\0';
    return n;
}

static af_status expected(const af_space *s, const char *text, const char *at, const char *want)
{
    char found[VALUE_TEXT];
    unsigned char c = (unsigned char)*at;
    if (!c)
        snprintf(found, sizeof found, "the end");
    else
        snprintf(found, sizeof found, isgraph(c) ? "'%c'" : "byte 0x%02x", c);
    return af_fail(AF_EINVAL, "%s: character %d: found %s, want %s", s->name, (int)(at - text) + 1,
                   found, want);
}

static af_status find_knob(int *out, const af_space *s, const char *name, int position)
{
    const char *names[AF_MAX_KNOBS + 1] = {NULL};
    char known[512];
    *out = 0;
    for (int i = 0; i < s->count; i++) {
        names[i] = s->knobs[i].name;
        *out = i;
        if (!strcmp(name, names[i])) return AF_OK;
    }
    const char *near = af_nearest(name, names);
    if (near)
        return af_fail(AF_EINVAL, "%s: character %d: unknown parameter '%s'; did you mean '%s'?",
                       s->name, position, name, near);
    return af_fail(AF_EINVAL, "%s: character %d: unknown parameter '%s', want one of: %s", s->name,
                   position, name, choices_or_names(known, sizeof known, names));
}

static af_status parse_value(const af_space *s, const af_knob *k, double *out, const char *value,
                             int position)
{
    if (isnan(k->def) && !strcmp(value, UNSET)) {
        *out = NAN;
        return AF_OK;
    }
    if (k->kind == AF_CATEGORICAL) {
        char known[512];
        for (int i = 0; k->choices[i]; i++) {
            *out = i;
            if (!strcmp(value, k->choices[i])) return AF_OK;
        }
        return af_fail(AF_EINVAL, "%s: character %d: '%s' is no value of '%s', want one of: %s",
                       s->name, position, value, k->name,
                       choices_or_names(known, sizeof known, k->choices));
    }
    char *end;
    *out = strtod(value, &end);
    if (end == value || *end || isnan(*out))
        return af_fail(AF_EINVAL,
                       "%s: character %d: '%s' is no number, want '%s' from %.15g to %.15g",
                       s->name, position, value, k->name, k->low, k->high);
    return AF_OK;
}

/* "name=value,name=value"; what is not named keeps its default. */
static af_status parse_pairs(const af_space *s, af_config *out, const char *text)
{
    bool seen[AF_MAX_KNOBS] = {false};
    for (const char *p = text;; p++) {
        char name[VALUE_TEXT], value[VALUE_TEXT];
        int i, position = (int)(p - text) + 1;
        size_t n = take(name, p, "=,");
        if (n == 0) return expected(s, text, p, "a parameter's name (name=value,name=value)");
        AF_TRY(find_knob(&i, s, name, position));
        if (seen[i])
            return af_fail(AF_EINVAL, "%s: character %d: '%s' is given twice", s->name, position,
                           name);
        seen[i] = true;
        p += n;
        if (*p != '=') return expected(s, text, p, "'=' and a value");
        p++;
        n = take(value, p, ",");
        AF_TRY(parse_value(s, &s->knobs[i], &out->v[i], value, (int)(p - text) + 1));
        p += n;
        if (!*p) return AF_OK;
        if (*p != ',') return expected(s, text, p, "',' or the end");
    }
}

af_status af_space_parse(const af_space *s, af_config *out, const char *text)
{
    size_t length = strlen(text);
    if (length >= AF_CONFIG_TEXT)
        return af_fail(AF_EINVAL, "%s: a configuration of %zu characters, want at most %d", s->name,
                       length, AF_CONFIG_TEXT - 1);
    af_config c = af_space_default(s);
    if (strcmp(text, "default")) AF_TRY(s->parse ? s->parse(&c, text) : parse_pairs(s, &c, text));
    AF_TRY(af_space_check(s, &c));
    *out = c;
    return AF_OK;
}

/* ---- networks ---- */

static af_status check_io(const af_space *s, const af_io *io)
{
    const af_shape *in = &io->input, *o = &io->output;
    bool fits = io->dense ? o->h == in->h && o->w == in->w : o->h == 1 && o->w == 1;
    if (in->c >= 1 && in->h >= 1 && in->w >= 1 && o->c >= 1 && fits && io->size >= 0 &&
        io->size < AF_SIZES)
        return AF_OK;
    return af_fail(
        AF_EINVAL, "%s: cannot build %dx%dx%d -> %dx%dx%d; want sizes of at least 1 and %s",
        s->name, in->c, in->h, in->w, o->c, o->h, o->w,
        io->dense ? "the input's height and width in a dense output" : "an output of Cx1x1");
}

/* Takes g; hands it on when it is a network that fits. */
static af_status finish(af_graph *g, const af_space *s, const af_io *io, af_graph **out)
{
    af_status st = af_graph_status(g);
    if (st != AF_OK) {
        st = af_prefix(st, "%s", s->name);
    } else if (af_graph_output(g) < 0 ||
               !af_shape_same(af_graph_shape(g, af_graph_output(g)), io->output)) {
        st = af_fail(AF_EINTERNAL, "%s: built a network whose output is not %dx%dx%d", s->name,
                     io->output.c, io->output.h, io->output.w);
    }
    if (st != AF_OK) {
        af_graph_free(g);
        return st;
    }
    *out = g;
    return AF_OK;
}

af_status af_space_build(const af_space *s, const af_config *c, const af_io *io, af_graph **out)
{
    AF_TRY(af_space_check(s, c));
    AF_TRY(check_io(s, io));
    af_graph *g = af_graph_new();
    if (!g) return AF_ENOMEM;
    s->build(c, io, g);
    return finish(g, s, io, out);
}

af_status af_space_supernet(const af_space *s, const af_io *io, af_graph **out)
{
    if (!s->supernet)
        return af_fail(AF_EUSAGE, "space %s has no supernet, so its networks cannot share weights",
                       s->name);
    AF_TRY(check_io(s, io));
    af_graph *g = af_graph_new();
    if (!g) return AF_ENOMEM;
    s->supernet(io, g);
    return finish(g, s, io, out);
}
