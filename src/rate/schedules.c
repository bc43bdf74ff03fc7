/* The family of schedules: the table of its members and what all of them understand.
 * A member is one file and one line in schedules.def; nothing else names it. */
#include "rate.h"

#define GRADUS_MEMBER(name) &gradus_schedule_##name.member,
static const gradus_member *const members[] = {
#include "schedules.def"
    NULL};
#undef GRADUS_MEMBER

static const gradus_argument common[] = {
    {.name = "length",
     .kind = GRADUS_LENGTH,
     .high = INFINITY,
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL,
     .help = "how long the phase lasts; the one phase without it takes what is left of the run",
     .search = NULL},
    {.name = "floor",
     .kind = GRADUS_SHARE,
     .initial = "0",
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "never below this share of the peak"},
    {.name = "past",
     .kind = GRADUS_WORD,
     .initial = "hold",
     .words = "hold|repeat|mirror|peak|error",
     .flags = GRADUS_NAMED,
     .help = "past the end of the last phase: hold its last value, repeat it, go there and back, return to the peak, "
             "or refuse "
             "to be shorter than the run"},
    {0}};

const gradus_family gradus_schedule_family = {
    .name = "schedule",
    .summary = "how the rate moves over the run",
    .flags = GRADUS_CHAIN,
    .members = members,
    .common = common,
    .check = gradus_rate_schedule_check,
};
