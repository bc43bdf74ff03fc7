/* Eigenvectors by Householder's reflections and implicit QL, orthonormal columns by reflections (Golub and Van Loan, "Matrix
 * Computations", 5.2 and 8.3). A reflection is a unit vector v, or 0: a - 2 v (v a). */
#include "dense.h"
#include "kernel.h"

/* In eight parts, which a compiler can keep in vectors. */
enum { PARTS = 8 };

static double dot(const double *a, const double *b, int64_t n)
{
    double parts[PARTS] = {0}, sum = 0;
    int64_t i = 0;
    for (; i + PARTS <= n; i += PARTS) UNROLLED
    for (int j = 0; j < PARTS; j++) parts[j] += a[i + j] * b[i + j];
    for (; i < n; i++) sum += a[i] * b[i];
    for (int j = 0; j < PARTS; j++) sum += parts[j];
    return sum;
}

static void subtract(double *a, double factor, const double *b, int64_t n)
{
    int64_t i = 0;
    for (; i + PARTS <= n; i += PARTS) UNROLLED
    for (int j = 0; j < PARTS; j++) a[i + j] -= factor * b[i + j];
    for (; i < n; i++) a[i] -= factor * b[i];
}

/* Makes of x the reflection that leaves nothing of it but its first number, which is returned. */
static double reflect(double *x, int64_t n)
{
    double largest = 0;
    for (int64_t i = 0; i < n; i++) largest = fmax(largest, fabs(x[i]));
    if (largest == 0) return 0;
    for (int64_t i = 0; i < n; i++) x[i] /= largest;
    const double length = sqrt(dot(x, x, n)), left = x[0] > 0 ? -length : length;
    x[0] -= left;
    const double size = sqrt(dot(x, x, n));
    for (int64_t i = 0; i < n; i++) x[i] /= size;
    return left * largest;
}

/* ---- to three diagonals ---- */

/* The lower right n x n block of rows `stride` long, reflected from both sides. */
static void reflect_block(double *block, int64_t n, int64_t stride, const double *v, double *room)
{
    for (int64_t i = 0; i < n; i++) room[i] = dot(block + i * stride, v, n);
    subtract(room, dot(room, v, n), v, n);
    for (int64_t i = 0; i < n; i++) {
        subtract(block + i * stride, 2 * v[i], room, n);
        subtract(block + i * stride, 2 * room[i], v, n);
    }
}

/* The diagonals, beside[i] between i and i + 1, and in the matrix's place what turns it into them, one vector a row. */
static void make_tridiagonal(int64_t n, double *a, double *diagonal, double *beside)
{
    for (int64_t k = 0; k + 1 < n; k++) {
        const int64_t rest = n - k - 1;
        double *v = a + k * n + k + 1; /* the row serves for the column, and keeps the reflection */
        diagonal[k] = a[k * n + k];
        const double left = reflect(v, rest);
        reflect_block(a + (k + 1) * n + k + 1, rest, n, v, beside + k);
        beside[k] = left;
    }
    diagonal[n - 1] = a[n * n - 1];
    beside[n - 1] = 0;
    for (int64_t k = n - 1; k >= 0; k--) { /* from below: row k of what is done is e_k, reflected by those above it */
        const double *v = a + k * n + k + 1;
        const int64_t rest = n - k - 1;
        for (int64_t i = k + 1; i < n; i++) subtract(a + i * n + k + 1, 2 * dot(a + i * n + k + 1, v, rest), v, rest);
        for (int64_t i = k + 1; i < n; i++) a[i * n + k] = 0;
        memset(a + k * n, 0, (size_t)n * sizeof *a);
        a[k * n + k] = 1;
    }
}

/* ---- to one ---- */

static void rotate(double *a, double *b, double c, double s, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        const double at = a[i], below = b[i];
        a[i] = c * at - s * below;
        b[i] = s * at + c * below;
    }
}

/* One implicit QL step from `last` up to `first`. */
static void chase(int64_t n, int64_t first, int64_t last, double *d, double *e, double *vectors)
{
    double g = (d[first + 1] - d[first]) / (2 * e[first]), r = sqrt(g * g + 1), s = 1, c = 1, p = 0;
    g = d[last] - d[first] + e[first] / (g + (g < 0 ? -r : r));
    for (int64_t i = last - 1; i >= first; i--) {
        const double f = s * e[i], b = c * e[i];
        r = sqrt(f * f + g * g);
        e[i + 1] = r;
        if (r == 0) { /* it has come apart here */
            d[i + 1] -= p, e[last] = 0;
            return;
        }
        s = f / r, c = g / r;
        g = d[i + 1] - p;
        r = (d[i] - g) * s + 2 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
        rotate(vectors + i * n, vectors + (i + 1) * n, c, s, n);
    }
    d[first] -= p;
    e[first] = g;
    e[last] = 0;
}

static bool diagonalize(int64_t n, double *d, double *e, double *vectors)
{
    enum { MOST = 60 }; /* steps for one value: three are usual */
    double size = 0;
    for (int64_t i = 0; i < n; i++) size = fmax(size, fabs(d[i]) + fabs(e[i]));
    for (int64_t first = 0; first < n; first++) {
        for (int step = 0;; step++) {
            int64_t last = first;
            while (last + 1 < n && fabs(e[last]) > 1e-16 * size) last++; /* what is less is rounding */
            if (last == first) break;
            if (step == MOST) return false;
            chase(n, first, last, d, e, vectors);
        }
    }
    return true;
}

static void sort_falling(int64_t n, double *values, double *vectors)
{
    for (int64_t i = 0; i < n; i++) {
        int64_t largest = i;
        for (int64_t j = i + 1; j < n; j++)
            if (values[j] > values[largest]) largest = j;
        if (largest == i) continue;
        const double value = values[i];
        values[i] = values[largest], values[largest] = value;
        for (int64_t k = 0; k < n; k++) {
            const double number = vectors[i * n + k];
            vectors[i * n + k] = vectors[largest * n + k], vectors[largest * n + k] = number;
        }
    }
}

bool gradus_eigen(int64_t n, double *matrix, double *values, double *room)
{
    for (int64_t i = 0; i < n * n; i++)
        if (!isfinite(matrix[i])) return false;
    make_tridiagonal(n, matrix, values, room);
    if (!diagonalize(n, values, room, matrix)) return false;
    sort_falling(n, values, matrix);
    return true;
}

/* ---- orthonormal columns ---- */

void gradus_orthonormal(int64_t n, double *columns, double *room)
{
    for (int64_t k = 0; k < n; k++) {
        double *v = columns + k * n + k;
        reflect(v, n - k);
        for (int64_t j = k + 1; j < n; j++) {
            double *column = columns + j * n + k;
            subtract(column, 2 * dot(column, v, n - k), v, n - k);
        }
    }
    memset(room, 0, (size_t)(n * n) * sizeof *room);
    for (int64_t i = 0; i < n; i++) room[i * n + i] = 1;
    for (int64_t k = n - 1; k >= 0; k--) {
        const double *v = columns + k * n + k;
        for (int64_t j = k; j < n; j++) subtract(room + j * n + k, 2 * dot(room + j * n + k, v, n - k), v, n - k);
    }
    memcpy(columns, room, (size_t)(n * n) * sizeof *room);
}
