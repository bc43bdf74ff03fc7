/* Decisions in words: the line of the decision log, and the sentence for whoever asks why. A rule is written once, as a
 * template over the numbers that were seen: with their names it is the test, with their values the reason. */
#include "policy.h"
#include <stdio.h>
#include <string.h>

static const char *const reason_names[] = {
    "none",      "completed",       "non_finite",     "diverging",          "exploding_gradient",
    "plateau",   "rate_at_minimum", "too_many_skips", "too_many_rollbacks", "member",
    "improving", "gradient_noise",  "overflow",       "rate_derivative",    "loss_gap",
    "curvature"};

const char *gradus_reason_name(int32_t reason)
{
    bool known = reason >= 0 && reason < (int32_t)(sizeof reason_names / sizeof *reason_names);
    return known ? reason_names[reason] : "unknown";
}

void gradus_rate_prefix(gradus_error *error, const char *place)
{
    char message[sizeof error->message];
    memcpy(message, error->message, sizeof message);
    snprintf(error->message, sizeof error->message, "%.40s: %.190s", place, message);
}

/* ---- text ---- */

void gradus_rate_text_put(rate_text *into, const char *text)
{
    size_t length = strlen(text), room = into->length + 1 < into->size ? into->size - into->length - 1 : 0;
    size_t taken = length < room ? length : room;
    if (taken > 0) {
        memcpy(into->text + into->length, text, taken);
        into->text[into->length + taken] = 0;
    }
    into->length += length;
}

/* Nearest number of four digits, so that its shortest text is short; whole numbers stay what they are. */
static double rounded(double number)
{
    if (!isfinite(number) || (number == floor(number) && fabs(number) < 1e15)) return number;
    int places = 3 - (int)floor(log10(fabs(number)));
    if (places < -20 || places > 20) return number;
    double power = pow(10, fabs((double)places));
    return places > 0 ? nearbyint(number * power) / power : nearbyint(number / power) * power;
}

void gradus_rate_text_number(rate_text *into, double number)
{
    char text[32];
    gradus_number_print(rounded(number), text);
    gradus_rate_text_put(into, text);
}

enum { SEEN = sizeof((gradus_verdict *)0)->seen / sizeof *((gradus_verdict *)0)->seen };

/* Fills {1} and {1=} of a rule in: names, or values. */
size_t gradus_rule_print(const gradus_verdict *verdict, bool values, char *text, size_t size)
{
    rate_text into = {text, size, 0};
    if (size > 0) text[0] = 0;
    for (const char *at = verdict->rule ? verdict->rule : ""; *at;) {
        int index = at[0] == '{' && at[1] >= '1' && at[1] <= '0' + SEEN ? at[1] - '1' : -1;
        if (index < 0) {
            gradus_rate_text_put(&into, (const char[]){*at++, 0});
            continue;
        }
        bool both = at[2] == '=';
        at += both ? 4 : 3;
        if (!values || both) gradus_rate_text_put(&into, verdict->seen[index].name);
        if (values && both) gradus_rate_text_put(&into, " ");
        if (values) gradus_rate_text_number(&into, verdict->seen[index].value);
    }
    return into.length;
}

static void put_text(rate_text *into, const rate_happening *what)
{
    char rule[RATE_TEXT];
    gradus_rule_print(what->verdict, true, rule, sizeof rule);
    if (what->by) gradus_rate_text_put(into, what->by);
    if (what->group) gradus_rate_text_put(into, " of "), gradus_rate_text_put(into, what->group);
    if (what->by) gradus_rate_text_put(into, ": ");
    gradus_rate_text_put(into, rule);
    if (what->back_to >= 0)
        gradus_rate_text_put(into, ": back to update "), gradus_rate_text_number(into, (double)what->back_to);
    if (what->factor_after != what->factor_before && !what->own_rate) {
        gradus_rate_text_put(into, what->back_to >= 0 ? ", x " : ": x ");
        gradus_rate_text_number(into, what->factor_after / what->factor_before);
    }
    if (strcmp(what->action, "clip") == 0) gradus_rate_text_put(into, ": clipped");
    if (what->by && what->own_rate) {
        gradus_rate_text_put(into, ": rate ");
        gradus_rate_text_number(into, what->rate_after);
    }
    if (strcmp(what->action, "skip") == 0) gradus_rate_text_put(into, ": skipped");
    if (strcmp(what->action, "stop") == 0) gradus_rate_text_put(into, ": stopped");
}

/* ---- the log ---- */

enum { LINE = 2048 };
typedef struct line {
    char text[LINE];
    size_t length;
} line;

static int append(void *user, const void *bytes, size_t size)
{
    line *into = user;
    if (size > LINE - into->length) return 1;
    memcpy(into->text + into->length, bytes, size);
    into->length += size;
    return 0;
}

static void log_line(const gradus_policy *policy, const rate_happening *what)
{
    line made = {.length = 0};
    char rule[RATE_TEXT];
    gradus_json json = {.write = append, .user = &made};
    const gradus_verdict *verdict = what->verdict;
    gradus_rule_print(verdict, false, rule, sizeof rule);
    gradus_json_open(&json, NULL, '{');
    gradus_json_number(&json, "update", (double)policy->now.updates);
    gradus_json_number(&json, "epoch", policy->now.epochs);
    gradus_json_number(&json, "samples", policy->now.samples);
    gradus_json_text(&json, "by", what->by ? what->by : "run");
    gradus_json_text(&json, "id", what->by ? what->id : "run");
    gradus_json_text(&json, "action", what->action);
    gradus_json_text(&json, "reason", gradus_reason_name(verdict->reason));
    gradus_json_number(&json, "factor_before", what->factor_before);
    gradus_json_number(&json, "factor_after", what->factor_after);
    gradus_json_number(&json, "rate_before", what->rate_before);
    gradus_json_number(&json, "rate_after", what->rate_after);
    gradus_json_open(&json, "seen", '{');
    for (int i = 0; i < SEEN && verdict->seen[i].name; i++)
        gradus_json_number(&json, verdict->seen[i].name, verdict->seen[i].value);
    gradus_json_close(&json, '}');
    gradus_json_text(&json, "rule", rule);
    gradus_json_text(&json, "text", policy->why);
    if (what->group) gradus_json_text(&json, "group", what->group);
    gradus_json_close(&json, '}');
    if (!json.failed) policy->config.log(policy->config.log_user, made.text, made.length);
}

void gradus_rate_tell(gradus_policy *policy, const rate_happening *happening)
{
    rate_text words = {policy->why, sizeof policy->why, 0};
    policy->why[0] = 0;
    put_text(&words, happening);
    policy->why_attempt = policy->now.attempts;
    if (policy->config.log) log_line(policy, happening);
}

/* ---- why ---- */

/* How a rate that nothing disturbed came about. */
static void put_factors(rate_text *into, const gradus_policy *policy)
{
    double feedback = gradus_rate_feedback_factor(policy, NULL),
           schedule = gradus_rate_schedule_factor(policy->timeline, &policy->now);
    gradus_rate_text_put(into, "update ");
    gradus_rate_text_number(into, (double)policy->now.updates);
    gradus_rate_text_put(into, ": rate ");
    gradus_rate_text_number(into, gradus_rate_of(policy, feedback));
    double base = gradus_rate_base(policy);
    gradus_rate_text_put(into, base == policy->timeline->units.base ? " = base " : " = own rate ");
    gradus_rate_text_number(into, base);
    gradus_rate_text_put(into, " x schedule ");
    gradus_rate_text_number(into, schedule);
    gradus_rate_text_put(into, " x feedback ");
    gradus_rate_text_number(into, feedback);
    double bare = base * schedule * feedback;
    if (bare < policy->config.minimum) gradus_rate_text_put(into, ", raised to the lower limit");
    if (policy->config.maximum > 0 && bare > policy->config.maximum)
        gradus_rate_text_put(into, ", lowered to the upper limit");
}

size_t gradus_policy_explain(const gradus_policy *policy, char *text, size_t size)
{
    rate_text into = {text, size, 0};
    if (size > 0) text[0] = 0;
    if (!policy)
        gradus_rate_text_put(&into, "there is no policy");
    else if (!policy->stopped && gradus_rate_run_is_done(policy, 0))
        gradus_rate_text_put(&into, "the run's length is reached");
    else if (policy->why[0] && (policy->stopped || policy->why_attempt >= policy->now.attempts))
        gradus_rate_text_put(&into, policy->why);
    else
        put_factors(&into, policy);
    return into.length;
}
