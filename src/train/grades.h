/* What a net said of a part of the data, counted so that every measure can be told of it: the one place where outputs become measures. */
#ifndef GRADUS_TRAIN_GRADES_H
#define GRADUS_TRAIN_GRADES_H
#include "gradus/train.h"

enum { GRADUS_TOP = 5, GRADUS_MOST_CONFUSED = 2000 }; /* classes of which a matrix of confusions is kept */

typedef struct gradus_margin { /* where there are two classes */
    double output;             /* grows with what speaks for the second */
    bool second;               /* which it is in truth */
} gradus_margin;

typedef struct gradus_grades {
    gradus_score score;
    const gradus_target *target;
    gradus_head head;   /* what tells it; whether its outputs are probabilities, or the largest alone counts */
    int64_t positions;  /* of an example, each with a target                                        */
    int64_t first, row; /* its class, or its first number, among those of an example; how many there are */
    int64_t *right, *truth, *said;     /* of each class */
    int64_t *confusion;                /* classes x classes, rows are the truth; NULL: not asked for */
    double top, likelihood;            /* targets among the largest outputs; sum of the logs of their probabilities */
    gradus_margin *answers;            /* two classes; else NULL */
    int64_t answer_count, answer_room; /* ... in any order */
    double *mean, *scatter,
        *missed;  /* of each output that is a number: mean and squares of targets, squares of errors */
    int64_t seen; /* targets that were numbers */
} gradus_grades;

/* Close it whatever became of it. `confusion`: keep the matrix, where it is not too large. */
gradus_status gradus_grades_open(gradus_grades *grades, const gradus_data_info *about, const gradus_head *head,
                                 bool confusion, gradus_error *error);
/* What gradus_net_evaluate made of a batch: `row` outputs for each position, its head's among them. */
gradus_status gradus_grades_add(gradus_grades *grades, const gradus_batch *batch, const float *outputs, int64_t row,
                                gradus_error *error);
void gradus_grades_close(gradus_grades *grades);

/* The class that outputs say: the first of the largest; a single output is the second class's. */
int32_t gradus_class_of(const float *outputs, int64_t count, bool probabilities);

double gradus_grades_f1(const gradus_grades *grades);         /* mean over the classes that occur, or were said */
double gradus_grades_auc(const gradus_grades *grades);        /* NaN: only one class occurs */
double gradus_grades_perplexity(const gradus_grades *grades); /* exp of the mean of -log p */
double gradus_grades_r2(const gradus_grades *grades);         /* mean over the outputs whose targets vary; NaN: none */
gradus_class_result gradus_grades_class(const gradus_grades *grades, int64_t index);

#endif
