/* Four rate rules over 10000 steps as an article on the subject has them: what its program computes and what its
 * formulas say are not the same, and both can be written here. A product of two factors is in no table, so it is a
 * schedule of one's own. */
#include "gradus/extend.h"
#include <math.h>
#include <stdio.h>

enum { TOTAL = 10000, AT = 5000 };
static const double base = 0.01;

/* ---- two_factor(beta, gamma): (1 - t/T)^beta (1 - t/(T-1))^gamma, or (1 - beta t/T)(1 - gamma t/(T-1)) ---- */

enum { BETA, GAMMA, FORM };
enum { POWER, LINE };

static double two_factor(const gradus_call *call, double t, double length)
{
    const double beta = call->number[BETA], gamma = call->number[GAMMA];
    const double p = length > 0 ? t / length : 1,
                 q = length > 1 ? fmin(t / (length - 1), 1) : 1; /* the second ends a step early */
    if (call->number[FORM] == LINE) return (1 - beta * p) * (1 - gamma * q);
    return pow(1 - p, beta) * pow(1 - q, gamma);
}

static const gradus_argument arguments[] = {
    [BETA] = {"beta", GRADUS_NUMBER, .low = 0, .high = INFINITY, .help = "exponent of the first factor"},
    [GAMMA] = {"gamma", GRADUS_NUMBER, .low = 0, .high = INFINITY, .help = "exponent of the second"},
    [FORM] = {"form", GRADUS_WORD, .initial = "power", .words = "power|line", .help = "powers, or straight lines",
              .flags = GRADUS_NAMED},
    {0}};

static const gradus_schedule_row row = {
    .member = {.name = "two_factor",
               .summary = "two falling factors, the second of which ends a step early",
               .formula = "(1 - t/T)^beta (1 - t/(T-1))^gamma",
               .arguments = arguments},
    .abi = GRADUS_ABI,
    .promises = GRADUS_CONTINUOUS | GRADUS_FALLING | GRADUS_NEEDS_LENGTH,
    .factor = two_factor};

/* ---- the table ---- */

static const struct {
    const char *rule, *code, *formula;
    double expected[2]; /* at step 5000 */
} rules[] = {
    {"exponential", "linear(from=1, to=99.99%)", "polynomial(1e-4)", {0.0099995, 0.00999930687684}},
    {"step", "two_factor(1e-4, 1e-4, form=line)", "two_factor(1e-4, 1e-4)", {0.0099989999749975, 0.00999861370172}},
    {"reduction", "constant", NULL, {0.01}}, /* it never looks at the loss: see plateau for one that does */
    {"linear", "linear(to=10%)", NULL, {0.0055}},
};

/* Prints the rate at step 5000; true if it is what the article's program, or its formula, gives. */
static int print_rate(const char *spec, double expected, gradus_context *context)
{
    gradus_error error = {0};
    gradus_schedule *schedule = gradus_schedule_create(spec, &(gradus_units){.total = TOTAL}, context, &error);
    if (!schedule) return fprintf(stderr, "%s: %s\n", spec, error.message), 0;
    const double rate = base * gradus_schedule_at(schedule, AT);
    printf("  %-36s %.15g\n", spec, rate);
    gradus_schedule_destroy(schedule);
    return fabs(rate - expected) <= 1e-12 * expected;
}

int main(void)
{
    gradus_error error = {0};
    int wrong = 0;
    gradus_context *context = gradus_context_create(NULL, &error);
    gradus_context_add_schedule(context, &row, &error);
    printf("rates at step %d of %d from %g\n", AT, TOTAL, base);
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        printf("%s, as the program has it%s\n", rules[i].rule, rules[i].formula ? " and as the formula says" : "");
        wrong += !print_rate(rules[i].code, rules[i].expected[0], context);
        if (rules[i].formula) wrong += !print_rate(rules[i].formula, rules[i].expected[1], context);
    }
    gradus_context_destroy(context);
    return wrong || error.status;
}
