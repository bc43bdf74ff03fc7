/* States on the disk: a damaged one is noticed and the older one used, both damaged is an error that says so, and what happened on the way
 * changes nothing of the result. */
#include "../../src/train/run.h"
#include <sys/stat.h>
#include "training.h"

static const char *const settings[] = {"data=glyphs(count=300, test=50)",
                                       "model=conv(2, 3) > batchnorm > relu > flatten > dense(10)",
                                       "batch=32",
                                       "epochs=2",
                                       "lr=0.003",
                                       "name=run",
                                       NULL};

static char *model;
static size_t model_size;

static void start_over(void)
{
    training_remove("run");
    training first = {.settings = settings, .threads = 1};
    training_must(&first, GRADUS_RUN_FINISHED);
}

static void same_model_as_before(void)
{
    size_t size;
    char *now = training_read("run", "model.safetensors", &size);
    assert_int_equal(size, model_size);
    assert_memory_equal(now, model, size);
    free(now);
}

static void write_state(const char *name, const char *bytes, size_t size)
{
    char path[256];
    FILE *file = fopen(training_path("run", name, path), "wb");
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

/* Which of the two was written last: by the count that both hold. */
static const char *newest(void)
{
    size_t a, b;
    char *first = training_read("run", "state-a", &a), *second = training_read("run", "state-b", &b);
    gradus_error error = {0};
    gradus_state_reader one, two;
    gradus_state_item item;
    int64_t saves[2];
    assert_int_equal(gradus_state_open(&one, "gradus run", first, a, &error), GRADUS_OK);
    assert_int_equal(gradus_state_open(&two, "gradus run", second, b, &error), GRADUS_OK);
    assert_true(gradus_state_find(&one, "saves", &item));
    gradus_state_copy(&item, &saves[0]);
    assert_true(gradus_state_find(&two, "saves", &item));
    gradus_state_copy(&item, &saves[1]);
    free(first);
    free(second);
    return saves[0] > saves[1] ? "state-a" : "state-b";
}

static void test_a_flipped_bit(void **state)
{
    (void)state;
    start_over();
    const char *name = newest();
    size_t size;
    char *bytes = training_read("run", name, &size);
    for (size_t at = 0; at < size; at += size / 5) {
        bytes[at] ^= 16;
        write_state(name, bytes, size);
        bytes[at] ^= 16;
        training again = {.resume = "run"};
        training_must(&again, GRADUS_RUN_FINISHED);
        assert_non_null(strstr(again.note, name));
        assert_non_null(strstr(again.note, "cannot be read ("));
        assert_non_null(
            strstr(again.note, strcmp(name, "state-a") == 0 ? "going on from state-b" : "going on from state-a"));
        same_model_as_before();
        start_over();
    }
    free(bytes);
}

static void test_a_truncated_state(void **state)
{
    (void)state;
    size_t size;
    start_over();
    const char *name = newest();
    char *bytes = training_read("run", name, &size);
    for (size_t part = 0; part < 4; part++) {
        write_state(name, bytes, part * size / 4);
        training again = {.resume = "run"};
        training_must(&again, GRADUS_RUN_FINISHED);
        assert_non_null(strstr(again.note, "cannot be read ("));
        same_model_as_before();
        start_over();
    }
    free(bytes);
}

/* Any bit of any byte: none goes unnoticed, and the other state is found. */
static void test_many_flipped_bits(void **state)
{
    (void)state;
    start_over();
    const char *name = newest();
    size_t size;
    char path[256], *bytes = training_read("run", name, &size);
    for (uint64_t i = 0; i < 300; i++) {
        size_t at = i < 64 ? i : (size_t)(gradus_random_unit(1, 0, i) * (double)size); /* the head, and anywhere */
        char bit = (char)(1 << (int)(gradus_random_unit(2, 0, i) * 8));
        bytes[at] ^= bit;
        write_state(name, bytes, size);
        bytes[at] ^= bit;
        gradus_saved saved;
        gradus_error error = {0};
        assert_int_equal(gradus_saved_open(&saved, training_path("run", "", path), &error), GRADUS_OK);
        if (!strstr(saved.note, name)) fail_msg("a flipped bit of byte %zu was not noticed", at);
        gradus_saved_close(&saved);
    }
    free(bytes);
}

/* Written by a later version, and whole: that is said, and the other one is used. */
static void test_a_later_format(void **state)
{
    (void)state;
    start_over();
    const char *names[] = {"state-a", "state-b"}, *first = newest();
    if (strcmp(first, names[0]) != 0) names[1] = names[0], names[0] = first;
    for (int i = 0; i < 2; i++) {
        size_t size;
        char path[256], *bytes = training_read("run", names[i], &size);
        bytes[8] = 9; /* the version; the checksum is the last word */
        uint64_t sum = gradus_checksum(0, bytes, size - 8);
        for (int j = 0; j < 8; j++) bytes[size - 8 + (size_t)j] = (char)(sum >> 8 * j);
        write_state(names[i], bytes, size);
        free(bytes);
        gradus_saved saved = {0};
        gradus_error error = {0};
        gradus_saved_open(&saved, training_path("run", "", path), &error);
        const char *said = i == 0 ? saved.note : error.message;
        if (!strstr(said, "the state is of format 9; this version reads format 1")) fail_msg("%s", said);
        assert_int_equal(error.status != GRADUS_OK, i);
        gradus_saved_close(&saved);
    }
}

/* A folder that cannot be written to: nothing is lost, and the message says where it stands. */
static void test_nothing_can_be_written(void **state)
{
    (void)state;
    if (geteuid() == 0) skip(); /* may write anywhere */
    static const char *const more[] = {"epochs=3", NULL};
    char path[256];
    start_over();
    chmod(training_path("run", "", path), 0555);
    training again = {.resume = "run", .settings = more};
    assert_int_not_equal(training_go(&again), GRADUS_OK);
    assert_non_null(strstr(again.report.error.message, "permission denied"));
    chmod(path, 0755);
    training last = {.resume = "run"};
    training_must(&last, GRADUS_RUN_FINISHED);
    same_model_as_before();
}

static void test_only_one_is_there(void **state)
{
    (void)state;
    char path[256];
    start_over();
    unlink(training_path("run", newest(), path));
    training again = {.resume = "run"};
    training_must(&again, GRADUS_RUN_FINISHED);
    assert_int_equal(again.notes, 0);
    same_model_as_before();
}

static void test_both_damaged(void **state)
{
    (void)state;
    start_over();
    write_state("state-a", "nonsense", 8);
    write_state("state-b", "", 0);
    training again = {.resume = "run"};
    assert_int_not_equal(training_go(&again), GRADUS_OK);
    assert_int_equal(again.report.error.code, GRADUS_CODE_BAD_DATA);
    assert_non_null(strstr(again.report.error.message, "run/state-a: "));
    assert_non_null(strstr(again.report.error.message, "state-b cannot be read either; start again with --overwrite"));
}

static void test_no_state_at_all(void **state)
{
    (void)state;
    char path[256];
    start_over();
    unlink(training_path("run", "state-a", path));
    unlink(training_path("run", "state-b", path));
    training again = {.resume = "run"};
    assert_int_not_equal(training_go(&again), GRADUS_OK);
    assert_non_null(strstr(again.report.error.message, "holds no state to go on from"));
}

static int begin(void **state)
{
    if (training_begin(state)) return -1;
    training first = {.settings = settings, .threads = 1};
    if (training_go(&first)) return -1;
    model = training_read("run", "model.safetensors", &model_size);
    return 0;
}

static int end(void **state)
{
    free(model);
    return training_end(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_flipped_bit),          cmocka_unit_test(test_a_truncated_state),
        cmocka_unit_test(test_many_flipped_bits),      cmocka_unit_test(test_a_later_format),
        cmocka_unit_test(test_nothing_can_be_written), cmocka_unit_test(test_only_one_is_there),
        cmocka_unit_test(test_both_damaged),           cmocka_unit_test(test_no_state_at_all)};
    return cmocka_run_group_tests(tests, begin, end);
}
