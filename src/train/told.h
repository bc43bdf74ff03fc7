/* measures.csv: what the policy was told, a line for each gradient and for each look between two updates. From it every decision of a
 * run can be replayed; that is why nothing is cut off when the run goes back: its lines are attempts, not the updates that lasted. */
#ifndef GRADUS_TRAIN_TOLD_H
#define GRADUS_TRAIN_TOLD_H
#include "files.h"

enum { GRADUS_COLUMNS = 64, GRADUS_COLUMN_SIZE = 48 }; /* measures at most; the longest name with its 0 */

typedef struct gradus_told_log {
    gradus_journal journal;
    gradus_buffer waiting; /* lines that are not in the file yet */
    int32_t count;
    char name[GRADUS_COLUMNS][GRADUS_COLUMN_SIZE];
    double value[GRADUS_COLUMNS]; /* heard since the last line ... */
    bool heard[GRADUS_COLUMNS];   /* ... if it was: a measure that is not a number was heard too */
} gradus_told_log;

void gradus_told_column(gradus_told_log *told,
                        const char *name); /* one more, unless it is there; beyond all room: none */
/* Opens the file after its first `keep` bytes. A new one (keep 0) begins with `update,samples,rate` and the columns; one that goes on
 * has the columns that it began with, whoever listens now. */
gradus_status gradus_told_open(gradus_told_log *told, const char *path, int64_t keep, gradus_error *error);
void gradus_told_hear(gradus_told_log *told, const char *metric, double value); /* one without a column: nothing */
/* Ends a line: what was heard since the one before, at so many updates and samples; rate NaN: no gradient was applied. */
gradus_status gradus_told_line(gradus_told_log *told, int64_t update, double samples, double rate, gradus_error *error);
gradus_status gradus_told_flush(gradus_told_log *told,
                                gradus_error *error); /* all lines into the file; journal.size is right then */
void gradus_told_close(gradus_told_log *told);

#endif
