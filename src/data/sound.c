/* WAV: a RIFF file of chunks, of which "fmt " says what the samples in "data" are (Microsoft and IBM 1991; the extensible form too). */
#include "sound.h"
#include <stdio.h>
#include <string.h>

enum { HEAD = 12, CHUNK = 8, PCM = 1, REAL = 3, EXTENSIBLE = 0xfffe };

static uint32_t little(const unsigned char *at, int32_t bytes)
{
    uint32_t value = 0;
    for (int32_t i = bytes - 1; i >= 0; i--) value = value << 8 | at[i];
    return value;
}

static bool wrong(char why[GRADUS_SOUND_WHY], size_t at, const char *expected)
{
    snprintf(why, GRADUS_SOUND_WHY, "byte %zu: expected %s", at, expected);
    return false;
}

static bool read_format(const unsigned char *bytes, size_t at, size_t size, gradus_sound *sound,
                        char why[GRADUS_SOUND_WHY])
{
    const unsigned char *format = bytes + at;
    if (size < 16) return wrong(why, at, "a format of at least 16 bytes");
    uint32_t kind = little(format, 2);
    const uint32_t channels = little(format + 2, 2), rate = little(format + 4, 4), bits = little(format + 14, 2);
    if (kind == EXTENSIBLE && size >= 26) kind = little(format + 24, 2);
    if (kind != PCM && kind != REAL) {
        snprintf(why, GRADUS_SOUND_WHY, "byte %zu: format %u, expected 1 (PCM) or 3 (float)", at, (unsigned)kind);
        return false;
    }
    if (channels == 0 || channels > 64) return wrong(why, at + 2, "1 to 64 channels");
    if (rate == 0 || rate > 1000000) return wrong(why, at + 4, "a rate of 1 to 1000000 samples a second");
    const bool fits = kind == REAL ? bits == 32 || bits == 64 : bits == 8 || bits == 16 || bits == 24 || bits == 32;
    if (!fits) return wrong(why, at + 14, kind == REAL ? "floats of 32 or 64 bits" : "8, 16, 24 or 32 bits a sample");
    *sound = (gradus_sound){
        .rate = (int32_t)rate, .channels = (int32_t)channels, .bytes = (int32_t)bits / 8, .real = kind == REAL};
    return true;
}

bool gradus_sound_read(const unsigned char *bytes, size_t size, gradus_sound *sound, char why[GRADUS_SOUND_WHY])
{
    *sound = (gradus_sound){0};
    if (size < HEAD || memcmp(bytes, "RIFF", 4) != 0 || memcmp(bytes + 8, "WAVE", 4) != 0)
        return wrong(why, 0, "RIFF and WAVE, as a WAV file begins");
    for (size_t at = HEAD;;) {
        if (size - at < CHUNK) return wrong(why, size, sound->rate ? "a chunk 'data'" : "a chunk 'fmt '");
        const unsigned char *chunk = bytes + at;
        const uint32_t length = little(chunk + 4, 4);
        const bool samples = memcmp(chunk, "data", 4) == 0, endless = length == UINT32_MAX;
        at += CHUNK;
        if (samples && !sound->rate) return wrong(why, at - CHUNK, "a chunk 'fmt ' before the chunk 'data'");
        if (length > size - at && !(samples && endless)) { /* a pipe could not say how long it would be */
            snprintf(why, GRADUS_SOUND_WHY, "byte %zu: ends after %zu of %u bytes of a chunk; the file is truncated",
                     at, size - at, (unsigned)length);
            return false;
        }
        if (samples) {
            sound->samples = bytes + at;
            sound->count =
                (int64_t)((length > size - at ? size - at : length) / (size_t)(sound->bytes * sound->channels));
            return true;
        }
        if (memcmp(chunk, "fmt ", 4) == 0 && !read_format(bytes, at, length, sound, why)) return false;
        at += length;
        if (length % 2 && at < size) at++;
    }
}

static double sample(const gradus_sound *sound, const unsigned char *at)
{
    const uint32_t low = little(at, sound->bytes < 4 ? sound->bytes : 4);
    const uint64_t whole = sound->bytes == 8 ? low | (uint64_t)little(at + 4, 4) << 32 : 0;
    float single;
    double number;
    if (sound->real && sound->bytes == 4) {
        memcpy(&single, &low, sizeof single);
        return single;
    }
    if (sound->real) {
        memcpy(&number, &whole, sizeof number);
        return number;
    }
    if (sound->bytes == 1) return ((double)low - 128) / 128; /* the only one without a sign */
    const int32_t unused = 32 - 8 * sound->bytes;
    return (double)(int32_t)(low << unused) / 2147483648.0;
}

float gradus_sound_at(const gradus_sound *sound, int64_t i)
{
    const unsigned char *at = sound->samples + i * sound->channels * sound->bytes;
    double sum = 0;
    for (int32_t k = 0; k < sound->channels; k++) sum += sample(sound, at + k * sound->bytes);
    const double mean = sum / sound->channels;
    return mean >= -1e6 && mean <= 1e6 ? (float)mean : 0; /* also what is no number */
}
