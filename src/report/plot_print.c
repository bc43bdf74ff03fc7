/* A plot as text for a terminal: braille or ASCII on a canvas whose rows are fitted to the ticks, so that a label stands exactly
 * beside the value that it names. */
#include "plot_canvas.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CURVES = 35, MARKS_A_CURVE = 3 }; /* marks are 1 to 9, a to z */

/* ---- rows: equally far apart, some of them at ticks ---- */

typedef struct grid {
    double unit;                       /* between rows, in decades on a logarithmic range */
    int64_t top, count;                /* the value of the top row in units, how many rows */
    int32_t every, mantissa, exponent; /* each `every`-th unit is a tick; 0: ticks lie anywhere */
} grid;

/* How far a grid is from what one would like: as many rows as there may be, about five labels and three at least,
 * more on a tall one, none next to another. */
static double distance(const grid *g, int32_t most)
{
    int64_t bottom = g->top - g->count + 1;
    int64_t labels = (int64_t)(floor((double)g->top / g->every) - ceil((double)bottom / g->every)) + 1;
    if (g->count > most || labels < 2) return INFINITY;
    double wanted = fmax(5, most / 2.75);
    return 0.5 * (double)(most - g->count) + 0.3 * fabs((double)labels - wanted) + (labels < 3 ? 1.5 : 0) +
           (g->every == 1 ? 1.5 : 0);
}

static grid make_grid(const plot_range *range, int32_t mantissa, int32_t exponent, int32_t every)
{
    double low = gradus_plot_measure(range, range->low), high = gradus_plot_measure(range, range->high);
    grid g = {.unit = mantissa * pow(10, exponent) / every, .every = every, .mantissa = mantissa, .exponent = exponent};
    double top = ceil(high / g.unit - 1e-6), bottom = floor(low / g.unit + 1e-6);
    if (fabs(top) > 1e15 || fabs(bottom) > 1e15) return (grid){.count = INT32_MAX, .every = every};
    g.top = (int64_t)top;
    g.count = (int64_t)(top - bottom) + 1;
    return g;
}

static grid fit_grid(const plot_range *range, int32_t most)
{
    static const int32_t mantissas[] = {1, 2, 5};
    double low = gradus_plot_measure(range, range->low), high = gradus_plot_measure(range, range->high);
    grid best = {.unit = (high - low) / (most - 1), .count = most};
    double nearest = range->log ? 4 : INFINITY; /* few powers of ten leave many rows unused */
    int32_t first = range->log ? 0 : (int32_t)floor(log10(high - low)) - 3;
    for (int32_t exponent = first; exponent < first + 6; exponent++)
        for (int32_t i = 0; i < 3; i++)
            for (int32_t every = 1; every <= 10; every++) {
                grid g = make_grid(range, mantissas[i], exponent, every);
                double far = distance(&g, most);
                if (far < nearest) nearest = far, best = g;
            }
    return best;
}

/* The row of a value, 0 the top one; fractions are between rows. */
static double row_of(const grid *g, const plot_range *range, double value)
{
    double high = g->every ? (double)g->top * g->unit : gradus_plot_measure(range, range->high);
    double row = (high - gradus_plot_measure(range, value)) / g->unit;
    return fmin(fmax(row, 0), (double)g->count - 1);
}

/* ---- the picture ---- */

typedef struct picture {
    const gradus_plot *plot;
    plot_range x, y;
    grid rows;
    plot_canvas canvas;
    gradus_plot_look look;
    int32_t margin; /* columns before the axis */
    char (*labels)[PLOT_SHORT];
    int32_t curve; /* being drawn */
    int64_t from_x, from_y;
    plot_text *text;
} picture;

static void label_row(picture *p, int32_t row, const plot_tick *tick)
{
    if (!isfinite(tick->value) || (p->y.log && tick->value <= 0)) return; /* a row beyond the numbers */
    snprintf(p->labels[row], PLOT_SHORT, "%s", tick->text);
    int32_t width = (int32_t)strlen(tick->text);
    if (width + 1 > p->margin) p->margin = width + 1;
}

static void label_rows(picture *p)
{
    plot_tick tick, ticks[PLOT_TICKS];
    const grid *g = &p->rows;
    if (!g->every) {
        int32_t count = gradus_plot_ticks(&p->y, (int32_t)g->count / 2 + 1, ticks);
        for (int32_t i = 0; i < count; i++) label_row(p, (int32_t)lround(row_of(g, &p->y, ticks[i].value)), &ticks[i]);
        return;
    }
    for (int32_t row = 0; row < g->count; row++) {
        int64_t units = g->top - row;
        if (units % g->every != 0) continue;
        int64_t multiple = units / g->every;
        int32_t decade = (int32_t)(g->mantissa * multiple * lround(pow(10, g->exponent)));
        if (p->y.log)
            gradus_plot_tick(&tick, &p->y, 1, 1, decade);
        else
            gradus_plot_tick(&tick, &p->y, multiple, g->mantissa, g->exponent);
        label_row(p, row, &tick);
    }
}

/* ---- curves ---- */

static int64_t dot_x(const picture *p, double x)
{
    int64_t last = (int64_t)p->canvas.columns * gradus_canvas_across(&p->canvas) - 1;
    return llround(gradus_plot_place(&p->x, x) * (double)last);
}

static int64_t dot_y(const picture *p, double y)
{
    int32_t down = gradus_canvas_down(&p->canvas);
    return (int64_t)floor(row_of(&p->rows, &p->y, y) * down + 0.5 * (down - 1) + 0.5);
}

static char dot_mark(const picture *p) { return p->look.unicode ? 'o' : 'O'; }

static void visit(void *user, double x, double y, plot_corner corner)
{
    picture *p = user;
    int64_t to_x = dot_x(p, x), to_y = dot_y(p, y);
    bool goes_on = corner == PLOT_NEXT;
    gradus_canvas_line(&p->canvas, p->curve, goes_on ? p->from_x : to_x, goes_on ? p->from_y : to_y, to_x, to_y);
    p->from_x = to_x, p->from_y = to_y;
    if (p->plot->curves[p->curve].style != GRADUS_CURVE_DOTS) return;
    int32_t column = (int32_t)to_x / gradus_canvas_across(&p->canvas);
    int32_t row = (int32_t)to_y / gradus_canvas_down(&p->canvas);
    gradus_canvas_cell(&p->canvas, column, row)->mark = dot_mark(p);
}

static char mark_of(int32_t curve) { return (char)(curve < 9 ? '1' + curve : 'a' + curve - 9); }

/* Curves of dots look like no other; one line needs no mark. */
static bool has_mark(const picture *p, int32_t curve)
{
    int32_t lines = 0;
    for (int32_t c = 0; c < p->plot->count; c++) lines += p->plot->curves[c].style != GRADUS_CURVE_DOTS;
    return lines > 1 && curve < CURVES && p->plot->curves[curve].style != GRADUS_CURVE_DOTS;
}

/* The row in which the curve crosses the column; -1: it does not, or what can be seen there is another curve. */
static int32_t row_in(const picture *p, int32_t curve, int32_t column)
{
    for (int32_t row = 0; row < p->canvas.rows; row++) {
        const plot_cell *cell = gradus_canvas_cell(&p->canvas, column, row);
        if (cell->curve == curve + 1 && !cell->mark) return row;
    }
    return -1;
}

/* How many rows from there to the next cell of another curve. */
static int32_t clearance(const picture *p, int32_t curve, int32_t column, int32_t at)
{
    int32_t nearest = p->canvas.rows;
    for (int32_t row = 0; row < p->canvas.rows; row++) {
        int32_t other = gradus_canvas_cell(&p->canvas, column, row)->curve, away = row > at ? row - at : at - row;
        if (other && other != curve + 1 && away < nearest) nearest = away;
    }
    return nearest;
}

/* Puts the curve's mark on it in each third of the picture, where it is furthest from the others, and nearest to the middle of that. */
static void mark_curve(picture *p, int32_t curve)
{
    for (int32_t third = 0; third < MARKS_A_CURVE; third++) {
        int32_t from = p->canvas.columns * third / MARKS_A_CURVE, to = p->canvas.columns * (third + 1) / MARKS_A_CURVE;
        double best = -1;
        plot_cell *place = NULL;
        for (int32_t column = from; column < to; column++) {
            int32_t row = row_in(p, curve, column);
            if (row < 0) continue;
            double off = fabs(column - 0.5 * (from + to - 1)) / (to - from);
            double worth = fmin(clearance(p, curve, column, row), 3) + 0.9 * (1 - off);
            if (worth > best) best = worth, place = gradus_canvas_cell(&p->canvas, column, row);
        }
        if (place) place->mark = mark_of(curve);
    }
}

static void draw_curves(picture *p)
{
    int32_t columns = p->canvas.columns * gradus_canvas_across(&p->canvas);
    for (p->curve = p->plot->count - 1; p->curve >= 0; p->curve--)
        gradus_plot_walk(&p->plot->curves[p->curve], &p->x, columns, visit, p);
    for (int32_t curve = 0; curve < p->plot->count; curve++) {
        if (has_mark(p, curve) && p->look.unicode) mark_curve(p, curve);
        for (int32_t i = 0; has_mark(p, curve) && !p->look.unicode && i < p->canvas.rows * p->canvas.columns; i++)
            if (p->canvas.cells[i].curve == curve + 1 && !p->canvas.cells[i].mark)
                p->canvas.cells[i].mark = mark_of(curve);
    }
}

/* ---- the x axis ---- */

typedef struct x_labels {
    plot_tick ticks[PLOT_TICKS];
    int32_t count, column[PLOT_TICKS], start[PLOT_TICKS]; /* both counted from the canvas's first column */
} x_labels;

/* Where each label stands; false: two would touch. */
static bool lay_labels(const picture *p, x_labels *l)
{
    int32_t across = gradus_canvas_across(&p->canvas), end = -2;
    for (int32_t i = 0; i < l->count; i++) {
        int32_t width = (int32_t)strlen(l->ticks[i].text), column = (int32_t)dot_x(p, l->ticks[i].value) / across;
        int32_t start = column - (width - 1) / 2;
        if (start + width > p->canvas.columns) start = p->canvas.columns - width;
        if (start < 0) start = 0;
        if (start < end + 2) return false;
        l->column[i] = column;
        l->start[i] = start;
        end = start + width;
    }
    return true;
}

static void fit_labels(const picture *p, x_labels *l)
{
    int32_t most = p->canvas.columns / 8 + 1;
    for (most = most < PLOT_TICKS ? most : PLOT_TICKS; most > 0; most--) {
        l->count = gradus_plot_ticks(&p->x, most, l->ticks);
        if (lay_labels(p, l)) return;
    }
    l->count = 0;
}

static void put_x_axis(const picture *p, const x_labels *l)
{
    gradus_plot_put(p->text, "%*s%s", (int)p->margin, "", p->look.unicode ? "\u2514" : "+");
    for (int32_t column = 0, next = 0; column < p->canvas.columns; column++) {
        bool tick = next < l->count && l->column[next] == column;
        next += tick;
        gradus_plot_put(p->text, "%s", p->look.unicode ? tick ? "\u252c" : "\u2500" : tick ? "+" : "-");
    }
    gradus_plot_put(p->text, "\n");
}

static void put_x_labels(const picture *p, const x_labels *l)
{
    char title[256];
    gradus_plot_title(p->plot->x_title, &p->x, title, sizeof title);
    bool beside = (int32_t)strlen(title) < p->margin; /* else below */
    int32_t at = beside ? p->margin - 1 : 0, canvas = p->margin + 1;
    gradus_plot_put(p->text, "%*s", (int)at, beside ? title : "");
    for (int32_t i = 0; i < l->count; i++) {
        gradus_plot_put(p->text, "%*s%s", (int)(canvas + l->start[i] - at), "", l->ticks[i].text);
        at = canvas + l->start[i] + (int32_t)strlen(l->ticks[i].text);
    }
    gradus_plot_put(p->text, "\n");
    int32_t middle = canvas + (p->canvas.columns - (int32_t)strlen(title)) / 2;
    if (*title && !beside) gradus_plot_put(p->text, "%*s%s\n", middle > 0 ? (int)middle : 0, "", title);
}

static void put_legend(const picture *p)
{
    for (int32_t c = 0; p->plot->count > 1 && c < p->plot->count; c++) {
        const gradus_curve *curve = &p->plot->curves[c];
        char mark[4] = {has_mark(p, c) ? mark_of(c) : '*', 0};
        if (curve->style == GRADUS_CURVE_DOTS) *mark = dot_mark(p);
        if (!has_mark(p, c) && curve->style != GRADUS_CURVE_DOTS && p->look.unicode) strcpy(mark, "\u2812");
        if (!curve->name) continue;
        gradus_plot_put(p->text, "%*s", (int)p->margin + 1, "");
        gradus_canvas_color(p->text, c, p->look.color);
        gradus_plot_put(p->text, "%s", mark);
        gradus_canvas_plain(p->text, p->look.color);
        gradus_plot_put(p->text, "  ");
        gradus_plot_put_text(p->text, curve->name);
        gradus_plot_put(p->text, "\n");
    }
}

static void put_picture(picture *p)
{
    char title[256];
    x_labels labels;
    fit_labels(p, &labels);
    gradus_plot_title(p->plot->y_title, &p->y, title, sizeof title);
    int32_t indent = p->margin - (int32_t)strlen(title) / 2;
    if (*title && (p->y.log || p->look.y_title))
        gradus_plot_put(p->text, "%*s%s\n", indent > 0 ? (int)indent : 0, "", title);
    for (int32_t row = 0; row < p->canvas.rows; row++) {
        const char *axis = p->look.unicode ? *p->labels[row] ? "\u2524" : "\u2502" : *p->labels[row] ? "+" : "|";
        gradus_plot_put(p->text, "%*s %s", (int)p->margin - 1, p->labels[row], axis);
        gradus_canvas_put_row(&p->canvas, row, p->look.color, p->text);
        gradus_plot_put(p->text, "\n");
    }
    put_x_axis(p, &labels);
    put_x_labels(p, &labels);
    put_legend(p);
}

static int32_t within(int32_t value, int32_t low, int32_t high)
{
    return value < low ? low : value > high ? high : value;
}

gradus_status gradus_plot_print(const gradus_plot *plot, const gradus_plot_look *look, gradus_write *write, void *user,
                                gradus_error *error)
{
    enum { ROWS = 64 };
    char labels[ROWS][PLOT_SHORT] = {{0}};
    if (gradus_failed(error)) return (gradus_status)error->status;
    plot_text text = {.write = write, .user = user};
    picture p = {.plot = plot, .labels = labels, .text = &text};
    if (look) p.look = *look;
    int32_t width = within(p.look.width ? p.look.width : 80, 20, 1000);
    int32_t height = within(p.look.height ? p.look.height : within(width / 8 + 1, 6, 21), 3, ROWS);
    p.x = gradus_plot_range_x(plot);
    p.y = gradus_plot_range_y(plot);
    p.rows = fit_grid(&p.y, height);
    label_rows(&p);
    int32_t title = plot->x_title ? (int32_t)strlen(plot->x_title) : 0;
    if (p.margin < title + 1 && title + 1 < width / 8) p.margin = title + 1;
    if (!gradus_canvas_open(&p.canvas, within(width - p.margin - 2, 4, 1000), (int32_t)p.rows.count, p.look.unicode))
        return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    draw_curves(&p);
    put_picture(&p);
    gradus_canvas_close(&p.canvas);
    return gradus_plot_end(&text, error);
}
