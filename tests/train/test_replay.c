/* Replays: a run's own feedback over its own log decides what it decided, byte for byte, through skips, rollbacks, interruptions, other
 * lengths and a bad end; another feedback is told the same numbers; what cannot be replayed is refused, and where. */
#include <sys/stat.h>
#include "../rate/rows.h"
#include "training.h"

typedef struct heard {
    char lines[200000], notes[1000], log[300], feedback[300];
    gradus_replay_facts facts;
    gradus_replay_end end;
    gradus_report report;
    int64_t points, applied, different;
    double last;
} heard;

static void on_start(void *user, const gradus_replay_facts *facts)
{
    heard *own = user;
    own->facts = *facts;
    snprintf(own->log, sizeof own->log, "%s", facts->log);
    snprintf(own->feedback, sizeof own->feedback, "%s", facts->feedback);
}

static void on_decision(void *user, const gradus_run_decision *decision)
{
    heard *own = user;
    size_t length = strlen(own->lines);
    snprintf(own->lines + length, sizeof own->lines - length, "%s\n", decision->json);
}

static void on_point(void *user, const gradus_replay_point *point)
{
    heard *own = user;
    own->points++;
    own->applied += !isnan(point->rate);
    own->different += !(point->rate == point->was || (isnan(point->rate) && isnan(point->was)));
    own->last = point->rate;
}

static void on_note(void *user, const char *text)
{
    heard *own = user;
    size_t length = strlen(own->notes);
    snprintf(own->notes + length, sizeof own->notes - length, "%s\n", text);
}

static heard told;
static gradus_status replay(const char *source, const char *feedback)
{
    told = (heard){.points = 0};
    const gradus_replay_listener listener = {&told, on_start, on_point, on_decision, on_note};
    return gradus_replay(&(gradus_replay_config){source, feedback}, &listener, &told.end, &told.report);
}

static void replay_must(const char *source, const char *feedback)
{
    if (replay(source, feedback)) fail_msg("%s %s: %s", source, feedback, told.report.error.message);
}

static void replay_run(const char *run, const char *feedback)
{
    char path[256];
    replay_must(training_path(run, "", path), feedback);
}

/* What the feedback decided: neither what the run itself was told nor what its rules to stop said. */
static char *decisions_of(const char *run)
{
    size_t size;
    char *text = training_read(run, "decisions.jsonl", &size), *to = text;
    for (char *at = text, *end; *at; at = end) {
        end = strchr(at, '\n') + 1;
        char *by = strstr(at, "\"id\": \"feedback.");
        if (!by || by > end) continue;
        memmove(to, at, (size_t)(end - at));
        to += end - at;
    }
    *to = 0;
    return text;
}

static int count(const char *text, const char *part)
{
    int found = 0;
    for (; (text = strstr(text, part)); text++) found++;
    return found;
}

/* Every rate and every decision, as it was. */
static void check_own(const char *run, int64_t gradients)
{
    char *decisions = decisions_of(run);
    replay_run(run, NULL);
    assert_string_equal(told.lines, decisions);
    assert_int_equal(told.points, gradients);
    assert_int_equal(told.facts.gradients, gradients);
    assert_int_equal(told.different, 0);
    assert_int_equal(told.end.parts, -1);
    assert_int_equal(told.end.stopped, -1);
    assert_string_equal(told.notes, "");
    free(decisions);
}

#define SMALL "data=glyphs(count=600, test=100)", "model=flatten > dense(10)", "batch=32"

static void test_plateaus(void **state)
{
    (void)state;
    const char *const settings[] = {SMALL,
                                    "lr=0.01",
                                    "epochs=12",
                                    "schedule=warmup(2ep) > cosine",
                                    "feedback=guard > plateau(val_loss, patience=1, threshold=0.2, cooldown=1) > "
                                    "plateau(train_accuracy, patience=2, factor=0.5)",
                                    "lr_min=1e-5",
                                    "stop=reach(val_accuracy, 0.999)",
                                    "name=plateaus",
                                    NULL};
    training own = {.settings = settings, .threads = 1};
    training_must(&own, GRADUS_RUN_FINISHED);
    check_own("plateaus", 12 * 17);
    assert_true(count(told.lines, "\n") >= 4);
    assert_string_equal(told.facts.own ? told.feedback : "", "guard > plateau(patience=1, threshold=0.2, cooldown=1) > "
                                                             "plateau(train_accuracy, patience=2, factor=0.5)");
    replay_run("plateaus", "none"); /* the schedule alone */
    assert_string_equal(told.lines, "");
    assert_int_equal(told.applied, 12 * 17);
    assert_true(told.end.parts >= 17 && told.end.parts < 12 * 17 && told.different > 0);
    check_close(told.last, 1e-5, 1e-12, 0);
    replay_run("plateaus", "plateau(val_loss, patience=1, threshold=0.2, cooldown=1)");
    assert_true(count(told.lines, "\n") > 0 && !strstr(told.lines, "train_accuracy"));
}

/* Back and back again, with gradients skipped in between: the log has each attempt. */
static void test_guard_goes_back(void **state)
{
    (void)state;
    const char *const settings[] = {"data=glyphs(count=600, test=100)",
                                    "model=conv(4, 3, pad=1) > relu > maxpool(4) > flatten > dropout(0.2) > dense(10)",
                                    "batch=4",
                                    "epochs=3",
                                    "optimizer=sgd",
                                    "lr=0.05",
                                    "schedule=hold(50%) > linear(from=1, to=1000)",
                                    "feedback=guard > plateau(patience=1, factor=0.9)",
                                    "name=back",
                                    NULL};
    training own = {.settings = settings, .threads = 1};
    training_must(&own, GRADUS_RUN_FINISHED);
    replay_run("back", NULL);
    int64_t attempts = told.points;
    assert_true(attempts > 3 * 135);
    assert_true(count(told.lines, "\"action\": \"roll_back\"") > 0 && count(told.lines, "\"action\": \"skip\"") > 0);
    check_own("back", attempts);
    replay_run("back", "plateau(patience=1)"); /* it goes where the run went */
    assert_int_equal(told.points, attempts);
    assert_int_equal(told.applied, attempts);
    assert_int_equal(told.end.stopped, -1);
    replay_run("back", "guard(action=stop)");
    assert_true(told.end.stopped > 0 && told.end.parts > 0 && told.end.parts <= told.end.stopped);
    assert_int_equal(count(told.lines, "\"action\": \"stop\""), 1);
    assert_true(told.points < attempts);
    replay_run("back", "guard(action=back_off)"); /* goes its own way, and the run's clock is followed */
    assert_true(count(told.lines, "\"action\": \"back_off\"") > 0);
    assert_int_equal(told.points, attempts);
}

static void test_bad_end(void **state)
{
    (void)state;
    const char *const settings[] = {"data=glyphs(count=600, test=100)",
                                    "model=flatten > dense(100) > relu > dense(10)",
                                    "lr=1e10",
                                    "optimizer=sgd",
                                    "epochs=10",
                                    "schedule=constant",
                                    "name=bad",
                                    NULL};
    training own = {.settings = settings, .threads = 1};
    assert_int_not_equal(training_go(&own), GRADUS_OK);
    replay_run("bad", NULL);
    assert_int_equal(count(told.lines, "\"action\": \"stop\""), 1);
    check_own("bad", told.points);
}

static void test_interrupted_and_longer(void **state)
{
    (void)state;
    const char *const settings[] = {SMALL,
                                    "lr=0.01",
                                    "epochs=3",
                                    "feedback=plateau(val_loss, patience=1, threshold=0.5)",
                                    "schedule=linear",
                                    "name=longer",
                                    NULL};
    const char *const longer[] = {"epochs=5", NULL}, *const other[] = {"epochs=7", "lr=0.02", NULL};
    training first = {.settings = settings, .threads = 1, .interrupt_micro = 3000};
    if (training_go(&first)) fail_msg("%s", first.report.error.message);
    training again = {.resume = "longer"};
    training_must(&again, GRADUS_RUN_FINISHED);
    check_own("longer", 3 * 17);
    training second = {.resume = "longer", .settings = longer, .interrupt_after = 1};
    training_must(&second, GRADUS_RUN_INTERRUPTED);
    check_own("longer", 4 * 17);
    training third = {.resume = "longer", .settings = other};
    training_must(&third, GRADUS_RUN_FINISHED);
    check_own("longer", 7 * 17);
    assert_true(count(told.lines, "\n") > 0);
    assert_true(told.facts.base == 0.02);
}

/* Whatever a feedback listens to, and whenever it is told: columns stand in the order of telling. */
static void test_every_feedback(void **state)
{
    (void)state;
    int trained = 0;
    for (const gradus_member *const *member = gradus_feedback_family.members; *member; member++) {
        char call[512], feedback[600], name[64];
        whole_call(*member, call);
        snprintf(feedback, sizeof feedback, "feedback=%.500s > guard(window=20)", call);
        snprintf(name, sizeof name, "name=%.50s", (*member)->name);
        const char *const settings[] = {SMALL, "lr=0.05", "epochs=8", "optimizer=sgd", feedback, name, NULL};
        training own = {.settings = settings, .threads = 1};
        if (training_go(&own)) {
            if (own.report.error.code == GRADUS_CODE_REFERENCE) continue; /* of a measure that only others have */
            fail_msg("%s: %s", feedback, own.report.error.message);
        }
        assert_int_equal(own.end.status, GRADUS_RUN_FINISHED);
        replay_run((*member)->name, NULL);
        check_own((*member)->name, told.points);
        trained++;
    }
    assert_true(trained >= 3);
}

/* Another schedule from some update on is nowhere in the log. */
static void test_other_schedule(void **state)
{
    (void)state;
    const char *const settings[] = {SMALL,           "lr=0.01",    "epochs=2", "schedule=constant",
                                    "feedback=none", "name=other", NULL};
    const char *const linear[] = {"schedule=linear", NULL};
    training first = {.settings = settings, .threads = 1, .interrupt_after = 1};
    training_must(&first, GRADUS_RUN_INTERRUPTED);
    check_own("other", 17);
    training second = {.resume = "other", .settings = linear};
    training_must(&second, GRADUS_RUN_FINISHED);
    replay_run("other", NULL);
    assert_non_null(strstr(told.notes, "the run went on with other settings of its rate"));
}

static void write_file(const char *run, const char *name, const char *text)
{
    char path[256];
    FILE *file = fopen(training_path(run, name, path), "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* By hand: at update 3 the run went back to 1, and only then was given another base, at an update that it had been at before. */
static void test_other_base_after_going_back(void **state)
{
    (void)state;
    char path[256];
    assert_int_equal(mkdir(training_path("hand", "", path), 0777), 0);
    write_file("hand", "run.yaml", "data: glyphs\n");
    write_file("hand", "summary.json",
               "{\"config\": {\"schedule\": \"constant\"}, \"lr\": {\"base\": 0.2}, \"updates\": 3, "
               "\"plan\": {\"updates\": 10, \"updates_per_epoch\": 10, \"batch\": 8}, \"data\": {\"training\": 80}}");
    write_file("hand", "decisions.jsonl",
               "{\"update\": 3, \"by\": \"guard\", \"action\": \"roll_back\"}\n"
               "{\"update\": 1, \"by\": \"run\", \"action\": \"set_base\", \"seen\": {\"base_before\": 0.1, \"base\": "
               "0.2}}\n");
    write_file("hand", "measures.csv",
               "update,samples,rate,loss\n0,0,0.1,1\n1,8,0.1,1\n2,16,0.1,1\n3,24,,9\n1,8,0.2,1\n2,16,0.2,1\n");
    replay_run("hand", NULL);
    assert_int_equal(told.points, 6);
    assert_int_equal(told.different, 1); /* that of update 3, which nobody would have skipped */
    assert_int_equal(told.end.parts, 3);
    check_close(told.last, 0.2, 0, 0);
}

/* ---- other logs ---- */

/* A run without its log: the reports serve, for feedbacks that listen to nothing else. */
static void test_reports(void **state)
{
    (void)state;
    char path[256], line[400];
    const char *const settings[] = {SMALL,
                                    "lr=0.01",
                                    "epochs=9",
                                    "schedule=cosine",
                                    "feedback=plateau(val_loss, patience=1, threshold=0.5)",
                                    "name=reports",
                                    NULL};
    training own = {.settings = settings, .threads = 1};
    training_must(&own, GRADUS_RUN_FINISHED);
    assert_int_equal(unlink(training_path("reports", "measures.csv", path)), 0);
    char *decisions = decisions_of("reports");
    replay_run("reports", NULL);
    assert_string_equal(told.lines, decisions);
    assert_true(told.facts.reports);
    assert_int_equal(told.points, 9);
    assert_int_equal(told.different, 0);
    assert_non_null(strstr(told.notes, "there is no measures.csv of the whole run"));
    free(decisions);
    assert_int_not_equal(replay(training_path("reports", "", path), "plateau > guard"), GRADUS_OK);
    assert_int_equal(told.report.error.column, 11);
    snprintf(line, sizeof line,
             "%s/metrics.csv has no 'loss'; it has train_loss, train_accuracy, val_loss, val_accuracy, val_f1, "
             "val_top5",
             path);
    assert_string_equal(told.report.error.message, line);
}

/* A log that another program wrote: a row an epoch, columns that are no numbers, none for the update. */
static void test_file(void **state)
{
    (void)state;
    char path[256];
    FILE *file = fopen(training_path("losses.csv", "", path), "w");
    fputs("when,loss,val_loss,lr\nmon,2,3,1\ntue,1,2,1\nwed,1,2,1\nthu,1,2,1\nfri,0.5,2.5,1", file);
    fclose(file);
    replay_must(path, "plateau(patience=2, factor=0.5)");
    assert_string_equal(told.lines,
                        "{\"update\": 3, \"epoch\": 3, \"samples\": 0, \"by\": \"plateau\", \"id\": \"feedback.0\", "
                        "\"action\": \"lower\", \"reason\": \"plateau\", \"factor_before\": 1, \"factor_after\": 0.5, "
                        "\"rate_before\": 1, \"rate_after\": 0.5, \"seen\": {\"val_loss\": 2, \"best\": 2, "
                        "\"patience\": 2}, \"rule\": \"val_loss no better than best for patience looks\", \"text\": "
                        "\"plateau: val_loss 2 no better than 2 for 2 looks: x 0.5\"}\n");
    assert_int_equal(told.points, 5);
    check_close(told.last, 0.5, 0, 0);
    assert_int_equal(told.end.parts, -1); /* nobody knows what the rate was */
    replay_must(path, "plateau(loss, patience=1)");
    assert_int_equal(count(told.lines, "\n"), 2);
    assert_int_not_equal(replay(path, "plateau(val_accuracy)"), GRADUS_OK);
    assert_int_equal(told.report.error.column, 9);
    assert_non_null(
        strstr(told.report.error.message, "losses.csv has no 'val_accuracy'; it has when, loss, val_loss, lr"));
    assert_int_not_equal(replay(path, "plateau(when)"), GRADUS_OK);
    assert_non_null(strstr(told.report.error.message, "losses.csv:2:1: when: 'mon' is no number"));
    assert_int_not_equal(replay(path, NULL), GRADUS_OK);
    assert_int_equal(told.report.error.code, GRADUS_CODE_MISSING);
}

/* With a column of that name a row belongs to an update. */
static void test_file_with_updates(void **state)
{
    (void)state;
    char path[256];
    FILE *file = fopen(training_path("updates.csv", "", path), "w");
    fputs("update,val_loss\n100,3\n200,3\n300,3\n", file);
    fclose(file);
    replay_must(path, "plateau(patience=2, factor=0.5)");
    assert_non_null(strstr(told.lines, "{\"update\": 300, \"epoch\": 300,"));
    file = fopen(path, "w");
    fputs("update,val_loss\n1.5,3\n", file);
    fclose(file);
    assert_int_not_equal(replay(path, "plateau"), GRADUS_OK);
    assert_non_null(strstr(told.report.error.message, "row 1: 'update' is not a whole number"));
}

static void check_refused(const char *source, const char *feedback, gradus_code code, const char *message)
{
    char path[256];
    assert_int_not_equal(replay(training_path(source, "", path), feedback), GRADUS_OK);
    assert_int_equal(told.report.error.code, code);
    if (!strstr(told.report.error.message, message)) fail_msg("%s", told.report.error.message);
    assert_int_equal(told.points, 0);
}

static void test_mistakes(void **state)
{
    (void)state;
    char path[256];
    check_refused("nothing", "plateau", GRADUS_CODE_NO_FILE, "no such run");
    assert_int_equal(mkdir(training_path("hollow", "", path), 0777), 0);
    check_refused("hollow", "plateau", GRADUS_CODE_NO_FILE, "is no run: it holds no run.yaml");
    check_refused("plateaus", "plateu", GRADUS_CODE_UNKNOWN_NAME, "'plateu' is no feedback; did you mean 'plateau'?");
    assert_string_equal(told.report.where, "feedback:1:1");
    assert_int_equal(told.report.carets, 6);
    check_refused("plateaus", "plateau(patience=2.5)", GRADUS_CODE_WRONG_TYPE, "expected a whole number");
    assert_string_equal(told.report.where, "feedback:1:18");
    check_refused("plateaus", "guard(count=4, within=3)", GRADUS_CODE_OUT_OF_RANGE, "");
    assert_string_equal(told.report.where, "feedback:1:1");
    assert_null(strstr(told.report.error.message, "feedback:"));
    check_refused("plateaus", "guard > plateau(val_rmse)", GRADUS_CODE_REFERENCE,
                  "measures.csv has no 'val_rmse'; it has loss, gradient_norm, non_finite, train_loss, train_accuracy, "
                  "val_loss, val_accuracy, val_f1, val_top5");
    assert_string_equal(told.report.where, "feedback:1:17");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_feedback),
        cmocka_unit_test(test_plateaus),
        cmocka_unit_test(test_guard_goes_back),
        cmocka_unit_test(test_bad_end),
        cmocka_unit_test(test_interrupted_and_longer),
        cmocka_unit_test(test_other_base_after_going_back),
        cmocka_unit_test(test_other_schedule),
        cmocka_unit_test(test_reports),
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_file_with_updates),
        cmocka_unit_test(test_mistakes),
    };
    return cmocka_run_group_tests(tests, training_begin, training_end);
}
