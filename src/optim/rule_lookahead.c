/* lookahead: slow values that go part of the way which the wrapped rule has come in some updates, from where that starts
 * again (Zhang, Lucas, Hinton and Ba, 2019).
 *
 *     every `every` updates:   slow <- slow + step (x - slow),  x <- slow        (first slow = the first values) */
#ifndef RULE
#include "kernel.h"
#include "rules.h"

enum { INNER, EVERY, STEP };
enum { SHARE, CONSTANTS };
enum { SLOW };

#define RULE "rule_lookahead.c"
#include "every_isa.h"

static gradus_outcome drive(gradus_drive *d)
{
    const bool meets = d->now->update % (int64_t)d->hyper[EVERY] == 0;
    return d->inner(d, -1, meets ? 0 : -1);
}

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)now, (void)memory;
    constants[SHARE] = hyper[STEP];
}

const gradus_rule_row gradus_rule_lookahead = {
    .member = {.name = "lookahead",
               .summary = "every few updates goes back part of the way that the rule inside it has come",
               .formula = "every k updates: slow <- slow + step (x - slow); x <- slow",
               .paper = "Zhang, Lucas, Hinton and Ba 2019",
               .also = "slow_weights, ranger",
               .arguments =
                   (const gradus_argument[]){
                       [INNER] = {"rule", GRADUS_PIPELINE, .help = "the rule that makes the updates"},
                       [EVERY] = {"every", GRADUS_INTEGER, .initial = "5", .low = 1, .high = 1e9,
                                  .help = "updates between two meetings", .flags = GRADUS_NAMED,
                                  .search = "choice(5, 6, 10)", .also = "k, sync_period, la_steps"},
                       [STEP] = {"step", GRADUS_NUMBER, .initial = "0.5", .low = 0, .high = 1, .open = "(",
                                 .help = "part of the way that is kept", .flags = GRADUS_NAMED | GRADUS_SCHEDULED,
                                 .search = "uniform(0.3, 0.8)", .also = "alpha, slow_step_size, la_alpha"},
                       {0}},
               .like =
                   (const gradus_like[]){
                       {"optax", "lookahead", "sync_period=every, slow_step_size=step", NULL},
                       {"timm", "Lookahead", "base_optimizer=rule, alpha=step, k=every", "every=6"},
                       {"pytorch_optimizer", "Lookahead", "optimizer=rule, k=every, alpha=step", NULL},
                       {0}},
               .notes =
                   "The rule inside keeps its own state at a meeting: averages of gradients go on. It may bear a rate "
                   "that is somewhat\n"
                   "higher than alone.",
               .example = "lookahead(adamw)"},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){[SLOW] = {.name = "slow", .from_values = true}, {0}},
    .constants = "share",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(meet), .twin = meet_double}},
    .drive = drive,
};

#else /* once for each instruction set */

static inline void ISA(meet_element)(cell *c, const lane *k)
{
    c->s[SLOW] = c->s[SLOW] + k[SHARE] * (c->x - c->s[SLOW]);
    c->x = c->s[SLOW];
}

static void ISA(meet)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(meet_element), VALUES | SLOT(SLOW), VALUES | SLOT(SLOW), CONSTANTS, 0, spans, how_many, k);
}
#endif
