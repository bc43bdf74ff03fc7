/* layer_decay: the nearer to the input, the smaller the rate: what a pretrained net has learnt there is general and is to stay
 * (Howard and Ruder, 2018; Bao et al., 2021).
 *
 *     rate(layer i of n) = rate max(decay^(n - 1 - i), least)                 the last layer has the rate itself */
#include "rules.h"
#include <math.h>

enum { DECAY, LEAST };

static double scale(const gradus_item *item, const gradus_place_in_net *place)
{
    const double power = gradus_power(item->values[DECAY].number, place->layers - 1 - place->layer);
    return fmax(power, item->values[LEAST].number);
}

static const gradus_argument arguments[] = {
    [DECAY] = {"decay", GRADUS_NUMBER, .initial = "0.75", .low = 0, .high = 1, .open = "(",
               .help = "the rate of a layer as part of the next one's", .search = "uniform(0.6, 0.95)",
               .also = "layer_decay, factor, llrd"},
    [LEAST] = {"least", GRADUS_NUMBER, .initial = "0", .low = 0, .high = 1, .help = "part of the rate that all have",
               .flags = GRADUS_NAMED, .also = "min_scale, layer_decay_min_scale"},
    {0}};

static const gradus_like like[] = {{"timm", "param_groups_layer_decay", "layer_decay=decay, min_scale=least", NULL},
                                   {0}};

const gradus_group_row gradus_group_layer_decay = {
    .member =
        {.name = "layer_decay",
         .summary = "lowers the rate from layer to layer towards the input",
         .formula = "rate(layer i of n) = rate max(decay^(n - 1 - i), least)",
         .paper = "Howard and Ruder 2018; Bao et al. 2021",
         .also = "llrd, layerwise_decay, layer_wise_learning_rate_decay, discriminative",
         .arguments = arguments,
         .like = like,
         .notes = "A layer is what shares a name up to its first number (\"blocks.3\" of \"blocks.3.attn.weight\"), or "
                  "else all but its\n"
                  "last part; layers count in the order in which their tensors come. It goes with match: "
                  "match(\"*.bias\",\n"
                  "weight_decay=0) > layer_decay(0.75)."},
    .scale = scale,
};
