/* From outputs to measures, as scikit-learn defines them. What a measure needs is added up batch by batch; only the area under the curve
 * needs every output at once, and only where there are two classes. */
#include "grades.h"
#include <math.h>
#include <stdlib.h>
#include "gradus/base.h"

static gradus_status no_memory(gradus_error *error)
{
    return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory for what is measured");
}

gradus_status gradus_grades_open(gradus_grades *grades, const gradus_data_info *about, const gradus_head *head,
                                 bool confusion, gradus_error *error)
{
    const gradus_target *target = &about->targets[head->target];
    const gradus_widths before = gradus_target_widths(about->targets, head->target),
                        all = gradus_target_widths(about->targets, about->target_count);
    const bool numbers = target->kind == GRADUS_TARGET_NUMBERS;
    const size_t outputs = (size_t)target->outputs;
    *grades = (gradus_grades){.target = target,
                              .head = *head,
                              .positions = about->positions ? about->positions : 1,
                              .first = numbers ? before.numbers : before.classes,
                              .row = numbers ? all.numbers : all.classes};
    if (numbers) {
        grades->mean = calloc(3 * outputs, sizeof *grades->mean);
        if (!grades->mean) return no_memory(error);
        grades->scatter = grades->mean + outputs;
        grades->missed = grades->scatter + outputs;
        return GRADUS_OK;
    }
    confusion = confusion && target->outputs <= GRADUS_MOST_CONFUSED;
    grades->right = calloc(3 * outputs, sizeof *grades->right);
    if (confusion) grades->confusion = calloc(outputs * outputs, sizeof *grades->confusion);
    if (!grades->right || (confusion && !grades->confusion)) return no_memory(error);
    grades->truth = grades->right + outputs;
    grades->said = grades->truth + outputs;
    return GRADUS_OK;
}

void gradus_grades_close(gradus_grades *grades)
{
    free(grades->right);
    free(grades->confusion);
    free(grades->answers);
    free(grades->mean);
    *grades = (gradus_grades){0};
}

/* ---- a batch ---- */

int32_t gradus_class_of(const float *outputs, int64_t count, bool probabilities)
{
    int32_t best = 0;
    if (count == 1) return outputs[0] > (probabilities ? 0.5F : 0);
    for (int64_t i = 1; i < count; i++)
        if (outputs[i] > outputs[best]) best = (int32_t)i;
    return best;
}

/* Of equal outputs the first counts as the larger, as it does where one class is said. */
static bool among_the_top(const float *outputs, int64_t count, int32_t class)
{
    int32_t before = 0;
    for (int64_t i = 0; i < count; i++)
        before += outputs[i] > outputs[class] || (outputs[i] == outputs[class] && i < class);
    return before < GRADUS_TOP && !isnan(outputs[class]);
}

static bool keep_answer(gradus_grades *grades, const float *outputs, int64_t each, int32_t class)
{
    if (grades->answer_count == grades->answer_room) {
        const int64_t room = grades->answer_room ? 2 * grades->answer_room : 1024;
        gradus_margin *more = realloc(grades->answers, (size_t)room * sizeof *more);
        if (!more) return false;
        grades->answers = more;
        grades->answer_room = room;
    }
    const double output = each == 1 ? outputs[0] : (double)outputs[1] - outputs[0];
    grades->answers[grades->answer_count++] = (gradus_margin){output, class == 1};
    return true;
}

static bool add_class(gradus_grades *grades, const float *outputs, int32_t class)
{
    const int64_t each = grades->head.count;
    const int32_t said = gradus_class_of(outputs, each, grades->head.probabilities);
    grades->truth[class]++;
    grades->said[said]++;
    grades->right[class] += said == class;
    if (grades->confusion) grades->confusion[class * grades->target->outputs + said]++;
    if (each > 1) grades->top += among_the_top(outputs, each, class);
    if (grades->head.probabilities)
        grades->likelihood += log(each > 1 ? outputs[class] : class ? outputs[0] : 1 - outputs[0]);
    return grades->target->outputs != 2 || keep_answer(grades, outputs, each, class);
}

/* Welford 1962, so that targets far from 0 lose no digits. */
static void add_numbers(gradus_grades *grades, const float *outputs, const float *targets, int64_t count)
{
    grades->seen++;
    for (int64_t i = 0; i < count; i++) {
        const double away = targets[i] - grades->mean[i], far = (double)targets[i] - outputs[i];
        grades->mean[i] += away / (double)grades->seen;
        grades->scatter[i] += away * (targets[i] - grades->mean[i]);
        grades->missed[i] += far * far;
    }
}

gradus_status gradus_grades_add(gradus_grades *grades, const gradus_batch *batch, const float *outputs, int64_t row,
                                gradus_error *error)
{
    outputs += grades->head.first;
    for (int64_t i = 0; i < batch->count * grades->positions; i++, outputs += row) {
        const int64_t at = i * grades->row + grades->first;
        if (grades->target->kind == GRADUS_TARGET_NUMBERS)
            add_numbers(grades, outputs, batch->numbers + at, grades->head.count);
        else if (!add_class(grades, outputs, batch->classes[at]))
            return no_memory(error);
    }
    return GRADUS_OK;
}

/* ---- measures ---- */

static double share(int64_t part, int64_t whole) { return whole ? (double)part / (double)whole : 0; }

gradus_class_result gradus_grades_class(const gradus_grades *grades, int64_t index)
{
    const int64_t right = grades->right[index], truth = grades->truth[index], said = grades->said[index];
    return (gradus_class_result){.examples = truth,
                                 .precision = share(right, said),
                                 .recall = share(right, truth),
                                 .f1 = share(2 * right, truth + said)};
}

double gradus_grades_f1(const gradus_grades *grades)
{
    double sum = 0;
    int64_t occur = 0;
    for (int64_t i = 0; i < grades->target->outputs; i++) {
        sum += gradus_grades_class(grades, i).f1;
        occur += grades->truth[i] + grades->said[i] > 0;
    }
    return occur ? sum / (double)occur : NAN;
}

static int by_output(const void *a, const void *b)
{
    const double x = ((const gradus_margin *)a)->output, y = ((const gradus_margin *)b)->output;
    return (x > y) - (x < y);
}

/* Mann and Whitney, "On a test of whether one of two random variables is stochastically larger than the other" (1947): the share of
 * pairs, one of each class, that stand in the right order; those that are equal are half right. */
double gradus_grades_auc(const gradus_grades *grades)
{
    const gradus_margin *answers = grades->answers;
    double first = 0, second = 0, pairs = 0;
    for (int64_t i = 0; i < grades->answer_count; i++)
        if (isnan(answers[i].output)) return NAN;
    if (answers) qsort(grades->answers, (size_t)grades->answer_count, sizeof *answers, by_output);
    for (int64_t i = 0, end; i < grades->answer_count; i = end) {
        double equal[2] = {0, 0};
        for (end = i; end < grades->answer_count && answers[end].output == answers[i].output; end++)
            equal[answers[end].second]++;
        pairs += equal[1] * (first + equal[0] / 2);
        first += equal[0];
        second += equal[1];
    }
    return first > 0 && second > 0 ? pairs / (first * second) : NAN;
}

double gradus_grades_perplexity(const gradus_grades *grades)
{
    return exp(-grades->likelihood / (double)grades->score.count);
}

double gradus_grades_r2(const gradus_grades *grades)
{
    double sum = 0;
    int64_t vary = 0;
    for (int64_t i = 0; i < grades->target->outputs; i++) {
        if (!(grades->scatter[i] > 0)) continue;
        sum += 1 - grades->missed[i] / grades->scatter[i];
        vary++;
    }
    return vary ? sum / (double)vary : NAN;
}
