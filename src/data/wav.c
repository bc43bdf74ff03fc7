/* wav: sounds that lie in a folder for each class, or whose names begin with their class, as log-mel spectrograms of one size; an
 * archive of them serves as well.
 *
 *     words/yes/1.wav  words/no/2.wav            classes yes, no
 *     recordings/7_jackson_32.wav                class 7, take 32 */
#include "files.h"
#include "learnt.h"
#include "sound.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 256, MOST_CLASSES = 65536 };
enum class_from { AUTO, FOLDER, NAME };

typedef struct sounds { /* while they are read */
    gradus_files files;
    gradus_mel mel;
    bool by_name;
    int64_t test_takes; /* 0: none */
    gradus_texts classes;
    gradus_sha256 *sum;
} sounds;

static bool is_wav(const char *name)
{
    const size_t length = strlen(name);
    return length > 4 && (strcmp(name + length - 4, ".wav") == 0 || strcmp(name + length - 4, ".WAV") == 0);
}

static gradus_status no_memory(gradus_error *error)
{
    return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
}

static gradus_status bad_sound(const gradus_files *files, int64_t index, const char *why, gradus_error *error)
{
    char path[GRADUS_DATA_PATH];
    gradus_files_print(files, index, path);
    return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: %s", path, why);
}

/* ---- classes and parts ---- */

/* The class of a file: its folder, or its name up to the first _. NULL: none. */
static const char *class_of(const sounds *all, int64_t index, size_t *length)
{
    const char *name = all->files.file[index].name, *slash = strrchr(name, '/'), *class;
    if (!all->by_name) {
        gradus_files_part(&all->files.file[index], &class, length);
        return class;
    }
    class = slash ? slash + 1 : name;
    *length = strcspn(class, "_");
    return *length && class[*length] == '_' ? class : NULL;
}

/* The number that a name ends in: 32 in 7_jackson_32.wav; -1: none. */
static int64_t take_of(const gradus_one_file *file)
{
    const char *end = file->name + strlen(file->name) - 4, *at = end;
    int64_t take = 0;
    while (at > file->name && at[-1] >= '0' && at[-1] <= '9' && end - at < 9) at--;
    if (at == end) return -1;
    for (; at < end; at++) take = 10 * take + (*at - '0');
    return take;
}

static gradus_part part_of(const sounds *all, int64_t index)
{
    const char *class;
    size_t length;
    const gradus_one_file *file = &all->files.file[index];
    const gradus_part part = gradus_files_part(file, &class, &length);
    const int64_t take = all->test_takes ? take_of(file) : -1;
    return take >= 0 && take < all->test_takes ? GRADUS_TEST : part;
}

static gradus_status find_classes(sounds *all, gradus_arena *arena, gradus_error *error)
{
    all->classes = (gradus_texts){0};
    for (int64_t i = 0; i < all->files.count; i++) {
        size_t length;
        const char *class = class_of(all, i, &length);
        if (!class)
            return bad_sound(&all->files, i,
                             all->by_name ? "its name begins with no class (expected CLASS_....wav)"
                                          : "it lies in no folder of a class (expected CLASS/NAME.wav)",
                             error);
        if (!gradus_texts_add(&all->classes, arena, class, length)) return no_memory(error);
        if (all->classes.count > MOST_CLASSES) return bad_sound(&all->files, i, "more than 65536 classes", error);
    }
    return GRADUS_OK;
}

/* Where all lie in one folder, their names tell them apart. */
static gradus_status decide_classes(sounds *all, gradus_arena *arena, enum class_from from, gradus_error *error)
{
    gradus_error folders = {0};
    all->by_name = from == NAME;
    gradus_status status = find_classes(all, arena, from == AUTO ? &folders : error);
    if (from == AUTO && (status || all->classes.count < 2)) {
        all->by_name = true;
        status = find_classes(all, arena, error);
    }
    if (!status && all->classes.count < 2)
        status = gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                             "%s: %lld sounds of %d class; expected a folder for each class, or names such as "
                             "CLASS_SPEAKER_1.wav",
                             all->files.source[0].path, (long long)all->files.count, all->classes.count);
    return status;
}

/* ---- spectrograms ---- */

typedef struct block { /* of files on all threads */
    const sounds *all;
    const int64_t *index;
    float *values, *room;
    char (*why)[GRADUS_SOUND_WHY];
} block;

static void analyse(void *job, int64_t i)
{
    const block *of = job;
    const gradus_mel *mel = &of->all->mel;
    const gradus_one_file *file = &of->all->files.file[of->index[i]];
    gradus_sound sound;
    of->why[i][0] = 0;
    if (!gradus_sound_read(file->bytes, file->size, &sound, of->why[i])) return;
    if (sound.rate != mel->rate)
        snprintf(of->why[i], GRADUS_SOUND_WHY, "%d samples a second, expected %d as the first file has", sound.rate,
                 mel->rate);
    else
        gradus_mel_run(mel, &sound, of->room + i * 2 * mel->size, of->values + i * mel->bands * mel->frames);
}

static gradus_status analyse_all(sounds *all, const int64_t *index, int64_t count, float *values, gradus_error *error)
{
    const int64_t width = (int64_t)all->mel.bands * all->mel.frames;
    block of = {.all = all, .why = malloc(BLOCK * sizeof *of.why)};
    of.room = malloc((size_t)BLOCK * 2 * (size_t)all->mel.size * sizeof *of.room);
    gradus_status status = of.why && of.room ? GRADUS_OK : no_memory(error);
    for (int64_t first = 0; first < count && !status; first += BLOCK) {
        const int64_t left = count - first, some = left < BLOCK ? left : BLOCK;
        of.index = index + first, of.values = values + first * width;
        for (int64_t i = 0; i < some && !status; i++)
            status = gradus_files_load(&all->files, of.index[i], all->sum, error);
        if (!status) gradus_parallel(NULL, some, analyse, &of);
        for (int64_t i = 0; i < some && !status; i++)
            if (of.why[i][0]) status = bad_sound(&all->files, of.index[i], of.why[i], error);
        for (int64_t i = 0; i < some; i++) gradus_files_unload(&all->files, of.index[i]);
    }
    free(of.why);
    free(of.room);
    return status;
}

/* All files of a part; -1: of every part. */
static gradus_status take(gradus_data *data, sounds *all, int32_t part, gradus_examples *examples, gradus_error *error)
{
    const int64_t width = (int64_t)all->mel.bands * all->mel.frames;
    int64_t *index = malloc((size_t)all->files.count * sizeof *index), count = 0;
    if (!index) return no_memory(error);
    for (int64_t i = 0; i < all->files.count; i++)
        if (part < 0 || part_of(all, i) == (gradus_part)part) index[count++] = i;
    float *values = gradus_arena_take(&data->arena, (size_t)(count * width + 1) * sizeof *values, 64);
    int32_t *classes = gradus_arena_take(&data->arena, (size_t)(count + 1) * sizeof *classes, 64);
    gradus_status status = values && classes ? GRADUS_OK : no_memory(error);
    for (int64_t i = 0; i < count && !status && part >= 0; i++) {
        size_t length;
        const char *class = class_of(all, index[i], &length);
        classes[i] = gradus_texts_find(&all->classes, class, length);
    }
    if (!status && count) status = analyse_all(all, index, count, values, error);
    *examples =
        (gradus_examples){.count = count, .width = width, .values = values, .classes = part < 0 ? NULL : classes};
    free(index);
    return status;
}

/* The first file tells how many samples a second has. */
static gradus_status plan(sounds *all, double seconds, double window, double step, int32_t bands, gradus_error *error)
{
    gradus_sound sound;
    char why[GRADUS_SOUND_WHY];
    gradus_mel *mel = &all->mel;
    if (gradus_files_load(&all->files, 0, NULL, error)) return (gradus_status)error->status;
    const bool read = gradus_sound_read(all->files.file[0].bytes, all->files.file[0].size, &sound, why);
    gradus_files_unload(&all->files, 0);
    if (!read) return bad_sound(&all->files, 0, why, error);
    *mel = (gradus_mel){.rate = sound.rate, .bands = bands};
    mel->window = (int32_t)(window * sound.rate + 0.5), mel->step = (int32_t)(step * sound.rate + 0.5);
    const double samples = seconds * sound.rate;
    if (mel->window < 2 || mel->window > GRADUS_MEL_MOST || mel->step < 1 || samples < mel->window || samples > 1e8) {
        snprintf(
            why, sizeof why,
            "at %d samples a second a window has %d, a step %d and a sound %.0f; expected 2 to %d, at least 1, and "
            "no less than a window",
            sound.rate, mel->window, mel->step, samples, GRADUS_MEL_MOST);
        return bad_sound(&all->files, 0, why, error);
    }
    mel->frames = (int32_t)(((int64_t)(samples + 0.5) - mel->window) / mel->step) + 1;
    return gradus_mel_plan(mel) ? GRADUS_OK : no_memory(error);
}

/* ---- the set ---- */

static double number_of(const gradus_reading *reading, const char *name)
{
    return gradus_item_value(reading->item, name)->number;
}

static gradus_status read_parts(gradus_reading *reading, sounds *all, gradus_error *error)
{
    gradus_data *data = reading->data;
    gradus_examples *const examples[] = {&data->training, &data->validation, &data->test};
    for (int32_t part = 0; part < 3; part++)
        if (take(data, all, part, examples[part], error)) return (gradus_status)error->status;
    if (!data->training.count)
        return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: no sounds to learn from",
                           data->info.name);
    data->info.shape[0] = 1, data->info.shape[1] = all->mel.bands, data->info.shape[2] = all->mel.frames;
    data->info.targets[0].kind = GRADUS_TARGET_CLASS, data->info.targets[0].outputs = all->classes.count;
    gradus_data_config config = *reading->config;
    const gradus_data_config *asked = reading->config;
    if (data->validation.count) config.validation = "none"; /* it has a folder of its own */
    reading->config = &config;
    gradus_status status = gradus_reading_split(reading, data->training.count, data->test.count > 0, error);
    reading->config = asked;
    if (!status && data->validation.count)
        data->part[GRADUS_VALIDATION] = (gradus_rows){&data->validation, data->validation.count, NULL};
    return status ? status : gradus_learnt_from(reading, all->mel.frames, &all->classes, error);
}

/* The plan is remembered: what is predicted must be analysed in the same way. */
typedef struct memory {
    gradus_learnt learnt; /* first, as the functions of learnt.h expect it */
    double seconds, window, step;
    int64_t rate;
} memory;

static gradus_status remember(gradus_data *data, memory with, gradus_error *error)
{
    memory *kept = gradus_arena_take(&data->arena, sizeof *kept, 64);
    if (!kept) return no_memory(error);
    *kept = with;
    kept->learnt = *(gradus_learnt *)data->memory;
    data->memory = kept;
    return GRADUS_OK;
}

static gradus_status read_files(gradus_reading *reading, sounds *all, gradus_error *error)
{
    gradus_data *data = reading->data;
    memory with = {.seconds = number_of(reading, "seconds"),
                   .window = number_of(reading, "window"),
                   .step = number_of(reading, "step")};
    if (decide_classes(all, &data->arena, (enum class_from)number_of(reading, "class"), error) ||
        plan(all, with.seconds, with.window, with.step, (int32_t)number_of(reading, "bands"), error) ||
        read_parts(reading, all, error))
        return (gradus_status)error->status;
    with.rate = all->mel.rate;
    char what[120];
    snprintf(what, sizeof what, "%lld sounds as spectrograms %dx%d of %d classes",
             (long long)(data->part[GRADUS_TRAINING].count + data->part[GRADUS_VALIDATION].count), all->mel.bands,
             all->mel.frames, all->classes.count);
    gradus_reading_title(reading, what);
    return remember(data, with, error);
}

static gradus_status open_sounds(gradus_reading *reading, gradus_error *error)
{
    char path[GRADUS_DATA_PATH];
    const char *test = gradus_reading_text(reading, "test");
    int64_t amount;
    sounds all = {.test_takes = gradus_reading_count(reading, "test_takes"), .sum = &reading->sum};
    gradus_status status = gradus_reading_path(reading, gradus_reading_text(reading, "path"), path, error);
    if (status) return status;
    for (size_t end = strlen(path); end > 1 && path[end - 1] == '/'; end--) path[end - 1] = 0;
    gradus_stem(path, reading->data->info.name, sizeof reading->data->info.name);
    status = gradus_files_add(&all.files, path, is_wav, &reading->sum, error);
    if (!status && all.files.count == 0)
        status = gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: no sounds in it (expected .wav)",
                             all.files.source[0].path);
    if (!status && !gradus_amount_read(test, 0, &amount)) {
        status = gradus_reading_path(reading, test, path, error);
        if (!status) status = gradus_files_add(&all.files, path, is_wav, &reading->sum, error);
    }
    if (!status) status = read_files(reading, &all, error);
    gradus_mel_close(&all.mel);
    gradus_files_close(&all.files);
    return status;
}

static gradus_status open_inputs(const gradus_data *like, const char *path, gradus_data *data, gradus_error *error)
{
    const memory *with = like->memory;
    sounds all = {0};
    gradus_status status = gradus_files_add(&all.files, path, is_wav, NULL, error);
    if (!status && all.files.count == 0)
        status =
            gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: no sounds in it (expected .wav)", path);
    if (!status) status = plan(&all, with->seconds, with->window, with->step, (int32_t)like->info.shape[1], error);
    if (!status && all.mel.rate != with->rate) {
        char why[80];
        snprintf(why, sizeof why, "%d samples a second, expected %d as in training", all.mel.rate, (int)with->rate);
        status = bad_sound(&all.files, 0, why, error);
    }
    if (!status) status = take(data, &all, -1, &data->test, error);
    if (!status) gradus_learnt_inputs(like, data);
    gradus_mel_close(&all.mel);
    gradus_files_close(&all.files);
    return status;
}

static void save(const gradus_data *data, gradus_state_writer *writer)
{
    const memory *with = data->memory;
    gradus_state_double(writer, "seconds", with->seconds);
    gradus_state_double(writer, "window", with->window);
    gradus_state_double(writer, "step", with->step);
    gradus_state_int(writer, "rate", with->rate);
    gradus_learnt_save(data, writer);
}

static gradus_status recall(gradus_data *data, gradus_state_reader *state, gradus_error *error)
{
    memory with = {.seconds = 0};
    if (gradus_learnt_recall(data, state, error)) return (gradus_status)error->status;
    if (gradus_state_take(state, "seconds", GRADUS_STATE_DOUBLE, 1, &with.seconds) &&
        gradus_state_take(state, "window", GRADUS_STATE_DOUBLE, 1, &with.window) &&
        gradus_state_take(state, "step", GRADUS_STATE_DOUBLE, 1, &with.step) &&
        gradus_state_take(state, "rate", GRADUS_STATE_INT64, 1, &with.rate) && with.rate > 0 && with.rate <= 1000000 &&
        with.seconds > 0 && with.seconds <= 60 && with.window > 0 && with.window <= 1 && with.step > 0 &&
        with.step <= 1 && data->info.shape[1] > 0 && data->info.shape[1] <= 512)
        return remember(data, with, error);
    return gradus_fail(error, GRADUS_ERROR_STATE, GRADUS_CODE_BAD_DATA,
                       "what is remembered of the sounds does not fit together");
}

/* ---- the row ---- */

static const gradus_argument arguments[] = {
    {.name = "path",
     .kind = GRADUS_TEXT,
     .help =
         "a folder of WAV files (PCM of 8, 16, 24 or 32 bits, or floats), or an archive of them (.tar.gz, .zip); it "
         "may lie in a folder of data sets",
     .also = "folder, dir, directory, root"},
    {.name = "class",
     .kind = GRADUS_WORD,
     .words = "auto|folder|name",
     .initial = "auto",
     .flags = GRADUS_NAMED,
     .help =
         "where the class stands: in the folder, or in the name up to the first _; auto: in the name where all lie in "
         "one folder",
     .also = "label, target"},
    {.name = "seconds",
     .kind = GRADUS_NUMBER,
     .initial = "1",
     .low = 0,
     .high = 60,
     .open = "(]",
     .flags = GRADUS_NAMED,
     .help = "of each sound; longer ones are cut, shorter ones end in silence",
     .also = "duration, length"},
    {.name = "bands",
     .kind = GRADUS_INTEGER,
     .initial = "40",
     .low = 1,
     .high = 512,
     .flags = GRADUS_NAMED,
     .help = "rows of a spectrogram: bands of frequency, as wide as the ear's",
     .also = "n_mels, mels, num_mel_bins"},
    {.name = "window",
     .kind = GRADUS_NUMBER,
     .initial = "0.025",
     .low = 0,
     .high = 1,
     .open = "(]",
     .flags = GRADUS_NAMED,
     .help = "seconds that one column of a spectrogram is of",
     .also = "win_length, frame_length"},
    {.name = "step",
     .kind = GRADUS_NUMBER,
     .initial = "0.01",
     .low = 0,
     .high = 1,
     .open = "(]",
     .flags = GRADUS_NAMED,
     .help = "seconds from one column to the next",
     .also = "hop_length, frame_shift, frame_step"},
    {.name = "test",
     .kind = GRADUS_TEXT,
     .initial = "10%",
     .flags = GRADUS_NAMED,
     .help = "what is kept for the test where no folder is called test: a share (10%), a number of sounds, none, or "
             "another folder or archive",
     .also = "test_size, test_split, test_path"},
    {.name = "test_takes",
     .kind = GRADUS_INTEGER,
     .low = 1,
     .high = 1e8,
     .flags = GRADUS_OPTIONAL | GRADUS_NAMED,
     .help =
         "files whose names end in a number below this are the test part, in place of a share: with 5 the takes 0 to "
         "4, as the makers of free-spoken-digits ask for"},
    GRADUS_SCALE_ARGUMENT("standard"),
    GRADUS_LIMIT_ARGUMENT,
    {0},
};

const gradus_reader gradus_reader_wav = {
    .member = {.name = "wav",
               .summary = "sounds (WAV) as log-mel spectrograms, a folder or the beginning of a name for each class",
               .formula = "ln(10^-8 + sum of w(f) |FFT(hann * samples)|^2), mel(f) = 2595 log10(1 + f / 700)",
               .paper = "Davis, Mermelstein 1980, Comparison of parametric representations for monosyllabic word "
                        "recognition",
               .also = "audio, sounds, speech, audiofolder",
               .arguments = arguments,
               .notes = "several channels are mixed; each band is scaled by the training part"},
    .open = open_sounds,
    .inputs = open_inputs,
    .save = save,
    .recall = recall,
};
