/* What the gradient at hand says about how the values have moved: its product with the last update, and how it has changed
 * over a movement. Copies of values and mean gradients are kept for that, and only while somebody listens. */
#ifndef RULE
#include <stdio.h>
#include "optimizer.h"

#define NO_TWIN
#define RULE "optimizer_movement.c"
#include "every_isa.h"

static gradus_kernel *const mean_kernel[GRADUS_ISA_COUNT] = EVERY_ISA(mean);
static gradus_kernel *const last_kernel[GRADUS_ISA_COUNT] = EVERY_ISA(last);
static gradus_kernel *const difference_kernel[GRADUS_ISA_COUNT] = EVERY_ISA(difference);
static gradus_kernel *const movement_kernel[GRADUS_ISA_COUNT] = EVERY_ISA(movement);

const char *const gradus_kept_names[KEPT_COUNT] = {"last_values", "mean_gradient", "movement", "gradient_before"};

/* A window of n updates begins at values x(0) with a mean gradient from just before them. The movement is that of its
 * first m = n - n/10 updates, x(m) - x(0); the mean that is compared is of the gradients at x(m), ..., x(n), and it stands
 * before the next window, which begins at x(n). So the noise of no gradient in a mean is also in the movement: it would
 * pass for curvature. With n = 1 these are x(1) - x(0) and g(1) - g(0). */
static int64_t movement_length(const gradus_keeping *keeping) { return keeping->window - keeping->window / 10; }

/* ---- what is kept, and where ---- */

bool gradus_keeps(const gradus_optimizer *optimizer) { return optimizer->keeping.values || optimizer->keeping.window; }

bool gradus_keeps_array(const gradus_keeping *keeping, int which)
{
    return which == KEPT_VALUES ? keeping->values : keeping->window > 0;
}

static int64_t shorter(int64_t window, int64_t other)
{
    return window == 0 || (other > 0 && other < window) ? other : window;
}

static void forget_values(gradus_optimizer *optimizer)
{
    for (int32_t i = 0; i < optimizer->tensor_count; i++) optimizer->tensors[i].kept.stepped = 0;
}

static void forget_window(gradus_optimizer *optimizer)
{
    gradus_keeping *keeping = &optimizer->keeping;
    keeping->phase = movement_length(keeping); /* begins with a mean */
    keeping->started = 0;
    for (int32_t i = 0; i < optimizer->tensor_count; i++)
        optimizer->tensors[i].kept.averaged = optimizer->tensors[i].kept.started = 0;
}

void gradus_keep_forget(gradus_optimizer *optimizer)
{
    forget_values(optimizer);
    forget_window(optimizer);
}

static const struct measured {
    const char *name;
    int of, sum; /* MOVED_LAST or MOVED_WINDOW, and which of its sums */
    bool root;   /* of the sum: a length */
    bool signs;  /* a gradient's product: it turns with what is maximized */
    bool scales; /* with the gradient at hand; that of a window is of scaled gradients already */
} measured[] = {{"gradient_dot_last_update", MOVED_LAST, 0, .signs = true, .scales = true},
                {"update_norm", MOVED_LAST, 1, .root = true},
                {"gradient_norm", MOVED_LAST, 2, .root = true, .scales = true},
                {"movement_norm", MOVED_WINDOW, 0, .root = true},
                {"gradient_change_dot_movement", MOVED_WINDOW, 1, .signs = true},
                {"gradient_change_norm", MOVED_WINDOW, 2, .root = true}};
enum { MEASURED = sizeof measured / sizeof *measured, MEASURE_NAME = 128 };

/* The name of a measure of a group; false: nobody could listen to one that long. */
static bool name_of_group(char name[MEASURE_NAME], const char *group, const char *measure)
{
    return snprintf(name, MEASURE_NAME, "%s.%s", group, measure) < MEASURE_NAME;
}

/* The window in which a policy wants something measured, of the whole net or of a group; 0: nowhere. */
static int64_t window_of(const gradus_policy *policy, const char *measure)
{
    char name[MEASURE_NAME];
    const char *group;
    int64_t window = gradus_policy_window(policy, measure);
    for (int32_t i = 0; (group = gradus_policy_group(policy, i)); i++)
        if (name_of_group(name, group, measure)) window = shorter(window, gradus_policy_window(policy, name));
    return window;
}

void gradus_keep_for(gradus_optimizer *optimizer, const gradus_policy *policy)
{
    gradus_keeping *keeping = &optimizer->keeping;
    const bool values =
        optimizer->keeping.always || window_of(policy, "update_norm") || window_of(policy, "gradient_dot_last_update");
    int64_t window = window_of(policy, "movement_norm");
    window = shorter(window, window_of(policy, "gradient_change_dot_movement"));
    window = shorter(window, window_of(policy, "gradient_change_norm"));
    if (values == keeping->values && window == keeping->window) return;
    const bool other = window != keeping->window;
    if (values && !keeping->values) forget_values(optimizer);
    keeping->values = values;
    keeping->window = window;
    if (other) forget_window(optimizer);
    optimizer->plan.valid = false; /* memory for it */
}

static bool lacks(const gradus_optimizer *optimizer, const gradus_tensor *tensor, int which)
{
    return gradus_keeps_array(&optimizer->keeping, which) && !tensor->kept.array[which] && !tensor->elsewhere;
}

gradus_status gradus_keep_settle(gradus_optimizer *optimizer, gradus_error *error)
{
    size_t size = 0;
    for (int32_t i = 0; i < optimizer->tensor_count; i++)
        for (int j = 0; j < KEPT_COUNT; j++)
            if (lacks(optimizer, &optimizer->tensors[i], j))
                size += gradus_state_bytes(optimizer->tensors[i].shape.count);
    unsigned char *next = size ? gradus_block_take(optimizer, size, error) : NULL;
    if (size && !next) return GRADUS_ERROR_MEMORY;
    for (int32_t i = 0; i < optimizer->tensor_count; i++)
        for (int j = 0; j < KEPT_COUNT; j++) {
            if (!lacks(optimizer, &optimizer->tensors[i], j)) continue;
            optimizer->tensors[i].kept.array[j] = (float *)(void *)next;
            next += gradus_state_bytes(optimizer->tensors[i].shape.count);
        }
    return GRADUS_OK;
}

/* ---- with a step ---- */

int64_t gradus_keeps_mean(const gradus_keeping *keeping)
{
    return keeping->window ? keeping->phase - movement_length(keeping) : -1;
}

static bool ends_window(const gradus_keeping *keeping)
{
    return keeping->window > 0 && keeping->phase == keeping->window;
}

/* mean <- k0 mean + k1 gradient */
static void mean_weights(const gradus_keeping *keeping, double scale, float *number)
{
    const double weight = 1 / ((double)gradus_keeps_mean(keeping) + 1);
    number[0] = (float)(1 - weight);
    number[1] = (float)(weight * scale);
}

static void keep_mean(const gradus_walk_request *request, const gradus_kept *kept, const gradus_span *at)
{
    const gradus_optimizer *optimizer = request->optimizer;
    const gradus_keeping *keeping = &optimizer->keeping;
    const size_t size = at->count * sizeof(float);
    const gradus_span mean = {.count = at->count,
                              .values = kept->array[KEPT_MEAN] + at->first,
                              .gradient = at->gradient},
                      moved = {
                          .count = at->count, .values = kept->array[KEPT_START] + at->first, .gradient = at->values};
    float number[2];
    mean_weights(keeping, request->scale, number);
    gradus_kernel_for(optimizer, mean_kernel)(&mean, 1, number);
    if (ends_window(keeping)) {
        memcpy(moved.values, at->values, size);
        memcpy(kept->array[KEPT_BEFORE] + at->first, mean.values, size);
    } else if (gradus_keeps_mean(keeping) == 0)
        gradus_kernel_for(optimizer, difference_kernel)(&moved, 1, number);
}

void gradus_keep_span(const gradus_walk_request *request, int32_t tensor, const gradus_span *span)
{
    const gradus_optimizer *optimizer = request->optimizer;
    const gradus_kept *kept = &optimizer->tensors[tensor].kept;
    if (optimizer->keeping.values)
        memcpy(kept->array[KEPT_VALUES] + span->first, span->values, span->count * sizeof(float));
    if (gradus_keeps_mean(&optimizer->keeping) >= 0) keep_mean(request, kept, span);
}

/* A tensor whose gradient was missing in a mean has no part in the next window. */
static void stepped_mean(const gradus_keeping *keeping, gradus_kept *kept, int64_t update)
{
    if (kept->averaged == gradus_keeps_mean(keeping) || gradus_keeps_mean(keeping) == 0)
        kept->averaged = gradus_keeps_mean(keeping) + 1;
    if (ends_window(keeping)) kept->started = kept->averaged == gradus_keeps_mean(keeping) + 1 ? update : 0;
}

void gradus_keep_stepped(gradus_optimizer *optimizer)
{
    gradus_keeping *keeping = &optimizer->keeping;
    for (int32_t i = 0; i < optimizer->tensor_count && gradus_keeps(optimizer); i++) {
        gradus_kept *kept = &optimizer->tensors[i].kept;
        if (optimizer->tensors[i].elsewhere || optimizer->constants_of[i] < 0) continue;
        kept->stepped = optimizer->update;
        if (gradus_keeps_mean(keeping) >= 0) stepped_mean(keeping, kept, optimizer->update);
    }
    if (ends_window(keeping)) {
        keeping->started = optimizer->update;
        keeping->phase = 0;
    }
    if (keeping->window) keeping->phase++;
}

/* ---- with a gradient ---- */

/* A tensor that had no part in the last step has not moved. */
static bool show_last(const gradus_walk_request *request, int32_t tensor, gradus_span *span, float *number)
{
    const gradus_kept *kept = &request->optimizer->tensors[tensor].kept;
    (void)number;
    span->state[0] = kept->array[KEPT_VALUES] + span->first;
    return kept->stepped == request->optimizer->update;
}

static bool show_movement(const gradus_walk_request *request, int32_t tensor, gradus_span *span, float *number)
{
    const gradus_keeping *keeping = &request->optimizer->keeping;
    const gradus_kept *kept = &request->optimizer->tensors[tensor].kept;
    mean_weights(keeping, request->scale, number);
    number[2] = gradus_keeps_mean(keeping) == 0; /* the movement is still to be made of the values */
    span->state[0] = kept->array[KEPT_START] + span->first;
    span->state[1] = kept->array[KEPT_MEAN] + span->first;
    span->state[2] = kept->array[KEPT_BEFORE] + span->first;
    return kept->started == keeping->started &&
           (kept->averaged == gradus_keeps_mean(keeping) || gradus_keeps_mean(keeping) == 0);
}

typedef enum extent { NONE_OF_THEM, SOME_OF_THEM, ALL_OF_THEM } extent;

/* Of which of the tensors that have a gradient the values before the last step are known. */
static extent knows_last(const gradus_optimizer *optimizer)
{
    bool some = false, all = true;
    for (int32_t i = 0; i < optimizer->tensor_count && optimizer->keeping.values && optimizer->update > 0; i++) {
        const gradus_tensor *tensor = &optimizer->tensors[i];
        const bool known = tensor->kept.stepped == optimizer->update;
        some |= known;
        all &= known || !tensor->gradient || tensor->frozen;
    }
    return !some ? NONE_OF_THEM : all ? ALL_OF_THEM : SOME_OF_THEM;
}

/* Each group's part of the sums of a walk. */
static void share_out(gradus_optimizer *optimizer, int which)
{
    const gradus_plan *plan = &optimizer->plan;
    const int32_t each = gradus_plan_sum_count(optimizer);
    for (int32_t g = 0; g < optimizer->group_count; g++)
        memset(optimizer->groups[g].found[which], 0, sizeof optimizer->groups[g].found[which]);
    for (int64_t i = 0; i < plan->span_count; i++) {
        double *sums = optimizer->groups[optimizer->group_of[plan->tensor_of[i]]].found[which];
        for (int j = 0; j < MOVEMENT_SUMS; j++) sums[j] += plan->sums[i * each + j];
    }
    optimizer->keeping.found[which] = true;
}

static gradus_status sums_of(gradus_optimizer *optimizer, const gradus_walk_request *request, int which, double *sums,
                             gradus_error *error)
{
    gradus_walk(request);
    for (int j = 0; j < MOVEMENT_SUMS; j++) sums[j] = gradus_walk_sum(optimizer, j);
    share_out(optimizer, which);
    return gradus_sum(optimizer->context, sums, MOVEMENT_SUMS, error);
}

gradus_status gradus_movement_measure(gradus_optimizer *optimizer, double scale, gradus_measures *measures,
                                      gradus_error *error)
{
    gradus_walk_request request = {
        .optimizer = optimizer, .layer = optimizer->layers, .scale = scale, .sums = MOVEMENT_SUMS};
    gradus_keeping *keeping = &optimizer->keeping;
    const double sign = optimizer->maximize ? -1 : 1;
    double sums[MOVEMENT_SUMS];
    gradus_status status = GRADUS_OK;
    keeping->found[MOVED_LAST] = keeping->found[MOVED_WINDOW] = false;
    keeping->scale = scale;
    if (!gradus_keeps(optimizer) || gradus_lives_elsewhere(optimizer)) return GRADUS_OK;
    if ((status = gradus_plan_settle(optimizer, error))) return status;
    const extent moved = knows_last(optimizer);
    if (moved) {
        request.kernel = gradus_kernel_for(optimizer, last_kernel);
        request.show = show_last;
        if ((status = sums_of(optimizer, &request, MOVED_LAST, sums, error))) return status;
        measures->gradient_dot_last_update = sums[0] * scale * sign;
        measures->update_norm = sqrt(sums[1]);
        /* The gradients have been read: their norm comes with that, unless a tensor was left out. */
        if (moved == ALL_OF_THEM) optimizer->found.norm[GRADUS_NORM_2] = isfinite(sums[2]) ? sqrt(sums[2]) : INFINITY;
    }
    if (ends_window(keeping) && keeping->started > 0) {
        request.kernel = gradus_kernel_for(optimizer, movement_kernel);
        request.show = show_movement;
        if ((status = sums_of(optimizer, &request, MOVED_WINDOW, sums, error))) return status;
        measures->movement_norm = sqrt(sums[0]);
        measures->gradient_change_dot_movement = sums[1] * sign;
        measures->gradient_change_norm = sqrt(sums[2]);
    }
    return status;
}

static void tell_group(const gradus_optimizer *optimizer, gradus_policy *policy, const char *group,
                       double sums[MOVEMENTS][MOVEMENT_SUMS])
{
    const gradus_keeping *keeping = &optimizer->keeping;
    char name[MEASURE_NAME];
    for (int i = 0; i < MEASURED; i++) {
        const struct measured *measure = &measured[i];
        double value = sums[measure->of][measure->sum];
        if (!keeping->found[measure->of] || !name_of_group(name, group, measure->name)) continue;
        if (measure->root) value = sqrt(value);
        if (measure->scales) value *= measure->root ? fabs(keeping->scale) : keeping->scale;
        if (measure->signs && optimizer->maximize) value = -value;
        if (gradus_policy_window(policy, name)) gradus_policy_observe(policy, name, value);
    }
}

gradus_status gradus_movement_tell(const gradus_optimizer *optimizer, gradus_policy *policy, gradus_error *error)
{
    const bool *found = optimizer->keeping.found;
    const char *group;
    gradus_status status = GRADUS_OK;
    for (int32_t i = 0; !status && (group = gradus_policy_group(policy, i)); i++) {
        double sums[MOVEMENTS][MOVEMENT_SUMS] = {{0}};
        if (!found[MOVED_LAST] && !found[MOVED_WINDOW]) break;
        for (int32_t g = 0; g < optimizer->group_count; g++) {
            const gradus_group *at = &optimizer->groups[g];
            if (!gradus_group_is_called(at, group, strlen(group))) continue;
            for (int which = 0; which < MOVEMENTS; which++)
                for (int j = 0; j < MOVEMENT_SUMS; j++) sums[which][j] += found[which] ? at->found[which][j] : 0;
        }
        status = gradus_sum(optimizer->context, *sums, MOVEMENTS * MOVEMENT_SUMS, error);
        if (!status) tell_group(optimizer, policy, group, sums);
    }
    return status;
}

#else /* once for each instruction set */

/* The old mean may be anything where it has no weight. */
static inline lane ISA(blend)(lane mean, lane gradient, const lane *k)
{
    return choose(same(k[0], all(0)), k[1] * gradient, k[0] * mean + k[1] * gradient);
}

static inline void ISA(mean_element)(cell *c, const lane *k) { c->x = ISA(blend)(c->x, c->g, k); }

static void ISA(mean)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(mean_element), VALUES | GRADIENT, VALUES, 2, 0, spans, how_many, k);
}

/* gradient * update, update^2, gradient^2; state 0: values before it. */
static inline void ISA(last_element)(cell *c, const lane *k)
{
    (void)k;
    const lane update = c->x - c->s[0];
    c->sum[0] = c->sum[2] = c->times[2] = c->g;
    c->sum[1] = c->times[0] = c->times[1] = update;
}

static void ISA(last)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(last_element), GRADIENT | VALUES | SLOT(0), 0, 0, 3, spans, how_many, k);
}

/* The movement of values, which come as the gradient, from where they stood. */
static inline void ISA(difference_element)(cell *c, const lane *k)
{
    (void)k;
    c->x = c->g - c->x;
}

static void ISA(difference)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(difference_element), VALUES | GRADIENT, VALUES, 0, 0, spans, how_many, k);
}

/* movement^2, change * movement, change^2; state 0: the movement or, with k2, values before it, 1: the mean, 2: the mean
 * before. */
static inline void ISA(movement_element)(cell *c, const lane *k)
{
    const lane movement = choose(same(k[2], all(0)), c->s[0], c->x - c->s[0]);
    const lane change = ISA(blend)(c->s[1], c->g, k) - c->s[2];
    c->sum[0] = c->times[0] = c->times[1] = movement;
    c->sum[1] = c->sum[2] = c->times[2] = change;
}

static void ISA(movement)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(movement_element), GRADIENT | VALUES | SLOT(0) | SLOT(1) | SLOT(2), 0, 3, 3, spans, how_many, k);
}
#endif
