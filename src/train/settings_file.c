/* Finds and reads the run file that was named; where it is not there, looks around for what may have been meant. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "files.h"
#include "settings.h"

enum { NAMES = 256 };

static bool ends_in_yaml(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* The run files of the folder in which `file` was looked for, sorted; returns how many. The names are the caller's to free. */
static int32_t run_files(const char *file, char *names[NAMES])
{
    char folder[GRADUS_PATH_SIZE];
    int length = (int)(base_name(file) - file);
    snprintf(folder, sizeof folder, "%.*s", length ? length : 1, length ? file : ".");
    DIR *directory = opendir(folder);
    int32_t count = 0;
    for (struct dirent *entry; directory && count < NAMES && (entry = readdir(directory));)
        if (ends_in_yaml(entry->d_name) && (names[count] = strdup(entry->d_name))) count++;
    if (directory) closedir(directory);
    qsort(names, (size_t)count, sizeof *names, by_name);
    return count;
}

/* "a.yaml, b.yaml", or the nearest alone; nothing where there are too many to tell. */
static void list_near(char *const names[], int32_t count, const char *near, char text[1024])
{
    for (int32_t i = 0; i < count && (near || count <= 4); i++) {
        size_t used = strlen(text);
        if (!near || strcmp(near, names[i]) == 0)
            snprintf(text + used, 1024 - used, "%s%.200s", used ? ", " : "; in this folder: ", names[i]);
    }
}

static bool fail_missing(const gradus_yaml *yaml, gradus_report *report)
{
    const gradus_language *language = gradus_train_language();
    const gradus_family *data = gradus_language_family(language, "data");
    char *names[NAMES], text[1024] = "";
    int32_t count = run_files(yaml->name, names);
    const char *near = gradus_nearest(base_name(yaml->name), (const char *const *)names, count);
    if (data && gradus_language_find(language, data, yaml->name))
        snprintf(text, sizeof text, "; it is a data set: data=%s", yaml->name);
    else if (gradus_setting_find(yaml->name))
        snprintf(text, sizeof text, "; a setting is written in one word: %s=...", yaml->name);
    else
        list_near(names, count, near, text);
    gradus_error error = {0};
    gradus_fail(&error, GRADUS_ERROR_SPEC, GRADUS_CODE_NO_FILE, "no such file%s", text);
    if (near && strlen(near) < sizeof error.near) strcpy(error.near, near);
    while (count > 0) free(names[--count]);
    return gradus_yaml_report(yaml, report, &error, GRADUS_NOWHERE, 0);
}

static bool fail_folder(const gradus_yaml *yaml, gradus_report *report)
{
    char path[GRADUS_PATH_SIZE];
    struct stat status;
    snprintf(path, sizeof path, "%.1000s/metrics.csv", yaml->name);
    if (stat(path, &status) == 0)
        return gradus_yaml_fail(yaml, report, GRADUS_CODE_NO_FILE, GRADUS_NOWHERE, 0,
                                "this is a run, not a run file; go on with it: --resume %s", yaml->name);
    return gradus_yaml_fail(yaml, report, GRADUS_CODE_NO_FILE, GRADUS_NOWHERE, 0, "this is a folder, not a run file");
}

bool gradus_yaml_refuse_data(const gradus_yaml *yaml, gradus_report *report)
{
    const gradus_family *data = gradus_language_family(gradus_train_language(), "data");
    const char *dot = strrchr(yaml->name, '.');
    const bool either =
        ends_in_yaml(yaml->name) || (dot && strcmp(dot, ".txt") == 0); /* a run file may be called so too */
    if (either || !data || !data->reader || !data->reader(yaml->name)) return false;
    *report = (gradus_report){0};
    gradus_yaml_fail(yaml, report, GRADUS_CODE_NO_FILE, GRADUS_NOWHERE, 0, "these are data, not a run file: data=%s",
                     yaml->name);
    return true;
}

bool gradus_yaml_load(gradus_yaml *yaml, const char *file, gradus_report *report)
{
    bool standard_input = strcmp(file, "-") == 0;
    struct stat status;
    unsigned char *bytes;
    gradus_error error = {0};
    yaml->name = standard_input ? "stdin" : file;
    if (!*file)
        return gradus_yaml_fail(yaml, report, GRADUS_CODE_NO_FILE, GRADUS_NOWHERE, 0,
                                "the name of the run file is empty");
    if (!standard_input && stat(file, &status) != 0 && errno == ENOENT) return fail_missing(yaml, report);
    if (!standard_input && stat(file, &status) == 0 && S_ISDIR(status.st_mode)) return fail_folder(yaml, report);
    if (!standard_input && stat(file, &status) == 0 && (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)))
        return gradus_yaml_fail(yaml, report, GRADUS_CODE_NO_FILE, GRADUS_NOWHERE, 0,
                                "this is a device, not a run file");
    if (gradus_file_read(standard_input ? "/dev/stdin" : file, &bytes, &yaml->size, &error)) {
        *report = (gradus_report){.error = error};
        return false;
    }
    yaml->text = (const char *)bytes;
    if (yaml->size <= GRADUS_RUN_FILE_BYTES) return true;
    if (gradus_yaml_refuse_data(yaml, report)) return false;
    return gradus_yaml_fail(yaml, report, GRADUS_CODE_TOO_LONG, GRADUS_NOWHERE, 0, "larger than 1 MiB; no run file is");
}
