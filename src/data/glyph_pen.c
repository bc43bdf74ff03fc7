/* Draws one digit as a hand would: points shaken, box stretched, slanted and bent, a pen that presses unevenly, grainy paper.
 * Coordinates are 1/256 of a pixel; no operation depends on the machine, and a division always rounds towards zero. */
#include "glyphs.h"
#include "gradus/base.h"

enum { PIXEL = 256 };

typedef struct {
    int32_t x, y;
} point;

/* ---- random numbers: a few dozen a picture, so each picture has a run of its own (SplitMix64's step) ---- */

typedef struct {
    uint64_t bits;
} dice;

static uint64_t roll(dice *from)
{
    uint64_t bits = from->bits += 0x9e3779b97f4a7c15u;
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
    return bits ^ (bits >> 31);
}

/* A whole number from low to high, ends included. */
static int32_t between(dice *from, int32_t low, int32_t high)
{
    return low + (int32_t)(((roll(from) >> 32) * (uint64_t)(high - low + 1)) >> 32);
}

/* Triangular around the middle: the extremes are rare, as they are in writing. */
static int32_t around(dice *from, int32_t middle, int32_t reach)
{
    return middle + (between(from, -reach, reach) + between(from, -reach, reach)) / 2;
}

/* ---- pens ---- */

static int32_t root(int32_t square)
{
    int32_t result = 0;
    for (int32_t bit = 1 << 12; bit; bit >>= 1)
        if ((result + bit) * (result + bit) <= square) result += bit;
    return result;
}

/* 0.6 to 2 pixels; the edge is half a pixel soft on either side. */
static int32_t radius_of(int32_t size) { return 150 + 24 * size; }

void gradus_pens_cut(gradus_pens *pens)
{
    for (int32_t size = 0; size < GRADUS_PEN_SIZES; size++)
        for (int32_t py = 0; py < GRADUS_PEN_PLACES; py++)
            for (int32_t px = 0; px < GRADUS_PEN_PLACES; px++)
                for (int32_t y = 0; y < GRADUS_PEN_SIDE; y++)
                    for (int32_t x = 0; x < GRADUS_PEN_SIDE; x++) {
                        int32_t dx = (x - GRADUS_PEN_SIDE / 2) * PIXEL - px * PIXEL / GRADUS_PEN_PLACES;
                        int32_t dy = (y - GRADUS_PEN_SIDE / 2) * PIXEL - py * PIXEL / GRADUS_PEN_PLACES;
                        int32_t cover = radius_of(size) + PIXEL / 2 - root(dx * dx + dy * dy);
                        pens->cover[size][py][px][y][x] = (unsigned char)(cover < 0 ? 0 : cover > 255 ? 255 : cover);
                    }
}

/* ---- the hand: what one picture does to the points of its digit ---- */

typedef struct {
    int32_t width, height;     /* of a box unit, in 1/4096 of a pixel */
    int32_t slant, tilt, bend; /* in 1/256: sideways per height, downwards per width; box units at the ends */
    int32_t shake;             /* box units, in 1/256 */
    int32_t thin, thick;       /* sizes of pen at the two ends of a stroke */
    int32_t ink, grain;        /* darkness of a line, roughness of the paper, of 255 */
} hand;

static hand hand_of(dice *from)
{
    hand drawn;
    drawn.height = around(from, 1190, 300);
    drawn.width = drawn.height * around(from, 270, 70) / 256;
    drawn.slant = around(from, 25, 130);
    drawn.tilt = around(from, 0, 64);
    drawn.bend = around(from, 0, 1400);
    drawn.shake = between(from, 350, 2000);
    int32_t size = around(from, 6, 6);
    drawn.thin = size - between(from, 0, size < 3 ? size : 3);
    drawn.thick = size + between(from, 0, 3);
    drawn.ink = between(from, 150, 255);
    drawn.grain = between(from, 0, 70);
    return drawn;
}

static point place(const hand *drawn, dice *from, int32_t x, int32_t y)
{
    int32_t u = (x - GRADUS_BOX_WIDTH / 2) * 256 + around(from, 0, drawn->shake);
    int32_t v = (y - GRADUS_BOX_HEIGHT / 2) * 256 + around(from, 0, drawn->shake);
    int32_t high = v / (GRADUS_BOX_HEIGHT / 2); /* 256 at the bottom */
    u += drawn->bend * high / 256 * high / 256;
    int32_t across = u * drawn->width / 4096, down = v * drawn->height / 4096;
    return (point){across + down * -drawn->slant / 256, down + across * drawn->tilt / 256};
}

static int32_t lower(int32_t a, int32_t b) { return a < b ? a : b; }
static int32_t higher(int32_t a, int32_t b) { return a > b ? a : b; }

/* Where along one axis the picture goes: anywhere that leaves two pixels of margin, three from the middle at most. */
static int32_t shift(dice *from, int32_t low, int32_t high)
{
    int32_t free = (GRADUS_GLYPH_SIDE - 4) * PIXEL - (high - low);
    int32_t reach = lower(higher(free / 2, PIXEL / 2), 3 * PIXEL);
    return (GRADUS_GLYPH_SIDE * PIXEL - PIXEL) / 2 - (low + high) / 2 + between(from, -reach, reach);
}

/* ---- drawing ---- */

enum { MARGIN = GRADUS_PEN_SIDE, SHEET = GRADUS_GLYPH_SIDE + 2 * MARGIN };
typedef struct { /* a picture with a margin, so that a pen at its edge needs no test */
    unsigned char pixels[SHEET][SHEET];
} canvas;

/* Presses a pen down at a point: each pixel becomes as dark as the pen makes it, unless it is darker already. */
static void press(const gradus_pens *pens, int32_t size, point at, canvas *sheet)
{
    const int32_t step = PIXEL / GRADUS_PEN_PLACES, half = GRADUS_PEN_SIDE / 2;
    int32_t x = at.x + step / 2 + (MARGIN - half) * PIXEL, y = at.y + step / 2 + (MARGIN - half) * PIXEL;
    if (x < 0 || y < 0 || x / PIXEL + GRADUS_PEN_SIDE > SHEET || y / PIXEL + GRADUS_PEN_SIDE > SHEET) return;
    const unsigned char(*cover)[GRADUS_PEN_SIDE] = pens->cover[size][y % PIXEL / step][x % PIXEL / step];
    int32_t reach = (radius_of(size) + PIXEL / 2) / PIXEL + 1; /* rows beyond it are not covered at all */
    for (int32_t row = half - reach; row <= half + reach; row++) {
        unsigned char *line = &sheet->pixels[y / PIXEL + row][x / PIXEL];
        for (int32_t column = 0; column < GRADUS_PEN_SIDE; column++)
            line[column] = line[column] > cover[row][column] ? line[column] : cover[row][column];
    }
}

/* The curve of Catmull and Rom through b and c, whose neighbours are a and d, at t of 64. */
static int32_t curve(int32_t a, int32_t b, int32_t c, int32_t d, int32_t t)
{
    int32_t once = c - a, twice = 2 * a - 5 * b + 4 * c - d, thrice = 3 * b - a - 3 * c + d;
    return (2 * b + (once + (twice + thrice * t / 64) * t / 64) * t / 64) / 2;
}

static void draw_stroke(const gradus_pens *pens, const hand *drawn, const point *points, int32_t count, canvas *sheet)
{
    for (int32_t i = 0; i + 1 < count; i++) {
        point a = points[i ? i - 1 : 0], b = points[i], c = points[i + 1], d = points[i + 2 < count ? i + 2 : i + 1];
        int32_t across = c.x > b.x ? c.x - b.x : b.x - c.x, down = c.y > b.y ? c.y - b.y : b.y - c.y;
        int32_t steps = 1 + (higher(across, down) + lower(across, down) / 2) / (PIXEL / 2);
        for (int32_t step = 0; step <= steps; step++) {
            int32_t t = 64 * step / steps;
            point at = {curve(a.x, b.x, c.x, d.x, t), curve(a.y, b.y, c.y, d.y, t)};
            int32_t done = (64 * i + t) / (count - 1);
            press(pens, drawn->thick + (drawn->thin - drawn->thick) * done / 64, at, sheet);
        }
    }
}

/* Ink on grainy paper, eight pixels from one random number. */
static void develop(const hand *drawn, dice *from, const canvas *sheet, unsigned char *pixels)
{
    for (int32_t i = 0; i < GRADUS_GLYPH_PIXELS; i += 4) {
        const unsigned char *line = &sheet->pixels[MARGIN + i / GRADUS_GLYPH_SIDE][MARGIN + i % GRADUS_GLYPH_SIDE];
        uint64_t grains = roll(from);
        for (int32_t k = 0; k < 4; k++, grains >>= 16) {
            int32_t grain = ((int32_t)(grains & 255) - 128) * drawn->grain / 128;
            int32_t dark = line[k] * drawn->ink / 255 + grain;
            pixels[i + k] = (unsigned char)lower(higher(dark, 0), 255);
        }
    }
}

int32_t gradus_glyph_draw(const gradus_pens *pens, uint64_t seed, uint64_t part, uint64_t index,
                          unsigned char pixels[GRADUS_GLYPH_PIXELS])
{
    dice from = {gradus_random_bits(seed, part, index)};
    int32_t digit = between(&from, 0, GRADUS_GLYPH_CLASSES - 1), ways = 0;
    while (gradus_glyph_strokes(digit, ways)) ways++;
    const signed char *strokes = gradus_glyph_strokes(digit, between(&from, 0, ways - 1));
    hand drawn = hand_of(&from);

    point points[GRADUS_GLYPH_POINTS];
    int32_t count = 0, starts[GRADUS_GLYPH_STROKES + 1] = {0}, parts = 1;
    int32_t left = INT32_MAX, right = INT32_MIN, top = INT32_MAX, bottom = INT32_MIN;
    for (const signed char *read = strokes; *read != GRADUS_PEN_END;) {
        if (*read == GRADUS_PEN_UP) {
            starts[parts++] = count;
            read++;
            continue;
        }
        point at = points[count++] = place(&drawn, &from, read[0], read[1]);
        left = lower(left, at.x), right = higher(right, at.x);
        top = lower(top, at.y), bottom = higher(bottom, at.y);
        read += 2;
    }
    starts[parts] = count;
    point by = {.x = shift(&from, left, right)};
    by.y = shift(&from, top, bottom); /* a list of both would leave their order to the compiler */
    for (int32_t i = 0; i < count; i++) points[i] = (point){points[i].x + by.x, points[i].y + by.y};

    canvas sheet = {0};
    for (int32_t i = 0; i < parts; i++)
        draw_stroke(pens, &drawn, points + starts[i], starts[i + 1] - starts[i], &sheet);
    develop(&drawn, &from, &sheet, pixels);
    return digit;
}
