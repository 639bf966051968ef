/* core/metrics, af_score and af_split_by_group. The values of macro F1 were computed by
 * scikit-learn 1.9.1: f1_score(target, guess, average="macro", labels=range(C), zero_division=0).
 */
#include "tests/aid/work.h"
#include <math.h>
#include <stdio.h>
#include "core/base/alloc.h"
#include "core/data/split.h"
#include "core/train/train.h"
#include "tests/aid/toy.h"

extern const af_metric af_metric_accuracy, af_metric_f1_macro, af_metric_relative_l2, af_metric_mse,
    af_metric_map;
static const af_metric *const metrics[] = {&af_metric_accuracy, &af_metric_f1_macro,
                                           &af_metric_relative_l2, &af_metric_mse, &af_metric_map};
enum { MAX_CLASSES = 16, MAX_N = 300 };

/* The score of hard guesses: logits are 1 at the guess and spread below it elsewhere. */
static double score_guesses(const af_metric *m, const int32_t *target, const int32_t *guess, int n,
                            int classes)
{
    static float logits[MAX_N * MAX_CLASSES];
    for (int i = 0; i < n; i++)
        for (int c = 0; c < classes; c++) logits[i * classes + c] = c == guess[i] ? 1 : -(float)c;
    const af_predictions p = {n, {classes, 1, 1}, logits, target};
    double score = NAN;
    assert_ok(m->score(&p, &score));
    return score;
}

static void close_to(double got, double want)
{
    if (!(fabs(got - want) <= 1e-14 * fabs(want))) fail_msg("%.17g, want %.17g", got, want);
}

/* ---- metrics ---- */

static void f1_is_sklearns(void **state)
{
    (void)state;
    static const int32_t target[] = {0, 1, 2, 3, 0, 1, 2, 0, 0, 3, 1, 0};
    static const int32_t guess[] = {0, 1, 1, 3, 0, 2, 2, 0, 1, 3, 1, 3};
    close_to(score_guesses(&af_metric_f1_macro, target, guess, 12, 4), 0.6553571428571429);
    /* classes 4 and 5 are in neither and count as 0 */
    close_to(score_guesses(&af_metric_f1_macro, target, guess, 12, 6), 0.4369047619047619);
    close_to(score_guesses(&af_metric_accuracy, target, guess, 12, 4), 8.0 / 12);
    /* class 2 is never guessed, class 3 never present */
    static const int32_t target2[] = {0, 0, 1, 1, 2}, guess2[] = {0, 1, 1, 1, 3};
    close_to(score_guesses(&af_metric_f1_macro, target2, guess2, 5, 4), 0.3666666666666667);
}

static uint32_t next(uint32_t *s)
{
    *s = (*s * 1103515245u + 12345u) & 0x7fffffffu;
    return *s >> 16;
}

static void f1_of_many_samples_is_sklearns(void **state)
{
    (void)state;
    int32_t target[MAX_N], guess[MAX_N];
    uint32_t s = 12345;
    for (int i = 0; i < MAX_N; i++) {
        target[i] = (int32_t)(next(&s) % 7);
        const int32_t other = (int32_t)(next(&s) % 7);
        guess[i] = next(&s) % 3 ? target[i] : other;
    }
    close_to(score_guesses(&af_metric_f1_macro, target, guess, MAX_N, 7), 0.7292900747003285);
    close_to(score_guesses(&af_metric_f1_macro, target, guess, MAX_N, 9), 0.567225613655811);
    close_to(score_guesses(&af_metric_accuracy, target, guess, MAX_N, 7), 0.73);
}

static void ties_go_to_the_lowest_class(void **state)
{
    (void)state;
    const float logits[] = {1, 1, 0, 0, 2, 2, -1, -1, -1};
    const int32_t lowest[] = {0, 1, 0}, other[] = {1, 2, 2};
    double score;
    af_predictions p = {3, {3, 1, 1}, logits, lowest};
    assert_ok(af_metric_accuracy.score(&p, &score));
    assert_true(score == 1);
    p.target = other;
    assert_ok(af_metric_accuracy.score(&p, &score));
    assert_true(score == 0);
    assert_int_equal(af_argmax((const float[]){-3, 5, 5, 4}, 4), 1);
}

static void dense_metrics_by_hand(void **state)
{
    (void)state;
    const float pred[] = {3, 4, 0, 1, 1, 1}, target[] = {0, 4, 3, 2, 2, 1};
    const af_predictions p = {2, {1, 1, 3}, pred, target};
    double score;
    assert_ok(af_metric_relative_l2.score(&p, &score));
    close_to(score, (sqrt(18.0 / 25) + sqrt(2.0 / 9)) / 2);
    assert_ok(af_metric_mse.score(&p, &score));
    close_to(score, 20.0 / 6);
    const float zeros[6] = {0, 0, 1, 0, 0, 0};
    const af_predictions undefined = {2, {1, 1, 3}, pred, zeros};
    assert_int_equal(af_metric_relative_l2.score(&undefined, &score), AF_EINVAL);
    assert_says("target 1 of 2 is zero everywhere");
}

static void what_is_not_finite_is_refused(void **state)
{
    (void)state;
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    static const int32_t labels[2] = {0, 1};
    static const float dense[6] = {1, 1, 1, 1, 1, 1};
    for (size_t k = 0; k < LENGTH(metrics); k++)
        for (size_t b = 0; b < LENGTH(bad); b++) {
            const af_metric *m = metrics[k];
            const float pred[6] = {1, 2, 3, 4, bad[b], 6};
            const af_predictions p = {
                2, {3, 1, 1}, pred, m->dense ? (const void *)dense : (const void *)labels};
            double score = 7;
            assert_int_equal(m->score(&p, &score), AF_EDIVERGED);
            assert_says("prediction 1 of 2 has ");
            assert_says("at element 1, want finite numbers; the training diverged");
            assert_true(score == 7);
        }
    const af_predictions none = {0, {3, 1, 1}, dense, labels};
    double score;
    assert_int_equal(af_metric_accuracy.score(&none, &score), AF_EINVAL);
    assert_says("no predictions to score");
}

static void metrics_describe_themselves(void **state)
{
    (void)state;
    for (size_t k = 0; k < LENGTH(metrics); k++) {
        const af_metric *m = metrics[k];
        assert_true(m->name && m->title && m->unit && m->version >= 1);
        assert_true(strlen(m->definition) > 40);
        assert_true(af_metric_error(m, 0.25) == (m->higher_is_better ? 0.75 : 0.25));
    }
}

/* ---- af_score: 12 samples in 4 groups of 3; labels 0 1 2 | 0 0 1 | 2 0 0 | 1 2 0 ---- */

enum { CLASSES = 3 };

static void open_toy(af_dataset **d, const af_task *task, bool one_label_a_group)
{
    toy t;
    toy_fill(&t, task);
    for (int i = 0; i < TOY_N && one_label_a_group; i++) t.label[i] = i / 3 % CLASSES;
    assert_ok(af_dataset_write(work_dir, &t.content));
    assert_ok(af_dataset_open(d, work_dir, task, AF_MAIN));
}

static void vote(float *logits, const int *classes, int n)
{
    for (int k = 0; k < n; k++)
        for (int c = 0; c < CLASSES; c++) logits[k * CLASSES + c] = c == classes[k] ? 2 : 0;
}

static void majority_by_group(void **state)
{
    (void)state;
    af_dataset *d;
    double score;
    float logits[9 * CLASSES];
    open_toy(&d, &toy_labels, true); /* groups 0..3 have labels 0 1 2 0 */
    /* out of order: groups 0 and 3 are interleaved, group 1 is whole, group 2 not there */
    int64_t which[] = {0, 9, 3, 4, 5, 10, 1, 11, 2};
    const af_indices w = {which, 9};
    /* group 0: 0 2 0 -> 0, right. group 3: 1 0 0 -> 0, right. group 1: 2 1 0, a tie -> the first
     * seen, 2, wrong. */
    vote(logits, (const int[]){0, 1, 2, 1, 0, 0, 2, 0, 0}, 9);
    assert_ok(af_score(&score, &toy_labels, &af_metric_accuracy, d, &w, logits));
    close_to(score, 2.0 / 3);
    /* the same tie with class 1 first */
    vote(logits, (const int[]){0, 1, 1, 2, 0, 0, 2, 0, 0}, 9);
    assert_ok(af_score(&score, &toy_labels, &af_metric_accuracy, d, &w, logits));
    close_to(score, 1);
    /* by sample: the right ones are samples 0, 10, 11, 2 and 3 */
    af_task each = toy_labels;
    each.aggregate = AF_PER_SAMPLE;
    assert_ok(af_score(&score, &each, &af_metric_accuracy, d, &w, logits));
    close_to(score, 5.0 / 9);
    /* F1 by group: class 0 of 2 groups right, class 1 right, class 2 nowhere */
    assert_ok(af_score(&score, &toy_labels, &af_metric_f1_macro, d, &w, logits));
    close_to(score, 2.0 / 3);
    af_dataset_close(d);
}

static void mean_logit_by_group(void **state)
{
    (void)state;
    af_dataset *d;
    af_task task = toy_labels;
    double score;
    task.aggregate = AF_MEAN_LOGIT;
    open_toy(&d, &task, true);
    int64_t which[] = {3, 4, 5};
    const af_indices w = {which, 3};
    /* two of three windows vote for class 0, the mean is largest for class 1, which is right */
    const float logits[] = {1, 0, 0, 1, 0, 0, 0, 9, 0};
    assert_ok(af_score(&score, &task, &af_metric_accuracy, d, &w, logits));
    close_to(score, 1);
    task.aggregate = AF_MAJORITY;
    assert_ok(af_score(&score, &task, &af_metric_accuracy, d, &w, logits));
    assert_true(score == 0);
    af_dataset_close(d);
}

static void dense_targets_are_gathered(void **state)
{
    (void)state;
    af_dataset *d;
    double score;
    float pred[2 * TOY_Y];
    open_toy(&d, &toy_dense, false);
    int64_t which[] = {7, 1};
    const af_indices w = {which, 2};
    for (int k = 0; k < 2; k++)
        for (int e = 0; e < TOY_Y; e++) pred[k * TOY_Y + e] = (float)(which[k] - e) + (k ? 0 : 2);
    assert_ok(af_score(&score, &toy_dense, &af_metric_mse, d, &w, pred));
    close_to(score, 2);
    assert_ok(af_score(&score, &toy_dense, &af_metric_relative_l2, d, &w, pred));
    close_to(score, sqrt(20.0 / (49 + 36 + 25 + 16 + 9)) / 2);
    assert_int_equal(af_score(&score, &toy_dense, &af_metric_accuracy, d, &w, pred), AF_EINVAL);
    assert_says("metric 'accuracy' wants labels, but task 'field' has dense targets");
    af_dataset_close(d);
}

static void score_refuses_what_it_cannot_judge(void **state)
{
    (void)state;
    af_dataset *d;
    double score;
    float logits[3 * CLASSES] = {0};
    int64_t which[] = {3, 4, 5};
    const af_indices w = {which, 3};
    open_toy(&d, &toy_labels, false);
    assert_int_equal(af_score(&score, &toy_labels, &af_metric_accuracy, d, &w, logits), AF_EFORMAT);
    assert_says("samples 'A00001' and 'A00001b' are of group 101 but have different targets");
    logits[4] = NAN; /* a vote would not show it */
    assert_int_equal(af_score(&score, &toy_labels, &af_metric_accuracy, d, &w, logits),
                     AF_EDIVERGED);
    assert_says("prediction 1 of 3 has ");
    logits[4] = 0;
    const int32_t *group = d->group;
    d->group = NULL;
    assert_int_equal(af_score(&score, &toy_labels, &af_metric_accuracy, d, &w, logits), AF_EFORMAT);
    assert_says("/group: missing, but task 'toy' is scored by group");
    d->group = group;
    af_dataset_close(d);
}

static void score_survives_short_memory(void **state)
{
    (void)state;
    af_dataset *d;
    double score;
    af_status st = AF_ENOMEM;
    const float logits[3 * CLASSES] = {0};
    int64_t which[] = {3, 4, 5};
    const af_indices w = {which, 3};
    open_toy(&d, &toy_labels, true);
    for (unsigned long k = 1; st == AF_ENOMEM; k++) {
        af_alloc_fail_at(k);
        st = af_score(&score, &toy_labels, &af_metric_f1_macro, d, &w, logits);
        af_alloc_fail_at(0);
        assert_true(k < 20);
    }
    assert_ok(st);
    af_dataset_close(d);
}

/* ---- splits ---- */

static void groups_stay_together(void **state)
{
    (void)state;
    enum { N = 1000, GROUPS = 100 };
    int32_t group[N];
    int where[GROUPS], seen = 0;
    af_indices a[AF_SPLITS], b[AF_SPLITS];
    for (int i = 0; i < N; i++) group[i] = i * 7 % GROUPS;
    memset(where, -1, sizeof where);
    af_split_plan plan = {.n = N, .group = group, .seed = 3, .valid = 0.2, .test = 0.1};
    assert_ok(af_split_by_group(a, &plan));
    static const int64_t counts[AF_SPLITS] = {700, 200, 100}; /* 10 samples a group */
    for (int s = 0; s < AF_SPLITS; s++) {
        assert_int_equal(a[s].count, counts[s]);
        for (int64_t k = 0; k < a[s].count; k++, seen++) {
            int *at = &where[group[a[s].i[k]]];
            if (k) assert_true(a[s].i[k] > a[s].i[k - 1]);
            assert_true(*at == -1 || *at == s);
            *at = s;
        }
    }
    assert_int_equal(seen, N);
    assert_ok(af_split_by_group(b, &plan));
    assert_memory_equal(a[AF_TEST].i, b[AF_TEST].i, 100 * sizeof(int64_t));
    af_split_free(b);
    plan.seed = 4;
    assert_ok(af_split_by_group(b, &plan));
    assert_memory_not_equal(a[AF_TEST].i, b[AF_TEST].i, 100 * sizeof(int64_t));
    af_split_free(b);
    af_split_free(a);
}

static void given_order_is_dealt_out(void **state)
{
    (void)state;
    static const int32_t group[] = {5, 5, 7, 9, 9, 2};
    static const int64_t order[] = {9, 4, 5, 2, 7}; /* group 4 has no samples and keeps its place */
    static const int64_t train[] = {0, 1, 3, 4}, valid[] = {5}, test[] = {2};
    af_indices s[AF_SPLITS];
    const af_split_plan plan = {
        .n = 6, .group = group, .order = order, .groups = 5, .valid = 0.2, .test = 0.2};
    assert_ok(af_split_by_group(s, &plan));
    assert_int_equal(s[AF_TRAIN].count, 4);
    assert_memory_equal(s[AF_TRAIN].i, train, sizeof train);
    assert_int_equal(s[AF_VALID].count, 1);
    assert_memory_equal(s[AF_VALID].i, valid, sizeof valid);
    assert_memory_equal(s[AF_TEST].i, test, sizeof test);
    af_split_free(s);
}

static void without_groups_every_sample_is_one(void **state)
{
    (void)state;
    af_indices s[AF_SPLITS];
    assert_ok(af_split_by_group(s, &(af_split_plan){.n = 10, .valid = 0.27}));
    assert_int_equal(s[AF_TRAIN].count, 7);
    assert_int_equal(s[AF_VALID].count, 3);
    assert_null(s[AF_TEST].i);
    af_split_free(s);
}

static void impossible_splits_are_refused(void **state)
{
    (void)state;
    static const int32_t group[] = {0, 1, 2};
    static const int64_t twice[] = {0, 1, 2, 1}, lacking[] = {0, 1, 3};
    static const struct {
        af_split_plan plan;
        const char *says;
    } cases[] = {
        {{.n = 0}, "0 samples"},
        {{.n = 3, .valid = 0.1}, "3 groups leave none for valid with a share of 0.1"},
        {{.n = 3, .valid = 0.7, .test = 0.7}, "shares valid 0.7 and test 0.7"},
        {{.n = 3, .valid = -0.1}, "shares valid -0.1"},
        {{.n = 3, .test = NAN}, "test nan"},
        {{.n = 3, .group = group, .order = twice, .groups = 4}, "group 1 appears twice"},
        {{.n = 3, .group = group, .order = lacking, .groups = 3}, "sample 2 is of group 2, which"},
    };
    for (size_t k = 0; k < LENGTH(cases); k++) {
        af_indices s[AF_SPLITS];
        assert_int_equal(af_split_by_group(s, &cases[k].plan), AF_EINVAL);
        assert_says(cases[k].says);
        for (int i = 0; i < AF_SPLITS; i++) assert_null(s[i].i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(f1_is_sklearns),
        cmocka_unit_test(f1_of_many_samples_is_sklearns),
        cmocka_unit_test(ties_go_to_the_lowest_class),
        cmocka_unit_test(dense_metrics_by_hand),
        cmocka_unit_test(what_is_not_finite_is_refused),
        cmocka_unit_test(metrics_describe_themselves),
        cmocka_unit_test(majority_by_group),
        cmocka_unit_test(mean_logit_by_group),
        cmocka_unit_test(dense_targets_are_gathered),
        cmocka_unit_test(score_refuses_what_it_cannot_judge),
        cmocka_unit_test(score_survives_short_memory),
        cmocka_unit_test(groups_stay_together),
        cmocka_unit_test(given_order_is_dealt_out),
        cmocka_unit_test(without_groups_every_sample_is_one),
        cmocka_unit_test(impossible_splits_are_refused),
    };
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
