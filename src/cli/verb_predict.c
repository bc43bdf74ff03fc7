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
    const gradus_net *net;
    bool begun; /* the header stands there */
} predict_table;

/* ",income_label", ",value_3". */
static void put_name(const char *of, const char *what, int64_t index)
{
    printf(",%s%s%s", of ? of : "", of ? "_" : "", what);
    if (index >= 0) printf("_%lld", (long long)index);
}

/* Written with the first row, so that a file that cannot be read leaves nothing behind. */
static void print_header(predict_table *table)
{
    if (table->begun) return;
    table->begun = true;
    printf("row");
    for (int32_t i = 0; i < gradus_net_head_count(table->net); i++) {
        const gradus_head head = gradus_net_head(table->net, i);
        const gradus_target *target = &table->about->targets[head.target];
        const bool several = gradus_net_head_count(table->net) > 1, classes = target->kind == GRADUS_TARGET_CLASS;
        put_name(several ? head.name : NULL, classes ? "label" : "value", classes || head.count == 1 ? -1 : 0);
        if (classes) put_name(several ? head.name : NULL, "probability", -1);
        for (int64_t k = 1; !classes && k < head.count; k++) put_name(several ? head.name : NULL, "value", k);
    }
    putchar('\n');
}

static void print_answer(const gradus_target *target, const struct gradus_answer *answer)
{
    if (answer->label >= 0) {
        char text[CLI_SHORT] = "";
        putchar(',');
        if (target->class_names)
            put_field(target->class_names[answer->label]);
        else
            printf("%d", answer->label);
        if (!isnan(answer->probability)) gradus_number_print(round(answer->probability * 1e5) / 1e5, text);
        printf(",%s", text);
    }
    for (int64_t i = 0; answer->label < 0 && i < answer->count; i++) printf(",%.7g", answer->values[i]);
}

static bool print_row(void *user, const gradus_run_prediction *prediction)
{
    predict_table *table = user;
    print_header(table);
    printf("%lld", (long long)prediction->row);
    for (int32_t i = 0; i < gradus_net_head_count(table->net); i++)
        print_answer(&table->about->targets[gradus_net_head(table->net, i).target], &prediction->answers[i]);
    return putchar('\n') != EOF && !ferror(stdout);
}

static cli_exit run(cli_call *call)
{
    gradus_report report;
    gradus_run_config config = {.data_dir = call->data_dir, .threads = call->threads};
    gradus_run *opened = gradus_run_open(call->words[0], &config, &report);
    if (!opened) return cli_report(call, &report);
    predict_table table = {.about = gradus_run_data(opened), .net = gradus_run_net(opened)};
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
