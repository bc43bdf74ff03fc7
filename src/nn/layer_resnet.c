/* resnet: a ready net of residual blocks, two 3x3 convolutions each, as He, Zhang, Ren and Sun (2016) have it: 6 n + 2 layers in three
 * stages for small pictures, 18 or 34 in four for large ones. Each stage after the first has half the pixels and twice the channels. */
#include <stdarg.h>
#include <stdio.h>
#include "net.h"

enum { DEPTH, WIDTH };
enum { LARGE = 96 }; /* pixels of a side from which the first layers halve it twice */

static const int of_18[] = {2, 2, 2, 2, 0}, of_34[] = {3, 4, 6, 3, 0};

static size_t add(char *text, size_t size, size_t used, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int length = used < size ? vsnprintf(text + used, size - used, format, arguments) : 0;
    va_end(arguments);
    return used + (size_t)(length > 0 ? length : 0);
}

static size_t add_blocks(char *text, size_t size, size_t used, int blocks, int channels, bool narrows)
{
    static const char block[] =
        "conv(%d, 3, pad=1, stride=%d, bias=false) > batchnorm > relu > conv(%d, 3, pad=1, bias=false) > batchnorm";
    char body[200];
    snprintf(body, sizeof body, block, channels, narrows ? 2 : 1, channels);
    if (narrows)
        used = add(text, size, used,
                   " > residual(%s, shortcut=conv(%d, 1, stride=2, bias=false) > batchnorm, activation=relu)", body,
                   channels);
    snprintf(body, sizeof body, block, channels, 1, channels);
    const int rest = blocks - narrows;
    return rest ? add(text, size, used, " > %d * residual(%s, activation=relu)", rest, body) : used;
}

static const char *write(const gradus_item *item, const int64_t *input, int64_t outputs, char *text, size_t size)
{
    const int depth = (int)item->values[DEPTH].number, width = (int)item->values[WIDTH].number, each = (depth - 2) / 6;
    const int small[] = {each, each, each, 0};
    const int *stages = depth == 18 ? of_18 : depth == 34 ? of_34 : small;
    if (gradus_shape_rank(input) != 3) return "is for pictures";
    if (stages == small && (depth < 8 || (depth - 2) % 6))
        return "has a depth of 18, 34, or 6 n + 2: 8, 14, 20, 32, 44, 56, 110";
    size_t used =
        input[1] >= LARGE && input[2] >= LARGE
            ? add(text, size, 0,
                  "conv(%d, 7, stride=2, pad=3, bias=false) > batchnorm > relu > maxpool(3, stride=2, pad=1)", width)
            : add(text, size, 0, "conv(%d, 3, pad=1, bias=false) > batchnorm > relu", width);
    for (int i = 0; stages[i]; i++) used = add_blocks(text, size, used, stages[i], width << i, i > 0);
    add(text, size, used, " > globalavgpool > dense(%lld)", (long long)outputs);
    return NULL;
}

static const gradus_argument arguments[] = {
    {.name = "depth",
     .kind = GRADUS_INTEGER,
     .initial = "20",
     .low = 8,
     .high = 1202,
     .help = "layers with weights: 18 or 34 in four stages, else 6 n + 2 in three",
     .also = "layers"},
    {.name = "width",
     .kind = GRADUS_INTEGER,
     .initial = "16",
     .low = 1,
     .high = 1024,
     .flags = GRADUS_NAMED,
     .help = "channels of the first stage; 64 in the paper's nets for large pictures",
     .search = "int(8, 64, log)",
     .also = "channels, base_width"},
    {.name = NULL},
};

const gradus_layer_row gradus_layer_resnet = {
    .member = {.name = "resnet",
               .summary = "a ready net of residual blocks, up to its outputs",
               .formula = "conv > batchnorm > relu > stages of residual(conv > batchnorm > relu > conv > batchnorm) > "
                          "globalavgpool > dense",
               .paper = "He, Zhang, Ren, Sun 2016, Deep residual learning for image recognition",
               .arguments = arguments,
               .notes = "Where stages meet, the shortcut is a 1x1 convolution with batch norm (the paper's option B)."},
    .abi = GRADUS_ABI,
    .write = write,
};
