/* glyphs: drawn digits, made on the spot, so that a first run needs no download. Picture i of a part depends on the seed and on i
 * alone: a smaller set is the beginning of a larger one, and the test pictures are the same whatever is trained on. */
#include <stdio.h>
#include <stdlib.h>
#include "glyphs.h"
#include "idx.h"

enum { BLOCK = 500 }; /* pictures that one thread draws at a time */

typedef struct drawing {
    const gradus_pens *pens;
    uint64_t seed, part;
    int64_t count;
    unsigned char *pixels;
    int32_t *classes;
} drawing;

static void draw_block(void *job, int64_t block)
{
    const drawing *drawn = job;
    int64_t end = (block + 1) * BLOCK < drawn->count ? (block + 1) * BLOCK : drawn->count;
    for (int64_t i = block * BLOCK; i < end; i++)
        drawn->classes[i] = gradus_glyph_draw(drawn->pens, drawn->seed, drawn->part, (uint64_t)i,
                                              drawn->pixels + i * GRADUS_GLYPH_PIXELS);
}

static gradus_status draw(gradus_data *data, drawing *job, gradus_examples *examples, gradus_error *error)
{
    job->classes = gradus_arena_take(&data->arena, (size_t)job->count * sizeof *job->classes, sizeof *job->classes);
    job->pixels = gradus_data_keep(data, malloc((size_t)job->count * GRADUS_GLYPH_PIXELS));
    if (!job->classes || !job->pixels)
        return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "glyphs: out of memory for %lld pictures",
                           (long long)job->count);
    gradus_parallel(NULL, (job->count + BLOCK - 1) / BLOCK, draw_block, job);
    *examples = (gradus_examples){
        .count = job->count, .width = GRADUS_GLYPH_PIXELS, .bytes = job->pixels, .classes = job->classes};
    return GRADUS_OK;
}

static gradus_status open_set(gradus_reading *reading, gradus_error *error)
{
    gradus_data *data = reading->data;
    gradus_pens *pens = gradus_arena_take(&data->arena, sizeof *pens, 64);
    if (!pens) return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    gradus_pens_cut(pens);
    drawing job = {.pens = pens, .seed = (uint64_t)gradus_reading_count(reading, "seed")};
    job.count = gradus_reading_count(reading, "count");
    gradus_status status = draw(data, &job, &data->training, error);
    job.part = 1, job.count = gradus_reading_count(reading, "test");
    if (!status && job.count) status = draw(data, &job, &data->test, error);
    if (status) return status;
    data->info = (gradus_data_info){.name = "glyphs",
                                    .target_count = 1,
                                    .shape = {1, GRADUS_GLYPH_SIDE, GRADUS_GLYPH_SIDE},
                                    .targets = {{.kind = GRADUS_TARGET_CLASS, .outputs = GRADUS_GLYPH_CLASSES}}};
    status = gradus_reading_split(reading, data->training.count, true, error);
    char what[80];
    snprintf(what, sizeof what, "%lld drawn digits %dx%d", (long long)data->training.count, GRADUS_GLYPH_SIDE,
             GRADUS_GLYPH_SIDE);
    gradus_reading_title(reading, what);
    return status;
}

static const gradus_argument arguments[] = {
    {.name = "count",
     .kind = GRADUS_INTEGER,
     .initial = "60000",
     .low = 2,
     .high = 1e8,
     .help = "how many pictures to learn from, validation included",
     .also = "limit, n, size"},
    {.name = "test",
     .kind = GRADUS_INTEGER,
     .initial = "10000",
     .low = 0,
     .high = 1e8,
     .flags = GRADUS_NAMED,
     .help = "how many further pictures to test on"},
    {.name = "seed",
     .kind = GRADUS_INTEGER,
     .initial = "1",
     .low = 0,
     .high = 9007199254740992.0,
     .flags = GRADUS_NAMED,
     .help = "another seed, other pictures; the run's own seed does not change them"},
    {0},
};

static const gradus_known_set known = {.name = "glyphs", .summary = "drawn digits, as many as wanted, of 28x28"};

const gradus_reader gradus_reader_glyphs = {
    .member =
        {.name = "glyphs",
         .summary = "drawn digits of 28x28, made on the spot",
         .arguments = arguments,
         .notes =
             "ten classes in several ways of writing, with a shaking hand, slant, place, pens and paper; a linear\n"
             "model reads about 78 % of them, a small convolutional net more than 99 %"},
    .known = &known,
    .open = open_set,
    .inputs = gradus_idx_inputs,
};
