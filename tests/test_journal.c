/* What a journal survives: every truncation, every damaged byte, kills, signals, a full disk, short
 * memory; and what it refuses: another run's header, another searcher's proposals. The measure is
 * always the undisturbed run: the same digests, the same best trial, and no trial run twice. */
#include "tests/aid/fake.h"
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/jsonl.h"
#include "core/base/log.h"
#include "tests/aid/work.h"

static const fake_setup SETUP = {&fake_generations, "7trials", "journal", NULL, 2, 5, true, 0};
enum { TRIALS = 7 };

/* ---- the undisturbed run ---- */

static af_found whole;
static char *text; /* its journal */
static size_t size;

static af_status go(af_found *found, fake *f, const fake_setup *s)
{
    af_ledger ledger;
    return fake_search(found, &ledger, f, s);
}

static int make_whole(void **state)
{
    if (work_make(state)) return -1;
    fake f = fake_new();
    assert_ok(go(&whole, &f, &SETUP));
    assert_int_equal(whole.trials, TRIALS);
    assert_ok(af_file_read(&text, &size, work_at("journal"), 1 << 20));
    return 0;
}

static int remove_whole(void **state)
{
    af_free(text);
    return work_remove(state);
}

static void put(const char *data, size_t n)
{
    assert_ok(af_file_write(work_at("journal"), data, n));
}

static void assert_whole(const af_found *found)
{
    assert_string_equal(found->proposal_digest, whole.proposal_digest);
    assert_string_equal(found->outcome_digest, whole.outcome_digest);
    assert_int_equal(found->trials, TRIALS);
    assert_int_equal(found->best.number, whole.best.number);
    assert_memory_equal(&found->outcome.error, &whole.outcome.error, sizeof(double));
    assert_string_equal(found->outcome.digest, whole.outcome.digest);
}

/* Whole lines of `word` records among the first n bytes. */
static int count_records(const char *word, size_t n)
{
    char mark[64];
    int count = 0;
    snprintf(mark, sizeof mark, "{\"record\":\"%s\"", word);
    for (const char *line = text, *end; (end = memchr(line, '\n', n - (size_t)(line - text)));
         line = end + 1)
        count += !strncmp(line, mark, strlen(mark));
    return count;
}

/* ---- resuming ---- */

static void every_truncation_resumes(void **state)
{
    (void)state;
    assert_true(size > 1000 && count_records("outcome", size) == TRIALS);
    for (size_t n = 0; n <= size; n++) {
        fake f = fake_new();
        af_found found;
        put(text, n);
        if (go(&found, &f, &SETUP) != AF_OK) fail_msg("cut at %zu: %s", n, af_error());
        assert_whole(&found);
        assert_int_equal(f.runs, TRIALS - count_records("outcome", n));
        work_holds("journal", text);
    }
}

static void every_damaged_byte_is_seen(void **state)
{
    (void)state;
    char *bad = af_strdup(text);
    int refused = 0, torn = 0;
    for (size_t n = 0; n < size; n++) {
        fake f = fake_new();
        af_found found;
        bad[n] ^= 1;
        put(bad, size);
        af_status st = go(&found, &f, &SETUP);
        bad[n] ^= 1;
        if (st == AF_OK) { /* the last newline: the line could as well be torn */
            assert_whole(&found);
            assert_int_equal(count_records("end", n), 0);
            torn++;
        } else {
            assert_int_equal(st, AF_EFORMAT);
            assert_says("journal:");
            refused++;
        }
    }
    assert_int_equal(refused + torn, size);
    assert_int_equal(torn, 1);
    af_free(bad);
}

static void die(void)
{
    kill(getpid(), SIGKILL);
}

static void terminate(void)
{
    raise(SIGTERM);
}

/* Runs SETUP in a child that meets `stop` before trial `at`; returns how it ended. */
static int in_child(void (*stop)(void), int64_t at)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        fake f = fake_new();
        af_found found;
        f.stop = stop;
        f.stop_at = at;
        af_catch_signals();
        _exit(go(&found, &f, &SETUP) == AF_EINTERRUPTED ? 42 : 0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void kills_resume(void **state)
{
    (void)state;
    for (int64_t at = 0; at < TRIALS; at++) {
        af_file_remove(work_at("journal"));
        assert_int_equal(in_child(die, at), -SIGKILL);
        fake f = fake_new();
        af_found found;
        assert_ok(go(&found, &f, &SETUP));
        assert_int_equal(f.runs, TRIALS - at);
        assert_whole(&found);
    }
}

/* The trial under way is finished, the next one is not started. */
static void signals_stop_between_trials(void **state)
{
    (void)state;
    af_file_remove(work_at("journal"));
    assert_int_equal(in_child(terminate, 2), 42);
    fake f = fake_new();
    af_found found;
    assert_ok(go(&found, &f, &SETUP));
    assert_int_equal(f.runs, TRIALS - 3);
    assert_whole(&found);
}

static void full_disk_leaves_the_journal(void **state)
{
    (void)state;
    size_t failures = 0;
    for (size_t limit = 1; limit < size; limit += 97) {
        fake f = fake_new();
        af_found found;
        af_file_remove(work_at("journal"));
        work_limit_files(limit);
        af_status st = go(&found, &f, &SETUP);
        work_limit_files(SIZE_MAX);
        assert_int_equal(st, AF_EIO);
        assert_says("journal");
        assert_says("ulimit");
        failures++;
        assert_ok(go(&found, &f, &SETUP));
        assert_in_range(f.runs, TRIALS, TRIALS + 1); /* one outcome may not have fitted */
        assert_whole(&found);
    }
    assert_true(failures > 20);
}

static void short_memory_is_survived(void **state)
{
    (void)state;
    af_status st = AF_ENOMEM;
    unsigned long k = 0;
    while (st != AF_OK) {
        fake f = fake_new();
        af_found found;
        af_file_remove(work_at("journal"));
        af_alloc_fail_at(++k);
        st = go(&found, &f, &SETUP);
        af_alloc_fail_at(0);
        assert_true(st == AF_OK || st == AF_ENOMEM);
        assert_ok(go(&found, &f, &SETUP));
        assert_whole(&found);
    }
    assert_true(k > 10);
}

/* ---- refusals ---- */

static void existing_journal_needs_resume(void **state)
{
    (void)state;
    fake f = fake_new();
    af_found found;
    fake_setup s = SETUP;
    put(text, size);
    s.resume = false;
    assert_int_equal(go(&found, &f, &s), AF_EUSAGE);
    assert_says("--resume");
    assert_int_equal(f.runs, 0);
    work_holds("journal", text);
}

static void other_headers_are_refused(void **state)
{
    static const struct {
        fake_setup setup;
        const char *says[3];
    } cases[] = {
        {{&fake_generations, "8trials", "journal", NULL, 2, 5, true, 0},
         {"budget", "\"7trials\"", "\"8trials\""}},
        {{&fake_generations, "7trials", "journal", "new", 2, 5, true, 0},
         {"data.extra", "absent", "\"new\""}},
        {{&fake_generations, "7trials", "journal", NULL, 3, 5, true, 0}, {"workers", "2", "3"}},
        {{&fake_random, "7trials", "journal", NULL, 2, 5, true, 0},
         {"searcher", "fake_generations", "fake_random"}},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        fake f = fake_new();
        af_found found;
        put(text, size);
        assert_int_equal(go(&found, &f, &cases[i].setup), AF_EUSAGE);
        for (int j = 0; j < 3; j++) assert_says(cases[i].says[j]);
        assert_says("--out");
        assert_int_equal(f.runs, 0);
        work_holds("journal", text);
    }
}

static void a_vanished_header_field_is_refused(void **state)
{
    (void)state;
    fake f = fake_new();
    af_found found;
    fake_setup s = {&fake_random, "1trials", "extra", "old", 1, 5, true, 0};
    assert_ok(go(&found, &f, &s));
    s.extra = NULL;
    assert_int_equal(go(&found, &f, &s), AF_EUSAGE);
    assert_says("data.extra \"old\", now none");
}

/* The seed is not in the header of these tests, so another one looks like a changed searcher. */
static void other_proposals_are_refused(void **state)
{
    (void)state;
    fake f = fake_new();
    af_found found;
    fake_setup s = SETUP;
    put(text, size);
    s.seed++;
    assert_int_equal(go(&found, &f, &s), AF_EFORMAT);
    assert_says("journal:2: trial 0 was 'colour=");
    assert_says("now proposes 'colour=");
    assert_says("(2 epochs, own)");
    s = SETUP;
    s.epochs = 3;
    assert_int_equal(go(&found, &f, &s), AF_EFORMAT);
    assert_says("(2 epochs, own) after 0 outcomes, but");
    assert_says("(3 epochs, own) after 0: ");
    work_holds("journal", text);
}

/* Costs that have grown end the search before a trial that the journal holds. */
static void a_shorter_search_is_refused(void **state)
{
    (void)state;
    fake f = fake_new();
    af_found found;
    fake_setup s = {&fake_random, "2x", "shorter", NULL, 1, 5, true, 0};
    assert_ok(go(&found, &f, &s));
    assert_true(found.trials > 4);
    for (int i = 0; i < 8; i++) f.cost[i] = 1.5 * FAKE_X;
    assert_int_equal(go(&found, &f, &s), AF_EFORMAT);
    assert_says("was started, but now the search ends before it");
}

/* A finished search stays finished, also where another trial would now fit. */
static void a_finished_search_stays(void **state)
{
    (void)state;
    fake f = fake_new();
    af_found found, again;
    fake_setup s = {&fake_random, "3.2s", "seconds", NULL, 2, 5, true, 0};
    for (int i = 0; i < 8; i++) f.cost[i] = 1000;
    assert_ok(go(&found, &f, &s));
    assert_int_equal(f.runs, 6); /* of half a second each */
    f.cost[6] = 1;
    assert_ok(go(&again, &f, &s));
    assert_int_equal(f.runs, 6);
    assert_string_equal(again.outcome_digest, found.outcome_digest);
}

/* Records that are intact but make no sense. */
static void nonsense_is_refused(void **state)
{
    static const struct {
        const char *records[2], *says;
    } cases[] = {
        {{"{\"record\":\"end\",\"trials\":0}"}, "before the header"},
        {{"{\"record\":\"header\"}"}, "not an object"},
        {{"{\"record\":\"outcome\"}"}, "before the header"},
        {{"{\"number\":1}"}, "record"},
        {{NULL, "{\"record\":\"dance\"}"}, "newer afield"},
        {{NULL, "{\"record\":\"outcome\",\"number\":0}"}, "not proposed"},
        {{NULL, "{\"record\":\"end\",\"trials\":3}"}, "after 3 trials"},
        {{NULL, "{\"record\":\"propose\",\"number\":1,\"epochs\":2}"}, "want trial 0"},
        {{NULL, "{\"record\":\"propose\",\"number\":0,\"epochs\":1}"}, "told"},
        {{NULL, "{\"record\":\"propose\",\"number\":0,\"told\":1}"}, "after 1 outcomes"},
        {{NULL, "{\"record\":\"propose\",\"number\":0,\"told\":0,\"epochs\":0}"}, "0 epochs"},
        {{NULL,
          "{\"record\":\"propose\",\"number\":0,\"told\":0,\"epochs\":1,\"schedule\":\"wild\"}"},
         "wild"},
        {{NULL,
          "{\"record\":\"propose\",\"number\":0,\"told\":0,\"epochs\":1,\"schedule\":\"own\"}"},
         "colour"},
        {{NULL, "{\"record\":\"propose\",\"number\":0,\"told\":0,\"epochs\":1,\"schedule\":\"own\","
                "\"config\":"
                "{\"colour\":\"0x1p+9\",\"depth\":\"0x1p+0\",\"lr\":\"nan\"}}"},
         "choice 512"},
    };
    (void)state;
    char *first = strndup(text, strcspn(text, "\n") + 1);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        fake f = fake_new();
        af_found found;
        af_jsonl *j;
        put(first, cases[i].records[0] ? 0 : strlen(first));
        assert_ok(af_jsonl_open(&j, work_at("journal")));
        for (int k = 0; k < 2; k++) {
            json_t *record = cases[i].records[k] ? json_loads(cases[i].records[k], 0, NULL) : NULL;
            if (record) assert_ok(af_jsonl_append(j, record));
            json_decref(record);
        }
        af_jsonl_close(j);
        assert_int_equal(go(&found, &f, &SETUP), AF_EFORMAT);
        assert_says(cases[i].says);
        assert_says("journal:");
    }
    free(first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_truncation_resumes),
        cmocka_unit_test(every_damaged_byte_is_seen),
        cmocka_unit_test(kills_resume),
        cmocka_unit_test(signals_stop_between_trials),
        cmocka_unit_test(full_disk_leaves_the_journal),
        cmocka_unit_test(short_memory_is_survived),
        cmocka_unit_test(existing_journal_needs_resume),
        cmocka_unit_test(other_headers_are_refused),
        cmocka_unit_test(a_vanished_header_field_is_refused),
        cmocka_unit_test(other_proposals_are_refused),
        cmocka_unit_test(a_shorter_search_is_refused),
        cmocka_unit_test(a_finished_search_stays),
        cmocka_unit_test(nonsense_is_refused),
    };
    /* tens of thousands of flushes: in memory where there is such a place */
    if (access("/dev/shm", W_OK) == 0) setenv("TMPDIR", "/dev/shm", 0);
    af_log_set(AF_LOG_ERROR);
    return cmocka_run_group_tests(tests, make_whole, remove_whole);
}
