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

typedef struct segment { /* a part of a path: "conv.2" is one, the second conv */
    const char *name;
    int32_t number; /* 0: the only one of that name */
    const struct segment *outer;
} segment;

typedef struct walk {
    gradus_arena *arena;
    spec_open **end;
    int32_t count;
    bool full; /* the arena */
} walk;

static void walk_chain(walk *w, const gradus_chain *chain, const segment *path);

static void print_path(gradus_pen *pen, const segment *path)
{
    char number[32];
    if (!path) return;
    print_path(pen, path->outer);
    if (path->outer) gradus_pen_text(pen, ".");
    gradus_pen_text(pen, path->name);
    if (!path->number) return;
    gradus_number_print(path->number, number);
    gradus_pen_text(pen, "."), gradus_pen_text(pen, number);
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
    if (value->open) found(w, value->open, path);
    for (int32_t i = 0; value->open && value->open->values && i < value->open->count; i++)
        walk_value(w, &value->open->values[i], path);
    if (value->chain) walk_chain(w, value->chain, path);
    for (int32_t i = 0; i < value->count; i++) walk_value(w, &value->items[i], path);
}

static const char *name_of(const gradus_item *item)
{
    return item->label ? item->label : item->member ? item->member->name : "choice";
}

/* An item is called by its label, or by its member's name, with a number where several have it. */
static segment segment_of(const gradus_chain *chain, int32_t index, const segment *outer)
{
    segment s = {.name = name_of(&chain->items[index]), .outer = outer};
    int32_t before = 0, all = 0;
    for (int32_t i = 0; i < chain->count; i++) {
        bool same = strcmp(name_of(&chain->items[i]), s.name) == 0;
        all += same, before += same && i < index;
    }
    s.number = all > 1 ? before + 1 : 0;
    return s;
}

static void walk_item(walk *w, const gradus_item *item, const segment *path)
{
    if (item->open) found(w, item->open, path);
    for (int32_t i = 0; item->open && i < item->open->count; i++) walk_chain(w, &item->open->chains[i], path);
    if (item->group) walk_chain(w, item->group, path);
    for (int32_t i = 0; i < item->value_count; i++) {
        segment s = {.name = gradus_item_argument(item, i)->name, .outer = path};
        walk_value(w, &item->values[i], &s);
    }
    for (int32_t i = 0; i < item->extra_count; i++) {
        segment s = {.name = item->extra[i].name, .outer = path};
        walk_value(w, &item->extra[i].value, &s);
    }
}

static void walk_chain(walk *w, const gradus_chain *chain, const segment *path)
{
    for (int32_t i = 0; i < chain->count; i++) {
        segment s = segment_of(chain, i, path);
        bool whole = (chain->count == 1 && chain->items[i].open) || chain->items[i].group; /* has no name of its own */
        walk_item(w, &chain->items[i], whole ? path : &s);
    }
}

bool gradus_spec_find_open(gradus_spec *spec, gradus_arena *arena)
{
    walk w = {.arena = arena, .end = &spec->open};
    if (spec->chain) walk_chain(&w, spec->chain, NULL);
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
