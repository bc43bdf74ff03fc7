/* Getting known sets from a server of the test's own: whole, broken off and gone on with, wrong, too long, not there; and where
 * sets are looked for. */
#include "sets.h"
#include <signal.h>
#include <sys/wait.h>

static pid_t server;
static int port;
static char log_path[128];

static int start_server(void **state)
{
    char shared[1024], line[32] = "";
    int pipes[2];
    const char *from = getenv("GRADUS_SHARED");
    snprintf(shared, sizeof shared, "%s/data", from && *from ? from : "../shared");
    if (make_folder(state) || pipe(pipes)) return -1;
    snprintf(log_path, sizeof log_path, "%s/log", folder);
    put("log", "");
    server = fork();
    if (server == 0) {
        dup2(pipes[1], STDOUT_FILENO);
        close(pipes[0]);
        execlp("python3", "python3", "tests/data/serve.py", shared, log_path, (char *)NULL);
        _exit(127);
    }
    close(pipes[1]);
    FILE *said = fdopen(pipes[0], "r");
    if (!said || !fgets(line, sizeof line, said)) print_message("there is no python3 to serve files\n");
    if (said) fclose(said);
    port = atoi(line);
    setenv("XDG_CACHE_HOME", folder, 1);
    unsetenv("http_proxy");
    return 0;
}

static void remove_tree(const char *path)
{
    char inner[1024];
    DIR *listed = opendir(path);
    for (struct dirent *entry; listed && (entry = readdir(listed));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        remove_tree(inner);
    }
    if (listed) closedir(listed);
    remove(path);
}

static int stop_server(void **state)
{
    (void)state;
    if (server > 0) kill(server, SIGTERM);
    if (server > 0) waitpid(server, NULL, 0);
    remove_tree(folder);
    return 0;
}

/* Points the library at a mode of the server; skips where there is no server or nothing to serve. */
static void serve(const char *mode)
{
    char mirror[64], path[1024];
    check_shared("data/mnist/train-images-idx3-ubyte.gz", path);
    if (!port) skip();
    snprintf(mirror, sizeof mirror, "http://127.0.0.1:%d/%s", port, mode);
    setenv("GRADUS_MIRROR", mirror, 1);
    put("log", "");
}

static void clear(void)
{
    char path[128];
    snprintf(path, sizeof path, "%s/sets", folder);
    remove_tree(path);
}

static const char *in_sets(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/sets/mnist/%s", folder, name);
    return path;
}

static int64_t size_of(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 ? (int64_t)about.st_size : -1;
}

/* How many lines of the log hold `text`. */
static int logged(const char *text)
{
    char line[512];
    int count = 0;
    FILE *file = fopen(log_path, "r");
    while (file && fgets(line, sizeof line, file)) count += strstr(line, text) != NULL;
    if (file) fclose(file);
    return count;
}

static gradus_status get(const char *name, gradus_download_progress *progress, void *user, gradus_error *error)
{
    char sets[128], path[512];
    snprintf(sets, sizeof sets, "%s/sets", folder);
    *error = (gradus_error){0};
    return gradus_data_get(name, sets, progress, user, path, sizeof path, error);
}

typedef struct watched {
    int calls;
    int64_t last, stop_at;
} watched;

static bool watch(void *user, const char *file, int64_t done, int64_t total)
{
    watched *seen = user;
    if (strncmp(file, "train-images", 12) != 0) return true;
    assert_true(done >= seen->last && done <= total);
    assert_int_equal(total, 9912422);
    seen->last = done;
    seen->calls++;
    return !seen->stop_at || done < seen->stop_at;
}

static void test_whole(void **state)
{
    (void)state;
    gradus_error error;
    watched seen = {0};
    char path[512], sets[128];
    clear();
    serve("plain");
    if (get("mnist", watch, &seen, &error)) fail_msg("%s", error.message);
    assert_true(seen.calls > 0);
    assert_int_equal(seen.last, 9912422);
    assert_int_equal(size_of(in_sets("train-images-idx3-ubyte.gz")), 9912422);
    assert_int_equal(size_of(in_sets("t10k-labels-idx1-ubyte.gz")), 4542);
    assert_int_equal(size_of(in_sets("train-images-idx3-ubyte.gz.part")), -1);
    assert_int_equal(logged("/plain/"), 4);
    snprintf(sets, sizeof sets, "%s/sets", folder);
    assert_true(gradus_data_find("mnist", sets, path, sizeof path));
    assert_non_null(strstr(path, "/sets/mnist"));

    if (get("mnist", NULL, NULL, &error)) fail_msg("%s", error.message); /* nothing is fetched again ... */
    assert_int_equal(logged("/plain/"), 4);
    FILE *file = fopen(in_sets("t10k-labels-idx1-ubyte.gz"), "r+b"); /* ... but what has been damaged */
    assert_non_null(file);
    fputc('x', file);
    fclose(file);
    if (get("mnist", NULL, NULL, &error)) fail_msg("%s", error.message);
    assert_int_equal(logged("/plain/"), 5);
}

static void test_broken_off(void **state)
{
    (void)state;
    gradus_error error;
    clear();
    serve("cut");
    for (int64_t held = 1000000; held < 9912422; held += 1000000) {
        assert_int_equal(get("mnist", NULL, NULL, &error), GRADUS_ERROR_FILE);
        assert_int_equal(error.code, GRADUS_CODE_INPUT_OUTPUT);
        assert_non_null(strstr(error.message, "what has come is kept, the same command goes on from there"));
        assert_int_equal(size_of(in_sets("train-images-idx3-ubyte.gz.part")), held);
        assert_int_equal(size_of(in_sets("train-images-idx3-ubyte.gz")), -1);
    }
    assert_int_equal(logged("bytes=8000000-"), 1);
    serve("plain");
    if (get("mnist", NULL, NULL, &error)) fail_msg("%s", error.message);
    assert_int_equal(logged("train-images-idx3-ubyte.gz bytes=9000000-"), 1);
    assert_int_equal(size_of(in_sets("train-images-idx3-ubyte.gz")), 9912422);
}

/* A server that cannot go on from the middle gives the whole file, after another that broke off. */
static void test_without_ranges(void **state)
{
    (void)state;
    static const char *const modes[] = {"norange", "refuse"};
    for (int i = 0; i < 2; i++) {
        gradus_error error;
        clear();
        serve("cut");
        assert_int_not_equal(get("mnist", NULL, NULL, &error), GRADUS_OK);
        serve(modes[i]);
        if (get("mnist", NULL, NULL, &error)) fail_msg("%s", error.message);
        assert_int_equal(logged("train-images-idx3-ubyte.gz bytes=1000000-"), 1);
        assert_int_equal(logged("train-images-idx3-ubyte.gz -"), 1);
        assert_int_equal(size_of(in_sets("train-images-idx3-ubyte.gz")), 9912422);
    }
}

static void test_stopped(void **state)
{
    (void)state;
    gradus_error error;
    watched seen = {.stop_at = 1};
    clear();
    serve("plain");
    assert_int_not_equal(get("mnist", watch, &seen, &error), GRADUS_OK);
    assert_non_null(strstr(error.message, "train-images-idx3-ubyte.gz: stopped"));
    seen.stop_at = seen.last = 0;
    if (get("mnist", watch, &seen, &error)) fail_msg("%s", error.message);
}

static void test_wrong(void **state)
{
    (void)state;
    gradus_error error;
    clear();
    serve("flip");
    assert_int_equal(get("mnist", NULL, NULL, &error), GRADUS_ERROR_FILE);
    assert_int_equal(error.code, GRADUS_CODE_BAD_DATA);
    assert_non_null(
        strstr(error.message, "train-images-idx3-ubyte.gz is not the file that is expected (9912422 bytes, sha256 "));
    assert_non_null(strstr(error.message, "440fcabf73cc...); it was removed"));
    assert_int_equal(size_of(in_sets("train-images-idx3-ubyte.gz")), -1);
    assert_int_equal(size_of(in_sets("train-images-idx3-ubyte.gz.part")), -1);
    serve("long");
    assert_int_not_equal(get("mnist", NULL, NULL, &error), GRADUS_OK);
    assert_non_null(strstr(error.message, ": more than the 9912422 bytes of the file"));
    clear();
    serve("missing");
    assert_int_not_equal(get("mnist", NULL, NULL, &error), GRADUS_OK);
    assert_non_null(strstr(error.message, "/missing/mnist/train-images-idx3-ubyte.gz: the server answers 404"));
    assert_int_equal(size_of(in_sets("train-images-idx3-ubyte.gz.part")), -1);
    setenv("GRADUS_MIRROR", "http://127.0.0.1:1", 1); /* nobody listens */
    assert_int_not_equal(get("mnist", NULL, NULL, &error), GRADUS_OK);
    assert_non_null(strstr(error.message, "http://127.0.0.1:1/mnist/train-images-idx3-ubyte.gz: failed to connect"));
    setenv("GRADUS_MIRROR", "file:///etc", 1); /* only from the network */
    assert_int_not_equal(get("mnist", NULL, NULL, &error), GRADUS_OK);
    assert_int_equal(error.code, GRADUS_CODE_INPUT_OUTPUT);
}

static void test_disk(void **state)
{
    (void)state;
    gradus_error error;
    char part[256], sets[128];
    clear();
    serve("plain");
    snprintf(sets, sizeof sets, "%s/sets", folder);
    mkdir(sets, 0777);
    mkdir(in_sets(""), 0777);
    snprintf(part, sizeof part, "%s", in_sets("train-images-idx3-ubyte.gz.part"));
    assert_int_equal(symlink("/dev/full", part), 0);
    assert_int_not_equal(get("mnist", NULL, NULL, &error), GRADUS_OK);
    assert_non_null(strstr(error.message, "train-images-idx3-ubyte.gz.part: no space left on device"));
    assert_int_equal(error.code, GRADUS_CODE_INPUT_OUTPUT);
    clear();
    put("sets", "a file where a folder should be");
    assert_int_not_equal(get("mnist", NULL, NULL, &error), GRADUS_OK);
    assert_non_null(strstr(error.message, ": not a directory"));
    clear();
}

static void test_names(void **state)
{
    (void)state;
    gradus_error error;
    assert_int_equal(get("mnst", NULL, NULL, &error), GRADUS_ERROR_FILE);
    assert_string_equal(error.message, "no known data set 'mnst'; did you mean 'mnist'?");
    assert_string_equal(error.near, "mnist");
    assert_int_equal(error.code, GRADUS_CODE_UNKNOWN_NAME);
    assert_int_equal(get("glyphs", NULL, NULL, &error), GRADUS_OK);
    for (int32_t i = 0; gradus_known_sets(i); i++) {
        const gradus_known_set *set = gradus_known_sets(i);
        assert_non_null(set->summary);
        if (!set->files) continue;
        assert_true(strncmp(set->url, "https://", 8) == 0 && set->url[strlen(set->url) - 1] == '/');
        assert_non_null(set->licence);
        for (const gradus_known_file *file = set->files; file->name; file++) {
            assert_int_equal(strlen(file->sha256), 64);
            assert_true(file->bytes > 0);
        }
    }
}

/* --data-dir, the folders of GRADUS_DATA, ./data, the cache; the first that holds every file. */
static void test_places(void **state)
{
    (void)state;
    char text[1024], path[512], expected[600];
    setenv("HOME", folder, 1);
    unsetenv("XDG_CACHE_HOME");
    unsetenv("GRADUS_DATA");
    gradus_data_looked(NULL, text, sizeof text);
    assert_string_equal(text, "./data, ~/.cache/gradus/data");
    setenv("XDG_CACHE_HOME", "/cache", 1);
    setenv("GRADUS_DATA", "/a::/b/c:", 1);
    size_t length = gradus_data_looked("/given", text, sizeof text);
    assert_string_equal(text, "/given, /a, /b/c, ./data, /cache/gradus/data");
    assert_int_equal(length, strlen(text));
    assert_int_equal(gradus_data_looked("/given", text, 8), length);
    assert_string_equal(text, "/given,");
    setenv("XDG_CACHE_HOME", "relative", 1); /* to be ignored */
    gradus_data_looked(NULL, text, sizeof text);
    assert_string_equal(text, "/a, /b/c, ./data, ~/.cache/gradus/data");

    unsetenv("GRADUS_DATA");
    set_must_fail("mnist", NULL,
                  "mnist is not here (looked in ./data, ~/.cache/gradus/data); get it with: gradus data get mnist");
    static const char *const names[] = {"train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz",
                                        "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte.gz"};
    snprintf(path, sizeof path, "%s/sets", folder);
    mkdir(path, 0777);
    mkdir(in_sets(""), 0777);
    setenv("GRADUS_DATA", path, 1);
    for (int i = 0; i < 4; i++) { /* one of them unpacked by hand */
        assert_false(gradus_data_find("mnist", NULL, text, sizeof text));
        FILE *file = fopen(in_sets(names[i]), "w");
        assert_non_null(file);
        fclose(file);
    }
    snprintf(expected, sizeof expected, "%s/sets/mnist", folder);
    assert_true(gradus_data_find("mnist", NULL, text, sizeof text));
    assert_string_equal(text, expected);
    assert_true(gradus_data_find("glyphs", NULL, text, sizeof text));
    assert_string_equal(text, "");
    assert_false(gradus_data_find("nothing", NULL, text, sizeof text));
    clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),   cmocka_unit_test(test_broken_off), cmocka_unit_test(test_without_ranges),
        cmocka_unit_test(test_stopped), cmocka_unit_test(test_wrong),      cmocka_unit_test(test_disk),
        cmocka_unit_test(test_names),   cmocka_unit_test(test_places),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
