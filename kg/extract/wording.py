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
from kg.extract.linear import HashedLinear, distinct, mix, probabilities
from kg.extract.runs import starts_of
from kg.extract.words import code, norm, shape

_REACH = 8
_PAD = 12
_CODE_BITS = 33  # of a word's code
_HUMP = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


@lru_cache(maxsize=100_000)
def _spelling(surface: str) -> np.ndarray:
    """Return the hashes of the parts of a name."""
    return np.array([*map(crc32, map(str.encode, parts_of(surface)))], dtype=np.int64)


def parts_of(surface: str) -> list[str]:
    """Return the parts of a name: its shape, its beginnings and ends, its humps and words.

    >>> parts_of("SegFormer")[:8]
    ['<se', '<seg', '<segf', 'er>', 'mer>', 'rmer>', 'ormer>', '_XxxXxxx']
    """
    low = norm(surface)
    humps = _HUMP.findall(surface)
    parts = [f"<{low[:2]}", f"<{low[:3]}", f"<{low[:4]}"]
    parts += [f"{low[-2:]}>", f"{low[-3:]}>", f"{low[-4:]}>", f"{low[-5:]}>", f"_{shape(surface[:40])}"]
    if humps:
        parts += ["^" + humps[0], "$" + humps[-1].lower(), *("h" + h.lower() for h in humps)]
    words = low.split()
    return [*parts, *("w" + w for w in words), "l" + words[-1]]


@dataclass(frozen=True, slots=True)
class Wording:
    """Hashed features of the groups of some papers: those of each, and those that groups of a paper share.

    Of a paper's groups those whose first place is in its title share one set of features, all others another.
    """

    owner: np.ndarray  # (N,) the group of each feature in ``own``
    own: np.ndarray  # (N,) hashed features
    set_of: np.ndarray  # (G,) the shared set of each group
    sharer: np.ndarray  # (M,) ascending: the set of each feature in ``shared``
    shared: np.ndarray  # (M,) hashed features

    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Return (group, feature) for every feature of every group, as training wants them."""
        owners, features = [self.owner], [self.own]
        for group, number in enumerate(self.set_of):
            mine = self.shared[slice(*np.searchsorted(self.sharer, (number, number + 1)))]
            owners.append(np.full(len(mine), group))
            features.append(mine)
        return np.concatenate(owners), np.concatenate(features)


def wording(readings: Sequence[Reading], groups_of: Sequence[Sequence[Group]]) -> Wording:
    """Return the features of the groups of some papers, of which there must be one at least."""
    shifts, at = [], _PAD
    for reading in readings:
        shifts.append(at)
        at += len(reading.words) + _PAD
    codes = np.zeros(at, dtype=np.int64)
    for reading, shift in zip(readings, shifts, strict=True):
        codes[shift : shift + len(reading.words)] = reading.looks.column(code, np.int64)
    groups = [(paper, group) for paper, some in enumerate(groups_of) for group in some]
    places = [
        (number, i + shifts[paper], j + shifts[paper])
        for number, (paper, group) in enumerate(groups)
        for i, j in group.places
    ]
    owner, first, after = np.array(places, dtype=np.int64).T
    left = [codes[first - k] for k in range(1, _REACH + 1)]
    right = [codes[after + k] for k in range(_REACH)]
    around = [mix(10 + k, left[k]) for k in range(3)] + [mix(20 + k, right[k]) for k in range(3)]
    around += [mix(30, left[0], left[1]), mix(31, right[0], right[1])]
    around += [mix(32, left[0], right[0]), mix(33, right[1], right[2])]
    around.append(mix(40, np.concatenate(left)))
    around.append(mix(41, np.concatenate(right)))
    spelled = [_spelling(s) for _, group in groups for s in group.surfaces[:3]]
    spells = [number for number, (_, group) in enumerate(groups) for _ in group.surfaces[:3]]
    sharer, shared = _shared(readings, codes, shifts)
    return Wording(
        owner=np.concatenate([*[owner] * 10, np.tile(owner, 2 * _REACH), np.repeat(spells, [len(s) for s in spelled])]),
        own=np.concatenate([*around, mix(60, np.concatenate(spelled))]),
        set_of=np.array(
            [2 * paper + (group.places[0][0] < readings[paper].title_tokens) for paper, group in groups],
            dtype=np.int64,
        ),
        sharer=sharer,
        shared=shared,
    )


def _shared(readings: Sequence[Reading], codes: np.ndarray, shifts: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Return the sets of features that say which words a paper and its title hold, as (set, feature) pairs."""
    sizes = [len(reading.words) for reading in readings]
    paper = np.repeat(np.arange(len(readings)), sizes)
    starts = starts_of(np.array(sizes))
    at = np.arange(len(paper)) + (np.array(shifts) - starts)[paper]
    in_title = np.arange(len(paper)) < (starts + [reading.title_tokens for reading in readings])[paper]
    keys = paper << np.int64(_CODE_BITS) | codes[at]
    everywhere, title = distinct(keys), distinct(keys[in_title])
    sets, features = [], []
    for variant in (0, 1):
        for template, found in ((50, everywhere), (51, title)):
            word = found & np.int64((1 << _CODE_BITS) - 1)
            sets.append(2 * (found >> np.int64(_CODE_BITS)) + variant)
            features.append(mix(template, word, np.full(1, variant)))
    pairs = distinct(np.concatenate(sets) << np.int64(32) | np.concatenate(features))
    return pairs >> np.int64(32), pairs & np.int64(0xFFFFFFFF)


def verdict(model: HashedLinear, words: Wording) -> np.ndarray:
    """Return (G, classes) log-probabilities that the linear model gives to each group."""
    pairs = distinct(words.owner << np.int64(32) | words.own)
    scores = model.weights[-1] + _summed(model, pairs >> np.int64(32), pairs & np.int64(0xFFFFFFFF), len(words.set_of))
    scores += _summed(model, words.sharer, words.shared, int(words.set_of.max()) + 1)[words.set_of]
    return np.log(probabilities(scores) + 1e-9).astype(np.float32)


def _summed(model: HashedLinear, owner: np.ndarray, features: np.ndarray, size: int) -> np.ndarray:
    """Return (size, classes): the sum of the weights of each owner's features; ``owner`` is ascending."""
    columns = model.columns(features)
    known = (columns >= 0) & (owner < size)
    owner, columns = owner[known], columns[known]
    sums = np.zeros((size, model.weights.shape[1]))
    if len(owner):
        starts = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
        sums[owner[starts]] = np.add.reduceat(model.weights[columns], starts, axis=0)
    return sums
