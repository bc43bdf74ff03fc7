/* What train and its kin are given: at most one run file and any number of key=value, and the quotes that a shell ate. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cli.h"

/* The member of a chain family that the empty file behind stdout is named after: `schedule=warmup > cosine` without quotes. */
static const gradus_member *output_member(const gradus_family **family)
{
    struct stat output, file;
    if (fstat(STDOUT_FILENO, &output) != 0 || !S_ISREG(output.st_mode) || output.st_size != 0) return NULL;
    const gradus_language *language = gradus_train_language();
    for (int32_t i = 0; (*family = language->families[i]); i++) {
        const gradus_member *member;
        for (int32_t j = 0; (*family)->flags & GRADUS_CHAIN && (member = gradus_language_member(language, *family, j));
             j++)
            if (stat(member->name, &file) == 0 && file.st_ino == output.st_ino && file.st_dev == output.st_dev)
                return member;
    }
    return NULL;
}

/* The word that the shell cut: `schedule=warmup` of this very family, or a spec that stands alone; NULL: neither. */
static const char *cut_word(const cli_call *call, const gradus_family *family)
{
    size_t length = strlen(family->name);
    for (int32_t i = 0; i < call->word_count; i++)
        if (strncmp(call->words[i], family->name, length) == 0 && call->words[i][length] == '=') return call->words[i];
    const char *last = call->word_count ? call->words[call->word_count - 1] : NULL;
    return last && !strchr(last, '=') && !strchr(last, '.') ? last : NULL;
}

bool cli_quotes_forgotten(const cli_call *call)
{
    const gradus_family *family;
    const gradus_member *member = output_member(&family);
    if (!member) return false;
    const char *name = member->name, *noun = family->noun ? family->noun : family->name, *word = cut_word(call, family);
    int key = word ? (int)strcspn(word, "=") : 0;
    bool whole = word && word[key]; /* KEY=VALUE */
    if (word)
        cli_fail(
            call, GRADUS_CODE_EXISTS, NULL,
            "output goes to a file named '%s', which is also a %s; was it meant as %.*s'%s > %s'? else write > %s.txt",
            name, noun, whole ? key + 1 : 0, word, word + (whole ? key + 1 : 0), name, name);
    else
        cli_fail(call, GRADUS_CODE_EXISTS, NULL,
                 "output goes to a file named '%s', which is also a %s; specs with '>' go in quotes, or write > %s.txt",
                 name, noun, name);
    return true;
}

gradus_settings *cli_settings(const cli_call *call, const gradus_settings_config *config)
{
    gradus_settings_config whole = config ? *config : (gradus_settings_config){0};
    gradus_settings *settings = NULL;
    const char **arguments = calloc((size_t)call->word_count + 1, sizeof *arguments);
    int32_t *numbers = calloc((size_t)call->word_count + 1, sizeof *numbers), count = 0;
    bool one = true; /* run file */
    for (int32_t i = 0; arguments && numbers && i < call->word_count; i++) {
        if (strchr(call->words[i], '=')) {
            arguments[count] = call->words[i];
            numbers[count++] = call->numbers[i];
        } else {
            one = one && !whole.file;
            if (one) whole.file = call->words[i];
            if (!one) {
                cli_fail(call, GRADUS_CODE_TOO_MANY, call->verb->name,
                         "'%s' is a second run file, after '%s'; settings are KEY=VALUE", call->words[i], whole.file);
                break;
            }
        }
    }
    gradus_report report = {0};
    whole.arguments = arguments;
    whole.numbers = numbers;
    if (!arguments || !numbers)
        cli_fail(call, GRADUS_CODE_MEMORY, NULL, "out of memory");
    else if (one && !(settings = gradus_settings_create(&whole, &report)))
        cli_report(call, &report);
    free(arguments);
    free(numbers);
    return settings;
}
