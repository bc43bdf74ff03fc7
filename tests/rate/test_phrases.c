/* Words that other texts use for several schedules: each reading is written as our members read it. */
#include "check.h"
#include "gradus/spec.h"

static const gradus_family *const families[] = {&gradus_schedule_family, &gradus_feedback_family, NULL};
static const gradus_language language = {.families = families};

/* What is written must name the member that the reading is about; one that is written for itself is looked at by others. */
static bool check_reading(const gradus_member *phrase, const gradus_argument *reading)
{
    gradus_error error = {0};
    if (!gradus_language_find(&language, &gradus_schedule_family, reading->name)) return false;
    if (!reading->initial) return true;
    gradus_spec_config config = {.family = "schedule", .language = &language};
    gradus_spec *spec = gradus_spec_create(reading->initial, &config, &error);
    if (!spec) fail_msg("%s: %s: %s", phrase->name, reading->initial, error.message);
    bool named = false;
    const gradus_chain *chain = gradus_spec_chain(spec);
    for (int32_t i = 0; i < chain->count; i++)
        named = named || strcmp(chain->items[i].member->name, reading->name) == 0;
    gradus_spec_destroy(spec);
    if (!named) fail_msg("%s: %s is no %s", phrase->name, reading->initial, reading->name);
    return true;
}

static void test_readings(void **state)
{
    (void)state;
    const char *before = "";
    for (const gradus_member *const *phrase = gradus_schedule_family.phrases; *phrase; phrase++) {
        int32_t there = 0;
        assert_true(strcmp(before, (*phrase)->name) < 0);
        assert_non_null((*phrase)->summary);
        for (const gradus_argument *reading = (*phrase)->arguments; reading->name; reading++) {
            assert_non_null(reading->help);
            there += check_reading(*phrase, reading);
        }
        assert_true(there > 0);
        before = (*phrase)->name;
    }
}

/* Older texts' words: the error says ours. */
static void test_errors(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"annealing", "'annealing' is called 'cosine' here"},
        {"linear_decay", "'linear_decay' may mean 'linear' or 'exponential' or 'decay' here"},
        {"exponential_decay", "'exponential_decay' may mean 'exponential' or "},
        {"polynomial_decay", "'polynomial_decay' may mean 'polynomial' or 'linear' here"},
        {"step_decay", "'step_decay' is called 'step' here"},
        {"sgdr", "'sgdr' is called 'cosine_restarts' here"},
        {"reduce_on_plateau", "'reduce_on_plateau' is called 'plateau' here, and is a feedback"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gradus_error error = {0};
        assert_null(gradus_spec_create(cases[i][0], &(gradus_spec_config){.family = "schedule", .language = &language},
                                       &error));
        if (strncmp(error.message, cases[i][1], strlen(cases[i][1])) != 0) fail_msg("%s", error.message);
        assert_int_equal(error.column, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_readings), cmocka_unit_test(test_errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
