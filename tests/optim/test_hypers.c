/* Every number of every rule and average: a schedule in its place is that number set anew at each update, and what is not
 * finite or out of its range is refused by its name, with nothing changed. */
#include "check.h"
#include "gradus/base.h"
#include "variants.h"

enum { COUNT = 40, UPDATES = 4 };

static float values[2][COUNT], gradients[COUNT];
static gradus_error error;

static int fresh(void **state)
{
    (void)state;
    error = (gradus_error){0};
    return 0;
}

/* With one argument given as it says there; NULL where the row's own check refuses that. */
static gradus_optimizer *make(const variant *v, const char *argument, const char *value, float *numbers)
{
    char text[VARIANT_TEXT];
    const char *inner = variant_inner(&v->row->member);
    gradus_optimizer_config config = v->config;
    snprintf(text, sizeof text, "%s(%s%s%s=%s)", v->row->member.name, inner, *inner ? ", " : "", argument, value);
    *(v->average ? &config.average : &config.rule) = text;
    config.units = (gradus_units){.total = UPDATES, .updates_per_epoch = 2};
    gradus_optimizer *optimizer = gradus_optimizer_create(&config, &error);
    if (!optimizer && error.code == GRADUS_CODE_OUT_OF_RANGE) {
        error = (gradus_error){0};
        return NULL;
    }
    for (int i = 0; i < COUNT; i++) numbers[i] = (float)gradus_random_normal(1, 0, (uint64_t)i);
    gradus_optimizer_add(
        optimizer, &(gradus_parameter){.name = "x", .shape = {5, 8}, .values = numbers, .gradient = gradients}, &error);
    if (error.status) fail_msg("%s: %s", text, error.message);
    return optimizer;
}

static void step(gradus_optimizer *optimizer, int update, const char *what)
{
    gradus_outcome outcome;
    int calls = 0;
    do {
        for (int i = 0; i < COUNT; i++)
            gradients[i] = (float)gradus_random_normal(2, (uint64_t)(update + 10 * calls), (uint64_t)i);
        outcome = gradus_optimizer_step(optimizer, &(gradus_step){.rate = 0.01, .loss = 1 + update}, &error);
    } while (outcome == GRADUS_EVALUATE && ++calls < 50);
    if (outcome < 0) fail_msg("%s: %s", what, error.message);
}

/* Two values that the argument may have. */
static void choose(const gradus_argument *a, double *from, double *to)
{
    const bool any = a->low == 0 && a->high == 0;
    const double low = any || !isfinite(a->low) ? 0 : a->low, high = any || !isfinite(a->high) ? low + 1 : a->high;
    *from = low + 0.4 * (high - low);
    *to = low + 0.6 * (high - low);
}

/* ---- schedules ---- */

static void check_schedule(const variant *v, const gradus_argument *a)
{
    char course[96], first[32], last[32], name[96];
    double from, to;
    choose(a, &from, &to);
    gradus_number_print(from, first);
    gradus_number_print(to, last);
    snprintf(course, sizeof course, "linear(from=%s, to=%s)", first, last);
    snprintf(name, sizeof name, "%s.%s", v->row->member.name, a->name);
    gradus_optimizer *scheduled = make(v, a->name, course, values[0]), *set = make(v, a->name, first, values[1]);
    for (int update = 0; update < UPDATES && scheduled && set; update++) {
        const double now = gradus_optimizer_get(scheduled, name);
        check_close(now, from + (to - from) * update / UPDATES, 1e-12, 0);
        if (gradus_optimizer_set(set, name, now, &error)) fail_msg("%s: %s", name, error.message);
        step(scheduled, update, name);
        step(set, update, name);
        if (memcmp(values[0], values[1], sizeof values[0]) != 0) fail_msg("%s: other bits when it is scheduled", name);
    }
    gradus_optimizer_destroy(scheduled);
    gradus_optimizer_destroy(set);
}

static void as_if_set(void **state)
{
    (void)state;
    variant v = {0};
    int numbers = 0;
    EACH_VARIANT(v)
    {
        for (const gradus_argument *a = v.row->member.arguments; v.plain && a && a->name; a++) {
            if (!(a->flags & GRADUS_SCHEDULED)) continue;
            check_schedule(&v, a);
            numbers++;
        }
    }
    print_message("%d numbers\n", numbers);
    assert_true(numbers > 50);
}

/* ---- ranges ---- */

static void assert_refused(const variant *v, const gradus_argument *a, gradus_optimizer *optimizer, double value)
{
    char name[96];
    float before[COUNT];
    snprintf(name, sizeof name, "%s.%s", v->row->member.name, a->name);
    const double was = gradus_optimizer_get(optimizer, name);
    memcpy(before, values[0], sizeof before);
    if (gradus_optimizer_set(optimizer, name, value, &error) != GRADUS_ERROR_RANGE)
        fail_msg("%s=%g is not refused", name, value);
    if (!strstr(error.message, a->name) || !strstr(error.message, "must be"))
        fail_msg("%s=%g: '%s'", name, value, error.message);
    error = (gradus_error){0};
    assert_true(gradus_optimizer_get(optimizer, name) == was);
    assert_memory_equal(before, values[0], sizeof before);
}

/* Just outside, as a text; what a row allows is in it. */
static void assert_unbound(const variant *v, const gradus_argument *a, double value)
{
    char text[VARIANT_TEXT], number[32];
    const char *inner = variant_inner(&v->row->member);
    gradus_optimizer_config config = v->config;
    gradus_number_print(value, number);
    snprintf(text, sizeof text, "%s(%s%s%s=%s)", v->row->member.name, inner, *inner ? ", " : "", a->name, number);
    *(v->average ? &config.average : &config.rule) = text;
    assert_null(gradus_optimizer_create(&config, &error));
    if (error.status != GRADUS_ERROR_RANGE || !strstr(error.message, a->name))
        fail_msg("%s: '%s'", text, error.message);
    error = (gradus_error){0};
}

static void check_range(const variant *v, const gradus_argument *a)
{
    char number[32];
    double inside, unused;
    const bool any = a->low == 0 && a->high == 0;
    if (!any && isfinite(a->low)) assert_unbound(v, a, a->low - 1);
    if (!any && isfinite(a->high)) assert_unbound(v, a, a->high + 1);
    if (!any && a->open && strchr(a->open, ')') && isfinite(a->high)) assert_unbound(v, a, a->high);
    if (!(a->flags & GRADUS_SCHEDULED)) return;
    choose(a, &inside, &unused);
    gradus_number_print(inside, number);
    gradus_optimizer *optimizer = make(v, a->name, number, values[0]);
    if (!optimizer) return;
    assert_refused(v, a, optimizer, NAN);
    assert_refused(v, a, optimizer, INFINITY);
    assert_refused(v, a, optimizer, -INFINITY);
    if (!any && isfinite(a->low)) assert_refused(v, a, optimizer, a->low - 1);
    if (!any && isfinite(a->high)) assert_refused(v, a, optimizer, a->high + 1);
    gradus_optimizer_destroy(optimizer);
}

static void out_of_range(void **state)
{
    (void)state;
    variant v = {0};
    EACH_VARIANT(v)
    {
        for (const gradus_argument *a = v.row->member.arguments; v.plain && a && a->name; a++)
            if (a->kind == GRADUS_NUMBER && !(a->flags & GRADUS_FOREIGN)) check_range(&v, a);
    }
}

/* A mean that keeps all of itself never learns: no beta is 1, and none is below 0. */
static void betas(void **state)
{
    (void)state;
    for (int i = 0; gradus_optimizer_family.members[i]; i++) {
        const gradus_member *member = gradus_optimizer_family.members[i];
        for (const gradus_argument *a = member->arguments; a && a->name; a++) {
            if (strncmp(a->name, "beta", 4) != 0 || strspn(a->name + 4, "0123456789") != 1 || a->name[5]) continue;
            if (a->kind != GRADUS_NUMBER || a->flags & GRADUS_FOREIGN) continue;
            if (gradus_range_holds(a, -1e-9) || gradus_range_holds(a, 1.5) || gradus_range_holds(a, 1))
                fail_msg("%s.%s may be outside [0, 1)", member->name, a->name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup(as_if_set, fresh),
                                       cmocka_unit_test_setup(out_of_range, fresh),
                                       cmocka_unit_test_setup(betas, fresh)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
