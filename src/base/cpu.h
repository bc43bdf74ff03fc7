/* Which instruction sets this machine and its operating system can run; private to src/base. */
#ifndef GRADUS_BASE_CPU_H
#define GRADUS_BASE_CPU_H
#include "gradus/gradus.h"

/* The best instruction set not above `cap` (0: any) nor above what the environment variable GRADUS_ISA names; enum
 * gradus_isa, or a status with *error set when that variable names none. Asks the processor each time: keep the
 * answer. */
int32_t gradus_cpu_isa(int32_t cap, gradus_error *error);

#endif
