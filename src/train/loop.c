/* The loop: batch, net, policy, optimizer, until the planned length is done or something ends it. The policy judges each gradient before it
 * reaches the values; what it decides is carried out here, and nothing else moves the run's clock. */
#define _XOPEN_SOURCE 700
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "loop.h"

/* ---- the time ---- */

double gradus_loop_clock(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void tick(gradus_loop *loop)
{
    double now = gradus_loop_clock();
    loop->run->times.total += now - loop->now;
    loop->now = now;
}

/* What the policy takes is measured in one update of POLICY_TIMED, between these two. */
enum { POLICY_TIMED = 16, CLOCK_LOOKS = 64 };

static void policy_begins(gradus_loop *loop)
{
    if (loop->timed) loop->policy_began = gradus_loop_clock();
}

static void policy_ends(gradus_loop *loop)
{
    if (!loop->timed) return;
    double took = gradus_loop_clock() - loop->policy_began - loop->clock_costs;
    loop->run->times.policy += POLICY_TIMED * fmax(took, 0);
}

static void measure_clock(gradus_loop *loop)
{
    loop->clock_costs = INFINITY;
    for (int i = 0; i < CLOCK_LOOKS; i++) {
        double before = gradus_loop_clock();
        loop->clock_costs = fmin(loop->clock_costs, gradus_loop_clock() - before);
    }
}

/* ---- one update ---- */

static gradus_clock clock_of(const gradus_run *run)
{
    return (gradus_clock){.updates = run->update,
                          .attempts = run->update + run->skips,
                          .samples = run->tally.samples,
                          .epochs = (double)run->update / (double)run->plan.updates_per_epoch,
                          .seconds = run->times.total};
}

static void end_early(gradus_run *run, const char *by, const char *text)
{
    snprintf(run->ended.by, sizeof run->ended.by, "%s", by);
    snprintf(run->ended.text, sizeof run->ended.text, "%s", text);
}

static void tell_stops(gradus_loop *loop, const char *metric, double value)
{
    gradus_clock now = clock_of(loop->run);
    if (!*loop->run->ended.by && gradus_stops_observe(loop->run->stops, metric, value, &now, &loop->why))
        end_early(loop->run, loop->why.by, loop->why.text);
}

static bool ends_a_report(const gradus_run *run, int64_t update)
{
    return update % run->plan.updates_per_epoch == 0 || update == gradus_run_last(run);
}

/* Whether the whole gradient is looked at in every update, not only in those that a row tells of. */
static bool wants_norms(const gradus_run *run)
{
    const char *name;
    for (int32_t i = 0; (name = gradus_policy_listens(run->policy, i)); i++)
        if (strcmp(name, "loss") != 0 && strncmp(name, "val_", 4) != 0 && strncmp(name, "train_", 6) != 0) return true;
    for (int32_t i = 0; (name = gradus_stops_listen(run->stops, i)); i++)
        if (strcmp(name, "gradient_norm") == 0) return true;
    return false;
}

static bool wants_halves(const gradus_run *run)
{
    const char *name;
    for (int32_t i = 0; (name = gradus_policy_listens(run->policy, i)); i++)
        if (strcmp(name, "half_gradient_norm") == 0) return true;
    return false;
}

static gradus_status measure(gradus_loop *loop, gradus_error *error)
{
    gradus_run *run = loop->run;
    gradus_measures measures;
    if (gradus_optimizer_measure(run->optimizer, 1, &measures, error)) return error->status;
    policy_begins(loop);
    gradus_optimizer_tell(run->optimizer, run->policy, &measures, error);
    policy_ends(loop);
    if (error->status) return error->status;
    tell_stops(loop, "gradient_norm", measures.gradient_norm);
    loop->norm = measures.gradient_norm;
    return GRADUS_OK;
}

/* The net with this batch; masks of dropout differ after a rollback, as the order of the data does. */
static gradus_status forward_backward(gradus_loop *loop, gradus_error *error)
{
    gradus_run *run = loop->run;
    int64_t masks = run->update + ((int64_t)gradus_loader_cursor(run->training).reshuffle << 40);
    memset(loop->scores, 0, sizeof loop->scores);
    loop->half_norm = NAN;
    if (loop->halves && loop->batch.count > 1) return gradus_loop_halves(loop, masks, error);
    return gradus_net_train(run->net, &loop->batch, masks, false, &loop->loss, loop->scores, error);
}

/* Trial points of an update (sam, a line search): the same batch again. What is told of the batch, and what the net keeps of it, is
 * that at the values themselves. A gradient that is not finite is the rule's to deal with: it goes back. */
static gradus_outcome evaluate_trials(gradus_loop *loop, gradus_step *step, gradus_error *error)
{
    gradus_run *run = loop->run;
    gradus_score scores[GRADUS_TARGETS];
    memcpy(scores, loop->scores, sizeof scores);
    const double loss = loop->loss;
    gradus_outcome outcome = GRADUS_EVALUATE;
    if (gradus_statistics_take(run->net, &loop->statistics, error)) return error->status;
    step->gradient_norm = 0;
    step->flags |= GRADUS_SKIP_NON_FINITE;
    while (outcome == GRADUS_EVALUATE) {
        if (forward_backward(loop, error)) return error->status;
        step->loss = loop->loss;
        outcome = gradus_optimizer_step(run->optimizer, step, error);
    }
    gradus_statistics_restore(run->net, &loop->statistics);
    memcpy(loop->scores, scores, sizeof scores);
    loop->loss = loss;
    return outcome;
}

static gradus_status apply(gradus_loop *loop, gradus_error *error)
{
    gradus_run *run = loop->run;
    gradus_tally *tally = &run->tally;
    bool last = ends_a_report(run, run->update + 1);
    double scale = loop->decision.gradient_scale;
    gradus_step step = {.rate = loop->decision.rate,
                        .gradient_scale = scale,
                        .loss = loop->loss,
                        .gradient_norm = loop->norm * scale,
                        .flags = last ? GRADUS_MEASURE_UPDATE : 0};
    if (last && gradus_layers_take(run, error)) return error->status;
    gradus_optimizer_follow(run->optimizer, run->policy, error);
    gradus_outcome outcome = gradus_optimizer_step(run->optimizer, &step, error);
    if (outcome == GRADUS_EVALUATE) outcome = evaluate_trials(loop, &step, error);
    if (error->status || outcome == GRADUS_SKIPPED) return error->status;
    tick(loop);
    gradus_progress progress = {.samples = loop->batch.count, .seconds = loop->now - loop->applied_at};
    loop->applied_at = loop->now;
    policy_begins(loop);
    gradus_policy_applied(run->policy, &progress);
    policy_ends(loop);
    bool limited = loop->decision.rate == loop->least || loop->decision.rate == loop->most;
    gradus_course_note(&run->course, loop->loss, loop->decision.rate, loop->decision.schedule, limited);
    run->update++;
    tally->samples += loop->batch.count;
    for (int32_t i = 0; i < GRADUS_TARGETS; i++) gradus_score_add(&tally->scores[i], &loop->scores[i]);
    if (isfinite(loop->norm) && loop->norm > 0) tally->norms += loop->norm, tally->norm_count++;
    if (outcome == GRADUS_CONVERGED) end_early(run, "converged", "the update rule can make no further progress");
    if (loop->decision.keep >= 0) gradus_snapshot_take(run, &run->snapshots[loop->decision.keep], error);
    return error->status;
}

/* Back to a snapshot, on with another order of the data; rows of what is undone are cut off. */
static gradus_status roll_back(gradus_loop *loop, gradus_error *error)
{
    gradus_run *run = loop->run;
    int32_t slot = loop->decision.restore;
    if (slot < 0 || slot >= GRADUS_RUN_SNAPSHOTS || !run->snapshots[slot].taken)
        return gradus_fail(error, GRADUS_ERROR_STATE, GRADUS_CODE_BAD_DATA, "there is no snapshot %d to go back to",
                           slot);
    gradus_snapshot_restore(run, &run->snapshots[slot], error);
    gradus_cursor cursor = gradus_loader_cursor(run->training);
    cursor.reshuffle = (uint64_t)loop->decision.rollbacks;
    gradus_loader_seek(run->training, cursor);
    gradus_course_break(&run->course);
    gradus_journal_cut(&run->metrics, run->snapshots[slot].metrics_size, error);
    gradus_journal_cut(&run->timing, run->snapshots[slot].timing_size, error);
    return error->status;
}

static gradus_status one_update(gradus_loop *loop, gradus_error *error)
{
    gradus_run *run = loop->run;
    bool again = gradus_loader_next(run->training, &loop->batch) || gradus_loader_next(run->training, &loop->batch);
    if (!again) return gradus_fail(error, GRADUS_ERROR_STATE, GRADUS_CODE_BAD_DATA, "the training part holds no batch");
    if (forward_backward(loop, error)) return error->status;
    loop->timed = (run->update + run->skips) % POLICY_TIMED == 0;
    policy_begins(loop);
    gradus_policy_observe(run->policy, "loss", loop->loss);
    if (loop->halves && loop->batch.count > 1)
        gradus_policy_observe(run->policy, "half_gradient_norm", loop->half_norm);
    policy_ends(loop);
    tell_stops(loop, "loss", loop->loss);
    loop->norm = 0;
    if ((loop->norms || ends_a_report(run, run->update + 1)) && measure(loop, error)) return error->status;
    policy_begins(loop);
    gradus_action action = gradus_policy_decide(run->policy, &loop->decision);
    policy_ends(loop);
    run->skips = loop->decision.skips;
    if (action == GRADUS_APPLY) return apply(loop, error);
    if (action == GRADUS_ROLL_BACK) return roll_back(loop, error);
    return error->status;
}

/* ---- a row: at the end of each epoch, and of the run ---- */

/* False: an interrupt came before it was done, and nobody has heard of anything. */
static bool validate(gradus_run *run, gradus_run_row *row, gradus_error *error)
{
    gradus_grades grades[GRADUS_TARGETS] = {{.first = 0}};
    bool whole = true;
    if (error->status || !run->validation) return true;
    if (!gradus_run_grade(run, run->validation, false, grades, &whole, error) && whole) {
        row->val_loss = gradus_run_graded_loss(run, grades);
        gradus_run_measure(run, grades, false, row->val);
        row->validated = true;
    }
    gradus_run_grades_close(grades);
    return whole || error->status;
}

static void tell_row(gradus_loop *loop, const gradus_run_row *row)
{
    gradus_run *run = loop->run;
    char name[GRADUS_METRIC_NAME];
    const gradus_metric *metric;
    gradus_policy_observe(run->policy, "train_loss", row->train_loss);
    tell_stops(loop, "train_loss", row->train_loss);
    for (int32_t i = 0; (metric = gradus_run_metric(run, i)); i++) {
        if (!metric->in_training) continue;
        snprintf(name, sizeof name, "train_%s", metric->name);
        gradus_policy_observe(run->policy, name, row->train[i]);
        tell_stops(loop, name, row->train[i]);
    }
    if (!row->validated) return;
    gradus_policy_observe(run->policy, "val_loss", row->val_loss);
    tell_stops(loop, "val_loss", row->val_loss);
    for (int32_t i = 0; (metric = gradus_run_metric(run, i)); i++) {
        snprintf(name, sizeof name, "val_%s", metric->name);
        gradus_policy_observe(run->policy, name, row->val[i]);
        tell_stops(loop, name, row->val[i]);
    }
}

bool gradus_run_judges_by_accuracy(const gradus_run *run)
{
    return gradus_net_head_count(run->net) == 1 && run->about->targets[0].kind == GRADUS_TARGET_CLASS;
}

/* The model is judged by its accuracy where it has one, else by its loss; the first of equals is kept. */
static void keep_best(gradus_run *run, gradus_run_row *row)
{
    const bool rises = gradus_run_judges_by_accuracy(run);
    double value = rises ? row->val[0] : row->val_loss;
    if (!row->validated || !isfinite(value)) return;
    if (run->best.known && !(rises ? value > run->best.value : value < run->best.value)) return;
    run->best.known = row->best = true;
    run->best.value = value;
    run->best.update = run->update;
    run->best.epoch = row->epoch;
    gradus_run_read_model(run, run->best.values);
}

static void fill_training(gradus_loop *loop, gradus_run_row *row)
{
    gradus_run *run = loop->run;
    const gradus_tally *tally = &run->tally;
    gradus_grades grades[GRADUS_TARGETS] = {{.first = 0}};
    gradus_measures measures = {0};
    gradus_optimizer_measures(run->optimizer, &measures);
    *row =
        (gradus_run_row){.update = run->update,
                         .epoch = (double)run->update / (double)run->plan.updates_per_epoch,
                         .samples = tally->samples,
                         .tokens = NAN,
                         .rate = loop->decision.rate,
                         .schedule_factor = loop->decision.schedule,
                         .feedback_factor = loop->decision.feedback,
                         .train_loss = gradus_run_loss(run, tally->scores),
                         .gradient_norm = tally->norm_count ? tally->norms / (double)tally->norm_count : NAN,
                         .update_ratio = measures.values_norm > 0 ? measures.update_norm / measures.values_norm : NAN,
                         .skipped = run->skips};
    row->samples_per_second = loop->training_seconds > 0 ? loop->samples / loop->training_seconds : 0;
    loop->training_seconds = loop->samples = 0;
    for (int32_t i = 0; i < GRADUS_TARGETS; i++) grades[i].score = tally->scores[i];
    gradus_run_measure(run, grades, true, row->train);
}

static void fill_times(gradus_loop *loop, gradus_run_row *row)
{
    gradus_run *run = loop->run;
    double waited = gradus_loader_waited(run->training);
    run->times.data_wait += waited - loop->waited;
    loop->waited = waited;
    row->seconds = run->times.total;
    row->data_wait = run->times.data_wait;
    row->left = gradus_loop_left(loop);
}

static gradus_status append_row(gradus_run *run, const gradus_run_row *row, gradus_error *error)
{
    char line[GRADUS_ROW_SIZE];
    size_t length = gradus_metrics_line(&run->measured, row, line);
    gradus_journal_append(&run->metrics, line, length, error);
    length = gradus_timing_line(row, line);
    return gradus_journal_append(&run->timing, line, length, error);
}

/* What only this session knows of the updates behind it is taken down first: an interrupt may end it while the validation part is looked
 * at, and whoever goes on looks at it again. */
static gradus_status report(gradus_loop *loop, gradus_error *error)
{
    gradus_run *run = loop->run;
    gradus_run_row *row = &run->row;
    tick(loop);
    double before = loop->now;
    if (!run->report_due) {
        fill_training(loop, row);
        gradus_layers_report(run, &loop->batch, error);
    }
    gradus_run_show(run, GRADUS_AVERAGED, error);
    run->report_due = !validate(run, row, error);
    if (!error->status && !run->report_due) {
        tell_row(loop, row);
        keep_best(run, row);
    }
    gradus_run_show(run, GRADUS_TRAINED, error);
    tick(loop);
    run->times.validation += loop->now - before;
    if (run->report_due) return error->status;
    fill_times(loop, row);
    append_row(run, row, error);
    gradus_told_line(&run->told, run->update, run->tally.samples, NAN, error);
    run->tally = (gradus_tally){.samples = run->tally.samples};
    if (!error->status && loop->listener->epoch) loop->listener->epoch(loop->listener->user, row);
    loop->applied_at = loop->now;
    return error->status;
}

/* ---- the whole ---- */

double gradus_loop_left(const gradus_loop *loop)
{
    const gradus_run *run = loop->run;
    int64_t done = run->update - loop->first_update;
    return done > 0 ? (loop->now - loop->started) / (double)done * (double)(gradus_run_last(run) - run->update) : NAN;
}

static void tell_progress(gradus_loop *loop)
{
    const gradus_run *run = loop->run;
    if (!loop->listener->progress || loop->now - loop->told < 0.1) return;
    loop->told = loop->now;
    int64_t each = run->plan.updates_per_epoch, epoch = run->update / each;
    gradus_run_progress progress = {.update = run->update,
                                    .updates = gradus_run_last(run),
                                    .epoch = epoch + 1,
                                    .done = (double)(run->update - epoch * each) / (double)each,
                                    .loss = gradus_run_loss(run, run->tally.scores),
                                    .rate = loop->decision.rate,
                                    .samples_per_second = loop->training_seconds > 0
                                                              ? loop->samples / loop->training_seconds
                                                              : run->row.samples_per_second, /* just reported */
                                    .left = gradus_loop_left(loop)};
    loop->listener->progress(loop->listener->user, &progress);
}

/* A state is saved as often as is asked for; else after an epoch, unless that would take more than a twentieth of the time, and in a
 * long epoch every few minutes. After a rollback the update may be one from before the last save. */
static bool save_is_due(const gradus_loop *loop, bool epoch_done)
{
    const gradus_run *run = loop->run;
    double since = loop->now - loop->saved_at;
    if (!isnan(run->saving.updates)) return fabs((double)(run->update - run->saved_update)) >= run->saving.updates;
    if (!isnan(run->saving.seconds)) return since >= run->saving.seconds;
    return epoch_done ? since >= 20 * loop->save_seconds : since >= fmax(300, 20 * loop->save_seconds);
}

gradus_status gradus_loop_save(gradus_loop *loop, gradus_error *error)
{
    double before = gradus_loop_clock();
    gradus_run_end end;
    gradus_loop_end(loop, GRADUS_RUN_RUNNING, &end);
    gradus_run_save(loop->run, error);
    if (!error->status) gradus_summary_write(loop->run, &end, error);
    loop->saved_at = gradus_loop_clock();
    loop->save_seconds = loop->saved_at - before;
    tick(loop);
    loop->applied_at = loop->now;
    return error->status;
}

static gradus_status keep(gradus_loop *loop, gradus_error *error)
{
    gradus_run_end now;
    gradus_loop_end(loop, GRADUS_RUN_INTERRUPTED, &now); /* it can be gone on with */
    gradus_run_keep(loop->run, &now, error);
    tick(loop);
    loop->applied_at = loop->now;
    return error->status;
}

static bool goes_on(const gradus_loop *loop)
{
    return !*loop->run->ended.by && !gradus_run_is_interrupted(loop->run) && !gradus_policy_finished(loop->run->policy);
}

/* What follows an update, or an attempt at one; `before`: how many there had been. */
static gradus_status follow(gradus_loop *loop, int64_t before, gradus_error *error)
{
    gradus_run *run = loop->run;
    const bool applied = run->update == before + 1, row = applied && ends_a_report(run, run->update);
    if (gradus_loop_tell_why(loop, error) || (row && report(loop, error)) || run->report_due) return error->status;
    if (applied && gradus_keep_is_due(run, before) && keep(loop, error)) return error->status;
    if (goes_on(loop) && gradus_loop_asked(loop, row, error)) return error->status;
    if (goes_on(loop) && save_is_due(loop, row)) gradus_loop_save(loop, error);
    return error->status;
}

/* The report at which the last session was interrupted, and what was to follow it. */
static gradus_status make_up(gradus_loop *loop, gradus_error *error)
{
    gradus_run *run = loop->run;
    if (error->status || !run->report_due) return error->status;
    return ends_a_report(run, run->update) ? follow(loop, run->update - 1, error) : report(loop, error);
}

gradus_status gradus_loop_run(gradus_loop *loop, gradus_error *error)
{
    gradus_run *run = loop->run;
    loop->norms = wants_norms(run);
    loop->halves = wants_halves(run);
    loop->least = gradus_settings_number(run->settings, "lr_min");
    loop->most = gradus_settings_number(run->settings, "lr_max");
    measure_clock(loop);
    tick(loop);
    loop->applied_at = loop->started = loop->saved_at = loop->now;
    loop->first_update = run->update;
    loop->waited = gradus_loader_waited(run->training);
    make_up(loop, error);
    while (!error->status && goes_on(loop)) {
        double before = loop->now;
        int64_t update = run->update;
        double samples = run->tally.samples;
        if (one_update(loop, error)) break;
        bool applied = run->update == update + 1;
        if (gradus_told_line(&run->told, update, samples, applied ? loop->decision.rate : NAN, error)) break;
        tick(loop);
        run->times.training += loop->now - before;
        loop->training_seconds += loop->now - before;
        loop->samples += loop->batch.count;
        tell_stops(loop, "seconds", run->times.total);
        if (follow(loop, update, error) || run->report_due) break;
        tell_progress(loop);
    }
    bool ended = *run->ended.by || gradus_policy_reason(run->policy) == GRADUS_REASON_COMPLETED;
    if (ended && !run->report_due && run->tally.scores[0].count) report(loop, error); /* in the middle of an epoch */
    free(loop->half_gradient);
    loop->half_gradient = NULL;
    gradus_buffer_release(&loop->statistics);
    return error->status;
}
