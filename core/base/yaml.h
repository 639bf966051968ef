/* YAML as a tree that remembers lines, for files that people write and that need errors beyond a
 * schema's: every message begins with FILE:LINE. Untrusted: size, depth and number of nodes are
 * bounded; anchors, aliases, tags and several documents are refused, and so is a key given twice.
 *
 *     af_yaml *y;
 *     AF_TRY(af_yaml_parse(&y, text, size, "task.yaml"));
 *     AF_GOTO(st, done, af_yaml_keys(y->root, keys));            unknown keys
 *     AF_GOTO(st, done, af_yaml_text(&title, y->root, "title"));  NULL when it is not there
 */
#ifndef AF_YAML_H
#define AF_YAML_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/base/alloc.h"

typedef enum af_yaml_kind { AF_YAML_TEXT, AF_YAML_LIST, AF_YAML_MAP } af_yaml_kind;
typedef struct af_yaml af_yaml;
typedef struct af_yaml_node {
    af_yaml_kind kind;
    int line;
    const char *name;                  /* its key in a map, else its list's */
    const char *text;                  /* of TEXT, without NULs inside */
    struct af_yaml_node *first, *next; /* members of LIST and MAP; the next member beside this */
    const af_yaml *of;
} af_yaml_node;
struct af_yaml {
    af_arena *arena;
    const char *path;
    af_yaml_node *root; /* always a MAP */
};

AF_CHECKED af_status af_yaml_parse(af_yaml **out, const char *text, size_t size, const char *path);
void af_yaml_free(af_yaml *y); /* NULL is fine */

/* AF_EUSAGE with "FILE:LINE: NAME: " before the message. */
af_status af_yaml_fail(const af_yaml_node *n, const char *fmt, ...) AF_PRINTF(2, 3);
/* All keys of a map are among `names` (NULL-terminated); an unknown one names the nearest. */
AF_CHECKED af_status af_yaml_keys(const af_yaml_node *map, const char *const *names);
/* The member of a map; NULL when it is not there. */
const af_yaml_node *af_yaml_get(const af_yaml_node *map, const char *name);
int af_yaml_count(const af_yaml_node *n);

/* Members of a map by type. When they are not there, *out stays as it was. */
AF_CHECKED af_status af_yaml_text(const char **out, const af_yaml_node *map, const char *name);
AF_CHECKED af_status af_yaml_flag(bool *out, const af_yaml_node *map, const char *name);
AF_CHECKED af_status af_yaml_real(double *out, const af_yaml_node *map, const char *name,
                                  double low, double high);
AF_CHECKED af_status af_yaml_int(int64_t *out, const af_yaml_node *map, const char *name,
                                 int64_t low, int64_t high);
/* Index into `choices` (NULL-terminated). */
AF_CHECKED af_status af_yaml_choice(int *out, const af_yaml_node *map, const char *name,
                                    const char *const *choices);
/* Of a node itself. */
AF_CHECKED af_status af_yaml_real_of(double *out, const af_yaml_node *n, double low, double high);
AF_CHECKED af_status af_yaml_int_of(int64_t *out, const af_yaml_node *n, int64_t low, int64_t high);

#endif
