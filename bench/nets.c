/* Whole training updates (forward, loss, backward, optimizer) of six nets, against what bounds them, measured in turns in the same
 * run: for dense nets and those of sequences their matrix products alone, for the convolutional one its convolutions alone; the
 * residual one is for the peers.
 *
 *     nets [ROUNDS = 20]
 *     nets serve NET THREADS      answers each line on its input with the best milliseconds of an update: for bench/peers/nets */
#include "../src/nn/backend.h"
#include "gradus/base.h"
#include "gradus/nn.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BATCH = 64, BATCHES = 8, CHUNK = 8, STEPS = 64, SEQUENCES = 12, SYMBOLS = 65 };

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void stop(const char *message)
{
    fprintf(stderr, "nets: %s\n", message);
    exit(1);
}

/* ---- the nets ---- */

typedef struct dense_shape { /* of a dense layer; inputs 0: no more */
    int64_t inputs, outputs, times;
} dense_shape;

typedef struct bench_net {
    const char *name, *model, *rule;
    int64_t input[8];
    dense_shape dense[8];
    gradus_convolution_config convolutions[4]; /* channels 0: no more */
    bool text;                                 /* SEQUENCES of STEPS symbols, each of which is to tell the next */
    int64_t batch;
} bench_net;

static const bench_net nets[] = {
    {"mlp-adam", "dense(256) > relu > dense(10)", "adam", {784}, {{784, 256, 1}, {256, 10, 1}}, {{0}}, false, BATCH},
    {"mlp-sgd",
     "dense(128) > relu > dense(10)",
     "sgd(momentum=0.9)",
     {784},
     {{784, 128, 1}, {128, 10, 1}},
     {{0}},
     false,
     BATCH},
    {"cnn-adam",
     "conv(16, 5, pad=2) > batchnorm > relu > maxpool(2) > conv(32, 5, pad=2) > batchnorm > relu > maxpool(2) > "
     "flatten "
     "> dense(10)",
     "adam",
     {1, 28, 28},
     {{1568, 10, 1}},
     {{.channels = 1,
       .filters = 16,
       .input = {28, 28},
       .output = {28, 28},
       .size = {5, 5},
       .groups = 1,
       .stride = {1, 1},
       .dilation = {1, 1},
       .before = {2, 2},
       .after = {2, 2},
       .bias = true,
       .most = CHUNK},
      {.channels = 16,
       .filters = 32,
       .input = {14, 14},
       .output = {14, 14},
       .size = {5, 5},
       .groups = 1,
       .stride = {1, 1},
       .dilation = {1, 1},
       .before = {2, 2},
       .after = {2, 2},
       .bias = true,
       .input_gradient = true,
       .most = CHUNK}},
     false,
     BATCH},
    {"lstm-adam",
     "embedding(64) > lstm(128) > dense(65)",
     "adam",
     {STEPS},
     {{64, 512, 1}, {128, 512, 1}, {128, SYMBOLS, 1}},
     {{0}},
     true,
     SEQUENCES},
    {"transformer-adamw",
     "embedding(128) > position > 4 * (residual(layernorm > attention(4, causal=true)) > "
     "residual(layernorm > dense(512) > gelu > dense(128))) > layernorm > dense(65)",
     "adamw(weight_decay=0.1)",
     {STEPS},
     {{128, 384, 4}, {128, 128, 4}, {128, 512, 4}, {512, 128, 4}, {128, SYMBOLS, 1}},
     {{0}},
     true,
     SEQUENCES},
    {.name = "resnet20-sgd",
     .model = "resnet(20, width=16)",
     .rule = "sgd(momentum=0.9)",
     .input = {3, 32, 32},
     .batch = 128},
};
enum { NETS = sizeof nets / sizeof *nets };

static float *numbers(int64_t count)
{
    float *made = malloc((size_t)count * sizeof *made);
    for (int64_t i = 0; i < count; i++) made[i] = (float)gradus_random_unit(1, 0, (uint64_t)i);
    return made;
}

static int64_t values_of(const bench_net *what)
{
    int64_t values = 1;
    for (int i = 0; what->input[i]; i++) values *= what->input[i];
    return values;
}

/* Rows of a product: each step of a sequence is one. */
static int64_t rows_of(const bench_net *what) { return what->text ? SEQUENCES * STEPS : BATCH; }

/* ---- a whole update ---- */

typedef struct trainer {
    gradus_spec *model;
    gradus_net *net;
    gradus_context *context;
    gradus_optimizer *optimizer;
    gradus_batch batches[BATCHES];
    float *inputs;
    int32_t classes[SEQUENCES * STEPS];
    int64_t update;
} trainer;

static void add_tensors(trainer *it, gradus_error *error)
{
    gradus_net_tensor tensor;
    for (int32_t i = 0; i < gradus_net_tensor_count(it->net); i++) {
        gradus_net_tensor_at(it->net, i, &tensor);
        if (!tensor.gradient) continue;
        gradus_optimizer_add(
            it->optimizer,
            &(gradus_parameter){
                .name = tensor.name, .shape = {tensor.count}, .values = tensor.values, .gradient = tensor.gradient},
            error);
    }
}

static trainer *open_trainer(const bench_net *what, int32_t threads)
{
    static const gradus_family *const families[] = {&gradus_model_family, &gradus_init_family, &gradus_loss_family,
                                                    NULL};
    static const gradus_language language = {.families = families};
    gradus_error error = {0};
    trainer *it = calloc(1, sizeof *it);
    it->model =
        gradus_spec_create(what->model, &(gradus_spec_config){.family = "model", .language = &language}, &error);
    const gradus_target target = {.outputs = what->text ? SYMBOLS : 10};
    gradus_net_config config = {.model = it->model,
                                .targets = &target,
                                .target_count = 1,
                                .positions = what->text ? STEPS : 0,
                                .symbols = what->text ? SYMBOLS : 0,
                                .batch = (int32_t)what->batch,
                                .threads = threads,
                                .seed = 1};
    memcpy(config.input, what->input, sizeof config.input);
    it->net = gradus_net_create(&config, &error);
    it->context = gradus_context_create(&(gradus_context_config){.threads = threads}, &error);
    it->optimizer =
        gradus_optimizer_create(&(gradus_optimizer_config){.rule = what->rule, .context = it->context}, &error);
    if (error.status) stop(error.message);
    add_tensors(it, &error);
    if (error.status) stop(error.message);
    const int64_t count = what->batch * values_of(what);
    it->inputs = numbers(BATCHES * count);
    for (int64_t i = 0; what->text && i < BATCHES * count; i++) it->inputs[i] = floorf(it->inputs[i] * SYMBOLS);
    for (int i = 0; i < SEQUENCES * STEPS; i++) it->classes[i] = i % 10;
    for (int i = 0; i < BATCHES; i++)
        it->batches[i] =
            (gradus_batch){.count = (int32_t)what->batch, .inputs = it->inputs + i * count, .classes = it->classes};
    return it;
}

static void close_trainer(trainer *it)
{
    gradus_optimizer_destroy(it->optimizer);
    gradus_context_destroy(it->context);
    gradus_net_destroy(it->net);
    gradus_spec_destroy(it->model);
    free(it->inputs);
    free(it);
}

static void update(trainer *it)
{
    gradus_error error = {0};
    gradus_net_train(it->net, &it->batches[it->update % BATCHES], it->update, false, NULL, NULL, &error);
    gradus_optimizer_step(it->optimizer, &(gradus_step){.rate = 1e-3}, &error);
    if (error.status) stop(error.message);
    it->update++;
}

/* Seconds of one update: the mean over a window of a few milliseconds. */
static double time_updates(trainer *it)
{
    const double start = now();
    int count = 0;
    while (now() < start + 4e-3) {
        update(it);
        count++;
    }
    return (now() - start) / count;
}

/* ---- what bounds it ---- */

typedef struct bound {
    const bench_net *what;
    gradus_backend *backend;
    gradus_convolution *convolutions[4];
    float *a, *b, *c;
    int32_t threads;
} bound;

static bound open_bound(const bench_net *what, int32_t threads)
{
    gradus_error error = {0};
    bound it = {
        what,   gradus_backend_create(threads, &error), {NULL}, numbers(1 << 21), numbers(1 << 21), numbers(1 << 21),
        threads};
    for (int i = 0; what->convolutions[i].channels; i++) {
        const gradus_convolution_config *config = &what->convolutions[i];
        gradus_form to;
        const int64_t pixels = config->input[0] * config->input[1];
        const gradus_form from = config->channels == 1 ? (gradus_form){1, pixels, 1} : (gradus_form){1, pixels, 16};
        it.convolutions[i] = gradus_convolution_create(it.backend, config, from, &to, &error);
        if (it.convolutions[i]) gradus_convolution_ready(it.convolutions[i], CHUNK, &error);
    }
    if (error.status) stop(error.message);
    return it;
}

static void close_bound(bound *it)
{
    for (int i = 0; it->what->convolutions[i].channels; i++) gradus_convolution_destroy(it->convolutions[i]);
    gradus_backend_destroy(it->backend);
    free(it->a);
    free(it->b);
    free(it->c);
}

static void multiply(const bound *it, const dense_shape *shape, bool first)
{
    const int64_t rows = rows_of(it->what), inputs = shape->inputs, outputs = shape->outputs;
    gradus_backend_multiply(it->backend, &(gradus_product){.rows = rows, .columns = outputs, .inner = inputs}, it->a,
                            it->b, it->c);
    gradus_backend_multiply(it->backend,
                            &(gradus_product){.turn_a = true, .rows = inputs, .columns = outputs, .inner = rows}, it->a,
                            it->b, it->c);
    if (!first)
        gradus_backend_multiply(it->backend,
                                &(gradus_product){.turn_b = true, .rows = rows, .columns = inputs, .inner = outputs},
                                it->a, it->b, it->c);
}

/* The inputs of the first layer need no gradient, unless they are an embedding's. */
static void multiply_all(const bound *it)
{
    for (int i = 0; it->what->dense[i].inputs; i++)
        for (int64_t k = 0; k < it->what->dense[i].times; k++)
            multiply(it, &it->what->dense[i], i == 0 && !it->what->convolutions[0].channels && !it->what->text);
}

static void convolve_chunk(void *job, int64_t chunk)
{
    const bound *it = job;
    const int32_t worker = it->threads > 1 ? gradus_backend_worker() : 0;
    for (int i = 0; it->what->convolutions[i].channels; i++) {
        const gradus_convolution_config *config = &it->what->convolutions[i];
        const gradus_convolution *convolution = it->convolutions[i];
        const float *input = it->a + chunk * CHUNK * config->channels * config->input[0] * config->input[1];
        float *output = it->c + chunk * CHUNK * config->filters * config->output[0] * config->output[1];
        float *weights = it->b + (1 << 20), *gradient = it->b + chunk * (1 << 14);
        gradus_convolution_forward(convolution, worker, CHUNK, input, weights, weights, output);
        gradus_convolution_backward_weights(convolution, worker, CHUNK, input, output, gradient,
                                            gradient + (1 << 13) * 3 / 2);
        if (config->input_gradient)
            gradus_convolution_backward_input(convolution, worker, CHUNK, weights, output, (float *)(uintptr_t)input);
    }
}

/* Seconds of the products, or of the convolutions, of one update. */
static double time_bound(bound *it)
{
    const bool convolves = it->what->convolutions[0].channels != 0;
    const int32_t threads = gradus_backend_set_threads(it->threads);
    const double start = now();
    int count = 0;
    while (now() < start + 4e-3) {
        if (!convolves)
            multiply_all(it);
        else if (it->threads > 1)
            gradus_parallel(NULL, BATCH / CHUNK, convolve_chunk, it);
        else
            for (int chunk = 0; chunk < BATCH / CHUNK; chunk++) convolve_chunk(it, chunk);
        count++;
    }
    gradus_backend_set_threads(threads);
    return (now() - start) / count;
}

static void measure(const bench_net *what, int32_t threads, int rounds)
{
    trainer *whole = open_trainer(what, threads);
    bound alone = open_bound(what, threads);
    double best = 1e9, best_alone = 1e9;
    for (int i = 0; i <= rounds; i++) {
        const double update_time = time_updates(whole), bound_time = time_bound(&alone);
        if (i && update_time < best) best = update_time;
        if (i && bound_time < best_alone) best_alone = bound_time;
    }
    if (what->convolutions[0].channels)
        printf("%-17s %d thread%s  %7.3f ms an update   %.2f times its convolutions alone, direct ones\n", what->name,
               (int)threads, threads > 1 ? "s" : " ", 1e3 * best, best / best_alone);
    else
        printf("%-17s %d thread%s  %7.3f ms an update   %.2f of the rate of its products alone\n", what->name,
               (int)threads, threads > 1 ? "s" : " ", 1e3 * best, best_alone / best);
    close_bound(&alone);
    close_trainer(whole);
}

/* ---- for the peers ---- */

static void serve(const char *name, int32_t threads)
{
    char line[64];
    for (int i = 0; i < NETS; i++) {
        if (strcmp(nets[i].name, name) != 0) continue;
        trainer *it = open_trainer(&nets[i], threads);
        while (fgets(line, sizeof line, stdin)) {
            double best = 1e9;
            for (int k = 0; k < 10; k++) {
                const double seconds = time_updates(it);
                if (seconds < best) best = seconds;
            }
            printf("%.6f\n", 1e3 * best);
            fflush(stdout);
        }
        close_trainer(it);
        return;
    }
    stop("no such net");
}

int main(int count, char **arguments)
{
    if (count == 4 && !strcmp(arguments[1], "serve")) {
        serve(arguments[2], atoi(arguments[3]));
        return 0;
    }
    const int rounds = count > 1 ? atoi(arguments[1]) : 20;
    const int32_t all = gradus_threads(NULL);
    for (int i = 0; i < NETS && nets[i].dense[0].inputs; i++)
        for (int32_t threads = 1; threads <= all; threads += all > 1 ? all - 1 : 1) measure(&nets[i], threads, rounds);
    return 0;
}
