/* gradus evaluate: how good the kept model of a run is on data that it was not
 * trained on. */
#include "progress.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WORST = 3, CLASSES = 20 }; /* of which a line each is printed, if there are no more */

typedef struct evaluate_goal { /* --at-least accuracy=0.99 */
    char metric[64];
    double value;
    bool given;
} evaluate_goal;

/* False: it is no METRIC=NUMBER, and that was reported. */
static bool read_goal(const cli_call *call, evaluate_goal *goal)
{
    const char *text = cli_value(call, "at-least");
    if (!text) return true;
    const char *equal = strchr(text, '=');
    size_t length = equal ? strlen(equal + 1) : 0;
    goal->given = equal && length && gradus_number_read(equal + 1, length, &goal->value) == length;
    snprintf(goal->metric, sizeof goal->metric, "%.*s", equal ? (int)(equal - text) : 0, text);
    if (!goal->given)
        cli_fail(call, GRADUS_CODE_WRONG_TYPE, "evaluate", "--at-least takes METRIC=NUMBER, not '%s'", text);
    return goal->given;
}

static const char *class_name(const gradus_target *target, int64_t index, char text[CLI_SHORT])
{
    if (target->class_names) return target->class_names[index];
    snprintf(text, CLI_SHORT, "%lld", (long long)index);
    return text;
}

/* The three commonest confusions: "9 as 4: 12". */
static void print_worst(const gradus_target *target, const struct gradus_head_result *result)
{
    int64_t cells = result->classes * result->classes, before = -1;
    for (int shown = 0; shown < WORST; shown++) {
        int64_t worst = -1;
        for (int64_t i = 0; i < cells; i++) {
            int64_t count = result->confusion[i], last = before < 0 ? INT64_MAX : result->confusion[before];
            bool right = i / result->classes == i % result->classes,
                 later = count < last || (count == last && i > before);
            if (!right && count && later && (worst < 0 || count > result->confusion[worst])) worst = i;
        }
        if (worst < 0) break;
        char truth[CLI_SHORT], said[CLI_SHORT];
        printf("%s%s as %s: %lld", shown ? "     " : "worst      ", class_name(target, worst / result->classes, truth),
               class_name(target, worst % result->classes, said), (long long)result->confusion[worst]);
        before = worst;
    }
    if (before >= 0) puts("");
}

static void print_classes(const gradus_target *target, const struct gradus_head_result *result)
{
    char name[CLI_SHORT], precision[CLI_SHORT], recall[CLI_SHORT], f1[CLI_SHORT];
    int32_t widest = 5;
    if (result->classes > CLASSES || result->classes < 2) return;
    for (int64_t i = 0; i < result->classes; i++) {
        const char *text = class_name(target, i, name);
        const int32_t columns = cli_columns(text, strlen(text));
        if (columns > widest) widest = columns;
    }
    puts("");
    cli_pad(stdout, "class", widest);
    puts("   precision    recall        f1  examples");
    for (int64_t i = 0; i < result->classes; i++) {
        const gradus_class_result *of = &result->of_class[i];
        cli_pad(stdout, class_name(target, i, name), widest);
        printf("  %10s%10s%10s%10lld\n", cli_measure(of->precision, precision), cli_measure(of->recall, recall),
               cli_measure(of->f1, f1), (long long)of->examples);
    }
}

static void print_text(const gradus_run *run, const char *part, const gradus_run_result *result)
{
    char value[CLI_SHORT], low[CLI_SHORT], high[CLI_SHORT];
    const gradus_data_info *about = gradus_run_data(run);
    const gradus_net *net = gradus_run_net(run);
    const gradus_metric *metric;
    printf("%s of %s, %lld examples\n", part, about->name, (long long)result->examples);
    int widest = 10;
    for (int32_t i = 0; (metric = gradus_run_metric(run, i)); i++)
        if ((int)strlen(metric->name) > widest) widest = (int)strlen(metric->name);
    printf("%-*s %s\n", widest, "loss", cli_measure(result->loss, value));
    for (int32_t i = 0; (metric = gradus_run_metric(run, i)); i++) {
        const struct gradus_head_result *head = &result->heads[metric->head];
        printf("%-*s %s", widest, metric->name, cli_measure(result->metrics[i], value));
        if (strstr(metric->name, "accuracy") && !isnan(head->low))
            printf("   (%s to %s)", cli_measure(head->low, low), cli_measure(head->high, high));
        puts("");
    }
    for (int32_t i = 0; i < gradus_net_head_count(net); i++) {
        const gradus_head head = gradus_net_head(net, i);
        const struct gradus_head_result *of = &result->heads[i];
        if (head.name && of->classes) printf("\n%s\n", head.name);
        if (of->confusion) print_worst(&about->targets[head.target], of);
        print_classes(&about->targets[head.target], of);
    }
}

static void json_classes(gradus_json *json, const gradus_target *target, const struct gradus_head_result *result)
{
    char name[CLI_SHORT];
    gradus_json_open(json, "classes", '[');
    for (int64_t i = 0; i < result->classes; i++) {
        gradus_json_open(json, NULL, '{');
        gradus_json_text(json, "name", class_name(target, i, name));
        gradus_json_number(json, "examples", (double)result->of_class[i].examples);
        gradus_json_number(json, "precision", result->of_class[i].precision);
        gradus_json_number(json, "recall", result->of_class[i].recall);
        gradus_json_number(json, "f1", result->of_class[i].f1);
        gradus_json_close(json, '}');
    }
    gradus_json_close(json, ']');
}

static void json_confusion(gradus_json *json, const struct gradus_head_result *result)
{
    gradus_json_open(json, "confusion", '[');
    for (int64_t row = 0; result->confusion && row < result->classes; row++) {
        gradus_json_open(json, NULL, '[');
        for (int64_t i = 0; i < result->classes; i++)
            gradus_json_number(json, NULL, (double)result->confusion[row * result->classes + i]);
        gradus_json_close(json, ']');
    }
    gradus_json_close(json, ']');
}

/* Of the one output; or of each, under "outputs". */
static void json_heads(gradus_json *json, const gradus_run *run, const gradus_run_result *result)
{
    const gradus_net *net = gradus_run_net(run);
    const bool several = gradus_net_head_count(net) > 1;
    if (several) gradus_json_open(json, "outputs", '{');
    for (int32_t i = 0; i < gradus_net_head_count(net); i++) {
        const gradus_head head = gradus_net_head(net, i);
        if (several) gradus_json_open(json, head.name, '{');
        json_confusion(json, &result->heads[i]);
        json_classes(json, &gradus_run_data(run)->targets[head.target], &result->heads[i]);
        if (several) gradus_json_close(json, '}');
    }
    if (several) gradus_json_close(json, '}');
}

static void print_json(const gradus_run *run, const gradus_run_result *result)
{
    gradus_json json = {.write = cli_write, .user = stdout, .indent = 2};
    const gradus_metric *metric;
    gradus_json_open(&json, NULL, '{');
    gradus_json_text(&json, "data", gradus_settings_text(gradus_run_settings(run), "data", GRADUS_PRINT_CANONICAL));
    gradus_json_number(&json, "examples", (double)result->examples);
    gradus_json_open(&json, "metrics", '{');
    gradus_json_number(&json, "loss", result->loss);
    for (int32_t i = 0; (metric = gradus_run_metric(run, i)); i++)
        gradus_json_number(&json, metric->name, result->metrics[i]);
    gradus_json_close(&json, '}');
    json_heads(&json, run, result);
    gradus_json_close(&json, '}');
    putchar('\n');
}

/* "At least" is "as good as": of a loss or an error, at most. */
static cli_exit judge(const cli_call *call, const gradus_run *run, const gradus_run_result *result,
                      const evaluate_goal *goal)
{
    double value = result->loss;
    bool rises = false, known = strcmp(goal->metric, "loss") == 0;
    char names[512] = "loss";
    const gradus_metric *metric;
    for (int32_t i = 0; (metric = gradus_run_metric(run, i)); i++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, ", %s", metric->name);
        if (strcmp(metric->name, goal->metric) != 0) continue;
        known = true, value = result->metrics[i], rises = metric->larger_is_better;
    }
    if (!known)
        return cli_fail(call, GRADUS_CODE_REFERENCE, "evaluate", "nothing here measures '%s'; there are %s",
                        goal->metric, names);
    if (rises ? value >= goal->value : value <= goal->value) return CLI_DONE;
    char is[CLI_SHORT], wanted[CLI_SHORT];
    gradus_number_print(goal->value, wanted);
    cli_fail(call, GRADUS_CODE_REFUSED, "evaluate", "%s is %s, %s %s", goal->metric, cli_measure(value, is),
             rises ? "below" : "above", wanted);
    return CLI_REFUSED;
}

static cli_exit evaluate(const cli_call *call, gradus_run *run, const evaluate_goal *goal)
{
    static const char *const names[] = {"training", "validation", "test"};
    const gradus_data_info *about = gradus_run_data(run);
    const char *wanted = cli_value(call, "part");
    int part = about->count[GRADUS_TEST]         ? GRADUS_TEST
               : about->count[GRADUS_VALIDATION] ? GRADUS_VALIDATION
                                                 : GRADUS_TRAINING;
    for (int i = 0; wanted && i < 3; i++)
        if (strcmp(wanted, names[i]) == 0) part = i;
    gradus_run_result result;
    gradus_report report;
    if (gradus_run_evaluate(run, (gradus_part)part, &result, &report)) return cli_report(call, &report);
    if (call->json)
        print_json(run, &result);
    else if (!call->quiet)
        print_text(run, names[part], &result);
    gradus_run_result_release(&result);
    return goal->given ? judge(call, run, &result, goal) : CLI_DONE;
}

static cli_exit run(cli_call *call)
{
    evaluate_goal goal = {.given = false};
    gradus_report report;
    gradus_run_config config = {.data_dir = call->data_dir, .threads = call->threads};
    if (!read_goal(call, &goal)) return CLI_MISUSE;
    gradus_run *opened = gradus_run_open(call->words[0], &config, &report);
    cli_exit status = opened ? evaluate(call, opened, &goal) : cli_report(call, &report);
    gradus_run_destroy(opened);
    return status;
}

static const cli_option options[] = {
    {"at-least", "METRIC=NUMBER",
     "exit with 3 when the model is not that good: accuracy=0.99; of a loss or "
     "an error: at most"},
    {"part", "training|validation|test",
     "which part of the data; without it the test part, else what was held "
     "back"},
    {0},
};

const cli_verb cli_verb_evaluate = {
    .name = "evaluate",
    .summary = "measure the model of a run on its test data",
    .usage = "RUN",
    .about = "Measures the best model of a run on the test part of its data: "
             "loss, accuracy with its 95 % interval and\n"
             "further measures, the commonest confusions, and how well each class is told.",
    .examples = "gradus evaluate runs/mnist\ngradus evaluate runs/mnist "
                "--at-least accuracy=0.97",
    .options = options,
    .operands = CLI_RUNS,
    .least = 1,
    .most = 1,
    .run = run,
};
