/* decisions.jsonl: one JSON object a line, keys in the order that the contract fixes. The policy writes its own lines; those of the
 * trainer look the same, and whoever explains a run reads both back here. */
#include "decisions.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SEEN = sizeof(((gradus_run_decision *)0)->seen) / sizeof(((gradus_run_decision *)0)->seen[0]) };

gradus_status gradus_decision_print(const gradus_run_decision *decision, gradus_buffer *line, gradus_error *error)
{
    gradus_json json = {.write = gradus_buffer_write, .user = line};
    gradus_json_open(&json, NULL, '{');
    gradus_json_number(&json, "update", (double)decision->update);
    gradus_json_number(&json, "epoch", decision->epoch);
    gradus_json_number(&json, "samples", decision->samples);
    gradus_json_text(&json, "by", decision->by);
    gradus_json_text(&json, "id", decision->id);
    gradus_json_text(&json, "action", decision->action);
    gradus_json_text(&json, "reason", decision->reason);
    gradus_json_number(&json, "factor_before", decision->factor_before);
    gradus_json_number(&json, "factor_after", decision->factor_after);
    gradus_json_number(&json, "rate_before", decision->rate_before);
    gradus_json_number(&json, "rate_after", decision->rate_after);
    gradus_json_open(&json, "seen", '{');
    for (int32_t i = 0; i < decision->count; i++)
        gradus_json_number(&json, decision->seen[i].name, decision->seen[i].value);
    gradus_json_close(&json, '}');
    gradus_json_text(&json, "rule", decision->rule);
    gradus_json_text(&json, "text", decision->text);
    gradus_json_close(&json, '}');
    if (!json.failed) return GRADUS_OK;
    return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
}

/* Numbers that are not finite stand there as words. */
static double number_of(const json_t *value)
{
    if (json_is_number(value)) return json_number_value(value);
    const char *word = json_string_value(value);
    if (word && strcmp(word, "inf") == 0) return INFINITY;
    if (word && strcmp(word, "-inf") == 0) return -INFINITY;
    return NAN;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

json_t *gradus_decision_read(const char *line, size_t length, gradus_run_decision *decision)
{
    json_t *object = json_loadb(line, length, 0, NULL);
    if (!json_is_object(object) || !json_is_integer(json_object_get(object, "update"))) {
        json_decref(object);
        return NULL;
    }
    *decision = (gradus_run_decision){.update = json_integer_value(json_object_get(object, "update")),
                                      .epoch = number_of(json_object_get(object, "epoch")),
                                      .samples = number_of(json_object_get(object, "samples")),
                                      .by = text_of(object, "by"),
                                      .id = text_of(object, "id"),
                                      .action = text_of(object, "action"),
                                      .reason = text_of(object, "reason"),
                                      .factor_before = number_of(json_object_get(object, "factor_before")),
                                      .factor_after = number_of(json_object_get(object, "factor_after")),
                                      .rate_before = number_of(json_object_get(object, "rate_before")),
                                      .rate_after = number_of(json_object_get(object, "rate_after")),
                                      .rule = text_of(object, "rule"),
                                      .text = text_of(object, "text"),
                                      .json = line};
    const char *name;
    json_t *value;
    json_object_foreach(json_object_get(object, "seen"), name, value)
    {
        if (decision->count == SEEN) break;
        decision->seen[decision->count].name = name;
        decision->seen[decision->count++].value = number_of(value);
    }
    return object;
}

static gradus_status visit(char *text, const char *path, void (*told)(void *user, const gradus_run_decision *decision),
                           void *user, gradus_error *error)
{
    int line = 1;
    for (char *at = text; *at; line++) {
        size_t length = strcspn(at, "\n");
        bool last = at[length] == 0;
        at[length] = 0;
        gradus_run_decision decision;
        json_t *object = gradus_decision_read(at, length, &decision);
        if (!object && last) break; /* a line that was being written when the run was killed */
        if (!object) {
            return gradus_fail(error, GRADUS_ERROR_STATE, GRADUS_CODE_BAD_DATA, "%s:%d: no decision, but '%.40s'", path,
                               line, at);
        }
        told(user, &decision);
        json_decref(object);
        at += length + !last;
    }
    return GRADUS_OK;
}

gradus_status gradus_run_decisions(const char *folder, void (*told)(void *user, const gradus_run_decision *decision),
                                   void *user, gradus_error *error)
{
    gradus_error own = {0};
    if (!error) error = &own;
    char path[GRADUS_PATH_SIZE];
    unsigned char *text = NULL;
    size_t size;
    if (gradus_path_join(folder, "decisions.jsonl", path, error) || gradus_file_read(path, &text, &size, error))
        return error->status;
    visit((char *)text, path, told, user, error);
    free(text);
    return error->status;
}
