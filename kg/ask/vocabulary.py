"""All words of titles and abstracts: those that begin alike, and those spelled nearly alike."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import cached_property

import numpy as np
from rapidfuzz import fuzz, process

_LONGER = 2  # letters that a word spelled nearly alike can have more or less


class Vocabulary:
    """Some words, sorted, and what is needed to compare one with all of them."""

    def __init__(self, words: list[str]) -> None:
        self.words = words

    def beginning(self, word: str) -> list[str]:
        """Return the words that begin with one."""
        return self.words[bisect_left(self.words, word) : bisect_left(self.words, word + "\U0010ffff")]

    def holds(self, word: str) -> bool:
        """Return whether the word is there itself."""
        return bisect_left(self.words, word) < bisect_right(self.words, word)

    def nearest(self, word: str, limit: int, least: float) -> list[tuple[str, float]]:
        """Return the words most like one, with their similarity (0 to 100, ``least`` at least), best first.

        The similarity is 1 - edits / letters of both, where edits add or take a letter. One such edit changes at most
        one bit of what letters a word has, which rules out nearly all words before they are compared.
        """
        by_length, lengths, letters = self._letters
        first, last = np.searchsorted(lengths, (len(word) - _LONGER, len(word) + _LONGER + 1))
        near = slice(int(first), int(last))
        different = np.bitwise_count(letters[near] ^ _letters_of([word])[0])
        edits = (1 - least / 100) * (lengths[near] + len(word)) + 1e-9
        candidates = [by_length[near.start + i] for i in np.flatnonzero(different <= edits)]
        found = process.extract(word, candidates, scorer=fuzz.ratio, limit=limit, score_cutoff=least)
        return [(other, score) for other, score, _ in found]

    @cached_property
    def _letters(self) -> tuple[list[str], np.ndarray, np.ndarray]:
        """The words by length, their lengths, and which letters each has."""
        words = sorted(self.words, key=len)
        return words, np.fromiter(map(len, words), np.int64, len(words)), _letters_of(words)


def _letters_of(words: list[str]) -> np.ndarray:
    """Return a number for each word (none is empty): bit n is set if it has a letter whose code is n modulo 64."""
    if not words:
        return np.empty(0, np.uint64)
    codes = np.frombuffer("".join(words).encode("utf-32-le", "surrogatepass"), np.uint32)
    starts = np.cumsum([0, *map(len, words[:-1])])
    return np.bitwise_or.reduceat(np.uint64(1) << (codes % 64).astype(np.uint64), starts)
