/* Writes a net as a file of ONNX (onnx.ai, IR version 8, operators of version 17): the layers' nodes in the order in which they run,
 * the weights under PyTorch's names, and what goes in and out. Numbers of fields and types are those of onnx.proto.
 *
 * It is what gradus_net_evaluate computes: activations that another layer runs are nodes of their own again, what puts values in order
 * in memory is left out, and where the loss tells probabilities, they are what comes out. */
#include "onnx.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "gradus/gradus.h"
#include "protobuf.h"

enum { IR_VERSION = 8, OPERATORS = 17 };
enum { MODEL_IR = 1, MODEL_PRODUCER, MODEL_PRODUCER_VERSION, MODEL_GRAPH = 7, MODEL_OPERATORS, MODEL_METADATA = 14 };
enum { GRAPH_NODE = 1, GRAPH_NAME, GRAPH_TENSOR = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT };
enum { NODE_INPUT = 1, NODE_OUTPUT, NODE_NAME, NODE_OPERATOR, NODE_ATTRIBUTE };
enum {
    ATTRIBUTE_NAME = 1,
    ATTRIBUTE_FLOAT,
    ATTRIBUTE_INT,
    ATTRIBUTE_TEXT,
    ATTRIBUTE_INTS = 8,
    ATTRIBUTE_TEXTS,
    ATTRIBUTE_TYPE = 20
};
enum { IS_FLOAT = 1, IS_INT, IS_TEXT, IS_INTS = 7, IS_TEXTS }; /* values of ATTRIBUTE_TYPE */
enum { TENSOR_SHAPE = 1, TENSOR_TYPE, TENSOR_NAME = 8, TENSOR_BYTES };
enum { FLOAT32 = 1, INT8 = 3, INT64 = 7 }; /* values of TENSOR_TYPE */
enum { VALUE_NAME = 1, VALUE_TYPE };

struct gradus_onnx {
    const gradus_net *net;
    gradus_weights type;
    gradus_protobuf out;
    gradus_arena names;
    const gradus_layer *last; /* whose values are what comes out; NULL: a loss makes probabilities of them first */
    bool in_node;
    size_t node;
    bool as_numbers; /* symbols have been made numbers */
    bool *written;   /* tensors that are there already: layers may share them */
};

/* ---- names ---- */

static const char *keep(gradus_onnx *onnx, const char *text)
{
    const char *kept = gradus_arena_text(&onnx->names, text, strlen(text));
    if (!kept) onnx->out.failed = true;
    return kept ? kept : "";
}

const char *gradus_onnx_inside(gradus_onnx *onnx, const gradus_layer *layer, const char *what)
{
    char text[128];
    snprintf(text, sizeof text, "%s.%s", layer->name, what);
    return keep(onnx, text);
}

/* Forks and what puts values in order are no layers of the graph: the layer whose values these are; NULL: the data. */
static const gradus_layer *giver(const gradus_signal *signal)
{
    for (;;)
        if (signal->seen)
            signal = signal->seen;
        else if (signal->from && signal->from->row == &gradus_layer_arrange)
            signal = signal->from->input;
        else
            return signal->from;
}

/* Of more than two branches all but the last are joined by layers that are no users' and bear the name of the one that joins the last:
 * how manieth of them this is, from 1; 0: another layer. */
static int32_t join_number(const gradus_layer *layer)
{
    int32_t number = 0;
    while (layer && layer->net->users.items[layer->index] != layer) number++, layer = giver(layer->input);
    return number;
}

const char *gradus_onnx_output(gradus_onnx *onnx, const gradus_layer *layer)
{
    char joined[32];
    const int32_t number = join_number(layer);
    snprintf(joined, sizeof joined, "joined%d", (int)number);
    if (number) return gradus_onnx_inside(onnx, layer, joined);
    return layer == onnx->last ? "output" : gradus_onnx_inside(onnx, layer, "output");
}

static const char *value(gradus_onnx *onnx, const gradus_signal *signal)
{
    const gradus_layer *from = giver(signal);
    if (from && join_number(from)) from->row->onnx(from, onnx);
    if (from) return gradus_onnx_output(onnx, from);
    if (!onnx->net->input->symbols) return GRADUS_ONNX_DATA;
    if (!onnx->as_numbers) {
        gradus_onnx_node(onnx, "Cast", "input.numbers", GRADUS_ONNX_DATA, NULL);
        gradus_onnx_int(onnx, "to", FLOAT32);
    }
    onnx->as_numbers = true;
    return "input.numbers";
}

const char *gradus_onnx_input(gradus_onnx *onnx, const gradus_layer *layer) { return value(onnx, layer->input); }

const char *gradus_onnx_second(gradus_onnx *onnx, const gradus_layer *layer) { return value(onnx, layer->second); }

/* ---- nodes ---- */

static void end_node(gradus_onnx *onnx)
{
    if (onnx->in_node) gradus_protobuf_close(&onnx->out, onnx->node);
    onnx->in_node = false;
}

const char *gradus_onnx_node(gradus_onnx *onnx, const char *operator, const char * output, ...)
{
    end_node(onnx);
    onnx->node = gradus_protobuf_open(&onnx->out, GRAPH_NODE);
    onnx->in_node = true;
    va_list inputs;
    va_start(inputs, output);
    for (const char *input; (input = va_arg(inputs, const char *));)
        gradus_protobuf_text(&onnx->out, NODE_INPUT, input);
    va_end(inputs);
    gradus_protobuf_text(&onnx->out, NODE_OUTPUT, output);
    gradus_protobuf_text(&onnx->out, NODE_NAME, output);
    gradus_protobuf_text(&onnx->out, NODE_OPERATOR, operator);
    return output;
}

void gradus_onnx_also(gradus_onnx *onnx, const char *output) { gradus_protobuf_text(&onnx->out, NODE_OUTPUT, output); }

static size_t open_attribute(gradus_onnx *onnx, const char *name, int64_t type)
{
    const size_t opened = gradus_protobuf_open(&onnx->out, NODE_ATTRIBUTE);
    gradus_protobuf_text(&onnx->out, ATTRIBUTE_NAME, name);
    gradus_protobuf_number(&onnx->out, ATTRIBUTE_TYPE, type);
    return opened;
}

void gradus_onnx_int(gradus_onnx *onnx, const char *attribute, int64_t number)
{
    const size_t opened = open_attribute(onnx, attribute, IS_INT);
    gradus_protobuf_number(&onnx->out, ATTRIBUTE_INT, number);
    gradus_protobuf_close(&onnx->out, opened);
}

void gradus_onnx_ints(gradus_onnx *onnx, const char *attribute, const int64_t *numbers, int32_t count)
{
    const size_t opened = open_attribute(onnx, attribute, IS_INTS);
    for (int32_t i = 0; i < count; i++) gradus_protobuf_number(&onnx->out, ATTRIBUTE_INTS, numbers[i]);
    gradus_protobuf_close(&onnx->out, opened);
}

void gradus_onnx_float(gradus_onnx *onnx, const char *attribute, float number)
{
    const size_t opened = open_attribute(onnx, attribute, IS_FLOAT);
    gradus_protobuf_float(&onnx->out, ATTRIBUTE_FLOAT, number);
    gradus_protobuf_close(&onnx->out, opened);
}

void gradus_onnx_word(gradus_onnx *onnx, const char *attribute, const char *word)
{
    const size_t opened = open_attribute(onnx, attribute, IS_TEXT);
    gradus_protobuf_text(&onnx->out, ATTRIBUTE_TEXT, word);
    gradus_protobuf_close(&onnx->out, opened);
}

void gradus_onnx_words(gradus_onnx *onnx, const char *attribute, const char *word, int32_t times)
{
    const size_t opened = open_attribute(onnx, attribute, IS_TEXTS);
    for (int32_t i = 0; i < times; i++) gradus_protobuf_text(&onnx->out, ATTRIBUTE_TEXTS, word);
    gradus_protobuf_close(&onnx->out, opened);
}

const char *gradus_onnx_flat(gradus_onnx *onnx, const gradus_layer *layer)
{
    const char *input = gradus_onnx_input(onnx, layer);
    if (gradus_shape_rank(layer->input->shape) == 1) return input;
    return gradus_onnx_node(onnx, "Flatten", gradus_onnx_inside(onnx, layer, "flat"), input, NULL);
}

const char *gradus_onnx_product(gradus_onnx *onnx, const char *values, const char *weight, const char *bias,
                                const char *output)
{
    char name[128];
    snprintf(name, sizeof name, "%s.turned", output);
    const char *turned = gradus_onnx_node(onnx, "Transpose", keep(onnx, name), weight, NULL);
    if (!bias) return gradus_onnx_node(onnx, "MatMul", output, values, turned, NULL);
    snprintf(name, sizeof name, "%s.product", output);
    const char *product = gradus_onnx_node(onnx, "MatMul", keep(onnx, name), values, turned, NULL);
    return gradus_onnx_node(onnx, "Add", output, product, bias, NULL);
}

/* ---- numbers ---- */

/* Begins a constant; its bytes are to be filled in, then end_constant. NULL: no memory. */
static unsigned char *begin_constant(gradus_onnx *onnx, const char *name, int64_t type, const int64_t *shape,
                                     size_t bytes, size_t *opened)
{
    end_node(onnx);
    *opened = gradus_protobuf_open(&onnx->out, GRAPH_TENSOR);
    for (int32_t i = 0; i < GRADUS_RANK && shape[i]; i++) gradus_protobuf_number(&onnx->out, TENSOR_SHAPE, shape[i]);
    gradus_protobuf_number(&onnx->out, TENSOR_TYPE, type);
    gradus_protobuf_text(&onnx->out, TENSOR_NAME, name);
    return gradus_protobuf_bytes(&onnx->out, TENSOR_BYTES, bytes);
}

static void put_constant(gradus_onnx *onnx, const char *name, int64_t type, const int64_t *shape, const void *numbers,
                         size_t bytes)
{
    size_t opened;
    unsigned char *to = begin_constant(onnx, name, type, shape, bytes, &opened);
    if (to && numbers) memcpy(to, numbers, bytes);
    if (!numbers) onnx->out.failed = true; /* its maker had no memory */
    gradus_protobuf_close(&onnx->out, opened);
}

const char *gradus_onnx_numbers(gradus_onnx *onnx, const gradus_layer *layer, const char *what, const int64_t *shape,
                                const float *numbers)
{
    const char *name = gradus_onnx_inside(onnx, layer, what);
    put_constant(onnx, name, FLOAT32, shape, numbers, (size_t)gradus_shape_size(shape) * sizeof *numbers);
    return name;
}

const char *gradus_onnx_number(gradus_onnx *onnx, const gradus_layer *layer, const char *what, float number)
{
    return gradus_onnx_numbers(onnx, layer, what, (int64_t[]){0}, &number);
}

const char *gradus_onnx_whole(gradus_onnx *onnx, const gradus_layer *layer, const char *what, const int64_t *shape,
                              const int64_t *numbers)
{
    const char *name = gradus_onnx_inside(onnx, layer, what);
    put_constant(onnx, name, INT64, shape, numbers, (size_t)gradus_shape_size(shape) * sizeof *numbers);
    return name;
}

/* int8 and a scale for each output, of which an operator makes numbers again. */
static void put_int8(gradus_onnx *onnx, const gradus_tensor *tensor, const float *plain)
{
    const int64_t count = gradus_shape_size(tensor->shape), rows = tensor->shape[0], row = count / rows;
    const size_t bytes = (size_t)count + (size_t)rows * sizeof(float);
    char name[128];
    float *scales = gradus_allocate(NULL, bytes);
    signed char *rounded = scales ? (signed char *)(scales + rows) : NULL;
    for (int64_t i = 0; rounded && i < rows; i++)
        scales[i] = gradus_int8_round(plain + i * row, row, rounded + i * row);
    snprintf(name, sizeof name, "%s.int8", tensor->name);
    const char *weights = keep(onnx, name);
    snprintf(name, sizeof name, "%s.scale", tensor->name);
    const char *scale = keep(onnx, name);
    put_constant(onnx, weights, INT8, tensor->shape, rounded, (size_t)count);
    put_constant(onnx, scale, FLOAT32, (int64_t[]){rows, 0}, scales, (size_t)rows * sizeof *scales);
    gradus_release(NULL, scales, bytes);
    gradus_onnx_node(onnx, "DequantizeLinear", tensor->name, weights, scale, NULL);
    gradus_onnx_int(onnx, "axis", 0);
}

const char *gradus_onnx_tensor(gradus_onnx *onnx, const gradus_layer *layer, int32_t which)
{
    if (which >= layer->tensors) return NULL;
    const gradus_tensor *tensor = gradus_layer_tensor(layer, which);
    bool *written = &onnx->written[layer->first_tensor + which];
    if (*written) return tensor->name;
    *written = true;
    const size_t bytes = (size_t)gradus_shape_size(tensor->shape) * sizeof(float);
    float *plain = gradus_allocate(NULL, bytes);
    if (!plain || !gradus_net_read(onnx->net, layer->first_tensor + which, plain))
        onnx->out.failed = true;
    else if (onnx->type == GRADUS_WEIGHTS_INT8 && gradus_tensor_is_weight(tensor))
        put_int8(onnx, tensor, plain);
    else
        put_constant(onnx, tensor->name, FLOAT32, tensor->shape, plain, bytes);
    gradus_release(NULL, plain, bytes);
    return tensor->name;
}

const char *gradus_onnx_shaped(gradus_onnx *onnx, const gradus_layer *layer, const char *what, const char *values,
                               const int64_t *shape)
{
    char name[48];
    snprintf(name, sizeof name, "%s.shape", what);
    const char *to = gradus_onnx_whole(onnx, layer, name, (int64_t[]){gradus_shape_rank(shape), 0}, shape);
    return gradus_onnx_node(onnx, "Reshape", gradus_onnx_inside(onnx, layer, what), values, to, NULL);
}

const char *gradus_onnx_channels(gradus_onnx *onnx, const gradus_layer *layer, int32_t which)
{
    const gradus_tensor *tensor = gradus_layer_tensor(layer, which);
    const char *values = gradus_onnx_tensor(onnx, layer, which), *name = strrchr(tensor->name, '.') + 1;
    char along[48];
    int64_t shape[GRADUS_RANK] = {tensor->shape[0]};
    const int32_t rank = gradus_shape_rank(layer->input->shape);
    if (layer->input->sequence || rank == 1) return values;
    for (int32_t i = 1; i < rank; i++) shape[i] = 1;
    snprintf(along, sizeof along, "%s.along", name);
    return gradus_onnx_shaped(onnx, layer, along, values, shape);
}

/* ---- the file ---- */

/* The batch, which may be of any size, and the shape of an example. */
static void put_value(gradus_onnx *onnx, int32_t field, const char *name, int64_t type, const int64_t *shape)
{
    enum { TENSOR = 1, ELEMENT = 1, SHAPE, DIMENSION = 1, SIZE = 1, SYMBOL };
    gradus_protobuf *out = &onnx->out;
    const size_t put = gradus_protobuf_open(out, field);
    gradus_protobuf_text(out, VALUE_NAME, name);
    const size_t typed = gradus_protobuf_open(out, VALUE_TYPE), tensor = gradus_protobuf_open(out, TENSOR);
    gradus_protobuf_number(out, ELEMENT, type);
    const size_t shaped = gradus_protobuf_open(out, SHAPE), batch = gradus_protobuf_open(out, DIMENSION);
    gradus_protobuf_text(out, SYMBOL, "batch");
    gradus_protobuf_close(out, batch);
    for (int32_t i = 0; i < GRADUS_RANK && shape[i]; i++) {
        const size_t dimension = gradus_protobuf_open(out, DIMENSION);
        gradus_protobuf_number(out, SIZE, shape[i]);
        gradus_protobuf_close(out, dimension);
    }
    gradus_protobuf_close(out, shaped);
    gradus_protobuf_close(out, tensor);
    gradus_protobuf_close(out, typed);
    gradus_protobuf_close(out, put);
}

/* What the loss makes of what the net gives, as its `predict` does. NULL: nothing. */
static const char *as_probabilities(const gradus_loss *loss)
{
    if (!loss->row->predict) return NULL;
    return loss->width == 1 || !strcmp(loss->row->applies, "sigmoid") ? "Sigmoid" : "Softmax";
}

static void put_as_loss(gradus_onnx *onnx, const char *operator, const char * values, const char *output)
{
    gradus_onnx_node(onnx, operator, output, values, NULL);
    if (!strcmp(operator, "Softmax")) gradus_onnx_int(onnx, "axis", -1);
}

/* Each thing that the net tells is an output of the graph, under its name. */
static void put_outputs(gradus_onnx *onnx)
{
    const gradus_net *net = onnx->net;
    const int64_t count[GRADUS_RANK] = {net->told_count};
    int64_t widths[GRADUS_TARGETS];
    const char *parts[GRADUS_TARGETS];
    for (int32_t i = 0; i < net->told_count; i++) {
        widths[i] = net->told[i].width;
        parts[i] = as_probabilities(&net->losses[i]) ? gradus_onnx_inside(onnx, net->told_by, net->told[i].name)
                                                     : net->told[i].name;
    }
    const char *split = gradus_onnx_whole(onnx, net->told_by, "widths", count, widths);
    gradus_onnx_node(onnx, "Split", parts[0], value(onnx, net->output), split, NULL);
    for (int32_t i = 1; i < net->told_count; i++) gradus_onnx_also(onnx, parts[i]);
    gradus_onnx_int(onnx, "axis", 1);
    for (int32_t i = 0; i < net->told_count; i++)
        if (parts[i] != net->told[i].name)
            put_as_loss(onnx, as_probabilities(&net->losses[i]), parts[i], net->told[i].name);
}

static void declare_outputs(gradus_onnx *onnx)
{
    const gradus_net *net = onnx->net;
    if (!net->told_by) put_value(onnx, GRAPH_OUTPUT, "output", FLOAT32, net->output->shape);
    for (int32_t i = 0; net->told_by && i < net->told_count; i++)
        put_value(onnx, GRAPH_OUTPUT, net->told[i].name, FLOAT32, (const int64_t[GRADUS_RANK]){net->told[i].width});
}

static gradus_status put_graph(gradus_onnx *onnx, gradus_error *error)
{
    const gradus_net *net = onnx->net;
    const char *as_loss = net->told_by ? NULL : as_probabilities(&net->losses[0]);
    const size_t graph = gradus_protobuf_open(&onnx->out, MODEL_GRAPH);
    gradus_protobuf_text(&onnx->out, GRAPH_NAME, "gradus");
    put_value(onnx, GRAPH_INPUT, GRADUS_ONNX_DATA, net->input->symbols ? INT64 : FLOAT32, net->input->shape);
    declare_outputs(onnx);
    onnx->last = as_loss || net->told_by ? NULL : giver(net->output);
    for (int32_t i = 0; i < net->users.count; i++) {
        const gradus_layer *layer = net->users.items[i];
        if (!layer->row->onnx) return gradus_layer_fail(layer, "cannot be written as ONNX yet", error);
        layer->row->onnx(layer, onnx);
    }
    if (as_loss) put_as_loss(onnx, as_loss, value(onnx, net->output), "output");
    if (net->told_by) put_outputs(onnx);
    end_node(onnx);
    gradus_protobuf_close(&onnx->out, graph);
    return GRADUS_OK;
}

static gradus_status put_model(gradus_onnx *onnx, const char *const *metadata, gradus_error *error)
{
    gradus_protobuf *out = &onnx->out;
    char version[32];
    snprintf(version, sizeof version, "%d.%d.%d", GRADUS_VERSION / 10000, GRADUS_VERSION / 100 % 100,
             GRADUS_VERSION % 100);
    gradus_protobuf_number(out, MODEL_IR, IR_VERSION);
    gradus_protobuf_text(out, MODEL_PRODUCER, "gradus");
    gradus_protobuf_text(out, MODEL_PRODUCER_VERSION, version);
    const size_t operators = gradus_protobuf_open(out, MODEL_OPERATORS);
    gradus_protobuf_text(out, 1, ""); /* the domain: ONNX itself */
    gradus_protobuf_number(out, 2, OPERATORS);
    gradus_protobuf_close(out, operators);
    if (put_graph(onnx, error)) return (gradus_status)error->status;
    for (; metadata && metadata[0]; metadata += 2) {
        const size_t entry = gradus_protobuf_open(out, MODEL_METADATA);
        gradus_protobuf_text(out, 1, metadata[0]);
        gradus_protobuf_text(out, 2, metadata[1]);
        gradus_protobuf_close(out, entry);
    }
    if (out->failed) return gradus_net_no_memory(error);
    if (out->size > INT32_MAX)
        return gradus_fail(error, GRADUS_ERROR_RANGE, GRADUS_CODE_OUT_OF_RANGE,
                           "a file of ONNX holds 2 GB at most, and this net takes more");
    return GRADUS_OK;
}

gradus_status gradus_net_write_onnx(const gradus_net *net, gradus_weights type, const char *const *metadata,
                                    gradus_write *write, void *user, gradus_error *error)
{
    if (gradus_failed(error)) return (gradus_status)error->status;
    if (type == GRADUS_WEIGHTS_BFLOAT16)
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_UNEXPECTED_VALUE,
                           "a net of bfloat16 runs in few programs; in a file of ONNX weights are float32 or int8");
    gradus_onnx onnx = {.net = net, .type = type};
    gradus_arena_open(&onnx.names, NULL);
    onnx.written = gradus_arena_take(&onnx.names, (size_t)net->tensor_count * sizeof *onnx.written, 1);
    gradus_status status = onnx.written ? put_model(&onnx, metadata, error) : gradus_net_no_memory(error);
    if (!status && write(user, onnx.out.bytes, onnx.out.size))
        status = gradus_fail(error, GRADUS_ERROR_WRITE, GRADUS_CODE_INPUT_OUTPUT, "the net could not be written");
    gradus_arena_close(&onnx.names);
    gradus_protobuf_release(&onnx.out);
    return status;
}
