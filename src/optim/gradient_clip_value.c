/* clip_value: no gradient value beyond a limit. It changes the direction, which clip_norm does not.
 *
 *     g <- max(-limit, min(limit, g)),  a NaN stays one  */
#ifndef RULE
#include "kernel.h"
#include "rules.h"

enum { LIMIT };
enum { SCALE, BOUND, CONSTANTS };

#define NO_TWIN
#define RULE "gradient_clip_value.c"
#include "every_isa.h"

static void prepare(const double *arguments, double scale, double *constants)
{
    constants[SCALE] = scale;
    constants[BOUND] = arguments[LIMIT];
}

static const gradus_argument arguments[] = {[LIMIT] = {"limit", GRADUS_NUMBER, .low = 0, .high = INFINITY, .open = "(",
                                                       .help = "size that no gradient value exceeds",
                                                       .flags = GRADUS_SCHEDULED, .search = "loguniform(0.1, 10)"},
                                            {0}};

static const gradus_like like[] = {{"torch", "clip_grad_value_", "clip_value=limit", NULL},
                                   {"keras", "clipvalue", "clipvalue=limit", NULL},
                                   {"optax", "clip", "max_delta=limit", NULL},
                                   {0}};

static const gradus_refusal refuses[] = {{"clip_value", "the limit is the first value: clip_value(%s)"},
                                         {"max_value", "the limit is the first value: clip_value(%s)"},
                                         {0}};

const gradus_gradient_row gradus_gradient_clip_value = {
    .member = {.name = "clip_value",
               .summary = "keeps every gradient value within a limit",
               .formula = "g <- max(-limit, min(limit, g))",
               .also = "clip_grad_value_, clipvalue, clamp",
               .arguments = arguments,
               .like = like,
               .refuses = refuses},
    .kernel = EVERY_ISA(clip_value),
    .prepare = prepare,
};

#else /* once for each instruction set */

static inline void ISA(clip_value_element)(cell *c, const lane *k)
{
    c->x = smaller(k[BOUND], larger(-k[BOUND], c->g * k[SCALE])); /* in this order a NaN passes both */
}

static void ISA(clip_value)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(clip_value_element), GRADIENT, VALUES, CONSTANTS, 0, spans, how_many, k);
}
#endif
