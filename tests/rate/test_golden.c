/* like= is what it says: every schedule of the golden vectors, written with the framework's own class and parameter names, gives that
 * framework's rates, the first update, the end and what comes after it included; where the framework raises, ours is refused. */
#include "check.h"
#include "gradus/spec.h"

typedef struct golden_file {
    const char *path, *framework;
    double tolerance;   /* relative */
    const char *coarse; /* classes that the framework computes in float32 */
} golden_file;

/* PyTorch multiplies the last rate, which drifts; Keras computes its cosines in float32. */
static const golden_file files[] = {
    {"golden/schedules/torch.jsonl", "torch", 1e-9, ""},
    {"golden/schedules/optax.jsonl", "optax", 1e-12, ""},
    {"golden/schedules/keras.jsonl", "keras", 1e-12, "CosineDecay CosineDecayRestarts"},
    {"golden/schedules/timm.jsonl", "timm", 1e-12, ""},
    {"golden/schedules/transformers.jsonl", "hf", 1e-12, ""},
};
static const double float32 = 1e-6;

typedef struct tally {
    const golden_file *file;
    int cases, covered;
    char waiting[2048];
} tally;

enum { SPEC = 1024 };

static void append(char *text, const char *format, ...)
{
    va_list arguments;
    size_t used = strlen(text);
    va_start(arguments, format);
    vsnprintf(text + used, SPEC - used, format, arguments);
    va_end(arguments);
}

/* ---- parameters as the language has them ---- */

static void append_value(char *spec, const json_t *value)
{
    size_t i;
    const char *key;
    json_t *item;
    const char *before = "";
    if (json_is_boolean(value)) append(spec, "%s", json_is_true(value) ? "true" : "false");
    if (json_is_number(value)) append(spec, "%.17g", json_number_value(value));
    if (json_is_string(value)) append(spec, "%s", json_string_value(value));
    if (!json_is_array(value) && !json_is_object(value)) return;
    append(spec, "[");
    json_array_foreach(value, i, item)
    {
        append(spec, "%s", before), append_value(spec, item);
        before = ", ";
    }
    json_object_foreach((json_t *)value, key, item) /* {"10": 0.5}: a point */
    {
        append(spec, "%s[%s, %.17g]", before, key, json_number_value(item));
        before = ", ";
    }
    append(spec, "]");
}

/* What concerns the framework's own objects, or the momentum, which has a schedule of its own here. */
static bool is_ours(const char *key, const json_t *value)
{
    const char *const others[] = {"name", "cycle_momentum", "base_momentum", "max_momentum"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(key, others[i]) == 0) return false;
    return !json_is_null(value);
}

static bool knows(const gradus_like *like, const json_t *parameters)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)parameters, key, value)
    {
        char name[64];
        snprintf(name, sizeof name, "%s=", key);
        if (is_ours(key, value) && !strstr(like->names, name)) return false;
    }
    return true;
}

/* A row may be one of several forms of a class: "CosineDecay.warmup". */
static bool is_titled(const gradus_like *like, const char *title)
{
    size_t length = strlen(title);
    return strncmp(like->title, title, length) == 0 && (!like->title[length] || like->title[length] == '.');
}

/* The member that stands for a class; where several do, the first that knows these parameters. NULL: none yet. */
static const gradus_member *member_of(const char *framework, const char *title, const json_t *parameters)
{
    const gradus_member *first = NULL;
    for (const gradus_member *const *member = gradus_schedule_family.members; *member; member++)
        for (const gradus_like *like = (*member)->like; like && like->framework; like++) {
            if (strcmp(like->framework, framework) != 0 || !is_titled(like, title)) continue;
            if (knows(like, parameters)) return *member;
            if (!first) first = *member;
        }
    return first;
}

/* Whether a class must be named, because another one of the framework takes the same parameters. */
static bool must_be_named(const gradus_member *member, const char *framework, const char *title,
                          const json_t *parameters)
{
    const gradus_like *like = member->like;
    while (like->framework && (strcmp(like->framework, framework) != 0 || !knows(like, parameters))) like++;
    return like->framework && !is_titled(like, title);
}

/* "StepLR", {step_size: 7} -> step(step_size=7, like=torch) */
static bool spec_of_class(const char *framework, const char *title, const json_t *parameters, char spec[SPEC])
{
    const gradus_member *member = member_of(framework, title, parameters);
    const char *key;
    json_t *value;
    if (!member) return false;
    append(spec, "%s(", member->name);
    json_object_foreach((json_t *)parameters, key, value)
    {
        if (!is_ours(key, value)) continue;
        append(spec, "%s=", key), append_value(spec, value);
        append(spec, ", ");
    }
    bool named = must_be_named(member, framework, title, parameters);
    append(spec, "like=%s%s%s)", framework, named ? "." : "", named ? title : "");
    return true;
}

/* ---- what a framework composes ---- */

/* "LinearLR(start_factor=0.1, total_iters=5)" -> linear(start_factor=0.1, total_iters=5, like=torch) */
static bool spec_of_text(const char *text, char spec[SPEC])
{
    char title[64], rest[256];
    if (sscanf(text, "%63[^(](%255[^)])", title, rest) != 2 || !member_of("torch", title, NULL)) return false;
    append(spec, "%s(%s, like=torch)", member_of("torch", title, NULL)->name, rest);
    return true;
}

static bool spec_of_children(const json_t *children, const char *between, char spec[SPEC])
{
    size_t i;
    json_t *child;
    json_array_foreach(children, i, child)
    {
        append(spec, "%s", i ? between : "");
        bool fine = json_is_string(child) ? spec_of_text(json_string_value(child), spec)
                                          : spec_of_class("optax", "warmup_cosine_decay_schedule", child, spec);
        if (!fine) return false;
    }
    return true;
}

/* "linear_schedule(0, 0.1, 5)", "cosine_decay_schedule(0.1, 20)": values without names, as optax takes them. */
static bool spec_of_joined(const json_t *children, char spec[SPEC])
{
    double from = 0, to = 0, length = 0, peak = 0, steps = 0;
    bool read =
        sscanf(json_string_value(json_array_get(children, 0)), "linear_schedule(%lf, %lf, %lf)", &from, &to, &length) ==
            3 &&
        sscanf(json_string_value(json_array_get(children, 1)), "cosine_decay_schedule(%lf, %lf)", &peak, &steps) == 2;
    append(spec,
           "linear(init_value=%.17g, end_value=%.17g, transition_steps=%.17g, like=optax) > "
           "cosine(init_value=%.17g, decay_steps=%.17g, like=optax)",
           from, to, length, peak, steps);
    return read;
}

static bool spec_of_case(const tally *counted, const char *title, const json_t *parameters, char spec[SPEC])
{
    if (strcmp(title, "SequentialLR") == 0)
        return spec_of_children(json_object_get(parameters, "schedules"), " > ", spec);
    if (strcmp(title, "ChainedScheduler") == 0) {
        append(spec, "product(");
        bool fine = spec_of_children(json_object_get(parameters, "schedules"), ", ", spec);
        append(spec, ")");
        return fine;
    }
    if (strcmp(title, "sgdr_schedule") == 0)
        return spec_of_children(json_object_get(parameters, "cosine_kwargs"), " > ", spec);
    if (strcmp(title, "join_schedules") == 0) return spec_of_joined(json_object_get(parameters, "schedules"), spec);
    if (strcmp(title, "LambdaLR") == 0) { /* 0.95 ** t: a function of the user's own, which has a name here */
        append(spec, "exponential(%.4s, 1)", json_string_value(json_object_get(parameters, "lambda")));
        return true;
    }
    return spec_of_class(counted->file->framework, title, parameters, spec);
}

/* ---- rates ---- */

/* The framework raises at update n: a run that long is refused. */
static void check_refused(const char *spec, double base, size_t n)
{
    gradus_error error = {0};
    gradus_units units = {.base = base, .total = (double)n + 1};
    gradus_schedule *schedule = gradus_schedule_create(spec, &units, NULL, &error);
    if (schedule) fail_msg("%s: a run of %d updates is not refused", spec, (int)n + 1);
    assert_int_equal(error.code, GRADUS_CODE_LENGTHS);
}

/* False: a parameter of the framework waits for its row. */
static bool check_rates(const tally *counted, const json_t *object, const char *spec, int line)
{
    const char *title = json_string_value(json_object_get(object, "schedule"));
    const json_t *rates = json_object_get(object, "rates"), *given = json_object_get(object, "base");
    double base = json_is_number(given) ? json_number_value(given) : 0.1;
    double tolerance = strstr(counted->file->coarse, title) ? float32 : counted->file->tolerance;
    gradus_error error = {0};
    gradus_schedule *schedule = gradus_schedule_create(spec, &(gradus_units){.base = base}, NULL, &error);
    if (!schedule && error.code == GRADUS_CODE_UNKNOWN_PARAMETER) return false;
    if (!schedule) fail_msg("%s, line %d: %s: %s", counted->file->path, line, spec, error.message);
    for (size_t n = 0; n < json_array_size(rates); n++) {
        const json_t *expected = json_array_get(rates, n);
        if (json_is_string(expected)) {
            check_refused(spec, base, n);
            continue;
        }
        double rate = base * gradus_schedule_at(schedule, (double)n);
        if (!check_is_close(rate, json_number_value(expected), tolerance,
                            tolerance == float32 ? 1e-8 * base : 1e-15 * base))
            fail_msg("%s, line %d: %s: update %d: %.17g, expected %.17g", counted->file->path, line, spec, (int)n, rate,
                     json_number_value(expected));
    }
    gradus_schedule_destroy(schedule);
    return true;
}

static void check_case(json_t *object, int line, void *user)
{
    tally *counted = user;
    const char *title = json_string_value(json_object_get(object, "schedule"));
    char spec[SPEC] = "";
    counted->cases++;
    if (spec_of_case(counted, title, json_object_get(object, "parameters"), spec) &&
        check_rates(counted, object, spec, line)) {
        counted->covered++;
    } else if (!strstr(counted->waiting, title)) {
        strcat(counted->waiting, " ");
        strcat(counted->waiting, title);
    }
}

static void test_rates(void **state)
{
    (void)state;
    tally counted = {0};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        counted.file = &files[i];
        check_golden(files[i].path, check_case, &counted);
    }
    print_message("%d of %d cases; waiting for a member:%s\n", counted.covered, counted.cases, counted.waiting);
    assert_true(counted.covered >= 88);
}

/* ---- the momentum that PyTorch moves along with the rate: a value schedule of the same member ---- */

static void check_momentum(json_t *object, int line, void *user)
{
    int *cases = user;
    const json_t *momentum = json_object_get(object, "momentum"), *defaults = json_object_get(object, "defaults");
    json_t *parameters = json_object_get(object, "parameters"), *value;
    const char *key, *title = json_string_value(json_object_get(object, "schedule"));
    if (!momentum) return;
    char spec[SPEC] = "";
    append(spec, "%s(", member_of("torch", title, parameters)->name);
    json_object_foreach(parameters, key, value)
    {
        if (strcmp(key, "max_lr") == 0 || strcmp(key, "base_lr") == 0 || !is_ours(key, value)) continue;
        append(spec, "%s=", key), append_value(spec, value);
        append(spec, ", ");
    }
    append(spec, "max_momentum=%.17g, base_momentum=%.17g, like=torch)",
           json_number_value(json_object_get(defaults, "max_momentum")),
           json_number_value(json_object_get(defaults, "base_momentum")));
    gradus_error error = {0};
    gradus_schedule *schedule = gradus_schedule_create(spec, NULL, NULL, &error);
    if (!schedule) fail_msg("line %d: %s: %s", line, spec, error.message);
    for (size_t n = 0; n < json_array_size(momentum); n++) {
        double expected = check_number(json_array_get(momentum, n)), is = gradus_schedule_at(schedule, (double)n);
        if (!check_is_close(is, expected, 1e-12, 0))
            fail_msg("line %d: %s: update %d: %.17g, expected %.17g", line, spec, (int)n, is, expected);
    }
    gradus_schedule_destroy(schedule);
    ++*cases;
}

static void test_momentum(void **state)
{
    (void)state;
    int cases = 0;
    check_golden(files[0].path, check_momentum, &cases);
    assert_int_equal(cases, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rates), cmocka_unit_test(test_momentum)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
