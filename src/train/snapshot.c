/* Where a run stands, copied aside and put back bit for bit: values, the optimizer's state, running statistics, the data's position,
 * sums of the epoch under way. A guard's rollback, the rate test and the state in a file all go through here. */
#include <stdlib.h>
#include <string.h>
#include "run.h"

enum { NAME_SIZE = 64, TALLY_NUMBERS = 3, SCORE_NUMBERS = 6 };

static gradus_status out_of_memory(gradus_error *error)
{
    *error = (gradus_error){0}; /* "the writer refused" says less */
    return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory for a snapshot of the run");
}

/* Calls `visit` for each running statistic; they have no gradient. */
static int32_t next_buffer(const gradus_net *net, int32_t index, gradus_net_tensor *tensor)
{
    for (; index < gradus_net_tensor_count(net); index++) {
        gradus_net_tensor_at(net, index, tensor);
        if (!tensor->gradient) return index;
    }
    return -1;
}

gradus_status gradus_statistics_take(const gradus_net *net, gradus_buffer *into, gradus_error *error)
{
    gradus_net_tensor tensor;
    into->size = 0;
    for (int32_t i = -1; (i = next_buffer(net, i + 1, &tensor)) >= 0;)
        if (gradus_buffer_write(into, tensor.values, (size_t)tensor.count * sizeof(float))) return out_of_memory(error);
    return GRADUS_OK;
}

void gradus_statistics_restore(const gradus_net *net, const gradus_buffer *from)
{
    const unsigned char *bytes = from->bytes;
    gradus_net_tensor tensor;
    for (int32_t i = -1; (i = next_buffer(net, i + 1, &tensor)) >= 0;) {
        memcpy(tensor.values, bytes, (size_t)tensor.count * sizeof(float));
        bytes += (size_t)tensor.count * sizeof(float);
    }
}

gradus_status gradus_snapshot_take(const gradus_run *run, gradus_snapshot *snapshot, gradus_error *error)
{
    if (error->status) return error->status;
    snapshot->taken = false;
    snapshot->optimizer.size = 0;
    if (gradus_optimizer_save(run->optimizer, GRADUS_STATE_AND_VALUES, gradus_buffer_write, &snapshot->optimizer,
                              error))
        return error->code == GRADUS_CODE_INPUT_OUTPUT ? out_of_memory(error) : error->status;
    if (gradus_statistics_take(run->net, &snapshot->buffers, error)) return error->status;
    snapshot->cursor = gradus_loader_cursor(run->training);
    snapshot->update = run->update;
    snapshot->tally = run->tally;
    snapshot->metrics_size = run->metrics.size;
    snapshot->timing_size = run->timing.size;
    snapshot->taken = true;
    return GRADUS_OK;
}

static size_t size_of_buffers(const gradus_net *net)
{
    size_t size = 0;
    gradus_net_tensor tensor;
    for (int32_t i = -1; (i = next_buffer(net, i + 1, &tensor)) >= 0;) size += (size_t)tensor.count * sizeof(float);
    return size;
}

gradus_status gradus_snapshot_restore(gradus_run *run, const gradus_snapshot *snapshot, gradus_error *error)
{
    if (error->status) return error->status;
    if (!snapshot->taken || snapshot->buffers.size != size_of_buffers(run->net))
        return gradus_fail(error, GRADUS_ERROR_STATE, GRADUS_CODE_BAD_DATA,
                           "the snapshot to go back to does not fit the net");
    if (gradus_optimizer_load(run->optimizer, snapshot->optimizer.bytes, snapshot->optimizer.size, NULL, error))
        return error->status;
    gradus_statistics_restore(run->net, &snapshot->buffers);
    gradus_loader_seek(run->training, snapshot->cursor);
    run->update = snapshot->update;
    run->tally = snapshot->tally;
    return GRADUS_OK;
}

void gradus_snapshot_release(gradus_snapshot *snapshot)
{
    gradus_buffer_release(&snapshot->optimizer);
    gradus_buffer_release(&snapshot->buffers);
    *snapshot = (gradus_snapshot){0};
}

/* ---- in a state ---- */

static void score_write(const gradus_score *score, double *numbers)
{
    const double all[SCORE_NUMBERS] = {(double)score->count, score->loss,    score->weight,
                                       score->correct,       score->squared, score->absolute};
    memcpy(numbers, all, sizeof all);
}

static gradus_score score_read(const double *numbers)
{
    return (gradus_score){.count = (int64_t)numbers[0],
                          .loss = numbers[1],
                          .weight = numbers[2],
                          .correct = numbers[3],
                          .squared = numbers[4],
                          .absolute = numbers[5]};
}

static const char *entry(char name[NAME_SIZE], const char *prefix, const char *part)
{
    snprintf(name, NAME_SIZE, "%s.%s", prefix, part);
    return name;
}

void gradus_snapshot_save(const gradus_snapshot *snapshot, const char *prefix, gradus_state_writer *writer)
{
    if (!snapshot->taken) return;
    char name[NAME_SIZE];
    const gradus_tally *tally = &snapshot->tally;
    const int64_t place[] = {snapshot->update,       snapshot->cursor.epoch,
                             snapshot->cursor.batch, (int64_t)snapshot->cursor.reshuffle,
                             snapshot->metrics_size, snapshot->timing_size};
    const double sums[] = {tally->norms, (double)tally->norm_count, tally->samples};
    double scores[GRADUS_TARGETS * SCORE_NUMBERS];
    for (int i = 0; i < GRADUS_TARGETS; i++) score_write(&tally->scores[i], scores + i * SCORE_NUMBERS);
    gradus_state_entry(writer, entry(name, prefix, "place"), GRADUS_STATE_INT64, sizeof place / sizeof *place, place);
    gradus_state_entry(writer, entry(name, prefix, "sums"), GRADUS_STATE_DOUBLE, TALLY_NUMBERS, sums);
    gradus_state_entry(writer, entry(name, prefix, "scores"), GRADUS_STATE_DOUBLE, GRADUS_TARGETS * SCORE_NUMBERS,
                       scores);
    gradus_state_entry(writer, entry(name, prefix, "buffers"), GRADUS_STATE_FLOAT32,
                       (int64_t)(snapshot->buffers.size / sizeof(float)), snapshot->buffers.bytes);
    gradus_state_entry(writer, entry(name, prefix, "optimizer"), GRADUS_STATE_BYTES, (int64_t)snapshot->optimizer.size,
                       snapshot->optimizer.bytes);
}

/* Finds an entry of that type; count 0: any. */
static bool find(gradus_state_reader *reader, const char *prefix, const char *part, gradus_state_type type,
                 int64_t count, gradus_state_item *item)
{
    char name[NAME_SIZE];
    return gradus_state_find(reader, entry(name, prefix, part), item) && item->type == type &&
           (!count || item->count == count);
}

static gradus_status copy_out(const gradus_state_item *item, size_t size, gradus_buffer *buffer, gradus_error *error)
{
    buffer->size = 0;
    unsigned char *bytes = size > buffer->capacity ? realloc(buffer->bytes, size) : buffer->bytes;
    if (size && !bytes) return out_of_memory(error);
    *buffer = (gradus_buffer){bytes, size, size > buffer->capacity ? size : buffer->capacity};
    if (size) gradus_state_copy(item, bytes);
    return GRADUS_OK;
}

gradus_status gradus_snapshot_load(gradus_snapshot *snapshot, const char *prefix, gradus_state_reader *reader,
                                   gradus_error *error)
{
    if (error->status) return error->status;
    snapshot->taken = false;
    int64_t place[6];
    double sums[TALLY_NUMBERS], scores[GRADUS_TARGETS * SCORE_NUMBERS];
    gradus_state_item item;
    if (!find(reader, prefix, "place", GRADUS_STATE_INT64, 6, &item)) return GRADUS_OK; /* there was none */
    gradus_state_copy(&item, place);
    bool whole = find(reader, prefix, "sums", GRADUS_STATE_DOUBLE, TALLY_NUMBERS, &item);
    if (whole) gradus_state_copy(&item, sums);
    whole = whole && find(reader, prefix, "scores", GRADUS_STATE_DOUBLE, GRADUS_TARGETS * SCORE_NUMBERS, &item);
    if (whole) gradus_state_copy(&item, scores);
    whole = whole && find(reader, prefix, "buffers", GRADUS_STATE_FLOAT32, 0, &item);
    if (whole && copy_out(&item, (size_t)item.count * sizeof(float), &snapshot->buffers, error)) return error->status;
    whole = whole && find(reader, prefix, "optimizer", GRADUS_STATE_BYTES, 0, &item);
    if (whole && copy_out(&item, (size_t)item.count, &snapshot->optimizer, error)) return error->status;
    if (!whole)
        return gradus_fail(error, GRADUS_ERROR_STATE, GRADUS_CODE_BAD_DATA, "the state lacks parts of '%s'", prefix);
    snapshot->update = place[0];
    snapshot->cursor = (gradus_cursor){place[1], place[2], (uint64_t)place[3]};
    snapshot->metrics_size = place[4];
    snapshot->timing_size = place[5];
    snapshot->tally = (gradus_tally){.norms = sums[0], .norm_count = (int64_t)sums[1], .samples = sums[2]};
    for (int i = 0; i < GRADUS_TARGETS; i++) snapshot->tally.scores[i] = score_read(scores + i * SCORE_NUMBERS);
    snapshot->taken = true;
    return GRADUS_OK;
}
