/* Files that survive: what is written aside is whole or not there, what grows is cut back, every failure names the file. */
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <glob.h>
#include <signal.h>
#include <errno.h>
#include "../../src/train/files.h"
#include "check.h"

static char folder[64];

static const char *in_folder(const char *name)
{
    static char path[2][128];
    static int turn;
    turn = !turn;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

static void assert_holds(const char *path, const char *expected)
{
    unsigned char *bytes;
    size_t size;
    gradus_error error = {0};
    assert_int_equal(gradus_file_read(path, &bytes, &size, &error), GRADUS_OK);
    assert_int_equal(size, strlen(expected));
    assert_string_equal((char *)bytes, expected);
    free(bytes);
}

/* How many files there are that are not yet whole. */
static size_t unfinished(void)
{
    glob_t found;
    const int status = glob(in_folder(".gradus-*"), 0, NULL, &found);
    const size_t count = status ? 0 : found.gl_pathc;
    if (!status) globfree(&found);
    return count;
}

static void write_plainly(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void test_replace_is_whole(void **state)
{
    (void)state;
    gradus_error error = {0};
    const char *path = in_folder("model");
    assert_int_equal(gradus_file_replace(path, "first", 5, &error), GRADUS_OK);
    assert_int_equal(gradus_file_replace(path, "second", 6, &error), GRADUS_OK);
    assert_holds(path, "second");
    assert_int_equal(unfinished(), 0);
}

/* Neither FILE.tmp nor one that has by chance the name that comes next is touched. */
static void test_a_users_own_files_stay(void **state)
{
    (void)state;
    char next[64];
    gradus_error error = {0};
    gradus_aside aside;
    snprintf(next, sizeof next, ".gradus-%ld-0", (long)getpid());
    write_plainly(in_folder("model.tmp"), "a user's");
    assert_int_equal(mkdir(in_folder(next), 0777), 0);
    assert_int_equal(gradus_aside_open(&aside, in_folder("model"), &error), GRADUS_OK);
    assert_int_equal(unfinished(), 2);
    gradus_aside_write(&aside, "third", 5);
    assert_int_equal(gradus_aside_close(&aside, &error), GRADUS_OK);
    assert_holds(in_folder("model"), "third");
    assert_holds(in_folder("model.tmp"), "a user's");
    assert_int_equal(rmdir(in_folder(next)), 0);
    assert_int_equal(unfinished(), 0);
}

/* What a killed process leaves is removed by the next file that is written there, whatever its name; what is being written is not. */
static void test_what_was_left_behind(void **state)
{
    (void)state;
    gradus_error error = {0};
    gradus_aside killed, alive;
    const pid_t child = fork();
    if (child == 0) {
        gradus_aside_open(&killed, in_folder("kept"), &error);
        kill(getpid(), SIGKILL);
    }
    assert_true(waitpid(child, NULL, 0) == child);
    assert_int_equal(unfinished(), 1);
    assert_int_equal(gradus_aside_open(&alive, in_folder("sticky"), &error), GRADUS_OK);
    assert_int_equal(unfinished(), 1);
    assert_int_equal(gradus_file_replace(in_folder("model"), "fourth", 6, &error), GRADUS_OK);
    assert_int_equal(unfinished(), 1);
    gradus_aside_write(&alive, "alive", 5);
    assert_int_equal(gradus_aside_close(&alive, &error), GRADUS_OK);
    assert_holds(in_folder("sticky"), "alive");
    assert_int_equal(unfinished(), 0);
}

/* A limit on the size of files stands in for a full disk. */
static void test_a_full_disk_leaves_what_was_there(void **state)
{
    (void)state;
    gradus_error error = {0};
    const char *path = in_folder("kept");
    assert_int_equal(gradus_file_replace(path, "old", 3, &error), GRADUS_OK);
    struct rlimit before, small = {4096, 4096};
    getrlimit(RLIMIT_FSIZE, &before);
    small.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    static char much[100000];
    gradus_status status = gradus_file_replace(path, much, sizeof much, &error);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(status, GRADUS_ERROR_FILE);
    assert_int_equal(error.code, GRADUS_CODE_INPUT_OUTPUT);
    char expected[256];
    snprintf(expected, sizeof expected, "%s: file too large", path);
    assert_string_equal(error.message, expected);
    assert_holds(path, "old");
    assert_int_equal(unfinished(), 0);
}

static void test_an_error_before_keeps_the_old_file(void **state)
{
    (void)state;
    gradus_error error = {0};
    gradus_aside aside;
    const char *path = in_folder("sticky");
    assert_int_equal(gradus_file_replace(path, "old", 3, &error), GRADUS_OK);
    assert_int_equal(gradus_aside_open(&aside, path, &error), GRADUS_OK);
    gradus_aside_write(&aside, "new", 3);
    gradus_fail(&error, GRADUS_ERROR_STATE, GRADUS_CODE_BAD_DATA, "what was to be written went wrong");
    assert_int_equal(gradus_aside_close(&aside, &error), GRADUS_ERROR_STATE);
    assert_string_equal(error.message, "what was to be written went wrong");
    assert_holds(path, "old");
}

static void test_what_is_not_there(void **state)
{
    (void)state;
    gradus_error error = {0};
    unsigned char *bytes;
    size_t size;
    const char *path = in_folder("nowhere");
    assert_int_not_equal(gradus_file_read(path, &bytes, &size, &error), GRADUS_OK);
    assert_int_equal(error.code, GRADUS_CODE_NO_FILE);
    assert_null(bytes);
    error = (gradus_error){0};
    assert_int_not_equal(gradus_file_read(folder, &bytes, &size, &error), GRADUS_OK);
    assert_non_null(strstr(error.message, "is a directory"));
}

static void test_journal_grows_and_is_cut(void **state)
{
    (void)state;
    gradus_error error = {0};
    gradus_journal journal;
    const char *path = in_folder("metrics.csv");
    assert_int_equal(gradus_journal_open(&journal, path, 0, &error), GRADUS_OK);
    gradus_journal_append(&journal, "one\n", 4, &error);
    gradus_journal_append(&journal, "two\n", 4, &error);
    assert_int_equal(journal.size, 8);
    gradus_journal_cut(&journal, 4, &error);
    gradus_journal_append(&journal, "three\n", 6, &error);
    gradus_journal_sync(&journal, &error);
    gradus_journal_close(&journal);
    assert_int_equal(error.status, GRADUS_OK);
    assert_holds(path, "one\nthree\n");
    assert_int_equal(gradus_journal_open(&journal, path, 4, &error), GRADUS_OK);
    gradus_journal_append(&journal, "four\n", 5, &error);
    gradus_journal_close(&journal);
    assert_holds(path, "one\nfour\n");
    assert_int_equal(journal.lost, 0);
    static const struct { /* shorter than it was to be, or cut within a line: what is whole stays */
        int64_t keep, lost;
        const char *holds;
    } changed[] = {{100, 91, "one\nfour\n"}, {6, 2, "one\n"}, {3, 3, ""}, {2, 2, ""}};
    for (size_t i = 0; i < sizeof changed / sizeof *changed; i++) {
        assert_int_equal(gradus_journal_open(&journal, path, changed[i].keep, &error), GRADUS_OK);
        assert_int_equal(journal.lost, changed[i].lost);
        gradus_journal_close(&journal);
        assert_holds(path, changed[i].holds);
    }
}

static void test_memory_that_grows(void **state)
{
    (void)state;
    gradus_buffer buffer = {0};
    for (int i = 0; i < 1000; i++) assert_int_equal(gradus_buffer_write(&buffer, "abc", 3), 0);
    assert_int_equal(buffer.size, 3000);
    assert_memory_equal(buffer.bytes + 2997, "abc", 3);
    gradus_buffer_release(&buffer);
}

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/gradus-files-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"model", "model.tmp", "kept", "sticky", "metrics.csv"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) unlink(in_folder(names[i]));
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_replace_is_whole),
                                       cmocka_unit_test(test_a_users_own_files_stay),
                                       cmocka_unit_test(test_what_was_left_behind),
                                       cmocka_unit_test(test_a_full_disk_leaves_what_was_there),
                                       cmocka_unit_test(test_an_error_before_keeps_the_old_file),
                                       cmocka_unit_test(test_what_is_not_there),
                                       cmocka_unit_test(test_journal_grows_and_is_cut),
                                       cmocka_unit_test(test_memory_that_grows)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
