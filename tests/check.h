/* What the tests share: files of the shared folder, golden vectors, comparison that shows both values, guarded memory.
 * A test includes this in place of cmocka.h and jansson.h. */
#ifndef GRADUS_TESTS_CHECK_H
#define GRADUS_TESTS_CHECK_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#if __has_include(<jansson.h>)
#include <jansson.h>
#endif

/* ---- comparison ---- */

/* Equal, both NaN, or finite and no further apart than `absolute` + `relative` * |expected|. */
static inline int check_is_close(double actual, double expected, double relative, double absolute)
{
    if (actual == expected || (isnan(actual) && isnan(expected))) return 1;
    if (!isfinite(actual) || !isfinite(expected)) return 0;
    return fabs(actual - expected) <= absolute + relative * fabs(expected);
}

static inline void check_close_at(double actual, double expected, double relative, double absolute, const char *what,
                                  const char *file, int line)
{
    if (check_is_close(actual, expected, relative, absolute)) return;
    print_error("%s is %.17g, expected %.17g: off by %.3g, allowed %.3g\n", what, actual, expected,
                fabs(actual - expected), absolute + relative * fabs(expected));
    _fail(file, line);
}

/* check_close(rate, 0.1, 1e-12, 0): relative, then absolute tolerance; a failure prints both values. */
#define check_close(actual, expected, relative, absolute) \
    check_close_at(actual, expected, relative, absolute, #actual, __FILE__, __LINE__)

/* ---- shared files: golden vectors and data sets that are no part of the project ---- */

/* Writes the path of a shared file, such as "golden/schedules/torch.jsonl"; skips the running test where it is absent. */
static inline const char *check_shared(const char *name, char path[1024])
{
    const char *folder = getenv("GRADUS_SHARED");
    snprintf(path, 1024, "%s/%s", folder && *folder ? folder : "../shared", name);
    if (access(path, R_OK) != 0) {
        print_message("skipped: %s is not here; set GRADUS_SHARED to the folder that holds %s\n", path, name);
        skip();
    }
    return path;
}

/* Reads a shared file whole; the text ends in 0 and the caller frees it. `size` may be NULL. */
static inline char *check_shared_text(const char *name, size_t *size)
{
    char path[1024];
    FILE *file = fopen(check_shared(name, path), "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    size_t length = (size_t)ftell(file);
    rewind(file);
    char *text = malloc(length + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, length, file), length);
    fclose(file);
    text[length] = 0;
    if (size) *size = length;
    return text;
}

#ifdef JANSSON_H /* not for a foreign processor */
/* Calls `row` for each line of a shared file of JSON objects, counted from 1; returns how many there were, never 0. */
static inline int check_golden(const char *name, void (*row)(json_t *object, int line, void *user), void *user)
{
    char *text = check_shared_text(name, NULL);
    int line = 0;
    for (char *start = text; *start;) {
        size_t length = strcspn(start, "\n");
        json_error_t error;
        json_t *object = json_loadb(start, length, JSON_DECODE_ANY, &error);
        line++;
        if (!object) fail_msg("%s:%d: %s", name, line, error.text);
        row(object, line, user);
        json_decref(object);
        start += length + (start[length] == '\n');
    }
    free(text);
    assert_int_not_equal(line, 0);
    return line;
}

/* A number of a golden file; a non-finite one stands there as the word inf, -inf or nan. */
static inline double check_number(const json_t *value)
{
    if (json_is_number(value)) return json_number_value(value);
    if (!json_is_string(value)) fail_msg("a golden file holds something that is no number");
    return strtod(json_string_value(value), NULL);
}

#endif

/* ---- guarded memory: the first byte outside it, on either side, is a page that cannot be touched ---- */

typedef struct check_guarded {
    unsigned char *start, *end; /* `end - size` and `start` are the two places to put `size` bytes */
    void *mapping;
    size_t mapped;
} check_guarded;

/* Maps at least `size` bytes between two pages that cannot be touched. Put a buffer at `start` or at `end - size`. */
static inline check_guarded check_guard(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), inner = (size / page + 1) * page;
    check_guarded guarded = {.mapped = inner + 2 * page};
    guarded.mapping = mmap(NULL, guarded.mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(guarded.mapping != MAP_FAILED);
    guarded.start = (unsigned char *)guarded.mapping + page;
    guarded.end = guarded.start + inner;
    assert_int_equal(mprotect(guarded.start, inner, PROT_READ | PROT_WRITE), 0);
    return guarded;
}

static inline void check_unguard(check_guarded *guarded)
{
    munmap(guarded->mapping, guarded->mapped);
    *guarded = (check_guarded){0};
}

#endif
