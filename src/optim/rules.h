/* rules.h - what the files of this room share about its tables: the built-in rows and the formulas that several
 * rules need. */
#ifndef GRADUS_OPTIM_RULES_H
#define GRADUS_OPTIM_RULES_H
#include "gradus/base.h"
#include "gradus/spec.h"
#include <math.h>

enum { GRADUS_ARGUMENTS = 32 }; /* that a rule may have */

/* ---- rules ---- */

#define GRADUS_MEMBER(name) extern const gradus_rule_row gradus_rule_##name;
#include "optimizers.def"
#undef GRADUS_MEMBER

/* `decay=`: added to the gradient, or taken from the values on its own (Loshchilov and Hutter, 2019). */
enum { DECAY_COUPLED, DECAY_DECOUPLED };
#define DECAY_WORDS "coupled|decoupled"

/* base^exponent by squaring: the same bits on every machine, unlike pow. */
static inline double gradus_power(double base, int64_t exponent)
{
    double power = 1;
    for (; exponent > 0; exponent >>= 1, base *= base) {
        if (exponent & 1) power *= base;
    }
    return power;
}

/* The root of a positive number by Newton's steps from above: the same bits on every machine, unlike cbrt and pow. */
static inline double gradus_root(double number, int degree)
{
    int exponent;
    if (!(number > 0) || isinf(number)) return number;
    const double part = frexp(number, &exponent);                 /* [0.5, 1) */
    const int whole = (exponent + 4096 * degree) / degree - 4096; /* rounded downwards */
    const double rest = ldexp(part, exponent - whole * degree);   /* its root is below 2 */
    double root = 2, next = 2;
    do {
        root = next;
        const double below = gradus_power(root, degree - 1);
        next = root - (root * below - rest) / (degree * below);
    } while (next < root);
    return ldexp(root, whole);
}

/* What every rule takes besides its own arguments, in the order of the family's common ones. */
enum { COMMON_STATE, COMMON_MAXIMIZE, COMMON_COUNT };

/* How many arguments a member has of its own. */
static inline int32_t gradus_argument_count(const gradus_member *member)
{
    int32_t count = 0;
    while (member->arguments && member->arguments[count].name) count++;
    return count;
}

/* How many names there are in "scale, step"; NULL: none. */
static inline int32_t gradus_count_names(const char *names)
{
    int32_t count = names && *names;
    for (; names && *names; names++) count += *names == ',';
    return count;
}

/* ---- gradients ---- */

typedef enum gradus_norm { GRADUS_NORM_NONE, GRADUS_NORM_1, GRADUS_NORM_2, GRADUS_NORM_INFINITY } gradus_norm;

typedef struct
    gradus_cut {   /* of a tensor into units: all of it, its first dimension's pieces, or what is apart by as many */
    int64_t units; /* 0: the transform leaves this tensor alone */
    bool strided;  /* value i is of unit i mod units; else each unit lies together */
} gradus_cut;

typedef struct gradus_slice { /* what a unit's values are, as the transforms before have left its gradient */
    double count, sum, sizes, squares, largest;
    double values_squared; /* of the values themselves */
} gradus_slice;

typedef struct gradus_spot { /* some values of a tensor in one update */
    uint64_t seed, key;      /* of the optimizer, of the tensor's name */
    int64_t update, first;   /* counted from 1; the first of these values */
    const float *values;     /* the parameters themselves, where the row reads them; else NULL */
    bool vector;             /* the tensor has one dimension */
} gradus_spot;

/* A transform is one of these:
 *   a factor for all gradients      `norm`, `factor`
 *   a change of each value          `kernel` with the constants of `prepare`
 *   one of each unit                `cut`, `unit`: g <- scale g + shift
 *   one of each value by its place  `change`, in plain C
 * or nothing but a condition (`skips`). What it learns of the updates that were applied is in its memory. */
typedef struct gradus_gradient_row {
    gradus_member member;
    gradus_norm (*norm)(const double *arguments); /* of all gradients, that `factor` must know; NULL: none */
    double (*factor)(const double *arguments, double norm,
                     const double *memory);                              /* what every value is multiplied by */
    int32_t (*remembers)(const double *arguments);                       /* how many numbers, 0 at first; NULL: none */
    void (*learn)(const double *arguments, double norm, double *memory); /* after an update: of its gradients; NULL */
    gradus_kernel *kernel[GRADUS_ISA_COUNT];                             /* values <- f(gradient) */
    void (*prepare)(const double *arguments, double scale, double *constants); /* scale: every value times this first */
    gradus_cut (*cut)(const double *arguments, const gradus_shape *shape);
    void (*unit)(const double *arguments, const gradus_slice *unit, double *scale, double *shift);
    void (*change)(const double *arguments, const gradus_spot *spot, double scale, const float *gradient, float *values,
                   size_t count);
    bool reads_values; /* `change` sees the parameters too */
    bool skips;        /* an update whose gradients are not all finite is not made */
} gradus_gradient_row;

/* The cuts there are: a vector is one unit, a weight has one for each output. */
static inline gradus_cut gradus_cut_whole(void) { return (gradus_cut){.units = 1}; }
static inline gradus_cut gradus_cut_outputs(const gradus_shape *shape)
{
    if (shape->rank == 1) return gradus_cut_whole();
    if (shape->outputs_last) return (gradus_cut){.units = shape->columns, .strided = true};
    return (gradus_cut){.units = shape->size[0]};
}

#define GRADUS_MEMBER(name) extern const gradus_gradient_row gradus_gradient_##name;
#include "gradients.def"
#undef GRADUS_MEMBER

/* ---- averages: what wraps any rule ---- */

#define GRADUS_MEMBER(name) extern const gradus_rule_row gradus_average_##name;
#include "averages.def"
#undef GRADUS_MEMBER

/* ---- groups ---- */

typedef struct gradus_place_in_net { /* of a tensor among all that were added */
    const gradus_shape *shape;
    int32_t layer, layers;  /* by names: "blocks.3", "head"; in the order in which they came */
    bool first, last;       /* the first weight; of the layer of the last weight */
    double inputs, outputs; /* of a weight, without what is summed over in space; a vector has only outputs */
} gradus_place_in_net;

/* An item takes a tensor or not. The first one of those that give hyperparameters (`gives`) holds; all that have a `scale`
 * multiply the rate, whichever holds; one that `freezes` keeps its tensors from any update, until its argument `until`; a
 * constraint (`norm`, `non_negative`) changes the values of those that its argument `pattern` fits, once an update is made. */
typedef struct gradus_group_row {
    gradus_member member;
    bool (*takes)(const gradus_item *item, const char *tensor,
                  const char *group); /* group: the caller's name for it, or NULL. NULL: all */
    bool gives, freezes;
    double (*scale)(const gradus_item *item, const gradus_place_in_net *place);
    double (*norm)(const gradus_item *item, double norm); /* what that of each unit (gradus_cut_outputs) may be */
    bool non_negative;
    const char *(*check)(const char *pattern); /* what is wrong with a text of its first argument; NULL: nothing */
    const char *(*check_item)(const gradus_item *item); /* with its arguments together */
} gradus_group_row;

#define GRADUS_MEMBER(name) extern const gradus_group_row gradus_group_##name;
#include "groups.def"
#undef GRADUS_MEMBER

/* Whether a list of patterns fits a tensor's name or its group's. */
bool gradus_group_fits(const gradus_value *patterns, const char *tensor, const char *group);
/* `*` for any stretch, `?` for any character, as in a shell without its brackets. */
bool gradus_glob(const char *pattern, const char *text);

#endif
