/* Optimisers: one pass over the flat parameters. Weight decay is L2 (added to the gradient) for SGD
 * and Adam, decoupled for AdamW (Loshchilov & Hutter 2019). Formulas and order of operations follow
 * PyTorch's, so curves can be compared. core/train/optimiser.c, compiled for both types. */
#ifndef AF_OPTIMISER_H
#define AF_OPTIMISER_H
#include "core/op.h"

typedef enum af_optimiser { AF_SGD, AF_ADAM, AF_ADAMW, AF_OPTIMISERS } af_optimiser;
extern const char *const af_optimiser_names[AF_OPTIMISERS]; /* "sgd", "adam", "adamw" */

typedef struct af_update {
    af_optimiser kind;
    double lr, momentum, weight_decay; /* momentum: SGD */
    bool nesterov;
    double beta1, beta2, epsilon; /* Adam, AdamW */
    double clip;                  /* largest global gradient norm; 0 = no clipping */
    int64_t count;                /* updates made before this one; Adam's bias correction */
} af_update;
/* What one pass over the parameters multiplies with; worked out in double, used in its own type. */
typedef struct af_update_terms {
    double lr, decay;               /* decay: of what is added to the gradient */
    double momentum, ahead, behind; /* SGD: step is ahead * d + behind * buffer */
    double shrink, rate1, beta2, rate2, step, correction, epsilon; /* Adam, AdamW */
} af_update_terms;
af_update_terms af_update_terms_of(const af_update *u);
af_update af_update_default(void); /* sgd, lr 0.1, momentum 0.9, nesterov, decay 5e-4, no clip */

/* State tensors per parameter (momentum; first and second moment): 2 covers all. */
enum { AF_OPTIMISER_STATE = 2 };
/* Updates w[0 .. n) given gradient g; s0 and s1 are this block's state. scale multiplies g first
 * (clipping). */
typedef void af_update_fn(const af_update *u, void *w, const void *g, void *s0, void *s1, int64_t n,
                          double scale);
extern af_update_fn *const af_update_run[AF_DTYPES];

/* ---- learning-rate schedules ---- */
typedef enum af_schedule_kind { AF_CONSTANT, AF_COSINE, AF_STEP, AF_SCHEDULES } af_schedule_kind;
extern const char *const af_schedule_names[AF_SCHEDULES];
typedef struct af_schedule {
    af_schedule_kind kind;
    double warmup;        /* linear from 0 over this fraction of the run */
    double milestones[4]; /* AF_STEP: fractions of the run, ascending; 0 = unused */
    double factor;        /* AF_STEP: multiplies lr at each milestone */
} af_schedule;
/* The factor of the base learning rate at `epoch` (may be fractional) of `epochs`. Milestones count
 * at whole epochs, as PyTorch's per-epoch schedulers do; the cosine moves with every step. */
double af_schedule_at(const af_schedule *s, double epoch, double epochs);

#endif
