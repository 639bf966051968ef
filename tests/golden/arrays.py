# Makes arrays.npz: numpy's own bytes for tests/test_npy.c, which knows the values. Element i in C
# order is (7 * i) % 11 - 3 where the type has a sign, else (7 * i) % 11; floats have a quarter of it.
#     python3 tests/golden/arrays.py        (numpy 2.0 and later write the same values)
import numpy as np

n = (7 * np.arange(24)) % 11
a = {}
for order in "<>":
    for kind in ("i1", "i2", "i4", "i8"):
        a["be_" * (order == ">") + kind] = (n - 3).astype(order + kind).reshape(2, 3, 4)
    for kind in ("u1", "u2", "u4", "u8"):
        a["be_" * (order == ">") + kind] = n.astype(order + kind).reshape(2, 3, 4)
    for kind in ("f2", "f4", "f8"):
        a["be_" * (order == ">") + kind] = ((n - 3) / 4).astype(order + kind).reshape(2, 3, 4)
a["fortran_i2"] = np.asfortranarray((n - 3).astype("i2").reshape(2, 3, 4))
a["fortran_f2"] = np.asfortranarray(((n - 3) / 4).astype("f2").reshape(2, 3, 4))
a["halves"] = np.array([65504, 2.0**-14, 2.0**-24, -0.0, np.inf, -np.inf, np.nan], "f2")
a["bool"] = n > 5
a["scalar"] = np.float32(-1.5)
a["empty"] = np.zeros((0, 46), "f4")
a["text"] = np.array(["N", "A~"])
a["objects"] = np.array([{"data": np.arange(6.0).reshape(2, 3), "label": np.array([1, 24])}])
a["dict"] = np.array({"label": [3, 4]}, dtype=object)
np.savez_compressed("tests/golden/arrays.npz", **a)
