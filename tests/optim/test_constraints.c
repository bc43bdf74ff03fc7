/* Limits that values are kept within after each update: by hand, against PyTorch's renorm_, in every layout and type of
 * number, for any number of threads, and in a run that is resumed. */
#include "check.h"
#include "gradus/base.h"
#include <stdio.h>

static gradus_error error;

static gradus_optimizer *make(const char *rule, const char *groups, gradus_context *context)
{
    gradus_optimizer *optimizer =
        gradus_optimizer_create(&(gradus_optimizer_config){.rule = rule, .groups = groups, .context = context}, &error);
    if (error.status) fail_msg("%s: %s", groups, error.message);
    return optimizer;
}

static void add(gradus_optimizer *optimizer, gradus_parameter parameter)
{
    gradus_optimizer_add(optimizer, &parameter, &error);
    if (error.status) fail_msg("%s", error.message);
}

static void step(gradus_optimizer *optimizer, double rate)
{
    if (gradus_optimizer_step(optimizer, &(gradus_step){.rate = rate}, &error) != GRADUS_APPLIED)
        fail_msg("%s", error.message);
}

/* ---- by hand ---- */

/* A weight of two outputs and a vector after an update that moves nothing but what must be. */
static void by_hand(void **state)
{
    (void)state;
    static const struct {
        const char *groups;
        float weight[4], vector[2];
    } cases[] = {
        {"max_norm(2.5)", {1.5f, 2, 0, -1}, {-3, 4}}, /* of 3, 4: half; of 0, -1 nothing */
        {"max_norm(2.5, head.b)", {3, 4, 0, -1}, {-1.5f, 2}},
        {"max_norm(2.5, ['*.w', '*.b'])", {1.5f, 2, 0, -1}, {-1.5f, 2}},
        {"max_norm(2.5, tail)", {1.5f, 2, 0, -1}, {-3, 4}}, /* a name of the caller's */
        {"unit_norm", {0.6f, 0.8f, 0, -1}, {-3, 4}},
        {"min_max_norm(2, 10)", {3, 4, 0, -2}, {-3, 4}},
        {"min_max_norm(2, 2.5)", {1.5f, 2, 0, -2}, {-3, 4}},
        {"non_negative", {3, 4, 0, 0}, {-3, 4}},
        {"non_negative('head.*')", {3, 4, 0, 0}, {0, 4}},
        {"non_negative > max_norm(2.5)", {1.5f, 2, 0, 0}, {-3, 4}},
        {"max_norm(10) > max_norm(2.5)", {1.5f, 2, 0, -1}, {-3, 4}},
        {"freeze('*.w') > max_norm(2.5)", {3, 4, 0, -1}, {-3, 4}}, /* has no update */
        {"match('*.w', lr_scale=0) > max_norm(2.5)", {1.5f, 2, 0, -1}, {-3, 4}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        float weight[] = {3, 4, 0, -1}, vector[] = {-3, 4}, none[4] = {0};
        gradus_optimizer *optimizer = make("sgd", cases[i].groups, NULL);
        add(optimizer,
            (gradus_parameter){.name = "head.w", .group = "tail", .shape = {2, 2}, .values = weight, .gradient = none});
        add(optimizer, (gradus_parameter){.name = "head.b", .shape = {2}, .values = vector, .gradient = none});
        step(optimizer, 1);
        for (int j = 0; j < 4; j++)
            if (weight[j] != cases[i].weight[j]) fail_msg("%s: weight %d is %g", cases[i].groups, j, (double)weight[j]);
        for (int j = 0; j < 2; j++)
            if (vector[j] != cases[i].vector[j])
                fail_msg("%s: value %d of the vector is %g", cases[i].groups, j, (double)vector[j]);
        gradus_optimizer_destroy(optimizer);
    }
}

/* The outputs may be the last dimension; what is not finite, all 0 or without a gradient is left alone. */
static void layouts(void **state)
{
    (void)state;
    float last[] = {3, 0, 4, -1}, filters[] = {1, 1, 1, 1, 0.5f, 0.5f, 0.5f, 0.5f}, none[8] = {0}, absent[] = {3, 4},
          odd[] = {INFINITY, 1, 0, 0};
    gradus_optimizer *optimizer = make("sgd", "max_norm(1)", NULL);
    add(optimizer,
        (gradus_parameter){.name = "last", .shape = {2, 2}, .values = last, .gradient = none, .outputs_last = 1});
    add(optimizer, (gradus_parameter){.name = "filters", .shape = {2, 1, 2, 2}, .values = filters, .gradient = none});
    add(optimizer, (gradus_parameter){.name = "absent", .shape = {1, 2}, .values = absent});
    add(optimizer, (gradus_parameter){.name = "odd", .shape = {2, 2}, .values = odd, .gradient = none});
    step(optimizer, 1);
    assert_true(last[0] == 0.6f && last[1] == 0 && last[2] == 0.8f && last[3] == -1);
    for (int i = 0; i < 8; i++) assert_true(filters[i] == 0.5f);
    assert_true(absent[0] == 3 && absent[1] == 4);
    assert_true(!isfinite(odd[0]) && odd[1] == 1 && odd[2] == 0 && odd[3] == 0);
    gradus_optimizer_destroy(optimizer);
}

/* At a trial point nothing is limited, only where the update has led. */
static void trial_points(void **state)
{
    (void)state;
    float values[] = {0.6f, 0.8f}, gradient[] = {3, 4};
    gradus_optimizer *optimizer = make("sam(sgd, rho=1)", "max_norm(1)", NULL);
    add(optimizer, (gradus_parameter){.name = "w", .shape = {1, 2}, .values = values, .gradient = gradient});
    assert_int_equal(gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1}, &error), GRADUS_EVALUATE);
    check_close((double)values[0], 1.2, 1e-6, 0);
    gradient[0] = -3, gradient[1] = -4;
    step(optimizer, 1);
    check_close((double)values[0], 0.6, 1e-6, 0);
    check_close((double)values[1], 0.8, 1e-6, 0);
    gradus_optimizer_destroy(optimizer);
}

/* ---- against PyTorch ---- */

/* torch.optim.SGD(lr=0.1, momentum=0.9) on sum(x^3)/3 - sum(x), renorm_(2, 0, 1.25) after each of three steps. */
static void torch(void **state)
{
    (void)state;
    static const double weights[] = {0.402176499, -1.08966935, 0.46192494, 0.744953871, 0.880101085, 0.429008454},
                        filters[] = {0.742124379, 0.497324407, -0.336696714, 0.691723406,
                                     0.589066982, 0.321799666, 0.719159961,  0.771202803};
    float w[] = {1.5f, -2, 0.5f, 0.25f, 0.5f, -0.125f}, c[] = {1, 2, -1, 0.5f, 0.1f, -0.2f, 0.3f, 0.4f}, gw[6], gc[8];
    gradus_optimizer *optimizer = make("sgd(momentum=0.9)", "max_norm(1.25)", NULL);
    add(optimizer, (gradus_parameter){.name = "w", .shape = {2, 3}, .values = w, .gradient = gw});
    add(optimizer, (gradus_parameter){.name = "c", .shape = {2, 1, 2, 2}, .values = c, .gradient = gc});
    for (int update = 0; update < 3; update++) {
        for (int i = 0; i < 6; i++) gw[i] = w[i] * w[i] - 1;
        for (int i = 0; i < 8; i++) gc[i] = c[i] * c[i] - 1;
        step(optimizer, 0.1);
    }
    for (int i = 0; i < 6; i++) check_close((double)w[i], weights[i], 2e-6, 0);
    for (int i = 0; i < 8; i++) check_close((double)c[i], filters[i], 2e-6, 0);
    gradus_optimizer_destroy(optimizer);
}

/* ---- the same bits ---- */

enum { ROWS = 37, COLUMNS = 61, COUNT = ROWS * COLUMNS, UPDATES = 6 };

typedef struct way { /* how a run is made */
    int32_t threads, type, rounding;
    int resume_at; /* 0: in one piece */
} way;

typedef struct saved {
    unsigned char bytes[1 << 16];
    size_t size;
} saved;

static int write_saved(void *user, const void *bytes, size_t size)
{
    saved *into = user;
    memcpy(into->bytes + into->size, bytes, size);
    into->size += size;
    return 0;
}

static float gradient[COUNT];

static gradus_optimizer *make_run(gradus_context *context, const way *how, void *values)
{
    gradus_optimizer *optimizer = make("adam", "max_norm(3) > non_negative(v)", context);
    add(optimizer, (gradus_parameter){.name = "w",
                                      .shape = {ROWS, COLUMNS},
                                      .values = values,
                                      .gradient = gradient,
                                      .values_type = how->type,
                                      .rounding = how->rounding});
    return optimizer;
}

static void run(const way *how, void *values)
{
    static saved record;
    gradus_context *context = gradus_context_create(&(gradus_context_config){.threads = how->threads}, &error);
    gradus_optimizer *optimizer = make_run(context, how, values);
    for (int update = 0; update < UPDATES; update++) {
        if (how->resume_at && update == how->resume_at) {
            record.size = 0;
            gradus_optimizer_save(optimizer, GRADUS_STATE_AND_VALUES, write_saved, &record, &error);
            gradus_optimizer_destroy(optimizer);
            memset(values, 0, COUNT * sizeof(float) / (how->type ? 2 : 1));
            optimizer = make_run(context, how, values);
            gradus_optimizer_load(optimizer, record.bytes, record.size, NULL, &error);
        }
        for (int i = 0; i < COUNT; i++) gradient[i] = (float)gradus_random_normal(2, (uint64_t)update, (uint64_t)i);
        step(optimizer, 0.05);
    }
    gradus_optimizer_destroy(optimizer);
    gradus_context_destroy(context);
}

static void same_bits(void **state)
{
    (void)state;
    static float first[COUNT], second[COUNT];
    static const way ways[] = {{.threads = 3}, {.threads = 1, .resume_at = 3}};
    for (int i = 0; i < COUNT; i++) first[i] = (float)gradus_random_normal(1, 0, (uint64_t)i);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        for (int j = 0; j < COUNT; j++) first[j] = second[j] = (float)gradus_random_normal(1, 0, (uint64_t)j);
        run(&(way){.threads = 1}, first);
        run(&ways[i], second);
        assert_memory_equal(first, second, sizeof first);
    }
    for (int row = 0; row < ROWS; row++) {
        double squares = 0;
        for (int i = 0; i < COLUMNS; i++) squares += (double)first[row * COLUMNS + i] * first[row * COLUMNS + i];
        assert_true(sqrt(squares) < 3 * (1 + 1e-6));
    }
}

static double norm_of(const uint16_t *row)
{
    double squares = 0;
    for (int i = 0; i < COLUMNS; i++) {
        const uint32_t bits = (uint32_t)row[i] << 16;
        float value;
        memcpy(&value, &bits, sizeof value);
        squares += (double)value * value;
    }
    return sqrt(squares);
}

/* Values of 16 bits are as near to the limit as their numbers allow. */
static void narrow_values(void **state)
{
    (void)state;
    static uint16_t values[COUNT];
    for (int32_t rounding = 0; rounding < 3; rounding++) {
        for (int i = 0; i < COUNT; i++) values[i] = 0x3f80; /* 1 in bfloat16: norms of sqrt(61) */
        run(&(way){.threads = 1, .type = GRADUS_BFLOAT16, .rounding = rounding}, values);
        for (int row = 0; row < ROWS; row++) {
            const double norm = norm_of(values + row * COLUMNS);
            if (!(fabs(norm - 3) < 0.02)) fail_msg("rounding %d: row %d has a norm of %g", rounding, row, norm);
        }
    }
}

/* ---- mistakes ---- */

static void refused(void **state)
{
    (void)state;
    static const struct {
        const char *groups, *words;
    } cases[] = {{"min_max_norm(3, 2)", "min is above max"},
                 {"max_norm(0)", "limit"},
                 {"max_norm", "limit"},
                 {"maxnorm(3)", "max_norm"},
                 {"non_neg", "non_negative"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gradus_error found = {0};
        assert_null(
            gradus_optimizer_create(&(gradus_optimizer_config){.rule = "sgd", .groups = cases[i].groups}, &found));
        if (!strstr(found.message, cases[i].words)) fail_msg("%s: %s", cases[i].groups, found.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(by_hand),      cmocka_unit_test(layouts),
                                       cmocka_unit_test(trial_points), cmocka_unit_test(torch),
                                       cmocka_unit_test(same_bits),    cmocka_unit_test(narrow_values),
                                       cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
