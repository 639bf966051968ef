/* Lines of JSON to and from another program. */
#include "core/base/alloc.h"
#include "core/base/child.h"

af_status af_child_send(af_child *c, json_t *message, double seconds, bool (*stop)(void))
{
    size_t size = message ? json_dumpb(message, NULL, 0, JSON_COMPACT) : 0;
    char *line = size ? af_alloc(size + 1) : NULL;
    if (line) {
        json_dumpb(message, line, size, JSON_COMPACT);
        line[size] = '\n';
    }
    json_decref(message);
    if (!line) return af_fail(AF_ENOMEM, "no memory for a line to another program");
    af_status st = af_child_write(c, line, size + 1, seconds, stop);
    af_free(line);
    return st;
}

af_status af_child_receive(json_t **out, af_child *c, double seconds, bool (*stop)(void))
{
    char *line;
    json_error_t e;
    *out = NULL;
    AF_TRY(af_child_read(c, &line, NULL, seconds, stop));
    if (!line) return AF_OK;
    *out = json_loads(line, JSON_REJECT_DUPLICATES, &e);
    return *out ? AF_OK : af_fail(AF_EFORMAT, "it said '%.60s', want JSON: %s", line, e.text);
}
