/* The two layouts that CIFAR-100 is published in. `path` opens the messages. */
#ifndef AF_CIFAR_LAYOUTS_H
#define AF_CIFAR_LAYOUTS_H
#include <stddef.h>
#include "data-prep/cifar100/images.h"

/* train.bin, test.bin: per image the coarse label, the fine label and 3072 pixels, a byte each. */
AF_CHECKED af_status af_cifar100_binary(af_cifar_images *out, const void *data, size_t size,
                                        const char *path);
/* train, test: a pickled dict with data (array of uint8, images x 3072), fine_labels and
 * coarse_labels. */
AF_CHECKED af_status af_cifar100_python(af_cifar_images *out, const void *data, size_t size,
                                        const char *path);
/* fine_label_names.txt: a name a line; meta: a pickled dict with fine_label_names. Both must name
 * the classes in the task's order. */
AF_CHECKED af_status af_cifar100_names_text(const char *const *labels, const void *data,
                                            size_t size, const char *path);
AF_CHECKED af_status af_cifar100_names_python(const char *const *labels, const void *data,
                                              size_t size, const char *path);

#endif
