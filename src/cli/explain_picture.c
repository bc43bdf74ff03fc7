/* The picture of what the rate of a run did: the rate of each update that lasted, and the decisions that were made on the way. */
#include "plot.h"
#include <math.h>
#include <stdlib.h>

typedef struct picture {
    cli_points rates, decisions;
} picture;

static void on_decision(void *user, const gradus_run_decision *decision)
{
    picture *p = user;
    cli_points_add(&p->decisions, (double)decision->update, decision->rate_after);
}

/* Where a run went back, the updates that it made anew take the place of those before. */
static void read_rates(picture *p, gradus_sheet *sheet, gradus_error *error)
{
    int32_t update_column = gradus_sheet_find(sheet, "update"), rate_column = gradus_sheet_find(sheet, "rate");
    double update = 0, rate = 0;
    while (gradus_sheet_next(sheet, true, error)) {
        if (!gradus_sheet_number(sheet, update_column, &update, error)) continue;
        if (!gradus_sheet_number(sheet, rate_column, &rate, error)) continue; /* no update was made */
        cli_points_back(&p->rates, update);
        cli_points_add(&p->rates, update, rate);
    }
    if (p->rates.count) cli_points_add(&p->rates, update + 1, p->rates.y[p->rates.count - 1]); /* it held to the end */
}

static int compare(const void *a, const void *b)
{
    const double *first = a, *second = b;
    return (*first > *second) - (*first < *second);
}

/* Decisions are logged in the order in which they were made, which is not that of updates when a run went back. */
static void sort_decisions(cli_points *decisions)
{
    double(*pairs)[2] = calloc((size_t)decisions->count + 1, sizeof *pairs);
    for (int64_t i = 0; pairs && i < decisions->count; i++)
        pairs[i][0] = decisions->x[i], pairs[i][1] = decisions->y[i];
    if (pairs) qsort(pairs, (size_t)decisions->count, sizeof *pairs, compare);
    for (int64_t i = 0; pairs && i < decisions->count; i++)
        decisions->x[i] = pairs[i][0], decisions->y[i] = pairs[i][1];
    free(pairs);
}

static cli_exit show(const cli_call *call, const char *folder, picture *p)
{
    char title[512];
    sort_decisions(&p->decisions);
    snprintf(title, sizeof title, "rate of %.480s", folder);
    gradus_curve curves[] = {
        {.name = "rate", .x = p->rates.x, .y = p->rates.y, .count = p->rates.count, .style = GRADUS_CURVE_STEPS},
        {.name = "decisions",
         .x = p->decisions.x,
         .y = p->decisions.y,
         .count = p->decisions.count,
         .style = GRADUS_CURVE_DOTS}};
    gradus_plot plot = {.title = title,
                        .x_title = "updates",
                        .y_title = "rate",
                        .curves = curves,
                        .count = p->decisions.count ? 2 : 1,
                        .from_zero = true,
                        .x_whole = true};
    if (!call->json && !call->quiet) cli_plot_print(call, &plot, false);
    return cli_plot_save(call, &plot);
}

cli_exit cli_explain_picture(const cli_call *call, const char *folder)
{
    char path[4200];
    gradus_error error = {0};
    picture p = {0};
    snprintf(path, sizeof path, "%.4000s/measures.csv", folder);
    gradus_sheet *sheet = gradus_sheet_open(path, &error);
    bool wanted = cli_value(call, "svg") || cli_value(call, "png");
    if (!sheet && !wanted && error.code == GRADUS_CODE_NO_FILE) return CLI_DONE; /* without a picture it is told too */
    if (sheet) read_rates(&p, sheet, &error);
    if (!error.status) gradus_run_decisions(folder, on_decision, &p, &error);
    cli_exit status = error.status                           ? cli_error(call, NULL, &error)
                      : p.rates.failed || p.decisions.failed ? cli_fail(call, GRADUS_CODE_MEMORY, NULL, "out of memory")
                                                             : show(call, folder, &p);
    gradus_sheet_close(sheet);
    cli_points_clear(&p.rates);
    cli_points_clear(&p.decisions);
    return status;
}
