/* What a run measures, and the two files that record it: metrics.csv without clock times, timing.csv with them. */
#ifndef GRADUS_TRAIN_METRICS_H
#define GRADUS_TRAIN_METRICS_H
#include "files.h"
#include "gradus/train.h"

enum { GRADUS_ROW_SIZE = 1024 }; /* longest line of either file */

const gradus_metric *gradus_metric_of(int32_t target, int32_t index); /* for enum gradus_target; NULL: no more */

/* Lines of CSV with their line end; each returns its length. Columns follow the metrics of `target`. */
size_t gradus_metrics_header(int32_t target, char line[GRADUS_ROW_SIZE]);
size_t gradus_metrics_line(int32_t target, const gradus_run_row *row, char line[GRADUS_ROW_SIZE]);
size_t gradus_timing_header(char line[GRADUS_ROW_SIZE]);
size_t gradus_timing_line(const gradus_run_row *row, char line[GRADUS_ROW_SIZE]);

#endif
