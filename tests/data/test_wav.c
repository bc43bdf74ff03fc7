/* Sounds: every kind of sample gives the same spectrogram, which is that of a transform written out; classes, parts, and bad files. */
#include "sets.h"

enum { RATE = 1000, SAMPLES = 200, WINDOW = 50, BANDS = 4 };
static const double pi = 3.14159265358979323846;

static void put_little(unsigned char *at, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++, value >>= 8) at[i] = (unsigned char)value;
}

/* Sample i of every file: a tone whose steps are those of 7 bits, so that each kind of sample holds it exactly. */
static double tone(int i) { return floor(60 * sin(2 * pi * 200 * i / RATE)) / 128; }

/* A WAV file of the tone; of two channels the mean is the tone. */
static size_t wav_file(unsigned char *out, int kind, int bits, int channels)
{
    const int bytes = bits / 8;
    const size_t size = (size_t)(SAMPLES * channels * bytes);
    memcpy(out, "RIFF\0\0\0\0WAVEfmt \x10\0\0\0", 20);
    put_little(out + 20, (uint64_t)kind, 2);
    put_little(out + 22, (uint64_t)channels, 2);
    put_little(out + 24, RATE, 4);
    put_little(out + 28, (uint64_t)(RATE * channels * bytes), 4);
    put_little(out + 32, (uint64_t)(channels * bytes), 2);
    put_little(out + 34, (uint64_t)bits, 2);
    memcpy(out + 36, "LIST\3\0\0\0abc\0data", 16); /* a chunk of odd length, to be passed over */
    put_little(out + 52, size, 4);
    put_little(out + 4, size + 48, 4);
    unsigned char *at = out + 56;
    for (int i = 0; i < SAMPLES; i++)
        for (int k = 0; k < channels; k++, at += bytes) {
            const double value = channels == 1 ? tone(i) : k ? 0.5 * tone(i) : 1.5 * tone(i);
            const float single = (float)value;
            if (kind == 3 && bits == 32)
                memcpy(at, &single, 4);
            else if (kind == 3)
                memcpy(at, &value, 8);
            else if (bits == 8)
                *at = (unsigned char)(value * 128 + 128);
            else
                put_little(at, (uint64_t)(int64_t)ldexp(value, bits - 1), bytes);
        }
    return (size_t)(at - out);
}

static void put_wav(const char *name, int kind, int bits, int channels)
{
    unsigned char bytes[8192];
    put_bytes(name, bytes, wav_file(bytes, kind, bits, channels));
}

static void clear(void)
{
    remove_folder(NULL);
    assert_int_equal(mkdir(folder, 0777), 0);
}

static double mel(double f) { return 2595 * log10(1 + f / 700); }

/* One value as the formula says it, by a transform that is written out. */
static double expected_at(int band, int frame)
{
    double energy = 0, sum = 0, apart = mel(RATE / 2.0) / (BANDS + 1);
    for (int i = 0; i < WINDOW; i++) sum += 0.5 - 0.5 * cos(2 * pi * (i + 0.5) / WINDOW);
    for (int k = 0; k <= 32; k++) { /* of 64 */
        double re = 0, im = 0, f = k * RATE / 64.0;
        for (int i = 0; i < WINDOW && frame * 25 + i < SAMPLES; i++) {
            const double value = tone(frame * 25 + i) * (0.5 - 0.5 * cos(2 * pi * (i + 0.5) / WINDOW));
            re += value * cos(2 * pi * k * i / 64), im -= value * sin(2 * pi * k * i / 64);
        }
        double edge[3];
        for (int e = 0; e < 3; e++) edge[e] = 700 * (pow(10, (band + e) * apart / 2595) - 1);
        const double up = (f - edge[0]) / (edge[1] - edge[0]), down = (edge[2] - f) / (edge[2] - edge[1]);
        energy += fmax(0, fmin(up, down)) * (re * re + im * im) / (sum * sum);
    }
    return log(1e-8 + energy);
}

static const char text[] = "wav(., seconds=0.25, window=0.05, step=0.025, bands=4, test=none, scale=none)";

static void test_values(void **state)
{
    (void)state;
    static const int kinds[][3] = {{1, 8, 1},  {1, 16, 1}, {1, 24, 1}, {1, 32, 1},
                                   {3, 32, 1}, {3, 64, 1}, {1, 32, 2}, {3, 32, 2}};
    clear();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char name[32];
        snprintf(name, sizeof name, "%c_someone_%zu.wav", i % 2 ? 'a' : 'b', i);
        put_wav(name, kinds[i][0], kinds[i][1], kinds[i][2]);
    }
    gradus_batch batch;
    gradus_data *data = set_must_open(text, "none");
    const gradus_data_info *about = gradus_data_about(data);
    assert_int_equal(about->shape[0], 1);
    assert_int_equal(about->shape[1], BANDS);
    assert_int_equal(about->shape[2], 9);
    assert_int_equal(about->targets[0].outputs, 2);
    assert_string_equal(about->targets[0].class_names[1], "b");
    gradus_loader *loader = whole_part(data, GRADUS_TRAINING, &batch);
    assert_int_equal(batch.count, 8);
    for (int band = 0; band < BANDS; band++)
        for (int frame = 0; frame < 9; frame++)
            check_close((double)batch.inputs[band * 9 + frame], expected_at(band, frame), 1e-4, 1e-3);
    for (int i = 1; i < 8; i++)
        assert_memory_equal(batch.inputs, batch.inputs + i * BANDS * 9, BANDS * 9 * sizeof(float));
    assert_true(batch.inputs[1 * 9 + 2] > batch.inputs[3 * 9 + 2] + 3); /* the tone is in one of the lower bands */
    check_close((double)batch.inputs[8], log(1e-8), 1e-6, 0);           /* silence behind the end */
    gradus_loader_destroy(loader);
    gradus_data_close(data);
}

static void test_parts(void **state)
{
    (void)state;
    gradus_batch batch;
    clear();
    for (int take = 0; take < 6; take++)
        for (int class = 0; class < 2; class ++) {
            char name[32];
            snprintf(name, sizeof name, "%s_x_%d.wav", class ? "yes" : "no", take);
            put_wav(name, 1, take % 2 ? 8 : 16, 1);
        }
    gradus_data *data = set_must_open("wav(., seconds=0.25, window=0.05, step=0.025, bands=4, test_takes=2)", "none");
    const gradus_data_info *about = gradus_data_about(data);
    assert_int_equal(about->count[GRADUS_TRAINING], 8);
    assert_int_equal(about->count[GRADUS_TEST], 4);
    assert_int_equal(about->repeated, 4); /* the sounds are all the same here */
    gradus_loader *loader = whole_part(data, GRADUS_TRAINING, &batch);
    double sum = 0;
    for (int i = 0; i < 8 * 9; i++) sum += (double)batch.inputs[i / 9 * BANDS * 9 + i % 9];
    check_close(sum, 0, 0, 1e-3); /* each band has mean 0 in training */
    gradus_loader_destroy(loader);
    gradus_data *again = set_recalled(data), *inputs = gradus_data_open_inputs(again, in_folder("no_x_3.wav"), NULL);
    assert_non_null(inputs);
    assert_string_equal(gradus_data_about(again)->targets[0].class_names[1], "yes");
    gradus_loader *other = whole_part(inputs, GRADUS_TEST, &batch);
    gradus_batch first;
    loader = whole_part(data, GRADUS_TRAINING, &first);
    assert_memory_equal(batch.inputs, first.inputs, BANDS * 9 * sizeof(float));
    gradus_loader_destroy(other);
    gradus_loader_destroy(loader);
    gradus_data_close(inputs);
    gradus_data_close(again);
    gradus_data_close(data);
}

static void test_mistakes(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        unsigned char byte;
        const char *message;
    } rows[] = {
        {0, 'X', "DIR/./a_1.wav: byte 0: expected RIFF and WAVE, as a WAV file begins"},
        {20, 6, "DIR/./a_1.wav: byte 20: format 6, expected 1 (PCM) or 3 (float)"},
        {22, 0, "DIR/./a_1.wav: byte 22: expected 1 to 64 channels"},
        {34, 12, "DIR/./a_1.wav: byte 34: expected 8, 16, 24 or 32 bits a sample"},
        {12, 'F', "DIR/./a_1.wav: byte 48: expected a chunk 'fmt ' before the chunk 'data'"},
        {48, 'D', "DIR/./a_1.wav: byte 456: expected a chunk 'data'"},
        {53, 9, "DIR/./a_1.wav: byte 56: ends after 400 of 2448 bytes of a chunk; the file is truncated"},
    };
    clear();
    put_wav("b_2.wav", 1, 16, 1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unsigned char bytes[8192];
        const size_t size = wav_file(bytes, 1, 16, 1);
        bytes[rows[i].at] = rows[i].byte;
        put_bytes("a_1.wav", bytes, size);
        set_must_fail(text, "none", rows[i].message);
    }
    unsigned char bytes[8192];
    const size_t size = wav_file(bytes, 1, 16, 1);
    put_bytes("a_1.wav", bytes, size);
    put_little(bytes + 24, 8000, 4);
    put_bytes("b_2.wav", bytes, size);
    set_must_fail(text, "none", "DIR/./b_2.wav: 8000 samples a second, expected 1000 as the first file has");
}

static void test_names(void **state)
{
    (void)state;
    clear();
    set_must_fail(text, "none", "DIR/.: no sounds in it (expected .wav)");
    put_wav("a_1.wav", 1, 16, 1);
    put_wav("a_2.wav", 1, 16, 1);
    set_must_fail(text, "none",
                  "DIR/.: 2 sounds of 1 class; expected a folder for each class, or names such as "
                  "CLASS_SPEAKER_1.wav");
    put_wav("b.wav", 1, 16, 1);
    set_must_fail(text, "none", "DIR/./b.wav: its name begins with no class (expected CLASS_....wav)");
}

/* The sounds that the example learns. */
static void test_digits(void **state)
{
    (void)state;
    char path[1024], digits[1200];
    snprintf(digits, sizeof digits, "wav(\"%s\", test_takes=5)",
             check_shared("data/free-spoken-digits/free-spoken-digits-0-24.tar.gz", path));
    gradus_data *data = set_must_open(digits, "none");
    const gradus_data_info *about = gradus_data_about(data);
    assert_int_equal(about->count[GRADUS_TRAINING], 1200);
    assert_int_equal(about->count[GRADUS_TEST], 300);
    assert_int_equal(about->targets[0].outputs, 10);
    assert_int_equal(about->repeated, 0);
    gradus_data_close(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_values), cmocka_unit_test(test_parts),
                                       cmocka_unit_test(test_mistakes), cmocka_unit_test(test_names),
                                       cmocka_unit_test(test_digits)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
