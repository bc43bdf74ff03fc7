/* Groups by a tensor's place: frozen ones, rates that fall from layer to layer, rates that fit a width; and that these go
 * together with hyperparameters of a match. */
#include "check.h"
#include "gradus/gradus.h"
#include <stdio.h>

enum { MOST = 8, SIZE = 64 };

typedef struct tensor {
    const char *name;
    int64_t shape[8];
} tensor;

static float values[MOST][SIZE], gradients[MOST][SIZE];
static gradus_error error;

static int fresh(void **state)
{
    (void)state;
    error = (gradus_error){0};
    for (int i = 0; i < MOST; i++)
        for (int j = 0; j < SIZE; j++) values[i][j] = 0, gradients[i][j] = 1;
    return 0;
}

static gradus_optimizer *make(const char *rule, const char *groups, const tensor *tensors)
{
    gradus_optimizer *optimizer = gradus_optimizer_create(
        &(gradus_optimizer_config){.rule = rule, .groups = groups, .units = {.total = 8, .updates_per_epoch = 2}},
        &error);
    for (int i = 0; tensors[i].name; i++) {
        gradus_parameter parameter = {.name = tensors[i].name, .values = values[i], .gradient = gradients[i]};
        memcpy(parameter.shape, tensors[i].shape, sizeof parameter.shape);
        gradus_optimizer_add(optimizer, &parameter, &error);
    }
    if (error.status) fail_msg("%s: %s", groups, error.message);
    return optimizer;
}

static void step(gradus_optimizer *optimizer)
{
    if (gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1}, &error) != GRADUS_APPLIED)
        fail_msg("%s", error.message);
}

/* ---- freeze ---- */

static const tensor two[] = {{"base.w", {2}}, {"head.w", {2}}, {0}};

static void frozen(void **state)
{
    (void)state;
    gradus_measures measures;
    values[0][0] = values[1][0] = 3;
    gradients[0][0] = 1e30f;
    gradus_optimizer *optimizer = make("sgd(momentum=0.9, weight_decay=0.5)", "freeze('base.*')", two);
    gradus_optimizer_measure(optimizer, 1, &measures, &error);
    check_close(measures.gradient_norm, sqrt(2), 1e-7, 0); /* of those that learn */
    const gradus_step zero = {.rate = 1, .flags = GRADUS_ZERO_GRADIENTS};
    assert_int_equal(gradus_optimizer_step(optimizer, &zero, &error), GRADUS_APPLIED);
    assert_true(values[0][0] == 3 && values[1][0] == 0.5f && values[1][1] == -1);
    gradus_optimizer_destroy(optimizer);
}

static void thaws(void **state)
{
    (void)state;
    gradus_optimizer *optimizer = make("sgd", "freeze('base.*', until=1ep) > match('base.*', lr_scale=2)", two);
    step(optimizer), step(optimizer);
    assert_true(values[0][0] == 0 && values[1][0] == -2);
    step(optimizer);
    assert_true(values[0][0] == -2 && values[1][0] == -3); /* with what a match gives it */
    assert_int_equal(gradus_optimizer_reset(optimizer, &error), GRADUS_OK);
    step(optimizer);
    assert_true(values[0][0] == -2 && values[1][0] == -4); /* frozen again */
    gradus_optimizer_destroy(optimizer);
}

static void forever(void **state)
{
    (void)state;
    gradus_optimizer *optimizer = make("adam", "freeze('*')", two);
    for (int i = 0; i < 3; i++) step(optimizer);
    assert_true(values[0][0] == 0 && values[1][0] == 0);
    gradus_optimizer_destroy(optimizer);
}

/* ---- layer_decay ---- */

static void assert_moved(const char *groups, const char *rule, const tensor *tensors, const double *expected)
{
    fresh(NULL);
    gradus_optimizer *optimizer = make(rule, groups, tensors);
    step(optimizer);
    for (int i = 0; tensors[i].name; i++) {
        if (!check_is_close(-(double)values[i][0], expected[i], 1e-6, 0))
            fail_msg("%s: %s moves by %.9g, expected %.9g", groups, tensors[i].name, -(double)values[i][0],
                     expected[i]);
    }
    gradus_optimizer_destroy(optimizer);
}

static void layers(void **state)
{
    (void)state;
    static const tensor net[] = {{"0.weight", {2, 2}}, {"0.bias", {2}},      {"2.weight", {2, 2}},
                                 {"2.bias", {2}},      {"head.weight", {2}}, {0}};
    static const tensor blocks[] = {{"embed.weight", {2}},
                                    {"blocks.0.norm.weight", {2}},
                                    {"blocks.0.mlp.1.weight", {2}},
                                    {"blocks.1.norm.weight", {2}},
                                    {"conv1.weight", {2}},
                                    {"head", {2}},
                                    {0}};
    assert_moved("layer_decay(0.5)", "sgd", net, (const double[]){0.25, 0.25, 0.5, 0.5, 1});
    assert_moved("layer_decay(0.5, least=0.4)", "sgd", net, (const double[]){0.4, 0.4, 0.5, 0.5, 1});
    assert_moved("match('*.bias', lr_scale=10) > layer_decay(0.5)", "sgd", net, (const double[]){0.25, 2.5, 0.5, 5, 1});
    assert_moved("layer_decay(0.5)", "sgd", blocks, (const double[]){1.0 / 16, 0.125, 0.125, 0.25, 0.5, 1});
    assert_moved("layer_decay(0.5)", "adam", net, (const double[]){0.25, 0.25, 0.5, 0.5, 1});
}

/* A tensor that comes later moves the others away from the end. */
static void another_layer(void **state)
{
    (void)state;
    static const tensor one[] = {{"0.w", {2}}, {0}};
    gradus_optimizer *optimizer = make("sgd", "layer_decay(0.5)", one);
    step(optimizer);
    gradus_optimizer_add(
        optimizer, &(gradus_parameter){.name = "1.w", .shape = {2}, .values = values[1], .gradient = gradients[1]},
        &error);
    step(optimizer);
    assert_true(values[0][0] == -1.5f && values[1][0] == -1);
    gradus_optimizer_destroy(optimizer);
}

/* ---- mup ---- */

static void widths(void **state)
{
    (void)state;
    static const tensor net[] = {{"0.weight", {8, 3}},
                                 {"0.bias", {8}},
                                 {"2.weight", {4, 8}},
                                 {"2.bias", {4}},
                                 {"4.weight", {3, 4}},
                                 {"4.bias", {3}},
                                 {0}};
    static const tensor linear[] = {{"0.weight", {8, 3}}, {"0.bias", {8}}, {0}};
    static const tensor convolution[] = {
        {"0.weight", {8, 3, 2, 1}}, {"1.weight", {4, 8, 1, 2}}, {"2.weight", {3, 4}}, {0}};
    assert_moved("mup(2)", "adam", net, (const double[]){1, 1, 0.25, 1, 0.5, 1});
    assert_moved("mup(2, rule=sgd)", "sgd", net, (const double[]){4, 4, 0.5, 2, 0.5, 1});
    assert_moved("mup(4)", "adam", net, (const double[]){1, 1, 0.5, 1, 1, 1});
    assert_moved("mup(2, rule=sgd)", "sgd", linear, (const double[]){1, 1});
    assert_moved("mup(2)", "adam", convolution, (const double[]){1, 0.25, 0.5});
    assert_moved("mup(2) > layer_decay(0.5)", "adam", net, (const double[]){0.25, 0.25, 0.125, 0.5, 0.5, 1});
}

/* Of weights with the outputs last: inputs by outputs. */
static void outputs_last(void **state)
{
    (void)state;
    static const tensor net[] = {{"0.weight", {3, 8}}, {"2.weight", {8, 4}}, {"4.weight", {4, 3}}, {0}};
    gradus_optimizer *optimizer =
        gradus_optimizer_create(&(gradus_optimizer_config){.rule = "sgd", .groups = "mup(2, rule=sgd)"}, &error);
    for (int i = 0; net[i].name; i++) {
        gradus_parameter parameter = {
            .name = net[i].name, .values = values[i], .gradient = gradients[i], .outputs_last = 1};
        memcpy(parameter.shape, net[i].shape, sizeof parameter.shape);
        gradus_optimizer_add(optimizer, &parameter, &error);
    }
    step(optimizer);
    assert_true(values[0][0] == -4 && values[1][0] == -0.5f && values[2][0] == -0.5f);
    gradus_optimizer_destroy(optimizer);
}

/* ---- regex ---- */

static void expressions(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *fits, *fits_not;
    } cases[] = {
        {"bias", "0.bias", "0.weight"},
        {"^bias", "bias.x", "0.bias"},
        {"bias$", "0.bias", "bias.x"},
        {"^[0-3]x$", "2x", "4x"},
        {"[^a-z]$", "w1", "w"},
        {"[]x]", "a]", "a"},
        {"a.c", "xabcx", "ac"},
        {"ab*c", "ac", "adc"},
        {"ab*c", "abbbc", "ab"},
        {"ab+c", "abbc", "ac"},
        {"ab?c$", "abc", "abbc"},
        {"^(ab)+$", "ababab", "aba"},
        {"^(a|bc|d)x$", "bcx", "bx"},
        {"norm|bias", "h.norm.w", "h.attn.w"},
        {"^(a*)*b$", "aaab", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac"},
        {"^(x|x|x|x)*(y|z)$", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxy", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxw"},
        {"^h[.]\\\\d+[.]", "h.12.w", "h.x.w"},
        {"^\\\\w+$", "ab_1", "a.b"},
        {"a\\\\.b", "a.b", "axb"},
        {"()x", "x", "y"},
        {"a**", "b", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int fits = 0; fits < 2; fits++) {
            char groups[96];
            const tensor one[] = {{fits ? cases[i].fits : cases[i].fits_not, {2}}, {0}};
            if (!*one[0].name) continue;
            snprintf(groups, sizeof groups, "regex(\"%s\", lr_scale=5)", cases[i].pattern);
            assert_moved(groups, "sgd", one, (const double[]){fits ? 5 : 1});
        }
    }
}

/* ---- what is refused ---- */

static void refused(void **state)
{
    (void)state;
    static const struct {
        const char *groups, *words;
    } cases[] = {{"mup", "base"},
                 {"mup(0)", "base must be above 0, not 0"},
                 {"layer_decay(0)", "decay must be in (0, 1], not 0"},
                 {"layer_decay(1.5)", "decay must be in (0, 1], not 1.5"},
                 {"regex('a(b')", "'a(b' has a ( without )"},
                 {"regex('a)b')", "'a)b' has a ) without ("},
                 {"regex('[ab')", "'[ab' has a [ without ]"},
                 {"regex('*a')", "'*a' repeats what is not there"},
                 {"regex('a|+b')", "'a|+b' repeats what is not there"},
                 {"regex('')", "fits everything"},
                 {"regex('((((((((((((((((((a))))))))))))))))))')", "inside one another"},
                 {"freeze", "pattern"},
                 {"freeze(x, lr_scale=2)", "lr_scale"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_null(
            gradus_optimizer_create(&(gradus_optimizer_config){.rule = "sgd", .groups = cases[i].groups}, &error));
        if (!strstr(error.message, cases[i].words)) fail_msg("'%s' does not say '%s'", error.message, cases[i].words);
        error = (gradus_error){0};
    }
    gradus_optimizer *optimizer =
        gradus_optimizer_create(&(gradus_optimizer_config){.rule = "sgd", .groups = "freeze(x, until=2ep)"}, &error);
    gradus_optimizer_add(optimizer,
                         &(gradus_parameter){.name = "x", .shape = {2}, .values = values[0], .gradient = gradients[0]},
                         &error);
    assert_true(gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1}, &error) < 0);
    assert_non_null(strstr(error.message, "was not said in `units`"));
    assert_true(values[0][0] == 0);
    gradus_optimizer_destroy(optimizer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(frozen, fresh),        cmocka_unit_test_setup(thaws, fresh),
        cmocka_unit_test_setup(forever, fresh),       cmocka_unit_test_setup(layers, fresh),
        cmocka_unit_test_setup(another_layer, fresh), cmocka_unit_test_setup(widths, fresh),
        cmocka_unit_test_setup(outputs_last, fresh),  cmocka_unit_test_setup(expressions, fresh),
        cmocka_unit_test_setup(refused, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
