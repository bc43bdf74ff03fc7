/* Printing: one canonical spelling, from which the same tree comes back; for texts made at random from the tables as well. */
#include "check.h"
#include "language_generator.h"
#include "language_tables.h"

static const char *like; /* of whole texts */

static gradus_spec *create(const char *family, const char *text)
{
    gradus_error error = {0};
    gradus_spec *spec = gradus_spec_create(
        text, &(gradus_spec_config){.family = family, .language = &small_language, .like = like}, &error);
    if (!spec) fail_msg("%s: %s\n%d: %s", family, text, error.column, error.message);
    return spec;
}

static void check_print(const char *family, const char *text, gradus_print how, const char *expected)
{
    char printed[1024];
    gradus_spec *spec = create(family, text);
    assert_int_equal(gradus_spec_print(spec, how, printed, sizeof printed), strlen(expected));
    assert_string_equal(printed, expected);
    gradus_spec_destroy(spec);
}

static void test_canonical(void **state)
{
    (void)state;
    const char *const cases[][3] = {
        {"schedule", "warmup( 2Mtokens )>hold>decay(10B tokens)", "warmup(2M tokens) > hold > decay(10B tokens)"},
        {"schedule", " warmup (5 %) # ramp\n > cosine ( to = 1 % , )", "warmup(5 %) > cosine(to=1%)"},
        {"schedule", "((warmup(500) > hold) > (none > cosine))", "warmup(500) > hold > cosine"},
        {"schedule", "none > none", "none"},
        {"schedule", "warmup(90s) > hold(120s) > decay(7200 s) > hold(1.5 samples) > hold(1500 samples)",
         "warmup(90s) > hold(2min) > decay(2h) > hold(1.5 samples) > hold(1500 samples)"},
        {"schedule", "cosine(to=0, from=1, past=hold)", "cosine"},
        {"schedule", "cosine(to=0%, from=100%)", "cosine"},
        {"schedule", "step(30ep, 0.1)", "step(30ep)"},
        {"schedule", "step(factor=20%, every=30 ep)", "step(every=30ep, factor=20%)"},
        {"schedule", "exponential(0.5, 1ep, staircase=true)", "exponential(0.5, staircase)"},
        {"schedule", "exponential(0.5, staircase=false)", "exponential(0.5)"},
        {"schedule", "multistep([5])", "multistep(5)"},
        {"schedule", "piecewise([0,0],[5ep,1])", "piecewise([0, 0], [5ep, 1])"},
        {"schedule", "cosine(eta_min=0.0, T_max=20, like=torch)", "cosine(T_max=20, eta_min=0, like=torch)"},
        {"schedule", "cosine(length=20, past=mirror, like=torch)", "cosine(length=20, like=torch)"},
        {"schedule", "cosine(k_decay=4, to=10%, like=timm)", "cosine(from=0.25, like=timm)"},
        {"schedule", "cosine(like=torch, floor=1%)", "cosine(floor=1%, like=torch)"},
        {"schedule", "cosine(like=timm.CosineLRScheduler)", "cosine(like=timm)"},
        {"schedule", "cosine(like=timm.TanhLRScheduler)", "cosine(like=timm.TanhLRScheduler)"},
        {"schedule", "cosine(cycle=true, like=timm)", "cosine(cycle=repeat, like=timm)"},
        {"schedule", "cosine(ub=0, like=timm)", "cosine(like=timm.TanhLRScheduler)"},
        {"schedule", "cosine(ub=1%, like=timm.TanhLRScheduler)", "cosine(ub=1%, like=timm)"},
        {"optimizer", "adamw(beta2=.95, beta1=0.9)", "adamw(beta2=0.95)"},
        {"optimizer", "muon(other=adamw(weight_decay=0.1))", "muon"},
        {"optimizer", "muon(nesterov=false)", "muon(nesterov=false)"},
        {"optimizer", "lookahead(sam(radam,rho=0.1),every=5)", "lookahead(sam(radam, rho=0.1))"},
        {"optimizer", "choice( sgd , adam(beta1=uniform(.8,.9)) )", "choice(sgd, adam(beta1=uniform(0.8, 0.9)))"},
        {"model", "2*(relu>1*tanh)>1*dense(5)", "2 * (relu > tanh) > dense(5)"},
        {"model", "3*(2*relu)", "3 * (2 * relu)"},
        {"model", "conv(16, 3, 1, pad=same)", "conv(16, 3, pad=same)"},
        {"model", "conv(16, 3, [1])", "conv(16, 3)"},
        {"model", "residual(relu, activation=relu, shortcut=none)", "residual(relu, activation=relu)"},
        {"data", "house.csv", "csv(house.csv)"},
        {"data", "csv(a, separator=tab)", "csv(a, separator=tab)"},
        {"data", "csv(a, separator=\"tab\")", "csv(a, separator=\"tab\")"},
        {"data", "csv(search, separator=\"search\")", "csv(\"search\", separator=\"search\")"},
        {"data", "csv(a, separator=search)", "csv(a, separator=choice(\";\", tab))"},
        {"data", "csv(\"house.csv\", separator=\",\")", "csv(house.csv)"},
        {"data", "csv('a b', separator=\";\", drop=[id])", "csv(\"a b\", drop=id, separator=\";\")"},
        {"data", "csv(\"header\", target=header)", "csv(\"header\", target=header)"},
        {"group", "match('*.bias', weight_decay=0)", "match(\"*.bias\", weight_decay=0)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *expected =
            strcmp(cases[i][2], "warmup(5 %) > cosine(to=1%)") == 0 ? "warmup(5%) > cosine(to=1%)" : cases[i][2];
        check_print(cases[i][0], cases[i][1], GRADUS_PRINT_CANONICAL, expected);
        check_print(cases[i][0], expected, GRADUS_PRINT_CANONICAL, expected);
    }
}

static void test_full(void **state)
{
    (void)state;
    check_print("schedule", "warmup(5) > cosine", GRADUS_PRINT_FULL,
                "warmup(5, floor=0) > cosine(to=0, from=1, past=hold, floor=0)");
    check_print("schedule", "cosine(like=torch)", GRADUS_PRINT_FULL,
                "cosine(to=0, from=1, past=mirror, floor=0, like=torch)");
    check_print("feedback", "plateau(like=torch)", GRADUS_PRINT_FULL,
                "plateau(metric=val_loss, patience=10, factor=10%, threshold=0.0001, min_lr=1e-8, like=torch)");
    check_print("feedback", "plateau(like=keras)", GRADUS_PRINT_FULL,
                "plateau(metric=val_loss, patience=10, factor=0.25, threshold=0.0001, like=keras)");
    check_print("feedback", "plateau(min_lr=1e-8, like=torch)", GRADUS_PRINT_CANONICAL, "plateau(like=torch)");
    check_print("feedback", "plateau(least=1e-8, like=torch)", GRADUS_PRINT_CANONICAL,
                "plateau(least=1e-8, like=torch)");
    check_print("feedback", "plateau(factor=25%, like=keras)", GRADUS_PRINT_CANONICAL, "plateau(like=keras)");
    check_print("optimizer", "muon", GRADUS_PRINT_FULL,
                "muon(momentum=0, nesterov, other=adamw(beta1=0.9, beta2=0.999, weight_decay=0.1, state=float32), "
                "state=float32)");
    check_print("model", "dense(5)", GRADUS_PRINT_FULL, "dense(5, bias)");
}

static void test_sizes_are_as_snprintf_says(void **state)
{
    (void)state;
    char printed[64];
    gradus_spec *spec = create("schedule", "warmup(5%) > cosine(to=1%)");
    assert_int_equal(gradus_spec_print(spec, GRADUS_PRINT_CANONICAL, NULL, 0), 26);
    for (size_t size = 1; size < 30; size++) {
        memset(printed, 'x', sizeof printed);
        assert_int_equal(gradus_spec_print(spec, GRADUS_PRINT_CANONICAL, printed, size), 26);
        assert_int_equal(strlen(printed), size > 26 ? 26 : size - 1);
        assert_int_equal(printed[size], 'x');
    }
    assert_int_equal(
        gradus_item_print(&gradus_spec_chain(spec)->items[1], GRADUS_PRINT_CANONICAL, printed, sizeof printed), 13);
    assert_string_equal(printed, "cosine(to=1%)");
    gradus_chain_print(gradus_spec_chain(spec), GRADUS_PRINT_CANONICAL, printed, sizeof printed);
    assert_string_equal(printed, "warmup(5%) > cosine(to=1%)");
    gradus_spec_destroy(spec);
}

static void check_random(generator *g, const gradus_family *family)
{
    static char first[1 << 18], second[1 << 18];
    gradus_spec *spec = create(family->name, g->text);
    for (int how = GRADUS_PRINT_CANONICAL; how <= GRADUS_PRINT_FULL; how++) {
        assert_true(gradus_spec_print(spec, (gradus_print)how, first, sizeof first) < sizeof first);
        gradus_spec *again = create(family->name, first);
        if (!chains_equal(gradus_spec_chain(spec), gradus_spec_chain(again)))
            fail_msg("%s\nis printed as\n%s\nwhich is not the same", g->text, first);
        gradus_spec_print(again, (gradus_print)how, second, sizeof second);
        assert_string_equal(first, second);
        gradus_spec_destroy(again);
    }
    gradus_spec_destroy(spec);
}

static void test_random_texts_come_back(void **state)
{
    (void)state;
    static char text[1 << 16];
    generator g = {.language = &small_language, .text = text, .size = sizeof text};
    for (uint64_t seed = 0; seed < 400; seed++)
        for (const gradus_family *const *family = small_language.families; *family; family++) {
            generate(&g, *family, seed);
            like = seed % 2 ? "torch" : NULL;
            check_random(&g, *family);
            like = NULL;
        }
}

/* The path of an open value leads a change to it, and no two are the same. */
static void test_paths_of_open_values(void **state)
{
    (void)state;
    static char text[1 << 16], path[1 << 12];
    generator g = {.language = &small_language, .text = text, .size = sizeof text};
    int changed = 0;
    for (uint64_t seed = 0; seed < 2000; seed++) {
        const gradus_family *family = small_language.families[seed % 13];
        generate(&g, family, seed);
        gradus_spec *spec = create(family->name, text);
        int32_t count = gradus_spec_open_count(spec);
        for (int32_t i = 0; i < count; i++) {
            const gradus_open *open;
            gradus_error error = {0};
            const char *one = gradus_spec_open_path(spec, i, &open), *last = strrchr(one, '.');
            for (int32_t j = 0; j < i; j++) assert_string_not_equal(one, gradus_spec_open_path(spec, j, NULL));
            bool inner = last && last[1] >= '0' && last[1] <= '9'; /* a value among several has no path of its own */
            if (open->chains || inner) continue;
            snprintf(path, sizeof path, "%s=[[[1]]]", one);
            const char *const changes[] = {path, NULL};
            gradus_spec_config config = {.family = family->name, .language = &small_language, .changes = changes};
            assert_null(gradus_spec_create(text, &config, &error));
            bool at_the_value = error.source == 1 && error.column > (int)strlen(one);
            if (!at_the_value) fail_msg("%s\nby %s: %d: %s", text, one, error.column, error.message);
            changed++;
        }
        gradus_spec_destroy(spec);
    }
    print_message("%d paths\n", changed);
    assert_true(changed > 300);
}

/* A text with one byte changed binds or fails, and whatever it does it does it cleanly. */
static void test_damaged_texts_are_harmless(void **state)
{
    (void)state;
    static char text[1 << 16];
    generator g = {.language = &small_language, .text = text, .size = sizeof text};
    int bound = 0, refused = 0;
    for (uint64_t seed = 0; seed < 3000; seed++) {
        const gradus_family *family = small_language.families[seed % 13];
        gradus_error error = {0};
        generate(&g, family, seed);
        static const char bytes[] = "(),=>*[]\"'#% \n-+.:{}\\\xE2\x80\xFF"
                                    "09azM";
        text[pick(&g, (uint32_t)g.length)] = bytes[pick(&g, sizeof bytes - 1)];
        gradus_spec *spec = gradus_spec_create(
            text, &(gradus_spec_config){.family = family->name, .language = &small_language}, &error);
        bound += spec != NULL, refused += !spec;
        if (!spec)
            assert_true(error.status < 0 && error.message[0] && error.line > 0 && error.offset >= 0 &&
                        (size_t)error.offset <= strlen(text));
        gradus_spec_destroy(spec);
    }
    print_message("%d bound, %d refused\n", bound, refused);
    assert_true(bound > 100 && refused > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_canonical),
                                       cmocka_unit_test(test_full),
                                       cmocka_unit_test(test_sizes_are_as_snprintf_says),
                                       cmocka_unit_test(test_random_texts_come_back),
                                       cmocka_unit_test(test_paths_of_open_values),
                                       cmocka_unit_test(test_damaged_texts_are_harmless)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
