/* Facts about the terminal, and text laid out for it: width, colour, locale, columns, wrapping.
 * The only file that asks the environment how to look. */
#define _XOPEN_SOURCE 700
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>
#include "cli.h"

static int32_t terminal_width(void)
{
    const char *columns = getenv("COLUMNS");
    long width = columns ? strtol(columns, NULL, 10) : 0;
    struct winsize size;
    if (width <= 0 && (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 || ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0))
        width = size.ws_col;
    if (width <= 0) width = 80;
    return width < 20 ? 20 : width > 1000 ? 1000 : (int32_t)width;
}

static bool wants_color(const char *color, bool terminal)
{
    if (color && strcmp(color, "auto") != 0) return strcmp(color, "always") == 0;
    const char *no_color = getenv("NO_COLOR"), *kind = getenv("TERM");
    return terminal && !(no_color && *no_color) && kind && *kind && strcmp(kind, "dumb") != 0;
}

void cli_terminal_open(cli_terminal *terminal, const char *color)
{
    terminal->width = terminal_width();
    terminal->output = isatty(STDOUT_FILENO) != 0;
    terminal->error = isatty(STDERR_FILENO) != 0;
    terminal->output_color = wants_color(color, terminal->output);
    terminal->error_color = wants_color(color, terminal->error);
    terminal->unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

int32_t cli_columns(const char *text, size_t length)
{
    int32_t columns = 0;
    mbstate_t state;
    memset(&state, 0, sizeof state);
    for (size_t at = 0; at < length;) {
        wchar_t character;
        size_t bytes = mbrtowc(&character, text + at, length - at, &state);
        if (bytes == 0 || bytes > length - at) { /* not of this locale: count code points */
            memset(&state, 0, sizeof state);
            columns += ((unsigned char)text[at] & 0xc0) != 0x80;
            at++;
            continue;
        }
        int width = wcwidth(character);
        columns += width > 0 ? width : 0;
        at += bytes;
    }
    return columns;
}

void cli_pad(FILE *stream, const char *text, int32_t columns)
{
    fputs(text, stream);
    for (int32_t used = cli_columns(text, strlen(text)); used < columns; used++) fputc(' ', stream);
}

/* One line of text, broken between words; the cursor stands at `indent`. A terminal too narrow for what stands before is none to lay
 * words out for: they go on a line of the least width. */
static void wrap_line(FILE *stream, const char *text, size_t length, int32_t indent, int32_t width)
{
    enum { LEAST = 20 };
    const char *end = text + length;
    int32_t column = indent, start = indent;
    if (width < indent + LEAST) width = indent + LEAST;
    for (; text < end && *text == ' '; text++, column++, start++) fputc(' ', stream);
    while (text < end) {
        size_t word = strcspn(text, " \n"), spaces = strspn(text + word, " ");
        int32_t columns = cli_columns(text, word);
        if (column > start && column + columns > width) {
            fprintf(stream, "\n%*s", (int)start, "");
            column = start;
        }
        fwrite(text, 1, word, stream);
        column += columns;
        text += word + spaces;
        int32_t next = cli_columns(text, strcspn(text, " \n"));
        for (; text < end && spaces && column + (int32_t)spaces + next <= width; spaces = 0)
            column += (int32_t)spaces, fprintf(stream, "%*s", (int)spaces, "");
        if (spaces) column = width; /* the next word begins a line */
    }
    fputc('\n', stream);
}

void cli_wrap(FILE *stream, const char *text, int32_t indent, int32_t width)
{
    for (bool first = true; first || *text; first = false) {
        if (!first) fprintf(stream, "%*s", (int)indent, "");
        size_t length = strcspn(text, "\n");
        wrap_line(stream, text, length, indent, width);
        text += length + (text[length] == '\n');
    }
}

void cli_wrap_joined(FILE *stream, const char *lines, int32_t indent, int32_t width)
{
    char text[4096];
    snprintf(text, sizeof text, "%s", lines);
    for (char *at = text; *at; at++)
        if (*at == '\n' && at[1] >= 'a' && at[1] <= 'z') *at = ' ';
    cli_wrap(stream, text, indent, width);
}

int cli_write(void *stream, const void *bytes, size_t size) { return fwrite(bytes, 1, size, stream) == size ? 0 : -1; }
