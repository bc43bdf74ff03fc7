/* Files that are whole or not there: written beside their place, synced and renamed. Until then they have a name of their own that no
 * file can have had before, such as .gradus-4711-0, and are locked; a lock ends with its process, however that ends, so that what a
 * killed one has left behind is told from what another one still writes, and is removed by the next file that is written there. */
#define _GNU_SOURCE
#include "files.h"
#include "gradus/train.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WRITE_BUFFER = 1 << 20, NAMES_TRIED = 1000 };

/* The folder of a path, as open wants it. */
static void folder_of(const char *path, char folder[GRADUS_PATH_SIZE])
{
    snprintf(folder, GRADUS_PATH_SIZE, "%s", path);
    char *slash = strrchr(folder, '/');
    if (!slash)
        strcpy(folder, ".");
    else
        slash[slash == folder] = 0;
}

static bool is_unfinished(const char *name)
{
    int length = 0;
    return sscanf(name, ".gradus-%*[0-9]-%*[0-9]%n", &length) == 0 && length > 0 && !name[length];
}

/* Where a file system has no locks, nothing is known of a file, and it stays. */
static void remove_unfinished(int folder, const char *name)
{
    const int descriptor = openat(folder, name, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    if (descriptor < 0) return;
    if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) unlinkat(folder, name, 0);
    close(descriptor);
}

void gradus_aside_clear(int folder)
{
    const int own = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = own < 0 ? NULL : fdopendir(own);
    for (const struct dirent *entry; list && (entry = readdir(list));)
        if (is_unfinished(entry->d_name)) remove_unfinished(folder, entry->d_name);
    if (list) closedir(list);
}

/* Whether the file is this process's alone: somebody who clears may have come between its making and its lock. */
static bool is_locked(int descriptor)
{
    struct stat about;
    while (flock(descriptor, LOCK_EX) != 0 && errno == EINTR) {
    }
    return fstat(descriptor, &about) != 0 || about.st_nlink > 0;
}

/* Makes the file under a name that is free; a descriptor, or -1 and errno. */
static int make(gradus_aside *aside, const char *folder)
{
    for (int number = 0; number < NAMES_TRIED; number++) {
        const int length =
            snprintf(aside->temporary, sizeof aside->temporary, "%s/.gradus-%ld-%d", folder, (long)getpid(), number);
        if (length < 0 || (size_t)length >= sizeof aside->temporary) errno = ENAMETOOLONG;
        if (length < 0 || (size_t)length >= sizeof aside->temporary) return -1;
        const int descriptor = open(aside->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (descriptor < 0 && errno != EEXIST) return -1;
        if (descriptor >= 0 && is_locked(descriptor)) return descriptor;
        if (descriptor >= 0) close(descriptor);
    }
    errno = EEXIST;
    return -1;
}

gradus_status gradus_aside_open(gradus_aside *aside, const char *path, gradus_error *error)
{
    char folder[GRADUS_PATH_SIZE];
    *aside = (gradus_aside){.descriptor = -1};
    if (error->status) return error->status;
    if (strlen(path) >= sizeof aside->path) return gradus_fail_file(error, path, ENAMETOOLONG);
    strcpy(aside->path, path);
    folder_of(path, folder);
    const int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    gradus_aside_clear(descriptor);
    if (descriptor >= 0) close(descriptor);
    aside->descriptor = make(aside, folder);
    /* a second descriptor keeps the lock until the file has its own name */
    const int second = aside->descriptor < 0 ? -1 : fcntl(aside->descriptor, F_DUPFD_CLOEXEC, 0);
    aside->file = second < 0 ? NULL : fdopen(second, "wb");
    if (aside->file) {
        setvbuf(aside->file, NULL, _IOFBF, WRITE_BUFFER);
        return GRADUS_OK;
    }
    const int number = errno;
    if (second >= 0) close(second);
    if (aside->descriptor >= 0) unlink(aside->temporary), close(aside->descriptor);
    return gradus_fail_file(error, path, number);
}

int gradus_aside_write(void *user, const void *bytes, size_t size)
{
    gradus_aside *aside = user;
    if (aside->number || !aside->file) return 1;
    errno = 0;
    if (fwrite(bytes, 1, size, aside->file) == size) return 0;
    aside->number = errno ? errno : EIO;
    return 1;
}

/* After a rename the folder itself must reach the disk, or the old name could come back after a power cut. */
static int sync_folder_of(const char *path)
{
    char folder[GRADUS_PATH_SIZE];
    folder_of(path, folder);
    const int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return errno;
    int number = fsync(descriptor) == 0 || errno == EINVAL ? 0 : errno; /* EINVAL: this file system syncs no folders */
    close(descriptor);
    return number;
}

gradus_status gradus_aside_close(gradus_aside *aside, gradus_error *error)
{
    if (!aside->file) return error->status;
    int number = aside->number;
    if (!number && (fflush(aside->file) != 0 || fsync(fileno(aside->file)) != 0)) number = errno;
    if (fclose(aside->file) != 0 && !number) number = errno;
    aside->file = NULL;
    bool failed = number || error->status;
    if (!failed && rename(aside->temporary, aside->path) != 0) number = errno;
    if (failed || number)
        unlink(aside->temporary);
    else
        number = sync_folder_of(aside->path);
    close(aside->descriptor);
    if (!number) return error->status;
    *error = (gradus_error){0}; /* "the writer refused" says less than why */
    return gradus_fail_file(error, aside->path, number);
}

gradus_status gradus_file_replace(const char *path, const void *bytes, size_t size, gradus_error *error)
{
    gradus_aside aside;
    if (gradus_aside_open(&aside, path, error)) return error->status;
    gradus_aside_write(&aside, bytes, size);
    return gradus_aside_close(&aside, error);
}
