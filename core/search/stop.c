/* SIGINT and SIGTERM ask the run to stop at the next safe point; a second SIGINT ends the process
 * at once, which the journal survives as well. SIGTERM always asks: some senders repeat it. */
#include "core/search/stop.h"
#include <signal.h>
#include <stdatomic.h>

static atomic_bool
    asked; /* asked by every thread that trains; free of locks, so fit for a handler */

static void note(int signal_number)
{
    (void)signal_number;
    asked = true;
}

void af_catch_signals(void)
{
    struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    action.sa_flags |= (int)SA_RESETHAND;
    sigaction(SIGINT, &action, NULL);
}

bool af_stop_requested(void)
{
    return asked;
}
