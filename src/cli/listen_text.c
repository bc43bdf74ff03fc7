/* What the screen says while a run trains: what is trained, a line an epoch,
 * decisions, what came of it. The bar stands on stderr and is taken away before
 * anything else is printed, so that stdout holds the same lines in a pipe as on
 * a terminal. */
#define _POSIX_C_SOURCE 200809L
#include "listen.h"
#include <math.h>
#include <string.h>
#include <time.h>

void listen_clear(listen_screen *screen)
{
    if (screen->bar) fputs("\r\033[K", stderr);
    screen->bar = false;
}

/* Two digits: what a sweep tells is no more exact. */
static const char *rough(double rate, char text[CLI_SHORT])
{
    snprintf(text, CLI_SHORT, "%.2g", rate);
    return text;
}

static void print_line(const char *name, const char *text) { printf("%-9s %s\n", name, text); }

static void print_rate(const gradus_run_rate *rate)
{
    char base[CLI_SHORT];
    gradus_number_print(rate->base, base);
    if (!rate->automatic) {
        print_line("lr", base);
        return;
    }
    printf("lr        auto: %s", rough(rate->base, base));
    char low[CLI_SHORT], high[CLI_SHORT], edge[CLI_SHORT];
    const char *between = " (";
    if (rate->lowered) {
        printf("%slowered from %s", between, rough(rate->constant, low));
        between = "; ";
    }
    if (!isnan(rate->low) && !isnan(rate->high)) {
        printf("%ssteady from %s to %s", between, rough(rate->low, low), rough(rate->high, high));
        between = "; ";
    }
    if (!isnan(rate->edge)) {
        printf("%sdiverges above %s", between, rough(rate->edge, edge));
        between = "; ";
    }
    puts(*between == ';' ? ")" : "");
}

static void print_run(const gradus_run_facts *facts)
{
    char about[CLI_SHORT];
    printf("run       %s   ", facts->folder);
    if (facts->epochs >= 1)
        printf("%.4g epoch%s of %lld update%s", facts->epochs, facts->epochs == 1 ? "" : "s",
               (long long)facts->updates_per_epoch, facts->updates_per_epoch == 1 ? "" : "s");
    else
        printf("%lld of an epoch's %lld updates", (long long)facts->updates, (long long)facts->updates_per_epoch);
    printf(", batch %d, seed %llu, %d thread%s", facts->batch, (unsigned long long)facts->seed, facts->threads,
           facts->threads == 1 ? "" : "s");
    if (!isnan(facts->time.total)) printf(", %s", cli_about(facts->time.total, about));
    putchar('\n');
    if (facts->resumed >= 0)
        printf("resumed   at update %lld of %lld\n", (long long)facts->resumed, (long long)facts->updates);
}

/* Settings that a line tells of when they were given: everything else is in
 * run.yaml. */
static void print_given(const gradus_settings *settings)
{
    static const char *const keys[] = {"loss", "feedback", "gradient", "group", "average", "stop"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (gradus_settings_given(settings, keys[i]))
            print_line(keys[i], gradus_settings_text(settings, keys[i], GRADUS_PRINT_CANONICAL));
}

/* The first two measures; of several outputs the first of each, beside its loss. */
static void choose_columns(listen_screen *screen)
{
    const bool several = gradus_net_head_count(gradus_run_net(screen->run)) > 1;
    const gradus_metric *metric, **columns = screen->table.metrics;
    int32_t used = 0;
    for (int32_t i = 0; used < 2 && (metric = gradus_run_metric(screen->run, i)); i++) {
        const gradus_metric *before = i ? gradus_run_metric(screen->run, i - 1) : NULL;
        const bool first = before && before->head == metric->head && strstr(before->name, "_loss");
        if (!metric->in_training || !(several ? first : i < 2)) continue;
        screen->table.at[used] = i;
        columns[used++] = metric;
    }
    while (used < 2) columns[used++] = NULL;
}

static void on_start(void *user, const gradus_run_facts *facts)
{
    listen_screen *screen = user;
    char text[CLI_LINE], memory[CLI_SHORT];
    const gradus_settings *settings = facts->settings;
    listen_clear(screen);
    print_line("data", facts->data->title);
    printf("model     %s   %s, %s\n", gradus_settings_text(settings, "model", GRADUS_PRINT_CANONICAL),
           cli_short_count((double)facts->parameters, " ", text),
           cli_bytes(gradus_run_memory_of(screen->run).sum, memory));
    print_line("optimizer", gradus_settings_text(settings, "optimizer", GRADUS_PRINT_CANONICAL));
    print_rate(&facts->rate);
    print_line("schedule", gradus_settings_text(settings, "schedule", GRADUS_PRINT_CANONICAL));
    print_given(settings);
    print_run(facts);
    if (facts->data->repeated)
        cli_note(screen->call, "%lld of the test rows stand%s in the training part too",
                 (long long)facts->data->repeated, facts->data->repeated == 1 ? "s" : "");
    screen->table.validated = facts->data->count[GRADUS_VALIDATION] > 0;
    choose_columns(screen);
    cli_epochs_header(&screen->table, text);
    printf("\n%s\n", text);
    fflush(stdout);
}

void listen_finding(void *user, int32_t tried, int32_t rates)
{
    listen_screen *screen = user;
    fprintf(stderr, "\rfinding the rate: %d of %d\033[K", tried + 1, rates);
    fflush(stderr);
    screen->bar = true;
}

void listen_progress(void *user, const gradus_run_progress *progress)
{
    listen_screen *screen = user;
    char text[CLI_LINE];
    cli_bar(progress, screen->call->terminal.width, screen->call->terminal.unicode, text);
    fprintf(stderr, "\r%s\033[K", text);
    fflush(stderr);
    screen->bar = true;
}

/* Nothing of a part that is soon looked at. */
void listen_judging(void *user, int64_t batch, int64_t batches)
{
    enum { EVERY = 100 }; /* milliseconds */
    listen_screen *screen = user;
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    const double now = (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
    if (!batch) screen->shown = now;
    if (now - screen->shown < EVERY * 1e-3) return;
    screen->shown = now;
    fprintf(stderr, "\rjudging the model: %lld %%\033[K", (long long)(100 * batch / batches));
    fflush(stderr);
    screen->bar = true;
}

static void on_epoch(void *user, const gradus_run_row *row)
{
    listen_screen *screen = user;
    char text[CLI_LINE];
    listen_clear(screen);
    cli_epochs_line(&screen->table, row, text);
    puts(text);
    fflush(stdout);
}

static void on_decision(void *user, const gradus_run_decision *decision)
{
    listen_screen *screen = user;
    if (strcmp(decision->action, "stop") == 0) return; /* the end tells of it */
    listen_clear(screen);
    cli_note(screen->call, "update %lld: %s", (long long)decision->update, decision->text);
}

static void on_note(void *user, const char *text)
{
    listen_screen *screen = user;
    listen_clear(screen);
    cli_note(screen->call, "%s", text);
}

/* "weights   sex 0.52   rings 1.48", of the losses of several outputs as they stand in the end. */
static void print_balance(const gradus_net *net)
{
    char value[CLI_SHORT];
    if (gradus_net_head_count(net) < 2) return;
    printf("weights");
    for (int32_t i = 0; i < gradus_net_head_count(net); i++) {
        const gradus_head head = gradus_net_head(net, i);
        printf("   %s %s", head.name, cli_measure(head.weight * head.balance, value));
    }
    puts("");
}

static void print_result(const listen_screen *screen, const gradus_run_end *end)
{
    char value[CLI_SHORT], epoch[CLI_SHORT];
    if (end->status == GRADUS_RUN_STOPPED) printf("stopped   %s\n", end->text);
    if (*end->best_metric) {
        const gradus_metric *first = screen->table.metrics[0];
        bool loss = strcmp(end->best_metric, "val_loss") == 0;
        gradus_number_print(end->best_epoch, epoch);
        printf("best      val %s %s in epoch %s\n", loss ? "loss" : first->title, cli_measure(end->best_value, value),
               epoch);
    }
    print_balance(gradus_run_net(screen->run));
    if (isnan(end->test_loss)) return;
    const gradus_metric *metric;
    printf("test      loss %s", cli_measure(end->test_loss, value));
    const bool several = gradus_net_head_count(gradus_run_net(screen->run)) > 1; /* a line for each */
    for (int32_t i = 0; (metric = gradus_run_metric(screen->run, i)); i++) {
        const bool first = several && (!i || gradus_run_metric(screen->run, i - 1)->head != metric->head);
        printf("%s%s %s", first ? "\n          " : "   ", metric->title, cli_measure(end->test[i], value));
    }
    puts("");
}

static void on_end(void *user, const gradus_run_end *end)
{
    listen_screen *screen = user;
    listen_clear(screen);
    if (end->status == GRADUS_RUN_FAILED) return;
    puts("");
    print_result(screen, end);
    if (*end->model) printf("saved     %s\n", end->model);
    if (end->status != GRADUS_RUN_INTERRUPTED)
        printf("next      gradus evaluate %s     gradus explain %s\n", end->folder, end->folder);
    fflush(stdout);
}

const gradus_listener listen_text = {
    .start = on_start, .epoch = on_epoch, .decision = on_decision, .note = on_note, .end = on_end};
