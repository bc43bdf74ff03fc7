/* A training from its first file to its last: the folder, the rate, the state to go on from; then the loop; then what is said of it and the
 * model that is kept. Whatever fails, the last whole state stays, and the message says how to go on. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "loop.h"

enum { SPEC_TEXT = 65536 };

void gradus_run_note(const gradus_run *run, const char *format, ...)
{
    char text[600];
    va_list arguments;
    if (!run->listener || !run->listener->note) return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    run->listener->note(run->listener->user, text);
}

/* ---- decisions ---- */

static void record(gradus_run *run, const char *json, size_t length)
{
    gradus_run_decision decision;
    json_t *object = gradus_decision_read(json, length, &decision);
    if (!object || !run->error) {
        json_decref(object);
        return;
    }
    gradus_journal_append(&run->decisions, json, length, run->error);
    gradus_journal_append(&run->decisions, "\n", 1, run->error);
    if (run->listener && run->listener->decision) run->listener->decision(run->listener->user, &decision);
    json_decref(object);
}

/* What the policy says while it is loaded, before the files are open, is that the run was resumed. That is no decision about its rate:
 * the log is to equal that of a run that never stopped. */
void gradus_run_log(void *user, const char *json, size_t length)
{
    gradus_run *run = user;
    if (run->decisions.descriptor >= 0) record(run, json, length);
}

void gradus_run_hear(void *user, const char *metric, double value)
{
    gradus_run *run = user;
    gradus_told_hear(&run->told, metric, value);
}

/* A decision of the trainer itself looks like any other. */
static gradus_status record_own(gradus_run *run, gradus_run_decision *decision, gradus_error *error)
{
    decision->update = run->update;
    decision->epoch = (double)run->update / (double)run->plan.updates_per_epoch;
    decision->samples = run->tally.samples;
    gradus_buffer line = {0};
    if (gradus_decision_print(decision, &line, error) == GRADUS_OK && gradus_buffer_write(&line, "", 1) == 0)
        record(run, (const char *)line.bytes, line.size - 1);
    gradus_buffer_release(&line);
    return error->status;
}

gradus_status gradus_loop_tell_why(gradus_loop *loop, gradus_error *error)
{
    const gradus_decision *last = &loop->decision;
    if (!loop->why.by || loop->why_told) return error->status;
    loop->why_told = true;
    gradus_run_decision decision = {.by = loop->why.by,
                                    .id = loop->why.id,
                                    .action = "stop",
                                    .reason = loop->why.by,
                                    .factor_before = last->feedback,
                                    .factor_after = last->feedback,
                                    .rate_before = last->rate,
                                    .rate_after = last->rate,
                                    .rule = loop->why.rule,
                                    .text = loop->why.text};
    for (int i = 0; i < 4 && loop->why.verdict.seen[i].name; i++) {
        decision.seen[i].name = loop->why.verdict.seen[i].name;
        decision.seen[i].value = loop->why.verdict.seen[i].value;
        decision.count = i + 1;
    }
    return record_own(loop->run, &decision, error);
}

/* ---- what a run goes on with that it did not begin with ---- */

/* `decision` has what is said and seen; what it did to the rate is filled in. */
static gradus_status record_change(gradus_run *run, gradus_run_decision decision, gradus_error *error)
{
    gradus_decision next;
    gradus_policy_peek(run->policy, &next);
    decision.by = decision.id = "run";
    decision.reason = "none";
    decision.factor_before = decision.factor_after = next.feedback;
    decision.rate_before = run->row.update ? run->row.rate : next.rate;
    decision.rate_after = next.rate;
    return record_own(run, &decision, error);
}

/* What the schedule makes of another length: shares of it and open ends are stretched, and the rate may leap. */
static void tell_leap(const gradus_run *run, char *text, size_t size)
{
    gradus_decision next;
    gradus_policy_peek(run->policy, &next);
    if (!run->row.update || fabs(next.rate - run->row.rate) <= 0.01 * fmax(next.rate, run->row.rate)) return;
    snprintf(text, size, "; the schedule follows: the rate is %.3g from here, it was %.3g", next.rate, run->row.rate);
}

/* The run is to be longer, or shorter, than it was when its state was saved. */
static gradus_status record_length(gradus_run *run, int64_t before, gradus_error *error)
{
    char text[240];
    int64_t now = run->plan.updates;
    if (before == now) return error->status;
    int length =
        snprintf(text, sizeof text, "the run has %lld updates now, not %lld", (long long)now, (long long)before);
    tell_leap(run, text + length, sizeof text - (size_t)length);
    gradus_run_decision decision = {.action = "extend",
                                    .count = 2,
                                    .seen = {{"updates_before", (double)before}, {"updates", (double)now}},
                                    .rule = "the run is given another length",
                                    .text = text};
    return record_change(run, decision, error);
}

static gradus_status record_base(gradus_run *run, double before, gradus_error *error)
{
    char text[128], was[32], is[32];
    double now = run->rate.base;
    if (before == now || isnan(before)) return error->status; /* not a number: none was found yet */
    gradus_number_print(before, was);
    gradus_number_print(now, is);
    snprintf(text, sizeof text, "the base is %s now, not %s", is, was);
    gradus_run_decision decision = {.action = "set_base",
                                    .count = 2,
                                    .seen = {{"base_before", before}, {"base", now}},
                                    .rule = "the run is given another base",
                                    .text = text};
    return record_change(run, decision, error);
}

/* Another schedule, or other limits: what they were, in words; to be freed. NULL: nothing has changed. */
static char *describe_changes(gradus_run *run)
{
    static const char *const keys[] = {"schedule", "feedback", "lr_min", "lr_max"};
    gradus_buffer text = {0};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char name[96];
        snprintf(name, sizeof name, "setting.%s", keys[i]);
        const char *now = gradus_settings_text(run->settings, keys[i], GRADUS_PRINT_CANONICAL);
        const char *was = gradus_saved_text(&run->saved, name);
        if (!now) now = "none";
        if (!was) was = "none";
        if (strcmp(now, was) == 0) continue;
        const char *const parts[] = {text.size ? "; " : "goes on with ", keys[i], ": ", now, ", was ", was};
        for (size_t j = 0; j < sizeof parts / sizeof *parts; j++)
            gradus_buffer_write(&text, parts[j], strlen(parts[j]));
    }
    if (text.size && gradus_buffer_write(&text, "", 1)) gradus_buffer_release(&text);
    return (char *)text.bytes;
}

/* ---- the beginning ---- */

static gradus_status write_run_file(const gradus_run *run, gradus_error *error)
{
    char path[GRADUS_PATH_SIZE];
    if (gradus_path_join(run->folder.path, "run.yaml", path, error)) return error->status;
    size_t size = gradus_settings_print(run->settings, GRADUS_PRINT_CANONICAL, NULL, 0) + 1;
    char *text = malloc(size);
    if (!text) return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    size_t length = gradus_settings_print(run->settings, GRADUS_PRINT_CANONICAL, text, size);
    gradus_file_replace(path, text, length, error);
    free(text);
    return error->status;
}

static void add_column(gradus_run *run, const char *part, const char *name)
{
    char text[128];
    snprintf(text, sizeof text, "%s%s", part, name);
    gradus_told_column(&run->told, text);
}

/* What may be told, in the order in which it is: of each gradient, those that cost something only where somebody listens; then of each
 * report. */
static gradus_status open_told(gradus_run *run, gradus_error *error)
{
    static const char *const measured[] = {"half_gradient_norm",
                                           "gradient_norm",
                                           "update_norm",
                                           "values_norm",
                                           "gradient_dot_update",
                                           "effective_rate",
                                           "gradient_dot_last_update",
                                           "movement_norm",
                                           "gradient_change_dot_movement",
                                           "gradient_change_norm",
                                           "non_finite"};
    char path[GRADUS_PATH_SIZE];
    const char *name;
    const gradus_metric *metric;
    add_column(run, "", "loss");
    for (size_t i = 0; i < sizeof measured / sizeof *measured; i++) {
        bool wanted = strcmp(measured[i], "gradient_norm") == 0 || strcmp(measured[i], "non_finite") == 0;
        for (int32_t j = 0; !wanted && (name = gradus_policy_listens(run->policy, j)); j++)
            wanted = strcmp(name, measured[i]) == 0;
        if (wanted) add_column(run, "", measured[i]);
    }
    for (int32_t j = 0; (name = gradus_policy_listens(run->policy, j)); j++)
        if (strncmp(name, "val_", 4) != 0 && strncmp(name, "train_", 6) != 0 && strcmp(name, "rate") != 0)
            add_column(run, "", name);
    for (int part = 0; part < 2; part++) {
        add_column(run, part ? "val_" : "train_", "loss");
        for (int32_t i = 0; (metric = gradus_run_metric(run, i)); i++)
            if (part || metric->in_training) add_column(run, part ? "val_" : "train_", metric->name);
    }
    if (gradus_path_join(run->folder.path, "measures.csv", path, error)) return error->status;
    return gradus_told_open(&run->told, path, run->told.journal.size, error);
}

static void tell_lost(const gradus_run *run, const gradus_journal *journal)
{
    if (!journal->lost) return;
    gradus_run_note(
        run,
        "%s: %lld bytes are gone that it had when the state was saved; the run goes on, without the rows that "
        "stood there",
        journal->path, (long long)journal->lost);
}

static int64_t moved(int64_t place, int64_t before, int64_t now)
{
    return place >= before ? place - before + now : place < now ? place : now;
}

/* A file begins with its header. In one that has lost rows, where the guard goes back to lies elsewhere. `before`: its size as the state has
 * it, but for the rows that gradus_saved_rows puts back. */
static gradus_status mend(gradus_run *run, gradus_journal *journal, int64_t before, gradus_error *error)
{
    char header[GRADUS_ROW_SIZE];
    const bool metrics = journal == &run->metrics;
    const size_t length = metrics ? gradus_metrics_header(&run->measured, header) : gradus_timing_header(header);
    if (!journal->size) gradus_journal_append(journal, header, length, error);
    for (int i = 0; journal->lost && i < GRADUS_RUN_SNAPSHOTS; i++) {
        int64_t *place = metrics ? &run->snapshots[i].metrics_size : &run->snapshots[i].timing_size;
        *place = moved(*place, before, journal->size);
    }
    if (journal->size >= before) journal->lost = 0; /* no more than the header */
    tell_lost(run, journal);
    return error->status;
}

/* Opens what grows after the bytes that the state knows of. */
static gradus_status open_journals(gradus_run *run, gradus_error *error)
{
    const int64_t keep[] = {run->metrics.size, run->timing.size, run->decisions.size};
    gradus_journal *const journals[] = {&run->metrics, &run->timing, &run->decisions};
    static const char *const names[] = {"metrics.csv", "timing.csv", "decisions.jsonl"};
    for (int i = 0; i < 3; i++) {
        char path[GRADUS_PATH_SIZE];
        if (gradus_path_join(run->folder.path, names[i], path, error)) return error->status;
        if (gradus_journal_open(journals[i], path, keep[i], error)) return error->status;
    }
    mend(run, &run->metrics, keep[0], error);
    mend(run, &run->timing, keep[1], error);
    tell_lost(run, &run->decisions);
    gradus_saved_rows(run, error);
    open_told(run, error);
    tell_lost(run, &run->told.journal);
    return gradus_layers_open(run, error);
}

/* The policy was made to check its texts; once the rate is known it is made again with it. */
static gradus_status set_base(gradus_run *run, gradus_error *error)
{
    gradus_policy *policy = gradus_run_policy(run, run->rate.base, error);
    if (!policy) return error->status;
    gradus_policy_destroy(run->policy);
    run->policy = policy;
    return GRADUS_OK;
}

/* An interrupt leaves it not found: the state then has none, and who goes on looks again. */
static gradus_status find_rate(gradus_run *run, gradus_error *error)
{
    const double before = gradus_loop_clock();
    if (gradus_auto_rate(run, &run->rate, error)) return error->status;
    run->times.find += gradus_loop_clock() - before;
    return isnan(run->rate.base) ? GRADUS_OK : set_base(run, error);
}

static gradus_status begin_new(gradus_loop *loop, gradus_error *error)
{
    gradus_run *run = loop->run;
    gradus_folder_config wanted = gradus_run_folder(run);
    if (gradus_folder_make(&run->folder, &wanted, error) || write_run_file(run, error)) return error->status;
    if (gradus_run_start_from(run, error)) return error->status;
    if (open_journals(run, error)) return error->status;
    if (run->rate.automatic && find_rate(run, error)) return error->status;
    return gradus_loop_save(loop, error);
}

/* Says what is not as it was; what may not change was refused when the run was made. True: a setting is not. */
static bool tell_changes(gradus_run *run)
{
    const gradus_argument *setting;
    bool changed = false;
    if (*run->saved.note) gradus_run_note(run, "%s", run->saved.note);
    if (run->data_changed)
        gradus_run_note(run,
                        "the data have changed since the state was saved: rows that were held back may now be learnt "
                        "from, and the other way round");
    for (int32_t i = 0; (setting = gradus_setting_at(i)); i++) {
        char name[96];
        snprintf(name, sizeof name, "setting.%s", setting->name);
        const char *now = gradus_settings_text(run->settings, setting->name, GRADUS_PRINT_CANONICAL);
        const char *was = gradus_saved_text(&run->saved, name);
        if (strcmp(now ? now : "none", was ? was : "none") == 0) continue;
        gradus_run_note(run, "%s: %s, was %s", setting->name, now ? now : "none", was ? was : "none");
        changed = changed || !strstr(setting->name, "_every"); /* how often it is saved changes nothing else */
    }
    int64_t threads;
    if (gradus_saved_int(&run->saved, "threads", &threads) && threads != run->plan.threads)
        gradus_run_note(run, "threads: %d, was %d; the results stay the same", run->plan.threads, (int)threads);
    return changed;
}

static gradus_status begin_again(gradus_loop *loop, gradus_error *error)
{
    gradus_run *run = loop->run;
    bool automatic = run->rate.automatic, changed = tell_changes(run);
    gradus_run_rate saved;
    if (gradus_saved_rate(&run->saved, &saved, error)) return error->status;
    if (automatic) run->rate = saved;
    const bool found = !automatic || !isnan(saved.base);
    if (automatic && found && set_base(run, error)) return error->status;
    int64_t updates = run->plan.updates;
    gradus_saved_int(&run->saved, "updates", &updates);
    if (gradus_run_load(run, error) || open_journals(run, error)) return error->status;
    gradus_asked_forget(run);
    if (changed) run->ended = (gradus_ended){0}; /* what ended it may no longer hold */
    char *changes = describe_changes(run);
    gradus_saved_close(&run->saved);
    if (!found) find_rate(run, error);
    record_length(run, updates, error);
    record_base(run, saved.base, error);
    if (changes)
        record_change(run, (gradus_run_decision){.action = "resume", .rule = "other settings", .text = changes}, error);
    free(changes);
    if (write_run_file(run, error) || found) return error->status;
    return gradus_loop_save(loop, error);
}

static gradus_status tell_start(const gradus_loop *loop, gradus_error *error)
{
    gradus_run *run = loop->run;
    if (!loop->listener->start) return error->status;
    gradus_run_facts facts = {.folder = run->folder.path,
                              .settings = run->settings,
                              .data = run->about,
                              .parameters = gradus_net_parameters(run->net),
                              .updates = gradus_run_last(run),
                              .updates_per_epoch = run->plan.updates_per_epoch,
                              .epochs = run->plan.epochs,
                              .batch = run->plan.batch,
                              .threads = run->plan.threads,
                              .seed = run->plan.seed,
                              .rate = run->rate,
                              .resumed = run->resumed};
    if (gradus_run_foresee(run, &facts.time, error)) return error->status;
    loop->listener->start(loop->listener->user, &facts);
    return GRADUS_OK;
}

/* ---- the end ---- */

static void say(gradus_run_end *end, const char *reason, const char *text)
{
    snprintf(end->reason, sizeof end->reason, "%s", reason);
    snprintf(end->text, sizeof end->text, "%s", text);
}

static void say_policy(const gradus_policy *policy, gradus_run_end *end)
{
    char why[sizeof end->text];
    gradus_policy_explain(policy, why, sizeof why);
    say(end, gradus_reason_name(gradus_policy_reason(policy)), why);
}

static void fill_reason(const gradus_loop *loop, gradus_run_end *end)
{
    const gradus_run *run = loop->run;
    switch (end->status) {
    case GRADUS_RUN_RUNNING: say(end, "running", "the run goes on, or was killed"); break;
    case GRADUS_RUN_FINISHED: say(end, "completed", "the run's length is reached"); break;
    case GRADUS_RUN_INTERRUPTED: say(end, "interrupted", "interrupted, and its state saved"); break;
    case GRADUS_RUN_STOPPED:
        if (*run->ended.by)
            say(end, run->ended.by, run->ended.text);
        else
            say_policy(run->policy, end);
        break;
    case GRADUS_RUN_FAILED: say(end, "failed", run->error ? run->error->message : ""); break;
    }
}

void gradus_loop_end(const gradus_loop *loop, gradus_run_status status, gradus_run_end *end)
{
    const gradus_run *run = loop->run;
    *end = (gradus_run_end){.status = status,
                            .update = run->update,
                            .epochs = (double)run->update / (double)run->plan.updates_per_epoch,
                            .seconds = run->times.total,
                            .test_loss = NAN};
    fill_reason(loop, end);
    snprintf(end->folder, sizeof end->folder, "%.500s", run->folder.path);
    if (run->saved_update >= 0) snprintf(end->model, sizeof end->model, "%.480s/model.safetensors", run->folder.path);
    if (!run->best.known) return;
    snprintf(end->best_metric, sizeof end->best_metric, "val_%s",
             gradus_run_judges_by_accuracy(run) ? gradus_run_metric(run, 0)->name : "loss");
    end->best_value = run->best.value;
    end->best_update = run->best.update;
    end->best_epoch = run->best.epoch;
}

/* How the kept model does on the part that nothing has looked at. False: an interrupt came before that was known. */
static bool test_model(gradus_run *run, gradus_run_end *end, gradus_error *error)
{
    bool whole = true;
    if (error->status || !run->about->count[GRADUS_TEST]) return whole;
    if (run->best.known)
        gradus_run_write_model(run, run->best.values);
    else
        gradus_run_show(run, GRADUS_AVERAGED, error);
    gradus_grades grades[GRADUS_TARGETS] = {{.first = 0}};
    gradus_loader *loader = gradus_run_loader(run, GRADUS_TEST, false, error);
    if (loader && gradus_run_grade(run, loader, false, grades, &whole, error) == GRADUS_OK && whole) {
        end->test_loss = gradus_run_graded_loss(run, grades);
        gradus_run_measure(run, grades, false, end->test);
    }
    gradus_run_grades_close(grades);
    gradus_loader_destroy(loader);
    return whole || error->status;
}

/* Reasons that are a failure of the run; the others are its end. */
static bool is_divergence(int32_t reason)
{
    return reason == GRADUS_REASON_NON_FINITE || reason == GRADUS_REASON_DIVERGING ||
           reason == GRADUS_REASON_EXPLODING_GRADIENT || reason == GRADUS_REASON_TOO_MANY_SKIPS ||
           reason == GRADUS_REASON_TOO_MANY_ROLLBACKS;
}

static gradus_run_status status_of(const gradus_loop *loop, gradus_error *error)
{
    const gradus_run *run = loop->run;
    if (error->status) return GRADUS_RUN_FAILED;
    if (run->report_due) return GRADUS_RUN_INTERRUPTED;
    if (*run->ended.by) return GRADUS_RUN_STOPPED;
    if (!gradus_policy_finished(run->policy)) return GRADUS_RUN_INTERRUPTED;
    int32_t reason = gradus_policy_reason(run->policy);
    if (reason == GRADUS_REASON_COMPLETED) return GRADUS_RUN_FINISHED;
    if (!is_divergence(reason)) return GRADUS_RUN_STOPPED;
    char why[160];
    gradus_policy_explain(run->policy, why, sizeof why);
    gradus_fail(error, GRADUS_ERROR_STATE, GRADUS_CODE_DIVERGED, "%s at update %lld; try a lower lr", why,
                (long long)run->update);
    return GRADUS_RUN_FAILED;
}

/* A disk that is full or gone: what is lost, what is not, how to go on. */
static void advise(const gradus_loop *loop, gradus_error *error)
{
    const gradus_run *run = loop->run;
    if (error->code != GRADUS_CODE_INPUT_OUTPUT || run->saved_update < 0) return;
    gradus_error what = *error;
    error->status = 0;
    gradus_fail(error, what.status, what.code,
                "%.120s; training stopped at update %lld, the state of update %lld is whole: go on with gradus train "
                "--resume %s",
                what.message, (long long)run->update, (long long)run->saved_update, run->folder.path);
}

static gradus_status finish(gradus_loop *loop, gradus_run_end *end, gradus_error *error)
{
    gradus_run *run = loop->run;
    gradus_loop_tell_why(loop, error);
    gradus_run_status status = status_of(loop, error);
    if (status != GRADUS_RUN_FAILED) gradus_run_save(run, error);
    gradus_loop_end(loop, error->status ? GRADUS_RUN_FAILED : status, end);
    if ((status == GRADUS_RUN_FINISHED || status == GRADUS_RUN_STOPPED) && !test_model(run, end, error))
        gradus_loop_end(loop, GRADUS_RUN_INTERRUPTED, end); /* who goes on with it tests the model, and nothing else */
    advise(loop, error);
    if (error->status) end->status = GRADUS_RUN_FAILED, fill_reason(loop, end);
    gradus_error unwritten = {0}; /* the first failure is the one to tell of */
    gradus_told_flush(&run->told, error->status ? &unwritten : error);
    if (run->folder.descriptor >= 0) gradus_summary_write(run, end, error->status ? &unwritten : error);
    return error->status;
}

gradus_status gradus_run_train(gradus_run *run, const gradus_listener *listener, gradus_run_end *end,
                               gradus_report *report)
{
    static const gradus_listener nobody;
    gradus_run_end own;
    *report = (gradus_report){0};
    run->listener = listener ? listener : &nobody;
    run->error = &report->error;
    gradus_loop loop = {.run = run, .listener = run->listener, .now = gradus_loop_clock()};
    if (!end) end = &own;
    if (!gradus_settings_settle(run->settings, run->base_folder, run->error) &&
        !(run->saved.bytes ? begin_again : begin_new)(&loop, run->error) && !isnan(run->rate.base) &&
        !tell_start(&loop, run->error))
        gradus_loop_run(&loop, run->error);
    finish(&loop, end, run->error);
    if (run->listener->end && *end->folder) run->listener->end(run->listener->user, end);
    run->error = NULL;
    run->listener = NULL;
    return report->error.status;
}
