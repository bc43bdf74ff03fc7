/* Walks a kernel over all spans of an optimizer, task by task. Where gradients are changed first, the update is
 * measured or wrappers do something before and after the rule, a span goes through the first-level cache in blocks, so
 * that memory is read and written once; otherwise a kernel is handed as many spans as share their constants. */
#include "pieces.h"

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

/* Of two layers, the other one's behind. */
static void join_constants(const gradus_walk_request *request, int64_t span, float joined[GRADUS_CONSTANTS])
{
    const int32_t first = request->fused->constants;
    memcpy(joined, constants_for(request, span), (size_t)first * sizeof *joined);
    memcpy(joined + first, constants_of(request->optimizer, request->also, span),
           (size_t)(GRADUS_CONSTANTS - first) * sizeof *joined);
}

static const gradus_tensor *tensor_of(const gradus_optimizer *optimizer, int64_t span)
{
    return &optimizer->tensors[optimizer->plan.tensor_of[span]];
}

/* Two thousand tensors are not looked at for nothing. */
static bool is_staged(const gradus_optimizer *optimizer, int64_t span)
{
    return optimizer->plan.staged && tensor_of(optimizer, span)->staged;
}

static void zero_gradient(const gradus_optimizer *optimizer, int64_t span)
{
    const gradus_span *whole = &optimizer->plan.spans[span];
    gradus_zero_gradient(tensor_of(optimizer, span), (int64_t)whole->first, whole->count);
}

static int32_t first_sum(const gradus_optimizer *optimizer, const gradus_layer *layer)
{
    return (int32_t)(layer - optimizer->layers) * GRADUS_SUMS;
}

static int32_t first_measure(const gradus_optimizer *optimizer) { return optimizer->layer_count * GRADUS_SUMS; }

/* ---- a piece of a span ---- */

typedef struct calls { /* in the order in which they are made */
    call before[GRADUS_LAYERS], rule, after[GRADUS_LAYERS];
    int32_t before_count, after_count;
} calls;

static void prepare_steps(call *into, const piece *at, const gradus_step_of *steps, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        gradus_call_prepare(&into[i], at, steps[i].layer, at->parts[first_sum(at->optimizer, steps[i].layer)]);
        into[i].kernel = gradus_kernel_for(at->optimizer, steps[i].pass->kernel);
        into[i].number = constants_of(at->optimizer, steps[i].layer, at->span);
    }
}

static void prepare_calls(calls *into, const gradus_walk_request *request, const piece *at)
{
    static const gradus_around nothing;
    const gradus_around *around = request->around ? request->around : &nothing;
    into->before_count = around->before_count;
    into->after_count = around->after_count;
    prepare_steps(into->before, at, around->before, around->before_count);
    prepare_steps(into->after, at, around->after, around->after_count);
    if (!request->kernel) return;
    gradus_call_prepare(&into->rule, at, request->layer, at->parts[first_sum(at->optimizer, request->layer)]);
    if (request->bytes) gradus_call_add_bytes(&into->rule, at, request->layer);
    into->rule.kernel = request->kernel;
    into->rule.number = request->show ? NULL : constants_for(request, at->span);
    if (!request->fused) return;
    join_constants(request, at->span, into->rule.joined);
    into->rule.number = into->rule.joined;
    while (into->rule.slots < request->fused->slots) into->rule.state[into->rule.slots++] = NULL;
    gradus_call_add_state(&into->rule, at, request->also);
}

static void run_calls(call *each, int32_t count, const piece *at)
{
    for (int32_t i = 0; i < count; i++) each[i].kernel(gradus_call_span(&each[i], at), 1, each[i].number);
}

static void compare(const piece *at)
{
    static const float unused[GRADUS_CONSTANTS];
    const gradus_span span = {.count = at->count,
                              .values = at->values,
                              .gradient = at->raw,
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

static void change(const gradus_optimizer *optimizer, const gradus_stage *stage, const gradus_stretch *stretch,
                   float *into)
{
    const gradus_tensor *tensor = &optimizer->tensors[stretch->tensor];
    const bool reads = stage->transform->row->reads_values;
    float values[BLOCK];
    const gradus_spot spot = {.seed = optimizer->seed,
                              .key = tensor->key,
                              .update = optimizer->update + 1,
                              .first = stretch->first,
                              .values = reads ? values : NULL,
                              .vector = tensor->shape.rank < 2};
    if (reads) gradus_load_values(optimizer, tensor, stretch->first, stretch->count, values);
    stage->transform->row->change(stage->transform->arguments, &spot, stage->scale, stretch->gradient, into,
                                  stretch->count);
}

const float *gradus_pass_through(const gradus_optimizer *optimizer, const gradus_passage *passage,
                                 gradus_stretch stretch, float buffer[2][BLOCK])
{
    for (int32_t i = 0; i < passage->count; i++) {
        const gradus_stage *stage = &passage->stages[i];
        const gradus_span span = {.count = stretch.count, .values = buffer[i % 2], .gradient = stretch.gradient};
        if (stage->kernel)
            stage->kernel(&span, 1, stage->number);
        else if (stage->transform->row->unit)
            gradus_units_apply(optimizer, stage->transform, &stretch, span.values);
        else
            change(optimizer, stage, &stretch, span.values);
        stretch.gradient = span.values;
    }
    return stretch.gradient;
}

static const float *copy_values(const piece *at, float *before)
{
    const gradus_span span = {.count = at->count, .values = before, .gradient = at->values};
    gradus_kernel_for(at->optimizer, gradus_kernel_copy)(&span, 1, NULL);
    return before;
}

static const float *values_at_begin(const piece *at)
{
    return tensor_of(at->optimizer, at->span)->kept.array[KEPT_VALUES] + at->first;
}

static void run_kernel(const gradus_walk_request *request, call *rule, const piece *at)
{
    float shown[GRADUS_CONSTANTS];
    if (!request->show) {
        run_calls(rule, 1, at);
        return;
    }
    gradus_span span = *gradus_call_span(rule, at);
    if (request->show(request, at->optimizer->plan.tensor_of[at->span], &span, shown)) rule->kernel(&span, 1, shown);
}

static const float *pass_piece(const gradus_passage *passage, const piece *at, float staged[2][BLOCK])
{
    const gradus_stretch stretch = {.tensor = at->optimizer->plan.tensor_of[at->span],
                                    .first = (int64_t)at->first,
                                    .count = at->count,
                                    .gradient = at->gradient};
    return gradus_pass_through(at->optimizer, passage, stretch, staged);
}

static void run_block(const gradus_walk_request *request, calls *of, piece *at)
{
    const gradus_around *around = request->around;
    const bool measure = around && around->measure;
    CACHE_ALIGNED float staged[2][BLOCK], before[BLOCK];
    if (request->passage) at->gradient = pass_piece(request->passage, at, staged);
    run_calls(of->before, of->before_count, at);
    if (measure || of->after_count) at->before = around->began ? values_at_begin(at) : copy_values(at, before);
    if (request->kernel) run_kernel(request, &of->rule, at);
    run_calls(of->after, of->after_count, at);
    if (measure) compare(at);
}

/* What is not float32 comes through here; everything else lies where it is worked on. Where nothing else is done with them, more
 * blocks come at once, as far as there is room: what each costs by itself is a tenth of the time. */
enum { PIECE_MOST = 4 * BLOCK, STATE_ROOM = GRADUS_LAYERS * GRADUS_SLOTS * BLOCK };
typedef struct staging {
    CACHE_ALIGNED float values[PIECE_MOST], gradient[PIECE_MOST], state[STATE_ROOM];
    size_t most; /* values that come at once */
    struct {
        int32_t slot;
        bool non_negative;
        gradus_dice dice;
    } coded[GRADUS_LAYERS * GRADUS_SLOTS]; /* what is read and written */
    int32_t count;
} staging;

static void prepare_staging(staging *room, const gradus_walk_request *request, piece *at)
{
    const gradus_optimizer *optimizer = request->optimizer;
    const gradus_tensor *tensor = tensor_of(optimizer, at->span);
    const bool alone = !request->passage && !request->around;
    const bool in_place = tensor->values && tensor->values_type == GRADUS_FLOAT32 &&
                          tensor->gradient_type == GRADUS_FLOAT32 && request->bytes;
    room->most = alone && in_place                                           ? CHUNK
                 : alone && optimizer->slot_count * PIECE_MOST <= STATE_ROOM ? PIECE_MOST
                                                                             : BLOCK;
    room->count = 0;
    at->state = room->state;
    at->stride = room->most;
    for (int32_t j = 0; j < optimizer->slot_count && request->coded; j++) {
        const gradus_slot *row;
        const gradus_layer *layer = gradus_layer_of_slot(optimizer, j, &row);
        if (!tensor->codes[j].code || !(request->coded >> (layer - optimizer->layers) & 1)) continue;
        if (request->bytes && layer == request->layer) continue;
        room->coded[room->count].slot = j;
        room->coded[room->count].dice = gradus_state_dice(optimizer, j);
        room->coded[room->count++].non_negative = row->non_negative;
    }
}

/* A share of the values and gradients that come next is fetched with each slot: memory is not to be idle meanwhile. */
static void fetch_share(const piece *at, size_t step, size_t steps)
{
    const size_t share = at->count / steps, first = at->count + step * share;
    for (size_t i = first; i < first + share; i += LINE)
        __builtin_prefetch(at->values + i, 1), __builtin_prefetch(at->raw + i);
}

static void convert_state(const piece *at, staging *room, bool write)
{
    const int32_t isa = at->optimizer->isa;
    const gradus_tensor *tensor = tensor_of(at->optimizer, at->span);
    for (int32_t i = 0; i < room->count; i++) {
        const gradus_codes *codes = &tensor->codes[room->coded[i].slot];
        float *numbers = room->state + (size_t)room->coded[i].slot * room->most;
        if (write)
            gradus_write_codes(isa, room->coded[i].non_negative, numbers, at->count, codes, (int64_t)at->first,
                               &room->coded[i].dice, tensor->first + (int64_t)at->first);
        else
            gradus_read_codes(isa, room->coded[i].non_negative, codes, (int64_t)at->first, at->count, numbers);
        fetch_share(at, (size_t)(write ? room->count + i : i), 2 * (size_t)room->count);
    }
}

static void stage(piece *at, staging *room)
{
    const gradus_optimizer *optimizer = at->optimizer;
    const gradus_tensor *tensor = tensor_of(optimizer, at->span);
    const int64_t first = (int64_t)at->first;
    if (!tensor->values) gradus_load_values(optimizer, tensor, first, at->count, at->values = room->values);
    if (tensor->gradient_type != GRADUS_FLOAT32) {
        gradus_load_gradient(optimizer, tensor, first, at->count, room->gradient);
        at->gradient = at->raw = room->gradient;
    }
    convert_state(at, room, false);
}

static void unstage(const gradus_walk_request *request, const piece *at, staging *room)
{
    const gradus_optimizer *optimizer = request->optimizer;
    gradus_store_values(optimizer, tensor_of(optimizer, at->span), (int64_t)at->first, at->count, at->values,
                        request->which);
    convert_state(at, room, true);
}

static void keep(const gradus_walk_request *request, const piece *at)
{
    const gradus_span span = {.count = at->count, .first = at->first, .values = at->values, .gradient = at->raw};
    gradus_keep_span(request, request->optimizer->plan.tensor_of[at->span], &span);
}

/* To `start` of the span; what is staged has no place yet. */
static void move_piece(piece *at, size_t start, size_t count)
{
    const gradus_span *whole = &at->optimizer->plan.spans[at->span];
    at->first = whole->first + start;
    at->count = count;
    at->values = whole->values ? whole->values + start : NULL;
    at->raw = at->gradient = whole->gradient ? whole->gradient + start : NULL;
}

static piece piece_of(const gradus_optimizer *optimizer, int64_t span, summed *parts)
{
    piece at = {.optimizer = optimizer, .span = span, .parts = parts};
    move_piece(&at, 0, optimizer->plan.spans[span].count);
    return at;
}

static void run_in_blocks(const gradus_walk_request *request, int64_t span, bool staged, summed *parts)
{
    const gradus_span *whole = &request->optimizer->plan.spans[span];
    staging room;
    calls of;
    piece at = piece_of(request->optimizer, span, parts);
    size_t most = BLOCK;
    if (staged) prepare_staging(&room, request, &at), most = room.most;
    prepare_calls(&of, request, &at);
    for (size_t start = 0; start < whole->count; start += most) {
        const size_t left = whole->count - start;
        move_piece(&at, start, left < most ? left : most);
        if (staged) stage(&at, &room);
        if (staged && request->keep) keep(request, &at);
        run_block(request, &of, &at);
        if (staged && request->changes) unstage(request, &at, &room);
    }
}

static void run_alone(const gradus_walk_request *request, int64_t index)
{
    const gradus_optimizer *optimizer = request->optimizer;
    const gradus_around *around = request->around;
    const bool staged = is_staged(optimizer, index);
    double parts[SPAN_SUMS][GRADUS_PARTS];
    piece at = piece_of(optimizer, index, parts);
    memset(parts, 0, sizeof *parts * (size_t)gradus_plan_sum_count(optimizer));
    if (request->keep && !staged) keep(request, &at);
    if (staged || request->passage || around) {
        run_in_blocks(request, index, staged, parts);
    } else if (request->kernel) {
        calls of;
        prepare_calls(&of, request, &at);
        run_kernel(request, &of.rule, &at);
    }
    if (request->kernel) gather_sums(&at, first_sum(optimizer, request->layer), request->sums);
    if (around) {
        gather_around(&at, around->before, around->before_count);
        gather_around(&at, around->after, around->after_count);
        if (around->measure) gather_sums(&at, first_measure(optimizer), MEASURE_SUMS);
    }
    if (request->zero) zero_gradient(optimizer, index);
}

/* ---- many at once ---- */

/* Whether the request is about this span's tensor. */
static bool is_meant(const gradus_walk_request *request, int64_t span)
{
    const gradus_optimizer *optimizer = request->optimizer;
    return !request->filter || &optimizer->layers[tensor_of(optimizer, span)->rule] == request->layer;
}

/* One past the last span that one call can take with `first`; no more than stays in cache when copies are made before or
 * gradients zeroed after. */
static int64_t end_of_run(const gradus_walk_request *request, int64_t first, int64_t end)
{
    const gradus_plan *plan = &request->optimizer->plan;
    const int32_t *set_of = request->optimizer->constants_of, set = set_of[plan->tensor_of[first]];
    const bool again = request->zero || request->keep, some = request->filter || plan->staged;
    if (!again && !some && (request->number || request->optimizer->set_count == 1)) return end;
    size_t values = plan->spans[first].count;
    int64_t next = first + 1;
    while (next < end && (request->number || set_of[plan->tensor_of[next]] == set) && !(again && values >= CHUNK) &&
           !(some && (!is_meant(request, next) || is_staged(request->optimizer, next))))
        values += plan->spans[next++].count;
    return next;
}

/* A span of the plan with the other layer's state behind that of the rule. */
static gradus_span join_state(const gradus_walk_request *request, int64_t index)
{
    const gradus_optimizer *optimizer = request->optimizer;
    const gradus_layer *also = request->also;
    const int32_t tensor = optimizer->plan.tensor_of[index];
    gradus_span span = optimizer->plan.spans[index];
    for (int32_t j = 0; j < also->slot_count; j++) {
        float *state = gradus_state_seen(optimizer, also, j, tensor);
        if (state) state += gradus_slot_before(optimizer, also, j, tensor, (int64_t)span.first);
        span.state[request->fused->slots + j] = state;
    }
    return span;
}

static void run_joined(const gradus_walk_request *request, int64_t first, int64_t next)
{
    enum { MANY = 32 };
    float number[GRADUS_CONSTANTS];
    gradus_span spans[MANY];
    join_constants(request, first, number);
    for (int64_t i = first, count; i < next; i += count) {
        for (count = 0; count < MANY && i + count < next; count++) spans[count] = join_state(request, i + count);
        request->kernel(spans, (size_t)count, number);
    }
}

/* The plan's spans have the state of the rules, as they stand. */
static void run_together(const gradus_walk_request *request, int64_t first, int64_t next)
{
    const gradus_plan *plan = &request->optimizer->plan;
    for (int64_t i = first; i < next && request->keep; i++)
        gradus_keep_span(request, plan->tensor_of[i], &plan->spans[i]);
    if (request->fused)
        run_joined(request, first, next);
    else
        request->kernel(plan->spans + first, (size_t)(next - first), constants_for(request, first));
    for (int64_t i = first; i < next && request->zero; i++) zero_gradient(request->optimizer, i);
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
        if (!together || is_staged(request->optimizer, first)) {
            run_alone(request, first);
            continue;
        }
        next = end_of_run(request, first, end);
        run_together(request, first, next);
    }
}

/* The layers whose own state is worked on, as bits; a kernel that brings its constants brings its state too. */
static uint32_t layers_of(const gradus_walk_request *request)
{
    const gradus_layer *layers = request->optimizer->layers;
    const gradus_around *around = request->around;
    uint32_t bits = request->kernel && request->changes ? 1u << (request->layer - layers) : 0;
    if (request->fused) bits |= 1u << (request->also - layers);
    for (int32_t i = 0; around && i < around->before_count; i++) bits |= 1u << (around->before[i].layer - layers);
    for (int32_t i = 0; around && i < around->after_count; i++) bits |= 1u << (around->after[i].layer - layers);
    return bits;
}

void gradus_walk(const gradus_walk_request *request)
{
    gradus_walk_request job = *request;
    const gradus_around *around = job.around;
    const gradus_optimizer *optimizer = request->optimizer;
    job.filter = job.rule && optimizer->layer_count > 1 && optimizer->layers[1].alternative;
    if (job.passage && job.passage->count == 0) job.passage = NULL;
    if (around && !around->before_count && !around->after_count && !around->measure) job.around = NULL;
    job.coded = layers_of(&job);
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

static void run_steps(const gradus_walk_request *request, piece *at, const gradus_step_of *steps, int32_t count,
                      bool measure)
{
    staging room;
    call each[GRADUS_LAYERS];
    prepare_staging(&room, request, at);
    prepare_steps(each, at, steps, count);
    convert_state(at, &room, false);
    run_calls(each, count, at);
    convert_state(at, &room, true);
    if (measure) compare(at);
}

static void run_spans(const gradus_optimizer *optimizer, const gradus_whole *whole, const gradus_around *around,
                      bool after)
{
    const gradus_plan *plan = &optimizer->plan;
    const gradus_step_of *steps = after ? around->after : around->before;
    const int32_t count = after ? around->after_count : around->before_count, tensor = whole->tensor;
    const gradus_walk_request request = {
        .optimizer = optimizer, .coded = layers_of(&(gradus_walk_request){.optimizer = optimizer, .around = around})};
    for (int64_t i = plan->first_span[tensor]; i < plan->span_count && plan->tensor_of[i] == tensor; i++) {
        double parts[SPAN_SUMS][GRADUS_PARTS];
        piece at = {.optimizer = optimizer, .span = i, .parts = parts};
        memset(parts, 0, sizeof *parts * (size_t)gradus_plan_sum_count(optimizer));
        for (size_t start = 0; start < plan->spans[i].count; start += BLOCK) {
            const size_t left = plan->spans[i].count - start;
            at.first = plan->spans[i].first + start;
            at.count = left < BLOCK ? left : BLOCK;
            at.values = whole->values + at.first;
            at.raw = whole->raw + at.first;
            at.gradient = whole->gradient + at.first;
            at.before = after && whole->before ? whole->before + at.first : NULL;
            run_steps(&request, &at, steps, count, after && around->measure);
        }
        gather_around(&at, steps, count);
        if (after && around->measure) gather_sums(&at, first_measure(optimizer), MEASURE_SUMS);
    }
}

void gradus_walk_before(const gradus_optimizer *optimizer, const gradus_around *around, const gradus_whole *whole)
{
    if (around->before_count) run_spans(optimizer, whole, around, false);
}

void gradus_walk_after(const gradus_optimizer *optimizer, const gradus_around *around, const gradus_whole *whole)
{
    if (around->after_count || around->measure) run_spans(optimizer, whole, around, true);
}
