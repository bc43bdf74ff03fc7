/* What becomes of the gradients before a rule sees them: the transforms of a text, and for each update the factor and the
 * stages that they make. */
#include "optimizer.h"

/* ---- made from a text ---- */

static gradus_status take_arguments(gradus_optimizer *optimizer, const gradus_item *item, const char *text,
                                    gradus_transform *into, gradus_error *error)
{
    const int32_t count = gradus_argument_count(item->member);
    gradus_status status = GRADUS_OK;
    if (count && (!gradus_optimizer_grow(optimizer, &into->hyper, 0, count, sizeof *into->hyper, error) ||
                  !gradus_optimizer_grow(optimizer, &into->arguments, 0, count, sizeof *into->arguments, error)))
        return GRADUS_ERROR_MEMORY;
    for (int32_t i = 0; i < count && !status; i++) {
        status =
            gradus_hyper_bind(optimizer, &item->member->arguments[i], &item->values[i], text, &into->hyper[i], error);
        into->arguments[i] = into->hyper[i].number;
    }
    return status;
}

gradus_status gradus_transforms_make(gradus_optimizer *optimizer, const char *text, gradus_error *error)
{
    const gradus_chain *chain = optimizer->gradient_spec ? gradus_spec_chain(optimizer->gradient_spec) : NULL;
    if (!chain || chain->count == 0) return GRADUS_OK;
    if (!gradus_optimizer_grow(optimizer, &optimizer->transforms, 0, chain->count, sizeof(gradus_transform), error) ||
        !gradus_optimizer_grow(optimizer, &optimizer->stages, 0, chain->count, sizeof(gradus_stage), error))
        return GRADUS_ERROR_MEMORY;
    for (int32_t i = 0; i < chain->count; i++) {
        gradus_transform *transform = &optimizer->transforms[optimizer->transform_count++];
        transform->row = (const gradus_gradient_row *)chain->items[i].member;
        const gradus_status status = take_arguments(optimizer, &chain->items[i], text, transform, error);
        if (status) return status;
        if (!transform->row->remembers) continue;
        transform->memory_count = transform->row->remembers(transform->arguments);
        if (!gradus_optimizer_grow(optimizer, &transform->memory, 0, transform->memory_count, sizeof(double), error))
            return GRADUS_ERROR_MEMORY;
    }
    return GRADUS_OK;
}

void gradus_transforms_destroy(gradus_optimizer *optimizer)
{
    for (int32_t i = 0; i < optimizer->transform_count; i++) {
        const gradus_transform *transform = &optimizer->transforms[i];
        for (int32_t j = 0; transform->hyper && j < gradus_argument_count(&transform->row->member); j++)
            gradus_schedule_destroy(transform->hyper[j].schedule);
    }
}

bool gradus_transforms_skip(const gradus_optimizer *optimizer)
{
    bool skips = false;
    for (int32_t i = 0; i < optimizer->transform_count; i++) skips |= optimizer->transforms[i].row->skips;
    return skips;
}

/* ---- for an update ---- */

static gradus_status update_arguments(const gradus_optimizer *optimizer, const gradus_transform *transform,
                                      gradus_error *error)
{
    gradus_error own = {0};
    for (int32_t i = 0; i < gradus_argument_count(&transform->row->member); i++)
        transform->arguments[i] =
            gradus_hyper_value(optimizer, &transform->row->member.arguments[i], &transform->hyper[i], &own);
    if (!own.status) return GRADUS_OK;
    return gradus_fail(error, (gradus_status)own.status, (gradus_code)own.code, "%s", own.message);
}

static gradus_status add_factor(gradus_optimizer *optimizer, gradus_transform *transform, double known,
                                gradus_passage *passage, gradus_error *error)
{
    const gradus_norm kind = transform->row->norm ? transform->row->norm(transform->arguments) : GRADUS_NORM_NONE;
    double norm = 0;
    gradus_status status = GRADUS_OK;
    if (kind == GRADUS_NORM_2 && passage->count == 0 && known > 0)
        norm = known;
    else if (kind) {
        status = passage->count ? gradus_norm_after(optimizer, kind, passage, &norm, error)
                                : gradus_norm_find(optimizer, kind, &norm, error);
        norm *= fabs(passage->scale);
    }
    transform->norm = norm;
    if (!status) passage->scale *= transform->row->factor(transform->arguments, norm, transform->memory);
    return status;
}

/* The stage multiplies by what was left to the rule so far. */
static gradus_status add_stage(gradus_optimizer *optimizer, gradus_transform *transform, gradus_passage *passage,
                               gradus_error *error)
{
    const gradus_gradient_row *row = transform->row;
    gradus_stage *stage = &passage->stages[passage->count];
    double exact[GRADUS_CONSTANTS] = {0};
    *stage = (gradus_stage){.transform = transform, .scale = passage->scale};
    if (row->kernel[0]) {
        stage->kernel = gradus_kernel_for(optimizer, row->kernel);
        row->prepare(transform->arguments, passage->scale, exact);
        for (int j = 0; j < GRADUS_CONSTANTS; j++) stage->number[j] = (float)exact[j];
    } else if (row->unit) {
        const gradus_status status = gradus_units_find(optimizer, transform, passage, error);
        if (status) return status;
    }
    passage->count++;
    passage->scale = 1;
    return GRADUS_OK;
}

gradus_status gradus_passage_make(gradus_optimizer *optimizer, double scale, double norm, gradus_passage *passage,
                                  gradus_error *error)
{
    passage->scale = scale;
    passage->count = 0;
    for (int32_t i = 0; i < optimizer->transform_count; i++) {
        gradus_transform *transform = &optimizer->transforms[i];
        const gradus_gradient_row *row = transform->row;
        gradus_status status = update_arguments(optimizer, transform, error);
        if (!status && row->factor) status = add_factor(optimizer, transform, norm, passage, error);
        if (!status && (row->kernel[0] || row->unit || row->change))
            status = add_stage(optimizer, transform, passage, error);
        if (status) return status;
        if (row->factor || passage->count) norm = 0; /* the caller's is of gradients that nothing has changed */
    }
    return GRADUS_OK;
}

/* ---- what they remember ---- */

void gradus_transforms_learn(gradus_optimizer *optimizer)
{
    for (int32_t i = 0; i < optimizer->transform_count; i++) {
        const gradus_transform *transform = &optimizer->transforms[i];
        if (transform->row->learn) transform->row->learn(transform->arguments, transform->norm, transform->memory);
    }
}

void gradus_transforms_forget(gradus_optimizer *optimizer)
{
    for (int32_t i = 0; i < optimizer->transform_count; i++)
        for (int32_t j = 0; j < optimizer->transforms[i].memory_count; j++) optimizer->transforms[i].memory[j] = 0;
}
