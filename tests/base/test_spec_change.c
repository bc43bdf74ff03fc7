/* Changes from the command line reach the one parameter that is meant, print as if they had been written there, and are placed in
 * their own text when they are wrong. */
#include "check.h"
#include "gradus/base.h"
#include "language_tables.h"

static gradus_spec *change(const char *family, const char *text, const char *const *changes, gradus_error *error)
{
    *error = (gradus_error){0};
    gradus_spec_config config = {.family = family, .language = &small_language, .changes = changes, .prefix = "key."};
    return gradus_spec_create(text, &config, error);
}

static void check_becomes(const char *family, const char *text, const char *one, const char *expected)
{
    char printed[512];
    gradus_error error;
    gradus_spec *spec = change(family, text, (const char *const[]){one, NULL}, &error);
    if (!spec) fail_msg("%s with %s: %s", text, one, error.message);
    gradus_spec_print(spec, GRADUS_PRINT_CANONICAL, printed, sizeof printed);
    assert_string_equal(printed, expected);
    gradus_spec_destroy(spec);
}

static void check_fails(const char *family, const char *text, const char *one, int column, int length,
                        const char *words)
{
    gradus_error error;
    gradus_spec *spec = change(family, text, (const char *const[]){one, NULL}, &error);
    if (spec) fail_msg("%s with %s is accepted", text, one);
    if (!strstr(error.message, words)) fail_msg("%s with %s: %s", text, one, error.message);
    assert_int_equal(error.source, 1);
    assert_int_equal(error.line, 1);
    assert_int_equal(error.column, column);
    assert_int_equal(error.length, length);
}

static void test_parameters_of_one_call(void **state)
{
    (void)state;
    check_becomes("optimizer", "sgd", "momentum=0.9", "sgd(momentum=0.9)");
    check_becomes("optimizer", "sgd(momentum=0.5)", "momentum=0.9", "sgd(momentum=0.9)");
    check_becomes("optimizer", "sgd(momentum=0.5)", "sgd.momentum=0.9", "sgd(momentum=0.9)");
    check_becomes("optimizer", "sgd(momentum=0.5, nesterov)", "nesterov=false", "sgd(momentum=0.5)");
    check_becomes("optimizer", "sgd", "momentum=linear(30%, to=0.5) > hold",
                  "sgd(momentum=linear(30%, to=0.5) > hold)");
    check_becomes("schedule", "warmup(5%)", "length=10%", "warmup(10%)");
    check_becomes("schedule", "cosine", "like=torch", "cosine(like=torch)");
    check_becomes("schedule", "cosine(T_max=20, like=torch)", "T_max=30", "cosine(T_max=30, like=torch)");
    check_becomes("schedule", "cosine(T_max=20, like=torch)", "length=30", "cosine(length=30, like=torch)");
    check_becomes("data", "house.csv", "target=price", "csv(house.csv, target=price)");
    check_becomes("model", "relu", "name=head", "relu(name=head)");
}

static void test_members_of_a_chain(void **state)
{
    (void)state;
    check_becomes("schedule", "warmup(5%) > cosine", "warmup.length=10%", "warmup(10%) > cosine");
    check_becomes("model", "dense(10) > relu > dense(5, name=head)", "head.units=100",
                  "dense(10) > relu > dense(100, name=head)");
    check_becomes("model", "dense(10) > relu > dense(5)", "dense.2.units=7", "dense(10) > relu > dense(7)");
    check_becomes("model", "2 * (conv(8, 3) > relu) > dense(5)", "conv.kernel=[5, 7]",
                  "2 * (conv(8, [5, 7]) > relu) > dense(5)");
    check_becomes("model", "choice(dense(5), conv(1, 1)) > relu", "dense.units=6",
                  "choice(dense(6), conv(1, 1)) > relu");
    check_becomes("group", "match(\"*.bias\")", "weight_decay=0", "match(\"*.bias\", weight_decay=0)");
}

static void test_deeper(void **state)
{
    (void)state;
    check_becomes("optimizer", "lookahead(sam(radam), every=6)", "inner.inner.beta1=0.8",
                  "lookahead(sam(radam(beta1=0.8)), every=6)");
    check_becomes("optimizer", "lookahead(sam(radam), every=6)", "sam.radam.beta1=0.8",
                  "lookahead(sam(radam(beta1=0.8)), every=6)");
    check_becomes("optimizer", "lookahead(sam(radam), every=6)", "sam.rho=0.1",
                  "lookahead(sam(radam, rho=0.1), every=6)");
    check_becomes("optimizer", "muon", "other.weight_decay=0.2", "muon(other=adamw(weight_decay=0.2))");
    check_becomes("optimizer", "sgd(momentum=linear(30%) > hold)", "momentum.linear.to=0.5",
                  "sgd(momentum=linear(30%, to=0.5) > hold)");
    check_becomes("model", "residual(conv(8, 3) > relu) > relu", "residual.conv.channels=16",
                  "residual(conv(16, 3) > relu) > relu");
    check_becomes("model", "outputs(digit=dense(10), parity=dense(1))", "digit.units=11",
                  "outputs(digit=dense(11), parity=dense(1))");
    check_becomes("model", "2 * residual(conv(8, 3, name=a) > relu) > relu", "a.channels=16",
                  "2 * residual(conv(16, 3, name=a) > relu) > relu");
    check_becomes("model", "concat(dense(1) > relu, dense(2))", "concat.parts.dense.2.units=3",
                  "concat(dense(1) > relu, dense(3))");
    check_becomes("model", "concat(dense(1, name=a), dense(2))", "concat.a.units=3",
                  "concat(dense(3, name=a), dense(2))");
}

static void test_several_in_order(void **state)
{
    (void)state;
    char printed[256];
    gradus_error error;
    gradus_spec *spec =
        change("optimizer", "sgd", (const char *const[]){"momentum=0.9", "nesterov=true", "state=8bit", NULL}, &error);
    assert_non_null(spec);
    gradus_spec_print(spec, GRADUS_PRINT_CANONICAL, printed, sizeof printed);
    assert_string_equal(printed, "sgd(momentum=0.9, nesterov, state=8bit)");
    gradus_spec_destroy(spec);
    assert_null(change("optimizer", "sgd", (const char *const[]){"momentum=0.9", "sgd.momentum=0.8", NULL}, &error));
    assert_string_equal(error.message, "'momentum' is changed twice");
    assert_int_equal(error.source, 2);
    assert_int_equal(error.column, 5);
    assert_int_equal(error.code, GRADUS_CODE_REPEATED);
}

static void test_mistakes_are_placed_in_the_change(void **state)
{
    (void)state;
    check_fails("schedule", "warmup(5%) > cosine", "warmup=10%", 1, 6,
                "'warmup' is a whole schedule; write key.warmup.length=10%");
    check_fails("schedule", "warmup(5%) > cosine", "warmup.lenght=10%", 8, 6,
                "'warmup' has no parameter 'lenght'; did you mean 'length'?");
    check_fails("schedule", "warmup(5%) > cosine", "cosin.length=10%", 1, 5, "no schedule is called 'cosin' here");
    check_fails("schedule", "warmup(5%) > cosine", "length=10%", 1, 6, "write its name first: key.warmup.length=10%");
    check_fails("schedule", "warmup(5%) > cosine", "warmup.length=-5", 15, 2, "must be at least 0");
    check_fails("schedule", "warmup(5%) > cosine", "warmup.length=5 epochs", 17, 6,
                "'epochs' is no unit; did you mean 'ep'?");
    check_fails("schedule", "warmup(5%) > cosine", "warmup.length=(5", 15, 1, "'(' is never closed");
    check_fails("schedule", "none", "warmup.length=5", 1, 6, "there is no schedule here to change");
    check_fails("model", "dense(1) > relu > dense(2)", "dense.units=5", 1, 5,
                "2 layers are called 'dense'; write key.dense.1 to key.dense.2");
    check_fails("model", "dense(1) > relu", "relu=5", 1, 4, "'relu' is a whole layer; write key.relu.name=5");
    check_fails("model", "concat(relu, tanh) > relu", "concat.parts=relu", 8, 5, "'parts' holds several values");
    check_fails("optimizer", "sgd", "momentum", 1, 8, "a change is written parameter=value");
    check_fails("optimizer", "sgd", "momentum=", 10, 0, "nothing is written here");
    check_fails("optimizer", "sgd", ".momentum=1", 1, 0, "a name is missing in this path");
    check_fails("optimizer", "sgd", "a..b=1", 3, 0, "a name is missing in this path");
    check_fails("optimizer", "sgd", "=1", 1, 0, "a name is missing in this path");
    check_fails("optimizer", "sgd", "lr=0.1", 1, 2, "the rate is the run's own setting: lr=0.1");
    check_fails("optimizer", "sgd", "momentum.length=1", 1, 8,
                "'momentum' is a plain value here, so nothing in it can change");
    check_fails("optimizer", "sgd(momentum=0.5)", "momentum.linear.to=1", 1, 8,
                "'momentum' is a plain value here, so nothing");
    check_fails("model", "dense(1)", "init.distribution=uniform", 1, 4, "'init' is not given here");
    check_fails("optimizer", "lookahead(sgd)", "momemtum.x.y=1", 1, 8,
                "'lookahead' has no parameter 'momemtum', and nothing in it is called so");
}

static void test_mistakes_of_the_text_stay_in_the_text(void **state)
{
    (void)state;
    gradus_error error;
    assert_null(change("optimizer", "sgd(momentun=0.5)", (const char *const[]){"nesterov=true", NULL}, &error));
    assert_int_equal(error.source, 0);
    assert_int_equal(error.column, 5);
    char path[600] = "";
    for (int i = 0; i < 100; i++) strcat(path, "sgd.");
    strcat(path, "momentum=1");
    assert_null(change("optimizer", "sgd", (const char *const[]){path, NULL}, &error));
    assert_int_equal(error.code, GRADUS_CODE_TOO_DEEP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_parameters_of_one_call),
                                       cmocka_unit_test(test_members_of_a_chain),
                                       cmocka_unit_test(test_deeper),
                                       cmocka_unit_test(test_several_in_order),
                                       cmocka_unit_test(test_mistakes_are_placed_in_the_change),
                                       cmocka_unit_test(test_mistakes_of_the_text_stay_in_the_text)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
