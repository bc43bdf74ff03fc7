/* Every rule and average on tensors of every type, with state of either kind: equal bits for every instruction set, number of
 * threads and resumed run, nothing touched outside the tensors, and the same training as in float32 as far as the types
 * allow. The tensors are of odd lengths and lie between pages that cannot be touched. */
#include "check.h"
#include "gradus/base.h"
#include "variants.h"

enum { TENSORS = 4, COUNT = 4099 + 33 + 3 * 85 + 1, UPDATES = 3 };
static const int64_t shapes[TENSORS][8] = {{4099}, {33}, {3, 85}, {1}};

typedef struct form { /* how the tensors are stored */
    const char *text;
    int32_t values_type, gradient_type, rounding;
    bool master; /* the caller's */
    const char *state;
} form;

static const form forms[] = {
    {"float32", GRADUS_FLOAT32, GRADUS_FLOAT32, 0, false, "float32"},
    {"8-bit state", GRADUS_FLOAT32, GRADUS_FLOAT32, 0, false, "8bit"},
    {"bfloat16 by chance", GRADUS_BFLOAT16, GRADUS_BFLOAT16, GRADUS_STOCHASTIC, false, "float32"},
    {"bfloat16 by chance, 8-bit state", GRADUS_BFLOAT16, GRADUS_BFLOAT16, GRADUS_STOCHASTIC, false, "8bit"},
    {"bfloat16 with a master", GRADUS_BFLOAT16, GRADUS_BFLOAT16, 0, true, "float32"},
    {"float16 with a master of ours", GRADUS_FLOAT16, GRADUS_FLOAT16, 0, false, "8bit"},
    {"float16 to the nearest, float32 gradients", GRADUS_FLOAT16, GRADUS_FLOAT32, GRADUS_NEAREST, false, "float32"},
    {"float32 with bfloat16 gradients", GRADUS_FLOAT32, GRADUS_BFLOAT16, 0, false, "8bit"},
};
enum { FORMS = sizeof forms / sizeof *forms };

typedef struct memory { /* between guarded pages, at their ends */
    check_guarded guarded[TENSORS][3];
    void *values[TENSORS], *gradient[TENSORS];
    float *master[TENSORS];
} memory;

typedef struct result {
    float values[COUNT], trained[COUNT],
        averaged[COUNT]; /* as stored; as `read` says: with the precision of a master */
    double norm;
} result;

static float start[COUNT], gradients[2 * UPDATES][COUNT];

/* Numbers that both 16-bit types have: 8 bits, not too small. */
static float coarse(double number)
{
    int exponent;
    const double share = frexp(number, &exponent);
    return exponent < -10 ? 0 : (float)ldexp(round(share * 256) / 256, exponent);
}

static int numbers(void **state)
{
    (void)state;
    for (int64_t i = 0; i < COUNT; i++) start[i] = coarse(gradus_random_normal(1, 0, (uint64_t)i));
    for (int u = 0; u < 2 * UPDATES; u++)
        for (int64_t i = 0; i < COUNT; i++)
            gradients[u][i] = coarse(start[i] + gradus_random_normal(2, (uint64_t)u, (uint64_t)i));
    return 0;
}

static int64_t size_of(int tensor)
{
    int64_t size = 1;
    for (int d = 0; shapes[tensor][d]; d++) size *= shapes[tensor][d];
    return size;
}

static void write_all(int32_t type, const float *from, int64_t count, void *to)
{
    static const gradus_dice nearest;
    for (int64_t i = 0; i < count; i++)
        gradus_write_numbers(GRADUS_ISA_SCALAR, type, from + i, 1, (char *)to + (size_t)i * gradus_size_of_type(type),
                             &nearest, 0);
}

static void read_all(int32_t type, const void *from, int64_t count, float *to)
{
    for (int64_t i = 0; i < count; i++) {
        float numbers_of_one[256];
        gradus_read_numbers(GRADUS_ISA_SCALAR, type, (const char *)from + (size_t)i * gradus_size_of_type(type), 1,
                            numbers_of_one);
        to[i] = numbers_of_one[0];
    }
}

static void take_memory(memory *all, const form *how)
{
    const float *from = start;
    for (int t = 0; t < TENSORS; t++) {
        const int64_t size = size_of(t);
        const size_t bytes[3] = {(size_t)size * gradus_size_of_type(how->values_type),
                                 (size_t)size * gradus_size_of_type(how->gradient_type), (size_t)size * sizeof(float)};
        for (int i = 0; i < 3; i++) all->guarded[t][i] = check_guard(bytes[i]);
        all->values[t] = all->guarded[t][0].end - bytes[0];
        all->gradient[t] = all->guarded[t][1].end - bytes[1];
        all->master[t] = how->master ? (float *)(void *)(all->guarded[t][2].end - bytes[2]) : NULL;
        write_all(how->values_type, from, size, all->values[t]);
        if (all->master[t]) memcpy(all->master[t], from, bytes[2]);
        from += size;
    }
}

static void give_back(memory *all)
{
    for (int t = 0; t < TENSORS; t++)
        for (int i = 0; i < 3; i++) check_unguard(&all->guarded[t][i]);
}

static gradus_optimizer *make(const variant *what, const form *how, gradus_context *context, const memory *all,
                              gradus_error *error)
{
    gradus_optimizer_config config = what->config;
    if (!config.gradient) config.gradient = "clip_value(3) > clip_norm(20)";
    config.state = how->state;
    config.context = context;
    config.seed = 5;
    gradus_optimizer *optimizer = gradus_optimizer_create(&config, error);
    for (int t = 0; t < TENSORS; t++) {
        char name[16];
        gradus_parameter parameter = {.name = name,
                                      .values = all->values[t],
                                      .gradient = all->gradient[t],
                                      .master = all->master[t],
                                      .values_type = how->values_type,
                                      .gradient_type = how->gradient_type,
                                      .rounding = how->rounding};
        snprintf(name, sizeof name, "t%d", t);
        memcpy(parameter.shape, shapes[t], sizeof parameter.shape);
        gradus_optimizer_add(optimizer, &parameter, error);
    }
    if (error->status) fail_msg("%s, %s: %s", what->text, how->text, error->message);
    return optimizer;
}

static void step(const variant *what, const form *how, gradus_optimizer *optimizer, const memory *all, int update)
{
    gradus_error error = {0};
    gradus_outcome outcome;
    int evaluations = 0;
    do {
        const float *from = gradients[2 * update + evaluations % 2];
        for (int t = 0; t < TENSORS; from += size_of(t++))
            write_all(how->gradient_type, from, size_of(t), all->gradient[t]);
        outcome =
            gradus_optimizer_step(optimizer,
                                  &(gradus_step){.rate = 0.01,
                                                 .loss = 1.0 / (1 + update),
                                                 .flags = GRADUS_ZERO_GRADIENTS | (update ? GRADUS_MEASURE_UPDATE : 0)},
                                  &error);
    } while (outcome == GRADUS_EVALUATE && ++evaluations < 50);
    if (outcome != GRADUS_APPLIED && outcome != GRADUS_CONVERGED)
        fail_msg("%s, %s: %s", what->text, how->text, error.status ? error.message : "not applied");
    for (int t = 0; t < TENSORS; t++) {
        float zeros[4099];
        read_all(how->gradient_type, all->gradient[t], size_of(t), zeros);
        for (int64_t i = 0; i < size_of(t); i++) assert_true(zeros[i] == 0);
    }
}

typedef struct saved {
    unsigned char *bytes;
    size_t size;
} saved;

static int write_saved(void *user, const void *bytes, size_t size)
{
    saved *into = user;
    into->bytes = realloc(into->bytes, into->size + size);
    memcpy(into->bytes + into->size, bytes, size);
    into->size += size;
    return 0;
}

/* Into a fresh one; of what the caller's memory holds, values (and a master of the caller's) stay with `content` STATE. */
static gradus_optimizer *resume(const variant *what, const form *how, gradus_context *context, memory *all,
                                gradus_optimizer *optimizer, gradus_content content)
{
    gradus_error error = {0};
    saved record = {0};
    gradus_optimizer_save(optimizer, content, write_saved, &record, &error);
    gradus_optimizer_destroy(optimizer);
    for (int t = 0; t < TENSORS && content == GRADUS_STATE_AND_VALUES; t++) {
        memset(all->values[t], 0, (size_t)size_of(t) * gradus_size_of_type(how->values_type));
        if (all->master[t]) memset(all->master[t], 0, (size_t)size_of(t) * sizeof(float));
    }
    optimizer = make(what, how, context, all, &error);
    gradus_optimizer_load(optimizer, record.bytes, record.size, NULL, &error);
    if (error.status) fail_msg("%s, %s: %s", what->text, how->text, error.message);
    free(record.bytes);
    return optimizer;
}

static void look(const form *how, const gradus_optimizer *optimizer, const memory *all, result *into)
{
    for (int64_t t = 0, at = 0; t < TENSORS; at += size_of((int)t++)) {
        read_all(how->values_type, all->values[t], size_of((int)t), into->values + at);
        gradus_optimizer_read(optimizer, (int32_t)t, GRADUS_TRAINED, into->trained + at, NULL);
        if (gradus_optimizer_read(optimizer, (int32_t)t, GRADUS_AVERAGED, into->averaged + at, NULL) != GRADUS_OK)
            memset(into->averaged + at, 0, (size_t)size_of((int)t) * sizeof(float));
    }
}

/* What is shown is what is read, as far as the type goes, and going back is exact. */
static void check_views(const variant *what, const form *how, gradus_optimizer *optimizer, const memory *all,
                        const result *of)
{
    static result shown;
    float rounded[COUNT];
    if (gradus_optimizer_show(optimizer, GRADUS_AVERAGED, NULL) != GRADUS_OK) return;
    look(how, optimizer, all, &shown);
    write_all(how->values_type, of->averaged, COUNT, rounded);
    float again[COUNT];
    read_all(how->values_type, rounded, COUNT, again);
    if (memcmp(shown.values, again, sizeof again) != 0) fail_msg("%s, %s: not what is read", what->text, how->text);
    assert_memory_equal(shown.trained, of->trained, sizeof of->trained);
    gradus_optimizer_show(optimizer, GRADUS_TRAINED, NULL);
    look(how, optimizer, all, &shown);
    assert_memory_equal(shown.values, of->values, sizeof of->values);
    assert_memory_equal(shown.trained, of->trained, sizeof of->trained);
}

typedef struct course {
    gradus_context *context;
    int resume_at; /* before this update; 0: never */
    gradus_content content;
} course;

static void train(const variant *what, const form *how, const course *on, result *into)
{
    gradus_error error = {0};
    memory all = {0};
    gradus_measures measures;
    take_memory(&all, how);
    gradus_optimizer *optimizer = make(what, how, on->context, &all, &error);
    for (int update = 0; update < UPDATES; update++) {
        if (on->resume_at && on->resume_at == update)
            optimizer = resume(what, how, on->context, &all, optimizer, on->content);
        step(what, how, optimizer, &all, update);
    }
    gradus_optimizer_measures(optimizer, &measures);
    into->norm = measures.update_norm;
    look(how, optimizer, &all, into);
    if (!on->context) check_views(what, how, optimizer, &all, into);
    gradus_optimizer_destroy(optimizer);
    give_back(&all);
}

/* How far the two ended from one another, in shares of the way that the first has come. */
static double apart(const result *a, const result *b)
{
    double way = 0, between = 0;
    for (int i = 0; i < COUNT; i++) {
        way += ((double)a->trained[i] - start[i]) * ((double)a->trained[i] - start[i]);
        between += ((double)a->trained[i] - b->trained[i]) * ((double)a->trained[i] - b->trained[i]);
    }
    return sqrt(between / way);
}

/* A 16-bit number is half a step or a whole one off, which is as much as the rule may have wanted to go; a byte of state is
 * an eighth off at most, by chance. */
static void same_training(const variant *what, const form *how, const result *exact, const result *got)
{
    const bool sixteen = how->values_type != GRADUS_FLOAT32 && how->rounding;
    const double off = apart(exact, got), most = !strcmp(how->state, "8bit") ? 0.25 : 1e-6;
    for (int i = 0; i < COUNT; i++)
        if (!isfinite(got->trained[i])) fail_msg("%s, %s: value %d is not finite", what->text, how->text, i);
    if (sixteen) return;
    if (off > most) fail_msg("%s, %s: %g of its way off", what->text, how->text, off);
    for (int i = 0; i < COUNT && how->values_type != GRADUS_FLOAT32; i++) {
        uint16_t stored;
        float again[256];
        write_all(how->values_type, &got->trained[i], 1, &stored);
        read_all(how->values_type, &stored, 1, again);
        if (again[0] != got->values[i]) fail_msg("%s, %s: no rounded master at %d", what->text, how->text, i);
    }
}

static result exact, scalar, other;

static void same_bits(const variant *what, const form *how, const char *why)
{
    if (memcmp(&scalar, &other, sizeof scalar) != 0) fail_msg("%s, %s: other bits %s", what->text, how->text, why);
}

static void every_form(void **state)
{
    (void)state;
    const int best = gradus_isa_of(NULL, NULL);
    gradus_error error = {0};
    gradus_context *contexts[GRADUS_ISA_NEON + 1] = {0};
    for (int isa = GRADUS_ISA_SCALAR; isa <= best; isa++)
        contexts[isa] = gradus_context_create(
            &(gradus_context_config){.isa = isa, .threads = isa == GRADUS_ISA_SCALAR ? 1 : 2}, &error);
    variant v = {0};
    int cases = 0;
    EACH_VARIANT(v)
    {
        for (int f = 0; f < FORMS; f++) {
            if (!v.plain && f != 3) continue;
            train(&v, &forms[f], &(course){.context = contexts[GRADUS_ISA_SCALAR]}, &scalar);
            if (f == 0) exact = scalar;
            if (v.plain) same_training(&v, &forms[f], &exact, &scalar);
            for (int isa = GRADUS_ISA_SCALAR + 1; isa <= best; isa++, cases++) {
                train(&v, &forms[f], &(course){.context = contexts[isa]}, &other);
                same_bits(&v, &forms[f], "with another instruction set");
            }
        }
    }
    for (int isa = GRADUS_ISA_SCALAR; isa <= best; isa++) gradus_context_destroy(contexts[isa]);
    print_message("%d cases\n", cases);
}

/* Gradients are read as they are stored: with a master it is as if they were float32. */
static void transforms(void **state)
{
    (void)state;
    for (const gradus_member *const *member = gradus_gradient_family.members; *member; member++) {
        char text[VARIANT_TEXT];
        gradus_error error = {0};
        snprintf(text, sizeof text, "%s", (*member)->example ? (*member)->example : (*member)->name);
        gradus_optimizer *made =
            gradus_optimizer_create(&(gradus_optimizer_config){.rule = "sgd", .gradient = text}, &error);
        gradus_optimizer_destroy(made);
        if (!made) snprintf(text, sizeof text, "%s(0.5)", (*member)->name);
        const variant v = {.config = {.rule = "sgd(momentum=0.9)", .gradient = text}, .text = "sgd"};
        train(&v, &forms[0], &(course){0}, &exact);
        for (int f = 1; f < FORMS; f++) {
            train(&v, &forms[f], &(course){0}, &other);
            if (!forms[f].rounding && apart(&exact, &other) > (strcmp(forms[f].state, "8bit") ? 1e-6 : 0.25))
                fail_msg("%s, %s: %g of its way off", text, forms[f].text, apart(&exact, &other));
        }
    }
}

static void resumed(void **state)
{
    (void)state;
    variant v = {0};
    EACH_VARIANT(v)
    {
        for (int f = 1; f < FORMS && v.plain; f++) {
            train(&v, &forms[f], &(course){0}, &scalar);
            for (int content = 0; content < 2; content++) {
                train(&v, &forms[f], &(course){.resume_at = 2, .content = (gradus_content)content}, &other);
                same_bits(&v, &forms[f], "after it was saved and loaded");
            }
        }
    }
}

/* ---- rules that take bytes as they are do what they do when these are read and written for them ---- */

enum { CODED = 2 * 4096 + 256 + 64 + 39 };
typedef struct coded_side {
    gradus_optimizer *optimizer;
    float values[CODED];
    uint16_t narrow[CODED];
} coded_side;
static coded_side sides[2];
static float coded_gradient[CODED];

static void make_side(coded_side *of, const char *rule, gradus_context *context, bool sixteen, gradus_error *error)
{
    const gradus_optimizer_config config = {.rule = rule, .context = context, .state = "8bit"};
    of->optimizer = gradus_optimizer_create(&config, error);
    for (int i = 0; i < CODED; i++) of->values[i] = (float)i / CODED;
    write_all(GRADUS_BFLOAT16, of->values, CODED, of->narrow);
    if (!of->optimizer) return;
    gradus_optimizer_add(of->optimizer,
                         &(gradus_parameter){.name = "w",
                                             .shape = {CODED},
                                             .values = sixteen ? (void *)of->narrow : of->values,
                                             .values_type = sixteen ? GRADUS_BFLOAT16 : GRADUS_FLOAT32,
                                             .rounding = sixteen ? GRADUS_STOCHASTIC : 0,
                                             .gradient = coded_gradient},
                         error);
}

/* A block of zeros throughout, in the end one with an infinity. */
static void same_steps(void)
{
    enum { STEPS = 5 };
    gradus_error error = {0};
    for (int step = 0; step < STEPS; step++) {
        for (int i = 0; i < CODED; i++)
            coded_gradient[i] = i / 256 == 3 ? 0 : (float)gradus_random_normal(9, (uint64_t)step, (uint64_t)i);
        if (step == STEPS - 1) coded_gradient[600] = INFINITY;
        for (int s = 0; s < 2; s++) gradus_optimizer_step(sides[s].optimizer, &(gradus_step){.rate = 0.01}, &error);
        assert_int_equal(error.status, 0);
        assert_memory_equal(sides[0].values, sides[1].values, sizeof sides[0].values);
        assert_memory_equal(sides[0].narrow, sides[1].narrow, sizeof sides[0].narrow);
    }
}

/* How many of these settings the rule has. */
static int as_if_converted(const gradus_rule_row *row, const gradus_rule_row *converted, int isa)
{
    static const char *const settings[] = {"",
                                           "(weight_decay=0.1)",
                                           "(amsgrad=true)",
                                           "(momentum=0.9)",
                                           "(beta1=0)",
                                           "(centered=true)",
                                           "(centered=true, momentum=0.9)"};
    int has = 0;
    for (size_t c = 0; c < 2 * sizeof settings / sizeof *settings; c++) {
        gradus_error error = {0};
        gradus_context *context = gradus_context_create(&(gradus_context_config){.isa = isa, .threads = 2}, &error);
        gradus_context_add_rule(context, converted, &error);
        for (int s = 0; s < 2; s++) {
            char rule[80];
            snprintf(rule, sizeof rule, "%s%s", s ? converted->member.name : row->member.name, settings[c / 2]);
            make_side(&sides[s], rule, context, c % 2, &error);
        }
        if (!error.status) has++, same_steps();
        for (int s = 0; s < 2; s++) gradus_optimizer_destroy(sides[s].optimizer);
        gradus_context_destroy(context);
    }
    return has;
}

static void bytes_as_they_are(void **state)
{
    (void)state;
    for (int isa = GRADUS_ISA_SCALAR; isa <= gradus_isa_of(NULL, NULL); isa++) {
        for (int r = 0; gradus_optimizer_family.members[r]; r++) {
            const gradus_rule_row *row = (const gradus_rule_row *)gradus_optimizer_family.members[r];
            gradus_rule_row converted = *row;
            bool any = false;
            for (int p = 0; p < GRADUS_PASSES; p++)
                any = any || row->pass[p].reads_bytes, converted.pass[p].reads_bytes = false;
            converted.member.name = "converted";
            converted.member.also = NULL;
            if (any) assert_true(as_if_converted(row, &converted, isa) >= 2);
        }
    }
}

/* ---- values by chance: on the mean they go where float32 goes, and where a tensor is cut does not matter ---- */

static void by_chance(void **state)
{
    (void)state;
    enum { MANY = 20000, STEPS = 64 };
    static uint16_t values[2][MANY];
    static float gradient[MANY], read[MANY];
    gradus_error error = {0};
    for (int cut = 0; cut < 2; cut++) {
        gradus_optimizer *optimizer =
            gradus_optimizer_create(&(gradus_optimizer_config){.rule = "sgd", .seed = 3}, &error);
        for (int i = 0; i < MANY; i++) values[cut][i] = 0x3f80, gradient[i] = 1; /* 1, a bfloat16 */
        for (int t = 0; t < 1 + cut; t++) {
            const int64_t at = t ? 7001 : 0, size = !cut ? MANY : t ? MANY - 7001 : 7001;
            gradus_optimizer_add(optimizer,
                                 &(gradus_parameter){.name = t ? "b" : "a",
                                                     .shape = {size},
                                                     .values = values[cut] + at,
                                                     .gradient = gradient + at,
                                                     .values_type = GRADUS_BFLOAT16,
                                                     .rounding = GRADUS_STOCHASTIC},
                                 &error);
        }
        for (int i = 0; i < STEPS; i++) gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1e-4}, &error);
        assert_int_equal(error.status, 0);
        gradus_optimizer_destroy(optimizer);
    }
    assert_memory_equal(values[0], values[1], sizeof values[0]);
    double mean = 0;
    read_all(GRADUS_BFLOAT16, values[0], MANY, read);
    for (int i = 0; i < MANY; i++) mean += read[i];
    check_close(mean / MANY, 1 - STEPS * 1e-4, 0, 2e-4); /* to the nearest it would have stayed 1 */
}

/* ---- records of another type ---- */

static void count_types(void *user, const gradus_difference *difference)
{
    *(int *)user += difference->kind == GRADUS_OTHER_TYPE;
}

static void other_types(void **state)
{
    (void)state;
    enum { MANY = 5000 };
    static float values[MANY], gradient[MANY];
    for (int from = 0; from < 2; from++) {
        gradus_error error = {0};
        gradus_optimizer *optimizer[2];
        saved record = {0};
        int told = 0;
        for (int i = 0; i < MANY; i++) gradient[i] = (float)gradus_random_normal(7, 0, (uint64_t)i);
        for (int side = 0; side < 2; side++) {
            optimizer[side] = gradus_optimizer_create(
                &(gradus_optimizer_config){.rule = "adamw", .state = side ? "8bit" : NULL}, &error);
            gradus_optimizer_add(
                optimizer[side],
                &(gradus_parameter){.name = "w", .shape = {MANY}, .values = values, .gradient = gradient}, &error);
        }
        gradus_optimizer_step(optimizer[from], &(gradus_step){.rate = 0.1}, &error);
        gradus_optimizer_save(optimizer[from], GRADUS_STATE, write_saved, &record, &error);
        assert_int_equal(error.status, 0);
        assert_int_equal(gradus_optimizer_load(optimizer[!from], record.bytes, record.size, NULL, &error),
                         GRADUS_ERROR_STATE);
        assert_non_null(strstr(error.message, "another type"));
        error = (gradus_error){0};
        gradus_optimizer_load(
            optimizer[!from], record.bytes, record.size,
            &(gradus_load){.accept = 1 << GRADUS_OTHER_TYPE, .difference = count_types, .user = &told}, &error);
        assert_int_equal(error.status, 0);
        assert_int_equal(told, 2);
        gradus_tensor *a = &optimizer[0]->tensors[0], *b = &optimizer[1]->tensors[0];
        for (int i = 0; i < MANY; i += 256) {
            float coded[256];
            gradus_load_state(optimizer[1], b, 0, i, MANY - i < 256 ? MANY - i : 256, coded);
            for (int j = 0; j < 256 && i + j < MANY; j++) check_close(coded[j], a->state[0][i + j], 0.0625, 0);
        }
        free(record.bytes);
        for (int side = 0; side < 2; side++) gradus_optimizer_destroy(optimizer[side]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_form),        cmocka_unit_test(transforms),
                                       cmocka_unit_test(bytes_as_they_are), cmocka_unit_test(resumed),
                                       cmocka_unit_test(by_chance),         cmocka_unit_test(other_types)};
    return cmocka_run_group_tests(tests, numbers, NULL);
}
