/* What a run measures, and the two files that record it: metrics.csv without clock times, timing.csv with them. */
#ifndef GRADUS_TRAIN_METRICS_H
#define GRADUS_TRAIN_METRICS_H
#include "files.h"
#include "gradus/train.h"

enum { GRADUS_ROW_SIZE = 8192 }; /* longest line of either file */

typedef struct gradus_subject { /* what is measured */
    const gradus_data_info *data;
    int32_t head_count;
    gradus_head heads[GRADUS_TARGETS];
} gradus_subject;

typedef struct gradus_measured { /* the measures of a subject, in their order; it must not move */
    int32_t count;
    gradus_metric metrics[GRADUS_METRICS];
    char names[GRADUS_METRICS][96], titles[GRADUS_METRICS][96];
} gradus_measured;
void gradus_measured_list(gradus_measured *measured, const gradus_subject *subject);
const gradus_metric *gradus_metric_of(const gradus_measured *measured, int32_t index); /* NULL: no more */

/* Lines of CSV with their line end; each returns its length. */
size_t gradus_metrics_header(const gradus_measured *measured, char line[GRADUS_ROW_SIZE]);
size_t gradus_metrics_line(const gradus_measured *measured, const gradus_run_row *row, char line[GRADUS_ROW_SIZE]);
size_t gradus_timing_header(char line[GRADUS_ROW_SIZE]);
size_t gradus_timing_line(const gradus_run_row *row, char line[GRADUS_ROW_SIZE]);

#endif
