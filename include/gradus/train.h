/* gradus/train.h - runs: settings from a run file and the command line, training, run folders, states.
 *
 * Nothing here prints: what happens is told to a listener, and files are written into the run's folder. */
#ifndef GRADUS_TRAIN_H
#define GRADUS_TRAIN_H
#include "data.h"
#ifdef __cplusplus
extern "C" {
#endif

const gradus_language *gradus_train_language(void);     /* all families: core, model, init, loss, data, augment, stop */

/* ---- settings --------------------------------------------------------------------------------------------------------
 * A run file is YAML whose values are specs; `key=value` on the command line replaces a setting, `key.path=value` reaches into its
 * text. One table of settings drives reading, `--dry-run`, completion and the manual. */

typedef enum gradus_setting_kind { GRADUS_SETTING_SPEC, GRADUS_SETTING_NUMBER, GRADUS_SETTING_INTEGER, GRADUS_SETTING_LENGTH, GRADUS_SETTING_TEXT, GRADUS_SETTING_WORD } gradus_setting_kind;

typedef struct gradus_setting {         /* one row of the table                                                      */
    const char         *name;           /* "optimizer"                                                               */
    gradus_setting_kind kind;
    const char         *family;         /* SPEC: whose                                                               */
    const char         *initial;        /* as one would write it; NULL: none                                         */
    const char         *words;          /* words allowed beside the kind: "auto", "all"                              */
    double              low, high;      /* numbers: range; both 0: any                                               */
    const char         *open;
    const char         *help;
    const char         *also;           /* names that other texts give it: "optimiser"                               */
} gradus_setting;
const gradus_setting *gradus_setting_at(int32_t index);                 /* in the order of the manual; NULL: no more */

typedef struct gradus_settings gradus_settings;

typedef struct gradus_report {          /* an error placed where the user sees it                                    */
    gradus_error error;                 /* line and column are of `where`                                            */
    char where[512];                    /* "run.yaml", "argument 2", "schedule"; "": no place                        */
    char line[512];                     /* the source line; "": none                                                 */
    int32_t caret, carets;              /* code points before the first caret; how many                              */
    char key[64];                       /* the setting                                                               */
} gradus_report;

typedef struct gradus_settings_config {
    const char        *file;            /* run file; NULL: none                                                      */
    const char *const *arguments;       /* key=value, in order; ends with NULL                                       */
    const int32_t     *numbers;         /* what the user counts them as ("argument 2"); as many as arguments         */
    bool               open;            /* search values are allowed (tune)                                          */
} gradus_settings_config;

gradus_settings *gradus_settings_create(const gradus_settings_config *config, gradus_report *report);       /* NULL: *report says why */
void             gradus_settings_destroy(gradus_settings *settings);
bool             gradus_settings_given(const gradus_settings *settings, const char *key);
const gradus_spec *gradus_settings_spec(const gradus_settings *settings, const char *key);      /* NULL: not given and no default */
double           gradus_settings_number(const gradus_settings *settings, const char *key);      /* NaN: not given, or a word */
const char      *gradus_settings_text(const gradus_settings *settings, const char *key);        /* canonical; NULL: none */
gradus_status    gradus_settings_set(gradus_settings *settings, const char *key, const char *text, gradus_error *error);   /* fill in what was left open (batch, epochs) */
size_t           gradus_settings_print(const gradus_settings *settings, gradus_print how, char *text, size_t size);        /* a run file */
const char      *gradus_settings_folder(const gradus_settings *settings);       /* of the run file: what its paths are relative to */
/* Turns an error about a setting's text (offset, length, source) into a place in the file or argument where the user wrote it. */
void             gradus_settings_place(const gradus_settings *settings, const char *key, const gradus_error *error, gradus_report *report);

#ifdef __cplusplus
}
#endif
#endif
