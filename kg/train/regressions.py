"""Training of what brings scores to chances: curves of confidence, and the regression over rival pairs."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from kg.extract.calibration import Curve
from kg.schema import ENTITY_TYPES


def fit_curve(chances: np.ndarray, kinds: np.ndarray) -> Curve:
    """Return the curve that makes held-out verdicts likeliest.

    Args:
        chances: (N, 5) probabilities of each candidate, "no name" last.
        kinds: (N,) the right answers.
    """
    said = chances[:, : len(ENTITY_TYPES)]
    best = said.argmax(axis=1)
    chance = np.clip(said.max(axis=1), 1e-6, 1 - 1e-6)
    odds, right = np.log(chance / (1 - chance)), best == kinds
    of_types = [(best == kind) & (chance > 0.05) for kind in range(len(ENTITY_TYPES))]
    slopes, offsets = zip(*(fit_logistic(odds[mine], right[mine]) for mine in of_types), strict=True)
    return Curve(slopes, offsets)


def fit_logistic(odds: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    """Return slope and offset of the logistic over log-odds that makes verdicts likeliest; 1 and 0 without any.

    Args:
        odds: (N,) log-odds.
        right: (N,) whether each came true.
    """
    right = right.astype(bool)

    def loss(curve: np.ndarray) -> float:
        z = curve[0] * odds + curve[1]
        misfit = np.logaddexp(0, -z)[right].sum() + np.logaddexp(0, z)[~right].sum()
        return float(misfit + (curve[0] - 1) ** 2 + curve[1] ** 2)

    slope, offset = minimize(loss, np.array([1.0, 0.0]), method="L-BFGS-B").x
    return float(slope), float(offset)


def fit_rivals(numbers: np.ndarray, target: np.ndarray, spread: float = 1.0) -> np.ndarray:
    """Return the weights of the regression that makes held-out verdicts likeliest.

    Args:
        numbers: (P, `N_NUMBERS`) standing of pairs by scores of models that have not seen their papers.
        target: (P,) 1 for a pair that is right, else 0.
        spread: variance of the Gaussian prior on the weights of the numbers, each over its standard deviation.
    """
    centre, scale = numbers.mean(axis=0), np.maximum(numbers.std(axis=0), 0.01)
    x = (numbers - centre) / scale

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        z = x @ weights[:-1] + weights[-1]
        error = expit(z) - target
        value = (np.logaddexp(0, z) - target * z).sum() + 0.5 / spread * (weights[:-1] ** 2).sum()
        return float(value), np.append(x.T @ error + weights[:-1] / spread, error.sum())

    even = minimize(loss, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B", options={"maxiter": 200}).x
    weights = even[:-1] / scale
    return np.round(np.append(weights, even[-1] - weights @ centre), 6)
