/* upsample: an image with more pixels, each repeated or blended with its neighbours; what decoders do on their way back to the size of
 * the data. */
#include <string.h>
#include "onnx.h"

enum { FACTOR, MODE };

typedef struct upsample {
    bool blends;
    int64_t factor[2], input[2]; /* heights, then widths */
} upsample;

static gradus_status infer(gradus_layer *layer, gradus_error *error)
{
    const int64_t *from = layer->input->shape;
    if (gradus_shape_rank(from) != 3)
        return gradus_layer_misfit(layer, "an image (channels x height x width)", "put it before flatten and dense",
                                   error);
    upsample *state = layer->state;
    *state = (upsample){.blends = layer->item->values[MODE].number != 0, .input = {from[1], from[2]}};
    if (gradus_layer_pair(layer, FACTOR, state->factor, error)) return (gradus_status)error->status;
    for (int i = 0; i < 2; i++) layer->output->shape[i + 1] = state->factor[i] * from[i + 1];
    layer->output->untouched = false;
    return GRADUS_OK;
}

static gradus_status prepare(gradus_layer *layer, gradus_error *error)
{
    (void)error;
    layer->output->form.pixels = layer->output->shape[1] * layer->output->shape[2];
    return GRADUS_OK;
}

typedef struct source { /* of a row, or a column: two of the input's, and the share of the second */
    int64_t at[2];
    float share[2];
} source;

/* Pixels are squares, and blended between their middles; beyond the outermost there is nothing to blend with. */
static source source_of(const upsample *state, int direction, int64_t index)
{
    const int64_t factor = state->factor[direction], last = state->input[direction] - 1, at = index / factor;
    if (!state->blends) return (source){{at, at}, {1, 0}};
    const float middle = ((float)index + 0.5f) / (float)factor - 0.5f, place = middle > 0 ? middle : 0;
    const int64_t first = (int64_t)place, second = first < last ? first + 1 : last;
    const float share = place - (float)first;
    return (source){{first, second}, {1 - share, share}};
}

/* One pixel of one block of the output out of those of the input, or shares of it to them. */
static void blend(const upsample *state, source down, source across, int64_t width, float *plane, float *pixel,
                  bool back)
{
    if (!back) memset(pixel, 0, (size_t)width * sizeof *pixel);
    for (int corner = 0; corner < 4; corner++) {
        const float share = down.share[corner / 2] * across.share[corner % 2];
        float *from = plane + (down.at[corner / 2] * state->input[1] + across.at[corner % 2]) * width;
        for (int64_t i = 0; i < width && share != 0; i++)
            if (back)
                from[i] += share * pixel[i];
            else
                pixel[i] += share * from[i];
    }
}

static void each_pixel(const gradus_layer *layer, int64_t count, float *input, float *output, bool back)
{
    const upsample *state = layer->state;
    const gradus_form from = layer->input->form;
    const int64_t rows = layer->output->shape[1], columns = layer->output->shape[2];
    for (int64_t block = 0; block < count * from.blocks; block++, input += from.pixels * from.width)
        for (int64_t row = 0; row < rows; row++) {
            const source down = source_of(state, 0, row);
            for (int64_t column = 0; column < columns; column++, output += from.width)
                blend(state, down, source_of(state, 1, column), from.width, input, output, back);
        }
}

static void forward(const gradus_layer *layer, const gradus_piece *piece)
{
    each_pixel(layer, piece->count, gradus_values(layer->input, piece), gradus_values(layer->output, piece), false);
}

static void backward(const gradus_layer *layer, const gradus_piece *piece)
{
    float *input = gradus_gradient(layer->input, piece);
    memset(input, 0, (size_t)(piece->count * gradus_form_size(layer->input->form)) * sizeof *input);
    each_pixel(layer, piece->count, input, gradus_gradient(layer->output, piece), true);
}

static void write_onnx(const gradus_layer *layer, gradus_onnx *onnx)
{
    const upsample *state = layer->state;
    const float factors[] = {1, 1, (float)state->factor[0], (float)state->factor[1]};
    const char *input = gradus_onnx_input(onnx, layer),
               *scales = gradus_onnx_numbers(onnx, layer, "scales", (int64_t[]){4, 0}, factors);
    gradus_onnx_node(onnx, "Resize", gradus_onnx_output(onnx, layer), input, "", scales, NULL);
    gradus_onnx_word(onnx, "mode", state->blends ? "linear" : "nearest");
    gradus_onnx_word(onnx, "coordinate_transformation_mode", state->blends ? "half_pixel" : "asymmetric");
    if (!state->blends) gradus_onnx_word(onnx, "nearest_mode", "floor");
}

static const gradus_argument arguments[] = {
    {.name = "factor",
     .kind = GRADUS_INTEGER,
     .initial = "2",
     .low = 1,
     .high = 255,
     .flags = GRADUS_LIST,
     .help = "pixels in place of one: one number, or [down, across]",
     .also = "scale_factor, scale, size"},
    {.name = "mode",
     .kind = GRADUS_WORD,
     .words = "nearest|bilinear",
     .initial = "nearest",
     .flags = GRADUS_NAMED,
     .help = "repeats each pixel, or blends it with its neighbours",
     .also = "interpolation"},
    {.name = NULL},
};

const gradus_layer_row gradus_layer_upsample = {
    .member = {.name = "upsample",
               .summary = "an image with more pixels: each repeated, or blended with its neighbours",
               .formula = "y[c, i, j] = x[c, i / factor, j / factor], rounded down",
               .paper = "Odena, Dumoulin, Olah 2016, Deconvolution and checkerboard artifacts",
               .also = "upsampling, upsampling2d, up, resize, interpolate",
               .arguments = arguments,
               .notes = "bilinear takes pixels for squares, as PyTorch with align_corners=False and Keras do."},
    .abi = GRADUS_ABI,
    .traits = GRADUS_BLOCKS,
    .state_size = sizeof(upsample),
    .infer = infer,
    .prepare = prepare,
    .forward = {{.run = forward}},
    .backward = {{.run = backward}},
    .onnx = write_onnx,
};
