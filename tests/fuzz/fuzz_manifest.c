/* Any bytes as a manifest: refused with one message that names the file, or accepted as a task that
 * the rest of the program can rely on. The first byte chooses: bare input; or a good manifest in
 * which triples of input bytes (position, value) are patched; or input as a CSV table, an idx file
 * or the columns of one. */
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/registry.h"
#include "core/train/loss.h"
#include "data-prep/formats/ts.h"
#include "data-prep/own/array.h"

static const char good[] =
    "task: mine\nobjective: single_label\nmetric: f1_macro\nlabels: [a, b, c]\nsize: tiny\n"
    "aggregate: majority\nlicence: x\ncite: >-\n  two\n  lines\n"
    "recipe: {epochs: 3, schedule: step, milestones: [0.5], factor: 0.1, augment: {crop: 2}}\n"
    "data:\n  x: {file: t.csv, columns: [a, 3-4, 5], header: true}\n  y: t.npz\n"
    "  group: {file: u.h5, key: /g/h}\n  axes: NHWC\nsplit: {valid: 0.2, test: 0.1, seed: 3}\n";

static void check(const char *text, size_t size)
{
    af_own *own;
    if (af_own_parse(&own, text, size, "fuzz") != AF_OK) {
        if (strncmp(af_error(), "fuzz:", 5) != 0 || strlen(af_error()) > 2000) abort();
        return;
    }
    const af_task *t = &own->task;
    if (!t->name || !*t->name || !af_find_metric(t->metric) || !af_loss_find(t->loss)) abort();
    if (!t->own || t->size >= AF_SIZES || t->recipe[t->size].epochs < 1) abort();
    if (!own->part[0].x.file || !own->part[0].y.file) abort();
    for (int k = 0; t->labels && k < own->classes; k++)
        if (!t->labels[k]) abort();
    af_own_free(own);
}

static void check_patched(const uint8_t *patch, size_t size)
{
    enum { LENGTH = sizeof good - 1 };
    char *text = af_alloc(LENGTH);
    memcpy(text, good, LENGTH);
    for (size_t i = 0; i + 2 < size; i += 3)
        text[(patch[i] << 8 | patch[i + 1]) % LENGTH] = (char)patch[i + 2];
    check(text, LENGTH);
    af_free(text);
}

static void check_array(const uint8_t *data, size_t size, bool idx)
{
    static const af_yaml y = {.path = "fuzz"};
    static const af_yaml_node second = {.text = "2-3", .name = "columns", .of = &y};
    static const af_yaml_node first = {
        .text = "a", .name = "columns", .next = (af_yaml_node *)(uintptr_t)&second, .of = &y};
    static const af_yaml_node list = {.kind = AF_YAML_LIST,
                                      .name = "columns",
                                      .first = (af_yaml_node *)(uintptr_t)&first,
                                      .of = &y};
    af_own_source s = {.at = &list, .file = "fuzz", .header = size ? data[0] % 3 : 2};
    if (size > 1 && data[1] % 2) s.columns = &list;
    char *copy = af_alloc(size + 1); /* its end is guarded */
    memcpy(copy, data, size);
    for (int use = AF_OWN_VALUES; use <= AF_OWN_CODES; use++) {
        af_own_array a = {0};
        af_status st = af_ts_is(copy, size)
                           ? af_own_read_ts(&a, copy, size, "fuzz", (af_own_use)use)
                       : idx ? af_own_read_idx(&a, copy, size, "fuzz", (af_own_use)use)
                             : af_own_read_csv(&a, copy, size, "fuzz", &s, (af_own_use)use);
        if (st == AF_OK && a.type != AF_OWN_TEXT)
            for (int64_t i = 0; i < a.count; i++)
                if (!(af_own_element(&a, i) - af_own_element(&a, i) == 0)) abort(); /* finite */
        if (st != AF_OK && !*af_error()) abort();
        af_own_array_close(&a);
    }
    af_free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size) return 0;
    if (data[0] % 4 == 0) check((const char *)data + 1, size - 1);
    if (data[0] % 4 == 1) check_patched(data + 1, size - 1);
    if (data[0] % 4 == 2) check_array(data + 1, size - 1, false);
    if (data[0] % 4 == 3) check_array(data + 1, size - 1, true);
    return 0;
}
