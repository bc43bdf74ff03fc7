/* Layers against PyTorch's in double precision: the loss of a small net, and of each tensor's gradient one sum, so that a layer whose
 * values, axes or order are not PyTorch's shows.
 *
 * All numbers are waves. Of the tensors, one after another: 0.5 sin(1 + 0.7 k); of three examples: cos(0.3 k); of their targets:
 * cos(0.2 k), under the mean squared loss. A tensor's sum is that of gradient[k] sin(1 + k). In PyTorch:
 *
 *     at = 0
 *     for p in net.double().parameters():
 *         p.data = (0.5 * torch.sin(1 + 0.7 * torch.arange(at, at + p.numel(), dtype=torch.float64))).reshape(p.shape)
 *         at += p.numel()
 *     out = net(torch.cos(0.3 * torch.arange(3 * size, dtype=torch.float64)).reshape(3, *shape)).reshape(3, -1)
 *     loss = F.mse_loss(out, torch.cos(0.2 * torch.arange(out.numel(), dtype=torch.float64)).reshape(out.shape))
 *     loss.backward()
 *     print(loss.item(), [(p.grad.flatten() * torch.sin(1 + torch.arange(p.numel()))).sum().item() for p in net.parameters()])
 */
#include "nets.h"

enum { EXAMPLES = 3, MOST_TENSORS = 8 };

typedef struct expectation {
    const char *model, *pytorch;
    int64_t input[8], outputs, positions;
    double loss, sums[MOST_TENSORS];
} expectation;

static const expectation expectations[] = {
    {"conv(18, 3) > groupnorm(3) > sigmoid > conv(4, 2) > flatten",
     "Conv2d(2, 18, 3), GroupNorm(3, 18), Sigmoid(), Conv2d(18, 4, 2)",
     {2, 6, 5},
     24,
     0,
     0.463700292,
     {0.0462338065, 0.0019231268, -0.00225707174, 0.00622086726, 0.232099438, 0.0404173682}},
    {"dense(20) > groupnorm(5, epsilon=0.1) > tanh > dense(3)",
     "Linear(5, 20), GroupNorm(5, 20, eps=0.1), Tanh(), Linear(20, 3)",
     {5},
     3,
     0,
     5.20392472,
     {1.47232402, 0.590910082, -0.0863417485, -0.242092442, -0.0132258733, -2.68522909}},
    {"rnn(8) > groupnorm(2) > tanh > dense(2)", /* PyTorch's takes the steps for examples here */
     "RNN(6, 8), Flatten(0, 1), GroupNorm(2, 8), Unflatten(0, (3, 4)), Tanh(), Linear(8, 2)",
     {4, 6},
     2,
     4,
     1.01705302,
     {-0.0930628962, 0.41385583, -0.100373685, -0.100373685, -0.170415982, 0.804383572, 0.918670342, 1.27050978}},
    {"conv(18, 3) > prelu > conv(4, 2) > prelu(shared=true) > flatten",
     "Conv2d(2, 18, 3), PReLU(18), Conv2d(18, 4, 2), PReLU()",
     {2, 6, 5},
     24,
     0,
     0.595978391,
     {-0.319520184, 0.0899129864, 0.0099819666, 0.124024957, 0.230299421, -0.15635247}},
    {"dense(20) > prelu > dense(3)",
     "Linear(5, 20), PReLU(20), Linear(20, 3)",
     {5},
     3,
     0,
     2.65103103,
     {-2.11267524, -0.148203364, 0.088218353, -1.238342, -1.77674322}},
    {"rnn(8) > prelu > dense(2)",
     "RNN(6, 8), Flatten(0, 1), PReLU(8), Unflatten(0, (3, 4)), Linear(8, 2)",
     {4, 6},
     2,
     4,
     0.780400443,
     {0.306087256, -0.0176953247, -0.202098682, -0.202098682, -0.286199966, 0.0950514921, 0.738156512}},
    {"conv(17, 3, dilation=2) > sigmoid > conv(18, 2, dilation=[1, 3], pad=[0, 2]) > flatten",
     "Conv2d(2, 17, 3, dilation=2), Sigmoid(), Conv2d(17, 18, 2, dilation=(1, 3), padding=(0, 2))",
     {2, 7, 7},
     144,
     0,
     0.72796047,
     {0.0175353825, -0.0196913272, 0.0115276483, 0.0799127869}},
    {"conv(18, 3) > sigmoid > conv(18, 3, groups=depthwise, stride=2, pad=1) > sigmoid > conv(36, 2, groups=18) > "
     "sigmoid > conv(4, 1) > flatten",
     "Conv2d(2, 18, 3), Sigmoid(), Conv2d(18, 18, 3, groups=18, stride=2, padding=1), Sigmoid(), "
     "Conv2d(18, 36, 2, groups=18), Sigmoid(), Conv2d(36, 4, 1)",
     {2, 8, 8},
     16,
     0,
     1.33624083,
     {-0.00513548786, -0.000202654884, -0.0209770148, 0.0178730278, -0.00324523524, 0.427722631, 0.041739747,
      0.600324682}},
    {"conv(32, 3) > sigmoid > conv(64, 2, groups=2) > sigmoid > conv(12, 2, groups=4) > flatten",
     "Conv2d(2, 32, 3), Sigmoid(), Conv2d(32, 64, 2, groups=2), Sigmoid(), Conv2d(64, 12, 2, groups=4)",
     {2, 5, 6},
     24,
     0,
     0.467931319,
     {-0.00410418751, 0.00666105032, 0.00545149665, 0.0340560311, -0.00854925793, -0.182002876}},
    {"conv(6, [3, 2], groups=2, dilation=[1, 2], bias=false) > flatten",
     "Conv2d(4, 6, (3, 2), groups=2, dilation=(1, 2), bias=False)",
     {4, 5, 6},
     72,
     0,
     2.61941912,
     {-0.084160136}},
    {"conv(17, 2) > sigmoid > upsample > conv(3, 2, stride=2) > upsample([1, 3]) > flatten",
     "Conv2d(2, 17, 2), Sigmoid(), Upsample(scale_factor=2), Conv2d(17, 3, 2, stride=2), Upsample(scale_factor=(1, 3))",
     {2, 4, 3},
     54,
     0,
     0.527374921,
     {-0.00708420316, -0.00155419286, 0.0570045952, 0.159650042}},
    {"conv(17, 2) > sigmoid > upsample([3, 2], mode=bilinear) > conv(3, 2) > flatten",
     "Conv2d(2, 17, 2), Sigmoid(), Upsample(scale_factor=(3, 2), mode='bilinear'), Conv2d(17, 3, 2)",
     {2, 4, 3},
     72,
     0,
     0.554765775,
     {-0.0627555286, -0.00560864219, -0.0816097938, 0.202067}},
    {"conv(17, 2) > maxpool(2, ceil=true) > conv(3, 1) > maxpool(3, stride=2, pad=1, ceil=true) > flatten",
     "Conv2d(2, 17, 2), MaxPool2d(2, ceil_mode=True), Conv2d(17, 3, 1), "
     "MaxPool2d(3, stride=2, padding=1, ceil_mode=True)",
     {2, 8, 6},
     18,
     0,
     33.0803239,
     {-0.0302448747, -4.01581945, 9.23860968, 5.89709209}},
    {"conv(17, 2) > avgpool(3, stride=2, pad=1, ceil=true) > conv(3, 2) > avgpool([2, 3], ceil=true) > flatten",
     "Conv2d(2, 17, 2), AvgPool2d(3, stride=2, padding=1, ceil_mode=True), Conv2d(17, 3, 2), "
     "AvgPool2d((2, 3), ceil_mode=True)",
     {2, 9, 11},
     12,
     0,
     0.522523209,
     {-0.066320738, -0.0122587743, -0.10768169, -0.0221780523}},
    {"conv(3, 3, pad=1, name=a) > tanh > avgpool(2) > conv(3, 3, pad=1, tie=a) > sigmoid > "
     "conv(3, 3, pad=2, stride=2, dilation=2, tie=a, bias=false) > flatten",
     "a = Conv2d(3, 3, 3, padding=1), Tanh(), AvgPool2d(2), conv2d by a.weight, Sigmoid(), conv2d by a.weight",
     {3, 8, 6},
     12,
     0,
     0.929330784,
     {-0.00556884689, -0.264255509, 0.284556474}},
    {"conv(16, 1) > sigmoid > conv(16, 3, pad=1, groups=4, name=b) > sigmoid > avgpool(2) > "
     "conv(16, 3, pad=1, groups=4, tie=b) > flatten",
     "Conv2d(2, 16, 1), Sigmoid(), b = Conv2d(16, 16, 3, padding=1, groups=4), Sigmoid(), AvgPool2d(2), conv2d by "
     "b.weight",
     {2, 6, 4},
     96,
     0,
     2.66329278,
     {-0.00736144569, -0.00601645823, 0.0238823265, 0.147112516, 0.657245015}},
    {"conv(16, 1) > sigmoid > conv(16, 3, pad=1, name=b) > sigmoid > avgpool(2) > conv(16, 3, tie=b) > flatten",
     "Conv2d(2, 16, 1), Sigmoid(), b = Conv2d(16, 16, 3, padding=1), Sigmoid(), AvgPool2d(2), conv2d by b.weight",
     {2, 6, 6},
     16,
     0,
     1.83962616,
     {0.138192275, 0.00477385378, -0.123850148, -0.234138357, 0.0414711615}},
};

static void check_sum(const expectation *it, const gradus_net *net, int32_t index, double expected)
{
    gradus_net_tensor tensor;
    gradus_net_tensor_at(net, index, &tensor);
    const int64_t count = nets_size(tensor.shape);
    float *gradient = malloc((size_t)count * sizeof(float));
    double sum = 0, size = 0;
    assert_true(gradus_net_read_gradient(net, index, gradient));
    for (int64_t k = 0; k < count; k++) {
        sum += gradient[k] * sin(1 + (double)k);
        size += fabs((double)gradient[k]);
    }
    if (!check_is_close(sum, expected, 1e-5, 1e-5 * size))
        fail_msg("%s: %s's gradient sums up to %.9g, PyTorch's (%s) to %.9g", it->model, tensor.name, sum, it->pytorch,
                 expected);
    free(gradient);
}

static void write_waves(gradus_net *net)
{
    int64_t at = 0;
    for (int32_t i = 0; i < gradus_net_tensor_count(net); i++) {
        gradus_net_tensor tensor;
        gradus_net_tensor_at(net, i, &tensor);
        if (!tensor.gradient) continue;
        const int64_t count = nets_size(tensor.shape);
        float *values = malloc((size_t)count * sizeof(float));
        for (int64_t k = 0; k < count; k++) values[k] = (float)(0.5 * sin(1 + 0.7 * (double)at++));
        assert_true(gradus_net_write(net, i, values));
        free(values);
    }
}

static void test_pytorch(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof expectations / sizeof *expectations; i++) {
        const expectation *it = &expectations[i];
        nets_texts texts = {.model = it->model,
                            .loss = "mean_squared",
                            .target = GRADUS_TARGET_NUMBERS,
                            .outputs = it->outputs,
                            .positions = it->positions};
        memcpy(texts.input, it->input, sizeof texts.input);
        nets_net made = nets_open(&texts);
        const int64_t values = EXAMPLES * nets_size(it->input),
                      targets = EXAMPLES * it->outputs * (it->positions ? it->positions : 1);
        float *inputs = malloc((size_t)values * sizeof(float)), *numbers = malloc((size_t)targets * sizeof(float));
        for (int64_t k = 0; k < values; k++) inputs[k] = (float)cos(0.3 * (double)k);
        for (int64_t k = 0; k < targets; k++) numbers[k] = (float)cos(0.2 * (double)k);
        write_waves(made.net);
        const gradus_batch batch = {.count = EXAMPLES, .inputs = inputs, .numbers = numbers};
        double loss;
        assert_int_equal(gradus_net_train(made.net, &batch, 0, false, &loss, NULL, NULL), GRADUS_OK);
        if (!check_is_close(loss, it->loss, 2e-6, 0))
            fail_msg("%s: the loss is %.9g, PyTorch's (%s) %.9g", it->model, loss, it->pytorch, it->loss);
        for (int32_t k = 0; k < gradus_net_tensor_count(made.net); k++) check_sum(it, made.net, k, it->sums[k]);
        free(inputs);
        free(numbers);
        nets_close(&made);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pytorch)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
