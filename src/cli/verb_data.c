/* gradus data: which sets are known and where they lie, and getting one: the only verb that talks to the network. */
#include <stdlib.h>
#include <string.h>
#include "progress.h"

enum { PATH = 1100 };

static int64_t bytes_of(const gradus_known_set *set, int32_t *files)
{
    int64_t bytes = 0;
    *files = 0;
    for (const gradus_known_file *file = set->files; file && file->name; file++, ++*files) bytes += file->bytes;
    return bytes;
}

/* A path as the user would write it: the home folder is ~. */
static const char *homely(const char *path, char text[PATH])
{
    const char *home = getenv("HOME");
    size_t length = home ? strlen(home) : 0;
    bool below = length > 1 && strncmp(path, home, length) == 0 && (path[length] == '/' || !path[length]);
    snprintf(text, PATH, "%s%s", below ? "~" : "", below ? path + length : path);
    return text;
}

/* ---- list ---- */

static void print_set(const cli_call *call, const gradus_known_set *set, int32_t widest)
{
    char path[PATH], shown[PATH], size[32], where[PATH + 32];
    int32_t files;
    bool here = gradus_data_find(set->name, call->data_dir, path, sizeof path);
    cli_bytes(bytes_of(set, &files), size);
    if (!files)
        snprintf(where, sizeof where, "made on the spot");
    else if (here)
        snprintf(where, sizeof where, "%s", homely(path, shown));
    else
        snprintf(where, sizeof where, "gradus data get %s", set->name);
    printf("%-*s  %9s  %-4s  %s\n", (int)widest, set->name, files ? size : "-", here ? "yes" : "no", where);
}

static void json_set(const cli_call *call, const gradus_known_set *set, gradus_json *json)
{
    char path[PATH];
    int32_t files;
    bool here = gradus_data_find(set->name, call->data_dir, path, sizeof path);
    int64_t bytes = bytes_of(set, &files);
    gradus_json_open(json, NULL, '{');
    gradus_json_text(json, "name", set->name);
    gradus_json_number(json, "bytes", (double)bytes);
    gradus_json_flag(json, "here", here);
    gradus_json_text(json, "path", here && files ? path : NULL);
    gradus_json_open(json, "sha256", '{');
    for (const gradus_known_file *file = set->files; file && file->name; file++)
        gradus_json_text(json, file->name, file->sha256);
    gradus_json_close(json, '}');
    gradus_json_text(json, "summary", set->summary);
    gradus_json_text(json, "licence", set->licence);
    gradus_json_close(json, '}');
}

/* Where it was looked for belongs to the table on a terminal; in a pipe it would be taken for a row. */
static void say_looked(const cli_call *call)
{
    char looked[4 * PATH];
    gradus_data_looked(call->data_dir, looked, sizeof looked);
    const char *unset = getenv("GRADUS_DATA") ? "" : " (GRADUS_DATA is not set)";
    if (call->terminal.output)
        printf("looked in %s%s\n", looked, unset);
    else
        cli_note(call, "looked in %s%s", looked, unset);
}

static cli_exit list(const cli_call *call)
{
    const gradus_known_set *set;
    if (call->json) {
        gradus_json json = {.write = cli_write, .user = stdout, .indent = 2};
        gradus_json_open(&json, NULL, '[');
        for (int32_t i = 0; (set = gradus_known_sets(i)); i++) json_set(call, set, &json);
        gradus_json_close(&json, ']');
        putchar('\n');
        return CLI_DONE;
    }
    int32_t widest = 4;
    for (int32_t i = 0; (set = gradus_known_sets(i)); i++)
        if ((int32_t)strlen(set->name) > widest) widest = (int32_t)strlen(set->name);
    if (call->terminal.output) printf("%-*s  %9s  here  where\n", (int)widest, "name", "size");
    for (int32_t i = 0; (set = gradus_known_sets(i)); i++) print_set(call, set, widest);
    fflush(stdout);
    say_looked(call);
    return CLI_DONE;
}

/* ---- get ---- */

typedef struct bar {
    const char *set;
    int64_t tenth; /* of a per cent, printed last */
} bar;

static bool draw(void *user, const char *file, int64_t done, int64_t total)
{
    bar *drawn = user;
    char now[32], whole[32];
    int64_t tenth = total ? 1000 * done / total : 0;
    if (tenth == drawn->tenth) return true;
    drawn->tenth = tenth;
    cli_bytes(done, now);
    cli_bytes(total, whole);
    fprintf(stderr, "\r\033[K%s  %s  %s of %s", drawn->set, file, now, whole);
    return true;
}

static cli_exit get(const cli_call *call, const char *name)
{
    gradus_error error = {0};
    bar drawn = {.set = name, .tenth = -1};
    char path[PATH], shown[PATH], size[32];
    int32_t files;
    bool visible = call->terminal.error && !call->quiet;
    gradus_data_get(name, call->data_dir, visible ? draw : NULL, &drawn, path, sizeof path, &error);
    if (drawn.tenth >= 0) fputs("\r\033[K", stderr);
    if (error.status) return cli_error(call, NULL, &error);
    const gradus_known_set *set;
    for (int32_t i = 0; (set = gradus_known_sets(i)) && strcmp(set->name, name) != 0;) i++;
    cli_bytes(bytes_of(set, &files), size);
    if (call->json) {
        gradus_json json = {.write = cli_write, .user = stdout};
        json_set(call, set, &json);
        putchar('\n');
    } else if (!files) {
        printf("%s  made on the spot; there is nothing to get\n", name);
    } else if (!call->quiet) {
        printf("%s  %d file%s, %s, sha256 correct, in %s\n", name, files, files == 1 ? "" : "s", size,
               homely(path, shown));
    }
    return CLI_DONE;
}

static cli_exit run(cli_call *call)
{
    const char *what = call->words[0];
    if (strcmp(what, "list") == 0 && call->word_count == 1) return list(call);
    if (strcmp(what, "list") == 0)
        return cli_fail(call, GRADUS_CODE_TOO_MANY, "data", "list takes nothing; gradus data get %s fetches a set",
                        call->words[1]);
    if (strcmp(what, "get") != 0)
        return cli_fail(call, GRADUS_CODE_UNKNOWN_NAME, "data", "'%s' is neither list nor get", what);
    if (call->word_count == 1)
        return cli_fail(call, GRADUS_CODE_MISSING, "data", "get needs the name of a set; gradus data list shows them");
    cli_exit status = CLI_DONE;
    for (int32_t i = 1; i < call->word_count && status == CLI_DONE; i++) status = get(call, call->words[i]);
    return status;
}

const cli_verb cli_verb_data = {
    .name = "data",
    .summary = "known data sets: what is here, and getting one",
    .usage = "list\nget NAME ...",
    .about = "Lists the known data sets and where they lie, or fetches some and checks their SHA-256.\n"
             "A transfer that broke off goes on where it stopped; GRADUS_MIRROR=URL fetches URL/NAME/FILE instead.",
    .examples = "gradus data list\ngradus data get mnist\ngradus data get fashion-mnist --data-dir ~/sets",
    .first = "list|get",
    .operands = CLI_SETS,
    .least = 1,
    .most = -1,
    .run = run,
};
