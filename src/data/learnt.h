/* What is learnt from the training part and remembered with the model: the scales of inputs and of targets, the names of classes. */
#ifndef GRADUS_DATA_LEARNT_H
#define GRADUS_DATA_LEARNT_H
#include "set.h"
#include "texts.h"

typedef struct gradus_learnt {
    gradus_scaled inputs; /* count 0: as they are */
    gradus_texts classes; /* count 0: they are numbers */
    gradus_texts names;   /* of several targets, recalled; count 0: the set's info has them */
    int64_t outputs;      /* of the two below */
    double *base, *spread;
} gradus_learnt;

#define GRADUS_SCALE_ARGUMENT(usual)                                                                                \
    {                                                                                                               \
        .name = "scale", .kind = GRADUS_WORD, .words = "standard|minmax|none", .initial = usual,                    \
        .flags = GRADUS_NAMED,                                                                                      \
        .help = "how inputs are scaled, by the training part: to mean 0 and deviation 1, to 0 to 1, or not at all", \
        .also = "scaler, normalize, standardize"                                                                    \
    }

#define GRADUS_TARGET_SCALE_ARGUMENT                                                                                \
    {                                                                                                               \
        .name = "target_scale", .kind = GRADUS_WORD, .words = "standard|minmax|none", .initial = "standard",        \
        .flags = GRADUS_NAMED,                                                                                      \
        .help = "how targets that are numbers are scaled for learning; predictions come in the numbers of the file" \
    }

/* Once the parts are made: learns the scale of each `each` inputs that follow each other, and of the targets, from the training part, as
 * the call's parameters `scale` and `target_scale` say. Sets data->memory, and what of it stands in data->info. */
gradus_status gradus_learnt_from(gradus_reading *reading, int64_t each, const gradus_texts *classes,
                                 gradus_error *error);

/* Scales what a prediction is asked for as the training inputs were. */
void gradus_learnt_inputs(const gradus_data *like, gradus_data *data);

/* The functions of a reader's row. */
void gradus_learnt_save(const gradus_data *data, gradus_state_writer *writer);
gradus_status gradus_learnt_recall(gradus_data *data, gradus_state_reader *state, gradus_error *error);

#endif
