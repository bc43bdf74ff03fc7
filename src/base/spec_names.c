/* Names in the tables: families, members, parameters, the names that other texts and other frameworks give them.
 * Look-ups only; what is said about a name that is not there stands in spec_member.c and spec_assign.c. */
#include <string.h>
#include "spec_bind.h"

/* ---- families and members ---- */

const gradus_family *gradus_language_family(const gradus_language *language, const char *name)
{
    if (!language || !name) return NULL;
    for (const gradus_family *const *family = language->families; *family; family++)
        if (strcmp((*family)->name, name) == 0) return *family;
    return NULL;
}

const gradus_member *gradus_language_member(const gradus_language *language, const gradus_family *family, int32_t index)
{
    int32_t built_in = 0;
    for (; family->members[built_in]; built_in++)
        if (built_in == index) return family->members[built_in];
    return language && language->context ? gradus_context_member(language->context, family->name, index - built_in)
                                         : NULL;
}

const gradus_member *gradus_language_find(const gradus_language *language, const gradus_family *family,
                                          const char *name)
{
    const gradus_member *member;
    for (int32_t i = 0; (member = gradus_language_member(language, family, i)) != NULL; i++)
        if (strcmp(member->name, name) == 0) return member;
    return NULL;
}

const char *gradus_noun(const gradus_family *family) { return family->noun ? family->noun : family->name; }

const char *gradus_a_noun(const gradus_family *family, char text[BIND_WRITTEN])
{
    const char *noun = gradus_noun(family);
    text[0] = 0;
    gradus_append(text, BIND_WRITTEN, "%s %s", strchr("aeiou", *noun) ? "an" : "a", noun);
    return text;
}

/* ---- parameters: a member's own, then those common to its family ---- */

static int32_t count(const gradus_argument *rows)
{
    int32_t rows_count = 0;
    while (rows && rows[rows_count].name) rows_count++;
    return rows_count;
}

int32_t gradus_row_count(const gradus_family *family, const gradus_member *member)
{
    return count(member->arguments) + count(family->common);
}

const gradus_argument *gradus_row(const gradus_family *family, const gradus_member *member, int32_t index)
{
    int32_t own = count(member->arguments);
    if (index < own) return &member->arguments[index];
    return index - own < count(family->common) ? &family->common[index - own] : NULL;
}

int32_t gradus_row_find(const gradus_family *family, const gradus_member *member, const char *name)
{
    const gradus_argument *row;
    for (int32_t i = 0; (row = gradus_row(family, member, i)) != NULL; i++)
        if (strcmp(row->name, name) == 0) return i;
    return -1;
}

int32_t gradus_row_written(const gradus_family *family, const gradus_member *member, const char *name)
{
    int32_t index = gradus_row_find(family, member, name);
    return index >= 0 && gradus_row(family, member, index)->flags & GRADUS_FOREIGN ? -1 : index;
}

const gradus_argument *gradus_language_argument(const gradus_family *family, const gradus_member *member,
                                                const char *name)
{
    int32_t index = gradus_row_find(family, member, name);
    return index < 0 ? NULL : gradus_row(family, member, index);
}

/* ---- lists of names: "eta_min, min_lr" ---- */

bool gradus_names_next(const char **list, const char **name, size_t *length)
{
    if (!*list) return false;
    const char *at = *list + strspn(*list, ", ");
    *name = at;
    *length = strcspn(at, ",");
    *list = at + *length;
    while (*length && at[*length - 1] == ' ') --*length;
    return *length > 0;
}

bool gradus_names_hold(const char *names, const char *name)
{
    const char *one;
    size_t length, wanted = strlen(name);
    while (gradus_names_next(&names, &one, &length))
        if (length == wanted && memcmp(one, name, length) == 0) return true;
    return false;
}

/* ---- other frameworks ---- */

const char *gradus_frameworks(int32_t index)
{
    static const char *const names[] = {
        "torch", "optax", "keras",        "timm",        "hf",     "deepspeed", "pytorch_optimizer",
        "llmc",  "dlib",  "schedulefree", "dadaptation", "prodigy"};
    return index >= 0 && index < (int32_t)(sizeof names / sizeof *names) ? names[index] : NULL;
}

/* A value may hold commas of its own in brackets: "boundaries=[1, 2], to=0". */
bool gradus_like_next(const char **list, like_entry *entry)
{
    if (!*list) return false;
    const char *at = *list + strspn(*list, ", ");
    size_t whole = 0;
    for (int depth = 0; at[whole] && (depth || at[whole] != ','); whole++)
        depth += (at[whole] == '[' || at[whole] == '(') - (at[whole] == ']' || at[whole] == ')');
    *list = at + whole;
    const char *equals = memchr(at, '=', whole);
    if (!equals) return false;
    const char *right = equals + 1;
    size_t length = whole - (size_t)(right - at);
    *entry = (like_entry){.left = at, .left_length = (size_t)(equals - at), .right = right, .right_length = length};
    static const struct {
        const char *word;
        size_t length;
        uint32_t flag;
    } words[] = {{" absolute", 9, TREE_ABSOLUTE}, {" inverse", 8, TREE_INVERSE}};
    for (int i = 0; i < 2; i++) {
        if (length <= words[i].length || memcmp(right + length - words[i].length, words[i].word, words[i].length) != 0)
            continue;
        entry->flags = words[i].flag;
        entry->right_length -= words[i].length;
    }
    const char *space = memchr(right, ' ', entry->right_length),
               *bar = space ? memchr(space, '|', length - (size_t)(space - right)) : NULL;
    if (!bar) return true;
    entry->right_length = (size_t)(space - right);
    entry->no = space + 1, entry->yes = bar + 1;
    entry->no_length = (size_t)(bar - entry->no), entry->yes_length = (size_t)(right + length - entry->yes);
    return true;
}

static bool equal(const char *text, size_t length, const char *name)
{
    return strlen(name) == length && memcmp(text, name, length) == 0;
}

int32_t gradus_like_find(const bind_scope *scope, const char *name, uint32_t *flags)
{
    like_entry entry;
    const gradus_argument *row;
    const char *list = scope->like ? scope->like->names : NULL;
    while (gradus_like_next(&list, &entry)) {
        if (!equal(entry.left, entry.left_length, name)) continue;
        *flags = entry.flags;
        for (int32_t i = 0; (row = gradus_row(scope->family, scope->member, i)) != NULL; i++)
            if (equal(entry.right, entry.right_length, row->name)) return i;
    }
    return -1;
}

bool gradus_like_word(const bind_scope *scope, const char *name, const char *truth, const char **word, size_t *length)
{
    like_entry entry;
    const bool yes = strcmp(truth, "true") == 0;
    if (!yes && strcmp(truth, "false") != 0) return false;
    for (const char *list = scope->like->names; gradus_like_next(&list, &entry);) {
        if (!entry.yes || !equal(entry.left, entry.left_length, name)) continue;
        *word = yes ? entry.yes : entry.no;
        *length = yes ? entry.yes_length : entry.no_length;
        return true;
    }
    return false;
}

/* Whether a call's names are all ours or the row's. */
static bool knows_all(const bind_scope *scope, const tree_node *node)
{
    uint32_t flags;
    for (const tree_node *at = node->first; at; at = at->next)
        if (at->name && strcmp(at->name, "like") != 0 && gradus_like_find(scope, at->name, &flags) < 0 &&
            gradus_row_written(scope->family, scope->member, at->name) < 0)
            return false;
    return true;
}

const gradus_like *gradus_like_row(const gradus_family *family, const gradus_member *member, const char *framework,
                                   const tree_node *node)
{
    const gradus_like *first = NULL;
    const size_t length = framework ? strcspn(framework, ".") : 0;
    const char *title = framework && framework[length] ? framework + length + 1 : NULL;
    for (const gradus_like *like = member->like; like && framework && like->framework; like++) {
        if (!equal(framework, length, like->framework) || (title && strcmp(like->title, title) != 0)) continue;
        bind_scope scope = {.family = family, .member = member, .like = like};
        if (knows_all(&scope, node)) return like;
        if (!first) first = like;
    }
    return first;
}

bool gradus_like_initial(const bind_scope *scope, const gradus_argument *row, const char **text, size_t *length,
                         uint32_t *flags)
{
    like_entry entry;
    const char *list = scope->like ? scope->like->initial : NULL;
    while (gradus_like_next(&list, &entry)) {
        if (!equal(entry.left, entry.left_length, row->name)) continue;
        *text = entry.right, *length = entry.right_length, *flags = entry.flags;
        return true;
    }
    *flags = 0;
    *text = row->initial, *length = row->initial ? strlen(row->initial) : 0;
    return row->initial != NULL;
}
