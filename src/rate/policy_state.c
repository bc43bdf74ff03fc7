/* States of policies: the clock, what feedback has learnt, and the events of the run, each under its name. Configuration is
 * written too, but only so that a difference can be told: what the caller has configured is never overwritten. */
#include "policy.h"
#include <stdio.h>
#include <string.h>

/* ---- the pieces, each with its name: one walk serves saving, comparing and loading ---- */

typedef struct piece {
    char name[128];
    gradus_state_type type;
    int64_t count;
    void *data;
} piece;

typedef void visit(void *user, const piece *at);

static void each(visit *visitor, void *user, const char *prefix, const char *name, gradus_state_type type,
                 int64_t count, void *data)
{
    piece at = {.type = type, .count = count, .data = data};
    snprintf(at.name, sizeof at.name, "%.60s%.60s", prefix, name);
    visitor(user, &at);
}

static void each_text(visit *visitor, void *user, const char *prefix, const char *name, const char *text)
{
    each(visitor, user, prefix, name, GRADUS_STATE_TEXT, (int64_t)strlen(text), (void *)text);
}

static void walk_clock(gradus_clock *clock, rate_extra *extra, const char *prefix, visit *visitor, void *user)
{
    const struct {
        const char *name;
        double *value;
    } numbers[] = {{"samples", &clock->samples},       {"tokens", &clock->tokens},
                   {"epochs", &clock->epochs},         {"seconds", &clock->seconds},
                   {"extra_samples", &extra->samples}, {"extra_tokens", &extra->tokens},
                   {"extra_epochs", &extra->epochs}};
    each(visitor, user, prefix, "updates", GRADUS_STATE_INT64, 1, &clock->updates);
    each(visitor, user, prefix, "attempts", GRADUS_STATE_INT64, 1, &clock->attempts);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        each(visitor, user, prefix, numbers[i].name, GRADUS_STATE_DOUBLE, 1, numbers[i].value);
}

static void walk_run(gradus_policy *policy, visit *visitor, void *user)
{
    const struct {
        const char *name;
        int64_t *value;
    } integers[] = {{"skips", &policy->skips},
                    {"rollbacks", &policy->rollbacks},
                    {"stopped", &policy->stopped},
                    {"reason", &policy->reason},
                    {"pending", &policy->pending},
                    {"pending_reason", &policy->pending_reason},
                    {"pending_onset", &policy->pending_onset},
                    {"keep", &policy->keep},
                    {"last_action", &policy->last_action}};
    walk_clock(&policy->now, &policy->extra, "", visitor, user);
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++)
        each(visitor, user, "", integers[i].name, GRADUS_STATE_INT64, 1, integers[i].value);
    each(visitor, user, "", "last_rate", GRADUS_STATE_DOUBLE, 1, &policy->last_rate);
    for (int32_t i = 0; i < policy->config.snapshots; i++) {
        char prefix[RATE_NAME];
        rate_snapshot *at = &policy->snapshots[i];
        snprintf(prefix, sizeof prefix, "snapshot.%d.", (int)i);
        each(visitor, user, prefix, "kept", GRADUS_STATE_INT64, 1, &at->kept);
        walk_clock(&at->clock, &at->extra, prefix, visitor, user);
    }
}

static void walk_member(gradus_policy *policy, int32_t index, visit *visitor, void *user)
{
    char prefix[2 * RATE_NAME];
    rate_member *member = &policy->members[index];
    unsigned char *state = member->state;
    size_t behind = (member->row->state_size + sizeof(double) - 1) / sizeof(double) * sizeof(double);
    snprintf(prefix, sizeof prefix, "feedback.%s.", member->key);
    each(visitor, user, prefix, "factor", GRADUS_STATE_DOUBLE, 1, &member->factor);
    for (const gradus_field *field = member->row->fields; field && field->name; field++) {
        int32_t length = field->length_argument;
        int64_t count = gradus_rate_field_count(member->row, member->call, field);
        each(visitor, user, prefix, field->name, field->kind == GRADUS_INT64 ? GRADUS_STATE_INT64 : GRADUS_STATE_DOUBLE,
             count, state + (length > 0 ? behind : field->offset));
        if (length > 0) behind += (size_t)count * sizeof(double);
    }
}

static void walk(gradus_policy *policy, visit *visitor, void *user)
{
    walk_run(policy, visitor, user);
    for (int32_t i = 0; i < policy->member_count; i++) walk_member(policy, i, visitor, user);
}

/* ---- saving ---- */

static void write_piece(void *user, const piece *at)
{
    gradus_state_entry(user, at->name, at->type, at->count, at->data);
}

/* What is configured, as numbers and texts. */
static void walk_config(gradus_policy *policy, visit *visitor, void *user)
{
    const gradus_policy_config *config = &policy->config;
    const struct {
        const char *name;
        double value;
    } numbers[] = {{"base", config->base},
                   {"minimum", config->minimum},
                   {"maximum", config->maximum},
                   {"total", config->units.total},
                   {"total_unit", config->units.total_unit},
                   {"updates_per_epoch", config->units.updates_per_epoch},
                   {"samples_per_update", config->units.samples_per_update},
                   {"tokens_per_update", config->units.tokens_per_update},
                   {"samples_per_epoch", config->units.samples_per_epoch}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        double value = numbers[i].value;
        each(visitor, user, "config.", numbers[i].name, GRADUS_STATE_DOUBLE, 1, &value);
    }
    each_text(visitor, user, "config.", "schedule", config->schedule ? config->schedule : "constant");
    each_text(visitor, user, "config.", "feedback", config->feedback ? config->feedback : "none");
    for (int32_t i = 0; i < policy->scheduled_count; i++) {
        char prefix[2 * RATE_NAME];
        const gradus_scheduled *one = &config->scheduled[i];
        double base = one->base;
        snprintf(prefix, sizeof prefix, "config.%.48s.", one->name);
        each(visitor, user, prefix, "base", GRADUS_STATE_DOUBLE, 1, &base);
        each_text(visitor, user, prefix, "schedule", one->schedule ? one->schedule : "constant");
    }
}

static void write_events(const rate_timeline *timeline, gradus_state_writer *writer)
{
    char name[RATE_NAME];
    for (int32_t i = 0; i < timeline->event_count; i++) {
        const rate_event *event = &timeline->events[i];
        const int64_t integers[] = {event->kind, event->at.updates, event->at.attempts};
        const double numbers[] = {event->value, event->at.samples, event->at.tokens, event->at.epochs,
                                  event->at.seconds};
        snprintf(name, sizeof name, "event.%d.clock", (int)i);
        gradus_state_entry(writer, name, GRADUS_STATE_INT64, 3, integers);
        snprintf(name, sizeof name, "event.%d.counts", (int)i);
        gradus_state_entry(writer, name, GRADUS_STATE_DOUBLE, 5, numbers);
        snprintf(name, sizeof name, "event.%d.text", (int)i);
        gradus_state_text(writer, name, event->text);
    }
}

/* With `write` NULL it only counts and sums. */
static gradus_state_writer save(const gradus_policy *policy, gradus_write *write, void *user, gradus_error *error)
{
    gradus_state_writer writer;
    gradus_policy *walked = (gradus_policy *)policy; /* the pieces are only read */
    gradus_state_begin(&writer, "policy", write, user, error);
    walk(walked, write_piece, &writer);
    gradus_state_int(&writer, "events", policy->timeline->event_count);
    write_events(policy->timeline, &writer);
    walk_config(walked, write_piece, &writer);
    gradus_state_end(&writer);
    return writer;
}

uint64_t gradus_policy_state_size(const gradus_policy *policy)
{
    return policy ? save(policy, NULL, NULL, NULL).size : 0;
}

uint64_t gradus_policy_digest(const gradus_policy *policy)
{
    return policy ? save(policy, NULL, NULL, NULL).checksum : 0;
}

gradus_status gradus_policy_save(const gradus_policy *policy, gradus_write *write, void *user, gradus_error *error)
{
    gradus_error own = {0};
    if (gradus_failed(error)) return (gradus_status)error->status;
    if (!policy || !write)
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_NONE, "there is nothing to save, or nowhere");
    save(policy, write, user, &own);
    if (own.status && error) *error = own;
    return (gradus_status)own.status;
}

/* ---- comparing ---- */

typedef struct loading {
    gradus_state_reader reader;
    const gradus_load *how;
    int32_t refused;
    char first[64];         /* name of the first that is refused */
    const char *looked_for; /* is_known */
    bool known, fits;
} loading;

static void put_item(char text[48], gradus_state_type type, int64_t count, const void *data)
{
    rate_text into = {text, 48, 0};
    double number;
    text[0] = 0;
    if (type == GRADUS_STATE_TEXT) {
        gradus_rate_text_put(&into, data);
    } else if (type == GRADUS_STATE_DOUBLE && count == 1) {
        gradus_state_item item = {.type = type, .count = 1, .data = data};
        gradus_state_copy(&item, &number);
        gradus_rate_text_number(&into, number);
    } else {
        gradus_rate_text_number(&into, (double)count);
        gradus_rate_text_put(&into, type == GRADUS_STATE_INT64    ? " whole numbers"
                                    : type == GRADUS_STATE_DOUBLE ? " numbers"
                                                                  : " values");
    }
}

static void report(loading *l, gradus_difference_kind kind, const char *name, const gradus_state_item *saved,
                   const piece *present)
{
    bool accepted = kind == GRADUS_OTHER_VALUE || (l->how && l->how->accept >> kind & 1);
    gradus_difference told = {
        .kind = kind, .refused = !accepted, .name = name, .saved = "nothing", .present = "nothing"};
    if (saved) put_item(told.saved, saved->type, saved->count, saved->data);
    if (present) put_item(told.present, present->type, present->count, present->data);
    if (!accepted && l->refused++ == 0) snprintf(l->first, sizeof l->first, "%.63s", name);
    if (l->how && l->how->difference) l->how->difference(l->how->user, &told);
}

/* How an entry differs from what is here; -1: it fits. */
static int compare(loading *l, const piece *at, gradus_state_item *item)
{
    if (!gradus_state_find(&l->reader, at->name, item)) return GRADUS_MISSING;
    if (item->type != at->type) return GRADUS_OTHER_TYPE;
    return item->count == at->count ? -1 : GRADUS_OTHER_SHAPE;
}

static void compare_piece(void *user, const piece *at)
{
    gradus_state_item item;
    int kind = compare(user, at, &item);
    if (kind >= 0) report(user, (gradus_difference_kind)kind, at->name, kind == GRADUS_MISSING ? NULL : &item, at);
}

static void compare_config(void *user, const piece *at)
{
    loading *l = user;
    gradus_state_item item;
    if (!gradus_state_find(&l->reader, at->name, &item)) return;
    bool text = at->type == GRADUS_STATE_TEXT;
    double saved = 0;
    if (item.type == GRADUS_STATE_DOUBLE && item.count == 1) gradus_state_copy(&item, &saved);
    bool same = item.type == at->type && (text ? strcmp(item.data, at->data) == 0 : saved == *(const double *)at->data);
    if (!same) report(l, GRADUS_OTHER_VALUE, at->name + strlen("config."), &item, at);
}

static void look_for(void *user, const piece *at)
{
    loading *l = user;
    if (strcmp(at->name, l->looked_for) == 0) l->known = true;
}

static void compare_extra(gradus_policy *policy, loading *l)
{
    gradus_state_item item;
    for (size_t cursor = 0; gradus_state_next(&l->reader, &cursor, &item);) {
        if (strncmp(item.name, "config.", 7) == 0 || strncmp(item.name, "event", 5) == 0) continue;
        l->looked_for = item.name;
        l->known = false;
        walk(policy, look_for, l);
        if (!l->known) report(l, GRADUS_EXTRA, item.name, &item, NULL);
    }
}

/* ---- loading ---- */

static void fits_piece(void *user, const piece *at)
{
    loading *l = user;
    gradus_state_item item;
    if (compare(l, at, &item) >= 0) l->fits = false;
}

static void copy_piece(void *user, const piece *at)
{
    loading *l = user;
    gradus_state_item item;
    if (compare(l, at, &item) < 0) gradus_state_copy(&item, at->data);
}

/* The state of one feedback is taken whole or, where a part does not fit, not at all. */
static void copy_all(gradus_policy *policy, loading *l)
{
    walk_run(policy, copy_piece, l);
    for (int32_t i = 0; i < policy->member_count; i++) {
        l->fits = true;
        walk_member(policy, i, fits_piece, l);
        if (l->fits) walk_member(policy, i, copy_piece, l);
    }
}

static bool read_event(loading *l, int32_t index, rate_event *event)
{
    char name[RATE_NAME];
    gradus_state_item clock, counts, text;
    int64_t integers[3];
    double numbers[5];
    snprintf(name, sizeof name, "event.%d.clock", (int)index);
    if (!gradus_state_find(&l->reader, name, &clock) || clock.type != GRADUS_STATE_INT64 || clock.count != 3)
        return false;
    snprintf(name, sizeof name, "event.%d.counts", (int)index);
    if (!gradus_state_find(&l->reader, name, &counts) || counts.type != GRADUS_STATE_DOUBLE || counts.count != 5)
        return false;
    snprintf(name, sizeof name, "event.%d.text", (int)index);
    if (!gradus_state_find(&l->reader, name, &text) || text.type != GRADUS_STATE_TEXT) return false;
    gradus_state_copy(&clock, integers);
    gradus_state_copy(&counts, numbers);
    *event = (rate_event){.kind = integers[0],
                          .value = numbers[0],
                          .text = text.data,
                          .at = {.updates = integers[1],
                                 .attempts = integers[2],
                                 .samples = numbers[1],
                                 .tokens = numbers[2],
                                 .epochs = numbers[3],
                                 .seconds = numbers[4]}};
    return true;
}

/* A timeline from the events of the state and the present configuration. */
static gradus_status load_timeline(const gradus_policy *policy, loading *l, rate_timeline **timeline,
                                   gradus_error *error)
{
    gradus_state_item item;
    int64_t count = 0;
    if (gradus_state_find(&l->reader, "events", &item) && item.type == GRADUS_STATE_INT64 && item.count == 1)
        gradus_state_copy(&item, &count);
    if (count < 0 || count > l->reader.entries)
        return gradus_fail(error, GRADUS_ERROR_STATE, GRADUS_CODE_BAD_DATA, "the state does not hold its events");
    size_t size = ((size_t)count + 1) * sizeof(rate_event);
    rate_event *events = gradus_allocate(policy->context, size);
    if (!events)
        return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "no memory for the events of a state");
    bool whole = true;
    for (int32_t i = 0; i < count && whole; i++) whole = read_event(l, i, &events[i]);
    gradus_error own = {0};
    if (whole) *timeline = gradus_rate_timeline_make(policy, events, (int32_t)count, &own);
    gradus_release(policy->context, events, size);
    if (*timeline) return GRADUS_OK;
    return gradus_fail(error, own.status == GRADUS_ERROR_MEMORY ? GRADUS_ERROR_MEMORY : GRADUS_ERROR_STATE,
                       whole ? (gradus_code)own.code : GRADUS_CODE_BAD_DATA, "%s",
                       whole ? own.message : "the state does not hold its events");
}

static void tell_resume(gradus_policy *policy)
{
    const gradus_verdict verdict = {.rule = "goes on from a saved state"};
    double factor = gradus_rate_feedback_factor(policy, NULL), rate = gradus_rate_of(policy, factor);
    gradus_rate_tell(policy, &(rate_happening){.verdict = &verdict,
                                               .action = "resume",
                                               .factor_before = factor,
                                               .factor_after = factor,
                                               .rate_before = rate,
                                               .rate_after = rate,
                                               .back_to = -1});
}

gradus_status gradus_policy_load(gradus_policy *policy, const void *state, size_t size, const gradus_load *how,
                                 gradus_error *error)
{
    loading l = {.how = how};
    rate_timeline *timeline = NULL;
    if (gradus_failed(error)) return (gradus_status)error->status;
    if (!policy || !state)
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_NONE, "there is no policy, or no state");
    gradus_status status = gradus_state_open(&l.reader, "policy", state, size, error);
    if (status != GRADUS_OK) return status;
    walk(policy, compare_piece, &l);
    walk_config(policy, compare_config, &l);
    compare_extra(policy, &l);
    if (l.refused)
        return gradus_fail(error, GRADUS_ERROR_STATE, GRADUS_CODE_REFUSED,
                           "the state does not fit this policy: %d differences, the first in '%s'", (int)l.refused,
                           l.first);
    status = load_timeline(policy, &l, &timeline, error);
    if (status == GRADUS_OK) status = gradus_rate_timeline_take(policy, timeline, error);
    if (status != GRADUS_OK) return status;
    copy_all(policy, &l);
    tell_resume(policy);
    return GRADUS_OK;
}
