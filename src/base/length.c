/* Lengths on an axis: what an amount of one unit is worth in another, by what the run says each is worth. */
#include <float.h>
#include <math.h>
#include "gradus/spec.h"

/* One of `unit` is multiply / divide updates, so that whole numbers stay whole. False: not known; seconds mix with nothing. */
static bool in_updates(const gradus_units *units, int32_t unit, double *multiply, double *divide)
{
    *multiply = *divide = 1;
    switch (unit) {
    case GRADUS_UPDATES: return true;
    case GRADUS_EPOCHS: return *multiply = units->updates_per_epoch, *multiply > 0;
    case GRADUS_SAMPLES: return *divide = units->samples_per_update, *divide > 0;
    case GRADUS_TOKENS: return *divide = units->tokens_per_update, *divide > 0;
    default: return false;
    }
}

/* A hundredth is not a double: 0.07 x 100 is a little more than 7. */
static double whole(double amount)
{
    double near = nearbyint(amount);
    return fabs(amount - near) <= 2 * DBL_EPSILON * near ? near : amount;
}

double gradus_length_convert(const gradus_units *units, double amount, int32_t unit, int32_t axis)
{
    double multiply, divide, back_divide, back_multiply;
    if (unit == GRADUS_IN_PERCENT) {
        if (!(units->total > 0)) return NAN;
        amount = whole(amount * units->total);
        unit = units->total_unit;
    }
    if (unit == axis) return amount;
    if (!in_updates(units, unit, &multiply, &divide) || !in_updates(units, axis, &back_divide, &back_multiply))
        return NAN;
    return amount * multiply / divide * back_multiply / back_divide;
}
