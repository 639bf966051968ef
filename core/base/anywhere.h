/* Small functions that run on the host and on a device: for a device's compiler the Makefile
 * defines AF_ANYWHERE. */
#include "core/base/simd.h"
#ifndef AF_ANYWHERE
#define AF_ANYWHERE AF_INLINE
#endif
