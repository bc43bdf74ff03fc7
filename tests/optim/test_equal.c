/* Equal bits: whatever the number of threads, the order in which a pool runs the tasks, the instruction set, and how
 * the same values are cut into tensors. Compared with memcmp, after several updates with everything on. */
#include "check.h"
#include "gradus/base.h"

enum { COUNT = 60000, UPDATES = 4 };

static const char *const rules[] = {"sgd", "sgd(momentum=0.9, nesterov, weight_decay=0.01)",
                                    "rmsprop(centered, momentum=0.9)", "adam(weight_decay=0.1)", "adamw"};
enum { RULES = sizeof rules / sizeof *rules };

typedef struct result {
    float values[COUNT];
    gradus_measures measures;
} result;

typedef struct set_up {
    const char *rule, *gradient;
    gradus_context *context;
    const int64_t *sizes; /* of tensors, cut from COUNT values; 0: the rest */
    double norm;          /* given, not measured */
} set_up;

static void train(const set_up *how, result *into)
{
    static float gradients[COUNT];
    gradus_error error = {0};
    gradus_optimizer *optimizer = gradus_optimizer_create(
        &(gradus_optimizer_config){.rule = how->rule, .gradient = how->gradient, .context = how->context}, &error);
    for (int64_t i = 0; i < COUNT; i++) into->values[i] = (float)gradus_random_normal(1, 0, (uint64_t)i);
    int64_t start = 0;
    for (int i = 0; start < COUNT; i++) {
        char name[16];
        const int64_t size = how->sizes[i] ? how->sizes[i] : COUNT - start;
        snprintf(name, sizeof name, "t%d", i);
        gradus_optimizer_add(
            optimizer,
            &(gradus_parameter){
                .name = name, .shape = {size}, .values = into->values + start, .gradient = gradients + start},
            &error);
        start += size;
    }
    for (int update = 0; update < UPDATES; update++) {
        for (int64_t i = 0; i < COUNT; i++)
            gradients[i] = (float)gradus_random_normal(2, (uint64_t)update, (uint64_t)i);
        const gradus_step step = {.rate = 0.01,
                                  .gradient_scale = 0.5,
                                  .gradient_norm = how->norm,
                                  .flags = GRADUS_ZERO_GRADIENTS | GRADUS_SKIP_NON_FINITE |
                                           (update % 2 ? GRADUS_MEASURE_UPDATE : 0)};
        if (gradus_optimizer_step(optimizer, &step, &error) != GRADUS_APPLIED)
            fail_msg("%s: %s", how->rule, error.message);
    }
    memset(&into->measures, 0, sizeof into->measures);
    gradus_optimizer_measures(optimizer, &into->measures);
    gradus_optimizer_destroy(optimizer);
}

static const int64_t several[] = {1, 4096, 17, 4097, 3, 20000, 255, 257, 12288, 0};
static result first, second;

static void same(const char *rule, const char *what)
{
    if (memcmp(&first, &second, sizeof first) != 0) fail_msg("%s: other bits with %s", rule, what);
}

static void threads(void **state)
{
    (void)state;
    for (int r = 0; r < RULES; r++) {
        for (int i = 0; i < 4; i++) {
            static const int32_t counts[] = {1, 2, 3, 8};
            gradus_error error = {0};
            gradus_context *context = gradus_context_create(&(gradus_context_config){.threads = counts[i]}, &error);
            set_up how = {
                .rule = rules[r], .gradient = "clip_value(1) > clip_norm(2)", .context = context, .sizes = several};
            train(&how, i == 0 ? &first : &second);
            if (i > 0) same(rules[r], "more threads");
            gradus_context_destroy(context);
        }
    }
}

static void backwards(void *user, int64_t count, void (*task)(void *job, int64_t index), void *job)
{
    *(int64_t *)user += count;
    while (count-- > 0) task(job, count);
}

static void pool(void **state)
{
    (void)state;
    for (int r = 0; r < RULES; r++) {
        int64_t tasks = 0;
        gradus_error error = {0};
        gradus_context *context =
            gradus_context_create(&(gradus_context_config){.parallel = backwards, .user = &tasks}, &error);
        set_up how = {.rule = rules[r], .gradient = "clip_norm(2)", .sizes = several};
        train(&how, &first);
        how.context = context;
        train(&how, &second);
        same(rules[r], "a pool that runs backwards");
        assert_true(tasks > 0);
        gradus_context_destroy(context);
    }
}

static void instruction_sets(void **state)
{
    (void)state;
    for (int r = 0; r < RULES; r++) {
        for (int32_t isa = GRADUS_ISA_SCALAR; isa <= GRADUS_ISA_NEON; isa++) {
            gradus_error error = {0};
            gradus_context *context = gradus_context_create(&(gradus_context_config){.isa = isa}, &error);
            set_up how = {.rule = rules[r],
                          .gradient = "clip_value(1) > clip_norm(2, order=1)",
                          .context = context,
                          .sizes = several};
            train(&how, isa == GRADUS_ISA_SCALAR ? &first : &second);
            if (isa != GRADUS_ISA_SCALAR) same(rules[r], "another instruction set");
            gradus_context_destroy(context);
        }
    }
}

/* Norms are summed tensor by tensor, so the caller gives this one. */
static void cuts(void **state)
{
    (void)state;
    static const int64_t one[] = {0}, small[] = {100, 200, 300, 5000, 1, 1, 1, 0};
    for (int r = 0; r < RULES; r++) {
        set_up how = {.rule = rules[r], .gradient = "clip_norm(2)", .sizes = one, .norm = 100};
        train(&how, &first);
        how.sizes = small;
        train(&how, &second);
        if (memcmp(first.values, second.values, sizeof first.values) != 0)
            fail_msg("%s: other bits when cut up", rules[r]);
        how.sizes = several;
        train(&how, &second);
        if (memcmp(first.values, second.values, sizeof first.values) != 0)
            fail_msg("%s: other bits when cut up", rules[r]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(threads), cmocka_unit_test(pool),
                                       cmocka_unit_test(instruction_sets), cmocka_unit_test(cuts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
