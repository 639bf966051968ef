/* A transfer is believed only as far as it can be checked: a range must begin where it was asked to
 * and be of a file of the same length and tag, a whole body must have the length announced, and a
 * web page is not a data file. */
#include "core/data/download.h"
#include <curl/curl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/search/run.h"

enum { TAG = 256, REDIRECTS = 5, CONNECT_SECONDS = 30, STALL_SECONDS = 60, HEAD = 256 };

typedef struct transfer {
    const af_download *d;
    char part[AF_PATH_MAX], note[AF_PATH_MAX]; /* .part, .part.json */
    FILE *f;
    CURL *curl;
    int64_t have;        /* bytes in .part */
    int64_t asked;       /* where the range began that was asked for; 0: all */
    int64_t total;       /* of the whole file; -1: not known */
    char tag[TAG];       /* strong ETag; "": none */
    int64_t noted_total; /* from .part.json */
    char noted_tag[TAG];
    int64_t range_first, range_total, length; /* of this response; -1: not said */
    char this_tag[TAG];
    bool begun; /* the body of the final response */
    af_status st;
    af_progress *bar;
} transfer;

af_status af_download_check_url(const char *url)
{
    static const char *const allowed[] = {"http://", "https://", "file://"};
    for (size_t k = 0; k < sizeof allowed / sizeof *allowed; k++)
        if (!strncasecmp(url, allowed[k], strlen(allowed[k]))) return AF_OK;
    return af_fail(AF_EUSAGE,
                   "'%.100s', want an address that begins with https://, http:// or "
                   "file://",
                   url);
}

/* ---- what is known of the unfinished file ---- */

static void read_note(transfer *t)
{
    struct stat info;
    json_t *o = json_load_file(t->note, 0, NULL);
    const char *url = json_string_value(json_object_get(o, "url"));
    const char *tag = json_string_value(json_object_get(o, "tag"));
    t->noted_total = json_integer_value(json_object_get(o, "total"));
    if (tag) snprintf(t->noted_tag, sizeof t->noted_tag, "%s", tag);
    const bool same = url && !strcmp(url, t->d->url) && (t->noted_total > 0 || *t->noted_tag);
    if (same && !strncasecmp(url, "http", 4) && !stat(t->part, &info) && S_ISREG(info.st_mode))
        t->have = (int64_t)info.st_size;
    json_decref(o);
}

static af_status write_note(const transfer *t)
{
    json_t *o = json_pack("{ss ss sI}", "url", t->d->url, "tag", t->tag, "total",
                          (json_int_t)(t->total > 0 ? t->total : 0));
    char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
    json_decref(o);
    if (!text) return af_fail(AF_EUSAGE, "%.100s: an address that is no UTF-8", t->d->url);
    af_status st = af_file_write(t->note, text, strlen(text));
    free(text); /* jansson's */
    return st;
}

/* ---- libcurl's callbacks ---- */

static size_t on_header(char *data, size_t one, size_t size, void *payload)
{
    transfer *t = payload;
    char line[512];
    long long first, last, total;
    (void)one;
    snprintf(line, sizeof line, "%.*s", (int)(size < 500 ? size : 500), data);
    line[strcspn(line, "\r\n")] = '\0';
    if (!strncmp(line, "HTTP/", 5)) { /* the next response, after a redirect */
        t->range_first = t->range_total = t->length = -1;
        t->this_tag[0] = '\0';
    } else if (!strncasecmp(line, "etag:", 5)) {
        const char *tag = line + 5 + strspn(line + 5, " ");
        if (*tag == '"')
            snprintf(t->this_tag, sizeof t->this_tag, "%.255s", tag); /* a strong one */
    } else if (!strncasecmp(line, "content-length:", 15)) {
        t->length = strtoll(line + 15, NULL, 10);
    } else if (!strncasecmp(line, "content-range:", 14) &&
               sscanf(line + 14, " bytes %lld-%lld/%lld", &first, &last, &total) == 3) {
        t->range_first = first;
        t->range_total = total;
    }
    return size;
}

/* The first bytes of a body that counts: are they the rest that was asked for, or all of it? */
static af_status begin(transfer *t, long code)
{
    t->begun = true;
    if (code == 206) {
        const bool same = t->range_first == t->asked && t->range_total > 0 &&
                          (!t->noted_total || t->range_total == t->noted_total) &&
                          (!*t->noted_tag || !*t->this_tag || !strcmp(t->noted_tag, t->this_tag));
        if (!same)
            return af_fail(AF_EFORMAT,
                           "%s: the server sent another part than was asked for; "
                           "delete %s and run the command again",
                           t->d->url, t->part);
        t->total = t->range_total;
        snprintf(t->tag, sizeof t->tag, "%s", t->noted_tag);
        return AF_OK;
    }
    t->have = 0;
    t->total = t->length;
    snprintf(t->tag, sizeof t->tag, "%s", t->this_tag);
    if (fflush(t->f) || ftruncate(fileno(t->f), 0) || fseek(t->f, 0, SEEK_SET))
        return af_file_fail(t->part, "cannot write");
    if (t->asked) af_log(AF_LOG_INFO, "the server sends all of it anew");
    return t->total > 0 || *t->tag ? write_note(t) : AF_OK;
}

static size_t on_data(char *data, size_t one, size_t size, void *payload)
{
    transfer *t = payload;
    long code = 0;
    (void)one;
    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &code);
    if (code >= 300) return size; /* says what is wrong, for people */
    if (!t->begun) t->st = begin(t, code);
    if (t->st == AF_OK && fwrite(data, 1, size, t->f) != size)
        t->st = af_file_fail(t->part, "cannot write");
    t->have += (int64_t)size;
    return t->st == AF_OK ? size : 0;
}

static int on_progress(void *payload, curl_off_t total, curl_off_t now, curl_off_t up_total,
                       curl_off_t up)
{
    transfer *t = payload;
    (void)total, (void)now, (void)up_total, (void)up;
    const double part = t->total > 0 ? (double)t->have / (double)t->total : 0;
    af_progress_set(t->bar, part, "%.1f MB", (double)t->have * 1e-6);
    return af_stop_requested();
}

/* ---- one transfer ---- */

static void set_protocols(CURL *c, bool secure)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https,file");
    curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");
#else
    const long web = CURLPROTO_HTTPS | (secure ? 0 : CURLPROTO_HTTP);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS | CURLPROTO_FILE);
    curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS, web);
#endif
}

static CURLcode perform(transfer *t, char *reason)
{
    CURL *c = t->curl;
    char range[32], condition[TAG + 16];
    struct curl_slist *headers = NULL;
    curl_easy_setopt(c, CURLOPT_URL, t->d->url);
    set_protocols(c, !strncasecmp(t->d->url, "https", 5));
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(c, CURLOPT_MAXREDIRS, (long)REDIRECTS);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)STALL_SECONDS);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "afield");
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, reason);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_data);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(c, CURLOPT_XFERINFODATA, t);
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    if (t->asked) {
        snprintf(range, sizeof range, "%lld-", (long long)t->asked);
        curl_easy_setopt(c, CURLOPT_RANGE, range);
        snprintf(condition, sizeof condition, "If-Range: %s", t->noted_tag);
        if (*t->noted_tag) headers = curl_slist_append(headers, condition);
        if (headers) curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    }
    const CURLcode code = curl_easy_perform(c);
    curl_slist_free_all(headers);
    return code;
}

/* Of a transfer that libcurl did not like. What came stays, and the next call goes on. */
static af_status explain(const transfer *t, CURLcode code, const char *reason)
{
    const char *why = *reason ? reason : curl_easy_strerror(code), *url = t->d->url;
    if (t->st != AF_OK) return t->st;
    switch (code) {
    case CURLE_ABORTED_BY_CALLBACK:
        return af_fail(AF_EINTERRUPTED, "%s: stopped after %lld bytes; the same command goes on",
                       url, (long long)t->have);
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return af_fail(AF_EIO,
                       "%s: no such host (%s); is the address right, and is there a "
                       "network?",
                       url, why);
    case CURLE_TOO_MANY_REDIRECTS:
        return af_fail(AF_EIO, "%s: more than %d redirects; the address leads nowhere", url,
                       REDIRECTS);
    case CURLE_UNSUPPORTED_PROTOCOL:
        return af_fail(AF_EIO, "%s: leads to an address that is not http or https (%s)", url, why);
    case CURLE_FILE_COULDNT_READ_FILE:
        return af_fail(AF_ENOTFOUND, "%s: no such file", url);
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_OPERATION_TIMEDOUT:
        return af_fail(AF_EIO,
                       "%s: broke off after %lld bytes%s (%s); run the command again to go "
                       "on",
                       url, (long long)t->have, t->total > 0 ? ", not all of it" : "", why);
    default:
        return af_fail(AF_EIO, "%s: %s", url, why);
    }
}

static af_status check_code(const transfer *t, long code)
{
    if (code < 300) return AF_OK;
    return af_fail(code == 404 || code == 410 ? AF_ENOTFOUND : AF_EIO,
                   "%s: the server answers %ld%s", t->d->url, code,
                   code == 404 || code == 410   ? ", there is no such file; is the address right?"
                   : code == 401 || code == 403 ? ", it does not give this file to everybody; get "
                                                  "it with a browser"
                                                : "; try again later");
}

static af_status transfer_once(transfer *t, bool *again)
{
    char reason[CURL_ERROR_SIZE] = "";
    long code = 0;
    *again = false;
    t->asked = t->have;
    t->total = -1;
    t->range_first = t->range_total = t->length = -1;
    t->f = fopen(t->part, t->asked ? "ab" : "wb");
    if (!t->f) return af_file_fail(t->part, "cannot write");
    const CURLcode result = perform(t, reason);
    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &code);
    const bool closed = !fclose(t->f);
    if (result != CURLE_OK) return explain(t, result, reason);
    if (!closed) return af_file_fail(t->part, "cannot write");
    if (code == 416 && t->asked) { /* nothing beyond what is there */
        if (t->noted_total == t->have) return AF_OK;
        *again = true;
        t->have = 0;
        return AF_OK;
    }
    AF_TRY(check_code(t, code));
    if (t->total < 0 || t->have == t->total) return AF_OK;
    return af_fail(AF_EIO, "%s: %lld bytes came, want %lld; run the command again to go on",
                   t->d->url, (long long)t->have, (long long)t->total);
}

/* ---- what came ---- */

/* Servers that want to ask something first answer with a page instead of the file. */
static af_status refuse_page(const transfer *t)
{
    char head[HEAD + 1] = "";
    FILE *f = fopen(t->part, "rb");
    const size_t n = f ? fread(head, 1, HEAD, f) : 0;
    if (f) fclose(f);
    head[n] = '\0';
    const char *from = head + strspn(head, " \t\r\n");
    if (strncasecmp(from, "<!doctype html", 14) && strncasecmp(from, "<html", 5)) return AF_OK;
    af_file_remove(t->part);
    af_file_remove(t->note);
    return af_fail(AF_EFORMAT,
                   "%s: a web page came instead of the file; open it in a browser and "
                   "save the file yourself",
                   t->d->url);
}

static af_status check_sum(char sha256[AF_SHA256_HEX], const af_download *d, const char *path)
{
    AF_TRY(af_sha256_file(path, sha256));
    if (!d->sha256 || !strcasecmp(d->sha256, sha256)) return AF_OK;
    return af_fail(AF_EFORMAT,
                   "%s: sha256 %s, want %s; it is another file or was damaged: delete "
                   "it and fetch again",
                   path, sha256, d->sha256);
}

static af_status fetch(char sha256[AF_SHA256_HEX], transfer *t)
{
    bool again = true;
    read_note(t);
    if (t->have)
        af_log(AF_LOG_INFO, "going on after %.1f MB that are there", (double)t->have * 1e-6);
    for (int tries = 0; again && tries < 2; tries++) AF_TRY(transfer_once(t, &again));
    if (again) return af_fail(AF_EIO, "%s: the server refuses to send it (416)", t->d->url);
    AF_TRY(refuse_page(t));
    af_file_remove(t->note); /* it is whole: nobody goes on here */
    AF_TRY(check_sum(sha256, t->d, t->part));
    return af_file_commit(t->part, t->d->path);
}

af_status af_download_run(char sha256[AF_SHA256_HEX], const af_download *d)
{
    static bool initialised;
    transfer t = {.d = d};
    AF_TRY(af_download_check_url(d->url));
    AF_TRY(af_path_format(t.part, "%s.part", d->path));
    AF_TRY(af_path_format(t.note, "%s.part.json", d->path));
    if (af_file_exists(d->path)) {
        af_log(AF_LOG_INFO, "%s: there already", d->path);
        return check_sum(sha256, d, d->path);
    }
    if (!initialised && curl_global_init(CURL_GLOBAL_DEFAULT))
        return af_fail(AF_EINTERNAL, "libcurl does not start");
    initialised = true;
    t.curl = curl_easy_init();
    if (!t.curl) return af_fail(AF_ENOMEM, "no memory for a transfer");
    t.bar = af_progress_new(af_path_name(d->path), 1);
    af_status st = fetch(sha256, &t);
    char said[32];
    snprintf(said, sizeof said, st == AF_OK ? "%.1f MB" : "%.1f MB, unfinished",
             (double)t.have * 1e-6);
    af_progress_end(t.bar, "%s", said);
    curl_easy_cleanup(t.curl);
    return st;
}
