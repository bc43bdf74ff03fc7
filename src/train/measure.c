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

int64_t gradus_run_outputs(const gradus_run *run)
{
    const int64_t *shape = gradus_net_output(run->net);
    int64_t count = 1;
    for (int i = 0; i < 8 && shape[i]; i++) count *= shape[i];
    return count;
}

static gradus_status open_grades(const gradus_run *run, bool confusion, gradus_grades *grades, gradus_error *error)
{
    for (int32_t i = 0; i < gradus_net_head_count(run->net); i++) {
        const gradus_head head = gradus_net_head(run->net, i);
        if (gradus_grades_open(&grades[i], run->about, &head, confusion, error)) break;
    }
    return error->status;
}

static void tell_judging(const gradus_run *run, const gradus_loader *loader, int64_t batch)
{
    const int64_t batches = gradus_loader_batches(loader);
    if (batch < batches && run->listener && run->listener->judging)
        run->listener->judging(run->listener->user, batch, batches);
}

gradus_status gradus_run_grade(gradus_run *run, gradus_loader *loader, bool confusion,
                               gradus_grades grades[GRADUS_TARGETS], bool *whole, gradus_error *error)
{
    const int32_t heads = gradus_net_head_count(run->net);
    const int64_t outputs = gradus_run_outputs(run), positions = run->about->positions ? run->about->positions : 1;
    gradus_score scores[GRADUS_TARGETS] = {{0}};
    gradus_batch batch;
    if (open_grades(run, confusion, grades, error)) return error->status;
    float *room = malloc((size_t)(outputs * run->plan.batch) * sizeof *room);
    if (!room) gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    bool ended = false;
    for (int64_t i = 0; !error->status && !(whole && gradus_run_is_interrupted(run)); i++) {
        tell_judging(run, loader, i);
        ended = !gradus_loader_next(loader, &batch);
        if (ended || gradus_net_evaluate(run->net, &batch, scores, room, error)) break;
        for (int32_t k = 0; k < heads && !error->status; k++)
            gradus_grades_add(&grades[k], &batch, room, outputs / positions, error);
    }
    for (int32_t i = 0; i < heads; i++) grades[i].score = scores[i];
    if (whole) *whole = ended;
    free(room);
    return error->status;
}

void gradus_run_grades_close(gradus_grades grades[GRADUS_TARGETS])
{
    for (int32_t i = 0; i < GRADUS_TARGETS; i++) gradus_grades_close(&grades[i]);
}

double gradus_run_loss(const gradus_run *run, const gradus_score *scores)
{
    double sum = 0;
    for (int32_t i = 0; i < gradus_net_head_count(run->net); i++)
        sum += gradus_net_head(run->net, i).weight * scores[i].loss / scores[i].weight;
    return sum;
}

double gradus_run_graded_loss(const gradus_run *run, const gradus_grades *grades)
{
    gradus_score scores[GRADUS_TARGETS];
    for (int32_t i = 0; i < GRADUS_TARGETS; i++) scores[i] = grades[i].score;
    return gradus_run_loss(run, scores);
}

void gradus_score_add(gradus_score *sum, const gradus_score *more)
{
    sum->count += more->count;
    sum->loss += more->loss;
    sum->weight += more->weight;
    sum->correct += more->correct;
    sum->squared += more->squared;
    sum->absolute += more->absolute;
}

/* Errors are told in the units of the file where its one target was scaled to be learnt. */
void gradus_run_measure(const gradus_run *run, const gradus_grades *grades, bool training, double *measures)
{
    const gradus_metric *metric;
    for (int32_t i = 0; (metric = gradus_run_metric(run, i)); i++) {
        const gradus_target *target = &run->about->targets[gradus_net_head(run->net, metric->head).target];
        const bool scaled =
            target->kind == GRADUS_TARGET_NUMBERS && target->outputs == 1 && target->spread && metric->in_units;
        measures[i] = training && !metric->in_training ? NAN : metric->of(&grades[metric->head]);
        if (scaled) measures[i] *= target->spread[0];
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
