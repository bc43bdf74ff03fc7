/* Nets as ONNX: a reader of the wire format takes every message apart. Names must come before they are used and mean one thing, weights
 * are those of the net, and the operators are the ones that the layers stand for. That they compute the same, bench/peers/exports
 * tells with ONNX Runtime. */
#include "../../src/nn/net.h"
#include "nets.h"

/* ---- the wire format, as the specification has it ---- */

typedef struct message {
    const unsigned char *at, *end;
} message;

typedef struct field {
    int32_t number;
    int kind;
    uint64_t value; /* of a varint; of 32 bits */
    message inside; /* of bytes */
} field;

static uint64_t read_varint(message *from)
{
    uint64_t number = 0;
    for (int shift = 0;; shift += 7) {
        assert_true(from->at < from->end && shift < 64);
        number |= (uint64_t)(*from->at & 127) << shift;
        if (!(*from->at++ & 128)) return number;
    }
}

static bool read_field(message *from, field *read)
{
    if (from->at == from->end) return false;
    const uint64_t key = read_varint(from);
    *read = (field){.number = (int32_t)(key >> 3), .kind = (int)(key & 7)};
    assert_true(read->kind == 0 || read->kind == 2 || read->kind == 5);
    const bool bytes = read->kind == 2;
    if (read->kind != 5) read->value = read_varint(from);
    const uint64_t size = bytes ? read->value : read->kind == 5 ? 4 : 0;
    assert_true(size <= (uint64_t)(from->end - from->at));
    if (read->kind == 5) memcpy(&read->value, from->at, 4);
    read->inside = (message){from->at, from->at + size};
    from->at += size;
    return true;
}

/* The first field of a number; kind -1: there is none. */
static field find(message in, int32_t number)
{
    field read;
    while (read_field(&in, &read))
        if (read.number == number) return read;
    return (field){.kind = -1};
}

static void copy_text(message from, char text[128])
{
    assert_true(from.end - from.at < 128);
    memcpy(text, from.at, (size_t)(from.end - from.at));
    text[from.end - from.at] = 0;
}

/* ---- what a graph must be ---- */

enum { NAMES = 512 };

typedef struct graph {
    nets_net *made;
    char names[NAMES][128]; /* of values that are there */
    int32_t count, tensors;
    char operators[1024];
} graph;

static bool knows(const graph *it, const char *name)
{
    for (int32_t i = 0; i < it->count; i++)
        if (!strcmp(it->names[i], name)) return true;
    return false;
}

static void add(graph *it, message name)
{
    assert_true(it->count < NAMES);
    copy_text(name, it->names[it->count]);
    if (knows(it, it->names[it->count])) fail_msg("'%s' is given twice", it->names[it->count]);
    it->count++;
}

static void check_node(graph *it, message node)
{
    char name[128];
    field read;
    for (message at = node; read_field(&at, &read);) {
        if (read.number != 1) continue;
        copy_text(read.inside, name);
        if (*name && !knows(it, name)) fail_msg("'%s' is used before it is there", name);
    }
    for (message at = node; read_field(&at, &read);) {
        if (read.number == 2 && read.inside.at < read.inside.end) add(it, read.inside);
        if (read.number != 5) continue;
        assert_int_equal(find(read.inside, 1).kind,
                         2); /* an attribute has a name, and a type that says where its value stands */
        const uint64_t type = find(read.inside, 20).value;
        const int32_t place = type <= 3 ? (int32_t)type + 1 : type == 7 ? 8 : type == 8 ? 9 : 0;
        assert_true(place && find(read.inside, place).kind >= 0);
    }
    copy_text(find(node, 4).inside, name);
    snprintf(it->operators + strlen(it->operators), sizeof it->operators - strlen(it->operators), "%s%s",
             *it->operators ? " " : "", name);
}

/* A tensor of the net's name has its shape and its bits; others are what layers add. */
static void check_tensor(graph *it, message tensor)
{
    char name[128];
    gradus_net_tensor of;
    add(it, find(tensor, 8).inside);
    copy_text(find(tensor, 8).inside, name);
    int32_t index = 0;
    for (; index < gradus_net_tensor_count(it->made->net); index++) {
        gradus_net_tensor_at(it->made->net, index, &of);
        if (!strcmp(of.name, name)) break;
    }
    if (index == gradus_net_tensor_count(it->made->net)) return;
    it->tensors++;
    field read;
    int rank = 0;
    for (message at = tensor; read_field(&at, &read);)
        if (read.number == 1) assert_int_equal(read.value, of.shape[rank++]);
    assert_int_equal(of.shape[rank], 0);
    assert_int_equal(find(tensor, 2).value, 1); /* float32 */
    const message bytes = find(tensor, 9).inside;
    const size_t size = (size_t)nets_size(of.shape) * sizeof(float);
    float *plain = malloc(size);
    assert_true(gradus_net_read(it->made->net, index, plain));
    assert_int_equal(bytes.end - bytes.at, size);
    assert_memory_equal(bytes.at, plain, size);
    free(plain);
}

/* "input 1 ? 3 8 8": name, type of elements, shape. */
static void check_value(message value, const char *expected)
{
    char name[128], text[256];
    copy_text(find(value, 1).inside, name);
    const message tensor = find(find(value, 2).inside, 1).inside;
    int length = snprintf(text, sizeof text, "%s %d", name, (int)find(tensor, 1).value);
    field dimension;
    for (message shape = find(tensor, 2).inside; read_field(&shape, &dimension);) {
        const field size = find(dimension.inside, 1);
        length += size.kind < 0 ? snprintf(text + length, sizeof text - (size_t)length, " ?")
                                : snprintf(text + length, sizeof text - (size_t)length, " %d", (int)size.value);
    }
    assert_string_equal(text, expected);
}

/* ---- nets ---- */

typedef struct memory {
    unsigned char *bytes;
    size_t size, most; /* most: refused from there on; 0: never */
} memory;

static int remember(void *user, const void *bytes, size_t size)
{
    memory *to = user;
    if (to->most && to->size + size > to->most) return 1;
    to->bytes = realloc(to->bytes, to->size + size);
    memcpy(to->bytes + to->size, bytes, size);
    to->size += size;
    return 0;
}

static char written[1 << 14]; /* the models that were, one after another */

static void check_model(const nets_texts *texts, const char *input, const char *output, const char *operators)
{
    assert_true(strlen(written) + strlen(texts->model) + 3 < sizeof written);
    strcat(strcat(written, " "), texts->model);
    static const char *const metadata[] = {"model", "some > \"text\"", "data", "", NULL};
    nets_net made = nets_open(texts);
    memory file = {0};
    gradus_error error = {0};
    assert_int_equal(gradus_net_write_onnx(made.net, GRADUS_WEIGHTS_FLOAT32, metadata, remember, &file, &error),
                     GRADUS_OK);
    const message model = {file.bytes, file.bytes + file.size};
    assert_int_equal(find(model, 1).value, 8);                  /* IR version */
    assert_int_equal(find(find(model, 8).inside, 2).value, 17); /* of the operators */
    char text[128];
    copy_text(find(find(model, 14).inside, 2).inside, text);
    assert_string_equal(text, metadata[1]);
    graph *it = calloc(1, sizeof *it);
    it->made = &made;
    const message whole = find(model, 7).inside;
    check_value(find(whole, 11).inside, input);
    check_value(find(whole, 12).inside, output);
    add(it, find(find(whole, 11).inside, 1).inside);
    field read;
    for (message at = whole; read_field(&at, &read);)
        if (read.number == 5) check_tensor(it, read.inside); /* constants are there from the beginning */
    for (message at = whole; read_field(&at, &read);)
        if (read.number == 1) check_node(it, read.inside);
    assert_string_equal(it->operators, operators);
    assert_int_equal(it->tensors, gradus_net_tensor_count(made.net));
    const char *last = it->names[it->count - 1]; /* the last node's is the output's */
    assert_true(!strncmp(last, output, strlen(last)) && output[strlen(last)] == ' ');
    free(it);
    free(file.bytes);
    nets_close(&made);
}

static void test_pictures(void **state)
{
    (void)state;
    check_model(&(nets_texts){.model = "dense(5) > relu > dense(3)", .input = {1, 4, 4}, .outputs = 3},
                "input 1 ? 1 4 4", "output 1 ? 3", "Flatten Gemm Relu Gemm Softmax");
    check_model(
        &(nets_texts){.model = "dense(1, bias=false)", .loss = "binary_cross_entropy", .input = {4}, .outputs = 2},
        "input 1 ? 4", "output 1 ? 1", "Gemm Sigmoid");
    check_model(
        &(nets_texts){
            .model = "conv(18, 3, pad=same) > batchnorm > relu > residual(conv(5, 3, stride=2, pad=1) > layernorm, "
                     "shortcut=conv(5, 1, stride=2), activation=tanh) > maxpool(2) > avgpool(1) > flatten > dense(2)",
            .input = {3, 9, 8},
            .target = GRADUS_TARGET_NUMBERS},
        "input 1 ? 3 9 8", "output 1 ? 2",
        "Conv BatchNormalization Relu Conv LayerNormalization Conv Add Tanh MaxPool AveragePool Flatten Gemm");
    check_model(
        &(nets_texts){.model = "conv(7, 3) > globalavgpool > dropout(0.5) > dense(6) > sigmoid > dense(6) > gelu > "
                               "gelu(approximate=tanh) > silu > elu > leaky_relu > hardswish > softmax > flatten",
                      .input = {3, 9, 8},
                      .target = GRADUS_TARGET_NUMBERS},
        "input 1 ? 3 9 8", "output 1 ? 6",
        "Conv GlobalAveragePool Flatten Identity Gemm Sigmoid Gemm Div Erf Add Mul Mul Mul Mul Add Mul Sigmoid Mul "
        "Sigmoid Mul Elu LeakyRelu HardSwish Softmax Flatten");
}

static void test_younger_layers(void **state)
{
    (void)state;
    check_model(
        &(nets_texts){
            .model = "conv(6, 3, dilation=2, groups=3) > relu6 > upsample([2, 3]) > mish > upsample(2, mode=bilinear) "
                     "> softplus(2) > maxpool(4, ceil=true) > avgpool(3, pad=1, ceil=true) > flatten > dense(2)",
            .input = {3, 9, 8},
            .target = GRADUS_TARGET_NUMBERS},
        "input 1 ? 3 9 8", "output 1 ? 2",
        "Conv Clip Resize Softplus Tanh Mul Resize Mul Softplus Div MaxPool AveragePool Mul Flatten Gemm");
}

static void test_outputs(void **state)
{
    (void)state;
    static const gradus_target targets[] = {{.name = "size", .kind = GRADUS_TARGET_NUMBERS, .outputs = 2},
                                            {.name = "kind", .kind = GRADUS_TARGET_CLASS, .outputs = 3}};
    const nets_texts texts = {.model = "dense(5) > relu > outputs(kind=dense(3), size=tanh > dense(2))",
                              .input = {4},
                              .targets = targets,
                              .target_count = 2};
    check_model(&texts, "input 1 ? 4", "kind 1 ? 3", "Gemm Relu Gemm Tanh Gemm Concat Split Softmax");
}

static void test_sequences(void **state)
{
    (void)state;
    nets_texts texts = {.model =
                            "embedding(4) > position(kind=waves) > attention(2, causal=true) > position > dense(5)",
                        .input = {6},
                        .outputs = 5,
                        .positions = 6,
                        .symbols = 5};
    check_model(
        &texts, "input 7 ? 6", "output 1 ? 6 5",
        "Gather Add Transpose MatMul Add Split Reshape Transpose Reshape Transpose Reshape Transpose MatMul Mul Add "
        "Softmax MatMul Transpose Reshape Transpose MatMul Add Add Transpose MatMul Add Softmax");
    texts.model = "embedding(4) > lstm(3, layers=2, bidirectional=true) > gru(2, bias=false) > dense(5)";
    check_model(
        &texts, "input 7 ? 6", "output 1 ? 6 5",
        "Gather Transpose Concat Gather Concat Gather Concat Gather LSTM Transpose Reshape Concat Gather Concat Gather "
        "Concat Gather LSTM Transpose Reshape Transpose Gather Gather GRU Transpose Reshape Transpose MatMul Add "
        "Softmax");
    texts.positions = 0;
    texts.model = "embedding(4) > rnn(3, last=true, activation=relu) > dense(5)";
    check_model(&texts, "input 7 ? 6", "output 1 ? 5",
                "Gather Transpose Gather Gather Concat Gather RNN Transpose Flatten Gemm Softmax");
    texts.model = "dense(5)"; /* symbols taken for numbers */
    check_model(&texts, "input 7 ? 6", "output 1 ? 5", "Cast Gemm Softmax");
}

static void test_branches(void **state)
{
    (void)state;
    nets_texts texts = {.model =
                            "concat(identity, conv(5, 1), conv(5, 1) > relu, identity) > sum(tanh, relu > identity, "
                            "sigmoid) > groupnorm(4) > prelu > flatten > prelu(shared=true) > dense(2)",
                        .loss = "focal",
                        .input = {3, 4, 4},
                        .outputs = 2};
    check_model(&texts, "input 1 ? 3 4 4", "output 1 ? 2",
                "Identity Conv Conv Relu Identity Concat Concat Concat Tanh Relu Identity Sigmoid Add Add Reshape "
                "Reshape Reshape "
                "InstanceNormalization Reshape Mul Add Reshape PRelu Flatten PRelu Gemm Softmax");
    texts.model = "dense(1)"; /* the second class's probability alone */
    check_model(&texts, "input 1 ? 3 4 4", "output 1 ? 1", "Flatten Gemm Sigmoid");
    texts.loss = "hinge"; /* tells no probabilities */
    check_model(&texts, "input 1 ? 3 4 4", "output 1 ? 1", "Flatten Gemm");
}

static void test_shared(void **state)
{
    (void)state;
    nets_texts texts = {
        .model = "embedding(4, name=table) > dense(4, name=a) > dense(4, tie=a, bias=false) > dense(5, tie=table)",
        .input = {6},
        .outputs = 5,
        .positions = 6,
        .symbols = 5};
    check_model(&texts, "input 7 ? 6", "output 1 ? 6 5",
                "Gather Transpose MatMul Add Transpose MatMul Transpose MatMul Add Softmax");
    texts = (nets_texts){.model = "conv(3, 3, pad=1, name=a) > relu > conv(3, 3, pad=1, tie=a, bias=false) > flatten",
                         .input = {3, 2, 2},
                         .outputs = 12};
    check_model(&texts, "input 1 ? 3 2 2", "output 1 ? 12", "Conv Relu Conv Flatten Softmax");
    texts = (nets_texts){.outputs = 5, .input = {6}, .positions = 0, .symbols = 5};
    texts.model = "embedding(4) > dot > dense(5)";
    check_model(&texts, "input 7 ? 6", "output 1 ? 5", "Gather Gather Gather Mul ReduceSum Gemm Softmax");
}

/* The input's and the output's names are no layers' names, whatever the user calls those. */
static void test_names(void **state)
{
    (void)state;
    check_model(
        &(nets_texts){.model = "dense(3, name=output) > dense(3, name=input) > tanh(name=weight) > dense(3, name=more)",
                      .input = {3},
                      .outputs = 3},
        "input 1 ? 3", "output 1 ? 3", "Gemm Gemm Tanh Gemm Softmax");
}

/* The tensor of a graph that has this name: its bytes. */
static message find_tensor(message in, const char *name)
{
    char text[128];
    field read;
    while (read_field(&in, &read)) {
        if (read.number != 5) continue;
        copy_text(find(read.inside, 8).inside, text);
        if (!strcmp(text, name)) return find(read.inside, 9).inside;
    }
    fail_msg("no tensor '%s'", name);
    return in;
}

/* Bytes times the scale of their row are the weights of the net that was rounded; biases are not rounded. */
static void test_int8(void **state)
{
    enum { ROWS = 3, ROW = 5 };
    (void)state;
    nets_net made = nets_open(&(nets_texts){.model = "dense(3)", .input = {ROW}, .outputs = ROWS});
    memory file = {0};
    gradus_error error = {0};
    assert_int_equal(gradus_net_round(made.net, GRADUS_WEIGHTS_INT8, &error), GRADUS_OK);
    assert_int_equal(gradus_net_write_onnx(made.net, GRADUS_WEIGHTS_INT8, NULL, remember, &file, &error), GRADUS_OK);
    const message whole = find((message){file.bytes, file.bytes + file.size}, 7).inside,
                  bytes = find_tensor(whole, "0.weight.int8"), scales = find_tensor(whole, "0.weight.scale"),
                  bias = find_tensor(whole, "0.bias");
    float weights[ROWS * ROW], scale[ROWS], biases[ROWS];
    assert_true(gradus_net_read(made.net, nets_tensor(made.net, "0.weight"), weights));
    assert_true(gradus_net_read(made.net, nets_tensor(made.net, "0.bias"), biases));
    assert_int_equal(bytes.end - bytes.at, sizeof weights / sizeof *weights);
    assert_int_equal(scales.end - scales.at, sizeof scale);
    memcpy(scale, scales.at, sizeof scale);
    for (int i = 0; i < ROWS * ROW; i++)
        check_close(scale[i / ROW] * (double)(signed char)bytes.at[i], (double)weights[i], 1e-6, 0);
    assert_memory_equal(bias.at, biases, sizeof biases);
    assert_int_equal(gradus_net_write_onnx(made.net, GRADUS_WEIGHTS_BFLOAT16, NULL, remember, &file, &error),
                     GRADUS_ERROR_USE);
    free(file.bytes);
    nets_close(&made);
}

static void test_refused(void **state)
{
    (void)state;
    nets_net made = nets_open(&(nets_texts){.model = "dense(3)", .input = {3}, .outputs = 3});
    memory file = {.most = 10};
    gradus_error error = {0};
    assert_int_equal(gradus_net_write_onnx(made.net, GRADUS_WEIGHTS_FLOAT32, NULL, remember, &file, &error),
                     GRADUS_ERROR_WRITE);
    free(file.bytes);
    nets_close(&made);
}

/* Whether a name stands in the text as a word of its own. */
static bool names(const char *text, const char *name)
{
    const size_t length = strlen(name);
    for (const char *at = text; (at = strstr(at, name)); at++)
        if (at[-1] == ' ' || at[-1] == '(')
            if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789_", at[length]) || !at[length]) return true;
    return false;
}

/* Layers that ONNX cannot say, and why. */
static const struct {
    const char *name, *reason;
} without[] = {{NULL, NULL}};

/* After all others: every layer can be written and has been, but for ready nets, which are written as what they stand for. */
static void test_every_layer(void **state)
{
    (void)state;
    for (const gradus_member *const *member = gradus_model_family.members; *member; member++) {
        const gradus_layer_row *row = (const gradus_layer_row *)*member;
        const char *name = row->member.name, *reason = NULL;
        for (int i = 0; without[i].name; i++)
            if (!strcmp(without[i].name, name)) reason = without[i].reason;
        if (reason) print_message("%s is not written: it %s\n", name, reason);
        if (row->write || reason) continue;
        if (!row->onnx) fail_msg("%s cannot be exported: give its row `onnx`, or say above why not", name);
        if (!names(written, name)) fail_msg("no test above exports %s", name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pictures), cmocka_unit_test(test_younger_layers),
                                       cmocka_unit_test(test_outputs),  cmocka_unit_test(test_sequences),
                                       cmocka_unit_test(test_branches), cmocka_unit_test(test_shared),
                                       cmocka_unit_test(test_names),    cmocka_unit_test(test_int8),
                                       cmocka_unit_test(test_refused),  cmocka_unit_test(test_every_layer)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
