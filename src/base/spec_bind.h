/* spec_bind.h - what the files that bind a tree to the tables share: the binder itself, and who does what.
 *
 * names -> which member is meant (spec_member.c); arguments -> which rows they fill (spec_assign.c); values -> what a row makes
 * of them (spec_values.c, spec_search.c); chains, items and defaults (spec_bind.c); changes from outside (spec_change.c). */
#ifndef GRADUS_BASE_SPEC_BIND_H
#define GRADUS_BASE_SPEC_BIND_H
#include "spec_tree.h"

typedef struct bind_name { /* a label, or a reference to one */
    const char *name;
    gradus_where place;
    struct bind_name *next;
} bind_name;

typedef struct gradus_binder {
    const gradus_language *language;
    gradus_arena *arena;
    gradus_error *error;
    const char *text;           /* source 0 */
    const char *const *changes; /* source n is changes[n - 1] */
    const char *like;           /* of the whole text; NULL: none */
    int32_t depth;              /* chains inside chains; defaults may nest as well */
    int32_t inside;             /* of them: as an argument of a member of the same family */
    bind_name *labels, *references;
} gradus_binder;

typedef struct bind_scope { /* whose argument is being bound */
    const gradus_family *family;
    const gradus_member *member;
    const gradus_like *like; /* conventions in force; NULL: ours */
} bind_scope;

enum { BIND_EXTRA = -1, BIND_LIKE = -2 }; /* tree_node.slot: a name of the user's own; like= */

/* ---- errors: all return false ---- */

bool gradus_bind_fail(gradus_binder *b, gradus_where place, gradus_code code, const char *near, const char *format, ...)
    GRADUS_FORMAT(5, 6);
/* Memory of the arena, zeroed; NULL: the error is set. */
void *gradus_bind_take(gradus_binder *b, size_t size);
char *gradus_bind_text(gradus_binder *b, const char *text, size_t length);
enum { BIND_WRITTEN = 64 };
/* What the user wrote there, cut to what fits into a message. */
const char *gradus_bind_written(const gradus_binder *b, gradus_where place, char text[BIND_WRITTEN]);
/* "; did you mean 'x'?", or "" */
enum { BIND_HINT = 128 };
const char *gradus_bind_hint(const char *nearest, char text[BIND_HINT]);

/* ---- names ---- */

const char *gradus_noun(const gradus_family *family);
/* "a schedule", "an optimizer" */
const char *gradus_a_noun(const gradus_family *family, char text[BIND_WRITTEN]);
const gradus_argument *gradus_row(const gradus_family *family, const gradus_member *member,
                                  int32_t index); /* NULL: no more */
int32_t gradus_row_count(const gradus_family *family, const gradus_member *member);
int32_t gradus_row_find(const gradus_family *family, const gradus_member *member, const char *name); /* -1: no such */
/* The same for a name as a user writes it: conventions of other frameworks have none. */
int32_t gradus_row_written(const gradus_family *family, const gradus_member *member, const char *name);
/* The next of "a, b, c"; false at the end. */
bool gradus_names_next(const char **list, const char **name, size_t *length);

typedef struct like_entry { /* one of "T_max=length, eta_min=to absolute" */
    const char *left, *right;
    size_t left_length, right_length;
    uint32_t flags;       /* enum tree_flags */
    const char *no, *yes; /* the words that their false and true stand for; NULL: none */
    size_t no_length, yes_length;
} like_entry;
bool gradus_like_next(const char **list, like_entry *entry);
/* The row of a framework's conventions, by its name or as "timm.nadamw"; of several the first that knows all names in the call.
 * NULL: none. */
const gradus_like *gradus_like_row(const gradus_family *family, const gradus_member *member, const char *framework,
                                   const tree_node *node);
/* Their name of a parameter -> ours, as an index of rows; -1: they have no such. */
int32_t gradus_like_find(const bind_scope *scope, const char *name, uint32_t *flags);
/* Their true or false -> our word, where they have a flag for what is a choice here. False: no such. */
bool gradus_like_word(const bind_scope *scope, const char *name, const char *truth, const char **word, size_t *length);
/* The default that is in force. False: there is none. */
bool gradus_like_initial(const bind_scope *scope, const gradus_argument *row, const char **text, size_t *length,
                         uint32_t *flags);

/* ---- binding ---- */

bool gradus_bind_enter(gradus_binder *b,
                       gradus_where place); /* one level deeper; false: too deep. Leave by b->depth-- in both cases */
bool gradus_is_none(const tree_node *node);
/* The member that an item names; a text that only a reader takes becomes a call of the reader. NULL: an error. */
const gradus_member *gradus_bind_member(gradus_binder *b, const gradus_family *family, tree_node *node);
bool gradus_bind_like(gradus_binder *b, const gradus_family *family, const gradus_member *member, const tree_node *node,
                      const gradus_like **like, bool *given);
bool gradus_bind_assign(gradus_binder *b, const bind_scope *scope, tree_node *node);
bool gradus_bind_missing(gradus_binder *b, const bind_scope *scope, const tree_node *node, const gradus_argument *row);
bool gradus_bind_value(gradus_binder *b, const bind_scope *scope, const gradus_argument *row, tree_node *node,
                       gradus_value *value);
bool gradus_bind_number(gradus_binder *b, const gradus_argument *row, const tree_node *node, gradus_value *value);
bool gradus_bind_expected(gradus_binder *b, const gradus_argument *row, const tree_node *node);
bool gradus_bind_chain(gradus_binder *b, const gradus_family *family, tree_node *node, const gradus_chain **chain);
bool gradus_bind_chain_into(gradus_binder *b, const gradus_family *family, tree_node *node, gradus_chain *chain);

/* What a node is to a search: one of the reserved names, written as a call (or `search` alone). */
typedef enum bind_search {
    BIND_NO_SEARCH = -1,
    BIND_SEARCH = GRADUS_CHOICE + 1
} bind_search; /* else enum gradus_search */
int32_t gradus_bind_search_of(const tree_node *node);
bool gradus_bind_open_value(gradus_binder *b, const bind_scope *scope, const gradus_argument *row, tree_node *node,
                            gradus_value *value);
bool gradus_bind_open_item(gradus_binder *b, const gradus_family *family, tree_node *node, gradus_item *item);

/* Puts config->changes into the tree. */
bool gradus_bind_changes(gradus_binder *b, const gradus_spec_config *config, const gradus_family *family,
                         tree_node *root);

#endif
