/* Folders are walked by readdir; archives are read by libarchive, which knows tar, zip and every compression of them. */
#include "files.h"
#include "spool.h"
#include <archive.h>
#include <archive_entry.h>
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEEPEST = 16, BLOCK = 1 << 16 };
static const int64_t most_bytes = (int64_t)1 << 32; /* of one file */

typedef bool wanted_name(const char *name);

static gradus_status no_memory(const gradus_files *files, gradus_error *error)
{
    return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "%s: out of memory",
                       files->source[files->sources - 1].path);
}

/* What is being added to. */
static char *path_of(gradus_files *files) { return files->source[files->sources - 1].path; }

static gradus_one_file *add(gradus_files *files, const char *name, gradus_error *error)
{
    if ((files->count & (files->count - 1)) == 0) { /* full at each power of two */
        const size_t room = files->count ? 2 * (size_t)files->count : 1;
        gradus_one_file *more = realloc(files->file, room * sizeof *more);
        if (!more) {
            no_memory(files, error);
            return NULL;
        }
        files->file = more;
    }
    gradus_one_file *file = &files->file[files->count];
    *file =
        (gradus_one_file){.name = gradus_arena_text(&files->names, name, strlen(name)), .source = files->sources - 1};
    if (!file->name) {
        no_memory(files, error);
        return NULL;
    }
    files->count++;
    return file;
}

static bool is_hidden(const char *name)
{
    const char *slash = strrchr(name, '/');
    return (slash ? slash[1] : name[0]) == '.';
}

/* ---- folders ---- */

static gradus_status walk_folder(gradus_files *files, const char *below, int32_t depth, wanted_name *wanted,
                                 gradus_error *error)
{
    char path[GRADUS_DATA_PATH], name[GRADUS_DATA_PATH];
    gradus_status status = GRADUS_OK;
    if (snprintf(path, sizeof path, "%s/%s", path_of(files), below) >= (int)sizeof path || depth > DEEPEST)
        return gradus_fail_file(error, path_of(files), ENAMETOOLONG);
    DIR *listed = opendir(path);
    if (!listed) return gradus_fail_file(error, path, errno);
    for (struct dirent *entry; !status && (entry = readdir(listed));) {
        struct stat about;
        if (entry->d_name[0] == '.') continue;
        if (snprintf(name, sizeof name, "%s%s%s", below, *below ? "/" : "", entry->d_name) >= (int)sizeof name ||
            snprintf(path, sizeof path, "%s/%s", path_of(files), name) >= (int)sizeof path) {
            status = gradus_fail_file(error, name, ENAMETOOLONG);
            continue;
        }
        if (stat(path, &about) != 0) continue; /* a link that leads nowhere */
        if (S_ISDIR(about.st_mode))
            status = walk_folder(files, name, depth + 1, wanted, error);
        else if (S_ISREG(about.st_mode) && wanted(name) && !add(files, name, error))
            status = (gradus_status)error->status;
    }
    closedir(listed);
    return status;
}

/* ---- archives ---- */

typedef struct stream { /* an archive's file, added up as it is read */
    FILE *file;
    gradus_sha256 *sum;
    unsigned char block[BLOCK];
} stream;

static la_ssize_t read_block(struct archive *archive, void *user, const void **block)
{
    stream *from = user;
    const size_t got = fread(from->block, 1, BLOCK, from->file);
    if (ferror(from->file)) {
        archive_set_error(archive, errno, "it cannot be read");
        return -1;
    }
    if (from->sum) gradus_sha256_add(from->sum, from->block, got);
    *block = from->block;
    return (la_ssize_t)got;
}

static gradus_status bad_archive(gradus_files *files, struct archive *archive, gradus_error *error)
{
    const char *why = archive_error_string(archive);
    return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: damaged archive (%s)", path_of(files),
                       why ? why : "unknown");
}

static gradus_status spool_entry(gradus_files *files, struct archive *archive, gradus_one_file *file, int64_t size,
                                 gradus_error *error)
{
    unsigned char block[BLOCK];
    if (!files->spool) files->spool = gradus_spool_open(error);
    if (!files->spool) return (gradus_status)error->status;
    file->place = files->spooled;
    while (file->size < (size_t)size) {
        const la_ssize_t got = archive_read_data(archive, block, sizeof block);
        if (got <= 0) return bad_archive(files, archive, error);
        if (gradus_spool_write(files->spool, block, (size_t)got, path_of(files), error))
            return (gradus_status)error->status;
        file->size += (size_t)got;
    }
    files->spooled += size;
    return GRADUS_OK;
}

static gradus_status take_entry(gradus_files *files, struct archive *archive, struct archive_entry *entry,
                                const char *name, gradus_error *error)
{
    const int64_t size = archive_entry_size(entry);
    gradus_one_file *file = add(files, name, error);
    if (!file) return (gradus_status)error->status;
    if (size < 0 || size > most_bytes)
        return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: %s: no size, or beyond 4 GiB",
                           path_of(files), name);
    file->spooled = gradus_too_large(files->held + (uint64_t)size);
    if (file->spooled) return spool_entry(files, archive, file, size, error);
    files->held += (uint64_t)size;
    file->bytes = malloc((size_t)size + 1);
    if (!file->bytes) return no_memory(files, error);
    while (file->size < (size_t)size) {
        const la_ssize_t got = archive_read_data(archive, file->bytes + file->size, (size_t)size - file->size);
        if (got <= 0) return bad_archive(files, archive, error);
        file->size += (size_t)got;
    }
    file->bytes[size] = 0;
    return GRADUS_OK;
}

static gradus_status walk_archive(gradus_files *files, struct archive *archive, wanted_name *wanted,
                                  gradus_error *error)
{
    for (struct archive_entry *entry;;) {
        const int got = archive_read_next_header(archive, &entry);
        if (got == ARCHIVE_EOF) return GRADUS_OK;
        if (got != ARCHIVE_OK && got != ARCHIVE_WARN) return bad_archive(files, archive, error);
        const char *name = archive_entry_pathname(entry);
        if (!name || archive_entry_filetype(entry) != AE_IFREG || is_hidden(name) || !wanted(name)) continue;
        gradus_status status = take_entry(files, archive, entry, name, error);
        if (status) return status;
    }
}

static gradus_status open_archive(gradus_files *files, FILE *file, wanted_name *wanted, gradus_sha256 *sum,
                                  gradus_error *error)
{
    struct archive *archive = archive_read_new();
    stream *from = malloc(sizeof *from);
    gradus_status status = GRADUS_OK;
    files->source[files->sources - 1].packed = true;
    if (!archive || !from)
        status = no_memory(files, error);
    else {
        from->file = file, from->sum = sum;
        archive_read_support_filter_all(archive);
        archive_read_support_format_tar(archive);
        archive_read_support_format_zip(archive);
        if (archive_read_open(archive, from, NULL, read_block, NULL) != ARCHIVE_OK)
            status = gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                                 "%s: no folder, and no archive (tar, zip) that can be read (%s)", path_of(files),
                                 archive_error_string(archive));
        if (!status) status = walk_archive(files, archive, wanted, error);
    }
    if (archive) archive_read_free(archive);
    free(from);
    return status;
}

/* ---- one file ---- */

static gradus_status add_one(gradus_files *files, gradus_sha256 *sum, gradus_error *error)
{
    char *slash = strrchr(path_of(files), '/'), name[GRADUS_DATA_PATH];
    snprintf(name, sizeof name, "%s", slash ? slash + 1 : path_of(files));
    if (slash)
        *slash = 0;
    else
        strcpy(path_of(files), ".");
    if (!add(files, name, error)) return (gradus_status)error->status;
    return gradus_files_load(files, 0, sum, error);
}

/* ---- all ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const gradus_one_file *)a)->name, ((const gradus_one_file *)b)->name);
}

gradus_status gradus_files_add(gradus_files *files, const char *path, wanted_name *wanted, gradus_sha256 *sum,
                               gradus_error *error)
{
    struct stat about;
    const int64_t first = files->count;
    assert(files->sources < GRADUS_MOST_SOURCES);
    if (files->sources++ == 0) gradus_arena_open(&files->names, NULL);
    if (snprintf(path_of(files), GRADUS_DATA_PATH, "%s", path) >= GRADUS_DATA_PATH)
        return gradus_fail_file(error, path, ENAMETOOLONG);
    gradus_status status = GRADUS_OK;
    if (stat(path, &about) != 0)
        status = errno == ENOENT ? gradus_no_file(path, error) : gradus_fail_file(error, path, errno);
    else if (S_ISDIR(about.st_mode))
        status = walk_folder(files, "", 0, wanted, error);
    else if (wanted(path))
        status = add_one(files, sum, error);
    else {
        FILE *file = fopen(path, "rb");
        status = file ? open_archive(files, file, wanted, sum, error) : gradus_fail_file(error, path, errno);
        if (file) fclose(file);
    }
    if (files->count > first) qsort(files->file + first, (size_t)(files->count - first), sizeof *files->file, by_name);
    return status;
}

void gradus_files_close(gradus_files *files)
{
    for (int64_t i = 0; i < files->count; i++) free(files->file[i].bytes);
    free(files->file);
    if (files->spool) fclose(files->spool);
    if (files->sources) gradus_arena_close(&files->names);
    *files = (gradus_files){0};
}

void gradus_files_print(const gradus_files *files, int64_t index, char text[GRADUS_DATA_PATH])
{
    const gradus_one_file *file = &files->file[index];
    snprintf(text, GRADUS_DATA_PATH, "%.500s%s%.500s", files->source[file->source].path,
             files->source[file->source].packed ? ": " : "/", file->name);
}

static gradus_status unspool(gradus_files *files, int64_t index, gradus_error *error)
{
    gradus_one_file *file = &files->file[index];
    char path[GRADUS_DATA_PATH];
    gradus_files_print(files, index, path);
    file->bytes = malloc(file->size + 1);
    if (!file->bytes) return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "%s: out of memory", path);
    file->bytes[file->size] = 0;
    errno = EIO; /* where fewer bytes come than were written */
    if (pread(fileno(files->spool), file->bytes, file->size, file->place) == (ssize_t)file->size) return GRADUS_OK;
    return gradus_fail_file(error, path, errno);
}

gradus_status gradus_files_load(gradus_files *files, int64_t index, gradus_sha256 *sum, gradus_error *error)
{
    gradus_one_file *file = &files->file[index];
    char path[GRADUS_DATA_PATH];
    struct stat about;
    if (file->bytes) return GRADUS_OK;
    if (file->spooled) return unspool(files, index, error);
    snprintf(path, sizeof path, "%.500s/%.500s", files->source[file->source].path, file->name);
    errno = 0;
    FILE *opened = fopen(path, "rb");
    if (!opened) return gradus_fail_file(error, path, errno);
    gradus_status status = GRADUS_OK;
    if (fstat(fileno(opened), &about) != 0 || about.st_size > most_bytes)
        status = gradus_fail_file(error, path, errno ? errno : EFBIG);
    else if (!(file->bytes = malloc((size_t)about.st_size + 1)))
        status = gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "%s: out of memory", path);
    else {
        file->size = fread(file->bytes, 1, (size_t)about.st_size, opened);
        file->bytes[file->size] = 0;
        if (ferror(opened)) status = gradus_fail_file(error, path, errno ? errno : EIO);
        if (!status && sum) gradus_sha256_add(sum, file->bytes, file->size);
    }
    fclose(opened);
    return status;
}

void gradus_files_unload(gradus_files *files, int64_t index)
{
    gradus_one_file *file = &files->file[index];
    if (files->source[file->source].packed && !file->spooled) return;
    free(file->bytes);
    file->bytes = NULL;
    if (!file->spooled) file->size = 0;
}

gradus_status gradus_files_begin(const gradus_files *files, int64_t index, gradus_source *source, int64_t *place,
                                 gradus_error *error)
{
    enum { BEGINNING = 1 << 16 };
    const gradus_one_file *file = &files->file[index];
    const bool large = file->spooled && file->size > BEGINNING && gradus_too_large(file->size);
    *source = (gradus_source){.size = file->size, .at_hand = large ? BEGINNING : file->size};
    *place = large ? file->place : 0;
    gradus_files_print(files, index, source->path);
    source->bytes = malloc(source->at_hand + 1);
    if (!source->bytes)
        return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "%s: out of memory", source->path);
    source->bytes[source->at_hand] = 0;
    errno = EIO; /* where fewer bytes come than were written */
    if (!file->spooled)
        memcpy(source->bytes, file->bytes, file->size);
    else if (pread(fileno(files->spool), source->bytes, source->at_hand, file->place) != (ssize_t)source->at_hand)
        return gradus_fail_file(error, source->path, errno);
    const int descriptor = large ? dup(fileno(files->spool)) : -1;
    if (large && !(source->stream = descriptor < 0 ? NULL : fdopen(descriptor, "rb"))) {
        gradus_fail_file(error, source->path, errno);
        if (descriptor >= 0) close(descriptor);
        return (gradus_status)error->status;
    }
    return GRADUS_OK;
}

/* ---- which part and class a name says ---- */

static bool is_any(const char *text, size_t length, const char *const *words)
{
    for (; *words; words++)
        if (strlen(*words) == length && memcmp(text, *words, length) == 0) return true;
    return false;
}

gradus_part gradus_files_part(const gradus_one_file *file, const char **class, size_t *length)
{
    static const char *const tests[] = {"test", "testing", NULL}, *const trains[] = {"train", "training", NULL};
    static const char *const validations[] = {"val", "valid", "validation", "dev", NULL};
    gradus_part part = GRADUS_TRAINING;
    *class = NULL;
    for (const char *at = file->name, *slash; (slash = strchr(at, '/')); at = slash + 1) {
        const size_t size = (size_t)(slash - at);
        const bool test = is_any(at, size, tests), validation = is_any(at, size, validations);
        if (test) part = GRADUS_TEST;
        if (validation) part = GRADUS_VALIDATION;
        *class = test || validation || is_any(at, size, trains) ? NULL : at;
        *length = size;
    }
    return file->source ? GRADUS_TEST : part;
}
