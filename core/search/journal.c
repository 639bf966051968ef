/* The journal's records, written and read. Doubles are kept as bits, so a replayed run continues
 * with exactly the numbers that an undisturbed one had. A record is on disk when the function that
 * writes it returns. */
#include "core/search/journal.h"
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/base/jsonl.h"

static const char *const schedule_names[] = {[AF_OWN] = "own", [AF_PREFIX] = "prefix", NULL};

/* The doubles of an outcome, all kept as bits; what is not reproducible is not digested. */
static const struct {
    const char *name;
    size_t offset;
    bool reproducible;
} reals[] = {
    {"error", offsetof(af_outcome, error), true},
    {"loss", offsetof(af_outcome, loss), true},
    {"trials", offsetof(af_outcome, spend.trials), true},
    {"epochs", offsetof(af_outcome, spend.epochs), true},
    {"seconds", offsetof(af_outcome, spend.seconds), false},
    {"flops", offsetof(af_outcome, spend.flops), true},
};
enum { REALS = sizeof reals / sizeof *reals };

static const double *real_of(const af_outcome *o, int i)
{
    return (const double *)((const char *)o + reals[i].offset);
}

/* ---- reading ---- */

static af_status grow(af_journal *j)
{
    if (j->count < j->capacity) return AF_OK;
    int64_t capacity = j->capacity ? 2 * j->capacity : 64;
    af_journal_entry *more = af_realloc(j->entries, (size_t)capacity * sizeof *more);
    if (!more) return AF_ENOMEM;
    j->entries = more;
    j->capacity = capacity;
    return AF_OK;
}

static af_status read_header(af_journal *j, const json_t *record, long line)
{
    (void)line;
    json_t *header = json_object_get(record, "header");
    if (j->started || !json_is_object(header))
        return af_fail(AF_EFORMAT, j->started ? "a second header" : "the header is not an object");
    j->started = true;
    return af_header_same(header, j->header);
}

static af_status read_schedule(af_fidelity_schedule *out, const json_t *record)
{
    const char *name;
    AF_TRY(af_json_str(&name, record, "schedule"));
    for (int i = 0; schedule_names[i]; i++) {
        if (strcmp(name, schedule_names[i])) continue;
        *out = (af_fidelity_schedule)i;
        return AF_OK;
    }
    return af_fail(AF_EFORMAT, "schedule '%.20s', want own or prefix", name);
}

static af_status read_propose(af_journal *j, const json_t *record, long line)
{
    int64_t number, epochs;
    af_journal_entry e = {.line = line};
    AF_TRY(af_json_int(&number, record, "number"));
    AF_TRY(af_json_int(&epochs, record, "epochs"));
    if (j->shared.begun) return af_fail(AF_EFORMAT, "a trial in a search that shares weights");
    if (number != j->count)
        return af_fail(AF_EFORMAT, "trial %" PRId64 " is proposed, want trial %" PRId64, number,
                       j->count);
    if (epochs < 1 || epochs > INT32_MAX)
        return af_fail(AF_EFORMAT, "%" PRId64 " epochs, want 1 or more", epochs);
    e.proposal.epochs = (int)epochs;
    AF_TRY(read_schedule(&e.proposal.schedule, record));
    const json_t *config = json_object_get(record, "config");
    for (int k = 0; k < j->space->count; k++)
        AF_TRY(af_json_from_bits(&e.proposal.config.v[k], config, j->space->knobs[k].name));
    if (af_space_check(j->space, &e.proposal.config) != AF_OK)
        return af_fail(AF_EFORMAT, "%s", af_error());
    AF_TRY(grow(j));
    j->entries[j->count++] = e;
    return AF_OK;
}

static af_status read_outcome(af_journal *j, const json_t *record, long line)
{
    (void)line;
    int64_t number, best;
    const char *digest;
    af_outcome o = {0};
    AF_TRY(af_json_int(&number, record, "number"));
    if (number < 0 || number >= j->count)
        return af_fail(AF_EFORMAT, "the outcome of trial %" PRId64 ", which was not proposed",
                       number);
    if (j->entries[number].done)
        return af_fail(AF_EFORMAT, "a second outcome of trial %" PRId64, number);
    for (int i = 0; i < REALS; i++)
        AF_TRY(af_json_from_bits((double *)((char *)&o + reals[i].offset), record, reals[i].name));
    if (isnan(o.error)) return af_fail(AF_EFORMAT, "field 'error' is not a number");
    AF_TRY(af_json_int(&best, record, "best_epoch"));
    AF_TRY(af_json_str(&digest, record, "digest"));
    if (best < -1 || best > INT32_MAX || strlen(digest) >= sizeof o.digest)
        return af_fail(AF_EFORMAT, "best_epoch or digest is out of range");
    o.best_epoch = (int)best;
    strcpy(o.digest, digest);
    j->entries[number].outcome = o;
    j->entries[number].done = true;
    return AF_OK;
}

static af_status read_end(af_journal *j, const json_t *record, long line)
{
    (void)line;
    int64_t trials;
    AF_TRY(af_json_int(&trials, record, "trials"));
    if (j->ended || j->shared.begun || trials != j->count)
        return af_fail(AF_EFORMAT, "an end after %" PRId64 " trials, want one after %" PRId64,
                       trials, j->count);
    j->ended = true;
    return AF_OK;
}

static const struct {
    const char *name;
    af_status (*read)(af_journal *j, const json_t *record, long line);
} records[] = {
    {"header", read_header},
    {"propose", read_propose},
    {"outcome", read_outcome},
    {"end", read_end},
    {"share", af_journal_read_share},
    {"epoch", af_journal_read_epoch},
    {"derive", af_journal_read_derive},
};

static af_status read_known(af_journal *j, const json_t *record, long line)
{
    const char *name;
    AF_TRY(af_json_str(&name, record, "record"));
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        if (strcmp(name, records[i].name)) continue;
        if (i != 0 && !j->started) return af_fail(AF_EFORMAT, "'%s' before the header", name);
        return records[i].read(j, record, line);
    }
    return af_fail(AF_EFORMAT, "unknown record '%.40s'; was it written by a newer afield?", name);
}

af_status af_journal_read_record(json_t *record, long line, void *journal)
{
    af_journal *j = journal;
    af_status st = read_known(j, record, line);
    return st == AF_OK ? AF_OK : af_prefix(st, "%s:%ld", j->path, line);
}

/* ---- writing ---- */

af_status af_journal_append(af_journal *j, json_t *record)
{
    if (!record) return af_fail(AF_ENOMEM, "%s: no memory for a record", j->path);
    af_status st = af_jsonl_append(j->file, record);
    json_decref(record);
    return st;
}

json_t *af_journal_config_bits(const af_space *s, const af_config *c)
{
    json_t *out = json_object();
    for (int k = 0; k < s->count; k++)
        json_object_set_new(out, s->knobs[k].name, af_json_bits(isnan(c->v[k]) ? NAN : c->v[k]));
    return out;
}

/* NAN stands for "the recipe's own value"; its bits mean nothing. */
static bool same_value(double a, double b)
{
    return (isnan(a) && isnan(b)) || !memcmp(&a, &b, sizeof a);
}

static bool same_proposal(const af_space *s, const af_proposal *a, const af_proposal *b)
{
    for (int k = 0; k < s->count; k++)
        if (!same_value(a->config.v[k], b->config.v[k])) return false;
    return a->epochs == b->epochs && a->schedule == b->schedule;
}

static af_status compare(const af_journal *j, const af_trial *t)
{
    const af_journal_entry *e = &j->entries[t->number];
    char old[AF_CONFIG_TEXT], now[AF_CONFIG_TEXT];
    if (same_proposal(j->space, &e->proposal, &t->proposal)) return AF_OK;
    af_space_print(j->space, &e->proposal.config, old);
    af_space_print(j->space, &t->proposal.config, now);
    return af_fail(AF_EFORMAT,
                   "%s:%ld: trial %" PRId64 " was '%s' (%d epochs, %s), but the searcher now "
                   "proposes '%s' (%d epochs, %s): its code or its space has changed, or it is not "
                   "deterministic; start over in another directory",
                   j->path, e->line, t->number, old, e->proposal.epochs,
                   schedule_names[e->proposal.schedule], now, t->proposal.epochs,
                   schedule_names[t->proposal.schedule]);
}

af_status af_journal_propose(af_journal *j, const af_trial *t)
{
    char text[AF_CONFIG_TEXT];
    if (t->number < j->count) return compare(j, t);
    AF_TRY(grow(j));
    af_space_print(j->space, &t->proposal.config, text);
    AF_TRY(af_journal_append(j, json_pack("{ss sI so ss si ss}", "record", "propose", "number",
                                          (json_int_t)t->number, "config",
                                          af_journal_config_bits(j->space, &t->proposal.config),
                                          "text", text, "epochs", t->proposal.epochs, "schedule",
                                          schedule_names[t->proposal.schedule])));
    j->entries[j->count++] = (af_journal_entry){.proposal = t->proposal};
    return AF_OK;
}

af_status af_journal_outcome(af_journal *j, int64_t number, const af_outcome *o)
{
    json_t *record = json_pack("{ss sI si ss}", "record", "outcome", "number", (json_int_t)number,
                               "best_epoch", o->best_epoch, "digest", o->digest);
    for (int i = 0; i < REALS; i++)
        json_object_set_new(record, reals[i].name, af_json_bits(*real_of(o, i)));
    AF_TRY(af_journal_append(j, record));
    j->entries[number].outcome = *o;
    j->entries[number].done = true;
    return AF_OK;
}

af_status af_journal_end(af_journal *j)
{
    if (j->ended) return AF_OK;
    j->ended = true;
    return af_journal_append(j,
                             json_pack("{ss sI}", "record", "end", "trials", (json_int_t)j->count));
}

/* ---- the whole ---- */

static af_status load(af_journal *j, bool resume)
{
    if (!resume && af_file_exists(j->path))
        return af_fail(AF_EUSAGE,
                       "%s: a run was started here; continue it with --resume, or choose another "
                       "directory with --out",
                       j->path);
    AF_TRY(af_jsonl_open(&j->file, j->path));
    AF_TRY(af_jsonl_read(j->path, af_journal_read_record, j));
    if (j->started) return AF_OK;
    j->started = true;
    return af_journal_append(j, json_pack("{ss sO}", "record", "header", "header", j->header));
}

af_status af_journal_open(af_journal **out, const char *path, const af_space *space, json_t *header,
                          bool resume)
{
    af_journal *j = af_calloc(1, sizeof *j);
    if (!j) return AF_ENOMEM;
    *j = (af_journal){.space = space, .path = path, .header = header};
    af_status st = load(j, resume);
    if (st == AF_OK)
        *out = j;
    else
        af_journal_close(j);
    return st;
}

void af_journal_close(af_journal *j)
{
    if (!j) return;
    af_jsonl_close(j->file);
    af_free(j->entries);
    af_free(j->shared.rows);
    af_free(j);
}

static void digest_entry(const af_journal_entry *e, int knobs, af_sha256 *p, af_sha256 *o)
{
    af_sha256_addf(p, "%d %s", e->proposal.epochs, schedule_names[e->proposal.schedule]);
    for (int k = 0; k < knobs; k++)
        af_sha256_addf(p, " %a", isnan(e->proposal.config.v[k]) ? NAN : e->proposal.config.v[k]);
    af_sha256_addf(p, "\n");
    af_sha256_addf(o, "%d %s", e->outcome.best_epoch, e->outcome.digest);
    for (int i = 0; i < REALS; i++)
        if (reals[i].reproducible) af_sha256_addf(o, " %a", *real_of(&e->outcome, i));
    af_sha256_addf(o, "\n");
}

af_status af_journal_digests(const af_journal *j, char proposals[AF_SHA256_HEX],
                             char outcomes[AF_SHA256_HEX])
{
    char *header = json_dumps(j->header, JSON_COMPACT | JSON_SORT_KEYS);
    af_sha256 *p = af_sha256_new(), *o = af_sha256_new();
    bool ready = header && p && o;
    if (ready) af_sha256_add(p, header, strlen(header));
    if (ready) af_sha256_add(p, "\n", 1);
    for (int64_t n = 0; ready && n < j->count; n++)
        digest_entry(&j->entries[n], j->space->count, p, o);
    if (ready) af_journal_shared_digest(j, p, o);
    if (p) af_sha256_end(p, proposals);
    if (o) af_sha256_end(o, outcomes);
    free(header);
    return ready ? AF_OK : af_fail(AF_ENOMEM, "no memory for the digests of the search");
}
