/* Samples of one group follow each other, as frames come by visit. */
#include "data-prep/cosmic/samples.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "data-prep/cosmic/levels.h"

const af_cosmic_layout af_cosmic_layouts[AF_SIZES] = {
    [AF_TINY] = {24, {64, 24, 48}},
    [AF_SMALL] = {64, {160, 40, 60}},
    [AF_FULL] = {128, {0, 0, 0}},
};

af_status af_cosmic_frame_new(af_cosmic_frame *f, int rows, int columns)
{
    const size_t n = (size_t)rows * (size_t)columns;
    *f = (af_cosmic_frame){
        rows, columns, af_calloc(n, sizeof *f->image), af_calloc(n, 1), af_calloc(n, 1), NAN};
    if (f->image && f->ray && f->usable) return AF_OK;
    af_cosmic_frame_free(f);
    return AF_ENOMEM;
}

void af_cosmic_frame_free(af_cosmic_frame *f)
{
    af_free(f->image);
    af_free(f->ray);
    af_free(f->usable);
    *f = (af_cosmic_frame){0};
}

void af_cosmic_samples_free(af_cosmic_samples *s)
{
    af_free(s->x);
    af_free(s->y);
    af_free(s->mask);
    af_free(s->sky);
    af_free(s->group);
    af_free(s->split);
    af_free(s->ids);
    *s = (af_cosmic_samples){0};
}

static af_status grow(void *array, size_t bytes)
{
    void *old, *more;
    memcpy(&old, array, sizeof old);
    more = af_realloc(old, bytes);
    if (!more) return AF_ENOMEM;
    memcpy(array, &more, sizeof more);
    return AF_OK;
}

static af_status make_room(af_cosmic_samples *s)
{
    if (s->n < s->room) return AF_OK;
    const size_t room = s->room ? (size_t)s->room * 2 : 64;
    const size_t area = (size_t)s->tile * (size_t)s->tile;
    AF_TRY(grow(&s->x, room * area * sizeof *s->x));
    AF_TRY(grow(&s->y, room * area * sizeof *s->y));
    AF_TRY(grow(&s->mask, room * area));
    AF_TRY(grow(&s->sky, room * sizeof *s->sky));
    AF_TRY(grow(&s->group, room * sizeof *s->group));
    AF_TRY(grow(&s->split, room));
    AF_TRY(grow(&s->ids, room * AF_ID_MAX));
    s->room = (int64_t)room;
    return AF_OK;
}

static void copy_tile(const af_cosmic_samples *s, const af_cosmic_frame *f, int top, int left)
{
    const size_t tile = (size_t)s->tile, at = (size_t)s->n * tile * tile;
    for (size_t i = 0; i < tile; i++)
        for (size_t j = 0; j < tile; j++) {
            const size_t from = ((size_t)top + i) * (size_t)f->columns + (size_t)left + j;
            s->x[at + i * tile + j] = f->image[from];
            s->y[at + i * tile + j] = f->ray[from];
            s->mask[at + i * tile + j] = f->usable[from];
        }
}

af_status af_cosmic_cut(int *added, af_cosmic_samples *s, const af_cosmic_frame *f, int top,
                        int left, int rows, int columns, const char *name, int32_t group,
                        af_split split)
{
    const int down = rows / s->tile, across = columns / s->tile;
    top += (rows - down * s->tile) / 2;
    left += (columns - across * s->tile) / 2;
    for (int t = 0; t < down * across; t++) {
        const int row = top + t / across * s->tile, column = left + t % across * s->tile;
        AF_TRY(make_room(s));
        copy_tile(s, f, row, column);
        snprintf(s->ids + s->n * AF_ID_MAX, AF_ID_MAX, "%.40s:%d:%d", name, row, column);
        s->sky[s->n] = f->sky;
        s->group[s->n] = group;
        s->split[s->n++] = (unsigned char)split;
    }
    *added = down * across;
    return AF_OK;
}

/* ---- writing ---- */

typedef struct part {
    float *x, *y, *x_mean, *x_std, *sky;
    uint8_t *mask;
    int32_t *group;
    char *ids;
    int64_t n, *all, *in[AF_SPLITS];
    af_dataset_content c;
} part;

static void part_close(part *p)
{
    af_free(p->x);
    af_free(p->y);
    af_free(p->x_mean);
    af_free(p->x_std);
    af_free(p->sky);
    af_free(p->mask);
    af_free(p->group);
    af_free(p->ids);
    af_free(p->all);
    for (int s = 0; s < AF_SPLITS; s++) af_free(p->in[s]);
}

static af_status part_open(part *p, int64_t n, size_t area)
{
    const size_t room = (size_t)n + 1;
    p->x = af_calloc(room, area * sizeof *p->x);
    p->y = af_calloc(room, area * sizeof *p->y);
    p->mask = af_calloc(room, area);
    p->x_mean = af_calloc(area, sizeof *p->x_mean);
    p->x_std = af_calloc(area, sizeof *p->x_std);
    p->sky = af_calloc(room, sizeof *p->sky);
    p->group = af_calloc(room, sizeof *p->group);
    p->ids = af_calloc(room, AF_ID_MAX);
    p->all = af_calloc(room, sizeof *p->all);
    bool good =
        p->x && p->y && p->mask && p->x_mean && p->x_std && p->sky && p->group && p->ids && p->all;
    for (int s = 0; s < AF_SPLITS; s++) {
        p->in[s] = af_calloc(room, sizeof *p->in[s]);
        good = good && p->in[s];
    }
    return good ? AF_OK : AF_ENOMEM;
}

static void add(part *p, const af_cosmic_samples *s, int64_t from)
{
    const size_t area = (size_t)s->tile * (size_t)s->tile, i = (size_t)from, to = (size_t)p->n;
    const af_split split = (af_split)s->split[from];
    memcpy(p->x + to * area, s->x + i * area, area * sizeof *p->x);
    memcpy(p->y + to * area, s->y + i * area, area * sizeof *p->y);
    memcpy(p->mask + to * area, s->mask + i * area, area);
    memcpy(p->ids + to * AF_ID_MAX, s->ids + i * AF_ID_MAX, AF_ID_MAX);
    p->sky[to] = s->sky[from];
    p->group[to] = s->group[from];
    p->all[to] = p->n;
    af_indices *in = &p->c.split[AF_CLEAN][split];
    in->i = p->in[split];
    in->i[in->count++] = p->n++;
}

static bool has_ray(const af_cosmic_samples *s, int64_t k)
{
    const int64_t area = (int64_t)s->tile * s->tile;
    for (int64_t e = k * area; e < (k + 1) * area; e++)
        if (s->y[e] > 0) return true;
    return false;
}

/* How many samples a split has and keeps, without rays [0] and with them [1]. */
typedef struct share {
    int64_t count[2], most[2], seen[2], kept[2];
} share;

/* At most half are without rays, unless there are too few with them. */
static void set_shares(share shares[AF_SPLITS], const af_cosmic_samples *s,
                       const af_cosmic_layout *l)
{
    for (int64_t k = 0; k < s->n; k++) shares[s->split[k]].count[has_ray(s, k)]++;
    for (int split = 0; split < AF_SPLITS; split++) {
        const int64_t *count = shares[split].count, most = l->most[split];
        int64_t *keep = shares[split].most;
        keep[0] = count[0];
        keep[1] = count[1];
        if (!most || count[0] + count[1] <= most) continue;
        keep[1] = count[1] < most - most / 2 ? count[1] : most - most / 2;
        if (count[0] < most - keep[1]) keep[1] = most - count[0];
        keep[0] = most - keep[1];
    }
}

/* Each kind is thinned evenly. */
static void fill(part *p, const af_cosmic_samples *s, const af_cosmic_layout *l)
{
    share shares[AF_SPLITS] = {0};
    set_shares(shares, s, l);
    for (int64_t k = 0; k < s->n; k++) {
        const int split = s->split[k], ray = has_ray(s, k);
        share *h = &shares[split];
        const int64_t number = h->seen[ray]++;
        if ((split == AF_TEST) != (p->c.part == AF_HELD_OUT)) continue;
        if (h->kept[ray] == h->most[ray] || number != h->kept[ray] * h->count[ray] / h->most[ray])
            continue;
        h->kept[ray]++;
        add(p, s, k);
    }
}

/* Mean and standard deviation of the training pixels that count, the same at every pixel. */
static void fit_scaling(part *p, size_t area)
{
    const af_indices *train = &p->c.split[AF_CLEAN][AF_TRAIN];
    double sum = 0, squares = 0, count = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int64_t k = 0; k < train->count; k++)
            for (size_t e = 0; e < area; e++) {
                const size_t at = (size_t)train->i[k] * area + e;
                const double v = (double)p->x[at] - (pass ? sum / count : 0);
                if (!p->mask[at]) continue;
                if (pass)
                    squares += v * v;
                else
                    sum += v, count++;
            }
    const double std = count ? sqrt(squares / count) : 0;
    for (size_t e = 0; e < area; e++) {
        p->x_mean[e] = count ? (float)(sum / count) : 0;
        p->x_std[e] = std > 1e-6 ? (float)std : 1;
    }
    p->c.scaling[AF_CLEAN].x_mean = p->x_mean;
    p->c.scaling[AF_CLEAN].x_std = p->x_std;
}

/* A split without rays, or of nothing else, can be trained on but not scored. */
static void warn(const part *p, size_t area)
{
    for (int s = 0; s < AF_SPLITS; s++) {
        const af_indices *in = &p->c.split[AF_CLEAN][s];
        bool has[2] = {false, false};
        for (int64_t k = 0; k < in->count; k++)
            for (size_t e = 0; e < area; e++) {
                const size_t at = (size_t)in->i[k] * area + e;
                if (p->mask[at]) has[p->y[at] > 0] = true;
            }
        if (in->count && !(has[0] && has[1]))
            af_log(AF_LOG_WARN, "cosmic: no pixel of the %s samples is %s: they cannot be scored",
                   af_split_names[s], has[1] ? "free of rays" : "hit by a ray");
    }
}

static af_status make(part *p, const af_prep_request *r, const af_cosmic_samples *s,
                      const char *provenance, const char *source, af_dataset_part which,
                      bool levels)
{
    const size_t area = (size_t)s->tile * (size_t)s->tile;
    *p = (part){.c = {.task = r->task,
                      .size = r->size,
                      .part = which,
                      .provenance = provenance,
                      .source = source,
                      .input = {1, s->tile, s->tile},
                      .output = {1, s->tile, s->tile},
                      .dense = true}};
    AF_TRY(part_open(p, s->n, area));
    fill(p, s, &af_cosmic_layouts[r->size]);
    p->c.n = p->n;
    p->c.x = p->x;
    p->c.y = p->y;
    p->c.ids = p->ids;
    p->c.group = p->group;
    if (levels) p->c.level = p->sky;
    for (int protocol = 0; protocol < AF_PROTOCOLS; protocol++) p->c.mask[protocol] = p->mask;
    p->c.split[AF_PAPER][which == AF_HELD_OUT ? AF_TEST : AF_TRAIN] = (af_indices){p->all, p->n};
    if (which == AF_MAIN) fit_scaling(p, area);
    warn(p, area);
    return AF_OK;
}

af_status af_cosmic_write(const af_prep_request *r, const af_cosmic_samples *s,
                          const char *provenance, json_t *source)
{
    part main = {0}, held_out = {0};
    const bool levels = af_cosmic_levels_known(s);
    af_status st;
    char *text = json_dumps(source, JSON_COMPACT | JSON_SORT_KEYS);
    if (!text) return af_fail(AF_ENOMEM, "out of memory: cannot write the origin of the data");
    AF_GOTO(st, done, make(&main, r, s, provenance, text, AF_MAIN, levels));
    AF_GOTO(st, done, make(&held_out, r, s, provenance, text, AF_HELD_OUT, levels));
    st = af_dataset_write_pair(r->directory, &main.c, &held_out.c);
done:
    part_close(&main);
    part_close(&held_out);
    free(text); /* jansson's */
    return st;
}
