/* like=torch is PyTorch: every schedule of its golden vectors that a member stands for, written with PyTorch's own names,
 * gives PyTorch's rates, the first update, the end and what comes after it included. */
#include "check.h"
#include "gradus/spec.h"

static const double closed_form = 1e-12, recursive = 1e-9; /* all but ConstantLR multiply the last rate, which drifts */

typedef struct tally {
    int cases, covered;
    char waiting[1024];
} tally;

/* The member that stands for a class of PyTorch; NULL: none yet. */
static const char *member_of(const char *title)
{
    for (const gradus_member *const *member = gradus_schedule_family.members; *member; member++)
        for (const gradus_like *like = (*member)->like; like && like->framework; like++)
            if (strcmp(like->framework, "torch") == 0 && strcmp(like->title, title) == 0) return (*member)->name;
    return NULL;
}

static void append(char *text, const char *format, ...)
{
    va_list arguments;
    size_t used = strlen(text);
    va_start(arguments, format);
    vsnprintf(text + used, 512 - used, format, arguments);
    va_end(arguments);
}

/* "StepLR", {step_size: 7} -> step(step_size=7, like=torch) */
static bool spec_of_class(const char *title, const json_t *parameters, char spec[512])
{
    const char *member = member_of(title), *key;
    json_t *value;
    if (!member) return false;
    append(spec, "%s(", member);
    json_object_foreach((json_t *)parameters, key, value) append(spec, "%s=%.17g, ", key, check_number(value));
    append(spec, "like=torch)");
    return true;
}

/* SequentialLR: ["LinearLR(start_factor=0.1, total_iters=5)", ...] -> linear(..., like=torch) > ... */
static bool spec_of_sequence(const json_t *parameters, char spec[512])
{
    size_t i;
    json_t *child;
    json_array_foreach(json_object_get(parameters, "schedules"), i, child)
    {
        char title[64], rest[256];
        if (sscanf(json_string_value(child), "%63[^(](%255[^)])", title, rest) != 2 || !member_of(title)) return false;
        append(spec, "%s%s(%s, like=torch)", i ? " > " : "", member_of(title), rest);
    }
    return true;
}

static void check_case(json_t *object, int line, void *user)
{
    tally *counted = user;
    const char *title = json_string_value(json_object_get(object, "schedule"));
    const json_t *parameters = json_object_get(object, "parameters"), *rates = json_object_get(object, "rates");
    double base = check_number(json_object_get(object, "base"));
    char spec[512] = "";
    bool sequence = strcmp(title, "SequentialLR") == 0;
    counted->cases++;
    if (!(sequence ? spec_of_sequence(parameters, spec) : spec_of_class(title, parameters, spec))) {
        if (!strstr(counted->waiting, title)) {
            strcat(counted->waiting, " ");
            strcat(counted->waiting, title);
        }
        return;
    }
    gradus_error error = {0};
    gradus_schedule *schedule = gradus_schedule_create(spec, &(gradus_units){.base = base}, NULL, &error);
    if (!schedule) fail_msg("line %d: %s: %s", line, spec, error.message);
    bool constant = strcmp(title, "ConstantLR") == 0;
    for (size_t n = 0; n < json_array_size(rates); n++) {
        double expected = check_number(json_array_get(rates, n)), rate = base * gradus_schedule_at(schedule, (double)n);
        if (!check_is_close(rate, expected, constant ? closed_form : recursive, 0))
            fail_msg("line %d: %s: update %d: %.17g, PyTorch has %.17g", line, spec, (int)n, rate, expected);
    }
    gradus_schedule_destroy(schedule);
    counted->covered++;
}

static void test_rates(void **state)
{
    (void)state;
    tally counted = {0};
    check_golden("golden/schedules/torch.jsonl", check_case, &counted);
    print_message("%d of %d cases; waiting for a member:%s\n", counted.covered, counted.cases, counted.waiting);
    assert_true(counted.covered >= 18);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rates)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
