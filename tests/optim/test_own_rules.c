/* Rules of one's own: registered by their rows, with sums for each tensor or over all, and what they keep; and what is
 * refused of a row. */
#include "check.h"
#include "gradus/extend.h"

static gradus_error error;

static void assert_failed(int32_t status, const char *words)
{
    assert_int_equal(error.status, status);
    if (!strstr(error.message, words)) fail_msg("'%s' does not say '%s'", error.message, words);
    error = (gradus_error){0};
}

enum { OWN_DECAY };
enum { OWN_SCALE, OWN_STEP, OWN_KEEP };

static void own_prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)memory;
    constants[OWN_SCALE] = now->gradient_scale;
    constants[OWN_STEP] = now->rate;
    constants[OWN_KEEP] = 1 - now->rate * hyper[OWN_DECAY];
}

static void own_sum(const gradus_span *spans, size_t how_many, const float *k)
{
    for (const gradus_span *s = spans; s < spans + how_many; s++)
        for (size_t i = 0; i < s->count; i++) {
            const double g = (double)s->gradient[i] * k[OWN_SCALE];
            s->sums[i % GRADUS_PARTS] += g * g;
        }
}

/* The step is divided by the norm of the tensor's gradient (or of all), and the updates are counted where that is kept.
 */
static void own_conclude(const double *hyper, const gradus_now *now, const double *sums, const double *memory,
                         double *constants)
{
    (void)hyper;
    constants[OWN_STEP] /= sqrt(sums[0]);
    if (now->own)
        assert_true(++now->own[0] == (double)now->update);
    else
        assert_true(memory[0] == (double)now->update);
}

static void own_learn(const double *hyper, const gradus_now *now, const double *sums, double *memory)
{
    (void)hyper, (void)now, (void)sums;
    memory[0]++;
}

static void own_walk(const gradus_span *spans, size_t how_many, const float *k)
{
    for (const gradus_span *s = spans; s < spans + how_many; s++)
        for (size_t i = 0; i < s->count; i++)
            s->values[i] = s->values[i] * k[OWN_KEEP] - k[OWN_STEP] * (s->gradient[i] * k[OWN_SCALE]);
}

static const gradus_argument own_arguments[] = {[OWN_DECAY] = {"weight_decay", GRADUS_NUMBER, .initial = "0", .low = 0,
                                                               .high = 1, .help = "decoupled, times the rate"},
                                                {0}};

#define OWN_ROW(called, all)                                                                          \
    {                                                                                                 \
        .member = {.name = called, .summary = "steps of a fixed length", .arguments = own_arguments}, \
        .abi = GRADUS_ABI, .constants = "scale, step, keep", .memory = (all) ? "seen" : NULL,         \
        .own = (all) ? NULL : "seen", .prepare = own_prepare, .pass = {                               \
            {.kernel = {own_sum},                                                                     \
             .sums = 1,                                                                               \
             .over_all = all,                                                                         \
             .conclude = own_conclude,                                                                \
             .learn = (all) ? own_learn : NULL},                                                      \
            {.kernel = {own_walk}}                                                                    \
        }                                                                                             \
    }

static const gradus_rule_row own_each = OWN_ROW("unit_each", false), own_all = OWN_ROW("unit_all", true);

static void rules_of_ones_own(void **state)
{
    (void)state;
    gradus_context *context = gradus_context_create(NULL, &error);
    gradus_context_add_rule(context, &own_each, &error);
    gradus_context_add_rule(context, &own_all, &error);
    assert_int_equal(error.status, GRADUS_OK);
    assert_true(gradus_context_add_rule(context, &own_all, &error) < 0);
    assert_failed(GRADUS_ERROR_USE, "already");
    gradus_rule_row wrong = own_all;
    wrong.member.name = "adam";
    assert_true(gradus_context_add_rule(context, &wrong, &error) < 0);
    assert_failed(GRADUS_ERROR_USE, "built-in");
    wrong = own_all, wrong.abi++;
    assert_true(gradus_context_add_rule(context, &wrong, &error) < 0);
    assert_failed(GRADUS_ERROR_USE, "another version");

    for (int all = 0; all < 2; all++) {
        float a[2] = {0, 0}, b[1] = {0}, ga[2] = {6, 8}, gb[1] = {24};
        gradus_optimizer *optimizer =
            gradus_optimizer_create(&(gradus_optimizer_config){.rule = all ? "unit_all" : "unit_each(weight_decay=0.5)",
                                                               .groups = "match(b, lr_scale=1)",
                                                               .context = context},
                                    &error);
        gradus_optimizer_add(optimizer, &(gradus_parameter){.name = "a", .shape = {2}, .values = a, .gradient = ga},
                             &error);
        gradus_optimizer_add(optimizer, &(gradus_parameter){.name = "b", .shape = {1}, .values = b, .gradient = gb},
                             &error);
        gradus_optimizer_step(optimizer, &(gradus_step){.rate = 13, .gradient_scale = 0.5}, &error);
        if (error.status) fail_msg("%s", error.message);
        if (all)
            assert_true(a[0] == -3 && a[1] == -4 && b[0] == -12); /* the norm is 13 */
        else
            check_close(a[0], -7.8, 1e-6, 0), check_close(b[0], -13, 1e-6, 0);
        gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1}, &error); /* what is kept goes on */
        if (error.status) fail_msg("%s", error.message);
        gradus_optimizer_destroy(optimizer);
    }
    gradus_context_destroy(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rules_of_ones_own)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
