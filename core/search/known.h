/* The networks that a searcher has met, by canonical form, so that none is evaluated twice. Each
 * has a number, from 0 in the order of meeting, that stays. Zero-initialised is empty. */
#ifndef AF_KNOWN_H
#define AF_KNOWN_H
#include "core/space.h"

typedef struct af_known_entry {
    char *form;
    double error; /* NAN until it is set */
} af_known_entry;

typedef struct af_known {
    af_known_entry *entries;
    int *sorted; /* numbers, by form */
    int count, room;
} af_known;

/* Its number, or -1. */
int af_known_find(const af_known *k, const af_space *s, const af_config *c);
/* *number is its number, whether it is new or not. */
AF_CHECKED af_status af_known_add(af_known *k, const af_space *s, const af_config *c, int *number);
/* Draws until a network is new, and adds it. *number is -1 when a hundred thousand draws in a row
 * gave none: there are none left. */
AF_CHECKED af_status af_known_sample(af_known *k, const af_space *s, af_rng *r, af_config *out,
                                     int *number);
void af_known_free(af_known *k); /* leaves it empty */

#endif
