/* A trained model in a file of its own, for others to load: the ending of its name says which format it has. */
#define _XOPEN_SOURCE 700
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "run.h"

typedef gradus_status export_format(const gradus_run *run, const char *path, gradus_weights type, gradus_error *error);

static gradus_status write_safetensors(const gradus_run *run, const char *path, gradus_weights type,
                                       gradus_error *error)
{
    if (type == GRADUS_WEIGHTS_INT8)
        return gradus_fail(
            error, GRADUS_ERROR_USE, GRADUS_CODE_UNEXPECTED_VALUE,
            "safetensors has no scales beside its numbers; weights of int8 go to a file that ends in .onnx");
    float *values = malloc(((size_t)run->model_values + 1) * sizeof *values);
    if (!values) return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    gradus_run_read_model(run, values);
    gradus_model_write(run, path, values, type == GRADUS_WEIGHTS_BFLOAT16 ? GRADUS_BFLOAT16 : GRADUS_FLOAT32, error);
    free(values);
    return error->status;
}

/* ["cat","dog"]; of several outputs {"animal":["cat","dog"]}. False: nothing has names. */
static bool print_classes(const gradus_data_info *about, gradus_buffer *text)
{
    gradus_json json = {.write = gradus_buffer_write, .user = text};
    bool any = false;
    if (about->target_count > 1) gradus_json_open(&json, NULL, '{');
    for (int32_t k = 0; k < about->target_count; k++) {
        const gradus_target *target = &about->targets[k];
        if (!target->class_names) continue;
        any = true;
        gradus_json_open(&json, about->target_count > 1 ? target->name : NULL, '[');
        for (int64_t i = 0; i < target->outputs; i++) gradus_json_text(&json, NULL, target->class_names[i]);
        gradus_json_close(&json, ']');
    }
    if (about->target_count > 1) gradus_json_close(&json, '}');
    gradus_buffer_write(text, "", 1);
    return any;
}

/* [{"column":"rooms","base":2,"spread":0.5,"gap":2.5},{"column":"colour","text":"red"}] */
static void print_inputs(const gradus_data_info *about, gradus_buffer *text)
{
    gradus_json json = {.write = gradus_buffer_write, .user = text};
    gradus_json_open(&json, NULL, '[');
    for (int64_t i = 0; i < about->input_count; i++) {
        const gradus_data_input *input = &about->inputs[i];
        gradus_json_open(&json, NULL, '{');
        if (input->column) gradus_json_text(&json, "column", input->column);
        if (input->text) gradus_json_text(&json, "text", input->text);
        if (input->values > 1) gradus_json_number(&json, "values", (double)input->values);
        if (!input->text) {
            gradus_json_number(&json, "base", input->base);
            gradus_json_number(&json, "spread", input->spread);
            if (isfinite(input->gap)) gradus_json_number(&json, "gap", input->gap);
            if (isfinite(input->low)) gradus_json_number(&json, "low", input->low);
            if (isfinite(input->high)) gradus_json_number(&json, "high", input->high);
        }
        gradus_json_close(&json, '}');
    }
    gradus_json_close(&json, ']');
    gradus_buffer_write(text, "", 1);
}

/* [{"base":2,"spread":0.5}]; of several outputs {"price":[{"base":2,"spread":0.5}]}. False: none is scaled. */
static bool print_targets(const gradus_data_info *about, gradus_buffer *text)
{
    gradus_json json = {.write = gradus_buffer_write, .user = text};
    bool any = false;
    if (about->target_count > 1) gradus_json_open(&json, NULL, '{');
    for (int32_t k = 0; k < about->target_count; k++) {
        const gradus_target *target = &about->targets[k];
        if (!target->base) continue;
        any = true;
        gradus_json_open(&json, about->target_count > 1 ? target->name : NULL, '[');
        for (int64_t i = 0; i < target->outputs; i++) {
            gradus_json_open(&json, NULL, '{');
            gradus_json_number(&json, "base", target->base[i]);
            gradus_json_number(&json, "spread", target->spread[i]);
            gradus_json_close(&json, '}');
        }
        gradus_json_close(&json, ']');
    }
    if (about->target_count > 1) gradus_json_close(&json, '}');
    gradus_buffer_write(text, "", 1);
    return any;
}

static gradus_status write_onnx(const gradus_run *run, const char *path, gradus_weights type, gradus_error *error)
{
    gradus_aside aside;
    gradus_buffer classes = {0}, inputs = {0}, targets = {0};
    const bool named = print_classes(run->about, &classes), scaled = print_targets(run->about, &targets);
    print_inputs(run->about, &inputs);
    const char *metadata[12] = {"model", gradus_settings_text(run->settings, "model", GRADUS_PRINT_CANONICAL), "data",
                                gradus_settings_text(run->settings, "data", GRADUS_PRINT_CANONICAL)};
    int32_t count = 4;
    if (named) metadata[count++] = "classes", metadata[count++] = (const char *)classes.bytes;
    if (run->about->inputs) metadata[count++] = "inputs", metadata[count++] = (const char *)inputs.bytes;
    if (scaled) metadata[count++] = "targets", metadata[count++] = (const char *)targets.bytes;
    if (gradus_aside_open(&aside, path, error) == GRADUS_OK) {
        gradus_net_write_onnx(run->net, type, metadata, gradus_aside_write, &aside, error);
        gradus_aside_close(&aside, error);
    }
    gradus_buffer_release(&classes);
    gradus_buffer_release(&inputs);
    gradus_buffer_release(&targets);
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

/* Said before anything is changed or written. */
static gradus_status find_format(const char *path, export_format **found, gradus_error *error)
{
    static const struct {
        const char *ending;
        export_format *format;
    } formats[] = {{".onnx", write_onnx}, {".safetensors", write_safetensors}};
    const char *ending = strrchr(path, '.');
    for (size_t i = 0; ending && i < sizeof formats / sizeof *formats; i++)
        if (strcmp(ending, formats[i].ending) == 0) *found = formats[i].format;
    if (*found) return GRADUS_OK;
    return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_UNEXPECTED_VALUE,
                       "the ending of a file says what it is to be; '%s' ends neither in .onnx nor in .safetensors",
                       path);
}

gradus_status gradus_run_export(gradus_run *run, const char *path, const gradus_export *how, gradus_report *report)
{
    static const gradus_export as_it_is;
    export_format *write = NULL;
    gradus_error *error = &report->error;
    *report = (gradus_report){0};
    if (!how) how = &as_it_is;
    if (is_own_model(run, path))
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_EXISTS,
                           "%s is the run's own model; export to a file elsewhere", path);
    if (find_format(path, &write, error) || gradus_net_prune(run->net, how->prune, error) ||
        gradus_net_round(run->net, how->weights, error))
        return error->status;
    return write(run, path, how->weights, error);
}
