/* Scores of a part of the data, and the model as one block of numbers in PyTorch's layout: what is kept as the best. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "run.h"

gradus_loader *gradus_run_loader(const gradus_run *run, gradus_part part, bool shuffle, gradus_error *error)
{
    gradus_loader_config config = {
        .part = part, .batch = run->plan.batch, .shuffle = shuffle, .ahead = true, .seed = run->plan.seed};
    if (part == GRADUS_TRAINING && shuffle) config.augment = gradus_settings_spec(run->settings, "augment");
    return gradus_loader_create(run->data, &config, error);
}

gradus_subject gradus_run_subject(const gradus_run *run)
{
    return (gradus_subject){run->about, gradus_net_tells_probabilities(run->net)};
}

int64_t gradus_run_outputs(const gradus_run *run)
{
    const int64_t *shape = gradus_net_output(run->net);
    int64_t count = 1;
    for (int i = 0; i < 8 && shape[i]; i++) count *= shape[i];
    return count;
}

gradus_status gradus_run_grade(gradus_run *run, gradus_loader *loader, bool confusion, gradus_grades *grades,
                               gradus_error *error)
{
    const gradus_subject subject = gradus_run_subject(run);
    const int64_t outputs = gradus_run_outputs(run), positions = run->about->positions ? run->about->positions : 1;
    gradus_batch batch;
    if (gradus_grades_open(grades, subject.data, subject.probabilities, confusion, error)) return error->status;
    float *room = malloc((size_t)(outputs * run->plan.batch) * sizeof *room);
    if (!room) gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    while (!error->status && gradus_loader_next(loader, &batch))
        if (!gradus_net_evaluate(run->net, &batch, &grades->score, room, error))
            gradus_grades_add(grades, &batch, room, outputs / positions, error);
    free(room);
    return error->status;
}

/* Errors are told in the units of the file where its one target was scaled to be learnt. */
void gradus_run_measure(const gradus_run *run, const gradus_grades *grades, bool training, double *measures)
{
    const gradus_data_info *about = run->about;
    const bool scaled = about->target == GRADUS_TARGET_NUMBERS && about->outputs == 1 && about->target_spread;
    const gradus_metric *metric;
    for (int32_t i = 0; (metric = gradus_run_metric(run, i)); i++) {
        measures[i] = training && !metric->in_training ? NAN : metric->of(grades);
        if (scaled && metric->in_units) measures[i] *= about->target_spread[0];
    }
}

gradus_status gradus_run_show(gradus_run *run, gradus_view view, gradus_error *error)
{
    if (error->status || !run->averages) return error->status;
    return gradus_optimizer_show(run->optimizer, view, error);
}

int64_t gradus_tensor_values(const gradus_net_tensor *tensor)
{
    int64_t count = 1;
    for (int i = 0; i < 8 && tensor->shape[i]; i++) count *= tensor->shape[i];
    return count;
}

int64_t gradus_run_model_values(const gradus_net *net)
{
    int64_t count = 0;
    gradus_net_tensor tensor;
    for (int32_t i = 0; i < gradus_net_tensor_count(net); i++) {
        gradus_net_tensor_at(net, i, &tensor);
        count += gradus_tensor_values(&tensor);
    }
    return count;
}

void gradus_run_read_model(const gradus_run *run, float *values)
{
    gradus_net_tensor tensor;
    for (int32_t i = 0; i < gradus_net_tensor_count(run->net); i++, values += gradus_tensor_values(&tensor)) {
        gradus_net_tensor_at(run->net, i, &tensor);
        gradus_net_read(run->net, i, values);
    }
}

void gradus_run_write_model(gradus_run *run, const float *values)
{
    gradus_net_tensor tensor;
    for (int32_t i = 0; i < gradus_net_tensor_count(run->net); i++, values += gradus_tensor_values(&tensor)) {
        gradus_net_tensor_at(run->net, i, &tensor);
        gradus_net_write(run->net, i, values);
    }
}
