/* Any number of threads gives the same bits on a processor with AVX2 too, where oneDNN convolves by products of matrices, of which it
 * would give idle threads a share. A program of its own: oneDNN asks once what the processor may be. */
#include "nets.h"

enum { EXAMPLES = 13, STEPS = 9, SYMBOLS = 11, CLASSES = 3 };

typedef struct net_case {
    const char *model;
    int64_t input[4];
    int64_t symbols, positions;
} net_case;

static const net_case cases[] = {
    {"conv(17, 3) > gelu > avgpool(2) > conv(9, 2) > silu > flatten > dense(3)", {2, 8, 7}, 0, 0},
    {"embedding(24) > position > transformer(2, causal) > layernorm > dense(3)", {STEPS}, SYMBOLS, STEPS},
    {"embedding(24) > lstm(40, bidirectional=true) > gru(20) > dense(3)", {STEPS}, SYMBOLS, STEPS},
    {"lstm(40) > relu > dense(70) > relu > dense(3)", {STEPS, 5}, 0, STEPS},
};
enum { CASES = sizeof cases / sizeof *cases };

/* The gradients of all tensors, one behind the other. */
static float *gradients(const net_case *what, int32_t threads, const gradus_batch *batch, int64_t *count)
{
    gradus_net_tensor tensor;
    nets_texts texts = {.model = what->model,
                        .outputs = CLASSES,
                        .symbols = what->symbols,
                        .positions = what->positions,
                        .batch = EXAMPLES,
                        .threads = threads,
                        .seed = 11};
    memcpy(texts.input, what->input, sizeof what->input);
    nets_net made = nets_open(&texts);
    assert_int_equal(gradus_net_train(made.net, batch, 0, false, NULL, NULL, NULL), GRADUS_OK);
    float *found = NULL;
    *count = 0;
    for (int32_t i = 0; i < gradus_net_tensor_count(made.net); i++) {
        gradus_net_tensor_at(made.net, i, &tensor);
        const int64_t size = nets_size(tensor.shape);
        found = realloc(found, (size_t)(*count + size) * sizeof *found);
        assert_true(gradus_net_read_gradient(made.net, i, found + *count));
        *count += size;
    }
    nets_close(&made);
    return found;
}

static void check_case(const net_case *what)
{
    static float inputs[EXAMPLES * 2 * 8 * 7];
    static int32_t classes[EXAMPLES * STEPS];
    for (int i = 0; i < EXAMPLES * 2 * 8 * 7; i++)
        inputs[i] = what->symbols ? (float)(i * 7 % SYMBOLS) : (float)gradus_random_normal(1, 2, (uint64_t)i);
    for (int i = 0; i < EXAMPLES * STEPS; i++) classes[i] = i % CLASSES;
    const gradus_batch batch = {.count = EXAMPLES, .inputs = inputs, .classes = classes};
    int64_t count;
    float *alone = gradients(what, 1, &batch, &count);
    for (int32_t threads = 2; threads <= 4; threads++) {
        float *shared = gradients(what, threads, &batch, &count);
        assert_memory_equal(shared, alone, (size_t)count * sizeof(float));
        free(shared);
    }
    free(alone);
}

static void test_bits(void **state)
{
    (void)state;
    for (int i = 0; i < CASES; i++) check_case(&cases[i]);
}

int main(void)
{
    setenv("DNNL_MAX_CPU_ISA", "AVX2", 1);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
