/* What Afield says: hello, ask, tell, error; and the history that goes with hello. */
#include <math.h>
#include "core/base/version.h"
#include "core/base/jsonl.h"
#include "searchers/exec/protocol.h"

static const char *const kinds[] = {[AF_CATEGORICAL] = "categorical",
                                    [AF_INTEGER] = "integer",
                                    [AF_FLOAT] = "float",
                                    [AF_LOG_FLOAT] = "log_float"};

static json_t *finite_or_null(double v)
{
    return isfinite(v) ? json_real(v) : json_null();
}

static json_t *number_of(const af_knob *k, double v)
{
    return isnan(v)                ? json_null()
           : k->kind == AF_INTEGER ? json_integer((json_int_t)v)
                                   : json_real(v);
}

static json_t *parameter(const af_knob *k)
{
    if (k->kind != AF_CATEGORICAL)
        return json_pack("{ss ss so so so}", "name", k->name, "kind", kinds[k->kind], "low",
                         number_of(k, k->low), "high", number_of(k, k->high), "default",
                         number_of(k, k->def));
    json_t *choices = json_array();
    for (int i = 0; k->choices[i]; i++)
        if (json_array_append_new(choices, json_string(k->choices[i]))) return NULL;
    return json_pack("{ss ss so ss*}", "name", k->name, "kind", kinds[k->kind], "choices", choices,
                     "default", isnan(k->def) ? NULL : k->choices[(int)k->def]);
}

static json_t *space_json(const af_space *s)
{
    json_t *parameters = json_array();
    for (int i = 0; i < s->count; i++)
        if (json_array_append_new(parameters, parameter(&s->knobs[i]))) return NULL;
    return json_pack("{ss so so}", "name", s->name, "size", finite_or_null(af_space_size(s)),
                     "parameters", parameters);
}

json_t *af_exec_hello(const af_search_context *ctx, json_t *history)
{
    return json_pack("{ss si ss sO* so sI si si si sO}", "type", "hello", "protocol",
                     AF_EXEC_PROTOCOL, "afield", AF_VERSION, "about", ctx->about, "space",
                     space_json(ctx->space), "seed", (json_int_t)ctx->seed, "workers", ctx->workers,
                     "epochs", ctx->epochs, "full_epochs", ctx->full_epochs, "history", history);
}

json_t *af_exec_ask(int64_t number)
{
    return json_pack("{ss sI}", "type", "ask", "number", (json_int_t)number);
}

json_t *af_exec_proposed(const af_search_context *ctx, const af_trial *t)
{
    const af_proposal *p = &t->proposal;
    json_t *out = json_pack("{ss sI so si ss}", "type", "trial", "number", (json_int_t)t->number,
                            "config", af_exec_config(ctx->space, &p->config), "epochs", p->epochs,
                            "schedule", af_fidelity_names[p->schedule]);
    if (out && p->continues) json_object_set_new(out, "from", json_integer(p->from));
    return out;
}

json_t *af_exec_told(const af_search_context *ctx, const af_trial *t, const af_outcome *o)
{
    return json_pack(
        "{ss sI so si so s{so so so}}", "type", "tell", "number", (json_int_t)t->number, "config",
        af_exec_config(ctx->space, &t->proposal.config), "epochs", t->proposal.epochs, "error",
        finite_or_null(o->error), "spent", "epochs", finite_or_null(o->spend.epochs), "flops",
        finite_or_null(o->spend.flops), "seconds", finite_or_null(o->spend.seconds));
}

json_t *af_exec_error(const char *message)
{
    return json_pack("{ss so}", "type", "error", "message", af_json_text(message));
}
