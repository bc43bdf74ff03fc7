/* Files that gzip has compressed, unpacked on the way in. */
#ifndef GRADUS_DATA_GUNZIP_H
#define GRADUS_DATA_GUNZIP_H
#include "source.h"

static inline bool gradus_is_gzip(const unsigned char *bytes, size_t size)
{
    return size >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
}

/* Unpacks what stands in a file, of which `source` holds the path, or with `file` NULL what stands in source->bytes; what is packed is added
 * to *sum (NULL: nobody asks). With `beginning`, and where it would take more than a quarter of the memory that the process may have, it goes
 * to a spool that becomes source->stream. */
gradus_status gradus_gunzip(gradus_source *source, FILE *file, bool beginning, gradus_sha256 *sum, gradus_error *error);

#endif
