/* The feedbacks of a policy: made from the chain, each with a state laid out as its row says, and who listens to what. */
#include "policy.h"
#include <stdio.h>
#include <string.h>

int64_t gradus_rate_field_count(const gradus_feedback_row *row, const gradus_call *call, const gradus_field *field)
{
    if (field->length_argument <= 0) return field->length_argument < 0 ? -field->length_argument : 1;
    return row->length ? row->length(call, field) : (int64_t)call->number[field->length_argument - 1];
}

/* Bytes of a state: the struct, and behind it whatever is as long as an argument says. */
static size_t state_size(const gradus_feedback_row *row, const gradus_call *call)
{
    size_t size = (row->state_size + sizeof(double) - 1) / sizeof(double) * sizeof(double);
    for (const gradus_field *field = row->fields; field && field->name; field++)
        if (field->length_argument > 0) size += (size_t)gradus_rate_field_count(row, call, field) * sizeof(double);
    return size;
}

/* "guard", and for a second one "guard.2". */
static void name_key(gradus_policy *policy, int32_t index)
{
    rate_member *member = &policy->members[index];
    const char *name = member->item->label ? member->item->label : member->row->member.name;
    int same = 1;
    for (int32_t i = 0; i < index; i++) same += policy->members[i].row == member->row;
    snprintf(member->id, sizeof member->id, "feedback.%d", (int)index);
    if (same == 1)
        snprintf(member->key, sizeof member->key, "%s", name);
    else
        snprintf(member->key, sizeof member->key, "%.32s.%d", name, same);
}

/* The rate is told by the policy itself, to each its own. */
static bool is_of_group(const rate_member *member, const char *metric, size_t length)
{
    return member->group && member->row->by_group && !(length == 4 && memcmp(metric, "rate", 4) == 0);
}

static gradus_status listen(gradus_policy *policy, int32_t index, const char *metric, size_t length)
{
    rate_listener *listener = &policy->listeners[policy->listener_count];
    const char *group = is_of_group(&policy->members[index], metric, length) ? policy->members[index].group : "";
    const size_t before = *group ? strlen(group) + 1 : 0, size = before + length + 1;
    char *name = gradus_arena_take(&policy->arena, size, 1);
    if (!name) return GRADUS_ERROR_MEMORY;
    snprintf(name, size, "%s%s%.*s", group, *group ? "." : "", (int)length, metric);
    *listener = (rate_listener){.metric = name, .name = name + before, .member = index};
    policy->listener_count++;
    return GRADUS_OK;
}

/* Calls listen for each of "loss, non_finite" and for each measure among the arguments; with NULL for the policy it counts. */
static gradus_status listen_all(gradus_policy *policy, int32_t index, const rate_member *member, int32_t *count)
{
    gradus_status status = GRADUS_OK;
    const char *at = member->row->metrics ? member->row->metrics : "";
    while (*(at += strspn(at, ", ")) && status == GRADUS_OK) {
        size_t length = strcspn(at, ", ");
        ++*count;
        if (policy) status = listen(policy, index, at, length);
        at += length;
    }
    const gradus_argument *arguments = member->row->member.arguments;
    for (int32_t i = 0; arguments[i].name && status == GRADUS_OK; i++) {
        if (arguments[i].kind != GRADUS_METRIC || !member->call->counts[i]) continue;
        ++*count;
        if (policy) status = listen(policy, index, member->call->text[i], strlen(member->call->text[i]));
    }
    return status;
}

static gradus_status make_listeners(gradus_policy *policy)
{
    int32_t count = 0, again = 0;
    for (int32_t i = 0; i < policy->member_count; i++) listen_all(NULL, i, &policy->members[i], &count);
    policy->listeners = gradus_arena_take(&policy->arena, (size_t)count * sizeof *policy->listeners, sizeof(void *));
    if (!policy->listeners) return GRADUS_ERROR_MEMORY;
    for (int32_t i = 0; i < policy->member_count; i++)
        if (listen_all(policy, i, &policy->members[i], &again) != GRADUS_OK) return GRADUS_ERROR_MEMORY;
    return GRADUS_OK;
}

/* The axis of feedback: its lengths are counted in updates. */
static rate_axis updates_of(const gradus_policy *policy, const rate_timeline *timeline)
{
    return (rate_axis){&timeline->units, GRADUS_UPDATES, policy->sizes_vary};
}

/* Both none, or the same. */
static bool same_group(const char *a, const char *b) { return a && b ? strcmp(a, b) == 0 : a == b; }

/* Whether this policy can have the member, once its call is made. */
static gradus_status check_member(const gradus_policy *policy, int32_t index, gradus_error *error)
{
    const char *text = policy->config.feedback;
    const rate_member *member = &policy->members[index];
    const char *name = member->item->member->name,
               *wrong = member->row->check ? member->row->check(member->call) : NULL;
    if (wrong) return gradus_spec_fail(error, text, member->item->place, GRADUS_CODE_OUT_OF_RANGE, "%s", wrong);
    if (member->row->needs_samples && !(policy->config.units.samples_per_update > 0))
        return gradus_spec_fail(error, text, member->item->place, GRADUS_CODE_MISSING,
                                "'%s' must know how many samples an update has (units.samples_per_update)", name);
    for (int32_t i = 0; i < index && member->row->absolute; i++)
        if (policy->members[i].row->absolute && same_group(policy->members[i].group, member->group))
            return gradus_spec_fail(error, text, member->item->place, GRADUS_CODE_TOO_MANY,
                                    "'%s' and '%s' both give a rate of their own; one at most",
                                    policy->members[i].row->member.name, name);
    return GRADUS_OK;
}

static gradus_status make_member(gradus_policy *policy, const gradus_item *item, int32_t index, gradus_error *error)
{
    const char *text = policy->config.feedback;
    rate_member *member = &policy->members[index];
    rate_axis axis = updates_of(policy, policy->timeline);
    if (!item->member)
        return gradus_spec_fail(error, text, item->place, GRADUS_CODE_REFUSED,
                                "this is still open; only a search fills it in");
    *member = (rate_member){.row = (const gradus_feedback_row *)item->member, .item = item};
    member->factor = member->row->absolute ? NAN : 1;
    const gradus_value *group = gradus_item_value(item, "group");
    if (group && group->present) member->group = group->text; /* the spec lives as long as the policy */
    member->call = gradus_rate_call_make(item, text, &axis, &policy->arena, error);
    if (!member->call) return GRADUS_ERROR_SPEC;
    gradus_status status = check_member(policy, index, error);
    if (status != GRADUS_OK) return status;
    member->state = gradus_arena_take(&policy->arena, state_size(member->row, member->call), sizeof(double));
    if (!member->state) return GRADUS_ERROR_MEMORY;
    if (member->row->start) member->row->start(member->call, member->state);
    name_key(policy, index);
    return GRADUS_OK;
}

gradus_status gradus_rate_feedback_make(gradus_policy *policy, gradus_error *error)
{
    gradus_error own = {0};
    gradus_language language = gradus_rate_language(policy->context);
    if (!policy->config.feedback) return GRADUS_OK;
    policy->feedback = gradus_spec_create(
        policy->config.feedback,
        &(gradus_spec_config){.family = "feedback", .language = &language, .context = policy->context}, &own);
    gradus_status status = (gradus_status)own.status;
    if (policy->feedback) {
        const gradus_chain *chain = gradus_spec_chain(policy->feedback);
        policy->members =
            gradus_arena_take(&policy->arena, (size_t)chain->count * sizeof *policy->members, sizeof(void *));
        if (!policy->members) status = GRADUS_ERROR_MEMORY;
        for (; policy->member_count < chain->count && status == GRADUS_OK; policy->member_count++)
            status = make_member(policy, &chain->items[policy->member_count], policy->member_count, &own);
        if (status == GRADUS_OK) status = make_listeners(policy);
    }
    if (status == GRADUS_ERROR_MEMORY)
        gradus_fail(&own, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "no memory for the state");
    if (own.status) gradus_rate_prefix(&own, "feedback");
    if (own.status && error) *error = own;
    return status;
}

gradus_status gradus_rate_feedback_fill(gradus_policy *policy, const rate_timeline *timeline, gradus_error *error)
{
    rate_axis axis = updates_of(policy, timeline);
    for (int32_t i = 0; i < policy->member_count; i++) {
        rate_member *member = &policy->members[i];
        const char *text = policy->config.feedback;
        gradus_status status = gradus_rate_call_fill(member->call, member->item, text, &axis, error);
        if (status != GRADUS_OK) return status;
        const char *wrong = member->row->check ? member->row->check(member->call) : NULL;
        if (wrong) return gradus_spec_fail(error, text, member->item->place, GRADUS_CODE_OUT_OF_RANGE, "%s", wrong);
    }
    return GRADUS_OK;
}

/* Of a group, a rate of its own stands in for the run's base: it is a share of that here. */
static double own_share(const gradus_policy *policy, const rate_member *member)
{
    const double base = gradus_rate_base(policy);
    return member->group && !isnan(member->factor) && base > 0 ? member->factor / base : 1;
}

double gradus_rate_feedback_factor(const gradus_policy *policy, const char *group)
{
    double factor = 1;
    for (int32_t i = 0; i < policy->member_count; i++) {
        const rate_member *member = &policy->members[i];
        if (!same_group(member->group, group)) continue;
        factor *= member->row->absolute ? own_share(policy, member) : member->factor;
    }
    return factor;
}

double gradus_policy_group_factor(const gradus_policy *policy, const char *group)
{
    return policy && group ? gradus_rate_feedback_factor(policy, group) : 1;
}

const char *gradus_policy_group(const gradus_policy *policy, int32_t index)
{
    for (int32_t i = 0; policy && i < policy->member_count; i++) {
        const char *group = policy->members[i].group;
        bool known = !group;
        for (int32_t j = 0; j < i && !known; j++) known = same_group(group, policy->members[j].group);
        if (!known && index-- == 0) return group;
    }
    return NULL;
}

double gradus_rate_base(const gradus_policy *policy)
{
    for (int32_t i = 0; i < policy->member_count; i++) {
        const rate_member *member = &policy->members[i];
        if (member->row->absolute && !member->group && !isnan(member->factor)) return member->factor;
    }
    return policy->timeline->units.base;
}

double gradus_rate_clamped(const gradus_policy *policy, double schedule, double feedback)
{
    double rate = gradus_rate_base(policy) * schedule * feedback, lowest = policy->config.minimum,
           highest = policy->config.maximum;
    if (highest > 0 && rate > highest) rate = highest;
    return rate > lowest ? rate : lowest;
}

double gradus_rate_of(const gradus_policy *policy, double feedback)
{
    return gradus_rate_clamped(policy, gradus_rate_schedule_factor(policy->timeline, &policy->now), feedback);
}
