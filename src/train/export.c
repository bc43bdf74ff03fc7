/* A trained model in a file of its own, for others to load: the ending of its name says which format it has. */
#define _XOPEN_SOURCE 700
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "run.h"

static gradus_status write_safetensors(const gradus_run *run, const char *path, gradus_error *error)
{
    float *values = malloc(((size_t)run->model_values + 1) * sizeof *values);
    if (!values) return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    gradus_run_read_model(run, values);
    gradus_model_write(run, path, values, error);
    free(values);
    return error->status;
}

/* ["cat","dog"] */
static void print_classes(const gradus_data_info *about, gradus_buffer *text)
{
    gradus_json json = {.write = gradus_buffer_write, .user = text};
    gradus_json_open(&json, NULL, '[');
    for (int64_t i = 0; about->class_names && i < about->outputs; i++)
        gradus_json_text(&json, NULL, about->class_names[i]);
    gradus_json_close(&json, ']');
    gradus_buffer_write(text, "", 1);
}

static gradus_status write_onnx(const gradus_run *run, const char *path, gradus_error *error)
{
    gradus_aside aside;
    gradus_buffer classes = {0};
    print_classes(run->about, &classes);
    const char *metadata[] = {"model",
                              gradus_settings_text(run->settings, "model", GRADUS_PRINT_CANONICAL),
                              "data",
                              gradus_settings_text(run->settings, "data", GRADUS_PRINT_CANONICAL),
                              run->about->class_names ? "classes" : NULL,
                              (const char *)classes.bytes,
                              NULL};
    if (gradus_aside_open(&aside, path, error) == GRADUS_OK) {
        gradus_net_write_onnx(run->net, metadata, gradus_aside_write, &aside, error);
        gradus_aside_close(&aside, error);
    }
    gradus_buffer_release(&classes);
    return error->status;
}

/* The run's own model is what everything else of it goes by. */
static bool is_own_model(const gradus_run *run, const char *path)
{
    char own[GRADUS_PATH_SIZE];
    struct stat here, there;
    gradus_error unread = {0};
    return gradus_model_path(run, own, &unread) == GRADUS_OK && stat(own, &here) == 0 && stat(path, &there) == 0 &&
           here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

gradus_status gradus_run_export(gradus_run *run, const char *path, gradus_report *report)
{
    static const struct {
        const char *ending;
        gradus_status (*write)(const gradus_run *run, const char *path, gradus_error *error);
    } formats[] = {{".onnx", write_onnx}, {".safetensors", write_safetensors}};
    *report = (gradus_report){0};
    const char *ending = strrchr(path, '.');
    if (is_own_model(run, path))
        return gradus_fail(&report->error, GRADUS_ERROR_USE, GRADUS_CODE_EXISTS,
                           "%s is the run's own model; export to a file elsewhere", path);
    for (size_t i = 0; ending && i < sizeof formats / sizeof *formats; i++)
        if (strcmp(ending, formats[i].ending) == 0) return formats[i].write(run, path, &report->error);
    return gradus_fail(&report->error, GRADUS_ERROR_USE, GRADUS_CODE_UNEXPECTED_VALUE,
                       "the ending of a file says what it is to be; '%s' ends neither in .onnx nor in .safetensors",
                       path);
}
