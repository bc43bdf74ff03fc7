/* Ctrl-C, SIGTERM and SIGHUP while a run trains, and SIGUSR1 and SIGUSR2, which ask it to save and to cool down. They are blocked everywhere and
 * waited for by a thread of their own: a handler would run on the stack of the thread that computes, and oneDNN's kernels keep numbers
 * below the stack pointer, further down than a signal spares. */
#define _XOPEN_SOURCE 700
#include "interrupt.h"
#include <string.h>
#include <unistd.h>

static void *wait_for_signals(void *user)
{
    interrupt *listener = user;
    for (int number; sigwait(&listener->signals, &number) == 0;) {
        gradus_run *run = atomic_load(&listener->run);
        if (number == SIGUSR1 || number == SIGUSR2) {
            if (run) gradus_run_wish(run, number == SIGUSR1 ? GRADUS_ASK_SAVE : GRADUS_ASK_COOL_DOWN);
            continue;
        }
        if (listener->caught && number == SIGHUP) continue; /* the shell says so, and the terminal too */
        if (listener->caught || !run) _exit(CLI_SIGNAL + number);
        listener->caught = number;
        gradus_run_interrupt(run);
    }
    return NULL;
}

/* What a parent has switched off, as nohup does, stays so. */
static void add_signal(sigset_t *signals, int number)
{
    struct sigaction action;
    if (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_IGN) sigaddset(signals, number);
}

void interrupt_listen(interrupt *listener)
{
    memset(listener, 0, sizeof *listener);
    atomic_init(&listener->run, NULL);
    sigemptyset(&listener->signals);
    add_signal(&listener->signals, SIGINT);
    add_signal(&listener->signals, SIGTERM);
    add_signal(&listener->signals, SIGHUP);
    add_signal(&listener->signals, SIGUSR1);
    add_signal(&listener->signals, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &listener->signals, &listener->before);
    listener->listening = pthread_create(&listener->thread, NULL, wait_for_signals, listener) == 0;
    if (!listener->listening)
        pthread_sigmask(SIG_SETMASK, &listener->before, NULL); /* a signal then just ends the program */
}

void interrupt_train(interrupt *listener, gradus_run *run) { atomic_store(&listener->run, run); }

void interrupt_close(interrupt *listener)
{
    if (!listener->listening) return;
    pthread_cancel(listener->thread); /* sigwait is where it ends */
    pthread_join(listener->thread, NULL);
    pthread_sigmask(SIG_SETMASK, &listener->before, NULL);
    listener->listening = false;
}
