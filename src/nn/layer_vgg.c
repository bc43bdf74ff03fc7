/* vgg: blocks of 3x3 convolutions with a pool behind each, as Simonyan and Zisserman have it, with batch norm and one dense layer. */
#include <stdio.h>
#include "net.h"

enum { DEPTH, WIDTH };

/* Convolutions of each of five blocks: 8 in all for VGG-11, and so on; three of its layers were dense. */
static const struct {
    int depth, blocks[5];
} nets[] = {{11, {1, 1, 2, 2, 2}}, {13, {2, 2, 2, 2, 2}}, {16, {2, 2, 3, 3, 3}}, {19, {2, 2, 4, 4, 4}}};

static const char *write(const gradus_item *item, const int64_t *input, int64_t outputs, char *text, size_t size)
{
    const int depth = (int)item->values[DEPTH].number, width = (int)item->values[WIDTH].number;
    const int *blocks = NULL;
    size_t used = 0;
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++)
        if (nets[i].depth == depth) blocks = nets[i].blocks;
    if (!blocks) return "has a depth of 11, 13, 16 or 19";
    if (gradus_shape_rank(input) != 3 || input[1] < 16 || input[2] < 16) return "is for pictures of at least 16x16";
    for (int i = 0; i < 5; i++) {
        const int channels = width << (i < 3 ? i : 3);
        const char *pool = input[1] >> (i + 1) && input[2] >> (i + 1) ? "maxpool(2) > " : "";
        used +=
            (size_t)snprintf(text + used, size - used, "%d * (conv(%d, 3, pad=1, bias=false) > batchnorm > relu) > %s",
                             blocks[i], channels, pool);
    }
    snprintf(text + used, size - used, "globalavgpool > dense(%lld)", (long long)outputs);
    return NULL;
}

static const gradus_argument arguments[] = {
    {.name = "depth",
     .kind = GRADUS_INTEGER,
     .initial = "11",
     .low = 1,
     .high = 100,
     .help = "11, 13, 16 or 19: the name of the paper's net",
     .also = "layers"},
    {.name = "width",
     .kind = GRADUS_INTEGER,
     .initial = "16",
     .low = 1,
     .high = 1024,
     .flags = GRADUS_NAMED,
     .help = "channels of the first block; 64 in the paper",
     .search = "int(8, 64, log)",
     .also = "channels"},
    {.name = NULL},
};

const gradus_layer_row gradus_layer_vgg = {
    .member = {.name = "vgg",
               .summary = "a ready net of blocks of convolutions, up to its outputs",
               .formula = "blocks of (conv(n, 3, pad=1) > batchnorm > relu) > maxpool(2), then globalavgpool > dense",
               .paper = "Simonyan, Zisserman 2015, Very deep convolutional networks for large-scale image recognition",
               .arguments = arguments,
               .notes = "With batch norm, and a mean over the picture in place of two dense layers of 4096."},
    .abi = GRADUS_ABI,
    .write = write,
};
