/* A plot as one SVG document that needs nothing else: no script, no font, no style sheet. Light is said by attributes, which
 * every program reads; dark by a media query, which browsers do. Curves differ by colour and by dashes. */
#include "plot.h"
#include <string.h>

enum { WIDTH = 760, HEIGHT = 360, LEFT = 72, RIGHT = 24, LINE = 20 }; /* of the axes' box, and around it */

typedef struct drawing {
    const gradus_plot *plot;
    plot_range x, y;
    int32_t top, curve;
    plot_text *text;
} drawing;

static const char *const dashes[] = {"", "7 5", "0.1 5", "12 5 0.1 5", "5 4 5 9", "1 8"};

static const char *dash_of(int32_t curve) { return dashes[curve % (int32_t)(sizeof dashes / sizeof *dashes)]; }

/* How many bytes the code point at `text` takes; 0: it is none that XML may hold. */
static size_t code_point(const unsigned char *text)
{
    static const unsigned char least[] = {0, 0x20, 0xc2, 0xe0, 0xf0};
    size_t size = *text < 0x80 ? 1 : *text < 0xe0 ? 2 : *text < 0xf0 ? 3 : *text < 0xf5 ? 4 : 0;
    if (!size || *text < least[size] || *text == 0x7f) return 0;
    for (size_t i = 1; i < size; i++)
        if ((text[i] & 0xc0) != 0x80) return 0;
    bool overlong = (*text == 0xe0 && text[1] < 0xa0) || (*text == 0xf0 && text[1] < 0x90);
    bool beyond =
        (*text == 0xed && text[1] >= 0xa0) || (*text == 0xf4 && text[1] >= 0x90); /* surrogates, past U+10FFFF */
    bool nothing = *text == 0xef && text[1] == 0xbf && text[2] >= 0xbe;           /* U+FFFE, U+FFFF */
    return overlong || beyond || nothing ? 0 : size;
}

static void put_escaped(plot_text *out, const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at;) {
        size_t size = code_point(at);
        if (*at == '<')
            gradus_plot_put(out, "&lt;");
        else if (*at == '&')
            gradus_plot_put(out, "&amp;");
        else
            gradus_plot_put(out, "%.*s", size ? (int)size : 1, size ? (const char *)at : "?");
        at += size ? size : 1;
    }
}

static double place_x(const drawing *d, double x) { return LEFT + gradus_plot_place(&d->x, x) * WIDTH; }
static double place_y(const drawing *d, double y) { return d->top + (1 - gradus_plot_place(&d->y, y)) * HEIGHT; }

static void put_attribute(plot_text *text, const char *name, double value)
{
    gradus_plot_put(text, " %s=\"", name);
    gradus_plot_put_number(text, value, 2);
    gradus_plot_put(text, "\"");
}

/* ---- the document's head ---- */

static void put_style(const drawing *d)
{
    gradus_plot_put(
        d->text,
        "<style>\n@media (prefers-color-scheme: dark) {\n"
        ".paper { fill: #16181d } .ink { fill: #e4e4e4 } .box { stroke: #8a8f98 } .grid { stroke: #33373f }\n");
    for (int32_t c = 0; c < d->plot->count; c++)
        gradus_plot_put(d->text, ".line%d { stroke: %s } .dot%d { fill: %s }\n", (int)c, gradus_plot_color(c, true),
                        (int)c, gradus_plot_color(c, true));
    gradus_plot_put(d->text, "}\n</style>\n");
}

static void put_head(const drawing *d, int32_t height)
{
    int width = LEFT + WIDTH + RIGHT;
    gradus_plot_put(d->text,
                    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
                    "role=\"img\" font-family=\"system-ui, sans-serif\" font-size=\"13\">\n",
                    width, (int)height, width, (int)height);
    if (d->plot->title) {
        gradus_plot_put(d->text, "<title>");
        put_escaped(d->text, d->plot->title);
        gradus_plot_put(d->text, "</title>\n");
    }
    put_style(d);
    gradus_plot_put(d->text, "<rect class=\"paper\" width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n", width,
                    (int)height);
}

/* ---- axes ---- */

static void put_label(const drawing *d, double x, double y, const char *anchor, const char *label)
{
    gradus_plot_put(d->text, "<text class=\"ink\" fill=\"#222222\" text-anchor=\"%s\"", anchor);
    put_attribute(d->text, "x", x);
    put_attribute(d->text, "y", y);
    gradus_plot_put(d->text, ">");
    put_escaped(d->text, label);
    gradus_plot_put(d->text, "</text>\n");
}

static void put_line(const drawing *d, double x1, double y1, double x2, double y2)
{
    gradus_plot_put(d->text, "<line class=\"grid\" stroke=\"#dddddd\"");
    put_attribute(d->text, "x1", x1);
    put_attribute(d->text, "y1", y1);
    put_attribute(d->text, "x2", x2);
    put_attribute(d->text, "y2", y2);
    gradus_plot_put(d->text, "/>\n");
}

static void put_axes(const drawing *d)
{
    plot_tick ticks[PLOT_TICKS];
    char title[256];
    int32_t count = gradus_plot_ticks(&d->y, 8, ticks), bottom = d->top + HEIGHT;
    for (int32_t i = 0; i < count; i++) {
        double y = place_y(d, ticks[i].value);
        put_line(d, LEFT, y, LEFT + WIDTH, y);
        put_label(d, LEFT - 8, y + 4, "end", ticks[i].text);
    }
    count = gradus_plot_ticks(&d->x, 11, ticks);
    for (int32_t i = 0; i < count; i++) {
        double x = place_x(d, ticks[i].value);
        put_line(d, x, d->top, x, bottom);
        put_label(d, x, bottom + 18, "middle", ticks[i].text);
    }
    gradus_plot_put(
        d->text,
        "<rect class=\"box\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"none\" stroke=\"#666666\"/>\n", LEFT,
        (int)d->top, WIDTH, HEIGHT);
    gradus_plot_title(d->plot->x_title, &d->x, title, sizeof title);
    if (*title) put_label(d, LEFT + WIDTH / 2.0, bottom + 38, "middle", title);
    gradus_plot_title(d->plot->y_title, &d->y, title, sizeof title);
    if (!*title) return;
    gradus_plot_put(d->text, "<g transform=\"translate(18 %d) rotate(-90)\">", (int)d->top + HEIGHT / 2);
    put_label(d, 0, 0, "middle", title);
    gradus_plot_put(d->text, "</g>\n");
}

/* ---- curves ---- */

static void put_dot(const drawing *d, double x, double y, double radius)
{
    gradus_plot_put(d->text, "<circle class=\"dot%d\" fill=\"%s\"", (int)d->curve, gradus_plot_color(d->curve, false));
    put_attribute(d->text, "r", radius);
    put_attribute(d->text, "cx", x);
    put_attribute(d->text, "cy", y);
    gradus_plot_put(d->text, "/>\n");
}

static void begin_path(const drawing *d)
{
    gradus_plot_put(d->text,
                    "<path class=\"line%d\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\" stroke-linecap=\"round\" "
                    "stroke-linejoin=\"round\"",
                    (int)d->curve, gradus_plot_color(d->curve, false));
    if (*dash_of(d->curve)) gradus_plot_put(d->text, " stroke-dasharray=\"%s\"", dash_of(d->curve));
    gradus_plot_put(d->text, " d=\"");
}

static void visit_line(void *user, double x, double y, plot_corner corner)
{
    const drawing *d = user;
    if (corner == PLOT_ALONE) return;
    gradus_plot_put(d->text, corner == PLOT_FIRST ? "M" : "L");
    gradus_plot_put_number(d->text, place_x(d, x), 2);
    gradus_plot_put(d->text, " ");
    gradus_plot_put_number(d->text, place_y(d, y), 2);
}

static void visit_dot(void *user, double x, double y, plot_corner corner)
{
    const drawing *d = user;
    bool dots = d->plot->curves[d->curve].style == GRADUS_CURVE_DOTS;
    if (corner == PLOT_ALONE) put_dot(d, place_x(d, x), place_y(d, y), dots ? 4 : 2);
}

static void put_curve(drawing *d, int32_t index)
{
    const gradus_curve *curve = &d->plot->curves[index];
    d->curve = index;
    if (curve->style != GRADUS_CURVE_DOTS) {
        begin_path(d);
        gradus_plot_walk(curve, &d->x, WIDTH, visit_line, d);
        gradus_plot_put(d->text, "\"/>\n");
    }
    gradus_plot_walk(curve, &d->x, WIDTH, visit_dot, d);
}

static void put_legend(drawing *d)
{
    char name[PLOT_NAME];
    int32_t y = d->top + HEIGHT + 52, line = 0;
    if (gradus_plot_named(d->plot) < 2) return;
    for (int32_t c = 0; c < d->plot->count; c++) {
        const gradus_curve *curve = &d->plot->curves[c];
        if (!curve->name) continue;
        int32_t middle = y + line++ * LINE + LINE / 2;
        d->curve = c;
        if (curve->style == GRADUS_CURVE_DOTS) {
            put_dot(d, LEFT + 18, middle, 4);
        } else {
            begin_path(d);
            gradus_plot_put(d->text, "M%d %d L%d %d\"/>\n", LEFT, (int)middle, LEFT + 36, (int)middle);
        }
        put_label(d, LEFT + 46, middle + 4, "start", gradus_plot_name(curve, name));
    }
}

gradus_status gradus_plot_svg(const gradus_plot *plot, gradus_write *write, void *user, gradus_error *error)
{
    if (gradus_failed(error)) return (gradus_status)error->status;
    plot_text text = {.write = write, .user = user};
    plot_range y = gradus_plot_range_y(plot);
    drawing d = {.plot = plot, .x = gradus_plot_range_x(plot), .y = gradus_plot_room(&y), .text = &text};
    int32_t named = gradus_plot_named(plot);
    d.top = plot->title ? 40 : 16;
    put_head(&d, d.top + HEIGHT + 52 + (named > 1 ? named * LINE + 8 : 0));
    if (plot->title) put_label(&d, LEFT + WIDTH / 2.0, 26, "middle", plot->title);
    put_axes(&d);
    for (int32_t c = plot->count - 1; c >= 0; c--) put_curve(&d, c);
    put_legend(&d);
    gradus_plot_put(&text, "</svg>\n");
    return gradus_plot_end(&text, error);
}
