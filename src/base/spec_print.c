/* The printer: a bound text in its one canonical spelling, or with every default written out. Names of parameters stay as they
 * were written; values that equal their default are left out. */
#include <string.h>
#include "spec.h"
#include "spec_print.h"

/* ---- which arguments are printed ---- */

static bool same_number(const gradus_argument *row, const gradus_value *value, const char *initial, uint32_t flags)
{
    text_quantity quantity;
    if (!gradus_text_quantity(initial, &quantity) || value->text) return false;
    double number = flags & TREE_INVERSE ? 1 / quantity.number : quantity.number;
    int32_t unit = quantity.unit == TEXT_NO_UNIT ? GRADUS_IN_UPDATES : quantity.unit;
    if (unit == TEXT_MINUTES || unit == TEXT_HOURS) number *= unit == TEXT_HOURS ? 3600 : 60, unit = GRADUS_IN_SECONDS;
    return value->number == number && (row->kind != GRADUS_LENGTH || value->unit == unit);
}

/* Whether leaving the value out would say the same. */
static bool is_default(const bind_scope *scope, const gradus_argument *row, const gradus_value *value)
{
    const char *text;
    size_t length;
    uint32_t flags;
    char initial[BIND_HINT];
    if (!value->given) return true;
    if (!gradus_like_initial(scope, row, &text, &length, &flags) || length >= sizeof initial) return false;
    if (value->absolute != ((flags & TREE_ABSOLUTE) != 0)) return false;
    memcpy(initial, text, length), initial[length] = 0;
    bool plain = !value->open && !value->chain && !value->items;
    if (plain && value->text && strcmp(value->text, initial) == 0) return true;
    if (plain && row->kind != GRADUS_TEXT && same_number(row, value, initial, flags)) return true;
    gradus_pen pen = {.comparing = true, .compare = initial};
    gradus_print_value(&pen, row, value);
    return pen.compare && !*pen.compare;
}

static bind_scope scope_of(const gradus_item *item)
{
    return (bind_scope){.family = item->family, .member = item->member, .like = item->like};
}

static bool is_placed(const gradus_argument *row, const gradus_value *value)
{
    return value->given && !value->name && row->kind != GRADUS_FLAG;
}

/* A member's own parameter hides the common one of its name. */
static bool is_hidden(const bind_scope *scope, int32_t index)
{
    return gradus_row_find(scope->family, scope->member, gradus_row(scope->family, scope->member, index)->name) < index;
}

/* Values by place run from the first row on; those at the end that equal their defaults may go. */
static int32_t last_placed(const gradus_pen *pen, const bind_scope *scope, const gradus_item *item)
{
    int32_t last = -1;
    for (int32_t i = 0; i < item->value_count; i++) {
        const gradus_argument *row = gradus_row(scope->family, scope->member, i);
        if (is_placed(row, &item->values[i]) &&
            (pen->how == GRADUS_PRINT_FULL || !is_default(scope, row, &item->values[i])))
            last = i;
    }
    return last;
}

/* ---- a call ---- */

typedef struct separator {
    gradus_pen *pen;
    bool any;
} separator;

static void begin(separator *s)
{
    gradus_pen_text(s->pen, s->any ? ", " : "(");
    s->any = true;
}

/* A list that stands where something else would is one to see, also of a single value. */
static void print_passed(separator *s, const gradus_argument *row, const gradus_value *value)
{
    bool single = value->count == 1;
    begin(s);
    if (single) gradus_pen_text(s->pen, "[");
    gradus_print_value(s->pen, row, value);
    if (single) gradus_pen_text(s->pen, "]");
}

static void print_placed(separator *s, const bind_scope *scope, const gradus_argument *row, const gradus_value *value)
{
    gradus_argument single = *row;
    single.flags &= ~(uint32_t)(GRADUS_LIST | GRADUS_MANY);
    bool many = (row->flags & GRADUS_MANY) != 0;
    for (int32_t i = 0; i < (many ? value->count : 1); i++) {
        const gradus_value *one = many ? &value->items[i] : value;
        const gradus_argument *flag = one->text && row->kind != GRADUS_WORD
                                          ? gradus_language_argument(scope->family, scope->member, one->text)
                                          : NULL;
        begin(s);
        if (flag && flag->kind == GRADUS_FLAG)
            gradus_print_quoted(s->pen, one->text);
        else
            gradus_print_value(s->pen, many ? &single : row, one);
    }
}

/* The name under which a value reads back: as it was written; theirs for a default that is a rate; else ours. */
static bool name_of(const bind_scope *scope, const gradus_argument *row, const gradus_value *value, const char **name,
                    size_t *length)
{
    like_entry entry;
    uint32_t flags = 0;
    bool theirs = value->name && gradus_like_find(scope, value->name, &flags) >= 0;
    *name = value->name && !(theirs && (flags & TREE_INVERSE)) ? value->name : row->name;
    *length = strlen(*name);
    if (value->name || (!value->absolute && !(row->flags & GRADUS_FOREIGN))) return true;
    for (const char *list = scope->like ? scope->like->names : NULL; gradus_like_next(&list, &entry);) {
        if (value->absolute != ((entry.flags & TREE_ABSOLUTE) != 0) || (entry.flags & TREE_INVERSE) ||
            strlen(row->name) != entry.right_length || memcmp(entry.right, row->name, entry.right_length) != 0)
            continue;
        *name = entry.left, *length = entry.left_length;
        return true;
    }
    return false; /* nobody can write it: it stays a default */
}

static void print_named(separator *s, const bind_scope *scope, const gradus_argument *row, const gradus_value *value)
{
    const char *name;
    size_t length;
    if (!name_of(scope, row, value, &name, &length)) return;
    begin(s);
    gradus_pen_put(s->pen, name, length);
    bool ours = strlen(row->name) == length && memcmp(name, row->name, length) == 0 && !(row->flags & GRADUS_FOREIGN);
    if (row->kind == GRADUS_FLAG && ours && !value->open && value->number != 0)
        return; /* theirs does not stand alone */
    gradus_pen_text(s->pen, "=");
    gradus_print_value(s->pen, row, value);
}

/* Whether a row of conventions knows the names of all values that are printed. */
static bool knows_printed(const gradus_pen *pen, const gradus_item *item, const gradus_like *like)
{
    const bind_scope scope = scope_of(item), other = {.family = item->family, .member = item->member, .like = like};
    uint32_t flags;
    for (int32_t i = 0; i < item->value_count; i++) {
        const gradus_argument *row = gradus_row(scope.family, scope.member, i);
        const gradus_value *value = &item->values[i];
        if (!value->given || !value->name || is_hidden(&scope, i)) continue;
        if (pen->how != GRADUS_PRINT_FULL && is_default(&scope, row, value)) continue;
        if (gradus_like_find(&other, value->name, &flags) < 0 &&
            gradus_row_written(scope.family, scope.member, value->name) < 0)
            return false;
    }
    return true;
}

/* The framework alone where that reads back to the same row, else with the title of its own. */
static void print_like(gradus_pen *pen, const gradus_item *item)
{
    const gradus_like *like = item->member->like;
    while (like->framework && (strcmp(like->framework, item->like->framework) != 0 || !knows_printed(pen, item, like)))
        like++;
    gradus_pen_text(pen, "like=");
    gradus_pen_text(pen, item->like->framework);
    if (like == item->like) return;
    gradus_pen_text(pen, ".");
    gradus_pen_text(pen, item->like->title);
}

static void print_call(gradus_pen *pen, const gradus_item *item)
{
    bind_scope scope = scope_of(item);
    separator s = {.pen = pen};
    int32_t last = last_placed(pen, &scope, item);
    gradus_pen_text(pen, item->member->name);
    bool passed = false; /* one that may stand by its place is left out */
    for (int32_t i = 0; i <= last; i++) {
        const gradus_argument *row = gradus_row(scope.family, scope.member, i);
        const gradus_value *value = &item->values[i];
        if (!is_placed(row, value) || is_hidden(&scope, i))
            passed |= !value->present && !(row->flags & GRADUS_NAMED) && row->kind != GRADUS_FLAG;
        else if (passed && row->flags & GRADUS_LIST)
            print_passed(&s, row, value);
        else
            print_placed(&s, &scope, row, value);
    }
    for (int32_t i = 0; i < item->value_count; i++) {
        const gradus_argument *row = gradus_row(scope.family, scope.member, i);
        const gradus_value *value = &item->values[i];
        if (!value->present || is_placed(row, value) || is_hidden(&scope, i)) continue;
        if (pen->how == GRADUS_PRINT_FULL || !is_default(&scope, row, value)) print_named(&s, &scope, row, value);
    }
    if (item->like_given) {
        begin(&s);
        print_like(pen, item);
    }
    for (int32_t i = 0; i < item->extra_count; i++) {
        const gradus_extra *extra = &item->extra[i];
        const gradus_argument *row = item->member->open;
        while (row[1].name && strcmp(row->name, extra->name) != 0) row++;
        begin(&s);
        gradus_pen_text(pen, extra->name);
        gradus_pen_text(pen, "=");
        gradus_print_value(pen, row, &extra->value);
    }
    if (s.any) gradus_pen_text(pen, ")");
}

/* ---- items and chains ---- */

static void print_count(gradus_pen *pen, int32_t count)
{
    char text[32];
    if (count == 1) return;
    gradus_number_print(count, text);
    gradus_pen_text(pen, text);
    gradus_pen_text(pen, " * ");
}

static void print_item(gradus_pen *pen, const gradus_item *item)
{
    print_count(pen, item->repeat);
    if (item->group) {
        gradus_pen_text(pen, "(");
        gradus_print_chain(pen, item->group);
        gradus_pen_text(pen, ")");
    } else if (item->open) {
        gradus_pen_text(pen, "choice(");
        for (int32_t i = 0; i < item->open->count; i++) {
            if (i) gradus_pen_text(pen, ", ");
            gradus_print_chain(pen, &item->open->chains[i]);
        }
        gradus_pen_text(pen, ")");
    } else {
        print_call(pen, item);
    }
}

void gradus_print_chain(gradus_pen *pen, const gradus_chain *chain)
{
    if (chain->count == 0) gradus_pen_text(pen, "none");
    for (int32_t i = 0; i < chain->count; i++) {
        if (i) gradus_pen_text(pen, " > ");
        print_item(pen, &chain->items[i]);
    }
}

/* ---- a value that no row describes: as its tree says ---- */

static void print_tree(gradus_pen *pen, const tree_node *node)
{
    bool chain = node->kind == TREE_CHAIN, list = node->kind == TREE_LIST;
    bool brackets = list || (chain && node->repeat > 1) || (node->kind == TREE_CALL && node->first);
    if (node->name) {
        gradus_pen_text(pen, node->name);
        gradus_pen_text(pen, "=");
    }
    print_count(pen, node->repeat);
    if (node->kind == TREE_QUOTED) gradus_print_quoted(pen, node->text);
    if (node->kind == TREE_CALL) gradus_pen_text(pen, node->text);
    if (brackets) gradus_pen_text(pen, list ? "[" : "(");
    for (const tree_node *at = node->first; at; at = at->next) {
        if (at != node->first) gradus_pen_text(pen, chain ? " > " : ", ");
        print_tree(pen, at);
    }
    if (brackets) gradus_pen_text(pen, list ? "]" : ")");
}

/* ---- the interface ---- */

bool gradus_item_is_default(const gradus_item *item, int32_t index)
{
    const gradus_argument *row = gradus_item_argument(item, index);
    bind_scope scope = row ? scope_of(item) : (bind_scope){0};
    return row && is_default(&scope, row, &item->values[index]);
}

size_t gradus_spec_print(const gradus_spec *spec, gradus_print how, char *text, size_t size)
{
    return gradus_spec_print_in(spec, how, NULL, text, size);
}

size_t gradus_spec_print_in(const gradus_spec *spec, gradus_print how, const char *folder, char *text, size_t size)
{
    gradus_pen pen = {.text = text, .size = size, .how = how, .folder = folder};
    if (spec->chain)
        gradus_print_chain(&pen, spec->chain);
    else if (spec->argument)
        gradus_print_value(&pen, spec->argument, spec->value);
    else
        print_tree(&pen, spec->root);
    return gradus_pen_end(&pen);
}

size_t gradus_item_print(const gradus_item *item, gradus_print how, char *text, size_t size)
{
    gradus_pen pen = {.text = text, .size = size, .how = how};
    print_item(&pen, item);
    return gradus_pen_end(&pen);
}

size_t gradus_chain_print(const gradus_chain *chain, gradus_print how, char *text, size_t size)
{
    gradus_pen pen = {.text = text, .size = size, .how = how};
    gradus_print_chain(&pen, chain);
    return gradus_pen_end(&pen);
}
