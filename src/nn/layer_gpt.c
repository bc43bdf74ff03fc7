/* gpt: a ready net of transformer blocks that tells of each symbol of a text which one comes next (Radford and others 2019). */
#include <stdio.h>
#include "arguments.h"
#include "net.h"

enum { LAYERS, HEADS, WIDTH, DROPOUT, TIE };

/* Weights begin small, as in GPT-2: Radford and others 2019. */
static const char *write(const gradus_item *item, const int64_t *input, int64_t outputs, char *text, size_t size)
{
    char number[32], dropout[64];
    const gradus_value *values = item->values;
    const long long heads = (long long)values[HEADS].number, width = (long long)values[WIDTH].number;
    const bool tie = values[TIE].number != 0;
    if (gradus_shape_rank(input) != 1) return "is for sequences of symbols, such as text";
    if (width % heads) return "divides its width among its heads, but it is no multiple of their number";
    gradus_number_print(values[DROPOUT].number, number);
    gradus_dropout_print(values[DROPOUT].number, dropout, sizeof dropout);
    snprintf(text, size,
             "embedding(%lld, init=normal(0.02), name=wte) > position(init=normal(0.02))%s > %lld * transformer(%lld, "
             "causal, dropout=%s) > layernorm > dense(%lld, bias=false, init=normal(0.02)%s)",
             width, dropout, (long long)values[LAYERS].number, heads, number, (long long)outputs,
             tie ? ", tie=wte" : "");
    return NULL;
}

static const gradus_argument arguments[] = {
    {.name = "layers",
     .kind = GRADUS_INTEGER,
     .initial = "4",
     .low = 1,
     .high = 1000,
     .help = "blocks of attention and two dense layers",
     .search = "int(1, 12)",
     .also = "n_layer, num_layers, depth, blocks"},
    {.name = "heads",
     .kind = GRADUS_INTEGER,
     .initial = "4",
     .low = 1,
     .high = 1024,
     .help = "how many of an attention look side by side",
     .also = "n_head, num_heads"},
    {.name = "width",
     .kind = GRADUS_INTEGER,
     .initial = "128",
     .low = 1,
     .high = 1 << 16,
     .help = "values of a step",
     .search = "int(32, 512, log)",
     .also = "n_embd, d_model, dim"},
    GRADUS_DROPOUT_ARGUMENT,
    {.name = "tie",
     .kind = GRADUS_FLAG,
     .initial = "true",
     .flags = GRADUS_NAMED,
     .help = "whether the last layer has the weights of the first",
     .also = "weight_tying, tie_word_embeddings"},
    {.name = NULL},
};

const gradus_layer_row gradus_layer_gpt = {
    .member = {.name = "gpt",
               .summary = "a ready net of transformer blocks that tells which symbol comes next",
               .formula = "embedding > position > layers * transformer > layernorm > dense",
               .paper = "Radford and others 2019, Language models are unsupervised multitask learners; tied weights: "
                        "Press, Wolf 2017, Using the output embedding to improve language models",
               .also = "gpt2, nanogpt, language_model",
               .arguments = arguments},
    .abi = GRADUS_ABI,
    .write = write,
};
