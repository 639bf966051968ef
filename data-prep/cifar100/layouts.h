/* The two layouts that CIFAR-100 is published in, and CIFAR-10's binary one. `path` opens the
 * messages. */
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
/* data_batch_1.bin ... test_batch.bin of CIFAR-10: per image the label and 3072 pixels. */
AF_CHECKED af_status af_cifar10_binary(af_cifar_images *out, const void *data, size_t size,
                                       const char *path);
/* fine_label_names.txt or batches.meta.txt: a name a line; meta: a pickled dict with
 * fine_label_names. They must name the classes in the order of `labels`. */
AF_CHECKED af_status af_cifar_names_text(const char *const *labels, const void *data, size_t size,
                                         const char *path);
AF_CHECKED af_status af_cifar100_names_python(const char *const *labels, const void *data,
                                              size_t size, const char *path);

#endif
