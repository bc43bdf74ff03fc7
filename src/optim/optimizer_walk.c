/* Walks a kernel over all spans of an optimizer, task by task. Where gradients are changed first or the update is
 * measured, a span goes through the first-level cache in blocks; otherwise a kernel is handed as many spans as share
 * their constants. */
#include "optimizer.h"

enum { BLOCK = 256 };
enum { WORTH_SHARING = 3 }; /* tasks: two take about ten microseconds, less than it can cost to wake a thread */

gradus_kernel *gradus_kernel_for(const gradus_optimizer *optimizer, gradus_kernel *const *kernels)
{
    int32_t best = optimizer->isa - GRADUS_ISA_SCALAR;
    while (best > 0 && !kernels[best]) best--;
    return kernels[best];
}

static const float *constants_for(const gradus_walk_request *request, int64_t span)
{
    const gradus_optimizer *optimizer = request->optimizer;
    if (request->number) return request->number;
    return optimizer->sets[optimizer->constants_of[optimizer->plan.tensor_of[span]]].number;
}

/* The gradients are the caller's to write; a span shows them to kernels as constant. */
static void zero_gradient(const gradus_span *span)
{
    memset((void *)(uintptr_t)span->gradient, 0, span->count * sizeof(float));
}

/* ---- in blocks ---- */

/* Sends a block's gradients through every stage; where the last one left them. */
static const float *pass_through(const gradus_passage *passage, const float *gradient, size_t count,
                                 float buffer[2][BLOCK])
{
    for (int32_t i = 0; i < passage->count; i++) {
        const gradus_span span = {.count = count, .values = buffer[i % 2], .gradient = gradient};
        passage->stages[i].kernel(&span, 1, passage->stages[i].number);
        gradient = span.values;
    }
    return gradient;
}

static void run_block(const gradus_walk_request *request, const gradus_span *span, const float *number,
                      double *compared)
{
    float staged[2][BLOCK], before[BLOCK];
    gradus_span block = *span;
    if (request->passage) block.gradient = pass_through(request->passage, span->gradient, span->count, staged);
    if (request->measure_update) memcpy(before, span->values, span->count * sizeof(float));
    request->kernel(&block, 1, number);
    if (!request->measure_update) return;
    const gradus_span compare = {
        .count = span->count, .values = span->values, .gradient = span->gradient, .state = {before}, .sums = compared};
    gradus_kernel_for(request->optimizer, gradus_kernel_compare)(&compare, 1, number);
}

static void run_in_blocks(const gradus_walk_request *request, const gradus_span *span, const float *number,
                          double *compared)
{
    for (size_t start = 0; start < span->count; start += BLOCK) {
        gradus_span block = *span;
        block.count = span->count - start < BLOCK ? span->count - start : BLOCK;
        if (block.values) block.values += start;
        block.gradient += start;
        for (int j = 0; j < GRADUS_SLOTS; j++) {
            if (block.state[j]) block.state[j] += start;
        }
        run_block(request, &block, number, compared);
    }
}

/* Interleaved parts to one sum, in one order. */
static double gather(double *parts)
{
    for (int half = GRADUS_PARTS / 2; half; half /= 2) {
        for (int i = 0; i < half; i++) parts[i] += parts[i + half];
    }
    return parts[0];
}

static void run_alone(const gradus_walk_request *request, int64_t at)
{
    const gradus_plan *plan = &request->optimizer->plan;
    double parts[SPAN_SUMS][GRADUS_PARTS] = {{0}};
    gradus_span span = plan->spans[at];
    float shown[GRADUS_CONSTANTS];
    const bool left_out = request->show && !request->show(request, at, &span, shown);
    const float *number = request->show ? shown : constants_for(request, at);
    span.sums = parts[0];
    if (request->keep) gradus_keep_span(request, at);
    if (request->passage || request->measure_update)
        run_in_blocks(request, &span, number, parts[GRADUS_SUMS]);
    else if (!left_out)
        request->kernel(&span, 1, number);
    for (int32_t j = 0; j < request->sums; j++) plan->sums[at][j] = gather(parts[j]);
    for (int32_t j = GRADUS_SUMS; j < SPAN_SUMS && request->measure_update; j++) plan->sums[at][j] = gather(parts[j]);
    if (request->zero) zero_gradient(&span);
}

/* ---- many at once ---- */

/* One past the last span that one call can take with `first`; no more than stays in cache when copies are made before or
 * gradients zeroed after. */
static int64_t end_of_run(const gradus_walk_request *request, int64_t first, int64_t end)
{
    const gradus_plan *plan = &request->optimizer->plan;
    const float *number = constants_for(request, first);
    const bool again = request->zero || request->keep;
    size_t values = plan->spans[first].count;
    int64_t next = first + 1;
    while (next < end && constants_for(request, next) == number && !(again && values >= CHUNK))
        values += plan->spans[next++].count;
    return next;
}

static void run_task(void *job, int64_t index)
{
    const gradus_walk_request *request = job;
    const gradus_plan *plan = &request->optimizer->plan;
    const int64_t end = plan->tasks[index + 1];
    const bool alone = request->sums || request->passage || request->measure_update;
    for (int64_t first = plan->tasks[index], next; first < end; first = next) {
        next = alone ? first + 1 : end_of_run(request, first, end);
        if (alone) {
            run_alone(request, first);
            continue;
        }
        for (int64_t i = first; i < next && request->keep; i++) gradus_keep_span(request, i);
        request->kernel(plan->spans + first, (size_t)(next - first), constants_for(request, first));
        for (int64_t i = first; i < next && request->zero; i++) zero_gradient(&plan->spans[i]);
    }
}

void gradus_walk(const gradus_walk_request *request)
{
    gradus_walk_request job = *request;
    if (job.passage && job.passage->count == 0) job.passage = NULL;
    const int64_t tasks = request->optimizer->plan.task_count;
    if (tasks >= WORTH_SHARING) {
        gradus_parallel(request->optimizer->context, tasks, run_task, &job);
        return;
    }
    for (int64_t i = 0; i < tasks; i++) run_task(&job, i);
}

double gradus_walk_sum(const gradus_optimizer *optimizer, int32_t which)
{
    double sum = 0;
    for (int64_t i = 0; i < optimizer->plan.span_count; i++) sum += optimizer->plan.sums[i][which];
    return sum;
}
