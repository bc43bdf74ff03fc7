/* What the program's files share: what was asked (verb, options, words), the terminal, errors, JSON.
 * One file per verb fills in a cli_verb row; adding a verb is that file and one line in verbs.def. */
#ifndef GRADUS_CLI_H
#define GRADUS_CLI_H
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "gradus/base.h"
#include "gradus/train.h"

/* The exit statuses, all of them; 128 + n: ended by signal n. */
typedef enum cli_exit {
    CLI_DONE = 0,    /* an early stop, time that is up, a target that is reached are results */
    CLI_FAILED = 1,  /* data, file, memory, divergence past the guard's budget */
    CLI_MISUSE = 2,  /* spec, setting, option, run file, run folder in the way */
    CLI_REFUSED = 3, /* it ran and the answer is no */
    CLI_SIGNAL = 128
} cli_exit;

/* ---- what was asked ---- */

typedef struct cli_call cli_call;

typedef struct cli_option {
    const char *name;  /* "dry-run" */
    const char *value; /* what it takes: "DIR", "N" (a whole number), "auto|always|never"; NULL: nothing */
    const char *help;
} cli_option;

/* What a verb's words are: for completion and for the check of quotes. */
typedef enum cli_operands {
    CLI_SETTINGS = 1, /* a run file and key=value */
    CLI_RUNS = 2,
    CLI_FILES = 4,    /* after the first word */
    CLI_FAMILIES = 8, /* the first word */
    CLI_MEMBERS = 16,
    CLI_SPEC = 32, /* the second word, of the family that the first one names */
    CLI_VERBS = 64,
    CLI_SETS = 128,      /* known data sets, after the first word */
    CLI_SCHEDULES = 256, /* every word */
    CLI_FEEDBACK = 512   /* the second word, about the first: a run or a log */
} cli_operands;

typedef struct cli_verb {
    const char *name, *summary;
    const char *usage;           /* lines after the verb's name: "[RUN.yaml] [KEY=VALUE ...]" */
    const char *about;           /* two lines: what it does */
    const char *examples;        /* lines as typed */
    const cli_option *options;   /* its own; ends with a NULL name; NULL: none */
    const gradus_argument *keys; /* KEY=VALUE of its own in place of the settings; ends with a NULL name; NULL: none */
    const char *first;           /* words that the first operand may be: "bash|zsh|fish", "list|get"; NULL: none */
    uint32_t operands;           /* enum cli_operands */
    int32_t least, most;         /* how many words; most -1: any number */
    bool hidden;
    cli_exit (*run)(cli_call *call);
} cli_verb;

typedef struct cli_terminal {
    int32_t width;
    bool output, error;             /* stdout, stderr is a terminal */
    bool output_color, error_color; /* colour is wanted there */
    bool unicode;                   /* the locale is UTF-8 */
} cli_terminal;

typedef struct cli_given {
    const cli_option *option;
    const char *value; /* NULL: takes none */
} cli_given;

struct cli_call {
    const cli_verb *verb; /* NULL: none was named */
    const char **words;   /* operands in order; ends with NULL */
    int32_t *numbers;     /* what the user counts them as: 1 is the word after the verb */
    int32_t word_count;
    cli_given *given;
    int32_t given_count;
    const char *const *command; /* the whole command line, for summary.json; ends with NULL */
    bool help, version, json, quiet;
    int32_t threads; /* 0: as many as there are */
    const char *data_dir;
    cli_terminal terminal;
};

#define VERB(name) extern const cli_verb cli_verb_##name;
#include "verbs.def"
#undef VERB
const cli_verb *cli_verb_at(int32_t index); /* in the order of `gradus help`, hidden ones last; NULL: no more */
const cli_verb *cli_verb_find(const char *name);
cli_exit cli_verb_unknown(const cli_call *call, const char *word); /* reports it */
void cli_print_help(const cli_call *call, const cli_verb *verb);   /* NULL: the verbs */
void cli_print_version(const cli_call *call);
extern const cli_option cli_common_options[];

/* Reads the command line; false: it was wrong and the error has been reported. */
bool cli_read(cli_call *call, int count, char **words);
void cli_clear(cli_call *call);
bool cli_has(const cli_call *call, const char *option);
const char *cli_value(const cli_call *call, const char *option); /* NULL: not given */

/* ---- errors: printed here and nowhere else ---- */

/* `gradus: WHERE: KEY: message`, the source line, carets; or one JSON object under --json. Returns the exit status. */
cli_exit cli_report(const cli_call *call, const gradus_report *report);
/* The same for an error about no text; `where` is "train", a file, or NULL. */
cli_exit cli_fail(const cli_call *call, gradus_code code, const char *where, const char *format, ...)
    GRADUS_FORMAT(4, 5);
/* The same for a name that is not known: what is near, or else `otherwise`. */
cli_exit cli_unknown(const cli_call *call, gradus_code code, const char *where, const char *near, const char *otherwise,
                     const char *format, ...) GRADUS_FORMAT(6, 7);
cli_exit cli_error(const cli_call *call, const char *where, const gradus_error *error);
/* A notice on stderr, unless --quiet. */
void cli_note(const cli_call *call, const char *format, ...) GRADUS_FORMAT(2, 3);

/* ---- text on a terminal ---- */

void cli_terminal_open(cli_terminal *terminal, const char *color);
int32_t cli_columns(const char *text, size_t length);                         /* how wide text is, in columns */
void cli_pad(FILE *stream, const char *text, int32_t columns);                /* text and spaces up to that width */
void cli_wrap(FILE *stream, const char *text, int32_t indent, int32_t width); /* the first line is indented already */
/* The same; lines that go on with a small letter belong to the one before. */
void cli_wrap_joined(FILE *stream, const char *lines, int32_t indent, int32_t width);

/* JSON to stdout or stderr: what gradus_json (base.h) writes through. `stream` is a FILE. */
int cli_write(void *stream, const void *bytes, size_t size);

/* ---- settings of train and its kin: the words are at most one run file and any number of key=value ---- */

/* NULL: wrong, and reported. `config` carries what else is asked for (open, folder); NULL: nothing. */
gradus_settings *cli_settings(const cli_call *call, const gradus_settings_config *config);
bool cli_quotes_forgotten(const cli_call *call); /* stdout is an empty file named like a member; reported */

/* ---- rows in words ---- */

const char *cli_type(const gradus_argument *argument); /* "whole number" */
bool cli_required(const gradus_argument *argument);
/* Whether a call of the member may give it: what only other frameworks have goes by their names alone. */
bool cli_is_written(const gradus_member *member, const gradus_argument *row);
/* "share above 0", "list of lengths", "linear, cosine or 1-sqrt, required"; `family` is the member's, NULL: none. */
void cli_describe(const gradus_argument *argument, const gradus_family *family, char *text, size_t size);
/* "step(EVERY, FACTOR)" */
void cli_usage(const gradus_family *family, const gradus_member *member, char *text, size_t size);
void cli_explain(const cli_call *call, const gradus_family *family, const gradus_member *member);
/* What a word of other texts may mean, as it is written here; false: its member is not there. */
bool cli_reading(const gradus_family *family, const gradus_argument *reading, char *spec, size_t size);
void cli_json_member(gradus_json *json, const gradus_family *family, const gradus_member *member);
/* Why the rate of a run was what it was. */
cli_exit cli_explain_run(const cli_call *call, const char *folder);

/* ---- words looked up in all tables ---- */

typedef enum cli_match {
    CLI_BY_NAME,
    CLI_BY_TITLE, /* another framework's name of it: StepLR */
    CLI_BY_ALSO,  /* another text's name */
    CLI_BY_PHRASE /* a word that means several things */
} cli_match;
/* The index-th member that is found so, and its family; NULL: no more. */
const gradus_member *cli_find(const char *name, cli_match kind, int32_t index, const gradus_family **family);
/* The framework that gives the member this title; NULL: none. */
const gradus_like *cli_like_of(const gradus_member *member, const char *title);
const char *cli_nearest_member(const char *name);
const gradus_family *cli_family(const cli_call *call, const char *name); /* NULL: no such, and reported */
bool cli_framework(const cli_call *call, const char *name);              /* whether like= knows it; false: reported */
void cli_json_spec(gradus_json *json, const gradus_spec *spec);          /* the bound tree */

#endif
