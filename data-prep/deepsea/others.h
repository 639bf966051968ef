/* What is mistaken for the task's data: other files of the DeepSEA family and of its neighbours,
 * recognised by their content, so that the refusal says why. */
#ifndef AF_DEEPSEA_OTHERS_H
#define AF_DEEPSEA_OTHERS_H
#include "core/base/status.h"

/* Always an error. `path`: a file, or a directory without the wanted file. */
AF_CHECKED af_status af_deepsea_refuse(const char *path);

#endif
