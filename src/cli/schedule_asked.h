/* What `gradus schedule` was asked: the words of the command line, read into schedules and the run over which they are shown. */
#ifndef GRADUS_CLI_SCHEDULE_ASKED_H
#define GRADUS_CLI_SCHEDULE_ASKED_H
#include "schedule.h"

enum {
    ASKED_LR,
    ASKED_LR_MIN,
    ASKED_LR_MAX,
    ASKED_UPDATES,
    ASKED_EPOCHS,
    ASKED_EACH,
    ASKED_BATCH,
    ASKED_TOKENS,
    ASKED_COUNT
};
extern const gradus_argument schedule_keys[]; /* what may stand before '=' beside specs, in this order, and `like` */

typedef struct schedule_asked {
    const cli_call *call;
    gradus_settings *settings; /* of the run file; NULL: none is named */
    double numbers[ASKED_COUNT];
    const char *like;
    struct asked_spec {
        const char *text;
        int32_t argument;        /* which word it is; 0: it comes from the run file */
        const gradus_spec *spec; /* of the run file, or its own */
        gradus_spec *own;
    } * specs;
    int32_t count;
    bool assumed; /* no length was given, and the specs ask for one */
} schedule_asked;

/* Both false: wrong, and reported in *status. */
bool schedule_read(const cli_call *call, schedule_asked *asked, cli_exit *status);
bool schedule_make(schedule_asked *asked, schedule_run *run, schedule_shown *shown, cli_exit *status);
void schedule_forget(schedule_asked *asked);

/* Reports that this cannot be done because nobody knows how many updates that is. */
cli_exit schedule_no_updates(const cli_call *call, const schedule_run *run, const char *what);

#endif
