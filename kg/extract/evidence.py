"""What speaks for and against a candidate: the features that the judge weighs.

For each group of candidates (`kg.extract.candidates`) one row of numbers: what the tagger says of all its places
and of rival stretches, how it is spelled, what stands around it (cue words of ``data/judge_cues.yaml``), what else
the paper holds; and the strings that `kg.extract.tables` is asked for.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path

import numpy as np
import yaml

from kg.extract.candidates import Group, Reading
from kg.extract.runs import ragged, starts_of
from kg.extract.tables import FIELDS, N_TYPES, Evidence
from kg.extract.words import capitalised, kinds_of, norm, shape

CUES = Path(__file__).parent / "data" / "judge_cues.yaml"
JOINERS = frozenset({",", "and", "or", "/", "&", ";"})
DETERMINERS = frozenset({"a", "an", "the"})
# What leads from a name to what it is, and where the search for that ends, backwards and forwards.
APPOSERS = frozenset({",", "is", ":", "are", "-", "–", "—"})
STOPS = frozenset({".", ",", "(", ";", ":"})
CLAUSES = frozenset({".", ",", "(", ";", "that", "which", "for", "to", "of", "with"})
SPACE, ENDER, JOINER, APPOSING, DETERMINER, STOP, CLAUSE = (1 << n for n in range(7))
OPENING, CLOSING, HYPHEN, COLON, QUOTE, BASED = (1 << n for n in range(7, 13))
"""What a word or sign can be for the sentence: see `_marks`."""
EDGE = 6
"""Signs that stand before and behind a batch of texts; as many words can be looked ahead."""


@lru_cache(maxsize=1)
def cues() -> tuple[dict[str, int], dict[str, int], tuple[str, ...], tuple[str, ...]]:
    """Return the class of each noun, that of each verb, and the names of both kinds of classes."""
    lists = yaml.safe_load(CUES.read_text(encoding="utf-8"))
    nouns = {w: i for i, words in enumerate(lists["nouns"].values()) for w in words}
    verbs = {w: i for i, words in enumerate(lists["verbs"].values()) for w in words}
    return nouns, verbs, tuple(lists["nouns"]), tuple(lists["verbs"])


def weigh(
    readings: Sequence[Reading], groups_of: Sequence[Sequence[Group]], wanted: np.ndarray | None = None
) -> Evidence:
    """Return the evidence for groups of some papers.

    Args:
        readings: the papers.
        groups_of: all groups of candidates of each.
        wanted: (all groups,) which of them to describe; all if None. What is said of one does not depend on it, nor
            on the other papers.
    """
    n_groups = sum(map(len, groups_of))
    chosen = np.arange(n_groups) if wanted is None else np.flatnonzero(wanted)
    if not len(chosen):
        nothing = np.zeros(0, dtype=np.int64)
        return Evidence(np.zeros((0, 0), dtype=np.float32), {f: [] for f in FIELDS}, dict.fromkeys(FIELDS, nothing))
    papers = _Papers(readings, groups_of)
    return Evidence(papers.numbers(chosen), *papers.strings(chosen))


@lru_cache(maxsize=100_000)
def _spelling(surface: str) -> np.ndarray:
    """Return how a name is written: its length, capitals, digits, hyphens and spaces."""
    kinds = kinds_of(surface)
    caps = kinds.count("X")
    numbers = (
        len(surface),
        caps,
        caps / len(surface),
        sum(map(str.isdigit, surface)),
        surface[0].isupper(),
        surface[-1].isdigit(),
        "-" in surface,
        " " in surface,
        surface.isupper(),
        " " not in surface and "X" in kinds[1:] and any(c.isupper() and c.isalpha() for c in surface[1:]),
    )
    return np.array(numbers, dtype=np.float32)


def _noun(word: str) -> int:
    """Return the class of the noun in the lists of cues, -1 if it is in none."""
    return cues()[0].get(norm(word), -1)


def _verb(word: str) -> int:
    """Return the class of the verb in the lists of cues, -1 if it is in none."""
    return cues()[1].get(norm(word), -1)


def _marks(word: str) -> int:
    """Return what a word or sign is for the sentence it stands in: the sum of the constants that apply."""
    low = norm(word)
    return (
        SPACE * word.isspace()
        | ENDER * (word in ".!?")
        | JOINER * (word in JOINERS)
        | APPOSING * (word in APPOSERS)
        | DETERMINER * (low in DETERMINERS)
        | STOP * (word in STOPS)
        | CLAUSE * (low in CLAUSES)
        | OPENING * (word == "(")
        | CLOSING * (word == ")")
        | HYPHEN * (word == "-")
        | COLON * (word == ":")
        | QUOTE * (word in "\"'`“‘")
        | BASED * (word == "based")
    )


def _next(places: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return for each ``at`` the first of the places that is not before it; places are ascending."""
    return places[np.searchsorted(places, at)]


class _Papers:
    """Some papers end to end, worked out for all their groups at once.

    Words, sentences, places and groups are numbered over all papers. Each paper's words stand between "^" and "$";
    there are `EDGE` more of these at both ends of it all, so that a look ahead or back stays within the text.
    """

    def __init__(self, readings: Sequence[Reading], groups_of: Sequence[Sequence[Group]]) -> None:
        self.readings = readings
        self.groups = list(chain.from_iterable(groups_of))
        self.n_groups = np.array([len(groups) for groups in groups_of])
        self.paper = np.repeat(np.arange(len(readings)), self.n_groups)  # of each group
        self.n_words = np.array([len(reading.words) for reading in readings])
        self.first = EDGE + 1 + starts_of(self.n_words + 2)  # word of each paper
        self._read_words()
        self.sizes = np.array([len(group.places) for group in self.groups])
        self.starts = starts_of(self.sizes)  # of each group's places
        self.group = np.repeat(np.arange(len(self.groups)), self.sizes)  # of each place
        places = chain.from_iterable(chain.from_iterable(group.places for group in self.groups))
        shift = self.first[self.paper[self.group]]
        self.begin, self.end = np.fromiter(places, dtype=np.int64).reshape(-1, 2).T + shift
        self.chance = np.array([group.chances[place] for group in self.groups for place in group.places])
        top = np.maximum.reduceat(self.chance, self.starts)
        self.best = _next(np.flatnonzero(self.chance == top[self.group]), self.starts)  # likeliest place of each group
        self._read_scores()

    def _read_words(self) -> None:
        """Look the words up, number their sentences, find the cues among them."""
        self.table = table = self.readings[0].looks.table
        front, back = table.rows(["^", "$"]).reshape(2, 1)
        rows = [front.repeat(EDGE)]
        for reading in self.readings:
            rows += [front, reading.looks.rows if reading.looks.table is table else table.rows(reading.words), back]
        self.rows = np.concatenate([*rows, back.repeat(EDGE)])  # of the table
        marks = table.column(_marks, np.int16)[self.rows]
        self.capital = table.column(capitalised, bool)[self.rows]
        self.noun = table.column(_noun, np.int8)[self.rows]
        self.verb = table.column(_verb, np.int8)[self.rows]
        begins = (marks & SPACE) > 0
        begins[1:] |= self.capital[1:] & ((marks[:-1] & ENDER) > 0)
        begins[self.first - 1] = True
        self.sentence = begins.cumsum()
        self.opens = np.append(0, np.flatnonzero(begins))  # the first word of each sentence
        marks[self.first - 1] |= STOP  # what is searched for ends with the paper
        marks[[*self.first + self.n_words, -1]] |= CLOSING | CLAUSE
        marks[self.first + self.n_words - 1] &= ~APPOSING  # nothing follows
        self.marks = marks

    def _read_scores(self) -> None:
        """Find how much of the tokens' probability lies on each type, and what is outside of names."""
        edge = np.eye(1, 1 + 4 * N_TYPES, dtype=np.float32)
        scores = [edge.repeat(EDGE, axis=0)]
        for reading in self.readings:
            scores += [edge, reading.scores, edge]
        labels = np.concatenate([*scores, edge.repeat(EDGE, axis=0)])
        self.outside = labels[:, 0]
        _, at = ragged(self.begin, self.end)
        labels = labels[at]
        mass = labels[:, 1::4] + (labels[:, 2::4] + labels[:, 3::4] + labels[:, 4::4])
        length = self.end - self.begin
        sums = np.add.reduceat(mass, starts_of(length), axis=0, dtype=np.float64)
        self.mass = sums / length[:, None]  # (places, types)
        self.mean_mass = np.add.reduceat(self.mass, self.starts, axis=0) / self.sizes[:, None]  # (groups, types)

    def numbers(self, chosen: np.ndarray) -> np.ndarray:
        """Return (chosen groups, F) all numbers of some groups."""
        parts = [self._places(), self._overlaps(), self._positions(), self._context(), self._neighbours()]
        parts = [part[chosen] for part in (*parts, self._surroundings())]
        parts.insert(2, self._spelled(chosen))  # the spellings of all would cost more than to choose
        return np.concatenate(parts, axis=1, dtype=np.float32, casting="same_kind")

    def _places(self) -> np.ndarray:
        """Return how many places and spellings there are, and what the tagger says of them."""
        chance, starts = self.chance, self.starts
        title_end = self.first + [reading.title_tokens for reading in self.readings]
        in_title = self.begin < title_end[self.paper[self.group]]
        return np.column_stack(
            [
                self.sizes,
                np.add.reduceat(in_title, starts, dtype=np.int64),
                [len(group.surfaces) for group in self.groups],
                [group.defined for group in self.groups],
                chance[self.best],
                np.add.reduceat(chance, starts) / self.sizes,
                chance[starts],
                np.maximum.reduceat(np.where(in_title, chance, -1.0), starts),
                np.minimum.reduceat(chance, starts),
                self.mean_mass,
                self.mass[self.best],
            ]
        )

    def _overlaps(self) -> np.ndarray:
        """Return the best chances of places that hold those of the group, lie in the likeliest, or cross them.

        A place is seen by those whose first or last word is its first, its last or its middle word.
        """
        begin, end = self.begin, self.end
        every, long = np.arange(len(begin)), np.flatnonzero(end - begin > 1)
        words = np.concatenate([begin, end[long] - 1, (begin[long] + end[long] - 1) // 2])
        order = np.argsort(words, kind="stable")
        seen, words = np.concatenate([every, long, long])[order], words[order]
        ends = np.concatenate([begin, end[long] - 1])
        pair, at = ragged(np.searchsorted(words, ends), np.searchsorted(words, ends, side="right"))
        one, other = np.concatenate([every, long])[pair], seen[at]
        holds = (begin[other] <= begin[one]) & (end[one] <= end[other])
        within = (begin[one] <= begin[other]) & (end[other] <= end[one])
        chances = np.zeros((len(begin), 3))
        others = one != other
        kind = np.where(holds, 0, np.where(within, 1, 2))
        np.maximum.at(chances, (one[others], kind[others]), self.chance[other[others]])
        return np.column_stack(
            [
                chances[self.best, 0],
                np.minimum.reduceat(chances[:, 0], self.starts),
                chances[self.best, 1],
                np.maximum.reduceat(chances[:, 2], self.starts),
            ]
        )

    def _spelled(self, chosen: np.ndarray) -> np.ndarray:
        """Return how some groups are spelled, and whether a name can be outside of the words beside them."""
        begin, end = self.begin[self.best[chosen]], self.end[self.best[chosen]]
        capitals = np.append(0, self.capital.cumsum())
        surfaces = [self.groups[number].surfaces for number in chosen.tolist()]
        lengths = np.array([len(surface) for some in surfaces for surface in some])
        starts = starts_of(np.array([len(some) for some in surfaces]))
        return np.column_stack(
            [
                self.outside[begin - 1],
                self.outside[end],
                end - begin,
                np.stack([_spelling(some[0]) for some in surfaces]),
                (capitals[end] - capitals[begin]) / (end - begin),
                np.maximum.reduceat(lengths, starts),
                np.minimum.reduceat(lengths, starts),
            ]
        )

    def _positions(self) -> np.ndarray:
        """Return where in the paper the places are, and how they stand to the colon of the title."""
        first, n_words = self.first[self.paper], self.n_words[self.paper]
        opens, last = self.begin[self.starts], self.begin[self.starts + self.sizes - 1]
        before_colon = np.array([_words_before_colon(reading) for reading in self.readings])
        colon = (self.first + before_colon)[self.paper]
        before = self.end <= colon[self.group]
        whole = (self.begin == first[self.group]) & (self.end == colon[self.group])
        return np.column_stack(
            [
                (self.best - self.starts) / self.sizes,
                (opens - first) / n_words,
                self.sentence[opens] - self.sentence[first - 1],
                (last - first) / n_words,
                opens == first,
                before_colon[self.paper] > 0,
                np.logical_or.reduceat(before, self.starts),
                np.logical_or.reduceat(whole, self.starts),
            ]
        )

    def _context(self) -> np.ndarray:
        """Return for each class of nouns and verbs how near it comes on either side, and which sentences hold it."""
        _, _, noun_names, verb_names = cues()
        n_nouns, n_verbs, size = len(noun_names), len(verb_names), len(self.groups)
        noun_at, verb_at = np.flatnonzero(self.noun >= 0), np.flatnonzero(self.verb >= 0)
        noun, verb = self.noun[noun_at], self.verb[verb_at]
        sentence = self.sentence[self.begin]
        near = []
        for beside, way in ((self.end, 1), (self.begin - 1, -1)):
            words = beside[:, None] + way * np.arange(5)
            place, step = np.nonzero((self.noun[words] >= 0) & (self.sentence[words] == sentence[:, None]))
            best = np.zeros((size, n_nouns))
            np.maximum.at(best, (self.group[place], self.noun[words[place, step]]), 1 / (1 + step))
            near.append(best)
        verbs = np.zeros((size, n_verbs))
        opens = self.opens[sentence]
        place, at = ragged(np.searchsorted(verb_at, opens), np.searchsorted(verb_at, self.begin))
        np.maximum.at(verbs, (self.group[place], verb[at]), 1 / (self.begin[place] - verb_at[at]))
        held = np.zeros((self.sentence[-1] + 1, n_verbs + n_nouns))
        held[self.sentence[verb_at], verb] = 1
        held[self.sentence[noun_at], n_verbs + noun] = 1
        share = 1 / self.sizes[:, None]
        sentences = np.add.reduceat(held[sentence], self.starts, axis=0) * share
        counts = np.zeros((len(self.readings), 2 * n_nouns))
        paper = np.searchsorted(self.first, noun_at, side="right") - 1
        np.add.at(counts, (paper, noun), 1)
        title = noun_at < self.first[paper] + np.array([reading.title_tokens for reading in self.readings])[paper]
        np.add.at(counts, (paper[title], n_nouns + noun[title]), 1)
        return np.concatenate([*near, verbs, sentences, counts[self.paper]], axis=1)

    def _neighbours(self) -> np.ndarray:
        """Return what stands in a list with it, and brackets, hyphens and quotes beside it."""
        begin, end, chance = self.begin, self.end, self.chance
        rising = np.lexsort((-np.arange(len(chance)), chance))  # the last to be written is the likeliest, then first
        opening, closing = np.full((2, len(self.rows)), -1)
        opening[begin[rising]], closing[end[rising]] = rising, rising
        before, after, behind = self.marks[begin - 1], self.marks[end], self.marks[end + 1]
        joined = np.stack([after & JOINER, before & JOINER], axis=1) > 0
        further = np.stack([behind & JOINER, self.marks[begin - 2] & JOINER], axis=1) > 0
        rival = np.stack([opening[end + 1 + further[:, 0]], closing[begin - 1 - further[:, 1]]], axis=1)
        listed = np.where(joined & (rival >= 0), chance[rival], 0.0).ravel()
        most = np.maximum.reduceat(listed, 2 * self.starts)
        place = rival.ravel()[_next(np.flatnonzero(listed == most.repeat(2 * self.sizes)), 2 * self.starts)]
        signs = np.stack(
            [
                joined.sum(axis=1),
                (before & OPENING) > 0,
                ((before | after) & HYPHEN) > 0,
                (before & QUOTE) > 0,
                ((after & HYPHEN) > 0) & ((behind & BASED) > 0),
            ],
            axis=1,
        )
        counts = np.add.reduceat(signs, self.starts, axis=0)
        kinds = np.where(most[:, None] > 0, self.mass[place], 0.0)
        return np.column_stack([most, kinds, counts[:, :4] * (1 / self.sizes[:, None]), counts[:, 4]])

    def _surroundings(self) -> np.ndarray:
        """Return what the other groups of the paper are like: sums of chances by type, rank, number of names."""
        paper, n_papers = self.paper, len(self.readings)
        chance = self.chance[self.best].astype(np.float32)
        weighted = self.mean_mass.astype(np.float32) * chance[:, None]
        sums = np.zeros((n_papers, N_TYPES), dtype=np.float32)
        np.add.at(sums, paper, weighted)
        rank = np.empty(len(chance), dtype=np.int64)
        rank[np.lexsort((-chance, paper))] = np.arange(len(chance)) - starts_of(self.n_groups)[paper]
        likely = np.bincount(paper, weights=chance > 0.5, minlength=n_papers)
        n_sentences = 1 + self.sentence[self.first + self.n_words - 1] - self.sentence[self.first - 1]
        same = np.stack([self.n_groups, likely, n_sentences, self.n_words], axis=1)[paper]
        return np.column_stack([sums[paper] - weighted, rank, same])

    def strings(self, chosen: np.ndarray) -> tuple[dict[str, list[str]], dict[str, np.ndarray]]:
        """Return the strings of some groups, and how many each has: see `Evidence`."""
        norms = self.table.column(norm, object)

        def at(words: np.ndarray) -> list[str]:
            return norms[self.rows[words]].tolist()

        i, j = self.begin[self.best[chosen]], self.end[self.best[chosen]]
        last = at(j - 1)
        shown = np.minimum(j, i + 4)
        shapes = iter(self.table.column(shape, object)[self.rows[ragged(i, shown)[1]]].tolist())
        cut = np.where(j > shown, " +", "").tolist()

        owner, places = ragged(self.starts[chosen], self.starts[chosen] + self.sizes[chosen])
        a, b = self.begin[places], self.end[places]
        first = self.first[self.paper[self.group[places]]]
        after = first + self.n_words[self.paper[self.group[places]]]
        before, behind = at(a - 1), at(b)

        leading = places - self.starts[chosen][owner] < 3
        keys = [self.groups[number].keys for number in chosen.tolist()]
        strings = {
            "key": list(chain.from_iterable(keys)),
            "last": last,
            "first": at(i),
            "last2": _pairs(at(j - 2), last, j - i > 1, last),
            "shape": [" ".join(islice(shapes, n)) + end for n, end in zip((shown - i).tolist(), cut, strict=True)],
            "prev": before,
            "next": behind,
            "prev2": _pairs(at(a - 2), before, a - 1 > first, before),
            "next2": _pairs(behind, at(b + 1), b + 1 < after, behind),
            "next_noun": self._appositions(a[leading], b[leading]),
        }
        single, every = np.ones(len(chosen), dtype=np.int64), self.sizes[chosen]
        sizes = dict.fromkeys(FIELDS, single) | dict.fromkeys(("prev", "next", "prev2", "next2"), every)
        return strings, sizes | {"key": np.array([len(some) for some in keys]), "next_noun": np.minimum(every, 3)}

    def _appositions(self, begin: np.ndarray, end: np.ndarray) -> list[str]:
        """Return how the text goes on to say what a name is: the noun of "X, a new …", "X is a …" or "the … X"."""
        marks, nouns = self.marks, self.noun >= 0
        closings, clauses = np.flatnonzero(marks & CLOSING), np.flatnonzero(marks & CLAUSE)
        heads = np.append(np.flatnonzero(nouns[:-1] & ~nouns[1:]), len(marks))
        at = np.where(marks[end] & OPENING, _next(closings, end) + 1, end)  # a bracket is passed over
        goes_on = (marks[at] & APPOSING > 0) & ((marks[at + 1] & DETERMINER > 0) | (marks[at] & COLON > 0))
        head = _next(heads, at + 2)
        ahead = goes_on & (head < np.minimum(_next(clauses, at + 2), at + 15))
        back, searching = np.full(len(begin), -1), np.ones(len(begin), dtype=bool)
        for word in (begin - 1, begin - 2, begin - 3):
            back[searching & nouns[word]] = word[searching & nouns[word]]
            searching &= ~nouns[word] & (marks[word] & STOP == 0)
        noun = self.table.column(norm, object)[self.rows[np.where(ahead, head, back)]].tolist()
        signs = np.where(ahead, "=", np.where(back >= 0, "<", "-")).tolist()
        return [sign if sign == "-" else sign + word for sign, word in zip(signs, noun, strict=True)]


def _pairs(left: list[str], right: list[str], both: np.ndarray, alone: list[str]) -> list[str]:
    """Return two words each, or ``alone`` where there are not both."""
    found = zip(left, right, both.tolist(), alone, strict=True)
    return [f"{one} {two}" if there else single for one, two, there, single in found]


def _words_before_colon(reading: Reading) -> int:
    """Return how many words of the title stand before its first colon, 0 if it has none."""
    colon = reading.text.find(": ", 0, reading.title_end)
    return bisect_right(reading.ends, colon) if colon >= 0 else 0
