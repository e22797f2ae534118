"""How a candidate is worded and what words surround it, as hashed features for a linear model.

The model's verdict is one more piece of evidence for the judge (`kg.extract.judge`): where `kg.extract.evidence`
counts a few chosen cues, this one learns for every word, on either side, near or far, and for every part of a name
("-Net", "-Bench", "-GPT"), what it says of the type.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
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


def _spelling(surface: str) -> list[str]:
    """Return the parts of a name: its shape, its beginnings and ends, its words and humps.

    >>> sorted(_spelling("SegFormer"))[:6]
    ['$former', '<se', '<seg', '<segf', '^Seg', '_XxxXxxx']
    """
    low = norm(surface)
    humps = _HUMP.findall(surface)
    parts = [f"<{low[:k]}" for k in (2, 3, 4)] + [f"{low[-k:]}>" for k in (2, 3, 4, 5)]
    parts.append("_" + shape(surface[:40]))
    if humps:
        parts += ["^" + humps[0], "$" + humps[-1].lower()]
        parts += ["h" + h.lower() for h in humps]
    return parts


def wording(reading: Reading, groups: Sequence[Group]) -> tuple[np.ndarray, np.ndarray]:
    """Return (owner, feature) pairs: for each feature of each group the group's number and the hashed feature."""
    codes = np.fromiter((_code(w) for w in reading.words), dtype=np.int64, count=len(reading.words))
    padded = np.concatenate([np.zeros(_PAD, dtype=np.int64), codes, np.zeros(_PAD, dtype=np.int64)])
    owner = np.array([g for g, group in enumerate(groups) for _ in group.places], dtype=np.int64)
    first = np.array([i for group in groups for i, _ in group.places], dtype=np.int64) + _PAD
    after = np.array([j for group in groups for _, j in group.places], dtype=np.int64) + _PAD
    owners, features = [], []

    def add(who: np.ndarray, what: np.ndarray) -> None:
        owners.append(who)
        features.append(what)

    left = [padded[first - k] for k in range(1, _REACH + 1)]
    right = [padded[after + k] for k in range(_REACH)]
    for k in range(3):
        add(owner, mix(10 + k, left[k]))
        add(owner, mix(20 + k, right[k]))
    add(owner, mix(30, left[0], left[1]))
    add(owner, mix(31, right[0], right[1]))
    add(owner, mix(32, left[0], right[0]))
    add(owner, mix(33, right[1], right[2]))
    for k in range(_REACH):
        add(owner, mix(40, left[k]))
        add(owner, mix(41, right[k]))
    title_tokens = sum(a < reading.title_end for a in reading.starts)
    in_title = np.array([group.places[0][0] < title_tokens for group in groups], dtype=np.int64)
    everywhere = np.unique(codes)
    title = np.unique(codes[:title_tokens])
    n = len(groups)
    for number, bag in ((50, everywhere), (51, title)):
        who = np.repeat(np.arange(n), len(bag))
        add(who, mix(number, np.tile(bag, n), in_title[who]))
    for g, group in enumerate(groups):
        texts: list[str] = []
        for surface in group.surfaces[:3]:
            texts += _spelling(surface)
            texts += ["w" + norm(w) for w in surface.split()]
            texts.append("l" + norm(surface.split()[-1]))
        hashes = np.array([crc32(t.encode()) for t in texts], dtype=np.int64)
        add(np.full(len(hashes), g), mix(60, hashes))
    return np.concatenate(owners), np.concatenate(features)


def verdict(model: HashedLinear, owner: np.ndarray, features: np.ndarray, n_groups: int) -> np.ndarray:
    """Return (G, classes) log-probabilities that the linear model gives to each group.

    Args:
        owner: with ``features``: what `wording` returned.
        n_groups: number of groups, G.
    """
    pairs = np.unique(owner << np.int64(32) | features)
    matrix = model.matrix(pairs >> np.int64(32), pairs & np.int64(0xFFFFFFFF), n_groups)
    return np.log(probabilities(model.scores(matrix)) + 1e-9).astype(np.float32)
