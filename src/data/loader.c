/* Hands out batches: which examples, in which order, as floats. The order is a function of seed, epoch and `reshuffle` alone, so a
 * cursor of three numbers resumes it exactly; a second thread prepares the next batch while the last one is learnt from. */
#include "augment.h"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { BUFFERS = 2, AHEAD = 4, SHUFFLE_STREAM = 0x73687566, AUGMENT_STREAM = 0x6175676d };
static const size_t largest_ahead = (size_t)64
                                    << 20; /* bytes of a batch; beyond it a second one is not worth its memory */

typedef struct buffer { /* one batch with its memory */
    gradus_batch batch;
    bool over; /* no batch: the epoch ends here */
    float *inputs, *numbers, *shares;
    int32_t *classes, *others, *plain; /* plain: the classes before anything is mixed */
    int64_t *rows;
} buffer;

struct gradus_loader {
    const gradus_data *data;
    const gradus_rows *rows;
    gradus_loader_config config;
    gradus_widths targets;
    const gradus_chain *augment; /* NULL: none */
    int32_t steps;               /* of it that are done to each example by itself */
    const gradus_item *mix;      /* what mixes the examples of a batch, after those; NULL: nothing */
    int64_t (*shapes)[8];        /* of an example before each step, and at the end */
    float *halfway[2];           /* an example between two steps; NULL: no augmentation */
    int64_t batches;
    gradus_arena memory; /* of the buffers and the order */

    /* Used by whoever prepares: the second thread, or the caller where there is none. */
    int64_t *order;        /* shuffled places; NULL: examples come as they stand */
    gradus_cursor ordered; /* whose epoch that is; epoch -1: of none yet */

    /* Used by the caller. */
    gradus_cursor cursor; /* of the batch that comes next */
    double waited;

    /* Shared, under the lock. Batches are counted; number n lies in buffer n % BUFFERS. */
    pthread_mutex_t lock;
    pthread_cond_t filled, emptied;
    gradus_cursor ahead;                  /* of the batch that is prepared next */
    uint64_t prepared, taken, given_back; /* how many so far */
    uint64_t turn;                        /* grows with every seek: what was begun before is stale */
    bool threaded, stop;
    pthread_t thread;
    buffer buffers[BUFFERS];
};

/* ---- preparing one batch ---- */

static void shuffle(gradus_loader *loader, const gradus_cursor *at)
{
    if (!loader->order) return;
    if (loader->ordered.epoch == at->epoch && loader->ordered.reshuffle == at->reshuffle) return;
    uint64_t seed = gradus_random_bits(loader->config.seed, SHUFFLE_STREAM, at->reshuffle);
    gradus_random_permutation(seed, (uint64_t)at->epoch, loader->rows->count, loader->order);
    loader->ordered = *at;
}

/* The chance of a step of the augmentation for an example. */
static uint64_t key_of(const gradus_loader *loader, const gradus_cursor *at, int32_t step, int64_t row)
{
    const uint64_t seed = gradus_random_bits(loader->config.seed, AUGMENT_STREAM + (uint64_t)step, at->reshuffle);
    return gradus_random_bits(seed, (uint64_t)at->epoch, (uint64_t)row);
}

/* From the first of the two memories on, in turn, and at last into the batch. */
static void augment(const gradus_loader *loader, const gradus_cursor *at, int64_t row, float *values)
{
    for (int32_t i = 0; i < loader->steps; i++) {
        const gradus_item *item = &loader->augment->items[i];
        const gradus_augmentation *augmentation = (const gradus_augmentation *)item->member;
        augmentation->apply(item, loader->shapes[i], loader->halfway[i % 2],
                            i == loader->steps - 1 ? values : loader->halfway[(i + 1) % 2], key_of(loader, at, i, row));
    }
}

/* Example `to` with `from`, whose values and numbers come as they were before they were mixed themselves. */
static void mix(const gradus_loader *loader, const gradus_cursor *at, buffer *into, int64_t to, int64_t from,
                const float *values, const float *numbers)
{
    const gradus_augmentation *augmentation = (const gradus_augmentation *)loader->mix->member;
    const int64_t width = loader->rows->from->width, outputs = loader->targets.numbers,
                  classes = loader->targets.classes;
    double share = augmentation->mix(loader->mix, loader->shapes[loader->steps], values, into->inputs + to * width,
                                     key_of(loader, at, loader->steps, into->rows[to]));
    float *own = into->numbers ? into->numbers + to * outputs : NULL;
    for (int64_t i = 0; own && i < outputs; i++) own[i] = (float)share * own[i] + (float)(1 - share) * numbers[i];
    if (!into->others) return;
    const bool more = share >= 0.5; /* the class is that of which there is more */
    const int64_t first = more ? to : from, other = more ? from : to;
    memcpy(into->classes + to * classes, into->plain + first * classes, (size_t)classes * sizeof *into->plain);
    memcpy(into->others + to * classes, into->plain + other * classes, (size_t)classes * sizeof *into->plain);
    into->shares[to] = (float)(more ? share : 1 - share);
}

/* The first with the last, the second with the last but one, ..., each with the other as it was; one in the middle stays. */
static void mix_batch(const gradus_loader *loader, const gradus_cursor *at, buffer *into, int64_t count)
{
    const int64_t width = loader->rows->from->width, outputs = loader->targets.numbers,
                  classes = loader->targets.classes;
    float *held = loader->halfway[0], *held_numbers = loader->halfway[1];
    if (into->others) memcpy(into->plain, into->classes, (size_t)(count * classes) * sizeof *into->plain);
    for (int64_t one = 0, two = count - 1; one < two; one++, two--) {
        memcpy(held, into->inputs + one * width, (size_t)width * sizeof *held);
        if (into->numbers) memcpy(held_numbers, into->numbers + one * outputs, (size_t)outputs * sizeof *held);
        mix(loader, at, into, one, two, into->inputs + two * width,
            into->numbers ? into->numbers + two * outputs : NULL);
        mix(loader, at, into, two, one, held, held_numbers);
    }
    if (count % 2 == 0 || !into->others) return;
    const int64_t middle = count / 2;
    memcpy(into->others + middle * classes, into->classes + middle * classes, (size_t)classes * sizeof *into->others);
    into->shares[middle] = 1;
}

static int64_t example_at(const gradus_loader *loader, int64_t place)
{
    int64_t row = loader->order ? loader->order[place] : place;
    return loader->rows->index ? loader->rows->index[row] : row;
}

/* Asks for an example that is copied soon: shuffled ones lie far apart, and waiting for memory would be most of the work
 * (measured: 43 microseconds a batch of 64 MNIST pictures without, 11 with). Always inlined: gcc takes a function that only prefetches
 * for one without effect, and leaves the call out. */
static inline __attribute__((always_inline)) void fetch(const gradus_examples *from, int64_t example)
{
    enum { LINE = 64, MOST = 4096 };
    if (from->stream) return;
    size_t each = from->bytes ? 1 : sizeof(float), size = (size_t)from->width * each,
           place = (size_t)gradus_example_place(from, example) * each;
    const char *start = from->bytes ? (const char *)from->bytes : (const char *)from->values;
    start += place;
    for (size_t at = 0; at < size && at < MOST; at += LINE) __builtin_prefetch(start + at);
}

static void prepare(gradus_loader *loader, const gradus_cursor *at, buffer *into)
{
    const gradus_rows *rows = loader->rows;
    const gradus_examples *from = rows->from;
    const int64_t positions = loader->data->info.positions;
    const int64_t outputs = loader->targets.numbers, classes = loader->targets.classes,
                  first = at->batch * loader->config.batch;
    into->over = at->batch >= loader->batches;
    if (into->over) return;
    shuffle(loader, at);
    int64_t left = rows->count - first, count = left < loader->config.batch ? left : loader->config.batch;
    for (int64_t i = 0; i < count; i++) {
        int64_t row = loader->order ? loader->order[first + i] : first + i, example = example_at(loader, first + i);
        float *values = into->inputs + i * from->width;
        into->rows[i] = row;
        if (i + AHEAD < count) fetch(from, example_at(loader, first + i + AHEAD));
        float *begin = loader->steps ? loader->halfway[0] : values;
        gradus_example_copy(from, example, begin);
        if (loader->data->inputs_are_targets) /* as they were before anything was done to them */
            memcpy(into->numbers + i * outputs, begin, (size_t)outputs * sizeof(float));
        if (loader->steps) augment(loader, at, row, values);
        if (from->classes && positions)
            memcpy(into->classes + i * positions, from->classes + gradus_example_place(from, example),
                   (size_t)positions * sizeof(int32_t));
        else if (from->classes)
            memcpy(into->classes + i * classes, from->classes + example * classes, (size_t)classes * sizeof(int32_t));
        if (from->numbers)
            memcpy(into->numbers + i * outputs, from->numbers + example * outputs, (size_t)outputs * sizeof(float));
    }
    if (loader->mix) mix_batch(loader, at, into, count);
    into->batch = (gradus_batch){.count = (int32_t)count,
                                 .inputs = into->inputs,
                                 .classes = from->classes ? into->classes : NULL,
                                 .numbers = into->numbers,
                                 .others = into->others,
                                 .shares = into->shares,
                                 .rows = into->rows,
                                 .epoch = (double)at->epoch + (double)first / (double)rows->count};
}

static gradus_cursor after(gradus_cursor at, bool over)
{
    at.batch = over ? 0 : at.batch + 1;
    at.epoch += over;
    return at;
}

/* ---- the second thread ---- */

static void *prepare_ahead(void *user)
{
    gradus_loader *loader = user;
    pthread_mutex_lock(&loader->lock);
    while (!loader->stop) {
        if (loader->prepared - loader->given_back == BUFFERS) {
            pthread_cond_wait(&loader->emptied, &loader->lock);
            continue;
        }
        gradus_cursor at = loader->ahead;
        uint64_t turn = loader->turn;
        buffer *into = &loader->buffers[loader->prepared % BUFFERS];
        pthread_mutex_unlock(&loader->lock);
        prepare(loader, &at, into);
        pthread_mutex_lock(&loader->lock);
        if (turn != loader->turn) continue;
        loader->ahead = after(at, into->over);
        loader->prepared++;
        pthread_cond_signal(&loader->filled);
    }
    pthread_mutex_unlock(&loader->lock);
    return NULL;
}

/* Signals are for the threads of the program, not for this one. */
static bool start_thread(gradus_loader *loader)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    loader->threaded = pthread_create(&loader->thread, NULL, prepare_ahead, loader) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return loader->threaded;
}

/* ---- the steps of an augmentation ---- */

static void print_shape(const int64_t shape[8], char text[64])
{
    size_t used = 0;
    for (int32_t i = 0; i < 8 && shape[i] && used < 64; i++)
        used += (size_t)snprintf(text + used, 64 - used, "%s%lld", i ? "x" : "", (long long)shape[i]);
}

/* What is wrong with mixing examples at a step, or NULL. */
static const char *check_mix(const gradus_loader *loader, int32_t step)
{
    const gradus_data_info *info = &loader->data->info;
    if (step != loader->augment->count - 1) return "stands last, and there is but one that mixes examples";
    if (info->symbols || info->positions) return "symbols and targets of steps cannot be mixed";
    return loader->data->inputs_are_targets ? "examples that are their own targets cannot be mixed" : NULL;
}

/* The shapes on the way; what comes out must be what the net is made for. */
static gradus_status plan_augment(gradus_loader *loader, gradus_error *error)
{
    const int64_t *whole = loader->data->info.shape;
    const int32_t steps = loader->augment->count;
    size_t largest = gradus_augment_size(whole), outputs = (size_t)loader->targets.numbers;
    if (outputs > largest) largest = outputs;
    char ends[64], begins[64];
    loader->shapes = gradus_arena_take(&loader->memory, ((size_t)steps + 1) * sizeof *loader->shapes, 8);
    if (!loader->shapes) return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    memcpy(loader->shapes[0], whole, sizeof *loader->shapes);
    for (int32_t i = 0; i < steps; i++) {
        const gradus_item *item = &loader->augment->items[i];
        const gradus_augmentation *step = (const gradus_augmentation *)item->member;
        int64_t *shape = memcpy(loader->shapes[i + 1], loader->shapes[i], sizeof *loader->shapes);
        const char *wrong = step->pictures && !(shape[2] && !shape[3]) ? "examples of this set are no pictures" : NULL;
        if (!wrong && step->mix) wrong = check_mix(loader, i);
        if (!wrong && step->reshape) wrong = step->reshape(item, shape);
        if (wrong)
            return gradus_fail(error, GRADUS_ERROR_SPEC, GRADUS_CODE_REFUSED, "augment: %s: %s", item->member->name,
                               wrong);
        if (step->mix)
            loader->mix = item;
        else
            loader->steps++;
        if (gradus_augment_size(shape) > largest) largest = gradus_augment_size(shape);
    }
    print_shape(whole, begins), print_shape(loader->shapes[steps], ends);
    if (memcmp(whole, loader->shapes[steps], sizeof *loader->shapes) != 0)
        return gradus_fail(error, GRADUS_ERROR_SPEC, GRADUS_CODE_REFUSED,
                           "augment: makes %s of %s; the net is made for %s, so end at that size", ends, begins,
                           begins);
    for (int32_t i = 0; i < 2; i++)
        if (!(loader->halfway[i] = gradus_arena_take(&loader->memory, largest * sizeof(float), 64)))
            return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    return GRADUS_OK;
}

/* ---- life ---- */

static bool take_memory(gradus_loader *loader)
{
    const gradus_examples *from = loader->rows->from;
    const size_t batch = (size_t)loader->config.batch, outputs = (size_t)loader->targets.numbers,
                 positions = (size_t)loader->data->info.positions,
                 classes = (size_t)loader->targets.classes * (positions ? positions : 1);
    size_t missing = 0;
    gradus_arena *memory = &loader->memory;
    for (int32_t i = 0; i < (loader->config.ahead ? BUFFERS : 1); i++) {
        buffer *into = &loader->buffers[i];
        into->inputs = gradus_arena_take(memory, batch * (size_t)from->width * sizeof(float), 64);
        into->rows = gradus_arena_take(memory, batch * sizeof *into->rows, 64);
        if (from->classes) into->classes = gradus_arena_take(memory, batch * classes * sizeof *into->classes, 64);
        bool numbers = from->numbers || loader->data->inputs_are_targets;
        if (numbers) into->numbers = gradus_arena_take(memory, batch * outputs * sizeof *into->numbers, 64);
        if (loader->mix && from->classes) {
            into->others = gradus_arena_take(memory, 2 * batch * classes * sizeof *into->others, 64);
            into->plain = into->others ? into->others + batch * classes : NULL;
            into->shares = gradus_arena_take(memory, batch * sizeof *into->shares, 64);
            missing += !into->others || !into->shares;
        }
        missing += !into->inputs || !into->rows || (from->classes && !into->classes) || (numbers && !into->numbers);
    }
    if (loader->config.shuffle) {
        loader->order = gradus_arena_take(memory, (size_t)loader->rows->count * sizeof *loader->order, 64);
        missing += !loader->order;
    }
    return missing == 0;
}

gradus_loader *gradus_loader_create(const gradus_data *data, const gradus_loader_config *config, gradus_error *error)
{
    static const char *const part_names[] = {"training", "validation", "test"};
    if (gradus_failed(error)) return NULL;
    const gradus_rows *rows = &data->part[config->part];
    if (rows->count == 0 || config->batch < 1) {
        if (config->batch < 1)
            gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_OUT_OF_RANGE, "a batch holds at least one example");
        else
            gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_NO_DATA, "%s has no %s part", data->info.name,
                        part_names[config->part]);
        return NULL;
    }
    gradus_loader *loader = gradus_allocate(NULL, sizeof *loader);
    if (!loader) {
        gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
        return NULL;
    }
    *loader = (gradus_loader){.data = data,
                              .rows = rows,
                              .config = *config,
                              .targets = gradus_target_widths(data->info.targets, data->info.target_count),
                              .ordered = {.epoch = -1}};
    if (config->augment && gradus_spec_chain(config->augment)->count)
        loader->augment = gradus_spec_chain(config->augment);
    if (config->batch > rows->count) loader->config.batch = (int32_t)rows->count;
    int64_t batch = loader->config.batch;
    loader->batches = config->drop_last ? rows->count / batch : (rows->count + batch - 1) / batch;
    loader->config.ahead = config->ahead && (size_t)(batch * rows->from->width) < largest_ahead / sizeof(float);
    gradus_arena_open(&loader->memory, NULL);
    pthread_mutex_init(&loader->lock, NULL);
    pthread_cond_init(&loader->filled, NULL);
    pthread_cond_init(&loader->emptied, NULL);
    gradus_status status = loader->augment ? plan_augment(loader, error) : GRADUS_OK;
    bool memory = !status && take_memory(loader);
    if (!status && !memory)
        gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory for a batch of %d", (int)batch);
    if (memory && (!loader->config.ahead || start_thread(loader))) return loader;
    if (memory)
        gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "no thread can be started to prepare batches");
    gradus_loader_destroy(loader);
    return NULL;
}

void gradus_loader_destroy(gradus_loader *loader)
{
    if (!loader) return;
    if (loader->threaded) {
        pthread_mutex_lock(&loader->lock);
        loader->stop = true;
        pthread_cond_signal(&loader->emptied);
        pthread_mutex_unlock(&loader->lock);
        pthread_join(loader->thread, NULL);
    }
    pthread_mutex_destroy(&loader->lock);
    pthread_cond_destroy(&loader->filled);
    pthread_cond_destroy(&loader->emptied);
    gradus_arena_close(&loader->memory);
    gradus_release(NULL, loader, sizeof *loader);
}

/* ---- use ---- */

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Gives the last batch back and waits for the next. */
static const buffer *take_prepared(gradus_loader *loader)
{
    pthread_mutex_lock(&loader->lock);
    loader->given_back = loader->taken;
    pthread_cond_signal(&loader->emptied);
    if (loader->prepared == loader->taken) {
        double since = now();
        while (loader->prepared == loader->taken) pthread_cond_wait(&loader->filled, &loader->lock);
        loader->waited += now() - since;
    }
    const buffer *next = &loader->buffers[loader->taken++ % BUFFERS];
    pthread_mutex_unlock(&loader->lock);
    return next;
}

bool gradus_loader_next(gradus_loader *loader, gradus_batch *batch)
{
    const buffer *next = loader->buffers;
    if (loader->threaded) {
        next = take_prepared(loader);
    } else {
        double since = now();
        prepare(loader, &loader->cursor, loader->buffers);
        loader->waited += now() - since;
    }
    loader->cursor = after(loader->cursor, next->over);
    if (!next->over) *batch = next->batch;
    return !next->over;
}

int64_t gradus_loader_batches(const gradus_loader *loader) { return loader->batches; }

gradus_cursor gradus_loader_cursor(const gradus_loader *loader) { return loader->cursor; }

void gradus_loader_seek(gradus_loader *loader, gradus_cursor cursor)
{
    pthread_mutex_lock(&loader->lock);
    loader->cursor = loader->ahead = cursor;
    loader->given_back = loader->taken = loader->prepared;
    loader->turn++;
    pthread_cond_signal(&loader->emptied);
    pthread_mutex_unlock(&loader->lock);
}

double gradus_loader_waited(const gradus_loader *loader) { return loader->waited; }
