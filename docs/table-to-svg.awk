# Turns the text of a terminal into an SVG picture, for the README:
#     ./afield report build/demo | head -14 | awk -f docs/table-to-svg.awk > docs/demo.svg
# Widths are counted in characters: run it where awk knows UTF-8, or the width is a little too large.
function escape(s) { gsub(/&/, "\\&amp;", s); gsub(/</, "\\&lt;", s); gsub(/>/, "\\&gt;", s); return s }
{ line[NR] = $0; if (length($0) > wide) wide = length($0) }
END {
    width = int(wide * 7.83 + 32); height = NR * 18 + 28
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">\n", width, height, width, height
    print "<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#16181d\"/>"
    print "<g font-family=\"ui-monospace, DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"13\" fill=\"#d7dae0\" xml:space=\"preserve\">"
    for (i = 1; i <= NR; i++)
        if (line[i] != "") printf "<text x=\"16\" y=\"%d\">%s</text>\n", i * 18 + 12, escape(line[i])
    print "</g>\n</svg>"
}
