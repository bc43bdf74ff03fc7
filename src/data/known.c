/* Opens a known set of four IDX files from the folder that holds it, or says how to get it. */
#include "idx.h"
#include "places.h"
#include <stdio.h>

gradus_status gradus_idx_open_known(gradus_reading *reading, gradus_error *error)
{
    enum { SHOWN = 128 }; /* of the folders, so that the remedy is not cut off */
    const gradus_known_set *set = reading->data->reader->known;
    char folder[GRADUS_DATA_PATH], looked[SHOWN], file[GRADUS_MOST_FILES][GRADUS_DATA_PATH];
    if (!gradus_data_find(set->name, reading->config->data_dir, folder, sizeof folder)) {
        bool cut = gradus_data_looked(reading->config->data_dir, looked, sizeof looked) >= sizeof looked;
        return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_NO_DATA,
                           "%s is not here (looked in %s%s); get it with: gradus data get %s", set->name, looked,
                           cut ? "..." : "", set->name);
    }
    gradus_idx_paths paths = {{0}};
    for (int32_t i = 0; i < GRADUS_MOST_FILES; i++) {
        gradus_place_file(folder, set->files[i].name, file[i]);
        paths.path[i] = file[i];
    }
    snprintf(reading->data->info.name, sizeof reading->data->info.name, "%s", set->name);
    reading->data->info.class_names = reading->data->reader->classes;
    return gradus_idx_open(reading, &paths, "images", error);
}
