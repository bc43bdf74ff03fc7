/* Products of matrices: what they are, in every shape and form and at odd places; equal bits with every instruction set
 * and number of threads; the caller's gemm in their place. */
#include "check.h"
#include "gradus/base.h"
#include "../../src/optim/matrix.h"

enum { MOST = 70, DEEP = 600, ROOM = DEEP * DEEP };

static float a[ROOM], b[ROOM], c[3][ROOM];
static double twin_a[ROOM], twin_b[ROOM], twin_c[ROOM];

static int numbers(void **state)
{
    (void)state;
    for (int i = 0; i < ROOM; i++) {
        a[i] = (float)gradus_random_normal(1, 0, (uint64_t)i);
        b[i] = (float)gradus_random_normal(2, 0, (uint64_t)i);
        twin_a[i] = a[i], twin_b[i] = b[i];
    }
    return 0;
}

typedef struct product {
    gradus_transpose a_is, b_is;
    int64_t m, n, k, a_row, b_row, c_row;
    float alpha, beta;
} product;

static void multiply(const product *p, int32_t isa, const gradus_inside *inside, float *into)
{
    const gradus_work work = {.inside = inside};
    for (int i = 0; i < ROOM; i++) into[i] = p->beta == 0 ? NAN : 1; /* beta 0 asks for nothing */
    gradus_multiply_for(isa)(&work, p->a_is, p->b_is, p->m, p->n, p->k, p->alpha, a, p->a_row, b, p->b_row, p->beta,
                             into, p->c_row);
}

static void check_product(const product *p)
{
    const gradus_inside inside = {0};
    const gradus_twin_work twin = {.inside = &inside};
    multiply(p, GRADUS_ISA_SCALAR, &inside, c[0]);
    for (int i = 0; i < ROOM; i++) twin_c[i] = 1;
    gradus_multiply_twin(&twin, p->a_is, p->b_is, p->m, p->n, p->k, (double)p->alpha, twin_a, p->a_row, twin_b,
                         p->b_row, (double)p->beta, twin_c, p->c_row);
    for (int64_t i = 0; i < p->m; i++) {
        for (int64_t j = 0; j < p->n; j++) {
            double sum = 0, size = 0;
            for (int64_t l = 0; l < p->k; l++) {
                const double term = twin_a[p->a_is ? l * p->a_row + i : i * p->a_row + l] *
                                    twin_b[p->b_is ? j * p->b_row + l : l * p->b_row + j];
                sum += term, size += fabs(term);
            }
            const double expected = (double)p->alpha * sum + (double)p->beta;
            check_close(twin_c[i * p->c_row + j], expected, 0, 1e-14 * (1 + size));
            check_close((double)c[0][i * p->c_row + j], expected, 0, 1e-5 * (1 + size));
        }
        if (p->beta != 0 && p->c_row > p->n) assert_true(c[0][i * p->c_row + p->n] == 1); /* nothing beside it */
    }
    for (int32_t isa = GRADUS_ISA_SCALAR + 1; isa <= gradus_isa_of(NULL, NULL); isa++) {
        multiply(p, isa, &inside, c[1]);
        if (memcmp(c[0], c[1], sizeof c[0]) != 0)
            fail_msg("%d x %d x %d has other bits with instruction set %d", (int)p->m, (int)p->n, (int)p->k, (int)isa);
    }
}

static void products(void **state)
{
    (void)state;
    static const int64_t sizes[] = {1, 2, 5, 6, 7, 15, 16, 31, 33, MOST};
    enum { SIZES = sizeof sizes / sizeof *sizes };
    int at = 0;
    for (int form = 0; form < 4; form++)
        for (int i = 0; i < SIZES; i++)
            for (int j = 0; j < SIZES; j++, at++) {
                const int64_t k = sizes[at % SIZES];
                product p = {.a_is = form & 1, .b_is = form >> 1, .m = sizes[i], .n = sizes[j], .k = k};
                p.alpha = at % 3 ? 1 : -0.5f, p.beta = at % 2 ? 0 : 2;
                p.a_row = (p.a_is ? p.m : k) + at % 3, p.b_row = (p.b_is ? k : p.n) + at % 2, p.c_row = p.n + at % 4;
                check_product(&p);
            }
    check_product(&(product){.m = 9, .n = 40, .k = DEEP, .a_row = DEEP, .b_row = 40, .c_row = 40, .alpha = 1});
}

static void threads(void **state)
{
    (void)state;
    const product p = {.m = 100, .n = 300, .k = 500, .a_row = 500, .b_row = 300, .c_row = 300, .alpha = 1};
    for (int i = 0; i < 3; i++) {
        gradus_error error = {0};
        gradus_context *context =
            gradus_context_create(&(gradus_context_config){.threads = (int32_t[]){1, 2, 3}[i]}, &error);
        const gradus_inside inside = {.context = context, .alone = true};
        multiply(&p, gradus_isa_of(NULL, NULL), &inside, c[i]);
        assert_memory_equal(c[0], c[i], 100 * 300 * sizeof(float));
        gradus_context_destroy(context);
    }
}

static void gemm(void *user, bool a_transposed, bool b_transposed, int64_t m, int64_t n, int64_t k, float alpha,
                 const float *left, int64_t left_row, const float *right, int64_t right_row, float beta, float *into,
                 int64_t into_row)
{
    ++*(int *)user;
    assert_true(a_transposed && !b_transposed && m == 2 && n == 3 && k == 4 && alpha == 5 && beta == 6);
    assert_true(left == a && left_row == 7 && right == b && right_row == 8 && into == c[0] && into_row == 9);
}

static void of_the_caller(void **state)
{
    (void)state;
    int called = 0;
    gradus_error error = {0};
    gradus_context *context = gradus_context_create(&(gradus_context_config){.gemm = gemm, .user = &called}, &error);
    const gradus_inside inside = {.context = context};
    multiply(&(product){GRADUS_TRANSPOSED, GRADUS_AS_IT_IS, 2, 3, 4, 7, 8, 9, 5, 6}, GRADUS_ISA_SCALAR, &inside, c[0]);
    assert_int_equal(called, 1);
    gradus_context_destroy(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(products), cmocka_unit_test(threads),
                                       cmocka_unit_test(of_the_caller)};
    return cmocka_run_group_tests(tests, numbers, NULL);
}
