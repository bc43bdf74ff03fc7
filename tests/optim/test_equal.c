/* Equal bits for every rule and average in every form: whatever the number of threads, the order in which a pool runs
 * the tasks, the instruction set, how the same values are cut into tensors, and where a run is saved and resumed.
 * Compared with memcmp, after several updates with everything on. */
#include "check.h"
#include "gradus/base.h"
#include "variants.h"

enum { COUNT = 51200, UPDATES = 4, TENSORS = 16 };

typedef struct result {
    float values[COUNT], averaged[COUNT];
    gradus_measures measures;
} result;

typedef int64_t shapes[TENSORS][8]; /* COUNT values in all; ends with a 0 */

typedef struct set_up {
    const variant *what;
    const char *gradient;
    gradus_context *context;
    const shapes *cut;
    double norm;   /* given, not measured */
    int resume_at; /* saved and loaded into a fresh one before this update; 0: never */
} set_up;

static const shapes several = {{1},   {4096},   {17},    {64, 64},      {3},    {5, 7, 3, 3},
                               {255}, {257, 3}, {12288}, {16, 3, 5, 5}, {28158}};
static const shapes one = {{COUNT}};
static const shapes small = {{100}, {200}, {300}, {5000}, {1}, {1}, {1}, {45597}};

static float start[COUNT], gradients[2 * UPDATES][COUNT], gradient[COUNT];
static result first, second;

static int numbers(void **state)
{
    (void)state;
    for (int64_t i = 0; i < COUNT; i++) start[i] = (float)gradus_random_normal(1, 0, (uint64_t)i);
    for (int u = 0; u < 2 * UPDATES; u++)
        for (int64_t i = 0; i < COUNT; i++) gradients[u][i] = (float)gradus_random_normal(2, (uint64_t)u, (uint64_t)i);
    return 0;
}

static gradus_optimizer *make(const set_up *how, float *values, gradus_error *error)
{
    gradus_optimizer_config config = how->what->config;
    config.gradient = how->gradient;
    config.context = how->context;
    gradus_optimizer *optimizer = gradus_optimizer_create(&config, error);
    int64_t at = 0;
    for (int i = 0; at < COUNT; i++) {
        char name[16];
        int64_t size = 1;
        gradus_parameter parameter = {.name = name, .values = values + at, .gradient = gradient + at};
        snprintf(name, sizeof name, "t%d", i);
        memcpy(parameter.shape, (*how->cut)[i], sizeof parameter.shape);
        for (int d = 0; d < 8 && parameter.shape[d]; d++) size *= parameter.shape[d];
        gradus_optimizer_add(optimizer, &parameter, error);
        at += size;
        assert_true(at <= COUNT);
    }
    return optimizer;
}

static void step(const set_up *how, gradus_optimizer *optimizer, int update, gradus_error *error)
{
    gradus_outcome outcome;
    int evaluations = 0;
    do {
        const gradus_step now = {.rate = 0.01,
                                 .gradient_scale = 0.5,
                                 .gradient_norm = how->norm,
                                 .loss = 1.0 / (1 + update),
                                 .flags = GRADUS_ZERO_GRADIENTS | GRADUS_SKIP_NON_FINITE |
                                          (update % 2 ? GRADUS_MEASURE_UPDATE : 0)};
        memcpy(gradient, gradients[2 * update + evaluations % 2], sizeof gradient);
        outcome = gradus_optimizer_step(optimizer, &now, error);
    } while (outcome == GRADUS_EVALUATE && ++evaluations < 50);
    if (outcome != GRADUS_APPLIED && outcome != GRADUS_CONVERGED)
        fail_msg("%s: %s", how->what->text, error->status ? error->message : "not applied");
    for (int64_t i = 0; i < COUNT; i++) assert_true(gradient[i] == 0);
}

typedef struct saved {
    unsigned char *bytes;
    size_t size;
} saved;

static int write_saved(void *user, const void *bytes, size_t size)
{
    saved *into = user;
    into->bytes = realloc(into->bytes, into->size + size);
    memcpy(into->bytes + into->size, bytes, size);
    into->size += size;
    return 0;
}

static gradus_optimizer *resume(const set_up *how, gradus_optimizer *optimizer, float *values, gradus_error *error)
{
    saved record = {0};
    gradus_optimizer_save(optimizer, GRADUS_STATE_AND_VALUES, write_saved, &record, error);
    gradus_optimizer_destroy(optimizer);
    memset(values, 0, COUNT * sizeof *values);
    optimizer = make(how, values, error);
    gradus_optimizer_load(optimizer, record.bytes, record.size, NULL, error);
    if (error->status) fail_msg("%s: %s", how->what->text, error->message);
    free(record.bytes);
    return optimizer;
}

static void train(const set_up *how, result *into)
{
    gradus_error error = {0};
    memcpy(into->values, start, sizeof start);
    gradus_optimizer *optimizer = make(how, into->values, &error);
    for (int update = 0; update < UPDATES; update++) {
        if (how->resume_at && how->resume_at == update) optimizer = resume(how, optimizer, into->values, &error);
        step(how, optimizer, update, &error);
    }
    memset(&into->measures, 0, sizeof into->measures);
    gradus_optimizer_measures(optimizer, &into->measures);
    for (int64_t i = 0; i < COUNT; i++)
        if (!isfinite(into->values[i])) fail_msg("%s: value %lld is not finite", how->what->text, (long long)i);
    memcpy(into->averaged, into->values, sizeof into->values); /* where nothing is averaged they stay so */
    if (gradus_optimizer_show(optimizer, GRADUS_AVERAGED, NULL) == GRADUS_OK) {
        result *shown = into;
        float *trained = malloc(sizeof shown->values);
        memcpy(trained, into->averaged, sizeof into->values);
        memcpy(into->averaged, into->values, sizeof into->values);
        gradus_optimizer_show(optimizer, GRADUS_TRAINED, &error);
        assert_memory_equal(into->values, trained, sizeof into->values); /* going back is exact */
        free(trained);
    }
    gradus_optimizer_destroy(optimizer);
}

static void same(const variant *what, const char *how)
{
    if (memcmp(&first, &second, sizeof first) != 0) fail_msg("%s: other bits %s", what->text, how);
}

/* ---- threads ---- */

static void threads(void **state)
{
    (void)state;
    variant v = {0};
    EACH_VARIANT(v)
    {
        for (int i = 0; i < 4 && v.plain; i++) {
            static const int32_t counts[] = {1, 2, 3, 8};
            gradus_error error = {0};
            gradus_context *context = gradus_context_create(&(gradus_context_config){.threads = counts[i]}, &error);
            train(
                &(set_up){.what = &v, .gradient = "clip_value(1) > clip_norm(2)", .context = context, .cut = &several},
                i == 0 ? &first : &second);
            if (i > 0) same(&v, "with more threads");
            gradus_context_destroy(context);
        }
    }
}

static void backwards(void *user, int64_t count, void (*task)(void *job, int64_t index), void *job)
{
    *(int64_t *)user += count;
    while (count-- > 0) task(job, count);
}

static void pool(void **state)
{
    (void)state;
    variant v = {0};
    gradus_error error = {0};
    int64_t tasks = 0;
    gradus_context *alone = gradus_context_create(&(gradus_context_config){.threads = 1}, &error),
                   *pooled =
                       gradus_context_create(&(gradus_context_config){.parallel = backwards, .user = &tasks}, &error);
    EACH_VARIANT(v)
    {
        set_up how = {.what = &v, .gradient = "clip_norm(2)", .cut = &several, .context = alone};
        tasks = 0;
        train(&how, &first);
        how.context = pooled;
        train(&how, &second);
        same(&v, "with a pool that runs backwards");
        assert_true(tasks > 0);
    }
    gradus_context_destroy(alone);
    gradus_context_destroy(pooled);
}

/* ---- instruction sets, cuts, resumed runs ---- */

static void instruction_sets(void **state)
{
    (void)state;
    variant v = {0};
    EACH_VARIANT(v)
    {
        for (int32_t isa = GRADUS_ISA_SCALAR; isa <= GRADUS_ISA_NEON; isa++) {
            gradus_error error = {0};
            gradus_context *context = gradus_context_create(&(gradus_context_config){.isa = isa, .threads = 1}, &error);
            set_up how = {
                .what = &v, .gradient = "clip_value(1) > clip_norm(2, order=1)", .context = context, .cut = &several};
            if (isa == GRADUS_ISA_SCALAR) {
                train(&how, &first);
            } else if (gradus_isa_of(context, &error) == isa) { /* not one that the machine lacks */
                train(&how, &second);
                same(&v, "with another instruction set");
            }
            gradus_context_destroy(context);
        }
    }
}

/* Norms are summed tensor by tensor, so the caller gives this one. */
static void cuts(void **state)
{
    (void)state;
    variant v = {0};
    int held = 0;
    EACH_VARIANT(v)
    {
        gradus_error error = {0};
        gradus_optimizer *optimizer = gradus_optimizer_create(&v.config, &error);
        const bool element_wise = variant_is_element_wise(optimizer);
        gradus_optimizer_destroy(optimizer);
        if (!element_wise) continue;
        held++;
        set_up how = {.what = &v, .gradient = "clip_norm(2)", .cut = &one, .norm = 100};
        train(&how, &first);
        static const shapes *const others[] = {&small, &several};
        for (int i = 0; i < 2; i++) {
            how.cut = others[i];
            train(&how, &second);
            if (memcmp(first.values, second.values, sizeof first.values) != 0 ||
                memcmp(first.averaged, second.averaged, sizeof first.averaged) != 0)
                fail_msg("%s: other bits when cut up", v.text);
        }
    }
    assert_true(held > 10);
}

static void resumed(void **state)
{
    (void)state;
    variant v = {0};
    EACH_VARIANT(v)
    {
        set_up how = {.what = &v, .gradient = "clip_norm(2)", .cut = &several};
        train(&how, &first);
        for (how.resume_at = v.plain ? 1 : UPDATES - 1; how.resume_at < UPDATES; how.resume_at++) {
            train(&how, &second);
            same(&v, "after it was saved and loaded");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(threads), cmocka_unit_test(pool),
                                       cmocka_unit_test(instruction_sets), cmocka_unit_test(cuts),
                                       cmocka_unit_test(resumed)};
    return cmocka_run_group_tests(tests, numbers, NULL);
}
