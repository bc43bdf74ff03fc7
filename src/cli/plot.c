/* Plots of every verb: on this terminal, and into the files that --svg and --png name. */
#include "plot.h"
#include <stdlib.h>

void cli_points_add(cli_points *points, double x, double y)
{
    if (points->count == points->room) {
        int64_t room = points->room ? 2 * points->room : 256;
        double *larger_x = realloc(points->x, (size_t)room * sizeof *larger_x);
        if (larger_x) points->x = larger_x;
        double *larger_y = larger_x ? realloc(points->y, (size_t)room * sizeof *larger_y) : NULL;
        if (larger_y) points->y = larger_y;
        points->failed = points->failed || !larger_y;
        if (points->failed) return;
        points->room = room;
    }
    points->x[points->count] = x;
    points->y[points->count++] = y;
}

void cli_points_back(cli_points *points, double x)
{
    while (points->count && points->x[points->count - 1] >= x) points->count--;
}

void cli_points_clear(cli_points *points)
{
    free(points->x);
    free(points->y);
    *points = (cli_points){0};
}

void cli_plot_print(const cli_call *call, const gradus_plot *plot, bool titled)
{
    gradus_error error = {0}; /* a reader that went away is found out at the end, as everywhere */
    gradus_plot_look look = {.width = call->terminal.width,
                             .y_title = titled,
                             .unicode = call->terminal.unicode,
                             .color = call->terminal.output_color};
    gradus_plot_print(plot, &look, cli_write, stdout, &error);
}

cli_exit cli_plot_save(const cli_call *call, const gradus_plot *plot)
{
    static const char *const options[] = {[GRADUS_PICTURE_SVG] = "svg", [GRADUS_PICTURE_PNG] = "png"};
    for (int picture = 0; picture < 2; picture++) {
        gradus_error error = {0};
        const char *path = cli_value(call, options[picture]);
        if (!path) continue;
        if (gradus_plot_save(plot, (gradus_picture)picture, path, &error))
            return cli_error(call, call->verb->name, &error);
    }
    return CLI_DONE;
}
