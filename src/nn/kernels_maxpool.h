/* Max pooling over blocks of channels: forward remembers which pixel of a window was the largest, a byte each. */

typedef uint8_t bytes __attribute__((vector_size(LANES)));

/* The part of a window that lies inside the input, and the walk over it. */
typedef struct view {
    int64_t first, rows, columns; /* first: the pixel where it begins */
    int32_t index;                /* of that pixel in the whole window */
} view;

static inline __attribute__((always_inline)) view view_at(const gradus_window *over, int64_t row, int64_t column)
{
    const int64_t top = row * over->stride[0] - over->pad[0], left = column * over->stride[1] - over->pad[1];
    const int64_t first_row = top > 0 ? top : 0, first_column = left > 0 ? left : 0;
    const int64_t end_row = top + over->size[0] < over->input[0] ? top + over->size[0] : over->input[0];
    const int64_t end_column = left + over->size[1] < over->input[1] ? left + over->size[1] : over->input[1];
    return (view){first_row * over->input[1] + first_column, end_row - first_row, end_column - first_column,
                  (int32_t)((first_row - top) * over->size[1] + first_column - left)};
}

/* A pixel that is larger takes the place of what was the largest; not-a-number does, and stays. */
static inline __attribute__((always_inline)) void prefer(vector *largest, choice *which, vector value, int32_t index)
{
    const choice better = (value > *largest) | (value != value);
    *largest = choose(better, value, *largest);
    *which = (better & index) | (~better & *which);
}

static inline void put_which(uint8_t *to, choice which, int64_t left)
{
    const bytes narrow = __builtin_convertvector(which, bytes);
    memcpy(to, &narrow, (size_t)(left < LANES ? left : LANES));
}

static inline choice get_which(const uint8_t *from, int64_t left)
{
    bytes narrow = {0};
    memcpy(&narrow, from, (size_t)(left < LANES ? left : LANES));
    return __builtin_convertvector(narrow, choice);
}

static void largest_in(const gradus_window *over, view at, const float *plane, int64_t width, int64_t left,
                       float *output, uint8_t *which)
{
    vector largest = load_some(plane + at.first * width, left);
    choice where = (choice){0} + at.index;
    for (int64_t row = 0; row < at.rows; row++)
        for (int64_t column = 0; column < at.columns; column++)
            prefer(&largest, &where, load_some(plane + (at.first + row * over->input[1] + column) * width, left),
                   at.index + (int32_t)(row * over->size[1] + column));
    store_some(output, largest, left);
    put_which(which, where, left);
}

/* The usual window, 2x2 whole ones side by side, over registers that are full. */
static void largest_of_four(const gradus_window *over, const float *plane, int64_t width, int64_t row, float *output,
                            uint8_t *which)
{
    const int64_t down = over->input[1] * width;
    const float *at = plane + 2 * row * down;
    for (int64_t column = 0; column < over->output[1]; column++, at += 2 * width, output += width, which += width) {
        vector largest = load(at);
        choice where = {0};
        prefer(&largest, &where, load(at + width), 1);
        prefer(&largest, &where, load(at + down), 2);
        prefer(&largest, &where, load(at + down + width), 3);
        store(output, largest);
        put_which(which, where, LANES);
    }
}

static bool is_usual(const gradus_window *over)
{
    for (int i = 0; i < 2; i++)
        if (over->size[i] != 2 || over->stride[i] != 2 || over->pad[i] || 2 * over->output[i] > over->input[i])
            return false;
    return true;
}

static void maxpool(gradus_form from, gradus_form to, const gradus_window *over, const float *input, float *output,
                    uint8_t *which, int64_t count)
{
    const int64_t width = from.width, rows = over->output[0], columns = over->output[1];
    const bool usual = is_usual(over) && width % LANES == 0;
    for (int64_t plane = 0; plane < count * from.blocks; plane++)
        for (int64_t lane = 0; lane < width; lane += LANES)
            for (int64_t row = 0; row < rows; row++) {
                const float *source = input + plane * from.pixels * width + lane;
                int64_t target = (plane * to.pixels + row * columns) * width + lane;
                if (usual) {
                    largest_of_four(over, source, width, row, output + target, which + target);
                    continue;
                }
                for (int64_t column = 0; column < columns; column++, target += width)
                    largest_in(over, view_at(over, row, column), source, width, width - lane, output + target,
                               which + target);
            }
}

/* Where windows do not overlap, a pixel's gradient is written; else it is added to. */
static void spread(const gradus_window *over, view at, bool overlap, float *plane, int64_t width, int64_t left,
                   const float *gradient, const uint8_t *which)
{
    const vector slope = load_some(gradient, left);
    const choice where = get_which(which, left);
    for (int64_t row = 0; row < at.rows; row++)
        for (int64_t column = 0; column < at.columns; column++) {
            float *target = plane + (at.first + row * over->input[1] + column) * width;
            const choice here = where == at.index + (int32_t)(row * over->size[1] + column);
            const vector part = choose(here, slope, all(0));
            store_some(target, overlap ? load_some(target, left) + part : part, left);
        }
}

static void spread_over_four(const gradus_window *over, float *plane, int64_t width, int64_t row, const float *gradient,
                             const uint8_t *which)
{
    const int64_t down = over->input[1] * width;
    float *at = plane + 2 * row * down;
    for (int64_t column = 0; column < over->output[1]; column++, at += 2 * width, gradient += width, which += width) {
        const vector slope = load(gradient), none = {0};
        const choice where = get_which(which, LANES);
        store(at, choose(where == 0, slope, none));
        store(at + width, choose(where == 1, slope, none));
        store(at + down, choose(where == 2, slope, none));
        store(at + down + width, choose(where == 3, slope, none));
    }
}

static void maxpool_backward(gradus_form from, gradus_form to, const gradus_window *over, const float *gradient,
                             const uint8_t *which, float *input_gradient, int64_t count)
{
    const int64_t width = from.width, rows = over->output[0], columns = over->output[1];
    const bool usual = is_usual(over) && width % LANES == 0;
    bool overlap = false, whole = true; /* whole: every pixel is in a window */
    for (int i = 0; i < 2; i++) {
        overlap |= over->size[i] > over->stride[i];
        whole &= over->size[i] >= over->stride[i] &&
                 (over->output[i] - 1) * over->stride[i] + over->size[i] - over->pad[i] >= over->input[i];
    }
    if (overlap || !whole) memset(input_gradient, 0, (size_t)(count * gradus_form_size(from)) * sizeof(float));
    for (int64_t plane = 0; plane < count * from.blocks; plane++)
        for (int64_t lane = 0; lane < width; lane += LANES)
            for (int64_t row = 0; row < rows; row++) {
                float *target = input_gradient + plane * from.pixels * width + lane;
                int64_t source = (plane * to.pixels + row * columns) * width + lane;
                if (usual) {
                    spread_over_four(over, target, width, row, gradient + source, which + source);
                    continue;
                }
                for (int64_t column = 0; column < columns; column++, source += width)
                    spread(over, view_at(over, row, column), overlap, target, width, width - lane, gradient + source,
                           which + source);
            }
}
