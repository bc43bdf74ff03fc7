/* pool.h - what maxpool and avgpool share; layer->state is a gradus_window. */
#ifndef GRADUS_NN_POOL_H
#define GRADUS_NN_POOL_H
#include "net.h"

extern const gradus_argument gradus_pool_arguments[]; /* size, stride, pad, ceil */
gradus_status gradus_pool_infer(gradus_layer *layer, gradus_error *error);
void gradus_pool_onnx(const gradus_layer *layer, gradus_onnx *onnx, const char *operator, const char * output);

#endif
