/* attention: each step of a sequence looks at the others, and takes of their values by how well its query fits their keys; several heads
 * look for different things. Backward keeps the shares that each step took. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "arguments.h"
#include "onnx.h"

enum { HEADS, CAUSAL, BIAS, INIT };
enum {
    BAND = 16
}; /* steps that look at the others together: those behind the last of them are left out where it is causal */
enum { IN_WEIGHT, OUT_WEIGHT, IN_BIAS, OUT_BIAS }; /* tensors */

typedef struct attention {
    int64_t steps, width, heads, part; /* part: of the width, a head's */
    bool causal, bias;
} attention;

/* What is kept of all examples, one array behind the other: queries, keys and values of each step, the shares of each head, what the
 * heads took together, one head's keys or values turned. On the way back also their gradients; those of one head's shares. */
typedef struct kept {
    float *all, *shares, *taken, *turned;
    float *all_gradient, *shares_gradient, *taken_gradient;
} kept;

static int64_t triple(const attention *it) { return it->steps * 3 * it->width; }
static int64_t square(const attention *it) { return it->steps * it->steps; }
static int64_t single(const attention *it) { return it->steps * it->width; }

/* The piece's part of the next array; NULL where there is none, in a net that does not learn. */
static float *next(float **array, const gradus_piece *piece, int64_t size)
{
    if (!*array) return NULL;
    float *at = *array + piece->first * size;
    *array += piece->walk->count * size;
    return at;
}

static kept kept_at(const gradus_layer *layer, const gradus_piece *piece)
{
    const attention *it = layer->state;
    float *array = (float *)(void *)layer->memory, *passing = layer->passing.memory;
    kept at = {.all = next(&array, piece, triple(it))};
    at.shares = next(&array, piece, it->heads * square(it));
    at.taken = next(&array, piece, single(it));
    at.turned = next(&array, piece, it->steps * it->part);
    at.all_gradient = next(&passing, piece, triple(it));
    at.shares_gradient = next(&passing, piece, square(it));
    at.taken_gradient = next(&passing, piece, single(it));
    return at;
}

/* ---- what there is ---- */

static gradus_status add_tensors(gradus_layer *layer, gradus_error *error)
{
    static const char *const names[] = {"in_proj_weight", "out_proj.weight", "in_proj_bias", "out_proj.bias"};
    const attention *it = layer->state;
    for (int i = 0; i < (it->bias ? 4 : 2); i++) {
        const bool weight = i < IN_BIAS;
        gradus_tensor *tensor;
        const int64_t outputs = (i == IN_WEIGHT || i == IN_BIAS ? 3 : 1) * it->width;
        if (gradus_layer_add_tensor(layer, names[i], (int64_t[]){outputs, weight ? it->width : 0, 0}, &tensor, error))
            return (gradus_status)error->status;
        tensor->fan_in = it->width;
        tensor->fan_out = it->width;
        if (!weight) continue;
        tensor->layout = GRADUS_TURNED;
        tensor->form = gradus_form_plain((int64_t[]){it->width, 0});
    }
    return GRADUS_OK;
}

static gradus_status infer(gradus_layer *layer, gradus_error *error)
{
    const gradus_value *values = layer->item->values;
    const int64_t *from = layer->input->shape;
    if (gradus_shape_rank(from) != 2 || !(layer->input->sequence || layer->input->untouched))
        return gradus_layer_misfit(layer, "a sequence, steps x values,", "put embedding(64) before it", error);
    attention *it = layer->state;
    *it = (attention){.steps = from[0],
                      .width = from[1],
                      .heads = (int64_t)values[HEADS].number,
                      .causal = values[CAUSAL].number != 0,
                      .bias = values[BIAS].number != 0};
    if (it->width % it->heads)
        return gradus_layer_fail(layer, "divides the values of a step among its heads, but their number is no multiple",
                                 error);
    it->part = it->width / it->heads;
    layer->output->sequence = true;
    layer->output->untouched = false;
    return add_tensors(layer, error);
}

static gradus_status prepare(gradus_layer *layer, gradus_error *error)
{
    (void)error;
    const attention *it = layer->state;
    layer->kept = (triple(it) + it->heads * square(it) + single(it) + it->steps * it->part) * (int64_t)sizeof(float);
    layer->parts = it->bias ? 4 * it->width : 0;
    layer->passing.size = triple(it) + square(it) + single(it);
    layer->work = (double)(4 * it->steps * it->width * it->width + 2 * square(it) * it->width);
    return GRADUS_OK;
}

/* ---- forward ---- */

static void project(const gradus_layer *layer, int32_t weight, int64_t rows, int64_t columns, const float *from,
                    float *to)
{
    const attention *it = layer->state;
    const gradus_product shape = {.rows = rows, .columns = columns, .inner = it->width};
    gradus_backend_multiply(layer->net->backend, &shape, from, gradus_layer_tensor(layer, weight)->values, to);
    if (it->bias)
        layer->net->kernels->add_bias(GRADUS_LINEAR, to, gradus_layer_tensor(layer, weight + IN_BIAS)->values, rows,
                                      columns);
}

/* The end of those that a band of steps sees, and of the band itself. */
static int64_t band_end(const attention *it, int64_t first)
{
    return first + BAND < it->steps ? first + BAND : it->steps;
}
static int64_t seen_end(const attention *it, int64_t first) { return it->causal ? band_end(it, first) : it->steps; }

static float scale_of(const attention *it) { return 1 / sqrtf((float)it->part); }

/* A head of one example: shares = softmax(Q K' / sqrt(part)), taken = shares V. */
static void look(const gradus_layer *layer, const float *query, float *turned, float *shares, float *taken)
{
    const attention *it = layer->state;
    const gradus_kernels *kernels = layer->net->kernels;
    const float *key = query + it->width, *value = key + it->width;
    const int64_t step = 3 * it->width;
    kernels->turn(it->steps, it->part, key, step, turned, it->steps);
    for (int64_t first = 0; first < it->steps; first += BAND) {
        const int64_t rows = band_end(it, first) - first, seen = seen_end(it, first);
        float *band = shares + first * it->steps;
        kernels->multiply(&(gradus_product){.rows = rows,
                                            .columns = seen,
                                            .inner = it->part,
                                            .step_a = step,
                                            .step_b = it->steps,
                                            .step_c = it->steps},
                          query + first * step, turned, band);
        kernels->share_out(scale_of(it), it->causal ? first + 1 : seen, it->causal, band, rows, seen, it->steps);
        kernels->multiply(&(gradus_product){.rows = rows,
                                            .columns = it->part,
                                            .inner = seen,
                                            .step_a = it->steps,
                                            .step_b = step,
                                            .step_c = it->width},
                          band, value, taken + first * it->width);
    }
}

static void forward(const gradus_layer *layer, const gradus_piece *piece)
{
    const attention *it = layer->state;
    const kept at = kept_at(layer, piece);
    const int64_t rows = piece->count * it->steps;
    project(layer, IN_WEIGHT, rows, 3 * it->width, gradus_values(layer->input, piece), at.all);
    for (int64_t i = 0; i < piece->count * it->heads; i++) {
        const int64_t example = i / it->heads, shift = i % it->heads * it->part;
        look(layer, at.all + example * triple(it) + shift, at.turned + example * it->steps * it->part,
             at.shares + i * square(it), at.taken + example * it->steps * it->width + shift);
    }
    project(layer, OUT_WEIGHT, rows, it->width, at.taken, gradus_values(layer->output, piece));
}

/* A step that takes next to all from one step: then softmax has no slope to speak of. Steps that see one alone have no choice. */
static void look_at_shares(const gradus_layer *layer, const gradus_piece *piece, gradus_ends *found)
{
    static const float whole = 0.99F;
    const attention *it = layer->state;
    const kept at = kept_at(layer, piece);
    const int64_t rows = piece->count * it->heads * it->steps;
    for (int64_t row = 0; row < rows; row++) {
        const float *share = at.shares + row * it->steps;
        float largest = 0;
        if (it->steps == 1 || (it->causal && row % it->steps == 0)) continue;
        for (int64_t i = 0; i < it->steps; i++) largest = share[i] > largest ? share[i] : largest;
        found->ended += largest >= whole;
        found->values++;
    }
}

/* ---- backward ---- */

/* A head of one example, in memory. */
typedef struct head {
    const float *query, *turned, *shares, *taken_gradient;
    float *slopes, *query_gradient; /* keys and values lie behind the queries, their gradients likewise */
} head;

/* From the gradient of what a band of steps took to those of its scores and queries. */
static void look_back(const gradus_layer *layer, const head *of, int64_t first)
{
    const attention *it = layer->state;
    const gradus_kernels *kernels = layer->net->kernels;
    const int64_t rows = band_end(it, first) - first, seen = seen_end(it, first), step = 3 * it->width;
    float *band = of->slopes + first * it->steps;
    kernels->multiply(&(gradus_product){.rows = rows,
                                        .columns = seen,
                                        .inner = it->part,
                                        .step_a = it->width,
                                        .step_b = it->steps,
                                        .step_c = it->steps},
                      of->taken_gradient + first * it->width, of->turned, band);
    kernels->share_out_backward(scale_of(it), of->shares + first * it->steps, band, rows, seen, it->steps);
    kernels->multiply(
        &(gradus_product){
            .rows = rows, .columns = it->part, .inner = seen, .step_a = it->steps, .step_b = step, .step_c = step},
        band, of->query + it->width, of->query_gradient + first * step);
}

/* What those that see a band of steps tell its keys and values. */
static void tell_back(const gradus_layer *layer, const head *of, int64_t first)
{
    const attention *it = layer->state;
    const gradus_kernels *kernels = layer->net->kernels;
    const int64_t seer = it->causal ? first : 0, step = 3 * it->width, at = seer * it->steps + first;
    gradus_product back = {.turn_a = true,
                           .rows = band_end(it, first) - first,
                           .columns = it->part,
                           .inner = it->steps - seer,
                           .step_a = it->steps,
                           .step_b = step,
                           .step_c = step};
    float *key_gradient = of->query_gradient + first * step + it->width;
    kernels->multiply(&back, of->slopes + at, of->query + seer * step, key_gradient);
    back.step_b = it->width;
    kernels->multiply(&back, of->shares + at, of->taken_gradient + seer * it->width, key_gradient + it->width);
}

static void unproject(const gradus_layer *layer, int32_t weight, int64_t rows, int64_t inner, const float *gradient,
                      float *to)
{
    const attention *it = layer->state;
    const gradus_product shape = {.turn_b = true, .rows = rows, .columns = it->width, .inner = inner};
    gradus_backend_multiply(layer->net->backend, &shape, gradient, gradus_layer_tensor(layer, weight)->values, to);
}

/* For the biases of what came out, and of queries, keys and values: summed up for each stretch of the batch. */
static void sum_biases(const gradus_layer *layer, const gradus_piece *piece, const kept *at)
{
    const attention *it = layer->state;
    const gradus_kernels *kernels = layer->net->kernels;
    const int64_t rows = piece->count * it->steps;
    float *sums = layer->sums + piece->slot * layer->parts;
    if (!it->bias) return;
    if (piece->opens) memset(sums, 0, (size_t)layer->parts * sizeof *sums);
    kernels->add_bias_backward(GRADUS_LINEAR, NULL, gradus_gradient(layer->output, piece), sums, rows, it->width);
    kernels->add_bias_backward(GRADUS_LINEAR, NULL, at->all_gradient, sums + it->width, rows, 3 * it->width);
}

static void backward(const gradus_layer *layer, const gradus_piece *piece)
{
    const attention *it = layer->state;
    const kept at = kept_at(layer, piece);
    const int64_t rows = piece->count * it->steps, size = it->steps * it->width;
    float *input_gradient = gradus_gradient(layer->input, piece);
    unproject(layer, OUT_WEIGHT, rows, it->width, gradus_gradient(layer->output, piece), at.taken_gradient);
    for (int64_t i = 0; i < piece->count * it->heads; i++) {
        const int64_t example = i / it->heads, shift = i % it->heads * it->part;
        float *turned = at.turned + example * it->steps * it->part;
        const head of = {at.all + example * triple(it) + shift,
                         turned,
                         at.shares + i * square(it),
                         at.taken_gradient + example * size + shift,
                         at.shares_gradient + example * square(it),
                         at.all_gradient + example * triple(it) + shift};
        layer->net->kernels->turn(it->steps, it->part, of.query + 2 * it->width, 3 * it->width, turned, it->steps);
        for (int64_t first = 0; first < it->steps; first += BAND) look_back(layer, &of, first);
        for (int64_t first = 0; first < it->steps; first += BAND) tell_back(layer, &of, first);
    }
    sum_biases(layer, piece, &at);
    if (input_gradient) unproject(layer, IN_WEIGHT, rows, 3 * it->width, at.all_gradient, input_gradient);
}

static void weigh(const gradus_layer *layer, const gradus_piece *piece, int32_t weight, int64_t columns,
                  const float *values, float *gradient)
{
    const attention *it = layer->state;
    const gradus_product shape = {.turn_a = true,
                                  .add = piece->walk->accumulate,
                                  .rows = it->width,
                                  .columns = columns,
                                  .inner = piece->count * it->steps};
    gradus_backend_multiply(layer->net->backend, &shape, values, gradient,
                            gradus_layer_tensor(layer, weight)->gradient);
}

static void weights(const gradus_layer *layer, const gradus_piece *piece)
{
    const attention *it = layer->state;
    const kept at = kept_at(layer, piece);
    weigh(layer, piece, OUT_WEIGHT, it->width, at.taken, gradus_gradient(layer->output, piece));
    weigh(layer, piece, IN_WEIGHT, 3 * it->width, gradus_values(layer->input, piece), at.all_gradient);
    if (!it->bias) return;
    gradus_layer_gather(layer, piece->walk, layer->sums, it->width, gradus_layer_tensor(layer, OUT_BIAS));
    gradus_layer_gather(layer, piece->walk, layer->sums + it->width, 3 * it->width,
                        gradus_layer_tensor(layer, IN_BIAS));
}

/* ---- as ONNX ---- */

/* A third of what was projected: its heads side by side, each with its steps; of keys turned, for the product. */
static const char *write_heads(const gradus_layer *layer, gradus_onnx *onnx, const char *what, const char *shape)
{
    char name[32];
    const bool keys = !strcmp(what, "keys");
    snprintf(name, sizeof name, "%s.apart", what);
    const char *apart = gradus_onnx_node(onnx, "Reshape", gradus_onnx_inside(onnx, layer, name),
                                         gradus_onnx_inside(onnx, layer, what), shape, NULL);
    snprintf(name, sizeof name, "%s.heads", what);
    const char *heads = gradus_onnx_node(onnx, "Transpose", gradus_onnx_inside(onnx, layer, name), apart, NULL);
    gradus_onnx_ints(onnx, "perm", keys ? (int64_t[]){0, 2, 3, 1} : (int64_t[]){0, 2, 1, 3}, 4);
    return heads;
}

static const char *write_mask(const gradus_layer *layer, gradus_onnx *onnx)
{
    const int64_t steps = ((const attention *)layer->state)->steps;
    const size_t bytes = (size_t)(steps * steps) * sizeof(float);
    float *mask = gradus_allocate(NULL, bytes);
    for (int64_t i = 0; mask && i < steps * steps; i++) mask[i] = i % steps > i / steps ? -INFINITY : 0;
    const char *name = gradus_onnx_numbers(onnx, layer, "mask", (int64_t[]){steps, steps, 0}, mask);
    gradus_release(NULL, mask, bytes);
    return name;
}

/* softmax(Q K' / sqrt(part)), where a step that is not to be seen has minus infinity for a score. */
static const char *write_shares(const gradus_layer *layer, gradus_onnx *onnx, const char *queries, const char *keys)
{
    const attention *it = layer->state;
    const char *scale = gradus_onnx_number(onnx, layer, "scale", 1 / sqrtf((float)it->part));
    const char *products =
        gradus_onnx_node(onnx, "MatMul", gradus_onnx_inside(onnx, layer, "products"), queries, keys, NULL);
    const char *scores =
        gradus_onnx_node(onnx, "Mul", gradus_onnx_inside(onnx, layer, "scores"), products, scale, NULL);
    if (it->causal) {
        const char *mask = write_mask(layer, onnx);
        scores = gradus_onnx_node(onnx, "Add", gradus_onnx_inside(onnx, layer, "seen"), scores, mask, NULL);
    }
    const char *shares = gradus_onnx_node(onnx, "Softmax", gradus_onnx_inside(onnx, layer, "shares"), scores, NULL);
    gradus_onnx_int(onnx, "axis", -1);
    return shares;
}

static const char *write_product(const gradus_layer *layer, gradus_onnx *onnx, const char *values, int32_t weight,
                                 int32_t bias, const char *output)
{
    const char *matrix = gradus_onnx_tensor(onnx, layer, weight);
    return gradus_onnx_product(onnx, values, matrix, gradus_onnx_tensor(onnx, layer, bias), output);
}

static void write_onnx(const gradus_layer *layer, gradus_onnx *onnx)
{
    static const char *const thirds[] = {"queries", "keys", "values"};
    const attention *it = layer->state;
    const char *heads[3],
        *shape = gradus_onnx_whole(onnx, layer, "apart", (int64_t[]){4, 0}, (int64_t[]){0, 0, it->heads, it->part}),
        *together = gradus_onnx_whole(onnx, layer, "together", (int64_t[]){3, 0}, (int64_t[]){0, 0, it->width});
    const char *all = write_product(layer, onnx, gradus_onnx_input(onnx, layer), IN_WEIGHT, IN_BIAS,
                                    gradus_onnx_inside(onnx, layer, "all"));
    gradus_onnx_node(onnx, "Split", gradus_onnx_inside(onnx, layer, thirds[0]), all, NULL);
    for (int i = 1; i < 3; i++) gradus_onnx_also(onnx, gradus_onnx_inside(onnx, layer, thirds[i]));
    gradus_onnx_int(onnx, "axis", 2);
    for (int i = 0; i < 3; i++) heads[i] = write_heads(layer, onnx, thirds[i], shape);
    const char *shares = write_shares(layer, onnx, heads[0], heads[1]);
    const char *looked =
        gradus_onnx_node(onnx, "MatMul", gradus_onnx_inside(onnx, layer, "looked"), shares, heads[2], NULL);
    const char *turned = gradus_onnx_node(onnx, "Transpose", gradus_onnx_inside(onnx, layer, "turned"), looked, NULL);
    gradus_onnx_ints(onnx, "perm", (int64_t[]){0, 2, 1, 3}, 4);
    const char *taken =
        gradus_onnx_node(onnx, "Reshape", gradus_onnx_inside(onnx, layer, "taken"), turned, together, NULL);
    write_product(layer, onnx, taken, OUT_WEIGHT, OUT_BIAS, gradus_onnx_output(onnx, layer));
}

static const gradus_argument arguments[] = {
    GRADUS_HEADS_ARGUMENT, GRADUS_CAUSAL_ARGUMENT, GRADUS_BIAS_ARGUMENT, GRADUS_INIT_ARGUMENT, {.name = NULL},
};

const gradus_layer_row gradus_layer_attention = {
    .member = {.name = "attention",
               .summary = "each step of a sequence takes of the values of those that it looks for",
               .formula = "[Q, K, V] = x W + b; y = concat over heads of softmax(Q K' / sqrt(d)) V, times U + c",
               .paper = "Vaswani and others 2017, Attention is all you need",
               .also = "self_attention, multi_head_attention, multihead_attention, mha",
               .arguments = arguments,
               .notes = "It does not know where a step stands; put position before the first."},
    .abi = GRADUS_ABI,
    .traits = GRADUS_KEEPS_INPUT,
    .state_size = sizeof(attention),
    .infer = infer,
    .prepare = prepare,
    .forward = {{.run = forward}},
    .backward = {{.run = backward}, {.run = weights, .whole = true}},
    .look = look_at_shares,
    .looks_at = "shares",
    .onnx = write_onnx,
};
