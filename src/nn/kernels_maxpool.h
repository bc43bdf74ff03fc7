/* Max pooling over blocks of channels: forward remembers which pixel of a gradus_window was the largest, a byte each. */

typedef uint8_t bytes __attribute__((vector_size(LANES)));

/* Pixels of the gradus_window around one output that lie inside the input: rows and columns [first, end). */
typedef struct view {
    int64_t row, column; /* of the window's first pixel, which may be outside */
    int64_t first_row, end_row, first_column, end_column;
} view;

static view view_at(const gradus_window *over, int64_t row, int64_t column)
{
    view at = {row * over->stride[0] - over->pad[0], column * over->stride[1] - over->pad[1], 0, 0, 0, 0};
    at.first_row = at.row > 0 ? at.row : 0;
    at.first_column = at.column > 0 ? at.column : 0;
    at.end_row = at.row + over->size[0] < over->input[0] ? at.row + over->size[0] : over->input[0];
    at.end_column = at.column + over->size[1] < over->input[1] ? at.column + over->size[1] : over->input[1];
    return at;
}

static inline __attribute__((always_inline)) void largest_in(const gradus_window *over, view at, const float *plane,
                                                             int64_t width, int64_t left, float *output, uint8_t *which)
{
    vector largest = load_some(plane + (at.first_row * over->input[1] + at.first_column) * width, left);
    choice where = (choice){0} + (int32_t)((at.first_row - at.row) * over->size[1] + at.first_column - at.column);
    for (int64_t row = at.first_row; row < at.end_row; row++)
        for (int64_t column = at.first_column; column < at.end_column; column++) {
            vector value = load_some(plane + (row * over->input[1] + column) * width, left);
            int32_t index = (int32_t)((row - at.row) * over->size[1] + column - at.column);
            choice better = (value > largest) | (value != value); /* not-a-number wins and stays */
            largest = choose(better, value, largest);
            where = (better & index) | (~better & where);
        }
    store_some(output, largest, left);
    bytes narrow = __builtin_convertvector(where, bytes);
    memcpy(which, &narrow, (size_t)(left < LANES ? left : LANES));
}

static void maxpool(gradus_form from, gradus_form to, const gradus_window *over, const float *input, float *output,
                    uint8_t *which, int64_t count)
{
    const int64_t width = from.width, planes = count * from.blocks;
    for (int64_t plane = 0; plane < planes; plane++)
        for (int64_t row = 0; row < over->output[0]; row++)
            for (int64_t column = 0; column < over->output[1]; column++) {
                const view at = view_at(over, row, column);
                const int64_t target = (plane * to.pixels + row * over->output[1] + column) * width;
                for (int64_t lane = 0; lane < width; lane += LANES) {
                    const float *source = input + plane * from.pixels * width + lane;
                    if (width - lane >= LANES)
                        largest_in(over, at, source, width, LANES, output + target + lane, which + target + lane);
                    else
                        largest_in(over, at, source, width, width - lane, output + target + lane,
                                   which + target + lane);
                }
            }
}

/* Where windows do not overlap, a pixel's gradient is written; else it is added to. */
static inline __attribute__((always_inline)) void spread(const gradus_window *over, view at, bool overlap, float *plane,
                                                         int64_t width, int64_t left, const float *gradient,
                                                         const uint8_t *which)
{
    const vector slope = load_some(gradient, left);
    bytes narrow = {0};
    memcpy(&narrow, which, (size_t)(left < LANES ? left : LANES));
    const choice where = __builtin_convertvector(narrow, choice);
    for (int64_t row = at.first_row; row < at.end_row; row++)
        for (int64_t column = at.first_column; column < at.end_column; column++) {
            float *target = plane + (row * over->input[1] + column) * width;
            const choice here = where == (int32_t)((row - at.row) * over->size[1] + column - at.column);
            const vector part = choose(here, slope, all(0));
            store_some(target, overlap ? load_some(target, left) + part : part, left);
        }
}

static void maxpool_backward(gradus_form from, gradus_form to, const gradus_window *over, const float *gradient,
                             const uint8_t *which, float *input_gradient, int64_t count)
{
    const int64_t width = from.width, planes = count * from.blocks;
    bool overlap = false, whole = true; /* whole: every pixel is in a window */
    for (int i = 0; i < 2; i++) {
        overlap |= over->size[i] > over->stride[i];
        whole &= over->size[i] >= over->stride[i] &&
                 (over->output[i] - 1) * over->stride[i] + over->size[i] - over->pad[i] >= over->input[i];
    }
    if (overlap || !whole) memset(input_gradient, 0, (size_t)(count * gradus_form_size(from)) * sizeof(float));
    for (int64_t plane = 0; plane < planes; plane++)
        for (int64_t row = 0; row < over->output[0]; row++)
            for (int64_t column = 0; column < over->output[1]; column++) {
                const view at = view_at(over, row, column);
                const int64_t source = (plane * to.pixels + row * over->output[1] + column) * width;
                for (int64_t lane = 0; lane < width; lane += LANES) {
                    float *target = input_gradient + plane * from.pixels * width + lane;
                    const int64_t left = width - lane >= LANES ? LANES : width - lane;
                    spread(over, at, overlap, target, width, left, gradient + source + lane, which + source + lane);
                }
            }
}
