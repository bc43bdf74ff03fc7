/* How the progress of a run is written. Nothing here looks at the clock, the
 * terminal or the run, so each line can be tested. */
#include "progress.h"
#include <math.h>
#include <string.h>

const char *cli_duration(double seconds, char text[CLI_SHORT])
{
    if (!(seconds >= 0) || seconds > 1e7) {
        snprintf(text, CLI_SHORT, "-");
        return text;
    }
    long whole = lround(seconds);
    if (whole < 3600)
        snprintf(text, CLI_SHORT, "%ld:%02ld", whole / 60, whole % 60);
    else
        snprintf(text, CLI_SHORT, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
    return text;
}

const char *cli_about(double seconds, char text[CLI_SHORT])
{
    static const struct {
        double seconds;
        const char *name;
    } units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
    size_t i = 0;
    while (i < 3 && seconds < 1.5 * units[i].seconds) i++;
    const double count = round(seconds / units[i].seconds);
    if (seconds < 0.5)
        snprintf(text, CLI_SHORT, "under a second");
    else
        snprintf(text, CLI_SHORT, "about %.0f %s%s", count, units[i].name, count == 1 ? "" : "s");
    return text;
}

const char *cli_seconds(double seconds, char text[CLI_SHORT])
{
    const bool small = seconds < 0.9995;
    snprintf(text, CLI_SHORT, "%.3g %s", small ? 1000 * seconds : seconds, small ? "ms" : "s");
    return text;
}

const char *cli_short_count(double count, const char *mark, char text[CLI_SHORT])
{
    static const char *const letters[] = {"k", "M", "B", "T"};
    int letter = -1;
    for (; count >= 999.5 && letter < 3; count /= 1000) letter++;
    if (letter < 0)
        snprintf(text, CLI_SHORT, "%.0f", count);
    else
        snprintf(text, CLI_SHORT, "%.*f%s%s", count < 99.95 ? 1 : 0, count, mark, letters[letter]);
    return text;
}

const char *cli_long_count(int64_t count, char text[CLI_SHORT])
{
    char digits[CLI_SHORT];
    int length = snprintf(digits, sizeof digits, "%lld", (long long)count), used = 0;
    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0 && digits[i - 1] != '-') text[used++] = ',';
        text[used++] = digits[i];
    }
    text[used] = 0;
    return text;
}

const char *cli_bytes(int64_t bytes, char text[CLI_SHORT])
{
    static const char *const units[] = {"B", "kB", "MB", "GB"};
    double size = (double)bytes;
    int32_t unit = 0;
    while (size >= 999.95 && unit < 3) size /= 1000, unit++;
    int64_t tenths = (int64_t)(size * 10 + 0.5);
    if (unit == 0)
        snprintf(text, CLI_SHORT, "%lld B", (long long)bytes);
    else
        snprintf(text, CLI_SHORT, "%lld.%lld %s", (long long)(tenths / 10), (long long)(tenths % 10), units[unit]);
    return text;
}

const char *cli_measure(double value, char text[CLI_SHORT])
{
    double size = fabs(value);
    bool plain = value == 0 || (size >= 0.00095 && size < 99999.5);
    int before = size < 10      ? 1
                 : size < 100   ? 2
                 : size < 1000  ? 3
                 : size < 10000 ? 4
                                : 5; /* digits: columns are narrow */
    if (!isfinite(value))
        gradus_number_print(value, text);
    else
        snprintf(text, CLI_SHORT, plain ? "%.*f" : "%.*e", plain ? 5 - before : 1, value);
    return text;
}

size_t cli_bar(const gradus_run_progress *progress, int32_t width, bool unicode, char text[CLI_LINE])
{
    char loss[CLI_SHORT], rate[CLI_SHORT], speed[CLI_SHORT], left[CLI_SHORT], tail[160], head[CLI_SHORT];
    const char *done = unicode ? "\u2588" : "#", *open = unicode ? "\u2591" : "-";
    double share = fmin(fmax(progress->done, 0), 1);
    int before = snprintf(head, sizeof head, "%3lld  ", (long long)progress->epoch);
    int after = snprintf(tail, sizeof tail, " %2.0f %%  loss %s  rate %s  %s/s  %s left", share * 100,
                         cli_measure(progress->loss, loss), cli_measure(progress->rate, rate),
                         cli_short_count(progress->samples_per_second, "", speed), cli_duration(progress->left, left));
    int cells = width - 1 - before - after; /* the last column stays free: some terminals wrap there */
    if (cells > 18) cells = 18;
    if (cells < 3) return (size_t)snprintf(text, CLI_LINE, "%.*s", width - 1 < 0 ? 0 : (int)width - 1, tail + 1);
    int full = (int)(share * cells);
    size_t length = (size_t)snprintf(text, CLI_LINE, "%s", head);
    for (int i = 0; i < cells; i++)
        length += (size_t)snprintf(text + length, CLI_LINE - length, "%s", i < full ? done : open);
    return length + (size_t)snprintf(text + length, CLI_LINE - length, "%s", tail);
}

/* ---- the table of epochs ---- */

static size_t add(char *text, size_t length, int width, const char *cell)
{
    return length + (size_t)snprintf(text + length, CLI_LINE - length, "%*s", width, cell);
}

/* "val acc", of one of several outputs "size rmse"; and how wide its column is. */
static int metric_column(const cli_epochs *table, int index, char name[64])
{
    const char *title = table->metrics[index]->title, *part = table->validated ? "val " : "train ";
    const int length = snprintf(name, 64, "%s%s", strchr(title, ' ') ? "" : part, title);
    return (length < 64 ? length : 63) + 2;
}

size_t cli_epochs_header(const cli_epochs *table, char text[CLI_LINE])
{
    char name[64];
    size_t length = (size_t)snprintf(text, CLI_LINE, "epoch  train loss");
    if (table->validated) length = add(text, length, 11, "val loss");
    for (int i = 0; i < 2 && table->metrics[i]; i++) {
        int width = metric_column(table, i, name);
        length = add(text, length, width, name);
    }
    return length + (size_t)snprintf(text + length, CLI_LINE - length, "      rate  samples/s      left");
}

size_t cli_epochs_line(const cli_epochs *table, const gradus_run_row *row, char text[CLI_LINE])
{
    char cell[CLI_SHORT], name[64];
    const double *measures = table->validated ? row->val : row->train;
    snprintf(cell, sizeof cell, row->epoch == floor(row->epoch) ? "%.0f" : "%.2f", row->epoch);
    size_t length = add(text, 0, 5, cell);
    length = add(text, length, 12, cli_measure(row->train_loss, cell));
    if (table->validated) length = add(text, length, 11, cli_measure(row->val_loss, cell));
    for (int i = 0; i < 2 && table->metrics[i]; i++)
        length = add(text, length, metric_column(table, i, name), cli_measure(measures[table->at[i]], cell));
    length = add(text, length, 10, cli_measure(row->rate, cell));
    snprintf(cell, sizeof cell, "%.0f", row->samples_per_second);
    length = add(text, length, 11, cell);
    return add(text, length, 10, cli_duration(row->left, cell));
}
