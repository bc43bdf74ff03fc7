/* gradus/base.h - what every room stands on: errors, memory, numbers as text, random numbers, states.
 *
 * For the rooms of this project and for members of one's own; libc and libm only. */
#ifndef GRADUS_BASE_H
#define GRADUS_BASE_H
#include "extend.h"
#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

#if defined(__GNUC__)
#define GRADUS_FORMAT(at, first) __attribute__((format(printf, at, first)))
#else
#define GRADUS_FORMAT(at, first)
#endif

/* ---- errors ---------------------------------------------------------------------------------------------------------- */

/* Sets *error (unless it is NULL or already set) and returns the status that stands there then. Numbers with fractions: format
 * them with gradus_number_print and pass %s. A message too long for the struct is cut at a code point and ends in "...". */
gradus_status gradus_fail(gradus_error *error, gradus_status status, gradus_code code, const char *format, ...) GRADUS_FORMAT(4, 5);
static inline bool gradus_failed(const gradus_error *error) { return error && error->status; }

/* Nearest of `count` names to `name`, ignoring case, '_' and '-'; NULL when none is near enough to be worth suggesting. */
const char *gradus_nearest(const char *name, const char *const *names, int32_t count);

/* ---- memory ---------------------------------------------------------------------------------------------------------- */

/* Through the context's allocator (NULL context: aligned malloc). Zeroed; alignment 64. Release takes the size that was allocated. */
void *gradus_allocate(const gradus_context *context, size_t size);
void  gradus_release(const gradus_context *context, void *memory, size_t size);

/* An arena: many small pieces released at once. Over a fixed buffer (nothing is ever allocated) or in blocks from a context. */
typedef struct gradus_arena {
    const gradus_context *context;
    unsigned char        *block;        /* current block; a fixed arena has one                                      */
    size_t                used, size;
    void                 *blocks;       /* blocks to release                                                         */
    bool                  fixed;
} gradus_arena;
void  gradus_arena_open(gradus_arena *arena, const gradus_context *context);
void  gradus_arena_over(gradus_arena *arena, void *buffer, size_t size);
void *gradus_arena_take(gradus_arena *arena, size_t size, size_t alignment);       /* zeroed; NULL: full or no memory */
char *gradus_arena_text(gradus_arena *arena, const char *text, size_t length);     /* copy, ends in 0                 */
void  gradus_arena_close(gradus_arena *arena);

/* ---- numbers as text (in no locale) ---------------------------------------------------------------------------------- */

/* Shortest text that reads back to the same double; "nan", "inf", "-inf". Returns its length; `text` holds at least 32. */
size_t gradus_number_print(double number, char *text);
/* Reads a plain decimal number at the start of text[0..length): digits, '.', exponent. Returns how many bytes it took, 0: no number.
 * Correctly rounded. "inf" and "nan" are not numbers here. */
size_t gradus_number_read(const char *text, size_t length, double *number);

/* ---- JSON: keys in the order given, numbers as the shortest text that reads back, no memory -------------------------- */

typedef struct gradus_json {            /* zero it but for `write`, `user` and `indent`                              */
    gradus_write *write;
    void         *user;
    int32_t       indent;               /* spaces a level, each item on a line of its own; 0: all on one line        */
    int32_t       depth;
    bool          comma, failed;        /* something stands before, in this object or array; the writer refused      */
} gradus_json;
void gradus_json_open(gradus_json *json, const char *key, char bracket);            /* '{' or '['; key NULL: in an array */
void gradus_json_close(gradus_json *json, char bracket);                            /* '}' or ']'                     */
void gradus_json_text(gradus_json *json, const char *key, const char *text);        /* NULL: null                     */
void gradus_json_number(gradus_json *json, const char *key, double number);         /* non-finite: "nan", "inf", "-inf" */
void gradus_json_flag(gradus_json *json, const char *key, bool flag);
void gradus_json_value(gradus_json *json, const char *key, const char *text);       /* a value that is JSON already, as it stands */

/* ---- random numbers: pure functions of seed and index (resume needs no state) ---------------------------------------- */

uint64_t gradus_random_bits(uint64_t seed, uint64_t stream, uint64_t index);
double   gradus_random_unit(uint64_t seed, uint64_t stream, uint64_t index);       /* in [0, 1)                        */
double   gradus_random_normal(uint64_t seed, uint64_t stream, uint64_t index);
void     gradus_random_permutation(uint64_t seed, uint64_t stream, int64_t count, int64_t *order);

/* ---- states: one flat, versioned, little-endian record keyed by names ------------------------------------------------ */

typedef enum gradus_state_type { GRADUS_STATE_INT64, GRADUS_STATE_DOUBLE, GRADUS_STATE_FLOAT32, GRADUS_STATE_TEXT, GRADUS_STATE_BYTES, GRADUS_STATE_BFLOAT16, GRADUS_STATE_FLOAT16 } gradus_state_type;

/* Writing: begin, entries, end (which appends the checksum and leaves it in the writer). The first pass may be a dry one (write NULL) that only counts. */
typedef struct gradus_state_writer { gradus_write *write; void *user; uint64_t size, checksum; int64_t entries; gradus_error *error; } gradus_state_writer;
void     gradus_state_begin(gradus_state_writer *writer, const char *kind, gradus_write *write, void *user, gradus_error *error);
void     gradus_state_entry(gradus_state_writer *writer, const char *name, gradus_state_type type, int64_t count, const void *data);
void     gradus_state_int(gradus_state_writer *writer, const char *name, int64_t value);
void     gradus_state_double(gradus_state_writer *writer, const char *name, double value);
void     gradus_state_text(gradus_state_writer *writer, const char *name, const char *text);
uint64_t gradus_state_end(gradus_state_writer *writer);                            /* total bytes                      */

/* Reading from memory (a mapped file): everything is verified by open, so later look-ups cannot fail half-way. */
typedef struct gradus_state_reader { const unsigned char *bytes; size_t size, next; int32_t entries; } gradus_state_reader;
typedef struct gradus_state_item { const char *name; gradus_state_type type; int64_t count; const void *data; } gradus_state_item;  /* data: unaligned, little-endian; a text ends in 0 */
gradus_status gradus_state_open(gradus_state_reader *reader, const char *kind, const void *bytes, size_t size, gradus_error *error);  /* kind NULL: any */
bool          gradus_state_find(gradus_state_reader *reader, const char *name, gradus_state_item *item);  /* quick in the order of writing */
void          gradus_state_copy(const gradus_state_item *item, void *destination);  /* all its values, as this machine keeps them */
bool          gradus_state_next(const gradus_state_reader *reader, size_t *cursor, gradus_state_item *item);  /* *cursor starts at 0 */
/* 64 bits; a change within 8 aligned bytes is always seen. Pieces may be chained when all but the last are multiples of 8. */
uint64_t      gradus_checksum(uint64_t start, const void *bytes, size_t size);

/* ---- contexts, seen from inside --------------------------------------------------------------------------------------- */

/* Members of the user's own: kept by family, in the order they came. A name that a built-in member of the family has is refused by
 * the caller, one that an own member has is refused here. `family` must outlive the context. */
gradus_status        gradus_context_add_member(gradus_context *context, const char *family, const gradus_member *member, gradus_error *error);
const gradus_member *gradus_context_member(const gradus_context *context, const char *family, int32_t index);   /* NULL: no more */

/* Runs task(job, 0..count-1), on the context's threads; results must not depend on order or number of threads. */
void    gradus_parallel(const gradus_context *context, int64_t count, void (*task)(void *job, int64_t index), void *job);
int32_t gradus_threads(const gradus_context *context);
bool    gradus_has_pool(const gradus_context *context);    /* the threads are the caller's, and nobody knows how many     */
/* A product by the caller's gemm (gradus_context_config); false: there is none, and nothing was done. */
bool    gradus_gemm(const gradus_context *context, bool a_transposed, bool b_transposed, int64_t m, int64_t n, int64_t k, float alpha,
                    const float *a, int64_t a_row, const float *b, int64_t b_row, float beta, float *c, int64_t c_row);
int32_t gradus_isa_of(const gradus_context *context, gradus_error *error);  /* enum gradus_isa in force: machine, context's cap, GRADUS_ISA;
                                                            * a status when that variable names none; ask once, it is slow */
gradus_status gradus_sum(const gradus_context *context, double *values, int32_t count, gradus_error *error);  /* over processes */
/* Hands a text file to `take` through the context's `read`. NULL: done; else why not, which stays until the next call. */
const char *gradus_read_file(const gradus_context *context, const char *path, void (*take)(void *into, const char *text, size_t length), void *into);
bool    gradus_has_sum(const gradus_context *context);     /* other processes hold shards of the same model             */

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
