/* lenet: LeCun's net for digits, LeNet-5 with averages for its pools and a dense layer for its outputs. */
#include <stdio.h>
#include "net.h"

static const char *write(const gradus_item *item, const int64_t *input, int64_t outputs, char *text, size_t size)
{
    (void)item;
    if (gradus_shape_rank(input) != 3 || input[1] < 14 || input[2] < 14) return "is for pictures of at least 14x14";
    snprintf(text, size,
             "conv(6, 5, pad=2) > tanh > avgpool(2) > conv(16, 5) > tanh > avgpool(2) > flatten > dense(120) > tanh > "
             "dense(84) > tanh > dense(%lld)",
             (long long)outputs);
    return NULL;
}

const gradus_layer_row gradus_layer_lenet = {
    .member = {.name = "lenet",
               .summary = "a ready net: LeCun's for digits, up to its outputs",
               .formula =
                   "conv(6, 5, pad=2) > tanh > avgpool(2) > conv(16, 5) > tanh > avgpool(2) > flatten > dense(120) > "
                   "tanh > dense(84) > tanh > dense",
               .paper = "LeCun, Bottou, Bengio, Haffner 1998, Gradient-based learning applied to document recognition",
               .also = "lenet5",
               .arguments = gradus_no_arguments},
    .abi = GRADUS_ABI,
    .write = write,
};
