/* What the tests of the trainer share: a small run in a folder of its own, and files compared byte by byte. */
#ifndef GRADUS_TESTS_TRAINING_H
#define GRADUS_TESTS_TRAINING_H
#include <pthread.h>
#include "check.h"
#include "gradus/base.h"
#include "gradus/train.h"

static char training_out[64]; /* where runs are made; a folder of its own for each test program */

static inline int training_begin(void **state)
{
    (void)state;
    strcpy(training_out, "/tmp/gradus-training-XXXXXX");
    return mkdtemp(training_out) ? 0 : -1;
}

static inline int training_end(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", training_out);
    return system(command);
}

static inline const char *training_path(const char *run, const char *file, char path[256])
{
    snprintf(path, 256, "%s/%s%s%s", training_out, run, *file ? "/" : "", file);
    return path;
}

static inline void training_remove(const char *run)
{
    char path[256], command[300];
    snprintf(command, sizeof command, "rm -rf '%s'", training_path(run, "", path));
    assert_int_equal(system(command), 0);
}

static inline char *training_read(const char *run, const char *name, size_t *size)
{
    char path[256];
    FILE *file = fopen(training_path(run, name, path), "rb");
    if (!file) fail_msg("%s is not there", path);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*size + 1);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    fclose(file);
    bytes[*size] = 0;
    return bytes;
}

static inline void training_same(const char *first, const char *second, const char *name)
{
    size_t one, two;
    char *a = training_read(first, name, &one), *b = training_read(second, name, &two);
    if (one != two || memcmp(a, b, one) != 0)
        fail_msg("%s of %s and %s differ (%zu and %zu bytes)", name, first, second, one, two);
    free(a);
    free(b);
}

/* ---- a training, ended where the test wants ---- */

typedef struct training {
    const char *const *settings;  /* "epochs=3", ...; ends with NULL */
    const char *resume;           /* name of a run; NULL: a new one */
    int threads, interrupt_after; /* epochs, in this session; 0: none */
    int interrupt_finding;        /* after so many rates were tried; 0: none */
    int interrupt_judging;        /* when so many batches of validation or test were to be looked at; 0: none */
    long interrupt_micro;         /* microseconds; 0: none */
    bool foresee;                 /* asks how long it will take: into `time` */
    gradus_run_time time;
    gradus_run *run;
    int epochs, notes, found, judged; /* rates tried; batches of validation and test */
    int progresses;                   /* told so often, */
    double slowest;                   /* and the fewest samples a second that were told */
    char note[512];
    gradus_run_end end;
    gradus_report report;
} training;

static void training_epoch(void *user, const gradus_run_row *row)
{
    training *own = user;
    (void)row;
    if (++own->epochs == own->interrupt_after) gradus_run_interrupt(own->run);
}

static void training_finding(void *user, int32_t tried, int32_t rates)
{
    training *own = user;
    if (tried >= rates) fail_msg("rate %d of %d", tried, rates);
    if (++own->found == own->interrupt_finding) gradus_run_interrupt(own->run);
}

static void training_judging(void *user, int64_t batch, int64_t batches)
{
    training *own = user;
    if (batch >= batches) fail_msg("batch %d of %d", (int)batch, (int)batches);
    if (++own->judged == own->interrupt_judging) gradus_run_interrupt(own->run);
}

static void training_progress(void *user, const gradus_run_progress *progress)
{
    training *own = user;
    if (!own->progresses++ || progress->samples_per_second < own->slowest) own->slowest = progress->samples_per_second;
}

static void training_start(void *user, const gradus_run_facts *facts) { ((training *)user)->time = facts->time; }

static void training_note(void *user, const char *text)
{
    training *own = user;
    snprintf(own->note, sizeof own->note, "%s", text);
    own->notes++;
}

static void *training_later(void *user)
{
    training *own = user;
    usleep((useconds_t)own->interrupt_micro);
    gradus_run_interrupt(own->run);
    return NULL;
}

static gradus_settings *training_settings(training *own)
{
    char path[256], file[1024], base[1024];
    gradus_settings_config config = {.arguments = own->settings};
    if (own->resume && gradus_run_source(training_path(own->resume, "", path), file, base, &own->report.error))
        return NULL;
    if (own->resume) config.file = file, config.folder = base;
    return gradus_settings_create(&config, &own->report);
}

/* Makes a run and trains it; what went wrong is in own->report. */
static inline gradus_status training_go(training *own)
{
    char resume[256];
    gradus_settings *settings = training_settings(own);
    if (!settings) return own->report.error.status;
    gradus_run_config config = {.settings = settings,
                                .out = training_out,
                                .threads = own->threads,
                                .resume = own->resume ? training_path(own->resume, "", resume) : NULL};
    own->run = gradus_run_create(&config, &own->report);
    if (own->run) {
        gradus_listener listener = {.user = own,
                                    .finding = training_finding,
                                    .progress = training_progress,
                                    .judging = training_judging,
                                    .epoch = training_epoch,
                                    .note = training_note};
        if (own->foresee) listener.start = training_start;
        pthread_t thread;
        if (own->interrupt_micro) pthread_create(&thread, NULL, training_later, own);
        gradus_run_train(own->run, &listener, &own->end, &own->report);
        if (own->interrupt_micro) pthread_join(thread, NULL);
    }
    gradus_run_destroy(own->run);
    gradus_settings_destroy(settings);
    return own->report.error.status;
}

static inline void training_must(training *own, gradus_run_status status)
{
    if (training_go(own)) fail_msg("%s: %s", own->report.where, own->report.error.message);
    assert_string_equal(gradus_run_status_name(own->end.status), gradus_run_status_name(status));
}

#endif
