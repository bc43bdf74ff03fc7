/* Who does what in one call of a step: the outermost layer is asked first, what it wraps runs where it says, and in the
 * middle stands the rule with its passes over memory. What wrappers do with each value before and after the rule goes
 * along with the rule's own passes. */
#include "optimizer.h"

typedef struct running {
    gradus_optimizer *optimizer;
    const gradus_passage *passage;
    const gradus_now *now;
    gradus_around around; /* what the wrappers that have been asked so far want done */
    const gradus_step *step;
    bool abandon;
    gradus_error *error;
} running;

typedef struct level { /* a layer that is being driven */
    gradus_drive drive;
    running *run;
    const gradus_layer *layer;
    gradus_now now;
    double hyper[GRADUS_HYPERS];
} level;

static gradus_outcome run_layer(running *run, int32_t at);

static int32_t index_of(const running *run, const gradus_layer *layer)
{
    return (int32_t)(layer - run->optimizer->layers);
}

/* Each walk of an update rounds by random numbers of its own. */
enum { WHICH_FLUSHED = GRADUS_LAYERS * GRADUS_PASSES };

static uint32_t which_walk(const running *run, const gradus_layer *layer, int32_t pass)
{
    return (uint32_t)(index_of(run, layer) * GRADUS_PASSES + pass);
}

/* ---- sums become constants ---- */

static void take_constants(gradus_constants *set)
{
    for (int i = 0; i < GRADUS_CONSTANTS; i++) set->number[i] = (float)set->exact[i];
}

static void conclude_set(const gradus_optimizer *optimizer, const gradus_layer *layer, const gradus_pass *pass,
                         int32_t set, const double *sums)
{
    double hyper[GRADUS_HYPERS];
    gradus_constants *into = &layer->sets[set];
    gradus_hypers_now(optimizer, into->group, hyper, NULL);
    pass->conclude(hyper + layer->first_hyper, &into->now, sums, layer->memory, into->exact);
    take_constants(into);
}

static void conclude_over_all(const running *run, const gradus_layer *layer, const gradus_pass *pass)
{
    const gradus_optimizer *optimizer = run->optimizer;
    double sums[GRADUS_SUMS] = {0}, hyper[GRADUS_HYPERS];
    gradus_now now = *run->now;
    for (int32_t j = 0; j < pass->sums; j++)
        sums[j] = gradus_walk_sum(optimizer, index_of(run, layer) * GRADUS_SUMS + j);
    if (gradus_sum(optimizer->context, sums, pass->sums, run->error)) return;
    if (pass->learn) {
        gradus_hypers_now(optimizer, -1, hyper, NULL);
        now.rate *= hyper[optimizer->hyper_count - 1];
        pass->learn(hyper + layer->first_hyper, &now, sums, layer->memory);
    }
    for (int32_t i = 0; i < optimizer->set_count && pass->conclude; i++) conclude_set(optimizer, layer, pass, i, sums);
}

/* Spans stand in the order of their tensors. */
static void conclude_each(const running *run, const gradus_layer *layer, const gradus_pass *pass)
{
    const gradus_optimizer *optimizer = run->optimizer;
    const gradus_plan *plan = &optimizer->plan;
    const int32_t each = gradus_plan_sum_count(optimizer), first = index_of(run, layer) * GRADUS_SUMS;
    double sums[GRADUS_SUMS] = {0};
    for (int64_t i = 0; i < plan->span_count; i++) {
        const int32_t tensor = plan->tensor_of[i];
        for (int32_t j = 0; j < pass->sums; j++) sums[j] += plan->sums[i * each + first + j];
        if (i + 1 < plan->span_count && plan->tensor_of[i + 1] == tensor) continue;
        if (gradus_layer_has(optimizer, layer, tensor))
            conclude_set(optimizer, layer, pass, optimizer->constants_of[tensor], sums);
        memset(sums, 0, sizeof sums);
    }
}

static void conclude(const running *run, const gradus_layer *layer, const gradus_pass *pass)
{
    if (run->error->status || (!pass->conclude && !pass->learn)) return;
    if (pass->over_all)
        conclude_over_all(run, layer, pass);
    else
        conclude_each(run, layer, pass);
}

/* ---- the rule in the middle, and its alternative ---- */

/* What measures of movement need is of the values and the gradients where the update begins. */
static void keep(running *run)
{
    if (!run->around.keep) return;
    gradus_walk(&(gradus_walk_request){.optimizer = run->optimizer, .keep = true, .scale = run->step->gradient_scale});
    run->around.keep = false;
}

/* What was to go along with the rule's first pass goes first, where something else comes before that. */
static void flush(running *run)
{
    gradus_around around = run->around;
    if (!around.before_count || run->error->status) return;
    around.after_count = 0;
    around.measure = false;
    keep(run);
    gradus_walk(&(gradus_walk_request){.optimizer = run->optimizer,
                                       .passage = run->passage,
                                       .around = &around,
                                       .changes = true,
                                       .which = WHICH_FLUSHED});
    run->around.before_count = 0;
}

/* The one walk that does what the rule and the wrapper around it are about to do; NULL: there is none. */
static const gradus_fused *fused_of(const gradus_layer *layer, const gradus_around *around)
{
    const gradus_step_of *after = &around->after[0];
    if (around->before_count || around->after_count != 1 || around->measure) return NULL;
    if (layer->alternative || layer->row->pass[1].kernel[0] || after->pass != &after->layer->row->pass[0]) return NULL;
    const gradus_fused *fused = after->layer->row->fused;
    while (fused && fused->inner && fused->inner != layer->row->pass[0].kernel[0]) fused++;
    return fused && fused->inner ? fused : NULL;
}

/* Not in every instruction set: each walk over bytes is a kernel more to compile. */
static bool takes_bytes(const running *run) { return run->optimizer->isa >= GRADUS_ISA_AVX2; }

static void run_passes(const running *run, const gradus_layer *layer)
{
    const gradus_pass *pass = layer->row->pass;
    bool first = true;
    for (int i = 0; i < GRADUS_PASSES && pass[i].kernel[0] && !run->error->status; i++) {
        const bool last = i + 1 == GRADUS_PASSES || !pass[i + 1].kernel[0];
        gradus_around around = run->around;
        if (!gradus_pass_is_made(run->optimizer, layer, &pass[i])) continue;
        if (!first) around.before_count = 0;
        if (!last) around.after_count = 0, around.measure = false;
        const gradus_fused *fused = fused_of(layer, &around);
        if (fused) around.after_count = 0;
        gradus_kernel *const *kernels = fused ? fused->kernel : pass[i].kernel;
        gradus_walk(&(gradus_walk_request){.optimizer = run->optimizer,
                                           .kernel = gradus_kernel_for(run->optimizer, kernels),
                                           .layer = layer,
                                           .fused = fused,
                                           .also = around.after[0].layer,
                                           .passage = run->passage,
                                           .sums = pass[i].sums,
                                           .bytes = pass[i].reads_bytes && !fused && takes_bytes(run),
                                           .rule = true,
                                           .around = &around,
                                           .changes = true,
                                           .which = which_walk(run, layer, i),
                                           .zero = last && run->step->flags & GRADUS_ZERO_GRADIENTS,
                                           .keep = first && around.keep,
                                           .scale = run->step->gradient_scale});
        conclude(run, layer, &pass[i]);
        first = false;
    }
}

static gradus_outcome run_rule(running *run)
{
    gradus_optimizer *optimizer = run->optimizer;
    const int32_t rules = optimizer->layer_count > 1 && optimizer->layers[1].alternative ? 2 : 1;
    bool updates = false;
    if (run->around.keep) flush(run);
    for (int32_t i = 0; i < rules; i++) {
        if (optimizer->layers[i].row->update[0])
            updates = true;
        else
            run_passes(run, &optimizer->layers[i]);
    }
    if (updates && !run->error->status)
        gradus_update_tensors(optimizer, run->passage, &run->around, run->step, run->error);
    run->around.before_count = run->around.after_count = 0;
    run->around.keep = false;
    return GRADUS_APPLIED;
}

/* ---- what a wrapper may ask for ---- */

static void drive_pass(gradus_drive *drive, int32_t which)
{
    const level *here = drive->inside;
    running *run = here->run;
    const gradus_pass *pass = &here->layer->row->pass[which];
    flush(run);
    if (run->error->status) return;
    keep(run);
    gradus_walk(&(gradus_walk_request){.optimizer = run->optimizer,
                                       .kernel = gradus_kernel_for(run->optimizer, pass->kernel),
                                       .layer = here->layer,
                                       .passage = run->passage,
                                       .sums = pass->sums,
                                       .changes = true,
                                       .which = which_walk(run, here->layer, which)});
    conclude(run, here->layer, pass);
}

static void drive_prepare(gradus_drive *drive)
{
    const level *here = drive->inside;
    const gradus_optimizer *optimizer = here->run->optimizer;
    const gradus_layer *layer = here->layer;
    double hyper[GRADUS_HYPERS];
    for (int32_t i = 0; i < optimizer->set_count && layer->row->prepare; i++) {
        gradus_constants *set = &layer->sets[i];
        gradus_hypers_now(optimizer, set->group, hyper, NULL);
        layer->row->prepare(hyper + layer->first_hyper, &set->now, layer->memory, set->exact);
        take_constants(set);
    }
}

static gradus_outcome drive_inner(gradus_drive *drive, int32_t before, int32_t after)
{
    const level *here = drive->inside;
    running *run = here->run;
    gradus_around *around = &run->around;
    const gradus_pass *pass = here->layer->row->pass;
    if (before >= 0) around->before[around->before_count++] = (gradus_step_of){here->layer, &pass[before]};
    if (after >= 0) { /* what is further inside comes first */
        memmove(around->after + 1, around->after, (size_t)around->after_count++ * sizeof *around->after);
        around->after[0] = (gradus_step_of){here->layer, &pass[after]};
    }
    const gradus_outcome outcome = run_layer(run, index_of(run, here->layer) - 1);
    if (run->error->status || outcome != GRADUS_APPLIED) return outcome;
    if (before >= 0) conclude(run, here->layer, &pass[before]);
    if (after >= 0) conclude(run, here->layer, &pass[after]);
    return outcome;
}

static gradus_outcome drive_plainly(gradus_drive *drive)
{
    const level *here = drive->inside;
    return drive->inner(drive, -1, here->layer->row->pass[0].kernel[0] ? 0 : -1);
}

/* After a rule over all tensors at once, which has moved the values by itself. */
static gradus_outcome end_rule(running *run, gradus_outcome outcome)
{
    gradus_around around = run->around;
    if (run->error->status || (outcome != GRADUS_APPLIED && outcome != GRADUS_CONVERGED)) return outcome;
    flush(run);
    around.before_count = 0;
    around.began = true;
    if (outcome == GRADUS_CONVERGED) around.after_count = 0;
    gradus_walk(&(gradus_walk_request){.optimizer = run->optimizer,
                                       .passage = run->passage,
                                       .around = &around,
                                       .changes = around.after_count > 0,
                                       .which = WHICH_FLUSHED + 1,
                                       .zero = run->step->flags & GRADUS_ZERO_GRADIENTS});
    return outcome;
}

static gradus_outcome run_layer(running *run, int32_t at)
{
    gradus_optimizer *optimizer = run->optimizer;
    gradus_layer *layer = &optimizer->layers[at];
    if (run->error->status) return (gradus_outcome)run->error->status;
    if (layer->alternative) return run_layer(run, at - 1);
    if (at == 0 && !layer->row->drive) return run->abandon ? GRADUS_SKIPPED : run_rule(run);
    level here = {.run = run, .layer = layer, .now = *run->now};
    gradus_hypers_now(optimizer, -1, here.hyper, NULL);
    here.now.rate *= here.hyper[optimizer->hyper_count - 1];
    here.drive = (gradus_drive){.hyper = here.hyper + layer->first_hyper,
                                .now = &here.now,
                                .memory = layer->memory,
                                .abandon = run->abandon,
                                .at = layer->shown,
                                .prepare = drive_prepare,
                                .pass = drive_pass,
                                .inner = drive_inner,
                                .inside = &here};
    if (!layer->row->drive) return drive_plainly(&here.drive);
    if (at == 0) flush(run), keep(run); /* it moves the values by itself */
    const gradus_outcome outcome = layer->row->drive(&here.drive);
    return at == 0 ? end_rule(run, outcome) : outcome;
}

gradus_outcome gradus_drive_layers(gradus_optimizer *optimizer, const gradus_passage *passage, const gradus_now *now,
                                   const gradus_step *step, bool abandon, gradus_error *error)
{
    running run = {.optimizer = optimizer,
                   .passage = passage,
                   .now = now,
                   .around = {.measure = step->flags & GRADUS_MEASURE_UPDATE,
                              .keep = gradus_keeps(optimizer) && !optimizer->trial},
                   .step = step,
                   .abandon = abandon,
                   .error = error};
    const gradus_outcome outcome = run_layer(&run, optimizer->layer_count - 1);
    return error->status ? (gradus_outcome)error->status : outcome;
}
