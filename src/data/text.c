/* text: a file of text, of which a net learns what comes next. A symbol is a character; an example is a window of so many of them, and
 * its targets are the symbols one further. Parts are stretches of the file: training at its beginning, then validation, then the test,
 * so that no window of one has a symbol of another. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "set.h"
#include "texts.h"

typedef struct alphabet {
    gradus_texts symbols;
} alphabet;

static gradus_status no_memory(gradus_error *error)
{
    return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
}

/* ---- characters ---- */

/* Bytes of the character at a place of UTF-8 text; 0: it is none. */
static size_t character(const unsigned char *at, size_t left)
{
    const size_t size = at[0] < 0x80 ? 1 : at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : at[0] >= 0xc2 ? 2 : 0;
    if (size > left || at[0] > 0xf4 || !at[0]) return 0;
    for (size_t i = 1; i < size; i++)
        if ((at[i] & 0xc0) != 0x80) return 0;
    return size;
}

/* How many there are; all that occur stand in the alphabet. */
static gradus_status survey(const gradus_source *source, gradus_arena *arena, gradus_texts *symbols, int64_t *count,
                            gradus_error *error)
{
    bool seen[128] = {false};
    int64_t line = 1;
    *count = 0;
    for (size_t at = 0, size; at < source->size; at += size, ++*count) {
        const unsigned char *here = source->bytes + at;
        size = character(here, source->size - at);
        if (!size)
            return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                               "%s:%lld: this is no text in UTF-8 (a byte of %d)", source->path, (long long)line,
                               here[0]);
        line += here[0] == '\n';
        if (size == 1 && seen[here[0]]) continue;
        if (size == 1) seen[here[0]] = true;
        if (!gradus_texts_add(symbols, arena, (const char *)here, size)) return no_memory(error);
    }
    return GRADUS_OK;
}

/* Each character as its number, as float for the inputs and as class for the targets. */
static void encode(const gradus_source *source, const gradus_texts *symbols, float *values, int32_t *classes)
{
    int32_t known[128];
    memset(known, -1, sizeof known);
    for (size_t at = 0, size; at < source->size; at += size, values++, classes++) {
        const unsigned char *here = source->bytes + at;
        size = character(here, source->size - at);
        int32_t number = size == 1 ? known[here[0]] : -1;
        if (number < 0) number = gradus_texts_find(symbols, (const char *)here, size);
        if (size == 1) known[here[0]] = number;
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
    return gradus_reading_fail(
        reading, NULL, GRADUS_CODE_NO_DATA, error,
        "the text has %lld characters, of which too few are left for training: a window has %lld", (long long)count,
        (long long)reading->data->info.shape[0]);
}

/* ---- the set ---- */

static void describe(gradus_data *data, const alphabet *all)
{
    data->info.target = GRADUS_TARGET_CLASS;
    data->info.outputs = data->info.symbols = all->symbols.count;
    data->info.positions = data->info.shape[0];
    data->info.class_names = all->symbols.text;
}

static gradus_status read_all(gradus_reading *reading, const gradus_source *source, gradus_error *error)
{
    gradus_data *data = reading->data;
    alphabet *all = data->memory;
    stretch parts[3];
    int64_t count, stride = gradus_reading_count(reading, "stride");
    data->info.shape[0] = gradus_reading_count(reading, "context");
    if (survey(source, &data->arena, &all->symbols, &count, error) || divide(reading, count, parts, error))
        return error->status;
    float *values = gradus_data_keep(data, malloc((size_t)count * sizeof *values));
    if (!values) return no_memory(error);
    int32_t *classes = gradus_data_keep(data, malloc((size_t)count * sizeof *classes));
    if (!classes) return no_memory(error);
    encode(source, &all->symbols, values, classes);
    describe(data, all);
    gradus_examples *examples[3] = {&data->training, &data->validation, &data->test};
    for (int32_t part = 0; part < 3; part++) {
        const int64_t step = part == GRADUS_TRAINING && stride ? stride : data->info.shape[0];
        cut(data, examples[part], parts[part], step, values, classes);
        if (examples[part]->count) data->part[part] = (gradus_rows){examples[part], examples[part]->count, NULL};
    }
    char what[120];
    snprintf(what, sizeof what, "%lld characters of %d kinds in windows of %lld", (long long)count,
             (int)all->symbols.count, (long long)data->info.shape[0]);
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
     .help = "characters of an example",
     .also = "block_size, sequence_length, seq_len, window, length"},
    {.name = "stride",
     .kind = GRADUS_INTEGER,
     .low = 1,
     .high = 65536,
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL,
     .help = "characters from the beginning of a training example to that of the next; without it they do not overlap"},
    {.name = "test",
     .kind = GRADUS_TEXT,
     .initial = "none",
     .flags = GRADUS_NAMED,
     .help = "what is kept for the test, at the end of the file: a share (10%), a number of characters, none",
     .also = "test_size, test_split"},
    {.name = NULL},
};

const gradus_reader gradus_reader_text = {
    .member = {.name = "text",
               .summary = "a file of text, of which is learnt which character comes next",
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
