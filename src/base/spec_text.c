/* The characters of the language, and numbers with their units as they stand in a text. What is a letter and what a
 * unit is called is decided here and nowhere else, so that parser, binder and printer agree. */
#include <string.h>
#include "number.h"
#include "spec_tree.h"

/* ---- characters ---- */

size_t gradus_text_code_point(const char *text, uint32_t *point)
{
    const unsigned char *at = (const unsigned char *)text;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t size = at[0] < 0x80                    ? 1
                  : at[0] >= 0xC2 && at[0] < 0xE0 ? 2
                  : (at[0] & 0xF0) == 0xE0        ? 3
                  : at[0] >= 0xF0 && at[0] < 0xF5 ? 4
                                                  : 0;
    if (!size) return 0;
    uint32_t value = size == 1 ? at[0] : at[0] & (0xFFU >> (size + 1));
    for (size_t i = 1; i < size; i++) {
        if ((at[i] & 0xC0) != 0x80) return 0;
        value = value << 6 | (at[i] & 0x3FU);
    }
    if (value < least[size] || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) return 0;
    *point = value;
    return size;
}

/* Letters of any script, told from signs by range: this is no table of Unicode, only what people paste by mistake is out. */
static bool is_letter(uint32_t point)
{
    static const uint32_t signs[][2] = {{0x80, 0xA9},       {0xAB, 0xB4},       {0xB6, 0xB9},     {0xBB, 0xBF},
                                        {0xD7, 0xD7},       {0xF7, 0xF7},       {0x2000, 0x2BFF}, {0x3000, 0x303F},
                                        {0xE000, 0xF8FF},   {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF}, {0xFF00, 0xFFFF},
                                        {0x1F000, 0x1FAFF}, {0xE0000, 0x10FFFF}};
    if (point < 0x80) return (point >= 'a' && point <= 'z') || (point >= 'A' && point <= 'Z');
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (point >= signs[i][0] && point <= signs[i][1]) return false;
    return true;
}

size_t gradus_text_bare(const char *text)
{
    uint32_t point = 0;
    if (!*text) return 0;
    if ((*text >= '0' && *text <= '9') || strchr("_.+-/%~", *text)) return 1;
    size_t size = gradus_text_code_point(text, &point);
    return size && is_letter(point) ? size : 0;
}

const char *gradus_text_plain(uint32_t point)
{
    static const struct {
        uint32_t first, last;
        const char *plain;
    } table[] = {{0xA0, 0xA0, "a plain space"},
                 {0x2000, 0x200F, "a plain space"},
                 {0x2028, 0x202F, "a plain space"},
                 {0x3000, 0x3000, "a plain space"},
                 {0xFEFF, 0xFEFF, "nothing"},
                 {0xAB, 0xAB, "'\"'"},
                 {0xBB, 0xBB, "'\"'"},
                 {0x201C, 0x201F, "'\"'"},
                 {0xFF02, 0xFF02, "'\"'"},
                 {0x2018, 0x201B, "\"\'\""},
                 {0x2039, 0x203A, "\"\'\""},
                 {0xFF07, 0xFF07, "\"\'\""},
                 {0x2010, 0x2015, "'-'"},
                 {0x2212, 0x2212, "'-'"},
                 {0xFF0D, 0xFF0D, "'-'"},
                 {0xD7, 0xD7, "'*'"},
                 {0x2217, 0x2217, "'*'"},
                 {0x22C5, 0x22C5, "'*'"},
                 {0xFF0A, 0xFF0A, "'*'"},
                 {0x2190, 0x21FF, "'>'"},
                 {0x279C, 0x27BE, "'>'"},
                 {0xFF1E, 0xFF1E, "'>'"},
                 {0x2026, 0x2026, "'...'"},
                 {0xF7, 0xF7, "'/'"},
                 {0x2044, 0x2044, "'/'"},
                 {0xFF08, 0xFF08, "'('"},
                 {0xFF09, 0xFF09, "')'"},
                 {0xFF3B, 0xFF3B, "'['"},
                 {0xFF3D, 0xFF3D, "']'"},
                 {0xFF0C, 0xFF0C, "','"},
                 {0x3001, 0x3001, "','"},
                 {0xFF1D, 0xFF1D, "'='"},
                 {0xFF1A, 0xFF1A, "'='"},
                 {0xFF05, 0xFF05, "'%'"},
                 {0x3002, 0x3002, "'.'"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (point >= table[i].first && point <= table[i].last) return table[i].plain;
    return NULL;
}

bool gradus_text_needs_quotes(const char *text)
{
    if (!*text || strcmp(text, "-") == 0 || strcmp(text, "+") == 0) return true;
    for (size_t size; *text; text += size)
        if (!(size = gradus_text_bare(text))) return true;
    return false;
}

/* ---- units ---- */

static const struct {
    const char *name;
    const char *also;
} units[TEXT_UNITS] = {
    [GRADUS_IN_UPDATES] = {"updates", "update, step, steps, iteration, iterations, iter, iters, it, batches"},
    [GRADUS_IN_SAMPLES] = {"samples", "sample, example, examples, images, rows"},
    [GRADUS_IN_TOKENS] = {"tokens", "token, tok"},
    [GRADUS_IN_EPOCHS] = {"ep", "epoch, epochs, e"},
    [GRADUS_IN_SECONDS] = {"s", "sec, secs, second, seconds"},
    [GRADUS_IN_PERCENT] = {"%", "percent, pct"},
    [TEXT_MINUTES] = {"min", "mins, minute, minutes, m"},
    [TEXT_HOURS] = {"h", "hr, hrs, hour, hours"},
};

const char *gradus_text_unit_name(int32_t unit) { return units[unit].name; }

int32_t gradus_text_unit(const char *text, size_t length)
{
    for (int32_t unit = 0; unit < TEXT_UNITS; unit++)
        if (strlen(units[unit].name) == length && memcmp(units[unit].name, text, length) == 0) return unit;
    return TEXT_UNKNOWN_UNIT;
}

const char *gradus_text_nearest_unit(const char *text, size_t length)
{
    char word[24];
    const char *names[TEXT_UNITS];
    if (length >= sizeof word) return NULL;
    memcpy(word, text, length), word[length] = 0;
    for (int32_t unit = 0; unit < TEXT_UNITS; unit++) {
        names[unit] = units[unit].name;
        if (gradus_names_hold(units[unit].also, word)) return units[unit].name;
    }
    const char *nearest = gradus_nearest(word, names, TEXT_UNITS);
    return nearest && strlen(nearest) > 2 ? nearest : NULL; /* every short word is near "ep" */
}

/* ---- numbers with their units ---- */

static size_t skip_spaces(const char *text, size_t at)
{
    while (text[at] == ' ' || text[at] == '\t') at++;
    return at;
}

static bool ends_word(const char *text) { return !*text || *text == ' ' || *text == '\t'; }

/* 'k', 'M', 'B' directly behind a number, alone or before a unit. */
static int32_t multiple(const char *text)
{
    int32_t shift = *text == 'k' ? 3 : *text == 'M' ? 6 : *text == 'B' ? 9 : 0;
    if (!shift || ends_word(text + 1)) return shift;
    return gradus_text_unit(text + 1, strlen(text + 1)) != TEXT_UNKNOWN_UNIT ? shift : 0;
}

static bool is_word(const char *text)
{
    for (; *text; text++)
        if (!((*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') || *text == '%')) return false;
    return true;
}

bool gradus_text_quantity(const char *text, text_quantity *out)
{
    double divisor = 1;
    size_t length = strlen(text), number = gradus_number_read(text, length, &out->number), at = number;
    if (!number) return false;
    if (text[at] == '/') {
        size_t taken = gradus_number_read(text + at + 1, length - at - 1, &divisor);
        if (!taken) return false;
        at += 1 + taken;
    }
    int32_t shift = multiple(text + at);
    at = skip_spaces(text, at + (shift != 0));
    out->unit_at = at;
    out->unit = text[at] ? gradus_text_unit(text + at, length - at) : TEXT_NO_UNIT;
    if (out->unit == TEXT_UNKNOWN_UNIT && !is_word(text + at)) return false;
    if (out->unit == GRADUS_IN_PERCENT) shift -= 2;
    gradus_number_read_shifted(text, number, shift, &out->number);
    out->number /= divisor;
    return true;
}
