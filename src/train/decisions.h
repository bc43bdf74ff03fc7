/* decisions.jsonl: one line for each change that was not the schedule's own, written and read back. */
#ifndef GRADUS_TRAIN_DECISIONS_H
#define GRADUS_TRAIN_DECISIONS_H
#include "files.h"
#include "gradus/train.h"
#include <jansson.h>

/* Appends the line of a decision that the trainer made itself, without a line end; `decision->json` is not read. */
gradus_status gradus_decision_print(const gradus_run_decision *decision, gradus_buffer *line, gradus_error *error);

/* Reads a line; texts in *decision live as long as what is returned, which json_decref frees. NULL: it is no decision. */
json_t *gradus_decision_read(const char *line, size_t length, gradus_run_decision *decision);

#endif
