/* DeepSEA's stand-in: a function of its seed; motifs, rules and labels are what they are said to
 * be; learned by a network and not by a linear model. */
#include "tests/aid/work.h"
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/prep.h"
#include "core/registry.h"
#include "core/train/train.h"
#include "data-prep/deepsea/grammar.h"

extern const af_task af_task_deepsea;
extern const af_prep af_prep_deepsea;

static void stand_in_is_a_function_of_its_seed(void **state)
{
    (void)state;
    enum { MANY = 60, FEW = 40 };
    const af_dna_layout *l = &af_dna_layouts[AF_TINY];
    af_dna_grammar g, same, other;
    af_dna_set many, few;
    af_dna_grammar_make(&g, l, 3);
    af_dna_grammar_make(&same, l, 3);
    af_dna_grammar_make(&other, l, 4);
    assert_memory_equal(g.consensus, same.consensus, sizeof g.consensus);
    assert_memory_not_equal(g.consensus, other.consensus, sizeof g.consensus);
    assert_ok(af_dna_set_new(&many, MANY, l));
    af_dna_write(&many, &g, 3, AF_TRAIN);
    for (int what = 0; what < 3; what++) { /* fewer of them; another seed; another split */
        assert_ok(af_dna_set_new(&few, FEW, l));
        af_dna_write(&few, &g, what == 1 ? 4 : 3, what == 2 ? AF_TEST : AF_TRAIN);
        const size_t size = FEW * af_dna_size(&few);
        assert_int_equal(memcmp(few.x, many.x, size) == 0, what == 0);
        af_dna_set_free(&few);
    }
    af_dna_set_free(&many);
}

static int far(const uint8_t *a, const uint8_t *b, int width, bool reverse)
{
    int n = 0;
    for (int i = 0; i < width; i++) n += a[i] != (reverse ? 3 - b[width - 1 - i] : b[i]);
    return n;
}

static void motifs_are_balanced_and_apart(void **state)
{
    (void)state;
    for (int size = 0; size < AF_SIZES; size++)
        for (uint64_t seed = 0; seed < 20; seed++) {
            af_dna_grammar g;
            af_dna_grammar_make(&g, &af_dna_layouts[size], seed);
            for (int k = 0; k < g.motifs; k++) {
                int strong = 0;
                for (int i = 0; i < g.width; i++)
                    strong += g.consensus[k][i] == AF_DNA_G || g.consensus[k][i] == AF_DNA_C;
                assert_int_equal(strong, g.width / 2);
                for (int j = 0; j <= k; j++)
                    for (int reverse = 0; reverse < 2; reverse++)
                        if (j < k || reverse)
                            assert_true(far(g.consensus[k], g.consensus[j], g.width, reverse) > 2);
            }
            for (int k = 0; k < g.labels; k++) {
                assert_in_range(g.rule[k].a, 0, g.motifs - 1);
                assert_in_range(g.rule[k].b, 0, g.motifs - 1);
                assert_int_not_equal(g.rule[k].a, g.rule[k].b);
            }
        }
}

static void rules_by_hand(void **state)
{
    (void)state;
    const af_dna_grammar g = {.motifs = 4, .width = 8};
    static const struct {
        af_dna_site site[3];
        int sites;
        const char *holds; /* of a = 0, b = 1: present, together, spaced, unless */
    } cases[] = {
        {{{0, 0, false}}, 0, "...."},
        {{{2, 5, false}}, 1, "...."},
        {{{1, 5, false}}, 1, "...."},
        {{{0, 5, true}}, 1, "p..u"},
        {{{0, 10, false}, {1, 20, false}}, 2, "pts."}, /* gap 2 */
        {{{0, 10, false}, {1, 19, false}}, 2, "pt.."}, /* 1 */
        {{{0, 10, false}, {1, 26, false}}, 2, "pts."}, /* 8 */
        {{{0, 10, false}, {1, 27, false}}, 2, "pt.."}, /* 9 */
        {{{1, 10, false}, {0, 20, false}}, 2, "pt.."}, /* wrong order */
        {{{1, 10, true}, {0, 20, true}}, 2, "pts."},   /* right on the other strand */
        {{{0, 10, true}, {1, 20, true}}, 2, "pt.."},
        {{{0, 10, false}, {1, 20, true}}, 2, "pt.."}, /* two strands */
        {{{0, 80, true}, {1, 22, false}, {0, 12, false}}, 3, "pts."},
    };
    for (size_t i = 0; i < LENGTH(cases); i++)
        for (int kind = 0; kind < AF_DNA_RULES; kind++) {
            const af_dna_rule r = {(af_dna_rule_kind)kind, 0, 1};
            if (af_dna_rule_holds(&g, &r, cases[i].site, cases[i].sites) !=
                (cases[i].holds[kind] != '.'))
                fail_msg("case %zu, rule %d", i, kind);
        }
}

/* How often a consensus, or its reverse complement, is met with at most one other base. */
static double met(const af_dna_set *s, const af_dna_grammar *g, int motif, int label, float value)
{
    int64_t samples = 0, sites = 0;
    uint8_t base[AF_DNA_LENGTH];
    for (int64_t k = 0; k < s->count; k++) {
        if (s->y[k * s->labels + label] != value) continue;
        bool found = false;
        for (int i = 0; i < 4 * s->length; i++)
            if (s->x[(size_t)k * af_dna_size(s) + (size_t)i])
                base[i % s->length] = (uint8_t)(i / s->length);
        for (int i = 0; i + g->width <= s->length; i++)
            for (int reverse = 0; reverse < 2; reverse++)
                found |= far(base + i, g->consensus[motif], g->width, reverse) <= 1;
        samples++;
        sites += found;
    }
    return (double)sites / (double)samples;
}

static void labels_say_what_is_in_the_sequence(void **state)
{
    (void)state;
    static const af_dna_layout l = {AF_DNA_LENGTH, AF_DNA_LABELS, {0}};
    af_dna_grammar g;
    af_dna_set s;
    af_dna_grammar_make(&g, &l, 0);
    assert_ok(af_dna_set_new(&s, 1000, &l));
    af_dna_write(&s, &g, 0, AF_TRAIN);
    for (int c = 0; c < l.labels; c++) {
        int64_t positives = 0;
        for (int64_t k = 0; k < s.count; k++) positives += s.y[k * l.labels + c] == 1;
        assert_in_range(positives, 60, 800);
        if (g.rule[c].kind != AF_DNA_PRESENT) continue;
        assert_true(met(&s, &g, g.rule[c].a, c, 1) > 0.6);
        assert_true(met(&s, &g, g.rule[c].a, c, 0) < 0.05);
    }
    for (int64_t k = 0; k < s.count; k++) { /* one base everywhere */
        int bases = 0;
        for (size_t i = 0; i < af_dna_size(&s); i++) bases += s.x[(size_t)k * af_dna_size(&s) + i];
        assert_int_equal(bases, l.length);
    }
    af_dna_set_free(&s);
}

static double auroc(const af_dataset *d, const char *space_name)
{
    const af_space *space = af_find_space(space_name);
    const af_config c = af_space_default(space);
    const af_io io = af_dataset_io(d);
    af_graph *g;
    af_trained out;
    assert_ok(af_space_build(space, &c, &io, &g));
    const af_training t = {.task = &af_task_deepsea,
                           .metric = af_find_metric("auroc"),
                           .data = d,
                           .graph = g,
                           .backend = af_default_backend(),
                           .recipe = af_task_deepsea.recipe[AF_TINY],
                           .epochs = af_task_deepsea.recipe[AF_TINY].epochs,
                           .validate = true};
    assert_ok(af_train(&out, &t));
    const double reached = 1 - out.outcome.error;
    af_trained_close(&out);
    af_graph_free(g);
    print_message("           %s: %.3f\n", space_name, reached);
    return reached;
}

/* Chance is 0.5. */
static void stand_in_is_learned_by_networks(void **state)
{
    (void)state;
    const af_prep_request r = {.task = &af_task_deepsea, .size = AF_TINY, .directory = work_dir};
    assert_ok(af_prep_deepsea.generate(&r));
    af_dataset *d;
    assert_ok(af_dataset_open(&d, work_dir, &af_task_deepsea, AF_MAIN));
    assert_string_equal(d->provenance, "generated");
    const double network = auroc(d, "wrn"), linear = auroc(d, "linear");
    assert_true(network > 0.65);
    assert_true(linear < 0.58);
    af_dataset_close(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stand_in_is_a_function_of_its_seed),
        cmocka_unit_test(motifs_are_balanced_and_apart),
        cmocka_unit_test(rules_by_hand),
        cmocka_unit_test(labels_say_what_is_in_the_sequence),
        cmocka_unit_test(stand_in_is_learned_by_networks),
    };
    af_log_set(AF_LOG_ERROR);
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
