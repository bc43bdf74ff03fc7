/* Transforms of the gradients: each by hand, and beside a plain computation on tensors that are cut up in the middle of a
 * row; equal bits for every instruction set and number of threads; what they remember, saved and resumed. */
#include "check.h"
#include "gradus/base.h"
#include "gradus/spec.h"

enum { MOST = 8 };

static gradus_error error;

static int fresh(void **state)
{
    (void)state;
    error = (gradus_error){0};
    return 0;
}

/* ---- by hand: sgd at rate 1 leaves the values less the gradient that it saw ---- */

typedef struct by_hand {
    const char *gradient;
    int64_t shape[8];
    float values[MOST], seen[MOST], expected[MOST];
} by_hand;

static const by_hand cases[] = {
    {"clip_tensor(5)", {2}, {0}, {6, 8}, {3, 4}},
    {"clip_tensor(5)", {2}, {0}, {3, -4}, {3, -4}},
    {"clip_tensor(7, order=1)", {2}, {0}, {6, -8}, {3, -4}},
    {"clip_tensor(4, order=inf)", {2}, {0}, {6, -8}, {3, -4}},
    {"clip_tensor(5, order=rms)", {4}, {0}, {14, 2, 10, -10}, {7, 1, 5, -5}},
    {"clip_tensor(5, epsilon=10)", {2}, {0}, {6, 8}, {1.5f, 2}},
    {"clip_norm(7, order=1)", {2}, {0}, {6, -8}, {3, -4}},
    {"clip_norm(4, order=inf)", {2}, {0}, {6, -8}, {3, -4}},
    {"centralize", {2, 3}, {0}, {1, 2, 3, 4, 6, 8}, {-1, 0, 1, -2, 0, 2}},
    {"centralize", {2, 1, 3}, {0}, {1, 2, 3, 4, 6, 8}, {-1, 0, 1, -2, 0, 2}},
    {"centralize", {3}, {0}, {1, 2, 3}, {1, 2, 3}}, /* a vector has no rows */
    {"centralize(convolutions)", {2, 3}, {0}, {1, 2, 3, 4, 6, 8}, {1, 2, 3, 4, 6, 8}},
    {"centralize(convolutions)", {1, 1, 2, 3}, {0}, {1, 2, 3, 4, 6, 8}, {-3, -2, -1, 0, 2, 4}},
    {"clip_adaptive(0.5)", {2, 2}, {6, 8, 6, 8}, {6, 8, 3, 4}, {3, 4, 3, 4}},
    {"clip_adaptive(0.5, outputs=last)", {2, 2}, {6, 6, 8, 8}, {6, 3, 8, 4}, {3, 3, 4, 4}},
    {"clip_adaptive(0.5)", {2}, {6, 8}, {6, 8}, {3, 4}},
    {"clip_adaptive(0.5)", {4}, {6, 8, 0, 0}, {0, 0, 6, 8}, {0, 0, 3, 4}}, /* a vector is one unit */
    {"clip_adaptive(0.5, least=10)", {2, 2}, {6, 8, 0, 0}, {6, 8, 6, 8}, {3, 4, 3, 4}},
    {"clip_adaptive(0.5, least=10)", {2}, {0}, {0, 0}, {0, 0}},
    {"clip_value(2) > centralize", {1, 3}, {0}, {9, 2, -9}, {4.0f / 3, 4.0f / 3, -8.0f / 3}},
    {"centralize > clip_tensor(1)", {1, 2}, {0}, {9, 3}, {0.70710677f, -0.70710677f}},
    {"centralize > clip_norm(6, order=1)", {1, 2}, {0}, {9, -3}, {3, -3}},
    {"clip_norm(5) > centralize", {1, 2}, {0}, {6, 8}, {-0.5f, 0.5f}},
    {"zero_non_finite", {4}, {0}, {1, NAN, INFINITY, -2}, {1, 0, 0, -2}},
    {"zero_non_finite > clip_tensor(1)", {3}, {0}, {NAN, 3, 4}, {0, 0.6f, 0.8f}},
    {"noise(0)", {2}, {0}, {3, 4}, {3, 4}},
    {"penalty(l1=0.5)", {2, 2}, {2, -3, 0, 1}, {1, 1, 1, 0}, {1.5f, 0.5f, 1, 0.5f}},
    {"penalty(l2=0.5)", {1, 3}, {2, -4, 0}, {1, 1, 1}, {2, -1, 1}},
    {"penalty(l1=1, l2=0.25)", {1, 2}, {4, -8}, {0, 1}, {2, -2}},
    {"penalty(l1=1)", {2}, {4, -8}, {3, 4}, {3, 4}}, /* a vector is left alone */
    {"penalty(l1=1, vectors)", {2}, {4, -8}, {3, 4}, {4, 3}},
    {"penalty(l1=3) > clip_tensor(5)", {1, 2}, {2, 2}, {3, 5}, {3, 4}},
    {"clip_tensor(5) > penalty(l1=1)", {1, 2}, {-2, 2}, {6, 8}, {2, 5}},
};

static void hand_worked(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int scaled = 0; scaled < 2; scaled++) { /* the gradients as they are, or four times that */
            float values[MOST], gradient[MOST], other[2] = {0}, other_gradient[2] = {0};
            gradus_optimizer *optimizer = gradus_optimizer_create(
                &(gradus_optimizer_config){.rule = "sgd", .gradient = cases[i].gradient}, &error);
            gradus_parameter one = {.name = "x", .values = values, .gradient = gradient},
                             two = {.name = "y", .shape = {2}, .values = other, .gradient = other_gradient};
            memcpy(one.shape, cases[i].shape, sizeof one.shape);
            memcpy(values, cases[i].values, sizeof values);
            for (int j = 0; j < MOST; j++) gradient[j] = cases[i].seen[j] * (scaled ? 4 : 1);
            gradus_optimizer_add(optimizer, &two, &error);
            gradus_optimizer_add(optimizer, &one, &error);
            gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1, .gradient_scale = scaled ? 0.25 : 1}, &error);
            if (error.status) fail_msg("%s: %s", cases[i].gradient, error.message);
            for (int j = 0; j < MOST; j++) {
                const float left = cases[i].values[j] - values[j];
                if (!check_is_close((double)left, (double)cases[i].expected[j], 1e-6, 1e-7))
                    fail_msg("%s, %zu: [%d] is %.9g, expected %.9g", cases[i].gradient, i, j, (double)left,
                             (double)cases[i].expected[j]);
            }
            assert_true(other[0] == 0 && other[1] == 0);
            gradus_optimizer_destroy(optimizer);
        }
    }
}

static uint32_t bits_of(float number)
{
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

/* Each tensor is judged by itself. */
static void tensors_apart(void **state)
{
    (void)state;
    float a[2] = {0}, b[2] = {0}, ga[2] = {6, 8}, gb[2] = {0.6f, 0.8f};
    gradus_optimizer *optimizer =
        gradus_optimizer_create(&(gradus_optimizer_config){.rule = "sgd", .gradient = "clip_tensor(5)"}, &error);
    gradus_optimizer_add(optimizer, &(gradus_parameter){.name = "a", .shape = {2}, .values = a, .gradient = ga},
                         &error);
    gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1}, &error);
    gradus_optimizer_add(optimizer, &(gradus_parameter){.name = "b", .shape = {2}, .values = b, .gradient = gb},
                         &error);
    gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1}, &error); /* with one that came later */
    if (error.status) fail_msg("%s", error.message);
    assert_true(a[0] == -6 && a[1] == -8 && b[0] == -0.6f && b[1] == -0.8f);
    gradus_optimizer_destroy(optimizer);
}

/* Gradients and values of 16 bits are looked at as what they stand for. */
static void sixteen_bits(void **state)
{
    (void)state;
    static const float numbers[6] = {1, 2, 3, 4, 6, 8}, held[4] = {6, 8, 6, 8}, steep[4] = {6, 8, 3, 4};
    uint16_t codes[6], slopes[4], weights[4];
    float wide[6] = {0};
    for (int i = 0; i < 6; i++) codes[i] = (uint16_t)(bits_of(numbers[i]) >> 16);
    for (int i = 0; i < 4; i++) {
        slopes[i] = (uint16_t)(bits_of(steep[i]) >> 16);
        weights[i] = (uint16_t)(bits_of(held[i]) >> 16);
    }
    gradus_optimizer *optimizer = gradus_optimizer_create(
        &(gradus_optimizer_config){.rule = "sgd", .gradient = "centralize(convolutions) > clip_adaptive(0.5)"}, &error);
    gradus_optimizer_add(
        optimizer,
        &(gradus_parameter){
            .name = "w", .shape = {1, 1, 2, 3}, .values = wide, .gradient = codes, .gradient_type = GRADUS_BFLOAT16},
        &error);
    gradus_optimizer_add(optimizer,
                         &(gradus_parameter){.name = "v",
                                             .shape = {2, 2},
                                             .values = weights,
                                             .gradient = slopes,
                                             .values_type = GRADUS_BFLOAT16,
                                             .gradient_type = GRADUS_BFLOAT16,
                                             .rounding = 2},
                         &error);
    gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1}, &error);
    if (error.status) fail_msg("%s", error.message);
    static const float expected[4] = {3, 4, 3, 4}; /* 6 - 3, 8 - 4, and of the second row 6 - 3, 8 - 4 */
    for (int i = 0; i < 4; i++) assert_int_equal(weights[i], bits_of(expected[i]) >> 16);
    /* the row's norm is taken for 1e-3: of the mean-free gradient that much times 0.5 is left */
    for (int i = 0; i < 6; i++) check_close(-(double)wide[i], ((double)numbers[i] - 4) / sqrt(34) * 0.5e-3, 1e-5, 0);
    gradus_optimizer_destroy(optimizer);
}

/* ---- rows longer and shorter than what goes through the cache at once ---- */

enum { ROWS = 37, COLUMNS = 1201, LONG = ROWS * COLUMNS };

static float values[LONG], gradient[LONG], first[LONG];

static void fill(void)
{
    for (int i = 0; i < LONG; i++) {
        values[i] = (float)gradus_random_normal(1, 0, (uint64_t)i);
        gradient[i] = (float)gradus_random_normal(2, 0, (uint64_t)i);
    }
}

static void train(const char *spec, const gradus_context *context, int updates)
{
    gradus_optimizer *optimizer = gradus_optimizer_create(
        &(gradus_optimizer_config){.rule = "sgd", .gradient = spec, .context = (gradus_context *)context, .seed = 3},
        &error);
    gradus_optimizer_add(
        optimizer, &(gradus_parameter){.name = "x", .shape = {ROWS, COLUMNS}, .values = values, .gradient = gradient},
        &error);
    for (int u = 0; u < updates; u++) {
        gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1}, &error);
        for (int i = 0; i < LONG; i++) gradient[i] *= 1.5f;
    }
    if (error.status) fail_msg("%s: %s", spec, error.message);
    gradus_optimizer_destroy(optimizer);
}

static void long_rows(void **state)
{
    (void)state;
    fill();
    memcpy(first, values, sizeof values);
    train("centralize", NULL, 1);
    for (int r = 0; r < ROWS; r++) {
        double sum = 0;
        for (int c = 0; c < COLUMNS; c++) sum += (double)(gradient[r * COLUMNS + c] / 1.5f);
        for (int c = 0; c < COLUMNS; c++) {
            const int i = r * COLUMNS + c;
            check_close((double)(first[i] - values[i]), (double)(gradient[i] / 1.5f) - sum / COLUMNS, 1e-5, 1e-6);
        }
    }
    fill();
    train("clip_adaptive(0.5, outputs=last)", NULL, 1);
    for (int c = 0; c < COLUMNS; c++) {
        double squares = 0, size = 0;
        for (int r = 0; r < ROWS; r++) {
            squares += pow((double)(gradient[r * COLUMNS + c] / 1.5f), 2);
            size += pow((double)first[r * COLUMNS + c], 2);
        }
        for (int r = 0; r < ROWS; r++) {
            const int i = r * COLUMNS + c;
            const double seen = (double)(gradient[i] / 1.5f) * fmin(1, 0.5 * sqrt(size / squares));
            check_close((double)(first[i] - values[i]), seen, 1e-5, 1e-6);
        }
    }
}

/* ---- equal bits ---- */

static const char *example_of(const gradus_member *member, char text[64])
{
    const gradus_argument *a = member->arguments;
    const bool needs = a->name && !a->initial && !(a->flags & GRADUS_OPTIONAL);
    snprintf(text, 64, needs ? "%s(0.5)" : "%s", member->name);
    return text;
}

static void same_bits(void **state)
{
    (void)state;
    static float after[LONG];
    for (int m = 0; gradus_gradient_family.members[m]; m++) {
        char text[64];
        const char *spec = example_of(gradus_gradient_family.members[m], text);
        for (int32_t how = 0; how < 8; how++) {
            const int32_t isa = how < 5 ? GRADUS_ISA_SCALAR + how : GRADUS_ISA_BEST, threads = how < 5 ? 1 : how - 4;
            gradus_context *context =
                gradus_context_create(&(gradus_context_config){.isa = isa, .threads = threads}, &error);
            if (error.status) { /* a machine without it */
                error = (gradus_error){0};
                continue;
            }
            fill();
            train(spec, context, 3);
            if (how == 0)
                memcpy(after, values, sizeof values);
            else if (memcmp(after, values, sizeof values) != 0)
                fail_msg("%s: other bits (%d)", spec, how);
            gradus_context_destroy(context);
        }
    }
}

/* A rule that is handed whole tensors sees the same gradients. */
static void whole_tensors(void **state)
{
    (void)state;
    static const char *const specs[] = {"centralize",
                                        "clip_adaptive",
                                        "clip_tensor(0.1)",
                                        "noise",
                                        "penalty(l1=0.01, l2=0.1)",
                                        "clip_value(0.1) > centralize > clip_norm(0.3)"};
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        float x[2][6] = {{1, 2, 3, 4, 5, 6}, {1, 2, 3, 4, 5, 6}}, g[6] = {0.5f, -1, 2, 0.1f, 3, -0.7f};
        /* adafactor's second update is by a mean of squares that the first has made: any other gradient shows */
        for (int staged = 0; staged < 2; staged++) {
            float seen[6], zero[6] = {0};
            memcpy(seen, g, sizeof g);
            gradus_optimizer *plain = gradus_optimizer_create(
                                 &(gradus_optimizer_config){.rule = "sgd", .gradient = specs[i], .seed = 1}, &error),
                             *whole = gradus_optimizer_create(
                                 &(gradus_optimizer_config){.rule = "adafactor(scale_parameter=false)",
                                                            .gradient = staged ? specs[i] : NULL,
                                                            .seed = 1},
                                 &error);
            if (!staged) { /* what sgd saw */
                memcpy(zero, x[0], sizeof zero);
                gradus_optimizer_add(
                    plain, &(gradus_parameter){.name = "x", .shape = {2, 3}, .values = zero, .gradient = seen}, &error);
                gradus_optimizer_step(plain, &(gradus_step){.rate = 1}, &error);
                for (int j = 0; j < 6; j++) seen[j] = x[0][j] - zero[j];
            }
            gradus_optimizer_add(
                whole, &(gradus_parameter){.name = "x", .shape = {2, 3}, .values = x[staged], .gradient = seen},
                &error);
            gradus_optimizer_step(whole, &(gradus_step){.rate = 0.1}, &error);
            if (error.status) fail_msg("%s: %s", specs[i], error.message);
            gradus_optimizer_destroy(plain);
            gradus_optimizer_destroy(whole);
        }
        for (int j = 0; j < 6; j++) check_close((double)x[1][j], (double)x[0][j], 1e-4, 1e-6);
    }
}

/* ---- noise ---- */

static void noise(void **state)
{
    (void)state;
    double sum = 0, squares = 0;
    fill();
    memset(gradient, 0, sizeof gradient);
    memset(values, 0, sizeof values);
    train("noise(4)", NULL, 1);
    for (int i = 0; i < LONG; i++) sum += (double)values[i], squares += (double)values[i] * (double)values[i];
    assert_true(fabs(sum / LONG) < 4 * 2 / sqrt(LONG));
    assert_true(fabs(squares / LONG - 4) < 4 * 4 * sqrt(2.0 / LONG));
    memcpy(first, values, sizeof values);
    train("noise(4)", NULL, 1); /* the same draw again */
    for (int i = 0; i < LONG; i++) assert_true(values[i] == 2 * first[i]);
    memset(values, 0, sizeof values);
    train("noise(4, decay=2)", NULL, 2); /* another draw, of half the spread */
    for (int i = 0; i < LONG; i++) values[i] -= first[i], squares += (double)values[i] * (double)values[i];
    assert_true(fabs(squares / LONG - 5) < 5 * 4 * sqrt(2.0 / LONG));
}

/* ---- what is remembered ---- */

static float x[2], g[2];

static gradus_optimizer *small(const char *rule, const char *spec)
{
    x[0] = x[1] = 0;
    gradus_optimizer *optimizer = gradus_optimizer_create(
        &(gradus_optimizer_config){.rule = rule, .gradient = spec, .units = {.total = 4}}, &error);
    gradus_optimizer_add(optimizer, &(gradus_parameter){.name = "x", .shape = {2}, .values = x, .gradient = g}, &error);
    if (error.status) fail_msg("%s: %s", spec, error.message);
    return optimizer;
}

/* The length of the gradient of this length that the rule saw. */
static double seen(gradus_optimizer *optimizer, double length)
{
    const float before = x[0];
    g[0] = (float)length;
    const gradus_outcome outcome = gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1}, &error);
    if (outcome < 0) fail_msg("%s", error.message);
    return (double)(before - x[0]);
}

typedef struct record {
    unsigned char bytes[8192];
    size_t size;
} record;

static int append(void *user, const void *bytes, size_t size)
{
    record *into = user;
    memcpy(into->bytes + into->size, bytes, size);
    into->size += size;
    return 0;
}

static void percentile(void **state)
{
    (void)state;
    gradus_optimizer *optimizer = small("sgd", "clip_percentile(50%, window=3)");
    assert_true(seen(optimizer, 4) == 4);          /* the first is the median */
    check_close(seen(optimizer, 8), 6, 1e-6, 0);   /* of 4, 8 */
    check_close(seen(optimizer, 2), 2, 1e-6, 0);   /* below the median of 2, 4, 8 */
    check_close(seen(optimizer, 16), 6, 1e-6, 0);  /* of 2, 4, 8, 16; then the 4 goes */
    check_close(seen(optimizer, 16), 12, 1e-6, 0); /* of 2, 8, 16, 16 */
    assert_int_equal(
        gradus_optimizer_step(
            optimizer, &(gradus_step){.rate = 1, .gradient_norm = INFINITY, .flags = GRADUS_SKIP_NON_FINITE}, &error),
        GRADUS_SKIPPED); /* not learnt from */
    static record kept;
    kept.size = 0;
    gradus_optimizer_save(optimizer, GRADUS_STATE, append, &kept, &error);
    const double next = seen(optimizer, 20);
    check_close(next, 16, 1e-6, 0); /* of 2, 16, 16, 20: the 8 has gone */
    gradus_optimizer_destroy(optimizer);
    optimizer = small("sgd", "clip_percentile(50%, window=3)");
    seen(optimizer, 1000);
    if (gradus_optimizer_load(optimizer, kept.bytes, kept.size, NULL, &error)) fail_msg("%s", error.message);
    x[0] = 0;
    check_close(seen(optimizer, 20), next, 1e-6, 0);
    gradus_optimizer_reset(optimizer, &error);
    x[0] = 0;
    assert_true(seen(optimizer, 7) == 7);
    gradus_optimizer_destroy(optimizer);
}

/* An update of two evaluations is learnt from once. */
static void with_trials(void **state)
{
    (void)state;
    gradus_optimizer *optimizer = small("sam(sgd, rho=0)", "clip_percentile(0, window=9)");
    for (int i = 0; i < 2; i++) {
        g[0] = (float)(8 >> i);
        assert_int_equal(gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1}, &error), GRADUS_EVALUATE);
        g[0] = (float)(6 >> i);
        assert_int_equal(gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1}, &error), GRADUS_APPLIED);
        assert_true(x[0] == (i ? -9 : -6));
    }
    gradus_optimizer_destroy(optimizer);
}

static void skips(void **state)
{
    (void)state;
    gradus_optimizer *optimizer = small("sgd", "skip_non_finite");
    g[0] = NAN;
    assert_int_equal(gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1}, &error), GRADUS_SKIPPED);
    assert_true(x[0] == 0);
    assert_true(seen(optimizer, 3) == 3);
    gradus_optimizer_destroy(optimizer);
}

/* ---- schedules ---- */

static void scheduled(void **state)
{
    (void)state;
    static const char *const specs[] = {"clip_norm(linear(from=4, to=2))", "clip_tensor(linear(from=4, to=2))",
                                        "clip_value(linear(from=4, to=2))"};
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        gradus_optimizer *optimizer = small("sgd", specs[i]);
        for (int u = 0; u < 4; u++) check_close(seen(optimizer, 100), 4 - 0.5 * u, 1e-5, 0);
        gradus_optimizer_destroy(optimizer);
    }
    assert_null(gradus_optimizer_create(
        &(gradus_optimizer_config){
            .rule = "sgd", .gradient = "clip_percentile(linear(from=0.5, to=2))", .units = {.total = 4}},
        &error));
    assert_int_equal(error.status, GRADUS_ERROR_RANGE);
    assert_non_null(strstr(error.message, "share must be in [0, 1]; this gives 1.25 at update 2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(hand_worked, fresh),  cmocka_unit_test_setup(tensors_apart, fresh),
        cmocka_unit_test_setup(sixteen_bits, fresh), cmocka_unit_test_setup(long_rows, fresh),
        cmocka_unit_test_setup(same_bits, fresh),    cmocka_unit_test_setup(whole_tensors, fresh),
        cmocka_unit_test_setup(noise, fresh),        cmocka_unit_test_setup(percentile, fresh),
        cmocka_unit_test_setup(with_trials, fresh),  cmocka_unit_test_setup(skips, fresh),
        cmocka_unit_test_setup(scheduled, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
