/* mnist: handwritten digits, the set that every first net is trained on (LeCun, Cortes, Burges 1998).
 * The files are the four original ones, in the mirror that PyTorch uses. */
#include "idx.h"

static const gradus_known_file files[] = {
    {"train-images-idx3-ubyte.gz", "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609", 9912422},
    {"train-labels-idx1-ubyte.gz", "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c", 28881},
    {"t10k-images-idx3-ubyte.gz", "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6", 1648877},
    {"t10k-labels-idx1-ubyte.gz", "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6", 4542},
    {0},
};

static const gradus_known_set known = {
    .name = "mnist",
    .summary = "handwritten digits, 60000 + 10000 of 28x28",
    .url = "https://ossci-datasets.s3.amazonaws.com/mnist/",
    .licence = "CC BY-SA 3.0, Yann LeCun and Corinna Cortes",
    .files = files,
};

static const gradus_argument arguments[] = {
    GRADUS_LIMIT_ARGUMENT,
    {0},
};

const gradus_reader gradus_reader_mnist = {
    .member = {.name = "mnist",
               .summary = "handwritten digits, 60000 + 10000 of 28x28",
               .paper = "LeCun, Bottou, Bengio, Haffner 1998, Gradient-based learning applied to document recognition",
               .arguments = arguments,
               .notes = "get it with: gradus data get mnist"},
    .known = &known,
    .open = gradus_idx_open_known,
    .inputs = gradus_idx_inputs,
};
