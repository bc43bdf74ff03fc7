/* The calls of oneDNN that differ between versions 2 and 3: descriptions became opaque, and a primitive's parameters go straight
 * into its primitive description. */
#include <stdlib.h>
#include <string.h>
#include "backend_dnnl.h"

#if DNNL_VERSION_MAJOR >= 3

gradus_description gradus_dnnl_describe(int dimensions, const int64_t *sizes, dnnl_format_tag_t order)
{
    gradus_description made = NULL;
    return dnnl_memory_desc_create_with_tag(&made, dimensions, sizes, dnnl_f32, order) ? NULL : made;
}

gradus_description gradus_dnnl_describe_again(gradus_description_seen seen)
{
    gradus_description made = NULL;
    return dnnl_memory_desc_clone(&made, seen) ? NULL : made;
}

void gradus_dnnl_forget(gradus_description description)
{
    if (description) dnnl_memory_desc_destroy(description);
}

dnnl_status_t gradus_dnnl_convolution(const gradus_backend *backend, const gradus_convolution_request *request,
                                      dnnl_primitive_desc_t *made)
{
    const dnnl_alg_kind_t method = dnnl_convolution_direct;
    switch (request->pass) {
    case FORWARD:
        return dnnl_convolution_forward_primitive_desc_create(
            made, backend->engine, dnnl_forward_training, method, request->input, request->weights, request->bias,
            request->output, request->stride, request->dilation, request->before, request->after, backend->attributes);
    case BACKWARD_INPUT:
        return dnnl_convolution_backward_data_primitive_desc_create(
            made, backend->engine, method, request->input, request->weights, request->output, request->stride,
            request->dilation, request->before, request->after, request->hint, backend->attributes);
    default:
        return dnnl_convolution_backward_weights_primitive_desc_create(
            made, backend->engine, method, request->input, request->weights, request->bias, request->output,
            request->stride, request->dilation, request->before, request->after, request->hint, backend->attributes);
    }
}

#else

gradus_description gradus_dnnl_describe(int dimensions, const int64_t *sizes, dnnl_format_tag_t order)
{
    gradus_description made = malloc(sizeof *made);
    if (made && dnnl_memory_desc_init_by_tag(made, dimensions, sizes, dnnl_f32, order)) {
        free(made);
        return NULL;
    }
    return made;
}

gradus_description gradus_dnnl_describe_again(gradus_description_seen seen)
{
    gradus_description made = malloc(sizeof *made);
    if (made) memcpy(made, seen, sizeof *made);
    return made;
}

void gradus_dnnl_forget(gradus_description description) { free(description); }

dnnl_status_t gradus_dnnl_convolution(const gradus_backend *backend, const gradus_convolution_request *request,
                                      dnnl_primitive_desc_t *made)
{
    const dnnl_alg_kind_t method = dnnl_convolution_direct;
    dnnl_convolution_desc_t what;
    dnnl_status_t status;
    switch (request->pass) {
    case FORWARD:
        status = dnnl_dilated_convolution_forward_desc_init(
            &what, dnnl_forward_training, method, request->input, request->weights, request->bias, request->output,
            request->stride, request->dilation, request->before, request->after);
        break;
    case BACKWARD_INPUT:
        status = dnnl_dilated_convolution_backward_data_desc_init(&what, method, request->input, request->weights,
                                                                  request->output, request->stride, request->dilation,
                                                                  request->before, request->after);
        break;
    default:
        status = dnnl_dilated_convolution_backward_weights_desc_init(
            &what, method, request->input, request->weights, request->bias, request->output, request->stride,
            request->dilation, request->before, request->after);
    }
    return status ? status
                  : dnnl_primitive_desc_create(made, &what, backend->attributes, backend->engine, request->hint);
}

#endif
