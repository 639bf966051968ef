/* Small functions that run on the host and on a device. Who compiles them for a device says so,
 * before it includes this, by defining AF_ANYWHERE. */
#ifndef AF_ANYWHERE
#define AF_ANYWHERE static inline
#endif
