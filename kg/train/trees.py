"""Training of boosted trees by LightGBM, whose own package is needed for nothing else (`kg.extract.trees`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kg.extract.trees import Trees

SAME_EACH_TIME = {
    "verbose": -1,
    "seed": 1,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
}
"""Settings that all trees share: the same rows, the same trees, and nothing printed."""


def fit_trees(
    settings: Mapping[str, Any],
    rounds: int,
    rows: np.ndarray,
    target: np.ndarray,
    weight: np.ndarray,
    start: np.ndarray | None = None,
) -> Trees:
    """Return boosted trees.

    Args:
        settings: LightGBM's parameters beside `SAME_EACH_TIME`.
        rounds: trees for each class.
        rows: (N, features).
        target: (N,) right answers.
        weight: (N,) how much each row counts.
        start: (N,) raw scores that the trees correct; none if None.
    """
    import lightgbm

    lessons = lightgbm.Dataset(rows, target, weight=weight, init_score=start)
    return Trees(lightgbm.train({**settings, **SAME_EACH_TIME}, lessons, rounds).model_to_string())
