/* Plots as files: whole or not there, with a gnuplot that is here, is not, or fails; whatever is in the way is said. */
#include <sys/stat.h>
#include <glob.h>
#include "gradus/report.h"
#include "check.h"

static char folder[64];
static const double x[] = {0, 1, 2, 3}, y[] = {1, 0.5, NAN, 0.1};
static const gradus_curve curves[] = {
    {.name = "it's \"one\" `two` $three", .x = x, .y = y, .count = 4, .style = GRADUS_CURVE_STEPS},
    {.name = "dots\nand more", .x = x, .y = y, .count = 2, .style = GRADUS_CURVE_DOTS}};
static const gradus_plot plot = {.title = "t'itle", .x_title = "updates", .curves = curves, .count = 2};

static const char *in_folder(const char *name)
{
    static char path[2][128];
    static int turn;
    turn = !turn;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

static size_t read_file(const char *path, char *bytes, size_t size)
{
    FILE *file = fopen(path, "rb");
    if (!file) return 0;
    size_t got = fread(bytes, 1, size - 1, file);
    fclose(file);
    bytes[got] = 0;
    return got;
}

static void write_file(const char *path, const char *bytes)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(bytes, file);
    fclose(file);
}

static void test_svg_file(void **state)
{
    (void)state;
    char bytes[65536];
    gradus_error error = {0};
    const char *path = in_folder("a.svg");
    write_file(path, "what stood there");
    assert_int_equal(gradus_plot_save(&plot, GRADUS_PICTURE_SVG, path, &error), GRADUS_OK);
    size_t size = read_file(path, bytes, sizeof bytes);
    assert_true(size > 1000 && strncmp(bytes, "<svg ", 5) == 0);
    assert_string_equal(bytes + size - 7, "</svg>\n");
    glob_t left;
    assert_int_equal(glob(in_folder(".gradus-*"), 0, NULL, &left), GLOB_NOMATCH);
}

/* A device, a link: they are written, not replaced. */
static void test_what_is_no_file(void **state)
{
    (void)state;
    char bytes[65536];
    struct stat about;
    gradus_error error = {0};
    assert_int_equal(symlink("target.svg", in_folder("link.svg")), 0);
    assert_int_equal(gradus_plot_save(&plot, GRADUS_PICTURE_SVG, in_folder("link.svg"), &error), GRADUS_OK);
    assert_int_equal(lstat(in_folder("link.svg"), &about), 0);
    assert_true(S_ISLNK(about.st_mode));
    assert_true(read_file(in_folder("target.svg"), bytes, sizeof bytes) > 1000);
    assert_int_equal(gradus_plot_save(&plot, GRADUS_PICTURE_SVG, "/dev/full", &error), GRADUS_ERROR_FILE);
    assert_string_equal(error.message, "/dev/full: no space left on device");
    assert_int_equal(lstat("/dev/full", &about), 0);
    assert_true(S_ISCHR(about.st_mode));
}

static void test_not_writable(void **state)
{
    (void)state;
    gradus_error error = {0};
    assert_int_equal(gradus_plot_save(&plot, GRADUS_PICTURE_SVG, in_folder("no/a.svg"), &error), GRADUS_ERROR_FILE);
    assert_non_null(strstr(error.message, "no/a.svg: no such file or directory"));
    error = (gradus_error){0};
    assert_int_equal(gradus_plot_save(&plot, GRADUS_PICTURE_SVG, "/proc/a.svg", &error), GRADUS_ERROR_FILE);
    error = (gradus_error){0};
    assert_int_equal(gradus_plot_save(&plot, GRADUS_PICTURE_SVG, folder, &error), GRADUS_ERROR_FILE); /* a folder */
    assert_int_equal(gradus_plot_save(&plot, GRADUS_PICTURE_SVG, "/proc/a.svg", NULL), GRADUS_ERROR_FILE);
}

static uint32_t big_endian(const char *bytes)
{
    const unsigned char *at = (const unsigned char *)bytes;
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void test_png_file(void **state)
{
    (void)state;
    char bytes[200000];
    gradus_error error = {0};
    gradus_status status = gradus_plot_save(&plot, GRADUS_PICTURE_PNG, in_folder("a.png"), &error);
    if (status == GRADUS_ERROR_UNSUPPORTED) {
        print_message("skipped: %s\n", error.message);
        skip();
    }
    if (status) fail_msg("%s", error.message);
    size_t size = read_file(in_folder("a.png"), bytes, sizeof bytes);
    assert_true(size > 1000);
    assert_memory_equal(bytes, "\x89PNG\r\n\x1a\n", 8);
    assert_int_equal(big_endian(bytes + 16), 1000);         /* width */
    assert_int_equal(big_endian(bytes + 20), 520 + 2 * 22); /* height: two lines of legend */
    gradus_plot nothing = {0};
    assert_int_equal(gradus_plot_save(&nothing, GRADUS_PICTURE_PNG, in_folder("b.png"), &error), GRADUS_OK);
}

/* With a program of our own in gnuplot's place. */
static void assert_png_of(const gradus_plot *of, const char *program, gradus_status expected, const char *message)
{
    char *path = strdup(getenv("PATH"));
    gradus_error error = {0};
    if (program) {
        write_file(in_folder("gnuplot"), program);
        assert_int_equal(chmod(in_folder("gnuplot"), 0755), 0);
    }
    setenv("PATH", folder, 1);
    gradus_status status = gradus_plot_save(of, GRADUS_PICTURE_PNG, in_folder("c.png"), &error);
    setenv("PATH", path, 1);
    free(path);
    unlink(in_folder("gnuplot"));
    assert_int_equal(status, expected);
    if (!strstr(error.message, message)) fail_msg("'%s' does not say '%s'", error.message, message);
    assert_int_not_equal(access(in_folder("c.png"), F_OK), 0);
    glob_t left;
    assert_int_equal(glob(in_folder(".gradus-*"), 0, NULL, &left), GLOB_NOMATCH);
}

static void assert_png_fails(const char *program, gradus_status expected, const char *message)
{
    assert_png_of(&plot, program, expected, message);
}

static void test_gnuplot_fails(void **state)
{
    (void)state;
    assert_png_fails(NULL, GRADUS_ERROR_UNSUPPORTED, "apt-get install gnuplot-nox");
    assert_png_fails("#!/bin/sh\nprintf '\\n   ^\\n  line 3: no such terminal\\n' >&2; exit 1\n", GRADUS_ERROR_FILE,
                     "line 3: no such terminal");
    assert_png_fails("#!/bin/sh\nexit 127\n", GRADUS_ERROR_UNSUPPORTED, "apt-get install gnuplot-nox");
    assert_png_fails("#!/bin/sh\nexit 3\n", GRADUS_ERROR_FILE, "it ended before its time");
    assert_png_fails("#!/bin/sh\nkill -9 $$\n", GRADUS_ERROR_FILE, "it ended before its time");
    assert_png_fails("#!/bin/sh\necho nothing\n", GRADUS_ERROR_FILE, "what it wrote is no picture");
}

/* The script is what gnuplot is told to run: names in quotes, whatever is in them, and no line end that ends a command. */
static void test_script(void **state)
{
    (void)state;
    char program[256], script[65536];
    snprintf(program, sizeof program, "#!/bin/sh\nread=/bin/cat; $read > %s; exit 1\n", in_folder("script"));
    assert_png_fails(program, GRADUS_ERROR_FILE, "it ended before its time");
    assert_true(read_file(in_folder("script"), script, sizeof script) > 500);
    assert_non_null(strstr(script, "set title 't''itle' noenhanced\n"));
    assert_non_null(strstr(script, "title 'it''s \"one\" `two` $three', "));
    assert_non_null(strstr(script, "title 'dots and more'\n"));
    assert_non_null(strstr(script, "$line0 << END\n\n0 1\n1 1\n1 0.5\nEND\n$dots0 << END\n3 0.1\nEND\n"));
    assert_null(strstr(script, "nan"));
    static const double at[] = {0, 1, 2}, falls[] = {1, 1e-6, 0};
    static const gradus_curve falling = {.x = at, .y = falls, .count = 3};
    const gradus_plot decades = {.curves = &falling, .count = 1, .y_scale = GRADUS_SCALE_LOG};
    snprintf(program, sizeof program, "#!/bin/sh\nread=/bin/cat; $read > %s; exit 1\n", in_folder("script"));
    assert_png_of(&decades, program, GRADUS_ERROR_FILE, "it ended before its time");
    assert_true(read_file(in_folder("script"), script, sizeof script) > 500);
    assert_non_null(strstr(script, "set logscale y\n"));
    assert_null(strstr(script, "\n2 0\n")); /* on the lower edge */
}

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/gradus-plot-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"a.svg", "link.svg", "target.svg", "a.png", "b.png", "script"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) unlink(in_folder(names[i]));
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_svg_file), cmocka_unit_test(test_what_is_no_file), cmocka_unit_test(test_not_writable),
        cmocka_unit_test(test_png_file), cmocka_unit_test(test_gnuplot_fails),   cmocka_unit_test(test_script),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
