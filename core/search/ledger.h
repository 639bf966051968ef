/* The ledger: what a run may spend, has spent, and what one x is. One x is the training FLOPs of
 * the task's plain Wide ResNet with its recipe, the same on every machine. */
#ifndef AF_LEDGER_H
#define AF_LEDGER_H
#include "core/search/trial.h"

typedef enum af_unit {
    AF_UNIT_X,
    AF_UNIT_TRIALS,
    AF_UNIT_EPOCHS,
    AF_UNIT_SECONDS,
    AF_UNIT_FLOP,
    AF_UNITS
} af_unit;
extern const char *const af_unit_names[AF_UNITS]; /* "x", "trials", "epochs", "s", "flop" */

typedef struct af_budget {
    double amount;
    af_unit unit;
} af_budget;
/* "4x", "20trials", "30epochs", "600s", "1e15flop". */
AF_CHECKED af_status af_budget_parse(af_budget *out, const char *text);
void af_budget_print(const af_budget *b, char out[32]);

enum { AF_FLOOR_PER_X = 1000 }; /* a trial is charged at least 1/1000 x */

typedef struct af_ledger {
    af_budget budget;
    double x_flops;             /* FLOPs of one x */
    af_spend search, committed; /* finished trials; trials in flight, as predicted */
    af_spend retrain, score;
} af_ledger;
/* In the budget's unit. */
double af_spend_in(const af_spend *s, af_unit unit, double x_flops);
void af_spend_add(af_spend *to, const af_spend *what, double sign);
/* A trial may start when search + committed + predicted stays within the budget (seconds: predicted
 * seconds count). The floor is applied by the caller with af_ledger_floor. */
bool af_ledger_fits(const af_ledger *l, const af_spend *predicted);
void af_ledger_floor(const af_ledger *l, af_spend *s);

#endif
