#!/usr/bin/env python3
"""Random search: afield run --task ecg --method exec:'python3 examples/random_search.py'"""
import json, sys

for line in sys.stdin:
    if json.loads(line)["type"] != "ask":
        continue  # hello, tell and bye need no answer
    print('{"type": "sample"}', flush=True)  # a request: Afield draws
    config = json.loads(sys.stdin.readline())["config"]
    print(json.dumps({"type": "trial", "config": config}), flush=True)
