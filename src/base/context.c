/* A context: the caller's allocator, threads, own members, sums over processes and cap on instruction sets.
 * Every other file reaches memory and threads through here, so a NULL context means the plain defaults everywhere. */
#include "gradus/base.h"
#include "cpu.h"
#include <stdlib.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#endif

typedef struct own_member {
    const char *family;
    const gradus_member *member;
    struct own_member *next;
} own_member;

struct gradus_context {
    gradus_context_config config;
    int32_t isa;     /* in force, found once: asking the processor is slow on virtual machines */
    own_member *own; /* in the order they came */
};

/* ---- life ---- */

static gradus_status check_config(const gradus_context_config *config, gradus_error *error)
{
    if (!config->allocate != !config->release)
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_MISSING,
                           "a context takes `allocate` and `release` together");
    if (config->threads < 0)
        return gradus_fail(error, GRADUS_ERROR_RANGE, GRADUS_CODE_OUT_OF_RANGE, "threads must be 0 or more, not %d",
                           (int)config->threads);
    if (config->isa < GRADUS_ISA_BEST || config->isa > GRADUS_ISA_NEON)
        return gradus_fail(error, GRADUS_ERROR_RANGE, GRADUS_CODE_OUT_OF_RANGE,
                           "isa must be one of enum gradus_isa, not %d", (int)config->isa);
    return GRADUS_OK;
}

gradus_context *gradus_context_create(const gradus_context_config *config, gradus_error *error)
{
    if (gradus_failed(error)) return NULL;
    gradus_context draft = {.config = config ? *config : (gradus_context_config){0}};
    if (check_config(&draft.config, error)) return NULL;
    draft.isa = gradus_cpu_isa(draft.config.isa, error);
    if (draft.isa < 0) return NULL;
    gradus_context *context = gradus_allocate(&draft, sizeof *context);
    if (!context) {
        gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "no memory for a context");
        return NULL;
    }
    *context = draft;
    return context;
}

void gradus_context_destroy(gradus_context *context)
{
    if (!context) return;
    for (own_member *own = context->own, *next; own; own = next) {
        next = own->next;
        gradus_release(context, own, sizeof *own);
    }
    const gradus_context last = *context; /* the allocator is still needed while its own context goes */
    gradus_release(&last, context, sizeof *context);
}

/* ---- memory ---- */

enum { ALIGNMENT = 64 }; /* a cache line, and the widest register */

void *gradus_allocate(const gradus_context *context, size_t size)
{
    if (size > PTRDIFF_MAX - ALIGNMENT) return NULL; /* no object is larger: its parts could not be told apart */
    const size_t whole =
        (size + !size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT; /* aligned_alloc wants a multiple; 0 is no size */
    void *memory = context && context->config.allocate
                       ? context->config.allocate(context->config.user, whole, ALIGNMENT)
                       : aligned_alloc(ALIGNMENT, whole);
    if (memory) memset(memory, 0, whole);
    return memory;
}

void gradus_release(const gradus_context *context, void *memory, size_t size)
{
    if (!memory) return;
    const size_t whole = (size + !size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (context && context->config.release)
        context->config.release(context->config.user, memory, whole);
    else
        free(memory);
}

/* ---- threads ---- */

int32_t gradus_threads(const gradus_context *context)
{
    if (context && context->config.threads > 0) return context->config.threads;
    if (context && context->config.parallel) return 1; /* the caller's pool tells nobody how wide it is */
#ifdef _OPENMP
    return omp_get_max_threads();
#else
    return 1;
#endif
}

bool gradus_has_pool(const gradus_context *context) { return context && context->config.parallel; }

bool gradus_gemm(const gradus_context *context, bool a_transposed, bool b_transposed, int64_t m, int64_t n, int64_t k,
                 float alpha, const float *a, int64_t a_row, const float *b, int64_t b_row, float beta, float *c,
                 int64_t c_row)
{
    if (!context || !context->config.gemm) return false;
    context->config.gemm(context->config.user, a_transposed, b_transposed, m, n, k, alpha, a, a_row, b, b_row, beta, c,
                         c_row);
    return true;
}

void gradus_parallel(const gradus_context *context, int64_t count, void (*task)(void *job, int64_t index), void *job)
{
    if (count > 1 && context && context->config.parallel) {
        context->config.parallel(context->config.user, count, task, job);
        return;
    }
#ifdef _OPENMP
    int threads = gradus_threads(context);
    if (threads > count) threads = (int)count;
    if (threads > 1) {
#pragma omp parallel for schedule(static) num_threads(threads)
        for (int64_t i = 0; i < count; i++) task(job, i);
        return;
    }
#endif
    for (int64_t i = 0; i < count; i++) task(job, i);
}

/* ---- instruction sets, sums over processes ---- */

int32_t gradus_isa_of(const gradus_context *context, gradus_error *error)
{
    return context ? context->isa : gradus_cpu_isa(GRADUS_ISA_BEST, error);
}

gradus_status gradus_sum(const gradus_context *context, double *values, int32_t count, gradus_error *error)
{
    if (!context || !context->config.sum || !context->config.sum(context->config.user, values, count)) return GRADUS_OK;
    return gradus_fail(error, GRADUS_ERROR_WRITE, GRADUS_CODE_INPUT_OUTPUT, "the sum over processes failed");
}

const char *gradus_read_file(const gradus_context *context, const char *path,
                             void (*take)(void *into, const char *text, size_t length), void *into)
{
    if (!context || !context->config.read) return "the program gave no way to read files";
    return context->config.read(context->config.user, path, take, into);
}

bool gradus_has_sum(const gradus_context *context) { return context && context->config.sum; }

/* ---- own members ---- */

gradus_status gradus_context_add_member(gradus_context *context, const char *family, const gradus_member *member,
                                        gradus_error *error)
{
    if (gradus_failed(error)) return (gradus_status)error->status;
    if (!context)
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_MISSING, "own members need a context to live in");
    if (!member || !member->name)
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_MISSING, "a member of the %s family without a name",
                           family);
    own_member **end = &context->own;
    for (; *end; end = &(*end)->next) {
        if (!strcmp((*end)->family, family) && !strcmp((*end)->member->name, member->name))
            return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_REPEATED,
                               "this context has a %s named '%s' already", family, member->name);
    }
    own_member *own = gradus_allocate(context, sizeof *own);
    if (!own) return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "no memory for an own member");
    *own = (own_member){.family = family, .member = member};
    *end = own;
    return GRADUS_OK;
}

const gradus_member *gradus_context_member(const gradus_context *context, const char *family, int32_t index)
{
    for (const own_member *own = context ? context->own : NULL; own; own = own->next) {
        if (!strcmp(own->family, family) && index-- == 0) return own->member;
    }
    return NULL;
}
