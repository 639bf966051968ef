/* JSON Lines with a checksum: the journal's storage. A line is one compact JSON object whose last
 * member "sha" holds the first 16 hexadecimal digits of the SHA-256 of the object without it.
 * Appending flushes to disk. Reading stops before a torn last line (a crash while writing) and
 * reports damage anywhere else. */
#ifndef AF_JSONL_H
#define AF_JSONL_H
#include <jansson.h>
#include <stdint.h>
#include "core/base/status.h"

typedef struct af_jsonl af_jsonl;
/* Opens for appending (creates); a torn last line is cut off first. One process at a time: a second
 * one is refused. A failed append leaves the file as it was. */
AF_CHECKED af_status af_jsonl_open(af_jsonl **out, const char *path);
AF_CHECKED af_status af_jsonl_append(af_jsonl *j, json_t *object); /* borrows object */
void af_jsonl_close(af_jsonl *j);
/* Calls `each` for every intact line in order, line numbers from 1; the object is without its "sha"
 * and lives until `each` returns. A missing file has none. */
AF_CHECKED af_status af_jsonl_read(const char *path,
                                   af_status (*each)(json_t *object, long line, void *payload),
                                   void *payload);

/* Parses a whole JSON file; errors carry line and column. The caller decrefs. */
AF_CHECKED af_status af_json_load(json_t **out, const char *path);
/* Writes indented, sorted keys, atomically. */
AF_CHECKED af_status af_json_save(const json_t *value, const char *path);
/* Typed members with clear errors ("field 'seed' missing, want an integer"); the caller prefixes
 * the path. An integer is also a real. */
AF_CHECKED af_status af_json_int(int64_t *out, const json_t *object, const char *key);
AF_CHECKED af_status af_json_real(double *out, const json_t *object, const char *key);
AF_CHECKED af_status af_json_str(const char **out, const json_t *object,
                                 const char *key); /* borrowed */
/* A text from anywhere: what is not UTF-8, which JSON cannot hold, has '?' for all but ASCII. */
json_t *af_json_text(const char *text);
/* Doubles that survive a round trip bit for bit, as C99 hexadecimal strings ("0x1.8p+1"). */
json_t *af_json_bits(double value);
AF_CHECKED af_status af_json_from_bits(double *out, const json_t *object, const char *key);

#endif
