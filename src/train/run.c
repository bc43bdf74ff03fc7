/* Runs made and unmade: data opened, what was left open filled in, net, optimizer and policy compiled. Nothing is written here; errors are
 * placed at the setting that they are about. */
#define _XOPEN_SOURCE 700
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "run.h"

/* ---- reading back what a folder says ---- */

gradus_status gradus_run_source(const char *folder, char *file, char *base, gradus_error *error)
{
    gradus_folder opened;
    if (gradus_folder_open(&opened, folder, false, error)) return error->status;
    gradus_folder_close(&opened);
    gradus_folder_base(opened.path, base);
    return gradus_path_join(opened.path, "run.yaml", file, error);
}

/* ---- parts ---- */

static const char *text_of(const gradus_run *run, const char *key)
{
    return gradus_settings_spec(run->settings, key) ? gradus_settings_text(run->settings, key, GRADUS_PRINT_CANONICAL)
                                                    : NULL;
}

static bool misplaced(const gradus_run *run, const char *key, gradus_report *report)
{
    gradus_error error = report->error;
    gradus_settings_place(run->settings, key, &error, report);
    return false;
}

/* An error whose place is in a canonical text, which the user never saw: only the setting is named. */
static bool unplaced(const gradus_run *run, const char *key, gradus_report *report)
{
    report->error.line = report->error.column = report->error.offset = report->error.length = 0;
    return misplaced(run, key, report);
}

/* What is wrong with a file says so itself; only what is wrong with the setting is placed there. */
static bool data_failed(const gradus_run *run, gradus_report *report)
{
    int32_t code = report->error.code;
    bool of_a_file = code == GRADUS_CODE_NO_DATA || code == GRADUS_CODE_BAD_DATA || code == GRADUS_CODE_NO_FILE ||
                     code == GRADUS_CODE_INPUT_OUTPUT || code == GRADUS_CODE_MEMORY;
    return of_a_file && !report->error.column ? false : misplaced(run, "data", report);
}

static bool names_outputs(const gradus_run *run)
{
    const gradus_spec *model = gradus_settings_spec(run->settings, "model");
    const gradus_chain *chain = model ? gradus_spec_chain(model) : NULL;
    const gradus_member *last = chain && chain->count ? chain->items[chain->count - 1].member : NULL;
    return last && strcmp(last->name, "outputs") == 0;
}

static void list_measures(gradus_run *run)
{
    gradus_subject subject = {.data = run->about, .head_count = gradus_net_head_count(run->net)};
    for (int32_t i = 0; i < subject.head_count; i++) subject.heads[i] = gradus_net_head(run->net, i);
    gradus_measured_list(&run->measured, &subject);
}

static bool make_data(gradus_run *run, const gradus_run_config *config, gradus_report *report)
{
    const char *base = gradus_settings_folder(run->settings, "data");
    char *absolute = realpath(*base ? base : ".", NULL);
    snprintf(run->base_folder, sizeof run->base_folder, "%s", absolute ? absolute : base);
    free(absolute);
    const char *targets = gradus_settings_text(run->settings, "targets", GRADUS_PRINT_CANONICAL);
    gradus_data_config wanted = {.data = gradus_settings_spec(run->settings, "data"),
                                 .text = gradus_settings_written(run->settings, "data"),
                                 .validation =
                                     gradus_settings_text(run->settings, "validation", GRADUS_PRINT_CANONICAL),
                                 .data_dir = config->data_dir,
                                 .base_dir = base,
                                 .apart = names_outputs(run),
                                 .seed = run->plan.seed,
                                 .inputs_are_targets = targets && strcmp(targets, "inputs") == 0};
    run->data = gradus_data_open(&wanted, &report->error);
    if (!run->data) return data_failed(run, report);
    run->about = gradus_data_about(run->data);
    return true;
}

/* A run whose data are not here any more can still predict, by what its state remembers of them. */
static bool recall_data(gradus_run *run, gradus_report *report)
{
    gradus_error unread = {0};
    gradus_state_item item;
    if (gradus_saved_open(&run->saved, run->folder.path, &unread)) return false;
    if (gradus_state_find(&run->saved.reader, "data", &item) && item.type == GRADUS_STATE_BYTES)
        run->data = gradus_data_recall(item.data, (size_t)item.count, &unread);
    gradus_saved_close(&run->saved);
    if (!run->data) return false;
    run->about = gradus_data_about(run->data);
    run->data_error = report->error;
    *report = (gradus_report){0};
    return true;
}

/* What a message says of a text that it names, "loss: ...", is placed there: once is enough. */
static bool names(gradus_report *report, const char *key)
{
    char *message = report->error.message;
    const size_t length = strlen(key);
    if (strncmp(message, key, length) != 0 || strncmp(message + length, ": ", 2) != 0) return false;
    memmove(message, message + length + 2, strlen(message + length + 2) + 1);
    return true;
}

static bool make_net(gradus_run *run, gradus_report *report)
{
    gradus_net_config wanted = {.model = gradus_settings_spec(run->settings, "model"),
                                .init = gradus_settings_spec(run->settings, "init"),
                                .loss = gradus_settings_spec(run->settings, "loss"),
                                .model_text = gradus_settings_written(run->settings, "model"),
                                .loss_text = gradus_settings_written(run->settings, "loss"),
                                .targets = run->about->targets,
                                .target_count = run->about->target_count,
                                .positions = run->about->positions,
                                .symbols = run->about->symbols,
                                .batch = run->plan.batch,
                                .threads = run->plan.threads,
                                .seed = run->plan.seed};
    memcpy(wanted.input, run->about->shape, sizeof wanted.input);
    run->net = gradus_net_create(&wanted, &report->error);
    if (!run->net) return misplaced(run, names(report, "loss") ? "loss" : "model", report);
    run->model_values = gradus_run_model_values(run->net);
    list_measures(run);
    return true;
}

static gradus_units units_of(const gradus_plan *plan)
{
    return (gradus_units){.total = (double)plan->updates,
                          .total_unit = GRADUS_UPDATES,
                          .updates_per_epoch = (double)plan->updates_per_epoch,
                          .samples_per_update = plan->batch,
                          .samples_per_epoch = (double)plan->samples_per_epoch};
}

/* As the values lie in memory: a layout of the back end's own is one long row. */
static void set_shape(const gradus_net_tensor *tensor, gradus_parameter *parameter)
{
    if (!strcmp(tensor->layout, "plain"))
        memcpy(parameter->shape, tensor->shape, sizeof parameter->shape);
    else if (!strncmp(tensor->layout, "transposed", 10) && gradus_tensor_values(tensor) == tensor->count) {
        parameter->shape[0] = tensor->shape[1]; /* inputs, in the order of the layout */
        parameter->shape[1] = tensor->shape[0];
        parameter->outputs_last = true;
    } else
        parameter->shape[0] = tensor->count;
}

static bool make_optimizer(gradus_run *run, gradus_report *report)
{
    gradus_optimizer_config wanted = {.rule = text_of(run, "optimizer"),
                                      .gradient = text_of(run, "gradient"),
                                      .average = text_of(run, "average"),
                                      .groups = text_of(run, "group"),
                                      .units = units_of(&run->plan),
                                      .seed = run->plan.seed,
                                      .context = run->context};
    run->reader.folder = gradus_settings_folder(run->settings, "optimizer");
    run->optimizer = gradus_optimizer_create(&wanted, &report->error);
    gradus_net_tensor tensor;
    for (int32_t i = 0; run->optimizer && i < gradus_net_tensor_count(run->net); i++) {
        gradus_net_tensor_at(run->net, i, &tensor);
        if (!tensor.gradient) continue;
        gradus_parameter parameter = {.name = tensor.name, .values = tensor.values, .gradient = tensor.gradient};
        set_shape(&tensor, &parameter);
        if (gradus_optimizer_add(run->optimizer, &parameter, &report->error) < 0) break;
    }
    if (report->error.status) return unplaced(run, "optimizer", report);
    gradus_error nothing = {0}; /* is averaged: then there is no such view */
    run->averages = gradus_optimizer_show(run->optimizer, GRADUS_AVERAGED, &nothing) == GRADUS_OK;
    gradus_run_show(run, GRADUS_TRAINED, &report->error);
    return report->error.status == GRADUS_OK;
}

gradus_policy *gradus_run_policy(gradus_run *run, double base, gradus_error *error)
{
    if (error->status) return NULL;
    double least = gradus_settings_number(run->settings, "lr_min"),
           most = gradus_settings_number(run->settings, "lr_max");
    gradus_policy_config wanted = {.base = base,
                                   .minimum = isnan(least) ? 0 : least,
                                   .maximum = isnan(most) ? 0 : most,
                                   .schedule = text_of(run, "schedule"),
                                   .feedback = text_of(run, "feedback"),
                                   .units = units_of(&run->plan),
                                   .snapshots = GRADUS_RUN_SNAPSHOTS,
                                   .log = gradus_run_log,
                                   .log_user = run,
                                   .measures = gradus_run_hear,
                                   .context = run->context};
    return gradus_policy_create(&wanted, error);
}

/* The schedule is tried alone first: that tells whose fault it is when the policy cannot be made. */
static bool make_policy(gradus_run *run, gradus_report *report)
{
    double given = gradus_settings_number(run->settings, "lr");
    run->rate = (gradus_run_rate){.base = given, .automatic = isnan(given)};
    gradus_units units = units_of(&run->plan);
    units.base = run->rate.automatic ? 1 : given;
    const gradus_spec *schedule = gradus_settings_spec(run->settings, "schedule");
    run->reader.folder = gradus_settings_folder(run->settings, "schedule");
    if (schedule)
        gradus_schedule_destroy(gradus_schedule_compile(gradus_spec_chain(schedule),
                                                        gradus_settings_written(run->settings, "schedule"), &units,
                                                        run->context, &report->error));
    if (report->error.status) return misplaced(run, "schedule", report);
    run->policy = gradus_run_policy(run, units.base, &report->error);
    if (run->policy) return true;
    names(report, "feedback");
    return unplaced(run, "feedback", report);
}

/* ---- measures that are asked for must be there ---- */

/* "head.update_norm" is the update_norm of a group; whether that is there is another question. */
static const char *without_group(const gradus_run *run, const char *name)
{
    const char *group;
    for (int32_t i = 0; (group = gradus_policy_group(run->policy, i)); i++) {
        const size_t length = strlen(group);
        if (strncmp(name, group, length) == 0 && name[length] == '.') return name + length + 1;
    }
    return name;
}

static bool is_measured(const gradus_run *run, const char *name)
{
    static const char *const always[] = {"loss",
                                         "gradient_norm",
                                         "non_finite",
                                         "half_gradient_norm",
                                         "update_norm",
                                         "gradient_dot_last_update",
                                         "movement_norm",
                                         "gradient_change_dot_movement",
                                         "gradient_change_norm",
                                         "rate",
                                         "train_loss",
                                         "seconds"};
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        if (strcmp(always[i], without_group(run, name)) == 0) return true;
    const gradus_metric *metric;
    for (int32_t i = 0; (metric = gradus_run_metric(run, i)); i++)
        if (metric->in_training && strncmp(name, "train_", 6) == 0 && strcmp(name + 6, metric->name) == 0) return true;
    if (strncmp(name, "val_", 4) != 0 || !run->about->count[GRADUS_VALIDATION]) return false;
    for (int32_t i = 0; (metric = gradus_run_metric(run, i)); i++)
        if (strcmp(name + 4, metric->name) == 0) return true;
    return strcmp(name, "val_loss") == 0;
}

static bool refuse_measure(const gradus_run *run, const char *key, const char *name, gradus_report *report)
{
    if (strncmp(name, "val_", 4) == 0 && !run->about->count[GRADUS_VALIDATION]) {
        gradus_fail(&report->error, GRADUS_ERROR_SPEC, GRADUS_CODE_REFERENCE,
                    "nothing is held back to measure '%s' on; set validation=10%%", name);
    } else {
        char list[320] = "";
        const gradus_metric *metric;
        for (int32_t i = 0; (metric = gradus_run_metric(run, i)); i++)
            snprintf(list + strlen(list), sizeof list - strlen(list), ", val_%s", metric->name);
        gradus_fail(&report->error, GRADUS_ERROR_SPEC, GRADUS_CODE_REFERENCE,
                    "nothing here measures '%s'; there are loss, gradient_norm, train_loss, val_loss%s", name, list);
    }
    return unplaced(run, key, report);
}

static bool check_measures(const gradus_run *run, gradus_report *report)
{
    const char *name;
    for (int32_t i = 0; (name = gradus_policy_listens(run->policy, i)); i++)
        if (!is_measured(run, name)) return refuse_measure(run, "feedback", name, report);
    for (int32_t i = 0; (name = gradus_stops_listen(run->stops, i)); i++)
        if (!is_measured(run, name)) return refuse_measure(run, "stop", name, report);
    return true;
}

/* Feedback may answer for a group of parameters: there must be one of that name. */
static bool check_groups(gradus_run *run, gradus_report *report)
{
    if (!gradus_policy_group(run->policy, 0)) return true;
    return !gradus_optimizer_follow(run->optimizer, run->policy, &report->error) || unplaced(run, "feedback", report);
}

static bool make_training(gradus_run *run, gradus_report *report)
{
    if (!make_optimizer(run, report) || !make_policy(run, report)) return false;
    run->stops = gradus_stops_create(gradus_settings_spec(run->settings, "stop"),
                                     gradus_settings_written(run->settings, "stop"), &report->error);
    if (!run->stops) return misplaced(run, "stop", report);
    run->training = gradus_run_loader(run, GRADUS_TRAINING, true, &report->error);
    if (run->about->count[GRADUS_VALIDATION])
        run->validation = gradus_run_loader(run, GRADUS_VALIDATION, false, &report->error);
    if (!report->error.status) run->best.values = calloc((size_t)run->model_values + 1, sizeof(float));
    if (!report->error.status && !run->best.values)
        gradus_fail(&report->error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    if (report->error.status) return false;
    const char *key = gradus_saving_plan(run, &report->error);
    if (report->error.status) return misplaced(run, key, report);
    return check_measures(run, report) && check_groups(run, report);
}

/* ---- going on ---- */

/* Settings whose change would make another run of it. */
static bool is_fixed(const char *key)
{
    static const char *const fixed[] = {"data", "targets", "validation", "augment",   "model",
                                        "init", "batch",   "seed",       "start_from"};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (strcmp(key, fixed[i]) == 0) return true;
    return false;
}

static bool check_changes(gradus_run *run, gradus_report *report)
{
    const gradus_argument *setting;
    for (int32_t i = 0; (setting = gradus_setting_at(i)); i++) {
        char name[96];
        snprintf(name, sizeof name, "setting.%s", setting->name);
        const char *now = gradus_settings_text(run->settings, setting->name, GRADUS_PRINT_CANONICAL);
        const char *was = gradus_saved_text(&run->saved, name);
        if (!is_fixed(setting->name) || strcmp(now ? now : "none", was ? was : "none") == 0) continue;
        gradus_fail(&report->error, GRADUS_ERROR_USE, GRADUS_CODE_UNEXPECTED_VALUE,
                    "%.60s cannot become %.60s on the way; start a new run", was ? was : "none", now ? now : "none");
        return unplaced(run, setting->name, report);
    }
    return true;
}

/* Updates that are made cannot be taken back. A length that was not changed is that of the run, whatever it is. */
static bool check_length(gradus_run *run, gradus_report *report)
{
    gradus_state_item item;
    int64_t place[6], planned = -1;
    if (!run->saved.bytes || !gradus_state_find(&run->saved.reader, "now.place", &item) ||
        item.type != GRADUS_STATE_INT64 || item.count != 6)
        return true;
    gradus_state_copy(&item, place);
    gradus_saved_int(&run->saved, "updates", &planned);
    if (run->plan.updates >= place[0] || run->plan.updates == planned) return true;
    gradus_fail(&report->error, GRADUS_ERROR_USE, GRADUS_CODE_UNEXPECTED_VALUE,
                "the run has made %lld updates already, and cannot end after %lld; start a new run, or go on to more",
                (long long)place[0], (long long)run->plan.updates);
    return unplaced(run, isnan(gradus_settings_number(run->settings, "epochs")) ? "updates" : "epochs", report);
}

static bool open_saved(gradus_run *run, const gradus_run_config *config, gradus_report *report)
{
    int64_t threads;
    if (!config->resume) return true;
    if (gradus_folder_open(&run->folder, config->resume, true, &report->error)) return false;
    if (gradus_saved_open(&run->saved, run->folder.path, &report->error)) return false;
    if (!config->threads && gradus_saved_int(&run->saved, "threads", &threads)) run->plan.threads = (int32_t)threads;
    return check_changes(run, report);
}

/* ---- life ---- */

/* As many as asked for, else as GRADUS_THREADS says, else as the machine has. */
static bool make_context(gradus_run *run, gradus_report *report)
{
    const char *wanted = getenv("GRADUS_THREADS");
    if (!run->plan.threads && wanted && *wanted) {
        char *end;
        long threads = strtol(wanted, &end, 10);
        if (*end || threads < 1 || threads > 4096) {
            gradus_fail(&report->error, GRADUS_ERROR_RANGE, GRADUS_CODE_OUT_OF_RANGE,
                        "GRADUS_THREADS is '%s'; it takes a whole number from 1 to 4096", wanted);
            return false;
        }
        run->plan.threads = (int32_t)threads;
    }
    run->context = gradus_context_create(
        &(gradus_context_config){.threads = run->plan.threads, .read = gradus_reader_read, .user = &run->reader},
        &report->error);
    if (!run->context) return false;
    run->plan.threads = gradus_threads(run->context);
    return true;
}

static char *copy(const char *text) { return text ? strdup(text) : NULL; }

static gradus_run *start(gradus_settings *settings, const gradus_run_config *config, gradus_report *report)
{
    *report = (gradus_report){0};
    gradus_run *run = calloc(1, sizeof *run);
    if (!run) {
        gradus_fail(&report->error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
        return NULL;
    }
    *run = (gradus_run){.settings = settings,
                        .out = copy(config->out ? config->out : gradus_settings_runs(settings)),
                        .resumed = -1,
                        .saved_update = -1};
    run->model_update = -1;
    run->overwrite = config->overwrite;
    run->command = config->command;
    run->plan.threads = config->threads;
    run->plan.seed = (uint64_t)gradus_settings_number(settings, "seed");
    run->folder.descriptor = run->metrics.descriptor = run->timing.descriptor = run->decisions.descriptor = -1;
    run->told.journal.descriptor = run->layers.journal.descriptor = -1;
    atomic_init(&run->interrupted, 0);
    atomic_init(&run->wishes, 0);
    return run;
}

/* The name of a new run's folder: as given, else the run file's stem, else the data set's. */
gradus_folder_config gradus_run_folder(const gradus_run *run)
{
    const char *name = gradus_settings_text(run->settings, "name", GRADUS_PRINT_CANONICAL);
    const char *stem = gradus_settings_stem(run->settings);
    bool given = name && strcmp(name, "none") != 0;
    if (!given) name = *stem ? stem : run->about->name;
    return (gradus_folder_config){run->out, name, given, run->overwrite};
}

static bool check_folder(const gradus_run *run, gradus_report *report)
{
    if (run->saved.bytes) return true;
    gradus_folder_config wanted = gradus_run_folder(run);
    return gradus_folder_check(&wanted, &report->error) == GRADUS_OK;
}

static bool have_changed(gradus_run *run)
{
    const char *was = run->saved.bytes ? gradus_saved_text(&run->saved, "data.sha256") : NULL;
    return was && *run->about->sha256 && strcmp(was, run->about->sha256) != 0;
}

/* What does not fit any more may be the data, which nobody has named. */
static void blame_data(const gradus_run *run, gradus_error *error)
{
    static const char why[] = "; the data have changed since the state was saved";
    const size_t length = strlen(error->message);
    if (!run->data_changed || length + sizeof why > sizeof error->message) return;
    memcpy(error->message + length, why, sizeof why);
}

gradus_run *gradus_run_create(const gradus_run_config *config, gradus_report *report)
{
    gradus_run *run = start(config->settings, config, report);
    if (!run) return NULL;
    bool made = open_saved(run, config, report) && make_context(run, report) && make_data(run, config, report);
    if (made) run->data_changed = have_changed(run);
    if (made && gradus_fill_settings(run->settings, run->about, &run->plan, &report->error)) made = false;
    made = made && check_length(run, report) && check_folder(run, report) && make_net(run, report) &&
           make_training(run, report);
    if (made) return run;
    blame_data(run, &report->error);
    gradus_run_destroy(run);
    return NULL;
}

gradus_run *gradus_run_open(const char *folder, const gradus_run_config *config, gradus_report *report)
{
    static const gradus_run_config nothing;
    if (!config) config = &nothing;
    char file[GRADUS_PATH_SIZE], base[GRADUS_PATH_SIZE];
    *report = (gradus_report){0};
    if (gradus_run_source(folder, file, base, &report->error)) return NULL;
    gradus_settings *settings = gradus_settings_create(&(gradus_settings_config){.file = file, .folder = base}, report);
    gradus_run *run = settings ? start(settings, config, report) : NULL;
    if (!run) {
        gradus_settings_destroy(settings);
        return NULL;
    }
    run->owns_settings = true;
    gradus_folder_open(&run->folder, folder, false, &report->error);
    bool made = !report->error.status && make_context(run, report);
    made = made && (make_data(run, config, report) || recall_data(run, report));
    if (made && gradus_fill_settings(run->settings, run->about, &run->plan, &report->error)) made = false;
    made = made && make_net(run, report) && gradus_run_load_model(run, &report->error) == GRADUS_OK;
    if (made) return run;
    gradus_run_destroy(run);
    return NULL;
}

void gradus_run_destroy(gradus_run *run)
{
    if (!run) return;
    gradus_loader_destroy(run->training);
    gradus_loader_destroy(run->validation);
    gradus_stops_destroy(run->stops);
    gradus_policy_destroy(run->policy);
    gradus_optimizer_destroy(run->optimizer);
    gradus_net_destroy(run->net);
    gradus_data_close(run->data);
    gradus_context_destroy(run->context);
    for (int i = 0; i < GRADUS_RUN_SNAPSHOTS; i++) gradus_snapshot_release(&run->snapshots[i]);
    gradus_saved_close(&run->saved);
    gradus_journal_close(&run->metrics);
    gradus_journal_close(&run->timing);
    gradus_journal_close(&run->decisions);
    gradus_told_close(&run->told);
    gradus_layers_close(&run->layers);
    gradus_folder_close(&run->folder);
    if (run->owns_settings) gradus_settings_destroy(run->settings);
    free(run->best.values);
    free(run->out);
    free(run);
}

const gradus_settings *gradus_run_settings(const gradus_run *run) { return run->settings; }
const gradus_data_info *gradus_run_data(const gradus_run *run) { return run->about; }
const gradus_net *gradus_run_net(const gradus_run *run) { return run->net; }
gradus_run_memory gradus_run_memory_of(const gradus_run *run)
{
    const gradus_net_memory net = gradus_net_memory_of(run->net);
    gradus_run_memory memory = {.parameters = net.parameters,
                                .gradients = net.gradients,
                                .optimizer = (int64_t)gradus_optimizer_state_memory(run->optimizer),
                                .activations = net.activations,
                                .workspace = net.workspace};
    memory.sum = memory.parameters + memory.gradients + memory.optimizer + memory.activations + memory.workspace;
    return memory;
}

void gradus_run_units(const gradus_run *run, gradus_units *units)
{
    *units = units_of(&run->plan);
    units->base = run->rate.automatic ? 0 : run->rate.base;
}
int64_t gradus_run_last(const gradus_run *run)
{
    return run->ends && run->ends < run->plan.updates ? run->ends : run->plan.updates;
}
const gradus_metric *gradus_run_metric(const gradus_run *run, int32_t index)
{
    return gradus_metric_of(&run->measured, index);
}
void gradus_run_interrupt(gradus_run *run) { atomic_store(&run->interrupted, 1); }
