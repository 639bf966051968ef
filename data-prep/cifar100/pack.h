/* Images into the canonical dataset. */
#ifndef AF_CIFAR_PACK_H
#define AF_CIFAR_PACK_H
#include "core/prep.h"
#include "data-prep/cifar100/images.h"

/* How much of the data a size uses, and how often width and height are halved. */
typedef struct af_cifar_extent {
    int64_t train, valid, test; /* at most */
    int halvings;
} af_cifar_extent;
extern const af_cifar_extent af_cifar_extents[AF_SIZES];

/* `train` is split as NAS-Bench-360 does: its last fifth validates. A variant is
 * CIFAR-10. `source` is JSON text. */
AF_CHECKED af_status af_cifar_pack(const af_prep_request *r, const af_cifar_images *train,
                                   const af_cifar_images *test, const char *provenance,
                                   const char *source);

#endif
