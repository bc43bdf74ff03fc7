/* What the guard is worth on the MNIST nets: how many runs come out as well as if nothing had happened when a rate is suddenly 30 times
 * too large, a batch is not finite, or weights are struck; and whether it leaves healthy runs alone. Needs MNIST (gradus data get mnist).
 *
 *     guard [FAULTS = 20 [HEALTHY = 100]]      faults of each kind and net, healthy runs
 *
 * A run has recovered when its test accuracy is not further below the mean of the runs without a fault than three times their standard
 * deviation over seeds. Beside each figure stands what becomes of the same runs without a guard. */
#include "gradus/base.h"
#include "gradus/data.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SNAPSHOTS = 3, EPOCHS = 3, CLEAN = 12, BATCH = 64 };

static void stop(const char *message)
{
    fprintf(stderr, "guard: %s\n", message);
    exit(1);
}

/* ---- faults: what happens, when, and to what, as a function of their number ---- */

typedef enum fault_kind { NO_FAULT, LARGE_RATE, BAD_BATCH, STRUCK_WEIGHTS } fault_kind;
static const char *const kind_names[] = {"none", "rate x 30", "NaN batch", "weights"};

typedef struct fault {
    fault_kind kind;
    uint64_t number;
    int64_t begins, lasts; /* attempts; weights are struck once */
} fault;

static fault make_fault(fault_kind kind, uint64_t number, int64_t updates)
{
    static const int64_t lengths[] = {3, 10, 30, 100};
    double when = 0.15 + 0.55 * gradus_random_unit(7, (uint64_t)kind, number); /* of the run */
    fault made = {.kind = kind, .number = number, .begins = (int64_t)(when * (double)updates), .lasts = 1};
    if (kind == LARGE_RATE) made.lasts = lengths[number % 4];
    if (kind == BAD_BATCH) made.lasts = 1 + (int64_t)(number % 5);
    return made;
}

static bool is_on(const fault *what, int64_t attempt)
{
    return what->kind != NO_FAULT && attempt >= what->begins && attempt < what->begins + what->lasts;
}

/* In turns: one value in a hundred is far off, a tensor turns its sign and grows, one is filled anew, bits flip, one is NaN. */
static void strike(gradus_net *net, uint64_t number)
{
    gradus_net_tensor tensor;
    gradus_net_tensor_at(net, number / 5 % 2 ? 2 : 0, &tensor); /* the weights of a layer */
    for (int64_t i = 0; i < tensor.count; i++) {
        float *value = &tensor.values[i];
        bool chosen = gradus_random_unit(number, 1, (uint64_t)i) < 0.01;
        switch (number % 5) {
        case 0:
            if (chosen) *value = 10 * (float)gradus_random_normal(number, 2, (uint64_t)i);
            break;
        case 1: *value *= -3; break;
        case 2: *value = (float)gradus_random_normal(number, 2, (uint64_t)i); break;
        case 3:
            if (chosen) {
                uint32_t bits;
                memcpy(&bits, value, sizeof bits);
                bits ^= 1u << (uint32_t)(32 * gradus_random_unit(number, 3, (uint64_t)i));
                memcpy(value, &bits, sizeof bits);
            }
            break;
        default:
            if (i == 17) *value = NAN;
        }
    }
}

/* ---- a trainer, as one would write it ---- */

typedef struct recipe {
    const char *model, *rule, *schedule, *feedback;
    double rate;
    int32_t batch, epochs;
    uint64_t seed;
} recipe;

typedef struct outcome {
    double accuracy;
    int32_t skips, rollbacks, lowered, reason;
    char why[160]; /* of the first intervention */
} outcome;

typedef struct blob {
    unsigned char *bytes;
    size_t size, room;
} blob;

typedef struct trainer {
    const recipe *how;
    fault what;
    gradus_spec *model;
    gradus_net *net;
    gradus_context *context;
    gradus_optimizer *optimizer;
    gradus_policy *policy;
    gradus_loader *loader;
    int64_t update, attempt;
    blob kept[SNAPSHOTS];
    gradus_cursor cursors[SNAPSHOTS];
    float *spoilt; /* a batch that is not finite */
} trainer;

static int append(void *user, const void *bytes, size_t size)
{
    blob *into = user;
    if (into->size + size > into->room) {
        unsigned char *more = realloc(into->bytes, into->room = 2 * (into->size + size));
        if (!more) return 1;
        into->bytes = more;
    }
    memcpy(into->bytes + into->size, bytes, size);
    into->size += size;
    return 0;
}

static void open_trainer(trainer *it, const gradus_data *data, gradus_error *error)
{
    static const gradus_family *const families[] = {&gradus_model_family, &gradus_init_family, &gradus_loss_family,
                                                    NULL};
    static const gradus_language language = {.families = families};
    const recipe *how = it->how;
    it->model = gradus_spec_create(how->model, &(gradus_spec_config){.family = "model", .language = &language}, error);
    const gradus_target target = {.outputs = 10};
    gradus_net_config net = {.model = it->model,
                             .targets = &target,
                             .target_count = 1,
                             .batch = how->batch,
                             .threads = 1,
                             .seed = how->seed};
    memcpy(net.input, gradus_data_about(data)->shape, sizeof net.input);
    it->net = gradus_net_create(&net, error);
    it->context = gradus_context_create(&(gradus_context_config){.threads = 1}, error);
    it->optimizer =
        gradus_optimizer_create(&(gradus_optimizer_config){.rule = how->rule, .context = it->context}, error);
    it->loader = gradus_loader_create(
        data, &(gradus_loader_config){.part = GRADUS_TRAINING, .batch = how->batch, .shuffle = true, .seed = how->seed},
        error);
    if (error->status) return;
    gradus_net_tensor tensor;
    for (int32_t i = 0; i < gradus_net_tensor_count(it->net); i++) {
        gradus_net_tensor_at(it->net, i, &tensor);
        gradus_optimizer_add(
            it->optimizer,
            &(gradus_parameter){
                .name = tensor.name, .shape = {tensor.count}, .values = tensor.values, .gradient = tensor.gradient},
            error);
    }
    gradus_policy_config policy = {.base = how->rate,
                                   .schedule = how->schedule,
                                   .feedback = how->feedback,
                                   .units = {.total = how->epochs,
                                             .total_unit = GRADUS_EPOCHS,
                                             .updates_per_epoch = (double)gradus_loader_batches(it->loader),
                                             .samples_per_update = how->batch},
                                   .snapshots = SNAPSHOTS,
                                   .context = it->context};
    it->policy = gradus_policy_create(&policy, error);
    it->spoilt = malloc((size_t)how->batch * 784 * sizeof *it->spoilt);
}

static void close_trainer(trainer *it)
{
    for (int i = 0; i < SNAPSHOTS; i++) free(it->kept[i].bytes);
    free(it->spoilt);
    gradus_loader_destroy(it->loader);
    gradus_policy_destroy(it->policy);
    gradus_optimizer_destroy(it->optimizer);
    gradus_context_destroy(it->context);
    gradus_net_destroy(it->net);
    gradus_spec_destroy(it->model);
}

/* The next batch, with the fault in it that is on. */
static void next_batch(trainer *it, gradus_batch *batch)
{
    if (!gradus_loader_next(it->loader, batch)) gradus_loader_next(it->loader, batch);
    if (!is_on(&it->what, it->attempt)) return;
    if (it->what.kind == STRUCK_WEIGHTS) strike(it->net, it->what.number);
    if (it->what.kind != BAD_BATCH) return;
    size_t values = (size_t)batch->count * 784;
    memcpy(it->spoilt, batch->inputs, values * sizeof *it->spoilt);
    it->spoilt[it->what.number * 101 % values] = NAN;
    batch->inputs = it->spoilt;
}

static void apply(trainer *it, const gradus_decision *decision, double loss, gradus_error *error)
{
    bool too_large = it->what.kind == LARGE_RATE && is_on(&it->what, it->attempt);
    gradus_step step = {
        .rate = decision->rate * (too_large ? 30 : 1), .gradient_scale = decision->gradient_scale, .loss = loss};
    gradus_optimizer_step(it->optimizer, &step, error);
    gradus_policy_applied(it->policy, NULL);
    it->update++;
    if (decision->keep < 0) return;
    blob *kept = &it->kept[decision->keep];
    kept->size = 0;
    gradus_optimizer_save(it->optimizer, GRADUS_STATE_AND_VALUES, append, kept, error);
    it->cursors[decision->keep] = gradus_loader_cursor(it->loader);
}

static void roll_back(trainer *it, const gradus_decision *decision, gradus_error *error)
{
    const blob *kept = &it->kept[decision->restore];
    gradus_optimizer_load(it->optimizer, kept->bytes, kept->size, NULL, error);
    gradus_cursor cursor = it->cursors[decision->restore];
    cursor.reshuffle = (uint64_t)decision->rollbacks;
    gradus_loader_seek(it->loader, cursor);
    it->update = decision->update;
}

static void one_update(trainer *it, outcome *result, gradus_error *error)
{
    gradus_batch batch;
    gradus_decision decision;
    gradus_measures measures;
    double loss = NAN, before = gradus_policy_rate(it->policy);
    next_batch(it, &batch);
    gradus_net_train(it->net, &batch, it->update, false, &loss, NULL, error);
    gradus_optimizer_measure(it->optimizer, 1, &measures, error);
    gradus_policy_observe(it->policy, "loss", loss);
    gradus_policy_observe_measures(it->policy, &measures);
    gradus_action action = gradus_policy_decide(it->policy, &decision);
    bool lowers = action == GRADUS_SKIP && decision.rate < 0.99 * before;
    if ((action > GRADUS_SKIP || lowers) && !*result->why)
        gradus_policy_explain(it->policy, result->why, sizeof result->why);
    if (action == GRADUS_APPLY) apply(it, &decision, loss, error);
    if (action == GRADUS_ROLL_BACK) roll_back(it, &decision, error);
    result->lowered += lowers;
    result->skips = decision.skips;
    result->rollbacks = decision.rollbacks;
    it->attempt++;
}

static double test_accuracy(trainer *it, const gradus_data *data, gradus_error *error)
{
    gradus_score score = {0};
    gradus_batch batch;
    gradus_loader *loader =
        gradus_loader_create(data, &(gradus_loader_config){.part = GRADUS_TEST, .batch = 500}, error);
    while (loader && gradus_loader_next(loader, &batch)) gradus_net_evaluate(it->net, &batch, &score, NULL, error);
    gradus_loader_destroy(loader);
    return 100 * score.correct / (double)score.count;
}

static outcome train(const gradus_data *data, const recipe *how, fault what)
{
    gradus_error error = {0};
    outcome result = {0};
    trainer it = {.how = how, .what = what};
    open_trainer(&it, data, &error);
    while (!error.status && !gradus_policy_finished(it.policy)) one_update(&it, &result, &error);
    if (!error.status) result.accuracy = test_accuracy(&it, data, &error);
    if (error.status) stop(error.message);
    result.reason = gradus_policy_reason(it.policy);
    close_trainer(&it);
    return result;
}

/* ---- faults ---- */

static const recipe nets[] = {
    {.model = "dense(128) > relu > dense(10)", .rule = "sgd(momentum=0.9)", .rate = 0.01},
    {.model = "dense(256) > relu > dense(10)", .rule = "adam", .rate = 0.001},
};
enum { NETS = sizeof nets / sizeof *nets };

static int64_t updates_of(const gradus_data *data)
{
    return EPOCHS * ((gradus_data_about(data)->count[GRADUS_TRAINING] + BATCH - 1) / BATCH);
}

static recipe recipe_of(const recipe *net, const char *feedback, int64_t number)
{
    recipe made = *net;
    made.feedback = feedback;
    made.batch = BATCH;
    made.epochs = EPOCHS;
    made.seed = (uint64_t)number + 1;
    return made;
}

/* ---- many runs ---- */

typedef struct job {
    const gradus_data *data;
    recipe how;
    fault what;
    outcome result;
} job;

static void run_job(void *user, int64_t index)
{
    job *it = (job *)user + index;
    it->result = train(it->data, &it->how, it->what);
}

/* Room for jobs that wait to be run, and what they gave; the caller frees it. */
static job *make_jobs(const gradus_data *data, int count)
{
    job *made = calloc((size_t)count + 1, sizeof *made);
    if (!made) stop("no memory");
    for (int i = 0; i < count; i++) made[i].data = data;
    return made;
}

/* The lowest accuracy that counts as recovered. */
static double run_clean(const gradus_data *data, const recipe *net)
{
    double sum = 0, squares = 0;
    job *jobs = make_jobs(data, CLEAN);
    for (int i = 0; i < CLEAN; i++) jobs[i].how = recipe_of(net, NULL, i);
    gradus_parallel(NULL, CLEAN, run_job, jobs);
    for (int i = 0; i < CLEAN; i++) sum += jobs[i].result.accuracy;
    double mean = sum / CLEAN;
    for (int i = 0; i < CLEAN; i++) squares += (jobs[i].result.accuracy - mean) * (jobs[i].result.accuracy - mean);
    free(jobs);
    double deviation = sqrt(squares / (CLEAN - 1)), least = mean - 3 * deviation;
    printf("%s, %s, rate %g, %d epochs of batch %d\n", net->model, net->rule, net->rate, EPOCHS, BATCH);
    printf("  without a fault   %.2f +- %.2f %% on the test part; recovered is %.2f and above\n", mean, deviation,
           least);
    return least;
}

/* Says what became of a run that has not recovered. */
static void print_lost(const job *it, int number)
{
    const outcome *result = &it->result;
    printf("    fault %d at %d for %d: %.2f %%, %d skips, %d rollbacks, %s; %s\n", number, (int)it->what.begins,
           (int)it->what.lasts, result->accuracy, result->skips, result->rollbacks, gradus_reason_name(result->reason),
           result->why);
}

/* Each fault with a guard and without. */
static void run_faults(const gradus_data *data, const recipe *net, fault_kind kind, int faults, double least)
{
    static const char *const feedbacks[] = {"guard", NULL};
    int recovered[2] = {0}, rollbacks = 0, skips = 0;
    double lowest = 100;
    job *jobs = make_jobs(data, 2 * faults);
    for (int i = 0; i < 2 * faults; i++) {
        jobs[i].how = recipe_of(net, feedbacks[i % 2], i / 2);
        jobs[i].what = make_fault(kind, (uint64_t)i / 2, updates_of(data));
    }
    gradus_parallel(NULL, 2 * faults, run_job, jobs);
    for (int i = 0; i < 2 * faults; i++) {
        const outcome *result = &jobs[i].result;
        recovered[i % 2] += result->accuracy >= least;
        if (i % 2) continue;
        rollbacks += result->rollbacks;
        skips += result->skips;
        lowest = fmin(lowest, result->accuracy);
        if (!(result->accuracy >= least)) print_lost(&jobs[i], i / 2);
    }
    free(jobs);
    printf("  %-12s recovered %3d of %d (lowest %.2f %%; %d rollbacks, %d skips); without a guard %d\n",
           kind_names[kind], recovered[0], faults, lowest, rollbacks, skips, recovered[1]);
    fflush(stdout);
}

/* ---- healthy runs ---- */

/* Different ones: five nets, five update rules at their usual rates, two sizes of batch, other seeds. */
static recipe healthy_recipe(int number)
{
    static const char *const models[] = {"dense(128) > relu > dense(10)", "dense(256) > relu > dense(10)",
                                         "dense(256) > relu > dense(128) > relu > dense(10)",
                                         "dense(64) > tanh > dense(10)",
                                         "dense(128) > sigmoid > dense(64) > relu > dense(10)"};
    static const struct {
        const char *rule;
        double rate;
    } rules[] = {{"sgd(momentum=0.9)", 0.01},
                 {"adam", 0.001},
                 {"adamw", 0.003},
                 {"rmsprop", 0.001},
                 {"sgd(momentum=0.9, nesterov)", 0.05}};
    return (recipe){.model = models[number % 5],
                    .rule = rules[number / 5 % 5].rule,
                    .rate = rules[number / 5 % 5].rate,
                    .feedback = "guard",
                    .batch = number / 25 % 2 ? 32 : 128,
                    .epochs = number / 25 % 2 ? 1 : 2,
                    .seed = (uint64_t)number + 1};
}

static void run_healthy(const gradus_data *data, int runs)
{
    int disturbed = 0, rollbacks = 0, skips = 0;
    job *jobs = make_jobs(data, runs);
    for (int i = 0; i < runs; i++) jobs[i].how = healthy_recipe(i);
    gradus_parallel(NULL, runs, run_job, jobs);
    for (int i = 0; i < runs; i++) {
        const outcome *result = &jobs[i].result;
        rollbacks += result->rollbacks;
        skips += result->skips;
        disturbed += result->rollbacks || result->lowered || result->reason != GRADUS_REASON_COMPLETED;
        if (*result->why) printf("    %s, %s, seed %d: %s\n", jobs[i].how.model, jobs[i].how.rule, i + 1, result->why);
    }
    free(jobs);
    printf("%d healthy runs: %d disturbed, %d rollbacks, %d skips\n", runs, disturbed, rollbacks, skips);
}

int main(int count, char **words)
{
    gradus_error error = {0};
    int faults = count > 1 ? atoi(words[1]) : 20, healthy = count > 2 ? atoi(words[2]) : 100;
    static const gradus_family *const families[] = {&gradus_data_family, NULL};
    static const gradus_language language = {.families = families};
    gradus_spec *spec =
        gradus_spec_create("mnist", &(gradus_spec_config){.family = "data", .language = &language}, &error);
    gradus_data *data =
        gradus_data_open(&(gradus_data_config){.data = spec, .text = "mnist", .validation = "none"}, &error);
    if (!data) stop(error.message);
    for (int i = 0; i < NETS; i++) {
        double least = run_clean(data, &nets[i]);
        for (fault_kind kind = LARGE_RATE; kind <= STRUCK_WEIGHTS; kind++)
            run_faults(data, &nets[i], kind, faults, least);
    }
    run_healthy(data, healthy);
    gradus_data_close(data);
    gradus_spec_destroy(spec);
    return 0;
}
