/* Data sets as a whole: opened by the reader of their name, divided into parts that never mix, looked through for test rows that
 * stand in training too, and closed. What is peculiar to a kind of file stands with its reader. */
#include "set.h"
#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "places.h"

enum { SPLIT_STREAM = 0x73706c74 }; /* its own stream of random numbers, so that no other use of the seed meets it */
enum role { FOR_TRAINING, FOR_VALIDATION, FOR_TEST, NOT_USED };

/* ---- parameters of the call ---- */

const char *gradus_reading_text(const gradus_reading *reading, const char *name)
{
    const gradus_value *value = gradus_item_value(reading->item, name);
    return value && value->present ? value->text : NULL;
}

int64_t gradus_reading_count(const gradus_reading *reading, const char *name)
{
    const gradus_value *value = gradus_item_value(reading->item, name);
    return value && value->present ? (int64_t)value->number : 0;
}

gradus_status gradus_reading_fail(const gradus_reading *reading, const gradus_value *value, gradus_code code,
                                  gradus_error *error, const char *format, ...)
{
    char message[sizeof error->message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    gradus_where place = value ? value->place : reading->item->place;
    return gradus_spec_fail(error, reading->config->text, place, code, "%s", message);
}

/* What is not where the text says may lie in a folder of data sets. */
static bool find_elsewhere(const gradus_reading *reading, const char *text, char path[GRADUS_DATA_PATH])
{
    char folder[GRADUS_DATA_PATH], there[GRADUS_DATA_PATH];
    for (int32_t i = 0; gradus_place_at(i, reading->config->data_dir, folder); i++) {
        if (snprintf(there, sizeof there, "%s/%s", folder, text) >= (int)sizeof there) continue;
        if (access(there, F_OK) != 0) continue;
        memcpy(path, there, sizeof there);
        return true;
    }
    return false;
}

/* "house.csv: no such file, nor in /data, ./data", unless a name beside it is near enough to have been meant. */
static gradus_status in_no_place(const gradus_reading *reading, const char *path, gradus_error *error)
{
    enum { SHOWN = 120 };
    char looked[SHOWN];
    gradus_error found = {0};
    gradus_no_file(path, &found);
    const bool cut = gradus_data_looked(reading->config->data_dir, looked, sizeof looked) >= sizeof looked;
    if (*found.near) {
        if (error) *error = found;
        return (gradus_status)found.status;
    }
    return gradus_fail(error, found.status, (gradus_code)found.code, "%s, nor in %s%s", found.message, looked,
                       cut ? "..." : "");
}

gradus_status gradus_reading_path(const gradus_reading *reading, const char *text, char path[GRADUS_DATA_PATH],
                                  gradus_error *error)
{
    const char *base = reading->config->base_dir;
    bool joined = base && *base && text[0] != '/';
    int length = snprintf(path, GRADUS_DATA_PATH, "%s%s%s", joined ? base : "", joined ? "/" : "", text);
    if (length >= GRADUS_DATA_PATH)
        return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_NO_FILE, "%s: the path is too long", text);
    if (text[0] == '/' || access(path, F_OK) == 0 || find_elsewhere(reading, text, path)) return GRADUS_OK;
    return in_no_place(reading, path, error);
}

bool gradus_amount_read(const char *text, int64_t count, int64_t *amount)
{
    static const gradus_argument row = {.name = "amount",
                                        .kind = GRADUS_SHARE,
                                        .words = "none",
                                        .low = 0,
                                        .high = 9007199254740992.0,
                                        .flags = GRADUS_OPTIONAL};
    gradus_spec *spec = gradus_spec_create(text, &(gradus_spec_config){.family = "value", .argument = &row}, NULL);
    const gradus_value *value = spec ? gradus_spec_value(spec) : NULL;
    if (value) {
        bool share = value->unit == GRADUS_IN_PERCENT || value->number < 1;
        double number = value->number < 0 ? 0 : share ? value->number * (double)count + 0.5 : value->number;
        *amount = number < 9e15 ? (int64_t)number : INT64_MAX;
    }
    gradus_spec_destroy(spec);
    return value != NULL;
}

void gradus_stem(const char *path, char *name, size_t size)
{
    const char *slash = strrchr(path, '/'), *start = slash ? slash + 1 : path;
    size_t length = strcspn(start, ".");
    if (length == 0) length = strlen(start);
    snprintf(name, size, "%.*s", gradus_shown(start, length, size - 1), start);
}

const char *gradus_target_name(gradus_data *data, const char *text, const char *before)
{
    const bool letter = isalpha((unsigned char)*text) && !((unsigned char)*text & 0x80);
    enum { LONGEST = 57 }; /* layers of an output are called after it and by two numbers */
    const size_t whole = strlen(text) + (letter ? 0 : strlen(before)), size = (whole < LONGEST ? whole : LONGEST) + 1;
    char *name = gradus_arena_take(&data->arena, size, 1);
    if (!name) return NULL;
    snprintf(name, size, "%s%s", letter ? "" : before, text);
    for (char *at = name; *at; at++) {
        if (*at >= 'A' && *at <= 'Z') *at = (char)(*at - 'A' + 'a');
        if (!(*at >= 'a' && *at <= 'z') && !(*at >= '0' && *at <= '9') && *at != '-') *at = '_';
    }
    return name;
}

void *gradus_data_keep(gradus_data *data, void *memory)
{
    int32_t at = 0;
    while (at < GRADUS_MOST_FILES && data->kept[at]) at++;
    assert(at < GRADUS_MOST_FILES);
    return data->kept[at] = memory;
}

/* ---- parts ---- */

/* Gives the first rows of a random order their role; the rest keep theirs. */
static const int64_t *give(unsigned char *roles, const int64_t *order, int64_t count, enum role role)
{
    for (int64_t i = 0; i < count; i++) roles[order[i]] = (unsigned char)role;
    return order + count;
}

static gradus_status fill_part(gradus_data *data, const unsigned char *roles, int64_t count, gradus_part part,
                               int64_t size, gradus_error *error)
{
    int64_t *index = gradus_arena_take(&data->arena, (size_t)(size ? size : 1) * sizeof *index, sizeof *index);
    if (!index) return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    data->part[part] = (gradus_rows){&data->training, size, index};
    for (int64_t i = 0; i < count; i++)
        if (roles[i] == (unsigned char)part) *index++ = i;
    return GRADUS_OK;
}

static gradus_status divide(gradus_reading *reading, int64_t count, const int64_t amounts[3], gradus_error *error)
{
    gradus_data *data = reading->data;
    int64_t *order = malloc((size_t)count * sizeof *order), used = amounts[0] + amounts[1] + amounts[2];
    unsigned char *roles = malloc((size_t)count);
    gradus_status status = GRADUS_OK;
    if (!order || !roles)
        status = gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    else {
        gradus_random_permutation(reading->config->seed, SPLIT_STREAM, count, order);
        const int64_t *rest = order;
        for (int32_t part = GRADUS_TRAINING; part <= GRADUS_TEST; part++)
            rest = give(roles, rest, amounts[part], (enum role)part);
        give(roles, rest, count - used, NOT_USED);
        for (int32_t part = GRADUS_TRAINING; part <= GRADUS_TEST && !status; part++)
            if (part == GRADUS_TRAINING || amounts[part])
                status = fill_part(data, roles, count, (gradus_part)part, amounts[part], error);
    }
    free(order);
    free(roles);
    return status;
}

gradus_status gradus_reading_split(gradus_reading *reading, int64_t count, bool has_test, gradus_error *error)
{
    const char *validation = reading->config->validation ? reading->config->validation : "10%";
    const char *test = has_test ? "none" : gradus_reading_text(reading, "test");
    int64_t limit = gradus_reading_count(reading, "limit"), used = limit && limit < count ? limit : count;
    int64_t amounts[3] = {0};
    if (!gradus_amount_read(validation, used, &amounts[GRADUS_VALIDATION]))
        return gradus_fail(error, GRADUS_ERROR_SPEC, GRADUS_CODE_WRONG_TYPE,
                           "validation: '%s' is no share and no number of examples; write 10%%, 5000 or none",
                           validation);
    if (test && !gradus_amount_read(test, used, &amounts[GRADUS_TEST]))
        return gradus_reading_fail(reading, gradus_item_value(reading->item, "test"), GRADUS_CODE_WRONG_TYPE, error,
                                   "'%s' is no share and no number of examples; write 10%%, 5000 or none", test);
    if (amounts[1] >= used || amounts[2] >= used || amounts[1] + amounts[2] >= used)
        return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                           "of %lld examples none are left for training: validation takes %s, test %s", (long long)used,
                           validation, test ? test : "none");
    amounts[GRADUS_TRAINING] = used - amounts[GRADUS_VALIDATION] - amounts[GRADUS_TEST];
    return divide(reading, count, amounts, error);
}

void gradus_reading_title(gradus_reading *reading, const char *what)
{
    gradus_data *data = reading->data;
    long long validation = data->part[GRADUS_VALIDATION].count, test = data->part[GRADUS_TEST].count;
    char apart[80] = "";
    if (validation && test && !data->test.count)
        snprintf(apart, sizeof apart, " (%lld for validation, %lld for test)", validation, test);
    else if (validation)
        snprintf(apart, sizeof apart, " (%lld for validation)", validation);
    else if (test && !data->test.count)
        snprintf(apart, sizeof apart, " (%lld for test)", test);
    char title[sizeof data->info.name + sizeof apart + 256];
    snprintf(title, sizeof title, "%s, %s%s", data->info.name, what, apart);
    int length = gradus_shown(title, strlen(title), sizeof data->info.title - 1);
    snprintf(data->info.title, sizeof data->info.title, "%.*s", length, title);
}

/* ---- test rows that stand in training too ---- */

typedef struct seen {
    uint64_t hash;
    int32_t count; /* test rows that look so; 0: a free slot */
    bool met;      /* a training row looks so too, and the count has been added */
} seen;

/* `values`: room for an example where one part is no memory, so that the bits of its values must do; else NULL. */
static uint64_t hash_of(const gradus_data_info *info, const gradus_examples *from, int64_t row, float *values)
{
    const gradus_widths widths = gradus_target_widths(info->targets, info->target_count);
    const size_t width = (size_t)from->width, place = (size_t)gradus_example_place(from, row);
    if (values) gradus_example_copy(from, row, values);
    uint64_t hash = values        ? gradus_checksum(0, values, width * sizeof *values)
                    : from->bytes ? gradus_checksum(0, from->bytes + place, width)
                                  : gradus_checksum(0, from->values + place, width * sizeof(float));
    if (from->step) return hash; /* the targets are inputs too */
    if (from->classes)
        hash = gradus_checksum(hash, from->classes + row * widths.classes, (size_t)widths.classes * sizeof(int32_t));
    if (from->numbers)
        hash = gradus_checksum(hash, from->numbers + row * widths.numbers, (size_t)widths.numbers * sizeof(float));
    return hash;
}

static int64_t row_at(const gradus_rows *rows, int64_t i) { return rows->index ? rows->index[i] : i; }

/* The slot of a hash, or the free one where it belongs. */
static seen *slot_of(seen *table, uint64_t mask, uint64_t hash)
{
    uint64_t at = hash & mask;
    while (table[at].count && table[at].hash != hash) at = (at + 1) & mask;
    return &table[at];
}

/* Inputs and target alike; two different rows have the same 64 bits once in 2^64. */
static gradus_status count_repeated(gradus_data *data, gradus_error *error)
{
    const gradus_rows *training = &data->part[GRADUS_TRAINING], *test = &data->part[GRADUS_TEST];
    uint64_t slots = 4;
    while (slots < 2 * (uint64_t)test->count) slots *= 2;
    if (!test->count) return GRADUS_OK;
    const bool stream = test->from->stream || training->from->stream;
    float *values = stream ? malloc((size_t)test->from->width * sizeof *values) : NULL;
    seen *table = calloc((size_t)slots, sizeof *table);
    if (!table || (stream && !values)) {
        free(table);
        free(values);
        return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    }
    for (int64_t i = 0; i < test->count; i++) {
        uint64_t hash = hash_of(&data->info, test->from, row_at(test, i), values);
        seen *slot = slot_of(table, slots - 1, hash);
        *slot = (seen){hash, slot->count + 1, false};
    }
    for (int64_t i = 0; i < training->count; i++) {
        seen *slot = slot_of(table, slots - 1, hash_of(&data->info, training->from, row_at(training, i), values));
        data->info.repeated += slot->met ? 0 : slot->count;
        slot->met = slot->count > 0;
    }
    free(table);
    free(values);
    return GRADUS_OK;
}

/* ---- how often each class is there ---- */

/* `place`: the how manieth of an example's classes the target is. */
static gradus_status count_target(gradus_data *data, gradus_target *target, int64_t place, gradus_error *error)
{
    const gradus_rows *rows = &data->part[GRADUS_TRAINING];
    const int64_t classes = target->outputs, positions = data->info.positions ? data->info.positions : 1,
                  each = gradus_target_widths(data->info.targets, data->info.target_count).classes;
    int64_t *counts = gradus_arena_take(&data->arena, (size_t)classes * sizeof *counts, 8);
    if (!counts) return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    memset(counts, 0, (size_t)classes * sizeof *counts);
    for (int64_t i = 0; i < rows->count; i++) {
        const int64_t row = row_at(rows, i),
                      first = data->info.positions ? gradus_example_place(rows->from, row) : row * each + place;
        for (int64_t k = first; k < first + positions; k++) {
            const int32_t class = rows->from->classes[k];
            if (class >= 0 && class < classes) counts[class]++;
        }
    }
    target->class_counts = counts;
    return GRADUS_OK;
}

static gradus_status count_classes(gradus_data *data, gradus_error *error)
{
    const gradus_rows *rows = &data->part[GRADUS_TRAINING];
    int64_t place = 0;
    if (!rows->count || !rows->from->classes) return GRADUS_OK;
    for (int32_t i = 0; i < data->info.target_count; i++) {
        gradus_target *target = &data->info.targets[i];
        if (target->kind == GRADUS_TARGET_CLASS && count_target(data, target, place++, error)) return error->status;
    }
    return GRADUS_OK;
}

/* ---- inputs as targets ---- */

static gradus_status learn_inputs(gradus_data *data, gradus_error *error)
{
    gradus_data_info *info = &data->info;
    if (info->symbols || info->positions)
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_REFUSED,
                           "%s: inputs that are symbols cannot be targets; targets=inputs is for numbers and pictures",
                           info->name);
    gradus_examples *const all[] = {&data->training, &data->validation, &data->test};
    for (int32_t i = 0; i < 3; i++) all[i]->classes = NULL, all[i]->numbers = NULL;
    data->inputs_are_targets = true;
    info->target_count = 1;
    info->targets[0] = (gradus_target){.kind = GRADUS_TARGET_NUMBERS, .outputs = data->training.width};
    return GRADUS_OK;
}

/* ---- life ---- */

static gradus_data *data_create(const gradus_reader *reader, gradus_error *error)
{
    gradus_data *data = calloc(1, sizeof *data);
    if (!data) {
        gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
        return NULL;
    }
    data->reader = reader;
    data->info.target_count = 1;
    gradus_arena_open(&data->arena, NULL);
    return data;
}

gradus_data *gradus_data_open(const gradus_data_config *config, gradus_error *error)
{
    gradus_error own = {0};
    error = error ? error : &own; /* readers ask it whether they have failed */
    if (gradus_failed(error)) return NULL;
    const gradus_chain *chain = gradus_spec_chain(config->data);
    if (!chain || !chain->count) {
        gradus_spec_fail(
            error, config->text, chain ? chain->place : (gradus_where){0}, GRADUS_CODE_MISSING,
            "there is nothing to learn from; name a data set, such as glyphs, or a file (gradus list data)");
        return NULL;
    }
    if (chain->count != 1 || !chain->items->member) {
        gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_UNEXPECTED_VALUE,
                    "several data sets, from which a search chooses one");
        return NULL;
    }
    gradus_reading reading = {.config = config, .item = chain->items};
    gradus_data *data = reading.data = data_create((const gradus_reader *)chain->items->member, error);
    if (!data) return NULL;
    gradus_sha256_begin(&reading.sum);
    gradus_status status = data->reader->open(&reading, error);
    if (!status && data->test.count) data->part[GRADUS_TEST] = (gradus_rows){&data->test, data->test.count, NULL};
    if (!status && config->inputs_are_targets) status = learn_inputs(data, error);
    if (!status) status = count_classes(data, error);
    if (!status) status = count_repeated(data, error);
    if (status) {
        gradus_data_close(data);
        return NULL;
    }
    if (reading.sum.size) gradus_sha256_end(&reading.sum, data->info.sha256);
    for (int32_t part = 0; part < 3; part++) data->info.count[part] = data->part[part].count;
    return data;
}

gradus_data *gradus_data_open_inputs(const gradus_data *like, const char *path, gradus_error *error)
{
    gradus_error own = {0};
    error = error ? error : &own;
    if (gradus_failed(error)) return NULL;
    gradus_data *data = data_create(like->reader, error);
    if (!data) return NULL;
    data->info = like->info;
    data->info.repeated = 0;
    for (int32_t i = 0; i < GRADUS_TARGETS; i++) data->info.targets[i].class_counts = NULL;
    gradus_stem(path, data->info.name, sizeof data->info.name);
    if (like->reader->inputs(like, path, data, error)) {
        gradus_data_close(data);
        return NULL;
    }
    data->part[GRADUS_TEST] = (gradus_rows){&data->test, data->test.count, NULL};
    for (int32_t part = 0; part < 3; part++) data->info.count[part] = data->part[part].count;
    return data;
}

void gradus_data_close(gradus_data *data)
{
    if (!data) return;
    for (int32_t i = 0; i < GRADUS_MOST_FILES; i++) {
        free(data->kept[i]);
        if (data->streams[i]) fclose(data->streams[i]);
    }
    gradus_arena_close(&data->arena);
    free(data);
}

const gradus_data_info *gradus_data_about(const gradus_data *data) { return &data->info; }

/* ---- what prediction must remember ---- */

static void counts_name(char name[32], int32_t target)
{
    snprintf(name, 32, target ? "class_counts.%d" : "class_counts", target);
}

static void save_info(const gradus_data *data, gradus_state_writer *writer)
{
    const gradus_data_info *info = &data->info;
    gradus_state_text(writer, "member", data->reader->member.name);
    gradus_state_text(writer, "name", info->name);
    gradus_state_text(writer, "title", info->title);
    gradus_state_entry(writer, "shape", GRADUS_STATE_INT64, 8, info->shape);
    int64_t kinds[GRADUS_TARGETS], outputs[GRADUS_TARGETS];
    for (int32_t i = 0; i < info->target_count; i++)
        kinds[i] = info->targets[i].kind, outputs[i] = info->targets[i].outputs;
    gradus_state_entry(writer, "target", GRADUS_STATE_INT64, info->target_count, kinds);
    gradus_state_entry(writer, "outputs", GRADUS_STATE_INT64, info->target_count, outputs);
    gradus_state_int(writer, "positions", info->positions);
    gradus_state_int(writer, "symbols", info->symbols);
    gradus_state_int(writer, "inputs_are_targets", data->inputs_are_targets);
    for (int32_t i = 0; i < info->target_count; i++) {
        char name[32];
        const gradus_target *target = &info->targets[i];
        counts_name(name, i);
        if (target->class_counts)
            gradus_state_entry(writer, name, GRADUS_STATE_INT64, target->outputs, target->class_counts);
    }
}

uint64_t gradus_data_save(const gradus_data *data, gradus_write *write, void *user, gradus_error *error)
{
    if (gradus_failed(error)) return 0;
    gradus_state_writer writer;
    gradus_state_begin(&writer, "gradus data", write, user, error);
    save_info(data, &writer);
    if (data->reader->save) data->reader->save(data, &writer);
    return gradus_state_end(&writer);
}

static const gradus_reader *reader_named(const char *name)
{
    for (int32_t i = 0; gradus_reader_at(i); i++)
        if (strcmp(gradus_reader_at(i)->member.name, name) == 0) return gradus_reader_at(i);
    return NULL;
}

bool gradus_state_take(gradus_state_reader *state, const char *name, gradus_state_type type, int64_t count,
                       void *destination)
{
    gradus_state_item item;
    if (!gradus_state_find(state, name, &item) || item.type != type || item.count != count) return false;
    gradus_state_copy(&item, destination);
    return true;
}

static bool recall_text(gradus_state_reader *state, const char *name, char *text, size_t size)
{
    gradus_state_item item;
    if (!gradus_state_find(state, name, &item) || item.type != GRADUS_STATE_TEXT) return false;
    return snprintf(text, size, "%s", (const char *)item.data) < (int)size;
}

/* A loss that balances them is made for a prediction too. Absent from older states. */
static void recall_counts(gradus_data *data, gradus_state_reader *state)
{
    for (int32_t i = 0; i < data->info.target_count; i++) {
        gradus_state_item item;
        gradus_target *target = &data->info.targets[i];
        char name[32];
        counts_name(name, i);
        if (!gradus_state_find(state, name, &item) || item.type != GRADUS_STATE_INT64 || item.count != target->outputs)
            continue;
        int64_t *counts = gradus_arena_take(&data->arena, (size_t)target->outputs * sizeof *counts, 8);
        if (counts) gradus_state_copy(&item, counts);
        target->class_counts = counts;
    }
}

/* In older states there is one of each. */
static bool recall_targets(gradus_data_info *info, gradus_state_reader *state)
{
    gradus_state_item item;
    int64_t kinds[GRADUS_TARGETS], outputs[GRADUS_TARGETS];
    if (!gradus_state_find(state, "target", &item) || item.count < 1 || item.count > GRADUS_TARGETS) return false;
    info->target_count = (int32_t)item.count;
    if (!gradus_state_take(state, "target", GRADUS_STATE_INT64, item.count, kinds) ||
        !gradus_state_take(state, "outputs", GRADUS_STATE_INT64, item.count, outputs))
        return false;
    for (int32_t i = 0; i < info->target_count; i++) {
        info->targets[i] = (gradus_target){.kind = (int32_t)kinds[i], .outputs = outputs[i]};
        if ((kinds[i] != GRADUS_TARGET_CLASS && kinds[i] != GRADUS_TARGET_NUMBERS) || outputs[i] < 1) return false;
    }
    return true;
}

static bool recall_info(gradus_data_info *info, gradus_state_reader *state)
{
    if (!recall_text(state, "name", info->name, sizeof info->name) ||
        !recall_text(state, "title", info->title, sizeof info->title) ||
        !gradus_state_take(state, "shape", GRADUS_STATE_INT64, 8, info->shape) || !recall_targets(info, state))
        return false;
    if (!gradus_state_take(state, "positions", GRADUS_STATE_INT64, 1, &info->positions) ||
        !gradus_state_take(state, "symbols", GRADUS_STATE_INT64, 1, &info->symbols))
        info->positions = info->symbols = 0; /* a state from before there was text */
    return true;
}

gradus_data *gradus_data_recall(const void *bytes, size_t size, gradus_error *error)
{
    gradus_error own = {0};
    error = error ? error : &own;
    gradus_state_reader state;
    char member[64];
    if (gradus_failed(error) || gradus_state_open(&state, "gradus data", bytes, size, error)) return NULL;
    const gradus_reader *reader = recall_text(&state, "member", member, sizeof member) ? reader_named(member) : NULL;
    gradus_data *data = reader ? data_create(reader, error) : NULL;
    bool whole = data && recall_info(&data->info, &state);
    if (whole) data->info.targets[0].class_names = reader->classes;
    if (whole) recall_counts(data, &state);
    int64_t inputs = 0; /* absent from older states */
    if (whole && (!reader->recall || reader->recall(data, &state, error) == GRADUS_OK)) {
        gradus_state_take(&state, "inputs_are_targets", GRADUS_STATE_INT64, 1, &inputs);
        if (inputs) recall_targets(&data->info, &state);
        return data;
    }
    gradus_fail(error, GRADUS_ERROR_STATE, GRADUS_CODE_BAD_DATA,
                "what is remembered of the data set is of another version");
    gradus_data_close(data);
    return NULL;
}
