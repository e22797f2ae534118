"""What roles and lineage see of a paper: its words with each mention folded into one placeholder for its type.

"We propose SimPO, which beats DPO" reads "we propos <method> , which beat <method>": how a name stands in its sentence,
whatever the name. All is kept as arrays of integers so that the features of a whole batch of papers are worked out
at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from spacy.attrs import IDX, LENGTH, ORTH, SENT_START
from spacy.strings import StringStore
from spacy.tokens import Doc

from kg.extract import extensions
from kg.records import PaperEntity
from kg.schema import ENTITY_TYPES

TYPE_ITEM = {type_: 8 + i for i, type_ in enumerate(ENTITY_TYPES)}
"""The item that stands for a mention of an entity of each type."""

BEFORE, AFTER = 1, 2
"""The items that stand for the nothing before and after a sentence."""

NUMBER = 3
"""The item that stands for every word with a digit in it."""

_FIRST_WORD = 16
_ENDINGS = ("ing", "ed", "es", "s")
_CACHE_LIMIT = 200_000


def stem(word: str) -> str:
    """Return the word in lower case without its commonest endings; every word with a digit is ``0``.

    >>> [stem(w) for w in ("Outperforms", "outperformed", "based", "using", "GPT4")]
    ['outperform', 'outperform', 'bas', 'us', '0']
    """
    word = word.lower()
    if any(c.isdigit() for c in word):
        return "0"
    if len(word) > 4:
        for ending in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= 2 and not word.endswith("ss"):
                word = word[: -len(ending)]
                break
        if len(word) > 3 and word.endswith("e"):
            word = word[:-1]
    return word


def item(word: str) -> int:
    """Return the integer that stands for a word, 0 for white space; words with the same stem share it."""
    if word.isspace():
        return 0
    root = stem(word)
    return NUMBER if root == "0" else _FIRST_WORD + crc32(root.encode())


class Items:
    """The item of each word by its key in a `StringStore`, each worked out once."""

    def __init__(self) -> None:
        self._known: dict[int, int] = {}

    def __call__(self, keys: list[int], strings: StringStore) -> list[int]:
        """Return the items of words given by their keys."""
        known = self._known
        try:
            return [known[k] for k in keys]
        except KeyError:
            if len(known) > _CACHE_LIMIT:
                known.clear()
            for k in keys:
                if k not in known:
                    known[k] = item(strings[k])
            return [known[k] for k in keys]


@dataclass(slots=True)
class Context:
    """One paper as items. Items of the title come first; N is their number.

    Attributes:
        entities: the paper's entities.
        items: (N,) what stands there (`item`, `TYPE_ITEM`).
        sentence: (N,) number of the sentence, from 0.
        entity: (N,) index of the entity whose mention it is, or -1.
        bounds: (S, 2) where each sentence begins and ends in ``doc.text``, without the white space around it.
        first: (S + 1,) index of each sentence's first item, and N.
        title_sentences: how many sentences the title is: 1, or 0 where it is empty.
    """

    entities: Sequence[PaperEntity]
    items: np.ndarray
    sentence: np.ndarray
    entity: np.ndarray
    bounds: np.ndarray
    first: np.ndarray
    title_sentences: int


def read_context(doc: Doc, entities: Sequence[PaperEntity], items_of: Items) -> Context:
    """Return a paper as items; ``entities`` give the mentions.

    A mention is taken to the tokens that it touches; where two touch the same token, the first has it.
    """
    shift = {"title": 0, "abstract": doc._.title_end + extensions.GAP}
    table = doc.to_array([ORTH, IDX, SENT_START, LENGTH])
    offsets = table[:, 1].astype(np.int64)
    items = np.array(items_of(table[:, 0].tolist(), doc.vocab.strings), dtype=np.int64)
    n = len(items)
    entity = np.full(n, -1, dtype=np.int32)
    drop = items == 0
    words = np.flatnonzero(~drop)
    places = [
        (shift[m.span.field] + m.span.start, shift[m.span.field] + m.span.end, e)
        for e, found in enumerate(entities)
        for m in found.mentions
    ]
    if places and n:
        starts, ends, owners = (np.array(column, dtype=np.int64) for column in zip(*places, strict=True))
        first = np.searchsorted(offsets, starts, side="right") - 1
        last = np.searchsorted(offsets, ends, side="left")
        for a, b, owner in sorted(zip(first.tolist(), last.tolist(), owners.tolist(), strict=True)):
            if entity[a] >= 0 or a >= b:
                continue
            if drop[a] and items[a]:  # inside a mention that began earlier
                continue
            entity[a] = owner
            items[a] = TYPE_ITEM[entities[owner].type]
            drop[a] = False
            drop[a + 1 : b] = True
    opens = table[:, 2].astype(np.int64) == 1
    if n:
        opens[0] = True
    token_sentence = np.cumsum(opens) - 1
    keep = ~drop
    sentence = token_sentence[keep]
    n_sentences = int(opens.sum())
    bounds = np.repeat(offsets[opens], 2).reshape(n_sentences, 2)
    if len(words):
        numbers = token_sentence[words]
        filled = np.unique(numbers)
        starts = words[np.searchsorted(numbers, filled)]
        ends = words[np.searchsorted(numbers, filled, side="right") - 1]
        bounds[filled] = np.stack([offsets[starts], offsets[ends] + table[ends, 3].astype(np.int64)], axis=1)
    return Context(
        entities=entities,
        items=items[keep],
        sentence=sentence,
        entity=entity[keep],
        bounds=bounds,
        first=np.searchsorted(sentence, np.arange(n_sentences + 1)),
        title_sentences=int(np.count_nonzero(bounds[:, 0] < doc._.title_end)),
    )
