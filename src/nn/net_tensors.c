/* Tensors: their memory, their initial values, and the way between PyTorch's layouts and those that compute. */
#include <string.h>
#include "initial.h"

enum { ALIGNED = 16 }; /* floats of a cache line */

extern const gradus_init_row gradus_init_pytorch;

/* ---- layouts ---- */

static bool read_plain(const gradus_tensor *tensor, const float *memory, float *plain)
{
    const int64_t size = gradus_shape_size(tensor->shape), outputs = tensor->shape[0], inputs = size / outputs;
    if (tensor->layout == GRADUS_CONVOLUTION) return gradus_convolution_read(tensor->convolution, memory, plain);
    if (tensor->layout == GRADUS_PLAIN) memcpy(plain, memory, (size_t)size * sizeof(float));
    for (int64_t i = 0; tensor->layout == GRADUS_TURNED && i < inputs; i++) {
        const float *row = memory + gradus_form_place(tensor->form, i) * outputs;
        for (int64_t k = 0; k < outputs; k++) plain[k * inputs + i] = row[k];
    }
    return true;
}

static bool write_plain(const gradus_tensor *tensor, const float *plain, float *memory)
{
    const int64_t size = gradus_shape_size(tensor->shape), outputs = tensor->shape[0], inputs = size / outputs;
    if (tensor->layout == GRADUS_CONVOLUTION) return gradus_convolution_write(tensor->convolution, plain, memory);
    if (tensor->layout == GRADUS_PLAIN) memcpy(memory, plain, (size_t)size * sizeof(float));
    for (int64_t i = 0; tensor->layout == GRADUS_TURNED && i < inputs; i++) {
        float *row = memory + gradus_form_place(tensor->form, i) * outputs;
        for (int64_t k = 0; k < outputs; k++) row[k] = plain[k * inputs + i];
    }
    return true;
}

/* ---- initial values ---- */

typedef struct initial {
    const gradus_init_row *row;
    const gradus_value *values;
} initial;

static initial initial_of(const gradus_chain *chain)
{
    if (!chain || !chain->count) return (initial){&gradus_init_pytorch, NULL};
    return (initial){(const gradus_init_row *)chain->items[0].member, chain->items[0].values};
}

static gradus_status fill_tensor(const gradus_net *net, gradus_tensor *tensor, const initial *how, gradus_error *error)
{
    const int64_t count = gradus_shape_size(tensor->shape);
    const size_t bytes = (size_t)count * sizeof(float);
    float *plain = gradus_allocate(NULL, bytes);
    if (!plain) return gradus_net_no_memory(error);
    gradus_init_tensor what = {.count = count,
                               .fan_in = tensor->fan_in,
                               .fan_out = tensor->fan_out,
                               .bias = gradus_shape_rank(tensor->shape) == 1,
                               .seed = net->seed,
                               .stream = gradus_checksum(0, tensor->name, strlen(tensor->name))};
    memcpy(what.shape, tensor->shape, sizeof what.shape);
    gradus_status status = GRADUS_OK;
    if (tensor->deviation != 0 && how->row == &gradus_init_pytorch)
        gradus_init_spread(GRADUS_NORMAL, (double)tensor->deviation, &what, plain);
    else if (tensor->fan_in)
        status = how->row->fill(how->values, &what, plain, error);
    else
        for (int64_t i = 0; i < count; i++) plain[i] = tensor->fill;
    if (!status && !write_plain(tensor, plain, tensor->values)) status = gradus_net_no_memory(error);
    gradus_release(NULL, plain, bytes);
    return status;
}

static int64_t rounded(int64_t count) { return (count + ALIGNED - 1) / ALIGNED * ALIGNED; }

static gradus_status get_memory(gradus_net *net, gradus_error *error)
{
    int64_t all = 0;
    for (int32_t i = 0; i < net->tensor_count; i++)
        all += (1 + net->tensors[i].trained) * rounded(net->tensors[i].count);
    net->tensor_bytes = (size_t)all * sizeof(float);
    net->tensor_memory = gradus_allocate(NULL, net->tensor_bytes);
    if (!net->tensor_memory) return gradus_net_no_memory(error);
    float *at = net->tensor_memory;
    for (int32_t i = 0; i < net->tensor_count; at += rounded(net->tensors[i++].count)) net->tensors[i].values = at;
    net->gradients = at;
    for (int32_t i = 0; i < net->tensor_count; i++) {
        if (!net->tensors[i].trained) continue;
        net->tensors[i].gradient = at;
        at += rounded(net->tensors[i].count);
    }
    net->gradient_count = at - net->gradients;
    return GRADUS_OK;
}

gradus_status gradus_net_fill(gradus_net *net, const gradus_net_config *config, gradus_error *error)
{
    if (get_memory(net, error)) return (gradus_status)error->status;
    const initial general = initial_of(config->init ? gradus_spec_chain(config->init) : NULL);
    for (int32_t i = 0; i < net->users.count; i++) {
        const gradus_layer *layer = net->users.items[i];
        const gradus_value *own = gradus_item_value(layer->item, "init");
        const initial how = own && own->present ? initial_of(own->chain) : general;
        for (int32_t k = 0; k < layer->tensors; k++)
            if (fill_tensor(net, gradus_layer_tensor(layer, k), &how, error)) return (gradus_status)error->status;
    }
    return GRADUS_OK;
}

/* ---- for those who use a net ---- */

int32_t gradus_net_tensor_count(const gradus_net *net) { return net->tensor_count; }

static const char *layout_word(const gradus_tensor *tensor)
{
    switch (tensor->layout) {
    case GRADUS_CONVOLUTION: return gradus_convolution_layout(tensor->convolution);
    case GRADUS_TURNED:
        return tensor->form.width == 1 || tensor->form.pixels == 1 ? "transposed"
               : tensor->form.width == 16                          ? "transposed, blocks of 16"
               : tensor->form.width == 8                           ? "transposed, blocks of 8"
                                                                   : "transposed, channels last";
    default: return "plain";
    }
}

void gradus_net_tensor_at(const gradus_net *net, int32_t index, gradus_net_tensor *tensor)
{
    const gradus_tensor *from = &net->tensors[index];
    *tensor = (gradus_net_tensor){.name = from->name,
                                  .count = from->count,
                                  .values = from->values,
                                  .gradient = from->gradient,
                                  .layout = layout_word(from)};
    for (int32_t i = 0; i < net->users.count; i++) {
        const gradus_layer *layer = net->users.items[i];
        if (index >= layer->first_tensor && index < layer->first_tensor + layer->tensors) tensor->layer = i;
    }
    memcpy(tensor->shape, from->shape, sizeof tensor->shape);
}

bool gradus_net_read(const gradus_net *net, int32_t index, float *destination)
{
    return read_plain(&net->tensors[index], net->tensors[index].values, destination);
}

bool gradus_net_read_gradient(const gradus_net *net, int32_t index, float *destination)
{
    return net->tensors[index].gradient && read_plain(&net->tensors[index], net->tensors[index].gradient, destination);
}

bool gradus_net_write(gradus_net *net, int32_t index, const float *source)
{
    return write_plain(&net->tensors[index], source, net->tensors[index].values);
}
