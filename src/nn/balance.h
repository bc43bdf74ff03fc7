/* How the losses of several heads are weighed against each other while a net learns. A way to do it is one file with one row.
 *
 * What it must remember lies in tensors of the net, so that states, rollbacks and models hold it with everything else; one that is
 * trained is moved by the optimizer, as weights are. */
#ifndef GRADUS_NN_BALANCE_H
#define GRADUS_NN_BALANCE_H
#include "gradus/nn.h"

struct gradus_walk;
typedef struct gradus_balance_row gradus_balance_row;

enum { GRADUS_BALANCE_TENSORS = 3 };

typedef struct gradus_balance {
    const gradus_balance_row *row; /* NULL: every loss counts as its weight says */
    const gradus_value *values;
    int32_t tasks;
    uint64_t seed;
    int32_t targets[GRADUS_TARGETS];         /* of each task, enum gradus_target_kind */
    float *kept[GRADUS_BALANCE_TENSORS];     /* what the row's tensors hold */
    float *gradient[GRADUS_BALANCE_TENSORS]; /* NULL: it is not trained */
} gradus_balance;

typedef struct gradus_balance_tensor {
    const char *name; /* NULL: no more */
    int32_t each;     /* values for each task ... */
    int32_t single;   /* ... and for all of them */
    float fill;
    bool trained;
} gradus_balance_tensor;

/* The gradient of each task's loss by itself, over all weights. Those before the branches come first, and are shared by all. */
typedef struct gradus_apart {
    int64_t count, shared;     /* numbers of a gradient; how many of them are shared */
    int64_t last, last_count;  /* of these, the last weight's */
    float *of[GRADUS_TARGETS]; /* each task's */
    float *sum, *room;         /* what becomes of them; `count` numbers to work with */
} gradus_apart;

struct gradus_balance_row {
    gradus_member member;
    int32_t abi;
    gradus_balance_tensor tensors[GRADUS_BALANCE_TENSORS];
    /* By what each loss is multiplied in a walk whose batch begins there in the run (NaN: as it stands now); NULL: by 1. */
    void (*weigh)(const gradus_balance *balance, double epoch, double *factors);
    /* Learns from the losses of a batch that is trained on; what is added to their sum. NULL: nothing. */
    double (*learn)(const gradus_balance *balance, double epoch, const double *losses, bool accumulate);
    /* `apart` makes `sum` out of the gradients of all tasks, each walked for by itself; NULL: they are not wanted. */
    void (*join)(const gradus_balance *balance, int64_t update, const double *losses, gradus_apart *apart);
};

#endif
