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

int64_t gradus_backend_memory(const gradus_backend *backend)
{
    return (int64_t)(backend->turned_bytes + (size_t)backend->workers * backend->scratch_size);
}

gradus_status gradus_dnnl_scratch(gradus_backend *backend, size_t size, gradus_error *error)
{
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

/* ---- products ----
 *
 * Left alone, oneDNN chooses the order of a sum by what each thread is to compute, so that another number of threads means other bits.
 * Here the result is cut into parts by its size alone, and each part is one thread's work. */

enum {
    LEAST_WORK = 2000000, /* multiplications of a part: fewer do not pay for the waking of a thread                 */
    LEAST_COLUMNS = 128,  /* of a part. What is narrower or lower computes much slower: oneDNN sorts a and b anew   */
    LEAST_ROWS = 32,      /* for each part; and where b alone is turned, it goes through b again for few rows       */
    LEAST_ROWS_TURNED = 192,
    MOST_PARTS = 16
};

typedef struct product_job {
    gradus_backend *backend;
    gradus_product shape; /* with all steps */
    const float *a, *b;
    float *c;
    int64_t down, across; /* parts */
} product_job;

/* Where part `i` of `parts` begins: at a whole cache line. */
static int64_t part_begin(int64_t size, int64_t parts, int64_t i)
{
    enum { LINE = 16 };
    return i == parts ? size : size * i / parts / LINE * LINE;
}

static void multiply_part(void *user, int64_t part)
{
    const product_job *job = user;
    const gradus_product *shape = &job->shape;
    const int64_t down = part / job->across, across = part % job->across,
                  row = part_begin(shape->rows, job->down, down),
                  column = part_begin(shape->columns, job->across, across),
                  rows = part_begin(shape->rows, job->down, down + 1) - row,
                  columns = part_begin(shape->columns, job->across, across + 1) - column;
    const float *a = job->a + (shape->turn_a ? row : row * shape->step_a),
                *b = job->b + (shape->turn_b ? column * shape->step_b : column);
    const int32_t threads = gradus_backend_set_threads(1);
    if (dnnl_sgemm(shape->turn_a ? 'T' : 'N', shape->turn_b ? 'T' : 'N', rows, columns, shape->inner, 1, a,
                   shape->step_a, b, shape->step_b, shape->add ? 1 : 0, job->c + row * shape->step_c + column,
                   shape->step_c))
        atomic_store(&job->backend->failed, true);
    gradus_backend_set_threads(threads);
}

void gradus_backend_share(gradus_backend *backend, bool share) { backend->apart = !share; }

/* Halves the parts' longer side, measured in the least that they may have, while there is enough for both halves. */
static void cut(product_job *job)
{
    const gradus_product *shape = &job->shape;
    const int64_t least_rows = shape->turn_b && !shape->turn_a ? LEAST_ROWS_TURNED : LEAST_ROWS;
    const double work = (double)shape->rows * (double)shape->columns * (double)shape->inner;
    for (int64_t parts = 1; parts < MOST_PARTS && work >= 2. * LEAST_WORK * (double)parts; parts *= 2) {
        const int64_t tall = shape->rows / job->down / least_rows, wide = shape->columns / job->across / LEAST_COLUMNS;
        if (tall < 2 && wide < 2) return;
        if (wide >= tall)
            job->across *= 2;
        else
            job->down *= 2;
    }
}

void gradus_backend_multiply(gradus_backend *backend, const gradus_product *shape, const float *a, const float *b,
                             float *c)
{
    product_job job = {.backend = backend, .shape = *shape, .a = a, .b = b, .c = c, .down = 1, .across = 1};
    if (!shape->step_a) job.shape.step_a = shape->turn_a ? shape->rows : shape->inner;
    if (!shape->step_b) job.shape.step_b = shape->turn_b ? shape->inner : shape->columns;
    if (!shape->step_c) job.shape.step_c = shape->columns;
    if (!backend->apart) cut(&job);
    gradus_parallel(NULL, job.down * job.across, multiply_part, &job);
}

bool gradus_backend_failed(gradus_backend *backend) { return atomic_exchange(&backend->failed, false); }
