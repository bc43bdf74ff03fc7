/* clip_norm: shrinks all gradients together when their norm is above a limit, so that one bad batch cannot throw the
 * values far while the direction stays what it was.
 *
 *     g <- g min(1, limit / (norm + epsilon))              (Pascanu, Mikolov and Bengio, 2013)
 *
 * epsilon is 1e-6 in PyTorch, 0 elsewhere. */
#include "rules.h"
#include <math.h>

enum { LIMIT, ORDER, EPSILON };

static gradus_norm norm(const double *arguments)
{
    static const gradus_norm of_order[] = {GRADUS_NORM_2, GRADUS_NORM_1, GRADUS_NORM_INFINITY};
    return of_order[(int)arguments[ORDER]];
}

static double factor(const double *arguments, double measured, const double *memory)
{
    (void)memory;
    const double share = arguments[LIMIT] / (measured + arguments[EPSILON]);
    return share < 1
               ? share
               : 1; /* a norm that is not a number shrinks nothing: what to do then is not a question of clipping */
}

static const gradus_argument arguments[] = {
    [LIMIT] = {"limit", GRADUS_NUMBER, .low = 0, .high = INFINITY, .open = "(",
               .help = "norm above which gradients are shrunk", .flags = GRADUS_SCHEDULED,
               .search = "loguniform(0.1, 10)"},
    [ORDER] = {"order", GRADUS_WORD, .initial = "2", .words = "2|1|inf",
               .help = "root of the sum of squares, sum of sizes, or the largest size", .flags = GRADUS_NAMED,
               .also = "norm_type, p"},
    [EPSILON] = {"epsilon", GRADUS_NUMBER, .initial = "0", .low = 0, .high = INFINITY, .help = "added to the norm",
                 .flags = GRADUS_NAMED, .also = "eps"},
    {0}};

static const gradus_like like[] = {{"torch", "clip_grad_norm_", "max_norm=limit, norm_type=order", "epsilon=1e-6"},
                                   {"keras", "global_clipnorm", "global_clipnorm=limit", NULL},
                                   {"optax", "clip_by_global_norm", "max_norm=limit", NULL},
                                   {0}};

static const gradus_refusal refuses[] = {{"max_norm", "the limit is the first value: clip_norm(%s)"},
                                         {"clipnorm", "the limit is the first value: clip_norm(%s)"},
                                         {0}};

const gradus_gradient_row gradus_gradient_clip_norm = {
    .member = {.name = "clip_norm",
               .summary = "shrinks all gradients together when their norm is above a limit",
               .formula = "g <- g min(1, limit / (norm + epsilon))",
               .paper = "Pascanu, Mikolov and Bengio 2013",
               .also = "clip_grad_norm_, clip_by_global_norm, global_clipnorm, clip",
               .arguments = arguments,
               .like = like,
               .refuses = refuses},
    .norm = norm,
    .factor = factor,
};
