/* spec_tree.h - what parsing leaves behind: calls, texts, lists and chains, each with its place; no names, no types.
 *
 * Private to the spec_*.c files. One kind of node serves for items, values and arguments: where a node stands says what it is. */
#ifndef GRADUS_BASE_SPEC_TREE_H
#define GRADUS_BASE_SPEC_TREE_H
#include "gradus/base.h"
#include "gradus/spec.h"

typedef enum tree_kind {
    TREE_CALL,   /* a bare text, with or without arguments: cosine(to=1%), 0.1, 2M tokens */
    TREE_QUOTED, /* "a text" */
    TREE_LIST,   /* [a, b] */
    TREE_CHAIN   /* a > b, and every group in parentheses */
} tree_kind;

typedef struct tree_node {
    tree_kind kind;
    bool changed;            /* an argument: put there by a change */
    bool parentheses;        /* CALL: written with (...), be it empty */
    int32_t repeat;          /* n * this; 1 unless written */
    int32_t slot;            /* an argument: which row of its member it fills (spec_assign.c) */
    uint32_t flags;          /* enum tree_flags */
    const char *text;        /* CALL, QUOTED: decoded, ends in 0 */
    const char *name;        /* an argument: what stands before '='; NULL: nothing */
    gradus_where place;      /* the whole, with its count, without its name */
    gradus_where text_place; /* CALL: the bare text */
    gradus_where name_place; /* of `name` */
    struct tree_node *first; /* arguments, values or items */
    struct tree_node *next;  /* beside it */
} tree_node;

enum tree_flags {
    TREE_ABSOLUTE = 1,
    TREE_INVERSE = 2
}; /* an argument under a name of like= : what its value means here */

typedef struct tree_input {
    const char *text;          /* ends in 0 */
    size_t from;               /* where to begin: behind the '=' of a change */
    int32_t source;            /* 0: the spec; n: the n-th change */
    const gradus_where *fixed; /* every place is this one: defaults, which nobody wrote; NULL: as they stand */
    const char *joint;         /* what to do where a user joins things wrongly: "items are joined with '>'" */
} tree_input;

/* Parses one whole text. NULL and *error when anything is wrong; an empty text is an error. */
tree_node *gradus_tree_parse(const tree_input *input, gradus_arena *arena, gradus_error *error);

/* A node that is a bare text alone: no arguments, no count. */
static inline bool gradus_tree_is_text(const tree_node *node)
{
    return node->kind == TREE_CALL && !node->parentheses && node->repeat == 1;
}

/* ---- characters and units (spec_text.c) ------------------------------------------------------------------------------ */

/* Bytes of the code point at `text`, which is not at its end; 0: not valid UTF-8. */
size_t gradus_text_code_point(const char *text, uint32_t *point);
/* Bytes of the bare character at `text`; 0: none stands there. */
size_t gradus_text_bare(const char *text);
/* What to write in place of a typographic character; NULL: it is none. */
const char *gradus_text_plain(uint32_t point);
bool gradus_text_needs_quotes(const char *text);

typedef enum text_unit { /* as written: enum gradus_length_unit, then those that become seconds */
                         TEXT_MINUTES = GRADUS_IN_PERCENT + 1,
                         TEXT_HOURS,
                         TEXT_UNITS,
                         TEXT_NO_UNIT = -1,
                         TEXT_UNKNOWN_UNIT = -2
} text_unit;

const char *gradus_text_unit_name(int32_t unit);
int32_t gradus_text_unit(const char *text, size_t length);             /* exact; TEXT_UNKNOWN_UNIT: no such */
const char *gradus_text_nearest_unit(const char *text, size_t length); /* the one meant by "epochs"; NULL: none */

typedef struct text_quantity {
    double number;  /* as written: 10% is 10 hundredths = 0.1, 2h is 2 */
    int32_t unit;   /* enum text_unit */
    size_t unit_at; /* where the unit begins in the text */
} text_quantity;

bool gradus_text_quantity(const char *text, text_quantity *quantity); /* false: no number, with or without a unit */

/* ---- errors (spec_errors.c) ------------------------------------------------------------------------------------------ */

/* Appends to a text of `size` bytes, as far as whole characters fit. */
void gradus_append(char *text, size_t size, const char *format, ...) GRADUS_FORMAT(3, 4);
/* Fills *error; text NULL: without line and column. `near` may be NULL. Returns the status that stands then. */
gradus_status gradus_tree_fail(gradus_error *error, const char *text, gradus_where place, gradus_code code,
                               const char *near, const char *format, ...) GRADUS_FORMAT(6, 7);
gradus_status gradus_tree_no_memory(gradus_error *error, const gradus_arena *arena);

#endif
