/* Every run with its keys and digests, and the environments in which runs were made. Environments
 * are written as they stand in the files, whatever members they have. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "eval/page_inside.h"

enum { MAX_SHOWN = 300 /* bytes of a text */ };

/* What is of the run and not of the machine. */
static bool is_of_the_run(const char *member)
{
    return strcmp(member, "started") == 0 || strcmp(member, "finished") == 0 ||
           strcmp(member, "threads") == 0;
}

static bool same_environment(const af_result *a, const af_result *b)
{
    json_t *x = json_object_get(a->json, "environment"),
           *y = json_object_get(b->json, "environment");
    const char *key;
    json_t *value;
    if (!json_is_object(x) || !json_is_object(y)) return !json_is_object(x) && !json_is_object(y);
    json_object_foreach(x, key,
                        value) if (!is_of_the_run(key) &&
                                   !(json_object_get(y, key) &&
                                     json_equal(value, json_object_get(y, key)))) return false;
    json_object_foreach(y, key,
                        value) if (!is_of_the_run(key) && !json_object_get(x, key)) return false;
    return true;
}

/* number[i]: of the environment of result i, from 0; first[n]: the first result of the n-th. */
static int number_environments(const af_results *all, int *number, size_t *first)
{
    int count = 0;
    for (size_t i = 0; i < all->count; i++) {
        int n = 0;
        while (n < count && !same_environment(&all->at[first[n]], &all->at[i])) n++;
        if (n == count) first[count++] = i;
        number[i] = n;
    }
    return count;
}

static void write_environment(af_page *p, const af_result *r, int number, size_t runs)
{
    const char *key, *inner;
    json_t *value, *member, *environment = json_object_get(r->json, "environment");
    fprintf(p->to, "<h3>Environment %d <small class=\"note\">%zu run%s</small></h3>\n", number + 1,
            runs, runs == 1 ? "" : "s");
    if (!json_is_object(environment) || !json_object_size(environment)) {
        fputs("<p class=\"note\">These results do not say where they were made.</p>\n", p->to);
        return;
    }
    fputs("<dl>\n", p->to);
    json_object_foreach(environment, key, value)
    {
        if (is_of_the_run(key)) continue;
        fputs("<dt>", p->to);
        af_html_cut(p->to, key, MAX_SHOWN);
        fputs("</dt><dd>", p->to);
        const char *between = "";
        json_object_foreach(value, inner, member)
        {
            af_html(p->to, "$", between);
            af_html_cut(p->to, inner, MAX_SHOWN);
            fputs(" ", p->to);
            af_page_json(p, member);
            between = ", ";
        }
        if (!json_is_object(value)) af_page_json(p, value);
        fputs("</dd>\n", p->to);
    }
    fputs("</dl>\n", p->to);
}

static void write_text_cell(af_page *p, const char *text)
{
    fputs("<td class=\"key\">", p->to);
    af_html_cut(p->to, text, MAX_SHOWN);
    fputs("</td>", p->to);
}

static void write_member_cell(af_page *p, const af_result *r, const char *path)
{
    const json_t *value = af_result_member(r, path);
    fputs("<td>", p->to);
    if (value) af_page_json(p, value);
    fputs("</td>", p->to);
}

static void write_run(af_page *p, const af_result *r, int environment)
{
    fputs("<tr><td>", p->to);
    af_html_cut(p->to, r->path, MAX_SHOWN);
    fputs("</td>", p->to);
    af_html(p->to, "<td>$</td><td>$</td>", r->task, r->method);
    fprintf(p->to, "<td class=\"n\">%lld</td>", (long long)r->seed);
    af_page_number(p, r->error, 4);
    af_page_number(p, r->validation_error, 4);
    fprintf(p->to, "<td class=\"n\">%d</td><td>%s</td>", environment + 1, r->sealed ? "yes" : "no");
    write_member_cell(p, r, "environment.threads");
    write_member_cell(p, r, "environment.finished");
    write_text_cell(p, r->config);
    write_text_cell(p, r->task_key);
    write_text_cell(p, r->method_key);
    write_text_cell(p, r->proposal_digest);
    write_text_cell(p, r->run_digest);
    fputs("</tr>\n", p->to);
}

static void write_runs(af_page *p, const int *environment)
{
    size_t n = p->all->count;
    fprintf(p->to, "<details>\n<summary>%zu run%s, with keys and digests</summary>\n", n,
            n == 1 ? "" : "s");
    af_page_open_table(p, "Runs");
    fputs("<thead><tr><th>file</th><th>task</th><th>method</th><th class=\"n\">seed</th>"
          "<th class=\"n\">test error</th><th class=\"n\">validation error</th>"
          "<th class=\"n\">environment</th><th>sealed</th><th>threads</th><th>finished</th>"
          "<th>configuration</th><th>task key</th><th>method key</th><th>proposal digest</th>"
          "<th>run digest</th></tr></thead>\n<tbody>\n",
          p->to);
    for (size_t i = 0; i < n; i++) write_run(p, &p->all->at[i], environment[i]);
    af_page_close_table(p);
    fputs("<p class=\"note\">Results share a column only if their task keys agree, and a mean only "
          "if their method keys agree. The run digest covers every reproducible bit of a run, "
          "valid for its environment.</p>\n</details>\n",
          p->to);
}

af_status af_page_runs(af_page *p)
{
    size_t n = p->all->count;
    int *number = af_calloc(n, sizeof *number);
    size_t *first = af_calloc(n, sizeof *first);
    if (number && first) {
        int count = number_environments(p->all, number, first);
        fputs("<section>\n<h2>Runs and environments</h2>\n", p->to);
        if (count > 1)
            fprintf(p->to, "<p>Runs come from %d environments: their seconds do not compare.</p>\n",
                    count);
        write_runs(p, number);
        fprintf(p->to, "<details>\n<summary>%d environment%s</summary>\n", count,
                count == 1 ? "" : "s");
        for (int e = 0; e < count; e++) {
            size_t runs = 0;
            for (size_t i = 0; i < n; i++) runs += number[i] == e;
            write_environment(p, &p->all->at[first[e]], e, runs);
        }
        fputs("</details>\n</section>\n", p->to);
    }
    af_status st = number && first ? AF_OK : AF_ENOMEM;
    af_free(number);
    af_free(first);
    return st;
}
