/* transformer: a ready block, attention and two dense layers, each gone round, with the normalisation in front (Xiong and others
 * 2020). */
#include <stdio.h>
#include "arguments.h"
#include "net.h"

enum { HEADS, CAUSAL, DROPOUT, HIDDEN };

static const char *write(const gradus_item *item, const int64_t *input, int64_t outputs, char *text, size_t size)
{
    (void)outputs;
    char dropout[64];
    const long long heads = (long long)item->values[HEADS].number, width = (long long)input[1];
    if (gradus_shape_rank(input) != 2) return "is for sequences; put embedding(64) before it";
    if (width % heads) return "divides the values of a step among its heads, but their number is no multiple";
    gradus_dropout_print(item->values[DROPOUT].number, dropout, sizeof dropout);
    snprintf(text, size,
             "residual(layernorm > attention(%lld, causal=%s)%s) > residual(layernorm > dense(%lld) > gelu > "
             "dense(%lld)%s)",
             heads, item->values[CAUSAL].number != 0 ? "true" : "false", dropout,
             width * (long long)item->values[HIDDEN].number, width, dropout);
    return NULL;
}

static const gradus_argument arguments[] = {
    GRADUS_HEADS_ARGUMENT,
    GRADUS_CAUSAL_ARGUMENT,
    GRADUS_DROPOUT_ARGUMENT,
    {.name = "hidden",
     .kind = GRADUS_INTEGER,
     .initial = "4",
     .low = 1,
     .high = 64,
     .flags = GRADUS_NAMED,
     .help = "units between its two dense layers, in times the values of a step",
     .also = "expansion, mlp_ratio"},
    {.name = NULL},
};

const gradus_layer_row gradus_layer_transformer = {
    .member = {.name = "transformer",
               .summary = "a ready block of attention and two dense layers, each gone round",
               .formula = "residual(layernorm > attention) > residual(layernorm > dense > gelu > dense)",
               .paper = "Vaswani and others 2017, Attention is all you need; Xiong and others 2020, On layer "
                        "normalization in the transformer architecture",
               .also = "transformer_block, encoder_layer, TransformerEncoderLayer, block",
               .arguments = arguments,
               .example = "embedding(32) > transformer(4, causal)"},
    .abi = GRADUS_ABI,
    .write = write,
};
