#!/usr/bin/env python3
"""Hill climbing: changes one thing of the best configuration so far.

    afield run --task ecg --method exec:'python3 examples/hill_climb.py' --budget 8x

It needs nothing but Python. What it prints to standard error is for people; standard output belongs to
the protocol (docs/protocol.md)."""
import json
import sys

best = None  # (error, config)


def say(**message):
    print(json.dumps(message), flush=True)


def request(**message):
    say(**message)
    return json.loads(sys.stdin.readline())


def learn(tell):
    global best
    error = tell["error"]  # None: the training diverged
    if error is not None and (best is None or error <= best[0]):
        best = (error, tell["config"])
        print(f"trial {tell['number']}: error {error:.4f}", file=sys.stderr)


for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "hello":
        for event in message["history"]:  # what happened before, when a run is resumed
            if event["type"] == "tell":
                learn(event)
    elif message["type"] == "tell":
        learn(message)
    elif message["type"] == "ask":
        if best is None:
            config = request(type="sample")["config"]
        else:
            config = request(type="mutate", config=best[1])["config"]
        say(type="trial", config=config)
