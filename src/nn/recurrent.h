/* What rnn, gru and lstm share: levels one above the other, each in one direction or both, step after step. A row brings what
 * its cell does with the sums of one step; all products are here. */
#ifndef GRADUS_NN_RECURRENT_H
#define GRADUS_NN_RECURRENT_H
#include "arguments.h"
#include "onnx.h"

/* One step of one example. */
typedef struct gradus_cell_step {
    const gradus_kernels *kernels;
    int64_t units;
    gradus_activation activation; /* rnn's */
    float *gates;                 /* forward: sums in, what became of them out; backward: their gradients out */
    float *extra;                 /* what else the cell keeps of a step */
    float *state;                 /* the result */
    const float *before;          /* the result of the step before; NULL: there is none, it counts as zeros */
    const float *extra_before, *extra_after; /* of the steps on both sides; NULL: there is none */
    const float *bias;                       /* of the state's part that is kept apart; NULL: none */
    const float *gradient;                   /* of the result */
    float *gradient_before;                  /* of the step before, to be added to; NULL: there is none */
} gradus_cell_step;

typedef struct gradus_cell {
    int32_t gates;  /* sums of a step, each as wide as the state */
    int32_t extras; /* in `extra`, each as wide as the state */
    bool apart;     /* the state's part of the last sum is not added to it but stands in the first extra, and backward
                     * leaves its gradient there */
    void (*forward)(const gradus_cell_step *step);
    void (*backward)(const gradus_cell_step *step);
    gradus_activation
        becomes[4];   /* what is made of the sums, which then stand in `gates`; LINEAR: the state is made of them */
    const char *onnx; /* ONNX's operator ... */
    int64_t onnx_places[4]; /* ... and which of the sums it has in which place */
} gradus_cell;

enum {
    GRADUS_RECURRENT_UNITS,
    GRADUS_RECURRENT_LAYERS,
    GRADUS_RECURRENT_BOTH,
    GRADUS_RECURRENT_LAST,
    GRADUS_RECURRENT_BIAS,
    GRADUS_RECURRENT_INIT,
    GRADUS_RECURRENT_OWN /* the first argument of a row's own */
};

#define GRADUS_RECURRENT_ARGUMENTS                                                                                  \
    {.name = "units",                                                                                               \
     .kind = GRADUS_INTEGER,                                                                                        \
     .low = 1,                                                                                                      \
     .high = 1 << 16,                                                                                               \
     .help = "values of the state, and so of the output of a step",                                                 \
     .search = "int(16, 512, log)",                                                                                 \
     .also = "hidden_size, hidden, width, num_units"},                                                              \
        {.name = "layers",                                                                                          \
         .kind = GRADUS_INTEGER,                                                                                    \
         .initial = "1",                                                                                            \
         .low = 1,                                                                                                  \
         .high = 64,                                                                                                \
         .flags = GRADUS_NAMED,                                                                                     \
         .help = "how many stand one above the other",                                                              \
         .search = "int(1, 4)",                                                                                     \
         .also = "num_layers"},                                                                                     \
        {.name = "bidirectional",                                                                                   \
         .kind = GRADUS_FLAG,                                                                                       \
         .initial = "false",                                                                                        \
         .flags = GRADUS_NAMED,                                                                                     \
         .help = "a second one reads from the end to the beginning; a step's output holds both states"},            \
        {.name = "last",                                                                                            \
         .kind = GRADUS_FLAG,                                                                                       \
         .initial = "false",                                                                                        \
         .flags = GRADUS_NAMED,                                                                                     \
         .help =                                                                                                    \
             "gives the state after the whole sequence alone, for one target an example (Keras says the opposite: " \
             "return_sequences)"},                                                                                  \
        GRADUS_BIAS_ARGUMENT, GRADUS_INIT_ARGUMENT

/* For rows: their functions, once state_size bytes of this are theirs. */
typedef struct gradus_recurrent {
    const gradus_cell *cell;
    gradus_activation activation;
    int64_t steps, inputs, units, levels, directions;
    bool bias, last;
    int64_t size; /* floats kept for each example */
    int64_t
        symbols; /* of the embedding that gives the inputs, if it has so few that they come again and again; else 0 */
} gradus_recurrent;

gradus_status gradus_recurrent_infer(gradus_layer *layer, const gradus_cell *cell, gradus_activation activation,
                                     gradus_error *error);
gradus_status gradus_recurrent_prepare(gradus_layer *layer, gradus_error *error);
void gradus_recurrent_begin(const gradus_layer *layer, const gradus_walk *walk);
void gradus_recurrent_forward(const gradus_layer *layer, const gradus_piece *piece);
void gradus_recurrent_backward(const gradus_layer *layer, const gradus_piece *piece);
void gradus_recurrent_weights(const gradus_layer *layer, const gradus_piece *piece);
void gradus_recurrent_look(const gradus_layer *layer, const gradus_piece *piece, gradus_ends *found);
void gradus_recurrent_onnx(const gradus_layer *layer, gradus_onnx *onnx);

#define GRADUS_RECURRENT_ROW                                                                                       \
    .abi = GRADUS_ABI, .traits = GRADUS_KEEPS_INPUT | GRADUS_KEEPS_OUTPUT, .state_size = sizeof(gradus_recurrent), \
    .prepare = gradus_recurrent_prepare, .begin = gradus_recurrent_begin,                                          \
    .forward = {{.run = gradus_recurrent_forward}},                                                                \
    .backward = {{.run = gradus_recurrent_backward}, {.run = gradus_recurrent_weights, .whole = true}},            \
    .look = gradus_recurrent_look, .looks_at = "gates", .onnx = gradus_recurrent_onnx

#endif
