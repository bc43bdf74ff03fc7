/* One value as canonical text: numbers shortest, shares and lengths with the unit they were given in, texts quoted where they
 * have to be. Whatever is written here reads back to the same value. */
#include <math.h>
#include <string.h>
#include "number.h"
#include "spec_print.h"

/* ---- the pen ---- */

void gradus_pen_put(gradus_pen *pen, const char *text, size_t length)
{
    if (pen->comparing) {
        bool same = pen->compare && strncmp(pen->compare, text, length) == 0;
        pen->compare = same ? pen->compare + length : NULL;
        return;
    }
    if (pen->length < pen->size) {
        size_t room = pen->size - pen->length;
        memcpy(pen->text + pen->length, text, length < room ? length : room);
    }
    pen->length += length;
}

void gradus_pen_text(gradus_pen *pen, const char *text) { gradus_pen_put(pen, text, strlen(text)); }

size_t gradus_pen_end(gradus_pen *pen)
{
    if (pen->size) pen->text[pen->length < pen->size ? pen->length : pen->size - 1] = 0;
    return pen->length;
}

/* ---- texts ---- */

static void print_escaped(gradus_pen *pen, const char *text)
{
    for (; *text; text++) {
        const char *escape = *text == '\\'   ? "\\\\"
                             : *text == '"'  ? "\\\""
                             : *text == '\n' ? "\\n"
                             : *text == '\t' ? "\\t"
                                             : NULL;
        if (escape)
            gradus_pen_text(pen, escape);
        else
            gradus_pen_put(pen, text, 1);
    }
}

void gradus_print_quoted(gradus_pen *pen, const char *text)
{
    gradus_pen_text(pen, "\"");
    print_escaped(pen, text);
    gradus_pen_text(pen, "\"");
}

static void print_joined(gradus_pen *pen, const char *path)
{
    gradus_pen_text(pen, "\"");
    print_escaped(pen, pen->folder);
    gradus_pen_text(pen, "/");
    print_escaped(pen, path);
    gradus_pen_text(pen, "\"");
}

/* A text that would be read as something else without its quotes: a word of the row, or the range to search. */
static void print_text(gradus_pen *pen, const gradus_argument *row, const gradus_value *value)
{
    bool word = value->number < 0, other = gradus_names_hold("search", value->text);
    for (const char *at = row->words; at && !word && !other && *at;) {
        size_t length = strcspn(at, "|");
        other = strlen(value->text) == length && memcmp(at, value->text, length) == 0;
        at += length + (at[length] == '|');
    }
    if (row->flags & GRADUS_PATH && pen->folder && *value->text != '/')
        print_joined(pen, value->text);
    else if (!word && (other || gradus_text_needs_quotes(value->text)))
        gradus_print_quoted(pen, value->text);
    else
        gradus_pen_text(pen, value->text);
}

/* ---- numbers ---- */

static void print_shifted(gradus_pen *pen, double number, int32_t shift, const char *unit)
{
    char digits[32];
    gradus_number_print_shifted(number, shift, digits);
    gradus_pen_text(pen, digits);
    gradus_pen_text(pen, unit);
}

/* Samples and tokens come in thousands and millions: 2M tokens. */
static void print_counted(gradus_pen *pen, double number, const char *unit)
{
    static const struct {
        double multiple;
        int32_t shift;
        const char *letter;
    } table[] = {{1e9, -9, "B "}, {1e6, -6, "M "}, {1e3, -3, "k "}, {0, 0, " "}};
    int i = 0;
    while (table[i].multiple > 0 && (number == 0 || fmod(number, table[i].multiple) != 0)) i++;
    print_shifted(pen, number, table[i].shift, table[i].letter);
    gradus_pen_text(pen, unit);
}

static void print_seconds(gradus_pen *pen, double seconds)
{
    bool hours = seconds != 0 && fmod(seconds, 3600) == 0, minutes = seconds != 0 && fmod(seconds, 60) == 0;
    print_shifted(pen,
                  hours     ? seconds / 3600
                  : minutes ? seconds / 60
                            : seconds,
                  0,
                  hours     ? "h"
                  : minutes ? "min"
                            : "s");
}

static void print_number(gradus_pen *pen, const gradus_argument *row, double number, int32_t unit)
{
    if (row->kind != GRADUS_LENGTH && row->kind != GRADUS_SHARE) unit = GRADUS_IN_UPDATES;
    switch (unit) {
    case GRADUS_IN_PERCENT: print_shifted(pen, number, 2, "%"); break;
    case GRADUS_IN_SAMPLES:
    case GRADUS_IN_TOKENS: print_counted(pen, number, gradus_text_unit_name(unit)); break;
    case GRADUS_IN_EPOCHS: print_shifted(pen, number, 0, "ep"); break;
    case GRADUS_IN_SECONDS: print_seconds(pen, number); break;
    default: print_shifted(pen, number, 0, "");
    }
}

/* ---- search values ---- */

static void print_open(gradus_pen *pen, const gradus_argument *row, const gradus_open *open)
{
    static const char *const names[] = {[GRADUS_UNIFORM] = "uniform(",
                                        [GRADUS_LOGUNIFORM] = "loguniform(",
                                        [GRADUS_INT] = "int(",
                                        [GRADUS_CHOICE] = "choice("};
    gradus_pen_text(pen, names[open->search]);
    for (int32_t i = 0; i < open->count; i++) {
        if (i) gradus_pen_text(pen, ", ");
        gradus_print_value(pen, row, &open->values[i]);
    }
    if (open->search != GRADUS_CHOICE) {
        print_number(pen, row, open->low, open->unit);
        gradus_pen_text(pen, ", ");
        print_number(pen, row, open->high, open->unit);
    }
    gradus_pen_text(pen, open->search == GRADUS_INT && open->logarithmic ? ", log)" : ")");
}

/* ---- any value ---- */

static void print_items(gradus_pen *pen, const gradus_argument *row, const gradus_value *value)
{
    gradus_argument single = *row;
    single.flags &= ~(uint32_t)GRADUS_LIST;
    if (value->count != 1) gradus_pen_text(pen, "[");
    for (int32_t i = 0; i < value->count; i++) {
        if (i) gradus_pen_text(pen, ", ");
        gradus_print_value(pen, &single, &value->items[i]);
    }
    if (value->count != 1) gradus_pen_text(pen, "]");
}

static void print_point(gradus_pen *pen, const gradus_value *value)
{
    static const gradus_argument length = {.kind = GRADUS_LENGTH}, share = {.kind = GRADUS_SHARE};
    gradus_pen_text(pen, "[");
    gradus_print_value(pen, &length, &value->items[0]);
    gradus_pen_text(pen, ", ");
    gradus_print_value(pen, &share, &value->items[1]);
    gradus_pen_text(pen, "]");
}

void gradus_print_value(gradus_pen *pen, const gradus_argument *row, const gradus_value *value)
{
    if (value->open)
        print_open(pen, row, value->open);
    else if (value->chain)
        gradus_print_chain(pen, value->chain);
    else if (row->flags & GRADUS_LIST)
        print_items(pen, row, value);
    else if (row->kind == GRADUS_POINT && value->count == 2)
        print_point(pen, value);
    else if (row->kind == GRADUS_TEXT || row->kind == GRADUS_METRIC)
        print_text(pen, row, value);
    else if (value->text)
        gradus_pen_text(pen, value->text);
    else if (row->kind == GRADUS_FLAG)
        gradus_pen_text(pen, value->number != 0 ? "true" : "false");
    else
        print_number(pen, row, value->number, value->unit);
}
