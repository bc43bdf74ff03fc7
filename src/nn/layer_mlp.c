/* mlp: dense layers one after another, with relu between. */
#include <stdio.h>
#include <string.h>
#include "net.h"

enum { SIZES };

static const char *write(const gradus_item *item, const int64_t *input, int64_t outputs, char *text, size_t size)
{
    const gradus_value *sizes = &item->values[SIZES];
    size_t used = 0;
    (void)input;
    for (int32_t i = 0; i < sizes->count && used + 64 < size; i++)
        used += (size_t)snprintf(text + used, size - used, "dense(%lld) > relu > ", (long long)sizes->items[i].number);
    snprintf(text + used, size - used, "dense(%lld)", (long long)outputs);
    return used + 64 < size ? NULL : "has too many layers";
}

static const gradus_argument arguments[] = {
    {.name = "sizes",
     .kind = GRADUS_INTEGER,
     .initial = "[128]",
     .low = 1,
     .high = 1 << 20,
     .flags = GRADUS_LIST,
     .help = "how many values each hidden layer gives: [256, 128]",
     .also = "hidden, hidden_sizes, widths, units"},
    {.name = NULL},
};

const gradus_layer_row gradus_layer_mlp = {
    .member = {.name = "mlp",
               .summary = "a ready net of dense layers with relu between, up to its outputs",
               .formula = "dense(n) > relu > ... > dense",
               .paper = "Rumelhart, Hinton, Williams 1986, Learning representations by back-propagating errors",
               .also = "multilayer_perceptron, feed_forward",
               .arguments = arguments},
    .abi = GRADUS_ABI,
    .write = write,
};
