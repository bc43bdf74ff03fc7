/* dense.h - what rules that keep matrices ask of linear algebra: eigenvectors and orthonormal columns, in double, in one order on every
 * machine. Matrices are n times n, row after row. */
#ifndef GRADUS_OPTIM_DENSE_H
#define GRADUS_OPTIM_DENSE_H
#include <stdbool.h>
#include <stdint.h>

/* Eigenvalues of a symmetric matrix, falling, and their vectors, one a row, in the matrix's place. `room` has 2 n numbers. False: a number is
 * not finite, or it did not converge; the contents are lost then. */
bool gradus_eigen(int64_t n, double *matrix, double *values, double *room);

/* The Q of a matrix's QR, up to signs; what is handed are its columns, one a row, and so is Q. `room` has n n numbers. */
void gradus_orthonormal(int64_t n, double *columns, double *room);

#endif
