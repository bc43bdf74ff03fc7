/* embedding: each symbol as a row of a table that is learnt. Backward adds each step's gradient to its symbol's row, one example
 * after another, so that the sum has the same bits on any number of threads. */
#include <string.h>
#include "arguments.h"
#include "onnx.h"

enum { WIDTH, SYMBOLS, INIT };

static gradus_status infer(gradus_layer *layer, gradus_error *error)
{
    const gradus_value *values = layer->item->values;
    const int64_t *from = layer->input->shape, known = layer->input->symbols;
    const int64_t symbols = values[SYMBOLS].present ? (int64_t)values[SYMBOLS].number : known;
    if (!known || gradus_shape_rank(from) != 1)
        return gradus_layer_misfit(layer, "symbols, numbered from 0,",
                                   "it stands first, before data of symbols such as text", error);
    if (symbols < known) return gradus_layer_fail(layer, "has rows for fewer symbols than the data have", error);
    const int64_t steps = from[0], width = (int64_t)values[WIDTH].number;
    gradus_tensor *tensor;
    if (gradus_layer_add_tensor(layer, "weight", (int64_t[]){symbols, width, 0}, &tensor, error))
        return (gradus_status)error->status;
    tensor->fan_in = width;
    tensor->fan_out = symbols;
    tensor->deviation = 1; /* as PyTorch draws it */
    layer->output->shape[0] = steps;
    layer->output->shape[1] = width;
    layer->output->sequence = true;
    layer->output->untouched = false;
    return GRADUS_OK;
}

static gradus_status prepare(gradus_layer *layer, gradus_error *error)
{
    (void)error;
    layer->output->form = gradus_form_plain(layer->output->shape);
    return GRADUS_OK;
}

static void forward(const gradus_layer *layer, const gradus_piece *piece)
{
    const int64_t width = layer->output->shape[1], count = piece->count * layer->output->shape[0];
    const float *symbols = gradus_values(layer->input, piece), *table = gradus_layer_tensor(layer, 0)->values;
    float *output = gradus_values(layer->output, piece);
    for (int64_t i = 0; i < count; i++)
        memcpy(output + i * width, table + (int64_t)symbols[i] * width, (size_t)width * sizeof(float));
}

static void backward(const gradus_layer *layer, const gradus_piece *piece)
{
    const int64_t width = layer->output->shape[1], count = piece->count * layer->output->shape[0];
    const gradus_tensor *table = gradus_layer_tensor(layer, 0);
    const float *symbols = gradus_values(layer->input, piece), *gradient = gradus_gradient(layer->output, piece);
    if (!gradus_tensor_adds(table, layer, piece->walk))
        memset(table->gradient, 0, (size_t)table->count * sizeof(float));
    for (int64_t i = 0; i < count; i++)
        layer->net->kernels->add(table->gradient + (int64_t)symbols[i] * width, gradient + i * width, width);
}

static void write_onnx(const gradus_layer *layer, gradus_onnx *onnx)
{
    const char *table = gradus_onnx_tensor(onnx, layer, 0);
    gradus_onnx_node(onnx, "Gather", gradus_onnx_output(onnx, layer), table, GRADUS_ONNX_DATA, NULL);
}

static const gradus_argument arguments[] = {
    {.name = "width",
     .kind = GRADUS_INTEGER,
     .low = 1,
     .high = 1 << 16,
     .help = "values of a symbol",
     .search = "int(16, 512, log)",
     .also = "embedding_dim, output_dim, dim, units"},
    {.name = "symbols",
     .kind = GRADUS_INTEGER,
     .low = 1,
     .high = 1 << 24,
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL,
     .help = "rows of the table; without it as many as the data have symbols",
     .also = "num_embeddings, input_dim, vocabulary, vocab_size"},
    GRADUS_INIT_ARGUMENT,
    {.name = NULL},
};

const gradus_layer_row gradus_layer_embedding = {
    .member = {.name = "embedding",
               .summary = "each symbol as a row of a table that is learnt",
               .formula = "y[t] = W[x[t]]",
               .paper = "Bengio, Ducharme, Vincent, Jauvin 2003, A neural probabilistic language model",
               .also = "embed, lookup, word_embedding",
               .arguments = arguments,
               .notes = "It begins normally distributed with deviation 1, as in PyTorch, unless an init is given."},
    .abi = GRADUS_ABI,
    .traits = GRADUS_KEEPS_INPUT,
    .infer = infer,
    .prepare = prepare,
    .forward = {{.run = forward}},
    .backward = {{.run = backward, .whole = true}},
    .onnx = write_onnx,
};
