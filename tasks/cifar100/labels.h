/* The classes of CIFAR-100, in the order of their numbers; also those of its spherical form. */
#ifndef AF_CIFAR100_LABELS_H
#define AF_CIFAR100_LABELS_H

extern const char *const af_cifar100_labels[]; /* 100, NULL-terminated */

#endif
