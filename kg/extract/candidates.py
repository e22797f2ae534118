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

ROUNDING = 1e-4
"""The most by which the probabilities of a token's labels may miss one, and more."""

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
    sums = scores[:, 1 : 1 + 4 * len(ENTITY_TYPES)].reshape(-1, len(ENTITY_TYPES), 4).sum(axis=1)
    begin, inside, last, single = sums.T.tolist()
    return begin, inside, last, single


def tagged_stretches(scores: np.ndarray, low: float = LOW) -> dict[Place, float]:
    """Return every stretch whose weakest token is a part of a name with a chance of at least ``low``.

    Args:
        scores: (N, 17) probabilities of labels.
        low: the least chance.
    """
    rows = np.flatnonzero(scores[:, 0] < 1 - low + ROUNDING)  # an eighth of the tokens; no others have a part
    begin, inside, last, single = span_chances(scores[rows])
    tokens = rows.tolist()
    found: dict[Place, float] = {}
    for at, i in enumerate(tokens):
        if single[at] >= low:
            found[i, i + 1] = single[at]
        chance = begin[at]
        if chance < low:
            continue
        for to, j in enumerate(tokens[at + 1 : at + MAX_WORDS], at + 1):
            if j - i != to - at:
                break
            if last[to] >= low:
                found[i, j + 1] = min(chance, last[to])
            chance = min(chance, inside[to])
            if chance < low:
                break
    most = int(SHARE * len(scores)) + 4
    if len(found) > most:
        found = dict(sorted(found.items(), key=lambda item: (-item[1], item[0]))[:most])
    return found


def chance_of(place: Place, scores: np.ndarray) -> float:
    """Return the chance of one stretch: that of its weakest token in its part."""
    begin, inside, last, single = span_chances(scores[slice(*place)])
    return single[0] if len(single) == 1 else min([begin[0], last[-1], *inside[1:-1]])


def known_stretches(looks: Looks, lexicon: Lexicon) -> list[Place]:
    """Return the longest stretch at each token whose folded text is a name of the lexicon."""
    names, prefixes = lexicon.names, lexicon.prefixes
    folded = [*looks.column(fold, object).tolist(), "\0"]  # no name goes on so
    found = []
    for i in np.flatnonzero(looks.column(lexicon.begins, bool)).tolist():
        so_far, j = folded[i], i + 1
        best = j if so_far in names else 0
        while (so_far := so_far + folded[j]) in prefixes and j < i + MAX_WORDS:
            j += 1
            if so_far in names and folded[j - 1]:
                best = j
        if best:
            found.append((i, best))
    return found


def written_stretches(reading: Reading) -> list[Place]:
    """Return the stretches that are written as names are: hyphenated ones whole and without what follows the name.

    A word with one capital counts where it stands alone within a sentence.
    """
    words, starts, ends = reading.words, reading.starts, reading.ends
    writing = reading.looks.column(_writing, np.uint8)
    notable = writing & (_CAPITAL | _LIKE) > 0
    notable[:-1] |= writing[1:] == _HYPHEN
    notable &= writing & _WORD > 0
    kinds = writing.tolist()
    found: list[Place] = []
    n, done = len(words), 0
    for i in np.flatnonzero(notable).tolist():
        if i < done:
            continue
        j = i + 1
        like = kinds[i] & _LIKE
        while j + 1 < n and kinds[j] == _HYPHEN and ends[j - 1] == starts[j] and ends[j] == starts[j + 1]:
            like |= kinds[j + 1] & _LIKE
            j += 2
        done = j
        if like and j - i <= MAX_WORDS:
            last = j
            while last > i and not (kinds[last - 1] & _CAPITAL or words[last - 1][-1].isdigit()):
                last -= 1
            found += [(i, j)] if last in (i, j) else [(i, last), (i, j)]
        elif j == i + 1 and _stands_alone(kinds, i):
            found.append((i, j))
    return found


_WORD, _CAPITAL, _LIKE, _LONG, _HYPHEN, _STOP = 1, 2, 4, 8, 16, 32


def _writing(token: str) -> int:
    """Say how a token is written, as a sum of bits.

    It is a word, it begins with a capital, it is written as names are, it has more than two characters; it joins
    words; a sentence may begin behind it.
    """
    if token == "-":
        return _HYPHEN
    if token in ".!?:" or token.isspace():
        return _STOP
    return (
        _WORD * token[0].isalnum() + _CAPITAL * capitalised(token) + _LIKE * name_like(token) + _LONG * (len(token) > 2)
    )


def _stands_alone(kinds: list[int], i: int) -> bool:
    """Say whether a token is a longer word with a capital, not first in a sentence and not beside another capital."""
    if not (i and kinds[i] & _CAPITAL and kinds[i] & _LONG) or kinds[i - 1] & (_CAPITAL | _STOP):
        return False
    return i + 1 == len(kinds) or not kinds[i + 1] & _CAPITAL


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


_BRACKETS = frozenset("()[]{}")


@lru_cache(maxsize=200_000)
def _key(surface: str) -> str:
    """Return the folded surface and its last pluses; nothing if it is no whole stretch of readable text.

    A whole stretch lies within a line and opens and closes the same number of brackets. "POMO+" is not POMO.
    """
    if surface.isalnum():  # most are
        return fold(surface)
    readable = surface.replace("\N{NO-BREAK SPACE}", " ").isprintable() and "\N{REPLACEMENT CHARACTER}" not in surface
    whole = _BRACKETS.isdisjoint(surface) or all(surface.count(a) == surface.count(b) for a, b in ("()", "[]", "{}"))
    folded = fold(surface) if readable and whole else ""
    return folded + "+" * (len(surface) - len(surface.rstrip("+"))) if folded else ""


def _places(reading: Reading, surface: str, n_tokens: int) -> list[Place]:
    """Return every place of a surface of so many tokens at tokens and word boundaries."""
    starts, ends = reading.starts, reading.ends
    found = []
    for start, end in occurrences(reading.text, surface):
        i = bisect_left(starts, start)
        j = i + n_tokens
        if j <= len(ends) and starts[i] == start and ends[j - 1] == end:
            found.append((i, j))
    return found


def find_groups(reading: Reading, lexicon: Lexicon) -> list[Group]:
    """Return the groups of candidates of a paper, in the order of their first places."""
    text, title_end = reading.text, reading.title_end
    starts, ends = reading.starts, reading.ends
    chances = tagged_stretches(reading.scores)
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
    n_tokens: dict[str, int] = {}  # of each surface
    for i, j in sorted(chances):
        surface = written((i, j))
        key = _key(surface)
        if key and not i < in_title < j:
            spellings = by_key.setdefault(key, {})
            spellings[surface] = spellings.get(surface, 0.0) + chances[i, j]
            n_tokens[surface] = j - i
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
        a, b = _key(written(short)), _key(written(long))
        if a in root and b in root:
            if top(a) != top(b):
                root[top(b)] = top(a)
            defined[a] = defined[b] = 1
    for outer, inner in _bracketed(reading.words, [p for p, c in chances.items() if c >= LIKELY], ties):
        one, other = _key(written(outer)), _key(written(inner))
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
        surfaces = sorted(weight, key=lambda s: (-weight[s], len(s), s)) if len(weight) > 1 else list(weight)
        places = [place for surface in surfaces for place in _places(reading, surface, n_tokens[surface])]
        if len(surfaces) > 1:
            places = sorted(set(places))
        if places:
            known = {p: chances[p] if p in chances else chance_of(p, reading.scores) for p in places}
            is_defined = int(not defined.keys().isdisjoint(keys))
            groups.append(Group([key.rstrip("+") for key in keys], surfaces, places, is_defined, known))
    groups.sort(key=lambda g: g.places[0])
    return groups
