"""A linear classifier over hashed features: logistic regression whose columns are kept by a fixed hash.

Features are integers (64-bit hashes); each falls into one of `SPACE` places. Training keeps the places that enough rows
hold and forgets the rest, so that the shipped weights are small and a feature never seen in training weighs nothing.
Beside them a row may have a few numbers; one that is NaN, not known, weighs as much as the mean of those in training.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

BITS = 21
SPACE = 1 << BITS
"""Places that features are hashed to."""

_START, _PRIME, _SHIFT, _TOP = 0x2545F4914F6CDD1D, 0x9E3779B97F4A7C15, 29, 32
_WORD = 0xFFFFFFFFFFFFFFFF
_PRIME_64, _SHIFT_64, _TOP_64, _MASK_64 = (np.uint64(n) for n in (_PRIME, _SHIFT, _TOP, SPACE - 1))


def mix(code: int, *parts: np.ndarray) -> np.ndarray:
    """Return one feature for each row: the hash of a template's number and its parts, as a place below `SPACE`.

    Args:
        code: the number of the template.
        parts: arrays of integers, each of as many rows, or of one.
    """
    value = np.array([(code * _START) & _WORD], dtype=np.uint64)  # wraps without a warning
    for part in parts:
        value = value ^ part.astype(np.uint64)
        value *= _PRIME_64
        value ^= value >> _SHIFT_64
    value *= _PRIME_64
    value >>= _TOP_64
    value &= _MASK_64
    return value.view(np.int64)


def mix_one(code: int, part: int) -> int:
    """Return what `mix` does for one row and one part, an eighth of the time.

    >>> mix_one(40, 7) == int(mix(40, np.array([7]))[0])
    True
    """
    value = (((code * _START) ^ part) * _PRIME) & _WORD
    value ^= value >> _SHIFT
    return (((value * _PRIME) & _WORD) >> _TOP) & (SPACE - 1)


def distinct(values: np.ndarray) -> np.ndarray:
    """Return what `numpy.unique` does, which hashes first and takes five times as long.

    >>> distinct(np.array([3, 1, 3])).tolist()
    [1, 3]
    """
    ordered = np.sort(values)
    new = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    return ordered[new]


def keys_of(owner: np.ndarray, features: np.ndarray, n_rows: int) -> np.ndarray:
    """Return the distinct (owner row, hashed feature) pairs, each as one number, ascending."""
    kind = np.uint32 if n_rows <= 1 << (32 - BITS) else np.int64  # the narrower are sorted in half the time
    return distinct((owner << BITS | features).astype(kind))


@dataclass(slots=True)
class HashedLinear:
    """Weights of a multinomial logistic regression.

    Attributes:
        places: (C,) hashed features that have a column, ascending.
        weights: (C + D + 1, K) weight of each column, of each number and, last, the biases.
        centre, scale: (D,) mean and standard deviation of each number in training.
    """

    places: np.ndarray
    weights: np.ndarray
    centre: np.ndarray = field(default_factory=lambda: np.zeros(0))
    scale: np.ndarray = field(default_factory=lambda: np.ones(0))
    _column: np.ndarray | None = None

    def columns(self, features: np.ndarray) -> np.ndarray:
        """Return the column of each hashed feature, -1 for one without."""
        if self._column is None:
            self._column = np.full(SPACE, -1, dtype=np.int32)
            self._column[self.places] = np.arange(len(self.places))
        return self._column.take(features)

    def matrix(self, owner: np.ndarray, features: np.ndarray, n_rows: int) -> csr_matrix:
        """Return the binary matrix (n_rows, C) of features given as (owner row, hashed feature) pairs."""
        return self.matrix_of(keys_of(owner, features, n_rows), n_rows)

    def matrix_of(self, keys: np.ndarray, n_rows: int) -> csr_matrix:
        """Return what `matrix` does, given what `keys_of` makes of the pairs."""
        kind = keys.dtype.type
        columns = self.columns(keys & kind(SPACE - 1))
        known = columns >= 0
        columns, rows = columns[known], (keys >> kind(BITS))[known]
        ends = rows.searchsorted(np.arange(n_rows + 1, dtype=kind))
        return csr_matrix((np.ones(len(columns)), columns, ends), shape=(n_rows, len(self.places)))

    def save(self, path: Path, **more: np.ndarray) -> None:
        """Write the weights, as half floats, and more arrays to an ``.npz`` file: the same weights, the same bytes.

        Of two classes, whose weights are each other's negative, the second is written.
        """
        weights = self.weights[:, 1:] if self.weights.shape[1] == 2 else self.weights
        arrays: dict[str, np.ndarray] = dict(more)
        arrays |= {"places": self.places.astype(np.int32), "weights": weights.astype(np.float16)}
        arrays |= {"centre": self.centre, "scale": self.scale}
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, array in arrays.items():
                data = io.BytesIO()
                np.save(data, array, allow_pickle=False)
                archive.writestr(zipfile.ZipInfo(f"{name}.npy"), data.getvalue(), zipfile.ZIP_DEFLATED)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> HashedLinear:
        """Read what `save` wrote, loaded by `numpy.load`."""
        weights = arrays["weights"].astype(np.float64)
        if weights.shape[1] == 1:
            weights = np.concatenate([-weights, weights], axis=1)
        return cls(arrays["places"].astype(np.int64), weights, arrays["centre"], arrays["scale"])

    def scores(self, matrix: csr_matrix, numbers: np.ndarray | None = None) -> np.ndarray:
        """Return (rows, K) scores; each row is worked out by itself, in the order of its columns.

        Args:
            matrix: the features, as `matrix` gives them.
            numbers: (rows, D), NaN for what is not known; none is if None.
        """
        n_columns = len(self.places)
        scores = matrix @ self.weights[:n_columns] + self.weights[-1]
        if numbers is not None:
            scores += (self.known(numbers)[:, :, None] * self.weights[n_columns:-1]).sum(axis=1)
        return scores

    def known(self, numbers: np.ndarray) -> np.ndarray:
        """Return (rows, D) numbers in standard deviations from their means, 0 for what is not known."""
        return np.nan_to_num((numbers - self.centre) / self.scale)


def probabilities(scores: np.ndarray) -> np.ndarray:
    """Return the softmax over the last axis.

    >>> probabilities(np.array([[0.0, 0.0]])).tolist()
    [[0.5, 0.5]]
    """
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)
