/* What the gradients amount to: their norms, and the values that are not finite. Sums are kept in double: no gradient is
 * too large or too small to be squared. */
#ifndef RULE
#include "optimizer.h"

enum { SQUARES, VALUES_SQUARED, PRODUCT };

#define NO_TWIN
#define RULE "optimizer_norm.c"
#include "every_isa.h"

static gradus_kernel *const squares_kernel[GRADUS_ISA_COUNT] = EVERY_ISA(squares);
static gradus_kernel *const sizes_kernel[GRADUS_ISA_COUNT] = EVERY_ISA(sizes);
static gradus_kernel *const largest_kernel[GRADUS_ISA_COUNT] = EVERY_ISA(largest);
static gradus_kernel *const odd_kernel[GRADUS_ISA_COUNT] = EVERY_ISA(odd);
gradus_kernel *const gradus_kernel_compare[GRADUS_ISA_COUNT] = EVERY_ISA(compare);
gradus_kernel *const gradus_kernel_copy[GRADUS_ISA_COUNT] = EVERY_ISA(copy);

/* ---- norms ---- */

static const float unused[GRADUS_CONSTANTS];

static void walk_gradients(const gradus_optimizer *optimizer, gradus_kernel *const *kernels,
                           const gradus_passage *passage)
{
    gradus_walk(&(gradus_walk_request){.optimizer = optimizer,
                                       .kernel = gradus_kernel_for(optimizer, kernels),
                                       .layer = optimizer->layers,
                                       .number = unused,
                                       .passage = passage,
                                       .sums = 1});
}

static double largest_of(const gradus_optimizer *optimizer)
{
    double most = 0;
    for (int64_t i = 0; i < optimizer->plan.span_count; i++) {
        const double here = optimizer->plan.sums[i * gradus_plan_sum_count(optimizer)];
        if (here > most) most = here;
    }
    return most;
}

const char *gradus_lives_elsewhere(const gradus_optimizer *optimizer)
{
    for (int32_t i = 0; i < optimizer->tensor_count; i++) {
        if (optimizer->tensors[i].elsewhere && optimizer->tensors[i].gradient && !optimizer->tensors[i].frozen)
            return optimizer->tensors[i].name;
    }
    return NULL;
}

/* A norm of the gradients after `passage`; before the scale that it leaves. Infinite when a value is not finite. */
gradus_status gradus_norm_after(gradus_optimizer *optimizer, gradus_norm kind, const gradus_passage *passage,
                                double *norm, gradus_error *error)
{
    const char *far = gradus_lives_elsewhere(optimizer);
    if (far)
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_MISSING,
                           "the gradients of '%s' live elsewhere, so that only the caller can say their norm", far);
    if (kind == GRADUS_NORM_INFINITY) {
        if (gradus_has_sum(optimizer->context))
            return gradus_fail(error, GRADUS_ERROR_UNSUPPORTED, GRADUS_CODE_REFUSED,
                               "order=inf needs the largest gradient of all processes, and a context only adds");
        walk_gradients(optimizer, largest_kernel, passage);
        *norm = largest_of(optimizer);
        return GRADUS_OK;
    }
    walk_gradients(optimizer, kind == GRADUS_NORM_1 ? sizes_kernel : squares_kernel, passage);
    double sum = gradus_walk_sum(optimizer, 0);
    const gradus_status status = gradus_sum(optimizer->context, &sum, 1, error);
    *norm = !isfinite(sum) ? INFINITY : kind == GRADUS_NORM_1 ? sum : sqrt(sum);
    return status;
}

void gradus_found_forget(gradus_optimizer *optimizer)
{
    optimizer->found = (gradus_found){.norm = {-1, -1, -1, -1}, .non_finite = -1};
}

/* Float32 squares cannot overflow a double, so the sum is finite exactly when every value is. */
static gradus_status count_non_finite(gradus_optimizer *optimizer, gradus_error *error)
{
    double count = 0;
    if (!isfinite(optimizer->found.norm[GRADUS_NORM_2])) {
        walk_gradients(optimizer, odd_kernel, NULL);
        count = gradus_walk_sum(optimizer, 0);
        const gradus_status status = gradus_sum(optimizer->context, &count, 1, error);
        if (status) return status;
    }
    optimizer->found.non_finite = (int64_t)count;
    return GRADUS_OK;
}

gradus_status gradus_norm_find(gradus_optimizer *optimizer, gradus_norm kind, double *norm, gradus_error *error)
{
    gradus_status status = GRADUS_OK;
    if (optimizer->found.norm[kind] < 0)
        status = gradus_norm_after(optimizer, kind, NULL, &optimizer->found.norm[kind], error);
    if (!status && kind == GRADUS_NORM_2 && optimizer->found.non_finite < 0)
        status = count_non_finite(optimizer, error);
    if (status) {
        gradus_found_forget(optimizer);
        return status;
    }
    *norm = optimizer->found.norm[kind];
    return GRADUS_OK;
}

#else /* once for each instruction set: sums of the gradient alone, which read nothing else */

static inline void ISA(squares_element)(cell *c, const lane *k)
{
    (void)k;
    c->sum[0] = c->times[0] = c->g;
}

static void ISA(squares)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(squares_element), GRADIENT, 0, 0, 1, spans, how_many, k);
}

static inline void ISA(sizes_element)(cell *c, const lane *k)
{
    (void)k;
    c->sum[0] = absolute(c->g);
    c->times[0] = all(1);
}

static void ISA(sizes)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(sizes_element), GRADIENT, 0, 0, 1, spans, how_many, k);
}

/* How many are not finite: g - g is 0 for every other. */
static inline void ISA(odd_element)(cell *c, const lane *k)
{
    (void)k;
    c->sum[0] = choose(same(c->g - c->g, all(0)), all(0), all(1));
    c->times[0] = all(1);
}

static void ISA(odd)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(odd_element), GRADIENT, 0, 0, 1, spans, how_many, k);
}

/* The largest size, kept in the first part of the sum; infinite when a value is not a number. */
static void ISA(largest)(const span *spans, size_t how_many, const number *k)
{
    (void)k;
    for (const span *at = spans; at < spans + how_many; at++) {
        lane most = all(0), odd = all(0);
        for (size_t i = 0; i < at->count; i += LANES) {
            number padded[LANES] = {0};
            const bool whole = i + LANES <= at->count;
            if (!whole) memcpy(padded, at->gradient + i, (at->count - i) * sizeof(number));
            const lane size = absolute(load(whole ? at->gradient + i : padded));
            most = larger(size, most);
            odd = odd + (size - size); /* 0, or NaN for good */
        }
        number sizes[LANES], odds[LANES];
        store(sizes, most);
        store(odds, odd);
        for (int l = 0; l < LANES; l++) {
            const double size = odds[l] == 0 ? sizes[l] : INFINITY;
            if (size > at->sums[0]) at->sums[0] = size;
        }
    }
}

/* values: after the update. */
static inline void ISA(compare_element)(cell *c, const lane *k)
{
    (void)k;
    const lane update = c->x - c->before;
    c->sum[SQUARES] = c->times[SQUARES] = update;
    c->sum[VALUES_SQUARED] = c->times[VALUES_SQUARED] = c->x;
    c->sum[PRODUCT] = c->g;
    c->times[PRODUCT] = update;
}

static void ISA(compare)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(compare_element), GRADIENT | VALUES | BEFORE, 0, 0, MEASURE_SUMS, spans, how_many, k);
}

/* Of a block the compiler makes a string instruction, which is slower by half. */
static inline void ISA(copy_element)(cell *c, const lane *k)
{
    (void)k;
    c->x = c->g;
}

static void ISA(copy)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(copy_element), GRADIENT, VALUES, 0, 0, spans, how_many, k);
}
#endif
