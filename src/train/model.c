/* Models in files: the best one is kept beside the run, written aside and renamed, under PyTorch's names and in its layouts; a new run may
 * begin with the weights of an old one. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "run.h"

static const char model_name[] = "model.safetensors";
enum { MOST_NAMED = 6 }; /* of the tensors that begin anew */

/* ---- writing ---- */

/* All tensors of the net over one block of numbers, which holds them one after another. */
static gradus_stored *stored_tensors(const gradus_net *net, const float *values, gradus_type type, gradus_error *error)
{
    int32_t count = gradus_net_tensor_count(net);
    gradus_stored *stored = calloc((size_t)count + 1, sizeof *stored);
    if (!stored) gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    for (int32_t i = 0; stored && i < count; i++) {
        gradus_net_tensor tensor;
        gradus_net_tensor_at(net, i, &tensor);
        stored[i] = (gradus_stored){
            .name = tensor.name, .count = gradus_tensor_values(&tensor), .values = values, .type = type};
        memcpy(stored[i].shape, tensor.shape, sizeof stored[i].shape);
        values += stored[i].count;
    }
    return stored;
}

gradus_status gradus_model_write(const gradus_run *run, const char *path, const float *values, gradus_type type,
                                 gradus_error *error)
{
    gradus_aside aside;
    gradus_stored *stored = stored_tensors(run->net, values, type, error);
    if (gradus_aside_open(&aside, path, error) == GRADUS_OK) {
        const char *const metadata[] = {"format", "pt", "model",
                                        gradus_settings_text(run->settings, "model", GRADUS_PRINT_CANONICAL), NULL};
        gradus_safetensors_write(stored, gradus_net_tensor_count(run->net), metadata, gradus_aside_write, &aside,
                                 error);
        gradus_aside_close(&aside, error);
    }
    free(stored);
    return error->status;
}

gradus_status gradus_model_path(const gradus_run *run, char *path, gradus_error *error)
{
    return gradus_path_join(run->folder.path, model_name, path, error);
}

static gradus_status write_model(const gradus_run *run, const char *folder, const float *values, gradus_error *error)
{
    char path[GRADUS_PATH_SIZE];
    if (gradus_path_join(folder, model_name, path, error)) return error->status;
    return gradus_model_write(run, path, values, GRADUS_FLOAT32, error);
}

gradus_status gradus_run_save_model(gradus_run *run, gradus_error *error)
{
    if (error->status || (run->best.known && run->best.update == run->model_update)) return error->status;
    if (run->best.known) {
        write_model(run, run->folder.path, run->best.values, error);
        run->model_update = run->best.update;
        return error->status;
    }
    return gradus_run_save_present(run, run->folder.path, error);
}

gradus_status gradus_run_save_present(gradus_run *run, const char *folder, gradus_error *error)
{
    if (error->status) return error->status;
    float *values = malloc(((size_t)run->model_values + 1) * sizeof *values);
    if (!values) return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    gradus_run_show(run, GRADUS_AVERAGED, error);
    gradus_run_read_model(run, values);
    gradus_run_show(run, GRADUS_TRAINED, error);
    write_model(run, folder, values, error);
    free(values);
    return error->status;
}

/* ---- reading ---- */

typedef struct model_file {
    unsigned char *bytes;
    gradus_safetensors *tensors;
    char path[GRADUS_PATH_SIZE];
} model_file;

static gradus_status open_model(model_file *file, const char *path, gradus_error *error)
{
    size_t size = 0;
    *file = (model_file){0};
    snprintf(file->path, sizeof file->path, "%s", path);
    if (gradus_file_read(path, &file->bytes, &size, error)) return error->status;
    gradus_error bad = {0};
    file->tensors = gradus_safetensors_open(file->bytes, size, &bad);
    if (file->tensors) return GRADUS_OK;
    free(file->bytes);
    return gradus_fail(error, bad.status, bad.code, "%s: %s", path, bad.message);
}

static void close_model(model_file *file)
{
    gradus_safetensors_close(file->tensors);
    free(file->bytes);
}

static bool take(gradus_run *run, int32_t index, const gradus_stored *stored, gradus_error *error)
{
    float *values = malloc((size_t)stored->count * sizeof *values + 1);
    if (!values) {
        gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
        return false;
    }
    gradus_stored_read(stored, values);
    gradus_net_write(run->net, index, values);
    free(values);
    return true;
}

/* Whether the file has the net's tensor, in its shape. *stored is what it has under that name; without one: nothing. */
static bool fits(const gradus_run *run, int32_t index, const model_file *file, gradus_net_tensor *tensor,
                 gradus_stored *stored)
{
    *stored = (gradus_stored){0};
    gradus_net_tensor_at(run->net, index, tensor);
    return gradus_safetensors_find(file->tensors, tensor->name, stored) &&
           memcmp(stored->shape, tensor->shape, sizeof stored->shape) == 0;
}

/* Takes over every tensor whose name and shape the file has; returns how many, and the name of one that it has not. */
static int32_t take_all(gradus_run *run, const model_file *file, const char **missing, gradus_error *error)
{
    int32_t taken = 0;
    *missing = NULL;
    for (int32_t i = 0; i < gradus_net_tensor_count(run->net); i++) {
        gradus_net_tensor tensor;
        gradus_stored stored;
        if (!fits(run, i, file, &tensor, &stored))
            *missing = tensor.name;
        else if (take(run, i, &stored, error))
            taken++;
    }
    return taken;
}

gradus_status gradus_run_load_model(gradus_run *run, gradus_error *error)
{
    char path[GRADUS_PATH_SIZE];
    model_file file;
    const char *missing;
    if (gradus_model_path(run, path, error)) return error->status;
    if (open_model(&file, path, error)) {
        if (error->code != GRADUS_CODE_NO_FILE) return error->status;
        *error = (gradus_error){0};
        return gradus_fail(error, GRADUS_ERROR_STATE, GRADUS_CODE_NO_FILE,
                           "%s has no model yet; go on with gradus train --resume %s", run->folder.path,
                           run->folder.path);
    }
    take_all(run, &file, &missing, error);
    if (missing)
        gradus_fail(error, GRADUS_ERROR_STATE, GRADUS_CODE_BAD_DATA, "%s: no tensor '%s' of the net's shape", path,
                    missing);
    close_model(&file);
    return error->status;
}

/* ---- beginning with the weights of another run ---- */

static bool is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

/* A run stands for its model; a relative path is relative to the run file. */
static gradus_status find_start(const gradus_run *run, const char *text, char path[GRADUS_PATH_SIZE],
                                gradus_error *error)
{
    char whole[GRADUS_PATH_SIZE];
    const char *base = gradus_settings_folder(run->settings, "start_from");
    snprintf(whole, sizeof whole, "%s", text);
    if (*text != '/' && *base && gradus_path_join(base, text, whole, error)) return error->status;
    if (is_folder(whole)) return gradus_path_join(whole, model_name, path, error);
    snprintf(path, GRADUS_PATH_SIZE, "%s", whole);
    return GRADUS_OK;
}

/* "64x3x3x3" */
static const char *shape_text(const int64_t *shape, char text[96])
{
    size_t used = 0;
    *text = 0;
    for (int i = 0; i < 8 && shape[i] && used < 90; i++)
        used += (size_t)snprintf(text + used, 96 - used, i ? "x%lld" : "%lld", (long long)shape[i]);
    return text;
}

/* What begins anew, and why. */
static void note_missing(const gradus_run *run, const model_file *file)
{
    int32_t missing = 0;
    for (int32_t i = 0; i < gradus_net_tensor_count(run->net); i++) {
        char here[96], there[96];
        gradus_net_tensor tensor;
        gradus_stored stored;
        if (fits(run, i, file, &tensor, &stored) || ++missing > MOST_NAMED) continue;
        if (stored.name)
            gradus_run_note(run, "'%s' begins anew: it is %s, but %s there", tensor.name,
                            shape_text(tensor.shape, here), shape_text(stored.shape, there));
        else
            gradus_run_note(run, "'%s' begins anew: it is not there", tensor.name);
    }
    if (missing > MOST_NAMED) gradus_run_note(run, "and so do %d others", missing - MOST_NAMED);
}

/* What the file has and the net has not: a sign that names do not mean the same. */
static void note_unused(const gradus_run *run, const model_file *file)
{
    int32_t unused = 0;
    const char *first = NULL;
    gradus_stored stored;
    for (int32_t i = 0; gradus_safetensors_at(file->tensors, i, &stored); i++) {
        bool known = false;
        gradus_net_tensor tensor;
        for (int32_t k = 0; !known && k < gradus_net_tensor_count(run->net); k++) {
            gradus_net_tensor_at(run->net, k, &tensor);
            known = strcmp(tensor.name, stored.name) == 0;
        }
        if (!known && !unused++) first = stored.name;
    }
    if (unused)
        gradus_run_note(run, "'%s'%s there %s no place in this net", first, unused > 1 ? " and others" : "",
                        unused > 1 ? "have" : "has");
}

gradus_status gradus_run_start_from(gradus_run *run, gradus_error *error)
{
    char path[GRADUS_PATH_SIZE];
    model_file file;
    const char *missing, *text = gradus_settings_text(run->settings, "start_from", GRADUS_PRINT_CANONICAL);
    if (error->status || !text || strcmp(text, "none") == 0) return error->status;
    if (find_start(run, text, path, error) || open_model(&file, path, error)) return error->status;
    const int32_t taken = take_all(run, &file, &missing, error), count = gradus_net_tensor_count(run->net);
    if (!taken)
        gradus_fail(error, GRADUS_ERROR_STATE, GRADUS_CODE_BAD_DATA, "%s: no tensor has a name and shape of this net",
                    path);
    else
        gradus_run_note(run, "%d of %d tensors begin as in %s", (int)taken, (int)count, path);
    if (taken && missing) note_missing(run, &file);
    if (taken) note_unused(run, &file);
    close_model(&file);
    return error->status;
}
