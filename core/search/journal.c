/* The journal's records, written and read. A record is on disk when the function that
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
#include "core/search/record.h"

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

static af_status read_propose(af_journal *j, const json_t *record, long line)
{
    int64_t number;
    af_journal_entry e = {.line = line};
    AF_TRY(af_json_int(&number, record, "number"));
    if (j->shared.begun) return af_fail(AF_EFORMAT, "a trial in a search that shares weights");
    if (number != j->count)
        return af_fail(AF_EFORMAT, "trial %" PRId64 " is proposed, want trial %" PRId64, number,
                       j->count);
    AF_TRY(af_json_int(&e.told, record, "told"));
    if (e.told < 0 || e.told > number)
        return af_fail(AF_EFORMAT, "trial %" PRId64 " proposed after %" PRId64 " outcomes", number,
                       e.told);
    AF_TRY(af_proposal_read(&e.proposal, j->space, record));
    AF_TRY(grow(j));
    j->entries[j->count++] = e;
    return AF_OK;
}

static af_status read_outcome(af_journal *j, const json_t *record, long line)
{
    (void)line;
    int64_t number;
    af_outcome o;
    AF_TRY(af_json_int(&number, record, "number"));
    if (number < 0 || number >= j->count)
        return af_fail(AF_EFORMAT, "the outcome of trial %" PRId64 ", which was not proposed",
                       number);
    if (j->entries[number].done)
        return af_fail(AF_EFORMAT, "a second outcome of trial %" PRId64, number);
    AF_TRY(af_outcome_read(&o, record));
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

static af_status compare(const af_journal *j, const af_trial *t, int64_t told)
{
    const af_journal_entry *e = &j->entries[t->number];
    char old[AF_CONFIG_TEXT + 80], now[AF_CONFIG_TEXT + 80];
    if (af_proposal_same(j->space, &e->proposal, &t->proposal) && e->told == told) return AF_OK;
    af_proposal_say(old, j->space, &e->proposal);
    af_proposal_say(now, j->space, &t->proposal);
    return af_fail(AF_EFORMAT,
                   "%s:%ld: trial %" PRId64 " was %s after %" PRId64
                   " outcomes, but the searcher now proposes %s after %" PRId64
                   ": its code or its space has changed, or it is not deterministic; start over in "
                   "another directory",
                   j->path, e->line, t->number, old, e->told, now, told);
}

af_status af_journal_propose(af_journal *j, const af_trial *t, int64_t told)
{
    if (t->number < j->count) return compare(j, t, told);
    AF_TRY(grow(j));
    json_t *record = json_pack("{ss sI sI}", "record", "propose", "number", (json_int_t)t->number,
                               "told", (json_int_t)told);
    if (record && !af_proposal_write(record, j->space, &t->proposal)) {
        json_decref(record);
        record = NULL;
    }
    AF_TRY(af_journal_append(j, record));
    j->entries[j->count++] = (af_journal_entry){.proposal = t->proposal, .told = told};
    return AF_OK;
}

af_status af_journal_outcome(af_journal *j, int64_t number, const af_outcome *o)
{
    json_t *record = json_pack("{ss sI}", "record", "outcome", "number", (json_int_t)number);
    if (record && !af_outcome_write(record, o)) {
        json_decref(record);
        record = NULL;
    }
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

/* The header without who proposes: a method that asks the same questions gets the same digest. */
static char *questions(const af_journal *j)
{
    json_t *header = json_copy(j->header);
    if (!header) return NULL;
    json_object_del(header, "method");
    json_object_del(header, "searcher_options");
    char *text = json_dumps(header, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(header);
    return text;
}

af_status af_journal_digests(const af_journal *j, char proposals[AF_SHA256_HEX],
                             char outcomes[AF_SHA256_HEX])
{
    char *header = questions(j);
    af_sha256 *p = af_sha256_new(), *o = af_sha256_new();
    bool ready = header && p && o;
    if (ready) af_sha256_add(p, header, strlen(header));
    if (ready) af_sha256_add(p, "\n", 1);
    for (int64_t n = 0; ready && n < j->count; n++) {
        af_proposal_digest(p, j->space, &j->entries[n].proposal);
        af_outcome_digest(o, &j->entries[n].outcome);
    }
    if (ready) af_journal_shared_digest(j, p, o);
    if (p) af_sha256_end(p, proposals);
    if (o) af_sha256_end(o, outcomes);
    free(header);
    return ready ? AF_OK : af_fail(AF_ENOMEM, "no memory for the digests of the search");
}
