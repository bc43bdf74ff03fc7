/* spec.h - what a bound spec holds: for the files that make, print and search it. */
#ifndef GRADUS_BASE_SPEC_H
#define GRADUS_BASE_SPEC_H
#include "spec_tree.h"

typedef struct spec_open { /* a search value in it */
    const char *path;
    const gradus_open *open;
    struct spec_open *next;
} spec_open;

struct gradus_spec {
    gradus_arena arena;              /* in which all of it lies, this struct too */
    const gradus_chain *chain;       /* of a family; or: */
    const gradus_value *value;       /* one value, */
    const gradus_argument *argument; /* ... bound to this row; NULL: to none, and printed from its tree */
    tree_node *root;
    spec_open *open; /* in the order of the text */
    int32_t open_count;
};

/* Fills `open`; false: no memory. */
bool gradus_spec_find_open(gradus_spec *spec, gradus_arena *arena);

#endif
