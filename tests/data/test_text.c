/* Text: windows, targets one further, stretches that share nothing, characters of several bytes, and every mistake. */
#include "sets.h"

static void check_window(const gradus_batch *batch, int64_t width, int32_t row, const char *inputs, const char *targets,
                         const gradus_data_info *about)
{
    for (int64_t i = 0; i < width; i++) {
        const int32_t symbol = (int32_t)batch->inputs[row * width + i], target = batch->classes[row * width + i];
        assert_in_range(symbol, 0, about->symbols - 1);
        assert_int_equal(about->targets[0].class_names[symbol][0], inputs[i]);
        assert_int_equal(about->targets[0].class_names[target][0], targets[i]);
    }
}

static void test_windows(void **state)
{
    (void)state;
    put("t.txt", "abcdefghijklmnopqrst"); /* 12 for training, 4 each for validation and test */
    gradus_data *data = set_must_open("text(t.txt, context=3, test=4)", "20%");
    const gradus_data_info *about = gradus_data_about(data);
    gradus_batch batch;
    assert_int_equal(about->targets[0].outputs, 20);
    assert_int_equal(about->symbols, 20);
    assert_int_equal(about->positions, 3);
    assert_int_equal(about->shape[0], 3);
    gradus_loader *loader = whole_part(data, GRADUS_TRAINING, &batch);
    assert_int_equal(batch.count, 3); /* l is a target at most: the next window would need one more */
    check_window(&batch, 3, 0, "abc", "bcd", about);
    check_window(&batch, 3, 2, "ghi", "hij", about);
    for (int i = 0; i < 20; i++)
        assert_int_equal(about->targets[0].class_counts[i], i >= 1 && i <= 9); /* targets are b to j */
    gradus_loader_destroy(loader);
    loader = whole_part(data, GRADUS_VALIDATION, &batch);
    assert_int_equal(batch.count, 1);
    check_window(&batch, 3, 0, "mno", "nop", about);
    gradus_loader_destroy(loader);
    loader = whole_part(data, GRADUS_TEST, &batch);
    check_window(&batch, 3, 0, "qrs", "rst", about);
    gradus_loader_destroy(loader);
    assert_int_equal(about->repeated, 0);
    gradus_data_close(data);
}

/* Windows that overlap: so for training alone. */
static void test_stride(void **state)
{
    (void)state;
    put("t.txt", "abcdefghijklmnopqrst");
    gradus_data *data = set_must_open("text(t.txt, context=3, stride=2)", "8");
    gradus_batch batch;
    gradus_loader *loader = whole_part(data, GRADUS_TRAINING, &batch);
    assert_int_equal(batch.count, 5);
    check_window(&batch, 3, 1, "cde", "def", gradus_data_about(data));
    check_window(&batch, 3, 4, "ijk", "jkl", gradus_data_about(data));
    gradus_loader_destroy(loader);
    loader = whole_part(data, GRADUS_VALIDATION, &batch);
    assert_int_equal(batch.count, 2);
    check_window(&batch, 3, 1, "pqr", "qrs", gradus_data_about(data));
    gradus_loader_destroy(loader);
    gradus_data_close(data);
}

static void test_characters(void **state)
{
    (void)state;
    put("u.txt", "aé€😀aé€😀a");
    gradus_data *data = set_must_open("text(u.txt, context=2)", "none");
    const gradus_data_info *about = gradus_data_about(data);
    assert_int_equal(about->targets[0].outputs, 4);
    assert_string_equal(about->targets[0].class_names[1], "é");
    assert_string_equal(about->targets[0].class_names[3], "😀");
    assert_string_equal(about->title, "u, 9 characters of 4 kinds in windows of 2");
    gradus_data_close(data);
}

/* Words with the space before them; those that only the end of the file has are not known. */
static void test_words(void **state)
{
    (void)state;
    put("w.txt", "the cat's hat. The cat\n the cat sat on the mat, new");
    gradus_data *data = set_must_open("text(w.txt, context=2, unit=words)", "5");
    const gradus_data_info *about = gradus_data_about(data);
    gradus_batch batch;
    /* the| cat's| hat|.| The| cat|\n| the| cat| sat || on| the| mat|,| new */
    assert_string_equal(about->title, "w, 15 words of 10 kinds in windows of 2 (2 for validation)");
    gradus_loader *loader = whole_part(data, GRADUS_TRAINING, &batch);
    static const char *const expected[] = {"the", " cat's", " hat", ".", " The", " cat", "\n", " the"};
    assert_int_equal(batch.count, 4);
    for (int32_t i = 0; i < 8; i++) {
        assert_string_equal(about->targets[0].class_names[(int32_t)batch.inputs[i]], expected[i]);
        if (i < 7) assert_string_equal(about->targets[0].class_names[batch.classes[i]], expected[i + 1]);
    }
    gradus_loader_destroy(loader);
    loader = whole_part(data, GRADUS_VALIDATION, &batch);
    assert_string_equal(about->targets[0].class_names[(int32_t)batch.inputs[0]], "\xef\xbf\xbd"); /* on */
    assert_string_equal(about->targets[0].class_names[(int32_t)batch.inputs[1]], " the");
    gradus_loader_destroy(loader);
    gradus_data_close(data);
    data = set_must_open("text(w.txt, context=2, unit=words, vocabulary=2)",
                         "5"); /* one stands there twice, and the first of the rest */
    assert_int_equal(gradus_data_about(data)->targets[0].outputs, 3);
    assert_string_equal(gradus_data_about(data)->targets[0].class_names[1], " cat");
    gradus_data_close(data);
}

static void test_mistakes(void **state)
{
    (void)state;
    put("bad.txt", "a\nb\377c");
    put("short.txt", "abcd");
    put_bytes("zero.txt", "ab\0cd", 5);
    char message[1200];
    snprintf(message, sizeof message, "%s:2: this is no text in UTF-8 (a byte of 255)", in_folder("bad.txt"));
    set_must_fail("text(bad.txt, context=2)", "none", message);
    snprintf(message, sizeof message, "%s:1: this is no text in UTF-8 (a byte of 0)", in_folder("zero.txt"));
    set_must_fail("text(zero.txt, context=2)", "none", message);
    set_must_fail("text(short.txt)", "none",
                  "the text has 4 characters, of which too few are left for training: a window has 64");
    set_must_fail("text(short.txt, context=2, test=50%)", "none",
                  "the text has 4 characters, of which too few are left for training: a window has 2");
    set_must_fail("text(short.txt, context=2, test=x)", "none",
                  "'x' is no share of the text; write 10%, a number of characters, or none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_windows), cmocka_unit_test(test_stride),
                                       cmocka_unit_test(test_characters), cmocka_unit_test(test_words),
                                       cmocka_unit_test(test_mistakes)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
