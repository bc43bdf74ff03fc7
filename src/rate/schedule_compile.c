/* From a bound chain to a compiled schedule: one axis, lengths that fit together, each phase with its start and its call.
 * All that can be wrong with a schedule is found here, when it is made, and nothing later. */
#include "schedule.h"
#include <float.h>
#include <stdio.h>
#include <string.h>

static const gradus_value *length_of(const gradus_item *item) { return gradus_item_value(item, "length"); }

static bool has_length(const gradus_item *item)
{
    const gradus_value *length = length_of(item);
    return length && length->present;
}

/* ---- what can be said without knowing the run: called by the binder ---- */

static gradus_status check_percent(const char *text, const gradus_item *item, double *share, gradus_error *error)
{
    const gradus_value *length = length_of(item);
    if (!length || !length->present || length->open || length->unit != GRADUS_IN_PERCENT) return GRADUS_OK;
    if (length->number > 1)
        return gradus_spec_fail(error, text, length->place, GRADUS_CODE_LENGTHS, "more than 100 % of the run");
    *share += length->number;
    if (*share <= 1 + 1e-12) return GRADUS_OK;
    char percent[32];
    gradus_number_print(nearbyint(*share * 1e4) / 1e2, percent);
    return gradus_spec_fail(error, text, item->place, GRADUS_CODE_LENGTHS,
                            "the phases up to this one take %s %% of the run", percent);
}

/* Updates that a length of so many epochs stands for, each: PyTorch takes epochs=30, steps_per_epoch=391 in place of total_steps, beside
 * which it passes them over. */
static double steps_of(const gradus_item *item)
{
    const gradus_value *length = length_of(item), *steps = gradus_item_value(item, "steps_per_epoch");
    if (!length || !length->name || strcmp(length->name, "epochs") != 0) return 1;
    return steps && steps->present ? steps->number : 0;
}

gradus_status gradus_rate_schedule_check(const char *text, const gradus_chain *chain, gradus_error *error)
{
    const gradus_item *rest = NULL;
    double share = 0;
    for (int32_t i = 0; i < chain->count; i++) {
        const gradus_item *item = &chain->items[i];
        if (!item->member) return GRADUS_OK; /* still open: nothing can be said yet */
        if (steps_of(item) == 0)
            return gradus_spec_fail(error, text, item->place, GRADUS_CODE_MISSING,
                                    "epochs goes together with steps_per_epoch; or say total_steps");
        gradus_status status = check_percent(text, item, &share, error);
        if (status != GRADUS_OK) return status;
        const gradus_value *past = gradus_item_value(item, "past");
        bool said =
            past && past->number != RATE_PAST_HOLD && !gradus_item_is_default(item, (int32_t)(past - item->values));
        if (said && i < chain->count - 1)
            return gradus_spec_fail(error, text, past->place, GRADUS_CODE_UNEXPECTED_VALUE,
                                    "past= belongs to the last phase; this one is followed by another");
        if (has_length(item)) continue;
        if (rest)
            return gradus_spec_fail(error, text, item->place, GRADUS_CODE_LENGTHS,
                                    "two phases without a length, '%s' and this one; give one of them a length",
                                    rest->member->name);
        rest = item;
    }
    return GRADUS_OK;
}

/* ---- the axis: the unit of all lengths if they share one, else updates ---- */

typedef struct unit_seen {
    int32_t unit;
    bool any, mixed;
} unit_seen;

static void see_unit(unit_seen *seen, int32_t unit)
{
    if (seen->any && seen->unit != unit) seen->mixed = true;
    seen->unit = unit;
    seen->any = true;
}

static void see_value(unit_seen *seen, const gradus_value *value, gradus_kind kind, const gradus_units *units)
{
    if (kind == GRADUS_POINT && value->items) {
        for (int32_t i = 0; i < value->count; i++) {
            const gradus_value *item = &value->items[i];
            see_value(seen, item->count ? &item->items[0] : item, GRADUS_LENGTH, units);
            if (!item->count) return; /* a single point: its length stands first */
        }
    } else if (kind == GRADUS_LENGTH && value->items) {
        for (int32_t i = 0; i < value->count; i++) see_value(seen, &value->items[i], kind, units);
    } else if (kind == GRADUS_LENGTH && value->number >= 0) {
        if (value->unit != GRADUS_IN_PERCENT)
            see_unit(seen, value->unit);
        else if (units->total > 0)
            see_unit(seen, units->total_unit);
    }
}

static void see_chain(unit_seen *seen, const gradus_chain *chain, const gradus_units *units);

/* Inner schedules run on the axis of the one that they stand in. */
static void see_inner(unit_seen *seen, const gradus_value *value, const gradus_units *units)
{
    if (value->chain) see_chain(seen, value->chain, units);
    for (int32_t i = 0; i < value->count; i++)
        if (value->items[i].chain) see_chain(seen, value->items[i].chain, units);
}

static void see_chain(unit_seen *seen, const gradus_chain *chain, const gradus_units *units)
{
    for (int32_t i = 0; i < chain->count; i++) {
        const gradus_item *item = &chain->items[i];
        for (int32_t j = 0; j < item->value_count; j++) {
            const gradus_value *value = &item->values[j];
            gradus_kind kind = gradus_item_argument(item, j)->kind;
            if (kind == GRADUS_PIPELINE)
                see_inner(seen, value, units);
            else if (value->present && (value->given || value->number > 0 || value->items))
                see_value(seen, value, kind, units);
        }
        if (!has_length(item) && units->total > 0) see_unit(seen, units->total_unit);
    }
}

static int32_t choose_axis(const gradus_chain *chain, const gradus_units *units)
{
    unit_seen seen = {.unit = GRADUS_UPDATES};
    see_chain(&seen, chain, units);
    return seen.mixed ? GRADUS_UPDATES : seen.unit;
}

/* ---- phases ---- */

typedef struct compiling {
    const rate_schedule_config *config;
    const gradus_chain *chain;
    rate_axis axis;
    double total; /* of the run on the axis; infinite: not known */
    double left;  /* of it when the schedule begins */
    double rest;  /* what the phase without a length takes */
    rate_phase *phases;
    gradus_arena *arena;
    gradus_error *error;
} compiling;

static double update_on_axis(const compiling *c)
{
    double update = gradus_length_convert(c->config->units, 1, GRADUS_IN_UPDATES, c->axis.unit);
    return update > 0 ? update : 0;
}

static rate_lead_source source_of(const compiling *c, const gradus_item *item)
{
    return (rate_lead_source){.item = item, .text = c->config->text, .axis = &c->axis, .update = update_on_axis(c)};
}

/* The length of a phase that has one, with what comes before its curve. */
static gradus_status given_length(compiling *c, const gradus_item *item, double *length)
{
    rate_lead_source source = source_of(c, item);
    double before = 0;
    gradus_status status = gradus_rate_lead_length(&source, "length", length, c->error);
    if (status == GRADUS_OK) status = gradus_rate_lead_before(&source, &before, c->error);
    *length = *length * steps_of(item) + before;
    return status;
}

/* What is left of the run for the phase without a length: nothing when the others take it all. */
static gradus_status find_rest(compiling *c)
{
    double given = 0;
    int32_t rest = -1;
    for (int32_t i = 0; i < c->chain->count; i++) {
        double length = 0;
        if (!has_length(&c->chain->items[i])) {
            rest = i;
            continue;
        }
        gradus_status status = given_length(c, &c->chain->items[i], &length);
        if (status != GRADUS_OK) return status;
        given += length;
    }
    c->rest = fmax(c->left - given, 0);
    if (rest < 0 || isfinite(c->rest)) return GRADUS_OK;
    const gradus_item *item = &c->chain->items[rest];
    const gradus_schedule_row *row = (const gradus_schedule_row *)item->member;
    if (rest == c->chain->count - 1 && !(row->promises & GRADUS_NEEDS_LENGTH)) return GRADUS_OK;
    return gradus_spec_fail(c->error, c->config->text, item->place, GRADUS_CODE_LENGTHS,
                            "'%s' takes what is left of the run, whose length is not known; give it a length",
                            item->member->name);
}

/* A phase that starts where the one before it ended has an optional argument for that. */
static void fill_reached(const gradus_schedule_row *row, gradus_call *call, double reached)
{
    if (!(row->promises & GRADUS_FROM_REACHED)) return;
    for (int32_t i = 0; row->member.arguments[i].name; i++)
        if (strcmp(row->member.arguments[i].name, "from") == 0 && call->counts[i] == 0)
            ((double *)call->number)[i] = reached;
}

/* ---- what stands inside: other schedules, numbers made once ---- */

/* The schedules of one argument: their whole is the phase, or what its row takes for a round. */
static gradus_status compile_inner(compiling *c, const gradus_value *value, double whole, double reached,
                                   const gradus_schedule *const **made)
{
    gradus_units units = *c->config->units;
    units.total = isfinite(whole) ? fmax(whole, DBL_MIN) : 0; /* per cents of nothing are known to be nothing */
    units.total_unit = c->axis.unit;
    rate_axis axis = {&units, c->axis.unit, c->axis.sizes_vary};
    int32_t count = value->items ? value->count : 1;
    const gradus_schedule **inner = gradus_arena_take(c->arena, (size_t)count * sizeof *inner, sizeof(void *));
    if (!inner) return gradus_fail(c->error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "no room for the schedule");
    for (int32_t i = 0; i < count; i++) {
        rate_schedule_config config = *c->config;
        config.chain = value->items ? value->items[i].chain : value->chain;
        config.units = &units;
        config.axis = &axis;
        config.reached = reached;
        config.elapsed = 0;
        inner[i] = gradus_rate_schedule_compile(&config, c->arena, c->error);
        if (!inner[i]) return GRADUS_ERROR_SPEC;
    }
    *made = inner;
    return GRADUS_OK;
}

static gradus_status fill_inner(compiling *c, const gradus_item *item, const rate_phase *phase, gradus_call *call,
                                double reached)
{
    const gradus_argument *arguments = item->member->arguments;
    const gradus_schedule *const **inner = NULL;
    int32_t count = 0;
    while (arguments[count].name) count++;
    for (int32_t i = 0; i < count; i++) {
        if (arguments[i].kind != GRADUS_PIPELINE || !item->values[i].present) continue;
        if (!inner) {
            inner = gradus_arena_take(c->arena, (size_t)count * sizeof *inner, sizeof(void *));
            call->inner = inner;
        }
        if (!inner) return gradus_fail(c->error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "no room for the schedule");
        double whole = phase->row->round ? phase->row->round(call, phase->curve) : phase->curve;
        gradus_status status = compile_inner(c, &item->values[i], whole, reached, &inner[i]);
        if (status != GRADUS_OK) return status;
    }
    return GRADUS_OK;
}

typedef struct preparing {
    gradus_preparation open; /* what the row sees */
    compiling *c;
} preparing;

static void *take(gradus_preparation *preparation, size_t size)
{
    return gradus_arena_take(((preparing *)preparation)->c->arena, size, sizeof(double));
}

static bool read(gradus_preparation *preparation, const char *path,
                 void (*parse)(void *into, const char *text, size_t length), void *into)
{
    const gradus_context *context = ((preparing *)preparation)->c->config->context;
    const char *why = gradus_read_file(context, path, parse, into);
    if (!why) return true;
    preparation->code = GRADUS_CODE_NO_FILE;
    snprintf(preparation->message, sizeof preparation->message, "%.100s: %s", path, why);
    return false;
}

static gradus_status prepare(compiling *c, const gradus_item *item, const rate_phase *phase, gradus_call *call)
{
    preparing work = {.open = {.length = phase->curve, .base = c->config->units->base, .take = take, .read = read},
                      .c = c};
    if (!phase->row->prepare || phase->row->prepare(call, &work.open, &call->made)) return GRADUS_OK;
    if (!*work.open.message)
        return gradus_fail(c->error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "no room for the schedule");
    gradus_code code = work.open.code ? (gradus_code)work.open.code : GRADUS_CODE_BAD_DATA;
    bool failed = gradus_failed(c->error);
    gradus_spec_fail(c->error, c->config->text, item->place, code, "%s", work.open.message);
    bool file = code == GRADUS_CODE_NO_FILE || code == GRADUS_CODE_BAD_DATA;
    if (c->error && !failed && file) c->error->status = GRADUS_ERROR_FILE;
    return GRADUS_ERROR_SPEC;
}

bool gradus_rate_needs_length(const gradus_call *call, gradus_preparation *preparation)
{
    snprintf(preparation->message, sizeof preparation->message,
             "'%s' takes what is left of the run, whose length is not known; give it a length", call->member->name);
    preparation->code = GRADUS_CODE_LENGTHS;
    return false;
}

bool gradus_rate_needs_run(const char *which, gradus_preparation *preparation)
{
    snprintf(preparation->message, sizeof preparation->message,
             "the length of the run is not known; say how long %s last", which);
    preparation->code = GRADUS_CODE_LENGTHS;
    return false;
}

static double reach_of(const compiling *c, int32_t index, const rate_phase *phase)
{
    return index == c->chain->count - 1 ? fmax(phase->length, c->left - phase->start) : phase->length;
}

static gradus_status compile_phase(compiling *c, int32_t index, double start, double reached)
{
    const gradus_item *item = &c->chain->items[index];
    const gradus_schedule_row *row = (const gradus_schedule_row *)item->member;
    const gradus_value *floor = gradus_item_value(item, "floor"), *past = gradus_item_value(item, "past");
    gradus_call *call = gradus_rate_call_make(item, c->config->text, &c->axis, c->arena, c->error);
    if (!call) return GRADUS_ERROR_SPEC;
    rate_lead_source source = source_of(c, item);
    call->update = source.update;
    fill_reached(row, call, reached);
    const char *wrong = row->check ? row->check(call) : NULL;
    if (wrong) return gradus_spec_fail(c->error, c->config->text, item->place, GRADUS_CODE_OUT_OF_RANGE, "%s", wrong);
    rate_phase *phase = &c->phases[index];
    *phase = (rate_phase){.row = row, .call = call, .start = start, .length = c->rest};
    if (past && past->present && index == c->chain->count - 1) phase->past = (int32_t)past->number;
    gradus_status status = has_length(item) ? given_length(c, item, &phase->length) : GRADUS_OK;
    if (status == GRADUS_OK && floor)
        status = gradus_rate_number(&phase->floor, floor, c->config->text, &c->axis, c->error);
    source.reach = reach_of(c, index, phase);
    if (status == GRADUS_OK) status = gradus_rate_lead_fill(&source, c->arena, phase, c->error);
    if (status == GRADUS_OK) status = fill_inner(c, item, phase, call, reached);
    return status == GRADUS_OK ? prepare(c, item, phase, call) : status;
}

static gradus_status compile_phases(compiling *c, double *end)
{
    double reached = c->config->reached;
    *end = 0;
    for (int32_t i = 0; i < c->chain->count; i++) {
        gradus_status status = compile_phase(c, i, *end, reached);
        if (status != GRADUS_OK) return status;
        *end += c->phases[i].length;
        if (i < c->chain->count - 1) reached = gradus_rate_phase_end(&c->phases[i]);
    }
    return GRADUS_OK;
}

/* Every item must be a plain member: what a search has still to choose cannot run. */
static gradus_status refuse_open(const rate_schedule_config *config, gradus_error *error)
{
    for (int32_t i = 0; i < config->chain->count; i++) {
        const gradus_item *item = &config->chain->items[i];
        if (!item->member)
            return gradus_spec_fail(error, config->text, item->place, GRADUS_CODE_REFUSED,
                                    "this is still open; only a search fills it in");
    }
    return GRADUS_OK;
}

/* past=error: a schedule that ends before the run does is refused here. */
static gradus_status refuse_short(const compiling *c, const gradus_schedule *schedule)
{
    if (!gradus_rate_schedule_refuses_past(schedule) || !isfinite(c->left)) return GRADUS_OK;
    if (schedule->length >= c->left * (1 - 1e-12)) return GRADUS_OK;
    const gradus_item *last = &c->chain->items[c->chain->count - 1];
    char ends[32], run[32];
    gradus_number_print(schedule->length, ends);
    gradus_number_print(c->left, run);
    return gradus_spec_fail(c->error, c->config->text, last->place, GRADUS_CODE_LENGTHS,
                            "the schedule ends at %s of %s %s, and past=error refuses that", ends, run,
                            gradus_rate_unit_name(schedule->axis));
}

/* The canonical text, in the arena; NULL: no room. */
static const char *print_chain(const gradus_chain *chain, gradus_arena *arena)
{
    size_t length = gradus_chain_print(chain, GRADUS_PRINT_CANONICAL, NULL, 0);
    char *text = gradus_arena_take(arena, length + 1, 1);
    if (text) gradus_chain_print(chain, GRADUS_PRINT_CANONICAL, text, length + 1);
    return text;
}

/* An amount of the run, in its own unit, on the axis; infinite where that is not known. */
static double run_on_axis(const compiling *c, double amount)
{
    const gradus_units *units = c->config->units;
    double on_axis = units->total > 0 ? gradus_rate_length(&c->axis, amount, units->total_unit) : INFINITY;
    return isnan(on_axis) ? INFINITY : on_axis;
}

gradus_schedule *gradus_rate_schedule_compile(const rate_schedule_config *config, gradus_arena *arena,
                                              gradus_error *error)
{
    const gradus_chain *chain = config->chain;
    gradus_schedule *schedule = gradus_arena_take(arena, sizeof *schedule, sizeof(void *));
    rate_phase *phases = gradus_arena_take(arena, (size_t)chain->count * sizeof *phases, sizeof(void *));
    const char *text = config->axis ? "" : print_chain(chain, arena); /* nobody asks for the text of a part */
    if (!schedule || !phases || !text) {
        gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "no room for the schedule");
        return NULL;
    }
    if (refuse_open(config, error) != GRADUS_OK) return NULL;
    compiling c = {.config = config, .chain = chain, .phases = phases, .arena = arena, .error = error};
    c.axis = config->axis ? *config->axis
                          : (rate_axis){config->units, choose_axis(chain, config->units), config->sizes_vary};
    c.total = run_on_axis(&c, config->units->total);
    c.left = isfinite(c.total) ? c.total - run_on_axis(&c, config->elapsed) : INFINITY;
    *schedule = (gradus_schedule){.arena = {.fixed = true}, .text = text, .phases = phases, .axis = c.axis.unit};
    schedule->count = chain->count;
    if (find_rest(&c) != GRADUS_OK || compile_phases(&c, &schedule->length) != GRADUS_OK ||
        refuse_short(&c, schedule) != GRADUS_OK)
        return NULL;
    return schedule;
}
