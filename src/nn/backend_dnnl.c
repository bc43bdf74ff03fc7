/* The oneDNN back end: its engine, scratch memory and threads, and matrix products. Convolutions stand in
 * backend_dnnl_convolution.c. */
#include "backend_dnnl.h"
#include "gradus/base.h"
#ifdef _OPENMP
#include <omp.h>
#endif

gradus_status gradus_dnnl_fail(gradus_error *error, dnnl_status_t status, const char *doing)
{
    switch (status) {
    case dnnl_success: return GRADUS_OK;
    case dnnl_out_of_memory:
        return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "no memory to %s", doing);
    case dnnl_unimplemented:
        return gradus_fail(error, GRADUS_ERROR_UNSUPPORTED, GRADUS_CODE_REFUSED, "oneDNN has no code to %s", doing);
    default:
        return gradus_fail(error, GRADUS_ERROR_UNSUPPORTED, GRADUS_CODE_REFUSED, "oneDNN refused to %s (its status %d)",
                           doing, (int)status);
    }
}

gradus_backend *gradus_backend_create(int32_t workers, gradus_error *error)
{
    if (gradus_failed(error)) return NULL;
    gradus_backend *made = gradus_allocate(NULL, sizeof *made);
    if (!made) {
        gradus_dnnl_fail(error, dnnl_out_of_memory, "set up the back end");
        return NULL;
    }
    made->workers = workers;
    made->streams = gradus_allocate(NULL, (size_t)workers * sizeof *made->streams);
    made->scratch = gradus_allocate(NULL, (size_t)workers * sizeof *made->scratch);
    dnnl_status_t status = made->streams && made->scratch ? dnnl_success : dnnl_out_of_memory;
    if (!status) status = dnnl_engine_create(&made->engine, dnnl_cpu, 0);
    if (!status) status = dnnl_primitive_attr_create(&made->attributes);
    if (!status) status = dnnl_primitive_attr_set_scratchpad_mode(made->attributes, dnnl_scratchpad_mode_user);
    for (int32_t i = 0; i < workers && !status; i++)
        status = dnnl_stream_create(&made->streams[i], made->engine, dnnl_stream_default_flags);
    if (!gradus_dnnl_fail(error, status, "set up the back end")) return made;
    gradus_backend_destroy(made);
    return NULL;
}

void gradus_backend_destroy(gradus_backend *backend)
{
    if (!backend) return;
    for (int32_t i = 0; i < backend->workers; i++) {
        if (backend->scratch) gradus_release(NULL, backend->scratch[i], backend->scratch_size);
        if (backend->streams && backend->streams[i]) dnnl_stream_destroy(backend->streams[i]);
    }
    if (backend->attributes) dnnl_primitive_attr_destroy(backend->attributes);
    if (backend->engine) dnnl_engine_destroy(backend->engine);
    gradus_release(NULL, backend->scratch, (size_t)backend->workers * sizeof *backend->scratch);
    gradus_release(NULL, backend->streams, (size_t)backend->workers * sizeof *backend->streams);
    gradus_release(NULL, backend, sizeof *backend);
}

gradus_status gradus_dnnl_scratch(gradus_backend *backend, dnnl_primitive_desc_t made, gradus_error *error)
{
    gradus_description_seen wanted = dnnl_primitive_desc_query_md(made, dnnl_query_scratchpad_md, 0);
    const size_t size = wanted ? dnnl_memory_desc_get_size(wanted) : 0;
    if (size <= backend->scratch_size) return GRADUS_OK;
    for (int32_t i = 0; i < backend->workers; i++) {
        gradus_release(NULL, backend->scratch[i], backend->scratch_size);
        backend->scratch[i] = NULL;
    }
    backend->scratch_size = size;
    for (int32_t i = 0; i < backend->workers; i++) {
        backend->scratch[i] = gradus_allocate(NULL, size);
        if (!backend->scratch[i]) return gradus_dnnl_fail(error, dnnl_out_of_memory, "convolve");
    }
    return GRADUS_OK;
}

int32_t gradus_backend_set_threads(int32_t threads)
{
#ifdef _OPENMP
    const int before = omp_get_max_threads();
    if (before != threads) omp_set_num_threads(threads);
    return before;
#else
    (void)threads;
    return 1;
#endif
}

int32_t gradus_backend_worker(void)
{
#ifdef _OPENMP
    return omp_get_thread_num();
#else
    return 0;
#endif
}

/* ---- products ---- */

enum {
    LEAST_PRODUCT = 3000000, /* multiplications below which waking another thread costs more than it saves */
    LEAST_SIDE = 96,         /* rows or columns below which the library computes more slowly */
    MOST_PARTS = 16
};

typedef struct product_job {
    gradus_backend *backend;
    const gradus_product *shape;
    const float *a, *b;
    float *c;
    int64_t parts; /* of the rows, or of the columns if there are more of them */
} product_job;

static void multiply_part(void *user, int64_t part)
{
    const product_job *job = user;
    const gradus_product *shape = job->shape;
    const int64_t step_a = shape->step_a   ? shape->step_a
                           : shape->turn_a ? shape->rows
                                           : shape->inner,
                  step_b = shape->step_b   ? shape->step_b
                           : shape->turn_b ? shape->inner
                                           : shape->columns,
                  step_c = shape->step_c ? shape->step_c : shape->columns;
    const bool by_rows = shape->rows >= shape->columns;
    const int64_t side = by_rows ? shape->rows : shape->columns, first = side * part / job->parts,
                  count = side * (part + 1) / job->parts - first;
    const float *a = job->a + (by_rows ? first * (shape->turn_a ? 1 : step_a) : 0),
                *b = job->b + (by_rows ? 0 : first * (shape->turn_b ? step_b : 1));
    float *c = job->c + (by_rows ? first * step_c : first);
    if (dnnl_sgemm(shape->turn_a ? 'T' : 'N', shape->turn_b ? 'T' : 'N', by_rows ? count : shape->rows,
                   by_rows ? shape->columns : count, shape->inner, 1, a, step_a, b, step_b, shape->add ? 1 : 0, c,
                   step_c))
        atomic_store(&job->backend->failed, true);
}

/* Each part is one thread's, and there are as many as the shape alone says: the library would divide the inner dimension too, and
 * so give other bits for another number of threads. */
void gradus_backend_multiply(gradus_backend *backend, const gradus_product *shape, const float *a, const float *b,
                             float *c)
{
    const int64_t work = shape->rows * shape->columns * shape->inner,
                  side = shape->rows >= shape->columns ? shape->rows : shape->columns;
    product_job job = {backend, shape, a, b, c, 1};
    while (2 * job.parts <= MOST_PARTS && work >= 2 * job.parts * LEAST_PRODUCT && side >= 2 * job.parts * LEAST_SIDE)
        job.parts *= 2;
    const int32_t threads = gradus_backend_set_threads(1);
    if (threads > 1 && job.parts > 1) {
        gradus_backend_set_threads(threads);
        gradus_parallel(NULL, job.parts, multiply_part, &job);
        return;
    }
    for (int64_t part = 0; part < job.parts; part++) multiply_part(&job, part);
    gradus_backend_set_threads(threads);
}

bool gradus_backend_failed(gradus_backend *backend) { return atomic_exchange(&backend->failed, false); }
