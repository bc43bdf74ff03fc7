/* A disk that fails at any one of the operations that a training asks of it: the process is killed there, or the power is cut and what was
 * not synced is gone, or the disk is full. Whatever it was, the run that goes on afterwards is the run that never was disturbed. */
#define _GNU_SOURCE
#include <assert.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "training.h"

/* ---- the disk: these stand before the C library's functions of the same names ---- */

typedef enum trouble { SOUND, KILLED, POWER_CUT, FULL, FULL_FOR_ONCE, TROUBLES } trouble;

static trouble disk;
static int operations, due; /* so far; which one meets the trouble */
static bool only_cuts;      /* operations are the shortenings of files alone */

enum { FILES = 128 };
static struct {
    char path[256];
    off_t synced; /* so much of it has reached the disk */
} files[FILES];
static int file_count;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int file_at(const char *path)
{
    for (int i = 0; i < file_count; i++)
        if (strcmp(files[i].path, path) == 0) return i;
    assert(file_count < FILES);
    snprintf(files[file_count].path, sizeof files->path, "%s", path);
    return file_count++;
}

static int file_of(int descriptor)
{
    char name[64], path[256];
    snprintf(name, sizeof name, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(name, path, sizeof path - 1);
    path[length < 0 ? 0 : length] = 0;
    return file_at(path);
}

static void die(void)
{
    struct stat about;
    for (int i = 0; disk == POWER_CUT && i < file_count; i++)
        if (stat(files[i].path, &about) == 0 && S_ISREG(about.st_mode) && about.st_size > files[i].synced)
            assert(truncate(files[i].path, files[i].synced) == 0);
    kill(getpid(), SIGKILL);
}

/* Counts an operation; true: it fails. */
static bool fails(bool is_cut)
{
    if (disk == SOUND || (only_cuts && !is_cut)) return false;
    if (++operations < due || (disk == FULL_FOR_ONCE && operations > due)) return false;
    if (disk == KILLED || disk == POWER_CUT) die();
    errno = ENOSPC;
    return true;
}

int open(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    if (flags & O_CREAT && fails(false)) return -1;
    int descriptor = REAL(open)(path, flags, mode);
    struct stat about;
    bool first = flags & O_CREAT && descriptor >= 0 && fstat(descriptor, &about) == 0;
    if (first) files[file_at(path)].synced = about.st_size;
    return descriptor;
}

FILE *fopen(const char *path, const char *mode)
{
    if (*mode == 'w' && fails(false)) return NULL;
    if (*mode == 'w') files[file_at(path)].synced = 0;
    return REAL(fopen)(path, mode);
}

/* The half of it is written even so, as a disk does that is full in the middle. */
ssize_t write(int descriptor, const void *bytes, size_t size)
{
    bool now = disk != SOUND && !only_cuts && operations + 1 == due && size > 1;
    ssize_t half = now ? REAL(write)(descriptor, bytes, size / 2) : 0;
    if (!fails(false)) return REAL(write)(descriptor, bytes, size);
    return now ? half : -1;
}

int fflush(FILE *file)
{
    if (file && fileno(file) > 2 && fails(false)) return EOF;
    return REAL(fflush)(file);
}

int fsync(int descriptor)
{
    struct stat about;
    if (fails(false)) return -1;
    if (fstat(descriptor, &about) == 0) files[file_of(descriptor)].synced = about.st_size;
    return 0; /* the disk under the test need not wait */
}

int ftruncate(int descriptor, off_t size)
{
    if (fails(true)) return -1;
    int i = file_of(descriptor);
    if (files[i].synced > size) files[i].synced = size;
    return REAL(ftruncate)(descriptor, size);
}

int rename(const char *from, const char *to)
{
    if (fails(false)) return -1;
    int i = file_at(from), j = file_at(to);
    files[j].synced = files[i].synced;
    return REAL(rename)(from, to);
}

int mkdir(const char *path, mode_t mode) { return fails(false) ? -1 : REAL(mkdir)(path, mode); }

/* ---- trainings in processes of their own; this one must not compute, because OpenMP does not survive a fork ---- */

enum { ENDED, REFUSED_WELL, WRONG };

static int train(const char *const *settings, bool resume)
{
    training part = {.settings = resume ? NULL : settings, .resume = resume ? "run" : NULL, .threads = 1};
    if (!training_go(&part)) return ENDED;
    const gradus_error *error = &part.report.error;
    if (disk != SOUND && error->code == GRADUS_CODE_INPUT_OUTPUT && strstr(error->message, "no space left"))
        return REFUSED_WELL;
    fprintf(stderr, "operation %d: %s\n", due, error->message);
    return WRONG;
}

/* How it ended; -1: it was killed. */
static int train_apart(const char *const *settings, bool resume, trouble kind)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        disk = kind;
        _exit(train(settings, resume));
    }
    assert_true(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool has_state(void)
{
    char path[256];
    return access(training_path("run", "state-a", path), F_OK) == 0 ||
           access(training_path("run", "state-b", path), F_OK) == 0;
}

static void begin_again(const char *const *settings)
{
    training_remove("run");
    assert_int_equal(train_apart(settings, false, SOUND), ENDED);
}

static void same_as_never(void)
{
    static const char *const names[] = {"model.safetensors", "metrics.csv", "measures.csv", "decisions.jsonl",
                                        "run.yaml"};
    char path[256];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        training_same("never", "run", names[i]);
        if (access(training_path("never", "kept", path), F_OK) == 0)
            training_same("never/kept/24", "run/kept/24", names[i]);
    }
    size_t size;
    glob_t left;
    assert_int_equal(glob(training_path("run", ".gradus-*", path), 0, NULL, &left), GLOB_NOMATCH);
    char *summary = training_read("run", "summary.json", &size);
    assert_null(strstr(summary, "\"status\": \"running\""));
    free(summary);
}

/* The trouble at one operation, then the way on; false: the training had not so many operations. */
static bool survives(const char *const *settings, trouble kind, int at)
{
    training_remove("run");
    due = at;
    int status = train_apart(settings, false, kind);
    assert_int_not_equal(status, WRONG);
    if (status == ENDED) return false;
    if (!has_state())
        begin_again(settings);
    else if (train_apart(NULL, true, SOUND) != ENDED)
        fail_msg("trouble %d at operation %d", kind, at);
    same_as_never();
    return true;
}

/* Every `stride`-th operation, each trouble from another one on; GRADUS_LONG: every one. */
static void every_operation(const char *const *settings, bool cuts, int stride)
{
    char path[2][256];
    only_cuts = cuts;
    if (getenv("GRADUS_LONG")) stride = 1;
    training_remove("never");
    begin_again(settings);
    rename(training_path("run", "", path[0]), training_path("never", "", path[1]));
    for (trouble kind = KILLED; kind < TROUBLES; kind++) {
        int at = 1 + ((int)kind * 5) % stride;
        while (survives(settings, kind, at)) at += stride;
        assert_true(at > stride); /* some of them did meet it */
    }
}

#define RUN "data=glyphs(count=200, test=20)", "model=flatten > dense(10)", "name=run"

static void test_to_the_end(void **state)
{
    (void)state;
    static const char *const settings[] = {RUN, "epochs=3", "lr=0.01", "keep_every=2ep", "save_every=9", NULL};
    every_operation(settings, false, 23);
}

/* Killed after the last state, which knows of the end, and before it is said. */
static void test_stopped_early(void **state)
{
    (void)state;
    static const char *const settings[] = {RUN, "epochs=20", "lr=1e-6", "stop=patience(val_accuracy, 2)", NULL};
    every_operation(settings, false, 29);
}

/* The guard goes back across the end of an epoch and shortens what was reported, below what the newest state knows of. */
static void test_while_the_guard_goes_back(void **state)
{
    (void)state;
    static const char *const settings[] = {"data=glyphs(count=500, test=50)",
                                           "model=flatten > dense(10)",
                                           "batch=4",
                                           "epochs=3",
                                           "optimizer=sgd",
                                           "lr=0.05",
                                           "schedule=hold(50%) > linear(from=1, to=30)",
                                           "save_every=1ep",
                                           "name=run",
                                           NULL};
    every_operation(settings, true, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_to_the_end), cmocka_unit_test(test_stopped_early),
                                       cmocka_unit_test(test_while_the_guard_goes_back)};
    return cmocka_run_group_tests(tests, training_begin, training_end);
}
