/* What sgd's kernel takes, and its step, for wrappers that take it in their own walk. */
#ifndef GRADUS_OPTIM_SGD_H
#define GRADUS_OPTIM_SGD_H
#include "gradus/extend.h"

enum { SGD_SCALE, SGD_COUPLED, SGD_STEP, SGD_KEEP, SGD_RISE, SGD_ALONG, SGD_ACROSS, SGD_SHRINK, SGD_CONSTANT_COUNT };
enum { SGD_BUFFER };

gradus_kernel gradus_sgd_scalar, gradus_sgd_sse2, gradus_sgd_avx2, gradus_sgd_avx512, gradus_sgd_neon;
gradus_twin gradus_sgd_double;

#endif

#ifdef ISA
/* Once for each instruction set, by files whose kernels take sgd's step. */

static inline void ISA(sgd_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SGD_SCALE] + c->x * k[SGD_COUPLED];
    lane movement = k[SGD_STEP] * g;
    if (c->has & SLOT(SGD_BUFFER)) {
        c->s[SGD_BUFFER] = k[SGD_KEEP] * c->s[SGD_BUFFER] + k[SGD_RISE] * g;
        movement = k[SGD_ALONG] * c->s[SGD_BUFFER] + k[SGD_ACROSS] * g;
    }
    c->x = c->x - (k[SGD_SHRINK] * c->x + movement);
}

/* An element that begins with sgd's; literals: what more it reads and writes, and how many constants come behind sgd's. */
static inline __attribute__((always_inline)) void ISA(sgd_walk)(element *rule, unsigned more, int constants,
                                                                const span *spans, size_t how_many, const number *k)
{
    enum { PLAIN = VALUES | GRADIENT, BUFFERED = VALUES | SLOT(SGD_BUFFER), ALL = SGD_CONSTANT_COUNT };
    if (has_slot(spans, SGD_BUFFER))
        walk_stored(rule, GRADIENT | BUFFERED | more, BUFFERED | more, 0, ALL + constants, spans, how_many, k);
    else
        walk(rule, PLAIN | more, VALUES | more, ALL + constants, 0, spans, how_many, k);
}
#endif
