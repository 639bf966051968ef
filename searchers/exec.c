/* A method in any language: another program, started with `sh -c`, is asked for proposals and told
 * outcomes in lines of JSON (docs/protocol.md). It is started at the first question that the
 * journal does not answer, with all that happened before as its history; so it need not be
 * deterministic for a run to be resumed. Command "-" is this program's own standard input and
 * output: `afield serve`.
 *
 * Nothing that the other program says or does is trusted. Lines, waiting and their number are
 * bounded; whatever goes wrong ends the run with an error that names the line, kills the program
 * and all that it started, and leaves a journal that --resume continues. */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/child.h"
#include "core/base/log.h"
#include "core/search/stop.h"
#include "searchers/exec/protocol.h"

typedef struct options {
    const char *command;
    double timeout;
} options;

static const af_option option_table[] = {
    {"command", AF_OPT_TEXT, offsetof(options, command), NULL, 0, 0,
     "what `sh -c` runs; --method exec:'COMMAND' is short for it", NULL, "COMMAND"},
    {"timeout", AF_OPT_REAL, offsetof(options, timeout), "300", 1e-3, 1e9,
     "seconds it may take for one answer", NULL, "SECONDS"},
    {0},
};

/* Seconds that a program has for its own end, after bye and after an error. */
static const double GRACE = 5, SHORT_GRACE = 0.5, DEAF_SECONDS = 0.1;

typedef struct program {
    options o;
    bool ourselves; /* the other side leads: it may write ahead, and its end of input is `done` */
    bool done;      /* it proposes nothing more; it need not listen any more either */
    af_child *child;
    json_t *history; /* what it is told when it is started */
    af_exec_talk talk;
    int64_t in_flight; /* proposed, not yet told */
} program;

static af_status open(void **self, const af_search_context *ctx, const void *opts)
{
    const options *o = opts;
    if (!o->command || !*o->command)
        return af_fail(AF_EUSAGE, "method exec needs a command: --method exec:'COMMAND'; "
                                  "docs/protocol.md says what it is asked");
    program *p = af_calloc(1, sizeof *p);
    if (!p) return AF_ENOMEM;
    (void)ctx;
    *p = (program){.o = *o, .history = json_array()};
    p->ourselves = !strcmp(o->command, "-");
    *self = p;
    return AF_OK;
}

/* ---- lines ---- */

static double patience(const program *p)
{
    return p->ourselves ? -1 : p->o.timeout;
}

/* Sends and frees the message. */
static af_status send(program *p, json_t *message, double seconds)
{
    /* a last word is also said when we are asked to stop */
    bool last = seconds == SHORT_GRACE;
    return af_child_send(p->child, message, seconds, last ? NULL : af_stop_requested);
}

/* ---- the end ---- */

/* Our message as text that is safe to print: parts of it may be the other program's. */
static char *own_message(void)
{
    char *text = af_strdup(af_error());
    for (char *c = text; c && *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f) *c = '?';
    return text;
}

static const char *advice(af_status st)
{
    switch (st) {
    case AF_EFORMAT:
        return "; docs/protocol.md describes the exchange; correct the program and go on with "
               "--resume";
    case AF_EIO:
    case AF_EINTERRUPTED:
        return "; --resume continues";
    default:
        return "";
    }
}

/* Something went wrong: tells the other side, ends it, and says what it was and how it ended. */
static af_status give_up(program *p, af_status st)
{
    char how[64] = "", shown[AF_EXEC_SHOWN];
    char *message = own_message();
    bool tell_it = message && !p->ourselves; /* `afield serve` reports every error itself */
    if (tell_it && send(p, af_exec_error(message), SHORT_GRACE) != AF_OK) {}
    af_child_stop(p->child, SHORT_GRACE, p->ourselves ? NULL : how);
    p->child = NULL;
    p->done = true;
    if (!message) return AF_ENOMEM;
    af_exec_shown(shown, p->o.command);
    if (p->ourselves)
        st = af_fail(st, "standard input: %s%s", message, advice(st));
    else
        st = af_fail(st, "program '%s': %s%s%s%s%s", shown, message, *how ? " (" : "", how,
                     *how ? ")" : "", advice(st));
    af_free(message);
    return st;
}

static af_status at_line(const program *p, af_status st)
{
    return af_prefix(st, "line %ld%s", p->talk.lines, p->ourselves ? "" : " of its output");
}

static void close(void *self)
{
    program *p = self;
    char how[64] = "";
    char *message =
        af_strdup(af_error()); /* the search may have failed; that is what is reported */
    if (p->child) {
        bool told = send(p, json_pack("{ss}", "type", "bye"), SHORT_GRACE) == AF_OK;
        af_child_stop(p->child, told ? GRACE : SHORT_GRACE, how);
        if (*how && strcmp(how, "exit code 0"))
            af_log(AF_LOG_WARN, "program '%s' ended with %s", p->o.command, how);
    }
    if (message && af_fail(AF_EINTERNAL, "%s", message) == AF_OK) {}
    af_free(message);
    json_decref(p->history);
    af_free(p);
}

/* ---- asking and telling ---- */

static af_status start(program *p)
{
    char *const argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char *)(uintptr_t)p->o.command, NULL};
    if (p->ourselves)
        AF_TRY(af_child_ourselves(&p->child));
    else
        AF_TRY(af_child_start(&p->child, argv, false));
    af_status st = send(p, af_exec_hello(p->talk.ctx, p->history), patience(p));
    json_array_clear(p->history);
    return st == AF_OK ? AF_OK : give_up(p, st);
}

static af_status early_end(const program *p)
{
    if (p->talk.lines)
        return af_fail(AF_EIO,
                       "it ended after line %ld of its output, want an answer to ask %" PRId64
                       ": trial, wait or done",
                       p->talk.lines, p->talk.number);
    return af_fail(AF_EIO, "it ended without a word, want an answer to ask %" PRId64,
                   p->talk.number);
}

/* Whoever is asked answers once, so between two asks there is nothing to be heard. */
static af_status check_silence(program *p)
{
    char *line, shown[AF_EXEC_SHOWN];
    if (p->ourselves) return AF_OK;
    af_status st = af_child_read(p->child, &line, NULL, 0, NULL);
    if (st == AF_EIO) return AF_OK; /* silent; what is really broken shows when it is asked */
    if (st == AF_OK && !line) return early_end(p);
    p->talk.lines++;
    if (st != AF_OK) return at_line(p, st);
    return af_fail(AF_EFORMAT,
                   "line %ld of its output: \"%s\" while no ask was open: it may speak only when "
                   "it is asked, and answers each ask with one trial, wait or done",
                   p->talk.lines, af_exec_shown(shown, line));
}

/* One line, and what it asks for. `until` is a time on af_clock. */
static af_status listen(program *p, double until, af_proposal *out, af_answer *answer, bool *more)
{
    char *line;
    size_t length;
    json_t *reply = NULL;
    double left = patience(p) < 0 ? -1 : until - af_clock();
    af_status st = left < 0 && !p->ourselves
                       ? af_fail(AF_EIO, "no answer")
                       : af_child_read(p->child, &line, &length, left, af_stop_requested);
    *more = false;
    if (st == AF_EFORMAT) return p->talk.lines++, at_line(p, st);
    if (st == AF_EIO && !p->ourselves && af_clock() >= until)
        return af_fail(AF_EIO,
                       "no answer to ask %" PRId64 " within %g s, after line %ld of its output; "
                       "mend it, or give it longer with --set timeout=SECONDS",
                       p->talk.number, p->o.timeout, p->talk.lines);
    if (st != AF_OK) return af_prefix(st, "waiting for an answer to ask %" PRId64, p->talk.number);
    /* a driver that died closes both ends, one that is done goes on reading */
    if (!line && p->ourselves && af_child_deaf(p->child, DEAF_SECONDS))
        return af_fail(AF_EIO, "whoever drives this search is gone");
    if (!line && p->ourselves) {
        *answer = AF_DONE;
        return AF_OK;
    }
    if (!line) return early_end(p);
    st = af_exec_hear(&p->talk, line, length, out, answer, &reply);
    if (st != AF_OK) return at_line(p, st);
    *more = reply != NULL;
    return reply ? send(p, reply, left) : AF_OK;
}

static af_status converse(program *p, int64_t number, af_proposal *out, af_answer *answer)
{
    bool more;
    double until = af_clock() + p->o.timeout;
    af_exec_open(&p->talk, number);
    AF_TRY(check_silence(p));
    AF_TRY(send(p, af_exec_ask(number), patience(p)));
    do AF_TRY(listen(p, until, out, answer, &more));
    while (more);
    if (*answer != AF_WAIT || p->in_flight > 0) return AF_OK;
    return at_line(p, af_fail(AF_EFORMAT, "wait, but no trial is in flight, so nothing would be "
                                          "told; want trial or done"));
}

static af_status ask(void *self, const af_search_context *ctx, int64_t number, af_proposal *out,
                     af_answer *answer)
{
    program *p = self;
    p->talk.ctx = ctx;
    *answer = AF_DONE;
    if (p->done) return AF_OK;
    if (!p->child) AF_TRY(start(p));
    af_status st = converse(p, number, out, answer);
    if (st != AF_OK) return give_up(p, st);
    p->done = *answer == AF_DONE;
    p->in_flight += *answer == AF_PROPOSE;
    return AF_OK;
}

static af_status remember(program *p, json_t *event)
{
    return event && !json_array_append_new(p->history, event)
               ? AF_OK
               : af_fail(AF_ENOMEM, "no memory for the history of the search");
}

static af_status recall(void *self, const af_search_context *ctx, const af_trial *trial)
{
    program *p = self;
    p->in_flight++;
    return remember(p, af_exec_proposed(ctx, trial));
}

static af_status tell(void *self, const af_search_context *ctx, const af_trial *trial,
                      const af_outcome *outcome)
{
    program *p = self;
    json_t *event = af_exec_told(ctx, trial, outcome);
    p->in_flight--;
    if (!p->child) return remember(p, event);
    af_status st = send(p, event, patience(p));
    if (st == AF_OK) return AF_OK;
    if (!p->done || st == AF_EINTERRUPTED) return give_up(p, st);
    af_child_stop(p->child, SHORT_GRACE, NULL); /* it has said that it wants nothing more */
    p->child = NULL;
    return AF_OK;
}

const af_searcher af_searcher_exec = {
    .name = "exec",
    .title = "another program",
    .summary = "a method in any language, asked and told in lines of JSON",
    .cite = "docs/protocol.md; examples/",
    .options = option_table,
    .options_size = sizeof(options),
    .open = open,
    .ask = ask,
    .tell = tell,
    .recall = recall,
    .close = close,
    .foreign = true,
};
