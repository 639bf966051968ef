/* Darcy flow in files of PyTorch, as the neuraloperator library has it (darcy_train_16.pt): a dict
 * of x, coefficients, and y, solutions, samples x grid x grid. Another grid than the task's, so
 * they become a variant, "darcy_16". */
#ifndef AF_DARCY_TENSORS_H
#define AF_DARCY_TENSORS_H
#include "core/base/file.h"
#include "core/prep.h"
#include "data-prep/darcy/samples.h"
#include "data-prep/formats/torch.h"

typedef struct af_darcy_tensors {
    af_torch *file;
    const af_pickle_tensor *x, *y; /* x of bools: true is taken as 12, false as 3 */
    char path[AF_PATH_MAX];
    int64_t count;
    int grid;
} af_darcy_tensors;

/* Opens a file and checks both shapes. */
AF_CHECKED af_status af_darcy_tensors_open(af_darcy_tensors *out, const char *path);
void af_darcy_tensors_close(af_darcy_tensors *f);

/* What core/prep.h says of af_prep.variant. */
AF_CHECKED af_status af_darcy_tensors_variant(af_variant *out, const af_prep_request *r);
/* `source`: a file, split 80 : 10 : 10 in its order; or a directory with darcy_train_N.pt, whose
 * last tenth validates, and darcy_test_N.pt. At most so many samples to learn from and to test. */
AF_CHECKED af_status af_darcy_tensors_import(const af_prep_request *r, int64_t learn, int64_t test);

#endif
