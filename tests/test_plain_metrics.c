/* accuracy, f1_macro, mse and relative_l2 against scikit-learn and numpy: the cases of
 * tests/golden/plain_metrics.py. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/metric.h"
#include "data-prep/formats/npz.h"
#include "tests/aid/work.h"

extern const af_metric af_metric_accuracy, af_metric_f1_macro, af_metric_mse, af_metric_relative_l2;

enum { CASES = 20 };

typedef struct one { /* an array of the file */
    float *values;
    int64_t n;
    af_shape shape; /* of a row */
} one;

typedef struct golden {
    one logits[CASES], classes[CASES], fields[CASES], targets[CASES];
    float accuracy[CASES], f1_macro[CASES], mse[CASES], relative_l2[CASES];
} golden;

static float *answers(golden *g, const char *name)
{
    return !strcmp(name, "accuracy")      ? g->accuracy
           : !strcmp(name, "f1_macro")    ? g->f1_macro
           : !strcmp(name, "mse")         ? g->mse
           : !strcmp(name, "relative_l2") ? g->relative_l2
                                          : NULL;
}

static af_status collect(const char *name, const af_pickle_array *a, const char *path, void *to)
{
    golden *g = to;
    float *want = answers(g, name);
    if (want) {
        assert_int_equal(a->count, CASES);
        return af_npy_floats(want, a, 0, CASES, path);
    }
    const int k = atoi(name + 1);
    assert_true(k >= 0 && k < CASES && strchr("lcpt", *name));
    one *to_fill = *name == 'l'   ? &g->logits[k]
                   : *name == 'c' ? &g->classes[k]
                   : *name == 'p' ? &g->fields[k]
                                  : &g->targets[k];
    int sides[3] = {1, 1, 1};
    for (int d = 1; d < a->rank; d++) sides[d - 1] = (int)a->shape[d];
    *to_fill = (one){.values = af_alloc(a->count * sizeof(float)),
                     .n = (int64_t)a->shape[0],
                     .shape = {sides[0], sides[1], sides[2]}};
    assert_non_null(to_fill->values);
    return af_npy_floats(to_fill->values, a, 0, a->count, path);
}

static void agrees(const af_metric *m, const one *pred, const void *target, int k, double want)
{
    const af_predictions p = {
        .n = pred->n, .shape = pred->shape, .pred = pred->values, .target = target};
    double got = NAN;
    assert_ok(m->score(&p, &got));
    if (!(fabs(got - want) <= 1e-6 * fmax(fabs(want), fmin(1, fabs(got)))))
        fail_msg("%s, case %d: %.9g, want %.9g", m->name, k, got, want);
}

static int32_t *integers(const one *a)
{
    int32_t *out = af_alloc((size_t)a->n * sizeof *out);
    assert_non_null(out);
    for (int64_t i = 0; i < a->n; i++) out[i] = (int32_t)a->values[i];
    return out;
}

static void agree_with_independent_programs(void **state)
{
    (void)state;
    golden *g = af_calloc(1, sizeof *g);
    assert_non_null(g);
    assert_ok(af_npz_each("tests/golden/plain_metrics.npz", 1 << 22, NULL, collect, g));
    for (int k = 0; k < CASES; k++) {
        int32_t *classes = integers(&g->classes[k]);
        agrees(&af_metric_accuracy, &g->logits[k], classes, k, (double)g->accuracy[k]);
        agrees(&af_metric_f1_macro, &g->logits[k], classes, k, (double)g->f1_macro[k]);
        af_free(classes);
        const float *targets = g->targets[k].values;
        agrees(&af_metric_mse, &g->fields[k], targets, k, (double)g->mse[k]);
        agrees(&af_metric_relative_l2, &g->fields[k], targets, k, (double)g->relative_l2[k]);
        one *const all[] = {&g->logits[k], &g->classes[k], &g->fields[k], &g->targets[k]};
        for (size_t i = 0; i < LENGTH(all); i++) af_free(all[i]->values);
    }
    af_free(g);
}

/* What the metrics define and those programs do not. */
static void what_has_no_score_is_an_error(void **state)
{
    (void)state;
    const float zeros[4] = {0}, bad[] = {0, NAN, 1, 2};
    const int32_t classes[2] = {0, 1};
    double out = 7;
    const af_metric *const all[] = {&af_metric_accuracy, &af_metric_f1_macro, &af_metric_mse,
                                    &af_metric_relative_l2};
    for (size_t i = 0; i < LENGTH(all); i++) {
        const void *target = all[i]->dense ? (const void *)zeros : (const void *)classes;
        af_predictions p = {.n = 2, .shape = {2, 1, 1}, .pred = bad, .target = target};
        assert_int_equal(all[i]->score(&p, &out), AF_EDIVERGED);
        p.n = 0;
        assert_int_equal(all[i]->score(&p, &out), AF_EINVAL);
    }
    const af_predictions zero = {.n = 2, .shape = {2, 1, 1}, .pred = zeros, .target = zeros};
    assert_int_equal(af_metric_relative_l2.score(&zero, &out), AF_EINVAL);
    assert_says("target 0 of 2 is zero everywhere");
    assert_true(out == 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agree_with_independent_programs),
        cmocka_unit_test(what_has_no_score_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
