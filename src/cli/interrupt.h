/* Ctrl-C and SIGTERM while a run trains. */
#ifndef GRADUS_CLI_INTERRUPT_H
#define GRADUS_CLI_INTERRUPT_H
#include <pthread.h>
#include <signal.h>
#include "cli.h"

typedef struct interrupt {
    gradus_run *run;
    sigset_t signals, before;
    pthread_t thread;
    bool listening;
    int caught; /* which came first; 0: none */
} interrupt;

/* The first signal ends the run after the update at hand, a second one ends the program at once. */
void interrupt_listen(interrupt *listener, gradus_run *run);
void interrupt_close(interrupt *listener); /* from here on `caught` may be read */

#endif
