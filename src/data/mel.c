/* Log-mel spectrograms: the energy of short stretches of sound in bands that are as wide as the ear's (Davis, Mermelstein 1980).
 *
 *     X = FFT(hann * samples)       mel(f) = 2595 log10(1 + f / 700)       value = ln(10^-8 + sum over f of w(f) |X(f)|^2 / (sum hann)^2)
 *
 * w rises from 0 to 1 between the centres of the band below and the band itself, and falls to the one above; the centres stand at equal
 * distances of mel from 0 to half the rate. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "sound.h"

static const double pi = 3.14159265358979323846;

static double hertz(double mel) { return 700 * (pow(10, mel / 2595) - 1); }

static void weigh(gradus_mel *mel)
{
    const int32_t bins = mel->size / 2 + 1;
    const double top = 2595 * log10(1 + mel->rate / 2.0 / 700), apart = top / (mel->bands + 1);
    double sum = 0;
    for (int32_t i = 0; i < mel->window; i++) sum += (double)mel->shape[i];
    for (int32_t band = 0; band < mel->bands; band++) {
        const double low = hertz(band * apart), centre = hertz((band + 1) * apart), high = hertz((band + 2) * apart);
        for (int32_t k = 0; k < bins; k++) {
            const double f = (double)k * mel->rate / mel->size, up = (f - low) / (centre - low),
                         down = (high - f) / (high - centre), least = up < down ? up : down;
            mel->weights[band * bins + k] = least > 0 ? (float)(least / (sum * sum)) : 0;
        }
    }
}

bool gradus_mel_plan(gradus_mel *mel)
{
    mel->size = 2;
    while (mel->size < mel->window) mel->size *= 2;
    const size_t window = (size_t)mel->window, half = (size_t)mel->size / 2;
    float *memory = mel->memory = malloc((window + 2 * half + (size_t)mel->bands * (half + 1)) * sizeof *memory);
    if (!memory) return false;
    mel->shape = memory, mel->cosine = memory + window, mel->sine = mel->cosine + half, mel->weights = mel->sine + half;
    for (int32_t i = 0; i < mel->window; i++)
        mel->shape[i] = (float)(0.5 - 0.5 * cos(2 * pi * (i + 0.5) / mel->window));
    for (int32_t i = 0; i < mel->size / 2; i++) {
        mel->cosine[i] = (float)cos(2 * pi * i / mel->size);
        mel->sine[i] = (float)-sin(2 * pi * i / mel->size);
    }
    weigh(mel);
    return true;
}

void gradus_mel_close(gradus_mel *mel)
{
    free(mel->memory);
    *mel = (gradus_mel){0};
}

/* The transform in place (Cooley, Tukey 1965): first into the order of reversed bits, then pairs twice as far apart each time. */
static void transform(const gradus_mel *mel, float *re, float *im)
{
    const int32_t size = mel->size;
    for (int32_t i = 0, other = 0; i < size; i++) {
        if (i < other) {
            const float a = re[i], b = im[i];
            re[i] = re[other], im[i] = im[other];
            re[other] = a, im[other] = b;
        }
        int32_t bit = size / 2;
        for (; bit && other & bit; bit /= 2) other ^= bit;
        other |= bit;
    }
    for (int32_t apart = 1; apart < size; apart *= 2)
        for (int32_t first = 0; first < size; first += 2 * apart)
            for (int32_t k = 0; k < apart; k++) {
                const float c = mel->cosine[k * (size / 2 / apart)], s = mel->sine[k * (size / 2 / apart)];
                const int32_t a = first + k, b = a + apart;
                const float x = re[b] * c - im[b] * s, y = re[b] * s + im[b] * c;
                re[b] = re[a] - x, im[b] = im[a] - y;
                re[a] += x, im[a] += y;
            }
}

void gradus_mel_run(const gradus_mel *mel, const gradus_sound *sound, float *room, float *values)
{
    const int32_t bins = mel->size / 2 + 1;
    float *re = room, *im = room + mel->size;
    for (int32_t frame = 0; frame < mel->frames; frame++) {
        const int64_t first = (int64_t)frame * mel->step;
        memset(room, 0, 2 * (size_t)mel->size * sizeof *room);
        for (int32_t i = 0; i < mel->window && first + i < sound->count; i++)
            re[i] = gradus_sound_at(sound, first + i) * mel->shape[i];
        transform(mel, re, im);
        for (int32_t k = 0; k < bins; k++) re[k] = re[k] * re[k] + im[k] * im[k];
        for (int32_t band = 0; band < mel->bands; band++) {
            double energy = 1e-8;
            for (int32_t k = 0; k < bins; k++) energy += (double)mel->weights[band * bins + k] * (double)re[k];
            values[band * mel->frames + frame] = (float)log(energy);
        }
    }
}
