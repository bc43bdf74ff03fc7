/* gradus/nn.h - nets: a model text compiled for one shape of batch into a flat list of operations with bound memory.
 *
 * Shapes are channels first, an example at a time ({1, 28, 28}, {784}); a batch is examples one after another, float32.
 * One net, one thread at a time (it uses `threads` of its own inside). */
#ifndef GRADUS_NN_H
#define GRADUS_NN_H
#include "spec.h"
#ifdef __cplusplus
extern "C" {
#endif

typedef struct gradus_net gradus_net;

typedef enum gradus_target_kind { GRADUS_TARGET_CLASS, GRADUS_TARGET_NUMBERS } gradus_target_kind;       /* a class index; or float32 values */

enum { GRADUS_TARGETS = 8 };            /* most that are learnt of an example at once, each by an output of its own     */

typedef struct gradus_target {          /* what is to be told of an example                                          */
    const char *name;                   /* what its output is called: "income"; NULL: the only one                   */
    int32_t     kind;                   /* enum gradus_target_kind                                                   */
    int64_t     outputs;                /* classes, or values; to a net 0: whatever the model gives                  */
    const char *const *class_names;     /* NULL: numbers                                                             */
    const int64_t *class_counts;        /* how often each class is there in training, for losses that balance them; NULL: not known, or no classes */
    const double *base, *spread;        /* `outputs` each: the file's numbers are base + spread * value; NULL: they are the values */
} gradus_target;
typedef struct gradus_widths { int64_t classes, numbers; } gradus_widths;      /* of an example's targets, by their kind */
/* Of the first `count` of them: so many stand before the next one's class, or its numbers, in a batch. */
gradus_widths gradus_target_widths(const gradus_target *targets, int32_t count);

typedef struct gradus_net_config {
    const gradus_spec *model, *init, *loss;     /* init NULL: pytorch's default; loss NULL: by target: cross_entropy or mean_squared */
    const char        *model_text, *loss_text;  /* as written, for errors                                            */
    int64_t            input[8];        /* shape of an example; ends at the first 0                                  */
    const gradus_target *targets;       /* what is learnt: one, or one for each output that the model names          */
    int32_t            target_count;
    int64_t            positions;       /* an example has a target for each of so many steps; 0: one for all of it   */
    int64_t            symbols;         /* inputs are symbols, numbered from 0 to this; 0: they are plain numbers    */
    int32_t            batch;           /* examples of a full batch; smaller ones are compiled when they first come  */
    int32_t            threads;         /* 0: as many as there are                                                   */
    uint64_t           seed;            /* initial values and dropout                                                */
} gradus_net_config;

gradus_net *gradus_net_create(const gradus_net_config *config, gradus_error *error);
void        gradus_net_destroy(gradus_net *net);

typedef struct gradus_layer_info {      /* for the layer table                                                       */
    char    spec[160];                  /* "conv(16, 5, pad=2)"                                                      */
    char    name[64];                   /* "0", or the name given                                                    */
    int64_t output[8];                  /* ends at the first 0                                                       */
    int64_t parameters;
} gradus_layer_info;
int32_t       gradus_net_layer_count(const gradus_net *net);
void          gradus_net_layer(const gradus_net *net, int32_t index, gradus_layer_info *info);
int64_t       gradus_net_parameters(const gradus_net *net);
const int64_t *gradus_net_output(const gradus_net *net);                /* shape of an example's output; ends at the first 0 */

/* Tensors: trained ones (weights, in the layout that computes) and buffers (running statistics). */
typedef struct gradus_net_tensor {
    const char *name;                   /* PyTorch's: "0.weight", "1.running_mean"                                   */
    int64_t     shape[8];               /* PyTorch's; ends at the first 0                                            */
    int64_t     count;                  /* values in memory: >= the product of shape where a layout pads             */
    float      *values, *gradient;      /* in the layout that computes; gradient NULL for a buffer                   */
    const char *layout;                 /* "plain", "transposed", or the back end's word; states record it           */
    int32_t     layer;                  /* index of the layer that it belongs to                                     */
} gradus_net_tensor;
int32_t gradus_net_tensor_count(const gradus_net *net);
void    gradus_net_tensor_at(const gradus_net *net, int32_t index, gradus_net_tensor *tensor);
bool    gradus_net_read(const gradus_net *net, int32_t index, float *destination);          /* in PyTorch's layout; false: no memory */
bool    gradus_net_read_gradient(const gradus_net *net, int32_t index, float *destination);
bool    gradus_net_write(gradus_net *net, int32_t index, const float *source);

/* safetensors: named tensors behind a JSON header, of float32, or of 16 bits that stand for it. Written through the caller's writer, read in
 * place from memory (a file that was read or mapped); open checks all of it, so that what follows cannot fail; tensors of other types are left
 * out. `metadata` is NAME, TEXT, ... and ends with NULL. */
typedef struct gradus_stored {
    const char  *name;
    int64_t      shape[8];
    int64_t      count;
    const float *values;                /* written: float32. Read: as they stand in the file, unaligned, little-endian */
    int32_t      type;                  /* enum gradus_type, in the file; is written: GRADUS_FLOAT32, GRADUS_BFLOAT16 */
} gradus_stored;
void gradus_stored_read(const gradus_stored *tensor, float *values);    /* of a tensor that was read: all its values, whatever its type */
typedef struct gradus_safetensors gradus_safetensors;
gradus_status       gradus_safetensors_write(const gradus_stored *tensors, int32_t count, const char *const *metadata, gradus_write *write, void *user, gradus_error *error);
gradus_safetensors *gradus_safetensors_open(const void *bytes, size_t size, gradus_error *error);       /* bytes must outlive it */
void                gradus_safetensors_close(gradus_safetensors *file);
bool                gradus_safetensors_find(const gradus_safetensors *file, const char *name, gradus_stored *tensor);
bool                gradus_safetensors_at(const gradus_safetensors *file, int32_t index, gradus_stored *tensor);    /* false: no more */
const char         *gradus_safetensors_metadata(const gradus_safetensors *file, const char *name);      /* NULL: no such */

/* What weights are kept as in files. int8: filters, matrices and tables, with a scale for each output; the rest is float32. */
typedef enum gradus_weights { GRADUS_WEIGHTS_FLOAT32, GRADUS_WEIGHTS_BFLOAT16, GRADUS_WEIGHTS_INT8 } gradus_weights;

/* Rounds the net's tensors to what a file of that kind holds; sets that share of all weights, the smallest, to zero (of equal ones all). */
gradus_status gradus_net_round(gradus_net *net, gradus_weights type, gradus_error *error);
gradus_status gradus_net_prune(gradus_net *net, double share, gradus_error *error);

/* ONNX (IR version 8, operators of version 17): the net as gradus_net_evaluate computes it, from `input` (n x its shape; whole numbers where
 * it takes symbols) to `output`, with the weights under PyTorch's names, as float32 or int8 (then called "0.weight.int8", with
 * "0.weight.scale"). `metadata` as above. Errors: a layer that cannot be written so; more than 2 GB. */
gradus_status gradus_net_write_onnx(const gradus_net *net, gradus_weights type, const char *const *metadata, gradus_write *write, void *user, gradus_error *error);

typedef struct gradus_batch {           /* what a loader hands over; lives until its next call                       */
    int32_t        count;               /* examples                                                                  */
    const float   *inputs;              /* count x input                                                             */
    const int32_t *classes;             /* count x targets that are classes (x positions, where there are such), or NULL */
    const float   *numbers;             /* count x outputs of all targets that are numbers, or NULL                  */
    const int32_t *others;              /* of mixed examples, the classes of the other one; NULL: none is mixed      */
    const float   *shares;              /* ... and what share of its loss is that of `classes`; the rest is that of `others` */
    const int64_t *rows;                /* indices in the part they come from                                        */
    double         epoch;               /* where in the run this batch begins                                        */
} gradus_batch;

typedef struct gradus_score {           /* sums over examples (over their positions, if there are such), to be divided by `count` */
    int64_t count;
    double  loss, weight;               /* sum of the losses; what it is to be divided by: `count`, or the weights of the classes, if they have such */
    double  correct;                    /* right answers, where targets are classes                                  */
    double  squared, absolute;          /* errors, where they are numbers                                            */
} gradus_score;

/* Forward and backward with the batch; gradients are overwritten (accumulate: added to), the loss as the loss's reduction says.
 * `update` numbers the dropout masks: the same number gives the same masks. `scores` has one for each head, and is added to; NULL: none. */
gradus_status gradus_net_train(gradus_net *net, const gradus_batch *batch, int64_t update, bool accumulate, double *loss, gradus_score *scores, gradus_error *error);
/* Forward as in use: no dropout, running statistics; adds to `scores` (may be NULL); outputs, if not NULL: count x output, as probabilities
 * where the loss tells what they are (gradus_head). */
gradus_status gradus_net_evaluate(gradus_net *net, const gradus_batch *batch, gradus_score *scores, float *outputs, gradus_error *error);

typedef struct gradus_net_memory {      /* bytes                                                                     */
    int64_t parameters;                 /* trained tensors and running statistics                                    */
    int64_t gradients;                  /* of the trained ones                                                       */
    int64_t activations;                /* what a batch needs on its way through and back                            */
    int64_t workspace;                  /* of convolutions: weights as their passes need them, scratch memory of each thread */
} gradus_net_memory;
gradus_net_memory gradus_net_memory_of(const gradus_net *net);

/* What the net tells: one thing, or one for each output that its model names; in the order of an example's values. */
typedef struct gradus_head {
    const char *name;                   /* "income"; NULL: the only one                                              */
    int32_t     target;                 /* index among those of the configuration                                    */
    int64_t     first, count;           /* of the values that the net gives for an example (for each of its steps)   */
    double      weight;                 /* what its loss counts in the sum that is measured                          */
    double      balance;                /* by what that is multiplied in training now (loss: sum(..., balance=dwa))  */
    bool        probabilities;          /* gradus_net_evaluate makes them of its values                              */
    bool        sums;                   /* the loss of a batch is the sum over its examples, not their mean          */
} gradus_head;
int32_t     gradus_net_head_count(const gradus_net *net);
gradus_head gradus_net_head(const gradus_net *net, int32_t index);
/* Forward as in use, and looks at what relu, tanh and sigmoid give; accumulate: together with the batches watched before. */
gradus_status gradus_net_watch(gradus_net *net, const gradus_batch *batch, bool accumulate, gradus_error *error);

typedef struct gradus_activity {        /* of an activation, over the batches that were watched                      */
    const char *function;               /* "relu", "tanh", "sigmoid"; of a recurrent layer "gates", of attention "shares"   */
    int64_t     units;                  /* channels of an image, values of a step of a sequence, else all values     */
    int64_t     dead;                   /* units of a relu that were 0 for all examples, pixels and steps            */
    int64_t     values, ended;          /* that were seen; of tanh and sigmoid those within 1 % of the range from an end; of
                                         * gates likewise; of shares (steps of each head that look) those that take 99 % from one step */
} gradus_activity;
bool gradus_net_activity(const gradus_net *net, int32_t layer, gradus_activity *activity);     /* false: another layer, or none was watched */
/* Forward as in training (batch statistics, dropout masks of `update`), but nothing is kept: the loss alone. For range tests. */
gradus_status gradus_net_probe(gradus_net *net, const gradus_batch *batch, int64_t update, double *loss, gradus_error *error);

#ifdef __cplusplus
}
#endif
#endif
