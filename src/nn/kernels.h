/* The loops that are not oneDNN's, for one instruction set: activations, batch and layer norm, pooling, softmax, dropout, sums, and
 * convolutions by Winograd's algorithm.
 * kernels_*.h hold each of them once; kernels_baseline.c, kernels_avx2.c and kernels_avx512.c compile them. */
#ifndef GRADUS_NN_KERNELS_H
#define GRADUS_NN_KERNELS_H
#include <stdbool.h>
#include "gradus/gradus.h"

/* Where the values of an example lie: value c of pixel p stands at ((c / width) pixels + p) width + c mod width.
 * Width 1 is channel after channel; the width of all channels is pixel after pixel; oneDNN's blocks have 8 or 16, and the last
 * block is filled up with zeros. A flat example is one block, one pixel. */
typedef struct gradus_form {
    int64_t blocks, pixels, width;
} gradus_form;
static inline int64_t gradus_form_size(gradus_form at) { return at.blocks * at.pixels * at.width; }

/* Functions of one value whose derivative can be told from their result: they need no input kept, and work in place. */
typedef enum gradus_activation { GRADUS_LINEAR, GRADUS_RELU, GRADUS_TANH, GRADUS_SIGMOID } gradus_activation;

/* Functions of one value whose derivative needs the input; 0 at 0, but for softplus. */
typedef enum gradus_curve {
    GRADUS_LEAKY_RELU, /* parameter: the slope below 0 */
    GRADUS_ELU,        /* how far down it goes */
    GRADUS_GELU,
    GRADUS_GELU_TANH,
    GRADUS_SILU,
    GRADUS_HARDSWISH,
    GRADUS_MISH,
    GRADUS_RELU6,
    GRADUS_SOFTPLUS /* beta */
} gradus_curve;

/* A channel's batch norm: (x - mean) scale + shift; and its backward: dx = scale (dy - mean_gradient - (x - mean) slope). */
typedef struct gradus_norm_forward {
    const float *mean, *scale, *shift;
} gradus_norm_forward;
typedef struct gradus_norm_backward {
    const float *mean, *scale, *mean_gradient, *slope;
} gradus_norm_backward;

typedef struct gradus_window { /* of a pooling layer, in pixels: height, then width */
    int64_t input[2], output[2], size[2], stride[2], pad[2];
} gradus_window;

typedef struct gradus_softmax_sum { /* log of the sum of exp(x) is largest + log(sum) */
    float largest, sum;
} gradus_softmax_sum;

/* c = a b, or c + a b where `add`; a is rows x inner (or, turned, inner x rows), b inner x columns (or columns x inner), all row
 * after row, or so many values apart as step_a, step_b and step_c say. */
typedef struct gradus_product {
    bool turn_a, turn_b, add;
    int64_t rows, columns, inner;
    int64_t step_a, step_b, step_c; /* from one row in memory to the next; 0: they touch */
} gradus_product;

/* A convolution of stride 1 that Winograd's algorithm computes: from windows of so many pixels, both ways, tiles of 4 x 4 outputs. */
enum { GRADUS_WINOGRAD_TILE = 4 };
typedef struct gradus_winograd { /* heights, then widths */
    int64_t channels, filters;   /* multiples of the kernels' lanes, in blocks of which they lie */
    int64_t size;                /* of a filter, both ways: 3 or 5 */
    int64_t input[2], output[2], before[2];
} gradus_winograd;

static inline int64_t gradus_winograd_tiles(const gradus_winograd *shape) /* of an example */
{
    enum { TILE = GRADUS_WINOGRAD_TILE };
    return ((shape->output[0] + TILE - 1) / TILE) * ((shape->output[1] + TILE - 1) / TILE);
}
static inline int64_t gradus_winograd_points(const gradus_winograd *shape)
{
    const int64_t window = GRADUS_WINOGRAD_TILE + shape->size - 1;
    return window * window;
}
/* Tiles that are taken at once, so that they stay in the cache next to the processor, but no fewer than pay for going through the
 * weights; values from one point to the next of so many each, no power of two apart, for which a cache has little room; and the values
 * of turned weights and of `room` below. */
static inline int64_t gradus_winograd_panel(const gradus_winograd *shape)
{
    enum { CACHED = 1 << 16, STEP = 14, SHARE = 6 };
    const int64_t both = shape->channels + shape->filters, cached = CACHED / gradus_winograd_points(shape) / both,
                  least = both / SHARE, most = (cached > least ? cached : least) / STEP * STEP;
    return most < STEP ? STEP : most;
}
static inline int64_t gradus_winograd_point(int64_t values) { return (values / 16 | 1) * 16 + 32; }
static inline int64_t gradus_winograd_turned(const gradus_winograd *shape)
{
    return gradus_winograd_points(shape) * gradus_winograd_point(shape->channels * shape->filters);
}
int64_t gradus_winograd_room(const gradus_winograd *shape);

typedef struct gradus_kernels {
    int64_t lanes; /* of a register */

    /* output = f(input), `count` values; input may be output. Backward: gradient times f'(input), told from the output. */
    void (*activate)(gradus_activation f, const float *input, float *output, int64_t count);
    void (*activate_backward)(gradus_activation f, const float *output, float *gradient, int64_t count);

    /* The same of what needs its input: output = f(input); gradient times f'(input). */
    void (*bend)(gradus_curve f, float parameter, const float *input, float *output, int64_t count);
    void (*bend_backward)(gradus_curve f, float parameter, const float *input, float *gradient, int64_t count);

    /* values = f(values + bias), rows x columns. Backward: gradient as above, and its columns are added up in bias_gradient
     * (which it adds to); f GRADUS_LINEAR reads no output. */
    void (*add_bias)(gradus_activation f, float *values, const float *bias, int64_t rows, int64_t columns);
    void (*add_bias_backward)(gradus_activation f, const float *output, float *gradient, float *bias_gradient,
                              int64_t rows, int64_t columns);

    /* Mean and sum of squared distances from it of each channel, over `count` examples. */
    void (*moments)(gradus_form at, const float *x, int64_t count, float *mean, float *squares);
    /* y = f(norm(x)). */
    void (*normalise)(gradus_form at, gradus_activation f, gradus_norm_forward norm, const float *x, float *y,
                      int64_t count);
    /* gradient times f'(norm(x)); the sums over it, and over it times (x - mean), of each channel. */
    void (*normalise_sums)(gradus_form at, gradus_activation f, gradus_norm_forward norm, const float *x,
                           float *gradient, int64_t count, float *sum, float *product);
    void (*normalise_backward)(gradus_form at, gradus_norm_backward norm, const float *x, float *gradient,
                               int64_t count);

    /* Each row with mean 0 and variance 1 over its `width` values, times weight, plus bias (NULL: none). Backward: the gradient of y
     * becomes that of x; those of weight and bias are added to their sums. */
    void (*normalise_rows)(int64_t width, float epsilon, const float *weight, const float *bias, const float *x,
                           float *y, int64_t rows);
    void (*normalise_rows_backward)(int64_t width, float epsilon, const float *weight, const float *x, float *gradient,
                                    float *weight_sum, float *bias_sum, int64_t rows);

    /* Small products, for the calling thread alone; b cannot be turned. */
    void (*multiply)(const gradus_product *shape, const float *a, const float *b, float *c);
    /* The rows of `from` as the columns of `to`; step: from one row to the next. */
    void (*turn)(int64_t rows, int64_t columns, const float *from, int64_t step_from, float *to, int64_t step_to);

    /* A step of an lstm: the sums of the gates (input, forget, new, output) become the gates; memory, its tanh and the state come out of
     * them and of the memory before (NULL: none). Backward: the gates become the gradients of their sums, and memory that of the memory
     * before; `after`: the gradient that the step behind left for this one's memory (NULL: none). */
    void (*lstm)(int64_t units, float *gates, const float *before, float *memory, float *shown, float *state);
    void (*lstm_backward)(int64_t units, float *gates, const float *before, const float *after, const float *gradient,
                          float *memory, const float *shown);

    /* y = x, below 0 times its channel's slope; gradient times its slope; each channel's
     * gradient is added to slope_gradient. */
    void (*prelu)(gradus_form at, const float *slopes, const float *x, float *y, int64_t count);
    void (*prelu_backward)(gradus_form at, const float *slopes, const float *x, float *gradient, float *slope_gradient,
                           int64_t count);

    /* The largest value of each window, and which of the window's pixels it was. */
    void (*maxpool)(gradus_form from, gradus_form to, const gradus_window *view, const float *input, float *output,
                    uint8_t *which, int64_t count);
    void (*maxpool_backward)(gradus_form from, gradus_form to, const gradus_window *view, const float *gradient,
                             const uint8_t *which, float *input_gradient, int64_t count);

    /* Winograd's algorithm: weights as the forward pass needs them, or the backward one of the input, which is a forward one of the
     * mirrored shape; bias and bias_gradient may be NULL. */
    void (*winograd_turn)(const gradus_winograd *shape, bool backward, const float *weights, float *turned,
                          float *room);
    void (*winograd_forward)(const gradus_winograd *shape, int64_t count, const float *input, const float *turned,
                             const float *bias, float *output, float *room);
    void (*winograd_backward_weights)(const gradus_winograd *shape, int64_t count, const float *input,
                                      const float *output_gradient, float *weights_gradient, float *bias_gradient,
                                      float *room);

    gradus_softmax_sum (*softmax)(const float *input, float *output, int64_t count); /* one row; in place if it likes */
    /* Rows of scores, `step` apart, become shares: softmax(scale score) over the first `seen` of each (one more with every row where
     * `causal`), 0 from there to `columns`. Backward: the gradient of the shares becomes that of the scores. */
    void (*share_out)(float scale, int64_t seen, bool causal, float *scores, int64_t rows, int64_t columns,
                      int64_t step);
    void (*share_out_backward)(float scale, const float *shares, float *gradient, int64_t rows, int64_t columns,
                               int64_t step);

    /* output = input scale where a number that is a function of `key` and of the value's index, first + i, is not below
     * `threshold` of 2^32; else 0. */
    void (*dropout)(uint64_t key, uint32_t threshold, float scale, int64_t first, const float *input, float *output,
                    int64_t count);

    void (*scale)(float factor, float shift, float *values, int64_t count); /* factor (values - shift) */
    void (*add)(float *to, const float *from, int64_t count);
} gradus_kernels;

extern const gradus_kernels gradus_kernels_baseline;
#if defined(__x86_64__)
extern const gradus_kernels gradus_kernels_avx2, gradus_kernels_avx512;
#endif

/* The best that the machine has, by GRADUS_ISA's leave; NULL: *error says why. */
const gradus_kernels *gradus_kernels_best(gradus_error *error);

#endif
