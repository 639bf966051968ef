/* From samples to the two files. x is scaled by the training samples' mean and standard deviation,
 * of each channel or of each element; what does not vary is only shifted. */
#include "data-prep/own/own.h"
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/sha256.h"
#include "data-prep/own/samples.h"

/* ---- scaling ---- */

typedef double value_of(const af_own_samples *s, int64_t i);

static double x_value(const af_own_samples *s, int64_t i)
{
    return s->x_type == AF_STORED_UINT8   ? ((const uint8_t *)s->x)[i]
           : s->x_type == AF_STORED_INT16 ? ((const int16_t *)s->x)[i]
                                          : (double)((const float *)s->x)[i];
}

static double y_value(const af_own_samples *s, int64_t i)
{
    return (double)s->dense[i];
}

/* Adds up (value - mean)^power over the training samples, for each element or channel. */
static void sum(double *out, const af_own_samples *s, value_of *value, af_shape shape, bool element,
                const double *mean)
{
    const af_indices *train = &s->split[AF_TRAIN];
    const int64_t size = af_shape_size(shape), plane = (int64_t)shape.h * shape.w;
    for (int64_t k = 0; k < train->count; k++)
        for (int64_t e = 0; e < size; e++) {
            const int64_t at = element ? e : e / plane;
            const double v = value(s, train->i[k] * size + e);
            out[at] += mean ? (v - mean[at]) * (v - mean[at]) : v;
        }
}

static af_status scaling(float **mean_out, float **std_out, const af_own_samples *s,
                         value_of *value, af_shape shape, af_own_scale how)
{
    const bool element = how == AF_OWN_ELEMENT;
    const int64_t size = af_shape_size(shape), plane = (int64_t)shape.h * shape.w;
    const int64_t kinds = element ? size : shape.c;
    const double n = (double)s->split[AF_TRAIN].count * (double)(element ? 1 : plane);
    double *mean = af_calloc((size_t)kinds, sizeof *mean);
    double *square = af_calloc((size_t)kinds, sizeof *square);
    *mean_out = af_calloc((size_t)size, sizeof **mean_out);
    *std_out = af_calloc((size_t)size, sizeof **std_out);
    const bool room = mean && square && *mean_out && *std_out;
    if (room) {
        sum(mean, s, value, shape, element, NULL);
        for (int64_t k = 0; k < kinds; k++) mean[k] /= n;
        sum(square, s, value, shape, element, mean);
        for (int64_t e = 0; e < size; e++) {
            const int64_t at = element ? e : e / plane;
            const float std = (float)sqrt(square[at] / n);
            (*mean_out)[e] = (float)mean[at];
            (*std_out)[e] = std > 0 && isfinite(std) ? std : 1;
        }
    }
    af_free(mean);
    af_free(square);
    return room ? AF_OK : AF_ENOMEM;
}

/* ---- what becomes of it ---- */

typedef struct part {
    af_dataset_content c;
    void *x, *y;
    char *ids;
    int32_t *group;
    int64_t *all;
} part;

static void part_close(part *p)
{
    af_free(p->x);
    af_free(p->y);
    af_free(p->ids);
    af_free(p->group);
    af_free(p->all);
}

static void *gather(const void *from, size_t size, const int64_t *which, int64_t n)
{
    char *to = af_alloc((size_t)n * size);
    for (int64_t k = 0; k < n && to; k++)
        memcpy(to + (size_t)k * size, (const char *)from + (size_t)which[k] * size, size);
    return to;
}

/* Samples of the splits first .. last, one split after the other. */
static af_status fill(part *p, const af_own_samples *s, int first, int last)
{
    static const size_t width[] = {4, 1, 2};
    const size_t x = (size_t)af_shape_size(s->input) * width[s->x_type];
    const size_t y = s->dense ? (size_t)af_shape_size(s->output) * sizeof *s->dense : 4;
    int64_t n = 0;
    for (int k = first; k <= last; k++) n += s->split[k].count;
    int64_t *which = af_alloc((size_t)n * sizeof *which);
    p->all = af_alloc((size_t)n * sizeof *p->all);
    if (!which || !p->all) {
        af_free(which);
        return AF_ENOMEM;
    }
    int64_t at = 0;
    for (int k = first; k <= last; k++) {
        p->c.split[AF_CLEAN][k] = (af_indices){p->all + at, s->split[k].count};
        memcpy(which + at, s->split[k].i, (size_t)s->split[k].count * sizeof *which);
        at += s->split[k].count;
    }
    for (int64_t k = 0; k < n; k++) p->all[k] = k;
    p->x = gather(s->x, x, which, n);
    p->y = gather(s->dense ? (const void *)s->dense : s->label, y, which, n);
    p->ids = gather(s->ids, AF_ID_MAX, which, n);
    if (s->group) p->group = gather(s->group, sizeof *s->group, which, n);
    af_free(which);
    p->c.n = n;
    p->c.x = p->x;
    p->c.y = p->y;
    p->c.ids = p->ids;
    p->c.group = p->group;
    return p->x && p->y && p->ids && !s->group == !p->group ? AF_OK : AF_ENOMEM;
}

static void describe(part *p, const af_own_samples *s, const char *source,
                     const af_scaling *scaling)
{
    p->c.task = &s->own->task;
    p->c.size = s->own->task.size;
    p->c.provenance = "own";
    p->c.source = source;
    p->c.input = s->input;
    p->c.output = s->output;
    p->c.dense = s->dense != NULL;
    p->c.x_type = s->x_type;
    p->c.scaling[AF_CLEAN] = *scaling;
}

static af_status write_pair(const af_own_samples *s, const char *source, const char *directory)
{
    const af_own *own = s->own;
    part main = {.c.part = AF_MAIN}, held_out = {.c.part = AF_HELD_OUT};
    af_scaling m = {0};
    const af_scaling none = {0};
    af_status st = AF_OK;
    if (own->x_scale != AF_OWN_UNSCALED)
        AF_GOTO(st, done, scaling(&m.x_mean, &m.x_std, s, x_value, s->input, own->x_scale));
    if (own->y_scale != AF_OWN_UNSCALED)
        AF_GOTO(st, done, scaling(&m.y_mean, &m.y_std, s, y_value, s->output, own->y_scale));
    AF_GOTO(st, done, fill(&main, s, AF_TRAIN, AF_VALID));
    AF_GOTO(st, done, fill(&held_out, s, AF_TEST, AF_TEST));
    describe(&main, s, source, &m);
    describe(&held_out, s, source, &none);
    st = af_dataset_write_pair(directory, &main.c, &held_out.c);
done:
    part_close(&main);
    part_close(&held_out);
    af_free(m.x_mean);
    af_free(m.x_std);
    af_free(m.y_mean);
    af_free(m.y_std);
    return st;
}

/* ---- where it comes from ---- */

static af_status add_file(json_t *files, const af_own_source *s, const char *base)
{
    char path[AF_PATH_MAX], hex[AF_SHA256_HEX];
    if (!s->at || json_object_get(files, s->file)) return AF_OK;
    AF_TRY(af_own_path(path, s, base));
    AF_TRY(af_sha256_file(path, hex));
    json_object_set_new(files, s->file, json_string(hex));
    return AF_OK;
}

/* Every raw file with its checksum, and the manifest's own. */
static af_status origin(char **out, const af_own *own, const char *path, const char *base)
{
    char hex[AF_SHA256_HEX];
    json_t *files = json_object();
    af_status st;
    AF_GOTO(st, done, af_sha256_file(path, hex));
    for (int k = 0; k < AF_SPLITS; k++) {
        const af_own_part *p = &own->part[k];
        AF_GOTO(st, done, add_file(files, &p->x, base));
        AF_GOTO(st, done, add_file(files, &p->y, base));
        AF_GOTO(st, done, add_file(files, &p->id, base));
        AF_GOTO(st, done, add_file(files, &p->group, base));
        AF_GOTO(st, done, add_file(files, &own->index[k], base));
    }
    json_t *all =
        json_pack("{s:s, s:s, s:O}", "importer", "own", "manifest_sha256", hex, "files", files);
    *out = all ? json_dumps(all, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    json_decref(all);
    if (!*out) st = af_fail(AF_EFORMAT, "%s: file names that are no UTF-8, or no memory", path);
done:
    json_decref(files);
    return st;
}

/* A class without training samples can be meant, but hardly ever is. */
static af_status warn_of_classes(const af_own_samples *s)
{
    const af_indices *train = &s->split[AF_TRAIN];
    int missing = 0, first = -1;
    if (!s->label) return AF_OK;
    unsigned char *seen = af_calloc((size_t)s->output.c, 1);
    if (!seen) return AF_ENOMEM;
    for (int64_t k = 0; k < train->count; k++) seen[s->label[train->i[k]]] = 1;
    for (int c = s->output.c - 1; c >= 0; c--)
        if (!seen[c]) missing++, first = c;
    if (missing)
        af_log(AF_LOG_WARN, "%s: %d of %d classes have no training samples, the first one is %d",
               s->own->task.name, missing, s->output.c, first);
    af_free(seen);
    return AF_OK;
}

static void directory_of(char out[AF_PATH_MAX], const char *path)
{
    const char *name = af_path_name(path);
    snprintf(out, AF_PATH_MAX, "%.*s", name > path ? (int)(name - path) : 1,
             name > path ? path : ".");
}

af_status af_own_import(const af_own *own, const char *path, const char *directory)
{
    char base[AF_PATH_MAX], *source = NULL;
    directory_of(base, path);
    af_own_samples s = {.own = own, .base = base};
    af_status st;
    AF_GOTO(st, done, af_own_inputs(&s));
    AF_GOTO(st, done, af_own_targets(&s));
    AF_GOTO(st, done, af_own_names(&s));
    AF_GOTO(st, done, af_own_splits(&s));
    AF_GOTO(st, done, origin(&source, own, path, base));
    AF_GOTO(st, done, warn_of_classes(&s));
    st = write_pair(&s, source, directory);
done:
    free(source); /* jansson's */
    af_own_samples_close(&s);
    return st;
}
