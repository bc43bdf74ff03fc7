/* gradus/extend.h - rows: how a schedule, a feedback, an update rule is described, and how to add one's own.
 *
 * The built-in members use the same rows: there is no second door. A row drives parsing, validation, `gradus list`,
 * `gradus explain`, the reference pages, completion, and the tests that walk over every member.
 * Not under the ABI promise: `abi` must equal GRADUS_ABI exactly, or registration refuses. */
#ifndef GRADUS_EXTEND_H
#define GRADUS_EXTEND_H
#include "gradus.h"
#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

/* ---- what every family's row begins with ------------------------------------------------------------------------- */

typedef enum gradus_kind {
    GRADUS_NUMBER,                      /* 12  -0.5  1e-3  1/255  3k                                                 */
    GRADUS_INTEGER,                     /* a whole number                                                            */
    GRADUS_SHARE,                       /* a number for which 10% is another spelling of 0.1                         */
    GRADUS_LENGTH,                      /* 500  3ep  10%  2M tokens; without a unit: updates                         */
    GRADUS_FLAG,                        /* true, false, or the bare name                                             */
    GRADUS_WORD,                        /* one of `words`; the number is its index                                   */
    GRADUS_TEXT,                        /* any text: a path, a column, a pattern                                     */
    GRADUS_METRIC,                      /* the name of a measure: val_loss                                           */
    GRADUS_PIPELINE,                    /* a text of `family`                                                        */
    GRADUS_POINT                        /* [length, share]                                                           */
} gradus_kind;

enum gradus_argument_flags {
    GRADUS_NAMED     = 1,               /* goes only with its name; the others may stand first, in the order of the row */
    GRADUS_LIST      = 2,               /* takes [a, b, ...]; a single value is a list of one                        */
    GRADUS_MANY      = 4,               /* takes every further value that has no name: sum(a, b, c)                  */
    GRADUS_OPTIONAL  = 8,               /* may be absent although it has no default; `given` tells                   */
    GRADUS_SCHEDULED = 16,              /* may be a schedule, which then gives the value itself                      */
    GRADUS_LABEL     = 32,              /* gives the item a name (name=head)                                         */
    GRADUS_REFERENCE = 64,              /* names another item of the same text (tie=wte)                             */
    GRADUS_FOREIGN   = 128,             /* a convention that only other frameworks have: written by their names, under like=, never by ours */
    GRADUS_PATH      = 256              /* of a file: relative to the run file's folder, or to the working one        */
};

typedef struct gradus_argument {
    const char *name;                   /* "to"                                                                      */
    gradus_kind kind;
    const char *initial;                /* default as one would write it: "0", "10%", "linear"; NULL: required, unless GRADUS_OPTIONAL */
    double      low, high;              /* range, ends included unless `open` says otherwise; both 0: any            */
    const char *open;                   /* "(", ")" or "()": which ends are excluded; NULL: none                     */
    const char *words;                  /* WORD: "linear|cosine|1-sqrt"; with another kind: words that are also allowed, as -1, -2, ... */
    const char *help;                   /* one sentence with the unit                                                */
    uint32_t    flags;                  /* enum gradus_argument_flags                                                */
    const char *family;                 /* PIPELINE: of which family; NULL: the member's own                         */
    const char *search;                 /* what `search` stands for: "loguniform(1e-5, 1)"; NULL: nothing            */
    const char *also;                   /* names that other texts give it: "eta_min, min_lr"; NULL: none             */
} gradus_argument;

typedef struct gradus_like {            /* another framework's conventions for the member of the same purpose        */
    const char *framework;              /* "torch"                                                                   */
    const char *title;                  /* "CosineAnnealingLR"                                                       */
    const char *names;                  /* its parameter names: "T_max=length, eta_min=to absolute"; after ours may stand
                                         * `absolute` (a rate: divided by gradus_units.base), `inverse` (1/x), or the two words that their false and
                                         * true stand for: "eps_in_sqrt=place outside|inside". Where a framework has
                                         * several rows (functions of several names that are one member here), the first that knows
                                         * all names given holds, or the one that is named: like=timm.nadamw. A list of theirs (betas)
                                         * has its numbers named one by one: beta1, beta2                            */
    const char *initial;                /* defaults that it changes, in our names: "past=mirror, least=1e-8 absolute"; NULL: none */
} gradus_like;

typedef struct gradus_refusal {         /* what a user may try here in vain, and the remedy                          */
    const char *name;                   /* "lr"; "": a value too many                                                */
    const char *remedy;                 /* "the rate is the run's own setting: lr=%s"; %s is the value as written     */
} gradus_refusal;

typedef struct gradus_member {
    const char            *name, *summary, *formula, *paper;
    const char            *also;        /* "annealing, sgdr": these names give an error that says ours; NULL: none   */
    const gradus_argument *arguments;   /* ends with a NULL name                                                     */
    const gradus_like     *like;        /* ends with a NULL framework; NULL: none                                    */
    const gradus_refusal  *refuses;     /* ends with a NULL name; NULL: none                                         */
    const char            *notes;       /* further lines for `gradus explain`; NULL: none                            */
    const gradus_argument *open;        /* names of the user's own are taken too, each with a value of this one's kind
                                         * (outputs(digit=dense(10))); several rows: only these names; NULL: none    */
    const char            *example;     /* a call as one would write it: for `gradus explain`, and for tests that walk the tables, so it
                                         * must work in a run of 300 updates without a file; NULL: its name, and values that fit its kinds */
} gradus_member;

typedef struct gradus_call {            /* a member with its arguments bound, in the order of the row                */
    const gradus_member *member;
    const double        *number;        /* number[TO]; a length is in units of the axis; a word is its index; a flag 0 or 1 */
    const double *const *numbers;       /* numbers[AT] of an argument with LIST or MANY; a POINT takes two           */
    const int32_t       *counts;        /* how many in numbers[AT]; 0: the argument is absent                        */
    const char   *const *text;          /* text[METRIC]                                                              */
    const gradus_schedule *const *const *inner;    /* inner[SCHEDULE][0]: compiled schedules of an argument, counts[SCHEDULE] of them,
                                         * on the axis of the call; NULL: the row has none                           */
    double               update;        /* what one update is worth on the axis; 0: not known                        */
    const void          *made;          /* what the row's `prepare` has made; NULL: nothing                          */
    double               base;          /* rate that a share of 1 stands for, as in gradus_units; 0: not known       */
} gradus_call;

/* ---- schedule ----------------------------------------------------------------------------------------------------- */

enum gradus_schedule_promises {         /* the tests hold each row to them                                           */
    GRADUS_CONTINUOUS   = 1,
    GRADUS_FALLING      = 2,
    GRADUS_RISING       = 4,
    GRADUS_NEEDS_LENGTH = 8,            /* a phase without `length` takes what is left of the run                     */
    GRADUS_FROM_REACHED = 16            /* starts at the value that the phase before it reached: hold, decay; its optional
                                         * argument `from` is filled in with it                                      */
};

typedef struct gradus_preparation gradus_preparation;
struct gradus_preparation {             /* what `prepare` may use                                                    */
    double      length;                 /* of the phase on the axis; may be infinite                                 */
    double      base;                   /* rate that a share of 1 stands for; 0: not known                           */
    void     *(*take)(gradus_preparation *preparation, size_t size);                /* zeroed memory that lives as long as the schedule; NULL: there is none */
    /* Hands a whole file to `parse`, once, through the context's `read`. False: it could not be read, and that is said. */
    bool      (*read)(gradus_preparation *preparation, const char *path, void (*parse)(void *into, const char *text, size_t length), void *into);
    int32_t     code;                   /* enum gradus_code of what is wrong; 0: bad_data                            */
    char        message[200];           /* what is wrong, where prepare says false                                   */
};

typedef struct gradus_schedule_row {
    gradus_member member;
    int32_t       abi;                  /* GRADUS_ABI                                                                */
    uint32_t      promises;
    double      (*factor)(const gradus_call *call, double t, double length);        /* 0 <= t <= length; length may be infinite */
    const char *(*check)(const gradus_call *call);                                  /* arguments against each other; NULL: fine */
    double      (*round)(const gradus_call *call, double length);                   /* what is the whole for inner schedules; NULL: the phase */
    bool        (*prepare)(const gradus_call *call, gradus_preparation *preparation, const void **made);   /* once, when the schedule is made: what
                                         * factor would have to work out at every call; false: *preparation says why it cannot be; NULL: nothing */
} gradus_schedule_row;

/* ---- feedback ------------------------------------------------------------------------------------------------------ */

typedef struct gradus_clock { int64_t updates, attempts; double samples, tokens, epochs, seconds; } gradus_clock;
typedef enum gradus_field_kind { GRADUS_INT64, GRADUS_DOUBLE } gradus_field_kind;
typedef struct gradus_field {           /* one piece of state: drives save, load, digest, explain and replay         */
    const char       *name;
    gradus_field_kind kind;
    size_t            offset;
    int32_t           length_argument;  /* 0: a single value; n: as many as argument n-1, an INTEGER, says, placed behind the struct;
                                         * -n: an array of n inside the struct                                       */
} gradus_field;

typedef struct gradus_verdict {         /* what a feedback answers; starts as { factor as it was, GRADUS_APPLY }, onset now */
    double        factor;
    double        was;                  /* for the log, where the factor is still on its way or moves little by little: what it was
                                         * going to, or was told of last; 0: it was there                            */
    double        gradient_scale;       /* in decide, with APPLY: the gradient is to be multiplied by this; 0: 1      */
    gradus_action action;
    gradus_reason reason;
    gradus_reason pending;              /* given: why others will not have this gradient; GRADUS_REASON_NONE: they will */
    const char   *rule;                 /* the rule that fired, in words; NULL: nothing happened. {1} stands for what was seen
                                         * first: its name in the log's rule, its value in the explanation; {1=} shows both there */
    struct { const char *name; double value; } seen[4];
    int64_t       onset;                /* ROLL_BACK: update whose gradient first looked wrong; an older snapshot is taken */
} gradus_verdict;

/* A verdict's rule: the test, by the names of what was seen, or with `values` the reason, "val_loss 0.0871 no better than 0.0862 for 5
 * looks". Returns the length needed, as snprintf. */
size_t gradus_rule_print(const gradus_verdict *verdict, bool values, char *text, size_t size);
/* Whether more of a measure is better, as far as its name tells: of accuracies and the like; losses, errors and norms are to fall. */
bool gradus_measure_rises(const char *name);

typedef struct gradus_feedback_row {
    gradus_member       member;
    int32_t             abi;
    bool                absolute;       /* its factor is a rate of its own (polyak, barzilai_borwein), which stands in for base; NaN,
                                         * as it starts: none yet. One at most for the run, and for each group       */
    bool                needs_samples;  /* the policy must know how many samples an update has                       */
    bool                by_group;       /* what it goes by can be measured of a group alone: with group=head it listens to
                                         * "head.update_norm" in place of "update_norm", and is told of that by its own name; the rate
                                         * that it is told is the group's                                            */
    const char         *metrics;        /* listens to these besides its METRIC arguments: "loss, non_finite"         */
    size_t              state_size;
    const gradus_field *fields;
    void (*start)(const gradus_call *call, void *state);                            /* state comes zeroed            */
    void (*observe)(const gradus_call *call, void *state, const char *metric, double value, const gradus_clock *now, gradus_verdict *verdict);
    void (*decide)(const gradus_call *call, void *state, const gradus_clock *now, gradus_verdict *verdict);   /* NULL: only observes */
    double (*value)(const gradus_call *call, const void *state);                    /* a value of its own name (loss_scale), NaN: not yet; NULL */
    const char *meaning;                /* of that value, with its unit, for whoever explains a run; NULL: none     */
    const char *(*check)(const gradus_call *call);                                  /* arguments against each other; NULL: fine */
    int32_t             window_argument;        /* n: what gradus_policy_window says of `metrics` is argument n-1, in updates; 0: 1 */
    int64_t (*length)(const gradus_call *call, const gradus_field *field);          /* of a field that is as long as an argument says: how
                                         * long it is in fact; NULL: just so                                         */
} gradus_feedback_row;

/* ---- optimizer rule ------------------------------------------------------------------------------------------------
 *
 * Four kinds of rules, all with the same row; what it leaves out is what it has no need of:
 *
 *   a walk       `prepare` and one pass: an element function of value, gradient and state (sgd, adamw, lion)
 *   with sums    further passes; what one adds up becomes, in `conclude`, the next one's constants, for each tensor
 *                (lamb) or, with `over_all`, for all (dog, prodigy), where `learn` may keep it in `memory`
 *   an update    `update` is handed one tensor at a time with its shape, its state and scratch memory (adafactor, muon)
 *   a wrapper    an argument of kind GRADUS_PIPELINE is the rule that it wraps, and `drive` says when that runs, which passes of the
 *                wrapper's own go before, with and after it, and whether the caller is to evaluate a trial point first (lookahead,
 *                sam). `drive` without such an argument is a rule over all tensors at once.
 *
 * Averages (ema, swa) are wrappers around whatever rule there is. What is shown in place of the values is `show`.
 * Whoever writes one sees float32 only and one thread at a time; types, threads, groups, schedules of hyperparameters, state files,
 * clipping and zeroing of gradients are the optimizer's business. All tensors have equal bits with any number of threads as long as
 * a row keeps to what it is handed. */

enum { GRADUS_ISA_COUNT = 5 };          /* scalar, sse2, avx2, avx512, neon                                          */
enum { GRADUS_SLOTS = 6, GRADUS_SUMS = 4, GRADUS_PARTS = 16, GRADUS_CONSTANTS = 24, GRADUS_PASSES = 10 };

/* ---- kernels: what runs over memory, once for each instruction set, and in double for the tests ---- */

typedef struct gradus_span {            /* a piece of a tensor, float32, staged if it is stored as something else    */
    size_t       count;
    size_t       first;                 /* which value of its tensor values[0] is                                    */
    float       *values;
    const float *gradient;
    const float *before;                /* what the values were before the wrapped rule ran, for passes that go with it; else NULL */
    float       *state[GRADUS_SLOTS];   /* NULL where the slot does not exist                                        */
    double      *sums;                  /* GRADUS_PARTS interleaved parts for each sum that the pass declares        */
    const struct gradus_bytes *bytes;   /* the library's own: state as it is kept in 8 bits, [slot], in place of `state`; NULL: there is none */
} gradus_span;
typedef void gradus_kernel(const gradus_span *spans, size_t how_many, const float *constants);
typedef struct gradus_twin_span { size_t count, first; double *values; const double *gradient, *before; double *state[GRADUS_SLOTS]; double *sums; } gradus_twin_span;
typedef void gradus_twin(const gradus_twin_span *spans, size_t how_many, const double *constants);    /* the same in double: tests */

/* ---- state ---- */

typedef struct gradus_shape {           /* of a tensor                                                               */
    int64_t count, matrices, rows, columns;     /* the last two dimensions, and how many such matrices; a vector is one row */
    int64_t size[8];                    /* as the caller gave it, `rank` of them                                     */
    int32_t rank;
    bool    outputs_last;               /* of a weight the last dimension counts the outputs, not the first           */
} gradus_shape;

typedef enum gradus_per { GRADUS_PER_ELEMENT, GRADUS_PER_ROW, GRADUS_PER_COLUMN, GRADUS_PER_TENSOR } gradus_per;   /* of each matrix */
typedef struct gradus_slot {            /* one state array                                                           */
    const char *name;                   /* "exp_avg"                                                                 */
    gradus_per  per;                    /* how many numbers; the passes of a walk see none but those per element     */
    bool        non_negative;           /* an unsigned 8-bit map serves                                              */
    bool        from_values;            /* per element: starts as a copy of the values                               */
    bool        exact;                  /* 8 bits do not serve: sums that grow slowly, values to go back to. Of from_values it is known */
    double      initial;
    const char *only_if;                /* argument whose value must not be 0 for the slot to exist: "momentum"; NULL: always */
    const char *every;                  /* per element, and not from_values: an argument n, a whole number; only the values 0, n, 2n, ...
                                         * of a tensor have one, and a span's begin with that of its first such value; NULL: all */
    int64_t   (*size)(const double *hyper, const gradus_shape *shape);      /* how many numbers where `per` does not say it, 0: this
                                         * tensor has none; NULL: as `per` says                                      */
    int64_t   (*arrays)(const double *hyper);       /* per element: how many arrays of that size, of which `drive` says which one a pass
                                         * sees (a history); NULL: one                                               */
} gradus_slot;

typedef struct gradus_now {             /* the update that is made                                                   */
    int64_t  update;                    /* this tensor's own count, from 1; in `learn` and `drive` the optimizer's   */
    double   rate;                      /* with the group's factor                                                   */
    double   inner_rate;                /* of a wrapper and an average: what the rule inside is going to make of it; else the same */
    double   loss, gradient_norm;       /* as the caller gave them, the loss with the other sign where it is to rise (maximize);
                                         * the norm NaN where nobody has measured it                                 */
    double   gradient_scale;            /* what a kernel multiplies each gradient value by: scale, clipping, sign    */
    int64_t  rows, columns;             /* of a tensor that has constants of its own: all dimensions but the last, the last */
    double  *own;                       /* what the row's `own` names, of this tensor: written by `conclude` and `update` only; NULL: none */
    uint64_t seed;                      /* of the optimizer                                                          */
} gradus_now;

/* ---- passes ---- */

typedef struct gradus_pass {            /* one walk over memory                                                      */
    gradus_kernel *kernel[GRADUS_ISA_COUNT];                                        /* [0] is required; a missing one falls back to the next lower */
    gradus_twin   *twin;                                                            /* in double, for the tests; NULL: none */
    int32_t        sums;                /* how many sums the kernel adds up, 0..GRADUS_SUMS ...                      */
    bool           over_all;            /* ... over the tensor, or over all tensors (and processes)                  */
    bool           reads_bytes;         /* the library's own: its kernels from AVX2 on take state as it is kept in 8 bits */
    const char    *only_if;             /* argument whose value must not be 0 for the pass to be made, not for the last; NULL: always */
    void         (*learn)(const double *hyper, const gradus_now *now, const double *sums, double *memory);
                                        /* over_all: from sums to memory, once; hyper and rate are those without a group; NULL: nothing */
    void         (*conclude)(const double *hyper, const gradus_now *now, const double *sums, const double *memory, double *constants);
                                        /* then: to the next pass's constants, for each tensor, or over_all for each group; NULL: nothing */
} gradus_pass;

/* ---- whole tensors ---- */

typedef enum gradus_transpose { GRADUS_AS_IT_IS, GRADUS_TRANSPOSED } gradus_transpose;

/* What `update` is handed. `values` and `state` are its to change. `multiply` is c <- alpha a b + beta c of row-major matrices, each
 * with the distance of its rows, c with m rows and n columns, k what is summed over; by the caller's gemm where the context has one. */
typedef struct gradus_work gradus_work;
struct gradus_work {
    const gradus_shape *shape;
    float        *values;
    const float  *gradient;             /* scaled, clipped and with its sign                                         */
    float        *state[GRADUS_SLOTS];  /* NULL where the slot does not exist                                        */
    float        *scratch;              /* as much as the row asks for, with any contents, 64 bytes aligned          */
    const double *hyper;
    const gradus_now *now;
    uint64_t      key;                  /* of the tensor's name: with now->seed, random numbers of its own           */
    const float  *constants;            /* as `prepare` has made them                                                */
    void (*multiply)(const gradus_work *work, gradus_transpose a_is, gradus_transpose b_is, int64_t m, int64_t n, int64_t k, float alpha,
                     const float *a, int64_t a_row, const float *b, int64_t b_row, float beta, float *c, int64_t c_row);
    const void   *inside;               /* the optimizer's                                                           */
};
typedef void gradus_update_kernel(const gradus_work *work);

typedef struct gradus_twin_work gradus_twin_work;       /* the same in double: tests                                 */
struct gradus_twin_work {
    const gradus_shape *shape;
    double       *values;
    const double *gradient;
    double       *state[GRADUS_SLOTS], *scratch;
    const double *hyper;
    const gradus_now *now;
    uint64_t      key;
    const double *constants;
    void (*multiply)(const gradus_twin_work *work, gradus_transpose a_is, gradus_transpose b_is, int64_t m, int64_t n, int64_t k, double alpha,
                     const double *a, int64_t a_row, const double *b, int64_t b_row, double beta, double *c, int64_t c_row);
    const void   *inside;
};
typedef void gradus_update_twin(const gradus_twin_work *work);

/* ---- wrappers ---- */

/* What `drive` is handed, once for each call of gradus_optimizer_step. Its passes are counted as the row has them. After something has
 * failed (a sum over processes) nothing is done any more, and what `drive` answers does not matter. */
typedef struct gradus_drive gradus_drive;
struct gradus_drive {
    const double     *hyper;            /* of the row, without groups; a length in updates                           */
    const gradus_now *now;
    double           *memory;           /* what the row's `memory` names                                             */
    bool              abandon;          /* the gradient at a trial point is of no use: put the values back, answer GRADUS_SKIPPED,
                                         * or try another point                                                      */
    int32_t          *at;               /* [slot] of several arrays: which of them the passes see from now on        */
    void           (*prepare)(gradus_drive *drive);                     /* the row's constants anew, from what `memory` holds now */
    void           (*pass)(gradus_drive *drive, int32_t pass);          /* one of the row's passes over all tensors, with what it concludes */
    /* The wrapped rule: makes its update, with pass `before` over each stretch of values just before it and pass `after` just after it
     * (-1: none); what they add up is concluded at the end. Gradients may be zero afterwards. What it answers other than GRADUS_APPLIED
     * goes on to the caller: then nothing was updated. */
    gradus_outcome (*inner)(gradus_drive *drive, int32_t before, int32_t after);
    const void       *inside;           /* the optimizer's                                                           */
};

/* A wrapper's first pass and the only pass of a rule inside it as one walk, for wrappers that are worth it. The bits are those of one pass
 * after the other. State and constants are the rule's as it has them, and from a place on the wrapper's. */
typedef struct gradus_fused {
    gradus_kernel *inner;               /* pass[0].kernel[0] of the rule inside                                      */
    int32_t        slots, constants;    /* where the wrapper's begin                                                 */
    gradus_kernel *kernel[GRADUS_ISA_COUNT];                                        /* [0] is required; a missing one falls back to the next lower */
    gradus_twin   *twin;                                                            /* in double, for the tests; NULL: none */
} gradus_fused;

/* Of a wrapper that answers GRADUS_EVALUATE: what the rule inside sees is `share` of the gradient that comes next, and 1 - share of the
 * one that was at hand, which the slot keeps: per element, exact, there for as long as the share is not 1. The caller's gradients are changed. */
typedef struct gradus_blend {
    int32_t  slot;
    double (*share)(const double *hyper, const double *memory);     /* 1: nothing is kept or changed                     */
} gradus_blend;

typedef struct gradus_rule_row {
    gradus_member      member;
    int32_t            abi;
    const gradus_slot *slots;           /* ends with a NULL name                                                     */
    const char        *constants;       /* names in order: "scale, rise1, beta2, ..."                                */
    const char        *memory;          /* scalars kept between updates over all tensors: "d, numerator"; they start at 0 */
    const char        *own;             /* scalars kept for each tensor: "mu_product"; they start at 0               */
    void             (*prepare)(const double *hyper, const gradus_now *now, const double *memory, double *constants);   /* once per group and
                                         * count of updates, or per tensor where `own` is kept or sums are a tensor's; in double */
    gradus_pass        pass[GRADUS_PASSES];     /* in order, up to one without a kernel; the last changes values      */
    gradus_update_kernel *update[GRADUS_ISA_COUNT];     /* in place of passes: whole tensors; [0] is required, a missing one falls back */
    gradus_update_twin   *update_twin;
    int64_t          (*scratch)(const double *hyper, const gradus_shape *shape);    /* numbers of scratch memory for `update`; NULL: none */
    gradus_outcome   (*drive)(gradus_drive *drive);     /* NULL: passes or update; of a wrapper and an average: inner(-1, 0), or without
                                         * a pass inner(-1, -1)                                                      */
    const gradus_blend *blend;          /* NULL: none                                                                */
    const gradus_fused *fused;          /* ends with a NULL inner; NULL: none                                        */
    const char        *inner;           /* what a wrapper changes in the defaults of the rule that it wraps, by the names that rule has:
                                         * "beta1=0, momentum=0"; other values are refused there; NULL: nothing      */
    bool             (*takes)(const double *hyper, const gradus_shape *shape);  /* which tensors are this rule's; the others go to the rule in
                                         * its argument of kind GRADUS_PIPELINE that goes by name (muon(other=adamw)); NULL: all */
    gradus_pass        show;            /* values <- what is shown for them, from values and state; its `conclude` makes the constants;
                                         * without a kernel: nothing is averaged                                     */
    gradus_pass        rates;           /* values <- the rate that each value had to itself in the last update (what its mean gradient was
                                         * multiplied by), from state; constants are the update's, then as `conclude` says; without a
                                         * kernel: all values have one                                              */
    double           (*effective_rate)(const double *hyper, const gradus_now *now, const double *memory);  /* what the rule has made of the
                                         * rate, for gradus_measures; NULL: the rate                                 */
    const char      *(*check)(const double *hyper);     /* arguments against each other; NULL: fine                  */
    double             usual;           /* rate that `lr: auto` starts from; 0: as `usual_rate` says                 */
    double           (*usual_rate)(const double *hyper);    /* the same where arguments change it; NULL too: not known, or the wrapped rule's ... */
    double             usual_factor;    /* ... times this; 0: 1                                                      */
} gradus_rule_row;

/* Register before the first object is created with the context. A name that exists is refused, so is a malformed row.
 * The row is not copied: it must outlive the context. */
gradus_status gradus_context_add_schedule(gradus_context *context, const gradus_schedule_row *row, gradus_error *error);
gradus_status gradus_context_add_feedback(gradus_context *context, const gradus_feedback_row *row, gradus_error *error);
gradus_status gradus_context_add_rule(gradus_context *context, const gradus_rule_row *row, gradus_error *error);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
