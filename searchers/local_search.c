/* Local search (White, Nolen and Savani, UAI 2021), with the settings of naszilla: the best of a
 * few random networks is the first point; its neighbours, which differ in one thing, are tried in
 * random order; the first that is better is the next point (`full`: the best of all). Where none
 * is, a local minimum is reached, and another random network is the next point. Equal is not
 * better.
 *
 * No network is evaluated twice: a neighbour whose error is known counts as tried, and is moved to
 * at once when it is better. With several asks open, further neighbours are tried; when the point
 * moves meanwhile, those of the old point become known, and matter where they are neighbours of a
 * later point. Asks wait for the random networks, and for the last neighbours at what may be a
 * local minimum. */
#include <math.h>
#include <stddef.h>
#include "core/base/alloc.h"
#include "core/search/known.h"
#include "core/searcher.h"

typedef struct options {
    int initial;
    bool full, restart;
} options;

static const af_option option_table[] = {
    {"initial", AF_OPT_INT, offsetof(options, initial), "10", 1, 100000,
     "random networks, the best of which is the first point", NULL, NULL},
    {"full", AF_OPT_FLAG, offsetof(options, full), "false", 0, 0,
     "try all neighbours and move to the best, not to the first that is better", NULL, NULL},
    {"restart", AF_OPT_FLAG, offsetof(options, restart), "true", 0, 0,
     "at a local minimum go on from a random network; false: end", NULL, NULL},
    {0},
};

typedef struct neighbour {
    af_config config;
    int known; /* its number, or -1 */
} neighbour;

typedef struct climber {
    options o;
    af_known known;
    af_config point;
    double error;          /* the point's; of the best start so far while starting */
    bool starting;         /* random networks are tried: */
    int wanted, asked;     /* so many, so many of them proposed, */
    int64_t first, told;   /* numbered from `first`, so many told */
    neighbour *neighbours; /* of the point, in random order */
    int count, room;
} climber;

static void start(climber *s, int wanted)
{
    s->starting = true;
    s->wanted = wanted;
    s->asked = 0;
    s->told = 0;
}

static af_status open(void **self, const af_search_context *ctx, const void *opts)
{
    (void)ctx;
    climber *s = af_calloc(1, sizeof *s);
    if (!s) return AF_ENOMEM;
    s->o = *(const options *)opts;
    start(s, s->o.initial);
    *self = s;
    return AF_OK;
}

/* The neighbours of the point, shuffled. */
static af_status look_around(climber *s, const af_search_context *ctx, af_rng *r)
{
    af_status st = AF_OK;
    int n = af_space_neighbours(ctx->space, &s->point, NULL, 0);
    af_config *configs = af_alloc((size_t)n * sizeof *configs);
    int64_t *order = af_alloc((size_t)n * sizeof *order);
    AF_GOTO(st, done, configs && order ? AF_OK : AF_ENOMEM);
    if (n > s->room) {
        neighbour *larger = af_realloc(s->neighbours, (size_t)n * sizeof *larger);
        AF_GOTO(st, done, larger ? AF_OK : AF_ENOMEM);
        s->neighbours = larger;
        s->room = n;
    }
    af_space_neighbours(ctx->space, &s->point, configs, n);
    for (int i = 0; i < n; i++) order[i] = i;
    af_rng_shuffle(r, order, n);
    for (int i = 0; i < n; i++) s->neighbours[i] = (neighbour){configs[order[i]], -1};
    s->count = n;
done:
    af_free(configs);
    af_free(order);
    return st;
}

/* Proposes a random network, or goes on to the search around the best one when all are told. */
static af_status ask_start(climber *s, const af_search_context *ctx, int64_t number, af_rng *r,
                           af_proposal *out, af_answer *answer)
{
    if (s->asked < s->wanted) {
        int known;
        AF_TRY(af_known_sample(&s->known, ctx->space, r, &out->config, &known));
        if (known >= 0) {
            if (s->asked++ == 0) s->first = number;
            *answer = AF_PROPOSE;
            return AF_OK;
        }
        s->wanted = s->asked; /* there are no others */
    }
    *answer = s->asked == 0 ? AF_DONE : AF_WAIT;
    if (s->asked == 0 || s->told < s->asked) return AF_OK;
    AF_TRY(look_around(s, ctx, r));
    s->starting = false;
    return AF_OK;
}

typedef struct view {            /* of the neighbours */
    neighbour *untried, *better; /* the first; the first that is better, with `full` the best */
    bool in_flight;
} view;

static view look(climber *s, const af_search_context *ctx)
{
    view v = {0};
    double least = s->error;
    for (int i = 0; i < s->count; i++) {
        neighbour *n = &s->neighbours[i];
        if (n->known < 0) n->known = af_known_find(&s->known, ctx->space, &n->config);
        double error = n->known < 0 ? NAN : s->known.entries[n->known].error;
        if (n->known < 0 && !v.untried) v.untried = n;
        if (n->known >= 0 && isnan(error)) v.in_flight = true;
        if (error < least && (s->o.full || !v.better)) {
            v.better = n;
            least = error;
        }
    }
    return v;
}

/* Proposes a neighbour, or moves on; true when the ask is answered. */
static af_status ask_around(climber *s, const af_search_context *ctx, af_rng *r, af_proposal *out,
                            af_answer *answer, bool *answered)
{
    view v = look(s, ctx);
    *answered = true;
    if (v.better && (!s->o.full || (!v.untried && !v.in_flight))) {
        s->point = v.better->config;
        s->error = s->known.entries[v.better->known].error;
        *answered = false;
        return look_around(s, ctx, r);
    }
    if (v.untried) {
        out->config = v.untried->config;
        *answer = AF_PROPOSE;
        return af_known_add(&s->known, ctx->space, &out->config, &v.untried->known);
    }
    *answer = v.in_flight ? AF_WAIT : AF_DONE;
    if (v.in_flight || !s->o.restart) return AF_OK;
    start(s, 1);
    *answered = false;
    return AF_OK;
}

static af_status ask(void *self, const af_search_context *ctx, int64_t number, af_proposal *out,
                     af_answer *answer)
{
    climber *s = self;
    af_rng r = af_search_rng(ctx, number);
    for (bool answered = false; !answered;) {
        if (s->starting) {
            AF_TRY(ask_start(s, ctx, number, &r, out, answer));
            answered = s->starting;
        } else {
            AF_TRY(ask_around(s, ctx, &r, out, answer, &answered));
        }
    }
    return AF_OK;
}

static af_status tell(void *self, const af_search_context *ctx, const af_trial *trial,
                      const af_outcome *outcome)
{
    climber *s = self;
    int known = af_known_find(&s->known, ctx->space, &trial->proposal.config);
    double error = isnan(outcome->error) ? INFINITY : outcome->error;
    s->known.entries[known].error = error;
    if (!s->starting || s->asked == 0 || trial->number < s->first) return AF_OK;
    if (s->told++ == 0 || error < s->error) {
        s->point = trial->proposal.config;
        s->error = error;
    }
    return AF_OK;
}

static void close(void *self)
{
    climber *s = self;
    af_known_free(&s->known);
    af_free(s->neighbours);
    af_free(s);
}

const af_searcher af_searcher_local_search = {
    .name = "local_search",
    .title = "local search",
    .summary = "moves to a better neighbour until there is none, then starts anew",
    .cite = "White, Nolen and Savani, Exploring the Loss Landscape in Neural Architecture Search, "
            "UAI 2021",
    .options = option_table,
    .options_size = sizeof(options),
    .open = open,
    .ask = ask,
    .tell = tell,
    .close = close,
};
