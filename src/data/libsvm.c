/* libsvm: one example a line, its target and then only those of its values that are not 0, each behind its number (Chang, Lin 2011).
 * They become rows of all values.
 *
 *     +1 3:0.5 7:-2      # what stands behind this sign is passed over */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "learnt.h"

enum { MOST_VALUES = 1 << 24, MOST_CLASSES = 1000 };
enum task { AUTO, CLASSIFICATION, REGRESSION };

typedef struct lines { /* a walk over the text */
    const char *path, *start, *end, *at, *line_start;
    int64_t line;
    const char *field; /* the last that was taken */
    size_t length;
    int64_t first; /* number of the first value: 1, or 0 */
} lines;

typedef struct survey { /* what a first walk finds */
    int64_t rows, width, capacity;
    double *targets;
    bool whole; /* all targets are */
    gradus_texts classes;
} survey;

static gradus_status no_memory(gradus_error *error)
{
    return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
}

/* ---- fields ---- */

static gradus_status bad(const lines *walk, gradus_error *error, const char *format, ...)
{
    char message[sizeof error->message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s:%lld:%lld: %s", walk->path,
                       (long long)walk->line, (long long)(walk->field - walk->line_start + 1), message);
}

static void rewind_lines(lines *walk) { walk->at = walk->line_start = walk->start, walk->line = 1; }

static bool ends_line(char byte) { return byte == '\n' || byte == '\r' || byte == '#'; }

/* The next field of the line; false: there is none. */
static bool next_field(lines *walk)
{
    while (walk->at < walk->end && (*walk->at == ' ' || *walk->at == '\t')) walk->at++;
    walk->field = walk->at;
    while (walk->at < walk->end && !ends_line(*walk->at) && *walk->at != ' ' && *walk->at != '\t') walk->at++;
    walk->length = (size_t)(walk->at - walk->field);
    return walk->length > 0;
}

/* To the next line that has a field, which is taken; false: there is none. */
static bool next_line(lines *walk, bool *begun)
{
    for (;; *begun = true) {
        if (*begun) {
            const char *end = memchr(walk->at, '\n', (size_t)(walk->end - walk->at));
            if (!end) return false;
            walk->at = walk->line_start = end + 1, walk->line++;
        }
        if (next_field(walk)) return *begun = true;
    }
}

static bool read_number(const char *text, size_t length, double *number)
{
    const size_t sign = length && *text == '+';
    return length > sign && gradus_number_read(text + sign, length - sign, number) == length - sign;
}

static bool read_target(lines *walk, double *target, gradus_error *error)
{
    if (read_number(walk->field, walk->length, target)) return true;
    bad(walk, error, "'%.*s' is no target; expected a number, then INDEX:VALUE",
        gradus_shown(walk->field, walk->length, 40), walk->field);
    return false;
}

/* "7:-2": which value, from 0; what it is. */
static bool read_value(lines *walk, int64_t *before, int64_t *index, double *value, gradus_error *error)
{
    const char *colon = memchr(walk->field, ':', walk->length);
    const size_t length = colon ? (size_t)(colon - walk->field) : 0;
    double number = 0;
    const int shown = gradus_shown(walk->field, walk->length, 40);
    if (!colon || !read_number(walk->field, length, &number) || number != (double)(int64_t)number ||
        !read_number(colon + 1, walk->length - length - 1, value))
        return bad(walk, error, "'%.*s' is no INDEX:VALUE", shown, walk->field), false;
    if (number < (double)walk->first || number >= MOST_VALUES)
        return bad(walk, error, "index %.0f, expected %lld to %d%s", number, (long long)walk->first, MOST_VALUES - 1,
                   number == 0 ? "; write first=0 for a file that counts from 0" : ""),
               false;
    *index = (int64_t)number - walk->first;
    if (*index <= *before)
        return bad(walk, error, "index %.0f stands behind %lld; expected them in order", number,
                   (long long)(*before + walk->first)),
               false;
    *before = *index;
    return true;
}

/* ---- walks ---- */

static bool keep_target(survey *found, double target, gradus_arena *arena, gradus_error *error)
{
    char text[32];
    if (found->rows == found->capacity) {
        const int64_t capacity = found->capacity ? 2 * found->capacity : 1024;
        double *more = realloc(found->targets, (size_t)capacity * sizeof *more);
        if (!more) return no_memory(error), false;
        found->targets = more, found->capacity = capacity;
    }
    found->targets[found->rows++] = target;
    found->whole = found->whole && target == (double)(int64_t)target;
    if (!found->whole || found->classes.count > MOST_CLASSES) return true;
    const size_t length = gradus_number_print(target, text);
    return gradus_texts_add(&found->classes, arena, text, length) || (no_memory(error), false);
}

/* Where there are no `targets` a line may begin with its first value. */
static gradus_status look(lines *walk, bool targets, survey *found, gradus_arena *arena, gradus_error *error)
{
    bool begun = false;
    rewind_lines(walk);
    found->whole = true;
    while (next_line(walk, &begun)) {
        double target = 0, value;
        int64_t before = -1, index;
        bool more = true;
        if (targets || !memchr(walk->field, ':', walk->length)) {
            if (!read_target(walk, &target, error)) return (gradus_status)error->status;
            more = next_field(walk);
        }
        for (; more; more = next_field(walk))
            if (!read_value(walk, &before, &index, &value, error)) return (gradus_status)error->status;
        if (before >= found->width) found->width = before + 1;
        if (!keep_target(found, target, arena, error)) return (gradus_status)error->status;
    }
    if (found->rows) return GRADUS_OK;
    return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: no rows", walk->path);
}

/* Values beyond the width have been refused before. */
static gradus_status fill(lines *walk, const survey *found, int64_t width, gradus_arena *arena,
                          gradus_examples *examples, gradus_error *error)
{
    const bool fits = found->rows <= INT64_MAX / 8 / width;
    float *values = fits ? gradus_arena_take(arena, (size_t)(found->rows * width) * sizeof *values, 64) : NULL;
    bool begun = false;
    if (!values)
        return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY,
                           "%s: out of memory for %lld rows of %lld values", walk->path, (long long)found->rows,
                           (long long)width);
    memset(values, 0, (size_t)(found->rows * width) * sizeof *values);
    *examples = (gradus_examples){.count = found->rows, .width = width, .values = values};
    rewind_lines(walk);
    for (; next_line(walk, &begun); values += width) {
        int64_t before = -1, index;
        double value;
        bool more = memchr(walk->field, ':', walk->length) || next_field(walk);
        for (; more; more = next_field(walk)) {
            if (!read_value(walk, &before, &index, &value, error)) return (gradus_status)error->status;
            values[index] = (float)value;
        }
    }
    return GRADUS_OK;
}

static gradus_status too_wide(const lines *walk, int64_t width, int64_t expected, gradus_error *error)
{
    return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                       "%s: it has a value %lld, but training has %lld; write features=N for more", walk->path,
                       (long long)(width - 1 + walk->first), (long long)expected);
}

/* ---- the set ---- */

static gradus_status take_targets(gradus_data *data, const lines *walk, const survey *found,
                                  const gradus_texts *classes, gradus_examples *examples, gradus_error *error)
{
    int32_t *class = gradus_arena_take(&data->arena, (size_t)found->rows * sizeof *class, 64);
    float *numbers = gradus_arena_take(&data->arena, (size_t)found->rows * sizeof *numbers, 64);
    if (!class || !numbers) return no_memory(error);
    if (classes->count)
        examples->classes = class;
    else
        examples->numbers = numbers;
    for (int64_t i = 0; i < found->rows; i++) {
        char text[32];
        numbers[i] = (float)found->targets[i];
        if (!classes->count) continue;
        class[i] = gradus_texts_find(classes, text, gradus_number_print(found->targets[i], text));
        if (class[i] < 0)
            return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                               "%s: row %lld: %s is no class of training, whose classes are %s to %s", walk->path,
                               (long long)i + 1, text, classes->text[0], classes->text[classes->count - 1]);
    }
    return GRADUS_OK;
}

/* The first file decides width and classes; a further one must fit. */
static gradus_status read_file(gradus_reading *reading, const char *text, gradus_texts *classes,
                               gradus_examples *examples, gradus_error *error)
{
    gradus_data *data = reading->data;
    gradus_source source = {0};
    survey found = {0};
    char path[GRADUS_DATA_PATH];
    gradus_status status = gradus_reading_path(reading, text, path, error);
    if (!status) status = gradus_source_open(&source, path, &reading->sum, error);
    lines walk = {.path = source.path, .first = gradus_reading_count(reading, "first")};
    walk.start = (const char *)source.bytes, walk.end = walk.start + source.size;
    if (!status) status = look(&walk, true, &found, &data->arena, error);
    const int64_t asked = gradus_reading_count(reading, "features"),
                  most = data->info.shape[0] ? data->info.shape[0] : asked;
    if (!status && most && found.width > most) status = too_wide(&walk, found.width, most, error);
    if (!status && !data->info.shape[0]) {
        const enum task task = (enum task)gradus_reading_count(reading, "task");
        const bool few = found.whole && found.classes.count <= (task == AUTO ? 20 : MOST_CLASSES);
        data->info.shape[0] = most ? most : found.width ? found.width : 1;
        if (task == CLASSIFICATION && !few)
            status =
                gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                            "%s: the targets are no classes: they are not whole, or more than %d", path, MOST_CLASSES);
        if (task != REGRESSION && few) *classes = found.classes;
        data->info.targets[0].kind = classes->count ? GRADUS_TARGET_CLASS : GRADUS_TARGET_NUMBERS;
        data->info.targets[0].outputs = classes->count ? classes->count : 1;
    }
    if (!status) status = fill(&walk, &found, data->info.shape[0], &data->arena, examples, error);
    if (!status) status = take_targets(data, &walk, &found, classes, examples, error);
    free(found.targets);
    gradus_source_close(&source);
    return status;
}

static gradus_status open_file(gradus_reading *reading, gradus_error *error)
{
    gradus_data *data = reading->data;
    const char *file = gradus_reading_text(reading, "file"), *test = gradus_reading_text(reading, "test");
    int64_t amount;
    const bool has_test = !gradus_amount_read(test, 0, &amount);
    gradus_texts classes = {0};
    gradus_stem(file, data->info.name, sizeof data->info.name);
    gradus_status status = read_file(reading, file, &classes, &data->training, error);
    if (!status && has_test) status = read_file(reading, test, &classes, &data->test, error);
    if (!status) status = gradus_reading_split(reading, data->training.count, has_test, error);
    if (!status) status = gradus_learnt_from(reading, 1, &classes, error);
    if (status) return status;
    char what[120], targets[40] = "";
    if (classes.count) snprintf(targets, sizeof targets, ", %d classes", classes.count);
    snprintf(what, sizeof what, "%lld rows of %lld values%s", (long long)data->training.count,
             (long long)data->info.shape[0], targets);
    gradus_reading_title(reading, what);
    return GRADUS_OK;
}

/* The state keeps no parameters of the call: what is predicted counts from 1. */
static gradus_status open_inputs(const gradus_data *like, const char *path, gradus_data *data, gradus_error *error)
{
    gradus_source source = {0};
    survey found = {0};
    gradus_status status = gradus_source_open(&source, path, NULL, error);
    lines walk = {.path = source.path, .first = 1, .start = (const char *)source.bytes};
    walk.end = walk.start + source.size;
    if (!status) status = look(&walk, false, &found, &data->arena, error);
    if (!status && found.width > like->info.shape[0]) status = too_wide(&walk, found.width, like->info.shape[0], error);
    if (!status) status = fill(&walk, &found, like->info.shape[0], &data->arena, &data->test, error);
    if (!status) gradus_learnt_inputs(like, data);
    free(found.targets);
    gradus_source_close(&source);
    return status;
}

static const gradus_argument arguments[] = {
    {.name = "file",
     .kind = GRADUS_TEXT,
     .help = "the file: text, or text compressed by gzip",
     .also = "path, filename"},
    {.name = "features",
     .kind = GRADUS_INTEGER,
     .low = 1,
     .high = MOST_VALUES,
     .flags = GRADUS_OPTIONAL | GRADUS_NAMED,
     .help = "values of an example; without it as many as the highest index says",
     .also = "n_features, num_features"},
    {.name = "first",
     .kind = GRADUS_INTEGER,
     .initial = "1",
     .low = 0,
     .high = 1,
     .flags = GRADUS_NAMED,
     .help = "the index of the first value: 1, or 0 as some programs write it",
     .also = "zero_based"},
    {.name = "task",
     .kind = GRADUS_WORD,
     .words = "auto|classification|regression",
     .initial = "auto",
     .flags = GRADUS_NAMED,
     .help = "whether the target is a class or a number; auto: up to 20 different whole numbers are classes"},
    {.name = "test",
     .kind = GRADUS_TEXT,
     .initial = "10%",
     .flags = GRADUS_NAMED,
     .help = "what is kept for the test: a share (10%), a number of rows, none, or a file",
     .also = "test_size, test_split, test_file"},
    GRADUS_SCALE_ARGUMENT("none"),
    GRADUS_TARGET_SCALE_ARGUMENT,
    GRADUS_LIMIT_ARGUMENT,
    {0},
};

const gradus_reader gradus_reader_libsvm = {
    .member = {.name = "libsvm",
               .summary = "rows of INDEX:VALUE behind a target, as LIBSVM reads them",
               .paper = "Chang, Lin 2011, LIBSVM: a library for support vector machines",
               .also = "svmlight, svm_light, load_svmlight_file",
               .arguments = arguments,
               .notes = "values that are not written are 0; all are held, so that a row takes four bytes for each "
                        "feature"},
    .endings = ".libsvm .svm .svmlight .libsvm.gz",
    .open = open_file,
    .inputs = open_inputs,
    .save = gradus_learnt_save,
    .recall = gradus_learnt_recall,
};
