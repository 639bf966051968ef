/* The AMX weight gradient in AMX instructions. Whoever calls it has asked the kernel for the use of
 * tiles; oneDNN does, when it finds the processor to have them. */
#include "core/backends/onednn/amx_loop.h"

#ifdef AF_TILE_NATIVE
af_amx_run *const af_amx_native = af_amx_run_with;
#else
af_amx_run *const af_amx_native = NULL;
#endif
