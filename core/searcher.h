/* Contract: a search method, of one of two kinds. searchers/<name>.c defines
 * `const af_searcher af_searcher_<name>`.
 *
 * Black box, ask/tell: `ask` proposes a configuration, `tell` brings back what happened; several
 * asks may be open. It sees configurations, validation errors and costs and nothing else: no data,
 * no test split, no backend. Its decisions may depend only on what it was asked and told and on the
 * context's random streams, so replaying the journal restores it.
 *
 * Weight sharing, `search`: trains one network that holds the whole space, through
 * core/search/supernet.h, and derives a configuration from it.
 */
#ifndef AF_SEARCHER_H
#define AF_SEARCHER_H
#include <jansson.h>
#include "core/base/options.h"
#include "core/base/version.h"
#include "core/search/supernet.h"
#include "core/search/trial.h"

typedef struct af_search_context {
    const af_space *space;
    uint64_t seed;
    int epochs;      /* default fidelity of a proposal */
    int full_epochs; /* the recipe's */
    int workers;     /* asks that may be open at once */
    json_t *about;   /* the journal's header: task, budget and all that decides the run; for
                        methods that tell it to another program. NULL in some tests */
} af_search_context;

typedef enum af_answer { AF_PROPOSE, AF_WAIT, AF_DONE } af_answer; /* WAIT: for a tell */

typedef struct af_searcher {
    const char *name, *title, *summary, *cite;
    const af_option *options; /* may be NULL */
    size_t options_size;
    /* Options were checked; *self is freed by close. */
    AF_CHECKED af_status (*open)(void **self, const af_search_context *ctx, const void *options);
    /* Fills out->config (and, when it differs from the default, out->epochs, out->schedule); number
     * is the trial's number, from 0: random streams are positioned by it. */
    AF_CHECKED af_status (*ask)(void *self, const af_search_context *ctx, int64_t number,
                                af_proposal *out, af_answer *answer);
    AF_CHECKED af_status (*tell)(void *self, const af_search_context *ctx, const af_trial *trial,
                                 const af_outcome *outcome);
    void (*close)(void *self);
    /* (optional) A resumed search gives every proposal of its journal to this, in the place of
     * `ask`, and tells outcomes between them as before: for methods that cannot be asked twice. */
    AF_CHECKED af_status (*recall)(void *self, const af_search_context *ctx, const af_trial *trial);
    bool foreign;       /* runs code from outside the program: its results are marked unsealed */
    bool repeats_trial; /* the retraining draws the random numbers of the chosen trial, so that a
                           choice among seeds is kept */
    /* Weight sharing, in the place of the four above: out is the space's default at first. Its
     * decisions may depend on what the supernet returned, on its state and its random streams. */
    AF_CHECKED af_status (*search)(const af_search_context *ctx, struct af_supernet *s,
                                   const void *options, af_config *out);
} af_searcher;

/* The stream of proposal `number`: role "search". */
static inline af_rng af_search_rng(const af_search_context *ctx, int64_t number)
{
    return af_rng_at(ctx->seed, "search", (uint64_t)number, 0, 0, 0);
}

/* ---- a searcher outside this tree ---- */

/* A shared object that is compiled against the installed headers and named as a method by its path,
 * `--method ./mine.so`. It finds Afield's functions in the program:
 *
 *     static const af_searcher mine = {.name = "mine", ...};
 *     AF_PLUGIN(mine);
 *
 *     cc -shared -fPIC $(pkg-config --cflags afield) mine.c -o mine.so
 *
 * The stamp says what it was compiled against, so that another version refuses it. Its own layout
 * stays as it is. */
enum { AF_PLUGIN_SIZES = 12 };
typedef struct af_plugin {
    char magic[16], version[16];
    uint32_t sizes[AF_PLUGIN_SIZES];
    const af_searcher *searcher;
} af_plugin;

#define AF_PLUGIN_MAGIC "afield-searcher"
#define AF_PLUGIN_SIZES_HERE                                                                       \
    {                                                                                              \
        sizeof(af_searcher), sizeof(af_search_context), sizeof(af_option), sizeof(af_space),       \
            sizeof(af_knob), sizeof(af_config), sizeof(af_proposal), sizeof(af_trial),             \
            sizeof(af_outcome), sizeof(af_spend), sizeof(af_rng), sizeof(af_sharing)               \
    }
#define AF_PLUGIN(what)                                                                            \
    extern const af_plugin af_plugin_searcher;                                                     \
    __attribute__((visibility("default"))) const af_plugin af_plugin_searcher = {                  \
        AF_PLUGIN_MAGIC, AF_VERSION, AF_PLUGIN_SIZES_HERE, &(what)}

#endif
