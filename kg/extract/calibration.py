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
