"""What roles and lineage see of a paper: its words with each mention folded into one placeholder for its type.

"We propose SimPO, which beats DPO" reads "we propos <method> , which beat <method>": how a name stands in its sentence,
whatever the name. All is kept as arrays of integers so that the features of a whole batch of papers are worked out
at once.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from zlib import crc32

import numpy as np
from spacy.attrs import SENT_START
from spacy.tokens import Doc

from kg.extract import extensions
from kg.extract.tagger import N_LEANINGS
from kg.records import PaperEntity, Span
from kg.schema import ENTITY_TYPES

TYPE_ITEM = {type_: 8 + i for i, type_ in enumerate(ENTITY_TYPES)}
"""The item that stands for a mention of an entity of each type."""

BEFORE, AFTER = 1, 2
"""The items that stand for the nothing before and after a sentence."""

NUMBER = 3
"""The item that stands for every word with a digit in it."""

_FIRST_WORD = 16
_ENDINGS = ("ing", "ed", "es", "s")


def stem(word: str) -> str:
    """Return the word in lower case without its commonest endings; every word with a digit is ``0``.

    >>> [stem(w) for w in ("Outperforms", "outperformed", "based", "using", "GPT4")]
    ['outperform', 'outperform', 'bas', 'us', '0']
    """
    word = word.lower()
    if not word.isalpha() and any(c.isdigit() for c in word):
        return "0"
    if len(word) > 4:
        if word.endswith(_ENDINGS) and not word.endswith("ss"):
            for ending in _ENDINGS:
                if word.endswith(ending):
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


@dataclass(slots=True)
class Context:
    """One paper as items. Items of the title come first; N is their number.

    Attributes:
        entities: the paper's entities.
        items: (N,) what stands there (`item`, `TYPE_ITEM`).
        sentence: (N,) number of the sentence, from 0.
        entity: (N,) index of the entity whose mention it is, or -1.
        leanings: (mentions, 7) what the tagger thinks of each mention, in the order of the text (the mean over its
            words, see `kg.extract.tagger`), or nothing but NaN where none has run.
        bounds: for each of S sentences where it begins and ends in ``doc.text``, without the white space around it.
        first: (S + 1,) index of each sentence's first item, and N.
        title_sentences: how many sentences the title is: 1, or 0 where it is empty.
        fields: where title and abstract stand in ``doc.text``.
    """

    entities: Sequence[PaperEntity]
    items: np.ndarray
    sentence: np.ndarray
    entity: np.ndarray
    leanings: np.ndarray
    bounds: list[tuple[int, int]]
    first: np.ndarray
    title_sentences: int
    fields: extensions.Fields

    def span(self, sentence: int) -> Span:
        """Return a sentence as a stretch of its field."""
        return self.fields.span(*self.bounds[sentence])


def context_of(doc: Doc) -> Context:
    """Return the context of ``doc._.entities``; read once for as long as these keep their mentions and types."""
    entities = doc._.entities
    known = doc.user_data.get("kg.context")
    if (
        known is None
        or len(known.entities) != len(entities)
        or any(a.mentions is not b.mentions or a.type != b.type for a, b in zip(known.entities, entities, strict=True))
    ):
        known = doc.user_data["kg.context"] = read_context(doc, entities)
    return replace(known, entities=entities)


def read_context(doc: Doc, entities: Sequence[PaperEntity]) -> Context:
    """Return a paper as items; ``entities`` give the mentions.

    A mention is taken to the tokens that it touches; where two touch the same token, the first has it.
    """
    tokens, fields = extensions.tokens_of(doc), extensions.fields_of(doc)
    starts, ends = tokens.starts, tokens.ends
    items = tokens.looks.column(item, np.int64)
    keep = items != 0
    opens = doc.to_array(SENT_START) == 1
    opens[:1] = True
    edges = [*np.flatnonzero(opens).tolist(), len(items)]
    bounds = _bounds(edges, keep.tolist(), starts, ends)
    entity = np.full(len(items), -1, dtype=np.int64)
    places = sorted(
        (bisect_right(starts, begin) - 1, bisect_left(starts, end), number)
        for number, one in enumerate(entities)
        for begin, end in (fields.place(m.span) for m in one.mentions)
    )
    leanings = np.full((len(places), N_LEANINGS), np.nan)
    said: np.ndarray | None = doc._.leanings
    done = number = 0  # tokens that the mentions so far reach to, and these mentions
    for a, b, owner in places:
        if done <= a < b:
            entity[a] = owner
            items[a] = TYPE_ITEM[entities[owner].type]
            keep[a] = True
            keep[a + 1 : b] = False
            if said is not None:
                leanings[number] = said[a:b].mean(axis=0)
            done, number = b, number + 1
    kept = np.flatnonzero(keep)
    first = kept.searchsorted(edges)
    return Context(
        entities=entities,
        items=items.take(kept),
        sentence=np.arange(len(bounds)).repeat(first[1:] - first[:-1]),
        entity=entity.take(kept),
        leanings=leanings[:number],
        bounds=bounds,
        first=first,
        title_sentences=sum(start < fields.title_end for start, _ in bounds),
        fields=fields,
    )


def _bounds(
    edges: Sequence[int], is_word: Sequence[bool], starts: Sequence[int], ends: Sequence[int]
) -> list[tuple[int, int]]:
    """Return where each sentence begins and ends, without the white space around it.

    Args:
        edges: the first token of each sentence, and the number of tokens.
        is_word: for each token whether it is no white space.
        starts, ends: where each token begins and ends.
    """
    found = []
    for opening, after in pairwise(edges):
        head, last = opening, after - 1
        while last > opening and not is_word[last]:
            last -= 1
        while head < last and not is_word[head]:
            head += 1
        found.append((starts[head], ends[last] if is_word[last] else starts[opening]))
    return found
