/* Runs every kernel of the built-in rules and transforms on the same numbers, so that the variants for all
 * instruction sets can be held against the scalar one bit by bit, and machines and compilers against each other by a
 * hash. Needs no test framework. */
#ifndef GRADUS_TESTS_OPTIM_KERNELS_H
#define GRADUS_TESTS_OPTIM_KERNELS_H
#include "../../src/optim/matrix.h"
#include "../../src/optim/rules.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    KERNELS_ROOM = 96,
    KERNELS_UPDATES = 5,
    KERNELS_ARRAYS = 3 + GRADUS_SLOTS
}; /* offsets to 15, lengths to 64, and margins that must stay as they are */

typedef struct kernels_case {
    const char *name;
    gradus_kernel *const *kernel;
    const gradus_slot *slots; /* ends with a NULL name; NULL: none */
    int32_t sums;
} kernels_case;

/* Every rule, then every average: the index-th; NULL: no more. */
static inline const gradus_rule_row *kernels_rule(int32_t index)
{
    static const gradus_rule_row *const rules[] = {
#define GRADUS_MEMBER(name) &gradus_rule_##name,
#include "../../src/optim/optimizers.def"
#undef GRADUS_MEMBER
#define GRADUS_MEMBER(name) &gradus_average_##name,
#include "../../src/optim/averages.def"
#undef GRADUS_MEMBER
    };
    return index < (int32_t)(sizeof rules / sizeof *rules) ? rules[index] : NULL;
}

/* The index-th kernel: every pass of every rule and average, what shows them, then every transform. false: no more. */
static inline bool kernels_at(int32_t index, kernels_case *found)
{
    static const gradus_gradient_row *const transforms[] = {
#define GRADUS_MEMBER(name) &gradus_gradient_##name,
#include "../../src/optim/gradients.def"
#undef GRADUS_MEMBER
    };
    const gradus_rule_row *rule;
    for (int32_t i = 0; (rule = kernels_rule(i)); i++) {
        for (int p = 0; p <= GRADUS_PASSES + 1; p++) {
            const gradus_pass *pass = p < GRADUS_PASSES    ? &rule->pass[p]
                                      : p == GRADUS_PASSES ? &rule->show
                                                           : &rule->rates;
            *found = (kernels_case){rule->member.name, pass->kernel, rule->slots, pass->sums};
            if (pass->kernel[0] && index-- == 0) return true;
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
    float *values, *gradient, *before, *state[GRADUS_SLOTS];
    double sums[GRADUS_SUMS][GRADUS_PARTS];
    float own[KERNELS_ARRAYS][KERNELS_ROOM];
} kernels_numbers;

static inline void kernels_place(kernels_numbers *numbers)
{
    numbers->values = numbers->own[0];
    numbers->gradient = numbers->own[1];
    numbers->before = numbers->own[2];
    for (int j = 0; j < GRADUS_SLOTS; j++) numbers->state[j] = numbers->own[3 + j];
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
                        .before = numbers->before + offset,
                        .sums = numbers->sums[0]};
    for (int j = 0; j < GRADUS_SLOTS; j++) span.state[j] = slots >> j & 1 ? numbers->state[j] + offset : NULL;
    for (int update = 0; update < KERNELS_UPDATES; update++) {
        kernels_fill(numbers->gradient, &seed, odd);
        kernels_fill(numbers->before, &seed, odd);
        what->kernel[isa](&span, 1, constants);
    }
}

/* Whether slots that hang on the same argument are there together. */
static inline bool kernels_together(const kernels_case *what, unsigned slots)
{
    for (int j = 0; what->slots && what->slots[j].name; j++)
        for (int i = 0; i < j; i++) {
            const char *one = what->slots[i].only_if, *other = what->slots[j].only_if;
            if (one && other && !strcmp(one, other) && ((slots >> i ^ slots >> j) & 1)) return false;
        }
    return true;
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
        if ((*slots & always) == always && kernels_together(what, *slots)) return true;
    }
    return false;
}

/* ---- rules that are handed whole tensors ---- */

/* A row's defaults: numbers, flags and words; what is no number is 0. */
static inline void kernels_hyper(const gradus_rule_row *row, double *hyper)
{
    for (int i = 0; row->member.arguments[i].name; i++) {
        const gradus_argument *a = &row->member.arguments[i];
        const char *initial = a->initial ? a->initial : "0", *word = a->kind == GRADUS_WORD ? a->words : NULL;
        hyper[i] = a->kind == GRADUS_FLAG ? initial[0] == 't' : word ? 0 : strtod(initial, NULL);
        for (; word && strncmp(word, initial, strlen(initial)) != 0; hyper[i]++) word = strchr(word, '|') + 1;
    }
}

static inline gradus_shape kernels_shape(const int64_t *size)
{
    gradus_shape shape = {.count = 1};
    for (; shape.rank < 8 && size[shape.rank]; shape.rank++) shape.count *= shape.size[shape.rank] = size[shape.rank];
    shape.columns = shape.size[shape.rank - 1];
    shape.rows = shape.rank > 1 ? shape.size[shape.rank - 2] : 1;
    shape.matrices = shape.count / shape.rows / shape.columns;
    return shape;
}

static inline int64_t kernels_slot_size(const gradus_slot *slot, const double *hyper, const gradus_shape *shape)
{
    if (slot->size) return slot->size(hyper, shape);
    return slot->per == GRADUS_PER_ROW      ? shape->matrices * shape->rows
           : slot->per == GRADUS_PER_COLUMN ? shape->matrices * shape->columns
           : slot->per == GRADUS_PER_TENSOR ? 1
                                            : shape->count;
}

static inline int64_t kernels_scratch(const gradus_rule_row *row, const double *hyper, const gradus_shape *shape)
{
    return row->scratch ? (row->scratch(hyper, shape) + 15) / 16 * 16 : 0;
}

/* Some updates of a tensor, whose values, state and scratch memory lie where `work` says. */
static inline void kernels_update(const gradus_rule_row *row, const double *hyper, const gradus_shape *shape, int isa,
                                  gradus_work *work, float *gradient)
{
    const gradus_inside inside = {0};
    double own[16] = {0}, exact[GRADUS_CONSTANTS] = {0};
    float constants[GRADUS_CONSTANTS];
    uint64_t seed = 5;
    gradus_now now = {.rate = 0.01, .gradient_scale = 1, .own = own};
    work->shape = shape, work->hyper = hyper, work->now = &now, work->constants = constants;
    work->gradient = gradient, work->inside = &inside;
    work->multiply = gradus_multiply_for(GRADUS_ISA_SCALAR + isa);
    for (int64_t i = 0; i < shape->count; i++) work->values[i] = kernels_number(&seed, false);
    for (int j = 0; row->slots && row->slots[j].name; j++)
        for (int64_t i = 0; work->state[j] && i < kernels_slot_size(&row->slots[j], hyper, shape); i++)
            work->state[j][i] = (float)row->slots[j].initial;
    for (now.update = 1; now.update <= KERNELS_UPDATES; now.update++) {
        for (int64_t i = 0; i < shape->count; i++) gradient[i] = kernels_number(&seed, false);
        if (row->prepare) row->prepare(hyper, &now, NULL, exact);
        for (int i = 0; i < GRADUS_CONSTANTS; i++) constants[i] = (float)exact[i];
        row->update[isa](work);
    }
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
