/* Each word of the vocabulary means the same for every instruction set: ordinary numbers, infinities, NaN, zeros of
 * both signs and numbers too small to be normal. Rules are written in these words alone. */
#ifndef RULE
#include "check.h"
#include "gradus/base.h"
#include "../../src/optim/kernel.h"

enum { COUNT = 96, WORDS = 6 };

#define NO_TWIN
#define RULE "../../tests/optim/test_lanes.c"
#include "../../src/optim/every_isa.h"

static gradus_kernel *const kernels[WORDS][GRADUS_ISA_COUNT] = {EVERY_ISA(logic), EVERY_ISA(signs), EVERY_ISA(order),
                                                                EVERY_ISA(masks), EVERY_ISA(roots), EVERY_ISA(sums)};
static const char *const titles[WORDS] = {
    "choose", "sign, with_sign, absolute", "smaller, larger", "both, either, same, at_least", "root, + - * /", "add"};

static const float odd[] = {0.0f,   -0.0f,    1.0f,      -1.0f, 1e-42f, -1e-42f, 3e38f,
                            -3e38f, INFINITY, -INFINITY, NAN,   0.3f,   -0.7f,   1e-20f};
enum { ODD = sizeof odd / sizeof *odd };

typedef struct numbers {
    float x[COUNT], g[COUNT], s[COUNT];
    double sums[GRADUS_SUMS][GRADUS_PARTS];
} numbers;

/* Every pair of the odd ones meets, in every lane. */
static void run(gradus_kernel *kernel, size_t round, size_t count, numbers *of)
{
    static const float constants[GRADUS_CONSTANTS] = {0.5f, -2};
    memset(of, 0, sizeof *of);
    for (size_t i = 0; i < COUNT; i++) {
        of->x[i] = odd[(i + round) % ODD];
        of->g[i] = odd[(i + round) / ODD % ODD];
        of->s[i] = odd[(3 * i + round) % ODD];
    }
    const gradus_span span = {
        .count = count, .values = of->x, .gradient = of->g, .state = {of->s}, .sums = of->sums[0]};
    kernel(&span, 1, constants);
}

static bool same_float(float a, float b) { return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b)); }
static bool same_double(double a, double b) { return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b)); }

static void words(void **state)
{
    (void)state;
    const int best = gradus_isa_of(NULL, NULL) - GRADUS_ISA_SCALAR;
    static numbers scalar, other;
    for (int w = 0; w < WORDS; w++) {
        for (int isa = 1; isa <= best; isa++) {
            for (size_t round = 0; round < ODD * ODD && kernels[w][isa]; round++) {
                const size_t count = COUNT - round % 40;
                run(kernels[w][0], round, count, &scalar);
                run(kernels[w][isa], round, count, &other);
                for (int i = 0; i < COUNT; i++) {
                    if (!same_float(scalar.x[i], other.x[i]) || !same_float(scalar.s[i], other.s[i]))
                        fail_msg("%s: %g and %g instead of %g and %g for set %d", titles[w], other.x[i], other.s[i],
                                 scalar.x[i], scalar.s[i], isa);
                }
                for (int j = 0; j < GRADUS_SUMS * GRADUS_PARTS; j++) {
                    const int sum = j / GRADUS_PARTS, part = j % GRADUS_PARTS;
                    if (!same_double(scalar.sums[sum][part], other.sums[sum][part]))
                        fail_msg("%s: part %d of sum %d differs for set %d", titles[w], part, sum, isa);
                }
            }
        }
    }
}

/* What the words mean, for the one variant that the others are held against. */
static void meaning(void **state)
{
    (void)state;
    static numbers of;
    float x = -3, g = NAN, s = 2;
    double sums[GRADUS_SUMS * GRADUS_PARTS] = {0};
    const float constants[GRADUS_CONSTANTS] = {0.5f, -2};
    const gradus_span span = {.count = 1, .values = &x, .gradient = &g, .state = {&s}, .sums = sums};
    kernels[2][0](&span, 1, constants); /* smaller(x, g): the second where either is no number */
    assert_true(isnan(x));
    x = NAN, g = -3;
    kernels[2][0](&span, 1, constants);
    assert_true(x == -3);
    x = -3, g = -0.0f;
    kernels[1][0](&span, 1, constants);
    assert_true(x == -3 && signbit(x) && s == -1);
    run(kernels[5][0], 0, COUNT, &of);
    assert_true(isnan(of.sums[0][10])); /* the product of NaN and 0 */
    x = 2, g = 5, s = 0, memset(sums, 0, sizeof sums);
    kernels[5][0](&span, 1, constants);
    assert_true(sums[0] == 10 && sums[GRADUS_PARTS] == 25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(words), cmocka_unit_test(meaning)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else /* once for each instruction set */

#define WORD(name, constants, sums)                                                                                    \
    static void ISA(name)(const span *spans, size_t how_many, const number *k)                                         \
    {                                                                                                                  \
        walk(ISA(name##_element), GRADIENT | VALUES | SLOT(0), VALUES | SLOT(0), constants, sums, spans, how_many, k); \
    }

static inline void ISA(logic_element)(cell *c, const lane *k)
{
    c->x = choose(above(c->x, c->g), c->x + k[0], c->g);
    c->s[0] = choose(above(c->s[0], k[1]), c->s[0], c->x);
}
WORD(logic, 2, 0)

static inline void ISA(signs_element)(cell *c, const lane *k)
{
    (void)k;
    c->s[0] = sign(c->x);
    c->x = with_sign(absolute(c->x), c->g);
}
WORD(signs, 0, 0)

static inline void ISA(order_element)(cell *c, const lane *k)
{
    (void)k;
    const lane least = smaller(c->x, c->g);
    c->s[0] = larger(c->s[0], c->x);
    c->x = least;
}
WORD(order, 0, 0)

static inline void ISA(masks_element)(cell *c, const lane *k)
{
    const mask a = both(at_least(c->x, c->g), above(k[0], c->s[0])), b = either(same(c->x, c->s[0]), above(c->g, k[0]));
    c->x = choose(a, k[0], k[1]);
    c->s[0] = choose(either(a, b), c->g, k[1]);
}
WORD(masks, 2, 0)

static inline void ISA(roots_element)(cell *c, const lane *k)
{
    c->s[0] = root(c->s[0]) / c->g - k[0] * c->x;
    c->x = all(1) / root(absolute(c->x) + k[0]);
}
WORD(roots, 1, 0)

static inline void ISA(sums_element)(cell *c, const lane *k)
{
    (void)k;
    c->sum[0] = c->x;
    c->sum[1] = c->times[1] = c->times[0] = c->g;
}
WORD(sums, 0, 2)
#undef WORD
#endif
