/* clip_adaptive: no row of a matrix gets a gradient that is large beside the row itself, so that nets without normalisation
 * bear large batches and rates (AGC; Brock, De, Smith and Simonyan, 2021).
 *
 *     unit by unit:  g <- g min(1, limit max(|x|, least) / max(|g|, 1e-6))
 *
 * A unit is what one output is computed with: of weights with the outputs first, as in PyTorch, all that belongs to one index
 * of the first dimension; with the outputs last, as in JAX, of the last. Vectors are one unit. */
#include "rules.h"
#include <math.h>

enum { LIMIT, LEAST, OUTPUTS };
enum { GIVEN, FIRST, LAST };

/* Optax takes what has three dimensions for heads of attention: of those only the first is summed over. */
static gradus_cut cut(const double *arguments, const gradus_shape *shape)
{
    gradus_shape as = *shape;
    if (arguments[OUTPUTS] != GIVEN) as.outputs_last = arguments[OUTPUTS] == LAST;
    if (arguments[OUTPUTS] == LAST && shape->rank == 3)
        return (gradus_cut){.units = shape->count / shape->size[0], .strided = true};
    return gradus_cut_outputs(&as);
}

static void unit(const double *arguments, const gradus_slice *row, double *scale, double *shift)
{
    const double most = arguments[LIMIT] * fmax(sqrt(row->values_squared), arguments[LEAST]);
    const double norm = sqrt(row->squares);
    (void)shift;
    if (norm >= most) *scale = most / fmax(norm, 1e-6);
}

static const gradus_argument arguments[] = {
    [LIMIT] = {"limit", GRADUS_NUMBER, .initial = "0.01", .low = 0, .high = INFINITY, .open = "(",
               .help = "most that a gradient's norm may be of the values'", .flags = GRADUS_SCHEDULED,
               .search = "loguniform(0.001, 0.1)"},
    [LEAST] = {"least", GRADUS_NUMBER, .initial = "1e-3", .low = 0, .high = INFINITY,
               .help = "what the values' norm is taken for where it is less", .flags = GRADUS_NAMED,
               .also = "eps, epsilon"},
    [OUTPUTS] =
        {"outputs", GRADUS_WORD, .initial = "given", .words = "given|first|last",
         .help = "which dimension of a weight counts its outputs: what the caller said of it, the first, or the last",
         .flags = GRADUS_NAMED},
    {0}};

static const gradus_like like[] = {
    {"optax", "adaptive_grad_clip", "clipping=limit, eps=least", "outputs=last"},
    {"timm", "adaptive_clip_grad", "clip_factor=limit, eps=least", NULL},
    {"pytorch_optimizer", "agc", "clipping=limit, agc_clipping_value=limit, agc_eps=least", NULL},
    {0}};

const gradus_gradient_row gradus_gradient_clip_adaptive = {
    .member = {.name = "clip_adaptive",
               .summary = "keeps each row's gradient small beside the row itself",
               .formula = "row by row: g <- g min(1, limit max(|x|, least) / |g|)",
               .paper = "Brock, De, Smith and Simonyan 2021",
               .also = "agc, adaptive, adaptive_grad_clip, adaptive_gradient_clipping, unitwise_clip",
               .arguments = arguments,
               .like = like,
               .notes = "The last layer is best left out of it, says the paper; here it clips all tensors."},
    .cut = cut,
    .unit = unit,
};
