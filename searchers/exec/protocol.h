/* What Afield and another program say to each other, in lines of JSON: docs/protocol.md. Nothing
 * here knows processes or pipes: lines go in, proposals and lines come out, so every byte that
 * another program may send can be tried without starting one.
 *
 *     af_exec_talk t = {.ctx = ctx};
 *     af_exec_open(&t, number);                           an ask is open
 *     do {
 *         AF_TRY(af_exec_hear(&t, line, length, &proposal, &answer, &reply));
 *         ... send `reply`, if there is one, and read the next line ...
 *     } while (reply);
 */
#ifndef AF_EXEC_PROTOCOL_H
#define AF_EXEC_PROTOCOL_H
#include "core/searcher.h"

enum { AF_EXEC_PROTOCOL = 1, AF_EXEC_SHOWN = 64 };

typedef struct af_exec_talk {
    const af_search_context *ctx;
    long lines;     /* heard so far */
    int64_t number; /* of the open ask */
    af_rng rng;     /* what its requests draw from */
} af_exec_talk;

void af_exec_open(af_exec_talk *t, int64_t number);
/* A line of the other program, without its newline and NUL-terminated. *reply (the caller decrefs)
 * answers a request and leaves the ask open; where it is NULL the ask is answered by *answer and,
 * for AF_PROPOSE, *out, which the caller preset. AF_EFORMAT says what is wrong with the line and
 * what was expected; AF_EIO: the program gives up, and why. */
AF_CHECKED af_status af_exec_hear(af_exec_talk *t, const char *line, size_t length,
                                  af_proposal *out, af_answer *answer, json_t **reply);

/* Ours; NULL when memory is short. `history`, borrowed: proposals and outcomes of a run that is
 * continued, in their order. */
json_t *af_exec_hello(const af_search_context *ctx, json_t *history);
json_t *af_exec_ask(int64_t number);
json_t *af_exec_proposed(const af_search_context *ctx, const af_trial *trial);
json_t *af_exec_told(const af_search_context *ctx, const af_trial *trial, const af_outcome *o);
json_t *af_exec_error(const char *message);

/* {parameter: value}: a category as its name, a number, null for the recipe's own value. */
json_t *af_exec_config(const af_space *s, const af_config *c);
/* The same back, or a text in the space's own form; a parameter left out has its default. */
AF_CHECKED af_status af_exec_read_config(const af_space *s, af_config *out, const json_t *value);
/* Members other than those of the NULL-terminated list are refused: "PLACE: unknown ...". */
AF_CHECKED af_status af_exec_members(const json_t *object, const char *place,
                                     const char *const *known);
/* The text's beginning, with nothing in it that a terminal would obey. */
const char *af_exec_shown(char out[AF_EXEC_SHOWN], const char *text);

#endif
