/* See record.h. NAN as a value of a configuration means "the recipe's own": its sign and bits mean
 * nothing and are made the same. */
#include "core/search/record.h"
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <string.h>
#include "core/base/jsonl.h"

const char *const af_fidelity_names[] = {[AF_OWN] = "own", [AF_PREFIX] = "prefix", NULL};

/* The doubles of an outcome. */
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
    return (const double *)(const void *)((const char *)o + reals[i].offset);
}

static double canonical(double v)
{
    return isnan(v) ? NAN : v;
}

/* ---- proposals ---- */

json_t *af_config_bits(const af_space *s, const af_config *c)
{
    json_t *out = json_object();
    for (int k = 0; k < s->count; k++)
        json_object_set_new(out, s->knobs[k].name, af_json_bits(canonical(c->v[k])));
    return out;
}

af_status af_config_from_bits(af_config *out, const af_space *s, const json_t *o)
{
    *out = (af_config){0};
    for (int k = 0; k < s->count; k++) AF_TRY(af_json_from_bits(&out->v[k], o, s->knobs[k].name));
    if (af_space_check(s, out) == AF_OK) return AF_OK;
    return af_fail(AF_EFORMAT, "%s", af_error());
}

bool af_proposal_write(json_t *to, const af_space *s, const af_proposal *p)
{
    char text[AF_CONFIG_TEXT];
    af_space_print(s, &p->config, text);
    return !json_object_set_new(to, "config", af_config_bits(s, &p->config)) &&
           !json_object_set_new(to, "text", json_string(text)) &&
           !json_object_set_new(to, "epochs", json_integer(p->epochs)) &&
           !json_object_set_new(to, "schedule", json_string(af_fidelity_names[p->schedule])) &&
           (!p->continues || !json_object_set_new(to, "from", json_integer((json_int_t)p->from)));
}

static af_status read_schedule(af_fidelity_schedule *out, const json_t *record)
{
    const char *name;
    AF_TRY(af_json_str(&name, record, "schedule"));
    for (int i = 0; af_fidelity_names[i]; i++) {
        if (strcmp(name, af_fidelity_names[i])) continue;
        *out = (af_fidelity_schedule)i;
        return AF_OK;
    }
    return af_fail(AF_EFORMAT, "schedule '%.20s', want own or prefix", name);
}

af_status af_proposal_read(af_proposal *out, const af_space *s, const json_t *o)
{
    int64_t epochs;
    af_proposal p = {0};
    AF_TRY(af_json_int(&epochs, o, "epochs"));
    if (epochs < 1 || epochs > INT32_MAX)
        return af_fail(AF_EFORMAT, "%" PRId64 " epochs, want 1 or more", epochs);
    p.epochs = (int)epochs;
    AF_TRY(read_schedule(&p.schedule, o));
    p.continues = json_object_get(o, "from") != NULL;
    if (p.continues) AF_TRY(af_json_int(&p.from, o, "from"));
    AF_TRY(af_config_from_bits(&p.config, s, json_object_get(o, "config")));
    *out = p;
    return AF_OK;
}

void af_proposal_say(char out[AF_CONFIG_TEXT + 80], const af_space *s, const af_proposal *p)
{
    char text[AF_CONFIG_TEXT], from[40] = "";
    af_space_print(s, &p->config, text);
    if (p->continues) snprintf(from, sizeof from, ", from trial %" PRId64, p->from);
    snprintf(out, AF_CONFIG_TEXT + 80, "'%s' (%d epochs, %s%s)", text, p->epochs,
             af_fidelity_names[p->schedule], from);
}

bool af_proposal_same(const af_space *s, const af_proposal *a, const af_proposal *b)
{
    for (int k = 0; k < s->count; k++) {
        double x = canonical(a->config.v[k]), y = canonical(b->config.v[k]);
        if (memcmp(&x, &y, sizeof x)) return false;
    }
    return a->epochs == b->epochs && a->schedule == b->schedule && a->continues == b->continues &&
           (!a->continues || a->from == b->from);
}

void af_proposal_digest(af_sha256 *h, const af_space *s, const af_proposal *p)
{
    af_sha256_addf(h, "%d %s", p->epochs, af_fidelity_names[p->schedule]);
    if (p->continues) af_sha256_addf(h, " from %" PRId64, p->from);
    for (int k = 0; k < s->count; k++) af_sha256_addf(h, " %a", canonical(p->config.v[k]));
    af_sha256_addf(h, "\n");
}

/* ---- outcomes ---- */

bool af_outcome_write(json_t *to, const af_outcome *o)
{
    bool ok = !json_object_set_new(to, "best_epoch", json_integer(o->best_epoch)) &&
              !json_object_set_new(to, "digest", json_string(o->digest));
    for (int i = 0; i < REALS; i++)
        ok = ok && !json_object_set_new(to, reals[i].name, af_json_bits(*real_of(o, i)));
    return ok;
}

af_status af_outcome_read(af_outcome *out, const json_t *o)
{
    int64_t best;
    const char *digest;
    af_outcome r = {0};
    for (int i = 0; i < REALS; i++)
        AF_TRY(
            af_json_from_bits((double *)(void *)((char *)&r + reals[i].offset), o, reals[i].name));
    if (isnan(r.error)) return af_fail(AF_EFORMAT, "field 'error' is not a number");
    AF_TRY(af_json_int(&best, o, "best_epoch"));
    AF_TRY(af_json_str(&digest, o, "digest"));
    if (best < -1 || best > INT32_MAX || strlen(digest) >= sizeof r.digest)
        return af_fail(AF_EFORMAT, "best_epoch or digest is out of range");
    r.best_epoch = (int)best;
    strcpy(r.digest, digest);
    *out = r;
    return AF_OK;
}

void af_outcome_digest(af_sha256 *h, const af_outcome *o)
{
    af_sha256_addf(h, "%d %s", o->best_epoch, o->digest);
    for (int i = 0; i < REALS; i++)
        if (reals[i].reproducible) af_sha256_addf(h, " %a", *real_of(o, i));
    af_sha256_addf(h, "\n");
}
