"""Confidence that means what it says: of things held at 0.8, four in five should be right.

The judge's probabilities come from trees that were trained on a bit less than all papers say; a curve with two
parameters for each type (Platt 1999: a logistic over the log-odds), fitted on verdicts over papers that the trees had
not seen, brings them to the observed share.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kg.schema import ENTITY_TYPES


@dataclass(frozen=True, slots=True)
class Curve:
    """Slope and offset of the log-odds for each type."""

    slopes: tuple[float, ...] = (1.0,) * len(ENTITY_TYPES)
    offsets: tuple[float, ...] = (0.0,) * len(ENTITY_TYPES)

    def __call__(self, chance: float, kind: int) -> float:
        """Return the calibrated probability that a name of this type, given ``chance``, is right.

        >>> round(Curve()(0.8, 0), 3)
        0.8
        """
        chance = min(max(chance, 1e-6), 1 - 1e-6)
        odds = self.slopes[kind] * float(np.log(chance / (1 - chance))) + self.offsets[kind]
        return float(1 / (1 + np.exp(-odds)))


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

    from scipy.optimize import minimize  # half a second that only training has to wait

    def loss(curve: np.ndarray) -> float:
        z = curve[0] * odds + curve[1]
        misfit = np.logaddexp(0, -z)[right].sum() + np.logaddexp(0, z)[~right].sum()
        return float(misfit + (curve[0] - 1) ** 2 + curve[1] ** 2)

    slope, offset = minimize(loss, np.array([1.0, 0.0]), method="L-BFGS-B").x
    return float(slope), float(offset)
