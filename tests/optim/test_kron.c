/* What kron promises: gradients of any covariance come out white. It is learnt from normal numbers that are mixed along rows and columns;
 * what the values then move by is measured. */
#include "check.h"
#include "gradus/base.h"
#include "gradus/gradus.h"

enum { ROWS = 3, COLUMNS = 4, SIZE = ROWS * COLUMNS, LEARNT = 12000, MEASURED = 8000 };

static const double left[ROWS][ROWS] = {{3, 0, 0}, {1, 0.5, 0}, {0, 0.2, 0.1}},
                    right[COLUMNS][COLUMNS] = {{1, 0, 0, 0}, {0.5, 1, 0, 0}, {0, 0, 4, 1}, {0, 0, 0, 0.3}};

static void mix(uint64_t update, float *gradient)
{
    double normal[ROWS][COLUMNS], half[ROWS][COLUMNS] = {{0}};
    for (int i = 0; i < SIZE; i++) normal[i / COLUMNS][i % COLUMNS] = gradus_random_normal(9, update, (uint64_t)i);
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLUMNS; j++)
            for (int k = 0; k < ROWS; k++) half[i][j] += left[i][k] * normal[k][j];
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLUMNS; j++) {
            double sum = 0;
            for (int k = 0; k < COLUMNS; k++) sum += half[i][k] * right[k][j];
            gradient[i * COLUMNS + j] = (float)(0.3 * sum);
        }
}

static void white(void **state)
{
    (void)state;
    gradus_error error = {0};
    float values[SIZE] = {0}, gradient[SIZE];
    static double products[SIZE][SIZE];
    gradus_optimizer *optimizer =
        gradus_optimizer_create(&(gradus_optimizer_config){.rule = "kron(momentum=0, precondition_rate=0.1)"}, &error);
    const gradus_parameter x = {.name = "x", .shape = {ROWS, COLUMNS}, .values = values, .gradient = gradient};
    gradus_optimizer_add(optimizer, &x, &error);
    for (int update = 0; update < LEARNT + MEASURED; update++) {
        memset(values, 0, sizeof values);
        mix((uint64_t)update, gradient);
        gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1}, &error);
        for (int i = 0; i < SIZE && update >= LEARNT; i++)
            for (int j = 0; j < SIZE; j++) products[i][j] += (double)values[i] * (double)values[j] / MEASURED;
    }
    if (error.status) fail_msg("%s", error.message);
    gradus_optimizer_destroy(optimizer);
    for (int i = 0; i < SIZE; i++)
        for (int j = 0; j < SIZE; j++) check_close(products[i][j], i == j, 0, 0.3); /* were 0.0009 to 20 */
}

/* Each tensor learns against numbers of its own, which its name and the seed say. */
static void own_numbers(void **state)
{
    (void)state;
    static const char *const names[][2] = {{"a", "b"}, {"b", "a"}, {"a", "b"}};
    static const uint64_t seeds[] = {1, 1, 2};
    static float values[3][2][SIZE];
    gradus_error error = {0};
    for (int run = 0; run < 3; run++) {
        float gradient[SIZE];
        gradus_optimizer *optimizer =
            gradus_optimizer_create(&(gradus_optimizer_config){.rule = "kron", .seed = seeds[run]}, &error);
        for (int i = 0; i < 2; i++)
            gradus_optimizer_add(
                optimizer,
                &(gradus_parameter){
                    .name = names[run][i], .shape = {ROWS, COLUMNS}, .values = values[run][i], .gradient = gradient},
                &error);
        for (int update = 0; update < 20; update++) {
            mix((uint64_t)update, gradient);
            gradus_optimizer_step(optimizer, &(gradus_step){.rate = 0.1}, &error);
        }
        if (error.status) fail_msg("%s", error.message);
        gradus_optimizer_destroy(optimizer);
    }
    assert_memory_not_equal(values[0][0], values[0][1], sizeof values[0][0]); /* a and b */
    assert_memory_equal(values[0][0], values[1][1], sizeof values[0][0]);     /* a and a, first and second */
    assert_memory_equal(values[0][1], values[1][0], sizeof values[0][0]);
    assert_memory_not_equal(values[0][0], values[2][0], sizeof values[0][0]); /* with another seed */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(white), cmocka_unit_test(own_numbers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
