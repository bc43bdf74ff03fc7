/* transformer: a ready block, attention and two dense layers, each gone round, with the normalisation in front (Xiong and others 2020), and
 * gpt, a ready net of such blocks that tells of each symbol which one comes next. */
#include <stdio.h>
#include <string.h>
#include "net.h"

enum { HEADS, CAUSAL, DROPOUT, HIDDEN };

/* " > dropout(0.1)", or nothing. */
static void print_dropout(double share, char *text, size_t size)
{
    char number[32];
    gradus_number_print(share, number);
    *text = 0;
    if (share > 0) snprintf(text, size, " > dropout(%s)", number);
}

static const char *write_block(const gradus_item *item, const int64_t *input, int64_t outputs, char *text, size_t size)
{
    (void)outputs;
    char dropout[64];
    const long long heads = (long long)item->values[HEADS].number, width = (long long)input[1];
    if (gradus_shape_rank(input) != 2) return "is for sequences; put embedding(64) before it";
    if (width % heads) return "divides the values of a step among its heads, but their number is no multiple";
    print_dropout(item->values[DROPOUT].number, dropout, sizeof dropout);
    snprintf(text, size,
             "residual(layernorm > attention(%lld, causal=%s)%s) > residual(layernorm > dense(%lld) > gelu > "
             "dense(%lld)%s)",
             heads, item->values[CAUSAL].number != 0 ? "true" : "false", dropout,
             width * (long long)item->values[HIDDEN].number, width, dropout);
    return NULL;
}

#define GRADUS_DROPOUT_ARGUMENT                                                                        \
    {                                                                                                  \
        .name = "dropout", .kind = GRADUS_SHARE, .initial = "0", .low = 0, .high = 1, .open = ")",     \
        .flags = GRADUS_NAMED, .help = "share of the values that are dropped at the end of each half", \
        .also = "drop, resid_pdrop"                                                                    \
    }

static const gradus_argument block_arguments[] = {
    {.name = "heads",
     .kind = GRADUS_INTEGER,
     .low = 1,
     .high = 1024,
     .help = "how many of its attention look side by side",
     .search = "choice(1, 2, 4, 8)",
     .also = "num_heads, n_head, nhead"},
    {.name = "causal",
     .kind = GRADUS_FLAG,
     .initial = "false",
     .flags = GRADUS_NAMED,
     .help = "a step sees itself and those before it alone: for nets that tell what comes next",
     .also = "is_causal, use_causal_mask, masked"},
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
               .arguments = block_arguments,
               .example = "embedding(32) > transformer(4, causal)"},
    .abi = GRADUS_ABI,
    .write = write_block,
};

/* ---- a net of them ---- */

enum { GPT_LAYERS, GPT_HEADS, GPT_WIDTH, GPT_DROPOUT, GPT_TIE };

/* Weights begin small, as in GPT-2: Radford and others 2019. */
static const char *write_gpt(const gradus_item *item, const int64_t *input, int64_t outputs, char *text, size_t size)
{
    char number[32], dropout[64];
    const gradus_value *values = item->values;
    const long long heads = (long long)values[GPT_HEADS].number, width = (long long)values[GPT_WIDTH].number;
    const bool tie = values[GPT_TIE].number != 0;
    if (gradus_shape_rank(input) != 1) return "is for sequences of symbols, such as text";
    if (width % heads) return "divides its width among its heads, but it is no multiple of their number";
    gradus_number_print(values[GPT_DROPOUT].number, number);
    print_dropout(values[GPT_DROPOUT].number, dropout, sizeof dropout);
    snprintf(text, size,
             "embedding(%lld, init=normal(0.02), name=wte) > position(init=normal(0.02))%s > %lld * transformer(%lld, "
             "causal, dropout=%s) > layernorm > dense(%lld, bias=false, init=normal(0.02)%s)",
             width, dropout, (long long)values[GPT_LAYERS].number, heads, number, (long long)outputs,
             tie ? ", tie=wte" : "");
    return NULL;
}

static const gradus_argument gpt_arguments[] = {
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
               .arguments = gpt_arguments},
    .abi = GRADUS_ABI,
    .write = write_gpt,
};
