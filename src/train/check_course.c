/* Symptoms that are seen in the course of a run: a rate that is too low, too high or flaps, noise that drowns what is learnt, a model that
 * learns by heart, and one that learns hardly anything. */
#include <math.h>
#include <string.h>
#include "check.h"

static const double learnt_enough = 0.9;

static const gradus_run_row *last_row(const gradus_evidence *evidence) { return &evidence->row[evidence->rows - 1]; }

/* Norm of an update over that of the values, as it is where the schedule stands at 1. */
static double movement(const gradus_run_row *row)
{
    return row->schedule_factor > 0 ? row->update_ratio / row->schedule_factor : NAN;
}

double gradus_largest_movement(const gradus_evidence *evidence)
{
    double largest = NAN;
    for (int32_t i = 0; i < evidence->rows; i++) largest = fmax(largest, movement(&evidence->row[i]));
    return largest;
}

/* In the last third of its rows the loss fell by less than a tenth of all that it has fallen by. */
static bool levelled_off(const gradus_evidence *evidence)
{
    if (evidence->rows < 3) return false;
    const double begin = fmax(evidence->row[0].train_loss, evidence->guess),
                 before = evidence->row[evidence->rows - 1 - evidence->rows / 3].train_loss,
                 now = last_row(evidence)->train_loss;
    return before - now < fmax(0, 0.1 * (begin - now));
}

/* ---- rate_at_edge ---- */

static const double far_share = 100;                                       /* a third of such a rate is no help */
static const double high_share = 1.1, rise_share = 1.5, least_rise = 0.05; /* the last of a guess's loss */

/* The row whose loss is furthest above the lowest before it; -1: none is by much. */
static int32_t risen_row(const gradus_evidence *evidence, double *from)
{
    int32_t worst = -1;
    double lowest = INFINITY, most = rise_share;
    for (int32_t i = 0; i < evidence->rows; i++) {
        const double loss = evidence->row[i].train_loss;
        if (loss > most * lowest && loss - lowest > least_rise * evidence->guess) {
            most = loss / lowest;
            *from = lowest;
            worst = i;
        }
        lowest = fmin(lowest, loss);
    }
    return worst;
}

static double highest_loss(const gradus_evidence *evidence)
{
    double highest = -INFINITY;
    for (int32_t i = 0; i < evidence->rows; i++) highest = fmax(highest, evidence->row[i].train_loss);
    return highest;
}

static double first_loss(const gradus_evidence *evidence) { return fmax(evidence->plain_guess, evidence->first_loss); }

bool gradus_rose(const gradus_evidence *evidence)
{
    /* one batch alone may begin anywhere, so the guess must be known too */
    const bool known = evidence->guess > 0 && evidence->first_loss > 0;
    return evidence->leaps || evidence->diverged ||
           (known && highest_loss(evidence) > high_share * first_loss(evidence));
}

void gradus_finding_lower(gradus_finding *finding, const gradus_evidence *evidence, double factor)
{
    const bool given = !isnan(gradus_settings_number(evidence->run->settings, "lr"));
    if (!given || highest_loss(evidence) < far_share * first_loss(evidence))
        gradus_finding_rate(finding, evidence, factor);
    gradus_finding_try(finding, "lr=auto");
}

static bool judge_edge(const gradus_evidence *evidence, gradus_finding *finding)
{
    char worst[32], usual[32];
    double from = NAN;
    const double highest = highest_loss(evidence), begin = first_loss(evidence);
    const int32_t risen = risen_row(evidence, &from);
    gradus_finding_see(finding, "leaps", (double)evidence->leaps);
    gradus_finding_see(finding, "highest_loss", highest);
    gradus_finding_see(finding, "first_loss", evidence->first_loss);
    gradus_finding_number(highest, worst);
    gradus_finding_number(begin, usual);
    if (evidence->leaps || evidence->diverged)
        snprintf(finding->text, sizeof finding->text, "the loss leapt %lld time%s%s", (long long)evidence->leaps,
                 evidence->leaps == 1 ? "" : "s",
                 evidence->diverged ? ", and the run was given up" : ", and guard lowered the rate");
    else if (gradus_rose(evidence))
        snprintf(finding->text, sizeof finding->text,
                 "the loss of an epoch was %s, more than the %s that it began with or that a guess has", worst, usual);
    else if (risen >= 0)
        snprintf(finding->text, sizeof finding->text, "the loss of an epoch had been %s, and rose to %s in epoch %g",
                 gradus_finding_number(from, usual), gradus_finding_number(evidence->row[risen].train_loss, worst),
                 evidence->row[risen].epoch);
    gradus_finding_lower(finding, evidence, 1.0 / 3);
    return *finding->text;
}

const gradus_symptom_row gradus_rate_at_edge = {
    .symptom = {.name = "rate_at_edge",
                .summary = "a rate so high that the loss rises in between",
                .threshold = "guard has seen the loss leap, or the run was given up, or the mean loss of an epoch was "
                             "1.1 times that at the beginning, or 1.5 times that of one before it",
                .source = "Cohen et al. 2021, arXiv 2103.00065: beyond 2 / sharpness the loss rises; in healthy "
                          "runs no epoch is a twentieth of a guess's loss above one before it"},
    .unless = "unscaled_inputs exploding_gradient ",
    .judge = judge_edge,
};

/* ---- rate_too_low ---- */

static const double slow_movement = 1e-4, usual_movement = 1e-3;

static bool judge_low(const gradus_evidence *evidence, gradus_finding *finding)
{
    char text[32];
    const double largest = gradus_largest_movement(evidence);
    if (!(largest < slow_movement) || !(evidence->learnt < learnt_enough)) return false;
    gradus_finding_see(finding, "update_ratio", largest);
    gradus_finding_see(finding, "learnt", evidence->learnt);
    snprintf(finding->text, sizeof finding->text,
             "an update changes the values by at most %s of their norm; 0.001 is usual",
             gradus_finding_number(largest, text));
    if (isnan(gradus_settings_number(evidence->run->settings, "lr")) && largest > 0)
        gradus_finding_rate(finding, evidence, usual_movement / largest);
    gradus_finding_try(finding, "lr=auto");
    return true;
}

const gradus_symptom_row gradus_rate_too_low = {
    .symptom = {.name = "rate_too_low",
                .summary = "updates that are too small to get anywhere",
                .threshold = "|update| / |values| stays below 0.0001 where the schedule stands at 1, and a tenth of a "
                             "guess's loss is left",
                .source = "CS231n, Neural networks part 3: about 0.001; healthy runs have 0.0006 to 0.09"},
    .unless = "unscaled_inputs exploding_gradient saturated_layer dead_units vanishing_gradient ",
    .judge = judge_low,
};

/* ---- flapping_rate ---- */

enum { TURNS = 6 };

static bool judge_flapping(const gradus_evidence *evidence, gradus_finding *finding)
{
    if (evidence->turns < TURNS) return false;
    gradus_finding_see(finding, "turns", (double)evidence->turns);
    snprintf(finding->text, sizeof finding->text, "%s has raised and lowered the rate in turn, %lld times",
             evidence->turner, (long long)evidence->turns);
    gradus_finding_try(finding, "feedback=guard");
    return true;
}

const gradus_symptom_row gradus_flapping_rate = {
    .symptom = {.name = "flapping_rate",
                .summary = "a feedback that raises and lowers the rate in turn",
                .threshold = "the rate turned back 6 times, each way by a fifth at least",
                .source = "a rate that was right would be kept; of healthy runs none turns more than twice"},
    .unless = "exploding_gradient rate_at_edge ",
    .judge = judge_flapping,
};

/* ---- noise_dominated ---- */

static const double noisy_batch = 10, end_of_schedule = 0.5;

static bool judge_noise(const gradus_evidence *evidence, gradus_finding *finding)
{
    char text[2][32];
    const double batch = evidence->run->plan.batch, share = evidence->noise_scale / batch;
    if (evidence->rows < 3 || !(share >= noisy_batch) || !(evidence->learnt < learnt_enough)) return false;
    const gradus_run_row *last = last_row(evidence);
    if (!(last->schedule_factor >= end_of_schedule) || !(movement(last) > usual_movement) || !levelled_off(evidence))
        return false;
    gradus_finding_see(finding, "noise_scale", evidence->noise_scale);
    gradus_finding_see(finding, "batch", batch);
    gradus_finding_see(finding, "update_ratio", last->update_ratio);
    if (isfinite(share))
        snprintf(finding->text, sizeof finding->text,
                 "the loss falls no more: a batch has %.0f examples, and it takes %s for the gradient to be as large "
                 "as its noise, while the rate stays at %s",
                 batch, gradus_finding_number(round(evidence->noise_scale), text[0]),
                 gradus_finding_number(last->rate, text[1]));
    else
        snprintf(finding->text, sizeof finding->text,
                 "the loss falls no more: gradients of %.0f examples are nothing but noise, while the rate stays at %s",
                 batch, gradus_finding_number(last->rate, text[0]));
    gradus_finding_try(finding, "schedule=hold > decay(30%%)");
    return true;
}

const gradus_symptom_row gradus_noise_dominated = {
    .symptom = {.name = "noise_dominated",
                .summary = "the noise of small batches at a rate that never falls keeps the loss up",
                .threshold = "the noise scale is 10 times the batch, the loss has levelled off with a tenth of a "
                             "guess's left, and the rate stands above half of its height",
                .source = "McCandlish et al. 2018, arXiv 1812.06162: beyond the noise scale examples are wasted, far "
                          "below it noise decides"},
    .unless = "unscaled_inputs exploding_gradient saturated_layer dead_units vanishing_gradient rate_at_edge "
              "rate_too_low class_imbalance ",
    .judge = judge_noise,
};

/* ---- over_fitting ---- */

static const double accuracy_gap = 0.1, error_share = 1.5, loss_rise = 1.1;

static int32_t best_row(const gradus_evidence *evidence)
{
    int32_t best = -1;
    for (int32_t i = 0; i < evidence->rows; i++)
        if (evidence->row[i].validated && (best < 0 || evidence->row[i].val_loss < evidence->row[best].val_loss))
            best = i;
    return best;
}

/* Two deviations of a share of so many examples: what chance does to it. */
static double chance(const gradus_evidence *evidence, double share)
{
    const gradus_data_info *about = evidence->run->about;
    const double count = (double)about->count[GRADUS_VALIDATION] * (double)(about->positions ? about->positions : 1);
    return count > 0 ? 2 * sqrt(share * (1 - share) / count) : 1;
}

static void suggest_against_over_fitting(const gradus_evidence *evidence, gradus_finding *finding)
{
    const int64_t *shape = evidence->run->about->shape;
    const gradus_spec *augment = gradus_settings_spec(evidence->run->settings, "augment");
    if (shape[2] && !shape[3] && shape[1] == shape[2] && shape[1] >= 16 && !augment)
        gradus_finding_try(finding, "augment=pad(2) > crop(%lld)", (long long)shape[1]);
    gradus_finding_try(finding, "optimizer=adamw(weight_decay=0.3)");
}

/* Of a head, by the measure that is its own; how far the sum of the losses has risen is one for all of them. */
static bool learns_by_heart(const gradus_evidence *evidence, int32_t head, double rise, gradus_finding *finding)
{
    char train[32], val[32];
    const bool classes = evidence->head[head].classes;
    const int32_t at = gradus_head_metric(evidence->run, head, classes ? "accuracy" : "rmse");
    const gradus_run_row *last = last_row(evidence);
    const double there = last->train[at], here = last->val[at];
    const bool worse =
        classes ? there - here > accuracy_gap + chance(evidence, here) : here > error_share * there && rise > loss_rise;
    if (!worse) return false;
    gradus_finding_see(finding, "train", there);
    gradus_finding_see(finding, "val", here);
    snprintf(finding->text, sizeof finding->text,
             "%s is %s on what it learns from and %s on what is held back; val_loss was lowest in epoch %g, %.2f times "
             "that in the end",
             gradus_run_metric(evidence->run, at)->name, gradus_finding_number(there, train),
             gradus_finding_number(here, val), evidence->row[best_row(evidence)].epoch, rise);
    return true;
}

static bool judge_over(const gradus_evidence *evidence, gradus_finding *finding)
{
    const int32_t best = best_row(evidence);
    bool found = false;
    if (best < 0 || !last_row(evidence)->validated) return false;
    const double lowest = evidence->row[best].val_loss, last = last_row(evidence)->val_loss;
    for (int32_t i = 0; i < evidence->heads && !found; i++)
        found = learns_by_heart(evidence, i, last / lowest, finding);
    gradus_finding_see(finding, "val_loss", last);
    gradus_finding_see(finding, "best_val_loss", lowest);
    suggest_against_over_fitting(evidence, finding);
    return found;
}

const gradus_symptom_row gradus_over_fitting = {
    .symptom = {.name = "over_fitting",
                .summary = "a model that knows its examples by heart and others less well",
                .threshold = "accuracy in training is higher by a tenth, and by two deviations more than chance "
                             "does; of numbers: the error held back is 1.5 times that in training and val_loss rises",
                .source = "Prechelt 1998, Early stopping, but when?; healthy runs differ by 0.06 at most"},
    .judge = judge_over,
};

/* ---- under_fitting ---- */

static const double learnt_little = 0.2;

static const gradus_evidence_head *least_learnt(const gradus_evidence *evidence)
{
    const gradus_evidence_head *least = NULL;
    for (int32_t i = 0; i < evidence->heads; i++)
        if (evidence->head[i].learnt < (least ? least->learnt : learnt_little)) least = &evidence->head[i];
    return least;
}

/* The layers that most nets could do with; each output as wide as it is. */
static void suggest_layers(const gradus_run *run, gradus_finding *finding)
{
    char ends[GRADUS_REMEDY_SIZE - 80] = "";
    const int32_t heads = gradus_net_head_count(run->net);
    for (int32_t i = 0; i < heads && heads > 1; i++) {
        const gradus_head head = gradus_net_head(run->net, i);
        const size_t used = strlen(ends);
        snprintf(ends + used, sizeof ends - used, "%s%s=dense(%lld)", i ? ", " : "", head.name, (long long)head.count);
    }
    if (heads > 1)
        gradus_finding_try(finding, "model=dense(256) > relu > dense(128) > relu > outputs(%s)", ends);
    else
        gradus_finding_try(finding, "model=mlp([256, 128])");
}

static bool judge_under(const gradus_evidence *evidence, gradus_finding *finding)
{
    char of[128];
    const gradus_evidence_head *head = least_learnt(evidence);
    if (!head || !evidence->rows) return false;
    const gradus_run *run = evidence->run;
    const bool level = levelled_off(evidence), plain = !run->about->positions && !run->about->symbols;
    gradus_finding_see(finding, "learnt", head->learnt);
    gradus_finding_see(finding, "guess_loss", head->guess);
    snprintf(finding->text, sizeof finding->text,
             "%s is %.3g, and %.3g is that of a guess which does not look at the inputs; it %s",
             gradus_finding_loss(head, of), (1 - head->learnt) * head->guess, head->guess,
             level ? "falls no more, so the model is too small or the wrong one" : "still falls");
    if (level && plain) suggest_layers(run, finding);
    gradus_finding_try(finding, "epochs=%.0f", ceil(3 * run->plan.epochs));
    return true;
}

const gradus_symptom_row gradus_under_fitting = {
    .symptom = {.name = "under_fitting",
                .summary = "a model that tells hardly more than a guess, for no reason named above",
                .threshold = "less than a fifth of a guess's loss is gone: of the entropy of the classes, of the "
                             "variance of numbers",
                .source = "the share of explained variance (R squared); of healthy runs 42 % and more is gone"},
    .unless = "unscaled_inputs exploding_gradient saturated_layer dead_units vanishing_gradient rate_at_edge "
              "rate_too_low class_imbalance noise_dominated over_fitting ",
    .judge = judge_under,
};
