/* `afield data where`: what is known of where a task's raw data are. What is not known is called
 * so. */
#include <stdio.h>
#include <string.h>
#include "eval/cli.h"
#include "eval/data.h"

static const char *or_unknown(const char *text)
{
    return text ? text : "not known";
}

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

static json_t *sources_json(const af_prep *prep)
{
    json_t *list = json_array();
    for (const af_raw_file *s = prep->sources; s && s->name; s++)
        json_array_append_new(
            list,
            json_pack("{ss so sb so so so so ss}", "name", s->name, "url", text_or_null(s->url),
                      "direct", s->direct, "size", text_or_null(s->size), "licence",
                      text_or_null(s->license), "sha256", text_or_null(s->sha256), "note",
                      text_or_null(s->note), "origin", s->prepared ? "NAS-Bench-360" : "official"));
    return list;
}

/* `note` in lines of at most 90 bytes, indented. */
static void print_wrapped(const char *text)
{
    enum { WIDTH = 90 };
    while (*text) {
        size_t n = strlen(text);
        if (n > WIDTH) {
            for (n = WIDTH; n && text[n] != ' '; n--) continue;
            if (!n) n = WIDTH;
        }
        printf("    %.*s\n", (int)n, text);
        text += n;
        text += strspn(text, " ");
    }
}

static void print_source(const af_raw_file *s)
{
    printf("%s (%s)\n    %s\n    size: %s; licence: %s; sha256: %s\n", s->name,
           s->prepared ? "prepared by NAS-Bench-360" : "official", or_unknown(s->url),
           or_unknown(s->size), or_unknown(s->license), or_unknown(s->sha256));
    if (s->note) print_wrapped(s->note);
}

static af_status own_task(const af_task *task)
{
    if (task->variant_of)
        return af_fail(AF_EUSAGE, "%s is a variant of a task; see `afield data where %s`",
                       task->name, task->variant_of);
    return af_fail(AF_EUSAGE,
                   "%s is your own dataset: its files are those that its manifest names; see "
                   "`afield describe %s`",
                   task->name, task->name);
}

af_status af_data_where(const af_task *task, bool as_json)
{
    const af_prep *prep = af_find_prep(task->name);
    bool direct = false;
    if (task->own) return own_task(task);
    if (!prep) return af_fail(AF_EINTERNAL, "task %s has no prep", task->name);
    if (as_json)
        return af_print_json(json_pack("{ss so ss}", "task", task->name, "sources",
                                       sources_json(prep), "import", prep->accepts));
    if (!prep->sources) printf("where the raw data of %s are is not known here\n", task->name);
    for (const af_raw_file *s = prep->sources; s && s->name; s++) {
        print_source(s);
        direct |= s->direct;
    }
    printf("\nimport accepts\n");
    print_wrapped(prep->accepts);
    printf("\nthen\n");
    if (direct)
        printf(
            "    afield data fetch %s             # the official files that can be had directly\n",
            task->name);
    printf("    afield data import %s PATH       # what was fetched, in place\n"
           "    afield data generate %s          # or a stand-in, at once\n",
           task->name, task->name);
    return AF_OK;
}
