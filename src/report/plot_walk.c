/* The way along a curve, with no more corners than a picture can show, and the small things that all drawings write alike. */
#include "plot.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- along a curve ---- */

enum { STEP = 3 }; /* columns that make a step */

typedef struct point {
    double x, y;
} point;

typedef struct walk {
    const gradus_curve *curve;
    const plot_range *x;
    int32_t columns;
    plot_visit *visit;
    void *user;
    bool open;               /* a piece of the curve has begun */
    bool alone;              /* and has come no further */
    point at;                /* where it has come to */
    int32_t column;          /* what is held back belongs to it */
    point low, high, latest; /* held back, of this column */
} walk;

/* Steps too narrow to be seen are drawn as a slope. */
static bool is_step(const walk *w, double x)
{
    if (w->curve->style != GRADUS_CURVE_STEPS) return false;
    return (gradus_plot_place(w->x, x) - gradus_plot_place(w->x, w->at.x)) * w->columns >= STEP;
}

static void go(walk *w, point to)
{
    if (w->open && w->at.x == to.x && w->at.y == to.y) return;
    if (w->open && w->alone) w->visit(w->user, w->at.x, w->at.y, PLOT_FIRST);
    bool step = w->open && is_step(w, to.x);
    if (step) w->visit(w->user, to.x, w->at.y, PLOT_NEXT);
    if (w->open && (!step || to.y != w->at.y)) w->visit(w->user, to.x, to.y, PLOT_NEXT);
    w->alone = !w->open;
    w->open = true;
    w->at = to;
}

/* What is held back of the column, in the order in which it came. */
static void let_go(walk *w)
{
    if (!w->open) return;
    bool low_first = w->low.x < w->high.x;
    go(w, low_first ? w->low : w->high);
    go(w, low_first ? w->high : w->low);
    go(w, w->latest);
}

static void step(walk *w, point to)
{
    int32_t column = (int32_t)(gradus_plot_place(w->x, to.x) * w->columns);
    if (w->open && column == w->column) {
        if (to.y < w->low.y) w->low = to;
        if (to.y > w->high.y) w->high = to;
    } else {
        let_go(w);
        go(w, to);
        w->column = column;
        w->low = w->high = to;
    }
    w->latest = to;
}

static void end_piece(walk *w)
{
    let_go(w);
    if (w->open && w->alone) w->visit(w->user, w->at.x, w->at.y, PLOT_ALONE);
    w->open = false;
}

void gradus_plot_walk(const gradus_curve *curve, const plot_range *x, int32_t columns, plot_visit *visit, void *user)
{
    walk w = {.curve = curve, .x = x, .columns = columns, .visit = visit, .user = user};
    for (int64_t i = 0; i < curve->count; i++) {
        point to = {curve->x[i], curve->y[i]};
        bool there = isfinite(to.x) && isfinite(to.y);
        if (there) step(&w, to);
        if (!there || curve->style == GRADUS_CURVE_DOTS) end_piece(&w);
    }
    end_piece(&w);
}

/* ---- text ---- */

static void put_bytes(plot_text *text, const char *bytes, size_t size)
{
    if (!text->failed && size && text->write(text->user, bytes, size) != 0) text->failed = true;
}

void gradus_plot_put(plot_text *text, const char *format, ...)
{
    char line[4096];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    put_bytes(text, line, length < 0 ? 0 : length < (int)sizeof line ? (size_t)length : sizeof line - 1);
}

void gradus_plot_put_text(plot_text *text, const char *whole) { put_bytes(text, whole, strlen(whole)); }

void gradus_plot_put_number(plot_text *text, double number, int32_t decimals)
{
    char digits[PLOT_SHORT];
    double unit = pow(10, decimals), rounded = round(number * unit) / unit;
    put_bytes(text, digits, gradus_number_print(rounded == 0 ? 0 : rounded, digits)); /* no -0 */
}

gradus_status gradus_plot_end(const plot_text *text, gradus_error *error)
{
    if (!text->failed) return GRADUS_OK;
    return gradus_fail(error, GRADUS_ERROR_WRITE, GRADUS_CODE_INPUT_OUTPUT, "the writer refused the picture");
}

int gradus_plot_to_file(void *file, const void *bytes, size_t size)
{
    return fwrite(bytes, 1, size, file) == size ? 0 : 1;
}

const char *gradus_plot_title(const char *title, const plot_range *range, char *text, size_t size)
{
    const char *scale = range->log ? "log scale" : "";
    snprintf(text, size, "%s%s%s", title ? title : "", title && range->log ? ", " : "", scale);
    return text;
}

const char *gradus_plot_name(const gradus_curve *curve, char text[PLOT_NAME])
{
    enum { MOST = 108 }; /* characters, of at most four bytes */
    int32_t points = 0;
    size_t size = 0;
    for (; curve->name[size] && size < PLOT_NAME - 8; size++) {
        points += ((unsigned char)curve->name[size] & 0xc0) != 0x80;
        if (points > MOST) break;
    }
    snprintf(text, PLOT_NAME, "%.*s%s", (int)size, curve->name, curve->name[size] ? " ..." : "");
    return text;
}

int32_t gradus_plot_named(const gradus_plot *plot)
{
    int32_t count = 0;
    for (int32_t c = 0; c < plot->count; c++) count += plot->curves[c].name != NULL;
    return count;
}

/* After Okabe and Ito 2008, Color universal design: told apart with every kind of colour vision. */
const char *gradus_plot_color(int32_t curve, bool dark)
{
    static const char *const colors[][2] = {{"#0072b2", "#56b4e9"}, {"#d55e00", "#f58a42"}, {"#008f68", "#2fd0a0"},
                                            {"#b8568f", "#e79ac8"}, {"#a87900", "#f0c350"}, {"#555555", "#bbbbbb"}};
    return colors[curve % (int32_t)(sizeof colors / sizeof *colors)][dark];
}
