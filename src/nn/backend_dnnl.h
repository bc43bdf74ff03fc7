/* What the oneDNN back end's files share. The calls that differ between oneDNN 2 and 3 stand in backend_dnnl_version.c alone;
 * both versions take the pointers below where they take a description. */
#ifndef GRADUS_NN_BACKEND_DNNL_H
#define GRADUS_NN_BACKEND_DNNL_H
#include <oneapi/dnnl/dnnl.h>
#include <stdatomic.h>
#include "backend.h"

#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t gradus_description; /* of memory: dimensions and order; made and destroyed here */
typedef const_dnnl_memory_desc_t gradus_description_seen;
#else
typedef dnnl_memory_desc_t *gradus_description;
typedef const dnnl_memory_desc_t *gradus_description_seen;
#endif

struct gradus_backend {
    dnnl_engine_t engine;
    dnnl_primitive_attr_t attributes; /* scratch memory is ours: several threads run one primitive */
    int32_t workers;
    dnnl_stream_t *streams; /* one a worker */
    float **scratch;        /* one a worker, as much as the hungriest primitive wants */
    size_t scratch_size;
    size_t turned_bytes; /* of weights as the passes of convolutions need them */
    bool apart;          /* products are one thread's work each */
    atomic_bool failed;
};

/* NULL: no memory. Order dnnl_format_tag_any: whatever suits. */
gradus_description gradus_dnnl_describe(int dimensions, const int64_t *sizes, dnnl_format_tag_t order);
gradus_description gradus_dnnl_describe_again(gradus_description_seen seen);
void gradus_dnnl_forget(gradus_description description);

typedef enum gradus_convolution_pass { FORWARD, BACKWARD_INPUT, BACKWARD_WEIGHTS } gradus_convolution_pass;
typedef struct gradus_convolution_request {
    gradus_convolution_pass pass;
    gradus_description input, weights, bias, output; /* values or gradients, as the pass has them; bias may be NULL */
    dnnl_dims_t stride, dilation, before, after;     /* dilation: pixels left out between two of a filter */
    dnnl_primitive_desc_t hint;                      /* the forward one, for the backward ones */
} gradus_convolution_request;
dnnl_status_t gradus_dnnl_convolution(const gradus_backend *backend, const gradus_convolution_request *request,
                                      dnnl_primitive_desc_t *made);

/* Makes so many bytes of scratch memory for each worker, if there are less; not while others run. */
gradus_status gradus_dnnl_scratch(gradus_backend *backend, size_t size, gradus_error *error);

/* "oneDNN: out of memory while ..." */
gradus_status gradus_dnnl_fail(gradus_error *error, dnnl_status_t status, const char *doing);
#endif
