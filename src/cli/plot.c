/* Plots of every verb: on this terminal, and into the files that --svg and --png name. */
#include "plot.h"

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
