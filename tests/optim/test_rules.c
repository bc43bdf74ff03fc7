/* Each rule on cases worked by hand (by_hand.tsv), with hyperparameters that make whole numbers of everything, and on
 * two functions whose lowest point is known. */
#include "check.h"
#include "gradus/base.h"
#include "gradus/extend.h"
#include "gradus/spec.h"

/* ---- cases worked by hand: by_hand.tsv ---- */

enum { MOST = 8, TEXT = 512 };

typedef struct by_hand {
    const char *spec;
    int count, line;
    float values[MOST], gradient[MOST], expected[MOST];
} by_hand;

/* "3,4" up to what ends it; how many. */
static int read_list(const char *text, float *numbers, char **end)
{
    int count = 1;
    numbers[0] = strtof(text, end);
    for (; (**end == ',' || **end == ';') && count < MOST; count++) numbers[count] = strtof(*end + 1, end);
    return count;
}

/* One update, "0.5:2=9" or with a loss "0.5@3:2=9"; what is behind it. */
static char *take_step(by_hand *c, gradus_optimizer *optimizer, char *text)
{
    gradus_error error = {0};
    char *end;
    const double rate = strtod(text, &end), loss = *end == '@' ? strtod(end + 1, &end) : 0;
    const gradus_step step = {.rate = rate, .loss = loss};
    const int gradients = read_list(end + 1, c->gradient, &end), expected = read_list(end + 1, c->expected, &end);
    if (gradients != c->count || expected != c->count) fail_msg("by_hand.tsv:%d: '%s' is no update", c->line, text);
    gradus_outcome outcome = gradus_optimizer_step(optimizer, &step, &error);
    if (outcome == GRADUS_EVALUATE) outcome = gradus_optimizer_step(optimizer, &step, &error);
    if (outcome != GRADUS_APPLIED) fail_msg("by_hand.tsv:%d: %s: %s", c->line, c->spec, error.message);
    for (int i = 0; i < c->count; i++) {
        if (c->values[i] != c->expected[i])
            fail_msg("by_hand.tsv:%d: %s: %.9g where %.9g is expected", c->line, c->spec, (double)c->values[i],
                     (double)c->expected[i]);
    }
    return end + strspn(end, " ");
}

static void check_by_hand(char *line, int number)
{
    gradus_error error = {0};
    char *start = strchr(line, '\t'), *steps = start ? strchr(start + 1, '\t') : NULL, *end;
    if (!steps) fail_msg("by_hand.tsv:%d: a rule, values and updates", number);
    *start = *steps = 0;
    by_hand c = {.spec = line, .line = number};
    c.count = read_list(start + 1, c.values, &end);
    gradus_optimizer *optimizer = gradus_optimizer_create(&(gradus_optimizer_config){.rule = line}, &error);
    gradus_parameter x = {.name = "x", .shape = {c.count}, .values = c.values, .gradient = c.gradient};
    for (const char *at = start + 1; at < end; at++) x.shape[1] += *at == ';'; /* rows but one */
    if (x.shape[1]) x.shape[0] = x.shape[1] + 1, x.shape[1] = c.count / x.shape[0];
    gradus_optimizer_add(optimizer, &x, &error);
    if (error.status) fail_msg("by_hand.tsv:%d: %s: %s", number, line, error.message);
    for (char *at = steps + 1; *at && *at != '\t' && *at != '\n';) at = take_step(&c, optimizer, at);
    gradus_optimizer_destroy(optimizer);
}

/* Whether some line is about a rule. */
static bool is_held[256];

static void cases_by_hand(void **state)
{
    (void)state;
    FILE *file = fopen("tests/optim/by_hand.tsv", "r");
    char line[TEXT];
    assert_non_null(file);
    for (int number = 1; fgets(line, sizeof line, file); number++) {
        if (*line == '#') continue;
        for (int i = 0; gradus_optimizer_family.members[i]; i++) {
            const char *name = gradus_optimizer_family.members[i]->name;
            is_held[i] |= strncmp(line, name, strlen(name)) == 0 && strchr("(\t", line[strlen(name)]);
        }
        check_by_hand(line, number);
    }
    fclose(file);
    for (int i = 0; gradus_optimizer_family.members[i]; i++)
        if (!is_held[i]) fail_msg("no case worked by hand for %s", gradus_optimizer_family.members[i]->name);
}

/* ---- functions ---- */

enum { QUADRATIC = 10, ROSENBROCK = 2 };

static double quadratic(const float *x, float *gradient)
{
    double loss = 0;
    for (int i = 0; i < QUADRATIC; i++) {
        loss += 0.5 * (i + 1) * x[i] * x[i];
        gradient[i] = (float)(i + 1) * x[i];
    }
    return loss;
}

static double rosenbrock(const float *x, float *gradient)
{
    const double a = 1 - x[0], b = x[1] - (double)x[0] * x[0];
    gradient[0] = (float)(-2 * a - 400 * x[0] * b);
    gradient[1] = (float)(200 * b);
    return a * a + 100 * b * b;
}

/* The loss that is left of 1 after some updates at a rate that falls to 0, at the first of a few rates that leaves less than
 * what is asked, else at the best; of an average where there is one. */
static double left_of(const char *spec, double (*function)(const float *, float *), int count, int updates,
                      double asked)
{
    double best = INFINITY;
    for (double rate = 1e-4; rate < 1 && best >= asked; rate *= 3) {
        gradus_error error = {0};
        float x[QUADRATIC], gradient[QUADRATIC];
        for (int i = 0; i < count; i++) x[i] = i % 2 ? 1 : -1.2f;
        const double first = function(x, gradient);
        const gradus_optimizer_config config = {.rule = spec, .gradient = "clip_norm(10)", .units = {.total = updates}};
        gradus_optimizer *optimizer = gradus_optimizer_create(&config, &error);
        gradus_optimizer_add(
            optimizer, &(gradus_parameter){.name = "x", .shape = {count}, .values = x, .gradient = gradient}, &error);
        gradus_outcome outcome = GRADUS_APPLIED;
        for (int i = 0; i < updates && outcome > 0 && outcome != GRADUS_CONVERGED; i++) {
            do {
                const double loss = function(x, gradient);
                outcome = gradus_optimizer_step(
                    optimizer, &(gradus_step){.rate = rate * (updates - i) / updates, .loss = loss}, &error);
            } while (outcome == GRADUS_EVALUATE);
        }
        if (error.status) fail_msg("%s: %s", spec, error.message);
        gradus_optimizer_show(optimizer, GRADUS_AVERAGED, NULL);
        const double left = function(x, gradient) / first;
        if (left < best) best = left;
        gradus_optimizer_destroy(optimizer);
    }
    return best;
}

static void functions(void **state)
{
    (void)state;
    for (int i = 0; gradus_optimizer_family.members[i]; i++) {
        const gradus_member *member = gradus_optimizer_family.members[i];
        const char *name = member->example ? member->example : member->name;
        const double bowl = left_of(name, quadratic, QUADRATIC, 2000, 1e-5),
                     valley = left_of(name, rosenbrock, ROSENBROCK, 20000, 1e-3);
        print_message("%s leaves %.1e of a quadratic, %.1e of Rosenbrock's valley\n", name, bowl, valley);
        assert_true(bowl < 1e-5);
        assert_true(valley < 1e-3);
    }
}

/* ---- 8 bits ---- */

enum { MANY = 4096, NOISY = 300 };

static float noise[NOISY][MANY]; /* the same for all */

static void draw_noise(void)
{
    for (int update = 0; update < NOISY; update++)
        for (int i = 0; i < MANY; i++) noise[update][i] = (float)gradus_random_normal(1, (uint64_t)update, (uint64_t)i);
}

/* Where noisy gradients of a bowl lead. */
static void follow_noise(const char *spec, double rate, const char *kept_as, float *x)
{
    static float gradient[MANY];
    gradus_error error = {0};
    const gradus_optimizer_config config = {.rule = spec, .state = kept_as, .units = {.total = NOISY}};
    gradus_optimizer *optimizer = gradus_optimizer_create(&config, &error);
    for (int i = 0; i < MANY; i++) x[i] = 1;
    gradus_optimizer_add(optimizer,
                         &(gradus_parameter){.name = "x", .shape = {MANY}, .values = x, .gradient = gradient}, &error);
    for (int update = 0, at = 0; update < NOISY; update++) {
        gradus_outcome outcome;
        do {
            double loss = 0;
            for (int i = 0; i < MANY; i++, at++) {
                gradient[i] = x[i] + noise[update][i];
                loss += 0.5 * x[i] * x[i];
            }
            outcome = gradus_optimizer_step(optimizer, &(gradus_step){.rate = rate, .loss = loss}, &error);
        } while (outcome == GRADUS_EVALUATE && at < 20 * NOISY * MANY);
    }
    if (error.status) fail_msg("%s: %s", spec, error.message);
    gradus_optimizer_destroy(optimizer);
}

/* State in 8 bits leads to where float32 does also after many updates: what would stand still in them is not kept so. */
static void coarse_state(void **state)
{
    (void)state;
    static float fine[MANY], coarse[MANY];
    draw_noise();
    for (int i = 0; gradus_optimizer_family.members[i]; i++) {
        const gradus_member *member = gradus_optimizer_family.members[i];
        const char *name = member->example ? member->example : member->name;
        const double rate = ((const gradus_rule_row *)member)->effective_rate ? 1 : 1e-3; /* 1: it has its own */
        double way = 0, apart = 0;
        follow_noise(name, rate, "float32", fine);
        follow_noise(name, rate, "8bit", coarse);
        for (int j = 0; j < MANY; j++) {
            way += (fine[j] - 1.0) * (fine[j] - 1.0);
            apart += ((double)fine[j] - coarse[j]) * ((double)fine[j] - coarse[j]);
        }
        print_message("%s: %.2g of its way off\n", name, sqrt(apart / way));
        assert_true(apart <= 0.15 * 0.15 * way); /* a byte is an eighth off at most */
    }
}

/* Momentum in its forms solves the same. */
static void forms(void **state)
{
    (void)state;
    assert_true(left_of("sgd(momentum=0.9)", rosenbrock, ROSENBROCK, 5000, 1e-3) < 1e-3);
    assert_true(left_of("sgd(momentum=0.9, nesterov)", rosenbrock, ROSENBROCK, 5000, 1e-3) < 1e-3);
    assert_true(left_of("sgd(momentum=0.9, form=ema)", rosenbrock, ROSENBROCK, 5000, 1e-3) < 1e-3);
    assert_true(left_of("rmsprop(centered, momentum=0.9)", quadratic, QUADRATIC, 2000, 1e-5) < 1e-5);
}

/* A rule with a rate of its own says it; with one for each tensor, or none, it is the caller's. */
static void effective_rates(void **state)
{
    (void)state;
    static const struct {
        const char *rule;
        double first, second;
    } cases[] = {{"dog(first=5, start=distance, epsilon=0)", 5.0 / 3, 1}, {"sgd", 1, 1}, {"lamb", 1, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gradus_error error = {0};
        gradus_measures measures;
        float x = 10, gradient = 3;
        gradus_optimizer *optimizer =
            gradus_optimizer_create(&(gradus_optimizer_config){.rule = cases[i].rule}, &error);
        gradus_optimizer_add(
            optimizer, &(gradus_parameter){.name = "x", .shape = {1}, .values = &x, .gradient = &gradient}, &error);
        gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1}, &error);
        gradus_optimizer_measures(optimizer, &measures);
        check_close(measures.effective_rate, cases[i].first, 1e-15, 0);
        gradient = 4;
        gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1}, &error);
        gradus_optimizer_measures(optimizer, &measures);
        check_close(measures.effective_rate, cases[i].second, 1e-15, 0);
        gradus_optimizer_destroy(optimizer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(cases_by_hand), cmocka_unit_test(effective_rates),
                                       cmocka_unit_test(functions), cmocka_unit_test(forms),
                                       cmocka_unit_test(coarse_state)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
