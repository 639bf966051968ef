/* CIFAR images as the official files hold them: 32 x 32, planes red, green, blue, bytes; with their
 * fine labels. Real and generated ones take this form, so everything after it is the same code. */
#ifndef AF_CIFAR_IMAGES_H
#define AF_CIFAR_IMAGES_H
#include <stdint.h>
#include "core/base/status.h"

enum { AF_CIFAR_SIDE = 32, AF_CIFAR_PLANES = 3, AF_CIFAR_BYTES = 3 * 32 * 32 };
enum { AF_CIFAR_CLASSES = 100, AF_CIFAR_COARSE = 20, AF_CIFAR10_CLASSES = 10 };

typedef struct af_cifar_images {
    int64_t count;
    uint8_t *pixel; /* {count, 3, 32, 32} */
    uint8_t *label; /* {count} */
} af_cifar_images;

AF_CHECKED af_status af_cifar_images_new(af_cifar_images *out, int64_t count);
void af_cifar_images_free(af_cifar_images *s);

#endif
