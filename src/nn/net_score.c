/* What is wrong with what a net gives: the losses of a batch, their gradients, and how often it was right. */
#include <math.h>
#include <string.h>
#include "net.h"

static const float *outputs_of(const gradus_walk *walk, const gradus_loss *loss, int64_t i)
{
    return walk->net->output->values.memory + i * loss->row_width + loss->first;
}

static int32_t class_of(const gradus_loss *loss, const int32_t *classes, int64_t i)
{
    return loss->target == GRADUS_TARGET_CLASS ? classes[i * loss->target_row + loss->target_first] : 0;
}

static const float *numbers_of(const gradus_loss *loss, const gradus_batch *batch, int64_t i)
{
    return loss->target == GRADUS_TARGET_CLASS ? NULL : batch->numbers + i * loss->target_row + loss->target_first;
}

/* ---- the score ---- */

static int64_t largest_of(const float *values, int64_t count)
{
    int64_t largest = 0;
    for (int64_t i = 1; i < count; i++)
        if (values[i] > values[largest]) largest = i;
    return largest;
}

/* Errors are those of what the net is taken to say: of probabilities, not of what they are made from. `room`: as wide as the output. */
static void add_score(const gradus_loss *loss, const float *output, int32_t class, const float *numbers, float *room,
                      gradus_score *score)
{
    if (!numbers) {
        score->correct += (loss->width == 1 ? output[0] > 0 : largest_of(output, loss->width)) == class;
        return;
    }
    if (loss->row->predict) {
        memcpy(room, output, (size_t)loss->width * sizeof *room);
        loss->row->predict(loss, room);
        output = room;
    }
    for (int64_t i = 0; i < loss->width; i++) {
        const double far = (double)output[i] - numbers[i];
        score->squared += far * far / (double)loss->width;
        score->absolute += fabs(far) / (double)loss->width;
    }
}

/* ---- one loss ---- */

/* What a sum of losses is to be divided by for their mean. */
static double weight_of(const gradus_loss *loss, const gradus_batch *batch, int64_t count)
{
    double sum = 0;
    if (!loss->row->weighted_mean || !loss->weights) return (double)count;
    for (int64_t i = 0; i < count; i++) {
        const double weight = loss->weights[class_of(loss, batch->classes, i)];
        sum += batch->others ? batch->shares[i] * weight +
                                   (1 - batch->shares[i]) * loss->weights[class_of(loss, batch->others, i)]
                             : weight;
    }
    return sum;
}

/* The loss of an example, and its gradient; of one that was mixed with another, as much of both as there is of them. */
static double loss_of(const gradus_walk *walk, const gradus_loss *loss, int64_t i, float scale, float *gradient)
{
    const gradus_batch *batch = walk->batch;
    const float *output = outputs_of(walk, loss, i), *numbers = numbers_of(loss, batch, i);
    const double first = loss->row->example(loss, output, class_of(loss, batch->classes, i), numbers, scale, gradient);
    if (numbers || !batch->others || batch->shares[i] >= 1) return first;
    const float share = batch->shares[i];
    float *other = walk->net->second_row;
    const double second = loss->row->example(loss, output, class_of(loss, batch->others, i), NULL, scale, other);
    for (int64_t k = 0; k < loss->width; k++) gradient[k] = share * gradient[k] + (1 - share) * other[k];
    return (double)share * first + (double)(1 - share) * second;
}

static double run_loss(const gradus_walk *walk, const gradus_loss *loss, const double *factor, gradus_score *score)
{
    const gradus_net *net = walk->net;
    const int64_t count = walk->count * loss->positions;
    const double weight = weight_of(loss, walk->batch, count);
    const float each = !loss->mean ? 1 : weight > 0 ? 1 / (float)weight : 0; /* 0: nothing in it counts */
    const float scale = each * (float)(factor ? loss->weight * *factor : 0);
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        float *gradient = factor ? net->output->gradient.memory + i * loss->row_width + loss->first : net->row;
        sum += loss_of(walk, loss, i, scale, gradient);
        if (score)
            add_score(loss, outputs_of(walk, loss, i), class_of(loss, walk->batch->classes, i),
                      numbers_of(loss, walk->batch, i), net->row, score);
    }
    if (score) {
        score->loss += sum;
        score->weight += weight;
        score->count += count;
    }
    return loss->weight * (loss->mean && weight > 0 ? sum / weight : sum);
}

void gradus_net_run_losses(const gradus_walk *walk, const double *factors, double *losses, gradus_score *scores)
{
    const gradus_net *net = walk->net;
    for (int32_t i = 0; i < net->told_count; i++)
        losses[i] = run_loss(walk, &net->losses[i], factors ? &factors[i] : NULL, scores ? &scores[i] : NULL);
}

/* ---- targets that cannot be ---- */

static gradus_status check_classes(const gradus_loss *loss, const gradus_batch *batch, gradus_error *error)
{
    const int64_t most = loss->width == 1 ? 2 : loss->width;
    for (int64_t i = 0; i < batch->count * loss->positions; i++) {
        const int32_t class = class_of(loss, batch->classes, i);
        const int32_t other = batch->others ? class_of(loss, batch->others, i) : 0;
        if (class < 0 || class >= most || other < 0 || other >= most)
            return gradus_fail(error, GRADUS_ERROR_RANGE, GRADUS_CODE_BAD_DATA,
                               "class %d in the batch, but the net tells %d classes apart", (int)class, (int)most);
    }
    return GRADUS_OK;
}

/* A hair beyond 0 and 1 is rounding: of a scale, say. */
static gradus_status check_probabilities(const gradus_loss *loss, const gradus_batch *batch, gradus_error *error)
{
    for (int64_t i = 0; i < batch->count * loss->positions; i++)
        for (int64_t k = 0; k < loss->width; k++) {
            const float number = numbers_of(loss, batch, i)[k];
            if (!(number >= -1e-6F && number <= 1 + 1e-6F))
                return gradus_fail(
                    error, GRADUS_ERROR_RANGE, GRADUS_CODE_BAD_DATA,
                    "a target of %g in the batch, but %s takes them from 0 to 1; target_scale=none leaves "
                    "those of a file as they are",
                    (double)number, loss->row->member.name);
        }
    return GRADUS_OK;
}

gradus_status gradus_net_check_targets(const gradus_net *net, const gradus_batch *batch, gradus_error *error)
{
    for (int32_t i = 0; i < net->told_count; i++) {
        const gradus_loss *loss = &net->losses[i];
        const bool classes = loss->target == GRADUS_TARGET_CLASS;
        if (classes ? !batch->classes : !batch->numbers)
            return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_MISSING, "a batch without targets");
        if (classes && check_classes(loss, batch, error)) return (gradus_status)error->status;
        if (loss->row->probabilities && !classes && check_probabilities(loss, batch, error))
            return (gradus_status)error->status;
    }
    return GRADUS_OK;
}
