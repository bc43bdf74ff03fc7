/* What a run file leaves open and the data decide: the net, the batch, the number of epochs. What is chosen is written into the
 * settings, so that it stands in run.yaml as if it had been asked for. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "run.h"

enum { BATCH = 64, LEAST_BATCH = 8, LEAST_UPDATES_AN_EPOCH = 10 };
enum { USUAL_UPDATES = 4000, LEAST_EPOCHS = 5, MOST_EPOCHS = 100 };

/* "dense(10)", "outputs(income=dense(2), hours=dense(1))" */
static void print_end(const gradus_data_info *about, char *text, size_t size)
{
    size_t used = 0;
    const bool several = about->target_count > 1;
    for (int32_t i = 0; i < about->target_count && used < size; i++) {
        const gradus_target *target = &about->targets[i];
        used += (size_t)snprintf(text + used, size - used, "%s%s%sdense(%lld)",
                                 !several ? ""
                                 : i      ? ", "
                                          : "outputs(",
                                 several ? target->name : "", several ? "=" : "", (long long)target->outputs);
    }
    if (several && used < size) snprintf(text + used, size - used, ")");
}

static gradus_status fill_model(gradus_settings *settings, const gradus_data_info *about, gradus_error *error)
{
    if (error->status || gradus_settings_spec(settings, "model")) return error->status;
    char text[1024], end[768];
    const char *flat = about->positions  ? "embedding(64) > lstm(128) > %s"
                       : !about->symbols ? "dense(64) > relu > dense(64) > relu > %s"
                       : !about->ordered ? "embedding(16) > flatten > dense(64) > relu > dense(64) > relu > %s"
                                         : "embedding(32) > gru(64, last=true) > %s";
    bool image = about->shape[2] > 0; /* channels, rows, columns */
    print_end(about, end, sizeof end);
    snprintf(text, sizeof text, image ? "conv(16, 5, pad=2) > relu > maxpool(2) > flatten > %s" : flat, end);
    return gradus_settings_set(settings, "model", text, error);
}

/* The usual batch; small sets get a smaller one, so that an epoch still has a few updates. */
static int64_t usual_batch(int64_t examples)
{
    int64_t batch = BATCH;
    while (batch > LEAST_BATCH && examples < batch * LEAST_UPDATES_AN_EPOCH) batch /= 2;
    return batch < examples ? batch : examples;
}

static gradus_status set_whole(gradus_settings *settings, const char *key, int64_t number, gradus_error *error)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)number);
    return gradus_settings_set(settings, key, text, error);
}

static gradus_status plan_batch(gradus_settings *settings, int64_t examples, gradus_plan *plan, gradus_error *error)
{
    if (error->status) return error->status;
    double batch = gradus_settings_number(settings, "batch");
    const char *word = gradus_settings_text(settings, "batch", GRADUS_PRINT_CANONICAL);
    if (isnan(batch) && word && strcmp(word, "all") == 0) batch = (double)examples;
    if (isnan(batch)) {
        batch = (double)usual_batch(examples);
        set_whole(settings, "batch", (int64_t)batch, error);
    }
    plan->batch = (int32_t)(examples ? fmin(batch, (double)examples) : batch);
    plan->samples_per_epoch = examples;
    plan->updates_per_epoch = (examples + plan->batch - 1) / plan->batch;
    return error->status;
}

static gradus_status plan_length(gradus_settings *settings, gradus_plan *plan, gradus_error *error)
{
    if (error->status) return error->status;
    double epochs = gradus_settings_number(settings, "epochs"), updates = gradus_settings_number(settings, "updates");
    if (!isnan(epochs) && !isnan(updates)) {
        return gradus_fail(error, GRADUS_ERROR_SPEC, GRADUS_CODE_REPEATED,
                           "epochs and updates are both given; switch one off: epochs=none");
    }
    if (isnan(epochs) && isnan(updates)) {
        epochs = ceil(USUAL_UPDATES / (double)plan->updates_per_epoch);
        epochs = fmin(fmax(epochs, LEAST_EPOCHS), MOST_EPOCHS);
        set_whole(settings, "epochs", (int64_t)epochs, error);
    }
    if (isnan(updates)) updates = fmax(1, round(epochs * (double)plan->updates_per_epoch));
    if (updates > 9007199254740992.0)
        return gradus_fail(error, GRADUS_ERROR_RANGE, GRADUS_CODE_OUT_OF_RANGE,
                           "the run is too long: more than 2^53 updates");
    plan->updates = (int64_t)updates;
    plan->epochs = updates / (double)plan->updates_per_epoch;
    return error->status;
}

gradus_status gradus_fill_settings(gradus_settings *settings, const gradus_data_info *about, gradus_plan *plan,
                                   gradus_error *error)
{
    fill_model(settings, about, error);
    plan_batch(settings, about->count[GRADUS_TRAINING], plan, error);
    plan_length(settings, plan, error);
    return error->status;
}
