/* The stand-in for CIFAR-100: one textured shape in each image. Class 10 s + t is shape s with
 * texture t, so a network gains by seeing both apart. Position, angle, size and colours say nothing
 * about the class, and the mean image of each class is nearly the same: a linear model has little
 * to go by. */
#ifndef AF_CIFAR_SHAPES_H
#define AF_CIFAR_SHAPES_H
#include "data-prep/cifar100/images.h"

enum { AF_CIFAR_SHAPES = 10, AF_CIFAR_TEXTURES = 10 };
extern const char *const af_cifar_shape_names[AF_CIFAR_SHAPES];
extern const char *const af_cifar_texture_names[AF_CIFAR_TEXTURES];

/* Draws all images and their labels, in parallel. Image k of a series depends on seed, series and k
 * only; its class is k modulo 100. */
void af_cifar_draw(af_cifar_images *out, uint64_t seed, uint64_t series);

#endif
