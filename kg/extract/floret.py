"""Vectors of words from their character n-grams, many words at once.

What spaCy's `Vectors` of mode "floret" gives for a word is the mean of some rows of its table; a hash of each n-gram
says which. spaCy hashes them one by one; here those of many words are hashed together. The rows and their order are
the same, and so are the vectors, to the last bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from spacy.vectors import Vectors
from thinc.api import NumpyOps

from kg.extract.runs import starts_of

_WIDTH = 32
"""Bytes of the longest word, with its marks, that is hashed here (two blocks of the hash); longer ones go to spaCy."""

_TOGETHER = 200
"""Words that are worked out together: few enough for their n-grams' rows to lie in the cache."""

_FIRST = np.tri(_WIDTH + 1, _WIDTH, -1, dtype=np.uint8)
"""Row n is one in its first n columns, zero behind."""

_OPS = NumpyOps()
_ONE, _TWO = np.uint64(0x87C37B91114253D5), np.uint64(0x4CF5AD432745937F)
_LAST = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)


def vectors_of(words: Sequence[str], vectors: Vectors) -> np.ndarray:
    """Return (N, V) float32: what ``vectors.get_batch(words)`` gives for words of which none is empty.

    Args:
        words: the words.
        vectors: of mode "floret".
    """
    found = np.empty((len(words), vectors.data.shape[1]), dtype=np.float32)
    for start in range(0, len(words), _TOGETHER):
        some = words[start : start + _TOGETHER]
        marked = [f"{vectors.bow}{word}{vectors.eow}" for word in some]
        short = [i for i, word in enumerate(marked) if len(word) <= _WIDTH and word.isascii()]
        others = sorted(set(range(len(some))).difference(short))
        into = found[start : start + _TOGETHER]
        if short:
            rows, counts = _rows([marked[i].encode() for i in short], vectors)
            into[short] = _OPS.reduce_mean(vectors.data.take(rows, axis=0), counts)
        if others:
            into[others] = vectors.get_batch([some[i] for i in others])
    return found


def _rows(words: Sequence[bytes], vectors: Vectors) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of ``vectors.data`` that words between their marks are the mean of, and how many each has."""
    pieces = [_pieces(len(word), vectors.minn, vectors.maxn) for word in words]
    counts = np.array([len(of_one) for of_one in pieces])
    sizes = np.array([len(word) for word in words])
    first, lengths = np.concatenate(pieces).T
    at = first + np.repeat(starts_of(sizes), counts)
    text = np.frombuffer(b"".join(words) + bytes(_WIDTH), dtype=np.uint8)
    strings = sliding_window_view(text, _WIDTH)[at] * _FIRST.take(lengths, axis=0)
    hashes = murmur(strings, lengths, vectors.hash_seed).view("<u4")[:, : vectors.hash_count]
    rows = (hashes % np.uint32(len(vectors.data))).astype(np.int32)
    return rows.ravel(), (counts * vectors.hash_count).astype(np.int32)


@lru_cache(maxsize=4 * _WIDTH)
def _pieces(size: int, least: int, most: int) -> np.ndarray:
    """Return (P, 2): start and length of the whole of a word of some size, and of its n-grams, the shortest first."""
    ngrams = [(start, n) for n in range(least, most + 1) for start in range(size - n + 1)]
    return np.array([(0, size), *ngrams])


def murmur(strings: np.ndarray, lengths: np.ndarray, seed: int) -> np.ndarray:
    """Return (N, 2) uint64: MurmurHash3_x64_128 (Austin Appleby, public domain) of each of the strings.

    Args:
        strings: (N, W) uint8, each with zeros behind it; W is a multiple of 16.
        lengths: (N,) their lengths in bytes.
        seed: a number of 32 bits.
    """
    words = strings.view("<u8").reshape(len(strings), -1, 2)
    lengths = lengths.astype(np.uint64)
    one = two = np.full(len(strings), seed, dtype=np.uint64)
    for block in range(words.shape[1]):
        before = two
        one = one ^ _rotated(words[:, block, 0] * _ONE, 31) * _TWO  # nothing but zeros changes nothing
        two = two ^ _rotated(words[:, block, 1] * _TWO, 33) * _ONE
        full = lengths >= 16 * (block + 1)
        if full.any():
            stirred = (_rotated(one, 27) + before) * np.uint64(5) + np.uint64(0x52DCE729)
            two = np.where(full, (_rotated(two, 31) + stirred) * np.uint64(5) + np.uint64(0x38495AB5), two)
            one = np.where(full, stirred, one)
    one, two = one ^ lengths, two ^ lengths
    one = one + two
    one, two = _finished(one), _finished(two + one)
    one = one + two
    return np.stack([one, two + one], axis=1)


def _rotated(values: np.ndarray, bits: int) -> np.ndarray:
    return values << np.uint64(bits) | values >> np.uint64(64 - bits)


def _finished(values: np.ndarray) -> np.ndarray:
    for factor in _LAST:
        values = (values ^ values >> np.uint64(33)) * factor
    return values ^ values >> np.uint64(33)
