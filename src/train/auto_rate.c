/* lr: auto, the honest simple one: what the optimizer usually starts from, and a veto. A short sweep of rising rates, on values that are
 * put back bit for bit, shows where the loss of one fixed batch rises again; where that edge is nearer than three times the usual rate, the
 * rate becomes a third of the edge. It is never raised: short sweeps say what breaks, not what is best. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "run.h"

enum { SWEEP_UPDATES = GRADUS_RATE_UPDATES, PROBE_EXAMPLES = GRADUS_RATE_EXAMPLES };
static const double sweep_below = 1.0 / 3000, sweep_above = 300; /* of the usual rate: 1e-6 to 0.9 for AdamW */
static const double edge_share = 1.0 / 3;                        /* how far from the edge one stays          */
static const double edge_rise = 0.5, edge_least = 0.1, fall_share = 0.1;

/* ---- reading a sweep ---- */

/* The edge is the first rate after the lowest loss where the loss has risen by half of what it had fallen, or by a tenth of the first
 * loss where it hardly fell, or is not finite. It fell steadily from where a tenth of the fall was done to the lowest. */
void gradus_auto_rate_read(const double *rates, const double *losses, int32_t count, double first,
                           gradus_run_rate *rate)
{
    int32_t lowest = -1;
    rate->low = rate->high = rate->edge = NAN;
    for (int32_t i = 0; i < count && isfinite(losses[i]); i++)
        if (losses[i] < (lowest < 0 ? first : losses[lowest])) lowest = i;
    double bottom = lowest < 0 ? first : losses[lowest], fall = first - bottom;
    double limit = bottom + fmax(edge_rise * fall, edge_least * fabs(first));
    for (int32_t i = lowest + 1; i < count; i++) {
        if (isfinite(losses[i]) && losses[i] <= limit) continue;
        rate->edge = rates[i];
        break;
    }
    for (int32_t i = 0; i <= lowest && isnan(rate->low); i++)
        if (losses[i] <= first - fall_share * fall) rate->low = rates[i];
    if (lowest >= 0) rate->high = rates[lowest];
    rate->lowered = rate->edge * edge_share < rate->constant;
    rate->base = rate->lowered ? rate->edge * edge_share : rate->constant;
}

/* ---- making one ---- */

typedef struct rate_sweep {
    gradus_run *run;
    gradus_loader *probe; /* one fixed set of examples, in batches as the net was compiled for */
    double rates[SWEEP_UPDATES], losses[SWEEP_UPDATES], first;
    int32_t count;
} rate_sweep;

/* Mean loss of the fixed examples, as in training but with nothing kept; the dropout masks are always the same. */
static gradus_status probe_loss(rate_sweep *sweep, double *loss, gradus_error *error)
{
    gradus_loader_seek(sweep->probe, (gradus_cursor){0});
    double sum = 0;
    int64_t examples = 0;
    gradus_batch batch;
    while (!error->status && examples < PROBE_EXAMPLES && gradus_loader_next(sweep->probe, &batch)) {
        double mean = NAN;
        gradus_net_probe(sweep->run->net, &batch, 0, &mean, error);
        sum += mean * batch.count;
        examples += batch.count;
    }
    *loss = sum / (double)examples;
    return error->status;
}

static gradus_status train_at(rate_sweep *sweep, double rate, int64_t update, gradus_error *error)
{
    gradus_run *run = sweep->run;
    gradus_batch batch;
    if (!gradus_loader_next(run->training, &batch) && !gradus_loader_next(run->training, &batch)) return error->status;
    gradus_step step = {.rate = rate};
    gradus_outcome outcome;
    do {
        if (gradus_net_train(run->net, &batch, update, false, &step.loss, NULL, error)) return error->status;
        outcome = gradus_optimizer_step(run->optimizer, &step, error);
    } while (outcome == GRADUS_EVALUATE);
    return error->status;
}

static gradus_status make_sweep(rate_sweep *sweep, double constant, gradus_error *error)
{
    probe_loss(sweep, &sweep->first, error);
    const double growth = pow(sweep_above / sweep_below, 1.0 / (SWEEP_UPDATES - 1));
    double rate = constant * sweep_below;
    for (int32_t i = 0; i < SWEEP_UPDATES && !error->status && !gradus_run_is_interrupted(sweep->run);
         i++, rate *= growth) {
        const gradus_listener *listener = sweep->run->listener;
        if (listener && listener->finding) listener->finding(listener->user, i, SWEEP_UPDATES);
        train_at(sweep, rate, i, error);
        probe_loss(sweep, &sweep->losses[i], error);
        sweep->rates[i] = rate;
        sweep->count = i + 1;
        if (!isfinite(sweep->losses[i])) break;
    }
    return error->status;
}

/* The rule that another one wraps; NULL: none. */
static const gradus_item *wrapped(const gradus_item *item)
{
    for (int32_t i = 0; i < item->value_count; i++)
        if (item->values[i].chain && item->values[i].chain->count &&
            item->values[i].chain->items[0].family == item->family)
            return &item->values[i].chain->items[0];
    return NULL;
}

/* What the optimizer's row names as its usual rate, for the hyperparameters that were given; else that of the rule inside. */
static gradus_status usual_rate(const gradus_run *run, double *rate, gradus_error *error)
{
    enum { MOST = 64 };
    const gradus_item *outermost = &gradus_spec_chain(gradus_settings_spec(run->settings, "optimizer"))->items[0];
    double factor = 1;
    for (const gradus_item *item = outermost; item; item = wrapped(item)) {
        const gradus_rule_row *row = (const gradus_rule_row *)item->member;
        double hyper[MOST] = {0};
        if (row->usual_factor > 0) factor *= row->usual_factor;
        if (row->usual == 0 && !row->usual_rate) continue;
        for (int32_t i = 0; i < item->value_count && i < MOST; i++) hyper[i] = item->values[i].number;
        *rate = factor * (row->usual > 0 ? row->usual : row->usual_rate(hyper));
        return GRADUS_OK;
    }
    return gradus_fail(error, GRADUS_ERROR_SPEC, GRADUS_CODE_MISSING, "no rate is known for '%s'; give one: lr=0.01",
                       outermost->member->name);
}

gradus_status gradus_auto_rate(gradus_run *run, gradus_run_rate *rate, gradus_error *error)
{
    *rate = (gradus_run_rate){.automatic = true, .low = NAN, .high = NAN, .edge = NAN};
    if (error->status || usual_rate(run, &rate->constant, error)) return error->status;
    rate->base = rate->constant;
    gradus_snapshot before = {0};
    rate_sweep sweep = {.run = run, .probe = gradus_run_loader(run, GRADUS_TRAINING, true, error)};
    if (gradus_snapshot_take(run, &before, error) == GRADUS_OK &&
        make_sweep(&sweep, rate->constant, error) == GRADUS_OK)
        gradus_auto_rate_read(sweep.rates, sweep.losses, sweep.count, sweep.first, rate);
    if (gradus_run_is_interrupted(run)) /* half a sweep tells of no edge: whoever goes on begins it again */
        *rate = (gradus_run_rate){.base = NAN, .automatic = true, .low = NAN, .high = NAN, .edge = NAN};
    gradus_snapshot_restore(run, &before, error);
    gradus_snapshot_release(&before);
    gradus_loader_destroy(sweep.probe);
    return error->status;
}
