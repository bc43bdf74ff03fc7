/* What a run is asked to do while it trains: to save, to cool down, to stop. A request is a small file in the run's folder, because that
 * works from any process and any machine that sees the folder; what it does to the rate is recorded and saved like any decision. */
#define _XOPEN_SOURCE 700
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "loop.h"

static const char *const names[GRADUS_ASKS] = {"ask-save", "ask-cooldown", "ask-stop"};
static const double look_every = 0.25; /* seconds */

/* ---- asking ---- */

static gradus_status check_schedule(const char *text, gradus_error *error)
{
    if (!text || error->status) return error->status;
    gradus_spec_destroy(gradus_spec_create(
        text, &(gradus_spec_config){.family = "schedule", .language = gradus_train_language()}, error));
    return error->status;
}

static void find_cooldown(void *user, const gradus_run_decision *decision)
{
    int64_t *update = user;
    if (strcmp(decision->action, "cooldown") == 0) *update = decision->update;
}

static gradus_status check_warm(const char *folder, gradus_error *error)
{
    int64_t since = -1;
    if (gradus_run_decisions(folder, find_cooldown, &since, error) || since < 0) return error->status;
    return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_UNEXPECTED_VALUE, "%s is cooling down since update %lld",
                       folder, (long long)since);
}

gradus_status gradus_run_ask(const char *folder, gradus_ask what, const char *how, gradus_error *error)
{
    gradus_error own = {0};
    gradus_folder opened;
    char path[GRADUS_PATH_SIZE];
    if (!error) error = &own;
    if (gradus_folder_open(&opened, folder, false, error)) return error->status;
    gradus_folder_close(&opened);
    if (!gradus_run_is_trained(opened.path))
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_UNEXPECTED_VALUE,
                           "%s is not being trained; gradus train --resume %s goes on with it", opened.path,
                           opened.path);
    if (what == GRADUS_ASK_COOL_DOWN && (check_schedule(how, error) || check_warm(opened.path, error)))
        return error->status;
    if (gradus_path_join(opened.path, names[what], path, error)) return error->status;
    return gradus_file_replace(path, how ? how : "", how ? strlen(how) : 0, error);
}

bool gradus_run_is_asked(const char *folder, gradus_ask what)
{
    char path[GRADUS_PATH_SIZE];
    gradus_error error = {0};
    return !gradus_path_join(folder, names[what], path, &error) && access(path, F_OK) == 0;
}

bool gradus_run_is_trained(const char *folder) { return gradus_folder_is_trained(folder); }

void gradus_run_wish(gradus_run *run, gradus_ask what) { atomic_fetch_or(&run->wishes, 1 << what); }

void gradus_asked_forget(const gradus_run *run)
{
    char path[GRADUS_PATH_SIZE];
    gradus_error error = {0};
    if (!gradus_path_join(run->folder.path, names[GRADUS_ASK_STOP], path, &error)) unlink(path);
}

/* ---- doing it ---- */

/* How many updates the phases of a cool-down take; infinite: what is left. */
static double length_of(const gradus_run *run, const char *text)
{
    gradus_error error = {0};
    gradus_units units;
    gradus_phase phase;
    double end = INFINITY;
    gradus_run_units(run, &units);
    gradus_schedule *schedule = text ? gradus_schedule_create(text, &units, run->context, &error) : NULL;
    for (int32_t i = 0; gradus_schedule_phase(schedule, i, &phase); i++) end = phase.start + phase.length;
    int32_t axis = gradus_schedule_axis(schedule);
    gradus_schedule_destroy(schedule);
    return gradus_length_convert(&units, end, axis, GRADUS_UPDATES);
}

/* A request that cannot be granted is told of and dropped: nobody's training ends for it. */
static gradus_status cool_down(gradus_run *run, const char *text, gradus_error *error)
{
    gradus_error own = {0};
    if (gradus_policy_cool_down(run->policy, text, &own)) {
        gradus_run_note(run, "asked to cool down: %s", own.message);
        return GRADUS_OK;
    }
    double end = (double)run->update + ceil(length_of(run, text) - 1e-9);
    if (end < (double)run->plan.updates) run->ends = (int64_t)end;
    return error->status;
}

/* The text of a request, without space around it; to be freed. NULL: nothing was asked. */
static char *read_request(const char *path)
{
    unsigned char *text;
    size_t size;
    gradus_error error = {0};
    if (access(path, F_OK) != 0 || gradus_file_read(path, &text, &size, &error)) return NULL;
    while (size && strchr(" \t\r\n", text[size - 1])) text[--size] = 0;
    return (char *)text;
}

/* A state is saved before the request is taken away: whoever sees it gone can kill the run, and nothing is lost. */
static gradus_status grant(gradus_loop *loop, gradus_ask what, const char *how, bool row, gradus_error *error)
{
    gradus_run *run = loop->run;
    char path[GRADUS_PATH_SIZE];
    if (what == GRADUS_ASK_STOP && strcmp(how, "epoch") == 0 && !row) return error->status;
    if (what == GRADUS_ASK_COOL_DOWN && cool_down(run, *how ? how : NULL, error)) return error->status;
    if (what == GRADUS_ASK_STOP) gradus_run_interrupt(run);
    if (what != GRADUS_ASK_STOP && gradus_loop_save(loop, error)) return error->status;
    if (!gradus_path_join(run->folder.path, names[what], path, error)) unlink(path);
    return error->status;
}

gradus_status gradus_loop_asked(gradus_loop *loop, bool row, gradus_error *error)
{
    gradus_run *run = loop->run;
    int wishes = atomic_exchange(&run->wishes, 0);
    bool look = row || loop->now - loop->looked >= look_every;
    if (look) loop->looked = loop->now;
    for (int what = 0; what < GRADUS_ASKS && (look || wishes); what++) {
        char path[GRADUS_PATH_SIZE];
        if (gradus_path_join(run->folder.path, names[what], path, error)) return error->status;
        char *how = look ? read_request(path) : NULL;
        if (how || wishes & 1 << what) grant(loop, (gradus_ask)what, how ? how : "", row, error);
        free(how);
    }
    return error->status;
}
