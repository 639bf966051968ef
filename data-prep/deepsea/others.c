/* Only the beginning of a text file is read, and of a MATLAB file the shapes. */
#include "data-prep/deepsea/others.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "data-prep/deepsea/filtered.h"
#include "data-prep/formats/content.h"
#include "data-prep/formats/mat.h"

enum { HEAD = 1 << 16 };

static const char want[] = "NAS-Bench-360's deepsea_filtered.npz (1000 bases, 36 targets)";

/* ---- the official files: train.mat, valid.mat, test.mat ---- */

static af_status refuse_mat(const char *path)
{
    static const char *const prefixes[] = {"train", "valid", "test"};
    af_mat *m;
    af_mat_shape y = {0};
    bool found = false;
    AF_TRY(af_mat_open(&m, path));
    for (size_t k = 0; k < sizeof prefixes / sizeof *prefixes && !found; k++) {
        char name[16];
        snprintf(name, sizeof name, "%sdata", prefixes[k]);
        found = af_mat_shape_of(&y, m, name) == AF_OK && y.rank == 2;
    }
    af_mat_close(m);
    if (!found)
        return af_fail(
            AF_EFORMAT,
            "%s: a MATLAB file without DeepSEA's traindata, validdata or testdata; import %s", path,
            want);
    /* sequences x targets; train.mat is HDF5, whose axes MATLAB reverses: targets come second */
    const long long targets = (long long)y.dims[1], sequences = (long long)y.dims[0];
    return af_fail(
        AF_EFORMAT,
        "%s: DeepSEA's layout with %lld sequences and %lld targets, where the task has 36 "
        "that are not known; a directory with train.mat, valid.mat and test.mat makes "
        "the variant deepsea_%lld; else import %s",
        path, sequences, targets, targets, want);
}

/* ---- texts ---- */

/* Letters of the first record after its header line. */
static int bases(const char *at)
{
    int n = 0;
    at = strchr(at, '\n');
    for (; at && *at && *at != '>'; at++) n += isalpha((unsigned char)*at) != 0;
    return n;
}

static af_status refuse_fasta(const char *path, const char *head)
{
    const size_t line = strcspn(head, "\r\n");
    const char *binary = strstr(head, "class:");
    const bool one = binary && binary < head + line;
    return af_fail(AF_EFORMAT,
                   "%s: FASTA with %d bases a sequence and %s: another data set with other labels; "
                   "import %s",
                   path, bases(head),
                   one ? "one class (bound or not)" : "the names of its labels in the header",
                   want);
}

static af_status refuse_table(const char *path, const char *head)
{
    const char *row = strchr(head, '\n');
    int length = 0;
    for (int tabs = 0; row && *row && tabs < 3; row++) {
        tabs += *row == '\t';
        length += tabs == 2 && isalpha((unsigned char)*row);
    }
    return af_fail(AF_EFORMAT,
                   "%s: a ChIP-seq table (FoldID, EventID, seq, Bound) of one protein, %d bases a "
                   "sequence: one label instead of 36; import %s",
                   path, length, want);
}

/* The beginning of a file, inflated if it is gzipped; *size 0: it cannot be. */
static af_status read_head(char head[HEAD], int *size, const char *path)
{
    gzFile f = gzopen(path, "rb");
    if (!f) return af_file_fail(path, "cannot open");
    *size = gzread(f, head, HEAD - 1);
    gzclose_r(f);
    if (*size < 0) *size = 0;
    head[*size] = '\0';
    return AF_OK;
}

static af_status refuse_text(const char *path, af_content kind)
{
    static const char columns[] = "FoldID\tEventID\tseq\tBound";
    char *head = af_alloc(HEAD);
    int size;
    if (!head) return AF_ENOMEM;
    af_status st = read_head(head, &size, path);
    const bool table = st == AF_OK && !strncmp(head, columns, sizeof columns - 1);
    if (table) st = refuse_table(path, head);
    if (st == AF_OK && kind == AF_CONTENT_FASTA) st = refuse_fasta(path, head);
    af_free(head);
    return st;
}

/* AF_OK: none of the files that are told apart here. */
static af_status refuse_known(const char *path)
{
    af_content kind;
    AF_TRY(af_content_of(&kind, path));
    if (kind == AF_CONTENT_FASTA || kind == AF_CONTENT_TEXT || kind == AF_CONTENT_TABLE)
        return refuse_text(path, kind);
    return kind == AF_CONTENT_MAT5 || kind == AF_CONTENT_MAT73 ? refuse_mat(path) : AF_OK;
}

static af_status refuse_directory(const char *path)
{
    char **names, below[AF_PATH_MAX];
    size_t count;
    AF_TRY(af_dir_list(&names, &count, path));
    af_status st = AF_OK;
    for (size_t i = 0; i < count && st == AF_OK; i++) {
        if (af_path_join(below, path, names[i]) != AF_OK || !af_file_exists(below) ||
            af_dir_exists(below))
            continue;
        st = refuse_known(below);
    }
    af_free(names);
    return st == AF_OK ? af_refuse(path, want) : st;
}

af_status af_deepsea_refuse(const char *path)
{
    if (af_dir_exists(path)) return refuse_directory(path);
    if (!af_file_exists(path)) return af_refuse(path, want);
    AF_TRY(refuse_known(path));
    return af_refuse(path, want);
}
