/* The nearest valid name to one that is not: what stands behind every "did you mean". Case, '_' and '-' never count, two
 * neighbouring letters that changed places count once, and a name that holds the other whole is near as well. */
#include <string.h>
#include "gradus/base.h"

enum { LONGEST = 64, SHORTEST_PART = 3 };

typedef struct folded {
    int32_t length;
    char text[LONGEST];
} folded;

static bool fold(const char *name, folded *out)
{
    out->length = 0;
    for (; *name; name++) {
        if (*name == '_' || *name == '-') continue;
        if (out->length == LONGEST) return false;
        out->text[out->length++] = *name >= 'A' && *name <= 'Z' ? (char)(*name - 'A' + 'a') : *name;
    }
    return out->length > 0;
}

static int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }

/* Insertions, deletions, replacements and swaps of neighbours that lead from a to b. */
static int32_t distance(const folded *a, const folded *b)
{
    int32_t rows[3][LONGEST + 1], *before = rows[0], *above = rows[1], *row = rows[2];
    for (int32_t j = 0; j <= b->length; j++) above[j] = j;
    for (int32_t i = 1; i <= a->length; i++) {
        row[0] = i;
        for (int32_t j = 1; j <= b->length; j++) {
            bool same = a->text[i - 1] == b->text[j - 1];
            row[j] = smaller(smaller(above[j], row[j - 1]) + 1, above[j - 1] + !same);
            if (i > 1 && j > 1 && a->text[i - 1] == b->text[j - 2] && a->text[i - 2] == b->text[j - 1])
                row[j] = smaller(row[j], before[j - 2] + 1);
        }
        int32_t *spare = before;
        before = above, above = row, row = spare;
    }
    return above[b->length];
}

static bool holds(const folded *whole, const folded *part)
{
    if (part->length < SHORTEST_PART) return false;
    for (int32_t at = 0; at + part->length <= whole->length; at++)
        if (memcmp(whole->text + at, part->text, (size_t)part->length) == 0) return true;
    return false;
}

const char *gradus_nearest(const char *name, const char *const *names, int32_t count)
{
    folded wanted, candidate;
    if (!name || !fold(name, &wanted)) return NULL;
    const char *best = NULL;
    int32_t limit = (wanted.length + 1) / 3, part = limit + 1, least = part + 1;
    for (int32_t i = 0; i < count; i++) {
        if (!names[i] || !fold(names[i], &candidate)) continue;
        int32_t far = distance(&wanted, &candidate);
        if (far > limit) far = holds(&wanted, &candidate) || holds(&candidate, &wanted) ? part : least;
        if (far < least) least = far, best = names[i];
    }
    return best;
}
