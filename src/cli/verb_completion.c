/* gradus completion: the script that makes a shell ask `gradus complete` for candidates.
 * The scripts know nothing of gradus, so they never grow old. */
#include <string.h>
#include "cli.h"

/* bash cuts words at '=' and inside open quotes hands over what is typed: the words are put together again from the line, and
 * from each candidate is taken what bash holds to be finished. */
static const char bash[] = "_gradus() {\n"
                           "    local line=${COMP_LINE:0:COMP_POINT} words=() word i\n"
                           "    for ((i = 0; i <= COMP_CWORD; i++)); do\n"
                           "        word=${COMP_WORDS[i]}\n"
                           "        if ((i > 0)) && [[ $line != [[:space:]]* && -n $line ]]; then words[-1]+=$word; "
                           "else words+=(\"$word\"); fi\n"
                           "        line=${line#\"${line%%[![:space:]]*}\"}\n"
                           "        line=${line#\"$word\"}\n"
                           "    done\n"
                           "    local whole=${words[-1]} done=\n"
                           "    word=${COMP_WORDS[COMP_CWORD]}\n"
                           "    [[ $word == '=' ]] && word=\n"
                           "    done=${whole%\"$word\"}\n"
                           "    local IFS=$'\\n' candidates\n"
                           "    candidates=($(gradus complete -- \"${words[@]:1}\" 2>/dev/null | cut -f1))\n"
                           "    COMPREPLY=(\"${candidates[@]#\"$done\"}\")\n"
                           "    [[ ${COMPREPLY[0]} == *[=./\\(] ]] && compopt -o nospace\n"
                           "}\n"
                           "complete -F _gradus gradus\n";

static const char zsh[] = "#compdef gradus\n"
                          "_gradus() {\n"
                          "    local -a names about\n"
                          "    local name rest\n"
                          "    while IFS=$'\\t' read -r name rest; do\n"
                          "        names+=(\"$name\") about+=(\"$name  -- $rest\")\n"
                          "    done < <(gradus complete -- \"${(@Q)words[2,CURRENT]}\" 2>/dev/null)\n"
                          "    (( $#names )) && compadd -Q -S '' -l -d about -- \"${(@)names}\"\n"
                          "}\n"
                          "compdef _gradus gradus\n";

static const char fish[] = "function __gradus_complete\n"
                           "    set -l words (commandline -opc)\n"
                           "    gradus complete -- $words[2..-1] (commandline -ct) 2>/dev/null\n"
                           "end\n"
                           "complete -c gradus -f -a '(__gradus_complete)'\n";

static cli_exit run(cli_call *call)
{
    const char *shell = call->words[0];
    const char *script = strcmp(shell, "bash") == 0   ? bash
                         : strcmp(shell, "zsh") == 0  ? zsh
                         : strcmp(shell, "fish") == 0 ? fish
                                                      : NULL;
    if (!script)
        return cli_fail(call, GRADUS_CODE_UNKNOWN_NAME, "completion",
                        "no script for '%s'; there are bash, zsh and fish", shell);
    fputs(script, stdout);
    return CLI_DONE;
}

const cli_verb cli_verb_completion = {
    .name = "completion",
    .summary = "a script that completes words in bash, zsh or fish",
    .usage = "bash|zsh|fish",
    .about = "Prints a script that lets the shell complete commands, options, settings, names and parameters.\n"
             "It asks gradus itself, so it needs no renewal.",
    .examples = "eval \"$(gradus completion bash)\"\n"
                "gradus completion zsh > ~/.zfunc/_gradus\n"
                "gradus completion fish > ~/.config/fish/completions/gradus.fish",
    .first = "bash|zsh|fish",
    .least = 1,
    .most = 1,
    .run = run,
};
