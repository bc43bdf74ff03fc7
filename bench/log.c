/* What the log of measures costs: a line of measures.csv, as a guard is told, beside an update of nets on MNIST-like pictures. Each
 * figure is the fastest of several passes; a share is what the log adds to a training. */
#define _XOPEN_SOURCE 700
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "../src/train/told.h"
#include "gradus/train.h"

enum { LINES = 100000, PASSES = 7, BATCH = 64 };
static char folder[] = "/tmp/gradus-log-XXXXXX";

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time); /* others may share the machine */
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* Losses and norms of 17 digits and a rate that moves: nothing here is quick to print. */
static double pass_lines(gradus_error *error)
{
    char path[64];
    gradus_told_log told = {.journal = {.descriptor = -1}};
    static const char *const names[] = {"loss",           "gradient_norm", "non_finite",  "train_loss",
                                        "train_accuracy", "val_loss",      "val_accuracy"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) gradus_told_column(&told, names[i]);
    snprintf(path, sizeof path, "%s/measures.csv", folder);
    gradus_told_open(&told, path, 0, error);
    double start = now();
    for (int64_t i = 0; i < LINES; i++) {
        gradus_told_hear(&told, "loss", exp(0.3 * gradus_random_normal(1, 1, (uint64_t)i)));
        gradus_told_hear(&told, "gradient_norm", exp(gradus_random_normal(1, 2, (uint64_t)i)));
        gradus_told_hear(&told, "non_finite", 0);
        gradus_told_line(&told, i, (double)(i * BATCH), 0.1 * cos((double)i * 1e-5), error);
    }
    gradus_told_flush(&told, error);
    double time = now() - start;
    gradus_told_close(&told);
    unlink(path);
    return time / LINES;
}

static void keep_fastest(void *user, const gradus_run_row *row)
{
    double *best = user, update = BATCH / row->samples_per_second * 1e9;
    if (update < *best) *best = update;
}

static double update_of(const char *model, gradus_report *report)
{
    char setting[256], remove[64];
    double best = INFINITY;
    snprintf(setting, sizeof setting, "model=%s", model);
    const char *const settings[] = {
        "data=glyphs(count=12000, test=100)", setting, "batch=64", "epochs=4", "lr=0.001", "optimizer=adam", NULL};
    gradus_settings *made = gradus_settings_create(&(gradus_settings_config){.arguments = settings}, report);
    gradus_run *run =
        made ? gradus_run_create(&(gradus_run_config){.settings = made, .out = folder, .threads = 1}, report) : NULL;
    if (run) gradus_run_train(run, &(gradus_listener){.user = &best, .epoch = keep_fastest}, NULL, report);
    gradus_run_destroy(run);
    gradus_settings_destroy(made);
    snprintf(remove, sizeof remove, "rm -rf %s/glyphs", folder);
    return system(remove) == 0 ? best : NAN;
}

int main(void)
{
    static const char *const models[] = {"flatten > dense(10)", "flatten > dense(256) > relu > dense(10)",
                                         "conv(16, 5, pad=2) > relu > maxpool(2) > flatten > dense(10)"};
    gradus_report report = {0};
    double line = INFINITY;
    if (!mkdtemp(folder)) return 1;
    for (int i = 0; i < PASSES; i++) line = fmin(line, pass_lines(&report.error));
    printf("%-62s %9.0f ns\n", "a line of measures.csv", line);
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        double update = update_of(models[i], &report);
        printf("an update of %-49s %9.0f ns  %.2f %%\n", models[i], update, 100 * line / update);
    }
    rmdir(folder);
    if (report.error.status) fprintf(stderr, "%s\n", report.error.message);
    return report.error.status != 0;
}
