/* What every schedule must be, walked over the table: finite for every length of a run and every position, continuous and
 * monotone where its row promises it, the same when bound in place, printed and read again, and complete in its row. */
#include "check.h"
#include "rows.h"

typedef void visit(const gradus_schedule_row *row, const char *spec);

/* Every member plain, with every word of every choice, and with every way to go on past the end. */
static void each_spec(visit *visitor)
{
    for (const gradus_member *const *member = gradus_schedule_family.members; *member; member++) {
        const gradus_schedule_row *row = (const gradus_schedule_row *)*member;
        char begun[512], spec[1024];
        bool any;
        begin_call(*member, begun, &any);
        snprintf(spec, sizeof spec, "%s)", begun);
        visitor(row, spec);
        const gradus_argument *lists[] = {(*member)->arguments, gradus_schedule_family.common};
        for (int list = 0; list < 2; list++)
            for (const gradus_argument *argument = lists[list]; argument->name; argument++) {
                if (argument->kind != GRADUS_WORD || argument->flags & GRADUS_FOREIGN ||
                    (list && strcmp(argument->name, "past") != 0))
                    continue;
                char words[256], *rest = words;
                snprintf(words, sizeof words, "%s", argument->words);
                for (char *word; (word = strsep(&rest, "|")) != NULL;) {
                    bool end = strcmp((*member)->name, "decay") == 0 && strcmp(word, "exponential") == 0;
                    if (list == 0 && strstr(begun, argument->name)) continue; /* the example has it already */
                    snprintf(spec, sizeof spec, "%s%s%s=%s%s)", begun, any ? ", " : "", argument->name, word,
                             end ? ", to=1%" : "");
                    visitor(row, spec);
                }
            }
    }
}

static const double totals[] = {0, 1, 2, 3, 10, 11, 100, 1e9};
static const double positions[] = {
    0,  -0.0, -1,  0.5, 1,       1.5,     2,          9,     9.999999999999999,      10,    11,
    50, 99,   100, 101, 1e9 - 1, 1e9 + 1, 1e15 + 0.5, 1e300, 1.7976931348623157e308, -1e300};

static void check_finite(const gradus_schedule_row *row, const char *spec)
{
    (void)row;
    for (size_t t = 0; t < sizeof totals / sizeof *totals; t++) {
        gradus_error error = {0};
        gradus_schedule *schedule = gradus_schedule_create(spec, &(gradus_units){.total = totals[t]}, NULL, &error);
        if (!schedule && totals[t] == 0 && error.code == GRADUS_CODE_LENGTHS) continue; /* it needs to know */
        if (!schedule && strstr(spec, "past=error") && error.code == GRADUS_CODE_LENGTHS) continue;
        if (!schedule) fail_msg("%s with total %g: %s", spec, totals[t], error.message);
        for (size_t p = 0; p < sizeof positions / sizeof *positions; p++) {
            double factor = gradus_schedule_at(schedule, positions[p]);
            if (!(factor >= 0 && factor < 100)) /* no example goes that far above the peak */
                fail_msg("%s with total %g at %g: %g", spec, totals[t], positions[p], factor);
        }
        const double odd[] = {NAN, INFINITY, -INFINITY};
        for (int i = 0; i < 3; i++) assert_true(isfinite(gradus_schedule_at(schedule, odd[i])));
        gradus_schedule_destroy(schedule);
    }
}

static void test_finite(void **state)
{
    (void)state;
    each_spec(check_finite);
}

static void test_finite_around_warmups(void **state)
{
    (void)state;
    const char *const lengths[] = {"0", "1", "10", "100", "1000", "10%", "100%"};
    for (const gradus_member *const *member = gradus_schedule_family.members; *member; member++)
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
            char begun[512], spec[1024];
            bool any;
            begin_call(*member, begun, &any);
            if (strcmp((*member)->name, "warmup") == 0) continue;
            snprintf(spec, sizeof spec, "warmup(%s) > %s)", lengths[i], begun);
            gradus_error error = {0};
            gradus_schedule *schedule = gradus_schedule_create(spec, &(gradus_units){.total = 100}, NULL, &error);
            if (!schedule) fail_msg("%s: %s", spec, error.message);
            for (double t = 0; t < 1200; t += 0.5) {
                double factor = gradus_schedule_at(schedule, t);
                if (!isfinite(factor) || factor < 0) fail_msg("%s at %g: %g", spec, t, factor);
            }
            gradus_schedule_destroy(schedule);
        }
}

/* ---- by the names of other frameworks ---- */

/* A value that a framework's own parameter takes. */
static const char *foreign_sample(const gradus_argument *argument, const char *const lengths[2], char text[64])
{
    bool rises = strstr("ramp warmup rise", argument->name) != NULL;
    const char *length = lengths[rises];
    char word[32];
    bool list = (argument->flags & GRADUS_LIST) != 0;
    switch (argument->kind) {
    case GRADUS_LENGTH: snprintf(text, 64, list ? "[%s]" : "%s", length); return text;
    case GRADUS_SHARE: return list ? "[0.1, 0.05]" : "0.05";
    case GRADUS_POINT: return "[[10, 0.5], [20, 0.1]]";
    case GRADUS_WORD:
        snprintf(word, sizeof word, "%.*s", (int)strcspn(argument->words, "|"), argument->words);
        return snprintf(text, 64, "%s", word), text;
    default: return sample_of(argument);
    }
}

/* "step(step_size=10, gamma=0.05, like=torch)": every parameter of a row, in its own names. */
static void foreign_call(const gradus_member *member, const gradus_like *like, const char *const lengths[2],
                         char spec[1024])
{
    const gradus_argument *seen[32];
    int count = 0, i;
    snprintf(spec, 1024, "%s(", member->name);
    for (const char *at = like->names; *at; at += strspn(at, ", ")) {
        char entry[96], value[64], *ours;
        size_t size = strcspn(at, ",");
        snprintf(entry, sizeof entry, "%.*s", (int)size, at);
        at += size;
        ours = strchr(entry, '=');
        *ours++ = 0;
        bool flag = strchr(ours, '|') != NULL;
        ours[strcspn(ours, " ")] = 0;
        const gradus_argument *argument = gradus_language_argument(&gradus_schedule_family, member, ours);
        if (!argument) fail_msg("%s like %s: it has no '%s'", member->name, like->title, ours);
        for (i = 0; i < count && seen[i] != argument; i++) continue;
        if (i < count) continue; /* two names of one */
        seen[count++] = argument;
        snprintf(spec + strlen(spec), 1024 - strlen(spec), "%s=%s, ", entry,
                 flag ? "true" : foreign_sample(argument, lengths, value));
    }
    snprintf(spec + strlen(spec), 1024 - strlen(spec), "like=%s)", like->framework);
}

static void check_foreign(const char *spec, double total, int *made)
{
    gradus_error error = {0};
    gradus_units units = {.total = total, .base = 0.1};
    gradus_schedule *schedule = gradus_schedule_create(spec, &units, NULL, &error);
    if (!schedule) {
        bool refused = error.code == GRADUS_CODE_LENGTHS || error.code == GRADUS_CODE_OUT_OF_RANGE ||
                       error.code == GRADUS_CODE_WRONG_TYPE;
        if (!refused) fail_msg("%s: %s", spec, error.message);
        return;
    }
    ++*made;
    for (size_t p = 0; p < sizeof positions / sizeof *positions; p++) {
        double factor = gradus_schedule_at(schedule, positions[p]);
        if (!isfinite(factor) || factor < 0) fail_msg("%s with total %g at %g: %g", spec, total, positions[p], factor);
    }
    gradus_schedule_destroy(schedule);
}

/* Every row of like= names what is there, and what it makes is finite for any length. */
static void test_conventions_are_finite(void **state)
{
    (void)state;
    static const char *const lengths[][2] = {/* of what rises at first the second, of all else the first */
                                             {"0", "0"},  {"1", "0"},  {"1", "1"},    {"2", "2"},
                                             {"10", "3"}, {"3", "10"}, {"11", "1e9"}, {"1e9", "11"}};
    for (const gradus_member *const *member = gradus_schedule_family.members; *member; member++)
        for (const gradus_like *like = (*member)->like; like && like->framework; like++) {
            int made = 0;
            for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
                for (size_t t = 0; t < sizeof totals / sizeof *totals; t++) {
                    char spec[1024];
                    foreign_call(*member, like, lengths[i], spec);
                    check_foreign(spec, totals[t], &made);
                }
            if (!made) fail_msg("%s like %s (%s) can never be made", (*member)->name, like->framework, like->title);
        }
}

/* What changes much within a step is a jump if it does so within a step of any size. */
static bool jumps(const gradus_schedule *schedule, double a, double b)
{
    double at_a = gradus_schedule_at(schedule, a), at_b = gradus_schedule_at(schedule, b);
    for (int i = 0; i < 40 && fabs(at_b - at_a) > 0.01; i++) {
        double middle = a + (b - a) / 2, at_middle = gradus_schedule_at(schedule, middle);
        if (fabs(at_middle - at_a) > fabs(at_b - at_middle))
            b = middle, at_b = at_middle;
        else
            a = middle, at_a = at_middle;
    }
    return fabs(at_b - at_a) > 0.01;
}

static void check_promises(const gradus_schedule_row *row, const char *spec)
{
    enum { STEPS = 20000 };
    gradus_error error = {0};
    gradus_units units = {.total = 100};
    gradus_schedule *schedule = gradus_schedule_create(spec, &units, NULL, &error);
    if (!schedule && strstr(spec, "past=error")) return;
    if (!schedule) fail_msg("%s: %s", spec, error.message);
    gradus_phase phase;
    assert_true(gradus_schedule_phase(schedule, 0, &phase));
    double length = phase.length, last = gradus_schedule_at(schedule, 0);
    for (int i = 1; i < STEPS; i++) {
        double factor = gradus_schedule_at(schedule, length * i / STEPS), change = factor - last;
        if (row->promises & GRADUS_CONTINUOUS && jumps(schedule, length * (i - 1) / STEPS, length * i / STEPS))
            fail_msg("%s jumps by %g at %g", spec, change, length * i / STEPS);
        if (row->promises & GRADUS_FALLING && change > 1e-15)
            fail_msg("%s rises by %g at %g", spec, change, length * i / STEPS);
        if (row->promises & GRADUS_RISING && change < -1e-15)
            fail_msg("%s falls by %g at %g", spec, change, length * i / STEPS);
        last = factor;
    }
    gradus_schedule_destroy(schedule);
}

static void test_promises_are_kept(void **state)
{
    (void)state;
    each_spec(check_promises);
}

/* A phase is what its schedule is alone, on its own clock, and what follows finds the value that it reached. */
static void check_composition(const gradus_schedule_row *row, const char *spec)
{
    (void)row;
    char alone[1024], whole[1100];
    const gradus_units units = {.total = 300};
    gradus_error error = {0};
    if (strstr(spec, "past=")) return; /* of the last phase alone */
    snprintf(alone, sizeof alone, "%.*s%slength=100)", (int)strlen(spec) - 1, spec,
             spec[strlen(spec) - 2] == '(' ? "" : ", ");
    gradus_schedule *part = gradus_schedule_create(alone, &units, NULL, &error);
    if (!part && error.code == GRADUS_CODE_REPEATED) {
        error = (gradus_error){0};
        snprintf(alone, sizeof alone, "%s", spec); /* its example has a length */
        part = gradus_schedule_create(alone, &units, NULL, &error);
    }
    if (!part) fail_msg("%s: %s", alone, error.message);
    snprintf(whole, sizeof whole, "constant(length=17) > %s > hold", alone);
    gradus_schedule *composed = gradus_schedule_create(whole, &units, NULL, &error);
    gradus_phase phase;
    if (!composed || !gradus_schedule_phase(composed, 1, &phase)) fail_msg("%s: %s", whole, error.message);
    for (double t = 0; t <= phase.length + 20; t += 0.25) {
        double expected = gradus_schedule_at(part, fmin(t, phase.length)), is = gradus_schedule_at(composed, 17 + t);
        if (is != expected) fail_msg("%s at %g: %.17g, the part alone %.17g", whole, 17 + t, is, expected);
    }
    gradus_schedule_destroy(composed);
    gradus_schedule_destroy(part);
}

static void test_composition_is_shifted_parts(void **state)
{
    (void)state;
    each_spec(check_composition);
}

static void check_round_trip(const gradus_schedule_row *row, const char *spec)
{
    (void)row;
    char once[512], twice[512];
    gradus_units units = {.total = 100};
    gradus_error error = {0};
    gradus_schedule *schedule = gradus_schedule_create(spec, &units, NULL, &error);
    if (!schedule) return;
    gradus_schedule_print(schedule, once, sizeof once);
    gradus_schedule *again = gradus_schedule_create(once, &units, NULL, &error);
    if (!again) fail_msg("%s was printed as %s: %s", spec, once, error.message);
    gradus_schedule_print(again, twice, sizeof twice);
    assert_string_equal(once, twice);
    gradus_schedule_storage storage;
    const gradus_schedule *placed = gradus_schedule_place(&storage, spec, &units, &error);
    if (!placed) fail_msg("%s in place: %s", spec, error.message);
    for (double t = 0; t < 130; t += 0.37) {
        assert_true(gradus_schedule_at(schedule, t) == gradus_schedule_at(again, t));
        assert_true(gradus_schedule_at(schedule, t) == gradus_schedule_at(placed, t));
    }
    gradus_schedule_destroy(again);
    gradus_schedule_destroy(schedule);
}

static void test_round_trip(void **state)
{
    (void)state;
    each_spec(check_round_trip);
}

/* Rows are also the manual: nothing is left unsaid, and the table is sorted. */
static void test_rows_are_complete(void **state)
{
    (void)state;
    const gradus_family *const families[] = {&gradus_schedule_family, &gradus_feedback_family};
    for (int f = 0; f < 2; f++) {
        const char *before = "";
        assert_non_null(families[f]->summary);
        for (const gradus_member *const *member = families[f]->members; *member; member++) {
            assert_true(strcmp(before, (*member)->name) < 0);
            before = (*member)->name;
            assert_non_null((*member)->summary);
            assert_non_null((*member)->formula);
            for (const gradus_argument *argument = (*member)->arguments; argument->name; argument++) {
                if (!argument->help || !*argument->help) fail_msg("%s of %s has no help", argument->name, before);
                assert_true(argument->low <= argument->high);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finite),
        cmocka_unit_test(test_finite_around_warmups),
        cmocka_unit_test(test_conventions_are_finite),
        cmocka_unit_test(test_promises_are_kept),
        cmocka_unit_test(test_composition_is_shifted_parts),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_rows_are_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
