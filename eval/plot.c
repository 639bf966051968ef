/* Talking to gnuplot. The whole script, data included, goes to its standard input and ends with the
 * plot, so it has read everything before it writes anything: neither side can block the other. What
 * it writes is taken line by line; only its drawing is kept. */
#include "eval/plot.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/child.h"
#include "eval/html.h"

enum { WIDTH = 400, HEIGHT = 280, SECONDS = 60, MAX_SVG = 16 << 20 };

int af_plot_colour(int style)
{
    return style % AF_PLOT_COLOURS + 1;
}

static int dash_of(int style)
{
    return (style / AF_PLOT_COLOURS + style % AF_PLOT_COLOURS / 4) % AF_PLOT_DASHES;
}

const char *af_plot_dashes(int style)
{
    static const char *const dashes[AF_PLOT_DASHES] = {"", "7 3", "2 2"};
    return dashes[dash_of(style)];
}

/* ---- the script ---- */

static void write_steps(FILE *to, const af_curve *c)
{
    bool band = c->low && c->high;
    for (size_t i = 0; i < c->n; i++) {
        size_t before = i ? i - 1 : 0;
        if (i)
            fprintf(to, "%.9g %.9g %.9g %.9g\n", c->x[i], c->y[before],
                    band ? c->low[before] : c->y[before], band ? c->high[before] : c->y[before]);
        fprintf(to, "%.9g %.9g %.9g %.9g\n", c->x[i], c->y[i], band ? c->low[i] : c->y[i],
                band ? c->high[i] : c->y[i]);
    }
}

/* Marks at 1, 2 and 5 times the powers of ten; over many decades only at some powers. */
static void write_log_axis(FILE *to, char axis, double low, double high)
{
    int first = (int)floor(log10(low)), last = (int)ceil(log10(high)), decades = last - first;
    int step = decades <= 4 ? 1 : (decades + 5) / 6;
    const char *between = "";
    fprintf(to, "set logscale %c\nset %ctics (", axis, axis);
    for (int k = first; k <= last; k += step)
        for (int m = 1; m <= (decades <= 3 ? 5 : 1); m += m == 1 ? 1 : 3) {
            fprintf(to, "%s%de%d", between, m, k);
            between = ", ";
        }
    fputs(")\n", to);
}

static void write_script(FILE *to, const af_plot *p)
{
    static const char *const dashes[AF_PLOT_DASHES] = {"1", "(7,3)", "(2,2)"};
    fprintf(to,
            "set terminal svg size %d,%d dynamic noenhanced font 'sans,13'\nset encoding utf8\n"
            "set border 3 lc rgb '#010203'\nset tics nomirror out scale 0.5\n"
            "set grid xtics ytics lt 1 lw 0.75 lc rgb '#010204', lt 1 lw 0.75 lc rgb '#010204'\n"
            "set style fill transparent solid 0.14 noborder\nunset key\n"
            "set rmargin 2\nset tmargin 0.8\nset format y '%%g'\nset format x '%%g'\n"
            "set xlabel '%s' offset 0,0.3 tc rgb '#010203'\n",
            WIDTH, HEIGHT, p->x_label);
    if (p->log_x) write_log_axis(to, 'x', p->x_low, p->x_high);
    if (p->log_y) write_log_axis(to, 'y', p->y_low, p->y_high);
    fprintf(to, "set xrange [%.9g:%.9g]\nset yrange [%.9g:%.9g]\n", p->x_low, p->x_high, p->y_low,
            p->y_high);
    for (int i = 0; i < p->count; i++) {
        fprintf(to, "$d%d << EOD\n", i);
        write_steps(to, &p->curves[i]);
        fputs("EOD\n", to);
    }
    const char *next = "plot ";
    for (int i = 0; i < p->count; i++)
        if (p->curves[i].n && p->curves[i].low) {
            fprintf(to, "%s$d%d using 1:3:4 with filledcurves lc rgb '#0101%02x'", next, i,
                    (unsigned)af_plot_colour(p->curves[i].style));
            next = ", ";
        }
    for (int i = 0; i < p->count; i++)
        if (p->curves[i].n) {
            fprintf(to, "%s$d%d using 1:2 with lines lw 2 dt %s lc rgb '#0101%02x'", next, i,
                    dashes[dash_of(p->curves[i].style)],
                    (unsigned)af_plot_colour(p->curves[i].style));
            next = ", ";
        }
    fputs(next[0] == 'p' ? "plot NaN notitle\nexit\n" : "\nexit\n", to);
}

/* ---- the picture ---- */

/* "stroke='rgb(  1,   1,   2)'" at s: its length, the property and the variable that the marker
 * colour stands for. 0: something else. */
static size_t marker(const char *s, const char **property, char variable[16])
{
    int r, g, b, n = 0;
    *property = strncmp(s, "stroke", 6) == 0 ? "stroke" : strncmp(s, "fill", 4) == 0 ? "fill" : "";
    if (!**property) return 0;
    const char *at = s + strlen(*property);
    at += strspn(at, " ");
    if (*at++ != '=') return 0;
    at += strspn(at, " ");
    if (*at != '\'' && *at != '"') return 0;
    if (sscanf(at + 1, "rgb( %d , %d , %d )%n", &r, &g, &b, &n) != 3 || !n) return 0;
    if (at[1 + n] != *at || r != 1) return 0;
    if (g == 1 && b >= 1 && b <= AF_PLOT_COLOURS)
        snprintf(variable, 16, "s%d", b);
    else
        snprintf(variable, 16, "%s", g == 2 && b == 4 ? "rule" : "ink");
    return (size_t)(at + 1 + n + 1 - s);
}

static void put_drawing(FILE *to, const char *line)
{
    while (*line) {
        const char *property;
        char variable[16];
        size_t n = marker(line, &property, variable);
        if (n)
            fprintf(to, "style='%s:var(--%s)'", property, variable);
        else
            fputc(*line, to), n = 1;
        line += n;
    }
    fputc('\n', to);
}

static bool starts(const char *line, const char *with)
{
    return strncmp(line, with, strlen(with)) == 0;
}

/* What is held back: a group that the next line may close at once. */
typedef struct cleaner {
    FILE *to;
    char *open;
    bool defs, body, ended;
} cleaner;

static af_status clean(cleaner *c, const char *line)
{
    line += strspn(line, " \t");
    c->ended |= starts(line, "</svg>");
    c->defs |= starts(line, "<defs>");
    bool keep = c->body && !c->defs && !c->ended && *line && !starts(line, "<title>") &&
                !starts(line, "<desc>");
    c->body |= starts(line, ">");
    if (starts(line, "</defs>")) c->defs = false;
    if (!keep) return AF_OK;
    if (c->open && starts(line, "</g>")) {
        af_free(c->open);
        c->open = NULL;
        return AF_OK;
    }
    if (c->open) put_drawing(c->to, c->open);
    af_free(c->open);
    c->open = NULL;
    if (starts(line, "<g id=")) line = "<g>"; /* ids would repeat from plot to plot */
    size_t n = strlen(line);
    if (!starts(line, "<g") || strchr(line, '>') != line + n - 1) {
        put_drawing(c->to, line);
        return AF_OK;
    }
    c->open = af_strdup(line);
    return c->open ? AF_OK : AF_ENOMEM;
}

static af_status take_picture(FILE *to, af_child *child)
{
    cleaner c = {.to = to};
    size_t total = 0, length;
    af_status st;
    for (;;) {
        char *line;
        if ((st = af_child_read(child, &line, &length, SECONDS, NULL)) != AF_OK || !line) break;
        if ((total += length) > MAX_SVG) {
            st = af_fail(AF_EFORMAT, "a picture of more than %d bytes", MAX_SVG);
            break;
        }
        if ((st = clean(&c, line)) != AF_OK) break;
    }
    af_free(c.open);
    if (st == AF_OK && !c.ended) st = af_fail(AF_EIO, "it ended without a picture");
    return st;
}

static af_status start(af_child **out)
{
    char *argv[] = {(char[]){"gnuplot"}, (char[]){"-d"}, (char[]){"-"}, NULL};
    af_status st = af_child_start(out, argv, true);
    if (st != AF_ENOTFOUND) return st;
    return af_fail(AF_EUNSUPPORTED,
                   "gnuplot is not installed here, it makes the plots; install it (Debian: "
                   "apt-get install gnuplot-nox) and make the report again");
}

af_status af_plot_usable(void)
{
    af_child *child;
    AF_TRY(start(&child));
    af_child_stop(child, 5, NULL);
    return AF_OK;
}

static af_status draw(FILE *to, const char *script, size_t size)
{
    af_child *child;
    char how[64];
    AF_TRY(start(&child));
    af_status st = af_child_write(child, script, size, SECONDS, NULL);
    if (st == AF_OK) st = take_picture(to, child);
    af_child_stop(child, st == AF_OK ? 5 : 0, how);
    return st == AF_OK ? st : af_prefix(st, "gnuplot (%s)", how);
}

af_status af_plot_svg(FILE *to, const af_plot *plot)
{
    char *script = NULL, *svg = NULL;
    size_t script_size = 0, svg_size = 0;
    FILE *f = open_memstream(&script, &script_size), *g = open_memstream(&svg, &svg_size);
    af_status st = f && g ? AF_OK : af_fail(AF_ENOMEM, "no memory for a plot");
    if (st == AF_OK) write_script(f, plot);
    if (f && fclose(f) != 0 && st == AF_OK) st = af_fail(AF_ENOMEM, "no memory for a plot");
    if (st == AF_OK) st = draw(g, script, script_size);
    if (g && fclose(g) != 0 && st == AF_OK) st = af_fail(AF_ENOMEM, "no memory for a plot");
    if (st == AF_OK) {
        fprintf(to, "<svg class=\"plot\" viewBox=\"0 0 %d %d\" role=\"img\"", WIDTH, HEIGHT);
        af_html(to, " aria-label=\"$\">\n", plot->says);
        fwrite(svg, 1, svg_size, to);
        fputs("</svg>\n", to);
    }
    free(script);
    free(svg);
    return st;
}
