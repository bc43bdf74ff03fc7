/* spec_print.h - the printer's pen and what writes single values with it. */
#ifndef GRADUS_BASE_SPEC_PRINT_H
#define GRADUS_BASE_SPEC_PRINT_H
#include "spec_bind.h"

typedef struct gradus_pen { /* writes as far as there is room and counts on, as snprintf does */
    char *text;
    size_t size, length;
    const char *compare; /* instead of writing: what has to come; NULL once something else came */
    bool comparing;
    const char *folder; /* what relative paths stand in, to be written with them; NULL: as they are */
    gradus_print how;
} gradus_pen;

void gradus_pen_put(gradus_pen *pen, const char *text, size_t length);
void gradus_pen_text(gradus_pen *pen, const char *text);
size_t gradus_pen_end(gradus_pen *pen);

void gradus_print_quoted(gradus_pen *pen, const char *text);
void gradus_print_chain(gradus_pen *pen, const gradus_chain *chain);
void gradus_print_value(gradus_pen *pen, const gradus_argument *row, const gradus_value *value);

#endif
