/* gradus train: trains a net as a run file and key=value say, shows how it
 * goes, and says where everything is. */
#include "interrupt.h"
#include "listen.h"
#include "plot.h"
#include "schedule.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- what would be trained ---- */

static void print_layers(const gradus_net *net)
{
    int32_t count = gradus_net_layer_count(net), widest = 20;
    gradus_layer_info layer;
    char number[CLI_SHORT], shape[128];
    for (int32_t i = 0; i < count; i++) {
        gradus_net_layer(net, i, &layer);
        int32_t columns = cli_columns(layer.spec, strlen(layer.spec));
        if (columns > widest) widest = columns;
    }
    printf("   #  %-*s  %-12s  %10s\n", (int)widest, "layer", "output", "parameters");
    for (int32_t i = 0; i < count; i++) {
        gradus_net_layer(net, i, &layer);
        size_t length = 0;
        shape[0] = 0;
        for (int d = 0; d < 8 && layer.output[d]; d++)
            length += (size_t)snprintf(shape + length, sizeof shape - length, "%s%lld", d ? "x" : "",
                                       (long long)layer.output[d]);
        printf("%4d  ", (int)i);
        cli_pad(stdout, layer.spec, widest + 2);
        if (layer.parameters)
            printf("%-12s  %10s\n", shape, cli_long_count(layer.parameters, number));
        else
            puts(shape);
    }
    printf("      %-*s  %-12s  %10s\n", (int)widest, "total", "", cli_long_count(gradus_net_parameters(net), number));
}

/* What training takes beside the data, as far as it is known before. */
static void print_memory(const cli_call *call, const gradus_run *run)
{
    const gradus_run_memory memory = gradus_run_memory_of(run);
    char sum[CLI_SHORT], parameters[CLI_SHORT], gradients[CLI_SHORT], optimizer[CLI_SHORT], activations[CLI_SHORT];
    char text[CLI_LINE], workspace[CLI_SHORT];
    int length = snprintf(
        text, sizeof text, "%s to train: parameters %s, gradients %s, optimizer %s, activations of a batch %s",
        cli_bytes(memory.sum, sum), cli_bytes(memory.parameters, parameters), cli_bytes(memory.gradients, gradients),
        cli_bytes(memory.optimizer, optimizer), cli_bytes(memory.activations, activations));
    if (memory.workspace)
        snprintf(text + length, sizeof text - (size_t)length, ", workspace of convolutions %s",
                 cli_bytes(memory.workspace, workspace));
    fputs("memory  ", stdout);
    cli_wrap(stdout, text, 8, call->terminal.width);
}

/* How long it will take, by a few updates made now. */
static void print_time(const cli_call *call, const gradus_run_time *time)
{
    char total[CLI_SHORT], update[CLI_SHORT], validation[CLI_SHORT], find[CLI_SHORT], text[CLI_LINE];
    if (isnan(time->total)) return;
    int length = snprintf(text, sizeof text, "%s to train: %s an update", cli_about(time->total, total),
                          cli_seconds(time->update, update));
    if (time->validation > 0)
        length += snprintf(text + length, sizeof text - (size_t)length, ", %s to validate after an epoch",
                           cli_seconds(time->validation, validation));
    if (time->find > 0)
        snprintf(text + length, sizeof text - (size_t)length, ", %s to find the rate", cli_seconds(time->find, find));
    fputs("time    ", stdout);
    cli_wrap(stdout, text, 8, call->terminal.width);
}

/* The rate over the run; of `lr: auto` as a share of what will be found. */
static cli_exit print_schedule(const cli_call *call, const gradus_run *run)
{
    const gradus_settings *settings = gradus_run_settings(run);
    const gradus_spec *spec = gradus_settings_spec(settings, "schedule");
    double most = gradus_settings_number(settings, "lr_max");
    gradus_error error = {0};
    gradus_report report;
    schedule_run over = {.unit = GRADUS_UPDATES, .shown_in = GRADUS_IN_UPDATES};
    gradus_run_units(run, &over.units);
    over.is_share = over.units.base == 0;
    if (over.is_share) over.units.base = 1;
    over.length = over.units.total;
    over.base = over.units.base;
    over.least = over.is_share ? 0 : gradus_settings_number(settings, "lr_min");
    over.most = over.is_share || isnan(most) ? INFINITY : most;
    schedule_shown shown = {0};
    cli_exit status = CLI_DONE;
    if (!schedule_open(&shown, spec, gradus_settings_written(settings, "schedule"),
                       gradus_settings_folder(settings, "schedule"), &over, &error)) {
        gradus_settings_place(settings, "schedule", &error, &report);
        status = cli_report(call, &report);
    } else if (isnan(schedule_rate(&over, &shown, 0))) {
        printf("the schedule counts in %s; how long an update takes is known only when it runs\n",
               schedule_unit_name(gradus_schedule_axis(shown.schedule)));
    } else {
        gradus_curve curve;
        gradus_plot plot = schedule_plot(&over, &shown, 1, &curve);
        cli_plot_print(call, &plot, over.is_share);
        schedule_print_phases(call, &over, &shown, 1);
    }
    schedule_clear(&shown);
    return status;
}

static cli_exit dry_run(const cli_call *call, gradus_run *run)
{
    gradus_run_time time;
    gradus_error error = {0};
    if (gradus_run_foresee(run, &time, &error)) return cli_error(call, NULL, &error);
    if (call->json) {
        gradus_json json = {.write = cli_write, .user = stdout, .indent = 2};
        gradus_run_plan_json(run, &time, &json);
        putchar('\n');
        return CLI_DONE;
    }
    const gradus_settings *settings = gradus_run_settings(run);
    size_t size = gradus_settings_print(settings, GRADUS_PRINT_CANONICAL, NULL, 0) + 1;
    char *text = malloc(size);
    if (!text) return cli_fail(call, GRADUS_CODE_MEMORY, NULL, "out of memory");
    gradus_settings_print(settings, GRADUS_PRINT_CANONICAL, text, size);
    fputs(text, stdout);
    free(text);
    puts("");
    print_layers(gradus_run_net(run));
    puts("");
    print_memory(call, run);
    print_time(call, &time);
    puts("");
    return print_schedule(call, run);
}

/* ---- the verb ---- */

static cli_exit train(const cli_call *call, gradus_run *run, interrupt *signals)
{
    listen_screen screen = {.call = call, .run = run};
    gradus_listener listener = call->json ? listen_json : call->quiet ? (gradus_listener){0} : listen_text;
    gradus_report report;
    gradus_run_end end;
    listener.user = &screen;
    if (call->terminal.error && !call->json && !call->quiet)
        listener.finding = listen_finding, listener.progress = listen_progress, listener.judging = listen_judging;
    interrupt_train(signals, run);
    gradus_status status = gradus_run_train(run, &listener, &end, &report);
    interrupt_close(signals);
    listen_clear(&screen);
    if (status) return cli_report(call, &report);
    if (end.status != GRADUS_RUN_INTERRUPTED) return CLI_DONE;
    cli_note(call,
             "interrupted at update %lld; its state is saved: go on with gradus "
             "train --resume %s",
             (long long)end.update, end.folder);
    return signals->caught ? CLI_SIGNAL + signals->caught : CLI_DONE; /* gradus stop is no signal */
}

enum { SOURCE_PATH = 1024 }; /* what gradus_run_source writes */

/* `file` and `base` must live as long as the settings, whose reports name them. */
static gradus_settings *read_settings(const cli_call *call, const char *resume, char *file, char *base)
{
    gradus_error error = {0};
    if (!resume) return cli_settings(call, NULL);
    if (gradus_run_source(resume, file, base, &error)) {
        cli_error(call, NULL, &error);
        return NULL;
    }
    return cli_settings(call, &(gradus_settings_config){.file = file, .folder = base});
}

static cli_exit run(cli_call *call)
{
    const char *resume = cli_value(call, "resume");
    char file[SOURCE_PATH], base[SOURCE_PATH];
    gradus_settings *settings = read_settings(call, resume, file, base);
    if (!settings) return CLI_MISUSE;
    gradus_report report;
    gradus_run_config config = {.settings = settings,
                                .resume = resume,
                                .out = cli_value(call, "out"),
                                .data_dir = call->data_dir,
                                .command = call->command,
                                .threads = call->threads,
                                .overwrite = cli_has(call, "overwrite") || cli_has(call, "dry-run")};
    interrupt signals;
    interrupt_listen(&signals);
    gradus_run *made = gradus_run_create(&config, &report);
    cli_exit status = !made                      ? cli_report(call, &report)
                      : cli_has(call, "dry-run") ? dry_run(call, made)
                                                 : train(call, made, &signals);
    interrupt_close(&signals);
    gradus_run_destroy(made);
    gradus_settings_destroy(settings);
    return status;
}

static const cli_option options[] = {
    {"dry-run", NULL, "print the effective run file, the layers and the picture of the schedule, and train nothing"},
    {"resume", "RUN", "go on with a run from its newest state; key=value may change it"},
    {"overwrite", NULL, "start again where a run of that name stands"},
    {"out", "DIR", "folder in which runs are made, in place of runs"},
    {0},
};

const cli_verb cli_verb_train = {
    .name = "train",
    .summary = "train a net; without a word: drawn digits, a small net, a rate "
               "of its own",
    .usage = "[RUN.yaml] [KEY=VALUE ...]\n--resume RUN [KEY=VALUE ...]",
    .about = "Trains a net as a run file and settings say, and keeps "
             "everything of the run in runs/NAME.\n"
             "What is not said has a default: the data are drawn digits, the "
             "rate is found and watched.",
    .examples = "gradus train\n"
                "gradus train mnist.yaml epochs=3 lr=0.1 optimizer=sgd "
                "optimizer.momentum=0.9\n"
                "gradus train data='csv(house.csv, target=price)'\n"
                "gradus train --resume runs/mnist epochs=30",
    .options = options,
    .operands = CLI_SETTINGS,
    .most = -1,
    .run = run,
};
