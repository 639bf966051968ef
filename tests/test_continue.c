/* Trials that continue others, and searchers that are not asked twice, in the search loop: what may
 * be proposed, where chains begin, which trial is the best, and that a search whose proposals are
 * recalled from the journal goes on as it would have. */
#include "tests/aid/fake.h"
#include <math.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "tests/aid/work.h"

/* ---- a scripted searcher: one proposal a line, each after a given number of tells ---- */

typedef struct line {
    int epochs;
    int64_t from;    /* -1: continues nothing */
    int64_t told;    /* waits until so many outcomes were told */
    bool own, other; /* schedule own; another configuration than what it continues */
} line;

typedef struct script {
    const line *lines;
    int count;
    int64_t told, asked;
} script;
static script running; /* of the search under way */

static af_status open_script(void **self, const af_search_context *ctx, const void *options)
{
    (void)ctx, (void)options;
    running.told = running.asked = 0;
    *self = &running;
    return AF_OK;
}

static void propose(const af_search_context *ctx, int64_t number, af_proposal *out)
{
    const line *l = &running.lines[number];
    out->config = af_space_default(ctx->space);
    out->config.v[1] = l->other ? 5 : 3;
    out->config.v[2] = 0.1;
    out->epochs = l->epochs;
    out->schedule = l->own ? AF_OWN : AF_PREFIX;
    out->continues = l->from >= 0;
    out->from = l->from >= 0 ? l->from : 0;
}

static af_status ask(void *self, const af_search_context *ctx, int64_t number, af_proposal *out,
                     af_answer *answer)
{
    script *s = self;
    s->asked++;
    *answer = number == s->count ? AF_DONE : s->told < s->lines[number].told ? AF_WAIT : AF_PROPOSE;
    if (*answer == AF_PROPOSE) propose(ctx, number, out);
    return AF_OK;
}

static af_status tell(void *self, const af_search_context *ctx, const af_trial *t,
                      const af_outcome *o)
{
    (void)ctx, (void)t, (void)o;
    ((script *)self)->told++;
    return AF_OK;
}

static void close_script(void *self)
{
    (void)self;
}

static af_status recall(void *self, const af_search_context *ctx, const af_trial *t)
{
    (void)self;
    af_proposal want = {0};
    propose(ctx, t->number, &want);
    assert_int_equal(t->proposal.epochs, want.epochs);
    assert_int_equal(t->proposal.continues, want.continues);
    assert_int_equal(t->proposal.from, want.from);
    return AF_OK;
}

static const af_searcher scripted = {
    .name = "scripted", .open = open_script, .ask = ask, .tell = tell, .close = close_script};
static const af_searcher recalling = {.name = "scripted",
                                      .open = open_script,
                                      .ask = ask,
                                      .tell = tell,
                                      .close = close_script,
                                      .recall = recall};

static af_status go(af_found *found, fake *f, const af_searcher *s, const char *journal,
                    int workers, bool resume)
{
    af_ledger ledger;
    return fake_search(found, &ledger, f,
                       &(fake_setup){s, "100trials", journal, NULL, workers, 1, resume, 0});
}

/* ---- tests ---- */

static void chains_are_followed(void **state)
{
    static const line lines[] = {{2, -1, 0, false, false}, {2, -1, 0, false, true},
                                 {5, 0, 1, false, false},  {9, 2, 3, false, false},
                                 {4, 1, 4, false, true},   {1, -1, 4, true, false}};
    (void)state;
    for (int workers = 1; workers <= 3; workers++) {
        fake f = fake_new();
        af_found found;
        running = (script){.lines = lines, .count = LENGTH(lines)};
        assert_ok(go(&found, &f, &scripted,
                     workers == 1   ? "chain1"
                     : workers == 2 ? "chain2"
                                    : "chain3",
                     workers, false));
        assert_int_equal(found.trials, LENGTH(lines));
        /* the longest training is the best, whatever the shorter ones' errors */
        assert_int_equal(found.best.number, 3);
        assert_int_equal(found.best.root, 0);
        assert_int_equal(found.best.epochs_done, 5);
    }
}

static void bad_continuations_are_named(void **state)
{
    static const struct {
        line lines[4];
        int count;
        const char *says;
    } cases[] = {
        {{{2, -1, 0, 0, 0}, {3, 0, 0, 0, 0}}, 2, "whose outcome it was not told"},
        {{{2, -1, 0, 0, 0}, {3, 1, 1, 0, 0}}, 2, "whose outcome it was not told"},
        {{{2, -1, 0, 0, 0}, {3, 7, 1, 0, 0}}, 2, "whose outcome it was not told"},
        {{{2, -1, 0, 0, 0}, {2, 0, 1, 0, 0}}, 2, "want more"},
        {{{2, -1, 0, 0, 0}, {1, 0, 1, 0, 0}}, 2, "want more"},
        {{{2, -1, 0, 0, 0}, {3, 0, 1, 0, 1}}, 2, "the same configuration"},
        {{{2, -1, 0, 0, 0}, {3, 0, 1, 1, 0}}, 2, "schedule prefix"},
        {{{2, -1, 0, 1, 0}, {3, 0, 1, 0, 0}}, 2, "schedule prefix"},
        {{{2, -1, 0, 0, 0}, {21, 0, 1, 0, 0}}, 2, "at most 20 of a prefix"},
        {{{2, -1, 0, 0, 0}, {3, 0, 1, 0, 0}, {4, 0, 2, 0, 0}}, 3, "continued before"},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char journal[32];
        fake f = fake_new();
        af_found found;
        running = (script){.lines = cases[i].lines, .count = cases[i].count};
        snprintf(journal, sizeof journal, "bad%zu", i);
        assert_int_equal(go(&found, &f, &scripted, journal, 4, false), AF_EINVAL);
        assert_says(cases[i].says);
        assert_says("'scripted' proposed trial");
    }
}

/* A journal cut anywhere is recalled, WAITs included; none of its proposals is asked again. */
static void recalled_searches_go_on(void **state)
{
    static const line lines[] = {{2, -1, 0, false, false}, {3, -1, 0, false, true},
                                 {1, -1, 0, true, false},  {5, 0, 2, false, false},
                                 {2, -1, 2, false, false}, {1, -1, 5, true, true}};
    (void)state;
    fake f = fake_new();
    af_found whole, found;
    char *text;
    size_t size;
    running = (script){.lines = lines, .count = LENGTH(lines)};
    assert_ok(go(&whole, &f, &recalling, "whole", 3, false));
    assert_ok(af_file_read(&text, &size, work_at("whole"), 1 << 20));
    for (size_t cut = 0; cut <= size; cut++) {
        if (cut > 0 && cut < size && text[cut - 1] != '\n') continue;
        f = fake_new();
        assert_ok(af_file_write(work_at("cut"), text, cut));
        assert_ok(go(&found, &f, &recalling, "cut", 3, true));
        assert_string_equal(found.proposal_digest, whole.proposal_digest);
        assert_string_equal(found.outcome_digest, whole.outcome_digest);
        int64_t known = 0;
        for (const char *p = text; (p = strstr(p, "\"record\":\"propose\"")) && p < text + cut; p++)
            known++;
        assert_true(running.asked >= (int64_t)LENGTH(lines) - known);
        if (known == (int64_t)LENGTH(lines)) assert_true(running.asked <= 1);
    }
    af_free(text);
}

/* The clock tells the same order to both kinds. */
static void recall_changes_nothing(void **state)
{
    static const line lines[] = {
        {2, -1, 0, false, false}, {3, -1, 0, false, true}, {5, 0, 1, false, false}};
    (void)state;
    fake f = fake_new();
    af_found a, b;
    running = (script){.lines = lines, .count = LENGTH(lines)};
    assert_ok(go(&a, &f, &scripted, "asked", 2, false));
    assert_ok(go(&b, &f, &recalling, "asked", 2, true));
    assert_string_equal(a.proposal_digest, b.proposal_digest);
    assert_int_equal(running.asked, 0);
    assert_int_equal(f.runs, LENGTH(lines));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chains_are_followed),
        cmocka_unit_test(bad_continuations_are_named),
        cmocka_unit_test(recalled_searches_go_on),
        cmocka_unit_test(recall_changes_nothing),
    };
    af_log_set(AF_LOG_ERROR);
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
