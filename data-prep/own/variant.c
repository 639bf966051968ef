/* The text is JSON, which YAML includes. */
#include "data-prep/own/variant.h"
#include <jansson.h>
#include "core/base/alloc.h"

/* Own tasks have no protocol paper, so what augments there alone is left out. Masks, mixes and
 * levels are never used elsewhere, and manifests have no words for them. */
static json_t *recipe_of(const af_recipe *r)
{
    const af_schedule *s = &r->schedule;
    const af_augment a = r->augment.in_paper ? (af_augment){0} : r->augment;
    json_t *o =
        json_pack("{si si ss sf sf sf sf sf ss sf s{si sb si}}", "epochs", r->epochs, "batch",
                  r->batch, "optimiser", af_optimiser_names[r->optimiser], "lr", r->lr, "momentum",
                  r->momentum, "weight_decay", r->weight_decay, "clip", r->clip, "dropout",
                  r->dropout, "schedule", af_schedule_names[s->kind], "warmup", s->warmup,
                  "augment", "crop", a.pad, "flip", a.flip, "cutout", a.cutout);
    if (s->kind != AF_STEP) return o;
    json_t *list = json_array();
    for (size_t i = 0; i < sizeof s->milestones / sizeof *s->milestones; i++)
        if (s->milestones[i] > 0) json_array_append_new(list, json_real(s->milestones[i]));
    json_object_set_new(o, "milestones", list);
    json_object_set_new(o, "factor", json_real(s->factor));
    return o;
}

static json_t *labels_of(const char *const *names)
{
    json_t *list = json_array();
    for (; names && *names; names++) json_array_append_new(list, json_string(*names));
    return list;
}

af_status af_own_variant_text(char **out, size_t *size, const af_variant *v, const af_task *parent,
                              af_size at)
{
    static const char *const aggregates[] = {"per_sample", "majority", "mean_logit"};
    static const char *const samplers[] = {"all", "one_per_group"};
    const size_t flags = JSON_INDENT(2) | JSON_REAL_PRECISION(15);
    json_t *notes = json_sprintf("Not the task %s: %s. %s", parent->name, v->holds, v->notes);
    json_t *all = json_pack(
        "{ss ss ss ss ss so ss ss ss ss ss ss ss ss so}", "task", v->name, "variant_of",
        parent->name, "title", v->title, "domain", parent->domain, "summary", v->summary, "notes",
        notes, "cite", v->cite ? v->cite : "", "licence", v->license ? v->license : "", "objective",
        af_objective_names[parent->objective], "loss", parent->loss, "metric", parent->metric,
        "aggregate", aggregates[parent->aggregate], "sampler", samplers[parent->sampler], "size",
        af_size_names[at], "recipe", recipe_of(&parent->recipe[at]));
    if (all && v->labels) json_object_set_new(all, "labels", labels_of(v->labels));
    if (all && v->classes && !v->labels)
        json_object_set_new(all, "classes", json_integer(v->classes));
    *size = all ? json_dumpb(all, NULL, 0, flags) : 0;
    *out = *size ? af_alloc(*size + 1) : NULL;
    if (*out) (*out)[json_dumpb(all, *out, *size, flags)] = '\0';
    json_decref(all);
    if (*out) return AF_OK;
    return *size ? AF_ENOMEM : af_fail(AF_EINTERNAL, "%s: a text that is no UTF-8", v->name);
}
