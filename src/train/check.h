/* What ails a run: what its folder and its model tell, in numbers, and the table of symptoms that are looked for in them. */
#ifndef GRADUS_TRAIN_CHECK_H
#define GRADUS_TRAIN_CHECK_H
#include "run.h"

typedef struct gradus_evidence_layer { /* one of the model's, in order */
    gradus_layer_info info;
    bool weighs;          /* it has weights, not only what scales and shifts                             */
    bool gives;           /* nothing that computes stands behind it: its ends are answers                */
    double values_norm;   /* of all its trained values ...                                               */
    double gradient_norm; /* ... and of their gradient: root of the mean square over the batches         */
    bool active;          /* a relu, tanh or sigmoid, gates or attention                                 */
    gradus_activity activity;
} gradus_evidence_layer;

typedef struct
    gradus_evidence_head { /* one of the things that the model tells; the losses on examples of the training part */
    const char *name;      /* NULL: the only one                                                           */
    const gradus_target *target;
    double weight;      /* of its loss in the sum                                                       */
    bool probabilities; /* the loss is a cross-entropy; else one of wrong answers, or of squares        */
    double loss, guess; /* mean; that of the best answer that does not look at the input                */
    double learnt;      /* share of the guess's loss that is gone; NaN: not known                       */
    int64_t classes;    /* 0: numbers                                                                   */
    double *share;      /* of each class in training                                                    */
    int64_t *confusion; /* classes x classes, rows are the truth, on the part that is held back, else on
                          * that of training; NULL: no classes                                           */
} gradus_evidence_head;

typedef struct gradus_evidence {
    const gradus_run *run;
    bool diverged;       /* the run says that it failed                                                    */
    gradus_run_row *row; /* of metrics.csv; NaN where a field is empty                                     */
    int32_t rows;
    double base;   /* rate where schedule and feedback stand at 1; NaN: no row tells                 */
    double learnt; /* the least that a head has learnt; NaN: not known                               */
    /* measures.csv: over all gradients */
    int64_t gradients, broken;                    /* broken: loss or norm not finite                           */
    double first_loss, largest_norm, median_norm; /* NaN: not measured; the loss an example                    */
    int64_t largest_at;                           /* update                                                    */
    /* decisions.jsonl: how often */
    int64_t exploding, leaps, turns; /* gradients too large; the loss leapt; the rate turned back */
    char turner[GRADUS_COLUMN_SIZE]; /* the feedback that turned it most recently                 */
    /* the kept model on examples of the training part */
    int64_t examples;
    gradus_evidence_layer *layer;
    int32_t layers;
    gradus_evidence_head head[GRADUS_TARGETS];
    int32_t heads;
    double guess;       /* as the loss that is trained counts those of the heads; NaN: not known          */
    double plain_guess; /* the same where classes are taken to be as likely as each other                 */
    double noise_scale; /* examples a batch needs for its gradient's noise to be as large as the gradient */
    double input_rms;   /* of the input that is largest; NaN: inputs are symbols                       */
    int64_t input_at;   /* which                                                                       */
} gradus_evidence;

/* Of the folder alone; then of the net, whose values and running statistics stay as they are. */
gradus_status gradus_evidence_read(const gradus_run *run, gradus_evidence *evidence, gradus_error *error);
gradus_status gradus_evidence_probe(gradus_run *run, gradus_evidence *evidence, gradus_error *error);
void gradus_evidence_release(gradus_evidence *evidence);

/* ---- what the outputs make of examples: check_heads.c ---- */

typedef struct gradus_head_tally {  /* sums over the examples, of one head */
    double *number, *number_square; /* of each target that is a number */
    double *classes, *class_loss;   /* how many of each, and their losses */
    double loss, count;             /* of all targets */
} gradus_head_tally;

/* Fills in what is known of evidence->head, and makes room for as many tallies. */
gradus_status gradus_tallies_open(const gradus_run *run, gradus_evidence *evidence, gradus_head_tally *tallies,
                                  gradus_error *error);
void gradus_tallies_add(const gradus_run *run, const gradus_evidence *evidence, const gradus_batch *batch,
                        const float *outputs, gradus_head_tally *tallies);
void gradus_tallies_conclude(const gradus_run *run, const gradus_head_tally *tallies, gradus_evidence *evidence);
void gradus_tallies_close(gradus_head_tally *tallies, int32_t count);

gradus_status gradus_heads_make_room(gradus_evidence *evidence, gradus_error *error);
void gradus_heads_judge(const gradus_run *run, gradus_evidence *evidence, const gradus_batch *batch,
                        const float *outputs);

/* What the loss of a head is called: "cross_entropy". */
const char *gradus_evidence_loss(const gradus_run *run, int32_t head);

/* ---- symptoms: a row each; check.c has the table ---- */

typedef struct gradus_symptom_row {
    gradus_symptom symptom;
    const char *unless; /* names of symptoms that explain this one, each with a space behind it; NULL: none */
    bool (*judge)(const gradus_evidence *evidence, gradus_finding *finding); /* true: found, and filled in */
} gradus_symptom_row;

extern const gradus_symptom_row gradus_unscaled_inputs, gradus_class_imbalance; /* check_examples.c */
extern const gradus_symptom_row gradus_exploding_gradient, gradus_saturated_layer, gradus_collapsed_attention,
    gradus_dead_units, gradus_vanishing_gradient; /* check_layers.c */
extern const gradus_symptom_row gradus_rate_at_edge, gradus_rate_too_low, gradus_flapping_rate, gradus_noise_dominated,
    gradus_over_fitting, gradus_under_fitting; /* check_course.c */

/* For rows: a number that was seen. */
void gradus_finding_see(gradus_finding *finding, const char *name, double value);
/* For rows: the layer that is meant. */
void gradus_finding_place(gradus_finding *finding, const gradus_evidence *evidence, int32_t layer);
/* For rows: a setting to try, if there is none yet; and one that goes with it. What is too long for a remedy is left out. */
void gradus_finding_try(gradus_finding *finding, const char *format, ...) GRADUS_FORMAT(2, 3);
void gradus_finding_add(gradus_finding *finding, const char *setting);
/* For rows: the remedy is the rate times `factor`, in one digit. */
void gradus_finding_rate(gradus_finding *finding, const gradus_evidence *evidence, double factor);
/* For rows: the same, or, where a rate is far too high, that it be found. */
void gradus_finding_lower(gradus_finding *finding, const gradus_evidence *evidence, double factor);
/* For rows: the remedy is the model with another activation, unless it has none called so; the answers keep theirs. */
void gradus_finding_swap(gradus_finding *finding, const gradus_evidence *evidence, const char *from, const char *to);
/* Of all rows the largest norm of an update over that of the values, as it is where the schedule stands at 1. */
double gradus_largest_movement(const gradus_evidence *evidence);
/* Whether the loss leapt, or an epoch's was above that of the beginning. */
bool gradus_rose(const gradus_evidence *evidence);
/* "the loss", "the loss of 'kind'": of a head, in sentences. */
const char *gradus_finding_loss(const gradus_evidence_head *head, char text[128]);
/* The measure of that name ("rmse") of a head, as gradus_run_metric counts; -1: there is none. */
int32_t gradus_head_metric(const gradus_run *run, int32_t head, const char *name);
/* "0.002": one digit, for remedies: as run files read it whatever the locale is. */
const char *gradus_finding_digit(double number, char text[32]);
/* "0.0021": two digits, for sentences. */
const char *gradus_finding_number(double number, char text[32]);

#endif
