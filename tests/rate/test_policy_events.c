/* Runtime events: the run made longer or shorter, its cool-down begun, its base changed while it goes on, with every feedback; saved
 * behind any of them and loaded, a policy goes on bit for bit; and one that is refused has changed nothing. */
#include "policies.h"
#include "rows.h"

static void test_extend(void **state)
{
    (void)state;
    gradus_error error = {0};
    gradus_policy *policy = make(&(gradus_policy_config){.base = 1, .schedule = "linear", .units = {.total = 10}});
    step_to(policy, 5);
    check_close(gradus_policy_rate(policy), 0.5, 1e-15, 0);
    assert_int_equal(gradus_policy_extend(policy, 20, &error), GRADUS_OK);
    check_close(gradus_policy_rate(policy), 0.75, 1e-15, 0);
    assert_int_equal(gradus_policy_extend(policy, NAN, &error), GRADUS_ERROR_RANGE);
    assert_int_equal(gradus_policy_extend(policy, 40, &error), GRADUS_ERROR_RANGE); /* an error is sticky */
    step_to(policy, 20);
    assert_true(gradus_policy_finished(policy));
    gradus_policy_destroy(policy);
}

static void test_cool_down(void **state)
{
    (void)state;
    gradus_error error = {0};
    gradus_policy *policy = make(&(gradus_policy_config){.base = 1, .schedule = "linear(100, to=0.5) > hold"});
    step_to(policy, 40);
    assert_int_equal(gradus_policy_cool_down(policy, NULL, NULL), GRADUS_ERROR_SPEC); /* it has no end to reach */
    assert_int_equal(gradus_policy_cool_down(policy, "decay(20%)", &error), GRADUS_ERROR_SPEC);
    assert_string_equal(error.message, "cool-down: a length in per cent needs the length of the run");
    assert_int_equal(error.column, 7);
    error = (gradus_error){0};
    check_close(gradus_policy_rate(policy), 0.8, 1e-15, 0); /* nothing has changed */
    assert_int_equal(gradus_policy_cool_down(policy, "decay(20)", &error), GRADUS_OK);
    check_close(gradus_policy_rate(policy), 0.8, 1e-15, 0);
    step_to(policy, 50);
    check_close(gradus_policy_rate(policy), 0.4, 1e-15, 0);
    assert_int_equal(gradus_policy_cool_down(policy, "decay(20)", NULL), GRADUS_ERROR_USE);
    assert_int_equal(gradus_policy_extend(policy, 500, NULL), GRADUS_ERROR_USE);
    step_to(policy, 60);
    assert_true(gradus_policy_finished(policy));
    gradus_policy_destroy(policy);
    policy = make(&(gradus_policy_config){.base = 1, .units = {.total = 100}});
    step_to(policy, 60);
    assert_int_equal(gradus_policy_cool_down(policy, NULL, &error), GRADUS_OK); /* over the rest of the run */
    step_to(policy, 70);
    check_close(gradus_policy_rate(policy), 0.5, 1e-15, 0);
    assert_false(gradus_policy_finished(policy));
    gradus_policy_destroy(policy);
}

static void test_rebase(void **state)
{
    (void)state;
    gradus_error error = {0};
    gradus_policy *policy =
        make(&(gradus_policy_config){.base = 0.1,
                                     .schedule = "cosine(T_max=10, eta_min=0.01, like=torch)",
                                     .feedback = "plateau(patience=0, factor=0.1, min_lr=0.02, like=torch)"});
    step_to(policy, 10);
    check_close(gradus_policy_rate(policy), 0.01, 1e-14, 0);
    assert_int_equal(gradus_policy_rebase(policy, 0.2, &error), GRADUS_OK);
    check_close(gradus_policy_rate(policy), 0.01, 1e-14, 0); /* an absolute end stays where it is */
    step_to(policy, 20);
    check_close(gradus_policy_rate(policy), 0.2, 1e-14, 0);
    for (int i = 0; i < 3; i++) gradus_policy_observe(policy, "val_loss", 1);
    check_close(gradus_policy_rate(policy), 0.02, 1e-14, 0);
    assert_int_equal(gradus_policy_rebase(policy, 0, &error), GRADUS_ERROR_RANGE);
    gradus_policy_destroy(policy);
}

static void test_shorten(void **state)
{
    (void)state;
    gradus_error error = {0};
    gradus_policy *policy =
        make(&(gradus_policy_config){.base = 1, .schedule = "hold > linear(50%)", .units = {.total = 100}});
    step_to(policy, 60);
    check_close(gradus_policy_rate(policy), 0.8, 1e-15, 0);
    assert_int_equal(gradus_policy_extend(policy, 80, &error), GRADUS_OK); /* the straight line began at 40 */
    check_close(gradus_policy_rate(policy), 0.5, 1e-15, 0);
    assert_int_equal(gradus_policy_extend(policy, 60, &error), GRADUS_OK); /* where it stands already */
    assert_true(gradus_policy_finished(policy));
    assert_int_equal(gradus_policy_reason(policy), GRADUS_REASON_COMPLETED);
    assert_int_equal(gradus_policy_extend(policy, 120, &error), GRADUS_OK);
    assert_false(gradus_policy_finished(policy));
    check_close(gradus_policy_rate(policy), 1, 1e-15, 0);
    gradus_policy_destroy(policy);
}

/* ---- with every feedback ---- */

typedef struct record {
    unsigned char bytes[65536];
    size_t size;
} record;

static int append(void *user, const void *bytes, size_t size)
{
    record *into = user;
    if (into->size + size > sizeof into->bytes) return 1;
    memcpy(into->bytes + into->size, bytes, size);
    into->size += size;
    return 0;
}

typedef struct journal {
    char text[65536];
    size_t length;
} journal;

static void keep_decision(void *user, const char *json, size_t length)
{
    journal *into = user;
    if (strstr(json, "\"action\": \"resume\"") || into->length + length >= sizeof into->text) return;
    memcpy(into->text + into->length, json, length);
    into->length += length;
    into->text[into->length] = 0;
}

/* What an attempt measures: all that anybody listens to, with a NaN and a burst now and then, a look every tenth time. */
static double measure(const char *metric, int64_t attempt)
{
    double noise = gradus_random_normal(3, (uint64_t)metric[0], (uint64_t)attempt);
    if (strcmp(metric, "non_finite") == 0) return attempt % 37 == 36;
    if (attempt % 43 == 42) return NAN;
    if (strstr(metric, "loss"))
        return attempt % 60 >= 50 && attempt % 60 < 53 ? 30 : exp(-(double)attempt / 80) + 0.05 * noise;
    return exp(noise / 3);
}

static gradus_decision attempt_once(gradus_policy *policy, int64_t attempt)
{
    gradus_decision decision;
    const char *metric;
    for (int32_t i = 0; (metric = gradus_policy_listens(policy, i)); i++)
        if (strncmp(metric, "val_", 4) != 0 || attempt % 10 == 9)
            gradus_policy_observe(policy, metric, measure(metric, attempt));
    if (gradus_policy_decide(policy, &decision) == GRADUS_APPLY) gradus_policy_applied(policy, NULL);
    return decision;
}

enum { LONGER, SHORTER, COOLER, COOLER_AS_USUAL, OTHER_BASE, KINDS };

static gradus_status event(gradus_policy *policy, int kind, gradus_error *error)
{
    switch (kind) {
    case LONGER: return gradus_policy_extend(policy, 400, error);
    case SHORTER: return gradus_policy_extend(policy, 150, error);
    case COOLER: return gradus_policy_cool_down(policy, "decay(1ep, to=1%) > hold(10)", error);
    case COOLER_AS_USUAL: return gradus_policy_cool_down(policy, NULL, error);
    default: return gradus_policy_rebase(policy, 0.05, error);
    }
}

enum { FIRST = 70, SECOND = 100, LAST = 240 };

/* One policy goes through, another is saved and loaded behind the event, and again behind a second one. */
static void check_events(const gradus_policy_config *given, int kind)
{
    static journal logs[2];
    static record saved;
    gradus_policy_config configs[2] = {*given, *given};
    gradus_policy *policies[2];
    gradus_error error = {0};
    for (int i = 0; i < 2; i++) {
        logs[i].length = 0;
        configs[i].log = keep_decision;
        configs[i].log_user = &logs[i];
        policies[i] = make(&configs[i]);
    }
    for (int64_t attempt = 0; attempt < LAST; attempt++) {
        gradus_decision decisions[2];
        int now = attempt == FIRST ? kind : attempt == SECOND ? OTHER_BASE : -1;
        for (int i = 0; i < 2 && now >= 0; i++) assert_int_equal(event(policies[i], now, &error), GRADUS_OK);
        if (now >= 0) {
            saved.size = 0;
            assert_int_equal(gradus_policy_save(policies[1], append, &saved, &error), GRADUS_OK);
            gradus_policy_destroy(policies[1]);
            policies[1] = make(&configs[1]);
            if (gradus_policy_load(policies[1], saved.bytes, saved.size, NULL, &error)) fail_msg("%s", error.message);
        }
        assert_true(gradus_policy_digest(policies[0]) == gradus_policy_digest(policies[1]));
        assert_true(gradus_policy_value(policies[0], "momentum") == gradus_policy_value(policies[1], "momentum"));
        for (int i = 0; i < 2; i++) decisions[i] = attempt_once(policies[i], attempt);
        if (memcmp(&decisions[0], &decisions[1], sizeof decisions[0]) != 0)
            fail_msg("%s, event %d: other decision at %d", given->feedback, kind, (int)attempt);
    }
    assert_string_equal(logs[0].text, logs[1].text);
    for (int i = 0; i < 2; i++) gradus_policy_destroy(policies[i]);
}

static void with_every_feedback(void (*check)(const gradus_policy_config *config, int kind), int kinds)
{
    for (const gradus_member *const *member = gradus_feedback_family.members; *member; member++) {
        char spec[512], chain[600];
        whole_call(*member, spec);
        snprintf(chain, sizeof chain, "%.500s > guard(window=20, quiet=25, rewarm=5)", spec);
        gradus_policy_config config = {.base = 0.2,
                                       .schedule = "warmup(5%) > cosine(to=1%)",
                                       .units = {.total = 300, .updates_per_epoch = 30, .samples_per_update = 16},
                                       .snapshots = 3,
                                       .scheduled = (gradus_scheduled[]){{"momentum", 0.9, "linear(from=0.5)"}, {0}}};
        for (int kind = 0; kind < kinds; kind++) {
            config.feedback = spec;
            check(&config, kind);
            config.feedback = chain;
            check(&config, kind);
        }
    }
}

static void test_events_are_in_the_state(void **state)
{
    (void)state;
    with_every_feedback(check_events, KINDS);
}

/* ---- what is refused has changed nothing ---- */

enum { REFUSALS = 9 };

static void refuse(gradus_policy *policy, int which)
{
    gradus_error error = {0};
    switch (which) {
    case 0: assert_int_equal(gradus_policy_extend(policy, 0, &error), GRADUS_ERROR_RANGE); break;
    case 1: assert_int_equal(gradus_policy_extend(policy, INFINITY, &error), GRADUS_ERROR_RANGE); break;
    case 2: assert_int_equal(gradus_policy_extend(policy, 40, &error), GRADUS_ERROR_SPEC); break; /* past=error */
    case 3: assert_int_equal(gradus_policy_rebase(policy, -1, &error), GRADUS_ERROR_RANGE); break;
    case 4: assert_int_equal(gradus_policy_rebase(policy, NAN, &error), GRADUS_ERROR_RANGE); break;
    case 5: assert_int_equal(gradus_policy_cool_down(policy, "dekay", &error), GRADUS_ERROR_SPEC); break;
    case 6:
        assert_int_equal(gradus_policy_cool_down(policy, "hold(2M tokens) > decay(5)", &error), GRADUS_ERROR_SPEC);
        break;
    case 7: assert_int_equal(gradus_policy_cool_down(policy, "hold > decay", &error), GRADUS_ERROR_SPEC); break;
    default:
        error.status = GRADUS_ERROR_FILE; /* an error is sticky */
        assert_int_equal(gradus_policy_cool_down(policy, NULL, &error), GRADUS_ERROR_FILE);
        assert_int_equal(gradus_policy_extend(policy, 400, &error), GRADUS_ERROR_FILE);
        assert_int_equal(gradus_policy_rebase(policy, 2, &error), GRADUS_ERROR_FILE);
    }
}

static void check_refusals(const gradus_policy_config *given, int kind)
{
    (void)kind;
    static journal logs[2];
    gradus_policy_config configs[2] = {*given, *given};
    gradus_policy *policies[2];
    for (int i = 0; i < 2; i++) {
        logs[i].length = 0;
        configs[i].units.total = 30;
        configs[i].units.total_unit = GRADUS_UPDATES;
        configs[i].log = keep_decision;
        configs[i].log_user = &logs[i];
    }
    configs[0].schedule = configs[1].schedule = "warmup(25) > linear(10, past=error)";
    for (int i = 0; i < 2; i++) policies[i] = make(&configs[i]);
    for (int64_t attempt = 0; attempt < 40; attempt++) {
        gradus_decision decisions[2];
        uint64_t before = gradus_policy_digest(policies[1]);
        double rate = gradus_policy_rate(policies[1]);
        refuse(policies[1], (int)(attempt % REFUSALS));
        assert_true(gradus_policy_digest(policies[1]) == before && gradus_policy_rate(policies[1]) == rate);
        for (int i = 0; i < 2; i++) decisions[i] = attempt_once(policies[i], attempt);
        assert_memory_equal(&decisions[0], &decisions[1], sizeof decisions[0]);
    }
    assert_int_equal(logs[0].length, logs[1].length);
    for (int i = 0; i < 2; i++) gradus_policy_destroy(policies[i]);
}

static void test_what_is_refused_changes_nothing(void **state)
{
    (void)state;
    with_every_feedback(check_refusals, 1);
}

/* ---- without memory ---- */

static int left, alive;
static void *allocate(void *user, size_t size, size_t alignment)
{
    (void)user;
    if (left-- <= 0) return NULL;
    void *memory = aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    alive += memory != NULL;
    return memory;
}

static void release(void *user, void *memory, size_t size)
{
    (void)user, (void)size;
    alive -= memory != NULL;
    free(memory);
}

static void test_events_without_memory(void **state)
{
    (void)state;
    gradus_error error = {0};
    left = 1 << 30;
    gradus_context *context =
        gradus_context_create(&(gradus_context_config){.allocate = allocate, .release = release}, &error);
    for (int kind = 0; kind < KINDS; kind++) {
        left = 1 << 30;
        gradus_policy *policy = make(&(gradus_policy_config){.base = 0.2,
                                                             .schedule = "warmup(5%) > cosine",
                                                             .feedback = "guard > plateau(loss)",
                                                             .units = {.total = 300, .updates_per_epoch = 30},
                                                             .context = context});
        for (int64_t attempt = 0; attempt < FIRST; attempt++) attempt_once(policy, attempt);
        uint64_t before = gradus_policy_digest(policy);
        int living = alive, pieces = 0;
        for (;; pieces++) {
            error = (gradus_error){0};
            left = pieces;
            if (event(policy, kind, &error) == GRADUS_OK) break;
            assert_int_equal(error.status, GRADUS_ERROR_MEMORY);
            assert_true(gradus_policy_digest(policy) == before && alive == living);
        }
        assert_true(pieces > 0 && gradus_policy_digest(policy) != before);
        gradus_policy_destroy(policy);
    }
    gradus_context_destroy(context);
    assert_int_equal(alive, 0);
}

/* ---- somewhere else ---- */

static void test_seek(void **state)
{
    (void)state;
    gradus_policy_config config = {
        .base = 1,
        .schedule = "linear(10ep)",
        .units = {.updates_per_epoch = 17, .samples_per_update = 32, .samples_per_epoch = 540}};
    gradus_policy *policy = make(&config);
    gradus_policy_seek(policy, 51, &(gradus_progress){.samples = 1620});
    check_close(gradus_policy_rate(policy), 0.7, 1e-15, 0);
    gradus_policy_applied(policy, &(gradus_progress){.samples = 54}); /* on from there */
    check_close(gradus_policy_rate(policy), 0.69, 1e-14, 0);
    gradus_policy_seek(policy, 17, &(gradus_progress){.epochs = 2});
    check_close(gradus_policy_rate(policy), 0.8, 1e-15, 0);
    gradus_policy_seek(policy, 135, NULL); /* all of the usual size */
    check_close(gradus_policy_rate(policy), 0.2, 1e-15, 0);
    gradus_policy_seek(policy, -3, NULL);
    check_close(gradus_policy_rate(policy), 1, 0, 0);
    gradus_policy_seek(NULL, 3, NULL);
    gradus_policy_destroy(policy);
    config.schedule = "linear(100s)";
    policy = make(&config);
    gradus_policy_seek(policy, 5, &(gradus_progress){.seconds = 40});
    check_close(gradus_policy_rate(policy), 0.6, 1e-15, 0);
    gradus_policy_seek(policy, 5, NULL);
    check_close(gradus_policy_rate(policy), 0.6, 1e-15, 0);
    gradus_policy_destroy(policy);
}

/* A snapshot of updates that are undone is none to go back to, however far the run comes after. */
static void test_seek_forgets_later_snapshots(void **state)
{
    (void)state;
    for (int64_t back = 60; back <= 140; back += 80) {
        gradus_policy *policy = make(&(gradus_policy_config){.base = 1, .feedback = "guard", .snapshots = 2});
        step_to(policy, 150);
        gradus_policy_seek(policy, back, NULL);
        gradus_policy_seek(policy, 150, NULL);
        gradus_decision decision = {0};
        for (int i = 0; i < 3; i++) {
            gradus_policy_observe(policy, "loss", NAN);
            gradus_policy_decide(policy, &decision);
        }
        assert_int_equal(decision.action, GRADUS_ROLL_BACK);
        assert_int_equal(decision.update, back < 100 ? 1 : 100);
        gradus_policy_destroy(policy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_extend),
                                       cmocka_unit_test(test_cool_down),
                                       cmocka_unit_test(test_rebase),
                                       cmocka_unit_test(test_shorten),
                                       cmocka_unit_test(test_events_are_in_the_state),
                                       cmocka_unit_test(test_what_is_refused_changes_nothing),
                                       cmocka_unit_test(test_events_without_memory),
                                       cmocka_unit_test(test_seek),
                                       cmocka_unit_test(test_seek_forgets_later_snapshots)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
