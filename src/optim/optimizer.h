/* optimizer.h - an optimizer from inside: its tensors, their groups, the state that belongs to them, and the plan by
 * which a walk over all of them is cut into tasks. Private to this folder. */
#ifndef GRADUS_OPTIM_OPTIMIZER_H
#define GRADUS_OPTIM_OPTIMIZER_H
#include "gradus/base.h"
#include "kernel.h"
#include "rules.h"
#include "storage.h"

/* ---- hyperparameters ---- */

typedef struct gradus_hyper {
    double number;
    gradus_schedule *schedule; /* gives the value while it is not NULL */
    bool own;                  /* of a group: said here; otherwise the optimizer's holds */
} gradus_hyper;

/* What measures of movement are made of: sums over all values, for the last update and for a window. */
enum { MOVED_LAST, MOVED_WINDOW, MOVEMENTS, MOVEMENT_SUMS = 3 };

typedef struct gradus_group {
    const gradus_item *item; /* of the chain of groups; NULL: no item takes these tensors */
    const char *name;        /* what the caller calls it, or NULL */
    const char *label;       /* what its item is called: its name=, else its first pattern; NULL without an item */
    gradus_hyper *own;       /* [hyper_count] */
    double feedback;         /* what a policy's feedback makes of its rate: 1 unless some answers for it alone */
    double scale;            /* what its tensor's place in the net makes of its rate; 1 of groups of several */
    int32_t set;             /* the last of its constants that this update made; -1: none yet */
    double found[MOVEMENTS][MOVEMENT_SUMS]; /* its tensors' part of what the gradients at hand say of movement */
} gradus_group;

/* ---- layers: the rule, what wraps it, and the average around all ---- */

typedef struct gradus_layer {
    const gradus_item *item;
    const gradus_rule_row *row;
    bool alternative; /* for the tensors that the innermost rule does not take */
    bool coded;       /* its state is kept in 8 bits where that serves */
    int32_t first_slot, slot_count;
    int32_t first_hyper, hyper_count; /* the row's arguments */
    int32_t first_own, own_count, memory_count;
    double *memory;                /* [memory_count] */
    int32_t shown[GRADUS_SLOTS];   /* of slots of several arrays: which one passes see */
    struct gradus_constants *sets; /* [set_room]: of one update, for every layer the same tensors share one */
} gradus_layer;

enum { GRADUS_LAYERS = 6, GRADUS_HYPERS = 96 }; /* of one optimizer, at most */

/* ---- what is kept for measures of movement (optimizer_movement.c) ---- */

enum { KEPT_VALUES, KEPT_MEAN, KEPT_START, KEPT_BEFORE, KEPT_COUNT };

typedef struct gradus_kept {
    float *array[KEPT_COUNT]; /* values before the last step; mean gradient; values where the window began, from the end
                               * of the movement on the movement; the mean before the window. NULL until they are needed */
    int64_t stepped;          /* optimizer.update after the last step that it had a part in; 0: none */
    int64_t averaged;         /* gradients of its own in the mean */
    int64_t started;          /* keeping.started, if it has a part in the window */
} gradus_kept;

typedef struct gradus_keeping {
    bool values;           /* before each step */
    bool always;           /* nobody has to listen: a rule moves the values in ways that only itself knows */
    int64_t window;        /* updates; 0: none */
    int64_t phase;         /* index of the gradient at hand in the window */
    int64_t started;       /* optimizer.update when the window began; 0: none has yet */
    bool found[MOVEMENTS]; /* of the gradients that were measured last, ... */
    double scale;          /* ... with this scale */
} gradus_keeping;

/* ---- tensors ---- */

typedef struct gradus_tensor {
    const char *name;
    uint64_t key; /* of the name: tells most names apart without comparing them */
    gradus_shape shape;
    bool elsewhere, settled; /* settled: its state is there */
    bool frozen;             /* takes no part, whatever its gradient */
    int32_t rule;            /* which layer updates it: 0, or the alternative */
    bool staged;             /* anything of it is not float32: it goes through blocks that are */
    bool masters;            /* `values` are a float32 copy of ours */
    int32_t values_type, gradient_type, rounding;
    void *stored, *gradient; /* the caller's, of these types */
    float *values;           /* what is updated: the caller's or their float32 copy; NULL: 16-bit values without one */
    int64_t first;           /* how many values there are in the tensors before it */
    float **state;           /* [slot_count] */
    gradus_codes *codes;     /* [slot_count]: in place of `state` where it is kept in 8 bits */
    double *own;             /* [own_count] */
    gradus_kept kept;
} gradus_tensor;

typedef struct gradus_block { /* the state of tensors that came together, a tensor's slots side by side */
    struct gradus_block *next;
    void *memory;
    size_t size;
} gradus_block;

/* ---- an update ---- */

typedef struct gradus_constants { /* of all tensors of one group that have been updated equally often */
    float number[GRADUS_CONSTANTS];
    double exact[GRADUS_CONSTANTS];
    gradus_now now;
    int32_t group;
} gradus_constants;

typedef struct gradus_tensor_units { /* of a tensor, for a transform by units */
    gradus_cut cut;
    gradus_slice *found;  /* [cut.units] */
    float *scale, *shift; /* [cut.units]: g <- scale g + shift */
} gradus_tensor_units;

typedef struct gradus_transform {
    const gradus_gradient_row *row;
    gradus_hyper *hyper;        /* [arguments of the row] */
    double *arguments, *memory; /* as this update has them; [memory_count] */
    int32_t memory_count;
    double norm;                 /* that its factor was made of */
    gradus_tensor_units *tensor; /* [tensor] of a transform by units */
} gradus_transform;

typedef struct gradus_stage { /* a transform of each gradient value, as this update needs it */
    gradus_kernel *kernel;    /* NULL: by units, or by place */
    const gradus_transform *transform;
    double scale; /* by place */
    float number[GRADUS_CONSTANTS];
} gradus_stage;

enum { MEASURE_SUMS = 3, SPAN_SUMS = GRADUS_LAYERS * GRADUS_SUMS + MEASURE_SUMS }; /* of a span, at most */

enum { NO_PART = -1, NOT_HERE = -2 };

typedef struct gradus_plan { /* holds while no tensor comes, moves, or gains or loses its gradient */
    gradus_span *spans;      /* with the state of the innermost rule, as far as it is float32 */
    int32_t *tensor_of;      /* [span_count] */
    double *sums;            /* [span_count][sum_count]: each layer's own, then those of GRADUS_MEASURE_UPDATE */
    int64_t *tasks;          /* [task_count + 1]: the first span of each, then the end */
    int64_t *
        first_span; /* [tensor] of those that take part; of the others NO_PART, or NOT_HERE where they live elsewhere */
    bool staged;    /* some tensor is */
    int64_t span_count, task_count, room;
    int32_t tensor_room;
    bool valid;
} gradus_plan;

typedef struct gradus_lanes { /* rules that are handed whole tensors: which of them one thread takes after the other */
    int32_t *lane_of;         /* [tensor]; -1: takes no part */
    float **memory;           /* [count]: scratch memory of each */
    size_t *sizes;            /* [count] in bytes, of those memories */
    int32_t count, room;
    bool copies; /* there is room for a copy of the gradient and of the values too */
    bool valid;
} gradus_lanes;

typedef struct gradus_found {              /* about the gradients as they are, before any scale */
    double norm[GRADUS_NORM_INFINITY + 1]; /* < 0 until it is measured */
    int64_t non_finite;                    /* the same */
} gradus_found;

typedef struct gradus_constraints { /* limits that values are kept within (optimizer_constraints.c) */
    double **norms;                 /* [tensor]: room for one a unit; NULL: it has no limits */
    int32_t settled;                /* tensors that this is known of */
    bool any;
} gradus_constraints;

struct gradus_optimizer {
    gradus_context *context;
    gradus_units units;
    gradus_arena arena; /* names, groups, tables */
    int32_t isa;
    uint64_t seed;

    gradus_spec *rule_spec, *group_spec, *gradient_spec, *average_spec;
    const char *rule_text, *group_text, *average_text; /* what they were made from, for errors */
    gradus_layer layers[GRADUS_LAYERS];                /* the innermost rule, its alternative, then outwards */
    int32_t layer_count, slot_count, own_count, constant_count;
    const char **constant_names; /* [constant_count] of the innermost rule */
    bool maximize;

    gradus_hyper *base;  /* [hyper_count] */
    int32_t hyper_count; /* the arguments of all layers, then lr_scale */
    gradus_group *groups;
    int32_t group_count, group_room;
    gradus_constraints constraints;
    gradus_transform *transforms;
    gradus_stage *stages; /* [transform_count]: room for what an update makes of them */
    int32_t transform_count;
    bool placed;       /* groups know their tensors' places */
    int32_t unit_room; /* tensors that all transforms by units have tables for */

    gradus_tensor *tensors;
    int64_t *updates;      /* [tensor]: how often each has been updated */
    int32_t *group_of;     /* [tensor] */
    int32_t *constants_of; /* [tensor]: which of `sets` its last update used; -1: none */
    int32_t tensor_count, tensor_room;
    gradus_block *blocks;

    int64_t update;           /* steps applied */
    bool trial;               /* the values are a trial point: an update is under way */
    gradus_decision decision; /* of the policy, for the update that is under way */
    gradus_plan plan;
    gradus_lanes lanes;
    int32_t set_count, set_room;
    gradus_found found;
    gradus_keeping keeping;
    gradus_measures measures; /* of the last step */

    gradus_view view;    /* that stands in the caller's values */
    void *trained;       /* the values while they are not there; room for all of them, once it was needed */
    size_t trained_size; /* in bytes */
};

/* Sticky errors, and no optimizer: what every function begins with. */
gradus_status gradus_optimizer_ready(const gradus_optimizer *optimizer, gradus_error *error);
/* Refuses while a view of the values is shown that is not the trained one; `whole` also in the middle of an update. */
gradus_status gradus_optimizer_shown(const gradus_optimizer *optimizer, gradus_error *error);
gradus_status gradus_optimizer_whole(const gradus_optimizer *optimizer, gradus_error *error);
/* Refuses an index that no tensor has. */
gradus_status gradus_optimizer_index(const gradus_optimizer *optimizer, int32_t index, gradus_error *error);
/* A table in the arena with room for more; the old one stays there until the arena is closed. false: *error says no
 * memory. */
bool gradus_optimizer_grow(gradus_optimizer *optimizer, void *table, int64_t used, int64_t room, size_t size,
                           gradus_error *error);

enum { HYPER_NAME = 80 }; /* of a slot or a hyperparameter */

/* ---- optimizer_layers.c ---- */

/* The layers of the bound texts, with their places among slots and hyperparameters. */
gradus_status gradus_layers_make(gradus_optimizer *optimizer, const char *state, gradus_error *error);
/* Whether it has to do with a tensor: the innermost rule and its alternative share them out. */
bool gradus_layer_has(const gradus_optimizer *optimizer, const gradus_layer *layer, int32_t tensor);
/* How many numbers of a slot a tensor of a group has, 0 where it does not exist. */
int64_t gradus_slot_size(const gradus_optimizer *optimizer, const gradus_layer *layer, int32_t slot, int32_t tensor);
/* Of how many values of a tensor one has a number in it, where it is per element: each; or its `every`. */
int64_t gradus_slot_every(const gradus_optimizer *optimizer, const gradus_layer *layer, int32_t slot, int32_t tensor);
/* How many such numbers the values before `first` have; `every` 0: none. */
static inline int64_t gradus_slot_place(int64_t every, int64_t first)
{
    return every > 1 ? (first + every - 1) / every : every * first;
}
/* How many of them, where they are per element, are of the first `count` values. */
int64_t gradus_slot_before(const gradus_optimizer *optimizer, const gradus_layer *layer, int32_t slot, int32_t tensor,
                           int64_t count);
/* The layer of a slot counted over all, and the slot's row there. */
const gradus_layer *gradus_layer_of_slot(const gradus_optimizer *optimizer, int32_t slot, const gradus_slot **row);
static inline bool gradus_slot_is_per_element(const gradus_slot *slot)
{
    return slot->per == GRADUS_PER_ELEMENT && !slot->size;
}
/* How many arrays of a tensor's size a slot has. */
int64_t gradus_slot_arrays(const gradus_optimizer *optimizer, const gradus_layer *layer, const gradus_slot *slot);
/* What a layer is going to make of the rate that those inside it make; as long as it does not know: 0. */
static inline double gradus_rate_made(const gradus_layer *layer, const double *hyper, const gradus_now *now,
                                      const double *memory)
{
    if (!layer->row->effective_rate || layer->alternative) return now->inner_rate;
    const double rate = layer->row->effective_rate(hyper, now, memory);
    return isfinite(rate) ? rate : 0;
}
/* Whether a pass is one that the hyperparameters ask for. */
bool gradus_pass_is_made(const gradus_optimizer *optimizer, const gradus_layer *layer, const gradus_pass *pass);
/* Whether tensors need constants of their own: their sums, or what is kept for each. */
bool gradus_layers_share(const gradus_optimizer *optimizer);

/* The slot as states call it: "exp_avg", and of what is around the rule "lookahead.slow". */
const char *gradus_slot_title(const gradus_optimizer *optimizer, int32_t slot, char text[HYPER_NAME]);

/* ---- optimizer_step.c ---- */

void gradus_measures_forget(gradus_measures *measures);

/* ---- optimizer_constraints.c ---- */

/* Before an update: which tensors have limits. After it: their values are within them. */
gradus_status gradus_constraints_settle(gradus_optimizer *optimizer, gradus_error *error);
void gradus_constraints_apply(gradus_optimizer *optimizer);

/* ---- optimizer_blend.c ---- */

/* At the values: keeps the gradient at hand for wrappers that will blend it. At a trial point: changes the gradients; whether any
 * did. `scale` is the step's. */
void gradus_blend_keep(gradus_optimizer *optimizer, double scale);
bool gradus_blend_apply(gradus_optimizer *optimizer, double scale);

/* ---- optimizer_hypers.c ---- */

gradus_status gradus_hypers_make(gradus_optimizer *optimizer, gradus_error *error);
void gradus_hypers_destroy(gradus_optimizer *optimizer);
/* ---- optimizer_groups.c ---- */

/* The items of `groups`; none where there are no groups. */
const gradus_chain *gradus_groups_chain(const gradus_optimizer *optimizer);
/* What takes a tensor's hyperparameters; NULL: nothing. */
const gradus_item *gradus_item_that_takes(const gradus_optimizer *optimizer, const char *tensor, const char *name);
/* Whether each tensor has a group of its own: its place in the net matters. */
bool gradus_groups_are_single(const gradus_optimizer *optimizer);
/* Before an update: what the tensors' places make of their rates, and who takes part. */
gradus_status gradus_groups_settle(gradus_optimizer *optimizer, gradus_error *error);

/* The group of a tensor, made when it is the first of its kind; a status when its hyperparameters are wrong. */
int32_t gradus_hypers_group(gradus_optimizer *optimizer, const char *tensor, const char *name, gradus_error *error);
/* A bound value as a hyperparameter; its value for the next update. */
gradus_status gradus_hyper_bind(const gradus_optimizer *optimizer, const gradus_argument *argument,
                                const gradus_value *value, const char *text, gradus_hyper *into, gradus_error *error);
double gradus_hyper_value(const gradus_optimizer *optimizer, const gradus_argument *argument, const gradus_hyper *value,
                          gradus_error *error);
const gradus_argument *gradus_hyper_argument(const gradus_optimizer *optimizer, int32_t at);
/* "momentum", or where two layers have one of that name "lookahead.momentum". */
const char *gradus_hyper_name(const gradus_optimizer *optimizer, int32_t at, char text[HYPER_NAME]);
const gradus_hyper *gradus_hyper_of(const gradus_optimizer *optimizer, int32_t group, int32_t at);
/* Its value for the next update; out of its range: an error and NaN. */
double gradus_hyper_now(const gradus_optimizer *optimizer, int32_t group, int32_t at, gradus_error *error);
/* All of them, hyper[hyper_count]. */
void gradus_hypers_now(const gradus_optimizer *optimizer, int32_t group, double *hyper, gradus_error *error);
/* Its configuration in words, for states: "0.01", "decoupled", "linear(...)". */
void gradus_hyper_print(const gradus_optimizer *optimizer, const gradus_hyper *value, int32_t at, char *text,
                        size_t size);

/* ---- optimizer_plan.c ---- */

void gradus_tensor_fresh(gradus_optimizer *optimizer, int32_t tensor); /* as if just added */
size_t gradus_state_bytes(int64_t numbers);                            /* of one array of state */
/* Memory that lives as long as the optimizer, zeroed; NULL: *error says no memory. */
void *gradus_block_take(gradus_optimizer *optimizer, size_t size, gradus_error *error);
gradus_status gradus_plan_settle(gradus_optimizer *optimizer, gradus_error *error);
bool gradus_takes_part(const gradus_tensor *tensor);
static inline int32_t gradus_plan_sum_count(const gradus_optimizer *optimizer)
{
    return optimizer->layer_count * GRADUS_SUMS + MEASURE_SUMS;
}

/* ---- optimizer_walk.c ---- */

typedef struct gradus_passage { /* how the gradients reach a rule */
    gradus_stage *stages;
    int32_t count;
    double scale; /* what is left for the rule itself to multiply by */
} gradus_passage;

typedef struct gradus_stretch { /* some gradient values of a tensor, at most BLOCK */
    int32_t tensor;
    int64_t first;
    size_t count;
    const float *gradient;
} gradus_stretch;

typedef struct gradus_step_of { /* a pass of some layer */
    const gradus_layer *layer;
    const gradus_pass *pass;
} gradus_step_of;

typedef struct gradus_around { /* what wrappers do with each stretch of values before and after the rule itself */
    gradus_step_of before[GRADUS_LAYERS], after[GRADUS_LAYERS]; /* in the order in which they are done */
    int32_t before_count, after_count;
    bool measure; /* the update is measured too */
    bool keep;    /* before anything changes, what measures of movement need is kept */
    bool began;   /* what the values were before is what was kept where the update began */
} gradus_around;

typedef struct gradus_walk_request gradus_walk_request;
struct gradus_walk_request {
    const gradus_optimizer *optimizer;
    gradus_kernel *kernel;         /* NULL: only what is around it */
    const gradus_layer *layer;     /* whose state and constants the kernel gets */
    const gradus_fused *fused;     /* what the kernel is, where it is for two layers; NULL: for one */
    const gradus_layer *also;      /* the other one, whose state and constants come behind */
    const float *number;           /* the same constants for all; NULL: each tensor's own */
    const gradus_passage *passage; /* NULL: the gradients as they are */
    int32_t sums;                  /* that the kernel adds up */
    bool bytes;                    /* the kernel takes the layer's state as it is kept in 8 bits */
    bool rule;                     /* only the tensors that `layer` updates */
    bool filter;                   /* the walk's own: there are others */
    const gradus_around *around;   /* NULL: nothing */
    bool zero;                     /* leaves the gradients zero */
    bool keep;                     /* gradus_keep_span for each first; without a kernel nothing else */
    bool changes;   /* the values, the kernel's own state and that of what is around it are others then */
    uint32_t which; /* walk of the update, for random numbers */
    uint32_t coded; /* the walk's own: layers whose 8-bit state is read */
    double scale;   /* keep: of the gradients */
    /* Puts what is kept in the place of a span's state and constants; false: it is left out. NULL: the span as it is. */
    bool (*show)(const gradus_walk_request *request, int32_t tensor, gradus_span *span, float *number);
};

gradus_kernel *gradus_kernel_for(const gradus_optimizer *optimizer, gradus_kernel *const *kernels);
void gradus_walk(const gradus_walk_request *request);
/* What is around a rule that is handed whole tensors, span by span. All are of the whole tensor, the gradient as the
 * stages have left it. */
typedef struct gradus_whole {
    int32_t tensor;
    float *values;
    const float *raw, *gradient, *before;
} gradus_whole;
void gradus_walk_before(const gradus_optimizer *optimizer, const gradus_around *around, const gradus_whole *whole);
void gradus_walk_after(const gradus_optimizer *optimizer, const gradus_around *around, const gradus_whole *whole);
/* Sends gradients through every stage; where the last one left them. */
const float *gradus_pass_through(const gradus_optimizer *optimizer, const gradus_passage *passage,
                                 gradus_stretch stretch, float buffer[2][BLOCK]);
/* What a layer's pass has added up; `which` counts as the plan's sums do. */
double gradus_walk_sum(const gradus_optimizer *optimizer, int32_t which);

/* ---- optimizer_stored.c ---- */

/* Whether a slot of a tensor is kept in 8 bits. */
bool gradus_slot_is_coded(const gradus_optimizer *optimizer, const gradus_layer *layer, int32_t slot, int32_t tensor);
/* Stretches of at most BLOCK, from `first` on, which BLOCK divides; `numbers` has room for BLOCK. */
void gradus_load_values(const gradus_optimizer *optimizer, const gradus_tensor *tensor, int64_t first, size_t count,
                        float *numbers);
void gradus_load_gradient(const gradus_optimizer *optimizer, const gradus_tensor *tensor, int64_t first, size_t count,
                          float *numbers);
void gradus_store_gradient(const gradus_optimizer *optimizer, const gradus_tensor *tensor, int64_t first, size_t count,
                           const float *numbers);
void gradus_store_values(const gradus_optimizer *optimizer, const gradus_tensor *tensor, int64_t first, size_t count,
                         const float *numbers, uint32_t which);
void gradus_load_state(const gradus_optimizer *optimizer, const gradus_tensor *tensor, int32_t slot, int64_t first,
                       size_t count, float *numbers);
/* What state in 8 bits is rounded by in the update that is made. */
gradus_dice gradus_state_dice(const gradus_optimizer *optimizer, int32_t slot);
void gradus_store_state(const gradus_optimizer *optimizer, const gradus_tensor *tensor, int32_t slot, int64_t first,
                        size_t count, const float *numbers, const gradus_dice *dice);
void gradus_zero_gradient(const gradus_tensor *tensor, int64_t first, size_t count);
static inline const unsigned char *gradus_stored_at(const gradus_tensor *tensor, int64_t first)
{
    return (const unsigned char *)tensor->stored + (size_t)first * gradus_size_of_type(tensor->values_type);
}

/* ---- optimizer_view.c ---- */

/* A pass over the state of one tensor alone, which makes values of it. */
typedef struct gradus_viewer {
    const gradus_optimizer *optimizer;
    const gradus_layer *layer;
    const gradus_pass *pass;
    int32_t tensor;
    float number[GRADUS_CONSTANTS];
} gradus_viewer;
void gradus_viewer_conclude(gradus_viewer *viewer, const gradus_now *now, double exact[GRADUS_CONSTANTS]);
void gradus_viewer_run(const gradus_viewer *by, int64_t first, size_t count, float *values); /* at most BLOCK */

/* ---- optimizer_update.c ---- */

/* Hands every tensor to the rule's `update`. */
gradus_status gradus_update_tensors(gradus_optimizer *optimizer, const gradus_passage *passage,
                                    const gradus_around *around, const gradus_step *step, gradus_error *error);
void gradus_lanes_release(gradus_optimizer *optimizer);

/* ---- optimizer_drive.c ---- */

/* One call of the outermost layer; constants are prepared. An outcome below 0 is in *error. */
gradus_outcome gradus_drive_layers(gradus_optimizer *optimizer, const gradus_passage *passage, const gradus_now *now,
                                   const gradus_step *step, bool abandon, gradus_error *error);

/* ---- optimizer_norm.c ---- */

extern gradus_kernel *const gradus_kernel_compare[GRADUS_ISA_COUNT];
extern gradus_kernel *const gradus_kernel_copy[GRADUS_ISA_COUNT]; /* values <- gradient */
/* A norm of the gradients as they are; remembered until they may have changed. */
gradus_status gradus_norm_find(gradus_optimizer *optimizer, gradus_norm kind, double *norm, gradus_error *error);
/* The same of what a passage leaves of them, before the scale that it leaves. */
gradus_status gradus_norm_after(gradus_optimizer *optimizer, gradus_norm kind, const gradus_passage *passage,
                                double *norm, gradus_error *error);
void gradus_found_forget(gradus_optimizer *optimizer);
const char *gradus_lives_elsewhere(const gradus_optimizer *optimizer); /* a tensor whose gradient does; NULL: none */

/* ---- optimizer_transforms.c ---- */

gradus_status gradus_transforms_make(gradus_optimizer *optimizer, const char *text, gradus_error *error);
void gradus_transforms_destroy(gradus_optimizer *optimizer);
bool gradus_transforms_skip(const gradus_optimizer *optimizer); /* what is not finite */
/* What this update makes of the gradients, transform by transform. `norm` is the caller's of the scaled ones, 0: not
 * known. */
gradus_status gradus_passage_make(gradus_optimizer *optimizer, double scale, double norm, gradus_passage *passage,
                                  gradus_error *error);
void gradus_transforms_learn(gradus_optimizer *optimizer); /* the update was applied */
void gradus_transforms_forget(gradus_optimizer *optimizer);

/* ---- optimizer_units.c ---- */

gradus_status gradus_units_settle(gradus_optimizer *optimizer, gradus_error *error); /* memory for them */
/* Looks at the gradients as `passage` leaves them, and fills in what becomes of each unit. */
gradus_status gradus_units_find(gradus_optimizer *optimizer, gradus_transform *transform, const gradus_passage *passage,
                                gradus_error *error);
void gradus_units_apply(const gradus_optimizer *optimizer, const gradus_transform *transform,
                        const gradus_stretch *stretch, float *into);

/* Whether that is a group's name, as the caller or its item has it. */
bool gradus_group_is_called(const gradus_group *group, const char *name, size_t length);

/* ---- optimizer_movement.c ---- */

/* What the policy's measures need is kept from the next step on. */
void gradus_keep_for(gradus_optimizer *optimizer, const gradus_policy *policy);
gradus_status gradus_keep_settle(gradus_optimizer *optimizer, gradus_error *error); /* memory for it */
void gradus_keep_forget(gradus_optimizer *optimizer);
bool gradus_keeps(const gradus_optimizer *optimizer);
/* How many gradients stand in the mean; below 0: the movement goes on. */
int64_t gradus_keeps_mean(const gradus_keeping *keeping);
bool gradus_keeps_array(const gradus_keeping *keeping, int which);
extern const char *const gradus_kept_names[KEPT_COUNT]; /* in states */
/* Of a step, before it changes anything: values and gradients of a stretch of a tensor, as they are. */
void gradus_keep_span(const gradus_walk_request *request, int32_t tensor, const gradus_span *span);
void gradus_keep_stepped(gradus_optimizer *optimizer); /* the step was made */
/* Adds to *measures what the gradients at hand say about what is kept. */
gradus_status gradus_movement_measure(gradus_optimizer *optimizer, double scale, gradus_measures *measures,
                                      gradus_error *error);
/* Tells a policy the same of each group that a feedback of its goes by: "head.update_norm". */
gradus_status gradus_movement_tell(const gradus_optimizer *optimizer, gradus_policy *policy, gradus_error *error);

#endif
