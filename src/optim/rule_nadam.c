/* NAdam: Adam that looks ahead along its mean, as Nesterov's momentum does (Dozat, 2016).
 *
 *     g <- g + weight_decay x                       where decay is coupled
 *     m, v as in adam;  p_k = beta1 (1 - 0.96^(k psi) / 2),  P_k = p_1 ... p_k
 *     scheduled  d = (1 - p_k) / (1 - P_k) g + p_(k+1) / (1 - P_(k+1)) m                        (PyTorch, Keras)
 *     constant   the same with p_k = beta1                                                      (Optax)
 *     shared     d = ((1 - beta1) g + beta1 m) / (1 - beta1^k)                                  (timm's nadamw)
 *     x <- x - rate d / (sqrt(v/c2 + epsilon_root) + epsilon)
 *     x <- x - rate weight_decay x                  where decay is decoupled, with x before the step */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { BETA1, BETA2, EPSILON, EPSILON_ROOT, PSI, FORM, WEIGHT_DECAY, DECAY };
enum { SCHEDULED, CONSTANT, SHARED };
enum { SCALE, COUPLED, RISE1, KEEP2, RISE2, INSIDE, ROOT, OUTSIDE, NEW, OLD, SHRINK, CONSTANTS };
enum { MEAN, SQUARE };

#define RULE "rule_nadam.c"
#include "every_isa.h"

/* p_1 ... p_k; past what a double can tell from 0 it is 0. */
static double product(const double *hyper, int64_t updates)
{
    const double fall = pow(0.96, hyper[PSI]);
    double all = 1, power = 1;
    for (int64_t k = 1; k <= updates && all > 1e-20; k++) {
        power *= fall;
        all *= hyper[BETA1] * (1 - 0.5 * power);
    }
    return all;
}

static void weigh(const double *hyper, const gradus_now *now, double *new, double *old)
{
    const double beta = hyper[BETA1], c1 = 1 - gradus_power(beta, now->update);
    if (hyper[FORM] == SCHEDULED) {
        const double k = (double)now->update, here = product(hyper, now->update);
        const double this = beta * (1 - 0.5 * pow(0.96, k * hyper[PSI]));
        const double next = beta * (1 - 0.5 * pow(0.96, (k + 1) * hyper[PSI]));
        *new = (1 - this) / (1 - here), *old = next / (1 - here * next);
    } else {
        *new = (1 - beta) / c1;
        *old = beta / (hyper[FORM] == CONSTANT ? 1 - gradus_power(beta, now->update + 1) : c1);
    }
}

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    const double c2 = 1 - gradus_power(hyper[BETA2], now->update);
    double new, old;
    (void)memory;
    weigh(hyper, now, &new, &old);
    constants[SCALE] = now->gradient_scale;
    constants[COUPLED] = hyper[DECAY] == DECAY_COUPLED ? hyper[WEIGHT_DECAY] : 0;
    constants[RISE1] = 1 - hyper[BETA1];
    constants[KEEP2] = hyper[BETA2];
    constants[RISE2] = 1 - hyper[BETA2];
    constants[INSIDE] = hyper[EPSILON_ROOT] * c2;
    constants[ROOT] = 1 / sqrt(c2);
    constants[OUTSIDE] = hyper[EPSILON];
    constants[NEW] = now->rate * new;
    constants[OLD] = now->rate * old;
    constants[SHRINK] = hyper[DECAY] == DECAY_DECOUPLED ? now->rate * hyper[WEIGHT_DECAY] : 0;
}

const gradus_rule_row gradus_rule_nadam = {
    .member =
        {.name = "nadam",
         .summary = "adam that looks ahead along its mean",
         .formula = "d = (1 - p_k) / (1 - p_1...p_k) g + p_(k+1) / (1 - p_1...p_(k+1)) m, p_k = beta1 (1 - 0.96^(k "
                    "psi) / 2); x "
                    "<- x - rate d / (sqrt(v/(1 - beta2^k)) + epsilon)",
         .paper = "Dozat 2016",
         .also = "nadamw, nesterov_adam",
         .arguments =
             (const gradus_argument[]){
                 [BETA1] = RULE_BETA1,
                 [BETA2] = RULE_BETA2,
                 [EPSILON] = RULE_EPSILON("1e-8", .search = "loguniform(1e-10, 1e-4)"),
                 [EPSILON_ROOT] = RULE_AMOUNT("epsilon_root", "0", "added under the root, to the corrected mean square",
                                              .also = "eps_root"),
                 [PSI] = RULE_AMOUNT("psi", "0.004", "how fast beta1 comes to its full value, from half of it",
                                     .also = "momentum_decay"),
                 [FORM] = {"form", GRADUS_WORD, .initial = "scheduled", .words = "scheduled|constant|shared",
                           .help = "a beta1 that rises, one that stays, or one correction for gradient and mean",
                           .flags = GRADUS_NAMED},
                 [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0", "loguniform(1e-5, 1e-1)"),
                 [DECAY] = RULE_DECAY("coupled"),
                 {0}},
         .like =
             (const gradus_like[]){
                 {"torch", "NAdam", "eps=epsilon, momentum_decay=psi, decoupled_weight_decay=decay coupled|decoupled",
                  NULL},
                 {"keras", "Nadam", "beta_1=beta1, beta_2=beta2", "epsilon=1e-7, psi=1, decay=decoupled"},
                 {"optax", "nadam", "b1=beta1, b2=beta2, eps=epsilon, eps_root=epsilon_root", "form=constant"},
                 {"optax", "nadamw", "b1=beta1, b2=beta2, eps=epsilon, eps_root=epsilon_root",
                  "form=constant, weight_decay=1e-4, decay=decoupled"},
                 {"timm", "nadam", "eps=epsilon, momentum_decay=psi, decoupled_weight_decay=decay coupled|decoupled",
                  NULL},
                 {"timm", "nadamw", "eps=epsilon", "form=shared, weight_decay=0.01, decay=decoupled"},
                 {0}},
         .notes =
             "Three things go by this name. PyTorch's and Keras's beta1 rises from half of its value: within 250 "
             "updates by 0.96^(k/250)\n"
             "in PyTorch, within the first 50 in Keras (psi=1). Optax's stays. timm's nadamw corrects gradient and "
             "mean alike.\n"
             "A schedule of beta1 or psi is taken as if the present value had stood from the beginning."},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){RULE_MEANS(MEAN, SQUARE), {0}},
    .constants = "scale, coupled, rise1, keep2, rise2, inside, root, outside, new, old, shrink",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(nadam), .twin = nadam_double}},
    .usual = 0.003,
};

#else /* once for each instruction set */

static inline void ISA(nadam_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE] + c->x * k[COUPLED];
    c->s[MEAN] = c->s[MEAN] + k[RISE1] * (g - c->s[MEAN]);
    c->s[SQUARE] = k[KEEP2] * c->s[SQUARE] + k[RISE2] * (g * g);
    const lane below = root(c->s[SQUARE] + k[INSIDE]) * k[ROOT] + k[OUTSIDE];
    c->x = c->x - (k[SHRINK] * c->x + (k[NEW] * g + k[OLD] * c->s[MEAN]) / below);
}

static void ISA(nadam)(const span *spans, size_t how_many, const number *k)
{
    enum { STATE = SLOT(MEAN) | SLOT(SQUARE) };
    walk(ISA(nadam_element), VALUES | GRADIENT | STATE, VALUES | STATE, CONSTANTS, 0, spans, how_many, k);
}
#endif
