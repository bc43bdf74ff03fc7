/* Symptoms that are seen layer by layer: gradients that explode or vanish on their way back, units that are dead, values that stand at the
 * ends of their function. */
#include <math.h>
#include <string.h>
#include "check.h"

static const double learnt_enough = 0.9; /* of a guess's loss: whatever it looks like, it does not hinder */

static double relative(const gradus_evidence_layer *layer) { return layer->gradient_norm / layer->values_norm; }

static bool is_set(const gradus_evidence *evidence, const char *key)
{
    return gradus_settings_spec(evidence->run->settings, key) != NULL;
}

/* ---- exploding_gradient ---- */

static const double first_loss_share = 10;
static const double bad_share = 0.001; /* of all gradients, and more than two */

static bool judge_exploding(const gradus_evidence *evidence, gradus_finding *finding)
{
    char first[32], usual[32];
    const double guess = evidence->plain_guess;
    const bool began = evidence->first_loss > first_loss_share * guess;
    const double bad = (double)(evidence->exploding + evidence->broken);
    const bool later = bad > 2 && bad > bad_share * (double)evidence->gradients;
    gradus_finding_see(finding, "exploding", (double)evidence->exploding);
    gradus_finding_see(finding, "non_finite", (double)evidence->broken);
    gradus_finding_see(finding, "largest_norm", evidence->largest_norm);
    gradus_finding_see(finding, "median_norm", evidence->median_norm);
    gradus_finding_see(finding, "first_loss", evidence->first_loss);
    gradus_finding_see(finding, "guess_loss", guess);
    if (began) {
        gradus_finding_number(evidence->first_loss, first);
        gradus_finding_number(guess, usual);
        snprintf(finding->text, sizeof finding->text,
                 "the first loss was %s, that of a guess would be %s: the weights begin too large", first, usual);
        if (is_set(evidence, "init")) gradus_finding_try(finding, "init=pytorch");
    } else {
        snprintf(finding->text, sizeof finding->text,
                 "%lld gradients were too large and %lld not finite; the largest norm was %s, in update %lld, the "
                 "median is %s",
                 (long long)evidence->exploding, (long long)evidence->broken,
                 gradus_finding_number(evidence->largest_norm, first), (long long)evidence->largest_at,
                 gradus_finding_number(evidence->median_norm, usual));
    }
    if (evidence->median_norm > 0)
        gradus_finding_try(finding, "gradient=clip_norm(%s)", gradus_finding_digit(evidence->median_norm, first));
    gradus_finding_try(finding, "gradient=clip_norm(1)");
    return began || later;
}

const gradus_symptom_row gradus_exploding_gradient = {
    .symptom = {.name = "exploding_gradient",
                .summary = "gradients that are far too large, from the beginning or in between",
                .threshold =
                    "one in 1000, and more than two, were not finite or too large for guard, or the first loss was "
                    "more than 10 times that of a guess",
                .source = "Pascanu, Mikolov, Bengio 2013, arXiv 1211.5063; of healthy runs the first loss is 0.4 to "
                          "1.5 times that of a guess"},
    .unless = "unscaled_inputs saturated_layer collapsed_attention ",
    .judge = judge_exploding,
};

/* ---- saturated_layer ---- */

static const double saturated_share = 0.75;
static const double saturated_gates = 0.9; /* an open gate is no fault */

typedef enum kind { ENDS, GATES, SHARES, UNITS } kind; /* of a tanh or sigmoid; a recurrent layer; attention; a relu */

static kind kind_of(const gradus_activity *activity)
{
    static const char *const functions[] = {[GATES] = "gates", [SHARES] = "shares", [UNITS] = "relu"};
    for (int i = GATES; i <= UNITS; i++)
        if (strcmp(activity->function, functions[i]) == 0) return (kind)i;
    return ENDS;
}

/* The layer where the share is largest; -1: none has any. Answers may well stand at an end. */
static int32_t worst_of(const gradus_evidence *evidence, kind wanted, double *share, int32_t *count, double threshold)
{
    int32_t worst = -1;
    *share = 0;
    *count = 0;
    for (int32_t i = 0; i < evidence->layers; i++) {
        const gradus_evidence_layer *layer = &evidence->layer[i];
        const gradus_activity *activity = &layer->activity;
        if (!layer->active || layer->gives || kind_of(activity) != wanted) continue;
        const double part = wanted == UNITS ? (double)activity->dead / (double)activity->units
                                            : (double)activity->ended / (double)activity->values;
        *count += part >= threshold;
        if (part <= *share) continue;
        *share = part;
        worst = i;
    }
    return worst;
}

static void add_others(gradus_finding *finding, int32_t count)
{
    const size_t length = strlen(finding->text);
    if (count > 1)
        snprintf(finding->text + length, sizeof finding->text - length, "; so it is in %d layers", (int)count);
}

static bool judge_saturated(const gradus_evidence *evidence, gradus_finding *finding)
{
    double share;
    int32_t count, worst = worst_of(evidence, ENDS, &share, &count, saturated_share);
    const bool gates = !count;
    if (gates) worst = worst_of(evidence, GATES, &share, &count, saturated_gates);
    if (!count) return false;
    gradus_finding_place(finding, evidence, worst);
    gradus_finding_see(finding, "saturated", share);
    snprintf(finding->text, sizeof finding->text,
             "%.0f %% of its %s stand within 1 %% of an end, where the slope is next to 0", 100 * share,
             gates ? "gates and states" : "values");
    add_others(finding, count);
    if (is_set(evidence, "init")) gradus_finding_try(finding, "init=xavier");
    gradus_finding_rate(finding, evidence, 1.0 / 3);
    return true;
}

const gradus_symptom_row gradus_saturated_layer = {
    .symptom =
        {.name = "saturated_layer",
         .summary = "a tanh or sigmoid whose values stand at its ends, where no gradient comes through; gates of a "
                    "recurrent layer too",
         .threshold =
             "75 % of a layer's values are within 1 % of its range from an end; 90 % of the gates, and what they let "
             "in, of a recurrent layer",
         .source = "Glorot, Bengio 2010, Understanding the difficulty of training deep feedforward neural "
                   "networks; of healthy runs at most 47 %, of gates 61 %"},
    .unless = "unscaled_inputs ",
    .judge = judge_saturated,
};

/* ---- collapsed_attention ---- */

static const double collapsed_share = 0.75;

static bool judge_collapsed(const gradus_evidence *evidence, gradus_finding *finding)
{
    double share;
    int32_t count, worst = worst_of(evidence, SHARES, &share, &count, collapsed_share);
    if (!count || evidence->learnt >= learnt_enough) return false;
    gradus_finding_place(finding, evidence, worst);
    gradus_finding_see(finding, "collapsed", share);
    snprintf(finding->text, sizeof finding->text,
             "%.0f %% of its looks take 99 %% from one step alone, so that where they go is not learnt any more",
             100 * share);
    add_others(finding, count);
    if (is_set(evidence, "init")) gradus_finding_try(finding, "init=pytorch");
    gradus_finding_rate(finding, evidence, 0.1);
    return true;
}

const gradus_symptom_row gradus_collapsed_attention = {
    .symptom = {.name = "collapsed_attention",
                .summary = "attention whose steps look at one step each, whatever comes",
                .threshold =
                    "three quarters of a layer's looks (a head's, from a step) take 99 % from one step, and a tenth of "
                    "a guess's loss is left",
                .source = "Zhai et al. 2023, arXiv 2303.06296, on entropy collapse; of healthy runs at most 1 %"},
    .unless = "unscaled_inputs ",
    .judge = judge_collapsed,
};

/* ---- dead_units ---- */

static const double dead_share = 0.75;
static const double large_movement = 0.01; /* ten times what is usual */

static bool judge_dead(const gradus_evidence *evidence, gradus_finding *finding)
{
    double share;
    int32_t count, worst = worst_of(evidence, UNITS, &share, &count, dead_share);
    if (!count || evidence->learnt >= learnt_enough) return false;
    const gradus_activity *activity = &evidence->layer[worst].activity;
    gradus_finding_place(finding, evidence, worst);
    gradus_finding_see(finding, "dead", share);
    gradus_finding_see(finding, "units", (double)activity->units);
    snprintf(finding->text, sizeof finding->text,
             "%lld of its %lld units are 0 for all of %lld examples, so that they learn nothing any more",
             (long long)activity->dead, (long long)activity->units, (long long)evidence->examples);
    add_others(finding, count);
    if (gradus_rose(evidence) || gradus_largest_movement(evidence) > large_movement)
        gradus_finding_lower(finding, evidence, 0.1);
    if (!is_set(evidence, "init")) gradus_finding_try(finding, "init=he");
    gradus_finding_swap(finding, evidence, "relu", "leaky_relu");
    gradus_finding_rate(finding, evidence, 0.1);
    return true;
}

const gradus_symptom_row gradus_dead_units = {
    .symptom = {.name = "dead_units",
                .summary = "units of a relu that are 0 whatever comes in",
                .threshold =
                    "three quarters of a layer's units are 0 for all examples, and a tenth of a guess's loss is left",
                .source = "Lu et al. 2019, arXiv 1903.06733; healthy runs that learn less than that have up to 52 %"},
    .unless = "unscaled_inputs ",
    .judge = judge_dead,
};

/* ---- vanishing_gradient ---- */

static const double vanished_share = 1e-3;

/* Rows of an embedding are met now and then only. */
static bool is_looked_up(const gradus_evidence_layer *layer) { return strncmp(layer->info.spec, "embedding", 9) == 0; }

static bool judge_vanishing(const gradus_evidence *evidence, gradus_finding *finding)
{
    int32_t most = -1, least = -1;
    char share[32];
    for (int32_t i = 0; i < evidence->layers; i++) {
        const gradus_evidence_layer *layer = &evidence->layer[i];
        if (!layer->weighs || is_looked_up(layer) || !(layer->values_norm > 0)) continue;
        if (most < 0 || relative(layer) > relative(&evidence->layer[most])) most = i;
        if (least < 0 || relative(layer) < relative(&evidence->layer[least])) least = i;
    }
    if (most < 0 || least > most || evidence->learnt >= learnt_enough) return false;
    const double arrives = relative(&evidence->layer[least]) / relative(&evidence->layer[most]);
    if (!(arrives < vanished_share)) return false;
    gradus_finding_place(finding, evidence, least);
    gradus_finding_see(finding, "arrives", arrives);
    gradus_finding_see(finding, "gradient_norm", evidence->layer[least].gradient_norm);
    gradus_finding_see(finding, "values_norm", evidence->layer[least].values_norm);
    snprintf(finding->text, sizeof finding->text,
             "measured by its weights, its gradient is %s of that of layer %s, %s: it learns that much slower",
             gradus_finding_number(arrives, share), evidence->layer[most].info.name, evidence->layer[most].info.spec);
    gradus_finding_swap(finding, evidence, "sigmoid", "relu");
    gradus_finding_swap(finding, evidence, "tanh", "relu");
    if (!is_set(evidence, "init")) {
        gradus_finding_add(finding, "init=he");
        gradus_finding_try(finding, "init=he");
    }
    gradus_finding_try(finding, "init=pytorch");
    return true;
}

const gradus_symptom_row gradus_vanishing_gradient = {
    .symptom = {.name = "vanishing_gradient",
                .summary = "of the gradient next to nothing arrives in the first layers",
                .threshold = "in a layer |gradient| / |weights| is below 0.001 of what it is in one behind it, and a "
                             "tenth of a guess's loss is left",
                .source =
                    "Hochreiter 1991; Glorot, Bengio 2010; healthy runs have 0.02 and more, six sigmoids 0.00001"},
    .unless = "unscaled_inputs saturated_layer collapsed_attention dead_units ",
    .judge = judge_vanishing,
};
