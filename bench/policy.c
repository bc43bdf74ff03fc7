/* What the policy costs an update: every schedule of the table alone, the loop's calls with nothing listening, and with feedback on.
 * Each line is the fastest of several passes, in nanoseconds an update, beside an empty loop over a cosine. */
#define _POSIX_C_SOURCE 199309L
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "../tests/rate/rows.h"
#include "gradus/base.h"

enum { UPDATES = 100000, PASSES = 15, LOSSES = 4096 };
static double losses[LOSSES];
static volatile double sink;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time); /* others may share the machine */
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void report(const char *what, double (*pass)(const char *spec), const char *spec)
{
    double best = INFINITY;
    for (int i = 0; i < PASSES; i++) best = fmin(best, pass(spec));
    printf("%-58s %7.1f ns\n", what, best / UPDATES);
}

static double pass_cosine(const char *spec)
{
    (void)spec;
    double start = now(), sum = 0;
    for (int i = 0; i < UPDATES; i++) sum += cos(i * 1e-5);
    sink = sum;
    return now() - start;
}

static double pass_schedule(const char *spec)
{
    gradus_error error = {0};
    gradus_schedule *schedule =
        gradus_schedule_create(spec, &(gradus_units){.total = UPDATES, .base = 0.1}, NULL, &error);
    if (!schedule) return INFINITY; /* a table, whose file is not here */
    double start = now(), sum = 0;
    for (int i = 0; i < UPDATES; i++) sum += gradus_schedule_at(schedule, i);
    sink = sum;
    double time = now() - start;
    gradus_schedule_destroy(schedule);
    return time;
}

/* What costs something to measure is told where somebody listens. */
typedef struct wanted {
    bool halves, last, movement;
} wanted;

static wanted measures_of(const gradus_policy *policy)
{
    return (wanted){.halves = gradus_policy_window(policy, "half_gradient_norm"),
                    .last = gradus_policy_window(policy, "gradient_dot_last_update"),
                    .movement = gradus_policy_window(policy, "movement_norm")};
}

static void tell(gradus_policy *policy, const wanted *measures, int i)
{
    gradus_policy_observe(policy, "loss", losses[i % LOSSES]);
    gradus_policy_observe(policy, "gradient_norm", losses[(i + 7) % LOSSES]);
    if (measures->halves) gradus_policy_observe(policy, "half_gradient_norm", 1 + losses[(i + 7) % LOSSES]);
    if (measures->last) {
        gradus_policy_observe(policy, "gradient_dot_last_update", 0.1 * (losses[(i + 9) % LOSSES] - 1));
        gradus_policy_observe(policy, "update_norm", losses[(i + 11) % LOSSES]);
    }
    if (measures->movement) {
        gradus_policy_observe(policy, "movement_norm", losses[(i + 9) % LOSSES]);
        gradus_policy_observe(policy, "gradient_change_dot_movement", losses[(i + 13) % LOSSES]);
        gradus_policy_observe(policy, "gradient_change_norm", losses[(i + 11) % LOSSES]);
    }
}

static double pass_policy(const char *feedback)
{
    gradus_error error = {0};
    gradus_policy *policy =
        gradus_policy_create(&(gradus_policy_config){.base = 0.1,
                                                     .schedule = "warmup(5%) > cosine",
                                                     .feedback = feedback,
                                                     .units = {.total = UPDATES, .samples_per_update = 256},
                                                     .snapshots = 3},
                             &error);
    wanted measures = measures_of(policy);
    double start = now(), sum = 0;
    for (int i = 0; i < UPDATES; i++) {
        gradus_decision decision;
        tell(policy, &measures, i);
        if (gradus_policy_decide(policy, &decision) == GRADUS_APPLY) gradus_policy_applied(policy, NULL);
        sum += decision.rate;
    }
    sink = sum;
    double time = now() - start;
    gradus_policy_destroy(policy);
    return time;
}

static void report_schedules(void)
{
    char spec[512];
    for (const gradus_member *const *member = gradus_schedule_family.members; *member; member++) {
        whole_call(*member, spec);
        report(spec, pass_schedule, spec);
    }
    const char *const others[] = {"cosine(exponent=2, k_decay=1.5)",
                                  "cosine_restarts(100, multiply=1.001, warmup=10)",
                                  "cosine_restarts(first_cycle_steps=100, cycle_mult=1.5, like=pytorch_optimizer)",
                                  "onecycle(like=torch)",
                                  "cosine(t_initial=50000, noise_range_t=0, like=timm)",
                                  "warmup(5%) > hold > decay(20%)"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) report(others[i], pass_schedule, others[i]);
}

int main(void)
{
    for (int i = 0; i < LOSSES; i++) losses[i] = exp(0.3 * gradus_random_normal(1, 1, (uint64_t)i));
    report("a cosine", pass_cosine, NULL);
    report_schedules();
    report("observe, decide, applied, no feedback", pass_policy, NULL);
    report("observe, decide, applied, plateau(val_loss)", pass_policy, "plateau(val_loss)");
    report("observe, decide, applied, plateau(loss)", pass_policy, "plateau(loss)");
    report("observe, decide, applied, average_loss(500)", pass_policy, "average_loss(500)");
    report("observe, decide, applied, max_improvement(500)", pass_policy, "max_improvement(500)");
    report("observe, decide, applied, greedy(loss)", pass_policy, "greedy(loss)");
    report("observe, decide, applied, greedy(loss, smooth)", pass_policy, "greedy(loss, smooth)");
    report("observe, decide, applied, slope(2000)", pass_policy, "slope(2000)");
    report("observe, decide, applied, slope(2000, like=dlib)", pass_policy,
           "slope(2000, min_learning_rate=0, like=dlib)");
    report("observe, decide, applied, guard", pass_policy, "guard");
    report("observe, decide, applied, guard > plateau(val_loss)", pass_policy, "guard > plateau(val_loss)");
    report("observe, decide, applied, loss_scale", pass_policy, "loss_scale");
    report("observe, decide, applied, noise_scale", pass_policy, "noise_scale");
    report("observe, decide, applied, adascale(64)", pass_policy, "adascale(64)");
    report("observe, decide, applied, hypergradient", pass_policy, "hypergradient");
    report("observe, decide, applied, derivative_notch", pass_policy, "derivative_notch");
    report("observe, decide, applied, polyak", pass_policy, "polyak");
    report("observe, decide, applied, barzilai_borwein(window=1)", pass_policy, "barzilai_borwein(window=1)");
    return 0;
}
