/* Looking into a bound spec: values by name, and the search values that are still open, each with its path. */
#include <string.h>
#include "spec.h"
#include "spec_print.h"

const gradus_argument *gradus_item_argument(const gradus_item *item, int32_t index)
{
    return item->member && index >= 0 ? gradus_row(item->family, item->member, index) : NULL;
}

const gradus_value *gradus_item_value(const gradus_item *item, const char *name)
{
    int32_t index = item->member ? gradus_row_find(item->family, item->member, name) : -1;
    return index < 0 ? NULL : &item->values[index];
}

/* ---- open values: a walk over the bound tree in the order of the text ---- */

typedef struct segment { /* a part of a path: "conv.2" is the second conv, ".2" the second value of a list or choice */
    const char *name;
    int32_t number; /* 0: none is needed */
    const struct segment *outer;
} segment;

typedef struct walk {
    gradus_arena *arena;
    spec_open **end;
    int32_t count;
    bool full; /* the arena */
} walk;

typedef struct
    roots { /* where the names of a path are looked up: one chain, or the values of a parameter that takes many */
    const gradus_chain *chain;
    const gradus_value *many;
} roots;

static void walk_chain(walk *w, const roots *from, const gradus_chain *chain, const segment *path);

static void print_segment(gradus_pen *pen, const char *text)
{
    if (pen->length) gradus_pen_text(pen, ".");
    gradus_pen_text(pen, text);
}

static void print_path(gradus_pen *pen, const segment *path)
{
    char number[32];
    if (!path) return;
    print_path(pen, path->outer);
    if (path->name) print_segment(pen, path->name);
    if (!path->number) return;
    gradus_number_print(path->number, number);
    print_segment(pen, number);
}

static void found(walk *w, const gradus_open *open, const segment *path)
{
    gradus_pen measure = {0};
    print_path(&measure, path);
    spec_open *entry = gradus_arena_take(w->arena, sizeof *entry, _Alignof(spec_open));
    gradus_pen pen = {.text = gradus_arena_take(w->arena, measure.length + 1, 1), .size = measure.length + 1};
    if (!entry || !pen.text) {
        w->full = true;
        return;
    }
    print_path(&pen, path);
    gradus_pen_end(&pen);
    *entry = (spec_open){.path = pen.text, .open = open};
    *w->end = entry;
    w->end = &entry->next;
    w->count++;
}

static void walk_value(walk *w, const gradus_value *value, const segment *path)
{
    roots one = {.chain = value->chain}, many = {.many = value};
    if (value->open) found(w, value->open, path);
    for (int32_t i = 0; value->open && value->open->values && i < value->open->count; i++) {
        segment s = {.number = i + 1, .outer = path};
        walk_value(w, &value->open->values[i], &s);
    }
    if (value->chain) walk_chain(w, &one, value->chain, path);
    for (int32_t i = 0; i < value->count; i++) {
        segment s = {.number = i + 1, .outer = path};
        if (value->items[i].chain)
            walk_chain(w, &many, value->items[i].chain, path);
        else
            walk_value(w, &value->items[i], &s);
    }
}

/* ---- items: by label, or by name with a number where several have it, counted as a change counts them (spec_change.c) ---- */

typedef struct census {
    const char *name;
    const gradus_item *item;
    int32_t count, which;
} census;

static const char *name_of(const gradus_item *item)
{
    return item->member ? item->member->name : item->open ? "choice" : "";
}

static void count_named(census *c, const gradus_chain *chain)
{
    for (int32_t i = 0; i < chain->count; i++) {
        const gradus_item *item = &chain->items[i];
        c->count += strcmp(name_of(item), c->name) == 0;
        if (item == c->item) c->which = c->count;
        if (item->group) count_named(c, item->group);
        for (int32_t j = 0; item->open && j < item->open->count; j++) count_named(c, &item->open->chains[j]);
    }
}

static segment segment_of(const roots *from, const gradus_item *item, const segment *outer)
{
    census c = {.name = name_of(item), .item = item};
    if (item->label) return (segment){.name = item->label, .outer = outer};
    if (from->chain) count_named(&c, from->chain);
    for (int32_t i = 0; from->many && i < from->many->count; i++)
        if (from->many->items[i].chain) count_named(&c, from->many->items[i].chain);
    return (segment){.name = c.name, .number = c.count > 1 ? c.which : 0, .outer = outer};
}

static void walk_call(walk *w, const gradus_item *item, const segment *path)
{
    for (int32_t i = 0; i < item->value_count; i++) {
        const gradus_argument *row = gradus_item_argument(item, i);
        segment s = {.name = row->name, .outer = path};
        if (gradus_row_find(item->family, item->member, row->name) == i) walk_value(w, &item->values[i], &s);
    }
    for (int32_t i = 0; i < item->extra_count; i++) {
        segment s = {.name = item->extra[i].name, .outer = path};
        walk_value(w, &item->extra[i].value, &s);
    }
}

static void walk_chain(walk *w, const roots *from, const gradus_chain *chain, const segment *path)
{
    for (int32_t i = 0; i < chain->count; i++) {
        const gradus_item *item = &chain->items[i];
        segment s = segment_of(from, item, path);
        bool whole = from->chain && from->chain->count == 1 && item == from->chain->items;
        if (item->open) found(w, item->open, whole ? path : &s);
        for (int32_t j = 0; item->open && j < item->open->count; j++) walk_chain(w, from, &item->open->chains[j], path);
        if (item->group) walk_chain(w, from, item->group, path);
        if (item->member) walk_call(w, item, &s);
    }
}

bool gradus_spec_find_open(gradus_spec *spec, gradus_arena *arena)
{
    walk w = {.arena = arena, .end = &spec->open};
    if (spec->chain) walk_chain(&w, &(roots){.chain = spec->chain}, spec->chain, NULL);
    if (spec->value) walk_value(&w, spec->value, NULL);
    spec->open_count = w.count;
    return !w.full;
}

int32_t gradus_spec_open_count(const gradus_spec *spec) { return spec->open_count; }

const char *gradus_spec_open_path(const gradus_spec *spec, int32_t index, const gradus_open **open)
{
    const spec_open *at = spec->open;
    for (int32_t i = 0; at && i < index; i++) at = at->next;
    if (open) *open = at ? at->open : NULL;
    return at ? at->path : NULL;
}
