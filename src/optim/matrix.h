/* matrix.h - products of matrices for rules that are handed whole tensors: by the caller's gemm, else by kernels of our
 * own that add up in one order on every machine. */
#ifndef GRADUS_OPTIM_MATRIX_H
#define GRADUS_OPTIM_MATRIX_H
#include "gradus/extend.h"

typedef struct gradus_inside { /* what gradus_work.inside points to */
    const gradus_context *context;
    bool alone; /* no other tensor is worked on at the same time: threads are free */
} gradus_inside;

typedef void gradus_multiply(const gradus_work *work, gradus_transpose a_is, gradus_transpose b_is, int64_t m,
                             int64_t n, int64_t k, float alpha, const float *a, int64_t a_row, const float *b,
                             int64_t b_row, float beta, float *c, int64_t c_row);

/* What gradus_work.multiply is for an instruction set, enum gradus_isa. */
gradus_multiply *gradus_multiply_for(int32_t isa);
/* The same in double, for the tests. */
void gradus_multiply_twin(const gradus_twin_work *work, gradus_transpose a_is, gradus_transpose b_is, int64_t m,
                          int64_t n, int64_t k, double alpha, const double *a, int64_t a_row, const double *b,
                          int64_t b_row, double beta, double *c, int64_t c_row);

#endif
