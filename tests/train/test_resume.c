/* A run that was interrupted and went on is the run that was not: the same model, metrics and decisions, byte by byte. */
#include "training.h"

#define SMALL                                                                  \
    "data=glyphs(count=600, test=100)",                                        \
        "model=conv(4, 3, pad=1) > batchnorm > relu > maxpool(4) > flatten > " \
        "dropout(0.2) > dense(10)",                                            \
        "batch=32", "epochs=3", "watch=layers"

static void compare(const char *first, const char *second)
{
    training_same(first, second, "model.safetensors");
    training_same(first, second, "metrics.csv");
    training_same(first, second, "measures.csv");
    training_same(first, second, "decisions.jsonl");
    training_same(first, second, "layers.csv");
    training_same(first, second, "run.yaml");
}

/* One run through, one interrupted after its first epoch, one at some instants. */
static void go_on(const char *const *settings, int threads, const char *name)
{
    char names[3][32], setting[3][128];
    const char *all[3][16] = {{0}};
    for (int i = 0; i < 3; i++) {
        int count = 0;
        for (; settings[count]; count++) all[i][count] = settings[count];
        snprintf(names[i], sizeof names[i], "same-%d", threads); /* the name stands in run.yaml */
        snprintf(setting[i], sizeof setting[i], "name=%s", names[i]);
        all[i][count] = setting[i];
    }
    char kept[64], path[2][256];
    training whole = {.settings = all[0], .threads = threads};
    training_must(&whole, GRADUS_RUN_FINISHED);
    snprintf(kept, sizeof kept, "%s-whole", name);
    rename(training_path(names[0], "", path[0]), training_path(kept, "", path[1]));

    training first = {.settings = all[1], .threads = threads, .interrupt_after = 1};
    training_must(&first, GRADUS_RUN_INTERRUPTED);
    assert_int_equal(first.epochs, 1);
    training second = {.resume = names[1]}; /* as many threads as it had */
    training_must(&second, GRADUS_RUN_FINISHED);
    compare(kept, names[1]);
    snprintf(kept, sizeof kept, "%s-epoch", name);
    rename(training_path(names[1], "", path[0]), training_path(kept, "", path[1]));

    training part = {.settings = all[2], .threads = threads, .interrupt_micro = 3000};
    for (int session = 0; session < 50; session++) {
        if (training_go(&part)) fail_msg("%s: %s", part.report.where, part.report.error.message);
        if (part.end.status == GRADUS_RUN_FINISHED) break;
        part = (training){.resume = names[2], .interrupt_micro = session < 20 ? 2000 + 1777 * session : 0};
    }
    assert_int_equal(part.end.status, GRADUS_RUN_FINISHED);
    compare(kept, names[2]);
    snprintf(kept, sizeof kept, "%s-any", name);
    rename(training_path(names[2], "", path[0]), training_path(kept, "", path[1]));
}

static void test_one_thread(void **state)
{
    (void)state;
    const char *const settings[] = {SMALL, "lr=auto", NULL};
    go_on(settings, 1, "one");
}

/* An interrupt while the rate is looked for is heard at once, and who goes on looks for it again. */
static void test_while_the_rate_is_found(void **state)
{
    (void)state;
    const char *const settings[] = {SMALL, "lr=auto", "name=finding", NULL};
    char path[2][256];
    training whole = {.settings = settings, .threads = 1};
    training_must(&whole, GRADUS_RUN_FINISHED);
    assert_true(whole.found > 20);
    rename(training_path("finding", "", path[0]), training_path("finding-whole", "", path[1]));

    training part = {.settings = settings, .threads = 1, .interrupt_finding = 5};
    training_must(&part, GRADUS_RUN_INTERRUPTED);
    assert_int_equal(part.found, 5);
    assert_int_equal(part.epochs, 0);
    training again = {.resume = "finding", .interrupt_finding = 7};
    training_must(&again, GRADUS_RUN_INTERRUPTED);
    assert_int_equal(again.found, 7);
    training rest = {.resume = "finding"};
    training_must(&rest, GRADUS_RUN_FINISHED);
    assert_int_equal(rest.found, whole.found);
    compare("finding-whole", "finding");
    training more = {.resume = "finding"};
    training_must(&more, GRADUS_RUN_FINISHED);
    assert_int_equal(more.found, 0);
}

#define JUDGED                                                                                                \
    SMALL, "lr=0.01", "average=ema", "feedback=plateau(val_loss, patience=0, threshold=9)", "keep_every=1ep", \
        "name=judged"

/* Interrupted at every batch of the validation and the test part, and once more when it goes on. Returns with which update it ends. */
static int64_t judged_in_parts(const char *const *settings, gradus_run_status status, const char *kept)
{
    static const char *const files[] = {"model.safetensors", "metrics.csv", "measures.csv", "decisions.jsonl"};
    char path[2][256], name[2][64];
    training whole = {.settings = settings, .threads = 1};
    training_remove("judged");
    training_remove("judged-whole");
    training_must(&whole, status);
    rename(training_path("judged", "", path[0]), training_path("judged-whole", "", path[1]));
    assert_true(whole.judged >= 8);
    for (int at = 1; at <= whole.judged; at++) {
        training_remove("judged");
        training part = {.settings = settings, .threads = 1, .interrupt_judging = at};
        training_must(&part, GRADUS_RUN_INTERRUPTED);
        assert_int_equal(part.judged, at);
        assert_true(isnan(part.end.test_loss));
        training again = {.resume = "judged", .interrupt_judging = 1};
        training_must(&again, GRADUS_RUN_INTERRUPTED);
        assert_int_equal(again.judged, 1);
        training rest = {.resume = "judged"};
        training_must(&rest, status);
        compare("judged-whole", "judged");
        assert_true(rest.end.test_loss == whole.end.test_loss && rest.end.test[0] == whole.end.test[0]);
        assert_string_equal(rest.end.reason, whole.end.reason);
        assert_int_equal(rest.end.best_update, whole.end.best_update);
        snprintf(name[0], sizeof name[0], "judged-whole/kept/%s", kept);
        snprintf(name[1], sizeof name[1], "judged/kept/%s", kept);
        for (size_t i = 0; i < sizeof files / sizeof *files; i++) training_same(name[0], name[1], files[i]);
    }
    return whole.end.update;
}

static void test_while_the_model_is_judged(void **state)
{
    (void)state;
    const char *const settings[] = {JUDGED, NULL};
    assert_int_equal(judged_in_parts(settings, GRADUS_RUN_FINISHED, "34"), 51);
}

/* What ends the run was known before its last report, which is in the middle of an epoch or at its end. */
static void test_while_the_last_report_is_made(void **state)
{
    (void)state;
    static const char *const stops[] = {"stop=reach(loss, 1.3)", "stop=reach(loss, 1.18)"};
    static const int64_t ends[] = {28, 34};
    for (int i = 0; i < 2; i++) {
        const char *const settings[] = {JUDGED, stops[i], NULL};
        assert_int_equal(judged_in_parts(settings, GRADUS_RUN_STOPPED, i ? "34" : "17"), ends[i]);
    }
}

static void test_two_threads(void **state)
{
    (void)state;
    const char *const settings[] = {SMALL, "lr=0.003", "schedule=warmup(10%) > cosine", NULL};
    go_on(settings, 2, "two");
}

/* How often the data were given another order, as the newest state of a run has it. */
static int64_t reshuffles(const char *run)
{
    static const char *const names[] = {"state-a", "state-b"};
    int64_t newest = -1, place[6] = {0};
    for (int i = 0; i < 2; i++) {
        size_t size;
        int64_t saves;
        gradus_error error = {0};
        gradus_state_reader reader;
        gradus_state_item item;
        char *bytes = training_read(run, names[i], &size);
        assert_int_equal(gradus_state_open(&reader, "gradus run", bytes, size, &error), GRADUS_OK);
        assert_true(gradus_state_find(&reader, "saves", &item));
        gradus_state_copy(&item, &saves);
        assert_true(gradus_state_find(&reader, "now.place", &item) && item.count == 6);
        if (saves > newest) gradus_state_copy(&item, place);
        newest = saves > newest ? saves : newest;
        free(bytes);
    }
    return place[3];
}

/* A rate that grows until the loss explodes makes the guard go back, across the end of an epoch too: snapshots, another order of the data
 * and rows that are cut off are part of what must go on. */
static void test_while_the_guard_goes_back(void **state)
{
    (void)state;
    const char *const settings[] = {"data=glyphs(count=600, test=100)",
                                    "model=conv(4, 3, pad=1) > relu > maxpool(4) > flatten > dropout(0.2) > dense(10)",
                                    "batch=4",
                                    "epochs=3",
                                    "optimizer=sgd",
                                    "lr=0.05",
                                    "schedule=hold(50%) > linear(from=1, to=1000)",
                                    "watch=layers",
                                    NULL};
    go_on(settings, 1, "guard");
    size_t size;
    char *decisions = training_read("guard-whole", "decisions.jsonl", &size),
         *metrics = training_read("guard-whole", "metrics.csv", &size);
    int lines = 0;
    for (char *at = metrics; *at; at++) lines += *at == '\n';
    int64_t rollbacks = 0;
    int rows = -1;
    char *layers = training_read("guard-whole", "layers.csv", &size);
    for (char *at = layers; *at; at++) rows += *at == '\n';
    assert_int_equal(rows, 3 * 5); /* four tensors and a relu, once an epoch */
    free(layers);
    for (char *at = decisions; (at = strstr(at, "\"action\": \"roll_back\"")); at++) rollbacks++;
    assert_true(rollbacks > 0);
    assert_int_equal(reshuffles("guard-whole"), rollbacks); /* new batches come, not those that went wrong */
    assert_int_equal(lines, 4); /* the header and one row an epoch, however often an epoch was begun again */
    free(decisions);
    free(metrics);
}

static void test_sgd_and_stops(void **state)
{
    (void)state;
    const char *const settings[] = {SMALL,
                                    "optimizer=sgd(momentum=0.9, nesterov)",
                                    "lr=0.01",
                                    "stop=patience(val_loss, 9) > gradient_norm(1e-9)",
                                    "gradient=clip_norm(1)",
                                    NULL};
    go_on(settings, 1, "stops");
}

/* What is kept of values and gradients is part of the state, in a snapshot too. */
static void test_feedback_by_gradients(void **state)
{
    (void)state;
    const char *const settings[] = {SMALL, "optimizer=sgd(momentum=0.9)", "lr=0.01",
                                    "feedback=hypergradient(rate=0.9) > derivative_notch([1, 0.5], window=15, "
                                    "threshold=-1) > barzilai_borwein(window=12)",
                                    NULL};
    go_on(settings, 1, "gradients");
    size_t size;
    char *decisions = training_read("gradients-whole", "decisions.jsonl", &size);
    assert_non_null(strstr(decisions, "\"by\": \"hypergradient\""));
    assert_non_null(strstr(decisions, "\"by\": \"derivative_notch\""));
    assert_non_null(strstr(decisions, "\"by\": \"barzilai_borwein\""));
    free(decisions);
}

/* What a balance of losses has learnt is where the run was. */
static void test_balances(void **state)
{
    (void)state;
    static const char *const balances[] = {"dwa", "uncertainty", "gradnorm(rate=0.1)", "pcgrad"};
    char text[1 << 14] = "x,y,kind,size\n", data[320], path[256];
    for (int i = 0; i < 300; i++)
        sprintf(text + strlen(text), "%d,%d,%s,%d.5\n", i * i % 17, i * 7 % 23, i * i % 17 > 8 ? "many" : "few",
                i * 7 % 23);
    gradus_error error = {0};
    gradus_file_replace(training_path("", "both.csv", path), text, strlen(text), &error);
    assert_int_equal(error.status, 0);
    snprintf(data, sizeof data, "data=csv(%s, target=[kind, size])", path);
    for (int i = 0; i < 4; i++) {
        char loss[160];
        snprintf(loss, sizeof loss, "loss=sum(cross_entropy(output=kind), huber(output=size), balance=%s)",
                 balances[i]);
        const char *const settings[] = {
            data,           "model=dense(8) > batchnorm > tanh > outputs(kind=dense(2), size=dense(1))",
            loss,           "group=match(\"*.size.*\", name=size)",
            "watch=layers", "feedback=guard > plateau(val_size_loss, group=size, patience=0, threshold=0.5)",
            "batch=16",     "epochs=4",
            "lr=0.01",      NULL};
        char name[32];
        snprintf(name, sizeof name, "balance-%d", i);
        go_on(settings, 1, name);
    }
}

/* Interrupted between the two evaluations of an update it ends with the second. */
static void test_two_evaluations(void **state)
{
    (void)state;
    const char *const settings[] = {SMALL, "optimizer=sam(lookahead(adamw))", "lr=0.003", NULL};
    go_on(settings, 1, "sam");
}

/* More epochs: the run goes on where it ended. */
static void test_extend(void **state)
{
    (void)state;
    const char *const settings[] = {SMALL, "lr=0.003", "schedule=constant", "name=extend", NULL};
    const char *const more[] = {"epochs=5", NULL};
    training first = {.settings = settings, .threads = 1};
    training_must(&first, GRADUS_RUN_FINISHED);
    training again = {.resume = "extend"};
    training_must(&again, GRADUS_RUN_FINISHED); /* there is nothing to do, and that is no error */
    assert_int_equal(again.epochs, 0);
    training second = {.resume = "extend", .settings = more};
    training_must(&second, GRADUS_RUN_FINISHED);
    assert_int_equal(second.epochs, 2);
    assert_string_equal(second.note, "epochs: 5, was 3");
    size_t size;
    char *decisions = training_read("extend", "decisions.jsonl", &size),
         *metrics = training_read("extend", "metrics.csv", &size);
    assert_non_null(strstr(decisions, "\"action\": \"extend\""));
    assert_non_null(strstr(decisions, "\"text\": \"the run has 85 updates now, not 51\"}"));
    int lines = 0;
    for (char *at = metrics; *at; at++) lines += *at == '\n';
    assert_int_equal(lines, 6);
    free(decisions);
    free(metrics);
}

/* A schedule that had come down goes up again, because its shares are shares of another length; that is said. One whose lengths are
 * updates stays where it is. */
static void test_extend_what_had_come_down(void **state)
{
    (void)state;
    static const char *const schedules[] = {"schedule=hold > decay(20%)", "schedule=hold(34) > linear(17)"};
    static const char *const texts[] = {
        "the run has 85 updates now, not 51; the schedule follows: the rate is 0.003 from here, it was 0.000294",
        "the run has 85 updates now, not 51; the schedule follows: the rate is 0 from here, it was 0.000176"};
    for (int i = 0; i < 2; i++) {
        const char *const settings[] = {SMALL, "lr=0.003", schedules[i], "name=down", NULL};
        const char *const more[] = {"epochs=5", NULL};
        size_t size;
        training_remove("down");
        training first = {.settings = settings, .threads = 1};
        training_must(&first, GRADUS_RUN_FINISHED);
        training second = {.resume = "down", .settings = more};
        training_must(&second, GRADUS_RUN_FINISHED);
        char *decisions = training_read("down", "decisions.jsonl", &size);
        if (!strstr(decisions, texts[i])) fail_msg("%s", decisions);
        free(decisions);
    }
}

/* Sums are taken in an order that does not hang on how many threads there are, nor do large products of matrices. The count is in the
 * state, and another one is told of. */
static void run_with_threads(const char *const *settings, int threads, int went_on_with)
{
    char name[32], setting[48];
    const char *all[16] = {0};
    snprintf(name, sizeof name, "threads-%d", threads);
    snprintf(setting, sizeof setting, "name=%s", name);
    int32_t count = 0;
    for (; settings[count]; count++) all[count] = settings[count];
    all[count] = setting;
    training run = {.settings = all, .threads = threads, .interrupt_after = threads > 1};
    training_must(&run, threads > 1 ? GRADUS_RUN_INTERRUPTED : GRADUS_RUN_FINISHED);
    if (threads == 1) return;
    training rest = {.resume = name, .threads = went_on_with};
    training_must(&rest, GRADUS_RUN_FINISHED);
    if (went_on_with)
        assert_string_equal(rest.note, "threads: 3, was 2; the results stay the same");
    else
        assert_int_equal(rest.notes, 0);
    training_same("threads-1", name, "model.safetensors");
    training_same("threads-1", name, "metrics.csv");
    training_same("threads-1", name, "measures.csv");
}

static void test_any_number_of_threads(void **state)
{
    (void)state;
    const char *const small[] = {SMALL, "lr=0.003", "gradient=clip_norm(1)", NULL};
    const char *const wide[] = {"data=glyphs(count=400, test=50)",
                                "model=flatten > dense(777) > relu > dense(1001) > tanh > dense(10)",
                                "batch=100",
                                "epochs=3",
                                "lr=0.003",
                                NULL};
    for (int i = 0; i < 2; i++)
        for (int threads = 1; threads < 5; threads++) {
            char name[32];
            run_with_threads(i ? wide : small, threads, threads == 2 ? 3 : 0);
            snprintf(name, sizeof name, "threads-%d", threads);
            if (threads > 1) training_remove(name);
            if (threads == 4) training_remove("threads-1");
        }
}

/* Another base and another schedule on the way stand in the log. */
static void test_change_on_the_way(void **state)
{
    (void)state;
    const char *const settings[] = {SMALL, "lr=0.003", "schedule=constant", "name=change", NULL};
    const char *const other[] = {"lr=0.001", "schedule=linear", "lr_min=1e-4", NULL};
    training first = {.settings = settings, .threads = 1, .interrupt_after = 1};
    training_must(&first, GRADUS_RUN_INTERRUPTED);
    training second = {.resume = "change", .settings = other};
    training_must(&second, GRADUS_RUN_FINISHED);
    size_t size;
    char *decisions = training_read("change", "decisions.jsonl", &size);
    assert_non_null(strstr(decisions,
                           "{\"update\": 17, \"epoch\": 1, \"samples\": 540, \"by\": \"run\", \"id\": \"run\", "
                           "\"action\": \"set_base\", \"reason\": \"none\", \"factor_before\": 1, "
                           "\"factor_after\": 1, \"rate_before\": 0.003, \"rate_after\": "));
    assert_non_null(strstr(decisions, "\"seen\": {\"base_before\": 0.003, \"base\": 0.001}"));
    assert_non_null(strstr(decisions, "\"text\": \"the base is 0.001 now, not 0.003\"}"));
    assert_non_null(strstr(decisions, "\"action\": \"resume\""));
    assert_non_null(
        strstr(decisions, "\"text\": \"goes on with schedule: linear, was constant; lr_min: 0.0001, was 0\"}"));
    free(decisions);
}

static void test_what_cannot_change(void **state)
{
    (void)state;
    const char *const settings[] = {SMALL, "lr=0.003", "name=fixed", NULL};
    const char *const other[] = {"model=flatten > dense(10)", NULL}, *const seed[] = {"seed=2", NULL};
    training first = {.settings = settings, .threads = 1, .interrupt_after = 1};
    training_must(&first, GRADUS_RUN_INTERRUPTED);
    training second = {.resume = "fixed", .settings = other};
    assert_int_not_equal(training_go(&second), GRADUS_OK);
    assert_string_equal(second.report.key, "model");
    assert_non_null(strstr(second.report.error.message, "start a new run"));
    training third = {.resume = "fixed", .settings = seed};
    assert_int_not_equal(training_go(&third), GRADUS_OK);
    assert_string_equal(third.report.key, "seed");
    training last = {.resume = "fixed"};
    training_must(&last, GRADUS_RUN_FINISHED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_one_thread),
                                       cmocka_unit_test(test_while_the_rate_is_found),
                                       cmocka_unit_test(test_while_the_model_is_judged),
                                       cmocka_unit_test(test_while_the_last_report_is_made),
                                       cmocka_unit_test(test_two_threads),
                                       cmocka_unit_test(test_while_the_guard_goes_back),
                                       cmocka_unit_test(test_sgd_and_stops),
                                       cmocka_unit_test(test_feedback_by_gradients),
                                       cmocka_unit_test(test_balances),
                                       cmocka_unit_test(test_two_evaluations),
                                       cmocka_unit_test(test_extend),
                                       cmocka_unit_test(test_extend_what_had_come_down),
                                       cmocka_unit_test(test_any_number_of_threads),
                                       cmocka_unit_test(test_change_on_the_way),
                                       cmocka_unit_test(test_what_cannot_change)};
    return cmocka_run_group_tests(tests, training_begin, training_end);
}
