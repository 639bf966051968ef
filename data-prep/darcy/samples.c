/* Assembling the Darcy data set. Scaling follows NAS-Bench-360's loader: mean and unbiased standard
 * deviation at each grid point over the training samples (protocol clean), or over training and
 * validation samples (protocol paper, which retrains on both), with 1e-5 added to the deviation.
 * Coordinates stay as they are. */
#include "data-prep/darcy/samples.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "data-prep/formats/counts.h"

enum { CHANNELS = 3 };
static const double STD_EPSILON = 1e-5;

static size_t points(const af_darcy_samples *s)
{
    return (size_t)s->nodes * (size_t)s->nodes;
}

float *af_darcy_coefficient(const af_darcy_samples *s, int64_t k)
{
    return s->x + (size_t)k * CHANNELS * points(s);
}

float *af_darcy_solution(const af_darcy_samples *s, int64_t k)
{
    return s->y + (size_t)k * points(s);
}

af_darcy_shares af_darcy_share_two(int64_t count, int64_t learn, int64_t test_count, int64_t test)
{
    const int64_t n = af_least(count, learn), valid = af_tenth(n);
    return (af_darcy_shares){n - valid, valid, 0, af_least(test_count, test)};
}

af_darcy_shares af_darcy_share_one(int64_t count, int64_t most)
{
    const int64_t n = af_least(count, most), share = af_tenth(n);
    return (af_darcy_shares){n - 2 * share, share, n - share, share};
}

static void fill_coordinates(float *x, int nodes)
{
    float *along_row = x + (size_t)nodes * (size_t)nodes, *along_column = along_row + nodes * nodes;
    for (int i = 0; i < nodes; i++)
        for (int j = 0; j < nodes; j++) {
            along_row[i * nodes + j] = (float)((double)j / (nodes - 1));
            along_column[i * nodes + j] = (float)((double)i / (nodes - 1));
        }
}

af_status af_darcy_samples_new(af_darcy_samples *out, int64_t count, int nodes, const char *name,
                               int64_t first)
{
    af_darcy_samples s = {.count = count, .nodes = nodes};
    s.x = af_calloc((size_t)count, CHANNELS * points(&s) * sizeof *s.x);
    s.y = af_calloc((size_t)count, points(&s) * sizeof *s.y);
    s.ids = af_calloc((size_t)count, AF_ID_MAX);
    if (!s.x || !s.y || !s.ids) {
        af_darcy_samples_free(&s);
        return AF_ENOMEM;
    }
    for (int64_t k = 0; k < count; k++) {
        fill_coordinates(af_darcy_coefficient(&s, k), nodes);
        snprintf(s.ids + k * AF_ID_MAX, AF_ID_MAX, "%.40s-%05lld", name, (long long)(first + k));
    }
    *out = s;
    return AF_OK;
}

void af_darcy_samples_free(af_darcy_samples *s)
{
    af_free(s->x);
    af_free(s->y);
    af_free(s->ids);
    *s = (af_darcy_samples){0};
}

/* Mean and standard deviation over n samples, `step` floats apart, of each of `size` points. */
static void moments(float *mean, float *std, const float *v, int64_t n, size_t step, size_t size)
{
    for (size_t p = 0; p < size; p++) {
        double sum = 0, squares = 0;
        for (int64_t k = 0; k < n; k++) sum += v[(size_t)k * step + p];
        double m = sum / (double)n;
        for (int64_t k = 0; k < n; k++) {
            double d = v[(size_t)k * step + p] - m;
            squares += d * d;
        }
        mean[p] = (float)m;
        std[p] = (float)(sqrt(squares / (double)(n > 1 ? n - 1 : 1)) + STD_EPSILON);
    }
}

static void scaling_free(af_scaling *c)
{
    af_free(c->x_mean);
    af_free(c->x_std);
    af_free(c->y_mean);
    af_free(c->y_std);
    *c = (af_scaling){0};
}

/* Over the first n samples. */
static af_status fit_scaling(af_scaling *out, const af_darcy_samples *s, int64_t n)
{
    size_t size = points(s);
    af_scaling c = {
        .x_mean = af_calloc(CHANNELS * size, sizeof(float)),
        .x_std = af_calloc(CHANNELS * size, sizeof(float)),
        .y_mean = af_calloc(size, sizeof(float)),
        .y_std = af_calloc(size, sizeof(float)),
    };
    if (!c.x_mean || !c.x_std || !c.y_mean || !c.y_std) {
        scaling_free(&c);
        return AF_ENOMEM;
    }
    moments(c.x_mean, c.x_std, s->x, n, CHANNELS * size, size);
    moments(c.y_mean, c.y_std, s->y, n, size, size);
    for (size_t p = size; p < CHANNELS * size; p++) c.x_std[p] = 1;
    /* In a small subset a point may have one coefficient only; dividing by 1e-5 would blow up the
     * other one when it is met later. Never so in a full set. */
    for (size_t p = 0; p < size; p++)
        if (c.x_std[p] <= (float)STD_EPSILON) c.x_std[p] = 1;
    *out = c;
    return AF_OK;
}

static af_dataset_content content_of(const af_prep_request *r, af_dataset_part part,
                                     const af_darcy_samples *s, const af_darcy_origin *o,
                                     const char *source)
{
    return (af_dataset_content){.task = r->task,
                                .size = r->size,
                                .part = part,
                                .provenance = o->provenance,
                                .source = source,
                                .n = s->count,
                                .input = {CHANNELS, s->nodes, s->nodes},
                                .output = {1, s->nodes, s->nodes},
                                .dense = true,
                                .x = s->x,
                                .y = s->y,
                                .ids = s->ids,
                                .attr_names = o->names,
                                .attr_values = o->values,
                                .attrs = o->attributes};
}

static int64_t *count_up(int64_t n)
{
    int64_t *i = af_alloc((size_t)n * sizeof *i);
    for (int64_t k = 0; i && k < n; k++) i[k] = k;
    return i;
}

/* `all`: the indices of all samples. */
static af_status split_main(af_dataset_content *c, const af_darcy_samples *s, int64_t train,
                            int64_t *all)
{
    c->split[AF_CLEAN][AF_TRAIN] = (af_indices){all, train};
    c->split[AF_CLEAN][AF_VALID] = (af_indices){all + train, s->count - train};
    AF_TRY(fit_scaling(&c->scaling[AF_CLEAN], s, train));
    if (c->task->own) return AF_OK; /* a variant: no publication has a protocol for it */
    c->split[AF_PAPER][AF_TRAIN] = (af_indices){all, s->count};
    return fit_scaling(&c->scaling[AF_PAPER], s, s->count);
}

af_status af_darcy_write(const af_prep_request *r, const af_darcy_samples *main, int64_t train,
                         const af_darcy_samples *test, const af_darcy_origin *origin)
{
    char *source = json_dumps(origin->source, JSON_COMPACT | JSON_SORT_KEYS);
    if (!source) return af_fail(AF_ENOMEM, "out of memory: cannot write the origin of the data");
    af_dataset_content learn = content_of(r, AF_MAIN, main, origin, source);
    af_dataset_content held_out = content_of(r, AF_HELD_OUT, test, origin, source);
    int64_t *all = count_up(main->count > test->count ? main->count : test->count);
    af_status st = all ? split_main(&learn, main, train, all) : AF_ENOMEM;
    for (int p = 0; p < (r->task->own ? AF_CLEAN + 1 : AF_PROTOCOLS); p++)
        held_out.split[p][AF_TEST] = (af_indices){all, test->count};
    if (st == AF_OK) st = af_dataset_write_pair(r->directory, &learn, &held_out);
    for (int p = 0; p < AF_PROTOCOLS; p++) scaling_free(&learn.scaling[p]);
    af_free(all);
    free(source); /* jansson's */
    return st;
}
