/* A stand-in for regulatory DNA. Background: independent bases, with a share of G and C that varies
 * from sequence to sequence and says nothing about the labels. In it lie sites of motifs, each
 * drawn from its position weight matrix, on either strand, anywhere. Half of a motif's consensus is
 * G or C and half is not, so a site does not show in the composition either. A label is a rule on
 * the sites that were put in:
 *
 *     present    motif a
 *     together   motifs a and b
 *     spaced     a, then 2 to 8 bases later b, on one strand
 *     unless     a, but not b
 *
 * Pairs are put in in the right order and, as often, in the wrong one, so presence is not enough.
 * In long sequences sites come in clusters of one to six, as they do in enhancers.
 * Labels share motifs and are therefore correlated. */
#ifndef AF_DEEPSEA_GRAMMAR_H
#define AF_DEEPSEA_GRAMMAR_H
#include "data-prep/deepsea/sequences.h"

enum { AF_DNA_MOTIFS = 12, AF_DNA_SITE = 12, AF_DNA_SITES = 256 };
/* Planes of x; the complement of base c is 3 - c. */
enum { AF_DNA_A, AF_DNA_G, AF_DNA_C, AF_DNA_T };

typedef enum af_dna_rule_kind {
    AF_DNA_PRESENT,
    AF_DNA_TOGETHER,
    AF_DNA_SPACED,
    AF_DNA_UNLESS,
    AF_DNA_RULES
} af_dna_rule_kind;

typedef struct af_dna_rule {
    af_dna_rule_kind kind;
    int a, b; /* motifs */
} af_dna_rule;

typedef struct af_dna_grammar {
    int motifs, width; /* used; bases of a site */
    uint8_t consensus[AF_DNA_MOTIFS][AF_DNA_SITE];
    int labels;
    af_dna_rule rule[AF_DNA_LABELS];
    double alone, pair; /* chances of a motif, and of each of a pair's two orders */
    int copies;         /* at most, of what is put in */
} af_dna_grammar;

typedef struct af_dna_site {
    int motif, start;
    bool reverse;
} af_dna_site;

void af_dna_grammar_make(af_dna_grammar *g, const af_dna_layout *l, uint64_t seed);
/* Whether a label's rule holds for these sites. */
bool af_dna_rule_holds(const af_dna_grammar *g, const af_dna_rule *r, const af_dna_site *site,
                       int sites);
/* Fills a set; sequence k is a function of seed, split and k. */
void af_dna_write(af_dna_set *s, const af_dna_grammar *g, uint64_t seed, af_split split);

#endif
