"""What descends from what, as the paper says: the component ``lineage``.

A linear classifier (`kg.extract.linear`) over ordered pairs of the paper's entities, child and parent
(`kg.extract.lineage_features`): how the sentences speak that name both, how the parent is spoken of elsewhere,
whether one name stands in the other, what both are in this paper; then each score is seen beside those of the paper's
other pairs (`kg.extract.rivals`). The child is an entity that the paper may have introduced, or one that bears the
parent's name; so the component stands after ``roles``.

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

import numpy as np
from scipy.sparse import csr_matrix
from spacy.language import Language
from spacy.tokens import Doc

from kg.extract import extensions
from kg.extract.batches import BatchComponent
from kg.extract.context import context_of
from kg.extract.lineage_features import (
    Candidates,
    Known,
    Seats,
    candidates,
    pair_features,
    same_sentence,
    spoken_features,
)
from kg.extract.linear import HashedLinear, distinct
from kg.extract.rivals import Rivals, standing
from kg.extract.role_features import Batch, gather
from kg.records import PaperRelation

WEIGHTS = Path(__file__).parent / "weights" / "lineage.npz"

_DIGITS = 6
"""Chances are rounded to so many decimals before they are compared, so that no last bit decides."""


@dataclass(slots=True)
class LineageModel:
    """The classifier of pairs.

    Attributes:
        linear: scores "no" and "yes".
        rivals: makes a probability of the difference of the two scores, seen beside those of the paper's other pairs.
        threshold: the least probability at which a pair is told.
    """

    linear: HashedLinear
    rivals: Rivals
    threshold: float = 0.5

    def save(self, path: Path = WEIGHTS) -> None:
        """Write the model to one ``.npz`` file."""
        self.linear.save(path, threshold=np.array(self.threshold), **self.rivals.to_arrays())

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> LineageModel:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls(HashedLinear.from_arrays(arrays), Rivals.from_arrays(arrays), float(arrays["threshold"]))

    def numbers(self, features: csr_matrix, known: Known) -> np.ndarray:
        """Return the `standing` of each pair among all pairs of the papers.

        Args:
            features: those of all pairs of the papers, as a matrix of `linear`.
            known: whose pairs they are.
        """
        scores = self.linear.scores(features)
        return standing(scores[:, 1] - scores[:, 0], known.paper, known.child, known.parent)

    def chances(self, numbers: np.ndarray, facts: np.ndarray) -> np.ndarray:
        """Return the calibrated probabilities of pairs, given their `numbers` and facts."""
        return np.round(self.rivals(numbers, facts), _DIGITS)

    def seats(self, batch: Batch, pairs: Candidates, spoken: Seats, told: np.ndarray) -> list[int | None]:
        """Return for some pairs the mention of the parent in the sentence that speaks most for it.

        Args:
            batch: the mentions of the papers.
            pairs: all pairs of the papers.
            spoken: what `spoken_features` gives for them.
            told: (T,) ascending: the rows of those pairs that are asked for.
        """
        size = np.int64(len(batch.at))
        wanted = np.zeros(len(pairs.child), dtype=bool)
        wanted[told] = True
        row, mention, feature = (column[wanted[spoken[0]]] for column in spoken)
        seat = row * size + mention
        keys = distinct(seat)
        scores = self.linear.scores(self.linear.matrix(keys.searchsorted(seat), feature, len(keys)))
        votes = np.round(scores[:, 1] - scores[:, 0], _DIGITS).tolist()
        met_row, _, met = same_sentence(batch, pairs)
        together = set(zip(met_row.tolist(), met.tolist(), strict=True))
        best: dict[int, tuple[bool, float, int]] = {}
        for r, m, vote in zip((keys // size).tolist(), (keys % size).tolist(), votes, strict=True):
            found = ((r, m) in together, vote, -m)
            if r not in best or found > best[r]:
                best[r] = found
        return [-best[r][2] if r in best else None for r in told.tolist()]


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
        spoken = spoken_features(batch, contexts, pairs)
        features, known = pair_features(batch, contexts, pairs, spoken)
        matrix = self.model.linear.matrix(*features, len(pairs.child))
        chances = self.model.chances(self.model.numbers(matrix, known), known.facts)
        told = np.flatnonzero(chances >= self.model.threshold)
        if not len(told):
            return
        entities = [entity for context in contexts for entity in context.entities]
        seats = self.model.seats(batch, pairs, spoken, told)
        columns = (chances, known.child, known.parent, known.paper)
        rows = zip(*(column[told].tolist() for column in columns), seats, strict=True)
        done: set[tuple[int, int]] = set()
        for chance, child, parent, paper, seat in sorted(rows, key=lambda row: (-row[0], row[1], row[2])):
            if (parent, child) in done:  # one of the two directions, the surer
                continue
            done.add((child, parent))
            doc, context = docs[paper], contexts[paper]
            evidence = None if seat is None else context.span(int(batch.sentence[seat]))
            a, b = entities[child], entities[parent]
            doc._.relations.append(PaperRelation(a.name, b.name, relation_of(a.type, b.type), chance, evidence))


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
