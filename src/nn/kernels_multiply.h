/* Small matrix products, of which a library's preparations would be the larger part: of a head of attention, of one step of a
 * recurrent layer. Sums of TALL rows and two registers of columns stay in registers while the whole inner dimension passes by; each is
 * added up in the same order however many rows there are, so that the bits do not depend on how a batch is cut. */

enum { TALL = LANES == 16 ? 12 : 6, DEEP = 256 };

typedef struct tile_steps { /* from one row of the product, or from one value of the inner dimension, to the next */
    int64_t a_row, a_inner, b_inner, c_row;
} tile_steps;

static inline __attribute__((always_inline)) void multiply_tile(int rows, int wide, bool add, int64_t inner,
                                                                int64_t left, tile_steps step, const float *a,
                                                                const float *b, float *c)
{
    vector sum[TALL][2];
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
        for (int j = 0; j < wide; j++)
            sum[i][j] = add ? load_some(c + i * step.c_row + j * LANES, left - j * LANES) : all(0);
    for (int64_t k = 0; k < inner; k++, a += step.a_inner, b += step.b_inner) {
        const vector first = load(b), second = wide > 1 ? load(b + LANES) : first;
#pragma GCC unroll 12
        for (int i = 0; i < rows; i++) {
            const vector value = all(a[i * step.a_row]);
            sum[i][0] += value * first;
            if (wide > 1) sum[i][1] += value * second;
        }
    }
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
        for (int j = 0; j < wide; j++) store_some(c + i * step.c_row + j * LANES, sum[i][j], left - j * LANES);
}

#define TILE_CASE(rows) \
    case rows: multiply_tile(rows < TALL ? rows : TALL, wide, add, inner, left, step, a, b, c); break;

/* `rows` and `wide` become constants, so that the sums have registers of their own. */
static inline __attribute__((always_inline)) void multiply_rows_as(int wide, int64_t rows, bool add, int64_t inner,
                                                                   int64_t left, tile_steps step, const float *a,
                                                                   const float *b, float *c)
{
    const int64_t tiles = (rows + TALL - 1) / TALL;
    for (int64_t tile = 0, done = 0; tile < tiles; tile++) {
        const int64_t now = (rows - done + tiles - tile - 1) / (tiles - tile);
        switch (now) {
            TILE_CASE(1)
            TILE_CASE(2)
            TILE_CASE(3)
            TILE_CASE(4)
            TILE_CASE(5)
            TILE_CASE(6)
            TILE_CASE(7)
            TILE_CASE(8)
            TILE_CASE(9)
            TILE_CASE(10)
            TILE_CASE(11)
            TILE_CASE(12)
        }
        done += now;
        a += now * step.a_row;
        c += now * step.c_row;
    }
}

static void multiply_two(int64_t rows, bool add, int64_t inner, tile_steps step, const float *a, const float *b,
                         float *c)
{
    multiply_rows_as(2, rows, add, inner, 2 * LANES, step, a, b, c);
}

static void multiply_one(int64_t rows, bool add, int64_t inner, int64_t left, tile_steps step, const float *a,
                         const float *b, float *c)
{
    multiply_rows_as(1, rows, add, inner, left, step, a, b, c);
}

/* The last columns, fewer than a register takes: they are filled up with zeros. */
static void multiply_edge(int64_t rows, bool add, int64_t inner, int64_t left, tile_steps step, const float *a,
                          const float *b, float *c)
{
    float panel[DEEP * LANES];
    tile_steps inside = step;
    inside.b_inner = LANES;
    for (int64_t first = 0; first < inner; first += DEEP) {
        const int64_t deep = inner - first < DEEP ? inner - first : DEEP;
        for (int64_t k = 0; k < deep; k++) store(panel + k * LANES, load_some(b + (first + k) * step.b_inner, left));
        multiply_one(rows, add || first, deep, left, inside, a + first * step.a_inner, panel, c);
    }
}

static void multiply(const gradus_product *shape, const float *a, const float *b, float *c)
{
    const int64_t step_a = shape->step_a   ? shape->step_a
                           : shape->turn_a ? shape->rows
                                           : shape->inner,
                  step_b = shape->step_b ? shape->step_b : shape->columns,
                  step_c = shape->step_c ? shape->step_c : shape->columns;
    const tile_steps step = {shape->turn_a ? 1 : step_a, shape->turn_a ? step_a : 1, step_b, step_c};
    for (int64_t column = 0; column < shape->columns;) {
        const int64_t left = shape->columns - column;
        if (left >= 2 * LANES) {
            multiply_two(shape->rows, shape->add, shape->inner, step, a, b + column, c + column);
            column += 2 * LANES;
        } else {
            (left >= LANES ? multiply_one : multiply_edge)(
                shape->rows, shape->add, shape->inner, left < LANES ? left : LANES, step, a, b + column, c + column);
            column += LANES;
        }
    }
}

static inline void turn_four(const float *from, int64_t step_from, float *to, int64_t step_to)
{
    quad row[4], half[4];
    for (int i = 0; i < 4; i++) memcpy(&row[i], from + i * step_from, sizeof row[i]);
    for (int i = 0; i < 2; i++) {
        half[2 * i] = __builtin_shufflevector(row[i], row[i + 2], 0, 4, 1, 5);
        half[2 * i + 1] = __builtin_shufflevector(row[i], row[i + 2], 2, 6, 3, 7);
    }
    for (int i = 0; i < 2; i++) {
        row[2 * i] = __builtin_shufflevector(half[i], half[i + 2], 0, 4, 1, 5);
        row[2 * i + 1] = __builtin_shufflevector(half[i], half[i + 2], 2, 6, 3, 7);
    }
    for (int i = 0; i < 4; i++) memcpy(to + i * step_to, &row[i], sizeof row[i]);
}

/* The rows of `from` as the columns of `to`, four by four. */
static void turn(int64_t rows, int64_t columns, const float *from, int64_t step_from, float *to, int64_t step_to)
{
    const int64_t high = rows - rows % 4, wide = columns - columns % 4;
    for (int64_t i = 0; i < high; i += 4)
        for (int64_t j = 0; j < wide; j += 4)
            turn_four(from + i * step_from + j, step_from, to + j * step_to + i, step_to);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = i < high ? wide : 0; j < columns; j++) to[j * step_to + i] = from[i * step_from + j];
}
