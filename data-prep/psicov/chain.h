/* Random compact chains, the stand-in's proteins. Residues are points 3.8 Angstrom apart; helices,
 * strands and loops have the virtual bond and dihedral angles of real chains (Levitt, J Mol Biol
 * 104, 1976). A chain grows segment by segment: of several continuations without collision one is
 * drawn by its Boltzmann weight for contacts (Rosenbluth and Rosenbluth, J Chem Phys 23, 1955). */
#ifndef AF_PSICOV_CHAIN_H
#define AF_PSICOV_CHAIN_H
#include "core/base/philox.h"
#include "core/base/status.h"

enum { AF_CHAIN_HELIX, AF_CHAIN_STRAND, AF_CHAIN_LOOP };
/* at {length, 3} in Angstrom, kind {length}. */
AF_CHECKED af_status af_chain_grow(double *at, int *kind, int length, af_rng *r);

#endif
