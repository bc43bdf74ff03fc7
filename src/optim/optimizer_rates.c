/* What rates the values of a tensor have to themselves, in shares of all of them: found by counting, without memory for so many
 * numbers. Floats that are not negative have the order of their bits, so that three counts of eleven bits each name one. */
#include "optimizer.h"

enum { DIGIT = 11, DIGITS = 3, COUNTS = 1 << DIGIT };

typedef struct rates {
    const gradus_optimizer *optimizer;
    int32_t tensor;
    gradus_viewer viewer;
} rates;

static uint32_t bits_of(float number)
{
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits & 0x7fffffffu;
}

/* How many rates whose bits begin with `known`, above `shift + DIGIT`, go on with each digit. */
static void count_digits(const rates *of, uint32_t known, int shift, int64_t counts[COUNTS])
{
    const int64_t all = of->optimizer->tensors[of->tensor].shape.count;
    memset(counts, 0, COUNTS * sizeof *counts);
    for (int64_t start = 0; start < all; start += BLOCK) {
        const size_t count = (size_t)(all - start < BLOCK ? all - start : BLOCK);
        float numbers[BLOCK] = {0};
        gradus_viewer_run(&of->viewer, start, count, numbers);
        for (size_t i = 0; i < count; i++) {
            const uint32_t bits = bits_of(numbers[i]);
            if ((uint64_t)bits >> (shift + DIGIT) == (uint64_t)known >> (shift + DIGIT))
                counts[bits >> shift & (COUNTS - 1)]++;
        }
    }
}

/* The rate that stands at `rank`, from 0, among all in their order. */
static double rate_at(const rates *of, int64_t rank)
{
    int64_t counts[COUNTS];
    uint32_t known = 0;
    float rate;
    for (int shift = DIGIT * (DIGITS - 1); shift >= 0; shift -= DIGIT) {
        uint32_t digit = 0;
        count_digits(of, known, shift, counts);
        while (rank >= counts[digit]) rank -= counts[digit++];
        known |= digit << shift;
    }
    memcpy(&rate, &known, sizeof rate);
    return rate;
}

static gradus_status check_shares(const double *shares, const double *found, int32_t count, gradus_error *error)
{
    if (count > 0 && (!shares || !found))
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_MISSING, "no shares, or no place for their rates");
    for (int32_t i = 0; i < count; i++) {
        if (!(shares[i] >= 0 && shares[i] <= 1))
            return gradus_fail(error, GRADUS_ERROR_RANGE, GRADUS_CODE_OUT_OF_RANGE,
                               "a share of all values is from 0 to 1");
    }
    return GRADUS_OK;
}

gradus_status gradus_optimizer_rates(const gradus_optimizer *optimizer, int32_t index, const double *shares,
                                     double *found, int32_t count, gradus_error *error)
{
    gradus_error own = {0};
    if (!error) error = &own;
    gradus_status status = gradus_optimizer_ready(optimizer, error);
    if (status || (status = gradus_optimizer_index(optimizer, index, error)) ||
        (status = check_shares(shares, found, count, error)))
        return status;
    const gradus_tensor *tensor = &optimizer->tensors[index];
    const gradus_layer *layer = &optimizer->layers[tensor->rule];
    if (tensor->elsewhere)
        return gradus_fail(error, GRADUS_ERROR_UNSUPPORTED, GRADUS_CODE_REFUSED, "tensor '%s' lives elsewhere",
                           tensor->name);
    if (optimizer->constants_of[index] < 0 || optimizer->updates[index] == 0)
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_REFUSED, "tensor '%s' had no part in the last step",
                           tensor->name);
    const gradus_constants *set = &layer->sets[optimizer->constants_of[index]];
    rates of = {.optimizer = optimizer,
                .tensor = index,
                .viewer = {.optimizer = optimizer, .layer = layer, .pass = &layer->row->rates, .tensor = index}};
    double exact[GRADUS_CONSTANTS];
    memcpy(exact, set->exact, sizeof exact);
    gradus_viewer_conclude(&of.viewer, &set->now, exact);
    for (int32_t i = 0; i < count; i++) {
        const int64_t rank = (int64_t)ceil(shares[i] * (double)tensor->shape.count) - 1;
        found[i] = layer->row->rates.kernel[0] ? rate_at(&of, rank > 0 ? rank : 0) : optimizer->measures.effective_rate;
    }
    return GRADUS_OK;
}
