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

/* The matrix becomes the result's. */
static gradus_status fill_head(gradus_grades *grades, struct gradus_head_result *result, gradus_error *error)
{
    const int64_t classes = grades->target->outputs;
    if (grades->target->kind != GRADUS_TARGET_CLASS) return GRADUS_OK;
    wilson(grades->score.correct / (double)grades->score.count, (double)grades->score.count, &result->low,
           &result->high);
    result->of_class = malloc((size_t)classes * sizeof *result->of_class);
    if (!result->of_class) return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    result->classes = classes;
    for (int64_t i = 0; i < classes; i++) result->of_class[i] = gradus_grades_class(grades, i);
    result->confusion = grades->confusion;
    grades->confusion = NULL;
    return GRADUS_OK;
}

static gradus_status fill_result(const gradus_run *run, gradus_grades *grades, gradus_run_result *result,
                                 gradus_error *error)
{
    result->examples = grades->score.count;
    result->loss = gradus_run_graded_loss(run, grades);
    gradus_run_measure(run, grades, false, result->metrics);
    for (int32_t i = 0; i < gradus_net_head_count(run->net); i++)
        if (fill_head(&grades[i], &result->heads[i], error)) break;
    return error->status;
}

gradus_status gradus_run_evaluate(gradus_run *run, gradus_part part, gradus_run_result *result, gradus_report *report)
{
    static const char *const parts[] = {"training", "validation", "test"};
    *report = (gradus_report){0};
    *result = (gradus_run_result){.loss = NAN};
    for (int i = 0; i < GRADUS_TARGETS; i++) result->heads[i].low = result->heads[i].high = NAN;
    gradus_error *error = &report->error;
    if (run->data_error.status) *error = run->data_error;
    if (!run->about->count[part])
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_NO_DATA, "%s has no %s part", run->about->name,
                           parts[part]);
    gradus_grades grades[GRADUS_TARGETS] = {{.first = 0}};
    gradus_loader *loader = gradus_run_loader(run, part, false, error);
    if (loader && !gradus_run_grade(run, loader, true, grades, NULL, error)) fill_result(run, grades, result, error);
    gradus_run_grades_close(grades);
    gradus_loader_destroy(loader);
    return error->status;
}

void gradus_run_result_release(gradus_run_result *result)
{
    for (int i = 0; i < GRADUS_TARGETS; i++) {
        free(result->heads[i].of_class);
        free(result->heads[i].confusion);
    }
}

/* ---- new inputs ---- */

typedef bool gradus_told(void *user, const gradus_run_prediction *prediction);

/* What was learnt, back in the units of the file. */
static void unscale(const gradus_target *target, float *values, int64_t count)
{
    for (int64_t i = 0; target->spread && i < count; i++)
        values[i] = (float)(target->base[i] + target->spread[i] * values[i]);
}

static struct gradus_answer answer_of(const gradus_run *run, const gradus_head *head, float *values)
{
    const gradus_target *target = &run->about->targets[head->target];
    struct gradus_answer answer = {.label = -1, .probability = NAN, .values = values, .count = head->count};
    if (target->kind != GRADUS_TARGET_CLASS) {
        unscale(target, values, head->count);
        return answer;
    }
    answer.label = gradus_class_of(values, head->count, head->probabilities);
    if (head->probabilities)
        answer.probability = head->count > 1 ? values[answer.label] : answer.label ? values[0] : 1 - values[0];
    return answer;
}

static bool tell_batch(const gradus_run *run, const gradus_batch *batch, float *outputs, gradus_told *told, void *user)
{
    const int64_t count = gradus_run_outputs(run);
    for (int32_t i = 0; i < batch->count; i++) {
        gradus_run_prediction prediction = {.row = batch->rows[i]};
        for (int32_t k = 0; k < gradus_net_head_count(run->net); k++) {
            const gradus_head head = gradus_net_head(run->net, k);
            prediction.answers[k] = answer_of(run, &head, outputs + i * count + head.first);
        }
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
    float *outputs = malloc((size_t)(gradus_run_outputs(run) * run->plan.batch) * sizeof *outputs);
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
