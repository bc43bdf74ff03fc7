/* gradus export: the kept model of a run as a file that other programs load; and where weights are rounded or pruned for it, what that
 * costs. */
#define _XOPEN_SOURCE 700
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "progress.h"

typedef struct cost { /* what is told of weights that were changed */
    bool asked, measured;
    const char *part;
    gradus_run_result before, after;
} cost;

/* ---- what is wanted ---- */

/* False: it is no share, and that was reported. */
static bool read_prune(const cli_call *call, double *share)
{
    const char *text = cli_value(call, "prune");
    const size_t length = text ? strlen(text) : 0;
    if (!text) return true;
    const size_t used = gradus_number_read(text, length, share);
    const bool percent = used && strcmp(text + used, "%") == 0;
    if (percent) *share /= 100;
    if (used && (percent || used == length) && *share >= 0 && *share < 1) return true;
    cli_fail(call, GRADUS_CODE_WRONG_TYPE, "export", "--prune takes a share from 0 to below 100%%, not '%s'", text);
    return false;
}

static gradus_export read_how(const cli_call *call)
{
    static const char *const types[] = {"float32", "bf16", "int8"}; /* in the order of gradus_weights */
    const char *type = cli_value(call, "type");
    gradus_export how = {.weights = GRADUS_WEIGHTS_FLOAT32};
    for (int i = 0; type && i < 3; i++)
        if (strcmp(type, types[i]) == 0) how.weights = (gradus_weights)i;
    return how;
}

/* ---- what it costs ---- */

/* On the test part, else on what was held back. A run whose data are gone is exported all the same. */
static bool measure(const cli_call *call, gradus_run *run, gradus_run_result *result, const char **part)
{
    static const char *const names[] = {"training", "validation", "test"};
    const int64_t *count = gradus_run_data(run)->count;
    const gradus_part which = count[GRADUS_TEST]         ? GRADUS_TEST
                              : count[GRADUS_VALIDATION] ? GRADUS_VALIDATION
                                                         : GRADUS_TRAINING;
    gradus_report report;
    *part = names[which];
    const bool done = gradus_run_evaluate(run, which, result, &report) == GRADUS_OK;
    if (!done) cli_note(call, "what it costs is not measured: %s", report.error.message);
    return done;
}

static void print_cost(const gradus_run *run, const cost *it)
{
    char now[CLI_SHORT], was[CLI_SHORT];
    const gradus_metric *metric = gradus_run_metric(run, 0);
    printf("%-8sloss %s, was %s", it->part, cli_measure(it->after.loss, now), cli_measure(it->before.loss, was));
    if (metric)
        printf("; %s %s, was %s", metric->name, cli_measure(it->after.metrics[0], now),
               cli_measure(it->before.metrics[0], was));
    putchar('\n');
}

static void json_result(gradus_json *json, const char *key, const gradus_run *run, const gradus_run_result *result)
{
    const gradus_metric *metric = gradus_run_metric(run, 0);
    gradus_json_open(json, key, '{');
    gradus_json_number(json, "loss", result->loss);
    if (metric) gradus_json_number(json, metric->name, result->metrics[0]);
    gradus_json_close(json, '}');
}

/* ---- what is told ---- */

/* "n x 1 x 28 x 28" */
static void print_shape(const int64_t *shape)
{
    putchar('n');
    for (int i = 0; i < 8 && shape[i]; i++) printf(" x %lld", (long long)shape[i]);
}

static void json_shape(gradus_json *json, const char *key, const int64_t *shape)
{
    gradus_json_open(json, key, '[');
    for (int i = 0; i < 8 && shape[i]; i++) gradus_json_number(json, NULL, (double)shape[i]);
    gradus_json_close(json, ']');
}

/* "output  n x 10, probabilities"; of several "output  sex, n x 3, probabilities". */
static void print_outputs(const gradus_net *net)
{
    for (int32_t i = 0; i < gradus_net_head_count(net); i++) {
        const gradus_head head = gradus_net_head(net, i);
        printf("output  %s%s", head.name ? head.name : "", head.name ? ", " : "");
        print_shape(head.name ? (const int64_t[8]){head.count} : gradus_net_output(net));
        puts(head.probabilities ? ", probabilities" : "");
    }
}

static void print_text(const gradus_run *run, const char *path, double bytes, const cost *it)
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB"};
    const char *ending = strrchr(path, '.');
    int unit = 0;
    for (; bytes >= 1000 && unit < 3; unit++) bytes /= 1000;
    printf("saved   %s, %.*f %s\n", path, unit && bytes < 10, bytes, units[unit]);
    if (ending && strcmp(ending, ".onnx") == 0) { /* else it is weights alone: nothing goes in or out */
        printf("input   ");
        print_shape(gradus_run_data(run)->shape);
        putchar('\n');
        print_outputs(gradus_run_net(run));
    }
    if (it->measured) print_cost(run, it);
}

static void print_json(const gradus_run *run, const char *path, double bytes, const cost *it)
{
    gradus_json json = {.write = cli_write, .user = stdout, .indent = 2};
    gradus_json_open(&json, NULL, '{');
    gradus_json_text(&json, "file", path);
    gradus_json_number(&json, "bytes", bytes);
    json_shape(&json, "input", gradus_run_data(run)->shape);
    json_shape(&json, "output", gradus_net_output(gradus_run_net(run)));
    if (it->measured) {
        gradus_json_text(&json, "part", it->part);
        json_result(&json, "before", run, &it->before);
        json_result(&json, "after", run, &it->after);
    }
    gradus_json_close(&json, '}');
    putchar('\n');
}

static cli_exit export(const cli_call *call, gradus_run *run, const gradus_export *how)
{
    const char *path = call->words[1];
    gradus_report report;
    struct stat about;
    cost it = {.asked = how->weights != GRADUS_WEIGHTS_FLOAT32 || how->prune > 0};
    if (it.asked) it.measured = measure(call, run, &it.before, &it.part);
    const gradus_status status = gradus_run_export(run, path, how, &report);
    if (!status && it.measured) it.measured = measure(call, run, &it.after, &it.part);
    const double bytes = !status && stat(path, &about) == 0 ? (double)about.st_size : 0;
    if (!status && call->json)
        print_json(run, path, bytes, &it);
    else if (!status && !call->quiet)
        print_text(run, path, bytes, &it);
    gradus_run_result_release(&it.before);
    gradus_run_result_release(&it.after);
    return status ? cli_report(call, &report) : CLI_DONE;
}

static cli_exit run(cli_call *call)
{
    gradus_report report;
    gradus_run_config config = {.data_dir = call->data_dir, .threads = call->threads};
    gradus_export how = read_how(call);
    if (!read_prune(call, &how.prune)) return CLI_MISUSE;
    gradus_run *opened = gradus_run_open(call->words[0], &config, &report);
    const cli_exit status = opened ? export(call, opened, &how) : cli_report(call, &report);
    gradus_run_destroy(opened);
    return status;
}

static const cli_option options[] = {
    {"type", "float32|bf16|int8",
     "what the weights are rounded to: bf16 for safetensors, int8 for ONNX with a scale for each output"},
    {"prune", "SHARE", "the smallest weights become zero, so many of all: 50%"},
    {0},
};

const cli_verb cli_verb_export = {
    .name = "export",
    .summary = "write the model of a run as ONNX or safetensors",
    .usage = "RUN FILE",
    .about =
        "Writes the best model of a run for other programs: to FILE.onnx the net with its weights, which ONNX Runtime\n"
        "and others run; to FILE.safetensors the weights under PyTorch's names. Rounded or pruned weights are "
        "measured.",
    .examples = "gradus export runs/mnist mnist.onnx\ngradus export runs/mnist mnist.safetensors\n"
                "gradus export runs/mnist small.onnx --type int8",
    .options = options,
    .operands = CLI_RUNS | CLI_FILES,
    .least = 2,
    .most = 2,
    .run = run,
};
