/* Anytime curves: the best validation error that a search had found after how much of its budget.
 * A result's member "anytime" lists each change of it, {"x", "trials", "epochs", "error"}, in the
 * order in which outcomes were told. A longer training is preferred to a shorter one, so the error
 * may rise there. Files of older versions lack it; baselines and methods that share
 * weights have none to tell.
 *
 *     AF_TRY(af_anytime_mean(&curve, cell->run, cell->runs));
 *     if (curve.n) ...
 *     af_curve_free(&curve);
 */
#ifndef AF_ANYTIME_H
#define AF_ANYTIME_H
#include "eval/plot.h"
#include "eval/results.h"

enum { AF_ANYTIME_POINTS = 10000, AF_ANYTIME_STEPS = 1000 };

/* Absent is fine. Else at most AF_ANYTIME_POINTS objects; x is null or does not descend and is not
 * negative, trials do not descend, errors ascend only with the epochs. */
AF_CHECKED af_status af_anytime_check(const af_result *r);

/* The mean over runs as a step function of x, with a band from the lowest to the highest run (none
 * for one run). It begins where the last of the runs has its first value and ends where the longest
 * search ended: each run keeps its best to there. Thinned to AF_ANYTIME_STEPS. Without points, or
 * with an x that is null, a run has no curve; n is 0 unless all of the runs have one. */
AF_CHECKED af_status af_anytime_mean(af_curve *out, const af_result *const *runs, int count);
void af_curve_free(af_curve *c);

#endif
