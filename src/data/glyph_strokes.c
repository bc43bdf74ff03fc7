/* The ways in which people write the ten digits, as points for a pen in a box of 40 x 64.
 * A table apart from the drawing, so that a way of writing is one more row. */
#include "glyphs.h"
#include <stddef.h>

#define UP  GRADUS_PEN_UP
#define END GRADUS_PEN_END

/* clang-format off */
static const signed char zero_round[] = {22, 2, 9, 9, 3, 32, 9, 55, 21, 62, 33, 54, 37, 32, 32, 9, 20, 2, END};
static const signed char zero_narrow[] = {24, 3, 14, 9, 9, 32, 13, 56, 21, 62, 29, 54, 31, 32, 27, 8, 18, 3, END};
static const signed char zero_tailed[] = {30, 5, 18, 3, 7, 14, 3, 36, 10, 56, 22, 62, 33, 50, 36, 30, 31, 12, 22, 5, 14, 10, END};
static const signed char zero_slashed[] = {22, 2, 9, 9, 3, 32, 9, 55, 21, 62, 33, 54, 37, 32, 32, 9, 20, 2, UP, 33, 8, 8, 56, END};

static const signed char one_plain[] = {20, 2, 20, 32, 20, 62, END};
static const signed char one_flag[] = {9, 16, 15, 11, 22, 2, UP, 22, 2, 22, 32, 22, 62, END};
static const signed char one_based[] = {10, 14, 16, 9, 22, 2, UP, 22, 2, 22, 32, 22, 62, UP, 8, 62, 36, 62, END};

static const signed char two_flat[] = {5, 15, 11, 5, 22, 2, 33, 8, 34, 20, 24, 38, 5, 61, UP, 5, 61, 20, 61, 37, 60, END};
static const signed char two_looped[] = {6, 13, 14, 4, 27, 4, 34, 15, 28, 34, 14, 53, 5, 57, 5, 50, 13, 51, 25, 59, 38, 58, END};
static const signed char two_swan[] = {8, 16, 10, 6, 22, 2, 33, 10, 32, 26, 20, 44, 8, 59, 22, 60, 32, 62, 38, 54, END};

static const signed char three_round[] = {6, 9, 16, 2, 30, 5, 33, 17, 26, 27, 15, 30, UP, 15, 30, 29, 33, 36, 46, 28, 59, 15, 62, 4, 55, END};
static const signed char three_flat[] = {6, 4, 20, 4, 34, 3, UP, 34, 3, 26, 15, 16, 27, UP, 16, 27, 30, 31, 36, 45, 29, 58, 15, 62, 4, 56, END};
static const signed char three_looped[] = {7, 8, 18, 2, 31, 7, 31, 20, 20, 29, 15, 32, 20, 33, 33, 39, 35, 52, 24, 62, 10, 61, 4, 54, END};

static const signed char four_open[] = {11, 4, 8, 22, 5, 38, UP, 5, 38, 22, 38, 38, 37, UP, 30, 10, 29, 36, 27, 62, END};
static const signed char four_closed[] = {28, 2, 16, 22, 3, 43, UP, 3, 43, 22, 43, 38, 43, UP, 28, 2, 28, 32, 28, 62, END};
static const signed char four_square[] = {7, 3, 6, 18, 7, 33, UP, 7, 33, 20, 35, 32, 32, UP, 33, 3, 32, 32, 32, 62, END};

static const signed char five_barred[] = {9, 5, 8, 16, 6, 29, UP, 6, 29, 18, 25, 32, 31, 36, 46, 26, 60, 12, 62, 3, 56, UP, 9, 5, 22, 5, 35, 4, END};
static const signed char five_running[] = {35, 4, 22, 3, 13, 5, 10, 17, 7, 28, UP, 7, 28, 17, 24, 31, 30, 34, 46, 25, 59, 13, 62, 4, 57, END};
static const signed char five_curved[] = {33, 5, 21, 2, 11, 10, 9, 21, 19, 28, 31, 37, 33, 51, 22, 62, 10, 60, 4, 53, END};

static const signed char six_bowed[] = {31, 4, 19, 8, 8, 26, 4, 44, 10, 59, 22, 62, 34, 55, 35, 42, 26, 34, 14, 36, 6, 46, END};
static const signed char six_straight[] = {25, 2, 14, 19, 6, 38, 6, 54, 17, 62, 30, 57, 34, 45, 25, 35, 12, 39, 6, 48, END};
static const signed char six_curled[] = {34, 12, 27, 3, 14, 8, 5, 26, 4, 46, 12, 60, 25, 61, 35, 51, 32, 38, 20, 34, 8, 42, END};

static const signed char seven_plain[] = {4, 4, 20, 4, 36, 4, UP, 36, 4, 26, 32, 16, 62, END};
static const signed char seven_crossed[] = {4, 5, 20, 4, 36, 4, UP, 36, 4, 26, 32, 17, 62, UP, 13, 32, 24, 32, 34, 31, END};
static const signed char seven_hooked[] = {5, 14, 6, 5, UP, 6, 5, 20, 5, 36, 3, UP, 36, 3, 24, 24, 18, 44, 17, 62, END};

static const signed char eight_knotted[] = {32, 9, 21, 2, 9, 8, 11, 21, 24, 32, 35, 45, 30, 58, 19, 62, 6, 55, 6, 42, 18, 31, 30, 19, 31, 8, END};
static const signed char eight_stacked[] = {20, 2, 9, 8, 9, 22, 20, 29, 31, 22, 31, 8, 19, 2, UP, 20, 29, 6, 37, 5, 54, 20, 62, 35, 54, 34, 37, 20, 29, END};
static const signed char eight_crossed[] = {20, 31, 8, 19, 10, 6, 21, 2, 32, 8, 30, 20, 20, 31, 8, 43, 6, 55, 20, 62, 34, 55, 32, 43, 20, 31, END};

static const signed char nine_straight[] = {34, 14, 25, 3, 11, 5, 5, 18, 11, 30, 24, 30, 34, 15, UP, 34, 8, 33, 36, 31, 62, END};
static const signed char nine_bowed[] = {33, 18, 26, 3, 12, 4, 5, 18, 11, 31, 24, 31, 34, 18, 34, 36, 28, 55, 14, 62, 6, 57, END};
static const signed char nine_slanted[] = {32, 12, 22, 3, 10, 8, 7, 22, 15, 31, 27, 27, 34, 8, UP, 34, 8, 27, 36, 18, 62, END};
/* clang-format on */

enum { MOST_STYLES = 4 };
static const signed char *const styles[GRADUS_GLYPH_CLASSES][MOST_STYLES + 1] = {
    {zero_round, zero_narrow, zero_tailed, zero_slashed},
    {one_plain, one_flag, one_based},
    {two_flat, two_looped, two_swan},
    {three_round, three_flat, three_looped},
    {four_open, four_closed, four_square},
    {five_barred, five_running, five_curved},
    {six_bowed, six_straight, six_curled},
    {seven_plain, seven_crossed, seven_hooked},
    {eight_knotted, eight_stacked, eight_crossed},
    {nine_straight, nine_bowed, nine_slanted},
};

const signed char *gradus_glyph_strokes(int32_t digit, int32_t style)
{
    return style <= MOST_STYLES ? styles[digit][style] : NULL;
}
