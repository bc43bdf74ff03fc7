/* Looks a word up in all tables: names of ours, names that other texts use, words that mean several things, settings.
 * What explain, list and completion have in common. */
#include <ctype.h>
#include <string.h>
#include "cli.h"

const gradus_like *cli_like_of(const gradus_member *member, const char *title)
{
    for (const gradus_like *like = member->like; like && like->framework; like++)
        if (like->title && strcmp(like->title, title) == 0) return like;
    return NULL;
}

/* ReLU is relu: equal but for case, '_' and '-'. */
static bool is_same(const char *a, const char *b)
{
    for (;; a++, b++) {
        a += strspn(a, "_-"), b += strspn(b, "_-");
        if (tolower((unsigned char)*a) != tolower((unsigned char)*b)) return false;
        if (!*a) return true;
    }
}

static bool has_reading(const gradus_family *family, const gradus_member *phrase)
{
    for (const gradus_argument *reading = phrase->arguments; reading->name; reading++)
        if (gradus_language_find(gradus_train_language(), family, reading->name)) return true;
    return false;
}

static bool matches(const gradus_member *member, const char *name, cli_match kind)
{
    switch (kind) {
    case CLI_BY_NAME:
    case CLI_BY_PHRASE: return strcmp(member->name, name) == 0;
    case CLI_BY_TITLE: return cli_like_of(member, name) != NULL;
    case CLI_BY_ALSO: return gradus_names_hold(member->also, name) || is_same(member->name, name);
    }
    return false;
}

const gradus_member *cli_find(const char *name, cli_match kind, int32_t index, const gradus_family **family)
{
    const gradus_language *language = gradus_train_language();
    for (int32_t i = 0; (*family = language->families[i]); i++) {
        const gradus_member *member;
        for (int32_t j = 0; kind != CLI_BY_PHRASE && (member = gradus_language_member(language, *family, j)); j++)
            if (matches(member, name, kind) && index-- == 0) return member;
        for (int32_t j = 0; kind == CLI_BY_PHRASE && (*family)->phrases && (member = (*family)->phrases[j]); j++)
            if (matches(member, name, kind) && has_reading(*family, member) && index-- == 0) return member;
    }
    return NULL;
}

const char *cli_nearest_member(const char *name)
{
    const char *names[1024];
    int32_t count = 0;
    const gradus_language *language = gradus_train_language();
    const gradus_member *member;
    for (int32_t i = 0; language->families[i]; i++)
        for (int32_t j = 0; count < 1024 && (member = gradus_language_member(language, language->families[i], j)); j++)
            names[count++] = member->name;
    return gradus_nearest(name, names, count);
}

bool cli_framework(const cli_call *call, const char *name)
{
    const char *names[64];
    char all[512] = "there are";
    int32_t count = 0;
    for (; count < 64 && gradus_frameworks(count); count++) {
        names[count] = gradus_frameworks(count);
        if (strcmp(names[count], name) == 0) return true;
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s %s", count ? "," : "", names[count]);
    }
    cli_unknown(call, GRADUS_CODE_UNKNOWN_NAME, call->verb->name, gradus_nearest(name, names, count), all,
                "'%s' is no framework that is known here", name);
    return false;
}

const gradus_family *cli_family(const cli_call *call, const char *name)
{
    const gradus_language *language = gradus_train_language();
    const char *names[64];
    int32_t count = 0;
    const gradus_family *family = gradus_language_family(language, name);
    if (family) return family;
    for (; count < 64 && language->families[count]; count++) names[count] = language->families[count]->name;
    cli_unknown(call, GRADUS_CODE_UNKNOWN_NAME, call->verb->name, gradus_nearest(name, names, count),
                "gradus list shows them", "no family '%s'", name);
    return NULL;
}
