"""What speaks for lineage: features of ordered pairs of entities of one paper, child and parent.

Worked out for a whole batch of papers at once, on the mentions as `kg.extract.role_features.gather` lays them out.
A feature is a template (a number) and its parts, hashed by `kg.extract.linear.mix`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import numpy as np
import yaml

from kg.extract.context import AFTER, BEFORE, TYPE_ITEM, Context, item
from kg.extract.linear import SPACE, distinct, keys_of, mix
from kg.extract.role_features import Batch, Pairs, beyond_list, mention_features
from kg.extract.runs import ragged
from kg.records import PaperEntity, fold
from kg.schema import ROLES

MOST_CHILDREN = 6
"""Entities of a paper that are tried as children: the likeliest of its own contributions."""

MOST_PARENTS = 40
"""Entities of a paper that are tried as parents, in the order of the text."""

MOST_MENTIONS = 24
"""Mentions of a sentence that are put together with each other, from its beginning."""

LIKELY_CHILD = 0.15
"""The least chance of being the paper's own contribution that makes an entity a possible child."""

N_FACTS = 23
"""Numbers that `evidence_of` gives for each pair."""

N_KINDS = 5
"""Kinds of evidence for a pair: what the sentences say that name both; what those say that name the parent; the cues
around it; what both are in the paper; their names."""

FAR = 99
"""The distance of two names that no sentence holds together."""

GIVEN = 0.9
"""What an annotator's entity is taken for in numbers: as sure as most that are found."""

REACH = 24
"""Items between two mentions beyond which their words in between say nothing."""

CUE_REACH = 10
"""Items looked at on each side of a mention of the parent for words that tell of descent."""

_CUES_FILE = Path(__file__).parent / "data" / "lineage_cues.yaml"
_SIZES_FILE = Path(__file__).parent / "data" / "name_sizes.yaml"
_SIZE = re.compile(rf"(?:v?\d+|\d*[bmk]|{'|'.join(yaml.safe_load(_SIZES_FILE.read_text(encoding='utf-8')))})+")
_LENGTHS = np.array([2, 5, 12])
_DISTANCES = np.array([2, 3, 4, 6, 9, 13, 20, 30])
_EDGES = np.array([0.3, 0.5, 0.7, 0.85, 0.95])
_TRUST = np.array([0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.96, 0.99])


Seats = tuple[np.ndarray, np.ndarray, np.ndarray]
"""(pair row, mention of the parent, hashed feature) arrays of equal length."""

Meetings = tuple[np.ndarray, np.ndarray, np.ndarray]
"""(pair row, mention of the child, mention of the parent) arrays of equal length, as `same_sentence` gives them."""


class Known(NamedTuple):
    """What is known of P pairs beside their features; entities and papers are numbered over all papers.

    Attributes:
        paper, child, parent: (P,) whose pair it is.
        facts: (P, `N_FACTS`) numbers of which trees find out the limits.
    """

    paper: np.ndarray
    child: np.ndarray
    parent: np.ndarray
    facts: np.ndarray


class Spoken(NamedTuple):
    """What is said of P pairs at S places, each of them a mention of the parent.

    Attributes:
        row: (S,) the pair, ascending.
        mention: (S,) the mention of the parent.
        together: (S,) whether its sentence names the child too.
        title: (S,) whether it stands in the title.
        keys: the features of all places, as `kg.extract.linear.keys_of` gives them.
    """

    row: np.ndarray
    mention: np.ndarray
    together: np.ndarray
    title: np.ndarray
    keys: np.ndarray


class PairEvidence(NamedTuple):
    """What speaks for P pairs.

    Attributes:
        features: (pair row, hashed feature) arrays for each of `N_KINDS` kinds of evidence.
        spoken: those that the sentences give, by where they stand.
        known: what else is known of each pair.
    """

    features: list[Pairs]
    spoken: Spoken
    known: Known

    def all(self) -> Pairs:
        """Return the features of all kinds."""
        rows, features = (np.concatenate(column) for column in zip(*self.features, strict=True))
        return rows, features


@dataclass(slots=True)
class Candidates:
    """Ordered pairs of entities: (P,) rows of child and parent among the batch's entities, paper by paper."""

    child: np.ndarray
    parent: np.ndarray


def own_chance(entity: PaperEntity) -> float:
    """Return the chance that an entity is the paper's own contribution, as far as its role and confidence tell."""
    if entity.role == ROLES[0]:
        return entity.role_confidence
    return (1 - entity.role_confidence) / 2


def candidates(contexts: Sequence[Context]) -> Candidates:
    """Return the pairs that are worth a look.

    These are the children that the paper may have made, with parents of all kinds, and every two entities of which one
    bears the other's name ("GenDR-Pix" and "GenDR"), whatever the paper does with them.
    """
    child: list[int] = []
    parent: list[int] = []
    before = 0
    for context in contexts:
        entities = context.entities
        count = min(len(entities), MOST_PARENTS)
        own = [own_chance(e) for e in entities]
        likely = sorted((i for i, chance in enumerate(own) if chance >= LIKELY_CHILD), key=lambda i: -own[i])
        pairs = {(c, p) for c in likely[:MOST_CHILDREN] for p in range(count)}
        names = [_name(e.surfaces) for e in entities[:count]]
        pairs.update((c, p) for p in range(count) for c in range(count) if _nested(names[c], names[p]))
        for c, p in sorted(pairs):
            if c != p:
                child.append(before + c)
                parent.append(before + p)
        before += len(entities)
    return Candidates(np.array(child, dtype=np.int64), np.array(parent, dtype=np.int64))


def paper_of(contexts: Sequence[Context]) -> np.ndarray:
    """Return (E,) the number of the paper of each entity, over all papers."""
    return np.repeat(np.arange(len(contexts)), [len(c.entities) for c in contexts])


def evidence_of(batch: Batch, contexts: Sequence[Context], pairs: Candidates) -> PairEvidence:
    """Return what speaks for each pair, and what else is known of it.

    Args:
        batch: the mentions of the contexts.
        contexts: the papers.
        pairs: the pairs, as `candidates` gives them.
    """
    entities = [e for c in contexts for e in c.entities]
    kind = np.array([TYPE_ITEM[e.type] for e in entities], dtype=np.int64)
    met = same_sentence(batch, pairs)
    seats = [_together(batch, met, kind), _of_parent(batch, pairs), _cues_of_parent(batch, pairs, kind, entities)]
    own, known = _of_both(batch, contexts, pairs, met)
    return PairEvidence([*((row, feature) for row, _, feature in seats), *own], _spoken(batch, met, seats), known)


def _spoken(batch: Batch, met: Meetings, seats: Sequence[Seats]) -> Spoken:
    """Return what is said at each place."""
    row, mention, feature = (np.concatenate(column) for column in zip(*seats, strict=True))
    size = np.int64(len(batch.at))
    place = row * size + mention
    places = distinct(place)
    together = np.isin(places, met[0] * size + met[2])
    keys = keys_of(places.searchsorted(place), feature, len(places))
    mention = places % size
    return Spoken(places // size, mention, together, batch.title[mention], keys)


def same_sentence(batch: Batch, pairs: Candidates) -> Meetings:
    """Return (pair row, mention of the child, mention of the parent) for every two mentions in one sentence."""
    opens = batch.low.searchsorted(batch.low, side="left")
    closes = batch.low.searchsorted(batch.low, side="right")
    near = np.arange(len(batch.low)) - opens < MOST_MENTIONS
    one, other = ragged(opens, np.where(near, np.minimum(closes, opens + MOST_MENTIONS), opens))
    key = batch.entity[one] * np.int64(batch.n_entities) + batch.entity[other]
    wanted = pairs.child * np.int64(batch.n_entities) + pairs.parent
    place = np.minimum(np.searchsorted(wanted, key), max(len(wanted) - 1, 0))
    hit = wanted[place] == key if len(wanted) else np.zeros(len(key), dtype=bool)
    return place[hit], one[hit], other[hit]


def _together(batch: Batch, met: Meetings, kind: np.ndarray) -> Seats:
    """Return what the sentences say that name both: the words between, beside and at the head."""
    row, c, p = met
    if not len(row):
        return row, row, row
    items, at_c, at_p = batch.items, batch.at[c], batch.at[p]
    low, high = batch.low[c], batch.high[c]
    title = batch.title[c].astype(np.int64)
    order = (at_c < at_p).astype(np.int64) + 2 * title
    kinds = kind[batch.entity[c]] * 64 + kind[batch.entity[p]]
    distance = np.searchsorted(_DISTANCES, np.abs(at_c - at_p), side="right")

    def beside(place: np.ndarray, offset: int) -> np.ndarray:
        there = place + offset
        inside = items[np.clip(there, 0, len(items) - 1)]
        return np.where(there < low, BEFORE, np.where(there >= high, AFTER, inside))

    l1, l2, r1, r2 = (beside(at_p, d) for d in (-1, -2, 1, 2))
    whole = [
        mix(100, order, distance),
        mix(101, order, distance, kinds),
        mix(102, order, l1),
        mix(103, order, l2, l1),
        mix(104, order, r1, r2),
        mix(105, order, kinds, l1),
        mix(106, order, kinds, l2, l1),
        mix(107, order, beside(at_p, -3), l2, l1),
        mix(108, order, beside(at_c, 1), beside(at_c, 2)),
        mix(109, order, beside(at_c, -2), beside(at_c, -1)),
        mix(110, order, beside(at_c, 1), l1),
        mix(111, order, beside(at_c, 1)),
        mix(112, order, items[low]),
        mix(113, order, distance, l1),
    ]
    meetings = np.arange(len(row))
    owners, features = [np.tile(meetings, len(whole))], [np.concatenate(whole)]
    first, last = np.minimum(at_c, at_p) + 1, np.maximum(at_c, at_p)
    near = last - first <= REACH
    number, place = ragged(first[near], last[near])
    owner, way, types = meetings[near][number], order[near][number], kinds[near][number]
    owners += [owner, owner, owner]
    features += [
        mix(120, way, items[place]),
        mix(121, way, items[place], items[np.minimum(place + 1, len(items) - 1)]),
        mix(122, way, types, items[place]),
    ]
    short = np.flatnonzero(last - first <= 5)
    sequence = np.zeros(len(short), dtype=np.int64)
    for step in range(5):
        there = first[short] + step
        sequence = mix(123, sequence, np.where(there < last[short], items[np.minimum(there, len(items) - 1)], 0))
    owners += [short, short]
    features += [mix(124, order[short], sequence), mix(125, order[short], kinds[short], sequence)]
    meeting = np.concatenate(owners)
    return row[meeting], p[meeting], np.concatenate(features)


def _of_parent(batch: Batch, pairs: Candidates) -> Seats:
    """Return what the sentences say that name the parent, with the child or without."""
    order, low, high = _by_parent(batch, pairs)
    place = np.empty_like(order)  # of each mention in the order
    place[order] = np.arange(len(order))
    mention, feature = mention_features(batch)
    keys = distinct(place[mention] * np.int64(SPACE) + mix(140, feature))
    row, at = ragged(keys.searchsorted(low * np.int64(SPACE)), keys.searchsorted(high * np.int64(SPACE)))
    keys = keys[at]
    return row, order[keys // SPACE], keys % SPACE


def _by_parent(batch: Batch, pairs: Candidates) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (M,) the mentions, entity by entity, and for each pair where those of its parent begin and end there."""
    order = batch.entity.argsort(kind="stable")
    entity = batch.entity[order]
    return order, entity.searchsorted(pairs.parent, side="left"), entity.searchsorted(pairs.parent, side="right")


@lru_cache(maxsize=1)
def _cues() -> tuple[np.ndarray, np.ndarray]:
    """Return (items, classes) of the words in ``data/lineage_cues.yaml``, by ascending item; classes count from 1."""
    classes = yaml.safe_load(_CUES_FILE.read_text(encoding="utf-8"))
    found = {item(str(word)): number for number, words in enumerate(classes.values(), 1) for word in words}
    keys = np.array(sorted(found), dtype=np.int64)
    return keys, np.array([found[k] for k in keys.tolist()], dtype=np.int64)


def _cue_class(items: np.ndarray) -> np.ndarray:
    """Return the class of each item, 0 for one that tells nothing."""
    keys, classes = _cues()
    place = np.minimum(np.searchsorted(keys, items), len(keys) - 1)
    return np.where(keys[place] == items, classes[place], 0)


def _cues_of_parent(batch: Batch, pairs: Candidates, kind: np.ndarray, entities: Sequence[PaperEntity]) -> Seats:
    """Return the telling words around each mention of the parent, with whether the child stands in the sentence too."""
    cue = _cue_class(batch.items)
    order, first, after_last = _by_parent(batch, pairs)
    row, place = ragged(first, after_last)
    m = order[place]
    if not len(row):
        return row, row, row
    key = batch.low * np.int64(batch.n_entities)  # of the sentence
    with_child = _holds(np.sort(key + batch.entity), key[m] + pairs.child[row])
    title = batch.title[m]
    where = with_child.astype(np.int64) + 2 * title
    at, low, high = batch.at[m], batch.low[m], batch.high[m]
    proposals = np.append(0, np.cumsum(cue == _PROPOSE))  # before each item
    proposes = (proposals[high] > proposals[low]).astype(np.int64)  # does the sentence propose something
    kinds = kind[pairs.child][row] * 64 + batch.kind[m]
    seats = np.arange(len(row))
    owners: list[np.ndarray] = []
    features: list[np.ndarray] = []

    def add(rows: np.ndarray, *found: np.ndarray) -> None:
        for feature in found:
            owners.append(rows)
            features.append(feature)

    after = np.where(at + 1 < high, batch.items[np.minimum(at + 1, len(batch.items) - 1)], AFTER)
    after2 = np.where(at + 2 < high, batch.items[np.minimum(at + 2, len(batch.items) - 1)], AFTER)
    subject = _subject(batch, pairs.child[row], m)
    main = _is_main(batch, entities)[pairs.child[row]]
    gap = _gap(batch, pairs.child[row], m)
    head, second = beyond_list(batch)
    tells = _nearest_cues(cue, at, low)
    for code, told in ((220, tells[0]), (222, tells[0] * 32 + tells[1])):
        add(seats, mix(code, told, subject), mix(code + 1, told, subject, kinds))
    add(
        seats,
        mix(224, subject, where),
        mix(225, subject, head[m]),
        mix(226, subject, second[m], head[m]),
        mix(227, kinds, second[m], head[m]),
        mix(228, subject, tells[0], head[m]),
        mix(229, subject, head[m], after),
        mix(230, kinds, tells[0], after),
        mix(231, main, subject, tells[0]),
        mix(232, main, subject, where, proposes),
        mix(233, main, gap, subject),
        mix(234, gap, subject, tells[0]),
        mix(235, main, gap, tells[0]),
    )
    add(seats, mix(200, where, proposes), mix(201, where, proposes, kinds))
    add(seats, mix(202, where, proposes, after), mix(203, where, proposes, after, after2))
    for side, (a, b) in enumerate(
        ((np.maximum(low, at - CUE_REACH), at), (at + 1, np.minimum(high, at + 1 + CUE_REACH)))
    ):
        sub, places = ragged(a, b)
        tells = cue[places] > 0
        sub, places = sub[tells], places[tells]
        far = np.searchsorted(_NEAR, np.abs(places - at[sub]), side="right")
        found = cue[places]
        add(
            sub,
            mix(210 + side, found, far),
            mix(212 + side, found, where[sub]),
            mix(214 + side, found, where[sub], proposes[sub]),
            mix(216 + side, found, far, kinds[sub]),
            mix(218 + side, found, far, where[sub]),
        )
    seat = np.concatenate(owners)
    return row[seat], m[seat], np.concatenate(features)


def _holds(ordered: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return (N,) whether each of the values is among those in order, of which there must be one at least."""
    return ordered[np.minimum(ordered.searchsorted(values), len(ordered) - 1)] == values


def _is_main(batch: Batch, entities: Sequence[PaperEntity]) -> np.ndarray:
    """Return 1 for the entity of each paper that is most likely its own contribution, else 0."""
    own = np.round([own_chance(e) for e in entities], 6)
    paper = np.full(len(entities), -1, dtype=np.int64)
    paper[batch.entity] = batch.paper
    order = np.lexsort((np.arange(len(own)), -own, paper))
    main = np.zeros(len(own), dtype=np.int64)
    main[order[np.unique(paper[order], return_index=True)[1]]] = 1
    return main


def _gap(batch: Batch, child: np.ndarray, mention: np.ndarray) -> np.ndarray:
    """Return how many sentences before each mention the child was last named: 0 to 3, or 4 where it was not yet."""
    size = np.int64(len(batch.at) + 1)
    keys = np.sort(batch.entity * size + np.arange(len(batch.at)))
    place = np.searchsorted(keys, child * size + mention, side="right") - 1
    last = keys[np.maximum(place, 0)]
    named = (place >= 0) & (last // size == child)
    apart = batch.sentence[mention] - batch.sentence[np.where(named, last % size, mention)]
    return np.where(named, np.minimum(apart, 3), 4)


def _nearest_cues(cue: np.ndarray, at: np.ndarray, low: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the classes of the two telling words nearest before ``at``, not before ``low``; 0 where there is none."""
    latest = np.maximum.accumulate(np.where(cue > 0, np.arange(len(cue)), -1))
    found = []
    for _ in range(2):
        at = np.where(at - 1 >= low, latest[np.maximum(at - 1, 0)], -1)
        found.append(np.where(at >= low, cue[np.maximum(at, 0)], 0))
    return found[0], found[1]


def _subject(batch: Batch, child: np.ndarray, mention: np.ndarray) -> np.ndarray:
    """Return what the sentence of each mention begins with, in its first items.

    0 neither of these, 1 the child, 2 another entity, 3 "we", 4 "our", "it", "this": what the paper is about.
    """
    entity = np.full(len(batch.items), -1, dtype=np.int64)
    entity[batch.at] = batch.entity
    place = batch.low[:, None] + np.arange(SUBJECT_REACH)
    inside = place < batch.high[:, None]
    place = np.minimum(place, len(batch.items) - 1)
    word, named = batch.items[place], entity[place]
    kind = np.where(named >= 0, 2, np.where(word == _WE, 3, 4 * np.isin(word, _OWN))) * inside
    head = np.arange(len(kind)), (kind > 0).argmax(axis=1)  # the first that tells something
    kind, named = kind[head][mention], named[head][mention]
    return np.where((kind == 2) & (named == child), 1, kind)


SUBJECT_REACH = 5
"""Items at the head of a sentence that are looked at for its subject."""

_WE = item("we")
_OWN = np.array(sorted({item(w) for w in ("our", "it", "this", "these", "proposed", "its")}))
_PROPOSE = 1 + list(yaml.safe_load(_CUES_FILE.read_text(encoding="utf-8"))).index("propose")
_NEAR = np.array([2, 3, 5, 8])


class Name(NamedTuple):
    """A name: its folded spellings, all of them in one text, and its words in lower case."""

    spellings: tuple[str, ...]
    joined: str
    words: frozenset[str]


@lru_cache(maxsize=50_000)
def _name(surfaces: tuple[str, ...]) -> Name:
    spellings = tuple(dict.fromkeys(fold(s) for s in surfaces))
    words = {w.lower() for s in surfaces for w in s.replace("-", " ").replace("/", " ").split() if len(w) > 1}
    return Name(spellings, " ".join(spellings), frozenset(words))


def _nested(child: Name, parent: Name) -> int:
    """Return how the parent's name stands in the child's: 0 none, 3 as its end, 2 as its beginning, 1 within."""
    how = 0
    for p in parent.spellings:
        if len(p) >= 2 and p in child.joined:
            for c in child.spellings:
                if len(c) > len(p) and p in c:
                    how = max(how, 3 if c.endswith(p) else 2 if c.startswith(p) else 1)
    return how


def _left_over(child: Name, parent: Name) -> int:
    """Return what the child's name carries beside the parent's, and on which side; 0 where it does not bear it.

    "Llama2" leaves "7B" of "Llama-2-7B", a size; "GenDR" leaves "Pix" of "GenDR-Pix".
    """
    most = 0
    for p in parent.spellings:
        for c in child.spellings:
            if len(p) >= 2 and len(c) > len(p) and p in c:
                before, after = c.split(p, 1)
                length = len(before) + len(after)
                what = 1 if _SIZE.fullmatch(before + after) else 2 + int(np.searchsorted(_LENGTHS, length))
                most = max(most, what + 8 * (bool(before) + 2 * bool(after)))
    return most


def _of_both(batch: Batch, contexts: Sequence[Context], pairs: Candidates, met: Meetings) -> tuple[list[Pairs], Known]:
    """Return what the two have in common and what they are in their paper: types, roles, names, places, company.

    Once as features, which set single things apart, and once as numbers, of which trees find out the limits.
    """
    n, entities = batch.n_entities, [e for c in contexts for e in c.entities]
    kind = np.array([TYPE_ITEM[e.type] for e in entities], dtype=np.int64)
    role = np.array([ROLES.index(e.role) for e in entities], dtype=np.int64)
    role_chance = np.array([e.role_confidence for e in entities])
    sure = np.searchsorted(_EDGES, role_chance)
    own = np.array([own_chance(e) for e in entities])
    confidence = np.array([e.confidence for e in entities])
    given = confidence >= 1  # by an annotator, not found by a model
    fine, coarse = (np.where(given, 99, np.searchsorted(edges, confidence)) for edges in (_TRUST, _TRUST[::2]))
    paper = paper_of(contexts)
    n_mentions = np.bincount(batch.entity, minlength=n)
    in_title = np.bincount(batch.entity, weights=batch.title, minlength=n)
    times, titled = np.minimum(n_mentions, 4), (in_title > 0).astype(np.int64)
    first = np.full(n, 99)
    np.minimum.at(first, batch.entity, batch.sentence)
    rank = np.zeros(n, dtype=np.int64)
    by_own = np.lexsort((np.arange(n), -np.round(own, 6), paper))
    starts = np.searchsorted(paper, paper)
    rank[by_own] = np.arange(n) - starts[by_own]
    n_own = np.bincount(paper, weights=own > 0.5, minlength=len(contexts)).astype(np.int64)[paper]
    n_entities = np.bincount(paper, minlength=len(contexts))[paper]
    company = np.minimum(n_entities // 2, 6)
    c, p = pairs.child, pairs.parent
    names = [_name(e.surfaces) for e in entities]
    named = [(names[i], names[j]) for i, j in zip(c.tolist(), p.tolist(), strict=True)]
    how = np.array([_nested(*pair) for pair in named], dtype=np.int64)
    left = np.array(
        [_left_over(*pair) if h else 0 for pair, h in zip(named, how.tolist(), strict=True)], dtype=np.int64
    )
    shared = np.array([min(len(a.words & b.words), 3) for a, b in named], dtype=np.int64)
    kinds = kind[c] * 64 + kind[p]
    met_row, met_child, met_parent = met
    meetings = np.bincount(met_row, minlength=len(c))
    together = np.minimum(meetings, 3)
    apart = np.full(len(c), FAR)
    np.minimum.at(apart, met_row, np.abs(batch.at[met_child] - batch.at[met_parent]))
    row = np.arange(len(c))
    whole = [
        mix(160, kinds),
        mix(161, kinds, role[p]),
        mix(162, kinds, role[p], sure[p]),
        mix(163, role[p], sure[p]),
        mix(164, role[c], sure[c]),
        mix(165, how),
        mix(166, how, kinds),
        mix(167, shared, how),
        mix(168, titled[c], titled[p]),
        mix(169, titled[p], times[p]),
        mix(170, times[c], times[p]),
        mix(171, np.minimum(rank[c], 3), np.minimum(n_own[c], 4)),
        mix(172, together),
        mix(173, together, kinds),
        mix(174, company[c]),
        mix(175, np.minimum(first[p], 6), np.minimum(first[c], 6)),
        mix(176, kinds, np.minimum(rank[c], 3)),
        mix(177, together, np.minimum(rank[c], 3), np.minimum(n_own[c], 4)),
        mix(178, kinds, company[c]),
        mix(179, how, role[p]),
        mix(180, role[p], titled[p], together),
        mix(181, kinds, np.sign(first[p] - first[c]) + 1, together),
        mix(182, fine[c]),
        mix(183, fine[p]),
        mix(184, coarse[c], coarse[p]),
        mix(185, kind[c], coarse[c]),
        mix(186, kind[p], coarse[p]),
        mix(187, left),
        mix(188, left, kinds),
        mix(189, left, role[c]),
    ]
    both = np.tile(row, len(whole)), np.concatenate(whole)
    owners, features = [], []
    items_of = [_name_items(e.surfaces) for e in entities]
    items = np.array([x for words in items_of for x in words], dtype=np.int64)
    after = np.cumsum([len(words) for words in items_of])
    for code, side in ((190, p), (192, c)):
        number, place = ragged(np.append(0, after)[side], after[side])
        owners.append(number)
        features.append(mix(code, items)[place])
    of_entities = (kind, role, own, role_chance, np.where(given, GIVEN, confidence), n_mentions, in_title, first)
    facts = [column[side] for column in of_entities for side in (c, p)]
    facts += [first[p] - first[c], meetings, apart, n_entities[c], how, shared, left]
    known = Known(paper[c], c, p, np.stack(facts, axis=1).astype(np.float64))
    return [both, (np.concatenate(owners), np.concatenate(features))], known


@lru_cache(maxsize=50_000)
def _name_items(surfaces: tuple[str, ...]) -> tuple[int, ...]:
    """Return numbers for the words of a name and for its folded spellings."""
    words = {item(w) for s in surfaces for w in s.replace("-", " ").replace("/", " ").split()}
    return tuple(sorted(words | {crc32(fold(s).encode()) << 8 for s in surfaces}))
