/* text: a file of text, of which a net learns what comes next. A symbol is a character or a word; an example is a window of so many of them, and
 * its targets are the symbols one further. Parts are stretches of the file: training at its beginning, then validation, then the test,
 * so that no window of one has a symbol of another. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "set.h"
#include "tokens.h"

typedef struct alphabet {
    gradus_texts symbols;
    gradus_token_kind unit;
} alphabet;

static gradus_status no_memory(gradus_error *error)
{
    return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
}

/* ---- symbols ---- */

/* The name of a word that is not known: it shows as a question mark in most fonts. */
static const char unknown[] = "\xef\xbf\xbd";

static gradus_status check(const gradus_source *source, gradus_error *error)
{
    const unsigned char *bad = gradus_not_text(source->bytes, source->size);
    int64_t line = 1;
    if (!bad) return GRADUS_OK;
    for (const unsigned char *at = source->bytes; at < bad; at++) line += *at == '\n';
    return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                       "%s:%lld: this is no text in UTF-8 (a byte of %d)", source->path, (long long)line, *bad);
}

/* How many there are, and where the first `most` of them end. */
static int64_t count_symbols(const gradus_source *source, gradus_token_kind unit, int64_t most, size_t *end)
{
    const char *start = (const char *)source->bytes, *at = start, *token;
    int64_t count = 0;
    size_t length;
    while (gradus_token(unit, &at, start + source->size, &token, &length))
        if (++count <= most) *end = (size_t)(at - start);
    return count;
}

/* All characters of the file are known; of words, those that training has most of. */
static gradus_status learn_symbols(const gradus_reading *reading, const gradus_source *source, size_t training,
                                   alphabet *all, gradus_error *error)
{
    gradus_arena *arena = &reading->data->arena;
    const char *text = (const char *)source->bytes;
    gradus_vocabulary met = {.unit = all->unit};
    const bool words = all->unit == GRADUS_WORDS;
    const size_t size = words ? training : source->size;
    bool memory = gradus_vocabulary_meet(&met, arena, text, size) && gradus_vocabulary_count(&met, text, size);
    memory = gradus_vocabulary_choose(&met, arena, words ? gradus_reading_count(reading, "vocabulary") : INT32_MAX, 1,
                                      &all->symbols) &&
             memory;
    if (words) memory = memory && gradus_texts_add(&all->symbols, arena, unknown, strlen(unknown));
    return memory ? GRADUS_OK : no_memory(error);
}

/* Each symbol as its number, as float for the inputs and as class for the targets. */
static void encode(const gradus_source *source, const alphabet *all, float *values, int32_t *classes)
{
    const char *at = (const char *)source->bytes, *end = at + source->size, *token;
    int32_t known[128];
    size_t length;
    memset(known, -1, sizeof known);
    for (; gradus_token(all->unit, &at, end, &token, &length); values++, classes++) {
        const bool single = length == 1 && (unsigned char)*token < 128;
        int32_t number = single ? known[(int)*token] : -1;
        if (number < 0) number = gradus_texts_find(&all->symbols, token, length);
        if (number < 0) number = gradus_texts_find(&all->symbols, unknown, strlen(unknown));
        if (single) known[(int)*token] = number;
        *values = (float)number;
        *classes = number;
    }
}

/* ---- parts ---- */

typedef struct stretch {
    int64_t first, count; /* symbols */
} stretch;

/* Windows of a stretch, `step` apart; the last symbol is a target only. */
static void cut(gradus_data *data, gradus_examples *examples, stretch of, int64_t step, const float *values,
                const int32_t *classes)
{
    const int64_t width = data->info.shape[0];
    *examples = (gradus_examples){.count = of.count > width ? (of.count - 1 - width) / step + 1 : 0,
                                  .width = width,
                                  .step = step,
                                  .values = values + of.first,
                                  .classes = classes + of.first + 1};
}

static gradus_status divide(gradus_reading *reading, int64_t count, stretch parts[3], gradus_error *error)
{
    const char *validation = reading->config->validation ? reading->config->validation : "10%";
    int64_t amounts[3] = {0};
    if (!gradus_amount_read(validation, count, &amounts[GRADUS_VALIDATION]))
        return gradus_fail(error, GRADUS_ERROR_SPEC, GRADUS_CODE_WRONG_TYPE,
                           "validation: '%s' is no share of the text; write 10%%, a number of characters, or none",
                           validation);
    const gradus_value *test = gradus_item_value(reading->item, "test");
    if (!gradus_amount_read(test->text, count, &amounts[GRADUS_TEST]))
        return gradus_reading_fail(reading, test, GRADUS_CODE_WRONG_TYPE, error,
                                   "'%s' is no share of the text; write 10%%, a number of characters, or none",
                                   test->text);
    amounts[GRADUS_TRAINING] = count - amounts[GRADUS_VALIDATION] - amounts[GRADUS_TEST];
    for (int64_t part = 0, first = 0; part < 3; first += amounts[part++]) parts[part] = (stretch){first, amounts[part]};
    if (amounts[GRADUS_TRAINING] > reading->data->info.shape[0]) return GRADUS_OK;
    return gradus_reading_fail(reading, NULL, GRADUS_CODE_NO_DATA, error,
                               "the text has %lld %s, of which too few are left for training: a window has %lld",
                               (long long)count, gradus_reading_count(reading, "unit") ? "words" : "characters",
                               (long long)reading->data->info.shape[0]);
}

/* ---- the set ---- */

static void describe(gradus_data *data, const alphabet *all)
{
    data->info.targets[0].kind = GRADUS_TARGET_CLASS;
    data->info.targets[0].outputs = data->info.symbols = all->symbols.count;
    data->info.positions = data->info.shape[0];
    data->info.targets[0].class_names = all->symbols.text;
}

static gradus_status read_all(gradus_reading *reading, const gradus_source *source, gradus_error *error)
{
    gradus_data *data = reading->data;
    alphabet *all = data->memory;
    stretch parts[3];
    const int64_t stride = gradus_reading_count(reading, "stride");
    size_t training = 0;
    all->unit = gradus_reading_count(reading, "unit") ? GRADUS_WORDS : GRADUS_CHARACTERS;
    if (check(source, error)) return (gradus_status)error->status;
    const int64_t count = count_symbols(source, all->unit, 0, &training);
    data->info.shape[0] = gradus_reading_count(reading, "context");
    if (divide(reading, count, parts, error)) return (gradus_status)error->status;
    count_symbols(source, all->unit, parts[GRADUS_TRAINING].count, &training);
    if (learn_symbols(reading, source, training, all, error)) return (gradus_status)error->status;
    float *values = gradus_data_keep(data, malloc((size_t)count * sizeof *values));
    if (!values) return no_memory(error);
    int32_t *classes = gradus_data_keep(data, malloc((size_t)count * sizeof *classes));
    if (!classes) return no_memory(error);
    encode(source, all, values, classes);
    describe(data, all);
    gradus_examples *examples[3] = {&data->training, &data->validation, &data->test};
    for (int32_t part = 0; part < 3; part++) {
        const int64_t step = part == GRADUS_TRAINING && stride ? stride : data->info.shape[0];
        cut(data, examples[part], parts[part], step, values, classes);
        if (examples[part]->count) data->part[part] = (gradus_rows){examples[part], examples[part]->count, NULL};
    }
    char what[120];
    snprintf(what, sizeof what, "%lld %s of %d kinds in windows of %lld", (long long)count,
             all->unit == GRADUS_WORDS ? "words" : "characters", (int)all->symbols.count,
             (long long)data->info.shape[0]);
    gradus_reading_title(reading, what);
    return GRADUS_OK;
}

static gradus_status open_file(gradus_reading *reading, gradus_error *error)
{
    gradus_data *data = reading->data;
    gradus_source source = {0};
    char path[GRADUS_DATA_PATH];
    data->memory = gradus_arena_take(&data->arena, sizeof(alphabet), sizeof(void *));
    if (!data->memory) return no_memory(error);
    *(alphabet *)data->memory = (alphabet){0};
    gradus_status status = gradus_reading_path(reading, gradus_reading_text(reading, "file"), path, error);
    if (!status) status = gradus_source_open(&source, path, &reading->sum, error);
    if (!status) gradus_stem(path, data->info.name, sizeof data->info.name);
    if (!status) status = read_all(reading, &source, error);
    gradus_source_close(&source);
    return status;
}

static gradus_status open_inputs(const gradus_data *like, const char *path, gradus_data *data, gradus_error *error)
{
    (void)like, (void)data;
    return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_REFUSED,
                       "%s: a net of text tells what comes next, not what a row is", path);
}

static void save(const gradus_data *data, gradus_state_writer *writer)
{
    const alphabet *all = data->memory;
    gradus_texts_save(writer, "symbols", all->symbols.text, all->symbols.count);
}

static gradus_status recall(gradus_data *data, gradus_state_reader *state, gradus_error *error)
{
    alphabet *all = data->memory = gradus_arena_take(&data->arena, sizeof *all, sizeof(void *));
    if (!all) return no_memory(error);
    *all = (alphabet){0};
    if (!gradus_texts_recall(state, "symbols", &data->arena, &all->symbols))
        return gradus_fail(error, GRADUS_ERROR_STATE, GRADUS_CODE_BAD_DATA, "no alphabet in what is remembered");
    describe(data, all);
    return GRADUS_OK;
}

static const gradus_argument arguments[] = {
    {.name = "file",
     .kind = GRADUS_TEXT,
     .help = "the file: text in UTF-8, or such text compressed by gzip",
     .also = "path, filename"},
    {.name = "context",
     .kind = GRADUS_INTEGER,
     .initial = "64",
     .low = 1,
     .high = 65536,
     .flags = GRADUS_NAMED,
     .help = "symbols of an example",
     .also = "block_size, sequence_length, seq_len, window, length"},
    {.name = "unit",
     .kind = GRADUS_WORD,
     .words = "characters|words",
     .initial = "characters",
     .flags = GRADUS_NAMED,
     .help = "what a symbol is; a word has the space before it, and every other sign is a symbol of its own",
     .also = "level, tokenizer"},
    {.name = "vocabulary",
     .kind = GRADUS_INTEGER,
     .initial = "2000",
     .low = 1,
     .high = 1e6,
     .flags = GRADUS_NAMED,
     .help = "most words that are known, those that training has most of; others are one more symbol",
     .also = "vocab_size, max_tokens"},
    {.name = "stride",
     .kind = GRADUS_INTEGER,
     .low = 1,
     .high = 65536,
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL,
     .help = "symbols from the beginning of a training example to that of the next; without it they do not overlap"},
    {.name = "test",
     .kind = GRADUS_TEXT,
     .initial = "none",
     .flags = GRADUS_NAMED,
     .help = "what is kept for the test, at the end of the file: a share (10%), a number of symbols, none",
     .also = "test_size, test_split"},
    {.name = NULL},
};

const gradus_reader gradus_reader_text = {
    .member = {.name = "text",
               .summary = "a file of text, of which is learnt which character or word comes next",
               .also = "txt, language_model, characters, char_rnn",
               .arguments = arguments,
               .notes = "training, validation and test are stretches of the file in this order, so that they share no "
                        "character"},
    .endings = ".txt .txt.gz",
    .open = open_file,
    .inputs = open_inputs,
    .save = save,
    .recall = recall,
};
