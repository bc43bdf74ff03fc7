/* Words that mean one schedule in one text and another in the next: "linear decay" is a straight line here and alpha beta^t there, "step"
 * a stair or a product of two powers. Each reading names the member that computes it; one that is not there is left out. */
#include "rate.h"

#define READING(member, formula, spec)                   \
    {                                                    \
        .name = member, .help = formula, .initial = spec \
    }

static const gradus_argument annealing[] = {
    READING("cosine", "(1 + cos(pi t / T)) / 2, cosine annealing", "cosine"),
    READING("cosine_restarts", "the same again and again, with warm restarts", "cosine_restarts(10ep, 2)"),
    READING("exponential", "alpha gamma^t, as a temperature is lowered", "exponential(0.99, 1)"),
    READING("inverse_time", "alpha / (1 + t / tau), search then converge", "inverse_time(1, 10ep)"),
    READING("linear", "any rate that falls: 1 - t / T", "linear"),
    {0}};

static const gradus_argument linear_decay[] = {
    READING("linear", "1 - t / T, a straight line to 0 at the end", "linear"),
    READING("linear", "up in a straight line, then down in one", "warmup(5%) > linear"),
    READING("exponential", "alpha beta^t, the same factor at each update", "exponential(0.99, 1)"),
    READING("decay", "constant, and a straight line down in the last part", "hold > decay(20%)"),
    {0}};

static const gradus_argument exponential_decay[] = {
    READING("exponential", "alpha gamma^(t / s), smoothly", "exponential(0.96, 1ep)"),
    READING("exponential", "alpha gamma^floor(t / s), in stairs", "exponential(0.96, 1ep, staircase)"),
    READING("natural_exponential", "alpha e^(-beta t)", "natural_exponential(0.001)"),
    READING("polynomial", "alpha (1 - t / T)^beta, 0 at the end", "polynomial(2)"),
    {0}};

/* The member of that name is explained first. */
static const gradus_argument exponential[] = {
    READING("natural_exponential", "alpha e^(-beta t)", "natural_exponential(0.001)"),
    READING("polynomial", "alpha (1 - t / T)^beta, 0 at the end", "polynomial(2)"),
    {0}};

static const gradus_argument polynomial_decay[] = {
    READING("polynomial", "(1 - t / T)^p from the peak to an end", "polynomial(2, to=1%)"),
    READING("linear", "the same with p = 1", "linear"),
    {0}};

static const gradus_argument step_decay[] = {
    READING("step", "alpha gamma^floor(t / s), every s epochs", "step(30ep, 10%)"),
    READING("multistep", "alpha gamma^n, n of the given places passed", "multistep([30ep, 60ep], 10%)"),
    READING("two_factor", "alpha (1 - t / T)^beta (1 - t / (T - 1))^gamma", "two_factor(power=2, last=1)"),
    {0}};

static const gradus_argument step[] = {
    READING("multistep", "alpha gamma^n, n of the given places passed", "multistep([30ep, 60ep], 10%)"),
    READING("two_factor", "alpha (1 - t / T)^beta (1 - t / (T - 1))^gamma", "two_factor(power=2, last=1)"),
    {0}};

#define SEVERAL "texts mean several things by it"
#define OTHER   "other texts mean something else by it"
static const gradus_member phrases[] = {
    {.name = "annealing", .summary = SEVERAL, .arguments = annealing},
    {.name = "exponential", .summary = OTHER, .arguments = exponential},
    {.name = "exponential_decay", .summary = SEVERAL, .arguments = exponential_decay},
    {.name = "linear_decay", .summary = SEVERAL, .arguments = linear_decay},
    {.name = "polynomial_decay", .summary = SEVERAL, .arguments = polynomial_decay},
    {.name = "step", .summary = OTHER, .arguments = step},
    {.name = "step_decay", .summary = SEVERAL, .arguments = step_decay}};

const gradus_member *const gradus_rate_schedule_phrases[] = {&phrases[0], &phrases[1], &phrases[2], &phrases[3],
                                                             &phrases[4], &phrases[5], &phrases[6], NULL};
