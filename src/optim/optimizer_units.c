/* Transforms that treat each unit of a tensor alike: the whole of it, a row, a column. One look at the gradients adds up what
 * they are unit by unit, in one order whatever the number of threads; then each value is scaled and shifted on its way to
 * the rule. */
#ifndef RULE
#include "optimizer.h"

enum { SCALE, SHIFT, CONSTANTS };

#define NO_TWIN
#define RULE "optimizer_units.c"
#include "every_isa.h"

static gradus_kernel *const alike_kernel[GRADUS_ISA_COUNT] = EVERY_ISA(alike);
static gradus_kernel *const each_kernel[GRADUS_ISA_COUNT] = EVERY_ISA(each);

/* ---- memory ---- */

static gradus_status settle_transform(gradus_optimizer *optimizer, gradus_transform *transform, gradus_error *error)
{
    if (!transform->row->unit) return GRADUS_OK;
    if (!gradus_optimizer_grow(optimizer, &transform->tensor, optimizer->unit_room, optimizer->tensor_count,
                               sizeof *transform->tensor, error))
        return GRADUS_ERROR_MEMORY;
    for (int32_t i = optimizer->unit_room; i < optimizer->tensor_count; i++) {
        gradus_tensor_units *units = &transform->tensor[i];
        units->cut = transform->row->cut(transform->arguments, &optimizer->tensors[i].shape);
        const int64_t count = units->cut.units ? units->cut.units : 1;
        if (!gradus_optimizer_grow(optimizer, &units->found, 0, count, sizeof *units->found, error) ||
            !gradus_optimizer_grow(optimizer, &units->scale, 0, count, sizeof *units->scale, error) ||
            !gradus_optimizer_grow(optimizer, &units->shift, 0, count, sizeof *units->shift, error))
            return GRADUS_ERROR_MEMORY;
    }
    return GRADUS_OK;
}

gradus_status gradus_units_settle(gradus_optimizer *optimizer, gradus_error *error)
{
    gradus_status status = GRADUS_OK;
    if (optimizer->unit_room == optimizer->tensor_count) return GRADUS_OK;
    for (int32_t i = 0; i < optimizer->transform_count && !status; i++)
        status = settle_transform(optimizer, &optimizer->transforms[i], error);
    if (!status) optimizer->unit_room = optimizer->tensor_count;
    return status;
}

/* ---- what they are ---- */

typedef struct search_job {
    const gradus_optimizer *optimizer;
    const gradus_transform *transform;
    const gradus_passage *passage;
} search_job;

static void add_value(gradus_slice *unit, double g, double x)
{
    const double size = fabs(g);
    unit->sum += g;
    unit->sizes += size;
    unit->squares += g * g;
    unit->largest = size > unit->largest || isnan(size) ? size : unit->largest;
    unit->values_squared += x * x;
}

static void add_stretch(const gradus_tensor_units *units, int64_t each, int64_t first, size_t count,
                        const float *gradient, const float *values)
{
    for (size_t i = 0; i < count; i++) {
        const int64_t at = first + (int64_t)i;
        gradus_slice *unit = &units->found[units->cut.strided ? at % units->cut.units : at / each];
        add_value(unit, (double)gradient[i], (double)values[i]);
    }
}

/* The sums are of gradients before the scale that the passage leaves. */
static void conclude(const search_job *job, const gradus_tensor_units *units, double count)
{
    const double scale = job->passage->scale, size = fabs(scale);
    for (int64_t i = 0; i < units->cut.units; i++) {
        gradus_slice *unit = &units->found[i];
        double factor = 1, shift = 0;
        unit->count = count / (double)units->cut.units;
        unit->sum *= scale;
        unit->sizes *= size;
        unit->squares *= size * size;
        unit->largest *= size;
        job->transform->row->unit(job->transform->arguments, unit, &factor, &shift);
        units->scale[i] = (float)(factor * scale);
        units->shift[i] = (float)shift;
    }
}

static void find_tensor(void *user, int64_t index)
{
    const search_job *job = user;
    const gradus_tensor *tensor = &job->optimizer->tensors[index];
    const gradus_tensor_units *units = &job->transform->tensor[index];
    const int64_t count = tensor->shape.count;
    if (!gradus_takes_part(tensor)) return;
    units->scale[0] = (float)job->passage->scale;
    units->shift[0] = 0;
    if (!units->cut.units) return; /* it is left alone */
    memset(units->found, 0, (size_t)units->cut.units * sizeof *units->found);
    for (int64_t start = 0; start < count; start += BLOCK) {
        float buffer[2][BLOCK], values[BLOCK], raw[BLOCK];
        const size_t size = (size_t)(count - start < BLOCK ? count - start : BLOCK);
        gradus_load_gradient(job->optimizer, tensor, start, size, raw);
        gradus_load_values(job->optimizer, tensor, start, size, values);
        const gradus_stretch piece = {.tensor = (int32_t)index, .first = start, .count = size, .gradient = raw};
        const float *gradient = gradus_pass_through(job->optimizer, job->passage, piece, buffer);
        add_stretch(units, count / units->cut.units, start, size, gradient, values);
    }
    conclude(job, units, (double)count);
}

gradus_status gradus_units_find(gradus_optimizer *optimizer, gradus_transform *transform, const gradus_passage *passage,
                                gradus_error *error)
{
    search_job job = {optimizer, transform, passage};
    const char *far = gradus_lives_elsewhere(optimizer);
    if (far)
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_MISSING,
                           "the gradients of '%s' live elsewhere, and '%s' needs to see them", far,
                           transform->row->member.name);
    gradus_parallel(optimizer->context, optimizer->tensor_count, find_tensor, &job);
    return GRADUS_OK;
}

/* ---- what becomes of them ---- */

static void apply_alike(const gradus_optimizer *optimizer, const gradus_span *span, float scale, float shift)
{
    const float number[GRADUS_CONSTANTS] = {[SCALE] = scale, [SHIFT] = shift};
    gradus_kernel_for(optimizer, alike_kernel)(span, 1, number);
}

void gradus_units_apply(const gradus_optimizer *optimizer, const gradus_transform *transform,
                        const gradus_stretch *stretch, float *into)
{
    static const float unused[GRADUS_CONSTANTS];
    const gradus_tensor_units *units = &transform->tensor[stretch->tensor];
    const int64_t whole = optimizer->tensors[stretch->tensor].shape.count, cut = units->cut.units;
    const int64_t width = units->cut.strided ? cut : whole / (cut ? cut : 1);
    for (size_t start = 0, count; start < stretch->count; start += count) {
        const int64_t at = stretch->first + (int64_t)start, inside = at % width;
        const size_t left = stretch->count - start;
        count = (size_t)(width - inside) < left ? (size_t)(width - inside) : left;
        gradus_span span = {.count = count, .values = into + start, .gradient = stretch->gradient + start};
        if (units->cut.strided) {
            span.state[0] = units->scale + inside, span.state[1] = units->shift + inside;
            gradus_kernel_for(optimizer, each_kernel)(&span, 1, unused);
        } else
            apply_alike(optimizer, &span, units->scale[at / width], units->shift[at / width]);
    }
}

#else /* once for each instruction set */

static inline void ISA(alike_element)(cell *c, const lane *k) { c->x = k[SCALE] * c->g + k[SHIFT]; }

static void ISA(alike)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(alike_element), GRADIENT, VALUES, CONSTANTS, 0, spans, how_many, k);
}

static inline void ISA(each_element)(cell *c, const lane *k)
{
    (void)k;
    c->x = c->s[SCALE] * c->g + c->s[SHIFT];
}

static void ISA(each)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(each_element), GRADIENT | SLOT(SCALE) | SLOT(SHIFT), VALUES, 0, 0, spans, how_many, k);
}
#endif
