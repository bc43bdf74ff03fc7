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
    {.name = "begin",
     .kind = GRADUS_LENGTH,
     .initial = "0",
     .high = INFINITY,
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "how long the curve stays at its first value before it begins"},
    {.name = "ramp",
     .kind = GRADUS_LENGTH,
     .initial = "0",
     .high = INFINITY,
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "a straight rise before the curve; ours is a phase of its own, warmup"},
    {.name = "ramp_from",
     .kind = GRADUS_SHARE,
     .initial = "0",
     .high = INFINITY,
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "share of the rate at which the ramp starts"},
    {.name = "ramp_to",
     .kind = GRADUS_WORD,
     .initial = "curve",
     .words = "curve|peak",
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "where the ramp leads: to the curve, or to the full rate"},
    {.name = "ramp_clock",
     .kind = GRADUS_WORD,
     .initial = "before",
     .words = "before|within|beneath",
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "whether the ramp comes before the length, takes its part of it, or hides the curve's beginning"},
    {.name = "ahead",
     .kind = GRADUS_NUMBER,
     .initial = "0",
     .low = -INFINITY,
     .high = INFINITY,
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "updates that the schedule is ahead of the clock; below 0: behind it"},
    {0}};

const gradus_family gradus_schedule_family = {
    .name = "schedule",
    .summary = "how the rate moves over the run",
    .flags = GRADUS_CHAIN,
    .members = members,
    .common = common,
    .check = gradus_rate_schedule_check,
};
