/* What is around proteins but is not the task's data, told apart for the error message. */
#ifndef AF_PSICOV_OTHERS_H
#define AF_PSICOV_OTHERS_H
#include "core/base/status.h"

/* Fails, saying what lies at `path`, a file or a directory without features/. */
AF_CHECKED af_status af_psicov_refuse(const char *path);

#endif
