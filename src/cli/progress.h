/* How the progress of a run is written: the bar, the lines of epochs, times and counts. Facts go in, text comes out. */
#ifndef GRADUS_CLI_PROGRESS_H
#define GRADUS_CLI_PROGRESS_H
#include "cli.h"

enum { CLI_SHORT = 32, CLI_LINE = 1024 };

/* "0:05", "1:02:33"; "-" where it is not known. */
const char *cli_duration(double seconds, char text[CLI_SHORT]);
/* "about 8 minutes", "under a second": a time that is foreseen. */
const char *cli_about(double seconds, char text[CLI_SHORT]);
const char *cli_seconds(double seconds, char text[CLI_SHORT]); /* "0.51 ms", "2.3 s" */
/* "812", "21.9k", "1.3M", with `mark` between number and letter; three digits. */
const char *cli_short_count(double count, const char *mark, char text[CLI_SHORT]);
/* "62,730" */
const char *cli_long_count(int64_t count, char text[CLI_SHORT]);
/* "812 B", "11.1 MB" */
const char *cli_bytes(int64_t bytes, char text[CLI_SHORT]);
/* "0.0563": four decimals, or two digits and an exponent where four decimals would say too little. */
const char *cli_measure(double value, char text[CLI_SHORT]);

/* The line that is redrawn: "  3  ███░░░ 61 %  loss 0.0563  rate 0.0030  21.9k/s  0:05 left", no wider than `width` columns. */
size_t cli_bar(const gradus_run_progress *progress, int32_t width, bool unicode, char text[CLI_LINE]);

/* The table of epochs; columns are those of the run's first measures, of validation where there is one, else of training. */
typedef struct cli_epochs {
    const gradus_metric *metrics[2]; /* NULL: no more */
    int32_t at[2];                   /* which of the run's measures they are */
    bool validated;
} cli_epochs;
size_t cli_epochs_header(const cli_epochs *table, char text[CLI_LINE]);
size_t cli_epochs_line(const cli_epochs *table, const gradus_run_row *row, char text[CLI_LINE]);

#endif
