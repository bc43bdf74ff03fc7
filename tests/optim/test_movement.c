/* Measures of what the values have moved by and how the gradient has changed: numbers worked by hand and by a plain double
 * loop, bits that do not depend on threads, instruction sets or an interruption, and nothing kept where nobody listens. */
#include "check.h"
#include "gradus/base.h"
#include "gradus/spec.h"

enum { SMALL = 7, LARGE = 9001, COUNT = SMALL + LARGE, STATE_ROOM = 1 << 19 };

static gradus_error error;

/* ---- somebody who listens: watch_last, watch_movement(window=3) ---- */

static void decide(const gradus_call *call, void *state, const gradus_clock *now, gradus_verdict *verdict)
{
    (void)call, (void)state, (void)now, (void)verdict;
}

static const gradus_argument nothing[] = {{0}},
                             length[] = {{"window", GRADUS_LENGTH, .initial = "1", .help = "-"}, {0}};
static const gradus_feedback_row rows[] = {{.member = {.name = "watch_last", .summary = "-", .arguments = nothing},
                                            .abi = GRADUS_ABI,
                                            .metrics = "gradient_dot_last_update, update_norm",
                                            .decide = decide},
                                           {.member = {.name = "watch_movement", .summary = "-", .arguments = length},
                                            .abi = GRADUS_ABI,
                                            .metrics = "movement_norm, gradient_change_dot_movement, "
                                                       "gradient_change_norm",
                                            .window_argument = 1,
                                            .decide = decide}};

static gradus_policy *listener(const char *feedback, gradus_context *context)
{
    gradus_context_add_feedback(context, &rows[0], &error);
    gradus_context_add_feedback(context, &rows[1], &error);
    gradus_policy *policy = gradus_policy_create(
        &(gradus_policy_config){
            .base = 1, .feedback = feedback, .units = {.updates_per_epoch = 10}, .context = context},
        &error);
    if (!policy) fail_msg("%s: %s", feedback, error.message);
    return policy;
}

static void windows(void **state)
{
    (void)state;
    gradus_context *context = gradus_context_create(NULL, &error);
    gradus_policy *policy =
        listener("watch_last > watch_movement(2ep) > watch_movement(0) > watch_movement(2.6)", context);
    assert_int_equal(gradus_policy_window(policy, "gradient_dot_last_update"), 1);
    assert_int_equal(gradus_policy_window(policy, "movement_norm"), 1); /* the shortest; 0 updates make no window */
    assert_int_equal(gradus_policy_window(policy, "loss"), 0);
    assert_int_equal(gradus_policy_window(NULL, "loss"), 0);
    gradus_policy_destroy(policy);
    policy = gradus_policy_create(&(gradus_policy_config){.base = 1,
                                                          .feedback = "watch_movement(2ep) > watch_movement(21)",
                                                          .units = {.updates_per_epoch = 10},
                                                          .context = context},
                                  &error);
    assert_int_equal(gradus_policy_window(policy, "gradient_change_norm"), 20);
    gradus_policy_destroy(policy);
    gradus_context_destroy(context);
}

/* ---- a small net of two tensors ---- */

typedef struct net {
    float values[COUNT], gradients[COUNT];
    gradus_context *context;
    gradus_policy *policy;
    gradus_optimizer *optimizer;
} net;

static void open_net(net *of, const char *rule, const char *feedback, const gradus_context_config *config)
{
    error = (gradus_error){0};
    for (int i = 0; i < COUNT; i++) of->values[i] = (float)gradus_random_normal(1, 0, (uint64_t)i);
    of->context = gradus_context_create(config, &error);
    of->policy = listener(feedback, of->context);
    of->optimizer = gradus_optimizer_create(&(gradus_optimizer_config){.rule = rule, .context = of->context}, &error);
    gradus_optimizer_add(
        of->optimizer,
        &(gradus_parameter){.name = "b", .shape = {SMALL}, .values = of->values, .gradient = of->gradients}, &error);
    gradus_optimizer_add(
        of->optimizer,
        &(gradus_parameter){
            .name = "w", .shape = {LARGE}, .values = of->values + SMALL, .gradient = of->gradients + SMALL},
        &error);
    if (error.status) fail_msg("%s", error.message);
}

static void close_net(net *of)
{
    gradus_optimizer_destroy(of->optimizer);
    gradus_policy_destroy(of->policy);
    gradus_context_destroy(of->context);
}

/* The gradient of update `at`: a pull towards 0 that is not the same everywhere, and noise. */
static void pull(net *of, int at)
{
    for (int i = 0; i < COUNT; i++)
        of->gradients[i] =
            of->values[i] * (float)(1 + i % 3) + 0.5f * (float)gradus_random_normal(2, (uint64_t)at, (uint64_t)i);
}

static void measure(net *of, double scale, gradus_measures *measures)
{
    if (gradus_optimizer_measure(of->optimizer, scale, measures, &error)) fail_msg("%s", error.message);
}

static void step(net *of, double scale, uint32_t flags)
{
    gradus_optimizer_follow(of->optimizer, of->policy, &error);
    const gradus_step how = {.rate = 0.01, .gradient_scale = scale, .flags = flags};
    if (gradus_optimizer_step(of->optimizer, &how, &error) != GRADUS_APPLIED) fail_msg("%s", error.message);
}

static net whole, other;

static void assert_absent(const gradus_measures *measures)
{
    assert_true(isnan(measures->gradient_dot_last_update) && isnan(measures->update_norm) &&
                isnan(measures->movement_norm) && isnan(measures->gradient_change_dot_movement) &&
                isnan(measures->gradient_change_norm));
}

/* ---- numbers ---- */

/* Values (1, 2), gradient (3, 4), rate 0.5: they move by (-1.5, -2). The next gradient (1, -2) against that is 2.5, its change
 * (-2, -6) against it 15. */
static void by_hand(void **state)
{
    (void)state;
    static const char *const rules[] = {"sgd", "sgd(maximize)"};
    for (int i = 0; i < 2; i++) {
        float values[2] = {1, 2}, gradient[2] = {3, 4};
        gradus_measures m;
        gradus_context *context = gradus_context_create(NULL, &error);
        gradus_policy *policy = listener("watch_last > watch_movement", context);
        gradus_optimizer *optimizer =
            gradus_optimizer_create(&(gradus_optimizer_config){.rule = rules[i], .context = context}, &error);
        gradus_optimizer_add(
            optimizer, &(gradus_parameter){.name = "w", .shape = {2}, .values = values, .gradient = gradient}, &error);
        gradus_optimizer_follow(optimizer, policy, &error);
        gradus_optimizer_measure(optimizer, 1, &m, &error);
        assert_absent(&m);
        gradus_optimizer_step(optimizer, &(gradus_step){.rate = 0.5, .flags = GRADUS_MEASURE_UPDATE}, &error);
        gradus_optimizer_measures(optimizer, &m);
        assert_true(m.gradient_dot_update == -12.5 && m.update_norm == 2.5);
        gradient[0] = 1, gradient[1] = -2;
        for (int again = 0; again < 2; again++) { /* looking changes nothing */
            gradus_optimizer_measure(optimizer, 1, &m, &error);
            assert_true(m.gradient_dot_last_update == 2.5 && m.update_norm == 2.5);
            assert_true(m.movement_norm == 2.5 && m.gradient_change_dot_movement == 15);
            check_close(m.gradient_change_norm, sqrt(40), 1e-15, 0);
        }
        gradus_optimizer_measure(optimizer, -3, &m, &error); /* that one alone is scaled: (-3, 6), changed by (-6, 2) */
        assert_true(m.gradient_dot_last_update == -7.5 && m.gradient_change_dot_movement == 5);
        gradient[0] = NAN;
        gradus_optimizer_measure(optimizer, 1, &m, &error);
        assert_absent(&m);
        assert_int_equal(error.status, GRADUS_OK);
        gradus_optimizer_destroy(optimizer);
        gradus_policy_destroy(policy);
        gradus_context_destroy(context);
    }
}

/* What windows should say, from all that there was and in double; single precision differs in the last places. A window of 20:
 * means of 3 gradients, a movement of 18 updates. */
enum { WINDOW = 20, SHARE = WINDOW / 10, UPDATES = 3 * WINDOW + 5 };
static double values_at[UPDATES][COUNT], gradient_at[UPDATES][COUNT];

static void check_window(int last, const gradus_measures *m)
{
    const int start = last - WINDOW, end = last - SHARE;
    double moved = 0, product = 0, changed = 0;
    for (int j = 0; j < COUNT; j++) {
        double movement = values_at[end][j] - values_at[start][j], change = 0;
        for (int i = 0; i <= SHARE; i++) change += (gradient_at[end + i][j] - gradient_at[start - i][j]) / (SHARE + 1);
        moved += movement * movement;
        product += change * movement;
        changed += change * change;
    }
    check_close(m->movement_norm, sqrt(moved), 1e-6, 0);
    check_close(m->gradient_change_dot_movement, product, 1e-5, 0);
    check_close(m->gradient_change_norm, sqrt(changed), 1e-6, 0);
}

static void check_last(int at, const gradus_measures *m)
{
    double dot = 0, norm = 0;
    for (int j = 0; j < COUNT; j++) {
        double update = values_at[at][j] - values_at[at - 1][j];
        dot += gradient_at[at][j] * update;
        norm += update * update;
    }
    check_close(m->gradient_dot_last_update, dot, 1e-5, 1e-5 * sqrt(norm));
    check_close(m->update_norm, sqrt(norm), 1e-6, 0);
}

static void of_windows(void **state)
{
    (void)state;
    int told = 0;
    open_net(&whole, "sgd(momentum=0.9)", "watch_last > watch_movement(2ep)", NULL);
    for (int i = 0; i < UPDATES; i++) {
        gradus_measures m;
        const double scale = i % 2 ? 0.5 : 2;
        pull(&whole, i);
        measure(&whole, scale, &m);
        for (int j = 0; j < COUNT; j++)
            values_at[i][j] = whole.values[j], gradient_at[i][j] = scale * whole.gradients[j];
        if (i > 0) check_last(i, &m);
        assert_int_equal(!isnan(m.movement_norm), i >= WINDOW && i % WINDOW == SHARE); /* the first mean comes before */
        if (!isnan(m.movement_norm)) check_window(i, &m), told++;
        step(&whole, scale, i % 3 ? 0 : GRADUS_ZERO_GRADIENTS | GRADUS_MEASURE_UPDATE);
    }
    assert_int_equal(told, 3);
    close_net(&whole);
}

/* A tensor without a gradient has not moved, and its gradient is not compared. */
static void of_tensors_at_rest(void **state)
{
    (void)state;
    gradus_measures m;
    double norm = 0;
    open_net(&whole, "sgd", "watch_last > watch_movement", NULL);
    pull(&whole, 0);
    step(&whole, 1, 0);
    gradus_optimizer_bind(whole.optimizer, 1, NULL, NULL, &error);
    pull(&whole, 1);
    step(&whole, 1, 0);
    for (int i = 0; i < SMALL; i++) norm += 1e-4 * whole.gradients[i] * whole.gradients[i];
    gradus_optimizer_bind(whole.optimizer, 1, NULL, whole.gradients + SMALL, &error);
    pull(&whole, 2);
    measure(&whole, 1, &m);
    check_close(m.update_norm, sqrt(norm), 1e-5, 0);
    check_close(m.movement_norm, sqrt(norm), 1e-5, 0);
    assert_true(m.gradient_norm > 10 * m.gradient_change_norm); /* of the small one alone */
    step(&whole, 1, 0);
    pull(&whole, 3);
    measure(&whole, 1, &m);
    assert_true(m.gradient_norm < 10 * m.gradient_change_norm); /* of both again */
    close_net(&whole);
}

/* Whatever the rule, and however it is handed its tensors, what was kept is where the values stood before the step. */
static void of_every_rule(void **state)
{
    (void)state;
    for (const gradus_member *const *member = gradus_optimizer_family.members; *member; member++) {
        const char *rule = (*member)->example ? (*member)->example : (*member)->name;
        open_net(&whole, rule, "watch_last > watch_movement", NULL);
        for (int i = 0; i < 4; i++) {
            gradus_measures m;
            pull(&whole, i);
            measure(&whole, 0.5, &m);
            for (int j = 0; j < COUNT; j++)
                values_at[i][j] = whole.values[j], gradient_at[i][j] = 0.5 * whole.gradients[j];
            if (i > 0) {
                double dot = 0, norm = 0, change = 0;
                for (int j = 0; j < COUNT; j++) {
                    double moved = values_at[i][j] - values_at[i - 1][j];
                    dot += gradient_at[i][j] * moved;
                    norm += moved * moved;
                    change += moved * (gradient_at[i][j] - gradient_at[i - 1][j]);
                }
                assert_true(norm > 0 || i == 1); /* adopt only looks at its first gradient */
                check_close(m.update_norm, sqrt(norm), 1e-6, 0);
                check_close(m.movement_norm, sqrt(norm), 1e-6, 0);
                check_close(m.gradient_dot_last_update, dot, 1e-5, 1e-5 * sqrt(norm));
                check_close(m.gradient_change_dot_movement, change, 1e-5, 1e-5 * sqrt(norm));
            }
            gradus_outcome outcome = GRADUS_EVALUATE;
            gradus_optimizer_follow(whole.optimizer, whole.policy, &error);
            const gradus_step how = {.rate = 0.01,
                                     .gradient_scale = 0.5,
                                     .loss = 1,
                                     .flags = i == 2 ? GRADUS_ZERO_GRADIENTS | GRADUS_MEASURE_UPDATE : 0};
            while (outcome == GRADUS_EVALUATE) {
                pull(&whole, i);
                outcome = gradus_optimizer_step(whole.optimizer, &how, &error);
            }
            if (outcome == GRADUS_CONVERGED) break; /* a line search: these gradients are those of no loss */
            if (outcome != GRADUS_APPLIED) fail_msg("%s: %s", rule, error.message);
        }
        close_net(&whole);
    }
}

/* ---- bits ---- */

static void run(net *of, int from, int to, gradus_measures *last)
{
    for (int i = from; i < to; i++) {
        pull(of, i);
        measure(of, 0.25, last);
        step(of, 0.25, i % 2 ? GRADUS_ZERO_GRADIENTS : 0);
    }
}

static void backwards(void *user, int64_t count, void (*task)(void *job, int64_t index), void *job)
{
    (void)user;
    while (count-- > 0) task(job, count);
}

static void equal_bits(void **state)
{
    (void)state;
    const gradus_context_config contexts[] = {{.threads = 1},           {.threads = 3},
                                              {.parallel = backwards},  {.isa = GRADUS_ISA_SCALAR},
                                              {.isa = GRADUS_ISA_SSE2}, {.isa = GRADUS_ISA_AVX2}};
    gradus_measures first, second;
    for (size_t i = 0; i < sizeof contexts / sizeof *contexts; i++) {
        open_net(i ? &other : &whole, "adamw", "watch_last > watch_movement(12)", &contexts[i]);
        run(i ? &other : &whole, 0, 14, i ? &second : &first);
        assert_false(isnan(first.movement_norm) || isnan(first.gradient_dot_last_update));
        if (i && (memcmp(&first, &second, sizeof first) != 0 ||
                  memcmp(whole.values, other.values, sizeof whole.values) != 0))
            fail_msg("other bits in context %d", (int)i);
        if (i) close_net(&other);
    }
    close_net(&whole);
}

/* That somebody looks on changes nothing of the training. */
static void nobody_listens(void **state)
{
    (void)state;
    gradus_measures m;
    open_net(&whole, "adam", "watch_last > watch_movement(2)", NULL);
    run(&whole, 0, 6, &m);
    open_net(&other, "adam", "none", NULL);
    run(&other, 0, 6, &m);
    assert_absent(&m);
    assert_memory_equal(whole.values, other.values, sizeof whole.values);
    const uint64_t plain = gradus_optimizer_state_size(other.optimizer, GRADUS_STATE);
    assert_true(gradus_optimizer_state_size(whole.optimizer, GRADUS_STATE) > plain + 3 * COUNT * sizeof(float));
    gradus_optimizer_follow(whole.optimizer, other.policy, &error); /* and when they stop listening all is as before */
    assert_int_equal(gradus_optimizer_state_size(whole.optimizer, GRADUS_STATE), plain);
    run(&other, 6, 7, &m);
    gradus_optimizer_follow(whole.optimizer, whole.policy, &error);
    pull(&whole, 6);
    measure(&whole, 1, &m);
    assert_absent(&m); /* what was kept before is old */
    close_net(&whole);
    close_net(&other);
}

/* ---- states ---- */

typedef struct record {
    unsigned char bytes[STATE_ROOM];
    size_t size;
} record;

static int append(void *user, const void *bytes, size_t size)
{
    record *into = user;
    if (into->size + size > STATE_ROOM) return 1;
    memcpy(into->bytes + into->size, bytes, size);
    into->size += size;
    return 0;
}

static record kept;

static void save(const net *of)
{
    kept.size = 0;
    if (gradus_optimizer_save(of->optimizer, GRADUS_STATE_AND_VALUES, append, &kept, &error))
        fail_msg("%s", error.message);
    assert_int_equal(kept.size, gradus_optimizer_state_size(of->optimizer, GRADUS_STATE_AND_VALUES));
}

static void load(net *of)
{
    if (gradus_optimizer_load(of->optimizer, kept.bytes, kept.size, NULL, &error)) fail_msg("%s", error.message);
}

/* Interrupted after any update: the same measures, told at the same updates. */
static void resumes(void **state)
{
    (void)state;
    enum { ALL = 28 };
    gradus_measures expected[ALL], m;
    open_net(&whole, "sgd(momentum=0.9)", "watch_last > watch_movement(12)", NULL);
    for (int i = 0; i < ALL; i++) run(&whole, i, i + 1, &expected[i]);
    close_net(&whole);
    open_net(&whole, "sgd(momentum=0.9)", "watch_last > watch_movement(12)", NULL);
    for (int i = 0; i < ALL; i++) {
        save(&whole);
        close_net(&whole);
        open_net(&whole, "sgd(momentum=0.9)", "watch_last > watch_movement(12)", NULL);
        if (i % 2) run(&whole, 50, 53, &m); /* whatever was there before */
        load(&whole);
        run(&whole, i, i + 1, &m);
        if (memcmp(&m, &expected[i], sizeof m) != 0) fail_msg("other measures at update %d", i);
        assert_int_equal(!isnan(m.movement_norm), i == 13 || i == 25);
    }
    close_net(&whole);
}

/* A record of a run in which nobody listened, and one of a run in which others did. */
static void goes_on_with_others(void **state)
{
    (void)state;
    gradus_measures m;
    open_net(&whole, "adam", "none", NULL);
    run(&whole, 0, 3, &m);
    save(&whole);
    open_net(&other, "adam", "watch_last > watch_movement", NULL);
    run(&other, 5, 7, &m);
    load(&other);
    pull(&other, 3);
    measure(&other, 1, &m);
    assert_absent(&m);
    run(&other, 3, 5, &m);
    assert_false(isnan(m.gradient_dot_last_update) || isnan(m.movement_norm));
    save(&other);
    load(&whole);
    run(&whole, 5, 7, &m);
    assert_absent(&m); /* it went on keeping until the policy was followed */
    close_net(&whole);
    close_net(&other);
}

/* Back to where the run began, by reset. */
static void resets(void **state)
{
    (void)state;
    gradus_measures m;
    open_net(&whole, "adam", "watch_last > watch_movement", NULL);
    run(&whole, 0, 3, &m);
    gradus_optimizer_reset(whole.optimizer, &error);
    pull(&whole, 3);
    measure(&whole, 1, &m);
    assert_absent(&m);
    close_net(&whole);
}

/* ---- the usual loop, and those who know the norm themselves ---- */

static double heard[3];
static void hear(const gradus_call *call, void *state, const char *metric, double value, const gradus_clock *now,
                 gradus_verdict *verdict)
{
    (void)call, (void)state, (void)now, (void)verdict;
    heard[strcmp(metric, "update_norm") == 0 ? 0 : strcmp(metric, "rate") == 0 ? 1 : 2] = value;
}

static const gradus_feedback_row ear = {.member = {.name = "ear", .summary = "-", .arguments = nothing},
                                        .abi = GRADUS_ABI,
                                        .metrics = "update_norm, rate, movement_norm",
                                        .observe = hear};

static void in_the_usual_loop(void **state)
{
    (void)state;
    for (int given = 0; given < 2; given++) {
        open_net(&whole, "sgd", "none", NULL);
        gradus_context_add_feedback(whole.context, &ear, &error);
        gradus_policy *policy = gradus_policy_create(
            &(gradus_policy_config){
                .base = 0.25, .schedule = "step(1, 0.5)", .feedback = "ear", .context = whole.context},
            &error);
        heard[0] = heard[1] = heard[2] = -1;
        for (int i = 0; i < 2; i++) {
            pull(&whole, i);
            double sum = 0;
            for (int j = 0; j < COUNT; j++) sum += (double)whole.gradients[j] * (double)whole.gradients[j];
            assert_true(heard[1] == (i ? 0.25 : -1));
            const gradus_step how = {.gradient_norm = given ? sqrt(sum) : 0};
            assert_int_equal(gradus_update(policy, whole.optimizer, &how, NULL, &error), GRADUS_APPLIED);
            if (i == 0) assert_true(heard[0] == -1 && heard[2] == -1);
        }
        assert_true(heard[0] > 0 && heard[0] == heard[2]);
        assert_true(heard[1] == 0.125);
        gradus_policy_destroy(policy);
        close_net(&whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(windows),
                                       cmocka_unit_test(by_hand),
                                       cmocka_unit_test(of_windows),
                                       cmocka_unit_test(of_tensors_at_rest),
                                       cmocka_unit_test(of_every_rule),
                                       cmocka_unit_test(equal_bits),
                                       cmocka_unit_test(nobody_listens),
                                       cmocka_unit_test(resumes),
                                       cmocka_unit_test(goes_on_with_others),
                                       cmocka_unit_test(resets),
                                       cmocka_unit_test(in_the_usual_loop)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
