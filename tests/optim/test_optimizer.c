/* What an optimizer promises its caller: errors that say what was wrong and leave everything untouched, groups,
 * schedules in the place of numbers, measures, tensors that are skipped or live elsewhere. */
#include "check.h"
#include "gradus/base.h"
#include "gradus/spec.h"

enum { COUNT = 6 };

static float values[COUNT], gradient[COUNT];
static gradus_error error;

static int fresh(void **state)
{
    (void)state;
    error = (gradus_error){0};
    for (int i = 0; i < COUNT; i++) values[i] = (float)(i + 1), gradient[i] = 1;
    return 0;
}

static gradus_optimizer *make(const char *rule, const char *transforms)
{
    gradus_optimizer *optimizer =
        gradus_optimizer_create(&(gradus_optimizer_config){.rule = rule, .gradient = transforms}, &error);
    gradus_optimizer_add(
        optimizer, &(gradus_parameter){.name = "w", .shape = {2, 3}, .values = values, .gradient = gradient}, &error);
    if (error.status) fail_msg("%s: %s", rule, error.message);
    return optimizer;
}

static void assert_failed(int32_t status, const char *words)
{
    assert_int_equal(error.status, status);
    if (!strstr(error.message, words)) fail_msg("'%s' does not say '%s'", error.message, words);
    error = (gradus_error){0};
}

static void assert_untouched(void)
{
    for (int i = 0; i < COUNT; i++) assert_true(values[i] == (float)(i + 1));
}

/* ---- refusals ---- */

static void refuses_specs(void **state)
{
    (void)state;
    static const struct {
        const char *rule, *gradient, *groups, *average, *words;
    } wrong[] = {
        {"adam(lr=0.001)", NULL, NULL, NULL, "the rate is the run's own setting: lr=0.001"},
        {"adamw(betas=[0.9, 0.95])", NULL, NULL, NULL, "write beta1="},
        {"sgd(momentum=1.5)", NULL, NULL, NULL, "must be in [0, 1), not 1.5"},
        {"sgd(nesterov)", NULL, NULL, NULL, "nesterov needs a momentum"},
        {"sgd(momentum=0.9, form=ema, dampening=0.1)", NULL, NULL, NULL, "takes no dampening"},
        {"sgd(momentum=uniform(0.8, 0.99))", NULL, NULL, NULL, "a search fills it in"},
        {"none", NULL, NULL, NULL, "needs a rule"},
        {"sgd", "clip_norm(max_norm=1)", NULL, NULL, "the limit is the first value"},
        {"sgd", "clip_norm(0)", NULL, NULL, "must be"},
        {"sgd", NULL, "match(head, lr=10)", NULL, "write lr_scale=10"},
        {"sgd", NULL, NULL, "emma(0.999)", "did you mean 'ema'"},
        {NULL, NULL, NULL, NULL, "needs a rule"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        error = (gradus_error){0};
        gradus_optimizer *optimizer = gradus_optimizer_create(&(gradus_optimizer_config){.rule = wrong[i].rule,
                                                                                         .gradient = wrong[i].gradient,
                                                                                         .groups = wrong[i].groups,
                                                                                         .average = wrong[i].average},
                                                              &error);
        assert_null(optimizer);
        assert_int_not_equal(error.status, GRADUS_OK);
        if (!strstr(error.message, wrong[i].words))
            fail_msg("%s: '%s' does not say '%s'", wrong[i].rule, error.message, wrong[i].words);
    }
}

/* `none` is the empty chain of every family. */
static void none_is_nothing(void **state)
{
    (void)state;
    gradus_optimizer *optimizer = gradus_optimizer_create(
        &(gradus_optimizer_config){
            .rule = "sgd", .gradient = "none", .groups = "none", .average = "none", .state = "float32"},
        &error);
    gradus_optimizer_add(
        optimizer, &(gradus_parameter){.name = "w", .shape = {1}, .values = values, .gradient = gradient}, &error);
    assert_int_equal(gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1}, &error), GRADUS_APPLIED);
    assert_true(values[0] == 0);
    gradus_optimizer_destroy(optimizer);
}

static void refuses_tensors(void **state)
{
    (void)state;
    gradus_optimizer *optimizer = make("sgd", NULL);
    float other[4] = {0};
    const gradus_parameter good = {.name = "v", .shape = {4}, .values = other};
    gradus_parameter p = good;
    p.name = "w";
    assert_true(gradus_optimizer_add(optimizer, &p, &error) < 0);
    assert_failed(GRADUS_ERROR_USE, "'w' was added already");
    p = good, p.values = values;
    assert_true(gradus_optimizer_add(optimizer, &p, &error) < 0);
    assert_failed(GRADUS_ERROR_USE, "has the values of 'w'");
    p = good, p.values = NULL;
    assert_true(gradus_optimizer_add(optimizer, &p, &error) < 0);
    assert_failed(GRADUS_ERROR_USE, "has no values");
    p = good, p.shape[0] = 0;
    assert_true(gradus_optimizer_add(optimizer, &p, &error) < 0);
    assert_failed(GRADUS_ERROR_USE, "has no shape");
    p = good, p.shape[0] = INT64_MAX, p.shape[1] = 2;
    assert_true(gradus_optimizer_add(optimizer, &p, &error) < 0);
    assert_failed(GRADUS_ERROR_RANGE, "shape");
    p = good, p.values_type = GRADUS_FLOAT16 + 1;
    assert_true(gradus_optimizer_add(optimizer, &p, &error) < 0);
    assert_failed(GRADUS_ERROR_RANGE, "a type or a place that is none");
    p = good, p.rounding = 3;
    assert_true(gradus_optimizer_add(optimizer, &p, &error) < 0);
    assert_failed(GRADUS_ERROR_RANGE, "rounded in a way that is none");
    p = good, p.master = values;
    assert_true(gradus_optimizer_add(optimizer, &p, &error) < 0);
    assert_failed(GRADUS_ERROR_USE, "has a float32 copy too");
    p = good, p.name = NULL;
    assert_true(gradus_optimizer_add(optimizer, &p, &error) < 0);
    assert_failed(GRADUS_ERROR_USE, "without a name");
    assert_int_equal(gradus_optimizer_add(optimizer, &good, &error), 1);
    gradus_optimizer_destroy(optimizer);
}

static void refuses_steps(void **state)
{
    (void)state;
    gradus_optimizer *optimizer = make("adam", NULL);
    const gradus_step wrong[] = {{.rate = -1},
                                 {.rate = NAN},
                                 {.rate = INFINITY},
                                 {.rate = 1, .gradient_scale = NAN},
                                 {.rate = 1, .gradient_norm = -1},
                                 {.rate = 1, .flags = 1u << 20}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        error = (gradus_error){0};
        assert_true(gradus_optimizer_step(optimizer, &wrong[i], &error) < 0);
        assert_int_not_equal(error.status, GRADUS_OK);
        assert_untouched();
    }
    error = (gradus_error){.status = GRADUS_ERROR_USE};
    assert_int_equal(gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1}, &error),
                     GRADUS_ERROR_USE); /* sticky */
    assert_untouched();
    error = (gradus_error){0};
    assert_true(gradus_optimizer_step(NULL, &(gradus_step){.rate = 1}, &error) < 0);
    assert_failed(GRADUS_ERROR_USE, "no optimizer");
    assert_true(gradus_optimizer_bind(optimizer, 1, NULL, NULL, &error) < 0);
    assert_failed(GRADUS_ERROR_RANGE, "no tensor 1");
    gradus_optimizer_destroy(optimizer);
    gradus_optimizer_destroy(NULL);
}

/* ---- gradients ---- */

static void clips_and_scales(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT; i++) gradient[i] = 0;
    gradient[0] = 6, gradient[1] = 8; /* scaled: 3 and 4, norm 5 */
    gradus_measures measures;
    gradus_optimizer *optimizer = make("sgd", "clip_norm(2.5)");
    const gradus_step step = {.rate = 1, .gradient_scale = 0.5};
    assert_int_equal(gradus_optimizer_step(optimizer, &step, &error), GRADUS_APPLIED);
    assert_true(values[0] == 1 - 1.5f && values[1] == 2 - 2);
    gradus_optimizer_measures(optimizer, &measures);
    assert_true(measures.gradient_norm == 5 && measures.non_finite == 0 && measures.effective_rate == 1);
    assert_true(isnan(measures.update_norm) && gradient[0] == 6);
    gradus_optimizer_destroy(optimizer);

    fresh(state);
    gradient[0] = 6, gradient[1] = -8;
    optimizer = make("sgd", "clip_value(2)");
    gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1, .flags = GRADUS_ZERO_GRADIENTS}, &error);
    assert_true(values[0] == -1 && values[1] == 4 && values[2] == 2 && gradient[0] == 0 && gradient[1] == 0);
    gradus_optimizer_destroy(optimizer);

    fresh(state); /* clip_value first: the norm is of what it leaves, 4 values of 2 */
    for (int i = 0; i < 4; i++) gradient[i] = 100;
    gradient[4] = gradient[5] = 0;
    optimizer = make("sgd", "clip_value(2) > clip_norm(1)");
    gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1, .gradient_norm = 1000}, &error);
    assert_true(values[0] == 0.5f && values[3] == 3.5f);
    gradus_optimizer_destroy(optimizer);
}

static void skips_what_is_not_finite(void **state)
{
    (void)state;
    gradus_optimizer *optimizer = make("adam", "clip_norm(1)");
    gradus_measures measures;
    const gradus_step step = {.rate = 1, .flags = GRADUS_SKIP_NON_FINITE};
    gradient[3] = NAN, gradient[5] = -INFINITY;
    assert_int_equal(gradus_optimizer_step(optimizer, &step, &error), GRADUS_SKIPPED);
    assert_untouched();
    gradus_optimizer_measures(optimizer, &measures);
    assert_true(measures.non_finite == 2 && isinf(measures.gradient_norm));
    assert_int_equal(gradus_optimizer_measure(optimizer, 1, &measures, &error), GRADUS_OK);
    assert_true(measures.non_finite == 2 && isinf(measures.gradient_norm));
    assert_true(isnan(gradient[3]));
    const gradus_step cleaning = {.rate = 1, .flags = GRADUS_SKIP_NON_FINITE | GRADUS_ZERO_GRADIENTS};
    assert_int_equal(gradus_optimizer_step(optimizer, &cleaning, &error), GRADUS_SKIPPED);
    assert_true(gradient[3] == 0 && gradient[0] == 0);
    assert_untouched();
    gradient[0] = 3e38f, gradient[1] = 3e38f; /* large, but finite: squared in double */
    assert_int_equal(gradus_optimizer_step(optimizer, &step, &error), GRADUS_APPLIED);
    gradus_optimizer_measures(optimizer, &measures);
    check_close(measures.gradient_norm, 3e38 * sqrt(2), 1e-6, 0);
    gradus_optimizer_destroy(optimizer);
}

static void measures_the_update(void **state)
{
    (void)state;
    gradus_measures measures;
    gradus_optimizer *optimizer = make("sgd", NULL);
    gradus_optimizer_step(optimizer, &(gradus_step){.rate = 2, .gradient_scale = 0.5, .flags = GRADUS_MEASURE_UPDATE},
                          &error);
    gradus_optimizer_measures(optimizer, &measures);
    check_close(measures.update_norm, sqrt(6), 1e-15, 0); /* each value moves by -1 */
    check_close(measures.values_norm, sqrt(0 + 1 + 4 + 9 + 16 + 25), 1e-15, 0);
    check_close(measures.gradient_dot_update, -3, 1e-15, 0);                 /* six times 0.5 * -1 */
    assert_true(isnan(measures.gradient_norm) && measures.non_finite == -1); /* nobody asked */
    gradus_optimizer_destroy(optimizer);
}

/* A gradient that changed after `measure` must be measured again; one that did not is not read twice. */
static void reuses_what_was_measured(void **state)
{
    (void)state;
    gradus_measures measures;
    gradus_optimizer *optimizer = make("sgd", "clip_norm(1)");
    gradus_optimizer_measure(optimizer, 2, &measures, &error);
    check_close(measures.gradient_norm, 2 * sqrt(6), 1e-15, 0);
    for (int i = 0; i < COUNT; i++) gradient[i] = 1000; /* the step believes what was measured */
    gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1}, &error);
    check_close(values[0], 1 - 1000 / sqrt(6), 1e-6, 0);
    values[0] = 1;
    gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1}, &error); /* and forgets it */
    check_close(values[0], 1 - 1 / sqrt(6), 1e-6, 0);
    gradus_optimizer_destroy(optimizer);
}

/* ---- tensors ---- */

static void skips_tensors_without_gradient(void **state)
{
    (void)state;
    float other[2] = {1, 1}, pull[2] = {1, 1};
    gradus_optimizer *optimizer = make("adam(beta1=0.5, beta2=0.75, epsilon=0)", NULL);
    gradus_optimizer_add(optimizer, &(gradus_parameter){.name = "v", .shape = {2}, .values = other}, &error);
    gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1}, &error);
    assert_true(values[0] == 0 && other[0] == 1);
    gradus_optimizer_bind(optimizer, 1, NULL, pull, &error);
    gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1}, &error);
    assert_true(other[0] == 0); /* its own first update: corrected as such */
    double constants[GRADUS_CONSTANTS];
    assert_int_equal(gradus_optimizer_constants(optimizer, 1, constants, GRADUS_CONSTANTS), 11);
    assert_string_equal(gradus_optimizer_constant_name(optimizer, 8), "step");
    assert_true(constants[8] == 2);
    assert_null(gradus_optimizer_constant_name(optimizer, 11));
    gradus_optimizer_constants(optimizer, 0, constants, GRADUS_CONSTANTS);
    check_close(constants[8], 1 / 0.75, 1e-15, 0);
    float moved[2] = {5, 5};
    gradus_optimizer_bind(optimizer, 1, moved, pull, &error);
    gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1}, &error);
    assert_true(other[0] == 0 && moved[0] == 4);
    assert_int_equal(error.status, GRADUS_OK);
    gradus_optimizer_destroy(optimizer);
}

static void elsewhere_gets_numbers_only(void **state)
{
    (void)state;
    int device; /* an address that must never be followed */
    gradus_optimizer *optimizer = gradus_optimizer_create(
        &(gradus_optimizer_config){.rule = "adamw(weight_decay=0.5)", .gradient = "clip_norm(1)"}, &error);
    gradus_optimizer_add(
        optimizer,
        &(gradus_parameter){
            .name = "w", .shape = {1000}, .values = &device, .gradient = &device, .place = GRADUS_ELSEWHERE},
        &error);
    assert_true(gradus_optimizer_step(optimizer, &(gradus_step){.rate = 0.5}, &error) < 0);
    assert_failed(GRADUS_ERROR_USE, "live elsewhere");
    assert_true(gradus_optimizer_measure(optimizer, 1, NULL, &error) < 0);
    assert_failed(GRADUS_ERROR_USE, "live elsewhere");
    assert_int_equal(gradus_optimizer_step(optimizer, &(gradus_step){.rate = 0.5, .gradient_norm = 4}, &error),
                     GRADUS_APPLIED);
    double constants[GRADUS_CONSTANTS];
    gradus_optimizer_constants(optimizer, 0, constants, GRADUS_CONSTANTS);
    assert_true(constants[0] == 0.25 && constants[9] == 0.25); /* scale, shrink */
    assert_true(gradus_optimizer_read(optimizer, 0, GRADUS_TRAINED, values, &error) < 0);
    assert_failed(GRADUS_ERROR_UNSUPPORTED, "elsewhere");
    gradus_optimizer_destroy(optimizer);
}

static void shows_and_reads(void **state)
{
    (void)state;
    float copy[COUNT];
    gradus_optimizer *optimizer = make("sgd", NULL);
    assert_int_equal(gradus_optimizer_show(optimizer, GRADUS_TRAINED, &error), GRADUS_OK);
    assert_int_equal(gradus_optimizer_read(optimizer, 0, GRADUS_TRAINED, copy, &error), GRADUS_OK);
    assert_memory_equal(copy, values, sizeof copy);
    assert_true(gradus_optimizer_show(optimizer, GRADUS_AVERAGED, &error) < 0);
    assert_failed(GRADUS_ERROR_USE, "nothing is averaged");
    assert_true(gradus_optimizer_read(optimizer, 0, GRADUS_AVERAGED, copy, &error) < 0);
    assert_failed(GRADUS_ERROR_USE, "nothing is averaged");
    gradus_optimizer_destroy(optimizer);
}

static void resets(void **state)
{
    (void)state;
    gradus_optimizer *optimizer = make("adam(beta1=0.5, beta2=0.75, epsilon=0)", NULL);
    gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1}, &error);
    gradient[0] = -4;
    gradus_optimizer_reset(optimizer, &error);
    gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1}, &error);
    assert_true(values[0] == 1); /* the first update is again of rate 1 */
    gradus_optimizer_destroy(optimizer);
}

/* ---- hyperparameters ---- */

static void groups(void **state)
{
    (void)state;
    float bias[1] = {8}, head[1] = {8}, pull[1] = {0};
    gradus_optimizer *optimizer = gradus_optimizer_create(
        &(gradus_optimizer_config){
            .rule = "sgd(weight_decay=0.5, momentum=0.5)",
            .groups = "match(\"*.bias\", weight_decay=0) > match([head, tail], lr_scale=2, momentum=0)"},
        &error);
    gradus_optimizer_add(optimizer,
                         &(gradus_parameter){.name = "0.bias", .shape = {1}, .values = bias, .gradient = pull}, &error);
    gradus_optimizer_add(
        optimizer,
        &(gradus_parameter){.name = "1.weight", .group = "head", .shape = {1}, .values = head, .gradient = pull},
        &error);
    gradus_optimizer_add(
        optimizer, &(gradus_parameter){.name = "w", .shape = {2, 3}, .values = values, .gradient = gradient}, &error);
    assert_int_equal(error.status, GRADUS_OK);
    gradus_optimizer_step(optimizer, &(gradus_step){.rate = 0.25}, &error);
    assert_true(bias[0] == 8 && head[0] == 6 && values[0] == 0.625f);
    assert_true(gradus_optimizer_get(optimizer, "head.lr_scale") == 2 &&
                gradus_optimizer_get(optimizer, "lr_scale") == 1);
    assert_true(gradus_optimizer_get(optimizer, "*.bias.weight_decay") == 0 &&
                gradus_optimizer_get(optimizer, "weight_decay") == 0.5);
    assert_true(isnan(gradus_optimizer_get(optimizer, "tail.lr")) &&
                isnan(gradus_optimizer_get(optimizer, "nobody.momentum")));

    gradus_optimizer_set(optimizer, "head.weight_decay", 0, &error);
    gradus_optimizer_set(optimizer, "weight_decay", 1, &error); /* of all that have none of their own */
    gradus_optimizer_step(optimizer, &(gradus_step){.rate = 0.25}, &error);
    assert_true(bias[0] == 8 && head[0] == 6 && gradus_optimizer_get(optimizer, "head.weight_decay") == 0);

    assert_true(gradus_optimizer_set(optimizer, "momentum", 1, &error) < 0);
    assert_failed(GRADUS_ERROR_RANGE, "momentum must be in [0, 1), not 1");
    assert_true(gradus_optimizer_set(optimizer, "head.momentum", 0.5, &error) < 0);
    assert_failed(GRADUS_ERROR_USE, "no state for it");
    assert_true(gradus_optimizer_set(optimizer, "momentun", 0.5, &error) < 0);
    assert_failed(GRADUS_ERROR_USE, "did you mean 'momentum'");
    assert_true(gradus_optimizer_set(optimizer, "tail.momentum", 0.5, &error) < 0);
    assert_failed(GRADUS_ERROR_USE, "no tensor is in a group called 'tail'");
    assert_true(gradus_optimizer_set(optimizer, "nesterov", 1, &error) < 0);
    assert_failed(GRADUS_ERROR_USE, "settled");
    gradus_optimizer_destroy(optimizer);
}

static void refuses_group_values(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {{"match(w, momentum=1.5)", "momentum must be in [0, 1), not 1.5"},
                                           {"match(w, beta1=0.5)", "'sgd' has no number 'beta1'"},
                                           {"match(w, nesterov=1)", "has no number 'nesterov'"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        gradus_optimizer *optimizer =
            gradus_optimizer_create(&(gradus_optimizer_config){.rule = "sgd", .groups = wrong[i][0]}, &error);
        assert_true(gradus_optimizer_add(optimizer, &(gradus_parameter){.name = "w", .shape = {1}, .values = values},
                                         &error) < 0);
        assert_true(error.column > 1);
        assert_failed(error.status, wrong[i][1]);
        gradus_optimizer_destroy(optimizer);
    }
}

static void schedules(void **state)
{
    (void)state;
    gradus_optimizer *optimizer = gradus_optimizer_create(
        &(gradus_optimizer_config){.rule = "sgd(momentum=linear(2, from=0.5, to=0.25) > hold)",
                                   .groups = "match(w, lr_scale=linear(2ep, from=1, to=3) > hold)",
                                   .units = {.total = 100, .updates_per_epoch = 1}},
        &error);
    gradus_optimizer_add(
        optimizer, &(gradus_parameter){.name = "w", .shape = {1}, .values = values, .gradient = gradient}, &error);
    if (error.status) fail_msg("%s", error.message);
    const double momentum[] = {0.5, 0.375, 0.25, 0.25}, scale[] = {1, 2, 3, 3};
    for (int i = 0; i < 4; i++) {
        check_close(gradus_optimizer_get(optimizer, "momentum"), momentum[i], 1e-15, 0);
        check_close(gradus_optimizer_get(optimizer, "w.lr_scale"), scale[i], 1e-15, 0);
        double constants[GRADUS_CONSTANTS];
        assert_int_equal(gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1}, &error), GRADUS_APPLIED);
        gradus_optimizer_constants(optimizer, 0, constants, GRADUS_CONSTANTS);
        check_close(constants[3], momentum[i], 1e-15, 0); /* keep */
        check_close(constants[2], scale[i], 1e-15, 0);    /* step */
    }
    gradus_optimizer_destroy(optimizer);

    /* a course that leaves the range is seen where it is written ... */
    assert_null(gradus_optimizer_create(
        &(gradus_optimizer_config){.rule = "sgd(momentum=linear(2, from=0.5, to=2) > hold)", .units = {.total = 100}},
        &error));
    assert_int_equal(error.column, 14);
    assert_failed(GRADUS_ERROR_RANGE, "momentum must be in [0, 1); this gives 1.25 at update 1");
    optimizer = gradus_optimizer_create(
        &(gradus_optimizer_config){.rule = "sgd(momentum=0.5)",
                                   .groups = "match(w, momentum=linear(4ep, from=0.5, to=1) > hold)",
                                   .units = {.total = 100, .updates_per_epoch = 10}},
        &error);
    gradus_optimizer_add(
        optimizer, &(gradus_parameter){.name = "w", .shape = {1}, .values = values, .gradient = gradient}, &error);
    assert_failed(GRADUS_ERROR_RANGE, "momentum must be in [0, 1); this gives 1 at update 40");
    gradus_optimizer_destroy(optimizer);
    /* ... and one between the points that are looked at, before anything is changed */
    optimizer = gradus_optimizer_create(
        &(gradus_optimizer_config){.rule = "sgd(momentum=piecewise([0, 0.5], [1001, 2], [1002, 0.5], [100000, 0.5]))"},
        &error);
    if (error.status) fail_msg("%s", error.message);
    gradus_optimizer_add(
        optimizer, &(gradus_parameter){.name = "w", .shape = {1}, .values = values, .gradient = gradient}, &error);
    for (int i = 0; i < 1001; i++)
        assert_int_equal(gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1}, &error), GRADUS_APPLIED);
    const float before = values[0];
    assert_true(gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1}, &error) < 0);
    assert_failed(GRADUS_ERROR_RANGE, "momentum must be in [0, 1), not 2");
    assert_true(values[0] == before);
    gradus_optimizer_destroy(optimizer);
}

static void follows_a_policy(void **state)
{
    (void)state;
    const gradus_scheduled scheduled[] = {{"weight_decay", 0.5, "linear(2, from=1, to=0) > hold"},
                                          {"head.lr_scale", 4, "constant"},
                                          {"batch", 128, "constant"},
                                          {0}};
    gradus_policy *policy = gradus_policy_create(
        &(gradus_policy_config){.base = 0.5, .scheduled = scheduled, .units = {.total = 10}}, &error);
    gradus_optimizer *optimizer = gradus_optimizer_create(&(gradus_optimizer_config){.rule = "sgd"}, &error);
    gradus_optimizer_add(
        optimizer,
        &(gradus_parameter){.name = "w", .group = "head", .shape = {1}, .values = values, .gradient = gradient},
        &error);
    const double decay[] = {0.5, 0.25, 0, 0};
    for (int i = 0; i < 4; i++) {
        gradus_decision decision;
        assert_int_equal(gradus_update(policy, optimizer, &(gradus_step){.loss = 1}, &decision, &error),
                         GRADUS_APPLIED);
        check_close(gradus_optimizer_get(optimizer, "weight_decay"), decay[i], 1e-15, 0);
        assert_true(gradus_optimizer_get(optimizer, "head.lr_scale") == 4 && decision.rate == 0.5 &&
                    decision.update == i);
    }
    gradus_optimizer_destroy(optimizer);
    gradus_policy_destroy(policy);
}

/* A guard that skips: nothing moves, and gradients that add up start again. */
static void update_skips(void **state)
{
    (void)state;
    gradus_policy *policy =
        gradus_policy_create(&(gradus_policy_config){.base = 0.5, .feedback = "guard", .units = {.total = 10}}, &error);
    gradus_optimizer *optimizer = make("sgd", NULL);
    gradient[2] = NAN;
    const gradus_step step = {.loss = 1, .flags = GRADUS_ZERO_GRADIENTS};
    assert_int_equal(gradus_update(policy, optimizer, &step, NULL, &error), GRADUS_SKIPPED);
    assert_untouched();
    assert_true(gradient[2] == 0 && gradient[0] == 0);
    assert_true(gradus_update(NULL, optimizer, &step, NULL, &error) < 0);
    gradus_optimizer_destroy(optimizer);
    gradus_policy_destroy(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(refuses_specs, fresh),
        cmocka_unit_test_setup(none_is_nothing, fresh),
        cmocka_unit_test_setup(refuses_tensors, fresh),
        cmocka_unit_test_setup(refuses_steps, fresh),
        cmocka_unit_test_setup(clips_and_scales, fresh),
        cmocka_unit_test_setup(skips_what_is_not_finite, fresh),
        cmocka_unit_test_setup(measures_the_update, fresh),
        cmocka_unit_test_setup(reuses_what_was_measured, fresh),
        cmocka_unit_test_setup(skips_tensors_without_gradient, fresh),
        cmocka_unit_test_setup(elsewhere_gets_numbers_only, fresh),
        cmocka_unit_test_setup(shows_and_reads, fresh),
        cmocka_unit_test_setup(resets, fresh),
        cmocka_unit_test_setup(groups, fresh),
        cmocka_unit_test_setup(refuses_group_values, fresh),
        cmocka_unit_test_setup(schedules, fresh),
        cmocka_unit_test_setup(follows_a_policy, fresh),
        cmocka_unit_test_setup(update_skips, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
