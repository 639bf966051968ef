/* Chances, widths and distances are our choices. */
#include "data-prep/deepsea/grammar.h"
#include <math.h>
#include "core/base/philox.h"

enum { CLOSEST = 2, FARTHEST = 8, TRIES = 1000, PLACES = 50 };
static const double sure = 0.91; /* of the consensus, at each position of a site */
/* Share of G and C: about that of the human genome. */
static const double gc_mean = 0.41, gc_spread = 0.08, gc_least = 0.25, gc_most = 0.65;

/* ---- the grammar ---- */

static int distance(const uint8_t *a, const uint8_t *b, int width, bool reverse)
{
    int n = 0;
    for (int i = 0; i < width; i++)
        n += a[i] != (reverse ? AF_DNA_BASES - 1 - b[width - 1 - i] : b[i]);
    return n;
}

static bool apart(const af_dna_grammar *g, int motif, int least)
{
    const uint8_t *own = g->consensus[motif];
    if (distance(own, own, g->width, true) < least) return false;
    for (int k = 0; k < motif; k++)
        if (distance(own, g->consensus[k], g->width, false) < least ||
            distance(own, g->consensus[k], g->width, true) < least)
            return false;
    return true;
}

/* Half of the positions G or C; far from all motifs before it and from its own reverse complement.
 */
static void draw_consensus(af_dna_grammar *g, int motif, af_rng *r)
{
    int64_t order[AF_DNA_SITE];
    int least = g->width / 2 + 1;
    for (int tried = 1;; tried++) {
        for (int i = 0; i < g->width; i++) order[i] = i;
        af_rng_shuffle(r, order, g->width);
        for (int i = 0; i < g->width; i++) {
            const bool strong = order[i] < g->width / 2, second = af_rng_below(r, 2);
            g->consensus[motif][i] = (uint8_t)(strong   ? (second ? AF_DNA_G : AF_DNA_C)
                                               : second ? AF_DNA_A
                                                        : AF_DNA_T);
        }
        if (apart(g, motif, least)) return;
        if (tried % TRIES == 0) least--;
    }
}

/* Rules take turns; so do their motifs, and partners are drawn. */
void af_dna_grammar_make(af_dna_grammar *g, const af_dna_layout *l, uint64_t seed)
{
    const bool small = l->length < 500;
    af_rng r = af_rng_at(seed, "deepsea_grammar", 0, 0, 0, 0);
    *g = (af_dna_grammar){.motifs = small ? 6 : AF_DNA_MOTIFS,
                          .width = small ? 8 : AF_DNA_SITE,
                          .labels = l->labels,
                          .alone = small ? 0.25 : 0.3,
                          .pair = small ? 0.2 : 0.1,
                          .copies = small ? 1 : 6};
    for (int k = 0; k < g->motifs; k++) draw_consensus(g, k, &r);
    for (int k = 0; k < g->labels; k++) {
        const int a = (k + k / AF_DNA_RULES) % g->motifs;
        const int step = 1 + (int)af_rng_below(&r, (uint64_t)(g->motifs - 1));
        g->rule[k] = (af_dna_rule){(af_dna_rule_kind)(k % AF_DNA_RULES), a, (a + step) % g->motifs};
    }
}

static bool spaced(const af_dna_grammar *g, const af_dna_site *a, const af_dna_site *b)
{
    if (a->reverse != b->reverse) return false;
    const int gap = (a->reverse ? a->start - b->start : b->start - a->start) - g->width;
    return gap >= CLOSEST && gap <= FARTHEST;
}

bool af_dna_rule_holds(const af_dna_grammar *g, const af_dna_rule *r, const af_dna_site *site,
                       int sites)
{
    bool a = false, b = false, close = false;
    for (int i = 0; i < sites; i++) {
        a |= site[i].motif == r->a;
        b |= site[i].motif == r->b;
        for (int k = 0; k < sites; k++)
            close |=
                site[i].motif == r->a && site[k].motif == r->b && spaced(g, site + i, site + k);
    }
    switch (r->kind) {
    case AF_DNA_PRESENT:
        return a;
    case AF_DNA_TOGETHER:
        return a && b;
    case AF_DNA_SPACED:
        return close;
    case AF_DNA_UNLESS:
        return a && !b;
    default:
        return false;
    }
}

/* ---- a sequence ---- */

typedef struct draft {
    const af_dna_grammar *g;
    int length, sites;
    uint8_t base[AF_DNA_LENGTH];
    bool taken[AF_DNA_LENGTH];
    af_dna_site site[AF_DNA_SITES];
} draft;

static void draw_background(draft *d, af_rng *r)
{
    double gc = gc_mean + gc_spread * af_rng_normal(r);
    gc = fmin(fmax(gc, gc_least), gc_most);
    for (int i = 0; i < d->length; i++) {
        const double u = af_rng_unit(r);
        d->base[i] = (uint8_t)(u < gc             ? (u < gc / 2 ? AF_DNA_G : AF_DNA_C)
                               : u < (1 + gc) / 2 ? AF_DNA_A
                                                  : AF_DNA_T);
    }
}

static void put_site(draft *d, int motif, int start, bool reverse, af_rng *r)
{
    const int width = d->g->width;
    for (int i = 0; i < width; i++) {
        int base = d->g->consensus[motif][i];
        if (af_rng_unit(r) >= sure) base = (base + 1 + (int)af_rng_below(r, 3)) % AF_DNA_BASES;
        const int at = start + (reverse ? width - 1 - i : i);
        d->base[at] = (uint8_t)(reverse ? AF_DNA_BASES - 1 - base : base);
    }
    d->site[d->sites++] = (af_dna_site){motif, start, reverse};
}

/* A free stretch; -1 when none is met. */
static int find_place(draft *d, int width, af_rng *r)
{
    for (int tried = 0; tried < PLACES; tried++) {
        const int start = (int)af_rng_below(r, (uint64_t)(d->length - width + 1));
        bool free = true;
        for (int i = start; i < start + width && free; i++) free = !d->taken[i];
        for (int i = start; i < start + width && free; i++) d->taken[i] = true;
        if (free) return start;
    }
    return -1;
}

static void add_motif(draft *d, int motif, af_rng *r)
{
    const int start = find_place(d, d->g->width, r);
    if (start >= 0 && d->sites < AF_DNA_SITES) put_site(d, motif, start, af_rng_below(r, 2), r);
}

/* a, a gap, b; turned around with its strand. */
static void add_pair(draft *d, int a, int b, af_rng *r)
{
    const int width = d->g->width;
    const int gap = CLOSEST + (int)af_rng_below(r, FARTHEST - CLOSEST + 1);
    const bool reverse = af_rng_below(r, 2);
    const int start = find_place(d, 2 * width + gap, r);
    if (start < 0 || d->sites + 2 > AF_DNA_SITES) return;
    put_site(d, reverse ? b : a, start, reverse, r);
    put_site(d, reverse ? a : b, start + width + gap, reverse, r);
}

/* How many copies; 0: none. */
static int copies(const af_dna_grammar *g, double chance, af_rng *r)
{
    return af_rng_unit(r) < chance ? 1 + (int)af_rng_below(r, (uint64_t)g->copies) : 0;
}

static void compose(draft *d, af_rng *r)
{
    const af_dna_grammar *g = d->g;
    draw_background(d, r);
    for (int k = 0; k < g->labels; k++) {
        const af_dna_rule *rule = &g->rule[k];
        if (rule->kind != AF_DNA_SPACED) continue;
        for (int n = copies(g, g->pair, r); n > 0; n--) add_pair(d, rule->a, rule->b, r);
        for (int n = copies(g, g->pair, r); n > 0; n--) add_pair(d, rule->b, rule->a, r);
    }
    for (int k = 0; k < g->motifs; k++)
        for (int n = copies(g, g->alone, r); n > 0; n--) add_motif(d, k, r);
}

void af_dna_write(af_dna_set *s, const af_dna_grammar *g, uint64_t seed, af_split split)
{
#pragma omp parallel for schedule(static)
    for (int64_t k = 0; k < s->count; k++) {
        af_rng r = af_rng_at(seed, "deepsea_sequence", (uint64_t)split, 0, 0, (uint32_t)k);
        draft d = {.g = g, .length = s->length};
        compose(&d, &r);
        uint8_t *x = s->x + (size_t)k * af_dna_size(s);
        for (int i = 0; i < d.length; i++) x[d.base[i] * d.length + i] = 1;
        for (int c = 0; c < s->labels; c++)
            s->y[k * s->labels + c] = af_dna_rule_holds(g, &g->rule[c], d.site, d.sites);
    }
}
