/* Hyperparameters: the rule's numbers as the spec gives them, those that groups have of their own, and schedules in
 * the place of numbers. They are configuration: no state ever overwrites one. */
#include "optimizer.h"
#include <stdio.h>

static const gradus_argument lr_scale = {"lr_scale", GRADUS_NUMBER,    .initial = "1",
                                         .low = 0,   .high = INFINITY, .flags = GRADUS_SCHEDULED};

static const gradus_argument *argument_of(const gradus_optimizer *optimizer, int32_t at)
{
    return at + 1 == optimizer->hyper_count ? &lr_scale : &optimizer->row->member.arguments[at];
}

const char *gradus_hyper_name(const gradus_optimizer *optimizer, int32_t at)
{
    return argument_of(optimizer, at)->name;
}

static int32_t find_hyper(const gradus_optimizer *optimizer, const char *name)
{
    for (int32_t i = 0; i < optimizer->hyper_count; i++) {
        if (!strcmp(gradus_hyper_name(optimizer, i), name)) return i;
    }
    return -1;
}

/* ---- from specs ---- */

static gradus_status hyper_from(const gradus_optimizer *optimizer, const gradus_value *value, const char *text,
                                gradus_hyper *into, gradus_error *error)
{
    into->number = value->number;
    if (!value->chain) return GRADUS_OK;
    into->schedule = gradus_schedule_compile(value->chain, text, &optimizer->units, optimizer->context, error);
    if (!into->schedule) return (gradus_status)error->status;
    if (gradus_schedule_axis(into->schedule) != GRADUS_SECONDS) return GRADUS_OK;
    return gradus_spec_fail(error, text, value->place, GRADUS_CODE_WRONG_UNIT,
                            "an optimizer has no clock; a schedule in seconds belongs to the policy");
}

gradus_status gradus_hypers_make(gradus_optimizer *optimizer, gradus_error *error)
{
    const int32_t own = gradus_argument_count(&optimizer->row->member);
    optimizer->hyper_count = own + 1;
    if (!gradus_optimizer_grow(optimizer, &optimizer->base, 0, own + 1, sizeof(gradus_hyper), error))
        return GRADUS_ERROR_MEMORY;
    optimizer->base[own].number = 1; /* lr_scale */
    for (int32_t i = 0; i < own; i++) {
        const gradus_status status =
            hyper_from(optimizer, &optimizer->item->values[i], optimizer->rule_text, &optimizer->base[i], error);
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

static bool in_range(const gradus_argument *argument, double value)
{
    return isfinite(value) && gradus_range_holds(argument, value);
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
        const int32_t at = find_hyper(optimizer, extra->name);
        const gradus_argument *argument = at < 0 ? NULL : argument_of(optimizer, at);
        if (!argument || !(argument->flags & GRADUS_SCHEDULED))
            return gradus_spec_fail(error, text, extra->place, GRADUS_CODE_UNKNOWN_PARAMETER,
                                    "'%s' has no number '%s' that a group could have of its own",
                                    optimizer->row->member.name, extra->name);
        if (!extra->value.chain && !in_range(argument, extra->value.number)) {
            gradus_error range = {0};
            refuse_range(argument, extra->value.number, &range);
            return gradus_spec_fail(error, text, extra->value.place, GRADUS_CODE_OUT_OF_RANGE, "%s", range.message);
        }
        group->own[at].own = true;
        const gradus_status status = hyper_from(optimizer, &extra->value, text, &group->own[at], error);
        if (status) return status;
    }
    const gradus_value *scale = gradus_item_value(item, lr_scale.name);
    if (!scale || !scale->given) return GRADUS_OK;
    gradus_hyper *into = &group->own[optimizer->hyper_count - 1];
    into->own = true;
    return hyper_from(optimizer, scale, text, into, error);
}

static const gradus_item *item_that_takes(const gradus_optimizer *optimizer, const char *tensor, const char *name)
{
    const gradus_chain *chain = optimizer->group_spec ? gradus_spec_chain(optimizer->group_spec) : NULL;
    for (int32_t i = 0; chain && i < chain->count; i++) {
        const gradus_group_row *row = (const gradus_group_row *)chain->items[i].member;
        if (row->takes(&chain->items[i], tensor, name)) return &chain->items[i];
    }
    return NULL;
}

static bool same_name(const char *a, const char *b) { return a == b || (a && b && !strcmp(a, b)); }

int32_t gradus_hypers_group(gradus_optimizer *optimizer, const char *tensor, const char *name, gradus_error *error)
{
    const gradus_item *item = item_that_takes(optimizer, tensor, name);
    for (int32_t i = 0; i < optimizer->group_count; i++) {
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
    *group = (gradus_group){.item = item, .feedback = 1};
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

double gradus_hyper_now(const gradus_optimizer *optimizer, int32_t group, int32_t at, gradus_error *error)
{
    const gradus_hyper *value = gradus_hyper_of(optimizer, group, at);
    if (!value->schedule) return value->number;
    const double number =
        gradus_schedule_at(value->schedule, position(optimizer, gradus_schedule_axis(value->schedule)));
    if (in_range(argument_of(optimizer, at), number)) return number;
    refuse_range(argument_of(optimizer, at), number, error);
    return NAN;
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
    const gradus_argument *argument = argument_of(optimizer, at);
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

static bool is_called(const gradus_group *group, const char *name, size_t length)
{
    return (group->name && strlen(group->name) == length && !strncmp(group->name, name, length)) ||
           (group->label && strlen(group->label) == length && !strncmp(group->label, name, length));
}

/* Would the rule take this number there? Slots are made for a hyperparameter that is not 0, and stay as they are. */
static gradus_status check_number(const gradus_optimizer *optimizer, int32_t group, int32_t at, double value,
                                  gradus_error *error)
{
    const gradus_argument *argument = argument_of(optimizer, at);
    if (!(argument->flags & GRADUS_SCHEDULED))
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_REFUSED,
                           "'%s' is settled when the optimizer is created", argument->name);
    if (!in_range(argument, value)) return refuse_range(argument, value, error);
    const gradus_hyper *now = gradus_hyper_of(optimizer, group, at);
    for (int32_t j = 0; j < optimizer->slot_count && value != 0 && now->number == 0 && !now->schedule; j++) {
        const char *needs = optimizer->row->slots[j].only_if;
        if (needs && !strcmp(needs, argument->name))
            return gradus_fail(
                error, GRADUS_ERROR_USE, GRADUS_CODE_REFUSED,
                "'%s' was 0 when the optimizer was created, so there is no state for it; create it with a small one",
                argument->name);
    }
    double numbers[GRADUS_ARGUMENTS];
    for (int32_t i = 0; i + 1 < optimizer->hyper_count; i++) {
        const gradus_hyper *other = gradus_hyper_of(optimizer, group, i);
        numbers[i] = i == at ? value : other->schedule ? gradus_hyper_now(optimizer, group, i, error) : other->number;
    }
    const char *wrong = optimizer->row->check ? optimizer->row->check(numbers) : NULL;
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
    const char *dot = strrchr(name, '.');
    const int32_t at = find_hyper(optimizer, dot ? dot + 1 : name);
    if (at < 0) {
        const char *names[GRADUS_ARGUMENTS + 1];
        for (int32_t i = 0; i < optimizer->hyper_count; i++) names[i] = gradus_hyper_name(optimizer, i);
        const char *near = gradus_nearest(dot ? dot + 1 : name, names, optimizer->hyper_count);
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_UNKNOWN_NAME, "'%s' has no hyperparameter '%s'%s%s%s",
                           optimizer->row->member.name, dot ? dot + 1 : name, near ? "; did you mean '" : "",
                           near ? near : "", near ? "'" : "");
    }
    if (!dot) {
        const gradus_status wrong = check_number(optimizer, -1, at, value, error);
        if (!wrong) put_number(&optimizer->base[at], value);
        return wrong;
    }
    bool any = false;
    for (int pass = 0; pass < 2; pass++) { /* all are checked before any is changed */
        for (int32_t g = 0; g < optimizer->group_count; g++) {
            if (!is_called(&optimizer->groups[g], name, (size_t)(dot - name))) continue;
            any = true;
            const gradus_status wrong = pass ? GRADUS_OK : check_number(optimizer, g, at, value, error);
            if (wrong) return wrong;
            if (pass) put_number(&optimizer->groups[g].own[at], value);
        }
    }
    if (any) return GRADUS_OK;
    return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_UNKNOWN_NAME, "no tensor is in a group called '%.*s'",
                       (int)(dot - name), name);
}

double gradus_optimizer_get(const gradus_optimizer *optimizer, const char *name)
{
    if (!optimizer || !name) return NAN;
    const char *dot = strrchr(name, '.');
    const int32_t at = find_hyper(optimizer, dot ? dot + 1 : name);
    if (at < 0) return NAN;
    if (!dot) return gradus_hyper_now(optimizer, -1, at, NULL);
    for (int32_t g = 0; g < optimizer->group_count; g++) {
        if (is_called(&optimizer->groups[g], name, (size_t)(dot - name)))
            return gradus_hyper_now(optimizer, g, at, NULL);
    }
    return NAN;
}

static bool knows(const gradus_optimizer *optimizer, const char *name)
{
    const char *dot = strrchr(name, '.');
    const int32_t at = find_hyper(optimizer, dot ? dot + 1 : name);
    if (at < 0 || !dot) return at >= 0;
    for (int32_t g = 0; g < optimizer->group_count; g++) {
        if (is_called(&optimizer->groups[g], name, (size_t)(dot - name))) return true;
    }
    return false;
}

/* Feedback that answers for a group alone moves the rate of its tensors. */
static gradus_status follow_group(gradus_optimizer *optimizer, const char *name, double factor, gradus_error *error)
{
    bool any = false;
    for (int32_t g = 0; g < optimizer->group_count; g++) {
        if (!is_called(&optimizer->groups[g], name, strlen(name))) continue;
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
