/* Hostile files of any kind, to be recognised and refused. The first byte chooses the file's name,
 * which counts where first bytes say nothing; the rest is the file. What is said of it is printable
 * and bounded, the same every time, and a refusal names the file. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/base/file.h"
#include "data-prep/formats/content.h"

static const char *const names[] = {"file",     "train.bin", "test",       "data_batch_1.bin",
                                    "file.a3m", "file.hea",  "file.ts.gz", "file.csv",
                                    "file.ts",  "train",     "test_batch", "file.csv.gz"};
enum { NAMES = sizeof names / sizeof *names, MESSAGE_MOST = 1000 };
static char directory[] = "/tmp/afield-fuzz-XXXXXX";
static char path[NAMES][AF_PATH_MAX];

static void must(bool ok)
{
    if (ok) return;
    fprintf(stderr, "cannot prepare: %s\n", af_error());
    abort();
}

static void clean(void)
{
    for (int k = 0; k < NAMES; k++) unlink(path[k]);
    rmdir(directory);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    must(mkdtemp(directory) && !atexit(clean));
    for (int k = 0; k < NAMES; k++) must(af_path_join(path[k], directory, names[k]) == AF_OK);
    return 0;
}

static void assert_fit(const char *text, size_t most)
{
    const size_t n = strnlen(text, most);
    if (n == most) abort();
    for (size_t i = 0; i < n; i++)
        if (text[i] < ' ' || text[i] > '~') abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size) return 0;
    const char *at = path[data[0] % NAMES];
    af_content kind, again, told;
    char about[AF_CONTENT_ABOUT], same[AF_CONTENT_ABOUT];
    FILE *f = fopen(at, "wb");
    must(f && fwrite(data + 1, 1, size - 1, f) == size - 1 && !fclose(f));
    memset(about, 'x', sizeof about);
    if (af_content_of(&kind, at) != AF_OK || af_content_about(&told, about, at) != AF_OK) abort();
    if (kind != told || (int)kind < 0 || kind >= AF_CONTENTS || !af_content_names[kind].one)
        abort();
    assert_fit(about, sizeof about);
    if (af_content_about(&again, same, at) != AF_OK || again != told || strcmp(about, same))
        abort();
    if ((kind == AF_CONTENT_EMPTY) != (size == 1)) abort();
    if (af_refuse(at, "something else") != AF_EFORMAT || !strstr(af_error(), at)) abort();
    assert_fit(af_error(), MESSAGE_MOST);
    return 0;
}
