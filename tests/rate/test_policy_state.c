/* States of policies: interrupted anywhere is uninterrupted, bit for bit, for every schedule and feedback in the tables; damage
 * is refused; differences are told; configuration stays the caller's. */
#include "check.h"
#include "gradus/base.h"
#include "rows.h"

typedef struct record {
    unsigned char bytes[65536];
    size_t size, room;
} record;

static int append(void *user, const void *bytes, size_t size)
{
    record *into = user;
    if (into->size + size > into->room) return 1;
    memcpy(into->bytes + into->size, bytes, size);
    into->size += size;
    return 0;
}

static record saved;
static const record *save(const gradus_policy *policy)
{
    gradus_error error = {0};
    saved.size = 0;
    saved.room = sizeof saved.bytes;
    if (gradus_policy_save(policy, append, &saved, &error) != GRADUS_OK) fail_msg("%s", error.message);
    assert_int_equal(saved.size, gradus_policy_state_size(policy));
    return &saved;
}

static gradus_policy *make(const gradus_policy_config *config)
{
    gradus_error error = {0};
    gradus_policy *policy = gradus_policy_create(config, &error);
    if (!policy) fail_msg("%s > %s: %s", config->schedule, config->feedback, error.message);
    return policy;
}

static void load(gradus_policy *policy, const record *from)
{
    gradus_error error = {0};
    if (gradus_policy_load(policy, from->bytes, from->size, NULL, &error) != GRADUS_OK) fail_msg("%s", error.message);
}

/* ---- interrupted anywhere = uninterrupted ---- */

enum { UPDATES = 240, TROUBLE = 100, EXTENDED = 60, REBASED = 80, COOLED = 170 };

/* What an update sees, as a pure function of the attempt: noise, now and then a NaN, and bursts that set the guard off. */
static void observe(gradus_policy *policy, int64_t attempt)
{
    double noise = gradus_random_normal(9, 1, (uint64_t)attempt), loss = exp(-(double)attempt / 100) + 0.02 * noise;
    if (attempt % 41 == 40) loss = NAN;
    if (attempt >= TROUBLE && attempt % 30 >= 10 && attempt % 30 < 13) loss = 20;
    gradus_policy_observe(policy, "loss", loss);
    gradus_policy_observe(policy, "gradient_norm", exp(noise / 4) * (attempt == 90 ? 50 : 1));
    gradus_policy_observe(policy, "non_finite", attempt % 37 == 36 ? 2 : 0);
    gradus_policy_observe(policy, "half_gradient_norm", exp(noise / 4) * (1.05 + 0.001 * (double)attempt));
    gradus_policy_observe(policy, "gradient_dot_last_update", 0.01 * noise + 0.002);
    gradus_policy_observe(policy, "update_norm", 0.01);
    if (attempt % 5 == 4) {
        gradus_policy_observe(policy, "movement_norm", 0.1);
        gradus_policy_observe(policy, "gradient_change_dot_movement", 0.02 + 0.01 * noise);
        gradus_policy_observe(policy, "gradient_change_norm", 1);
    }
    if (attempt % 10 == 9) gradus_policy_observe(policy, "val_loss", floor(30 * loss) / 30);
    gradus_error error = {0};
    if (attempt == EXTENDED) gradus_policy_extend(policy, 400, &error);
    if (attempt == REBASED) gradus_policy_rebase(policy, 0.3, &error);
    if (attempt == COOLED) gradus_policy_cool_down(policy, "decay(2ep)", &error);
    assert_int_equal(error.status, GRADUS_OK);
}

static void apply(gradus_policy *policy, int64_t attempt)
{
    gradus_policy_applied(policy, attempt % 7 ? NULL : &(gradus_progress){.samples = 17, .seconds = 0.1});
}

static gradus_decision attempt_once(gradus_policy *policy, int64_t attempt)
{
    gradus_decision decision;
    observe(policy, attempt);
    if (gradus_policy_decide(policy, &decision) == GRADUS_APPLY) apply(policy, attempt);
    return decision;
}

/* The process dies, and another goes on. */
static gradus_policy *die(gradus_policy *policy, const gradus_policy_config *config)
{
    save(policy);
    gradus_policy_destroy(policy);
    gradus_policy *other = make(config);
    load(other, &saved);
    return other;
}

/* The decision log, but for the lines that say that a run went on. */
typedef struct journal {
    char text[65536];
    size_t length;
} journal;

static void keep_line(void *user, const char *json, size_t length)
{
    journal *into = user;
    if (strstr(json, "\"action\": \"resume\"") || into->length + length >= sizeof into->text) return;
    memcpy(into->text + into->length, json, length);
    into->length += length;
}

static void check_interrupted(const gradus_policy_config *given)
{
    static journal first, second;
    gradus_policy_config with_log = *given, *config = &with_log;
    first.length = second.length = 0;
    config->log = keep_line;
    config->log_user = &first;
    gradus_decision decisions[UPDATES];
    uint64_t digests[UPDATES];
    gradus_policy *whole = make(config);
    for (int64_t i = 0; i < UPDATES; i++) {
        digests[i] = gradus_policy_digest(whole);
        assert_true(i == 0 || gradus_policy_finished(whole) || digests[i] != digests[i - 1]);
        decisions[i] = attempt_once(whole, i);
    }
    gradus_policy_destroy(whole);
    config->log_user = &second;
    gradus_policy *policy = make(config);
    for (int64_t i = 0; i < UPDATES; i++) {
        gradus_decision decision;
        if (i % 5 == 0 || (i >= TROUBLE && i % 30 > 8 && i % 30 < 18)) policy = die(policy, config);
        if (gradus_policy_digest(policy) != digests[i])
            fail_msg("%s, %s: other digest at %d", config->schedule, config->feedback, (int)i);
        observe(policy, i);
        if (i % 5 == 1) policy = die(policy, config);
        gradus_policy_decide(policy, &decision);
        if (i % 5 == 2 || decision.keep >= 0) policy = die(policy, config);
        if (decision.action == GRADUS_APPLY) apply(policy, i);
        if (memcmp(&decision, &decisions[i], sizeof decision) != 0)
            fail_msg("%s, %s: other decision at %d", config->schedule, config->feedback, (int)i);
    }
    gradus_policy_destroy(policy);
    assert_true(first.length > 0 && first.length < sizeof first.text / 2);
    assert_int_equal(first.length, second.length);
    assert_memory_equal(first.text, second.text, first.length);
}

static void check_specs(const char *schedule, const char *feedback)
{
    check_interrupted(
        &(gradus_policy_config){.base = 0.2,
                                .schedule = schedule,
                                .feedback = feedback,
                                .units = {.total = 300, .updates_per_epoch = 30, .samples_per_update = 16},
                                .snapshots = 3,
                                .scheduled = (gradus_scheduled[]){{"momentum", 0.9, "linear(from=0.9)"}, {0}}});
}

/* Each schedule with one feedback, and each feedback, also by the conventions of others, with one schedule: what they keep does not
 * depend on the other. */
static void test_interrupted_is_uninterrupted(void **state)
{
    (void)state;
    char call[512], chain[600];
    for (const gradus_member *const *schedule = gradus_schedule_family.members; *schedule; schedule++) {
        whole_call(*schedule, call);
        check_specs(call, "plateau(patience=2)");
    }
    for (const gradus_member *const *feedback = gradus_feedback_family.members; *feedback; feedback++) {
        whole_call(*feedback, call);
        snprintf(chain, sizeof chain, "%.500s > guard(window=20, quiet=25, rewarm=5) > plateau(patience=2)", call);
        check_specs("cosine", call);
        check_specs("cosine", chain);
        for (const gradus_like *like = (*feedback)->like; like && like->framework; like++) {
            bool any;
            begin_call(*feedback, call, &any);
            snprintf(chain, sizeof chain, "%.500s%slike=%s)", call, any ? ", " : "", like->framework);
            check_specs("cosine", chain);
        }
    }
}

static void test_every_byte_of_a_state_has_a_field(void **state)
{
    (void)state;
    for (const gradus_member *const *member = gradus_feedback_family.members; *member; member++) {
        const gradus_feedback_row *row = (const gradus_feedback_row *)*member;
        unsigned char covered[8192] = {0};
        assert_true(row->state_size <= sizeof covered);
        for (const gradus_field *field = row->fields; field && field->name; field++) {
            size_t count = field->length_argument < 0 ? (size_t)-field->length_argument : 1;
            if (field->length_argument > 0) { /* a length would be another one when the run is extended */
                assert_int_equal(row->member.arguments[field->length_argument - 1].kind, GRADUS_INTEGER);
                continue;
            }
            for (size_t i = 0; i < 8 * count; i++) assert_int_equal(covered[field->offset + i]++, 0);
        }
        for (size_t i = 0; i < row->state_size; i++)
            if (!covered[i]) fail_msg("%s: no field has byte %d of its state", row->member.name, (int)i);
    }
}

/* ---- what does not fit ---- */

static const gradus_policy_config plain = {
    .base = 0.1, .schedule = "cosine", .feedback = "plateau(patience=3)", .units = {.total = 100}};

static gradus_policy *trained(const gradus_policy_config *config)
{
    gradus_policy *policy = make(config);
    for (int i = 0; i < 20; i++) {
        gradus_policy_observe(policy, "val_loss", 1);
        gradus_policy_decide(policy, NULL);
        gradus_policy_applied(policy, NULL);
    }
    return policy;
}

typedef struct told {
    int count, refused;
    char text[2048];
} told;

static void tell(void *user, const gradus_difference *difference)
{
    told *into = user;
    into->count++;
    into->refused += difference->refused;
    snprintf(into->text + strlen(into->text), sizeof into->text - strlen(into->text), "%d %s: %s, %s; ",
             difference->kind, difference->name, difference->saved, difference->present);
}

static void check_load(const gradus_policy_config *config, uint32_t accept, gradus_status status, const char *text)
{
    told heard = {0};
    gradus_error error = {0};
    gradus_policy *policy = trained(&plain), *other = make(config);
    uint64_t before = gradus_policy_digest(other);
    save(policy);
    gradus_status got = gradus_policy_load(
        other, saved.bytes, saved.size, &(gradus_load){.accept = accept, .difference = tell, .user = &heard}, &error);
    assert_string_equal(heard.text, text);
    assert_int_equal(got, status);
    if (got != GRADUS_OK) assert_true(gradus_policy_digest(other) == before); /* nothing was changed */
    gradus_policy_destroy(policy);
    gradus_policy_destroy(other);
}

static void test_differences(void **state)
{
    (void)state;
    check_load(&plain, 0, GRADUS_OK, "");
    gradus_policy_config other = plain;
    other.base = 0.2;
    other.schedule = "linear";
    check_load(&other, 0, GRADUS_OK, "4 base: 0.1, 0.2; 4 schedule: cosine, linear; ");
    other = plain;
    other.feedback = "plateau(patience=3) > plateau(loss)";
    check_load(
        &other, 0, GRADUS_ERROR_STATE,
        "0 feedback.plateau.2.factor: nothing, 1; 0 feedback.plateau.2.best: nothing, 0; "
        "0 feedback.plateau.2.mean: nothing, 0; 0 feedback.plateau.2.looks: nothing, 1 whole numbers; "
        "0 feedback.plateau.2.bad: nothing, 1 whole numbers; 0 feedback.plateau.2.cooling: nothing, 1 whole numbers; "
        "0 feedback.plateau.2.pending: nothing, 1 whole numbers; "
        "4 feedback: plateau(patience=3), plateau(patience=3) > plateau(loss); ");
    other.feedback = NULL;
    check_load(
        &other, 0, GRADUS_ERROR_STATE,
        "4 feedback: plateau(patience=3), none; 1 feedback.plateau.factor: 1e-6, nothing; "
        "1 feedback.plateau.best: 1, nothing; 1 feedback.plateau.mean: 0, nothing; "
        "1 feedback.plateau.looks: 1 whole numbers, nothing; 1 feedback.plateau.bad: 1 whole numbers, nothing; "
        "1 feedback.plateau.cooling: 1 whole numbers, nothing; 1 feedback.plateau.pending: 1 whole numbers, nothing; ");
}

static void test_takes_what_fits(void **state)
{
    (void)state;
    gradus_error error = {0};
    gradus_policy_config config = plain;
    config.feedback = "guard > plateau(patience=3)";
    gradus_policy *policy = trained(&plain), *other = make(&config);
    save(policy);
    assert_int_equal(gradus_policy_load(other, saved.bytes, saved.size, NULL, &error), GRADUS_ERROR_STATE);
    assert_non_null(strstr(error.message, "the first in 'feedback.guard.factor'"));
    error = (gradus_error){0};
    gradus_load how = {.accept = 1u << GRADUS_MISSING};
    assert_int_equal(gradus_policy_load(other, saved.bytes, saved.size, &how, &error), GRADUS_OK);
    assert_true(gradus_policy_rate(other) == gradus_policy_rate(policy));
    gradus_policy_destroy(other);
    /* a window of another size: the guard starts afresh, all of it */
    config.feedback = "guard(window=40)";
    gradus_policy *small = make(&config);
    for (int64_t i = 0; i < 200; i++) attempt_once(small, i % 40);
    save(small);
    config.feedback = "guard(window=60)";
    other = make(&config);
    how.accept = 1u << GRADUS_OTHER_SHAPE;
    assert_int_equal(gradus_policy_load(other, saved.bytes, saved.size, &how, &error), GRADUS_OK);
    for (int64_t i = 0; i < 200; i++) attempt_once(other, i % 40);
    gradus_policy_destroy(small);
    gradus_policy_destroy(other);
    gradus_policy_destroy(policy);
}

static void test_events_that_no_longer_fit(void **state)
{
    (void)state;
    gradus_error error = {0};
    gradus_policy *policy = trained(&plain);
    assert_int_equal(gradus_policy_cool_down(policy, "decay(20%)", &error), GRADUS_OK);
    save(policy);
    gradus_policy_config config = plain;
    config.units.total = 0;
    config.schedule = "constant";
    gradus_policy *other = make(&config);
    uint64_t before = gradus_policy_digest(other);
    assert_int_equal(gradus_policy_load(other, saved.bytes, saved.size, NULL, &error), GRADUS_ERROR_STATE);
    assert_string_equal(error.message, "cool-down: a length in per cent needs the length of the run");
    assert_true(gradus_policy_digest(other) == before);
    gradus_policy_destroy(other);
    gradus_policy_destroy(policy);
}

/* What a rollback sets back: everything that was counted, but not the attempts. */
static void test_rollback_sets_the_clock_back(void **state)
{
    (void)state;
    gradus_error error = {0};
    gradus_policy *policy = make(&(gradus_policy_config){.base = 1,
                                                         .schedule = "linear(100k samples)",
                                                         .feedback = "guard(rewarm=0)",
                                                         .units = {.samples_per_update = 16},
                                                         .snapshots = 1});
    gradus_decision decision = {0};
    double rate = 0, next = 0;
    for (int i = 0; i < 153; i++) {
        if (i == 100) rate = gradus_policy_rate(policy);
        if (i == 101) next = gradus_policy_rate(policy);
        gradus_policy_observe(policy, "loss", i < 150 ? 1 : NAN);
        if (gradus_policy_decide(policy, &decision) == GRADUS_APPLY)
            gradus_policy_applied(policy, &(gradus_progress){.samples = 10 + i});
    }
    assert_int_equal(decision.action, GRADUS_ROLL_BACK);
    assert_int_equal(decision.update, 100);
    check_close(gradus_policy_rate(policy), rate / 2, 1e-15, 0);
    gradus_state_reader reader;
    gradus_state_item item;
    int64_t attempts;
    save(policy);
    assert_int_equal(gradus_state_open(&reader, "policy", saved.bytes, saved.size, &error), GRADUS_OK);
    assert_true(gradus_state_find(&reader, "attempts", &item));
    gradus_state_copy(&item, &attempts);
    assert_int_equal(attempts, 153);
    gradus_policy_decide(policy, NULL);
    gradus_policy_applied(policy, &(gradus_progress){.samples = 110});
    check_close(gradus_policy_rate(policy), next / 2, 1e-15, 0);
    gradus_policy_destroy(policy);
}

static void test_snapshots_can_be_forgotten(void **state)
{
    (void)state;
    gradus_policy_config config = {.base = 1, .feedback = "guard(window=20)", .snapshots = 2};
    for (int forget = 0; forget < 2; forget++) {
        gradus_policy *policy = make(&config);
        for (int64_t i = 0; i < TROUBLE; i++) attempt_once(policy, i % 39);
        if (forget) gradus_policy_forget_snapshots(policy);
        gradus_decision decision = {0};
        for (int i = 0; i < 3; i++) {
            gradus_policy_observe(policy, "loss", NAN);
            gradus_policy_decide(policy, &decision);
        }
        assert_int_equal(decision.action, forget ? GRADUS_SKIP : GRADUS_ROLL_BACK);
        gradus_policy_destroy(policy);
    }
}

/* ---- damage ---- */

static void test_damage_is_refused(void **state)
{
    (void)state;
    gradus_policy *policy = trained(&plain), *other = make(&plain);
    uint64_t before = gradus_policy_digest(other);
    record damaged = *save(policy);
    for (size_t size = 0; size < damaged.size; size += 3)
        assert_int_equal(gradus_policy_load(other, damaged.bytes, size, NULL, NULL), GRADUS_ERROR_STATE);
    for (size_t bit = 0; bit < damaged.size * 8; bit += 7) {
        damaged.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        assert_int_equal(gradus_policy_load(other, damaged.bytes, damaged.size, NULL, NULL), GRADUS_ERROR_STATE);
        damaged.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    assert_true(gradus_policy_digest(other) == before);
    load(other, &damaged);
    gradus_policy_destroy(policy);
    gradus_policy_destroy(other);
}

static void test_writer_that_refuses(void **state)
{
    (void)state;
    gradus_error error = {0};
    gradus_policy *policy = trained(&plain);
    record small = {.room = 100};
    assert_int_equal(gradus_policy_save(policy, append, &small, &error), GRADUS_ERROR_WRITE);
    assert_int_equal(gradus_policy_save(policy, append, &small, NULL), GRADUS_ERROR_WRITE);
    assert_int_equal(gradus_policy_save(policy, append, &saved, &error), GRADUS_ERROR_WRITE); /* sticky */
    gradus_policy_destroy(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interrupted_is_uninterrupted),
        cmocka_unit_test(test_every_byte_of_a_state_has_a_field),
        cmocka_unit_test(test_differences),
        cmocka_unit_test(test_takes_what_fits),
        cmocka_unit_test(test_events_that_no_longer_fit),
        cmocka_unit_test(test_rollback_sets_the_clock_back),
        cmocka_unit_test(test_snapshots_can_be_forgotten),
        cmocka_unit_test(test_damage_is_refused),
        cmocka_unit_test(test_writer_that_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
