/* The table of symptoms, and the way through it: evidence is gathered once, each row judges it, and what another finding explains is left
 * out, so that a run with one fault gets one finding. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "check.h"

/* Causes before their effects. */
static const gradus_symptom_row *const rows[] = {
    &gradus_unscaled_inputs, &gradus_saturated_layer,    &gradus_collapsed_attention, &gradus_exploding_gradient,
    &gradus_dead_units,      &gradus_vanishing_gradient, &gradus_rate_at_edge,        &gradus_rate_too_low,
    &gradus_flapping_rate,   &gradus_class_imbalance,    &gradus_noise_dominated,     &gradus_over_fitting,
    &gradus_under_fitting,
};
enum { COUNT = sizeof rows / sizeof *rows };

const gradus_symptom *gradus_symptom_at(int32_t index)
{
    return index >= 0 && index < COUNT ? &rows[index]->symptom : NULL;
}

/* ---- for rows ---- */

void gradus_finding_see(gradus_finding *finding, const char *name, double value)
{
    enum { ROOM = sizeof finding->seen / sizeof *finding->seen };
    if (finding->count == ROOM) return;
    finding->seen[finding->count].name = name;
    finding->seen[finding->count++].value = value;
}

void gradus_finding_place(gradus_finding *finding, const gradus_evidence *evidence, int32_t layer)
{
    const gradus_layer_info *info = &evidence->layer[layer].info;
    finding->layer = layer;
    snprintf(finding->where, sizeof finding->where, "layer %s, %s", info->name, info->spec);
}

void gradus_finding_try(gradus_finding *finding, const char *format, ...)
{
    va_list arguments;
    if (*finding->remedy) return;
    va_start(arguments, format);
    const int length = vsnprintf(finding->remedy, sizeof finding->remedy, format, arguments);
    va_end(arguments);
    if (length >= (int)sizeof finding->remedy) *finding->remedy = 0; /* half a setting is none */
}

void gradus_finding_add(gradus_finding *finding, const char *setting)
{
    const size_t length = strlen(finding->remedy), room = sizeof finding->remedy - length;
    if (length && strlen(setting) + 1 < room) snprintf(finding->remedy + length, room, "\n%s", setting);
}

static double one_digit(double number)
{
    char text[32];
    snprintf(text, sizeof text, "%.0e", number); /* which has no point that a locale may write otherwise */
    return atof(text);
}

const char *gradus_finding_digit(double number, char text[32])
{
    gradus_number_print(one_digit(number), text);
    return text;
}

void gradus_finding_rate(gradus_finding *finding, const gradus_evidence *evidence, double factor)
{
    char text[32];
    if (evidence->base > 0) gradus_finding_try(finding, "lr=%s", gradus_finding_digit(evidence->base * factor, text));
}

static bool is_name(char letter)
{
    return letter == '_' || (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
}

void gradus_finding_swap(gradus_finding *finding, const gradus_evidence *evidence, const char *from, const char *to)
{
    char model[GRADUS_REMEDY_SIZE - 8];
    const char *text = gradus_settings_text(evidence->run->settings, "model", GRADUS_PRINT_CANONICAL);
    size_t length = 0;
    bool found = false;
    for (const char *at = text; at && *at;) {
        const char *end = at + strlen(from);
        const bool here = strncmp(at, from, strlen(from)) == 0 && (at == text || !is_name(at[-1])) && *end &&
                          !is_name(*end) && *end != '=';
        if (length + strlen(to) + 1 >= sizeof model) return;
        length +=
            (size_t)snprintf(model + length, sizeof model - length, "%.*s", here ? (int)strlen(to) : 1, here ? to : at);
        at = here ? end : at + 1;
        found = found || here;
    }
    if (found) gradus_finding_try(finding, "model=%s", model);
}

const char *gradus_finding_number(double number, char text[32])
{
    if (number == 0 || (fabs(number) >= 1e-4 && fabs(number) < 1e6))
        snprintf(text, 32, "%.*f", number == 0 ? 0 : (int)fmax(0, 1 - floor(log10(fabs(number)))), number);
    else
        snprintf(text, 32, "%.1e", number);
    return text;
}

const char *gradus_finding_loss(const gradus_evidence_head *head, char text[128])
{
    snprintf(text, 128, head->name ? "the loss of '%.100s'" : "the loss", head->name);
    return text;
}

int32_t gradus_head_metric(const gradus_run *run, int32_t head, const char *name)
{
    const gradus_metric *metric;
    for (int32_t i = 0; (metric = gradus_run_metric(run, i)); i++) {
        const size_t length = strlen(metric->name), wanted = strlen(name);
        if (metric->head == head && length >= wanted && strcmp(metric->name + length - wanted, name) == 0) return i;
    }
    return -1;
}

/* ---- the whole ---- */

static double base_of(const gradus_evidence *evidence)
{
    for (int32_t i = 0; i < evidence->rows; i++) {
        const gradus_run_row *row = &evidence->row[i];
        if (row->schedule_factor > 0 && row->feedback_factor > 0 && row->rate > 0)
            return row->rate / (row->schedule_factor * row->feedback_factor);
    }
    return NAN;
}

/* The loss of a head in the last epoch, counted as that of the guess is; infinite where it is counted otherwise. */
static double last_loss(const gradus_evidence *evidence, int32_t at)
{
    const gradus_run *run = evidence->run;
    const gradus_evidence_head *head = &evidence->head[at];
    const int32_t loss = gradus_head_metric(run, at, "loss"), accuracy = gradus_head_metric(run, at, "accuracy"),
                  rmse = gradus_head_metric(run, at, "rmse");
    if (!evidence->rows || (head->classes ? accuracy : rmse) < 0) return INFINITY;
    const gradus_run_row *row = &evidence->row[evidence->rows - 1];
    const double spread = head->target->spread && head->target->outputs == 1 ? head->target->spread[0] : 1;
    if (!head->classes) return row->train[rmse] / spread * (row->train[rmse] / spread);
    if (!head->probabilities) return 1 - row->train[accuracy];
    if (!strstr(gradus_evidence_loss(run, at), "cross_entropy")) return INFINITY;
    return loss >= 0 ? row->train[loss] : row->train_loss / head->weight;
}

/* The kept model may be an early one, so the last epoch counts too. */
static double learnt_by(const gradus_evidence *evidence, int32_t at)
{
    const gradus_evidence_head *head = &evidence->head[at];
    const double last = last_loss(evidence, at), left = isfinite(head->loss) ? fmin(head->loss, last) : last;
    return head->guess > 0 && isfinite(left) ? 1 - left / head->guess : NAN;
}

static bool is_explained(const gradus_symptom_row *row, const bool *found)
{
    for (int i = 0; row->unless && i < COUNT; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s ", rows[i]->symptom.name);
        if (found[i] && strstr(row->unless, name)) return true;
    }
    return false;
}

static gradus_status gather(gradus_run *run, gradus_evidence *evidence, void (*note)(void *user, const char *text),
                            void *user, gradus_error *error)
{
    *evidence = (gradus_evidence){
        .run = run, .learnt = NAN, .guess = NAN, .plain_guess = NAN, .noise_scale = NAN, .input_rms = NAN};
    if (gradus_evidence_read(run, evidence, error)) return error->status;
    if (!run->data_error.status && gradus_evidence_probe(run, evidence, error)) return error->status;
    if (run->data_error.status && note) {
        char text[600];
        snprintf(text, sizeof text, "%s; only the run's folder is looked at", run->data_error.message);
        note(user, text);
    }
    evidence->base = base_of(evidence);
    for (int32_t i = 0; i < evidence->heads; i++) {
        evidence->head[i].learnt = learnt_by(evidence, i);
        evidence->learnt = fmin(evidence->learnt, evidence->head[i].learnt);
    }
    return GRADUS_OK;
}

gradus_status gradus_run_check(gradus_run *run, void (*found)(void *user, const gradus_finding *finding),
                               void (*note)(void *user, const char *text), void *user, gradus_report *report)
{
    gradus_evidence evidence;
    bool there[COUNT] = {false};
    *report = (gradus_report){0};
    gather(run, &evidence, note, user, &report->error);
    for (int i = 0; i < COUNT && !report->error.status; i++) {
        gradus_finding finding = {.symptom = &rows[i]->symptom, .layer = -1};
        there[i] = !is_explained(rows[i], there) && rows[i]->judge(&evidence, &finding);
        if (there[i]) found(user, &finding);
    }
    gradus_evidence_release(&evidence);
    return report->error.status;
}
