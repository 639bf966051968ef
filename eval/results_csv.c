/* Results as CSV: what every file has, then the members that older files lack. */
#include <stdlib.h>
#include <string.h>
#include "eval/results.h"

static void csv_text(FILE *to, const char *s)
{
    bool quote = strpbrk(s, ",\"\n\r") != NULL;
    if (quote) fputc('"', to);
    for (; *s; s++) {
        if (*s == '"') fputc('"', to);
        fputc(*s, to);
    }
    if (quote) fputc('"', to);
}

static void csv_value(FILE *to, json_t *value)
{
    if (!value || json_is_null(value)) return;
    if (json_is_string(value)) {
        csv_text(to, json_string_value(value));
        return;
    }
    char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    if (text) csv_text(to, text);
    free(text);
}

void af_results_csv(const af_results *all, FILE *to)
{
    fputs("path", to);
    for (int i = 0; af_result_field(i); i++) fprintf(to, ",%s", af_result_field(i));
    fputs(",sealed,anytime\n", to);
    for (size_t r = 0; r < all->count; r++) {
        const af_result *one = &all->at[r];
        csv_text(to, one->path);
        for (int i = 0; af_result_field(i); i++) {
            fputc(',', to);
            csv_value(to, af_result_member(one, af_result_field(i)));
        }
        fprintf(to, ",%s,", one->sealed ? "true" : "false");
        csv_value(to, json_object_get(one->json, "anytime"));
        fputc('\n', to);
    }
}
