/* project.h - what adamp and sgdp share: a step without its part along the values, of weights that have no length of their own because
 * what follows them normalizes (Heo et al., 2021). Read once for each instruction set. */

/* The cosine of gradient and values of each of `units` stretches, the largest. */
static double ISA(largest_cosine)(const work *w, int64_t units, double epsilon)
{
    const int64_t size = w->shape->count / units;
    double largest = 0;
    for (int64_t unit = 0; unit < units; unit++) {
        const number *g = w->gradient + unit * size, *x = w->values + unit * size;
        double both = 0, slopes = 0, squares = 0;
        for (int64_t i = 0; i < size; i++) {
            both += (double)g[i] * (double)x[i];
            slopes += (double)g[i] * (double)g[i];
            squares += (double)x[i] * (double)x[i];
        }
        largest = fmax(largest, fabs(both) / (fmax(sqrt(slopes), epsilon) * fmax(sqrt(squares), epsilon)));
    }
    return largest;
}

static void ISA(take_out)(const work *w, int64_t units, double epsilon, number *step)
{
    const int64_t size = w->shape->count / units;
    for (int64_t unit = 0; unit < units; unit++) {
        const number *x = w->values + unit * size;
        number *s = step + unit * size;
        double squares = 0, along = 0;
        for (int64_t i = 0; i < size; i++) squares += (double)x[i] * (double)x[i];
        const double length = sqrt(squares) + epsilon;
        for (int64_t i = 0; i < size && length > 0; i++) along += (double)x[i] / length * (double)s[i];
        for (int64_t i = 0; i < size && length > 0; i++) s[i] = s[i] - (number)((double)x[i] / length * along);
    }
}

/* Whether a matrix has no length of its own, output by output or as a whole: its step is projected then. */
static bool ISA(project)(const work *w, double delta, double epsilon, number *step)
{
    const int64_t units[] = {w->shape->rank > 1 ? w->shape->size[0] : 1, 1};
    for (int i = 0; i < 2 && w->shape->rank > 1; i++) {
        const double size = (double)(w->shape->count / units[i]);
        if (ISA(largest_cosine)(w, units[i], epsilon) >= delta / sqrt(size)) continue;
        ISA(take_out)(w, units[i], epsilon, step);
        return true;
    }
    return false;
}
