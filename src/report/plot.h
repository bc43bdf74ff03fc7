/* plot.h - what the three drawings of a plot share: ranges, ticks, the way along a curve, text that is written piece by piece. */
#ifndef GRADUS_REPORT_PLOT_H
#define GRADUS_REPORT_PLOT_H
#include "gradus/base.h"
#include "gradus/report.h"

enum { PLOT_TICKS = 64, PLOT_SHORT = 32, PLOT_NAME = 512 };

/* ---- ranges: from `low` to `high`, which are never equal; of a logarithmic one both are above 0 ---- */

typedef struct plot_range {
    double low, high;
    bool log, whole; /* whole: no ticks between whole numbers */
} plot_range;

plot_range gradus_plot_range_x(const gradus_plot *plot);
plot_range gradus_plot_range_y(const gradus_plot *plot); /* 0 included where the plot asks for it */
/* The same with some room above and below, for drawings whose axes end anywhere. */
plot_range gradus_plot_room(const plot_range *range);
/* Where a value lies, 0 at the low end and 1 at the high one; what lies outside is on the edge. */
double gradus_plot_place(const plot_range *range, double value);
/* log10 on a logarithmic range, the value itself on another. */
double gradus_plot_measure(const plot_range *range, double value);

/* ---- ticks: at 1, 2 or 5 times a power of ten apart, or at powers of ten ---- */

typedef struct plot_tick {
    double value;
    char text[PLOT_SHORT];
} plot_tick;

/* At most `most` of them, which is at most PLOT_TICKS; returns how many. */
int32_t gradus_plot_ticks(const plot_range *range, int32_t most, plot_tick ticks[PLOT_TICKS]);
/* The tick `multiple` * `mantissa` * 10^exponent, exactly rounded, in as few characters as say it: "0.06", "1e-5", "20k", "1.5M". */
void gradus_plot_tick(plot_tick *tick, const plot_range *range, int64_t multiple, int32_t mantissa, int32_t exponent);

/* ---- along a curve ---- */

typedef enum plot_corner {
    PLOT_FIRST, /* nothing connects it with the one before */
    PLOT_NEXT,
    PLOT_ALONE /* nor with another: a value between two gaps, and each point of a curve of dots */
} plot_corner;

/* Calls `visit` for every corner of the curve that can be seen when x is divided into `columns`: of each column the first, the lowest,
 * the highest and the last. */
typedef void plot_visit(void *user, double x, double y, plot_corner corner);
void gradus_plot_walk(const gradus_curve *curve, const plot_range *x, int32_t columns, plot_visit *visit, void *user);

/* ---- text ---- */

typedef struct plot_text {
    gradus_write *write;
    void *user;
    bool failed; /* the writer refused; all that follows is dropped */
} plot_text;

void gradus_plot_put(plot_text *text, const char *format, ...)
    GRADUS_FORMAT(2, 3);                                       /* no numbers with fractions: gradus_plot_put_number */
void gradus_plot_put_text(plot_text *text, const char *whole); /* of any length */
void gradus_plot_put_number(plot_text *text, double number, int32_t decimals);
gradus_status gradus_plot_end(const plot_text *text, gradus_error *error);
int gradus_plot_to_file(void *file, const void *bytes, size_t size); /* a gradus_write into a FILE */

/* "rate, log scale"; `size` bytes. */
const char *gradus_plot_title(const char *title, const plot_range *range, char *text, size_t size);
/* The name of a curve for a legend that has an end: cut after so many characters. */
const char *gradus_plot_name(const gradus_curve *curve, char text[PLOT_NAME]);
int32_t gradus_plot_named(const gradus_plot *plot); /* how many curves the legend has */
/* A colour of the curve that is readable on light, or on dark ground: "#0072b2". */
const char *gradus_plot_color(int32_t curve, bool dark);

#endif
