/* A plot as PNG, drawn by gnuplot: a program that draws well and is everywhere, so this project has no painter of its own. It is
 * looked for when a picture is asked for; script, picture and complaints are files without a name, which nobody else can reach. */
#define _XOPEN_SOURCE 700
#include "plot.h"
#include <errno.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WIDTH = 1000, HEIGHT = 520, LINE = 22 };

extern char **environ;

/* ---- the script ---- */

typedef struct script {
    const gradus_plot *plot;
    plot_range x, y;
    plot_text *text;
} script;

/* In single quotes nothing is special to gnuplot but the quote itself, which is doubled; a line end would end the command. */
static void put_quoted(plot_text *out, const char *text)
{
    gradus_plot_put(out, "'");
    for (const char *at = text; *at; at++)
        gradus_plot_put(out, *at == '\'' ? "''" : "%c", (unsigned char)*at < 0x20 ? ' ' : *at);
    gradus_plot_put(out, "'");
}

static void put_number(plot_text *out, double number)
{
    char digits[PLOT_SHORT];
    gradus_number_print(number, digits);
    gradus_plot_put_text(out, digits);
}

static void put_range(const script *s, char axis, const plot_range *range, int32_t most)
{
    plot_tick ticks[PLOT_TICKS];
    int32_t count = gradus_plot_ticks(range, most, ticks);
    if (range->log) gradus_plot_put(s->text, "set logscale %c\n", axis);
    gradus_plot_put(s->text, "set %crange [", axis);
    put_number(s->text, range->low);
    gradus_plot_put(s->text, ":");
    put_number(s->text, range->high);
    gradus_plot_put(s->text, "]\nset %ctics (", axis);
    for (int32_t i = 0; i < count; i++) {
        gradus_plot_put(s->text, "%s'%s' ", i ? ", " : "", ticks[i].text);
        put_number(s->text, ticks[i].value);
    }
    gradus_plot_put(s->text, ")\n");
}

static void put_title(const script *s, const char *name, const char *title)
{
    if (!title || !*title) return;
    gradus_plot_put(s->text, "set %s ", name);
    put_quoted(s->text, title);
    gradus_plot_put(s->text, " noenhanced\n");
}

static void put_point(const script *s, double x, double y)
{
    put_number(s->text, x);
    gradus_plot_put(s->text, " ");
    put_number(s->text, s->y.log ? fmax(y, s->y.low) : y);
    gradus_plot_put(s->text, "\n");
}

static void visit_line(void *user, double x, double y, plot_corner corner)
{
    const script *s = user;
    if (corner == PLOT_FIRST) gradus_plot_put(s->text, "\n"); /* a blank line is a gap */
    if (corner != PLOT_ALONE) put_point(s, x, y);
}

static void visit_dot(void *user, double x, double y, plot_corner corner)
{
    if (corner == PLOT_ALONE) put_point(user, x, y);
}

/* What is a line and what is a dot are two plots to gnuplot; the first that is there stands in the legend. */
static void put_curve(const script *s, int32_t index)
{
    const gradus_curve *curve = &s->plot->curves[index];
    const char *color = gradus_plot_color(index, false);
    char name[PLOT_NAME];
    bool dots = curve->style == GRADUS_CURVE_DOTS;
    if (!dots) {
        gradus_plot_put(s->text, "$line%d with lines linewidth 2 dashtype %d linecolor rgb '%s' title ", (int)index,
                        (int)index % 5 + 1, color);
        put_quoted(s->text, curve->name ? gradus_plot_name(curve, name) : "");
        gradus_plot_put(s->text, ", ");
    }
    gradus_plot_put(s->text, "$dots%d with points pointtype 7 pointsize %s linecolor rgb '%s' title ", (int)index,
                    dots ? "1.5" : "0.6", color);
    put_quoted(s->text, dots && curve->name ? gradus_plot_name(curve, name) : "");
}

static void put_data(const script *s)
{
    for (int32_t c = 0; c < s->plot->count; c++) {
        gradus_plot_put(s->text, "$line%d << END\n", (int)c);
        gradus_plot_walk(&s->plot->curves[c], &s->x, WIDTH, visit_line, (void *)s);
        gradus_plot_put(s->text, "END\n$dots%d << END\n", (int)c);
        gradus_plot_walk(&s->plot->curves[c], &s->x, WIDTH, visit_dot, (void *)s);
        gradus_plot_put(s->text, "END\n");
    }
}

static void put_script(const script *s)
{
    char title[256];
    int32_t named = gradus_plot_named(s->plot);
    gradus_plot_put(s->text,
                    "set terminal pngcairo size %d,%d font 'sans,12' background rgb 'white'\nset encoding utf8\n",
                    WIDTH, HEIGHT + (named > 1 ? (int)named * LINE : 0));
    gradus_plot_put(
        s->text,
        "set border linecolor rgb '#666666'\nset grid linecolor rgb '#dddddd' linetype 1\nset tics nomirror\n");
    if (named > 1)
        gradus_plot_put(s->text, "set key below left Left reverse vertical maxcols 1 noenhanced\n");
    else
        gradus_plot_put(s->text, "set key off\n");
    put_title(s, "title", s->plot->title);
    put_title(s, "xlabel", gradus_plot_title(s->plot->x_title, &s->x, title, sizeof title));
    put_title(s, "ylabel", gradus_plot_title(s->plot->y_title, &s->y, title, sizeof title));
    put_range(s, 'x', &s->x, 11);
    put_range(s, 'y', &s->y, 8);
    put_data(s);
    gradus_plot_put(s->text, "plot ");
    for (int32_t c = 0; c < s->plot->count; c++) {
        gradus_plot_put(s->text, c ? ", " : "");
        put_curve(s, c);
    }
    gradus_plot_put(s->text, s->plot->count ? "\n" : "NaN notitle\n");
}

/* ---- the process ---- */

static gradus_status fail_gnuplot(gradus_error *error, const char *why)
{
    return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_INPUT_OUTPUT, "gnuplot, which draws PNG: %s", why);
}

static gradus_status fail_absent(gradus_error *error)
{
    return gradus_fail(error, GRADUS_ERROR_UNSUPPORTED, GRADUS_CODE_INPUT_OUTPUT,
                       "PNG is drawn by gnuplot, which is not here; install it (Debian and Ubuntu: apt-get install "
                       "gnuplot-nox), or ask for SVG");
}

static gradus_status spawn(int input, int output, int complaints, pid_t *process, gradus_error *error)
{
    char name[] = "gnuplot", defaults[] = "-d", standard[] = "-";
    char *const words[] = {name, defaults, standard, NULL}; /* -d: no settings of the user's own */
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, complaints, STDERR_FILENO);
    int number = posix_spawnp(process, name, &actions, NULL, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (number == ENOENT) return fail_absent(error);
    return number ? fail_gnuplot(error, strerror(number)) : GRADUS_OK;
}

/* Runs gnuplot over the files and waits for it. */
static gradus_status run(FILE *input, FILE *picture, FILE *complaints, gradus_error *error)
{
    pid_t process;
    int status = 0;
    if (spawn(fileno(input), fileno(picture), fileno(complaints), &process, error)) return (gradus_status)error->status;
    while (waitpid(process, &status, 0) < 0)
        if (errno != EINTR) return fail_gnuplot(error, strerror(errno));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return GRADUS_OK;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127) return fail_absent(error); /* where spawn cannot tell */
    char line[160] = "";
    rewind(complaints);
    while (fgets(line, sizeof line, complaints) && !line[strspn(line, " ^\n")])
        continue; /* it begins with blank lines */
    line[strcspn(line, "\n")] = 0;
    return fail_gnuplot(error, *line ? line : "it ended before its time");
}

static gradus_status pass_on(FILE *picture, plot_text *to, gradus_error *error)
{
    static const unsigned char signature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    unsigned char bytes[16384];
    rewind(picture);
    size_t size = fread(bytes, 1, sizeof bytes, picture);
    if (size < sizeof signature || memcmp(bytes, signature, sizeof signature) != 0)
        return fail_gnuplot(error, "what it wrote is no picture");
    for (; size && !to->failed; size = fread(bytes, 1, sizeof bytes, picture))
        if (to->write(to->user, bytes, size) != 0) to->failed = true;
    return gradus_plot_end(to, error);
}

static gradus_status draw(const gradus_plot *plot, FILE *input, FILE *picture, FILE *complaints, plot_text *to,
                          gradus_error *error)
{
    plot_text text = {.write = gradus_plot_to_file, .user = input};
    plot_range y = gradus_plot_range_y(plot);
    script s = {.plot = plot, .x = gradus_plot_range_x(plot), .y = gradus_plot_room(&y), .text = &text};
    put_script(&s);
    if (text.failed || fflush(input) != 0 || fseek(input, 0, SEEK_SET) != 0)
        return fail_gnuplot(error, "its script cannot be written");
    if (run(input, picture, complaints, error)) return (gradus_status)error->status;
    return pass_on(picture, to, error);
}

gradus_status gradus_plot_png(const gradus_plot *plot, gradus_write *write, void *user, gradus_error *error)
{
    gradus_error own = {0};
    if (!error) error = &own;
    if (error->status) return (gradus_status)error->status;
    plot_text to = {.write = write, .user = user};
    FILE *input = tmpfile(), *picture = tmpfile(), *complaints = tmpfile();
    if (input && picture && complaints)
        draw(plot, input, picture, complaints, &to, error);
    else
        fail_gnuplot(error, "there is no room for temporary files");
    if (input) fclose(input);
    if (picture) fclose(picture);
    if (complaints) fclose(complaints);
    return (gradus_status)error->status;
}
