/* The networks that the benchmark times, as data. bench/torch/networks.py holds the same networks
 * under the same names; tests/test_bench.c pins their parameters and MACs, and bench/compare.sh
 * refuses to time two networks whose counts differ.
 */
#ifndef AF_BENCH_NETWORKS_H
#define AF_BENCH_NETWORKS_H
#include "core/train/loss.h"

typedef struct af_bench_network {
    const char *name, *summary;
    void (*build)(af_graph *g);
    const af_loss *loss;
    int batch;
} af_bench_network;

extern const af_bench_network af_bench_networks[]; /* ends with a NULL name */

/* Networks of cells after DARTS (Liu, Simonyan & Yang 2019), as they are retrained: affine batch
 * norms, neither drop-path nor auxiliary head. */
typedef enum af_bench_op {
    AF_BENCH_SKIP,
    AF_BENCH_SEP_3X3,
    AF_BENCH_SEP_5X5,
    AF_BENCH_DIL_3X3,
    AF_BENCH_DIL_5X5,
    AF_BENCH_MAX_POOL,
    AF_BENCH_AVG_POOL
} af_bench_op;

typedef struct af_bench_edge {
    af_bench_op op;
    int from; /* 0 and 1: the outputs of the cell before last and the last; 2..: nodes before */
} af_bench_edge;

typedef struct af_bench_genotype {
    af_bench_edge normal[8], reduce[8]; /* edges 2i and 2i+1 enter node i + 2 */
} af_bench_genotype;

/* TE-NAS's cells for NinaPro as NAS-Bench-360 published them: each of the seven operations. */
extern const af_bench_genotype af_bench_ninapro;
/* Reduction cells at `cells`/3 and 2`cells`/3. */
void af_bench_darts(af_graph *g, const af_bench_genotype *t, int width, int cells, int classes);

#endif
