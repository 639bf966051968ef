"""The values of tests/test_pickle.c as CPython and numpy pickle them, one file a protocol.

    python3 tests/golden/pickles.py        needs numpy; the files in place are of Python 3.11, numpy 2.4
"""
import os
import pickle

import numpy as np

value = {
    "a": np.arange(6, dtype=">i2").reshape(2, 3),
    "f": np.asfortranarray(np.array([[0, 1.5], [-2, 3]])),
    "l": [1, -5, 300, 70000, 2**40, True, None, 1.5, "h\u20ac\n", b"\x00\xff", ()],
    "t": (1, 2, 3, 4),
    "s": np.int16(-7),
    "o": np.array(["x", None], dtype=object),
    "e": b"",
    "u": np.array(["ab", "c"]),
}

for protocol in range(6):
    name = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"pickle{protocol}.pkl")
    with open(name, "wb") as f:
        pickle.dump(value, f, protocol)
