/* Texts of configurations, for every space: a text is refused with a short message, or what it
 * means prints to a text that means the same and builds a network or a clear error. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/registry.h"

static void require(bool holds)
{
    if (!holds) abort();
}

static void check_text(const af_space *s, const char *text)
{
    static const af_io io = {{2, 5, 4}, {3, 1, 1}, false, AF_TINY};
    char first[AF_CONFIG_TEXT], second[AF_CONFIG_TEXT];
    af_config c, again;
    if (af_space_parse(s, &c, text) != AF_OK) {
        require(strlen(af_error()) < 1024);
        return;
    }
    af_space_print(s, &c, first);
    require(af_space_parse(s, &again, first) == AF_OK);
    af_space_print(s, &again, second);
    require(!strcmp(first, second));
    af_space_canonical(s, &c, first);
    af_space_canonical(s, &again, second);
    require(!strcmp(first, second));
    af_graph *g;
    require(af_space_build(s, &c, &io, &g) == AF_OK);
    af_graph_free(g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = af_alloc(size + 1);
    require(text != NULL);
    if (size) memcpy(text, data, size);
    text[size] = '\0';
    for (const af_space *const *s = af_builtin.space; *s; s++) check_text(*s, text);
    af_free(text);
    return 0;
}
