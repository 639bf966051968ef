/* The version, read by the Makefile too. */
#ifndef AF_VERSION_H
#define AF_VERSION_H

#define AF_VERSION "0.1.0"

#endif
