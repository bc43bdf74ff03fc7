/* Folders of runs: names, -2 and -3, what is in the way, what is replaced, two trainings at once. */
#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/stat.h>
#include "../../src/train/folder.h"
#include "check.h"

static char out[64];

static void write_file(const char *run, const char *name, const char *text)
{
    char path[256];
    gradus_error error = {0};
    snprintf(path, sizeof path, "%s/%s/%s", out, run, name);
    assert_int_equal(gradus_file_replace(path, text, strlen(text), &error), GRADUS_OK);
}

static bool has_file(const char *run, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s/%s", out, run, name);
    return access(path, F_OK) == 0;
}

static gradus_status make(const char *name, bool given, bool overwrite, char path[256], gradus_error *error)
{
    gradus_folder folder;
    *error = (gradus_error){0};
    gradus_status status = gradus_folder_make(&folder, &(gradus_folder_config){out, name, given, overwrite}, error);
    snprintf(path, 256, "%.200s", folder.path + strlen(out) + 1);
    gradus_folder_close(&folder);
    return status;
}

static void test_a_taken_name_gets_a_number(void **state)
{
    (void)state;
    char path[256];
    gradus_error error;
    assert_int_equal(make("mnist", false, false, path, &error), GRADUS_OK);
    assert_string_equal(path, "mnist");
    assert_int_equal(make("mnist", false, false, path, &error), GRADUS_OK);
    assert_string_equal(path, "mnist-2");
    assert_int_equal(make("mnist", false, false, path, &error), GRADUS_OK);
    assert_string_equal(path, "mnist-3");
}

static void test_a_given_name_in_the_way(void **state)
{
    (void)state;
    char path[256];
    gradus_error error;
    assert_int_equal(make("first", true, false, path, &error), GRADUS_OK);
    assert_int_equal(make("first", true, false, path, &error), GRADUS_ERROR_USE);
    assert_int_equal(error.code, GRADUS_CODE_EXISTS);
    assert_non_null(strstr(error.message, "/first exists (not a whole run); go on with --resume"));
    write_file("first", "summary.json", "{\"status\": \"finished\", \"epochs\": 10}");
    make("first", true, false, path, &error);
    assert_non_null(strstr(error.message, "/first exists (finished, 10 epochs); go on with --resume, start again with "
                                          "--overwrite, or take another name="));
    write_file("first", "summary.json", "{\"status\": \"running\", \"epochs\": 1}");
    make("first", true, false, path, &error);
    assert_non_null(strstr(error.message, "(not finished, 1 epoch)"));
}

static void test_overwrite_leaves_what_is_not_ours(void **state)
{
    (void)state;
    char path[256];
    gradus_error error;
    assert_int_equal(make("again", true, false, path, &error), GRADUS_OK);
    write_file("again", "metrics.csv", "old");
    write_file("again", "state-a", "old");
    write_file("again", "notes.txt", "the user's");
    assert_int_equal(make("again", true, true, path, &error), GRADUS_OK);
    assert_string_equal(path, "again");
    assert_false(has_file("again", "metrics.csv"));
    assert_false(has_file("again", "state-a"));
    assert_true(has_file("again", "notes.txt"));
}

static void test_one_training_at_a_time(void **state)
{
    (void)state;
    char path[256];
    gradus_error error = {0};
    gradus_folder first, second;
    assert_int_equal(gradus_folder_make(&first, &(gradus_folder_config){out, "locked", true, false}, &error),
                     GRADUS_OK);
    write_file("locked", "run.yaml", "data: glyphs\n");
    assert_int_equal(gradus_folder_open(&second, first.path, true, &error), GRADUS_ERROR_USE);
    assert_non_null(strstr(error.message, "is being trained by another process"));
    assert_int_equal(make("locked", true, true, path, &error), GRADUS_ERROR_USE);
    assert_true(has_file("locked", "run.yaml"));
    error = (gradus_error){0};
    assert_int_equal(gradus_folder_open(&second, first.path, false, &error), GRADUS_OK);
    gradus_folder_close(&second);
    gradus_folder_close(&first);
    assert_int_equal(gradus_folder_open(&second, first.path, true, &error), GRADUS_OK);
    gradus_folder_close(&second);
}

static void *look(void *descriptor) /* and go away in a moment */
{
    usleep(20000);
    flock(*(int *)descriptor, LOCK_UN);
    return NULL;
}

/* Who asks whether a run is trained is in nobody's way: neither of another who asks, nor of a training that begins. */
static void test_looking_is_not_training(void **state)
{
    (void)state;
    char path[256];
    gradus_error error;
    gradus_folder folder;
    pthread_t thread;
    assert_int_equal(make("looked-at", true, false, path, &error), GRADUS_OK);
    write_file("looked-at", "run.yaml", "");
    snprintf(path, sizeof path, "%s/looked-at", out);
    int descriptor = open(path, O_RDONLY | O_DIRECTORY);
    assert_int_equal(flock(descriptor, LOCK_SH), 0);
    assert_false(gradus_folder_is_trained(path));
    pthread_create(&thread, NULL, look, &descriptor);
    if (gradus_folder_open(&folder, path, true, &error)) fail_msg("%s", error.message);
    assert_true(gradus_folder_is_trained(path));
    gradus_folder_close(&folder);
    assert_false(gradus_folder_is_trained(path));
    pthread_join(thread, NULL);
    close(descriptor);
}

static void test_what_is_no_run(void **state)
{
    (void)state;
    char path[256];
    gradus_error error;
    gradus_folder folder;
    make("empty", true, false, path, &error);
    snprintf(path, sizeof path, "%s/empty", out);
    assert_int_not_equal(gradus_folder_open(&folder, path, true, &error), GRADUS_OK);
    assert_non_null(strstr(error.message, "is no run: it holds no run.yaml"));
    error = (gradus_error){0};
    assert_int_not_equal(gradus_folder_open(&folder, "/nowhere/at/all", true, &error), GRADUS_OK);
    assert_string_equal(error.message, "/nowhere/at/all: no such run");
}

static void test_names_that_are_paths(void **state)
{
    (void)state;
    char path[256];
    gradus_error error;
    static const char *const names[] = {"a/b", "..", ".hidden", ""};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_not_equal(make(names[i], true, false, path, &error), GRADUS_OK);
        assert_non_null(strstr(error.message, "cannot name a run"));
    }
}

static void test_a_folder_that_cannot_be_made(void **state)
{
    (void)state;
    gradus_error error = {0};
    gradus_folder folder;
    gradus_folder_config config = {"/proc/nothing/here", "run", false, false};
    assert_int_not_equal(gradus_folder_make(&folder, &config, &error), GRADUS_OK);
    assert_int_equal(strncmp(error.message, "/proc/nothing: ", 15), 0);
}

static int make_out(void **state)
{
    (void)state;
    strcpy(out, "/tmp/gradus-folder-XXXXXX");
    return mkdtemp(out) ? 0 : -1;
}

static int remove_out(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", out);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_taken_name_gets_a_number),
                                       cmocka_unit_test(test_a_given_name_in_the_way),
                                       cmocka_unit_test(test_overwrite_leaves_what_is_not_ours),
                                       cmocka_unit_test(test_one_training_at_a_time),
                                       cmocka_unit_test(test_looking_is_not_training),
                                       cmocka_unit_test(test_what_is_no_run),
                                       cmocka_unit_test(test_names_that_are_paths),
                                       cmocka_unit_test(test_a_folder_that_cannot_be_made)};
    return cmocka_run_group_tests(tests, make_out, remove_out);
}
