/* A spec from text to bound tree: parse, put the changes in, bind, check what only the whole shows. Memory is one arena, the
 * caller's or the spec's own. */
#include <math.h>
#include <string.h>
#include "spec_bind.h"
#include "spec.h"

/* ---- checks of the whole ---- */

static bool check_references(gradus_binder *b, const gradus_family *family)
{
    char hint[BIND_HINT];
    for (const bind_name *reference = b->references; reference; reference = reference->next) {
        const char *nearest = NULL;
        const bind_name *label = b->labels;
        for (; label && strcmp(label->name, reference->name) != 0; label = label->next) {
            const char *const pair[] = {nearest, label->name};
            nearest = gradus_nearest(reference->name, pair, 2);
        }
        if (!label)
            return gradus_bind_fail(b, reference->place, GRADUS_CODE_REFERENCE, nearest, "no %s is named '%s'%s",
                                    gradus_noun(family), reference->name, gradus_bind_hint(nearest, hint));
    }
    return true;
}

static int64_t count_layers(const gradus_chain *chain, const gradus_item **too_many);

static int64_t count_item(const gradus_item *item, const gradus_item **too_many)
{
    int64_t inside = item->group ? count_layers(item->group, too_many) : 1;
    for (int32_t i = 0; i < item->value_count && inside <= GRADUS_SPEC_LAYERS; i++) {
        const gradus_value *value = &item->values[i];
        if (value->chain && value->chain->family == item->family) inside += count_layers(value->chain, too_many);
        for (int32_t j = 0; j < value->count && inside <= GRADUS_SPEC_LAYERS; j++)
            if (value->items[j].chain && value->items[j].chain->family == item->family)
                inside += count_layers(value->items[j].chain, too_many);
    }
    return inside > GRADUS_SPEC_LAYERS ? inside : inside * item->repeat;
}

/* How many layers a chain has after repetition; *too_many is the first item with which they pass the limit. */
static int64_t count_layers(const gradus_chain *chain, const gradus_item **too_many)
{
    int64_t count = 0;
    for (int32_t i = 0; i < chain->count && count <= GRADUS_SPEC_LAYERS; i++) {
        count += count_item(&chain->items[i], too_many);
        if (count > GRADUS_SPEC_LAYERS && !*too_many) *too_many = &chain->items[i];
    }
    return count;
}

static bool check_whole(gradus_binder *b, const gradus_chain *chain)
{
    const gradus_item *too_many = NULL;
    if (!check_references(b, chain->family)) return false;
    if (!(chain->family->flags & GRADUS_REPEATS) || count_layers(chain, &too_many) <= GRADUS_SPEC_LAYERS) return true;
    return gradus_bind_fail(b, too_many->place, GRADUS_CODE_TOO_LONG, NULL, "more than %d layers after repetition",
                            GRADUS_SPEC_LAYERS);
}

/* ---- binding ---- */

static tree_node *parse(gradus_binder *b, const gradus_spec_config *config, const gradus_family *family)
{
    bool one_call = family && !(family->flags & GRADUS_CHAIN);
    tree_input input = {.text = b->text, .joint = one_call ? "alternatives are written choice(a, b)" : NULL};
    tree_node *root = gradus_tree_parse(&input, b->arena, b->error);
    if (root && !gradus_bind_changes(b, config, family, root)) return NULL;
    return root;
}

static const gradus_chain *bind_family(gradus_binder *b, const gradus_spec_config *config)
{
    const gradus_family *family = gradus_language_family(config->language, config->family);
    const gradus_chain *chain;
    if (!family) {
        gradus_fail(b->error, GRADUS_ERROR_USE, GRADUS_CODE_UNKNOWN_NAME, "no family '%s'", config->family);
        return NULL;
    }
    tree_node *root = parse(b, config, family);
    if (!root || !gradus_bind_chain(b, family, root, &chain) || !check_whole(b, chain)) return NULL;
    return chain;
}

/* A value without a row keeps its text, and its number if it is one. */
static bool bind_bare(gradus_binder *b, tree_node *node, gradus_value *value)
{
    text_quantity quantity;
    value->given = value->present = true;
    value->place = node->place;
    value->text = node->text;
    value->number = NAN;
    if (gradus_tree_is_text(node) && gradus_text_quantity(node->text, &quantity)) value->number = quantity.number;
    for (const tree_node *at = node->first; at; at = at->next) value->count++;
    gradus_value *items = gradus_bind_take(b, (size_t)value->count * sizeof *items);
    if (!items) return false;
    value->items = items;
    for (tree_node *at = node->first; at; at = at->next)
        if (!bind_bare(b, at, items++)) return false;
    return true;
}

static const gradus_value *bind_single(gradus_binder *b, const gradus_spec_config *config, tree_node **root)
{
    static const gradus_member no_member = {.name = "value"};
    static const gradus_family no_family = {.name = "value"};
    bind_scope scope = {.family = &no_family, .member = &no_member};
    if (!(*root = parse(b, config, NULL))) return NULL;
    gradus_value *value = gradus_bind_take(b, sizeof *value);
    if (!value) return NULL;
    bool fine =
        config->argument ? gradus_bind_value(b, &scope, config->argument, *root, value) : bind_bare(b, *root, value);
    return fine ? value : NULL;
}

static gradus_binder new_binder(const char *text, const gradus_spec_config *config, gradus_arena *arena,
                                gradus_error *error)
{
    static const gradus_family *const none[] = {NULL};
    static const gradus_language no_language = {.families = none};
    return (gradus_binder){.language = config->language ? config->language : &no_language,
                           .arena = arena,
                           .error = error,
                           .text = text,
                           .changes = config->changes,
                           .like = config->like};
}

static bool check_given(const char *text, const gradus_spec_config *config, gradus_error *error)
{
    if (text && config && config->family) return !gradus_failed(error);
    gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_MISSING, "a spec needs a text and the name of its family");
    return false;
}

const gradus_chain *gradus_spec_bind(const char *text, const gradus_spec_config *config, gradus_arena *arena,
                                     gradus_error *error)
{
    if (!check_given(text, config, error)) return NULL;
    gradus_binder b = new_binder(text, config, arena, error);
    return bind_family(&b, config);
}

/* ---- a spec with memory of its own ---- */

gradus_spec *gradus_spec_create(const char *text, const gradus_spec_config *config, gradus_error *error)
{
    if (!check_given(text, config, error)) return NULL;
    gradus_arena arena;
    gradus_arena_open(&arena, config->context);
    gradus_spec *spec = gradus_arena_take(&arena, sizeof *spec, _Alignof(gradus_spec));
    if (!spec) {
        gradus_tree_no_memory(error, &arena);
        return NULL;
    }
    gradus_binder b = new_binder(text, config, &arena, error);
    spec->argument = config->argument;
    if (config->family && strcmp(config->family, "value") == 0)
        spec->value = bind_single(&b, config, &spec->root);
    else
        spec->chain = bind_family(&b, config);
    bool fine = spec->value || spec->chain;
    if (fine && !gradus_spec_find_open(spec, &arena)) fine = gradus_tree_no_memory(error, &arena) == GRADUS_OK;
    spec->arena = arena;
    if (fine) return spec;
    gradus_spec_destroy(spec);
    return NULL;
}

void gradus_spec_destroy(gradus_spec *spec)
{
    if (!spec) return;
    gradus_arena arena = spec->arena; /* the spec lies in it */
    gradus_arena_close(&arena);
}

const gradus_chain *gradus_spec_chain(const gradus_spec *spec) { return spec ? spec->chain : NULL; }

const gradus_value *gradus_spec_value(const gradus_spec *spec) { return spec ? spec->value : NULL; }
