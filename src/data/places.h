/* Where data sets are looked for, and where those that are fetched go. */
#ifndef GRADUS_DATA_PLACES_H
#define GRADUS_DATA_PLACES_H
#include "set.h"

/* --data-dir, the folders of GRADUS_DATA, ./data, the cache, in that order; false: no more. */
bool gradus_place_at(int32_t index, const char *data_dir, char path[GRADUS_DATA_PATH]);

/* The first of --data-dir, GRADUS_DATA, the cache; false: there is none. */
bool gradus_place_to_write(const char *data_dir, char path[GRADUS_DATA_PATH]);

/* A file of a set in its folder, as it is fetched or unpacked by hand; false: neither is there. */
bool gradus_place_file(const char *folder, const char *name, char path[GRADUS_DATA_PATH]);

/* The folder that holds the known set of a reader, whose name and classes it sets; or fails saying how to get it. */
gradus_status gradus_known_folder(gradus_reading *reading, char folder[GRADUS_DATA_PATH], gradus_error *error);

const gradus_known_set *gradus_known_find(const char *name); /* NULL: no such */

#endif
