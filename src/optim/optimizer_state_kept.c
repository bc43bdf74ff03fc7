/* What is kept for measures of movement, in states: there while somebody listens to such measures. A record that has it
 * turns the keeping on, and one that has not is as if nobody had listened before it. */
#include "optimizer_state.h"
#include <stdio.h>

enum { KEEPING = 4 }; /* numbers of gradus_keeping */

static const char *kept_name(gradus_state_names *names, const gradus_tensor *tensor, int which)
{
    snprintf(names->text, names->size, "tensor/%s/kept/%s", tensor->name, gradus_kept_names[which]);
    return names->text;
}

/* ---- saving ---- */

/* Whether what is kept in an array still counts: of the last step, of the mean, of where the window began. */
static bool is_kept(const gradus_optimizer *optimizer, const gradus_kept *kept, int which)
{
    const gradus_keeping *keeping = &optimizer->keeping;
    if (!gradus_keeps_array(keeping, which) || !kept->array[which]) return false;
    if (which == KEPT_VALUES) return optimizer->update > 0 && kept->stepped == optimizer->update;
    if (which == KEPT_MEAN) return kept->averaged > 0 && kept->averaged == gradus_keeps_mean(keeping);
    return keeping->started > 0 && kept->started == keeping->started;
}

void gradus_state_save_kept(const gradus_optimizer *optimizer, int32_t at, gradus_state_writer *writer,
                            gradus_state_names *names)
{
    const gradus_tensor *tensor = &optimizer->tensors[at];
    if (!gradus_keeps(optimizer)) return;
    gradus_state_int(writer, gradus_state_tensor_name(names, tensor, "averaged"), tensor->kept.averaged);
    for (int j = 0; j < KEPT_COUNT; j++) {
        if (!is_kept(optimizer, &tensor->kept, j)) continue;
        gradus_state_entry(writer, kept_name(names, tensor, j), GRADUS_STATE_FLOAT32, tensor->shape.count,
                           tensor->kept.array[j]);
    }
}

void gradus_state_save_keeping(const gradus_optimizer *optimizer, gradus_state_writer *writer)
{
    const gradus_keeping *keeping = &optimizer->keeping;
    const int64_t counts[KEEPING] = {keeping->values, keeping->window, keeping->phase, keeping->started};
    if (gradus_keeps(optimizer)) gradus_state_entry(writer, "keeping", GRADUS_STATE_INT64, KEEPING, counts);
}

/* ---- loading ---- */

gradus_status gradus_state_check_kept(gradus_loading *load, const gradus_tensor *tensor)
{
    gradus_state_item item;
    for (int j = 0; j < KEPT_COUNT; j++) {
        if (!gradus_state_find(load->reader, kept_name(&load->names, tensor, j), &item)) continue;
        if (item.type != GRADUS_STATE_FLOAT32) return gradus_state_damaged(load, item.name);
        if (item.count != tensor->shape.count) return gradus_state_damaged(load, item.name);
        if (gradus_state_count(load, gradus_state_tensor_name(&load->names, tensor, "averaged")) < 0)
            return GRADUS_ERROR_STATE;
    }
    return GRADUS_OK;
}

/* The numbers of gradus_keeping; all 0 where nothing was kept. */
static gradus_status read_keeping(const gradus_loading *load, int64_t counts[KEEPING])
{
    gradus_state_item item;
    memset(counts, 0, KEEPING * sizeof *counts);
    if (!gradus_state_find(load->reader, "keeping", &item)) return GRADUS_OK;
    if (item.type != GRADUS_STATE_INT64 || item.count != KEEPING) return gradus_state_damaged(load, item.name);
    gradus_state_copy(&item, counts);
    for (int i = 0; i < KEEPING; i++)
        if (counts[i] < 0) return gradus_state_damaged(load, item.name);
    return GRADUS_OK;
}

gradus_status gradus_state_check_keeping(const gradus_loading *load)
{
    int64_t unread[KEEPING];
    return read_keeping(load, unread);
}

void gradus_state_apply_kept(gradus_loading *load, int32_t at)
{
    gradus_optimizer *optimizer = load->optimizer;
    gradus_tensor *tensor = &optimizer->tensors[at];
    gradus_kept *kept = &tensor->kept;
    char saved[STATE_WORDS];
    gradus_state_item item;
    bool found[KEPT_COUNT];
    kept->stepped = kept->averaged = kept->started = 0;
    if (!gradus_keeps(optimizer) || gradus_state_tensor(load, tensor, saved) != STATE_PRESENT) return;
    for (int j = 0; j < KEPT_COUNT; j++) {
        found[j] = kept->array[j] && gradus_state_find(load->reader, kept_name(&load->names, tensor, j), &item);
        if (found[j]) gradus_state_copy(&item, kept->array[j]);
    }
    if (found[KEPT_VALUES]) kept->stepped = optimizer->update;
    if (found[KEPT_MEAN])
        kept->averaged = gradus_state_count(load, gradus_state_tensor_name(&load->names, tensor, "averaged"));
    if (found[KEPT_START] && found[KEPT_BEFORE]) kept->started = optimizer->keeping.started;
}

gradus_status gradus_state_apply_keeping(gradus_loading *load)
{
    gradus_keeping *keeping = &load->optimizer->keeping;
    int64_t counts[KEEPING];
    read_keeping(load, counts);
    keeping->values |= counts[0] != 0;
    if (!keeping->window) keeping->window = counts[1];
    gradus_keep_forget(load->optimizer);
    if (keeping->window == counts[1]) keeping->phase = counts[2], keeping->started = counts[3];
    load->optimizer->plan.valid = false;
    return gradus_plan_settle(load->optimizer, load->error);
}
