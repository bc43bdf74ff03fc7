/* Layer norm: each row with mean 0 and variance 1 over its values, then scaled and shifted. */

typedef struct row_moments {
    float mean, inverse; /* one over the root of the variance */
} row_moments;

static inline row_moments measure_row(const float *x, int64_t width, float epsilon)
{
    vector sum = all(0), squares = all(0);
    for (int64_t i = 0; i < width; i += LANES) sum += load_some(x + i, width - i);
    const float mean = sum_of(sum) / (float)width;
    const int64_t whole = width - width % LANES;
    for (int64_t i = 0; i < whole; i += LANES) {
        const vector far = load(x + i) - all(mean);
        squares += far * far;
    }
    float square = sum_of(squares);
    for (int64_t i = whole; i < width; i++) square += (x[i] - mean) * (x[i] - mean);
    return (row_moments){mean, 1 / sqrtf(square / (float)width + epsilon)};
}

static void normalise_rows(int64_t width, float epsilon, const float *weight, const float *bias, const float *x,
                           float *y, int64_t rows)
{
    for (const float *end = x + rows * width; x < end; x += width, y += width) {
        const row_moments of = measure_row(x, width, epsilon);
        for (int64_t i = 0; i < width; i += LANES) {
            const int64_t left = width - i;
            const vector shift = bias ? load_some(bias + i, left) : all(0);
            const vector normal = (load_some(x + i, left) - all(of.mean)) * all(of.inverse);
            store_some(y + i, normal * load_some(weight + i, left) + shift, left);
        }
    }
}

/* With n = (x - mean) inverse and d = weight dy: dx = inverse (d - mean(d) - n mean(d n)). */
static void normalise_rows_backward(int64_t width, float epsilon, const float *weight, const float *x, float *gradient,
                                    float *weight_sum, float *bias_sum, int64_t rows)
{
    for (const float *end = x + rows * width; x < end; x += width, gradient += width) {
        const row_moments of = measure_row(x, width, epsilon);
        vector sum = all(0), along = all(0);
        for (int64_t i = 0; i < width; i += LANES) {
            const int64_t left = width - i;
            const vector normal = (load_some(x + i, left) - all(of.mean)) * all(of.inverse);
            const vector slope = load_some(gradient + i, left), weighted = slope * load_some(weight + i, left);
            store_some(weight_sum + i, load_some(weight_sum + i, left) + slope * normal, left);
            store_some(bias_sum + i, load_some(bias_sum + i, left) + slope, left);
            sum += weighted;
            along += weighted * normal;
        }
        const float mean = sum_of(sum) / (float)width, tilt = sum_of(along) / (float)width;
        for (int64_t i = 0; i < width; i += LANES) {
            const int64_t left = width - i;
            const vector normal = (load_some(x + i, left) - all(of.mean)) * all(of.inverse);
            const vector weighted = load_some(gradient + i, left) * load_some(weight + i, left);
            store_some(gradient + i, all(of.inverse) * (weighted - all(mean) - normal * all(tilt)), left);
        }
    }
}
