/* A member as JSON: what `list --json` and `explain --json` hand to machines, straight from the row. */
#include <math.h>
#include <string.h>
#include "cli.h"

/* "a, b, c" or "a|b|c" as an array. */
static void put_names(gradus_json *json, const char *key, const char *names, const char *separators)
{
    gradus_json_open(json, key, '[');
    while (names && *names) {
        char name[128];
        size_t length = strcspn(names, separators);
        snprintf(name, sizeof name, "%.*s", (int)length, names);
        gradus_json_text(json, NULL, name);
        names += length;
        names += strspn(names, separators);
        names += strspn(names, " ");
    }
    gradus_json_close(json, ']');
}

/* What stands after `name=` ("to=0" of "past=mirror, to=0"), or before `=name` ("T_max" of "T_max=length, eta_min=to absolute"). */
static bool entry_of(const char *list, const char *name, bool left, char text[128])
{
    for (; list && *list; list += strcspn(list, ","), list += strspn(list, ", ")) {
        size_t whole = strcspn(list, ","), equals = strcspn(list, "=");
        const char *ours = left ? list + equals + 1 : list;
        size_t length = left ? strcspn(ours, ", ") : equals;
        if (equals >= whole || length != strlen(name) || memcmp(ours, name, length) != 0) continue;
        if (left)
            snprintf(text, 128, "%.*s", (int)equals, list);
        else
            snprintf(text, 128, "%.*s", (int)(whole - equals - 1), list + equals + 1);
        return true;
    }
    return false;
}

static void put_like(gradus_json *json, const gradus_member *member, const gradus_argument *row)
{
    gradus_json_open(json, "like", '{');
    const char *before = "";
    for (const gradus_like *like = member->like; like && like->framework; like++) {
        char name[128], initial[128];
        bool named = entry_of(like->names, row->name, true, name),
             changed = entry_of(like->initial, row->name, false, initial);
        if ((!named && !changed) || strcmp(before, like->framework) == 0) continue;
        before = like->framework; /* of several rows of a framework the first that speaks of it */
        gradus_json_open(json, like->framework, '{');
        gradus_json_text(json, "name", named ? name : row->name);
        gradus_json_text(json, "default", changed ? initial : row->initial);
        gradus_json_close(json, '}');
    }
    gradus_json_close(json, '}');
}

static void put_bound(gradus_json *json, const char *key, bool any, double bound)
{
    if (any || !isfinite(bound))
        gradus_json_text(json, key, NULL);
    else
        gradus_json_number(json, key, bound);
}

static void put_argument(gradus_json *json, const gradus_member *member, const gradus_family *family,
                         const gradus_argument *row)
{
    bool any = row->low == 0 && row->high == 0;
    gradus_json_open(json, NULL, '{');
    gradus_json_text(json, "name", row->name);
    gradus_json_text(json, "type",
                     row->kind == GRADUS_PIPELINE ? row->family ? row->family : family->name : cli_type(row));
    gradus_json_text(json, "default", row->initial);
    put_bound(json, "low", any, row->low);
    put_bound(json, "high", any, row->high);
    gradus_json_flag(json, "low_open", row->open && strchr(row->open, '('));
    gradus_json_flag(json, "high_open", row->open && strchr(row->open, ')'));
    gradus_json_text(json, "unit", row->kind == GRADUS_LENGTH ? "updates" : NULL);
    put_names(json, "values", row->words, "|");
    gradus_json_flag(json, "positional", !(row->flags & GRADUS_NAMED) && !(family->flags & GRADUS_NO_POSITIONAL));
    gradus_json_flag(json, "required", cli_required(row));
    gradus_json_flag(json, "many", row->flags & (GRADUS_MANY | GRADUS_LIST));
    gradus_json_flag(json, "scheduled", row->flags & GRADUS_SCHEDULED);
    gradus_json_flag(json, "foreign", row->flags & GRADUS_FOREIGN);
    gradus_json_text(json, "help", row->help);
    put_like(json, member, row);
    gradus_json_close(json, '}');
}

void cli_json_member(gradus_json *json, const gradus_family *family, const gradus_member *member)
{
    gradus_json_open(json, NULL, '{');
    gradus_json_text(json, "family", family->name);
    gradus_json_text(json, "name", member->name);
    gradus_json_text(json, "summary", member->summary);
    gradus_json_text(json, "formula", member->formula);
    gradus_json_text(json, "paper", member->paper);
    gradus_json_text(json, "example", member->example);
    put_names(json, "also", member->also, ",");
    gradus_json_open(json, "parameters", '[');
    for (const gradus_argument *row = member->arguments; row && row->name; row++)
        put_argument(json, member, family, row);
    for (const gradus_argument *row = family->common; row && row->name; row++)
        if (cli_is_written(member, row)) put_argument(json, member, family, row);
    gradus_json_close(json, ']');
    gradus_json_open(json, "open", '['); /* names of the user's own, or only these */
    for (const gradus_argument *row = member->open; row && row->name; row++) put_argument(json, member, family, row);
    gradus_json_close(json, ']');
    gradus_json_close(json, '}');
}
