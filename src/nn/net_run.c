/* A batch walks through the net: forward, the loss, backward, stage by stage; within a stage, chunk by chunk on as many threads as
 * there are. Slots and chunks depend on the batch alone, so the bits do not depend on the threads. */
#include <math.h>
#include <string.h>
#include "net.h"

enum { LEAST_WORK = 200000 }; /* operations below which waking other threads costs more than it saves */

/* ---- stages ---- */

int64_t gradus_walk_slot(const gradus_walk *walk, int32_t slot)
{
    const int64_t chunks = (walk->count + GRADUS_CHUNK - 1) / GRADUS_CHUNK;
    const int64_t first = chunks * slot / walk->slots * GRADUS_CHUNK;
    return first < walk->count ? first : walk->count;
}

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
    for (piece.first = gradus_walk_slot(job->walk, slot); piece.first < end; piece.first += GRADUS_CHUNK) {
        piece.count = end - piece.first < GRADUS_CHUNK ? end - piece.first : GRADUS_CHUNK;
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

/* ---- the loss ---- */

static int64_t largest_of(const float *values, int64_t count)
{
    int64_t largest = 0;
    for (int64_t i = 1; i < count; i++)
        if (values[i] > values[largest]) largest = i;
    return largest;
}

/* Errors are those of what the net is taken to say: of probabilities, not of what they are made from. `room`: as wide as the output. */
static void add_score(const gradus_loss *loss, const float *output, int32_t class, const float *numbers, float *room,
                      gradus_score *score)
{
    if (!numbers) {
        score->correct += (loss->width == 1 ? output[0] > 0 : largest_of(output, loss->width)) == class;
        return;
    }
    if (loss->row->predict) {
        memcpy(room, output, (size_t)loss->width * sizeof *room);
        loss->row->predict(loss, room);
        output = room;
    }
    for (int64_t i = 0; i < loss->width; i++) {
        const double far = (double)output[i] - numbers[i];
        score->squared += far * far / (double)loss->width;
        score->absolute += fabs(far) / (double)loss->width;
    }
}

/* What a sum of losses is to be divided by for their mean. */
static double weight_of(const gradus_loss *loss, const gradus_batch *batch, int64_t count)
{
    double sum = 0;
    if (!loss->row->weighted_mean || !loss->weights) return (double)count;
    for (int64_t i = 0; i < count; i++) {
        const double weight = loss->weights[batch->classes[i]];
        sum += batch->others ? batch->shares[i] * weight + (1 - batch->shares[i]) * loss->weights[batch->others[i]]
                             : weight;
    }
    return sum;
}

/* The loss of an example, and its gradient; of one that was mixed with another, as much of both as there is of them. */
static double loss_of(const gradus_net *net, const gradus_batch *batch, int64_t i, const float *output, float scale,
                      float *gradient)
{
    const gradus_loss *loss = &net->loss;
    const bool classes = loss->target == GRADUS_TARGET_CLASS;
    const double first = loss->row->example(loss, output, classes ? batch->classes[i] : 0,
                                            classes ? NULL : batch->numbers + i * loss->width, scale, gradient);
    if (!classes || !batch->others || batch->shares[i] >= 1) return first;
    const float share = batch->shares[i];
    const double second = loss->row->example(loss, output, batch->others[i], NULL, scale, net->second_row);
    for (int64_t k = 0; k < loss->width; k++) gradient[k] = share * gradient[k] + (1 - share) * net->second_row[k];
    return (double)share * first + (double)(1 - share) * second;
}

/* The loss of the batch as its reduction says; its gradient where `gradients` is given; the score. */
static double run_loss(const gradus_walk *walk, const float *outputs, float *gradients, gradus_score *score)
{
    const gradus_net *net = walk->net;
    const gradus_loss *loss = &net->loss;
    const int64_t count = walk->count * loss->positions;
    const bool classes = loss->target == GRADUS_TARGET_CLASS;
    const double weight = weight_of(loss, walk->batch, count);
    const float scale = !loss->mean ? 1 : weight > 0 ? 1 / (float)weight : 0; /* 0: nothing in it counts */
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        const float *output = outputs + i * loss->width;
        const int32_t class = classes ? walk->batch->classes[i] : 0;
        const float *numbers = classes ? NULL : walk->batch->numbers + i * loss->width;
        sum += loss_of(net, walk->batch, i, output, scale, gradients ? gradients + i * loss->width : net->row);
        if (score) add_score(loss, output, class, numbers, net->row, score);
    }
    if (score) {
        score->loss += sum;
        score->weight += weight;
        score->count += count;
    }
    return loss->mean && weight > 0 ? sum / weight : sum;
}

/* ---- walks ---- */

static gradus_status check_classes(const gradus_net *net, const gradus_batch *batch, gradus_error *error)
{
    const int64_t most = net->loss.width == 1 ? 2 : net->loss.width;
    for (int64_t i = 0; i < batch->count * net->loss.positions; i++)
        if (batch->classes[i] < 0 || batch->classes[i] >= most ||
            (batch->others && (batch->others[i] < 0 || batch->others[i] >= most)))
            return gradus_fail(error, GRADUS_ERROR_RANGE, GRADUS_CODE_BAD_DATA,
                               "class %d in the batch, but the net tells %d classes apart", (int)batch->classes[i],
                               (int)most);
    return GRADUS_OK;
}

/* A hair beyond 0 and 1 is rounding: of a scale, say. */
static gradus_status check_probabilities(const gradus_net *net, const gradus_batch *batch, gradus_error *error)
{
    const int64_t count = batch->count * net->loss.positions * net->loss.width;
    for (int64_t i = 0; i < count; i++)
        if (!(batch->numbers[i] >= -1e-6F && batch->numbers[i] <= 1 + 1e-6F))
            return gradus_fail(error, GRADUS_ERROR_RANGE, GRADUS_CODE_BAD_DATA,
                               "a target of %g in the batch, but %s takes them from 0 to 1; target_scale=none leaves "
                               "those of a file as they are",
                               (double)batch->numbers[i], net->loss.row->member.name);
    return GRADUS_OK;
}

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
    if (!targets) return GRADUS_OK;
    const bool classes = net->loss.target == GRADUS_TARGET_CLASS;
    if (classes ? !batch->classes : !batch->numbers)
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_MISSING, "a batch without targets");
    if (classes) return check_classes(net, batch, error);
    return net->loss.row->probabilities ? check_probabilities(net, batch, error) : GRADUS_OK;
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

/* Checks the batch, walks, and gives the threads back. The loss and the score are those of the outputs; NULL: not wanted. */
static gradus_status go(gradus_walk walk, double *loss, gradus_score *score, gradus_error *error)
{
    gradus_net *net = walk.net;
    const bool trains = walk.purpose == GRADUS_WALK_TRAIN;
    const int64_t chunks = (walk.batch->count + GRADUS_CHUNK - 1) / GRADUS_CHUNK;
    walk.count = walk.batch->count;
    walk.slots = (int32_t)(chunks < GRADUS_NET_SLOTS ? chunks : GRADUS_NET_SLOTS);
    const int32_t threads = gradus_backend_set_threads(net->threads);
    if (begin_walk(&walk, error) == GRADUS_OK) {
        run_stages(&walk, 0, net->loss_stage);
        if (loss || score || trains) {
            const double found =
                run_loss(&walk, net->output->values.memory, trains ? net->output->gradient.memory : NULL, score);
            if (loss) *loss = found;
        }
        if (trains) run_stages(&walk, net->loss_stage + 1, net->stage_count);
        if (gradus_backend_failed(net->backend))
            gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "the back end could not compute a batch");
    }
    gradus_backend_set_threads(threads);
    return (gradus_status)error->status;
}

gradus_status gradus_net_train(gradus_net *net, const gradus_batch *batch, int64_t update, bool accumulate,
                               double *loss, gradus_score *score, gradus_error *error)
{
    gradus_error nobody = {0};
    if (!error) error = &nobody;
    if (error->status || check_batch(net, batch, true, error)) return (gradus_status)error->status;
    const gradus_walk walk = {
        .net = net, .batch = batch, .purpose = GRADUS_WALK_TRAIN, .update = update, .accumulate = accumulate};
    return go(walk, loss, score, error);
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

gradus_status gradus_net_evaluate(gradus_net *net, const gradus_batch *batch, gradus_score *score, float *outputs,
                                  gradus_error *error)
{
    gradus_error nobody = {0};
    if (!error) error = &nobody;
    if (error->status || check_batch(net, batch, score != NULL, error)) return (gradus_status)error->status;
    if (go((gradus_walk){.net = net, .batch = batch, .purpose = GRADUS_WALK_EVALUATE}, NULL, score, error))
        return (gradus_status)error->status;
    const int64_t width = net->loss.width, count = batch->count * net->loss.positions;
    if (outputs) memcpy(outputs, net->output->values.memory, (size_t)(count * width) * sizeof(float));
    for (int64_t i = 0; outputs && net->loss.row->predict && i < count; i++)
        net->loss.row->predict(&net->loss, outputs + i * width);
    return GRADUS_OK;
}
