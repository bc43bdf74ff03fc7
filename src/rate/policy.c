/* The policy: one loop, one question. It hears the measures of a gradient, judges it before it is applied, and says at what
 * rate; its clock moves when the caller says that the update was made. After creation nothing here allocates. */
#include "policy.h"
#include <string.h>

enum { SNAPSHOT_INTERVAL = 100, SNAPSHOT_SPREAD = 4 };

/* ---- creation ---- */

static gradus_status check_config(const gradus_policy_config *config, gradus_error *error)
{
    const gradus_code out = GRADUS_CODE_OUT_OF_RANGE;
    if (!(config->base > 0) || !isfinite(config->base))
        return gradus_fail(error, GRADUS_ERROR_RANGE, out, "the base of the rate must be a finite number above 0");
    if (!(config->minimum >= 0) || !isfinite(config->minimum) || !(config->maximum >= 0))
        return gradus_fail(error, GRADUS_ERROR_RANGE, out, "the limits of the rate must be numbers of at least 0");
    if (config->maximum > 0 && config->minimum > config->maximum)
        return gradus_fail(error, GRADUS_ERROR_RANGE, out, "the lower limit of the rate is above the upper one");
    if (!(config->units.total >= 0) || config->units.total_unit < 0 || config->units.total_unit > GRADUS_SECONDS)
        return gradus_fail(error, GRADUS_ERROR_RANGE, out,
                           "the length of the run must be a number of at least 0 in a known unit");
    if (config->snapshots < 0 || config->snapshots > RATE_SNAPSHOTS)
        return gradus_fail(error, GRADUS_ERROR_RANGE, out, "a policy asks for 0 to %d snapshots", (int)RATE_SNAPSHOTS);
    return GRADUS_OK;
}

static gradus_status check_scheduled(const gradus_policy *policy, gradus_error *error)
{
    const gradus_scheduled *all = policy->config.scheduled;
    for (int32_t i = 0; i < policy->scheduled_count; i++) {
        if (!isfinite(all[i].base))
            return gradus_fail(error, GRADUS_ERROR_RANGE, GRADUS_CODE_OUT_OF_RANGE, "%s: the base must be finite",
                               all[i].name);
        for (int32_t j = 0; j < i; j++)
            if (strcmp(all[i].name, all[j].name) == 0)
                return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_REPEATED, "'%s' is scheduled twice",
                                   all[i].name);
    }
    return GRADUS_OK;
}

/* A copy in the policy's arena; NULL stays NULL. False: no memory. */
static bool copy_text(gradus_policy *policy, const char **text)
{
    if (*text) return (*text = gradus_arena_text(&policy->arena, *text, strlen(*text))) != NULL;
    return true;
}

static bool copy_config(gradus_policy *policy)
{
    const gradus_scheduled *from = policy->config.scheduled;
    while (from && from[policy->scheduled_count].name) policy->scheduled_count++;
    gradus_scheduled *copy =
        gradus_arena_take(&policy->arena, (size_t)policy->scheduled_count * sizeof *copy, sizeof(void *));
    if (!copy || !copy_text(policy, &policy->config.schedule) || !copy_text(policy, &policy->config.feedback))
        return false;
    for (int32_t i = 0; i < policy->scheduled_count; i++) {
        copy[i] = from[i];
        if (!copy_text(policy, &copy[i].name) || !copy_text(policy, &copy[i].schedule)) return false;
        if (strcmp(copy[i].name, "batch") == 0) policy->sizes_vary = true;
    }
    policy->config.scheduled = copy;
    policy->snapshots =
        gradus_arena_take(&policy->arena, (size_t)policy->config.snapshots * sizeof *policy->snapshots, sizeof(double));
    return policy->snapshots != NULL;
}

gradus_policy *gradus_policy_create(const gradus_policy_config *config, gradus_error *error)
{
    if (gradus_failed(error)) return NULL;
    if (!config) {
        gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_NONE, "a policy needs a configuration");
        return NULL;
    }
    if (check_config(config, error) != GRADUS_OK) return NULL;
    gradus_arena arena;
    gradus_arena_open(&arena, config->context);
    gradus_policy *policy = gradus_arena_take(&arena, sizeof *policy, sizeof(void *));
    if (policy) {
        *policy = (gradus_policy){.context = config->context, .arena = arena, .config = *config, .keep = -1};
        if (copy_config(policy)) {
            if (check_scheduled(policy, error) == GRADUS_OK &&
                (policy->timeline = gradus_rate_timeline_make(policy, NULL, 0, error)) != NULL &&
                gradus_rate_feedback_make(policy, error) == GRADUS_OK)
                return policy;
            gradus_policy_destroy(policy);
            return NULL;
        }
        arena = policy->arena;
    }
    gradus_arena_close(&arena);
    gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "no memory for a policy");
    return NULL;
}

void gradus_policy_destroy(gradus_policy *policy)
{
    if (!policy) return;
    gradus_rate_timeline_destroy(policy->timeline);
    gradus_spec_destroy(policy->feedback);
    gradus_arena arena = policy->arena; /* the policy lives in it */
    gradus_arena_close(&arena);
}

/* ---- what a feedback answers ---- */

/* The youngest snapshot from before `onset`; -1: none. */
static int32_t find_snapshot(const gradus_policy *policy, int64_t onset)
{
    int32_t best = -1;
    for (int32_t i = 0; i < policy->config.snapshots; i++) {
        const rate_snapshot *at = &policy->snapshots[i];
        if (!at->kept || at->clock.updates >= onset) continue;
        if (best < 0 || at->clock.updates > policy->snapshots[best].clock.updates) best = i;
    }
    return best;
}

static double scale_of(const gradus_verdict *verdict)
{
    return verdict->gradient_scale > 0 ? verdict->gradient_scale : 1;
}

static const char *action_name(const gradus_verdict *verdict, double before)
{
    switch (verdict->action) {
    case GRADUS_ROLL_BACK: return "roll_back";
    case GRADUS_STOP: return "stop";
    case GRADUS_SKIP: return verdict->factor < before ? "back_off" : "skip";
    default: break;
    }
    if (scale_of(verdict) < 1) return "clip";
    return verdict->factor < before ? "lower" : "raise";
}

static gradus_verdict fresh_verdict(const gradus_policy *policy, const rate_member *member)
{
    return (gradus_verdict){.factor = member->factor,
                            .action = GRADUS_APPLY,
                            .pending = (gradus_reason)policy->pending_reason,
                            .onset = policy->now.updates};
}

/* The factor of the rate that a feedback moves: of its group, or of the run. */
static double member_factor(const gradus_policy *policy, const rate_member *member)
{
    double all = gradus_rate_feedback_factor(policy, NULL);
    return member->group ? all * gradus_rate_feedback_factor(policy, member->group) : all;
}

/* Takes over what a feedback answered, and tells of it when a rule of its has fired. */
static void take_verdict(gradus_policy *policy, rate_member *member, const gradus_verdict *verdict)
{
    double old = verdict->was > 0 ? verdict->was : member->factor;
    member->factor = verdict->factor;
    if (!verdict->rule) return;
    member->factor = old;
    double before = member_factor(policy, member), rate = gradus_rate_of(policy, before);
    member->factor = verdict->factor;
    int32_t slot = verdict->action == GRADUS_ROLL_BACK ? find_snapshot(policy, verdict->onset) : -1;
    rate_happening told = {.verdict = verdict,
                           .by = member->row->member.name,
                           .id = member->id,
                           .action = action_name(verdict, isnan(old) ? policy->timeline->units.base : old),
                           .factor_before = before,
                           .group = member->group,
                           .factor_after = member_factor(policy, member),
                           .rate_before = rate,
                           .own_rate = member->row->absolute,
                           .back_to = slot < 0 ? -1 : policy->snapshots[slot].clock.updates};
    told.rate_after = gradus_rate_of(policy, told.factor_after);
    gradus_rate_tell(policy, &told);
}

/* The strongest of the actions wins: apply, skip, roll back, stop. Going back without a place to go to is backing off. */
static void merge(gradus_policy *policy, gradus_verdict *verdict)
{
    if (verdict->action == GRADUS_ROLL_BACK && find_snapshot(policy, verdict->onset) < 0) verdict->action = GRADUS_SKIP;
    if ((int64_t)verdict->action <= policy->pending) return;
    policy->pending = verdict->action;
    policy->pending_reason = verdict->reason;
    policy->pending_onset = verdict->onset;
}

/* ---- measures ---- */

static void tell_one(gradus_policy *policy, const rate_listener *listener, double value)
{
    rate_member *member = &policy->members[listener->member];
    if (!member->row->observe) return;
    gradus_verdict verdict = fresh_verdict(policy, member);
    member->row->observe(member->call, member->state, listener->name, value, &policy->now, &verdict);
    merge(policy, &verdict);
    take_verdict(policy, member, &verdict);
    if (verdict.rule && verdict.action > GRADUS_APPLY) policy->why_attempt++; /* it is what the next decision will be */
}

static bool hears(const rate_listener *listener, const char *metric)
{
    return *listener->metric == *metric && strcmp(listener->metric, metric) == 0;
}

static bool tell_members(gradus_policy *policy, const char *metric, double value)
{
    bool heard = false;
    for (int32_t i = 0; i < policy->listener_count; i++) {
        if (!hears(&policy->listeners[i], metric)) continue;
        tell_one(policy, &policy->listeners[i], value);
        heard = true;
    }
    return heard;
}

/* Of the update that was applied: whoever goes by a group hears what that had of it. */
static void tell_rate(gradus_policy *policy)
{
    const double rate = policy->last_action ? policy->last_rate : gradus_policy_rate(policy);
    for (int32_t i = 0; i < policy->listener_count; i++) {
        const rate_listener *listener = &policy->listeners[i];
        const rate_member *member = &policy->members[listener->member];
        if (!hears(listener, "rate")) continue;
        const bool own = member->group && member->row->by_group;
        tell_one(policy, listener, own ? rate * gradus_rate_feedback_factor(policy, member->group) : rate);
    }
}

bool gradus_policy_observe(gradus_policy *policy, const char *metric, double value)
{
    if (!policy || !metric) return false;
    if (policy->config.measures) policy->config.measures(policy->config.log_user, metric, value);
    return tell_members(policy, metric, value);
}

/* The fields that came later are 0 with callers who do not know them yet; as a measure that would tell nothing. */
enum { FIRST_FIELDS = 5 };

void gradus_policy_observe_measures(gradus_policy *policy, const gradus_measures *measures)
{
    const struct {
        const char *name;
        double value;
    } all[] = {
        {"gradient_norm", measures->gradient_norm},
        {"update_norm", measures->update_norm},
        {"values_norm", measures->values_norm},
        {"gradient_dot_update", measures->gradient_dot_update},
        {"effective_rate", measures->effective_rate},
        {"gradient_dot_last_update", measures->gradient_dot_last_update},
        {"movement_norm", measures->movement_norm},
        {"gradient_change_dot_movement", measures->gradient_change_dot_movement},
        {"gradient_change_norm", measures->gradient_change_norm},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!isnan(all[i].value) && (i < FIRST_FIELDS || all[i].value != 0))
            gradus_policy_observe(policy, all[i].name, all[i].value);
    if (measures->non_finite >= 0) gradus_policy_observe(policy, "non_finite", (double)measures->non_finite);
}

const char *gradus_policy_listens(const gradus_policy *policy, int32_t index)
{
    for (int32_t i = 0; policy && i < policy->listener_count; i++) {
        bool known = false;
        for (int32_t j = 0; j < i; j++) known |= strcmp(policy->listeners[i].metric, policy->listeners[j].metric) == 0;
        if (!known && index-- == 0) return policy->listeners[i].metric;
    }
    return NULL;
}

int64_t gradus_policy_window(const gradus_policy *policy, const char *metric)
{
    int64_t shortest = 0;
    for (int32_t i = 0; policy && i < policy->listener_count; i++) {
        const rate_listener *listener = &policy->listeners[i];
        if (!hears(listener, metric)) continue;
        const rate_member *member = &policy->members[listener->member];
        int32_t argument = member->row->window_argument;
        int64_t window = argument > 0 ? rate_whole_window(member->call->number[argument - 1]) : 1;
        if (shortest == 0 || window < shortest) shortest = window;
    }
    return shortest;
}

/* ---- the question ---- */

bool gradus_policy_finished(const gradus_policy *policy)
{
    return !policy || policy->stopped || gradus_rate_run_is_done(policy, 0);
}

/* One snapshot an interval into the first slot, every fourth of them into the second, every sixteenth into the third, so that
 * what is kept is spaced geometrically; slots that are still empty are filled first, and the first update is kept for long. */
static int32_t choose_slot(const gradus_policy *policy)
{
    int64_t update = policy->now.updates + 1, interval = update / SNAPSHOT_INTERVAL;
    int32_t slots = policy->config.snapshots, slot = 0;
    if (slots == 0 || (update != 1 && update % SNAPSHOT_INTERVAL != 0)) return -1;
    if (update == 1) return slots - 1;
    for (int32_t i = 0; i < slots; i++)
        if (!policy->snapshots[i].kept) return i;
    for (; interval % SNAPSHOT_SPREAD == 0 && slot < slots - 1; interval /= SNAPSHOT_SPREAD) slot++;
    return slot;
}

/* Snapshots of a branch that is left. */
static void forget_later(gradus_policy *policy)
{
    for (int32_t i = 0; i < policy->config.snapshots; i++)
        if (policy->snapshots[i].clock.updates > policy->now.updates) policy->snapshots[i].kept = 0;
}

/* Sets the clock back. Attempts are never set back. */
static void roll_back(gradus_policy *policy, int32_t slot)
{
    int64_t attempts = policy->now.attempts;
    policy->now = policy->snapshots[slot].clock;
    policy->now.attempts = attempts;
    policy->extra = policy->snapshots[slot].extra;
    policy->rollbacks++;
    forget_later(policy);
}

/* Returns what the gradient is to be multiplied by. */
static double ask_feedback(gradus_policy *policy)
{
    double scale = 1;
    for (int32_t i = 0; i < policy->member_count; i++) {
        rate_member *member = &policy->members[i];
        gradus_verdict verdict = fresh_verdict(policy, member);
        if (!member->row->decide) continue;
        member->row->decide(member->call, member->state, &policy->now, &verdict);
        scale *= scale_of(&verdict);
        merge(policy, &verdict);
        take_verdict(policy, member, &verdict);
    }
    return scale;
}

static void act(gradus_policy *policy, double scale, gradus_decision *answer)
{
    answer->action = policy->pending > GRADUS_APPLY ? (int32_t)policy->pending : GRADUS_APPLY;
    answer->reason = (int32_t)policy->pending_reason;
    policy->keep = -1;
    switch (answer->action) {
    case GRADUS_APPLY:
        policy->keep = answer->keep = choose_slot(policy);
        answer->gradient_scale = scale;
        break;
    case GRADUS_SKIP: policy->skips++; break;
    case GRADUS_ROLL_BACK:
        answer->restore = find_snapshot(policy, policy->pending_onset);
        roll_back(policy, answer->restore);
        answer->update = policy->now.updates;
        break;
    default: policy->stopped = 1;
    }
    policy->pending = policy->pending_reason = 0;
    policy->reason = answer->reason;
}

static void fill_rate(const gradus_policy *policy, gradus_decision *answer)
{
    answer->schedule = gradus_rate_schedule_factor(policy->timeline, &policy->now);
    answer->feedback = gradus_rate_feedback_factor(policy, NULL);
    answer->rate = gradus_rate_clamped(policy, answer->schedule, answer->feedback);
}

gradus_action gradus_policy_decide(gradus_policy *policy, gradus_decision *decision)
{
    gradus_decision answer = {.action = GRADUS_STOP, .keep = -1, .restore = -1, .last = 1, .gradient_scale = 1};
    if (policy) {
        answer.update = policy->now.updates;
        if (gradus_policy_finished(policy)) {
            policy->reason = answer.reason = gradus_policy_reason(policy);
        } else {
            policy->now.attempts++;
            double scale = ask_feedback(policy);
            fill_rate(policy, &answer);
            act(policy, scale, &answer);
            answer.last = policy->stopped || (answer.action == GRADUS_APPLY && gradus_rate_run_is_done(policy, 1));
        }
        answer.skips = (int32_t)policy->skips;
        answer.rollbacks = (int32_t)policy->rollbacks;
        policy->last_action = answer.action;
        policy->last_rate = answer.rate;
    }
    if (decision) *decision = answer;
    return (gradus_action)answer.action;
}

void gradus_policy_applied(gradus_policy *policy, const gradus_progress *progress)
{
    if (!policy || policy->last_action > GRADUS_APPLY) return; /* what was skipped cannot have been applied */
    tell_rate(policy);
    gradus_rate_clock_advance(policy, progress);
    if (policy->keep >= 0) policy->snapshots[policy->keep] = (rate_snapshot){1, policy->now, policy->extra};
    policy->keep = -1;
}

void gradus_policy_forget_snapshots(gradus_policy *policy)
{
    for (int32_t i = 0; policy && i < policy->config.snapshots; i++) policy->snapshots[i].kept = 0;
}

void gradus_policy_seek(gradus_policy *policy, int64_t update, const gradus_progress *made)
{
    if (!policy) return;
    gradus_rate_clock_set(policy, update, made);
    policy->keep = -1;
    forget_later(policy);
}

/* ---- values ---- */

double gradus_policy_rate(const gradus_policy *policy)
{
    return policy ? gradus_rate_of(policy, gradus_rate_feedback_factor(policy, NULL)) : 0;
}

const char *gradus_policy_scheduled(const gradus_policy *policy, int32_t index)
{
    return policy && index >= 0 && index < policy->scheduled_count ? policy->config.scheduled[index].name : NULL;
}

double gradus_policy_value(const gradus_policy *policy, const char *name)
{
    for (int32_t i = 0; policy && i < policy->scheduled_count; i++) {
        const gradus_schedule *schedule = policy->timeline->scheduled[i];
        if (strcmp(policy->config.scheduled[i].name, name) != 0) continue;
        return policy->config.scheduled[i].base *
               gradus_schedule_at(schedule, gradus_rate_clock_on(&policy->now, gradus_schedule_axis(schedule)));
    }
    for (int32_t i = 0; policy && i < policy->member_count; i++) {
        const rate_member *member = &policy->members[i];
        if (member->row->value && strcmp(member->row->member.name, name) == 0)
            return member->row->value(member->call, member->state);
    }
    return NAN;
}

void gradus_policy_peek(const gradus_policy *policy, gradus_decision *decision)
{
    *decision = (gradus_decision){.action = GRADUS_STOP, .keep = -1, .restore = -1, .last = 1, .gradient_scale = 1};
    if (!policy) return;
    decision->update = policy->now.updates;
    decision->skips = (int32_t)policy->skips;
    decision->rollbacks = (int32_t)policy->rollbacks;
    decision->reason = gradus_policy_finished(policy) ? gradus_policy_reason(policy) : GRADUS_REASON_NONE;
    fill_rate(policy, decision);
    if (gradus_policy_finished(policy)) return;
    decision->action = GRADUS_APPLY;
    decision->last = gradus_rate_run_is_done(policy, 1);
}

int32_t gradus_policy_reason(const gradus_policy *policy)
{
    if (!policy) return GRADUS_REASON_NONE;
    return !policy->stopped && gradus_rate_run_is_done(policy, 0) ? GRADUS_REASON_COMPLETED : (int32_t)policy->reason;
}
