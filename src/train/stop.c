/* The family of what ends a run early, and a chain of its members at work. The state of each is saved field by field under its
 * place in the chain, so that patience goes on counting where a resumed run left off. */
#include "stop.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBERS = 8, NAME_SIZE = 64 };

static const gradus_member *const members[] = {&gradus_stop_gradient_norm.member, &gradus_stop_patience.member,
                                               &gradus_stop_reach.member, &gradus_stop_time.member, NULL};

const gradus_family gradus_stop_family = {.name = "stop",
                                          .noun = "stopping rule",
                                          .summary = "what ends a run early",
                                          .flags = GRADUS_CHAIN,
                                          .members = members};

typedef struct gradus_stop {
    const gradus_feedback_row *row;
    gradus_call call;
    double number[NUMBERS];
    const char *text[NUMBERS];
    char metric[NAME_SIZE]; /* "" while none: the row's own, or its METRIC argument */
    void *state;
} gradus_stop;

struct gradus_stops {
    int32_t count;
    gradus_stop *stops;
};

/* ---- from a bound text ---- */

static gradus_status bind_length(const gradus_item *item, int32_t at, const char *text, double *number,
                                 gradus_error *error)
{
    const gradus_value *value = &item->values[at];
    *number = gradus_length_convert(&(gradus_units){0}, value->number, value->unit, GRADUS_SECONDS);
    if (!isnan(*number)) return GRADUS_OK;
    return gradus_spec_fail(error, text, value->place, GRADUS_CODE_WRONG_UNIT,
                            "%s of '%s' is a time; write it in s, min or h", item->member->arguments[at].name,
                            item->member->name);
}

static gradus_status bind_stop(gradus_stop *stop, const gradus_item *item, const char *text, gradus_error *error)
{
    stop->row = (const gradus_feedback_row *)item->member;
    stop->call = (gradus_call){.member = item->member, .number = stop->number, .text = stop->text};
    const gradus_argument *arguments = item->member->arguments;
    for (int32_t i = 0; i < NUMBERS && arguments[i].name; i++) {
        stop->number[i] = item->values[i].number;
        stop->text[i] = item->values[i].text;
        if (arguments[i].kind == GRADUS_METRIC) snprintf(stop->metric, sizeof stop->metric, "%s", stop->text[i]);
        if (arguments[i].kind == GRADUS_LENGTH && bind_length(item, i, text, &stop->number[i], error))
            return error->status;
    }
    if (stop->row->metrics) snprintf(stop->metric, sizeof stop->metric, "%s", stop->row->metrics);
    stop->state = calloc(1, stop->row->state_size + 1);
    if (!stop->state) return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    if (stop->row->start) stop->row->start(&stop->call, stop->state);
    return GRADUS_OK;
}

gradus_stops *gradus_stops_create(const gradus_spec *spec, const char *text, gradus_error *error)
{
    if (error->status) return NULL;
    const gradus_chain *chain = spec ? gradus_spec_chain(spec) : NULL;
    int32_t count = chain ? chain->count : 0;
    gradus_stops *stops = calloc(1, sizeof *stops);
    if (stops) stops->stops = calloc((size_t)count + 1, sizeof *stops->stops);
    if (!stops || !stops->stops) {
        free(stops);
        gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
        return NULL;
    }
    stops->count = count;
    for (int32_t i = 0; i < count; i++) {
        if (bind_stop(&stops->stops[i], &chain->items[i], text, error) == GRADUS_OK) continue;
        gradus_stops_destroy(stops);
        return NULL;
    }
    return stops;
}

void gradus_stops_destroy(gradus_stops *stops)
{
    if (!stops) return;
    for (int32_t i = 0; i < stops->count; i++) free(stops->stops[i].state);
    free(stops->stops);
    free(stops);
}

/* ---- at work ---- */

const char *gradus_stops_listen(const gradus_stops *stops, int32_t index)
{
    return index >= 0 && index < stops->count ? stops->stops[index].metric : NULL;
}

bool gradus_stops_observe(gradus_stops *stops, const char *metric, double value, const gradus_clock *now,
                          gradus_stop_reason *reason)
{
    for (int32_t i = 0; i < stops->count; i++) {
        gradus_stop *stop = &stops->stops[i];
        if (strcmp(stop->metric, metric) != 0) continue;
        gradus_verdict verdict = {.factor = 1, .action = GRADUS_APPLY};
        stop->row->observe(&stop->call, stop->state, stop->metric, value, now, &verdict);
        if (verdict.action != GRADUS_STOP) continue;
        *reason = (gradus_stop_reason){.by = stop->row->member.name, .verdict = verdict};
        snprintf(reason->id, sizeof reason->id, "stop.%d", i);
        gradus_rule_print(&verdict, false, reason->rule, sizeof reason->rule);
        size_t length = (size_t)snprintf(reason->text, sizeof reason->text, "%s: ", reason->by);
        gradus_rule_print(&verdict, true, reason->text + length, sizeof reason->text - length);
        return true;
    }
    return false;
}

/* ---- states ---- */

static void *field_at(const gradus_stop *stop, const gradus_field *field)
{
    return (unsigned char *)stop->state + field->offset;
}

static gradus_state_type type_of(const gradus_field *field)
{
    return field->kind == GRADUS_INT64 ? GRADUS_STATE_INT64 : GRADUS_STATE_DOUBLE;
}

void gradus_stops_save(const gradus_stops *stops, gradus_state_writer *writer)
{
    for (int32_t i = 0; i < stops->count; i++) {
        const gradus_stop *stop = &stops->stops[i];
        char name[NAME_SIZE];
        snprintf(name, sizeof name, "stop.%d", i);
        gradus_state_text(writer, name, stop->row->member.name);
        for (const gradus_field *field = stop->row->fields; field && field->name; field++) {
            snprintf(name, sizeof name, "stop.%d.%s", i, field->name);
            gradus_state_entry(writer, name, type_of(field), 1, field_at(stop, field));
        }
    }
}

void gradus_stops_load(gradus_stops *stops, gradus_state_reader *reader)
{
    for (int32_t i = 0; i < stops->count; i++) {
        gradus_stop *stop = &stops->stops[i];
        gradus_state_item item;
        char name[NAME_SIZE];
        snprintf(name, sizeof name, "stop.%d", i);
        if (!gradus_state_find(reader, name, &item) || item.type != GRADUS_STATE_TEXT) continue;
        if (strcmp(item.data, stop->row->member.name) != 0) continue;
        for (const gradus_field *field = stop->row->fields; field && field->name; field++) {
            snprintf(name, sizeof name, "stop.%d.%s", i, field->name);
            if (gradus_state_find(reader, name, &item) && item.type == type_of(field) && item.count == 1)
                gradus_state_copy(&item, field_at(stop, field));
        }
    }
}
