/* The rules against what the frameworks compute: every case of the golden folder, trajectories of 20 updates in double
 * precision, the twin to 1e-10 and float32 to 1e-5 relative, each written in its framework's own parameter names under
 * like=. A rule whose row has a case's title under `like` is held against it; what has no row yet is shown as waiting. */
#include "check.h"
#include "gradus/base.h"
#include "gradus/spec.h"
#include "twin.h"

enum { TENSORS = 3, LARGEST = 64, UPDATES = 20, SPEC = 512 };
enum { CASES = 302, AT_LEAST = 297 }; /* that are held against; raise it with the rules that come */

/* References that are themselves not exact: they are held against as far as they go. */
static const struct {
    const char *framework, *title;
    double tolerance;
    const char *reason;
} coarse[] = {
    {"keras", "Adafactor", 1e-6, "takes means in float32, whatever the type of the values"},
    {"keras", "Muon", 1e-7, "takes the root of a matrix's size in float32"},
    {"optax", "adafactor", 1e-7, "computes the decay of the mean square in float32"},
    {"optax", "contrib.schedule_free_adamw", 3e-9, "computes the rates of its warmup in float32"},
    {"pytorch_optimizer", "DAdaptSGD", 1e-11, "computes the norm of the first gradient in float32"},
    {"pytorch_optimizer", "LaProp", 1e-10, "keeps the length of its steps in float32"},
    {"pytorch_optimizer", "QHAdam", 1e-9, "keeps the weights of its means in float32"},
    {"pytorch_optimizer", "SOAP", 3e-7, "makes its bases orthonormal in float32"},
    {"timm", "adafactorbv", 5e-4, "keeps its momentum in bfloat16"},
    {"timm", "muon", 5e-4, "multiplies its matrices in bfloat16"},
    {"torch", "Muon", 5e-4, "multiplies its matrices in bfloat16"},
};

/* References that are wrong against their own paper, or that nobody can follow: they are not held against. */
static const struct {
    const char *framework, *title, *reason;
} wrong[] = {
    {"optax", "rprop", "hands out the step of the update before"},
    {"pytorch_optimizer", "Kron", "learns against random numbers of its own"},
    {"timm", "kron", "learns against random numbers of its own"},
};

/* Parameters that a framework takes without a word and does nothing with: its rule has none of that name. */
static const struct {
    const char *framework, *title, *parameter;
} ignored[] = {
    {"pytorch_optimizer", "FTRL", "weight_decay"},
    {"pytorch_optimizer", "Fromage", "weight_decay"},
    {"pytorch_optimizer", "SM3", "weight_decay"},
};

/* Parameters that reach two rules there, and each on its own here: what is said besides; %s is the value. */
static const struct {
    const char *framework, *title, *parameter, *besides;
} doubled[] = {
    {"timm", "muon", "weight_decay", "other=adamw(beta2=0.95, epsilon=1e-7, weight_decay=%s), "},
};

static const struct {
    const char *name;
    int64_t shape[8], count;
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

/* ---- a case as specs ---- */

typedef struct trial {
    const char *framework;
    json_t *json; /* the case */
    char rule[SPEC], gradient[SPEC];
    double rate, tolerance; /* of the reference itself */
} trial;

/* Whether it is a rule around another one. */
static bool wraps(const gradus_member *member)
{
    for (const gradus_argument *a = member->arguments; a && a->name; a++)
        if (a->kind == GRADUS_PIPELINE && !a->family && !(a->flags & GRADUS_NAMED)) return true;
    return false;
}

/* The member that has a framework's title, from `first` on; NULL: none yet. */
static const gradus_member *const *find_next(const gradus_member *const *first, const char *framework,
                                             const char *title)
{
    for (; *first; first++) {
        for (const gradus_like *like = (*first)->like; like && like->framework; like++)
            if (!strcmp(like->framework, framework) && !strcmp(like->title, title)) return first;
    }
    return NULL;
}

static const gradus_member *find(const gradus_family *family, const char *framework, const char *title)
{
    const gradus_member *const *found = find_next(family->members, framework, title);
    return found ? *found : NULL;
}

/* A rule, or the one around others where `outer`, that has a framework's title. */
static const gradus_member *find_rule(const char *framework, const char *title, bool outer)
{
    const gradus_member *const *at = find_next(gradus_optimizer_family.members, framework, title);
    while (at && wraps(*at) != outer) at = find_next(at + 1, framework, title);
    return at ? *at : NULL;
}

static void append(char *text, const char *format, ...)
{
    va_list arguments;
    const size_t used = strlen(text);
    va_start(arguments, format);
    vsnprintf(text + used, SPEC - used, format, arguments);
    va_end(arguments);
}

/* "beta1=0.9, "; what is null is left as it is. */
static void append_parameter(char *text, const char *key, const json_t *value)
{
    char number[32];
    if (json_is_boolean(value))
        append(text, "%s=%s, ", key, json_is_true(value) ? "true" : "false");
    else if (json_is_string(value))
        append(text, "%s=%s, ", key, json_string_value(value));
    else if (json_is_number(value)) {
        gradus_number_print(json_number_value(value), number);
        append(text, "%s=%s, ", key, number);
    }
}

/* Whether a rule with no other argument takes it, by its framework's name or by ours. */
static bool is_taken(const gradus_member *member, const char *like, const char *parameter)
{
    static const gradus_family *const families[] = {&gradus_optimizer_family, &gradus_schedule_family, NULL};
    const gradus_language language = {families, NULL};
    char spec[SPEC];
    gradus_error error = {0};
    snprintf(spec, sizeof spec, "%s(%slike=%s)", member->name, parameter, like);
    gradus_spec_destroy(
        gradus_spec_create(spec, &(gradus_spec_config){.family = "optimizer", .language = &language}, &error));
    return error.code != GRADUS_CODE_UNKNOWN_PARAMETER && error.code != GRADUS_CODE_REFUSED;
}

/* Optax's nadamw is its adamw(nesterov=True), under another name: here the name is the only way to say it. */
static const char *title_of(const trial *t)
{
    const char *title = json_string_value(json_object_get(t->json, "optimizer"));
    const bool ahead = json_is_true(json_object_get(json_object_get(t->json, "parameters"), "nesterov"));
    return ahead && !strcmp(t->framework, "optax") && !strcmp(title, "adamw") ? "nadamw" : title;
}

static bool is_left_out(const trial *t, const char *key)
{
    const char *title = json_string_value(json_object_get(t->json, "optimizer"));
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        if (!strcmp(ignored[i].framework, t->framework) && !strcmp(ignored[i].title, title) &&
            !strcmp(ignored[i].parameter, key))
            return true;
    return !strcmp(key, "lr") || !strcmp(key, "learning_rate") || !strcmp(key, "foreach") ||
           (!strcmp(key, "nesterov") && !strcmp(title_of(t), "nadamw"));
}

typedef struct call { /* of a rule, in its framework's words */
    const gradus_member *member;
    char like[128], arguments[SPEC];
} call;

static void append_besides(const trial *t, char *text, const char *key, const json_t *value)
{
    for (size_t i = 0; i < sizeof doubled / sizeof *doubled; i++) {
        char number[32];
        if (strcmp(doubled[i].framework, t->framework) != 0 || strcmp(doubled[i].title, title_of(t)) != 0 ||
            strcmp(doubled[i].parameter, key) != 0)
            continue;
        gradus_number_print(json_number_value(value), number);
        append(text, doubled[i].besides, number);
    }
}

/* A parameter of one of the rules, the outer first, or of a gradient transform that its framework calls so (clipnorm). Of
 * lists each number goes by a name of its own: betas=[0.9, 0.99] as beta1 and beta2. */
static bool take_parameter(trial *t, call calls[2], const char *key, const json_t *value)
{
    char text[SPEC] = "";
    bool taken = true;
    for (size_t i = 0; i < json_array_size(value); i++) {
        char one[64];
        const int length = (int)strlen(key) - (key[strlen(key) - 1] == 's');
        snprintf(one, sizeof one, "%.*s%d", length, key, (int)i + 1);
        taken &= take_parameter(t, calls, one, json_array_get(value, i));
    }
    append_parameter(text, key, value);
    if (is_left_out(t, key) || !*text) return taken;
    append_besides(t, text, key, value);
    for (int i = 0; i < 2; i++) {
        if (!calls[i].member || !is_taken(calls[i].member, calls[i].like, text)) continue;
        append(calls[i].arguments, "%s", text);
        return true;
    }
    const gradus_member *transform = find(&gradus_gradient_family, t->framework, key);
    if (transform) snprintf(t->gradient, SPEC, "%s(%slike=%s.%s)", transform->name, text, t->framework, key);
    return transform;
}

/* The rate that was given, or the default one. */
static double rate_of(const json_t *json)
{
    const char *const places[] = {"parameters", "defaults"}, *const names[] = {"lr", "learning_rate"};
    for (int i = 0; i < 4; i++) {
        const json_t *rate = json_object_get(json_object_get(json, places[i / 2]), names[i % 2]);
        if (json_is_number(rate)) return json_number_value(rate);
    }
    return 1;
}

/* "adam(beta1=0.8, like=torch.Adam)"; of a title that two rules have, or "outer(inner)", one around the other. False: there
 * is no such rule yet, or it has no such parameter. */
static bool rule_of_title(trial *t, const char *title)
{
    char outer[64], inner[64];
    const char *key, *titles[2] = {title, title};
    json_t *value;
    call calls[2] = {{0}};
    if (sscanf(title, "%63[^(](%63[^)])", outer, inner) == 2) titles[0] = outer, titles[1] = inner;
    for (int i = 0; i < 2; i++) {
        calls[i].member = find_rule(t->framework, titles[i], i == 0);
        snprintf(calls[i].like, sizeof calls[i].like, "%s.%s", t->framework, titles[i]);
    }
    if (!calls[1].member || (!calls[0].member && titles[0] != titles[1])) return false;
    json_object_foreach(json_object_get(t->json, "parameters"), key, value)
    {
        /* pytorch_optimizer takes any name without a word, and does nothing with those that it does not know */
        const bool known = json_object_get(json_object_get(t->json, "defaults"), key);
        if (!known && !strcmp(t->framework, "pytorch_optimizer")) continue;
        if (!take_parameter(t, calls, key, value)) return false;
    }
    if (calls[0].member) append(t->rule, "%s(", calls[0].member->name);
    append(t->rule, "%s(%slike=%s)", calls[1].member->name, calls[1].arguments, calls[1].like);
    if (calls[0].member) append(t->rule, ", %slike=%s)", calls[0].arguments, calls[0].like);
    return true;
}

/* chain(clip_by_global_norm(0.5), sgd(0.1)): a transform with one number, then a rule with its rate. */
static bool rule_of_chain(trial *t, const char *title)
{
    char transform[64], number[32] = "", rule[64];
    if (sscanf(title, "chain(%63[^(](%31[0-9.]), %63[^(](%lf)", transform, number, rule, &t->rate) != 4 &&
        sscanf(title, "chain(%63[^(](), %63[^(](%lf)", transform, rule, &t->rate) != 3)
        return false;
    const gradus_member *member = find(&gradus_gradient_family, t->framework, transform);
    if (member)
        snprintf(t->gradient, SPEC, "%s(%s%slike=%s.%s)", member->name, number, *number ? ", " : "", t->framework,
                 transform);
    return member && rule_of_title(t, rule);
}

static bool rule_of_case(trial *t)
{
    const char *title = title_of(t);
    t->rate = rate_of(t->json);
    for (size_t i = 0; i < sizeof coarse / sizeof *coarse; i++)
        if (!strcmp(coarse[i].framework, t->framework) && !strcmp(coarse[i].title, title))
            t->tolerance = coarse[i].tolerance;
    snprintf(t->rule, SPEC, "%s", "");
    snprintf(t->gradient, SPEC, "none");
    return strncmp(title, "chain(", 6) ? rule_of_title(t, title) : rule_of_chain(t, title);
}

/* ---- comparison ---- */

static bool takes_part(const trial *t, int tensor)
{
    const json_t *names = json_object_get(t->json, "tensors");
    for (size_t i = 0; i < json_array_size(names); i++)
        if (!strcmp(json_string_value(json_array_get(names, i)), tensors[tensor].name)) return true;
    return false;
}

static double rate_at(const trial *t, int update)
{
    return json_is_true(json_object_get(t->json, "rate_cut_at_10")) && update >= 10 ? t->rate * 0.1 : t->rate;
}

/* What the cases that need a loss were given. */
static double loss_at(int update) { return 1.0 / (update + 1); }

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
static void compare_with(const trial *t, const json_t *expected, const char *when, int tensor, const double *values,
                         double relative)
{
    double largest = 0;
    for (size_t i = 0; i < json_array_size(expected); i++)
        largest = fmax(largest, fabs(check_number(json_array_get(expected, i))));
    for (size_t i = 0; i < json_array_size(expected); i++) {
        const double number = check_number(json_array_get(expected, i));
        if (!check_is_close(values[i], number, relative, fmax(0.01 * relative, t->tolerance) * largest))
            fail_msg("%s: to %g, %s[%zu] %s is %.17g, expected %.17g (%.2g off)", t->rule, relative,
                     tensors[tensor].name, i, when, values[i], number, fabs(values[i] / number - 1));
    }
}

static void compare(const trial *t, int update, int tensor, const double *values, double relative)
{
    char when[32];
    snprintf(when, sizeof when, "after update %d", update + 1);
    compare_with(t, expected_after(t->json, update, tensor), when, tensor, values, relative);
}

/* ---- the two ways to run it ---- */

/* Transforms have no twin: of the rules behind them only those after clip_norm, which is done again here, are held against
 * in double too. */
static bool has_twin(const trial *t) { return !strcmp(t->gradient, "none") || !strncmp(t->gradient, "clip_norm", 9); }

/* The gradients as clip_norm leaves them, for the twin. */
static void transform(const trial *t, int update, double transformed[TENSORS][LARGEST])
{
    memcpy(transformed, problem.gradients[update], sizeof problem.gradients[update]);
    double limit, squares = 0;
    if (sscanf(t->gradient, "clip_norm(%lf", &limit) != 1 &&
        sscanf(t->gradient, "clip_norm(global_clipnorm=%lf", &limit) != 1)
        return;
    for (int i = 0; i < TENSORS; i++)
        for (int64_t j = 0; j < tensors[i].count; j++) squares += transformed[i][j] * transformed[i][j];
    for (int i = 0; i < TENSORS; i++)
        for (int64_t j = 0; j < tensors[i].count; j++) transformed[i][j] *= fmin(1, limit / sqrt(squares));
}

static gradus_outcome step_twin(const trial *t, twin *model, int update)
{
    double transformed[TENSORS][LARGEST];
    transform(t, update, transformed);
    for (int i = 0, at = 0; i < TENSORS; i++)
        if (takes_part(t, i))
            memcpy(model->tensors[at++].gradient, transformed[i], (size_t)tensors[i].count * sizeof(double));
    return twin_step(model, update + 1, rate_at(t, update), loss_at(update));
}

static void check_twin(const trial *t)
{
    static twin model;
    gradus_error error = {0};
    double shown[LARGEST];
    const json_t *last = json_object_get(t->json, "values_after_eval");
    if (!twin_open(&model, &(gradus_optimizer_config){.rule = t->rule}, &error))
        fail_msg("%s: %s", t->rule, error.message);
    for (int i = 0; i < TENSORS; i++)
        if (takes_part(t, i)) twin_add(&model, tensors[i].name, tensors[i].shape, problem.start[i], &error);
    if (error.status) fail_msg("%s: %s", t->rule, error.message);
    for (int update = 0; update < UPDATES; update++) {
        step_twin(t, &model, update);
        for (int i = 0, at = 0; i < TENSORS; i++)
            if (takes_part(t, i)) compare(t, update, i, model.tensors[at++].values, 1e-10);
    }
    for (int i = 0, at = 0; i < TENSORS && last; i++) {
        if (!takes_part(t, i)) continue;
        twin_show(&model, at++, shown);
        compare_with(t, json_object_get(last, tensors[i].name), "averaged", i, shown, 1e-10);
    }
    twin_close(&model);
}

static void add_floats(const trial *t, gradus_optimizer *optimizer, float values[][LARGEST], float gradients[][LARGEST],
                       gradus_error *error)
{
    for (int i = 0; i < TENSORS; i++) {
        if (!takes_part(t, i)) continue;
        gradus_parameter parameter = {.name = tensors[i].name, .values = values[i], .gradient = gradients[i]};
        memcpy(parameter.shape, tensors[i].shape, sizeof tensors[i].shape);
        for (int j = 0; j < LARGEST; j++) values[i][j] = (float)problem.start[i][j];
        gradus_optimizer_add(optimizer, &parameter, error);
    }
}

static void widen(const float *values, double *wide)
{
    for (int j = 0; j < LARGEST; j++) wide[j] = values[j];
}

static void check_float(const trial *t)
{
    static float values[TENSORS][LARGEST], gradients[TENSORS][LARGEST];
    double wide[LARGEST];
    gradus_error error = {0};
    const json_t *last = json_object_get(t->json, "values_after_eval");
    gradus_optimizer *optimizer =
        gradus_optimizer_create(&(gradus_optimizer_config){.rule = t->rule, .gradient = t->gradient}, &error);
    add_floats(t, optimizer, values, gradients, &error);
    for (int update = 0; update < UPDATES; update++) {
        for (int i = 0; i < TENSORS; i++)
            for (int j = 0; j < LARGEST; j++) gradients[i][j] = (float)problem.gradients[update][i][j];
        const gradus_step step = {.rate = rate_at(t, update), .loss = loss_at(update), .flags = GRADUS_ZERO_GRADIENTS};
        if (gradus_optimizer_step(optimizer, &step, &error) != GRADUS_APPLIED)
            fail_msg("%s: %s", t->rule, error.message);
        for (int i = 0; i < TENSORS; i++) {
            if (!takes_part(t, i)) continue;
            widen(values[i], wide);
            compare(t, update, i, wide, 1e-5);
            for (int j = 0; j < tensors[i].count; j++) assert_true(gradients[i][j] == 0);
        }
    }
    if (last) gradus_optimizer_show(optimizer, GRADUS_AVERAGED, &error);
    for (int i = 0; i < TENSORS && last; i++) {
        widen(values[i], wide);
        compare_with(t, json_object_get(last, tensors[i].name), "averaged", i, wide, 1e-5);
    }
    if (error.status) fail_msg("%s: %s", t->rule, error.message);
    gradus_optimizer_destroy(optimizer);
}

/* ---- the files ---- */

typedef struct tally {
    const char *framework;
    int tried, all;
    char waiting[2048];
} tally;

static void check_case(json_t *json, int line, void *user)
{
    tally *counts = user;
    trial t = {.framework = counts->framework, .json = json};
    (void)line;
    counts->all++;
    const char *title = json_string_value(json_object_get(json, "optimizer"));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (strcmp(wrong[i].framework, counts->framework) != 0 || strcmp(wrong[i].title, title) != 0) continue;
        print_message("%s %s is left out: it %s\n", wrong[i].framework, title, wrong[i].reason);
        return;
    }
    if (rule_of_case(&t)) {
        counts->tried++;
        if (has_twin(&t)) check_twin(&t);
        check_float(&t);
        return;
    }
    char *parameters = json_dumps(json_object_get(json, "parameters"), JSON_COMPACT);
    const size_t used = strlen(counts->waiting);
    const bool known = find(&gradus_optimizer_family, counts->framework, title);
    if (known || !strstr(counts->waiting, title))
        snprintf(counts->waiting + used, sizeof counts->waiting - used, " %s%s", title, known ? parameters : "");
    free(parameters);
}

static void trajectories(void **state)
{
    static const char *const frameworks[] = {"torch",       "keras",   "optax",       "timm", "pytorch_optimizer",
                                             "dadaptation", "prodigy", "schedulefree"};
    int all = 0, tried = 0;
    (void)state;
    for (size_t i = 0; i < sizeof frameworks / sizeof *frameworks; i++) {
        static tally counts;
        char file[64];
        counts = (tally){.framework = frameworks[i]};
        snprintf(file, sizeof file, "golden/optimizers/%s.jsonl", frameworks[i]);
        check_golden(file, check_case, &counts);
        print_message("%s: %d of %d; waiting:%s\n", frameworks[i], counts.tried, counts.all, counts.waiting);
        all += counts.all, tried += counts.tried;
    }
    for (size_t i = 0; i < sizeof coarse / sizeof *coarse; i++)
        print_message("%s %s only to %g: it %s\n", coarse[i].framework, coarse[i].title, coarse[i].tolerance,
                      coarse[i].reason);
    print_message("%d of %d\n", tried, all);
    assert_int_equal(all, CASES);
    assert_true(tried >= AT_LEAST); /* a case that is no longer tried is as bad as one that fails */
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(trajectories), cmocka_unit_test(clipping)};
    return cmocka_run_group_tests(tests, read_problem, NULL);
}
