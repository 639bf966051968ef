/* The records of a search that shares weights: "share" (how long it will be), an "epoch" after each
 * epoch of it, "derive" when it is over. It makes no trials, so it has no other records. An epoch
 * that is done again, after a crash, must come out as it is written here; unless the run is "fast".
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/jsonl.h"
#include "core/search/journal.h"
#include "core/search/record.h"

static const struct {
    const char *name;
    bool reproducible;
} fields[] = {
    [AF_ROW_LOSS] = {"loss", true},        [AF_ROW_COEFFICIENT_LOSS] = {"coefficient_loss", true},
    [AF_ROW_EPOCHS] = {"epochs", true},    [AF_ROW_FLOPS] = {"flops", true},
    [AF_ROW_SECONDS] = {"seconds", false},
};
enum { FIELDS = sizeof fields / sizeof *fields };

static size_t width(const af_journal *j)
{
    int coefficients;
    af_group group[AF_MAX_KNOBS];
    af_space_groups(j->space, group, &coefficients);
    return AF_ROW_FIELDS + (size_t)coefficients;
}

const double *af_journal_row(const af_journal *j, int epoch)
{
    return j->shared.rows + (size_t)epoch * width(j);
}

/* Room for one more; NULL when memory is short. */
static double *next_row(af_journal *j)
{
    af_shared *s = &j->shared;
    if (s->count == s->capacity) {
        int capacity = s->capacity ? 2 * s->capacity : 64;
        double *rows = af_realloc(s->rows, (size_t)capacity * width(j) * sizeof *rows);
        if (!rows) return NULL;
        s->rows = rows;
        s->capacity = capacity;
    }
    return s->rows + (size_t)s->count * width(j);
}

/* ---- reading ---- */

af_status af_journal_read_share(af_journal *j, const json_t *record, long line)
{
    (void)line;
    int64_t epochs, steps;
    AF_TRY(af_json_int(&epochs, record, "epochs"));
    AF_TRY(af_json_int(&steps, record, "steps"));
    if (j->shared.begun || j->count > 0 || j->ended)
        return af_fail(AF_EFORMAT, "the length of a search that is under way");
    if (epochs < 1 || steps < 1 || epochs > INT32_MAX || steps > INT32_MAX)
        return af_fail(AF_EFORMAT, "%" PRId64 " epochs of %" PRId64 " steps, want 1 or more",
                       epochs, steps);
    j->shared.begun = true;
    j->shared.epochs = (int)epochs;
    j->shared.steps = (int)steps;
    return AF_OK;
}

static af_status read_coefficients(const af_journal *j, const json_t *record, double *out)
{
    af_group group[AF_MAX_KNOBS];
    int groups = af_space_groups(j->space, group, NULL);
    const json_t *all = json_object_get(record, "coefficients");
    for (int i = 0; i < groups; i++) {
        const af_knob *k = &j->space->knobs[group[i].knob];
        const json_t *choices = json_object_get(all, k->name);
        for (int c = 0; c < group[i].count; c++) {
            double *to = &out[group[i].first + c];
            AF_TRY(af_json_from_bits(to, choices, k->choices[c]));
            if (!isfinite(*to)) return af_fail(AF_EFORMAT, "a coefficient that is not a number");
        }
    }
    return AF_OK;
}

af_status af_journal_read_epoch(af_journal *j, const json_t *record, long line)
{
    int64_t number;
    af_shared *s = &j->shared;
    AF_TRY(af_json_int(&number, record, "number"));
    if (!s->begun || s->derived || number != s->count || number >= s->epochs)
        return af_fail(AF_EFORMAT, "epoch %" PRId64 ", want epoch %d of %d, of a search under way",
                       number, s->count, s->epochs);
    double *row = next_row(j);
    if (!row) return AF_ENOMEM;
    for (int i = 0; i < FIELDS; i++) AF_TRY(af_json_from_bits(&row[i], record, fields[i].name));
    row[AF_ROW_LINE] = (double)line;
    AF_TRY(read_coefficients(j, record, row + AF_ROW_FIELDS));
    s->count++;
    return AF_OK;
}

af_status af_journal_read_derive(af_journal *j, const json_t *record, long line)
{
    (void)line;
    const char *digest;
    af_shared *s = &j->shared;
    if (s->derived || s->count < 1)
        return af_fail(AF_EFORMAT, s->derived ? "a second configuration is derived"
                                              : "a configuration is derived before any epoch");
    AF_TRY(af_config_from_bits(&s->config, j->space, json_object_get(record, "config")));
    AF_TRY(af_json_str(&digest, record, "digest"));
    if (strlen(digest) >= sizeof s->digest) return af_fail(AF_EFORMAT, "digest is out of range");
    strcpy(s->digest, digest);
    AF_TRY(af_json_from_bits(&s->flops, record, "flops"));
    AF_TRY(af_json_from_bits(&s->seconds, record, "seconds"));
    s->derived = true;
    return AF_OK;
}

/* ---- writing ---- */

af_status af_journal_share(af_journal *j, int epochs, int steps)
{
    af_shared *s = &j->shared;
    if (s->begun) {
        if (s->epochs == epochs && s->steps == steps) return AF_OK;
        return af_fail(AF_EFORMAT,
                       "%s: this search was to take %d epochs of %d steps, now it would take %d of "
                       "%d: the supernet or its cost has changed; start over in another directory",
                       j->path, s->epochs, s->steps, epochs, steps);
    }
    AF_TRY(af_journal_append(
        j, json_pack("{ss si si}", "record", "share", "epochs", epochs, "steps", steps)));
    *s = (af_shared){.begun = true, .epochs = epochs, .steps = steps};
    return AF_OK;
}

static json_t *coefficient_bits(const af_journal *j, const double *c)
{
    af_group group[AF_MAX_KNOBS];
    int groups = af_space_groups(j->space, group, NULL);
    json_t *all = json_object();
    for (int i = 0; i < groups; i++) {
        const af_knob *k = &j->space->knobs[group[i].knob];
        json_t *choices = json_object();
        for (int n = 0; n < group[i].count; n++)
            json_object_set_new(choices, k->choices[n], af_json_bits(c[group[i].first + n]));
        json_object_set_new(all, k->name, choices);
    }
    return all;
}

static af_status compare(const af_journal *j, int number, const double *row)
{
    const double *old = af_journal_row(j, number);
    for (size_t i = 0; i < width(j); i++) {
        bool decides = i >= AF_ROW_FIELDS || (i < FIELDS && fields[i].reproducible);
        if (!decides || !memcmp(&old[i], &row[i], sizeof *row)) continue;
        return af_fail(AF_EFORMAT,
                       "%s:%.0f: epoch %d comes out differently from what was written (%s %a, was "
                       "%a): the searcher, its space or this machine's libraries have changed; "
                       "start over in another directory",
                       j->path, old[AF_ROW_LINE], number,
                       i < FIELDS ? fields[i].name : "a coefficient", row[i], old[i]);
    }
    return AF_OK;
}

/* Where results may differ from run to run, what was written first stays. */
static af_status repeated(const af_journal *j, int number, const double *row)
{
    return json_is_true(json_object_get(j->header, "fast")) ? AF_OK : compare(j, number, row);
}

af_status af_journal_epoch(af_journal *j, int number, const double *fixed,
                           const double *coefficients)
{
    double *row = next_row(j);
    if (!row) return AF_ENOMEM;
    memcpy(row, fixed, FIELDS * sizeof *row);
    row[AF_ROW_LINE] = 0;
    memcpy(row + AF_ROW_FIELDS, coefficients, (width(j) - AF_ROW_FIELDS) * sizeof *row);
    if (number < j->shared.count) return repeated(j, number, row);
    json_t *record = json_pack("{ss si so}", "record", "epoch", "number", number, "coefficients",
                               coefficient_bits(j, coefficients));
    for (int i = 0; i < FIELDS; i++)
        json_object_set_new(record, fields[i].name, af_json_bits(row[i]));
    AF_TRY(af_journal_append(j, record));
    j->shared.count++;
    return AF_OK;
}

af_status af_journal_derive(af_journal *j, const af_config *c, const af_spend *spend,
                            const char *digest)
{
    char text[AF_CONFIG_TEXT];
    af_shared *s = &j->shared;
    af_space_print(j->space, c, text);
    AF_TRY(af_journal_append(j, json_pack("{ss so ss ss so so}", "record", "derive", "config",
                                          af_config_bits(j->space, c), "text", text, "digest",
                                          digest, "flops", af_json_bits(spend->flops), "seconds",
                                          af_json_bits(spend->seconds))));
    s->derived = true;
    s->config = *c;
    s->flops = spend->flops;
    s->seconds = spend->seconds;
    snprintf(s->digest, sizeof s->digest, "%s", digest);
    return AF_OK;
}

void af_journal_shared_digest(const af_journal *j, af_sha256 *p, af_sha256 *o)
{
    const af_shared *s = &j->shared;
    if (!s->begun) return;
    af_sha256_addf(p, "%d %d\n", s->epochs, s->steps);
    for (int e = 0; e < s->count; e++) {
        const double *row = af_journal_row(j, e);
        for (size_t i = AF_ROW_FIELDS; i < width(j); i++) af_sha256_addf(p, "%a ", row[i]);
        for (int i = 0; i < FIELDS; i++)
            if (fields[i].reproducible) af_sha256_addf(o, "%a ", row[i]);
    }
    for (int k = 0; s->derived && k < j->space->count; k++)
        af_sha256_addf(p, "%a ", isnan(s->config.v[k]) ? NAN : s->config.v[k]);
    af_sha256_addf(p, "\n");
    if (s->derived) af_sha256_addf(o, "%s %a\n", s->digest, s->flops);
}
