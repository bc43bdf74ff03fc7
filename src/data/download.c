/* Fetches the files of a known set: each into a part file that a broken transfer leaves behind and the next one goes on with,
 * checked by its SHA-256, and only then given its name. What has its name is therefore whole. */
#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "places.h"
#include "sha256.h"

enum { URL = 512, PATIENCE = 30, PART = 16 }; /* patience: seconds without a connection, or without a byte */

typedef struct transfer {
    const gradus_known_file *wanted;
    char url[URL], path[GRADUS_DATA_PATH], part[GRADUS_DATA_PATH + PART]; /* part: path with an ending of its own */
    FILE *file;
    int64_t held; /* bytes of the part file */
    int number;   /* errno of a write that failed */
    bool too_long, stopped;
    gradus_download_progress *progress;
    void *user;
} transfer;

/* ---- one transfer ---- */

static size_t take_bytes(char *bytes, size_t one, size_t count, void *user)
{
    transfer *at = user;
    (void)one;
    at->too_long = at->held + (int64_t)count > at->wanted->bytes;
    if (at->too_long) return 0;
    errno = 0;
    size_t written = fwrite(bytes, 1, count, at->file);
    if (written < count) at->number = errno ? errno : EIO;
    at->held += (int64_t)written;
    return written;
}

static int tell_progress(void *user, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up)
{
    transfer *at = user;
    (void)total, (void)now, (void)up_total, (void)up;
    at->stopped = at->progress && !at->progress(at->user, at->wanted->name, at->held, at->wanted->bytes);
    return at->stopped;
}

static CURLcode run(transfer *at, char reason[CURL_ERROR_SIZE], long *answer)
{
    CURL *curl = curl_easy_init();
    if (!curl) return CURLE_OUT_OF_MEMORY;
    curl_easy_setopt(curl, CURLOPT_URL, at->url);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "gradus");
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 10L);
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)PATIENCE);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)PATIENCE);
    curl_easy_setopt(curl, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)at->held);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, at);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, tell_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, at);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
    CURLcode status = curl_easy_perform(curl);
    *answer = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, answer);
    if (status && !*reason) snprintf(reason, CURL_ERROR_SIZE, "%s", curl_easy_strerror(status));
    curl_easy_cleanup(curl);
    return status;
}

static gradus_status explain(const transfer *at, CURLcode status, const char *reason, long answer, gradus_error *error)
{
    const char *go_on = at->held ? "; what has come is kept, the same command goes on from there" : "";
    if (at->number) return gradus_fail_file(error, at->part, at->number);
    if (at->stopped)
        return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_INPUT_OUTPUT, "%s: stopped%s", at->wanted->name,
                           go_on);
    if (at->too_long)
        return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: more than the %lld bytes of the file",
                           at->url, (long long)at->wanted->bytes);
    if (status == CURLE_HTTP_RETURNED_ERROR)
        return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_INPUT_OUTPUT, "%s: the server answers %ld", at->url,
                           answer);
    return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_INPUT_OUTPUT, "%s: %c%s%s", at->url,
                       tolower((unsigned char)reason[0]), reason[0] ? reason + 1 : "", go_on);
}

static gradus_status cut_back(transfer *at, gradus_error *error)
{
    rewind(at->file);
    if (ftruncate(fileno(at->file), 0) != 0) return gradus_fail_file(error, at->part, errno);
    at->held = 0;
    return GRADUS_OK;
}

/* Fetches what the part file lacks; a server that cannot go on from the middle gives all of it. */
static gradus_status fill(transfer *at, gradus_error *error)
{
    char reason[CURL_ERROR_SIZE] = "";
    long answer = 0;
    if (at->held > at->wanted->bytes && cut_back(at, error)) return error->status;
    if (at->held == at->wanted->bytes) return GRADUS_OK;
    bool resumed = at->held > 0;
    CURLcode status = run(at, reason, &answer);
    bool refused =
        status == CURLE_RANGE_ERROR || answer == 416; /* which libcurl takes for "nothing is left to fetch" */
    if (resumed && refused) {
        if (cut_back(at, error)) return error->status;
        *reason = 0;
        status = run(at, reason, &answer);
    }
    if (!status && fflush(at->file) == 0 && fsync(fileno(at->file)) == 0) return GRADUS_OK;
    if (!status) return gradus_fail_file(error, at->part, errno);
    fflush(at->file);
    return explain(at, status, reason, answer, error);
}

/* ---- one file ---- */

static gradus_status sum_of(const char *path, char text[GRADUS_SHA256_TEXT], int64_t *size, gradus_error *error)
{
    enum { PIECE = 1 << 16 };
    FILE *file = fopen(path, "rb");
    unsigned char *bytes = file ? malloc(PIECE) : NULL;
    gradus_sha256 sum;
    gradus_sha256_begin(&sum);
    for (size_t got; bytes && (got = fread(bytes, 1, PIECE, file)) > 0;) gradus_sha256_add(&sum, bytes, got);
    int number = !file || !bytes || ferror(file) ? errno : 0;
    *size = (int64_t)sum.size;
    gradus_sha256_end(&sum, text);
    free(bytes);
    if (file) fclose(file);
    return number ? gradus_fail_file(error, path, number) : GRADUS_OK;
}

static bool is_right(const char *path, const gradus_known_file *wanted)
{
    struct stat about;
    char text[GRADUS_SHA256_TEXT];
    int64_t size;
    if (stat(path, &about) != 0 || about.st_size != wanted->bytes) return false;
    return sum_of(path, text, &size, NULL) == GRADUS_OK && strcmp(text, wanted->sha256) == 0;
}

static gradus_status check_and_name(const transfer *at, gradus_error *error)
{
    char text[GRADUS_SHA256_TEXT];
    int64_t size;
    gradus_status status = sum_of(at->part, text, &size, error);
    if (!status && (size != at->wanted->bytes || strcmp(text, at->wanted->sha256) != 0)) {
        unlink(at->part);
        return gradus_fail(
            error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
            "%s is not the file that is expected (%lld bytes, sha256 %.12s..., not %lld, %.12s...); it was removed",
            at->url, (long long)size, text, (long long)at->wanted->bytes, at->wanted->sha256);
    }
    if (!status && rename(at->part, at->path) != 0) status = gradus_fail_file(error, at->path, errno);
    return status;
}

static gradus_status get_file(transfer *at, gradus_error *error)
{
    if (is_right(at->path, at->wanted)) return GRADUS_OK;
    at->file = fopen(at->part, "ab");
    if (!at->file) return gradus_fail_file(error, at->part, errno);
    gradus_status status = GRADUS_OK;
    if (flock(fileno(at->file), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) /* else: a file system without locks */
        status = gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_INPUT_OUTPUT, "%s: another process is fetching it",
                             at->part);
    struct stat about;
    if (!status && fstat(fileno(at->file), &about) != 0) status = gradus_fail_file(error, at->part, errno);
    if (!status) at->held = about.st_size;
    if (!status) status = fill(at, error);
    if (!status) status = check_and_name(at, error); /* under the lock */
    if (status && at->held == 0) unlink(at->part);
    fclose(at->file);
    return status;
}

/* ---- a set ---- */

static gradus_status no_such_set(const char *name, gradus_error *error)
{
    enum { MOST = 64 };
    const char *names[MOST];
    int32_t count = 0;
    for (const gradus_known_set *set; count < MOST && (set = gradus_known_sets(count)); count++)
        names[count] = set->name;
    const char *near = gradus_nearest(name, names, count);
    gradus_status status =
        gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_UNKNOWN_NAME, "no known data set '%s'%s%s%s", name,
                    near ? "; did you mean '" : "; gradus data list shows them", near ? near : "", near ? "'?" : "");
    gradus_suggest(error, near);
    return status;
}

gradus_status gradus_data_get(const char *name, const char *data_dir, gradus_download_progress *progress, void *user,
                              char *path, size_t size, gradus_error *error)
{
    gradus_error own = {0};
    error = error ? error : &own;
    if (gradus_failed(error)) return (gradus_status)error->status;
    const gradus_known_set *set = gradus_known_find(name);
    const char *mirror = getenv("GRADUS_MIRROR");
    char place[GRADUS_DATA_PATH], folder[GRADUS_DATA_PATH + 64];
    if (size) *path = 0;
    if (!set) return no_such_set(name, error);
    if (!set->files) return GRADUS_OK; /* made on the spot */
    if (!gradus_place_to_write(data_dir, place))
        return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_NO_FILE,
                           "no folder for data sets is known; give one with --data-dir or GRADUS_DATA");
    snprintf(folder, sizeof folder, "%s/%s", place, name);
    gradus_status status = gradus_make_folders(folder, error);
    for (const gradus_known_file *file = set->files; file->name && !status; file++) {
        transfer at = {.wanted = file, .progress = progress, .user = user};
        bool mirrored = mirror && *mirror;
        int length = mirrored ? snprintf(at.url, sizeof at.url, "%s/%s/%s", mirror, name, file->name)
                              : snprintf(at.url, sizeof at.url, "%s%s", set->url, file->name);
        int path_length = snprintf(at.path, sizeof at.path, "%s/%s", folder, file->name);
        snprintf(at.part, sizeof at.part, "%s.part", at.path);
        if (length >= (int)sizeof at.url || path_length >= (int)sizeof at.path)
            status = gradus_fail_file(error, folder, ENAMETOOLONG);
        else
            status = get_file(&at, error);
    }
    snprintf(path, size, "%s", folder);
    return status;
}
