/* The families of data sets and of augmentations; a member is one file and one line in a .def file.
 * A text that names no member stands for the reader of its ending: house.csv is csv(house.csv). */
#include "augment.h"
#include <string.h>

#define GRADUS_MEMBER(name) &gradus_reader_##name.member,
static const gradus_member *const data_members[] = {
#include "readers.def"
    NULL};
#undef GRADUS_MEMBER
enum { READERS = sizeof data_members / sizeof *data_members - 1 };

/* A member is the first field of its row. */
const gradus_reader *gradus_reader_at(int32_t index)
{
    return index >= 0 && index < READERS ? (const gradus_reader *)data_members[index] : NULL;
}

/* Whether a text ends like one of the words of a list ".csv .tsv", in capitals or not, and has something before it. */
static bool ends_like(const char *text, const char *endings)
{
    size_t length = strlen(text);
    for (const char *at = endings; at && *at; at += strcspn(at, " "), at += *at == ' ') {
        size_t size = strcspn(at, " "), same = 0;
        if (length <= size) continue;
        for (const char *end = text + length - size; same < size; same++)
            if (end[same] != at[same] && !(end[same] >= 'A' && end[same] <= 'Z' && end[same] + 32 == at[same])) break;
        if (same == size) return true;
    }
    return false;
}

static const gradus_member *reader_of(const char *text)
{
    for (int32_t i = 0; gradus_reader_at(i); i++)
        if (ends_like(text, gradus_reader_at(i)->endings)) return &gradus_reader_at(i)->member;
    return NULL;
}

const gradus_family gradus_data_family = {
    .name = "data",
    .summary = "what is learnt: known sets, files, generated sets",
    .members = data_members,
    .reader = reader_of,
    .reader_noun = "reader",
    .noun = "data set",
};

#define GRADUS_MEMBER(name) &gradus_augment_##name.member,
static const gradus_member *const augment_members[] = {
#include "augments.def"
    NULL};
#undef GRADUS_MEMBER

const gradus_family gradus_augment_family = {
    .name = "augment",
    .summary = "what is done to each training example anew every epoch",
    .flags = GRADUS_CHAIN,
    .members = augment_members,
    .noun = "augmentation",
};
