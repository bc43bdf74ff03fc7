/* Walks a kernel over all spans of an optimizer, task by task. Where gradients are changed first, the update is
 * measured or wrappers do something before and after the rule, a span goes through the first-level cache in blocks, so
 * that memory is read and written once; otherwise a kernel is handed as many spans as share their constants. */
#include "optimizer.h"

enum { WORTH_SHARING = 3 }; /* tasks: two take about ten microseconds, less than it can cost to wake a thread */

gradus_kernel *gradus_kernel_for(const gradus_optimizer *optimizer, gradus_kernel *const *kernels)
{
    int32_t best = optimizer->isa - GRADUS_ISA_SCALAR;
    while (best > 0 && !kernels[best]) best--;
    return kernels[best];
}

static const float *constants_of(const gradus_optimizer *optimizer, const gradus_layer *layer, int64_t span)
{
    return layer->sets[optimizer->constants_of[optimizer->plan.tensor_of[span]]].number;
}

static const float *constants_for(const gradus_walk_request *request, int64_t span)
{
    return request->number ? request->number : constants_of(request->optimizer, request->layer, span);
}

/* The gradients are the caller's to write; a span shows them to kernels as constant. */
static void zero_gradient(const gradus_span *span)
{
    memset((void *)(uintptr_t)span->gradient, 0, span->count * sizeof(float));
}

static int32_t first_sum(const gradus_optimizer *optimizer, const gradus_layer *layer)
{
    return (int32_t)(layer - optimizer->layers) * GRADUS_SUMS;
}

static int32_t first_measure(const gradus_optimizer *optimizer) { return optimizer->layer_count * GRADUS_SUMS; }

/* ---- a piece of a span ---- */

typedef double summed[GRADUS_PARTS];

typedef struct piece { /* some values of a span, on their way through */
    const gradus_optimizer *optimizer;
    int64_t span;
    size_t start, count;
    const float *gradient, *before; /* of its first value; before NULL: not kept */
    summed *parts;                  /* [gradus_plan_sum_count] */
} piece;

/* As a layer's kernel sees it: with that layer's own state. */
static gradus_span span_for(const piece *at, const gradus_layer *layer)
{
    const gradus_optimizer *optimizer = at->optimizer;
    const gradus_span *whole = &optimizer->plan.spans[at->span];
    const int32_t index = optimizer->plan.tensor_of[at->span];
    const gradus_tensor *tensor = &optimizer->tensors[index];
    const size_t first = whole->first + at->start;
    gradus_span span = {.count = at->count,
                        .first = first,
                        .values = whole->values + at->start,
                        .gradient = at->gradient,
                        .before = at->before,
                        .sums = at->parts[first_sum(optimizer, layer)]};
    for (int32_t j = 0; j < layer->slot_count; j++) {
        float *state = tensor->state[layer->first_slot + j];
        if (state && gradus_slot_is_per_element(&layer->row->slots[j]))
            span.state[j] = state +
                            layer->shown[j] * gradus_slot_before(optimizer, layer, j, index, tensor->shape.count) +
                            gradus_slot_before(optimizer, layer, j, index, (int64_t)first);
    }
    return span;
}

static void run_around(const piece *at, const gradus_step_of *steps, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        const gradus_span span = span_for(at, steps[i].layer);
        gradus_kernel_for(at->optimizer, steps[i].pass->kernel)(&span, 1,
                                                                constants_of(at->optimizer, steps[i].layer, at->span));
    }
}

static void compare(const piece *at)
{
    static const float unused[GRADUS_CONSTANTS];
    const gradus_span *whole = &at->optimizer->plan.spans[at->span];
    const gradus_span span = {.count = at->count,
                              .values = whole->values + at->start,
                              .gradient = whole->gradient + at->start,
                              .before = at->before,
                              .sums = at->parts[first_measure(at->optimizer)]};
    gradus_kernel_for(at->optimizer, gradus_kernel_compare)(&span, 1, unused);
}

static void gather_sums(const piece *at, int32_t first, int32_t count)
{
    double *sums = at->optimizer->plan.sums + at->span * gradus_plan_sum_count(at->optimizer);
    for (int32_t j = first; j < first + count; j++) sums[j] = gradus_gather(at->parts[j]);
}

static void gather_around(const piece *at, const gradus_step_of *steps, int32_t count)
{
    for (int32_t i = 0; i < count; i++) gather_sums(at, first_sum(at->optimizer, steps[i].layer), steps[i].pass->sums);
}

/* ---- in blocks ---- */

const float *gradus_pass_through(const gradus_passage *passage, const float *gradient, size_t count,
                                 float buffer[2][BLOCK])
{
    for (int32_t i = 0; i < passage->count; i++) {
        const gradus_span span = {.count = count, .values = buffer[i % 2], .gradient = gradient};
        passage->stages[i].kernel(&span, 1, passage->stages[i].number);
        gradient = span.values;
    }
    return gradient;
}

static const float *copy_values(const piece *at, float *before)
{
    return memcpy(before, at->optimizer->plan.spans[at->span].values + at->start, at->count * sizeof(float));
}

static const float *values_at_begin(const piece *at)
{
    const gradus_span *whole = &at->optimizer->plan.spans[at->span];
    const gradus_tensor *tensor = &at->optimizer->tensors[at->optimizer->plan.tensor_of[at->span]];
    return tensor->kept.array[KEPT_VALUES] + (whole->values - tensor->values) + at->start;
}

static void run_block(const gradus_walk_request *request, piece *at)
{
    static const gradus_around nothing;
    const gradus_around *around = request->around ? request->around : &nothing;
    float staged[2][BLOCK], before[BLOCK];
    if (request->passage) at->gradient = gradus_pass_through(request->passage, at->gradient, at->count, staged);
    run_around(at, around->before, around->before_count);
    if (around->measure || around->after_count)
        at->before = around->began ? values_at_begin(at) : copy_values(at, before);
    if (request->kernel) {
        const gradus_span span = span_for(at, request->layer);
        request->kernel(&span, 1, constants_for(request, at->span));
    }
    run_around(at, around->after, around->after_count);
    if (around->measure) compare(at);
}

/* While a block is worked on the next one comes: no kernel looks beyond the span that it is handed. */
static void prefetch_block(const gradus_span *span, size_t start)
{
    for (size_t i = start; i < span->count && i < start + BLOCK; i += LINE) {
        __builtin_prefetch(span->values + i, 1);
        __builtin_prefetch(span->gradient + i);
        for (int j = 0; j < GRADUS_SLOTS && span->state[j]; j++) __builtin_prefetch(span->state[j] + i, 1);
    }
}

static void prefetch_around(const piece *at, const gradus_step_of *steps, int32_t count)
{
    for (int32_t k = 0; k < count; k++) {
        const gradus_span span = span_for(at, steps[k].layer);
        for (int j = 0; j < GRADUS_SLOTS; j++) {
            for (size_t i = BLOCK; i < 2 * BLOCK && span.state[j]; i += LINE) __builtin_prefetch(span.state[j] + i, 1);
        }
    }
}

static void run_in_blocks(const gradus_walk_request *request, int64_t span, summed *parts)
{
    const gradus_span *whole = &request->optimizer->plan.spans[span];
    for (size_t start = 0; start < whole->count; start += BLOCK) {
        const size_t left = whole->count - start;
        piece at = {.optimizer = request->optimizer,
                    .span = span,
                    .start = start,
                    .count = left < BLOCK ? left : BLOCK,
                    .gradient = whole->gradient + start,
                    .parts = parts};
        prefetch_block(whole, start + BLOCK);
        if (request->around && left >= 2 * BLOCK) {
            prefetch_around(&at, request->around->before, request->around->before_count);
            prefetch_around(&at, request->around->after, request->around->after_count);
        }
        run_block(request, &at);
    }
}

static void run_alone(const gradus_walk_request *request, int64_t index)
{
    const gradus_optimizer *optimizer = request->optimizer;
    const gradus_span *whole = &optimizer->plan.spans[index];
    const gradus_around *around = request->around;
    double parts[SPAN_SUMS][GRADUS_PARTS];
    const piece at = {
        .optimizer = optimizer, .span = index, .count = whole->count, .gradient = whole->gradient, .parts = parts};
    memset(parts, 0, sizeof *parts * (size_t)gradus_plan_sum_count(optimizer));
    if (request->keep) gradus_keep_span(request, index);
    if (request->passage || around)
        run_in_blocks(request, index, parts);
    else if (request->kernel) {
        gradus_span span = span_for(&at, request->layer);
        float shown[GRADUS_CONSTANTS];
        const bool left_out = request->show && !request->show(request, index, &span, shown);
        if (!left_out) request->kernel(&span, 1, request->show ? shown : constants_for(request, index));
    }
    if (request->kernel) gather_sums(&at, first_sum(optimizer, request->layer), request->sums);
    if (around) {
        gather_around(&at, around->before, around->before_count);
        gather_around(&at, around->after, around->after_count);
        if (around->measure) gather_sums(&at, first_measure(optimizer), MEASURE_SUMS);
    }
    if (request->zero) zero_gradient(whole);
}

/* ---- many at once ---- */

/* Whether the request is about this span's tensor. */
static bool is_meant(const gradus_walk_request *request, int64_t span)
{
    const gradus_optimizer *optimizer = request->optimizer;
    return !request->filter ||
           &optimizer->layers[optimizer->tensors[optimizer->plan.tensor_of[span]].rule] == request->layer;
}

/* One past the last span that one call can take with `first`; no more than stays in cache when copies are made before or
 * gradients zeroed after. */
static int64_t end_of_run(const gradus_walk_request *request, int64_t first, int64_t end)
{
    const gradus_plan *plan = &request->optimizer->plan;
    const float *number = constants_for(request, first);
    const bool again = request->zero || request->keep;
    size_t values = plan->spans[first].count;
    int64_t next = first + 1;
    while (next < end && is_meant(request, next) && constants_for(request, next) == number &&
           !(again && values >= CHUNK))
        values += plan->spans[next++].count;
    return next;
}

/* The plan's spans have the state of the rules, as they stand. */
static void run_together(const gradus_walk_request *request, int64_t first, int64_t next)
{
    const gradus_plan *plan = &request->optimizer->plan;
    for (int64_t i = first; i < next && request->keep; i++) gradus_keep_span(request, i);
    request->kernel(plan->spans + first, (size_t)(next - first), constants_for(request, first));
    for (int64_t i = first; i < next && request->zero; i++) zero_gradient(&plan->spans[i]);
}

/* What other walks have left there is no sum of this one. */
static void clear_sums(const gradus_walk_request *request, int64_t span)
{
    double *sums = request->optimizer->plan.sums + span * gradus_plan_sum_count(request->optimizer);
    for (int32_t j = 0; j < request->sums; j++) sums[first_sum(request->optimizer, request->layer) + j] = 0;
}

static void run_task(void *job, int64_t index)
{
    const gradus_walk_request *request = job;
    const gradus_plan *plan = &request->optimizer->plan;
    const int64_t end = plan->tasks[index + 1];
    const bool together = request->rule && !request->sums && !request->passage && !request->around;
    for (int64_t first = plan->tasks[index], next; first < end; first = next) {
        next = first + 1;
        if (!is_meant(request, first)) {
            clear_sums(request, first);
            continue;
        }
        if (!together) {
            run_alone(request, first);
            continue;
        }
        next = end_of_run(request, first, end);
        run_together(request, first, next);
    }
}

void gradus_walk(const gradus_walk_request *request)
{
    gradus_walk_request job = *request;
    const gradus_around *around = job.around;
    const gradus_optimizer *optimizer = request->optimizer;
    job.filter = job.rule && optimizer->layer_count > 1 && optimizer->layers[1].alternative;
    if (job.passage && job.passage->count == 0) job.passage = NULL;
    if (around && !around->before_count && !around->after_count && !around->measure) job.around = NULL;
    const int64_t tasks = optimizer->plan.task_count;
    if (tasks >= WORTH_SHARING) {
        gradus_parallel(optimizer->context, tasks, run_task, &job);
        return;
    }
    for (int64_t i = 0; i < tasks; i++) run_task(&job, i);
}

double gradus_walk_sum(const gradus_optimizer *optimizer, int32_t which)
{
    double sum = 0;
    const int32_t each = gradus_plan_sum_count(optimizer);
    for (int64_t i = 0; i < optimizer->plan.span_count; i++) sum += optimizer->plan.sums[i * each + which];
    return sum;
}

/* ---- around rules that are handed whole tensors ---- */

static void run_spans(const gradus_optimizer *optimizer, int32_t tensor, const gradus_step_of *steps, int32_t count,
                      bool measure, const float *gradient, const float *before)
{
    const gradus_plan *plan = &optimizer->plan;
    for (int64_t i = plan->first_span[tensor]; i < plan->span_count && plan->tensor_of[i] == tensor; i++) {
        const ptrdiff_t offset = plan->spans[i].values - optimizer->tensors[tensor].values;
        double parts[SPAN_SUMS][GRADUS_PARTS];
        const piece at = {.optimizer = optimizer,
                          .span = i,
                          .count = plan->spans[i].count,
                          .gradient = gradient + offset,
                          .before = before ? before + offset : NULL,
                          .parts = parts};
        memset(parts, 0, sizeof *parts * (size_t)gradus_plan_sum_count(optimizer));
        run_around(&at, steps, count);
        gather_around(&at, steps, count);
        if (!measure) continue;
        compare(&at);
        gather_sums(&at, first_measure(optimizer), MEASURE_SUMS);
    }
}

void gradus_walk_before(const gradus_optimizer *optimizer, const gradus_around *around, int32_t tensor,
                        const float *gradient)
{
    if (around->before_count) run_spans(optimizer, tensor, around->before, around->before_count, false, gradient, NULL);
}

void gradus_walk_after(const gradus_optimizer *optimizer, const gradus_around *around, int32_t tensor,
                       const float *gradient, const float *before)
{
    if (around->after_count || around->measure)
        run_spans(optimizer, tensor, around->after, around->after_count, around->measure, gradient, before);
}
