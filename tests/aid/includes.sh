#!/bin/sh
# includes.sh deps.txt: fails when an #include points against the one direction of dependency.
files=$(git ls-files -co --exclude-standard '*.[ch]' '*.cu' 2>/dev/null || find . -name build -prune -o \( -name '*.[ch]' -o -name '*.cu' \) -print | sed 's|^\./||')
[ -n "$files" ] || { echo "includes.sh: no sources here" >&2; exit 1; }
printf '%s\n' "$files" | xargs grep -Hno '#include "[^"]*/[^"]*"' /dev/null |
awk -F: -v rows="$1" '
BEGIN { while ((getline l < rows) > 0) if (l !~ /^#/) { n = split(l, a, " "); row[a[1]] = 1
                                                        for (i = 2; i <= n; i++) ok[a[1], a[i]] = 1 } }
{ f = $1; top = f; sub(/\/.*/, "", top)
  t = $3; sub(/^#include "/, "", t); sub(/"$/, "", t); target = t; sub(/\/.*/, "", t)
  if (f == "afield.h") next
  if (!(top in row)) { print f ": no row for " top "/ in " rows; bad = 1; next }
  if (!((top, t) in ok)) { print f ":" $2 ": " top "/ may not include " target; bad = 1 }
  if (f ~ /^core\/base\// && target !~ /^core\/base\//) { print f ":" $2 ": core/base may not include " target; bad = 1 }
  if (f ~ /^searchers\// && target ~ /^core\/(backends|plan|train|data)\//) { print f ":" $2 ": a searcher may not include " target; bad = 1 }
  if (f ~ /^core\// && target ~ /^core\/backends\// && f !~ /^core\/backends\//) { print f ":" $2 ": nobody but a backend may include " target; bad = 1 } }
END { exit bad }'
