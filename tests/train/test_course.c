/* How a run went, in two numbers: worked by hand, then recomputed from what a run wrote; the same for a run that was interrupted. */
#include "../../src/train/course.h"
#include "training.h"

static void note_all(gradus_course *course, const double *losses, int count)
{
    for (int i = 0; i < count; i++) gradus_course_note(course, losses[i], 0.1, 1, false);
}

static void test_volatility(void **state)
{
    (void)state;
    gradus_course course = {0};
    assert_true(isnan(gradus_course_volatility(&course)));
    note_all(&course, (double[]){2}, 1);
    assert_true(isnan(gradus_course_volatility(&course)));
    note_all(&course, (double[]){1, NAN, 3, 3}, 4); /* 2/3, nothing, 1, 0 */
    check_close(gradus_course_volatility(&course), 5.0 / 9, 1e-15, 0);
    gradus_course_break(&course);
    note_all(&course, (double[]){1000, 1000}, 2); /* nothing, 0 */
    check_close(gradus_course_volatility(&course), 5.0 / 12, 1e-15, 0);
    course = (gradus_course){0};
    note_all(&course, (double[]){1, -1, 0, 0, -4}, 5); /* 2, 2, 0, 2: also of losses that are negative, or 0 */
    check_close(gradus_course_volatility(&course), 6.0 / 4, 1e-15, 0);
    for (double scale = 1e-6; scale < 1e7; scale *= 1000) { /* of no scale */
        course = (gradus_course){0};
        note_all(&course, (double[]){scale, 3 * scale, scale}, 3);
        check_close(gradus_course_volatility(&course), 1, 1e-14, 0);
    }
}

static void test_reversals(void **state)
{
    (void)state;
    static const struct {
        double rate, schedule;
        bool limited;
        int64_t reversals;
    } steps[] = {
        {0.1, 1, false, 0},    {0.05, 0.5, false, 0},  {0.1, 1, false, 0},    /* the schedule's own */
        {0.05, 1, false, 0},   {0.02, 0.8, false, 0},                         /* down, down */
        {0.04, 0.8, false, 1}, {0.04, 0.8, false, 1},                         /* up, not at all */
        {0.06, 0.8, false, 1}, {0.01, 0.8, true, 1},   {0, 0, false, 1},      /* up, a limit, nothing to divide by */
        {0.07, 0.8, false, 1}, {0.035, 0.4, false, 1}, {0.03, 0.4, false, 2}, /* up, the schedule's, down */
        {0.06, 0.4, false, 3}};
    gradus_course course = {0};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        gradus_course_note(&course, 1, steps[i].rate, steps[i].schedule, steps[i].limited);
        assert_int_equal(course.reversals, steps[i].reversals);
    }
}

static double number_of(const char *run, const char *key)
{
    size_t size;
    char *text = training_read(run, "summary.json", &size);
    json_t *summary = json_loads(text, 0, NULL), *value = json_object_get(summary, key);
    double number = json_is_number(value) ? json_number_value(value) : NAN;
    json_decref(summary);
    free(text);
    return number;
}

/* From measures.csv, of a run whose schedule is constant. */
static void check_against_measures(const char *run)
{
    char path[256];
    gradus_error error = {0};
    gradus_sheet *sheet = gradus_sheet_open(training_path(run, "measures.csv", path), &error);
    double rate, loss, before = NAN, level = NAN, change = 0, direction = 0;
    int changes = 0, reversals = 0;
    while (gradus_sheet_next(sheet, true, &error)) {
        if (!gradus_sheet_number(sheet, 2, &rate, &error)) continue; /* a look */
        assert_true(gradus_sheet_number(sheet, gradus_sheet_find(sheet, "loss"), &loss, &error));
        if (!isnan(before)) change += 2 * fabs(loss - before) / (fabs(loss) + fabs(before)), changes++;
        if (rate != level && !isnan(level)) {
            reversals += direction * (rate - level) < 0;
            direction = rate - level;
        }
        before = loss;
        level = rate;
    }
    gradus_sheet_close(sheet);
    assert_true(reversals > 0);
    check_close(number_of(run, "loss_volatility"), change / changes, 1e-12, 0);
    assert_true(number_of(run, "rate_reversals") == reversals);
}

static void test_run(void **state)
{
    (void)state;
    const char *settings[] = {"data=glyphs(count=600, test=100)",
                              "model=flatten > dense(10)",
                              "lr=0.02",
                              "epochs=14",
                              "schedule=constant",
                              "feedback=greedy(val_loss, patience=1, settle=1)",
                              "name=course",
                              NULL};
    training whole = {.settings = settings, .threads = 1};
    training_must(&whole, GRADUS_RUN_FINISHED);
    check_against_measures("course");
    double share = number_of("course", "policy_share");
    assert_true(share > 0 && share < 0.5);
    settings[6] = "name=course-2";
    training first = {.settings = settings, .threads = 1, .interrupt_after = 5};
    training_must(&first, GRADUS_RUN_INTERRUPTED);
    training second = {.resume = "course-2"};
    training_must(&second, GRADUS_RUN_FINISHED);
    assert_true(number_of("course", "loss_volatility") == number_of("course-2", "loss_volatility"));
    assert_true(number_of("course", "rate_reversals") == number_of("course-2", "rate_reversals"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_volatility), cmocka_unit_test(test_reversals),
                                       cmocka_unit_test(test_run)};
    return cmocka_run_group_tests(tests, training_begin, training_end);
}
