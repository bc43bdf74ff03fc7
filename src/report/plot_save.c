/* A plot into a file: drawn into memory, then written beside its place and renamed. */
#define _XOPEN_SOURCE 700
#include "plot.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* A pipe, a device or a link must stay what it is. */
static bool stays(const char *path)
{
    struct stat about;
    return lstat(path, &about) == 0 && !S_ISREG(about.st_mode);
}

static gradus_status write_through(const char *path, const void *bytes, size_t size, gradus_error *error)
{
    FILE *file = fopen(path, "wb");
    if (!file) return gradus_fail_file(error, path, errno);
    errno = 0;
    bool whole = fwrite(bytes, 1, size, file) == size;
    int number = whole ? 0 : errno ? errno : EIO;
    if (fclose(file) != 0 && !number) number = errno;
    return number ? gradus_fail_file(error, path, number) : GRADUS_OK;
}

gradus_status gradus_plot_save(const gradus_plot *plot, gradus_picture picture, const char *path, gradus_error *error)
{
    gradus_error own = {0};
    if (!error) error = &own;
    if (error->status) return (gradus_status)error->status;
    char *bytes = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&bytes, &size);
    if (!memory) return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    if (picture == GRADUS_PICTURE_PNG)
        gradus_plot_png(plot, gradus_plot_to_file, memory, error);
    else
        gradus_plot_svg(plot, gradus_plot_to_file, memory, error);
    if (fclose(memory) != 0) gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    if (!error->status && stays(path))
        write_through(path, bytes, size, error);
    else if (!error->status)
        gradus_file_replace(path, bytes, size, error);
    free(bytes);
    return (gradus_status)error->status;
}
