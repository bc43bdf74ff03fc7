/* L-BFGS on functions: PyTorch's trajectories, value by value; each line search on a valley and on bowls; large batches; and
 * what a trial point that cannot be evaluated does. */
#include "check.h"
#include "gradus/base.h"
#include "twin.h"

enum { MOST = 8, SPEC = 256 };

/* ---- functions ---- */

typedef double function(const double *x, int count, double *gradient);

static double valley(const double *x, int count, double *gradient)
{
    double loss = 0;
    for (int i = 0; i < count; i++) gradient[i] = 0;
    for (int i = 0; i + 1 < count; i++) {
        const double bend = x[i + 1] - x[i] * x[i], off = 1 - x[i];
        loss += 100 * bend * bend + off * off;
        gradient[i + 1] += 200 * bend;
        gradient[i] -= 400 * x[i] * bend + 2 * off;
    }
    return loss;
}

static double bowl(const double *x, int count, double *gradient)
{
    double loss = 0;
    for (int i = 0; i < count; i++) {
        const double steep = (i + 1.0) * (i + 1.0);
        loss += 0.5 * steep * x[i] * x[i];
        gradient[i] = steep * x[i];
    }
    return loss;
}

/* ---- against PyTorch ---- */

typedef struct trial {
    function *of;
    int count;
    double start[MOST], rate;
    char rule[SPEC];
} trial;

static void read_trial(const json_t *case_, trial *t)
{
    const char *key;
    json_t *value;
    const json_t *start = json_object_get(case_, "x0");
    char *at = t->rule + snprintf(t->rule, SPEC, "lbfgs(like=torch");
    t->of = !strcmp(json_string_value(json_object_get(case_, "function")), "rosenbrock") ? valley : bowl;
    t->count = (int)json_array_size(start);
    t->rate = 1;
    for (int i = 0; i < t->count; i++) t->start[i] = check_number(json_array_get(start, (size_t)i));
    json_object_foreach(json_object_get(case_, "parameters"), key, value)
    {
        char number[32];
        if (!strcmp(key, "lr")) {
            t->rate = json_number_value(value);
            continue;
        }
        gradus_number_print(json_number_value(value), number);
        at += sprintf(at, ", %s=%s", key, json_is_string(value) ? json_string_value(value) : number);
    }
    strcpy(at, ")");
}

static void compare(const trial *t, const json_t *after, size_t update, const double *x, double relative)
{
    const json_t *expected = json_object_get(json_array_get(after, update), "x");
    double largest = 0;
    for (int i = 0; i < t->count; i++) largest = fmax(largest, fabs(check_number(json_array_get(expected, (size_t)i))));
    for (int i = 0; i < t->count; i++) {
        const double number = check_number(json_array_get(expected, (size_t)i));
        if (!check_is_close(x[i], number, relative, relative * largest))
            fail_msg("%s: x[%d] after step %zu is %.17g, expected %.17g", t->rule, i, update + 1, x[i], number);
    }
}

static void check_twin(const trial *t, const json_t *after)
{
    static twin model;
    gradus_error error = {0};
    const int64_t shape[8] = {t->count};
    if (!twin_open(&model, &(gradus_optimizer_config){.rule = t->rule}, &error))
        fail_msg("%s: %s", t->rule, error.message);
    twin_add(&model, "x", shape, t->start, &error);
    if (error.status) fail_msg("%s: %s", t->rule, error.message);
    for (size_t update = 0; update < json_array_size(after); update++) {
        gradus_outcome outcome;
        do {
            const double loss = t->of(model.tensors[0].values, t->count, model.tensors[0].gradient);
            outcome = twin_step(&model, (int64_t)update + 1, t->rate, loss);
        } while (outcome == GRADUS_EVALUATE);
        compare(t, after, update, model.tensors[0].values, 1e-10);
    }
    twin_close(&model);
}

/* ---- in float32 ---- */

typedef struct problem {
    function *of;
    int count, evaluations;
    float x[MOST], gradient[MOST];
    gradus_optimizer *optimizer;
    gradus_error error;
} problem;

static void open_problem(problem *p, const char *rule, const char *groups, function *of, const double *start, int count)
{
    *p = (problem){.of = of, .count = count};
    for (int i = 0; i < count; i++) p->x[i] = (float)start[i];
    p->optimizer = gradus_optimizer_create(&(gradus_optimizer_config){.rule = rule, .groups = groups}, &p->error);
    for (int i = 0; i < 2; i++) { /* in two tensors */
        const int first = i ? 1 : 0;
        gradus_optimizer_add(p->optimizer,
                             &(gradus_parameter){.name = i ? "rest" : "first",
                                                 .shape = {i ? count - 1 : 1},
                                                 .values = p->x + first,
                                                 .gradient = p->gradient + first},
                             &p->error);
    }
    if (p->error.status) fail_msg("%s: %s", rule, p->error.message);
}

static double evaluate(problem *p)
{
    double x[MOST], gradient[MOST];
    for (int i = 0; i < p->count; i++) x[i] = (double)p->x[i];
    const double loss = p->of(x, p->count, gradient);
    for (int i = 0; i < p->count; i++) p->gradient[i] = (float)gradient[i];
    p->evaluations++;
    return loss;
}

static gradus_outcome update(problem *p, double rate)
{
    gradus_outcome outcome;
    do {
        const gradus_step step = {
            .rate = rate, .loss = evaluate(p), .flags = GRADUS_ZERO_GRADIENTS | GRADUS_MEASURE_UPDATE};
        outcome = gradus_optimizer_step(p->optimizer, &step, &p->error);
        for (int i = 0; i < p->count; i++) assert_true(p->gradient[i] == 0);
    } while (outcome == GRADUS_EVALUATE);
    if (outcome < 0) fail_msg("%s", p->error.message);
    return outcome;
}

static void check_float(const trial *t, const json_t *after)
{
    problem p;
    double x[MOST];
    open_problem(&p, t->rule, NULL, t->of, t->start, t->count);
    for (size_t at = 0; at < 2; at++) { /* later the roundings of a valley have grown */
        update(&p, t->rate);
        for (int i = 0; i < t->count; i++) x[i] = (double)p.x[i];
        compare(t, after, at, x, at ? 1e-3 : 1e-5);
    }
    gradus_optimizer_destroy(p.optimizer);
}

static void check_case(json_t *case_, int line, void *user)
{
    trial t = {0};
    const json_t *after = json_object_get(case_, "after_step");
    (void)line, (void)user;
    read_trial(case_, &t);
    check_twin(&t, after);
    check_float(&t, after);
}

static void as_torch(void **state)
{
    (void)state;
    assert_int_equal(check_golden("golden/optimizers/torch_lbfgs.jsonl", check_case, NULL), 6);
}

/* ---- to the lowest point ---- */

static void converges(void **state)
{
    (void)state;
    static const struct {
        const char *rule;
        int valley, bowl; /* evaluations that are enough */
    } cases[] = {{"lbfgs", 85, 20},
                 {"lbfgs(history=3)", 90, 30},
                 {"lbfgs(search=backtracking)", 95, 20},
                 {"lbfgs(iterations=20)", 50, 12},
                 {"lbfgs(iterations=5, search=backtracking)", 60, 13},
                 {"lbfgs(curvature=0.1)", 85, 14}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int which = 0; which < 2; which++) {
            static const double start[MOST] = {-1.2, 1, 0.5, -0.3};
            problem p;
            int updates = 0;
            open_problem(&p, cases[i].rule, NULL, which ? bowl : valley, start, which ? 4 : 2);
            while (update(&p, 1) == GRADUS_APPLIED && ++updates < 200) {
            }
            const int evaluations = p.evaluations;
            const double left = evaluate(&p);
            print_message("%s: %g left of the %s after %d evaluations\n", cases[i].rule, left,
                          which ? "bowl" : "valley", evaluations);
            assert_true(left < 1e-9);
            assert_true(evaluations <= (which ? cases[i].bowl : cases[i].valley));
            gradus_optimizer_destroy(p.optimizer);
        }
    }
}

/* Where it has converged nothing moves any more, and it says so. */
static void says_so(void **state)
{
    (void)state;
    static const double start[MOST] = {0, 0};
    problem p;
    gradus_measures measures;
    open_problem(&p, "lbfgs", NULL, bowl, start, 2);
    assert_int_equal(update(&p, 1), GRADUS_CONVERGED);
    assert_true(p.x[0] == 0 && p.x[1] == 0);
    gradus_optimizer_measures(p.optimizer, &measures);
    assert_true(measures.update_norm == 0);
    gradus_optimizer_destroy(p.optimizer);
}

/* What is measured of an update is from where it began, however many trial points it had. */
static void measured(void **state)
{
    (void)state;
    static const double start[MOST] = {-1.2, 1};
    problem p;
    gradus_measures measures;
    open_problem(&p, "lbfgs(iterations=7)", NULL, valley, start, 2);
    for (int i = 0; i < 3; i++) {
        const float x = p.x[0], y = p.x[1];
        update(&p, 1);
        gradus_optimizer_measures(p.optimizer, &measures);
        check_close(measures.update_norm, hypot((double)(p.x[0] - x), (double)(p.x[1] - y)), 1e-6, 0);
        check_close(measures.values_norm, hypot((double)p.x[0], (double)p.x[1]), 1e-6, 0);
    }
    gradus_optimizer_destroy(p.optimizer);
}

/* ---- groups ---- */

/* Along each value that of a function of z, x = sqrt(c) z; a group at rest stays where it is. */
static void groups(void **state)
{
    (void)state;
    static const double start[MOST] = {3, 1, 2};
    problem p;
    open_problem(&p, "lbfgs", "match(first, lr_scale=0)", bowl, start, 3);
    while (update(&p, 1) == GRADUS_APPLIED) {
    }
    assert_true(p.x[0] == 3);
    assert_true(fabsf(p.x[1]) < 1e-4f && fabsf(p.x[2]) < 1e-4f);
    gradus_optimizer_destroy(p.optimizer);
    open_problem(&p, "lbfgs", "match(first, lr_scale=9)", bowl, start, 3);
    while (update(&p, 1) == GRADUS_APPLIED) {
    }
    assert_true(fabsf(p.x[0]) < 1e-4f && fabsf(p.x[1]) < 1e-4f);
    gradus_optimizer_destroy(p.optimizer);
}

/* ---- points that cannot be evaluated ---- */

/* A bowl with an edge, beyond which there is nothing. */
static double pit(const double *x, int count, double *gradient)
{
    const double loss = bowl(x, count, gradient);
    if (fabs(x[0]) < 2) return loss;
    gradient[0] = NAN;
    return NAN;
}

static void goes_back(void **state)
{
    (void)state;
    static const double start[MOST] = {1.9, 0.01};
    static const char *const rules[] = {"lbfgs", "lbfgs(search=backtracking)"};
    for (int skips = 0; skips < 2; skips++) {
        for (int i = 0; i < 2; i++) {
            problem p;
            gradus_outcome outcome = GRADUS_APPLIED;
            open_problem(&p, rules[i], NULL, pit, start, 2);
            for (int calls = 0; calls < 100 && outcome != GRADUS_CONVERGED; calls++)
                outcome = gradus_optimizer_step(p.optimizer,
                                                &(gradus_step){.rate = 100, /* far beyond the edge at first */
                                                               .loss = evaluate(&p),
                                                               .flags = skips ? GRADUS_SKIP_NON_FINITE : 0},
                                                &p.error);
            assert_int_equal(outcome, GRADUS_CONVERGED);
            assert_true(fabsf(p.x[0]) < 1e-3f && fabsf(p.x[1]) < 1e-3f);
            gradus_optimizer_destroy(p.optimizer);
        }
    }
}

/* Without a search it goes back to where the step began, and the state is a good one. */
static void gives_up(void **state)
{
    (void)state;
    static const double start[MOST] = {1.9, 0.01};
    problem p;
    open_problem(&p, "lbfgs(search=none, iterations=2)", NULL, pit, start, 2);
    const gradus_step far = {.rate = 100, .loss = evaluate(&p), .flags = GRADUS_SKIP_NON_FINITE};
    assert_int_equal(gradus_optimizer_step(p.optimizer, &far, &p.error), GRADUS_EVALUATE);
    assert_true(fabsf(p.x[0]) > 2);
    evaluate(&p);
    assert_int_equal(gradus_optimizer_step(p.optimizer, &far, &p.error), GRADUS_SKIPPED);
    assert_true(p.x[0] == 1.9f && p.x[1] == 0.01f);
    gradus_optimizer_destroy(p.optimizer);
}

/* ---- large batches ---- */

/* Each update sees another bowl: its middle is not where all their middles are. How the gradient changes is told by one and
 * the same, so that the noise is in no pair. */
static double shifted;
static double batch(const double *x, int count, double *gradient)
{
    double moved[MOST];
    for (int i = 0; i < count; i++) moved[i] = x[i] - shifted;
    return bowl(moved, count, gradient);
}

static void large_batches(void **state)
{
    (void)state;
    static const double start[MOST] = {3, -2, 1, 2};
    problem p;
    open_problem(&p, "lbfgs", NULL, batch, start, 4);
    for (int i = 0; i < 60; i++) {
        shifted = 0.1 * gradus_random_normal(1, 0, (uint64_t)i);
        update(&p, i < 30 ? 1 : 10.0 / (i - 20));
    }
    for (int i = 0; i < 4; i++) assert_true(fabsf(p.x[i]) < 0.1f);
    gradus_optimizer_destroy(p.optimizer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_torch), cmocka_unit_test(converges),
                                       cmocka_unit_test(says_so),  cmocka_unit_test(measured),
                                       cmocka_unit_test(groups),   cmocka_unit_test(goes_back),
                                       cmocka_unit_test(gives_up), cmocka_unit_test(large_batches)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
