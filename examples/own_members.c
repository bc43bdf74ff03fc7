/* A schedule, a feedback and an update rule of one's own, by name in the same language as the built-in ones.
 * Threads, state files and error messages come with the rows. */
#include "gradus/extend.h"
#include <math.h>
#include <stdio.h>

/* ---- schedule: hump(peak_at=30%) ---- */

enum { PEAK_AT };

static double hump(const gradus_call *call, double t, double length)
{
    double p = t / length, q = call->number[PEAK_AT];
    return p < q ? p / q : (1 - p) / (1 - q);
}

static const gradus_argument hump_arguments[] = {[PEAK_AT] = {"peak_at", GRADUS_SHARE, .initial = "30%", .low = 0,
                                                              .high = 1, .open = "()",
                                                              .help = "where the peak is, as a part of the length"},
                                                 {0}};

static const gradus_schedule_row hump_row = {.member = {.name = "hump",
                                                        .summary = "one triangle",
                                                        .formula = "p/q, then (1-p)/(1-q)",
                                                        .arguments = hump_arguments},
                                             .abi = GRADUS_ABI,
                                             .promises = GRADUS_CONTINUOUS | GRADUS_NEEDS_LENGTH,
                                             .factor = hump};

/* ---- feedback: brake(metric, above=10) stops when a metric passes a bound twice in a row ---- */

enum { METRIC, ABOVE };

typedef struct brake_state {
    int64_t above;
} brake_state;

static void brake(const gradus_call *call, void *state, const char *metric, double value, const gradus_clock *now,
                  gradus_verdict *verdict)
{
    brake_state *s = state;
    (void)metric, (void)now;
    s->above = value > call->number[ABOVE] ? s->above + 1 : 0;
    if (s->above < 2) return;
    *verdict = (gradus_verdict){.factor = verdict->factor,
                                .action = GRADUS_STOP,
                                .reason = GRADUS_REASON_MEMBER,
                                .rule = "twice above the bound",
                                .seen = {{"value", value}, {"bound", call->number[ABOVE]}}};
}

static const gradus_argument brake_arguments[] = {
    [METRIC] = {"metric", GRADUS_METRIC, .help = "what to watch"},
    [ABOVE] = {"above", GRADUS_NUMBER, .initial = "10", .help = "the bound"},
    {0}};

static const gradus_field brake_fields[] = {{"above", GRADUS_INT64, offsetof(brake_state, above), 0}, {0}};

static const gradus_feedback_row brake_row = {
    .member = {.name = "brake", .summary = "stops when a metric stays above a bound", .arguments = brake_arguments},
    .abi = GRADUS_ABI,
    .observe = brake,
    .state_size = sizeof(brake_state),
    .fields = brake_fields};

/* ---- rule: cubic(weight_decay=0), in plain scalar C ---- */

enum { WEIGHT_DECAY };
enum { SCALE, STEP, DECAY };

static void cubic_prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)memory;
    constants[SCALE] = now->gradient_scale;
    constants[STEP] = now->rate;
    constants[DECAY] = 1 - now->rate * hyper[WEIGHT_DECAY];
}

static void cubic(const gradus_span *spans, size_t how_many, const float *k)
{
    for (const gradus_span *s = spans; s < spans + how_many; s++)
        for (size_t i = 0; i < s->count; i++)
            s->values[i] = s->values[i] * k[DECAY] - k[STEP] * cbrtf(s->gradient[i] * k[SCALE]);
}

static const gradus_argument cubic_arguments[] = {[WEIGHT_DECAY] = {"weight_decay", GRADUS_NUMBER, .initial = "0",
                                                                    .low = 0, .high = 1,
                                                                    .help = "decoupled, times the rate"},
                                                  {0}};

static const gradus_rule_row cubic_row = {
    .member = {.name = "cubic", .summary = "steps along the cube root of the gradient", .arguments = cubic_arguments},
    .abi = GRADUS_ABI,
    .constants = "scale, step, decay",
    .prepare = cubic_prepare,
    .pass = {{.kernel = {cubic}}}};

int main(void)
{
    gradus_error error = {0};
    gradus_context *own = gradus_context_create(NULL, &error);
    gradus_context_add_schedule(own, &hump_row, &error);
    gradus_context_add_feedback(own, &brake_row, &error);
    gradus_context_add_rule(own, &cubic_row, &error);
    gradus_policy *policy = gradus_policy_create(&(gradus_policy_config){.base = 0.1,
                                                                         .schedule = "warmup(10) > hump",
                                                                         .feedback = "brake(loss) > guard",
                                                                         .units = {.total = 100},
                                                                         .context = own},
                                                 &error);
    gradus_optimizer *optimizer =
        gradus_optimizer_create(&(gradus_optimizer_config){.rule = "cubic(weight_decay=0.01)", .context = own}, &error);
    float x[3] = {1, -2, 0.5f}, gradient[3];
    gradus_optimizer_add(optimizer, &(gradus_parameter){.name = "x", .shape = {3}, .values = x, .gradient = gradient},
                         &error);
    double loss = 0;
    while (!error.status && !gradus_policy_finished(policy)) {
        loss = 0;
        for (int i = 0; i < 3; i++) gradient[i] = x[i], loss += 0.5 * x[i] * x[i];
        gradus_update(policy, optimizer, &(gradus_step){.loss = loss}, NULL, &error);
    }
    if (error.status) fprintf(stderr, "%s\n", error.message);
    printf("cubic leaves a loss of %.2e\n", loss);

    gradus_error mistake = {0}; /* a mistake in one's own member is pointed at as well */
    gradus_optimizer_create(&(gradus_optimizer_config){.rule = "cubic(weight_deacy=0.01)", .context = own}, &mistake);
    printf("column %d: %s\n", (int)mistake.column, mistake.message);

    gradus_optimizer_destroy(optimizer);
    gradus_policy_destroy(policy);
    gradus_context_destroy(own);
    return error.status || loss > 1e-2 || mistake.column != 7;
}
