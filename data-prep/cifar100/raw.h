/* The official files of CIFAR-100, from a directory or an archive, in either layout; or CIFAR-10's
 * in its binary layout. */
#ifndef AF_CIFAR_RAW_H
#define AF_CIFAR_RAW_H
#include <jansson.h>
#include <stdbool.h>
#include "data-prep/cifar100/images.h"

typedef struct af_cifar_raw {
    af_cifar_images train, test;
    int classes;    /* AF_CIFAR_CLASSES, or AF_CIFAR10_CLASSES */
    json_t *source; /* layout, files with their sha256 */
} af_cifar_raw;

extern const char *const af_cifar10_labels[]; /* ends with NULL */
/* `path`: the layout's directory, its parent, or an archive of it. `labels`: the names of
 * CIFAR-100's classes. */
AF_CHECKED af_status af_cifar_raw_read(af_cifar_raw *out, const char *path,
                                       const char *const *labels);
/* Whether files of CIFAR-10 are there, and none of CIFAR-100; by their names, nothing is read. */
AF_CHECKED af_status af_cifar_is_ten(bool *out, const char *path);
void af_cifar_raw_close(af_cifar_raw *r);

#endif
