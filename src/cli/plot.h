/* How every verb shows a plot: on the terminal and in files. */
#ifndef GRADUS_CLI_PLOT_H
#define GRADUS_CLI_PLOT_H
#include "cli.h"
#include "gradus/report.h"

/* Points of a curve that are told one after the other. */
typedef struct cli_points {
    double *x, *y;
    int64_t count, room;
    bool failed; /* out of memory: it is no curve */
} cli_points;
void cli_points_add(cli_points *points, double x, double y);
void cli_points_back(cli_points *points, double x); /* forgets those from x on: what was done anew takes their place */
void cli_points_clear(cli_points *points);

/* On stdout, as wide as the terminal. `titled`: the title of y is more than one would guess. */
void cli_plot_print(const cli_call *call, const gradus_plot *plot, bool titled);

/* Into the files that --svg and --png name, if they are given. What goes wrong has been reported. */
cli_exit cli_plot_save(const cli_call *call, const gradus_plot *plot);

/* What the rate of a run did: on stdout, unless that is for JSON or for nothing, and in the files asked for. */
cli_exit cli_explain_picture(const cli_call *call, const char *folder);

/* Rows of a verb's options. */
#define CLI_PLOT_OPTIONS                                                                    \
    {"svg", "FILE", "draw the picture into a file that browsers show, and documents take"}, \
    {                                                                                       \
        "png", "FILE", "the same as pixels; drawn by gnuplot, if that is installed"         \
    }

#endif
