/* Hyperparameters: the rule's numbers as the spec gives them, those that groups have of their own, and schedules in
 * the place of numbers. They are configuration: no state ever overwrites one. */
#include "optimizer.h"
#include <stdio.h>

static const gradus_argument lr_scale = {"lr_scale", GRADUS_NUMBER,    .initial = "1",
                                         .low = 0,   .high = INFINITY, .flags = GRADUS_SCHEDULED};

static const gradus_layer *layer_of(const gradus_optimizer *optimizer, int32_t at)
{
    for (int32_t i = 0; i < optimizer->layer_count; i++) {
        const gradus_layer *layer = &optimizer->layers[i];
        if (at >= layer->first_hyper && at < layer->first_hyper + layer->hyper_count) return layer;
    }
    return NULL;
}

const gradus_argument *gradus_hyper_argument(const gradus_optimizer *optimizer, int32_t at)
{
    const gradus_layer *layer = layer_of(optimizer, at);
    return layer ? &layer->row->member.arguments[at - layer->first_hyper] : &lr_scale;
}

/* How many layers have a hyperparameter of this name, and the first of them. */
static int32_t count_called(const gradus_optimizer *optimizer, const char *name, int32_t *first)
{
    int32_t count = 0;
    for (int32_t i = optimizer->hyper_count - 1; i >= 0; i--) {
        const gradus_argument *argument = gradus_hyper_argument(optimizer, i);
        if (argument->kind == GRADUS_PIPELINE || strcmp(argument->name, name) != 0) continue;
        *first = i;
        count++;
    }
    return count;
}

const char *gradus_hyper_name(const gradus_optimizer *optimizer, int32_t at, char text[HYPER_NAME])
{
    const char *name = gradus_hyper_argument(optimizer, at)->name;
    int32_t first;
    if (count_called(optimizer, name, &first) < 2)
        snprintf(text, HYPER_NAME, "%s", name);
    else
        snprintf(text, HYPER_NAME, "%s.%s", layer_of(optimizer, at)->row->member.name, name);
    return text;
}

/* Splits "head.lookahead.every" from its end: the hyperparameter, and how much of the name says which groups. */
static int32_t find_hyper(const gradus_optimizer *optimizer, const char *name, size_t *group)
{
    const char *dot = strrchr(name, '.'), *last = dot ? dot + 1 : name;
    int32_t first = -1;
    *group = dot ? (size_t)(dot - name) : 0;
    for (int32_t i = 0; i < optimizer->layer_count && dot; i++) {
        const gradus_layer *layer = &optimizer->layers[i];
        const char *called = layer->row->member.name;
        const size_t length = strlen(called);
        if (*group < length || memcmp(dot - length, called, length) != 0) continue;
        if (*group > length && dot[-(ptrdiff_t)length - 1] != '.') continue;
        for (int32_t j = 0; j < layer->hyper_count; j++) {
            if (strcmp(layer->row->member.arguments[j].name, last) != 0) continue;
            *group -= length + (*group > length);
            return layer->first_hyper + j;
        }
    }
    return count_called(optimizer, last, &first) == 1 ? first : -1;
}

/* Why there is no such. */
static gradus_status refuse_name(const gradus_optimizer *optimizer, const char *name, gradus_error *error)
{
    const char *dot = strrchr(name, '.'), *last = dot ? dot + 1 : name, *names[GRADUS_HYPERS];
    const char *rule = optimizer->layers[optimizer->layer_count - 1].row->member.name;
    int32_t first;
    char full[HYPER_NAME];
    if (count_called(optimizer, last, &first) > 1)
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_UNKNOWN_NAME, "several rules have a '%s'; write '%s'",
                           last, gradus_hyper_name(optimizer, first, full));
    for (int32_t i = 0; i < optimizer->hyper_count; i++) names[i] = gradus_hyper_argument(optimizer, i)->name;
    const char *near = gradus_nearest(last, names, optimizer->hyper_count);
    return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_UNKNOWN_NAME, "'%s' has no hyperparameter '%s'%s%s%s", rule,
                       last, near ? "; did you mean '" : "", near ? near : "", near ? "'" : "");
}

/* ---- from specs ---- */

/* A length is kept in updates. */
static gradus_status take_length(const gradus_optimizer *optimizer, const gradus_value *value, const char *text,
                                 gradus_hyper *into, gradus_error *error)
{
    into->number = gradus_length_convert(&optimizer->units, value->number, value->unit, GRADUS_UPDATES);
    if (!isnan(into->number)) return GRADUS_OK;
    return gradus_spec_fail(error, text, value->place, GRADUS_CODE_LENGTHS,
                            "how many updates that is was not said in `units`");
}

static bool in_range(const gradus_argument *argument, double value)
{
    return isfinite(value) && gradus_range_holds(argument, value);
}

/* Looks along a schedule for a value that its place does not allow, at many points of each phase, so that it is refused here and not
 * in the middle of the run. (What slips through is refused there.) */
static gradus_status check_course(const gradus_schedule *schedule, const gradus_argument *argument, const char *text,
                                  gradus_where place, gradus_error *error)
{
    enum { POINTS = 64, WITHOUT_END = 1000 };
    static const char *const units[] = {"update", "sample", "token", "epoch"};
    const int32_t axis = gradus_schedule_axis(schedule);
    gradus_phase phase;
    for (int32_t i = 0; gradus_schedule_phase(schedule, i, &phase); i++) {
        const double length = isfinite(phase.length) ? phase.length : WITHOUT_END;
        for (int32_t k = 0; k <= POINTS; k++) {
            double at = phase.start + length * k / POINTS;
            if (axis != GRADUS_EPOCHS) at = floor(at);
            const double value = gradus_schedule_at(schedule, at);
            if (in_range(argument, value)) continue;
            char range[96], given[32], where[32];
            gradus_number_print(value, given);
            gradus_number_print(at, where);
            return gradus_spec_fail(error, text, place, GRADUS_CODE_OUT_OF_RANGE,
                                    "%s must be %s; this gives %s at %s %s", argument->name,
                                    gradus_range_print(argument, range, sizeof range), given, units[axis], where);
        }
    }
    return GRADUS_OK;
}

gradus_status gradus_hyper_bind(const gradus_optimizer *optimizer, const gradus_argument *argument,
                                const gradus_value *value, const char *text, gradus_hyper *into, gradus_error *error)
{
    if (argument->kind == GRADUS_PIPELINE) return GRADUS_OK;
    if (argument->kind == GRADUS_LENGTH && value->present) return take_length(optimizer, value, text, into, error);
    into->number = value->number;
    if (!value->chain) return GRADUS_OK;
    into->schedule = gradus_schedule_compile(value->chain, text, &optimizer->units, optimizer->context, error);
    if (!into->schedule) return (gradus_status)error->status;
    if (gradus_schedule_axis(into->schedule) != GRADUS_SECONDS)
        return check_course(into->schedule, argument, text, value->place, error);
    return gradus_spec_fail(error, text, value->place, GRADUS_CODE_WRONG_UNIT,
                            "an optimizer has no clock; a schedule in seconds belongs to the policy");
}

/* What a wrapper changes in the rule that it wraps: "beta1=0, momentum=0". */
static gradus_status change_inner(const gradus_optimizer *optimizer, const char *changes, const gradus_layer *inner,
                                  gradus_error *error)
{
    for (int32_t i = 0; i < inner->hyper_count; i++) {
        const gradus_argument *argument = &inner->row->member.arguments[i];
        const gradus_value *value = &inner->item->values[i];
        const size_t length = strlen(argument->name);
        const char *at = changes;
        while (at && (strncmp(at, argument->name, length) != 0 || at[length] != '=')) {
            at = strchr(at, ',');
            if (at) at += strspn(at, ", ");
        }
        double number;
        if (!at || gradus_number_read(at + length + 1, strcspn(at + length + 1, ","), &number) == 0) continue;
        if (value->given && (value->number != number || value->chain))
            return gradus_spec_fail(error, optimizer->rule_text, value->place, GRADUS_CODE_OUT_OF_RANGE,
                                    "inside the rule around it %s must be %d", argument->name, (int)number);
        optimizer->base[inner->first_hyper + i].number = number;
    }
    return GRADUS_OK;
}

static gradus_status take_layer(gradus_optimizer *optimizer, const gradus_layer *layer, gradus_error *error)
{
    const bool average = layer->item->family == &gradus_average_family;
    const char *text = average ? optimizer->average_text : optimizer->rule_text;
    for (int32_t i = 0; i < layer->hyper_count; i++) {
        const gradus_status status =
            gradus_hyper_bind(optimizer, &layer->row->member.arguments[i], &layer->item->values[i], text,
                              &optimizer->base[layer->first_hyper + i], error);
        if (status) return status;
    }
    const gradus_layer *inner = layer;
    gradus_status status = GRADUS_OK;
    do /* an alternative is inside too */
        status = layer->row->inner ? change_inner(optimizer, layer->row->inner, --inner, error) : GRADUS_OK;
    while (!status && inner < layer && inner->alternative);
    return status;
}

gradus_status gradus_hypers_make(gradus_optimizer *optimizer, gradus_error *error)
{
    int32_t all = 0;
    for (int32_t i = 0; i < optimizer->layer_count; i++) {
        gradus_layer *layer = &optimizer->layers[i];
        layer->first_hyper = all;
        layer->hyper_count = gradus_argument_count(&layer->row->member);
        all += layer->hyper_count;
    }
    if (all >= GRADUS_HYPERS)
        return gradus_fail(error, GRADUS_ERROR_UNSUPPORTED, GRADUS_CODE_REFUSED,
                           "the rules inside one another have too many hyperparameters");
    if (!gradus_optimizer_grow(optimizer, &optimizer->base, 0, all + 1, sizeof(gradus_hyper), error))
        return GRADUS_ERROR_MEMORY;
    optimizer->hyper_count = all + 1;
    optimizer->base[all].number = 1; /* lr_scale */
    for (int32_t i = 0; i < optimizer->layer_count; i++) {
        const gradus_status status = take_layer(optimizer, &optimizer->layers[i], error);
        if (status) return status;
    }
    return GRADUS_OK;
}

void gradus_hypers_destroy(gradus_optimizer *optimizer)
{
    for (int32_t i = 0; i < optimizer->hyper_count && optimizer->base; i++)
        gradus_schedule_destroy(optimizer->base[i].schedule);
    for (int32_t g = 0; g < optimizer->group_count; g++) {
        for (int32_t i = 0; i < optimizer->hyper_count; i++)
            gradus_schedule_destroy(optimizer->groups[g].own[i].schedule);
    }
}

static gradus_status refuse_range(const gradus_argument *argument, double value, gradus_error *error)
{
    char range[96], given[32];
    gradus_number_print(value, given);
    return gradus_fail(error, GRADUS_ERROR_RANGE, GRADUS_CODE_OUT_OF_RANGE, "%s must be %s, not %s", argument->name,
                       gradus_range_print(argument, range, sizeof range), given);
}

/* ---- groups ---- */

static gradus_status take_extras(const gradus_optimizer *optimizer, const gradus_item *item, gradus_group *group,
                                 gradus_error *error)
{
    const char *text = optimizer->group_text;
    for (int32_t i = 0; i < item->extra_count; i++) {
        const gradus_extra *extra = &item->extra[i];
        size_t prefix;
        const int32_t at = find_hyper(optimizer, extra->name, &prefix);
        const gradus_argument *argument = at < 0 || prefix ? NULL : gradus_hyper_argument(optimizer, at);
        if (!argument || !(argument->flags & GRADUS_SCHEDULED))
            return gradus_spec_fail(error, text, extra->place, GRADUS_CODE_UNKNOWN_PARAMETER,
                                    "'%s' has no number '%s' that a group could have of its own",
                                    optimizer->layers[0].row->member.name, extra->name);
        if (!extra->value.chain && !in_range(argument, extra->value.number)) {
            gradus_error range = {0};
            refuse_range(argument, extra->value.number, &range);
            return gradus_spec_fail(error, text, extra->value.place, GRADUS_CODE_OUT_OF_RANGE, "%s", range.message);
        }
        group->own[at].own = true;
        const gradus_status status =
            gradus_hyper_bind(optimizer, argument, &extra->value, text, &group->own[at], error);
        if (status) return status;
    }
    const gradus_value *scale = gradus_item_value(item, lr_scale.name);
    if (!scale || !scale->given) return GRADUS_OK;
    gradus_hyper *into = &group->own[optimizer->hyper_count - 1];
    into->own = true;
    return gradus_hyper_bind(optimizer, &lr_scale, scale, text, into, error);
}

static bool same_name(const char *a, const char *b) { return a == b || (a && b && !strcmp(a, b)); }

int32_t gradus_hypers_group(gradus_optimizer *optimizer, const char *tensor, const char *name, gradus_error *error)
{
    const gradus_item *item = gradus_item_that_takes(optimizer, tensor, name);
    const bool single = gradus_groups_are_single(optimizer);
    for (int32_t i = 0; i < optimizer->group_count && !single; i++) {
        if (optimizer->groups[i].item == item && same_name(optimizer->groups[i].name, name)) return i;
    }
    if (optimizer->group_count == optimizer->group_room) {
        const int32_t room = 2 * optimizer->group_room + 4;
        if (!gradus_optimizer_grow(optimizer, &optimizer->groups, optimizer->group_count, room, sizeof(gradus_group),
                                   error))
            return GRADUS_ERROR_MEMORY;
        optimizer->group_room = room;
    }
    gradus_group *group = &optimizer->groups[optimizer->group_count];
    *group = (gradus_group){.item = item, .feedback = 1, .scale = 1};
    if (name && !(group->name = gradus_arena_text(&optimizer->arena, name, strlen(name))))
        return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "no memory for a group");
    if (item) {
        const gradus_value *first = &item->values[0];
        group->label = item->label ? item->label : first->items ? first->items[0].text : first->text;
    }
    if (!gradus_optimizer_grow(optimizer, &group->own, 0, optimizer->hyper_count, sizeof(gradus_hyper), error))
        return GRADUS_ERROR_MEMORY;
    optimizer->group_count++; /* from here on its schedules are destroyed with the optimizer */
    const gradus_status status = item ? take_extras(optimizer, item, group, error) : GRADUS_OK;
    return status ? (int32_t)status : optimizer->group_count - 1;
}

/* ---- values ---- */

const gradus_hyper *gradus_hyper_of(const gradus_optimizer *optimizer, int32_t group, int32_t at)
{
    const gradus_hyper *own = group < 0 ? NULL : &optimizer->groups[group].own[at];
    return own && own->own ? own : &optimizer->base[at];
}

/* Where a schedule stands before the next update; the optimizer counts the updates that it has applied. */
static double position(const gradus_optimizer *optimizer, int32_t axis)
{
    const double update = (double)optimizer->update;
    switch (axis) {
    case GRADUS_SAMPLES: return update * optimizer->units.samples_per_update;
    case GRADUS_TOKENS: return update * optimizer->units.tokens_per_update;
    case GRADUS_EPOCHS: return update / optimizer->units.updates_per_epoch;
    default: return update;
    }
}

double gradus_hyper_value(const gradus_optimizer *optimizer, const gradus_argument *argument, const gradus_hyper *value,
                          gradus_error *error)
{
    if (!value->schedule) return value->number;
    const double number =
        gradus_schedule_at(value->schedule, position(optimizer, gradus_schedule_axis(value->schedule)));
    if (in_range(argument, number)) return number;
    refuse_range(argument, number, error);
    return NAN;
}

double gradus_hyper_now(const gradus_optimizer *optimizer, int32_t group, int32_t at, gradus_error *error)
{
    return gradus_hyper_value(optimizer, gradus_hyper_argument(optimizer, at), gradus_hyper_of(optimizer, group, at),
                              error);
}

void gradus_hypers_now(const gradus_optimizer *optimizer, int32_t group, double *hyper, gradus_error *error)
{
    for (int32_t i = 0; i < optimizer->hyper_count; i++) hyper[i] = gradus_hyper_now(optimizer, group, i, error);
}

/* The index-th of "a|b|c". */
static void print_word(const char *words, int32_t index, char *text, size_t size)
{
    for (; index > 0 && strchr(words, '|'); index--) words = strchr(words, '|') + 1;
    const size_t length = strcspn(words, "|");
    snprintf(text, size, "%.*s", (int)length, words);
}

void gradus_hyper_print(const gradus_optimizer *optimizer, const gradus_hyper *value, int32_t at, char *text,
                        size_t size)
{
    const gradus_argument *argument = gradus_hyper_argument(optimizer, at);
    char number[32];
    gradus_number_print(value->number, number);
    if (value->schedule)
        gradus_schedule_print(value->schedule, text, size);
    else if (argument->kind == GRADUS_WORD)
        print_word(argument->words, (int32_t)value->number, text, size);
    else if (argument->kind == GRADUS_FLAG)
        snprintf(text, size, "%s", value->number != 0 ? "true" : "false");
    else
        snprintf(text, size, "%s", number);
}

/* ---- from outside ---- */

bool gradus_group_is_called(const gradus_group *group, const char *name, size_t length)
{
    return (group->name && strlen(group->name) == length && !strncmp(group->name, name, length)) ||
           (group->label && strlen(group->label) == length && !strncmp(group->label, name, length));
}

/* Slots are made for a hyperparameter that is not 0, and stay as they are. */
static bool lacks_state(const gradus_optimizer *optimizer, int32_t group, int32_t at, double value)
{
    const gradus_layer *layer = layer_of(optimizer, at);
    const gradus_hyper *now = gradus_hyper_of(optimizer, group, at);
    if (!layer || value == 0 || now->number != 0 || now->schedule) return false;
    for (int32_t j = 0; j < layer->slot_count; j++) {
        const char *needs = layer->row->slots[j].only_if;
        if (needs && !strcmp(needs, gradus_hyper_argument(optimizer, at)->name)) return true;
    }
    return false;
}

/* Would the rule take this number there? */
static gradus_status check_number(const gradus_optimizer *optimizer, int32_t group, int32_t at, double value,
                                  gradus_error *error)
{
    const gradus_argument *argument = gradus_hyper_argument(optimizer, at);
    if (!(argument->flags & GRADUS_SCHEDULED))
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_REFUSED,
                           "'%s' is settled when the optimizer is created", argument->name);
    if (!in_range(argument, value)) return refuse_range(argument, value, error);
    if (lacks_state(optimizer, group, at, value))
        return gradus_fail(
            error, GRADUS_ERROR_USE, GRADUS_CODE_REFUSED,
            "'%s' was 0 when the optimizer was created, so there is no state for it; create it with a small one",
            argument->name);
    const gradus_layer *layer = layer_of(optimizer, at);
    double numbers[GRADUS_HYPERS];
    if (!layer || !layer->row->check) return GRADUS_OK;
    gradus_hypers_now(optimizer, group, numbers, error);
    numbers[at] = value;
    const char *wrong = layer->row->check(numbers + layer->first_hyper);
    return wrong ? gradus_fail(error, GRADUS_ERROR_RANGE, GRADUS_CODE_OUT_OF_RANGE, "%s", wrong) : GRADUS_OK;
}

static void put_number(gradus_hyper *into, double value)
{
    gradus_schedule_destroy(into->schedule);
    *into = (gradus_hyper){.number = value, .own = true};
}

/* "momentum" of all, or "head.momentum" of the groups called head. */
gradus_status gradus_optimizer_set(gradus_optimizer *optimizer, const char *name, double value, gradus_error *error)
{
    const gradus_status status = gradus_optimizer_ready(optimizer, error);
    if (status) return status;
    if (!name) return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_MISSING, "no hyperparameter was named");
    size_t prefix;
    const int32_t at = find_hyper(optimizer, name, &prefix);
    if (at < 0) return refuse_name(optimizer, name, error);
    if (!prefix) {
        const gradus_status wrong = check_number(optimizer, -1, at, value, error);
        if (!wrong) put_number(&optimizer->base[at], value);
        return wrong;
    }
    bool any = false;
    for (int pass = 0; pass < 2; pass++) { /* all are checked before any is changed */
        for (int32_t g = 0; g < optimizer->group_count; g++) {
            if (!gradus_group_is_called(&optimizer->groups[g], name, prefix)) continue;
            any = true;
            const gradus_status wrong = pass ? GRADUS_OK : check_number(optimizer, g, at, value, error);
            if (wrong) return wrong;
            if (pass) put_number(&optimizer->groups[g].own[at], value);
        }
    }
    if (any) return GRADUS_OK;
    return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_UNKNOWN_NAME, "no tensor is in a group called '%.*s'",
                       (int)prefix, name);
}

double gradus_optimizer_get(const gradus_optimizer *optimizer, const char *name)
{
    if (!optimizer || !name) return NAN;
    size_t prefix;
    const int32_t at = find_hyper(optimizer, name, &prefix);
    if (at < 0) return NAN;
    if (!prefix) return gradus_hyper_now(optimizer, -1, at, NULL);
    for (int32_t g = 0; g < optimizer->group_count; g++) {
        if (gradus_group_is_called(&optimizer->groups[g], name, prefix))
            return gradus_hyper_now(optimizer, g, at, NULL);
    }
    return NAN;
}

static bool knows(const gradus_optimizer *optimizer, const char *name)
{
    size_t prefix;
    const int32_t at = find_hyper(optimizer, name, &prefix);
    if (at < 0 || !prefix) return at >= 0;
    for (int32_t g = 0; g < optimizer->group_count; g++) {
        if (gradus_group_is_called(&optimizer->groups[g], name, prefix)) return true;
    }
    return false;
}

/* Feedback that answers for a group alone moves the rate of its tensors. */
static gradus_status follow_group(gradus_optimizer *optimizer, const char *name, double factor, gradus_error *error)
{
    bool any = false;
    for (int32_t g = 0; g < optimizer->group_count; g++) {
        if (!gradus_group_is_called(&optimizer->groups[g], name, strlen(name))) continue;
        optimizer->groups[g].feedback = factor;
        any = true;
    }
    if (any) return GRADUS_OK;
    return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_UNKNOWN_NAME, "no tensor is in a group called '%s'", name);
}

gradus_status gradus_optimizer_follow(gradus_optimizer *optimizer, const gradus_policy *policy, gradus_error *error)
{
    gradus_status status = gradus_optimizer_ready(optimizer, error);
    if (!status && !policy) status = gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_MISSING, "no policy to follow");
    const char *name;
    if (!status) gradus_keep_for(optimizer, policy);
    for (int32_t i = 0; !status && (name = gradus_policy_scheduled(policy, i)); i++) {
        if (knows(optimizer, name))
            status = gradus_optimizer_set(optimizer, name, gradus_policy_value(policy, name), error);
    }
    for (int32_t i = 0; !status && (name = gradus_policy_group(policy, i)); i++)
        status = follow_group(optimizer, name, gradus_policy_group_factor(policy, name), error);
    return status;
}
