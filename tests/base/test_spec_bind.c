/* What a text is bound to: numbers with their units, words, texts, lists, points, chains inside calls, defaults, other frameworks'
 * conventions, search values; each with the place where it was written. */
#include "check.h"
#include "gradus/base.h"
#include "language_tables.h"

static gradus_spec *spec; /* of the test that runs */

static int release(void **state)
{
    (void)state;
    gradus_spec_destroy(spec);
    spec = NULL;
    return 0;
}

static const gradus_chain *bind_like(const char *family, const char *text, const char *like)
{
    gradus_error error = {0};
    release(NULL);
    spec = gradus_spec_create(text, &(gradus_spec_config){.family = family, .language = &small_language, .like = like},
                              &error);
    if (!spec) fail_msg("%s %s: %s", family, text, error.message);
    return gradus_spec_chain(spec);
}

static const gradus_chain *bind(const char *family, const char *text) { return bind_like(family, text, NULL); }

static const gradus_value *value(const gradus_chain *chain, int32_t item, const char *name)
{
    assert_true(item < chain->count);
    const gradus_value *found = gradus_item_value(&chain->items[item], name);
    assert_non_null(found);
    return found;
}

static void check_place(const char *text, gradus_where place, const char *written)
{
    assert_int_equal(place.source, 0);
    assert_int_equal(place.length, strlen(written));
    assert_memory_equal(text + place.offset, written, strlen(written));
}

static void test_numbers_and_shares(void **state)
{
    (void)state;
    const struct {
        const char *written;
        double number;
    } cases[] = {{"12", 12},           {"-0.5", -0.5}, {".5", 0.5}, {"5.", 5},       {"1e-3", 1e-3},
                 {"1/255", 1.0 / 255}, {"3k", 3000},   {"2M", 2e6}, {"1.5B", 1.5e9}, {"+2", 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[64];
        snprintf(text, sizeof text, "mixup(%s)", cases[i].written);
        const gradus_value *alpha = value(bind("augment", text), 0, "alpha");
        assert_true(alpha->number == cases[i].number);
        assert_true(alpha->given && alpha->present && !alpha->name);
        check_place(text, alpha->place, cases[i].written);
    }
    assert_true(value(bind("schedule", "cosine(to=5.5%)"), 0, "to")->number == 0.055);
    assert_int_equal(value(bind("schedule", "cosine(to=5.5%)"), 0, "to")->unit, GRADUS_IN_PERCENT);
    assert_int_equal(value(bind("schedule", "cosine(to=0.055)"), 0, "to")->unit, 0);
}

static void test_lengths(void **state)
{
    (void)state;
    const struct {
        const char *written;
        double number;
        int unit;
    } cases[] = {{"500", 500, GRADUS_IN_UPDATES},
                 {"500 updates", 500, GRADUS_IN_UPDATES},
                 {"3ep", 3, GRADUS_IN_EPOCHS},
                 {"3 ep", 3, GRADUS_IN_EPOCHS},
                 {"2M tokens", 2e6, GRADUS_IN_TOKENS},
                 {"2Mtokens", 2e6, GRADUS_IN_TOKENS},
                 {"1k samples", 1000, GRADUS_IN_SAMPLES},
                 {"10%", 0.1, GRADUS_IN_PERCENT},
                 {"10 %", 0.1, GRADUS_IN_PERCENT},
                 {"90s", 90, GRADUS_IN_SECONDS},
                 {"1.5min", 90, GRADUS_IN_SECONDS},
                 {"2 h", 7200, GRADUS_IN_SECONDS},
                 {"1/3 ep", 1.0 / 3, GRADUS_IN_EPOCHS},
                 {"0", 0, GRADUS_IN_UPDATES}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[64];
        snprintf(text, sizeof text, "warmup( %s )", cases[i].written);
        const gradus_value *length = value(bind("schedule", text), 0, "length");
        assert_true(length->number == cases[i].number);
        assert_int_equal(length->unit, cases[i].unit);
        check_place(text, length->place, cases[i].written);
    }
}

static void test_words_flags_and_texts(void **state)
{
    (void)state;
    const gradus_chain *chain = bind("schedule", "decay(20%, shape=1-sqrt) > exponential(0.9, staircase)");
    assert_true(value(chain, 0, "shape")->number == 2);
    assert_string_equal(value(chain, 0, "shape")->text, "1-sqrt");
    assert_true(value(chain, 1, "staircase")->number == 1);
    assert_true(value(bind("schedule", "exponential(0.9, staircase=false)"), 0, "staircase")->number == 0);
    chain = bind("gradient", "clip_norm(1, order=inf)");
    assert_true(value(chain, 0, "order")->number == -1);
    assert_string_equal(value(chain, 0, "order")->text, "inf");
    assert_true(value(bind("model", "conv(8, 3, pad=same)"), 0, "pad")->items[0].number == -1);
    assert_string_equal(value(bind("data", "csv('a \\'b\\'\\t\\\\.csv')"), 0, "file")->text, "a 'b'\t\\.csv");
    assert_string_equal(value(bind("data", "csv(2024.csv, target=true)"), 0, "target")->text, "true");
    assert_string_equal(value(bind("data", "données/2024.csv"), 0, "file")->text, "données/2024.csv");
    assert_string_equal(value(bind("data", "\"house prices.csv\""), 0, "file")->text, "house prices.csv");
    assert_string_equal(value(bind("feedback", "plateau(\"val loss\")"), 0, "metric")->text, "val loss");
}

static void test_lists_points_and_many(void **state)
{
    (void)state;
    const gradus_value *at = value(bind("schedule", "multistep([30ep, 60ep], 10%)"), 0, "at");
    assert_int_equal(at->count, 2);
    assert_true(at->items[1].number == 60 && at->items[1].unit == GRADUS_IN_EPOCHS);
    assert_int_equal(value(bind("schedule", "multistep(5)"), 0, "at")->count, 1);
    const gradus_value *points =
        value(bind("schedule", "piecewise([0, 0], [5ep, 10%], interpolate=linear)"), 0, "points");
    assert_int_equal(points->count, 2);
    assert_true(points->items[1].items[0].number == 5 && points->items[1].items[1].number == 0.1);
    const gradus_value *parts = value(bind("schedule", "product(warmup(5) > hold, cosine)"), 0, "parts");
    assert_int_equal(parts->count, 2);
    assert_int_equal(parts->items[0].chain->count, 2);
    assert_string_equal(parts->items[1].chain->items[0].member->name, "cosine");
}

static void test_chains_groups_and_counts(void **state)
{
    (void)state;
    const char *text = "((dense(1) > relu) > none > 1 * (tanh) > 3 * dense(2) > 2 * (relu > 4 * tanh))";
    const gradus_chain *chain = bind("model", text);
    assert_int_equal(chain->count, 5);
    assert_int_equal(chain->items[3].repeat, 3);
    assert_string_equal(chain->items[3].member->name, "dense");
    check_place(text, chain->items[3].place, "3 * dense(2)");
    check_place(text, chain->items[3].name_place, "dense");
    assert_null(chain->items[4].member);
    assert_int_equal(chain->items[4].repeat, 2);
    assert_int_equal(chain->items[4].group->count, 2);
    assert_int_equal(chain->items[4].group->items[1].repeat, 4);
    assert_int_equal(bind("schedule", "none")->count, 0);
    assert_int_equal(bind("optimizer", "(((adam)))")->count, 1);
    assert_int_equal(value(bind("model", "residual(relu)"), 0, "shortcut")->chain->count, 0);
}

static void test_defaults(void **state)
{
    (void)state;
    const char *text = "warmup(5) > cosine";
    const gradus_chain *chain = bind("schedule", text);
    const gradus_value *to = value(chain, 1, "to"), *length = value(chain, 1, "length");
    assert_true(to->present && !to->given && to->number == 0);
    check_place(text, to->place, "cosine");
    assert_true(!length->present && !length->given);
    const gradus_value *other = value(bind("optimizer", "muon"), 0, "other");
    assert_string_equal(other->chain->items[0].member->name, "adamw");
    assert_true(gradus_item_value(&other->chain->items[0], "weight_decay")->number == 0.1);
    assert_int_equal(gradus_item_argument(&bind("optimizer", "muon")->items[0], 3)->kind, GRADUS_WORD);
    assert_null(gradus_item_argument(&gradus_spec_chain(spec)->items[0], 4));
    assert_null(gradus_item_value(&gradus_spec_chain(spec)->items[0], "nothing"));
}

static void test_own_parameters_win_over_common_ones(void **state)
{
    (void)state;
    const gradus_item *item = &bind("schedule", "cosine(5)")->items[0];
    assert_int_equal(item->value_count, 6);
    assert_true(item->values[0].number == 5 && item->values[4].number == 5);
}

static void test_labels_references_and_own_names(void **state)
{
    (void)state;
    const gradus_chain *chain = bind("model", "embedding(8, name=wte) > dense(10, tie=wte)");
    assert_string_equal(chain->items[0].label, "wte");
    assert_string_equal(value(chain, 1, "tie")->text, "wte");
    chain = bind("model", "outputs(digit=dense(10) > softmax, parity=dense(1))");
    assert_int_equal(chain->items[0].extra_count, 2);
    assert_string_equal(chain->items[0].extra[1].name, "parity");
    assert_int_equal(chain->items[0].extra[0].value.chain->count, 2);
    chain = bind("group", "match(\"*.bias\", lr_scale=0.1, weight_decay=0)");
    assert_int_equal(chain->items[0].extra_count, 2);
    assert_true(chain->items[0].extra[0].value.number == 0.1);
}

static void test_scheduled_numbers(void **state)
{
    (void)state;
    const gradus_chain *chain = bind("optimizer", "sgd(momentum=linear(30%) > hold, weight_decay=cosine)");
    assert_int_equal(value(chain, 0, "momentum")->chain->count, 2);
    assert_ptr_equal(value(chain, 0, "momentum")->chain->family, &schedule_table);
    assert_int_equal(value(chain, 0, "weight_decay")->chain->count, 1);
}

static void test_conventions_of_others(void **state)
{
    (void)state;
    const gradus_chain *chain = bind("schedule", "cosine(T_max=20, eta_min=1e-5, like=torch)");
    const gradus_item *item = &chain->items[0];
    assert_string_equal(item->like->framework, "torch");
    assert_true(item->like_given);
    assert_true(value(chain, 0, "length")->number == 20);
    assert_string_equal(value(chain, 0, "length")->name, "T_max");
    assert_true(value(chain, 0, "to")->absolute && value(chain, 0, "to")->number == 1e-5);
    assert_string_equal(value(chain, 0, "past")->text, "mirror");
    assert_true(value(chain, 0, "past")->present && !value(chain, 0, "past")->given);
    chain = bind("schedule", "cosine(k_decay=4, like=timm)");
    assert_true(value(chain, 0, "from")->number == 0.25 && value(chain, 0, "to")->number == 0.1);
    assert_string_equal(chain->items[0].like->title, "CosineLRScheduler");
    /* of several rows the one that knows the names, or the one that is named */
    assert_true(value(bind("schedule", "cosine(ub=0, like=timm)"), 0, "to")->number == 0.2);
    assert_true(value(bind("schedule", "cosine(t_initial=5, like=timm)"), 0, "to")->number == 0.1);
    assert_true(value(bind("schedule", "cosine(t_initial=5, like=timm.TanhLRScheduler)"), 0, "to")->number == 0.2);
    /* their flag is a choice here */
    assert_string_equal(value(bind("schedule", "cosine(cycle=true, like=timm)"), 0, "past")->text, "repeat");
    assert_string_equal(value(bind("schedule", "cosine(cycle=false, like=timm)"), 0, "past")->text, "hold");
    assert_string_equal(value(bind("schedule", "cosine(cycle=mirror, like=timm)"), 0, "past")->text, "mirror");
    chain = bind_like("schedule", "warmup(5) > cosine(T_max=20) > cosine(1, like=timm)", "torch");
    assert_null(chain->items[0].like);
    assert_string_equal(chain->items[1].like->framework, "torch");
    assert_false(chain->items[1].like_given);
    assert_string_equal(chain->items[2].like->framework, "timm");
}

static void test_search_values(void **state)
{
    (void)state;
    const gradus_chain *chain =
        bind("optimizer",
             "choice(sgd(momentum=uniform(0.8, 0.99), nesterov=choice(true, false)), adamw(weight_decay=search))");
    const gradus_open *open, *choice = chain->items[0].open;
    assert_int_equal(choice->search, GRADUS_CHOICE);
    assert_int_equal(choice->count, 2);
    const gradus_chain *sgd = &choice->chains[0], *adamw = &choice->chains[1];
    assert_true(value(sgd, 0, "momentum")->open->low == 0.8 && value(sgd, 0, "momentum")->open->high == 0.99);
    assert_true(value(sgd, 0, "nesterov")->open->values[0].number == 1);
    assert_int_equal(value(adamw, 0, "weight_decay")->open->search, GRADUS_LOGUNIFORM);
    const char *const paths[] = {"", "sgd.momentum", "sgd.nesterov", "adamw.weight_decay"};
    assert_int_equal(gradus_spec_open_count(spec), 4);
    for (int i = 0; i < 4; i++) assert_string_equal(gradus_spec_open_path(spec, i, &open), paths[i]);
    assert_int_equal(open->search, GRADUS_LOGUNIFORM);
    assert_null(gradus_spec_open_path(spec, 4, &open));
    assert_null(open);
    const gradus_open *units = value(bind("model", "dense(int(16, 512, log))"), 0, "units")->open;
    assert_true(units->logarithmic && units->low == 16 && units->high == 512);
    assert_int_equal(value(bind("schedule", "warmup(uniform(1ep, 5ep))"), 0, "length")->open->unit, GRADUS_IN_EPOCHS);
    assert_int_equal(value(bind("model", "conv(8, choice([3, 5], 3))"), 0, "kernel")->open->values[0].count, 2);
    bind("model", "dense(search, name=a) > repeat(int(2, 8), dense(search) > dense(search)) > choice(none, "
                  "dropout(uniform(0, 0.5)))");
    const char *const more[] = {"a.units", "repeat.times", "repeat.body.dense.1.units", "repeat.body.dense.2.units",
                                "choice",  "dropout.rate"};
    assert_int_equal(gradus_spec_open_count(spec), 6);
    for (int i = 0; i < 6; i++) assert_string_equal(gradus_spec_open_path(spec, i, NULL), more[i]);
}

static void test_search_under_other_names(void **state)
{
    (void)state;
    const gradus_value *to = value(bind("schedule", "cosine(eta_min=choice(1e-5, 1e-4), like=torch)"), 0, "to");
    assert_true(to->absolute && to->open->values[0].absolute && to->open->values[1].number == 1e-4);
    to = value(bind("schedule", "cosine(eta_min=loguniform(1e-5, 1e-4), like=torch)"), 0, "to");
    assert_true(to->absolute && to->open->high == 1e-4);
    gradus_error error = {0};
    assert_null(gradus_spec_create("cosine(k_decay=uniform(1, 2), like=timm)",
                                   &(gradus_spec_config){.family = "schedule", .language = &small_language}, &error));
    assert_string_equal(error.near, "from");
}

static void test_words_that_searches_use_elsewhere(void **state)
{
    (void)state;
    assert_string_equal(value(bind("init", "xavier(uniform)"), 0, "distribution")->text, "uniform");
    assert_string_equal(value(bind("data", "csv(search)"), 0, "file")->text, "search");
}

static void test_single_values(void **state)
{
    (void)state;
    const gradus_argument rate = {.name = "lr",
                                  .kind = GRADUS_NUMBER,
                                  .high = INFINITY,
                                  .open = "(",
                                  .words = "auto",
                                  .search = "loguniform(1e-5, 1)"};
    const gradus_argument batch = {.name = "batch", .kind = GRADUS_INTEGER, .low = 1, .high = INFINITY};
    const struct {
        const char *text;
        const gradus_argument *row;
        const char *printed, *message;
    } cases[] = {{"0.1", &rate, "0.1", NULL},
                 {" auto ", &rate, "auto", NULL},
                 {"search", &rate, "loguniform(1e-5, 1)", NULL},
                 {"loguniform(1e-4,1)", &rate, "loguniform(0.0001, 1)", NULL},
                 {"1k", &batch, "1000", NULL},
                 {"choice(32, 64)", &batch, "choice(32, 64)", NULL},
                 {"0", &rate, NULL, "lr must be above 0, not 0"},
                 {"0.1 > 5", &rate, NULL, "expected a number or auto, found '0.1 > 5'"},
                 {"1.5", &batch, NULL, "expected a whole number, found '1.5'"},
                 {"[1, \"a b\", f(x, n=2*(a>b))]", NULL, "[1, \"a b\", f(x, n=2 * (a > b))]", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char printed[64];
        gradus_error error = {0};
        gradus_spec *one = gradus_spec_create(
            cases[i].text, &(gradus_spec_config){.family = "value", .argument = cases[i].row}, &error);
        if (cases[i].message)
            assert_string_equal(error.message, cases[i].message);
        else {
            assert_non_null(one);
            assert_non_null(gradus_spec_value(one));
            gradus_spec_print(one, GRADUS_PRINT_CANONICAL, printed, sizeof printed);
            assert_string_equal(printed, cases[i].printed);
        }
        gradus_spec_destroy(one);
    }
}

static void test_members_of_ones_own(void **state)
{
    (void)state;
    gradus_error error = {0};
    gradus_context *context = gradus_context_create(NULL, &error);
    const gradus_member hump = {.name = "hump",
                                .arguments = ROWS{{.name = "peak_at", .kind = GRADUS_SHARE, .initial = "30%"}, {0}}};
    assert_int_equal(gradus_context_add_member(context, "schedule", &hump, &error), GRADUS_OK);
    gradus_language language = {.families = small_language.families, .context = context};
    gradus_spec *own = gradus_spec_create("warmup(5) > hump(20%)",
                                          &(gradus_spec_config){.family = "schedule", .language = &language}, &error);
    assert_non_null(own);
    assert_true(value(gradus_spec_chain(own), 1, "peak_at")->number == 0.2);
    gradus_spec_destroy(own);
    assert_null(gradus_spec_create("humb", &(gradus_spec_config){.family = "schedule", .language = &language}, &error));
    assert_string_equal(error.near, "hump");
    gradus_context_destroy(context);
}

static void test_lengths_convert(void **state)
{
    (void)state;
    const gradus_units units = {.total = 20,
                                .total_unit = GRADUS_EPOCHS,
                                .updates_per_epoch = 391,
                                .samples_per_update = 128,
                                .tokens_per_update = 1024};
    assert_true(gradus_length_convert(&units, 0.1, GRADUS_IN_PERCENT, GRADUS_EPOCHS) == 2);
    assert_true(gradus_length_convert(&units, 0.1, GRADUS_IN_PERCENT, GRADUS_UPDATES) == 782);
    assert_true(gradus_length_convert(&units, 2, GRADUS_IN_EPOCHS, GRADUS_SAMPLES) == 2 * 391 * 128);
    assert_true(gradus_length_convert(&units, 1e6, GRADUS_IN_TOKENS, GRADUS_UPDATES) == 1e6 / 1024);
    assert_true(gradus_length_convert(&units, 7, GRADUS_IN_SECONDS, GRADUS_SECONDS) == 7);
    assert_true(isnan(gradus_length_convert(&units, 7, GRADUS_IN_SECONDS, GRADUS_UPDATES)));
    assert_true(isnan(gradus_length_convert(&units, 7, GRADUS_IN_UPDATES, GRADUS_SECONDS)));
    assert_true(isnan(gradus_length_convert(&(gradus_units){0}, 0.5, GRADUS_IN_PERCENT, GRADUS_UPDATES)));
    assert_true(isnan(gradus_length_convert(&(gradus_units){0}, 5, GRADUS_IN_EPOCHS, GRADUS_UPDATES)));
    assert_true(gradus_length_convert(&(gradus_units){0}, 5, GRADUS_IN_EPOCHS, GRADUS_EPOCHS) == 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_teardown(test_numbers_and_shares, release),
                                       cmocka_unit_test_teardown(test_lengths, release),
                                       cmocka_unit_test_teardown(test_words_flags_and_texts, release),
                                       cmocka_unit_test_teardown(test_lists_points_and_many, release),
                                       cmocka_unit_test_teardown(test_chains_groups_and_counts, release),
                                       cmocka_unit_test_teardown(test_defaults, release),
                                       cmocka_unit_test_teardown(test_own_parameters_win_over_common_ones, release),
                                       cmocka_unit_test_teardown(test_labels_references_and_own_names, release),
                                       cmocka_unit_test_teardown(test_scheduled_numbers, release),
                                       cmocka_unit_test_teardown(test_conventions_of_others, release),
                                       cmocka_unit_test_teardown(test_search_values, release),
                                       cmocka_unit_test_teardown(test_search_under_other_names, release),
                                       cmocka_unit_test_teardown(test_words_that_searches_use_elsewhere, release),
                                       cmocka_unit_test(test_single_values),
                                       cmocka_unit_test(test_members_of_ones_own),
                                       cmocka_unit_test(test_lengths_convert)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
