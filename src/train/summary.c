/* summary.json: all that a script or a comparison wants to know of a run, in one document. It is written whenever a state is, so that a
 * run that was killed has one too, with the status "running". */
#define _XOPEN_SOURCE 700
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include "run.h"

enum { FORMAT = 1, REASONS = 32 };

typedef struct tally_of_reasons {
    char name[REASONS][32];
    int64_t count[REASONS];
    int32_t used;
} tally_of_reasons;

const char *gradus_run_status_name(int32_t status)
{
    static const char *const names[] = {"running", "finished", "stopped", "interrupted", "failed"};
    return status >= 0 && status <= GRADUS_RUN_FAILED ? names[status] : "unknown";
}

/* ---- parts ---- */

static void add_command(gradus_json *json, const gradus_run *run)
{
    gradus_json_open(json, "command", '[');
    for (const char *const *word = run->command; word && *word; word++) gradus_json_text(json, NULL, *word);
    gradus_json_close(json, ']');
}

static void add_config(gradus_json *json, const char *key, const gradus_settings *settings, gradus_print how)
{
    const gradus_argument *setting;
    gradus_json_open(json, key, '{');
    for (int32_t i = 0; (setting = gradus_setting_at(i)); i++) {
        const char *text = gradus_settings_text(settings, setting->name, how);
        if (text) gradus_json_text(json, setting->name, text);
    }
    gradus_json_close(json, '}');
}

static void add_data(gradus_json *json, const gradus_run *run)
{
    static const char *const parts[] = {"training", "validation", "test"};
    gradus_json_open(json, "data", '{');
    gradus_json_text(json, "spec", gradus_settings_text(run->settings, "data", GRADUS_PRINT_CANONICAL));
    gradus_json_text(json, "sha256", *run->about->sha256 ? run->about->sha256 : NULL);
    for (int part = 0; part < 3; part++) gradus_json_number(json, parts[part], (double)run->about->count[part]);
    if (run->about->targets[0].kind == GRADUS_TARGET_CLASS)
        gradus_json_number(json, "classes", (double)run->about->targets[0].outputs);
    else
        gradus_json_text(json, "classes", NULL);
    gradus_json_text(json, "folder", run->base_folder);
    gradus_json_close(json, '}');
}

static void add_model(gradus_json *json, const gradus_net *net)
{
    gradus_json_open(json, "model", '{');
    gradus_json_number(json, "parameters", (double)gradus_net_parameters(net));
    gradus_json_open(json, "layers", '[');
    for (int32_t i = 0; i < gradus_net_layer_count(net); i++) {
        gradus_layer_info layer;
        gradus_net_layer(net, i, &layer);
        gradus_json_open(json, NULL, '{');
        gradus_json_text(json, "name", layer.name);
        gradus_json_text(json, "spec", layer.spec);
        gradus_json_open(json, "output", '[');
        for (int d = 0; d < 8 && layer.output[d]; d++) gradus_json_number(json, NULL, (double)layer.output[d]);
        gradus_json_close(json, ']');
        gradus_json_number(json, "parameters", (double)layer.parameters);
        gradus_json_close(json, '}');
    }
    gradus_json_close(json, ']');
    gradus_json_close(json, '}');
}

static void add_optional(gradus_json *json, const char *key, double number)
{
    if (isnan(number))
        gradus_json_text(json, key, NULL);
    else
        gradus_json_number(json, key, number);
}

static void add_rate(gradus_json *json, const gradus_run_rate *rate)
{
    gradus_json_open(json, "lr", '{');
    add_optional(json, "base", rate->base > 0 ? rate->base : NAN); /* lr: auto has not looked yet */
    gradus_json_text(json, "source", rate->automatic ? "auto" : "given");
    add_optional(json, "usual", rate->automatic ? rate->constant : NAN);
    add_optional(json, "low", rate->automatic ? rate->low : NAN);
    add_optional(json, "high", rate->automatic ? rate->high : NAN);
    add_optional(json, "edge", rate->automatic ? rate->edge : NAN);
    gradus_json_close(json, '}');
}

static void add_measures(gradus_json *json, const gradus_run *run, const char *part, double loss, const double *metrics)
{
    const bool training = strcmp(part, "train") == 0;
    char name[GRADUS_METRIC_NAME];
    const gradus_metric *metric;
    snprintf(name, sizeof name, "%s_loss", part);
    gradus_json_number(json, *part ? name : "loss", loss);
    for (int32_t i = 0; (metric = gradus_run_metric(run, i)); i++) {
        snprintf(name, sizeof name, "%s_%s", part, metric->name);
        if (!training || metric->in_training) gradus_json_number(json, *part ? name : metric->name, metrics[i]);
    }
}

/* What feedbacks have come to know, each under its own name. */
static void add_values(gradus_json *json, const gradus_run *run)
{
    const gradus_spec *feedback = gradus_settings_spec(run->settings, "feedback");
    const gradus_chain *chain = feedback ? gradus_spec_chain(feedback) : NULL;
    for (int32_t i = 0; chain && i < chain->count; i++) {
        const char *name = chain->items[i].member->name;
        double value = gradus_policy_value(run->policy, name);
        if (!isnan(value)) gradus_json_number(json, name, value);
    }
}

/* What each of several losses counts in the end. */
static void add_balance(gradus_json *json, const gradus_net *net)
{
    if (gradus_net_head_count(net) < 2) return;
    gradus_json_open(json, "loss_weights", '{');
    for (int32_t i = 0; i < gradus_net_head_count(net); i++) {
        const gradus_head head = gradus_net_head(net, i);
        gradus_json_number(json, head.name, head.weight * head.balance);
    }
    gradus_json_close(json, '}');
}

static void add_results(gradus_json *json, const gradus_run *run, const gradus_run_end *end)
{
    gradus_json_open(json, "final", '{');
    if (run->row.update) {
        gradus_json_number(json, "rate", run->row.rate);
        add_measures(json, run, "train", run->row.train_loss, run->row.train);
    }
    if (run->row.validated) add_measures(json, run, "val", run->row.val_loss, run->row.val);
    add_values(json, run);
    add_balance(json, run->net);
    gradus_json_close(json, '}');
    gradus_json_open(json, "best", '{');
    if (run->best.known) {
        gradus_json_text(json, "metric", end->best_metric);
        gradus_json_text(json, "mode", gradus_measure_rises(end->best_metric) ? "max" : "min");
        gradus_json_number(json, "value", run->best.value);
        gradus_json_number(json, "update", (double)run->best.update);
        gradus_json_number(json, "epoch", run->best.epoch);
    }
    gradus_json_close(json, '}');
    gradus_json_open(json, "test", '{');
    if (!isnan(end->test_loss)) add_measures(json, run, "", end->test_loss, end->test);
    gradus_json_close(json, '}');
}

static void count_reason(void *user, const gradus_run_decision *decision)
{
    tally_of_reasons *tally = user;
    int32_t at = 0;
    while (at < tally->used && strcmp(tally->name[at], decision->reason) != 0) at++;
    if (at == REASONS) return;
    if (at == tally->used) snprintf(tally->name[tally->used++], sizeof tally->name[0], "%s", decision->reason);
    tally->count[at]++;
}

static void add_decisions(gradus_json *json, const gradus_run *run)
{
    tally_of_reasons tally = {.used = 0};
    gradus_error unread = {0};
    gradus_run_decisions(run->folder.path, count_reason, &tally, &unread);
    gradus_json_open(json, "decisions", '{');
    for (int32_t i = 0; i < tally.used; i++) gradus_json_number(json, tally.name[i], (double)tally.count[i]);
    gradus_json_close(json, '}');
}

static double milliseconds(double seconds) { return round(seconds * 1e3) / 1e3; }

static void add_times(gradus_json *json, const gradus_run *run)
{
    gradus_json_open(json, "seconds", '{');
    gradus_json_number(json, "total", milliseconds(run->times.total));
    gradus_json_number(json, "training", milliseconds(run->times.training));
    gradus_json_number(json, "validation", milliseconds(run->times.validation));
    gradus_json_number(json, "data_wait", milliseconds(run->times.data_wait));
    gradus_json_number(json, "find", milliseconds(run->times.find));
    gradus_json_number(json, "policy", round(run->times.policy * 1e6) / 1e6);
    gradus_json_close(json, '}');
    gradus_json_number(json, "samples_per_second",
                       run->times.training > 0 ? round(run->tally.samples / run->times.training) : 0);
}

/* How the run went, in numbers that make runs comparable. */
static void add_course(gradus_json *json, const gradus_run *run)
{
    double share = run->times.total > 0 ? run->times.policy / run->times.total : NAN;
    add_optional(json, "policy_share", round(share * 1e6) / 1e6);
    gradus_json_number(json, "rate_reversals", (double)run->course.reversals);
    add_optional(json, "loss_volatility", gradus_course_volatility(&run->course));
}

/* "Intel(R) Xeon(R) ...": the first model name that Linux tells. */
static void name_cpu(char name[128])
{
    char line[256];
    FILE *file = fopen("/proc/cpuinfo", "r");
    snprintf(name, 128, "unknown");
    while (file && fgets(line, sizeof line, file)) {
        const char *value = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !value) continue;
        snprintf(name, 128, "%.*s", (int)strcspn(value + 2, "\n"), value + 2);
        break;
    }
    if (file) fclose(file);
}

static void add_machine(gradus_json *json, const gradus_run *run)
{
    static const char *const sets[] = {"best", "scalar", "sse2", "avx2", "avx512", "neon"};
    char cpu[128];
    struct utsname system;
    gradus_error unknown = {0};
    int32_t isa = gradus_isa_of(run->context, &unknown);
    name_cpu(cpu);
    gradus_json_open(json, "machine", '{');
    gradus_json_text(json, "cpu", cpu);
    gradus_json_text(json, "isa", isa >= 0 && isa <= GRADUS_ISA_NEON ? sets[isa] : "unknown");
    gradus_json_number(json, "threads", run->plan.threads);
    gradus_json_text(json, "os", uname(&system) == 0 ? system.sysname : "unknown");
    gradus_json_close(json, '}');
}

/* `peak`: the most that the process had in memory at once, data and all; of this session. */
static void add_memory(gradus_json *json, const gradus_run *run, bool peak)
{
    const gradus_run_memory memory = gradus_run_memory_of(run);
    struct rusage usage;
    gradus_json_open(json, "memory", '{');
    gradus_json_number(json, "parameters", (double)memory.parameters);
    gradus_json_number(json, "gradients", (double)memory.gradients);
    gradus_json_number(json, "optimizer", (double)memory.optimizer);
    gradus_json_number(json, "activations", (double)memory.activations);
    gradus_json_number(json, "workspace", (double)memory.workspace);
    if (peak) add_optional(json, "peak", getrusage(RUSAGE_SELF, &usage) == 0 ? (double)usage.ru_maxrss * 1024 : NAN);
    gradus_json_close(json, '}');
}

static void add_files(gradus_json *json, const gradus_run *run)
{
    static const char *const files[][2] = {{"config", "run.yaml"},         {"metrics", "metrics.csv"},
                                           {"timing", "timing.csv"},       {"decisions", "decisions.jsonl"},
                                           {"model", "model.safetensors"}, {"state_a", "state-a"},
                                           {"state_b", "state-b"},         {"measures", "measures.csv"}};
    gradus_json_open(json, "files", '{');
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) gradus_json_text(json, files[i][0], files[i][1]);
    if (run->layers.before) gradus_json_text(json, "layers", "layers.csv");
    gradus_json_close(json, '}');
}

/* ---- the whole ---- */

static void add_head(gradus_json *json, const gradus_run *run, const gradus_run_end *end, const char *folder)
{
    char version[32];
    const char *slash = strrchr(folder, '/');
    int32_t number = gradus_version();
    snprintf(version, sizeof version, "%d.%d.%d", number / 10000, number / 100 % 100, number % 100);
    gradus_json_number(json, "format", FORMAT);
    gradus_json_text(json, "gradus", version);
    gradus_json_text(json, "name", slash ? slash + 1 : folder);
    add_command(json, run);
    gradus_json_text(json, "status", gradus_run_status_name(end->status));
    gradus_json_open(json, "reason", '{');
    gradus_json_text(json, "code", end->reason);
    gradus_json_text(json, "text", end->text);
    gradus_json_close(json, '}');
}

/* What is known before the first update. */
static void add_plan(gradus_json *json, const gradus_run *run)
{
    add_config(json, "config", run->settings, GRADUS_PRINT_CANONICAL);
    add_config(json, "config_full", run->settings, GRADUS_PRINT_FULL);
    gradus_json_number(json, "seed", (double)run->plan.seed);
    add_data(json, run);
    add_model(json, run->net);
    add_rate(json, &run->rate);
    gradus_json_open(json, "plan", '{');
    gradus_json_number(json, "updates", (double)run->plan.updates);
    gradus_json_number(json, "updates_per_epoch", (double)run->plan.updates_per_epoch);
    gradus_json_number(json, "batch", run->plan.batch);
    gradus_json_close(json, '}');
}

static void add_foreseen(gradus_json *json, const gradus_run_time *time)
{
    gradus_json_open(json, "foreseen", '{');
    add_optional(json, "update", round(time->update * 1e6) / 1e6);
    add_optional(json, "validation", round(time->validation * 1e6) / 1e6);
    add_optional(json, "find", milliseconds(time->find));
    add_optional(json, "total", milliseconds(time->total));
    gradus_json_close(json, '}');
}

void gradus_run_plan_json(const gradus_run *run, const gradus_run_time *time, gradus_json *json)
{
    gradus_json_open(json, NULL, '{');
    add_plan(json, run);
    add_memory(json, run, false);
    if (time) add_foreseen(json, time);
    gradus_json_close(json, '}');
}

gradus_status gradus_summary_write(const gradus_run *run, const gradus_run_end *end, gradus_error *error)
{
    return gradus_summary_write_to(run, end, run->folder.path, error);
}

gradus_status gradus_summary_write_to(const gradus_run *run, const gradus_run_end *end, const char *folder,
                                      gradus_error *error)
{
    char path[GRADUS_PATH_SIZE];
    if (gradus_path_join(folder, "summary.json", path, error)) return error->status;
    gradus_buffer buffer = {0};
    gradus_json json = {.write = gradus_buffer_write, .user = &buffer, .indent = 2};
    gradus_json_open(&json, NULL, '{');
    add_head(&json, run, end, folder);
    add_plan(&json, run);
    gradus_json_number(&json, "updates", (double)run->update);
    gradus_json_number(&json, "epochs", (double)run->update / (double)run->plan.updates_per_epoch);
    gradus_json_number(&json, "samples", run->tally.samples);
    add_results(&json, run, end);
    add_decisions(&json, run);
    add_times(&json, run);
    add_machine(&json, run);
    add_files(&json, run);
    add_course(&json, run);
    add_memory(&json, run, true);
    gradus_json_close(&json, '}');
    if (json.failed || gradus_buffer_write(&buffer, "\n", 1))
        gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory for the summary");
    else
        gradus_file_replace(path, buffer.bytes, buffer.size, error);
    gradus_buffer_release(&buffer);
    return error->status;
}

/* ---- reading ---- */

static double number_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static gradus_status check(const char *folder, const char *path, const json_t *summary, gradus_error *error)
{
    const json_t *plan = json_object_get(summary, "plan"), *rate = json_object_get(summary, "lr");
    const bool planned = number_of(plan, "updates") > 0 && number_of(plan, "updates_per_epoch") > 0;
    if (planned && number_of(rate, "base") > 0) return GRADUS_OK;
    if (planned && json_is_object(rate))
        return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                           "%s ended while its rate was looked for; go on with gradus train --resume %s", folder,
                           folder);
    return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                       "%s is not whole; gradus train --resume %s goes on with the run and writes it anew", path,
                       folder);
}

char *gradus_run_summary(const char *folder, gradus_error *error)
{
    gradus_error own = {0}, unread = {0};
    gradus_folder opened;
    char path[GRADUS_PATH_SIZE];
    unsigned char *text;
    size_t size;
    if (!error) error = &own;
    if (gradus_folder_open(&opened, folder, false, error)) return NULL;
    gradus_folder_close(&opened);
    if (gradus_path_join(opened.path, "summary.json", path, error)) return NULL;
    if (gradus_file_read(path, &text, &size, &unread)) {
        if (unread.code == GRADUS_CODE_NO_FILE)
            gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                        "%s is not there; gradus train --resume %s goes on with the run and writes it anew", path,
                        opened.path);
        else
            *error = unread;
        return NULL;
    }
    json_t *summary = json_loadb((const char *)text, size, 0, NULL);
    check(opened.path, path, summary, error);
    json_decref(summary);
    if (!error->status) return (char *)text;
    free(text);
    return NULL;
}
