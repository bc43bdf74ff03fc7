/* Signals while a run trains: Ctrl-C, SIGTERM and SIGHUP end it, SIGUSR1 has it saved, SIGUSR2 starts its cool-down. */
#ifndef GRADUS_CLI_INTERRUPT_H
#define GRADUS_CLI_INTERRUPT_H
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include "cli.h"

typedef struct interrupt {
    _Atomic(gradus_run *) run; /* that trains; NULL: none yet */
    sigset_t signals, before;
    pthread_t thread;
    bool listening;
    int caught; /* which came first; 0: none */
} interrupt;

/* Before any other thread is made, which would be killed by a signal that it does not block. While nothing trains a signal ends the
 * program. */
void interrupt_listen(interrupt *listener);
/* From here on the first signal ends the run after the update at hand, a second one ends the program at once. */
void interrupt_train(interrupt *listener, gradus_run *run);
void interrupt_close(interrupt *listener); /* from here on `caught` may be read */

#endif
