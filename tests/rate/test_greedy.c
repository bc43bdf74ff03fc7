/* greedy: hand-worked moves, bounds that hold for any measure, how often it can turn, and what the class of transformers does. */
#include "check.h"
#include "gradus/base.h"

static gradus_policy *make(const char *feedback, double base)
{
    gradus_error error = {0};
    gradus_policy *policy = gradus_policy_create(&(gradus_policy_config){.base = base, .feedback = feedback}, &error);
    if (!policy) fail_msg("%s: %s", feedback, error.message);
    return policy;
}

static double look_at(gradus_policy *policy, double metric)
{
    gradus_policy_observe(policy, "m", metric);
    return gradus_policy_rate(policy);
}

typedef struct look {
    double metric, rate;
} look;

static void check_trace(const char *feedback, const look *looks, size_t count)
{
    gradus_policy *policy = make(feedback, 1);
    for (size_t i = 0; i < count; i++) {
        double rate = look_at(policy, looks[i].metric);
        if (rate != looks[i].rate)
            fail_msg("%s: look %d at %g: %g, expected %g", feedback, (int)i, looks[i].metric, rate, looks[i].rate);
    }
    gradus_policy_destroy(policy);
}
#define trace(feedback, ...) \
    check_trace(feedback, (const look[]){__VA_ARGS__}, sizeof((const look[]){__VA_ARGS__}) / sizeof(look))

static void test_moves(void **state)
{
    (void)state;
    /* up at the second better look in a row, down at the second that is not */
    trace("greedy(m, patience=1, factor=0.5, settle=1)", {9, 1}, {8, 2}, {7, 2}, {6, 4}, {6, 4}, {6, 2}, {7, 2}, {5, 2},
          {4, 4}, {3, 4}, {4, 4}, {4, 2}, {4, 2}, {4, 1});
    /* after a fall two looks do not count, after a rise one; the best is not looked at meanwhile */
    trace("greedy(m, patience=0, factor=0.5, settle=1, cooldown=2, raise_cooldown=1)", {9, 2}, {1, 2}, {8, 4}, {7, 4},
          {8, 2}, {1, 2}, {1, 2}, {8, 1});
    trace("greedy(m, patience=0, factor=0.5, settle=1, threshold=0.1, mode=max)", {-10, 2}, {-9.1, 1}, {-8.9, 2});
    trace("greedy(m, patience=0, factor=0.5, settle=1)", {9, 2}, {NAN, 1}, {INFINITY, 0.5}, {8, 1});
    /* the mean of three: 9, 6, 6, 5, 7 */
    trace("greedy(m, smooth, window=3, patience=0, factor=0.5, settle=1)", {9, 2}, {3, 4}, {6, 2}, {6, 4}, {9, 2});
}

static void test_bounds_and_restart(void **state)
{
    (void)state;
    trace("greedy(m, patience=0, factor=0.5, floor=0.3, ceiling=3, settle=1)", {9, 2}, {8, 3}, {7, 3}, {7, 1.5},
          {7, 0.75}, {7, 0.375}, {7, 0.3}, {7, 0.3}, {6, 0.6});
    /* the fall that reaches the floor is the first in vain; after the third it begins anew, and any look is the best again */
    trace("greedy(m, patience=0, factor=0.5, floor=0.5, settle=1, restart=3)", {5, 2}, {5, 1}, {5, 0.5}, {5, 0.5},
          {5, 1}, {9, 2}, {9, 1});
    trace("greedy(m, patience=0, factor=0.5, floor=0.5, settle=1)", {5, 2}, {5, 1}, {5, 0.5}, {5, 0.5}, {5, 0.5});
}

/* Each change of direction doubles the patience: 1, then 2, then 4 looks. */
static void test_settles(void **state)
{
    (void)state;
    trace("greedy(m, patience=1, factor=0.5)", {9, 1}, {8, 2}, {8, 2}, {8, 1}, {7, 1}, {6, 1}, {5, 2}, {5, 2}, {5, 2},
          {5, 2}, {5, 2}, {5, 1});
}

static const char *const members[] = {"greedy(m, patience=0, floor=0.2, ceiling=5)",
                                      "greedy(m, patience=1, factor=0.3, floor=0.1, ceiling=2, settle=1)",
                                      "greedy(m, patience=2, smooth, window=4, floor=1%, restart=4)",
                                      "greedy(m, patience=0, factor=0.9, floor=1, ceiling=1)"};
static const double floors[] = {0.2, 0.1, 0.01, 1}, ceilings[] = {5, 2, 10, 1};

/* Whatever it is told, the factor stays between its bounds. */
static void test_never_leaves_its_bounds(void **state)
{
    (void)state;
    for (size_t which = 0; which < sizeof members / sizeof *members; which++)
        for (uint64_t run = 0; run < 60; run++) {
            gradus_policy *policy = make(members[which], 1);
            double metric = 0, drift = gradus_random_normal(run, 1, 0), lowest = 1, highest = 1;
            for (uint64_t i = 0; i < 500; i++) {
                metric += drift + 3 * gradus_random_normal(run, 2, i);
                double told = i % 17 == 3 ? NAN : i % 29 == 5 ? (run % 2 ? INFINITY : -INFINITY) : metric;
                double rate = look_at(policy, told);
                lowest = fmin(lowest, rate), highest = fmax(highest, rate);
            }
            if (lowest < floors[which] || highest > ceilings[which])
                fail_msg("%s: between %g and %g", members[which], lowest, highest);
            assert_true(which == 3 || lowest < 1 || highest > 1);
            gradus_policy_destroy(policy);
        }
}

/* How often the rate has turned while a measure went up and down in turn, `half` looks each. */
static int turns_on_waves(const char *feedback, int half, double fall)
{
    gradus_policy *policy = make(feedback, 1);
    double rate = 1;
    int direction = 0, turns = 0;
    for (int i = 0; i < 2000; i++) {
        int phase = i % (2 * half);
        double now = look_at(policy, (phase < half ? phase : 2 * half - phase) - fall * i);
        int moved = (now > rate) - (now < rate);
        turns += moved && moved == -direction;
        if (moved) direction = moved;
        rate = now;
    }
    gradus_policy_destroy(policy);
    return turns;
}

/* Up and down in turn does not make it flap, however long each lasts: the patience is 3, and doubles with every turn. */
static void test_alternating_metric(void **state)
{
    (void)state;
    for (int half = 1; half <= 3; half++)
        for (double fall = 0; fall < 1; fall += 0.25)
            assert_true(turns_on_waves("greedy(m, patience=3, factor=0.9, ceiling=100, floor=1e-6)", half, fall) <= 1);
    int most = 0;
    for (int half = 4; half < 300; half += 7) {
        int turns = turns_on_waves("greedy(m, patience=3, factor=0.9, ceiling=100, floor=1e-6)", half, 0.25);
        most = turns > most ? turns : most;
    }
    assert_true(most >= 3 && most <= 10); /* 3 x 2^10 is more than 2000 looks */
    assert_true(turns_on_waves("greedy(m, patience=3, factor=0.9, settle=1, floor=1e-6)", 12, 0.25) >
                50); /* else it does */
}

static void test_words(void **state)
{
    (void)state;
    char text[256];
    gradus_policy *policy = make("greedy(m, patience=1, factor=0.5, floor=0.5, restart=2)", 1);
    const struct {
        double metric;
        const char *text;
    } looks[] = {{4, "update 0: rate 1 = base 1 x schedule 1 x feedback 1"},
                 {3, "greedy: m 3 better than ever at 2 looks in a row: x 2"},
                 {3.5, NULL},
                 {3.25, "greedy: m 3.25 no better than 3 for 2 looks: x 0.5"}};
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
        look_at(policy, looks[i].metric);
        gradus_policy_explain(policy, text, sizeof text);
        if (looks[i].text) assert_string_equal(text, looks[i].text);
    }
    for (int i = 0; i < 6; i++) look_at(policy, 3.5);
    gradus_policy_explain(policy, text, sizeof text);
    assert_string_equal(text, "greedy: nothing better after 2 falls to the floor: starts again: x 2");
    gradus_policy_destroy(policy);
}

/* ---- like=hf: where the rate of transformers 5.23.0's GreedyLR moved, and to what ---- */

typedef enum kind { FALLS, NOISY, WAVES, FLAT, RISES } kind;

static double metric_of(kind what, int i, double unit)
{
    switch (what) {
    case FALLS: return 4 - i / 16.0 + unit / 8;
    case NOISY: return 4 - i / 64.0 + unit;
    case WAVES: return fabs(i % 48 - 24.0) / 8 - i / 256.0 + unit / 16;
    case FLAT: return 2 + unit / 4;
    default: return i / 32.0 + unit / 8;
    }
}

typedef struct move {
    int look;
    double rate;
} move;

static void check_hf(kind what, double base, const char *arguments, int looks, const move *moves, size_t count)
{
    char spec[256];
    snprintf(spec, sizeof spec, "greedy(m, %s%slike=hf)", arguments, *arguments ? ", " : "");
    gradus_policy *policy = make(spec, base);
    uint64_t bits = 7;
    double expected = base;
    size_t next = 0;
    for (int i = 0; i < looks; i++) {
        bits = bits * 6364136223846793005u + 1442695040888963407u;
        double rate = look_at(policy, metric_of(what, i, (double)(bits >> 56) / 256));
        if (next < count && moves[next].look == i) expected = moves[next++].rate;
        if (!check_is_close(rate, expected, 1e-12, 0))
            fail_msg("%s: look %d: %.17g, transformers has %.17g", spec, i, rate, expected);
    }
    assert_int_equal(next, count);
    gradus_policy_destroy(policy);
}
#define hf(what, base, arguments, looks, ...)                           \
    check_hf(what, base, arguments, looks, (const move[]){__VA_ARGS__}, \
             sizeof((const move[]){__VA_ARGS__}) / sizeof(move))

static void test_hf(void **state)
{
    (void)state;
    hf(FALLS, 0.1, "", 240, {38, 0.105263157894737}, {49, 0.110803324099723}, {68, 0.116635077999708},
       {93, 0.122773766315483}, {104, 0.129235543489982}, {115, 0.136037414199981}, {126, 0.143197278105243},
       {153, 0.150733976952887}, {172, 0.158667344160934});
    hf(WAVES, 0.1, "patience=2", 76, {2, 0.105263157894737}, {5, 0.110803324099723}, {8, 0.116635077999708},
       {11, 0.122773766315483}, {14, 0.129235543489982}, {17, 0.136037414199981}, {20, 0.143197278105243},
       {23, 0.150733976952887}, {27, 0.143197278105243}, {30, 0.136037414199981}, {33, 0.129235543489982},
       {36, 0.122773766315483}, {39, 0.116635077999708}, {42, 0.110803324099723}, {45, 0.105263157894737}, {48, 0.1},
       {51, 0.095}, {54, 0.09025}, {57, 0.0857375}, {60, 0.081450625}, {63, 0.07737809375}, {66, 0.0735091890625},
       {69, 0.069833729609375}, {75, 0.0663420431289062});
    hf(WAVES, 0.1, "patience=2, cooldown=3, warmup=4, factor=0.5", 240, {2, 0.2}, {9, 0.4}, {16, 0.8}, {23, 1},
       {30, 0.5}, {36, 0.25}, {42, 0.125}, {48, 0.0625}, {54, 0.03125}, {60, 0.015625}, {66, 0.0078125}, {72, 0.015625},
       {79, 0.0078125}, {85, 0.00390625}, {91, 0.001953125}, {97, 0.001}, {216, 0.002}, {223, 0.001});
    hf(NOISY, 0.1, "patience=1, smooth, window_size=5, factor=0.8", 62, {2, 0.08}, {4, 0.064}, {6, 0.08}, {9, 0.064},
       {11, 0.0512}, {13, 0.04096}, {17, 0.032768}, {20, 0.0262144}, {22, 0.02097152}, {24, 0.016777216},
       {26, 0.0134217728}, {28, 0.01073741824}, {34, 0.00858993459200001}, {36, 0.0068719476736},
       {39, 0.00858993459200001}, {41, 0.01073741824}, {43, 0.00858993459200001}, {45, 0.0068719476736},
       {47, 0.00549755813888}, {49, 0.004398046511104}, {51, 0.0035184372088832}, {56, 0.004398046511104},
       {59, 0.0035184372088832}, {61, 0.00281474976710656});
    hf(FLAT, 0.1, "patience=0, factor=0.5, min_lr=0.02, reset_start=5", 30, {0, 0.2}, {1, 0.1}, {2, 0.05}, {3, 0.1},
       {4, 0.2}, {5, 0.4}, {6, 0.2}, {7, 0.1}, {8, 0.05}, {9, 0.025}, {10, 0.02}, {14, 0.1}, {15, 0.2}, {16, 0.1},
       {17, 0.05}, {18, 0.025}, {19, 0.02}, {23, 0.1}, {24, 0.2}, {25, 0.4}, {26, 0.8}, {27, 0.4}, {28, 0.2},
       {29, 0.1});
    hf(FLAT, 0.1, "patience=0, factor=0.5, min_lr=0.02, reset_start=0, cooldown=2", 52, {0, 0.2}, {1, 0.1}, {4, 0.2},
       {5, 0.4}, {6, 0.2}, {9, 0.1}, {12, 0.05}, {15, 0.1}, {16, 0.05}, {19, 0.025}, {22, 0.1}, {25, 0.2}, {26, 0.4},
       {27, 0.2}, {30, 0.1}, {33, 0.05}, {36, 0.025}, {39, 0.1}, {42, 0.2}, {43, 0.1}, {46, 0.2}, {47, 0.1}, {50, 0.2},
       {51, 0.4});
    hf(RISES, 0.1, "mode=max, threshold_mode=rel, threshold=0.01, patience=3, factor=0.5, max_lr=0.3", 240, {44, 0.2},
       {60, 0.3}, {80, 0.15}, {84, 0.3}, {189, 0.15}, {198, 0.075}, {203, 0.0375}, {209, 0.01875});
    hf(WAVES, 5e-05, "patience=2, reset_start=3", 121, {2, 5.26315789473684e-05}, {5, 5.54016620498615e-05},
       {8, 5.83175389998542e-05}, {11, 6.13868831577413e-05}, {14, 6.46177717449908e-05}, {17, 6.80187070999903e-05},
       {20, 7.15986390526214e-05}, {23, 7.53669884764436e-05}, {33, 5e-05}, {54, 5.26315789473684e-05},
       {57, 5.54016620498615e-05}, {60, 5.83175389998542e-05}, {63, 6.13868831577413e-05}, {66, 6.46177717449908e-05},
       {69, 6.80187070999903e-05}, {72, 7.15986390526214e-05}, {81, 5e-05}, {102, 5.26315789473684e-05},
       {105, 5.54016620498615e-05}, {108, 5.83175389998542e-05}, {111, 6.13868831577413e-05},
       {114, 6.46177717449908e-05}, {117, 6.80187070999903e-05}, {120, 7.15986390526214e-05});
    hf(FLAT, 0.1, "patience=1, smooth, window_size=8, factor=0.5, reset_start=2, min_lr=0.03", 57, {2, 0.05}, {4, 0.03},
       {7, 0.06}, {9, 0.03}, {12, 0.1}, {14, 0.2}, {17, 0.1}, {19, 0.05}, {21, 0.03}, {23, 0.1}, {25, 0.2}, {31, 0.4},
       {33, 0.8}, {35, 0.4}, {38, 0.8}, {40, 0.4}, {42, 0.8}, {44, 0.4}, {46, 0.2}, {48, 0.1}, {50, 0.05}, {52, 0.03},
       {54, 0.1}, {56, 0.2});
    hf(FALLS, 0.1, "patience=0, factor=0.5, eps=0.05", 136, {0, 0.2}, {1, 0.4}, {2, 0.8}, {3, 1}, {8, 0.5}, {9, 1},
       {16, 0.5}, {17, 1}, {19, 0.5}, {20, 1}, {24, 0.5}, {25, 1}, {27, 0.5}, {28, 1}, {52, 0.5}, {53, 1}, {57, 0.5},
       {58, 1}, {76, 0.5}, {77, 1}, {82, 0.5}, {83, 1}, {134, 0.5}, {135, 1});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moves),
        cmocka_unit_test(test_bounds_and_restart),
        cmocka_unit_test(test_settles),
        cmocka_unit_test(test_never_leaves_its_bounds),
        cmocka_unit_test(test_alternating_metric),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_hf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
