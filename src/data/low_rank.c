/* low_rank: ratings that are made on the spot. Users and items are points in a space of few dimensions, a rating is the product of two
 * of them and some noise: what a net can find, and how well at best, is known. */
#include <stdio.h>
#include <stdlib.h>
#include <math.h>
#include "ratings.h"

enum { USERS_STREAM = 0x75736572, ITEMS_STREAM, NOISE_STREAM, PAIRS_STREAM };

static gradus_status no_memory(gradus_error *error)
{
    return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "low_rank: out of memory");
}

/* Both are called by their numbers from 0. */
static bool name_all(gradus_texts *names, int64_t count, gradus_arena *arena)
{
    char text[32];
    bool added = true;
    for (int64_t i = 0; i < count && added; i++)
        added = gradus_texts_add(names, arena, text, gradus_number_print((double)i, text));
    return added;
}

/* Divided by the root of the rank, so that ratings are about as large whatever it is. */
static double product(uint64_t seed, int64_t user, int64_t item, int64_t rank)
{
    double sum = 0;
    for (int64_t i = 0; i < rank; i++)
        sum += gradus_random_normal(seed, USERS_STREAM, (uint64_t)(user * rank + i)) *
               gradus_random_normal(seed, ITEMS_STREAM, (uint64_t)(item * rank + i));
    return sum / sqrt((double)rank);
}

static gradus_status draw(gradus_reading *reading, int64_t count, gradus_error *error)
{
    gradus_data *data = reading->data;
    const int64_t users = gradus_reading_count(reading, "users"), items = gradus_reading_count(reading, "items"),
                  rank = gradus_reading_count(reading, "rank"), all = users * items;
    const double noise = gradus_item_value(reading->item, "noise")->number;
    const uint64_t seed = (uint64_t)gradus_reading_count(reading, "seed");
    int64_t *order = malloc((size_t)all * sizeof *order);
    float *pairs = gradus_arena_take(&data->arena, 2 * (size_t)count * sizeof *pairs, 64);
    float *numbers = gradus_arena_take(&data->arena, (size_t)count * sizeof *numbers, 64);
    if (!order || !pairs || !numbers) {
        free(order);
        return no_memory(error);
    }
    gradus_random_permutation(seed, PAIRS_STREAM, all, order);
    for (int64_t i = 0; i < count; i++) {
        const int64_t user = order[i] / items, item = order[i] % items;
        pairs[2 * i] = (float)user, pairs[2 * i + 1] = (float)(users + item);
        numbers[i] = (float)(product(seed, user, item, rank) +
                             noise * gradus_random_normal(seed, NOISE_STREAM, (uint64_t)order[i]));
    }
    free(order);
    data->training = (gradus_examples){.count = count, .width = 2, .values = pairs, .numbers = numbers};
    return GRADUS_OK;
}

static gradus_status open_set(gradus_reading *reading, gradus_error *error)
{
    gradus_data *data = reading->data;
    const int64_t users = gradus_reading_count(reading, "users"), items = gradus_reading_count(reading, "items"),
                  all = users * items, asked = gradus_reading_count(reading, "count");
    gradus_ratings *known = gradus_ratings_create(data, error);
    if (!known) return (gradus_status)error->status;
    if (asked > all || all > 100000000)
        return gradus_reading_fail(
            reading, gradus_item_value(reading->item, asked > all ? "count" : "items"), GRADUS_CODE_OUT_OF_RANGE, error,
            "%lld users and %lld items have %lld ratings; expected count= no larger, and at most "
            "1e8",
            (long long)users, (long long)items, (long long)all);
    snprintf(data->info.name, sizeof data->info.name, "low_rank");
    if (!name_all(&known->users, users, &data->arena) || !name_all(&known->items, items, &data->arena))
        return no_memory(error);
    gradus_status status = draw(reading, asked ? asked : (all + 1) / 2, error);
    return status ? status : gradus_ratings_conclude(reading, false, error);
}

static const gradus_argument arguments[] = {
    {.name = "users", .kind = GRADUS_INTEGER, .initial = "200", .low = 1, .high = 1e6, .help = "how many users"},
    {.name = "items", .kind = GRADUS_INTEGER, .initial = "200", .low = 1, .high = 1e6, .help = "how many items"},
    {.name = "rank",
     .kind = GRADUS_INTEGER,
     .initial = "3",
     .low = 1,
     .high = 1000,
     .help = "dimensions of a user and of an item"},
    {.name = "noise",
     .kind = GRADUS_NUMBER,
     .initial = "0.3",
     .low = 0,
     .high = 1e6,
     .flags = GRADUS_NAMED,
     .help = "deviation of what is added to each rating: no net can be closer than that in the mean"},
    {.name = "count",
     .kind = GRADUS_INTEGER,
     .low = 3,
     .high = 1e8,
     .flags = GRADUS_OPTIONAL | GRADUS_NAMED,
     .help = "how many ratings; without it half of all there can be",
     .also = "n, size, samples"},
    {.name = "test",
     .kind = GRADUS_TEXT,
     .initial = "10%",
     .flags = GRADUS_NAMED,
     .help = "what is kept for the test: a share (10%), a number of ratings, none",
     .also = "test_size, test_split"},
    {.name = "seed",
     .kind = GRADUS_INTEGER,
     .initial = "1",
     .low = 0,
     .high = 9007199254740992.0,
     .flags = GRADUS_NAMED,
     .help = "another seed, other ratings; the run's own seed does not change them"},
    GRADUS_TARGET_SCALE_ARGUMENT,
    {0},
};

const gradus_reader gradus_reader_low_rank = {
    .member = {.name = "low_rank",
               .summary = "ratings of items by users, made on the spot, of which it is known how well they can be told",
               .formula = "rating = u[user] . v[item] / sqrt(rank) + noise e, all drawn normally",
               .paper = "Koren, Bell, Volinsky 2009, Matrix factorization techniques for recommender systems",
               .arguments = arguments,
               .notes = "an example is two symbols, as in ratings"},
    .open = open_set,
    .inputs = gradus_ratings_inputs,
    .save = gradus_ratings_save,
    .recall = gradus_ratings_recall,
};
