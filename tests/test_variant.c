/* Variants: the task that an import makes of other data is its parent in everything but what was
 * said, at any size, for every task; it lives beside the parent and is never taken for it. */
#include "tests/aid/variant.h"
#include <stdio.h>
#include <stdlib.h>
#include "core/base/log.h"
#include "core/registry.h"
#include "data-prep/own/variant.h"
#include "eval/cli.h"
#include "eval/own.h"
#include "tests/aid/work.h"

static const char *const two[] = {"yes", "1: \"quoted\" # no comment", NULL};

static af_variant some(const af_task *parent)
{
    af_variant v = {.classes = parent->objective <= AF_MULTI_LABEL ? 2 : 0,
                    .labels = parent->objective == AF_SINGLE_LABEL ? two : NULL,
                    .summary = "a summary: {of} [it]",
                    .notes = "Line one. Line two, \u00e9.",
                    .cite = "- nobody"};
    snprintf(v.name, sizeof v.name, "%s_other", parent->name);
    snprintf(v.title, sizeof v.title, "Other than %s", parent->title);
    snprintf(v.holds, sizeof v.holds, "other things");
    return v;
}

static bool beyond_images(const af_augment *a) /* for which manifests have no words */
{
    return a->masks || a->mask_share || a->mask_rows || a->mask_columns || a->mix_share ||
           a->mix_most || a->level_least || a->level_most;
}

/* Own tasks have no protocol paper, and nothing of what augments there alone. */
static af_recipe expected(const af_recipe *r)
{
    af_recipe e = *r;
    if (r->augment.in_paper) e.augment = (af_augment){0};
    assert_false(beyond_images(&e.augment));
    return e;
}

static void assert_same_recipe(const af_recipe *a, const af_recipe *b)
{
    assert_int_equal(a->epochs, b->epochs);
    assert_int_equal(a->batch, b->batch);
    assert_int_equal(a->optimiser, b->optimiser);
    assert_true(a->lr == b->lr && a->momentum == b->momentum);
    assert_true(a->weight_decay == b->weight_decay && a->clip == b->clip);
    assert_true(a->dropout == b->dropout);
    assert_int_equal(a->schedule.kind, b->schedule.kind);
    assert_true(a->schedule.warmup == b->schedule.warmup);
    assert_true(a->schedule.factor == b->schedule.factor);
    assert_memory_equal(a->schedule.milestones, b->schedule.milestones,
                        sizeof a->schedule.milestones);
    assert_int_equal(a->augment.pad, b->augment.pad);
    assert_int_equal(a->augment.flip, b->augment.flip);
    assert_int_equal(a->augment.cutout, b->augment.cutout);
    assert_false(beyond_images(&a->augment) || a->augment.in_paper);
}

static void a_variant_is_like_its_parent(void **state)
{
    (void)state;
    for (const af_task *const *p = af_builtin.task; *p; p++)
        for (int size = 0; size < AF_SIZES; size++) {
            const af_variant v = some(*p);
            af_own *own = variant_task(&v, *p, (af_size)size);
            const af_task *t = &own->task;
            const af_recipe recipe = expected(&(*p)->recipe[size]);
            assert_string_equal(t->name, v.name);
            assert_string_equal(t->title, v.title);
            assert_string_equal(t->summary, v.summary);
            assert_non_null(strstr(t->notes, v.notes));
            assert_non_null(strstr(t->notes, ": other things. "));
            assert_string_equal(t->domain, (*p)->domain);
            assert_string_equal(t->cite, v.cite);
            assert_string_equal(t->license, "");
            assert_true(t->own && t->size == (af_size)size);
            assert_ptr_equal(t->variant_of, (*p)->name);
            assert_int_equal(t->objective, (*p)->objective);
            assert_string_equal(t->loss, (*p)->loss);
            assert_string_equal(t->metric, (*p)->metric);
            assert_null(t->paper_metric);
            assert_int_equal(t->aggregate, (*p)->aggregate);
            assert_int_equal(t->sampler, (*p)->sampler);
            assert_int_equal(own->classes, v.classes);
            if (v.labels)
                assert_string_equal(t->labels[1], two[1]);
            else
                assert_null(t->labels);
            for (int s = 0; s < AF_SIZES; s++) assert_same_recipe(&t->recipe[s], &recipe);
            af_own_free(own);
        }
}

/* No built-in recipe crops under protocol paper alone, but one may. */
static void what_is_for_paper_stays_there(void **state)
{
    (void)state;
    af_task parent = *af_find_task("cifar100");
    const af_variant v = some(&parent);
    for (int in_paper = 0; in_paper < 2; in_paper++) {
        parent.recipe[AF_TINY].augment = (af_augment){
            .pad = 3, .flip = true, .cutout = 5, .masks = in_paper, .in_paper = in_paper};
        af_own *own = variant_task(&v, &parent, AF_TINY);
        const af_augment *a = &own->task.recipe[AF_TINY].augment;
        assert_int_equal(a->pad, in_paper ? 0 : 3);
        assert_int_equal(a->flip, !in_paper);
        assert_int_equal(a->cutout, in_paper ? 0 : 5);
        assert_false(beyond_images(a) || a->in_paper);
        af_own_free(own);
    }
}

/* ---- manifests by hand ---- */

static void manifests_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *line, *says;
    } bad[] = {
        {"variant_of: ecgg\n", "v:3: variant_of: 'ecgg' is no built-in task"},
        {"variant_of: mine\n", "v:3: variant_of: 'mine' is no built-in task"},
        {"variant_of: ecg\ndata: {x: a, y: b}\n", "v:4: data: not beside `variant_of:`"},
        {"variant_of: ecg\nsplit: {valid: 0.1}\n", "v:4: split: not beside `variant_of:`"},
        {"variant_of: [ecg]\n", "v:3: variant_of:"},
    };
    for (size_t i = 0; i < LENGTH(bad); i++) {
        char text[256];
        af_own *own;
        const int n =
            snprintf(text, sizeof text, "task: mine\nobjective: single_label\n%s", bad[i].line);
        assert_int_equal(af_own_parse(&own, text, (size_t)n, "v"), AF_EUSAGE);
        assert_says(bad[i].says);
    }
    static const char good[] = "task: mine\nobjective: single_label\nvariant_of: ecg\n";
    const af_task *t;
    char at[4096], path[AF_PATH_MAX];
    work_put("good.yaml", good);
    snprintf(path, sizeof path, "%s", work_at("good.yaml"));
    setenv("AFIELD_DATA", work_at("data"), 1);
    assert_int_equal(af_own_install(&t, at, path, false), AF_EUSAGE);
    assert_says("names no data; `afield data import ecg PATH` makes them");
}

/* ---- what an import looks at ---- */

static void nothing_is_no_variant(void **state)
{
    (void)state;
    af_variant v;
    int preps = 0;
    assert_ok(af_mkdirs(work_at("empty")));
    for (const af_prep *const *p = af_builtin.prep; *p; p++) {
        if (!(*p)->variant) continue;
        static const char *const paths[] = {"nowhere", "empty"};
        for (size_t i = 0; i < LENGTH(paths); i++) {
            char path[AF_PATH_MAX];
            snprintf(path, sizeof path, "%s", work_at(paths[i]));
            const af_status st = variant_of(&v, *p, path, AF_TINY);
            if (st != AF_OK) assert_says(path);
            assert_true(st == AF_OK || st == AF_ENOTFOUND);
            assert_true(!*v.name);
            const af_prep_request r = {.task = af_find_task((*p)->name),
                                       .size = AF_TINY,
                                       .source = path,
                                       .directory = work_dir};
            assert_int_equal((*p)->import(&r), AF_ENOTFOUND);
        }
        preps++;
    }
    assert_true(preps > 0);
}

/* ---- the two side by side ---- */

/* A prep whose files are whatever was put into its `source`. */
static af_status write_toy(const af_prep_request *r)
{
    static float x[8] = {0, 1, 2, 3, 4, 5, 6, 7};
    static int32_t y[4] = {0, 1, 0, 1};
    static char ids[4][AF_ID_MAX] = {"a", "b", "c", "d"};
    static int64_t first[] = {0, 1}, second[] = {2}, one[] = {0};
    af_dataset_content main = {.task = r->task,
                               .size = r->size,
                               .part = AF_MAIN,
                               .provenance = r->task->own ? "own" : "partial",
                               .source = "{}",
                               .n = 3,
                               .input = {1, 1, 2},
                               .output = {2, 1, 1},
                               .x = x,
                               .y = y,
                               .ids = ids[0]};
    af_dataset_content test = main;
    main.split[AF_CLEAN][AF_TRAIN] = (af_indices){first, 2};
    main.split[AF_CLEAN][AF_VALID] = (af_indices){second, 1};
    test.part = AF_HELD_OUT;
    test.n = 1;
    test.x = x + 6;
    test.y = y + 3;
    test.ids = ids[3];
    test.split[AF_CLEAN][AF_TEST] = (af_indices){one, 1};
    return af_dataset_write_pair(r->directory, &main, &test);
}

static void a_variant_is_kept_as_a_task(void **state)
{
    (void)state;
    const af_prep toy = {.name = "cifar100", .import = write_toy};
    char at[4096];
    const af_task *parent = af_find_task("cifar100"), *t, *again;
    af_variant v = some(parent);
    setenv("AFIELD_DATA", work_at("kept"), 1);
    af_own_register();
    assert_ok(af_dataset_directory(at, AF_SMALL));
    assert_ok(af_mkdirs(at));
    const af_prep_request r = {.task = parent, .size = AF_SMALL, .source = "x", .directory = at};
    assert_null(af_find_task(v.name));
    assert_ok(af_own_install_variant(&t, &toy, &r, &v, false));
    assert_ptr_equal(af_find_task(v.name), t);
    assert_string_equal(t->variant_of, "cifar100");
    assert_ok(af_need_data(at, t, AF_SMALL));
    assert_int_equal(af_need_data(at, t, AF_FULL), AF_EUSAGE);
    assert_says("cifar100_other has data of one size, small; leave --size out");
    assert_int_equal(af_need_data(at, parent, AF_SMALL), AF_ENOTFOUND);
    assert_int_equal(af_own_install_variant(&again, &toy, &r, &v, false), AF_EUSAGE);
    assert_says("add --force");
    assert_ok(af_own_install_variant(&again, &toy, &r, &v, true));
    assert_ptr_equal(again, t);
    /* another size takes the place of the first one */
    assert_ok(af_dataset_directory(at, AF_TINY));
    assert_ok(af_mkdirs(at));
    const af_prep_request small = {.task = parent, .size = AF_TINY, .source = "x", .directory = at};
    assert_ok(af_own_install_variant(&t, &toy, &small, &v, true));
    assert_int_equal(t->size, AF_TINY);
    char path[4096];
    assert_ok(af_dataset_directory(at, AF_SMALL));
    assert_ok(af_dataset_path(path, at, v.name, AF_MAIN));
    assert_false(af_file_exists(path));
    assert_ok(af_dataset_directory(at, AF_TINY));
    assert_ok(af_dataset_path(path, at, v.name, AF_HELD_OUT));
    assert_ok(af_need_data(at, t, AF_TINY));
    af_file_remove(path);
    assert_int_equal(af_need_data(at, t, AF_TINY), AF_ENOTFOUND);
    assert_says("afield data import cifar100 PATH --size tiny --force");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_variant_is_like_its_parent),
        cmocka_unit_test(what_is_for_paper_stays_there),
        cmocka_unit_test(manifests_are_refused),
        cmocka_unit_test(nothing_is_no_variant),
        cmocka_unit_test(a_variant_is_kept_as_a_task),
    };
    af_log_set(AF_LOG_ERROR);
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
