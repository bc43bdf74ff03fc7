/* Why the rate of a run was what it was: where it came from, and each decision that changed it, read back from the run's folder. */
#include <jansson.h>
#include <string.h>
#include "cli.h"

static double number_of(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

/* The first line: what is known of the whole. */
static void print_head(const char *folder, const json_t *summary)
{
    const json_t *lr = json_object_get(summary, "lr");
    char base[32], epochs[32];
    const char *source = json_string_value(json_object_get(lr, "source"));
    gradus_number_print(number_of(lr, "base"), base);
    gradus_number_print(number_of(summary, "epochs"), epochs);
    printf("rate of %s, %.0f updates, %s epochs   base %s%s%s%s\n", folder, number_of(summary, "updates"), epochs, base,
           source ? " (" : "", source ? source : "", source ? ")" : "");
}

static void print_decision(const json_t *decision, int32_t width)
{
    char rate[32], text[1024];
    const char *by = json_string_value(json_object_get(decision, "by"));
    const char *why = json_string_value(json_object_get(decision, "text"));
    snprintf(rate, sizeof rate, "%.3g", number_of(decision, "rate_after"));
    printf("%8.0f  %5.2f  %8s  ", number_of(decision, "update"), number_of(decision, "epoch"), rate);
    snprintf(text, sizeof text, "%s%s%s", by ? by : "", by ? ": " : "", why ? why : "");
    cli_wrap(stdout, text, 27, width);
}

cli_exit cli_explain_run(const cli_call *call, const char *folder)
{
    char path[4200], line[16384];
    int32_t count = 0;
    snprintf(path, sizeof path, "%.4000s/summary.json", folder);
    json_t *summary = json_load_file(path, 0, NULL);
    if (!summary)
        return cli_fail(call, GRADUS_CODE_NO_FILE, path,
                        "no such file; the run has not reached its end, or was not begun");
    print_head(folder, summary);
    printf("  update  epoch      rate  because\n");
    snprintf(path, sizeof path, "%.4000s/decisions.jsonl", folder);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        json_t *decision = json_loads(line, 0, NULL);
        if (decision) print_decision(decision, call->terminal.width), count++;
        json_decref(decision);
    }
    if (file) fclose(file);
    printf("%d decision%s; every number: %s\n", count, count == 1 ? "" : "s", path);
    json_decref(summary);
    return CLI_DONE;
}
