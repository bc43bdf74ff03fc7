/* Members of the user's own, through the same rows as ours: a schedule and a feedback that are found, bound, asked, saved and
 * listed, and rows that are refused. */
#include "check.h"
#include "gradus/base.h"
#include "gradus/spec.h"
#include <stddef.h>

static const gradus_argument no_arguments[] = {{0}};
static const gradus_argument half_life[] = {
    {.name = "half_life", .kind = GRADUS_LENGTH, .high = INFINITY, .help = "updates"}, {0}};

static double halve(const gradus_call *call, double t, double length)
{
    (void)length;
    return exp2(-t / call->number[0]);
}

static const gradus_schedule_row halving = {
    .member = {.name = "halving", .summary = "halves", .formula = "2^(-t/h)", .arguments = half_life},
    .abi = GRADUS_ABI,
    .factor = halve};

/* Skips whatever the measure `veto` asks it to, and counts. */
typedef struct veto_state {
    int64_t count, wanted;
} veto_state;
static const gradus_field veto_fields[] = {{"count", GRADUS_INT64, offsetof(veto_state, count), 0},
                                           {"wanted", GRADUS_INT64, offsetof(veto_state, wanted), 0},
                                           {0}};

static void veto_observe(const gradus_call *call, void *state, const char *metric, double value,
                         const gradus_clock *now, gradus_verdict *verdict)
{
    (void)call, (void)metric, (void)now, (void)verdict;
    ((veto_state *)state)->wanted = value > 0;
}

static void veto_decide(const gradus_call *call, void *memory, const gradus_clock *now, gradus_verdict *verdict)
{
    (void)call, (void)now;
    veto_state *state = memory;
    if (!state->wanted) return;
    state->wanted = 0;
    state->count++;
    verdict->action = GRADUS_SKIP;
    verdict->reason = GRADUS_REASON_MEMBER;
}

static double veto_value(const gradus_call *call, const void *state)
{
    (void)call;
    return (double)((const veto_state *)state)->count;
}

static const gradus_feedback_row veto = {
    .member = {.name = "veto", .summary = "skips on demand", .formula = "-", .arguments = no_arguments},
    .abi = GRADUS_ABI,
    .metrics = "veto",
    .state_size = sizeof(veto_state),
    .fields = veto_fields,
    .observe = veto_observe,
    .decide = veto_decide,
    .value = veto_value};

static void polyak_decide(const gradus_call *call, void *state, const gradus_clock *now, gradus_verdict *verdict)
{
    (void)call, (void)state, (void)now;
    verdict->factor = 0.7;
}
static const gradus_feedback_row own_rate = {
    .member = {.name = "own_rate", .summary = "a rate of its own", .formula = "0.7", .arguments = no_arguments},
    .abi = GRADUS_ABI,
    .absolute = true,
    .decide = polyak_decide};

/* Two lengths of which the second must be the longer one: whether it is depends on how long the run is. */
static const gradus_argument two_lengths[] = {
    {.name = "first", .kind = GRADUS_LENGTH, .high = INFINITY, .help = "updates"},
    {.name = "second", .kind = GRADUS_LENGTH, .high = INFINITY, .help = "updates"},
    {0}};
static const char *pair_check(const gradus_call *call)
{
    return call->number[1] > call->number[0] ? NULL : "the second length must be longer than the first";
}
static const gradus_feedback_row pair = {
    .member = {.name = "pair", .summary = "two lengths", .formula = "-", .arguments = two_lengths},
    .abi = GRADUS_ABI,
    .decide = polyak_decide,
    .check = pair_check};

static gradus_context *make_context(void)
{
    gradus_error error = {0};
    gradus_context *context = gradus_context_create(NULL, &error);
    gradus_context_add_schedule(context, &halving, &error);
    gradus_context_add_feedback(context, &veto, &error);
    gradus_context_add_feedback(context, &own_rate, &error);
    gradus_context_add_feedback(context, &pair, &error);
    if (error.status) fail_msg("%s", error.message);
    return context;
}

static void test_schedule(void **state)
{
    (void)state;
    gradus_error error = {0};
    gradus_context *context = make_context();
    gradus_schedule *schedule = gradus_schedule_create("warmup(5) > halving(10)", NULL, context, &error);
    if (!schedule) fail_msg("%s", error.message);
    check_close(gradus_schedule_at(schedule, 25), 0.25, 1e-15, 0);
    gradus_schedule_destroy(schedule);
    assert_null(gradus_schedule_create("halving(10)", NULL, NULL, &error));
    assert_int_equal(error.code, GRADUS_CODE_UNKNOWN_NAME);
    gradus_context_destroy(context);
}

/* One's own schedules stand inside ours as those of the table do. */
static void test_schedule_inside_others(void **state)
{
    (void)state;
    static const struct {
        const char *spec;
        double at, expected;
    } cases[] = {{"product(halving(10), linear)", 50, 0.5 / 32},
                 {"min(halving(10), constant(0.3))", 10, 0.3},
                 {"max(halving(10), constant(0.3))", 40, 0.3},
                 {"scale(halving(10), 50%)", 10, 0.25},
                 {"shift(halving(10), 10)", 0, 0.5},
                 {"clamp(halving(10), 0.2, 0.6)", 10, 0.5},
                 {"repeat(2, halving(10))", 60, 0.5},
                 {"warmup(5) > min(halving(10), hold)", 25, 0.25},
                 {"scale(min(halving(10), linear), 2)", 10, 1}};
    gradus_context *context = make_context();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gradus_error error = {0};
        gradus_schedule *schedule =
            gradus_schedule_create(cases[i].spec, &(gradus_units){.total = 100}, context, &error);
        if (!schedule) fail_msg("%s: %s", cases[i].spec, error.message);
        check_close(gradus_schedule_at(schedule, cases[i].at), cases[i].expected, 1e-14, 0);
        gradus_schedule_destroy(schedule);
    }
    gradus_context_destroy(context);
}

/* A skipped update never enters a window, whoever skipped it. */
static void test_feedback(void **state)
{
    (void)state;
    gradus_error error = {0};
    gradus_context *context = make_context();
    gradus_policy *policy = gradus_policy_create(
        &(gradus_policy_config){.base = 1, .feedback = "guard > veto", .context = context}, &error);
    if (!policy) fail_msg("%s", error.message);
    gradus_decision decision;
    for (int i = 0; i < 1000; i++) {
        bool skipped = i >= 300 && i < 700;
        gradus_policy_observe(policy, "loss", (skipped ? 0.01 : 1) + 0.01 * (i % 3));
        assert_true(gradus_policy_observe(policy, "veto", skipped));
        gradus_policy_decide(policy, &decision);
        assert_int_equal(decision.action, skipped ? GRADUS_SKIP : GRADUS_APPLY);
        assert_int_equal(decision.reason, skipped ? GRADUS_REASON_MEMBER : GRADUS_REASON_NONE);
        if (!skipped) gradus_policy_applied(policy, NULL);
    }
    check_close(gradus_policy_value(policy, "veto"), 400, 0, 0);
    assert_true(isnan(gradus_policy_value(policy, "guard")));
    gradus_policy_destroy(policy);
    gradus_context_destroy(context);
}

static void test_rate_of_its_own(void **state)
{
    (void)state;
    gradus_error error = {0};
    gradus_context *context = make_context();
    gradus_policy_config config = {.base = 5,
                                   .schedule = "linear",
                                   .feedback = "own_rate > plateau(patience=1, factor=0.5)",
                                   .units = {.total = 10},
                                   .context = context};
    gradus_policy *policy = gradus_policy_create(&config, &error);
    if (!policy) fail_msg("%s", error.message);
    gradus_decision decision;
    for (int i = 0; i < 2; i++) gradus_policy_observe(policy, "val_loss", 1);
    gradus_policy_decide(policy, &decision);
    check_close(decision.rate, 0.35, 1e-15, 0);
    check_close(decision.feedback, 0.5, 0, 0);
    gradus_policy_destroy(policy);
    config.feedback = "own_rate > own_rate";
    assert_null(gradus_policy_create(&config, &error));
    assert_string_equal(error.message,
                        "feedback: 'own_rate' and 'own_rate' both give a rate of their own; one at most");
    gradus_context_destroy(context);
}

/* Arguments are held against each other again when the run gets another length. */
static void test_check_at_an_event(void **state)
{
    (void)state;
    gradus_error error = {0};
    gradus_context *context = make_context();
    gradus_policy_config config = {.base = 1, .feedback = "pair(10%, 50)", .units = {.total = 400}, .context = context};
    gradus_policy *policy = gradus_policy_create(&config, &error);
    if (!policy) fail_msg("%s", error.message);
    uint64_t before = gradus_policy_digest(policy);
    assert_int_equal(gradus_policy_extend(policy, 450, &error), GRADUS_OK);
    assert_int_equal(gradus_policy_extend(policy, 500, &error), GRADUS_ERROR_RANGE);
    assert_non_null(strstr(error.message, "the second length must be longer than the first"));
    assert_int_equal(error.column, 1);
    error = (gradus_error){0};
    assert_int_equal(gradus_policy_extend(policy, 499, &error), GRADUS_OK);
    assert_true(gradus_policy_digest(policy) != before);
    gradus_policy_destroy(policy);
    gradus_context_destroy(context);
}

static void check_refused(gradus_schedule_row row, const char *message)
{
    gradus_error error = {0};
    gradus_context *context = gradus_context_create(NULL, &error);
    assert_int_equal(gradus_context_add_schedule(context, &row, &error), GRADUS_ERROR_USE);
    assert_string_equal(error.message, message);
    gradus_context_destroy(context);
}

static void test_malformed_rows(void **state)
{
    (void)state;
    gradus_schedule_row row = halving;
    row.abi = GRADUS_ABI + 1;
    check_refused(row, "the row was made for ABI 2, this library has ABI 1");
    row = halving;
    row.factor = NULL;
    check_refused(row, "the row of 'halving' has no factor");
    row = halving;
    row.member.name = "Halving";
    check_refused(row, "the row of a schedule needs a name of lower case letters, a summary and arguments");
    row.member.name = "cosine";
    check_refused(row, "there is a schedule named 'cosine' already");
    gradus_error error = {0};
    gradus_context *context = make_context();
    assert_int_equal(gradus_context_add_schedule(context, &halving, &error), GRADUS_ERROR_USE);
    gradus_feedback_row bad = veto;
    bad.member.name = "bad";
    bad.state_size = 8;
    error = (gradus_error){0};
    assert_int_equal(gradus_context_add_feedback(context, &bad, &error), GRADUS_ERROR_USE);
    assert_string_equal(error.message, "the row of 'bad' has a field outside its state");
    static const gradus_field as_long[] = {{"ring", GRADUS_DOUBLE, 0, 1}, {0}};
    bad = veto;
    bad.member.name = "bad";
    bad.member.arguments = half_life; /* of another size when the run is longer */
    bad.fields = as_long;
    error = (gradus_error){0};
    assert_int_equal(gradus_context_add_feedback(context, &bad, &error), GRADUS_ERROR_USE);
    assert_string_equal(error.message, "the row of 'bad' has a field whose size is no whole number of its own");
    bad.member.arguments = no_arguments;
    assert_int_equal(gradus_context_add_feedback(context, &bad, NULL), GRADUS_ERROR_USE);
    gradus_context_destroy(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schedule),          cmocka_unit_test(test_schedule_inside_others),
        cmocka_unit_test(test_feedback),          cmocka_unit_test(test_rate_of_its_own),
        cmocka_unit_test(test_check_at_an_event), cmocka_unit_test(test_malformed_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
