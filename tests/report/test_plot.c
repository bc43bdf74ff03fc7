/* Plots as text, character by character; scales, ticks and the way along a curve; and whatever numbers there are, a picture. */
#include <float.h>
#include "gradus/report.h"
#include "../../src/report/plot.h"
#include "check.h"

enum { ROOM = 1 << 20 };
static char text[ROOM];
static size_t length;

static int keep(void *user, const void *bytes, size_t size)
{
    (void)user;
    if (length + size >= ROOM) return 1;
    memcpy(text + length, bytes, size);
    text[length += size] = 0;
    return 0;
}

static int refuse(void *user, const void *bytes, size_t size)
{
    (void)user, (void)bytes, (void)size;
    return 1;
}

static const char *print(const gradus_plot *plot, const gradus_plot_look *look)
{
    gradus_error error = {0};
    text[length = 0] = 0;
    assert_int_equal(gradus_plot_print(plot, look, keep, NULL, &error), GRADUS_OK);
    return text;
}

static const char *svg(const gradus_plot *plot)
{
    gradus_error error = {0};
    text[length = 0] = 0;
    assert_int_equal(gradus_plot_svg(plot, keep, NULL, &error), GRADUS_OK);
    return text;
}

static void assert_picture(const char *actual, const char *expected)
{
    if (strcmp(actual, expected) != 0) fail_msg("the picture is\n%s\nand not\n%s", actual, expected);
}

static const double count_up[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
#define CURVE(of_x, of_y) .x = of_x, .y = of_y, .count = sizeof(of_y) / sizeof *(of_y)

/* ---- pictures ---- */

/* 22 columns less a margin of 4, the axis and a free one: 16 cells, 32 dots across; 8 dots from 0 to 1. */
static void test_braille(void **state)
{
    (void)state;
    static const double x[] = {0, 31}, y[] = {0, 1};
    gradus_curve curve = {CURVE(x, y)};
    gradus_plot plot = {.curves = &curve, .count = 1};
    assert_picture(print(&plot, &(gradus_plot_look){.width = 22, .height = 3, .unicode = true}),
                   "  1 ┤             ⣀⣀⠤\n"
                   "0.5 ┤     ⣀⣀⠤⠤⠒⠒⠉⠉\n"
                   "  0 ┤⠤⠒⠒⠉⠉\n"
                   "    └┬─────────┬─────\n"
                   "     0         20\n");
}

static void test_ascii(void **state)
{
    (void)state;
    static const double x[] = {0, 5, 10}, y[] = {0, 2, 0};
    gradus_curve curve = {CURVE(x, y)};
    gradus_plot plot = {.curves = &curve, .count = 1, .x_title = "x"};
    assert_picture(print(&plot, &(gradus_plot_look){.width = 20, .height = 5}), "2 +       **\n"
                                                                                "  |     **  **\n"
                                                                                "1 +   **      **\n"
                                                                                "  | **          **\n"
                                                                                "0 +*              *\n"
                                                                                "  ++-------+------+\n"
                                                                                "x  0       5     10\n");
}

/* Digits tell the curves apart; the first lies on top. */
static void test_several(void **state)
{
    (void)state;
    static const double x[] = {0, 10}, up[] = {0, 2}, down[] = {2, 0}, one[] = {1};
    gradus_curve curves[] = {{CURVE(x, up), .name = "up"},
                             {CURVE(x, down), .name = "down"},
                             {CURVE(x, one), .name = "dot", .style = GRADUS_CURVE_DOTS}};
    gradus_plot plot = {.curves = curves, .count = 2};
    gradus_plot_look look = {.width = 20, .height = 3, .unicode = true};
    print(&plot, &look);
    assert_non_null(strstr(text, "\n   1  up\n   2  down\n"));
    assert_int_equal(strchr(text, '1') != strrchr(text, '1'), 1);
    look.unicode = false;
    assert_picture(print(&plot, &look), "2 +2222        1111\n"
                                        "1 +    11111111\n"
                                        "0 +1111        2222\n"
                                        "  ++-------+------+\n"
                                        "   0       5     10\n"
                                        "   1  up\n"
                                        "   2  down\n");
    curves[1] = curves[2]; /* one line needs no digit beside dots */
    assert_picture(print(&plot, &look), "2 +            ****\n"
                                        "1 +O   ********\n"
                                        "0 +****\n"
                                        "  ++-------+------+\n"
                                        "   0       5     10\n"
                                        "   *  up\n"
                                        "   O  dot\n");
    curves[1].name = NULL;
    assert_null(strstr(print(&plot, &look), "\n   O  "));
}

static void test_color(void **state)
{
    (void)state;
    static const double x[] = {0, 1}, y[] = {0, 0};
    gradus_curve curves[] = {{CURVE(x, y), .name = "a"}, {.name = "b"}};
    gradus_plot plot = {.curves = curves, .count = 1};
    print(&plot, &(gradus_plot_look){.width = 20, .height = 3, .color = true});
    assert_non_null(strstr(text, "0 +\033[36m"));
    assert_non_null(strstr(text, "*\033[0m\n"));
    plot.count = 2;
    print(&plot, &(gradus_plot_look){.width = 20, .height = 3, .color = true});
    assert_non_null(strstr(text, "\033[36m1\033[0m  a\n"));
    assert_non_null(strstr(text, "\033[33m2\033[0m  b\n"));
    assert_null(strchr(print(&plot, NULL), '\033'));
    static const double gap[] = {0, NAN, 0};
    curves[0] = (gradus_curve){CURVE(count_up, gap)};
    plot.count = 1;
    print(&plot, &(gradus_plot_look){.width = 20, .height = 3, .color = true});
    assert_non_null(strstr(text, "0 +\033[36m*            *\033[0m\n"));
}

static void test_says_log(void **state)
{
    (void)state;
    static const double y[] = {1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1};
    gradus_curve curve = {CURVE(count_up, y)};
    gradus_plot plot = {.curves = &curve, .count = 1, .y_title = "rate", .x_scale = GRADUS_SCALE_LOG};
    assert_non_null(strstr(print(&plot, &(gradus_plot_look){.height = 6}), "rate, log scale\n"));
    assert_non_null(strstr(text, "\n1e-4 +"));
    assert_non_null(strstr(svg(&plot), ">rate, log scale<"));
    assert_non_null(strstr(text, ">log scale<")); /* of x, which has no title */
    plot.x_scale = plot.y_scale = GRADUS_SCALE_LINEAR;
    assert_null(strstr(print(&plot, NULL), "log"));
    assert_null(strstr(svg(&plot), "log"));
}

/* A column too narrow for its labels leaves some out; no line is wider than was asked for. */
static void test_width(void **state)
{
    (void)state;
    static const double x[] = {0, 123456}, y[] = {0.00123, 0.1};
    gradus_curve curve = {CURVE(x, y)};
    gradus_plot plot = {.curves = &curve, .count = 1, .x_title = "updates"};
    for (int32_t width = 20; width < 300; width += 7) {
        print(&plot, &(gradus_plot_look){.width = width, .unicode = width % 2});
        int32_t columns = 0, widest = 0;
        for (const char *at = text; *at; at++) {
            columns = *at == '\n' ? 0 : columns + (((unsigned char)*at & 0xc0) != 0x80);
            if (columns > widest) widest = columns;
        }
        assert_true(widest < width && widest >= width - 2);
        assert_non_null(strstr(text, "updates"));
        assert_non_null(strstr(text, "100k"));
    }
    static const double far[] = {0, 9e13}; /* labels wider than the usual distance of ticks */
    curve.x = far;
    print(&plot, &(gradus_plot_look){.width = 60});
    assert_non_null(strstr(text, "\n      0                      50000000000000\n"));
}

/* ---- scales ---- */

static bool is_log(const double *y, int64_t count, gradus_scale scale)
{
    static double x[1000];
    for (int64_t i = 0; i < count; i++) x[i] = (double)i;
    gradus_curve curve = {.x = x, .y = y, .count = count};
    return gradus_plot_is_log(&(gradus_plot){.curves = &curve, .count = 1, .y_scale = scale});
}

static void test_scale(void **state)
{
    (void)state;
    double cosine[1000], decay[1000], short_decay[1000], steps[1000], warm[1000], flat[1000], low[1000];
    for (int i = 0; i < 1000; i++) {
        double t = i / 999.0;
        cosine[i] = 0.5 + 0.5 * cos(3.14159265358979 * t); /* ends in 0 */
        decay[i] = pow(10, -4 * t);
        short_decay[i] = pow(10, -2 * t);
        steps[i] = pow(10, -floor(t * 3.999));
        warm[i] = t < 0.05 ? t / 0.05 : 1;
        flat[i] = 0.1;
        low[i] = t < 0.5 ? 1 : t < 0.8 ? 1e-5 : -1e-5;
    }
    assert_false(is_log(cosine, 1000, GRADUS_SCALE_AUTO));
    assert_true(is_log(decay, 1000, GRADUS_SCALE_AUTO));
    assert_false(is_log(decay, 1000, GRADUS_SCALE_LINEAR));
    assert_false(is_log(short_decay, 1000, GRADUS_SCALE_AUTO));
    assert_true(is_log(short_decay, 1000, GRADUS_SCALE_LOG));
    assert_true(is_log(steps, 1000, GRADUS_SCALE_AUTO));
    assert_false(is_log(warm, 1000, GRADUS_SCALE_AUTO));
    assert_false(is_log(flat, 1000, GRADUS_SCALE_AUTO));
    assert_false(is_log(low, 1000, GRADUS_SCALE_AUTO)); /* a value below 0 */
    memset(flat, 0, sizeof flat);
    assert_false(is_log(flat, 1000, GRADUS_SCALE_LOG)); /* nothing above 0 */
    assert_false(is_log(flat, 0, GRADUS_SCALE_LOG));
}

/* The last stretch of a fall to nothing does not take the picture. */
static void test_log_range(void **state)
{
    (void)state;
    double y[1000];
    static double x[1000];
    for (int i = 0; i < 1000; i++) x[i] = i, y[i] = i < 995 ? pow(10, -i / 200.0) : i < 999 ? 1e-200 : 0;
    gradus_curve curve = {.x = x, .y = y, .count = 1000};
    gradus_plot plot = {.curves = &curve, .count = 1};
    plot_range range = gradus_plot_range_y(&plot);
    assert_true(range.log);
    assert_true(range.low > 1e-7 && range.low < 1e-5);
    check_close(range.high, 1, 0, 0);
    for (int i = 995; i < 1000; i++) y[i] = y[994];
    range = gradus_plot_range_y(&plot);
    check_close(range.low, y[994], 0, 0);
}

static void assert_ticks(plot_range range, int32_t most, const char *expected)
{
    plot_tick ticks[PLOT_TICKS];
    char all[1024] = "";
    int32_t count = gradus_plot_ticks(&range, most, ticks);
    for (int32_t i = 0; i < count; i++) {
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i ? " " : "", ticks[i].text);
        assert_true(ticks[i].value >= range.low * (1 - 1e-9) || range.low < 0);
    }
    assert_string_equal(all, expected);
}

static void test_ticks(void **state)
{
    (void)state;
    assert_ticks((plot_range){.low = 0, .high = 0.1}, 6, "0 0.02 0.04 0.06 0.08 0.1");
    assert_ticks((plot_range){.low = 0, .high = 0.1}, 5, "0 0.05 0.1");
    assert_ticks((plot_range){.low = 0, .high = 0.3}, 8, "0 0.05 0.1 0.15 0.2 0.25 0.3");
    assert_ticks((plot_range){.low = -0.3, .high = 0.1}, 6, "-0.3 -0.2 -0.1 0 0.1");
    assert_ticks((plot_range){.low = 0, .high = 9999}, 6, "0 2000 4000 6000 8000");
    assert_ticks((plot_range){.low = 0, .high = 35190}, 8, "0 5k 10k 15k 20k 25k 30k 35k");
    assert_ticks((plot_range){.low = 0, .high = 1.6e6}, 5, "0 500k 1M 1.5M");
    assert_ticks((plot_range){.low = 0, .high = 4e9}, 5, "0 1B 2B 3B 4B");
    assert_ticks((plot_range){.low = 0, .high = 3}, 11, "0 0.5 1 1.5 2 2.5 3");
    assert_ticks((plot_range){.low = 0, .high = 3, .whole = true}, 11, "0 1 2 3");
    assert_ticks((plot_range){.low = 2e-7, .high = 9e-7}, 4, "2e-7 4e-7 6e-7 8e-7");
    assert_ticks((plot_range){.low = 1e-6, .high = 1, .log = true}, 8, "1e-6 1e-5 1e-4 0.001 0.01 0.1 1");
    assert_ticks((plot_range){.low = 1e-6, .high = 1, .log = true}, 4, "1e-6 1e-4 0.01 1");
    assert_ticks((plot_range){.low = 0.02, .high = 2, .log = true}, 8, "0.02 0.05 0.1 0.2 0.5 1 2");
    assert_ticks((plot_range){.low = 0.012, .high = 0.018, .log = true}, 4, "0.012 0.014 0.016 0.018");
}

/* ---- along a curve ---- */

typedef struct trace {
    int64_t count, first, alone;
    double low, high, x, y;
} trace;

static void follow(void *user, double x, double y, plot_corner corner)
{
    trace *t = user;
    t->first += corner == PLOT_FIRST;
    t->alone += corner == PLOT_ALONE;
    t->low = t->count ? fmin(t->low, y) : y;
    t->high = t->count ? fmax(t->high, y) : y;
    t->count++;
    assert_true(t->count == 1 || x >= t->x);
    t->x = x, t->y = y;
}

static trace walk(gradus_curve curve, int32_t columns)
{
    trace t = {0};
    gradus_plot plot = {.curves = &curve, .count = 1};
    plot_range x = gradus_plot_range_x(&plot);
    gradus_plot_walk(&curve, &x, columns, follow, &t);
    return t;
}

static void test_walk(void **state)
{
    (void)state;
    enum { MANY = 100000 };
    double *x = calloc(MANY, sizeof *x), *y = calloc(MANY, sizeof *y);
    for (int i = 0; i < MANY; i++) x[i] = i, y[i] = i % 2;
    y[77777] = 5; /* one spike is not lost */
    y[MANY - 1] = 0.25;
    trace t = walk((gradus_curve){.x = x, .y = y, .count = MANY}, 100);
    assert_true(t.count >= 200 && t.count <= 404);
    check_close(t.high, 5, 0, 0);
    check_close(t.y, 0.25, 0, 0);
    check_close(t.x, MANY - 1, 0, 0);
    assert_int_equal(t.first, 1);
    free(x);
    free(y);
    static const double few[] = {1, 3, NAN, 4, INFINITY, 2, 2}, dots[] = {1, 1, 2};
    t = walk((gradus_curve){CURVE(count_up, few)}, 1000);
    assert_int_equal(t.count, 5);
    assert_int_equal(t.first, 2); /* 1 to 3, and 2 to 2 */
    assert_int_equal(t.alone, 1); /* 4 */
    t = walk((gradus_curve){CURVE(count_up, few), .style = GRADUS_CURVE_STEPS}, 1000);
    assert_int_equal(t.count, 6); /* one corner more, before the rise to 3 */
    t = walk((gradus_curve){CURVE(count_up, few), .style = GRADUS_CURVE_STEPS}, 10);
    assert_int_equal(t.count, 5); /* too narrow for a step */
    t = walk((gradus_curve){CURVE(count_up, dots), .style = GRADUS_CURVE_DOTS}, 1000);
    assert_int_equal(t.alone, 3);
}

/* ---- whatever the numbers are ---- */

static void assert_drawn(const gradus_plot *plot)
{
    for (int look = 0; look < 4; look++) {
        print(plot, &(gradus_plot_look){.width = 30 + 31 * look, .unicode = look % 2, .color = look > 1});
        assert_null(strstr(text, "nan"));
        assert_null(strstr(text, "inf"));
    }
    svg(plot);
    assert_null(strstr(text, "nan"));
    assert_null(strstr(text, "inf"));
    assert_null(strstr(text, "-0\""));
    assert_non_null(strstr(text, "</svg>\n"));
}

static void test_any_numbers(void **state)
{
    (void)state;
    static const double odd[] = {0,        -0.0,   1,       -1,        NAN,    INFINITY,   -INFINITY,   DBL_MAX,
                                 -DBL_MAX, 5e-324, DBL_MIN, 1 + 1e-15, 1e-300, 1e15 + 0.5, 0.1 + 1e-17, 3};
    enum { ODD = sizeof odd / sizeof *odd, MOST = 6 };
    for (uint64_t seed = 0; seed < 1000; seed++) {
        double x[MOST], y[MOST], at = odd[gradus_random_bits(seed, 0, 0) % ODD];
        int64_t count = (int64_t)(gradus_random_bits(seed, 0, 1) % (MOST + 1));
        for (uint64_t i = 0; i < MOST; i++) {
            x[i] = at;
            at += gradus_random_unit(seed, 1, i);
            y[i] = odd[gradus_random_bits(seed, 2, i) % ODD];
        }
        gradus_curve curves[] = {{.x = x, .y = y, .count = count, .style = (int32_t)(seed % 3)},
                                 {.x = x, .y = y, .count = count / 2, .name = "b"}};
        assert_drawn(&(gradus_plot){.curves = curves,
                                    .count = (int32_t)(seed / 9 % 3),
                                    .x_scale = (int32_t)(seed / 27 % 3),
                                    .y_scale = (int32_t)(seed / 3 % 3),
                                    .from_zero = seed % 2});
    }
}

static void test_flat(void **state)
{
    (void)state;
    static const double zero[] = {0, 0, 0}, tenth[] = {0.1, 0.1, 0.1 + 1e-16}, below[] = {-2, -2, -2};
    gradus_curve curve = {CURVE(count_up, zero)};
    gradus_plot plot = {.curves = &curve, .count = 1};
    plot_range range = gradus_plot_range_y(&plot);
    check_close(range.low, 0, 0, 0);
    check_close(range.high, 1, 0, 0);
    curve.y = tenth;
    range = gradus_plot_range_y(&plot);
    check_close(range.low, 0, 0, 0);
    check_close(range.high, 0.1, 1e-15, 0);
    curve.y = below;
    range = gradus_plot_range_y(&plot);
    check_close(range.low, -2, 0, 0);
    check_close(range.high, 0, 0, 0);
    curve.count = 1;
    range = gradus_plot_range_x(&plot);
    check_close(range.high, range.low + 1, 0, 0);
}

static void test_numbers(void **state)
{
    (void)state;
    plot_text out = {.write = keep};
    text[length = 0] = 0;
    static const double numbers[] = {-0.001, 0.004, 1.005, -2.5, 1e6};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        gradus_plot_put_number(&out, numbers[i], 2);
        gradus_plot_put(&out, " ");
    }
    assert_string_equal(text, "0 0 1 -2.5 1000000 "); /* 1.005 is a little less */
}

/* ---- SVG ---- */

static void test_svg(void **state)
{
    (void)state;
    static const double x[] = {0, 10}, y[] = {0, 2}, dot[] = {1, 2};
    gradus_curve curves[] = {
        {CURVE(x, y),
         .name = "a < b & \"c\"\x01\xff\xe2\x82\xac\xef\xbf\xbe\xed\xa0\x80\xc0\xaf\xf4\x90\x80\x80\xe2\x82"},
        {CURVE(x, dot), .style = GRADUS_CURVE_DOTS, .name = "dots"}};
    gradus_plot plot = {.curves = curves, .count = 2, .title = "<t>", .x_title = "updates", .y_title = "rate"};
    svg(&plot);
    assert_non_null(strstr(text, "<title>&lt;t></title>"));
    const char *name = strstr(text, ">a &lt; b &amp; \"c\"??\u20ac");
    assert_non_null(name);
    name = strchr(name, '?') + 2 + strlen("\u20ac");
    assert_int_equal(strspn(name, "?"), 14); /* one for each byte that XML may not hold */
    assert_int_equal(name[14], '<');
    assert_non_null(strstr(text, " d=\"M72 400L832 53.85\"/>")); /* 0 is the floor; 4 % of room above 2 */
    assert_non_null(strstr(text, "r=\"4\" cx=\"832\" cy=\"53.85\""));
    assert_non_null(strstr(text, "prefers-color-scheme: dark"));
    curves[0].count = 0; /* nothing is no error */
    assert_non_null(strstr(svg(&plot), " d=\"\"/>"));
    assert_null(strstr(text, "dasharray"));
    curves[1].style = GRADUS_CURVE_LINE; /* the second line differs by more than its colour */
    assert_non_null(strstr(svg(&plot),
                           "stroke=\"#d55e00\" stroke-width=\"2\" stroke-linecap=\"round\" stroke-linejoin=\"round\" "
                           "stroke-dasharray=\"7 5\""));
    char long_name[700];
    memset(long_name, 'x', sizeof long_name);
    long_name[699] = 0;
    curves[0].name = long_name;
    long_name[108] = 0;
    assert_null(strstr(svg(&plot), "x ...<"));
    long_name[108] = 'x';
    svg(&plot);
    assert_non_null(strstr(text, ">xxx"));
    assert_int_equal(strstr(text, " ...<") - strstr(text, ">xxx"), 109);
}

static void test_writer_refuses(void **state)
{
    (void)state;
    gradus_plot plot = {0};
    gradus_error error = {0};
    assert_int_equal(gradus_plot_print(&plot, NULL, refuse, NULL, &error), GRADUS_ERROR_WRITE);
    text[length = 0] = 0;
    assert_int_equal(gradus_plot_print(&plot, NULL, keep, NULL, &error), GRADUS_ERROR_WRITE); /* sticky */
    assert_int_equal(gradus_plot_svg(&plot, keep, NULL, &error), GRADUS_ERROR_WRITE);
    assert_int_equal(length, 0);
    error = (gradus_error){0};
    assert_int_equal(gradus_plot_svg(&plot, refuse, NULL, &error), GRADUS_ERROR_WRITE);
    assert_int_equal(gradus_plot_svg(&plot, refuse, NULL, NULL), GRADUS_ERROR_WRITE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_braille),     cmocka_unit_test(test_ascii),     cmocka_unit_test(test_several),
        cmocka_unit_test(test_color),       cmocka_unit_test(test_says_log),  cmocka_unit_test(test_width),
        cmocka_unit_test(test_scale),       cmocka_unit_test(test_log_range), cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_ticks),       cmocka_unit_test(test_walk),      cmocka_unit_test(test_flat),
        cmocka_unit_test(test_any_numbers), cmocka_unit_test(test_svg),       cmocka_unit_test(test_writer_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
