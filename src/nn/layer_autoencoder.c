/* autoencoder: dense layers that become narrower, then wider again the same way, up to outputs of the data's own size. The narrowest is
 * linear, as in the paper: a rectifier there silences whole values of the code, and a code of 16 has none to spare. */
#include <stdio.h>
#include <string.h>
#include "net.h"

enum { SIZES };

static const char *write(const gradus_item *item, const int64_t *input, int64_t outputs, char *text, size_t size)
{
    const gradus_value *sizes = &item->values[SIZES];
    size_t used = 0;
    (void)input;
    for (int32_t i = 0; i < 2 * sizes->count - 1 && used + 64 < size; i++) {
        const int32_t at = i < sizes->count ? i : 2 * sizes->count - 2 - i;
        used += (size_t)snprintf(text + used, size - used, "dense(%lld) > %s", (long long)sizes->items[at].number,
                                 i == sizes->count - 1 ? "" : "relu > ");
    }
    snprintf(text + used, size - used, "dense(%lld)", (long long)outputs);
    return used + 64 < size ? NULL : "has too many layers";
}

static const gradus_argument arguments[] = {
    {.name = "sizes",
     .kind = GRADUS_INTEGER,
     .initial = "[256, 64, 16]",
     .low = 1,
     .high = 1 << 20,
     .flags = GRADUS_LIST,
     .help = "values of each layer down to the narrowest",
     .also = "hidden, bottleneck"},
    {.name = NULL},
};

const gradus_layer_row gradus_layer_autoencoder = {
    .member = {.name = "autoencoder",
               .summary = "a ready net of dense layers that narrow and widen again, up to its outputs",
               .formula = "dense(n) > relu > ... > dense(narrowest) > ... > dense(n) > relu > dense",
               .paper = "Hinton, Salakhutdinov 2006, Reducing the dimensionality of data with neural networks",
               .also = "auto_encoder",
               .arguments = arguments},
    .abi = GRADUS_ABI,
    .write = write,
};
