/* Sound: WAV files taken apart, and their log-mel spectrograms. */
#ifndef GRADUS_DATA_SOUND_H
#define GRADUS_DATA_SOUND_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GRADUS_SOUND_WHY = 160 };

typedef struct gradus_sound {      /* as it lies in its file */
    int32_t rate, channels, bytes; /* samples a second; of a sample of one channel */
    bool real;                     /* samples are floats */
    int64_t count;                 /* samples of each channel */
    const unsigned char *samples;
} gradus_sound;

/* Takes a WAV file apart; false: `why` says what is wrong with it. */
bool gradus_sound_read(const unsigned char *bytes, size_t size, gradus_sound *sound, char why[GRADUS_SOUND_WHY]);

/* The mean of the channels, in -1 to 1. */
float gradus_sound_at(const gradus_sound *sound, int64_t i);

typedef struct gradus_mel {           /* what a spectrogram is made by; filled by gradus_mel_plan */
    int32_t rate, window, step, size; /* in samples; size: of the transform, a power of 2 */
    int32_t bands, frames;
    float *shape;         /* window */
    float *cosine, *sine; /* size / 2 */
    float *weights;       /* bands x (size / 2 + 1) */
    void *memory;         /* of malloc; of all these */
} gradus_mel;

enum { GRADUS_MEL_MOST = 1 << 14 }; /* samples of a window */

/* False: no memory. */
bool gradus_mel_plan(gradus_mel *mel);
void gradus_mel_close(gradus_mel *mel);

/* bands x frames logarithms; behind its end a sound is silent. `room`: 2 x size floats. */
void gradus_mel_run(const gradus_mel *mel, const gradus_sound *sound, float *room, float *values);

#endif
