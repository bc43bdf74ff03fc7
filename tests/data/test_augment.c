/* Augmentations on pictures small enough to be seen through, their chances counted, and chains that cannot be. */
#include "../../src/data/augment.h"
#include "sets.h"

enum { MOST = 64 };

/* Makes one step of an augmentation; returns how many values come out, and their shape in place. */
static size_t step(const char *text, int64_t shape[8], const float *values, float *into, uint64_t key)
{
    gradus_error error = {0};
    gradus_spec *spec =
        gradus_spec_create(text, &(gradus_spec_config){.family = "augment", .language = &set_language}, &error);
    if (!spec) fail_msg("%s: %s", text, error.message);
    const gradus_item *item = gradus_spec_chain(spec)->items;
    const gradus_augmentation *row = (const gradus_augmentation *)item->member;
    int64_t before[8];
    memcpy(before, shape, sizeof before);
    const char *wrong = row->reshape ? row->reshape(item, shape) : NULL;
    if (wrong) fail_msg("%s: %s", text, wrong);
    assert_non_null(row->apply);
    row->apply(item, before, values, into, key);
    gradus_spec_destroy(spec);
    return gradus_augment_size(shape);
}

static void expect(const char *text, int64_t height, int64_t width, const float *values, const float *expected,
                   size_t count)
{
    float into[MOST];
    int64_t shape[8] = {1, height, width};
    assert_int_equal(step(text, shape, values, into, 1), count);
    for (size_t i = 0; i < count; i++) check_close(into[i], expected[i], 0, 1e-6);
}

static void pads(void **state)
{
    (void)state;
    static const float line[] = {1, 2, 3}, square[] = {1, 2, 3, 4};
    expect("pad(1)", 2, 2, square, (const float[]){0, 0, 0, 0, 0, 1, 2, 0, 0, 3, 4, 0, 0, 0, 0, 0}, 16);
    expect("pad(1, mode=edge)", 2, 2, square, (const float[]){1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4}, 16);
    expect("pad(1, mode=reflect)", 2, 2, square, (const float[]){4, 3, 4, 3, 2, 1, 2, 1, 4, 3, 4, 3, 2, 1, 2, 1}, 16);
    expect("pad(1, mode=edge)", 1, 3, line, (const float[]){1, 1, 2, 3, 3, 1, 1, 2, 3, 3, 1, 1, 2, 3, 3}, 15);
}

static void mirrors(void **state)
{
    (void)state;
    static const float square[] = {1, 2, 3, 4};
    expect("flip(100%)", 2, 2, square, (const float[]){2, 1, 4, 3}, 4);
    expect("flip(100%, vertical)", 2, 2, square, (const float[]){3, 4, 1, 2}, 4);
    expect("flip(0%)", 2, 2, square, square, 4);
    int flipped = 0;
    for (uint64_t key = 0; key < 1000; key++) {
        float into[4];
        int64_t shape[8] = {1, 2, 2};
        step("flip(30%)", shape, square, into, key * 977 + 3);
        flipped += into[0] == 2;
    }
    assert_in_range(flipped, 260, 340);
}

/* Each of the four places comes, about as often as the others; all channels move together. */
static void crops(void **state)
{
    (void)state;
    float values[18], into[MOST];
    for (int i = 0; i < 18; i++) values[i] = (float)i;
    int met[4] = {0};
    for (uint64_t key = 0; key < 400; key++) {
        int64_t shape[8] = {2, 3, 3};
        assert_int_equal(step("crop(2)", shape, values, into, key * 7919 + 1), 8);
        const int first = (int)into[0], place = first / 3 * 2 + first % 3;
        assert_in_range(place, 0, 3);
        met[place]++;
        assert_true(into[1] == into[0] + 1 && into[2] == into[0] + 3 && into[4] == into[0] + 9);
    }
    for (int i = 0; i < 4; i++) assert_in_range(met[i], 70, 130);
}

static void holes(void **state)
{
    (void)state;
    float values[32], into[MOST];
    for (int i = 0; i < 32; i++) values[i] = 1;
    int most = 0, least = 32;
    for (uint64_t key = 0; key < 300; key++) {
        int64_t shape[8] = {2, 4, 4};
        step("cutout(2)", shape, values, into, key * 31 + 7);
        int gone = 0;
        for (int i = 0; i < 16; i++) {
            assert_true(into[i] == into[16 + i]); /* in every channel */
            gone += into[i] == 0;
        }
        most = gone > most ? gone : most, least = gone < least ? gone : least;
    }
    assert_int_equal(most, 4);
    assert_int_equal(least, 1); /* at a corner */
}

/* Turned by 180 degrees all is reversed; by 90 columns become rows. Keys are looked for whose angle is just so. */
static void turned(void **state)
{
    (void)state;
    float values[9], into[MOST];
    for (int i = 0; i < 9; i++) values[i] = (float)(i + 1);
    const gradus_warp half = {.xx = -1, .yy = -1}, quarter = {.xy = 1, .yx = -1},
                      moved = {.xx = 1, .yy = 1, .x = 0.5, .y = 1};
    const int64_t shape[8] = {1, 3, 3};
    gradus_augment_warp(&half, shape, values, into);
    for (int i = 0; i < 9; i++) assert_true(into[i] == values[8 - i]);
    gradus_augment_warp(&quarter, shape, values, into);
    for (int y = 0; y < 3; y++)
        for (int x = 0; x < 3; x++) assert_true(into[y * 3 + x] == values[(2 - x) * 3 + y]);
    gradus_augment_warp(&moved, shape, values, into);
    static const float expected[] = {4.5f, 5.5f, 3, 7.5f, 8.5f, 4.5f, 0, 0, 0};
    for (int i = 0; i < 9; i++) check_close(into[i], expected[i], 0, 1e-6);
    expect("rotate(0)", 3, 3, values, values, 9);
    expect("affine(rotate=0, shift=0, scale=0)", 3, 3, values, values, 9);
    int64_t any[8] = {1, 3, 3};
    step("affine(scale=1, shift=0.3)", any, values, into, 12345);
    assert_true(memcmp(into, values, sizeof values) != 0);
}

static void colours(void **state)
{
    (void)state;
    static const float pixels[] = {0.2f, 0.4f, 0.3f, 0.3f, 0.1f, 0.5f}; /* two pixels of three channels */
    float into[MOST];
    int64_t shape[8] = {3, 1, 2};
    step("jitter(brightness=0, contrast=0, saturation=0)", shape, pixels, into, 5);
    for (int i = 0; i < 6; i++) check_close(into[i], pixels[i], 0, 1e-6);
    step("jitter(brightness=0.5, contrast=0, saturation=0)", shape, pixels, into, 5);
    const float by = into[0] / pixels[0];
    assert_true(by >= 0.5f && by <= 1.5f && fabsf(by - 1) > 1e-3f);
    for (int i = 0; i < 6; i++) check_close(into[i], by * pixels[i], 0, 1e-6);
    step("jitter(brightness=0, contrast=0, saturation=0.9)", shape, pixels, into, 5);
    for (int i = 0; i < 2; i++) /* luma stays */
        check_close(0.299 * into[i] + 0.587 * into[2 + i] + 0.114 * into[4 + i],
                    0.299 * pixels[i] + 0.587 * pixels[2 + i] + 0.114 * pixels[4 + i], 0, 1e-6);
    assert_true(fabsf(into[0] - pixels[0]) > 1e-3f);
}

static void noisy(void **state)
{
    (void)state;
    enum { COUNT = 4000 };
    static float values[COUNT], into[COUNT];
    double sum = 0, squares = 0;
    int64_t shape[8] = {COUNT};
    step("noise(0.5)", shape, values, into, 9);
    for (int i = 0; i < COUNT; i++) sum += into[i], squares += (double)into[i] * into[i];
    check_close(sum / COUNT, 0, 0, 0.03);
    check_close(sqrt(squares / COUNT), 0.5, 0, 0.02);
}

/* A chain that does not fit the set is refused where the loader is made, and says what to do. */
static void must_refuse(const char *data_text, const char *text, const char *message)
{
    gradus_error error = {0};
    gradus_data *data = set_must_open(data_text, "none");
    gradus_spec *spec =
        gradus_spec_create(text, &(gradus_spec_config){.family = "augment", .language = &set_language}, &error);
    if (!spec) fail_msg("%s", error.message);
    assert_null(gradus_loader_create(data, &(gradus_loader_config){.batch = 2, .augment = spec}, &error));
    assert_string_equal(error.message, message);
    gradus_spec_destroy(spec);
    gradus_data_close(data);
}

static void chains(void **state)
{
    (void)state;
    must_refuse("glyphs(10, test=0)", "crop(24)",
                "augment: makes 1x24x24 of 1x28x28; the net is made for 1x28x28, so end at that size");
    must_refuse("glyphs(10, test=0)", "crop(32)",
                "augment: crop: the part is larger than the picture; pad it first: pad(4) > crop(32)");
    must_refuse("glyphs(10, test=0)", "pad(28, mode=reflect)",
                "augment: pad: mode=reflect takes the border from the picture, which must be larger than the border");
    put("table.csv", "a,b,y\n1,2,0\n3,4,1\n5,6,0\n7,8,1\n");
    must_refuse("glyphs(10, test=0)", "mixup > flip",
                "augment: mixup: stands last, and there is but one that mixes examples");
    must_refuse("csv(table.csv, test=none)", "cutmix", "augment: cutmix: examples of this set are no pictures");
    must_refuse("csv(table.csv, test=none)", "noise > flip", "augment: flip: examples of this set are no pictures");
}

/* The loader hands out the same pictures whatever the thread and the place from which it goes on. */
static void resumes(void **state)
{
    (void)state;
    gradus_error error = {0};
    gradus_data *data = set_must_open("glyphs(20, test=0)", "none");
    gradus_spec *spec =
        gradus_spec_create("pad(2) > crop(28) > rotate(20) > flip > cutout(4)",
                           &(gradus_spec_config){.family = "augment", .language = &set_language}, &error);
    if (!spec) fail_msg("%s", error.message);
    float *seen = malloc(5 * 784 * sizeof *seen);
    for (int ahead = 0; ahead < 2; ahead++) {
        const gradus_loader_config config = {.batch = 5, .shuffle = true, .ahead = ahead, .seed = 3, .augment = spec};
        gradus_loader *loader = gradus_loader_create(data, &config, &error);
        if (!loader) fail_msg("%s", error.message);
        gradus_batch batch;
        gradus_cursor third = {0};
        for (int i = 0; i < 3; i++) {
            if (i == 2) third = gradus_loader_cursor(loader);
            assert_true(gradus_loader_next(loader, &batch));
        }
        if (ahead) assert_memory_equal(seen, batch.inputs, 5 * 784 * sizeof *seen);
        memcpy(seen, batch.inputs, 5 * 784 * sizeof *seen);
        while (gradus_loader_next(loader, &batch)) continue;
        gradus_loader_seek(loader, third);
        assert_true(gradus_loader_next(loader, &batch));
        assert_memory_equal(seen, batch.inputs, 5 * 784 * sizeof *seen);
        gradus_loader_destroy(loader);
    }
    free(seen);
    gradus_spec_destroy(spec);
    gradus_data_close(data);
}

/* ---- mixing ---- */

/* Mean and mean square of Beta(alpha, alpha): 1/2 and (alpha + 1) / (2 (2 alpha + 1)). */
static void shares_are_those_of_beta(void **state)
{
    (void)state;
    static const double alphas[] = {0.01, 0.2, 1, 4, 30};
    enum { DRAWS = 40000 };
    for (size_t i = 0; i < sizeof alphas / sizeof *alphas; i++) {
        double sum = 0, squares = 0;
        for (uint64_t key = 0; key < DRAWS; key++) {
            const double share = gradus_augment_beta(alphas[i], key * 6151 + 7, 0);
            assert_true(share >= 0 && share <= 1);
            sum += share;
            squares += share * share;
        }
        check_close(sum / DRAWS, 0.5, 0, 0.01);
        check_close(squares / DRAWS, (alphas[i] + 1) / (2 * (2 * alphas[i] + 1)), 0, 0.01);
    }
}

static double mixed(const char *text, const int64_t shape[8], const float *other, float *values, uint64_t key)
{
    gradus_error error = {0};
    gradus_spec *spec =
        gradus_spec_create(text, &(gradus_spec_config){.family = "augment", .language = &set_language}, &error);
    if (!spec) fail_msg("%s: %s", text, error.message);
    const gradus_item *item = gradus_spec_chain(spec)->items;
    const double share = ((const gradus_augmentation *)item->member)->mix(item, shape, other, values, key);
    gradus_spec_destroy(spec);
    return share;
}

static void mixes_are_as_large_as_they_say(void **state)
{
    (void)state;
    const int64_t shape[8] = {2, 5, 6};
    float ones[60], zeros[60] = {0}, values[60];
    int whole = 0, cut = 0;
    for (int i = 0; i < 60; i++) ones[i] = 1;
    for (uint64_t key = 1; key <= 400; key++) {
        memcpy(values, ones, sizeof values);
        double share = mixed("mixup(1, share=50%)", shape, zeros, values, key * 31), sum = 0;
        for (int i = 0; i < 60; i++) check_close(values[i], share, 1e-6, 1e-7);
        whole += share == 1;
        memcpy(values, ones, sizeof values);
        share = mixed("cutmix", shape, zeros, values, key * 31);
        for (int i = 0; i < 60; i++) {
            assert_true(values[i] == 0 || values[i] == 1);
            assert_true(values[i] == values[i % 30]); /* both channels alike */
            sum += values[i];
        }
        check_close(share, sum / 60, 1e-12, 0);
        cut += share < 1;
    }
    assert_in_range(whole, 160, 240);
    assert_in_range(cut, 300, 400);
}

/* Batches of a set whose pixels tell the class: what is mixed is as much of both classes as the batch says, and comes again. */
static void batches_are_mixed_with_themselves(void **state)
{
    (void)state;
    gradus_error error = {0};
    gradus_data *data = set_must_open("glyphs(50, test=0)", "none");
    gradus_spec *spec = gradus_spec_create(
        "noise(0.01) > mixup(1)", &(gradus_spec_config){.family = "augment", .language = &set_language}, &error);
    gradus_loader *loaders[3];
    const gradus_loader_config how = {.batch = 7, .seed = 3, .shuffle = true, .augment = spec};
    gradus_loader_config plain = how, ahead = how;
    plain.augment = NULL, ahead.ahead = true;
    loaders[0] = gradus_loader_create(data, &how, &error);
    loaders[1] = gradus_loader_create(data, &ahead, &error);
    loaders[2] = gradus_loader_create(data, &plain, &error);
    assert_int_equal(error.status, GRADUS_OK);
    gradus_batch batch, again, bare;
    int below = 0;
    while (gradus_loader_next(loaders[0], &batch)) {
        assert_true(gradus_loader_next(loaders[1], &again) && gradus_loader_next(loaders[2], &bare));
        const int64_t width = gradus_augment_size(gradus_data_about(data)->shape);
        assert_null(bare.others);
        assert_memory_equal(batch.inputs, again.inputs, sizeof(float) * (size_t)(batch.count * width));
        assert_memory_equal(batch.shares, again.shares, sizeof(float) * (size_t)batch.count);
        for (int32_t i = 0; i < batch.count; i++) {
            const int32_t other = batch.count - 1 - i;
            const bool turned = batch.classes[i] != bare.classes[i];
            assert_in_range(batch.shares[i] * 1000, 500, 1000);
            assert_int_equal(batch.classes[i], bare.classes[turned ? other : i]);
            assert_int_equal(batch.others[i], bare.classes[turned ? i : other]);
            below += turned;
            double own = turned ? 1 - (double)batch.shares[i] : (double)batch.shares[i];
            if (bare.classes[i] == bare.classes[other]) continue; /* which one counts more cannot be told */
            for (int64_t k = 0; k < width; k++)
                check_close(batch.inputs[i * width + k],
                            own * bare.inputs[i * width + k] + (1 - own) * bare.inputs[other * width + k], 0, 0.08);
        }
    }
    assert_in_range(below, 5, 35);
    for (int i = 0; i < 3; i++) gradus_loader_destroy(loaders[i]);
    gradus_spec_destroy(spec);
    gradus_data_close(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pads),
                                       cmocka_unit_test(mirrors),
                                       cmocka_unit_test(crops),
                                       cmocka_unit_test(holes),
                                       cmocka_unit_test(turned),
                                       cmocka_unit_test(colours),
                                       cmocka_unit_test(noisy),
                                       cmocka_unit_test(chains),
                                       cmocka_unit_test(resumes),
                                       cmocka_unit_test(shares_are_those_of_beta),
                                       cmocka_unit_test(mixes_are_as_large_as_they_say),
                                       cmocka_unit_test(batches_are_mixed_with_themselves)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
