/* gradus export: the kept model of a run as a file that other programs load. */
#define _XOPEN_SOURCE 700
#include <string.h>
#include <sys/stat.h>
#include "cli.h"

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

static void print_text(const gradus_run *run, const char *path, double bytes)
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB"};
    int unit = 0;
    for (; bytes >= 1000 && unit < 3; unit++) bytes /= 1000;
    printf("saved   %s, %.*f %s\n", path, unit && bytes < 10, bytes, units[unit]);
    const char *ending = strrchr(path, '.');
    if (!ending || strcmp(ending, ".onnx") != 0) return; /* weights alone: nothing goes in or out */
    printf("input   ");
    print_shape(gradus_run_data(run)->shape);
    printf("\noutput  ");
    print_shape(gradus_net_output(gradus_run_net(run)));
    puts(gradus_net_tells_probabilities(gradus_run_net(run)) ? ", probabilities" : "");
}

static void print_json(const gradus_run *run, const char *path, double bytes)
{
    gradus_json json = {.write = cli_write, .user = stdout, .indent = 2};
    gradus_json_open(&json, NULL, '{');
    gradus_json_text(&json, "file", path);
    gradus_json_number(&json, "bytes", bytes);
    json_shape(&json, "input", gradus_run_data(run)->shape);
    json_shape(&json, "output", gradus_net_output(gradus_run_net(run)));
    gradus_json_close(&json, '}');
    putchar('\n');
}

static cli_exit run(cli_call *call)
{
    gradus_report report;
    gradus_run_config config = {.data_dir = call->data_dir, .threads = call->threads};
    const char *path = call->words[1];
    gradus_run *opened = gradus_run_open(call->words[0], &config, &report);
    if (!opened) return cli_report(call, &report);
    gradus_status status = gradus_run_export(opened, path, &report);
    struct stat about;
    const double bytes = !status && stat(path, &about) == 0 ? (double)about.st_size : 0;
    if (!status && call->json)
        print_json(opened, path, bytes);
    else if (!status && !call->quiet)
        print_text(opened, path, bytes);
    gradus_run_destroy(opened);
    return status ? cli_report(call, &report) : CLI_DONE;
}

const cli_verb cli_verb_export = {
    .name = "export",
    .summary = "write the model of a run as ONNX or safetensors",
    .usage = "RUN FILE",
    .about =
        "Writes the best model of a run for other programs: to FILE.onnx the net with its weights, which ONNX Runtime\n"
        "and others run; to FILE.safetensors the weights under PyTorch's names.",
    .examples = "gradus export runs/mnist mnist.onnx\ngradus export runs/mnist mnist.safetensors",
    .operands = CLI_RUNS | CLI_FILES,
    .least = 2,
    .most = 2,
    .run = run,
};
