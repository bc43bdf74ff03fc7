/* gradus/spec.h - the one language: texts become pipelines of named calls, bound to the tables of their family.
 *
 * Two steps. Parsing knows no names and no types (a tree of calls, texts and lists, each with its place). Binding walks
 * the tree along the tables: names, types, ranges, units, defaults, `like=`, search values. What comes out is plain const
 * data in one arena, which the rooms compile into what they run. */
#ifndef GRADUS_SPEC_H
#define GRADUS_SPEC_H
#include "extend.h"
#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

enum gradus_spec_limits { GRADUS_SPEC_BYTES = 65536, GRADUS_SPEC_DEPTH = 32, GRADUS_SPEC_ITEMS = 4096, GRADUS_SPEC_LAYERS = 10000 };

typedef struct gradus_chain gradus_chain;   /* a bound chain of calls, below                                          */

/* ---- tables --------------------------------------------------------------------------------------------------------- */

enum gradus_family_flags {
    GRADUS_CHAIN   = 1,                 /* items joined by '>'; otherwise one call                                    */
    GRADUS_REPEATS = 2,                 /* `n * item` is allowed: layers                                              */
    GRADUS_NO_POSITIONAL = 4            /* values go with their names only (wrapped members excepted): optimizers     */
};

typedef struct gradus_family {
    const char                 *name;      /* "schedule"                                                              */
    const char                 *summary;   /* "how the rate moves over the run"                                       */
    uint32_t                    flags;     /* enum gradus_family_flags                                                */
    const gradus_member *const *members;   /* sorted by name, ends with NULL; each is the first field of its row      */
    const gradus_argument      *common;    /* arguments of every member, after its own; a member's own of the same name wins; NULL: none */
    const gradus_refusal       *refuses;   /* of every member; NULL: none                                             */
    const gradus_member *const *phrases;   /* words that mean several things in other texts ("linear_decay"): never bound. `arguments` are their
                                            * readings: name the member, help the formula as such texts have it, initial how it is
                                            * written here (NULL: as the member says itself). Ends with NULL; NULL: none  */
    const gradus_member      *(*reader)(const char *text);  /* the member that a text which names none stands for, as its first value
                                            * (house.csv is csv(house.csv)); NULL result: none; NULL: no such short form */
    const char                 *reader_noun;   /* "reader": for the message "no reader for 'house.parquet'"           */
    const char                 *noun;      /* what one item is called in messages: "layer", "data set"; NULL: the name */
    gradus_status             (*check)(const char *text, const gradus_chain *chain, gradus_error *error);
                                           /* a bound chain's items against each other (lengths over 100 %), called for every
                                            * chain of the family when it has been bound; NULL: nothing to check      */
} gradus_family;

typedef struct gradus_language {        /* which tables a text may speak of                                          */
    const gradus_family *const *families;   /* ends with NULL                                                         */
    const gradus_context       *context;    /* whose own members are known too; NULL: none                            */
} gradus_language;

extern const gradus_family gradus_schedule_family, gradus_feedback_family;                       /* src/rate  */
extern const gradus_family gradus_optimizer_family, gradus_gradient_family, gradus_group_family, gradus_average_family;   /* src/optim */
extern const gradus_family gradus_model_family, gradus_init_family, gradus_loss_family, gradus_balance_family;   /* src/nn */
extern const gradus_family gradus_data_family, gradus_augment_family;                            /* src/data  */
extern const gradus_family gradus_stop_family;                                                   /* src/train */

const gradus_family *gradus_language_family(const gradus_language *language, const char *name);                 /* NULL: no such */
const gradus_member *gradus_language_member(const gradus_language *language, const gradus_family *family, int32_t index);  /* built-in, then own; NULL: no more */
const gradus_member *gradus_language_find(const gradus_language *language, const gradus_family *family, const char *name); /* exact; NULL: no such */
/* The row of a parameter by its own name, of the member or common to the family; NULL: no such. */
const gradus_argument *gradus_language_argument(const gradus_family *family, const gradus_member *member, const char *name);
/* Whether a list of names as rows have them ("eta_min, min_lr") holds `name`. */
bool                   gradus_names_hold(const char *names, const char *name);
const char            *gradus_frameworks(int32_t index);      /* names that like= takes: "torch", ...; NULL: no more  */

/* ---- bound texts ---------------------------------------------------------------------------------------------------- */

typedef struct gradus_open  gradus_open;

typedef enum gradus_length_unit {       /* unit of a length as written; the first five equal enum gradus_unit         */
    GRADUS_IN_UPDATES, GRADUS_IN_SAMPLES, GRADUS_IN_TOKENS, GRADUS_IN_EPOCHS, GRADUS_IN_SECONDS, GRADUS_IN_PERCENT
} gradus_length_unit;

typedef struct gradus_where { int32_t source, offset, length; } gradus_where;   /* as in gradus_error: where something is written */

typedef struct gradus_value {           /* one bound argument                                                        */
    double              number;         /* NUMBER, INTEGER, SHARE; FLAG 0 or 1; WORD its index (other kinds: -1 - index); LENGTH amount, minutes and hours in seconds, per cent as a hundredth */
    int32_t             unit;           /* LENGTH: enum gradus_length_unit; SHARE: GRADUS_IN_PERCENT when written so  */
    int32_t             count;          /* LIST, MANY, POINT: how many `items`; 0 when absent                        */
    const struct gradus_value *items;
    const char         *text;           /* TEXT, METRIC, WORD                                                        */
    const gradus_chain *chain;          /* PIPELINE; or the schedule of a GRADUS_SCHEDULED number                    */
    const gradus_open  *open;           /* a search value stands here; NULL: bound                                   */
    const char         *name;           /* as written before '=': "to", or "eta_min" under like= ; NULL: without one  */
    bool                given;          /* written by the user, not a default                                        */
    bool                present;        /* written, or there is a default (the row's or that of like=); false: absent */
    bool                absolute;       /* given as a rate, through a name of like= : divide by the base             */
    gradus_where        place;          /* of the value; of the item when it is a default                            */
} gradus_value;

typedef struct gradus_item {            /* a bound call                                                              */
    const gradus_family *family;
    const gradus_member *member;        /* NULL: a group or an open choice                                           */
    const gradus_value  *values;        /* in the order of member->arguments, then of the family's common ones       */
    int32_t              value_count;
    int32_t              repeat;        /* how many times, 1 unless written                                          */
    const gradus_chain  *group;         /* `n * (a > b)`: what is repeated; NULL: the member itself                  */
    const gradus_open   *open;          /* choice(...) of calls; NULL: none                                          */
    int32_t              extra_count;   /* members that take names of the user's own: outputs(digit=...), match("*", weight_decay=0) */
    const struct gradus_extra *extra;
    const gradus_like   *like;          /* the row of the framework whose conventions hold, or NULL                  */
    bool                 like_given;    /* it was written here, not for the whole text                               */
    const char          *label;         /* its name=, or NULL                                                        */
    gradus_where         place;         /* of the whole call                                                         */
    gradus_where         name_place;    /* of its name                                                               */
} gradus_item;

typedef struct gradus_extra { const char *name; gradus_value value; gradus_where place; } gradus_extra;

struct gradus_chain { const gradus_family *family; int32_t count; const gradus_item *items; gradus_where place; };

typedef enum gradus_search { GRADUS_UNIFORM, GRADUS_LOGUNIFORM, GRADUS_INT, GRADUS_CHOICE } gradus_search;
struct gradus_open {                    /* a value that a search will fill in                                        */
    gradus_search       search;
    double              low, high;
    int32_t             unit;           /* of low and high, as in gradus_value                                       */
    bool                logarithmic;
    int32_t             count;          /* CHOICE: alternatives                                                      */
    const gradus_value *values;         /* ... of a value                                                            */
    const gradus_chain *chains;         /* ... of calls                                                              */
    gradus_where        place;
};

typedef struct gradus_spec gradus_spec;     /* what a text is bound to, in one arena                                 */

typedef struct gradus_spec_config {
    const char            *family;      /* "schedule"; "value" for a bare value (no tables): tests and editors       */
    const gradus_language *language;    /* the tables; required, but for "value"                                     */
    const char            *like;        /* framework for all items without a like= of their own; NULL: none          */
    const char *const     *changes;     /* "momentum=0.9", "warmup.length=10%", "head.units=100", "conv.2.channels=8": paths into the text, by
                                         * parameter, member, name=, number among those of one name; applied in order; ends with NULL; NULL: none */
    const char            *prefix;      /* what stands before each change where the user wrote it ("schedule."): for remedies; NULL: nothing */
    gradus_context        *context;     /* memory; NULL: malloc                                                      */
    const gradus_argument *argument;    /* with family "value": the text is one value of this row (a setting: a rate, a batch size),
                                         * bound as an argument's value is, words, range, search values and all; NULL: left unbound */
} gradus_spec_config;

/* Reads `text`, puts config->changes into it, and binds it to the tables: names, types, ranges, units, defaults, conventions.
 *   text     ends in 0; at most GRADUS_SPEC_BYTES. Copied as far as it is needed.
 *   config   family is required. Tables and rows must outlive the spec, config itself need not.
 * Returns NULL and *error when anything is wrong: GRADUS_ERROR_SPEC or GRADUS_ERROR_RANGE with code, message, near and place
 * (source 0 is `text`, source n the n-th change), GRADUS_ERROR_MEMORY, or GRADUS_ERROR_USE for a family that is not there.
 * The caller destroys it. A spec is immutable: any number of threads may look at it. */
gradus_spec *gradus_spec_create(const char *text, const gradus_spec_config *config, gradus_error *error);
void         gradus_spec_destroy(gradus_spec *spec);                    /* NULL: nothing                             */

/* The same without an allocation: everything lies in the caller's arena (base.h), over a buffer or of its own, and lives as long.
 * GRADUS_ERROR_MEMORY when it does not fit: a schedule of three phases takes about 2 KiB. */
struct gradus_arena;
const gradus_chain *gradus_spec_bind(const char *text, const gradus_spec_config *config, struct gradus_arena *arena, gradus_error *error);

/* What it holds: the chain of a family (its count is 0 for `none`), or the value of family "value"; NULL: the other, or no spec. */
const gradus_chain *gradus_spec_chain(const gradus_spec *spec);
const gradus_value *gradus_spec_value(const gradus_spec *spec);

/* Prints it canonically, or with every default written out. Either reads back to the same, under the same config without changes.
 * As snprintf: writes as much as fits into `size` with the closing 0 (text may be NULL when size is 0), returns the length needed. */
typedef enum gradus_print { GRADUS_PRINT_CANONICAL, GRADUS_PRINT_FULL } gradus_print;
size_t gradus_spec_print(const gradus_spec *spec, gradus_print how, char *text, size_t size);
/* The same with `folder` before relative paths (GRADUS_PATH), for a text that goes somewhere else; NULL: as they are. */
size_t gradus_spec_print_in(const gradus_spec *spec, gradus_print how, const char *folder, char *text, size_t size);
size_t gradus_item_print(const gradus_item *item, gradus_print how, char *text, size_t size);       /* "conv(16, 5, pad=2)" */
size_t gradus_chain_print(const gradus_chain *chain, gradus_print how, char *text, size_t size);

/* A value of an item by the name of its row, the member's own before a common one; the row of item->values[index]; whether leaving
 * that value out would say the same. NULL or false for a name or an index that is not there, and for a group or an open choice. */
const gradus_value    *gradus_item_value(const gradus_item *item, const char *name);
const gradus_argument *gradus_item_argument(const gradus_item *item, int32_t index);
bool                   gradus_item_is_default(const gradus_item *item, int32_t index);

/* The search values in it, in the order of the text. The path is one that a change may take ("sgd.momentum", "conv.2.channels"); "" is
 * the whole text. NULL: no more, and *open (which may be NULL) is NULL as well. */
int32_t     gradus_spec_open_count(const gradus_spec *spec);
const char *gradus_spec_open_path(const gradus_spec *spec, int32_t index, const gradus_open **open);

/* Places an error in a spec: for checks that a room makes after binding. Returns the status that stands then; an error that is set
 * already stays.
 *   text     of the spec (source 0). In a change (place.source) line and column stay 0: who gave the changes finds them by offset.
 *   code     GRADUS_CODE_OUT_OF_RANGE makes it GRADUS_ERROR_RANGE, any other GRADUS_ERROR_SPEC.
 *   format   as printf, with %s and %d only. */
gradus_status gradus_spec_fail(gradus_error *error, const char *text, gradus_where place, gradus_code code, const char *format, ...);

/* What a bound chain of the schedule family becomes (src/rate): for numbers that are scheduled where they are written. `text` is what
 * the chain was bound from, for errors. Destroy with gradus_schedule_destroy; nothing of the chain is kept. */
gradus_schedule *gradus_schedule_compile(const gradus_chain *chain, const char *text, const gradus_units *units, gradus_context *context, gradus_error *error);

/* The range of a row, for numbers that come from elsewhere than a text: does it hold, and in words ("in [0, 1)", "at least 0"). */
bool        gradus_range_holds(const gradus_argument *row, double number);
const char *gradus_range_print(const gradus_argument *row, char *text, size_t size);     /* returns `text`                     */

/* A length on an axis: `amount` of `unit` (enum gradus_length_unit) in units of `axis` (enum gradus_unit), by what `units` says each
 * is worth. NaN: that is not known, or one of the two is seconds and the other is not. */
double gradus_length_convert(const gradus_units *units, double amount, int32_t unit, int32_t axis);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
