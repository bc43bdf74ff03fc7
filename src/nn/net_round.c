/* Smaller weights for nets that are trained: rounded to what fewer bits hold, or the smallest of them gone. The net then computes with
 * what a file of such weights will hold, so that measuring it tells what they cost. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "bfloat16.h"
#include "net.h"

enum { INT8_MOST = 127 };

/* Filters and matrices, tables too: what takes the room. Biases and norms stay as they are. */
bool gradus_tensor_is_weight(const gradus_tensor *tensor)
{
    return tensor->trained && tensor->fan_in && gradus_shape_rank(tensor->shape) > 1;
}

/* A scale for each output, by its largest weight; zero stays zero. (Jacob and others 2018, Quantization and training of neural
 * networks for efficient integer-arithmetic-only inference; a scale for each channel: Krishnamoorthi 2018.) */
float gradus_int8_round(const float *weights, int64_t count, signed char *rounded)
{
    float most = 0;
    for (int64_t i = 0; i < count; i++) most = fmaxf(most, fabsf(weights[i]));
    const float scale = most > 0 ? most / INT8_MOST : 1;
    for (int64_t i = 0; i < count; i++) rounded[i] = (signed char)lrintf(weights[i] / scale);
    return scale;
}

/* One tensor in PyTorch's layout, changed and put back. */
typedef void change(const gradus_tensor *tensor, float *values, int64_t count, const void *how, signed char *room);

static void to_int8(const gradus_tensor *tensor, float *values, int64_t count, const void *how, signed char *room)
{
    (void)how;
    const int64_t row = count / tensor->shape[0];
    for (int64_t first = 0; first < count; first += row) {
        const float scale = gradus_int8_round(values + first, row, room);
        for (int64_t i = 0; i < row; i++) values[first + i] = scale * (float)room[i];
    }
}

static void to_bfloat16(const gradus_tensor *tensor, float *values, int64_t count, const void *how, signed char *room)
{
    (void)tensor, (void)how, (void)room;
    for (int64_t i = 0; i < count; i++) values[i] = gradus_from_bfloat16(gradus_to_bfloat16(values[i]));
}

static void to_zero(const gradus_tensor *tensor, float *values, int64_t count, const void *how, signed char *room)
{
    (void)tensor, (void)room;
    const float edge = *(const float *)how;
    for (int64_t i = 0; i < count; i++)
        if (fabsf(values[i]) <= edge) values[i] = 0;
}

static gradus_status change_all(gradus_net *net, bool weights, change *apply, const void *how, gradus_error *error)
{
    for (int32_t i = 0; i < net->tensor_count; i++) {
        const gradus_tensor *tensor = &net->tensors[i];
        const int64_t count = gradus_shape_size(tensor->shape);
        if (weights && !gradus_tensor_is_weight(tensor)) continue;
        const size_t bytes = (size_t)count * (sizeof(float) + 1);
        float *values = gradus_allocate(NULL, bytes);
        bool done = values && gradus_net_read(net, i, values);
        if (done) apply(tensor, values, count, how, (signed char *)(values + count));
        done = done && gradus_net_write(net, i, values);
        gradus_release(NULL, values, bytes);
        if (!done) return gradus_net_no_memory(error);
    }
    return GRADUS_OK;
}

gradus_status gradus_net_round(gradus_net *net, gradus_weights type, gradus_error *error)
{
    if (gradus_failed(error)) return (gradus_status)error->status;
    switch (type) {
    case GRADUS_WEIGHTS_BFLOAT16: return change_all(net, false, to_bfloat16, NULL, error);
    case GRADUS_WEIGHTS_INT8: return change_all(net, true, to_int8, NULL, error);
    default: return GRADUS_OK;
    }
}

/* ---- pruning ---- */

static int compare(const void *one, const void *other)
{
    const float a = *(const float *)one, b = *(const float *)other;
    return (a > b) - (a < b);
}

/* By magnitude, over all weights together: a layer whose weights are large keeps more of them. (Han, Pool, Tran, Dally 2015, Learning
 * both weights and connections for efficient neural networks; of the ways to choose among layers, Blalock and others 2020.) */
gradus_status gradus_net_prune(gradus_net *net, double share, gradus_error *error)
{
    if (gradus_failed(error)) return (gradus_status)error->status;
    int64_t all = 0, at = 0;
    for (int32_t i = 0; i < net->tensor_count; i++)
        if (gradus_tensor_is_weight(&net->tensors[i])) all += gradus_shape_size(net->tensors[i].shape);
    const int64_t gone = (int64_t)(share * (double)all);
    if (gone < 1) return GRADUS_OK;
    const size_t bytes = (size_t)all * sizeof(float);
    float *sizes = gradus_allocate(NULL, bytes);
    bool done = sizes != NULL;
    for (int32_t i = 0; done && i < net->tensor_count; i++) {
        if (!gradus_tensor_is_weight(&net->tensors[i])) continue;
        done = gradus_net_read(net, i, sizes + at);
        at += gradus_shape_size(net->tensors[i].shape);
    }
    for (int64_t i = 0; done && i < all; i++) sizes[i] = fabsf(sizes[i]);
    if (done) qsort(sizes, (size_t)all, sizeof *sizes, compare);
    const float edge = done ? sizes[gone - 1] : 0;
    gradus_release(NULL, sizes, bytes);
    return done ? change_all(net, true, to_zero, &edge, error) : gradus_net_no_memory(error);
}
