/* Feedbacks with a rate of their own, polyak and barzilai_borwein: numbers worked by hand, what optax computes, quadratics of
 * which the best point is known, and how such a rate stands in for the base beside schedules, factors and limits. */
#include "check.h"
#include "gradus/base.h"

static gradus_error error;

typedef struct lines {
    char text[8192];
    int count;
} lines;

static void keep_line(void *user, const char *json, size_t length)
{
    lines *into = user;
    snprintf(into->text, sizeof into->text, "%.*s", (int)length, json);
    into->count++;
}

static lines told;

static gradus_policy *make_with(gradus_policy_config config)
{
    error = (gradus_error){0};
    told = (lines){.count = 0};
    config.log = keep_line;
    config.log_user = &told;
    gradus_policy *policy = gradus_policy_create(&config, &error);
    if (!policy) fail_msg("%s: %s", config.feedback, error.message);
    return policy;
}

static gradus_policy *make(const char *feedback, double base)
{
    return make_with((gradus_policy_config){.base = base, .feedback = feedback, .units = {.updates_per_epoch = 4}});
}

static double decide(gradus_policy *policy)
{
    gradus_decision decision;
    assert_int_equal(gradus_policy_decide(policy, &decision), GRADUS_APPLY);
    return decision.rate;
}

static double next(gradus_policy *policy)
{
    double rate = decide(policy);
    gradus_policy_applied(policy, NULL);
    return rate;
}

/* ---- polyak ---- */

static double polyak(gradus_policy *policy, double loss, double norm)
{
    assert_true(gradus_policy_observe(policy, "loss", loss) && gradus_policy_observe(policy, "gradient_norm", norm));
    return next(policy);
}

static void sps_by_hand(void **state)
{
    (void)state;
    gradus_policy *policy = make("polyak(growth=none)", 10);
    assert_true(polyak(policy, 2, 2) == 1);    /* 2 / (0.5 4) */
    assert_true(polyak(policy, 2, 0.1) == 10); /* 400, capped at the base */
    assert_true(polyak(policy, 0, 3) == 0);
    assert_true(polyak(policy, -1, 3) == 0); /* never uphill */
    char why[256];
    gradus_policy_explain(policy, why, sizeof why);
    assert_string_equal(why, "update 4: rate 0 = own rate 0 x schedule 1 x feedback 1");
    assert_true(polyak(policy, 1, 0) == 10);
    assert_true(polyak(policy, 0, 0) == 0);
    assert_true(polyak(policy, NAN, 1) == 0); /* as it was */
    gradus_policy_destroy(policy);
    policy = make("polyak(0.5, c=0.2, epsilon=0.1, cap=2, growth=none)", 10);
    check_close(polyak(policy, 2, 2), 1.5 / 0.9, 1e-15, 0);
    check_close(polyak(policy, 2, 0), 15, 1e-15, 0);
    check_close(polyak(policy, 20, 0), 20, 1e-15, 0); /* twice the base */
    gradus_policy_destroy(policy);
}

/* From one update to the next it grows by 2^(1/4) at most, from the base at first; falls are at once. */
static void smoothed_by_hand(void **state)
{
    (void)state;
    const double root = pow(2, 0.25);
    gradus_policy *policy = make("polyak(cap=1000)", 0.1);
    check_close(polyak(policy, 8, 2), 0.1 * root, 1e-15, 0);
    check_close(polyak(policy, 8, 2), 0.1 * root * root, 1e-15, 0);
    check_close(polyak(policy, 0.02, 2), 0.01, 1e-15, 0);
    assert_true(polyak(policy, 0, 2) == 0);
    check_close(polyak(policy, 8, 2), 0.01 * root, 1e-15, 0); /* a step of 0 is no measure */
    gradus_policy_observe(policy, "loss", 8);
    gradus_policy_observe(policy, "gradient_norm", 2);
    check_close(decide(policy), 0.01 * root * root, 1e-15, 0); /* left out, so that the next grows from the same */
    check_close(polyak(policy, 8, 2), 0.01 * root * root, 1e-15, 0);
    gradus_policy_destroy(policy);
}

/* Of a group it is the group's rate alone: the base, and what feedback says of the run, are what the other groups have. */
static void of_a_group(void **state)
{
    (void)state;
    gradus_policy *policy =
        make("polyak(growth=none, cap=100, group=head) > plateau(val_loss, patience=0, factor=0.5)", 0.25);
    assert_true(gradus_policy_group_factor(policy, "head") == 1); /* nothing is known yet */
    assert_true(polyak(policy, 2, 2) == 0.25);
    assert_true(gradus_policy_group_factor(policy, "head") == 4); /* 2 / (0.5 4) = 1 */
    assert_true(gradus_policy_group_factor(policy, "tail") == 1);
    for (int i = 0; i < 2; i++) gradus_policy_observe(policy, "val_loss", 1);
    assert_true(polyak(policy, 2, 4) == 0.125);
    assert_true(gradus_policy_group_factor(policy, "head") == 1); /* 0.25 / 0.25; the run's half comes on top */
    gradus_policy_rebase(policy, 0.5, &error);
    assert_true(gradus_policy_group_factor(policy, "head") == 0.5);
    gradus_policy_destroy(policy);
    policy = make("barzilai_borwein(window=1, group=head) > polyak(growth=none)", 1);
    assert_string_equal(gradus_policy_listens(policy, 0), "head.movement_norm");
    gradus_policy_destroy(policy);
}

/* Without its measures it has no rate of its own, and the base stands, also after that was changed. */
static void base_until_it_knows(void **state)
{
    (void)state;
    gradus_policy *policy = make("polyak(growth=none)", 0.25);
    char why[256];
    assert_true(next(policy) == 0.25);
    gradus_policy_observe(policy, "loss", 1);
    assert_true(next(policy) == 0.25);
    gradus_policy_rebase(policy, 0.5, &error);
    assert_true(next(policy) == 0.5);
    gradus_policy_explain(policy, why, sizeof why);
    assert_string_equal(why, "update 3: rate 0.5 = base 0.5 x schedule 1 x feedback 1");
    assert_true(polyak(policy, 1, 4) == 0.125);
    gradus_policy_explain(policy, why, sizeof why);
    assert_string_equal(why, "update 4: rate 0.125 = own rate 0.125 x schedule 1 x feedback 1");
    assert_true(polyak(policy, 9, 1) == 0.5);
    gradus_policy_destroy(policy);
}

/* clamp(own rate x schedule x other feedback) */
static void beside_the_others(void **state)
{
    (void)state;
    gradus_policy *policy = make_with((gradus_policy_config){.base = 100,
                                                             .minimum = 0.01,
                                                             .maximum = 5,
                                                             .schedule = "step(2, 0.5)",
                                                             .feedback = "plateau(patience=1, factor=0.5) > "
                                                                         "polyak(growth=none)"});
    gradus_decision decision;
    gradus_policy_observe(policy, "val_loss", 1);
    gradus_policy_observe(policy, "val_loss", 1);
    assert_true(polyak(policy, 2, 2) == 0.5);
    assert_true(polyak(policy, 100, 2) == 5);
    assert_true(polyak(policy, 2, 2) == 0.25);
    assert_true(polyak(policy, 1e-9, 2) == 0.01);
    gradus_policy_decide(policy, &decision);
    assert_true(decision.feedback == 0.5);
    gradus_policy_destroy(policy);
    policy = gradus_policy_create(&(gradus_policy_config){.base = 1, .feedback = "polyak > barzilai_borwein"}, &error);
    assert_null(policy);
    assert_non_null(strstr(error.message, "'polyak' and 'barzilai_borwein' both give a rate of their own"));
}

/* Once a window at most, of its mean, and only when that has moved. */
static void polyak_tells(void **state)
{
    (void)state;
    gradus_policy *policy = make("polyak(growth=none, over=4)", 2);
    for (int i = 0; i < 8; i++) polyak(policy, 2, i % 2 ? 1 : 2); /* 1, 4 capped to 2, ...: 1.41 on the mean */
    assert_int_equal(told.count, 0);
    for (int i = 0; i < 4; i++) polyak(policy, 1, i % 2 ? 1 : 4); /* 0.125, 2, ...: 0.5 */
    assert_int_equal(told.count, 0);                              /* but not with a step of 2 */
    polyak(policy, 1, 2);
    assert_int_equal(told.count, 1);
    assert_non_null(strstr(told.text, "\"by\": \"polyak\", \"id\": \"feedback.0\", \"action\": \"lower\", \"reason\": "
                                      "\"loss_gap\", \"factor_before\": 1, \"factor_after\": 1, \"rate_before\": 2, "
                                      "\"rate_after\": 0.5, "));
    assert_non_null(strstr(told.text, "\"rule\": \"steps of mean on the mean of count updates, this one with loss and "
                                      "gradient_norm\", \"text\": \"polyak: steps of 0.5 on the mean of 5 updates, "
                                      "this one with loss 1 and gradient_norm 2: rate 0.5\""));
    gradus_policy_destroy(policy);
}

/* f(x) = 1/2 sum h x^2, which is 0 at its best point, to a billionth of where it began. */
static void polyak_comes_down(void **state)
{
    (void)state;
    const double h[4] = {1, 2, 5, 10};
    static const char *const forms[] = {"polyak(c=1, growth=none)", "polyak(growth=none)", "polyak"};
    for (int form = 0; form < 3; form++) {
        gradus_policy *policy = make(forms[form], 1);
        double x[4] = {1, -1, 1, -1}, loss = 0, first = 9;
        for (int i = 0; i < 300; i++) {
            double norm = 0;
            loss = 0;
            for (int j = 0; j < 4; j++) loss += 0.5 * h[j] * x[j] * x[j], norm += h[j] * x[j] * h[j] * x[j];
            double rate = polyak(policy, loss, sqrt(norm));
            for (int j = 0; j < 4; j++) x[j] -= rate * h[j] * x[j];
        }
        if (!(loss < 1e-9 * first)) fail_msg("%s: %g", forms[form], loss);
        gradus_policy_destroy(policy);
    }
}

/* ---- polyak as optax computes it, on the gradients of the golden problem with losses 1/(t + 1) ---- */

enum { TENSORS = 3, LARGEST = 64, GOLDEN_UPDATES = 20 };
static const char *const tensors[TENSORS] = {"w", "b", "conv"};

static size_t read_numbers(const json_t *array, double *numbers)
{
    for (size_t i = 0; i < json_array_size(array); i++) numbers[i] = check_number(json_array_get(array, i));
    return json_array_size(array);
}

static void compare_with_optax(const json_t *problem, const json_t *wanted)
{
    double x[TENSORS][LARGEST], g[TENSORS][LARGEST], expected[LARGEST];
    size_t count[TENSORS], at = 0;
    gradus_policy *policy = make("polyak(max_learning_rate=0.5, like=optax)", 1);
    for (int t = 0; t < TENSORS; t++)
        count[t] = read_numbers(json_object_get(json_object_get(problem, "init"), tensors[t]), x[t]);
    for (int update = 0; update < GOLDEN_UPDATES; update++) {
        double norm = 0;
        for (int t = 0; t < TENSORS; t++) {
            read_numbers(
                json_object_get(json_array_get(json_object_get(problem, "gradients"), (size_t)update), tensors[t]),
                g[t]);
            for (size_t j = 0; j < count[t]; j++) norm += g[t][j] * g[t][j];
        }
        double rate = polyak(policy, 1 / ((double)update + 1), sqrt(norm));
        for (int t = 0; t < TENSORS; t++)
            for (size_t j = 0; j < count[t]; j++) x[t][j] -= rate * g[t][j];
        if (json_integer_value(json_array_get(json_object_get(wanted, "updates"), at)) != update + 1) continue;
        for (int t = 0; t < TENSORS; t++) {
            read_numbers(json_object_get(json_array_get(json_object_get(wanted, "values"), at), tensors[t]), expected);
            for (size_t j = 0; j < count[t]; j++) check_close(x[t][j], expected[j], 1e-12, 1e-14);
        }
        at++;
    }
    assert_int_equal(at, json_array_size(json_object_get(wanted, "updates")));
    gradus_policy_destroy(policy);
}

static void of_a_line(json_t *object, int line, void *user)
{
    (void)line;
    if (strcmp(json_string_value(json_object_get(object, "optimizer")), "polyak_sgd") != 0) return;
    char *text = check_shared_text("golden/optimizers/problem.json", NULL);
    json_t *problem = json_loads(text, 0, NULL);
    compare_with_optax(problem, object);
    ++*(int *)user;
    json_decref(problem);
    free(text);
}

static void polyak_of_optax(void **state)
{
    (void)state;
    int found = 0;
    check_golden("golden/optimizers/optax.jsonl", of_a_line, &found);
    assert_int_equal(found, 1);
}

/* loss / (|g|^2 + 1e-6), without a cap unless there is one */
static void alig_of_pytorch_optimizer(void **state)
{
    (void)state;
    gradus_policy *policy = make("polyak(like=pytorch_optimizer)", 0.1);
    check_close(polyak(policy, 3, 2), 3 / (4 + 1e-6), 1e-15, 0);
    check_close(polyak(policy, 3, 1e-3), 3 / 2e-6, 1e-12, 0);
    gradus_policy_destroy(policy);
    policy = make("polyak(max_lr=0.5, like=pytorch_optimizer)", 0.1);
    check_close(polyak(policy, 3, 2), 0.5, 1e-15, 0);
    gradus_policy_destroy(policy);
}

/* ---- barzilai_borwein ---- */

static double borwein(gradus_policy *policy, double movement, double product, double change)
{
    assert_true(gradus_policy_observe(policy, "movement_norm", movement));
    assert_true(gradus_policy_observe(policy, "gradient_change_dot_movement", product));
    assert_true(gradus_policy_observe(policy, "gradient_change_norm", change));
    return next(policy);
}

/* A movement of 2 with a change of 5, and product 8: 4/8 = 0.5 and 8/25 = 0.32. */
static void borwein_by_hand(void **state)
{
    (void)state;
    gradus_policy *policy = make("barzilai_borwein(window=1, growth=none)", 0.1);
    assert_true(next(policy) == 0.1);
    assert_true(borwein(policy, 2, 8, 5) == 0.5);
    assert_true(next(policy) == 0.5);
    assert_true(borwein(policy, 2, -8, 5) == 0.5); /* curved the other way: nothing to go by */
    assert_true(borwein(policy, 0, 0, 0) == 0.5);
    assert_true(borwein(policy, 2, NAN, 5) == 0.5);
    assert_true(borwein(policy, 3, 9, 5) == 1);
    gradus_policy_destroy(policy);
    policy = make("barzilai_borwein(bb2, window=1)", 0.2);
    check_close(borwein(policy, 2, 8, 5), 0.32, 1e-15, 0);
    check_close(borwein(policy, 2, 8, 2.5), 0.64, 1e-15, 0); /* 1.28, but twice as much at most */
    check_close(borwein(policy, 2, 0, 2.5), 0.64, 1e-15, 0); /* straight on: nothing to go by */
    gradus_policy_destroy(policy);
    policy = make("barzilai_borwein(alternating, window=1)", 0.3);
    check_close(borwein(policy, 2, 8, 5), 0.5, 1e-15, 0);
    check_close(borwein(policy, 2, 8, 5), 0.32, 1e-15, 0);
    check_close(borwein(policy, 2, 8, 5), 0.5, 1e-15, 0);
    gradus_policy_destroy(policy);
}

/* A window of 20 is a movement of 18 updates: one step of 18 times the rate. */
static void borwein_of_windows(void **state)
{
    (void)state;
    gradus_policy *policy = make("barzilai_borwein(window=5ep)", 0.1);
    assert_int_equal(gradus_policy_window(policy, "movement_norm"), 20);
    check_close(borwein(policy, 2, 8, 5), 0.5 / 18, 1e-15, 0);
    check_close(borwein(policy, 2, 0.9, 5), 0.5 / 18, 1e-15, 0); /* a cosine of 0.09: noise */
    check_close(borwein(policy, 2, 1.1, 5), 1.0 / 18, 1e-15, 0); /* 4/1.1, but twice as much at most */
    gradus_policy_destroy(policy);
    policy = make("barzilai_borwein(window=20, least=0.2, low=50%, high=2)", 0.1);
    check_close(borwein(policy, 2, 1.9, 5), 0.1, 1e-15, 0);
    check_close(borwein(policy, 2, 8, 5), 0.05, 1e-15, 0);
    for (int i = 0; i < 4; i++) borwein(policy, 20, 80, 5);
    check_close(borwein(policy, 20, 80, 5), 0.2, 1e-15, 0);
    gradus_policy_destroy(policy);
}

static void borwein_left_out(void **state)
{
    (void)state;
    gradus_policy *policy = make("barzilai_borwein(alternating, window=1)", 0.3);
    gradus_policy_observe(policy, "movement_norm", 2);
    gradus_policy_observe(policy, "gradient_change_dot_movement", 8);
    gradus_policy_observe(policy, "gradient_change_norm", 5);
    check_close(decide(policy), 0.5, 1e-15, 0); /* not applied */
    check_close(borwein(policy, 2, 8, 5), 0.5, 1e-15, 0);
    check_close(borwein(policy, 2, 8, 5), 0.32, 1e-15, 0);
    gradus_policy_destroy(policy);
}

static void borwein_tells(void **state)
{
    (void)state;
    gradus_policy *policy = make("barzilai_borwein(window=1, growth=none)", 0.4);
    borwein(policy, 2, 8, 5);
    assert_int_equal(told.count, 0); /* 0.5 is near 0.4 */
    borwein(policy, 2, 40, 25);
    assert_int_equal(told.count, 1);
    assert_non_null(strstr(told.text, "\"action\": \"lower\", \"reason\": \"curvature\", \"factor_before\": 1, "
                                      "\"factor_after\": 1, \"rate_before\": 0.4, \"rate_after\": 0.1, "));
    assert_non_null(strstr(told.text, "\"text\": \"barzilai_borwein: a step of 0.1 by the curvature: movement_norm 2, "
                                      "gradient_change_dot_movement 40, gradient_change_norm 25: rate 0.1\""));
    gradus_policy_destroy(policy);
}

/* On a quadratic with curvatures 1 to 20 and its best point at 0, by the optimizer's own measures: the gradient falls by a
 * factor of a million long before one constant rate, the best there is, would bring it there (150 updates). */
static void borwein_comes_down(void **state)
{
    (void)state;
    enum { COUNT = 20, MOST = 150 };
    static const char *const forms[] = {"barzilai_borwein(window=1, growth=none)",
                                        "barzilai_borwein(bb2, window=1, growth=none)",
                                        "barzilai_borwein(alternating, window=1, growth=none)"};
    for (int form = 0; form < 3; form++) {
        float x[COUNT], g[COUNT];
        gradus_policy *policy = make(forms[form], 0.05);
        gradus_optimizer *optimizer = gradus_optimizer_create(&(gradus_optimizer_config){.rule = "sgd"}, &error);
        for (int i = 0; i < COUNT; i++) x[i] = 1;
        gradus_optimizer_add(optimizer, &(gradus_parameter){.name = "x", .shape = {COUNT}, .values = x, .gradient = g},
                             &error);
        double norm = 0, first = 0;
        int updates = 0;
        for (; updates < MOST; updates++) {
            norm = 0;
            for (int i = 0; i < COUNT; i++) g[i] = (float)(i + 1) * x[i], norm += (double)g[i] * (double)g[i];
            if (updates == 0) first = norm;
            if (norm < 1e-12 * first) break;
            if (gradus_update(policy, optimizer, &(gradus_step){.loss = norm}, NULL, &error) != GRADUS_APPLIED)
                fail_msg("%s", error.message);
        }
        print_message("%s: %d updates\n", forms[form], updates);
        assert_in_range(updates, 5, MOST / 2);
        gradus_optimizer_destroy(optimizer);
        gradus_policy_destroy(policy);
    }
}

/* Noisy gradients of a quadratic with curvature 2 everywhere: means over windows find 1/2, single gradients see the noise. */
static double found_in_noise(const char *feedback, double base)
{
    enum { COUNT = 400, UPDATES = 1000 };
    float x[COUNT], g[COUNT];
    double rate = 0;
    gradus_decision decision;
    gradus_policy *policy = make(feedback, base);
    gradus_optimizer *optimizer = gradus_optimizer_create(&(gradus_optimizer_config){.rule = "sgd"}, &error);
    for (int i = 0; i < COUNT; i++) x[i] = 3;
    gradus_optimizer_add(optimizer, &(gradus_parameter){.name = "x", .shape = {COUNT}, .values = x, .gradient = g},
                         &error);
    for (int update = 0; update < UPDATES; update++) {
        for (int i = 0; i < COUNT; i++)
            g[i] = 2 * x[i] + 4 * (float)gradus_random_normal(3, (uint64_t)update, (uint64_t)i);
        gradus_update(policy, optimizer, &(gradus_step){.loss = 1}, &decision, &error);
        if (decision.rate != base && rate == 0) rate = decision.rate; /* the first that it comes to */
    }
    gradus_optimizer_destroy(optimizer);
    gradus_policy_destroy(policy);
    return rate;
}

static void borwein_in_noise(void **state)
{
    (void)state;
    double of_windows = found_in_noise("barzilai_borwein(window=100, growth=none, least=0)", 0.001),
           of_single = found_in_noise("barzilai_borwein(window=1, growth=none)", 0.001);
    check_close(of_windows * 90, 0.5, 0.1, 0);
    assert_true(of_single < 0.01); /* fifty times too small */
}

/* A feedback of one's own that gives a rate: before its first one the base is what it comes from. */
static void give(const gradus_call *call, void *state, const gradus_clock *now, gradus_verdict *verdict)
{
    (void)call, (void)state;
    assert_int_equal(now->updates > 0, !isnan(verdict->factor));
    verdict->factor = 0.25;
    verdict->rule = "given";
}

static void own_member(void **state)
{
    (void)state;
    static const gradus_argument nothing[] = {{0}};
    static const gradus_feedback_row row = {.member = {.name = "given", .summary = "-", .arguments = nothing},
                                            .abi = GRADUS_ABI,
                                            .absolute = true,
                                            .decide = give};
    gradus_context *context = gradus_context_create(NULL, &error);
    gradus_context_add_feedback(context, &row, &error);
    gradus_policy *policy = make_with((gradus_policy_config){.base = 1, .feedback = "given", .context = context});
    assert_true(next(policy) == 0.25);
    assert_non_null(strstr(told.text, "\"action\": \"lower\""));
    assert_non_null(strstr(told.text, "\"rate_before\": 1, \"rate_after\": 0.25"));
    assert_non_null(strstr(told.text, "\"text\": \"given: given: rate 0.25\""));
    assert_true(next(policy) == 0.25);
    gradus_policy_destroy(policy);
    gradus_context_destroy(context);
}

static void refuses(void **state)
{
    (void)state;
    static const struct {
        const char *feedback, *words;
    } wrong[] = {{"polyak(c=0)", "must be above 0"},
                 {"polyak(growth=0.5)", "at least 1"},
                 {"polyak(over=10%)", "the length of the run"},
                 {"barzilai_borwein(bb3)", "bb1, bb2"},
                 {"barzilai_borwein(low=2, high=1)", "low= cannot be above high="},
                 {"barzilai_borwein(least=1)", "must be in [0, 1)"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        error = (gradus_error){0};
        assert_null(gradus_policy_create(&(gradus_policy_config){.base = 1, .feedback = wrong[i].feedback}, &error));
        if (!strstr(error.message, wrong[i].words)) fail_msg("%s: %s", wrong[i].feedback, error.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sps_by_hand),
                                       cmocka_unit_test(smoothed_by_hand),
                                       cmocka_unit_test(of_a_group),
                                       cmocka_unit_test(base_until_it_knows),
                                       cmocka_unit_test(beside_the_others),
                                       cmocka_unit_test(polyak_tells),
                                       cmocka_unit_test(polyak_comes_down),
                                       cmocka_unit_test(polyak_of_optax),
                                       cmocka_unit_test(alig_of_pytorch_optimizer),
                                       cmocka_unit_test(borwein_by_hand),
                                       cmocka_unit_test(borwein_of_windows),
                                       cmocka_unit_test(borwein_left_out),
                                       cmocka_unit_test(borwein_tells),
                                       cmocka_unit_test(borwein_comes_down),
                                       cmocka_unit_test(borwein_in_noise),
                                       cmocka_unit_test(own_member),
                                       cmocka_unit_test(refuses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
