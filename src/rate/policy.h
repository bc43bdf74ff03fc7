/* policy.h - what a policy is made of. Shared by the files that make it, ask it, explain it, save it. */
#ifndef GRADUS_RATE_POLICY_H
#define GRADUS_RATE_POLICY_H
#include "rate.h"

enum { RATE_TEXT = 512, RATE_NAME = 48, RATE_SNAPSHOTS = 64 };

/* ---- runtime events and the schedules that follow from them ---- */

typedef enum rate_event_kind { RATE_EXTEND = 1, RATE_COOL_DOWN, RATE_REBASE } rate_event_kind;

typedef struct rate_event {
    int64_t kind; /* enum rate_event_kind */
    double value; /* the new length or base */
    gradus_clock at;
    const char *text; /* the schedule of a cool-down */
} rate_event;

/* Everything that depends on the length of the run and on its base: a pure function of configuration and events, made
 * anew when an event comes, so that an event that cannot be leaves everything as it was. */
typedef struct rate_timeline {
    gradus_arena arena; /* in which it lives itself */
    gradus_units units; /* with the length and the base in force */
    gradus_schedule *schedule;
    gradus_schedule *tail; /* of a cool-down, which begins at tail_start on its axis; NULL: none */
    double tail_start;
    gradus_schedule **scheduled; /* as config.scheduled */
    rate_event *events;
    int32_t event_count;
} rate_timeline;

/* ---- feedback ---- */

typedef struct rate_member {
    const gradus_feedback_row *row;
    const gradus_item *item;
    gradus_call *call;
    void *state;
    double factor;       /* of an absolute one its rate, NaN: none yet */
    const char *group;   /* whose rate alone it moves; NULL: the run's */
    char id[RATE_NAME];  /* "feedback.0": what the decision log says */
    char key[RATE_NAME]; /* "guard", "plateau.2": what its state is called */
} rate_member;

typedef struct rate_listener {
    const char *metric; /* "update_norm", or "head.update_norm" of one that goes by a group */
    const char *name;   /* what it is to that one: the metric without the group */
    int32_t member;
} rate_listener;

/* Something that was not the schedule's own doing: for the log and for whoever asks why. */
typedef struct rate_happening {
    const gradus_verdict *verdict; /* rule, reason and what was seen */
    const char *by, *id, *action;  /* by NULL: the run itself */
    const char *group;             /* whose rate alone it is; NULL: the run's */
    double factor_before, factor_after, rate_before, rate_after;
    int64_t back_to; /* update that a rollback goes to; -1: none */
    bool own_rate;   /* what has changed is no factor but a rate that stands in for the base */
} rate_happening;

/* ---- the policy ---- */

/* What was counted beyond what updates of the usual size make. */
typedef struct rate_extra {
    double samples, tokens, epochs;
} rate_extra;

typedef struct rate_snapshot {
    int64_t kept;
    gradus_clock clock;
    rate_extra extra;
} rate_snapshot;

struct gradus_policy {
    gradus_context *context;
    gradus_arena arena;
    gradus_policy_config config; /* texts copied */
    int32_t scheduled_count;
    bool sizes_vary; /* the batch follows a schedule */
    rate_timeline *timeline;
    gradus_spec *feedback; /* NULL: none */
    rate_member *members;
    rate_listener *listeners;
    int32_t member_count, listener_count;

    gradus_clock now;
    rate_extra extra;
    rate_snapshot *snapshots;
    int64_t skips, rollbacks;
    int64_t stopped; /* a feedback has ended the run */
    int64_t reason;  /* of the last decision, or why it has stopped */
    int64_t pending; /* what was answered to measures since the last decision: enum gradus_action */
    int64_t pending_reason;
    int64_t pending_onset;
    int64_t keep;        /* snapshot that the update handed out is to be kept in; -1: none */
    int64_t last_action; /* of the last decision */
    double last_rate;    /* the same */
    char why[RATE_TEXT]; /* the last happening in words; "": none yet */
    int64_t why_attempt; /* of which attempt */
};

/* ---- clock (policy_clock.c) ---- */

double gradus_rate_clock_on(const gradus_clock *clock, int32_t axis);
void gradus_rate_clock_advance(gradus_policy *policy, const gradus_progress *progress);
void gradus_rate_clock_set(gradus_policy *policy, int64_t update, const gradus_progress *made);
bool gradus_rate_run_is_done(const gradus_policy *policy, int64_t ahead); /* now, or after so many usual updates */

/* ---- timeline (policy_timeline.c) ---- */

rate_timeline *gradus_rate_timeline_make(const gradus_policy *policy, const rate_event *events, int32_t count,
                                         gradus_error *error);
void gradus_rate_timeline_destroy(rate_timeline *timeline);
/* Takes a new timeline in place of the old one, feedback and all; on failure the new one is destroyed. */
gradus_status gradus_rate_timeline_take(gradus_policy *policy, rate_timeline *timeline, gradus_error *error);
double gradus_rate_schedule_factor(const rate_timeline *timeline, const gradus_clock *now);

/* ---- feedback (policy_feedback.c) ---- */

/* How many numbers a field of a state holds. */
int64_t gradus_rate_field_count(const gradus_feedback_row *row, const gradus_call *call, const gradus_field *field);
gradus_status gradus_rate_feedback_make(gradus_policy *policy, gradus_error *error);
gradus_status gradus_rate_feedback_fill(gradus_policy *policy, const rate_timeline *timeline, gradus_error *error);
double gradus_rate_feedback_factor(const gradus_policy *policy, const char *group); /* NULL: what holds for all */
double gradus_rate_base(const gradus_policy *policy);                               /* or what stands in for it */
double gradus_rate_clamped(const gradus_policy *policy, double schedule, double feedback);
double gradus_rate_of(const gradus_policy *policy, double feedback); /* the clamped rate at this factor */

/* ---- words (policy_log.c) ---- */

void gradus_rate_tell(gradus_policy *policy, const rate_happening *happening);
/* `place: ` in front of the message of an error that has just been set. */
void gradus_rate_prefix(gradus_error *error, const char *place);

/* ---- text that is cut where the room ends ---- */

typedef struct rate_text {
    char *text;
    size_t size, length; /* length: what it would take */
} rate_text;
void gradus_rate_text_put(rate_text *into, const char *text);
void gradus_rate_text_number(rate_text *into, double number); /* four digits; whole numbers in full */

#endif
