#!/bin/sh
# Random search: afield run --task ecg --method exec:'sh examples/random_search.sh'
# Every line begins with its type. The answer to "sample" becomes a trial when its type is exchanged.
while read -r line; do
    case $line in
    '{"type":"ask"'*)
        echo '{"type": "sample"}'
        read -r line
        echo "$line" | sed 's/"type":"sample"/"type":"trial"/'
        ;;
    esac
done
