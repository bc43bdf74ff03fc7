/* A bound text as JSON, for editors and tests: each call with its place, each argument with what was understood. */
#include <string.h>
#include "cli.h"

static void put_chain(gradus_json *json, const char *key, const gradus_chain *chain);
static void put_value(gradus_json *json, const char *key, const gradus_value *value, const gradus_argument *row);

static const char *const units[] = {"updates", "samples", "tokens", "epochs", "seconds", "percent"};
static const char *const searches[] = {"uniform", "loguniform", "int", "choice"};

static void put_place(gradus_json *json, gradus_where place)
{
    gradus_json_number(json, "offset", place.offset);
    gradus_json_number(json, "length", place.length);
}

static void put_open(gradus_json *json, const char *key, const gradus_open *open, const gradus_argument *row)
{
    gradus_json_open(json, key, '{');
    gradus_json_text(json, "search", searches[open->search]);
    if (open->search == GRADUS_CHOICE) {
        gradus_json_open(json, "of", '[');
        for (int32_t i = 0; i < open->count; i++)
            if (open->chains)
                put_chain(json, NULL, &open->chains[i]);
            else
                put_value(json, NULL, &open->values[i], row);
        gradus_json_close(json, ']');
    } else {
        gradus_json_number(json, "low", open->low);
        gradus_json_number(json, "high", open->high);
        gradus_json_flag(json, "log", open->logarithmic || open->search == GRADUS_LOGUNIFORM);
    }
    gradus_json_close(json, '}');
}

/* What a single value was understood as. */
static void put_single(gradus_json *json, const gradus_value *value, const gradus_argument *row)
{
    if (value->open) {
        put_open(json, "value", value->open, row);
    } else if (value->chain) {
        put_chain(json, "value", value->chain);
    } else if (value->text) {
        gradus_json_text(json, "value", value->text);
    } else if (row && row->kind == GRADUS_FLAG) {
        gradus_json_flag(json, "value", value->number != 0);
    } else {
        gradus_json_number(json, "value", value->number);
        if (row && row->kind == GRADUS_LENGTH) gradus_json_text(json, "unit", units[value->unit]);
    }
}

static void put_value(gradus_json *json, const char *key, const gradus_value *value, const gradus_argument *row)
{
    gradus_json_open(json, key, '{');
    if (value->items) {
        gradus_json_open(json, "items", '[');
        for (int32_t i = 0; i < value->count; i++) put_value(json, NULL, &value->items[i], row);
        gradus_json_close(json, ']');
    } else {
        put_single(json, value, row);
    }
    gradus_json_flag(json, "given", value->given);
    put_place(json, value->place);
    gradus_json_close(json, '}');
}

static void put_item(gradus_json *json, const gradus_item *item)
{
    gradus_json_open(json, NULL, '{');
    if (item->member) gradus_json_text(json, "name", item->member->name);
    if (item->repeat != 1) gradus_json_number(json, "repeat", item->repeat);
    if (item->label) gradus_json_text(json, "label", item->label);
    if (item->like) gradus_json_text(json, "like", item->like->framework);
    if (item->group) put_chain(json, "group", item->group);
    if (item->open) put_open(json, "open", item->open, NULL);
    if (item->member) {
        gradus_json_open(json, "arguments", '{');
        for (int32_t i = 0; i < item->value_count; i++) {
            const gradus_argument *row = gradus_item_argument(item, i);
            bool hidden =
                row != gradus_language_argument(item->family, item->member, row->name); /* a common one, by its own */
            hidden = hidden || (row->flags & GRADUS_FOREIGN && !item->values[i].given);
            if (item->values[i].present && !hidden) put_value(json, row->name, &item->values[i], row);
        }
        for (int32_t i = 0; i < item->extra_count; i++)
            put_value(json, item->extra[i].name, &item->extra[i].value, item->member->open);
        gradus_json_close(json, '}');
    }
    put_place(json, item->place);
    gradus_json_close(json, '}');
}

static void put_chain(gradus_json *json, const char *key, const gradus_chain *chain)
{
    gradus_json_open(json, key, '[');
    for (int32_t i = 0; i < chain->count; i++) put_item(json, &chain->items[i]);
    gradus_json_close(json, ']');
}

void cli_json_spec(gradus_json *json, const gradus_spec *spec)
{
    const gradus_chain *chain = gradus_spec_chain(spec);
    const gradus_value *value = chain ? NULL : gradus_spec_value(spec);
    if (chain) put_chain(json, NULL, chain);
    if (value) put_value(json, NULL, value, NULL);
}
