/* What a run measures, and the two files that record it: metrics.csv without clock times, timing.csv with them. */
#ifndef GRADUS_TRAIN_METRICS_H
#define GRADUS_TRAIN_METRICS_H
#include "files.h"
#include "gradus/train.h"

enum { GRADUS_ROW_SIZE = 1024 }; /* longest line of either file */

typedef struct gradus_subject { /* what is measured */
    const gradus_data_info *data;
    bool probabilities; /* the outputs are such */
} gradus_subject;

const gradus_metric *gradus_metric_of(const gradus_subject *subject, int32_t index); /* NULL: no more */

/* Lines of CSV with their line end; each returns its length. */
size_t gradus_metrics_header(const gradus_subject *subject, char line[GRADUS_ROW_SIZE]);
size_t gradus_metrics_line(const gradus_subject *subject, const gradus_run_row *row, char line[GRADUS_ROW_SIZE]);
size_t gradus_timing_header(char line[GRADUS_ROW_SIZE]);
size_t gradus_timing_line(const gradus_run_row *row, char line[GRADUS_ROW_SIZE]);

#endif
