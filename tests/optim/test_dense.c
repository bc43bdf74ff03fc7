/* Eigenvectors and orthonormal columns: what they are by definition, for matrices of every rank; those that one can see. */
#include "../../src/optim/dense.h"
#include "check.h"
#include "gradus/base.h"

enum { MOST = 60 };

static double matrix[MOST * MOST], vectors[MOST * MOST], values[MOST], room[MOST * MOST];

/* The sum of `rank` products of a column with itself. */
static void make(int64_t n, int64_t rank, uint64_t seed)
{
    for (int64_t i = 0; i < n * n; i++) matrix[i] = 0;
    for (int64_t r = 0; r < rank; r++)
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j < n; j++)
                matrix[i * n + j] += gradus_random_normal(seed, (uint64_t)r, (uint64_t)i) *
                                     gradus_random_normal(seed, (uint64_t)r, (uint64_t)j);
}

static void check_orthonormal(const double *rows, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) {
            double sum = 0;
            for (int64_t k = 0; k < n; k++) sum += rows[i * n + k] * rows[j * n + k];
            check_close(sum, i == j, 0, 1e-13);
        }
}

static void check_eigen(int64_t n)
{
    double largest = 0;
    memcpy(vectors, matrix, sizeof vectors);
    assert_true(gradus_eigen(n, vectors, values, room));
    check_orthonormal(vectors, n);
    for (int64_t i = 0; i < n; i++) largest = fmax(largest, fabs(values[i]));
    for (int64_t i = 0; i < n; i++) {
        if (i) assert_true(values[i] <= values[i - 1]);
        for (int64_t j = 0; j < n; j++) {
            double product = 0;
            for (int64_t k = 0; k < n; k++) product += matrix[j * n + k] * vectors[i * n + k];
            check_close(product, values[i] * vectors[i * n + j], 0, 1e-13 * (1 + largest));
        }
    }
}

static void eigenvectors(void **state)
{
    (void)state;
    static const int64_t sizes[] = {1, 2, 3, 4, 7, 20, MOST};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        for (int64_t rank = 0; rank <= sizes[s]; rank += rank < 3 ? 1 : sizes[s] / 3) {
            make(sizes[s], rank, s);
            check_eigen(sizes[s]);
        }
    }
    memcpy(matrix, (double[]){2, 1, 1, 2}, 4 * sizeof(double));
    check_eigen(2);
    check_close(values[0], 3, 1e-15, 0);
    check_close(values[1], 1, 1e-15, 0);
    check_close(fabs(vectors[0]), sqrt(0.5), 1e-15, 0);
    memcpy(matrix, (double[]){0, 0, 0, 0, 5, 0, 0, 0, -1}, 9 * sizeof(double));
    check_eigen(3);
    assert_true(values[0] == 5 && values[1] == 0 && values[2] == -1);
    matrix[4] = NAN;
    assert_false(gradus_eigen(3, matrix, values, room));
}

/* Row after row is of those before it in `columns` and itself: what is beyond them is 0. */
static void columns(void **state)
{
    (void)state;
    for (int64_t n = 1; n < 20; n += 3) {
        for (int64_t rank = 0; rank <= n; rank++) {
            make(n, rank, 7);
            memcpy(vectors, matrix, sizeof vectors);
            gradus_orthonormal(n, vectors, room);
            check_orthonormal(vectors, n);
            for (int64_t i = 0; i < n; i++)
                for (int64_t j = i + 1; j < n; j++) {
                    double along = 0;
                    for (int64_t k = 0; k < n; k++) along += matrix[i * n + k] * vectors[j * n + k];
                    check_close(along, 0, 0, 1e-12 * (1 + fabs(matrix[i * n + i])));
                }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(eigenvectors), cmocka_unit_test(columns)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
