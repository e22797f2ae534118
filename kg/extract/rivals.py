"""How a pair stands among the other pairs of its paper, and what that makes of its chance.

Most papers state one pair or none, and a name that descends from one thing seldom descends from the next; so a score
means more beside those of its rivals: the pairs of the same paper, those with the same child, those with the same
parent, and the pair turned round. A logistic regression over these numbers (stacking, Wolpert 1992) weighs them;
boosted trees, which start from its verdict, see them beside types, roles, places and names of the two and correct it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from kg.extract.trees import Trees

LOWEST, HIGHEST = -6.0, 4.0
"""Log-odds are cut to these: beyond them a score says no more."""

N_NUMBERS = 14
"""Numbers that `standing` gives for each pair."""


def standing(odds: np.ndarray, paper: np.ndarray, child: np.ndarray, parent: np.ndarray) -> np.ndarray:
    """Return (P, `N_NUMBERS`): the pair's own log-odds first, then those of its rivals.

    Args:
        odds: (P,) raw log-odds of each pair.
        paper, child, parent: (P,) whose pair it is; entities are numbered over all papers.
    """
    own = np.clip(odds, LOWEST, HIGHEST)
    columns = [own, _turned_round(own, child, parent)]
    for group in (paper, child, parent):
        best, total, count = _others(own, group)
        columns += [best, np.maximum(best - own, 0), total, np.log(count)]
    return np.stack(columns, axis=1)


def _turned_round(odds: np.ndarray, child: np.ndarray, parent: np.ndarray) -> np.ndarray:
    """Return the log-odds of each pair with child and parent exchanged, the lowest where that is not tried."""
    if not len(odds):
        return odds
    size = np.int64(max(child.max(), parent.max()) + 1)
    keys = child * size + parent
    order = np.argsort(keys)
    wanted = parent * size + child
    place = order[np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)]
    return np.where(keys[place] == wanted, odds[place], LOWEST)


def _others(odds: np.ndarray, group: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the best log-odds among a pair's group without itself, the sum of their chances, the group's size."""
    if not len(odds):
        return odds, odds, odds
    order = np.lexsort((-odds, group))
    ordered = group[order]
    opens = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    sizes = np.diff(np.append(opens, len(odds)))
    first = np.repeat(opens, sizes)
    second = np.where(np.repeat(sizes, sizes) > 1, odds[order][np.minimum(first + 1, len(odds) - 1)], LOWEST)
    best, size = np.empty(len(odds)), np.empty(len(odds))
    best[order] = np.where(np.arange(len(odds)) == first, second, odds[order][first])
    size[order] = np.repeat(sizes, sizes)
    chance = expit(odds)
    return best, np.bincount(group, weights=chance)[group] - chance, size


@dataclass(frozen=True, slots=True)
class Rivals:
    """The regression, and trees that correct it.

    Attributes:
        weights: (`N_NUMBERS` + 1,) weight of each number and, last, the bias.
        trees: what they say of standing and facts is added to the regression's log-odds; None for none.
        slope, offset: of the line that makes calibrated log-odds of the sum.
    """

    weights: np.ndarray
    trees: Trees | None = None
    slope: float = 1.0
    offset: float = 0.0

    @classmethod
    def none(cls) -> Rivals:
        """Return the one that asks no rivals and takes the log-odds as they are."""
        return cls(np.eye(N_NUMBERS + 1)[0])

    def __call__(self, numbers: np.ndarray, facts: np.ndarray) -> np.ndarray:
        """Return the calibrated chance of each pair.

        Args:
            numbers: (P, `N_NUMBERS`) as `standing` gives them.
            facts: (P, F) what else is known of the pairs; the trees alone ask it.
        """
        return expit(self.odds(numbers, facts))

    def odds(self, numbers: np.ndarray, facts: np.ndarray) -> np.ndarray:
        """Return the logarithm of the odds of these chances."""
        odds = (numbers * self.weights[:-1]).sum(axis=1) + self.weights[-1]
        if self.trees is not None:
            odds += self.trees.predict(np.concatenate([numbers, facts], axis=1), raw=True)[:, 0]
        return odds * self.slope + self.offset

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return all as arrays for `numpy.savez`."""
        text = self.trees.text if self.trees else ""
        return {
            "rivals": self.weights,
            "rivals_curve": np.array([self.slope, self.offset]),
            "rivals_trees": np.frombuffer(text.encode(), dtype=np.uint8),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Rivals:
        """Read back what `to_arrays` gave."""
        text = arrays["rivals_trees"].tobytes().decode()
        return cls(arrays["rivals"], Trees(text) if text else None, *arrays["rivals_curve"].tolist())
