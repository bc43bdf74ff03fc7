/* One update: what the gradients amount to, the constants of every group, then the rule's passes over memory.
 * Everything that can be refused is refused before a value is touched. */
#include "optimizer.h"

void gradus_measures_forget(gradus_measures *measures)
{
    *measures = (gradus_measures){.gradient_norm = NAN,
                                  .update_norm = NAN,
                                  .values_norm = NAN,
                                  .gradient_dot_update = NAN,
                                  .effective_rate = NAN,
                                  .non_finite = -1,
                                  .gradient_dot_last_update = NAN,
                                  .movement_norm = NAN,
                                  .gradient_change_dot_movement = NAN,
                                  .gradient_change_norm = NAN};
}

/* ---- before ---- */

static gradus_status check_step(const gradus_step *step, gradus_error *error)
{
    const uint32_t flags = GRADUS_ZERO_GRADIENTS | GRADUS_SKIP_NON_FINITE | GRADUS_MEASURE_UPDATE;
    char number[32];
    if (!step) return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_MISSING, "a step needs a rate");
    if (!(step->rate >= 0) || !isfinite(step->rate)) {
        gradus_number_print(step->rate, number);
        return gradus_fail(error, GRADUS_ERROR_RANGE, GRADUS_CODE_OUT_OF_RANGE,
                           "the rate must be finite and not below 0, not %s", number);
    }
    if (!isfinite(step->gradient_scale) || isnan(step->gradient_norm) || step->gradient_norm < 0)
        return gradus_fail(error, GRADUS_ERROR_RANGE, GRADUS_CODE_OUT_OF_RANGE,
                           "a gradient scale is finite, and a gradient norm is a number that is not below 0");
    if (step->flags & ~flags)
        return gradus_fail(error, GRADUS_ERROR_UNSUPPORTED, GRADUS_CODE_REFUSED,
                           "a step has a flag that this version does not know");
    return GRADUS_OK;
}

static double scale_of(const gradus_step *step) { return step->gradient_scale != 0 ? step->gradient_scale : 1; }

/* The norm of the scaled gradients as far as it is known, and whether all of them are finite. */
static gradus_status examine(gradus_optimizer *optimizer, const gradus_step *step, bool *finite, gradus_error *error)
{
    gradus_measures *measures = &optimizer->measures;
    *finite = true;
    if (step->gradient_norm > 0) {
        measures->gradient_norm = step->gradient_norm;
        *finite = isfinite(step->gradient_norm);
        return GRADUS_OK;
    }
    if (!(step->flags & GRADUS_SKIP_NON_FINITE) && !gradus_transforms_skip(optimizer)) return GRADUS_OK;
    double norm;
    const gradus_status status = gradus_norm_find(optimizer, GRADUS_NORM_2, &norm, error);
    *finite = status || isfinite(norm);
    return status;
}

/* ---- constants ---- */

static bool same_constants(const gradus_constants *set, int32_t group, int64_t update)
{
    return set->group == group && set->now.update == update;
}

/* The constants of every layer for tensors of one group and count; `tensor` is the one that they are for alone, or -1.
 */
static gradus_status fill_set(const gradus_optimizer *optimizer, int32_t at, int32_t group, const gradus_now *now,
                              int32_t tensor, gradus_error *error)
{
    double hyper[GRADUS_HYPERS];
    gradus_error own = {0};
    gradus_hypers_now(optimizer, group, hyper, &own);
    if (own.status) return gradus_fail(error, (gradus_status)own.status, (gradus_code)own.code, "%s", own.message);
    const double rate = now->rate * hyper[optimizer->hyper_count - 1] * optimizer->groups[group].feedback *
                        optimizer->groups[group].scale;
    double made = rate;
    for (int32_t i = 0; i < optimizer->layer_count; i++) {
        const gradus_layer *layer = &optimizer->layers[i];
        gradus_constants *set = &layer->sets[at];
        *set = (gradus_constants){.group = group, .now = *now};
        set->now.rate = rate;
        set->now.inner_rate = made;
        if (tensor >= 0) {
            const gradus_shape *shape = &optimizer->tensors[tensor].shape;
            set->now.columns = shape->columns;
            set->now.rows = shape->matrices * shape->rows;
            set->now.own = optimizer->tensors[tensor].own + layer->first_own;
        }
        if (layer->row->prepare) layer->row->prepare(hyper + layer->first_hyper, &set->now, layer->memory, set->exact);
        made = gradus_rate_made(layer, hyper + layer->first_hyper, &set->now, layer->memory);
        for (int j = 0; j < GRADUS_CONSTANTS; j++) set->number[j] = (float)set->exact[j];
    }
    return GRADUS_OK;
}

static bool make_sets(gradus_optimizer *optimizer, gradus_error *error)
{
    if (optimizer->set_room >= optimizer->tensor_count) return true;
    for (int32_t i = 0; i < optimizer->layer_count; i++) {
        if (!gradus_optimizer_grow(optimizer, &optimizer->layers[i].sets, 0, optimizer->tensor_room,
                                   sizeof(gradus_constants), error))
            return false;
    }
    optimizer->set_room = optimizer->tensor_room;
    return true;
}

/* The constants for a tensor: those of its group, if they are of as many updates, or new ones. */
static gradus_status find_set(gradus_optimizer *optimizer, const gradus_now *now, int32_t tensor, bool shared,
                              gradus_error *error)
{
    const int32_t index = optimizer->group_of[tensor];
    const int64_t update = optimizer->updates[tensor] + 1;
    gradus_group *group = &optimizer->groups[index];
    if (shared && group->set >= 0 && same_constants(&optimizer->layers[0].sets[group->set], index, update))
        return GRADUS_OK;
    gradus_now mine = *now;
    mine.update = update;
    group->set = optimizer->set_count++;
    return fill_set(optimizer, group->set, index, &mine, shared ? -1 : tensor, error);
}

/* Gives every tensor that takes part its constants; tensors of one group that were updated equally often share them,
 * unless what becomes of constants is a tensor's own. */
static gradus_status prepare_sets(gradus_optimizer *optimizer, const gradus_now *now, gradus_error *error)
{
    const bool shared = gradus_layers_share(optimizer);
    int32_t last = -1; /* mostly a tensor's are those of the one before it */
    if (!make_sets(optimizer, error)) return GRADUS_ERROR_MEMORY;
    optimizer->set_count = 0;
    for (int32_t i = 0; i < optimizer->group_count; i++) optimizer->groups[i].set = -1;
    for (int32_t i = 0; i < optimizer->tensor_count; i++) {
        if (optimizer->plan.first_span[i] == NO_PART) {
            optimizer->constants_of[i] = -1;
            continue;
        }
        const bool same = last >= 0 && shared && optimizer->group_of[i] == optimizer->group_of[last] &&
                          optimizer->updates[i] == optimizer->updates[last];
        const gradus_status status = same ? GRADUS_OK : find_set(optimizer, now, i, shared, error);
        if (status) return status;
        const int32_t set = same ? optimizer->constants_of[last] : optimizer->groups[optimizer->group_of[i]].set;
        /* Mostly it is the same: what is not written stays in the caches of other threads. */
        if (optimizer->constants_of[i] != set) optimizer->constants_of[i] = set;
        last = i;
    }
    return GRADUS_OK;
}

/* ---- after ---- */

/* What the outermost rule that has one says of its rate; else the rate itself. */
static double effective_rate(const gradus_optimizer *optimizer, const gradus_now *now)
{
    double hyper[GRADUS_HYPERS];
    gradus_hypers_now(optimizer, -1, hyper, NULL);
    for (int32_t i = optimizer->layer_count - 1; i >= 0; i--) {
        const gradus_layer *layer = &optimizer->layers[i];
        if (layer->row->effective_rate)
            return layer->row->effective_rate(hyper + layer->first_hyper, now, layer->memory);
    }
    return now->rate;
}

static gradus_status measure_after(gradus_optimizer *optimizer, const gradus_step *step, gradus_error *error)
{
    gradus_measures *measures = &optimizer->measures;
    const double raw = optimizer->found.norm[GRADUS_NORM_2];
    measures->effective_rate = step->rate;
    if (step->gradient_norm == 0 && raw >= 0) measures->gradient_norm = raw * fabs(scale_of(step));
    measures->non_finite = optimizer->found.non_finite;
    if (!(step->flags & GRADUS_MEASURE_UPDATE)) return GRADUS_OK;
    double sums[MEASURE_SUMS];
    for (int j = 0; j < MEASURE_SUMS; j++)
        sums[j] = gradus_walk_sum(optimizer, optimizer->layer_count * GRADUS_SUMS + j);
    const gradus_status status = gradus_sum(optimizer->context, sums, MEASURE_SUMS, error);
    measures->update_norm = sqrt(sums[0]);
    measures->values_norm = sqrt(sums[1]);
    measures->gradient_dot_update = sums[2] * scale_of(step) * (optimizer->maximize ? -1 : 1);
    return status;
}

/* Nothing was updated: what was found is said, and gradients that add up start again. */
static gradus_outcome leave(gradus_optimizer *optimizer, const gradus_step *step, gradus_outcome outcome,
                            gradus_error *error)
{
    gradus_status status = measure_after(optimizer,
                                         &(gradus_step){.rate = step->rate,
                                                        .gradient_scale = step->gradient_scale,
                                                        .gradient_norm = step->gradient_norm},
                                         error);
    if (!status && step->flags & GRADUS_ZERO_GRADIENTS) status = gradus_optimizer_zero_gradients(optimizer, error);
    return status ? (gradus_outcome)status : outcome;
}

/* The gradients as the rule is to see them; true: they are not what the caller may have measured. */
static bool blend(gradus_optimizer *optimizer, const gradus_step *step)
{
    if (!optimizer->trial || !gradus_blend_apply(optimizer, scale_of(step))) return false;
    gradus_found_forget(optimizer);
    return true;
}

static gradus_outcome apply(gradus_optimizer *optimizer, const gradus_step *given, gradus_error *error)
{
    gradus_step own = *given;
    const gradus_step *step = &own;
    if (blend(optimizer, given)) own.gradient_norm = 0;
    gradus_passage passage = {.stages = optimizer->stages};
    bool finite;
    gradus_status status = examine(optimizer, step, &finite, error);
    if (status) return (gradus_outcome)status;
    const bool skip = !finite && (step->flags & GRADUS_SKIP_NON_FINITE || gradus_transforms_skip(optimizer));
    if (skip && !optimizer->trial) return leave(optimizer, step, GRADUS_SKIPPED, error);
    if ((status = gradus_passage_make(optimizer, scale_of(step), step->gradient_norm, &passage, error)))
        return (gradus_outcome)status;
    const gradus_now now = {.update = optimizer->update + 1,
                            .rate = step->rate,
                            .loss = optimizer->maximize ? -step->loss : step->loss,
                            .gradient_norm = optimizer->measures.gradient_norm,
                            .gradient_scale = optimizer->maximize ? -passage.scale : passage.scale,
                            .seed = optimizer->seed};
    if ((status = prepare_sets(optimizer, &now, error))) return (gradus_outcome)status;
    gradus_step scaled = *step;
    scaled.gradient_scale = scale_of(step);
    const gradus_outcome outcome = gradus_drive_layers(optimizer, &passage, &now, &scaled, skip, error);
    if (outcome < 0) return outcome;
    if (outcome == GRADUS_SKIPPED && optimizer->trial) gradus_keep_forget(optimizer); /* it began with this update */
    if (outcome == GRADUS_EVALUATE && !optimizer->trial) gradus_blend_keep(optimizer, scale_of(step));
    optimizer->trial = outcome == GRADUS_EVALUATE;
    if (outcome == GRADUS_EVALUATE || outcome == GRADUS_SKIPPED) return leave(optimizer, step, outcome, error);
    for (int32_t i = 0; i < optimizer->tensor_count; i++) optimizer->updates[i] += optimizer->constants_of[i] >= 0;
    gradus_transforms_learn(optimizer);
    gradus_constraints_apply(optimizer);
    optimizer->update++;
    gradus_keep_stepped(optimizer);
    status = measure_after(optimizer, step, error);
    optimizer->measures.effective_rate = effective_rate(optimizer, &now);
    return status ? (gradus_outcome)status : outcome;
}

gradus_outcome gradus_optimizer_step(gradus_optimizer *optimizer, const gradus_step *step, gradus_error *error)
{
    gradus_error own = {0};
    if (!error) error = &own;
    gradus_status status = gradus_optimizer_ready(optimizer, error);
    if (status || (status = gradus_optimizer_shown(optimizer, error)) || (status = check_step(step, error)) ||
        (status = gradus_groups_settle(optimizer, error)) || (status = gradus_constraints_settle(optimizer, error)) ||
        (status = gradus_plan_settle(optimizer, error)))
        return (gradus_outcome)status;
    gradus_measures_forget(&optimizer->measures);
    const gradus_outcome outcome = apply(optimizer, step, error);
    gradus_found_forget(optimizer); /* the next gradients are others */
    return outcome;
}

/* ---- on their own ---- */

gradus_status gradus_optimizer_measure(gradus_optimizer *optimizer, double gradient_scale, gradus_measures *measures,
                                       gradus_error *error)
{
    gradus_status status = gradus_optimizer_ready(optimizer, error);
    if (status) return status;
    if (!isfinite(gradient_scale))
        return gradus_fail(error, GRADUS_ERROR_RANGE, GRADUS_CODE_OUT_OF_RANGE, "a gradient scale is finite");
    if ((status = gradus_groups_settle(optimizer, error)) || (status = gradus_plan_settle(optimizer, error)))
        return status;
    double norm;
    gradus_measures found;
    gradus_found_forget(optimizer);
    gradus_measures_forget(&found);
    const double scale = gradient_scale != 0 ? gradient_scale : 1;
    if ((status = gradus_movement_measure(optimizer, scale, &found, error)) ||
        (status = gradus_norm_find(optimizer, GRADUS_NORM_2, &norm, error)) || !measures)
        return status;
    if (!isfinite(norm)) gradus_measures_forget(&found);
    *measures = found;
    measures->gradient_norm = norm * fabs(scale);
    measures->non_finite = optimizer->found.non_finite;
    return GRADUS_OK;
}

gradus_status gradus_optimizer_tell(const gradus_optimizer *optimizer, gradus_policy *policy,
                                    const gradus_measures *measures, gradus_error *error)
{
    const gradus_status status = gradus_optimizer_ready(optimizer, error);
    if (status) return status;
    if (!policy || !measures)
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_MISSING, "measures and a policy to be told are needed");
    gradus_policy_observe_measures(policy, measures);
    return isfinite(measures->gradient_norm) ? gradus_movement_tell(optimizer, policy, error) : GRADUS_OK;
}

gradus_status gradus_optimizer_measures(const gradus_optimizer *optimizer, gradus_measures *measures)
{
    if (!optimizer || !measures) return GRADUS_ERROR_USE;
    *measures = optimizer->measures;
    return GRADUS_OK;
}

gradus_status gradus_optimizer_zero_gradients(gradus_optimizer *optimizer, gradus_error *error)
{
    const gradus_status status = gradus_optimizer_ready(optimizer, error);
    if (status) return status;
    for (int32_t i = 0; i < optimizer->tensor_count; i++) {
        const gradus_tensor *tensor = &optimizer->tensors[i];
        if (!tensor->elsewhere && tensor->gradient) gradus_zero_gradient(tensor, 0, (size_t)tensor->shape.count);
    }
    gradus_found_forget(optimizer);
    return GRADUS_OK;
}

/* ---- the usual loop ---- */

/* A policy that asks about the gradient is told before it decides; the step reuses what was measured. */
static gradus_status observe(gradus_policy *policy, gradus_optimizer *optimizer, const gradus_step *step,
                             gradus_error *error)
{
    gradus_measures measures;
    gradus_status status = GRADUS_OK;
    gradus_policy_observe(policy, "loss", step->loss);
    if (!gradus_policy_window(policy, "gradient_norm") && !gradus_policy_window(policy, "non_finite") &&
        !gradus_keeps(optimizer))
        return GRADUS_OK;
    gradus_measures_forget(&measures);
    measures.gradient_norm = step->gradient_norm > 0 ? step->gradient_norm : NAN;
    if (!(step->gradient_norm > 0))
        status = gradus_optimizer_measure(optimizer, step->gradient_scale, &measures, error);
    else if (isfinite(step->gradient_norm))
        status = gradus_movement_measure(optimizer, scale_of(step), &measures, error);
    return status ? status : gradus_optimizer_tell(optimizer, policy, &measures, error);
}

gradus_outcome gradus_update(gradus_policy *policy, gradus_optimizer *optimizer, const gradus_step *step,
                             gradus_decision *decision, gradus_error *error)
{
    gradus_error own = {0};
    gradus_decision unread;
    if (!error) error = &own;
    if (!decision) decision = &unread;
    gradus_status status = gradus_optimizer_ready(optimizer, error);
    if (status) return (gradus_outcome)status;
    if (!policy || !step)
        return (gradus_outcome)gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_MISSING,
                                           "an update needs a policy and a step");
    if (optimizer->trial) /* judged already, at the point where the update began */
        *decision = optimizer->decision;
    else if ((status = observe(policy, optimizer, step, error)))
        return (gradus_outcome)status;
    else if (gradus_policy_decide(policy, decision) != GRADUS_APPLY) {
        if (step->flags & GRADUS_ZERO_GRADIENTS) status = gradus_optimizer_zero_gradients(optimizer, error);
        return status ? (gradus_outcome)status : GRADUS_SKIPPED;
    } else if ((status = gradus_optimizer_follow(optimizer, policy, error)))
        return (gradus_outcome)status;
    gradus_step now = *step;
    now.rate = decision->rate;
    now.gradient_scale = scale_of(step) * decision->gradient_scale;
    now.gradient_norm *= decision->gradient_scale;
    const gradus_outcome outcome = gradus_optimizer_step(optimizer, &now, error);
    optimizer->decision = *decision;
    if (outcome == GRADUS_APPLIED || outcome == GRADUS_CONVERGED) gradus_policy_applied(policy, NULL);
    return outcome;
}
