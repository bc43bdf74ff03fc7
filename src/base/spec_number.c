/* Numbers as rows take them: whole ones, shares, lengths with their units, each within the range of its row. */
#include <math.h>
#include <string.h>
#include "number.h"
#include "spec_bind.h"

/* ---- ranges ---- */

const char *gradus_range_print(const gradus_argument *row, char *text, size_t size)
{
    char low[32], high[32];
    bool above = row->open && strchr(row->open, '('), below = row->open && strchr(row->open, ')');
    gradus_number_print(row->low, low), gradus_number_print(row->high, high);
    text[0] = 0;
    if (isinf(row->high))
        gradus_append(text, size, "%s %s", above ? "above" : "at least", low);
    else if (isinf(row->low))
        gradus_append(text, size, "%s %s", below ? "below" : "at most", high);
    else
        gradus_append(text, size, "in %c%s, %s%c", above ? '(' : '[', low, high, below ? ')' : ']');
    return text;
}

bool gradus_range_holds(const gradus_argument *row, double number)
{
    bool above = row->open && strchr(row->open, '('), below = row->open && strchr(row->open, ')');
    if (row->low == 0 && row->high == 0) return true;
    if (above ? number <= row->low : number < row->low) return false;
    return below ? number < row->high : number <= row->high;
}

static bool check_range(gradus_binder *b, const gradus_argument *row, const tree_node *node, const gradus_value *value)
{
    static const gradus_argument at_least_0 = {.high = INFINITY};
    char written[BIND_WRITTEN], range[BIND_HINT];
    const gradus_argument *bounds =
        value->absolute || (row->kind == GRADUS_LENGTH && row->low == 0 && row->high == 0) ? &at_least_0 : row;
    gradus_bind_written(b, node->place, written);
    if (!isfinite(value->number))
        return gradus_bind_fail(b, node->place, GRADUS_CODE_OUT_OF_RANGE, NULL, "'%s' is no finite number", written);
    if (!gradus_range_holds(bounds, value->number))
        return gradus_bind_fail(b, node->place, GRADUS_CODE_OUT_OF_RANGE, NULL, "%s must be %s, not %s",
                                node->name ? node->name : row->name, gradus_range_print(bounds, range, sizeof range),
                                written);
    if (row->kind == GRADUS_LENGTH && value->unit == GRADUS_IN_PERCENT && value->number > 1)
        return gradus_bind_fail(b, node->place, GRADUS_CODE_LENGTHS, NULL, "%s is more than 100 %% of %s", written,
                                b->inside ? "what is around it" : "the run");
    return true;
}

/* ---- what is no number, or has the wrong unit ---- */

/* 1_000 is a habit from other languages. */
static bool is_grouped(const char *text, double *number)
{
    char digits[BIND_WRITTEN];
    size_t length = 0;
    for (const char *at = text; *at && length < sizeof digits; at++)
        if (*at != '_') digits[length++] = *at;
    return strchr(text, '_') && gradus_number_read(digits, length, number) == length;
}

static bool fail_no_number(gradus_binder *b, const gradus_argument *row, const tree_node *node)
{
    static const struct {
        double least;
        int32_t shift;
        char letter;
    } multiples[] = {{1e9, 9, 'B'}, {1e6, 6, 'M'}, {1e3, 3, 'k'}};
    char digits[32], remedy[BIND_HINT] = "";
    double number;
    int i = 0;
    if (!is_grouped(node->text, &number)) return gradus_bind_expected(b, row, node);
    gradus_number_print(number, digits);
    gradus_append(remedy, sizeof remedy, "%s", digits);
    while (i < 3 && number < multiples[i].least) i++;
    if (i < 3) {
        gradus_number_print_shifted(number, -multiples[i].shift, digits);
        gradus_append(remedy, sizeof remedy, " or %s%c", digits, multiples[i].letter);
    }
    return gradus_bind_fail(b, node->place, GRADUS_CODE_WRONG_TYPE, NULL, "'%s' is no number; write %s", node->text,
                            remedy);
}

static bool fail_unit(gradus_binder *b, const gradus_argument *row, const tree_node *node,
                      const text_quantity *quantity)
{
    char number[32], hint[BIND_HINT];
    const char *unit = node->text + quantity->unit_at;
    if (quantity->unit == GRADUS_IN_PERCENT) {
        gradus_number_print(quantity->number, number);
        return gradus_bind_fail(b, node->place, GRADUS_CODE_WRONG_UNIT, NULL, "'%%' does not belong here; write %s",
                                number);
    }
    if (row->kind != GRADUS_LENGTH)
        return gradus_bind_fail(b, node->place, GRADUS_CODE_WRONG_UNIT, NULL,
                                "'%s' does not belong here; %s has no unit", unit, row->name);
    const char *nearest = gradus_text_nearest_unit(unit, strlen(unit));
    gradus_where place = node->text_place;
    if (place.length == (int32_t)strlen(node->text)) /* not a default, whose place is that of its item */
        place.offset += (int32_t)quantity->unit_at, place.length -= (int32_t)quantity->unit_at;
    return gradus_bind_fail(b, place, GRADUS_CODE_UNKNOWN_UNIT, nearest, "'%s' is no unit%s", unit,
                            nearest ? gradus_bind_hint(nearest, hint)
                                    : "; there are % ep updates samples tokens s min h");
}

/* ---- numbers ---- */

static bool set_unit(gradus_binder *b, const gradus_argument *row, const tree_node *node, const text_quantity *quantity,
                     gradus_value *value)
{
    bool length = row->kind == GRADUS_LENGTH, percent = quantity->unit == GRADUS_IN_PERCENT;
    if (quantity->unit == TEXT_UNKNOWN_UNIT ||
        (quantity->unit >= 0 && !length && !(percent && row->kind == GRADUS_SHARE)))
        return fail_unit(b, row, node, quantity);
    value->number = quantity->number;
    value->unit = quantity->unit == TEXT_NO_UNIT ? GRADUS_IN_UPDATES : quantity->unit;
    if (quantity->unit == TEXT_MINUTES || quantity->unit == TEXT_HOURS) {
        value->number *= quantity->unit == TEXT_HOURS ? 3600 : 60;
        value->unit = GRADUS_IN_SECONDS;
    }
    return true;
}

/* "8bit" is a number with a unit that nobody knows: where no unit belongs it is rather a word. */
static bool is_number(const gradus_argument *row, const char *text, text_quantity *quantity)
{
    if (!gradus_text_quantity(text, quantity)) return false;
    const char *unit = text + quantity->unit_at;
    return quantity->unit != TEXT_UNKNOWN_UNIT || row->kind == GRADUS_LENGTH ||
           gradus_text_nearest_unit(unit, strlen(unit));
}

bool gradus_bind_number(gradus_binder *b, const gradus_argument *row, const tree_node *node, gradus_value *value)
{
    static const double largest_whole = 9007199254740992;
    text_quantity quantity;
    if (!gradus_tree_is_text(node)) return gradus_bind_expected(b, row, node);
    if (!is_number(row, node->text, &quantity)) return fail_no_number(b, row, node);
    if (!set_unit(b, row, node, &quantity, value)) return false;
    if (node->flags & TREE_INVERSE) value->number = 1 / value->number;
    value->absolute = (node->flags & TREE_ABSOLUTE) != 0;
    if (!check_range(b, row, node, value)) return false;
    bool whole = value->number == floor(value->number) && fabs(value->number) <= largest_whole;
    return row->kind != GRADUS_INTEGER || whole || gradus_bind_expected(b, row, node);
}
