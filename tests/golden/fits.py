"""Writes plain.fits, rice.fits and what astropy reads from them, fits.h. Needs numpy and astropy.

plain.fits: an empty primary unit, a table, a float image with a NaN, a scaled int16 image.
rice.fits: tile-compressed: int32; floats with dither, a NaN and a row too wild to quantise, which is
gzipped; floats with the second dither, which keeps zeros; int16; uint8.
"""
import os

import numpy as np
from astropy.io import fits

here = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(5)

real = rng.normal(100, 20, (5, 7)).astype(">f4")
real[2, 3] = np.nan
whole = fits.ImageHDU(rng.integers(0, 60000, (3, 4)).astype(np.uint16))
table = fits.BinTableHDU.from_columns([fits.Column("a", "J", array=np.arange(3))])
fits.HDUList([fits.PrimaryHDU(), table, fits.ImageHDU(real), whole]).writeto(
    f"{here}/plain.fits", overwrite=True)

flags = (rng.random((16, 20)) < 0.1).astype(np.int32) * 5
sky = rng.normal(3000, 12, (16, 20)).astype(np.float32)
sky[4, 7] = np.nan
sky[5] = 10.0 ** rng.uniform(-20, 20, 20)
holes = np.where(rng.random((16, 20)) < 0.3, 0, rng.normal(50, 3, (16, 20))).astype(np.float32)
fits.HDUList([
    fits.PrimaryHDU(),
    fits.CompImageHDU(flags, compression_type="RICE_1"),
    fits.CompImageHDU(sky, compression_type="RICE_1", quantize_method=1, dither_seed=7),
    fits.CompImageHDU(holes, compression_type="RICE_1", quantize_method=2, dither_seed=9999,
                      tile_shape=(6, 9)),
    fits.CompImageHDU(rng.integers(-900, 900, (7, 11)).astype(np.int16),
                      compression_type="RICE_1"),
    fits.CompImageHDU(rng.integers(0, 256, (7, 11)).astype(np.uint8), compression_type="RICE_1"),
]).writeto(f"{here}/rice.fits", overwrite=True)

with open(f"{here}/fits.h", "w") as out:
    out.write("/* Made by tests/golden/fits.py with astropy. */\n")
    for name in ("plain", "rice"):
        for k, unit in enumerate(fits.open(f"{here}/{name}.fits")):
            if not getattr(unit, "is_image", False) or unit.data is None:
                continue
            values = ", ".join("NAN" if np.isnan(v) else repr(float(np.float32(v))) + "f"
                               for v in np.asarray(unit.data).ravel())
            rows, columns = unit.shape
            out.write(f"static const float {name}{k}[{rows} * {columns}] = {{{values}}};\n")
