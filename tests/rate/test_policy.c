/* Policies: the formula and its one clamp, the clock, what is asked and answered, scheduled values, the decision
 * log and the explanation word for word, memory, and every mistake of a configuration. */
#include "policies.h"

static void test_formula_and_clamp(void **state)
{
    (void)state;
    gradus_policy *policy = make(&(gradus_policy_config){.base = 0.1,
                                                         .minimum = 0.02,
                                                         .maximum = 0.07,
                                                         .schedule = "linear",
                                                         .feedback = "plateau(patience=1, factor=0.5)",
                                                         .units = {.total = 10}});
    gradus_decision ahead;
    static const double expected[] = {0.07, 0.07, 0.07, 0.07, 0.06, 0.025, 0.02, 0.02, 0.02, 0.02};
    for (int i = 0; i < 10; i++) {
        if (i == 4) gradus_policy_observe(policy, "val_loss", 1);
        if (i == 5) gradus_policy_observe(policy, "val_loss", 1);
        check_close(gradus_policy_rate(policy), expected[i], 1e-14, 0);
        uint64_t digest = gradus_policy_digest(policy);
        gradus_policy_peek(policy, &ahead);
        assert_true(gradus_policy_digest(policy) == digest);
        gradus_decision decision = step(policy);
        ahead.reason = decision.reason; /* what was said of the measures before */
        assert_memory_equal(&ahead, &decision, sizeof decision);
        check_close(decision.rate, expected[i], 1e-14, 0);
        check_close(decision.schedule, 1 - i / 10.0, 1e-14, 0);
        check_close(decision.feedback, i < 5 ? 1 : 0.5, 0, 0);
        assert_int_equal(decision.update, i);
        assert_int_equal(decision.last, i == 9);
    }
    assert_true(gradus_policy_finished(policy));
    assert_int_equal(gradus_policy_reason(policy), GRADUS_REASON_COMPLETED);
    gradus_policy_peek(policy, &ahead);
    assert_int_equal(ahead.action, GRADUS_STOP);
    assert_int_equal(ahead.reason, GRADUS_REASON_COMPLETED);
    check_close(ahead.rate, 0.02, 0, 0);
    gradus_decision over = step(policy);
    assert_int_equal(over.action, GRADUS_STOP);
    assert_int_equal(over.reason, GRADUS_REASON_COMPLETED);
    gradus_policy_destroy(policy);
}

static void test_no_policy(void **state)
{
    (void)state;
    char text[64];
    gradus_decision decision;
    gradus_error error = {0};
    assert_true(gradus_policy_finished(NULL));
    assert_int_equal(gradus_policy_decide(NULL, &decision), GRADUS_STOP);
    assert_int_equal(decision.action, GRADUS_STOP);
    assert_int_equal(decision.keep, -1);
    assert_int_equal(decision.restore, -1);
    assert_int_equal(gradus_policy_decide(NULL, NULL), GRADUS_STOP);
    assert_false(gradus_policy_observe(NULL, "loss", 1));
    gradus_policy_observe_measures(NULL, &(gradus_measures){0});
    assert_null(gradus_policy_listens(NULL, 0));
    assert_null(gradus_policy_scheduled(NULL, 0));
    gradus_policy_applied(NULL, NULL);
    gradus_policy_forget_snapshots(NULL);
    assert_true(gradus_policy_rate(NULL) == 0);
    assert_true(isnan(gradus_policy_value(NULL, "momentum")));
    assert_int_equal(gradus_policy_reason(NULL), GRADUS_REASON_NONE);
    size_t length = gradus_policy_explain(NULL, text, sizeof text);
    assert_int_equal(length, strlen(text));
    assert_int_equal(gradus_policy_state_size(NULL), 0);
    assert_int_equal(gradus_policy_digest(NULL), 0);
    assert_int_equal(gradus_policy_extend(NULL, 5, NULL), GRADUS_ERROR_USE);
    assert_int_equal(gradus_policy_save(NULL, NULL, NULL, &error), GRADUS_ERROR_USE);
    gradus_policy_destroy(NULL);
}

static void test_clock_moves_only_when_applied(void **state)
{
    (void)state;
    gradus_policy *policy = make(&(gradus_policy_config){.base = 1, .schedule = "linear", .units = {.total = 10}});
    for (int i = 0; i < 5; i++) assert_int_equal(gradus_policy_decide(policy, NULL), GRADUS_APPLY);
    assert_true(gradus_policy_rate(policy) == 1);
    gradus_policy_applied(policy, NULL);
    check_close(gradus_policy_rate(policy), 0.9, 1e-15, 0);
    gradus_policy_destroy(policy);
    policy =
        make(&(gradus_policy_config){.base = 1, .schedule = "linear", .feedback = "guard", .units = {.total = 10}});
    gradus_policy_observe(policy, "loss", NAN);
    assert_int_equal(gradus_policy_decide(policy, NULL), GRADUS_SKIP);
    gradus_policy_applied(policy, NULL); /* what was skipped cannot have been applied */
    assert_true(gradus_policy_rate(policy) == 1);
    gradus_policy_destroy(policy);
}

/* Updates of an epoch, tokens, samples: the run ends exactly where it should, however its length is given. */
static void test_ends(void **state)
{
    (void)state;
    const struct {
        gradus_units units;
        int64_t updates;
    } runs[] = {{{.total = 0.5}, 1},
                {{.total = 7}, 7},
                {{.total = 7.5}, 8},
                {{.total = 30, .total_unit = GRADUS_EPOCHS, .updates_per_epoch = 391}, 11730},
                {{.total = 3, .total_unit = GRADUS_EPOCHS, .updates_per_epoch = 7, .samples_per_update = 3}, 21},
                {{.total = 0.1, .total_unit = GRADUS_EPOCHS, .updates_per_epoch = 390}, 39},
                {{.total = 1000, .total_unit = GRADUS_SAMPLES, .samples_per_update = 32}, 32},
                {{.total = 1e6, .total_unit = GRADUS_TOKENS, .tokens_per_update = 1e5}, 10}};
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        gradus_policy *policy = make(&(gradus_policy_config){.base = 1, .schedule = "cosine", .units = runs[i].units});
        int64_t updates = 0;
        gradus_decision decision = {0};
        for (; !gradus_policy_finished(policy); updates++) {
            assert_false(decision.last);
            decision = step(policy);
        }
        assert_int_equal(updates, runs[i].updates);
        assert_true(decision.last);
        gradus_policy_destroy(policy);
    }
}

static void test_progress(void **state)
{
    (void)state;
    gradus_policy *policy = make(&(gradus_policy_config){
        .base = 1,
        .schedule = "linear(100 samples)",
        .units = {.total = 2, .total_unit = GRADUS_EPOCHS, .updates_per_epoch = 10, .samples_per_update = 10}});
    gradus_policy_applied(policy, &(gradus_progress){.samples = 25});
    check_close(gradus_policy_rate(policy), 0.75, 1e-15, 0);
    gradus_policy_applied(policy, NULL);
    check_close(gradus_policy_rate(policy), 0.65, 1e-15, 0);
    gradus_policy_applied(policy, &(gradus_progress){.samples = 65});
    check_close(gradus_policy_rate(policy), 0, 0, 0);
    assert_false(gradus_policy_finished(policy));
    gradus_policy_applied(policy, &(gradus_progress){.epochs = 1});
    assert_true(gradus_policy_finished(policy)); /* 100 samples are one epoch, and one more was told */
    gradus_policy_destroy(policy);
    policy = make(
        &(gradus_policy_config){.base = 1, .schedule = "linear", .units = {.total = 60, .total_unit = GRADUS_SECONDS}});
    gradus_policy_applied(policy, &(gradus_progress){.seconds = 15});
    check_close(gradus_policy_rate(policy), 0.75, 1e-15, 0);
    gradus_policy_applied(policy, &(gradus_progress){.seconds = 45});
    assert_true(gradus_policy_finished(policy));
    gradus_policy_destroy(policy);
}

/* 540 samples in batches of 32: the last update of each epoch has 28, and the epoch is over all the same. */
static void test_last_batch_is_smaller(void **state)
{
    (void)state;
    gradus_policy *policy = make(&(gradus_policy_config){
        .base = 1,
        .schedule = "hold(7ep) > step(1ep, 0.5, length=3ep)",
        .units = {.total = 170, .updates_per_epoch = 17, .samples_per_update = 32, .samples_per_epoch = 540}});
    for (int i = 0; i < 170; i++) {
        assert_true(gradus_policy_rate(policy) == (i < 8 * 17 ? 1 : i < 9 * 17 ? 0.5 : 0.25));
        gradus_policy_applied(policy, &(gradus_progress){.samples = i % 17 == 16 ? 28 : 32});
    }
    gradus_policy_destroy(policy);
}

/* Tenths do not add up to one; the run ends all the same. */
static void test_rounding_of_progress(void **state)
{
    (void)state;
    for (double updates = 3; updates < 40; updates++) {
        gradus_policy *policy = make(&(gradus_policy_config){
            .base = 1, .units = {.total = 1, .total_unit = GRADUS_EPOCHS, .updates_per_epoch = updates}});
        for (int i = 0; i < 10; i++) {
            assert_false(gradus_policy_finished(policy));
            gradus_policy_applied(policy, &(gradus_progress){.epochs = 0.1});
        }
        assert_true(gradus_policy_finished(policy));
        gradus_policy_destroy(policy);
    }
}

static void test_listens(void **state)
{
    (void)state;
    gradus_policy *policy =
        make(&(gradus_policy_config){.base = 1, .feedback = "guard > plateau(val_loss) > plateau(loss)"});
    static const char *const expected[] = {"loss", "gradient_norm", "non_finite", "val_loss"};
    for (int32_t i = 0; i < 4; i++) assert_string_equal(gradus_policy_listens(policy, i), expected[i]);
    assert_null(gradus_policy_listens(policy, 4));
    assert_null(gradus_policy_listens(policy, -1));
    assert_true(gradus_policy_observe(policy, "loss", 1));
    assert_false(gradus_policy_observe(policy, "val_accuracy", 1));
    gradus_policy_destroy(policy);
    policy = make(&(gradus_policy_config){.base = 1});
    assert_false(gradus_policy_observe(policy, "loss", NAN));
    assert_null(gradus_policy_listens(policy, 0));
    gradus_policy_destroy(policy);
}

static void hear(void *user, const char *metric, double value)
{
    char *text = user;
    snprintf(text + strlen(text), 200 - strlen(text), "%s %g, ", metric, value);
}

/* Whoever keeps a log hears all that is told, in order, and whether anybody listens or not. */
static void test_log_of_measures(void **state)
{
    (void)state;
    char heard[200] = "";
    gradus_policy *policy =
        make(&(gradus_policy_config){.base = 1, .feedback = "plateau(val_loss)", .measures = hear, .log_user = heard});
    gradus_policy_observe(policy, "loss", 0.5);
    gradus_policy_observe(policy, NULL, 3);
    gradus_policy_observe_measures(policy, &(gradus_measures){.gradient_norm = INFINITY,
                                                              .update_norm = 2,
                                                              .values_norm = NAN,
                                                              .gradient_dot_update = NAN,
                                                              .effective_rate = NAN,
                                                              .non_finite = 1});
    gradus_policy_observe(policy, "val_loss", 0.25);
    gradus_policy_observe(policy, "val_loss", NAN);
    assert_string_equal(heard,
                        "loss 0.5, gradient_norm inf, update_norm 2, non_finite 1, val_loss 0.25, val_loss nan, ");
    gradus_policy_destroy(policy);
}

static void test_measures_that_are_absent(void **state)
{
    (void)state;
    gradus_policy *policy = make(&(gradus_policy_config){.base = 1, .feedback = "guard"});
    gradus_policy_observe_measures(policy, &(gradus_measures){.gradient_norm = NAN, .non_finite = -1});
    assert_int_equal(gradus_policy_decide(policy, NULL), GRADUS_APPLY);
    gradus_policy_observe_measures(policy, &(gradus_measures){.gradient_norm = 1, .non_finite = 2});
    assert_int_equal(gradus_policy_decide(policy, NULL), GRADUS_SKIP);
    gradus_policy_destroy(policy);
}

static void test_snapshots_are_spaced(void **state)
{
    (void)state;
    gradus_policy *policy = make(&(gradus_policy_config){.base = 1, .feedback = "guard", .snapshots = 3});
    int64_t kept[3] = {-1, -1, -1};
    for (int64_t update = 1; update <= 5000; update++) {
        gradus_decision decision = step(policy);
        assert_true(decision.keep < 3);
        if (decision.keep >= 0) kept[decision.keep] = update;
        if (update == 1) assert_true(kept[2] == 1 && kept[0] == -1 && kept[1] == -1);
        if (update < 300) continue;
        int64_t youngest = 0, oldest = update;
        for (int i = 0; i < 3; i++) {
            if (kept[i] > youngest) youngest = kept[i];
            if (kept[i] < oldest) oldest = kept[i];
        }
        assert_true(update - youngest <= 100);
        assert_true(update - oldest >= 200);
        assert_true(update - oldest <= 3400);
    }
    gradus_policy_destroy(policy);
}

static void test_scheduled_values(void **state)
{
    (void)state;
    gradus_policy *policy = make(&(gradus_policy_config){
        .base = 0.4,
        .units = {.total = 30, .total_unit = GRADUS_EPOCHS, .samples_per_update = 128, .updates_per_epoch = 391},
        .scheduled = (gradus_scheduled[]){{"momentum", 0.9, "linear(from=1, to=0.5)"},
                                          {"batch", 128, "step(10ep, 2)"},
                                          {"head.lr_scale", 10, "warmup(1ep) > hold"},
                                          {"weight_decay", 0.05, NULL},
                                          {0}}});
    assert_string_equal(gradus_policy_scheduled(policy, 1), "batch");
    assert_null(gradus_policy_scheduled(policy, 4));
    check_close(gradus_policy_value(policy, "momentum"), 0.9, 0, 0);
    check_close(gradus_policy_value(policy, "head.lr_scale"), 10.0 / 391, 1e-14, 0);
    check_close(gradus_policy_value(policy, "weight_decay"), 0.05, 0, 0);
    assert_true(isnan(gradus_policy_value(policy, "nesterov")));
    int64_t updates = 0;
    for (; !gradus_policy_finished(policy); updates++) {
        double batch = gradus_policy_value(policy, "batch");
        assert_true(batch == (updates < 3910 ? 128 : updates < 5865 ? 256 : 512));
        gradus_policy_decide(policy, NULL);
        gradus_policy_applied(policy, &(gradus_progress){.samples = batch});
    }
    assert_int_equal(updates, 3910 + 1955 + 978); /* ten epochs at each batch; the last update is a full one too */
    check_close(gradus_policy_value(policy, "momentum"), 0.45, 1e-15, 0);
    gradus_policy_destroy(policy);
}

/* ---- words ---- */

typedef struct lines {
    char text[4096];
    int count;
} lines;

static void keep_line(void *user, const char *json, size_t length)
{
    lines *into = user;
    snprintf(into->text, sizeof into->text, "%.*s", (int)length, json);
    into->count++;
}

static void check_words(const gradus_policy *policy, const char *expected)
{
    char text[512], cut[8];
    size_t length = gradus_policy_explain(policy, text, sizeof text);
    assert_string_equal(text, expected);
    assert_int_equal(length, strlen(expected));
    assert_int_equal(gradus_policy_explain(policy, cut, sizeof cut), length);
    assert_memory_equal(cut, expected, 7);
    assert_int_equal(cut[7], 0);
}

static void test_log_and_explanation(void **state)
{
    (void)state;
    lines log = {.count = 0};
    gradus_policy *policy = make(&(gradus_policy_config){
        .base = 0.1,
        .schedule = "linear",
        .feedback = "guard > plateau(patience=2, factor=0.5)",
        .units = {.total = 10, .total_unit = GRADUS_EPOCHS, .updates_per_epoch = 10, .samples_per_update = 32},
        .log = keep_line,
        .log_user = &log});
    for (int i = 0; i < 25; i++) {
        gradus_policy_observe(policy, "loss", 1 + i % 2 * 0.1);
        step(policy);
    }
    assert_int_equal(log.count, 0);
    check_words(policy, "update 25: rate 0.075 = base 0.1 x schedule 0.75 x feedback 1");
    for (int i = 0; i < 3; i++) gradus_policy_observe(policy, "val_loss", 0.5 + i / 3.0);
    assert_int_equal(log.count, 1);
    assert_string_equal(
        log.text,
        "{\"update\": 25, \"epoch\": 2.5, \"samples\": 800, \"by\": \"plateau\", \"id\": \"feedback.1\", \"action\": "
        "\"lower\", "
        "\"reason\": \"plateau\", \"factor_before\": 1, \"factor_after\": 0.5, \"rate_before\": 0.07500000000000001, "
        "\"rate_after\": 0.037500000000000006, \"seen\": {\"val_loss\": 1.1666666666666665, \"best\": 0.5, "
        "\"patience\": 2}, "
        "\"rule\": \"val_loss no better than best for patience looks\", "
        "\"text\": \"plateau: val_loss 1.167 no better than 0.5 for 2 looks: x 0.5\"}");
    check_words(policy, "plateau: val_loss 1.167 no better than 0.5 for 2 looks: x 0.5");
    gradus_policy_observe(policy, "loss", NAN);
    assert_int_equal(step(policy).action, GRADUS_SKIP);
    assert_int_equal(log.count, 2);
    assert_non_null(strstr(log.text, "\"action\": \"skip\", \"reason\": \"non_finite\""));
    assert_non_null(strstr(log.text, "\"seen\": {\"loss\": \"nan\"}"));
    check_words(policy, "guard: loss nan is not finite: skipped");
    gradus_policy_observe(policy, "non_finite", 3);
    step(policy);
    check_words(policy, "guard: 3 values of the gradient are not finite: skipped");
    assert_int_equal(gradus_policy_extend(policy, 20, NULL), GRADUS_OK);
    assert_non_null(strstr(log.text, "\"by\": \"run\", \"id\": \"run\", \"action\": \"extend\", \"reason\": \"none\""));
    check_words(policy, "the length of the run is 20, it was 10");
    gradus_policy_destroy(policy);
    policy = make(&(gradus_policy_config){.base = 0.1, .maximum = 0.05, .units = {.total = 1}});
    check_words(policy, "update 0: rate 0.05 = base 0.1 x schedule 1 x feedback 1, lowered to the upper limit");
    step(policy);
    check_words(policy, "the run's length is reached");
    gradus_policy_destroy(policy);
}

/* What is told of a measure stands until the next decision, or the next but one where it foretells that decision. */
static void test_explanation_lasts(void **state)
{
    (void)state;
    gradus_policy *policy =
        make(&(gradus_policy_config){.base = 1, .feedback = "loss_scale > plateau(patience=1, factor=0.5)"});
    step(policy);
    gradus_policy_observe(policy, "non_finite", 1);
    const char *skipped =
        "loss_scale: the gradient overflows at a loss scale of 65536, which is 32768 from now on: skipped";
    check_words(policy, skipped);
    assert_int_equal(step(policy).action, GRADUS_SKIP);
    check_words(policy, skipped);
    assert_int_equal(step(policy).action, GRADUS_APPLY);
    check_words(policy, "update 2: rate 1 = base 1 x schedule 1 x feedback 1");
    for (int i = 0; i < 2; i++) gradus_policy_observe(policy, "val_loss", 1);
    check_words(policy, "plateau: val_loss 1 no better than 1 for 1 looks: x 0.5");
    step(policy);
    check_words(policy, "update 3: rate 0.5 = base 1 x schedule 1 x feedback 0.5");
    gradus_policy_destroy(policy);
}

static void test_log_of_a_rollback(void **state)
{
    (void)state;
    lines log = {.count = 0};
    gradus_policy *policy = make(&(gradus_policy_config){
        .base = 1, .feedback = "guard", .units = {.total = 1000}, .snapshots = 2, .log = keep_line, .log_user = &log});
    for (int i = 0; i < 150; i++) {
        gradus_policy_observe(policy, "loss", 1 + i % 3 * 0.1);
        step(policy);
    }
    for (int i = 0; i < 3; i++) {
        gradus_policy_observe(policy, "loss", 5 * (i + 1));
        step(policy);
    }
    assert_int_equal(log.count, 1);
    assert_non_null(strstr(log.text, "{\"update\": 152,"));
    assert_non_null(strstr(
        log.text, "\"action\": \"roll_back\", \"reason\": \"diverging\", \"factor_before\": 1, \"factor_after\": 0.5"));
    assert_non_null(strstr(log.text, "deviations above its median 1.1: back to update 100, x 0.5\"}"));
    gradus_policy_destroy(policy);
}

static void test_reason_names(void **state)
{
    (void)state;
    assert_string_equal(gradus_reason_name(GRADUS_REASON_NONE), "none");
    assert_string_equal(gradus_reason_name(GRADUS_REASON_RATE_AT_MINIMUM), "rate_at_minimum");
    assert_string_equal(gradus_reason_name(GRADUS_REASON_MEMBER), "member");
    assert_string_equal(gradus_reason_name(1000), "unknown");
    assert_string_equal(gradus_reason_name(-1), "unknown");
}

/* ---- mistakes ---- */

static void check_error(const gradus_policy_config *config, gradus_status status, const char *message)
{
    gradus_error error = {0};
    assert_null(gradus_policy_create(config, &error));
    assert_string_equal(error.message, message);
    assert_int_equal(error.status, status);
    assert_null(gradus_policy_create(config, NULL));
}

static void test_mistakes(void **state)
{
    (void)state;
    check_error(NULL, GRADUS_ERROR_USE, "a policy needs a configuration");
    check_error(&(gradus_policy_config){.base = 0}, GRADUS_ERROR_RANGE,
                "the base of the rate must be a finite number above 0");
    check_error(&(gradus_policy_config){.base = NAN}, GRADUS_ERROR_RANGE,
                "the base of the rate must be a finite number above 0");
    check_error(&(gradus_policy_config){.base = 1, .minimum = -1}, GRADUS_ERROR_RANGE,
                "the limits of the rate must be numbers of at least 0");
    check_error(&(gradus_policy_config){.base = 1, .minimum = 2, .maximum = 1}, GRADUS_ERROR_RANGE,
                "the lower limit of the rate is above the upper one");
    check_error(&(gradus_policy_config){.base = 1, .units = {.total = -1}}, GRADUS_ERROR_RANGE,
                "the length of the run must be a number of at least 0 in a known unit");
    check_error(&(gradus_policy_config){.base = 1, .snapshots = -1}, GRADUS_ERROR_RANGE,
                "a policy asks for 0 to 64 snapshots");
    check_error(&(gradus_policy_config){.base = 1, .schedule = "cosin"}, GRADUS_ERROR_SPEC,
                "schedule: 'cosin' is no schedule; did you mean 'cosine'?");
    check_error(&(gradus_policy_config){.base = 1, .feedback = "plateau(patience=2.5)"}, GRADUS_ERROR_SPEC,
                "feedback: expected a whole number, found '2.5'");
    check_error(&(gradus_policy_config){.base = 1, .scheduled = (gradus_scheduled[]){{"momentum", 0.9, "cosine"}, {0}}},
                GRADUS_ERROR_SPEC,
                "momentum: 'cosine' takes what is left of the run, whose length is not known; give it a length");
    check_error(
        &(gradus_policy_config){.base = 1, .scheduled = (gradus_scheduled[]){{"a", 1, NULL}, {"a", 1, NULL}, {0}}},
        GRADUS_ERROR_USE, "'a' is scheduled twice");
    check_error(&(gradus_policy_config){.base = 1, .scheduled = (gradus_scheduled[]){{"a", NAN, NULL}, {0}}},
                GRADUS_ERROR_RANGE, "a: the base must be finite");
}

static void test_scheduled_batches_convert_nothing(void **state)
{
    (void)state;
    gradus_policy_config config = {.base = 1,
                                   .schedule = "warmup(100) > hold(2ep)",
                                   .units = {.updates_per_epoch = 10, .samples_per_update = 10},
                                   .scheduled = (gradus_scheduled[]){{"batch", 10, "step(1ep, 2)"}, {0}}};
    check_error(&config, GRADUS_ERROR_SPEC, "schedule: a length in epochs cannot be counted in updates here");
    config.scheduled = NULL;
    gradus_policy_destroy(make(&config));
}

/* ---- memory ---- */

static int allocations, alive;
static void *count_allocation(void *user, size_t size, size_t alignment)
{
    int *left = user;
    if (*left == 0) return NULL;
    --*left;
    allocations++;
    alive++;
    return aligned_alloc(alignment, size);
}
static void count_release(void *user, void *memory, size_t size)
{
    (void)user, (void)size;
    alive--;
    free(memory);
}

static void test_nothing_is_allocated_while_it_runs(void **state)
{
    (void)state;
    int left = 1000;
    gradus_error error = {0};
    gradus_context *context = gradus_context_create(
        &(gradus_context_config){.allocate = count_allocation, .release = count_release, .user = &left}, &error);
    lines log;
    gradus_policy *policy = make(&(gradus_policy_config){.base = 1,
                                                         .schedule = "warmup(5%) > cosine",
                                                         .feedback = "guard > plateau(loss, patience=3)",
                                                         .units = {.total = 2000},
                                                         .snapshots = 3,
                                                         .log = keep_line,
                                                         .log_user = &log,
                                                         .context = context});
    int before = allocations;
    for (int i = 0; i < 2000; i++) {
        char text[256];
        gradus_policy_observe(policy, "loss", i % 500 == 499 ? NAN : 1);
        step(policy);
        gradus_policy_explain(policy, text, sizeof text);
        gradus_policy_digest(policy);
    }
    assert_int_equal(allocations, before);
    gradus_policy_destroy(policy);
    gradus_context_destroy(context);
    assert_int_equal(alive, 0);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    for (int room = 0;; room++) {
        int left = 1;
        gradus_error error = {0};
        gradus_context *context = gradus_context_create(
            &(gradus_context_config){.allocate = count_allocation, .release = count_release, .user = &left}, &error);
        left = room;
        gradus_policy *policy = gradus_policy_create(
            &(gradus_policy_config){.base = 1, .schedule = "cosine(9)", .feedback = "guard", .context = context},
            &error);
        bool made = policy != NULL;
        if (made) {
            left = 0;
            assert_int_equal(gradus_policy_rebase(policy, 2, &error), GRADUS_ERROR_MEMORY);
            assert_true(gradus_policy_rate(policy) == 1);
        } else {
            assert_int_equal(error.status, GRADUS_ERROR_MEMORY);
        }
        gradus_policy_destroy(policy);
        gradus_context_destroy(context);
        assert_int_equal(alive, 0);
        if (made) break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formula_and_clamp),
        cmocka_unit_test(test_no_policy),
        cmocka_unit_test(test_clock_moves_only_when_applied),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_progress),
        cmocka_unit_test(test_last_batch_is_smaller),
        cmocka_unit_test(test_rounding_of_progress),
        cmocka_unit_test(test_listens),
        cmocka_unit_test(test_log_of_measures),
        cmocka_unit_test(test_measures_that_are_absent),
        cmocka_unit_test(test_snapshots_are_spaced),
        cmocka_unit_test(test_scheduled_values),
        cmocka_unit_test(test_log_and_explanation),
        cmocka_unit_test(test_explanation_lasts),
        cmocka_unit_test(test_log_of_a_rollback),
        cmocka_unit_test(test_reason_names),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_scheduled_batches_convert_nothing),
        cmocka_unit_test(test_nothing_is_allocated_while_it_runs),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
