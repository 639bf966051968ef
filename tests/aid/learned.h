/* How well a space's default network learns a stand-in, or an own task's data. */
#ifndef AID_LEARNED_H
#define AID_LEARNED_H
#include "core/data/dataset.h"

/* Trains by the tiny recipe on the main file in `directory`; the score reached on
 * validation samples, printed as well. */
double learned(const af_task *task, const char *space, const char *directory);

#endif
