/* How long training will take, before it begins: a few updates are made and measured, and all that they touched is put back bit for bit,
 * as after the rate test. */
#include <math.h>
#include "loop.h"

enum { MOST_UPDATES = 200, EVALUATIONS = 4 };
static const double long_enough = 0.25, too_long = 1; /* seconds */

/* One update as training makes them. The rate does not matter: what it does is undone. */
static gradus_status make_update(gradus_run *run, gradus_batch *batch, int64_t update, gradus_error *error)
{
    const double given = run->rate.base;
    gradus_step step = {.rate = isnan(given) ? 1e-3 : given};
    gradus_outcome outcome;
    if (!gradus_loader_next(run->training, batch) && !gradus_loader_next(run->training, batch))
        return gradus_fail(error, GRADUS_ERROR_STATE, GRADUS_CODE_BAD_DATA, "the training part holds no batch");
    do {
        if (gradus_net_train(run->net, batch, update, false, &step.loss, NULL, error)) return error->status;
        outcome = gradus_optimizer_step(run->optimizer, &step, error);
    } while (outcome == GRADUS_EVALUATE);
    return error->status;
}

/* The first update of a process is slow: it counts only where another one would keep the user waiting. `validation` is that of an example,
 * as yet. */
static gradus_status time_updates(gradus_run *run, gradus_run_time *time, gradus_error *error)
{
    gradus_batch batch;
    gradus_score scores[GRADUS_TARGETS] = {{0}};
    double began = gradus_loop_clock();
    if (make_update(run, &batch, run->update, error)) return error->status;
    time->update = gradus_loop_clock() - began;
    began = gradus_loop_clock();
    double took = 0;
    for (int64_t made = 1; made <= MOST_UPDATES && time->update < too_long && took < long_enough; made++) {
        if (make_update(run, &batch, run->update + made, error)) return error->status;
        took = gradus_loop_clock() - began;
        time->update = took / (double)made;
    }
    took = 0;
    for (int i = 0; i < EVALUATIONS && took < long_enough; i++) { /* the fastest: there are few of them */
        began = gradus_loop_clock();
        if (gradus_net_evaluate(run->net, &batch, scores, NULL, error)) return error->status;
        took = gradus_loop_clock() - began;
        if (i == 0 || took / batch.count < time->validation) time->validation = took / batch.count;
    }
    return GRADUS_OK;
}

static gradus_run_time add_up(const gradus_run *run, double update, double example)
{
    const double left = (double)(gradus_run_last(run) - run->update),
                 rows = ceil(left / (double)run->plan.updates_per_epoch);
    const bool finds = run->rate.automatic && isnan(run->rate.base);
    gradus_run_time time = {.update = update,
                            .validation = example * (double)run->about->count[GRADUS_VALIDATION],
                            .find = finds ? GRADUS_RATE_UPDATES * (update + GRADUS_RATE_EXAMPLES * example) : 0};
    time.total = time.find + left * update + rows * time.validation + example * (double)run->about->count[GRADUS_TEST];
    return time;
}

gradus_status gradus_run_foresee(gradus_run *run, gradus_run_time *time, gradus_error *error)
{
    gradus_snapshot before = {0};
    gradus_error own = {0}; /* of the trial: then nothing is foreseen, and training will tell */
    *time = (gradus_run_time){0};
    if (error->status) return error->status;
    if (gradus_snapshot_take(run, &before, &own) == GRADUS_OK) {
        time_updates(run, time, &own);
        gradus_snapshot_restore(run, &before, error);
    }
    gradus_snapshot_release(&before);
    *time = own.status ? (gradus_run_time){NAN, NAN, NAN, NAN} : add_up(run, time->update, time->validation);
    return error->status;
}
