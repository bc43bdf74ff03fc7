/* A replay from inside: the log that is read row by row, and what the run itself went through on the way. */
#ifndef GRADUS_TRAIN_REPLAY_H
#define GRADUS_TRAIN_REPLAY_H
#include "files.h"
#include "gradus/train.h"

typedef struct gradus_replay_row {
    int64_t update;
    double samples, epoch, rate; /* NaN: not there */
    bool gradient;               /* it was judged; otherwise a look between two updates */
} gradus_replay_row;

typedef struct gradus_replay_log {
    char path[GRADUS_PATH_SIZE];
    gradus_sheet *sheet;
    bool run, reports;
    int32_t columns;
    int32_t update, samples, epoch, rate, loss; /* columns of that name; -1: none */
    int64_t *told, *judged;       /* how often each measure was told, and with a gradient; -1: it is no measure */
    int64_t rows, gradients, end; /* end: the highest update and one more */
    int64_t row;                  /* read so far */
} gradus_replay_log;

/* Opens the log of a run's folder, the finest that it has, or a file; counts what is in it. */
gradus_status gradus_replay_log_open(gradus_replay_log *log, const char *source, bool run, gradus_error *error);
void gradus_replay_log_close(gradus_replay_log *log);
bool gradus_replay_log_next(gradus_replay_log *log, gradus_replay_row *row, gradus_error *error);
void gradus_replay_log_rewind(gradus_replay_log *log);
/* "loss, gradient_norm, val_loss": the measures that it has. */
void gradus_replay_log_names(const gradus_replay_log *log, char *text, size_t size);

#endif
