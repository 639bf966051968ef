/* mae8, mae8_paper, pixel_auroc and pixel_auroc_paper against numpy and scikit-learn: the cases of
 * tests/golden/dense_metrics.py. */
#include "tests/aid/work.h"
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include "core/base/alloc.h"
#include "core/metric.h"

extern const af_metric af_metric_mae8, af_metric_mae8_paper, af_metric_pixel_auroc,
    af_metric_pixel_auroc_paper;
enum { CASES = 20 };

typedef struct golden { /* of one kind, all cases; p is one of them */
    af_predictions p;
    float *y, *pred;
    uint8_t *mask;
    int32_t *group, *samples, *tile;
    double *clean, *paper;
} golden;

static void *read_block(hid_t file, const char *kind, const char *block, hid_t type)
{
    char path[64];
    snprintf(path, sizeof path, "%s/%s", kind, block);
    hid_t d = H5Dopen(file, path, H5P_DEFAULT), space = H5Dget_space(d);
    assert_true(d >= 0);
    void *data = af_alloc((size_t)H5Sget_simple_extent_npoints(space) * H5Tget_size(type));
    assert_true(H5Dread(d, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0);
    H5Sclose(space);
    H5Dclose(d);
    return data;
}

static golden open_golden(const char *kind)
{
    hid_t f = H5Fopen("tests/golden/dense_metrics.h5", H5F_ACC_RDONLY, H5P_DEFAULT);
    assert_true(f >= 0);
    const golden g = {.y = read_block(f, kind, "y", H5T_NATIVE_FLOAT),
                      .pred = read_block(f, kind, "pred", H5T_NATIVE_FLOAT),
                      .mask = read_block(f, kind, "mask", H5T_NATIVE_UINT8),
                      .group = read_block(f, kind, "group", H5T_NATIVE_INT32),
                      .samples = read_block(f, kind, "samples", H5T_NATIVE_INT32),
                      .tile = read_block(f, kind, "tile", H5T_NATIVE_INT32),
                      .clean = read_block(f, kind, "clean", H5T_NATIVE_DOUBLE),
                      .paper = read_block(f, kind, "paper", H5T_NATIVE_DOUBLE)};
    H5Fclose(f);
    return g;
}

static void close_golden(golden *g)
{
    void *const all[] = {g->y, g->pred, g->mask, g->group, g->samples, g->tile, g->clean, g->paper};
    for (size_t k = 0; k < LENGTH(all); k++) af_free(all[k]);
}

/* Points p to case k. */
static void choose(golden *g, int k)
{
    int64_t samples = 0, elements = 0;
    for (int c = 0; c < k; c++) {
        samples += g->samples[c];
        elements += (int64_t)g->samples[c] * g->tile[c] * g->tile[c];
    }
    g->p = (af_predictions){g->samples[k],   {1, g->tile[k], g->tile[k]}, g->pred + elements,
                            g->y + elements, g->mask + elements,          g->group + samples};
}

static void check(const af_metric *m, const af_predictions *p, double want)
{
    double got = NAN;
    assert_ok(m->score(p, &got));
    if (!(fabs(got - want) <= 1e-6 * fmax(1, fabs(want))))
        fail_msg("%s: %.12g, want %.12g", m->name, got, want);
}

static void mae8_is_numpys(void **state)
{
    (void)state;
    int differ = 0;
    golden g = open_golden("protein");
    for (int k = 0; k < CASES; k++) {
        choose(&g, k);
        check(&af_metric_mae8, &g.p, g.clean[k]);
        g.p.mask = NULL;
        check(&af_metric_mae8_paper, &g.p, g.paper[k]);
        differ += fabs(g.clean[k] - g.paper[k]) > 1e-3;
    }
    close_golden(&g);
    assert_true(differ > CASES / 2);
}

static void auroc_is_sklearns(void **state)
{
    (void)state;
    int differ = 0;
    golden g = open_golden("pixel");
    for (int k = 0; k < CASES; k++) {
        choose(&g, k);
        check(&af_metric_pixel_auroc, &g.p, g.clean[k]);
        check(&af_metric_pixel_auroc_paper, &g.p, g.paper[k]);
        differ += fabs(g.clean[k] - g.paper[k]) > 1e-3;
    }
    close_golden(&g);
    assert_true(differ > CASES / 2);
}

/* One protein of 26 residues: of the pairs (0, 24), (0, 25) and (1, 25) two are contacts. */
static void mae8_by_hand(void **state)
{
    (void)state;
    enum { N = 26 };
    float y[N * N], pred[N * N];
    for (int i = 0; i < N * N; i++) y[i] = 16, pred[i] = 0;
    y[24] = 6, y[N + 25] = 8, y[25] = 8.5f;
    pred[24] = 4, pred[24 * N] = 8;          /* above and below the diagonal */
    pred[N + 25] = 10, pred[25 * N + 1] = 2; /* clean 6, paper 4 */
    const af_predictions p = {1, {1, N, N}, pred, y, NULL, NULL};
    check(&af_metric_mae8, &p, (0 + 2) / 2.0);
    check(&af_metric_mae8_paper, &p, (1 + 4) / 2.0);
    pred[24 * N] = -100; /* the floor: (0.01 + 0.01) / 2, so 5.99 away */
    check(&af_metric_mae8_paper, &p, (5.99 + 4) / 2.0);
}

static void what_cannot_be_scored_is_refused(void **state)
{
    (void)state;
    enum { N = 30 };
    static float y[3 * N * N], pred[3 * N * N];
    static const int32_t group[3] = {4, 4, 4};
    double score = 7;
    af_predictions p = {3, {1, N, N}, pred, y, NULL, group};
    assert_int_equal(af_metric_mae8.score(&p, &score), AF_EINVAL);
    assert_says("group 4 has 3 consecutive samples, want a square number");
    p.group = NULL;
    assert_ok(af_metric_mae8.score(&p, &score));
    for (int i = 0; i < 3 * N * N; i++) y[i] = 9;
    assert_int_equal(af_metric_mae8_paper.score(&p, &score), AF_EINVAL);
    assert_says("no protein has a pair of residues");
    p.shape.w = 15;
    assert_int_equal(af_metric_mae8.score(&p, &score), AF_EINVAL);
    p.shape.w = N;
    for (int i = 0; i < 3 * N * N; i++) y[i] = 1;
    assert_int_equal(af_metric_pixel_auroc.score(&p, &score), AF_EINVAL);
    assert_says("2700 of 2700 pixels are positive, want some of each kind");
    assert_int_equal(af_metric_pixel_auroc_paper.score(&p, &score), AF_EINVAL);
    pred[5] = NAN;
    static const af_metric *const all[] = {&af_metric_mae8, &af_metric_mae8_paper,
                                           &af_metric_pixel_auroc, &af_metric_pixel_auroc_paper};
    for (size_t k = 0; k < LENGTH(all); k++) {
        assert_int_equal(all[k]->score(&p, &score), AF_EDIVERGED);
        assert_true(strlen(all[k]->definition) > 40 && all[k]->dense && all[k]->version >= 1);
    }
}

static void masked_pixels_do_not_matter(void **state)
{
    (void)state;
    golden g = open_golden("pixel");
    choose(&g, 0);
    const int64_t n = g.p.n * af_shape_size(g.p.shape);
    for (int64_t e = 0; e < n; e++)
        if (!g.mask[e]) g.pred[e] = 1e6f;
    check(&af_metric_pixel_auroc, &g.p, g.clean[0]);
    close_golden(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mae8_is_numpys),
        cmocka_unit_test(auroc_is_sklearns),
        cmocka_unit_test(mae8_by_hand),
        cmocka_unit_test(masked_pixels_do_not_matter),
        cmocka_unit_test(what_cannot_be_scored_is_refused),
    };
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
