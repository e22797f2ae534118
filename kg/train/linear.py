"""Training of the linear classifier over hashed features, and what its lessons are put together from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, hstack

from kg.extract.linear import BITS, SPACE, HashedLinear, probabilities
from kg.extract.runs import starts_of

FEW = 3
"""Rows that a feature must stand in at least."""

RARE = 3000
"""What stands in fewer rows than one in so many papers gets no weight: it would make the file large."""

NUMBERS_SPREAD = 0.5
"""Variance of the Gaussian prior on the weights of numbers, each over its standard deviation."""


def least_rows(n_papers: int, rare: int = RARE) -> int:
    """Return how many rows a feature must stand in, given how many papers there are to learn from.

    >>> least_rows(40), least_rows(23_000)
    (3, 7)
    """
    return max(FEW, n_papers // rare)


def join_keys(keys: Sequence[np.ndarray], n_rows: Sequence[int]) -> np.ndarray:
    """Return the keys of several blocks of rows, one below the other.

    >>> from kg.extract.linear import keys_of
    >>> join_keys([keys_of(np.array([0]), np.array([5]), 2), keys_of(np.array([0]), np.array([6]), 1)], [2, 1]) >> 21
    array([0, 2])
    """
    shifts = starts_of(np.array(n_rows, dtype=np.int64)) << BITS
    return np.concatenate([own + shift for own, shift in zip(keys, shifts, strict=True)])


def keys_in(keys: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return the keys (of 64 bits) of the rows that a mask chooses, the rows numbered anew.

    >>> keys_in(np.array([5, 1 << 21 | 6]), np.array([False, True])).tolist()
    [6]
    """
    number = np.cumsum(chosen) - 1
    rows = keys >> BITS
    kept = chosen[rows]
    return number[rows[kept]] << BITS | keys[kept] & (SPACE - 1)


def fit(
    keys: np.ndarray,
    target: np.ndarray,
    n_classes: int,
    *,
    min_rows: int = FEW,
    spread: float | np.ndarray = 0.05,
    iterations: int = 100,
    trust: Sequence[float] | None = None,
    weight: np.ndarray | None = None,
    numbers: np.ndarray | None = None,
) -> HashedLinear:
    """Train on (owner row, hashed feature) pairs; deterministic.

    Args:
        keys: the pairs, as `keys_of` gives them; rows are 0 to len(target) - 1.
        target: (rows,) class of each row.
        n_classes: number of classes, K.
        min_rows: a feature that stands in fewer rows gets no column.
        spread: variance of the Gaussian prior on the weights (the larger, the looser); of all, or (`SPACE`,) of each.
        iterations: most steps of L-BFGS.
        trust: for each class how far a row's label is to be believed, the rest going to the other classes in equal
            parts (label smoothing, Szegedy et al. 2016); fully if None.
        weight: (rows,) how much each row counts; one each if None.
        numbers: (rows, D) numbers beside the features, NaN for what is not known; none if None.
    """
    n_rows = len(target)
    counts = np.bincount((keys & keys.dtype.type(SPACE - 1)).astype(np.int64), minlength=SPACE)
    numbers = np.zeros((n_rows, 0)) if numbers is None else numbers
    n_known = np.maximum(np.isfinite(numbers).sum(axis=0), 1)
    centre = np.nansum(numbers, axis=0) / n_known
    scale = np.sqrt(np.nansum((numbers - centre) ** 2, axis=0) / n_known)
    places = np.flatnonzero(counts >= max(min_rows, 1))
    n_weights = len(places) + len(centre) + 1
    model = HashedLinear(places, np.zeros((n_weights, n_classes)), centre, np.where(scale > 0, scale, 1.0))
    x = hstack([model.matrix_of(keys, n_rows), csr_matrix(model.known(numbers))], format="csr")
    xt = x.T.tocsr()
    of_columns = np.broadcast_to(spread, SPACE)[places]
    spreads = np.append(of_columns, np.full(len(centre), NUMBERS_SPREAD))[:, None]
    wanted = np.eye(n_classes)
    if trust is not None:
        wanted = (1 - wanted) * (1 - np.array(trust)[:, None]) / (n_classes - 1) + np.diag(trust)
    wanted = wanted[target]
    counts_for = np.ones(n_rows) if weight is None else weight

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights = flat.reshape(model.weights.shape)
        p = probabilities(x @ weights[:-1] + weights[-1])
        error = (p - wanted) * counts_for[:, None]
        likelihood = ((wanted * np.log(p + 1e-12)).sum(axis=1) * counts_for).sum()
        value = 0.5 * (weights[:-1] ** 2 / spreads).sum() - likelihood
        return value, np.vstack([xt @ error + weights[:-1] / spreads, error.sum(axis=0)]).ravel()

    found = minimize(loss, model.weights.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": iterations})
    model.weights = found.x.reshape(model.weights.shape)
    return model
