/* number_file.h - a column of numbers in a text file: CSV with a header, or nothing but numbers. */
#ifndef GRADUS_RATE_NUMBER_FILE_H
#define GRADUS_RATE_NUMBER_FILE_H
#include "rate.h"

typedef struct rate_number_file {
    gradus_preparation *preparation; /* gives the memory and takes the message */
    const char *path;                /* what errors call it */
    const char *column,
        *at; /* names in the header, or numbers from 1 where there is none; NULL: the only one, no positions */
    double *values, *positions; /* `count` of each; positions NULL without `at` */
    int32_t count;              /* 0: it failed, and the message says why, with line and column */
} rate_number_file;

/* For gradus_preparation.read. Numbers are finite and at least 0; positions do not fall. */
void gradus_rate_number_file_parse(void *file, const char *text, size_t length);

#endif
