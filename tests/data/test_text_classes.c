/* Texts and classes: words and characters as symbols, what training does not know, either column, and the place of every mistake. */
#include "sets.h"

static void check_row(const gradus_batch *batch, int64_t width, int32_t row, const float *expected)
{
    for (int64_t i = 0; i < width; i++)
        if (batch->inputs[row * width + i] != expected[i])
            fail_msg("symbol %d of row %d is %g, not %g", (int)i, row, (double)batch->inputs[row * width + i],
                     (double)expected[i]);
}

/* Known are ' a b cat (twice each): symbols from 2 in the order of texts. */
static void test_words(void **state)
{
    (void)state;
    gradus_batch batch;
    put("w.tsv", "good\tA cat, a B\nbad\tcat b once, it's\r\n\ngood\tb b b b b b b\n");
    put("t.tsv", "bad\tdog cat");
    gradus_data *data = set_must_open("text_classes(w.tsv, length=5, test=t.tsv)", "none");
    const gradus_data_info *about = gradus_data_about(data);
    assert_string_equal(about->title, "w, 3 texts of 2 classes as 5 words of 4 kinds");
    assert_int_equal(about->symbols, 6);
    assert_int_equal(about->positions, 0);
    assert_int_equal(about->shape[0], 5);
    assert_string_equal(about->targets[0].class_names[0], "bad");
    gradus_loader *loader = whole_part(data, GRADUS_TRAINING, &batch);
    check_row(&batch, 5, 0, (float[]){3, 5, 2, 3, 4}); /* , a b cat */
    check_row(&batch, 5, 1, (float[]){5, 4, 1, 2, 1});
    check_row(&batch, 5, 2, (float[]){4, 4, 4, 4, 4});
    assert_int_equal(batch.classes[0], 1);
    assert_int_equal(batch.classes[1], 0);
    gradus_loader_destroy(loader);
    loader = whole_part(data, GRADUS_TEST, &batch);
    check_row(&batch, 5, 0, (float[]){0, 0, 0, 1, 5});
    gradus_loader_destroy(loader);
    put("p.txt", "The CAT\na\n");
    gradus_data *again = set_recalled(data), *inputs = gradus_data_open_inputs(again, in_folder("p.txt"), NULL);
    assert_non_null(inputs);
    loader = whole_part(inputs, GRADUS_TEST, &batch);
    check_row(&batch, 5, 0, (float[]){0, 0, 0, 1, 5});
    check_row(&batch, 5, 1, (float[]){0, 0, 0, 0, 3});
    gradus_loader_destroy(loader);
    gradus_data_close(inputs);
    gradus_data_close(again);
    gradus_data_close(data);
    data = set_must_open("text_classes(w.tsv, vocabulary=1, test=none)", "none"); /* b, the most frequent */
    assert_int_equal(gradus_data_about(data)->symbols, 3);
    gradus_data_close(data);
}

/* What only the validation or the test part holds is not known. */
static void test_training_only(void **state)
{
    (void)state;
    char text[4000] = "";
    for (int i = 0; i < 100; i++) sprintf(text + strlen(text), "word%d word%d\t%d\n", i, i, i % 2);
    put("u.tsv", text);
    gradus_batch batch;
    gradus_data *data = set_must_open("text_classes(u.tsv, length=2, test=20)", "10");
    assert_int_equal(gradus_data_about(data)->symbols, 72);
    for (int part = GRADUS_VALIDATION; part <= GRADUS_TEST; part++) {
        gradus_loader *loader = whole_part(data, (gradus_part)part, &batch);
        for (int32_t i = 0; i < 2 * batch.count; i++) assert_float_equal(batch.inputs[i], 1, 0);
        gradus_loader_destroy(loader);
    }
    gradus_data_close(data);
}

static void test_characters(void **state)
{
    (void)state;
    gradus_batch batch;
    put("c.tsv", "A\xc3\xa9 a\t1\na\t0\n");
    gradus_data *data = set_must_open("text_classes(c.tsv, unit=characters, length=4, target=last, test=none)", "none");
    gradus_loader *loader = whole_part(data, GRADUS_TRAINING, &batch);
    check_row(&batch, 4, 0, (float[]){3, 5, 2, 4}); /* space A a e */
    check_row(&batch, 4, 1, (float[]){0, 0, 0, 4});
    gradus_loader_destroy(loader);
    gradus_data_close(data);
}

static void test_mistakes(void **state)
{
    (void)state;
    put("a.tsv", "x\ty\nno tab\n");
    set_must_fail("text_classes(a.tsv, target=first)", "none",
                  "DIR/a.tsv:2:1: no tab in this line; expected a class, a tab and a text");
    put("a.tsv", "x\ty\nx\t\n");
    set_must_fail("text_classes(a.tsv, target=last)", "none", "DIR/a.tsv:2:3: nothing stands here, expected a class");
    put("a.tsv", "x\ty\nx\tz\n");
    set_must_fail("text_classes(a.tsv)", "none", "DIR/a.tsv: all texts are of the class x");
    put("a.tsv", "x\ty\nx\tz\xff\n");
    set_must_fail("text_classes(a.tsv)", "none", "DIR/a.tsv:2:4: this is no text in UTF-8 (a byte of 255)");
    put("a.tsv", "x\ta\ny\tb\nx\tc\n");
    put("b.tsv", "\nz\ta\n");
    set_must_fail("text_classes(a.tsv, test=b.tsv)", "none",
                  "DIR/b.tsv:2: 'z' is no class of training; these are x to y");
    put("a.tsv", "\n\n");
    set_must_fail("text_classes(a.tsv)", "none", "DIR/a.tsv: no lines");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_words), cmocka_unit_test(test_training_only),
                                       cmocka_unit_test(test_characters), cmocka_unit_test(test_mistakes)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
