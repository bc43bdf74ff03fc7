/* glyphs: the same pictures everywhere (their SHA-256 stands here), each a function of seed and index, and drawn within the sheet. */
#include "../../src/data/glyphs.h"
#include "../../src/data/sha256.h"
#include "sets.h"

static gradus_pens pens;

static void check_pictures(uint64_t seed, uint64_t part, const char *expected)
{
    gradus_sha256 sum;
    char text[GRADUS_SHA256_TEXT];
    gradus_sha256_begin(&sum);
    for (uint64_t i = 0; i < 2000; i++) {
        unsigned char picture[GRADUS_GLYPH_PIXELS + 1];
        picture[GRADUS_GLYPH_PIXELS] = (unsigned char)gradus_glyph_draw(&pens, seed, part, i, picture);
        gradus_sha256_add(&sum, picture, sizeof picture);
    }
    gradus_sha256_end(&sum, text);
    assert_string_equal(text, expected);
}

/* Pictures may never change: runs are compared across machines, compilers and versions. */
static void test_same_everywhere(void **state)
{
    (void)state;
    check_pictures(1, 0, "bd38246782cda35e2f4979172e46b8675c0cdada5a5e680badb9fe03dcf358db");
    check_pictures(1, 1, "88a08d973f2e23ee8b12f608cd2a6c4fc2be7847084d347d2c12fe8b2150b440");
    check_pictures(12345678901234567u, 0, "d6dfc8d18a55c3c13053868cbd79cb6b8c160ae1e7cf22af3e2813f405428c00");
}

static void test_strokes(void **state)
{
    (void)state;
    for (int32_t digit = 0; digit < GRADUS_GLYPH_CLASSES; digit++) {
        int32_t ways = 0;
        for (const signed char *read; (read = gradus_glyph_strokes(digit, ways)); ways++) {
            int32_t points = 0, strokes = 1, here = 0;
            for (; *read != GRADUS_PEN_END; here++) {
                if (*read == GRADUS_PEN_UP) {
                    assert_true(here >= 2); /* a stroke has two ends */
                    strokes++, read++, here = -1;
                    continue;
                }
                assert_in_range(read[0], 0, GRADUS_BOX_WIDTH);
                assert_in_range(read[1], 0, GRADUS_BOX_HEIGHT);
                points++, read += 2;
            }
            assert_true(here >= 2 && points <= GRADUS_GLYPH_POINTS && strokes <= GRADUS_GLYPH_STROKES);
        }
        assert_true(ways >= 3);
    }
}

/* Ink on every picture, none cut off at the edge but by noise, all digits about as often. */
static void test_pictures(void **state)
{
    (void)state;
    int counts[GRADUS_GLYPH_CLASSES] = {0};
    for (uint64_t i = 0; i < 5000; i++) {
        check_guarded sheet = check_guard(GRADUS_GLYPH_PIXELS);
        unsigned char *picture = i % 2 ? sheet.start : sheet.end - GRADUS_GLYPH_PIXELS;
        if (i >= 100) picture = sheet.start;
        counts[gradus_glyph_draw(&pens, 3, 0, i, picture)]++;
        int dark = 0, edge = 0;
        for (int k = 0; k < GRADUS_GLYPH_PIXELS; k++) {
            int x = k % GRADUS_GLYPH_SIDE, y = k / GRADUS_GLYPH_SIDE, last = GRADUS_GLYPH_SIDE - 1;
            dark += picture[k] > 100;
            edge += picture[k] > 140 && (x == 0 || y == 0 || x == last || y == last);
        }
        assert_true(dark >= 10);
        assert_true(edge <= 6);
        check_unguard(&sheet);
    }
    for (int digit = 0; digit < GRADUS_GLYPH_CLASSES; digit++) assert_in_range(counts[digit], 400, 600);
}

static void test_set(void **state)
{
    (void)state;
    gradus_batch some, more, test, other;
    gradus_data *first = set_must_open("glyphs(300, test=50)", "none");
    gradus_data *second = set_must_open("glyphs(count=1100, test=50)", "none");
    gradus_data *third = set_must_open("glyphs(300, test=50, seed=2)", "none");
    const gradus_data_info *info = gradus_data_about(first);
    assert_string_equal(info->title, "glyphs, 300 drawn digits 28x28");
    assert_string_equal(info->sha256, "");
    assert_int_equal(info->targets[0].outputs, 10);
    assert_int_equal(info->repeated, 0);
    gradus_loader *a = whole_part(first, GRADUS_TRAINING, &some), *b = whole_part(second, GRADUS_TRAINING, &more);
    assert_memory_equal(some.inputs, more.inputs, 300 * GRADUS_GLYPH_PIXELS * sizeof(float));
    assert_memory_equal(some.classes, more.classes, 300 * sizeof(int32_t));
    gradus_loader *c = whole_part(first, GRADUS_TEST, &test), *d = whole_part(third, GRADUS_TEST, &other);
    assert_memory_not_equal(test.inputs, some.inputs, 50 * GRADUS_GLYPH_PIXELS * sizeof(float));
    assert_memory_not_equal(test.inputs, other.inputs, 50 * GRADUS_GLYPH_PIXELS * sizeof(float));
    gradus_loader_destroy(a);
    gradus_loader_destroy(b);
    gradus_loader_destroy(c);
    gradus_loader_destroy(d);
    gradus_data_close(first);
    gradus_data_close(second);
    gradus_data_close(third);
    first = set_must_open("glyphs", NULL);
    assert_string_equal(gradus_data_about(first)->title, "glyphs, 60000 drawn digits 28x28 (6000 for validation)");
    assert_int_equal(gradus_data_about(first)->count[GRADUS_TEST], 10000);
    gradus_data_close(first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_everywhere), cmocka_unit_test(test_strokes),
                                       cmocka_unit_test(test_pictures), cmocka_unit_test(test_set)};
    gradus_pens_cut(&pens);
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
