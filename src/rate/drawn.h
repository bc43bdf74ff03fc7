/* drawn.h - what schedules draw by lot: a number for every update or every stretch of the run, the same whenever it is asked for, so that
 * a resumed run sees what an uninterrupted one does. */
#ifndef GRADUS_RATE_DRAWN_H
#define GRADUS_RATE_DRAWN_H
#include "rate.h"

enum { RATE_STREAM_RANDOM = 0x72616e64, RATE_STREAM_NOISE = 0x6e6f6973 }; /* "rand", "nois": of gradus_random_* */

/* Which draw a time belongs to: the stretch that it lies in, or the nearest update. Where nothing says what an update is worth the
 * axis counts whole units. */
static inline uint64_t rate_draw(const gradus_call *call, double t, double every)
{
    double index = every > 0 ? rate_periods(t, every) : call->update > 0 ? nearbyint(t / call->update) : floor(t);
    return index < 0x1p63 ? (uint64_t)index : UINT64_MAX;
}

#endif
