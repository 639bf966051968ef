#!/usr/bin/env python3
"""An optimiser's own loop, with Afield as the function that it minimises.

    python3 examples/drive.py afield serve --task ecg --budget 8x

The loop stands here, not in Afield: evaluate() writes a trial and reads until that trial's tell."""
import json
import random
import subprocess
import sys

afield = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def read(*types):
    for line in afield.stdout:
        message = json.loads(line)
        if message["type"] == "error":
            sys.exit(message["message"])
        if message["type"] in types:
            return message
    sys.exit("afield ended early")


def evaluate(config):
    """The validation error, None when training diverged; StopIteration when the budget is spent."""
    print(json.dumps({"type": "trial", "config": config}), file=afield.stdin, flush=True)
    answer = read("tell", "bye")
    if answer["type"] == "bye":
        raise StopIteration
    return answer["error"]


def draw(parameter):
    if parameter["kind"] == "categorical":
        return random.choice(parameter["choices"])
    if parameter["kind"] == "integer":
        return random.randint(parameter["low"], parameter["high"])
    return random.uniform(parameter["low"], parameter["high"])


parameters = read("hello")["space"]["parameters"]
try:
    while True:
        config = {p["name"]: draw(p) for p in parameters}
        print(evaluate(config), config)
except StopIteration:
    result = read("result")["result"]
    print("chosen:", result["config"])
    print("test score:", result["metric"]["score"])
