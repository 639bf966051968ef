/* The journal of a search: what was decided and what came of it, on disk before anything depends on
 * it. Records: "header", then for each trial "propose" and "outcome", and "end" once the searcher
 * will not be asked again. Everything is also kept in memory, indexed by trial number.
 * docs/journal.md. */
#ifndef AF_JOURNAL_H
#define AF_JOURNAL_H
#include <jansson.h>
#include "core/base/sha256.h"
#include "core/search/trial.h"

typedef struct af_journal_entry {
    af_proposal proposal;
    long line; /* of the "propose" record, for messages; 0: written by this process */
    bool done; /* the outcome is known */
    af_outcome outcome;
} af_journal_entry;

typedef struct af_journal {
    const af_space *space;
    const char *path;
    json_t *header;            /* borrowed: the run that is asked for */
    af_journal_entry *entries; /* by trial number */
    int64_t count, capacity;
    bool started, ended; /* "header" and "end" are there */
    struct af_jsonl *file;
} af_journal;

/* Creates the journal, or with `resume` reads what is there; a header other than `header` is
 * refused with the name of the field that differs. `path`, `space` and `header` are borrowed. */
AF_CHECKED af_status af_journal_open(af_journal **out, const char *path, const af_space *space,
                                     json_t *header, bool resume);
void af_journal_close(af_journal *j);

/* The trial is the next to start: recorded when new, compared when the journal already has it. */
AF_CHECKED af_status af_journal_propose(af_journal *j, const af_trial *t);
AF_CHECKED af_status af_journal_outcome(af_journal *j, int64_t number, const af_outcome *o);
AF_CHECKED af_status af_journal_end(af_journal *j);

/* proposal_digest: of the header and every proposal; outcome_digest: of what is reproducible of
 * every outcome; both in order of number. */
AF_CHECKED af_status af_journal_digests(const af_journal *j, char proposals[AF_SHA256_HEX],
                                        char outcomes[AF_SHA256_HEX]);

/* Reads records, with no file behind them, into a journal that was zeroed but for `space`, `path`
 * and `header`: what af_journal_open does for every line. */
af_status af_journal_read_record(json_t *record, long line, void *journal);

/* AF_OK when a journal's header is the one of the run asked for; else names the field that differs,
 * both values and the remedy. */
AF_CHECKED af_status af_header_same(json_t *journal, json_t *asked);

#endif
