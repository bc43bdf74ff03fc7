/* Any number of threads gives the same bits: outputs and gradients, of nets whose products of matrices are large enough to be cut among
 * threads. So too on processors with less than this one, where oneDNN multiplies otherwise, and convolves by products of matrices, of
 * which it would give idle threads a share: it asks once what the processor may be, so each is a process of its own. */
#include "nets.h"
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 4 };

static const nets_texts nets[] = {
    {.model = "conv(17, 3) > gelu > avgpool(2) > conv(9, 2) > silu > flatten > dense(3)",
     .input = {2, 8, 7},
     .outputs = 3,
     .batch = 5},
    {.model = "conv(8, 3, pad=1) > batchnorm > relu > residual(conv(8, 3, pad=1) > batchnorm) > flatten > dense(300) > "
              "relu > dense(3)",
     .input = {3, 12, 12},
     .outputs = 3,
     .batch = 70},
    {.model = "conv(16, 3, pad=1) > relu > conv(32, 5, pad=2) > residual(conv(32, 3, pad=1) > batchnorm) > flatten > "
              "dense(3)",
     .input = {3, 13, 13},
     .outputs = 3,
     .batch = 37},
    {.model = "dense(777) > relu > dense(1001) > tanh > dense(10)", .input = {784}, .outputs = 10, .batch = 100},
    {.model = "dense(128) > relu > dense(3)", .input = {784}, .outputs = 3, .batch = 64},
    {.model = "dense(9) > dense(1500) > relu > dense(3)", .input = {5}, .outputs = 3, .batch = 1024},
    {.model = "embedding(40) > lstm(130, layers=2, bidirectional=true) > dense(65)",
     .input = {30},
     .outputs = 65,
     .positions = 30,
     .symbols = 65,
     .batch = 12},
    {.model = "embedding(96) > gru(200) > dense(65)",
     .input = {20},
     .outputs = 65,
     .positions = 20,
     .symbols = 65,
     .batch = 33},
    {.model = "lstm(40) > relu > dense(70) > relu > dense(3)",
     .input = {9, 5},
     .outputs = 3,
     .positions = 9,
     .batch = 13},
    {.model = "embedding(128) > position > transformer(4) > layernorm > dense(65)",
     .input = {64},
     .outputs = 65,
     .positions = 64,
     .symbols = 65,
     .batch = 12},
};

typedef struct examples {
    float *inputs;
    int32_t *classes;
    gradus_batch batch;
} examples;

static examples make_examples(const nets_texts *net)
{
    const int64_t inputs = net->batch * nets_size(net->input),
                  targets = net->batch * (net->positions ? net->positions : 1);
    examples made = {malloc((size_t)inputs * sizeof(float)), malloc((size_t)targets * sizeof(int32_t)), {0}};
    for (int64_t i = 0; i < inputs; i++)
        made.inputs[i] = net->symbols ? floorf((float)(gradus_random_unit(3, 4, (uint64_t)i) * (double)net->symbols))
                                      : (float)gradus_random_normal(1, 2, (uint64_t)i);
    for (int64_t i = 0; i < targets; i++) made.classes[i] = (int32_t)(i % net->outputs);
    made.batch = (gradus_batch){.count = net->batch, .inputs = made.inputs, .classes = made.classes};
    return made;
}

/* The outputs of the batch, then the gradients of all tensors; the caller frees them. */
static float *walk(const nets_texts *net, int32_t threads, const gradus_batch *batch, size_t *size)
{
    nets_texts with = *net;
    gradus_net_tensor tensor;
    gradus_error error = {0};
    with.threads = threads;
    with.seed = 11;
    nets_net made = nets_open(&with);
    const int64_t outputs = net->batch * (net->positions ? net->positions : 1) * net->outputs;
    int64_t count = outputs;
    for (int32_t i = 0; i < gradus_net_tensor_count(made.net); i++) {
        gradus_net_tensor_at(made.net, i, &tensor);
        if (tensor.gradient) count += nets_size(tensor.shape);
    }
    float *found = malloc((size_t)count * sizeof *found), *at = found + outputs;
    assert_int_equal(gradus_net_evaluate(made.net, batch, NULL, found, &error), GRADUS_OK);
    assert_int_equal(gradus_net_train(made.net, batch, 0, false, NULL, NULL, &error), GRADUS_OK);
    for (int32_t i = 0; i < gradus_net_tensor_count(made.net); i++) {
        gradus_net_tensor_at(made.net, i, &tensor);
        if (!tensor.gradient) continue;
        assert_true(gradus_net_read_gradient(made.net, i, at));
        at += nets_size(tensor.shape);
    }
    nets_close(&made);
    *size = (size_t)count * sizeof *found;
    return found;
}

static void test_bits(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
        examples set = make_examples(&nets[i]);
        size_t size;
        float *alone = walk(&nets[i], 1, &set.batch, &size);
        for (int32_t threads = 2; threads <= THREADS; threads++) {
            float *shared = walk(&nets[i], threads, &set.batch, &size);
            if (memcmp(shared, alone, size) != 0)
                fail_msg("%s: other bits with %d threads", nets[i].model, (int)threads);
            free(shared);
        }
        free(alone);
        free(set.inputs);
        free(set.classes);
    }
}

static int run_on_this(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    static const char *const processors[] = {"SSE41", "AVX2"};
    for (size_t i = 0; i < sizeof processors / sizeof *processors; i++) {
        const pid_t child = fork();
        int status = 1;
        if (child == 0) {
            setenv("DNNL_MAX_CPU_ISA", processors[i], 1);
            return run_on_this();
        }
        if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0) return 1;
    }
    return run_on_this();
}
