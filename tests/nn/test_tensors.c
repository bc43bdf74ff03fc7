/* Tensors: initial values by their statistics, the way from PyTorch's layouts to those that compute and back, and safetensors, of
 * which anything may be wrong. */
#include "nets.h"

/* ---- initial values ---- */

static float *read_tensor(const gradus_net *net, const char *name, int64_t *count)
{
    gradus_net_tensor tensor;
    const int32_t index = nets_tensor(net, name);
    gradus_net_tensor_at(net, index, &tensor);
    *count = nets_size(tensor.shape);
    float *values = malloc((size_t)*count * sizeof(float));
    assert_true(gradus_net_read(net, index, values));
    return values;
}

typedef struct spread {
    double mean, deviation, largest;
} spread;

static spread spread_of(const char *init, const char *model, const char *name, const int64_t *input)
{
    nets_texts texts = {.model = model, .init = init, .target = GRADUS_TARGET_NUMBERS, .seed = 5};
    memcpy(texts.input, input, 3 * sizeof *input);
    nets_net made = nets_open(&texts);
    int64_t count;
    float *values = read_tensor(made.net, name, &count);
    spread found = {0};
    for (int64_t i = 0; i < count; i++) {
        found.mean += values[i] / (double)count;
        found.deviation += (double)values[i] * values[i] / (double)count;
        found.largest = fmax(found.largest, fabsf(values[i]));
    }
    found.deviation = sqrt(found.deviation - found.mean * found.mean);
    free(values);
    nets_close(&made);
    return found;
}

static void test_spreads(void **state)
{
    static const struct {
        const char *init, *model, *name;
        int64_t input[3];
        double deviation;
        bool uniform;
    } cases[] = {
        {NULL, "dense(300)", "0.weight", {400}, 0.05 / 1.7320508, true}, /* bound 1 / sqrt(400) */
        {"pytorch", "dense(3000)", "0.bias", {400}, 0.05 / 1.7320508, true},
        {"pytorch", "conv(64, 3)", "0.weight", {25, 5, 5}, 1 / 15.0 / 1.7320508, true},
        {"he", "dense(300)", "0.weight", {200}, 0.1, false},
        {"he(mode=fan_out)", "dense(50)", "0.weight", {2000}, 0.2, false},
        {"he(distribution=uniform, gain=2)", "dense(300)", "0.weight", {200}, 0.2, true},
        {"he", "conv(200, 5)", "0.weight", {8, 9, 9}, 0.1, false},
        {"xavier", "dense(300)", "0.weight", {500}, 0.05, true},
        {"xavier(distribution=normal, gain=0.5)", "dense(300)", "0.weight", {500}, 0.025, false},
        {"lecun", "dense(300)", "0.weight", {400}, 0.05, false},
        {"normal(0.3)", "dense(300)", "0.weight", {400}, 0.3, false},
        {"zeros", "dense(300, init=lecun)", "0.weight", {400}, 0.05, false},
        {"he", "dense(300, init=zeros)", "0.weight", {400}, 0, false},
        {"he", "dense(300)", "0.bias", {400}, 0, false},
        {"xavier", "batchnorm > dense(3)", "0.bias", {400}, 0, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const spread found = spread_of(cases[i].init, cases[i].model, cases[i].name, cases[i].input);
        if (!check_is_close(found.deviation, cases[i].deviation, 0.03, 0) ||
            fabs(found.mean) > 0.04 * cases[i].deviation)
            fail_msg("%s in %s: mean %g, deviation %g, expected %g", cases[i].init, cases[i].model, found.mean,
                     found.deviation, cases[i].deviation);
        if (cases[i].uniform) {
            assert_true(found.largest <= cases[i].deviation * 1.7320509);
            assert_true(found.largest > cases[i].deviation * 1.70);
        }
    }
}

static void test_orthogonal(void **state)
{
    static const struct {
        const char *model;
        int64_t input;
    } shapes[] = {{"dense(20)", 70}, {"dense(70)", 20}, {"dense(16)", 16}, {"dense(1)", 5}};
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        nets_net made = nets_open(&(nets_texts){.model = shapes[i].model,
                                                .init = "orthogonal(2)",
                                                .input = {shapes[i].input},
                                                .target = GRADUS_TARGET_NUMBERS});
        int64_t count;
        float *values = read_tensor(made.net, "0.weight", &count);
        const int64_t columns = shapes[i].input, rows = count / columns;
        const int64_t vectors = rows < columns ? rows : columns, length = count / vectors;
        const int64_t next = rows < columns ? columns : 1, step = rows < columns ? 1 : columns;
        for (int64_t a = 0; a < vectors; a++)
            for (int64_t b = 0; b <= a; b++) {
                double product = 0;
                for (int64_t k = 0; k < length; k++)
                    product += (double)values[a * next + k * step] * values[b * next + k * step];
                check_close(product, a == b ? 4 : 0, 0, 1e-5);
            }
        free(values);
        nets_close(&made);
    }
}

/* A function of the seed and of the tensor's name: not of what stands beside it, nor of the batch. */
static void test_seeds(void **state)
{
    (void)state;
    nets_net made[] = {nets_open(&(nets_texts){.model = "dense(8, name=a)", .input = {9}, .outputs = 8, .seed = 1}),
                       nets_open(&(nets_texts){
                           .model = "dense(9) > dense(8, name=a)", .input = {9}, .outputs = 8, .seed = 1, .batch = 50}),
                       nets_open(&(nets_texts){.model = "dense(8, name=a)", .input = {9}, .outputs = 8, .seed = 2}),
                       nets_open(&(nets_texts){.model = "dense(8, name=b)", .input = {9}, .outputs = 8, .seed = 1})};
    float *values[4];
    int64_t count;
    for (int i = 0; i < 4; i++) values[i] = read_tensor(made[i].net, i < 3 ? "a.weight" : "b.weight", &count);
    assert_memory_equal(values[0], values[1], (size_t)count * sizeof(float));
    for (int64_t i = 0; i < count; i++) {
        assert_true(values[0][i] != values[2][i]);
        assert_true(values[0][i] != values[3][i]);
    }
    for (int i = 0; i < 4; i++) {
        free(values[i]);
        nets_close(&made[i]);
    }
}

/* ---- layouts ---- */

static void test_layouts(void **state)
{
    static const struct {
        const char *model;
        int64_t input[3];
    } models[] = {{"dense(5) > dense(3)", {7}},
                  {"conv(5, 3) > conv(18, [3, 2]) > maxpool(2) > flatten > dense(3)", {1, 9, 9}},
                  {"conv(16, 3) > batchnorm > conv(33, 3) > batchnorm > flatten > relu > dense(3)", {3, 9, 9}},
                  {"flatten > dense(3)", {3, 4, 5}},
                  {"dense(3)", {3, 4, 5}}};
    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        nets_texts texts = {.model = models[i].model, .outputs = 3};
        memcpy(texts.input, models[i].input, sizeof models[i].input);
        nets_net made = nets_open(&texts);
        for (int32_t t = 0; t < gradus_net_tensor_count(made.net); t++) {
            gradus_net_tensor tensor;
            gradus_net_tensor_at(made.net, t, &tensor);
            const int64_t count = nets_size(tensor.shape);
            float *source = malloc((size_t)count * sizeof(float)), *back = calloc((size_t)count, sizeof(float));
            for (int64_t k = 0; k < count; k++) source[k] = (float)(k + 1);
            assert_true(gradus_net_write(made.net, t, source));
            assert_true(gradus_net_read(made.net, t, back));
            assert_memory_equal(source, back, (size_t)count * sizeof(float));
            double sum = 0; /* what fills up blocks is zero */
            for (int64_t k = 0; k < tensor.count; k++) sum += tensor.values[k];
            check_close(sum, (double)count * (double)(count + 1) / 2, 1e-6, 0);
            assert_true(strlen(tensor.layout) > 0);
            free(source);
            free(back);
        }
        nets_close(&made);
    }
}

/* ---- safetensors ---- */

typedef struct memory {
    char *bytes;
    size_t size, room;
    size_t refuses_after;
} memory;

static int remember(void *user, const void *bytes, size_t size)
{
    memory *to = user;
    if (to->refuses_after && to->size + size > to->refuses_after) return 1;
    if (to->size + size > to->room) to->bytes = realloc(to->bytes, to->room = 2 * (to->size + size));
    memcpy(to->bytes + to->size, bytes, size);
    to->size += size;
    return 0;
}

static void test_safetensors_back_and_forth(void **state)
{
    static const float a[6] = {1, -2.5f, 0, 1e-30f, INFINITY, 3}, b[1] = {7};
    static const gradus_stored stored[] = {{"0.weight", {2, 3}, 6, a, GRADUS_FLOAT32},
                                           {"a \"quoted\" näme", {1}, 1, b, GRADUS_FLOAT32}};
    static const char *const metadata[] = {"format", "pt", "model", "dense(10) > relu", NULL};
    (void)state;
    memory file = {0};
    gradus_error error = {0};
    assert_int_equal(gradus_safetensors_write(stored, 2, metadata, remember, &file, &error), GRADUS_OK);
    assert_int_equal((file.size - 28) % 8, 0);
    gradus_safetensors *read = gradus_safetensors_open(file.bytes, file.size, &error);
    assert_non_null(read);
    for (int i = 0; i < 2; i++) {
        gradus_stored tensor;
        assert_true(gradus_safetensors_find(read, stored[i].name, &tensor));
        assert_memory_equal(tensor.shape, stored[i].shape, sizeof tensor.shape);
        assert_int_equal(tensor.count, stored[i].count);
        assert_memory_equal(tensor.values, stored[i].values, (size_t)tensor.count * sizeof(float));
    }
    gradus_stored none;
    assert_false(gradus_safetensors_find(read, "1.weight", &none));
    assert_false(gradus_safetensors_at(read, 2, &none));
    assert_string_equal(gradus_safetensors_metadata(read, "model"), "dense(10) > relu");
    assert_null(gradus_safetensors_metadata(read, "author"));
    gradus_safetensors_close(read);
    for (size_t limit = 1; limit < file.size; limit += 5) {
        memory small = {.refuses_after = limit};
        error = (gradus_error){0};
        assert_int_equal(gradus_safetensors_write(stored, 2, metadata, remember, &small, &error), GRADUS_ERROR_WRITE);
        free(small.bytes);
    }
    for (size_t size = 0; size < file.size; size++) { /* cut short anywhere */
        char *cut = malloc(size + !size);
        memcpy(cut, file.bytes, size);
        error = (gradus_error){0};
        assert_null(gradus_safetensors_open(cut, size, &error));
        assert_int_equal(error.status, GRADUS_ERROR_STATE);
        free(cut);
    }
    free(file.bytes);
}

static gradus_safetensors *open_header(const char *header, size_t bytes, char *room, gradus_error *error)
{
    const size_t length = strlen(header);
    memset(room, 0, 8);
    room[0] = (char)length;
    memcpy(room + 8, header, length);
    memset(room + 8 + length, 0, bytes);
    return gradus_safetensors_open(room, 8 + length + bytes, error);
}

static void test_safetensors_that_are_none(void **state)
{
    static const struct {
        const char *header, *message;
    } files[] = {
        {"[]", "its header is no JSON object"},
        {"{", "its header is no JSON object"},
        {"{'a'}", "its header is no JSON object"},
        {"{\"a\":1}", "it does not say what is in 'a'"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", "it does not say what is in 'a'"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", "it does not say what is in 'a'"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,4]}}", "it does not say what is in 'a'"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}", "it does not say what is in 'a'"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,4]}}",
         "it does not say what is in 'a'"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}",
         "it does not say what is in 'a'"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", "size and shape disagree in 'a'"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]}}", "it ends before the end of 'a'"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", "it ends before the end of 'a'"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}}", "it ends before the end of 'a'"},
        {"{\"a\":{\"dtype\":\"I64\",\"shape\":[2],\"data_offsets\":[0,16]}}", "it ends before the end of 'a'"},
    };
    (void)state;
    char room[256];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char expected[128];
        gradus_error error = {0};
        snprintf(expected, sizeof expected, "not a whole safetensors file: %s", files[i].message);
        assert_null(open_header(files[i].header, 8, room, &error));
        assert_string_equal(error.message, expected);
    }
    gradus_error error = {0};
    gradus_stored tensor;
    gradus_safetensors *file = open_header("{\"steps\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]},"
                                           "\"one\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}",
                                           8, room, &error);
    assert_non_null(file); /* PyTorch counts batches in whole numbers; a scalar has no shape */
    assert_false(gradus_safetensors_find(file, "steps", &tensor));
    assert_true(gradus_safetensors_find(file, "one", &tensor));
    assert_int_equal(tensor.count, 1);
    assert_int_equal(tensor.shape[0], 0);
    gradus_safetensors_close(file);
}

/* To the nearest, halves to even; and what has 16 bits is read as what it stands for. Worked by hand. */
static void test_sixteen_bits(void **state)
{
    static const float written[] = {1,        0x1.01p0f, 0x1.03p0f, 0x1.010002p0f, -0x1.fep0f,  -0x1.ffp0f,
                                    INFINITY, NAN,       0x1p-133f, 0x1p-134f,     0x1.ff8p127f},
                       bfloat16[] = {1, 1, 0x1.04p0f, 0x1.02p0f, -0x1.fep0f, -2, INFINITY, NAN, 0x1p-133f, 0, INFINITY};
    static const uint16_t halves[] = {0x3c00, 0xc000, 0x7bff, 0x0001, 0x83ff, 0x0400,
                                      0x7c00, 0xfc00, 0x7e00, 0x8000, 0x3555};
    static const float float16[] = {1,        -2,        65504, 0x1p-24f, -0x1.ff8p-15f, 0x1p-14f,
                                    INFINITY, -INFINITY, NAN,   -0.0F,    0x1.554p-2f};
    enum { COUNT = 11 };
    (void)state;
    memory file = {0};
    gradus_error error = {0};
    gradus_stored tensor = {"a", {COUNT}, COUNT, written, GRADUS_BFLOAT16};
    float values[COUNT];
    assert_int_equal(gradus_safetensors_write(&tensor, 1, NULL, remember, &file, &error), GRADUS_OK);
    assert_non_null(strstr(file.bytes + 8, "\"BF16\""));
    for (int kind = 0; kind < 2; kind++) {
        const float *expected = kind ? float16 : bfloat16;
        gradus_safetensors *read = gradus_safetensors_open(file.bytes, file.size, &error);
        assert_non_null(read);
        assert_true(gradus_safetensors_find(read, "a", &tensor));
        assert_int_equal(tensor.type, kind ? GRADUS_FLOAT16 : GRADUS_BFLOAT16);
        gradus_stored_read(&tensor, values);
        for (int i = 0; i < COUNT; i++)
            if (isnan(expected[i]) ? !isnan(values[i]) : memcmp(&values[i], &expected[i], sizeof values[i]) != 0)
                fail_msg("%d of kind %d is %a, not %a", i, kind, (double)values[i], (double)expected[i]);
        gradus_safetensors_close(read);
        if (kind) break;
        memcpy(strstr(file.bytes + 8, "\"BF16\""), " \"F16\"", 6);
        memcpy(file.bytes + file.size - sizeof halves, halves, sizeof halves);
    }
    free(file.bytes);
}

/* ---- smaller weights ---- */

static void write_tensor(const nets_net *made, const char *name, const float *values)
{
    assert_true(gradus_net_write(made->net, nets_tensor(made->net, name), values));
}

static void check_tensor(const nets_net *made, const char *name, const float *expected, int64_t size)
{
    int64_t count;
    float *values = read_tensor(made->net, name, &count);
    assert_int_equal(count, size);
    for (int64_t i = 0; i < count; i++) check_close((double)values[i], (double)expected[i], 1e-6, 0);
    free(values);
}

/* By hand: each row has a scale of its own, its largest weight over 127; the bias stays. */
static void test_rounded(void **state)
{
    static const float weights[] = {254, -3, 3.5F, -1, 0, 0, 0, 0, -1.27F, 0.634F, 0.002F, 0.006F},
                       bias[] = {0.3F, 1.01F, -2},
                       int8[] = {254, -4, 4, 0, 0, 0, 0, 0, -1.27F, 0.63F, 0, 0.01F}, /* halves to even */
        bfloat16[] = {254, -3, 3.5F, -1, 0, 0, 0, 0, -1.2734375F, 0.6328125F, 0.00199890137F, 0.00601196289F},
                       bias16[] = {0.30078125F, 1.0078125F, -2};
    (void)state;
    gradus_error error = {0};
    nets_net made = nets_open(&(nets_texts){.model = "dense(3)", .input = {4}, .outputs = 3});
    for (int type = GRADUS_WEIGHTS_FLOAT32; type <= GRADUS_WEIGHTS_INT8; type++) {
        write_tensor(&made, "0.weight", weights);
        write_tensor(&made, "0.bias", bias);
        assert_int_equal(gradus_net_round(made.net, (gradus_weights)type, &error), GRADUS_OK);
        check_tensor(&made, "0.weight",
                     type == GRADUS_WEIGHTS_INT8       ? int8
                     : type == GRADUS_WEIGHTS_BFLOAT16 ? bfloat16
                                                       : weights,
                     12);
        check_tensor(&made, "0.bias", type == GRADUS_WEIGHTS_BFLOAT16 ? bias16 : bias, 3);
    }
    nets_close(&made);
}

/* The smallest of all weights together, those of norms and biases not among them. */
static void test_pruned(void **state)
{
    static const float first[] = {0.5F, -0.1F, 0.2F, 3}, last[] = {-0.3F, 0.05F, 2, 1}, small[] = {0.01F, 0.02F},
                       first_left[] = {0.5F, 0, 0, 3}, last_left[] = {-0.3F, 0, 2, 1};
    (void)state;
    gradus_error error = {0};
    nets_net made = nets_open(&(nets_texts){.model = "dense(2) > layernorm > dense(2)", .input = {2}, .outputs = 2});
    write_tensor(&made, "0.weight", first);
    write_tensor(&made, "2.weight", last);
    for (int32_t i = 0; i < 4; i++)
        write_tensor(&made, ((const char *[]){"0.bias", "1.weight", "1.bias", "2.bias"})[i], small);
    for (int again = 0; again < 2; again++) { /* what is gone counts among the smallest */
        assert_int_equal(gradus_net_prune(made.net, 0.45, &error), GRADUS_OK);
        check_tensor(&made, "0.weight", first_left, 4);
        check_tensor(&made, "2.weight", last_left, 4);
    }
    check_tensor(&made, "0.bias", small, 2);
    check_tensor(&made, "1.weight", small, 2);
    assert_int_equal(gradus_net_prune(made.net, 0, &error), GRADUS_OK);
    check_tensor(&made, "2.weight", last_left, 4);
    nets_close(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_spreads),
                                       cmocka_unit_test(test_orthogonal),
                                       cmocka_unit_test(test_seeds),
                                       cmocka_unit_test(test_layouts),
                                       cmocka_unit_test(test_safetensors_back_and_forth),
                                       cmocka_unit_test(test_safetensors_that_are_none),
                                       cmocka_unit_test(test_sixteen_bits),
                                       cmocka_unit_test(test_rounded),
                                       cmocka_unit_test(test_pruned)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
