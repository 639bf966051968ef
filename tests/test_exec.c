/* Methods that are other programs: what is said, line by line and without a program; programs that
 * do as they should, and programs that do everything else. tests/test_child.c has the pipes. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/child.h"
#include "core/base/log.h"
#include "core/base/version.h"
#include "core/registry.h"
#include "core/search/run.h"
#include "searchers/exec/protocol.h"
#include "tests/aid/fake.h"
#include "tests/aid/work.h"

static af_search_context context(void)
{
    return (af_search_context){
        .space = &fake_space, .seed = 7, .epochs = 2, .full_epochs = 20, .workers = 3};
}

static bool same_config(const af_space *s, const af_config *a, const af_config *b)
{
    for (int i = 0; i < s->count; i++)
        if (!(a->v[i] == b->v[i] || (isnan(a->v[i]) && isnan(b->v[i])))) return false;
    return true;
}

/* ---- lines ---- */

typedef struct said { /* what came of a line */
    af_status status;
    af_proposal proposal;
    af_answer answer;
    json_t *reply;
} said;

static said hear(af_exec_talk *t, const char *line)
{
    said s = {.proposal = {.epochs = t->ctx->epochs}};
    s.status = af_exec_hear(t, line, strlen(line), &s.proposal, &s.answer, &s.reply);
    return s;
}

static json_t *reply_to(af_exec_talk *t, const char *line, const char *key)
{
    said s = hear(t, line);
    if (s.status != AF_OK) fail_msg("%s", af_error());
    assert_non_null(s.reply);
    json_t *value = json_incref(json_object_get(s.reply, key));
    assert_non_null(value);
    json_decref(s.reply);
    return value;
}

static void read_back(const af_space *s, af_config *out, json_t *value)
{
    assert_ok(af_exec_read_config(s, out, value));
    json_decref(value);
}

/* Through the text of a line and back, in every space. */
static void configurations_survive(void **state)
{
    (void)state;
    for (const af_space *const *at = af_builtin.space, *s; (s = *at) != NULL; at++) {
        af_rng r = af_rng_at(5, "test", 0, 0, 0, 0);
        for (int i = 0; i < 50; i++) {
            af_config c = i ? af_space_sample(s, &r) : af_space_default(s), back;
            json_t *value = af_exec_config(s, &c);
            char *text = json_dumps(value, JSON_COMPACT), form[AF_CONFIG_TEXT];
            json_decref(value);
            read_back(s, &back, json_loads(text, 0, NULL));
            free(text);
            assert_true(same_config(s, &c, &back));
            af_space_print(s, &c, form);
            read_back(s, &back, json_string(form));
            assert_true(same_config(s, &c, &back));
        }
        af_config c, def = af_space_default(s);
        read_back(s, &c, json_object());
        assert_true(same_config(s, &c, &def));
    }
}

static void hello_describes_the_search(void **state)
{
    (void)state;
    af_search_context ctx = context();
    json_t *history = json_array(), *about = json_pack("{ss}", "task", "ecg");
    ctx.about = about;
    json_t *hello = af_exec_hello(&ctx, history);
    char *text = json_dumps(hello, JSON_COMPACT);
    assert_non_null(text);
    static const char *const parts[] = {
        "{\"type\":\"hello\",\"protocol\":1,\"afield\":\"" AF_VERSION "\"",
        "\"about\":{\"task\":\"ecg\"}",
        "{\"name\":\"colour\",\"kind\":\"categorical\",\"choices\":[\"red\",\"green\",\"blue\"],"
        "\"default\":\"red\"}",
        "{\"name\":\"depth\",\"kind\":\"integer\",\"low\":1,\"high\":9,\"default\":3}",
        "\"kind\":\"log_float\",\"low\":0.0001",
        "\"default\":null}",
        "\"seed\":7,\"workers\":3,\"epochs\":2,\"full_epochs\":20,\"history\":[]}",
    };
    for (size_t i = 0; i < LENGTH(parts); i++)
        if (!strstr(text, parts[i])) fail_msg("no %s in %s", parts[i], text);
    free(text);
    json_decref(hello);
    json_decref(history);
    json_decref(about);
}

static void answers_are_understood(void **state)
{
    static const struct {
        const char *line, *config;
        int epochs;
        af_fidelity_schedule schedule;
        int64_t from; /* -1: none */
    } good[] = {
        {"{\"type\":\"trial\",\"config\":{}}", "default", 2, AF_OWN, -1},
        {"{\"type\":\"trial\",\"number\":5,\"config\":\"colour=blue,depth=2,lr=0.5\"}",
         "colour=blue,depth=2,lr=0.5", 2, AF_OWN, -1},
        {" { \"config\" : {\"lr\":1e-2,\"depth\":4.0} , \"type\":\"trial\", \"epochs\":30 } ",
         "colour=red,depth=4,lr=0.01", 30, AF_OWN, -1},
        {"{\"type\":\"trial\",\"config\":{\"lr\":null,\"colour\":\"green\"},\"epochs\":20,"
         "\"schedule\":\"prefix\"}",
         "colour=green", 20, AF_PREFIX, -1},
        {"{\"type\":\"trial\",\"config\":{},\"epochs\":8,\"from\":4}", "default", 8, AF_PREFIX, 4},
    };
    (void)state;
    af_search_context ctx = context();
    af_exec_talk t = {.ctx = &ctx};
    af_exec_open(&t, 5);
    for (size_t i = 0; i < LENGTH(good); i++) {
        af_config want;
        said s = hear(&t, good[i].line);
        if (s.status != AF_OK) fail_msg("%s: %s", good[i].line, af_error());
        assert_int_equal(s.answer, AF_PROPOSE);
        assert_null(s.reply);
        assert_ok(af_space_parse(&fake_space, &want, good[i].config));
        assert_true(same_config(&fake_space, &want, &s.proposal.config));
        assert_int_equal(s.proposal.epochs, good[i].epochs);
        assert_int_equal(s.proposal.schedule, good[i].schedule);
        assert_int_equal(s.proposal.continues, good[i].from >= 0);
        if (good[i].from >= 0) assert_int_equal(s.proposal.from, good[i].from);
    }
    said s = hear(&t, "{\"type\":\"wait\"}");
    assert_true(s.status == AF_OK && s.answer == AF_WAIT && !s.reply);
    s = hear(&t, "{\"type\":\"done\",\"number\":5}");
    assert_true(s.status == AF_OK && s.answer == AF_DONE && !s.reply);
    assert_int_equal(t.lines, LENGTH(good) + 2);
}

static void what_is_wrong_is_said(void **state)
{
    static const struct {
        const char *line, *says;
    } bad[] = {
        {"", "\"\" is no JSON"},
        {"hello world", "\"hello world\" is no JSON, want one JSON object in one line"},
        {"\033[31mred", "\"?[31mred\" is no JSON"},
        {"[1]", "is no object"},
        {"{\"type\":\"wait\"} {}", "is no JSON"},
        {"{\"type\":\"wait\",\"type\":\"done\"}", "a member twice"},
        {"{\"type\":\"tria\",\"config\":{}}", "unknown type 'tria', did you mean 'trial'?"},
        {"{\"type\":3}", "no text 'type'; want one of: trial, wait, done, error, sample"},
        {"{}", "no text 'type'"},
        {"{\"type\":\"trial\"}", "trial: 'config' is missing, want an object"},
        {"{\"type\":\"trial\",\"config\":3}", "'config' is neither object nor text"},
        {"{\"type\":\"trial\",\"cofnig\":{}}",
         "trial: unknown 'cofnig', did you mean 'config'?; want type, number, config"},
        {"{\"type\":\"trial\",\"config\":{\"dept\":1}}",
         "config: unknown 'dept', did you mean 'depth'?; want colour, depth, lr"},
        {"{\"type\":\"trial\",\"config\":{\"depth\":10}}", "'depth' is 10, want 1 to 9"},
        {"{\"type\":\"trial\",\"config\":{\"depth\":2.5}}", "'depth' is 2.5, want a whole number"},
        {"{\"type\":\"trial\",\"config\":{\"depth\":\"2\"}}",
         "'depth' is no number, want a whole number from 1 to 9"},
        {"{\"type\":\"trial\",\"config\":{\"depth\":null}}", "'depth' is no number"},
        {"{\"type\":\"trial\",\"config\":{\"lr\":true}}", "or null for the recipe's own"},
        {"{\"type\":\"trial\",\"config\":{\"lr\":1e999}}", "is no JSON"},
        {"{\"type\":\"trial\",\"config\":{\"colour\":\"gren\"}}",
         "'colour' has no choice 'gren', did you mean 'green'?, want one of: red, green, blue"},
        {"{\"type\":\"trial\",\"config\":{\"colour\":1}}", "'colour' is no text, want one of"},
        {"{\"type\":\"trial\",\"config\":\"colour=pink\"}", "'pink' is no value of 'colour'"},
        {"{\"type\":\"trial\",\"config\":{},\"epochs\":0}",
         "'epochs' is no whole number from 1 to 2147483647"},
        {"{\"type\":\"trial\",\"config\":{},\"epochs\":1.5}", "'epochs' is no whole number"},
        {"{\"type\":\"trial\",\"config\":{},\"epochs\":21,\"schedule\":\"prefix\"}",
         "from 1 to 20"},
        {"{\"type\":\"trial\",\"config\":{},\"schedule\":\"half\"}", "neither \"own\" nor"},
        {"{\"type\":\"trial\",\"config\":{},\"from\":5}", "'from' is no whole number from 0 to 4"},
        {"{\"type\":\"trial\",\"config\":{},\"from\":1,\"schedule\":\"own\"}",
         "only a \"prefix\" can be continued"},
        {"{\"type\":\"trial\",\"config\":{},\"number\":4}",
         "an answer to ask 4, but ask 5 is open"},
        {"{\"type\":\"wait\",\"config\":{}}", "wait: unknown 'config'; want type, number"},
        {"{\"type\":\"mutate\"}", "mutate: 'config' is missing"},
        {"{\"type\":\"crossover\",\"config\":{},\"with\":{\"depth\":0}}",
         "crossover: 'with': fake: 'depth' is 0"},
        {"{\"type\":\"error\"}", "'message' is missing"},
    };
    (void)state;
    af_search_context ctx = context();
    af_exec_talk t = {.ctx = &ctx};
    af_exec_open(&t, 5);
    for (size_t i = 0; i < LENGTH(bad); i++) {
        said s = hear(&t, bad[i].line);
        if (s.status != AF_EFORMAT) fail_msg("%s: status %d", bad[i].line, s.status);
        assert_says(bad[i].says);
        assert_null(s.reply);
    }
    said s = hear(&t, "{\"type\":\"error\",\"message\":\"no more memory\"}");
    assert_int_equal(s.status, AF_EIO);
    assert_says("it gives up: no more memory");
    const char zero[] = "{\"type\":\"wait\"}\0";
    assert_int_equal(af_exec_hear(&t, zero, sizeof zero - 1, &s.proposal, &s.answer, &s.reply),
                     AF_EFORMAT);
}

/* Requests draw from the stream of the open ask, one after the other. */
static void requests_use_the_asks_stream(void **state)
{
    (void)state;
    af_search_context ctx = context();
    af_exec_talk t = {.ctx = &ctx};
    af_config got, a, b, want;
    for (int64_t number = 0; number < 20; number++) {
        af_rng r = af_search_rng(&ctx, number);
        af_exec_open(&t, number);
        read_back(&fake_space, &got, reply_to(&t, "{\"type\":\"sample\"}", "config"));
        a = af_space_sample(&fake_space, &r);
        assert_true(same_config(&fake_space, &got, &a));
        read_back(&fake_space, &got, reply_to(&t, "{\"type\":\"sample\"}", "config"));
        b = af_space_sample(&fake_space, &r);
        assert_true(same_config(&fake_space, &got, &b));
        read_back(&fake_space, &got,
                  reply_to(&t, "{\"type\":\"mutate\",\"config\":{\"depth\":7}}", "config"));
        assert_ok(af_space_parse(&fake_space, &want, "depth=7"));
        af_config seven = want;
        af_space_mutate(&fake_space, &want, &r);
        assert_true(same_config(&fake_space, &got, &want));
        read_back(&fake_space, &got,
                  reply_to(&t,
                           "{\"type\":\"crossover\",\"config\":{\"depth\":7},"
                           "\"with\":\"colour=blue\"}",
                           "config"));
        assert_ok(af_space_parse(&fake_space, &b, "colour=blue"));
        want = af_space_crossover(&fake_space, &seven, &b, &r);
        assert_true(same_config(&fake_space, &got, &want));
    }
    af_config all[64];
    json_t *list = reply_to(&t, "{\"type\":\"neighbours\",\"config\":{}}", "configs");
    want = af_space_default(&fake_space);
    int n = af_space_neighbours(&fake_space, &want, all, LENGTH(all));
    assert_true(n > 0);
    assert_int_equal(json_array_size(list), n);
    for (int i = 0; i < n; i++) {
        read_back(&fake_space, &got, json_incref(json_array_get(list, (size_t)i)));
        assert_true(same_config(&fake_space, &got, &all[i]));
    }
    json_decref(list);
    json_t *text = reply_to(&t, "{\"type\":\"canonical\",\"config\":{}}", "text");
    assert_string_equal(json_string_value(text), "colour=red,depth=3,lr=recipe");
    json_decref(text);
}

/* ---- programs ---- */

typedef struct options { /* as in searchers/exec.c, filled by its table */
    const char *command;
    double timeout;
} options;

typedef struct method {
    const af_searcher *s;
    void *self, *values;
    af_search_context ctx;
} method;

static method method_open(const char *command, const char *timeout)
{
    method m = {.s = af_find_searcher("exec"), .ctx = context()};
    assert_non_null(m.s);
    assert_true(m.s->foreign);
    m.values = af_calloc(1, m.s->options_size);
    assert_non_null(m.values);
    af_options_default(m.s->options, m.values);
    assert_ok(af_options_set(m.s->options, m.values, "command", command));
    assert_ok(af_options_set(m.s->options, m.values, "timeout", timeout));
    return m;
}

static method begin(const char *command)
{
    method m = method_open(command, "20");
    assert_ok(m.s->open(&m.self, &m.ctx, m.values));
    return m;
}

static void finish(method *m)
{
    m->s->close(m->self);
    af_free(m->values);
}

static af_status ask(method *m, int64_t number, af_trial *t, af_answer *answer)
{
    *t = (af_trial){.number = number, .proposal = {.epochs = m->ctx.epochs}};
    return m->s->ask(m->self, &m->ctx, number, &t->proposal, answer);
}

static af_status tell(method *m, const af_trial *t, double error)
{
    const af_outcome o = {
        .error = error, .loss = 1, .spend = {1, t->proposal.epochs, 0.5, 1e6 + 0.5}};
    return m->s->tell(m->self, &m->ctx, t, &o);
}

#define FIRST_SAMPLES                                                                              \
    "while read -r line; do case $line in '{\"type\":\"ask\"'*) echo '{\"type\":\"sample\"}'; "    \
    "read -r line; echo \"$line\" | sed s/sample/trial/;; esac; done"

/* The gate: who answers each ask with its first sample proposes what `random` proposes. */
static void first_samples_are_random_search(void **state)
{
    (void)state;
    method m = begin(FIRST_SAMPLES);
    for (int64_t number = 0; number < 10; number++) {
        af_trial t;
        af_answer answer;
        assert_ok(ask(&m, number, &t, &answer));
        assert_int_equal(answer, AF_PROPOSE);
        af_rng r = af_search_rng(&m.ctx, number);
        af_config want = af_space_sample(&fake_space, &r);
        assert_true(same_config(&fake_space, &want, &t.proposal.config));
        assert_ok(tell(&m, &t, number == 3 ? INFINITY : 0.5));
    }
    finish(&m);
}

static void all_that_happened_is_told(void **state)
{
    (void)state;
    char command[AF_PATH_MAX + 64];
    snprintf(command, sizeof command, "tee '%s' | %s", work_at("heard"), FIRST_SAMPLES);
    method m = begin(command);
    af_trial t[3];
    af_answer answer;
    /* what a journal holds is recalled; nothing is started for it */
    for (int i = 0; i < 2; i++) {
        t[i] = (af_trial){.number = i,
                          .proposal = {.config = af_space_default(&fake_space), .epochs = 4 + i}};
        assert_ok(m.s->recall(m.self, &m.ctx, &t[i]));
    }
    t[1].proposal = (af_proposal){t[1].proposal.config, 5, AF_PREFIX, true, 0};
    assert_ok(tell(&m, &t[0], 0.25));
    assert_false(af_file_exists(work_at("heard")));
    assert_ok(ask(&m, 2, &t[2], &answer));
    assert_ok(tell(&m, &t[1], NAN));
    finish(&m);
    char *heard = work_get("heard");
    static const char *const parts[] = {
        "\"history\":[{\"type\":\"trial\",\"number\":0,\"config\":{\"colour\":\"red\",\"depth\":3,"
        "\"lr\":null},\"epochs\":4,\"schedule\":\"own\"},",
        "{\"type\":\"trial\",\"number\":1,",
        "{\"type\":\"tell\",\"number\":0,\"config\":{\"colour\":\"red\",\"depth\":3,\"lr\":null},"
        "\"epochs\":4,\"error\":0.25,\"spent\":{\"epochs\":4.0,\"flops\":1000000.5,"
        "\"seconds\":0.5}}]}\n{\"type\":\"ask\",\"number\":2}\n{\"type\":\"sample\",\"config\":{",
        "\n{\"type\":\"tell\",\"number\":1,",
        "\"error\":null",
        "}\n{\"type\":\"bye\"}\n",
    };
    const char *at = heard;
    for (size_t i = 0; i < LENGTH(parts); i++) {
        at = strstr(at, parts[i]);
        if (!at) fail_msg("no %s in %s", parts[i], heard);
    }
    af_free(heard);
}

static void who_is_done_may_leave(void **state)
{
    (void)state;
    method m = begin("read -r hello; read -r ask; echo '{\"type\":\"trial\",\"config\":{}}'; "
                     "read -r ask; echo '{\"type\":\"wait\"}'; "
                     "read -r ask; echo '{\"type\":\"done\"}'; exec 0<&- 1>&-");
    af_trial t, none;
    af_answer answer;
    assert_ok(ask(&m, 0, &t, &answer));
    assert_int_equal(answer, AF_PROPOSE);
    assert_ok(ask(&m, 1, &none, &answer));
    assert_int_equal(answer, AF_WAIT);
    assert_ok(ask(&m, 1, &none, &answer));
    assert_int_equal(answer, AF_DONE);
    usleep(100000); /* it leaves */
    for (int i = 0; i < 3; i++) assert_ok(tell(&m, &t, 0.5));
    assert_ok(ask(&m, 1, &none, &answer));
    assert_int_equal(answer, AF_DONE);
    finish(&m);
}

/* ---- programs that do everything else ---- */

#define ASKED "read -r hello; read -r ask; "
#define TRIAL "echo '{\"type\":\"trial\",\"config\":{}}'; "
#define TWO_TRIALS                                                                                 \
    "printf '{\"type\":\"trial\",\"config\":{}}\\n{\"type\":\"trial\",\"config\":{}}\\n'; "
#define HANGS "exec sleep 1000"

static const struct wrong {
    const char *command, *timeout;
    af_status status;
    const char *says; /* parts, separated by '|' */
} wrongs[] = {
    {"exec afield-no-such-program 2>/dev/null", "20", AF_EIO, "exit code 127|--resume continues"},
    {ASKED "exit 3", "20", AF_EIO,
     "program 'read -r hello|it ended without a word, want an answer to ask 0|exit code 3"},
    {ASKED "echo '{\"type\":\"sample\"}'; read -r reply; kill -SEGV $$", "20", AF_EIO,
     "ended after line 1 of its output|signal 11"},
    {"exec >&-; cat >/dev/null", "20", AF_EIO, "it ended without a word"},
    {"exec 0<&-; " HANGS, "0.3", AF_EIO, ""},
    {HANGS, "0.3", AF_EIO, "no answer to ask 0 within 0.3 s|--set timeout=SECONDS|signal 9"},
    {ASKED "printf '{\"type\":'; " HANGS, "0.3", AF_EIO, "no answer to ask 0 within 0.3 s"},
    {ASKED "while echo '{\"type\":\"sample\"}'; do read -r reply; done", "0.3", AF_EIO,
     "no answer to ask 0 within 0.3 s, after line "},
    {ASKED "while echo '{\"type\":\"neighbours\",\"config\":{}}'; do :; done 2>/dev/null", "0.5",
     AF_EIO, "within"},
    {ASKED "tr '\\000' x </dev/zero", "20", AF_EFORMAT,
     "line 1 of its output: a line of more than 1048576 bytes"},
    {ASKED "printf 'Loading...\\n'; " HANGS, "20", AF_EFORMAT,
     "line 1 of its output: \"Loading...\" is no JSON|standard error|docs/protocol.md|--resume"},
    {ASKED "head -c 1000 /dev/zero; echo; " HANGS, "20", AF_EFORMAT, "line 1 of its output: \"\""},
    {ASKED "printf '\\033]0;title\\007\\n'; " HANGS, "20", AF_EFORMAT, "\"?]0;title?\""},
    {ASKED "echo '{\"type\":\"trail\",\"config\":{}}'; " HANGS, "20", AF_EFORMAT,
     "unknown type 'trail', did you mean 'trial'?"},
    {ASKED
     "echo '{\"type\":\"sample\"}'; echo '{\"type\":\"trial\",\"config\":{\"lr\":2}}'; " HANGS,
     "20", AF_EFORMAT, "line 2 of its output: trial: fake: 'lr' is 2, want 0.0001 to 1"},
    {ASKED "echo '{\"type\":\"trial\",\"number\":1,\"config\":{}}'; " HANGS, "20", AF_EFORMAT,
     "an answer to ask 1, but ask 0 is open"},
    {ASKED "echo '{\"type\":\"error\",\"message\":\"out of ideas\"}'; " HANGS, "20", AF_EIO,
     "line 1 of its output: it gives up: out of ideas"},
    {ASKED TWO_TRIALS HANGS, "20", AF_EFORMAT,
     "line 2 of its output: \"{\"type\":\"trial\"|while no ask was open: it may speak only when"},
    {ASKED "echo '{\"type\":\"wait\"}'; " HANGS, "20", AF_EFORMAT,
     "line 1 of its output: wait, but no trial is in flight|want trial or done"},
    {ASKED TRIAL "exit 4", "20", AF_EIO, "|exit code 4"},
};

static void says_all(const char *parts)
{
    char *text = af_strdup(parts), *rest = NULL;
    for (char *one = strtok_r(text, "|", &rest); one; one = strtok_r(NULL, "|", &rest))
        assert_says(one);
    af_free(text);
}

static bool alive(int pid)
{
    char path[64], text[256] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *f = fopen(path, "r");
    if (!f) return false;
    bool read = fgets(text, sizeof text, f) != NULL;
    fclose(f);
    char *end = read ? strrchr(text, ')') : NULL;
    return end && end[2] != 'Z' && end[2] != 'X';
}

/* Asks and tells until something goes wrong. */
static af_status go_on(method *m)
{
    for (int64_t number = 0; number < 20; number++) {
        af_trial t;
        af_answer answer;
        AF_TRY(ask(m, number, &t, &answer));
        usleep(100000); /* a training: what it says now is out of order */
        AF_TRY(tell(m, &t, 0.5));
    }
    return AF_OK;
}

static void misbehaviour_ends_the_search(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(wrongs); i++) {
        const struct wrong *w = &wrongs[i];
        char command[AF_PATH_MAX + 1024];
        /* each leaves a process of its own behind, which must go as well */
        snprintf(command, sizeof command,
                 ": %.16s; sleep 1000 </dev/null >/dev/null 2>&1 & "
                 "echo $! >'%s'; %s",
                 "program", work_at("left"), w->command);
        if (!strncmp(w->says, "program '", 9)) snprintf(command, sizeof command, "%s", w->command);
        method m = method_open(command, w->timeout);
        assert_ok(m.s->open(&m.self, &m.ctx, m.values));
        af_status st = go_on(&m);
        if (st != w->status)
            fail_msg("%s: %s, %s", w->command, af_status_name(st), st ? af_error() : "");
        assert_int_equal(af_exit_code(st), 1);
        says_all(w->says);
        for (const char *c = af_error(); *c; c++) assert_true((unsigned char)*c >= 0x20);
        if (af_file_exists(work_at("left"))) {
            char *text = work_get("left");
            for (int wait = 0; wait < 2000 && alive(atoi(text)); wait++) usleep(1000);
            if (alive(atoi(text))) fail_msg("%s: its child lives", w->command);
            af_free(text);
            af_file_remove(work_at("left"));
        }
        finish(&m);
    }
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void a_command_is_needed(void **state)
{
    (void)state;
    method m = method_open("", "1");
    assert_int_equal(m.s->open(&m.self, &m.ctx, m.values), AF_EUSAGE);
    assert_says("--method exec:'COMMAND'");
    af_free(m.values);
}

/* In a process of its own: what is asked to stop stays so. */
static void a_signal_ends_the_wait(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        af_catch_signals();
        method m = begin(ASKED "kill -TERM $PPID; " HANGS);
        af_trial t;
        af_answer answer;
        double before = af_clock();
        af_status st = ask(&m, 0, &t, &answer);
        bool good = st == AF_EINTERRUPTED && af_clock() - before < 10 &&
                    strstr(af_error(), "waiting for an answer to ask 0") &&
                    strstr(af_error(), "--resume continues");
        finish(&m);
        _exit(good ? 0 : 1);
    }
    int status;
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
}

/* ---- whole searches ---- */

static af_status search(af_found *found, const char *command, bool resume)
{
    char path[AF_PATH_MAX];
    fake f = fake_new();
    af_evaluator evaluator = fake_evaluator(&f);
    af_ledger ledger = {.x_flops = FAKE_X};
    const options o = {command, 20};
    assert_ok(af_path_join(path, work_dir, "journal"));
    assert_ok(af_budget_parse(&ledger.budget, "12trials"));
    json_t *header = json_pack("{ss}", "command", command);
    af_search s = {.searcher = af_find_searcher("exec"),
                   .options = &o,
                   .context = context(),
                   .evaluator = &evaluator,
                   .ledger = &ledger,
                   .journal = path,
                   .header = header,
                   .resume = resume};
    s.context.about = header;
    af_status st = af_search_run(found, &s);
    json_decref(header);
    return st;
}

/* A program that fails half way, is mended, and goes on: the result is that of one which never
 * failed. It answers by the number of the ask. */
static void a_failed_search_resumes(void **state)
{
    (void)state;
    char command[2 * AF_PATH_MAX];
    snprintf(
        command, sizeof command,
        "while read -r l; do case $l in '{\"type\":\"ask\"'*) n=${l##*:}; n=${n%%\\}}; "
        "test $n = 7 && test -e '%s' && echo garbage; "
        "echo '{\"type\":\"trial\",\"number\":'$n',\"config\":{\"depth\":'$((n %% 9 + 1))'}}';; "
        "esac; done",
        work_at("broken"));
    af_found once, twice;
    assert_ok(search(&once, command, false));
    assert_int_equal(once.trials, 12);
    af_file_remove(work_at("journal"));
    work_put("broken", "");
    assert_int_equal(search(&twice, command, false), AF_EFORMAT);
    assert_says("garbage");
    assert_int_equal(search(&twice, command, true), AF_EFORMAT);
    af_file_remove(work_at("broken"));
    assert_ok(search(&twice, command, true));
    assert_int_equal(twice.trials, 12);
    assert_string_equal(once.proposal_digest, twice.proposal_digest);
    assert_string_equal(once.outcome_digest, twice.outcome_digest);
    af_file_remove(work_at("journal"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(configurations_survive),
        cmocka_unit_test(hello_describes_the_search),
        cmocka_unit_test(answers_are_understood),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(requests_use_the_asks_stream),
        cmocka_unit_test(first_samples_are_random_search),
        cmocka_unit_test(all_that_happened_is_told),
        cmocka_unit_test(who_is_done_may_leave),
        cmocka_unit_test(misbehaviour_ends_the_search),
        cmocka_unit_test(a_command_is_needed),
        cmocka_unit_test(a_signal_ends_the_wait),
        cmocka_unit_test(a_failed_search_resumes),
    };
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
