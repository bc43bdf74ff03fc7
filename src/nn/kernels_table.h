/* Every kernel for one instruction set: a kernels_ISA.c file defines LANES and KERNELS and includes this. */
#include <math.h>
#include <stdint.h>
#include <string.h>
#include "kernels.h"
#include "vector.h"
#include "kernels_activation.h"
#include "kernels_batchnorm.h"
#include "kernels_curve.h"
#include "kernels_layernorm.h"
#include "kernels_lstm.h"
#include "kernels_maxpool.h"
#include "kernels_multiply.h"
#include "kernels_others.h"
#include "kernels_prelu.h"
#include "kernels_softmax.h"
#include "kernels_winograd.h"

const gradus_kernels KERNELS = {
    .lanes = LANES,
    .activate = activate,
    .activate_backward = activate_backward,
    .bend = bend,
    .bend_backward = bend_backward,
    .add_bias = add_bias,
    .add_bias_backward = add_bias_backward,
    .moments = moments,
    .normalise = normalise,
    .normalise_sums = normalise_sums,
    .normalise_backward = normalise_backward,
    .normalise_rows = normalise_rows,
    .normalise_rows_backward = normalise_rows_backward,
    .lstm = lstm,
    .lstm_backward = lstm_backward,
    .multiply = multiply,
    .turn = turn,
    .prelu = prelu,
    .prelu_backward = prelu_backward,
    .maxpool = maxpool,
    .maxpool_backward = maxpool_backward,
    .winograd_turn = winograd_turn,
    .winograd_forward = winograd_forward,
    .winograd_backward_weights = winograd_backward_weights,
    .softmax = softmax,
    .share_out = share_out,
    .share_out_backward = share_out_backward,
    .dropout = dropout,
    .scale = scale,
    .add = add,
};
