/* Whether a rate that was found on a narrow net is that of a wide one: nets of two hidden layers, 64 to 1024 wide, learn 32
 * examples of a function by heart at rates of four a decade, as they are and with mup. Prints the loss that is left, the best
 * rate of each width, and by how many decades that moves.
 *
 *     mup [UPDATES = 40]     takes four minutes
 *
 * From 64 to 1024 Adam's best rate moves by 1.50 decades, with mup by 0.25; that of SGD by 1.25, with mup not at all. */
#include "gradus/base.h"
#include "gradus/gradus.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUTS = 32, BATCH = 32, WIDEST = 1024, WIDTHS = 5, RATES = 13, BASE = 64, LAYERS = 3, DEEP = WIDEST * WIDEST };

/* Weights of a layer stand input by input, the last dimension counts the outputs. */
static struct {
    int sizes[LAYERS + 1];
    float weights[LAYERS][DEEP], bias[LAYERS][WIDEST], weight_gradient[LAYERS][DEEP], bias_gradient[LAYERS][WIDEST];
} model;

static void begin(int width, bool mup)
{
    const int sizes[LAYERS + 1] = {INPUTS, width, width, 1};
    memcpy(model.sizes, sizes, sizeof sizes);
    memset(model.bias, 0, sizeof model.bias);
    for (int l = 0; l < LAYERS; l++) {
        double size = 1 / sqrt(sizes[l]);
        if (mup && l == LAYERS - 1) size *= sqrt((double)BASE / width);
        for (int i = 0; i < sizes[l] * sizes[l + 1]; i++)
            model.weights[l][i] = (float)(size * gradus_random_normal(1, (uint64_t)l, (uint64_t)i));
    }
}

/* What is to be learnt: a product of sums, which no linear net can say. */
static double wanted(const float *x)
{
    double a = 0, b = 0;
    for (int j = 0; j < INPUTS; j++) *(j % 2 ? &a : &b) += (double)x[j] * (j % 4 < 2 ? 1 : -1);
    return sin(a / 2) + tanh(a * b / INPUTS);
}

static void forward(int layer, const float *in, float *out)
{
    const int inputs = model.sizes[layer], outputs = model.sizes[layer + 1];
    memcpy(out, model.bias[layer], (size_t)outputs * sizeof *out);
    for (int i = 0; i < inputs; i++) {
        const float *row = model.weights[layer] + (size_t)i * (size_t)outputs;
        for (int j = 0; j < outputs; j++) out[j] += in[i] * row[j];
    }
    for (int j = 0; j < outputs && layer < LAYERS - 1; j++) out[j] = out[j] > 0 ? out[j] : 0;
}

/* From the gradient at a layer's outputs to that at its inputs, which are what a ReLU has left. */
static void backward(int layer, const float *in, const float *slope, float *back)
{
    const int inputs = model.sizes[layer], outputs = model.sizes[layer + 1];
    for (int j = 0; j < outputs; j++) model.bias_gradient[layer][j] += slope[j];
    for (int i = 0; i < inputs; i++) {
        const float *row = model.weights[layer] + (size_t)i * (size_t)outputs;
        float *into = model.weight_gradient[layer] + (size_t)i * (size_t)outputs, parts[8] = {0};
        for (int j = 0; j < outputs; j++) into[j] += in[i] * slope[j];
        for (int j = 0; j + 8 <= outputs; j += 8)
            for (int k = 0; k < 8; k++) parts[k] += row[j + k] * slope[j + k];
        for (int j = outputs / 8 * 8; j < outputs; j++) parts[0] += row[j] * slope[j];
        for (int k = 1; k < 8; k++) parts[0] += parts[k];
        back[i] = in[i] > 0 ? parts[0] : 0;
    }
}

/* Half the mean squared error; its gradient is added to what is there. */
static double evaluate(void)
{
    static float signal[LAYERS + 1][WIDEST], slope[LAYERS + 1][WIDEST];
    double loss = 0;
    for (int n = 0; n < BATCH; n++) {
        for (int j = 0; j < INPUTS; j++) signal[0][j] = (float)gradus_random_normal(3, 0, (uint64_t)(n * INPUTS + j));
        for (int l = 0; l < LAYERS; l++) forward(l, signal[l], signal[l + 1]);
        const double off = (double)signal[LAYERS][0] - wanted(signal[0]);
        loss += 0.5 * off * off / BATCH;
        slope[LAYERS][0] = (float)(off / BATCH);
        for (int l = LAYERS - 1; l >= 0; l--) backward(l, signal[l], slope[l + 1], slope[l]);
    }
    return loss;
}

static void add_tensors(gradus_optimizer *optimizer, gradus_error *error)
{
    for (int l = 0; l < LAYERS; l++) {
        char name[16];
        snprintf(name, sizeof name, "%d.weight", l);
        gradus_optimizer_add(optimizer,
                             &(gradus_parameter){.name = name,
                                                 .shape = {model.sizes[l], model.sizes[l + 1]},
                                                 .outputs_last = 1,
                                                 .values = model.weights[l],
                                                 .gradient = model.weight_gradient[l]},
                             error);
        snprintf(name, sizeof name, "%d.bias", l);
        gradus_optimizer_add(optimizer,
                             &(gradus_parameter){.name = name,
                                                 .shape = {model.sizes[l + 1]},
                                                 .values = model.bias[l],
                                                 .gradient = model.bias_gradient[l]},
                             error);
    }
}

/* The mean loss of the last fifth of the updates. */
static double train(const char *rule, const char *groups, double rate, int width, int updates)
{
    gradus_error error = {0};
    double left = 0;
    begin(width, groups != NULL);
    memset(model.weight_gradient, 0, sizeof model.weight_gradient);
    memset(model.bias_gradient, 0, sizeof model.bias_gradient);
    gradus_optimizer *optimizer =
        gradus_optimizer_create(&(gradus_optimizer_config){.rule = rule, .groups = groups}, &error);
    add_tensors(optimizer, &error);
    for (int update = 0; update < updates && !error.status && isfinite(left); update++) {
        const double loss = evaluate();
        if (update >= updates - updates / 5) left += loss / (updates / 5);
        if (!(loss < 1e3)) left = INFINITY;
        gradus_optimizer_step(optimizer, &(gradus_step){.rate = rate, .flags = GRADUS_ZERO_GRADIENTS}, &error);
    }
    if (error.status) fprintf(stderr, "%s\n", error.message), exit(1);
    gradus_optimizer_destroy(optimizer);
    return left;
}

/* Decades between the lowest and the highest of the best rates. */
static double moves(const char *rule, const char *groups, double lowest, int updates)
{
    static const int widths[WIDTHS] = {64, 128, 256, 512, 1024};
    int least = RATES, most = 0;
    printf("%s%s%s\n", rule, groups ? ", " : "", groups ? groups : "");
    for (int w = 0; w < WIDTHS; w++) {
        double best_loss = INFINITY;
        int best = 0;
        printf("  %5d", widths[w]);
        for (int r = 0; r < RATES; r++) {
            const double loss = train(rule, groups, lowest * pow(10, r / 4.0), widths[w], updates);
            printf(isfinite(loss) ? " %.3f" : "     -", loss);
            if (loss < best_loss) best_loss = loss, best = r;
        }
        printf("   best %.2g\n", lowest * pow(10, best / 4.0));
        if (best < least) least = best;
        if (best > most) most = best;
    }
    printf("  moves by %.2f decades\n", (most - least) / 4.0);
    return (most - least) / 4.0;
}

int main(int count, char **arguments)
{
    const int updates = count > 1 ? atoi(arguments[1]) : 40;
    const double adam = moves("adam", NULL, 1e-4, updates), adam_mup = moves("adam", "mup(64)", 1e-4, updates);
    const double sgd = moves("sgd", NULL, 1e-3, updates), sgd_mup = moves("sgd", "mup(64, rule=sgd)", 1e-3, updates);
    printf("adam %.2f, with mup %.2f; sgd %.2f, with mup %.2f\n", adam, adam_mup, sgd, sgd_mup);
    return 0;
}
