/* How near the update rules come to what memory can do, each against a stream that reads and writes as much with the
 * same prefetch, measured in turns in the same run; and what many small tensors cost against one large one.
 *
 *     optimizers [MILLIONS OF VALUES = 64] [ROUNDS = 9] [RULE...]     given rules: these alone, against memory and stored otherwise */
#ifndef RULE
#include "../src/optim/kernel.h"
#include "gradus/base.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NO_TWIN
#define RULE "../../bench/optimizers.c"
#include "../src/optim/every_isa.h"

enum { STATE = 3, ARRAYS = 2 + STATE, SMALL_TENSORS = 2000, SMALL = 256 };

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void stop(const char *message)
{
    fprintf(stderr, "optimizers: %s\n", message);
    exit(1);
}

/* ---- the measure: every array that a rule would touch is read and, but for the gradient, written ---- */

static gradus_kernel *const stream_kernel[GRADUS_ISA_COUNT] = EVERY_ISA(stream);

typedef struct memory {
    float *array[ARRAYS]; /* gradient, values, state */
    int64_t count;
    int state;
    gradus_kernel *kernel;
} memory;

static void stream_chunk(void *job, int64_t index)
{
    static const float unused[GRADUS_CONSTANTS];
    const memory *all = job;
    const int64_t start = index * CHUNK, left = all->count - start;
    gradus_span span = {.count = (size_t)(left < CHUNK ? left : CHUNK),
                        .values = all->array[1] + start,
                        .gradient = all->array[0] + start};
    for (int j = 0; j < all->state; j++) span.state[j] = all->array[2 + j] + start;
    all->kernel(&span, 1, unused);
}

static double time_stream(const gradus_context *context, memory *all)
{
    const double start = now();
    all->kernel = stream_kernel[gradus_isa_of(context, NULL) - GRADUS_ISA_SCALAR];
    gradus_parallel(context, (all->count + CHUNK - 1) / CHUNK, stream_chunk, all);
    return now() - start;
}

/* ---- what is measured ---- */

static gradus_optimizer *make_stored(const char *rule, const char *gradient, const char *state, int32_t type,
                                     gradus_context *context, const memory *all, int64_t each)
{
    gradus_error error = {0};
    gradus_optimizer *optimizer = gradus_optimizer_create(
        &(gradus_optimizer_config){.rule = rule, .gradient = gradient, .state = state, .context = context}, &error);
    for (int64_t start = 0; start < all->count; start += each) {
        char name[32];
        snprintf(name, sizeof name, "t%lld", (long long)start);
        gradus_optimizer_add(optimizer,
                             &(gradus_parameter){.name = name,
                                                 .shape = {each},
                                                 .values = all->array[1] + start,
                                                 .gradient = all->array[0] + start,
                                                 .values_type = type,
                                                 .gradient_type = type,
                                                 .rounding = type == GRADUS_FLOAT32 ? 0 : 1},
                             &error);
    }
    if (error.status) stop(error.message);
    return optimizer;
}

static gradus_optimizer *make(const char *rule, const char *gradient, gradus_context *context, const memory *all,
                              int64_t each)
{
    return make_stored(rule, gradient, NULL, GRADUS_FLOAT32, context, all, each);
}

static double time_step(gradus_optimizer *optimizer, uint32_t flags)
{
    gradus_error error = {0};
    const double start = now();
    gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1e-6, .flags = flags}, &error);
    if (error.status) stop(error.message);
    return now() - start;
}

static void refill(const memory *all)
{
    for (int a = 0; a < ARRAYS; a++) {
        for (int64_t i = 0; i < all->count && all->array[a]; i++) all->array[a][i] = 1e-3f * (float)(i % 13 - 6);
    }
}

/* How many numbers a rule keeps for each value. */
static int state_of(const gradus_optimizer *optimizer, const memory *all)
{
    const uint64_t bytes = gradus_optimizer_state_size(optimizer, GRADUS_STATE);
    return (int)((bytes + 2 * (uint64_t)all->count) / (4 * (uint64_t)all->count));
}

static void against_memory(const char *rule, int32_t threads, memory all, int rounds)
{
    gradus_error error = {0};
    gradus_context *context = gradus_context_create(&(gradus_context_config){.threads = threads}, &error);
    gradus_optimizer *optimizer = make(rule, NULL, context, &all, all.count);
    double best_step = 1e9, best_stream = 1e9;
    refill(&all);
    for (int i = 0; i <= rounds; i++) { /* the first round touches new memory and does not count */
        const double step = time_step(optimizer, 0);
        if (i == 0) all.state = state_of(optimizer, &all);
        if (all.state > STATE) break;
        const double measure = time_stream(context, &all);
        if (i && step < best_step) best_step = step;
        if (i && measure < best_stream) best_stream = measure;
    }
    printf("%-26s %d thread%s  %7.1f ms   %.2f of a stream with %d reads and %d writes\n", rule,
           (int)gradus_threads(context), gradus_threads(context) > 1 ? "s" : " ", 1e3 * best_step,
           best_stream / best_step, all.state + 2, all.state + 1);
    gradus_optimizer_destroy(optimizer);
    gradus_context_destroy(context);
}

/* State in 8 bits, then bfloat16 values and gradients too, each against float32. */
static void stored_otherwise(const char *rule, int32_t threads, memory all, int rounds)
{
    static const char *const titles[] = {"8-bit state", "bfloat16", "bfloat16, 8-bit state"};
    enum { CASES = sizeof titles / sizeof *titles };
    gradus_error error = {0};
    gradus_context *context = gradus_context_create(&(gradus_context_config){.threads = threads}, &error);
    gradus_optimizer *float32 = make(rule, NULL, context, &all, all.count);
    for (int c = 0; c < CASES; c++) {
        gradus_optimizer *other = make_stored(rule, NULL, c == 1 ? NULL : "8bit", c ? GRADUS_BFLOAT16 : GRADUS_FLOAT32,
                                              context, &all, all.count);
        double best_float32 = 1e9, best_other = 1e9;
        refill(&all);
        for (int i = 0; i <= rounds; i++) {
            if (c) memset(all.array[0], 0, (size_t)all.count * sizeof(float)); /* good numbers of either type */
            if (c) memset(all.array[1], 0, (size_t)all.count * sizeof(float));
            const double wide = time_step(float32, 0), narrow = time_step(other, 0);
            if (i && wide < best_float32) best_float32 = wide;
            if (i && narrow < best_other) best_other = narrow;
        }
        printf("%-26s %d thread%s  %7.1f ms   %s: %.2f times as fast as float32\n", rule, (int)gradus_threads(context),
               gradus_threads(context) > 1 ? "s" : " ", 1e3 * best_other, titles[c], best_float32 / best_other);
        gradus_optimizer_destroy(other);
    }
    gradus_optimizer_destroy(float32);
    gradus_context_destroy(context);
}

static void clip_and_zero(int32_t threads, memory all, int rounds)
{
    gradus_error error = {0};
    gradus_context *context = gradus_context_create(&(gradus_context_config){.threads = threads}, &error);
    gradus_optimizer *plain = make("adamw", NULL, context, &all, all.count);
    gradus_optimizer *clipped = make("adamw", "clip_norm(1)", context, &all, all.count);
    double best_plain = 1e9, best_clipped = 1e9;
    for (int i = 0; i <= rounds; i++) {
        const double alone = time_step(plain, 0), whole = time_step(clipped, GRADUS_ZERO_GRADIENTS);
        if (i && alone < best_plain) best_plain = alone;
        if (i && whole < best_clipped) best_clipped = whole;
    }
    printf("clip_norm, adamw, zeroing  %d thread%s  %7.1f ms   %.2f times adamw alone\n", (int)gradus_threads(context),
           gradus_threads(context) > 1 ? "s" : " ", 1e3 * best_clipped, best_clipped / best_plain);
    gradus_optimizer_destroy(plain);
    gradus_optimizer_destroy(clipped);
    gradus_context_destroy(context);
}

static double time_update(gradus_policy *policy, gradus_optimizer *optimizer)
{
    gradus_error error = {0};
    const double start = now();
    gradus_update(policy, optimizer, &(gradus_step){.loss = 1}, NULL, &error);
    if (error.status) stop(error.message);
    return now() - start;
}

/* What a feedback's measures add to an update: the norm alone, the last update, gradients over a movement. */
static void measured(const char *rule, int32_t threads, memory all, int rounds)
{
    static const char *const feedback[] = {"none", "polyak", "hypergradient", "barzilai_borwein(window=1)",
                                           "barzilai_borwein(window=100)"};
    enum { CASES = sizeof feedback / sizeof *feedback };
    gradus_error error = {0};
    gradus_context *context = gradus_context_create(&(gradus_context_config){.threads = threads}, &error);
    for (int f = 1; f < CASES; f++) { /* two at a time, each with copies of its own */
        double best[2] = {1e9, 1e9}, sum[2] = {0};
        for (int side = 0; side < 2; side++) refill(&all);
        gradus_optimizer *optimizer[2];
        gradus_policy *policy[2];
        for (int side = 0; side < 2; side++) {
            optimizer[side] = make(rule, NULL, context, &all, all.count);
            policy[side] =
                gradus_policy_create(&(gradus_policy_config){.base = 1e-6, .feedback = feedback[side ? f : 0]}, &error);
            if (error.status) stop(error.message);
        }
        for (int i = 0; i <= rounds; i++) {
            for (int side = 0; side < 2; side++) {
                const double time = time_update(policy[side], optimizer[side]);
                if (i && time < best[side]) best[side] = time;
                if (i) sum[side] += time;
            }
        }
        const bool mean = f == CASES - 1; /* most of its updates keep nothing */
        printf("%-6s %-28s %d thread%s  %7.1f ms   %.2f times without%s\n", rule, feedback[f],
               (int)gradus_threads(context), gradus_threads(context) > 1 ? "s" : " ",
               1e3 * (mean ? sum[1] / rounds : best[1]), mean ? sum[1] / sum[0] : best[1] / best[0],
               mean ? ", on the mean" : "");
        for (int side = 0; side < 2; side++) {
            gradus_policy_destroy(policy[side]);
            gradus_optimizer_destroy(optimizer[side]);
        }
    }
    gradus_context_destroy(context);
}

static void many_small(const char *rule, int32_t threads, memory all)
{
    gradus_error error = {0};
    gradus_context *context = gradus_context_create(&(gradus_context_config){.threads = threads}, &error);
    all.count = (int64_t)SMALL_TENSORS * SMALL;
    gradus_optimizer *one = make(rule, NULL, context, &all, all.count), *many = make(rule, NULL, context, &all, SMALL);
    double best_one = 1e9, best_many = 1e9;
    refill(&all);
    for (int i = 0; i < 400; i++) {
        const double large = time_step(one, 0), small = time_step(many, 0);
        if (i && large < best_one) best_one = large;
        if (i && small < best_many) best_many = small;
    }
    printf("%-26s %d thread%s  %7.3f ms   %d tensors of %d: %.2f times one of %d\n", rule, (int)gradus_threads(context),
           gradus_threads(context) > 1 ? "s" : " ", 1e3 * best_many, SMALL_TENSORS, SMALL, best_many / best_one,
           SMALL_TENSORS * SMALL);
    gradus_optimizer_destroy(one);
    gradus_optimizer_destroy(many);
    gradus_context_destroy(context);
}

int main(int argc, char **argv)
{
    const int64_t millions = argc > 1 ? atoll(argv[1]) : 64;
    const int rounds = argc > 2 ? atoi(argv[2]) : 9;
    static const char *const usual[] = {
        "adamw", "sgd", "sgd(momentum=0.9)", "rmsprop", "schedule_free(adamw)", "schedule_free(sgd)", NULL};
    const char *const *rules = argc > 3 ? (const char *const *)argv + 3 : usual;
    memory all = {.count = millions << 20};
    if (millions < 1 || rounds < 1) stop("usage: optimizers [MILLIONS OF VALUES] [ROUNDS] [RULE...]");
    for (int a = 0; a < ARRAYS; a++) {
        all.array[a] = gradus_allocate(NULL, (size_t)all.count * sizeof(float));
        if (!all.array[a]) stop("not enough memory; give fewer millions of values");
    }
    const int32_t most = gradus_threads(NULL);
    for (int32_t threads = 1; threads <= most; threads = threads < most ? most : most + 1) {
        for (int i = 0; rules[i]; i++) against_memory(rules[i], threads, all, rounds);
        for (int i = 0; rules[i] && argc > 3; i++) stored_otherwise(rules[i], threads, all, rounds);
        if (argc > 3) continue;
        stored_otherwise("adamw", threads, all, rounds);
        clip_and_zero(threads, all, rounds);
        measured("adamw", threads, all, rounds);
        many_small("adamw", threads, all);
        many_small("sgd(momentum=0.9)", threads, all);
    }
    for (int a = 0; a < ARRAYS; a++) gradus_release(NULL, all.array[a], (size_t)all.count * sizeof(float));
    return 0;
}

#else /* once for each instruction set */

static inline void ISA(stream_element)(cell *c, const lane *k)
{
    (void)k;
    c->x = c->x + c->g;
    if (c->has & SLOT(0)) c->s[0] = c->s[0] + c->g;
    if (c->has & SLOT(1)) c->s[1] = c->s[1] + c->g;
    if (c->has & SLOT(2)) c->s[2] = c->s[2] + c->g;
}

static void ISA(stream)(const span *spans, size_t how_many, const number *k)
{
    enum { X = VALUES, A = SLOT(0), B = SLOT(1), C = SLOT(2) };
    if (spans->state[2])
        walk(ISA(stream_element), GRADIENT | X | A | B | C, X | A | B | C, 0, 0, spans, how_many, k);
    else if (spans->state[1])
        walk(ISA(stream_element), GRADIENT | X | A | B, X | A | B, 0, 0, spans, how_many, k);
    else if (spans->state[0])
        walk(ISA(stream_element), GRADIENT | X | A, X | A, 0, 0, spans, how_many, k);
    else
        walk(ISA(stream_element), GRADIENT | X, X, 0, 0, spans, how_many, k);
}
#endif
