/* Runs with one fault each, which gradus check names with its layer and a remedy that a run takes; and healthy ones, of which it says
 * nothing. */
#include <math.h>
#include "training.h"

/* ---- tables that are made on the spot ---- */

enum { ROWS = 1000 };

static double uniform(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) / 16777216.0;
}

static double normal(uint32_t *seed)
{
    const double radius = sqrt(-2 * log(1 - uniform(seed)));
    return radius * cos(6.283185307179586 * uniform(seed));
}

static double between(double from, double to, uint32_t *seed) { return from + (to - from) * uniform(seed); }

/* Words drawn from a dozen, which a net of sequences learns to spell. */
static void write_words(void)
{
    static const char *const words[] = {"the", "cat", "sat",   "on", "a",     "mat",
                                        "and", "dog", "house", "it", "where", "warm"};
    char path[256];
    uint32_t seed = 5;
    FILE *file = fopen(training_path("words", "", path), "w");
    assert_non_null(file);
    for (int i = 0; i < 4 * ROWS; i++) fprintf(file, "%s ", words[(int)between(0, 12, &seed)]);
    fclose(file);
}

static void write_tables(void)
{
    static const char *const names[] = {"rings", "plane", "noisy", "rare", "apart", "large", "both", "rare_both"};
    static const char *const heads[] = {"x,y,class",        "x,y,z",       "x,y,z",      "x,y,class", "x,y,class",
                                        "rooms,area,price", "x,y,z,class", "x,y,z,class"};
    uint32_t seed = 1;
    for (int table = 0; table < 8; table++) {
        char path[256];
        FILE *file = fopen(training_path(names[table], "", path), "w");
        assert_non_null(file);
        fprintf(file, "%s\n", heads[table]);
        for (int i = 0; i < ROWS; i++) {
            const double x = normal(&seed), y = normal(&seed), noise = normal(&seed);
            const double radius = 1 + i % 2 + 0.1 * noise, angle = between(0, 6.283, &seed);
            const int rare = i % 20 == 0;
            const double rooms = floor(between(1, 9, &seed)), area = 3000 * rooms + 500 * x;
            if (table == 0)
                fprintf(file, "%g,%g,%s\n", radius * cos(angle), radius * sin(angle), i % 2 ? "outer" : "inner");
            else if (table < 3)
                fprintf(file, "%g,%g,%g\n", x, y, 20 * x - 10 * y + (table == 1 ? 3 : 40) * noise);
            else if (table < 5)
                fprintf(file, "%g,%g,%s\n", x + rare * (table == 3 ? 1 : 5), y + rare * (table == 3 ? 0.5 : 5),
                        rare ? "rare" : "usual");
            else if (table == 6)
                fprintf(file, "%g,%g,%g,%s\n", radius * cos(angle), radius * sin(angle),
                        radius * cos(angle - 1) + 0.1 * y, i % 2 ? "outer" : "inner");
            else if (table == 7)
                fprintf(file, "%g,%g,%g,%s\n", x + rare, y + rare * 0.5, 20 * x - 10 * y + 3 * noise,
                        rare ? "rare" : "usual");
            else
                fprintf(file, "%g,%g,%g\n", rooms, area, 100 * rooms + 0.02 * area + 5 * noise);
        }
        fclose(file);
    }
}

/* ---- a run, looked at ---- */

enum { MOST = 12 };

typedef struct looked {
    gradus_finding finding[MOST];
    int32_t count;
    char note[256];
} looked;

static void on_found(void *user, const gradus_finding *finding)
{
    looked *at = user;
    assert_true(at->count < MOST);
    at->finding[at->count++] = *finding;
}

static void on_note(void *user, const char *text)
{
    snprintf(((looked *)user)->note, sizeof((looked *)user)->note, "%s", text);
}

static void look(const char *name, looked *at)
{
    char path[256];
    gradus_report report;
    *at = (looked){.count = 0};
    gradus_run_config config = {.threads = 1};
    gradus_run *run = gradus_run_open(training_path(name, "", path), &config, &report);
    if (!run) fail_msg("%s", report.error.message);
    if (gradus_run_check(run, on_found, on_note, at, &report)) fail_msg("%s", report.error.message);
    gradus_run_destroy(run);
}

typedef struct fault {
    const char *symptom, *where; /* where NULL: the run as a whole */
    const char *remedy;
    const char *settings[8]; /* "@plane" in `data`: the table of that name */
} fault;

/* Trains with the settings, and with those of a remedy, one a line, in place of theirs. */
static void train(const char *const *settings, const char *remedy, const char *name)
{
    enum { TEXTS = 16 };
    static char text[TEXTS][GRADUS_REMEDY_SIZE];
    const char *all[TEXTS + 1] = {0};
    int count = 0;
    for (; *remedy; remedy += strcspn(remedy, "\n"), remedy += *remedy == '\n')
        snprintf(text[count++], sizeof text[0], "%.*s", (int)strcspn(remedy, "\n"), remedy);
    const int remedies = count;
    for (; *settings; settings++) {
        const size_t key = strcspn(*settings, "=") + 1;
        bool replaced = false;
        for (int i = 0; i < remedies; i++) replaced = replaced || strncmp(text[i], *settings, key) == 0;
        const char *table = strchr(*settings, '@');
        const int before = table ? (int)(table - *settings) : 0;
        if (replaced) continue;
        if (table)
            snprintf(text[count++], sizeof text[0], "%.*s%s/%s", before, *settings, training_out, table + 1);
        else
            snprintf(text[count++], sizeof text[0], "%s", *settings);
    }
    snprintf(text[count++], sizeof text[0], "name=%s", name);
    assert_true(count < TEXTS);
    for (int i = 0; i < count; i++) all[i] = text[i];
    training run = {.settings = all, .threads = 1};
    if (training_go(&run)) fail_msg("%s: %s %s", name, run.report.where, run.report.error.message);
}

#define DIGITS            "data=glyphs(count=1200, test=100)"
#define WORDS             "data=text(@words, context=16)"
#define ATTENTION(output) "model=embedding(16) > position > residual(layernorm > attention(2, causal=true)) > " output

static const fault faults[] = {
    {"vanishing_gradient",
     "layer 1, dense(32)",
     "model=flatten > 6 * (dense(32) > relu) > dense(10)\ninit=he",
     {DIGITS, "model=flatten > 6 * (dense(32) > sigmoid) > dense(10)", "optimizer=sgd", "lr=0.1", "epochs=5"}},
    {"exploding_gradient",
     NULL,
     "init=pytorch",
     {DIGITS, "model=flatten > 4 * (dense(64) > relu) > dense(10)", "init=normal(0.5)", "lr=0.001", "epochs=4"}},
    {"dead_units",
     "layer 2, relu",
     "lr=0.03",
     {DIGITS, "model=flatten > dense(64) > relu > dense(64) > relu > dense(10)", "optimizer=adam", "lr=0.3",
      "epochs=4"}},
    {"saturated_layer",
     "layer 2, tanh",
     "init=xavier",
     {DIGITS, "model=flatten > dense(64) > tanh > dense(10)", "init=normal(5)", "lr=0.001", "epochs=4"}},
    {"saturated_layer",
     "layer 1, lstm(32)",
     "init=xavier",
     {WORDS, "model=embedding(16) > lstm(32) > dense(16)", "init=normal(5)", "lr=0.001", "epochs=3"}},
    {"saturated_layer",
     "layer 1, gru(32)",
     "init=xavier",
     {WORDS, "model=embedding(16) > gru(32) > dense(16)", "init=normal(5)", "lr=0.001", "epochs=3"}},
    {"saturated_layer",
     "layer 1, rnn(32)",
     "init=xavier",
     {WORDS, "model=embedding(16) > rnn(32) > dense(16)", "init=normal(5)", "lr=0.001", "epochs=3"}},
    {"collapsed_attention",
     "layer 2.body.1, attention(2, causal)",
     "init=pytorch",
     {WORDS, ATTENTION("dense(16)"), "init=normal(2)", "lr=0.001", "epochs=3"}},
    {"over_fitting",
     NULL,
     "augment=pad(2) > crop(28)",
     {"data=glyphs(count=250, test=50)", "validation=100", "model=flatten > dense(256) > relu > dense(10)", "lr=0.001",
      "epochs=40"}},
    {"under_fitting", NULL, "model=mlp([256, 128])", {"data=csv(@rings)", "model=dense(2)", "lr=0.01", "epochs=15"}},
    {"rate_too_low", NULL, "lr=auto", {DIGITS, "model=flatten > dense(64) > relu > dense(10)", "lr=1e-6", "epochs=4"}},
    {"rate_at_edge",
     NULL,
     "lr=0.7",
     {DIGITS, "model=flatten > dense(64) > tanh > dense(10)", "optimizer=sgd(momentum=0.9)", "lr=2", "epochs=4"}},
    {"rate_at_edge",
     NULL,
     "lr=0.3",
     {"data=csv(@plane)", "model=dense(1)", "optimizer=sgd", "lr=1", "feedback=none", "epochs=8"}},
    {"noise_dominated",
     NULL,
     "schedule=hold > decay(30%)",
     {"data=csv(@noisy)", "model=dense(16) > relu > dense(1)", "optimizer=sgd", "lr=0.03", "schedule=constant",
      "batch=2", "epochs=5"}},
    {"flapping_rate",
     NULL,
     "feedback=guard",
     {DIGITS, "model=flatten > dense(64) > relu > dense(10)", "lr=0.003", "epochs=4",
      "feedback=greedy(loss, patience=1, factor=0.5, settle=1, smooth, window=2)"}},
    {"class_imbalance",
     NULL,
     "loss=cross_entropy(class_weights=balanced)",
     {"data=csv(@rare)", "model=dense(16) > relu > dense(2)", "lr=0.003", "epochs=20"}},
    {"class_imbalance",
     NULL,
     "loss=focal(alpha=balanced)",
     {"data=csv(@rare)", "model=dense(16) > relu > dense(1)", "loss=binary_cross_entropy", "lr=0.02", "epochs=10"}},
    {"under_fitting",
     NULL,
     "model=dense(256) > relu > dense(128) > relu > outputs(z=dense(1), class=dense(2))",
     {"data=csv(@both, target=[z, class])", "model=dense(2) > outputs(z=dense(1), class=dense(2))", "lr=0.01",
      "epochs=15"}},
    {"under_fitting",
     NULL,
     "model=dense(256) > relu > dense(128) > relu > outputs(z=dense(1), class=dense(1))",
     {"data=csv(@both, target=[z, class])", "model=dense(2) > outputs(z=dense(1), class=dense(1))",
      "loss=sum(huber(output=z), binary_cross_entropy(output=class, weight=0.5), balance=uncertainty)", "lr=0.01",
      "epochs=15"}},
    {"class_imbalance",
     NULL,
     "loss=sum(cross_entropy(output=class, class_weights=balanced))",
     {"data=csv(@rare_both, target=[z, class])", "model=dense(16) > relu > outputs(z=dense(1), class=dense(2))",
      "lr=0.003", "epochs=20"}},
    {"class_imbalance",
     NULL,
     "loss=sum(huber(output=z), cross_entropy(output=class, class_weights=balanced, weight=2))",
     {"data=csv(@rare_both, target=[z, class])", "model=dense(16) > relu > outputs(z=dense(1), class=dense(2))",
      "loss=sum(huber(output=z), cross_entropy(output=class, weight=2))", "lr=0.003", "epochs=20"}},
    {"unscaled_inputs",
     NULL,
     "data.scale=standard",
     {"data=csv(@large, scale=none)", "model=dense(16) > relu > dense(1)", "lr=0.003", "epochs=10"}},
};
enum { FAULTS = sizeof faults / sizeof *faults };

static const gradus_finding *found(const looked *at, const char *symptom)
{
    for (int32_t i = 0; i < at->count; i++)
        if (strcmp(at->finding[i].symptom->name, symptom) == 0) return &at->finding[i];
    return NULL;
}

/* Each is named, with its layer and a remedy; the remedy is one that a run takes, and that cures. */
static void test_faults(void **state)
{
    (void)state;
    static looked at;
    write_tables();
    write_words();
    for (int i = 0; i < FAULTS; i++) {
        const fault *one = &faults[i];
        char name[32], cured[32];
        snprintf(name, sizeof name, "fault-%d", i);
        snprintf(cured, sizeof cured, "cured-%d", i);
        train(one->settings, "", name);
        look(name, &at);
        const gradus_finding *finding = found(&at, one->symptom);
        if (!finding)
            fail_msg("%s is not found, but %s", one->symptom, at.count ? at.finding->symptom->name : "nothing");
        assert_string_equal(finding->where, one->where ? one->where : "");
        assert_true(one->where ? finding->layer >= 0 : finding->layer == -1);
        assert_string_equal(finding->remedy, one->remedy);
        assert_true(*finding->text && finding->count > 0);
        const bool several = strstr(one->settings[0], "both") != NULL;
        assert_true(!several || strstr(finding->text, "'class'") || strstr(finding->text, " of class "));
        train(one->settings, one->remedy, cured);
        look(cured, &at);
        if (found(&at, one->symptom)) fail_msg("%s is not cured: %s", one->symptom, found(&at, one->symptom)->text);
    }
}

/* ---- nothing to be found ---- */

#define MORE_DIGITS "data=glyphs(count=3000, test=100)"

static const char *const healthy[][9] = {
    {MORE_DIGITS, "model=flatten > dense(64) > relu > dense(10)", "lr=0.003", "epochs=5"},
    {MORE_DIGITS, "model=conv(8, 5) > relu > maxpool(4) > flatten > dense(10)", "lr=0.005", "epochs=3"},
    {MORE_DIGITS, "model=flatten > dense(64) > relu > dense(10)", "optimizer=sgd(momentum=0.9)", "lr=0.03", "epochs=5"},
    {MORE_DIGITS, "model=flatten > dense(64) > sigmoid > dense(10)", "lr=0.01", "epochs=5"},
    {MORE_DIGITS, "model=flatten > dense(64) > relu > dense(10)", "optimizer=adam", "lr=0.003", "schedule=constant",
     "epochs=5"},
    {MORE_DIGITS, "model=flatten > 2 * (dense(32) > batchnorm > relu) > dense(10)", "lr=0.003", "epochs=5"},
    {MORE_DIGITS, "model=flatten > dense(32) > residual(dense(32) > layernorm > gelu > dense(32)) > relu > dense(10)",
     "lr=0.003", "epochs=4"},
    {"data=glyphs(count=600, test=100)", "targets=inputs", "model=flatten > dense(32) > dense(784) > sigmoid",
     "lr=0.003", "epochs=10"},
    {"data=csv(@rings)", "model=2 * (dense(16) > tanh) > dense(2)", "lr=0.01", "epochs=20"},
    {"data=csv(@rings)", "model=dense(8) > tanh > dense(1)", "loss=binary_cross_entropy", "optimizer=lbfgs", "lr=1",
     "schedule=constant", "batch=all", "epochs=60"},
    {"data=csv(@rings)", "model=dense(16) > relu > dense(2)", "loss=hinge", "lr=0.01", "epochs=20"},
    {"data=csv(@rings)", "model=dense(16) > relu > dense(2)", "loss=cross_entropy(reduction=sum)", "lr=0.01",
     "epochs=20"},
    {"data=csv(@plane)", "model=dense(16) > relu > dense(1)", "lr=0.01", "epochs=20"},
    {"data=csv(@plane)", "model=dense(16) > relu > dense(1)", "loss=mean_squared(reduction=sum)", "lr=0.01",
     "epochs=20"},
    {"data=csv(@plane)", "model=dense(1)", "optimizer=sgd", "lr=0.05", "schedule=constant", "epochs=10"},
    {"data=csv(@apart)", "model=dense(16) > relu > dense(2)", "lr=0.01", "epochs=15"},
    {"data=csv(@both, target=[z, class])",
     "model=dense(16) > tanh > dense(16) > tanh > outputs(z=dense(1), class=dense(2))", "lr=0.01", "epochs=20"},
    {"data=csv(@both, target=[z, class])",
     "model=dense(16) > tanh > dense(16) > tanh > outputs(z=dense(1), class=dense(2))",
     "loss=sum(huber(output=z), focal(output=class, weight=3), balance=gradnorm)", "lr=0.01", "epochs=20"},
    {WORDS, "model=embedding(16) > lstm(32) > dense(16)", "lr=0.003", "epochs=6"},
    {WORDS, "model=embedding(16) > gru(32, layers=2) > dense(16)", "lr=0.003", "epochs=6"},
    {WORDS, "model=embedding(16) > rnn(32) > dense(16)", "lr=0.003", "epochs=6"},
    {WORDS, ATTENTION("dense(16)"), "lr=0.003", "epochs=6"},
    {WORDS, "model=gpt(2, 4, 32)", "lr=0.003", "epochs=6"},
    {"data=low_rank(100, 100, 2, noise=0.3, count=5000)", "model=embedding(4) > flatten > dense(32) > gelu > dense(1)",
     "optimizer=adamw(weight_decay=0.3)", "lr=0.01", "epochs=20"},
};

static void test_healthy_runs(void **state)
{
    (void)state;
    static looked at;
    for (size_t i = 0; i < sizeof healthy / sizeof *healthy; i++) {
        char name[32];
        snprintf(name, sizeof name, "healthy-%zu", i);
        train(healthy[i], "", name);
        look(name, &at);
        if (at.count) fail_msg("%s, %s: %s", healthy[i][0], healthy[i][1], at.finding->symptom->name);
        assert_string_equal(at.note, "");
    }
}

/* ---- what is not there ---- */

static int index_of(const char *symptom)
{
    int index = 0;
    while (strcmp(faults[index].symptom, symptom) != 0) index++;
    return index;
}

/* Without the data the course of the run is still judged; an older run may lack measures.csv, and says less. */
static void test_without_files(void **state)
{
    (void)state;
    static looked at;
    char path[256];
    const int flapping = index_of("flapping_rate"), noisy = index_of("noise_dominated");
    assert_int_equal(remove(training_path("noisy", "", path)), 0);
    snprintf(path, sizeof path, "fault-%d", noisy);
    look(path, &at);
    assert_int_equal(at.count, 0); /* its noise cannot be told without examples */
    assert_non_null(strstr(at.note, "only the run's folder is looked at"));
    char name[32];
    snprintf(name, sizeof name, "fault-%d", flapping);
    assert_int_equal(remove(training_path(name, "measures.csv", path)), 0);
    look(name, &at);
    assert_non_null(found(&at, "flapping_rate"));
    assert_int_equal(remove(training_path(name, "decisions.jsonl", path)), 0);
    assert_int_equal(remove(training_path(name, "metrics.csv", path)), 0);
    look(name, &at);
    assert_int_equal(at.count, 0);
}

/* Every row says what it is, from where on and why, and no name stands twice. */
static void test_symptoms(void **state)
{
    (void)state;
    const gradus_symptom *one, *other;
    for (int32_t i = 0; (one = gradus_symptom_at(i)); i++) {
        assert_true(*one->name && *one->summary && *one->threshold && *one->source);
        for (int32_t k = 0; k < i && (other = gradus_symptom_at(k)); k++)
            assert_string_not_equal(one->name, other->name);
        bool planted = false;
        for (int k = 0; k < FAULTS; k++) planted = planted || strcmp(faults[k].symptom, one->name) == 0;
        if (!planted) fail_msg("no run has %s", one->name);
    }
    assert_null(gradus_symptom_at(-1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_faults), cmocka_unit_test(test_healthy_runs),
                                       cmocka_unit_test(test_without_files), cmocka_unit_test(test_symptoms)};
    return cmocka_run_group_tests(tests, training_begin, training_end);
}
