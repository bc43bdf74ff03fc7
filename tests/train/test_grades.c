/* What outputs come to as measures: against numbers worked by hand and scikit-learn's, over any cut into batches. */
#include "../../src/train/grades.h"
#include "check.h"

/* What a net says that has so many outputs. */
static gradus_grades opened(const gradus_data_info *about, bool probabilities, int64_t outputs)
{
    gradus_grades grades;
    gradus_error error = {0};
    const gradus_head head = {.count = outputs, .probabilities = probabilities};
    assert_int_equal(gradus_grades_open(&grades, about, &head, true, &error), GRADUS_OK);
    return grades;
}

/* In batches of two examples. */
static void add(gradus_grades *grades, int32_t count, const float *outputs, int64_t each, const int32_t *classes,
                const float *numbers)
{
    gradus_error error = {0};
    for (int32_t i = 0; i < count; i += 2) {
        const gradus_batch batch = {.count = count - i < 2 ? count - i : 2,
                                    .classes = classes ? classes + i : NULL,
                                    .numbers = numbers ? numbers + i * each : NULL};
        assert_int_equal(gradus_grades_add(grades, &batch, outputs + i * each, each, &error), GRADUS_OK);
        grades->score.count += batch.count;
    }
}

/* sklearn: f1_score(average="macro"), precision_recall_fscore_support, confusion_matrix; nothing is of class 4, nor said to be. */
static void test_classes(void **state)
{
    static const int32_t truth[] = {0, 0, 1, 1, 2, 2, 2, 3}, said[] = {0, 1, 1, 1, 2, 0, 2, 2};
    static const int64_t confusion[] = {1, 1, 0, 0, 0, 0, 2, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0};
    static const gradus_class_result expected[] = {
        {2, 0.5, 0.5, 0.5}, {2, 2 / 3.0, 1, 0.8}, {3, 2 / 3.0, 2 / 3.0, 2 / 3.0}, {1, 0, 0, 0}, {0, 0, 0, 0}};
    const gradus_data_info about = {.targets = {{.kind = GRADUS_TARGET_CLASS, .outputs = 5}}, .target_count = 1};
    float outputs[8][5] = {{0}};
    (void)state;
    for (int i = 0; i < 8; i++) outputs[i][said[i]] = 1;
    gradus_grades grades = opened(&about, true, 5);
    add(&grades, 8, outputs[0], 5, truth, NULL);
    check_close(gradus_grades_f1(&grades), 0.4916666666666667, 1e-15, 0);
    assert_memory_equal(grades.confusion, confusion, sizeof confusion);
    for (int i = 0; i < 5; i++) {
        const gradus_class_result found = gradus_grades_class(&grades, i);
        assert_int_equal(found.examples, expected[i].examples);
        check_close(found.precision, expected[i].precision, 1e-15, 0);
        check_close(found.recall, expected[i].recall, 1e-15, 0);
        check_close(found.f1, expected[i].f1, 1e-15, 0);
    }
    gradus_grades_close(&grades);
}

/* sklearn: roc_auc_score. By hand: of 15 pairs 10 stand right and 3 are equal. */
static void test_area_under_the_curve(void **state)
{
    static const int32_t truth[] = {0, 1, 1, 0, 1, 0, 1, 1};
    static const float outputs[] = {0.1F, 0.4F, 0.35F, 0.35F, 0.8F, 0.35F, 0.9F, 0.1F};
    const gradus_data_info about = {.targets = {{.kind = GRADUS_TARGET_CLASS, .outputs = 2}}, .target_count = 1};
    (void)state;
    for (int width = 1; width <= 2; width++) {
        float both[8][2];
        for (int i = 0; i < 8; i++) both[i][0] = 1 - outputs[i], both[i][1] = outputs[i];
        gradus_grades grades = opened(&about, true, width);
        add(&grades, 8, width == 1 ? outputs : both[0], width, truth, NULL);
        check_close(gradus_grades_auc(&grades), 11.5 / 15, 1e-15, 0);
        gradus_grades_close(&grades);
    }
    /* more examples than there is room for at first: all equal, then all in order */
    static float many[3000];
    static int32_t halves[3000];
    for (int i = 0; i < 3000; i++) halves[i] = i % 2;
    gradus_grades grades = opened(&about, true, 1);
    add(&grades, 3000, many, 1, halves, NULL);
    check_close(gradus_grades_auc(&grades), 0.5, 0, 0);
    gradus_grades_close(&grades);
    for (int i = 0; i < 3000; i++) many[i] = (float)halves[i];
    grades = opened(&about, true, 1);
    assert_true(isnan(gradus_grades_auc(&grades))); /* of nothing */
    add(&grades, 3000, many, 1, halves, NULL);
    check_close(gradus_grades_auc(&grades), 1, 0, 0);
    gradus_grades_close(&grades);
    grades = opened(&about, true, 1);
    add(&grades, 2, (float[]){0.1F, 0.9F}, 1, (int32_t[]){1, 1}, NULL);
    assert_true(isnan(gradus_grades_auc(&grades))); /* of one class */
    add(&grades, 2, (float[]){NAN, 0.9F}, 1, (int32_t[]){0, 1}, NULL);
    assert_true(isnan(gradus_grades_auc(&grades)));
    gradus_grades_close(&grades);
}

static void test_what_is_said(void **state)
{
    (void)state;
    assert_int_equal(gradus_class_of((float[]){0.2F, 0.5F, 0.5F}, 3, true), 1);
    assert_int_equal(gradus_class_of((float[]){0.4F}, 1, true), 0);
    assert_int_equal(gradus_class_of((float[]){0.6F}, 1, true), 1);
    assert_int_equal(gradus_class_of((float[]){0.4F}, 1, false), 1);
    assert_int_equal(gradus_class_of((float[]){-0.4F}, 1, false), 0);
}

/* Of seven outputs; ties go to the first. */
static void test_top(void **state)
{
    static const float outputs[] = {7, 6, 5, 4, 3, 2, 1, 1, 1, 1, 1, 1, 1, 1, 7, 6, 5, 4, 3, 3, 1};
    const gradus_data_info about = {.targets = {{.kind = GRADUS_TARGET_CLASS, .outputs = 7}}, .target_count = 1};
    (void)state;
    static const struct {
        int32_t classes[3];
        int right;
    } cases[] = {{{4, 4, 4}, 3}, {{5, 5, 5}, 0}, {{0, 6, 4}, 2}};
    for (int i = 0; i < 3; i++) {
        gradus_grades grades = opened(&about, true, 7);
        add(&grades, 3, outputs, 7, cases[i].classes, NULL);
        check_close(grades.top, cases[i].right, 0, 0);
        gradus_grades_close(&grades);
    }
}

/* Two examples of two steps: exp of -(ln 1/2 + ln 1/4 + ln 1/4 + ln 1/2) / 4, the square root of 8. */
static void test_perplexity(void **state)
{
    static const float outputs[] = {0.5F, 0.25F, 0.25F, 0.5F, 0.25F, 0.25F, 0.5F, 0.25F, 0.25F, 0.25F, 0.25F, 0.5F};
    static const int32_t classes[] = {0, 1, 2, 2};
    const gradus_data_info about = {
        .targets = {{.kind = GRADUS_TARGET_CLASS, .outputs = 3}}, .target_count = 1, .positions = 2};
    const gradus_batch batch = {.count = 2, .classes = classes};
    gradus_error error = {0};
    (void)state;
    gradus_grades grades = opened(&about, true, 3);
    assert_int_equal(gradus_grades_add(&grades, &batch, outputs, 3, &error), GRADUS_OK);
    grades.score.count = 4;
    check_close(gradus_grades_perplexity(&grades), sqrt(8), 1e-14, 0);
    gradus_grades_close(&grades);
}

/* sklearn: r2_score, the mean over two outputs; by hand 1 - 2.25 / 38 and 1 - 25 / 100. The third's targets never change. */
static void test_numbers(void **state)
{
    static const float targets[] = {1, 10, 5, 2, 20, 5, 4, 20, 5, 9, 10, 5},
                       outputs[] = {1.5F, 12, 5, 2, 18, 6, 3, 24, 5, 8, 11, 5};
    const gradus_data_info about = {.targets = {{.kind = GRADUS_TARGET_NUMBERS, .outputs = 3}}, .target_count = 1};
    (void)state;
    gradus_grades grades = opened(&about, false, 3);
    assert_true(isnan(gradus_grades_r2(&grades)));
    add(&grades, 4, outputs, 3, NULL, targets);
    check_close(gradus_grades_r2(&grades), 0.8453947368421053, 1e-15, 0);
    gradus_grades_close(&grades);
    /* far from 0 */
    static const float years[] = {2001, 2002, 2003, 2004}, told[] = {2001, 2002, 2003, 2006};
    const gradus_data_info single = {.targets = {{.kind = GRADUS_TARGET_NUMBERS, .outputs = 1}}, .target_count = 1};
    grades = opened(&single, false, 1);
    add(&grades, 4, told, 1, NULL, years);
    check_close(gradus_grades_r2(&grades), 1 - 4 / 5.0, 1e-14, 0);
    gradus_grades_close(&grades);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_classes),      cmocka_unit_test(test_area_under_the_curve),
                                       cmocka_unit_test(test_what_is_said), cmocka_unit_test(test_top),
                                       cmocka_unit_test(test_perplexity),   cmocka_unit_test(test_numbers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
