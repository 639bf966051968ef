/* Downloads from a server of our own: whole, cut short and gone on with, servers that ignore ranges
 * or change the file in between, what is refused, a disk that fills up; and what is known of where
 * raw files are. */
#include "tests/aid/work.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/data/download.h"
#include "core/registry.h"
#include "eval/data.h"
#include "tests/aid/server.h"

static int port;
static char body_sha256[AF_SHA256_HEX];

static af_status get(const char *path, const char *name, const char *sha256)
{
    char url[128], to[AF_PATH_MAX], got[AF_SHA256_HEX];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/%s", port, path);
    snprintf(to, sizeof to, "%s", work_at(name));
    const af_download d = {url, to, sha256};
    AF_TRY(af_download_run(got, &d));
    assert_string_equal(got, body_sha256);
    return AF_OK;
}

static long size_of(const char *name)
{
    struct stat info;
    return stat(work_at(name), &info) ? -1 : (long)info.st_size;
}

static void assert_whole(const char *name)
{
    char part[64], hex[AF_SHA256_HEX];
    assert_ok(af_sha256_file(work_at(name), hex));
    assert_string_equal(hex, body_sha256);
    snprintf(part, sizeof part, "%s.part", name);
    assert_int_equal(size_of(part), -1);
    snprintf(part, sizeof part, "%s.part.json", name);
    assert_int_equal(size_of(part), -1);
}

static void a_file_comes_whole(void **state)
{
    (void)state;
    assert_ok(get("whole", "a", NULL));
    assert_whole("a");
    assert_ok(get("gone", "a", body_sha256)); /* is there: nobody is asked */
    assert_ok(get("moved", "b", NULL));
    assert_whole("b");
    assert_ok(get("plain", "c", body_sha256));
    assert_whole("c");
}

static void an_interrupted_one_goes_on(void **state)
{
    (void)state;
    assert_int_equal(get("cut", "d", NULL), AF_EIO);
    assert_says("broke off after 150000 bytes");
    assert_says("run the command again to go on");
    assert_int_equal(size_of("d"), -1);
    assert_int_equal(size_of("d.part"), SERVER_BODY / 2);
    assert_ok(get("cut", "d", NULL));
    assert_whole("d");
}

/* The rest is joined to what is there only if it is of the same file. */
static void another_file_starts_over(void **state)
{
    (void)state;
    af_status st = get("changed", "e", NULL);
    if (st == AF_OK) st = get("changed", "e2", NULL); /* every second answer is cut */
    assert_int_equal(st, AF_EIO);
    const char *name = size_of("e") < 0 ? "e" : "e2";
    assert_ok(get("changed", name, NULL));
    assert_whole(name);
    assert_int_equal(get("wrong", "f", NULL), AF_EIO);
    assert_int_equal(get("wrong", "f", NULL), AF_EFORMAT);
    assert_says("sent another part than was asked for");
    assert_int_equal(size_of("f"), -1);
}

static void a_server_without_ranges_sends_all(void **state)
{
    (void)state;
    char note[256];
    snprintf(note, sizeof note,
             "{\"url\": \"http://127.0.0.1:%d/plain\", \"tag\": \"\", \"total\": %d}", port,
             SERVER_BODY);
    work_put("g.part", "half of something else");
    work_put("g.part.json", note);
    assert_ok(get("plain", "g", NULL));
    assert_whole("g");
    work_put("h.part", "what nobody noted where it is from");
    assert_ok(get("whole", "h", NULL));
    assert_whole("h");
    work_put("i.part.json", "[1, 2"); /* a damaged note */
    work_put("i.part", "abc");
    assert_ok(get("whole", "i", NULL));
    assert_whole("i");
}

static void a_whole_part_is_finished(void **state)
{
    (void)state;
    char note[256];
    static char body[SERVER_BODY];
    for (size_t i = 0; i < SERVER_BODY; i++) body[i] = (char)server_byte(i);
    FILE *f = fopen(work_at("j.part"), "wb");
    assert_int_equal(fwrite(body, 1, SERVER_BODY, f), SERVER_BODY);
    fclose(f);
    snprintf(note, sizeof note,
             "{\"url\": \"http://127.0.0.1:%d/whole\", \"tag\": \"\\\"one\\\"\", \"total\": %d}",
             port, SERVER_BODY);
    work_put("j.part.json", note);
    assert_ok(get("whole", "j", NULL)); /* the server: 416 */
    assert_whole("j");
}

static void what_is_wrong_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        af_status st;
        const char *says;
    } cases[] = {
        {"nowhere", AF_ENOTFOUND, "answers 404, there is no such file"},
        {"refused", AF_EIO, "answers 403, it does not give this file to everybody"},
        {"loop", AF_EIO, "more than 5 redirects"},
        {"file", AF_EIO, "leads to an address that is not http or https"},
        {"page", AF_EFORMAT, "a web page came instead of the file"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        assert_int_equal(get(cases[i].path, "k", NULL), cases[i].st);
        assert_says(cases[i].says);
        assert_int_equal(size_of("k"), -1);
    }
    char hex[AF_SHA256_HEX], to[AF_PATH_MAX];
    snprintf(to, sizeof to, "%s", work_at("l"));
    const char *const urls[] = {"ftp://127.0.0.1/x", "gopher://x/y", "/etc/passwd", "scp://a/b"};
    for (size_t i = 0; i < LENGTH(urls); i++) {
        const af_download d = {urls[i], to, NULL};
        assert_int_equal(af_download_run(hex, &d), AF_EUSAGE);
        assert_says("begins with https://, http:// or file://");
    }
    const af_download nobody = {"http://no-such-host.invalid/x", to, NULL};
    assert_int_equal(af_download_run(hex, &nobody), AF_EIO);
    assert_says("no such host");
}

static void a_wrong_sum_is_no_file(void **state)
{
    (void)state;
    static const char other[] = "0000000000000000000000000000000000000000000000000000000000000000";
    assert_int_equal(get("whole", "m", other), AF_EFORMAT);
    assert_says("sha256");
    assert_says(other);
    assert_int_equal(size_of("m"), -1);
    assert_ok(get("whole", "m", body_sha256)); /* starts over */
    assert_whole("m");
}

static void a_full_disk_is_said_and_survived(void **state)
{
    (void)state;
    work_limit_files(100000);
    const af_status st = get("whole", "n", NULL);
    work_limit_files(SIZE_MAX);
    assert_int_equal(st, AF_EIO);
    assert_says("n.part: cannot write");
    assert_ok(get("whole", "n", body_sha256));
    assert_whole("n");
}

static void local_files_are_taken(void **state)
{
    (void)state;
    char url[AF_PATH_MAX], to[AF_PATH_MAX], hex[AF_SHA256_HEX];
    assert_ok(get("whole", "o", NULL));
    snprintf(url, sizeof url, "file://%s", work_at("o"));
    snprintf(to, sizeof to, "%s", work_at("p"));
    const af_download d = {url, to, body_sha256};
    assert_ok(af_download_run(hex, &d));
    assert_whole("p");
    const af_download none = {"file:///nowhere/at/all", to, NULL};
    remove(to);
    assert_int_equal(af_download_run(hex, &none), AF_ENOTFOUND);
}

/* ---- the command ---- */

static void the_command_takes_an_address(void **state)
{
    (void)state;
    char url[128], to[AF_PATH_MAX];
    const af_task *ecg = af_find_task("ecg"), *darcy = af_find_task("darcy");
    snprintf(url, sizeof url, "http://127.0.0.1:%d/whole?download", port);
    snprintf(to, sizeof to, "%s", work_at("raw"));
    af_fetch_request r = {.task = ecg, .from = url, .to = to};
    fflush(stdout);
    const int screen = dup(STDOUT_FILENO);
    FILE *said_to = fopen(work_at("said"), "w");
    assert_non_null(said_to);
    dup2(fileno(said_to), STDOUT_FILENO);
    const af_status other = af_data_fetch(&r);
    assert_int_equal(other, AF_ENOTFOUND); /* the server knows no "whole?download" */
    snprintf(url, sizeof url, "http://127.0.0.1:%d/whole", port);
    assert_ok(af_data_fetch(&r));
    assert_whole("raw/whole");
    r.sha256 = "abc";
    assert_int_equal(af_data_fetch(&r), AF_EUSAGE);
    assert_says("want 64 hexadecimal digits");
    r.from = NULL;
    assert_int_equal(af_data_fetch(&r), AF_EUSAGE);
    r = (af_fetch_request){.task = darcy, .to = to};
    assert_int_equal(af_data_fetch(&r), AF_EUNSUPPORTED);
    assert_says("afield data where darcy");
    const char *const bad[] = {"http://host", "http://host/", "http://host/a/..",
                               "http://host/a b"};
    for (size_t i = 0; i < LENGTH(bad); i++) {
        r.from = bad[i];
        assert_int_equal(af_data_fetch(&r), AF_EUSAGE);
    }
    fflush(stdout);
    dup2(screen, STDOUT_FILENO);
    close(screen);
    fclose(said_to);
    char *said = work_get("said");
    assert_non_null(strstr(said, "raw/whole\n    sha256 "));
    assert_non_null(strstr(said, "then: afield data import ecg"));
    af_free(said);
}

static void sources_are_sound(void **state)
{
    (void)state;
    int known = 0;
    for (const af_prep *const *p = af_builtin.prep; *p; p++) {
        for (const af_raw_file *s = (*p)->sources; s && s->name; s++) {
            known++;
            assert_null(strpbrk(s->name, "/ "));
            if (s->direct && !s->url) fail_msg("%s: direct, and no url", s->name);
            if (s->url) assert_ok(af_download_check_url(s->url));
            if (s->url) assert_int_equal(strncmp(s->url, "https://", 8), 0);
            if (s->sha256) assert_int_equal(strlen(s->sha256), 64);
            /* what is fetched is saved under the name it has there */
            if (s->direct) assert_string_equal(strrchr(s->url, '/') + 1, s->name);
        }
    }
    assert_true(known >= 20);
}

static int start(void **state)
{
    static unsigned char body[SERVER_BODY];
    for (size_t i = 0; i < SERVER_BODY; i++) body[i] = server_byte(i);
    af_sha256_of(body, sizeof body, body_sha256);
    setenv("no_proxy", "*", 1);
    if (work_make(state)) return -1;
    port = server_start();
    return 0;
}

static int stop(void **state)
{
    server_stop();
    return work_remove(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_comes_whole),
        cmocka_unit_test(an_interrupted_one_goes_on),
        cmocka_unit_test(another_file_starts_over),
        cmocka_unit_test(a_server_without_ranges_sends_all),
        cmocka_unit_test(a_whole_part_is_finished),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(a_wrong_sum_is_no_file),
        cmocka_unit_test(a_full_disk_is_said_and_survived),
        cmocka_unit_test(local_files_are_taken),
        cmocka_unit_test(sources_are_sound),
        cmocka_unit_test(the_command_takes_an_address),
    };
    af_log_set(AF_LOG_ERROR);
    return cmocka_run_group_tests(tests, start, stop);
}
