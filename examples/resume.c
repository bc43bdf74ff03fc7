/* State in the caller's own checkpoint file, loaded again by a program with another weight decay and one more
 * tensor: what differs is told, the configuration that was asked for stays, and a run that was not changed goes on
 * bit by bit. */
#include "gradus/gradus.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- what one would write ---- */

static int to_file(void *file, const void *bytes, size_t size) { return fwrite(bytes, 1, size, file) != size; }

static int checkpoint_save(const char *path, const gradus_policy *policy, const gradus_optimizer *optimizer,
                           gradus_error *error)
{
    FILE *file = fopen(path, "wb");
    if (!file) return 1;
    uint64_t sizes[2] = {gradus_policy_state_size(policy),
                         gradus_optimizer_state_size(optimizer, GRADUS_STATE_AND_VALUES)};
    int failed = to_file(file, sizes, sizeof sizes);
    gradus_policy_save(policy, to_file, file, error);
    gradus_optimizer_save(optimizer, GRADUS_STATE_AND_VALUES, to_file, file, error);
    return fclose(file) | failed | (error->status != 0);
}

static void tell(void *user, const gradus_difference *d)
{
    fprintf(user, "%s%s: saved %s, now %s\n", d->refused ? "refused: " : "", d->name, d->saved, d->present);
}

static int checkpoint_load(const char *path, gradus_policy *policy, gradus_optimizer *optimizer, gradus_error *error)
{
    int descriptor = open(path, O_RDONLY);
    struct stat about;
    if (descriptor < 0 || fstat(descriptor, &about) || (size_t)about.st_size < 2 * sizeof(uint64_t)) return 1;
    const unsigned char *map = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    close(descriptor);
    if (map == MAP_FAILED) return 1;
    uint64_t sizes[2];
    memcpy(sizes, map, sizeof sizes);
    const unsigned char *state = map + sizeof sizes;
    if (sizes[0] + sizes[1] == (uint64_t)about.st_size - sizeof sizes) {
        gradus_load how = {
            .accept = 1u << GRADUS_MISSING, .difference = tell, .user = stdout}; /* a new tensor starts fresh */
        gradus_policy_load(policy, state, sizes[0], &how, error);
        gradus_optimizer_load(optimizer, state + sizes[0], sizes[1], &how, error); /* the new weight decay stays */
    }
    munmap((void *)map, (size_t)about.st_size);
    return error->status;
}

/* ---- a run of it: two tensors (a third comes later) that follow a pull ---- */

enum { SIZE = 1000, TOTAL = 60, HALF = 30 };

typedef struct run {
    float values[3][SIZE], gradient[3][SIZE];
    gradus_policy *policy;
    gradus_optimizer *optimizer;
    gradus_error error;
} run;

static void start(run *r, const char *rule, int tensors)
{
    static const char *const names[] = {"wte", "wpe", "head"};
    memset(r, 0, sizeof *r);
    r->policy = gradus_policy_create(&(gradus_policy_config){.base = 0.1,
                                                             .schedule = "warmup(10%) > cosine",
                                                             .feedback = "guard > plateau(loss, patience=20)",
                                                             .units = {.total = TOTAL}},
                                     &r->error);
    r->optimizer = gradus_optimizer_create(&(gradus_optimizer_config){.rule = rule}, &r->error);
    for (int i = 0; i < tensors; i++)
        gradus_optimizer_add(
            r->optimizer,
            &(gradus_parameter){.name = names[i], .shape = {SIZE}, .values = r->values[i], .gradient = r->gradient[i]},
            &r->error);
}

static void train(run *r, int from, int to)
{
    for (int update = from; update < to && !r->error.status; update++) {
        double loss = 0;
        for (int t = 0; t < 3; t++) {
            for (int i = 0; i < SIZE; i++) {
                r->gradient[t][i] = r->values[t][i] - (float)(i % 7 + t);
                loss += r->gradient[t][i] * r->gradient[t][i];
            }
        }
        gradus_update(r->policy, r->optimizer, &(gradus_step){.loss = loss}, NULL, &r->error);
    }
}

static int finish(run *r)
{
    if (r->error.status) fprintf(stderr, "%s\n", r->error.message);
    gradus_optimizer_destroy(r->optimizer);
    gradus_policy_destroy(r->policy);
    return r->error.status != 0;
}

int main(void)
{
    static const char path[] = "resume.checkpoint", rule[] = "adamw(weight_decay=0.1)";
    static run whole, resumed;
    start(&whole, rule, 2);
    train(&whole, 0, HALF);
    if (checkpoint_save(path, whole.policy, whole.optimizer, &whole.error)) return finish(&whole), 1;
    train(&whole, HALF, TOTAL);

    printf("the same program goes on:\n");
    start(&resumed, rule, 2);
    if (checkpoint_load(path, resumed.policy, resumed.optimizer, &resumed.error)) return finish(&resumed), 1;
    train(&resumed, HALF, TOTAL);
    const int same = !memcmp(whole.values, resumed.values, sizeof whole.values);
    printf("%s\n\n", same ? "equal to the run that was not interrupted, bit by bit" : "NOT EQUAL");
    int failed = finish(&whole) | finish(&resumed) | !same;

    printf("another weight decay and one more tensor:\n");
    start(&resumed, "adamw(weight_decay=0.2)", 3);
    if (checkpoint_load(path, resumed.policy, resumed.optimizer, &resumed.error)) return finish(&resumed), 1;
    train(&resumed, HALF, TOTAL);
    failed |= gradus_optimizer_get(resumed.optimizer, "weight_decay") != 0.2;
    remove(path);
    return failed | finish(&resumed);
}
