/* Symptoms that are seen in the examples: inputs of a size that no net is made for, and classes so rare that they are passed over. */
#include <math.h>
#include <string.h>
#include "check.h"

/* ---- unscaled_inputs ---- */

static const double large_input = 10, small_input = 0.01;

/* Whether the data could be scaled where they are read, and are not. */
static bool could_scale(const gradus_evidence *evidence)
{
    const gradus_spec *data = gradus_settings_spec(evidence->run->settings, "data");
    const gradus_value *scale = data ? gradus_item_value(&gradus_spec_chain(data)->items[0], "scale") : NULL;
    return scale && !(scale->text && strcmp(scale->text, "standard") == 0);
}

static bool is_normalised(const gradus_evidence *evidence)
{
    for (int32_t i = 0; i < evidence->layers; i++) {
        const char *spec = evidence->layer[i].info.spec;
        if (strncmp(spec, "flatten", 7) == 0) continue;
        return strncmp(spec, "batchnorm", 9) == 0 || strncmp(spec, "layernorm", 9) == 0;
    }
    return false;
}

static bool judge_unscaled(const gradus_evidence *evidence, gradus_finding *finding)
{
    char text[32];
    const double rms = evidence->input_rms;
    if (!(rms > large_input || (rms < small_input && rms > 0)) || is_normalised(evidence)) return false;
    gradus_finding_see(finding, "input", (double)evidence->input_at);
    gradus_finding_see(finding, "root_mean_square", rms);
    snprintf(finding->text, sizeof finding->text,
             "the largest of the inputs, number %lld, has a root mean square of %s; nets are made for inputs near 1",
             (long long)evidence->input_at + 1, gradus_finding_number(rms, text));
    if (could_scale(evidence)) gradus_finding_try(finding, "data.scale=standard");
    gradus_finding_try(finding, "model=batchnorm > %s",
                       gradus_settings_text(evidence->run->settings, "model", GRADUS_PRINT_CANONICAL));
    return true;
}

const gradus_symptom_row gradus_unscaled_inputs = {
    .symptom = {.name = "unscaled_inputs",
                .summary = "inputs that are much larger or much smaller than 1",
                .threshold = "the input with the largest root mean square has one above 10, or below 0.01, and no "
                             "layer normalises it",
                .source = "LeCun et al. 1998, Efficient BackProp: mean 0, deviation 1; healthy runs have 0.5 to 1.1"},
    .judge = judge_unscaled,
};

/* ---- class_imbalance ---- */

static const double rare_share = 0.25, poor_recall = 0.5;
enum { FEWEST_OF_CLASS = 5 };

static int64_t examples_of(const gradus_evidence_head *head, int64_t class)
{
    int64_t count = 0;
    for (int64_t i = 0; i < head->classes; i++) count += head->confusion[class * head->classes + i];
    return count;
}

/* Of the classes that are rare and mostly told wrong, the one that is told worst; -1: none is worse than *recall. */
static int64_t passed_over(const gradus_evidence_head *head, double *recall)
{
    double largest = 0;
    int64_t worst = -1;
    for (int64_t i = 0; i < head->classes; i++) largest = fmax(largest, head->share[i]);
    for (int64_t i = 0; i < head->classes && head->confusion; i++) {
        const int64_t count = examples_of(head, i);
        if (count < FEWEST_OF_CLASS || head->share[i] > rare_share * largest) continue;
        const double told = (double)head->confusion[i * head->classes + i] / (double)count;
        if (told >= *recall) continue;
        *recall = told;
        worst = i;
    }
    return worst;
}

/* The loss of an output, in a sum with the usual ones of the others; or written into the sum that is there. */
static void suggest_for_output(const gradus_evidence *evidence, int32_t head, gradus_finding *finding)
{
    const char *loss = gradus_settings_text(evidence->run->settings, "loss", GRADUS_PRINT_CANONICAL), *at = NULL;
    const char *name = evidence->head[head].name, *called = gradus_evidence_loss(evidence->run, head);
    char of[160];
    snprintf(of, sizeof of, "%s(output=%s", called, name);
    const size_t length = strlen(of);
    if (loss && strcmp(called, "cross_entropy") == 0) at = strstr(loss, of);
    if (at && (at[length] == ',' || at[length] == ')'))
        gradus_finding_try(finding, "loss=%.*s, class_weights=balanced%s", (int)(at - loss + (int64_t)length), loss,
                           at + length);
    const bool one = gradus_net_head(evidence->run->net, head).count == 1;
    gradus_finding_try(finding, "loss=sum(%s(output=%s, %s=balanced))", one ? "focal" : "cross_entropy", name,
                       one ? "alpha" : "class_weights");
}

static void suggest_balance(const gradus_evidence *evidence, int32_t head, gradus_finding *finding)
{
    const bool one = gradus_net_output(evidence->run->net)[0] == 1;
    if (evidence->head[head].name) suggest_for_output(evidence, head, finding);
    gradus_finding_try(finding, one ? "loss=focal(alpha=balanced)" : "loss=cross_entropy(class_weights=balanced)");
}

static bool judge_imbalance(const gradus_evidence *evidence, gradus_finding *finding)
{
    double recall = poor_recall;
    int64_t class = -1;
    int32_t head = -1;
    for (int32_t i = 0; i < evidence->heads && !evidence->run->about->positions; i++) {
        const int64_t worse = passed_over(&evidence->head[i], &recall);
        if (worse >= 0) head = i, class = worse;
    }
    if (head < 0) return false;
    const gradus_evidence_head *of = &evidence->head[head];
    char number[32];
    snprintf(number, sizeof number, "%lld", (long long)class);
    gradus_finding_see(finding, "class", (double)class);
    gradus_finding_see(finding, "share", of->share[class]);
    gradus_finding_see(finding, "recall", recall);
    snprintf(finding->text, sizeof finding->text,
             "class %.64s%s%.64s is %.1f %% of the examples, and %.0f %% of it is told right",
             of->target->class_names ? of->target->class_names[class] : number, of->name ? " of " : "",
             of->name ? of->name : "", 100 * of->share[class], 100 * recall);
    suggest_balance(evidence, head, finding);
    return true;
}

const gradus_symptom_row gradus_class_imbalance = {
    .symptom = {.name = "class_imbalance",
                .summary = "a rare class that is passed over",
                .threshold = "a class has less than a quarter of the examples of the largest, and less than half of it "
                             "is told right",
                .source = "He, Garcia 2009, Learning from imbalanced data; of healthy runs the rare class of spam "
                          "(14 %) is told right in 95 %"},
    .unless = "unscaled_inputs exploding_gradient saturated_layer dead_units vanishing_gradient rate_at_edge "
              "rate_too_low ",
    .judge = judge_imbalance,
};
