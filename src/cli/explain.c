/* A member on the screen: what it does, how it is written, its formula, its parameters, its names elsewhere.
 * Everything comes from the member's row. */
#include <string.h>
#include "cli.h"

/* Columns that a row may fill; what is wider stands on a line of its own, so that one long row does not narrow all. */
enum { NAME_WIDTH = 24, TYPE_WIDTH = 20, INITIAL_WIDTH = 8, FORMULA_COLUMN = 35 };

typedef struct table {
    int32_t name, type, initial, width;
} table;

static int32_t wider(int32_t a, size_t b, int32_t most)
{
    return (int32_t)b <= a ? a : (int32_t)b > most ? most : (int32_t)b;
}

/* What stands in the column of defaults: "[10%]", "[rest]" where the help says what absence means. */
static void initial_text(const gradus_argument *row, char text[80])
{
    text[0] = 0;
    if (row->initial) snprintf(text, 80, "[%.70s]", row->initial);
}

static void measure(const gradus_argument *rows, const gradus_family *family, table *columns)
{
    char text[512];
    for (; rows && rows->name; rows++) {
        if (rows->flags & GRADUS_FOREIGN) continue;
        columns->name = wider(columns->name, strlen(rows->name), NAME_WIDTH);
        cli_describe(rows, family, text, sizeof text);
        columns->type = wider(columns->type, strlen(text), TYPE_WIDTH);
        initial_text(rows, text);
        columns->initial = wider(columns->initial, strlen(text), INITIAL_WIDTH);
    }
}

static void print_argument(const gradus_argument *row, const gradus_family *family, const char *before, table columns)
{
    char type[512], initial[80], help[1024];
    cli_describe(row, family, type, sizeof type);
    initial_text(row, initial);
    snprintf(help, sizeof help, "%s%s", before, row->help ? row->help : "");
    int32_t left = columns.name + columns.type + columns.initial + 8;
    printf("  %-*s  ", (int)columns.name, row->name);
    int32_t room = columns.type + columns.initial + 2, wanted = (int32_t)(strlen(type) + strlen(initial));
    if ((int32_t)strlen(type) <= columns.type && (int32_t)strlen(initial) <= columns.initial)
        printf("%-*s  %-*s  ", (int)columns.type, type, (int)columns.initial, initial);
    else if (wanted < room)
        printf("%s %-*s  ", type, (int)(room - (int32_t)strlen(type) - 1), initial);
    else
        printf("%s%s%s\n%*s", type, *initial ? " " : "", initial, (int)left, "");
    cli_wrap(stdout, help, left, columns.width);
}

static void print_arguments(const gradus_family *family, const gradus_member *member, int32_t width)
{
    table columns = {0, 0, 0, width};
    char before[80];
    measure(member->arguments, family, &columns);
    measure(member->open, family, &columns);
    measure(family->common, family, &columns);
    if (!columns.name) return;
    putchar('\n');
    for (const gradus_argument *row = member->arguments; row && row->name; row++)
        if (!(row->flags & GRADUS_FOREIGN)) print_argument(row, family, "", columns);
    for (const gradus_argument *row = member->open; row && row->name; row++)
        print_argument(row, family, row[1].name || row != member->open ? "" : "any name: ", columns);
    snprintf(before, sizeof before, "any %.60s: ", family->noun ? family->noun : family->name);
    for (const gradus_argument *row = family->common; row && row->name; row++) {
        bool own = row->flags & GRADUS_FOREIGN;
        for (const gradus_argument *at = member->arguments; at && at->name; at++)
            own = own || strcmp(at->name, row->name) == 0;
        if (!own) print_argument(row, family, before, columns);
    }
}

/* Numbers in whose place a schedule may stand; said once for all, where it would widen every row. */
static void print_scheduled(const gradus_member *member, int32_t width)
{
    char text[1024] = "";
    for (const gradus_argument *rows[] = {member->arguments, member->open}, **list = rows; list < rows + 2; list++)
        for (const gradus_argument *row = *list; row && row->name; row++) {
            size_t used = strlen(text);
            if (row->flags & GRADUS_SCHEDULED)
                snprintf(text + used, sizeof text - used, "%s%s", used ? ", " : "", row->name);
        }
    if (!*text) return;
    printf("\n  a schedule may stand for  ");
    cli_wrap(stdout, text, 28, width);
}

/* Conventions that have no name here are said once, below the lists that speak of them. */
static void print_foreign(const gradus_member *member, const gradus_argument *row, int32_t width)
{
    for (; row && row->name; row++) {
        if (!(row->flags & GRADUS_FOREIGN) || !cli_is_written(member, row)) continue;
        printf("    %-12s", row->name);
        if (strlen(row->name) > 11) printf("\n%16s", "");
        cli_wrap(stdout, row->help, 16, width);
    }
}

static void print_like(const gradus_family *family, const gradus_member *member, int32_t width)
{
    char text[1024];
    if (!member->like || !member->like->framework) return;
    printf("\n  like=FRAMEWORK takes its conventions and its names\n");
    for (const gradus_like *like = member->like; like->framework; like++) {
        snprintf(text, sizeof text, "%s%s%s%s%s", like->title ? like->title : "", like->names ? ": " : "",
                 like->names ? like->names : "", like->initial ? "; unless given " : "",
                 like->initial ? like->initial : "");
        printf("    %-12s", like->framework);
        if (strlen(like->framework) > 11) printf("\n%16s", "");
        cli_wrap(stdout, text, 16, width);
    }
    print_foreign(member, member->arguments, width);
    print_foreign(member, family->common, width);
}

/* How it is written, and its formula: beside it where there is room, below it otherwise. */
static void print_usage(const gradus_family *family, const gradus_member *member, int32_t width)
{
    char usage[1024];
    cli_usage(family, member, usage, sizeof usage);
    printf("\n  %s", usage);
    if (!member->formula) {
        putchar('\n');
        return;
    }
    int32_t end = 2 + (int32_t)strlen(usage), wide = cli_columns(member->formula, strlen(member->formula));
    int32_t column = end < FORMULA_COLUMN - 3 && FORMULA_COLUMN + wide <= width ? FORMULA_COLUMN : end + 4;
    if (column + wide > width || strchr(member->formula, '\n')) {
        printf("\n    ");
        column = 4;
    } else {
        printf("%*s", (int)(column - end), "");
    }
    cli_wrap(stdout, member->formula, column, width);
}

void cli_explain(const cli_call *call, const gradus_family *family, const gradus_member *member)
{
    int32_t width = call->terminal.width;
    char title[1024];
    snprintf(title, sizeof title, "%s (%s): %s", member->name, family->name, member->summary);
    cli_wrap(stdout, title, 0, width);
    print_usage(family, member, width);
    print_arguments(family, member, width);
    print_scheduled(member, width);
    print_like(family, member, width);
    if (member->notes || member->example || member->paper || member->also) putchar('\n');
    if (member->notes) fputs("  ", stdout), cli_wrap_joined(stdout, member->notes, 2, width);
    if (member->example) printf("  example  %s\n", member->example);
    if (member->paper) fputs("  paper  ", stdout), cli_wrap(stdout, member->paper, 9, width);
    if (member->also) fputs("  also known as  ", stdout), cli_wrap(stdout, member->also, 17, width);
}
