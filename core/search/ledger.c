/* The ledger: budgets as text, spends in any unit, what still fits, the floor. One x is the
 * training FLOPs of the task's plain Wide ResNet with its recipe. */
#include "core/search/ledger.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const af_unit_names[AF_UNITS] = {
    [AF_UNIT_X] = "x",       [AF_UNIT_TRIALS] = "trials", [AF_UNIT_EPOCHS] = "epochs",
    [AF_UNIT_SECONDS] = "s", [AF_UNIT_FLOP] = "flop",
};

#define EXAMPLES "4x, 20trials, 30epochs, 600s or 1e15flop"

static af_status refuse(const char *text, const char *at, const char *why)
{
    return af_fail(AF_EUSAGE,
                   "budget '%.40s', position %d: %s; want a number and a unit, such as %s", text,
                   (int)(at - text) + 1, why, EXAMPLES);
}

/* Plain decimal only: strtod alone would take "0x4" and "infinity" as well. */
static af_status parse_amount(double *out, const char **end, const char *text)
{
    char *stop;
    bool zero_x = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    *out = zero_x ? 0 : strtod(text, &stop);
    if (!zero_x && (stop == text || !strchr("0123456789.", text[0])))
        return refuse(text, text, "not a number");
    if (!isfinite(*out)) return refuse(text, text, "too large");
    if (*out <= 0) return refuse(text, text, "must be more than 0");
    *end = stop;
    return AF_OK;
}

af_status af_budget_parse(af_budget *out, const char *text)
{
    const char *unit;
    af_budget b = {0};
    AF_TRY(parse_amount(&b.amount, &unit, text));
    int found = 0;
    while (found < AF_UNITS && strcmp(unit, af_unit_names[found])) found++;
    if (found == AF_UNITS)
        return refuse(text, unit, *unit ? "no such unit" : "the unit is missing");
    b.unit = (af_unit)found;
    bool counted = b.unit == AF_UNIT_TRIALS || b.unit == AF_UNIT_EPOCHS;
    if (counted && b.amount != floor(b.amount))
        return refuse(text, text, "trials and epochs come in whole numbers");
    *out = b;
    return AF_OK;
}

void af_budget_print(const af_budget *b, char out[32])
{
    char number[25];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(number, sizeof number, "%.*g", digits, b->amount);
        if (strtod(number, NULL) == b->amount) break;
    }
    snprintf(out, 32, "%s%s", number, af_unit_names[b->unit]);
}

double af_spend_in(const af_spend *s, af_unit unit, double x_flops)
{
    switch (unit) {
    case AF_UNIT_TRIALS:
        return s->trials;
    case AF_UNIT_EPOCHS:
        return s->epochs;
    case AF_UNIT_SECONDS:
        return s->seconds;
    case AF_UNIT_FLOP:
        return s->flops;
    default:
        return x_flops > 0 ? s->flops / x_flops : 0;
    }
}

void af_spend_add(af_spend *to, const af_spend *what, double sign)
{
    to->trials += sign * what->trials;
    to->epochs += sign * what->epochs;
    to->seconds += sign * what->seconds;
    to->flops += sign * what->flops;
}

bool af_ledger_fits(const af_ledger *l, const af_spend *predicted)
{
    af_spend all = l->search;
    af_spend_add(&all, &l->committed, 1);
    af_spend_add(&all, predicted, 1);
    /* four trials of 1x fit 4x even where sums beyond 2^53 FLOPs round */
    const double rounding = 1e-12;
    return af_spend_in(&all, l->budget.unit, l->x_flops) <= l->budget.amount * (1 + rounding);
}

void af_ledger_floor(const af_ledger *l, af_spend *s)
{
    s->flops = fmax(s->flops, l->x_flops / AF_FLOOR_PER_X);
}
