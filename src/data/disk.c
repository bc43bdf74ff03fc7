/* What this room and those above ask of the disk in the same words: failures that name the file, folders with those above them. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "set.h"

gradus_status gradus_fail_file(gradus_error *error, const char *path, int number)
{
    char why[128];
    snprintf(why, sizeof why, "%s", strerror(number));
    if (why[0] && islower((unsigned char)why[1])) why[0] = (char)tolower((unsigned char)why[0]);
    return gradus_fail(error, GRADUS_ERROR_FILE, number == ENOENT ? GRADUS_CODE_NO_FILE : GRADUS_CODE_INPUT_OUTPUT,
                       "%s: %s", path, why);
}

gradus_status gradus_make_folders(const char *path, gradus_error *error)
{
    char part[GRADUS_DATA_PATH];
    if (gradus_failed(error)) return (gradus_status)error->status;
    if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part) return gradus_fail_file(error, path, ENAMETOOLONG);
    for (char *at = part; *at; at++) {
        at += strspn(at, "/");
        at += strcspn(at, "/");
        char end = *at;
        *at = 0;
        if (mkdir(part, 0777) != 0 && errno != EEXIST) return gradus_fail_file(error, part, errno);
        if (!end) break;
        *at = end;
    }
    return GRADUS_OK;
}
