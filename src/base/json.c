/* JSON through a writer: for logs, summaries and whatever else machines read. Numbers are the shortest text that reads back to the
 * same double, in no locale, so equal values give equal bytes; a library would print 0.10000000000000001 or sort the keys. */
#include "gradus/base.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static void put(gradus_json *json, const char *text, size_t length)
{
    if (length && !json->failed) json->failed = json->write(json->user, text, length) != 0;
}

static void put_line(gradus_json *json)
{
    put(json, "\n", 1);
    for (int32_t i = 0; i < json->depth * json->indent; i++) put(json, " ", 1);
}

static void put_text(gradus_json *json, const char *text)
{
    put(json, "\"", 1);
    while (*text) {
        size_t plain = 0;
        while ((unsigned char)text[plain] >= 0x20 && text[plain] != '"' && text[plain] != '\\') plain++;
        put(json, text, plain);
        text += plain;
        if (!*text) break;
        char escape[8];
        int length = *text == '\n' ? snprintf(escape, sizeof escape, "\\n")
                     : (unsigned char)*text < 0x20
                         ? snprintf(escape, sizeof escape, "\\u%04x", (unsigned)(unsigned char)*text)
                         : snprintf(escape, sizeof escape, "\\%c", *text);
        put(json, escape, (size_t)length);
        text++;
    }
    put(json, "\"", 1);
}

/* What stands before a value: the comma, the line, the key. */
static void begin(gradus_json *json, const char *key)
{
    if (json->comma) put(json, json->indent ? "," : ", ", json->indent ? 1 : 2);
    if (json->indent && json->depth) put_line(json);
    json->comma = true;
    if (!key) return;
    put_text(json, key);
    put(json, ": ", 2);
}

void gradus_json_open(gradus_json *json, const char *key, char bracket)
{
    begin(json, key);
    put(json, &bracket, 1);
    json->comma = false;
    json->depth++;
}

void gradus_json_close(gradus_json *json, char bracket)
{
    json->depth--;
    if (json->indent && json->comma) put_line(json); /* an empty one stays on its line */
    put(json, &bracket, 1);
    json->comma = true;
}

void gradus_json_text(gradus_json *json, const char *key, const char *text)
{
    begin(json, key);
    if (text)
        put_text(json, text);
    else
        put(json, "null", 4);
}

void gradus_json_number(gradus_json *json, const char *key, double number)
{
    char text[32];
    size_t length = gradus_number_print(number, text);
    begin(json, key);
    if (!isfinite(number)) put(json, "\"", 1);
    put(json, text, length);
    if (!isfinite(number)) put(json, "\"", 1);
}

void gradus_json_flag(gradus_json *json, const char *key, bool flag)
{
    begin(json, key);
    put(json, flag ? "true" : "false", flag ? 4 : 5);
}

void gradus_json_value(gradus_json *json, const char *key, const char *text)
{
    begin(json, key);
    put(json, text, strlen(text));
}
