/* A batch in two halves: their gradients' norms beside that of the whole tell how much of it is noise. It costs a copy of one gradient
 * and, where a batch normalises, other statistics: each half has its own, as it would with two workers. Only a batch somebody listens
 * to is cut. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "loop.h"

static const int64_t second_masks = (int64_t)1 << 61; /* the halves drop other values: they are to be independent */

/* ---- numbers ---- */

enum { PARTS = 8 }; /* sums that do not wait for each other; their order is fixed */

static double squares_of(const float *values, int64_t count)
{
    double sums[PARTS] = {0}, sum = 0;
    for (int64_t i = 0; i < count; i++) sums[i % PARTS] += (double)values[i] * values[i];
    for (int i = 0; i < PARTS; i++) sum += sums[i];
    return sum;
}

/* ---- halves ---- */

static gradus_batch part_of(const gradus_run *run, const gradus_batch *whole, int32_t first, int32_t count)
{
    int64_t size = 1;
    for (int i = 0; i < 8 && run->about->shape[i]; i++) size *= run->about->shape[i];
    gradus_batch part = *whole;
    part.count = count;
    part.inputs += first * size;
    const gradus_widths targets = gradus_target_widths(run->about->targets, run->about->target_count);
    if (part.classes) part.classes += first * targets.classes * (run->about->positions ? run->about->positions : 1);
    if (part.numbers) part.numbers += first * targets.numbers;
    if (part.rows) part.rows += first;
    if (part.others) part.others += first * targets.classes;
    if (part.shares) part.shares += first;
    return part;
}

bool gradus_run_sums_loss(const gradus_run *run) { return gradus_net_head(run->net, 0).sums; }

static gradus_status make_room(gradus_loop *loop, gradus_error *error)
{
    size_t count = 0;
    gradus_net_tensor tensor;
    if (loop->half_gradient) return GRADUS_OK;
    for (int32_t i = 0; i < gradus_net_tensor_count(loop->run->net); i++) {
        gradus_net_tensor_at(loop->run->net, i, &tensor);
        if (tensor.gradient) count += (size_t)tensor.count;
    }
    loop->half_gradient = malloc((count + 1) * sizeof(float));
    if (loop->half_gradient) return GRADUS_OK;
    return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY,
                       "out of memory for the gradient of half a batch");
}

typedef struct halves {
    double parts[2]; /* of the whole batch, by what its examples count in the mean */
    bool sum;        /* the loss is a sum, and so is the gradient */
    double squares[2];
    bool joining; /* the second one is at hand */
} halves;

/* The first half's gradient is put aside; the second's becomes the whole one. */
static void take_gradients(const gradus_loop *loop, halves *both)
{
    gradus_net_tensor tensor;
    float *first = loop->half_gradient;
    const float share[] = {both->sum ? 1 : (float)both->parts[0], both->sum ? 1 : (float)both->parts[1]};
    for (int32_t i = 0; i < gradus_net_tensor_count(loop->run->net); i++) {
        gradus_net_tensor_at(loop->run->net, i, &tensor);
        if (!tensor.gradient) continue;
        both->squares[both->joining] += squares_of(tensor.gradient, tensor.count);
        if (both->joining)
            for (int64_t j = 0; j < tensor.count; j++)
                tensor.gradient[j] = share[0] * first[j] + share[1] * tensor.gradient[j];
        else
            memcpy(first, tensor.gradient, (size_t)tensor.count * sizeof *first);
        first += tensor.count;
    }
}

/* sqrt(B1/B |g1|^2 + B2/B |g2|^2); the gradient of a sum over B1 examples is B1/B of what the whole one would be, twice squared. */
static double half_norm(const halves *both)
{
    double squared = 0;
    for (int i = 0; i < 2; i++) squared += both->squares[i] * (both->sum ? 1 / both->parts[i] : both->parts[i]);
    return sqrt(squared);
}

gradus_status gradus_loop_halves(gradus_loop *loop, int64_t masks, gradus_error *error)
{
    gradus_run *run = loop->run;
    const int32_t count = loop->batch.count, counts[2] = {count - count / 2, count / 2};
    halves both = {.sum = gradus_run_sums_loss(run)};
    double losses[2];
    if (make_room(loop, error)) return error->status;
    for (int i = 0; i < 2; i++) {
        gradus_batch part = part_of(run, &loop->batch, i ? counts[0] : 0, counts[i]);
        if (gradus_net_train(run->net, &part, masks + i * second_masks, false, &losses[i], loop->scores, error))
            return error->status;
        both.joining = i == 1;
        const double all = loop->scores[0].weight;
        both.parts[i] = all - both.parts[0];
        for (int k = 0; k < 2 && both.joining; k++) both.parts[k] = all > 0 ? both.parts[k] / all : 0.5;
        take_gradients(loop, &both);
    }
    loop->loss = both.sum ? losses[0] + losses[1] : both.parts[0] * losses[0] + both.parts[1] * losses[1];
    loop->half_norm = half_norm(&both);
    return GRADUS_OK;
}
