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

/* ---- reports: errors placed where the user sees them ----------------------------------------------------------------- */

typedef struct gradus_report {
    gradus_error error;                 /* line, column and length (in code points) are those of `source`; 0: no place in it */
    char    where[512];                 /* what stands before the message: "run.yaml:4:23", "argument 2"; "": nothing */
    char    source[512];                /* for machines: "run.yaml", "argument", "stdin"; "": about no text          */
    char    key[64];                    /* the setting whose text is meant; "": none                                 */
    char    line[512];                  /* the source line, or the part of it around the error; "": none             */
    int32_t caret, carets;              /* code points of `line` before the first caret; how many carets             */
    int32_t argument;                   /* the word of the command line that is meant, counted after the verb; 0: none */
} gradus_report;

/* Places the stretch [offset, offset + length) of `text`: line, column, the source line and its carets. */
void gradus_report_text(gradus_report *report, const char *text, size_t offset, size_t length);
/* Takes over an error about a text of its own (`gradus spec schedule ...`): `name` stands for the text, "schedule:1:14". */
void gradus_report_spec(gradus_report *report, const char *name, const char *text, const gradus_error *error);

/* ---- settings --------------------------------------------------------------------------------------------------------
 * A run file is YAML whose values are specs; `key=value` on the command line replaces a setting, `key.path=value` reaches into its
 * text. One table of settings drives reading, `--dry-run`, completion and the manual; its rows are those of any member's arguments:
 * a PIPELINE is a chain or a call of its family, `words` holds what may stand in its place ("auto", "none": switched off). */

const gradus_argument *gradus_setting_at(int32_t index);                /* in the order of the manual; NULL: no more */
const gradus_argument *gradus_setting_find(const char *key);            /* exact; NULL: no such                      */
const gradus_argument *gradus_setting_also(const char *name);           /* the setting that other texts call so; NULL: none */

typedef struct gradus_settings gradus_settings;

typedef struct gradus_settings_config {
    const char        *file;            /* run file; "-": standard input; NULL: none                                 */
    const char *const *arguments;       /* key=value, in order; ends with NULL; NULL: none                           */
    const int32_t     *numbers;         /* what the user counts them as ("argument 2"); NULL: 1, 2, ...              */
    const char        *folder;          /* what the file's paths are relative to; NULL: the folder of the file       */
    bool               open;            /* search values are allowed (tune)                                          */
} gradus_settings_config;

gradus_settings *gradus_settings_create(const gradus_settings_config *config, gradus_report *report);       /* NULL: *report says why */
/* The same from the text of a run file; `name` is what errors call it ("run.yaml"). */
gradus_settings *gradus_settings_read(const char *name, const char *text, size_t size, const gradus_settings_config *config, gradus_report *report);
void             gradus_settings_destroy(gradus_settings *settings);
bool             gradus_settings_given(const gradus_settings *settings, const char *key);       /* by file or argument, not a default */
const gradus_spec *gradus_settings_spec(const gradus_settings *settings, const char *key);      /* PIPELINE; NULL: none, "none", or a word */
const gradus_value *gradus_settings_value(const gradus_settings *settings, const char *key);    /* other kinds; NULL: none or "none" */
double           gradus_settings_number(const gradus_settings *settings, const char *key);      /* NaN: none, or a word */
const char      *gradus_settings_text(const gradus_settings *settings, const char *key, gradus_print how);  /* NULL: neither given nor a default */
const char      *gradus_settings_written(const gradus_settings *settings, const char *key);     /* as the user wrote it: what offsets of errors refer to */
const char      *gradus_settings_folder(const gradus_settings *settings, const char *key);      /* what a path in it is relative to; "": the working folder */
/* Settings may come from several folders, but a run keeps one: from here on their texts name files that do not lie in `base`, an
 * absolute path, by their own absolute paths. */
gradus_status    gradus_settings_settle(gradus_settings *settings, const char *base, gradus_error *error);
/* What a run of it is called: the run file's name ("mnist"; "": no file), of a run's own RUN/run.yaml that of the run. */
const char      *gradus_settings_stem(const gradus_settings *settings);
/* Where it is made: in "runs", but where the working folder lies in the run whose own file it is, beside that run (".."). */
const char      *gradus_settings_runs(const gradus_settings *settings);
/* Gives a setting that has no value one ("epochs" that the data decide); `text` as one would write it. */
gradus_status    gradus_settings_set(gradus_settings *settings, const char *key, const char *text, gradus_error *error);
size_t           gradus_settings_print(const gradus_settings *settings, gradus_print how, char *text, size_t size);
                                        /* as a run file that reads back to the same; returns the length needed, as snprintf */
/* Places an error about a setting's text where the user wrote it; a default is no place, then only the key is named. */
void             gradus_settings_place(const gradus_settings *settings, const char *key, const gradus_error *error, gradus_report *report);

/* ---- runs ------------------------------------------------------------------------------------------------------------
 * A run is made of settings, used, destroyed. Making it opens the data and compiles the net, but writes nothing; training it makes
 * the run's folder. One run, one thread at a time, but for gradus_run_interrupt. */

typedef struct gradus_run gradus_run;

typedef struct gradus_run_config {
    gradus_settings   *settings;        /* must outlive the run; what they leave open (model, epochs, ...) is filled in. With `resume`: those
                                         * of RUN/run.yaml, changed as the user likes                               */
    const char        *resume;          /* RUN, to go on from its newest whole state; NULL: a new run               */
    const char        *out;             /* folder in which runs are made; NULL: gradus_settings_runs                */
    const char        *data_dir;        /* where data sets are looked for first; NULL: none                         */
    const char *const *command;         /* words of the command line, for summary.json; ends with NULL; NULL: none  */
    int32_t            threads;         /* 0: as many as the machine has; with `resume`: as many as the run had     */
    bool               overwrite;       /* what stands in the run's folder is replaced                              */
} gradus_run_config;

gradus_run *gradus_run_create(const gradus_run_config *config, gradus_report *report);          /* NULL: *report says why */
gradus_run *gradus_run_open(const char *folder, const gradus_run_config *config, gradus_report *report);
                                        /* a run that was trained, with its best model: to evaluate and predict; of config only
                                         * data_dir and threads are read, NULL: none                                */
void        gradus_run_destroy(gradus_run *run);
/* Where the settings of a run are read from, to go on with it: RUN/run.yaml, and the folder that its paths are relative to. Both hold
 * 1024 bytes. */
gradus_status gradus_run_source(const char *folder, char *file, char *base, gradus_error *error);

const gradus_settings  *gradus_run_settings(const gradus_run *run);     /* with everything filled in                */
const gradus_data_info *gradus_run_data(const gradus_run *run);
struct gradus_json;
typedef struct gradus_run_time {        /* seconds that training will take, as far as it can be told; NaN: it cannot */
    double update, validation, find;    /* one update; measuring once on the validation part; finding the rate, 0: it is known */
    double total;                       /* from here to the planned end, with all of these and the test             */
} gradus_run_time;
gradus_status           gradus_run_foresee(gradus_run *run, gradus_run_time *time, gradus_error *error);
                                        /* makes updates for a quarter of a second, two at least unless one takes longer than a
                                         * second, and puts everything back bit for bit. Fails where it cannot put it back */
void                    gradus_run_plan_json(const gradus_run *run, const gradus_run_time *time, struct gradus_json *json);
                                        /* an object with the keys of summary.json that are known before the first update (config,
                                         * config_full, seed, data, model, lr, plan, memory), and what is foreseen; NULL: not that */
const gradus_net       *gradus_run_net(const gradus_run *run);          /* for the layer table                      */
typedef struct gradus_run_memory {      /* bytes that training takes, known before it begins; not those of the data  */
    int64_t parameters, gradients, optimizer, activations, workspace;   /* optimizer: its state; workspace: as gradus_net_memory */
    int64_t sum;
} gradus_run_memory;
gradus_run_memory       gradus_run_memory_of(const gradus_run *run);    /* an opened run has no optimizer           */
void                    gradus_run_units(const gradus_run *run, gradus_units *units);    /* what lengths are worth in it; base 0: `lr: auto` is still to find it */

/* Measures of a part besides its loss, as scikit-learn defines them. Classes: accuracy, f1 (mean over the classes), top5 (the right class is
 * among the five likeliest) of more than five, auc of two, perplexity where each step has a target. Numbers: rmse, mae, r2 (mean over the outputs).
 * A net with several outputs has those of each, and before them its loss. */
enum { GRADUS_METRICS = 64, GRADUS_METRIC_NAME = 112 };  /* bytes of "train_" with a name and its end */
struct gradus_grades;
typedef struct gradus_metric {
    const char *name;                   /* "accuracy"; where the net has several outputs "income_accuracy"          */
    const char *title;                  /* "acc": for columns that are narrow                                       */
    bool        larger_is_better;
    bool        in_training;            /* told of the training part too, over the batches as they are learnt        */
    bool        in_units;               /* an error, in units of the target                                         */
    int32_t     head;                   /* of which output, as gradus_net_head counts them                          */
    double    (*of)(const struct gradus_grades *grades);
} gradus_metric;
const gradus_metric *gradus_run_metric(const gradus_run *run, int32_t index);                   /* NULL: no more    */

typedef struct gradus_run_rate {        /* where the base rate came from                                            */
    double base;
    bool   automatic;                   /* lr: auto                                                                 */
    double constant;                    /* auto: what the optimizer's kind starts from                              */
    double low, high;                   /* auto: the loss fell steadily between these rates of the sweep; NaN: it did not */
    double edge;                        /* auto: from here on it rose or was not finite; NaN: nowhere               */
    bool   lowered;                     /* auto: the edge was so near that the rate is a third of it                */
} gradus_run_rate;

typedef struct gradus_run_facts {       /* known before the first update                                            */
    const char             *folder;     /* "runs/mnist"                                                             */
    const gradus_settings  *settings;
    const gradus_data_info *data;
    int64_t                 parameters, updates, updates_per_epoch;
    double                  epochs;
    int32_t                 batch, threads;
    uint64_t                seed;
    gradus_run_rate         rate;
    int64_t                 resumed;    /* the update it goes on from; -1: a new run                                */
    gradus_run_time         time;
} gradus_run_facts;

typedef struct gradus_run_progress {    /* while it trains                                                          */
    int64_t update, updates;            /* applied so far, planned                                                  */
    int64_t epoch;                      /* being worked on, from 1                                                  */
    double  done;                       /* share of this epoch                                                      */
    double  loss, rate;                 /* mean since the epoch began; of the last update                           */
    double  samples_per_second;
    double  left;                       /* seconds to the end of the run, as far as one can tell                    */
} gradus_run_progress;

typedef struct gradus_run_row {         /* one row of metrics.csv and what timing.csv says about it                */
    int64_t update;
    double  epoch, samples, tokens;     /* tokens NaN: the data have none                                           */
    double  rate, schedule_factor, feedback_factor;     /* of the last update                                       */
    double  train_loss, train[GRADUS_METRICS];          /* mean over the updates since the row before               */
    bool    validated;                  /* val_... was measured                                                     */
    double  val_loss, val[GRADUS_METRICS];
    double  gradient_norm, update_ratio;                /* mean over them; of the last update; NaN: not measured    */
    int64_t skipped;                    /* so far                                                                   */
    bool    best;                       /* the model of this row is kept                                            */
    double  seconds, samples_per_second, data_wait, left;
} gradus_run_row;

typedef struct gradus_run_decision {    /* one line of decisions.jsonl                                              */
    int64_t     update;
    double      epoch, samples;
    const char *by, *id, *action, *reason;
    double      factor_before, factor_after, rate_before, rate_after;
    int32_t     count;                  /* of the numbers seen                                                      */
    struct { const char *name; double value; } seen[8];
    const char *rule, *text;
    const char *json;                   /* the line itself                                                          */
} gradus_run_decision;

typedef enum gradus_run_status { GRADUS_RUN_RUNNING, GRADUS_RUN_FINISHED, GRADUS_RUN_STOPPED, GRADUS_RUN_INTERRUPTED, GRADUS_RUN_FAILED } gradus_run_status;
const char *gradus_run_status_name(int32_t status);     /* "finished"                                               */

typedef struct gradus_run_end {
    gradus_run_status status;
    char    reason[32], text[240];      /* code ("completed", "patience", ...) and one sentence                     */
    char    folder[512], model[512];    /* "" while there is no model                                               */
    int64_t update;
    double  epochs, seconds;
    char    best_metric[32];            /* "val_accuracy"; "": nothing was held back to tell                        */
    double  best_value;
    int64_t best_update;
    double  best_epoch;
    double  test_loss, test[GRADUS_METRICS];            /* of the model that was kept; NaN: no test part            */
} gradus_run_end;

typedef struct gradus_listener {        /* told while a run trains; each may be NULL; what is pointed to lives during the call */
    void *user;
    void (*finding)(void *user, int32_t tried, int32_t rates);              /* lr: auto looks for the rate, before `start`: tried so many of them */
    void (*start)(void *user, const gradus_run_facts *facts);
    void (*progress)(void *user, const gradus_run_progress *progress);      /* about ten times a second             */
    void (*judging)(void *user, int64_t batch, int64_t batches);            /* before each batch of the validation or the test part, from 0 */
    void (*epoch)(void *user, const gradus_run_row *row);
    void (*decision)(void *user, const gradus_run_decision *decision);
    void (*note)(void *user, const char *text);                             /* worth a line: an older state is used */
    void (*end)(void *user, const gradus_run_end *end);
} gradus_listener;

/* Trains to the end, or until something stops it; *end is filled in either way. A run that stopped early is GRADUS_OK, so is one that
 * was interrupted; what failed is in *report. listener NULL: nobody is told. */
gradus_status gradus_run_train(gradus_run *run, const gradus_listener *listener, gradus_run_end *end, gradus_report *report);
void          gradus_run_interrupt(gradus_run *run);    /* finish the update, or the batch that is judged, save, return; from any thread. A
                                         * signal handler may call it only on a stack of its own (SA_ONSTACK): oneDNN keeps numbers below
                                         * the stack pointer                                                        */

/* ---- asking a run that trains, also in another process: by small files in its folder, which it looks for between two updates, four times
 * a second. A script may do without this: `touch RUN/ask-save`. ---- */

typedef enum gradus_ask {
    GRADUS_ASK_SAVE,                    /* a state, now                                                             */
    GRADUS_ASK_COOL_DOWN,               /* gradus_policy_cool_down from here; `how`: the schedule; NULL: to the end of the run */
    GRADUS_ASK_STOP,                    /* as gradus_run_interrupt; `how`: "epoch" is after the epoch under way     */
    GRADUS_ASKS
} gradus_ask;

/* Errors: no such run; nobody trains it; a schedule that is wrong (placed in `how`). */
gradus_status gradus_run_ask(const char *folder, gradus_ask what, const char *how, gradus_error *error);
bool gradus_run_is_asked(const char *folder, gradus_ask what);          /* it has not been done yet                 */
bool gradus_run_is_trained(const char *folder);                         /* by some process, now                     */
void gradus_run_wish(gradus_run *run, gradus_ask what);                 /* the same in this process; from any thread */

typedef struct gradus_class_result {    /* of one class; a share of nothing is 0                                    */
    int64_t examples;
    double  precision, recall, f1;      /* share of what was said to be it that is; of what is it that was said; 2 p r / (p + r) */
} gradus_class_result;

typedef struct gradus_run_result {      /* of one part                                                              */
    int64_t examples;
    double  loss, metrics[GRADUS_METRICS];
    struct gradus_head_result {         /* of each output, as gradus_net_head counts them                           */
        double  low, high;              /* 95 % interval of its accuracy; NaN: it has none                          */
        int64_t classes;
        gradus_class_result *of_class;  /* `classes` of them; NULL: no classes                                      */
        int64_t *confusion;             /* classes x classes, rows are the truth; NULL: no classes, or thousands    */
    } heads[GRADUS_TARGETS];
} gradus_run_result;
gradus_status gradus_run_evaluate(gradus_run *run, gradus_part part, gradus_run_result *result, gradus_report *report);
void          gradus_run_result_release(gradus_run_result *result);     /* what it holds; all zeros: nothing         */

typedef struct gradus_run_prediction {
    int64_t row;
    struct gradus_answer {              /* of each output, as gradus_net_head counts them                           */
        int32_t      label;             /* class of the largest of its values; -1: targets are numbers              */
        double       probability;       /* of the label; NaN: the loss makes none of values (hinge)                 */
        const float *values;            /* all of them                                                              */
        int64_t      count;
    } answers[GRADUS_TARGETS];
} gradus_run_prediction;
gradus_status gradus_run_predict(gradus_run *run, const char *path, bool (*told)(void *user, const gradus_run_prediction *prediction), void *user,
                                 gradus_report *report);        /* file of inputs; told returns false: enough        */

typedef struct gradus_export {          /* what is done to the weights; zero: nothing                               */
    gradus_weights weights;             /* rounded to this: bfloat16 for safetensors, int8 for ONNX                 */
    double         prune;               /* share of them that becomes zero first, the smallest                      */
} gradus_export;
/* Writes the model of an opened run to a file whose ending says how: model.safetensors with PyTorch's names, model.onnx to be run
 * elsewhere. What stands there is replaced, unless it is the run's own model. From then on the run has the weights that were written:
 * gradus_run_evaluate tells what rounding and pruning cost. how NULL: nothing is done to them. */
gradus_status gradus_run_export(gradus_run *run, const char *path, const gradus_export *how, gradus_report *report);

typedef struct gradus_sample {
    int64_t     length;                 /* symbols that are written                                                  */
    double      temperature;            /* below 1 the likely becomes likelier; 0: always the likeliest              */
    uint64_t    seed;
    const char *prompt;                 /* what it begins with; NULL: the beginning of a line                        */
} gradus_sample;
gradus_status gradus_run_sample(gradus_run *run, const gradus_sample *how, bool (*told)(void *user, const char *symbol), void *user,
                                gradus_report *report);         /* text that the model writes; told returns false: enough */

/* Lets schedules read files of this machine, for table(rates.csv): gradus_context_config.read with a reader as its `user`. The reader
 * must outlive the making of what reads. */
typedef struct gradus_reader {
    const char *folder;                 /* what relative paths start from; NULL or "": the working folder           */
    char        why[160];               /* why the last file could not be read                                      */
} gradus_reader;
const char *gradus_reader_read(void *reader, const char *path, void (*take)(void *into, const char *text, size_t length), void *into);

/* Writes a file beside its place, syncs and renames it: nobody ever sees half of it, and what stood there before stays when anything
 * fails. error is not NULL. */
gradus_status gradus_file_replace(const char *path, const void *bytes, size_t size, gradus_error *error);

/* Reads RUN/decisions.jsonl back, line by line. */
char         *gradus_run_summary(const char *folder, gradus_error *error);      /* the text of a run's summary.json, to be freed; NULL: it is not there,
                                         * not whole, or of a run that ended before its rate was known               */
gradus_status gradus_run_decisions(const char *folder, void (*told)(void *user, const gradus_run_decision *decision), void *user, gradus_error *error);

/* ---- checks: what ails a run -------------------------------------------------------------------------------------------
 * A table of symptoms, each looked for in the files of a run's folder and in what the kept model does with a thousand examples of its
 * training part. A run without any is not thereby a good one; it has none of these. */

typedef struct gradus_symptom {
    const char *name;                   /* "dead_units"                                                             */
    const char *summary;                /* what it is                                                               */
    const char *threshold;              /* from where on it is found                                                */
    const char *source;                 /* why there: a paper, or what was measured                                 */
} gradus_symptom;
const gradus_symptom *gradus_symptom_at(int32_t index);         /* in the order in which they are looked for, causes first; NULL: no more */

enum { GRADUS_REMEDY_SIZE = 2048 };
typedef struct gradus_finding {
    const gradus_symptom *symptom;
    int32_t     layer;                  /* index in the model; -1: it is about the run as a whole                   */
    char        where[256];             /* "layer 3, dense(64)"; "": as a whole                                     */
    char        text[512];              /* what was seen, in a sentence                                             */
    int32_t     count;                  /* of the numbers in it                                                     */
    struct { const char *name; double value; } seen[6];
    char        remedy[GRADUS_REMEDY_SIZE];     /* settings as one would type them, without quotes, one a line: "gradient=clip_norm(1)" */
} gradus_finding;

/* Tells what is found, causes first; what another finding explains is left out. Where the data are not there, only the folder is looked
 * at, and `note` (may be NULL) says so. Nothing is written; the values of the run's net stay as they are. */
gradus_status gradus_run_check(gradus_run *run, void (*found)(void *user, const gradus_finding *finding), void (*note)(void *user, const char *text),
                               void *user, gradus_report *report);

/* ---- replays: what a feedback would have done with what was measured --------------------------------------------------
 * What a run was told (its measures.csv), or the rows of any CSV file whose columns are called as measures are, is told again in its
 * order. What a feedback decides about it is exact; but had the rate been another, other numbers would have come. */

typedef struct gradus_replay_config {
    const char *source;                 /* folder of a run, or a file                                               */
    const char *feedback;               /* NULL: the run's own, whose decisions come out as they were. A file needs one */
} gradus_replay_config;

typedef struct gradus_replay_facts {    /* known before the first row                                               */
    const char *log;                    /* "runs/mnist/measures.csv"                                                */
    const char *feedback;               /* canonical                                                                */
    const char *own;                    /* the run's; NULL: no run                                                  */
    bool        reports;                /* the log has rows of reports, not of each gradient                        */
    int64_t     rows, gradients;
    double      base;                   /* of the rate, in the end; of a file 1                                     */
    bool        automatic;              /* lr: auto                                                                 */
    double      updates, updates_per_epoch;     /* of the run, so far; of a file its rows, 1                        */
} gradus_replay_facts;

typedef struct gradus_replay_point {    /* a gradient, or with `reports` a report                                   */
    int64_t update;
    double  rate;                       /* at which it would have been applied; NaN: it would not have been         */
    double  was;                        /* at which it was; NaN: it was not, or nobody knows                        */
} gradus_replay_point;

typedef struct gradus_replay_end {
    int64_t parts;                      /* first update at which the rate is another than it was; -1: none          */
    int64_t stopped;                    /* update at which the feedback would have ended the run; -1: none          */
} gradus_replay_end;

typedef struct gradus_replay_listener { /* each may be NULL; what is pointed to lives during the call                */
    void *user;
    void (*start)(void *user, const gradus_replay_facts *facts);
    void (*point)(void *user, const gradus_replay_point *point);
    void (*decision)(void *user, const gradus_run_decision *decision);     /* that would have been made              */
    void (*note)(void *user, const char *text);                            /* what is not as exact as one may think  */
} gradus_replay_listener;

/* Errors: no such run or file, a feedback that is wrong (placed in its text), one that listens to a measure that the log does not have. */
gradus_status gradus_replay(const gradus_replay_config *config, const gradus_replay_listener *listener, gradus_replay_end *end, gradus_report *report);

#ifdef __cplusplus
}
#endif
#endif
