/* Contexts: every byte through the caller's allocator with the size that it was given for, tasks on the caller's
 * threads, own members, sums over processes, and the instruction set in force. */
#include "check.h"
#include "gradus/base.h"
#include "gradus/spec.h"

static gradus_error error;

static int fresh(void **state)
{
    (void)state;
    error = (gradus_error){0};
    unsetenv("GRADUS_ISA");
    return 0;
}

/* ---- memory ---- */

typedef struct ledger {
    int64_t bytes, pieces, most_pieces;
    int64_t left; /* allocations until one fails; < 0: none */
} ledger;

static void *allocate(void *user, size_t size, size_t alignment)
{
    ledger *books = user;
    assert_int_equal(alignment & (alignment - 1), 0);
    if (books->left == 0) return NULL;
    books->left--;
    books->bytes += (int64_t)size;
    if (++books->pieces > books->most_pieces) books->most_pieces = books->pieces;
    unsigned char *memory = aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    return memory ? memset(memory, 0xa5, size) : NULL; /* no allocator owes us zeros */
}

static void release(void *user, void *memory, size_t size)
{
    ledger *books = user;
    books->bytes -= (int64_t)size;
    books->pieces--;
    free(memory);
}

static void allocates_through_the_caller(void **state)
{
    (void)state;
    ledger books = {.left = -1};
    gradus_context *context = gradus_context_create(
        &(gradus_context_config){.allocate = allocate, .release = release, .user = &books}, &error);
    for (size_t size = 0; size < 300; size += 37) {
        unsigned char *memory = gradus_allocate(context, size);
        assert_int_equal((uintptr_t)memory % 64, 0);
        for (size_t i = 0; i < size; i++) assert_int_equal(memory[i], 0);
        gradus_release(context, memory, size);
    }
    gradus_release(context, NULL, 10);
    assert_null(gradus_allocate(context, SIZE_MAX));
    assert_null(gradus_allocate(NULL, SIZE_MAX - 10));
    gradus_context_destroy(context);
    assert_true(books.bytes == 0 && books.pieces == 0 && books.most_pieces == 2);
    gradus_context_destroy(NULL);
}

/* An optimizer and its policy give everything back, also when memory runs out at any moment. */
static void nothing_leaks(void **state)
{
    (void)state;
    for (int64_t limit = 0; limit < 60; limit++) {
        ledger books = {.left = limit};
        float values[3] = {1, 2, 3}, gradient[3] = {1, 1, 1};
        error = (gradus_error){0};
        gradus_context *context = gradus_context_create(
            &(gradus_context_config){.allocate = allocate, .release = release, .user = &books}, &error);
        gradus_optimizer *optimizer = gradus_optimizer_create(
            &(gradus_optimizer_config){.rule = "sgd(momentum=linear(10, from=0.9, to=0.5) > hold)",
                                       .gradient = "clip_norm(1) > clip_value(1)",
                                       .groups = "match(w, lr_scale=2)",
                                       .units = {.total = 20},
                                       .context = context},
            &error);
        gradus_optimizer_add(
            optimizer, &(gradus_parameter){.name = "w", .shape = {3}, .values = values, .gradient = gradient}, &error);
        gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1}, &error);
        if (error.status) assert_int_equal(error.status, GRADUS_ERROR_MEMORY);
        if (error.status) assert_true(values[0] == 1); /* nothing was touched */
        gradus_optimizer_destroy(optimizer);
        gradus_context_destroy(context);
        assert_true(books.bytes == 0 && books.pieces == 0);
    }
    assert_int_equal(error.status, GRADUS_OK); /* the last limit was enough */
}

static void refuses_wrong_configurations(void **state)
{
    (void)state;
    const gradus_context_config wrong[] = {
        {.allocate = allocate}, {.release = release}, {.threads = -1}, {.isa = -1}, {.isa = 100}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        error = (gradus_error){0};
        assert_null(gradus_context_create(&wrong[i], &error));
        assert_int_not_equal(error.status, GRADUS_OK);
    }
    assert_null(gradus_context_create(NULL, &error)); /* sticky */
}

/* ---- threads ---- */

static void count(void *job, int64_t index) { ((int *)job)[index]++; }

static void two_at_a_time(void *user, int64_t tasks, void (*task)(void *job, int64_t index), void *job)
{
    ++*(int *)user;
    for (int64_t i = 0; i < tasks; i += 2) task(job, i);
    for (int64_t i = 1; i < tasks; i += 2) task(job, i);
}

static void runs_every_task_once(void **state)
{
    (void)state;
    int calls = 0;
    gradus_context *pool =
        gradus_context_create(&(gradus_context_config){.parallel = two_at_a_time, .user = &calls}, &error);
    gradus_context *one = gradus_context_create(&(gradus_context_config){.threads = 1}, &error);
    gradus_context *many = gradus_context_create(&(gradus_context_config){.threads = 5}, &error);
    const gradus_context *contexts[] = {NULL, one, many, pool};
    for (int c = 0; c < 4; c++) {
        for (int64_t tasks = 0; tasks <= 40; tasks += 8) {
            int done[40] = {0};
            gradus_parallel(contexts[c], tasks, count, done);
            for (int64_t i = 0; i < 40; i++) assert_int_equal(done[i], i < tasks);
        }
    }
    assert_int_equal(calls, 5); /* nothing to do is not asked for */
    assert_int_equal(gradus_threads(one), 1);
    assert_int_equal(gradus_threads(many), 5);
    assert_int_equal(gradus_threads(pool), 1);
    assert_true(gradus_threads(NULL) >= 1);
    gradus_context_destroy(pool);
    gradus_context_destroy(one);
    gradus_context_destroy(many);
}

/* ---- sums over processes ---- */

static int twice(void *user, double *values, int32_t how_many)
{
    for (int32_t i = 0; i < how_many; i++) values[i] *= 2;
    return *(int *)user;
}

static void adds_over_processes(void **state)
{
    (void)state;
    int fails = 0;
    double values[2] = {1, 2};
    gradus_context *shared = gradus_context_create(&(gradus_context_config){.sum = twice, .user = &fails}, &error);
    assert_int_equal(gradus_sum(NULL, values, 2, &error), GRADUS_OK);
    assert_true(values[0] == 1 && !gradus_has_sum(NULL));
    assert_int_equal(gradus_sum(shared, values, 2, &error), GRADUS_OK);
    assert_true(values[0] == 2 && values[1] == 4 && gradus_has_sum(shared));

    float x[2] = {0, 0}, gradient[2] = {3, 4}; /* another process holds as much: the norm is that of both */
    gradus_measures measures;
    gradus_optimizer *optimizer = gradus_optimizer_create(
        &(gradus_optimizer_config){.rule = "sgd", .gradient = "clip_norm(1)", .context = shared}, &error);
    gradus_optimizer_add(optimizer, &(gradus_parameter){.name = "x", .shape = {2}, .values = x, .gradient = gradient},
                         &error);
    gradus_optimizer_measure(optimizer, 1, &measures, &error);
    check_close(measures.gradient_norm, sqrt(50), 1e-15, 0);
    fails = 1;
    assert_true(gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1, .flags = GRADUS_MEASURE_UPDATE}, &error) <
                0);
    assert_int_equal(error.status, GRADUS_ERROR_WRITE);
    gradus_optimizer_destroy(optimizer);
    gradus_context_destroy(shared);
}

/* ---- own members ---- */

static void keeps_own_members(void **state)
{
    (void)state;
    static const gradus_member a = {.name = "a"}, b = {.name = "b"}, again = {.name = "a"}, nameless = {.name = NULL};
    gradus_context *context = gradus_context_create(NULL, &error);
    gradus_context_add_member(context, "schedule", &a, &error);
    gradus_context_add_member(context, "optimizer", &a, &error);
    gradus_context_add_member(context, "schedule", &b, &error);
    assert_int_equal(error.status, GRADUS_OK);
    assert_ptr_equal(gradus_context_member(context, "schedule", 0), &a);
    assert_ptr_equal(gradus_context_member(context, "schedule", 1), &b);
    assert_null(gradus_context_member(context, "schedule", 2));
    assert_ptr_equal(gradus_context_member(context, "optimizer", 0), &a);
    assert_null(gradus_context_member(context, "optimizer", 1));
    assert_null(gradus_context_member(NULL, "schedule", 0));
    assert_int_equal(gradus_context_add_member(context, "schedule", &again, &error), GRADUS_ERROR_USE);
    error = (gradus_error){0};
    assert_int_equal(gradus_context_add_member(context, "schedule", &nameless, &error), GRADUS_ERROR_USE);
    error = (gradus_error){0};
    assert_int_equal(gradus_context_add_member(NULL, "schedule", &b, &error), GRADUS_ERROR_USE);
    gradus_context_destroy(context);
}

/* ---- instruction sets ---- */

static void caps_instruction_sets(void **state)
{
    (void)state;
    const int32_t best = gradus_isa_of(NULL, &error);
    assert_true(best >= GRADUS_ISA_SCALAR && best <= GRADUS_ISA_NEON);
    for (int32_t cap = GRADUS_ISA_SCALAR; cap <= GRADUS_ISA_NEON; cap++) {
        gradus_context *context = gradus_context_create(&(gradus_context_config){.isa = cap}, &error);
        const int32_t isa = gradus_isa_of(context, &error);
        assert_true(isa >= GRADUS_ISA_SCALAR && isa <= cap && isa <= best);
        if (cap >= best) assert_int_equal(isa, best);
        gradus_context_destroy(context);
    }
    setenv("GRADUS_ISA", "scalar", 1);
    assert_int_equal(gradus_isa_of(NULL, &error), GRADUS_ISA_SCALAR);
    setenv("GRADUS_ISA", "", 1);
    assert_int_equal(gradus_isa_of(NULL, &error), best);
    setenv("GRADUS_ISA", "avx3", 1);
    assert_true(gradus_isa_of(NULL, &error) < 0);
    assert_int_equal(error.status, GRADUS_ERROR_RANGE);
    assert_non_null(strstr(error.message, "'avx3'"));
    error = (gradus_error){0};
    assert_null(gradus_context_create(NULL, &error));
    error = (gradus_error){0};
    assert_null(gradus_optimizer_create(&(gradus_optimizer_config){.rule = "sgd"}, &error));
    assert_non_null(strstr(error.message, "GRADUS_ISA"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(allocates_through_the_caller, fresh),
        cmocka_unit_test_setup(nothing_leaks, fresh),
        cmocka_unit_test_setup(refuses_wrong_configurations, fresh),
        cmocka_unit_test_setup(runs_every_task_once, fresh),
        cmocka_unit_test_setup(adds_over_processes, fresh),
        cmocka_unit_test_setup(keeps_own_members, fresh),
        cmocka_unit_test_setup(caps_instruction_sets, fresh),
    };
    return cmocka_run_group_tests(tests, fresh, fresh);
}
