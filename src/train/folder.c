/* The folder of a run. Nothing of another run is ever overwritten unless that was asked for, and a lock on the folder, which
 * dies with its process, keeps two trainings from writing into one. */
#define _GNU_SOURCE
#include "folder.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { NAMES_TRIED = 10000, LOOKS = 20 };

/* Everything that a training writes; what a user has put beside it is left alone when a run is replaced. */
static const char *const files_of_a_run[] = {
    "run.yaml", "metrics.csv", "timing.csv", "measures.csv", "decisions.jsonl", "summary.json", "model.safetensors",
    "state-a",  "state-b",     "ask-save",   "ask-cooldown", "ask-stop",        "layers.csv"};

gradus_status gradus_folder_name_check(const char *name, gradus_error *error)
{
    if (error->status) return error->status;
    if (*name && *name != '.' && !strchr(name, '/')) return GRADUS_OK;
    return gradus_fail(error, GRADUS_ERROR_SPEC, GRADUS_CODE_UNEXPECTED_VALUE,
                       "'%s' cannot name a run; a name holds no '/' and does not begin with '.' (--out=DIR says where "
                       "runs are made)",
                       name);
}

/* "finished, 10 epochs": what stands in a folder that is in the way. */
static void describe(const char *path, char text[96])
{
    char file[GRADUS_PATH_SIZE];
    gradus_error unread = {0};
    json_t *summary = gradus_path_join(path, "summary.json", file, &unread) ? NULL : json_load_file(file, 0, NULL);
    const char *status = json_string_value(json_object_get(summary, "status"));
    const json_t *epochs = json_object_get(summary, "epochs");
    if (status && json_is_number(epochs)) {
        char count[32];
        gradus_number_print(json_number_value(epochs), count);
        snprintf(text, 96, "%s, %s epoch%s", strcmp(status, "running") == 0 ? "not finished" : status, count,
                 json_number_value(epochs) == 1 ? "" : "s");
    } else {
        snprintf(text, 96, "not a whole run");
    }
    json_decref(summary);
}

static gradus_status in_the_way(const char *path, gradus_error *error)
{
    char what[96];
    describe(path, what);
    return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_EXISTS,
                       "%s exists (%s); go on with --resume, start again with --overwrite, or take another name=", path,
                       what);
}

static bool exists(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0;
}

gradus_status gradus_folder_check(const gradus_folder_config *config, gradus_error *error)
{
    char path[GRADUS_PATH_SIZE];
    gradus_folder_name_check(config->name, error);
    if (gradus_path_join(config->out, config->name, path, error)) return error->status;
    return config->given && !config->overwrite && exists(path) ? in_the_way(path, error) : GRADUS_OK;
}

/* A lock that is in the way may be that of somebody who only looks whether there is one: it is gone in a moment. Any errno but
 * EWOULDBLOCK: this file system has no locks. */
static bool is_taken(int descriptor, int lock)
{
    const struct timespec moment = {.tv_nsec = 5000000};
    bool taken = false;
    for (int looks = 0; looks < LOOKS; looks++) {
        taken = flock(descriptor, lock | LOCK_NB) != 0 && errno == EWOULDBLOCK;
        if (!taken || lock == LOCK_SH) break;
        nanosleep(&moment, NULL);
    }
    return taken;
}

static gradus_status lock(gradus_folder *folder, bool train, gradus_error *error)
{
    folder->descriptor = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder->descriptor < 0) return gradus_fail_file(error, folder->path, errno);
    if (!train || !is_taken(folder->descriptor, LOCK_EX)) return GRADUS_OK;
    gradus_folder_close(folder);
    return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_EXISTS, "%s is being trained by another process",
                       folder->path);
}

static gradus_status remove_files(const gradus_folder *folder, int descriptor, gradus_error *error)
{
    for (size_t i = 0; i < sizeof files_of_a_run / sizeof *files_of_a_run; i++)
        if (unlinkat(descriptor, files_of_a_run[i], 0) != 0 && errno != ENOENT)
            return gradus_fail_file(error, folder->path, errno);
    gradus_aside_clear(descriptor);
    return GRADUS_OK;
}

/* Copies that the run has kept, as far as nothing else lies in their folders. */
static void remove_kept(const gradus_folder *folder, gradus_error *error)
{
    int kept = openat(folder->descriptor, "kept", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = kept < 0 ? NULL : fdopendir(kept);
    for (const struct dirent *entry; list && (entry = readdir(list));) {
        int one = openat(kept, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (one < 0) continue;
        if (*entry->d_name != '.' && remove_files(folder, one, error) == GRADUS_OK)
            unlinkat(kept, entry->d_name, AT_REMOVEDIR);
        close(one);
    }
    if (list) closedir(list);
    unlinkat(folder->descriptor, "kept", AT_REMOVEDIR);
}

static gradus_status empty(const gradus_folder *folder, gradus_error *error)
{
    remove_kept(folder, error);
    return remove_files(folder, folder->descriptor, error);
}

gradus_status gradus_folder_make(gradus_folder *folder, const gradus_folder_config *config, gradus_error *error)
{
    *folder = (gradus_folder){.descriptor = -1};
    if (gradus_folder_check(config, error) || gradus_make_folders(config->out, error)) return error->status;
    for (int number = 1; number < NAMES_TRIED; number++) {
        char name[GRADUS_PATH_SIZE];
        int length = number == 1 ? snprintf(name, sizeof name, "%s", config->name)
                                 : snprintf(name, sizeof name, "%s-%d", config->name, number);
        if (length < 0 || length >= GRADUS_PATH_SIZE) return gradus_fail_file(error, config->name, ENAMETOOLONG);
        if (gradus_path_join(config->out, name, folder->path, error)) return error->status;
        if (mkdir(folder->path, 0777) == 0) return lock(folder, true, error);
        if (errno != EEXIST) return gradus_fail_file(error, folder->path, errno);
        if (config->overwrite) return lock(folder, true, error) ? error->status : empty(folder, error);
        if (config->given) return in_the_way(folder->path, error);
    }
    return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_EXISTS, "%s/%s: all names up to -%d are taken", config->out,
                       config->name, NAMES_TRIED - 1);
}

/* The run beside the one that is not there whose name is nearest; a name without a folder is looked for in runs. */
static gradus_status no_such_run(const char *path, gradus_error *error)
{
    enum { MOST = 200 };
    char names[MOST][64], folder[GRADUS_PATH_SIZE];
    const char *list[MOST], *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) : 4, slash ? path : "runs");
    DIR *runs = opendir(folder);
    int32_t count = 0;
    for (const struct dirent *entry; runs && count < MOST && (entry = readdir(runs));) {
        char file[GRADUS_PATH_SIZE + 300];
        snprintf(file, sizeof file, "%s/%s/run.yaml", folder, entry->d_name);
        if (strlen(entry->d_name) >= sizeof *names || !exists(file)) continue;
        list[count] = strcpy(names[count], entry->d_name);
        count++;
    }
    if (runs) closedir(runs);
    const char *near = gradus_nearest(slash ? slash + 1 : path, list, count);
    gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_NO_FILE,
                near ? "%s: no such run; did you mean '%.200s/%s'?" : "%s: no such run", path, folder, near);
    if (near) snprintf(error->near, sizeof error->near, "%s", near);
    return error->status;
}

gradus_status gradus_folder_open(gradus_folder *folder, const char *path, bool train, gradus_error *error)
{
    *folder = (gradus_folder){.descriptor = -1};
    if (error->status) return error->status;
    int length = snprintf(folder->path, sizeof folder->path, "%s", path);
    if (length < 0 || length >= GRADUS_PATH_SIZE) return gradus_fail_file(error, path, ENAMETOOLONG);
    while (length > 1 && folder->path[length - 1] == '/') folder->path[--length] = 0;
    char file[GRADUS_PATH_SIZE];
    if (gradus_path_join(folder->path, "run.yaml", file, error)) return error->status;
    if (!exists(path)) return no_such_run(folder->path, error);
    if (!exists(file))
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_NO_FILE, "%s is no run: it holds no run.yaml", path);
    return lock(folder, train, error);
}

bool gradus_folder_is_trained(const char *path)
{
    gradus_folder folder;
    gradus_error error = {0};
    if (gradus_folder_open(&folder, path, false, &error)) return false;
    const bool trained = is_taken(folder.descriptor, LOCK_SH);
    gradus_folder_close(&folder);
    return trained;
}

bool gradus_folder_base(const char *folder, char base[GRADUS_PATH_SIZE])
{
    char path[GRADUS_PATH_SIZE];
    gradus_error unread = {0};
    json_t *summary = gradus_path_join(folder, "summary.json", path, &unread) ? NULL : json_load_file(path, 0, NULL);
    const char *text = json_string_value(json_object_get(json_object_get(summary, "data"), "folder"));
    snprintf(base, GRADUS_PATH_SIZE, "%s", text ? text : "");
    json_decref(summary);
    return text != NULL;
}

void gradus_folder_close(gradus_folder *folder)
{
    if (folder->path[0] && folder->descriptor >= 0) close(folder->descriptor);
    folder->descriptor = -1;
}
