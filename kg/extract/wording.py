"""How a candidate is worded and what words surround it, as hashed features for a linear model.

The model's verdict is one more piece of evidence for the judge (`kg.extract.judge`): where `kg.extract.evidence`
counts a few chosen cues, this one learns for every word, on either side, near or far, and for every part of a name
("-Net", "-Bench", "-GPT"), what it says of the type.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

import numpy as np

from kg.extract.candidates import Group, Reading
from kg.extract.linear import HashedLinear, mix, probabilities
from kg.extract.words import norm, shape

_REACH = 8
_PAD = 12
_HUMP = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")

_codes: dict[str, int] = {}


def _code(word: str) -> int:
    """Return the number of a word's norm, worked out once."""
    found = _codes.get(word)
    if found is None:
        if len(_codes) > 300_000:
            _codes.clear()
        found = _codes[word] = crc32(norm(word).encode()) + 1
    return found


def _distinct(values: np.ndarray) -> np.ndarray:
    """Return what `numpy.unique` does; for a few hundred values a sort takes a fifth of the time."""
    ordered = np.sort(values)
    return ordered[np.r_[True, ordered[1:] != ordered[:-1]]] if len(ordered) else ordered


@lru_cache(maxsize=100_000)
def _spelling(surface: str) -> np.ndarray:
    """Return the hashes of the parts of a name."""
    return np.array([crc32(part.encode()) for part in parts_of(surface)], dtype=np.int64)


def parts_of(surface: str) -> list[str]:
    """Return the parts of a name: its shape, its beginnings and ends, its humps and words.

    >>> parts_of("SegFormer")[:8]
    ['<se', '<seg', '<segf', 'er>', 'mer>', 'rmer>', 'ormer>', '_XxxXxxx']
    """
    low = norm(surface)
    humps = _HUMP.findall(surface)
    parts = [f"<{low[:k]}" for k in (2, 3, 4)] + [f"{low[-k:]}>" for k in (2, 3, 4, 5)]
    parts.append("_" + shape(surface[:40]))
    if humps:
        parts += ["^" + humps[0], "$" + humps[-1].lower(), *("h" + h.lower() for h in humps)]
    words = norm(surface).split()
    return [*parts, *("w" + w for w in words), "l" + words[-1]]


@dataclass(frozen=True, slots=True)
class Wording:
    """Hashed features of a paper's groups: those of each, and those of all groups in the title, or of all others."""

    owner: np.ndarray  # (N,) the group of each feature in ``own``
    own: np.ndarray  # (N,) hashed features
    variant: np.ndarray  # (G,) 1 for a group whose first place is in the title, else 0
    shared: tuple[np.ndarray, np.ndarray]  # hashed features of the groups of each variant

    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Return (group, feature) for every feature of every group, as training wants them."""
        owners, features = [self.owner], [self.own]
        for group, variant in enumerate(self.variant):
            owners.append(np.full(len(self.shared[variant]), group))
            features.append(self.shared[variant])
        return np.concatenate(owners), np.concatenate(features)


def wording(reading: Reading, groups: Sequence[Group]) -> Wording:
    """Return the features of a paper's groups, of which there must be one at least."""
    codes = np.fromiter(map(_code, reading.words), dtype=np.int64, count=len(reading.words))
    padded = np.concatenate([np.zeros(_PAD, dtype=np.int64), codes, np.zeros(_PAD, dtype=np.int64)])
    owner = np.array([g for g, group in enumerate(groups) for _ in group.places], dtype=np.int64)
    first = np.array([i for group in groups for i, _ in group.places], dtype=np.int64) + _PAD
    after = np.array([j for group in groups for _, j in group.places], dtype=np.int64) + _PAD
    left = [padded[first - k] for k in range(1, _REACH + 1)]
    right = [padded[after + k] for k in range(_REACH)]
    around = [mix(10 + k, left[k]) for k in range(3)] + [mix(20 + k, right[k]) for k in range(3)]
    around += [mix(30, left[0], left[1]), mix(31, right[0], right[1])]
    around += [mix(32, left[0], right[0]), mix(33, right[1], right[2])]
    around.append(mix(40, np.concatenate(left)))
    around.append(mix(41, np.concatenate(right)))
    spelled = [np.concatenate([_spelling(s) for s in group.surfaces[:3]]) for group in groups]
    sizes = [len(parts) for parts in spelled]
    title_tokens = sum(a < reading.title_end for a in reading.starts)
    everywhere, title = _distinct(codes), _distinct(codes[:title_tokens])
    one = np.ones(1, dtype=np.int64)
    return Wording(
        owner=np.concatenate([*[owner] * 10, np.tile(owner, 2 * _REACH), np.repeat(np.arange(len(groups)), sizes)]),
        own=np.concatenate([*around, mix(60, np.concatenate(spelled))]),
        variant=np.array([group.places[0][0] < title_tokens for group in groups], dtype=np.int64),
        shared=tuple(  # type: ignore[arg-type]
            _distinct(np.concatenate([mix(50, everywhere, v * one), mix(51, title, v * one)])) for v in (0, 1)
        ),
    )


def verdict(model: HashedLinear, words: Wording) -> np.ndarray:
    """Return (G, classes) log-probabilities that the linear model gives to each group."""
    n_groups = len(words.variant)
    pairs = _distinct(words.owner << np.int64(32) | words.own)
    columns = model.columns(pairs & np.int64(0xFFFFFFFF))
    known = columns >= 0
    scores = np.zeros((n_groups, model.weights.shape[1])) + model.weights[-1]
    owners = pairs[known] >> np.int64(32)
    if len(owners):
        starts = np.flatnonzero(np.r_[True, owners[1:] != owners[:-1]])
        scores[owners[starts]] += np.add.reduceat(model.weights[columns[known]], starts, axis=0)
    for variant, features in enumerate(words.shared):
        mine = words.variant == variant
        if mine.any():
            columns = model.columns(features)
            scores[mine] += model.weights[columns[columns >= 0]].sum(axis=0)
    return np.log(probabilities(scores) + 1e-9).astype(np.float32)
