/* Softmax of a row, and what attention makes of it. */

/* What is not a number is passed over: its power, and so the sum and all shares, will not be one either. */
static inline __attribute__((always_inline)) float row_largest(const float *row, int64_t count)
{
    vector most = all(-INFINITY);
    for (int64_t i = 0; i < count; i += LANES) {
        vector value = load_some(row + i, count - i);
        if (count - i < LANES) value = choose(lanes_below(count - i), value, all(-INFINITY));
        most = choose(value > most, value, most);
    }
    return largest_of(most);
}

static gradus_softmax_sum softmax(const float *input, float *output, int64_t count)
{
    const float largest = row_largest(input, count);
    vector lanes = all(0);
    for (int64_t i = 0; i < count; i += LANES) {
        const int64_t left = count - i;
        vector power = exp_of(load_some(input + i, left) - all(largest));
        if (left < LANES) power = choose(lanes_below(left), power, all(0));
        store_some(output + i, power, left);
        lanes += power;
    }
    const float sum = sum_of(lanes);
    for (int64_t i = 0; i < count; i += LANES)
        store_some(output + i, load_some(output + i, count - i) * all(1 / sum), count - i);
    return (gradus_softmax_sum){largest, sum};
}

/* One row of scores: those behind `seen` may hold anything, and become 0. */
static inline __attribute__((always_inline)) void share_row(float scale, int64_t seen, float *row, int64_t columns)
{
    vector most = all(-INFINITY), lanes = all(0);
    for (int64_t i = 0; i < seen; i += LANES) {
        const vector value = choose(lanes_below(seen - i), load_some(row + i, columns - i), all(-INFINITY));
        most = choose(value > most, value, most);
    }
    const float largest = largest_of(most);
    for (int64_t i = 0; i < columns; i += LANES) {
        const vector far = load_some(row + i, columns - i) - all(largest);
        const vector power = choose(lanes_below(seen - i), exp_of(all(scale) * far), all(0));
        store_some(row + i, power, columns - i);
        lanes += power;
    }
    const float share = 1 / sum_of(lanes);
    for (int64_t i = 0; i < columns; i += LANES)
        store_some(row + i, load_some(row + i, columns - i) * all(share), columns - i);
}

static void share_out(float scale, int64_t seen, bool causal, float *scores, int64_t rows, int64_t columns,
                      int64_t step)
{
    for (int64_t row = 0; row < rows; row++) share_row(scale, causal ? seen + row : seen, scores + row * step, columns);
}

/* p (d - sum(p d)), times scale. */
static void share_out_backward(float scale, const float *shares, float *gradient, int64_t rows, int64_t columns,
                               int64_t step)
{
    for (int64_t row = 0; row < rows; row++, shares += step, gradient += step) {
        vector lanes = all(0);
        for (int64_t i = 0; i < columns; i += LANES)
            lanes += load_some(shares + i, columns - i) * load_some(gradient + i, columns - i);
        const vector sum = all(sum_of(lanes));
        for (int64_t i = 0; i < columns; i += LANES) {
            const vector slope = load_some(gradient + i, columns - i) - sum;
            store_some(gradient + i, all(scale) * load_some(shares + i, columns - i) * slope, columns - i);
        }
    }
}
