/* The loops over rows and the small products, for every instruction set that this machine has, against plain ones in double precision. */
#include "kernels.h"

/* ---- layer norm ---- */

static void check_rows(const gradus_kernels *kernels, int64_t rows, int64_t width)
{
    buffer x = make(rows * width, 1, 3), y = make(rows * width, 2, 1), gradient = make(rows * width, 3, 1),
           weight = make(width, 4, 1), bias = make(width, 5, 1), sums = make(2 * width, 6, 1);
    double *slope = copy(&gradient), *sum = copy(&sums);
    kernels->normalise_rows(width, 1e-3F, weight.values, bias.values, x.values, y.values, rows);
    kernels->normalise_rows_backward(width, 1e-3F, weight.values, x.values, gradient.values, sums.values,
                                     sums.values + width, rows);
    for (int64_t row = 0; row < rows; row++) {
        const float *at = x.values + row * width;
        const double *dy = slope + row * width;
        double mean = 0, variance = 0, flat = 0, tilt = 0;
        for (int64_t i = 0; i < width; i++) mean += at[i] / (double)width;
        for (int64_t i = 0; i < width; i++) variance += (at[i] - mean) * (at[i] - mean) / (double)width;
        const double inverse = 1 / sqrt(variance + 1e-3);
        for (int64_t i = 0; i < width; i++) {
            const double normal = (at[i] - mean) * inverse;
            check_close(y.values[row * width + i], normal * weight.values[i] + bias.values[i], 2e-6, 2e-6);
            flat += dy[i] * weight.values[i] / (double)width;
            tilt += dy[i] * weight.values[i] * normal / (double)width;
            sum[i] += dy[i] * normal;
            sum[width + i] += dy[i];
        }
        for (int64_t i = 0; i < width; i++) {
            const double wanted = inverse * (dy[i] * weight.values[i] - flat - (at[i] - mean) * inverse * tilt);
            check_close(gradient.values[row * width + i], wanted, 3e-6, 3e-6 * inverse);
        }
    }
    for (int64_t i = 0; i < 2 * width; i++) check_close(sums.values[i], sum[i], 1e-5, 1e-5);
    free(slope);
    free(sum);
    buffer *all[] = {&x, &y, &gradient, &weight, &bias, &sums};
    for (int i = 0; i < 6; i++) check_unguard(&all[i]->guarded);
}

static void test_layernorm(void **state)
{
    (void)state;
    const gradus_kernels *kernels;
    for (int k = 0; (kernels = kernels_of(k)); k++)
        for (int64_t width = 1; width < 70; width++) check_rows(kernels, 3, width);
}

/* ---- softmax, shares ---- */

static void test_softmax(void **state)
{
    (void)state;
    const gradus_kernels *kernels;
    for (int k = 0; (kernels = kernels_of(k)); k++)
        for (int64_t count = 1; count < 70; count++) {
            buffer input = make(count, 1, 30), output = make(count, 2, 1);
            const gradus_softmax_sum found = kernels->softmax(input.values, output.values, count);
            double sum = 0;
            for (int64_t i = 0; i < count; i++) sum += exp((double)input.values[i] - found.largest);
            check_close(found.sum, sum, 1e-6, 0);
            for (int64_t i = 0; i < count; i++) { /* the difference is rounded before it is exponentiated */
                const double x = (double)input.values[i] - found.largest;
                check_close(output.values[i], exp(x) / sum, 4e-7 + 6e-8 * fabs(x), 1e-37);
            }
            input.values[count / 2] = NAN;
            kernels->softmax(input.values, output.values, count);
            for (int64_t i = 0; i < count; i++) assert_true(isnan(output.values[i]));
            check_unguard(&input.guarded);
            check_unguard(&output.guarded);
        }
}

/* What lies behind those that a row sees may be anything. */
static void check_shares(const gradus_kernels *kernels, int64_t rows, int64_t columns, bool causal)
{
    const int64_t step = columns + 3, first = causal ? columns - rows + 1 : columns;
    buffer shares = make(rows * step, 1, 5), gradient = make(rows * step, 2, 1);
    for (int64_t row = 0; row < rows; row++)
        for (int64_t i = causal ? first + row : columns; i < columns; i++) shares.values[row * step + i] = NAN;
    double *scores = copy(&shares), *slope = copy(&gradient);
    kernels->share_out(0.3F, first, causal, shares.values, rows, columns, step);
    kernels->share_out_backward(0.3F, shares.values, gradient.values, rows, columns, step);
    for (int64_t row = 0; row < rows; row++) {
        const int64_t seen = causal ? first + row : columns;
        double sum = 0, mean = 0;
        for (int64_t i = 0; i < seen; i++) sum += exp(0.3 * scores[row * step + i]);
        for (int64_t i = 0; i < seen; i++) mean += exp(0.3 * scores[row * step + i]) / sum * slope[row * step + i];
        for (int64_t i = 0; i < step; i++) {
            const int64_t at = row * step + i;
            const double share = i < seen ? exp(0.3 * scores[at]) / sum : 0;
            check_close(shares.values[at], i < columns ? share : scores[at], 1e-6, 0);
            check_close(gradient.values[at], i < columns ? 0.3 * share * (slope[at] - mean) : slope[at], 1e-6, 1e-7);
        }
    }
    free(scores);
    free(slope);
    check_unguard(&shares.guarded);
    check_unguard(&gradient.guarded);
}

static void test_shares(void **state)
{
    (void)state;
    const gradus_kernels *kernels;
    for (int k = 0; (kernels = kernels_of(k)); k++)
        for (int64_t columns = 1; columns < 40; columns++)
            for (int64_t rows = 1; rows <= columns && rows < 20; rows += 3)
                for (int causal = 0; causal < 2; causal++) check_shares(kernels, rows, columns, causal);
}

/* ---- products ---- */

static void check_product(const gradus_kernels *kernels, gradus_product shape, int64_t gap)
{
    const int64_t wide_a = shape.turn_a ? shape.rows : shape.inner, high_a = shape.turn_a ? shape.inner : shape.rows;
    const int64_t step_a = wide_a + gap, step_b = shape.columns + gap;
    buffer a = make((high_a - 1) * step_a + wide_a, 1, 1), b = make((shape.inner - 1) * step_b + shape.columns, 2, 1),
           c = make((shape.rows - 1) * step_b + shape.columns, 3, 1);
    double *before = copy(&c);
    shape.step_a = gap ? step_a : 0;
    shape.step_b = shape.step_c = gap ? step_b : 0;
    kernels->multiply(&shape, a.values, b.values, c.values);
    for (int64_t i = 0; i < shape.rows; i++)
        for (int64_t j = 0; j < step_b && i * step_b + j < (shape.rows - 1) * step_b + shape.columns; j++) {
            double sum = shape.add || j >= shape.columns ? before[i * step_b + j] : 0, size = fabs(sum);
            for (int64_t k = 0; k < shape.inner && j < shape.columns; k++) {
                const double one =
                    (double)a.values[shape.turn_a ? k * step_a + i : i * step_a + k] * b.values[k * step_b + j];
                sum += one;
                size += fabs(one);
            }
            check_close(c.values[i * step_b + j], sum, 0,
                        j < shape.columns ? 6e-8 * (double)(shape.inner + 1) * size : 0);
        }
    free(before);
    check_unguard(&a.guarded);
    check_unguard(&b.guarded);
    check_unguard(&c.guarded);
}

static void test_products(void **state)
{
    static const int64_t inners[] = {1, 7, 300};
    (void)state;
    const gradus_kernels *kernels;
    for (int k = 0; (kernels = kernels_of(k)); k++)
        for (int64_t rows = 1; rows < 28; rows++)
            for (int64_t columns = 1; columns < 50; columns += 3)
                for (int i = 0; i < 3; i++)
                    check_product(kernels,
                                  (gradus_product){.turn_a = rows % 2,
                                                   .add = columns % 2,
                                                   .rows = rows,
                                                   .columns = columns,
                                                   .inner = inners[i]},
                                  rows % 3);
}

static void test_turn(void **state)
{
    (void)state;
    const gradus_kernels *kernels;
    for (int k = 0; (kernels = kernels_of(k)); k++)
        for (int64_t rows = 1; rows < 20; rows++)
            for (int64_t columns = 1; columns < 20; columns++) {
                buffer from = make(rows * columns, 1, 1), to = make(columns * rows, 2, 1);
                kernels->turn(rows, columns, from.values, columns, to.values, rows);
                for (int64_t i = 0; i < rows * columns; i++)
                    check_close(to.values[i % columns * rows + i / columns], from.values[i], 0, 0);
                check_unguard(&from.guarded);
                check_unguard(&to.guarded);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_layernorm), cmocka_unit_test(test_softmax),
                                       cmocka_unit_test(test_shares), cmocka_unit_test(test_products),
                                       cmocka_unit_test(test_turn)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
