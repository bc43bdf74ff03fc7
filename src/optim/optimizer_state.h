/* optimizer_state.h - what the two files about states share: names of entries, and a load that is under way. */
#ifndef GRADUS_OPTIM_OPTIMIZER_STATE_H
#define GRADUS_OPTIM_OPTIMIZER_STATE_H
#include "optimizer.h"

enum { STATE_WORDS = 48 }; /* of one side of a difference */

/* "tensor/NAME/PART" and "config/GROUP.NAME" in memory of their own: names have any length. */
typedef struct gradus_state_names {
    const gradus_context *context;
    char *text;
    size_t size;
} gradus_state_names;

const char *gradus_state_tensor_name(gradus_state_names *names, const gradus_tensor *tensor, const char *part);

typedef struct gradus_loading {
    gradus_optimizer *optimizer;
    gradus_state_reader *reader;
    const gradus_load *how;
    gradus_error *error;
    gradus_state_names names;
    int32_t refused;
    char first[160]; /* the first refused difference, in words */
} gradus_loading;

gradus_status gradus_state_damaged(const gradus_loading *load, const char *name);
/* An integer that must be there and not negative; a status otherwise. */
int64_t gradus_state_count(const gradus_loading *load, const char *name);

/* What the state holds of a tensor of this name and shape. */
typedef enum gradus_presence { STATE_ABSENT, STATE_OTHER_SHAPE, STATE_PRESENT } gradus_presence;
gradus_presence gradus_state_tensor(gradus_loading *load, const gradus_tensor *tensor, char saved[STATE_WORDS]);

/* Tells of a difference in a part of a tensor. */
void gradus_state_tell(gradus_loading *load, gradus_difference_kind what, const char *tensor, const char *part,
                       const char *saved, const char *present);

/* ---- optimizer_state_stored.c ---- */

/* What the state must hold of a slot, or of what is kept for a tensor. */
gradus_status gradus_state_check_entry(gradus_loading *load, const gradus_tensor *tensor, const char *entry,
                                       const char *title, gradus_state_type type, int64_t count);
void gradus_state_save_values(const gradus_optimizer *optimizer, int32_t tensor, gradus_content content,
                              gradus_state_writer *writer, gradus_state_names *names);
void gradus_state_save_slot(const gradus_optimizer *optimizer, int32_t tensor, int32_t slot,
                            gradus_state_writer *writer, gradus_state_names *names);
gradus_status gradus_state_check_values(gradus_loading *load, int32_t tensor, int64_t updates);
gradus_status gradus_state_check_slot(gradus_loading *load, int32_t tensor, int32_t slot);
void gradus_state_apply_values(gradus_loading *load, int32_t tensor);
void gradus_state_apply_slot(gradus_loading *load, int32_t tensor, int32_t slot); /* of a tensor that is fresh */

/* ---- optimizer_state_kept.c ---- */

void gradus_state_save_keeping(const gradus_optimizer *optimizer, gradus_state_writer *writer);
void gradus_state_save_kept(const gradus_optimizer *optimizer, int32_t tensor, gradus_state_writer *writer,
                            gradus_state_names *names);
gradus_status gradus_state_check_keeping(const gradus_loading *load);
gradus_status gradus_state_check_kept(gradus_loading *load, const gradus_tensor *tensor);
/* Turned on where the state has it; memory is all that may be lacking. */
gradus_status gradus_state_apply_keeping(gradus_loading *load);
void gradus_state_apply_kept(gradus_loading *load, int32_t tensor); /* after the counts of the whole */

/* ---- optimizer_state_transforms.c: what the transforms of the gradients remember ---- */

void gradus_state_save_transforms(const gradus_optimizer *optimizer, gradus_state_writer *writer);
void gradus_state_apply_transforms(gradus_loading *load);

#endif
