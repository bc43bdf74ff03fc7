/* LIBSVM's rows: what is not written is 0, classes and numbers, the order of indices, and the place of every mistake. */
#include "sets.h"

static void check_values(const char *text, gradus_part part, const float *expected, int32_t count)
{
    gradus_batch batch;
    gradus_data *data = set_must_open(text, "none");
    gradus_loader *loader = whole_part(data, part, &batch);
    for (int32_t i = 0; i < count; i++) assert_float_equal(batch.inputs[i], expected[i], 0);
    gradus_loader_destroy(loader);
    gradus_data_close(data);
}

static void test_classes(void **state)
{
    (void)state;
    gradus_batch batch;
    put("a.svm", "# two classes\n+1 1:0.5 3:-2\n\n-1 2:1e2 # its end\r\n-1\n");
    put("t.svm", "1 2:7");
    check_values("libsvm(a.svm, test=none)", GRADUS_TRAINING, (float[]){0.5f, 0, -2, 0, 100, 0, 0, 0, 0}, 9);
    check_values("libsvm(a.svm, test=t.svm)", GRADUS_TEST, (float[]){0, 7, 0}, 3);
    check_values("libsvm(a.svm, test=none, features=4)", GRADUS_TRAINING, (float[]){0.5f, 0, -2, 0, 0, 100, 0, 0}, 8);
    gradus_data *data = set_must_open("a.svm", "none");
    assert_string_equal(gradus_data_about(data)->title, "a, 3 rows of 3 values, 2 classes");
    gradus_data_close(data);
    data = set_must_open("libsvm(a.svm, test=t.svm)", "none");
    const gradus_data_info *about = gradus_data_about(data);
    assert_int_equal(about->targets[0].outputs, 2);
    assert_string_equal(about->targets[0].class_names[0], "-1");
    gradus_loader *loader = whole_part(data, GRADUS_TRAINING, &batch);
    assert_int_equal(batch.classes[0], 1);
    assert_int_equal(batch.classes[2], 0);
    gradus_loader_destroy(loader);
    gradus_data_close(data);
}

static void test_numbers(void **state)
{
    (void)state;
    gradus_batch batch;
    put("n.svm", "10 0:1\n20 0:3\n");
    put("p.svm", "1:5\n0 1:1\n");
    gradus_data *data = set_must_open("libsvm(n.svm, first=0, task=regression, test=none, scale=standard)", "none");
    gradus_loader *loader = whole_part(data, GRADUS_TRAINING, &batch);
    assert_float_equal(batch.numbers[0], -1, 0);
    assert_float_equal(batch.numbers[1], 1, 0);
    assert_float_equal(batch.inputs[0], -1, 0);
    assert_float_equal(gradus_data_about(data)->targets[0].base[0], 15, 0);
    gradus_loader_destroy(loader);
    gradus_data *again = set_recalled(data), *inputs = gradus_data_open_inputs(again, in_folder("p.svm"), NULL);
    assert_non_null(inputs);
    loader = whole_part(inputs, GRADUS_TEST, &batch);
    assert_float_equal(batch.inputs[0], 3, 0);
    assert_float_equal(batch.inputs[1], -1, 0);
    gradus_loader_destroy(loader);
    gradus_data_close(inputs);
    gradus_data_close(again);
    gradus_data_close(data);
}

/* Scales are of the training part alone: the values that are kept for the test are a thousand times as large. */
static void test_parts(void **state)
{
    (void)state;
    gradus_batch batch;
    put("s.svm", "0 1:2\n1 1:4\n");
    put("st.svm", "0 1:2000\n");
    gradus_data *data = set_must_open("libsvm(s.svm, test=st.svm, scale=minmax)", "none");
    gradus_loader *loader = whole_part(data, GRADUS_TEST, &batch);
    assert_float_equal(batch.inputs[0], 999, 0);
    gradus_loader_destroy(loader);
    gradus_data_close(data);
}

/* The same where the test part comes out of the file itself: what is left has mean 0 and deviation 1, what was taken has not. */
static void test_split(void **state)
{
    (void)state;
    char text[1000] = "";
    for (int i = 0; i < 40; i++) sprintf(text + strlen(text), "%d 1:%d\n", i % 2, i * i);
    put("q.svm", text);
    gradus_data *data = set_must_open("libsvm(q.svm, test=20, scale=standard)", "10");
    for (int part = GRADUS_TRAINING; part <= GRADUS_TEST; part++) {
        gradus_batch batch;
        gradus_loader *loader = whole_part(data, (gradus_part)part, &batch);
        double sum = 0, squares = 0;
        for (int32_t i = 0; i < batch.count; i++) {
            sum += (double)batch.inputs[i];
            squares += (double)batch.inputs[i] * (double)batch.inputs[i];
        }
        if (part == GRADUS_TRAINING) {
            check_close(sum, 0, 0, 1e-5);
            check_close(squares, batch.count, 1e-5, 0);
        } else {
            assert_true(fabs(sum) > 1e-2);
        }
        gradus_loader_destroy(loader);
    }
    gradus_data_close(data);
}

static void test_mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"1 1:2\nx 1:2", "DIR/b.svm:2:1: 'x' is no target; expected a number, then INDEX:VALUE"},
        {"1,2 1:2", "DIR/b.svm:1:1: '1,2' is no target; expected a number, then INDEX:VALUE"},
        {"1 1:2 2", "DIR/b.svm:1:7: '2' is no INDEX:VALUE"},
        {"1 1:2\n\n0  qid:2 1:2", "DIR/b.svm:3:4: 'qid:2' is no INDEX:VALUE"},
        {"1 1:", "DIR/b.svm:1:3: '1:' is no INDEX:VALUE"},
        {"1 1.5:2", "DIR/b.svm:1:3: '1.5:2' is no INDEX:VALUE"},
        {"1 0:2", "DIR/b.svm:1:3: index 0, expected 1 to 16777215; write first=0 for a file that counts from 0"},
        {"1 99999999:2", "DIR/b.svm:1:3: index 99999999, expected 1 to 16777215"},
        {"1 3:2 3:1", "DIR/b.svm:1:7: index 3 stands behind 3; expected them in order"},
        {"# nothing", "DIR/b.svm: no rows"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        put("b.svm", rows[i].text);
        set_must_fail("libsvm(b.svm)", "none", rows[i].message);
    }
    put("b.svm", "1 1:1 2:1\n0 1:1\n");
    put("c.svm", "1 5:1\n");
    put("d.svm", "3 1:1\n");
    set_must_fail("libsvm(b.svm, test=c.svm)", "none",
                  "DIR/c.svm: it has a value 5, but training has 2; write features=N for more");
    set_must_fail("libsvm(b.svm, test=d.svm)", "none",
                  "DIR/d.svm: row 1: 3 is no class of training, whose classes are 0 to 1");
    put("b.svm", "1.5 1:1 2:1\n0 1:1\n");
    set_must_fail("libsvm(b.svm, task=classification)", "none",
                  "DIR/b.svm: the targets are no classes: they are not whole, or more than 1000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_classes), cmocka_unit_test(test_numbers),
                                       cmocka_unit_test(test_parts), cmocka_unit_test(test_split),
                                       cmocka_unit_test(test_mistakes)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
