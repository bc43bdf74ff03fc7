/* What a trained run is for: how good its model is on a part of the data, and what it says of new inputs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "run.h"

/* Wilson's interval at 95 % for a share of so many examples; unlike the textbook's it is right near 0 and 1 and for few examples. */
static void wilson(double share, double examples, double *low, double *high)
{
    const double z = 1.959963984540054, z2 = z * z / examples;
    double middle = (share + z2 / 2) / (1 + z2);
    double half = z * sqrt(share * (1 - share) / examples + z2 / (4 * examples)) / (1 + z2);
    *low = middle - half;
    *high = middle + half;
}

static int32_t largest(const float *outputs, int64_t count)
{
    int32_t best = 0;
    for (int64_t i = 1; i < count; i++)
        if (outputs[i] > outputs[best]) best = (int32_t)i;
    return best;
}

int32_t gradus_run_class(const gradus_run *run, const float *outputs, int64_t count)
{
    const float middle = gradus_net_tells_probabilities(run->net) ? 0.5F : 0;
    return count == 1 ? outputs[0] > middle : largest(outputs, count);
}

static int64_t outputs_of(const gradus_run *run)
{
    const int64_t *shape = gradus_net_output(run->net);
    int64_t count = 1;
    for (int i = 0; i < 8 && shape[i]; i++) count *= shape[i];
    return count;
}

/* `each`: outputs for each target. */
static void count_classes(const gradus_run *run, const gradus_batch *batch, int64_t targets, const float *outputs,
                          int64_t each, gradus_run_result *result)
{
    for (int64_t i = 0; i < targets; i++) {
        int32_t said = gradus_run_class(run, outputs + i * each, each);
        result->confusion[batch->classes[i] * result->classes + said]++;
    }
}

static gradus_status score_part(gradus_run *run, gradus_loader *loader, float *outputs, gradus_run_result *result,
                                gradus_error *error)
{
    gradus_batch batch;
    gradus_score score = {0};
    while (!error->status && gradus_loader_next(loader, &batch)) {
        gradus_net_evaluate(run->net, &batch, &score, outputs, error);
        const int64_t positions = run->about->positions ? run->about->positions : 1;
        if (!error->status && result->confusion)
            count_classes(run, &batch, batch.count * positions, outputs, outputs_of(run) / positions, result);
    }
    result->examples = score.count;
    result->loss = score.loss / score.weight;
    for (int32_t i = 0; gradus_run_metric(run, i); i++) result->metrics[i] = gradus_run_measure(run, i, &score);
    if (result->confusion) wilson(result->metrics[0], (double)score.count, &result->low, &result->high);
    return error->status;
}

gradus_status gradus_run_evaluate(gradus_run *run, gradus_part part, gradus_run_result *result, gradus_report *report)
{
    static const char *const parts[] = {"training", "validation", "test"};
    *report = (gradus_report){0};
    *result = (gradus_run_result){.loss = NAN, .low = NAN, .high = NAN};
    gradus_error *error = &report->error;
    if (run->data_error.status) *error = run->data_error;
    if (!run->about->count[part])
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_NO_DATA, "%s has no %s part", run->about->name,
                           parts[part]);
    bool classes = run->about->target == GRADUS_TARGET_CLASS;
    float *outputs = malloc((size_t)(outputs_of(run) * run->plan.batch) * sizeof *outputs);
    gradus_loader *loader = gradus_run_loader(run, part, false, error);
    if (classes && outputs) {
        result->classes = run->about->outputs;
        result->confusion = calloc((size_t)(result->classes * result->classes), sizeof *result->confusion);
    }
    if (!outputs || (classes && !result->confusion))
        gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    if (!error->status) score_part(run, loader, outputs, result, error);
    gradus_loader_destroy(loader);
    free(outputs);
    if (error->status) free(result->confusion), result->confusion = NULL;
    return error->status;
}

/* ---- new inputs ---- */

typedef bool gradus_told(void *user, const gradus_run_prediction *prediction);

/* What was learnt, back in the units of the file. */
static void unscale(const gradus_data_info *about, float *outputs, int64_t count)
{
    for (int64_t i = 0; about->target_spread && i < count; i++)
        outputs[i] = (float)(about->target_base[i] + about->target_spread[i] * outputs[i]);
}

static bool tell_batch(const gradus_run *run, const gradus_batch *batch, float *outputs, gradus_told *told, void *user)
{
    int64_t count = outputs_of(run);
    bool classes = run->about->target == GRADUS_TARGET_CLASS;
    for (int32_t i = 0; i < batch->count; i++) {
        float *own = outputs + i * count;
        if (!classes) unscale(run->about, own, count);
        gradus_run_prediction prediction = {
            .row = batch->rows[i], .label = -1, .probability = NAN, .outputs = own, .count = count};
        if (classes) prediction.label = gradus_run_class(run, own, count);
        if (classes && gradus_net_tells_probabilities(run->net))
            prediction.probability = count > 1 ? own[prediction.label] : prediction.label ? own[0] : 1 - own[0];
        if (!told(user, &prediction)) return false;
    }
    return true;
}

gradus_status gradus_run_predict(gradus_run *run, const char *path, gradus_told *told, void *user,
                                 gradus_report *report)
{
    *report = (gradus_report){0};
    gradus_error *error = &report->error;
    gradus_data *inputs = gradus_data_open_inputs(run->data, path, error);
    if (!inputs) return error->status;
    gradus_loader_config config = {.part = GRADUS_TEST, .batch = run->plan.batch};
    gradus_loader *loader = gradus_loader_create(inputs, &config, error);
    float *outputs = malloc((size_t)(outputs_of(run) * run->plan.batch) * sizeof *outputs);
    if (!outputs) gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    gradus_batch batch;
    while (!error->status && gradus_loader_next(loader, &batch))
        if (gradus_net_evaluate(run->net, &batch, NULL, outputs, error) ||
            !tell_batch(run, &batch, outputs, told, user))
            break;
    free(outputs);
    gradus_loader_destroy(loader);
    gradus_data_close(inputs);
    return error->status;
}
