/* JSON and the journal's lines: formats, torn and damaged files, a full disk, and each allocation
 * failing in turn. */
#include "tests/aid/work.h"
#include <math.h>
#include <stdio.h>
#include "core/base/alloc.h"
#include "core/base/jsonl.h"
#include "core/base/log.h"
#include "core/base/sha256.h"

/* ---- JSON ---------------------------------------------------------------------------------------
 */

static void json_round_trip(void **state) {
    (void)state;
    json_t *value = json_pack("{s:i, s:f, s:s}", "zeta", 1, "alpha", 0.1, "name", "ecg"), *again;
    assert_ok(af_json_save(value, work_at("v.json")));
    work_holds("v.json", "{\n  \"alpha\": 0.10000000000000001,\n  \"name\": \"ecg\",\n"
                         "  \"zeta\": 1\n}\n");
    assert_ok(af_json_load(&again, work_at("v.json")));
    assert_true(json_equal(value, again));
    json_decref(again);
    json_decref(value);
}

static void json_errors_say_where(void **state) {
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"{\"a\": 1,\n \"b\": tru}", "bad.json:2:9: not valid JSON"},
        {"{\"a\": 1, \"a\": 2}", "bad.json:1:12: not valid JSON: duplicate object key"},
        {"{\"a\": 1}\nrest", "bad.json:2:4: not valid JSON: end of file expected"},
        {"", "bad.json:1:0: not valid JSON"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        json_t *value;
        work_put("bad.json", cases[i].text);
        assert_int_equal(af_json_load(&value, work_at("bad.json")), AF_EFORMAT);
        assert_says(cases[i].says);
    }
}

static void json_members(void **state) {
    (void)state;
    json_t *o = json_pack("{s:I, s:f, s:s}", "n", (json_int_t)1 << 62, "x", 2.5, "s", "text");
    int64_t n;
    double x;
    const char *s;
    assert_ok(af_json_int(&n, o, "n"));
    assert_true(n == INT64_C(1) << 62);
    assert_ok(af_json_real(&x, o, "x"));
    assert_true(x == 2.5);
    assert_ok(af_json_real(&x, o, "n"));
    assert_true(x == 0x1p62);
    assert_ok(af_json_str(&s, o, "s"));
    assert_string_equal(s, "text");
    assert_int_equal(af_json_int(&n, o, "seed"), AF_EFORMAT);
    assert_string_equal(af_error(), "field 'seed' missing, want an integer");
    assert_int_equal(af_json_int(&n, o, "x"), AF_EFORMAT);
    assert_string_equal(af_error(), "field 'x' is a real, want an integer");
    assert_int_equal(af_json_str(&s, o, "n"), AF_EFORMAT);
    assert_int_equal(af_json_real(&x, json_object_get(o, "s"), "n"), AF_EFORMAT);
    assert_says("a string where an object");
    assert_int_equal(af_json_real(&x, NULL, "n"), AF_EFORMAT);
    json_decref(o);
}

static void json_bits_survive(void **state) {
    (void)state;
    static const double values[] = {0.0,     -0.0,    1.0,       3.0,      0.1,      -1e300,
                                    0x1p-52, 1.0 / 3, 0x1p-1074, INFINITY, -INFINITY};
    static const char *const wrong[] = {"1.5",     "",         "0x",   "0x1p+5000",
                                        "0x1p+0 ", "infinity", "zero", "-"};
    json_t *o = json_object();
    double back;
    for (size_t i = 0; i < LENGTH(values); i++) {
        json_object_set_new(o, "v", af_json_bits(values[i]));
        assert_ok(af_json_from_bits(&back, o, "v"));
        assert_memory_equal(&back, &values[i], sizeof back);
    }
    json_object_set_new(o, "v", af_json_bits(3.0));
    assert_string_equal(json_string_value(json_object_get(o, "v")), "0x1.8p+1");
    json_object_set_new(o, "v", af_json_bits(NAN));
    assert_ok(af_json_from_bits(&back, o, "v"));
    assert_true(isnan(back));
    for (size_t i = 0; i < LENGTH(wrong); i++) {
        json_object_set_new(o, "v", json_string(wrong[i]));
        assert_int_equal(af_json_from_bits(&back, o, "v"), AF_EFORMAT);
        assert_says("field 'v'");
    }
    json_object_set_new(o, "v", json_real(1.5));
    assert_int_equal(af_json_from_bits(&back, o, "v"), AF_EFORMAT);
    json_decref(o);
}

/* ---- JSON Lines ---------------------------------------------------------------------------------
 */

/* Expects lines {"i": 1}, {"i": 2}, ... and counts them. */
static af_status count_line(json_t *object, long line, void *payload) {
    int64_t i;
    AF_TRY(af_json_int(&i, object, "i"));
    assert_int_equal(i, line);
    assert_null(json_object_get(object, "sha"));
    ++*(long *)payload;
    return AF_OK;
}

static af_status append(af_jsonl *j, int i) {
    json_t *o = json_pack("{s:i, s:s, s:f}", "i", i, "text", "\"sha\":\"\n", "x", 1.0 / i);
    af_status st = af_jsonl_append(j, o);
    json_decref(o);
    return st;
}

static void start_journal(int lines) {
    af_jsonl *j;
    af_file_remove(work_at("j"));
    assert_ok(af_jsonl_open(&j, work_at("j")));
    for (int i = 1; i <= lines; i++) assert_ok(append(j, i));
    af_jsonl_close(j);
}

static long journal_lines(void) {
    long count = 0;
    assert_ok(af_jsonl_read(work_at("j"), count_line, &count));
    return count;
}

/* {"i":1} and {}: checksums computed by sha256sum over those bytes. */
static void journal_format(void **state) {
    (void)state;
    af_jsonl *j;
    json_t *one = json_pack("{s:i}", "i", 1), *none = json_object(), *list = json_array();
    json_t *sealed = json_pack("{s:s}", "sha", "x");
    af_file_remove(work_at("j"));
    assert_int_equal(journal_lines(), 0);
    assert_ok(af_jsonl_open(&j, work_at("j")));
    assert_ok(af_jsonl_append(j, one));
    assert_ok(af_jsonl_append(j, none));
    assert_int_equal(af_jsonl_append(j, list), AF_EINTERNAL);
    assert_int_equal(af_jsonl_append(j, sealed), AF_EINTERNAL);
    af_jsonl_close(j);
    work_holds("j", "{\"i\":1,\"sha\":\"0b549edd218c251f\"}\n"
                    "{\"sha\":\"44136fa355b3678a\"}\n");
    json_decref(one);
    json_decref(none);
    json_decref(list);
    json_decref(sealed);
}

/* Cut at every byte: the whole lines before the cut are read, and appending goes on from there. */
static void journal_torn_tail(void **state) {
    (void)state;
    start_journal(3);
    char *text = work_get("j");
    for (size_t cut = 0; cut <= strlen(text); cut++) {
        af_jsonl *j;
        long whole = 0;
        for (size_t i = 0; i < cut; i++) whole += text[i] == '\n';
        assert_ok(af_file_write(work_at("j"), text, cut));
        assert_int_equal(journal_lines(), whole);
        assert_ok(af_jsonl_open(&j, work_at("j")));
        for (int i = (int)whole + 1; i <= 3; i++) assert_ok(append(j, i));
        af_jsonl_close(j);
        work_holds("j", text);
    }
    af_free(text);
}

static void foreign_files_are_left_alone(void **state)
{
    (void)state;
    af_jsonl *j;
    work_put("foreign", "a note to myself");
    assert_int_equal(af_jsonl_open(&j, work_at("foreign")), AF_EFORMAT);
    assert_says("foreign:1");
    work_holds("foreign", "a note to myself");
}

/* One flipped bit anywhere is fatal, but for the last newline: without it the line is torn. */
static void journal_damage(void **state) {
    (void)state;
    start_journal(3);
    char *text = work_get("j"), says[64];
    size_t size = strlen(text), last = size - 1;
    long line = 1;
    for (size_t i = 0; i < size; i++) {
        af_jsonl *j;
        long count = 0;
        bool newline = text[i] == '\n';
        text[i] ^= 4;
        assert_ok(af_file_write(work_at("j"), text, size));
        af_status st = af_jsonl_read(work_at("j"), count_line, &count);
        text[i] ^= 4;
        assert_int_equal(st, i < last ? AF_EFORMAT : AF_OK);
        assert_int_equal(count, line - 1);
        snprintf(says, sizeof says, "j:%ld: damaged line", line);
        if (i < last) assert_says(says);
        if (i < last) assert_says("restore the file from a copy, or delete it");
        if (i < last) assert_int_equal(af_jsonl_open(&j, work_at("j")), AF_EFORMAT);
        line += newline;
    }
    af_free(text);
}

static void journal_on_a_full_disk(void **state) {
    (void)state;
    af_jsonl *j;
    start_journal(2);
    char *before = work_get("j");
    assert_ok(af_jsonl_open(&j, work_at("j")));
    work_limit_files(strlen(before) + 20);
    af_status st = append(j, 3);
    work_limit_files(SIZE_MAX);
    assert_int_equal(st, AF_EIO);
    assert_says("j: cannot append: File too large");
    work_holds("j", before);
    assert_ok(append(j, 3)); /* space was freed */
    af_jsonl_close(j);
    assert_int_equal(journal_lines(), 3);
    af_free(before);
    assert_int_equal(af_jsonl_open(&j, "/dev/full"), AF_EIO);
    assert_says("not a regular file");
    assert_int_equal(af_jsonl_open(&j, work_at("no/such/j")), AF_ENOTFOUND);
}

static void journal_has_one_writer(void **state) {
    (void)state;
    af_jsonl *first, *second;
    start_journal(1);
    assert_ok(af_jsonl_open(&first, work_at("j")));
    assert_int_equal(af_jsonl_open(&second, work_at("j")), AF_EIO);
    assert_says("another process is writing it");
    af_jsonl_close(first);
    assert_ok(af_jsonl_open(&second, work_at("j")));
    af_jsonl_close(second);
}

static af_status stop_at_two(json_t *object, long line, void *payload) {
    (void)object;
    *(long *)payload = line;
    return line == 2 ? af_fail(AF_EINTERRUPTED, "stop") : AF_OK;
}

static void journal_reader_may_stop(void **state) {
    (void)state;
    long line = 0;
    start_journal(4);
    assert_int_equal(af_jsonl_read(work_at("j"), stop_at_two, &line), AF_EINTERRUPTED);
    assert_int_equal(line, 2);
}

/* ---- memory -------------------------------------------------------------------------------------
 */

/* Uses everything here that allocates; AF_ENOMEM when any of it fails. */
static af_status use_everything(void) {
    af_status st = AF_OK;
    af_jsonl *j = NULL;
    json_t *value = NULL, *o = json_pack("{s:i}", "i", 1);
    char **names = NULL, *text = NULL, hex[AF_SHA256_HEX];
    size_t size;
    af_file_remove(work_at("j"));
    AF_GOTO(st, done, af_json_save(o, work_at("v.json")));
    AF_GOTO(st, done, af_json_load(&value, work_at("v.json")));
    AF_GOTO(st, done, af_file_read(&text, &size, "/proc/self/maps", 1 << 20));
    AF_GOTO(st, done, af_dir_list(&names, &size, work_dir));
    AF_GOTO(st, done, af_sha256_file(work_at("v.json"), hex));
    AF_GOTO(st, done, af_jsonl_open(&j, work_at("j")));
    AF_GOTO(st, done, af_jsonl_append(j, o));
    AF_GOTO(st, done, af_jsonl_read(work_at("j"), count_line, &(long){0}));
done:
    json_decref(o);
    json_decref(value);
    af_free(names);
    af_free(text);
    af_jsonl_close(j);
    return st;
}

/* The sanitizer's leak check watches the same runs. */
static void every_allocation_may_fail(void **state) {
    (void)state;
    unsigned long before = af_alloc_count();
    assert_ok(use_everything());
    unsigned long total = af_alloc_count() - before;
    assert_true(total >= 9);
    for (unsigned long k = 1; k <= total; k++) {
        af_alloc_fail_at(k);
        assert_int_equal(use_everything(), AF_ENOMEM);
        assert_says("out of memory");
    }
    af_alloc_fail_at(0);
    assert_ok(use_everything());
    assert_int_equal(journal_lines(), 1);
}

/* The tests tear many lines, each worth a warning. */
static int quiet_work_make(void **state) {
    af_log_set(AF_LOG_ERROR);
    return work_make(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_round_trip),
        cmocka_unit_test(json_errors_say_where),
        cmocka_unit_test(json_members),
        cmocka_unit_test(json_bits_survive),
        cmocka_unit_test(journal_format),
        cmocka_unit_test(journal_torn_tail),
        cmocka_unit_test(journal_damage),
        cmocka_unit_test(foreign_files_are_left_alone),
        cmocka_unit_test(journal_on_a_full_disk),
        cmocka_unit_test(journal_has_one_writer),
        cmocka_unit_test(journal_reader_may_stop),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("jsonl", tests, quiet_work_make, work_remove);
}
