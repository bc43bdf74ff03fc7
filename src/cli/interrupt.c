/* Ctrl-C and SIGTERM while a run trains. They are blocked everywhere and waited for by a thread of their own: a handler would run on the
 * stack of the thread that computes, and oneDNN's kernels keep numbers below the stack pointer, further down than a signal spares. */
#define _XOPEN_SOURCE 700
#include "interrupt.h"
#include <unistd.h>

static void *wait_for_signals(void *user)
{
    interrupt *listener = user;
    for (int number; sigwait(&listener->signals, &number) == 0;) {
        if (listener->caught) _exit(CLI_SIGNAL + number);
        listener->caught = number;
        gradus_run_interrupt(listener->run);
    }
    return NULL;
}

/* What a parent has switched off, as nohup does, stays so. */
static void add_signal(sigset_t *signals, int number)
{
    struct sigaction action;
    if (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_IGN) sigaddset(signals, number);
}

void interrupt_listen(interrupt *listener, gradus_run *run)
{
    *listener = (interrupt){.run = run};
    sigemptyset(&listener->signals);
    add_signal(&listener->signals, SIGINT);
    add_signal(&listener->signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &listener->signals, &listener->before);
    listener->listening = pthread_create(&listener->thread, NULL, wait_for_signals, listener) == 0;
    if (!listener->listening)
        pthread_sigmask(SIG_SETMASK, &listener->before, NULL); /* a signal then just ends the program */
}

void interrupt_close(interrupt *listener)
{
    if (!listener->listening) return;
    pthread_cancel(listener->thread); /* sigwait is where it ends */
    pthread_join(listener->thread, NULL);
    pthread_sigmask(SIG_SETMASK, &listener->before, NULL);
}
