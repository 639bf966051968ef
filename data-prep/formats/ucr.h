/* The text files of the UCR time series archive (Dau et al., The UCR time series archive,
 * IEEE/CAA J. Autom. Sinica 6(6), 2019; timeseriesclassification.com): one series of equal length a
 * line, with a class. .tsv and .txt: the class, then the values, between tabs or blanks. .arff: a
 * head of @ lines up to @data, then the values between commas and the class last. Lines that begin
 * with % or # and blank lines are skipped. .ts: see ts.h; one channel, labels are numbers. */
#ifndef AF_UCR_H
#define AF_UCR_H
#include <stdbool.h>
#include <stddef.h>
#include "core/base/status.h"

typedef struct af_ucr {
    int length; /* values of a series */
    size_t count;
    double *label; /* {count} */
    float *x;      /* {count, length} */
} af_ucr;

/* True for names that end in .tsv, .txt, .arff or .ts. */
bool af_ucr_named(const char *path);
/* Every series must have `length` finite values; what is no number is refused with its line. */
AF_CHECKED af_status af_ucr_parse(af_ucr *out, const char *text, size_t size, int length,
                                  const char *path);
void af_ucr_free(af_ucr *u);

#endif
