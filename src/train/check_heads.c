/* What the outputs of a model make of examples, each beside a guess that does not look at them: what it loses, which classes it takes for
 * which. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "check.h"

/* ---- where things stand ---- */

static int64_t positions_of(const gradus_run *run) { return run->about->positions ? run->about->positions : 1; }

/* Of the values that the net gives for an example, or for a step of it. */
static int64_t row_width(const gradus_run *run)
{
    int64_t size = 1;
    const int64_t *shape = gradus_net_output(run->net);
    for (int i = 0; i < 8 && shape[i]; i++) size *= shape[i];
    return size / positions_of(run);
}

/* Of an example's targets of its kind: which is the head's first, and how many there are. */
typedef struct stretch {
    int64_t first, row;
} stretch;

static stretch targets_of(const gradus_run *run, const gradus_head *head)
{
    const gradus_data_info *about = run->about;
    const gradus_widths before = gradus_target_widths(about->targets, head->target),
                        all = gradus_target_widths(about->targets, about->target_count);
    return about->targets[head->target].kind == GRADUS_TARGET_CLASS
               ? (stretch){before.classes, all.classes}
               : (stretch){before.numbers, all.numbers ? all.numbers : head->count};
}

/* The loss of the head as the settings have it; NULL: the usual one of its target. */
static const gradus_item *loss_item(const gradus_run *run, const gradus_head *head)
{
    const gradus_spec *loss = gradus_settings_spec(run->settings, "loss");
    const gradus_item *item = loss ? gradus_spec_chain(loss)->items : NULL, *general = NULL;
    if (!item || strcmp(item->member->name, "sum") != 0) return item;
    for (int32_t i = 0; i < item->values[0].count; i++) {
        const gradus_item *part = item->values[0].items[i].chain->items;
        const gradus_value *output = gradus_item_value(part, "output");
        const bool named = output && output->present;
        if (named && head->name && strcmp(output->text, head->name) == 0) return part;
        if (!named) general = part;
    }
    return general;
}

const char *gradus_evidence_loss(const gradus_run *run, int32_t head)
{
    const gradus_head told = gradus_net_head(run->net, head);
    const gradus_item *item = loss_item(run, &told);
    const bool classes = run->about->targets[told.target].kind == GRADUS_TARGET_CLASS;
    return item ? item->member->name : classes ? "cross_entropy" : "mean_squared";
}

/* ---- sums over the examples ---- */

static void *room(int64_t count, gradus_error *error)
{
    void *memory = error->status ? NULL : calloc((size_t)count + 1, sizeof(double));
    if (!memory && !error->status) gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    return memory;
}

gradus_status gradus_tallies_open(const gradus_run *run, gradus_evidence *evidence, gradus_head_tally *tallies,
                                  gradus_error *error)
{
    evidence->heads = gradus_net_head_count(run->net);
    for (int32_t i = 0; i < evidence->heads; i++) {
        const gradus_head told = gradus_net_head(run->net, i);
        const gradus_target *target = &run->about->targets[told.target];
        const int64_t classes = target->kind == GRADUS_TARGET_CLASS ? target->outputs : 0;
        gradus_evidence_head *head = &evidence->head[i];
        *head = (gradus_evidence_head){.name = told.name,
                                       .target = target,
                                       .weight = told.weight,
                                       .probabilities = told.probabilities,
                                       .loss = NAN,
                                       .guess = NAN,
                                       .learnt = NAN,
                                       .classes = classes};
        head->share = room(classes, error);
        tallies[i] = (gradus_head_tally){.number = room(told.count, error),
                                         .number_square = room(told.count, error),
                                         .classes = room(classes, error),
                                         .class_loss = room(classes, error)};
    }
    return error->status;
}

void gradus_tallies_close(gradus_head_tally *tallies, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        free(tallies[i].number);
        free(tallies[i].number_square);
        free(tallies[i].classes);
        free(tallies[i].class_loss);
    }
}

/* A loss that makes no probabilities is counted in wrong answers. */
static double loss_of_class(const gradus_head *head, const float *output, int32_t class)
{
    if (!head->probabilities) return gradus_class_of(output, head->count, false) != class;
    const double probability = head->count > 1 ? output[class] : class ? output[0] : 1 - output[0];
    return -log(fmax(probability, 1e-12));
}

static void add_classes(const gradus_run *run, const gradus_head *head, const gradus_batch *batch, const float *outputs,
                        gradus_head_tally *tally)
{
    const stretch at = targets_of(run, head);
    const int64_t count = batch->count * positions_of(run), width = row_width(run);
    for (int64_t i = 0; i < count; i++) {
        const int32_t class = batch->classes[i * at.row + at.first];
        const double loss = loss_of_class(head, outputs + i * width + head->first, class);
        tally->loss += loss;
        tally->class_loss[class] += loss;
        tally->classes[class]++;
    }
    tally->count += (double)count;
}

static void add_numbers(const gradus_run *run, const gradus_head *head, const gradus_batch *batch, const float *outputs,
                        gradus_head_tally *tally)
{
    const stretch at = targets_of(run, head);
    const int64_t width = row_width(run);
    for (int64_t i = 0; i < batch->count; i++)
        for (int64_t k = 0; k < head->count; k++) {
            const double wanted = batch->numbers[i * at.row + at.first + k],
                         far = outputs[i * width + head->first + k] - wanted;
            tally->loss += far * far;
            tally->number[k] += wanted;
            tally->number_square[k] += wanted * wanted;
        }
    tally->count += (double)(batch->count * head->count);
}

void gradus_tallies_add(const gradus_run *run, const gradus_evidence *evidence, const gradus_batch *batch,
                        const float *outputs, gradus_head_tally *tallies)
{
    for (int32_t i = 0; i < evidence->heads; i++) {
        const gradus_head head = gradus_net_head(run->net, i);
        (evidence->head[i].classes ? add_classes : add_numbers)(run, &head, batch, outputs, &tallies[i]);
    }
}

/* ---- what comes of them ---- */

/* Without a look at the input: classes by their shares, which costs their entropy; or the mean, which costs the variance. */
static double guess(const gradus_evidence_head *head, const gradus_head_tally *tally, int64_t width)
{
    double cost = 0, largest = 0;
    const double examples = tally->count / (double)width;
    for (int64_t i = 0; i < head->classes; i++) {
        if (head->share[i] > 0) cost -= head->share[i] * log(head->share[i]);
        largest = fmax(largest, head->share[i]);
    }
    for (int64_t i = 0; !head->classes && i < width; i++) {
        const double mean = tally->number[i] / examples;
        cost += (tally->number_square[i] / examples - mean * mean) / (double)width;
    }
    return head->classes && !head->probabilities ? 1 - largest : cost;
}

/* Where classes have weights they are to count alike: the mean over the classes, beside that of any class being as likely. */
static bool weighs_classes(const gradus_item *item)
{
    static const char *const names[] = {"class_weights", "alpha"};
    for (int i = 0; item && i < 2; i++) {
        const gradus_value *value = gradus_item_value(item, names[i]);
        if (value && value->present) return true;
    }
    return false;
}

static void count_alike(const gradus_head_tally *tally, gradus_evidence_head *head)
{
    double sum = 0, there = 0;
    for (int64_t i = 0; i < head->classes; i++) {
        if (tally->classes[i] == 0) continue;
        sum += tally->class_loss[i] / tally->classes[i];
        there++;
    }
    head->loss = sum / there;
    head->guess = log(there);
}

/* What one would expect of the first loss: that of classes which are as likely as each other, or the guess. */
static double plain_guess(const gradus_evidence_head *head)
{
    return head->classes > 1 ? fmax(head->guess, log((double)head->classes)) : head->guess;
}

void gradus_tallies_conclude(const gradus_run *run, const gradus_head_tally *tallies, gradus_evidence *evidence)
{
    evidence->guess = evidence->plain_guess = 0;
    for (int32_t i = 0; i < evidence->heads; i++) { /* what is trained is the sum of their losses */
        const gradus_head told = gradus_net_head(run->net, i);
        gradus_evidence_head *head = &evidence->head[i];
        for (int64_t k = 0; k < head->classes; k++) head->share[k] = tallies[i].classes[k] / tallies[i].count;
        head->loss = tallies[i].loss / tallies[i].count;
        head->guess = guess(head, &tallies[i], head->classes ? 1 : told.count);
        if (head->classes && head->probabilities && weighs_classes(loss_item(run, &told)))
            count_alike(&tallies[i], head);
        evidence->guess += head->weight * head->guess;
        evidence->plain_guess += head->weight * plain_guess(head);
    }
}

/* ---- answers, class by class ---- */

gradus_status gradus_heads_make_room(gradus_evidence *evidence, gradus_error *error)
{
    enum { MOST_CLASSES = 1000 };
    for (int32_t i = 0; i < evidence->heads; i++) {
        gradus_evidence_head *head = &evidence->head[i];
        if (head->classes && head->classes <= MOST_CLASSES)
            head->confusion = room(head->classes * head->classes, error);
    }
    return error->status;
}

void gradus_heads_judge(const gradus_run *run, gradus_evidence *evidence, const gradus_batch *batch,
                        const float *outputs)
{
    const int64_t width = row_width(run);
    for (int32_t k = 0; k < evidence->heads; k++) {
        gradus_evidence_head *head = &evidence->head[k];
        const gradus_head told = gradus_net_head(run->net, k);
        const stretch at = targets_of(run, &told);
        for (int64_t i = 0; head->confusion && i < batch->count * positions_of(run); i++)
            head->confusion[batch->classes[i * at.row + at.first] * head->classes +
                            gradus_class_of(outputs + i * width + told.first, told.count, told.probabilities)]++;
    }
}
