/* Data of Darcy flow that are not the task's, told apart for the error message. */
#ifndef AF_DARCY_OTHERS_H
#define AF_DARCY_OTHERS_H
#include "core/base/status.h"

/* Fails, saying what lies at `path`, a file or a directory without the released files: the .pt
 * files of the neuraloperator library have other grids; the rest as af_refuse. */
AF_CHECKED af_status af_darcy_refuse(const char *path);

#endif
