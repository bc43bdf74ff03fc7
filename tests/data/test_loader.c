/* Loaders: the order is a function of seed, epoch and reshuffle; a cursor resumes it to the bit, ahead or not; every example comes
 * once an epoch; what is done to examples depends on seed, epoch and row. */
#include "../../src/data/augment.h"
#include "sets.h"

enum { COUNT = 103 };

static gradus_data *numbers; /* COUNT rows of three values: row, row * 2, row * 3 + a class */

static int open_numbers(void **state)
{
    if (make_folder(state)) return -1;
    char text[8192] = "a,b,c,y\n";
    for (int i = 0; i < COUNT; i++) sprintf(text + strlen(text), "%d,%d,%d,%c\n", i, 2 * i, 3 * i, "uvw"[i % 3]);
    put("loader.csv", text);
    numbers = set_must_open("csv(loader.csv, scale=none, test=none)", "none");
    return 0;
}

static int close_numbers(void **state)
{
    gradus_data_close(numbers);
    return remove_folder(state);
}

static gradus_loader *create(gradus_loader_config config)
{
    gradus_error error = {0};
    gradus_loader *loader = gradus_loader_create(numbers, &config, &error);
    if (!loader) fail_msg("%s", error.message);
    return loader;
}

/* Takes `batches` batches, passing over ends of epochs, and writes down which rows came; checks that values belong to rows. */
static int take(gradus_loader *loader, int batches, int64_t *rows)
{
    int count = 0;
    while (batches > 0) {
        gradus_batch batch;
        if (!gradus_loader_next(loader, &batch)) continue;
        batches--;
        for (int32_t i = 0; i < batch.count; i++) {
            int64_t row = rows[count++] = batch.rows[i];
            for (int k = 0; k < 3; k++) assert_true(batch.inputs[3 * i + k] == (float)(row * (k + 1)));
            assert_int_equal(batch.classes[i], row % 3);
        }
    }
    return count;
}

static void test_epochs(void **state)
{
    (void)state;
    for (int ahead = 0; ahead < 2; ahead++)
        for (int drop = 0; drop < 2; drop++) {
            gradus_loader *loader = create(
                (gradus_loader_config){.batch = 10, .shuffle = true, .ahead = ahead, .drop_last = drop, .seed = 3});
            assert_int_equal(gradus_loader_batches(loader), drop ? 10 : 11);
            for (int epoch = 0; epoch < 3; epoch++) {
                bool met[COUNT] = {false};
                int count = 0, batches = 0;
                gradus_batch batch;
                for (; gradus_loader_next(loader, &batch); batches++) {
                    check_close(batch.epoch, epoch + count / (double)COUNT, 1e-15, 0);
                    for (int32_t i = 0; i < batch.count; i++, count++) {
                        assert_false(met[batch.rows[i]]);
                        met[batch.rows[i]] = true;
                    }
                }
                assert_int_equal(batches, drop ? 10 : 11);
                assert_int_equal(count, drop ? 100 : COUNT);
                gradus_cursor cursor = gradus_loader_cursor(loader);
                assert_int_equal(cursor.epoch, epoch + 1);
                assert_int_equal(cursor.batch, 0);
            }
            assert_true(gradus_loader_waited(loader) >= 0);
            gradus_loader_destroy(loader);
        }
}

static void test_order(void **state)
{
    (void)state;
    int64_t first[COUNT], again[COUNT], second[COUNT], other[COUNT], plain[COUNT], mixed[COUNT];
    gradus_loader *a = create((gradus_loader_config){.batch = 10, .shuffle = true, .ahead = true, .seed = 3});
    gradus_loader *b = create((gradus_loader_config){.batch = 10, .shuffle = true, .seed = 3});
    gradus_loader *c = create((gradus_loader_config){.batch = 10, .shuffle = true, .seed = 4});
    gradus_loader *d = create((gradus_loader_config){.batch = 10, .seed = 3});
    assert_int_equal(take(a, 11, first), COUNT);
    take(b, 11, again);
    take(a, 11, second);
    take(c, 11, other);
    take(d, 11, plain);
    assert_memory_equal(first, again, sizeof first);
    assert_memory_not_equal(first, second, sizeof first);
    assert_memory_not_equal(first, other, sizeof first);
    for (int i = 0; i < COUNT; i++) assert_int_equal(plain[i], i);
    gradus_loader_seek(a, (gradus_cursor){.epoch = 0, .batch = 0, .reshuffle = 1}); /* as after a rollback */
    take(a, 11, mixed);
    assert_memory_not_equal(first, mixed, sizeof first);
    assert_int_equal(gradus_loader_cursor(a).reshuffle, 1);
    gradus_loader_destroy(a);
    gradus_loader_destroy(b);
    gradus_loader_destroy(c);
    gradus_loader_destroy(d);
}

/* From any cursor everything goes on as it would have: into a loader of its own, or back in the same one. */
static void test_resume(void **state)
{
    (void)state;
    int64_t whole[4 * COUNT], rest[4 * COUNT];
    for (int ahead = 0; ahead < 2; ahead++) {
        gradus_loader_config config = {.batch = 7, .shuffle = true, .ahead = ahead, .seed = 9};
        gradus_loader *loader = create(config);
        int per_epoch = (int)gradus_loader_batches(loader), total = take(loader, 3 * per_epoch, whole);
        for (int at = 0; at < 3 * per_epoch; at++) {
            gradus_loader_seek(loader, (gradus_cursor){0});
            int before = take(loader, at, rest);
            gradus_cursor cursor = gradus_loader_cursor(loader);
            gradus_loader *other = create(config);
            gradus_loader_seek(other, cursor);
            int count = take(other, 3 * per_epoch - at, rest);
            assert_int_equal(before + count, total);
            assert_memory_equal(rest, whole + before, (size_t)count * sizeof *rest);
            gradus_loader_destroy(other);
            gradus_loader_seek(loader, (gradus_cursor){.epoch = 2});
            gradus_loader_seek(loader, cursor);
            gradus_cursor here = gradus_loader_cursor(loader);
            assert_memory_equal(&here, &cursor, sizeof here);
            count = take(loader, 3 * per_epoch - at, rest);
            assert_memory_equal(rest, whole + before, (size_t)count * sizeof *rest);
        }
        gradus_loader_destroy(loader);
    }
}

/* A cursor behind the last batch is the end of its epoch, as the loader itself leaves it there. */
static void test_end_of_epoch(void **state)
{
    (void)state;
    int64_t rows[COUNT];
    gradus_batch batch;
    gradus_loader *loader = create((gradus_loader_config){.batch = 50, .ahead = true});
    take(loader, 3, rows);
    gradus_cursor cursor = gradus_loader_cursor(loader);
    assert_int_equal(cursor.epoch, 0);
    assert_int_equal(cursor.batch, 3);
    gradus_loader_seek(loader, cursor);
    assert_false(gradus_loader_next(loader, &batch));
    assert_true(gradus_loader_next(loader, &batch));
    assert_int_equal(batch.rows[0], 0);
    assert_true(batch.epoch == 1);
    gradus_loader_destroy(loader);
}

static void test_odd_sizes(void **state)
{
    (void)state;
    gradus_error error = {0};
    gradus_batch batch;
    gradus_loader *loader = create((gradus_loader_config){.batch = 1000000, .shuffle = true, .ahead = true});
    assert_int_equal(gradus_loader_batches(loader), 1);
    assert_true(gradus_loader_next(loader, &batch));
    assert_int_equal(batch.count, COUNT);
    gradus_loader_destroy(loader);
    assert_null(gradus_loader_create(numbers, &(gradus_loader_config){.batch = 0}, &error));
    assert_string_equal(error.message, "a batch holds at least one example");
    error = (gradus_error){0};
    assert_null(gradus_loader_create(numbers, &(gradus_loader_config){.part = GRADUS_TEST, .batch = 1}, &error));
    assert_string_equal(error.message, "loader has no test part");
    gradus_loader_destroy(NULL);
    for (int i = 0; i < 50; i++) gradus_loader_destroy(create((gradus_loader_config){.batch = 3, .ahead = true}));
}

/* ---- augmentation: the mechanism, with a member of the test's own ---- */

static void add_chance(const gradus_item *item, const int64_t shape[8], const float *values, float *into, uint64_t key)
{
    assert_int_equal(shape[0], 3);
    float by = (float)gradus_item_value(item, "by")->number;
    memcpy(into, values, 3 * sizeof *into);
    into[0] += by + (float)(key % 1000) / 1000;
}

static const gradus_argument add_arguments[] = {{.name = "by", .kind = GRADUS_NUMBER, .help = "how much"}, {0}};
static const gradus_augmentation add_row = {.member = {.name = "add", .summary = "adds", .arguments = add_arguments},
                                            .apply = add_chance};
static const gradus_member *const own_members[] = {&add_row.member, NULL};
static const gradus_family own_augment = {.name = "augment", .flags = GRADUS_CHAIN, .members = own_members};
static const gradus_family *const own_families[] = {&own_augment, NULL};
static const gradus_language own_language = {.families = own_families};

static void test_augment(void **state)
{
    (void)state;
    gradus_error error = {0};
    gradus_spec *spec = gradus_spec_create(
        "add(1000) > add(2000)", &(gradus_spec_config){.family = "augment", .language = &own_language}, &error);
    if (!spec) fail_msg("%s", error.message);
    float first[2][COUNT];
    for (int ahead = 0; ahead < 2; ahead++) {
        gradus_batch batch;
        gradus_loader *loader =
            create((gradus_loader_config){.batch = 10, .shuffle = true, .ahead = ahead, .seed = 5, .augment = spec});
        int differ = 0;
        for (int epoch = 0; epoch < 2; epoch++)
            while (gradus_loader_next(loader, &batch))
                for (int32_t i = 0; i < batch.count; i++) {
                    float value = batch.inputs[3 * i] - 3000 - (float)batch.rows[i],
                          *seen = &first[ahead][batch.rows[i]];
                    assert_true(value >= 0 && value < 2);
                    assert_true(batch.inputs[3 * i + 1] == (float)(2 * batch.rows[i]));
                    if (epoch == 0) *seen = value;
                    differ += epoch == 1 && *seen != value;
                }
        assert_true(differ > COUNT / 2); /* anew every epoch */
        gradus_loader_destroy(loader);
    }
    assert_memory_equal(first[0], first[1], sizeof first[0]);
    gradus_spec_destroy(spec);
}

/* ---- inputs as targets ---- */

static gradus_data *open_again(const char *text, gradus_error *error)
{
    gradus_spec *spec =
        gradus_spec_create(text, &(gradus_spec_config){.family = "data", .language = &set_language}, error);
    gradus_data_config config = {
        .data = spec, .text = text, .validation = "none", .base_dir = folder, .seed = 1, .inputs_are_targets = true};
    gradus_data *data = gradus_data_open(&config, error);
    gradus_spec_destroy(spec);
    return data;
}

static int keep(void *user, const void *bytes, size_t size)
{
    char **end = user;
    memcpy(*end, bytes, size);
    *end += size;
    return 0;
}

/* Targets are the inputs as they were before anything was done to them; what is remembered knows of no class. */
static void test_inputs_are_targets(void **state)
{
    (void)state;
    gradus_error error = {0};
    gradus_data *data = open_again("csv(loader.csv, scale=none, test=none)", &error);
    if (!data) fail_msg("%s", error.message);
    assert_int_equal(gradus_data_about(data)->targets[0].kind, GRADUS_TARGET_NUMBERS);
    assert_int_equal(gradus_data_about(data)->targets[0].outputs, 3);
    assert_null(gradus_data_about(data)->targets[0].class_names);
    gradus_spec *spec =
        gradus_spec_create("add(1000)", &(gradus_spec_config){.family = "augment", .language = &own_language}, &error);
    for (int augmented = 0; augmented < 2; augmented++) {
        gradus_loader_config config = {.batch = 10, .shuffle = true, .augment = augmented ? spec : NULL};
        gradus_loader *loader = gradus_loader_create(data, &config, &error);
        gradus_batch batch;
        if (!loader) fail_msg("%s", error.message);
        while (gradus_loader_next(loader, &batch))
            for (int32_t i = 0; i < 3 * batch.count; i++) {
                const float row = (float)batch.rows[i / 3], value = row * (float)(i % 3 + 1);
                assert_null(batch.classes);
                assert_true(batch.numbers[i] == value);
                assert_true((batch.inputs[i] != value) == (augmented && i % 3 == 0));
            }
        gradus_loader_destroy(loader);
    }
    gradus_spec_destroy(spec);
    char saved[8192], *end = saved;
    assert_in_range(gradus_data_save(data, NULL, NULL, &error), 1, sizeof saved);
    gradus_data_save(data, keep, &end, &error);
    gradus_data *recalled = gradus_data_recall(saved, (size_t)(end - saved), &error);
    if (!recalled) fail_msg("%s", error.message);
    assert_int_equal(gradus_data_about(recalled)->targets[0].outputs, 3);
    assert_null(gradus_data_about(recalled)->targets[0].class_names);
    assert_null(gradus_data_about(recalled)->targets[0].spread);
    gradus_data_close(recalled);
    gradus_data_close(data);
}

static void test_symbols_are_no_targets(void **state)
{
    (void)state;
    gradus_error error = {0};
    put("letters.txt", "abcdefghijklmnop");
    assert_null(open_again("text(letters.txt, context=3)", &error));
    assert_string_equal(error.message, "letters: inputs that are symbols cannot be targets; targets=inputs is for "
                                       "numbers and pictures");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_epochs),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_resume),
        cmocka_unit_test(test_end_of_epoch),
        cmocka_unit_test(test_odd_sizes),
        cmocka_unit_test(test_augment),
        cmocka_unit_test(test_inputs_are_targets),
        cmocka_unit_test(test_symbols_are_no_targets),
    };
    return cmocka_run_group_tests(tests, open_numbers, close_numbers);
}
