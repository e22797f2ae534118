"""Which stretches of a paper may be names: candidates, many more than there are, for the judge to choose from.

A candidate comes from the tagger, wherever it sees a small chance, with its other readings of where the name begins and
ends; from a definition of an abbreviation; from the title's words before the colon; or from the lexicon of known
names; or it is written as names are. Stretches that are spelled alike, differ by a plural s, or are tied by a
definition make one group: the thing that is judged.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from kg.extract.entities import occurrences, tokens_between, tokens_until
from kg.extract.words import Looks, capitalised, name_like
from kg.records import fold
from kg.schema import ENTITY_TYPES

LOW = 0.015
"""The least chance of the tagger that makes a stretch a candidate."""

LIKELY = 0.2
"""The least chance of two stretches that are tied by brackets alone."""

SHARE = 0.25
"""The most stretches that the tagger may propose, for each token of a paper; the likeliest are kept."""

MAX_WORDS = 10
"""The longest stretch, in tokens."""

Place = tuple[int, int]
"""First token and last token + 1."""

Parts = tuple[list[float], list[float], list[float], list[float]]
"""For every token the chances that it begins, goes on, ends or is alone a name: see `span_chances`."""


@dataclass(slots=True)
class Reading:
    """A paper as the judge reads it: its tokens and what the components before have found."""

    text: str
    title_end: int
    words: list[str]
    starts: list[int]
    ends: list[int]
    scores: np.ndarray  # (N, 17): see `kg.extract.tagger`
    definitions: list[tuple[Place, Place]]  # characters of the text: short form, long form
    looks: Looks
    title_tokens: int = field(init=False)

    def __post_init__(self) -> None:
        self.title_tokens = bisect_left(self.starts, self.title_end)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Folded spellings that are names in the training gold, and all their beginnings, token by token, to the last."""

    names: Collection[str] = frozenset()
    prefixes: Collection[str] = frozenset()

    def begins(self, word: str) -> bool:
        """Say whether a name may begin with this token."""
        folded = fold(word)
        return folded != "" and folded in self.prefixes


@dataclass(slots=True)
class Group:
    """One thing that the paper may name: its spellings and every place of them."""

    keys: list[str]  # folded spellings
    surfaces: list[str]  # spellings as written, the likeliest first
    places: list[Place]  # tokens, in the order of the text
    defined: int = 0  # 0: not, 1: both forms of a definition, 2: one form of several
    chances: dict[Place, float] = field(default_factory=dict)


def span_chances(scores: np.ndarray) -> Parts:
    """Return for every token the chance that it begins, goes on, ends or is alone a name of whatever type."""
    labels = np.ascontiguousarray(scores.T)  # sums along so short an axis as the labels' take ten times as long
    sums = labels[1:5].copy()
    for at in range(5, 1 + 4 * len(ENTITY_TYPES), 4):
        sums += labels[at : at + 4]
    begin, inside, last, single = sums.tolist()
    return begin, inside, last, single


def tagged_stretches(scores: np.ndarray, low: float = LOW, parts: Parts | None = None) -> dict[Place, float]:
    """Return every stretch whose weakest token is a part of a name with a chance of at least ``low``.

    Args:
        scores: (N, 17) probabilities of labels.
        low: the least chance.
        parts: what `span_chances` gives for the scores, if it is known.
    """
    begin, inside, last, single = parts or span_chances(scores)
    found: dict[Place, float] = {}
    for i in np.flatnonzero(scores[:, 0] < 1 - low).tolist():
        if single[i] >= low:
            found[i, i + 1] = single[i]
        chance = begin[i]
        if chance < low:
            continue
        for j in range(i + 1, min(i + MAX_WORDS, len(begin))):
            if last[j] >= low:
                found[i, j + 1] = min(chance, last[j])
            chance = min(chance, inside[j])
            if chance < low:
                break
    most = int(SHARE * len(scores)) + 4
    if len(found) > most:
        found = dict(sorted(found.items(), key=lambda item: (-item[1], item[0]))[:most])
    return found


def chance_of(place: Place, parts: Parts) -> float:
    """Return the chance of one stretch: that of its weakest token in its part."""
    begin, inside, last, single = parts
    i, j = place
    if j == i + 1:
        return single[i]
    return min([begin[i], last[j - 1], *inside[i + 1 : j - 1]])


def known_stretches(looks: Looks, lexicon: Lexicon) -> list[Place]:
    """Return the longest stretch at each token whose folded text is a name of the lexicon."""
    names, prefixes = lexicon.names, lexicon.prefixes
    folded, rows = looks.table.column(fold, object), looks.rows.tolist()
    found = []
    for i in np.flatnonzero(looks.column(lexicon.begins, bool)).tolist():
        best, so_far = 0, ""
        for j, row in enumerate(rows[i : i + MAX_WORDS], i + 1):
            so_far += folded[row]
            if so_far not in prefixes:
                break
            if so_far in names and folded[row]:
                best = j
        if best:
            found.append((i, best))
    return found


def written_stretches(reading: Reading) -> list[Place]:
    """Return the stretches that are written as names are: hyphenated ones whole and without what follows the name.

    A word with one capital counts where it stands alone within a sentence.
    """
    words, looks, starts, ends = reading.words, reading.looks, reading.starts, reading.ends
    capital, like = looks.column(capitalised, bool), looks.column(name_like, bool)
    notable = capital | like
    notable[:-1] |= looks.column(_is_hyphen, bool)[1:]
    notable &= looks.column(_is_word, bool)
    capitals, likes = capital.tolist(), like.tolist()
    found: list[Place] = []
    n, done = len(words), 0
    for i in np.flatnonzero(notable).tolist():
        if i < done:
            continue
        j = i + 1
        while j + 1 < n and words[j] == "-" and ends[j - 1] == starts[j] and ends[j] == starts[j + 1]:
            j += 2
        done = j
        if j - i <= MAX_WORDS and any(likes[i:j]):
            last = j
            while last > i and not (capitals[last - 1] or words[last - 1][-1].isdigit()):
                last -= 1
            found += [(i, j)] if last in (i, j) else [(i, last), (i, j)]
        elif j == i + 1 and capitals[i] and len(words[i]) > 2 and _stands_alone(words, i):
            found.append((i, j))
    return found


def _is_word(token: str) -> bool:
    """Say whether a token begins with a letter or a digit."""
    return token[0].isalnum()


def _is_hyphen(token: str) -> bool:
    """Say whether a token is the sign that joins words."""
    return token == "-"


def _bracketed(
    words: list[str], likely: Sequence[Place], ties: Sequence[tuple[Place, Place]]
) -> list[tuple[Place, Place]]:
    """Return pairs of likely stretches of which one stands in brackets behind the other and names the same.

    Two things that a definition by the letters does not see: a short name that is no acronym ("Rotation-Equivariant
    Anchor Transformer (REVNET)"), and a long form that begins before the first letter ("SAE-Guided Subspace
    Projection Unlearning (SSPU)").
    """
    found = []
    long_of = dict(ties)
    by_end: dict[int, list[Place]] = {}
    for place in likely:
        by_end.setdefault(place[1], []).append(place)
    for i, j in likely:
        if i < 2 or words[i - 1] != "(" or j >= len(words) or words[j] not in "),;":
            continue
        long = long_of.get((i, j))
        for a, b in by_end.get(i - 1, ()):
            if long is not None:
                if long[1] == b and a < long[0]:
                    found.append(((a, b), (i, j)))
                continue
            outer, inner = fold("".join(words[a:b])), fold("".join(words[i:j]))
            short, full = sorted(((b - a, outer), (j - i, inner)))
            one_is_longer = full[0] >= 3 and short[0] <= 3 and len(short[1]) < len(full[1])
            if one_is_longer and outer[:1] == inner[:1] and short[1] not in full[1]:
                found.append(((a, b), (i, j)))
    return found


@lru_cache(maxsize=200_000)
def _key(surface: str) -> str:
    """Return the folded surface; nothing if it is no whole stretch of readable text.

    A whole stretch lies within a line and opens and closes the same number of brackets.
    """
    readable = surface.replace("\N{NO-BREAK SPACE}", " ").isprintable() and "\N{REPLACEMENT CHARACTER}" not in surface
    whole = readable and all(surface.count(a) == surface.count(b) for a, b in ("()", "[]", "{}"))
    return fold(surface) if whole else ""


def _stands_alone(words: list[str], i: int) -> bool:
    """Say whether a capitalised word is not the first of a sentence and has no capitalised neighbour."""
    if not i or words[i - 1] in ".!?:" or words[i - 1].isspace() or words[i - 1][0].isupper():
        return False
    return i + 1 == len(words) or not words[i + 1][0].isupper()


def find_groups(reading: Reading, lexicon: Lexicon) -> list[Group]:
    """Return the groups of candidates of a paper, in the order of their first places."""
    text, title_end = reading.text, reading.title_end
    starts, ends = reading.starts, reading.ends
    parts = span_chances(reading.scores)
    chances = tagged_stretches(reading.scores, parts=parts)
    for place in known_stretches(reading.looks, lexicon):
        chances.setdefault(place, 0.0)
    for place in written_stretches(reading):
        chances.setdefault(place, 0.0)
    ties: list[tuple[Place, Place]] = []
    for pair in reading.definitions:
        tied = [tokens_between(starts, ends, a, b) for a, b in pair]
        places = [place for place in tied if place is not None and place[1] - place[0] <= MAX_WORDS + 5]
        if len(places) == 2:
            ties.append((places[0], places[1]))
        for place in places:
            chances.setdefault(place, 0.0)
    before_colon = tokens_until(ends, text.find(": ", 0, title_end))
    if 0 < before_colon <= MAX_WORDS:
        chances.setdefault((0, before_colon), 0.0)
    in_title = tokens_until(ends, title_end)

    def written(place: Place) -> str:
        return text[starts[place[0]] : ends[place[1] - 1]]

    by_key: dict[str, dict[str, float]] = {}
    for place, chance in sorted(chances.items()):
        surface = written(place)
        key = _key(surface)
        if key and not place[0] < in_title < place[1]:
            spellings = by_key.setdefault(key, {})
            spellings[surface] = spellings.get(surface, 0.0) + chance
    root = {key: key for key in by_key}

    def top(key: str) -> str:
        while root[key] != key:
            key = root[key]
        return key

    for key in by_key:
        if key + "s" in by_key and len(key) > 1:
            root[top(key + "s")] = top(key)
    defined: dict[str, int] = {}
    for short, long in ties:
        a, b = fold(written(short)), fold(written(long))
        if a in root and b in root:
            if top(a) != top(b):
                root[top(b)] = top(a)
            defined[a] = defined[b] = 1
    for outer, inner in _bracketed(reading.words, [p for p, c in chances.items() if c >= LIKELY], ties):
        one, other = fold(written(outer)), fold(written(inner))
        if one in root and other in root and top(one) != top(other):
            root[top(other)] = top(one)
    members: dict[str, list[str]] = {}
    for key in by_key:
        members.setdefault(top(key), []).append(key)
    groups = []
    for keys in members.values():
        weight: dict[str, float] = {}
        for key in keys:
            weight |= by_key[key]
        surfaces = sorted(weight, key=lambda s: (-weight[s], len(s), s))
        found = {tokens_between(starts, ends, a, b) for s in surfaces for a, b in occurrences(text, s)}
        places = sorted([place for place in found if place is not None])
        if places:
            known = {p: chances[p] if p in chances else chance_of(p, parts) for p in places}
            groups.append(Group(keys, surfaces, places, int(not defined.keys().isdisjoint(keys)), known))
    groups.sort(key=lambda g: g.places[0])
    return groups
