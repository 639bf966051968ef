/* A search without networks. */
#include "tests/aid/fake.h"
#include <math.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "core/base/sha256.h"
#include "tests/aid/work.h"

static const char *const colours[] = {"red", "green", "blue", NULL};
static const af_knob knobs[] = {
    {.name = "colour", .kind = AF_CATEGORICAL, .choices = colours},
    {.name = "depth", .kind = AF_INTEGER, .low = 1, .high = 9, .def = 3},
    {.name = "lr", .kind = AF_LOG_FLOAT, .low = 1e-4, .high = 1, .def = NAN},
};
const af_space fake_space = {.name = "fake", .knobs = knobs, .count = LENGTH(knobs)};

/* ---- evaluator ---- */

fake fake_new(void)
{
    return (fake){.seconds = 0.5};
}

static af_status predict(void *self, const af_trial *t, af_spend *out)
{
    const fake *f = self;
    double depth = t->proposal.config.v[1];
    bool scripted = t->number < 8 && f->cost[t->number] > 0;
    *out = (af_spend){.epochs = t->proposal.epochs,
                      .flops = scripted ? f->cost[t->number] : 1000 * depth * t->proposal.epochs};
    return AF_OK;
}

/* An error that depends on every value of the trial. */
static double error_of(const af_trial *t)
{
    uint64_t mixed = (uint64_t)t->number;
    for (int i = 0; i < fake_space.count; i++) {
        double v = isnan(t->proposal.config.v[i]) ? 77 : t->proposal.config.v[i];
        mixed = (mixed ^ (uint64_t)(v * 1e6)) * 0x9e3779b97f4a7c15u;
    }
    return (double)(mixed >> 11) / 9007199254740992.0;
}

static af_status run(void *self, const af_trial *t, af_outcome *out)
{
    fake *f = self;
    if (f->stop && t->number == f->stop_at) f->stop();
    bool diverges = t->number < 8 && f->diverges[t->number];
    *out = (af_outcome){.error = diverges ? NAN : error_of(t), .loss = 1.0 / 3};
    AF_TRY(predict(self, t, &out->spend));
    if (diverges) out->spend.flops /= 2;
    out->spend.flops += f->overcharge;
    out->spend.seconds = f->seconds >= 0 ? f->seconds : 1e-3 * (rand() % 1000);
    f->runs++;
    f->charged += out->spend.flops;
    af_sha256_of(&out->error, sizeof out->error, out->digest);
    return AF_OK;
}

af_evaluator fake_evaluator(fake *f)
{
    return (af_evaluator){.self = f, .predict = predict, .run = run, .x_flops = FAKE_X};
}

/* ---- searchers ---- */

typedef struct generation {
    int64_t asked, told;
    af_config best;
    double lowest;
} generation;

static af_status open(void **self, const af_search_context *ctx, const void *options)
{
    (void)ctx, (void)options;
    generation *g = af_calloc(1, sizeof *g);
    if (!g) return AF_ENOMEM;
    g->lowest = INFINITY;
    *self = g;
    return AF_OK;
}

static af_status ask_random(void *self, const af_search_context *ctx, int64_t number,
                            af_proposal *out, af_answer *answer)
{
    (void)self;
    af_rng r = af_search_rng(ctx, number);
    out->config = af_space_sample(ctx->space, &r);
    if (number % 5 == 4) out->config.v[2] = -NAN; /* "the recipe's own", whatever its sign */
    out->epochs = 1 + (int)af_rng_below(&r, 3);
    out->schedule = af_rng_below(&r, 2) ? AF_PREFIX : AF_OWN;
    *answer = AF_PROPOSE;
    return AF_OK;
}

static af_status ask_generations(void *self, const af_search_context *ctx, int64_t number,
                                 af_proposal *out, af_answer *answer)
{
    generation *g = self;
    af_rng r = af_search_rng(ctx, number);
    *answer = AF_WAIT;
    if (g->asked % 3 == 0 && g->told < g->asked) return AF_OK;
    out->config = g->told ? g->best : af_space_sample(ctx->space, &r);
    if (g->told) af_space_mutate(ctx->space, &out->config, &r);
    g->asked++;
    *answer = AF_PROPOSE;
    return AF_OK;
}

/* Remembers the last of the better half: depends on the order of tells, as real searchers may. */
static af_status tell(void *self, const af_search_context *ctx, const af_trial *t,
                      const af_outcome *o)
{
    generation *g = self;
    (void)ctx;
    g->told++;
    if (g->told > 1 && o->error > 0.5 * (1 + g->lowest)) return AF_OK;
    g->best = t->proposal.config;
    g->lowest = fmin(g->lowest, o->error);
    return AF_OK;
}

static af_status ask_impatient(void *self, const af_search_context *ctx, int64_t number,
                               af_proposal *out, af_answer *answer)
{
    (void)self, (void)ctx, (void)number, (void)out;
    *answer = AF_WAIT;
    return AF_OK;
}

static af_status ask_wrong(void *self, const af_search_context *ctx, int64_t number,
                           af_proposal *out, af_answer *answer)
{
    (void)self, (void)number;
    out->config = af_space_default(ctx->space);
    out->config.v[1] = 10;
    *answer = AF_PROPOSE;
    return AF_OK;
}

#define SEARCHER(how)                                                                              \
    const af_searcher fake_##how = {                                                               \
        .name = "fake_" #how, .open = open, .ask = ask_##how, .tell = tell, .close = af_free}
SEARCHER(random);
SEARCHER(generations);
SEARCHER(impatient);
SEARCHER(wrong);

/* ---- a whole search ---- */

static af_status note(void *payload, const af_trial *t, const af_outcome *o, const af_ledger *l)
{
    fake *f = payload;
    (void)o;
    if (f->tells < (int)LENGTH(f->told)) f->told[f->tells++] = t->number;
    f->most = fmax(f->most, af_spend_in(&l->search, l->budget.unit, l->x_flops));
    return AF_OK;
}

af_status fake_search(af_found *out, af_ledger *ledger, fake *f, const fake_setup *setup)
{
    char path[AF_PATH_MAX];
    af_evaluator evaluator = fake_evaluator(f);
    *ledger = (af_ledger){.x_flops = FAKE_X};
    AF_TRY(af_path_join(path, work_dir, setup->journal));
    AF_TRY(af_budget_parse(&ledger->budget, setup->budget));
    json_t *header =
        json_pack("{ss ss s{ss*} si}", "searcher", setup->searcher->name, "budget", setup->budget,
                  "data", "extra", setup->extra, "workers", setup->workers);
    af_search s = {.searcher = setup->searcher,
                   .context = {.space = &fake_space,
                               .seed = setup->seed,
                               .epochs = setup->epochs ? setup->epochs : 2,
                               .full_epochs = 20,
                               .workers = setup->workers},
                   .evaluator = &evaluator,
                   .ledger = ledger,
                   .journal = path,
                   .header = header,
                   .resume = setup->resume,
                   .on_trial = note,
                   .payload = f};
    af_status st = af_search_run(out, &s);
    json_decref(header);
    return st;
}
