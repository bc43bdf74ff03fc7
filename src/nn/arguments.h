/* Arguments that several layers or losses have, so that they mean the same and read the same everywhere. */
#ifndef GRADUS_NN_ARGUMENTS_H
#define GRADUS_NN_ARGUMENTS_H

#define GRADUS_BIAS_ARGUMENT                                                                               \
    {                                                                                                      \
        .name = "bias", .kind = GRADUS_FLAG, .initial = "true", .flags = GRADUS_NAMED, .also = "use_bias", \
        .help = "whether a number of its own is added to each output"                                      \
    }

#define GRADUS_INIT_ARGUMENT                                                                                \
    {                                                                                                       \
        .name = "init", .kind = GRADUS_PIPELINE, .family = "init", .flags = GRADUS_NAMED | GRADUS_OPTIONAL, \
        .also = "kernel_initializer, weight_init, initializer",                                             \
        .help = "how the weights begin; without it as the run's init= says"                                 \
    }

#define GRADUS_EPSILON_ARGUMENT                                                                        \
    {                                                                                                  \
        .name = "epsilon", .kind = GRADUS_NUMBER, .initial = "1e-5", .low = 0, .high = 1, .open = "(", \
        .flags = GRADUS_NAMED, .help = "added to the variance before its root is taken", .also = "eps" \
    }

#define GRADUS_HEADS_ARGUMENT                                                             \
    {                                                                                     \
        .name = "heads", .kind = GRADUS_INTEGER, .low = 1, .high = 1024,                  \
        .help = "how many look side by side, each with its part of the values of a step", \
        .search = "choice(1, 2, 4, 8)", .also = "num_heads, n_head, nhead"                \
    }

#define GRADUS_CAUSAL_ARGUMENT                                                                      \
    {                                                                                               \
        .name = "causal", .kind = GRADUS_FLAG, .initial = "false", .flags = GRADUS_NAMED,           \
        .help = "a step sees itself and those before it alone: for nets that tell what comes next", \
        .also = "is_causal, use_causal_mask, masked"                                                \
    }

#define GRADUS_DROPOUT_ARGUMENT                                                                        \
    {                                                                                                  \
        .name = "dropout", .kind = GRADUS_SHARE, .initial = "0", .low = 0, .high = 1, .open = ")",     \
        .flags = GRADUS_NAMED, .help = "share of the values that are dropped at the end of each half", \
        .also = "drop, resid_pdrop"                                                                    \
    }

#define GRADUS_TIE_ARGUMENT                                                                             \
    {                                                                                                   \
        .name = "tie", .kind = GRADUS_TEXT, .flags = GRADUS_NAMED | GRADUS_OPTIONAL | GRADUS_REFERENCE, \
        .help = "name of the layer whose weights it shares"                                             \
    }

#define GRADUS_BRANCHES_ARGUMENT                                                                     \
    {                                                                                                \
        .name = "branches", .kind = GRADUS_PIPELINE, .flags = GRADUS_MANY,                           \
        .help = "layers that stand beside each other, two or more; identity lets the signal through" \
    }

#define GRADUS_REDUCTION_ARGUMENT                                                                                \
    {                                                                                                            \
        .name = "reduction", .kind = GRADUS_WORD, .words = "mean|sum", .initial = "mean", .flags = GRADUS_NAMED, \
        .help = "whether the losses of a batch are averaged or added up"                                         \
    }

#endif
