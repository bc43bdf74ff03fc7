/* Blended gradients: a wrapper that has taken a gradient at the values and asks for another one nearby may have the rule inside
 * see a part of each. What was at hand first is kept in a slot; the second is changed in the caller's own memory, before
 * anything else looks at it, so that clipping and measures are of what the rule sees. */
#include "optimizer.h"

typedef struct blending {
    const gradus_optimizer *optimizer;
    const gradus_layer *layer;
    double share; /* of the gradient at hand */
    double scale; /* of the step */
    bool keep;    /* what is at hand, for later */
} blending;

static void load(const blending *of, const gradus_tensor *tensor, int64_t first, size_t count, float *gradient)
{
    if (tensor->gradient_type == GRADUS_FLOAT32)
        memcpy(gradient, (const float *)tensor->gradient + first, count * sizeof(float));
    else
        gradus_load_gradient(of->optimizer, tensor, first, count, gradient);
}

/* What was kept has its own step's scale, which it is freed of by that of this one. */
static void blend_block(const blending *of, const gradus_tensor *tensor, int64_t first, size_t count, float *kept)
{
    float gradient[BLOCK];
    load(of, tensor, first, count, gradient);
    for (size_t i = 0; i < count; i++) {
        if (of->keep)
            kept[i] = (float)((double)gradient[i] * of->scale);
        else
            gradient[i] = (float)(of->share * (double)gradient[i] + (1 - of->share) * ((double)kept[i] / of->scale));
    }
    if (!of->keep) gradus_store_gradient(of->optimizer, tensor, first, count, gradient);
}

static void blend_tensor(void *job, int64_t at)
{
    const blending *of = job;
    const gradus_tensor *tensor = &of->optimizer->tensors[at];
    if (!gradus_takes_part(tensor)) return;
    float *kept = tensor->state[of->layer->first_slot + of->layer->row->blend->slot];
    for (int64_t first = 0; kept && first < tensor->shape.count; first += BLOCK) {
        const int64_t left = tensor->shape.count - first;
        blend_block(of, tensor, first, (size_t)(left < BLOCK ? left : BLOCK), kept + first);
    }
}

static bool each_layer(gradus_optimizer *optimizer, double scale, bool keep)
{
    bool any = false;
    for (int32_t i = 0; i < optimizer->layer_count; i++) {
        const gradus_layer *layer = &optimizer->layers[i];
        double hyper[GRADUS_HYPERS];
        if (!layer->row->blend) continue;
        gradus_hypers_now(optimizer, -1, hyper, NULL);
        blending of = {optimizer, layer, layer->row->blend->share(hyper + layer->first_hyper, layer->memory), scale,
                       keep};
        if (of.share == 1) continue;
        gradus_parallel(optimizer->context, optimizer->tensor_count, blend_tensor, &of);
        any = true;
    }
    return any;
}

void gradus_blend_keep(gradus_optimizer *optimizer, double scale) { each_layer(optimizer, scale, true); }

bool gradus_blend_apply(gradus_optimizer *optimizer, double scale) { return each_layer(optimizer, scale, false); }
