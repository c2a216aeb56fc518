"""scikit-learn's enet_path with the opposite of its own choice of precompute, where a p x p Gram matrix is sensible."""

from bench.contenders.scikit_learn import ENVIRONMENT, LADDER, solve, version

__all__ = ["ENVIRONMENT", "LADDER", "path", "refuses", "version"]


def refuses(problem):
    return "a p x p Gram matrix is out of proportion" if problem.shape[1] > 5_000 else None


def path(problem, tolerance, threads=1):
    return solve(problem, tolerance, precompute=problem.shape[0] <= problem.shape[1])
