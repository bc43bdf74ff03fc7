/* gelu: a value times the probability that a normal number is below it. */
#include "onnx.h"

enum { APPROXIMATE };

static gradus_status infer(gradus_layer *layer, gradus_error *error)
{
    (void)error;
    *(gradus_bend *)layer->state =
        (gradus_bend){.curve = layer->item->values[APPROXIMATE].number != 0 ? GRADUS_GELU_TANH : GRADUS_GELU};
    return GRADUS_OK;
}

/* x (1 + erf(x / sqrt(2))) / 2; the operators have no such function until version 20. */
static void write_exact(const gradus_layer *layer, gradus_onnx *onnx, const char *x)
{
    const char *root = gradus_onnx_number(onnx, layer, "root", 1.41421356F),
               *one = gradus_onnx_number(onnx, layer, "one", 1), *half = gradus_onnx_number(onnx, layer, "half", 0.5F);
    const char *scaled = gradus_onnx_node(onnx, "Div", gradus_onnx_inside(onnx, layer, "scaled"), x, root, NULL);
    const char *erf = gradus_onnx_node(onnx, "Erf", gradus_onnx_inside(onnx, layer, "erf"), scaled, NULL);
    const char *sum = gradus_onnx_node(onnx, "Add", gradus_onnx_inside(onnx, layer, "sum"), erf, one, NULL);
    const char *twice = gradus_onnx_node(onnx, "Mul", gradus_onnx_inside(onnx, layer, "twice"), x, sum, NULL);
    gradus_onnx_node(onnx, "Mul", gradus_onnx_output(onnx, layer), twice, half, NULL);
}

/* x (1 + tanh(u)) / 2 = x sigmoid(2 u), with 2 u = x (a + b x^2), a = 2 sqrt(2 / pi), b = 0.044715 a. */
static void write_tanh(const gradus_layer *layer, gradus_onnx *onnx, const char *x)
{
    const char *a = gradus_onnx_number(onnx, layer, "a", 1.59576912F),
               *b = gradus_onnx_number(onnx, layer, "b", 0.0713548163F);
    const char *square = gradus_onnx_node(onnx, "Mul", gradus_onnx_inside(onnx, layer, "square"), x, x, NULL);
    const char *bent = gradus_onnx_node(onnx, "Mul", gradus_onnx_inside(onnx, layer, "bent"), square, b, NULL);
    const char *slope = gradus_onnx_node(onnx, "Add", gradus_onnx_inside(onnx, layer, "slope"), bent, a, NULL);
    const char *twice = gradus_onnx_node(onnx, "Mul", gradus_onnx_inside(onnx, layer, "twice"), x, slope, NULL);
    const char *share = gradus_onnx_node(onnx, "Sigmoid", gradus_onnx_inside(onnx, layer, "share"), twice, NULL);
    gradus_onnx_node(onnx, "Mul", gradus_onnx_output(onnx, layer), x, share, NULL);
}

static void write_onnx(const gradus_layer *layer, gradus_onnx *onnx)
{
    const bool exact = ((const gradus_bend *)layer->state)->curve == GRADUS_GELU;
    (exact ? write_exact : write_tanh)(layer, onnx, gradus_onnx_input(onnx, layer));
}

static const gradus_argument arguments[] = {
    {.name = "approximate",
     .kind = GRADUS_WORD,
     .initial = "none",
     .words = "none|tanh",
     .flags = GRADUS_NAMED,
     .help = "tanh: by a hyperbolic tangent, as GPT-2 has it, which is faster",
     .also = "approx"},
    {.name = NULL},
};

const gradus_layer_row gradus_layer_gelu = {
    .member = {.name = "gelu",
               .summary = "a value times the probability that a normal number is below it",
               .formula = "y = x (1 + erf(x / sqrt(2))) / 2",
               .paper = "Hendrycks, Gimpel 2016, Gaussian error linear units",
               .also = "gaussian_error_linear",
               .arguments = arguments},
    .abi = GRADUS_ABI,
    GRADUS_BENDS,
    .onnx = write_onnx,
};
