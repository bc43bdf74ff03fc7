/* centralize: takes the mean out of each row's gradient, which keeps the sum of a row's weights as it is: a constraint that
 * smooths the loss (gradient centralisation; Yong, Huang, Hua and Zhang, 2020).
 *
 *     row by row:  g <- g - mean(g)            a row is what one output is computed with; vectors stay as they are */
#include "rules.h"

enum { CONVOLUTIONS };

static gradus_cut cut(const double *arguments, const gradus_shape *shape)
{
    const int32_t least = arguments[CONVOLUTIONS] ? 4 : 2;
    return shape->rank < least ? (gradus_cut){0} : gradus_cut_outputs(shape);
}

static void unit(const double *arguments, const gradus_slice *row, double *scale, double *shift)
{
    (void)arguments, (void)scale;
    *shift = -row->sum / row->count;
}

static const gradus_argument arguments[] = {
    [CONVOLUTIONS] = {"convolutions", GRADUS_FLAG, .initial = "false",
                      .help = "only those of convolutions, which have four dimensions", .flags = GRADUS_NAMED,
                      .also = "gc_conv_only, conv_only"},
    {0}};

static const gradus_like like[] = {{"optax", "centralize", NULL, NULL},
                                   {"pytorch_optimizer", "centralize_gradient", "gc_conv_only=convolutions", NULL},
                                   {0}};

const gradus_gradient_row gradus_gradient_centralize = {
    .member = {.name = "centralize",
               .summary = "takes the mean out of each row's gradient",
               .formula = "row by row: g <- g - mean(g)",
               .paper = "Yong, Huang, Hua and Zhang 2020",
               .also = "gradient_centralization, gc, center",
               .arguments = arguments,
               .like = like,
               .notes =
                   "A row is what one output is computed with: of a weight the first dimension's pieces, unless the "
                   "caller says that\n"
                   "its last one counts the outputs."},
    .cut = cut,
    .unit = unit,
};
