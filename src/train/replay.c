/* Replays: what was measured is told to a feedback again. The policy decides as it would in the loop; its clock is the run's own, so
 * where the two part, because one skips a gradient or goes back and the other does not, the replay follows the run. */
#define _XOPEN_SOURCE 700
#include "replay.h"
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "decisions.h"
#include "run.h"

enum { EQUAL_BITS = 40 };

/* What the run was given on its way: another length, another base. */
typedef struct replay_event {
    bool base; /* otherwise a length */
    int64_t update;
    int32_t rollbacks; /* how often the run had gone back before */
    double before, after;
} replay_event;

typedef struct replay {
    const gradus_replay_config *config;
    const gradus_replay_listener *listener;
    gradus_replay_end *end;
    gradus_error *error;
    json_t *summary; /* of the run; NULL: a file */
    char own[4096];  /* feedback of the run */
    gradus_replay_log log;
    gradus_buffer events; /* of replay_event */
    size_t next_event;
    int32_t rollbacks;
    bool other_settings; /* the run went on with another schedule, which the log does not have */
    gradus_spec *spec;
    gradus_reader reader; /* of files that the schedule is made of */
    gradus_context *context;
    gradus_policy *policy;
    int64_t clock;  /* of the policy */
    double seconds; /* that an update took on average, where the schedule counts them; 0: it does not */
    bool pending;   /* a gradient was judged at `clock`, and it is not known yet whether the run applied it */
    int32_t action; /* what the policy said of it */
    double samples; /* before it */
    gradus_units units;
} replay;

/* ---- the run ---- */

static double number_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

/* A setting as it was; NULL: none. */
static const char *setting_of(const replay *r, const char *key)
{
    const char *text = json_string_value(json_object_get(json_object_get(r->summary, "config"), key));
    return text && strcmp(text, "none") != 0 ? text : NULL;
}

static double setting_number(const replay *r, const char *key)
{
    const char *text = setting_of(r, key);
    double number;
    return text && gradus_number_read(text, strlen(text), &number) == strlen(text) ? number : 0;
}

static void note(const replay *r, const char *format, ...) GRADUS_FORMAT(2, 3);
static void note(const replay *r, const char *format, ...)
{
    char text[600];
    va_list arguments;
    if (!r->listener->note) return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    r->listener->note(r->listener->user, text);
}

static void on_event(void *user, const gradus_run_decision *decision)
{
    replay *r = user;
    r->rollbacks += strcmp(decision->action, "roll_back") == 0;
    if (strcmp(decision->by, "run") != 0) return;
    bool base = strcmp(decision->action, "set_base") == 0, length = strcmp(decision->action, "extend") == 0;
    if (strcmp(decision->action, "resume") == 0) r->other_settings = true;
    if ((!base && !length) || decision->count < 2) return;
    replay_event event = {base, decision->update, r->rollbacks, decision->seen[0].value, decision->seen[1].value};
    if (gradus_buffer_write(&r->events, &event, sizeof event))
        gradus_fail(r->error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
}

static const replay_event *event_at(const replay *r, size_t index)
{
    return (index + 1) * sizeof(replay_event) <= r->events.size ? (const replay_event *)r->events.bytes + index : NULL;
}

/* The value that the run began with: what the first event of this kind changed. */
static double at_first(const replay *r, bool base, double now)
{
    const replay_event *event;
    for (size_t i = 0; (event = event_at(r, i)); i++)
        if (event->base == base) return event->before;
    return now;
}

static gradus_status read_run(replay *r)
{
    const char *folder = r->config->source;
    char *text = gradus_run_summary(folder, r->error);
    if (!text) return r->error->status;
    r->summary = json_loads(text, 0, NULL);
    free(text);
    const json_t *plan = json_object_get(r->summary, "plan");
    r->units = (gradus_units){.total = number_of(plan, "updates"),
                              .total_unit = GRADUS_UPDATES,
                              .updates_per_epoch = number_of(plan, "updates_per_epoch"),
                              .samples_per_update = number_of(plan, "batch"),
                              .samples_per_epoch = number_of(json_object_get(r->summary, "data"), "training"),
                              .base = number_of(json_object_get(r->summary, "lr"), "base")};
    const char *own = setting_of(r, "feedback");
    snprintf(r->own, sizeof r->own, "%s", own ? own : "none");
    gradus_run_decisions(folder, on_event, r, r->error);
    r->rollbacks = 0;
    return gradus_replay_log_open(&r->log, folder, true, r->error);
}

static gradus_status read_file(replay *r)
{
    if (!r->config->feedback)
        return gradus_fail(r->error, GRADUS_ERROR_USE, GRADUS_CODE_MISSING,
                           "%s is no run, which would have a feedback of its own; say which one to replay",
                           r->config->source);
    if (gradus_replay_log_open(&r->log, r->config->source, false, r->error)) return r->error->status;
    r->units =
        (gradus_units){.total = (double)r->log.end, .total_unit = GRADUS_UPDATES, .updates_per_epoch = 1, .base = 1};
    return GRADUS_OK;
}

/* ---- the policy ---- */

static void on_line(void *user, const char *json, size_t length)
{
    replay *r = user;
    gradus_run_decision decision;
    char line[4096];
    if (length >= sizeof line) return;
    memcpy(line, json, length);
    line[length] = 0;
    json_t *object = gradus_decision_read(line, length, &decision);
    bool own = object && strcmp(decision.by, "run") != 0;      /* events are the run's, not the feedback's */
    bool other = own && r->config->feedback && r->seconds > 0; /* rates tell nothing then */
    if (other && r->end->parts < 0) r->end->parts = decision.update;
    if (own && r->listener->decision) r->listener->decision(r->listener->user, &decision);
    json_decref(object);
}

/* No log has clock times, so the time that a schedule may count is spread evenly. */
static void count_seconds(replay *r)
{
    gradus_error unread = {0};
    gradus_schedule *schedule = gradus_schedule_create(setting_of(r, "schedule"), &r->units, r->context, &unread);
    double total = number_of(json_object_get(r->summary, "seconds"), "total"),
           updates = number_of(r->summary, "updates");
    if (gradus_schedule_axis(schedule) == GRADUS_SECONDS && updates > 0) r->seconds = total / updates;
    gradus_schedule_destroy(schedule);
}

static gradus_status make_policy(replay *r, const char *feedback)
{
    gradus_policy_config wanted = {.base = at_first(r, true, r->units.base),
                                   .minimum = setting_number(r, "lr_min"),
                                   .maximum = setting_number(r, "lr_max"),
                                   .schedule = setting_of(r, "schedule"),
                                   .feedback = feedback,
                                   .units = r->units,
                                   .snapshots = r->log.run ? GRADUS_RUN_SNAPSHOTS : 0,
                                   .log = on_line,
                                   .log_user = r};
    const char *base = json_string_value(json_object_get(json_object_get(r->summary, "data"), "folder"));
    r->reader.folder = base;
    r->context =
        gradus_context_create(&(gradus_context_config){.read = gradus_reader_read, .user = &r->reader}, r->error);
    wanted.context = r->context;
    wanted.units.total = at_first(r, false, r->units.total);
    r->policy = gradus_policy_create(&wanted, r->error);
    count_seconds(r);
    return r->error->status;
}

/* Where the feedback says that it listens to the measure. */
static gradus_where place_of(const gradus_chain *chain, const char *metric)
{
    for (int32_t i = 0; i < chain->count; i++) {
        const gradus_item *item = &chain->items[i];
        for (int32_t j = 0; j < item->value_count; j++) {
            const gradus_argument *row = gradus_item_argument(item, j);
            const gradus_value *value = &item->values[j];
            if (row && row->kind == GRADUS_METRIC && value->present && strcmp(value->text, metric) == 0)
                return value->given ? value->place : item->name_place;
        }
        const gradus_feedback_row *row = (const gradus_feedback_row *)item->member;
        if (row && row->metrics && gradus_names_hold(row->metrics, metric)) return item->name_place;
    }
    return chain->place;
}

/* What it listens to must be there; that it was not measured for each gradient is worth a word. */
static gradus_status check_measures(replay *r, const char *feedback)
{
    const char *metric;
    char names[600];
    for (int32_t i = 0; (metric = gradus_policy_listens(r->policy, i)); i++) {
        if (strcmp(metric, "rate") == 0) continue; /* which the policy tells itself */
        int32_t column = gradus_sheet_find(r->log.sheet, metric);
        int64_t told = column < 0 ? 0 : r->log.told[column], judged = told > 0 ? r->log.judged[column] : 0;
        bool sparse = judged > 0 && judged < r->log.gradients && !r->log.reports && r->config->feedback;
        if (sparse)
            note(r, "%s was measured for %lld of %lld gradients only", metric, (long long)judged,
                 (long long)r->log.gradients);
        if (told > 0) continue;
        gradus_replay_log_names(&r->log, names, sizeof names);
        return gradus_spec_fail(r->error, feedback, place_of(gradus_spec_chain(r->spec), metric), GRADUS_CODE_REFERENCE,
                                "%s has no '%s'; it has %s", r->log.path, metric, *names ? names : "no measures");
    }
    return GRADUS_OK;
}

/* "feedback: " stands in front of the message already where the text is shown. */
static gradus_status misplaced(replay *r, const char *feedback, gradus_report *report)
{
    static const char prefix[] = "feedback: ";
    gradus_error error = *r->error;
    if (!r->config->feedback) return error.status; /* the run's own, which the user did not write here */
    if (strncmp(error.message, prefix, strlen(prefix)) == 0)
        memmove(error.message, error.message + strlen(prefix), strlen(error.message) - strlen(prefix) + 1);
    if (error.line) gradus_report_spec(report, "feedback", feedback, &error);
    return error.status;
}

static gradus_status listen(replay *r, gradus_report *report)
{
    const char *feedback = r->config->feedback ? r->config->feedback : r->own;
    gradus_spec_config how = {.family = "feedback", .language = gradus_train_language()};
    r->spec = gradus_spec_create(feedback, &how, r->error);
    if (r->error->status || make_policy(r, feedback) || check_measures(r, feedback))
        return misplaced(r, feedback, report);
    return GRADUS_OK;
}

static void tell_start(const replay *r)
{
    char feedback[4096];
    gradus_spec_print(r->spec, GRADUS_PRINT_CANONICAL, feedback, sizeof feedback);
    const char *source = json_string_value(json_object_get(json_object_get(r->summary, "lr"), "source"));
    gradus_replay_facts facts = {.log = r->log.path,
                                 .feedback = feedback,
                                 .own = r->log.run ? r->own : NULL,
                                 .reports = r->log.reports,
                                 .rows = r->log.rows,
                                 .gradients = r->log.gradients,
                                 .base = r->units.base,
                                 .automatic = source && strcmp(source, "auto") == 0,
                                 .updates = r->log.run ? number_of(r->summary, "updates") : (double)r->log.rows,
                                 .updates_per_epoch = r->units.updates_per_epoch};
    if (r->listener->start) r->listener->start(r->listener->user, &facts);
    if (r->log.run && r->log.reports)
        note(r, "there is no measures.csv of the whole run; its reports stand in: %s", r->log.path);
    if (r->seconds > 0)
        note(r, "the schedule counts seconds, of which the log has none: the rates are as if each update had taken as "
                "long");
    if (r->other_settings)
        note(r, "the run went on with other settings of its rate; all of it is replayed with those that it ended with");
}

/* ---- row by row ---- */

static double or_usual(double amount) { return amount > 0 ? amount : 0; }

static void seek(replay *r, int64_t update, double samples)
{
    gradus_progress made = {.samples = or_usual(samples), .seconds = (double)update * r->seconds};
    if (r->clock != update) gradus_policy_seek(r->policy, update, &made);
    r->clock = update;
}

/* Brings the policy to where the run was at this row: it applied what it judged before, or it did not. */
static void catch_up(replay *r, int64_t update, double samples)
{
    if (r->pending && r->action == GRADUS_APPLY && update == r->clock + 1) {
        gradus_progress made = {.samples = or_usual(samples - r->samples), .seconds = r->seconds};
        gradus_policy_applied(r->policy, &made);
        r->clock++;
    }
    r->pending = false;
    seek(r, update, samples);
}

/* Whether it came before this row; a look at the same update was told before the run was given anything. */
static bool is_due(const replay *r, const replay_event *event, const gradus_replay_row *row)
{
    if (event->rollbacks != r->rollbacks) return event->rollbacks < r->rollbacks;
    if (event->update != row->update) return event->update < row->update;
    return row->gradient && !r->log.reports;
}

static void apply_events(replay *r, const gradus_replay_row *row)
{
    const replay_event *event;
    for (; (event = event_at(r, r->next_event)) && is_due(r, event, row); r->next_event++)
        if (event->base)
            gradus_policy_rebase(r->policy, event->after, r->error);
        else
            gradus_policy_extend(r->policy, event->after, r->error);
}

static void tell(replay *r)
{
    double number;
    const char *name;
    for (int32_t i = 0; (name = gradus_sheet_column(r->log.sheet, i)); i++) {
        bool heard = false;
        for (int32_t j = 0; r->log.told[i] > 0 && !heard && gradus_policy_listens(r->policy, j); j++)
            heard = strcmp(gradus_policy_listens(r->policy, j), name) == 0;
        if (heard && gradus_sheet_number(r->log.sheet, i, &number, r->error))
            gradus_policy_observe(r->policy, name, number);
    }
}

static bool differ(double a, double b)
{
    return isnan(a) != isnan(b) || (!isnan(a) && fabs(a - b) > ldexp(fmax(fabs(a), fabs(b)), -EQUAL_BITS));
}

static void point(replay *r, int64_t update, double rate, double was)
{
    gradus_replay_point made = {.update = update, .rate = rate, .was = was};
    bool known = r->log.run && !(r->seconds > 0) && (!r->log.reports || !isnan(was));
    if (known && r->end->parts < 0 && differ(rate, was)) r->end->parts = update;
    if (r->listener->point) r->listener->point(r->listener->user, &made);
}

static void judge(replay *r, const gradus_replay_row *row)
{
    gradus_decision decision;
    r->action = gradus_policy_decide(r->policy, &decision);
    r->clock = decision.action == GRADUS_ROLL_BACK ? decision.update : r->clock;
    r->pending = true;
    r->samples = row->samples;
    if (!r->log.reports) point(r, row->update, r->action == GRADUS_APPLY ? decision.rate : NAN, row->rate);
}

/* A report of a run tells the rate of the update before it. A file may count epochs in its own way. */
static void report_row(replay *r, const gradus_replay_row *row)
{
    int64_t update = r->log.run && row->update > 0 ? row->update - 1 : row->update;
    gradus_progress made = {.samples = or_usual(row->samples), .epochs = or_usual(row->epoch)};
    catch_up(r, update, NAN);
    point(r, update, gradus_policy_rate(r->policy), row->rate);
    if (!r->log.run) gradus_policy_seek(r->policy, row->update, &made);
    seek(r, row->update, row->samples);
}

/* False: the feedback has ended the run. */
static bool one_row(replay *r, const gradus_replay_row *row, int64_t before)
{
    r->rollbacks += row->update < before;
    if (r->log.reports)
        report_row(r, row);
    else
        catch_up(r, row->update, row->samples);
    apply_events(r, row);
    if (row->gradient && gradus_policy_finished(r->policy) &&
        gradus_policy_reason(r->policy) != GRADUS_REASON_COMPLETED) {
        r->end->stopped = row->update;
        if (r->end->parts < 0) r->end->parts = row->update;
        return false;
    }
    tell(r);
    if (row->gradient) judge(r, row);
    return true;
}

static gradus_status go(replay *r)
{
    gradus_replay_row row = {.update = 0};
    for (int64_t before = 0; gradus_replay_log_next(&r->log, &row, r->error); before = row.update)
        if (!one_row(r, &row, before)) break;
    return r->error->status;
}

gradus_status gradus_replay(const gradus_replay_config *config, const gradus_replay_listener *listener,
                            gradus_replay_end *end, gradus_report *report)
{
    static const gradus_replay_listener nobody;
    struct stat about;
    gradus_replay_end own;
    *report = (gradus_report){0};
    replay r = {.config = config, .listener = listener ? listener : &nobody, .end = end ? end : &own};
    r.error = &report->error;
    *r.end = (gradus_replay_end){.parts = -1, .stopped = -1};
    bool folder = stat(config->source, &about) != 0 || S_ISDIR(about.st_mode);
    if ((folder ? read_run : read_file)(&r) == GRADUS_OK && listen(&r, report) == GRADUS_OK) {
        tell_start(&r);
        go(&r);
    }
    gradus_policy_destroy(r.policy);
    gradus_context_destroy(r.context);
    gradus_spec_destroy(r.spec);
    gradus_replay_log_close(&r.log);
    gradus_buffer_release(&r.events);
    json_decref(r.summary);
    return report->error.status;
}
