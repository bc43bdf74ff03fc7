/* Constraints: limits that some group rules keep weights within once an update is made (Keras calls them so). Each tensor is
 * one task, and what is added up is added in one order, so that the bits are the same for any number of threads. */
#include "optimizer.h"

enum {
    WHICH_CONSTRAINED = GRADUS_LAYERS * GRADUS_PASSES + 1
}; /* rounds by random numbers of its own (optimizer_drive.c) */

static const gradus_group_row *row_of(const gradus_item *item) { return (const gradus_group_row *)item->member; }

static bool is_constraint(const gradus_item *item) { return row_of(item)->norm || row_of(item)->non_negative; }

/* Tensors that live elsewhere are the caller's to constrain. */
static bool holds_for(const gradus_optimizer *optimizer, const gradus_item *item, int32_t at)
{
    const gradus_tensor *tensor = &optimizer->tensors[at];
    const gradus_value *patterns = gradus_item_value(item, "pattern");
    if (!is_constraint(item) || tensor->elsewhere) return false;
    if (!patterns || !patterns->present) return tensor->shape.rank > 1;
    return gradus_group_fits(patterns, tensor->name, optimizer->groups[optimizer->group_of[at]].name);
}

gradus_status gradus_constraints_settle(gradus_optimizer *optimizer, gradus_error *error)
{
    gradus_constraints *constraints = &optimizer->constraints;
    const gradus_chain *chain = gradus_groups_chain(optimizer);
    if (constraints->settled == optimizer->tensor_count) return GRADUS_OK;
    if (!gradus_optimizer_grow(optimizer, &constraints->norms, constraints->settled, optimizer->tensor_count,
                               sizeof *constraints->norms, error))
        return GRADUS_ERROR_MEMORY;
    for (int32_t i = constraints->settled; i < optimizer->tensor_count; i++) {
        const int64_t units = gradus_cut_outputs(&optimizer->tensors[i].shape).units;
        bool any = false;
        for (int32_t j = 0; j < chain->count; j++) any |= holds_for(optimizer, &chain->items[j], i);
        constraints->any |= any;
        constraints->norms[i] = NULL;
        if (any && !gradus_optimizer_grow(optimizer, &constraints->norms[i], 0, units, sizeof(double), error))
            return GRADUS_ERROR_MEMORY;
    }
    constraints->settled = optimizer->tensor_count;
    return GRADUS_OK;
}

/* ---- one tensor ---- */

typedef struct held { /* a tensor that an item holds for */
    const gradus_optimizer *optimizer;
    const gradus_tensor *tensor;
    const gradus_item *item;
    gradus_cut cut;
    int64_t each;  /* values of a unit */
    double *units; /* the squares of its values, added up; then what they are multiplied by */
} held;

static int64_t unit_of(const held *of, int64_t value)
{
    return of->cut.strided ? value % of->cut.units : value / of->each;
}

static void add_squares(const held *of, int64_t first, size_t count, const float *values)
{
    for (size_t i = 0; i < count; i++)
        of->units[unit_of(of, first + (int64_t)i)] += (double)values[i] * (double)values[i];
}

/* What is not finite, or 0, stays as it is. */
static void make_factors(const held *of)
{
    for (int64_t u = 0; u < of->cut.units; u++) {
        const double norm = sqrt(of->units[u]), allowed = row_of(of->item)->norm(of->item, norm);
        of->units[u] = norm > 0 && isfinite(norm) ? allowed / norm : 1;
    }
}

/* Whether any value has changed. */
static bool limit(const held *of, int64_t first, size_t count, float *values)
{
    bool changed = false;
    for (size_t i = 0; i < count; i++) {
        const float before = values[i];
        if (row_of(of->item)->non_negative) {
            if (before < 0) values[i] = 0;
        } else
            values[i] = (float)((double)before * of->units[unit_of(of, first + (int64_t)i)]);
        changed |= values[i] != before;
    }
    return changed;
}

static void each_block(const held *of, bool changes)
{
    float values[BLOCK];
    const int64_t all = of->tensor->shape.count;
    for (int64_t first = 0; first < all; first += BLOCK) {
        const size_t count = (size_t)(all - first < BLOCK ? all - first : BLOCK);
        gradus_load_values(of->optimizer, of->tensor, first, count, values);
        if (!changes)
            add_squares(of, first, count, values);
        else if (limit(of, first, count, values))
            gradus_store_values(of->optimizer, of->tensor, first, count, values, WHICH_CONSTRAINED);
    }
}

static void constrain(void *job, int64_t at)
{
    const gradus_optimizer *optimizer = job;
    const gradus_tensor *tensor = &optimizer->tensors[at];
    const gradus_chain *chain = gradus_groups_chain(optimizer);
    if (!optimizer->constraints.norms[at] || !gradus_takes_part(tensor)) return;
    for (int32_t i = 0; i < chain->count; i++) {
        held of = {.optimizer = optimizer,
                   .tensor = tensor,
                   .item = &chain->items[i],
                   .cut = gradus_cut_outputs(&tensor->shape),
                   .units = optimizer->constraints.norms[at]};
        if (!holds_for(optimizer, of.item, (int32_t)at)) continue;
        of.each = tensor->shape.count / of.cut.units;
        if (row_of(of.item)->norm) {
            for (int64_t u = 0; u < of.cut.units; u++) of.units[u] = 0;
            each_block(&of, false);
            make_factors(&of);
        }
        each_block(&of, true);
    }
}

void gradus_constraints_apply(gradus_optimizer *optimizer)
{
    if (optimizer->constraints.any) gradus_parallel(optimizer->context, optimizer->tensor_count, constrain, optimizer);
}
