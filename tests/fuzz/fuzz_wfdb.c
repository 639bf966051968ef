/* Arbitrary bytes as what an ECG archive holds. The first byte chooses: a WFDB header, a MAT v4
 * file, a label list. What is found must lie inside the bytes given. */
#include <stdint.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "data-prep/ecg/physionet.h"
#include "data-prep/formats/mat4.h"
#include "data-prep/formats/wfdb.h"

static void header(const char *text, size_t size)
{
    af_wfdb_header h;
    if (af_wfdb_parse(&h, text, size, "fuzz.hea") != AF_OK) return;
    if (h.signals < 1 || h.signals > AF_WFDB_SIGNALS || !(h.frequency > 0)) abort();
}

static void matrix(const void *bytes, size_t size)
{
    af_mat4 m;
    if (af_mat4_find(&m, bytes, size, "val", "fuzz.mat") != AF_OK || m.type != AF_MAT4_INT16)
        return;
    int16_t *x = af_calloc((size_t)(m.rows * m.cols), sizeof *x);
    if (!x) return;
    af_mat4_int16(x, &m);
    af_free(x);
}

static void labels(const char *text, size_t size)
{
    af_ecg_reference *list;
    int count;
    if (af_physionet_reference(&list, &count, text, size, "fuzz.csv") != AF_OK) return;
    for (int i = 0; i < count; i++)
        if ((unsigned)list[i].label >= AF_ECG_LABELS) abort();
    af_free(list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size) return 0;
    const char *rest = (const char *)data + 1;
    if (data[0] % 3 == 0) header(rest, size - 1);
    if (data[0] % 3 == 1) matrix(rest, size - 1);
    if (data[0] % 3 == 2) labels(rest, size - 1);
    return 0;
}
