/* number.h - numbers as text whose decimal point is moved: 10% is 0.1 and 2.5k is 2500, to the last bit. */
#ifndef GRADUS_BASE_NUMBER_H
#define GRADUS_BASE_NUMBER_H
#include "gradus/base.h"

/* As gradus_number_read and gradus_number_print, of the number times 10^shift; correctly rounded as a whole. */
size_t gradus_number_read_shifted(const char *text, size_t length, int32_t shift, double *number);
size_t gradus_number_print_shifted(double number, int32_t shift, char *text);

#endif
