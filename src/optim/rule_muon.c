/* Muon: momentum whose matrices are made orthogonal, so that every direction in which a weight acts is moved as far as any other
 * (Jordan et al., 2024); what is no matrix goes to another rule, adamw.
 *
 *     m <- momentum m + (1 - momentum) g            form=sum: + g
 *     u = momentum m + (1 - momentum) g             nesterov; else m. form=sum: momentum m + g.
 *                                                   corrected: m and g over 1 - momentum^(k+1), 1 - momentum^k   (Optax)
 *     u <- u / max(|u|, epsilon)                    place=added: |u| + epsilon
 *     u <- a u + (b u u^T + c (u u^T)^2) u          `steps` times (Newton and Schulz): singular values go towards 1
 *     x <- x - rate weight_decay x - rate s u       s = sqrt(max(1, outputs/inputs)), or rms sqrt(max(outputs, inputs)), or 1
 *
 * Of a convolution all that leads to one output is one row. */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum {
    MOMENTUM,
    NESTEROV,
    FORM,
    STEPS,
    LINEAR,
    CUBIC,
    QUINTIC,
    SERIES,
    EPSILON,
    PLACE,
    SCALE,
    RMS,
    CONVOLUTIONS,
    LEAST,
    COLUMNS,
    WEIGHT_DECAY,
    OTHER
};
enum { MEAN_FORM, SUM_FORM, CORRECTED };
enum { FIXED, FALLING };
enum { FLOOR, ADDED };
enum { OUTPUTS, MATCH, NONE };
enum { KEEP, RISE, ALONG, ACROSS, SHRINK, CONSTANTS };
enum { MEAN };

/* Coefficients of steps 1 to 5, each the best for what the steps before it leave. */
static const double falling[][3] = {{4.0848, -6.8946, 2.9270},
                                    {3.9505, -6.3029, 2.6377},
                                    {3.7418, -5.5913, 2.3037},
                                    {2.8769, -3.1427, 1.2046},
                                    {2.8366, -3.0525, 1.2012}};
enum { FALLING_STEPS = sizeof falling / sizeof *falling };

static void coefficients(const double *hyper, int step, double abc[3])
{
    const double *series = falling[step < FALLING_STEPS ? step : FALLING_STEPS - 1];
    for (int i = 0; i < 3; i++) abc[i] = hyper[SERIES] == FALLING ? series[i] : hyper[LINEAR + i];
}

static int64_t rows_of(const gradus_shape *shape) { return shape->rank == 2 ? shape->rows : shape->size[0]; }

static bool takes(const double *hyper, const gradus_shape *shape)
{
    if (shape->rank < 2 || (shape->rank > 2 && !hyper[CONVOLUTIONS])) return false;
    const int64_t rows = rows_of(shape), columns = shape->count / rows;
    return rows >= hyper[LEAST] && columns >= hyper[LEAST];
}

/* What a step is multiplied by besides the rate. */
static double scale_of(const double *hyper, const gradus_shape *shape)
{
    const double rows = (double)rows_of(shape), columns = (double)shape->count / rows;
    const bool last = hyper[COLUMNS] || (shape->outputs_last && shape->rank == 2);
    if (hyper[SCALE] == OUTPUTS) return sqrt(fmax(1, last ? columns / rows : rows / columns));
    return hyper[SCALE] == MATCH ? hyper[RMS] * sqrt(fmax(rows, columns)) : 1;
}

/* The matrix, its product with itself, that again, and the next matrix. */
static int64_t scratch(const double *hyper, const gradus_shape *shape)
{
    const int64_t rows = rows_of(shape), columns = shape->count / rows, least = rows < columns ? rows : columns;
    (void)hyper;
    return 2 * shape->count + 2 * least * least;
}

#define RULE "rule_muon.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    const double keep = hyper[MOMENTUM], rise = hyper[FORM] == SUM_FORM ? 1 : 1 - keep;
    const bool corrected = hyper[FORM] == CORRECTED;
    (void)memory;
    constants[KEEP] = keep;
    constants[RISE] = rise;
    constants[ALONG] = hyper[NESTEROV] ? keep : 1;
    constants[ACROSS] = hyper[NESTEROV] ? rise : 0;
    if (corrected) constants[ALONG] /= 1 - gradus_power(keep, now->update + (hyper[NESTEROV] != 0));
    if (corrected) constants[ACROSS] /= 1 - gradus_power(keep, now->update);
    constants[SHRINK] = now->rate * hyper[WEIGHT_DECAY];
}

static double usual_rate(const double *hyper) { return hyper[SCALE] == MATCH ? 0.003 : 0.02; }

#define COEFFICIENT(called, initially, about)                                                           \
    {                                                                                                   \
        called, GRADUS_NUMBER, .initial = initially, .low = -INFINITY, .high = INFINITY, .help = about, \
                               .flags = GRADUS_NAMED                                                    \
    }

const gradus_rule_row gradus_rule_muon = {
    .member =
        {.name = "muon",
         .summary = "momentum made orthogonal, matrix by matrix; another rule for what is none",
         .formula = "m <- momentum m + (1 - momentum) g; x <- x - rate sqrt(max(1, outputs/inputs)) orthogonal(m)",
         .paper = "Jordan et al. 2024",
         .also = "nmuon",
         .arguments =
             (const gradus_argument[]){
                 [MOMENTUM] = RULE_SHARE("momentum", "0.95", "part of the mean gradient that is kept",
                                         .search = "uniform(0.8, 0.99)", .also = "beta"),
                 [NESTEROV] = RULE_NESTEROV("true"),
                 [FORM] = {"form", GRADUS_WORD, .initial = "mean", .words = "mean|sum|corrected",
                           .help = "how the momentum is kept: a mean, a sum, or a mean made up for its start",
                           .flags = GRADUS_NAMED},
                 [STEPS] = {"steps", GRADUS_INTEGER, .initial = "5", .low = 0, .high = 100,
                            .help = "steps towards what is orthogonal", .flags = GRADUS_NAMED, .also = "ns_steps"},
                 [LINEAR] = COEFFICIENT("linear", "3.4445", "a of a step, a u + b u^3 + c u^5"),
                 [CUBIC] = COEFFICIENT("cubic", "-4.775", "b of a step"),
                 [QUINTIC] = COEFFICIENT("quintic", "2.0315", "c of a step"),
                 [SERIES] = {"series", GRADUS_WORD, .initial = "fixed", .words = "fixed|falling",
                             .help = "these coefficients, or others for each step that come closer",
                             .flags = GRADUS_NAMED},
                 [EPSILON] = RULE_AMOUNT("epsilon", "1e-7", "keeps the division by the norm finite", .also = "eps"),
                 [PLACE] = {"place", GRADUS_WORD, .initial = "floor", .words = "floor|added",
                            .help = "epsilon is the least that a norm counts, or is added to it",
                            .flags = GRADUS_NAMED},
                 [SCALE] = {"scale", GRADUS_WORD, .initial = "outputs", .words = "outputs|match|none",
                            .help = "a step's length by the shape: sqrt(max(1, outputs/inputs)), or a root mean square "
                                    "as adamw has it (Liu et al. 2025), or as it is",
                            .flags = GRADUS_NAMED, .also = "adjust_lr_fn"},
                 [RMS] = RULE_AMOUNT("rms", "0.2", "that root mean square", .also = "rms_rate, consistent_rms"),
                 [CONVOLUTIONS] = RULE_FLAG("convolutions", "true", "takes what has more than two dimensions too"),
                 [LEAST] = {"least", GRADUS_INTEGER, .initial = "2", .low = 1, .high = 1e15,
                            .help = "rows and columns that a matrix must have", .flags = GRADUS_NAMED},
                 [COLUMNS] = {"columns", GRADUS_FLAG, .initial = "false", .help = "outputs are columns",
                              .flags = GRADUS_NAMED | GRADUS_FOREIGN},
                 [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0.1", "loguniform(1e-3, 1)"),
                 [OTHER] = {"other", GRADUS_PIPELINE, .initial = "adamw", .help = "the rule for what is no matrix",
                            .flags = GRADUS_NAMED},
                 {0}},
         .like =
             (const gradus_like[]){
                 {"torch", "Muon", "eps=epsilon", "convolutions=false"},
                 {"keras", "Muon", "muon_a=linear, muon_b=cubic, muon_c=quintic, ns_steps=steps, rms_rate=rms",
                  "form=sum, place=added, scale=match, convolutions=false, weight_decay=0.004, "
                  "other=adamw(weight_decay=0.004, epsilon=1e-7, place=raw)"},
                 {"optax", "contrib.muon", "beta=momentum, ns_steps=steps, eps=epsilon",
                  "form=corrected, place=added, epsilon=1e-8, convolutions=false, columns=true, weight_decay=0, "
                  "other=nadam(form=constant)"},
                 {"timm", "muon", "ns_steps=steps, eps=epsilon",
                  "nesterov=false, series=falling, scale=match, least=4, weight_decay=0, other=adamw(weight_decay=0, "
                  "beta2=0.95, epsilon=1e-7)"},
                 {0}},
         .notes =
             "With scale=match a step is as long as adamw's, and so are the rates that suit it.\n"
             "Embeddings and the last layer do better with the other rule: groups can give them another one's rate.\n"
             "timm's weight_decay is the other rule's too, which is said here: other=adamw(weight_decay=0.1)."},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){[MEAN] = {.name = "momentum_buffer"}, {0}},
    .constants = "keep, rise, along, across, shrink",
    .prepare = prepare,
    .update = EVERY_ISA(muon),
    .update_twin = muon_double,
    .scratch = scratch,
    .takes = takes,
    .usual_rate = usual_rate,
};

#else /* once for each instruction set */

/* u into `into`, lying on its side where that makes fewer rows; its norm. */
static double ISA(direction)(const work *w, int64_t rows, int64_t columns, bool turned, number *into)
{
    const number *k = w->constants, *g = w->gradient;
    number *m = w->state[MEAN];
    double squares = 0;
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < columns; j++) {
            const int64_t at = i * columns + j;
            m[at] = k[KEEP] * m[at] + k[RISE] * g[at];
            const number u = k[ALONG] * m[at] + k[ACROSS] * g[at];
            into[turned ? j * rows + i : at] = u;
            squares += (double)u * (double)u;
        }
    }
    return sqrt(squares);
}

static void ISA(muon)(const work *w)
{
    const int64_t rows = rows_of(w->shape), columns = w->shape->count / rows;
    const bool turned = rows > columns;
    const int64_t m = turned ? columns : rows, n = turned ? rows : columns;
    number *x = w->scratch, *next = x + m * n, *product = next + m * n, *square = product + m * m;
    const double norm = ISA(direction)(w, rows, columns, turned, x), epsilon = w->hyper[EPSILON];
    const double below = w->hyper[PLACE] == ADDED ? norm + epsilon : fmax(norm, epsilon);
    const number over = (number)(below > 0 ? 1 / below : 0);
    for (int64_t i = 0; i < m * n; i++) x[i] = x[i] * over;
    for (int step = 0; step < (int)w->hyper[STEPS]; step++) {
        double abc[3];
        coefficients(w->hyper, step, abc);
        w->multiply(w, GRADUS_AS_IT_IS, GRADUS_TRANSPOSED, m, m, n, 1, x, n, x, n, 0, product, m);
        memcpy(square, product, (size_t)(m * m) * sizeof *square);
        w->multiply(w, GRADUS_AS_IT_IS, GRADUS_AS_IT_IS, m, m, m, (number)abc[2], product, m, product, m,
                    (number)abc[1], square, m);
        memcpy(next, x, (size_t)(m * n) * sizeof *next);
        w->multiply(w, GRADUS_AS_IT_IS, GRADUS_AS_IT_IS, m, n, m, 1, square, m, x, n, (number)abc[0], next, n);
        number *last = x;
        x = next, next = last;
    }
    const number length = (number)(w->now->rate * scale_of(w->hyper, w->shape)), shrink = w->constants[SHRINK];
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < columns; j++) {
            number *value = &w->values[i * columns + j];
            *value = *value - (shrink * *value + length * x[turned ? j * rows + i : i * columns + j]);
        }
    }
}
#endif
