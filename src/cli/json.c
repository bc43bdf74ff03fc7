/* JSON written straight to a stream: keys in the order given, numbers as the shortest text that reads back to the same double.
 * A library would sort keys or print 0.10000000000000001. */
#include <math.h>
#include <string.h>
#include "cli.h"

static void write_text(FILE *stream, const char *text)
{
    fputc('"', stream);
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        if (*at == '"' || *at == '\\')
            fprintf(stream, "\\%c", *at);
        else if (*at == '\n')
            fputs("\\n", stream);
        else if (*at < 0x20)
            fprintf(stream, "\\u%04x", *at);
        else
            fputc(*at, stream);
    }
    fputc('"', stream);
}

static void write_key(cli_json *json, const char *key)
{
    if (json->comma) fputs(", ", json->stream);
    json->comma = true;
    if (!key) return;
    write_text(json->stream, key);
    fputs(": ", json->stream);
}

void cli_json_open(cli_json *json, const char *key, char bracket)
{
    write_key(json, key);
    fputc(bracket, json->stream);
    json->comma = false;
}

void cli_json_close(cli_json *json, char bracket)
{
    fputc(bracket, json->stream);
    json->comma = true;
}

void cli_json_text(cli_json *json, const char *key, const char *text)
{
    write_key(json, key);
    if (text)
        write_text(json->stream, text);
    else
        fputs("null", json->stream);
}

void cli_json_number(cli_json *json, const char *key, double number)
{
    char text[32];
    gradus_number_print(number, text);
    write_key(json, key);
    fprintf(json->stream, isfinite(number) ? "%s" : "\"%s\"", text);
}

void cli_json_flag(cli_json *json, const char *key, bool flag)
{
    write_key(json, key);
    fputs(flag ? "true" : "false", json->stream);
}
