/* Candidates of completion: gathered by candidates.c and verb_complete.c, printed a line each. */
#ifndef GRADUS_CLI_COMPLETE_H
#define GRADUS_CLI_COMPLETE_H
#include "cli.h"

typedef struct cli_candidates {
    const char *word;   /* what has been typed of the last word, quotes removed */
    const char *before; /* what stands in the word before the text that is completed: "schedule=" */
    int32_t count;
} cli_candidates;

/* Prints before + text[0..length) + name + after, a tab and what it is, if that goes on from what has been typed. */
void cli_candidate(cli_candidates *out, const char *text, size_t length, const char *name, const char *after,
                   const char *about);
/* All that may stand at the end of a value of the row. */
void cli_candidates_value(cli_candidates *out, const char *text, const gradus_argument *row);

#endif
