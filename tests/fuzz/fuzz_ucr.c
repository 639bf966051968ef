/* Any bytes as a text file of the UCR and UEA archives. The first byte chooses the ending of the
 * name and so the layout, the second how long a series is. What is read is finite, and no longer
 * than the text can hold. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "data-prep/formats/ucr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"fuzz.tsv", "fuzz.txt", "fuzz.arff", "fuzz.ts"};
    af_ucr u;
    if (size < 2) return 0;
    const char *name = names[data[0] % 4];
    const int length = data[1] % 16 + 1;
    size -= 2;
    char *text = af_alloc(size); /* its end is guarded */
    if (!text) return 0;
    memcpy(text, data + 2, size);
    if (af_ucr_parse(&u, text, size, length, name) == AF_OK) {
        if (u.length != length || !u.count || u.count > size) abort();
        for (size_t k = 0; k < u.count; k++) {
            if (!isfinite(u.label[k])) abort();
            for (int i = 0; i < length; i++)
                if (!isfinite(u.x[k * (size_t)length + (size_t)i])) abort();
        }
        af_ucr_free(&u);
    } else if (strlen(af_error()) > 1000 || strncmp(af_error(), name, strlen(name)) != 0) {
        abort();
    }
    af_free(text);
    return 0;
}
