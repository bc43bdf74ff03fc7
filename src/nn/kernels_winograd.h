/* Convolutions of stride 1 by Winograd's algorithm: a window of an image, a filter and the outputs are taken as values of polynomials at
 * 0, 1, -1, 2, -2 and infinity in each direction, for filters of 5 x 5 at 1/2 and -1/2 too. There a convolution is a product at each of
 * the 36 or 64 points: a matrix product of windows x channels x filters. A window gives 4 x 4 outputs, which a direct convolution
 * multiplies 144 or 400 times for. (Winograd 1980, Arithmetic complexity of computations; Lavin, Gray 2016, Fast algorithms for
 * convolutional neural networks; of points and rounding: Barabasz and others 2020, Error analysis and improving the accuracy of Winograd
 * convolution.)
 *
 * V(n) takes n coefficients to their polynomial's values, N divides them by the product of the distances of each point from the others,
 * and B' is the transpose of what solves for a window's coefficients. With windows x, filters w and outputs y:
 *     y = V' [sum over channels of (N V w V' N) (B' x B)] V,   dw = V' N [sum over windows of (V dy V') (B' x B)] N V.
 *
 * Channels lie in blocks of a register. `window` and `n` are constants wherever they are given. */

enum { TILE = GRADUS_WINOGRAD_TILE, WIDEST = TILE + 4 };

/* ---- transforms of one line: of as many registers as a window has, or n ---- */

typedef struct places { /* of its registers */
    const float *at[WIDEST];
} places;

static inline __attribute__((always_inline)) places apart(int count, const float *from, int64_t step)
{
    places made;
#pragma GCC unroll 8
    for (int i = 0; i < count; i++) made.at[i] = from + i * step;
    return made;
}

#define LINE static inline __attribute__((always_inline)) void

/* B' x, with `i` values beyond each place. */
LINE window_line_6(places from, int64_t i, float *to, int64_t step_to)
{
    const vector x0 = load(from.at[0] + i), x1 = load(from.at[1] + i), x2 = load(from.at[2] + i),
                 x3 = load(from.at[3] + i), x4 = load(from.at[4] + i), x5 = load(from.at[5] + i);
    const vector four = all(4), five = all(5);
    const vector even = x4 - four * x2, odd = x3 - four * x1, even2 = x4 - x2, odd2 = all(2) * (x3 - x1);
    store(to, four * x0 + (x4 - five * x2));
    store(to + step_to, even + odd);
    store(to + 2 * step_to, even - odd);
    store(to + 3 * step_to, even2 + odd2);
    store(to + 4 * step_to, even2 - odd2);
    store(to + 5 * step_to, four * x1 + (x5 - five * x3));
}

LINE window_line_8(places from, int64_t i, float *to, int64_t step_to)
{
    const vector x0 = load(from.at[0] + i), x1 = load(from.at[1] + i), x2 = load(from.at[2] + i),
                 x3 = load(from.at[3] + i), x4 = load(from.at[4] + i), x5 = load(from.at[5] + i),
                 x6 = load(from.at[6] + i), x7 = load(from.at[7] + i);
    const vector half = all(0.5f), two = all(2), middle = all(-2.5f) * x3;
    const vector even = (x2 + x6) - all(4.25f) * x4, odd = (x1 + x5) - all(4.25f) * x3;
    const vector even2 = (all(0.25f) * x2 + x6) - all(1.25f) * x4, odd2 = half * x1 + (two * x5 + middle);
    const vector even3 = (all(4) * x2 + x6) - all(5) * x4, odd3 = two * x1 + (half * x5 + middle);
    store(to, all(5.25f) * (x4 - x2) + (x0 - x6));
    store(to + step_to, even + odd);
    store(to + 2 * step_to, even - odd);
    store(to + 3 * step_to, even2 + odd2);
    store(to + 4 * step_to, even2 - odd2);
    store(to + 5 * step_to, even3 + odd3);
    store(to + 6 * step_to, even3 - odd3);
    store(to + 7 * step_to, all(5.25f) * (x3 - x5) + (x7 - x1));
}

LINE window_line(int window, places from, int64_t i, float *to, int64_t step_to)
{
    if (window == 6)
        window_line_6(from, i, to, step_to);
    else
        window_line_8(from, i, to, step_to);
}

/* N: of 0, of 1 and -1, of 2 and -2, of 1/2 and -1/2. */
typedef struct divisions {
    float none, one, two, half;
} divisions;

static inline __attribute__((always_inline)) divisions divisions_of(int window)
{
    return window == 6 ? (divisions){0.25f, -1.0f / 6, 1.0f / 24, 0} : (divisions){1, -2.0f / 9, 1.0f / 90, 32.0f / 45};
}

/* The values at a point and its opposite, of terms of even and of odd powers. */
LINE store_two(vector even, vector odd, bool divided, float division, float *to, int64_t step_to)
{
    if (divided) even *= all(division), odd *= all(division);
    store(to, even + odd);
    store(to + step_to, even - odd);
}

/* V(n) x, or N V(n) x. */
LINE values_line(int window, int n, bool divided, places from, int64_t i, float *to, int64_t step_to)
{
    const divisions by = divisions_of(window);
    const vector none = {0}, x0 = load(from.at[0] + i), x1 = load(from.at[1] + i), x2 = load(from.at[2] + i),
                 x3 = n > 3 ? load(from.at[3] + i) : none, x4 = n > 4 ? load(from.at[4] + i) : none;
    vector even = x0 + x2, odd = x1, even2 = all(4) * x2 + x0, odd2 = all(2) * x1, even3 = all(0.25f) * x2 + x0,
           odd3 = all(0.5f) * x1;
    if (n > 3) odd += x3, odd2 += all(8) * x3, odd3 += all(0.125f) * x3;
    if (n > 4) even += x4, even2 += all(16) * x4, even3 += all(0.0625f) * x4;
    store(to, divided && window == 6 ? all(by.none) * x0 : x0);
    store_two(even, odd, divided, by.one, to + step_to, step_to);
    store_two(even2, odd2, divided, by.two, to + 3 * step_to, step_to);
    if (window > 6) store_two(even3, odd3, divided, by.half, to + 5 * step_to, step_to);
    store(to + (window - 1) * step_to, n == 3 ? x2 : n == 4 ? x3 : x4);
}

/* V(n)' z, or V(n)' N z; `more` is added to each where it `shifts`. */
LINE coefficients_line(int window, int n, bool divided, bool shifts, vector more, const float *from, int64_t step,
                       float *to, int64_t step_to)
{
    const divisions by = divisions_of(window);
    const vector z1 = load(from + step), z2 = load(from + 2 * step), z3 = load(from + 3 * step),
                 z4 = load(from + 4 * step), last = load(from + (window - 1) * step);
    vector z0 = load(from), even = z1 + z2, odd = z1 - z2, even2 = z3 + z4, odd2 = z3 - z4;
    if (divided) z0 *= all(by.none), even *= all(by.one), odd *= all(by.one), even2 *= all(by.two), odd2 *= all(by.two);
    if (shifts) even += more, odd += more;
    vector y0 = z0 + (even + even2), y1 = all(2) * odd2 + odd, y2 = all(4) * even2 + even, y3 = all(8) * odd2 + odd,
           y4 = all(16) * even2 + even;
    if (window > 6) {
        const vector z5 = load(from + 5 * step), z6 = load(from + 6 * step);
        vector even3 = z5 + z6, odd3 = z5 - z6;
        if (divided) even3 *= all(by.half), odd3 *= all(by.half);
        y0 += even3, y1 += all(0.5f) * odd3, y2 += all(0.25f) * even3, y3 += all(0.125f) * odd3;
        y4 += all(0.0625f) * even3;
    }
    store(to, y0);
    store(to + step_to, y1);
    store(to + 2 * step_to, n == 3 ? y2 + last : y2);
    if (n > 3) store(to + 3 * step_to, n == 4 ? y3 + last : y3);
    if (n > 4) store(to + 4 * step_to, y4 + last);
}

/* ---- of a whole window; `room` for as many registers, `point` values from one point to the next ---- */

typedef struct
    patch { /* pixels of an image: those from `first` to `end` of each row, which begin at `row`; zeros beyond them */
    places row;
    int64_t first, end;
} patch;

LINE clear_columns(int window, int64_t first, int64_t end, float *room)
{
    for (int64_t i = first; i < end; i++)
        for (int k = 0; k < window; k++) store(room + (k * window + i) * LANES, all(0));
}

LINE window_points(int window, patch from, float *room, float *to, int64_t point)
{
    const int64_t row = window * LANES;
    clear_columns(window, 0, from.first, room);
    for (int64_t i = from.first; i < from.end; i++)
        window_line(window, from.row, (i - from.first) * LANES, room + i * LANES, row);
    clear_columns(window, from.end, window, room);
    for (int i = 0; i < window; i++)
        window_line(window, apart(window, room + i * row, LANES), 0, to + i * window * point, point);
}

LINE values_points(int window, int n, bool divided, patch from, int64_t step, float *room, float *to, int64_t point)
{
    const int64_t row = window * LANES;
    clear_columns(window, 0, from.first, room);
    for (int64_t i = from.first; i < from.end; i++)
        values_line(window, n, divided, from.row, (i - from.first) * step, room + i * LANES, row);
    clear_columns(window, from.end, n, room);
    for (int i = 0; i < window; i++)
        values_line(window, n, divided, apart(n, room + i * row, LANES), 0, to + i * window * point, point);
}

LINE points_coefficients(int window, int n, bool divided, bool shifts, vector more, const float *from, int64_t point,
                         float *room, float *to, int64_t step, int64_t row)
{
    for (int i = 0; i < window; i++)
        coefficients_line(window, n, divided, false, more, from + i * point, window * point, room + i * LANES,
                          window * LANES);
    for (int i = 0; i < n; i++)
        coefficients_line(window, n, divided, shifts, more, room + i * window * LANES, LANES, to + i * row, step);
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
    const int64_t across = (shape->output[1] + TILE - 1) / TILE, each = gradus_winograd_tiles(shape),
                  rest = index % each;
    return (tile){index / each, rest / across * TILE, rest % across * TILE};
}

static inline tile next_tile(const gradus_winograd *shape, tile at)
{
    at.left += TILE;
    if (at.left < shape->output[1]) return at;
    at.left = 0;
    at.top += TILE;
    if (at.top < shape->output[0]) return at;
    return (tile){at.example + 1, 0, 0};
}

/* Where in the room there are outputs at the edge, and a row of zeros; a panel's matrices begin behind it. */
static inline int64_t edge_at(int window) { return window * window * LANES; }
static inline int64_t zeros_at(int window) { return edge_at(window) + TILE * TILE * LANES; }

/* Tiles `first` to `end` become matrices, one a point and block of channels: a row a tile, a column a channel. */
LINE take_windows(int window, const gradus_winograd *shape, int64_t first, int64_t end, const float *input, float *room,
                  float *to, int64_t point)
{
    const int64_t plane = shape->input[0] * shape->input[1] * LANES, blocks = shape->channels / LANES;
    tile at = tile_of(shape, first);
    for (int64_t t = first; t < end; t++, at = next_tile(shape, at))
        for (int64_t i = 0; i < blocks; i++)
            window_points(window,
                          look(input + (at.example * blocks + i) * plane, shape->input, at.top - shape->before[0],
                               at.left - shape->before[1], window, room + zeros_at(window)),
                          room, to + ((end - first) * i + t - first) * LANES, point);
}

LINE take_gradients(int window, const gradus_winograd *shape, int64_t first, int64_t end, const float *gradient,
                    float *room, float *to, int64_t point)
{
    const int64_t plane = shape->output[0] * shape->output[1] * LANES, blocks = shape->filters / LANES;
    tile at = tile_of(shape, first);
    for (int64_t t = first; t < end; t++, at = next_tile(shape, at))
        for (int64_t i = 0; i < blocks; i++)
            values_points(window, TILE, false,
                          look(gradient + (at.example * blocks + i) * plane, shape->output, at.top, at.left, TILE,
                               room + zeros_at(window)),
                          LANES, room, to + ((end - first) * i + t - first) * LANES, point);
}

LINE put_outputs(int window, const gradus_winograd *shape, int64_t first, int64_t end, const float *bias,
                 const float *from, int64_t point, float *room, float *output)
{
    const int64_t high = shape->output[0], wide = shape->output[1], blocks = shape->filters / LANES;
    tile at = tile_of(shape, first);
    for (int64_t t = first; t < end; t++, at = next_tile(shape, at)) {
        const int64_t down = high - at.top < TILE ? high - at.top : TILE,
                      across = wide - at.left < TILE ? wide - at.left : TILE;
        for (int64_t i = 0; i < blocks; i++) {
            const vector shift = bias ? load(bias + i * LANES) : all(0);
            float *to = output + (((at.example * blocks + i) * high + at.top) * wide + at.left) * LANES;
            const bool inside = down == TILE && across == TILE;
            float *put = inside ? to : room + edge_at(window);
            const int64_t row = inside ? wide : TILE;
            points_coefficients(window, TILE, false, true, shift, from + ((end - first) * i + t - first) * LANES, point,
                                room, put, LANES, row * LANES);
            for (int64_t y = 0; !inside && y < down; y++)
                for (int64_t x = 0; x < across; x++)
                    store(to + (y * wide + x) * LANES, load(put + (y * TILE + x) * LANES));
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
    int64_t tiles, count, points;
    int64_t window_point, output_point, weight_point; /* values from one point to the next */
    float *windows, *outputs, *weights;
} panels;

static panels panels_of(const gradus_winograd *shape, int64_t count, float *room)
{
    const int window = (int)shape->size + TILE - 1;
    const int64_t most = gradus_winograd_panel(shape);
    panels made = {.tiles = count * gradus_winograd_tiles(shape),
                   .points = gradus_winograd_points(shape),
                   .window_point = gradus_winograd_point(most * shape->channels),
                   .output_point = gradus_winograd_point(most * shape->filters),
                   .weight_point = gradus_winograd_point(shape->channels * shape->filters)};
    made.count = (made.tiles + most - 1) / most;
    for (int i = 0; i < window; i++) store(room + zeros_at(window) + i * LANES, all(0));
    made.windows = room + zeros_at(window) + window * LANES;
    made.outputs = made.windows + made.points * made.window_point;
    made.weights = made.outputs + made.points * made.output_point;
    return made;
}

LINE forward_as(int window, const gradus_winograd *shape, int64_t count, const float *input, const float *turned,
                const float *bias, float *output, float *room)
{
    const panels at = panels_of(shape, count, room);
    for (int64_t i = 0; i < at.count; i++) {
        const int64_t first = at.tiles * i / at.count, end = at.tiles * (i + 1) / at.count;
        take_windows(window, shape, first, end, input, room, at.windows, at.window_point);
        for (int64_t p = 0; p < at.points; p++)
            multiply_panel(end - first, shape->channels, shape->filters, at.windows + p * at.window_point,
                           turned + p * at.weight_point, at.outputs + p * at.output_point);
        put_outputs(window, shape, first, end, bias, at.outputs, at.output_point, room, output);
    }
}

static void winograd_forward(const gradus_winograd *shape, int64_t count, const float *input, const float *turned,
                             const float *bias, float *output, float *room)
{
    if (shape->size == 3)
        forward_as(6, shape, count, input, turned, bias, output, room);
    else
        forward_as(8, shape, count, input, turned, bias, output, room);
}

/* Where a block of filters and a block of channels begin in the weights: within them height, width, channel, filter. */
static int64_t weights_at(const gradus_winograd *shape, int64_t filters, int64_t channels)
{
    return (filters * (shape->channels / LANES) + channels) * shape->size * shape->size * LANES * LANES;
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

LINE backward_weights_as(int window, const gradus_winograd *shape, int64_t count, const float *input,
                         const float *output_gradient, float *weights_gradient, float *room)
{
    const panels at = panels_of(shape, count, room);
    for (int64_t i = 0; i < at.count; i++) {
        const int64_t first = at.tiles * i / at.count, end = at.tiles * (i + 1) / at.count;
        take_windows(window, shape, first, end, input, room, at.windows, at.window_point);
        take_gradients(window, shape, first, end, output_gradient, room, at.outputs, at.output_point);
        for (int64_t p = 0; p < at.points; p++)
            multiply_turned(i > 0, end - first, shape->channels, shape->filters, at.windows + p * at.window_point,
                            at.outputs + p * at.output_point, at.weights + p * at.weight_point);
    }
    const int size = window - TILE + 1;
    for (int64_t f = 0; f < shape->filters / LANES; f++)
        for (int64_t c = 0; c < shape->channels; c++)
            points_coefficients(window, size, true, false, all(0), at.weights + c * shape->filters + f * LANES,
                                at.weight_point, room,
                                weights_gradient + weights_at(shape, f, c / LANES) + c % LANES * LANES, LANES * LANES,
                                size * LANES * LANES);
}

static void winograd_backward_weights(const gradus_winograd *shape, int64_t count, const float *input,
                                      const float *output_gradient, float *weights_gradient, float *bias_gradient,
                                      float *room)
{
    if (shape->size == 3)
        backward_weights_as(6, shape, count, input, output_gradient, weights_gradient, room);
    else
        backward_weights_as(8, shape, count, input, output_gradient, weights_gradient, room);
    if (bias_gradient) bias_sums(shape, count, output_gradient, bias_gradient);
}

/* ---- weights ---- */

static inline __attribute__((always_inline)) patch whole_filter(int size, const float *filter)
{
    return (patch){apart(size, filter, size * LANES * LANES), 0, size};
}

LINE turn_weights(int window, const gradus_winograd *shape, const float *weights, float *turned, float *room)
{
    const int size = window - TILE + 1;
    for (int64_t f = 0; f < shape->filters / LANES; f++)
        for (int64_t c = 0; c < shape->channels; c++)
            values_points(window, size, true,
                          whole_filter(size, weights + weights_at(shape, f, c / LANES) + c % LANES * LANES),
                          LANES * LANES, room, turned + c * shape->filters + f * LANES,
                          gradus_winograd_point(shape->channels * shape->filters));
}

/* For the gradient of the input, which is a convolution of that of the output: filters turned round, and become channels. */
LINE turn_round(int window, const gradus_winograd *shape, const float *weights, float *turned, float *room)
{
    const int size = window - TILE + 1;
    const int64_t pixels = size * size;
    float *round = room + window * window * LANES;
    for (int64_t f = 0; f < shape->filters; f += LANES)
        for (int64_t c = 0; c < shape->channels; c += LANES) {
            const float *from = weights + weights_at(shape, f / LANES, c / LANES);
            for (int64_t p = 0; p < pixels; p++)
                turn(LANES, LANES, from + p * LANES * LANES, LANES, round + (pixels - 1 - p) * LANES * LANES, LANES);
            for (int64_t i = 0; i < LANES; i++)
                values_points(window, size, true, whole_filter(size, round + i * LANES), LANES * LANES, room,
                              turned + (f + i) * shape->channels + c,
                              gradus_winograd_point(shape->channels * shape->filters));
        }
}

static void winograd_turn(const gradus_winograd *shape, bool backward, const float *weights, float *turned, float *room)
{
    if (backward && shape->size == 3)
        turn_round(6, shape, weights, turned, room);
    else if (backward)
        turn_round(8, shape, weights, turned, room);
    else if (shape->size == 3)
        turn_weights(6, shape, weights, turned, room);
    else
        turn_weights(8, shape, weights, turned, room);
}
