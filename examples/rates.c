/* Four rate rules over 10000 steps as an article on the subject has them: what its program computes and what its
 * formulas say are not the same, and both can be written here. */
#include "gradus/gradus.h"
#include <math.h>
#include <stdio.h>

enum { TOTAL = 10000, AT = 5000 };
static const double base = 0.01;

static const struct {
    const char *rule, *code, *formula;
    double expected[2]; /* at step 5000 */
} rules[] = {
    {"exponential", "linear(from=1, to=99.99%)", "polynomial(1e-4)", {0.0099995, 0.00999930687684}},
    {"step", /* (1 - b t/T)(1 - c t/(T-1)), and (1 - t/T)^b (1 - t/(T-1))^c */
     "product(linear(to=99.99%), linear(9999, to=99.99%))",
     "two_factor(power=1e-4, last=1e-4)",
     {0.0099989999749975, 0.00999861370172}},
    {"reduction", "constant", NULL, {0.01}}, /* it never looks at the loss: see plateau for one that does */
    {"linear", "linear(to=10%)", NULL, {0.0055}},
};

/* Prints the rate at step 5000; true if it is what the article's program, or its formula, gives. */
static int print_rate(const char *spec, double expected)
{
    gradus_error error = {0};
    gradus_schedule *schedule = gradus_schedule_create(spec, &(gradus_units){.total = TOTAL}, NULL, &error);
    if (!schedule) return fprintf(stderr, "%s: %s\n", spec, error.message), 0;
    const double rate = base * gradus_schedule_at(schedule, AT);
    printf("  %-52s %.15g\n", spec, rate);
    gradus_schedule_destroy(schedule);
    return fabs(rate - expected) <= 1e-12 * expected;
}

int main(void)
{
    int wrong = 0;
    printf("rates at step %d of %d from %g\n", AT, TOTAL, base);
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        printf("%s, as the program has it%s\n", rules[i].rule, rules[i].formula ? " and as the formula says" : "");
        wrong += !print_rate(rules[i].code, rules[i].expected[0]);
        if (rules[i].formula) wrong += !print_rate(rules[i].formula, rules[i].expected[1]);
    }
    return wrong;
}
