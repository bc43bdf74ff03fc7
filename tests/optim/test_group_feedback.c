/* Feedback that answers for a group alone: the run's rate stays, the group's falls, is told of, saved, and reaches its tensors. */
#include "check.h"
#include "gradus/base.h"

static char told[4096];
static void listen(void *user, const char *json, size_t length)
{
    (void)user;
    snprintf(told, sizeof told, "%.*s", (int)length, json);
}

static gradus_policy *make(const char *feedback, gradus_error *error)
{
    return gradus_policy_create(
        &(gradus_policy_config){.base = 0.5, .feedback = feedback, .units = {.total = 100}, .log = listen}, error);
}

static const char *const two_groups = "plateau(val_loss, patience=1, factor=0.5) > "
                                      "plateau(head_loss, patience=1, factor=0.25, group=head)";

static void looks(gradus_policy *policy, const char *metric, int count)
{
    for (int i = 0; i < count; i++) gradus_policy_observe(policy, metric, 1);
}

static void test_factors(void **state)
{
    (void)state;
    gradus_error error = {0};
    gradus_policy *policy = make(two_groups, &error);
    assert_string_equal(gradus_policy_group(policy, 0), "head");
    assert_null(gradus_policy_group(policy, 1));
    assert_true(gradus_policy_group_factor(policy, "head") == 1 && gradus_policy_group_factor(policy, "tail") == 1);
    looks(policy, "head_loss", 2);
    gradus_decision decision;
    gradus_policy_decide(policy, &decision);
    assert_true(decision.rate == 0.5 && decision.feedback == 1);
    assert_true(gradus_policy_group_factor(policy, "head") == 0.25 && gradus_policy_group_factor(policy, NULL) == 1);
    looks(policy, "val_loss", 2);
    assert_true(gradus_policy_rate(policy) == 0.25 && gradus_policy_group_factor(policy, "head") == 0.25);
    assert_null(strstr(told, "\"group\""));
    looks(policy, "head_loss", 1);
    assert_non_null(strstr(told, "\"factor_before\": 0.125, \"factor_after\": 0.03125"));
    assert_non_null(strstr(told, "\"rate_before\": 0.0625, \"rate_after\": 0.015625"));
    assert_non_null(strstr(told, "\"text\": \"plateau of head: head_loss 1 no better than 1 for 1 looks: x 0.25\""));
    assert_non_null(strstr(told, "\"group\": \"head\"}"));
    assert_true(gradus_policy_group_factor(policy, "head") == 0.0625);
    gradus_policy_destroy(policy);
}

typedef struct record {
    unsigned char bytes[4096];
    size_t size;
} record;

static int append(void *user, const void *bytes, size_t size)
{
    record *into = user;
    memcpy(into->bytes + into->size, bytes, size);
    into->size += size;
    return 0;
}

static void test_state(void **state)
{
    (void)state;
    gradus_error error = {0};
    record saved = {.size = 0};
    gradus_policy *policy = make(two_groups, &error), *again = make(two_groups, &error);
    looks(policy, "head_loss", 3);
    gradus_policy_save(policy, append, &saved, &error);
    gradus_policy_load(again, saved.bytes, saved.size, NULL, &error);
    assert_int_equal(error.status, GRADUS_OK);
    assert_true(gradus_policy_group_factor(again, "head") == 0.0625);
    gradus_policy_destroy(policy);
    gradus_policy_destroy(again);
}

static void test_tensors(void **state)
{
    (void)state;
    float values[2] = {0}, gradient[2] = {-1, -1};
    gradus_error error = {0};
    gradus_policy *policy = make(two_groups, &error);
    gradus_optimizer *optimizer =
        gradus_optimizer_create(&(gradus_optimizer_config){.rule = "sgd", .groups = "match(head, lr_scale=2)"}, &error);
    for (int i = 0; i < 2; i++)
        gradus_optimizer_add(
            optimizer,
            &(gradus_parameter){
                .name = i ? "head" : "body", .shape = {1}, .values = &values[i], .gradient = &gradient[i]},
            &error);
    gradus_update(policy, optimizer, &(gradus_step){.loss = 1}, NULL, &error);
    assert_true(values[0] == 0.5F && values[1] == 1);
    looks(policy, "head_loss", 2);
    gradus_update(policy, optimizer, &(gradus_step){.loss = 1}, NULL, &error);
    assert_true(values[0] == 1 && values[1] == 1.25F);
    assert_int_equal(error.status, GRADUS_OK);
    gradus_optimizer_destroy(optimizer);
    gradus_policy_destroy(policy);
}

/* Feedback that goes by the gradients of a group moves its rate as it would if the net were that group alone. */
enum { ALONE, GROUPED, NETS, HEAD = 5, BODY = 3, UPDATES = 12 };

static gradus_optimizer *net_of(float *values, float *gradients, const char *rule, bool body, gradus_error *error)
{
    gradus_optimizer *optimizer = gradus_optimizer_create(
        &(gradus_optimizer_config){.rule = rule, .groups = "match('head.*', name=head)"}, error);
    const struct {
        const char *name;
        int at, count;
    } parts[] = {{"head.weight", 0, HEAD - 1}, {"body.weight", HEAD, BODY}, {"head.bias", HEAD - 1, 1}};
    for (int i = 0; i < 3; i++)
        if (body || i != 1)
            gradus_optimizer_add(optimizer,
                                 &(gradus_parameter){.name = parts[i].name,
                                                     .shape = {parts[i].count},
                                                     .values = values + parts[i].at,
                                                     .gradient = gradients + parts[i].at},
                                 error);
    return optimizer;
}

static void check_by_group(const char *feedback, const char *rule, bool known_norm)
{
    float values[NETS][HEAD + BODY] = {{0}}, gradients[NETS][HEAD + BODY];
    char text[128];
    gradus_error error = {0};
    gradus_policy *policy[NETS];
    gradus_optimizer *optimizer[NETS];
    for (int net = 0; net < NETS; net++) {
        snprintf(text, sizeof text, "%s%s)", feedback, net == GROUPED ? ", group=head" : "");
        policy[net] = make(text, &error);
        optimizer[net] = net_of(values[net], gradients[net], rule, net == GROUPED, &error);
    }
    if (error.status) fail_msg("%s: %s", feedback, error.message);
    assert_true(gradus_policy_observe(policy[GROUPED], "head.update_norm", NAN));
    assert_false(gradus_policy_observe(policy[GROUPED], "update_norm", 1));
    for (int i = 0; i < UPDATES; i++) {
        for (int net = 0; net < NETS; net++) {
            gradus_step step = {.gradient_scale = 0.5};
            double squares = 0;
            for (int j = 0; j < HEAD + BODY; j++) {
                const double noise = gradus_random_normal(3, (uint64_t)i, (uint64_t)j);
                gradients[net][j] = values[net][j] - (float)(1 + j) + (float)(0.3 * noise);
                if (net == GROUPED || j < HEAD) squares += 0.25 * gradients[net][j] * gradients[net][j];
            }
            if (known_norm) step.gradient_norm = sqrt(squares);
            if (gradus_update(policy[net], optimizer[net], &step, NULL, &error) != GRADUS_APPLIED)
                fail_msg("%s: %s", feedback, error.message);
        }
        const double alone = gradus_policy_rate(policy[ALONE]);
        check_close(0.5 * gradus_policy_group_factor(policy[GROUPED], "head"), alone, 1e-12, 0);
        assert_true(gradus_policy_rate(policy[GROUPED]) == 0.5);
        assert_memory_equal(values[ALONE], values[GROUPED], HEAD * sizeof(float));
        assert_true(i < 4 || alone != 0.5);
    }
    for (int net = 0; net < NETS; net++) {
        gradus_optimizer_destroy(optimizer[net]);
        gradus_policy_destroy(policy[net]);
    }
}

static void test_by_group(void **state)
{
    (void)state;
    check_by_group("hypergradient(rate=0.1", "sgd", false);
    check_by_group("hypergradient(rate=0.1", "adam", true);
    check_by_group("hypergradient(sgd, rate=0.01", "sgd", true); /* that one goes by the group's own rate */
    check_by_group("hypergradient(rate=0.1", "sgd(maximize)", false);
    check_by_group("derivative_notch([1, 0.5, 0.25], threshold=-1, window=2", "sgd(momentum=0.5)", false);
}

static void test_mistakes(void **state)
{
    (void)state;
    float value = 0, gradient = 1;
    gradus_error error = {0};
    gradus_policy *policy = make("plateau(group=heads)", &error);
    gradus_optimizer *optimizer = gradus_optimizer_create(&(gradus_optimizer_config){.rule = "sgd"}, &error);
    gradus_parameter parameter = {.name = "w", .group = "head", .shape = {1}, .values = &value, .gradient = &gradient};
    gradus_optimizer_add(optimizer, &parameter, &error);
    gradus_optimizer_follow(optimizer, policy, &error);
    assert_int_equal(error.status, GRADUS_ERROR_USE);
    assert_string_equal(error.message, "no tensor is in a group called 'heads'");
    gradus_optimizer_destroy(optimizer);
    gradus_policy_destroy(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_factors),  cmocka_unit_test(test_state),    cmocka_unit_test(test_tensors),
        cmocka_unit_test(test_by_group), cmocka_unit_test(test_mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
