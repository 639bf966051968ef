/* The metric auroc: scikit-learn's values (tests/golden/auroc.py), and what scikit-learn does not
 * define. */
#include "tests/aid/work.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "core/metric.h"
#include "data-prep/formats/npz.h"

extern const af_metric af_metric_auroc;

enum { CASES = 20 };

typedef struct golden {
    float *pred[CASES], *target[CASES];
    int64_t n[CASES];
    int labels[CASES];
    float want[CASES];
} golden;

static af_status collect(const char *name, const af_pickle_array *a, const char *path, void *to)
{
    golden *g = to;
    if (!strcmp(name, "want")) {
        assert_int_equal(a->count, CASES);
        return af_npy_floats(g->want, a, 0, CASES, path);
    }
    const int k = atoi(name + 1);
    float *values = af_alloc(a->count * sizeof *values);
    assert_true(values && k >= 0 && k < CASES && a->rank == 2);
    g->n[k] = (int64_t)a->shape[0];
    g->labels[k] = (int)a->shape[1];
    *(*name == 'p' ? &g->pred[k] : &g->target[k]) = values;
    return af_npy_floats(values, a, 0, a->count, path);
}

static double score(const float *pred, const float *target, int64_t n, int labels)
{
    const af_predictions p = {.n = n, .shape = {labels, 1, 1}, .pred = pred, .target = target};
    double out = NAN;
    assert_ok(af_metric_auroc.score(&p, &out));
    return out;
}

/* Also with the samples in reverse. */
static void agrees_with_scikit_learn(void **state)
{
    (void)state;
    golden g = {.n = {0}};
    assert_ok(af_npz_each("tests/golden/auroc.npz", 1 << 20, NULL, collect, &g));
    for (int k = 0; k < CASES; k++) {
        const int64_t n = g.n[k];
        const int labels = g.labels[k];
        assert_true(n > 1 && g.pred[k] && g.target[k]);
        const double got = score(g.pred[k], g.target[k], n, labels);
        if (!(fabs(got - (double)g.want[k]) <= 1e-7))
            fail_msg("case %d: %.9f, want %.9f", k, got, (double)g.want[k]);
        const size_t row = (size_t)labels * sizeof(float);
        char *p = af_alloc((size_t)n * row), *t = af_alloc((size_t)n * row);
        for (int64_t i = 0; i < n; i++) {
            memcpy(p + (size_t)i * row, g.pred[k] + (n - 1 - i) * labels, row);
            memcpy(t + (size_t)i * row, g.target[k] + (n - 1 - i) * labels, row);
        }
        assert_true(score((float *)p, (float *)t, n, labels) == got);
        af_free(p);
        af_free(t);
        af_free(g.pred[k]);
        af_free(g.target[k]);
    }
}

static void labels_of_one_kind_are_left_out(void **state)
{
    (void)state;
    const float pred[] = {0, 5, 1, 1, 5, 2, 2, 5, 3};
    const float target[] = {0, 1, 0, 1, 1, 0, 0, 1, 0}; /* label 0 alone has both */
    assert_true(score(pred, target, 3, 3) == 0.5);
    double out = 7;
    const float ones[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    const af_predictions p = {.n = 3, .shape = {3, 1, 1}, .pred = pred, .target = ones};
    assert_int_equal(af_metric_auroc.score(&p, &out), AF_EINVAL);
    assert_says("none of 3 labels has both a positive and a negative target among 3 predictions");
    assert_true(out == 7);
}

static void what_is_not_finite_is_refused(void **state)
{
    (void)state;
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    for (size_t b = 0; b < LENGTH(bad); b++) {
        const float pred[] = {0, 1, bad[b], 3}, target[] = {0, 1, 1, 0};
        const af_predictions p = {.n = 2, .shape = {2, 1, 1}, .pred = pred, .target = target};
        double out = 7;
        assert_int_equal(af_metric_auroc.score(&p, &out), AF_EDIVERGED);
        assert_says("prediction 1 of 2 has ");
        assert_true(out == 7);
    }
    double out = 7;
    const af_predictions none = {.n = 0, .shape = {2, 1, 1}, .pred = bad, .target = bad};
    assert_int_equal(af_metric_auroc.score(&none, &out), AF_EINVAL);
    assert_says("no predictions to score");
}

static void short_memory_is_an_error(void **state)
{
    (void)state;
    const float pred[] = {0, 1}, target[] = {0, 1};
    const af_predictions p = {.n = 2, .shape = {1, 1, 1}, .pred = pred, .target = target};
    double out;
    af_alloc_fail_at(1);
    const af_status st = af_metric_auroc.score(&p, &out);
    af_alloc_fail_at(0);
    assert_int_equal(st, AF_ENOMEM);
    assert_true(af_metric_error(&af_metric_auroc, 0.75) == 0.25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_scikit_learn),
        cmocka_unit_test(labels_of_one_kind_are_left_out),
        cmocka_unit_test(what_is_not_finite_is_refused),
        cmocka_unit_test(short_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
