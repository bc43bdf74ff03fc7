/* Numbers as text against the C library's own in the C locale: correctly rounded, shortest, and back to the same bits. */
#include "check.h"
#include "../../src/base/number.h"

static uint64_t random_state = 88172645463325252ULL;

static uint64_t next_bits(void)
{
    random_state ^= random_state << 13, random_state ^= random_state >> 7, random_state ^= random_state << 17;
    return random_state;
}

static double from_bits(uint64_t bits)
{
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static uint64_t to_bits(double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

static int digits_of(const char *text)
{
    int count = 0, zeros = 0;
    for (; *text && *text != 'e'; text++) {
        if (*text < '0' || *text > '9' || (*text == '0' && !count)) continue;
        zeros = *text == '0' ? zeros + 1 : 0;
        count++;
    }
    return count - zeros;
}

static void check_round_trip(double number)
{
    char text[32], other[64];
    double back = 0;
    size_t length = gradus_number_print(number, text);
    assert_int_equal(length, strlen(text));
    assert_true(length < sizeof text);
    assert_int_equal(gradus_number_read(text, length, &back), length);
    assert_true(to_bits(back) == to_bits(number));
    assert_true(strtod(text, NULL) == number);
    int digits = digits_of(text);
    if (digits > 1) { /* one digit less does not read back: this is the shortest */
        snprintf(other, sizeof other, "%.*e", digits - 2, number);
        assert_true(strtod(other, NULL) != number);
        snprintf(other, sizeof other, "%.*e", digits - 1,
                 number); /* and of its length the nearest, where that reads back */
        if (strtod(other, NULL) == number) {
            double nearest = 0;
            gradus_number_read(other, strlen(other), &nearest);
            assert_int_equal(digits_of(other), digits);
        }
    }
}

static void test_prints_the_shortest(void **state)
{
    (void)state;
    const struct {
        double number;
        const char *text;
    } cases[] = {{0, "0"},
                 {-0.0, "-0"},
                 {1, "1"},
                 {-1.5, "-1.5"},
                 {0.1, "0.1"},
                 {0.001, "0.001"},
                 {1e-4, "0.0001"},
                 {1e-5, "1e-5"},
                 {1.25e-7, "1.25e-7"},
                 {123456, "123456"},
                 {1e15, "1000000000000000"},
                 {1e16, "1e16"},
                 {9007199254740993.0, "9007199254740992"},
                 {5e-324, "5e-324"},
                 {1.7976931348623157e308, "1.7976931348623157e308"},
                 {1.0 / 3, "0.3333333333333333"},
                 {2e23, "2e23"},
                 {9.5367431640625e-07, "9.5367431640625e-7"},
                 {INFINITY, "inf"},
                 {-INFINITY, "-inf"},
                 {NAN, "nan"},
                 {2.2250738585072014e-308, "2.2250738585072014e-308"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[32];
        assert_int_equal(gradus_number_print(cases[i].number, text), strlen(cases[i].text));
        assert_string_equal(text, cases[i].text);
    }
}

static void test_round_trips(void **state)
{
    (void)state;
    for (int i = 0; i < 60000; i++) {
        double number = from_bits(next_bits());
        if (isfinite(number)) check_round_trip(number);
        check_round_trip((double)(next_bits() % 1000000) / 1000);
        check_round_trip(ldexp(1, (int)(next_bits() % 2098) - 1074));
        check_round_trip(from_bits(next_bits() % 1000000)); /* subnormal */
        uint64_t digits = next_bits() >> (next_bits() % 60);
        check_round_trip((double)digits *
                         pow(10, (double)(next_bits() % 40) - 30)); /* as people write them, or nearly */
    }
}

static void test_reads_what_is_written(void **state)
{
    (void)state;
    const struct {
        const char *text;
        size_t taken;
        double number;
    } cases[] = {{"12", 2, 12},
                 {"-0.5", 4, -0.5},
                 {".5", 2, 0.5},
                 {"5.", 2, 5},
                 {"1e-3", 4, 1e-3},
                 {"+2.5e-3,", 7, 2.5e-3},
                 {"1e", 1, 1},
                 {"2ep", 1, 2},
                 {"1.2.3", 3, 1.2},
                 {"1E5", 3, 1e5},
                 {"e5", 0, 0},
                 {".", 0, 0},
                 {"-", 0, 0},
                 {"", 0, 0},
                 {"inf", 0, 0},
                 {"nan", 0, 0},
                 {"1e400", 5, INFINITY},
                 {"-1e400", 6, -INFINITY},
                 {"1e-400", 6, 0},
                 {"1e99999999999999999999", 22, INFINITY},
                 {"0e999999999", 11, 0},
                 {"4.9e-324", 8, 5e-324},
                 {"2.4703282292062327e-324", 23, 0},
                 {"2.4703282292062328e-324", 23, 5e-324},
                 {"9007199254740993", 16, 9007199254740992},
                 {"9007199254740993.00000000000000000001", 37, 9007199254740994},
                 {"1.7976931348623158e308", 22, 1.7976931348623157e308},
                 {"1.7976931348623159e308", 22, INFINITY}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double number = 0;
        assert_int_equal(gradus_number_read(cases[i].text, strlen(cases[i].text), &number), cases[i].taken);
        if (number != cases[i].number) fail_msg("%s gives %.17g", cases[i].text, number);
    }
}

static void test_reads_as_the_library_does(void **state)
{
    (void)state;
    char text[1200];
    for (int i = 0; i < 40000; i++) {
        int length = 0, digits = 1 + (int)(next_bits() % (i % 100 ? 30 : 1100));
        for (int j = 0; j < digits; j++) {
            text[length++] = (char)('0' + next_bits() % 10);
            if (j == digits / 2) text[length++] = '.';
        }
        if (i % 3) length += snprintf(text + length, 16, "e%d", (int)(next_bits() % 700) - 350);
        double number = -1;
        text[length] = 0;
        assert_int_equal(gradus_number_read(text, (size_t)length, &number), length);
        if (number != strtod(text, NULL)) fail_msg("%s gives %.17g", text, number);
    }
    /* ends half way between two doubles, where one digit far behind decides */
    for (int i = 0; i < 2000; i++) {
        double number = from_bits(next_bits() & 0x7FEFFFFFFFFFFFFFULL), read = 0;
        long double half = ((long double)number + nextafter(number, INFINITY)) / 2;
        int length = snprintf(text, sizeof text, "%.*Le", 780, half);
        assert_int_equal(gradus_number_read(text, (size_t)length, &read), length);
        assert_true(read == strtod(text, NULL));
    }
}

static void test_zeros_in_front_do_not_count(void **state)
{
    (void)state;
    char text[3000] = "0.";
    double number = 0;
    memset(text + 2, '0', 2000);
    strcpy(text + 2002, "25e2001");
    gradus_number_read(text, strlen(text), &number);
    assert_true(number == 2.5);
}

static void test_moved_points_are_exact(void **state)
{
    (void)state;
    double number = 0;
    char text[32];
    gradus_number_read_shifted("10", 2, -2, &number);
    assert_true(number == 0.1);
    gradus_number_read_shifted("5.5", 3, -2, &number);
    assert_true(number == 0.055);
    gradus_number_print_shifted(0.055, 2, text);
    assert_string_equal(text, "5.5");
    for (int i = 0; i < 20000; i++) {
        double share = (double)(next_bits() % 100000) / 100000, back = -1;
        gradus_number_read_shifted(text, gradus_number_print_shifted(share, 2, text), -2, &back);
        assert_true(back == share);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prints_the_shortest),         cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_reads_what_is_written),       cmocka_unit_test(test_reads_as_the_library_does),
        cmocka_unit_test(test_zeros_in_front_do_not_count), cmocka_unit_test(test_moved_points_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
