/* SHA-256 (FIPS 180-4): whether a file is the one that is meant. */
#ifndef GRADUS_DATA_SHA256_H
#define GRADUS_DATA_SHA256_H
#include <stddef.h>
#include <stdint.h>

typedef struct gradus_sha256 {
    uint32_t state[8];
    uint64_t size; /* bytes so far */
    unsigned char block[64];
} gradus_sha256;

enum { GRADUS_SHA256_TEXT = 65 }; /* the sum in hexadecimal, with its 0 */

void gradus_sha256_begin(gradus_sha256 *sum);
void gradus_sha256_add(gradus_sha256 *sum, const void *bytes, size_t size);
void gradus_sha256_end(gradus_sha256 *sum, char text[GRADUS_SHA256_TEXT]);

#endif
