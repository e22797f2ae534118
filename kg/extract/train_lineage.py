"""Training of the component ``lineage`` from gold papers.

The roles that the pairs are judged by are those of a classifier that has not seen the paper, so that training meets the
same doubts as use. Deterministic: the same rows, the same weights.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
from scipy.special import expit
from spacy.tokens import Doc

from kg.extract.calibration import fit_logistic
from kg.extract.context import Context, context_of
from kg.extract.lineage import LineageModel
from kg.extract.lineage_features import (
    Candidates,
    Seats,
    candidates,
    pair_features,
    pair_leanings,
    spoken_features,
)
from kg.extract.linear import FEW, fit
from kg.extract.rivals import Rivals, fit_rivals
from kg.extract.role_features import Batch, gather
from kg.extract.roles import Roles
from kg.extract.train_roles import fit_roles, gold_doc, reader
from kg.extract.train_trees import fit_trees
from kg.records import PaperEntity, fold

FOLDS = 4

TRUST = (0.98, 0.85)
"""How far "no" and "yes" of the gold are believed: the same construction is settled now one way, now the other."""

TREES = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 7,
    "min_data_in_leaf": 40,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 10.0,
}
ROUNDS = 200

RARE = 10_000
"""What stands for fewer pairs than one in so many texts gets no weight: it would make the file large."""

Row = Mapping[str, Any]
Pair = tuple[int, int]


def train_lineage(
    rows: Sequence[Row],
    found: Sequence[Sequence[PaperEntity]] | None = None,
    weight: Sequence[float] | None = None,
    leanings: Sequence[np.ndarray | None] | None = None,
) -> LineageModel:
    """Train on gold rows (see ``docs/guidelines.md`` for their form).

    What rivals say and the threshold with the best F1 are set on scores of models that have not seen the paper; the
    weights then come from all papers.

    Args:
        rows: gold papers. One with a ``source`` is a text written after that paper, whose fold it shares; its entities
            need no roles.
        found: the entities of each paper as an extractor finds them that has not seen it (their roles do not matter).
            Training then learns from both readings, and sets these on the found one.
        weight: how much each paper counts; one each if None. Those that count less need not be as other papers are
            (they may have been chosen to be labelled): rivals and threshold are set on the others.
        leanings: for each paper (tokens, 7) what a tagger that has not seen it says of its words; not known if None.
    """
    weight = [1.0] * len(rows) if weight is None else weight
    said = leanings or [None] * len(rows)
    nlp = reader()
    gold = [gold_doc(nlp, row, own) for row, own in zip(rows, said, strict=True)]
    part = np.array([crc32(row.get("source", row["id"]).encode()) % FOLDS for row in rows])
    contexts = [context_of(doc) for doc in gold]
    docs = [gold]
    if found is not None:
        docs.append([gold_doc(nlp, {**row, "entities": []}, own) for row, own in zip(rows, said, strict=True)])
        for doc, entities in zip(docs[1], found, strict=True):
            doc._.entities = list(entities)
    for k in sorted(set(part.tolist())):
        lessons = zip(rows, contexts, part, strict=True)
        seen = [c for row, c, p in lessons if p != k and c.entities and "source" not in row]
        if seen:
            roles = Roles(fit_roles(seen, iterations=50))
            for kind in docs:
                deque(roles.pipe([d for d, p in zip(kind, part, strict=True) if p == k]), maxlen=0)
    cases = [_cases(rows, kind, part, weight) for kind in docs]
    model = _fit([case for kind in cases for case in kind])
    outside = [_fit([case for kind in cases for case in kind if case.part != k]) for k in range(FOLDS)]
    judged = [_judged(outside, [case for case in kind if not case.written]) for kind in cases]
    drawn = judged[-1].of(judged[-1].weight >= 1)
    if len(drawn.target):
        everything = Judged(*map(np.concatenate, zip(*judged, strict=True)))
        blind = [_fit_rivals(everything.of(everything.part != k)) for k in range(FOLDS)]
        odds = np.choose(drawn.part, [rivals.odds(drawn.numbers, drawn.facts) for rivals in blind])
        slope, offset = fit_logistic(odds, drawn.target)
        model.rivals = replace(_fit_rivals(everything), slope=slope, offset=offset)
        n_wanted = sum(len(row["lineage"]) for row, counts in zip(rows, weight, strict=True) if counts >= 1)
        model.threshold = _threshold(expit(odds * slope + offset), drawn.target, n_wanted)
    return model


@dataclass(frozen=True, slots=True)
class Case:
    """One paper with its entities, gold or found.

    Attributes:
        context: the paper.
        part: the fold it is in.
        wanted: the pairs that are right.
        weight: how much it counts.
        written: whether it is no paper but a text that was written to be learned from.
    """

    context: Context
    part: int
    wanted: set[Pair]
    weight: float
    written: bool


def _cases(rows: Sequence[Row], docs: Sequence[Doc], part: np.ndarray, weight: Sequence[float]) -> list[Case]:
    """Return the papers that have a pair to judge."""
    return [
        Case(context_of(doc), p, gold_pairs(row, doc._.entities), counts, "source" in row)
        for row, doc, p, counts in zip(rows, docs, part.tolist(), weight, strict=True)
        if len(doc._.entities) > 1
    ]


def gold_pairs(row: Row, entities: Sequence[PaperEntity]) -> set[Pair]:
    """Return the lineage pairs of a gold row as (child, parent) indices of ``entities``, by their surfaces.

    Where two share a spelling with one of the gold, as an acronym and its full form found apart, either will do.
    """
    folded = [{fold(s) for s in e.surfaces} for e in entities]

    def indices(name: str) -> list[int]:
        names = {fold(name)}
        for e in row["entities"]:
            if name == e["name"] or name in e["surfaces"]:
                names |= {fold(s) for s in e["surfaces"]}
        return [i for i, own in enumerate(folded) if own & names]

    return {
        (child, parent)
        for link in row["lineage"]
        for child in indices(link["child"])
        for parent in indices(link["parent"])
        if child != parent
    }


def _features(cases: Sequence[Case]) -> tuple[Batch, list[Context], Candidates, Seats, np.ndarray, np.ndarray]:
    papers = [case.context for case in cases]
    batch, pairs = gather(papers), candidates(papers)
    before = np.cumsum([0, *(len(c.entities) for c in papers)])
    paper = np.searchsorted(before, pairs.child, side="right") - 1
    local = zip((pairs.child - before[paper]).tolist(), (pairs.parent - before[paper]).tolist(), strict=True)
    target = np.array([pair in cases[i].wanted for pair, i in zip(local, paper.tolist(), strict=True)], dtype=np.int64)
    weight = np.array([case.weight for case in cases])[paper]
    return batch, papers, pairs, spoken_features(batch, papers, pairs), target, weight


def _fit(cases: Sequence[Case]) -> LineageModel:
    batch, papers, pairs, spoken, target, weight = _features(cases)
    (owner, features), _ = pair_features(batch, papers, pairs, spoken)
    linear = fit(
        owner,
        features,
        target,
        2,
        min_rows=max(FEW, len(cases) // RARE),
        spread=0.02,
        iterations=60,
        trust=TRUST,
        weight=weight,
        numbers=pair_leanings(batch, pairs),
    )
    return LineageModel(linear, Rivals.none())


class Judged(NamedTuple):
    """The pairs of some papers, each scored by a model that has not seen its paper.

    Attributes:
        numbers: (P, `N_NUMBERS`) standing of each pair.
        facts: (P, F) what else is known of it.
        target: (P,) 1 if it is right, else 0.
        weight: (P,) how much its paper counts.
        part: (P,) the fold of its paper.
    """

    numbers: np.ndarray
    facts: np.ndarray
    target: np.ndarray
    weight: np.ndarray
    part: np.ndarray

    def of(self, which: np.ndarray) -> Judged:
        """Return the pairs that a mask (P,) chooses."""
        return Judged(*(column[which] for column in self))


def _judged(models: Sequence[LineageModel], cases: Sequence[Case]) -> Judged:
    """Return the pairs of papers, each scored by its fold's model."""
    rows = []
    for part, model in enumerate(models):
        batch, papers, pairs, spoken, target, weight = _features([case for case in cases if case.part == part])
        rows.append((*model.numbers(batch, papers, pairs, spoken), target, weight, np.full(len(target), part)))
    return Judged(*map(np.concatenate, zip(*rows, strict=True)))


def _fit_rivals(judged: Judged) -> Rivals:
    """Return the regression over the pairs of papers that count in full, and trees over all pairs."""
    drawn = judged.of(judged.weight >= 1)
    if not 0 < drawn.target.sum() < len(drawn.target):
        return Rivals.none()
    rivals = Rivals(fit_rivals(drawn.numbers, drawn.target))
    seen = np.concatenate([judged.numbers, judged.facts], axis=1)
    start = rivals.odds(judged.numbers, judged.facts)
    return replace(rivals, trees=fit_trees(TREES, ROUNDS, seen, judged.target, judged.weight, start))


def _threshold(chances: np.ndarray, target: np.ndarray, n_wanted: int) -> float:
    """Return the probability from which on telling a pair gives the best F1.

    The F1 of each number of told pairs is evened out over a tenth more and a tenth fewer, so that one lucky pair does
    not decide.
    """
    order = np.argsort(-chances, kind="stable")
    told = np.arange(1, len(order) + 1)
    f1 = 2 * np.cumsum(target[order]) / (told + n_wanted)
    total = np.append(0.0, np.cumsum(f1))
    low, high = told - 1 - told // 10, np.minimum(told + told // 10, len(told))
    best = int(((total[high] - total[low]) / (high - low)).argmax())
    return max(round(float(chances[order][best]), 4), 1e-4)
