/* gradus predict: what the kept model of a run says of each row of a file, as
 * CSV on stdout and nothing else. */
#include "progress.h"
#include <math.h>
#include <string.h>

/* A field of CSV, quoted where RFC 4180 asks for it. */
static void put_field(const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, stdout);
        return;
    }
    putchar('"');
    for (; *text; text++) printf(*text == '"' ? "\"\"" : "%c", *text);
    putchar('"');
}

typedef struct predict_table {
    const gradus_data_info *about;
    bool begun; /* the header stands there */
} predict_table;

/* Written with the first row, so that a file that cannot be read leaves nothing behind. */
static void print_header(predict_table *table)
{
    const gradus_data_info *about = table->about;
    if (table->begun) return;
    table->begun = true;
    printf("row");
    if (about->target == GRADUS_TARGET_CLASS)
        printf(",label,probability");
    else if (about->outputs == 1)
        printf(",value");
    for (int64_t i = 0; about->target == GRADUS_TARGET_NUMBERS && about->outputs > 1 && i < about->outputs; i++)
        printf(",value_%lld", (long long)i);
    putchar('\n');
}

static bool print_row(void *user, const gradus_run_prediction *prediction)
{
    predict_table *table = user;
    print_header(table);
    printf("%lld", (long long)prediction->row);
    if (prediction->label >= 0) {
        char text[CLI_SHORT];
        putchar(',');
        if (table->about->class_names)
            put_field(table->about->class_names[prediction->label]);
        else
            printf("%d", prediction->label);
        if (!isnan(prediction->probability)) gradus_number_print(round(prediction->probability * 1e5) / 1e5, text);
        printf(",%s", isnan(prediction->probability) ? "" : text);
    }
    for (int64_t i = 0; prediction->label < 0 && i < prediction->count; i++) printf(",%.7g", prediction->outputs[i]);
    return putchar('\n') != EOF && !ferror(stdout);
}

static cli_exit run(cli_call *call)
{
    gradus_report report;
    gradus_run_config config = {.data_dir = call->data_dir, .threads = call->threads};
    gradus_run *opened = gradus_run_open(call->words[0], &config, &report);
    if (!opened) return cli_report(call, &report);
    predict_table table = {.about = gradus_run_data(opened)};
    gradus_status status = gradus_run_predict(opened, call->words[1], print_row, &table, &report);
    if (!status) print_header(&table);
    gradus_run_destroy(opened);
    return status ? cli_report(call, &report) : CLI_DONE;
}

const cli_verb cli_verb_predict = {
    .name = "predict",
    .summary = "let the model of a run judge new inputs",
    .usage = "RUN FILE",
    .about = "Writes one line of CSV for each row of a file of inputs: its "
             "number, the class and its probability, or the\n"
             "value. The file is read as the run's own data were: IDX for "
             "images, CSV for tables.",
    .examples = "gradus predict runs/mnist t10k-images-idx3-ubyte.gz > labels.csv",
    .operands = CLI_RUNS | CLI_FILES,
    .least = 2,
    .most = 2,
    .run = run,
};
