/* From predictions of samples to a score: targets are gathered, samples of one group (the windows
 * of a record) become one prediction as the task says, and the metric sees the whole split at once.
 * A group's prediction does not depend on how its samples were batched. */
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/train/train.h"

/* One prediction to be aggregated: its group, and its row among the predictions. */
typedef struct member {
    int32_t group;
    int64_t row;
} member;

static int by_group_then_row(const void *a, const void *b)
{
    const member *x = a, *y = b;
    if (x->group != y->group) return x->group < y->group ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* What the metric will see, row by row. */
typedef struct table {
    int64_t n;
    af_shape shape;
    size_t width; /* bytes of a target */
    float *pred;
    char *target;
    uint8_t *mask;  /* NULL: none */
    int32_t *group; /* NULL: none */
} table;

static const char *target_of(const af_dataset *d, size_t width, int64_t sample)
{
    return (const char *)d->y + (size_t)sample * width;
}

static af_status same_target(const table *t, const af_dataset *d, const af_indices *which,
                             const member *m, int64_t count)
{
    const char *first = target_of(d, t->width, which->i[m[0].row]);
    for (int64_t k = 1; k < count; k++) {
        const int64_t sample = which->i[m[k].row];
        if (memcmp(first, target_of(d, t->width, sample), t->width) != 0)
            return af_fail(AF_EFORMAT,
                           "samples '%s' and '%s' are of group %d but have different targets, want "
                           "one target a group; correct /group or /y of %s",
                           d->ids + which->i[m[0].row] * AF_ID_MAX, d->ids + sample * AF_ID_MAX,
                           m[0].group, d->path);
    }
    return AF_OK;
}

/* Most votes win; of equals the class that was voted for first. votes: {classes}, zero on entry and
 * on return. */
static void majority(float *out, const float *pred, int classes, const member *m, int64_t count,
                     int64_t *votes)
{
    int best = -1;
    for (int64_t k = 0; k < count; k++) votes[af_argmax(pred + m[k].row * classes, classes)]++;
    for (int64_t k = 0; k < count; k++) {
        const int c = af_argmax(pred + m[k].row * classes, classes);
        if (best < 0 || votes[c] > votes[best]) best = c;
    }
    for (int c = 0; c < classes; c++) {
        out[c] = c == best;
        votes[c] = 0;
    }
}

static void mean(float *out, const float *pred, int64_t size, const member *m, int64_t count)
{
    for (int64_t e = 0; e < size; e++) {
        double sum = 0;
        for (int64_t k = 0; k < count; k++) sum += pred[m[k].row * size + e];
        out[e] = (float)(sum / (double)count);
    }
}

static af_status merge(table *t, const af_task *task, const af_dataset *d, const af_indices *which,
                       const float *pred, const member *m, int64_t *votes)
{
    const int64_t size = af_shape_size(t->shape);
    for (int64_t k = 0, end; k < which->count; k = end, t->n++) {
        end = k;
        while (end < which->count && m[end].group == m[k].group) end++;
        AF_TRY(same_target(t, d, which, m + k, end - k));
        memcpy(t->target + (size_t)t->n * t->width, target_of(d, t->width, which->i[m[k].row]),
               t->width);
        float *out = t->pred + t->n * size;
        if (task->aggregate == AF_MAJORITY)
            majority(out, pred, t->shape.c, m + k, end - k, votes);
        else
            mean(out, pred, size, m + k, end - k);
    }
    return AF_OK;
}

static af_status aggregate(table *t, const af_task *task, const af_dataset *d,
                           const af_indices *which, const float *pred)
{
    if (!d->group)
        return af_fail(AF_EFORMAT,
                       "%s: /group: missing, but task '%s' is scored by group; make the "
                       "dataset anew",
                       d->path, task->name);
    member *m = af_alloc((size_t)which->count * sizeof *m);
    int64_t *votes = af_calloc((size_t)t->shape.c, sizeof *votes);
    af_status st = m && votes ? AF_OK : AF_ENOMEM;
    for (int64_t k = 0; k < which->count && st == AF_OK; k++)
        m[k] = (member){d->group[which->i[k]], k};
    if (st == AF_OK) {
        qsort(m, (size_t)which->count, sizeof *m, by_group_then_row);
        st = merge(t, task, d, which, pred, m, votes);
    }
    af_free(votes);
    af_free(m);
    return st;
}

/* The mask and the groups of samples scored one by one. */
static af_status gather(table *t, const af_dataset *d, const uint8_t *mask, const af_indices *which)
{
    const size_t count = (size_t)which->count, size = (size_t)af_shape_size(d->output);
    if (mask && !(t->mask = af_alloc(count * size))) return AF_ENOMEM;
    if (d->group && !(t->group = af_alloc(count * sizeof *t->group))) return AF_ENOMEM;
    for (; t->n < which->count; t->n++) {
        const int64_t sample = which->i[t->n];
        memcpy(t->target + (size_t)t->n * t->width, target_of(d, t->width, sample), t->width);
        if (mask) memcpy(t->mask + (size_t)t->n * size, mask + (size_t)sample * size, size);
        if (d->group) t->group[t->n] = d->group[sample];
    }
    return AF_OK;
}

static af_status check_fit(const af_task *task, const af_metric *metric, const af_dataset *d,
                           bool masked)
{
    if (metric->dense != d->dense)
        return af_fail(AF_EINVAL,
                       "metric '%s' wants %s, but task '%s' has %s; choose another metric",
                       metric->name, metric->dense ? "dense targets" : "labels", task->name,
                       d->dense ? "dense targets" : "labels");
    if (masked && task->aggregate != AF_PER_SAMPLE)
        return af_fail(AF_EFORMAT, "%s: /mask: task '%s' is scored by group, want no mask", d->path,
                       task->name);
    return AF_OK;
}

af_status af_score(double *score, const af_task *task, const af_metric *metric, const af_dataset *d,
                   af_protocol protocol, const af_indices *which, const float *pred)
{
    const size_t count = (size_t)which->count, size = (size_t)af_shape_size(d->output);
    const uint8_t *mask = d->mask[protocol];
    AF_TRY(check_fit(task, metric, d, mask != NULL));
    const af_predictions raw = {which->count, d->output, pred, d->y, NULL, NULL};
    AF_TRY(af_predictions_check(&raw)); /* a vote would hide a NaN */
    table t = {.shape = d->output, .width = d->dense ? size * sizeof(float) : sizeof(int32_t)};
    const bool grouped = task->aggregate != AF_PER_SAMPLE;
    t.target = af_alloc(count * t.width);
    t.pred = grouped ? af_alloc(count * size * sizeof *t.pred) : NULL;
    af_status st = t.target && (t.pred || !grouped) ? AF_OK : AF_ENOMEM;
    if (st == AF_OK && grouped) st = aggregate(&t, task, d, which, pred);
    if (st == AF_OK && !grouped) st = gather(&t, d, mask, which);
    if (st == AF_OK) {
        const af_predictions p = {t.n, t.shape, grouped ? t.pred : pred, t.target, t.mask, t.group};
        st = metric->score(&p, score);
    }
    af_free(t.group);
    af_free(t.mask);
    af_free(t.target);
    af_free(t.pred);
    return st;
}
