/* Text that a net writes: what it holds for likely to come next is drawn by lot, stands behind what was there, and so on. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "run.h"

enum { SAMPLE_STREAM = 0x73616d70 };

typedef struct writer {
    gradus_run *run;
    const gradus_data_info *about;
    float *window, *outputs; /* symbols that are seen; probabilities at each of them */
    int64_t seen;
} writer;

/* The window is full of what came last; its first symbol makes room. */
static void push(writer *it, int64_t symbol)
{
    const int64_t size = it->about->shape[0];
    if (it->seen == size) memmove(it->window, it->window + 1, (size_t)--it->seen * sizeof *it->window);
    it->window[it->seen++] = (float)symbol;
}

/* The longest symbol that a text begins with; -1: none of them. */
static int64_t symbol_of(const gradus_data_info *about, const char *text, size_t *length)
{
    int64_t best = -1;
    *length = 0;
    for (int64_t i = 0; i < about->targets[0].outputs; i++) {
        const size_t size = strlen(about->targets[0].class_names[i]);
        if (size > *length && strncmp(text, about->targets[0].class_names[i], size) == 0) best = i, *length = size;
    }
    return best;
}

/* A text that was not given is a line end, after which anything may begin. */
static gradus_status push_prompt(writer *it, const char *prompt, gradus_error *error)
{
    size_t length;
    for (const char *at = prompt ? prompt : ""; *at; at += length) {
        const int64_t symbol = symbol_of(it->about, at, &length);
        if (symbol < 0)
            return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_UNEXPECTED_VALUE,
                               "the text of %s has nothing like '%.12s'; begin with what stands in it", it->about->name,
                               at);
        push(it, symbol);
    }
    if (it->seen) return GRADUS_OK;
    const int64_t symbol = symbol_of(it->about, "\n", &length);
    push(it, symbol < 0 ? 0 : symbol);
    return GRADUS_OK;
}

/* With probabilities p^(1 / temperature), made to add up to 1; at temperature 0 the likeliest. */
static int64_t draw(const float *probabilities, int64_t count, double temperature, double unit)
{
    int64_t likeliest = 0;
    double sum = 0;
    for (int64_t i = 1; i < count; i++)
        if (probabilities[i] > probabilities[likeliest]) likeliest = i;
    if (temperature <= 0) return likeliest;
    const double most = probabilities[likeliest];
    for (int64_t i = 0; i < count; i++) sum += pow(probabilities[i] / most, 1 / temperature);
    double left = unit * sum;
    for (int64_t i = 0; i < count; i++) {
        left -= pow(probabilities[i] / most, 1 / temperature);
        if (left < 0) return i;
    }
    return likeliest;
}

static gradus_status write_on(writer *it, const gradus_sample *how, bool (*told)(void *user, const char *symbol),
                              void *user, gradus_error *error)
{
    const gradus_batch batch = {.count = 1, .inputs = it->window};
    for (int64_t i = 0; i < how->length; i++) {
        if (gradus_net_evaluate(it->run->net, &batch, NULL, it->outputs, error)) return (gradus_status)error->status;
        const double unit = gradus_random_unit(how->seed, SAMPLE_STREAM, (uint64_t)i);
        const int64_t symbol = draw(it->outputs + (it->seen - 1) * it->about->targets[0].outputs,
                                    it->about->targets[0].outputs, how->temperature, unit);
        if (!told(user, it->about->targets[0].class_names[symbol])) return GRADUS_OK;
        push(it, symbol);
    }
    return GRADUS_OK;
}

gradus_status gradus_run_sample(gradus_run *run, const gradus_sample *how, bool (*told)(void *user, const char *symbol),
                                void *user, gradus_report *report)
{
    *report = (gradus_report){0};
    gradus_error *error = &report->error;
    const gradus_data_info *about = run->about;
    if (!about->positions || !about->symbols || !about->targets[0].class_names)
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_UNEXPECTED_VALUE,
                           "%s is no text of which a net learns what comes next; train with data='text(FILE)'",
                           about->name);
    if (how->temperature > 0 && !gradus_net_head(run->net, 0).probabilities)
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_UNEXPECTED_VALUE,
                           "the loss that %s was trained with makes no probabilities to draw from; a temperature of 0 "
                           "takes the best each time",
                           run->folder.path);
    writer it = {.run = run,
                 .about = about,
                 .window = calloc((size_t)about->shape[0], sizeof *it.window),
                 .outputs = malloc((size_t)(about->positions * about->targets[0].outputs) * sizeof *it.outputs)};
    if (!it.window || !it.outputs)
        gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    else if (!push_prompt(&it, how->prompt, error))
        write_on(&it, how, told, user, error);
    free(it.window);
    free(it.outputs);
    return (gradus_status)error->status;
}
