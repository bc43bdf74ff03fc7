/* gradus.h - the learning rate decided, applied and explained: the interface of the embeddable core.
 *
 * Grammar of names: gradus_OBJECT_verb. An object is created, used, destroyed; destroy accepts NULL.
 * Threads: no global state. One object, one thread at a time; different objects are independent.
 *   A gradus_schedule is immutable and may be evaluated from any number of threads.
 * Strings given in are copied. Numbers that are rates, factors and measures are double; counts are int64_t.
 * Structs: fill with designated initialisers; what is left out is zero, and zero means the default that the field
 *   names. No field has a default other than zero when zero is itself a sensible choice.
 * `reserved` fields must be zero: later minor versions give them meaning without changing a size.
 */
#ifndef GRADUS_H
#define GRADUS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default)    /* the shared library shows what these headers declare, and nothing else */
#endif

#define GRADUS_VERSION 100              /* 10000 major + 100 minor + patch                                         */
#define GRADUS_ABI     1                /* changes when a struct or a function here changes incompatibly           */
int32_t gradus_version(void);           /* of the library that runs                                                */
int32_t gradus_abi(void);               /* a binding compares it with the GRADUS_ABI it was written for            */

typedef struct gradus_context   gradus_context;
typedef struct gradus_schedule  gradus_schedule;
typedef struct gradus_policy    gradus_policy;
typedef struct gradus_optimizer gradus_optimizer;

/* ---- errors ---------------------------------------------------------------------------------------------------- */

typedef enum gradus_status {
    GRADUS_OK = 0,
    GRADUS_ERROR_SPEC        = -1,      /* a text does not parse or names something unknown; line and column are set */
    GRADUS_ERROR_RANGE       = -2,      /* a number outside its range, or not finite                                 */
    GRADUS_ERROR_USE         = -3,      /* called out of order, on NULL, twice                                       */
    GRADUS_ERROR_MEMORY      = -4,
    GRADUS_ERROR_STATE       = -5,      /* a state that is damaged, of a newer format, or does not fit               */
    GRADUS_ERROR_WRITE       = -6,      /* the caller's writer refused                                               */
    GRADUS_ERROR_UNSUPPORTED = -7,      /* valid, but not in this build or not for this kind of memory               */
    GRADUS_ERROR_FILE        = -8       /* a file or a data set that is not here, cannot be read or written, or is not as it should be */
} gradus_status;

/* What exactly was wrong; finer than the status and as stable. The names that machines read are gradus_code_name's. */
typedef enum gradus_code {
    GRADUS_CODE_NONE, GRADUS_CODE_SYNTAX, GRADUS_CODE_UNCLOSED, GRADUS_CODE_CHARACTER, GRADUS_CODE_TOO_DEEP, GRADUS_CODE_TOO_LONG, GRADUS_CODE_UNKNOWN_NAME, GRADUS_CODE_WRONG_FAMILY,
    GRADUS_CODE_RENAMED, GRADUS_CODE_UNKNOWN_PARAMETER, GRADUS_CODE_REPEATED, GRADUS_CODE_MISSING, GRADUS_CODE_TOO_MANY, GRADUS_CODE_UNEXPECTED_VALUE, GRADUS_CODE_WRONG_TYPE,
    GRADUS_CODE_OUT_OF_RANGE, GRADUS_CODE_UNKNOWN_UNIT, GRADUS_CODE_WRONG_UNIT, GRADUS_CODE_LENGTHS, GRADUS_CODE_RANGE_ORDER, GRADUS_CODE_REFERENCE, GRADUS_CODE_UNKNOWN_SETTING,
    GRADUS_CODE_UNKNOWN_OPTION, GRADUS_CODE_YAML, GRADUS_CODE_NO_FILE, GRADUS_CODE_BAD_DATA, GRADUS_CODE_NO_DATA, GRADUS_CODE_EXISTS, GRADUS_CODE_INPUT_OUTPUT, GRADUS_CODE_MEMORY,
    GRADUS_CODE_DIVERGED, GRADUS_CODE_REFUSED
} gradus_code;

/* Where a function reports what went wrong. Zero it once; it is sticky: a function that is handed an error already set
 * does nothing and returns that status, so a whole set-up can be written straight down and checked once. */
typedef struct gradus_error {
    int32_t  status;                    /* enum gradus_status                                                      */
    int32_t  code;                      /* enum gradus_code                                                        */
    int32_t  line, column;              /* 1-based place in the spec, column in code points; 0: not about a text   */
    int32_t  offset, length;            /* the stretch of the spec that is meant, in bytes                         */
    int32_t  source;                    /* 0: the spec itself; n: the n-th of the changes given with it            */
    int32_t  reserved;
    char     message[240];              /* one sentence without position, always ends in 0                         */
    char     near[48];                  /* nearest valid name, "" if none                                          */
} gradus_error;

const char *gradus_status_name(int32_t status);        /* "out of range"; never NULL                               */
const char *gradus_code_name(int32_t code);            /* "out_of_range"; never NULL                               */

/* ---- context: allocation, threads, own members (optional everywhere: NULL is malloc, all built-ins, OpenMP if built in) */

/* c <- alpha a b + beta c, as a BLAS's sgemm of row-major matrices: c has m rows and n columns, k is what is summed over, *_row are the
 * distances of rows. a_transposed: a has k rows and m columns, and so for b. Called from several threads at once, each with memory of
 * its own; equal bits are then as far as it gives them. With beta 0 what is in c may be anything. */
typedef void gradus_gemm_function(void *user, bool a_transposed, bool b_transposed, int64_t m, int64_t n, int64_t k, float alpha, const float *a,
                                  int64_t a_row, const float *b, int64_t b_row, float beta, float *c, int64_t c_row);

typedef struct gradus_context_config {
    void *(*allocate)(void *user, size_t size, size_t alignment);   /* NULL: aligned malloc                        */
    void  (*release)(void *user, void *memory, size_t size);
    void  (*parallel)(void *user, int64_t count, void (*task)(void *job, int64_t index), void *job);
                                        /* run task(job, 0..count-1) on the caller's threads, return when all are done;
                                         * the order and the number of threads never change a result                 */
    int   (*sum)(void *user, double *values, int32_t count);        /* add over processes that hold shards of the same
                                         * model; nonzero: failed. NULL: this process holds all                      */
    const char *(*read)(void *user, const char *path, void (*take)(void *into, const char *text, size_t length), void *into);
                                        /* hand the whole of a text file to take(into, ...), once, and return NULL; or why it cannot
                                         * be read, in a few words that stay until the next call ("no such file or directory").
                                         * For table("rates.csv"): the library opens no file itself. NULL: there are none */
    void    *user;
    int32_t  threads;                   /* 0: as many as OpenMP gives; 1: the calling thread only; ignored with `parallel` */
    int32_t  isa;                       /* enum gradus_isa: highest to use; 0: what the machine has (GRADUS_ISA caps it) */
    gradus_gemm_function *gemm;         /* products of matrices for rules that need them (muon, soap); NULL: the library's own, slower
                                         * kernels, which add up in one order on every machine                       */
    uint64_t reserved[2];
} gradus_context_config;

/* config NULL: the defaults. NULL and *error: `allocate` without `release`, a number out of its range, a GRADUS_ISA in the environment
 * that names no instruction set (scalar, sse2, avx2, avx512, neon), no memory. Once its own members are registered (extend.h) a context
 * does not change, and any number of objects on any threads may share it as far as its functions allow that. */
gradus_context *gradus_context_create(const gradus_context_config *config, gradus_error *error);
void            gradus_context_destroy(gradus_context *context);    /* after all objects made with it; NULL: nothing */

/* ---- schedules: pure functions ---------------------------------------------------------------------------------
 *
 * A schedule is a factor with peak 1 over the course of a run, made from a text and never changed after:
 *
 *     gradus_schedule *schedule = gradus_schedule_create("warmup(5%) > cosine", &(gradus_units){ .total = 1000 }, NULL, &error);
 *     rate = 0.1 * gradus_schedule_at(schedule, update);      // update 0 is the first
 *     gradus_schedule_destroy(schedule);
 *
 * All that can be wrong with it is an error when it is made; afterwards it is finite for every input. Any number of threads
 * may use one schedule at the same time.                                                                                */

typedef enum gradus_unit { GRADUS_UPDATES, GRADUS_SAMPLES, GRADUS_TOKENS, GRADUS_EPOCHS, GRADUS_SECONDS } gradus_unit;

/* What one unit is worth. 0: not known; a length that would need it is an error when the schedule is created. */
typedef struct gradus_units {
    double   total;                     /* planned length of the run, in total_unit; what % refers to; 0: open-ended */
    int32_t  total_unit;                /* enum gradus_unit                                                        */
    int32_t  reserved0;
    double   updates_per_epoch;
    double   samples_per_update;        /* over all workers and accumulation steps                                 */
    double   tokens_per_update;
    double   base;                      /* rate that a share of 1 stands for; for values that are absolute (`eta_min` under like=torch);
                                         * a policy fills it in itself                                              */
    double   samples_per_epoch;         /* where the last update of an epoch has fewer; 0: samples_per_update x updates_per_epoch */
    uint64_t reserved[2];
} gradus_units;

typedef union gradus_schedule_storage { uint64_t align; double align_double; void *align_pointer; unsigned char bytes[2048]; } gradus_schedule_storage;

/* Makes a schedule. spec: phases joined by '>', NULL: "constant". units: what lengths are worth, copied; NULL: nothing is known.
 * context: memory and own members, NULL: malloc and the built-in ones. Returns NULL with *error set when the text does not parse or
 * bind (line, column), its lengths do not fit together or cannot be converted (GRADUS_CODE_LENGTHS, _WRONG_UNIT), an absolute value
 * has no base, a value is left to a search, or there is no memory. The caller destroys it, before its context. */
gradus_schedule *gradus_schedule_create(const char *spec, const gradus_units *units, gradus_context *context, gradus_error *error);

/* The same with the built-in members and without any allocation: the schedule lives in *storage (not NULL) as long as that does and
 * is not destroyed. About ten phases fit; more are GRADUS_ERROR_MEMORY. Takes some 25 KiB of the stack. */
const gradus_schedule *gradus_schedule_place(gradus_schedule_storage *storage, const char *spec, const gradus_units *units, gradus_error *error);

/* The factor at a position, counted from 0 in the unit of the axis; fractions are fine. Below 0 and not a number: as at 0; past the end:
 * as the last phase's `past` says, by default its last value. Always finite and never negative. schedule NULL: 1. */
double gradus_schedule_at(const gradus_schedule *schedule, double position);

/* The unit of positions, enum gradus_unit: that of all its lengths where they share one, else updates. NULL: updates. */
int32_t gradus_schedule_axis(const gradus_schedule *schedule);

typedef struct gradus_phase {            /* a stretch of a schedule: one of the parts that '>' joins                 */
    const char *name;                   /* of its member: "warmup"                                                  */
    double      start, length;          /* on the axis; a length is infinite where the schedule has no known end    */
    uint64_t    reserved[2];
} gradus_phase;

/* Fills in *phase with the index-th phase, from 0. Returns false, and leaves *phase alone, where there are no more; so too for NULLs.
 * The name is valid as long as the schedule. A phase that is cut off by the run's end keeps its length; one of no length never acts,
 * but for the value it hands on. */
bool gradus_schedule_phase(const gradus_schedule *schedule, int32_t index, gradus_phase *phase);

/* Writes the canonical text, which makes the same schedule again, into text[size], cut where the room ends and always ended by 0 (size
 * 0: nothing is written). Returns its whole length without the 0. schedule NULL: "none". */
size_t gradus_schedule_print(const gradus_schedule *schedule, char *text, size_t size);

void gradus_schedule_destroy(gradus_schedule *schedule);        /* NULL and placed ones: nothing                   */

/* ---- policy: one loop, one question ------------------------------------------------------------------------------
 *
 *     while (!gradus_policy_finished(policy)) {
 *         loss = forward_backward(next_batch());
 *         gradus_policy_observe(policy, "loss", loss);
 *         switch (gradus_policy_decide(policy, &decision)) {
 *         case GRADUS_APPLY:     update(decision.rate); gradus_policy_applied(policy, NULL); break;
 *         case GRADUS_SKIP:      break;                                   // this gradient is not used
 *         case GRADUS_ROLL_BACK: restore(snapshot[decision.restore]); break;
 *         case GRADUS_STOP:      stop = true; break;
 *         }
 *     }
 *
 * The policy judges a gradient before it reaches the parameters. Its clock moves in gradus_policy_applied and nowhere
 * else; a rollback sets it back to the snapshot's. It never reads the time: seconds, if used, are told to it.
 *
 *     rate = clamp(base * schedule * product of the feedbacks' factors, minimum, maximum)
 *
 * To end a run for good reason is a result, not an error. Once created it allocates nothing but at runtime events and loads. One
 * policy, one thread at a time. A NULL policy is one whose creation failed: finished is true, decide says stop.          */

typedef enum gradus_action { GRADUS_APPLY = 1, GRADUS_SKIP, GRADUS_ROLL_BACK, GRADUS_STOP } gradus_action;

typedef enum gradus_reason {            /* why an action is what it is, or why a run has ended; 0: nothing unusual */
    GRADUS_REASON_NONE, GRADUS_REASON_COMPLETED, GRADUS_REASON_NON_FINITE, GRADUS_REASON_DIVERGING, GRADUS_REASON_EXPLODING_GRADIENT,
    GRADUS_REASON_PLATEAU, GRADUS_REASON_RATE_AT_MINIMUM, GRADUS_REASON_TOO_MANY_SKIPS, GRADUS_REASON_TOO_MANY_ROLLBACKS, GRADUS_REASON_MEMBER,
    GRADUS_REASON_IMPROVING, GRADUS_REASON_GRADIENT_NOISE, GRADUS_REASON_OVERFLOW, GRADUS_REASON_RATE_DERIVATIVE, GRADUS_REASON_LOSS_GAP,
    GRADUS_REASON_CURVATURE
} gradus_reason;
const char *gradus_reason_name(int32_t reason);         /* "exploding_gradient": what the decision log says; never NULL */

typedef struct gradus_decision {        /* plain data: may be logged, compared, broadcast to other processes       */
    int32_t  action;                    /* enum gradus_action                                                      */
    int32_t  reason;                    /* enum gradus_reason                                                      */
    int64_t  update;                    /* index of the update in question; the first is 0                         */
    double   rate;                      /* clamp(base * schedule * feedback); group multipliers come after         */
    double   schedule, feedback;        /* the two factors in it                                                   */
    int32_t  keep;                      /* once this update is applied, copy everything into this snapshot; -1: no */
    int32_t  restore;                   /* snapshot to go back to when action is GRADUS_ROLL_BACK; -1 otherwise    */
    int32_t  skips, rollbacks;          /* so far; mix rollbacks into a shuffle's seed to meet new batches         */
    int32_t  last;                      /* 1: once this is done the run is over                                    */
    int32_t  reserved0;
    double   gradient_scale;            /* what every value of the gradient is to be multiplied by before it is used, besides the
                                         * caller's own scale; below 1 when a feedback clips it, else 1              */
    uint64_t reserved[3];
} gradus_decision;

typedef struct gradus_scheduled {       /* a further value that follows a schedule                                 */
    const char *name;                   /* "batch", "momentum", "head.lr_scale" (group.hyperparameter)           */
    double      base;                   /* value where the schedule's factor is 1                                  */
    const char *schedule;
} gradus_scheduled;

typedef void gradus_decision_log(void *user, const char *json, size_t length);   /* one JSON object, no newline     */
typedef void gradus_measure_log(void *user, const char *metric, double value);   /* a measure as it is told         */

typedef struct gradus_policy_config {
    double      base;                   /* rate where all factors are 1; > 0                                       */
    double      minimum, maximum;       /* the one clamp; maximum 0: none                                          */
    const char *schedule;               /* NULL: constant                                                          */
    const char *feedback;               /* "guard > plateau(val_loss, patience=5)"; NULL: none                     */
    const gradus_scheduled *scheduled;  /* ends with a NULL name; NULL: none                                       */
    gradus_units units;
    int32_t     snapshots;              /* how many the caller can keep; 0: a guard never asks to roll back        */
    int32_t     reserved0;
    gradus_decision_log *log;           /* NULL: none                                                              */
    void           *log_user;           /* handed to both logs                                                     */
    gradus_context *context;
    gradus_measure_log *measures;       /* hears every measure just before it is judged, whether anybody listens to it or not:
                                         * with it a decision can be replayed; NULL: none                          */
    uint64_t        reserved[3];
} gradus_policy_config;

typedef struct gradus_progress {        /* what the update just applied was made of; 0: as config.units says       */
    double   samples, tokens, epochs, seconds;
    uint64_t reserved[2];
} gradus_progress;

/* Makes a policy at update 0. config: base must be finite and above 0; texts and lists are copied, `log` is called from within
 * observe, decide, events and load, with one JSON object each (keys in a fixed order, no clock time). Returns NULL with *error set when a number
 * is out of its range or a text is wrong; the message begins with the one that is meant ("schedule: ", "feedback: ", "momentum: ").
 * The caller destroys it, before its context. */
gradus_policy *gradus_policy_create(const gradus_policy_config *config, gradus_error *error);
void           gradus_policy_destroy(gradus_policy *policy);            /* NULL: nothing                              */

/* Whether the planned length is done (units.total, or the end of a cool-down), or a feedback has stopped the run. */
bool gradus_policy_finished(const gradus_policy *policy);

/* Tells a measure of the gradient at hand or of the model; any number, finite or not. Names are free (what a feedback listens to stands in
 * its row, `gradus explain NAME`); those of the built-in feedbacks are
 *   loss                      of the batch, as the gradient was taken of it;
 *   gradient_norm             of the whole gradient, scaled as it will be used, before clipping;
 *   non_finite                how many of its values are not;
 *   half_gradient_norm        the batch is cut in two, of B1 + B2 = B examples, and g1, g2 are the gradients of the halves, each as an
 *                             estimate of the whole one (a mean over examples, not a share of a sum): sqrt(B1/B |g1|^2 + B2/B |g2|^2);
 *   gradient_dot_last_update  the gradient times what the last update has added to the values, w(t) - w(t-1);
 *   update_norm               the length of that last update;
 *   movement_norm, gradient_change_dot_movement, gradient_change_norm
 *                             how far the values have moved, what the gradient has changed by on that way times the movement, and
 *                             the length of the change; told once in the n updates that gradus_policy_window says: the movement
 *                             is w(m) - w(0) with m = n - n/10, the change the mean of g(m), ..., g(n) less that of the n/10 + 1
 *                             gradients up to g(0), and the next window begins at n. With n = 1: w(1) - w(0), g(1) - g(0);
 *   rate                      of the update that was just applied: the policy itself tells it;
 *   head.update_norm, ...     of the parameters of a group alone, for feedback that goes by it (hypergradient(group=head)):
 *                             gradus_optimizer_tell tells them;
 *   val_loss, ...             of the model.
 * What is not told is absent, not zero. Returns whether anybody listens to it. A feedback may answer at once: the rate changes
 * with the next decision, and a wish to skip, roll back or stop is the next decision. */
bool gradus_policy_observe(gradus_policy *policy, const char *metric, double value);

/* The names that somebody listens to, index from 0; NULL: no more. Valid as long as the policy. Ask once what need not be measured. */
const char *gradus_policy_listens(const gradus_policy *policy, int32_t index);

/* Over how many updates those who listen to a measure want it taken: 1, but for measures of a movement what the feedback's window
 * says, the shortest where there are several. 0: nobody listens. It changes only when the run's length does. */
int64_t gradus_policy_window(const gradus_policy *policy, const char *metric);

/* Judges the gradient at hand. Fills in *decision (NULL: not wanted) and returns its action:
 *   APPLY      update the parameters with decision.rate and the gradient times decision.gradient_scale, then call applied, then keep a
 *              snapshot if decision.keep >= 0;
 *   SKIP       do not use this gradient; the clock stands still;
 *   ROLL_BACK  restore snapshot decision.restore: parameters, optimizer, data position. The clock is back at decision.update, the
 *              factors are as the feedback has lowered them. Only with config.snapshots, and never to a snapshot not asked for;
 *   STOP       the run is over, and gradus_policy_reason says why. */
gradus_action gradus_policy_decide(gradus_policy *policy, gradus_decision *decision);

/* The update was made: moves the clock. progress: what it was made of; NULL, and every 0 in it: the usual size, from config.units
 * (seconds: none). After a decision other than APPLY it does nothing. */
void gradus_policy_applied(gradus_policy *policy, const gradus_progress *progress);

/* What was kept is gone, as after a resume without the snapshots: until new ones are kept a rollback becomes a skip. */
void gradus_policy_forget_snapshots(gradus_policy *policy);

/* The caller has gone somewhere else by a decision of its own, to a checkpoint that it kept or along a log that it replays: the clock
 * stands where `update` updates (from 0) are applied. made: what all of them were made of, NULL and every 0 in it: the usual size
 * (seconds: as they are). What feedback has learnt stays, and so do the counts; snapshots of later updates are forgotten. */
void gradus_policy_seek(gradus_policy *policy, int64_t update, const gradus_progress *made);

double gradus_policy_rate(const gradus_policy *policy);         /* what the next update would use; changes nothing; NULL: 0 */

/* Fills in *decision with what the next one would be if nothing were said of its gradient: update, rate and the factors in it, counts;
 * action APPLY, or STOP where the run is over. Nothing is kept, nothing changes. */
void gradus_policy_peek(const gradus_policy *policy, gradus_decision *decision);

/* A scheduled value at this update, or the value that a feedback has under its own name; NaN: no such. */
double gradus_policy_value(const gradus_policy *policy, const char *name);
const char *gradus_policy_scheduled(const gradus_policy *policy, int32_t index);    /* the names of config.scheduled in turn; NULL: no more */

/* Feedback that answers for a group alone (plateau(head_loss, group=head)): the product of its factors, with which the rate of that
 * group is multiplied after decision.rate; 1: none does. gradus_optimizer_follow does it. The names of such groups in turn; NULL: no more. */
double      gradus_policy_group_factor(const gradus_policy *policy, const char *group);
const char *gradus_policy_group(const gradus_policy *policy, int32_t index);

int32_t gradus_policy_reason(const gradus_policy *policy);      /* enum gradus_reason of the last decision, or why it is finished */

/* The same in words, with the numbers that were seen, into text[size], cut where the room ends and always ended by 0. Returns the whole
 * length. Where nothing happened: how the rate came about. */
size_t gradus_policy_explain(const gradus_policy *policy, char *text, size_t size);

/* Runtime events: recorded with the clock, saved in the state, and in force again when it is loaded. On failure nothing has changed.
 *   extend     the run is `total` long, in units.total_unit, longer or shorter than before; what is given in % moves with it;
 *   cool_down  `schedule` takes over from here, starting at the factor reached, and the run ends where it ends; a phase without a
 *              length takes what is left. NULL: "decay(shape=1-sqrt)". Once a run;
 *   rebase     the rate that a share of 1 stands for is `base`; values given as rates stay as they are.
 * GRADUS_ERROR_RANGE: not finite or not above 0; GRADUS_ERROR_SPEC: a schedule that is wrong, or no longer fits; GRADUS_ERROR_USE:
 * extend or cool_down when the run is cooling down already. */
gradus_status gradus_policy_extend(gradus_policy *policy, double total, gradus_error *error);
gradus_status gradus_policy_cool_down(gradus_policy *policy, const char *schedule, gradus_error *error);
gradus_status gradus_policy_rebase(gradus_policy *policy, double base, gradus_error *error);

/* ---- optimizer: the caller's tensors, our state ----------------------------------------------------------------
 *
 * Values and gradients are the caller's memory and stay there; the optimizer keeps state, in memory of its own, keyed by the
 * tensors' names. Made from specs, given its tensors, then one gradus_optimizer_step (or gradus_update) for each update:
 *
 *     gradus_optimizer *optimizer = gradus_optimizer_create(&(gradus_optimizer_config){ .rule = "adamw" }, &error);
 *     gradus_optimizer_add(optimizer, &(gradus_parameter){ .name = "w", .shape = { rows, columns }, .values = w, .gradient = g }, &error);
 *     if (error.status) ...                                   // the one check of the whole set-up
 *     while (...) gradus_optimizer_step(optimizer, &(gradus_step){ .rate = 1e-3, .flags = GRADUS_ZERO_GRADIENTS }, &error);
 *
 * Equal bits: the same numbers give the same bits for every number of threads, instruction set, compiler and level.
 * Errors: what is refused is refused before a value is touched. `error` may be NULL everywhere. One optimizer, one thread at a
 * time; inside, work is shared among the context's threads.                                                              */

typedef enum gradus_type  { GRADUS_FLOAT32, GRADUS_BFLOAT16, GRADUS_FLOAT16 } gradus_type;
typedef enum gradus_place { GRADUS_HERE, GRADUS_ELSEWHERE } gradus_place;  /* ELSEWHERE: device memory, never touched */
typedef enum gradus_isa   { GRADUS_ISA_BEST, GRADUS_ISA_SCALAR, GRADUS_ISA_SSE2, GRADUS_ISA_AVX2, GRADUS_ISA_AVX512, GRADUS_ISA_NEON } gradus_isa;

typedef struct gradus_optimizer_config {
    const char     *rule;               /* "lookahead(adamw(weight_decay=0.1, beta2=0.95), every=5)"                */
    const char     *gradient;           /* "clip_norm(1) > centralize"; NULL: none                               */
    const char     *average;            /* "ema(0.999)"; NULL: none, or what the rule itself averages              */
    const char     *groups;             /* "match('*.bias', weight_decay=0) > match('head.*', lr_scale=0.1)"; first match */
    const char     *state;              /* "float32" (NULL), "8bit": a byte where that serves, in tensors of 4096 values and
                                         * more, with a scale for each 256; the rule's own state= wins               */
    gradus_units    units;              /* only for lengths inside these specs: swa(from=75%)                      */
    uint64_t        seed;               /* stochastic rounding and noise                                           */
    gradus_context *context;
    uint64_t        reserved[4];
} gradus_optimizer_config;

typedef struct gradus_parameter {
    const char *name;                   /* unique; the key of its state                                            */
    const char *group;                  /* patterns of groups fit this as they fit the name; NULL: none            */
    int64_t     shape[8];               /* rows first; ends at the first 0; {n} for a vector                       */
    void       *values;                 /* the caller's, at least until destroy; contiguous, any alignment of the element */
    void       *gradient;               /* the caller's; NULL: not updated until bound                             */
    float      *master;                 /* float32 twin of 16-bit values, the caller's; NULL: as `rounding` says   */
    int32_t     values_type, gradient_type;     /* enum gradus_type                                                */
    int32_t     rounding;               /* 16-bit values without master: 0 keep an own master, 1 stochastic, 2 nearest */
    int32_t     place;                  /* enum gradus_place                                                       */
    int32_t     outputs_last;           /* 1: of a weight the last dimension counts the outputs, as in JAX; 0: the first, as in PyTorch */
    int32_t     reserved0;
    uint64_t    reserved[3];
} gradus_parameter;

typedef struct gradus_step {
    double   rate;                      /* >= 0, finite                                                            */
    double   gradient_scale;            /* every gradient value is read times this (1/accumulation, 1/loss scale); 0: 1 */
    double   gradient_norm;             /* of the scaled gradients, if the caller has it; 0: measured when needed  */
    double   loss;                      /* for rules that ask for it                                               */
    uint32_t flags;                     /* enum gradus_step_flags                                                  */
    uint32_t reserved0;
    uint64_t reserved[4];
} gradus_step;

typedef enum gradus_step_flags {
    GRADUS_ZERO_GRADIENTS   = 1,        /* leave the gradients zero, in the same pass over memory                  */
    GRADUS_SKIP_NON_FINITE  = 2,        /* values and state stay as they are when a gradient is not finite          */
    GRADUS_MEASURE_UPDATE   = 4         /* fill update_norm, values_norm, gradient_dot_update                      */
} gradus_step_flags;

typedef enum gradus_outcome {
    GRADUS_FAILED    = -1,              /* any below 0: a gradus_status; nothing was touched                       */
    GRADUS_APPLIED  = 1,
    GRADUS_EVALUATE = 2,                /* values hold a trial point: loss and gradient there, same batch, and step again */
    GRADUS_SKIPPED  = 3,                /* values and state are as before                                          */
    GRADUS_CONVERGED = 4                /* the rule can make no further progress (line searches)                   */
} gradus_outcome;

typedef struct gradus_measures {        /* what was not measured is absent: NaN, and -1 for the count               */
    double   gradient_norm;             /* scaled, before clipping; infinite when a value is not finite             */
    double   update_norm, values_norm;  /* what a step has added to the values, and the values after it            */
    double   gradient_dot_update;       /* a step's own gradient times its update: the change of the loss that it promises */
    double   effective_rate;            /* what the rule made of step.rate (d of Prodigy, r/sqrt(G) of DoG); else step.rate */
    int64_t  non_finite;                /* gradient values that are not finite                                     */
    /* of a gradient at hand; 0 is absent too */
    double   gradient_dot_last_update;  /* times what the step before it has added to the values                   */
    double   movement_norm, gradient_change_dot_movement, gradient_change_norm;    /* over a window: see gradus_policy_observe */
} gradus_measures;

/* Makes an optimizer without tensors. config: `rule` is required, all texts are copied. NULL and *error when a text does not parse,
 * names something unknown, leaves a value to a search, or asks for what this version does not have (GRADUS_ERROR_UNSUPPORTED).
 * The caller destroys it, before its context. */
gradus_optimizer *gradus_optimizer_create(const gradus_optimizer_config *config, gradus_error *error);
void              gradus_optimizer_destroy(gradus_optimizer *optimizer);   /* NULL: nothing; the tensors stay as they are */

/* Takes a tensor in, at any time. parameter: its texts and shape are copied, values and gradient stay the caller's and must remain
 * valid. Returns its index (the first is 0), or a status: a name or values that were added already, no name, shape or values, a
 * number in its group that is out of range. State is made when it is first needed.
 * 16-bit values: with a master the rule works on that, and values are the master's, rounded to the nearest; what the caller writes into
 * the values alone is not seen. A master of the caller's holds the values when it is added; one of ours is taken from them when state is
 * made and saved with it. Without one each step rounds the values themselves: by chance (updates much smaller than the last bit count on
 * the mean; the same for every number of threads and every cut into tensors) or to the nearest (they are lost). */
int32_t gradus_optimizer_add(gradus_optimizer *optimizer, const gradus_parameter *parameter, gradus_error *error);

/* Memory has moved (a master has not). values NULL: as before; gradient NULL: the tensor takes no part until it has one again: its state, its values
 * and its own count of updates rest. GRADUS_ERROR_RANGE: no such tensor; GRADUS_ERROR_USE: it would come in or drop out while the values
 * are a trial point. */
gradus_status gradus_optimizer_bind(gradus_optimizer *optimizer, int32_t index, void *values, void *gradient, gradus_error *error);

/* State and counts as if all tensors had just been added; hyperparameters stay as they are. */
gradus_status gradus_optimizer_reset(gradus_optimizer *optimizer, gradus_error *error);

/* Reads the gradients once: norm and values that are not finite go to *measures (NULL: nowhere). gradient_scale as in gradus_step,
 * 0: 1. The next step reuses what was found, so call it again when the gradients have changed since. If a policy that is followed
 * listens to them, update_norm and gradient_dot_last_update are filled in after a step, and the measures of a movement once a window;
 * what the caller has changed in the values meanwhile counts as movement. */
gradus_status gradus_optimizer_measure(gradus_optimizer *optimizer, double gradient_scale, gradus_measures *measures, gradus_error *error);

/* One update of every tensor that has a gradient. step: rate in [0, infinity), finite; the rate of a group is rate * lr_scale.
 * GRADUS_APPLIED; GRADUS_EVALUATE when a rule (sam, a line search) has put a trial point into the values: find loss and gradient of the
 * same batch there and step again with the same rate; nothing else but that, reading and destroying is allowed until then.
 * GRADUS_SKIPPED with GRADUS_SKIP_NON_FINITE when a gradient is not finite (with GRADUS_ZERO_GRADIENTS they are zeroed all the same, so
 * that nothing bad adds up; after a trial the values are back where they were); below 0 a status: a rate, a scale or a scheduled
 * hyperparameter out of its range, a norm that is needed of tensors that live elsewhere, no memory, an averaged view that is shown. Only
 * a sum over processes may fail when values have moved already. */
gradus_outcome gradus_optimizer_step(gradus_optimizer *optimizer, const gradus_step *step, gradus_error *error);

/* What the last step found; absent what it had no need of. GRADUS_ERROR_USE: a NULL. */
gradus_status gradus_optimizer_measures(const gradus_optimizer *optimizer, gradus_measures *measures);
/* Rates that the values of a tensor had to themselves in the last step, of rules that give each its own (adam, rmsprop, adagrad: step.rate
 * over the root of a mean square): rates[i] is the one that the share shares[i] of all values has at most: 0.1, 0.5, 0.9 are the usual
 * percentiles. Of other rules all are what the step's rate came to. Reads the state a few times. GRADUS_ERROR_RANGE: no such tensor, a
 * share outside [0, 1]; GRADUS_ERROR_USE: it had no part in the last step; GRADUS_ERROR_UNSUPPORTED: it lives elsewhere. */
gradus_status gradus_optimizer_rates(const gradus_optimizer *optimizer, int32_t index, const double *shares, double *rates, int32_t count,
                                     gradus_error *error);
void          gradus_policy_observe_measures(gradus_policy *policy, const gradus_measures *measures);   /* each under its field's name */

/* Tells a policy what the gradus_optimizer_measure before it has found: *measures, and of groups that a feedback goes by alone
 * (hypergradient(group=head)) what that asks for: "head.gradient_dot_last_update", "head.update_norm", "head.gradient_norm" of those of
 * its values that had a part in the last update; nothing of a group when a gradient is not finite. GRADUS_ERROR_USE: a NULL. */
gradus_status gradus_optimizer_tell(const gradus_optimizer *optimizer, gradus_policy *policy, const gradus_measures *measures,
                                    gradus_error *error);

/* Takes over those of the policy's scheduled values that it knows ("momentum", "head.lr_scale"); the others are not its business; and
 * what feedback has made of the rates of single groups. From the next step on keeps what the measures need that the policy listens to: a
 * copy of the values before the update for gradient_dot_last_update and update_norm, three copies for a movement; nothing where nobody
 * listens. GRADUS_ERROR_RANGE: a value that the rule does not take; GRADUS_ERROR_USE: no tensor is in a group that a feedback answers
 * for. */
gradus_status gradus_optimizer_follow(gradus_optimizer *optimizer, const gradus_policy *policy, gradus_error *error);

/* After an update that was not made, where gradients add up. */
gradus_status gradus_optimizer_zero_gradients(gradus_optimizer *optimizer, gradus_error *error);

/* The usual loop in one call: measure (if the policy listens), observe, decide, follow, step, applied. step: as above, but its rate
 * is the policy's, and its loss is observed as "loss". decision: filled in, NULL: not wanted. GRADUS_APPLIED; GRADUS_EVALUATE: as above,
 * and the next call goes on with the same decision; GRADUS_SKIPPED when the decision was another (see decision->action; with
 * GRADUS_ZERO_GRADIENTS the gradients are zeroed); below 0 a status. */
gradus_outcome gradus_update(gradus_policy *policy, gradus_optimizer *optimizer, const gradus_step *step, gradus_decision *decision, gradus_error *error);

/* A number of the rule, of what it wraps, or `lr_scale`, from the next step on: "momentum" of all groups that have none of their own,
 * "head.momentum" of the groups called head (a parameter's `group`, an item's name= or its pattern); where two rules have one of the
 * same name, "lookahead.momentum". Replaces a schedule that stood there.
 * GRADUS_ERROR_RANGE: out of its range; GRADUS_ERROR_USE: no such name or group, or one that is settled at creation (words, flags, a
 * momentum that was 0 and has no state). */
gradus_status gradus_optimizer_set(gradus_optimizer *optimizer, const char *name, double value, gradus_error *error);
double        gradus_optimizer_get(const gradus_optimizer *optimizer, const char *name);    /* as the next step will use it; NaN: no such */

typedef enum gradus_view { GRADUS_TRAINED, GRADUS_AVERAGED } gradus_view;

/* Puts a view into the caller's values; going back is exact; until then no step, no save, no load, no new tensor. Takes memory for the
 * values the first time. GRADUS_ERROR_USE: nothing is averaged, or an update is under way (GRADUS_EVALUATE). */
gradus_status gradus_optimizer_show(gradus_optimizer *optimizer, gradus_view view, gradus_error *error);
/* Copies a view of one tensor, as float32, to destination[count], whichever is shown; values and training are not disturbed.
 * GRADUS_ERROR_USE: as above; GRADUS_ERROR_UNSUPPORTED: it lives elsewhere. */
gradus_status gradus_optimizer_read(const gradus_optimizer *optimizer, int32_t index, gradus_view view, float *destination, gradus_error *error);

/* For callers that launch their own kernels (GRADUS_ELSEWHERE): the numbers that the last step used for a tensor, in the order of
 * their names. Returns how many there are, 0 before the first step; at most `capacity` are written. */
const char *gradus_optimizer_constant_name(const gradus_optimizer *optimizer, int32_t constant);   /* NULL: no more */
int32_t     gradus_optimizer_constants(const gradus_optimizer *optimizer, int32_t index, double *values, int32_t capacity);

/* ---- state: configuration is never in it ----------------------------------------------------------------------- */

typedef enum gradus_content { GRADUS_STATE, GRADUS_STATE_AND_VALUES } gradus_content;   /* the second is a whole snapshot of the tensors */
typedef int gradus_write(void *user, const void *bytes, size_t size);      /* nonzero: stop, GRADUS_ERROR_WRITE     */

typedef enum gradus_difference_kind { GRADUS_MISSING, GRADUS_EXTRA, GRADUS_OTHER_SHAPE, GRADUS_OTHER_TYPE, GRADUS_OTHER_VALUE } gradus_difference_kind;
typedef struct gradus_difference {
    int32_t     kind;                   /* MISSING: here but not in the state; EXTRA: in the state but not here    */
    int32_t     refused;                /* 1: this one makes the load fail                                         */
    const char *name;                   /* "wpe", "weight_decay"; valid during the call                            */
    char        saved[48], present[48]; /* both sides in words                                                     */
} gradus_difference;

typedef struct gradus_load {            /* NULL: nothing may be missing, extra or of another shape; nobody is told */
    uint32_t accept;                    /* 1 << GRADUS_MISSING etc.; differing configuration is always accepted and told */
    uint32_t reserved0;
    void   (*difference)(void *user, const gradus_difference *difference);
    void    *user;
    uint64_t reserved[2];
} gradus_load;

/* Clock, what feedback has learnt, counts and events, as one record of little-endian entries that ends in a checksum; state_size says
 * how many bytes save will hand to `write`, in pieces (NULL policy: 0). Nothing is allocated. GRADUS_ERROR_WRITE: the writer refused. */
uint64_t      gradus_policy_state_size(const gradus_policy *policy);
gradus_status gradus_policy_save(const gradus_policy *policy, gradus_write *write, void *user, gradus_error *error);

/* Takes a record over: all is checked before anything is changed; `state` may be a mapped file and is not kept. The schedules, limits
 * and settings stay those of this policy; `how` is told of each that differs. The state of one feedback is taken whole or not at all.
 * A loaded policy decides as the saved one would have, bit for bit. GRADUS_ERROR_STATE: damaged, of another kind, or it does not fit. */
gradus_status gradus_policy_load(gradus_policy *policy, const void *state, size_t size, const gradus_load *how, gradus_error *error);
uint64_t      gradus_policy_digest(const gradus_policy *policy);     /* equal digests: equal decisions from here on; NULL: 0 */

/* Counts and state of every tensor, and with GRADUS_STATE_AND_VALUES its values, as one record of little-endian entries that ends in a
 * checksum; `size` says how many bytes `save` will hand to `write`, in pieces. Tensors that live elsewhere have counts only.
 * GRADUS_ERROR_WRITE: the writer refused. */
uint64_t      gradus_optimizer_state_size(const gradus_optimizer *optimizer, gradus_content content);
/* Bytes that the state takes in memory, or will when the first step makes it. NULL: 0. */
uint64_t      gradus_optimizer_state_memory(const gradus_optimizer *optimizer);
gradus_status gradus_optimizer_save(const gradus_optimizer *optimizer, gradus_content content, gradus_write *write, void *user, gradus_error *error);

/* Takes a record over: all is checked before anything is changed; `state` may be a mapped file and is not kept. Values are restored if
 * they are in it. A tensor that is accepted as missing or of another shape starts fresh. Hyperparameters are never taken from a
 * record: `how` is told of each that differs. GRADUS_ERROR_STATE: damaged, or it does not fit; the message names the first reason. */
gradus_status gradus_optimizer_load(gradus_optimizer *optimizer, const void *state, size_t size, const gradus_load *how, gradus_error *error);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
