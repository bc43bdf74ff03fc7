/* How often slope lowers the rate although the loss still falls, and how long it takes once the loss does not: over simulated runs
 * with noise that goes with its neighbour (AR(1), correlation rho), beside dlib's rule as like=dlib has it.
 *
 * A false alarm is a fall of the rate while the expected loss still falls. How visible a fall is depends on the noise, so falls are
 * given in standard errors (s.e.): a loss falls by s of them when least squares over the first window of 2000 losses would find its
 * slope s standard errors from 0, the correlation of the noise taken into account exactly. A line goes on like that. A logarithm
 * falls by the same amount in every window, each 1.3 times as long as the one before: 2.2 s.e. of that is the slowest fall for which
 * slope promises at most 5 %.
 * A delay counts from where the loss stops falling (6 s.e. a window until then) to the fall of the rate. It is given in windows in
 * hand, which are as long as the one that was judged.
 *
 *     slope [RUNS = 2000]     takes four minutes */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "gradus/base.h"

enum { WINDOW = 2000, UPDATES = 20 * WINDOW, LONGEST = 60 * WINDOW, RHOS = 3, MOST_RUNS = 100000 };
static const double growth = 1.3, rhos[RHOS] = {0, 0.5, 0.9};

typedef enum course { LINE, LOGARITHM } course;

typedef struct row {
    const char *what, *feedback, *metric;
    course course;
    double fall; /* standard errors in the first window */
    bool stops;  /* somewhere between the third window and the twelfth; a fall of 0 has stopped already */
} row;

/* A measure with a name of its own counts at once; dlib looks at losses less often than at other measures. */
#define OURS "slope(2000, m)", "m"
#define DLIB "slope(2000, min_learning_rate=0, like=dlib)", "loss"
static const row rows[] = {{"slope: falls by 1 s.e., a line", OURS, LINE, 1, false},
                           {"slope: falls by 1 s.e., a logarithm", OURS, LOGARITHM, 1, false},
                           {"slope: falls by 2.2 s.e., a line", OURS, LINE, 2.2, false},
                           {"slope: falls by 2.2 s.e., a logarithm", OURS, LOGARITHM, 2.2, false},
                           {"slope: falls by 4 s.e., a line", OURS, LINE, 4, false},
                           {"slope: falls by 4 s.e., a logarithm", OURS, LOGARITHM, 4, false},
                           {"like=dlib: falls by 1 s.e., a line", DLIB, LINE, 1, false},
                           {"like=dlib: falls by 2.2 s.e., a line", DLIB, LINE, 2.2, false},
                           {"like=dlib: falls by 2.2 s.e., a logarithm", DLIB, LOGARITHM, 2.2, false},
                           {"like=dlib: falls by 4 s.e., a line", DLIB, LINE, 4, false},
                           {"like=dlib: falls by 4 s.e., a logarithm", DLIB, LOGARITHM, 4, false},
                           {"slope: flat from the start", OURS, LINE, 0, true},
                           {"slope: flat after a line", OURS, LINE, 6, true},
                           {"slope: flat after a logarithm", OURS, LOGARITHM, 6, true},
                           {"like=dlib: flat from the start", DLIB, LINE, 0, true},
                           {"like=dlib: flat after a line", DLIB, LINE, 6, true},
                           {"like=dlib: flat after a logarithm", DLIB, LOGARITHM, 6, true}};
enum { ROWS = sizeof rows / sizeof *rows };

/* The standard error of the slope over a window of AR(1) noise of variance 1: sum over i, j of x_i x_j rho^|i-j|, by recursion. */
static double error_of_slope(double rho)
{
    double xx = 0, all = 0, before = 0;
    for (int i = 0; i < WINDOW; i++) {
        double x = i - (WINDOW - 1) / 2.0;
        all += x * x + 2 * x * before;
        before = rho * (before + x);
        xx += x * x;
    }
    return sqrt(all) / xx;
}

static void make_noise(double *noise, double rho, uint64_t seed)
{
    double fresh = sqrt(1 - rho * rho);
    noise[0] = gradus_random_normal(seed, 0, 0);
    for (int i = 1; i < LONGEST; i++)
        noise[i] = rho * noise[i - 1] + fresh * gradus_random_normal(seed, 1, (uint64_t)i);
}

/* What has fallen after so many windows, in falls of the first. */
static double fallen(course course_of, double windows)
{
    return course_of == LINE ? windows : log(1 + (growth - 1) * windows) / log(growth);
}

static void hear(void *user, const char *json, size_t length)
{
    const char *at = strstr(json, "\"window\": ");
    (void)length;
    if (at) *(double *)user = strtod(at + 10, NULL);
}

/* The window that the looks of a judgement belong to: some have gone on for half their length. */
static double window_of(double looks)
{
    for (double plain = WINDOW; plain < 2 * looks; plain *= growth)
        if (16 * ceil(plain / 16) == looks) return looks;
    return looks / 1.5;
}

/* When the rate falls: how many windows in hand after the loss has stopped, or, when it does not stop, the update. INFINITY: never;
 * below 0: before it has stopped. */
static double run(const row *of, const double *noise, double rho, uint64_t seed)
{
    gradus_error error = {0};
    double looks = 0, shrink = error_of_slope(rho) * WINDOW * of->fall,
           stop = !of->stops     ? INFINITY
                  : of->fall > 0 ? 2 + 10 * gradus_random_unit(seed, 2, 0)
                                 : 0;
    bool of_model = strcmp(of->metric, "loss") != 0;
    int i = 0, end = of->stops ? LONGEST : UPDATES;
    gradus_policy *policy = gradus_policy_create(
        &(gradus_policy_config){.base = 1, .feedback = of->feedback, .log = hear, .log_user = &looks}, &error);
    if (!policy) fprintf(stderr, "slope: %s\n", error.message), exit(1);
    for (; i < end && looks == 0; i++) {
        double windows = fmin((double)i / WINDOW, stop);
        gradus_policy_observe(policy, of->metric, 10 + noise[i] - shrink * fallen(of->course, windows));
        if (of_model) continue;
        gradus_policy_decide(policy, NULL);
        gradus_policy_applied(policy, NULL);
    }
    gradus_policy_destroy(policy);
    if (looks == 0) return INFINITY;
    return of->stops ? (i - stop * WINDOW) / window_of(looks) : i;
}

static int by_size(const void *a, const void *b)
{
    const double *first = a, *second = b;
    return (*first > *second) - (*first < *second);
}

/* Falls never, and false alarms, count in the mean as if they took all the time that there was. */
static void report(const row *of, double *falls, int runs)
{
    double sum = 0;
    int before = 0, within = 0, ever = 0;
    for (int i = 0; i < runs; i++) {
        ever += falls[i] < INFINITY;
        before += falls[i] < 0;
        within += falls[i] >= 0 && falls[i] <= 1.5;
        sum += falls[i] >= 0 ? fmin(falls[i], LONGEST / WINDOW) : LONGEST / WINDOW;
    }
    qsort(falls, (size_t)runs, sizeof *falls, by_size);
    if (!of->stops)
        printf("  %17.1f %%", 100.0 * ever / runs);
    else
        printf("  %5.2f %5.2f %4.0f %%", sum / runs, falls[runs / 2], 100.0 * within / runs);
    if (before) printf(" (%d early)", before);
}

int main(int count, char **words)
{
    int runs = count > 1 ? atoi(words[1]) : 2000;
    if (runs < 1 || runs > MOST_RUNS) return fprintf(stderr, "slope: expected 1 to %d runs\n", MOST_RUNS), 2;
    double *noise = malloc(LONGEST * sizeof *noise);
    double *falls = malloc((size_t)runs * ROWS * RHOS * sizeof *falls);
    if (!noise || !falls) return fprintf(stderr, "slope: no memory\n"), 1;
    for (int r = 0; r < RHOS; r++)
        for (int i = 0; i < runs; i++) {
            make_noise(noise, rhos[r], (uint64_t)i);
            for (int which = 0; which < ROWS; which++)
                falls[(which * RHOS + r) * runs + i] = run(&rows[which], noise, rhos[r], (uint64_t)i);
        }
    printf("%d runs of %d updates with noise of correlation rho\n", runs, UPDATES);
    for (int which = 0; which < ROWS; which++) {
        bool title = which == 0 || rows[which].stops != rows[which - 1].stops;
        if (title && rows[which].stops) printf("delay in windows in hand: mean, median, share of at most 1.5\n");
        if (title && !rows[which].stops) printf("%-42s%14s 0%17s 0.5%17s 0.9\n", "false alarms", "", "", "");
        printf("%-42s", rows[which].what);
        for (int r = 0; r < RHOS; r++) report(&rows[which], falls + (which * RHOS + r) * runs, runs);
        printf("\n");
    }
    free(noise);
    free(falls);
    return 0;
}
