/* Schedule-free training: the rule inside takes its steps from a point that is never shown, its mean over the run is what
 * is shown, and gradients are taken in between, so that no schedule has to know when the run ends (Defazio et al., 2024).
 *
 *     z <- z + f u                       u: what the rule inside makes of the values y; f: the share of a step in warmup
 *     c = w / sum of w,  w = k^step_power (largest rate so far)^rate_power
 *     x <- x + c (z - x)                 what is shown
 *     y <- beta x + (1 - beta) z         the values: where the next gradient is taken
 *
 * x is not kept: y + c (z - y) + (1 - beta (1 - c)) f u with the old z is the new y, and x = y + (1 - 1/beta)(z - y). */
#ifndef RULE
#include "kernel.h"
#include "adam.h"
#include "rules.h"
#include "sgd.h"

enum { INNER, BETA, WARMUP, RATE_POWER, STEP_POWER, LATE_WARMUP };
enum { SHARE, TAKEN, ALONG, CONSTANTS };
enum { BEYOND };
enum { WEIGHTS, RATE_MOST };
enum { Z };
/* A slot: z where the state of the rule inside comes first. */
enum { BEHIND_ADAM = ADAM_LARGEST + 1, BEHIND_SGD = SGD_BUFFER + 1 };

#define RULE "rule_schedule_free.c"
#include "every_isa.h"

/* ---- what an update weighs ---- */

static double warmed(const double *hyper, double update) { return update < hyper[WARMUP] ? update / hyper[WARMUP] : 1; }

static double rate_most(const double *hyper, const gradus_now *now)
{
    return fmax(now->own[RATE_MOST], now->inner_rate * warmed(hyper, (double)now->update));
}

static double weight(const double *hyper, const gradus_now *now)
{
    return pow((double)now->update, hyper[STEP_POWER]) * pow(rate_most(hyper, now), hyper[RATE_POWER]);
}

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    const double mine = weight(hyper, now), all = now->own[WEIGHTS] + mine;
    (void)memory;
    constants[SHARE] = warmed(hyper, (double)now->update - hyper[LATE_WARMUP]);
    constants[TAKEN] = all > 0 ? mine / all : 0;
    constants[ALONG] = 1 - hyper[BETA] * (1 - constants[TAKEN]);
}

static void conclude(const double *hyper, const gradus_now *now, const double *sums, const double *memory,
                     double *constants)
{
    (void)sums, (void)memory, (void)constants;
    now->own[WEIGHTS] += weight(hyper, now);
    now->own[RATE_MOST] = rate_most(hyper, now);
}

static void shown(const double *hyper, const gradus_now *now, const double *sums, const double *memory,
                  double *constants)
{
    (void)now, (void)sums, (void)memory;
    constants[BEYOND] = 1 - 1 / hyper[BETA];
}

const gradus_rule_row gradus_rule_schedule_free = {
    .member = {.name = "schedule_free",
               .summary = "no schedule: gradients between the steps of a rule and their mean, which is what is shown",
               .formula = "z <- z + step of the rule at y; x <- x + c (z - x); y <- beta x + (1 - beta) z",
               .paper = "Defazio et al. 2024",
               .also = "schedulefree, schedule_free_adamw, schedule_free_sgd",
               .arguments =
                   (const gradus_argument[]){
                       [INNER] = {"rule", GRADUS_PIPELINE,
                                  .help = "the rule that takes the steps: adamw, radam, sgd; without momentum"},
                       [BETA] = {"beta", GRADUS_NUMBER, .initial = "0.9", .low = 0, .high = 1, .open = "()",
                                 .help = "where gradients are taken: 1 at the mean, 0 at the steps",
                                 .flags = GRADUS_NAMED, .search = "uniform(0.8, 0.98)", .also = "momentum, beta1"},
                       [WARMUP] = {"warmup", GRADUS_LENGTH, .initial = "0", .low = 0, .high = INFINITY,
                                   .help = "how long the steps grow to their full length, and their weights with them",
                                   .flags = GRADUS_NAMED, .also = "warmup_steps"},
                       [RATE_POWER] = {"rate_power", GRADUS_NUMBER, .initial = "2", .low = 0, .high = INFINITY,
                                       .help = "of the largest rate so far that steps weigh with in the mean",
                                       .flags = GRADUS_NAMED, .also = "weight_lr_power"},
                       [STEP_POWER] = {"step_power", GRADUS_NUMBER, .initial = "0", .low = 0, .high = INFINITY,
                                       .help = "of its number that a step weighs with in the mean",
                                       .flags = GRADUS_NAMED, .search = "uniform(0, 2)", .also = "r"},
                       [LATE_WARMUP] = {"late_warmup", GRADUS_FLAG, .initial = "false",
                                        .help = "the first step of a warmup has no length at all, but its weight",
                                        .flags = GRADUS_NAMED | GRADUS_FOREIGN},
                       {0}},
               .like =
                   (const gradus_like[]){
                       {"schedulefree", "SGDScheduleFree",
                        "momentum=beta, warmup_steps=warmup, weight_lr_power=rate_power, "
                        "r=step_power",
                        NULL},
                       {"schedulefree", "AdamWScheduleFree",
                        "beta1=beta, warmup_steps=warmup, weight_lr_power=rate_power, "
                        "r=step_power",
                        NULL},
                       {"schedulefree", "RAdamScheduleFree", "beta1=beta, weight_lr_power=rate_power, r=step_power",
                        NULL},
                       {"keras", "ScheduleFreeAdamW", "beta_1=beta, warmup_steps=warmup", "rate_power=0"},
                       {"optax", "contrib.schedule_free_sgd",
                        "b1=beta, warmup_steps=warmup, weight_lr_power=rate_power", "late_warmup=true"},
                       {"optax", "contrib.schedule_free_adamw",
                        "b1=beta, warmup_steps=warmup, weight_lr_power=rate_power", "late_warmup=true"},
                       {"pytorch_optimizer", "ScheduleFreeSGD",
                        "momentum=beta, warmup_steps=warmup, weight_lr_power=rate_power, "
                        "r=step_power",
                        NULL},
                       {"pytorch_optimizer", "ScheduleFreeAdamW",
                        "beta1=beta, warmup_steps=warmup, weight_lr_power=rate_power, "
                        "r=step_power",
                        NULL},
                       {"pytorch_optimizer", "ScheduleFreeRAdam",
                        "beta1=beta, weight_lr_power=rate_power, r=step_power", NULL},
                       {0}},
               .notes = "What is measured, saved and handed out is the mean x. The rate stays as it is, at about three "
                        "times what the rule\n"
                        "inside has with a schedule. Keras weighs all steps alike, those of the warmup too; Optax "
                        "makes the first step of a\n"
                        "warmup with no length, while its weight counts.",
               .example = "schedule_free(adamw(weight_decay=0.08), warmup=100)"},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){[Z] = {.name = "z", .from_values = true}, {0}},
    .constants = "share, taken, along",
    .own = "weights, rate_most",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(follow), .twin = follow_double, .conclude = conclude}},
    .fused = (const gradus_fused[]){{.inner = gradus_adam_scalar,
                                     .slots = BEHIND_ADAM,
                                     .constants = ADAM_CONSTANT_COUNT,
                                     .kernel = EVERY_ISA(adam_and_follow),
                                     .twin = adam_and_follow_double},
                                    {.inner = gradus_sgd_scalar,
                                     .slots = BEHIND_SGD,
                                     .constants = SGD_CONSTANT_COUNT,
                                     .kernel = EVERY_ISA(sgd_and_follow),
                                     .twin = sgd_and_follow_double},
                                    {0}},
    .inner = "beta1=0, momentum=0",
    .usual_factor = 3,
    .show = {.kernel = EVERY_ISA(show), .twin = show_double, .conclude = shown},
};

#else /* once for each instruction set */
#include "adam.h"
#include "sgd.h"

static inline void ISA(follow_step)(cell *c, lane before, int z, const lane *k)
{
    const lane step = k[SHARE] * (c->x - before);
    c->x = before + k[TAKEN] * (c->s[z] - before) + k[ALONG] * step;
    c->s[z] = c->s[z] + step;
}

static inline void ISA(follow_element)(cell *c, const lane *k) { ISA(follow_step)(c, c->before, Z, k); }

static void ISA(follow)(const span *spans, size_t how_many, const number *k)
{
    enum { BOTH = VALUES | SLOT(Z) };
    walk(ISA(follow_element), BEFORE | BOTH, BOTH, CONSTANTS, 0, spans, how_many, k);
}

static inline void ISA(adam_and_follow_element)(cell *c, const lane *k)
{
    const lane before = c->x;
    ISA(adam_element)(c, k);
    ISA(follow_step)(c, before, BEHIND_ADAM, k + ADAM_CONSTANT_COUNT);
}

static void ISA(adam_and_follow)(const span *spans, size_t how_many, const number *k)
{
    ISA(adam_walk)(ISA(adam_and_follow_element), SLOT(BEHIND_ADAM), CONSTANTS, spans, how_many, k);
}

static inline void ISA(sgd_and_follow_element)(cell *c, const lane *k)
{
    const lane before = c->x;
    ISA(sgd_element)(c, k);
    ISA(follow_step)(c, before, BEHIND_SGD, k + SGD_CONSTANT_COUNT);
}

static void ISA(sgd_and_follow)(const span *spans, size_t how_many, const number *k)
{
    ISA(sgd_walk)(ISA(sgd_and_follow_element), SLOT(BEHIND_SGD), CONSTANTS, spans, how_many, k);
}

static inline void ISA(show_element)(cell *c, const lane *k) { c->x = c->x + k[BEYOND] * (c->s[Z] - c->x); }

static void ISA(show)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(show_element), VALUES | SLOT(Z), VALUES, 1, 0, spans, how_many, k);
}
#endif
