/* States: what was written is read back, sizes are known in advance, the writer may refuse, and no damage goes unnoticed:
 * every truncation and every flipped bit is refused, and what is not refused never reads outside the record. */
#include "check.h"
#include "gradus/base.h"

typedef struct record {
    unsigned char bytes[4096];
    size_t size, room;
} record;

static int append(void *user, const void *bytes, size_t size)
{
    record *into = user;
    if (into->size + size > into->room) return 1;
    memcpy(into->bytes + into->size, bytes, size);
    into->size += size;
    return 0;
}

static const int64_t integers[3] = {1, -2, INT64_MAX};
static const double numbers[2] = {0.1, -INFINITY};
static const float floats[3] = {1.5f, -2.5f, 3.5f};

static uint64_t write_sample(record *into, gradus_write *write, gradus_error *error)
{
    gradus_state_writer writer;
    gradus_state_begin(&writer, "sample", write, into, error);
    gradus_state_int(&writer, "update", 42);
    gradus_state_double(&writer, "rate", 0.1);
    gradus_state_text(&writer, "spec", "warmup(5%) > cosine");
    gradus_state_text(&writer, "eight", "12345678");
    gradus_state_entry(&writer, "integers", GRADUS_STATE_INT64, 3, integers);
    gradus_state_entry(&writer, "numbers", GRADUS_STATE_DOUBLE, 2, numbers);
    gradus_state_entry(&writer, "floats", GRADUS_STATE_FLOAT32, 3, floats);
    gradus_state_entry(&writer, "nothing", GRADUS_STATE_DOUBLE, 0, NULL);
    gradus_state_entry(&writer, "a name that is a good deal longer than the others", GRADUS_STATE_BYTES, 5, "abcde");
    return gradus_state_end(&writer);
}

static record make_sample(void)
{
    record made = {.room = sizeof made.bytes};
    gradus_error error = {0};
    uint64_t size = write_sample(&made, append, &error);
    assert_int_equal(size, made.size);
    assert_int_equal(error.status, GRADUS_OK);
    return made;
}

static void test_reads_what_was_written(void **state)
{
    (void)state;
    record sample = make_sample();
    gradus_state_reader reader;
    gradus_state_item item;
    gradus_error error = {0};
    assert_int_equal(gradus_state_open(&reader, "sample", sample.bytes, sample.size, &error), GRADUS_OK);
    assert_int_equal(reader.entries, 9);
    int64_t update, read_integers[3];
    double rate, read_numbers[2];
    float read_floats[3];
    assert_true(gradus_state_find(&reader, "floats", &item));
    gradus_state_copy(&item, read_floats);
    assert_memory_equal(read_floats, floats, sizeof floats);
    assert_true(gradus_state_find(&reader, "update", &item)); /* also what stands before */
    gradus_state_copy(&item, &update);
    assert_int_equal(update, 42);
    assert_true(gradus_state_find(&reader, "rate", &item) && item.type == GRADUS_STATE_DOUBLE && item.count == 1);
    gradus_state_copy(&item, &rate);
    assert_true(rate == 0.1);
    assert_true(gradus_state_find(&reader, "spec", &item));
    assert_string_equal(item.data, "warmup(5%) > cosine");
    assert_true(gradus_state_find(&reader, "eight", &item) && item.count == 8);
    assert_string_equal(item.data, "12345678");
    assert_true(gradus_state_find(&reader, "integers", &item) && item.count == 3);
    gradus_state_copy(&item, read_integers);
    assert_memory_equal(read_integers, integers, sizeof integers);
    assert_true(gradus_state_find(&reader, "numbers", &item));
    gradus_state_copy(&item, read_numbers);
    assert_memory_equal(read_numbers, numbers, sizeof numbers);
    assert_true(gradus_state_find(&reader, "nothing", &item) && item.count == 0);
    assert_true(gradus_state_find(&reader, "a name that is a good deal longer than the others", &item) &&
                item.count == 5);
    assert_memory_equal(item.data, "abcde", 5);
    assert_false(gradus_state_find(&reader, "absent", &item));
    assert_false(gradus_state_find(&reader, "updat", &item));
}

static void test_walks_in_order(void **state)
{
    (void)state;
    record sample = make_sample();
    gradus_state_reader reader;
    gradus_state_item item;
    size_t cursor = 0;
    assert_int_equal(gradus_state_open(&reader, NULL, sample.bytes, sample.size, NULL), GRADUS_OK);
    const char *const first[] = {"update", "rate", "spec"};
    for (int i = 0; i < 3; i++) {
        assert_true(gradus_state_next(&reader, &cursor, &item));
        assert_string_equal(item.name, first[i]);
    }
    for (int i = 3; i < 9; i++) assert_true(gradus_state_next(&reader, &cursor, &item));
    assert_false(gradus_state_next(&reader, &cursor, &item));
}

static void test_bytes_never_change(void **state)
{
    (void)state;
    record tiny = {.room = sizeof tiny.bytes};
    gradus_state_writer writer;
    gradus_state_begin(&writer, "k", append, &tiny, NULL);
    gradus_state_int(&writer, "n", 258);
    gradus_state_end(&writer);
    static const unsigned char expected[] = {'G', 'R', 'D', 'S', 'T', 'A', 'T', 'E', 1, 0, 0, 0, 1, 0, 0, 0, 'k', 0,
                                             0,   0,   0,   0,   0,   0,   1,   0,   0, 0, 0, 0, 0, 0, 1, 0, 0,   0,
                                             0,   0,   0,   0,   'n', 0,   0,   0,   0, 0, 0, 0, 2, 1, 0, 0, 0,   0,
                                             0,   0,   255, 255, 255, 255, 0,   0,   0, 0, 1, 0, 0, 0, 0, 0, 0,   0};
    assert_int_equal(tiny.size, sizeof expected + 8);
    assert_memory_equal(tiny.bytes, expected, sizeof expected);
    assert_int_equal(writer.checksum, gradus_checksum(0, tiny.bytes, tiny.size - 8));
    assert_int_equal(gradus_checksum(0, expected, sizeof expected), UINT64_C(0x27e67a29c53fbb8c));
}

static void test_dry_run_counts(void **state)
{
    (void)state;
    record sample = make_sample();
    assert_int_equal(write_sample(NULL, NULL, NULL), sample.size);
    assert_int_equal(sample.size % 8, 0);
}

static void test_writer_that_refuses(void **state)
{
    (void)state;
    record sample = make_sample();
    for (size_t room = 0; room < sample.size; room += 7) {
        record small = {.room = room};
        gradus_error error = {0};
        write_sample(&small, append, &error);
        assert_int_equal(error.status, GRADUS_ERROR_WRITE);
        assert_true(small.size <= room);
    }
}

static void test_error_already_set(void **state)
{
    (void)state;
    record sample = make_sample(), into = {.room = sizeof into.bytes};
    gradus_error error = {.status = GRADUS_ERROR_RANGE};
    gradus_state_reader reader;
    write_sample(&into, append, &error);
    assert_int_equal(into.size, 0);
    assert_int_equal(gradus_state_open(&reader, "sample", sample.bytes, sample.size, &error), GRADUS_ERROR_RANGE);
    assert_int_equal(error.status, GRADUS_ERROR_RANGE);
}

/* Opens bytes that end at a page which cannot be touched. */
static gradus_status open_guarded(const void *bytes, size_t size, const char *kind, gradus_error *error)
{
    check_guarded guarded = check_guard(size + 1);
    unsigned char *copy = guarded.end - size;
    gradus_state_reader reader;
    memcpy(copy, bytes, size);
    gradus_status status = gradus_state_open(&reader, kind, copy, size, error);
    check_unguard(&guarded);
    return status;
}

static void test_every_truncation_is_refused(void **state)
{
    (void)state;
    record sample = make_sample();
    for (size_t size = 0; size < sample.size; size++) {
        gradus_error error = {0};
        assert_int_equal(open_guarded(sample.bytes, size, "sample", &error), GRADUS_ERROR_STATE);
        assert_int_equal(error.code, GRADUS_CODE_BAD_DATA);
    }
}

static void test_every_flipped_bit_is_refused(void **state)
{
    (void)state;
    record sample = make_sample();
    gradus_state_reader reader;
    for (size_t bit = 0; bit < sample.size * 8; bit++) {
        sample.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        assert_int_equal(gradus_state_open(&reader, "sample", sample.bytes, sample.size, NULL), GRADUS_ERROR_STATE);
        assert_null(reader.bytes);
        sample.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    assert_int_equal(gradus_state_open(&reader, "sample", sample.bytes, sample.size, NULL), GRADUS_OK);
}

static void mend_checksum(record *damaged)
{
    uint64_t sum = gradus_checksum(0, damaged->bytes, damaged->size - 8);
    for (int i = 0; i < 8; i++) damaged->bytes[damaged->size - 8 + (size_t)i] = (unsigned char)(sum >> 8 * i);
}

/* Damage under a checksum that was made to fit: it may be accepted where it is harmless, but nothing is read outside. */
static void test_forged_records_stay_inside(void **state)
{
    (void)state;
    record sample = make_sample();
    check_guarded guarded = check_guard(sample.size);
    unsigned char *copy = guarded.end - sample.size;
    static const unsigned char values[] = {0, 1, 0x7f, 0x80, 0xff};
    for (size_t at = 0; at < sample.size - 8; at++) {
        for (size_t v = 0; v < sizeof values; v++) {
            record forged = sample;
            forged.bytes[at] = values[v];
            mend_checksum(&forged);
            memcpy(copy, forged.bytes, forged.size);
            gradus_state_reader reader;
            gradus_state_item item;
            if (gradus_state_open(&reader, NULL, copy, forged.size, NULL) != GRADUS_OK) continue;
            unsigned char into[4096];
            for (size_t cursor = 0; gradus_state_next(&reader, &cursor, &item);) gradus_state_copy(&item, into);
            gradus_state_find(&reader, "absent", &item);
        }
    }
    check_unguard(&guarded);
}

static void test_says_what_is_wrong(void **state)
{
    (void)state;
    record sample = make_sample();
    gradus_error error = {0};
    assert_int_equal(open_guarded(sample.bytes, sample.size, "policy", &error), GRADUS_ERROR_STATE);
    assert_string_equal(error.message, "this is the state of a sample, not of a policy");
    error = (gradus_error){0};
    assert_int_equal(open_guarded("PNG and more", 12, "policy", &error), GRADUS_ERROR_STATE);
    assert_string_equal(error.message, "this is no state of gradus");
    sample.bytes[8] = 2;
    mend_checksum(&sample);
    error = (gradus_error){0};
    assert_int_equal(open_guarded(sample.bytes, sample.size, "sample", &error), GRADUS_ERROR_STATE);
    assert_string_equal(error.message, "the state is of format 2; this version reads format 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_was_written),      cmocka_unit_test(test_walks_in_order),
        cmocka_unit_test(test_bytes_never_change),          cmocka_unit_test(test_dry_run_counts),
        cmocka_unit_test(test_writer_that_refuses),         cmocka_unit_test(test_error_already_set),
        cmocka_unit_test(test_every_truncation_is_refused), cmocka_unit_test(test_every_flipped_bit_is_refused),
        cmocka_unit_test(test_forged_records_stay_inside),  cmocka_unit_test(test_says_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
