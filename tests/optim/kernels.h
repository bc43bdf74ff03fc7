/* Runs every kernel of the built-in rules and transforms on the same numbers, so that the variants for all
 * instruction sets can be held against the scalar one bit by bit, and machines and compilers against each other by a
 * hash. Needs no test framework. */
#ifndef GRADUS_TESTS_OPTIM_KERNELS_H
#define GRADUS_TESTS_OPTIM_KERNELS_H
#include "../../src/optim/rules.h"
#include <math.h>
#include <string.h>

enum {
    KERNELS_ROOM = 96,
    KERNELS_UPDATES = 5
}; /* offsets to 15, lengths to 64, and margins that must stay as they are */

typedef struct kernels_case {
    const char *name;
    gradus_kernel *const *kernel;
    const gradus_slot *slots; /* ends with a NULL name; NULL: none */
    int32_t sums;
} kernels_case;

/* The index-th kernel: every pass of every rule, then every transform. false: no more. */
static inline bool kernels_at(int32_t index, kernels_case *found)
{
    static const gradus_rule_row *const rules[] = {
#define GRADUS_MEMBER(name) &gradus_rule_##name,
#include "../../src/optim/optimizers.def"
#undef GRADUS_MEMBER
    };
    static const gradus_gradient_row *const transforms[] = {
#define GRADUS_MEMBER(name) &gradus_gradient_##name,
#include "../../src/optim/gradients.def"
#undef GRADUS_MEMBER
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        for (int p = 0; p < 3 && rules[i]->pass[p].kernel[0]; p++) {
            *found = (kernels_case){rules[i]->member.name, rules[i]->pass[p].kernel, rules[i]->slots,
                                    rules[i]->pass[p].sums};
            if (index-- == 0) return true;
        }
    }
    for (size_t i = 0; i < sizeof transforms / sizeof *transforms; i++) {
        *found = (kernels_case){transforms[i]->member.name, transforms[i]->kernel, NULL, 0};
        if (transforms[i]->kernel[0] && index-- == 0) return true;
    }
    return false;
}

/* The numbers of one run, and where they lie: in `own`, or in memory of the caller's. */
typedef struct kernels_numbers {
    float *values, *gradient, *state[GRADUS_SLOTS];
    double sums[GRADUS_SUMS][GRADUS_PARTS];
    float own[2 + GRADUS_SLOTS][KERNELS_ROOM];
} kernels_numbers;

static inline void kernels_place(kernels_numbers *numbers)
{
    numbers->values = numbers->own[0];
    numbers->gradient = numbers->own[1];
    for (int j = 0; j < GRADUS_SLOTS; j++) numbers->state[j] = numbers->own[2 + j];
}

/* Integers only, so that every machine gets the same: 24 bits in (-1, 1), and now and then what is no ordinary
 * number. */
static inline float kernels_number(uint64_t *seed, bool odd)
{
    static const float odd_ones[] = {0.0f, -0.0f, 1e-42f, 3e38f, -3e38f, INFINITY, -INFINITY, NAN};
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    const uint32_t bits = (uint32_t)(*seed >> 33);
    if (odd && bits % 8 == 0) return odd_ones[bits / 8 % 8];
    return (float)((int32_t)(bits >> 6) - (1 << 24)) / (1 << 24);
}

static inline void kernels_fill(float *numbers, uint64_t *seed, bool odd)
{
    for (int i = 0; i < KERNELS_ROOM; i++) numbers[i] = kernels_number(seed, odd);
}

/* Several updates of `count` values at `offset`; slot j exists where bit j of `slots` is set. */
static inline void kernels_run(const kernels_case *what, int isa, kernels_numbers *numbers, unsigned slots,
                               size_t offset, size_t count, bool odd)
{
    float constants[GRADUS_CONSTANTS];
    uint64_t seed = 7 + slots + 64 * (offset + 16 * count);
    for (int j = 0; j < GRADUS_CONSTANTS; j++) constants[j] = (1 + kernels_number(&seed, false)) / 2;
    kernels_fill(numbers->values, &seed, odd);
    for (int j = 0; j < GRADUS_SLOTS; j++) {
        kernels_fill(numbers->state[j], &seed, odd);
        for (int i = 0; i < KERNELS_ROOM; i++)
            numbers->state[j][i] = fabsf(numbers->state[j][i]); /* mean squares are not below 0 */
    }
    memset(numbers->sums, 0, sizeof numbers->sums);
    gradus_span span = {.count = count,
                        .values = numbers->values + offset,
                        .gradient = numbers->gradient + offset,
                        .sums = numbers->sums[0]};
    for (int j = 0; j < GRADUS_SLOTS; j++) span.state[j] = slots >> j & 1 ? numbers->state[j] + offset : NULL;
    for (int update = 0; update < KERNELS_UPDATES; update++) {
        kernels_fill(numbers->gradient, &seed, odd);
        what->kernel[isa](&span, 1, constants);
    }
}

/* The sets of slots that a kernel may meet: those that always exist and any of the others. Returns false when there
 * are no more. */
static inline bool kernels_slots(const kernels_case *what, unsigned *slots, bool first)
{
    unsigned always = 0, all = 0;
    for (int j = 0; what->slots && what->slots[j].name; j++) {
        all |= 1u << j;
        if (!what->slots[j].only_if) always |= 1u << j;
    }
    if (first) {
        *slots = always;
        return true;
    }
    for (++*slots; *slots <= all; ++*slots) {
        if ((*slots & always) == always) return true;
    }
    return false;
}

/* Equal bits; a NaN equals a NaN. */
static inline bool kernels_same(const void *a, const void *b, size_t count, bool doubles)
{
    for (size_t i = 0; i < count; i++) {
        if (doubles) {
            const double *x = a, *y = b;
            if (memcmp(x + i, y + i, sizeof *x) != 0 && !(isnan(x[i]) && isnan(y[i]))) return false;
        } else {
            const float *x = a, *y = b;
            if (memcmp(x + i, y + i, sizeof *x) != 0 && !(isnan(x[i]) && isnan(y[i]))) return false;
        }
    }
    return true;
}

static inline bool kernels_equal(const kernels_numbers *a, const kernels_numbers *b)
{
    bool same = kernels_same(a->values, b->values, KERNELS_ROOM, false);
    for (int j = 0; j < GRADUS_SLOTS; j++) same &= kernels_same(a->state[j], b->state[j], KERNELS_ROOM, false);
    return same && kernels_same(a->sums, b->sums, GRADUS_SUMS * GRADUS_PARTS, true);
}

#endif
