/* The searcher of a baseline: proposes nothing, so the space's default configuration remains, and a
 * run of a hand-designed model is a run like any other. */
#include "core/search/result.h"

static af_status open(void **self, const af_search_context *ctx, const void *options)
{
    (void)ctx;
    (void)options;
    *self = NULL;
    return AF_OK;
}

static af_status ask(void *self, const af_search_context *ctx, int64_t number, af_proposal *out,
                     af_answer *answer)
{
    (void)self;
    (void)ctx;
    (void)number;
    (void)out;
    *answer = AF_DONE;
    return AF_OK;
}

static af_status tell(void *self, const af_search_context *ctx, const af_trial *trial,
                      const af_outcome *outcome)
{
    (void)self;
    (void)ctx;
    (void)outcome;
    return af_fail(AF_EINTERNAL, "trial %lld was told, but none was proposed",
                   (long long)trial->number);
}

static void close(void *self)
{
    (void)self;
}

const af_searcher af_no_search = {
    .name = "none",
    .title = "No search",
    .summary = "the default configuration of the space",
    .open = open,
    .ask = ask,
    .tell = tell,
    .close = close,
};
