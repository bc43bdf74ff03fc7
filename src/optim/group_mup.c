/* mup: rates that fit a net of one width fit it at any (maximal update parametrisation; Yang et al., 2021, table 3): found on a
 * narrow net, used on a wide one.
 *
 *     with m = width / base          adam                    sgd
 *     first weight                   1                       m of its outputs
 *     weights between                1 / m of its inputs     m of its outputs / m of its inputs
 *     last weight                    1 / m of its inputs     1 / m of its inputs
 *     vectors                        1                       m; those of the last layer 1
 *
 * The initial values are the caller's: a standard deviation of 1 / sqrt(inputs) but for the last weight, which has that times
 * 1 / sqrt(m). */
#include "rules.h"
#include <math.h>

enum { BASE, RULE_KIND };
enum { ADAM, SGD };

static double scale(const gradus_item *item, const gradus_place_in_net *place)
{
    const double base = item->values[BASE].number, in = place->inputs / base, out = place->outputs / base;
    const bool sgd = item->values[RULE_KIND].number == SGD, vector = place->shape->rank == 1;
    if (vector) return sgd && !place->last ? out : 1;
    if (place->first && place->last) return 1; /* nothing in it grows with the width */
    if (place->last) return 1 / in;
    if (place->first) return sgd ? out : 1;
    return sgd ? out / in : 1 / in;
}

static const gradus_argument arguments[] = {
    [BASE] = {"base", GRADUS_NUMBER, .low = 0, .high = INFINITY, .open = "(",
              .help = "width of the net that the rate was found on", .also = "base_width, width"},
    [RULE_KIND] = {"rule", GRADUS_WORD, .initial = "adam", .words = "adam|sgd",
                   .help = "adam stands for all rules whose steps do not grow with the gradient, sgd for the others",
                   .flags = GRADUS_NAMED, .also = "optimizer"},
    {0}};

const gradus_group_row gradus_group_mup = {
    .member =
        {.name = "mup",
         .summary = "rates that stay right when a net is made wider",
         .formula = "adam: rate / m of weights behind the first; sgd: rate m of the first, rate / m of the last",
         .paper = "Yang et al. 2021",
         .also = "mu_p, mu_transfer, maximal_update, muadam, musgd",
         .arguments = arguments,
         .notes =
             "The order of the tensors says which weight is the first and which the last. The last weight's initial "
             "values are to be\n"
             "smaller by 1/sqrt(m), m = width / base, than what is usual; or 0.",
         .example = "mup(64)"},
    .scale = scale,
};
