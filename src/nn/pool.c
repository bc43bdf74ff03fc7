/* What layers that go over an image window by window have in common: their arguments and shapes. */
#include <stdio.h>
#include <string.h>
#include "pool.h"
#include "onnx.h"

enum { SIZE, STRIDE, PAD, CEIL };

/* How many windows fit; where what is left over gets one too, as long as it begins before the padding behind, as PyTorch has it. */
static int64_t windows(const gradus_window *over, int direction, bool ceil)
{
    const int64_t stride = over->stride[direction], seen = over->input[direction] + over->pad[direction],
                  room = seen + over->pad[direction] - over->size[direction], whole = room / stride + 1;
    return whole + (ceil && room % stride && whole * stride < seen);
}

gradus_status gradus_pool_infer(gradus_layer *layer, gradus_error *error)
{
    const int64_t *from = layer->input->shape;
    if (gradus_shape_rank(from) != 3)
        return gradus_layer_misfit(layer, "an image (channels x height x width)", "put it before flatten and dense",
                                   error);
    gradus_window *over = layer->state;
    if (gradus_layer_pair(layer, SIZE, over->size, error) || gradus_layer_pair(layer, PAD, over->pad, error))
        return (gradus_status)error->status;
    memcpy(over->stride, over->size, sizeof over->stride);
    if (layer->item->values[STRIDE].present && gradus_layer_pair(layer, STRIDE, over->stride, error))
        return (gradus_status)error->status;
    for (int i = 0; i < 2; i++) {
        over->input[i] = from[i + 1];
        if (2 * over->pad[i] > over->size[i]) return gradus_layer_fail(layer, "pads more than half a window", error);
        if (over->input[i] + 2 * over->pad[i] < over->size[i]) {
            char wanted[80];
            snprintf(wanted, sizeof wanted, "an image of at least %dx%d", (int)(over->size[0] - 2 * over->pad[0]),
                     (int)(over->size[1] - 2 * over->pad[1]));
            return gradus_layer_misfit(layer, wanted, "make the window smaller, or leave it out", error);
        }
        layer->output->shape[i + 1] = over->output[i] = windows(over, i, layer->item->values[CEIL].number != 0);
    }
    layer->output->untouched = false;
    return GRADUS_OK;
}

/* Padding behind is as much as the last windows reach over: what ceil=true means differs among those who run such files. */
void gradus_pool_onnx(const gradus_layer *layer, gradus_onnx *onnx, const char *operator, const char * output)
{
    const gradus_window *over = layer->state;
    int64_t behind[2];
    for (int i = 0; i < 2; i++) {
        const int64_t reached = (over->output[i] - 1) * over->stride[i] + over->size[i] - over->pad[i] - over->input[i];
        behind[i] = reached > over->pad[i] ? reached : over->pad[i];
    }
    gradus_onnx_node(onnx, operator, output, gradus_onnx_input(onnx, layer), NULL);
    gradus_onnx_ints(onnx, "kernel_shape", over->size, 2);
    gradus_onnx_ints(onnx, "strides", over->stride, 2);
    gradus_onnx_ints(onnx, "pads", (int64_t[]){over->pad[0], over->pad[1], behind[0], behind[1]}, 4);
}

const gradus_argument gradus_pool_arguments[] = {
    {.name = "size",
     .kind = GRADUS_INTEGER,
     .low = 1,
     .high = 15,
     .flags = GRADUS_LIST,
     .help = "of a window, in pixels: one number, or [height, width]",
     .also = "kernel_size, pool_size, window, kernel"},
    {.name = "stride",
     .kind = GRADUS_INTEGER,
     .low = 1,
     .high = 255,
     .flags = GRADUS_LIST | GRADUS_NAMED | GRADUS_OPTIONAL,
     .help = "pixels from one window to the next; without it windows lie side by side",
     .also = "strides, step"},
    {.name = "pad",
     .kind = GRADUS_INTEGER,
     .initial = "0",
     .low = 0,
     .high = 7,
     .flags = GRADUS_LIST | GRADUS_NAMED,
     .help = "pixels around the image; at most half a window",
     .also = "border"},
    {.name = "ceil",
     .kind = GRADUS_FLAG,
     .initial = "false",
     .flags = GRADUS_NAMED,
     .help = "a last window for the pixels that are left over, which is not whole",
     .also = "ceil_mode"},
    {.name = NULL},
};
