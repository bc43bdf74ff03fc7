/* Walks a rule over state that is kept in bytes: read into registers, worked on, and written a block later, while the next
 * block is read, so that dividing and taking roots hide what bytes cost. For walk.h, which knows the cells. */

typedef number ISA(made)[GRADUS_SLOTS][BLOCK];

typedef struct ISA(block) {
    const uint8_t *code[GRADUS_SLOTS]; /* what is read next */
    lane scale[GRADUS_SLOTS], fall[GRADUS_SLOTS];
    bits most[GRADUS_SLOTS];   /* of all sizes made */
    uint8_t *to[GRADUS_SLOTS]; /* where what was made of the block before goes */
    lane per[GRADUS_SLOTS];
    bits dice[GRADUS_SLOTS][LINE / LANES];
} ISA(block);

/* A GROUP: four registers of numbers from each of words. */
static inline __attribute__((always_inline)) void ISA(run_group)(element *rule, unsigned reads, unsigned writes,
                                                                 unsigned non_negative, number *values,
                                                                 const number *gradient, ISA(block) * of,
                                                                 number (*made)[BLOCK], size_t to, const lane *k)
{
    for (size_t l = 0; l < LINE; l += LANES) {
        bits words[GRADUS_SLOTS];
#define ACT(j) \
    if (reads & SLOT(j)) words[j] = load_words(of->code[j] + 4 * l);
        EACH_SLOT(ACT)
#undef ACT
        UNROLLED
        for (int which = 0; which < 4; which++) {
            const size_t here = l + (size_t)which * LINE;
            cell c;
            c.has = reads;
            if (reads & VALUES) c.x = load(values + here);
            if (reads & GRADIENT) c.g = load(gradient + here);
#define ACT(j)                                                                                                 \
    if (reads & SLOT(j))                                                                                       \
        c.s[j] = non_negative & SLOT(j) ? ISA(non_negative_number)(words[j], which, of->scale[j], of->fall[j]) \
                                        : ISA(signed_number)(words[j], which, of->scale[j], of->fall[j]);
            EACH_SLOT(ACT)
#undef ACT
            rule(&c, k);
            if (writes & VALUES) store(values + here, c.x);
#define ACT(j) \
    if (writes & SLOT(j)) store(made[j] + to + here, c.s[j]);
            EACH_SLOT(ACT)
#undef ACT
        }
    }
}

/* The sizes of what was made of a GROUP. */
static inline __attribute__((always_inline)) void ISA(look_at_group)(unsigned writes, ISA(block) * of,
                                                                     number (*made)[BLOCK], size_t to)
{
    UNROLLED
    for (size_t l = 0; l < GROUP; l += LANES) {
#define ACT(j) \
    if (writes & SLOT(j)) of->most[j] = larger_int(of->most[j], bits_of(absolute(load(made[j] + to + l))));
        EACH_SLOT(ACT)
#undef ACT
    }
}

typedef struct ISA(padded) { /* the last numbers, fewer than a GROUP, with zeros behind, of which nothing comes back */
    number values[GROUP], gradient[GROUP];
    uint8_t code[GRADUS_SLOTS][GROUP];
} ISA(padded);

static inline void ISA(pad)(unsigned reads, const span *at, size_t i, size_t rest, ISA(block) * of, ISA(padded) * into)
{
    memset(into, 0, sizeof *into);
    if (reads & VALUES) memcpy(into->values, at->values + i, rest * sizeof(number));
    if (reads & GRADIENT) memcpy(into->gradient, at->gradient + i, rest * sizeof(number));
    for (int j = 0; j < GRADUS_SLOTS; j++) {
        if (!(reads & SLOT(j))) continue;
        for (size_t l = 0; l < rest; l++) into->code[j][ISA(place_of)(l)] = of->code[j][l];
        of->code[j] = into->code[j];
    }
}

/* At most a BLOCK, from number i of the span on; of the one before, `before` where it is given, a group goes with each. */
static inline __attribute__((always_inline)) void ISA(run_block)(element *rule, unsigned reads, unsigned writes,
                                                                 unsigned non_negative, const span *at, size_t i,
                                                                 size_t count, size_t ahead, ISA(block) * of,
                                                                 number (*made)[BLOCK], number (*before)[BLOCK],
                                                                 const lane *k)
{
    ISA(padded) padded;
#define ACT(j)                                                               \
    if (reads & SLOT(j)) {                                                   \
        const float scale = at->bytes[j].from.scale[i / BLOCK];              \
        of->code[j] = at->bytes[j].from.code + i;                            \
        of->scale[j] = all(scale), of->fall[j] = all(-SIGNED_LEAST * scale); \
        of->most[j] = all_bits(0);                                           \
    }
    EACH_SLOT(ACT)
#undef ACT
    for (size_t done = 0; done < count; done += GROUP) {
        number *values = at->values + i + done;
        const number *gradient = at->gradient + i + done;
        const size_t rest = count - done;
        for (size_t l = 0; l < GROUP && ahead; l += LINE)
            ISA(prefetch)(reads & (VALUES | GRADIENT), at, i + done + l + ahead);
        if (rest < GROUP)
            ISA(pad)(reads, at, i + done, rest, of, &padded), values = padded.values, gradient = padded.gradient;
        ISA(run_group)(rule, reads, writes, non_negative, values, gradient, of, made, done, k);
#define ACT(j)                                                                                                \
    if (writes & SLOT(j)) {                                                                                   \
        if (rest < GROUP) memset(made[j] + done + rest, 0, (GROUP - rest) * sizeof(number));                  \
        if (ahead) __builtin_prefetch(of->code[j] + 2 * ahead, 1);                                            \
        of->code[j] += GROUP;                                                                                 \
        if (before && non_negative & SLOT(j))                                                                 \
            ISA(write_non_negative_group)(before[j] + done, of->to[j] + done, of->per[j], of->dice[j], true); \
        else if (before)                                                                                      \
            ISA(write_signed_group)(before[j] + done, of->to[j] + done, of->per[j], of->dice[j], true);       \
    }
        EACH_SLOT(ACT)
#undef ACT
        ISA(look_at_group)(writes, of, made, done);
        if (rest < GROUP && writes & VALUES) memcpy(at->values + i + done, values, rest * sizeof(number));
    }
}

/* The scales of what was made, and what it is written with; false: one of them is 0, or no number. */
static inline __attribute__((always_inline)) bool ISA(conclude)(unsigned writes, const span *at, size_t i,
                                                                ISA(block) * of)
{
    bool plain = true;
#define ACT(j)                                                                            \
    if (writes & SLOT(j)) {                                                               \
        const gradus_bytes *slot = &at->bytes[j];                                         \
        const float scale = ISA(scale_above)(ISA(largest_of)(of->most[j]));               \
        slot->from.scale[i / BLOCK] = scale;                                              \
        of->to[j] = slot->from.code + i;                                                  \
        of->per[j] = all(1 / scale);                                                      \
        ISA(throw_first)(ISA(first_count)(&slot->dice, slot->position + i), of->dice[j]); \
        plain = plain && scale > 0;                                                       \
    }
    EACH_SLOT(ACT)
#undef ACT
    return plain;
}

/* What has no next block beside it. */
static inline void ISA(write_block)(unsigned writes, unsigned non_negative, const span *at, size_t i, size_t count,
                                    number (*made)[BLOCK])
{
    for (int j = 0; j < GRADUS_SLOTS; j++) {
        const gradus_bytes *to = &at->bytes[j];
        const gradus_codes codes = {to->from.code + i, to->from.scale + i / BLOCK};
        if (writes & SLOT(j))
            gradus_write_codes(to->isa, non_negative & SLOT(j), made[j], count, &codes, 0, &to->dice,
                               (int64_t)(to->position + i));
    }
}

static inline __attribute__((always_inline)) void ISA(walk_bytes)(element *rule, unsigned reads, unsigned writes,
                                                                  unsigned non_negative, int constants,
                                                                  const span *spans, size_t how_many, const number *k)
{
    lane constant[GRADUS_CONSTANTS];
    CACHE_ALIGNED ISA(made) made[2];
    ISA(block) of;
    memset(&of, 0, sizeof of); /* the compiler does not see that what is used was set */
#define ACT(j) \
    if (j < constants) constant[j] = all(k[j]);
    EACH_CONSTANT(ACT)
#undef ACT
    for (size_t n = 0; n < how_many; n++) {
        const span *at = &spans[n];
        const size_t ahead = at->count % PIECE == 0 ? AHEAD / 4 : 0;
        number(*before)[BLOCK] = NULL; /* what is still to be written */
        for (size_t i = 0; i < at->count; i += BLOCK) {
            const size_t count = at->count - i < BLOCK ? at->count - i : BLOCK;
            number(*now)[BLOCK] = made[i / BLOCK % 2];
            if (before && count < BLOCK)
                ISA(write_block)(writes, non_negative, at, i - BLOCK, BLOCK, before), before = NULL;
            ISA(run_block)(rule, reads, writes, non_negative, at, i, count, ahead, &of, now, before, constant);
            before = now;
            if (ISA(conclude)(writes, at, i, &of) && i + count < at->count) continue;
            ISA(write_block)(writes, non_negative, at, i, count, now);
            before = NULL;
        }
    }
}
