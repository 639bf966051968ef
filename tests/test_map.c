/* core/metrics/map.c against scikit-learn (tests/golden/map.py), and what scikit-learn leaves to a
 * warning: classes without positives, predictions that are no numbers. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "core/metric.h"
#include "tests/aid/work.h"

extern const af_metric af_metric_map;
enum { MOST = 64 * 16 };

static double score(const float *pred, const float *target, int n, int classes)
{
    const af_predictions p = {.n = n, .shape = {classes, 1, 1}, .pred = pred, .target = target};
    double s = NAN;
    assert_ok(af_metric_map.score(&p, &s));
    return s;
}

static int cases(void (*each)(const float *pred, const float *target, int n, int classes,
                              double want))
{
    FILE *f = fopen("tests/golden/map.txt", "r");
    int n, classes, count = 0;
    double want;
    assert_non_null(f);
    while (fscanf(f, "%d %d %lf", &n, &classes, &want) == 3) {
        float pred[MOST], target[MOST];
        assert_in_range(n * classes, 1, MOST);
        for (int i = 0; i < n * classes; i++) assert_int_equal(fscanf(f, "%f", &pred[i]), 1);
        for (int i = 0; i < n * classes; i++) assert_int_equal(fscanf(f, "%f", &target[i]), 1);
        each(pred, target, n, classes, want);
        count++;
    }
    fclose(f);
    return count;
}

/* Also with the samples in reverse: their order does not count. */
static void compare(const float *pred, const float *target, int n, int classes, double want)
{
    float p[MOST], t[MOST];
    for (int i = 0; i < n * classes; i++) {
        const int from = (n - 1 - i / classes) * classes + i % classes;
        p[i] = pred[from];
        t[i] = target[from];
    }
    if (!(fabs(score(pred, target, n, classes) - want) < 1e-12))
        fail_msg("%.17g, want %.17g", score(pred, target, n, classes), want);
    assert_true(score(p, t, n, classes) == score(pred, target, n, classes));
}

static void is_scikit_learns(void **state)
{
    (void)state;
    assert_int_equal(cases(compare), 20);
}

static void by_hand(void **state)
{
    (void)state;
    const float pred[] = {3, 2, 1, 0}, target[] = {1, 0, 1, 0}, tied[] = {3, 1, 1, 0};
    assert_true(fabs(score(pred, target, 4, 1) - (1 + 2.0 / 3) / 2) < 1e-15);
    assert_true(fabs(score(tied, target, 4, 1) - (1 + 2.0 / 3) / 2) < 1e-15);
    const float two[] = {3, 9, 2, 1, 1, 1, 0, 5}, one_empty[] = {1, 0, 0, 0, 1, 0, 0, 0};
    assert_true(score(two, one_empty, 4, 2) == score(pred, target, 4, 1));
}

static void what_is_not_defined(void **state)
{
    (void)state;
    const float zeros[4] = {0}, ones[4] = {1, 1, 1, 1}, bad[4] = {0, NAN, 0, 0};
    double s = 7;
    const af_predictions none = {.n = 2, .shape = {2, 1, 1}, .pred = ones, .target = zeros},
                         nan = {.n = 2, .shape = {2, 1, 1}, .pred = bad, .target = ones},
                         empty = {.n = 0, .shape = {2, 1, 1}, .pred = ones, .target = ones};
    assert_int_equal(af_metric_map.score(&none, &s), AF_EINVAL);
    assert_says("none of 2 predictions has a positive target");
    assert_int_equal(af_metric_map.score(&nan, &s), AF_EDIVERGED);
    assert_says("prediction 0 of 2 has ");
    assert_int_equal(af_metric_map.score(&empty, &s), AF_EINVAL);
    af_alloc_fail_at(1);
    const af_predictions good = {.n = 2, .shape = {2, 1, 1}, .pred = ones, .target = ones};
    assert_int_equal(af_metric_map.score(&good, &s), AF_ENOMEM);
    af_alloc_fail_at(0);
    assert_true(s == 7);
    assert_true(af_metric_map.higher_is_better && af_metric_map.dense);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_scikit_learns),
        cmocka_unit_test(by_hand),
        cmocka_unit_test(what_is_not_defined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
