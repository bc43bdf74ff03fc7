/* Whether a rate that was found on a narrow net is that of a wide one: two-layer nets of widths 64 to 1024 learn a function
 * of 32 inputs at rates of four a decade, as they are and with mup. Prints the loss that is left, the best rate of each
 * width, and by how many decades that moves.
 *
 * With sgd the best rate falls by almost two decades from 64 to 1024, and with mup it stays. Adam's best rate is held by the
 * first weight in a net this shallow: without mup it is not the best rate that falls but the highest one that still works.
 *
 *     mup [UPDATES = 300]                              takes two minutes */
#include "gradus/base.h"
#include "gradus/gradus.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { INPUTS = 32, BATCH = 32, WIDEST = 1024, WIDTHS = 5, RATES = 17, BASE = 64 };

typedef struct net {
    int width;
    float hidden[WIDEST][INPUTS], bias[WIDEST], output[WIDEST]; /* output: of one number */
    float hidden_gradient[WIDEST][INPUTS], bias_gradient[WIDEST], output_gradient[WIDEST];
} net;

static net model;

static void begin(int width, bool mup)
{
    const double shrink = mup ? sqrt((double)BASE / width) : 1;
    model.width = width;
    for (int i = 0; i < width; i++) {
        model.bias[i] = 0;
        model.output[i] = (float)(shrink * gradus_random_normal(2, 0, (uint64_t)i) / sqrt(width));
        for (int j = 0; j < INPUTS; j++)
            model.hidden[i][j] = (float)(gradus_random_normal(1, (uint64_t)i, (uint64_t)j) / sqrt(INPUTS));
    }
}

/* What is to be learnt: a product of sums, which no linear net can say. */
static double wanted(const float *x)
{
    double a = 0, b = 0;
    for (int j = 0; j < INPUTS; j++) *(j % 2 ? &a : &b) += (double)x[j] * (j % 4 < 2 ? 1 : -1);
    return sin(a / 2) + tanh(a * b / INPUTS);
}

/* Half the mean squared error of a batch, and its gradient. */
static double evaluate(int batch)
{
    const int width = model.width;
    double loss = 0;
    for (int i = 0; i < width; i++) {
        model.bias_gradient[i] = model.output_gradient[i] = 0;
        for (int j = 0; j < INPUTS; j++) model.hidden_gradient[i][j] = 0;
    }
    for (int n = 0; n < BATCH; n++) {
        float x[INPUTS], active[WIDEST], sum = 0;
        for (int j = 0; j < INPUTS; j++)
            x[j] = (float)gradus_random_normal(3, (uint64_t)batch, (uint64_t)(n * INPUTS + j));
        for (int i = 0; i < width; i++) {
            float before = model.bias[i];
            for (int j = 0; j < INPUTS; j++) before += model.hidden[i][j] * x[j];
            active[i] = before > 0 ? before : 0;
            sum += model.output[i] * active[i];
        }
        const float off = (float)((double)sum - wanted(x));
        loss += 0.5 * (double)off * (double)off / BATCH;
        for (int i = 0; i < width; i++) {
            const float back = active[i] > 0 ? off / BATCH * model.output[i] : 0;
            model.output_gradient[i] += off / BATCH * active[i];
            model.bias_gradient[i] += back;
            for (int j = 0; j < INPUTS; j++) model.hidden_gradient[i][j] += back * x[j];
        }
    }
    return loss;
}

/* The mean loss of the last tenth of the updates. */
static double train(const char *rule, const char *groups, double rate, int width, int updates)
{
    gradus_error error = {0};
    double left = 0;
    begin(width, groups != NULL);
    gradus_optimizer *optimizer =
        gradus_optimizer_create(&(gradus_optimizer_config){.rule = rule, .groups = groups}, &error);
    const gradus_parameter tensors[] = {
        {.name = "0.weight", .shape = {width, INPUTS}, .values = model.hidden, .gradient = model.hidden_gradient},
        {.name = "0.bias", .shape = {width}, .values = model.bias, .gradient = model.bias_gradient},
        {.name = "1.weight", .shape = {1, width}, .values = model.output, .gradient = model.output_gradient}};
    for (int i = 0; i < 3; i++) gradus_optimizer_add(optimizer, &tensors[i], &error);
    for (int update = 0; update < updates && !error.status; update++) {
        const double loss = evaluate(update);
        if (!(loss < 1e3)) left = INFINITY;
        if (update >= updates - updates / 10) left += loss / (updates / 10);
        gradus_optimizer_step(optimizer, &(gradus_step){.rate = rate}, &error);
        if (isinf(left)) break;
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
    const int updates = count > 1 ? atoi(arguments[1]) : 300;
    const double adam = moves("adam", NULL, 1e-4, updates), adam_mup = moves("adam", "mup(64)", 1e-4, updates);
    const double sgd = moves("sgd", NULL, 1e-3, updates), sgd_mup = moves("sgd", "mup(64, rule=sgd)", 1e-3, updates);
    printf("adam %.2f, with mup %.2f; sgd %.2f, with mup %.2f\n", adam, adam_mup, sgd, sgd_mup);
    return 0;
}
