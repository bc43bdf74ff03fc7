/* Convolutions of stride 1 by Winograd's algorithm: windows of 6 x 6 pixels, filters and outputs are taken as values of polynomials
 * at 0, 1, -1, 2, -2 and infinity in each direction, where a convolution is a product at each of the 36 points: a matrix product of
 * windows x channels x filters. A window gives 4 x 4 outputs of a filter of 3 x 3, or 2 x 2 of one of 5 x 5, with 36 products in
 * place of 144 or 100. (Winograd 1980, Arithmetic complexity of computations; Lavin, Gray 2016, Fast algorithms for convolutional
 * neural networks; of points and rounding: Barabasz and others 2020, Error analysis and improving the accuracy of Winograd
 * convolution.)
 *
 * V(n) takes n coefficients to their polynomial's values, N divides them by the product of the distances of each point from the others,
 * and B' is the transpose of what solves for 6 coefficients. With windows x, filters w and outputs y:
 *     y = V' [sum over channels of (N V w V' N) (B' x B)] V,   dw = V' N [sum over windows of (V dy V') (B' x B)] N V.
 *
 * Channels lie in blocks of a register. */

enum {
    POINTS = GRADUS_WINOGRAD_POINTS,
    WINDOW = GRADUS_WINOGRAD_WINDOW,
    WINDOW_ROW = WINDOW * LANES,
    ZEROS = 2 * POINTS * LANES
}; /* where in the room there are a row of them */

/* ---- transforms of one line: six registers, or n ---- */

typedef struct places { /* of its registers */
    const float *at[WINDOW];
} places;

static inline __attribute__((always_inline)) places apart(const float *from, int64_t step)
{
    return (places){{from, from + step, from + 2 * step, from + 3 * step, from + 4 * step, from + 5 * step}};
}

#define LINE static inline __attribute__((always_inline)) void

/* B' x, with `i` values beyond each place. */
LINE window_line(places from, int64_t i, float *to, int64_t step_to)
{
    const vector x0 = load(from.at[0] + i), x1 = load(from.at[1] + i), x2 = load(from.at[2] + i),
                 x3 = load(from.at[3] + i), x4 = load(from.at[4] + i), x5 = load(from.at[5] + i);
    const vector four = all(4), five = all(5), two = all(2);
    const vector even = x4 - four * x2, odd = x3 - four * x1, even2 = x4 - x2, odd2 = two * (x3 - x1);
    store(to, four * x0 + (x4 - five * x2));
    store(to + step_to, even + odd);
    store(to + 2 * step_to, even - odd);
    store(to + 3 * step_to, even2 + odd2);
    store(to + 4 * step_to, even2 - odd2);
    store(to + 5 * step_to, four * x1 + (x5 - five * x3));
}

/* V(n) x, or N V(n) x. */
LINE values_line(int n, bool divided, places from, int64_t i, float *to, int64_t step_to)
{
    const vector none = {0}, x0 = load(from.at[0] + i), x1 = load(from.at[1] + i),
                 x2 = n > 2 ? load(from.at[2] + i) : none, x3 = n > 3 ? load(from.at[3] + i) : none,
                 x4 = n > 4 ? load(from.at[4] + i) : none;
    vector even = x0, odd = x1, even2 = x0, odd2 = all(2) * x1;
    if (n > 2) even += x2, even2 += all(4) * x2;
    if (n > 3) odd += x3, odd2 += all(8) * x3;
    if (n > 4) even += x4, even2 += all(16) * x4;
    if (divided) even *= all(-1.0f / 6), odd *= all(-1.0f / 6), even2 *= all(1.0f / 24), odd2 *= all(1.0f / 24);
    store(to, divided ? all(0.25f) * x0 : x0);
    store(to + step_to, even + odd);
    store(to + 2 * step_to, even - odd);
    store(to + 3 * step_to, even2 + odd2);
    store(to + 4 * step_to, even2 - odd2);
    store(to + 5 * step_to, n == 2 ? x1 : n == 3 ? x2 : n == 4 ? x3 : x4);
}

/* V(n)' z, or V(n)' N z, plus `more` in each. */
LINE coefficients_line(int n, bool divided, vector more, const float *from, int64_t step, float *to, int64_t step_to)
{
    const vector z1 = load(from + step), z2 = load(from + 2 * step), z3 = load(from + 3 * step),
                 z4 = load(from + 4 * step), z5 = load(from + 5 * step) + more;
    vector z0 = load(from) + more, even = z1 + z2, odd = z1 - z2, even2 = z3 + z4, odd2 = z3 - z4;
    if (divided) {
        z0 *= all(0.25f);
        even *= all(-1.0f / 6), odd *= all(-1.0f / 6), even2 *= all(1.0f / 24), odd2 *= all(1.0f / 24);
    }
    store(to, z0 + (even + even2));
    const vector last = n == 2 ? odd + z5 : odd + more;
    store(to + step_to, all(2) * odd2 + last);
    if (n > 2) store(to + 2 * step_to, all(4) * even2 + (n == 3 ? even + z5 : even + more));
    if (n > 3) store(to + 3 * step_to, all(8) * odd2 + (n == 4 ? odd + z5 : odd + more));
    if (n > 4) store(to + 4 * step_to, all(16) * even2 + (even + z5));
}

/* ---- of a whole window; `room` for 36 registers, `point` values from one point to the next ---- */

typedef struct
    patch { /* pixels of an image: those from `first` to `end` of each row, which begin at `row`; zeros beyond them */
    places row;
    int64_t first, end;
} patch;

LINE clear_columns(int64_t first, int64_t end, float *room)
{
    for (int64_t i = first; i < end; i++)
        for (int k = 0; k < WINDOW; k++) store(room + k * WINDOW_ROW + i * LANES, all(0));
}

static inline void window_points(patch from, float *room, float *to, int64_t point)
{
    clear_columns(0, from.first, room);
    for (int64_t i = from.first; i < from.end; i++)
        window_line(from.row, (i - from.first) * LANES, room + i * LANES, WINDOW_ROW);
    clear_columns(from.end, WINDOW, room);
    for (int i = 0; i < WINDOW; i++)
        window_line(apart(room + i * WINDOW_ROW, LANES), 0, to + i * WINDOW * point, point);
}

LINE values_points(int n, bool divided, patch from, int64_t step, float *room, float *to, int64_t point)
{
    clear_columns(0, from.first, room);
    for (int64_t i = from.first; i < from.end; i++)
        values_line(n, divided, from.row, (i - from.first) * step, room + i * LANES, WINDOW_ROW);
    clear_columns(from.end, n, room);
    for (int i = 0; i < WINDOW; i++)
        values_line(n, divided, apart(room + i * WINDOW_ROW, LANES), 0, to + i * WINDOW * point, point);
}

LINE points_coefficients(int n, bool divided, vector more, const float *from, int64_t point, float *room, float *to,
                         int64_t step, int64_t row)
{
    for (int i = 0; i < WINDOW; i++)
        coefficients_line(n, divided, all(0), from + i * point, WINDOW * point, room + i * LANES, WINDOW_ROW);
    for (int i = 0; i < n; i++) coefficients_line(n, divided, more, room + i * WINDOW_ROW, LANES, to + i * row, step);
}

/* ---- windows of an image ---- */

/* `side` x `side` pixels; `zeros`: as many registers. */
static inline patch look(const float *plane, const int64_t *size, int64_t top, int64_t left, int side,
                         const float *zeros)
{
    patch seen = {.first = left < 0 ? -left : 0, .end = left + side > size[1] ? size[1] - left : side};
    if (seen.end < seen.first) seen.end = seen.first;
    for (int i = 0; i < side; i++)
        seen.row.at[i] = top + i >= 0 && top + i < size[0] && seen.first < seen.end
                             ? plane + ((top + i) * size[1] + left + seen.first) * LANES
                             : zeros;
    return seen;
}

typedef struct tile { /* one of those that cover the outputs of a few examples */
    int64_t example, top, left;
} tile;

static tile tile_of(const gradus_winograd *shape, int64_t index)
{
    const int64_t side = gradus_winograd_side(shape), across = (shape->output[1] + side - 1) / side,
                  each = (shape->output[0] + side - 1) / side * across, rest = index % each;
    return (tile){index / each, rest / across * side, rest % across * side};
}

static inline tile next_tile(const gradus_winograd *shape, tile at)
{
    at.left += gradus_winograd_side(shape);
    if (at.left < shape->output[1]) return at;
    at.left = 0;
    at.top += gradus_winograd_side(shape);
    if (at.top < shape->output[0]) return at;
    return (tile){at.example + 1, 0, 0};
}

/* Tiles `first` to `end` become matrices, one a point and block of channels: a row a tile, a column a channel. */
static void take_windows(const gradus_winograd *shape, int64_t first, int64_t end, const float *input, float *room,
                         float *to, int64_t point)
{
    const int64_t plane = shape->input[0] * shape->input[1] * LANES, blocks = shape->channels / LANES;
    tile at = tile_of(shape, first);
    for (int64_t t = first; t < end; t++, at = next_tile(shape, at))
        for (int64_t i = 0; i < blocks; i++)
            window_points(look(input + (at.example * blocks + i) * plane, shape->input, at.top - shape->before[0],
                               at.left - shape->before[1], WINDOW, room + ZEROS),
                          room, to + ((end - first) * i + t - first) * LANES, point);
}

LINE take_gradients_as(int side, const gradus_winograd *shape, int64_t first, int64_t end, const float *gradient,
                       float *room, float *to, int64_t point)
{
    const int64_t plane = shape->output[0] * shape->output[1] * LANES, blocks = shape->filters / LANES;
    tile at = tile_of(shape, first);
    for (int64_t t = first; t < end; t++, at = next_tile(shape, at))
        for (int64_t i = 0; i < blocks; i++)
            values_points(
                side, false,
                look(gradient + (at.example * blocks + i) * plane, shape->output, at.top, at.left, side, room + ZEROS),
                LANES, room, to + ((end - first) * i + t - first) * LANES, point);
}

LINE put_outputs_as(int side, const gradus_winograd *shape, int64_t first, int64_t end, const float *bias,
                    const float *from, int64_t point, float *room, float *output)
{
    const int64_t high = shape->output[0], wide = shape->output[1], blocks = shape->filters / LANES;
    tile at = tile_of(shape, first);
    for (int64_t t = first; t < end; t++, at = next_tile(shape, at)) {
        const int64_t down = high - at.top < side ? high - at.top : side,
                      across = wide - at.left < side ? wide - at.left : side;
        for (int64_t i = 0; i < blocks; i++) {
            const float *points = from + ((end - first) * i + t - first) * LANES;
            const vector shift = bias ? load(bias + i * LANES) : all(0);
            float *to = output + (((at.example * blocks + i) * high + at.top) * wide + at.left) * LANES;
            if (down == side && across == side) {
                points_coefficients(side, false, shift, points, point, room, to, LANES, wide * LANES);
                continue;
            }
            float *whole = room + POINTS * LANES;
            points_coefficients(side, false, shift, points, point, room, whole, LANES, side * LANES);
            for (int64_t y = 0; y < down; y++)
                for (int64_t x = 0; x < across; x++)
                    store(to + (y * wide + x) * LANES, load(whole + (y * side + x) * LANES));
        }
    }
}

/* ---- products ---- */

enum { TALLEST = LANES == 16 ? 14 : 6, MOST_ROWS = 16 };

typedef struct product_steps { /* from one row, one value of the inner dimension, one register of columns to the next */
    int64_t a_row, a_inner, b_inner, b_wide, c_row, c_wide;
} product_steps;

/* Sums of a few rows and one or two registers of columns stay in registers while the inner dimension passes by: `blocks` times
 * `inner` values, the blocks of a so far apart. Where steps are constants, no register is spent on them. */
LINE product_tile(int rows, int wide, bool add, int64_t blocks, int64_t a_block, int64_t inner, product_steps step,
                  const float *a, const float *b, float *c)
{
    vector sum[MOST_ROWS][2];
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
        for (int j = 0; j < wide; j++) sum[i][j] = add ? load(c + i * step.c_row + j * step.c_wide) : all(0);
    for (int64_t block = 0; block < blocks; block++) {
        const float *value = a + block * a_block;
        for (int64_t k = 0; k < inner; k++, value += step.a_inner, b += step.b_inner) {
            const vector first = load(b), second = wide > 1 ? load(b + step.b_wide) : first;
#pragma GCC unroll 16
            for (int i = 0; i < rows; i++) {
                const vector factor = all(value[i * step.a_row]);
                sum[i][0] += factor * first;
                if (wide > 1) sum[i][1] += factor * second;
            }
        }
    }
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
        for (int j = 0; j < wide; j++) store(c + i * step.c_row + j * step.c_wide, sum[i][j]);
}

#define ROWS_CASE(rows)                                                                                             \
    case rows:                                                                                                      \
        product_tile(rows < TALLEST ? rows : TALLEST, wide, false, blocks, all_rows * LANES, LANES, step, a, b, c); \
        break;

/* Of all tiles of a panel, at one point: c is a b for one or two blocks of filters. */
LINE multiply_panel_as(int wide, int64_t all_rows, int64_t blocks, int64_t filters, const float *a, const float *b,
                       float *c)
{
    const product_steps step = {LANES, 1, filters, LANES, LANES, all_rows * LANES};
    const int64_t parts = (all_rows + TALLEST - 1) / TALLEST;
    for (int64_t part = 0, done = 0; part < parts; part++) {
        const int64_t now = (all_rows - done + parts - part - 1) / (parts - part);
        switch (now) {
            ROWS_CASE(1)
            ROWS_CASE(2)
            ROWS_CASE(3)
            ROWS_CASE(4)
            ROWS_CASE(5)
            ROWS_CASE(6)
            ROWS_CASE(7)
            ROWS_CASE(8)
            ROWS_CASE(9)
            ROWS_CASE(10)
            ROWS_CASE(11)
            ROWS_CASE(12)
            ROWS_CASE(13)
            ROWS_CASE(14)
        }
        done += now;
        a += now * LANES;
        c += now * LANES;
    }
}

static void multiply_panel(int64_t rows, int64_t channels, int64_t filters, const float *a, const float *b, float *c)
{
    int64_t done = 0;
    for (; done + 2 * LANES <= filters; done += 2 * LANES)
        multiply_panel_as(2, rows, channels / LANES, filters, a, b + done, c + done * rows);
    if (done < filters) multiply_panel_as(1, rows, channels / LANES, filters, a, b + done, c + done * rows);
}

/* The same panel's part of the gradient of the weights, at one point: a turned, times b, which c begins with or is increased by. */
LINE multiply_turned_as(int wide, bool add, int64_t rows, int64_t channels, int64_t filters, const float *a,
                        const float *b, float *c)
{
    const int high = LANES == 16 && wide == 2 ? LANES / 2 : LANES;
    const product_steps step = {1, LANES, LANES, rows * LANES, filters, LANES};
    for (int64_t i = 0; i < channels; i += high)
        product_tile(high, wide, add, 1, 0, rows, step, a + i / LANES * rows * LANES + i % LANES, b, c + i * filters);
}

static void multiply_turned(bool add, int64_t rows, int64_t channels, int64_t filters, const float *a, const float *b,
                            float *c)
{
    int64_t done = 0;
    for (; LANES == 16 && done + 2 * LANES <= filters; done += 2 * LANES)
        if (add)
            multiply_turned_as(2, true, rows, channels, filters, a, b + done * rows, c + done);
        else
            multiply_turned_as(2, false, rows, channels, filters, a, b + done * rows, c + done);
    for (; done < filters; done += LANES)
        if (add)
            multiply_turned_as(1, true, rows, channels, filters, a, b + done * rows, c + done);
        else
            multiply_turned_as(1, false, rows, channels, filters, a, b + done * rows, c + done);
}

/* ---- the passes ---- */

typedef struct panels { /* tiles that are taken at once, and where what they become lies */
    int64_t tiles, count;
    int64_t window_point, output_point, weight_point; /* values from one point to the next */
    float *room, *windows, *outputs, *weights;
} panels;

static panels panels_of(const gradus_winograd *shape, int64_t count, float *room)
{
    const int64_t side = gradus_winograd_side(shape), most = gradus_winograd_panel(shape);
    panels made = {.tiles = count * ((shape->output[0] + side - 1) / side) * ((shape->output[1] + side - 1) / side),
                   .window_point = gradus_winograd_point(most * shape->channels),
                   .output_point = gradus_winograd_point(most * shape->filters),
                   .weight_point = gradus_winograd_point(shape->channels * shape->filters)};
    made.count = (made.tiles + most - 1) / most;
    made.room = room;
    for (int i = 0; i < WINDOW; i++) store(room + ZEROS + i * LANES, all(0));
    made.windows = made.room + ZEROS + WINDOW_ROW;
    made.outputs = made.windows + POINTS * made.window_point;
    made.weights = made.outputs + POINTS * made.output_point;
    return made;
}

static void winograd_forward(const gradus_winograd *shape, int64_t count, const float *input, const float *turned,
                             const float *bias, float *output, float *room)
{
    const panels at = panels_of(shape, count, room);
    for (int64_t i = 0; i < at.count; i++) {
        const int64_t first = at.tiles * i / at.count, end = at.tiles * (i + 1) / at.count;
        take_windows(shape, first, end, input, at.room, at.windows, at.window_point);
        for (int64_t p = 0; p < POINTS; p++)
            multiply_panel(end - first, shape->channels, shape->filters, at.windows + p * at.window_point,
                           turned + p * at.weight_point, at.outputs + p * at.output_point);
        if (shape->size == 3)
            put_outputs_as(4, shape, first, end, bias, at.outputs, at.output_point, at.room, output);
        else
            put_outputs_as(2, shape, first, end, bias, at.outputs, at.output_point, at.room, output);
    }
}

/* Where a block of filters and a block of channels begin in the weights: within them height, width, channel, filter. */
static int64_t weights_at(const gradus_winograd *shape, int64_t filters, int64_t channels)
{
    return (filters * (shape->channels / LANES) + channels) * shape->size * shape->size * LANES * LANES;
}

LINE put_weights_as(int size, const gradus_winograd *shape, const panels *at, float *gradient)
{
    for (int64_t f = 0; f < shape->filters / LANES; f++)
        for (int64_t c = 0; c < shape->channels; c++)
            points_coefficients(size, true, all(0), at->weights + c * shape->filters + f * LANES, at->weight_point,
                                at->room, gradient + weights_at(shape, f, c / LANES) + c % LANES * LANES, LANES * LANES,
                                size * LANES * LANES);
}

static void bias_sums(const gradus_winograd *shape, int64_t count, const float *gradient, float *sums)
{
    const int64_t pixels = shape->output[0] * shape->output[1], blocks = shape->filters / LANES;
    for (int64_t i = 0; i < blocks; i++) {
        vector whole = {0};
        for (int64_t example = 0; example < count; example++) {
            const float *from = gradient + (example * blocks + i) * pixels * LANES;
            vector one = {0}, two = {0};
            for (int64_t p = 0; p + 1 < pixels; p += 2) {
                one += load(from + p * LANES);
                two += load(from + (p + 1) * LANES);
            }
            if (pixels % 2) one += load(from + (pixels - 1) * LANES);
            whole += one + two;
        }
        store(sums + i * LANES, whole);
    }
}

static void winograd_backward_weights(const gradus_winograd *shape, int64_t count, const float *input,
                                      const float *output_gradient, float *weights_gradient, float *bias_gradient,
                                      float *room)
{
    const panels at = panels_of(shape, count, room);
    for (int64_t i = 0; i < at.count; i++) {
        const int64_t first = at.tiles * i / at.count, end = at.tiles * (i + 1) / at.count;
        take_windows(shape, first, end, input, at.room, at.windows, at.window_point);
        if (shape->size == 3)
            take_gradients_as(4, shape, first, end, output_gradient, at.room, at.outputs, at.output_point);
        else
            take_gradients_as(2, shape, first, end, output_gradient, at.room, at.outputs, at.output_point);
        for (int64_t p = 0; p < POINTS; p++)
            multiply_turned(i > 0, end - first, shape->channels, shape->filters, at.windows + p * at.window_point,
                            at.outputs + p * at.output_point, at.weights + p * at.weight_point);
    }
    if (shape->size == 3)
        put_weights_as(3, shape, &at, weights_gradient);
    else
        put_weights_as(5, shape, &at, weights_gradient);
    if (bias_gradient) bias_sums(shape, count, output_gradient, bias_gradient);
}

/* ---- weights ---- */

static inline __attribute__((always_inline)) patch whole(const float *filter, int size)
{
    return (patch){apart(filter, size * LANES * LANES), 0, size};
}

LINE turn_weights_as(int size, const gradus_winograd *shape, const float *weights, float *turned, float *room)
{
    for (int64_t f = 0; f < shape->filters / LANES; f++)
        for (int64_t c = 0; c < shape->channels; c++)
            values_points(size, true, whole(weights + weights_at(shape, f, c / LANES) + c % LANES * LANES, size),
                          LANES * LANES, room, turned + c * shape->filters + f * LANES,
                          gradus_winograd_point(shape->channels * shape->filters));
}

/* For the gradient of the input, which is a convolution of that of the output: filters turned round, and become channels. */
LINE turn_round_as(int size, const gradus_winograd *shape, const float *weights, float *turned, float *room)
{
    float *round = room + POINTS * LANES;
    const int64_t pixels = size * size;
    for (int64_t f = 0; f < shape->filters; f += LANES)
        for (int64_t c = 0; c < shape->channels; c += LANES) {
            const float *from = weights + weights_at(shape, f / LANES, c / LANES);
            for (int64_t p = 0; p < pixels; p++)
                turn(LANES, LANES, from + p * LANES * LANES, LANES, round + (pixels - 1 - p) * LANES * LANES, LANES);
            for (int64_t i = 0; i < LANES; i++)
                values_points(size, true, whole(round + i * LANES, size), LANES * LANES, room,
                              turned + (f + i) * shape->channels + c,
                              gradus_winograd_point(shape->channels * shape->filters));
        }
}

static void winograd_turn(const gradus_winograd *shape, bool backward, const float *weights, float *turned, float *room)
{
    if (backward && shape->size == 3)
        turn_round_as(3, shape, weights, turned, room);
    else if (backward)
        turn_round_as(5, shape, weights, turned, room);
    else if (shape->size == 3)
        turn_weights_as(3, shape, weights, turned, room);
    else
        turn_weights_as(5, shape, weights, turned, room);
}
