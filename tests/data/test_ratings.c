/* Ratings: users and items as symbols, one behind the other; what is generated; the place of every mistake. */
#include "sets.h"

static void test_symbols(void **state)
{
    (void)state;
    gradus_batch batch;
    put("r.csv", "who,what,stars,when\nann,tea,5,1\nbob,milk,1,2\nann,milk,3,3\n");
    put("t.csv", "who,what,stars,when\nbob,tea,4,9\n");
    static const char text[] = "ratings(r.csv, user=who, item=what, rating=stars, test=t.csv)";
    gradus_data *data = set_must_open(text, "none");
    const gradus_data_info *about = gradus_data_about(data);
    assert_string_equal(about->title, "r, 3 ratings of 2 items by 2 users");
    assert_int_equal(about->symbols, 4);
    assert_int_equal(about->positions, 0);
    assert_int_equal(about->shape[0], 2);
    assert_int_equal(about->targets[0].outputs, 1);
    assert_float_equal(about->targets[0].base[0], 3, 0); /* the training rows' */
    check_close(about->targets[0].spread[0], sqrt(8.0 / 3), 1e-12, 0);
    gradus_loader *loader = whole_part(data, GRADUS_TRAINING, &batch);
    static const float pairs[] = {0, 3, 1, 2, 0, 2}; /* ann bob milk tea */
    assert_memory_equal(batch.inputs, pairs, sizeof pairs);
    check_close((double)batch.numbers[0], 2 / sqrt(8.0 / 3), 1e-6, 0);
    gradus_loader_destroy(loader);
    loader = whole_part(data, GRADUS_TEST, &batch);
    assert_float_equal(batch.inputs[0], 1, 0);
    assert_float_equal(batch.inputs[1], 3, 0);
    gradus_loader_destroy(loader);
    put("p.csv", "user,item\nbob,milk\nann,tea\n");
    gradus_data *again = set_recalled(data), *inputs = gradus_data_open_inputs(again, in_folder("p.csv"), NULL);
    assert_non_null(inputs);
    loader = whole_part(inputs, GRADUS_TEST, &batch);
    static const float asked[] = {1, 2, 0, 3};
    assert_memory_equal(batch.inputs, asked, sizeof asked);
    gradus_loader_destroy(loader);
    gradus_data_close(inputs);
    gradus_data_close(again);
    gradus_data_close(data);
    put("n.tsv", "7\t3\t2.5\n8\t4\t1\n"); /* no header: the first three */
    data = set_must_open("ratings(n.tsv, test=none, target_scale=none)", "none");
    loader = whole_part(data, GRADUS_TRAINING, &batch);
    assert_int_equal(batch.count, 2);
    assert_float_equal(batch.numbers[0], 2.5, 0);
    gradus_loader_destroy(loader);
    gradus_data_close(data);
}

/* The best that can be done is to tell u . v: what is left is the noise. The ratings of one user and item do not depend on how many
 * there are. */
static void test_low_rank(void **state)
{
    (void)state;
    gradus_batch few, all;
    gradus_data *a = set_must_open("low_rank(30, 20, 2, noise=0, count=60, test=none, target_scale=none)", "none");
    gradus_data *b = set_must_open("low_rank(30, 20, 2, noise=0.5, count=600, test=none, target_scale=none)", "none");
    assert_int_equal(gradus_data_about(a)->symbols, 50);
    gradus_loader *first = whole_part(a, GRADUS_TRAINING, &few), *second = whole_part(b, GRADUS_TRAINING, &all);
    double squares = 0, table[30][20] = {{0}};
    int32_t met = 0;
    for (int32_t i = 0; i < all.count; i++) {
        const int32_t user = (int32_t)all.inputs[2 * i], item = (int32_t)all.inputs[2 * i + 1] - 30;
        assert_in_range(user, 0, 29);
        assert_in_range(item, 0, 19);
        assert_true(table[user][item] == 0); /* no pair twice */
        table[user][item] = (double)all.numbers[i];
    }
    for (int32_t i = 0; i < few.count; i++, met++) {
        const double off =
            table[(int32_t)few.inputs[2 * i]][(int32_t)few.inputs[2 * i + 1] - 30] - (double)few.numbers[i];
        squares += off * off;
    }
    check_close(sqrt(squares / met), 0.5, 0.25, 0); /* four deviations of a mean over 60 */
    gradus_loader_destroy(first);
    gradus_loader_destroy(second);
    gradus_data_close(a);
    gradus_data_close(b);
}

/* Without noise every 3 x 3 block of a table of rank 2 has determinant 0. */
static void test_rank(void **state)
{
    (void)state;
    gradus_batch all;
    gradus_data *data = set_must_open("low_rank(5, 5, 2, noise=0, count=25, test=none, target_scale=none)", "none");
    gradus_loader *loader = whole_part(data, GRADUS_TRAINING, &all);
    double t[5][5];
    for (int32_t i = 0; i < 25; i++)
        t[(int32_t)all.inputs[2 * i]][(int32_t)all.inputs[2 * i + 1] - 5] = (double)all.numbers[i];
    const double determinant = t[0][0] * (t[1][1] * t[2][2] - t[1][2] * t[2][1]) -
                               t[0][1] * (t[1][0] * t[2][2] - t[1][2] * t[2][0]) +
                               t[0][2] * (t[1][0] * t[2][1] - t[1][1] * t[2][0]);
    check_close(determinant, 0, 0, 1e-6);
    assert_true(fabs(t[0][0] * t[1][1] - t[0][1] * t[1][0]) > 1e-3);
    gradus_loader_destroy(loader);
    gradus_data_close(data);
}

/* Ratings are about as large whatever the rank is: their mean square is 1. */
static void test_size(void **state)
{
    (void)state;
    static const char *const texts[] = {"low_rank(150, 150, 1, noise=0, count=22500, test=none, target_scale=none)",
                                        "low_rank(150, 150, 9, noise=0, count=22500, test=none, target_scale=none)"};
    for (int k = 0; k < 2; k++) {
        gradus_batch batch;
        gradus_data *data = set_must_open(texts[k], "none");
        gradus_loader *loader = whole_part(data, GRADUS_TRAINING, &batch);
        double squares = 0;
        for (int32_t i = 0; i < batch.count; i++) squares += (double)batch.numbers[i] * (double)batch.numbers[i];
        check_close(squares / batch.count, 1, 0.5, 0); /* more than two deviations: of 150 users and 150 items */
        gradus_loader_destroy(loader);
        gradus_data_close(data);
    }
}

static void test_mistakes(void **state)
{
    (void)state;
    put("r.csv", "who,what,stars\nann,tea,5\nbob,,1\n");
    set_must_fail("ratings(r.csv)", "none", "DIR/r.csv:3:5: nothing stands here, expected an item");
    put("r.csv", "who,what,stars\nann,tea,5\nbob,tea,good\n");
    set_must_fail("ratings(r.csv)", "none", "DIR/r.csv:3:9: 'good' is no rating; expected a number");
    set_must_fail("ratings(r.csv, user=whom)", "none",
                  "DIR/r.csv has no column 'whom'; it has 3 columns, numbered from 1");
    put("t.csv", "who,what,stars\nbob,coffee,1\n");
    put("r.csv", "who,what,stars\nann,tea,5\nbob,tea,2\n");
    set_must_fail("ratings(r.csv, test=t.csv)", "none",
                  "DIR/t.csv:2:5: 'coffee' is no item of training, which knows 1 of them");
    put("r.csv", "ann,tea\n");
    set_must_fail("ratings(r.csv)", "none", "DIR/r.csv:1:1: 2 columns, expected a user, an item and a rating");
    put("r.csv", "a,b,1\nc,d,1,3\n");
    set_must_fail("ratings(r.csv)", "none", "DIR/r.csv:2:1: 4 fields, expected 3 as the first row has");
    put("r.csv", "a,b,c\n");
    set_must_fail("ratings(r.csv)", "none", "DIR/r.csv: no rows");
    set_must_fail("low_rank(3, 3, 1, count=10)", "none",
                  "3 users and 3 items have 9 ratings; expected count= no larger, and at most 1e8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_symbols), cmocka_unit_test(test_low_rank),
                                       cmocka_unit_test(test_rank), cmocka_unit_test(test_size),
                                       cmocka_unit_test(test_mistakes)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
