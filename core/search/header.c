/* Compares the header of a journal with that of the run that is asked for. Whatever decides a run
 * is in its header, so the first field that differs is the reason why it cannot be continued. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/search/journal.h"

static af_status differs(const char *field, json_t *journal, json_t *asked)
{
    char *was = journal ? json_dumps(journal, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    char *now = asked ? json_dumps(asked, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    af_status st = af_fail(AF_EUSAGE,
                           "this run was started with %s %s, now %s is asked for; repeat it as it "
                           "was, or start over in another directory with --out",
                           field, was ? was : "absent", now ? now : "none");
    free(was);
    free(now);
    return st;
}

static af_status same(const char *field, json_t *journal, json_t *asked);

/* Members of both; those of only one are compared with NULL. */
static af_status same_members(const char *field, json_t *journal, json_t *asked)
{
    const char *key;
    json_t *value;
    char path[256];
    const char *dot = *field ? "." : "";
    json_object_foreach(asked, key, value)
    {
        snprintf(path, sizeof path, "%s%s%s", field, dot, key);
        AF_TRY(same(path, json_object_get(journal, key), value));
    }
    json_object_foreach(journal, key, value)
    {
        snprintf(path, sizeof path, "%s%s%s", field, dot, key);
        if (!json_object_get(asked, key)) return differs(path, value, NULL);
    }
    return AF_OK;
}

static af_status same(const char *field, json_t *journal, json_t *asked)
{
    if (json_is_object(journal) && json_is_object(asked))
        return same_members(field, journal, asked);
    return journal && asked && json_equal(journal, asked) ? AF_OK : differs(field, journal, asked);
}

af_status af_header_same(json_t *journal, json_t *asked)
{
    return same("", journal, asked);
}
