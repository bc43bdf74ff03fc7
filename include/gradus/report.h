/* gradus/report.h - pictures of what a run does: a plot is data, and three drawings of it: text for a terminal, SVG, PNG.
 *
 * Nothing here prints: drawings go to the caller's writer, or to a file that is written aside and renamed. */
#ifndef GRADUS_REPORT_H
#define GRADUS_REPORT_H
#include "train.h"
#ifdef __cplusplus
extern "C" {
#endif

/* ---- plots -----------------------------------------------------------------------------------------------------------
 * Filled in by the caller with designated initialisers and never kept. Whatever the numbers are, there is a picture: a value that is
 * not finite is a gap, a curve without a value is empty, one value is a dot, a flat curve is a line between 0 and itself. */

typedef enum gradus_scale {
    GRADUS_SCALE_AUTO,                  /* along y: logarithmic where the values ask for it, as gradus_plot_is_log says; along x: linear */
    GRADUS_SCALE_LINEAR,
    GRADUS_SCALE_LOG                    /* where there is a value above 0; what is not lies on the lower edge        */
} gradus_scale;

typedef enum gradus_curve_style {
    GRADUS_CURVE_LINE,                  /* straight from point to point                                              */
    GRADUS_CURVE_STEPS,                 /* a value holds until the next x                                            */
    GRADUS_CURVE_DOTS                   /* a mark at each point                                                      */
} gradus_curve_style;

typedef struct gradus_curve {
    const char   *name;                 /* for the legend; NULL: not in it                                           */
    const double *x, *y;                /* count numbers each; x does not fall                                       */
    int64_t       count;
    int32_t       style;                /* enum gradus_curve_style                                                   */
    int32_t       reserved0;
} gradus_curve;

typedef struct gradus_plot {
    const char         *title;          /* of SVG and PNG; NULL: none                                                */
    const char         *x_title, *y_title;      /* "updates", "rate"; NULL: none. A logarithmic axis says so itself  */
    const gradus_curve *curves;         /* the first is drawn on top                                                 */
    int32_t             count;
    int32_t             x_scale, y_scale;       /* enum gradus_scale                                                 */
    bool                from_zero;      /* a linear y axis reaches down to 0, however far above it the values lie: for rates */
    bool                x_whole;        /* no ticks between whole numbers: for updates                               */
} gradus_plot;

/* Whether y is drawn on a logarithmic scale. GRADUS_SCALE_AUTO: when no value is below 0, the largest is 1000 times the smallest above
 * 0 or more, and 300 times that which a tenth of the picture's width lies below: a decay over decades, not one that ends in 0. */
bool gradus_plot_is_log(const gradus_plot *plot);

/* ---- text for a terminal ---- */

typedef struct gradus_plot_look {
    int32_t width;                      /* columns that a line may take; 0: 80; at least 20                          */
    int32_t height;                     /* rows of the canvas at most; 0: what suits the width; at least 3           */
    bool    unicode;                    /* braille; else ASCII                                                       */
    bool    color;                      /* ANSI colours                                                              */
    bool    y_title;                    /* the title of y stands above also where the axis is linear                 */
} gradus_plot_look;

/* Draws the plot as lines of text: the canvas with its axes, and where there is more than one curve a legend. Curves are told apart by
 * digits that stand on them, with colour or without. look NULL: 80 columns of ASCII. GRADUS_ERROR_WRITE: the writer refused;
 * GRADUS_ERROR_MEMORY. */
gradus_status gradus_plot_print(const gradus_plot *plot, const gradus_plot_look *look, gradus_write *write, void *user, gradus_error *error);

/* ---- pictures ---- */

/* Writes one SVG document that needs nothing else and is readable on light and on dark ground. GRADUS_ERROR_WRITE: the writer refused. */
gradus_status gradus_plot_svg(const gradus_plot *plot, gradus_write *write, void *user, gradus_error *error);

/* Has gnuplot draw a PNG and writes that. Runs a process and waits for it. GRADUS_ERROR_UNSUPPORTED: there is no gnuplot, and the
 * message names the package; GRADUS_ERROR_FILE: it failed; GRADUS_ERROR_WRITE, GRADUS_ERROR_MEMORY. */
gradus_status gradus_plot_png(const gradus_plot *plot, gradus_write *write, void *user, gradus_error *error);

typedef enum gradus_picture { GRADUS_PICTURE_SVG, GRADUS_PICTURE_PNG } gradus_picture;

/* Draws the plot into the file `path`: beside its place and renamed, so that nobody ever sees half of it; what is no regular file (a
 * pipe, a device, a link) is written as it is. GRADUS_ERROR_FILE: it cannot be written; what stood there before stays. */
gradus_status gradus_plot_save(const gradus_plot *plot, gradus_picture picture, const char *path, gradus_error *error);

#ifdef __cplusplus
}
#endif
#endif
