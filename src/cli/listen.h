/* Who is told while a run trains: the screen, or a program that reads JSON lines. */
#ifndef GRADUS_CLI_LISTEN_H
#define GRADUS_CLI_LISTEN_H
#include "progress.h"

typedef struct listen_screen {
    const cli_call *call;
    const gradus_run *run;
    cli_epochs table;
    bool bar;     /* one stands on the terminal */
    double shown; /* when it was shown that the model is judged; seconds of the monotonic clock */
} listen_screen;

/* With a listen_screen as their user. The text one has no bar; on a terminal it is given the next three. */
extern const gradus_listener listen_text, listen_json;
void listen_finding(void *user, int32_t tried, int32_t rates);
void listen_progress(void *user, const gradus_run_progress *progress);
void listen_judging(void *user, int64_t batch, int64_t batches);
void listen_clear(listen_screen *screen); /* takes the bar away, before anything else is printed */

#endif
