/* States: a resumed run has the bits of one that was never interrupted, configuration is told and never taken over,
 * and nothing is changed by a load that is refused. */
#include "check.h"
#include "gradus/base.h"

enum { FIRST = 300, SECOND = 5000, STATE_ROOM = 1 << 17 };

typedef struct net {
    float w[FIRST], v[SECOND], gw[FIRST], gv[SECOND];
    gradus_optimizer *optimizer;
} net;

typedef struct record {
    unsigned char bytes[STATE_ROOM];
    size_t size, allowed;
} record;

static gradus_error error;

static int fresh(void **state)
{
    (void)state;
    error = (gradus_error){0};
    return 0;
}

static int append(void *user, const void *bytes, size_t size)
{
    record *into = user;
    if (into->size + size > into->allowed) return 1;
    memcpy(into->bytes + into->size, bytes, size);
    into->size += size;
    return 0;
}

static void open_net(net *of, const char *rule, const char *groups)
{
    for (int i = 0; i < FIRST; i++) of->w[i] = (float)gradus_random_normal(1, 0, (uint64_t)i);
    for (int i = 0; i < SECOND; i++) of->v[i] = (float)gradus_random_normal(1, 1, (uint64_t)i);
    of->optimizer = gradus_optimizer_create(
        &(gradus_optimizer_config){.rule = rule, .groups = groups, .units = {.total = 20}}, &error);
    gradus_optimizer_add(of->optimizer,
                         &(gradus_parameter){.name = "w", .shape = {3, 100}, .values = of->w, .gradient = of->gw},
                         &error);
    gradus_optimizer_add(of->optimizer,
                         &(gradus_parameter){.name = "v/bias", .shape = {SECOND}, .values = of->v, .gradient = of->gv},
                         &error);
    if (error.status) fail_msg("%s: %s", rule, error.message);
}

static void close_net(net *of) { gradus_optimizer_destroy(of->optimizer); }

static void train(net *of, int from, int to)
{
    for (int update = from; update < to; update++) {
        for (int i = 0; i < FIRST; i++) of->gw[i] = (float)gradus_random_normal(2, (uint64_t)update, (uint64_t)i);
        for (int i = 0; i < SECOND; i++) of->gv[i] = (float)gradus_random_normal(3, (uint64_t)update, (uint64_t)i);
        if (gradus_optimizer_step(of->optimizer, &(gradus_step){.rate = 0.01}, &error) != GRADUS_APPLIED)
            fail_msg("%s", error.message);
    }
}

static void save(const net *of, gradus_content content, record *into)
{
    into->size = 0;
    into->allowed = STATE_ROOM;
    assert_int_equal(gradus_optimizer_save(of->optimizer, content, append, into, &error), GRADUS_OK);
    assert_int_equal(gradus_optimizer_state_size(of->optimizer, content), into->size);
}

typedef struct told {
    int count;
    char last[256];
} told;

static void listen(void *user, const gradus_difference *difference)
{
    told *heard = user;
    heard->count++;
    snprintf(heard->last, sizeof heard->last, "%s%s: %s, now %s", difference->refused ? "refused " : "",
             difference->name, difference->saved, difference->present);
}

static net whole, resumed;
static record kept;

static void resumes(void **state)
{
    (void)state;
    static const char *const rules[] = {"sgd", "sgd(momentum=linear(10, from=0.9, to=0.5) > hold)",
                                        "rmsprop(centered, momentum=0.9)", "adam", "adamw"};
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        open_net(&whole, rules[i], NULL);
        train(&whole, 0, 7);
        save(&whole, GRADUS_STATE_AND_VALUES, &kept);
        train(&whole, 7, 12);
        open_net(&resumed, rules[i], NULL);
        train(&resumed, 3, 5); /* whatever was there before */
        told heard = {0};
        const gradus_load how = {.difference = listen, .user = &heard};
        if (gradus_optimizer_load(resumed.optimizer, kept.bytes, kept.size, &how, &error))
            fail_msg("%s: %s", rules[i], error.message);
        assert_int_equal(heard.count, 0);
        train(&resumed, 7, 12);
        assert_memory_equal(whole.w, resumed.w, sizeof whole.w);
        assert_memory_equal(whole.v, resumed.v, sizeof whole.v);
        close_net(&whole);
        close_net(&resumed);
    }
}

/* Back to a snapshot that was taken before the first update. */
static void rolls_back_to_the_start(void **state)
{
    (void)state;
    static const char *const rules[] = {"adam", "dog", "schedule_free(sgd)"}; /* state may start from the values */
    for (size_t r = 0; r < sizeof rules / sizeof *rules; r++) {
        open_net(&whole, rules[r], NULL);
        open_net(&resumed, rules[r], NULL);
        save(&resumed, GRADUS_STATE_AND_VALUES, &kept);
        train(&resumed, 5, 9);
        assert_int_equal(gradus_optimizer_load(resumed.optimizer, kept.bytes, kept.size, NULL, &error), GRADUS_OK);
        train(&whole, 0, 3);
        train(&resumed, 0, 3);
        assert_memory_equal(whole.w, resumed.w, sizeof whole.w);
        assert_memory_equal(whole.v, resumed.v, sizeof whole.v);
        close_net(&whole);
        close_net(&resumed);
    }
}

static void tells_configuration(void **state)
{
    (void)state;
    open_net(&whole, "adamw(weight_decay=0.1)", "match(w, lr_scale=2)");
    train(&whole, 0, 2);
    save(&whole, GRADUS_STATE, &kept);
    open_net(&resumed, "adamw(weight_decay=0.2)", "match(w, lr_scale=2)");
    told heard = {0};
    const gradus_load how = {.difference = listen, .user = &heard};
    assert_int_equal(gradus_optimizer_load(resumed.optimizer, kept.bytes, kept.size, &how, &error), GRADUS_OK);
    assert_int_equal(heard.count, 1);
    assert_string_equal(heard.last, "weight_decay: 0.1, now 0.2");
    assert_true(gradus_optimizer_get(resumed.optimizer, "weight_decay") == 0.2); /* what was asked for wins */
    close_net(&resumed);
    open_net(&resumed, "adamw(weight_decay=0.1)", "match(w, lr_scale=3)");
    assert_int_equal(gradus_optimizer_load(resumed.optimizer, kept.bytes, kept.size, &how, &error), GRADUS_OK);
    assert_string_equal(heard.last, "w.lr_scale: 2, now 3");
    close_net(&resumed);
    close_net(&whole);
}

/* ---- what does not fit ---- */

static void assert_refused(net *of, const gradus_load *how, const char *words)
{
    static float w[FIRST], v[SECOND];
    static record before, after;
    memcpy(w, of->w, sizeof w);
    memcpy(v, of->v, sizeof v);
    save(of, GRADUS_STATE, &before);
    assert_int_equal(gradus_optimizer_load(of->optimizer, kept.bytes, kept.size, how, &error), GRADUS_ERROR_STATE);
    if (!strstr(error.message, words)) fail_msg("'%s' does not say '%s'", error.message, words);
    error = (gradus_error){0};
    save(of, GRADUS_STATE, &after);
    assert_memory_equal(w, of->w, sizeof w);
    assert_memory_equal(v, of->v, sizeof v);
    assert_int_equal(before.size, after.size);
    assert_memory_equal(before.bytes, after.bytes, before.size);
}

static void missing_and_extra(void **state)
{
    (void)state;
    static float more[4], pull[4] = {1, 1, 1, 1};
    told heard = {0};
    gradus_load how = {.difference = listen, .user = &heard};
    open_net(&whole, "adam", NULL);
    open_net(&resumed, "adam", NULL);
    train(&whole, 0, 3);
    train(&resumed, 0, 1);
    gradus_optimizer_add(whole.optimizer,
                         &(gradus_parameter){.name = "more", .shape = {2, 2}, .values = more, .gradient = pull},
                         &error);
    save(&whole, GRADUS_STATE_AND_VALUES, &kept);
    assert_refused(&resumed, &how, "'more' is in the state but not here");
    assert_string_equal(heard.last, "refused more: 2 x 2, now absent");
    how.accept = 1u << GRADUS_EXTRA;
    assert_int_equal(gradus_optimizer_load(resumed.optimizer, kept.bytes, kept.size, &how, &error), GRADUS_OK);
    assert_memory_equal(whole.w, resumed.w, sizeof whole.w);
    assert_string_equal(heard.last, "more: 2 x 2, now absent");

    save(&resumed, GRADUS_STATE, &kept);
    assert_refused(&whole, NULL, "'more' is missing in the state");
    how.accept = 1u << GRADUS_MISSING;
    assert_int_equal(gradus_optimizer_load(whole.optimizer, kept.bytes, kept.size, &how, &error), GRADUS_OK);
    assert_string_equal(heard.last, "more: absent, now 2 x 2");
    close_net(&whole);
    close_net(&resumed);
}

static void other_slots_and_shapes(void **state)
{
    (void)state;
    open_net(&whole, "sgd(momentum=0.9)", NULL);
    train(&whole, 0, 3);
    save(&whole, GRADUS_STATE, &kept);
    open_net(&resumed, "sgd", NULL);
    train(&resumed, 0, 1);
    assert_refused(&resumed, NULL, "'w.momentum_buffer' is in the state but not here, and 1 more differ");
    save(&resumed, GRADUS_STATE, &kept);
    assert_refused(&whole, NULL, "'w.momentum_buffer' is missing in the state, and 1 more differ");
    close_net(&resumed);

    resumed.optimizer = gradus_optimizer_create(&(gradus_optimizer_config){.rule = "sgd(momentum=0.9)"}, &error);
    gradus_optimizer_add(resumed.optimizer, &(gradus_parameter){.name = "w", .shape = {100, 3}, .values = resumed.w},
                         &error);
    save(&whole, GRADUS_STATE, &kept);
    const gradus_load how = {.accept = 1u << GRADUS_EXTRA};
    assert_refused(&resumed, &how, "'w' has another shape there");
    close_net(&resumed);
    close_net(&whole);
}

static void damaged(void **state)
{
    (void)state;
    open_net(&whole, "adam", NULL);
    train(&whole, 0, 3);
    save(&whole, GRADUS_STATE_AND_VALUES, &kept);
    const size_t size = kept.size;
    for (size_t cut = 0; cut < size; cut += size / 16 + 8) {
        kept.size = cut;
        assert_refused(&whole, NULL, "");
    }
    kept.size = size;
    for (size_t at = 0; at < size; at += size / 64 + 1) {
        kept.bytes[at] ^= 16;
        assert_refused(&whole, NULL, "");
        kept.bytes[at] ^= 16;
    }
    kept.allowed = 1000, kept.size = 0; /* a writer that refuses */
    assert_int_equal(gradus_optimizer_save(whole.optimizer, GRADUS_STATE, append, &kept, &error), GRADUS_ERROR_WRITE);
    close_net(&whole);
}

/* Known before there is any: arrays of 300 and 5000 floats, each up to a whole line of 64 bytes. */
static void memory_is_foreseen(void **state)
{
    static const struct {
        const char *rule;
        uint64_t bytes;
    } rules[] = {{"sgd", 0}, {"sgd(momentum=0.9)", 1216 + 20032}, {"adamw", 2 * (1216 + 20032)}};
    (void)state;
    assert_true(gradus_optimizer_state_memory(NULL) == 0);
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        net of;
        open_net(&of, rules[i].rule, NULL);
        assert_int_equal(gradus_optimizer_state_memory(of.optimizer), rules[i].bytes);
        train(&of, 0, 1);
        assert_int_equal(gradus_optimizer_state_memory(of.optimizer), rules[i].bytes);
        close_net(&of);
    }
    net of;
    open_net(&of, "adamw(state=8bit)", NULL);
    const uint64_t bytes = gradus_optimizer_state_memory(of.optimizer);
    assert_true(bytes < rules[2].bytes / 3);
    train(&of, 0, 1);
    assert_int_equal(gradus_optimizer_state_memory(of.optimizer), bytes);
    close_net(&of);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(resumes, fresh),
        cmocka_unit_test_setup(rolls_back_to_the_start, fresh),
        cmocka_unit_test_setup(tells_configuration, fresh),
        cmocka_unit_test_setup(missing_and_extra, fresh),
        cmocka_unit_test_setup(other_slots_and_shapes, fresh),
        cmocka_unit_test_setup(damaged, fresh),
        cmocka_unit_test_setup(memory_is_foreseen, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
