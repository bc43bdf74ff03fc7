/* plot_canvas.h - a canvas of characters: braille dots or ASCII marks, each cell with the curve that it shows. */
#ifndef GRADUS_REPORT_PLOT_CANVAS_H
#define GRADUS_REPORT_PLOT_CANVAS_H
#include "plot.h"

typedef struct plot_cell {
    uint8_t dots;  /* of a braille character */
    char mark;     /* stands on top; 0: none */
    int16_t curve; /* the topmost one here, from 1; 0: empty */
} plot_cell;

typedef struct plot_canvas {
    int32_t columns, rows;
    bool unicode;
    plot_cell *cells; /* rows times columns, from the upper left */
} plot_canvas;

bool gradus_canvas_open(plot_canvas *canvas, int32_t columns, int32_t rows, bool unicode); /* false: no memory */
void gradus_canvas_close(plot_canvas *canvas);

/* Dots in a row and in a column of a cell: 2 and 4 of braille, else 1. */
int32_t gradus_canvas_across(const plot_canvas *canvas);
int32_t gradus_canvas_down(const plot_canvas *canvas);

/* Draws from dot to dot, both included; dots are counted from the upper left, and those outside are not drawn. */
void gradus_canvas_line(plot_canvas *canvas, int32_t curve, int64_t x0, int64_t y0, int64_t x1, int64_t y1);
plot_cell *gradus_canvas_cell(const plot_canvas *canvas, int32_t column, int32_t row);

/* A row of cells, without the spaces at its end. */
void gradus_canvas_put_row(const plot_canvas *canvas, int32_t row, bool color, plot_text *text);
/* The start of the colour of a curve, the end of any colour; nothing without colour. */
void gradus_canvas_color(plot_text *text, int32_t curve, bool color);
void gradus_canvas_plain(plot_text *text, bool color);

#endif
