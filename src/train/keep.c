/* How often a run is saved, and what it keeps on the way: whole copies of itself in RUN/kept/UPDATE. Each is a run of its own, so that it can
 * be evaluated, and gone on with another way: one long run at a constant rate, and cool-downs from many places of it. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "run.h"

/* ---- how often ---- */

/* Updates between two, NaN where it is not given or, with `seconds`, given as a time. */
static double read_length(const gradus_run *run, const char *key, double *seconds, gradus_error *error)
{
    const gradus_value *value = gradus_settings_value(run->settings, key);
    gradus_units units;
    gradus_run_units(run, &units);
    if (!value || error->status) return NAN;
    if (value->unit == GRADUS_IN_SECONDS && seconds) {
        *seconds = value->number;
        return NAN;
    }
    double updates = gradus_length_convert(&units, value->number, value->unit, GRADUS_UPDATES);
    if (!isnan(updates)) return fmax(1, updates);
    gradus_spec_fail(error, gradus_settings_written(run->settings, key), value->place, GRADUS_CODE_WRONG_UNIT,
                     value->unit == GRADUS_IN_SECONDS
                         ? "what is kept does not hang on how fast a machine is; write it in updates, ep or %%"
                         : "write it in updates, ep or %%");
    return NAN;
}

const char *gradus_saving_plan(gradus_run *run, gradus_error *error)
{
    run->saving = (gradus_saving){.seconds = NAN};
    run->saving.updates = read_length(run, "save_every", &run->saving.seconds, error);
    if (error->status) return "save_every";
    run->saving.keep = read_length(run, "keep_every", NULL, error);
    return "keep_every";
}

bool gradus_keep_is_due(const gradus_run *run, int64_t before)
{
    double every = run->saving.keep;
    return !isnan(every) && floor((double)run->update / every) > floor((double)before / every);
}

/* ---- keeping ---- */

static gradus_status make_folder(const char *path, gradus_error *error)
{
    if (!error->status && mkdir(path, 0777) != 0 && errno != EEXIST) gradus_fail_file(error, path, errno);
    return error->status;
}

/* A file as it is now; what another branch of the run has kept there is replaced. */
static void copy(const gradus_run *run, const char *to, const char *name, gradus_error *error)
{
    char from[GRADUS_PATH_SIZE], path[GRADUS_PATH_SIZE];
    unsigned char *bytes;
    size_t size;
    gradus_path_join(run->folder.path, name, from, error);
    if (gradus_path_join(to, name, path, error) || gradus_file_read(from, &bytes, &size, error)) return;
    gradus_file_replace(path, bytes, size, error);
    free(bytes);
}

/* The state comes last: where there is one, the copy is whole. It is written even if the run is killed before its own next state: then it
 * comes here again, and does the same. */
gradus_status gradus_run_keep(gradus_run *run, const gradus_run_end *now, gradus_error *error)
{
    static const char *const names[] = {"run.yaml", "metrics.csv", "timing.csv", "measures.csv", "decisions.jsonl"};
    char folder[GRADUS_PATH_SIZE], number[40], path[GRADUS_PATH_SIZE];
    gradus_told_flush(&run->told, error);
    gradus_path_join(run->folder.path, "kept", folder, error);
    if (make_folder(folder, error)) return error->status;
    snprintf(number, sizeof number, "kept/%lld", (long long)run->update);
    gradus_path_join(run->folder.path, number, folder, error);
    if (make_folder(folder, error)) return error->status;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) copy(run, folder, names[i], error);
    if (run->layers.before) copy(run, folder, "layers.csv", error);
    gradus_run_save_present(run, folder, error);
    gradus_summary_write_to(run, now, folder, error);
    gradus_path_join(folder, "state-a", path, error);
    return gradus_run_save_state(run, path, error);
}
