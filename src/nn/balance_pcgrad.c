/* pcgrad: where the gradients of two tasks point against each other, each loses what stands in the other's way. */
#include "balance.h"
#include "gradus/base.h"
#include <string.h>

enum { ORDER_STREAM = 0x70636772 };

static double dot(const float *a, const float *b, int64_t count)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++) sum += (double)a[i] * b[i];
    return sum;
}

/* One task's gradient at the shared weights, less what is against any of the others, which come in a chance order. */
static void project(const gradus_balance *it, int32_t task, int64_t update, const gradus_apart *apart)
{
    int64_t order[GRADUS_TARGETS];
    float *own = apart->room;
    const uint64_t seed = gradus_random_bits(it->seed, ORDER_STREAM, (uint64_t)task);
    gradus_random_permutation(seed, (uint64_t)update, it->tasks, order);
    memcpy(own, apart->of[task], (size_t)apart->shared * sizeof *own);
    for (int32_t i = 0; i < it->tasks; i++) {
        const float *other = apart->of[order[i]];
        const double along = order[i] == task ? 0 : dot(own, other, apart->shared);
        if (!(along < 0)) continue;
        const double share = along / dot(other, other, apart->shared);
        for (int64_t k = 0; k < apart->shared; k++) own[k] -= (float)(share * other[k]);
    }
}

static void join(const gradus_balance *it, int64_t update, const double *losses, gradus_apart *apart)
{
    (void)losses;
    memset(apart->sum, 0, (size_t)apart->count * sizeof *apart->sum);
    for (int32_t i = 0; i < it->tasks; i++) {
        project(it, i, update, apart);
        for (int64_t k = 0; k < apart->shared; k++) apart->sum[k] += apart->room[k];
        for (int64_t k = apart->shared; k < apart->count; k++) apart->sum[k] += apart->of[i][k];
    }
}

static const gradus_argument arguments[] = {{.name = NULL}};

const gradus_balance_row gradus_balance_pcgrad = {
    .member = {.name = "pcgrad",
               .summary = "takes out of each task's gradient what goes against another's",
               .formula =
                   "for others j in a chance order: if g.gj < 0: g <- g - (g.gj / |gj|^2) gj; then the sum of all g",
               .paper = "Yu, Kumar, Gupta, Levine, Hausman, Finn 2020, Gradient surgery for multi-task learning",
               .also = "gradient_surgery, projecting_conflicting_gradients",
               .arguments = arguments,
               .notes = "It is done to the weights before the branches, which the tasks share. Every update walks "
                        "through the net once for each task, forward and back, and holds as many gradients."},
    .abi = GRADUS_ABI,
    .join = join,
};
