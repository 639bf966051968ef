#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets, tests/fuzz/seeds/<target>/<name>; run it in the repository.

Each seed is a small input that its target accepts, or nearly: the first byte is the target's choice
of a layout where it has one (see the target). Only the standard library is needed, and the same
bytes come out every time. Seeds of fuzz_journal and fuzz_protocol were written by hand.
"""
import gzip
import io
import os
import pickle
import struct
import tarfile
import wave
import zipfile

ROOT = os.path.join("tests", "fuzz", "seeds")


def put(target, name, data):
    directory = os.path.join(ROOT, target)
    os.makedirs(directory, exist_ok=True)
    if isinstance(data, str):
        data = data.encode()
    assert len(data) < 4096, (target, name, len(data))
    with open(os.path.join(directory, name), "wb") as f:
        f.write(data)


def patches(*triples):
    """What targets with a good file of their own take: position in two bytes, value in one."""
    return b"".join(struct.pack(">HB", at, value) for at, value in triples)


def npy(descr, shape, data, version=1, fortran=False):
    head = "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }" % (descr, fortran, shape)
    head += " " * (-(len(head) + 11) % 16) + "\n"
    size = struct.pack("<H" if version == 1 else "<I", len(head))
    return b"\x93NUMPY" + bytes([version, 0]) + size + head.encode() + data


def packed(members, deflate):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED) as z:
        for name, data in members:
            z.writestr(zipfile.ZipInfo(name), data, z.compression)
    return out.getvalue()


def tar(members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as t:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))
    return gzip.compress(out.getvalue(), mtime=0)


def sound(rate, channels, width, frames):
    out = io.BytesIO()
    with wave.open(out, "wb") as w:
        w.setnchannels(channels)
        w.setsampwidth(width)
        w.setframerate(rate)
        w.writeframes(bytes((7 * k) % 251 for k in range(frames * channels * width)))
    return out.getvalue()


def fits_card(key, value):
    return ("%-8s= %20s" % (key, value)).ljust(80)


def fits_head(*cards):
    text = "".join(fits_card(*c) for c in cards) + "END".ljust(80)
    return text.ljust(-(-len(text) // 2880) * 2880).encode()


def mat5(name, values):
    """A MATLAB file of version 5 with one column of doubles."""
    def element(kind, data):
        return struct.pack("<II", kind, len(data)) + data + b"\0" * (-len(data) % 8)
    body = element(6, struct.pack("<II", 6, 0)) + element(5, struct.pack("<ii", len(values), 1))
    body += element(1, name) + element(9, struct.pack("<%dd" % len(values), *values))
    return b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM" + element(14, body)


def mat4(name, values, big=False):
    order = ">" if big else "<"
    head = struct.pack(order + "5i", 1030 if big else 30, 1, len(values), 0, len(name) + 1)
    return head + name + b"\0" + struct.pack(order + "%dh" % len(values), *values)


# ---- texts ----

for number, text in enumerate([
        "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|nor_conv_1x1~1|nor_conv_3x3~2|",
        "lr=recipe,momentum=recipe,weight_decay=recipe,dropout=0",
        "lr=0.01,momentum=0.9,weight_decay=0.0005,dropout=0.5", "lr=recipe,weight_decay=1e-5"]):
    put("fuzz_arch", "text%d" % number, text)

put("fuzz_csv", "bare", b"\0a,b\n\"1,\"\"2\",3\r\n\n4,5")
put("fuzz_csv", "vocabulary", b"\1" b"0,Bark,/m/1\n1,Electric_guitar,/m/2\n")
put("fuzz_csv", "map", b"\2" b'{"Bark": 0, "Dog": 1, "Rain": 2}')
put("fuzz_csv", "clips", b"\3" b'fname,labels,mids,split\n11,"Bark,Dog","/m,/m",train\n2,Rain,/m,val\n')
put("fuzz_csv", "clips_odd", b"\3" b'fname,labels,mids\n11,"Bark,Dog","/m"\n2,Rain,/m\n ')
put("fuzz_csv", "chunks", b"\4" b"files,labels,ext\nb_1,Bark,11\na_0,Bark,11\nc_0,Rain,12\n")

MANIFEST = """task: mine
objective: single_label
metric: accuracy
labels: [a, b]
size: tiny
recipe: {epochs: 3, augment: {crop: 2, flip: true}}
data:
  x: {file: t.csv, columns: [a, 3-4], header: true}
  y: {file: t.npz, key: y}
split: {valid: 0.2, test: 0.1, seed: 3}
"""
PARTS = """task: mine
objective: dense
metric: mse
data:
  train: {x: a.npy, y: b.npy}
  test: {x: c.npy, y: d.npy}
  axes: NHWC
split: {valid: 0.2, seed: 1}
"""
SERIES = "@problemName p\n@univariate false\n@classLabel true a b\n@data\n1,2.5:3,4:a\n-1,0:1e3,4:b\n"
put("fuzz_manifest", "whole", b"\0" + MANIFEST.encode())
put("fuzz_manifest", "parts", b"\0" + PARTS.encode())
put("fuzz_manifest", "patched", b"\1" + patches((6, 0x4d), (40, 0x3a)))
put("fuzz_manifest", "table", b"\2" b"\1\1a,b,c\n1,2,3\n4,5,6\n")
put("fuzz_manifest", "texts", b"\2" b"x;y\n\"a;b\";1\nc;2\n")
put("fuzz_manifest", "series", b"\2" + SERIES.encode())
put("fuzz_manifest", "idx", b"\3" + struct.pack(">HBBIII", 0, 8, 3, 2, 2, 3) + bytes(range(12)))
put("fuzz_manifest", "idx_float", b"\3" + struct.pack(">HBBI3f", 0, 0x0d, 1, 3, 1, -2, .5))

put("fuzz_suite", "whole", """title: "two methods"
tasks: [ecg, darcy]
methods:
  - method: wrn
  - method: random
    space: nb201
    set: ""
seeds: [0, 1]
size: tiny
budget: 2x
""")

put("fuzz_wfdb", "header", b"\0" b"R00 1 300 9000\nR00.mat 16+24 1000/mV 16 0 -127 0 0 ECG\n")
put("fuzz_wfdb", "matrix", b"\1" + mat4(b"val", [-127, 300, -32768, 32767, 0]))
put("fuzz_wfdb", "matrices", b"\1" + mat4(b"wal", [1], True) + mat4(b"val", [1, 2, 3], True))
put("fuzz_wfdb", "labels", b"\2" b"A00001,N\nA00002,A\r\nA00003,O\nA00004,~\n")

put("fuzz_ucr", "tsv", b"\0\3" b"1\t0.5\t-1\t2e3\t4\n2\t1\t2\t3\t4\n")
put("fuzz_ucr", "txt", b"\1\2" b"  1.0  0.5  -1  2\n\n# more\n  2.0 1 2 3\n")
put("fuzz_ucr", "arff", b"\2\2" b"% c\n@relation r\n@attribute a numeric\n@data\n1,2,3,1\n4,5,6,2\n")
put("fuzz_ucr", "large", b"\0\0" b"1\t1e300\n")
put("fuzz_ucr", "ts", b"\3\2" b"#c\n@problemName p\n@classLabel true 1 2\n@data\n1,2,3:1\n4,5,6:2\n")

# ---- binary formats ----

put("fuzz_dataset", "as_it_is", b"")
put("fuzz_dataset", "one", patches((0x1234, 0)) + b"\0")
put("fuzz_dataset", "two", patches((0x8000, 0xff), (0xf000, 1)) + b"\0\0")
put("fuzz_own_hdf5", "plain", b"\0" + patches((0x0400, 3)))
put("fuzz_own_hdf5", "packed", b"\2" + patches((0x1000, 0xff)))
put("fuzz_own_hdf5", "names", b"\7" + patches((0x8000, 0x41)))
put("fuzz_own_hdf5", "bare", b"\1\x89HDF\r\n\x1a\n" + bytes([2, 8, 8, 0]) + b"\xff" * 32)

# found by the fuzzer: named by the array that is asked for (_c: for its codes) and what is changed
for name, found in [
        ("plain_c_cut", "0189 4844 460d 0a1a 0a02 0808 ffff ffff ffff ffff ffff ff"),
        ("plain_c_three", "0189 4845 460d 0a1a 0a88 4102"),
        ("packed_as_it_is", "02ff"),
        ("packed_c_many", "ffff ff10 7b7b 7b7b 7b7b 7b7b 7b7b 7b7b 7b7b 7b7b 7b7b 7b7b 02d7 04"),
        ("small_one", "8841 0007"),
        ("small_many", "107b 7b7b 7b7b 7b7b 7b7b 7b7b 7b7b 7b7b 7b7b 7b7b 7b02 d704"),
        ("names_start", "0610 0010 7b7b 7b"),
        ("names_many", "127b 7b7b 7b7b 7b7b 7b7b 077b 807b 0041 7b7b 7b7b 7b7b 7b07 8000 41d7 04"),
        ("names_c_end", "0780 ffff ffff ffff ffff ffff ff00 ff")]:
    put("fuzz_own_hdf5", name, bytes.fromhex(found))

put("fuzz_fits", "bare", b"\0" + fits_head(
    ("SIMPLE", "T"), ("BITPIX", 16), ("NAXIS", 2), ("NAXIS1", 4), ("NAXIS2", 3)) + bytes(24))
put("fuzz_fits", "plain", b"\1" + patches((0x0050, 0x38)))
put("fuzz_fits", "rice", b"\2" + patches((0x2000, 7), (0x2801, 0x80)))

put("fuzz_mat", "bare", b"\0" + mat5(b"coeff", [1, 2, 3, 4.5]))
put("fuzz_mat", "patched", b"\2" + bytes([20, 3, 24, 1]))
put("fuzz_mat", "compressed", b"\1" + bytes([56, 1, 60, 0x40]))

put("fuzz_npy", "floats", b"\0" + npy("<f4", "(2, 3)", struct.pack("<6f", *range(6))))
put("fuzz_npy", "shorts", b"\0" + npy(">i2", "(4,)", struct.pack(">4h", 1, -2, 3, 4), 2, True))
put("fuzz_npy", "texts", b"\0" + npy("<U2", "(2,)", "abcd".encode("utf-32-le"), 3))
put("fuzz_npy", "numbers", b"\1" + patches((0, 0x93)))
put("fuzz_npy", "objects", b"\2" + patches((8, 0x35)))

CONTENT = {"data": [1, -2, 3.5, None, True], b"fine_labels": (7, 256, 1 << 70), "name": "x" * 20}
for protocol in range(6):
    put("fuzz_pickle", "protocol%d" % protocol, b"\1" + pickle.dumps(CONTENT, protocol))
put("fuzz_pickle", "bytearray", b"\1" + pickle.dumps(bytearray(b"123"), 5))
put("fuzz_pickle", "array", b"\0" + patches((2, 0x7d)))

put("fuzz_sound", "mono8.wav", sound(8000, 1, 1, 500))
put("fuzz_sound", "stereo16.wav", sound(44100, 2, 2, 300))
put("fuzz_sound", "mono24.wav", sound(22050, 1, 3, 200))
put("fuzz_sound", "mono32.wav", sound(48000, 1, 4, 100))

FILES = [("data/a.csv", b"1,2\n"), ("data/b.wav", sound(8000, 1, 1, 64)), ("../up", b"x")]
put("fuzz_archive", "tar", b"\0" + patches((0x0000, 0x64)))
put("fuzz_archive", "tar_gz", b"\1" + patches((0x0003, 0)))
put("fuzz_archive", "zip", b"\2" + patches((0x0016, 7)))
put("fuzz_archive", "gzip", b"\3" + patches((0x0003, 0)))
put("fuzz_archive", "bare_gzip", b"\4" + gzip.compress(b"1 2 3\n" * 50, mtime=0))
put("fuzz_archive", "bare_zip", b"\5" + packed(FILES, True))
put("fuzz_archive", "bare_tar_gz", b"\5" + tar(FILES))

ARRAYS = [("x.npy", npy("<f4", "(2, 2)", struct.pack("<4f", *range(4)))),
          ("y.npy", npy("|u1", "(2,)", b"\0\1")), ("notes.txt", b"no array")]
put("fuzz_npz", "stored", b"\0" + patches((0x0012, 0x9e)))
put("fuzz_npz", "deflated", b"\1" + patches((0x0012, 0x40)))
put("fuzz_npz", "bare", b"\2" + packed(ARRAYS, False))
put("fuzz_npz", "bare_deflated", b"\2" + packed(ARRAYS, True))

# the first byte is the name: file, train.bin, test, data_batch_1.bin, .a3m, .hea, .ts.gz, .csv ...
put("fuzz_content", "npy", b"\0" + npy("<f4", "(2, 3)", bytes(24)))
put("fuzz_content", "npy_objects", b"\0" + npy("|O", "(2,)", pickle.dumps([1, 2], 2)))
put("fuzz_content", "npz", b"\0" + packed(ARRAYS[:2] + [("%d.npy" % k, b"") for k in range(6)], True))
put("fuzz_content", "torch", b"\0" + packed([("model/data.pkl", pickle.dumps({}, 2))], False))
put("fuzz_content", "zip", b"\0" + packed(FILES, False))
put("fuzz_content", "tar_gz", b"\0" + tar(FILES))
put("fuzz_content", "idx", b"\0" + struct.pack(">HBBIII", 0, 8, 3, 2, 2, 3) + bytes(range(12)))
put("fuzz_content", "mat4", b"\0" + mat4(b"val", [1, 2, 3], True))
put("fuzz_content", "mat5", b"\0" + mat5(b"coeff", [1, 2]))
put("fuzz_content", "fits", b"\0" + fits_head(("SIMPLE", "T"), ("BITPIX", 16), ("NAXIS", 0)))
put("fuzz_content", "wav", b"\0" + sound(8000, 1, 1, 10))
put("fuzz_content", "pickle", b"\2" + pickle.dumps({"k%d\n" % k: k for k in range(12)}, 2))
put("fuzz_content", "pickle_0", b"\0" + pickle.dumps(CONTENT, 0))
put("fuzz_content", "cifar", b"\3" + bytes(3073))
put("fuzz_content", "fasta", b"\4" b">1abc\nACDEF\n")
put("fuzz_content", "alignment", b"\4" b"ACDEF\nAC-EF\n")
put("fuzz_content", "series_gz", b"\6" + gzip.compress(SERIES.encode(), mtime=0))
put("fuzz_content", "table", b"\7" b"a,b\n1,2\n")
