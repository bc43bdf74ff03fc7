/* The table of verbs, from verbs.def. Help, completion and the reading of the command line walk over it. */
#include <string.h>
#include "cli.h"

static const cli_verb *const verbs[] = {
#define VERB(name) &cli_verb_##name,
#include "verbs.def"
#undef VERB
};

const cli_verb *cli_verb_at(int32_t index)
{
    return index >= 0 && (size_t)index < sizeof verbs / sizeof *verbs ? verbs[index] : NULL;
}

const cli_verb *cli_verb_find(const char *name)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(verbs[i]->name, name) == 0) return verbs[i];
    return NULL;
}

cli_exit cli_verb_unknown(const cli_call *call, const char *word)
{
    const char *names[64], *dot = strrchr(word, '.');
    int32_t count = 0;
    for (const cli_verb *verb; (verb = cli_verb_at(count)) && count < 64; count++)
        names[count] = verb->hidden ? NULL : verb->name;
    const char *near = gradus_nearest(word, names, count);
    if (dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0))
        return cli_fail(call, GRADUS_CODE_UNKNOWN_NAME, NULL,
                        "no command '%s'; a run file stands after its command: gradus train %s", word, word);
    return cli_unknown(call, GRADUS_CODE_UNKNOWN_NAME, NULL, near, "gradus help lists them", "no command '%s'", word);
}
