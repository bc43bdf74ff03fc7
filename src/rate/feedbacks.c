/* The family of feedbacks: the table of its members. A member is one file and one line in feedbacks.def. */
#include "rate.h"

#define GRADUS_MEMBER(name) &gradus_feedback_##name.member,
static const gradus_member *const members[] = {
#include "feedbacks.def"
    NULL};
#undef GRADUS_MEMBER

static const gradus_argument common[] = {
    {.name = "group",
     .kind = GRADUS_TEXT,
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL,
     .help = "answers for the rate of this group of parameters alone; without it for the rate of all"},
    {0}};

const gradus_family gradus_feedback_family = {
    .name = "feedback",
    .summary = "what answers to the loss",
    .flags = GRADUS_CHAIN,
    .members = members,
    .common = common,
};
