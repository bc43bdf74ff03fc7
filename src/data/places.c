/* Where data sets are looked for: a short list of folders in a fixed order, so that "not here" can say where "here" is. */
#include "places.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The cache: $XDG_CACHE_HOME/gradus/data, else ~/.cache/gradus/data; false: neither is known. */
static bool cache(char path[GRADUS_DATA_PATH])
{
    const char *folder = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int length;
    if (folder && folder[0] == '/') /* a relative one is to be ignored, says the XDG specification */
        length = snprintf(path, GRADUS_DATA_PATH, "%s/gradus/data", folder);
    else if (home && *home)
        length = snprintf(path, GRADUS_DATA_PATH, "%s/.cache/gradus/data", home);
    else
        return false;
    return length < GRADUS_DATA_PATH;
}

/* The index-th folder of GRADUS_DATA; *left counts down by as many as there are. */
static bool listed(int32_t *left, char path[GRADUS_DATA_PATH])
{
    const char *at = getenv("GRADUS_DATA");
    for (; at && *at; at += strcspn(at, ":"), at += *at == ':') {
        size_t length = strcspn(at, ":");
        if (length == 0 || length >= GRADUS_DATA_PATH || (*left)-- > 0) continue;
        snprintf(path, GRADUS_DATA_PATH, "%.*s", (int)length, at);
        return true;
    }
    return false;
}

bool gradus_place_at(int32_t index, const char *data_dir, char path[GRADUS_DATA_PATH])
{
    if (data_dir && index-- == 0) return snprintf(path, GRADUS_DATA_PATH, "%s", data_dir) < GRADUS_DATA_PATH;
    if (listed(&index, path)) return true;
    if (index-- == 0) return snprintf(path, GRADUS_DATA_PATH, "./data") > 0;
    return index == 0 && cache(path);
}

bool gradus_place_to_write(const char *data_dir, char path[GRADUS_DATA_PATH])
{
    int32_t first = 0;
    if (data_dir) return gradus_place_at(0, data_dir, path);
    return listed(&first, path) || cache(path);
}

size_t gradus_data_looked(const char *data_dir, char *text, size_t size)
{
    const char *home = getenv("HOME");
    size_t length = 0, away = home ? strlen(home) : 0;
    char path[GRADUS_DATA_PATH];
    if (size) *text = 0;
    for (int32_t i = 0; gradus_place_at(i, data_dir, path); i++) {
        bool below = away > 1 && strncmp(path, home, away) == 0 && path[away] == '/';
        length += (size_t)snprintf(length < size ? text + length : NULL, length < size ? size - length : 0, "%s%s%s",
                                   i ? ", " : "", below ? "~" : "", below ? path + away : path);
    }
    return length;
}

bool gradus_place_file(const char *folder, const char *name, char path[GRADUS_DATA_PATH])
{
    int length = snprintf(path, GRADUS_DATA_PATH, "%s/%s", folder, name);
    if (length >= GRADUS_DATA_PATH) return false;
    if (access(path, F_OK) == 0) return true;
    if (length > 3 && strcmp(path + length - 3, ".gz") == 0) path[length - 3] = 0;
    return access(path, F_OK) == 0;
}

const gradus_known_set *gradus_known_sets(int32_t index)
{
    for (int32_t i = 0; gradus_reader_at(i); i++)
        if (gradus_reader_at(i)->known && index-- == 0) return gradus_reader_at(i)->known;
    return NULL;
}

const gradus_known_set *gradus_known_find(const char *name)
{
    const gradus_known_set *set;
    for (int32_t i = 0; (set = gradus_known_sets(i)); i++)
        if (strcmp(set->name, name) == 0) return set;
    return NULL;
}

static bool is_whole(const gradus_known_set *set, const char *folder)
{
    char path[GRADUS_DATA_PATH];
    bool whole = true, other = false;
    for (const gradus_known_file *file = set->files; file->name && whole; file++)
        whole = gradus_place_file(folder, file->name, path);
    for (int32_t i = 0; gradus_reader_at(i) && !whole; i++) {
        const char *const *instead = gradus_reader_at(i)->known == set ? gradus_reader_at(i)->instead : NULL;
        if (instead) other = true;
        for (; instead && *instead; instead++) other = other && gradus_place_file(folder, *instead, path);
    }
    return whole || other;
}

bool gradus_data_find(const char *name, const char *data_dir, char *path, size_t size)
{
    const gradus_known_set *set = gradus_known_find(name);
    char place[GRADUS_DATA_PATH], folder[GRADUS_DATA_PATH + 64];
    if (size) *path = 0;
    if (!set || !set->files) return set != NULL;
    for (int32_t i = 0; gradus_place_at(i, data_dir, place); i++) {
        snprintf(folder, sizeof folder, "%s/%s", place, name);
        if (!is_whole(set, folder)) continue;
        return snprintf(path, size, "%s", folder) < (int)size;
    }
    return false;
}
