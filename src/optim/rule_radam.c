/* RAdam: Adam whose first steps are shortened, because a mean square of few gradients says little (Liu et al., 2020). The
 * kernel is adam's (rule_adam.c), with other constants.
 *
 *     n = N - 2 k beta2^k / (1 - beta2^k),  N = 2 / (1 - beta2) - 1       gradients that the mean square is worth
 *     r = sqrt((n - 4) (n - 2) N / ((N - 4) (N - 2) n))
 *     n > threshold      x <- x - rate r m/c1 / (sqrt(v/c2) + epsilon)
 *     otherwise          x <- x - rate m/c1                    early=mean;  x stays with early=none, where r is 0
 *     decay=rectified    x <- x - rate r weight_decay x        with x before the step */
#include "adam.h"
#include "kernel.h"
#include "rules.h"

enum { THRESHOLD = ADAM_SHARED, EARLY, DECAY };
enum { MEAN, NONE };
enum { RECTIFIED = DECAY_DECOUPLED + 1 };

/* How many gradients the mean square is worth, of `most` in the end. */
static double worth(double beta2, int64_t update, double *most)
{
    const double left = gradus_power(beta2, update);
    *most = 2 / (1 - beta2) - 1;
    return *most - 2 * (double)update * left / (1 - left);
}

/* r; whether the mean square is used at all. */
static double rectify(const double *hyper, const gradus_now *now, bool *adapts)
{
    double most;
    const double n = worth(hyper[ADAM_BETA2], now->update, &most);
    *adapts = n > hyper[THRESHOLD];
    if (!*adapts) return hyper[EARLY] == MEAN;
    return sqrt((n - 4) * (n - 2) * most / ((most - 4) * (most - 2) * n));
}

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    const int decay = hyper[DECAY] == DECAY_COUPLED ? DECAY_COUPLED : DECAY_DECOUPLED;
    bool adapts;
    const double r = rectify(hyper, now, &adapts);
    (void)memory;
    gradus_adam_prepare(hyper, now, decay, constants);
    constants[ADAM_STEP] *= r;
    if (hyper[DECAY] == RECTIFIED) constants[ADAM_SHRINK] *= r;
    if (adapts) return;
    constants[ADAM_ROOT] = 0; /* divides by 1 */
    constants[ADAM_OUTSIDE] = 1;
}

static double effective_rate(const double *hyper, const gradus_now *now, const double *memory)
{
    bool adapts;
    (void)memory;
    return now->rate * rectify(hyper, now, &adapts);
}

static const char *check(const double *hyper)
{
    return hyper[THRESHOLD] < 4 ? "below a threshold of 4 there is no root to take" : NULL;
}

const gradus_rule_row gradus_rule_radam = {
    .member =
        {.name = "radam",
         .summary = "adam with a warmup of its own, as long as its mean square says little",
         .formula = "x <- x - rate r m/(1 - beta1^k) / (sqrt(v/(1 - beta2^k)) + epsilon); r rises to 1",
         .paper = "Liu et al. 2020",
         .also = "rectified_adam",
         .arguments =
             (const gradus_argument[]){
                 ADAM_ARGUMENTS,
                 ADAM_DECAY_ARGUMENT("0", "loguniform(1e-6, 1e-2)"),
                 [THRESHOLD] = {"threshold", GRADUS_NUMBER, .initial = "5", .low = 4, .high = INFINITY,
                                .help = "gradients that the mean square must be worth to be used",
                                .flags = GRADUS_NAMED, .also = "n_sma_threshold"},
                 [EARLY] = {"early", GRADUS_WORD, .initial = "mean", .words = "mean|none",
                            .help = "the steps before: along the mean gradient, or none", .flags = GRADUS_NAMED},
                 [DECAY] = {"decay", GRADUS_WORD, .initial = "coupled", .words = DECAY_WORDS "|rectified",
                            .help = "added to the gradient, as adamw has it, or so and shortened as the steps are",
                            .flags = GRADUS_NAMED},
                 {0}},
         .like =
             (const gradus_like[]){
                 {"torch", "RAdam", "eps=epsilon, decoupled_weight_decay=decay coupled|decoupled", "place=raw"},
                 {"timm", "radam", "eps=epsilon, decoupled_weight_decay=decay coupled|decoupled", "place=raw"},
                 {"optax", "radam", "b1=beta1, b2=beta2, eps=epsilon, eps_root=epsilon_root", NULL},
                 {"schedulefree", "RAdamScheduleFree", "eps=epsilon, silent_sgd_phase=early mean|none",
                  "threshold=4, early=none, decay=rectified"},
                 {"pytorch_optimizer", "ScheduleFreeRAdam", "eps=epsilon, silent_sgd_phase=early mean|none",
                  "threshold=4, early=none, decay=rectified"},
                 {0}},
         .notes = "With beta2=0.999 the first five updates are plain steps along the mean gradient, at a rate that "
                  "is made for adam:\n"
                  "mostly they do nothing. Then r rises as a warmup over about 1000 updates would."},
    .abi = GRADUS_ABI,
    .slots = ADAM_SLOTS,
    .constants = ADAM_CONSTANTS,
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(gradus_adam), .twin = gradus_adam_double}},
    .effective_rate = effective_rate,
    .check = check,
    .usual = 0.003,
};
