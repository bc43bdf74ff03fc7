/* A relu with a slope for each channel below zero, over the groups of kernels_batchnorm.h. */

static inline __attribute__((always_inline)) void prelu_group(bool planar, group one, int64_t size, const float *slopes,
                                                              const float *x, float *y, int64_t count)
{
    const vector slope = parameter(planar, &one, slopes);
    for (int64_t example = 0; example < count; example++) {
        const int64_t at = example * size + one.offset;
        for (int64_t i = 0; i < one.end; i += one.step) {
            const int64_t left = taken(planar, &one, i);
            const vector value = load_some(x + at + i, left);
            store_some(y + at + i, choose(value > all(0), value, slope * value), left);
        }
    }
}

static void prelu(gradus_form at, const float *slopes, const float *x, float *y, int64_t count)
{
    FOR_EACH_GROUP(at, prelu_group, gradus_form_size(at), slopes, x, y, count)
}

static inline __attribute__((always_inline)) void prelu_backward_group(bool planar, group one, int64_t size,
                                                                       const float *slopes, const float *x,
                                                                       float *gradient, int64_t count,
                                                                       float *slope_gradient)
{
    const vector slope = parameter(planar, &one, slopes);
    vector sum = {0};
    for (int64_t example = 0; example < count; example++) {
        const int64_t at = example * size + one.offset;
        vector part = {0};
        for (int64_t i = 0; i < one.end; i += one.step) {
            const int64_t left = taken(planar, &one, i);
            const vector value = load_some(x + at + i, left), old = load_some(gradient + at + i, left);
            part += choose(value > all(0), all(0), old * value);
            store_some(gradient + at + i, choose(value > all(0), old, slope * old), left);
        }
        sum += part;
    }
    if (planar)
        slope_gradient[one.channel] += sum_of(sum);
    else
        store_some(slope_gradient + one.channel, load_some(slope_gradient + one.channel, one.left) + sum, one.left);
}

static void prelu_backward(gradus_form at, const float *slopes, const float *x, float *gradient, float *slope_gradient,
                           int64_t count)
{
    FOR_EACH_GROUP(at, prelu_backward_group, gradus_form_size(at), slopes, x, gradient, count, slope_gradient)
}
