/* The rules against what the frameworks compute: trajectories of 20 updates in double precision, the twin to 1e-12
 * and float32 to 1e-5 relative, each case written in its framework's own parameter names under like=. */
#include "check.h"
#include "gradus/base.h"
#include "gradus/spec.h"

enum { TENSORS = 3, LARGEST = 64, UPDATES = 20, SPEC = 512 };

static const struct {
    const char *name;
    int64_t shape[4], count;
} tensors[TENSORS] = {{"w", {5, 4}, 20}, {"b", {7}, 7}, {"conv", {3, 2, 3, 3}, 54}};

static struct {
    double start[TENSORS][LARGEST], gradients[UPDATES][TENSORS][LARGEST];
} problem;

static void read_numbers(const json_t *array, double *numbers)
{
    for (size_t i = 0; i < json_array_size(array); i++) numbers[i] = check_number(json_array_get(array, i));
}

static int read_problem(void **state)
{
    (void)state;
    const char *folder = getenv("GRADUS_SHARED");
    char path[1024];
    snprintf(path, sizeof path, "%s/golden/optimizers/problem.json", folder && *folder ? folder : "../shared");
    json_t *json = json_load_file(path, 0, NULL);
    if (!json) return 0; /* the tests themselves say what is missing, and skip */
    for (int t = 0; t < TENSORS; t++) {
        read_numbers(json_object_get(json_object_get(json, "init"), tensors[t].name), problem.start[t]);
        for (size_t u = 0; u < UPDATES; u++) {
            const json_t *gradients = json_array_get(json_object_get(json, "gradients"), u);
            read_numbers(json_object_get(gradients, tensors[t].name), problem.gradients[u][t]);
        }
    }
    json_decref(json);
    return 0;
}

/* ---- a case of a file as a spec ---- */

typedef struct tally {
    const char *framework;
    int tried, all;
} tally;

static const gradus_member *member_called(const char *framework, const char *title)
{
    for (int i = 0; gradus_optimizer_family.members[i]; i++) {
        const gradus_member *member = gradus_optimizer_family.members[i];
        for (const gradus_like *like = member->like; like && like->framework; like++) {
            if (!strcmp(like->framework, framework) && !strcmp(like->title, title)) return member;
        }
    }
    return NULL;
}

/* What waits for a rule or a transform that is not there yet. */
static bool waits(const json_t *case_, const char *framework)
{
    const json_t *parameters = json_object_get(case_, "parameters");
    const char *title = json_string_value(json_object_get(case_, "optimizer"));
    return json_is_true(json_object_get(parameters, "amsgrad")) || json_object_get(parameters, "clipnorm") ||
           (!strncmp(title, "adam", 4) && !strcmp(framework, "optax") &&
            json_is_true(json_object_get(parameters, "nesterov")));
}

static void append(char *text, const char *format, const char *key, const char *value)
{
    const size_t used = strlen(text);
    snprintf(text + used, SPEC - used, format, key, value);
}

static void append_parameter(char *spec, char *gradient, const char *key, const json_t *value)
{
    char number[32];
    if (json_is_number(value)) gradus_number_print(json_number_value(value), number);
    if (!strcmp(key, "lr") || !strcmp(key, "learning_rate")) return;
    if (!strcmp(key, "global_clipnorm"))
        snprintf(gradient, SPEC, "clip_norm(%s, like=keras)", number);
    else if (!strcmp(key, "eps_in_sqrt"))
        append(spec, ", %s=%s", "place", json_is_true(value) ? "inside" : "outside");
    else if (!strcmp(key, "betas")) {
        gradus_number_print(json_number_value(json_array_get(value, 0)), number);
        append(spec, ", %s=%s", "beta1", number);
        gradus_number_print(json_number_value(json_array_get(value, 1)), number);
        append(spec, ", %s=%s", "beta2", number);
    } else if (json_is_boolean(value))
        append(spec, ", %s=%s", key, json_is_true(value) ? "true" : "false");
    else
        append(spec, ", %s=%s", key, number);
}

/* "adam(like=torch, beta1=0.8, ...)", and its rate. */
static double write_spec(json_t *case_, const gradus_member *member, const char *framework, char *spec, char *gradient)
{
    json_t *parameters = json_object_get(case_, "parameters");
    const char *key;
    json_t *value;
    snprintf(spec, SPEC, "%s(like=%s", member->name, framework);
    snprintf(gradient, SPEC, "none");
    json_object_foreach(parameters, key, value) append_parameter(spec, gradient, key, value);
    append(spec, "%s%s", ")", "");
    const json_t *rate = json_object_get(parameters, "lr");
    return json_number_value(rate ? rate : json_object_get(parameters, "learning_rate"));
}

/* ---- the two ways to run it ---- */

typedef struct trial {
    const gradus_rule_row *row;
    const gradus_item *item;
    double values[TENSORS][LARGEST], state[TENSORS][GRADUS_SLOTS][LARGEST];
    double hyper[32];
    bool maximize;
} trial;

static bool slot_exists(const trial *run, int slot)
{
    const char *needs = run->row->slots[slot].only_if;
    return !needs || gradus_item_value(run->item, needs)->number != 0;
}

static void start_twin(trial *run)
{
    for (int i = 0; run->row->member.arguments[i].name; i++) run->hyper[i] = run->item->values[i].number;
    run->maximize = gradus_item_value(run->item, "maximize")->number != 0;
    memcpy(run->values, problem.start, sizeof run->values);
    for (int t = 0; t < TENSORS; t++) {
        for (int j = 0; run->row->slots[j].name; j++)
            for (int i = 0; i < LARGEST; i++) run->state[t][j][i] = run->row->slots[j].initial;
    }
}

static void step_twin(trial *run, int update, double rate, double scale)
{
    double constants[GRADUS_CONSTANTS] = {0};
    const gradus_now now = {.update = update + 1, .rate = rate, .gradient_scale = run->maximize ? -scale : scale};
    run->row->prepare(run->hyper, &now, NULL, constants);
    for (int t = 0; t < TENSORS; t++) {
        gradus_twin_span span = {
            .count = (size_t)tensors[t].count, .values = run->values[t], .gradient = problem.gradients[update][t]};
        for (int j = 0; run->row->slots[j].name; j++) span.state[j] = slot_exists(run, j) ? run->state[t][j] : NULL;
        run->row->pass[0].twin(&span, 1, constants);
    }
}

/* What clip_norm makes of the gradients, for the twin. */
static double clip(const char *gradient, int update)
{
    double limit, squares = 0;
    if (sscanf(gradient, "clip_norm(%lf", &limit) != 1) return 1;
    for (int t = 0; t < TENSORS; t++)
        for (int64_t i = 0; i < tensors[t].count; i++)
            squares += problem.gradients[update][t][i] * problem.gradients[update][t][i];
    return sqrt(squares) > limit ? limit / sqrt(squares) : 1;
}

/* ---- comparison ---- */

static const json_t *expected_after(const json_t *case_, int update, int tensor)
{
    const json_t *updates = json_object_get(case_, "updates");
    for (size_t i = 0; i < json_array_size(updates); i++) {
        if (json_integer_value(json_array_get(updates, i)) == update + 1)
            return json_object_get(json_array_get(json_object_get(case_, "values"), i), tensors[tensor].name);
    }
    return NULL;
}

/* Relative to the value, and to the largest of its tensor where cancellation has left little of it. */
static void compare(const json_t *case_, const char *spec, int update, int tensor, const double *values,
                    double relative)
{
    const json_t *expected = expected_after(case_, update, tensor);
    double largest = 0;
    for (size_t i = 0; i < json_array_size(expected); i++)
        largest = fmax(largest, fabs(check_number(json_array_get(expected, i))));
    for (size_t i = 0; i < json_array_size(expected); i++) {
        const double number = check_number(json_array_get(expected, i));
        if (!check_is_close(values[i], number, relative, 0.01 * relative * largest))
            fail_msg("%s: %s[%zu] after update %d is %.17g, expected %.17g (%.2g off)", spec, tensors[tensor].name, i,
                     update + 1, values[i], number, fabs(values[i] / number - 1));
    }
}

static void check_twin(const json_t *case_, const char *spec, const char *gradient, double rate)
{
    const gradus_family *families[] = {&gradus_optimizer_family, &gradus_schedule_family, NULL};
    const gradus_language language = {families, NULL};
    gradus_error error = {0};
    gradus_spec *bound =
        gradus_spec_create(spec, &(gradus_spec_config){.family = "optimizer", .language = &language}, &error);
    if (!bound) fail_msg("%s: %s", spec, error.message);
    static trial twin;
    twin = (trial){.item = &gradus_spec_chain(bound)->items[0]};
    twin.row = (const gradus_rule_row *)twin.item->member;
    start_twin(&twin);
    const bool cut = json_is_true(json_object_get(case_, "rate_cut_at_10"));
    for (int update = 0; update < UPDATES; update++) {
        step_twin(&twin, update, cut && update >= 10 ? rate * 0.1 : rate, clip(gradient, update));
        for (int t = 0; t < TENSORS; t++) compare(case_, spec, update, t, twin.values[t], 1e-12);
    }
    gradus_spec_destroy(bound);
}

static void check_float(const json_t *case_, const char *spec, const char *gradient, double rate)
{
    static float values[TENSORS][LARGEST], gradients[TENSORS][LARGEST];
    gradus_error error = {0};
    gradus_optimizer *optimizer =
        gradus_optimizer_create(&(gradus_optimizer_config){.rule = spec, .gradient = gradient}, &error);
    for (int t = 0; t < TENSORS; t++) {
        gradus_parameter parameter = {.name = tensors[t].name, .values = values[t], .gradient = gradients[t]};
        memcpy(parameter.shape, tensors[t].shape, sizeof tensors[t].shape);
        for (int i = 0; i < LARGEST; i++) values[t][i] = (float)problem.start[t][i];
        gradus_optimizer_add(optimizer, &parameter, &error);
    }
    const bool cut = json_is_true(json_object_get(case_, "rate_cut_at_10"));
    for (int update = 0; update < UPDATES; update++) {
        for (int t = 0; t < TENSORS; t++)
            for (int i = 0; i < LARGEST; i++) gradients[t][i] = (float)problem.gradients[update][t][i];
        const gradus_step step = {.rate = cut && update >= 10 ? rate * 0.1 : rate, .flags = GRADUS_ZERO_GRADIENTS};
        if (gradus_optimizer_step(optimizer, &step, &error) != GRADUS_APPLIED) fail_msg("%s: %s", spec, error.message);
        for (int t = 0; t < TENSORS; t++) {
            double wide[LARGEST];
            for (int i = 0; i < LARGEST; i++) wide[i] = values[t][i];
            compare(case_, spec, update, t, wide, 1e-5);
            for (int i = 0; i < tensors[t].count; i++) assert_true(gradients[t][i] == 0);
        }
    }
    gradus_optimizer_destroy(optimizer);
}

static void check_case(json_t *case_, int line, void *user)
{
    tally *framework_tally = user;
    char spec[SPEC], gradient[SPEC];
    const gradus_member *member =
        member_called(framework_tally->framework, json_string_value(json_object_get(case_, "optimizer")));
    (void)line;
    framework_tally->all++;
    if (!member || waits(case_, framework_tally->framework)) return;
    framework_tally->tried++;
    const double rate = write_spec(case_, member, framework_tally->framework, spec, gradient);
    check_twin(case_, spec, gradient, rate);
    check_float(case_, spec, gradient, rate);
}

static void check_framework(const char *framework, int expected)
{
    tally count = {.framework = framework};
    char file[64];
    snprintf(file, sizeof file, "golden/optimizers/%s.jsonl", framework);
    check_golden(file, check_case, &count);
    print_message("%s: %d of %d cases\n", framework, count.tried, count.all);
    assert_int_equal(count.tried, expected); /* a case that is no longer tried is as bad as one that fails */
}

static void torch(void **state)
{
    (void)state;
    check_framework("torch", 17);
}

static void keras(void **state)
{
    (void)state;
    check_framework("keras", 10);
}

static void optax(void **state)
{
    (void)state;
    check_framework("optax", 10);
}

static void timm(void **state)
{
    (void)state;
    check_framework("timm", 8);
}

/* ---- clipping ---- */

static void check_clip(json_t *case_, int line, void *user)
{
    static float values[TENSORS][LARGEST], gradients[TENSORS][LARGEST];
    char gradient[SPEC], number[32];
    gradus_error error = {0};
    const int update = (int)json_integer_value(json_object_get(case_, "gradient_of_update"));
    const char *order = json_string_value(json_object_get(case_, "norm_type"));
    (void)line, (void)user;
    gradus_number_print(json_number_value(json_object_get(case_, "max_norm")), number);
    snprintf(gradient, sizeof gradient, "clip_norm(%s, like=torch, norm_type=%.*s)", number, (int)strcspn(order, "."),
             order);
    gradus_optimizer *optimizer =
        gradus_optimizer_create(&(gradus_optimizer_config){.rule = "sgd", .gradient = gradient}, &error);
    for (int t = 0; t < TENSORS; t++) {
        gradus_parameter parameter = {.name = tensors[t].name, .values = values[t], .gradient = gradients[t]};
        memcpy(parameter.shape, tensors[t].shape, sizeof tensors[t].shape);
        memset(values[t], 0, sizeof values[t]);
        for (int i = 0; i < LARGEST; i++) gradients[t][i] = (float)problem.gradients[update][t][i];
        gradus_optimizer_add(optimizer, &parameter, &error);
    }
    if (gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1}, &error) != GRADUS_APPLIED)
        fail_msg("%s: %s", gradient, error.message);
    for (int t = 0; t < TENSORS; t++) { /* sgd at rate 1 from 0 leaves the gradient that it saw, negated */
        const json_t *clipped = json_object_get(json_object_get(case_, "clipped"), tensors[t].name);
        for (size_t i = 0; i < json_array_size(clipped); i++)
            check_close(-(double)values[t][i], check_number(json_array_get(clipped, i)), 1e-6, 0);
    }
    if (!strcmp(order, "2.0")) {
        gradus_measures measures;
        gradus_optimizer_measures(optimizer, &measures);
        check_close(measures.gradient_norm, check_number(json_object_get(case_, "norm_before")), 1e-7, 0);
    }
    gradus_optimizer_destroy(optimizer);
}

static void clipping(void **state)
{
    (void)state;
    assert_int_equal(check_golden("golden/optimizers/torch_clip.jsonl", check_clip, NULL), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(torch), cmocka_unit_test(keras), cmocka_unit_test(optax),
                                       cmocka_unit_test(timm), cmocka_unit_test(clipping)};
    return cmocka_run_group_tests(tests, read_problem, NULL);
}
