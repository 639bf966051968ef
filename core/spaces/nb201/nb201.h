/* Inside the space nb201: the numbering of cells, and its two builders. */
#ifndef AF_NB201_H
#define AF_NB201_H
#include "core/space.h"

enum { NB201_NODES = 4, NB201_EDGES = 6, NB201_OPS = 5 };
enum { NB201_NONE, NB201_SKIP, NB201_CONV_1X1, NB201_CONV_3X3, NB201_AVG_POOL };

/* Edges are grouped by target: (1<-0), (2<-0), (2<-1), (3<-0), (3<-1), (3<-2). */
static inline int af_nb201_edge(int node, int source)
{
    return node * (node - 1) / 2 + source;
}

static inline int af_nb201_op(const af_config *c, int node, int source)
{
    return (int)c->v[af_nb201_edge(node, source)];
}

void af_nb201_build(const af_config *c, const af_io *io, af_graph *g);
void af_nb201_supernet(const af_io *io, af_graph *g);

#endif
