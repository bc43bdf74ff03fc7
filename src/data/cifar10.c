/* cifar10: small colour photographs of ten kinds of things (Krizhevsky 2009). It is known, so that it can be fetched; the
 * reader of its archive is not written yet, and whoever opens it is told so. */
#include "set.h"

static const gradus_known_file files[] = {
    {"cifar-10-binary.tar.gz", "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd", 170052171},
    {0},
};

static const gradus_known_set known = {
    .name = "cifar10",
    .summary = "colour photographs of ten kinds of things, 50000 + 10000 of 32x32",
    .url = "https://www.cs.toronto.edu/~kriz/",
    .licence = "none stated; the authors ask for a citation",
    .files = files,
};

static gradus_status open_set(gradus_reading *reading, gradus_error *error)
{
    return gradus_spec_fail(error, reading->config->text, reading->item->name_place, GRADUS_CODE_NO_DATA,
                            "cifar10 can be fetched, but this version cannot read it yet");
}

static const gradus_argument arguments[] = {
    GRADUS_LIMIT_ARGUMENT,
    {0},
};

const gradus_reader gradus_reader_cifar10 = {
    .member = {.name = "cifar10",
               .summary = "colour photographs of ten kinds of things (to be fetched; not read yet)",
               .paper = "Krizhevsky 2009, Learning multiple layers of features from tiny images",
               .also = "cifar-10, cifar_10",
               .arguments = arguments},
    .known = &known,
    .open = open_set,
};
