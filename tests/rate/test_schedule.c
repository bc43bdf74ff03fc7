/* Schedules by hand: first and last updates, composition, units, what comes past the end, memory, and every mistake that
 * must be found when a schedule is made. */
#include "values.h"

static const gradus_units epochs = {.total = 10,
                                    .total_unit = GRADUS_EPOCHS,
                                    .updates_per_epoch = 20,
                                    .samples_per_update = 32,
                                    .tokens_per_update = 1024};

static void test_members(void **state)
{
    (void)state;
    check_value("constant", &hundred, 50, 1);
    check_value("constant(30%)", &hundred, 50, 0.3);
    check_value("none", &hundred, 50, 1);
    check_value("linear", &hundred, 25, 0.75);
    check_value("linear(50, from=0.2, to=1)", &hundred, 25, 0.6);
    check_value("cosine", &hundred, 25, 0.5 + 0.5 * sqrt(0.5));
    check_value("cosine(to=10%)", &hundred, 50, 0.55);
    check_value("polynomial(2)", &hundred, 50, 0.25);
    check_value("polynomial(0.5, to=0.1)", &hundred, 75, 0.1 + 0.9 * 0.5);
    check_value("exponential(0.5, 10)", &hundred, 25, pow(0.5, 2.5));
    check_value("exponential(0.5, 10, staircase)", &hundred, 29, 0.25);
    check_value("step(30)", &hundred, 29, 1);
    check_value("step(30)", &hundred, 30, 0.1);
    check_value("step(30, 0.5)", &hundred, 99, 0.125);
    check_value("constant(length=50) > decay", &hundred, 75, 0.5);
    check_value("constant(length=50) > decay(shape=cosine)", &hundred, 75, 0.5);
    check_value("constant(length=50) > decay(shape=1-sqrt)", &hundred, 62.5, 0.5);
    check_value("constant(length=50) > decay(shape=1-square)", &hundred, 75, 0.75);
    check_value("constant(0.8, length=50) > decay(shape=exponential, to=0.2)", &hundred, 75, 0.4);
}

static void test_warmup(void **state)
{
    (void)state;
    check_value("warmup(10) > cosine", &hundred, 0, 0.1); /* the first update is 1 / W, not 0 */
    check_value("warmup(10) > cosine", &hundred, 4, 0.5);
    check_value("warmup(10) > cosine", &hundred, 9, 1);
    check_value("warmup(10) > cosine", &hundred, 10, 1);
    check_value("warmup(10, from=0) > hold", &hundred, 0, 0);
    check_value("warmup(10, from=0) > hold", &hundred, 9, 0.9);
    check_value("warmup(10, from=0.5) > hold", &hundred, 5, 0.75);
    check_value("warmup(0) > cosine", &hundred, 0, 1);
    check_value("warmup(100) > cosine", &hundred, 99, 1);
    check_value("warmup(100) > cosine", &hundred, 100, 0); /* the cosine has no length left: its end */
    check_value("warmup(500) > cosine", &hundred, 99, 0.2);
    check_value("warmup(1ep) > hold", &epochs, 0, 0.05); /* one of 20 updates */
    check_value("warmup(32 samples) > hold", &(gradus_units){.samples_per_update = 8}, 0, 0.25);
    check_value("warmup(32 samples) > hold", NULL, 0, 0); /* nothing says what an update is worth */
    check_value("warmup(8, shape=cosine) > hold", &hundred, 3, 0.5);
    check_value("warmup(8, shape=cosine, from=0.2) > hold", &hundred, 4, 0.6);
    check_value("warmup(8, shape=power) > hold", &hundred, 1, 0.0625);
    check_value("warmup(8, shape=power, power=3, from=0) > hold", &hundred, 4, 0.125);
    check_value("warmup(8, shape=1-sqrt, from=0) > hold", &hundred, 6, 0.5);
    check_value("warmup(7, shape=logarithmic) > hold", &hundred, 0, 1.0 / 3); /* ln 2 / ln 8 */
    check_value("warmup(7, shape=logarithmic) > hold", &hundred, 2, 2.0 / 3);
    check_value("warmup(7, shape=logarithmic) > hold", &hundred, 6, 1);
    check_value("warmup(1ep, shape=logarithmic) > hold", &epochs, 0.05, log(3) / log(21)); /* 20 updates */
    check_value("warmup(0, shape=logarithmic) > hold", &hundred, 0, 1);
}

/* A boundary that falls short of a whole update by rounding alone is there at that update. */
static void test_boundaries_are_whole(void **state)
{
    (void)state;
    const gradus_units ten = {.total = 1, .total_unit = GRADUS_EPOCHS, .updates_per_epoch = 10};
    check_value("constant(0.5, length=7%) > constant", &hundred, 7, 1);       /* 0.07 x 100 > 7 */
    check_value("constant(0.5, length=7%) > constant", &hundred, 6.999, 0.5); /* no sooner */
    check_value("constant(0.5, length=0.1ep) > constant(0.5, length=0.2ep) > constant", &ten, 3 / 10.0, 1);
    check_value("step(0.1ep, 0.5)", &ten, 3 / 10.0, 0.125); /* 0.3 / 0.1 < 3 */
    check_value("exponential(0.5, 0.1ep, staircase)", &ten, 6 / 10.0, 1 / 64.0);
    check_value("step(0.1ep, 0.5)", &ten, 0.2999, 0.25);
}

static void test_values_reached(void **state)
{
    (void)state;
    check_value("linear(50, to=0.4) > hold", &hundred, 80, 0.4);
    check_value("linear(50, to=0.4) > decay(length=50)", &hundred, 75, 0.2);
    check_value("linear(50, to=0.4) > decay(50, to=0.4)", &hundred, 75, 0.4);
    check_value("cosine(20, floor=0.3) > hold", &hundred, 80, 0.3);
    check_value("warmup(0) > hold(10) > decay(10)", &hundred, 5, 1);
    check_value("hold", &hundred, 5, 1);
    check_value("linear(50, to=0.4) > hold(from=0.7)", &hundred, 80, 0.7);
    check_value("linear(50, to=0.4) > linear(50)", &hundred, 50, 1); /* others start at their own `from` */
    check_value("cosine(to=0.1, floor=0.2)", &hundred, 100, 0.2);
}

static void test_schedules_in_schedules(void **state)
{
    (void)state;
    check_value("product(linear, constant(0.5))", &hundred, 50, 0.25);
    check_value("product(warmup(10) > hold, step(30, 0.5), linear)", &hundred, 4, 0.5 * 0.96);
    check_value("repeat(4, linear)", &hundred, 30, 0.8); /* a round is a quarter of the run */
    check_value("repeat(4, linear, shrink=0.5)", &hundred, 55, 0.25 * 0.8);
    check_value("repeat(4, linear)", &hundred, 100, 0);
    check_value("repeat(2, warmup(10%) > hold)", &hundred, 52, 0.6);              /* per cents are of the round */
    check_value("repeat(2, linear(20, to=0.5))", &hundred, 30, 0.75);             /* rounds of their own length ... */
    check_value("repeat(2, linear(20, to=0.5), shrink=0.5)", &hundred, 70, 0.25); /* ... and what is left over */
    check_value("constant(length=20) > repeat(2, linear)", &hundred, 30, 0.75);
    check_value("linear(50, to=0.4) > repeat(2, hold(5) > decay(20))", &hundred, 65, 0.2);
    check_value("repeat(3, product(linear, constant(0.5)))", &(gradus_units){.total = 30}, 15, 0.25);
    check_value("repeat(2, cosine(1ep) > linear(1ep, from=0.5))", &epochs, 3.5, 0.25);
    gradus_schedule *schedule = make("repeat(2, linear(5ep))", &epochs);
    assert_int_equal(gradus_schedule_axis(schedule), GRADUS_EPOCHS);
    gradus_schedule_destroy(schedule);
    schedule = make("product(step(3ep), warmup(20))", &epochs); /* two units inside: all in updates */
    assert_int_equal(gradus_schedule_axis(schedule), GRADUS_UPDATES);
    gradus_schedule_destroy(schedule);
}

/* A delay and a ramp inside a schedule are what other frameworks have; here they go by those frameworks' names alone. */
static void test_conventions_of_others(void **state)
{
    (void)state;
    const gradus_units based = {.total = 100, .base = 0.1};
    const char
        *const delayed = "linear(init_value=0.1, end_value=0.05, transition_steps=20, transition_begin=10, like=optax)",
               *const ramped = "linear(num_warmup_steps=20, num_training_steps=100, like=hf)";
    check_value(delayed, &based, 9, 1);
    check_value(delayed, &based, 20, 0.75);
    check_value(delayed, &based, 40, 0.5);
    check_value(ramped, &hundred, 0, 0);
    check_value(ramped, &hundred, 5, 0.25);
    check_value(ramped, &hundred, 60, 0.5);
    gradus_error error = {0};
    assert_null(gradus_schedule_create("linear(num_warmup_steps=20)", &hundred, NULL, &error));
    assert_int_equal(error.column, 8);
    assert_string_equal(error.message, "'linear' has no parameter 'num_warmup_steps'; add like=hf");
    error = (gradus_error){0};
    assert_null(gradus_schedule_create("linear(ramp=20, like=hf)", &hundred, NULL, &error));
    assert_int_equal(error.code, GRADUS_CODE_UNKNOWN_PARAMETER);
}

static void test_past_the_end(void **state)
{
    (void)state;
    check_value("linear(10, to=0.5)", NULL, 15, 0.5);
    check_value("linear(10, to=0.5)", NULL, INFINITY, 0.5);
    check_value("linear(10, to=0.5, past=repeat)", NULL, 10, 1);
    check_value("linear(10, to=0.5, past=repeat)", NULL, 34, 0.8);
    check_value("linear(10, to=0.5, past=mirror)", NULL, 14, 0.7);
    check_value("linear(10, to=0.5, past=mirror)", NULL, 20, 1);
    check_value("linear(10, to=0.5, past=peak)", NULL, 10, 1);
    check_value("warmup(5) > linear(10, to=0.5, past=repeat)", NULL, 15, 1);
    check_value("step(30)", NULL, 95, 1e-3); /* open-ended: on and on */
    check_value("warmup(10) > cosine(0, past=repeat)", NULL, 25, 0);
    gradus_error error = {0};
    assert_null(gradus_schedule_create("linear(10, past=error)", &hundred, NULL, &error));
    assert_int_equal(error.code, GRADUS_CODE_LENGTHS);
    gradus_schedule_destroy(make("linear(100, past=error)", &hundred));
    gradus_schedule_destroy(make("linear(10, past=error)", NULL));
}

static void test_no_position_is_wrong(void **state)
{
    (void)state;
    check_value("linear", &hundred, NAN, 1);
    check_value("linear", &hundred, -5, 1);
    check_value("linear", &hundred, -INFINITY, 1);
    assert_true(gradus_schedule_at(NULL, 5) == 1);
    assert_int_equal(gradus_schedule_axis(NULL), GRADUS_UPDATES);
    gradus_schedule_destroy(NULL);
}

/* A composed schedule is its parts, each on its own clock. */
static void test_composition_is_shifted_parts(void **state)
{
    (void)state;
    gradus_schedule *whole =
        make("warmup(8) > polynomial(2, length=40, to=0.3) > hold(12) > decay(30, shape=cosine)", NULL);
    gradus_schedule *warmup = make("warmup(8)", NULL), *polynomial = make("polynomial(2, length=40, to=0.3)", NULL);
    gradus_schedule *decay = make("decay(30, shape=cosine, from=0.3)", NULL);
    for (double t = 0; t < 100; t += 0.5) {
        double expected = t < 8    ? gradus_schedule_at(warmup, t)
                          : t < 48 ? gradus_schedule_at(polynomial, t - 8)
                          : t < 60 ? 0.3
                                   : gradus_schedule_at(decay, t - 60);
        check_close(gradus_schedule_at(whole, t), expected, 1e-14, 0);
    }
    gradus_schedule_destroy(whole);
    gradus_schedule_destroy(warmup);
    gradus_schedule_destroy(polynomial);
    gradus_schedule_destroy(decay);
}

static void check_axis(const char *spec, const gradus_units *units, gradus_unit axis)
{
    gradus_schedule *schedule = make(spec, units);
    assert_int_equal(gradus_schedule_axis(schedule), axis);
    gradus_schedule_destroy(schedule);
}

static void test_axis(void **state)
{
    (void)state;
    check_axis("warmup(5) > cosine(20)", NULL, GRADUS_UPDATES);
    check_axis("warmup(1ep) > cosine(20ep)", NULL, GRADUS_EPOCHS);
    check_axis("warmup(5%) > cosine", &epochs, GRADUS_EPOCHS);
    check_axis("warmup(5) > cosine", &epochs, GRADUS_UPDATES);
    check_axis("warmup(1k samples) > hold", NULL, GRADUS_SAMPLES);
    check_axis("warmup(1M tokens) > cosine(2M tokens)", NULL, GRADUS_TOKENS);
    check_axis("warmup(1 min) > cosine(1h)", NULL, GRADUS_SECONDS);
    check_axis("constant", NULL, GRADUS_UPDATES);
    check_axis("step(30ep)", &epochs, GRADUS_EPOCHS);
    check_axis("step(30)", &epochs, GRADUS_UPDATES);
    check_value("warmup(20) > linear", &epochs, 110, 0.5);   /* 20 of 200 updates, then the other 180 */
    check_value("warmup(10%) > linear", &epochs, 5.5, 0.5);  /* the same in epochs */
    check_value("hold(1ep) > linear(40)", &epochs, 40, 0.5); /* mixed: all in updates */
    check_value("hold(320 samples) > linear(20)", &epochs, 20, 0.5);
    check_value("hold(1 min) > linear(1 min)", NULL, 90, 0.5);
}

static void test_mistakes(void **state)
{
    (void)state;
    check_error("warmup(5%) > cosine(20)", NULL, GRADUS_CODE_LENGTHS, 8, "needs the length of the run");
    check_error("hold > decay(20)", NULL, GRADUS_CODE_LENGTHS, 1, "'hold' takes what is left of the run");
    check_error("warmup(5) > cosine", NULL, GRADUS_CODE_LENGTHS, 13, "'cosine' takes what is left of the run");
    check_error("warmup(5%) > hold > cosine", &hundred, GRADUS_CODE_LENGTHS, 21, "two phases without a length, 'hold'");
    check_error("warmup(60%) > decay(60%)", &hundred, GRADUS_CODE_LENGTHS, 15, "take 120 % of the run");
    check_error("warmup(150%)", &hundred, GRADUS_CODE_LENGTHS, 8, "more than 100 % of the run");
    check_error("warmup(5s) > cosine", &hundred, GRADUS_CODE_WRONG_UNIT, 8,
                "a length in seconds cannot be counted in updates");
    check_error("warmup(5ep) > cosine", &hundred, GRADUS_CODE_WRONG_UNIT, 8,
                "a length in epochs cannot be counted in updates");
    check_error("cosine(past=repeat) > hold(5)", &hundred, GRADUS_CODE_UNEXPECTED_VALUE, 13,
                "belongs to the last phase");
    check_error("cosine(T_max=20, eta_min=1e-5, like=torch)", NULL, GRADUS_CODE_MISSING, 26, "this is a rate");
    check_error("decay(shape=exponential)", &hundred, GRADUS_CODE_OUT_OF_RANGE, 1, "never reaches 0");
    check_error("step(0)", &hundred, GRADUS_CODE_OUT_OF_RANGE, 6, "above 0");
    check_error("step(uniform(3, 5))", &hundred, GRADUS_CODE_REFUSED, 6, "still open");
    check_error("choice(cosine, linear)", &hundred, GRADUS_CODE_REFUSED, 1, "still open");
}

static void test_error_already_set(void **state)
{
    (void)state;
    gradus_schedule_storage storage;
    gradus_error error = {.status = GRADUS_ERROR_RANGE, .column = 7};
    assert_null(gradus_schedule_create("constant", NULL, NULL, &error));
    assert_null(gradus_schedule_place(&storage, "constant", NULL, &error));
    assert_int_equal(error.status, GRADUS_ERROR_RANGE);
    assert_int_equal(error.column, 7);
}

static void test_print(void **state)
{
    (void)state;
    char text[64];
    gradus_schedule *schedule = make(" warmup( 2000,from=0 )>cosine( to=1% )", &(gradus_units){.total = 1e4});
    size_t length = gradus_schedule_print(schedule, text, sizeof text);
    assert_string_equal(text, "warmup(2000, from=0) > cosine(to=1%)");
    assert_int_equal(length, strlen(text));
    assert_int_equal(gradus_schedule_print(schedule, text, 7), length);
    assert_string_equal(text, "warmup");
    assert_int_equal(gradus_schedule_print(schedule, NULL, 0), length);
    gradus_schedule_destroy(schedule);
}

/* ---- memory ---- */

static int allocated;
static void *refuse(void *user, size_t size, size_t alignment)
{
    int *left = user;
    if (*left == 0) return NULL;
    --*left;
    allocated++;
    return aligned_alloc(alignment, size);
}
static void release(void *user, void *memory, size_t size)
{
    (void)user, (void)size;
    allocated--;
    free(memory);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    for (int room = 0; room < 20; room++) {
        int left = 100;
        gradus_error error = {0};
        gradus_context *context = gradus_context_create(
            &(gradus_context_config){.allocate = refuse, .release = release, .user = &left}, &error);
        left = room;
        gradus_schedule *schedule = gradus_schedule_create("warmup(5) > cosine(20)", NULL, context, &error);
        if (!schedule) assert_int_equal(error.status, GRADUS_ERROR_MEMORY);
        if (room > 18) assert_non_null(schedule);
        gradus_schedule_destroy(schedule);
        gradus_context_destroy(context);
        assert_int_equal(allocated, 0);
    }
}

static void check_phase(const gradus_schedule *schedule, int32_t index, const char *name, double start, double length)
{
    gradus_phase phase;
    assert_true(gradus_schedule_phase(schedule, index, &phase));
    assert_string_equal(phase.name, name);
    check_close(phase.start, start, 1e-15, 0);
    if (isinf(length))
        assert_true(isinf(phase.length));
    else
        check_close(phase.length, length, 1e-15, 0);
}

static void test_phases(void **state)
{
    (void)state;
    gradus_phase phase = {.start = 7};
    gradus_schedule *schedule = make("warmup(5%) > hold > decay(20%)", &hundred);
    check_phase(schedule, 0, "warmup", 0, 5);
    check_phase(schedule, 1, "hold", 5, 75);
    check_phase(schedule, 2, "decay", 80, 20);
    assert_false(gradus_schedule_phase(schedule, 3, &phase));
    assert_false(gradus_schedule_phase(schedule, -1, &phase));
    assert_false(gradus_schedule_phase(NULL, 0, &phase));
    assert_false(gradus_schedule_phase(schedule, 0, NULL));
    check_close(phase.start, 7, 0, 0);
    gradus_schedule_destroy(schedule);
    schedule = make("warmup(2ep) > cosine(3ep)", &(gradus_units){.updates_per_epoch = 20}); /* in epochs, of any run */
    check_phase(schedule, 1, "cosine", 2, 3);
    gradus_schedule_destroy(schedule);
    schedule = make("warmup(3) > hold", NULL);
    check_phase(schedule, 1, "hold", 3, INFINITY);
    gradus_schedule_destroy(schedule);
    schedule = make("none", &hundred);
    assert_false(gradus_schedule_phase(schedule, 0, &phase));
    gradus_schedule_destroy(schedule);
}

static void test_in_place(void **state)
{
    (void)state;
    const char *spec = "warmup(5%) > hold > decay(20%, shape=1-sqrt)";
    gradus_schedule_storage storage;
    gradus_error error = {0};
    memset(&storage, 0xa5, sizeof storage);
    const gradus_schedule *placed = gradus_schedule_place(&storage, spec, &hundred, &error);
    if (!placed) fail_msg("%s", error.message);
    gradus_schedule *allocated_one = make(spec, &hundred);
    for (double t = 0; t < 120; t += 0.25)
        assert_true(gradus_schedule_at(placed, t) == gradus_schedule_at(allocated_one, t));
    gradus_schedule_destroy(allocated_one);
    assert_true((const unsigned char *)placed >= storage.bytes &&
                (const unsigned char *)placed < storage.bytes + sizeof storage);
}

static void test_too_long_for_a_place(void **state)
{
    (void)state;
    char spec[2048] = "hold(1)";
    gradus_schedule_storage storage;
    for (int phases = 1;; phases++) {
        gradus_error error = {0};
        if (!gradus_schedule_place(&storage, spec, NULL, &error)) {
            assert_int_equal(error.status, GRADUS_ERROR_MEMORY);
            assert_true(phases > 6);
            break;
        }
        strcat(spec, " > hold(1)");
    }
    gradus_error error = {0};
    assert_null(gradus_schedule_place(NULL, "constant", NULL, &error));
    assert_int_equal(error.status, GRADUS_ERROR_USE);
}

static void test_many_phases(void **state)
{
    (void)state;
    static char spec[40000];
    for (int i = 0; i < 1000; i++) sprintf(spec + strlen(spec), "%sconstant(0.%03d, length=3)", i ? " > " : "", i);
    gradus_schedule *schedule = make(spec, NULL);
    for (int i = 0; i < 1000; i++) check_close(gradus_schedule_at(schedule, 3 * i + 2), i / 1000.0, 1e-15, 0);
    gradus_schedule_destroy(schedule);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_warmup),
        cmocka_unit_test(test_boundaries_are_whole),
        cmocka_unit_test(test_values_reached),
        cmocka_unit_test(test_schedules_in_schedules),
        cmocka_unit_test(test_conventions_of_others),
        cmocka_unit_test(test_past_the_end),
        cmocka_unit_test(test_no_position_is_wrong),
        cmocka_unit_test(test_composition_is_shifted_parts),
        cmocka_unit_test(test_axis),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_error_already_set),
        cmocka_unit_test(test_print),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_phases),
        cmocka_unit_test(test_in_place),
        cmocka_unit_test(test_too_long_for_a_place),
        cmocka_unit_test(test_many_phases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
