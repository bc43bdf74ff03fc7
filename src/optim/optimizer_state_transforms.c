/* What the transforms of the gradients remember, in a state: by their place in the text and their name. One that is not
 * there, or not as long, begins anew: the text is configuration. */
#include "optimizer_state.h"
#include <stdio.h>

enum { NAME = 96 };

static const char *name_of(const gradus_optimizer *optimizer, int32_t at, char name[NAME])
{
    snprintf(name, NAME, "gradient/%d.%s", (int)at, optimizer->transforms[at].row->member.name);
    return name;
}

void gradus_state_save_transforms(const gradus_optimizer *optimizer, gradus_state_writer *writer)
{
    char name[NAME];
    for (int32_t i = 0; i < optimizer->transform_count; i++) {
        const gradus_transform *transform = &optimizer->transforms[i];
        if (transform->memory_count)
            gradus_state_entry(writer, name_of(optimizer, i, name), GRADUS_STATE_DOUBLE, transform->memory_count,
                               transform->memory);
    }
}

void gradus_state_apply_transforms(gradus_loading *load)
{
    gradus_state_item item;
    char name[NAME];
    gradus_transforms_forget(load->optimizer);
    for (int32_t i = 0; i < load->optimizer->transform_count; i++) {
        const gradus_transform *transform = &load->optimizer->transforms[i];
        if (gradus_state_find(load->reader, name_of(load->optimizer, i, name), &item) &&
            item.type == GRADUS_STATE_DOUBLE && item.count == transform->memory_count)
            gradus_state_copy(&item, transform->memory);
    }
}
