/* batchnorm: each channel with mean 0 and variance 1 over the batch, then scaled and shifted by what is learnt. Two walks each way:
 * statistics, then values. The statistics of pieces of the batch are merged in their order and in double precision.
 *
 * As PyTorch has it: the variance that divides is the biased one, the running one is unbiased; running = (1 - momentum) running +
 * momentum batch. An evaluation uses the running ones. (Ioffe, Szegedy 2015.) */
#include <math.h>
#include <string.h>
#include "arguments.h"
#include "onnx.h"

enum { MOMENTUM, EPSILON };
enum { WEIGHT, OFFSET, RUNNING_MEAN, RUNNING_VARIANCE };            /* tensors */
enum { MEAN, SCALE, SHIFT, INVERSE, MEAN_GRADIENT, SLOPE, SHARED }; /* arrays in layer->numbers, a value a channel */
enum {
    SUM,
    PRODUCT,
    PIECE_SUM,
    PIECE_PRODUCT,
    PARTS
}; /* arrays of each slot in layer->sums; forward: mean and squared distances */

typedef struct batchnorm {
    double momentum, epsilon;
    int64_t channels; /* in memory, the filling of the last block included */
} batchnorm;

static gradus_status infer(gradus_layer *layer, gradus_error *error)
{
    static const struct {
        const char *name;
        float fill;
        bool trained;
    } tensors[] = {{"weight", 1, true}, {"bias", 0, true}, {"running_mean", 0, false}, {"running_var", 1, false}};
    const gradus_value *values = layer->item->values;
    const int32_t rank = gradus_shape_rank(layer->input->shape);
    if (rank != 1 && rank != 3)
        return gradus_layer_misfit(layer, "an image or a flat input", "put flatten between them", error);
    *(batchnorm *)layer->state = (batchnorm){.momentum = values[MOMENTUM].number, .epsilon = values[EPSILON].number};
    layer->output->untouched = false;
    for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++) {
        gradus_tensor *tensor;
        if (gradus_layer_add_tensor(layer, tensors[i].name, (int64_t[]){layer->input->shape[0], 0}, &tensor, error))
            return (gradus_status)error->status;
        tensor->fill = tensors[i].fill;
        tensor->trained = tensors[i].trained;
    }
    return GRADUS_OK;
}

static gradus_status prepare(gradus_layer *layer, gradus_error *error)
{
    (void)error;
    batchnorm *state = layer->state;
    state->channels = layer->input->form.blocks * layer->input->form.width;
    for (int32_t i = WEIGHT; i <= RUNNING_VARIANCE; i++) gradus_layer_tensor(layer, i)->count = state->channels;
    layer->shared = SHARED * state->channels;
    layer->parts = PARTS * state->channels;
    return GRADUS_OK;
}

static float *shared(const gradus_layer *layer, int32_t which)
{
    return layer->numbers + which * ((const batchnorm *)layer->state)->channels;
}

static float *part(const gradus_layer *layer, int32_t slot, int32_t which)
{
    return layer->sums + slot * layer->parts + which * ((const batchnorm *)layer->state)->channels;
}

static gradus_norm_forward norm_of(const gradus_layer *layer)
{
    return (gradus_norm_forward){shared(layer, MEAN), shared(layer, SCALE), shared(layer, SHIFT)};
}

/* ---- forward ---- */

static void set_norm(const gradus_layer *layer, int64_t channel, double mean, double variance)
{
    const double inverse = 1 / sqrt(variance + ((const batchnorm *)layer->state)->epsilon);
    shared(layer, MEAN)[channel] = (float)mean;
    shared(layer, INVERSE)[channel] = (float)inverse;
    shared(layer, SCALE)[channel] = (float)(inverse * gradus_layer_tensor(layer, WEIGHT)->values[channel]);
    shared(layer, SHIFT)[channel] = gradus_layer_tensor(layer, OFFSET)->values[channel];
}

static void begin(const gradus_layer *layer, const gradus_walk *walk)
{
    if (walk->purpose != GRADUS_WALK_EVALUATE) return;
    const float *mean = gradus_layer_tensor(layer, RUNNING_MEAN)->values,
                *variance = gradus_layer_tensor(layer, RUNNING_VARIANCE)->values;
    for (int64_t i = 0; i < ((const batchnorm *)layer->state)->channels; i++) set_norm(layer, i, mean[i], variance[i]);
}

/* Mean and squared distances of two sets of values made those of both (Chan, Golub, LeVeque 1983). */
static void merge(double count, double *mean, double *squares, double more, double its_mean, double its_squares)
{
    const double far = its_mean - *mean, all = count + more;
    *mean += far * more / all;
    *squares += its_squares + far * far * count * more / all;
}

static void measure(const gradus_layer *layer, const gradus_piece *piece)
{
    const batchnorm *state = layer->state;
    const gradus_form form = layer->input->form;
    float *mean = part(layer, piece->slot, piece->opens ? SUM : PIECE_SUM),
          *squares = part(layer, piece->slot, piece->opens ? PRODUCT : PIECE_PRODUCT);
    layer->net->kernels->moments(form, gradus_values(layer->input, piece), piece->count, mean, squares);
    if (piece->opens) return;
    const int64_t begun = gradus_walk_slot(piece->walk, piece->slot);
    float *all_mean = part(layer, piece->slot, SUM), *all_squares = part(layer, piece->slot, PRODUCT);
    for (int64_t i = 0; i < state->channels; i++) {
        double merged = all_mean[i], merged_squares = all_squares[i];
        merge((double)((piece->first - begun) * form.pixels), &merged, &merged_squares,
              (double)(piece->count * form.pixels), mean[i], squares[i]);
        all_mean[i] = (float)merged;
        all_squares[i] = (float)merged_squares;
    }
}

static void conclude_measure(const gradus_layer *layer, const gradus_walk *walk)
{
    const batchnorm *state = layer->state;
    const int64_t pixels = layer->input->form.pixels;
    const double count = (double)(walk->count * pixels);
    float *running_mean = gradus_layer_tensor(layer, RUNNING_MEAN)->values,
          *running_variance = gradus_layer_tensor(layer, RUNNING_VARIANCE)->values;
    for (int64_t i = 0; i < state->channels; i++) {
        double mean = part(layer, 0, SUM)[i], squares = part(layer, 0, PRODUCT)[i];
        for (int32_t slot = 1; slot < walk->slots; slot++) {
            const int64_t first = gradus_walk_slot(walk, slot), end = gradus_walk_slot(walk, slot + 1);
            merge((double)(first * pixels), &mean, &squares, (double)((end - first) * pixels),
                  part(layer, slot, SUM)[i], part(layer, slot, PRODUCT)[i]);
        }
        set_norm(layer, i, mean, squares / count);
        /* one value has no variance; and what is not finite would stay in the running statistics for ever */
        if (walk->purpose != GRADUS_WALK_TRAIN || walk->again || count < 2 || !isfinite(mean) || !isfinite(squares))
            continue;
        running_mean[i] += (float)(state->momentum * (mean - running_mean[i]));
        running_variance[i] += (float)(state->momentum * (squares / (count - 1) - running_variance[i]));
    }
}

static void normalise(const gradus_layer *layer, const gradus_piece *piece)
{
    float *output = gradus_values(layer->output, piece);
    layer->net->kernels->normalise(layer->input->form, layer->activation, norm_of(layer),
                                   gradus_values(layer->input, piece), output, piece->count);
    if (layer->activation == GRADUS_SIGMOID) gradus_signal_clear_filling(layer->output, output, piece->count);
}

/* ---- backward: dx = weight inverse (dy - mean(dy) - (x - mean) inverse^2 mean(dy (x - mean))) ---- */

static void backward_sums(const gradus_layer *layer, const gradus_piece *piece)
{
    const batchnorm *state = layer->state;
    const gradus_kernels *kernels = layer->net->kernels;
    kernels->normalise_sums(layer->input->form, layer->activation, norm_of(layer), gradus_values(layer->input, piece),
                            gradus_gradient(layer->output, piece), piece->count,
                            part(layer, piece->slot, piece->opens ? SUM : PIECE_SUM),
                            part(layer, piece->slot, piece->opens ? PRODUCT : PIECE_PRODUCT));
    if (!piece->opens)
        kernels->add(part(layer, piece->slot, SUM), part(layer, piece->slot, PIECE_SUM), 2 * state->channels);
}

static void conclude_sums(const gradus_layer *layer, const gradus_walk *walk)
{
    const batchnorm *state = layer->state;
    const double count = (double)(walk->count * layer->input->form.pixels);
    float *weight_gradient = gradus_layer_tensor(layer, WEIGHT)->gradient,
          *bias_gradient = gradus_layer_tensor(layer, OFFSET)->gradient;
    for (int64_t i = 0; i < state->channels; i++) {
        double sum = 0, product = 0;
        for (int32_t slot = 0; slot < walk->slots; slot++) {
            sum += part(layer, slot, SUM)[i];
            product += part(layer, slot, PRODUCT)[i];
        }
        const double inverse = shared(layer, INVERSE)[i];
        shared(layer, MEAN_GRADIENT)[i] = (float)(sum / count);
        shared(layer, SLOPE)[i] = (float)(product * inverse * inverse / count);
        weight_gradient[i] = (float)(product * inverse) + (walk->accumulate ? weight_gradient[i] : 0);
        bias_gradient[i] = (float)sum + (walk->accumulate ? bias_gradient[i] : 0);
    }
}

static void backward(const gradus_layer *layer, const gradus_piece *piece)
{
    const gradus_norm_backward norm = {shared(layer, MEAN), shared(layer, SCALE), shared(layer, MEAN_GRADIENT),
                                       shared(layer, SLOPE)};
    if (layer->input->trained)
        layer->net->kernels->normalise_backward(layer->input->form, norm, gradus_values(layer->input, piece),
                                                gradus_gradient(layer->output, piece), piece->count);
}

static void write_onnx(const gradus_layer *layer, gradus_onnx *onnx)
{
    const char *input = gradus_onnx_input(onnx, layer), *tensors[RUNNING_VARIANCE + 1];
    for (int32_t i = WEIGHT; i <= RUNNING_VARIANCE; i++) tensors[i] = gradus_onnx_tensor(onnx, layer, i);
    gradus_onnx_node(onnx, "BatchNormalization", gradus_onnx_output(onnx, layer), input, tensors[WEIGHT],
                     tensors[OFFSET], tensors[RUNNING_MEAN], tensors[RUNNING_VARIANCE], NULL);
    gradus_onnx_float(onnx, "epsilon", (float)((const batchnorm *)layer->state)->epsilon);
}

static const gradus_argument arguments[] = {
    {.name = "momentum",
     .kind = GRADUS_SHARE,
     .initial = "0.1",
     .low = 0,
     .high = 1,
     .flags = GRADUS_NAMED,
     .help =
         "share of a batch in the running statistics, which an evaluation uses (Keras means what is left of them: 0.9)",
     .also = "decay"},
    GRADUS_EPSILON_ARGUMENT,
    {.name = NULL},
};

const gradus_layer_row gradus_layer_batchnorm = {
    .member = {.name = "batchnorm",
               .summary = "each channel with mean 0 and variance 1 over the batch, then scaled and shifted as learnt",
               .formula = "y = weight (x - mean) / sqrt(variance + epsilon) + bias",
               .paper = "Ioffe, Szegedy 2015, Batch normalization: accelerating deep network training by reducing "
                        "internal covariate shift",
               .also = "batch_norm, bn, batchnorm2d, batchnorm1d, batch_normalization",
               .arguments = arguments,
               .notes = "A batch of a single value a channel has no variance: such a value becomes the bias, and the "
                        "running statistics stay. So they do after a batch that is not finite."},
    .abi = GRADUS_ABI,
    .traits = GRADUS_KEEPS_INPUT | GRADUS_BLOCKS | GRADUS_RUNS_ACTIVATION | GRADUS_IN_PLACE,
    .state_size = sizeof(batchnorm),
    .infer = infer,
    .prepare = prepare,
    .begin = begin,
    .forward = {{.run = measure, .conclude = conclude_measure, .training_only = true}, {.run = normalise}},
    .backward = {{.run = backward_sums, .conclude = conclude_sums}, {.run = backward}},
    .onnx = write_onnx,
};
