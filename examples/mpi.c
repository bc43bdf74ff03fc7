/* Data parallel training over MPI, three ways: one policy that decides for all, a policy on each rank that is told the same, and
 * parameters spread over the ranks. It runs alone as well; with MPI:
 *
 *     mpicc -DHAVE_MPI mpi.c $(pkg-config --cflags --libs gradus) -lm && mpirun -n 2 ./a.out                                       */
#include "gradus/gradus.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef HAVE_MPI
#include <mpi.h>
#else /* one process is a sum of one */
enum { MPI_COMM_WORLD, MPI_DOUBLE, MPI_FLOAT, MPI_BYTE, MPI_UINT64_T, MPI_SUM, MPI_MIN, MPI_MAX };
static void *const MPI_IN_PLACE = NULL;
static int MPI_Init(int *count, char ***words) { return (void)count, (void)words, 0; }
static int MPI_Finalize(void) { return 0; }
static int MPI_Comm_rank(int all, int *mine) { return (void)all, *mine = 0; }
static int MPI_Comm_size(int all, int *size) { return (void)all, *size = 1, 0; }
static int MPI_Bcast(void *data, size_t size, int type, int root, int all)
{
    return (void)data, (void)size, (void)type, (void)root, (void)all, 0;
}
static int MPI_Allreduce(const void *from, void *to, int count, int type, int how, int all)
{
    return (void)from, (void)to, (void)count, (void)type, (void)how, (void)all, 0;
}
static void MPI_Abort(int all, int status) { (void)all, exit(status); }
#endif

enum { WEIGHTS = 64, EXAMPLES = 32, UPDATES = 300 };
static int rank, ranks;
static float weights[WEIGHTS], gradient[WEIGHTS];

static void stop_on(const gradus_error *error)
{
    if (!error->status) return;
    fprintf(stderr, "rank %d: %s\n", rank, error->message);
    MPI_Abort(MPI_COMM_WORLD, 1);
}

/* ---- what each rank computes: the loss and the gradient of its own examples, of a sum that is to be w[i] = i % 5 - 2 ---- */

static double forward_backward(int64_t update)
{
    double loss = 0;
    memset(gradient, 0, sizeof gradient);
    for (int n = rank; n < EXAMPLES; n += ranks) {
        double away = 0, x[WEIGHTS];
        for (int i = 0; i < WEIGHTS; i++) {
            x[i] = sin((double)(update * EXAMPLES + n) * 0.7 * (i + 1) + i);
            away += x[i] * (weights[i] - (double)(i % 5 - 2));
        }
        for (int i = 0; i < WEIGHTS; i++) gradient[i] += (float)(2 * away * x[i] / EXAMPLES);
        loss += away * away / EXAMPLES;
    }
    return loss;
}

/* The same of all ranks' examples. */
static double reduced(int64_t update)
{
    double loss = forward_backward(update);
    MPI_Allreduce(MPI_IN_PLACE, &loss, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    MPI_Allreduce(MPI_IN_PLACE, gradient, WEIGHTS, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
    return loss;
}

static gradus_policy *make_policy(gradus_error *error)
{
    return gradus_policy_create(
        &(gradus_policy_config){
            .base = 0.05, .schedule = "warmup(5%) > cosine", .feedback = "guard", .units = {.total = UPDATES}},
        error);
}

static gradus_optimizer *make_optimizer(const char *rule, int first, int count, gradus_context *context,
                                        gradus_error *error)
{
    gradus_optimizer_config config = {.rule = rule, .gradient = "clip_norm(100)", .context = context};
    gradus_optimizer *optimizer = gradus_optimizer_create(&config, error);
    gradus_parameter part = {.name = "w", .shape = {count}, .values = weights + first, .gradient = gradient + first};
    gradus_optimizer_add(optimizer, &part, error);
    memset(weights, 0, sizeof weights);
    return optimizer;
}

/* ---- A: one policy, on rank 0; a decision is plain data. Right on unlike machines too ---- */

static double train_with_one_policy(gradus_error *error)
{
    struct {
        gradus_decision decision;
        gradus_measures measures;
    } word;
    gradus_policy *policy = rank == 0 ? make_policy(error) : NULL;
    gradus_optimizer *optimizer = make_optimizer("sgd(momentum=0.9)", 0, WEIGHTS, NULL, error);
    double loss = 0;
    for (int64_t attempt = 0; !error->status; attempt++) {
        memset(&word, 0, sizeof word);
        loss = reduced(attempt);
        if (rank == 0) {
            gradus_optimizer_measure(optimizer, 1, &word.measures, error);
            gradus_policy_observe(policy, "loss", loss);
            gradus_policy_observe_measures(policy, &word.measures);
            if (gradus_policy_decide(policy, &word.decision) == GRADUS_APPLY) gradus_policy_applied(policy, NULL);
        }
        MPI_Bcast(&word, sizeof word, MPI_BYTE, 0, MPI_COMM_WORLD);
        gradus_step step = {.rate = word.decision.rate,
                            .gradient_scale = word.decision.gradient_scale,
                            .gradient_norm = word.measures.gradient_norm * word.decision.gradient_scale};
        if (word.decision.action == GRADUS_APPLY) gradus_optimizer_step(optimizer, &step, error);
        stop_on(error);
        if (word.decision.last) break;
    }
    gradus_optimizer_destroy(optimizer);
    gradus_policy_destroy(policy);
    return loss;
}

/* ---- B: a policy on each rank, told what was reduced; the digest proves that they agree ---- */

static void check_agreement(const gradus_policy *policy)
{
    uint64_t low = gradus_policy_digest(policy), high = low;
    MPI_Allreduce(MPI_IN_PLACE, &low, 1, MPI_UINT64_T, MPI_MIN, MPI_COMM_WORLD);
    MPI_Allreduce(MPI_IN_PLACE, &high, 1, MPI_UINT64_T, MPI_MAX, MPI_COMM_WORLD);
    if (low != high) MPI_Abort(MPI_COMM_WORLD, 1);
}

static double train_with_equal_policies(gradus_error *error)
{
    gradus_policy *policy = make_policy(error);
    gradus_optimizer *optimizer = make_optimizer("sgd(momentum=0.9)", 0, WEIGHTS, NULL, error);
    double loss = 0;
    for (int64_t attempt = 0; !gradus_policy_finished(policy) && !error->status; attempt++) {
        loss = reduced(attempt);
        gradus_update(policy, optimizer, &(gradus_step){.loss = loss}, NULL, error);
        stop_on(error);
        if (attempt % 100 == 0) check_agreement(policy);
    }
    gradus_optimizer_destroy(optimizer);
    gradus_policy_destroy(policy);
    return loss;
}

/* ---- C: each rank updates a part of the weights; norms add over the ranks through the context ---- */

static int sum_over_ranks(void *user, double *values, int32_t count)
{
    (void)user, (void)count;
    return MPI_Allreduce(MPI_IN_PLACE, values, count, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
}

static double train_in_parts(gradus_error *error)
{
    int first = WEIGHTS * rank / ranks, count = WEIGHTS * (rank + 1) / ranks - first;
    gradus_context *context =
        gradus_context_create(&(gradus_context_config){.sum = sum_over_ranks, .threads = 1}, error);
    gradus_policy *policy = make_policy(error);
    gradus_optimizer *optimizer = make_optimizer("sgd(momentum=0.9)", first, count, context, error);
    double loss = 0;
    for (int64_t attempt = 0; !gradus_policy_finished(policy) && !error->status; attempt++) {
        loss = reduced(attempt);
        gradus_update(policy, optimizer, &(gradus_step){.loss = loss}, NULL, error);
        stop_on(error);
        for (int i = 0; i < WEIGHTS; i++) /* everybody needs them all */
            if (i < first || i >= first + count) weights[i] = 0;
        MPI_Allreduce(MPI_IN_PLACE, weights, WEIGHTS, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
    }
    gradus_optimizer_destroy(optimizer);
    gradus_policy_destroy(policy);
    gradus_context_destroy(context);
    return loss;
}

int main(int count, char **words)
{
    MPI_Init(&count, &words);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    gradus_error error = {0};
    double one = train_with_one_policy(&error), equal = train_with_equal_policies(&error),
           parts = train_in_parts(&error);
    if (rank == 0) printf("%d rank%s: loss %.2e, %.2e, %.2e\n", ranks, ranks == 1 ? "" : "s", one, equal, parts);
    MPI_Finalize();
    return error.status || !(one < 1e-3) || !(equal < 1e-3) || !(parts < 1e-3);
}
