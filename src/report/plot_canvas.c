/* The canvas that terminal plots are drawn on: cells of two by four braille dots, or of one ASCII mark. */
#include "plot_canvas.h"
#include <stdlib.h>

bool gradus_canvas_open(plot_canvas *canvas, int32_t columns, int32_t rows, bool unicode)
{
    *canvas = (plot_canvas){.columns = columns, .rows = rows, .unicode = unicode};
    canvas->cells = calloc((size_t)columns * (size_t)rows, sizeof *canvas->cells);
    return canvas->cells != NULL;
}

void gradus_canvas_close(plot_canvas *canvas)
{
    free(canvas->cells);
    *canvas = (plot_canvas){0};
}

int32_t gradus_canvas_across(const plot_canvas *canvas) { return canvas->unicode ? 2 : 1; }
int32_t gradus_canvas_down(const plot_canvas *canvas) { return canvas->unicode ? 4 : 1; }

plot_cell *gradus_canvas_cell(const plot_canvas *canvas, int32_t column, int32_t row)
{
    return &canvas->cells[row * canvas->columns + column];
}

static void set_dot(plot_canvas *canvas, int32_t curve, int64_t x, int64_t y)
{
    /* dots 1 2 3 7 of a braille character are its left column, 4 5 6 8 the right one: bit n - 1 of U+2800 + bits */
    static const uint8_t bits[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    int32_t across = gradus_canvas_across(canvas), down = gradus_canvas_down(canvas);
    if (x < 0 || y < 0 || x >= (int64_t)canvas->columns * across || y >= (int64_t)canvas->rows * down) return;
    plot_cell *cell = gradus_canvas_cell(canvas, (int32_t)x / across, (int32_t)y / down);
    cell->dots |= bits[y % down][x % across];
    cell->curve = (int16_t)(curve + 1);
}

/* Bresenham 1965, Algorithm for computer control of a digital plotter. */
void gradus_canvas_line(plot_canvas *canvas, int32_t curve, int64_t x0, int64_t y0, int64_t x1, int64_t y1)
{
    int64_t right = llabs(x1 - x0), down = -llabs(y1 - y0), left_over = right + down;
    while (x0 != x1 || y0 != y1) {
        set_dot(canvas, curve, x0, y0);
        int64_t twice = 2 * left_over;
        if (twice >= down) left_over += down, x0 += x0 < x1 ? 1 : -1;
        if (twice <= right) left_over += right, y0 += y0 < y1 ? 1 : -1;
    }
    set_dot(canvas, curve, x0, y0);
}

/* ---- text ---- */

void gradus_canvas_color(plot_text *text, int32_t curve, bool color)
{
    static const int colors[] = {36, 33, 35, 32, 34, 31}; /* cyan, yellow, magenta, green, blue, red */
    if (color) gradus_plot_put(text, "\033[%dm", colors[curve % (int32_t)(sizeof colors / sizeof *colors)]);
}

void gradus_canvas_plain(plot_text *text, bool color)
{
    if (color) gradus_plot_put(text, "\033[0m");
}

static void put_cell(const plot_canvas *canvas, const plot_cell *cell, plot_text *text)
{
    if (cell->mark)
        gradus_plot_put(text, "%c", cell->mark);
    else if (!cell->curve)
        gradus_plot_put(text, " ");
    else if (canvas->unicode) /* U+2800 to U+28FF in UTF-8 */
        gradus_plot_put(text, "\xe2%c%c", 0xa0 | cell->dots >> 6, 0x80 | (cell->dots & 0x3f));
    else
        gradus_plot_put(text, "*");
}

void gradus_canvas_put_row(const plot_canvas *canvas, int32_t row, bool color, plot_text *text)
{
    int32_t end = canvas->columns, painted = 0;
    while (end > 0 && !gradus_canvas_cell(canvas, end - 1, row)->curve) end--;
    for (int32_t column = 0; column < end; column++) {
        const plot_cell *cell = gradus_canvas_cell(canvas, column, row);
        if (cell->curve && cell->curve != painted) { /* nothing is seen of the colour of spaces */
            gradus_canvas_color(text, cell->curve - 1, color);
            painted = cell->curve;
        }
        put_cell(canvas, cell, text);
    }
    if (painted) gradus_canvas_plain(text, color);
}
