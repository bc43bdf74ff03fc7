/* onnx: how layers are written as a graph of the Open Neural Network Exchange format, so that a net runs where this project does not.
 * A row's `onnx` writes the nodes that compute its layer; all names, weights and the file around them are made here.
 *
 * Values have texts for names: what flows in, weights, what flows out, and what a layer makes on the way. Attributes go to the node
 * that was written last. Names and shapes count the batch as dimension 0. */
#ifndef GRADUS_NN_ONNX_H
#define GRADUS_NN_ONNX_H
#include "net.h"

/* ---- values ---- */

const char *gradus_onnx_input(gradus_onnx *onnx, const gradus_layer *layer);
const char *gradus_onnx_second(gradus_onnx *onnx, const gradus_layer *layer);
#define GRADUS_ONNX_DATA "input" /* the data as they come: where they are symbols, whole numbers */
const char *gradus_onnx_output(gradus_onnx *onnx, const gradus_layer *layer);
/* "3.WHAT": what the layer makes on the way. */
const char *gradus_onnx_inside(gradus_onnx *onnx, const gradus_layer *layer, const char *what);
/* A tensor of the layer in PyTorch's layout. NULL where the layer has not so many. */
const char *gradus_onnx_tensor(gradus_onnx *onnx, const gradus_layer *layer, int32_t which);
/* Constants, called "3.WHAT": a number; numbers of a shape, whole ones too. */
const char *gradus_onnx_number(gradus_onnx *onnx, const gradus_layer *layer, const char *what, float number);
const char *gradus_onnx_whole(gradus_onnx *onnx, const gradus_layer *layer, const char *what, const int64_t *shape,
                              const int64_t *numbers);
const char *gradus_onnx_numbers(gradus_onnx *onnx, const gradus_layer *layer, const char *what, const int64_t *shape,
                                const float *numbers);
/* The same of a number for each channel, in a shape that goes along images where such flow in. */
const char *gradus_onnx_channels(gradus_onnx *onnx, const gradus_layer *layer, int32_t which);
/* "3.WHAT": values under another shape, which ends at the first 0; one of its sizes may be -1, what is left. */
const char *gradus_onnx_shaped(gradus_onnx *onnx, const gradus_layer *layer, const char *what, const char *values,
                               const int64_t *shape);
/* What flows in as one row of values an example. */
const char *gradus_onnx_flat(gradus_onnx *onnx, const gradus_layer *layer);

/* ---- nodes ---- */

/* OPERATOR(inputs) = output. The inputs end with NULL; the last one that is there is followed by that. Returns `output`. */
const char *gradus_onnx_node(gradus_onnx *onnx, const char *operator, const char * output, ...);
void gradus_onnx_also(gradus_onnx *onnx, const char *output); /* one more output */
void gradus_onnx_int(gradus_onnx *onnx, const char *attribute, int64_t number);
void gradus_onnx_ints(gradus_onnx *onnx, const char *attribute, const int64_t *numbers, int32_t count);
void gradus_onnx_float(gradus_onnx *onnx, const char *attribute, float number);
void gradus_onnx_word(gradus_onnx *onnx, const char *attribute, const char *word);
void gradus_onnx_words(gradus_onnx *onnx, const char *attribute, const char *word, int32_t times);
/* output = values W' + b, over the last dimension; bias NULL: none. */
const char *gradus_onnx_product(gradus_onnx *onnx, const char *values, const char *weight, const char *bias,
                                const char *output);

#endif
