/* Learning-rate schedules: a factor of the base rate as a function of the epoch. Milestones change
 * it at whole epochs; the cosine and the warm-up ramp move with every step, so that a search
 * fidelity of one epoch still sees the whole schedule. Warm-up shifts nothing: milestones and the
 * cosine keep their places. */
#include <math.h>
#include "core/train/optimiser.h"

const char *const af_schedule_names[AF_SCHEDULES] = {"constant", "cosine", "step"};

/* 0.07 * 100 is a hair above 7: milestones that are meant to be whole epochs count as reached. */
static const double SLACK = 1e-9;

static double step_factor(const af_schedule *s, double epoch, double epochs)
{
    double factor = 1;
    for (int i = 0; i < 4 && s->milestones[i] > 0; i++)
        if (epoch >= (s->milestones[i] - SLACK) * epochs) factor *= s->factor;
    return factor;
}

double af_schedule_at(const af_schedule *s, double epoch, double epochs)
{
    double whole = fmin(floor(epoch), epochs), factor = 1;
    if (s->kind == AF_COSINE)
        factor = 0.5 * (1 + cos(3.14159265358979323846 * fmin(epoch / epochs, 1)));
    if (s->kind == AF_STEP) factor = step_factor(s, whole, epochs);
    double ramp = s->warmup * epochs;
    return epoch < ramp ? factor * epoch / ramp : factor;
}
