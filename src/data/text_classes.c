/* text_classes: texts and the class of each, a line each, parted by a tab. A text is a row of so many symbols, its characters or its
 * words; what training does not know is one symbol, and what is missing at the front of a short one another. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "learnt.h"
#include "tokens.h"

enum { NOTHING, UNKNOWN, FIRST_SYMBOL };
enum { MOST_CLASSES = 1000, USUAL_WORDS = 40, USUAL_CHARACTERS = 160 };
enum target { AUTO, FIRST, LAST };

typedef struct memory {
    gradus_learnt learnt; /* first, as the functions of learnt.h expect it */
    gradus_texts symbols; /* numbered from FIRST_SYMBOL */
    gradus_token_kind unit;
} memory;

typedef struct row {
    const char *text, *class;
    size_t length, class_length;
    int64_t line;
} row;

typedef struct rows {
    gradus_source source;
    row *row; /* of malloc */
    int64_t count;
} rows;

static gradus_status no_memory(gradus_error *error)
{
    return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
}

/* ---- rows ---- */

static gradus_status check_text(const gradus_source *source, gradus_error *error)
{
    const unsigned char *bad = gradus_not_text(source->bytes, source->size), *start = source->bytes;
    long long line = 1;
    if (!bad) return GRADUS_OK;
    for (const unsigned char *at = source->bytes; at < bad; at++)
        if (*at == '\n') line++, start = at + 1;
    return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                       "%s:%lld:%lld: this is no text in UTF-8 (a byte of %d)", source->path, line,
                       (long long)(bad - start + 1), *bad);
}

/* Case says little of what a text is about. */
static void lower(gradus_source *source)
{
    for (unsigned char *at = source->bytes; at < source->bytes + source->size; at++)
        if (*at >= 'A' && *at <= 'Z') *at += 'a' - 'A';
}

static const char *next_line(const char *at, const char *end, size_t *length)
{
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    *length = (size_t)((stop ? stop : end) - at);
    if (*length && at[*length - 1] == '\r') --*length;
    return stop ? stop + 1 : end;
}

/* Lines that hold something, whole. */
static gradus_status read_lines(rows *all, const char *path, gradus_sha256 *sum, gradus_error *error)
{
    if (gradus_source_open(&all->source, path, sum, error) || check_text(&all->source, error))
        return (gradus_status)error->status;
    const char *end = (const char *)all->source.bytes + all->source.size;
    int64_t lines = 1, line = 1;
    for (const char *at = (const char *)all->source.bytes; at < end; at++) lines += *at == '\n';
    all->row = malloc((size_t)lines * sizeof *all->row);
    if (!all->row) return no_memory(error);
    for (const char *at = (const char *)all->source.bytes, *next; at < end; at = next, line++) {
        row *this = &all->row[all->count];
        *this = (row){.text = at, .line = line};
        next = next_line(at, end, &this->length);
        all->count += this->length > 0;
    }
    if (all->count) return GRADUS_OK;
    return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: no lines", path);
}

/* At the first tab, or at the last. */
static gradus_status part_lines(rows *all, enum target target, gradus_error *error)
{
    for (int64_t i = 0; i < all->count; i++) {
        row *this = &all->row[i];
        const char *tab = NULL;
        for (size_t k = 0; k < this->length; k++)
            if (this->text[k] == '\t' && !(tab && target == FIRST)) tab = this->text + k;
        if (!tab)
            return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                               "%s:%lld:1: no tab in this line; expected %s", all->source.path, (long long)this->line,
                               target == FIRST ? "a class, a tab and a text" : "a text, a tab and a class");
        const size_t before = (size_t)(tab - this->text), behind = this->length - before - 1;
        const char *start = this->text;
        this->class = target == FIRST ? start : tab + 1, this->class_length = target == FIRST ? before : behind;
        this->text = target == FIRST ? tab + 1 : start, this->length = target == FIRST ? behind : before;
        if (this->class_length == 0)
            return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                               "%s:%lld:%lld: nothing stands here, expected a class", all->source.path,
                               (long long)this->line, (long long)(this->class - start + 1));
    }
    return GRADUS_OK;
}

/* The column that holds fewer different texts in the first lines. */
static enum target guess(const rows *all, gradus_arena *arena)
{
    enum { LOOKED_AT = 200 };
    gradus_texts first = {0}, last = {0};
    for (int64_t i = 0; i < all->count && i < LOOKED_AT; i++) {
        const row *this = &all->row[i];
        const char *end = this->text + this->length, *tab = memchr(this->text, '\t', this->length), *behind = end;
        if (!tab) continue;
        while (behind[-1] != '\t') behind--;
        if (!gradus_texts_add(&first, arena, this->text, (size_t)(tab - this->text)) ||
            !gradus_texts_add(&last, arena, behind, (size_t)(end - behind)))
            break;
    }
    return last.count < first.count ? LAST : FIRST;
}

static void close_rows(rows *all)
{
    free(all->row);
    gradus_source_close(&all->source);
}

/* ---- symbols ---- */

static gradus_status learn_symbols(gradus_reading *reading, const rows *all, memory *known, gradus_error *error)
{
    const gradus_rows *training = &reading->data->part[GRADUS_TRAINING];
    gradus_vocabulary met = {.unit = known->unit};
    gradus_arena *arena = &reading->data->arena;
    bool room = true;
    for (int32_t walk = 0; walk < 2; walk++)
        for (int64_t i = 0; i < training->count && room; i++) {
            const row *this = &all->row[training->index ? training->index[i] : i];
            room = walk ? gradus_vocabulary_count(&met, this->text, this->length)
                        : gradus_vocabulary_meet(&met, arena, this->text, this->length);
        }
    const int64_t least = known->unit == GRADUS_CHARACTERS ? 1 : gradus_reading_count(reading, "least");
    room = gradus_vocabulary_choose(&met, arena, gradus_reading_count(reading, "vocabulary"), least, &known->symbols) &&
           room;
    return room ? GRADUS_OK : no_memory(error);
}

/* A long text ends early; a short one begins late, so that its end is the end of the row. */
static gradus_status encode(const rows *all, const memory *known, int64_t width, gradus_arena *arena,
                            gradus_examples *examples, gradus_error *error)
{
    float *values = gradus_arena_take(arena, (size_t)(all->count * width) * sizeof *values, 64);
    if (!values) return no_memory(error);
    *examples = (gradus_examples){.count = all->count, .width = width, .values = values, .classes = examples->classes};
    for (int64_t i = 0; i < all->count; i++, values += width) {
        const char *at = all->row[i].text, *end = at + all->row[i].length, *token;
        size_t length;
        int64_t used = 0;
        while (used < width && gradus_token(known->unit, &at, end, &token, &length)) {
            const int32_t symbol = gradus_texts_find(&known->symbols, token, length);
            values[used++] = (float)(symbol < 0 ? UNKNOWN : FIRST_SYMBOL + symbol);
        }
        memmove(values + width - used, values, (size_t)used * sizeof *values);
        for (int64_t k = 0; k < width - used; k++) values[k] = NOTHING;
    }
    return GRADUS_OK;
}

/* ---- classes ---- */

static gradus_status find_classes(const rows *all, gradus_arena *arena, gradus_texts *classes, gradus_error *error)
{
    for (int64_t i = 0; i < all->count; i++) {
        if (!gradus_texts_add(classes, arena, all->row[i].class, all->row[i].class_length)) return no_memory(error);
        if (classes->count > MOST_CLASSES)
            return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                               "%s:%lld: more than %d classes; target=first and target=last say in which column they "
                               "stand",
                               all->source.path, (long long)all->row[i].line, MOST_CLASSES);
    }
    if (classes->count > 1) return GRADUS_OK;
    return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: all texts are of the class %s",
                       all->source.path, classes->text[0]);
}

static gradus_status take_classes(const rows *all, const gradus_texts *classes, gradus_arena *arena,
                                  gradus_examples *examples, gradus_error *error)
{
    int32_t *class = gradus_arena_take(arena, (size_t)all->count * sizeof *class, 64);
    if (!class) return no_memory(error);
    examples->classes = class;
    for (int64_t i = 0; i < all->count; i++) {
        const row *this = &all->row[i];
        class[i] = gradus_texts_find(classes, this->class, this->class_length);
        if (class[i] < 0)
            return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                               "%s:%lld: '%.*s' is no class of training; these are %s to %s", all->source.path,
                               (long long)this->line, gradus_shown(this->class, this->class_length, 40), this->class,
                               classes->text[0], classes->text[classes->count - 1]);
    }
    return GRADUS_OK;
}

/* ---- the set ---- */

static gradus_status read_rows(gradus_reading *reading, const char *text, enum target *target, rows *all,
                               gradus_error *error)
{
    char path[GRADUS_DATA_PATH];
    if (gradus_reading_path(reading, text, path, error) || read_lines(all, path, &reading->sum, error))
        return (gradus_status)error->status;
    if (gradus_reading_count(reading, "unit") == 1) lower(&all->source);
    if (*target == AUTO) *target = guess(all, &reading->data->arena);
    return part_lines(all, *target, error);
}

static void set_title(gradus_reading *reading, const memory *known)
{
    gradus_data *data = reading->data;
    char what[160];
    snprintf(what, sizeof what, "%lld texts of %lld classes as %lld %s of %d kinds", (long long)data->training.count,
             (long long)data->info.targets[0].outputs, (long long)data->info.shape[0],
             known->unit == GRADUS_CHARACTERS ? "characters" : "words", known->symbols.count);
    gradus_reading_title(reading, what);
}

static gradus_status learn(gradus_reading *reading, const rows *all, const rows *test, gradus_error *error)
{
    gradus_data *data = reading->data;
    gradus_texts classes = {0};
    const int64_t length = gradus_reading_count(reading, "length");
    memory *known = gradus_arena_take(&data->arena, sizeof *known, 64);
    if (!known) return no_memory(error);
    *known = (memory){.unit = gradus_reading_count(reading, "unit") ? GRADUS_SINGLE_WORDS : GRADUS_CHARACTERS};
    data->info.shape[0] = length ? length : known->unit == GRADUS_CHARACTERS ? USUAL_CHARACTERS : USUAL_WORDS;
    if (find_classes(all, &data->arena, &classes, error)) return (gradus_status)error->status;
    data->info.targets[0].kind = GRADUS_TARGET_CLASS, data->info.targets[0].outputs = classes.count;
    if (take_classes(all, &classes, &data->arena, &data->training, error) ||
        (test->count && take_classes(test, &classes, &data->arena, &data->test, error)) ||
        gradus_reading_split(reading, all->count, test->count > 0, error) ||
        learn_symbols(reading, all, known, error) ||
        encode(all, known, data->info.shape[0], &data->arena, &data->training, error) ||
        (test->count && encode(test, known, data->info.shape[0], &data->arena, &data->test, error)) ||
        gradus_learnt_from(reading, 1, &classes, error))
        return (gradus_status)error->status;
    known->learnt = *(gradus_learnt *)data->memory;
    data->memory = known;
    data->info.symbols = FIRST_SYMBOL + known->symbols.count;
    data->info.ordered = true;
    set_title(reading, known);
    return GRADUS_OK;
}

static gradus_status open_file(gradus_reading *reading, gradus_error *error)
{
    const char *file = gradus_reading_text(reading, "file"), *test = gradus_reading_text(reading, "test");
    int64_t amount;
    rows all = {.row = NULL}, others = {.row = NULL};
    enum target target = (enum target)gradus_reading_count(reading, "target");
    gradus_stem(file, reading->data->info.name, sizeof reading->data->info.name);
    gradus_status status = read_rows(reading, file, &target, &all, error);
    if (!status && !gradus_amount_read(test, 0, &amount)) status = read_rows(reading, test, &target, &others, error);
    if (!status) status = learn(reading, &all, &others, error);
    close_rows(&all);
    close_rows(&others);
    return status;
}

/* A file of texts alone, a line each. */
static gradus_status open_inputs(const gradus_data *like, const char *path, gradus_data *data, gradus_error *error)
{
    const memory *known = like->memory;
    rows all = {.row = NULL};
    gradus_status status = read_lines(&all, path, NULL, error);
    if (!status && known->unit == GRADUS_SINGLE_WORDS) lower(&all.source);
    if (!status) status = encode(&all, known, like->info.shape[0], &data->arena, &data->test, error);
    close_rows(&all);
    return status;
}

static void save(const gradus_data *data, gradus_state_writer *writer)
{
    const memory *known = data->memory;
    gradus_state_int(writer, "unit", known->unit);
    gradus_texts_save(writer, "vocabulary", known->symbols.text, known->symbols.count);
    gradus_learnt_save(data, writer);
}

static gradus_status recall(gradus_data *data, gradus_state_reader *state, gradus_error *error)
{
    int64_t unit;
    if (gradus_learnt_recall(data, state, error)) return (gradus_status)error->status;
    memory *known = gradus_arena_take(&data->arena, sizeof *known, 64);
    if (!known) return no_memory(error);
    *known = (memory){.learnt = *(gradus_learnt *)data->memory};
    if (!gradus_state_take(state, "unit", GRADUS_STATE_INT64, 1, &unit) ||
        (unit != GRADUS_CHARACTERS && unit != GRADUS_SINGLE_WORDS) || data->info.shape[0] < 1 ||
        data->info.shape[0] > 65536 || !gradus_texts_recall(state, "vocabulary", &data->arena, &known->symbols) ||
        data->info.symbols != FIRST_SYMBOL + known->symbols.count)
        return gradus_fail(error, GRADUS_ERROR_STATE, GRADUS_CODE_BAD_DATA,
                           "what is remembered of the words does not fit together");
    known->unit = (gradus_token_kind)unit;
    data->memory = known;
    return GRADUS_OK;
}

/* ---- the row ---- */

static const gradus_argument arguments[] = {
    {.name = "file",
     .kind = GRADUS_TEXT,
     .help =
         "the file: in each line a class and a text, or a text and a class, parted by a tab; also compressed by gzip",
     .also = "path, filename"},
    {.name = "unit",
     .kind = GRADUS_WORD,
     .words = "characters|words",
     .initial = "words",
     .flags = GRADUS_NAMED,
     .help = "what a symbol is; words are taken in small letters, and signs between them are symbols too",
     .also = "level, tokenizer, analyzer"},
    {.name = "length",
     .kind = GRADUS_INTEGER,
     .low = 1,
     .high = 65536,
     .flags = GRADUS_OPTIONAL | GRADUS_NAMED,
     .help = "symbols of an example; without it 40 words or 160 characters. A longer text is cut at its end",
     .also = "max_length, maxlen, context, sequence_length"},
    {.name = "vocabulary",
     .kind = GRADUS_INTEGER,
     .initial = "10000",
     .low = 1,
     .high = 1e6,
     .flags = GRADUS_NAMED,
     .help = "most symbols that are known, those that training has most of; others are one more symbol",
     .also = "max_features, max_tokens, vocab_size, num_words"},
    {.name = "least",
     .kind = GRADUS_INTEGER,
     .initial = "2",
     .low = 1,
     .high = 1e6,
     .flags = GRADUS_NAMED,
     .help = "how often a word must stand in training to be known; what is rarer teaches what to make of a new one",
     .also = "min_df, min_freq, min_count"},
    {.name = "target",
     .kind = GRADUS_WORD,
     .words = "auto|first|last",
     .initial = "auto",
     .flags = GRADUS_NAMED,
     .help = "which column is the class; auto: the one with fewer different texts",
     .also = "label, y"},
    {.name = "test",
     .kind = GRADUS_TEXT,
     .initial = "10%",
     .flags = GRADUS_NAMED,
     .help = "what is kept for the test: a share (10%), a number of lines, none, or a file",
     .also = "test_size, test_split, test_file"},
    GRADUS_LIMIT_ARGUMENT,
    {0},
};

const gradus_reader gradus_reader_text_classes = {
    .member = {.name = "text_classes",
               .summary = "texts, of which is learnt of which class each is",
               .also = "sentiment, text_classification",
               .arguments = arguments,
               .notes = "symbol 0 is nothing, at the front of short texts, and 1 is what training does not know; there "
                        "is no quoting. A prediction takes a file of texts, a line each"},
    .open = open_file,
    .inputs = open_inputs,
    .save = save,
    .recall = recall,
};
