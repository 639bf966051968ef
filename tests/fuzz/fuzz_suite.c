/* Any bytes as a suite: refused with one message, or accepted with jobs that can all be made. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "eval/suite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    af_suite *s;
    char *text = af_alloc(size + 1);
    if (!text) return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    af_status st = af_suite_parse(&s, text, size, "fuzz.yaml");
    af_free(text);
    if (st != AF_OK) {
        if (!*af_error()) abort();
        return 0;
    }
    for (size_t i = 0; i < af_suite_count(s); i++) {
        af_job job;
        char name[256];
        if (af_suite_job(&job, name, s, i) != AF_OK) abort();
    }
    af_suite_free(s);
    return 0;
}
