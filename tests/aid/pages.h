/* Pages of made-up results, checked for being well-formed, and what is asked of them. */
#ifndef AID_PAGES_H
#define AID_PAGES_H
#include <jansson.h>
#include <stdbool.h>

/* The page of the results below a directory of the test's, well-formed; free with af_free. *plots
 * (may be NULL): whether it has plots. */
char *page_of(const char *directory, const char *title, bool *plots);
/* Fails unless the page holds the part, or with wanted false, unless it does not. */
void page_has(const char *page, const char *part, bool wanted);

/* Sets a member of an object of the result; object NULL: of the result itself. */
void result_set(json_t *result, const char *object, const char *member, json_t *value);
/* Sets an ingredient of "task_of" or "method_of" and makes the keys anew. */
void result_set_ingredient(json_t *result, const char *key, const char *name, json_t *value);
/* Two points of an anytime curve, at x and a little later. */
json_t *result_curve(double x, double scale);
/* A search on nb201 with a curve, into a directory. */
void result_put_search(const char *directory, const char *task, const char *method, int seed,
                       double score);
/* Below "table": two methods on darcy and ecg with two seeds, one on ecg alone with one seed. */
void result_put_table(void);

#endif
