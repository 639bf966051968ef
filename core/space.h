/* Contract: a search space. A configuration is a typed vector; architectures and hyper-parameters
 * are the same thing to a searcher. A space is a table of typed parameters and one builder.
 * Sampling, mutation, neighbours, crossover and encodings come from here for every product space. A
 * hand-designed model (a baseline) is a space of its hyper-parameters whose defaults are the
 * published model. Spaces live in core/spaces, baselines in baselines/: `const af_space
 * af_space_<name>`.
 */
#ifndef AF_SPACE_H
#define AF_SPACE_H
#include "core/base/philox.h"
#include "core/graph/graph.h"
#include "core/train/recipe.h"

enum { AF_MAX_KNOBS = 32, AF_CONFIG_TEXT = 1024 };

/* Sizes of a task and of the networks built for it. */
typedef enum af_size { AF_TINY, AF_SMALL, AF_FULL, AF_SIZES } af_size;
extern const char *const af_size_names[AF_SIZES + 1]; /* "tiny", "small", "full", NULL */
AF_CHECKED af_status af_size_find(af_size *out, const char *name);

/* What a network must fit: shapes of the task, and the size it is built at. */
typedef struct af_io {
    af_shape input;  /* 1-D tasks: h = 1 */
    af_shape output; /* {classes, 1, 1}, or {C, H, W} with the input's H and W when dense */
    bool dense;      /* resolution is kept everywhere */
    af_size size;    /* full: the published widths; small and tiny: narrower, shallower */
} af_io;

typedef enum af_kind { AF_CATEGORICAL, AF_INTEGER, AF_FLOAT, AF_LOG_FLOAT } af_kind;

typedef struct af_knob { /* one parameter of a space */
    const char *name;
    af_kind kind;
    const char *const
        *choices;     /* AF_CATEGORICAL: NULL-terminated names; values are their indices */
    double low, high; /* the others: inclusive range */
    double def;       /* default value (index for AF_CATEGORICAL); NAN: none, the task's
                         recipe decides. Its text is "recipe"; it is never drawn */
} af_knob;

typedef struct af_config {
    double v[AF_MAX_KNOBS]; /* indices and integers are stored exactly; unused entries are 0 */
} af_config;

typedef struct af_space {
    const char *name, *title, *summary, *cite;
    bool baseline;
    const af_knob *knobs;
    int count;
    /* Adds the whole network to g, from af_input to af_output; errors are sticky on the graph. */
    void (*build)(const af_config *c, const af_io *io, af_graph *g);
    /* (optional) A space's own text form; default "name=value,name=value". */
    af_status (*parse)(af_config *out, const char *text);
    void (*print)(const af_config *c, char out[AF_CONFIG_TEXT]);
    /* (optional) Equal for configurations of the same network; default: print. */
    void (*canonical)(const af_config *c, char out[AF_CONFIG_TEXT]);
    /* (optional) Hyper-parameters into the recipe. */
    void (*recipe)(const af_config *c, af_recipe *r);
    /* (optional) Changes one thing; default: a uniformly chosen knob gets a different value. */
    void (*mutate)(af_config *c, af_rng *r);
    /* (optional) Adds one network that holds the networks of all configurations, from af_input to
     * af_output: choice j of categorical knob k is what the mixes' coefficient
     * af_space_groups[k].first + j switches on. A choice that does nothing needs no input. Other
     * knobs stay at their defaults. */
    void (*supernet)(const af_io *io, af_graph *g);
} af_space;

af_config af_space_default(const af_space *s);
af_config af_space_sample(const af_space *s, af_rng *r); /* uniform; AF_LOG_FLOAT uniform in log */
void af_space_mutate(const af_space *s, af_config *c, af_rng *r);
af_config af_space_crossover(const af_space *s, const af_config *a, const af_config *b, af_rng *r);
/* Every configuration that differs in one discrete knob; out may be NULL to count. Integers step by
 * one, floats by a tenth of their (log) range either way. Returns how many there are, fills up to
 * max. */
int af_space_neighbours(const af_space *s, const af_config *c, af_config *out, int max);
/* Number of configurations; HUGE_VAL with a float knob. */
double af_space_size(const af_space *s);
/* One-hot for categories, [0, 1] for numbers (log where the knob is); returns the length, fills up
 * to max. A value left to the recipe is all zeros, or 0.5. */
int af_space_encode(const af_space *s, const af_config *c, double *out, int max);
AF_CHECKED af_status af_space_check(const af_space *s, const af_config *c); /* ranges, integers */
/* Text of any length is accepted and refused with a position. "default" is the default. */
AF_CHECKED af_status af_space_parse(const af_space *s, af_config *out, const char *text);
void af_space_print(const af_space *s, const af_config *c, char out[AF_CONFIG_TEXT]);
void af_space_canonical(const af_space *s, const af_config *c, char out[AF_CONFIG_TEXT]);
/* Builds into a new graph; the caller frees. */
AF_CHECKED af_status af_space_build(const af_space *s, const af_config *c, const af_io *io,
                                    af_graph **out);

/* ---- weight sharing ---- */

/* The coefficients of a supernet come in groups, one for each categorical knob, in their order. */
typedef struct af_group {
    int knob, first, count; /* coefficients first .. first + count - 1: its choices */
} af_group;
/* Fills `out`; returns how many groups there are. *coefficients (may be NULL): of all groups. */
int af_space_groups(const af_space *s, af_group out[AF_MAX_KNOBS], int *coefficients);
/* One for what the configuration chooses, zero for the rest. */
void af_space_one_hot(const af_space *s, const af_config *c, double *out);
/* The largest coefficient of each group, of equals the first; other knobs at their defaults. */
af_config af_space_argmax(const af_space *s, const double *coefficients);
AF_CHECKED af_status af_space_supernet(const af_space *s, const af_io *io, af_graph **out);

#endif
