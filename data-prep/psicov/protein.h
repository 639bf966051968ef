/* One protein as PDNet describes it (Adhikari, Scientific Reports 10, 2020): features of its
 * residues and of their pairs, its distance map, and the square crops of it that samples are. */
#ifndef AF_PSICOV_PROTEIN_H
#define AF_PSICOV_PROTEIN_H
#include "core/data/dataset.h"

/* Features of a residue, one row each; a channel for the column's residue and one for the row's. */
enum {
    AF_PSICOV_SS = 0,       /* 3 probabilities of secondary structure */
    AF_PSICOV_PSSM = 3,     /* 22 columns of the sequence profile */
    AF_PSICOV_SA = 25,      /* solvent accessibility */
    AF_PSICOV_ENTROPY = 26, /* of the profile */
    AF_PSICOV_ROWS = 27
};
/* Features of a pair of residues, a channel each. */
enum { AF_PSICOV_CCMPRED, AF_PSICOV_FREECONTACT, AF_PSICOV_POTENTIAL, AF_PSICOV_MAPS };
enum { AF_PSICOV_NAME = 40, AF_PSICOV_LENGTH_MIN = 3, AF_PSICOV_LENGTH_MAX = 2048 };

typedef struct af_protein {
    int length;
    float *row; /* {AF_PSICOV_ROWS, length} */
    float *map; /* {AF_PSICOV_MAPS, length, length} */
    float *far; /* distances in Angstrom, {length, length}; NAN: not known */
} af_protein;

AF_CHECKED af_status af_protein_new(af_protein *p, int length);
void af_protein_free(af_protein *p);
/* Distances below 1 become 1; each entry of the diagonal the mean of its neighbours in the row. */
void af_protein_tidy(af_protein *p);

typedef struct af_psicov_layout {
    int tile;                   /* side of a sample */
    int pad;                    /* around a map, on each side */
    int crops;                  /* of a training protein that is larger than a tile */
    int64_t train, valid, test; /* proteins at most; 0: all */
    bool profile;               /* with the PSSM and its entropy */
} af_psicov_layout;
extern const af_psicov_layout af_psicov_layouts[AF_SIZES];

enum { AF_PSICOV_CAP = 16 }; /* larger distances become this, as does padding */
int af_psicov_channels(const af_psicov_layout *l);
/* Tiles side by side that cover a map with its padding. */
int af_psicov_grid(const af_psicov_layout *l, int length);
/* The tile whose corner is (top, left) of the padded map. x {channels, tile, tile}, y and mask
 * {tile, tile}; mask is 0 in the padding and where the distance is not known. There y is
 * AF_PSICOV_CAP and 0, as in NAS-Bench-360. */
void af_protein_crop(float *x, float *y, uint8_t *mask, const af_protein *p,
                     const af_psicov_layout *l, int top, int left);

#endif
