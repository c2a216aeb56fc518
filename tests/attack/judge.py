"""What is wrong with an answer: a list of faults. Shares nothing with riata but the numbers that it hands out.

With P the objective in long double of the coefficients as returned, P* the least that the reference solver found and N the objective
of the model without features, a claim is at fault where

    false       it says converged, and P > P* + 1.5 tol N                            (a better feasible point is at hand)
    primal      the primal value it states is not P                                  (by more than tol N)
    dual        the dual value it states is above P*, or above its own primal        (a bound that is none)
    gap         the relative gap is not (primal - dual) / N, or is above tol with "converged"
    bounds      a coefficient lies outside its bounds, or on a feature that is left out
    finite      a number is nan or infinite
    null, dev   the null model's objective, or the share of it that is explained, is another one
    predict     predictions for X are not X w + b
    held-out    the loss or the predictions of rows held out are not those of the fold's coefficients
    refit       the error of rows held out is not that of a refit to the training rows

each beyond the rounding of the coefficients to float64. A better point is one that float64 can express, whatever way its sums are rounded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .exact import EPS, Exact, long, outputs
from .losses import LOSSES
from .problems import Case
from .reference import Scaled, improve

REFUSED = (
    "only one class",
    "at least 2 classes",
    "every class must have a sample",
    "zero wherever",
)
LIMIT = 20.0  # seconds


@dataclass
class Fault:
    kind: str
    text: str
    alpha: float = 0.0


@dataclass
class Verdict:
    faults: list[Fault]
    claims: int = 0  # of coefficients that riata chose
    warned: int = 0  # of those, what says "not converged"
    undecided: int = 0  # claims neither proven nor refuted


def judge(case: Case, answer) -> Verdict:
    verdict = Verdict([], sum(not claim.is_foreign for claim in answer.claims))
    if answer.error and not is_refusal(case, answer.error):
        verdict.faults.append(Fault("exception", answer.error))
    verdict.faults += [Fault("leaked", text) for text in answer.leaked[:1]]
    verdict.faults += [Fault("mutated", name) for name in answer.mutated]
    if answer.seconds > LIMIT:
        verdict.faults.append(Fault("slow", f"{answer.seconds:.1f} s"))
    problems: dict[bytes, Exact] = {}
    with np.errstate(all="ignore"):
        for claim in answer.claims:
            weights = claim.sample_weight
            key = b"" if weights is None else weights.tobytes()
            if key not in problems:
                terms = (
                    case.terms if weights is None else replace(case.terms, sample_weight=weights)
                )
                problems[key] = Exact(case.X, case.y, terms)
            found = Verdict([])
            judge_claim(case, problems[key], claim, found)
            verdict.warned += found.warned
            verdict.undecided += found.undecided
            verdict.faults += [
                replace(f, kind=f.kind + kind_of(problems[key], claim)) for f in found.faults
            ]
        for refit in answer.refits:
            refitted(case, refit, verdict.faults)
    failed = sum(not claim.converged for claim in answer.claims)
    if failed and not answer.warned and case.entry != "check":
        verdict.faults.append(Fault("silent", f"{failed} not converged, and no warning"))
    return verdict


def kind_of(exact: Exact, claim) -> str:
    """What tells faults apart: a null model that is perfect already, and a claim that does not say converged."""
    return (" of 0" if is_perfect(exact) else "") + ("" if claim.converged else ", open")


def is_perfect(exact: Exact):
    """Whether the model without features leaves nothing: of a constant response, say."""
    return exact.null <= 1e-28 * np.abs(exact.y).max()


def is_refusal(case: Case, error: str):
    """Whether riata may refuse this: what its documentation excludes."""
    if not error.startswith("ValueError"):
        return False
    low = -np.inf if case.terms.lower is None else case.terms.lower
    high = np.inf if case.terms.upper is None else case.terms.upper
    for weights in (case.terms.penalty_weights, case.terms.l2_weights):
        if weights is not None and np.any(np.isinf(weights) & ((low > 0) | (high < 0))):
            return True
    return any(text in error for text in REFUSED)


def judge_claim(case: Case, exact: Exact, claim, verdict: Verdict):
    faults = verdict.faults
    verdict.warned += not (claim.converged or claim.is_foreign)
    W, b = claim.coef.T, claim.intercept
    if not exact.possible:
        if claim.converged:
            faults.append(
                Fault("false", "converged, and no coefficients are feasible", claim.alpha)
            )
        return
    numbers = [claim.primal, claim.dual, claim.null]
    if claim.converged or exact.null > 0:  # in units of a null objective of 0 a gap is infinite
        numbers.append(claim.rel_gap)
    if not (np.isfinite(W).all() and np.isfinite(b).all()):
        faults.append(
            Fault("finite", f"coefficients or intercept not finite: {W}, {b}", claim.alpha)
        )
        return
    allowed = not claim.converged and exact.penalty(long(W), claim.alpha) > 1e300
    if not (claim.is_foreign or allowed or np.isfinite(numbers).all()):
        faults.append(Fault("finite", f"primal, dual, null, rel_gap = {numbers}", claim.alpha))
        return
    feasible = exact.is_feasible(W)
    if not feasible:
        if not claim.is_foreign:
            faults.append(Fault("bounds", f"coefficients {W.T} outside", claim.alpha))
        elif claim.converged:
            faults.append(Fault("false", "converged outside the bounds", claim.alpha))
        return
    if claim.held_out is not None:
        held_out(case, claim, faults)
    predictions(exact, case, claim, faults)
    optimality(exact, claim, verdict)


def optimality(exact: Exact, claim, verdict: Verdict):
    """Primal and dual values against the objective and the best point found."""
    faults, alpha = verdict.faults, claim.alpha
    W, b, null = claim.coef.T, claim.intercept, exact.null
    P = exact.objective(W, b, alpha)
    first, second = exact.rounding(W, b)
    floor = second + 1e-13 * P
    if exact.terms.family in ("binomial", "multinomial", "poisson"):
        floor = floor + 1e-290  # the end of what exp gives
    if is_perfect(exact):  # there is no unit but the response's own
        floor = floor + 3e-14 * (exact.s @ np.abs(exact.y)).sum()
    room = claim.tol * null
    if claim.converged and claim.rel_gap > claim.tol * (1 + 1e-9):
        faults.append(
            Fault("gap", f"converged with rel_gap {claim.rel_gap:.3g} > tol {claim.tol:.3g}", alpha)
        )
    if not np.isfinite(claim.primal):
        return
    if abs(P - claim.primal) > room + first + floor:
        where = "above" if claim.primal < P else "below"
        size = float(abs(P - claim.primal) / null) if null > 0 else np.inf
        text = f"objective {P:.6g} is {where} the stated primal {claim.primal:.6g}, by {size:.2g} null; converged: {claim.converged}"
        faults.append(Fault("primal", text, alpha))
    if claim.converged and claim.dual - claim.primal > 1e-9 * float(null) + first + floor:
        faults.append(
            Fault("dual", f"dual {claim.dual:.9g} above its primal {claim.primal:.9g}", alpha)
        )
    side_values(exact, claim, faults, first + floor)
    best, bound = better(exact, claim, P, 1.5 * room + floor)
    if claim.converged and P - best > 1.5 * room + floor:
        size = float((P - best) / null) if null > 0 else np.inf
        text = f"{size:.3g} null above a better point (tol {claim.tol:g}): {P:.9g} > {best:.9g}"
        faults.append(Fault("false", text, alpha))
    elif claim.converged and P - bound > 1.5 * room + floor:
        verdict.undecided += 1
    if claim.dual > best + 0.5 * room + first + floor:
        text = f"dual {claim.dual:.9g} above a feasible point's objective {best:.9g}; converged: {claim.converged}"
        faults.append(Fault("dual", text, alpha))


def better(exact: Exact, claim, P, allowed):
    """The least objective found that float64 can express, from the claim on and from zero, and a bound below."""
    scaled, W = Scaled(exact, claim.alpha), claim.coef.T
    best, bound = P, P * 0
    for start in ((W, claim.intercept), (np.zeros_like(W), exact.null_intercept)):
        theta, _, below = improve(scaled, scaled.start(*start), 0.05 * allowed)
        best = min(best, exact.certain(*scaled.original(theta), claim.alpha))
        bound = max(bound, below)
        if P - bound <= allowed or P - best > allowed:
            break
    return best, bound


def side_values(exact: Exact, claim, faults, rounding):
    """The null objective and the share explained."""
    null = exact.null
    is_tiny = null < 1e-10 and exact.terms.family in ("binomial", "multinomial")
    if not is_tiny and abs(claim.null - null) > 1e-6 * null + rounding + 1e-300:
        faults.append(
            Fault("null", f"null objective {claim.null:.9g}, right: {null:.9g}", claim.alpha)
        )
    if claim.dev_ratio is not None and null > rounding * 1e6:
        loss = exact.objective(claim.coef.T, claim.intercept, 0)
        share = 1 - loss / null
        if abs(claim.dev_ratio - share) > (1e-6 + claim.tol) * (1 + loss / null) + rounding / null:
            faults.append(
                Fault("dev", f"dev_ratio {claim.dev_ratio:.9g}, right: {share:.9g}", claim.alpha)
            )


def margins(X, claim):
    """X w + b in long double, and what float64 may be off by."""
    W, b, X = long(claim.coef.T), long(claim.intercept), long(X)
    size = np.abs(X) @ np.abs(W) + np.abs(b)
    return X @ W + b, (8 + X.shape[1]) * EPS * size


def predictions(exact: Exact, case: Case, claim, faults):
    if claim.eta is None:
        return
    eta, off = margins(case.X, claim)
    if not (np.abs(claim.eta - eta) <= off + 1e-300).all():
        worst = float(np.abs(claim.eta - eta).max())
        faults.append(
            Fault(
                "predict",
                f"predictions off by {worst:.3g} where {float(off.max()):.3g} is rounding",
                claim.alpha,
            )
        )


def held_out(case: Case, claim, faults):
    """The loss of a fold's test rows: squares whole, others less their least value (log loss and half the deviance)."""
    test, stated, predicted = claim.held_out
    eta, off = margins(case.X[test], claim)
    if predicted is not None and not (np.abs(predicted - eta) <= 32 * off + 1e-300).all():
        faults.append(Fault("held-out", "predictions of rows held out are others", claim.alpha))
    y = outputs(case.y, case.family)[test]
    if case.terms.offset is not None:
        shift = long(case.terms.offset)[test][:, None]
        eta, off = eta + shift, off + 8 * EPS * np.abs(shift)
    loss = LOSSES[case.family](y)
    s = long(
        np.ones(len(case.y)) if case.terms.sample_weight is None else case.terms.sample_weight
    )[test]
    s = s / s.sum()
    unit = {"gaussian": 2, "multi-gaussian": 2 / y.shape[1]}.get(case.family, 1)
    value = unit * (s @ loss.value(eta))
    off = off + 4 * EPS * np.abs(y)
    slope = np.abs(loss.slope(eta)) + np.abs(loss.slope(eta + off)) + np.abs(loss.slope(eta - off))
    slack = 1e-300 + 1e-12 * value + 2 * unit * (s @ (slope * off).sum(axis=1))
    if case.family == "poisson":
        slack = slack + 1e-14 * (s @ np.abs(y))[0]
    if not abs(value - stated) <= slack and not (value > 1e300 and not np.isfinite(stated)):
        faults.append(
            Fault("held-out", f"held-out loss {stated:.9g}, right: {value:.9g}", claim.alpha)
        )


def refitted(case: Case, refit, faults):
    """Mean squared errors of a fold against a refit, where the model is unique.

    A solution whose gap is at most tol has predictions within sqrt(2 tol N sum_j z_ij^2 / l2_j) of the best one's (z centred columns).
    """
    alpha, weights, test, stated = refit
    exact = Exact(case.X, case.y, replace(case.terms, sample_weight=weights))
    l2, used = exact.penalties(alpha)[1], ~exact.out & exact.Z.any(axis=0)
    if not (l2[used] > 0).all() or not exact.possible or is_perfect(exact):
        return
    scaled, room = Scaled(exact, alpha), max(2 * case.tol, 1e-12) * exact.null
    start = scaled.start(np.zeros((len(l2), exact.outputs)), exact.null_intercept)
    theta, value, bound = improve(scaled, start, 1e-3 * room)
    if value - bound > 0.1 * room:
        return
    right, slack = squared_error(
        case, test, *scaled.original(theta), lambda X: reach(exact, X, l2, used, room)
    )
    if not abs(right - stated) <= slack:
        text = f"held-out error {stated:.9g}, of a refit {right:.9g} within {slack:.2g}"
        faults.append(Fault("refit", text, alpha))


def reach(exact: Exact, X, l2, used, room):
    """How far a prediction may be from the best model's, within the gap and twice over."""
    return np.sqrt(4 * room * ((X - exact.mean)[:, used] ** 2 / l2[used]).sum(axis=1))[:, None]


def squared_error(case: Case, test, W, b, off):
    """The mean squared error over rows and outputs, and what predictions that are `off` may add to it."""
    X, y = long(case.X[test]), outputs(case.y, case.family)[test]
    error = y - X @ W - b
    if case.terms.offset is not None:
        error = error - long(case.terms.offset)[test][:, None]
    off = off(X) + 1e-13 * (np.abs(X) @ np.abs(W) + np.abs(b) + np.abs(y))
    s = weights_of(case, test)
    value = s @ (error**2).mean(axis=1)
    return value, s @ (2 * np.abs(error) * off + off**2).mean(axis=1) + 1e-12 * value


def weights_of(case: Case, test):
    s = case.terms.sample_weight
    s = np.ones(len(test)) if s is None else s[test]
    return long(s) / long(s).sum()
