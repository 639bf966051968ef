/* SIGINT and SIGTERM set a flag; whatever takes long asks for it and returns AF_EINTERRUPTED. */
#ifndef AF_STOP_H
#define AF_STOP_H
#include <stdbool.h>

void af_catch_signals(void);
bool af_stop_requested(void);

#endif
