/* The folder of a run: how it is named, made, replaced and kept from two trainings at once. */
#ifndef GRADUS_TRAIN_FOLDER_H
#define GRADUS_TRAIN_FOLDER_H
#include "files.h"

typedef struct gradus_folder {
    int descriptor; /* holds the lock; -1: not open */
    char path[GRADUS_PATH_SIZE];
} gradus_folder;

typedef struct gradus_folder_config {
    const char *out;  /* "runs" */
    const char *name; /* "mnist" */
    bool given;       /* the user asked for this very name: a taken one is an error, otherwise -2, -3, ... is tried */
    bool overwrite;   /* a run that has the name is replaced */
} gradus_folder_config;

/* Says whether gradus_folder_make would be refused, and makes nothing. */
gradus_status gradus_folder_check(const gradus_folder_config *config, gradus_error *error);
gradus_status gradus_folder_make(gradus_folder *folder, const gradus_folder_config *config, gradus_error *error);
/* Opens the folder of a run that exists. `train`: nobody else may be training it, and nobody can until it is closed. */
gradus_status gradus_folder_open(gradus_folder *folder, const char *path, bool train, gradus_error *error);
void gradus_folder_close(gradus_folder *folder);
/* Looks, without being in the way of whoever is about to train it or looks too. */
bool gradus_folder_is_trained(const char *path);

/* The folder that relative paths of a run's data refer to, as its summary tells; false: it does not, and base is "". */
bool gradus_folder_base(const char *folder, char base[GRADUS_PATH_SIZE]);

/* Fails where `name` cannot name a folder in `out`. */
gradus_status gradus_folder_name_check(const char *name, gradus_error *error);

#endif
