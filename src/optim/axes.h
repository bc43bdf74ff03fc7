/* axes.h - what soap and shampoo share: the dimensions of a tensor, each with square matrices of its own, and products along one of them.
 * The second part is read once for each instruction set. */
#ifndef GRADUS_OPTIM_AXES_H
#define GRADUS_OPTIM_AXES_H
#include "gradus/extend.h"

typedef struct axes {
    int32_t count;
    int64_t longest, room; /* numbers that the matrices of all take */
    struct {
        int64_t outer, size, inner; /* the tensor as [outer][size][inner] */
        int64_t first;              /* where its matrix begins */
    } at[8];
} axes;

/* Those that are longer than 1 and no longer than `most`. */
static inline axes gradus_axes(const gradus_shape *shape, double most)
{
    axes a = {0};
    int64_t outer = 1;
    for (int32_t d = 0; d < shape->rank; d++) {
        const int64_t size = shape->size[d];
        if (size > 1 && (double)size <= most) {
            a.at[a.count].outer = outer, a.at[a.count].size = size, a.at[a.count].first = a.room;
            a.at[a.count++].inner = shape->count / outer / size;
            a.room += size * size;
            if (size > a.longest) a.longest = size;
        }
        outer *= size;
    }
    return a;
}

/* Numbers of scratch for the doubles of one axis: two matrices and two rows, each as two numbers of 32 bits. */
static inline int64_t gradus_axes_scratch(const axes *a) { return 4 * (a->longest * a->longest + a->longest); }

#endif

#ifdef ISA
/* `from` with each of an axis's rows multiplied by its matrix transposed, or by itself. */
static void ISA(along_axis)(const work *w, const axes *a, int32_t axis, const number *matrices, bool itself,
                            const number *from, number *to)
{
    const int64_t size = a->at[axis].size, inner = a->at[axis].inner, outer = a->at[axis].outer;
    const number *matrix = matrices + a->at[axis].first;
    const gradus_transpose left = itself ? GRADUS_AS_IT_IS : GRADUS_TRANSPOSED,
                           right = itself ? GRADUS_TRANSPOSED : GRADUS_AS_IT_IS;
    if (inner == 1) {
        w->multiply(w, GRADUS_AS_IT_IS, right, outer, size, size, 1, from, size, matrix, size, 0, to, size);
        return;
    }
    for (int64_t o = 0; o < outer; o++)
        w->multiply(w, left, GRADUS_AS_IT_IS, size, inner, size, 1, matrix, size, from + o * size * inner, inner, 0,
                    to + o * size * inner, inner);
}

/* products <- keep products + rise g g^T of each axis, summed over the others. */
static void ISA(keep_products)(const work *w, const axes *a, number keep, number rise, const number *g,
                               number *products)
{
    for (int32_t i = 0; i < a->count; i++) {
        const int64_t size = a->at[i].size, inner = a->at[i].inner, outer = a->at[i].outer;
        number *into = products + a->at[i].first;
        if (inner == 1)
            w->multiply(w, GRADUS_TRANSPOSED, GRADUS_AS_IT_IS, size, size, outer, rise, g, size, g, size, keep, into,
                        size);
        for (int64_t o = 0; o < outer && inner > 1; o++)
            w->multiply(w, GRADUS_AS_IT_IS, GRADUS_TRANSPOSED, size, size, inner, rise, g + o * size * inner, inner,
                        g + o * size * inner, inner, o ? 1 : keep, into, size);
    }
}
#endif
