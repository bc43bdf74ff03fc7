/* What a net is made of: layers, what flows between them, their tensors, and the rows of the three tables (model, loss, init).
 *
 * Life of a net: build (texts become layers and shapes), prepare (orders of memory, primitives), arrange (the flat list of
 * operations, what can be dropped when), and for each batch a walk over that list. A new layer is one file with one row. */
#ifndef GRADUS_NN_NET_H
#define GRADUS_NN_NET_H
#include "backend.h"
#include "balance.h"
#include "gradus/base.h"
#include "gradus/nn.h"
#include "kernels.h"

enum {
    GRADUS_RANK = 8,        /* of shapes; they end at the first 0                                              */
    GRADUS_LAYER_NAME = 64, /* bytes of a layer's name with its end                                          */
    GRADUS_CHUNK =
        8, /* examples that a thread takes through a stretch of layers while they are in its cache, at most */
    GRADUS_NET_SLOTS = 16 /* most stretches of a batch at once; what they add up is added in their order, so that
                                 * the bits do not depend on how many threads there are                             */
};

typedef struct gradus_layer gradus_layer;
typedef struct gradus_layers {
    gradus_layer **items;
    int32_t count, room;
} gradus_layers;
typedef struct gradus_layer_row gradus_layer_row;
typedef struct gradus_watched gradus_watched; /* net_watch.c */
typedef struct gradus_onnx gradus_onnx;

/* ---- what flows between layers ---- */

/* Memory for the values of a batch or for their gradient. What never leaves a stage is `local`: one chunk for each thread, which stays
 * in its cache. Rooms that are not needed at the same time share memory. */
typedef struct gradus_room {
    bool needed, local;
    int32_t from, to; /* stages between which it is needed */
    int64_t size;     /* values of an example */
    float *memory;
} gradus_room;

typedef struct gradus_signal {
    int64_t shape[GRADUS_RANK]; /* of an example */
    gradus_form form;
    bool sequence;   /* steps x values: what looks at values takes each step on its own */
    int64_t symbols; /* values are symbols, numbered from 0 to this; 0: they are plain numbers */
    bool untouched;  /* the data as they came, or each value on its own since: a dense layer takes any shape of it */
    bool trained;    /* something before it has weights: a gradient is wanted */
    const gradus_layer *from;       /* NULL: the data */
    struct gradus_signal *same;     /* whose memory it has, values and gradient; NULL: its own */
    struct gradus_signal *seen;     /* whose values it has; the gradient is its own. NULL: its own too */
    struct gradus_signal *in_place; /* whose gradient's memory its gradient has; NULL: its own */
    gradus_room values, gradient;
} gradus_signal;

/* ---- tensors ---- */

typedef enum gradus_tensor_layout {
    GRADUS_PLAIN,      /* as in PyTorch; filled up with zeros where channels lie in blocks                    */
    GRADUS_TURNED,     /* input x output, the input in the order of the layer's input signal                  */
    GRADUS_CONVOLUTION /* as the back end likes it                                                            */
} gradus_tensor_layout;

typedef struct gradus_tensor {
    char name[96];
    int64_t shape[GRADUS_RANK]; /* PyTorch's */
    int64_t fan_in, fan_out;    /* 0: not initialised by an init member but with `fill` */
    float fill;
    float deviation; /* not 0: what is drawn, normally distributed, where nothing else is said     */
    bool trained;
    gradus_tensor_layout layout;
    gradus_form form; /* TURNED: of the input                                                            */
    const gradus_convolution *convolution;
    const gradus_layer *begun_by; /* the last of the layers that share it, whose gradient comes first; NULL: its own  */
    int64_t count;                /* values in memory                                                                */
    float *values, *gradient;
    char word[32]; /* the layout in words                                                             */
} gradus_tensor;

/* ---- a walk over a batch ---- */

typedef enum gradus_walk_purpose { GRADUS_WALK_TRAIN, GRADUS_WALK_PROBE, GRADUS_WALK_EVALUATE } gradus_walk_purpose;

typedef struct gradus_walk {
    gradus_net *net;
    const gradus_batch *batch;
    gradus_walk_purpose purpose;
    int64_t count; /* examples */
    int32_t slots; /* stretches they are cut into */
    int64_t update;
    bool accumulate;
    bool again; /* the same batch once more: nothing that runs on from batch to batch is moved */
} gradus_walk;

/* Examples [first, first + count) of a walk, in stretch `slot`. */
typedef struct gradus_piece {
    const gradus_walk *walk;
    int64_t first, count;
    int32_t slot, worker; /* worker: the thread that runs it; each has memory of its own for what is local */
    bool opens;           /* the first of its stretch: sums are begun, not added to */
} gradus_piece;

typedef struct gradus_ends { /* of values: how many were looked at, and how many of them stood at an end */
    int64_t values, ended;
} gradus_ends;
void gradus_ends_add(gradus_ends *found, gradus_activation function, const float *values,
                     int64_t count); /* net_watch.c */

/* How many slots a batch is cut into; it depends on the net and on the batch alone. */
int32_t gradus_net_slots(const gradus_net *net, int64_t count);
/* First example of slot `slot`; of slots, the end. A slot is cut into the net's pieces. */
int64_t gradus_walk_slot(const gradus_walk *walk, int32_t slot);

static inline float *gradus_room_at(const gradus_room *room, const gradus_piece *piece)
{
    return room->memory + room->size * (room->local ? piece->worker * GRADUS_CHUNK : piece->first);
}
/* Where a piece's values or their gradient lie; the gradient is NULL where nobody wants it. */
static inline float *gradus_values(const gradus_signal *signal, const gradus_piece *piece)
{
    return gradus_room_at(&signal->values, piece);
}
static inline float *gradus_gradient(const gradus_signal *signal, const gradus_piece *piece)
{
    return signal->gradient.needed ? gradus_room_at(&signal->gradient, piece) : NULL;
}

/* ---- layers ---- */

enum gradus_layer_traits {
    GRADUS_KEEPS_INPUT = 1,       /* backward reads the input's values                                           */
    GRADUS_KEEPS_OUTPUT = 2,      /* backward reads the output's values                                          */
    GRADUS_KEEPS_ACTIVATED = 128, /* ... where an activation is run with the layer                               */
    GRADUS_ANY_ORDER = 4,         /* takes values in any order, also flat ones that a flatten left as they were   */
    GRADUS_BLOCKS = 64,           /* takes images in blocks of channels                                          */
    GRADUS_RUNS_ACTIVATION = 8,   /* an activation that follows is run with it                                   */
    GRADUS_IN_PLACE = 16,         /* the input's gradient is made out of the output's, in the same memory        */
    GRADUS_SAME_MEMORY = 32,      /* nothing is computed: the output is the input under another shape            */
    GRADUS_JOINS =
        256 /* layers in its arguments stand beside each other; it joins what they give: the input and `second` */
};

typedef struct gradus_layer_pass {
    void (*run)(const gradus_layer *layer, const gradus_piece *piece);
    void (*conclude)(const gradus_layer *layer, const gradus_walk *walk); /* once all pieces are done; NULL: nothing */
    bool whole;         /* the batch at once, with the threads inside                                              */
    bool steps_apart;   /* ... but of sequences, whose steps are rows enough for a product, piece by piece          */
    bool training_only; /* left out of an evaluation                                                               */
} gradus_layer_pass;

struct gradus_layer_row {
    gradus_member member;
    int32_t abi;
    gradus_activation activation; /* what it is, if it can be run with the layer before it; LINEAR: none         */
    uint32_t traits;              /* enum gradus_layer_traits                                                    */
    /* A ready net: writes the layers that it stands for, behind examples of this shape and up to so many outputs. What is wrong with its
     * arguments, or NULL. Such a row has nothing of what follows. */
    const char *(*write)(const gradus_item *item, const int64_t *input, int64_t outputs, char *text, size_t size);
    size_t state_size; /* of what layer->state points to                                              */
    /* Output shape from the input's, and the tensors. The output comes as a copy of the input. */
    gradus_status (*infer)(gradus_layer *layer, gradus_error *error);
    /* Output form from the input's, sizes of tensors and of memory in between; NULL: the form stays. */
    gradus_status (*prepare)(gradus_layer *layer, gradus_error *error);
    /* Before the first walk over pieces of `count` examples; NULL: nothing to do. */
    gradus_status (*ready)(gradus_layer *layer, int64_t count, gradus_error *error);
    /* Before each walk; NULL: nothing to do. */
    void (*begin)(const gradus_layer *layer, const gradus_walk *walk);
    gradus_layer_pass forward[2], backward[2]; /* end at the first without `run`                                      */
    void (*release)(gradus_layer *layer);      /* what `state` holds; NULL: nothing                                   */
    void (*onnx)(const gradus_layer *layer, gradus_onnx *onnx); /* its nodes (onnx.h); NULL: it cannot be exported    */
    /* Where values inside have ends at which no gradient comes through: after a forward pass, how many there are and how many stand
     * there; and what they are called. NULL: there are none. */
    void (*look)(const gradus_layer *layer, const gradus_piece *piece, gradus_ends *found);
    const char *looks_at;
};

struct gradus_layer {
    const gradus_layer_row *row;
    const gradus_item *item; /* NULL: put in by the net itself                                              */
    gradus_where place;      /* in the model's text: the item's, or that of the ready net it is of          */
    gradus_net *net;
    int32_t index; /* among the user's layers, from 0                                             */
    char name[GRADUS_LAYER_NAME];
    gradus_signal *input, *output;
    gradus_signal *second;        /* what else it takes; NULL: nothing                                              */
    const gradus_layer *tied;     /* whose weights it has too; NULL: its own                                        */
    gradus_activation activation; /* of the layer behind it, run here                                            */
    bool absorbed;                /* an activation that the layer before it runs                                 */
    bool wants_plain;             /* set by prepare: what the row takes, it is slow with                         */
    int32_t first_tensor, tensors;
    int64_t kept;   /* bytes kept for each example, in `memory`                                    */
    int64_t parts;  /* floats for each slot, in `sums`                                             */
    int64_t shared; /* floats for all, in `numbers`                                                */
    double work;    /* rough number of operations an example, beyond a few for each value          */
    gradus_room
        passing; /* kept for each example from the first to the last of its backward stages; `size` is set by prepare */
    unsigned char *memory;
    float *sums, *numbers;
    void *state;
};

static inline gradus_tensor *gradus_layer_tensor(const gradus_layer *layer, int32_t which);

/* Whether a layer adds to a tensor's gradient: one that shares it has begun it, or an earlier batch. */
static inline bool gradus_tensor_adds(const gradus_tensor *tensor, const gradus_layer *layer, const gradus_walk *walk)
{
    return walk->accumulate || (tensor->begun_by && tensor->begun_by != layer);
}

/* "conv(16, 5, pad=2)" */
void gradus_layer_print(const gradus_layer *layer, char *text, size_t size);
/* For rows: declares a tensor of PyTorch's shape (ends at the first 0), named after the layer. */
gradus_status gradus_layer_add_tensor(gradus_layer *layer, const char *name, const int64_t *shape, gradus_tensor **made,
                                      gradus_error *error);
/* For rows: "'NAME' (layer N) wants WANTED but 'maxpool(2)' (layer 2) gives 16x14x14; REMEDY", placed at the layer. */
gradus_status gradus_layer_misfit(const gradus_layer *layer, const char *wanted, const char *remedy,
                                  gradus_error *error);
/* For rows: "'NAME' (layer N) ..." with a sentence of the row's own. */
gradus_status gradus_layer_fail(const gradus_layer *layer, const char *sentence, gradus_error *error);
/* For rows: whether so many groups divide `count`, which is `what` ("18 channels"); else it fails, and says how many would. */
gradus_status gradus_layer_divides(const gradus_layer *layer, int64_t groups, int64_t count, const char *what,
                                   gradus_error *error);
/* For rows: one number or one for each direction, from a LIST argument. */
gradus_status gradus_layer_pair(const gradus_layer *layer, int32_t argument, int64_t pair[2], gradus_error *error);

/* For ready nets: " > dropout(0.1)", or nothing. */
void gradus_dropout_print(double share, char *text, size_t size);

/* For passes: the activation that is run with the layer, over `count` examples of its output. */
void gradus_layer_activate(const gradus_layer *layer, float *values, int64_t count);
/* For passes: writes (or adds) the sum over the walk's slots of layer->sums + at, `count` values, to a tensor's gradient. */
void gradus_layer_gather(const gradus_layer *layer, const gradus_walk *walk, const float *sums, int64_t count,
                         const gradus_tensor *into);
/* For passes whose f(0) is not 0: channels that only fill up the last block are zero again. */
void gradus_signal_clear_filling(const gradus_signal *signal, float *values, int64_t count);
/* For rows of activations: the passes where no layer before takes them along. */
void gradus_activation_forward(const gradus_layer *layer, const gradus_piece *piece);
void gradus_activation_backward(const gradus_layer *layer, const gradus_piece *piece);
extern const gradus_argument gradus_no_arguments[];
/* For rows of activations whose derivative needs the input: what `state` is, set by `infer`, and the passes. */
typedef struct gradus_bend {
    gradus_curve curve;
    float parameter;
} gradus_bend;
void gradus_bend_forward(const gradus_layer *layer, const gradus_piece *piece);
void gradus_bend_backward(const gradus_layer *layer, const gradus_piece *piece);
#define GRADUS_BENDS                                                                              \
    .traits = GRADUS_KEEPS_INPUT | GRADUS_ANY_ORDER | GRADUS_BLOCKS | GRADUS_IN_PLACE,            \
    .state_size = sizeof(gradus_bend), .infer = infer, .forward = {{.run = gradus_bend_forward}}, \
    .backward = {{.run = gradus_bend_backward}}
/* What the net puts in where values must be in plain order. */
extern const gradus_layer_row gradus_layer_arrange;
/* What it puts in front of a branch. */
extern const gradus_layer_row gradus_layer_fork;
/* What ends a net that tells several things. */
extern const gradus_layer_row gradus_layer_outputs;

/* ---- shapes and forms ---- */

int32_t gradus_shape_rank(const int64_t *shape);
int64_t gradus_shape_size(const int64_t *shape);
void gradus_shape_print(const int64_t *shape, char *text, size_t size); /* "16x14x14" */
gradus_form gradus_form_plain(const int64_t *shape);
bool gradus_form_is_plain(gradus_form form, const int64_t *shape);
/* Where value `index` of an example in plain order lies. */
static inline int64_t gradus_form_place(gradus_form form, int64_t index)
{
    const int64_t channel = index / form.pixels, pixel = index % form.pixels;
    return (channel / form.width * form.pixels + pixel) * form.width + channel % form.width;
}

/* ---- losses ---- */

typedef struct gradus_loss { /* of one head */
    const struct gradus_loss_row *row;
    const gradus_value *values;
    int32_t target;           /* enum gradus_target_kind */
    bool mean;                /* over the examples of a batch and their positions; else their sum */
    int64_t positions;        /* of an example, each with a target */
    int64_t width;            /* values of the net's output for each of them ... */
    int64_t first, row_width; /* ... from which on, out of how many */
    int64_t target_first,
        target_row;        /* its class, or its first number, among those of an example; how many there are */
    double share;          /* of each of them in the loss of an example of numbers: 1 / width, or 1 where it is a sum */
    const double *weights; /* of each class; NULL: all count the same */
    double weight;         /* of this loss among those of the other heads */
    const gradus_kernels *kernels;
} gradus_loss;

/* A branch of outputs(...), or the whole net where it has none. */
typedef struct gradus_told {
    const char *name; /* NULL: the whole net */
    int64_t width;
    int32_t target; /* which of the configuration's it tells */
} gradus_told;

typedef enum gradus_one_output {                      /* may one output, the second class's, tell two classes apart? */
                                 GRADUS_ONE_FOR_EACH, /* no: each class has its own */
                                 GRADUS_ONE_OR_EACH,
                                 GRADUS_ONE_ONLY
} gradus_one_output;

typedef struct gradus_loss_row {
    gradus_member member;
    int32_t abi;
    uint32_t targets;    /* 1 << GRADUS_TARGET_CLASS, 1 << GRADUS_TARGET_NUMBERS                        */
    const char *applies; /* the layer whose function it applies itself: "softmax"; NULL: none           */
    gradus_one_output one_output;
    int32_t reduction;     /* which argument is reduction=mean|sum                                      */
    int32_t class_weights; /* which argument is a weight for each class, or balanced; 0: none           */
    bool weighted_mean;    /* a mean is divided by the weights of its examples' classes, not by their number */
    bool probabilities;    /* numbers as targets are from 0 to 1                                        */
    /* The loss of one example, and its slope times `scale`. The target is a class, or numbers; the other is 0 or NULL. */
    double (*example)(const gradus_loss *loss, const float *output, int32_t target, const float *numbers, float scale,
                      float *gradient);
    void (*predict)(const gradus_loss *loss, float *output); /* outputs as probabilities; NULL: as they are     */
} gradus_loss_row;

extern const gradus_loss_row gradus_loss_sum;

/* ---- initial values ---- */

typedef struct gradus_init_tensor {
    int64_t shape[GRADUS_RANK], count;
    int64_t fan_in, fan_out;
    bool bias;
    uint64_t seed, stream; /* of the random numbers; each tensor has a stream of its own                  */
} gradus_init_tensor;

typedef struct gradus_init_row {
    gradus_member member;
    int32_t abi;
    gradus_status (*fill)(const gradus_value *values, const gradus_init_tensor *tensor, float *destination,
                          gradus_error *error);
} gradus_init_row;

/* ---- the net ---- */

typedef struct gradus_operation {
    gradus_layer *layer;
    const gradus_layer_pass *pass;
} gradus_operation;

typedef struct
    gradus_stage { /* operations that run chunk by chunk, or one that takes the whole batch, or (count 0) the loss */
    int32_t first, count;
    bool whole;
    double work; /* rough number of operations an example                                           */
} gradus_stage;

typedef struct gradus_ready { /* what a ready net stands for */
    gradus_spec *spec;
    struct gradus_ready *next;
} gradus_ready;

struct gradus_net {
    gradus_arena arena; /* layers, signals, operations                                                     */
    const gradus_net_config *config; /* while it is made                                                       */
    gradus_spec *spoken[2]; /* losses of targets of each kind, where the text has none                          */
    const char *model_text;
    gradus_ready *ready_nets;
    int64_t outputs; /* that are asked for; 0: whatever the model gives                                      */
    const gradus_kernels *kernels;
    gradus_backend *backend;
    gradus_told told[GRADUS_TARGETS];
    gradus_loss losses[GRADUS_TARGETS]; /* of each of them */
    int32_t told_count;
    const gradus_layer *told_by; /* the layer outputs(...); NULL: there is none                               */
    int32_t shared_tensors;      /* how many stand before its branches                                         */
    gradus_balance balance;
    int32_t threads;
    uint64_t seed;
    gradus_layers users;  /* the layers of the model, those inside of others before them                      */
    gradus_layers named;  /* the same, in the order in which their names stand in the text                    */
    gradus_layers layers; /* in the order in which they run: those, and what was put in between               */
    gradus_signal *input, *output;
    gradus_tensor *tensors;
    int32_t tensor_count, tensor_room;
    gradus_operation *operations;
    gradus_stage *stages; /* forward, the loss, backward                                                     */
    int32_t stage_count, loss_stage;
    int32_t piece;           /* examples of a piece, at most                                                     */
    bool even;               /* slots are of equal length, and may be cut anywhere                               */
    float *row, *second_row; /* as wide as the output */
    gradus_apart apart;      /* gradients of the heads, where the balance wants them                              */
    float *tensor_memory, *gradients; /* of all trained ones, one behind the other in their order            */
    int64_t gradient_count;
    unsigned char *memory; /* for `capacity` examples                                                         */
    size_t tensor_bytes, memory_bytes;
    int64_t capacity;
    bool ready[GRADUS_CHUNK + 1]; /* for pieces of so many examples                                                */
    gradus_watched *watched;      /* one for each of `users`; NULL: nobody has asked                               */
    bool watching;                /* outputs of activations are looked at as they come                             */
};

static inline gradus_tensor *gradus_layer_tensor(const gradus_layer *layer, int32_t which)
{
    return &layer->net->tensors[layer->first_tensor + which];
}

/* The layers that a ready net stands for behind a signal; NULL: *error says why. */
const gradus_chain *gradus_net_ready_chain(gradus_net *net, const gradus_item *item, const gradus_signal *at,
                                           gradus_error *error);
/* How its losses are balanced, as the text says; and once it is built: which loss each thing that it tells has, and whether it fits. */
gradus_status gradus_net_find_balance(gradus_net *net, const gradus_net_config *config, gradus_error *error);
gradus_status gradus_net_fit_losses(gradus_net *net, const gradus_net_config *config, gradus_error *error);
const gradus_target *gradus_net_target(const gradus_net_config *config, const char *name); /* NULL: no such */
/* Tensors for what its balance keeps, with the layer outputs(...); once they are filled: where they are, and memory for gradients. */
gradus_status gradus_net_add_balance(gradus_net *net, gradus_layer *layer, gradus_error *error);
gradus_status gradus_net_bind_balance(gradus_net *net, gradus_error *error);
/* By what the balance multiplies each loss, where the batch begins in the run. */
void gradus_net_weigh(const gradus_net *net, double epoch, double *factors);
/* Targets of a batch that the losses cannot take. */
gradus_status gradus_net_check_targets(const gradus_net *net, const gradus_batch *batch, gradus_error *error);
/* The loss of each head over the walk's outputs, as its reduction says, with its weight; where `factors` are given, its gradient times that;
 * adds to `scores`, where they are given. */
void gradus_net_run_losses(const gradus_walk *walk, const double *factors, double *losses, gradus_score *scores);
/* From a bound model to layers, their shapes and tensors; then to forms and sizes. */
gradus_status gradus_net_build(gradus_net *net, const gradus_net_config *config, gradus_error *error);
/* Memory for the tensors, and their initial values. */
gradus_status gradus_net_fill(gradus_net *net, const gradus_net_config *config, gradus_error *error);
/* The flat list of operations, and which memory is needed when. */
gradus_status gradus_net_plan(gradus_net *net, gradus_error *error);
/* Memory and primitives for a batch of `count` examples. */
gradus_status gradus_net_reserve(gradus_net *net, int64_t count, gradus_error *error);
/* Whether it is rounded to 8 bits and pruned (net_round.c), and how: the scale of so many weights of one output. */
bool gradus_tensor_is_weight(const gradus_tensor *tensor);
float gradus_int8_round(const float *weights, int64_t count, signed char *rounded);
gradus_status gradus_net_no_memory(gradus_error *error);
/* Looks at what a layer has put out for a piece, if the net is watching. */
void gradus_net_look(const gradus_layer *layer, const gradus_piece *piece);

#endif
