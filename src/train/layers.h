/* layers.csv: at each report, layer by layer, how large values and gradients are, by how much an update changes them, which rates they have
 * to themselves, and what share of units is dead or saturated. Only for runs with the setting `watch: layers`. */
#ifndef GRADUS_TRAIN_LAYERS_H
#define GRADUS_TRAIN_LAYERS_H
#include "files.h"
#include "gradus/nn.h"

typedef struct gradus_layer_log {
    gradus_journal journal; /* not open: nobody wants it */
    int64_t last;           /* update of the newest rows; -1: none */
    int64_t taken;          /* update before which the next two were taken; -1: none */
    float *before;          /* all trained values, one tensor after another */
    double *gradient;       /* norm of each tensor's gradient, as it came */
} gradus_layer_log;

struct gradus_run;
/* Opens the file for the run's next update: rows of updates that the run has not done are cut off. Nothing without the setting. */
gradus_status gradus_layers_open(struct gradus_run *run, gradus_error *error);
/* Before the last update of a report: what its changes are measured by. */
gradus_status gradus_layers_take(struct gradus_run *run, gradus_error *error);
/* The rows of a report; what came before it went back to an earlier update gives way. `batch`: what the activations are seen on. */
gradus_status gradus_layers_report(struct gradus_run *run, const gradus_batch *batch, gradus_error *error);
void gradus_layers_close(gradus_layer_log *log);

#endif
