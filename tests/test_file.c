/* core/base on disk: whole files, paths, the log. A failed write leaves the old file and nothing
 * else; the full disk is played by a file size limit and by /dev/full. */
#include "tests/aid/work.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/base/sha256.h"

/* ---- files --------------------------------------------------------------------------------------
 */

static void file_round_trip(void **state) {
    (void)state;
    static const char binary[] = "a\0b\n";
    char *data;
    size_t size;
    assert_ok(af_file_write(work_at("f"), binary, sizeof binary));
    assert_ok(af_file_read(&data, &size, work_at("f"), sizeof binary));
    assert_int_equal(size, sizeof binary);
    assert_memory_equal(data, binary, size);
    assert_int_equal(data[size], '\0');
    af_free(data);
    assert_int_equal(af_file_read(&data, &size, work_at("f"), 4), AF_EFORMAT);
    assert_says("larger than the 4 bytes");
    work_put("f", "");
    work_holds("f", "");
    assert_ok(af_file_read(&data, &size, "/proc/self/status", 1 << 20)); /* claims to be empty */
    assert_true(size > 100);
    af_free(data);
    assert_int_equal(af_file_read(&data, &size, "/proc/self/status", 100), AF_EFORMAT);
    assert_int_equal(af_file_read(&data, &size, work_at("missing"), 10), AF_ENOTFOUND);
    assert_int_equal(af_file_read(&data, &size, work_dir, 10), AF_EIO);
    assert_says("this is a directory");
    assert_true(af_file_exists(work_at("f")));
    assert_false(af_file_exists(work_dir));
    af_file_remove(work_at("f"));
    assert_false(af_file_exists(work_at("f")));
}

static void failed_write_leaves_nothing(void **state) {
    (void)state;
    char *large = af_calloc(1, 100000);
    work_put("old", "the old content");
    size_t before = work_entries();

    assert_int_equal(af_file_write(work_at("no/such/file"), "x", 1), AF_ENOTFOUND);
    assert_says("no/such/file");
    assert_says("directory exists");
    assert_int_equal(af_file_write(work_at("old/under-a-file"), "x", 1), AF_EIO);
    assert_says("a part of the path is a file");
    assert_int_equal(af_file_write("/dev/full", "x", 1), AF_EIO);
    assert_says("No space left on device; free some space");
    work_limit_files(4096);
    assert_int_equal(af_file_write(work_at("old"), large, 100000), AF_EIO);
    work_limit_files(SIZE_MAX);
    assert_says("old: cannot write: File too large; raise the file size limit");
    mkdir(work_at("taken"), 0777);
    assert_int_equal(af_file_write(work_at("taken"), "x", 1), AF_EIO);

    work_put("tmp", "new");
    char tmp[AF_PATH_MAX];
    assert_ok(af_path_format(tmp, "%s", work_at("tmp")));
    assert_int_equal(af_file_commit(tmp, work_at("taken")), AF_EIO);
    assert_false(af_file_exists(tmp));
    assert_int_equal(work_entries(), before + 1);
    work_holds("old", "the old content");

    work_put("tmp", "new");
    assert_ok(af_file_commit(tmp, work_at("old")));
    work_holds("old", "new");
    af_free(large);
}

static void paths_and_directories(void **state) {
    (void)state;
    char buf[AF_PATH_MAX], **names;
    size_t count;
    assert_ok(af_path_join(buf, "a", "b"));
    assert_ok(af_path_join(buf, buf, "c"));
    assert_string_equal(buf, "a/b/c");
    assert_ok(af_path_join(buf, "a/", "b"));
    assert_string_equal(buf, "a/b");
    assert_ok(af_path_join(buf, "", "b"));
    assert_string_equal(buf, "b");
    assert_int_equal(af_path_format(buf, "%05000d", 1), AF_EINVAL);
    assert_string_equal(buf, "b");

    assert_ok(af_mkdirs(work_at("x/y//z/")));
    assert_ok(af_mkdirs(work_at("x/y")));
    assert_true(af_dir_exists(work_at("x/y/z")));
    work_put("x/y/b", "");
    work_put("x/y/a", "");
    assert_int_equal(af_mkdirs(work_at("x/y/a/deeper")), AF_EIO);
    assert_says("x/y/a: cannot create this directory");
    assert_ok(af_dir_list(&names, &count, work_at("x/y")));
    assert_int_equal(count, 3);
    assert_string_equal(names[0], "a");
    assert_string_equal(names[2], "z");
    assert_null(names[3]);
    af_free(names);
    assert_int_equal(af_dir_list(&names, &count, work_at("missing")), AF_ENOTFOUND);
}

static void data_dir_order(void **state) {
    (void)state;
    char buf[AF_PATH_MAX];
    static const struct {
        const char *own, *xdg, *home, *want;
    } cases[] = {
        {"/d", "/x", "/h", "/d"},
        {"", "/x", "/h", "/x/afield"},
        {"", "relative", "/h", "/h/.local/share/afield"},
        {"", "", "", NULL},
    };
    char *home = af_strdup(getenv("HOME") ? getenv("HOME") : "");
    for (size_t i = 0; i < LENGTH(cases); i++) {
        setenv("AFIELD_DATA", cases[i].own, 1);
        setenv("XDG_DATA_HOME", cases[i].xdg, 1);
        setenv("HOME", cases[i].home, 1);
        assert_int_equal(af_data_dir(buf), cases[i].want ? AF_OK : AF_ENOTFOUND);
        if (cases[i].want) assert_string_equal(buf, cases[i].want);
    }
    assert_says("set AFIELD_DATA");
    setenv("HOME", home, 1);
    unsetenv("AFIELD_DATA");
    unsetenv("XDG_DATA_HOME");
    af_free(home);
}

static void file_digest(void **state) {
    (void)state;
    char hex[AF_SHA256_HEX], *a = af_alloc(1000000);
    memset(a, 'a', 1000000);
    assert_ok(af_file_write(work_at("million"), a, 1000000));
    assert_ok(af_sha256_file(work_at("million"), hex));
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    af_free(a);
    assert_int_equal(af_sha256_file(work_at("missing"), hex), AF_ENOTFOUND);
    assert_says("missing: cannot open");
    assert_int_equal(af_sha256_file(work_dir, hex), AF_EIO);
}

/* ---- log ----------------------------------------------------------------------------------------
 */

/* What goes to stderr when it is no terminal: lines without colour, a progress bar as one line. */
static void log_to_a_file(void **state) {
    (void)state;
    fflush(stderr);
    int kept = dup(STDERR_FILENO);
    af_log_set(AF_LOG_INFO);
    assert_non_null(freopen(work_at("log"), "w", stderr));
    af_log(AF_LOG_ERROR, "first %d", 1);
    af_log(AF_LOG_DEBUG, "hidden");
    af_progress *p = af_progress_new("epochs", 10);
    for (int i = 0; i <= 10; i++) af_progress_set(p, i, "loss %d", i);
    af_progress_end(p, "loss %.1f", 0.5);
    af_log_set(AF_LOG_WARN);
    af_progress *silent = af_progress_new("hidden", 1);
    af_progress_set(silent, 1, "hidden %d", 1);
    af_progress_end(silent, "hidden %d", 1);
    af_log(AF_LOG_INFO, "hidden");
    af_log_set(AF_LOG_INFO);
    bool colour = af_colour(STDERR_FILENO);
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    assert_false(colour);
    char *text = work_get("log");
    assert_int_equal(strncmp(text, "error: first 1\nepochs: loss 0.5, 0.", 35), 0);
    size_t first = strcspn(text, "\n") + 1; /* the bar's line is the second and last */
    assert_int_equal(first + strcspn(text + first, "\n") + 1, strlen(text));
    af_free(text);
}

static void clock_runs(void **state) {
    (void)state;
    char utc[21];
    double before = af_clock();
    assert_true(af_clock() >= before);
    af_clock_utc(utc);
    int digits = 0;
    for (int i = 0; i < 20; i++) digits += utc[i] >= '0' && utc[i] <= '9';
    assert_int_equal(digits, 14);
    assert_true(utc[4] == '-' && utc[10] == 'T' && utc[19] == 'Z' && !utc[20]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(file_round_trip),
        cmocka_unit_test(failed_write_leaves_nothing),
        cmocka_unit_test(paths_and_directories),
        cmocka_unit_test(data_dir_order),
        cmocka_unit_test(file_digest),
        cmocka_unit_test(log_to_a_file),
        cmocka_unit_test(clock_runs),
    };
    return cmocka_run_group_tests_name("file", tests, work_make, work_remove);
}
