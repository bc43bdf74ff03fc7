/* The language that run files and the program speak: every family of every room.
 * A room's tables are its own; here they are only brought together. */
#include "gradus/train.h"

static const gradus_family *const families[] = {
    &gradus_data_family,      &gradus_augment_family,
    &gradus_model_family,     &gradus_init_family,
    &gradus_loss_family,      &gradus_balance_family,
    &gradus_optimizer_family, &gradus_schedule_family,
    &gradus_feedback_family,  &gradus_gradient_family,
    &gradus_group_family,     &gradus_average_family,
    &gradus_stop_family,      NULL,
};

static const gradus_language language = {.families = families};

const gradus_language *gradus_train_language(void) { return &language; }
