"""What speaks for a role: features of each mention in its sentence and of each entity in its paper.

Worked out for a whole batch of papers at once. A feature is a template (a number) and its parts, hashed by
`kg.extract.linear.mix`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

import numpy as np

from kg.extract.context import AFTER, BEFORE, TYPE_ITEM, Context, item
from kg.extract.linear import mix, mix_one
from kg.extract.runs import ragged, starts_of
from kg.extract.tagger import CHILD, N_LEANINGS
from kg.records import PaperEntity, fold

WINDOW = 8
"""Items looked at before and after a mention, within its sentence."""

REACH = 50
"""Items looked at before and after a mention where the whole sentence is asked; few sentences are longer."""

Pairs = tuple[np.ndarray, np.ndarray]
"""(owner row, hashed feature) arrays of equal length."""


@dataclass(slots=True)
class Batch:
    """The mentions of a batch of papers, and where they stand. M mentions, E entities, N items.

    Attributes:
        items: (N,) items of all papers, one after the other.
        at: (M,) index of each mention in ``items``.
        low, high: (M,) first item of the mention's sentence and the first after it.
        entity: (M,) row of the entity.
        kind: (M,) item of its type.
        sentence: (M,) number of the sentence in its paper.
        n_sentences: (M,) sentences of its paper.
        title: (M,) whether it stands in the title.
        paper: (M,) number of the paper in the batch.
        leanings: (M, 7) what the tagger thinks of it, as in `Context`.
        n_entities: rows of entities, over all papers.
    """

    items: np.ndarray
    at: np.ndarray
    low: np.ndarray
    high: np.ndarray
    entity: np.ndarray
    kind: np.ndarray
    sentence: np.ndarray
    n_sentences: np.ndarray
    title: np.ndarray
    paper: np.ndarray
    leanings: np.ndarray
    n_entities: int


def gather(contexts: Sequence[Context]) -> Batch:
    """Lay the papers of a batch one after the other."""
    items, entities, sentences = (
        _joined([getattr(c, name) for c in contexts]) for name in ("items", "entity", "sentence")
    )
    n_items, n_entities, n_sentences, title_sentences = (
        np.array([(len(c.items), len(c.entities), len(c.bounds), c.title_sentences) for c in contexts], dtype=np.int64)
        .reshape(-1, 4)
        .T
    )
    at = np.flatnonzero(entities >= 0)
    paper = np.arange(len(contexts)).repeat(n_items)[at]
    sentence = sentences[at]
    items_before = starts_of(n_items)
    first = _joined([c.first for c in contexts])
    opening = (n_sentences + 1).cumsum()[paper] - (n_sentences + 1)[paper] + sentence  # its place in ``first``
    return Batch(
        items=items,
        at=at,
        low=first[opening] + items_before[paper],
        high=first[opening + 1] + items_before[paper],
        entity=entities[at] + starts_of(n_entities)[paper],
        kind=items[at],
        sentence=sentence,
        n_sentences=n_sentences[paper],
        title=sentence < title_sentences[paper],
        paper=paper,
        leanings=np.concatenate([np.zeros((0, N_LEANINGS)), *(c.leanings for c in contexts)]),
        n_entities=int(n_entities.sum()),
    )


def _joined(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """Return the arrays of integers one after the other."""
    return np.concatenate(arrays) if arrays else np.zeros(0, dtype=np.int64)


def entity_leanings(batch: Batch) -> np.ndarray:
    """Return (E, 7): `mention_leanings` of the mean of each entity's mentions, NaN for one without."""
    total = np.stack([np.bincount(batch.entity, column, batch.n_entities) for column in batch.leanings.T], axis=1)
    count = np.bincount(batch.entity, minlength=batch.n_entities)[:, None]
    return _logs(total / np.where(count, count, np.nan))


def mention_leanings(batch: Batch) -> np.ndarray:
    """Return (M, 7): the logarithms of the roles' chances, and the log-odds of being a child and a parent."""
    return _logs(batch.leanings)


def _logs(leanings: np.ndarray) -> np.ndarray:
    roles = leanings[:, :CHILD]
    with np.errstate(invalid="ignore"):  # what is not known
        return np.concatenate([roles - np.logaddexp.reduce(roles, axis=1, keepdims=True), leanings[:, CHILD:]], axis=1)


def neighbour(batch: Batch) -> Callable[[int], np.ndarray]:
    """Return a function from an offset to the item at that offset from each mention, within its sentence."""

    def at(offset: int) -> np.ndarray:
        place = batch.at + offset
        inside = batch.items[np.clip(place, 0, len(batch.items) - 1)]
        return np.where(place < batch.low, BEFORE, np.where(place >= batch.high, AFTER, inside))

    return at


_LINKS = np.array(sorted({item(w) for w in (",", "and", "or", "/", "&", "(", ")", "the", "a", "an", ";")}))


def beyond_list(batch: Batch) -> tuple[np.ndarray, np.ndarray]:
    """Return the two items before each mention, within its sentence, that are no member of a list that it stands in.

    In "evaluated on GLUE, SQuAD and RACE" both come out as "on" and "evaluat" for each of the three.
    """
    items = batch.items
    passed = np.isin(items, _LINKS) | ((items >= min(TYPE_ITEM.values())) & (items <= max(TYPE_ITEM.values())))
    before = np.maximum.accumulate(np.where(passed, -1, np.arange(len(items))))
    found = []
    at = batch.at
    for _ in range(2):
        at = np.where(at - 1 >= batch.low, before[np.maximum(at - 1, 0)], -1)
        found.append(np.where(at >= batch.low, items[np.maximum(at, 0)], BEFORE))
    return found[0], found[1]


def mention_features(batch: Batch) -> Pairs:
    """Return what speaks from each mention's sentence: its neighbours, the words around, how the sentence opens."""
    m = np.arange(len(batch.at))
    if not len(m):
        return m, m
    at, kind, title = neighbour(batch), batch.kind, batch.title.astype(np.int64)
    around = {d: at(d) for d in (-3, -2, -1, 1, 2, 3)}
    opening = (
        batch.items[batch.low],
        np.where(batch.low + 1 < batch.high, batch.items[np.minimum(batch.low + 1, len(batch.items) - 1)], AFTER),
    )
    head, second = beyond_list(batch)
    whole = [
        mix(26, title, head),
        mix(27, title, second, head),
        mix(28, title, kind, head),
        mix(29, title, kind, second, head),
        mix(1, title, around[-1]),
        mix(2, title, around[-2]),
        mix(3, title, around[-3]),
        mix(4, title, around[1]),
        mix(5, title, around[2]),
        mix(6, title, around[3]),
        mix(7, title, around[-2], around[-1]),
        mix(8, title, around[1], around[2]),
        mix(9, title, around[-1], around[1]),
        mix(10, title, around[-3], around[-2], around[-1]),
        mix(11, title, kind, around[-1]),
        mix(12, title, kind, around[1]),
        mix(13, title, kind, around[-2], around[-1]),
        mix(14, title, opening[0]),
        mix(15, title, *opening),
        mix(16, title, np.minimum(batch.at - batch.low, 2)),
        mix(17, title, kind, np.minimum(batch.at - batch.low, 2)),
    ]
    owners = [np.tile(m, len(whole))]
    features = [np.concatenate(whole)]

    def add(code: int, rows: np.ndarray, items: np.ndarray) -> None:
        owners.extend((rows, rows))
        features.extend((mix(code, title[rows], items), mix(code + 1, title[rows], kind[rows], items)))

    rows, places = ragged(np.maximum(batch.low, batch.at - WINDOW), batch.at)
    add(20, rows, batch.items[places])
    rows, places = ragged(batch.at + 1, np.minimum(batch.high, batch.at + 1 + WINDOW))
    add(22, rows, batch.items[places])
    rows, places = ragged(np.maximum(batch.low, batch.at - REACH), np.minimum(batch.high, batch.at + REACH))
    owners.append(rows)
    features.append(mix(24, title[rows], batch.items[places]))
    # in the title: before or after the colon that parts the name from what it is
    colons = batch.items[places] == _COLON
    colon = np.full(len(m), -1)
    colon[rows[colons][::-1]] = places[colons][::-1]
    side = np.where(colon < 0, 0, np.where(batch.at < colon, 1, 2)) + 3 * (colon == batch.at + 1)
    named = np.flatnonzero(batch.title)
    owners.extend((named, named))
    features.extend((mix(30, side[named]), mix(31, kind[named], side[named])))
    return np.concatenate(owners), np.concatenate(features)


_COLON = item(":")


@lru_cache(maxsize=50_000)
def _name_features(surfaces: tuple[str, ...], kind: int) -> tuple[int, ...]:
    """Return the features of a name by itself: its words, its shape, whether it has a short and a long form."""
    features: set[tuple[int, int]] = set()
    for surface in surfaces:
        words = surface.replace("-", " ").replace("/", " ").split()
        features.add((40, crc32(fold(surface).encode())))
        features.update((41, item(word)) for word in words)
    name = surfaces[0]
    shape = name.isupper() + 2 * any(c.isdigit() for c in name) + 4 * (" " in name) + 8 * name.islower()
    defined = any(s.isupper() for s in surfaces) and any(" " in s for s in surfaces)
    features |= {(42, shape), (43, kind * 16 + shape), (44, int(defined)), (45, min(len(surfaces), 3))}
    return tuple(mix_one(code, part) for code, part in sorted(features))


def entity_features(batch: Batch, contexts: Sequence[Context]) -> Pairs:
    """Return what speaks from the paper as a whole: where it names the entity, how often, and the name itself."""
    n = batch.n_entities
    entities: list[PaperEntity] = [e for c in contexts for e in c.entities]
    kind = np.array([TYPE_ITEM[e.type] for e in entities], dtype=np.int64)
    company = np.array([len(c.entities) for c in contexts for _ in c.entities], dtype=np.int64)
    owners: list[np.ndarray] = []
    features: list[np.ndarray] = []

    def add(rows: np.ndarray, feature: np.ndarray) -> None:
        owners.append(rows)
        features.append(feature)

    def add_both(code: int, rows: np.ndarray, *parts: np.ndarray) -> None:
        add(rows, mix(code, *parts))
        add(rows, mix(code + 1, kind[rows], *parts))

    everyone = np.arange(n)
    times = np.bincount(batch.entity, minlength=n)
    in_title = np.bincount(batch.entity, weights=batch.title, minlength=n) > 0
    add(everyone, mix(50, kind))
    add_both(52, everyone, np.minimum(times, 5))
    add_both(54, everyone, in_title, np.minimum(times, 4))
    add(everyone, mix(56, np.minimum(company // 3, 4)))
    body = np.flatnonzero(~batch.title)
    rows, sentence, last = batch.entity[body], batch.sentence[body], batch.n_sentences[body] - 1
    low = np.full(n, 1 << 30)
    high = np.full(n, -1)
    end = np.zeros(n, dtype=np.int64)
    np.minimum.at(low, rows, sentence)
    np.maximum.at(high, rows, sentence)
    end[rows] = last
    seen = np.flatnonzero(high >= 0)
    scale = np.maximum(end[seen] - 1, 1)
    add_both(60, seen, ((low[seen] - 1) * 5) // scale)
    add_both(62, seen, ((high[seen] - 1) * 5) // scale)
    add_both(64, seen, np.minimum(low[seen], 3))
    add_both(66, seen, np.minimum(end[seen] - high[seen], 3))
    keys = np.unique(rows * np.int64(4096) + np.minimum(sentence, 4095)) // 4096
    add_both(68, everyone, np.minimum(np.bincount(keys, minlength=n), 4))
    names = [_name_features(e.surfaces, TYPE_ITEM[e.type]) for e in entities]
    add(
        np.repeat(everyone, [len(f) for f in names]),
        np.array([x for f in names for x in f], dtype=np.int64),
    )
    return np.concatenate(owners), np.concatenate(features)
