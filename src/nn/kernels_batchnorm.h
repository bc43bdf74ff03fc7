/* Batch norm, with the gradus_activation behind it: statistics, then one pass forward and two back.
 *
 * A group is what one register takes in: LANES channels of a block, walked pixel by pixel, or, where a channel is a plane of its
 * own (planar: width 1), LANES pixels of it. Both walk the group's plane in equal steps. */

typedef struct group {
    int64_t channel;   /* the first */
    int64_t offset;    /* of its first value in an example */
    int64_t left;      /* channels from there to the end of the block */
    int64_t end, step; /* the walk, in values from `offset` */
} group;

/* Calls BODY for every group of a form, with `planar` and, for whole registers, the number of channels as constants. */
#define FOR_EACH_GROUP(at, BODY, ...)                                                                            \
    for (int64_t block = 0; block < (at).blocks; block++)                                                        \
        for (int64_t lane = 0; lane < (at).width; lane += LANES) {                                               \
            const int64_t plane = (at).pixels * (at).width;                                                      \
            group one = {block * (at).width + lane, block * plane + lane, (at).width - lane, plane, (at).width}; \
            if ((at).width == 1) {                                                                               \
                one.step = LANES;                                                                                \
                BODY(true, one, __VA_ARGS__);                                                                    \
            } else if (one.left >= LANES) {                                                                      \
                one.left = LANES;                                                                                \
                BODY(false, one, __VA_ARGS__);                                                                   \
            } else {                                                                                             \
                BODY(false, one, __VA_ARGS__);                                                                   \
            }                                                                                                    \
        }

/* How many values a register takes at step i of a walk. */
static inline __attribute__((always_inline)) int64_t taken(bool planar, const group *one, int64_t i)
{
    return planar ? one->end - i : one->left;
}

static inline __attribute__((always_inline)) vector parameter(bool planar, const group *one, const float *values)
{
    return planar ? all(values[one->channel]) : load_some(values + one->channel, one->left);
}

static inline __attribute__((always_inline)) void put(bool planar, const group *one, float *values, vector value)
{
    if (planar)
        values[one->channel] = sum_of(value);
    else
        store_some(values + one->channel, value, one->left);
}

/* Distance from `mean`; none beyond the end of a plane. */
static inline __attribute__((always_inline)) vector distance(bool planar, const float *x, vector mean, int64_t count)
{
    vector far = load_some(x, count) - mean;
    if (planar && count < LANES) {
        vector near = {0};
        for (int64_t i = 0; i < count; i++) near[i] = far[i];
        return near;
    }
    return far;
}

/* Sums along a walk are kept in four parts, which the processor adds at the same time. */
static inline __attribute__((always_inline)) vector sum_along(bool planar, const group *one, const float *from)
{
    vector part[4] = {{0}};
    int64_t i = 0;
    for (; i + 4 * one->step <= one->end; i += 4 * one->step)
        for (int k = 0; k < 4; k++)
            part[k] += load_some(from + i + k * one->step, taken(planar, one, i + k * one->step));
    for (; i < one->end; i += one->step) part[0] += load_some(from + i, taken(planar, one, i));
    return (part[0] + part[1]) + (part[2] + part[3]);
}

static inline __attribute__((always_inline)) vector squares_along(bool planar, const group *one, const float *from,
                                                                  vector middle, vector *error)
{
    vector part[2] = {{0}}, errors[2] = {{0}};
    int64_t i = 0;
    for (; i + 2 * one->step <= one->end; i += 2 * one->step)
        for (int k = 0; k < 2; k++) {
            const int64_t at = i + k * one->step;
            const vector far = distance(planar, from + at, middle, taken(planar, one, at));
            errors[k] += far;
            part[k] += far * far;
        }
    for (; i < one->end; i += one->step) {
        const vector far = distance(planar, from + i, middle, taken(planar, one, i));
        errors[0] += far;
        part[0] += far * far;
    }
    *error += errors[0] + errors[1];
    return part[0] + part[1];
}

/* In two passes over what is in the cache by then; the second corrects the rounding of the first: with d = x - m, the mean is
 * m + sum(d) / n, the squared distances sum(d d) - sum(d)^2 / n (Chan, Golub, LeVeque 1983). */
static inline __attribute__((always_inline)) void moments_of(bool planar, group one, int64_t pixels, int64_t size,
                                                             const float *x, int64_t count, float *mean, float *squares)
{
    const vector share = all(1.0f / (float)(count * pixels));
    vector sum = {0}, error = {0}, square = {0};
    for (int64_t example = 0; example < count; example++)
        sum += sum_along(planar, &one, x + example * size + one.offset);
    if (planar) sum = all(sum_of(sum));
    const vector middle = sum * share;
    for (int64_t example = 0; example < count; example++)
        square += squares_along(planar, &one, x + example * size + one.offset, middle, &error);
    if (planar) {
        error = all(sum_of(error));
        square = all(sum_of(square));
        mean[one.channel] = (middle + error * share)[0];
        squares[one.channel] = (square - error * error * share)[0];
    } else {
        store_some(mean + one.channel, middle + error * share, one.left);
        store_some(squares + one.channel, square - error * error * share, one.left);
    }
}

static void moments(gradus_form at, const float *x, int64_t count, float *mean, float *squares)
{
    FOR_EACH_GROUP(at, moments_of, at.pixels, gradus_form_size(at), x, count, mean, squares)
}

static inline __attribute__((always_inline)) void normalise_group(bool planar, group one, gradus_activation f,
                                                                  int64_t size, gradus_norm_forward norm,
                                                                  const float *x, float *y, int64_t count)
{
    const vector mean = parameter(planar, &one, norm.mean), scale = parameter(planar, &one, norm.scale),
                 shift = parameter(planar, &one, norm.shift);
    for (int64_t example = 0; example < count; example++) {
        const int64_t at = example * size + one.offset;
        for (int64_t i = 0; i < one.end; i += one.step) {
            int64_t left = taken(planar, &one, i);
            store_some(y + at + i, apply(f, (load_some(x + at + i, left) - mean) * scale + shift), left);
        }
    }
}

static inline __attribute__((always_inline)) void
normalise_as(gradus_activation f, gradus_form at, gradus_norm_forward norm, const float *x, float *y, int64_t count)
{
    FOR_EACH_GROUP(at, normalise_group, f, gradus_form_size(at), norm, x, y, count)
}

static void normalise(gradus_form at, gradus_activation f, gradus_norm_forward norm, const float *x, float *y,
                      int64_t count)
{
    FOR_EACH_ACTIVATION(f, normalise_as, at, norm, x, y, count)
}

static inline __attribute__((always_inline)) void normalise_sums_group(bool planar, group one, gradus_activation f,
                                                                       int64_t size, gradus_norm_forward norm,
                                                                       const float *x, float *gradient, int64_t count,
                                                                       float *sum, float *product)
{
    const vector mean = parameter(planar, &one, norm.mean), scale = parameter(planar, &one, norm.scale),
                 shift = parameter(planar, &one, norm.shift);
    vector sums = {0}, products = {0};
    for (int64_t example = 0; example < count; example++) {
        const int64_t at = example * size + one.offset;
        vector part = {0}, product_part = {0};
        for (int64_t i = 0; i < one.end; i += one.step) {
            int64_t left = taken(planar, &one, i);
            vector far = load_some(x + at + i, left) - mean, slope = load_some(gradient + at + i, left);
            if (f != GRADUS_LINEAR) {
                slope = apply_backward(f, apply(f, far * scale + shift), slope);
                store_some(gradient + at + i, slope, left);
            }
            part += slope;
            product_part += slope * far;
        }
        sums += part;
        products += product_part;
    }
    put(planar, &one, sum, sums);
    put(planar, &one, product, products);
}

static inline __attribute__((always_inline)) void normalise_sums_as(gradus_activation f, gradus_form at,
                                                                    gradus_norm_forward norm, const float *x,
                                                                    float *gradient, int64_t count, float *sum,
                                                                    float *product)
{
    FOR_EACH_GROUP(at, normalise_sums_group, f, gradus_form_size(at), norm, x, gradient, count, sum, product)
}

static void normalise_sums(gradus_form at, gradus_activation f, gradus_norm_forward norm, const float *x,
                           float *gradient, int64_t count, float *sum, float *product)
{
    FOR_EACH_ACTIVATION(f, normalise_sums_as, at, norm, x, gradient, count, sum, product)
}

static inline __attribute__((always_inline)) void normalise_backward_group(bool planar, group one, int64_t size,
                                                                           gradus_norm_backward norm, const float *x,
                                                                           float *gradient, int64_t count)
{
    const vector mean = parameter(planar, &one, norm.mean), scale = parameter(planar, &one, norm.scale),
                 mean_gradient = parameter(planar, &one, norm.mean_gradient),
                 slope = parameter(planar, &one, norm.slope);
    for (int64_t example = 0; example < count; example++) {
        const int64_t at = example * size + one.offset;
        for (int64_t i = 0; i < one.end; i += one.step) {
            int64_t left = taken(planar, &one, i);
            vector far = load_some(x + at + i, left) - mean, old = load_some(gradient + at + i, left);
            store_some(gradient + at + i, scale * (old - mean_gradient - far * slope), left);
        }
    }
}

static void normalise_backward(gradus_form at, gradus_norm_backward norm, const float *x, float *gradient,
                               int64_t count)
{
    FOR_EACH_GROUP(at, normalise_backward_group, gradus_form_size(at), norm, x, gradient, count)
}
