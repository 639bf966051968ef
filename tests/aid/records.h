/* Made-up result.json files, valid in every member, for tests of what reads them. */
#ifndef AID_RECORDS_H
#define AID_RECORDS_H
#include <jansson.h>

/* `data` and `recipe` go into the keys, so results with other ones are not comparable. */
json_t *result_make(const char *task, const char *method, const char *space, int seed, double score,
                    const char *data, const char *recipe);
json_t *result_plain(void); /* ecg, random / nb201, seed 0, score 0.75 */
void result_set_budget(json_t *result, const char *budget, int workers);
/* Makes the keys anew after their ingredients were changed. */
void result_rekey(json_t *result);
/* Into <work_dir>/<directory>/result.json; takes the result over. */
void result_put(const char *directory, json_t *result);
/* One run; with equal data and recipe. */
void result_put_run(const char *directory, const char *task, const char *method, const char *space,
                    int seed, double score);

#endif
