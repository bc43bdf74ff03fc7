/* orthogonal: the rows of the weights (or the columns, if there are fewer) stand at right angles and have length `gain`, so that a
 * layer neither stretches nor shrinks what it passes on. Biases are zero. */
#include <math.h>
#include "initial.h"

enum { GAIN };

static double product(const double *a, const double *b, int64_t count)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++) sum += a[i] * b[i];
    return sum;
}

/* Gram and Schmidt over normally distributed vectors, each made orthogonal twice: once is not enough in finite precision
 * (Giraud, Langou, Rozloznik 2005). The result is uniform among all orthogonal ones (Mezzadri 2007). */
static void orthogonalise(double *vectors, int64_t count, int64_t length)
{
    for (int64_t i = 0; i < count; i++) {
        double *vector = vectors + i * length;
        for (int again = 0; again < 2; again++)
            for (int64_t k = 0; k < i; k++) {
                const double *other = vectors + k * length, along = product(vector, other, length);
                for (int64_t j = 0; j < length; j++) vector[j] -= along * other[j];
            }
        const double size = sqrt(product(vector, vector, length));
        for (int64_t j = 0; j < length; j++) vector[j] /= size;
    }
}

static gradus_status fill(const gradus_value *values, const gradus_init_tensor *tensor, float *destination,
                          gradus_error *error)
{
    if (tensor->bias) return GRADUS_OK;
    const int64_t rows = tensor->shape[0], columns = tensor->count / rows;
    const bool wide = rows <= columns;
    const int64_t count = wide ? rows : columns, length = wide ? columns : rows;
    const size_t size = (size_t)tensor->count * sizeof(double);
    double *vectors = gradus_allocate(NULL, size);
    if (!vectors) return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "no memory for initial values");
    for (int64_t i = 0; i < tensor->count; i++)
        vectors[i] = gradus_random_normal(tensor->seed, tensor->stream, (uint64_t)i);
    orthogonalise(vectors, count, length);
    for (int64_t row = 0; row < rows; row++)
        for (int64_t column = 0; column < columns; column++)
            destination[row * columns + column] =
                (float)(values[GAIN].number * vectors[wide ? row * length + column : column * length + row]);
    gradus_release(NULL, vectors, size);
    return GRADUS_OK;
}

static const gradus_argument arguments[] = {
    {.name = "gain", .kind = GRADUS_NUMBER, .initial = "1", .low = 0, .high = 1e6, .help = "length of the rows"},
    {.name = NULL},
};

const gradus_init_row gradus_init_orthogonal = {
    .member = {.name = "orthogonal",
               .summary = "weights at right angles: a layer neither stretches nor shrinks what it passes on",
               .formula = "gain Q, Q^T Q = 1 or Q Q^T = 1; biases 0",
               .paper = "Saxe, McClelland, Ganguli 2013, Exact solutions to the nonlinear dynamics of learning in deep "
                        "linear neural networks",
               .also = "orthogonal_, orthonormal",
               .arguments = arguments},
    .abi = GRADUS_ABI,
    .fill = fill,
};
