/* What the kept model of a run does with a thousand examples of its training part: gradients of each layer and how much of them is noise,
 * units that are dead, values at their ends; and what the examples themselves are like. What the outputs are worth: check_heads.c. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "check.h"

enum { BATCH = 64, BATCHES = 16, JUDGED = 4096 };

static gradus_loader *open_part(const gradus_run *run, gradus_part part, gradus_error *error)
{
    gradus_loader_config config = {.part = part, .batch = BATCH, .shuffle = true, .seed = run->plan.seed};
    if (run->about->count[part] < BATCH) config.batch = (int32_t)run->about->count[part];
    return error->status ? NULL : gradus_loader_create(run->data, &config, error);
}

static void *room(int64_t count, size_t size, gradus_error *error)
{
    void *memory = error->status ? NULL : calloc((size_t)count + 1, size);
    if (!memory && !error->status) gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    return memory;
}

static int64_t size_of(const int64_t *shape)
{
    int64_t size = 1;
    for (int i = 0; i < 8 && shape[i]; i++) size *= shape[i];
    return size;
}

/* ---- layers ---- */

static void list_layers(const gradus_run *run, gradus_evidence *evidence, gradus_error *error)
{
    const int32_t count = gradus_net_layer_count(run->net);
    evidence->layer = room(count, sizeof *evidence->layer, error);
    if (error->status) return;
    evidence->layers = count;
    for (int32_t i = 0; i < count; i++) gradus_net_layer(run->net, i, &evidence->layer[i].info);
    for (int32_t i = 0; i < gradus_net_tensor_count(run->net); i++) {
        gradus_net_tensor tensor;
        gradus_net_tensor_at(run->net, i, &tensor);
        if (tensor.gradient && tensor.shape[1]) evidence->layer[tensor.layer].weighs = true;
    }
    for (int32_t i = count - 1; i >= 0; i--) {
        evidence->layer[i].gives = true;
        if (strcmp(evidence->layer[i].info.spec, "flatten") != 0) break;
    }
}

static double squares_of(const float *values, int64_t count)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++) sum += (double)values[i] * values[i];
    return sum;
}

/* ---- gradients ---- */

typedef struct gradients {
    double *sum;    /* over the batches, one tensor after another */
    double squares; /* of each batch's, added up */
    int32_t batches;
} gradients;

static void add_gradients(const gradus_run *run, gradus_evidence *evidence, gradients *all)
{
    double *sum = all->sum;
    for (int32_t i = 0; i < gradus_net_tensor_count(run->net); i++) {
        gradus_net_tensor tensor;
        gradus_net_tensor_at(run->net, i, &tensor);
        if (!tensor.gradient) continue;
        const double squares = squares_of(tensor.gradient, tensor.count);
        gradus_evidence_layer *layer = &evidence->layer[tensor.layer];
        layer->gradient_norm += squares;
        if (!all->batches) layer->values_norm += squares_of(tensor.values, tensor.count);
        all->squares += squares;
        for (int64_t k = 0; k < tensor.count; k++) *sum++ += tensor.gradient[k];
    }
    all->batches++;
}

static int64_t count_gradients(const gradus_net *net)
{
    int64_t count = 0;
    for (int32_t i = 0; i < gradus_net_tensor_count(net); i++) {
        gradus_net_tensor tensor;
        gradus_net_tensor_at(net, i, &tensor);
        count += tensor.gradient ? tensor.count : 0;
    }
    return count;
}

/* McCandlish et al. 2018, arXiv 1812.06162: tr(Sigma) / |G|^2, both without bias from n gradients of batches of B examples:
 * tr(Sigma) / B = (mean |g|^2 - |mean g|^2) n / (n - 1), |G|^2 = |mean g|^2 - tr(Sigma) / (B n). */
static double noise_scale(const gradients *all, int64_t count)
{
    const double n = all->batches;
    double mean = 0;
    for (int64_t i = 0; i < count; i++) mean += all->sum[i] / n * (all->sum[i] / n);
    const double spread = (all->squares / n - mean) * n / (n - 1), signal = mean - spread / n;
    if (!(n > 3)) return NAN;
    return signal > 0 ? BATCH * spread / signal : INFINITY;
}

static void conclude(const gradus_run *run, gradus_evidence *evidence, const gradients *all)
{
    evidence->noise_scale = noise_scale(all, count_gradients(run->net));
    for (int32_t i = 0; i < evidence->layers; i++) {
        gradus_evidence_layer *layer = &evidence->layer[i];
        layer->values_norm = sqrt(layer->values_norm);
        layer->gradient_norm = sqrt(layer->gradient_norm / all->batches);
        layer->active = gradus_net_activity(run->net, i, &layer->activity);
    }
}

/* ---- the examples ---- */

typedef struct facts { /* sums over the examples */
    double *square;    /* of each input */
    double examples;
} facts;

static void add_inputs(const gradus_run *run, const gradus_batch *batch, facts *all)
{
    const int64_t size = size_of(run->about->shape);
    for (int64_t i = 0; i < batch->count * size; i++)
        all->square[i % size] += (double)batch->inputs[i] * batch->inputs[i];
    all->examples += batch->count;
}

static void tell_inputs(const gradus_run *run, const facts *all, gradus_evidence *evidence)
{
    evidence->examples = (int64_t)all->examples;
    evidence->input_rms = run->about->symbols ? NAN : 0;
    for (int64_t i = 0; !run->about->symbols && i < size_of(run->about->shape); i++) {
        const double rms = sqrt(all->square[i] / all->examples);
        if (rms <= evidence->input_rms) continue;
        evidence->input_rms = rms;
        evidence->input_at = i;
    }
}

/* ---- one batch after another ---- */

typedef struct probe {
    gradus_run *run;
    gradus_evidence *evidence;
    float *outputs;
    gradients gradients;
    facts facts;
    gradus_head_tally tallies[GRADUS_TARGETS];
} probe;

static gradus_status look(probe *p, const gradus_batch *batch, gradus_error *error)
{
    gradus_run *run = p->run;
    double loss;
    if (gradus_net_watch(run->net, batch, p->facts.examples > 0, error) ||
        gradus_net_evaluate(run->net, batch, NULL, p->outputs, error))
        return error->status;
    add_inputs(run, batch, &p->facts);
    gradus_tallies_add(run, p->evidence, batch, p->outputs, p->tallies);
    if (batch->count < BATCH && p->gradients.batches) return GRADUS_OK; /* gradients are of batches of one size */
    if (gradus_net_train(run->net, batch, p->gradients.batches, false, &loss, NULL, error)) return error->status;
    add_gradients(run, p->evidence, &p->gradients);
    return GRADUS_OK;
}

static void probe_training(probe *p, gradus_error *error)
{
    gradus_run *run = p->run;
    gradus_batch batch;
    gradus_buffer statistics = {0};
    gradus_loader *loader = open_part(run, GRADUS_TRAINING, error);
    if (loader) gradus_statistics_take(run->net, &statistics, error);
    for (int i = 0; i < BATCHES && !error->status && gradus_loader_next(loader, &batch); i++) {
        if (look(p, &batch, error)) break;
        gradus_statistics_restore(run->net, &statistics);
    }
    gradus_buffer_release(&statistics);
    gradus_loader_destroy(loader);
    if (error->status) return;
    conclude(run, p->evidence, &p->gradients);
    tell_inputs(run, &p->facts, p->evidence);
    gradus_tallies_conclude(run, p->tallies, p->evidence);
}

/* ---- answers, class by class ---- */

static void judge_classes(const probe *p, gradus_error *error)
{
    gradus_run *run = p->run;
    const gradus_part part = run->about->count[GRADUS_VALIDATION] ? GRADUS_VALIDATION : GRADUS_TRAINING;
    gradus_batch batch;
    int64_t seen = 0;
    gradus_loader *loader = open_part(run, part, error);
    while (!error->status && seen < JUDGED && gradus_loader_next(loader, &batch)) {
        if (gradus_net_evaluate(run->net, &batch, NULL, p->outputs, error)) break;
        gradus_heads_judge(run, p->evidence, &batch, p->outputs);
        seen += batch.count * (run->about->positions ? run->about->positions : 1);
    }
    gradus_loader_destroy(loader);
}

gradus_status gradus_evidence_probe(gradus_run *run, gradus_evidence *evidence, gradus_error *error)
{
    const int64_t inputs = size_of(run->about->shape), outputs = size_of(gradus_net_output(run->net));
    probe p = {.run = run, .evidence = evidence};
    list_layers(run, evidence, error);
    p.outputs = room(outputs * BATCH, sizeof *p.outputs, error);
    p.gradients.sum = room(count_gradients(run->net), sizeof *p.gradients.sum, error);
    p.facts.square = room(inputs, sizeof(double), error);
    if (!gradus_tallies_open(run, evidence, p.tallies, error)) probe_training(&p, error);
    if (!error->status && !gradus_heads_make_room(evidence, error)) judge_classes(&p, error);
    free(p.outputs);
    free(p.gradients.sum);
    free(p.facts.square);
    gradus_tallies_close(p.tallies, evidence->heads);
    return error->status;
}

void gradus_evidence_release(gradus_evidence *evidence)
{
    free(evidence->row);
    free(evidence->layer);
    for (int32_t i = 0; i < evidence->heads; i++) {
        free(evidence->head[i].confusion);
        free(evidence->head[i].share);
    }
    *evidence = (gradus_evidence){0};
}
