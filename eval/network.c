/* Networks as people name them: see network.h. */
#include "eval/network.h"
#include <stdio.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/data/dataset.h"
#include "eval/cli.h"
#include "eval/own.h"

enum { MAX_ARCH_FILE = 1 << 24 };

const char *const af_network_sizes[] = {
    [AF_TINY] = "tiny", [AF_SMALL] = "small", [AF_FULL] = "full", [AF_SIZES] = "auto", NULL};

static af_status parse_shape(af_shape *out, const char *text)
{
    int used = 0;
    if (sscanf(text, "%dx%dx%d%n", &out->c, &out->h, &out->w, &used) == 3 && !text[used] &&
        out->c > 0 && out->h > 0 && out->w > 0 && out->c <= AF_MAX_DIM && out->h <= AF_MAX_DIM &&
        out->w <= AF_MAX_DIM)
        return AF_OK;
    return af_fail(AF_EUSAGE,
                   "--input '%.40s', want channels x height x width such as 3x32x32, or 1x1x1000",
                   text);
}

static af_status find_io(af_io *io, const af_network_options *o)
{
    if (!o->task == !o->input)
        return af_fail(AF_EUSAGE, "give either --task TASK or --input 3x32x32 --outputs 100");
    af_size size = o->size != AF_SIZES ? (af_size)o->size : AF_FULL;
    *io = (af_io){.output = {o->outputs, 1, 1}, .dense = o->dense, .size = size};
    if (o->input) {
        AF_TRY(parse_shape(&io->input, o->input));
        if (o->dense) io->output = (af_shape){o->outputs, io->input.h, io->input.w};
        return AF_OK;
    }
    const af_task *task;
    af_dataset *d;
    char directory[4096];
    AF_TRY(af_need_task(&task, o->task));
    if (o->size == AF_SIZES) size = af_usual_size(task);
    AF_TRY(af_need_data(directory, task, size));
    AF_TRY(af_dataset_open(&d, directory, task, AF_MAIN));
    *io = af_dataset_io(d);
    af_dataset_close(d);
    return AF_OK;
}

/* The text of ARCH: the word itself, or with a leading @ what a file holds. */
static af_status read_arch(char **out, const char *word)
{
    size_t size;
    *out = NULL;
    if (word[0] != '@') return (*out = af_strdup(word)) ? AF_OK : AF_ENOMEM;
    AF_TRY(af_file_read(out, &size, word + 1, MAX_ARCH_FILE));
    if (strlen(*out) == size) {
        (*out)[strcspn(*out, "\r\n")] = '\0';
        return AF_OK;
    }
    af_free(*out);
    *out = NULL;
    return af_fail(AF_EFORMAT, "%s: not a text; want an architecture on one line", word + 1);
}

/* Says, after what is wrong with it as an architecture, that a word is no baseline either. */
static af_status no_baseline(af_status st, const char *word)
{
    enum { MAX_NAMES = 64 };
    const char *names[MAX_NAMES] = {0};
    char list[512] = "";
    size_t n = 0;
    for (size_t i = 0; n < MAX_NAMES - 1 && af_builtin.space[i]; i++) {
        if (!af_builtin.space[i]->baseline) continue;
        names[n++] = af_builtin.space[i]->name;
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", n > 1 ? ", " : "", names[n - 1]);
    }
    const char *near = af_nearest(word, names);
    return af_fail(st, "%s; nor is '%.40s' a baseline%s%s%s, of which there are: %s", af_error(),
                   word, near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "", list);
}

/* The configuration that a word means: a baseline's default, or a text of the space. */
static af_status find_config(const af_space **space, af_config *c, const char *word,
                             const char *name)
{
    char *text;
    *space = af_find_space(word);
    if (*space && (*space)->baseline) return af_space_parse(*space, c, "default");
    AF_TRY(af_need_space(space, name ? name : "nb201"));
    AF_TRY(read_arch(&text, word));
    af_status st = af_space_parse(*space, c, text);
    af_free(text);
    bool is_name = !name && word[0] != '@' && !strpbrk(word, "|~");
    return st == AF_EINVAL && is_name ? no_baseline(st, word) : st;
}

af_status af_network_build(af_network *out, const char *word, const af_network_options *o)
{
    af_config c;
    *out = (af_network){0};
    AF_TRY(find_config(&out->space, &c, word, o->space));
    AF_TRY(find_io(&out->io, o));
    AF_TRY(af_space_build(out->space, &c, &out->io, &out->graph));
    af_space_print(out->space, &c, out->name);
    return AF_OK;
}
