/* The rules of the dataset, checked once so that nothing behind them has to: training trusts
 * shapes, labels, indices and values. Each failure names the first offending sample by index and
 * id. */
#include "core/data/check.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"

static const float *sample(const float *values, af_shape s, int64_t i)
{
    return values + i * af_shape_size(s);
}

static af_status check_dim(const char *block, const char *axis, int size)
{
    if (size >= 1 && size <= AF_MAX_DIM) return AF_OK;
    return af_fail(AF_EFORMAT, "%s: %s is %d, want 1 to %d", block, axis, size, AF_MAX_DIM);
}

static af_status check_shape(const char *block, af_shape s)
{
    AF_TRY(check_dim(block, "C", s.c));
    AF_TRY(check_dim(block, "H", s.h));
    return check_dim(block, "W", s.w);
}

/* The classes of a task with names are counted; the output of a dense task keeps the resolution. */
static af_status check_output(const af_dataset *d, const af_task *task)
{
    const bool labels = task->objective == AF_SINGLE_LABEL || task->objective == AF_MULTI_LABEL;
    const af_shape in = d->input, out = d->output;
    if (labels && (out.h != 1 || out.w != 1))
        return af_fail(AF_EFORMAT, "/y: %d x %d x %d a sample, want C x 1 x 1 for %s task '%s'",
                       out.c, out.h, out.w, af_objective_names[task->objective], task->name);
    if (!labels && (out.h != in.h || out.w != in.w))
        return af_fail(AF_EFORMAT, "/y: H x W is %d x %d, want %d x %d as in /x for %s task '%s'",
                       out.h, out.w, in.h, in.w, af_objective_names[task->objective], task->name);
    if (labels && task->labels) {
        int names = 0;
        while (task->labels[names]) names++;
        if (names != out.c)
            return af_fail(AF_EFORMAT, "classes: %d, want the %d of task '%s'", out.c, names,
                           task->name);
    }
    return AF_OK;
}

static af_status check_shapes(const af_dataset *d, const af_task *task)
{
    if (d->n < 1) return af_fail(AF_EFORMAT, "/x: no samples, want at least 1");
    if (d->dense != (task->objective != AF_SINGLE_LABEL))
        return af_fail(AF_EFORMAT, "/y: %s, want %s for %s task '%s'",
                       d->dense ? "dense values" : "labels", d->dense ? "labels" : "dense values",
                       af_objective_names[task->objective], task->name);
    AF_TRY(check_shape("/x", d->input));
    AF_TRY(check_shape(d->dense ? "/y" : "classes", d->output));
    return check_output(d, task);
}

static af_status check_ids(const af_dataset *d)
{
    for (int64_t i = 0; i < d->n; i++) {
        const char *id = d->ids + i * AF_ID_MAX;
        if (!id[0] || !memchr(id, '\0', AF_ID_MAX))
            return af_fail(AF_EFORMAT, "/id: sample %lld has an id of %s bytes, want 1 to %d",
                           (long long)i, id[0] ? "too many" : "no", AF_ID_MAX - 1);
    }
    return AF_OK;
}

static af_status check_labels(const af_dataset *d)
{
    const int32_t *y = d->y;
    for (int64_t i = 0; i < d->n; i++)
        if (y[i] < 0 || y[i] >= d->output.c)
            return af_fail(AF_EFORMAT, "/y: sample %lld (id '%s') has label %d, want 0 to %d",
                           (long long)i, d->ids + i * AF_ID_MAX, y[i], d->output.c - 1);
    return AF_OK;
}

static uint32_t magnitude(float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits & 0x7fffffffu;
}

/* The largest magnitude as bits: a plain maximum of integers, which compilers vectorise. */
bool af_all_finite(const float *v, int64_t n)
{
    uint32_t most = 0;
    for (int64_t i = 0; i < n; i++) {
        const uint32_t m = magnitude(v[i]);
        most = m > most ? m : most;
    }
    return most < 0x7f800000u;
}

static bool all_binary(const float *v, int64_t n)
{
    uint32_t bad = 0;
    for (int64_t i = 0; i < n; i++) bad |= (v[i] != 0) & (v[i] != 1);
    return !bad;
}

static bool fine(float v, bool binary)
{
    return binary ? v == 0 || v == 1 : isfinite(v);
}

static af_status check_values(const af_dataset *d, const char *block, const float *values,
                              af_shape s, bool binary)
{
    const int64_t size = af_shape_size(s);
    for (int64_t i = 0; i < d->n; i++) {
        const float *v = sample(values, s, i);
        if (binary ? all_binary(v, size) : af_all_finite(v, size)) continue;
        int64_t e = 0;
        while (fine(v[e], binary)) e++;
        return af_fail(AF_EFORMAT,
                       "%s: sample %lld (id '%s') is %g at channel %lld, row %lld, column %lld, "
                       "want %s",
                       block, (long long)i, d->ids + i * AF_ID_MAX, (double)v[e],
                       (long long)(e / s.w / s.h), (long long)(e / s.w % s.h), (long long)(e % s.w),
                       binary ? "0 or 1" : "finite numbers");
    }
    return AF_OK;
}

/* marks[i]: 0, or 1 + the split of this protocol that sample i is in. */
static af_status mark_split(const af_dataset *d, int protocol, int split, unsigned char *marks)
{
    const af_indices *s = &d->split[protocol][split];
    const char *name = af_protocol_names[protocol];
    if (s->i && s->count < 1)
        return af_fail(AF_EFORMAT, "/splits/%s/%s: empty, want at least 1 index", name,
                       af_split_names[split]);
    for (int64_t k = 0; s->i && k < s->count; k++) {
        const int64_t i = s->i[k];
        if (i < 0 || i >= d->n)
            return af_fail(AF_EFORMAT, "/splits/%s/%s: index %lld at position %lld, want 0 to %lld",
                           name, af_split_names[split], (long long)i, (long long)k,
                           (long long)d->n - 1);
        if (marks[i])
            return af_fail(AF_EFORMAT,
                           "/splits/%s/%s: sample %lld (id '%s') is already in %s, want every "
                           "sample at most once in a protocol",
                           name, af_split_names[split], (long long)i, d->ids + i * AF_ID_MAX,
                           af_split_names[marks[i] - 1]);
        marks[i] = (unsigned char)(split + 1);
    }
    return AF_OK;
}

/* A sample of some split. */
typedef struct member {
    int64_t sample;
    int32_t group;
    unsigned char mark;
} member;

static int by_group(const void *a, const void *b)
{
    const member *p = a, *q = b;
    if (p->group != q->group) return p->group < q->group ? -1 : 1;
    return (p->sample > q->sample) - (p->sample < q->sample);
}

/* Windows of one record are alike: with some of them in training, the others test nothing. */
static af_status check_groups(const af_dataset *d, int protocol, const unsigned char *marks,
                              member *members)
{
    size_t count = 0;
    for (int64_t i = 0; i < d->n; i++)
        if (marks[i]) members[count++] = (member){i, d->group[i], marks[i]};
    qsort(members, count, sizeof *members, by_group);
    for (size_t k = 1; k < count; k++) {
        const member *m = &members[k], *before = m - 1;
        if (m->group == before->group && m->mark != before->mark)
            return af_fail(AF_EFORMAT,
                           "/splits/%s/%s: sample %lld (id '%s') is of group %d, which is already "
                           "in %s, want every group in at most one split of a protocol",
                           af_protocol_names[protocol], af_split_names[m->mark - 1],
                           (long long)m->sample, d->ids + m->sample * AF_ID_MAX, m->group,
                           af_split_names[before->mark - 1]);
    }
    return AF_OK;
}

static af_status check_group_range(const af_dataset *d)
{
    for (int64_t i = 0; d->group && i < d->n; i++)
        if (d->group[i] < 0)
            return af_fail(AF_EFORMAT, "/group: sample %lld (id '%s') is of group %d, want 0 to %d",
                           (long long)i, d->ids + i * AF_ID_MAX, d->group[i], INT32_MAX);
    return AF_OK;
}

static af_status check_splits(const af_dataset *d, af_dataset_part part)
{
    static const bool needed[2][AF_SPLITS] = {
        [AF_MAIN] = {[AF_TRAIN] = true, [AF_VALID] = true}, [AF_HELD_OUT] = {[AF_TEST] = true}};
    for (int s = 0; s < AF_SPLITS; s++)
        if (needed[part][s] && !d->split[AF_CLEAN][s].i)
            return af_fail(AF_EFORMAT, "/splits/%s/%s: missing", af_protocol_names[AF_CLEAN],
                           af_split_names[s]);
    unsigned char *marks = af_alloc((size_t)d->n);
    member *members = af_alloc((size_t)d->n * sizeof *members);
    af_status st = marks && members ? AF_OK : AF_ENOMEM;
    for (int p = 0; p < AF_PROTOCOLS && st == AF_OK; p++) {
        memset(marks, 0, (size_t)d->n);
        for (int s = 0; s < AF_SPLITS && st == AF_OK; s++) st = mark_split(d, p, s, marks);
        if (st == AF_OK && d->group) st = check_groups(d, p, marks, members);
    }
    af_free(members);
    af_free(marks);
    return st;
}

static af_status check_scale(const float *mean, const float *std, af_shape s, int protocol,
                             char axis)
{
    if (!mean && !std) return AF_OK;
    const char *name = af_protocol_names[protocol];
    if (!mean || !std)
        return af_fail(AF_EFORMAT, "/scale/%s/%c_%s: missing beside %c_%s", name, axis,
                       mean ? "std" : "mean", axis, mean ? "mean" : "std");
    const int64_t n = af_shape_size(s);
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(mean[i]) || !isfinite(std[i]) || std[i] <= 0)
            return af_fail(AF_EFORMAT,
                           "/scale/%s: element %lld of %c has mean %g and std %g, want a finite "
                           "mean and a positive std",
                           name, (long long)i, axis, (double)mean[i], (double)std[i]);
    return AF_OK;
}

static af_status check_mask(const af_dataset *d, int protocol)
{
    const uint8_t *mask = d->mask[protocol];
    const int64_t size = af_shape_size(d->output);
    if (mask && !d->dense)
        return af_fail(AF_EFORMAT, "/mask/%s: there, but the targets are labels, want dense ones",
                       af_protocol_names[protocol]);
    for (int64_t e = 0; mask && e < d->n * size; e++)
        if (mask[e] > 1)
            return af_fail(AF_EFORMAT, "/mask/%s: sample %lld (id '%s') has %d, want 0 or 1",
                           af_protocol_names[protocol], (long long)(e / size),
                           d->ids + e / size * AF_ID_MAX, mask[e]);
    return AF_OK;
}

af_status af_dataset_check(const af_dataset *d, const af_task *task, af_dataset_part part)
{
    AF_TRY(check_shapes(d, task));
    AF_TRY(check_ids(d));
    AF_TRY(check_group_range(d));
    AF_TRY(af_background_check(d, part));
    AF_TRY(check_splits(d, part));
    for (int p = 0; p < AF_PROTOCOLS; p++) {
        const af_scaling *s = &d->scaling[p];
        AF_TRY(check_scale(s->x_mean, s->x_std, d->input, p, 'x'));
        AF_TRY(check_scale(s->y_mean, s->y_std, d->output, p, 'y'));
        AF_TRY(check_mask(d, p));
    }
    if (!d->dense)
        AF_TRY(check_labels(d));
    else
        AF_TRY(check_values(d, "/y", d->y, d->output, task->objective != AF_DENSE_REGRESSION));
    if (d->x_type != AF_STORED_FLOAT32) return AF_OK; /* every integer is a finite number */
    return check_values(d, "/x", d->x, d->input, false);
}

int af_dataset_id_width(const char *ids, int64_t n)
{
    size_t width = 1;
    for (int64_t i = 0; i < n; i++) {
        const size_t length = strnlen(ids + i * AF_ID_MAX, AF_ID_MAX);
        width = length > width ? length : width;
    }
    return (int)width;
}
