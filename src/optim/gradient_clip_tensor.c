/* clip_tensor: each tensor's gradient by itself is shrunk when its norm is above a limit. Unlike clip_norm this changes the
 * direction of the whole; a broken layer does not shrink the steps of the others.
 *
 *     g <- g min(1, limit / (norm + epsilon)),  norm: the root of the sum of squares, of their mean (rms), the sum of
 *                                               sizes, or the largest size */
#include "rules.h"
#include <math.h>

enum { LIMIT, ORDER, EPSILON };
enum { ROOT_OF_SUM, SUM, LARGEST, ROOT_OF_MEAN };

static gradus_cut cut(const double *arguments, const gradus_shape *shape)
{
    (void)arguments, (void)shape;
    return gradus_cut_whole();
}

static double norm_of(const double *arguments, const gradus_slice *all)
{
    switch ((int)arguments[ORDER]) {
    case SUM: return all->sizes;
    case LARGEST: return all->largest;
    case ROOT_OF_MEAN: return sqrt(all->squares / all->count);
    default: return sqrt(all->squares);
    }
}

static void unit(const double *arguments, const gradus_slice *all, double *scale, double *shift)
{
    const double share = arguments[LIMIT] / (norm_of(arguments, all) + arguments[EPSILON]);
    (void)shift;
    if (share < 1) *scale = share;
}

static const gradus_argument arguments[] = {
    [LIMIT] = {"limit", GRADUS_NUMBER, .low = 0, .high = INFINITY, .open = "(",
               .help = "norm above which a tensor's gradient is shrunk", .flags = GRADUS_SCHEDULED,
               .search = "loguniform(0.1, 10)"},
    [ORDER] = {"order", GRADUS_WORD, .initial = "2", .words = "2|1|inf|rms",
               .help = "root of the sum of squares, sum of sizes, the largest size, or root of the mean square",
               .flags = GRADUS_NAMED, .also = "norm_type, p"},
    [EPSILON] = {"epsilon", GRADUS_NUMBER, .initial = "0", .low = 0, .high = INFINITY, .help = "added to the norm",
                 .flags = GRADUS_NAMED, .also = "eps"},
    {0}};

static const gradus_like like[] = {
    {"keras", "clipnorm", "clipnorm=limit", NULL}, {"optax", "clip_by_block_rms", "threshold=limit", "order=rms"}, {0}};

const gradus_gradient_row gradus_gradient_clip_tensor = {
    .member = {.name = "clip_tensor",
               .summary = "shrinks each tensor's gradient by itself when its norm is above a limit",
               .formula = "g <- g min(1, limit / (norm of the tensor + epsilon))",
               .paper = "Pascanu, Mikolov and Bengio 2013",
               .also = "clip_by_norm, clip_by_block_rms, clip_block_rms, clipnorm, layer_clip",
               .arguments = arguments,
               .like = like},
    .cut = cut,
    .unit = unit,
};
