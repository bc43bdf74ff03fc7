/* A net of dense layers in double precision, with softmax cross-entropy and PyTorch's RMSprop: what a net in single precision is
 * measured against where rounding alone decides. */
#ifndef GRADUS_TESTS_TWIN_H
#define GRADUS_TESTS_TWIN_H
#include "nets.h"

enum { TWIN_MOST = 4 };
typedef enum twin_activation { TWIN_LINEAR, TWIN_RELU, TWIN_TANH } twin_activation;

typedef struct twin_layer {
    int64_t inputs, outputs;
    twin_activation activation;
    double *values, *gradient, *squares; /* outputs x inputs, then a bias for each output */
    double *result, *slope;              /* examples x outputs: after the activation, and its gradient */
} twin_layer;

typedef struct twin_net {
    twin_layer layers[TWIN_MOST];
    int32_t count;
    double nearest; /* least distance of a relu's argument from 0 in the last batch */
} twin_net;

static inline int64_t twin_size(const twin_layer *layer) { return (layer->inputs + 1) * layer->outputs; }

/* Of a net whose tensors are weight, bias, weight, bias, ... */
static inline twin_net twin_open(const gradus_net *net, const twin_activation *activations)
{
    twin_net twin = {.count = gradus_net_tensor_count(net) / 2};
    for (int32_t i = 0; i < twin.count; i++) {
        gradus_net_tensor tensor;
        twin_layer *layer = &twin.layers[i];
        gradus_net_tensor_at(net, 2 * i, &tensor);
        *layer = (twin_layer){.inputs = tensor.shape[1], .outputs = tensor.shape[0], .activation = activations[i]};
        const size_t size = (size_t)twin_size(layer);
        float *values = malloc(size * sizeof(float));
        gradus_net_read(net, 2 * i, values);
        gradus_net_read(net, 2 * i + 1, values + layer->inputs * layer->outputs);
        layer->values = malloc(size * sizeof(double));
        layer->gradient = malloc(size * sizeof(double));
        layer->squares = calloc(size, sizeof(double));
        layer->result = malloc((size_t)(64 * layer->outputs) * sizeof(double));
        layer->slope = malloc((size_t)(64 * layer->outputs) * sizeof(double));
        for (size_t k = 0; k < size; k++) layer->values[k] = values[k];
        free(values);
    }
    return twin;
}

static inline void twin_close(twin_net *twin)
{
    for (int32_t i = 0; i < twin->count; i++) {
        double *all[] = {twin->layers[i].values, twin->layers[i].gradient, twin->layers[i].squares,
                         twin->layers[i].result, twin->layers[i].slope};
        for (size_t k = 0; k < sizeof all / sizeof *all; k++) free(all[k]);
    }
}

static inline double twin_activate(twin_net *twin, twin_activation activation, double x)
{
    if (activation == TWIN_TANH) return tanh(x);
    if (activation == TWIN_LINEAR) return x;
    twin->nearest = fmin(twin->nearest, fabs(x));
    return fmax(x, 0);
}

static inline void twin_forward(twin_net *twin, twin_layer *layer, const double *input, int32_t count)
{
    for (int64_t e = 0; e < count; e++)
        for (int64_t o = 0; o < layer->outputs; o++) {
            double sum = layer->values[layer->inputs * layer->outputs + o];
            for (int64_t i = 0; i < layer->inputs; i++)
                sum += layer->values[o * layer->inputs + i] * input[e * layer->inputs + i];
            layer->result[e * layer->outputs + o] = twin_activate(twin, layer->activation, sum);
        }
}

/* From layer->slope to the gradient of weights and, unless NULL, of the input. */
static inline void twin_backward(twin_layer *layer, const double *input, double *input_slope, int32_t count)
{
    memset(layer->gradient, 0, (size_t)twin_size(layer) * sizeof(double));
    if (input_slope) memset(input_slope, 0, (size_t)(count * layer->inputs) * sizeof(double));
    for (int64_t e = 0; e < count; e++)
        for (int64_t o = 0; o < layer->outputs; o++) {
            const double y = layer->result[e * layer->outputs + o];
            const double slope =
                layer->slope[e * layer->outputs + o] * (layer->activation == TWIN_RELU   ? (double)(y > 0)
                                                        : layer->activation == TWIN_TANH ? 1 - y * y
                                                                                         : 1);
            layer->gradient[layer->inputs * layer->outputs + o] += slope;
            for (int64_t i = 0; i < layer->inputs && slope != 0; i++) {
                layer->gradient[o * layer->inputs + i] += slope * input[e * layer->inputs + i];
                if (input_slope) input_slope[e * layer->inputs + i] += slope * layer->values[o * layer->inputs + i];
            }
        }
}

static inline double twin_cross_entropy(twin_layer *last, const int32_t *classes, int32_t count)
{
    double loss = 0;
    for (int64_t e = 0; e < count; e++) {
        const double *x = last->result + e * last->outputs;
        double *slope = last->slope + e * last->outputs, largest = x[0], sum = 0;
        for (int64_t o = 0; o < last->outputs; o++) largest = fmax(largest, x[o]);
        for (int64_t o = 0; o < last->outputs; o++) sum += exp(x[o] - largest);
        for (int64_t o = 0; o < last->outputs; o++) slope[o] = (exp(x[o] - largest) / sum - (o == classes[e])) / count;
        loss += (largest + log(sum) - x[classes[e]]) / count;
    }
    return loss;
}

/* Pixels of a batch are k / 255 in double precision, as they were in the reference. */
static inline double twin_train(twin_net *twin, const gradus_batch *batch)
{
    const int64_t pixels = twin->layers[0].inputs * batch->count;
    double *inputs = malloc((size_t)pixels * sizeof(double));
    for (int64_t i = 0; i < pixels; i++) inputs[i] = rint(batch->inputs[i] * 255.0) / 255;
    twin->nearest = INFINITY;
    for (int32_t i = 0; i < twin->count; i++)
        twin_forward(twin, &twin->layers[i], i ? twin->layers[i - 1].result : inputs, batch->count);
    const double loss = twin_cross_entropy(&twin->layers[twin->count - 1], batch->classes, batch->count);
    for (int32_t i = twin->count; i-- > 0;)
        twin_backward(&twin->layers[i], i ? twin->layers[i - 1].result : inputs, i ? twin->layers[i - 1].slope : NULL,
                      batch->count);
    free(inputs);
    return loss;
}

static inline void twin_rmsprop(twin_net *twin, double rate)
{
    for (int32_t i = 0; i < twin->count; i++) {
        twin_layer *layer = &twin->layers[i];
        for (int64_t k = 0; k < twin_size(layer); k++) {
            const double gradient = layer->gradient[k];
            layer->squares[k] = 0.99 * layer->squares[k] + 0.01 * gradient * gradient;
            layer->values[k] -= rate * gradient / (sqrt(layer->squares[k]) + 1e-8);
        }
    }
}

/* Puts the net, and the state of its RMSprop, where the twin is. */
static inline void twin_copy(const twin_net *twin, gradus_net *net, nets_optimizer *optimizer)
{
    for (int32_t i = 0; i < twin->count; i++) {
        const twin_layer *layer = &twin->layers[i];
        const int64_t size = twin_size(layer), weights = layer->inputs * layer->outputs;
        float *values = malloc((size_t)size * sizeof(float));
        for (int64_t k = 0; k < size; k++) values[k] = (float)layer->values[k];
        gradus_net_write(net, 2 * i, values);
        gradus_net_write(net, 2 * i + 1, values + weights);
        for (int64_t k = 0; k < weights; k++) /* the net keeps weights input x output */
            optimizer->state[2 * i][0][k % layer->inputs * layer->outputs + k / layer->inputs] = layer->squares[k];
        memcpy(optimizer->state[2 * i + 1][0], layer->squares + weights, (size_t)layer->outputs * sizeof(double));
        free(values);
    }
}

#endif
