"""A signal of few atoms from fewer measurements than atoms: L1 finds it, L2 cannot, and with many atoms neither does.

256 samples are cosines plus spikes, 512 atoms; 128 random projections of them are measured. The error is the signal's, relative to its
size; alpha by cross-validation.
"""

import numpy as np
from scipy.fft import idct

import riata
from examples.gallery._command import command, table

LENGTH, MEASURED = 256, 128


def error(rng, atoms, decibels, l1_ratio):
    basis = np.hstack([idct(np.eye(LENGTH), norm="ortho", axis=0), np.eye(LENGTH)])
    w = np.zeros(2 * LENGTH)
    chosen = rng.choice(2 * LENGTH, atoms, replace=False)
    w[chosen] = rng.choice([-1.0, 1.0], atoms) * rng.uniform(1, 2, atoms)
    signal = basis @ w
    A = rng.standard_normal((MEASURED, LENGTH)) / np.sqrt(MEASURED)
    clean = A @ signal
    y = clean + 10 ** (-decibels / 20) * clean.std() * rng.standard_normal(MEASURED)
    fit = riata.cv_path(A @ basis, y, l1_ratio=l1_ratio, alphas=50, fit_intercept=False, eps=1e-4)
    return np.linalg.norm(basis @ fit.coef - signal) / np.linalg.norm(signal)


def measure(small=False):
    trials, levels = (2, [30]) if small else (5, [30, 10, 0])
    found = {"dB": levels}
    for atoms in (8, 64):
        for name, ratio in (("L1", 1.0), ("L2", 0.0)):
            found[f"{name}, {atoms} atoms"] = [
                np.mean(
                    [
                        error(np.random.default_rng((atoms, dB, t)), atoms, dB, ratio)
                        for t in range(trials)
                    ]
                )
                for dB in levels
            ]
    assert found["L1, 8 atoms"][0] < 0.15
    assert found["L2, 8 atoms"][0] > 0.5
    assert found["L1, 64 atoms"][-1] > 0.4
    return found


def say(found):
    rows = {name: values for name, values in found.items() if name != "dB"}
    return "Error of the signal, by signal-to-noise ratio in dB\n" + table(rows, found["dB"])


def draw(ax, found):
    for name, values in found.items():
        if name != "dB":
            ax.plot(found["dB"], values, "o-" if "L1" in name else "s--", label=name)
    ax.set(
        xlabel="signal-to-noise ratio, dB",
        ylabel="relative error",
        title="512 atoms, 128 measurements",
    )
    ax.legend()


if __name__ == "__main__":
    command("sparse_signals", measure, draw, say)
