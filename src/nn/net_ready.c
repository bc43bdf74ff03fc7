/* Ready nets: `resnet(20)` stands for the layers that its row writes down, which are read as any model is. */
#include <string.h>
#include "net.h"

static const gradus_family *const families[] = {&gradus_model_family, &gradus_init_family, NULL};
static const gradus_language models = {.families = families};

const gradus_chain *gradus_net_ready_chain(gradus_net *net, const gradus_item *item, const gradus_signal *at,
                                           gradus_error *error)
{
    char text[4096] = "";
    const gradus_layer_row *row = (const gradus_layer_row *)item->member;
    const char *wrong = row->write(item, at->shape, net->outputs > 0 ? net->outputs : 1, text, sizeof text);
    if (wrong) {
        gradus_spec_fail(error, net->model_text, item->place, GRADUS_CODE_OUT_OF_RANGE, "'%s' %s", row->member.name,
                         wrong);
        return NULL;
    }
    gradus_ready *ready = gradus_arena_take(&net->arena, sizeof *ready, 64);
    if (!ready) {
        gradus_net_no_memory(error);
        return NULL;
    }
    *ready = (gradus_ready){.next = net->ready_nets};
    ready->spec = gradus_spec_create(text, &(gradus_spec_config){.family = "model", .language = &models}, error);
    if (!ready->spec) return NULL;
    net->ready_nets = ready;
    return gradus_spec_chain(ready->spec);
}
