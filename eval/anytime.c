/* Reading and averaging anytime curves. Between two improvements a run's best stays what it was, so
 * the mean changes only where some run improves: those x, of all runs, are its steps. */
#include "eval/anytime.h"
#include <math.h>
#include <stdlib.h>
#include "core/base/alloc.h"

static af_status bad(const af_result *r, size_t i, const char *what)
{
    return af_fail(AF_EFORMAT, "%s: field 'anytime', entry %zu: %s", r->path, i, what);
}

static af_status check_point(const af_result *r, size_t i, const json_t *point, const json_t *last)
{
    const json_t *x = json_object_get(point, "x"), *trials = json_object_get(point, "trials"),
                 *error = json_object_get(point, "error"), *before = json_object_get(last, "x");
    if (!json_is_object(point)) return bad(r, i, "not an object");
    if (!json_is_null(x) &&
        !(json_is_number(x) && isfinite(json_number_value(x)) && json_number_value(x) >= 0))
        return bad(r, i, "'x' is not a number, not negative, or null");
    if (!json_is_integer(trials) || json_integer_value(trials) < 0)
        return bad(r, i, "'trials' is not a whole number, not negative");
    if (!json_is_number(error) || !isfinite(json_number_value(error)))
        return bad(r, i, "'error' is not a number");
    if (!last) return AF_OK;
    if (json_is_number(x) && json_is_number(before) &&
        json_number_value(x) < json_number_value(before))
        return bad(r, i, "'x' is lower than in the entry before");
    if (json_integer_value(trials) < json_integer_value(json_object_get(last, "trials")))
        return bad(r, i, "'trials' is lower than in the entry before");
    bool longer = json_number_value(json_object_get(point, "epochs")) >
                  json_number_value(json_object_get(last, "epochs"));
    if (!longer && json_number_value(error) > json_number_value(json_object_get(last, "error")))
        return bad(r, i, "'error' is higher than in the entry before, and 'epochs' are not more");
    return AF_OK;
}

af_status af_anytime_check(const af_result *r)
{
    const json_t *points = json_object_get(r->json, "anytime"), *point, *last = NULL;
    size_t i;
    if (!points) return AF_OK;
    if (!json_is_array(points) || json_array_size(points) > AF_ANYTIME_POINTS)
        return af_fail(AF_EFORMAT, "%s: field 'anytime' is not a list of at most %d entries",
                       r->path, AF_ANYTIME_POINTS);
    json_array_foreach(points, i, point)
    {
        AF_TRY(check_point(r, i, point, last));
        last = point;
    }
    return AF_OK;
}

static double number(const json_t *point, const char *key)
{
    const json_t *value = json_object_get(point, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

/* ---- the mean ---- */

typedef struct track { /* one run */
    const json_t *points;
    size_t n, next; /* points before `next` are at or before the current x */
} track;

static bool has_curve(const json_t *points)
{
    size_t i;
    const json_t *point;
    json_array_foreach(points, i, point) if (isnan(number(point, "x"))) return false;
    return json_array_size(points) > 0;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The x of all steps, ascending, each once, from where every run has a value. Returns how many. */
static size_t find_steps(double *x, const track *tracks, const af_result *const *runs, int count)
{
    size_t n = 0, kept = 0;
    double from = 0, end = 0;
    for (int r = 0; r < count; r++) {
        from = fmax(from, number(json_array_get(tracks[r].points, 0), "x"));
        for (size_t i = 0; i < tracks[r].n; i++)
            x[n++] = number(json_array_get(tracks[r].points, i), "x");
        end = fmax(end, fmax(x[n - 1], runs[r]->spent[AF_SEARCH][AF_X])); /* fmax ignores NAN */
    }
    x[n++] = end;
    qsort(x, n, sizeof *x, ascending);
    for (size_t i = 0; i < n; i++)
        if (x[i] >= from && (!kept || x[i] > x[kept - 1])) x[kept++] = x[i];
    if (kept == 1) x[kept++] = end; /* it found its best with the last of its budget */
    return kept;
}

/* Every k-th step, and the last. */
static size_t thin(double *x, size_t n)
{
    size_t every = (n + AF_ANYTIME_STEPS - 1) / AF_ANYTIME_STEPS, kept = 0;
    for (size_t i = 0; i < n; i++)
        if (i % every == 0 || i + 1 == n) x[kept++] = x[i];
    return kept;
}

static void average(af_curve *c, track *tracks, int count)
{
    for (size_t i = 0; i < c->n; i++) {
        double sum = 0, low = INFINITY, high = -INFINITY;
        for (int r = 0; r < count; r++) {
            track *t = &tracks[r];
            while (t->next < t->n && number(json_array_get(t->points, t->next), "x") <= c->x[i])
                t->next++;
            double best = number(json_array_get(t->points, t->next - 1), "error");
            sum += best / count;
            low = fmin(low, best);
            high = fmax(high, best);
        }
        c->y[i] = fmin(fmax(sum, low), high);
        c->low[i] = low;
        c->high[i] = high;
    }
}

static af_status average_tracks(af_curve *out, track *tracks, const af_result *const *runs,
                                int count)
{
    size_t points = 2; /* the end, and once more */
    for (int r = 0; r < count; r++) {
        tracks[r].points = json_object_get(runs[r]->json, "anytime");
        tracks[r].n = json_array_size(tracks[r].points);
        if (!has_curve(tracks[r].points)) return AF_OK;
        points += tracks[r].n;
    }
    af_curve c = {.x = af_calloc(points, 4 * sizeof *c.x)};
    if (!c.x) return AF_ENOMEM;
    c.y = c.x + points;
    c.low = c.y + points;
    c.high = c.low + points;
    c.n = thin(c.x, find_steps(c.x, tracks, runs, count));
    average(&c, tracks, count);
    if (count == 1) c.low = c.high = NULL;
    *out = c;
    return AF_OK;
}

af_status af_anytime_mean(af_curve *out, const af_result *const *runs, int count)
{
    *out = (af_curve){0};
    if (count < 1) return AF_OK;
    track *tracks = af_calloc((size_t)count, sizeof *tracks);
    if (!tracks) return AF_ENOMEM;
    af_status st = average_tracks(out, tracks, runs, count);
    af_free(tracks);
    return st;
}

void af_curve_free(af_curve *c)
{
    af_free(c->x); /* the one block */
    *c = (af_curve){0};
}
