/* Arenas: many small pieces that die together. One over a caller's buffer never allocates at all, so that a bound text can
 * live in a fixed place; the other kind grows in blocks from the context's allocator. */
#include "gradus/base.h"
#include <string.h>

enum { FIRST_BLOCK = 4096, LARGEST_STEP = 1 << 18, LARGEST_ALIGNMENT = 64 };

typedef struct block {
    struct block *next;
    size_t size;
} block;

void gradus_arena_open(gradus_arena *arena, const gradus_context *context)
{
    *arena = (gradus_arena){.context = context};
}

void gradus_arena_over(gradus_arena *arena, void *buffer, size_t size)
{
    *arena = (gradus_arena){.block = buffer, .size = buffer ? size : 0, .fixed = true};
}

/* Where in the current block a piece would begin, and whether it fits. */
static bool place(const gradus_arena *arena, size_t size, size_t alignment, size_t *start)
{
    if (!arena->block) return false;
    uintptr_t address = (uintptr_t)arena->block + arena->used;
    size_t skipped = (size_t)((alignment - address % alignment) % alignment);
    if (skipped > arena->size - arena->used || size > arena->size - arena->used - skipped) return false;
    *start = arena->used + skipped;
    return true;
}

/* Blocks double, so that a large text costs few allocations and a small one little memory. */
static bool grow(gradus_arena *arena, size_t size)
{
    size_t step = arena->size ? 2 * arena->size : FIRST_BLOCK;
    if (step > LARGEST_STEP) step = LARGEST_STEP;
    if (size > PTRDIFF_MAX - 2 * LARGEST_ALIGNMENT) return false;
    if (step < size + 2 * LARGEST_ALIGNMENT) step = size + 2 * LARGEST_ALIGNMENT;
    block *fresh = gradus_allocate(arena->context, step);
    if (!fresh) return false;
    *fresh = (block){.next = arena->blocks, .size = step};
    arena->blocks = fresh;
    arena->block = (unsigned char *)fresh;
    arena->used = sizeof *fresh;
    arena->size = step;
    return true;
}

void *gradus_arena_take(gradus_arena *arena, size_t size, size_t alignment)
{
    size_t start = 0;
    if (!place(arena, size, alignment, &start)) {
        if (arena->fixed || !grow(arena, size) || !place(arena, size, alignment, &start)) return NULL;
    }
    arena->used = start + size;
    return memset(arena->block + start, 0, size);
}

char *gradus_arena_text(gradus_arena *arena, const char *text, size_t length)
{
    char *copy = gradus_arena_take(arena, length + 1, 1);
    return copy ? memcpy(copy, text, length) : NULL;
}

void gradus_arena_close(gradus_arena *arena)
{
    for (block *at = arena->blocks; at;) {
        block *next = at->next;
        gradus_release(arena->context, at, at->size);
        at = next;
    }
    *arena = (gradus_arena){0};
}
