/* A run from inside: what it is made of and where it stands; shared by the files of this room that make, train and save it. */
#ifndef GRADUS_TRAIN_RUN_H
#define GRADUS_TRAIN_RUN_H
#include <stdatomic.h>
#include "course.h"
#include "decisions.h"
#include "files.h"
#include "folder.h"
#include "grades.h"
#include "gradus/train.h"
#include "layers.h"
#include "metrics.h"
#include "stop.h"
#include "told.h"

enum {
    GRADUS_RUN_SNAPSHOTS = 3,   /* what a guard can go back to */
    GRADUS_RATE_UPDATES = 60,   /* of the rate test (auto_rate.c) ... */
    GRADUS_RATE_EXAMPLES = 512, /* ... and examples that it looks at after each */
};

typedef struct gradus_plan { /* what the settings come to for these data */
    int32_t batch, threads;
    int64_t samples_per_epoch, updates_per_epoch, updates;
    double epochs;
    uint64_t seed;
} gradus_plan;

typedef struct gradus_saving { /* how often the run is saved, as asked for */
    double updates, seconds;   /* between two states; NaN: not asked for in this unit */
    double keep;               /* updates between two that are kept; NaN: none is */
} gradus_saving;

typedef struct gradus_tally {            /* what was measured since the last row */
    gradus_score scores[GRADUS_TARGETS]; /* of each head, over all examples that were trained on */
    double norms;                        /* sum of the gradients' norms that were finite ... */
    int64_t norm_count;                  /* ... and how many */
    double samples;                      /* of applied updates, since the run began */
} gradus_tally;

/* All that a rollback, a rate test and a state put back, but for the policy, which keeps what it has learnt. */
typedef struct gradus_snapshot {
    bool taken;
    gradus_buffer optimizer; /* its state and the values */
    gradus_buffer buffers;   /* running statistics, float32, one tensor after another */
    gradus_cursor cursor;
    gradus_tally tally;
    int64_t update, metrics_size, timing_size; /* sizes of the files that grow */
} gradus_snapshot;

typedef struct gradus_best { /* the model that is kept */
    bool known;
    double value; /* of the measure that judges */
    int64_t update;
    double epoch;
    float *values; /* every tensor in PyTorch's layout, one after another */
} gradus_best;

typedef struct gradus_times { /* seconds, over all sessions of the run */
    double total, training, validation, data_wait, find;
    double policy; /* an estimate, from one update of so many */
} gradus_times;

typedef struct gradus_ended { /* what ended the run before its length was done; by "": nothing has */
    char by[32], text[240];
} gradus_ended;

typedef struct gradus_saved { /* the newest whole state of a run's folder */
    unsigned char *bytes;
    gradus_state_reader reader;
    int64_t saves;
    char note[512]; /* what was wrong with the other one; "": nothing */
} gradus_saved;

struct gradus_run {
    gradus_settings *settings;
    bool owns_settings;
    char *out;
    char base_folder[GRADUS_PATH_SIZE]; /* what relative paths of the data refer to */
    bool overwrite;
    const char *const *command;

    gradus_context *context;
    gradus_reader reader; /* of the context's files */
    gradus_plan plan;
    gradus_saving saving;
    gradus_data *data;
    const gradus_data_info *about;
    gradus_error data_error; /* why they are only remembered */
    bool data_changed;       /* the files hold other bytes than when the state to go on from was saved */
    gradus_net *net;
    gradus_measured measured;
    int64_t model_values; /* of all tensors, in PyTorch's layout */
    gradus_optimizer *optimizer;
    bool averages; /* it keeps averaged values too */
    gradus_policy *policy;
    gradus_stops *stops;
    gradus_loader *training, *validation;
    gradus_run_rate rate;

    gradus_folder folder;
    gradus_journal metrics, timing, decisions;
    gradus_told_log told;
    gradus_layer_log layers;
    const gradus_listener *listener;
    gradus_error *error; /* of the training under way; NULL: none is */

    int64_t update; /* applied so far */
    int64_t ends;   /* update at which a cool-down ends it before its planned length is done; 0: none does */
    int64_t skips;
    gradus_tally tally;
    gradus_snapshot snapshots[GRADUS_RUN_SNAPSHOTS];
    gradus_best best;
    gradus_times times;
    gradus_course course;
    gradus_ended ended;
    gradus_run_row row;   /* the last one */
    bool report_due;      /* `row` is not judged yet: an interrupt came while the validation part was looked at */
    int64_t model_update; /* whose model stands in the file; -1: nobody's that was judged */
    int64_t saves, saved_update;    /* states written so far; update of the last one, -1: none */
    int64_t resumed;                /* update that it goes on from, -1: a new run */
    gradus_saved saved;             /* the state to go on from */
    atomic_int interrupted, wishes; /* a bit for each gradus_ask */
};

static inline bool gradus_run_is_interrupted(gradus_run *run) { return atomic_load(&run->interrupted); }

/* ---- data and models (measure.c) ---- */

gradus_loader *gradus_run_loader(const gradus_run *run, gradus_part part, bool shuffle, gradus_error *error);
/* Whether the loss of a batch is the sum over its examples, not their mean. (halves.c) */
bool gradus_run_sums_loss(const gradus_run *run);
/* What the values that stand in the net say of a part, forward only. An interrupt ends it early where `whole` is not NULL: then *whole is
 * false, and the grades are of no use. Close them whatever became of it. */
gradus_status gradus_run_grade(gradus_run *run, gradus_loader *loader, bool confusion,
                               gradus_grades grades[GRADUS_TARGETS], bool *whole, gradus_error *error);
void gradus_run_grades_close(gradus_grades grades[GRADUS_TARGETS]);
/* The losses of all heads with the weights that were given, whatever a balance makes of them. */
double gradus_run_loss(const gradus_run *run, const gradus_score *scores);
double gradus_run_graded_loss(const gradus_run *run, const gradus_grades *grades);
/* What gradus_run_metric tells of it, one after another; of batches in training only what is told of them. */
void gradus_run_measure(const gradus_run *run, const gradus_grades *grades, bool training, double *measures);
void gradus_score_add(gradus_score *sum, const gradus_score *more);
int64_t gradus_run_outputs(const gradus_run *run); /* values that the net makes of an example */
/* The averaged values into the net, where anything is averaged, and back: what is measured and saved. */
gradus_status gradus_run_show(gradus_run *run, gradus_view view, gradus_error *error);
void gradus_run_read_model(const gradus_run *run, float *values);
void gradus_run_write_model(gradus_run *run, const float *values);
int64_t gradus_run_model_values(const gradus_net *net);
int64_t gradus_tensor_values(const gradus_net_tensor *tensor); /* product of its shape */

/* Which of two models is the better: by accuracy where there is one thing to tell, a class; else by the loss. (loop.c) */
bool gradus_run_judges_by_accuracy(const gradus_run *run);

/* ---- where a run stands (snapshot.c) ---- */

gradus_status gradus_snapshot_take(const gradus_run *run, gradus_snapshot *snapshot, gradus_error *error);
gradus_status gradus_snapshot_restore(gradus_run *run, const gradus_snapshot *snapshot, gradus_error *error);
void gradus_snapshot_save(const gradus_snapshot *snapshot, const char *prefix, gradus_state_writer *writer);
gradus_status gradus_snapshot_load(gradus_snapshot *snapshot, const char *prefix, gradus_state_reader *reader,
                                   gradus_error *error);
void gradus_snapshot_release(gradus_snapshot *snapshot);
/* The running statistics of a net alone. What is there already is overwritten. */
gradus_status gradus_statistics_take(const gradus_net *net, gradus_buffer *into, gradus_error *error);
void gradus_statistics_restore(const gradus_net *net, const gradus_buffer *from);

/* ---- states in files (state.c) ---- */

gradus_status gradus_run_save(gradus_run *run, gradus_error *error); /* the model too, and what grows is synced */
gradus_status gradus_run_save_state(const gradus_run *run, const char *path, gradus_error *error); /* that file alone */
gradus_status gradus_run_save_model(gradus_run *run, gradus_error *error);
gradus_status gradus_saved_open(gradus_saved *saved, const char *folder, gradus_error *error);
void gradus_saved_close(gradus_saved *saved);
bool gradus_saved_int(gradus_saved *saved, const char *name, int64_t *value);
bool gradus_saved_double(gradus_saved *saved, const char *name, double *value);
const char *gradus_saved_text(gradus_saved *saved, const char *name); /* NULL: no such */
gradus_status gradus_saved_rate(gradus_saved *saved, gradus_run_rate *rate, gradus_error *error);
gradus_status gradus_run_load(gradus_run *run, gradus_error *error); /* takes everything over from run->saved ... */
gradus_status gradus_saved_rows(gradus_run *run,
                                gradus_error *error); /* ... and once the files are open, their last rows */

/* ---- what is kept on the way (keep.c) ---- */

const char *gradus_saving_plan(gradus_run *run, gradus_error *error); /* returns the setting that is wrong */
bool gradus_keep_is_due(const gradus_run *run, int64_t before);       /* since the update before the last */
gradus_status gradus_run_keep(gradus_run *run, const gradus_run_end *now, gradus_error *error);

/* ---- models in files (model.c) ---- */

gradus_status gradus_run_save_model(gradus_run *run,
                                    gradus_error *error); /* the best one; the present one where none is judged */
gradus_status gradus_run_save_present(gradus_run *run, const char *folder, gradus_error *error);
gradus_status gradus_run_load_model(gradus_run *run, gradus_error *error); /* into the net */
gradus_status gradus_run_start_from(gradus_run *run,
                                    gradus_error *error); /* the setting of that name, if there is one */

gradus_status gradus_model_path(const gradus_run *run, char *path,
                                gradus_error *error); /* of the run's own, GRADUS_PATH_SIZE */
/* A safetensors file of these values, which are those of all tensors one after another. */
gradus_status gradus_model_write(const gradus_run *run, const char *path, const float *values, gradus_type type,
                                 gradus_error *error);

/* ---- the rest ---- */

gradus_status gradus_fill_settings(gradus_settings *settings, const gradus_data_info *about, gradus_plan *plan,
                                   gradus_error *error); /* defaults.c */
int64_t gradus_run_last(const gradus_run *run);          /* update with which it ends */
gradus_status gradus_auto_rate(gradus_run *run, gradus_run_rate *rate, gradus_error *error); /* auto_rate.c */
void gradus_auto_rate_read(const double *rates, const double *losses, int32_t count, double first,
                           gradus_run_rate *rate);
gradus_status gradus_summary_write(const gradus_run *run, const gradus_run_end *end,
                                   gradus_error *error); /* summary.c */
gradus_status gradus_summary_write_to(const gradus_run *run, const gradus_run_end *end, const char *folder,
                                      gradus_error *error);                          /* another folder than the run's */
gradus_policy *gradus_run_policy(gradus_run *run, double base, gradus_error *error); /* run.c */
gradus_folder_config gradus_run_folder(const gradus_run *run);
void gradus_run_note(const gradus_run *run, const char *format, ...) GRADUS_FORMAT(2, 3); /* train.c */
void gradus_run_log(void *user, const char *json, size_t length);                         /* a gradus_decision_log */
void gradus_run_hear(void *user, const char *metric, double value);                       /* a gradus_measure_log */

#endif
