/* The line searches: strong Wolfe by a growing bracket, then zooming into it with cubic interpolation (Nocedal and
 * Wright, Numerical Optimization, algorithms 3.5 and 3.6; the guards of the interpolation are those of Mark Schmidt's
 * minFunc, which PyTorch has too), and backtracking with a quadratic (the same, 3.5). */
#include "line_search.h"
#include <math.h>

void gradus_line_begin(gradus_line *search, double t, double loss, double slope, double length)
{
    const gradus_line_point start = {0, loss, slope};
    *search = (gradus_line){.start = start, .low = start, .t = t, .length = length};
}

/* The lowest point, within [least, most], of the cubic through two points with their slopes; the middle where it has
 * none. */
static double lowest_of_cubic(const gradus_line_point *a, const gradus_line_point *b, double least, double most)
{
    const gradus_line_point *left = a->t <= b->t ? a : b, *right = left == a ? b : a;
    const double mean = left->slope + right->slope - 3 * (left->loss - right->loss) / (left->t - right->t);
    const double square = mean * mean - left->slope * right->slope;
    if (!(square >= 0)) return (least + most) / 2;
    const double root = sqrt(square);
    const double lowest =
        right->t - (right->t - left->t) * ((right->slope + root - mean) / (right->slope - left->slope + 2 * root));
    return isnan(lowest) ? (least + most) / 2 : fmin(fmax(lowest, least), most);
}

static bool falls_enough(const gradus_line *search, const gradus_line_rules *rules, const gradus_line_point *at)
{
    return at->loss <= search->start.loss + rules->decrease * at->t * search->start.slope;
}

static bool is_flat_enough(const gradus_line *search, const gradus_line_rules *rules, const gradus_line_point *at)
{
    return fabs(at->slope) <= -rules->curvature * search->start.slope;
}

static bool end_at(const gradus_line_point *at, gradus_line_point *chosen)
{
    *chosen = *at;
    return false;
}

/* ---- strong Wolfe ---- */

static void set_bracket(gradus_line *search, gradus_line_point a, gradus_line_point b)
{
    const bool first = a.loss <= b.loss;
    search->low = first ? a : b;
    search->high = first ? b : a;
    search->zooms = true;
}

/* The next point in the bracket. One that is near an end does not shrink it much: twice in a row, or at the end itself,
 * it is moved a tenth inwards. */
static bool zoom(gradus_line *search, const gradus_line_rules *rules, gradus_line_point *chosen)
{
    const double left = fmin(search->low.t, search->high.t), right = fmax(search->low.t, search->high.t);
    const double edge = 0.1 * (right - left);
    if ((right - left) * search->length < rules->shortest || search->tries >= rules->tries)
        return end_at(&search->low, chosen);
    double t = lowest_of_cubic(&search->low, &search->high, left, right);
    const bool near = fmin(right - t, t - left) < edge;
    const bool moved = near && (search->stuck || t >= right || t <= left);
    if (moved) t = fabs(t - right) < fabs(t - left) ? right - edge : left + edge;
    search->stuck = near && !moved;
    search->t = t;
    return true;
}

static bool shrink(gradus_line *search, const gradus_line_rules *rules, const gradus_line_point *at,
                   gradus_line_point *chosen)
{
    if (!falls_enough(search, rules, at) || at->loss >= search->low.loss) {
        set_bracket(search, search->low, *at);
        return zoom(search, rules, chosen);
    }
    if (is_flat_enough(search, rules, at)) return end_at(at, chosen);
    if (at->slope * (search->high.t - search->low.t) >= 0) search->high = search->low;
    search->low = *at;
    return zoom(search, rules, chosen);
}

static bool grow(gradus_line *search, const gradus_line_rules *rules, const gradus_line_point *at,
                 gradus_line_point *chosen)
{
    const gradus_line_point last = search->low;
    if (!falls_enough(search, rules, at) || (search->tries > 1 && at->loss >= last.loss)) {
        set_bracket(search, last, *at);
        return zoom(search, rules, chosen);
    }
    if (is_flat_enough(search, rules, at)) return end_at(at, chosen);
    if (at->slope >= 0) {
        set_bracket(search, last, *at);
        return zoom(search, rules, chosen);
    }
    if (search->tries >= rules->tries) return end_at(at, chosen); /* it still falls */
    search->t = lowest_of_cubic(&last, at, at->t + 0.01 * (at->t - last.t), 10 * at->t);
    search->low = *at;
    return true;
}

/* ---- backtracking ---- */

/* To the lowest point of the parabola through the start, its slope and this loss; not by less than half, nor by more than
 * a tenth. */
static bool go_back(gradus_line *search, const gradus_line_rules *rules, const gradus_line_point *at,
                    gradus_line_point *chosen)
{
    if (falls_enough(search, rules, at)) return end_at(at, chosen);
    if (search->tries >= rules->tries || at->t * search->length < rules->shortest)
        return end_at(&search->start, chosen);
    const double promised = search->start.slope * at->t, above = at->loss - search->start.loss - promised;
    const double lowest = -0.5 * promised / above * at->t;
    search->t = isfinite(at->loss) ? fmin(fmax(lowest, 0.1 * at->t), 0.5 * at->t) : 0.1 * at->t;
    return true;
}

bool gradus_line_goes_on(gradus_line *search, const gradus_line_rules *rules, double loss, double slope,
                         gradus_line_point *chosen)
{
    const bool finite = isfinite(loss) && isfinite(slope);
    const gradus_line_point at = {search->t, finite ? loss : INFINITY, finite ? slope : NAN};
    const bool goes_on = rules->kind == GRADUS_BACKTRACKING ? go_back(search, rules, &at, chosen)
                         : search->zooms                    ? shrink(search, rules, &at, chosen)
                                                            : grow(search, rules, &at, chosen);
    if (goes_on) search->tries++;
    return goes_on;
}
