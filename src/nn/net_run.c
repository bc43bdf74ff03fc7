/* A batch walks through the net: forward, the loss, backward, stage by stage; within a stage, chunk by chunk on as many threads as
 * there are. Slots and chunks depend on the batch alone, so the bits do not depend on the threads. */
#include <string.h>
#include "net.h"

enum { LEAST_WORK = 200000 }; /* operations below which waking other threads costs more than it saves */

/* ---- stages ---- */

typedef struct stage_job {
    const gradus_walk *walk;
    const gradus_stage *stage;
} stage_job;

static bool left_out(const gradus_operation *operation, const gradus_walk *walk)
{
    return operation->pass->training_only && walk->purpose == GRADUS_WALK_EVALUATE;
}

/* The last forward pass of a layer; the one before it gathers. */
static bool gives_output(const gradus_operation *operation)
{
    const gradus_layer_pass *forward = operation->layer->row->forward;
    return operation->pass == &forward[forward[1].run ? 1 : 0];
}

static void run_piece(const stage_job *job, const gradus_piece *piece)
{
    const gradus_operation *first = &job->walk->net->operations[job->stage->first];
    for (const gradus_operation *at = first; at < first + job->stage->count; at++) {
        if (left_out(at, job->walk)) continue;
        at->pass->run(at->layer, piece);
        if (job->walk->net->watching && gives_output(at)) gradus_net_look(at->layer, piece);
    }
}

static void run_slot(const stage_job *job, int32_t slot, int32_t worker)
{
    const int64_t end = gradus_walk_slot(job->walk, slot + 1);
    gradus_piece piece = {.walk = job->walk, .slot = slot, .worker = worker, .opens = true};
    const int64_t most = job->walk->net->piece;
    for (piece.first = gradus_walk_slot(job->walk, slot); piece.first < end; piece.first += most) {
        piece.count = end - piece.first < most ? end - piece.first : most;
        run_piece(job, &piece);
        piece.opens = false;
    }
}

static void run_slot_anywhere(void *user, int64_t slot) { run_slot(user, (int32_t)slot, gradus_backend_worker()); }

/* A piece is one thread's work here too: a product that others took part in would have other bits. */
static void run_slots(stage_job *job)
{
    const int32_t threads = gradus_backend_set_threads(1);
    for (int32_t slot = 0; slot < job->walk->slots; slot++) run_slot(job, slot, 0);
    gradus_backend_set_threads(threads);
}

static void run_stage(const gradus_walk *walk, const gradus_stage *stage)
{
    stage_job job = {walk, stage};
    gradus_backend_share(walk->net->backend, stage->whole);
    if (stage->whole)
        run_piece(&job, &(gradus_piece){.walk = walk, .count = walk->count, .opens = true});
    else if (walk->net->threads > 1 && walk->slots > 1 && !walk->net->watching &&
             stage->work * (double)walk->count >= LEAST_WORK)
        gradus_parallel(NULL, walk->slots, run_slot_anywhere, &job);
    else
        run_slots(&job);
    const gradus_operation *last = &walk->net->operations[stage->first + stage->count - 1];
    if (last->pass->conclude && !left_out(last, walk)) last->pass->conclude(last->layer, walk);
}

/* ---- walks ---- */

static gradus_status check_symbols(const gradus_net *net, const gradus_batch *batch, gradus_error *error)
{
    const int64_t count = batch->count * gradus_shape_size(net->input->shape);
    for (int64_t i = 0; i < count; i++) {
        const float symbol = batch->inputs[i];
        if (symbol >= 0 && symbol < (float)net->input->symbols && symbol == (float)(int64_t)symbol) continue;
        return gradus_fail(error, GRADUS_ERROR_RANGE, GRADUS_CODE_BAD_DATA,
                           "%g in the batch, but the net knows symbols from 0 to %lld", (double)symbol,
                           (long long)net->input->symbols - 1);
    }
    return GRADUS_OK;
}

static gradus_status check_batch(const gradus_net *net, const gradus_batch *batch, bool targets, gradus_error *error)
{
    if (!batch || batch->count < 1 || !batch->inputs)
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_MISSING, "a batch without examples");
    if (net->input->symbols && check_symbols(net, batch, error)) return (gradus_status)error->status;
    return targets ? gradus_net_check_targets(net, batch, error) : GRADUS_OK;
}

static gradus_status begin_walk(const gradus_walk *walk, gradus_error *error)
{
    gradus_net *net = walk->net;
    if (gradus_net_reserve(net, walk->count, error)) return (gradus_status)error->status;
    net->input->values.memory = (float *)(uintptr_t)walk->batch->inputs; /* only ever read */
    for (int32_t i = 0; i < net->layers.count; i++) {
        const gradus_layer *layer = net->layers.items[i];
        if (layer->output->same) layer->output->values = layer->output->same->values;
        if (layer->output->seen) layer->output->values = layer->output->seen->values;
        if (layer->row->begin) layer->row->begin(layer, walk);
    }
    return GRADUS_OK;
}

static void run_stages(const gradus_walk *walk, int32_t first, int32_t end)
{
    for (int32_t i = first; i < end; i++) run_stage(walk, &walk->net->stages[i]);
}

/* Forward, the losses, backward. What the losses add up to is what the gradient is of, by `factors`. */
static double walk_once(const gradus_walk *walk, const double *factors, double *losses, gradus_score *scores)
{
    const gradus_net *net = walk->net;
    double sum = 0;
    run_stages(walk, 0, net->loss_stage);
    gradus_net_run_losses(walk, walk->purpose == GRADUS_WALK_TRAIN ? factors : NULL, losses, scores);
    for (int32_t i = 0; i < net->told_count; i++) sum += factors[i] * losses[i];
    if (walk->purpose == GRADUS_WALK_TRAIN) run_stages(walk, net->loss_stage + 1, net->stage_count);
    return sum;
}

static double train_together(const gradus_walk *walk, gradus_score *scores)
{
    const gradus_balance *balance = &walk->net->balance;
    double factors[GRADUS_TARGETS], losses[GRADUS_TARGETS];
    gradus_net_weigh(walk->net, walk->batch->epoch, factors);
    const double sum = walk_once(walk, factors, losses, scores);
    if (!balance->row || !balance->row->learn || walk->purpose != GRADUS_WALK_TRAIN) return sum;
    return sum + balance->row->learn(balance, walk->batch->epoch, losses, walk->accumulate);
}

/* The gradient of each loss by itself, over again from the start: on its way back a walk overwrites what it was made from. */
static double train_apart(gradus_walk walk, gradus_score *scores, gradus_error *error)
{
    gradus_net *net = walk.net;
    gradus_apart *apart = &net->apart;
    const size_t bytes = (size_t)apart->count * sizeof(float);
    const bool accumulate = walk.accumulate;
    double losses[GRADUS_TARGETS] = {0}, factors[GRADUS_TARGETS];
    float *before = accumulate ? gradus_allocate(NULL, bytes) : NULL;
    if (accumulate && !before) gradus_net_no_memory(error);
    if (before) memcpy(before, apart->sum, bytes);
    walk.accumulate = false;
    for (int32_t task = 0; task < net->told_count && !error->status; task++) {
        for (int32_t i = 0; i < net->told_count; i++) factors[i] = i == task;
        walk.again = task > 0;
        if (task && begin_walk(&walk, error)) break;
        walk_once(&walk, factors, losses, task ? NULL : scores);
        memcpy(apart->of[task], net->gradients, bytes);
    }
    gradus_net_weigh(net, walk.batch->epoch, factors);
    if (!error->status) net->balance.row->join(&net->balance, walk.update, losses, apart);
    for (int64_t i = 0; before && i < apart->count; i++) apart->sum[i] += before[i];
    gradus_release(NULL, before, bytes);
    double sum = 0;
    for (int32_t i = 0; i < net->told_count; i++) sum += factors[i] * losses[i];
    return sum;
}

static double walk_loss(const gradus_walk *walk, gradus_score *scores, gradus_error *error)
{
    if (walk->net->apart.count && walk->purpose == GRADUS_WALK_TRAIN) return train_apart(*walk, scores, error);
    return train_together(walk, scores);
}

/* Checks the batch, walks, and gives the threads back. The loss and the scores are those of the outputs; NULL: not wanted. */
static gradus_status go(gradus_walk walk, double *loss, gradus_score *scores, gradus_error *error)
{
    gradus_net *net = walk.net;
    walk.count = walk.batch->count;
    walk.slots = gradus_net_slots(net, walk.count);
    const int32_t threads = gradus_backend_set_threads(net->threads);
    if (begin_walk(&walk, error) == GRADUS_OK) {
        if (loss || scores) {
            const double found = walk_loss(&walk, scores, error);
            if (loss) *loss = found;
        } else {
            run_stages(&walk, 0, net->loss_stage);
        }
        if (gradus_backend_failed(net->backend))
            gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "the back end could not compute a batch");
    }
    gradus_backend_set_threads(threads);
    return (gradus_status)error->status;
}

gradus_status gradus_net_train(gradus_net *net, const gradus_batch *batch, int64_t update, bool accumulate,
                               double *loss, gradus_score *scores, gradus_error *error)
{
    gradus_error nobody = {0};
    double unused;
    if (!error) error = &nobody;
    if (error->status || check_batch(net, batch, true, error)) return (gradus_status)error->status;
    const gradus_walk walk = {
        .net = net, .batch = batch, .purpose = GRADUS_WALK_TRAIN, .update = update, .accumulate = accumulate};
    return go(walk, loss ? loss : &unused, scores, error);
}

gradus_status gradus_net_probe(gradus_net *net, const gradus_batch *batch, int64_t update, double *loss,
                               gradus_error *error)
{
    gradus_error nobody = {0};
    if (!error) error = &nobody;
    if (error->status || check_batch(net, batch, true, error)) return (gradus_status)error->status;
    return go((gradus_walk){.net = net, .batch = batch, .purpose = GRADUS_WALK_PROBE, .update = update}, loss, NULL,
              error);
}

gradus_status gradus_net_evaluate(gradus_net *net, const gradus_batch *batch, gradus_score *scores, float *outputs,
                                  gradus_error *error)
{
    gradus_error nobody = {0};
    if (!error) error = &nobody;
    if (error->status || check_batch(net, batch, scores != NULL, error)) return (gradus_status)error->status;
    if (go((gradus_walk){.net = net, .batch = batch, .purpose = GRADUS_WALK_EVALUATE}, NULL, scores, error))
        return (gradus_status)error->status;
    const int64_t width = net->losses[0].row_width, count = batch->count * net->losses[0].positions;
    if (outputs) memcpy(outputs, net->output->values.memory, (size_t)(count * width) * sizeof(float));
    for (int32_t k = 0; outputs && k < net->told_count; k++) {
        const gradus_loss *loss = &net->losses[k];
        for (int64_t i = 0; loss->row->predict && i < count; i++)
            loss->row->predict(loss, outputs + i * width + loss->first);
    }
    return GRADUS_OK;
}
