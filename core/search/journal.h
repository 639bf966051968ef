/* The journal of a search: what was decided and what came of it, on disk before anything depends on
 * it. Records: "header", then for each trial "propose" and "outcome", and "end" once the searcher
 * will not be asked again; of a search that shares weights "share", "epoch" after each epoch, and
 * "derive" (journal_share.c). Everything is also kept in memory, indexed by trial number.
 * docs/journal.md. */
#ifndef AF_JOURNAL_H
#define AF_JOURNAL_H
#include <jansson.h>
#include "core/base/sha256.h"
#include "core/search/trial.h"

typedef struct af_journal_entry {
    af_proposal proposal;
    int64_t told; /* outcomes that the searcher knew when it was proposed */
    long line;    /* of the "propose" record, for messages; 0: written by this process */
    bool done;    /* the outcome is known */
    af_outcome outcome;
} af_journal_entry;

/* An epoch of a search that shares weights: these, then the coefficients at its end. The spends
 * are of the search so far. */
enum {
    AF_ROW_LOSS, /* mean over its steps, before their updates */
    AF_ROW_COEFFICIENT_LOSS,
    AF_ROW_EPOCHS,
    AF_ROW_FLOPS,
    AF_ROW_SECONDS,
    AF_ROW_LINE, /* in the file; 0: written by this process */
    AF_ROW_FIELDS
};

typedef struct af_shared {
    bool begun, derived;
    int epochs, steps; /* its length, decided at the start; steps in an epoch */
    int count, capacity;
    double *rows; /* epochs that are done */
    af_config config;
    char digest[65]; /* of the shared weights at the end */
    double flops, seconds;
} af_shared;

typedef struct af_journal {
    const af_space *space;
    const char *path;
    json_t *header;            /* borrowed: the run that is asked for */
    af_journal_entry *entries; /* by trial number */
    int64_t count, capacity;
    af_shared shared;
    bool started, ended; /* "header" and "end" are there */
    struct af_jsonl *file;
} af_journal;

/* Creates the journal, or with `resume` reads what is there; a header other than `header` is
 * refused with the name of the field that differs. `path`, `space` and `header` are borrowed. */
AF_CHECKED af_status af_journal_open(af_journal **out, const char *path, const af_space *space,
                                     json_t *header, bool resume);
void af_journal_close(af_journal *j);

/* The trial is the next to start: recorded when new, compared when the journal already has it. */
AF_CHECKED af_status af_journal_propose(af_journal *j, const af_trial *t, int64_t told);
AF_CHECKED af_status af_journal_outcome(af_journal *j, int64_t number, const af_outcome *o);
AF_CHECKED af_status af_journal_end(af_journal *j);

/* ---- weight sharing ---- */

/* The search's length: recorded when new, compared when the journal already has it. */
AF_CHECKED af_status af_journal_share(af_journal *j, int epochs, int steps);
/* `fixed`: the fields before AF_ROW_LINE. Recorded, or compared, as above. */
AF_CHECKED af_status af_journal_epoch(af_journal *j, int number, const double *fixed,
                                      const double *coefficients);
const double *af_journal_row(const af_journal *j, int epoch);
AF_CHECKED af_status af_journal_derive(af_journal *j, const af_config *c, const af_spend *spend,
                                       const char *digest);

/* proposal_digest: of the header without the method and its options, and every proposal;
 * outcome_digest: of what is reproducible of every outcome; both in order of number. When weights
 * are shared: of the length, coefficients and the derived configuration; of losses, spends and the
 * weights. */
AF_CHECKED af_status af_journal_digests(const af_journal *j, char proposals[AF_SHA256_HEX],
                                        char outcomes[AF_SHA256_HEX]);

/* Reads records, with no file behind them, into a journal that was zeroed but for `space`, `path`
 * and `header`: what af_journal_open does for every line. */
af_status af_journal_read_record(json_t *record, long line, void *journal);

/* Between journal.c and journal_share.c. */
AF_CHECKED af_status af_journal_append(af_journal *j, json_t *record); /* steals; NULL: no memory */
AF_CHECKED af_status af_journal_read_share(af_journal *j, const json_t *record, long line);
AF_CHECKED af_status af_journal_read_epoch(af_journal *j, const json_t *record, long line);
AF_CHECKED af_status af_journal_read_derive(af_journal *j, const json_t *record, long line);
void af_journal_shared_digest(const af_journal *j, af_sha256 *proposals, af_sha256 *outcomes);

/* AF_OK when a journal's header is the one of the run asked for; else names the field that differs,
 * both values and the remedy. */
AF_CHECKED af_status af_header_same(json_t *journal, json_t *asked);

#endif
