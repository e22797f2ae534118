"""What descends from what, as the paper says: the component ``lineage``.

A linear classifier (`kg.extract.linear`) over ordered pairs of the paper's entities, child and parent
(`kg.extract.lineage_features`): how the sentences speak that name both, how the parent is spoken of elsewhere,
whether one name stands in the other, what both are in this paper; then each score is seen beside those of the paper's
other pairs (`kg.extract.rivals`), and beside what each kind of evidence and the sentences that say most have to say.
The child is an entity that the paper may have introduced, or one that bears the parent's name; so the component stands
after ``roles``.

Sets ``doc._.relations``: a list of `kg.records.PaperRelation`, surest first, with a calibrated confidence and the
sentence that speaks most for the pair, one that names both where there is such a sentence. Usage::

    nlp = kg.extract.load()          # or add_pipe("lineage") after "roles"
    doc = nlp(kg.extract.make_doc(nlp, title, abstract))
    [(r.child, r.relation, r.parent) for r in doc._.relations]
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix
from spacy.language import Language
from spacy.tokens import Doc

from kg.extract import extensions
from kg.extract.batches import BatchComponent
from kg.extract.context import context_of
from kg.extract.lineage_features import (
    N_FACTS,
    N_KINDS,
    Known,
    Spoken,
    candidates,
    evidence_of,
)
from kg.extract.linear import HashedLinear
from kg.extract.rivals import Rivals, standing
from kg.extract.role_features import gather
from kg.records import PaperRelation

WEIGHTS = Path(__file__).parent / "weights" / "lineage.npz"

_DIGITS = 6
"""Chances are rounded to so many decimals before they are compared, so that no last bit decides."""


SILENT = -9.0
"""What a place that is not there says."""

N_LOUDEST = 5
"""Numbers that tell what the places say that say most."""

N_SEEN = N_FACTS + N_KINDS + N_LOUDEST
"""Numbers that the trees see of each pair beside its `kg.extract.rivals.standing`."""


class Weighed(NamedTuple):
    """What is known of P pairs.

    Attributes:
        numbers: (P, N) their `standing` among the pairs of their papers.
        facts: (P, `N_SEEN`) what the trees see beside it.
        votes: (S,) how much each place says for its pair.
    """

    numbers: np.ndarray
    facts: np.ndarray
    votes: np.ndarray


@dataclass(slots=True)
class LineageModel:
    """The classifier of pairs.

    Attributes:
        linear: scores "no" and "yes".
        kinds: (C,) the kind of evidence that each of its features is of.
        rivals: makes a probability of the difference of the two scores, seen beside those of the paper's other pairs.
        threshold: the least probability at which a pair is told.
    """

    linear: HashedLinear
    kinds: np.ndarray
    rivals: Rivals
    threshold: float = 0.5
    _shares: np.ndarray | None = None

    def save(self, path: Path = WEIGHTS) -> None:
        """Write the model to one ``.npz`` file."""
        kinds = self.kinds.astype(np.uint8)
        self.linear.save(path, kinds=kinds, threshold=np.array(self.threshold), **self.rivals.to_arrays())

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> LineageModel:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            rivals, threshold = Rivals.from_arrays(arrays), float(arrays["threshold"])
            return cls(HashedLinear.from_arrays(arrays), arrays["kinds"], rivals, threshold)

    def weigh(self, features: csr_matrix, spoken: Spoken, known: Known) -> Weighed:
        """Return what is known of each pair, among all pairs of the papers.

        Args:
            features: those of all pairs of the papers, as a matrix of `linear`.
            spoken: what the sentences say.
            known: whose pairs they are.
        """
        weights = self.shares()
        shares = features @ weights
        bias = self.linear.weights[-1]
        odds = shares.sum(axis=1) + bias[1] - bias[0]
        numbers = standing(odds, known.paper, known.child, known.parent)
        votes = (self.linear.matrix_of(spoken.keys, len(spoken.row)) @ weights).sum(axis=1)
        facts = [known.facts, shares, _loudest(votes, spoken, len(odds))]
        return Weighed(numbers, np.concatenate(facts, axis=1), votes)

    def shares(self) -> np.ndarray:
        """Return (C, `N_KINDS`) how much each feature says for a pair, under the kind of evidence that it is of."""
        if self._shares is None:
            weights = self.linear.weights[: len(self.kinds)]
            self._shares = np.zeros((len(self.kinds), N_KINDS))
            self._shares[np.arange(len(self.kinds)), self.kinds] = weights[:, 1] - weights[:, 0]
        return self._shares

    def chances(self, numbers: np.ndarray, facts: np.ndarray) -> np.ndarray:
        """Return the calibrated probabilities of pairs, given what `weigh` says of them."""
        return np.round(self.rivals(numbers, facts), _DIGITS)


def _loudest(votes: np.ndarray, spoken: Spoken, n_pairs: int) -> np.ndarray:
    """Return (P, `N_LOUDEST`) how much the place says that says most for each pair, `SILENT` where there is none.

    Of all places; of those with the child; of those without; of the title's; and the second of all.
    """
    ranked = np.lexsort((-votes, spoken.row))
    row, vote, together, title = (column[ranked] for column in (spoken.row, votes, spoken.together, spoken.title))
    first = np.ones(len(row), dtype=bool)
    first[1:] = row[1:] != row[:-1]
    second = np.append(False, first[:-1]) & ~first
    loudest = np.full((n_pairs, N_LOUDEST), SILENT)
    for column, chosen in enumerate((first, together, ~together, title, second)):
        at = np.flatnonzero(chosen)[::-1]  # so that the first of a pair is written last
        loudest[row[at], column] = vote[at]
    return loudest


def _seats(votes: np.ndarray, spoken: Spoken, told: np.ndarray) -> list[int | None]:
    """Return for some pairs the mention of the parent in the sentence that speaks most for it.

    Args:
        votes: (S,) how much each place says for its pair.
        spoken: these places.
        told: (T,) the rows of those pairs that are asked for.
    """
    ranked = np.lexsort((spoken.mention, -np.round(votes, _DIGITS), ~spoken.together, spoken.row))
    best = dict(zip(spoken.row[ranked[::-1]].tolist(), spoken.mention[ranked[::-1]].tolist(), strict=True))
    return [best.get(row) for row in told.tolist()]


def relation_of(child: str, parent: str) -> str:
    """Return the relation that a pair of these types has: recipes extend, things that are made of data derive.

    >>> relation_of("model", "model"), relation_of("model", "method"), relation_of("benchmark", "dataset")
    ('derived_from', 'extends', 'derived_from')
    """
    data = ("dataset", "benchmark")
    return "derived_from" if child in data or child == parent == "model" else "extends"


@lru_cache(maxsize=2)
def _load(path: str) -> LineageModel:
    return LineageModel.load(Path(path))


class Lineage(BatchComponent):
    """The component: see the module's docstring."""

    def __init__(self, model: LineageModel) -> None:
        self.model = model

    def _read(self, docs: list[Doc]) -> None:
        for doc in docs:
            doc._.relations = []
        docs = [doc for doc in docs if len(doc._.entities) > 1]
        contexts = [context_of(doc) for doc in docs]
        pairs = candidates(contexts)
        if not len(pairs.child):
            return
        batch = gather(contexts)
        evidence = evidence_of(batch, contexts, pairs)
        known, matrix = evidence.known, self.model.linear.matrix(*evidence.all(), len(pairs.child))
        weighed = self.model.weigh(matrix, evidence.spoken, known)
        chances = self.model.chances(weighed.numbers, weighed.facts)
        told = np.flatnonzero(chances >= self.model.threshold)
        if not len(told):
            return
        entities = [entity for context in contexts for entity in context.entities]
        seats = _seats(weighed.votes, evidence.spoken, told)
        columns = (chances, known.child, known.parent, known.paper)
        rows = zip(*(column[told].tolist() for column in columns), seats, strict=True)
        done: set[tuple[int, int]] = set()
        for chance, child, parent, paper, seat in sorted(rows, key=lambda row: (-row[0], row[1], row[2])):
            if (parent, child) in done:  # one of the two directions, the surer
                continue
            done.add((child, parent))
            doc, context = docs[paper], contexts[paper]
            sentence = None if seat is None else context.span(int(batch.sentence[seat]))
            a, b = entities[child], entities[parent]
            doc._.relations.append(PaperRelation(a.name, b.name, relation_of(a.type, b.type), chance, sentence))


@Language.factory(
    "lineage",
    requires=["doc._.entities", "token.is_sent_start"],
    assigns=["doc._.relations"],
    default_config={"weights": None},
)
def make_lineage(nlp: Language, name: str, weights: str | None) -> Lineage:
    """Create the component; ``weights`` is the path of an ``.npz`` file, or None for the shipped one."""
    return Lineage(_load(str(weights or WEIGHTS)))


extensions.register()
