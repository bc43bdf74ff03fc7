/* rows.h - calls made from rows, so that a test walks over all members without naming one. */
#ifndef TESTS_RATE_ROWS_H
#define TESTS_RATE_ROWS_H
#include "gradus/spec.h"
#include <stdio.h>
#include <string.h>

/* What stands for a required argument where a row gives no example. */
static inline const char *sample_of(const gradus_argument *argument)
{
    switch (argument->kind) {
    case GRADUS_LENGTH: return "10";
    case GRADUS_SHARE: return "0.5";
    case GRADUS_NUMBER: return "2";
    case GRADUS_INTEGER: return "3";
    case GRADUS_FLAG: return "true";
    case GRADUS_POINT: return "[10, 0.5]";
    case GRADUS_PIPELINE: return "constant";
    default: return "text";
    }
}

/* "step(every=10", still open, so that more may follow; *any: whether something stands in it. */
static inline void begin_call(const gradus_member *member, char spec[512], bool *any)
{
    if (member->example) {
        const char *end = strrchr(member->example, ')');
        int length = end ? (int)(end - member->example) : (int)strlen(member->example);
        snprintf(spec, 512, "%.*s%s", length, member->example, end ? "" : "(");
        *any = end != NULL;
        return;
    }
    snprintf(spec, 512, "%s(", member->name);
    *any = false;
    for (const gradus_argument *argument = member->arguments; argument->name; argument++) {
        if (argument->initial || argument->flags & GRADUS_OPTIONAL) continue;
        snprintf(spec + strlen(spec), 512 - strlen(spec), "%s%s=%s", *any ? ", " : "", argument->name,
                 sample_of(argument));
        *any = true;
    }
}

/* A member with every required argument given. */
static inline void whole_call(const gradus_member *member, char spec[512])
{
    bool any;
    begin_call(member, spec, &any);
    strcat(spec, ")");
}

#endif
