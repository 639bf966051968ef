/* From a plane image to a sphere, as in the generator that NAS-Bench-360 holds (of spherical MNIST,
 * Cohen et al., ICLR 2018). A unit sphere stands on the image's middle. Its grid, after Driscoll
 * and Healy of bandwidth 30, 60 latitudes by 60 longitudes, is turned at random; then every grid
 * point is cast onto the plane from a point just above the sphere's top. The image is a square of
 * side 3 there; outside of it everything is black.
 *
 * Sampling is the generator's own: linear between the pixels one step before and one step after, in
 * both directions. The image is then stretched to 0 to 255. How three channels are treated was not
 * published: here they share rotation and stretch, so that colours stay. */
#ifndef AF_SPHERICAL_PROJECT_H
#define AF_SPHERICAL_PROJECT_H
#include <stdint.h>

enum { AF_SPHERE_SIDE = 60, AF_SPHERE_PLANES = 3 };
enum { AF_SPHERE_POINTS = AF_SPHERE_SIDE * AF_SPHERE_SIDE };
enum { AF_SPHERE_BYTES = AF_SPHERE_PLANES * AF_SPHERE_POINTS };

/* Where each grid point falls, in pixels of a 32 x 32 image. */
typedef struct af_sphere_view {
    double row[AF_SPHERE_POINTS], column[AF_SPHERE_POINTS];
} af_sphere_view;

/* Rotation from three uniform numbers in [0, 1) (Arvo, Fast random rotation matrices, Graphics Gems
 * III, 1992); deflection 1 reaches all rotations alike, 0 turns about the axis of the poles only.
 */
void af_sphere_rotation(double m[3][3], const double u[3], double deflection);
void af_sphere_view_of(af_sphere_view *out, const double rotation[3][3]);
/* `image`: planes of 32 x 32; out: planes of 60 x 60. */
void af_sphere_project(uint8_t *out, const uint8_t *image, const af_sphere_view *view);

#endif
