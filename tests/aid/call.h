/* One op on its own: runs a node's kernels over a batch the way a plan does (lanes, chunks, partial
 * sums, accumulation) and hands everything back as doubles. For tests/test_op.c and for the
 * conformance tests of backends.
 *
 *     rig r;
 *     assert_true(rig_make(&r, &op_cases[i]));        inputs, parameters and dy filled
 *     rig_result want, got;
 *     rig_run(&want, &r, &(rig_options){.dtype = AF_F64, .train = true, .backward = true});
 *     rig_run(&got, &r, &(rig_options){.dtype = AF_F32, .backend = b, .train = true, ...});
 *     assert_true(mismatch(got.y, want.y, r.y_size) < 1e-5);
 *     rig_clear(&want); rig_clear(&got); rig_free(&r);
 *
 * Strict where a plan would be lucky: memory starts as NaN; after forward, x and y become NaN
 * unless the op declares that backward reads them (af_op.reads).
 */
#ifndef AID_CALL_H
#define AID_CALL_H
#include "core/backend.h"

typedef struct op_case {
    const char *name;
    const af_op *op;
    af_attrs attrs;
    af_shape in[4]; /* those with c > 0 */
    int batch;
} op_case;
extern const op_case op_cases[]; /* ends with op NULL; every op has at least one */

/* Tensors hold the whole batch, in the op's own layout: NHWC, but {n, C, H, W} for what the op
 * `input` reads and `output` writes. Values are a function of the {n, C, H, W} index, see
 * rig_value. */
typedef struct rig {
    const op_case *from;
    af_node node;
    af_shape in[AF_MAX_INPUTS];
    af_param param[AF_MAX_PARAMS];
    int inputs, params; /* `input` has one input here: the host's */
    int64_t x_size[AF_MAX_INPUTS], w_size[AF_MAX_PARAMS], y_size;
    double *x[AF_MAX_INPUTS], *w[AF_MAX_PARAMS], *dy;
    double mix[AF_MAX_INPUTS]; /* coefficients, if the op mixes: 1 + stream 40 / 2 */
} rig;

bool rig_make(rig *r, const op_case *from); /* false: af_error() says why */
void rig_free(rig *r);

/* The i-th value of stream k, within -1 to 1, no two alike and none near 0 in practice: inputs are
 * streams 0 .. 7, parameters 10 .. 13, dy 20, what rig_options.add starts from 30. */
double rig_value(int64_t i, int k);

typedef struct rig_options {
    const af_backend *backend; /* NULL: the reference kernel of dtype */
    af_dtype dtype;
    bool train, backward;
    int lanes, chunk; /* 0: one lane; chunks of a whole lane. lanes * chunk must divide the batch */
    bool add;         /* gradients are added to what is there: rig_value(i, 30) */
    bool add_x;       /* as add, but for dx only: what a plan asks of a backend */
    int threads;      /* 0: one; a thread takes whole lanes, as in a plan */
    unsigned skip_dx; /* bit i: dx[i] is not wanted */
    uint32_t epoch, step;
} rig_options;

typedef struct rig_result {
    bool overridden;                                   /* the backend brought its own kernel */
    char kernel[96];                                   /* its name */
    double *y, *dx[AF_MAX_INPUTS], *dw[AF_MAX_PARAMS]; /* NULL: not computed */
    double dmix[AF_MAX_INPUTS];                        /* by the coefficients */
    double *w[AF_MAX_PARAMS];                          /* afterwards: buffers have moved */
} rig_result;

/* Aborts the test (cmocka) when the backend refuses or memory is short. */
void rig_run(rig_result *out, const rig *r, const rig_options *o);
void rig_clear(rig_result *out);

/* Largest |got - want| over the largest |want|; infinite when got has a NaN, or anything where all
 * of want is 0. */
double mismatch(const double *got, const double *want, int64_t n);
bool all_zero(const double *a, int64_t n);
/* Whether a comparison at this tolerance refuses a tensor of the wrong sign; where all of want is 0
 * there is no sign, and a tensor of ones takes its place. */
bool mutation_noticed(const double *got, const double *want, int64_t n, double tolerance);

#endif
