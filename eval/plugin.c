/* Loading a searcher from a shared object. Whoever names one runs its code, so nothing here is a
 * wall; but a file that is no plugin, a damaged one, one that was built against another version or
 * fills its struct wrongly must end in a sentence, never in a crash. */
#include "eval/plugin.h"
#include <ctype.h>
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/registry.h"

enum { MAX_FILE = 256 << 20, MAX_OPTIONS = 64, MAX_OPTION_BYTES = 1 << 16, MAX_NAME = 40 };

/* Loaded ones, as copies that are marked foreign. */
typedef struct loaded {
    af_searcher searcher;
    const af_searcher *original;
    struct loaded *next;
} loaded;
static loaded *all;

bool af_is_plugin(const char *method)
{
    size_t n = strlen(method);
    return strchr(method, '/') && n > 3 && !strcmp(method + n - 3, ".so");
}

/* ---- the file ---- */

/* The loader maps segments as their headers say; beyond the end of the file that is a bus error. */
static bool is_whole(const char *data, size_t size)
{
    ElfW(Ehdr) head;
    if (size < sizeof head) return false;
    memcpy(&head, data, sizeof head);
    if (memcmp(head.e_ident, ELFMAG, SELFMAG) || head.e_phentsize != sizeof(ElfW(Phdr)))
        return false;
    if (head.e_phoff > size || (size - head.e_phoff) / sizeof(ElfW(Phdr)) < head.e_phnum)
        return false;
    for (int i = 0; i < head.e_phnum; i++) {
        ElfW(Phdr) p;
        memcpy(&p, data + head.e_phoff + (size_t)i * sizeof p, sizeof p);
        if (p.p_type == PT_LOAD && (p.p_offset > size || size - p.p_offset < p.p_filesz))
            return false;
    }
    return true;
}

static af_status check_file(char sha256[AF_SHA256_HEX], const char *path)
{
    char *data;
    size_t size;
    AF_TRY(af_file_read(&data, &size, path, MAX_FILE));
    af_sha256_of(data, size, sha256);
    bool whole = is_whole(data, size);
    af_free(data);
    if (whole) return AF_OK;
    return af_fail(AF_EFORMAT,
                   "%s: no shared object, or not all of one; build it with: cc -shared -fPIC "
                   "$(pkg-config --cflags afield) mine.c -o mine.so",
                   path);
}

/* ---- the stamp ---- */

static af_status find_stamp(const af_plugin **out, const char *path)
{
    Dl_info info;
    const ElfW(Sym) *symbol = NULL;
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL); /* never closed: its code may be anywhere */
    if (!handle) return af_fail(AF_EFORMAT, "cannot load a plugin: %s", dlerror());
    void *found = dlsym(handle, "af_plugin_searcher");
    if (!found || !dladdr1(found, &info, (void **)(uintptr_t)&symbol, RTLD_DL_SYMENT) || !symbol ||
        ELF64_ST_TYPE(symbol->st_info) != STT_OBJECT || symbol->st_size < 2 * 16)
        return af_fail(AF_EFORMAT,
                       "%s: exports no searcher; end its source with AF_PLUGIN(searcher); "
                       "core/searcher.h has an example",
                       path);
    *out = found;
    if (memcmp((*out)->magic, AF_PLUGIN_MAGIC, sizeof AF_PLUGIN_MAGIC))
        return af_fail(AF_EFORMAT, "%s: af_plugin_searcher was not made by AF_PLUGIN", path);
    static const uint32_t sizes[AF_PLUGIN_SIZES] = AF_PLUGIN_SIZES_HERE;
    const bool same = symbol->st_size == sizeof **out &&
                      !strncmp((*out)->version, AF_VERSION, sizeof(*out)->version) &&
                      !memcmp((*out)->sizes, sizes, sizeof sizes);
    if (same) return AF_OK;
    return af_fail(AF_EUNSUPPORTED,
                   "%s: was built against other headers, of Afield %.16s; this is %s; build it "
                   "anew against this one's",
                   path, (*out)->version, AF_VERSION);
}

/* ---- the struct ---- */

static bool is_name(const char *s)
{
    size_t n = 0;
    while (n <= MAX_NAME &&
           (islower((unsigned char)s[n]) || isdigit((unsigned char)s[n]) || s[n] == '_'))
        n++;
    return n > 0 && n <= MAX_NAME && !s[n];
}

static const char *wrong_option(const af_searcher *s, const af_option *o, void *values)
{
    if (o->kind > AF_OPT_CHOICE) return "a kind that does not exist";
    if (o->offset > s->options_size || s->options_size - o->offset < sizeof(int))
        return "an offset outside of options_size";
    if ((o->kind == AF_OPT_CHOICE) != (o->choices != NULL)) return "choices where none belong";
    if (!o->help) return "no help";
    if (!o->def) return o->kind == AF_OPT_TEXT ? NULL : "no default";
    return af_options_set(s->options, values, o->name, o->def) == AF_OK ? NULL
                                                                        : "a default out of range";
}

static af_status check_options(const af_searcher *s)
{
    af_status st = AF_OK;
    if (s->options_size > MAX_OPTION_BYTES)
        return af_fail(AF_EFORMAT, "options_size is %zu", s->options_size);
    char *values = af_calloc(1, s->options_size + sizeof(double));
    if (!values) return AF_ENOMEM;
    for (int i = 0; st == AF_OK && s->options && s->options[i].name; i++) {
        const char *why = i == MAX_OPTIONS ? "no end of the table after it"
                                           : wrong_option(s, &s->options[i], values);
        if (why) st = af_fail(AF_EFORMAT, "option '%.40s' has %s", s->options[i].name, why);
    }
    af_free(values);
    return st;
}

static af_status check_struct(const af_searcher *s)
{
    if (!s || !s->name || !s->title || !s->summary || !s->cite)
        return af_fail(AF_EFORMAT, "name, title, summary and cite must all be there");
    if (!is_name(s->name))
        return af_fail(AF_EFORMAT, "name '%.60s', want 1 to %d of a-z, 0-9 and _", s->name,
                       MAX_NAME);
    const af_space *space = af_find_space(s->name);
    if (af_find_searcher(s->name) || (space && space->baseline))
        return af_fail(AF_EFORMAT, "'%s' is a method of Afield's own; give yours another name",
                       s->name);
    bool asked = s->open && s->ask && s->tell && s->close;
    bool none = !s->open && !s->ask && !s->tell && !s->close;
    if (s->search ? !none : !asked)
        return af_fail(AF_EFORMAT, "want open, ask, tell and close, or search in their place");
    return check_options(s);
}

static af_status keep(const af_searcher **out, const af_searcher *original)
{
    for (loaded *l = all; l; l = l->next)
        if (l->original == original) {
            *out = &l->searcher;
            return AF_OK;
        }
    loaded *l = af_calloc(1, sizeof *l);
    if (!l) return AF_ENOMEM;
    *l = (loaded){*original, original, all};
    l->searcher.foreign = true;
    all = l;
    *out = &l->searcher;
    return AF_OK;
}

af_status af_plugin_open(const af_searcher **out, char sha256[AF_SHA256_HEX], const char *path)
{
    const af_plugin *stamp;
    AF_TRY(check_file(sha256, path));
    AF_TRY(find_stamp(&stamp, path));
    af_status st = check_struct(stamp->searcher);
    return st == AF_OK ? keep(out, stamp->searcher) : af_prefix(st, "%s", path);
}
