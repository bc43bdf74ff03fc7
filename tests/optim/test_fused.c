/* What a wrapper and the rule inside do in one walk has the bits of one after the other: an update that is measured takes
 * the long way, since that needs the values before it. */
#include "../../src/optim/optimizer.h"
#include "check.h"
#include "gradus/base.h"

enum { COUNT = 4096 + 256 + 7, UPDATES = 5 };

static float first[COUNT], second[COUNT], gradient[COUNT];

static void fill(float *numbers, uint64_t key)
{
    for (int64_t i = 0; i < COUNT; i++) numbers[i] = (float)gradus_random_normal(3, key, (uint64_t)i);
}

static void train(const gradus_optimizer_config *config, uint32_t flags, float *values)
{
    gradus_error error = {0};
    gradus_optimizer *optimizer = gradus_optimizer_create(config, &error);
    const gradus_parameter parameter = {.name = "x", .shape = {COUNT}, .values = values, .gradient = gradient};
    fill(values, 0);
    gradus_optimizer_add(optimizer, &parameter, &error);
    for (uint64_t u = 1; u <= UPDATES; u++) {
        fill(gradient, u);
        gradus_optimizer_step(optimizer, &(gradus_step){.rate = 0.01, .flags = flags}, &error);
        if (error.status) fail_msg("%s: %s", config->rule, error.message);
    }
    gradus_optimizer_show(optimizer, GRADUS_AVERAGED, &error);
    gradus_optimizer_destroy(optimizer);
}

static void same_bits(void **state)
{
    static const char *const rules[] = {"schedule_free(adam)", "schedule_free(adamw(weight_decay=0.1), warmup=3)",
                                        "schedule_free(adamw(amsgrad=true, epsilon=0.1), beta=0.8)",
                                        "schedule_free(sgd)", "schedule_free(sgd(weight_decay=0.1), warmup=3)"};
    (void)state;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        for (int form = 0; form < 4; form++) {
            const gradus_optimizer_config config = {
                .rule = rules[i], .state = form & 1 ? "8bit" : NULL, .gradient = form & 2 ? "clip_value(0.5)" : NULL};
            train(&config, 0, first);
            train(&config, GRADUS_MEASURE_UPDATE, second);
            if (memcmp(first, second, sizeof first) != 0) fail_msg("%s: other bits at once, form %d", rules[i], form);
        }
}

/* ---- in double ---- */

typedef struct numbers {
    double values[COUNT], gradient[COUNT], before[COUNT], state[GRADUS_SLOTS][COUNT];
} numbers;

static numbers apart, at_once;

static int slots_of(const gradus_rule_row *row)
{
    int count = 0;
    while (row->slots && row->slots[count].name) count++;
    return count;
}

static gradus_twin_span span_of(numbers *on)
{
    return (gradus_twin_span){.count = COUNT, .values = on->values, .gradient = on->gradient, .before = on->before};
}

static void same_twin(const gradus_rule_row *outer, const gradus_fused *fused, const gradus_rule_row *inner)
{
    const int slots = fused->slots, all = slots + slots_of(outer), first_constant = fused->constants;
    double constants[GRADUS_CONSTANTS];
    assert_true(all <= GRADUS_SLOTS && first_constant + gradus_count_names(outer->constants) <= GRADUS_CONSTANTS);
    for (int j = 0; j < GRADUS_CONSTANTS; j++) constants[j] = 0.1 + 0.01 * j;
    for (int64_t i = 0; i < COUNT; i++) {
        apart.values[i] = gradus_random_normal(4, 0, (uint64_t)i);
        apart.gradient[i] = gradus_random_normal(4, 1, (uint64_t)i);
        for (int j = 0; j < all; j++) apart.state[j][i] = fabs(gradus_random_normal(4, 2 + (uint64_t)j, (uint64_t)i));
    }
    at_once = apart;
    memcpy(apart.before, apart.values, sizeof apart.values);
    gradus_twin_span in = span_of(&apart), out = in, both = span_of(&at_once);
    for (int j = 0; j < slots_of(inner); j++) in.state[j] = apart.state[j], both.state[j] = at_once.state[j];
    for (int j = slots; j < all; j++) out.state[j - slots] = apart.state[j], both.state[j] = at_once.state[j];
    inner->pass[0].twin(&in, 1, constants);
    outer->pass[0].twin(&out, 1, constants + first_constant);
    fused->twin(&both, 1, constants);
    memcpy(at_once.before, apart.before, sizeof apart.before);
    assert_memory_equal(&apart, &at_once, sizeof apart);
}

static void same_in_double(void **state)
{
    int held = 0;
    (void)state;
    for (int i = 0; gradus_optimizer_family.members[i]; i++) {
        const gradus_rule_row *outer = (const gradus_rule_row *)gradus_optimizer_family.members[i];
        for (const gradus_fused *fused = outer->fused; fused && fused->inner; fused++)
            for (int j = 0; gradus_optimizer_family.members[j]; j++) {
                const gradus_rule_row *inner = (const gradus_rule_row *)gradus_optimizer_family.members[j];
                if (inner->pass[0].kernel[0] != fused->inner) continue;
                same_twin(outer, fused, inner);
                held++;
            }
    }
    assert_true(held > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_bits), cmocka_unit_test(same_in_double)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
