/* spec_parser.h - the parser's own state, shared by the grammar (spec_parse.c) and what explains its errors (spec_syntax.c). */
#ifndef GRADUS_BASE_SPEC_PARSER_H
#define GRADUS_BASE_SPEC_PARSER_H
#include "spec_tree.h"

typedef enum gradus_parse_within { PARSE_IN_CALL, PARSE_IN_GROUP, PARSE_IN_LIST } gradus_parse_within;
typedef enum gradus_parse_wanted { PARSE_ITEM, PARSE_JOINT } gradus_parse_wanted; /* a value; or what may follow one */

typedef struct gradus_opening { /* a bracket that is open, innermost first */
    gradus_parse_within within;
    size_t at;
    const struct gradus_opening *outer;
} gradus_opening;

typedef struct gradus_parser {
    gradus_arena *arena;
    gradus_error *error;
    const char *text;
    size_t at;   /* the next byte */
    size_t last; /* end of the last token, before white space and comments */
    int32_t source, depth, nodes;
    const gradus_where *fixed;
    const char *joint;
    const gradus_opening *open;
} gradus_parser;

tree_node *gradus_parse_value(gradus_parser *p);
void gradus_parse_skip(gradus_parser *p);                      /* white space and comments */
size_t gradus_parse_span(const gradus_parser *p, size_t from); /* bytes of the bare text that begins there */
gradus_where gradus_parse_place(const gradus_parser *p, size_t from, size_t to);

/* Both set the error and return NULL, which is false as well. The second says why what stands at p->at cannot stand there. */
void *gradus_parse_fail(gradus_parser *p, size_t from, size_t length, gradus_code code, const char *format, ...)
    GRADUS_FORMAT(5, 6);
void *gradus_parse_unexpected(gradus_parser *p, gradus_parse_wanted wanted);

#endif
