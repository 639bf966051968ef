/* The AMX weight gradient in plain C: what tests compare with on every machine. */
#define AF_TILE_EMULATED
#include "core/backends/onednn/amx_loop.h"

af_amx_run *const af_amx_emulated = af_amx_run_with;
