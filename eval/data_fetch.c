/* `afield data fetch`: the files of a task that can be had directly, or one from a given address.
 */
#include <stdio.h>
#include <string.h>
#include "core/base/file.h"
#include "core/data/download.h"
#include "core/search/run.h"
#include "eval/cli.h"
#include "eval/data.h"

static af_status destination(char out[AF_PATH_MAX], const af_fetch_request *r)
{
    char data[AF_PATH_MAX];
    if (r->to) return af_path_format(out, "%s", r->to);
    AF_TRY(af_data_dir(data));
    return af_path_format(out, "%s/raw/%s", data, r->task->name);
}

/* The last part of an address, without what follows a '?'. */
static af_status name_of(char out[256], const char *url)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const size_t end = strcspn(url, "?#");
    size_t start = end;
    while (start && url[start - 1] != '/') start--;
    const size_t n = end - start;
    if (n && n < 200 && strspn(url + start, plain) >= n && url[start] != '.' &&
        strncmp(url + start - 2, "//", 2)) {
        snprintf(out, 256, "%.*s", (int)n, url + start);
        return AF_OK;
    }
    return af_fail(AF_EUSAGE, "--from '%.100s' does not end in the name of a file", url);
}

static af_status fetch_one(const char *directory, const char *name, const char *url,
                           const char *sha256)
{
    char path[AF_PATH_MAX], got[AF_SHA256_HEX];
    const af_download d = {url, path, sha256};
    AF_TRY(af_path_join(path, directory, name));
    AF_TRY(af_download_run(got, &d));
    printf("%s\n    sha256 %s%s\n", path, got,
           sha256 ? ", as it should be" : ", not checked: none is known");
    return AF_OK;
}

static af_status check_digits(const af_fetch_request *r)
{
    if (!r->sha256) return AF_OK;
    if (!r->from) return af_fail(AF_EUSAGE, "--sha256 is of one file; name it with --from URL");
    if (strlen(r->sha256) == 64 && strspn(r->sha256, "0123456789abcdefABCDEF") == 64) return AF_OK;
    return af_fail(AF_EUSAGE, "--sha256 '%.80s', want 64 hexadecimal digits", r->sha256);
}

/* name: of the file when it is only one, else "". */
static af_status fetch_known(char name[256], const af_fetch_request *r, const char *directory)
{
    const af_prep *prep = af_find_prep(r->task->name);
    int files = 0;
    for (const af_raw_file *s = prep ? prep->sources : NULL; s && s->name; s++) {
        if (!s->direct) continue;
        AF_TRY(fetch_one(directory, s->name, s->url, s->sha256));
        snprintf(name, 256, "%s", files++ ? "" : s->name);
    }
    if (files) return AF_OK;
    return af_fail(AF_EUNSUPPORTED,
                   "no file of %s can be had directly, as far as is known; `afield data where %s` "
                   "says where they are, and --from URL takes one from elsewhere",
                   r->task->name, r->task->name);
}

af_status af_data_fetch(const af_fetch_request *r)
{
    char directory[AF_PATH_MAX], name[256] = "";
    if (r->task->variant_of)
        return af_fail(AF_EUSAGE, "%s is a variant of a task; see `afield data where %s`",
                       r->task->name, r->task->variant_of);
    if (r->task->own)
        return af_fail(AF_EUSAGE, "%s is your own dataset; nothing is known of where it is from",
                       r->task->name);
    AF_TRY(check_digits(r));
    if (r->from) AF_TRY(af_download_check_url(r->from));
    if (r->from) AF_TRY(name_of(name, r->from));
    AF_TRY(destination(directory, r));
    AF_TRY(af_mkdirs(directory));
    af_catch_signals();
    AF_TRY(r->from ? fetch_one(directory, name, r->from, r->sha256)
                   : fetch_known(name, r, directory));
    printf("then: afield data import %s %s%s%s; `afield data where %s` says more\n", r->task->name,
           directory, *name ? "/" : "", name, r->task->name);
    return AF_OK;
}
