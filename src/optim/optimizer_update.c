/* Rules that are handed whole tensors: several tensors at once, each on one thread, with scratch memory that is made
 * once. A thread's tensors are its lane; which lane a tensor is in changes no bit of it. */
#ifndef RULE
#include "optimizer.h"
#include "matrix.h"

enum { LANES_AT_MOST = 16, NUMBERS = 16 }; /* numbers: what memory is aligned to */
enum { SCALE, CONSTANTS };

#define NO_TWIN
#define RULE "optimizer_update.c"
#include "every_isa.h"

static gradus_kernel *const scaled_kernel[GRADUS_ISA_COUNT] = EVERY_ISA(scaled);

static size_t padded(int64_t numbers) { return ((size_t)numbers + NUMBERS - 1) / NUMBERS * NUMBERS; }

/* ---- lanes ---- */

static const gradus_layer *rule_of(const gradus_optimizer *optimizer, int32_t tensor)
{
    return &optimizer->layers[optimizer->tensors[tensor].rule];
}

static bool is_updated(const gradus_optimizer *optimizer, int32_t tensor)
{
    return gradus_takes_part(&optimizer->tensors[tensor]) && rule_of(optimizer, tensor)->row->update[0];
}

/* How many numbers are not float32 where they are stored. */
static size_t staged_numbers(const gradus_optimizer *optimizer, int32_t at)
{
    const gradus_tensor *tensor = &optimizer->tensors[at];
    const gradus_layer *layer = rule_of(optimizer, at);
    size_t copies = (size_t)!tensor->values + (tensor->gradient_type != GRADUS_FLOAT32);
    for (int32_t j = 0; j < layer->slot_count; j++) copies += tensor->codes[layer->first_slot + j].code != NULL;
    return copies * padded(tensor->shape.count);
}

/* What one tensor needs: copies of itself, then the row's own. */
static size_t memory_for(const gradus_optimizer *optimizer, int32_t tensor, int32_t copies)
{
    const gradus_layer *layer = rule_of(optimizer, tensor);
    const gradus_shape *shape = &optimizer->tensors[tensor].shape;
    double hyper[GRADUS_HYPERS];
    int64_t scratch = 0;
    if (layer->row->scratch) {
        gradus_hypers_now(optimizer, optimizer->group_of[tensor], hyper, NULL);
        scratch = layer->row->scratch(hyper + layer->first_hyper, shape);
    }
    return ((size_t)copies * padded(shape->count) + staged_numbers(optimizer, tensor) + padded(scratch)) *
           sizeof(float);
}

void gradus_lanes_release(gradus_optimizer *optimizer)
{
    gradus_lanes *lanes = &optimizer->lanes;
    for (int32_t i = 0; i < lanes->count; i++) {
        gradus_release(optimizer->context, lanes->memory[i], lanes->sizes[i]);
        lanes->memory[i] = NULL;
    }
    lanes->count = 0;
    lanes->valid = false;
}

static bool make_tables(gradus_optimizer *optimizer, gradus_error *error)
{
    gradus_lanes *lanes = &optimizer->lanes;
    if (!lanes->memory &&
        (!gradus_optimizer_grow(optimizer, &lanes->memory, 0, LANES_AT_MOST, sizeof *lanes->memory, error) ||
         !gradus_optimizer_grow(optimizer, &lanes->sizes, 0, LANES_AT_MOST, sizeof *lanes->sizes, error)))
        return false;
    if (lanes->room >= optimizer->tensor_count) return true;
    lanes->room = optimizer->tensor_room;
    return gradus_optimizer_grow(optimizer, &lanes->lane_of, 0, lanes->room, sizeof *lanes->lane_of, error);
}

/* Each tensor goes to the lane that has the least to do so far. */
static void share_out(gradus_optimizer *optimizer, int32_t count, int32_t copies, size_t sizes[LANES_AT_MOST])
{
    int64_t load[LANES_AT_MOST] = {0};
    for (int32_t i = 0; i < optimizer->tensor_count; i++) {
        int32_t lightest = 0;
        optimizer->lanes.lane_of[i] = -1;
        if (!is_updated(optimizer, i)) continue;
        for (int32_t l = 1; l < count; l++)
            if (load[l] < load[lightest]) lightest = l;
        const size_t size = memory_for(optimizer, i, copies);
        load[lightest] += optimizer->tensors[i].shape.count;
        if (size > sizes[lightest]) sizes[lightest] = size;
        optimizer->lanes.lane_of[i] = lightest;
    }
}

static int32_t lanes_wanted(const gradus_optimizer *optimizer)
{
    int32_t wanted = gradus_has_pool(optimizer->context) ? LANES_AT_MOST : gradus_threads(optimizer->context);
    int32_t tensors = 0;
    for (int32_t i = 0; i < optimizer->tensor_count; i++) tensors += is_updated(optimizer, i);
    if (wanted > tensors) wanted = tensors;
    return wanted > LANES_AT_MOST ? LANES_AT_MOST : wanted;
}

/* Memory for this plan, with room for `copies` of a tensor; kept until the plan changes or more are needed. */
static gradus_status make_lanes(gradus_optimizer *optimizer, int32_t copies, gradus_error *error)
{
    gradus_lanes *lanes = &optimizer->lanes;
    size_t sizes[LANES_AT_MOST] = {0};
    if (lanes->valid && copies <= lanes->copies) return GRADUS_OK;
    if (!make_tables(optimizer, error)) return GRADUS_ERROR_MEMORY;
    const int32_t count = lanes_wanted(optimizer);
    share_out(optimizer, count, copies, sizes);
    gradus_lanes_release(optimizer);
    for (; lanes->count < count; lanes->count++) {
        const int32_t at = lanes->count;
        lanes->sizes[at] = sizes[at];
        lanes->memory[at] = sizes[at] ? gradus_allocate(optimizer->context, sizes[at]) : NULL;
        if (sizes[at] && !lanes->memory[at])
            return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "no memory for a rule's scratch");
    }
    lanes->copies = copies;
    lanes->valid = true;
    return GRADUS_OK;
}

/* ---- one tensor ---- */

typedef struct update_job {
    const gradus_optimizer *optimizer;
    const gradus_passage *passage;
    const gradus_around *around;
    const gradus_step *step;
} update_job;

static bool is_scaled(const update_job *job) { return job->passage->scale != 1 || job->optimizer->maximize; }

static bool is_kept(const update_job *job) { return job->around->after_count || job->around->measure; }

typedef void stretch(const gradus_optimizer *optimizer, const gradus_tensor *tensor, int64_t first, size_t count,
                     float *numbers);

/* A copy in float32 in `memory`, whose blocks have room to the end of the last but for what `padded` adds. */
static float *take(const update_job *job, const gradus_tensor *tensor, stretch *load, float **memory)
{
    float *numbers = *memory;
    for (int64_t start = 0; start < tensor->shape.count; start += BLOCK) {
        const int64_t left = tensor->shape.count - start;
        load(job->optimizer, tensor, start, (size_t)(left < BLOCK ? left : BLOCK), numbers + start);
    }
    *memory += padded(tensor->shape.count);
    return numbers;
}

/* What the stages make of a tensor's gradient, into `memory`; as it is where there are none. */
static const float *stage(const update_job *job, int32_t at, const float *raw, float **memory)
{
    const gradus_tensor *tensor = &job->optimizer->tensors[at];
    float buffer[2][BLOCK], *staged = *memory;
    const int64_t count = tensor->shape.count;
    if (!job->passage->count) return raw;
    for (int64_t start = 0; start < count; start += BLOCK) {
        const gradus_stretch piece = {.tensor = at,
                                      .first = start,
                                      .count = (size_t)(count - start < BLOCK ? count - start : BLOCK),
                                      .gradient = raw + start};
        const float *out = gradus_pass_through(job->optimizer, job->passage, piece, buffer);
        memcpy(staged + start, out, piece.count * sizeof(float));
    }
    *memory += padded(count);
    return staged;
}

static const float *scale(const update_job *job, const gradus_tensor *tensor, const float *gradient, float **memory)
{
    float number[GRADUS_CONSTANTS] = {0}, *out = *memory;
    if (!is_scaled(job)) return gradient;
    const gradus_span span = {.count = (size_t)tensor->shape.count, .values = out, .gradient = gradient};
    number[SCALE] = (float)(job->optimizer->maximize ? -job->passage->scale : job->passage->scale);
    gradus_kernel_for(job->optimizer, scaled_kernel)(&span, 1, number);
    *memory += padded(tensor->shape.count);
    return out;
}

/* State in 8 bits, as float32 while it is worked on. */
static void load_state(const update_job *job, int32_t at, gradus_work *work)
{
    const gradus_tensor *tensor = &job->optimizer->tensors[at];
    const gradus_layer *layer = rule_of(job->optimizer, at);
    for (int32_t j = 0; j < layer->slot_count; j++) {
        const int32_t slot = layer->first_slot + j;
        work->state[j] = tensor->state[slot];
        if (!tensor->codes[slot].code) continue;
        work->state[j] = work->scratch;
        work->scratch += padded(tensor->shape.count);
        for (int64_t start = 0; start < tensor->shape.count; start += BLOCK) {
            const int64_t left = tensor->shape.count - start;
            gradus_load_state(job->optimizer, tensor, slot, start, (size_t)(left < BLOCK ? left : BLOCK),
                              work->state[j] + start);
        }
    }
}

static void store_state(const update_job *job, int32_t at, const gradus_work *work)
{
    const gradus_tensor *tensor = &job->optimizer->tensors[at];
    const gradus_layer *layer = rule_of(job->optimizer, at);
    for (int32_t j = 0; j < layer->slot_count; j++) {
        const int32_t slot = layer->first_slot + j;
        const gradus_dice dice = gradus_state_dice(job->optimizer, slot);
        for (int64_t start = 0; start < tensor->shape.count && tensor->codes[slot].code; start += BLOCK) {
            const int64_t left = tensor->shape.count - start;
            gradus_store_state(job->optimizer, tensor, slot, start, (size_t)(left < BLOCK ? left : BLOCK),
                               work->state[j] + start, &dice);
        }
    }
}

static void store_values(const update_job *job, const gradus_tensor *tensor, const float *values)
{
    for (int64_t start = 0; start < tensor->shape.count && tensor->values_type != GRADUS_FLOAT32; start += BLOCK) {
        const int64_t left = tensor->shape.count - start;
        gradus_store_values(job->optimizer, tensor, start, (size_t)(left < BLOCK ? left : BLOCK), values + start, 0);
    }
}

static void update(const update_job *job, int32_t at, float *values, const float *gradient, float *scratch)
{
    const gradus_optimizer *optimizer = job->optimizer;
    const gradus_tensor *tensor = &optimizer->tensors[at];
    const gradus_layer *layer = rule_of(optimizer, at);
    const gradus_constants *set = &layer->sets[optimizer->constants_of[at]];
    const gradus_inside inside = {.context = optimizer->context, .alone = optimizer->lanes.count == 1};
    double hyper[GRADUS_HYPERS];
    gradus_hypers_now(optimizer, optimizer->group_of[at], hyper, NULL);
    gradus_work work = {.shape = &tensor->shape,
                        .values = values,
                        .gradient = gradient,
                        .scratch = scratch,
                        .hyper = hyper + layer->first_hyper,
                        .now = &set->now,
                        .key = tensor->key,
                        .constants = set->number,
                        .multiply = gradus_multiply_for(optimizer->isa),
                        .inside = &inside};
    load_state(job, at, &work);
    int32_t best = optimizer->isa - GRADUS_ISA_SCALAR;
    while (best > 0 && !layer->row->update[best]) best--;
    layer->row->update[best](&work);
    store_state(job, at, &work);
}

static void update_tensor(const update_job *job, int32_t at, float *memory)
{
    const gradus_tensor *tensor = &job->optimizer->tensors[at];
    const gradus_walk_request request = {.optimizer = job->optimizer, .scale = job->step->gradient_scale};
    const size_t count = (size_t)tensor->shape.count;
    gradus_whole whole = {.tensor = at, .values = tensor->values, .raw = tensor->gradient};
    if (!whole.values) whole.values = take(job, tensor, gradus_load_values, &memory);
    if (tensor->gradient_type != GRADUS_FLOAT32) whole.raw = take(job, tensor, gradus_load_gradient, &memory);
    whole.gradient = stage(job, at, whole.raw, &memory);
    const float *gradient = scale(job, tensor, whole.gradient, &memory);
    gradus_walk_before(job->optimizer, job->around, &whole);
    if (job->around->keep)
        gradus_keep_span(&request, at, &(gradus_span){.count = count, .values = whole.values, .gradient = whole.raw});
    if (is_kept(job)) {
        whole.before = memcpy(memory, whole.values, count * sizeof(float));
        memory += padded(tensor->shape.count);
    }
    update(job, at, whole.values, gradient, memory);
    gradus_walk_after(job->optimizer, job->around, &whole);
    store_values(job, tensor, whole.values);
    if (job->step->flags & GRADUS_ZERO_GRADIENTS) gradus_zero_gradient(tensor, 0, count);
}

static void run_lane(void *job, int64_t lane)
{
    const gradus_optimizer *optimizer = ((const update_job *)job)->optimizer;
    for (int32_t i = 0; i < optimizer->tensor_count; i++)
        if (optimizer->lanes.lane_of[i] == lane) update_tensor(job, i, optimizer->lanes.memory[lane]);
}

gradus_status gradus_update_tensors(gradus_optimizer *optimizer, const gradus_passage *passage,
                                    const gradus_around *around, const gradus_step *step, gradus_error *error)
{
    update_job job = {.optimizer = optimizer, .passage = passage, .around = around, .step = step};
    const int32_t copies = (passage->count > 0) + is_scaled(&job) + is_kept(&job);
    const gradus_status status = make_lanes(optimizer, copies, error);
    if (!status) gradus_parallel(optimizer->context, optimizer->lanes.count, run_lane, &job);
    return status;
}

#else /* once for each instruction set */

static inline void ISA(scaled_element)(cell *c, const lane *k) { c->x = c->g * k[SCALE]; }

static void ISA(scaled)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(scaled_element), GRADIENT, VALUES, CONSTANTS, 0, spans, how_many, k);
}
#endif
