"""A photograph is sparse in wavelets: few Haar coefficients hold nearly all of it, so thresholds denoise better than scaling.

In an orthonormal basis the lasso is the soft threshold and ridge a scaling of all coefficients; both have their best alpha here.
"""

import numpy as np
from sklearn.datasets import load_sample_image

import riata
from examples.gallery._command import command, table


def haar(image):
    """Orthonormal, all levels; of a square whose side is a power of two."""
    out, size = image.copy(), len(image)
    while size > 1:
        for axis in (0, 1):
            block = np.moveaxis(out[:size, :size], axis, 0)
            sums, gaps = (
                (block[::2] + block[1::2]) / np.sqrt(2),
                (block[::2] - block[1::2]) / np.sqrt(2),
            )
            out[:size, :size] = np.moveaxis(np.concatenate([sums, gaps]), 0, axis)
        size //= 2
    return out


def held(values, share=0.05):
    """Share of the squares in the largest."""
    squares = np.sort(np.ravel(values) ** 2)[::-1]
    return squares[: int(share * len(squares))].sum() / squares.sum()


def measure(small=False):
    side = 64 if small else 256
    image = load_sample_image("china.jpg").mean(axis=2)[100 : 100 + side, 200 : 200 + side] / 255
    rng = np.random.default_rng(0)
    noisy = image + 0.1 * rng.standard_normal(image.shape)
    true, seen = haar(image).ravel(), haar(noisy).ravel()
    alphas = np.geomspace(1, 1e-3, 60)
    soft = [np.sign(seen) * np.maximum(np.abs(seen) - a, 0) for a in alphas]
    scaled = [seen / (1 + a) for a in alphas]
    # The lasso on some of these coefficients, as a regression on the identity: the same soft threshold.
    part = slice(0, 64)
    path = riata.path(np.eye(64), seen[part], alphas=alphas / 64, fit_intercept=False)
    assert np.allclose(path.coefs.toarray().T, [fit[part] for fit in soft], atol=1e-6)
    found = {
        "pixels": held(image - image.mean()),
        "wavelets": held(np.delete(true, 0)),
        "whole": held(true),
        "noisy": np.mean((seen - true) ** 2),
        "soft": min(np.mean((fit - true) ** 2) for fit in soft),
        "scaled": min(np.mean((fit - true) ** 2) for fit in scaled),
        "curve": np.sort(np.abs(true))[::-1],
    }
    assert found["whole"] > 0.9
    assert found["soft"] < 0.75 * found["scaled"]
    return found


def say(found):
    return "\n".join(
        [
            f"Largest 5 %: {found['whole']:.1%} of the photograph's squares in wavelets; about its mean {found['wavelets']:.1%}, pixels {found['pixels']:.1%}",
            table(
                {"MSE": [found[k] for k in ("noisy", "scaled", "soft")]},
                ["noisy", "L2", "L1"],
                width=6,
            ),
        ]
    )


def draw(ax, found):
    energy = np.cumsum(found["curve"] ** 2) / np.sum(found["curve"] ** 2)
    ax.semilogx(np.arange(1, len(energy) + 1) / len(energy), energy)
    ax.set(
        xlabel="share of the coefficients, largest first",
        ylabel="share of the squares",
        title="A photograph in Haar wavelets",
    )


if __name__ == "__main__":
    command("wavelets", measure, draw, say)
