"""A band-limited signal: not L2 as such recovers it but weights that know the band.

40 of 256 cosines, the lowest, make the signal; 128 of 256 samples are seen, at 20 dB. Alpha by cross-validation.
"""

import numpy as np
from scipy.fft import idct

import riata
from examples.gallery._command import command, table

LENGTH, SEEN, BAND = 256, 128, 40


def errors(rng):
    basis = idct(np.eye(LENGTH), norm="ortho", axis=0)
    w = np.zeros(LENGTH)
    w[:BAND] = rng.standard_normal(BAND)
    signal = basis @ w
    rows = rng.choice(LENGTH, SEEN, replace=False)  # in no order: folds are of consecutive rows
    y = signal[rows] + 0.1 * signal.std() * rng.standard_normal(SEEN)
    frequency = np.arange(1, LENGTH + 1) / BAND
    ways = {
        "L2": {"l1_ratio": 0.0},
        "L1": {"l1_ratio": 1.0},
        "L2, weights f^2": {"l1_ratio": 0.0, "l2_weights": frequency**2},
        "L1, weights f^2": {"l1_ratio": 1.0, "penalty_weights": frequency**2},
        "L2, in the band only": {
            "l1_ratio": 0.0,
            "l2_weights": np.where(frequency <= 1, 1, np.inf),
        },
    }
    return {
        name: np.linalg.norm(
            basis @ riata.cv_path(basis[rows], y, fit_intercept=False, alphas=60, **way).coef
            - signal
        )
        / np.linalg.norm(signal)
        for name, way in ways.items()
    }


def measure(small=False):
    trials = [errors(np.random.default_rng(t)) for t in range(2 if small else 10)]
    found = {name: [np.mean([trial[name] for trial in trials])] for name in trials[0]}
    assert found["L2, weights f^2"][0] < 0.6 * found["L2"][0]
    assert found["L1, weights f^2"][0] < found["L1"][0]
    return found


def say(found):
    return "Error of the signal, 20 dB\n" + table(found, ["error"])


def draw(ax, found):
    ax.barh(list(found), [value for [value] in found.values()])
    ax.invert_yaxis()
    ax.set(xlabel="relative error of the signal", title="It is the weights that know the band")


if __name__ == "__main__":
    command("band_limited", measure, draw, say)
