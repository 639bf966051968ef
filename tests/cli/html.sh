# The report as a page, with and without gnuplot, from a suite and from directories.
cat >suite.yaml <<'YAML'
title: constants & lines
tasks: [ecg]
methods:
  - method: constant
  - method: random
    space: linear
seeds: [0, 1]
budget: 2trials
YAML
ok bench suite.yaml --out all --html suite.html
says "page: suite.html"
grep -q '<h1>constants &amp; lines</h1>' suite.html || die "$last: the suite's title is not the page's"
ok report all --html page.html --csv runs.csv
says "page: page.html"
says "random / linear"
grep -q '2 methods on ecg, 2 seeds each' page.html || die "$last: the page does not say what it compares"
grep -q 'None are shown: on ecg the data is a generated stand-in' page.html || die "$last: published numbers"
[ "$(head -1 runs.csv | tr , '\n' | tail -2 | tr '\n' ' ')" = "sealed anytime " ] || die "$last: columns"
cp page.html first.html
ok report all --html page.html --json
says '"rank_low"'
says '"profile"'
cmp -s page.html first.html || die "$last: the same results gave another page"

# well-formed for others than us, where they are installed
if command -v xmllint >/dev/null 2>&1; then
    xmllint --noout --nonet page.html 2>"$err" || die "$last: not well-formed"
fi

# no gnuplot: a page without plots, and a warning
real=$AFIELD
printf '#!/bin/sh\nPATH=/none exec "%s" "$@"\n' "$real" >here
chmod +x here
AFIELD=./here
ok report all --html plain.html
says "plain.html: written without plots: gnuplot is not installed here"
says "apt-get install gnuplot-nox"
grep -q 'No plot: gnuplot is not installed here' plain.html || die "$last: the page does not say why"
grep -q 'class="plot"' plain.html && die "$last: a plot from nowhere"
AFIELD=$real

# a place where nothing can be written; a bad member
fails 1 report all --html none/page.html
says "none/page.html"
mkdir bad
sed 's/"sealed": true,//; s/{/{ "sealed": 3,/' all/ecg-constant-s0/result.json >bad/result.json
fails 1 report bad --html bad.html
says "bad/result.json"
[ ! -e bad.html ] || die "$last: a page of a refused result"
