/* Time runs from 0 to 1 over the 46 readings, about February to November. The averages of a cover
 * are chosen by hand after the crop calendar of south-west France, where the real plots lie. */
#include "data-prep/satellite/phenology.h"
#include <math.h>
#include <stdbool.h>
#include "core/base/philox.h"

typedef struct season { /* green-up around `up`, senescence around `down`; peak 0: none */
    double peak, up, down, up_rate, down_rate;
} season;

typedef struct cover {
    double base;
    season s[2];
    double noise, memory; /* standard deviation of a reading, correlation of neighbours */
} cover;

static const cover covers[AF_SATELLITE_CLASSES] = {
    {.24, {{.78, .36, .74, .030, .035}}, .03, .3},                             /* corn */
    {.28, {{.78, -.02, .30, .060, .022}, {.42, .80, 1.2, .05, .05}}, .04, .3}, /* wheat */
    {.36, {{.45, .10, .95, .100, .100}}, .05, .9},                             /* dense building */
    {.28, {{.35, .05, .90, .100, .100}}, .06, .2}, /* industrial building */
    {.40, {{.54, .08, .35, .060, .060}, {.54, .70, 1., .06, .06}}, .05, .6},  /* diffuse building */
    {.42, {{.68, .06, .33, .050, .040}, {.66, .68, 1.1, .05, .05}}, .05, .4}, /* temp. meadow */
    {.38, {{.76, .18, .86, .030, .045}}, .03, .3},                            /* hardwood */
    {.38, {{.70, .12, .84, .060, .070}}, .05, .8},                            /* wasteland */
    {.38, {{.64, .04, .30, .070, .050}, {.62, .74, 1.1, .05, .06}}, .06, .6}, /* fallow */
    {.24, {{.78, .44, .74, .028, .022}}, .04, .3},                            /* soy */
    {.22, {{.42, .25, .80, .060, .060}}, .12, .9},                            /* water */
    {.40, {{.68, .06, .35, .050, .055}, {.70, .66, 1.1, .04, .05}}, .03, .7}, /* meadow */
    {.54, {{.72, .10, .96, .060, .060}}, .03, .3},                            /* softwood */
    {.28, {{.62, .32, .54, .035, .050}}, .05, .4},                            /* sunflower */
    {.26, {{.68, .36, .80, .030, .075}}, .04, .5},                            /* sorghum */
    {.54, {{.69, .14, 1.1, .090, .090}}, .03, .7},                            /* eucalyptus */
    {.28, {{.80, -.05, .26, .050, .018}, {.52, .90, 1.4, .03, .05}}, .03, .4}, /* rapeseed */
    {.28, {{.78, .30, .62, .026, .014}, {.50, .84, 1.3, .04, .05}}, .04, .4},  /* corn silage */
    {.30, {{.68, .02, .26, .040, .018}, {.46, .66, 1.2, .05, .05}}, .05, .4},  /* barley */
    {.22, {{.66, .12, .30, .030, .020}, {.44, .60, 1.2, .05, .05}}, .05, .3},  /* pea */
    {.36, {{.77, .20, .80, .022, .030}}, .03, .3},                             /* poplar */
    {.18, {{.24, .08, .40, .060, .100}}, .03, .3},                             /* mineral surface */
    {.06, {{.30, -.1, .30, .060, .060}}, .06, .6},                             /* gravel pit */
    {.02, {{.12, .20, .70, .080, .080}}, .12, .4},                             /* lake */
};

static double logistic(double t)
{
    return 1 / (1 + exp(-t));
}

/* The cover of one plot. */
static cover vary(const cover *average, af_rng *r)
{
    cover c = *average;
    double shift = 0.06 * af_rng_normal(r), level = 0.05 * af_rng_normal(r);
    c.base += level;
    for (int i = 0; i < 2; i++) {
        season *s = &c.s[i];
        if (s->peak == 0) continue;
        s->peak = c.base + (s->peak + level - c.base) * exp(0.2 * af_rng_normal(r));
        s->up += shift + 0.02 * af_rng_normal(r);
        s->down += shift + 0.02 * af_rng_normal(r);
        s->up_rate *= exp(0.2 * af_rng_normal(r));
        s->down_rate *= exp(0.2 * af_rng_normal(r));
    }
    c.noise *= exp(0.2 * af_rng_normal(r));
    return c;
}

static double index_at(const cover *c, double t)
{
    double value = c->base;
    for (int i = 0; i < 2; i++) {
        const season *s = &c->s[i];
        if (s->peak == 0) continue;
        value += (s->peak - c->base) *
                 (logistic((t - s->up) / s->up_rate) - logistic((t - s->down) / s->down_rate));
    }
    return value;
}

/* Readings under clouds, in runs: they last with probability 0.5 and come with 0.25. */
static void draw_clouds(bool clouded[AF_SATELLITE_STEPS], af_rng *r)
{
    for (int i = 0; i < AF_SATELLITE_STEPS; i++)
        clouded[i] = af_rng_unit(r) < (i && clouded[i - 1] ? 0.5 : 0.25);
}

/* Linear between clear readings; the nearest one before the first and after the last. */
static void fill_gaps(float *x, const bool clouded[AF_SATELLITE_STEPS])
{
    int before = -1;
    for (int i = 0; i <= AF_SATELLITE_STEPS; i++) {
        if (i < AF_SATELLITE_STEPS && clouded[i]) continue;
        bool open = before < 0 || i == AF_SATELLITE_STEPS;
        int from = before < 0 ? i : before, to = i == AF_SATELLITE_STEPS ? before : i;
        for (int k = before + 1; k < i && from < AF_SATELLITE_STEPS && to >= 0; k++) {
            float part = open ? 0 : (float)(k - from) / (float)(to - from);
            x[k] = x[from] + part * (x[to] - x[from]);
        }
        before = i;
    }
}

static void draw_series(float *x, af_rng *r, const cover *average)
{
    const cover c = vary(average, r);
    bool clouded[AF_SATELLITE_STEPS];
    double error = af_rng_normal(r);
    for (int i = 0; i < AF_SATELLITE_STEPS; i++) {
        error = c.memory * error + sqrt(1 - c.memory * c.memory) * af_rng_normal(r);
        double value = index_at(&c, i / (AF_SATELLITE_STEPS - 1.0)) + c.noise * error;
        if (af_rng_unit(r) < 0.02) value -= 0.3 * af_rng_unit(r); /* a cloud that was missed */
        x[i] = (float)value;
    }
    draw_clouds(clouded, r);
    fill_gaps(x, clouded);
}

void af_phenology_draw(af_satellite_set *out, uint64_t seed, uint64_t series)
{
#pragma omp parallel for schedule(static)
    for (int64_t k = 0; k < out->count; k++) {
        af_rng r = af_rng_at(seed, "satellite", series, 0, 0, (uint32_t)k);
        out->label[k] = (uint8_t)(k % AF_SATELLITE_CLASSES);
        draw_series(out->x + k * AF_SATELLITE_STEPS, &r, &covers[out->label[k]]);
    }
}
