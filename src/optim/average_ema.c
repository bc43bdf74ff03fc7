/* ema: an exponential moving average of the values, which is what is shown in their place (Polyak and Juditsky, 1992;
 * Tarvainen and Valpola, 2017).
 *
 *     a <- decay a + (1 - decay) x           after each update, or every `every`; first a = x
 *     warmup: min(decay, (1 + n) / (10 + n)) in the place of decay, n: how often the values were taken before */
#ifndef RULE
#include "average.h"
#include "kernel.h"
#include "rules.h"

enum { DECAY, EVERY, FROM, WARMUP };
enum { SHOWN };

#define RULE "average_ema.c"
#include "every_isa.h"

/* ---- for all averages ---- */

static bool is_due(double update, double every, double from)
{
    const double slack = 1e-9; /* a length in other units may be no whole number of updates by rounding alone */
    return update >= from - slack && floor(update / every + slack) > floor((update - 1) / every + slack);
}

gradus_outcome gradus_average_drive(gradus_drive *drive, double every, double from)
{
    const bool due = is_due((double)drive->now->update, every, from);
    const gradus_outcome outcome = drive->inner(drive, -1, due ? 0 : -1);
    if (due && outcome == GRADUS_APPLIED) drive->memory[AVERAGE_TAKEN]++;
    return outcome;
}

void gradus_average_shown(const double *hyper, const gradus_now *now, const double *sums, const double *memory,
                          double *constants)
{
    (void)hyper, (void)now, (void)sums;
    constants[SHOWN] = memory[AVERAGE_TAKEN] > 0;
}

/* ---- ema ---- */

static gradus_outcome drive(gradus_drive *d) { return gradus_average_drive(d, d->hyper[EVERY], d->hyper[FROM]); }

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    const double taken = memory[AVERAGE_TAKEN], decay = hyper[DECAY];
    (void)now;
    constants[AVERAGE_RISE] = taken == 0 ? 1 : hyper[WARMUP] ? 1 - fmin(decay, (1 + taken) / (10 + taken)) : 1 - decay;
}

const gradus_rule_row gradus_average_ema = {
    .member =
        {.name = "ema",
         .summary = "an exponential moving average of the values",
         .formula = "a <- decay a + (1 - decay) x",
         .paper = "Polyak and Juditsky 1992; Tarvainen and Valpola 2017",
         .also = "exponential, exponential_moving_average, model_ema, use_ema",
         .arguments =
             (const gradus_argument[]){
                 [DECAY] = {"decay", GRADUS_NUMBER, .initial = "0.999", .low = 0, .high = 1, .open = ")",
                            .help = "part of the average that is kept", .flags = GRADUS_SCHEDULED,
                            .search = "uniform(0.9, 0.9999)", .also = "momentum, ema_momentum, ema_decay, beta"},
                 [EVERY] = {"every", GRADUS_LENGTH, .initial = "1", .low = 0, .high = INFINITY, .open = "(",
                            .help = "how often the values are taken into it", .flags = GRADUS_NAMED,
                            .also = "frequency, freq"},
                 [FROM] = AVERAGE_FROM_ARGUMENT("0"),
                 [WARMUP] = {"warmup", GRADUS_FLAG, .initial = "false",
                             .help = "keeps less at first: (1 + n) / (10 + n) of it after n values",
                             .flags = GRADUS_NAMED},
                 {0}},
         .like =
             (const gradus_like[]){{"torch", "get_ema_avg_fn", NULL, NULL},
                                   {"keras", "use_ema", "ema_momentum=decay", "decay=0.99"},
                                   {"timm", "ModelEmaV3", "update_after_step=from, use_warmup=warmup", "decay=0.9999"},
                                   {0}},
         .notes = "It looks back over about 1/(1 - decay) updates: 1000 with 0.999. What is measured, saved and handed "
                  "out is the average;\n"
                  "training goes on with the values themselves.",
         .example = "ema(0.99)"},
    .abi = GRADUS_ABI,
    .slots = AVERAGE_SLOTS,
    .constants = AVERAGE_CONSTANTS,
    .memory = AVERAGE_MEMORY,
    .prepare = prepare,
    .pass = AVERAGE_PASS,
    .drive = drive,
    .show = AVERAGE_SHOW,
};

#else /* once for each instruction set */

static inline void ISA(take_element)(cell *c, const lane *k)
{
    const lane blended = c->s[0] + k[AVERAGE_RISE] * (c->x - c->s[0]);
    c->s[0] = choose(same(k[AVERAGE_RISE], all(1)), c->x, blended);
}

void ISA(gradus_average_take)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(take_element), VALUES | SLOT(0), SLOT(0), AVERAGE_CONSTANT_COUNT, 0, spans, how_many, k);
}

static inline void ISA(show_element)(cell *c, const lane *k) { c->x = choose(above(k[SHOWN], all(0)), c->s[0], c->x); }

void ISA(gradus_average_show)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(show_element), VALUES | SLOT(0), VALUES, 1, 0, spans, how_many, k);
}
#endif
