/* Known sets: the folder that holds one, or how to get it; and those of four IDX files, opened from there. */
#include "idx.h"
#include "places.h"
#include <stdio.h>

gradus_status gradus_known_folder(gradus_reading *reading, char folder[GRADUS_DATA_PATH], gradus_error *error)
{
    enum { SHOWN = 128 }; /* of the folders, so that the remedy is not cut off */
    const gradus_known_set *set = reading->data->reader->known;
    char looked[SHOWN];
    snprintf(reading->data->info.name, sizeof reading->data->info.name, "%s", set->name);
    reading->data->info.targets[0].class_names = reading->data->reader->classes;
    if (gradus_data_find(set->name, reading->config->data_dir, folder, GRADUS_DATA_PATH)) return GRADUS_OK;
    bool cut = gradus_data_looked(reading->config->data_dir, looked, sizeof looked) >= sizeof looked;
    return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_NO_DATA,
                       "%s is not here (looked in %s%s); get it with: gradus data get %s", set->name, looked,
                       cut ? "..." : "", set->name);
}

gradus_status gradus_idx_open_known(gradus_reading *reading, gradus_error *error)
{
    const gradus_known_set *set = reading->data->reader->known;
    char folder[GRADUS_DATA_PATH], file[GRADUS_MOST_FILES][GRADUS_DATA_PATH];
    gradus_status status = gradus_known_folder(reading, folder, error);
    if (status) return status;
    const gradus_array_paths paths = {.inputs = {file[0], file[2]}, .labels = {{file[1]}, {file[3]}}};
    for (int32_t i = 0; i < GRADUS_MOST_FILES; i++) gradus_place_file(folder, set->files[i].name, file[i]);
    return gradus_idx_open(reading, &paths, "images", error);
}
