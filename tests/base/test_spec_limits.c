/* The limits of the language, and what happens without memory: an error each time, at the place where the limit is passed. */
#include "check.h"
#include "gradus/base.h"
#include "language_tables.h"

static const gradus_spec_config schedule = {.family = "schedule", .language = &small_language};
static const gradus_spec_config model = {.family = "model", .language = &small_language};

static void check_code(const char *text, const gradus_spec_config *config, int code, int column)
{
    gradus_error error = {0};
    gradus_spec *spec = gradus_spec_create(text, config, &error);
    assert_int_equal(error.code, code);
    if (code)
        assert_null(spec), assert_int_equal(error.column, column);
    else
        assert_non_null(spec);
    gradus_spec_destroy(spec);
}

static void test_size(void **state)
{
    (void)state;
    char *text = malloc(GRADUS_SPEC_BYTES + 2);
    memset(text, 'x', GRADUS_SPEC_BYTES + 1);
    memcpy(text, "cosine # ", 9);
    text[GRADUS_SPEC_BYTES] = 0;
    check_code(text, &schedule, 0, 0);
    text[GRADUS_SPEC_BYTES] = 'x', text[GRADUS_SPEC_BYTES + 1] = 0;
    check_code(text, &schedule, GRADUS_CODE_TOO_LONG, 1);
    free(text);
}

static void test_depth(void **state)
{
    (void)state;
    char text[256];
    for (int depth = 31; depth < 70; depth++) {
        memset(text, '(', (size_t)depth);
        strcpy(text + depth, "relu");
        memset(text + depth + 4, ')', (size_t)depth);
        text[2 * depth + 4] = 0;
        check_code(text, &model, depth > GRADUS_SPEC_DEPTH ? GRADUS_CODE_TOO_DEEP : 0, GRADUS_SPEC_DEPTH + 1);
        memset(text, '[', (size_t)depth), memset(text + depth + 4, ']', (size_t)depth);
        check_code(text, &(gradus_spec_config){.family = "value"}, depth > GRADUS_SPEC_DEPTH ? GRADUS_CODE_TOO_DEEP : 0,
                   GRADUS_SPEC_DEPTH + 1);
    }
}

static void test_items(void **state)
{
    (void)state;
    char *text = malloc(10 * GRADUS_SPEC_ITEMS), *at = text;
    at += sprintf(at, "relu");
    for (int i = 2; i < GRADUS_SPEC_ITEMS; i++) at += sprintf(at, ">relu"); /* and one for the chain */
    check_code(text, &model, 0, 0);
    strcpy(at, ">relu");
    check_code(text, &model, GRADUS_CODE_TOO_LONG, 5 * GRADUS_SPEC_ITEMS - 4);
    free(text);
}

static void test_repetition(void **state)
{
    (void)state;
    check_code("10000 * relu", &model, 0, 0);
    check_code("relu > 10000 * tanh", &model, GRADUS_CODE_TOO_LONG, 8);
    check_code("100 * (relu > 99 * tanh)", &model, 0, 0);
    check_code("100 * (relu > 100 * tanh)", &model, GRADUS_CODE_TOO_LONG, 1);
    check_code("10000 * (10000 * (10000 * (10000 * (10000 * relu))))", &model, GRADUS_CODE_TOO_LONG, 28);
    check_code("relu > concat(5000 * relu, 5000 * tanh)", &model, GRADUS_CODE_TOO_LONG, 8);
    check_code("residual(5000 * relu, shortcut=6000 * tanh)", &model, GRADUS_CODE_TOO_LONG, 1);
}

/* A row of the user's own whose default is itself, and one whose range to search is itself. */
static void test_rows_that_never_end(void **state)
{
    (void)state;
    gradus_error error = {0};
    gradus_context *context = gradus_context_create(NULL, &error);
    const gradus_member endless = {
        .name = "endless", .arguments = ROWS{{.name = "inner", .kind = GRADUS_PIPELINE, .initial = "endless"}, {0}}};
    const gradus_member lost = {
        .name = "lost",
        .arguments =
            ROWS{{.name = "number", .kind = GRADUS_NUMBER, .initial = "1", .search = "choice(search, 1)"}, {0}}};
    gradus_context_add_member(context, "schedule", &endless, &error);
    gradus_context_add_member(context, "schedule", &lost, &error);
    gradus_language language = {.families = small_language.families, .context = context};
    gradus_spec_config config = {.family = "schedule", .language = &language};
    check_code("cosine > endless", &config, GRADUS_CODE_TOO_DEEP, 10);
    check_code("lost(search)", &config, GRADUS_CODE_TOO_DEEP, 6);
    gradus_context_destroy(context);
}

static void test_a_schedule_fits_into_a_small_place(void **state)
{
    (void)state;
    static _Alignas(64) unsigned char place[16384];
    const char *const texts[] = {"warmup(5%) > hold > decay(20%, shape=1-sqrt)",
                                 "warmup(375M tokens) > cosine(to=10%)"};
    for (int i = 0; i < 2; i++) {
        gradus_arena arena;
        gradus_error error = {0};
        gradus_arena_over(&arena, place, sizeof place);
        const gradus_chain *chain = gradus_spec_bind(texts[i], &schedule, &arena, &error);
        assert_non_null(chain);
        assert_int_equal(chain->count, 3 - i);
        print_message("%s: %d bytes\n", texts[i], (int)arena.used);
    }
}

static void test_places_that_are_too_small(void **state)
{
    (void)state;
    static _Alignas(64) unsigned char place[32768];
    const char *const changes[] = {"warmup.length=10%", "noise.cosine.to=5", NULL};
    gradus_spec_config config = {.family = "schedule", .language = &small_language, .changes = changes};
    const gradus_chain *chain = NULL;
    size_t size = 0;
    for (; size < sizeof place && !chain; size += 7) {
        gradus_arena arena;
        gradus_error error = {0};
        memset(place, 0xA5, sizeof place);
        gradus_arena_over(&arena, place, size);
        chain = gradus_spec_bind("warmup(5%, from=1/3) > noise(cosine, 10%) > choice(multistep([1, 2]), piecewise([0, "
                                 "1])) > decay(20%, shape=1-sqrt)",
                                 &config, &arena, &error);
        if (!chain) {
            assert_int_equal(error.status, GRADUS_ERROR_MEMORY);
            assert_string_equal(error.message, "the text does not fit into the memory given for it");
        }
        for (size_t i = size; i < sizeof place; i++) assert_int_equal(place[i], 0xA5);
    }
    assert_non_null(chain);
}

/* ---- an allocator that gives out so many blocks and no more ---- */

static int left, live;

static void *allocate(void *user, size_t size, size_t alignment)
{
    (void)user;
    if (left-- <= 0) return NULL;
    live++;
    return aligned_alloc(alignment, size);
}

static void release(void *user, void *memory, size_t size)
{
    (void)user, (void)size;
    live--;
    free(memory);
}

static void test_without_memory(void **state)
{
    (void)state;
    left = 1;
    gradus_context *context =
        gradus_context_create(&(gradus_context_config){.allocate = allocate, .release = release}, NULL);
    char text[4000] = "conv(8, [3, 5], name=a)";
    for (int i = 0; i < 30; i++)
        strcat(text, " > residual(conv(int(8, 16), 3) > relu) > 2 * (dense(5, tie=a) > choice(relu, tanh))");
    const char *const changes[] = {"a.channels=5", NULL};
    gradus_spec_config config = {
        .family = "model", .language = &small_language, .changes = changes, .context = context};
    gradus_spec *spec = NULL;
    int blocks = 0;
    for (; !spec && blocks < 100; blocks++) {
        gradus_error error = {0};
        left = blocks, live = 0;
        spec = gradus_spec_create(text, &config, &error);
        if (!spec) assert_int_equal(error.status, GRADUS_ERROR_MEMORY), assert_int_equal(live, 0);
    }
    assert_non_null(spec);
    assert_true(blocks > 4);
    gradus_spec_destroy(spec);
    assert_int_equal(live, 0);
    live = 1;
    gradus_context_destroy(context);
    assert_int_equal(live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_size),
                                       cmocka_unit_test(test_depth),
                                       cmocka_unit_test(test_items),
                                       cmocka_unit_test(test_repetition),
                                       cmocka_unit_test(test_rows_that_never_end),
                                       cmocka_unit_test(test_a_schedule_fits_into_a_small_place),
                                       cmocka_unit_test(test_places_that_are_too_small),
                                       cmocka_unit_test(test_without_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
