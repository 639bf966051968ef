"""Writes mel.txt: mel spectrograms of three seconds by NumPy and SciPy alone, for tests/test_fsd50k.c.

    python mel.py RAW > mel.txt      RAW holds audio_fsd50k/FSD50K.dev_audio/*.wav (clips of ESC-10, K. J. Piczak,
                                     CC BY 3.0, at 44.1 kHz, 16 bits)

From the definitions: the resampled signal is a sum over the whole input, frames are cut one by one, the
spectrum is a product with the matrix of the discrete Fourier transform's rows that a band touches. Every
97th of the 96 x 101 values is kept, after the values' own numbers of decibels.
"""
import hashlib
import sys

import numpy as np
import scipy.io.wavfile
import scipy.special

RATE, POINTS, WINDOW, HOP, BANDS = 22050, 1920, 661, 220, 96


def resample(x, rate):
    """Output m at input m * rate / RATE; a sinc cut at 0.955 of the lower Nyquist frequency, 64 crossings wide
    on each side under a Kaiser window of beta 9."""
    if rate == RATE:
        return x
    low = min(1.0, RATE / rate)
    k, out = np.arange(len(x)), []
    for m in range(-(-len(x) * RATE // rate)):
        t = k - m * rate / RATE
        u = t * low / 64
        inside = np.abs(u) < 1
        h = 0.955 * low * np.sinc(0.955 * low * t[inside])
        h *= scipy.special.i0(9 * np.sqrt(1 - u[inside] ** 2)) / scipy.special.i0(9.0)
        out.append(np.dot(h, x[inside]))
    return np.array(out)


def filters():
    """{frequencies, bands}, as torchaudio.functional.melscale_fbanks with norm None and HTK's scale."""
    f = np.linspace(0, RATE // 2, POINTS // 2 + 1)
    mel = np.linspace(0, 2595 * np.log10(1 + RATE // 2 / 700), BANDS + 2)
    point = 700 * (10 ** (mel / 2595) - 1)
    slope = point[None, :] - f[:, None]
    width = np.diff(point)
    return np.maximum(0, np.minimum(-slope[:, :-2] / width[:-1], slope[:, 2:] / width[1:]))


def spectrogram(x):
    padded = np.pad(x, POINTS // 2, mode="reflect")
    window = np.zeros(POINTS)
    left = (POINTS - WINDOW) // 2
    window[left:left + WINDOW] = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    frames = np.stack([padded[s:s + POINTS] * window for s in range(0, len(padded) - POINTS + 1, HOP)])
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    db = 10 * np.log10(np.maximum(1e-10, power @ filters())).T
    db = np.maximum(db, db.max() - 80) + 75
    return db - db.mean()


def show(name, digest, x):
    x = np.clip(np.round(x), -32768, 32767)
    v = spectrogram(np.resize(x[:RATE], RATE) / 32768)
    assert v.shape == (96, 101)
    print(name, digest, len(x), int(np.sum(x)), *("%.12g" % e for e in v.ravel()[::97]))


def main():
    raw = sys.argv[1] + "/audio_fsd50k/FSD50K."
    for name in "dev_audio/100786.wav", "dev_audio/102852.wav", "dev_audio/109505.wav":
        rate, x = scipy.io.wavfile.read(raw + name)
        digest = hashlib.sha256(open(raw + name, "rb").read()).hexdigest()
        show(name, digest, resample(x.astype(float), rate))
    state, noise = 1, []                            # a chirp and noise, so that one needs no data
    for i in range(RATE):
        state = (state * 1103515245 + 12345) & 0x7fffffff
        noise.append((state >> 16) % 2001 - 1000)
    show("made", "-", np.array(noise) + (np.arange(RATE) * np.arange(RATE) // 2000) % 8000)


main()
