/* Fuzzes the spec language: a text, with changes or without, through the tables of the core and through small ones that know every
 * kind of row. What binds is printed and bound again, and must be the same; what does not must say why and where.
 *
 *   schedule                    the family
 *   !warmup.length=10%          a change; none or several
 *   warmup(5%) > cosine         the text, up to the end */
#include <stdlib.h>
#include "base/language_generator.h"
#include "base/language_tables.h"

enum { CHANGES = 8 };

typedef struct input {
    char *family, *text;
    const char *changes[CHANGES + 1];
} input;

static void require(bool condition)
{
    if (!condition) abort();
}

/* Cuts the bytes, which end in 0, into lines; the text is all that is left. */
static void cut(char *bytes, input *in)
{
    int count = 0;
    in->family = bytes;
    in->text = bytes + strcspn(bytes, "\n");
    if (*in->text) *in->text++ = 0;
    while (*in->text == '!' && count < CHANGES) {
        in->changes[count++] = in->text + 1;
        in->text += strcspn(in->text, "\n");
        if (*in->text) *in->text++ = 0;
    }
    in->changes[count] = NULL;
}

static void check_error(const gradus_error *error, const input *in)
{
    require(error->status < 0 && error->message[0] && strlen(error->message) < sizeof error->message);
    if (error->line == 0) return; /* no such family, and the like */
    require(error->source >= 0 && error->source <= CHANGES);
    const char *source = error->source ? in->changes[error->source - 1] : in->text;
    require(error->offset >= 0 && error->length >= 0 &&
            (size_t)error->offset + (size_t)error->length <= strlen(source));
    require(error->column >= 1);
}

/* Bounds that a printed text may pass although what it was printed from does not: `search` becomes the range of its row. */
static bool is_too_much(const gradus_error *error)
{
    return error->code == GRADUS_CODE_TOO_LONG || error->code == GRADUS_CODE_TOO_DEEP;
}

static void check_printed(const gradus_spec *spec, gradus_spec_config config, gradus_print how)
{
    size_t size = gradus_spec_print(spec, how, NULL, 0) + 1;
    char *first = malloc(size), *second = malloc(size);
    gradus_error error = {0};
    require(first && second && gradus_spec_print(spec, how, first, size) == size - 1);
    config.changes = NULL;
    gradus_spec *again = gradus_spec_create(first, &config, &error);
    if (!again)
        require(is_too_much(&error));
    else {
        require(!gradus_spec_chain(spec) || chains_equal(gradus_spec_chain(spec), gradus_spec_chain(again)));
        require(gradus_spec_print(again, how, second, size) == size - 1 && strcmp(first, second) == 0);
    }
    gradus_spec_destroy(again);
    free(first);
    free(second);
}

static void run(const input *in, const gradus_language *language)
{
    gradus_error error = {0};
    gradus_spec_config config = {.family = in->family, .language = language, .changes = in->changes, .prefix = "key."};
    gradus_spec *spec = gradus_spec_create(in->text, &config, &error);
    if (!spec) {
        check_error(&error, in);
        return;
    }
    require(error.status == 0);
    for (int32_t i = 0; i < gradus_spec_open_count(spec); i++) require(gradus_spec_open_path(spec, i, NULL) != NULL);
    check_printed(spec, config, GRADUS_PRINT_CANONICAL);
    check_printed(spec, config, GRADUS_PRINT_FULL);
    gradus_spec_destroy(spec);
}

/* The same in a place of fixed size, which may be too small. */
static void run_fixed(const input *in, const gradus_language *language)
{
    static _Alignas(64) unsigned char place[16384];
    gradus_arena arena;
    gradus_error error = {0};
    gradus_arena_over(&arena, place, sizeof place);
    gradus_spec_config config = {.family = in->family, .language = language, .changes = in->changes};
    if (!gradus_spec_bind(in->text, &config, &arena, &error)) check_error(&error, in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const gradus_family *const core[] = {&gradus_schedule_family,
                                                &gradus_feedback_family,
                                                &gradus_optimizer_family,
                                                &gradus_gradient_family,
                                                &gradus_group_family,
                                                &gradus_average_family,
                                                NULL};
    const gradus_language core_language = {.families = core};
    char *bytes = malloc(size + 1);
    input in;
    require(bytes != NULL);
    if (size) memcpy(bytes, data, size);
    bytes[size] = 0;
    cut(bytes, &in);
    run(&in, &core_language);
    run(&in, &small_language);
    run_fixed(&in, &small_language);
    free(bytes);
    return 0;
}
