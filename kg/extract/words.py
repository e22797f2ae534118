"""What the tagger sees of a word by itself: rows in embedding tables and a vector of its character n-grams.

Frequent words have a row of their own, rare ones share rows by hash, so that a name never seen before is read by its
prefix, its suffix, its shape ("XxxXx", "Xx-d") and the n-grams it is made of. Each word is worked out once and kept;
so is what the judge asks of words (`looks_of`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase, digits
from threading import Lock
from zlib import crc32

import numpy as np
from numpy.typing import DTypeLike
from spacy.vectors import Vectors

from kg.extract.floret import vectors_of

TABLES = ("norm", "prefix", "suffix", "shape")
"""The embedding tables, in the order of the columns of `WordFeatures.rows`."""

HASHED = {"norm": 2000, "prefix": 3000, "suffix": 3000, "shape": 600}
"""Rows that words share by hash; the table ``norm`` has the frequent words' own rows after them."""

_DIGIT = re.compile(r"\d")
MASK = "\x00mask"
"""The word that stands for a hidden one in pre-training."""


def norm(word: str) -> str:
    """Return the word without case and with every digit as 0.

    >>> norm("Llama3.1")
    'llama0.0'
    """
    low = word.lower()
    return low if low.isalpha() else _DIGIT.sub("0", low)


def kinds_of(text: str) -> str:
    """Return the text with X for every capital, x for every other letter, d for every digit, other signs as they are.

    >>> kinds_of("GSM8K-v2")
    'XXXdX-xd'
    """
    if text.isascii():
        return text.translate(_KINDS)
    return "".join("X" if c.isupper() else "x" if c.isalpha() else "d" if c.isdigit() else c for c in text)


_KINDS = str.maketrans(
    ascii_uppercase + ascii_lowercase + digits,
    "X" * len(ascii_uppercase) + "x" * len(ascii_lowercase) + "d" * len(digits),
)


def shape(word: str) -> str:
    """Return the word's shape: X, x, d and other signs, with runs cut at three.

    >>> shape("DeepSeek"), shape("GSM8K"), shape("transformers")
    ('XxxxXxxx', 'XXXdX', 'xxx')
    """
    if word.isalpha():  # nearly all words are written in one of two ways
        if word.islower():
            return "xxx"[: len(word)]
        if word[0].isupper() and word[1:].islower():
            return "Xxxx"[: len(word)]
    kinds = kinds_of(word)
    for kind in set(kinds):
        while 4 * kind in kinds:
            kinds = kinds.replace(4 * kind, 3 * kind)
    return kinds


def name_like(word: str) -> bool:
    """Say whether a word is written as names are: capitals beyond the first letter, or a capital and a digit.

    >>> [name_like(w) for w in ("GSM8K", "vLLM", "Qwen2.5", "Attention", "8B", "A")]
    [True, True, True, False, False, False]
    """
    if len(word) < 2 or word.islower():
        return False
    kinds = kinds_of(word)
    if "X" not in kinds:
        return False
    if not word.isalpha() and any(c.isdigit() for c in word):
        return word[0].isalpha()
    return not word[1:].islower() and "X" in kinds[1:]


def capitalised(word: str) -> bool:
    """Say whether a word begins with a capital."""
    return word[0].isupper()


def code(word: str) -> int:
    """Return a number above zero, of 33 bits at most, that stands for the word's norm."""
    return crc32(norm(word).encode()) + 1


class WordTable:
    """Words, each with a row of its own, and columns of what is asked of them again and again.

    A column is what a function says of every word, worked out once for each. The table only grows.
    """

    LIMIT = 300_000
    """Words after which `looks_of` begins another table, lest they fill the memory."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self._row_of: dict[str, int] = {}
        self._columns: dict[Callable[[str], object], tuple[np.ndarray, int]] = {}  # and how many rows are filled
        self._growing = Lock()  # pipelines share the table, and each may have a thread of its own

    def rows(self, words: Sequence[str]) -> np.ndarray:
        """Return (N,) the row of each word; new words are added."""
        row_of = self._row_of
        try:
            return np.fromiter(map(row_of.__getitem__, words), dtype=np.int64, count=len(words))
        except KeyError:
            with self._growing:
                for word in words:
                    if word not in row_of:
                        self.words.append(word)
                        row_of[word] = len(row_of)
            return self.rows(words)

    def column(self, of: Callable[[str], object], dtype: DTypeLike) -> np.ndarray:
        """Return what ``of`` says of each word, row by row; rows without a word may follow."""
        column = self._columns.get(of)
        if column is not None and column[1] == len(self.words):
            return column[0]
        with self._growing:
            values, filled = self._columns.get(of) or (np.zeros(0, dtype=dtype), 0)
            total = len(self.words)
            if total > len(values):
                values = _enlarged(values, max(total, 2 * len(values)))
            values[filled:total] = [of(word) for word in self.words[filled:total]]
            self._columns[of] = values, total
        return values


@dataclass(frozen=True, slots=True)
class Looks:
    """How the words of one text look."""

    table: WordTable
    rows: np.ndarray  # (N,) of the table, one for each word

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, of: Callable[[str], object], dtype: DTypeLike) -> np.ndarray:
        """Return what a function says of each word, in a new array (N,).

        Args:
            of: a function that says the same of a word each time, the same object from call to call: it is
                kept, with what it says of every word.
            dtype: the type of its values.
        """
        return self.table.column(of, dtype).take(self.rows)  # which takes half the time of an index


_tables = [WordTable()]  # the one that grows


def looks_of(words: Sequence[str]) -> Looks:
    """Return how each of the words, none empty, looks.

    >>> looks = looks_of(["GSM8K", "is", "hard"])
    >>> looks.column(name_like, bool).tolist(), looks.column(norm, object).tolist()
    ([True, False, False], ['gsm0k', 'is', 'hard'])
    """
    table = _tables[0]
    if len(table.words) >= table.LIMIT:
        table = _tables[0] = WordTable()  # who holds rows of the old one holds the old one too
    return Looks(table, table.rows(words))


class WordFeatures:
    """A growing table of words.

    Args:
        frequent: norms that have a row of their own.
        vectors: spaCy vectors of mode "floret", or None for none.
        limit: words kept before the table starts anew; bounds the memory of a long run.
    """

    def __init__(self, frequent: Sequence[str], vectors: Vectors | None, limit: int = 200_000) -> None:
        self.frequent = list(frequent)
        self.vectors = vectors
        self.limit = limit
        self._norms = {n: HASHED["norm"] + i for i, n in enumerate(self.frequent)}
        self.epoch = 0
        self.clear()

    @property
    def sizes(self) -> dict[str, int]:
        """Number of rows of each embedding table."""
        return {**HASHED, "norm": HASHED["norm"] + len(self.frequent)}

    @property
    def width(self) -> int:
        """Length of the static vectors."""
        return 0 if self.vectors is None else int(self.vectors.shape[1])

    def clear(self) -> None:
        """Forget every word but the empty one (row 0) and the mask (row 1); ``epoch`` counts how often."""
        self.epoch += 1
        self._index: dict[str, int] = {"": 0, MASK: 1}
        self._rows = np.zeros((1024, len(TABLES)), dtype=np.int32)
        self._rows[1] = 1
        self._table = np.zeros((1024, self.width), dtype=np.float32)

    @property
    def rows(self) -> np.ndarray:
        """(W, 4) rows of every known word in the embedding tables."""
        return self._rows[: len(self._index)]

    @property
    def table(self) -> np.ndarray:
        """(W, V) static vectors of every known word."""
        return self._table[: len(self._index)]

    def prepare(self, n_words: int) -> None:
        """Make room for ``n_words`` more; call it before the words of a batch are looked up."""
        if len(self._index) + n_words > self.limit:
            self.clear()

    def look_up(self, words: Sequence[str]) -> np.ndarray:
        """Return the index of each word in `rows` and `table`; new words are added."""
        index = self._index
        self._add([word for word in dict.fromkeys(words) if word not in index])
        return np.fromiter(map(index.__getitem__, words), dtype=np.int64, count=len(words))

    def _add(self, words: list[str]) -> None:
        """Add new words, many at once: the vectors cost a third of what they cost one by one."""
        if not words:
            return
        first, total = len(self._index), len(self._index) + len(words)
        if total > len(self._rows):
            size = max(total, 2 * len(self._rows))
            self._rows, self._table = _enlarged(self._rows, size), _enlarged(self._table, size)
        self._index.update(zip(words, range(first, total), strict=True))
        self._rows[first:total] = [self._rows_of(word) for word in words]
        if self.vectors is not None:
            spelled = [word for word in words if not word.isspace()]
            self._table[[self._index[word] for word in spelled]] = vectors_of(spelled, self.vectors)

    def _rows_of(self, word: str) -> tuple[int, int, int, int]:
        """Return the word's rows in the tables, in the order of `TABLES`."""
        low = norm(word)
        own = self._norms.get(low) or _shared_row("norm", low)
        return own, _shared_row("prefix", low[:3]), _shared_row("suffix", low[-3:]), _shared_row("shape", shape(word))


def _shared_row(table: str, part: str) -> int:
    """Return the row that a part of a word shares by hash with others."""
    return 2 + crc32(part.encode()) % (HASHED[table] - 2)


def _enlarged(array: np.ndarray, size: int) -> np.ndarray:
    """Return a copy with more rows, zero at the end."""
    grown = np.zeros((size, *array.shape[1:]), dtype=array.dtype)
    grown[: len(array)] = array
    return grown
