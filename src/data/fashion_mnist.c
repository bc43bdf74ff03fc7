/* fashion-mnist: ten kinds of clothes in the form of MNIST, and harder (Xiao, Rasul, Vollgraf 2017).
 * The files are those of one commit of the authors' repository, so that they cannot change. */
#include "idx.h"

static const gradus_known_file files[] = {
    {"train-images-idx3-ubyte.gz", "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84", 26421880},
    {"train-labels-idx1-ubyte.gz", "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845", 29515},
    {"t10k-images-idx3-ubyte.gz", "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073", 4422102},
    {"t10k-labels-idx1-ubyte.gz", "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5", 5148},
    {0},
};

static const gradus_known_set known = {
    .name = "fashion-mnist",
    .summary = "ten kinds of clothes, 60000 + 10000 of 28x28",
    .url = "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/b2617bb6d3ffa2e429640350f613e3291e10b141/"
           "data/fashion/",
    .licence = "MIT, Zalando SE",
    .files = files,
};

static const char *const classes[] = {"T-shirt", "trouser", "pullover", "dress",      "coat", "sandal",
                                      "shirt",   "sneaker", "bag",      "ankle boot", NULL};

static const gradus_argument arguments[] = {
    GRADUS_LIMIT_ARGUMENT,
    {0},
};

const gradus_reader gradus_reader_fashion_mnist = {
    .member = {.name = "fashion-mnist",
               .summary = "ten kinds of clothes, 60000 + 10000 of 28x28",
               .paper = "Xiao, Rasul, Vollgraf 2017, Fashion-MNIST: a novel image dataset (arXiv 1708.07747)",
               .also = "fashion_mnist, fashionmnist, FashionMNIST",
               .arguments = arguments,
               .notes = "get it with: gradus data get fashion-mnist"},
    .known = &known,
    .classes = classes,
    .open = gradus_idx_open_known,
    .inputs = gradus_idx_inputs,
};
