/* eval/cmd_data.c and what eval/need.c does with data: imported data are not lost by accident, half
 * a dataset is completed only when it was generated, groups are counted by value. */
#include "tests/aid/work.h"
#include <hdf5.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "eval/cli.h"
#include "tests/aid/toy.h"

extern const af_cmd af_cmd_data;

static char tiny[AF_PATH_MAX];

/* `afield data WHAT ecg [SOURCE] OPTION`; what it prints goes to the file "said". */
static af_status call(const char *what, const char *source, const char *option)
{
    const char *words[] = {what, "ecg", source};
    union {
        max_align_t align;
        char bytes[256];
    } options;
    assert_true(af_cmd_data.options_size <= sizeof options);
    af_options_default(af_cmd_data.options, &options);
    if (option) assert_ok(af_options_set(af_cmd_data.options, &options, option, "true"));
    assert_ok(af_options_set(af_cmd_data.options, &options, "size", "tiny"));
    fflush(stdout);
    const int screen = dup(STDOUT_FILENO);
    FILE *said = fopen(work_at("said"), "w");
    assert_non_null(said);
    dup2(fileno(said), STDOUT_FILENO);
    af_status st = af_cmd_data.run(&options, words, source ? 3 : 2);
    fflush(stdout);
    dup2(screen, STDOUT_FILENO);
    close(screen);
    fclose(said);
    return st;
}

static void put_pair(const char *provenance, int32_t largest_group)
{
    toy main, held_out;
    toy_fill_pair(&main, &held_out, af_find_task("ecg"));
    toy *const parts[] = {&main, &held_out};
    for (int i = 0; i < 2; i++) {
        parts[i]->content.output.c = 4;
        parts[i]->content.provenance = provenance;
    }
    main.group[8] = main.group[7] = largest_group;
    assert_ok(af_dataset_write_pair(tiny, &main.content, &held_out.content));
}

static const char *at(const char *name)
{
    static char path[AF_PATH_MAX];
    assert_ok(af_path_join(path, tiny, name));
    return path;
}

static void groups_are_counted_by_value(void **state)
{
    (void)state;
    put_pair("generated", INT32_MAX);
    assert_ok(call("check", NULL, "json"));
    char *text = work_get("said");
    json_t *all = json_loads(text, 0, NULL);
    af_free(text);
    assert_non_null(all);
    json_t *splits = json_object_get(json_object_get(all, "main"), "splits");
    json_t *train = json_object_get(splits, "clean/train");
    json_t *valid = json_object_get(splits, "clean/valid");
    assert_int_equal(json_integer_value(json_object_get(train, "groups")), 2);
    assert_int_equal(json_integer_value(json_object_get(valid, "groups")), 2);
    json_decref(all);
}

static void check_prints_shapes(void **state)
{
    (void)state;
    put_pair("generated", 102);
    assert_ok(call("check", NULL, NULL));
    char *text = work_get("said");
    assert_non_null(strstr(text, "input 2 x 1 x 5, output 4 x 1 x 1"));
    af_free(text);
}

static void imported_data_are_kept(void **state)
{
    (void)state;
    static const char *const kinds[] = {"partial", "real"};
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        put_pair(kinds[i], 102);
        assert_int_equal(call("generate", NULL, NULL), AF_EUSAGE);
        assert_says("data/tiny/ecg.h5: holds imported data (");
        assert_says(kinds[i]);
        assert_says("--force");
        assert_int_equal(call("import", "nowhere", NULL), AF_EUSAGE);
        assert_says("--force");
        assert_int_equal(call("import", "nowhere", "force"), AF_ENOTFOUND);
        af_file_remove(at("ecg.h5")); /* half of it counts as well */
        assert_int_equal(call("generate", NULL, NULL), AF_EUSAGE);
        assert_says("data/tiny/ecg.test.h5: holds imported data (");
    }
    assert_ok(call("generate", NULL, "force"));
    assert_ok(call("generate", NULL, NULL));
    assert_int_equal(call("import", "nowhere", NULL), AF_ENOTFOUND);
}

static void half_a_dataset_is_completed_if_generated(void **state)
{
    (void)state;
    static const char *const names[] = {"ecg.h5", "ecg.test.h5"};
    char directory[AF_PATH_MAX], other[AF_PATH_MAX];
    const af_task *ecg = af_find_task("ecg");
    for (int i = 0; i < 2; i++) {
        put_pair("generated", 102);
        af_file_remove(at(names[i]));
        assert_ok(af_need_data(directory, ecg, AF_TINY));
        assert_string_equal(directory, tiny);
        assert_ok(call("check", NULL, NULL));
        put_pair("partial", 102);
        af_file_remove(at(names[i]));
        assert_int_equal(af_need_data(directory, ecg, AF_TINY), AF_ENOTFOUND);
        assert_ok(af_path_format(other, "%s/%s: not there, but %s/%s is", tiny, names[i], tiny,
                                 names[!i]));
        assert_says(other);
        assert_says("`afield data generate ecg --size tiny`");
        assert_says("`afield data import ecg PATH --size tiny`");
        assert_false(af_file_exists(at(names[i])));
    }
}

static int begin(void **state)
{
    char data[AF_PATH_MAX];
    if (work_make(state) != 0) return -1;
    af_log_set(AF_LOG_ERROR);
    af_hdf5_quiet();
    if (af_path_join(data, work_dir, "data") != AF_OK || setenv("AFIELD_DATA", data, 1)) return -1;
    return af_dataset_directory(tiny, AF_TINY);
}

static void set_format(const char *path, int32_t format)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t attribute = H5Aopen(file, "format", H5P_DEFAULT);
    assert_true(file >= 0 && attribute >= 0);
    assert_true(H5Awrite(attribute, H5T_NATIVE_INT32, &format) >= 0);
    H5Aclose(attribute);
    H5Fclose(file);
}

/* What an older version generated is made anew without a word; what it imported is never touched.
 */
static void an_older_stand_in_is_replaced(void **state)
{
    (void)state;
    const af_task *task = af_find_task("ecg");
    char directory[4096];
    bool outdated;
    put_pair("real", 1);
    set_format(at("ecg.h5"), 2);
    assert_ok(af_need_data(directory, task, AF_TINY));
    assert_ok(af_dataset_outdated(&outdated, directory, "ecg", AF_MAIN));
    assert_true(outdated);
    put_pair("generated", 1);
    set_format(at("ecg.h5"), 2);
    assert_ok(af_need_data(directory, task, AF_TINY));
    assert_ok(af_dataset_outdated(&outdated, directory, "ecg", AF_MAIN));
    assert_false(outdated);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_are_counted_by_value),
        cmocka_unit_test(check_prints_shapes),
        cmocka_unit_test(imported_data_are_kept),
        cmocka_unit_test(half_a_dataset_is_completed_if_generated),
        cmocka_unit_test(an_older_stand_in_is_replaced),
    };
    return cmocka_run_group_tests(tests, begin, work_remove);
}
