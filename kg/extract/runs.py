"""Runs that lie end to end in one array: the places of groups, the words of papers."""

from __future__ import annotations

import numpy as np


def starts_of(sizes: np.ndarray) -> np.ndarray:
    """Return where each run begins, given how long they are.

    >>> starts_of(np.array([2, 0, 3])).tolist()
    [0, 2, 2]
    """
    return np.cumsum(sizes) - sizes


def ragged(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (row, index) for every index from ``low[row]`` to ``high[row]``, end exclusive.

    >>> [a.tolist() for a in ragged(np.array([4, 0]), np.array([6, 1]))]
    [[0, 0, 1], [4, 5, 0]]
    """
    lengths = np.maximum(high - low, 0)
    row = np.repeat(np.arange(len(low)), lengths)
    return row, np.arange(len(row)) - np.repeat(starts_of(lengths) - low, lengths)
