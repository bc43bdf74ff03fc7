/* JSON: order, escapes, shortest numbers, non-finite numbers as words, lines, and what jansson makes of it. */
#include "check.h"
#include "gradus/base.h"

typedef struct text {
    char bytes[512];
    size_t size, room;
} text;

static int append(void *user, const void *bytes, size_t size)
{
    text *to = user;
    if (to->size + size > to->room) return 1;
    memcpy(to->bytes + to->size, bytes, size);
    to->size += size;
    to->bytes[to->size] = 0;
    return 0;
}

static void write_sample(gradus_json *json)
{
    gradus_json_open(json, NULL, '{');
    gradus_json_text(json, "z", "a \"b\" \\ \n \x01 \xc3\xa9");
    gradus_json_number(json, "a", 0.1);
    gradus_json_number(json, "nan", NAN);
    gradus_json_number(json, "down", -INFINITY);
    gradus_json_open(json, "list", '[');
    gradus_json_number(json, NULL, 1);
    gradus_json_flag(json, NULL, true);
    gradus_json_text(json, NULL, NULL);
    gradus_json_close(json, ']');
    gradus_json_value(json, "made", "{\"b\": [2]}");
    gradus_json_open(json, "empty", '{');
    gradus_json_close(json, '}');
    gradus_json_close(json, '}');
}

static void test_one_line(void **state)
{
    (void)state;
    text to = {.room = sizeof to.bytes - 1};
    gradus_json json = {.write = append, .user = &to};
    write_sample(&json);
    assert_false(json.failed);
    assert_string_equal(to.bytes,
                        "{\"z\": \"a \\\"b\\\" \\\\ \\n \\u0001 \xc3\xa9\", \"a\": 0.1, \"nan\": \"nan\", "
                        "\"down\": \"-inf\", \"list\": [1, true, null], \"made\": {\"b\": [2]}, \"empty\": {}}");
    json_t *read = json_loadb(to.bytes, to.size, 0, NULL);
    assert_non_null(read);
    assert_string_equal(json_string_value(json_object_get(read, "z")), "a \"b\" \\ \n \x01 \xc3\xa9");
    json_decref(read);
}

static void test_lines(void **state)
{
    (void)state;
    text to = {.room = sizeof to.bytes - 1};
    gradus_json json = {.write = append, .user = &to, .indent = 2};
    gradus_json_open(&json, NULL, '{');
    gradus_json_number(&json, "a", 1);
    gradus_json_open(&json, "list", '[');
    gradus_json_number(&json, NULL, 2);
    gradus_json_close(&json, ']');
    gradus_json_open(&json, "empty", '[');
    gradus_json_close(&json, ']');
    gradus_json_close(&json, '}');
    assert_string_equal(to.bytes, "{\n  \"a\": 1,\n  \"list\": [\n    2\n  ],\n  \"empty\": []\n}");
}

static void test_a_writer_that_refuses(void **state)
{
    (void)state;
    text to = {.room = 20};
    gradus_json json = {.write = append, .user = &to};
    write_sample(&json);
    assert_true(json.failed);
    assert_true(to.size <= 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_one_line), cmocka_unit_test(test_lines),
                                       cmocka_unit_test(test_a_writer_that_refuses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
