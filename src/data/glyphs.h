/* The drawn digits: which strokes a digit may be made of, and how one picture of it is drawn.
 * Everything is integer arithmetic, so that a seed gives the same pictures on every machine. */
#ifndef GRADUS_DATA_GLYPHS_H
#define GRADUS_DATA_GLYPHS_H
#include <stdint.h>

enum { GRADUS_GLYPH_SIDE = 28, GRADUS_GLYPH_PIXELS = GRADUS_GLYPH_SIDE * GRADUS_GLYPH_SIDE, GRADUS_GLYPH_CLASSES = 10 };
enum { GRADUS_PEN_UP = -1, GRADUS_PEN_END = -2 }; /* in place of an x: the next stroke begins; the glyph is done */
enum {
    GRADUS_BOX_WIDTH = 40,
    GRADUS_BOX_HEIGHT = 64
}; /* the box that the strokes' points are written in, y downwards */
enum { GRADUS_GLYPH_POINTS = 32, GRADUS_GLYPH_STROKES = 4 }; /* at most, of one way of writing */

/* The ways of writing a digit: pairs x, y of points that a smooth curve runs through. */
const signed char *gradus_glyph_strokes(int32_t digit, int32_t style); /* style >= 0; NULL: the digit has no more */

/* Round pens of growing radius at each quarter of a pixel: how much of a pixel they cover. */
enum { GRADUS_PEN_SIZES = 16, GRADUS_PEN_PLACES = 4, GRADUS_PEN_SIDE = 8 };
typedef struct gradus_pens {
    unsigned char cover[GRADUS_PEN_SIZES][GRADUS_PEN_PLACES][GRADUS_PEN_PLACES][GRADUS_PEN_SIDE][GRADUS_PEN_SIDE];
} gradus_pens;
void gradus_pens_cut(gradus_pens *pens);

/* Draws picture `index` of a part (0 training, 1 test) and returns its digit. */
int32_t gradus_glyph_draw(const gradus_pens *pens, uint64_t seed, uint64_t part, uint64_t index,
                          unsigned char pixels[GRADUS_GLYPH_PIXELS]);

#endif
