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
        cmocka_unit_test(test_factors),
        cmocka_unit_test(test_state),
        cmocka_unit_test(test_tensors),
        cmocka_unit_test(test_mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
