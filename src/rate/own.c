/* The tables that texts of this room speak of, and members of the user's own: checked as strictly as the tests check ours. */
#include "rate.h"
#include <string.h>

static const gradus_family *const families[] = {&gradus_schedule_family, &gradus_feedback_family, NULL};

gradus_language gradus_rate_language(const gradus_context *context)
{
    return (gradus_language){.families = families, .context = context};
}

/* Names are [a-z][a-z0-9_-]*, as the language has them. */
static bool is_name(const char *name)
{
    if (!name || *name < 'a' || *name > 'z') return false;
    return name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-")] == 0;
}

static gradus_status add(gradus_context *context, const gradus_family *family, const gradus_member *member, int32_t abi,
                         const char *malformed, gradus_error *error)
{
    if (gradus_failed(error)) return (gradus_status)error->status;
    gradus_language language = gradus_rate_language(NULL);
    if (abi != GRADUS_ABI)
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_REFUSED,
                           "the row was made for ABI %d, this library has ABI %d", (int)abi, GRADUS_ABI);
    if (!is_name(member->name) || !member->summary || !member->arguments)
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_MISSING,
                           "the row of a %s needs a name of lower case letters, a summary and arguments", family->name);
    if (malformed)
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_MISSING, "the row of '%s' %s", member->name, malformed);
    if (gradus_language_find(&language, family, member->name))
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_REPEATED, "there is a %s named '%s' already",
                           family->name, member->name);
    return gradus_context_add_member(context, family->name, member, error);
}

gradus_status gradus_context_add_schedule(gradus_context *context, const gradus_schedule_row *row, gradus_error *error)
{
    const char *malformed = row->factor ? NULL : "has no factor";
    return add(context, &gradus_schedule_family, &row->member, row->abi, malformed, error);
}

/* Every field inside the state; what is as long as an argument says comes behind it. */
static bool fields_fit(const gradus_feedback_row *row)
{
    for (const gradus_field *field = row->fields; field && field->name; field++) {
        size_t count = field->length_argument < 0 ? (size_t)-field->length_argument : 1;
        if (field->length_argument <= 0 && field->offset + count * sizeof(double) > row->state_size) return false;
    }
    return true;
}

/* A state has one size: a length may be another number of updates when the run is extended. */
static bool sizes_are_whole(const gradus_feedback_row *row)
{
    int32_t count = 0;
    while (row->member.arguments && row->member.arguments[count].name) count++;
    for (const gradus_field *field = row->fields; field && field->name; field++) {
        int32_t at = field->length_argument;
        if (at > 0 && (at > count || row->member.arguments[at - 1].kind != GRADUS_INTEGER)) return false;
    }
    return true;
}

gradus_status gradus_context_add_feedback(gradus_context *context, const gradus_feedback_row *row, gradus_error *error)
{
    const char *malformed = !row->observe && !row->decide     ? "neither observes nor decides"
                            : row->state_size && !row->fields ? "has a state without fields"
                            : !fields_fit(row)                ? "has a field outside its state"
                            : !sizes_are_whole(row)           ? "has a field whose size is no whole number of its own"
                                                              : NULL;
    return add(context, &gradus_feedback_family, &row->member, row->abi, malformed, error);
}
