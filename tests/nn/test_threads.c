/* Any number of threads gives the same bits on a processor with AVX2 too, where oneDNN convolves by products of matrices, of which it
 * would give idle threads a share. A program of its own: oneDNN asks once what the processor may be. */
#include "nets.h"

enum { EXAMPLES = 5, PIXELS = 2 * 8 * 7, CLASSES = 3 };

static float *first_gradient(int32_t threads, const gradus_batch *batch, int64_t *count)
{
    gradus_net_tensor tensor;
    nets_net made =
        nets_open(&(nets_texts){.model = "conv(17, 3) > gelu > avgpool(2) > conv(9, 2) > silu > flatten > dense(3)",
                                .input = {2, 8, 7},
                                .outputs = CLASSES,
                                .batch = EXAMPLES,
                                .threads = threads,
                                .seed = 11});
    assert_int_equal(gradus_net_train(made.net, batch, 0, false, NULL, NULL, NULL), GRADUS_OK);
    gradus_net_tensor_at(made.net, 0, &tensor);
    *count = nets_size(tensor.shape);
    float *gradient = malloc((size_t)*count * sizeof(float));
    assert_true(gradus_net_read_gradient(made.net, 0, gradient));
    nets_close(&made);
    return gradient;
}

static void test_bits(void **state)
{
    (void)state;
    static float inputs[EXAMPLES * PIXELS];
    static int32_t classes[EXAMPLES];
    for (int i = 0; i < EXAMPLES * PIXELS; i++) inputs[i] = (float)gradus_random_normal(1, 2, (uint64_t)i);
    for (int i = 0; i < EXAMPLES; i++) classes[i] = i % CLASSES;
    const gradus_batch batch = {.count = EXAMPLES, .inputs = inputs, .classes = classes};
    int64_t count;
    float *alone = first_gradient(1, &batch, &count);
    for (int32_t threads = 2; threads <= 4; threads++) {
        float *shared = first_gradient(threads, &batch, &count);
        assert_memory_equal(shared, alone, (size_t)count * sizeof(float));
        free(shared);
    }
    free(alone);
}

int main(void)
{
    setenv("DNNL_MAX_CPU_ISA", "AVX2", 1);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
