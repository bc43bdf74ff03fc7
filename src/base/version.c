/* Says which Gradus runs. A program that loads the shared library compares these with the header it was written for. */
#include "gradus/gradus.h"

int32_t gradus_version(void) { return GRADUS_VERSION; }

int32_t gradus_abi(void) { return GRADUS_ABI; }
