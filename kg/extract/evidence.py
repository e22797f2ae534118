"""What speaks for and against a candidate: the features that the judge weighs.

For each group of candidates (`kg.extract.candidates`) one row of numbers: what the tagger says of all its places
and of rival stretches, how it is spelled, what stands around it (cue words of ``data/judge_cues.yaml``), what else
the paper holds, and, from tables learned on the training gold, how often stretches with this last word, these
neighbours or this very spelling were names, and of which type. `Tables.fit` gets other papers than those judged.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice, repeat
from pathlib import Path

import numpy as np
import yaml

from kg.extract.candidates import Group, Place, Reading
from kg.extract.words import Looks, capitalised, kinds_of, norm, shape

N_TYPES = 4
CUES = Path(__file__).parent / "data" / "judge_cues.yaml"
JOINERS = frozenset({",", "and", "or", "/", "&", ";"})
DETERMINERS = frozenset({"a", "an", "the"})
# What leads from a name to what it is, and where the search for that ends, backwards and forwards.
APPOSING = frozenset({",", "is", ":", "are", "-", "–", "—"})
STOPS = frozenset({".", ",", "(", ";", ":"})
CLAUSES = frozenset({".", ",", "(", ";", "that", "which", "for", "to", "of", "with"})
FIELDS = ("key", "last", "first", "last2", "shape", "prev", "next", "prev2", "next2", "next_noun")
"""What the tables are about, in the order of their columns."""


@lru_cache(maxsize=1)
def cues() -> tuple[dict[str, int], dict[str, int], tuple[str, ...], tuple[str, ...]]:
    """Return the class of each noun, that of each verb, and the names of both kinds of classes."""
    lists = yaml.safe_load(CUES.read_text(encoding="utf-8"))
    nouns = {w: i for i, words in enumerate(lists["nouns"].values()) for w in words}
    verbs = {w: i for i, words in enumerate(lists["verbs"].values()) for w in words}
    return nouns, verbs, tuple(lists["nouns"]), tuple(lists["verbs"])


@dataclass(slots=True)
class Evidence:
    """The features of one paper's groups, before the tables are asked."""

    numbers: np.ndarray  # (G, F) float32
    strings: list[dict[str, list[str]]]  # for each group and each of FIELDS the values to look up


class Tables:
    """How often things were names of each type in the training gold, value by value of each of `FIELDS`.

    Args:
        rows: field -> value -> row of ``counts``; row 0 stands for what was never seen.
        counts: (R, 5) in how many papers the value was seen, and in how many as a name of each type.
        prior: (4,) the rates over all candidates.
    """

    WEIGHT = 3.0
    """Papers' worth of prior in a smoothed rate."""

    def __init__(self, rows: dict[str, dict[str, int]], counts: np.ndarray, prior: np.ndarray) -> None:
        self.rows, self.counts, self.prior = rows, counts, prior
        seen = counts[:, :1]
        rates = (counts[:, 1:] + self.WEIGHT * prior) / (seen + self.WEIGHT)
        self._table = np.concatenate([np.log1p(seen), rates], axis=1).astype(np.float32)

    @classmethod
    def fit(cls, groups: Iterable[tuple[dict[str, list[str]], int]], least: int = 2) -> Tables:
        """Count over groups of candidates: their strings, and the index of their type or -1.

        Args:
            groups: strings as `Evidence` has them, and the type that the gold gives the group.
            least: values (but for spellings) that are seen less often are dropped.
        """
        counts: dict[str, dict[str, list[int]]] = {f: {} for f in FIELDS}
        total = [0] * (1 + N_TYPES)
        for strings, kind in groups:
            total[0] += 1
            if kind >= 0:
                total[1 + kind] += 1
            for name, values in strings.items():
                for value in set(values):
                    row = counts[name].setdefault(value, [0] * (1 + N_TYPES))
                    row[0] += 1
                    if kind >= 0:
                        row[1 + kind] += 1
        prior = np.array(total[1:], dtype=np.float32) / max(total[0], 1)
        rows: dict[str, dict[str, int]] = {}
        table = [[0] * (1 + N_TYPES)]
        for name in FIELDS:
            rows[name] = {}
            for value, row in sorted(counts[name].items()):
                if row[0] >= (1 if name == "key" else least):
                    rows[name][value] = len(table)
                    table.append(row)
        return cls(rows, np.array(table, dtype=np.float32), prior)

    def look_up(self, strings: Sequence[dict[str, list[str]]]) -> np.ndarray:
        """Return (G, 5 * fields): for each field how much was seen and the smoothed rate of each type, as means."""
        out = np.empty((len(strings), len(FIELDS), 1 + N_TYPES), dtype=np.float32)
        for f, name in enumerate(FIELDS):
            values = [of[name] for of in strings]
            sizes = np.fromiter(map(len, values), dtype=np.int64, count=len(values))
            row_of = self.rows.get(name, {}).get
            rows = np.fromiter(map(row_of, chain.from_iterable(values), repeat(0)), dtype=np.int64)
            if (sizes != 1).any():  # the mean over those that were seen, row 0 where none was
                owner = np.repeat(np.arange(len(values)), sizes)[rows > 0]
                sizes = np.bincount(owner, minlength=len(values))
                rows = np.insert(rows[rows > 0], np.cumsum(sizes)[sizes == 0], 0)
                sizes = np.maximum(sizes, 1)
            starts = np.cumsum(sizes) - sizes
            out[:, f] = np.add.reduceat(self._table[rows], starts, axis=0) / sizes[:, None]
        return out.reshape(len(strings), -1)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return all as arrays for `numpy.savez`."""
        values = json.dumps({name: list(self.rows[name]) for name in FIELDS})
        return {
            "table_values": np.frombuffer(values.encode(), dtype=np.uint8),
            "table_counts": self.counts.astype(np.uint16),
            "table_prior": self.prior,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Tables:
        """Read back what `to_arrays` gave."""
        rows: dict[str, dict[str, int]] = {}
        row = 1
        for name, values in json.loads(arrays["table_values"].tobytes()).items():
            rows[name] = {value: row + i for i, value in enumerate(values)}
            row += len(values)
        return cls(rows, arrays["table_counts"].astype(np.float32), arrays["table_prior"])


def weigh(reading: Reading, groups: Sequence[Group], wanted: Sequence[bool] | None = None) -> Evidence:
    """Return the evidence for each group of a paper.

    Args:
        reading: the paper.
        groups: all its groups of candidates.
        wanted: which of them to describe; all if None. What is said of one does not depend on it.
    """
    view = _View(reading, groups)
    chosen = [n for n in range(len(groups)) if wanted is None or wanted[n]]
    if not chosen:
        return Evidence(np.zeros((0, 0), dtype=np.float32), [])
    described = [view.describe(n) for n in chosen]
    numbers = np.array([numbers for numbers, _ in described], dtype=np.float32)
    return Evidence(
        np.concatenate([numbers, view.surroundings()[chosen]], axis=1), [strings for _, strings in described]
    )


@lru_cache(maxsize=100_000)
def _spelling(surface: str) -> tuple[float, ...]:
    """Return how a name is written: its length, capitals, digits, hyphens and spaces."""
    kinds = kinds_of(surface)
    caps = kinds.count("X")
    return (
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


def _noun(word: str) -> int:
    """Return the class of the noun in the lists of cues, -1 if it is in none."""
    return cues()[0].get(norm(word), -1)


def _verb(word: str) -> int:
    """Return the class of the verb in the lists of cues, -1 if it is in none."""
    return cues()[1].get(norm(word), -1)


def _cues_of(looks: Looks, kind: Callable[[str], int]) -> dict[int, int]:
    """Return place and class of each word that has one."""
    classes = looks.column(kind, np.int8)
    places = np.flatnonzero(classes >= 0)
    return dict(zip(places.tolist(), classes[places].tolist(), strict=True))


def _ends_sentence(word: str) -> bool:
    """Say whether a sentence ends with the word, if a capital follows."""
    return word in ".!?"


class _View:
    """One paper, worked out once for all its groups."""

    def __init__(self, reading: Reading, groups: Sequence[Group]) -> None:
        _, _, noun_names, verb_names = cues()
        looks = reading.looks
        self.reading, self.groups = reading, groups
        self.words = reading.words
        self.norms: list[str] = looks.column(norm, object).tolist()
        capital = looks.column(capitalised, bool)
        self.capitals: list[bool] = capital.tolist()
        self.nouns, verbs = _cues_of(looks, _noun), _cues_of(looks, _verb)
        self.n_nouns, self.n_verbs = len(noun_names), len(verb_names)
        labels = np.ascontiguousarray(reading.scores.T)  # (17, N): see `span_chances`
        mass = labels[1::4] + (labels[2::4] + labels[3::4] + labels[4::4])  # (types, N)
        sums = np.zeros((N_TYPES, mass.shape[1] + 1))
        mass.cumsum(axis=1, dtype=np.float64, out=sums[:, 1:])
        self.total = total = sums.T  # (N + 1, types)
        places = chain.from_iterable(place for group in groups for place in group.places)
        begins, ends = np.fromiter(places, dtype=np.int64).reshape(-1, 2).T
        of_places = iter(((total[ends] - total[begins]) / (ends - begins)[:, None]).tolist())
        self.masses = [list(islice(of_places, len(group.places))) for group in groups]
        self.mean_masses = [
            [sum(m) / len(m) for m in zip(*masses, strict=True)] if len(masses) > 1 else masses[0]
            for masses in self.masses
        ]
        self.outside = reading.scores[:, 0].tolist()
        self.title_tokens = reading.title_tokens
        colon = reading.text.find(": ", 0, reading.title_end)
        self.colon = bisect_right(reading.ends, colon) if colon >= 0 else 0
        begins_sentence = looks.column(str.isspace, bool)
        begins_sentence[1:] |= capital[1:] & looks.column(_ends_sentence, bool)[:-1]
        self.sentence: list[int] = begins_sentence.cumsum().tolist()  # of each word: the number of its sentence
        self.n_sentences = self.sentence[-1] + 1 if self.sentence else 1
        self.nouns_of = self._by_sentence(self.nouns)
        self.verbs_of = self._by_sentence(verbs)
        self.noun_kinds = [{noun for _, noun in some} for some in self.nouns_of]  # of each sentence
        self.verb_kinds = [{verb for _, verb in some} for some in self.verbs_of]
        self.covering: dict[int, list[tuple[Place, float]]] = defaultdict(list)
        self.begins: dict[int, tuple[float, Place]] = {}
        self.finishes: dict[int, tuple[float, Place]] = {}
        for group in groups:
            for place, chance in group.chances.items():
                i, j = place
                for k in (i,) if j == i + 1 else {i, j - 1, (i + j - 1) // 2}:
                    self.covering[k].append((place, chance))
                if chance > self.begins.get(i, (0.0,))[0]:
                    self.begins[i] = (chance, place)
                if chance > self.finishes.get(j, (0.0,))[0]:
                    self.finishes[j] = (chance, place)
        everywhere, in_title = [0.0] * self.n_nouns, [0.0] * self.n_nouns
        for i, noun in self.nouns.items():
            everywhere[noun] += 1
            if i < self.title_tokens:
                in_title[noun] += 1
        self.noun_counts = everywhere + in_title

    def _by_sentence(self, cues: dict[int, int]) -> list[list[tuple[int, int]]]:
        """Return for each sentence place and class of its words among the cues, in the order of the text."""
        found: list[list[tuple[int, int]]] = [[] for _ in range(self.n_sentences)]
        for cue in cues.items():
            found[self.sentence[cue[0]]].append(cue)
        return found

    def describe(self, number: int) -> tuple[list[float], dict[str, list[str]]]:
        """Return the numbers and strings of one of the groups."""
        words, norms = self.words, self.norms
        group, masses = self.groups[number], self.masses[number]
        places = group.places
        chances = [group.chances[p] for p in places]
        best = chances.index(max(chances))
        i, j = places[best]
        in_title = chances[: bisect_left(places, (self.title_tokens,))]
        outer, inner, crossing, outer_all = 0.0, 0.0, 0.0, []
        for at, place in enumerate(places):
            around = 0.0
            a, b = place
            for other, chance in self.covering[a] if b == a + 1 else self.covering[a] + self.covering[b - 1]:
                if other == place:
                    continue
                c, d = other
                if c <= a and b <= d:
                    around = max(around, chance)
                elif a <= c and d <= b:
                    inner = max(inner, chance) if at == best else inner
                else:
                    crossing = max(crossing, chance)
            outer_all.append(around)
        outer = outer_all[best]
        spelled = words[i:j]
        numbers: list[float] = [
            len(places),
            len(in_title),
            len(group.surfaces),
            group.defined,
            chances[best],
            sum(chances) / len(chances),
            chances[0],
            max(in_title, default=-1.0),
            min(chances),
            *self.mean_masses[number],
            *masses[best],
            outer,
            min(outer_all),
            inner,
            crossing,
            self.outside[i - 1] if i else 1.0,
            self.outside[j] if j < len(words) else 1.0,
            j - i,
            *_spelling(group.surfaces[0]),
            sum(self.capitals[i:j]) / (j - i),
            max(map(len, group.surfaces)),
            min(map(len, group.surfaces)),
            best / len(places),
            places[0][0] / len(words),
            self.sentence[places[0][0]],
            places[-1][0] / len(words),
            places[0][0] == 0,
            self.colon > 0,
            self.colon > 0 and any(b <= self.colon for _, b in places),
            (0, self.colon) in places,
        ]
        numbers += self._context(places)
        numbers += self._neighbours(places)
        texts: dict[str, list[str]] = {
            "key": group.keys,
            "last": [norms[j - 1]],
            "first": [norms[i]],
            "last2": [" ".join(norms[max(i, j - 2) : j])],
            "shape": [" ".join(map(shape, spelled[:4])) + (" +" if len(spelled) > 4 else "")],
            "prev": [norms[a - 1] if a else "^" for a, _ in places],
            "next": [norms[b] if b < len(norms) else "$" for _, b in places],
            "prev2": [" ".join(norms[max(0, a - 2) : a]) if a else "^" for a, _ in places],
            "next2": [" ".join(norms[b : b + 2]) if b < len(norms) else "$" for _, b in places],
            "next_noun": [self._apposition(a, b) for a, b in places[:3]],
        }
        return numbers, texts

    def _mass(self, i: int, j: int) -> list[float]:
        """Return how much of the tokens' probability lies on each type."""
        return ((self.total[j] - self.total[i]) / (j - i)).tolist()

    def _apposition(self, i: int, j: int) -> str:
        """Return how the text goes on to say what a name is: the noun of "X, a new …", "X is a …" or "the … X"."""
        words, norms = self.words, self.norms
        k = j
        if k < len(words) and words[k] == "(":
            while k < len(words) and words[k] != ")":
                k += 1
            k += 1
        if k + 1 < len(words) and words[k] in APPOSING:
            k += 1
            if norms[k] in DETERMINERS or words[k - 1] == ":":
                for m in range(k + 1, min(k + 14, len(words))):
                    if norms[m] in CLAUSES:
                        break
                    if m in self.nouns and m + 1 not in self.nouns:
                        return "=" + norms[m]
        for m in range(i - 1, max(-1, i - 4), -1):
            if m in self.nouns:
                return "<" + norms[m]
            if words[m] in STOPS:
                break
        return "-"

    def _context(self, places: Sequence[Place]) -> list[float]:
        """Return for each class of nouns and verbs how near it comes on either side, and which sentences hold it."""
        right = [0.0] * self.n_nouns
        left = [0.0] * self.n_nouns
        verb_left = [0.0] * self.n_verbs
        verb_sentence = [0.0] * self.n_verbs
        noun_sentence = [0.0] * self.n_nouns
        for i, j in places:
            sentence = self.sentence[i]
            for k, noun in self.nouns_of[sentence]:
                if j <= k < j + 5:
                    right[noun] = max(right[noun], 1 / (1 + k - j))
                elif i - 6 < k < i:
                    left[noun] = max(left[noun], 1 / (i - k))
            for k, verb in self.verbs_of[sentence]:
                if k >= i:
                    break
                verb_left[verb] = max(verb_left[verb], 1 / (i - k))
            for verb in self.verb_kinds[sentence]:
                verb_sentence[verb] += 1
            for noun in self.noun_kinds[sentence]:
                noun_sentence[noun] += 1
        share = 1 / len(places)
        return [
            *right,
            *left,
            *verb_left,
            *[v * share for v in verb_sentence],
            *[v * share for v in noun_sentence],
            *self.noun_counts,
        ]

    def _neighbours(self, places: Sequence[Place]) -> list[float]:
        """Return what stands in a list with it, and brackets, hyphens and quotes beside it."""
        words, n = self.words, len(self.words)
        best, kind = 0.0, [0.0] * N_TYPES
        in_list = bracket = hyphen = quote = based = 0
        for i, j in places:
            before = words[i - 1] if i else "^"
            after = words[j] if j < n else "$"
            if after in JOINERS:
                in_list += 1
                k = j + 2 if j + 1 < n and words[j + 1] in JOINERS else j + 1
                if k in self.begins and self.begins[k][0] > best:
                    best, place = self.begins[k]
                    kind = self._mass(*place)
            if before in JOINERS:
                in_list += 1
                k = i - 2 if i > 1 and words[i - 2] in JOINERS else i - 1
                if k in self.finishes and self.finishes[k][0] > best:
                    best, place = self.finishes[k]
                    kind = self._mass(*place)
            bracket += before == "("
            hyphen += before == "-" or after == "-"
            based += after == "-" and j + 1 < n and words[j + 1] == "based"
            quote += before in "\"'`“‘"
        share = 1 / len(places)
        return [best, *kind, in_list * share, bracket * share, hyphen * share, quote * share, float(based)]

    def surroundings(self) -> np.ndarray:
        """Return what the other groups of the paper are like: sums of chances by type, rank, number of names."""
        chance = np.array([max(group.chances.values()) for group in self.groups], dtype=np.float32)
        mass = np.array(self.mean_masses, dtype=np.float32)
        weighted = mass * chance[:, None]
        others = weighted.sum(axis=0)[None, :] - weighted
        order = np.argsort(np.argsort(-chance, kind="stable"), kind="stable").astype(np.float32)
        n = len(self.groups)
        same = np.array([[n, (chance > 0.5).sum(), self.n_sentences, len(self.words)]], dtype=np.float32)
        return np.concatenate([others, order[:, None], same.repeat(n, axis=0)], axis=1)
