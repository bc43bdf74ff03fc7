/* c <- alpha a b + beta c in one order of additions on every machine: columns in panels as wide as two registers, the sum
 * over k in stretches of DEPTH, within one of them from the first to the last. A panel of b is packed once for a
 * stretch; a is read as it lies. About half of what a machine could do at most, because nothing is fused. */
#ifndef RULE
#include "kernel.h"
#include "matrix.h"
#include "gradus/base.h"

enum { DEPTH = 256, TALL = 6 }; /* of a stretch of k; rows that are worked on together */

typedef struct product { /* everything about one call but the kinds of numbers */
    int64_t m, n, k, c_row;
    int64_t a_down, a_along; /* distance of a's elements along m and k */
    int64_t b_down, b_along; /* distance of b's along k and n */
} product;

static product make_product(gradus_transpose a_is, gradus_transpose b_is, const int64_t size[3], int64_t a_row,
                            int64_t b_row, int64_t c_row)
{
    const bool a = a_is == GRADUS_TRANSPOSED, b = b_is == GRADUS_TRANSPOSED;
    return (product){.m = size[0],
                     .n = size[1],
                     .k = size[2],
                     .c_row = c_row,
                     .a_down = a ? 1 : a_row,
                     .a_along = a ? a_row : 1,
                     .b_down = b ? 1 : b_row,
                     .b_along = b ? b_row : 1};
}

#define RULE "matrix.c"
#include "every_isa.h"

gradus_multiply *gradus_multiply_for(int32_t isa)
{
    static gradus_multiply *const multiply[GRADUS_ISA_COUNT] = EVERY_ISA(gradus_multiply);
    int32_t best = isa - GRADUS_ISA_SCALAR;
    while (best > 0 && !multiply[best]) best--;
    return multiply[best];
}

void gradus_multiply_twin(const gradus_twin_work *twin, gradus_transpose a_is, gradus_transpose b_is, int64_t m,
                          int64_t n, int64_t k, double alpha, const double *a, int64_t a_row, const double *b,
                          int64_t b_row, double beta, double *c, int64_t c_row)
{
    gradus_multiply_double(twin, a_is, b_is, m, n, k, alpha, a, a_row, b, b_row, beta, c, c_row);
}

#else /* once for each instruction set */

#define WIDE (2 * LANES)

typedef struct ISA(factors) { /* of a product */
    const product *shape;
    const number *a, *b;
    number *c, alpha, beta;
} ISA(factors);

/* Rows of c from `i` on, `rows` of them: one stretch of k added to one panel. */
static inline __attribute__((always_inline)) void ISA(tile)(const ISA(factors) * f, int rows, int64_t i, int64_t from,
                                                            int64_t depth, const number *packed, number *out,
                                                            int64_t out_row)
{
    const product *p = f->shape;
    const number *a = f->a + i * p->a_down + from * p->a_along;
    lane sum[TALL][2];
    UNROLLED
    for (int r = 0; r < rows; r++) sum[r][0] = sum[r][1] = all(0);
    for (int64_t d = 0; d < depth; d++) {
        const lane left = load(packed + d * WIDE), right = load(packed + d * WIDE + LANES);
        UNROLLED
        for (int r = 0; r < rows; r++) {
            const lane factor = all(a[r * p->a_down + d * p->a_along]);
            sum[r][0] = sum[r][0] + factor * left;
            sum[r][1] = sum[r][1] + factor * right;
        }
    }
    UNROLLED
    for (int r = 0; r < rows; r++) {
        number *at = out + r * out_row;
        store(at, load(at) + all(f->alpha) * sum[r][0]);
        store(at + LANES, load(at + LANES) + all(f->alpha) * sum[r][1]);
    }
}

/* The same where the panel ends before its last lane does: through a copy of c's rows. */
static void ISA(edge)(const ISA(factors) * f, int rows, int64_t i, int64_t from, int64_t depth, const number *packed,
                      number *c, int64_t wide)
{
    number copy[TALL * WIDE] = {0};
    const int64_t c_row = f->shape->c_row;
    for (int r = 0; r < rows; r++) memcpy(copy + r * WIDE, c + r * c_row, (size_t)wide * sizeof(number));
    if (rows == TALL)
        ISA(tile)(f, TALL, i, from, depth, packed, copy, WIDE);
    else
        for (int r = 0; r < rows; r++) ISA(tile)(f, 1, i + r, from, depth, packed, copy + r * WIDE, WIDE);
    for (int r = 0; r < rows; r++) memcpy(c + r * c_row, copy + r * WIDE, (size_t)wide * sizeof(number));
}

static void ISA(pack)(const ISA(factors) * f, int64_t from, int64_t depth, int64_t column, int64_t wide, number *packed)
{
    const product *p = f->shape;
    const number *b = f->b + from * p->b_down + column * p->b_along;
    for (int64_t d = 0; d < depth; d++) {
        for (int64_t j = 0; j < WIDE; j++) packed[d * WIDE + j] = j < wide ? b[d * p->b_down + j * p->b_along] : 0;
    }
}

static void ISA(panel)(void *job, int64_t index)
{
    const ISA(factors) *f = job;
    const product *p = f->shape;
    const int64_t column = index * WIDE, wide = p->n - column < WIDE ? p->n - column : WIDE;
    number packed[DEPTH * WIDE];
    for (int64_t i = 0; i < p->m; i++) {
        number *c = f->c + i * p->c_row + column;
        for (int64_t j = 0; j < wide; j++) c[j] = f->beta == 0 ? 0 : f->beta * c[j];
    }
    for (int64_t from = 0; from < p->k; from += DEPTH) {
        const int64_t depth = p->k - from < DEPTH ? p->k - from : DEPTH;
        ISA(pack)(f, from, depth, column, wide, packed);
        for (int64_t i = 0; i < p->m; i += TALL) {
            const int rows = p->m - i < TALL ? (int)(p->m - i) : TALL;
            number *c = f->c + i * p->c_row + column;
            if (rows == TALL && wide == WIDE)
                ISA(tile)(f, TALL, i, from, depth, packed, c, p->c_row);
            else
                ISA(edge)(f, rows, i, from, depth, packed, c, wide);
        }
    }
}

static void ISA(gradus_multiply)(const work *w, gradus_transpose a_is, gradus_transpose b_is, int64_t m, int64_t n,
                                 int64_t k, number alpha, const number *a, int64_t a_row, const number *b,
                                 int64_t b_row, number beta, number *c, int64_t c_row)
{
    const gradus_inside *inside = w->inside;
    const product shape = make_product(a_is, b_is, (const int64_t[]){m, n, k}, a_row, b_row, c_row);
    ISA(factors) job = {.shape = &shape, .a = a, .b = b, .c = c, .alpha = alpha, .beta = beta};
    const int64_t panels = (n + WIDE - 1) / WIDE;
    if (sizeof(number) == sizeof(float) &&
        gradus_gemm(inside->context, a_is, b_is, m, n, k, (float)alpha, (const void *)a, a_row, (const void *)b, b_row,
                    (float)beta, (void *)c, c_row))
        return;
    if (inside->alone)
        gradus_parallel(inside->context, panels, ISA(panel), &job);
    else
        for (int64_t i = 0; i < panels; i++) ISA(panel)(&job, i);
}
#undef WIDE
#endif
