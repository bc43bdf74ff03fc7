/* What users think of items: an example is two symbols, the target a number. Items are numbered behind the users, so that one embedding
 * has a row for each of both. */
#ifndef GRADUS_DATA_RATINGS_H
#define GRADUS_DATA_RATINGS_H
#include "learnt.h"

typedef struct gradus_ratings {
    gradus_learnt learnt; /* first, as the functions of learnt.h expect it */
    gradus_texts users, items;
} gradus_ratings;

/* Sets data->memory, with nobody in it. */
gradus_ratings *gradus_ratings_create(gradus_data *data, gradus_error *error);

/* Once training (and test) hold `count` pairs and numbers: parts, scales, and what the set says of itself. */
gradus_status gradus_ratings_conclude(gradus_reading *reading, bool has_test, gradus_error *error);

/* The functions of a reader's row. */
gradus_status gradus_ratings_inputs(const gradus_data *like, const char *path, gradus_data *data, gradus_error *error);
void gradus_ratings_save(const gradus_data *data, gradus_state_writer *writer);
gradus_status gradus_ratings_recall(gradus_data *data, gradus_state_reader *state, gradus_error *error);

#endif
